#!/usr/bin/env python3
"""SCRAM-SHA-256 and its -PLUS (RFC 5802, RFC 7677) by a client of our own, at submission and IMAP."""

import base64
import hashlib
import hmac
import imaplib
import os
import smtplib
import ssl
import subprocess

from harness import Server, check, end, equal, insecure_tls, need

ALICE = "alice@example.test"
SECRET = "correct horse"


class Client:
    """The client's side: first message, final message, and whether the server knew the password."""

    def __init__(self, user, secret, flag="n", data=b""):
        self.secret = secret.encode()
        self.header, self.data = flag + ",,", data  # what is bound to, and what the client takes it for
        self.bare = f"n={user},r=clientnonce"
        self.server_signature = None
        self.is_verified = False

    def first(self):
        return self.header + self.bare

    def final(self, challenge):
        fields = dict(field.split("=", 1) for field in challenge.split(","))
        check("the nonce goes on", fields["r"].startswith("clientnonce") and len(fields["r"]) > 20)
        salted = hashlib.pbkdf2_hmac("sha256", self.secret, base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = "c=" + base64.b64encode(self.header.encode() + self.data).decode() + ",r=" + fields["r"]
        auth = ",".join((self.bare, challenge, without_proof)).encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), auth, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature))
        self.server_signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), auth, "sha256")
        return without_proof + ",p=" + base64.b64encode(proof).decode()

    def answer(self, challenge):
        """What to say to any challenge of the server."""
        if not challenge:
            return self.first()
        if challenge.startswith("r="):
            return self.final(challenge)
        self.is_verified = challenge == "v=" + base64.b64encode(self.server_signature).decode()
        return ""


def smtp_login(server, client, initial):
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=20) as smtp:
        smtp.ehlo()
        first = " " + base64.b64encode(client.first().encode()).decode() if initial else ""
        code, text = smtp.docmd("AUTH", "SCRAM-SHA-256" + first)
        while code == 334:
            reply = client.answer(base64.b64decode(text).decode())
            code, text = smtp.docmd(base64.b64encode(reply.encode()).decode())
        return code


def imap_login(server, client):
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
        try:
            return imap.authenticate("SCRAM-SHA-256", lambda c: client.answer(c.decode()).encode())[0]
        except imaplib.IMAP4.error:
            return "NO"


def test_scram(server):
    for initial in (False, True):
        client = Client(ALICE, SECRET)
        equal("login", smtp_login(server, client, initial), 235)
        check("the server proved itself", client.is_verified)
    equal("wrong password", smtp_login(server, Client(ALICE, "wrong"), True), 535)
    equal("nobody", smtp_login(server, Client("nobody@example.test", SECRET), True), 535)
    client = Client(ALICE, SECRET)
    equal("IMAP login", imap_login(server, client), "OK")
    check("the server proved itself over IMAP", client.is_verified)
    equal("wrong password over IMAP", imap_login(server, Client(ALICE, "wrong")), "NO")


# -- bound to TLS ---------------------------------------------------------------------------------

def tls12():
    """tls-unique is TLS 1.2's; this server speaks nothing else."""
    context = insecure_tls()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


class Imaps(imaplib.IMAP4_SSL):
    """IMAP over TLS that may resume a session."""

    def __init__(self, server, context=None, session=None):
        self.wanted = session
        super().__init__("127.0.0.1", server.port("imaps"), ssl_context=context or tls12())

    def _create_socket(self, timeout=None):
        s = imaplib.IMAP4._create_socket(self, timeout)
        return self.ssl_context.wrap_socket(s, server_hostname=self.host, session=self.wanted)


def digest(der, name):
    return hashlib.new(name, der).digest()


def plus(sock, flag, data=None, secret=SECRET, hash_name="sha256"):
    """A client bound to this connection, or to what `data` says."""
    if data is None:
        data = sock.get_channel_binding("tls-unique") if flag == "p=tls-unique" else \
            digest(sock.getpeercert(True), hash_name)
    return Client(ALICE, secret, flag, data)


def authenticate(imap, mechanism, client):
    """The end of the exchange: OK, NO or BAD."""
    try:
        return imap.authenticate(mechanism, lambda c: client.answer(c.decode()).encode())[0]
    except imaplib.IMAP4.error as error:
        return "BAD" if "how this mechanism goes" in str(error) else "NO"


UNIQUE, END_POINT = "p=tls-unique", "p=tls-server-end-point"


