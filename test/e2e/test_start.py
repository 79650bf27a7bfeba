#!/usr/bin/env python3
"""Start and stop: mistakes in the configuration, ports, keys and folders; signals; commands."""

import imaplib
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import time
import urllib.request

from harness import BINARY, Server, check, end, equal, insecure_tls, run, skip
from jmap_client import basic

SECRET = "correct horse"


def serve(server):
    """Run `serve` where it should refuse: exit status and what it said."""
    done = subprocess.run([BINARY, "serve", "--config", server.config], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30)
    return done.returncode, done.stderr


def edited(server, old, new):
    """The configuration with one change, undone by the returned function."""
    with open(server.config) as f:
        text = f.read()
    assert old in text, old
    with open(server.config, "w") as f:
        f.write(text.replace(old, new, 1))

    def undo():
        with open(server.config, "w") as f:
            f.write(text)
    return undo


MISTAKES = [
    ("unknown key", "default-domain", "default-domian", 2, "did you mean default-domain?"),
    ("unknown section", "[directory]", "[direktory]", 2, "did you mean directory?"),
    ("fraction", "[server]", "[server]\nstop = 1.5s", 2, "must be a whole number, alone or with ms, s, m, h, d"),
    ("unknown protocol", "protocol = lmtp", "protocol = lmtq", 2, "must be one of"),
    ("unreadable key", "key.pem", "nothing.pem", 1, "nothing.pem"),
    ("no host name", "hostname = mail.example.test", "hostname = bad_name..x", 2, "hostname must be a host name"),
    ("no resolver", "[server]", "[dns]\nservers = nothing\n[server]", 1, "[dns] servers: not an address, or one too many: nothing"),
    ("no resolv.conf", "[server]", "[dns]\nresolv-conf = /nonexistent\n[server]", 1,
     "[dns] resolv-conf: /nonexistent: No such file"),
    ("no authorities", "[server]", "[outbound]\nca-file = /nonexistent\n[server]", 1, "[outbound] ca-file: /nonexistent"),
    ("authorities of another server", "[server]", "[http-client]\nca-file = /dev/null\n[server]", 1, "[http-client] ca-file: /dev/null: "),
    ("authorities of a database", "[server]", "[directory-pgsql]\nca-file = /nonexistent\n[server]", 1, "[directory-pgsql] ca-file: /nonexistent: "),
    ("expires too early", "[server]", "[queue]\nretry = 1h\nexpire = 5m\n[server]", 1, "[queue] expire is before the first retry"),
    ("expires before the notice", "[server]", "[queue]\nexpire = 1h\n[server]", 1, "[queue] expire is not after delay-notice"),
    ("a route", "[server]", "[route x]\nway = relay\n[server]", 1, "[route x]: needs a host"),
    ("an address twice", "[server]", "[listener x]\nprotocol = smtp\naddress = unix:/a 127.0.0.1:1 unix:/a\n[server]", 1,
     "[listener x]: has an address that stands there before: unix:/a"),
    ("a time in words", "[server]\n", "[server]\nstop = soon\n", 2, "stop must be a whole number, alone or with ms, s, m, h, d, w"),
    ("a section twice", "[server]", "[directory]\n[server]", 2, "[directory] stands here twice: its settings belong below line "),
    ("a port alone", "address = 127.0.0.1:", "address = ", 1, "not an address like 127.0.0.1:25"),
    ("no place for the data", "data = ", "data = /nonexistent", 1, "cannot be made: the folder above it is not there"),
    ("no address", "address = 127.0.0.1:", "address = 127.0.0.1.9:", 1, "127.0.0.1.9:"),
]


def one_line(name, server, status, words):
    got, said = serve(server)
    equal(f"{name}: status", got, status)
    lines = [line for line in said.split("\n") if line and not line.startswith("<")]
    check(f"{name}: one clear line", words in said and len(lines) == 1, said)


def test_mistakes(server):
    for name, old, new, status, words in MISTAKES:
        undo = edited(server, old, new)
        one_line(name, server, status, words)
        undo()


