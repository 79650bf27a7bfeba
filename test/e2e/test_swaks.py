#!/usr/bin/env python3
"""The corners of SMTP, by swaks: logins, TLS, XCLIENT, PROXY, LMTP, pipelining, leaving early, bare line ends.

Each row is one run of swaks: its options, its exit status (swaks(1), EXIT CODES), and who must have the message.
"""

import re
import socket
import subprocess
import time

from certificates import Authority
from dns_server import DnsServer, reverse
from harness import Server, check, end, equal, need
from ours import Inbox

ALICE, BOB = "alice@example.test", "bob@example.test"
SECRET = "correct horse"
OUT = "x@elsewhere.test"
SETTINGS = """
[certificate main]
chain = {chain}
key = {key}
[dns]
servers = {dns}
[listener lmtp]
address = 127.0.0.1:{lmtp} unix:{folder}/lmtp
[listener submission]
plaintext-login = no
[smtp]
xclient-networks = loopback
login-failures = 3
errors = 6
"""
PROXIED = """
[dns]
servers = {dns}
[listener smtp]
proxy-networks = loopback
[policy]
trusted = 192.0.2.0/24
"""
ZONES = {("elsewhere.test", "MX"): [(10, "mx.elsewhere.test")], ("mx.elsewhere.test", "A"): ["203.0.113.7"],
         ("example.test", "MX"): [(10, "mail.example.test")], ("mail.example.test", "A"): ["203.0.113.1"],
         (reverse("203.0.113.7"), "PTR"): ["mx.elsewhere.test"]}
NO_ERROR, CLOSED, HELO, MAIL, RCPT, CONTENT, AUTH, TLS, XCLIENT = 0, 6, 22, 23, 24, 26, 28, 29, 33


