#!/usr/bin/env python3
"""Accounts in a real PostgreSQL."""

import socket
import socketserver
import struct
import tempfile
import threading

from databases import Postgres
from directory_cases import Door, defaults
from directory_sql import Dialect, main
from harness import BINARY, check, equal


class Ending(socketserver.BaseRequestHandler):
    """A server that is shutting down when the first query is prepared ("prepare"), or goes behind the first row ("row")."""

    def part(self, n):
        return self.request.recv(n, socket.MSG_WAITALL)

    def put(self, kind, data=b""):
        self.request.sendall(kind + struct.pack(">i", len(data) + 4) + data)

    def handle(self):
        self.part(struct.unpack(">i", self.part(4))[0] - 4)
        self.put(b"R", bytes(4))  # AuthenticationOk
        self.put(b"Z", b"I")
        while kind := self.part(1):
            self.part(struct.unpack(">i", self.part(4))[0] - 4)
            if kind == b"Q":
                self.put(b"C", b"SET\0")
                self.put(b"Z", b"I")
            elif kind == b"P" and self.server.end == "prepare":
                self.put(b"E", b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0")
            elif kind == b"P":
                self.put(b"1")
            elif kind == b"S":
                self.put(b"Z", b"I")
            elif kind == b"E":
                self.put(b"2")
                self.put(b"T", b"\0\1" + b"name\0" + struct.pack(">ihihih", 0, 0, 25, -1, -1, 0))
                self.put(b"D", struct.pack(">hi", 1, 6) + b"a.test")
                return


def test_ending(end, seen):
    """What it is opened with, and how it answers, at `end`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Ending) as server, tempfile.NamedTemporaryFile() as log:
        server.end = end
        threading.Thread(target=server.serve_forever).start()
        settings = {**defaults("directory-pgsql"), "host": "127.0.0.1", "port": server.server_address[1], "tls": "off",
                    "connect-timeout": 3000, "timeout": 5000}
        with Door(BINARY + "-directory-pgsql", settings, open(log.name, "ab")) as door:
            seen(door, lambda: open(log.name, errors="replace").read())
        server.shutdown()


def ended_at_the_start(door, log):
    equal("shut down at the start: later perhaps", door.opened["result"], "temp")
    check("shut down at the start: it says where and why", door.opened.get("why", "").startswith("query-account: ") and
          "terminating connection" in door.opened["why"], door.opened)


def ended_behind_a_row(door, log):
    equal("gone behind a row: it opens", door.opened["result"], "ok")
    equal("gone behind a row: half an answer is none", door.result("domains"), "temp")
    check("gone behind a row: said", "directory.lost" in log() and 'query="domains"' in log(), log())
    equal("gone behind a row of which one is enough", door.result("resolve", address="ann@example.test"), "temp")


test_ending("prepare", ended_at_the_start)
test_ending("row", ended_behind_a_row)
main(Postgres, Dialect(
    sleep="pg_sleep(60)::text",
    series="generate_series(1, 1000000) AS n",
    join="'x' || n || '@far.test'",
    tls="(SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid())",
    domain_of="local_part || '@' || domain",
    denied="authentication failed",
))
