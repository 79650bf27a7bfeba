#!/usr/bin/env python3
"""staunch tlsa-match beside OpenSSL's DANE (RFC 6698, 7671): the same certificates and records, the same verdict."""

import itertools
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from certificates import Authority, openssl
from harness import BINARY, check, end, equal

HOST, OTHER = "mx.example.test", "elsewhere.test"


class Server:
    """Shows a chain to whoever connects."""
    def __init__(self, chain, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                with connection, self.context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def openssl_says(port, name, records):
    """True or False; None when it takes none of the records."""
    arguments = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-dane_tlsa_domain", name, "-dane_ee_no_namechecks",
                 "-servername", name, "-verify_return_error"]
    for record in records:
        arguments += ["-dane_tlsa_rrdata", record]
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    text = done.stdout.decode(errors="replace")
    if "no usable TLSA records" in text or "Failed to add any TLSA records" in text:
        return None
    return "Verify return code: 0 (ok)" in text or "Verification: OK" in text


def we_say(chain, name, records, *more):
    done = subprocess.run([BINARY, "tlsa-match", "--name", name, *more, chain, *records], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60)
    check("exit code", done.returncode == 0, done.stdout)
    return json.loads(done.stdout)


def record(usage, selector, matching, data):
    return f"{usage} {selector} {matching} {data}"


def main():
    with Authority() as ca, Authority("Somebody Else") as others:
        good = ca.issue(HOST)
        star = ca.issue("*.example.test", key=("rsa:2048",))
        old = ca.issue(HOST, valid=("20200101000000Z", "20200201000000Z"))
        stranger = others.issue(HOST)
        counts = {"same": 0}
        for title, shown, name in (("good", good, HOST), ("star", star, HOST), ("old", old, HOST), ("name", good, OTHER),
                                   ("stranger", stranger, HOST)):
            server = Server(shown.chain, shown.key)
            leaf_alone = os.path.join(ca.folder, f"alone-{title}.pem")
            with open(leaf_alone, "wb") as f:
                f.write(openssl("x509", "-in", shown.chain))
            alone = Server(leaf_alone, shown.key)
            certificates = {"own": shown, "issuer": ca.certificate, "other": others.certificate}
            for usage, selector, matching, about in itertools.product((2, 3), (0, 1), (0, 1, 2), certificates):
                records = [record(*certificates[about].tlsa(usage, selector, matching))]
                for server_, chain, how in ((server, shown.chain, "whole"), (alone, leaf_alone, "alone")):
                    wanted = openssl_says(server_.port, name, records)
                    got = we_say(chain, name, records)
                    equal(f"{title}, {how}, {usage} {selector} {matching} of {about}: {got['result']}", got["matches"], bool(wanted))
                    counts["same"] += 1
            # Several at once: one right, the hash that is stronger, and those that do not count.
            right, wrong = [record(*c.tlsa()) for c in (shown, others.certificate)]
            strong = record(*others.certificate.tlsa(3, 1, 2))
            for records in ([wrong, right], [right, strong], [right, record(3, 0, 2, "00" * 64)],
                            [record(1, 1, 1, "00" * 32), right], [record(3, 1, 9, "00"), wrong]):
                equal(f"{title}: several", we_say(shown.chain, name, records)["matches"], bool(openssl_says(server.port, name, records)))
            for records in ([record(0, 1, 1, "00" * 32)], [record(3, 1, 1, "00" * 31)], [record(2, 0, 0, "3003020101")]):
                equal(f"{title}: nothing that counts", we_say(shown.chain, name, records)["result"], "tlsa-invalid")
            server.close()
            alone.close()
        check("all were compared", counts["same"] == 5 * 2 * 2 * 3 * 3 * 2, counts)
        anchor = [record(*ca.certificate.tlsa(2, 1, 1))]
        equal("the domain's own name does, too", we_say(good.chain, OTHER, anchor, "--next-hop", HOST)["matches"], True)
        equal("at another time", we_say(old.chain, HOST, anchor, "--now", "1580000000")["result"], "certificate-expired")
        equal("usage 3 has no time", we_say(old.chain, HOST, [record(*old.tlsa())], "--now", "1")["matches"], True)
        for arguments, words in ((["x.pem"], "usage"), ([good.chain, "3 1 x"], "USAGE SELECTOR"), ([good.chain, "3 1 1 0"], "USAGE SELECTOR"),
                                 ([good.key, "3 1 1 00"], "not a chain"), (["/nowhere", "3 1 1 00"], "No such file")):
            done = subprocess.run([BINARY, "tlsa-match", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            check(f"{arguments[-1]}: said", done.returncode in (1, 2) and words.lower() in done.stdout.decode().lower(), done.stdout)

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write("version: STSv1\r\nmode: enforce\r\nmx: *.example.test\r\nmax_age: 86400\r\n")
        f.flush()
        for host, fits in (("mx.example.test", True), ("a.mx.example.test", False)):
            done = subprocess.run([BINARY, "mta-sts-match", f.name, host], stdout=subprocess.PIPE, check=True)
            equal(f"policy and {host}", json.loads(done.stdout),
                  {"valid": True, "mode": "enforce", "max_age": 86400, "mx": ["*.example.test"], "matches": fits})
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("<html>")
        f.flush()
        done = subprocess.run([BINARY, "mta-sts-match", f.name, "a.test"], stdout=subprocess.PIPE, check=True)
        equal("no policy", json.loads(done.stdout), {"valid": False})
    end()


if __name__ == "__main__":
    main()
