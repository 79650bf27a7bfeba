#!/usr/bin/env python3
"""Behind a proxy: PROXY headers of both versions before SMTP, IMAP, implicit TLS and HTTP."""

import imaplib
import re
import smtplib
import socket
import struct
import time

from dns_server import DnsServer, reverse
from harness import Server, check, end, equal, insecure_tls

BOB = "bob@example.test"
SECRET = "correct horse"
SETTINGS = """
[listener smtp]
proxy-networks = 10.0.0.0/8 loopback
[listener imap]
proxy-networks = loopback
[listener imaps]
proxy-networks = 127.0.0.1
[listener https]
proxy-networks = loopback
[listener submission]
proxy-networks = 192.0.2.0/24
[net]
connections-per-address = 3
[policy]
early-talkers = no
"""
ZONES = {("elsewhere.test", "MX"): [(10, "mx.elsewhere.test")], (reverse("203.0.113.7"), "PTR"): ["mx.elsewhere.test"],
         ("mx.elsewhere.test", "A"): ["203.0.113.7"]}
V1 = b"PROXY TCP4 203.0.113.7 198.51.100.1 56324 25\r\n"
V1_UNKNOWN = b"PROXY UNKNOWN\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(source, target="198.51.100.1", vectors=b""):
    family, kind = (socket.AF_INET6, 0x21) if ":" in source else (socket.AF_INET, 0x11)
    block = socket.inet_pton(family, source) + socket.inet_pton(family, target)
    block += struct.pack("!HH", 56324, 25) + vectors
    return SIGNATURE + struct.pack("!BBH", 0x21, kind, len(block)) + block


AUTHORITY = b"mail.example.test"
V2 = v2("203.0.113.8", vectors=b"\x02" + struct.pack("!H", len(AUTHORITY)) + AUTHORITY)
V2_SIX = v2("2001:db8::7", "2001:db8::1")
V2_LOCAL = SIGNATURE + b"\x20\0\0\0"


