#!/usr/bin/env python3
"""IMAP with real clients: imaplib, curl, mbsync, mutt, getmail, openssl s_client."""

import imaplib
import os
import random
import re
import shutil
import subprocess
import tempfile

from harness import Server, check, end, equal, insecure_tls, need

ALICE, BOB = "alice@example.test", "bob@example.test"
SECRET = "correct horse"
MESSAGES = 300  # for the synchronisation
GETMAIL_MESSAGES = 20
GETMAIL_WAITS_S = 10  # its default of 180 s is longer than a test may take
GETMAIL_RUNS = 5
GETMAIL_ADDS = re.compile(rb"^(Return-Path: <unknown>|X-getmail-retrieved-from-mailbox: Getmail)\n", re.MULTILINE)


def login(server, user=ALICE):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, SECRET)
    return imap


def make(subject, size=200):
    body = "".join(random.choice("abcdefghij klmno pqrst") for _ in range(size))
    lines = "\r\n".join(body[i:i + 70] for i in range(0, len(body), 70))
    return (f"From: A <{ALICE}>\r\nTo: {BOB}\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@example.test>\r\n\r\n{lines}\r\n").encode()


def test_imaplib(server):
    imap = login(server)
    check("both revisions", "IMAP4REV1" in imap.capabilities or "IMAP4rev1" in imap.capabilities, imap.capabilities)
    names = [line.decode().rsplit(" ", 1)[-1].strip('"') for line in imap.list()[1]]
    equal("mailboxes of a new account", sorted(names), ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"])
    equal("CREATE", imap.create("Work/2026")[0], "OK")
    equal("CREATE again", imap.create("Work/2026")[0], "NO")
    data = make("first")
    status, answer = imap.append("Work/2026", r"(\Seen)", '"23-Nov-2026 10:00:00 +0000"', data)
    check("APPEND", status == "OK" and b"APPENDUID" in answer[0], answer)
    equal("TRYCREATE", imap.append("Nowhere", "", None, data)[1][0][:11], b"[TRYCREATE]")
    equal("SELECT", imap.select("Work/2026"), ("OK", [b"1"]))
    equal("byte for byte", imap.fetch("1", "(BODY.PEEK[])")[1][0][1], data)
    check("FETCH items", b"\\Seen" in imap.fetch("1", "(FLAGS UID INTERNALDATE RFC822.SIZE ENVELOPE)")[1][0])
    equal("partial", imap.fetch("1", "(BODY.PEEK[]<6.5>)")[1][0][1], data[6:11])
    equal("SEARCH", imap.search(None, "SUBJECT", '"first"', "SEEN")[1], [b"1"])
    equal("SEARCH finds nothing", imap.search(None, "UNSEEN")[1], [b""])
    equal("STORE", imap.store("1", "+FLAGS", r"(\Flagged $Label)")[0], "OK")
    equal("COPY", imap.uid("COPY", "1", "Archive")[0], "OK")
    check("COPYUID", imap.response("COPYUID")[1][0] is not None)
    equal("MOVE", imap.uid("MOVE", "1", "Trash")[0], "OK")
    equal("moved away", imap.search(None, "ALL")[1], [b""])
    equal("STATUS", imap.status("Trash", "(MESSAGES UNSEEN)")[1][0], b"Trash (MESSAGES 1 UNSEEN 0)")
    equal("RENAME", imap.rename("Work/2026", "Work/2027")[0], "OK")
    equal("DELETE", imap.delete("Work/2027")[0], "OK")
    imap.select("Archive")
    imap.store("1", "+FLAGS", r"(\Deleted)")
    equal("EXPUNGE", imap.expunge(), ("OK", [b"1"]))
    imap.logout()


def test_two_sessions(server):
    one, two = login(server), login(server)
    one.select("INBOX")
    two.select("INBOX")
    two.append("INBOX", "", None, make("seen by the other"))
    one.noop()
    count = int(one.response("EXISTS")[1][-1])
    check("EXISTS in the other session", count >= 1)
    two.store(str(count), "+FLAGS", r"(\Answered)")
    one.noop()
    check("FETCH in the other session", any(b"\\Answered" in line for line in one.response("FETCH")[1] or []))
    two.store(str(count), "+FLAGS", r"(\Deleted)")
    two.expunge()
    one.noop()
    equal("EXPUNGE in the other session", one.response("EXPUNGE")[1], [str(count).encode()])
    one.logout()
    two.logout()


def test_idle(server):
    imap, other = login(server), login(server)
    imap.select("INBOX")
    imap.send(b"x1 IDLE\r\n")
    check("IDLE", imap.readline().startswith(b"+"))
    other.append("INBOX", "", None, make("wake up"))
    check("EXISTS while idle", b"EXISTS" in imap.readline())
    imap.send(b"DONE\r\nx2 NOOP\r\n")
    lines = [imap.readline()]
    while not lines[-1].startswith(b"x2"):
        lines.append(imap.readline())
    check("DONE and the next command in one packet", any(line.startswith(b"x1 OK") for line in lines), lines)
    imap.logout()
    other.logout()


def test_big(server):
    """A large message in both directions, and many flags at once."""
    data = make("big", 200) + b"0123456789abcdef" * 64 * 1024 * 8 + b"\r\n"
    imap = login(server)
    equal("APPEND of 8 MB", imap.append("INBOX", "", None, data)[0], "OK")
    imap.select("INBOX")
    uid = imap.uid("SEARCH", None, "LARGER", "1000000")[1][0].split()[-1]
    equal("FETCH of 8 MB", imap.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] == data, True)
    imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
    imap.expunge()
    imap.logout()


