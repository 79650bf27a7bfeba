#!/usr/bin/env python3
"""What a cunning client tries: commands in a message, other people's mail, old passwords, forged headers.

Each check is one attack; the server must refuse it, or do what the RFC says, and go on serving.
"""

import base64
import imaplib
import json
import smtplib
import socket
import time

from harness import Server, check, end, equal
from jmap_client import Client, HttpError, MethodError

ALICE, BOB, MALLORY = "alice@example.test", "bob@example.test", "mallory@example.test"
SECRET, OTHER = "correct horse", "battery staple"


class Dialogue:
    """A bare socket: send bytes, read replies."""

    def __init__(self, server, port):
        self.socket = socket.create_connection(("127.0.0.1", server.port(port)), timeout=20)
        self.file = self.socket.makefile("rb")
        self.reply()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """One SMTP reply, all its lines; b"" when the server closed."""
        lines = b""
        while True:
            line = self.file.readline()
            lines += line
            if len(line) < 4 or line[3:4] != b"-":
                return lines

    def say(self, line):
        self.send(line + b"\r\n")
        return self.reply()

    def codes(self, count):
        return [self.reply()[:3] for _ in range(count)]

    def close(self):
        self.file.close()
        self.socket.close()


def imap_login(server, user, secret=SECRET):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, secret)
    return imap


def inbox(server, user):
    """Every message of the user's INBOX, as bytes, oldest first."""
    imap = imap_login(server, user)
    imap.select("INBOX", readonly=True)
    numbers = imap.search(None, "ALL")[1][0].split()
    data = imap.fetch(b",".join(numbers), "(BODY.PEEK[])")[1] if numbers else []
    imap.logout()
    return [item[1] for item in data if isinstance(item, tuple)]


# --- SMTP ------------------------------------------------------------------------------------------


