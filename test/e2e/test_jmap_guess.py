#!/usr/bin/env python3
"""Passwords guessed over HTTP: many at once are no more guesses than one after the other, nor are those through a proxy."""

import socket

import test_proxy
from harness import Server, check, end, equal, insecure_tls
from jmap_client import basic

ALICE, SECRET = "alice@example.test", "correct horse"
GUESSES = 60  # on as many connections; the ban comes after ten
SETTINGS = """
[listener https]
proxy-networks = loopback
[net]
connections-per-address = 100
[http]
trust-forwarded = yes
"""


def connect(server, address):
    s = test_proxy.connect(server, "https", test_proxy.v2(address))
    s.settimeout(60)
    return insecure_tls().wrap_socket(s)


def ask(s, secret):
    s.sendall(f"GET /jmap/session HTTP/1.1\r\nHost: a\r\nAuthorization: {basic(ALICE, secret)}\r\n\r\n".encode())


def forwarded(server, secret, *lines):
    """The status of a request that a proxy on this machine hands on."""
    with socket.create_connection((server.host, server.port("http")), timeout=60) as s:
        s.sendall("\r\n".join(["GET /jmap/session HTTP/1.1", "Host: a", "X-Forwarded-Proto: https", *lines,
                               f"Authorization: {basic(ALICE, secret)}", "", ""]).encode())
        return status(s)


def status(s):
    head = b""
    while b"\r\n" not in head and (piece := s.recv(4096)):
        head += piece
    return int(head.split()[1])


def main():
    with Server(settings=SETTINGS) as server:
        server.add_user(ALICE, SECRET)
        many = [connect(server, "9.9.9.9") for _ in range(GUESSES)]
        for n, s in enumerate(many[:-1]):
            ask(s, f"guess {n}")
        got = [status(many[0])]  # the others wait behind it by now: the right one before them would be a login
        ask(many[-1], SECRET)
        got += [status(s) for s in many[1:]]
        equal("the right one comes too late", got[-1], 403)
        check("ten are answered as wrong", 0 < got.count(401) <= 10 and 200 not in got, got)
        for s in many:
            s.close()
        s = connect(server, "9.9.9.10")
        ask(s, SECRET)
        equal("from another address it is right", status(s), 200)
        s.close()
        check("one ban", server.log().count("policy.ban") == 1, server.log()[-2000:])
        equal("banned through a proxy, too", forwarded(server, SECRET, "X-Forwarded-For: 9.9.9.9"), 403)
        for n in range(10):
            line = ("X-Forwarded-For: 8.8.8.8", f"X-Forwarded-For: 1.1.1.{n}, 8.8.8.8:99")[n % 2]
            equal("a wrong one", forwarded(server, "wrong", f"X-Forwarded-For: 1.1.1.{n}", line), 401)
        equal("guesses through a proxy end", forwarded(server, SECRET, "X-Forwarded-For: 8.8.8.8"), 403)
        equal("what the client itself says is nothing",
              forwarded(server, SECRET, "X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8, 8.8.8.8"), 403)
        for who in ("8.8.8.9", "[2a00::1]:5", "2a00::1", "unknown", ""):
            equal(f"not for {who!r}", forwarded(server, SECRET, "X-Forwarded-For: " + who), 200)
        check("another ban", server.log().count("policy.ban") == 2, server.log()[-2000:])
    end()


if __name__ == "__main__":
    main()
