"""What our server has: the inbox of a user, the reports in it, the queue.

    bob = Inbox(server, "bob@example.test", "secret")
    bob.wait(2)                            until so many messages are there
    bob.messages()                         as bytes, oldest first; bob.subjects()
    report = bob.reports()[-1]             RFC 3464: report.action, report.status, report.about("x@far.test")["Remote-MTA"],
                                           report.message["Original-Envelope-Id"], report.text, report.returned
    queue(server)                          `queue list --json`;  stats(server)   `queue stats --json`
    wait_queue(server)                     until it is empty
    relay(server, sender, [to], data)      hand it a message at port 25, as a host in relay-networks
"""

import email
import imaplib
import json
import re
import smtplib
import time


def wait_for(is_true, seconds=30):
    """Whether it became true in time."""
    deadline = time.time() + seconds
    while not is_true():
        if time.time() >= deadline:
            return False
        time.sleep(0.05)
    return True


class Report:
    """One delivery report, in its parts."""

    def __init__(self, data):
        self.data = data
        head, _, body = data.partition(b"\r\n\r\n")
        boundary = email.message_from_bytes(head).get_boundary().encode()
        self.kinds, contents = [], []
        for part in body.split(b"--" + boundary)[1:-1]:
            fields, _, content = part.partition(b"\r\n\r\n")
            self.kinds.append(email.message_from_bytes(fields.lstrip()).get_content_type())
            contents.append(content.removesuffix(b"\r\n"))
        self.text, self.returned = contents[0].decode(), contents[2]
        # Python's parser knows the second part by its older name only (RFC 6533 6 has the other).
        blocks = [email.message_from_string(block) for block in contents[1].decode().strip().split("\r\n\r\n")]
        self.message, self.recipients = blocks[0], blocks[1:]

    def about(self, address):
        """The fields about this recipient; None: there are none."""
        for fields in self.recipients:
            if str(fields["Final-Recipient"]).partition(";")[2].strip().strip("<>").lower() == address.lower():
                return fields
        return None

    @property
    def action(self):
        return self.recipients[0]["Action"].lower()

    @property
    def status(self):
        return self.recipients[0]["Status"]

    def __repr__(self):
        return self.data.decode("utf-8", "replace")


class Inbox:
    def __init__(self, server, user, secret):
        self.server, self.user, self.secret = server, user, secret

    def fetch(self, what):
        with imaplib.IMAP4("127.0.0.1", self.server.port("imap")) as imap:
            imap.authenticate("PLAIN", lambda challenge: f"\0{self.user}\0{self.secret}".encode())
            imap.select("INBOX", readonly=True)
            if not (numbers := imap.search(None, "ALL")[1][0].split()):
                return []
            return [item[1] for item in imap.fetch(b"1:" + numbers[-1], what)[1] if isinstance(item, tuple)]

    def count(self):
        with imaplib.IMAP4("127.0.0.1", self.server.port("imap")) as imap:
            imap.authenticate("PLAIN", lambda challenge: f"\0{self.user}\0{self.secret}".encode())
            return int(imap.select("INBOX", readonly=True)[1][0])

    def messages(self):
        return self.fetch("(BODY.PEEK[])")

    def subjects(self):
        heads = self.fetch("(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [re.search(rb"Subject: (.*?)\r\n", head).group(1).decode() for head in heads]

    def reports(self):
        """OpenSMTPD's are multipart/mixed: their second part tells."""
        return [Report(m) for m in self.messages() if re.search(rb"^Content-Type: message/(global-)?delivery-status", m, re.M | re.I)]

    def wait(self, count=1, seconds=30):
        """Whether so many messages were there in time."""
        return wait_for(lambda: len(self.fetch("(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")) >= count, seconds)


def queue(server):
    return json.loads(server.command("queue", "list", "--json").stdout)


def stats(server):
    return json.loads(server.command("queue", "stats", "--json").stdout)


def wait_queue(server, seconds=60):
    """Whether it was empty in time."""
    return wait_for(lambda: stats(server)["messages"] == 0, seconds)


def relay(server, sender, recipients, data, mail=(), rcpt=(), client=None):
    """smtplib's exceptions; `client` is an smtplib.SMTP that several calls use."""
    mail = [*mail] + ([] if data.isascii() or "SMTPUTF8" in mail else ["BODY=8BITMIME"])
    if client:
        return client.sendmail(sender, recipients, data, mail, [*rcpt])
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), local_hostname="client.test", timeout=60) as smtp:
        return smtp.sendmail(sender, recipients, data, mail, [*rcpt])
