"""Staunch as a sender, in lab.py's network: users submit, sinks take, reports come back.

    with DnsServer(zones, port=53), Sink(host="127.0.0.2", port=25) as sink, Sender() as server:
        server.submit("x@far.test")                        alice sends a message; (code, text) of each recipient
        server.submit(["x@far.test", "y@far.test"], data, mail=["RET=HDRS"], rcpt={"x@far.test": ["NOTIFY=NEVER"]})
        sink.wait(1)
        server.settled()                                   until nothing waits in the queue
        server.queue()                                     what `queue list` says
        report = server.next_report()                      the next one that alice got
        report.text (.words: on one line), report.message["Reporting-MTA"], report.recipients[0]["Status"], report.returned

Mail goes the way that the DNS says, to private addresses too, and is tried again every second; nobody has a daily
limit. Addresses of the server's own users are ALICE, BOB and what `users` says; all have the password SECRET.
"""

import base64
import email
import imaplib
import itertools
import json
import re
import signal
import smtplib

from harness import Server, check, equal, insecure_tls, run
from ours import wait_for

ALICE, BOB = "alice@example.test", "bob@example.test"
SECRET = "correct horse"
SETTINGS = """
[dns]
servers = 127.0.0.1
timeout = 500ms
tries = 2
[outbound]
allow-private = yes
families = ipv4-first
[queue]
retry = 1s
[policy]
account-rate =
account-messages = 0
account-new-recipients = 0
"""

_numbers = itertools.count(1)


class Report:
    """A delivery status notification (RFC 3464), taken apart; what is missing in it is None or empty."""

    def __init__(self, data):
        self.data, self.mail = data, email.message_from_bytes(data)
        parts = self.mail.get_payload() if self.mail.is_multipart() else []
        self.kinds = [part.get_content_type() for part in parts]
        self.is_report = (self.mail.get_content_type() == "multipart/report"
                          and self.mail.get_param("report-type") == "delivery-status" and len(parts) == 3)
        self.text = parts[0].get_payload(decode=True).decode() if parts else ""
        self.words = " ".join(self.text.split())
        groups = self._groups(parts[1]) if len(parts) > 1 else []
        self.message = groups[0] if groups else None
        self.recipients = groups[1:]
        self.returned = parts[2].get_payload() if len(parts) > 2 else None
        if isinstance(self.returned, list):  # a whole message
            self.returned = self.returned[0].as_string()

    @staticmethod
    def _groups(part):
        """Fields of the message, then of each recipient. Python takes the UTF-8 kind (RFC 6533) for a message with a body."""
        groups = part.get_payload()
        if part.get_content_type() != "message/global-delivery-status":
            return groups
        text = groups[0].get_payload(decode=True).decode()
        return [groups[0], *(email.message_from_string(block) for block in text.split("\r\n\r\n") if block.strip())]

    def facts(self):
        """(action, status) of each recipient by its address."""
        return {r["Final-Recipient"].split(";")[1].strip(): (r["Action"], r["Status"]) for r in self.recipients}

    def of(self, address):
        return next((r for r in self.recipients if r["Final-Recipient"].endswith(address)), None)


class Sender(Server):
    def __init__(self, settings="", users=(ALICE, BOB), start=True, **options):
        super().__init__(start=False, **options)
        self.drop_section("[route elsewhere]")
        self.add_settings(SETTINGS)
        if settings:
            self.add_settings(settings)
        self.seen = {}  # user: how many reports were looked at
        for user in users:
            self.add_user(user, SECRET)
        if start:
            self.start()

    def restart(self, sig=signal.SIGTERM):
        self.stop(sig)
        self.start()

    def story(self):
        """The end of the log, without what our own looking into mailboxes and the queue leaves there."""
        lines = [line for line in self.log().split("\n") if not re.match("<6>(imap|control)[.]", line)]
        return "\n".join(lines[-20:])

    # --- in

    def client(self, user=ALICE, tls=False):
        """A user's session, logged in."""
        smtp = smtplib.SMTP(self.host, self.port("submission"), local_hostname="client.test", timeout=30)
        smtp.ehlo()
        if tls:
            smtp.starttls(context=insecure_tls())
            smtp.ehlo()
        if user:
            token = base64.b64encode(f"\0{user}\0{SECRET}".encode()).decode()
            code, text = smtp.docmd("AUTH", f"PLAIN {token}")  # smtplib's own has names in ASCII only
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, text)
        return smtp

    def submit(self, recipients, data=None, sender=ALICE, user=ALICE, mail=(), rcpt=None, client=None, tls=False):
        """Send one message; the last word about each recipient as (code, text)."""
        recipients = [recipients] if isinstance(recipients, str) else recipients
        if data is None:
            data = f"Subject: message {next(_numbers)}\r\n\r\nhello\r\n"
        smtp = client or self.client(user, tls)
        try:
            smtp.command_encoding = "utf-8"
            code, text = smtp.docmd(f"MAIL FROM:<{sender}>", " ".join(mail))
            if code != 250:
                smtp.docmd("RSET")
                return {r: (code, text.decode()) for r in recipients}
            replies = {}
            for recipient in recipients:
                code, text = smtp.docmd(f"RCPT TO:<{recipient}>", " ".join((rcpt or {}).get(recipient, ())))
                replies[recipient] = code, text.decode()
            taken = [r for r in recipients if replies[r][0] == 250]
            if not taken:
                smtp.docmd("RSET")
                return replies
            code, text = smtp.data(data)
            return replies | {r: (code, text.decode()) for r in taken}
        finally:
            if client is None:
                smtp.quit()

    def send(self, *arguments, **options):
        """submit(), where all must be taken."""
        replies = self.submit(*arguments, **options)
        if any(code != 250 for code, _ in replies.values()):
            raise RuntimeError(f"not taken: {replies}")

    # --- out

    def queue(self):
        return json.loads(self.command("queue", "list", "--json").stdout)

    def waiting(self):
        """The one recipient that waits."""
        return [r for message in self.queue() for r in message["recipients"]]

    def settled(self, seconds=20):
        return wait_for(lambda: self.queue() == [], seconds)

    def inbox(self, user=ALICE):
        """Every message of the user's INBOX, as bytes, oldest first."""
        with imaplib.IMAP4(self.host, self.port("imap")) as imap:
            imap.authenticate("PLAIN", lambda challenge: f"\0{user}\0{SECRET}".encode())
            imap.select("INBOX", readonly=True)
            if not (numbers := imap.search(None, "ALL")[1][0].split()):
                return []
            data = imap.fetch(b",".join(numbers), "(BODY.PEEK[])")[1]
            return [item[1] for item in data if isinstance(item, tuple)]

    def wait_inbox(self, count, user=ALICE, seconds=20):
        return wait_for(lambda: len(self.inbox(user)) >= count, seconds)

    def next_report(self, user=ALICE, seconds=20):
        """The next report that the user got; an empty one, and a failed check, when none comes."""
        at = self.seen.get(user, 0)
        if not check("a report comes", self.wait_inbox(at + 1, user, seconds), self.story()):
            return Report(b"")
        self.seen[user] = at + 1
        return Report(self.inbox(user)[at])

    def no_report(self, name, user=ALICE):
        """To be asked when the queue is empty."""
        return equal(name, len(self.inbox(user)), self.seen.get(user, 0))