def test_refused_chunks(server):
    """A chunk is never taken for commands, whatever was wrong with the commands before it."""
    before = len(inbox(server, BOB))
    order = f"MAIL FROM:<evil@x.test>\r\nRCPT TO:<{BOB}>\r\nBDAT 3 LAST\r\nabc".encode()
    for name, first in (("no MAIL", b"EHLO x\r\n"), ("MAIL refused", b"EHLO x\r\nMAIL FROM:<a@b.test> SIZE=9999999999\r\n"),
                        ("RCPT refused", b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<no@example.test>\r\n"),
                        ("no hello", b"NOOP\r\n")):
        d = Dialogue(server, "smtp")
        d.send(first + b"BDAT %d LAST\r\n" % len(order) + order + b"QUIT\r\n")
        replies = d.codes(first.count(b"\n") + 1)
        check(f"{name}: the chunk is refused", replies[-1][:1] == b"5", replies)
        equal(f"{name}: its bytes are no commands", d.reply()[:3], b"221")
        d.close()
    equal("nothing was delivered by a refused chunk", len(inbox(server, BOB)), before)


def test_lmtp_chunks(server):
    """RFC 2033 4.2: one reply for each recipient, also to a last chunk that is refused."""
    d = Dialogue(server, "lmtp")
    d.say(b"LHLO x")
    d.say(b"MAIL FROM:<>")
    for user in (ALICE, BOB):
        d.say(b"RCPT TO:<" + user.encode() + b">")
    size = 70 * 1024
    d.send(b"BDAT %d LAST\r\n" % size + b"x" * size)
    equal("LMTP: too big is said to each", d.codes(2), [b"552", b"552"])
    equal("LMTP: and nothing more", d.say(b"NOOP")[:3], b"250")
    d.close()


def test_login_then_tls(server):
    """STARTTLS after AUTH forgets the login (RFC 3207 4.2) and harms nobody."""
    d = Dialogue(server, "submission")
    d.say(b"EHLO x")
    token = base64.b64encode(f"\0{ALICE}\0{SECRET}".encode())
    equal("plaintext login on loopback", d.say(b"AUTH PLAIN " + token)[:3], b"235")
    equal("STARTTLS behind it", d.say(b"STARTTLS")[:3], b"220")
    d.close()
    d = Dialogue(server, "submission")
    equal("the server is still there", d.say(b"NOOP")[:3], b"250")
    d.close()


def test_forged_trace(server):
    """What the peer says of itself cannot begin a line of its own in the header."""
    hellos = (b"x\r\nX-Evil: 1", b"x\rX-Evil: 1", b"x\nX-Evil: 1", b"x\0X-Evil: 1", b"[x]\x0bX-Evil: 1", b"x)\tX-Evil: (1",
              b"a" * 300, "ä.test".encode())
    senders = (b'"a\r\nX-Evil: 1"@x.test', b'"a\rX-Evil: 1"@x.test', b'"a\\\nX-Evil: 1"@x.test', b'"a>\\"X-Evil: <"@x.test',
               b'"a\0b"@x.test', b"a@x.test>\rX-Evil: 1", b'"' + b"a" * 60 + b'"@' + b"b" * 240)
    sent = 0
    for hello, sender in [(h, b"a@x.test") for h in hellos] + [(b"x", s) for s in senders]:
        d = Dialogue(server, "smtp")
        d.send(b"EHLO " + hello + b"\r\nMAIL FROM:<" + sender + b">\r\nRCPT TO:<" + BOB.encode() + b">\r\nDATA\r\n")
        d.send(b"Subject: forged\r\n\r\nx\r\n.\r\nQUIT\r\n")
        while d.reply() not in (b"",):
            sent += 1
        d.close()
    for message in inbox(server, BOB):
        head = message.split(b"\r\n\r\n")[0]
        check("no forged line", b"\nX-Evil" not in head and b"\rX-Evil" not in head and b"\0" not in head, head)
        check("lines of the header are clean", b"\r" not in head.replace(b"\r\n", b"") and b"\n" not in head.replace(b"\r\n", b""), head)


def test_refused_recipient(server):
    """A list with one full member is refused as a whole: none of its members gets the message later."""
    server.add_user("full@example.test", SECRET)
    server.command("user", "quota", "full@example.test", "1", "1")
    server.command("alias", "add", "team@example.test", ALICE)
    server.command("alias", "add", "team@example.test", "full@example.test")
    imap = imap_login(server, "full@example.test")
    before = len(inbox(server, ALICE))
    d = Dialogue(server, "smtp")
    d.say(b"EHLO x")
    d.say(b"MAIL FROM:<a@x.test> SIZE=1000")
    equal("a list with a full member", d.say(b"RCPT TO:<team@example.test>")[:3], b"552")
    equal("another recipient", d.say(b"RCPT TO:<" + BOB.encode() + b">")[:3], b"250")
    d.say(b"DATA")
    d.send(b"Subject: not for Alice\r\n\r\nx\r\n.\r\n")
    equal("taken for the other", d.reply()[:3], b"250")
    d.close()
    imap.logout()
    equal("members of the refused list have nothing", len(inbox(server, ALICE)), before)


def test_all_or_none(server):
    """One reply for all: when one recipient cannot have it, nobody has it, and the sender hears it."""
    before = len(inbox(server, ALICE))
    d = Dialogue(server, "smtp")
    d.say(b"EHLO x")
    d.say(b"MAIL FROM:<a@x.test>")
    d.say(b"RCPT TO:<" + ALICE.encode() + b">")
    d.say(b"RCPT TO:<" + BOB.encode() + b">")
    d.say(b"DATA")
    d.send(b"Received: by x\r\nDelivered-To: " + BOB.encode() + b"\r\nSubject: loop\r\n\r\nx\r\n.\r\n")
    equal("a loop for one of two", d.reply()[:7], b"554 5.4")
    d.close()
    equal("the other has nothing", len(inbox(server, ALICE)), before)


# --- passwords and accounts --------------------------------------------------------------------------


def can(action):
    try:
        action()
        return True
    except (imaplib.IMAP4.error, smtplib.SMTPException, HttpError, OSError):
        return False


def http(server):
    return f"http://127.0.0.1:{server.port('http')}"


def smtp_login(server, user, secret):
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=20) as smtp:
        smtp.ehlo()
        smtp.login(user, secret)


def logins(server, user, secret):
    return [can(lambda: imap_login(server, user, secret).logout()), can(lambda: Client(http(server), user, secret).open()),
            can(lambda: smtp_login(server, user, secret))]


def test_password_change(server):
    """The old password ends at once, however often it was remembered."""
    equal("the old password, twice", logins(server, MALLORY, SECRET) + logins(server, MALLORY, SECRET), [True] * 6)
    server.command("user", "passwd", MALLORY, "--password-stdin", input=OTHER + "\n")
    equal("the old password, changed", logins(server, MALLORY, SECRET), [False] * 3)
    equal("the new password", logins(server, MALLORY, OTHER), [True] * 3)
    server.command("user", "passwd", MALLORY, "--password-stdin", input=SECRET + "\n")
    equal("the password before, again", logins(server, MALLORY, OTHER) + logins(server, MALLORY, SECRET), [False] * 3 + [True] * 3)