def test_all_at_once(server):
    """Who sets a server up hears of all that is wrong, and where it stands."""
    undo = edited(server, "key.pem", "nothing.pem")
    edited(server, "data = ", "data = /nonexistent")
    edited(server, "[server]", "[certificate more]\nchain = /none\nkey = /none\n[queue]\nexpire = 1h\n[outbound]\nca-file = /nonexistent\n[server]")
    said = server.command("config", "check", check_status=False).stderr.strip().split("\n")
    for words in ("[certificate main] ", "[certificate more] /none: ", "the folder above it is not there", "[queue] expire "):
        equal(f"all at once: {words}", [words in line for line in said].count(True), 1)
    undo()


def test_do_not_fit(server):
    """Settings that are right each and make nothing together."""
    for sections, words in (("[reports]\ndmarc = yes\n[mailauth]\ncheck = no\n", "[reports] dmarc = yes needs [mailauth] check = yes"),
                            ("[reports]\naddress = ann@x.test # me\n", "[reports] address is no address, such as reports@example.org: ann@x.test # me"),
                            ("[reports]\ndmarc = yes\n", None), ("[mailauth]\ncheck = no\n", None)):
        undo = edited(server, "[server]", sections + "[server]")
        done = server.command("config", "check", check_status=False)
        equal(f"{sections!r}", (done.returncode != 0, done.stderr.strip()), (words is not None, words or ""))
        undo()


def test_seen_before(server):
    """What the start would say of an address, `config check` says; and that there is none."""
    undo = edited(server, "address = 127.0.0.1:", "address = 127.0.0.1:9,127.0.0.1:")
    done = server.command("config", "check", check_status=False)
    check("commas between addresses", done.returncode == 1 and "[listener smtp]: 127.0.0.1:9,127" in done.stderr, done.stderr)
    undo()
    path = os.path.join(server.folder, "bare.conf")
    with open(path, "w") as f:
        f.write(f"[server]\nhostname = a.test\ndata = {server.folder}/data\n")
    done = run("config", "check", "--config", path)
    check("no listener", "there is no [listener]" in done.stderr and "nothing is wrong" in done.stdout, done.stderr)


def test_wrong_owner(server):
    """Root is told how to give the data folder to the server's user."""
    if os.geteuid() != 0:
        skip("the owner of the data folder", "only root may change it")
        return
    undo = edited(server, "[server]", "[server]\nuser = nobody")
    done = server.command("config", "check", check_status=False)
    check("config check sees it", f"`chown -R nobody: {server.folder}/data` changes that" in done.stderr, done.stderr)
    one_line("so does the start", server, 1, "`chown -R nobody: ")
    undo()
    os.chown(server.folder + "/data", 65534, 65534)
    one_line("a user is missing", server, 1, "belongs to another user (65534) and [server] user names none")
    os.chown(server.folder + "/data", 0, 0)


def test_wrong_key(server):
    other = Server(start=False)
    undo = edited(server, f"key = {server.folder}/key.pem", f"key = {other.folder}/key.pem")
    one_line("key of another certificate", server, 1, "key")
    undo()
    shutil.rmtree(other.folder)


def test_running_twice(server):
    server.start()
    one_line("port or folder in use", server, 1, "in use by a running server (process ")
    undo = edited(server, f"data = {server.folder}/data", f"data = {server.folder}/other")
    one_line("port in use", server, 1, "in use: another program listens there already; `ss -ltnp` shows which")
    undo()
    equal("SIGTERM", server.stop(), 0)
    server.start()
    smtp = smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=20)
    server.process.send_signal(signal.SIGTERM)
    equal("sessions are told", smtp.getreply()[0], 421)
    smtp.close()
    equal("and it ends", server.stop(), 0)