def test_wide(server):
    """More structure than a summary holds: the file says what it would."""
    imap = login(server)
    names = ",\r\n ".join(f"someone.else.{n}@example.test" for n in range(4000))
    data = (f"From: a@example.test\r\nTo: {names}\r\nSubject: wide\r\n"
            "Content-Type: multipart/mixed; boundary=o\r\n\r\n"
            "--o\r\n\r\none\r\n--o\r\nContent-Type: a/b\r\n\r\ntwo\r\n--o--\r\n").encode()
    equal("CREATE", imap.create("Wide")[0], "OK")
    equal("APPEND of a wide header", imap.append("Wide", "", None, data)[0], "OK")
    imap.select("Wide")
    envelope = imap.fetch("1", "(ENVELOPE)")[1][0]
    envelope = b"".join(envelope) if isinstance(envelope, tuple) else envelope
    check("ENVELOPE", b'"wide"' in envelope and envelope.count(b'"someone.else.') == 4000, len(envelope))
    check("BODYSTRUCTURE", b'("A" "B" ' in imap.fetch("1", "(BODYSTRUCTURE)")[1][0].upper())
    equal("SEARCH", imap.search(None, "TO", '"else.3999@"', "SUBJECT", "wide")[1], [b"1"])
    imap.logout()


def run(name, *command, env=None, input=None):
    done = subprocess.run(command, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          env={**os.environ, **(env or {})})
    check(name, done.returncode == 0, done.stdout.decode(errors="replace")[-2000:])
    return done.stdout


def test_login_rules(server):
    imap = imaplib.IMAP4_SSL("127.0.0.1", server.port("imaps"), ssl_context=insecure_tls())
    try:
        imap.login(ALICE, "wrong")
        check("wrong password", False)
    except imaplib.IMAP4.error as error:
        check("wrong password", "AUTHENTICATIONFAILED" in str(error), error)
    imap.login("alice", SECRET)  # the default domain is added
    imap.logout()
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.starttls(insecure_tls())
    imap.authenticate("PLAIN", lambda _: b"\0" + ALICE.encode() + b"\0" + SECRET.encode())
    imap.logout()


def test_curl(server):
    if not need("curl"):
        return
    user = f"{ALICE}:{SECRET}"
    out = run("curl imap", "curl", "-sS", f"imap://127.0.0.1:{server.port('imap')}/", "-u", user, "-X", "STATUS INBOX (MESSAGES)")
    check("curl sees the status", b"MESSAGES" in out, out)
    run("curl imaps", "curl", "-sSk", f"imaps://127.0.0.1:{server.port('imaps')}/INBOX;MAILINDEX=1", "-u", user)


