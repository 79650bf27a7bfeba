#!/usr/bin/env python3
"""COMPRESS=DEFLATE (RFC 4978) with Python's zlib as the client, with and without TLS; bombs and garbage."""

import os
import random
import socket
import ssl
import zlib

from harness import BINARY, Server, check, end, equal, insecure_tls

ALICE = "alice@example.test"
SECRET = "correct horse"


class Client:
    """Lines and literals over a socket, compressed when asked."""

    def __init__(self, server, tls):
        self.sock = socket.create_connection(("127.0.0.1", server.port("imaps" if tls else "imap")), 60)
        if tls:
            self.sock = insecure_tls().wrap_socket(self.sock)
        self.have = b""
        self.packer = self.unpacker = None
        self.sent = self.received = 0
        self.line()
        self.ask(f'login LOGIN "{ALICE}" "{SECRET}"')

    def send(self, data, step=None):
        if self.packer:
            data = self.packer.compress(data) + self.packer.flush(zlib.Z_SYNC_FLUSH)
        self.sent += len(data)
        for i in range(0, len(data), step or len(data)):
            self.sock.sendall(data[i:i + (step or len(data))])

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.received += len(data)
        self.have += self.unpacker.decompress(data) if self.unpacker else data

    def line(self):
        while b"\r\n" not in self.have:
            self.more()
        line, self.have = self.have.split(b"\r\n", 1)
        return line

    def take(self, n):
        while len(self.have) < n:
            self.more()
        data, self.have = self.have[:n], self.have[n:]
        return data

    def ask(self, command, step=None):
        """All lines up to the tagged one."""
        tag = command.split(" ", 1)[0].encode()
        self.send(command.encode() + b"\r\n", step)
        lines = [self.line()]
        while not lines[-1].startswith(tag + b" "):
            lines.append(self.line())
        return lines

    def compress(self):
        answer = self.ask("z COMPRESS DEFLATE")[-1]
        check("COMPRESS", answer.startswith(b"z OK"), answer)
        self.packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.unpacker = zlib.decompressobj(-15)

    def append(self, data, step=None):
        self.send(b"a APPEND INBOX {%d+}\r\n%s\r\n" % (len(data), data), step)
        line = self.line()
        while not line.startswith(b"a "):
            line = self.line()
        return line


def test_talk(server, tls):
    name = "TLS" if tls else "plaintext"
    client = Client(server, tls)
    check(f"{name}: offered", b" COMPRESS=DEFLATE" in client.ask("c CAPABILITY")[0])
    client.compress()
    check(f"{name}: not twice", client.ask("z COMPRESS DEFLATE")[-1].startswith(b"z NO [COMPRESSIONACTIVE]"))
    text = b"Subject: text\r\n\r\n" + b"The quick brown fox jumps over the lazy dog.\r\n" * 100000
    noise = b"Subject: noise\r\n\r\n" + bytes(random.choices(range(1, 256), k=3000000))
    for kind, data in (("text", text), ("noise", noise)):
        sent, received = client.sent, client.received
        check(f"{name}: APPEND of {kind}", client.append(data).startswith(b"a OK"))
        client.ask("s SELECT INBOX")
        client.send(b"f FETCH * BODY.PEEK[]\r\n")
        size = int(client.line().rsplit(b"{", 1)[1][:-1])
        equal(f"{name}: FETCH of {kind}", client.take(size) == data, True)
        client.line()
        client.line()
        if kind == "text":
            check(f"{name}: smaller both ways", client.sent - sent < len(data) / 20
                  and client.received - received < len(data) / 20, (client.sent - sent, client.received - received))
    lines = client.ask("n NOOP", step=1)
    check(f"{name}: byte by byte", lines[-1].startswith(b"n OK"), lines)
    other = Client(server, not tls)
    client.send(b"i IDLE\r\n")
    client.line()
    other.append(b"Subject: news\r\n\r\n")
    check(f"{name}: told in IDLE", client.line().endswith(b" EXISTS"))
    client.send(b"DONE\r\n")
    lines = client.ask("o LOGOUT")
    check(f"{name}: goodbye", lines[-1].startswith(b"o OK"), lines)
    try:
        client.more()
        check(f"{name}: closed", False)
    except (EOFError, ssl.SSLError, ConnectionError):
        check(f"{name}: closed", True)


def test_unauthenticate(server, tls):
    """RFC 8437 3: compression ends behind the OK; a client that ends its own stream need not wait for it."""
    name = "TLS" if tls else "plaintext"
    login = f'login LOGIN "{ALICE}" "{SECRET}"\r\n'.encode()
    client = Client(server, tls)
    for i in range(30):
        client.compress()
        check(f"{name}: UNAUTHENTICATE is offered", b" UNAUTHENTICATE" in client.ask("c CAPABILITY")[0])
        packed = client.packer.compress(b"u UNAUTHENTICATE\r\n")
        if i % 3 == 0:  # ends and does not wait
            packed += client.packer.flush(zlib.Z_FINISH) + login
        elif i % 3 == 1:  # ends
            packed += client.packer.flush(zlib.Z_FINISH)
        else:  # ends when the answer is there
            packed += client.packer.flush(zlib.Z_SYNC_FLUSH)
        client.sock.sendall(packed)
        equal(f"{name}: UNAUTHENTICATE", client.line()[:4], b"u OK")
        unpacker, packer = client.unpacker, client.packer
        while not unpacker.eof:
            client.more()
        client.unpacker = client.packer = None
        client.have += unpacker.unused_data
        if i % 3 == 2:
            client.sock.sendall(packer.flush(zlib.Z_FINISH))
        if i % 3 > 0:
            client.sock.sendall(login)
        line = client.line()
        check(f"{name}: logged in anew", line.startswith(b"login OK"), line)
    client.compress()
    client.send(b"u UNAUTHENTICATE\r\nn NOOP\r\n")
    line = client.line()
    check(f"{name}: commands behind it are not guessed at", line.startswith(b"* BYE"), line)


def test_hostile(server):
    other = Client(server, False)
    before = server.memory_kb("VmHWM")
    for name, data in (("a line without end", b"x" * 64000000), ("a literal", b"a NOOP {100000000+}\r\n" + b"x" * 64000000)):
        client = Client(server, False)
        client.compress()
        try:
            client.send(data)
            client.sock.shutdown(socket.SHUT_WR)
            while True:
                client.more()
        except (EOFError, ConnectionError, ssl.SSLError):
            pass
        check(f"bomb, {name}: others go on", other.ask("n NOOP")[-1].startswith(b"n OK"))
    if "/dev/" not in BINARY:  # with sanitizers, what was freed stays for a while
        check("bombs cost no memory", server.memory_kb("VmHWM") - before < 4096, server.memory_kb("VmHWM") - before)
    for i in range(20):
        client = Client(server, False)
        client.compress()
        client.packer = None
        try:
            client.send(b"\x07" + os.urandom(5000))
            while True:
                client.more()
        except (EOFError, ConnectionError, zlib.error):
            pass
    check("garbage ends its session alone", other.ask("n NOOP")[-1].startswith(b"n OK"))


def main():
    random.seed(1)
    with Server(settings="[imap]\nlogin-delay = 100ms") as server:
        server.add_user(ALICE, SECRET)
        test_talk(server, False)
        test_talk(server, True)
        test_unauthenticate(server, False)
        test_unauthenticate(server, True)
        test_hostile(server)
    end()


if __name__ == "__main__":
    main()