def test_reload(server):
    """New certificate files are taken up; a broken one keeps the old in service."""
    server.start()
    chain = os.path.join(server.folder, "certificate.pem")
    key = os.path.join(server.folder, "key.pem")

    def seen():
        with smtplib.SMTP_SSL("127.0.0.1", server.port("submissions"), timeout=20, context=insecure_tls()) as smtp:
            return smtp.sock.getpeercert(binary_form=True)

    first = seen()
    other = Server(start=False)
    shutil.copy(os.path.join(other.folder, "key.pem"), key)
    time.sleep(0.3)
    equal("half a change keeps the old one", seen() == first, True)
    shutil.copy(os.path.join(other.folder, "certificate.pem"), chain)
    deadline = time.time() + 10
    while seen() == first and time.time() < deadline:
        time.sleep(0.1)
    equal("the new one is served without a restart", seen() != first, True)
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    equal("SIGHUP", server.process.poll(), None)
    shutil.rmtree(other.folder)
    server.stop()


def test_commands(server):
    server.start()
    for name in ("dora", "emil"):
        server.add_user(f"{name}@example.test", SECRET)
    equal("user add twice", server.command("user", "add", "dora@example.test", "--password-stdin",
                                           input="x\n", check_status=False).returncode, 1)
    equal("user in an unknown domain", server.command("user", "add", "x@unknown.test", "--password-stdin",
                                                      input="x\n", check_status=False).returncode, 1)
    check("user list", "dora@example.test" in server.command("user", "list").stdout)
    check("user list --json", '"name":"emil@example.test"' in server.command("user", "list", "--json").stdout)
    server.command("alias", "add", "info@example.test", "dora@example.test")
    server.command("alias", "add", "@example.test", "emil@example.test")
    check("alias list", "info@example.test -> dora@example.test" in server.command("alias", "list").stdout)
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=20) as smtp:
        smtp.docmd("EHLO", "x")
        smtp.docmd("MAIL", "FROM:<a@b.test>")
        equal("an alias works at once", smtp.docmd("RCPT", "TO:<INFO@example.test>")[0], 250)
        equal("a catch-all too", smtp.docmd("RCPT", "TO:<whoever@example.test>")[0], 250)
        equal("postmaster", smtp.docmd("RCPT", "TO:<Postmaster@example.test>")[0], 250)
        equal("postmaster alone", smtp.docmd("RCPT", "TO:<Postmaster>")[0], 250)
        equal("sub-addressing", smtp.docmd("RCPT", "TO:<dora+tag@example.test>")[0], 250)
        server.command("alias", "del", "@example.test")
        equal("deleted at once", smtp.docmd("RCPT", "TO:<somebody@example.test>")[0], 550)
        server.command("user", "disable", "dora@example.test")
        equal("a disabled account takes no mail", smtp.docmd("RCPT", "TO:<dora@example.test>"), (550, b"5.2.1 Mailbox disabled"))
        check("user list says so", "disabled" in server.command("user", "list").stdout)
        with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=20) as login:
            login.ehlo()
            try:
                login.login("dora@example.test", SECRET)
                code = 235
            except smtplib.SMTPAuthenticationError as e:
                code = e.smtp_code
            equal("nor a login", code, 535)
        server.command("user", "enable", "dora@example.test")
        equal("until it is enabled", smtp.docmd("RCPT", "TO:<dora@example.test>")[0], 250)
    equal("nobody to disable", server.command("user", "disable", "x@example.test", check_status=False).returncode, 1)
    server.command("user", "passwd", "dora@example.test", "--password-stdin", input="new one\n")
    server.command("user", "del", "emil@example.test")
    server.command("user", "quota", "dora@example.test", "5GB", "1000")
    check("sizes as in the configuration", str(5 << 30) in server.command("user", "list").stdout)
    done = server.command("user", "quota", "dora@example.test", "5 potatoes", "0", check_status=False)
    equal("a size that is none", (done.returncode, done.stderr.count("\n")), (2, 1))
    server.command("domain", "add", "second.test")
    check("domain list", "second.test" in server.command("domain", "list").stdout)
    server.command("domain", "del", "second.test")
    equal("config check", server.command("config", "check").returncode, 0)
    check("config show", f"data = {server.folder}/data" in server.command("config", "show").stdout)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port('http')}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    check("metrics", "\nstaunch_store_well 1\n" in text and "staunch_imap_sessions 0" in text, text)
    equal("check needs the server stopped", server.command("check", check_status=False).returncode, 1)
    server.stop()
    check("check", "0 findings" in server.command("check").stdout)
    check("version", "SQLite" in run("version").stdout)
    equal("wrong use", run("user", check_status=False).returncode, 2)
    equal("unknown option", run("user", "list", "--wrong", check_status=False).returncode, 2)
    equal("help", run("user", "add", "--help").returncode, 0)
    equal("setup does not overwrite", run("setup", "--local", server.folder, check_status=False).returncode, 1)
    mail = os.path.join(server.folder, "mail.eml")
    with open(mail, "w", newline="") as f:
        f.write("Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n")
    check("mime-parse", "grüße" in run("mime-parse", mail).stdout)
    equal("json-parse", run("json-parse", "-", input='{ "a": [1, 2.5, "x"] }').stdout, '{"a":[1,2.5,"x"]}\n')
    equal("json-parse refuses", run("json-parse", "-", input='{"a":1,"a":2}', check_status=False).returncode, 1)


