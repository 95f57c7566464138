"""A backend that checks what the gateway signs (policies.md 4), with nothing but Python's standard library.

It is given the key as JSON on its command line, with the member "url" where it asks the gateway for public keys, prints the port that it listens on, and answers every request with
{"verdict": "ok"} or with what was wrong, and the headers that it got.
"""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import urllib.parse
import urllib.request

KEY = json.loads(sys.argv[1])
HEADER = KEY.get("header", "Authorization")


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def canonical(handler, names, body):
    path, _, query = handler.path.partition("?")
    uri = "/".join(encode(part) for part in urllib.parse.unquote(path).split("/"))
    uri += "" if uri.endswith("/") else "/"
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    headers = "".join(f"{name}:{handler.headers[name].strip()}\n" for name in names)
    declared = handler.headers.get("X-Sdk-Content-Sha256")
    payload = declared if "x-sdk-content-sha256" in names else hashlib.sha256(body).hexdigest()
    return "\n".join(
        [handler.command, uri, "&".join(f"{encode(k)}={encode(v)}" for k, v in pairs), headers, ";".join(names), payload]
    )


def digest(handler, names, body):
    return hashlib.sha256(canonical(handler, names, body).encode()).hexdigest()


def string_to_sign(handler, names, body):
    return f"SDK-HMAC-SHA256\n{handler.headers['X-Sdk-Date']}\n{digest(handler, names, body)}"


def parse(value, scheme):
    if not value.startswith(scheme + " "):
        raise ValueError("scheme")
    parts = dict(part.strip().split("=", 1) for part in value[len(scheme) + 1 :].split(", "))
    if parts["Access"] != KEY["key"]:
        raise ValueError("access")
    names = parts["SignedHeaders"].split(";")
    if "x-sdk-date" not in names or names != sorted(names):
        raise ValueError("signed headers")
    return names, parts["Signature"]


def check_hmac(handler, value, body):
    names, signature = parse(value, "SDK-HMAC-SHA256")
    expected = hmac.new(KEY["secret"].encode(), string_to_sign(handler, names, body).encode(), "sha256").hexdigest()
    return hmac.compare_digest(expected, signature)


def check_basic(handler, value, body):
    return value == "Basic " + base64.b64encode(f"{KEY['key']}:{KEY['secret']}".encode()).decode()


def der(data):
    """The contents of the first element, and what follows it."""
    length, at = data[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, at = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
    return data[at : at + length], data[at + length :]


def public_keys(access):
    """In DER: the key is its own name, or has to be asked for by it."""
    if "url" not in KEY:
        return [base64.b64decode(access)]
    with urllib.request.urlopen(urllib.request.Request(KEY["url"] + encode(access), headers=KEY["headers"])) as reply:
        text = reply.read().decode()
    blocks = text.split("-----BEGIN PUBLIC KEY-----")[1:]
    return [base64.b64decode(block.split("-----END PUBLIC KEY-----")[0]) for block in blocks]


def check_public_key(handler, value, body):
    names, signature = parse(value, "SDK-RSA-SHA256")
    text = string_to_sign(handler, names, body)
    return any(is_signed(key, signature, text) for key in public_keys(KEY["key"]))


def is_signed(key, signature, text):
    outer, _ = der(key)
    _, rest = der(outer)
    bits, _ = der(rest)
    numbers, _ = der(bits[1:])
    modulus, rest = der(numbers)
    exponent, _ = der(rest)
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    size = (n.bit_length() + 7) // 8
    opened = pow(int.from_bytes(base64.b64decode(signature), "big"), e, n).to_bytes(size, "big")
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    hashed = info + hashlib.sha256(text.encode()).digest()
    return opened == b"\x00\x01" + b"\xff" * (size - len(hashed) - 3) + b"\x00" + hashed


def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def sbox():
    box = []
    for value in range(256):
        inverse = next((i for i in range(256) if times(value, i) == 1), 0)
        rotated = inverse
        for _ in range(4):
            inverse = ((inverse << 1) | (inverse >> 7)) & 0xFF
            rotated ^= inverse
        box.append(rotated ^ 0x63)
    return box


SBOX = sbox() if KEY["type"] == "aes" else []


def round_keys(key):
    words = [list(key[i : i + 4]) for i in range(0, len(key), 4)]
    size, factor = len(words), 1
    for i in range(size, 4 * (size + 7)):
        word = list(words[-1])
        if i % size == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= factor
            factor = times(factor, 2)
        elif size > 6 and i % size == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - size], word)])
    return [sum(words[i : i + 4], []) for i in range(0, len(words), 4)]


def encrypt(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < len(keys) - 1:
            columns = [state[i : i + 4] for i in range(0, 16, 4)]
            mix = [(2, 3, 1, 1), (1, 2, 3, 1), (1, 1, 2, 3), (3, 1, 1, 2)]
            state = [
                times(c[0], m[0]) ^ times(c[1], m[1]) ^ times(c[2], m[2]) ^ times(c[3], m[3]) for c in columns for m in mix
            ]
        state = [a ^ b for a, b in zip(state, key)]
    return state


def check_aes(handler, value, body):
    if not value.startswith("AES "):
        return False
    data, keys, feedback, opened = base64.b64decode(value[4:]), round_keys(KEY["key"].encode()), KEY["secret"].encode(), b""
    for i in range(0, len(data), 16):
        block = data[i : i + 16]
        opened += bytes(a ^ b for a, b in zip(block, encrypt(keys, feedback)))
        feedback = block
    names = ["host", "x-sdk-date"]
    if handler.headers.get("X-Sdk-Content-Sha256") is not None:
        names = ["host", "x-sdk-content-sha256", "x-sdk-date"]
    return opened.decode() == f"{handler.headers['X-Sdk-Date']}\n{digest(handler, names, body)}"


CHECKS = {"hmac": check_hmac, "basic": check_basic, "public_key": check_public_key, "aes": check_aes}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") is None:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            pieces += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return pieces

    def answer(self):
        body = self.body()
        try:
            verdict = "ok" if CHECKS[KEY["type"]](self, self.headers[HEADER] or "", body) else "another signature"
        except Exception as error:
            verdict = repr(error)
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        text = json.dumps({"verdict": verdict, "headers": headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