def test_user_deleted(server):
    """A user who is deleted while logged in cannot log in again, and harms nobody."""
    server.add_user("gone@example.test", SECRET)
    imap = imap_login(server, "gone@example.test")
    imap.append("INBOX", "", None, b"Subject: mine\r\n\r\nx\r\n")
    imap.select("INBOX")
    server.command("user", "del", "gone@example.test")
    equal("login of a deleted user", logins(server, "gone@example.test", SECRET), [False] * 3)
    d = Dialogue(server, "smtp")
    d.say(b"EHLO x")
    d.say(b"MAIL FROM:<a@x.test>")
    equal("mail for a deleted user", d.say(b"RCPT TO:<gone@example.test>")[:3], b"550")
    d.close()
    can(lambda: imap.fetch("1", "(BODY[])"))
    can(imap.logout)
    equal("others are served", logins(server, BOB, SECRET), [True] * 3)


NAMES = ["bob", "bob@example.test\0", "\0", "bob\n@example.test", 'bob"@example.test', "bob@example.test\",\"secret\":\"", "a" * 300,
         "a" * 5000, "\u2028", "%s%s%n", "../../etc", "' OR '1'='1", "bob@example.test' --", "{\"id\":1}", "\\", "\x7f"]


def test_directory_lines(server):
    """Names and passwords that might break out of the directory child's line protocol."""
    for name in NAMES:
        for secret in (SECRET + "x", "\n", "\"}", "x\0" + SECRET, "\u0000", "y" * 900):
            token = base64.b64encode(f"\0{name}\0{secret}".encode())
            with socket.create_connection(("127.0.0.1", server.port("imap")), timeout=20) as s:
                f = s.makefile("rb")
                f.readline()
                s.sendall(b"a AUTHENTICATE PLAIN " + token + b"\r\n")
                reply = f.readline()
                check(f"login as {name[:20]!r} with {secret[:9]!r}", reply[:4] in (b"a NO", b"a BA", b"* BY"), reply[:80])
    d = Dialogue(server, "smtp")
    d.say(b"EHLO x")
    for name in NAMES:
        d.say(b"RSET")
        d.say(b"MAIL FROM:<>")
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8")
        reply = d.say(b'RCPT TO:<"' + quoted + b'"@example.test>')
        if reply == b"" or d.say(b"NOOP") == b"":
            d.close()
            d = Dialogue(server, "smtp")
            d.say(b"EHLO x")
    d.close()
    equal("the directory still answers", logins(server, BOB, SECRET), [True] * 3)


# --- other people's mail -----------------------------------------------------------------------------


def refused(client, method, arguments):
    try:
        answer = client.one(method, arguments)
    except (MethodError, HttpError):
        return True
    return not answer.get("list") and not answer.get("ids") and not answer.get("created") and not answer.get("updated") \
        and not answer.get("destroyed")


def test_other_accounts(server):
    """No id of Alice's opens anything to Mallory."""
    alice, mallory = Client(http(server), ALICE, SECRET), Client(http(server), MALLORY, SECRET)
    alice.open()
    mallory.open()
    blob = alice.upload(b"From: a\r\nSubject: secret\r\n\r\nsecret text\r\n")["blobId"]
    mail = alice.import_message(b"From: a\r\nSubject: secret\r\n\r\nsecret text\r\n", alice.mailbox("inbox"))
    check("accounts differ", alice.account != mallory.account, alice.account)
    for name, ident in (("upload", blob), ("mail", mail["blobId"]), ("part", mail["blobId"] + "_0_30_n")):
        for account in (alice.account, mallory.account):
            url = f"/jmap/download/{account}/{urlsafe(ident)}/x?accept=text/plain"
            status = mallory.request("GET", url, want=None)[0]
            body = mallory.request("GET", url, want=None)[2]
            check(f"{name} of another by account {account}", status == 404 or b"secret" not in body, (status, body[:80]))
    status = mallory.request("POST", f"/jmap/upload/{alice.account}/", b"x", want=None)[0]
    equal("upload into another account", status, 404)
    theirs = {"accountId": alice.account}
    for method, arguments in (
            ("Email/get", {"ids": [mail["id"]]}), ("Email/query", {}), ("Mailbox/get", {"ids": None}), ("Mailbox/query", {}),
            ("Thread/get", {"ids": [mail["threadId"]]}), ("Email/changes", {"sinceState": "s0"}),
            ("Email/set", {"destroy": [mail["id"]]}), ("Mailbox/set", {"create": {"c": {"name": "evil"}}}),
            ("Email/import", {"emails": {"i": {"blobId": blob, "mailboxIds": {alice.mailbox("inbox"): True}}}})):
        check(f"{method} in another account", refused(mallory, method, {**arguments, **theirs}))
    inbox_id = mallory.mailbox("inbox")
    check("import of another's blob", refused(mallory, "Email/import", {
        "emails": {"i": {"blobId": blob + "x", "mailboxIds": {inbox_id: True}}}}))
    check("a body from another's blob", refused(mallory, "Email/set", {"create": {"c": {
        "mailboxIds": {inbox_id: True}, "attachments": [{"blobId": mail["blobId"], "type": "text/plain"}]}}}))
    check("copy out of another account", refused(mallory, "Email/copy", {
        "fromAccountId": alice.account, "accountId": mallory.account,
        "create": {"c": {"id": mail["id"], "mailboxIds": {inbox_id: True}}}}))
    texts = b"".join(inbox(server, MALLORY))
    check("nothing of Alice's came to Mallory", b"secret text" not in texts, texts)
    alice.close()
    mallory.close()