def test_stop_beside(server):
    """SIGTERM while clients wait for ever: half a message, half a request, an answer that nobody reads."""
    del server
    with Server(settings="[server]\nstop = 1s") as other:
        other.add_user("alice@example.test", SECRET)
        login = basic("alice@example.test", SECRET)
        post = f"POST /jmap/api HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\nContent-Type: application/json\r\n" \
            "Content-Length: 100\r\n\r\n{"
        events = f"GET /jmap/eventsource?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: x\r\nAuthorization: {login}\r\n\r\n"
        held = []
        for port, text in (("http", post), ("http", events), ("smtp", "EHLO x\r\nMAIL FROM:<a@b.test>\r\n")):
            held.append(socket.create_connection(("127.0.0.1", other.port(port))))
            held[-1].sendall(text.encode())
        for name in ("half", "unread"):
            imap = imaplib.IMAP4("127.0.0.1", other.port("imap"))
            imap.login("alice@example.test", SECRET)
            held.append(imap)
            if name == "half":
                imap.send(b"a APPEND INBOX {1000}\r\n")
                check("a literal is waited for", imap.readline().startswith(b"+"))
                continue
            imap.append("INBOX", None, None, b"Subject: x\r\n\r\n" + b"y" * 8000000)
            imap.select("INBOX")
            imap.send(b"b FETCH 1 BODY[]\r\n" * 8)
            check("the answer begins", imap.readline().startswith(b"* 1 FETCH"))
        check("the stream is open", b"200" in held[1].recv(100))
        equal("it ends all the same", other.stop(), 0)
        check("and cleanly", "server.stopped" in other.log() and "invariant" not in other.log(), other.log()[-500:])


def test_anybody(server):
    """The test switch: any name of our domain is an account; off by default (the other tests)."""
    with Server(settings="[directory]\ntest-password = for tests\n[smtp]\nlogin-delay = 0") as other:
        other.add_user("known@example.test", SECRET)
        with smtplib.SMTP("127.0.0.1", other.port("lmtp"), timeout=20) as lmtp:
            lmtp.docmd("LHLO", "x")
            lmtp.docmd("MAIL", "FROM:<>")
            equal("anybody receives", lmtp.docmd("RCPT", "TO:<user-0123456789@example.test>")[0], 250)
            equal("not in other domains", lmtp.docmd("RCPT", "TO:<a@other.test>")[0], 550)
        for name, password, code in (("whoever@example.test", "for tests", 235), ("whoever", "wrong", 535),
                                     ("known@example.test", "for tests", 535), ("known", SECRET, 235)):
            with smtplib.SMTP("127.0.0.1", other.port("submission"), timeout=20) as smtp:
                smtp.ehlo()
                try:
                    got = smtp.login(name, password)[0]
                except smtplib.SMTPAuthenticationError as error:
                    got = error.smtp_code
                equal(f"{name} logs in with {password}", got, code)


