#!/usr/bin/env python3
"""SCRAM-SHA-256 (RFC 5802, RFC 7677) by a client of our own, at submission and IMAP."""

import base64
import hashlib
import hmac
import imaplib
import smtplib

from harness import Server, check, end, equal

ALICE = "alice@example.test"
SECRET = "correct horse"


class Client:
    """The client's side: first message, final message, and whether the server knew the password."""

    def __init__(self, user, secret):
        self.secret = secret.encode()
        self.bare = f"n={user},r=clientnonce"
        self.server_signature = None
        self.is_verified = False

    def first(self):
        return "n,," + self.bare

    def final(self, challenge):
        fields = dict(field.split("=", 1) for field in challenge.split(","))
        check("the nonce goes on", fields["r"].startswith("clientnonce") and len(fields["r"]) > 20)
        salted = hashlib.pbkdf2_hmac("sha256", self.secret, base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = "c=biws,r=" + fields["r"]
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


def main():
    with Server(settings="[smtp]\nlogin-delay = 100ms") as server:
        server.add_user(ALICE, SECRET)
        test_scram(server)
    end()


if __name__ == "__main__":
    main()