def urlsafe(text):
    return text.replace("/", "%2F")


def test_imap_names(server):
    """Mailbox names that might leave the account."""
    imap = imap_login(server, MALLORY)
    for name in ("../alice@example.test/INBOX", "/", "//", "user/alice", "~alice", "#shared/alice", "..", ".", "&AAA-", "a//b", "INBOX/",
                 "a" * 1000, "&Jjo-!", "%2e%2e", "\\\\"):
        for command in ("select", "create", "delete", "subscribe", "status"):
            arguments = (f'"{name}"', "(MESSAGES)") if command == "status" else (f'"{name}"',)
            can(lambda c=command, a=arguments: getattr(imap, c)(*a))
    listed = imap.list()[1]
    check("no mailbox of another's", not any(b"alice" in (line if isinstance(line, bytes) else line[1]) and b".." not in line
                                             for line in listed if b"alice" in line and b"user/alice" not in line
                                             and b"shared" not in line and b"~" not in line), listed)
    imap.logout()


# --- JMAP blow-ups --------------------------------------------------------------------------------------


def test_jmap_blow_ups(server):
    c = Client(http(server), MALLORY, SECRET, timeout=300)
    c.open()
    inbox_id = c.mailbox("inbox")
    for i in range(5):
        c.import_message(b"Subject: blow %d\r\n\r\nx\r\n" % i, inbox_id)

    def is_answered(name, action):
        said = "answered"
        try:
            action()
        except (HttpError, MethodError) as error:
            said = str(error)[:60]
        except OSError as error:
            said = None
            print(error)
        check(f"{name}: is answered", said is not None, said)

    is_answered("100 000 ids", lambda: c.one("Email/get", {"ids": ["x%d" % i for i in range(100000)]}))
    is_answered("the same id often", lambda: c.one("Email/get", {"ids": ["Ma"] * 5000}))
    deep = {"operator": "AND", "conditions": []}
    for _ in range(60):
        deep = {"operator": "NOT", "conditions": [deep]}
    is_answered("a deep filter", lambda: c.one("Email/query", {"filter": deep}))
    is_answered("a wide filter", lambda: c.one("Email/query", {"filter": {
        "operator": "OR", "conditions": [{"text": "zz%d" % i} for i in range(5000)]}}))
    calls = [("Email/query", {}, "0")]
    for i in range(1, 16):
        calls.append(("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"}}, str(i)))
    is_answered("references", lambda: c.calls(*calls))
    echo = [("Core/echo", {"a": [["x"] * 100] * 100}, "0")]
    for i in range(1, 16):
        echo.append(("Core/echo", {f"#{k}": {"resultOf": str(i - 1), "name": "Core/echo", "path": "/*"} for k in "ab"}, str(i)))
    is_answered("references that double", lambda: c.calls(*echo))
    stars = [("Core/echo", {"a": [[["x"] * 50] * 50] * 20}, "0")]
    stars += [("Core/echo", {f"#{k}": {"resultOf": "0", "name": "Core/echo", "path": "/a/*/*/*"} for k in "abcdefghij"}, str(i))
              for i in range(1, 16)]
    is_answered("stars in pointers", lambda: c.calls(*stars))
    ids = c.one("Email/query", {})["ids"]
    for path in ("keywords/" + "a" * 5000, "mailboxIds/" + inbox_id + "/x", "keywords", "", "/", "keywords/~2", "keywords/~",
                 "keywords//x", "id", "blobId", "size", "keywords/$seen/y", "keywords/\u0000", "a/" * 3000):
        for value in (True, None, {}, [], "x", 5):
            is_answered(f"patch {path[:20]!r}", lambda p=path, v=value: c.one("Email/set", {"update": {ids[0]: {p: v}}}))
    equal("the mails are as they were", len(c.one("Email/query", {})["ids"]), len(ids))
    for body in (b"", b"[]", b"null", b"1", b"{}", b'{"using":null}', b'{"using":[],"methodCalls":[[]]}', b'{"using":["\xff"]}',
                 b'{"using":[],"methodCalls":[["Core/echo",{"a":1,"a":2},"0"]]}', b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}', b'{"a":1e999}',
                 b'{"a":-}', b"\0" * 100):
        is_answered(f"request {body[:20]!r}", lambda b=body: c.send(b))
    c.close()