def test_plus_imap(server):
    rows = [("unique", "-PLUS", UNIQUE, None, SECRET, "OK"), ("end point", "-PLUS", END_POINT, None, SECRET, "OK"),
            ("unique of another", "-PLUS", UNIQUE, b"0123456789ab", SECRET, "NO"),
            ("end point of another", "-PLUS", END_POINT, b"x" * 32, SECRET, "NO"),
            ("wrong password", "-PLUS", UNIQUE, None, "wrong", "NO"),
            ("not ours", "-PLUS", "p=tls-exporter", b"x" * 32, SECRET, "BAD"),
            ("-PLUS unbound", "-PLUS", "n", b"", SECRET, "BAD"),
            ("bound without -PLUS", "", UNIQUE, None, SECRET, "BAD"),
            ("-PLUS was hidden from the client", "", "y", b"", SECRET, "NO"),
            ("a client that cannot bind", "", "n", b"", SECRET, "OK")]
    for name, variant, flag, data, secret, want in rows:
        with Imaps(server) as imap:
            check("offered in the greeting", b"AUTH=SCRAM-SHA-256-PLUS" in imap.welcome, imap.welcome)
            client = plus(imap.sock, flag, data, secret)
            equal(f"IMAPS, {name}", authenticate(imap, "SCRAM-SHA-256" + variant, client), want)
            check(f"the server proved itself, {name}", client.is_verified == (want == "OK"))
    check("told in the log", server.log().count("sasl.binding.wrong") == 3, server.log()[-2000:])


def test_plus_starttls(server):
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
        check("not offered without TLS", "AUTH=SCRAM-SHA-256-PLUS" not in imap.capabilities, imap.capabilities)
        equal("nor taken", authenticate(imap, "SCRAM-SHA-256-PLUS", Client(ALICE, SECRET, UNIQUE, b"x")), "NO")
        imap.starttls(tls12())
        check("offered behind STARTTLS", "AUTH=SCRAM-SHA-256-PLUS" in imap.capabilities, imap.capabilities)
        equal("IMAP, STARTTLS", authenticate(imap, "SCRAM-SHA-256-PLUS", plus(imap.sock, UNIQUE)), "OK")


def test_plus_smtp(server):
    for flag in (UNIQUE, END_POINT):
        with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=20) as smtp:
            smtp.ehlo()
            check("no -PLUS before STARTTLS", "SCRAM-SHA-256-PLUS" not in smtp.esmtp_features.get("auth", "").split())
            smtp.starttls(context=tls12())
            smtp.ehlo()
            check("-PLUS behind it", "SCRAM-SHA-256-PLUS" in smtp.esmtp_features["auth"].split(), smtp.esmtp_features)
            wrong = plus(smtp.sock, flag, b"0123456789ab")
            equal(f"another connection, {flag}", say_auth(smtp, wrong), 535)
            client = plus(smtp.sock, flag)
            equal(f"submission, {flag}", say_auth(smtp, client), 235)
            check("the server proved itself", client.is_verified)


def say_auth(smtp, client):
    code, text = smtp.docmd("AUTH", "SCRAM-SHA-256-PLUS " + base64.b64encode(client.first().encode()).decode())
    while code == 334:
        reply = client.answer(base64.b64decode(text).decode())
        code, text = smtp.docmd(base64.b64encode(reply.encode()).decode())
    return code


def test_plus_resumed(server):
    """A resumed session shows no certificate and has no tls-unique that proves anything (RFC 7627)."""
    context = tls12()
    with Imaps(server, context) as imap:
        session, certificate = imap.sock.session, imap.sock.getpeercert(True)
    for flag, want in ((UNIQUE, "BAD"), (END_POINT, "OK")):
        with Imaps(server, context, session) as imap:
            check("resumed", imap.sock.session_reused)
            data = None if flag == UNIQUE else digest(certificate, "sha256")
            equal(f"resumed, {flag}", authenticate(imap, "SCRAM-SHA-256-PLUS", plus(imap.sock, flag, data)), want)


def test_plus_hash(server):
    """A certificate signed with SHA-384 is hashed with SHA-384."""
    key, chain = os.path.join(server.folder, "key.pem"), os.path.join(server.folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-key", key, "-sha384", "-subj", "/CN=mail.example.test", "-days", "30",
                    "-addext", "subjectAltName=DNS:mail.example.test", "-out", chain], check=True, capture_output=True)
    server.stop()
    server.start()
    for hash_name, want in (("sha384", "OK"), ("sha256", "NO")):
        with Imaps(server) as imap:
            client = plus(imap.sock, END_POINT, hash_name=hash_name)
            equal(f"SHA-384, client takes {hash_name}", authenticate(imap, "SCRAM-SHA-256-PLUS", client), want)


def main():
    with Server(settings="[smtp]\nlogin-delay = 100ms\n[imap]\nlogin-delay = 100ms") as server:
        server.add_user(ALICE, SECRET)
        test_scram(server)
        test_plus_imap(server)
        test_plus_starttls(server)
        test_plus_smtp(server)
        test_plus_resumed(server)
        if need("openssl"):
            test_plus_hash(server)
    end()


if __name__ == "__main__":
    main()
