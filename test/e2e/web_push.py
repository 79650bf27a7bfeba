"""What a client and its push service do with a push: decrypt (RFC 8291), verify who sent it (RFC 8292).

    keys = Keys()                        p256dh and auth for a PushSubscription: keys.object()
    keys.decrypt(body)                   the message
    verify(token, key)                   the claims of a JWT, or an exception
    with Receiver() as r:                an HTTP server: r.url("/x"), r.wait("/x") -> Push, r.answer["/x"] = [(429, {..})]

P-256 and AES are written out, since the standard library has neither; slow, and for tests only.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import threading
from collections import defaultdict, namedtuple

P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add(a, b):
    """The sum of two points; None is zero."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(n, point):
    total = None
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def to_bytes(point):
    return b"\4" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def from_bytes(data):
    assert len(data) == 65 and data[0] == 4, data
    x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
    assert (y * y - x * x * x + 3 * x - B) % P == 0, "not on the curve"
    return x, y


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(salt, key, info, n):
    extracted = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()[:n]


def _box():
    """AES's table of substitutions."""
    powers, logs, x = [], {}, 1
    for i in range(255):
        powers.append(x)
        logs[x] = i
        x ^= x << 1 ^ (0x11b if x & 0x80 else 0)
        x &= 0xff
    box = []
    for value in range(256):
        inverse = powers[-logs[value] % 255] if value else 0
        turned = [(inverse << k | inverse >> 8 - k) & 0xff for k in range(5)]
        box.append(turned[0] ^ turned[1] ^ turned[2] ^ turned[3] ^ turned[4] ^ 0x63)
    return box


BOX = _box()


def double(x):
    return x << 1 & 0xff ^ (0x1b if x & 0x80 else 0)


def aes128(key, block):
    words, round_constant = [list(key[i:i + 4]) for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = [BOX[b] for b in word[1:] + word[:1]]
            word[0] ^= round_constant
            round_constant = double(round_constant)
        words.append([a ^ b for a, b in zip(words[i - 4], word)])
    keys = [sum(words[i:i + 4], []) for i in range(0, 44, 4)]
    state = [a ^ b for a, b in zip(block, keys[0])]
    for at in range(1, 11):
        state = [BOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if at < 10:
            mixed = []
            for c in range(0, 16, 4):
                column = state[c:c + 4]
                every = column[0] ^ column[1] ^ column[2] ^ column[3]
                mixed += [column[i] ^ every ^ double(column[i] ^ column[(i + 1) % 4]) for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, keys[at])]
    return bytes(state)


def gcm_open(key, nonce, sealed):
    """The plain text; an assertion fails when the tag does not fit."""
    hash_key = int.from_bytes(aes128(key, bytes(16)), "big")

    def product(x):
        total, v = 0, hash_key
        for i in range(127, -1, -1):
            if x >> i & 1:
                total ^= v
            v = v >> 1 ^ (0xe1 << 120 if v & 1 else 0)
        return total
    text, tag = sealed[:-16], sealed[-16:]
    y = 0
    for i in range(0, len(text), 16):
        y = product(y ^ int.from_bytes(text[i:i + 16].ljust(16, b"\0"), "big"))
    y = product(y ^ len(text) * 8)
    pad = int.from_bytes(aes128(key, nonce + b"\0\0\0\1"), "big")
    assert (y ^ pad).to_bytes(16, "big") == tag, "the tag is wrong"
    stream = b"".join(aes128(key, nonce + (i + 2).to_bytes(4, "big")) for i in range(len(text) // 16 + 1))
    return bytes(a ^ b for a, b in zip(text, stream))


class Keys:
    def __init__(self):
        self.secret = int.from_bytes(os.urandom(32), "big") % (N - 1) + 1
        self.public = to_bytes(multiply(self.secret, G))
        self.auth = os.urandom(16)

    def object(self):
        return {"p256dh": encode(self.public), "auth": encode(self.auth)}

    def decrypt(self, body):
        """One record of aes128gcm (RFC 8188 2)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21:21 + length], body[21 + length:]
        assert len(sealed) <= size, "more than one record"
        shared = multiply(self.secret, from_bytes(sender))[0].to_bytes(32, "big")
        material = hkdf(self.auth, shared, b"WebPush: info\0" + self.public + sender, 32)
        plain = gcm_open(hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16),
                         hkdf(salt, material, b"Content-Encoding: nonce\0", 12), sealed)
        plain = plain.rstrip(b"\0")
        assert plain.endswith(b"\2"), "the last record ends with 2"
        return plain[:-1]


def verify(token, key):
    """The claims of a JWT signed by ES256 with this public key (bytes)."""
    header, claims, signature = token.split(".")
    assert json.loads(decode(header))["alg"] == "ES256"
    r, s = (int.from_bytes(decode(signature)[i:i + 32], "big") for i in (0, 32))
    digest = int.from_bytes(hashlib.sha256(f"{header}.{claims}".encode()).digest(), "big")
    inverse = pow(s, -1, N)
    point = add(multiply(digest * inverse % N, G), multiply(r * inverse % N, from_bytes(key)))
    assert point[0] % N == r, "the signature is wrong"
    return json.loads(decode(claims))


Push = namedtuple("Push", "headers body")


class Receiver:
    """A push service for one client. `answer[path]` are the next answers as (status, headers); then 201."""

    def __init__(self, context=None, host="127.0.0.1"):
        receiver = self
        self.pushes = defaultdict(list)
        self.answer = defaultdict(list)
        self.changed = threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.changed:
                    receiver.pushes[self.path].append(Push(dict(self.headers.items()), body))
                    later = receiver.answer[self.path]
                    status, headers = later.pop(0) if later else (201, {})
                    receiver.changed.notify_all()
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                """A server that stops resets the connections that it kept."""

        self.server = Quiet((host, 0), Handler)
        self.scheme = "https" if context else "http"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def wait(self, path, count=1, seconds=60):
        """The push number `count` to this path, as soon as it is there."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.pushes[path]) >= count, seconds):
                raise TimeoutError(f"{path}: {len(self.pushes[path])} pushes, not {count}")
            return self.pushes[path][count - 1]

    def count(self, path):
        with self.changed:
            return len(self.pushes[path])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