# --- HTTP smuggling ------------------------------------------------------------------------------------------


def exchange(server, data):
    """All that the server answers to these bytes, up to its closing or a second of silence."""
    with socket.create_connection(("127.0.0.1", server.port("http")), timeout=20) as s:
        s.sendall(data)
        s.settimeout(1)
        answer = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                answer += piece
        except OSError:
            pass
        return answer


def test_http_smuggling(server):
    inner = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /jmap/api HTTP/1.1\r\nHost: x\r\n"
    for name, fields, body in (
            ("CL and TE", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner),
            ("TE and CL", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n" + inner),
            ("two lengths", b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(inner), inner),
            ("a list of lengths", b"Content-Length: 0, %d\r\n" % len(inner), inner),
            ("a signed length", b"Content-Length: +0\r\n", inner),
            ("a negative length", b"Content-Length: -1\r\n", inner),
            ("a hex length", b"Content-Length: 0x0\r\n", inner),
            ("a huge length", b"Content-Length: 99999999999999999999999\r\n", inner),
            ("blank before the colon", b"Content-Length : 0\r\n", inner),
            ("a folded field", b"X: y\r\n Content-Length: 5\r\n", inner),
            ("bare LF", b"X: y\nContent-Length: 5\r\n", inner),
            ("NUL", b"X: \0\r\n", inner),
            ("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n" + inner),
            ("identity", b"Transfer-Encoding: identity\r\n", inner),
            ("a strange encoding", b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + inner),
            ("a signed chunk", b"Transfer-Encoding: chunked\r\n", b"+0\r\n\r\n" + inner),
            ("a hex chunk", b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + inner),
            ("a long chunk", b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n\r\n" + inner),
            ("LF in chunks", b"Transfer-Encoding: chunked\r\n", b"0\n\n" + inner),
            ("no host", b"", None)):
        data = head + fields + b"\r\n" + body if body is not None else b"GET / HTTP/1.1\r\n\r\n"
        answer = exchange(server, data)
        equal(f"{name}: one answer", answer.count(b"HTTP/1.1 "), 1)
        check(f"{name}: refused", answer[9:10] in (b"4", b"5"), answer[:80])


# --- logs ------------------------------------------------------------------------------------------------------


def test_no_secrets_in_log(server):
    log = server.log()
    check("there is a debug log", "imap.state" in log)
    for secret in (SECRET, OTHER, base64.b64encode(f"\0{ALICE}\0{SECRET}".encode()).decode(),
                   base64.b64encode(f"{ALICE}:{SECRET}".encode()).decode(), "secret text"):
        check("no secret in the log", secret not in log, secret)


def main():
    with Server(settings="[smtp]\nlogin-delay = 10ms\nmessage-size = 64KB\n[imap]\nlogin-delay = 10ms\n[server]\ndebug = *") as server:
        for user in (ALICE, BOB, MALLORY):
            server.add_user(user, SECRET)
        for test in (test_refused_chunks, test_lmtp_chunks, test_login_then_tls, test_forged_trace, test_refused_recipient,
                     test_all_or_none, test_password_change, test_user_deleted, test_directory_lines, test_other_accounts,
                     test_imap_names, test_jmap_blow_ups, test_http_smuggling, test_no_secrets_in_log):
            started = time.time()
            test(server)
            print(f"{test.__name__}: {time.time() - started:.1f} s", flush=True)
    end()


if __name__ == "__main__":
    main()