class Swaks:
    def __init__(self, server):
        self.server, self.count = server, 0
        self.inboxes = {user: Inbox(server, user, SECRET) for user in (ALICE, BOB)}

    def run(self, *arguments, port="smtp", sender=OUT, to=BOB, data=None):
        """One run, under a subject of its own; (exit status, what was said, subject)."""
        self.count += 1
        subject = f"swaks {self.count}"
        where = [] if "--socket" in arguments else ["--server", f"{self.server.host}:{self.server.port(port)}"]
        content = ["--header", f"Subject: {subject}"] if data is None else ["--data", "-", "--no-data-fixup"]
        done = subprocess.run(["swaks", *where, "--from", sender, "--to", to, "--ehlo", "swaks.test", *content, *arguments],
                              input=data and data.replace(b"SUBJECT", subject.encode()), timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace"), subject

    def received(self, subject, user=BOB):
        """The messages with this subject."""
        return [m for m in self.inboxes[user].messages() if re.search(rb"^Subject: %s\r$" % subject.encode(), m, re.M)]

    def row(self, name, *arguments, status=NO_ERROR, taken=None, says=None, received=None, **options):
        """`says` is a pattern of the whole conversation, `received` one of our Received field, unfolded."""
        got, said, subject = self.run(*arguments, **options)
        equal(f"{name}: exit status", (got, got == status or said), (status, True))
        if says:
            check(f"{name}: what was said", re.search(says, said), said)
        for user in (ALICE, BOB):
            wanted = user in (taken if taken is not None else [] if status else [BOB])
            messages = self.received(subject, user)
            equal(f"{name}: for {user}", len(messages), int(wanted))
            if received and messages:
                field = re.sub(r"\s+", " ", re.search(rb"\r\nReceived:(.*?)\r\n\S", messages[0], re.S).group(1).decode())
                check(f"{name}: Received", re.search(received, field), field)


def login(mechanism, user=ALICE, secret=SECRET):
    return ["--auth", mechanism, "--auth-user", user, "--auth-password", secret]


def test_logins(swaks):
    for mechanism in ("PLAIN", "LOGIN"):
        for port, tls in (("submission", "--tls"), ("submissions", "--tlsc")):
            swaks.row(f"{mechanism} at {port}", tls, *login(mechanism), port=port, sender=ALICE, received="with ESMTPSA ")
        swaks.row(f"{mechanism}, wrong password", "--tls", *login(mechanism, secret="wrong"), port="submission", sender=ALICE,
                  status=AUTH, says="535 5.7.8")
    swaks.row("CRAM-MD5 is not to be had", "--tls", *login("CRAM-MD5"), port="submission", sender=ALICE, status=AUTH)
    swaks.row("no login without TLS", *login("PLAIN"), port="submission", sender=ALICE, status=AUTH, says="(?s)^(?!.*250.AUTH)")
    swaks.row("nor mail", port="submission", sender=ALICE, status=MAIL, says="530 5.7.0")
    swaks.row("nor mail with TLS only", "--tls", port="submission", sender=ALICE, status=MAIL, says="530 5.7.0")
    swaks.row("another's address", "--tls", *login("PLAIN"), port="submission", sender=BOB, status=MAIL, says="553 5.7.1")
    swaks.row("login is not offered at port 25", "--auth-optional-strict", *login("PLAIN")[2:], status=NO_ERROR,
              says="(?s)^(?!.*250.AUTH)")


def test_tls(swaks, authority):
    verified = ["--tls-verify", "--tls-ca-path", authority.path]
    swaks.row("a certificate that is right", "--tls", *verified, "--tls-sni", "mail.example.test",
              received=r"\(TLS1\.2 \S+\) with ESMTPS ")
    swaks.row("TLS 1.2", "--tls", "--tls-protocol", "tlsv1_2")
    swaks.row("nothing older", "--tls", "--tls-protocol", "tlsv1", status=TLS)
    swaks.row("optional", "--tls-optional", received="with ESMTPS ")
    swaks.row("TLS at once where STARTTLS is spoken", "--tlsc", status=TLS)
    swaks.row("STARTTLS where TLS is spoken at once", "--timeout", "3", port="submissions", status=21)


def test_protocols(swaks, folder):
    swaks.row("HELO", "--protocol", "SMTP", received=r"from swaks\.test .* with SMTP ")
    swaks.row("EHLO", "--protocol", "ESMTP", received="with ESMTP ")
    swaks.row("LMTP to two", "--protocol", "LMTP", port="lmtp", to=f"{ALICE},{BOB}", taken=[ALICE, BOB], received="with LMTP ")
    swaks.row("LMTP at a socket", "--protocol", "LMTP", "--socket", f"{folder}/lmtp")
    swaks.row("LMTP to two, one of them unknown", "--protocol", "LMTP", port="lmtp", to=f"nobody@example.test,{BOB}",
              says="550 5.1.1")
    swaks.row("EHLO at LMTP", "--protocol", "ESMTP", port="lmtp", status=HELO, says="500 5.5.1")
    swaks.row("pipelining", "--pipeline", to=f"{ALICE},nobody@example.test,{BOB}", taken=[ALICE, BOB], says="550 5.1.1")
    swaks.row("pipelining to nobody", "--pipeline", to="no@example.test,nobody@example.test", status=RCPT)
    swaks.row("a name that is none", "--ehlo", "a b", status=HELO, says="501 5.5")
    swaks.row("another domain", to="x@elsewhere.test", status=RCPT, says="550 5.7.1")
    swaks.row("no sender", sender="<>")


def test_leaving(swaks):
    for point in ("CONNECT", "HELO", "MAIL", "RCPT"):
        swaks.row(f"leaves after {point}", "--quit-after", point, taken=[])
        swaks.row(f"is gone after {point}", "--drop-after", point, taken=[])
    for point in ("HELO", "MAIL", "RCPT", "DATA"):
        swaks.row(f"is gone without the answer after {point}", "--drop-after-send", point, taken=[])
    swaks.row("is gone after DATA", "--drop-after", "DATA", taken=[])
    swaks.row("is gone after the message", "--drop-after", "DOT", taken=[BOB])
    # Without the answer it may be sent again; but what was sent whole is here.
    status, said, subject = swaks.run("--drop-after-send", "DOT")
    deadline = time.time() + 20
    while not swaks.received(subject) and time.time() < deadline:
        time.sleep(0.05)
    equal("is gone before the answer to the message", (status, len(swaks.received(subject))), (NO_ERROR, 1))


def test_content(swaks):
    swaks.row("as it is", data=b"Subject: SUBJECT\r\n\r\n..dot\r\n.\r\n")
    for name, ending in (("LF", b"\n"), ("CR", b"\r"), ("LF before a dot", b"\n..\r\n")):
        swaks.row(f"a bare {name}", data=b"Subject: SUBJECT\r\n\r\na" + ending + b"b\r\n.\r\n", status=CONTENT, says="(?m)^.*554 5.6")
    swaks.row("no header", data=b"\r\nSUBJECT\r\n.\r\n", taken=[])
    equal("arrived, though", swaks.inboxes[BOB].messages()[-1].endswith(f"\r\n\r\nswaks {swaks.count}\r\n".encode()), True)


def test_xclient(swaks):
    swaks.row("for a host that DNS knows", "--xclient-addr", "203.0.113.7", "--xclient-helo", "mx.elsewhere.test",
              received=r"^ from \S+ \(mx\.elsewhere\.test \[203\.0\.113\.7\]\) ")
    swaks.row("for one that it does not", "--xclient-addr", "203.0.113.9", "--xclient-port", "4711", received=r"\(\[203\.0\.113\.9\]\) ")
    swaks.row("IPv6", "--xclient-addr", "IPV6:2001:db8::9", received=r"\(\[IPv6:2001:db8::9\]\) ")
    swaks.row("SMTP", "--xclient-addr", "203.0.113.7", "--xclient-proto", "SMTP", received=r"\[203\.0\.113\.7\]")
    swaks.row("twice", "--xclient-addr", "203.0.113.9", "--xclient-delim", "--xclient-addr", "203.0.113.7", "--xclient-no-verify",
              received=r"\[203\.0\.113\.7\]")
    swaks.row("then TLS", "--xclient-before-starttls", "--xclient-addr", "203.0.113.7", "--tls", received=r"\[203\.0\.113\.7\].* with ESMTPS ")
    swaks.row("no address", "--xclient-addr", "hello", status=XCLIENT, says="501 5.5")
    swaks.row("no attribute", "--xclient", "FOO=bar", status=XCLIENT, says="501 5.5")
    swaks.row("that client is judged like others", "--xclient-addr", "203.0.113.9", sender="x@missing.test", status=MAIL,
              says="550 5.1.8")


def test_proxied(swaks):
    """The same server behind a proxy, whose clients are strangers."""
    for version in ("1", "2"):
        swaks.row(f"PROXY version {version}", *proxy(version, "203.0.113.7"),
                  received=r"\(mx\.elsewhere\.test \[203\.0\.113\.7\]\)")
        swaks.row(f"and TLS, version {version}", "--tls", *proxy(version, "203.0.113.8"),
                  received=r"\[203\.0\.113\.8\].* with ESMTPS ")
    swaks.row("no XCLIENT for them", *proxy("1", "203.0.113.7"), "--xclient-addr", "203.0.113.9", status=XCLIENT)
    early = socket.create_connection((swaks.server.host, swaks.server.port("smtp")), timeout=20)
    with early, early.makefile("rb") as f:
        early.sendall(b"PROXY TCP4 203.0.113.66 192.0.2.1 4711 25\r\nEHLO early.test\r\n")
        said = f.read()
    check("who talks before the greeting is sent away", said.startswith(b"5") and b"\r\n250" not in said, said)


def proxy(version, source):
    return ["--proxy-version", version, "--proxy-family", {"1": "TCP4", "2": "AF_INET"}[version], "--proxy-source", source,
            "--proxy-source-port", "4711", "--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25"]


def main():
    if not need("swaks"):
        end()
    with Authority() as authority, DnsServer(ZONES) as dns:
        certificate = authority.issue("mail.example.test")
        with Server(start=False) as server:
            server.add_settings(SETTINGS.format(chain=certificate.chain, key=certificate.key, dns=dns.address,
                                                lmtp=server.port("lmtp"), folder=server.folder))
            server.start()
            for user in (ALICE, BOB):
                server.add_user(user, SECRET)
            swaks = Swaks(server)
            test_logins(swaks)
            test_tls(swaks, authority)
            test_protocols(swaks, server.folder)
            test_leaving(swaks)
            test_content(swaks)
            test_xclient(swaks)
        with Server(settings=PROXIED.format(dns=dns.address)) as server:
            for user in (ALICE, BOB):
                server.add_user(user, SECRET)
            test_proxied(Swaks(server))
    end()


if __name__ == "__main__":
    main()