def test_example(server):
    """conf.example at the top of the tree is what the binary prints, and is right."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "conf.example")) as f:
        text = f.read()
    equal("conf.example is up to date", text == run("config", "example").stdout, True)
    path = os.path.join(server.folder, "example.conf")
    with open(path, "w") as f:
        f.write(text.replace("/etc/staunch", server.folder + "/nothing"))
    done = run("config", "check", "--config", path, check_status=False)
    equal("conf.example: what is missing here is said", (done.returncode, "[certificate main] " in done.stderr), (1, True))
    with open(path, "w") as f:
        f.write(text.replace("/etc/staunch", server.folder).replace("user = staunch", "user = nobody"))
    equal("conf.example passes its own check", run("config", "check", "--config", path).returncode, 0)


def test_setup(server):
    """Where the ports are: at one address, with what this host's own programs like, or open to others without it."""
    for address, listens, is_open in (("127.0.0.1", "127.0.0.1:21025", False), ("::1", "[::1]:21025", False),
                                      ("*", "*:21025", True), ("192.0.2.7", "192.0.2.7:21025", True)):
        folder = os.path.join(server.folder, "setup")
        said = run("setup", "--local", folder, "--address", address).stdout
        check(f"{address}: it says where", f" smtp:21025 " in said and f" at {address}\n" in said, said)
        config = os.path.join(folder, "staunch.conf")
        with open(config) as f:
            text = f.read()
        equal(f"{address}: the listener", f"\naddress = {listens}\n" in text, True)
        equal(f"{address}: what only this host may", ("plaintext-login = yes" in text, "login-delay = 0" in text), (not is_open,) * 2)
        equal(f"{address}: is right", run("config", "check", "--config", config).returncode, 0)
        shutil.rmtree(folder)


def test_repair():
    """A disk that is not mounted must not make a repair forget the mail."""
    with Server() as server:
        server.add_user("bob@example.test", SECRET)
        with smtplib.SMTP(server.host, server.port("smtp")) as smtp:
            for n in range(5):
                smtp.sendmail("ann@elsewhere.test", ["bob@example.test"], f"Subject: {n}\r\n\r\nx\r\n")
        server.stop()
        mail, away = os.path.join(server.folder, "data/mail"), os.path.join(server.folder, "data/away")
        os.rename(mail, away)
        os.mkdir(mail, 0o700)
        done = server.command("check", "--repair", check_status=False)
        check("all files are gone: refused", done.returncode == 1 and "5 of 5 messages have no file" in done.stderr, done)
        shutil.rmtree(mail)
        os.rename(away, mail)
        equal("nothing was taken out", server.command("check").stdout, "1 accounts, 6 mailboxes, 5 messages, 0 in the queue: 0 findings\n")
        cur = os.path.join(mail, "bob@example.test", "cur")
        for name in sorted(os.listdir(cur))[:2]:
            os.unlink(os.path.join(cur, name))
        check("some are gone: repaired", "3 messages" in server.command("check", "--repair").stdout + server.command("check").stdout)
        for name in os.listdir(cur):
            os.unlink(os.path.join(cur, name))
        equal("all are gone, and that is so", server.command("check", "--repair", "--force").returncode, 0)
        check("then it is empty", " 0 messages" in server.command("check").stdout)