def connect(server, name, header, pause=0.0):
    """A connection behind its header; with a pause, byte by byte."""
    s = socket.create_connection((server.host, server.port(name)), timeout=20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in ([header] if pause == 0 else [header[i:i + 1] for i in range(len(header))]):
        s.sendall(piece)
        time.sleep(pause)
    return s


class Smtp(smtplib.SMTP):
    def __init__(self, server, name, header, pause=0.0):
        self.way = (server, name, header, pause)
        super().__init__(server.host, server.port(name), timeout=20)

    def _get_socket(self, host, port, timeout):
        return connect(*self.way)


class Imap(imaplib.IMAP4):
    def __init__(self, server, name, header, context=None):
        self.way, self.context = (server, name, header), context
        super().__init__(server.host, server.port(name))

    def _create_socket(self, timeout=None):
        s = connect(*self.way)
        return self.context.wrap_socket(s, server_hostname="mail.example.test") if self.context else s


def last_received(server):
    with Imap(server, "imap", V1_UNKNOWN) as imap:
        imap.login(BOB, SECRET)
        count = imap.select("INBOX", readonly=True)[1][0]
        text = imap.fetch(count, "(BODY.PEEK[HEADER.FIELDS (RECEIVED)])")[1][0][1]
    return re.sub(r"\s+", " ", text.decode())


def test_smtp(server):
    rows = [("version 1", V1, 0, "(mx.elsewhere.test [203.0.113.7])"), ("version 1, byte by byte", V1, 0.002, "[203.0.113.7]"),
            ("version 2", V2, 0, "[203.0.113.8]"), ("version 2, byte by byte", V2, 0.002, "[203.0.113.8]"),
            ("version 2, IPv6", V2_SIX, 0, "[IPv6:2001:db8::7]"),
            ("unknown", V1_UNKNOWN, 0, "[127.0.0.1]"), ("local", V2_LOCAL, 0, "[127.0.0.1]")]
    for name, header, pause, text in rows:
        with Smtp(server, "smtp", header, pause) as smtp:
            smtp.sendmail("out@elsewhere.test", [BOB], f"Subject: {name}\r\n\r\nx\r\n")
        received = last_received(server)
        check(f"Received, {name}", text in received, received)


def test_greeting(server):
    s = connect(server, "smtp", b"")
    s.settimeout(0.3)
    try:
        check("no greeting before the header", False, s.recv(100))
    except TimeoutError:
        check("no greeting before the header", True)
    s.settimeout(20)
    s.sendall(V1 + b"EHLO me\r\nQUIT\r\n")
    text = b"".join(iter(lambda: s.recv(4096), b""))
    check("what stands behind the header is the client's", text.startswith(b"220 ") and b"\r\n250-" in text
          and text.rstrip().split(b"\r\n")[-1].startswith(b"221 "), text)
    s.close()


def test_imap(server):
    for name, header in (("version 1", V1), ("version 2", V2)):
        with Imap(server, "imap", header) as imap:
            check(f"no plaintext login from afar, {name}", "LOGINDISABLED" in imap.capabilities, imap.capabilities)
            imap.starttls(insecure_tls())
            equal(f"login after STARTTLS, {name}", imap.login(BOB, SECRET)[0], "OK")
        with Imap(server, "imaps", header, insecure_tls()) as imap:
            equal(f"implicit TLS behind the header, {name}", imap.login(BOB, SECRET)[0], "OK")
    logins = [line for line in server.log().split("\n") if "imap.login" in line]
    check("the log has the client's address", logins and 'peer="203.0.113.8"' in logins[-1], logins)


def test_https(server):
    raw = connect(server, "https", V2)
    with insecure_tls().wrap_socket(raw, server_hostname="mail.example.test") as s:
        s.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        check("HTTPS behind the header", s.recv(100).startswith(b"HTTP/1.1 "))


def closed_with(server, name, header):
    """What the server says to this before it closes."""
    s = connect(server, name, header)
    try:
        return b"".join(iter(lambda: s.recv(4096), b""))
    except ConnectionResetError:
        return b""
    finally:
        s.close()


def test_wrong(server):
    rows = [("no header", b"EHLO me\r\n"), ("bare LF", b"PROXY UNKNOWN\n"), ("bad address", b"PROXY TCP4 x y 1 2\r\n"),
            ("version 3", SIGNATURE + b"\x31\x11\0\0"), ("too long", b"PROXY UNKNOWN " + b"x" * 200)]
    for name, header in rows:
        equal(f"closed without a word: {name}", closed_with(server, "smtp", header), b"")
    equal("a TLS client without its header", closed_with(server, "imaps", b"\x16\x03\x01\x00\x05hello"), b"")
    check("and told in the log", "net.proxy.refused" in server.log() and "not a PROXY header" in server.log())
    equal("once, not each time", server.log().count("net.proxy.refused"), 1)
    with smtplib.SMTP(server.host, server.port("submission"), timeout=20) as smtp:
        check("a listener for other proxies greets at once", smtp.ehlo()[0] == 250)
        check("and takes a header for a command", smtp.docmd(V1.decode().strip())[0] == 500)


def test_limit(server):
    open_ones = [connect(server, "smtp", v2("203.0.113.9")) for _ in range(4)]
    heard = sorted(s.recv(100)[:3] for s in open_ones)
    equal("connections are counted by client", heard, [b"220", b"220", b"220", b"421"])
    other = connect(server, "smtp", v2("203.0.113.10"))
    equal("another client is not concerned", other.recv(100)[:3], b"220")
    for s in open_ones + [other]:
        s.close()


def main():
    with DnsServer(ZONES) as dns, Server(settings=f"{SETTINGS}[dns]\nservers = {dns.address}\n") as server:
        server.add_user(BOB, SECRET)
        test_smtp(server)
        test_greeting(server)
        test_imap(server)
        test_https(server)
        test_wrong(server)
        test_limit(server)
    end()


if __name__ == "__main__":
    main()
