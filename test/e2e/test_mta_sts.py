#!/usr/bin/env python3
"""Our own MTA-STS policy (RFC 8461 3.3): served for our domains, under their policy host's name only."""

import http.client
import json
import re
import subprocess
import tempfile

from harness import BINARY, Server, check, end, equal

PATH = "/.well-known/mta-sts.txt"


def get(server, host, method="GET", path=PATH):
    connection = http.client.HTTPConnection(server.host, server.port("http"), timeout=30)
    connection.request(method, path, headers={"Host": host})
    reply = connection.getresponse()
    return reply.status, reply.getheader("Content-Type"), reply.read().decode()


def serve(settings):
    server = Server(start=False)
    server.add_settings(settings)
    server.start()
    return server


def main():
    with serve("[mta-sts]\nmode = enforce\nmax-age = 2d\nmx = mx1.example.test  *.backup.test\n") as server:
        server.command("domain", "add", "second.test")
        wanted = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.test\r\nmx: *.backup.test\r\nmax_age: 172800\r\n"
        for host in ("mta-sts.example.test", "MTA-STS.Example.Test", "mta-sts.example.test:443", "mta-sts.second.test"):
            status, kind, text = get(server, host)
            equal(f"{host}", (status, kind.split(";")[0], text), (200, "text/plain", wanted))
        for host in ("example.test", "mta-sts.elsewhere.test", "mta-sts.", "mta-sts", "x.mta-sts.example.test", "mta-sts.x.example.test"):
            equal(f"{host}: nothing", get(server, host)[0], 404)
        equal("HEAD", get(server, "mta-sts.example.test", "HEAD")[::2], (200, ""))
        equal("no other method", get(server, "mta-sts.example.test", "POST")[0], 405)
        equal("no other path", get(server, "mta-sts.example.test", path=PATH + "x")[0], 404)
        with tempfile.NamedTemporaryFile("w", newline="") as f:
            f.write(get(server, "mta-sts.example.test")[2])
            f.flush()
            for host, fits in (("mx1.example.test", True), ("a.backup.test", True), ("mx2.example.test", False)):
                done = subprocess.run([BINARY, "mta-sts-match", f.name, host], stdout=subprocess.PIPE, check=True)
                equal(f"and says of {host}", json.loads(done.stdout)["matches"], fits)
    with serve("[mta-sts]\nmode = testing\n") as server:
        with open(server.config) as f:
            hostname = re.search(r"(?m)^hostname = (\S+)", f.read())[1]
        equal("this host is the default", get(server, "mta-sts.example.test")[2],
              f"version: STSv1\r\nmode: testing\r\nmx: {hostname}\r\nmax_age: 604800\r\n")
    with serve("") as server:
        equal("nothing is served unless it is wanted", get(server, "mta-sts.example.test")[0], 404)
        for wrong in ("mx.*.test", "mx.example.test,other.test", "*"):
            server.add_settings(f"[mta-sts]\nmx = {wrong}\n")
            done = subprocess.run([BINARY, "config", "check", "--config", server.config], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            check(f"{wrong}: refused", done.returncode != 0 and b"mta-sts" in done.stdout, done.stdout)
            with open(server.config) as f:
                text = f.read()
            with open(server.config, "w") as f:
                f.write(text.replace(f"[mta-sts]\nmx = {wrong}\n", ""))
    end()


if __name__ == "__main__":
    main()
