#!/usr/bin/env python3
"""fetchmail carries an account's mail by IMAP to LMTP and SMTP of the same server, and waits for more with IDLE."""

import imaplib
import os
import re
import signal
import subprocess

from harness import Server, check, end, equal, need
from ours import Inbox, wait_for

FROM, TO, SECRET = "bob@example.test", "alice@example.test", "correct horse"
FETCHED, NOTHING = 0, 1   # its exit statuses
BODIES = [b"one\r\n", b".\r\n..\r\n.dot\r\n", b"", "äöü\r\n".encode(), b"x" * 990 + b"\r\n", b"From here\r\n\r\n\r\n", b"last " * 9 + b"\r\n",
          b"0123456789abcdef" * 4 * 8192 + b"\r\n"]


def message(number):
    body = BODIES[number % len(BODIES)]
    if len(body) > 1000:
        body = b"".join(body[i:i + 64] + b"\r\n" for i in range(0, len(body) - 2, 64))
    return (f"From: Ann <ann@far.test>\r\nTo: Bob\r\n <{FROM}>\r\nSubject: {number}\r\nX-Odd:\r\n"
            f"Message-ID: <{number}@fetch.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n").encode() + body


class Fetchmail:
    def __init__(self, server):
        self.server = server
        self.home = os.path.join(server.folder, "fetchmail")
        os.makedirs(self.home)

    def command(self, poll, options=""):
        path = os.path.join(self.home, "rc")
        with open(path, "w") as f:
            f.write(f'set no bouncemail\npoll 127.0.0.1 protocol imap {poll}\n'
                    f'user "{FROM}" password "{SECRET}" smtpname "{TO}" pass8bits no rewrite no mimedecode no sslcertck {options}\n')
        os.chmod(path, 0o600)
        return ["fetchmail", "-f", path, "--nodetach", "--nosyslog", "--pidfile", os.path.join(self.home, "pid"), "-v"]

    def environment(self):
        return {**os.environ, "HOME": self.home, "FETCHMAILHOME": self.home}

    def run(self, name, status, poll, options):
        done = subprocess.run(self.command(poll, options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=60, env=self.environment())
        check(name, done.returncode == status, (done.returncode, done.stdout.decode(errors="replace")[-3000:]))


class Source:
    """Bob's mail."""

    def __init__(self, server):
        self.imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.imap.login(FROM, SECRET)
        self.imap.create("R&-D/old")

    def add(self, box, numbers):
        for number in numbers:
            self.imap.append(box, "", None, message(number))

    def counts(self, box):
        text = self.imap.status(box, "(MESSAGES UNSEEN)")[1][0].decode()
        return [int(n) for n in re.findall(r" (\d+)", text.rpartition("(")[2])]


def compare(name, inbox, numbers):
    """What came is what was there, below the trace that both programs put before it."""
    inbox.wait(len(numbers))
    found = []
    for data in inbox.messages():
        number = int(re.search(rb"^Subject: (\d+)\r$", data, re.M).group(1))
        found.append((number, data[data.index(b"From: Ann"):]))
        trace = data[:data.index(b"From: Ann")]
        check(f"{name}: {number} has its trace", trace.count(b"Received: ") == 2 and b"fetchmail" in trace, trace)
    equal(f"{name}: which", sorted(number for number, _ in found), sorted(numbers))
    equal(f"{name}: whose bytes are others", [(number, data[:2000]) for number, data in found if data != message(number)], [])


def test_kept(server, fetchmail, source, inbox):
    """STARTTLS and LMTP; what was read is not fetched again."""
    port = server.port("imap")
    options = f'sslproto "auto" keep lmtp smtphost "127.0.0.1/{server.port("lmtp")}"'
    source.add("INBOX", range(len(BODIES)))
    fetchmail.run("keep", FETCHED, f"port {port}", options)
    compare("keep", inbox, list(range(len(BODIES))))
    equal("they stay, read", source.counts("INBOX"), [len(BODIES), 0])
    fetchmail.run("again", NOTHING, f"port {port}", options)
    source.add("INBOX", [20])
    fetchmail.run("a new one", FETCHED, f"port {port}", options)
    compare("a new one", inbox, [*range(len(BODIES)), 20])


def test_emptied(server, fetchmail, source, inbox):
    """Implicit TLS and SMTP; two folders are empty afterwards."""
    source.add("R&-D/old", [30, 31, 32])
    fetchmail.run("fetchall", FETCHED, f'port {server.port("imaps")}',
                  f'ssl fetchall no keep folder "INBOX","R&-D/old" smtphost "127.0.0.1/{server.port("smtp")}"')
    compare("fetchall", inbox, [*range(len(BODIES)), 20] * 2 + [30, 31, 32])
    equal("INBOX is empty", source.counts("INBOX"), [0, 0])
    equal("the folder too", source.counts("R&-D/old"), [0, 0])


def test_idle(server, fetchmail, source, inbox):
    before = len(inbox.messages())
    with open(os.path.join(fetchmail.home, "log"), "wb") as log:
        process = subprocess.Popen(fetchmail.command(f'port {server.port("imaps")}', f'ssl idle no keep smtphost "127.0.0.1/{server.port("smtp")}"'),
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=fetchmail.environment())

    def said():
        with open(log.name, "rb") as f:
            return f.read()[-3000:]
    try:
        check("it waits", wait_for(lambda: re.search(rb"IMAP> A\d+ IDLE", said()), 20), said())
        for count, number in enumerate((40, 41), 1):
            source.add("INBOX", [number])
            check(f"{number} comes at once", wait_for(lambda: len(inbox.messages()) == before + count, 20), said())
        check("and is gone", wait_for(lambda: source.counts("INBOX") == [0, 0], 20), source.counts("INBOX"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def main():
    if not need("fetchmail"):
        end()
    with Server() as server:
        for user in (FROM, TO):
            server.add_user(user, SECRET)
        fetchmail, source, inbox = Fetchmail(server), Source(server), Inbox(server, TO, SECRET)
        test_kept(server, fetchmail, source, inbox)
        test_emptied(server, fetchmail, source, inbox)
        test_idle(server, fetchmail, source, inbox)
        source.imap.logout()
    end()


if __name__ == "__main__":
    main()
