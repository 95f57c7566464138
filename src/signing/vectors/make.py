"""Makes python.json: requests as the official Python signer signs and sends them.

    python3 -m venv venv && venv/bin/pip install huaweicloudsdkcore==3.1.219
    venv/bin/python src/signing/vectors/make.py > src/signing/vectors/python.json
"""
import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest

ACCESS_KEY = "HPUATESTACCESSKEY001"
SECRET_KEY = "secret/of+the=vectors0123456789abcdefghi"
PROJECT = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
BASE = "/v2/" + PROJECT + "/apigw/instances/1f2e3d"
JSON = {"Content-Type": "application/json", "User-Agent": "huaweicloud-usdk-python/3.0; a (b) ;  c"}

CASES = [
    ("plain GET", "GET", BASE + "/apps", [("limit", 5), ("offset", 0)], {}, None),
    ("no query", "GET", BASE, [], dict(JSON), None),
    ("trailing slash", "GET", BASE + "/apps/", [], {}, None),
    ("root", "GET", "/", [], {}, None),
    ("double slash", "GET", "/a//b/", [], {}, None),
    ("blank in a value", "GET", BASE + "/apps", [("name", "a b"), ("limit", 5)], {}, None),
    ("repeated parameter", "GET", BASE + "/apis", [("tags", ["b", "a", "a b", "A"]), ("limit", 20)], {}, None),
    ("empty values", "GET", BASE + "/apis", [("name", ""), ("b", ""), ("a", "")], {}, None),
    ("booleans", "GET", BASE + "/apis", [("brief", True), ("all", False)], {}, None),
    ("reserved characters", "GET", BASE + "/apis", [("q", "+&=/?:@!$'()*,;~._-%#[]\"<>\\^`{|}")], {}, None),
    ("CJK in the query", "GET", BASE + "/apis", [("name", "\u7f51\u5173"), ("\u540d", "\u00e4")], {}, None),
    ("names that sort differently when encoded", "GET", BASE, [("a~", "1"), ("a\u00e4", "2"), ("a1", "3"), ("a ", "4")],
     {}, None),
    ("values that sort differently when encoded", "GET", BASE, [("t", ["a~", "a b", "a1", "a/"])], {}, None),
    ("escaped path", "GET", "/a%20b/%E7%BD%91/c%2Fd", [], {}, None),
    ("CJK path", "GET", "/\u7f51\u5173/\u00e4", [], {}, None),
    ("reserved characters in the path", "GET", "/a:b@c!d$e'f(g)h*i,j;k=l+m&n~o", [], {}, None),
    ("escape that is none", "GET", "/100%/%zz/%4", [], {}, None),
    ("JSON body", "POST", BASE + "/apps", [], dict(JSON), '{"name":"app_1"}'),
    ("body ending in LF, HTML characters", "POST", BASE + "/apps", [], dict(JSON), '{"remark":"<b> & \u00e4"}\n'),
    ("PUT with query and body", "PUT", BASE + "/apps/1", [("b", "2"), ("a", "1")], dict(JSON), "{}"),
    ("DELETE", "DELETE", BASE + "/apps/1", [], dict(JSON), None),
    ("unsigned payload", "POST", BASE + "/openapi/import", [],
     {"Content-Type": "multipart/form-data; boundary=x"}, "--x--\r\n"),
    ("unsigned payload without a body", "POST", BASE + "/openapi/import", [], {"Content-Type": "text/plain"}, None),
    ("declared payload hash", "POST", BASE, [], {"Content-Type": "application/json", "X-Sdk-Content-Sha256":
     "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}, "{}"),
    ("many headers, blanks inside and around", "GET", BASE,
     [], {"X-Custom": "  a   b ; c  ", "X-UTF": "\u00e4\u7f51", "X-Empty": "", "A-First": "1", "under_score": "no"}, None),
    ("host with a port", "GET", BASE, [], {"Host": "gateway.test:8443"}, None),
    ("HEAD", "HEAD", BASE, [], {}, None),
    ("lower-case method", "get", BASE, [], {}, None),
]


def octets(text):
    return text.encode("utf-8").decode("latin-1")


def sign(name, method, path, query, headers, body, token=None):
    credentials = BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT)
    if token:
        credentials.with_security_token(token)
    headers = dict(headers, **{"X-Sdk-Date": "20260131T101500Z"})
    request = SdkRequest(method=method, schema="https", host="apig.test", resource_path=path, query_params=query,
                         header_params=headers, body=body, uri=path)
    credentials.sign_request(request)
    target, _, sent_query = request.uri.partition("?")
    return {
        "name": name,
        "method": method.upper(),
        "path": octets(target),
        "query": sent_query,
        "headers": [[k, v] for k, v in request.header_params.items()],
        "body": (request.body or b"").decode("latin-1"),
    }


vectors = [sign(*case) for case in CASES]
vectors.append(sign("temporary key", "GET", BASE + "/apps", [], dict(JSON), None, token="security token=="))
json.dump({"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY, "vectors": vectors}, sys.stdout, indent=1)
sys.stdout.write("\n")
