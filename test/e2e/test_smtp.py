#!/usr/bin/env python3
"""SMTP, submission and LMTP with real clients: smtplib, swaks, curl, msmtp, openssl s_client."""

import imaplib
import os
import smtplib
import socket
import subprocess

from harness import Server, check, end, equal, insecure_tls, need

ALICE, BOB = "alice@example.test", "bob@example.test"
SECRET = "correct horse"


def inbox(server, user=BOB):
    """Every message of the user's INBOX, as bytes, oldest first."""
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
        imap.login(user, SECRET)
        imap.select("INBOX", readonly=True)
        numbers = imap.search(None, "ALL")[1][0].split()
        if not numbers:
            return []
        data = imap.fetch(b",".join(numbers), "(BODY.PEEK[])")[1]
        return [item[1] for item in data if isinstance(item, tuple)]


class Dialogue:
    """A bare socket: send bytes, read replies."""

    def __init__(self, port, greeting=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        if greeting:
            self.reply()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """One reply, all its lines; b"" when the server closed."""
        lines = b""
        while True:
            line = self.file.readline()
            lines += line
            if len(line) < 4 or line[3:4] != b"-":
                return lines

    def say(self, line):
        self.send(line + b"\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


def test_smtplib(server):
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=20) as smtp:
        smtp.sendmail("out@elsewhere.test", [BOB], "Subject: one\r\n\r\n.dot\r\n..dots\r\n")
        code, _ = smtp.docmd("MAIL", "FROM:<out@elsewhere.test>")
        equal("second message on the connection", code, 250)
        equal("unknown user", smtp.docmd("RCPT", "TO:<nobody@example.test>")[0], 550)
        equal("other domain", smtp.docmd("RCPT", "TO:<x@elsewhere.test>")[0], 550)
        equal("postmaster", smtp.docmd("RSET")[0], 250)
    message = inbox(server)[-1]
    check("dots come back", b"\r\n.dot\r\n..dots\r\n" in message, message)
    check("trace fields", message.startswith(b"Return-Path: <out@elsewhere.test>\r\n")
          and b"\r\nDelivered-To: " + BOB.encode() in message and b"\r\nReceived: " in message, message)


def test_submission(server):
    for port, implicit in (("submission", False), ("submissions", True)):
        cls = smtplib.SMTP_SSL if implicit else smtplib.SMTP
        options = {"context": insecure_tls()} if implicit else {}
        with cls("127.0.0.1", server.port(port), timeout=20, **options) as smtp:
            if not implicit:
                smtp.starttls(context=insecure_tls())
            smtp.ehlo()
            try:
                smtp.login(ALICE, "wrong")
                check("wrong password", False, "accepted")
            except smtplib.SMTPAuthenticationError as error:
                equal("wrong password", error.smtp_code, 535)
            equal("MAIL before login", smtp.docmd("MAIL", f"FROM:<{ALICE}>")[0], 530)
            smtp.login(ALICE, SECRET)
            equal("not one's own address", smtp.docmd("MAIL", f"FROM:<{BOB}>")[0], 553)
            smtp.sendmail(ALICE, [BOB], "Subject: submitted\r\n\r\nhello\r\n")
            smtp.docmd("MAIL", f"FROM:<{ALICE}>")
            code, text = smtp.docmd("RCPT", "TO:<x@elsewhere.test>")
            equal("relaying is refused", (code, text[:5]), (550, b"5.7.1"))
    message = inbox(server)[-1]
    check("Date and Message-ID were added", b"\r\nDate: " in message and b"\r\nMessage-ID: <" in message, message)


def test_lmtp(server):
    d = Dialogue(server.port("lmtp"))
    check("LHLO", d.say(b"LHLO me").startswith(b"250-"))
    check("EHLO is not LMTP", d.say(b"EHLO me").startswith(b"500"))
    d.say(b"MAIL FROM:<>")
    d.say(b"RCPT TO:<" + BOB.encode() + b">")
    d.say(b"RCPT TO:<" + ALICE.encode() + b">")
    check("unknown user", d.say(b"RCPT TO:<no@example.test>").startswith(b"550 5.1.1"))
    check("DATA", d.say(b"DATA").startswith(b"354"))
    d.send(b"Subject: lmtp\r\n\r\nx\r\n.\r\n")
    check("one reply each", d.reply().startswith(b"250") and d.reply().startswith(b"250"))
    check("QUIT", d.say(b"QUIT").startswith(b"221"))
    d.close()
    check("both have it", b"Subject: lmtp" in inbox(server)[-1] and b"Subject: lmtp" in inbox(server, ALICE)[-1])


SMUGGLING = [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n\x00.\r\n"]


def test_smuggling(server):
    before = len(inbox(server))
    for ending in SMUGGLING:
        d = Dialogue(server.port("smtp"))
        d.say(b"EHLO evil.test")
        d.say(b"MAIL FROM:<a@evil.test>")
        d.say(b"RCPT TO:<" + BOB.encode() + b">")
        d.say(b"DATA")
        d.send(b"Subject: outer\r\n\r\nx" + ending + b"MAIL FROM:<admin@evil.test>\r\nRCPT TO:<"
               + BOB.encode() + b">\r\nDATA\r\nSubject: smuggled\r\n\r\ny\r\n.\r\n")
        reply = d.reply()
        check(f"smuggling by {ending!r} gets one answer", reply[:3] in (b"554", b"250"), reply)
        check(f"nothing follows {ending!r}", d.say(b"NOOP").startswith(b"250 2.0.0"), "")
        d.close()
    check("nothing was smuggled in", all(not m.startswith(b"Return-Path: <admin@") for m in inbox(server)[before:]))


def test_pipelining_and_limits(server):
    d = Dialogue(server.port("smtp"))
    d.send(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<" + BOB.encode() + b">\r\nRCPT TO:<no@example.test>\r\nDATA\r\n")
    codes = [d.reply()[:3] for _ in range(5)]
    equal("pipelined group", codes, [b"250", b"250", b"250", b"550", b"354"])
    d.send(b"Subject: piped\r\n\r\nz\r\n.\r\nRSET\r\nQUIT\r\n")
    equal("behind the data", [d.reply()[:3] for _ in range(3)], [b"250", b"250", b"221"])
    d.close()

    d = Dialogue(server.port("smtp"))
    d.say(b"EHLO x")
    check("SIZE over the limit", d.say(b"MAIL FROM:<a@b.test> SIZE=99999999999").startswith(b"552 5.3.4"))
    check("a long line", d.say(b"NOOP " + b"x" * 100000).startswith(b"500 5.5.6"))
    check("UTF-8 needs SMTPUTF8", d.say("MAIL FROM:<ä@b.test>".encode()).startswith(b"553"))
    check("SMTPUTF8", d.say("MAIL FROM:<ä@b.test> SMTPUTF8".encode()).startswith(b"250"))
    for _ in range(40):
        reply = d.say(b"BOGUS")
        if reply[:3] in (b"421", b""):
            break
    check("junk ends the connection", reply[:3] == b"421" and d.file.read() == b"", reply)
    d.close()


def test_bdat(server):
    d = Dialogue(server.port("smtp"))
    d.say(b"EHLO x")
    d.say(b"MAIL FROM:<a@b.test>")
    d.say(b"RCPT TO:<" + BOB.encode() + b">")
    d.send(b"BDAT 21\r\nSubject: chunked\r\n\r\na")
    check("first chunk", d.reply().startswith(b"250"))
    d.send(b"BDAT 4 LAST\r\n\r\n.\r")
    check("last chunk", d.reply().startswith(b"250 2.6.0"))
    check("DATA after BDAT", d.say(b"QUIT").startswith(b"221"))
    d.close()
    check("content is as sent", inbox(server)[-1].endswith(b"Subject: chunked\r\n\r\na\r\n.\r"), inbox(server)[-1][-60:])


def test_starttls_injection(server):
    d = Dialogue(server.port("submission"))
    d.say(b"EHLO x")
    d.send(b"STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n")
    rest = d.reply() + d.file.read()
    check("commands before the handshake are not obeyed", b"250" not in rest, rest)
    d.close()


def run(name, *command, input=None):
    done = subprocess.run(command, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return check(name, done.returncode == 0, done.stdout.decode(errors="replace")[-2000:])


def test_programs(server):
    before = len(inbox(server))
    wanted = 0
    host = "127.0.0.1"
    if need("swaks"):
        wanted += 2
        run("swaks to port 25", "swaks", "--server", f"{host}:{server.port('smtp')}", "--from", "x@y.test", "--to", BOB)
        run("swaks with STARTTLS and AUTH", "swaks", "--server", f"{host}:{server.port('submission')}", "--tls",
            "--auth", "PLAIN", "--auth-user", ALICE, "--auth-password", SECRET, "--from", ALICE, "--to", BOB)
    mail = os.path.join(server.folder, "mail.txt")
    with open(mail, "w", newline="") as f:
        f.write(f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: from a file\r\n\r\ntext\r\n")
    if need("curl"):
        wanted += 2
        run("curl smtp", "curl", "-sS", f"smtp://{host}:{server.port('smtp')}", "--mail-from", "x@y.test",
            "--mail-rcpt", BOB, "-T", mail)
        run("curl smtps", "curl", "-sSk", f"smtps://{host}:{server.port('submissions')}", "-u", f"{ALICE}:{SECRET}",
            "--mail-from", ALICE, "--mail-rcpt", BOB, "-T", mail)
    if need("msmtp"):
        wanted += 1
        with open(mail, "rb") as f:
            run("msmtp", "msmtp", "--host=" + host, f"--port={server.port('submission')}", "--tls=on",
                "--tls-certcheck=off", "--auth=plain", "--user=" + ALICE, "--passwordeval=echo " + SECRET,
                "--from=" + ALICE, BOB, input=f.read())
    if need("openssl"):
        done = subprocess.run(["openssl", "s_client", "-quiet", "-starttls", "smtp", "-connect",
                               f"{host}:{server.port('submission')}"], input=b"EHLO x\r\nQUIT\r\n",
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
        check("openssl s_client", b"AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN" in done.stdout and b"221" in done.stdout, done.stdout)
    equal("all of them arrived", len(inbox(server)) - before, wanted)


def main():
    with Server(settings="[smtp]\nlogin-delay = 100ms") as server:
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        test_smtplib(server)
        test_submission(server)
        test_lmtp(server)
        test_smuggling(server)
        test_pipelining_and_limits(server)
        test_bdat(server)
        test_starttls_injection(server)
        test_programs(server)
    end()


if __name__ == "__main__":
    main()