def maildir_count(folder):
    return sum(len(os.listdir(os.path.join(folder, sub))) for sub in ("new", "cur") if os.path.isdir(os.path.join(folder, sub)))


def test_mbsync(server):
    """Full two-way synchronisation, twice: the second run changes nothing."""
    if not need("mbsync"):
        return
    home = os.path.join(server.folder, "mbsync")
    os.makedirs(os.path.join(home, "mail"))
    imap = login(server, BOB)
    for i in range(MESSAGES):
        imap.append("INBOX" if i % 3 else "Archive", r"(\Seen)" if i % 2 else "", None, make(f"sync {i}", random.randrange(10, 5000)))
    config = os.path.join(home, "mbsyncrc")
    with open(config, "w") as f:
        f.write(f"""IMAPAccount a
Host 127.0.0.1
Port {server.port('imap')}
User {BOB}
Pass "{SECRET}"
SSLType None
AuthMechs LOGIN

IMAPStore far
Account a

MaildirStore near
Path {home}/mail/
Inbox {home}/mail/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""")
    run("mbsync, first run", "mbsync", "-c", config, "-a")
    equal("INBOX is complete", maildir_count(os.path.join(home, "mail/INBOX")), MESSAGES - (MESSAGES + 2) // 3)
    equal("Archive is complete", maildir_count(os.path.join(home, "mail/Archive")), (MESSAGES + 2) // 3)
    before = run("mbsync, second run", "mbsync", "-c", config, "-a", "-V")
    check("the second run changes nothing", b"+0 *0 #0" in before or b"Far: +0" in before or b"add" not in before.lower(), before[-600:])
    with open(os.path.join(home, "mail/INBOX/new", "1700000000.1_1.host"), "wb") as f:
        f.write(make("from the near side").replace(b"\r\n", b"\n"))
    imap.select("INBOX")
    imap.store("1", "+FLAGS", r"(\Deleted)")
    imap.close()
    run("mbsync, third run", "mbsync", "-c", config, "-a")
    imap.select("INBOX")
    equal("near to far", len(imap.search(None, "SUBJECT", '"from the near side"')[1][0].split()), 1)
    equal("the expunged one is gone", maildir_count(os.path.join(home, "mail/INBOX")), MESSAGES - (MESSAGES + 2) // 3)
    imap.logout()


def test_mutt(server):
    if not need("mutt"):
        return
    url = f"imap://{ALICE.replace('@', '%40')}@127.0.0.1:{server.port('imap')}/"
    rc = os.path.join(server.folder, "muttrc")
    with open(rc, "w") as f:
        f.write(f"set imap_user=\"{ALICE}\"\nset imap_pass=\"{SECRET}\"\nset ssl_starttls=no\nset ssl_force_tls=no\n"
                f"set folder=\"{url}\"\nset spoolfile=\"{url}INBOX\"\nset header_cache=\"\"\nset sleep_time=0\n"
                f"set record=\"\"\nset move=no\nset confirmappend=no\nset quit=yes\nset delete=yes\nset imap_authenticators=\"login\"\n")
    imap = login(server)
    imap.append("INBOX", "", None, make("for mutt"))
    with open(rc, "a") as f:
        f.write('push "<tag-pattern>~s mutt<enter><tag-prefix><save-message>=Archive<enter><quit>"\n')
    env = {"TERM": "xterm", "HOME": server.folder}
    run("mutt on a terminal of its own", "script", "-qec", f"stty rows 24 cols 80; mutt -F {rc} -n", "/dev/null", env=env)
    imap.select("Archive")
    equal("mutt moved it", len(imap.search(None, "SUBJECT", '"for mutt"')[1][0].split()), 1)
    imap.logout()


def test_getmail(server):
    """All of a mailbox, each message as it was but for line ends and two fields."""
    if not need("getmail"):
        return
    letters = [make(f"getmail {i}", random.randrange(10, 5000)) for i in range(GETMAIL_MESSAGES)]
    imap = login(server, BOB)
    imap.create("Getmail")
    for letter in letters:
        imap.append("Getmail", "", None, letter)
    imap.logout()
    home = tempfile.mkdtemp(prefix="staunch-getmail-")
    for sub in ("mail/new", "mail/cur", "mail/tmp"):
        os.makedirs(os.path.join(home, sub))
    user = ""
    if os.geteuid() == 0:  # it refuses to deliver as root
        user = "user = nobody\n"
        subprocess.run(["chown", "-R", "nobody:", home], check=True)
    with open(os.path.join(home, "getmailrc"), "w") as f:
        f.write(f"[retriever]\ntype = SimpleIMAPRetriever\nserver = 127.0.0.1\nport = {server.port('imap')}\n"
                f"username = {BOB}\npassword = {SECRET}\nmailboxes = (\"Getmail\",)\ntimeout = {GETMAIL_WAITS_S}\n"
                f"[destination]\ntype = Maildir\npath = {home}/mail/\n{user}"
                f"[options]\nread_all = true\ndelete = false\nreceived = false\ndelivered_to = false\n")
    run_getmail(home)
    found = set()
    for name in os.listdir(os.path.join(home, "mail/new")):
        with open(os.path.join(home, "mail/new", name), "rb") as f:
            found.add(GETMAIL_ADDS.sub(b"", f.read()).replace(b"\n", b"\r\n"))
    check("getmail fetched all, byte for byte", found == set(letters),
          f"{len(found)} of {len(letters)}, {len(found - set(letters))} changed")
    shutil.rmtree(home)


def run_getmail(home):
    """getmail, again when it has waited in vain for a child of its own.

    It forks for each message and then waits to be told of the child's end; when the child was quicker, nobody
    tells it, and it gives up after its timeout. A busy machine makes that likely, whatever server it talks to.
    """
    for _ in range(GETMAIL_RUNS):
        done = subprocess.run(["getmail", "--getmaildir", home, "-q"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        if b"waiting child pid" not in done.stdout:
            break
    check("getmail", done.returncode == 0, done.stdout.decode(errors="replace")[-2000:])


SETTINGS = f"""[imap]
login-delay = 100ms
without = IDLE
id = Our server
[imap-account {BOB}]
without = MOVE NOTIFY
[http]
base-url = https://mail.example.test/
"""


def test_settings():
    with Server(settings=SETTINGS) as server:
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        for user, has_move in ((ALICE, True), (BOB, False)):
            imap = login(server, user)
            words = imap.capability()[1][0].split()
            check(f"{user}: nobody has IDLE", b"IDLE" not in words and b"JMAPACCESS" in words, words)
            equal(f"{user}: MOVE and NOTIFY", (b"MOVE" in words, b"NOTIFY" in words), (has_move, has_move))
            imap.send(b"x1 GETJMAPACCESS\r\nx2 ID NIL\r\nx3 UNAUTHENTICATE\r\nx4 LIST \"\" *\r\n")
            equal(f"{user}: where JMAP is", imap.readline(),
                  b'* JMAPACCESS "https://mail.example.test/.well-known/jmap"\r\n')
            imap.readline()
            equal(f"{user}: our name", imap.readline(), b'* ID ("name" "Our server")\r\n')
            imap.readline()
            check(f"{user}: logged out of the account", imap.readline().startswith(b"x3 OK "))
            check(f"{user}: which shows", imap.readline().startswith(b"x4 BAD "))
            imap.shutdown()


def main():
    random.seed(1)
    test_settings()
    with Server(settings="[imap]\nlogin-delay = 100ms") as server:
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        test_imaplib(server)
        test_two_sessions(server)
        test_idle(server)
        test_big(server)
        test_wide(server)
        test_login_rules(server)
        test_curl(server)
        test_mbsync(server)
        test_mutt(server)
        test_getmail(server)
    end()


if __name__ == "__main__":
    main()
