"""An S3 server that misbehaves as told; and a real one, for tests.

    with HostileS3() as s3:                     HostileS3(tls=certificate.context()): https://localhost
        Server(settings=s3.settings())          [blob] engine = s3 and [s3] for it
        s3.way = "503"                          every request from now on; also by method: s3.ways = {"PUT": "hang"}
        s3.objects                              key -> bytes
    s3.token = "t"                          keys for a time: the session token that requests must have
        s3.counts["GET"]

It is written against the documentation of Signature Version 4, not against our code: each request's signature and
the hash of its body are verified, and a wrong one gets 403. The ways: hang, close, late (done, not answered), 500, 503,
429, 403, 404, redirect, slow, cut, short, long, false, etag, late-error, half, headers, garbage.

    gateway = Gateway.open()                    versitygw over a folder; None with a counted skip
"""

import base64
import hashlib
import hmac
import os
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

import golang
from harness import skip

KEY, SECRET, REGION, BUCKET = "AKIDTEST", "s3cret/key+x", "eu-test-1", "mail-box"
GATEWAY, GATEWAY_VERSION = "github.com/versity/versitygw/cmd/versitygw", "1.8.0"


def settings_for(endpoint, engine="s3", more="", blob=""):
    how = "engine = s3" if engine == "s3" else "engine = maildir\nmirror = yes"
    return f"""
[blob]
{how}
{blob}
[s3]
endpoint = {endpoint}
region = {REGION}
bucket = {BUCKET}
prefix = host1/
access-key = {KEY}
secret-key = {SECRET}
timeout = 1s
retry = 2s
{more}
"""


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, method, path, query, headers, names, body_hash, scope, stamp):
    canonical = "\n".join([method, path, query, *(f"{n}:{headers[n].strip()}" for n in names), "", ";".join(names), body_hash])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Handler(socketserver.StreamRequestHandler):
    def read_head(self):
        line = self.rfile.readline(70000).decode("latin-1").strip()
        if not line:
            return False
        self.method, self.target, _ = line.split(" ")
        self.headers = {}
        while True:
            line = self.rfile.readline(70000).decode("latin-1")
            if not line or line == "\r\n":
                break
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        return True

    def handle(self):
        try:
            while self.read_head():
                length = int(self.headers.get("content-length", 0))
                self.body = self.rfile.read(length)
                if len(self.body) < length or not self.act():  # a client that was killed says no more
                    break
        except (OSError, ValueError):
            pass

    def reply(self, status, body=b"", headers=(), length=None):
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + body)
        return True

    def error(self, status, code):
        return self.reply(status, f"<Error><Code>{code}</Code><Message>{code} &amp; so</Message></Error>".encode())

    def is_signed(self):
        """Signature Version 4 with the hash of the body."""
        s3 = self.server.s3
        try:
            fields = dict(f.strip().split("=", 1) for f in self.headers["authorization"].split(" ", 1)[1].split(","))
            access, scope = fields["Credential"].split("/", 1)
        except (KeyError, ValueError, IndexError):
            return False
        path, _, query = self.target.partition("?")
        pairs = sorted(p if "=" in p else p + "=" for p in query.split("&") if p)
        names = fields["SignedHeaders"].split(";")
        stamp, body_hash = self.headers.get("x-amz-date", ""), self.headers.get("x-amz-content-sha256", "")
        want = signature(SECRET, self.method, path, "&".join(pairs), self.headers, names, body_hash, scope, stamp)
        must = {"host", "x-amz-date", "x-amz-content-sha256"} | {n for n in self.headers if n.startswith("x-amz-")}
        good = (access == KEY and scope == f"{stamp[:8]}/{REGION}/s3/aws4_request" and must <= set(names) and names == sorted(names)
                and hmac.compare_digest(want, fields["Signature"]) and hashlib.sha256(self.body).hexdigest() == body_hash)
        if not good:
            s3.unsigned.append(f"{self.method} {self.target}")
        return good

    def act(self):
        s3 = self.server.s3
        way = s3.way_of(self.method)
        with s3.lock:
            s3.counts[self.method] = s3.counts.get(self.method, 0) + 1
        if way == "hang":
            s3.stopped.wait(60)
            return False
        if way == "close":
            return False
        if way == "garbage":
            self.wfile.write(b"220 hello\r\n")
            return False
        if way == "half":
            self.wfile.write(b"HTTP/1.1 20")
            return False
        if way == "headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not s3.stopped.is_set():
                self.wfile.write(b"X-Filler: 0123456789\r\n" * 100)
        simple = {"500": ("500 Oh", "InternalError"), "503": ("503 Slow", "SlowDown"), "403": ("403 No", "AccessDenied"),
                  "429": ("429 Many", "TooManyRequests"), "late-error": ("200 OK", "InternalError"), "bucket": ("404 No", "NoSuchBucket")}
        if way in simple:
            return self.error(*simple[way])
        if way == "404":
            return self.reply("404 Not Found", b"<html>no<br></html>")
        if way == "redirect":
            return self.reply("301 Moved", b"", ["Location: http://127.0.0.1:1/"])
        if not self.is_signed():
            return self.error("403 Forbidden", "SignatureDoesNotMatch")
        if self.headers.get("x-amz-security-token", "") != s3.token:
            return self.error("400 Bad Request", "ExpiredToken")
        if way == "slow":
            time.sleep(0.3)
        if way == "late":
            self.wfile, kept = open(os.devnull, "wb"), self.wfile
            self.work(way)
            self.wfile = kept
            return False
        return self.work(way)

    def work(self, way):
        s3 = self.server.s3
        path, _, query = self.target.partition("?")
        query = urllib.parse.parse_qs(query, keep_blank_values=True)
        if self.headers["host"].startswith(BUCKET + "."):
            path = f"/{BUCKET}{path if path != '/' else ''}"
        _, bucket, *rest = path.split("/", 2)
        key = urllib.parse.unquote(rest[0]) if rest else ""
        if bucket != BUCKET:
            return self.error("404 Not Found", "NoSuchBucket")
        with s3.lock:
            if not key:
                return self.list(query)
            if self.method == "POST" or "uploadId" in query:
                return self.upload(key, query)
            if self.method == "PUT":
                return self.put(key, way)
            if self.method == "DELETE":
                s3.objects.pop(key, None)
                s3.sums.pop(key, None)
                return self.reply("204 No Content")
            return self.get(key, way)

    def list(self, query):
        s3 = self.server.s3
        prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
        keys = sorted(k for k in s3.objects if k.startswith(prefix) and k > after)
        page = keys[:s3.page]
        entries = "".join(f"<Contents><Key>{escape(k)}</Key><Size>{len(s3.objects[k])}</Size></Contents>" for k in page)
        more = str(len(keys) > len(page)).lower()
        return self.reply("200 OK", f"<?xml version='1.0'?><ListBucketResult><IsTruncated>{more}</IsTruncated>{entries}"
                          "</ListBucketResult>".encode())

    def tag(self, way):
        return [f'ETag: "{hashlib.md5(self.body + (b"x" if way == "etag" else b"")).hexdigest()}"']

    def upload(self, key, query):
        s3 = self.server.s3
        if "uploads" in query:
            s3.last_upload += 1
            s3.uploads[str(s3.last_upload)] = (key, {}, self.headers.get("x-amz-meta-sha256", ""))
            return self.reply("200 OK", f"<InitiateMultipartUploadResult><UploadId>{s3.last_upload}</UploadId>"
                              "</InitiateMultipartUploadResult>".encode())
        upload = query["uploadId"][0]
        if upload not in s3.uploads or s3.uploads[upload][0] != key:
            return self.error("404 Not Found", "NoSuchUpload")
        if self.method == "PUT":
            s3.uploads[upload][1][int(query["partNumber"][0])] = self.body
            return self.reply("200 OK", b"", self.tag(""))
        _, parts, s3.sums[key] = s3.uploads.pop(upload)
        if self.method == "DELETE":
            return self.reply("204 No Content")
        s3.objects[key] = b"".join(parts[n] for n in sorted(parts))
        return self.reply("200 OK", b"\n <CompleteMultipartUploadResult/>")

    def put(self, key, way):
        s3 = self.server.s3
        source = urllib.parse.unquote(self.headers.get("x-amz-copy-source", ""))
        if source:
            source = source.removeprefix(f"/{BUCKET}/")
            if source not in s3.objects:
                return self.error("404 Not Found", "NoSuchKey")
            s3.objects[key], s3.sums[key] = s3.objects[source], s3.sums[source]
            return self.reply("200 OK", b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
        if self.headers.get("x-amz-checksum-sha256") != base64.b64encode(hashlib.sha256(self.body).digest()).decode():
            return self.error("400 Bad Request", "BadDigest")
        s3.objects[key], s3.sums[key] = self.body, self.headers.get("x-amz-meta-sha256", "")
        return self.reply("200 OK", b"", self.tag(way))

    def get(self, key, way):
        s3 = self.server.s3
        if key not in s3.objects:
            return self.error("404 Not Found", "NoSuchKey")
        data = s3.objects[key]
        data = {"short": data[:-1], "long": data + b"more", "false": data[:-1] + bytes([data[-1] ^ 1])}.get(way, data)
        sent = data[:len(data) // 2] if way == "cut" else data
        self.reply("200 OK", sent, [f"x-amz-meta-sha256: {s3.sums[key]}"], len(data))
        return way != "cut"


class HostileS3:
    def __init__(self, tls=None):
        self.objects, self.sums, self.uploads, self.counts, self.unsigned = {}, {}, {}, {}, []
        self.way, self.ways, self.page, self.last_upload, self.token = "", {}, 1000, 0, ""
        self.lock, self.stopped = threading.RLock(), threading.Event()
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.s3 = self
        self.scheme, self.host = "http", "127.0.0.1"
        if tls:
            self.scheme, self.host = "https", "localhost"
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def way_of(self, method):
        return self.ways.get(method, self.way)

    def behave(self):
        self.way, self.ways = "", {}

    def settings(self, engine="s3", **more):
        return settings_for(f"{self.scheme}://{self.host}:{self.server.server_address[1]}", engine, **more)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()


class Gateway:
    """versitygw, an S3 server over a folder: built once from Go's module proxy, kept in build/need."""

    @classmethod
    def open(cls):
        path, why = golang.install("versitygw", GATEWAY_VERSION, GATEWAY)
        if path is None:
            skip("a real S3 server", why)
            return None
        return cls(path)

    def __init__(self, path):
        self.path = path
        self.folder = tempfile.mkdtemp(prefix="staunch-s3-")
        self.data = os.path.join(self.folder, "data")
        os.makedirs(os.path.join(self.data, BUCKET))
        os.makedirs(os.path.join(self.folder, "meta"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None
        self.start()

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.path, "--port", f"127.0.0.1:{self.port}", "--access", KEY, "--secret", SECRET,
                 "--region", REGION, "posix", "--sidecar", os.path.join(self.folder, "meta"), self.data],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.time() + 20
        while time.time() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(open(os.path.join(self.folder, "log"), errors="replace").read()[-2000:])

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def settings(self, engine="s3", **more):
        return settings_for(f"http://127.0.0.1:{self.port}", engine, **more)

    def keys(self):
        found = []
        for folder, _, files in os.walk(os.path.join(self.data, BUCKET)):
            if ".sgwtmp" not in folder:
                found += [os.path.relpath(os.path.join(folder, f), os.path.join(self.data, BUCKET)) for f in files]
        return sorted(found)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
