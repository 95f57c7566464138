"""Features that are configured (features.md §2): switched by the official client between two requests."""

import base64
import functools
import hashlib
import json
import re
import ssl
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import huaweicloudsdkapig.v2 as apig

from caller import Caller
from certificates_made import certificate
from echo import Echo
from feature_case import SETTLED, FeatureTest
from feature_pairs import pair


class Switched(FeatureTest):
    @pair(before=[0, 1], after=[1, 1])
    def test_lts(self) -> Iterator[list[int]]:
        """In how many lines of its stream, and of the gateway's own log, a request is told."""
        self.published("logged")
        names = (f"logs/{self.client.instance}/shop/calls.log", "access.log")
        stream, own = (Path(self.sluice.directory) / name for name in names)

        def told() -> list[int]:
            request = self.call("/logged").headers["x-request-id"]
            self.eventually(lambda: len(self.lines(own, request)), 1)
            # Both are written at about the same time.
            self.eventually(lambda: len(self.lines(stream, request)), 1, within=0.2)
            return [len(self.lines(file, request)) for file in (stream, own)]

        yield told()
        self.switch("lts", {"group_id": "1", "topic_id": "2", "log_group": "shop", "log_stream": "calls"})
        yield told()

    def lines(self, file: Path, request: str) -> list[str]:
        return [line for line in file.read_text().splitlines() if request in line] if file.exists() else []

    @pair(before=False, after=True)
    def test_ratelimit(self) -> Iterator[bool]:
        """Whether any of ten calls is refused, at whatever moment a second ends."""
        self.published("limited")

        def refused() -> bool:
            return 429 in [self.call("/limited").status for _ in range(10)]

        yield refused()
        self.switch("ratelimit", {"api_limits": 1})
        yield refused()

    @pair(before=200, after=413)
    def test_request_body_size(self) -> Iterator[int]:
        self.published("large", req_method="POST", **self.at_backend())
        body = bytes(1_048_577)
        yield self.call("/large", method="POST", body=body).status
        self.switch("request_body_size", "1048576")
        yield self.call("/large", method="POST", body=body).status

    @pair(before="APIG.2011", after="accepted")
    def test_backend_timeout(self) -> Iterator[str]:
        """Whether an API may give its backend ninety seconds."""

        def create() -> Any:
            return self.api(self.group_id, "patient", **self.at_backend(timeout=90_000))

        yield self.outcome(create)
        self.switch("backend_timeout", {"max_timeout": 100_000})
        yield self.outcome(create)

    @pair(before=[404, 401], after=[200, 200])
    def test_app_token(self) -> Iterator[list[int]]:
        """What the endpoint of tokens says, and a call with the token that it gives."""
        _, key, secret = self.authorized_app("by_token", self.published("token", auth_type="APP"))
        form = urllib.parse.urlencode(
            {"grant_type": "client_credentials", "client_id": key, "client_secret": secret, "scope": "default"}
        ).encode()

        def statuses() -> list[int]:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            given = self.call("/v1/apigw/oauth2/token", kind, method="POST", body=form)
            token = given.json().get("access_token", "none")
            return [given.status, self.call("/token", {"Authorization": f"Bearer {token}"}).status]

        yield statuses()
        self.switch("app_token", {"enable": "on", "app_token_key": "a key of tokens"})
        yield statuses()

    def by_headers(
        self, feature: str, config: Any, headers: Callable[[str, str], dict[str, str]]
    ) -> Iterator[int]:
        """A call of an API that takes apps, by headers made of the key and the secret of one."""
        _, key, secret = self.authorized_app(f"by_{feature}", self.published(feature, auth_type="APP"))
        yield self.call(f"/{feature}", headers(key, secret)).status
        self.switch(feature, config)
        yield self.call(f"/{feature}", headers(key, secret)).status

    @pair(before=401, after=200)
    def test_app_api_key(self) -> Iterator[int]:
        return self.by_headers("app_api_key", "on", lambda key, _: {"apikey": key})

    @pair(before=401, after=200)
    def test_app_basic(self) -> Iterator[int]:
        def basic(key: str, secret: str) -> dict[str, str]:
            return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}

        return self.by_headers("app_basic", "on", basic)

    @pair(before=401, after=200)
    def test_app_secret(self) -> Iterator[int]:
        return self.by_headers("app_secret", "on", lambda key, secret: {"X-HW-ID": key, "X-HW-AppKey": secret})

    @pair(before=401, after=200)
    def test_app_jwt(self) -> Iterator[int]:
        def digest(key: str, secret: str) -> dict[str, str]:
            now = str(int(time.time()))
            return {
                "X-HW-ID": key,
                "Timestamp": now,
                "X-My-Auth": hashlib.sha256(f"{key}{secret}{now}".encode()).hexdigest(),
            }

        return self.by_headers("app_jwt", {"enable": "on", "auth_header": "X-My-Auth"}, digest)

    @pair(before=401, after=200)
    def test_custom_auth_header(self) -> Iterator[int]:
        def signed(key: str, secret: str) -> dict[str, str]:
            headers = self.caller.sign("/custom_auth_header", key, secret)
            credential = headers.pop("Authorization")
            return {**headers, "X-My-Auth": credential}

        config = {"enable": "on", "app_auth_header": "X-My-Auth", "backend_sign_header": ""}
        return self.by_headers("custom_auth_header", config, signed)

    @pair(before=401, after=200)
    def test_ai_api_key(self) -> Iterator[int]:
        app, _, _ = self.authorized_app("of_a_model", self.published("model", auth_type="APP"))
        key = self.client.create_ai_api_key(app_id=app, body=apig.AiApiKeyCreate(alias="notebook")).ai_api_key
        headers = {"Authorization": f"Bearer {key}"}
        yield self.call("/model", headers).status
        self.switch("ai_api_key", "on")
        yield self.call("/model", headers).status

    @pair(before=404, after=200)
    def test_app_route(self) -> Iterator[int]:
        """A call to the address of the gateway, by an app."""
        _, key, secret = self.authorized_app("by_address", self.published("at_address", auth_type="APP"))
        at_address = Caller(self.sluice, "127.0.0.1")
        headers = at_address.sign("/at_address", key, secret, {"X-HW-ID": key})
        self.settle()

        def status() -> int:
            """That of the group DEFAULT, which has other words for what is not there, is 404 all the same."""
            seen = at_address.call("/at_address", headers).status
            return 404 if seen == SETTLED else seen

        yield status()
        self.switch("app_route", "on")
        self.settle()
        yield status()

    @pair(before=None, after="gateway")
    def test_backend_client_certificate(self) -> Iterator[str | None]:
        """Whose certificate a backend by HTTPS is shown."""
        text, key = certificate("gateway")
        with tempfile.TemporaryDirectory() as directory:
            files = [Path(directory) / name for name in ("gateway.pem", "backend.pem")]
            own, own_key = certificate("backend.example")
            files[0].write_text(text)
            files[1].write_text(own + own_key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(files[1])
            context.load_verify_locations(files[0])
        context.verify_mode = ssl.CERT_OPTIONAL
        backend = self.enterContext(Echo(context))
        api = self.at_backend(url_domain=backend.address, req_protocol="HTTPS", enable_client_ssl=True)
        self.published("certified", **api)
        yield self.call("/certified").json()["client"]
        self.switch("backend_client_certificate", {"enable": "on", "ca": "", "content": text, "key": key})
        yield self.call("/certified").json()["client"]

    @pair(before="ECDHE-ECDSA-AES256-GCM-SHA384", after="ECDHE-ECDSA-AES128-GCM-SHA256")
    def test_ssl_ciphers(self) -> Iterator[str]:
        def cipher() -> str:
            self.settle()
            offered = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
            return self.caller.agreed(["http/1.1"], offered)[1]

        yield cipher()
        self.switch("ssl_ciphers", {"ssl_ciphers": ["ECDHE-ECDSA-AES128-GCM-SHA256"]})
        yield cipher()

    @pair(before="h2", after="http/1.1")
    def test_request_custom_config(self) -> Iterator[str | None]:
        def protocol() -> str | None:
            self.settle()
            return self.caller.agreed(["h2", "http/1.1"])[0]

        yield protocol()
        self.switch("request_custom_config", {"http2_enable": False, "request_body_timeout": 8})
        yield protocol()

    def source(self, feature: str, config: Any, headers: dict[str, str]) -> Iterator[str]:
        """The address of the caller, as it is told to the backend."""
        parameter = apig.BackendParamBase(
            name="X-Source", location="HEADER", origin="SYSTEM", value="$context.sourceIp"
        )
        self.published(feature, backend_params=[parameter], **self.at_backend())
        yield self.call(f"/{feature}", headers).sent["x-source"]
        self.switch(feature, config)
        yield self.call(f"/{feature}", headers).sent["x-source"]

    @pair(before="127.0.0.1", after="10.0.0.2")
    def test_real_ip_from_xff(self) -> Iterator[str]:
        addresses = {"X-Forwarded-For": "10.0.0.1, 10.0.0.2, 10.0.0.3"}
        return self.source("real_ip_from_xff", {"enable": "on", "xff_index": 1}, addresses)

    @pair(before="127.0.0.1", after="10.0.0.4")
    def test_real_ip_header_getter(self) -> Iterator[str]:
        config = {"enable": "on", "header_getter": "header:X-My-Address"}
        return self.source("real_ip_header_getter", config, {"X-My-Address": "10.0.0.4"})

    @pair(before=404, after=SETTLED)
    def test_default_group_host_trustlist(self) -> Iterator[int]:
        """The group DEFAULT has words of its own for what is not there; nobody has, where no group is found."""
        self.settle()
        yield self.caller.call("/", host="123.2.2.2").status
        self.switch("default_group_host_trustlist", {"enable": "on", "hosts": ["123.2.2.2"]})
        yield self.eventually(lambda: self.caller.call("/", host="123.2.2.2").status, SETTLED)

    @pair(before="accepted", after="APIG.2011")
    def test_vpc_name_modifiable(self) -> Iterator[str]:
        """Whether a channel may be renamed."""

        def wanted(name: str) -> apig.VpcCreate:
            return self.channel(name, apig.MemberInfo(host="192.168.0.1", weight=1))

        channel = self.client.create_vpc_channel_v2(body=wanted("one_name")).id

        def rename(name: str) -> str:
            update = self.client.update_vpc_channel_v2
            return self.outcome(lambda: update(vpc_channel_id=channel, body=wanted(name)))

        yield rename("other_name")
        self.switch("vpc_name_modifiable", "off")
        yield rename("third_name")

    @pair(before="-", after="green")
    def test_custom_log(self) -> Iterator[str]:
        """The first field of the access log that nobody has a name for."""
        self.published("coloured")
        log = Path(self.sluice.directory) / "access.log"

        def field() -> str:
            request = self.call("/coloured", {"a1234": "green"}).headers["x-request-id"]
            self.eventually(lambda: len(self.lines(log, request)), 1, within=3)
            (line,) = self.lines(log, request)
            return re.findall(r'"[^"]*"|\S+', line)[38].strip('"')

        yield field()
        self.switch("custom_log", {"custom_logs": [{"location": "header", "name": "a1234"}]})
        yield field()

    @pair(before="default", after="policy")
    def test_policy_cookie_param(self) -> Iterator[str]:
        condition = apig.ApiConditionBase(
            condition_origin="cookie", condition_type="exact", condition_value="new", cookie_param_name="shop"
        )
        return self.chosen("policy_cookie_param", condition, "on")

    def chosen(self, name: str, condition: apig.ApiConditionBase, config: str) -> Iterator[str]:
        policy = apig.ApiPolicyMockCreate(
            name="other", effect_mode="ALL", result_content="policy", conditions=[condition]
        )
        default = apig.ApiMockCreate(result_content="default")
        self.published(name, mock_info=default, policy_mocks=[policy])
        headers = {"Cookie": "shop=new"}
        yield self.call(f"/{name}", headers).body.decode()
        self.switch(name, config)
        yield self.call(f"/{name}", headers).body.decode()

    @pair(before=None, after="gzip")
    def test_gzip(self) -> Iterator[str | None]:
        self.published("compressed", mock_info=apig.ApiMockCreate(result_content=json.dumps(["hello"] * 300)))
        headers = {"Accept-Encoding": "gzip"}
        yield self.call("/compressed", headers).headers.get("content-encoding")
        self.switch("gzip", {"enable": "on", "comp_level": 6})
        yield self.call("/compressed", headers).headers.get("content-encoding")

    @pair(before=["MISS", "HIT"], after=["MISS", "MISS"])
    def test_sse_strategy(self) -> Iterator[list[str]]:
        """Whether an API that keeps replies keeps a stream of events."""
        api = self.published("events", **self.at_backend("/events"))
        kept = {"cache_key": {"parameters": ["part"]}, "cache_http_status_and_ttl": [{"http_status": [200], "ttl": 60}]}
        self.attached_plugin(api, "proxy_cache", kept)
        header = {"name": "X-Cache", "value": "$context.cacheStatus", "value_type": "system_parameter"}
        self.attached_plugin(api, "set_resp_headers", {"response_headers": [{**header, "action": "override"}]})

        def cached(part: str) -> list[str]:
            return [self.call(f"/events?part={part}").headers["x-cache"] for _ in range(2)]

        yield cached("one")
        self.switch("sse_strategy", "on")
        yield cached("other")

    @pair(before="unknown", after="healthy")
    def test_vpc_health_status(self) -> Iterator[str]:
        """What management says of a member that a gateway checks."""
        channel = self.client.create_vpc_channel_v2(
            body=apig.VpcCreate(
                name="checked",
                port=self.backend.port,
                balance_strategy=1,
                member_type="ip",
                vpc_channel_type="builtin",
                members=[apig.MemberInfo(host="127.0.0.1", weight=1)],
                vpc_health_config=apig.VpcHealthConfig(
                    protocol="tcp", threshold_normal=1, threshold_abnormal=1, time_interval=5, timeout=1
                ),
            )
        ).id

        def health() -> str:
            (member,) = self.client.list_backend_instances_v2(vpc_channel_id=channel).members
            return member.health_status

        yield health()
        self.switch("vpc_health_status", "on")
        yield self.eventually(health, "healthy")

    @pair(before=404, after=200)
    def test_api_uri_no_escape(self) -> Iterator[int]:
        """Whether an escaped slash is part of a segment."""
        parameter = apig.ReqParamBase(name="x", type="STRING", location="PATH", required=1)
        self.published("segment", req_uri="/segment/{x}", req_params=[parameter])
        yield self.call("/segment/a%2Fb").status
        self.switch("api_uri_no_escape", "on")
        yield self.call("/segment/a%2Fb").status

    @classmethod
    def iam(cls, path: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> tuple[dict, dict]:
        """Headers and body of the answer of the gateway's own IAM."""
        request = urllib.request.Request(
            cls.sluice.credentials["endpoint"] + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", **(headers or {})},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return dict(reply.headers), json.load(reply)

    @classmethod
    @functools.cache
    def token(cls) -> str:
        """Of the first user."""
        known = cls.sluice.credentials
        user = {"name": known["user_name"], "password": known["password"], "domain": {"name": known["domain_name"]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"id": known["project_id"]}}
        headers, _ = cls.iam("/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        return {name.lower(): value for name, value in headers.items()}["x-subject-token"]

    @pair(before=False, after=True)
    def test_backend_token_allow(self) -> Iterator[bool]:
        """Whether a backend gets the token of its caller."""
        self.published("tokened", auth_type="IAM", **self.at_backend())
        headers = {"X-Auth-Token": self.token()}
        yield "x-auth-token" in self.call("/tokened", headers).sent
        account = self.sluice.credentials["domain_name"]
        self.switch("backend_token_allow", {"backend_token_allow_users": [f"^{account}$"]})
        yield "x-auth-token" in self.call("/tokened", headers).sent

    @pair(before=401, after=200)
    def test_x_hw_security_token(self) -> Iterator[int]:
        """A call by a temporary key, with its token in the other header."""
        self.published("temporary", auth_type="IAM")
        token = self.token()
        identity = {"methods": ["token"], "token": {"id": token, "duration_seconds": 900}}
        asked = {"auth": {"identity": identity}}
        _, answer = self.iam("/v3.0/OS-CREDENTIAL/securitytokens", asked, {"X-Auth-Token": token})
        made = answer["credential"]
        extra = {"X-HW-Security-Token": made["securitytoken"]}
        headers = self.caller.sign("/temporary", made["access"], made["secret"], extra)
        yield self.call("/temporary", headers).status
        self.switch("x_hw_security_token", "on")
        yield self.call("/temporary", headers).status

    @pair(before=500, after=200)
    def test_authorizer_context_support_num_bool(self) -> Iterator[int]:
        """An authorizer that says a number of its caller."""
        authorizer = self.custom_authorizer("counting")
        self.published("counted", auth_type="AUTHORIZER", authorizer_id=authorizer)
        headers = {"X-Second": "yes", "X-Typed": "yes"}
        yield self.call("/counted", headers).status
        self.switch("authorizer_context_support_num_bool", "on")
        yield self.call("/counted", headers).status

    @pair(before=404, after=200)
    def test_public_key(self) -> Iterator[int]:
        """The endpoint at which backends fetch public keys."""
        self.settle()
        yield self.call("/apigw/authadv/v2/public-key/anything").status
        self.switch("public_key", {"enable": "on", "public_key_uri_prefix": "/apigw/authadv/v2/public-key/"})
        api = self.api(self.group_id, "keyed", auth_type="NONE", **self.at_backend())
        publication = self.publish(api)
        key = self.client.create_signature_key_v2(body=apig.BaseSignature(name="public", sign_type="public_key"))
        body = apig.SignApiBinding(sign_id=key.id, publish_ids=[publication])
        self.client.associate_signature_key_v2(body=body)
        name = urllib.parse.quote(key.sign_key, safe="")
        yield self.call(f"/apigw/authadv/v2/public-key/{name}").status

    @pair(before=[], after=["10.0.0.0/8"])
    def test_route(self) -> Iterator[list[str]]:
        """Routes are those of the machine: what an instance is told of them is what it tells."""

        def routes() -> list[str]:
            found = {one.name: one.config for one in self.client.list_features_v2(limit=500).features}
            return json.loads(found["route"])["user_routes"]

        yield routes()
        self.switch("route", {"user_routes": ["10.0.0.0/8"]})
        yield routes()