WRONG_USES = [
    (["nonsense"], 2, "staunch: nonsense: there is no such command"),
    (["user"], 2, "staunch: user: there is no such command"),
    (["user", "ad"], 2, "staunch: user: there is no such command"),
    (["help", "nonsense"], 2, "staunch: nonsense: there is no such command"),
    (["help", "queue", "nonsense"], 2, "staunch: queue: there is no such command"),
    (["domain", "dkim", "ad", "x.test"], 2, "staunch: domain: there is no such command"),
    (["domain", "keys", "--help"], 2, "staunch: domain: there is no such command"),
    (["user", "add"], 2, "staunch: user add: an argument is missing"),
    (["version", "x"], 2, "staunch: x: one argument too many"),
    (["user", "list", "--wrong"], 2, "staunch: --wrong: this command has no such option"),
    (["user", "list", "--json=x"], 2, "staunch: --json=x: takes no value"),
    (["serve", "--config"], 2, "staunch: --config: needs a value"),
    (["serve", "--config="], 2, "staunch: --config=: needs a value"),
    (["serve", "--config", "/nonexistent"], 2, "/nonexistent: cannot be read: No such file"),
    (["setup"], 2, "staunch: setup: say where"),
    (["setup", "--local", "/nonexistent/a"], 1, "staunch: /nonexistent/a/: No such file"),
    (["setup", "--local", "FOLDER/x", "--port-base", "-1"], 2, "staunch: --port-base: "),
    (["setup", "--local", "FOLDER/x", "--hostname", "a b"], 2, "staunch: a b: this is no domain name"),
    (["setup", "--local", "FOLDER/x", "--domain", "a\nb"], 2, "staunch: a\nb: this is no domain name"),
    (["setup", "--local", "FOLDER/x", "--address", "here"], 2, "staunch: here: this is no address"),
    (["setup", "--local", "FOLDER/x", "--address", "127.0.0.1:25"], 2, "staunch: 127.0.0.1:25: this is no address"),
    (["mime-parse", "/nonexistent"], 1, "staunch: /nonexistent: No such file"),
    (["json-parse", "/"], 1, "staunch: /: Is a directory"),
]


def test_wrong_use(server):
    for words, status, said in WRONG_USES:
        done = run(*[word.replace("FOLDER", server.folder) for word in words], check_status=False)
        equal(f"{words}: status", done.returncode, status)
        check(f"{words}: says what is wrong first", done.stderr.startswith(said), done.stderr)
    done = run("queue", check_status=False)
    equal("half a command: its lines only", [line.split()[:1] for line in done.stderr.split("\n")[2:-2]], [["queue"]] * 7)
    equal("nonsense: no list", run("nonsense", check_status=False).stderr.count("\n"), 2)
    for words in (["help", "queue"], ["queue", "--help"], ["queue", "-h"]):
        equal(f"{words}", run(*words).stdout.split("\n")[1:], done.stderr.split("\n")[2:])
    keys = ["domain dkim add NAME", "domain dkim rotate NAME", "domain dkim show NAME"]
    for words in (["help", "domain", "dkim"], ["domain", "dkim", "-h"], ["domain", "dkim"], ["domain", "dkim", "ad", "x.test"]):
        done = run(*words, check_status=False)
        lines = [line for line in (done.stdout + done.stderr).split("\n") if line.startswith("  ")]
        equal(f"{words}: what begins so, in columns", [line[2:34].rstrip() for line in lines], keys)
    for words in (["help", "queue", "list"], ["queue", "list", "-h"]):
        equal(f"{words}", run(*words).stdout, run("queue", "list", "--help").stdout)
    equal("help of everything", [run(*words).stdout.count("\n") > 25 for words in (["help"], ["--help"], ["-h"])], [True] * 3)
    equal("a refused setup makes nothing", os.path.exists(os.path.join(server.folder, "x")), False)
    for words in (["version"], ["help"], ["config", "example"], ["user", "list", "--config", server.config]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
        equal(f"{words}: output that is lost", (done.returncode, done.stderr),
              (1, "staunch: output: cannot be written\n"))


def main():
    with Server(start=False) as server:
        test_mistakes(server)
        test_all_at_once(server)
        test_do_not_fit(server)
        test_seen_before(server)
        test_wrong_owner(server)
        test_wrong_key(server)
        test_running_twice(server)
        test_reload(server)
        test_commands(server)
        test_stop_beside(server)
        test_anybody(server)
        test_example(server)
        test_setup(server)
        test_wrong_use(server)
    test_repair()
    end()


if __name__ == "__main__":
    main()
