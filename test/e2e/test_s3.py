#!/usr/bin/env python3
"""Messages on S3: a real server (versitygw, built once by Go), and one that does everything wrong (s3_server.py).

SMTP and LMTP in, IMAP and JMAP out; messages in parts; each failure, and that all is well again without a restart; kill -9
in the middle of deliveries; deletions; the cache; the mirror; from the Maildir to S3 and back.
"""

import glob
import hashlib
import http.client
import imaplib
import os
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import threading
import time
import urllib.request

import jmap_client
from certificates import EXPIRED, Authority
from harness import BINARY, Server, check, end, equal
from ours import wait_for
from s3_server import SECRET as SECRET_KEY
from s3_server import Gateway, HostileS3

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
DELIVERIES = int(os.environ.get("S3_DELIVERIES", 60))
PATIENT = "timeout = 10s\nretry = 20s"  # a slow machine is no failure of a server that works
STRICT = "timeout = 3s\nretry = 1s"


def message(subject, size=200, to=ALICE):
    line = "0123456789" * 7
    body = (line + "\r\n") * (size // 72 + 1)
    return f"From: x@elsewhere.test\r\nTo: {to}\r\nMessage-ID: <{subject}@elsewhere.test>\r\nSubject: {subject}\r\n\r\n{body}"


def deliver(server, subject, size=200, to=(ALICE,), timeout=60):
    """By LMTP; the reply code for each recipient."""
    with socket.create_connection((server.host, server.port("lmtp")), timeout=timeout) as s:
        f = s.makefile("rwb")

        def reply():
            while True:
                line = f.readline()
                if line[3:4] != b"-":
                    return int(line[:3] or 0)

        def ask(text):
            f.write(text.encode() + b"\r\n")
            f.flush()
            return reply()
        reply()
        ask("LHLO x")
        ask("MAIL FROM:<x@elsewhere.test>")
        for rcpt in to:
            ask(f"RCPT TO:<{rcpt}>")
        ask("DATA")
        f.write(message(subject, size).encode() + b".\r\n")
        f.flush()
        return [reply() for _ in to]


def imap(server, user=ALICE):
    client = imaplib.IMAP4(server.host, server.port("imap"), timeout=60)
    client.login(user, SECRET)
    client.select("INBOX")
    return client


def fetch(server, number, user=ALICE):
    """The message with that number, or the NO that came."""
    client = imap(server, user)
    try:
        status, data = client.fetch(str(number), "(BODY.PEEK[])")
        return data[0][1] if status == "OK" and data[0] else (data[0] or b"")
    except imaplib.IMAP4.error as e:
        return str(e).encode()
    finally:
        client.shutdown()


def subjects(server, user=ALICE):
    client = imap(server, user)
    try:
        status, data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [d[1].decode().split(":", 1)[1].strip() for d in data if isinstance(d, tuple)]
    finally:
        client.shutdown()


def metric(server, name):
    with urllib.request.urlopen(f"http://{server.host}:{server.port('http')}/metrics", timeout=30) as answer:
        return int(re.search(rf"^{name} (\d+)$", answer.read().decode(), re.M).group(1))


def drop_cache(server):
    shutil.rmtree(os.path.join(server.folder, "data/cache"), ignore_errors=True)
    os.makedirs(os.path.join(server.folder, "data/cache/new"))


def cached(server):
    """Bytes in the cache; what the server takes out meanwhile counts no more."""
    total = 0
    for f in glob.glob(os.path.join(server.folder, "data/cache/*/*/*")):
        try:
            total += os.path.getsize(f)
        except FileNotFoundError:
            pass
    return total


def notes(server):
    return glob.glob(os.path.join(server.folder, "data/mail/*@*/tmp/*"))


def is_clean(server):
    """`staunch check` finds nothing, neither here nor there."""
    done = server.command("check", check_status=False)
    return check("check is clean", done.returncode == 0 and "0 findings" in done.stdout, done.stdout + done.stderr)


def users(server):
    server.add_user(ALICE, SECRET)
    server.add_user(BOB, SECRET)


# --- a server that works -----------------------------------------------------------------------------------


def test_real(gateway):
    with Server(settings=gateway.settings(more=PATIENT)) as server:
        users(server)
        equal("delivered", deliver(server, "one"), [250])
        equal("to two", deliver(server, "two", to=(ALICE, BOB)), [250, 250])
        equal("objects", len(gateway.keys()), 3)
        drop_cache(server)
        check("read by IMAP", b"Subject: one" in fetch(server, 1), fetch(server, 1)[:200])
        check("a copy by IMAP", b"Subject: two" in fetch(server, 1, BOB))
        equal("40 MB, in parts", deliver(server, "big", 40 << 20, timeout=240), [250])
        drop_cache(server)
        body = fetch(server, 3)
        want = message("big", 40 << 20).encode()
        check("40 MB, read", body.endswith(want), f"{len(body)} bytes")
        client = jmap_client.Client(f"http://{server.host}:{server.port('http')}", ALICE, SECRET, timeout=60)
        drop_cache(server)
        ids = client.one("Email/query", {"filter": {"subject": "one"}})["ids"]
        got = client.one("Email/get", {"ids": ids, "fetchTextBodyValues": True, "properties": ["subject", "bodyValues", "textBody"]})
        check("read by JMAP", [e["subject"] for e in got["list"]] == ["one"] and "0123456789" in str(got["list"][0]["bodyValues"]), got)
        upload = client.upload(b"hello upload")
        equal("submitted", submit(server), 250)
        check("and delivered", wait_for(lambda: "sent" in subjects(server, BOB)), subjects(server, BOB))
        append = imap(server)
        status, data = append.append("INBOX", None, None, message("appended").encode())
        equal("appended", status, "OK")
        append.select("INBOX")
        equal("copied", append.copy("4", "Archive")[0], "OK")
        append.store("1:2", "+FLAGS", "\\Deleted")
        append.expunge()
        before = 5  # with the upload
        check("deleted there, too", wait_for(lambda: len(gateway.keys()) == before), gateway.keys())
        append.logout()
        server.stop()
        is_clean(server)
        drop_cache(server)
        server.start()
        check("after a restart with an empty cache", b"Subject: appended" in fetch(server, 2), fetch(server, 2)[:200])
        check("it takes checksums", "s3.plain" not in open(server.log_path).read())
        gateway.stop()
        drop_cache(server)
        equal("gone: mail is refused for now", deliver(server, "no", timeout=120)[0] // 100, 4)
        check("gone: NO [UNAVAILABLE]", b"UNAVAILABLE" in fetch(server, 2), fetch(server, 2)[:200])
        gateway.start()
        equal("back: mail comes", deliver(server, "yes"), [250])
        check("back: read", b"Subject: appended" in fetch(server, 2))
        server.stop()
        is_clean(server)
        server.start()


def submit(server, to=BOB):
    with smtplib.SMTP(server.host, server.port("submission"), timeout=60) as client:
        client.starttls()
        client.login(ALICE, SECRET)
        client.sendmail(ALICE, [to], message("sent", to=to).replace("x@elsewhere.test\r\nTo", ALICE + "\r\nTo", 1))
        return 250


def test_kill(gateway):
    """kill -9 in the middle of deliveries: every message that was acknowledged is there, and nothing else."""
    with Server(settings=gateway.settings(more=PATIENT)) as server:
        users(server)
        acknowledged, stop = [], threading.Event()

        def pour(number):
            for i in range(10000):
                if stop.is_set():
                    return
                name = f"m{number}-{i}"
                try:
                    if deliver(server, name, random.choice([100, 5000, 200000]), random.choice([(ALICE,), (ALICE, BOB)]))[0] == 250:
                        acknowledged.append(name)
                except OSError:
                    time.sleep(0.05)
                except ValueError:
                    pass
        threads = [threading.Thread(target=pour, args=(n,)) for n in range(6)]
        for t in threads:
            t.start()
        for _ in range(4):
            goal = len(acknowledged) + DELIVERIES // 4
            check("deliveries go on", wait_for(lambda goal=goal: len(acknowledged) >= goal, 120), len(acknowledged))
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            server.start()
        stop.set()
        for t in threads:
            t.join()
        there = subjects(server)
        check("all that was acknowledged is there", set(acknowledged) <= set(there), sorted(set(acknowledged) - set(there))[:5])
        check("what nobody names is deleted", wait_for(lambda: not notes(server), 60), notes(server)[:3])
        drop_cache(server)
        client = imap(server)
        status, data = client.fetch("1:*", "(BODY.PEEK[])")
        whole = sum(1 for d in data if isinstance(d, tuple) and d[1].endswith(b"0123456789\r\n"))
        equal("and whole", (status, whole), ("OK", len(there)))
        client.logout()
        server.stop()
        is_clean(server)
        server.start()


def test_mirror(gateway):
    with Server(settings=gateway.settings("mirror", more=PATIENT)) as server:
        users(server)
        for i in range(10):
            equal("delivered", deliver(server, f"m{i}", 1000 * i), [250])
        check("all are copied", wait_for(lambda: len(gateway.keys()) == 10), gateway.keys())
        gateway.stop()
        equal("without S3", deliver(server, "alone"), [250])
        gateway.start()
        check("it follows", wait_for(lambda: len(gateway.keys()) == 11, 60), len(gateway.keys()))
        client = imap(server)
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()
        check("and deletions", wait_for(lambda: len(gateway.keys()) == 10, 60), len(gateway.keys()))
        server.stop()
        is_clean(server)
        shutil.rmtree(os.path.join(server.folder, "data/mail"))
        os.mkdir(os.path.join(server.folder, "data/mail"), 0o700)
        done = server.command("check", "--repair", check_status=False)
        check("a repair too early takes nothing out", done.stdout.count("blob migrate s3 maildir") == 10 and len(gateway.keys()) == 10,
              (done.stdout, len(gateway.keys())))
        done = server.command("blob", "migrate", "s3", "maildir")
        check("the host comes back", "10 copied" in done.stdout, done.stdout)
        is_clean(server)
        server.start()
        check("with its mail", b"Subject: alone" in fetch(server, 10), fetch(server, 10)[:200])


def test_migrate(gateway):
    with Server() as server:
        users(server)
        for i in range(200):
            deliver(server, f"m{i}", 3000)
        deliver(server, "big", 20 << 20)
        server.stop()
        server.add_settings(gateway.settings(more=PATIENT))
        done = server.command("check", "--repair", check_status=False)
        check("a repair with the other engine, too early, is refused", done.returncode == 1 and "blob migrate maildir s3" in done.stderr,
              done.stdout[:500] + done.stderr)
        server.add_settings("[blob]\nengine = maildir")
        half = subprocess.Popen([BINARY, "blob", "migrate", "maildir", "s3", "--config", server.config],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        check("it begins", wait_for(lambda: len(gateway.keys()) > 20 or half.poll() is not None, 60))
        half.kill()
        half.wait()
        there = len(gateway.keys())
        done = server.command("blob", "migrate", "maildir", "s3", timeout=240)
        check("killed, and gone on with", "201 messages" in done.stdout and "0 failed" in done.stdout and " 0 were there" not in done.stdout,
              f"{there}: {done.stdout}")
        done = server.command("blob", "migrate", "maildir", "s3")
        check("nothing is left to do", "201 messages: 0 copied" in done.stdout and "201 were there" in done.stdout, done.stdout)
        server.add_settings("[blob]\nengine = s3")
        os.rename(os.path.join(server.folder, "data/mail"), os.path.join(server.folder, "data/old"))
        is_clean(server)
        server.start()
        check("read from there", b"Subject: big" in fetch(server, 201)[:400], fetch(server, 201)[:200])
        deliver(server, "new")
        server.stop()
        half = subprocess.Popen([BINARY, "blob", "migrate", "s3", "maildir", "--config", server.config],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: len(glob.glob(os.path.join(server.folder, "data/mail/*/cur/*"))) > 20 or half.poll() is not None, 60)
        half.kill()
        half.wait()
        done = server.command("blob", "migrate", "s3", "maildir", timeout=240)
        check("and back", "202 messages" in done.stdout and "0 failed" in done.stdout, done.stdout)
        server.add_settings("[blob]\nengine = maildir")
        is_clean(server)
        old = {os.path.basename(f): hashlib.md5(open(f, "rb").read()).digest() for f in glob.glob(os.path.join(server.folder, "data/old/*/cur/*"))}
        new = {os.path.basename(f): hashlib.md5(open(f, "rb").read()).digest() for f in glob.glob(os.path.join(server.folder, "data/mail/*/cur/*"))}
        check("byte by byte", len(old) == 201 and all(new.get(k) == v for k, v in old.items()), (len(old), len(new)))
        server.start()
        equal("all of it", len(subjects(server)), 202)


# --- a server that does not --------------------------------------------------------------------------------

PUTS = ["hang", "close", "500", "503", "429", "403", "bucket", "redirect", "etag", "half", "headers", "garbage"]
GETS = ["hang", "close", "500", "503", "403", "404", "bucket", "redirect", "cut", "short", "long", "false", "half", "headers", "garbage"]


def test_hostile():
    with HostileS3() as s3, Server(settings=s3.settings(more=STRICT)) as server:
        users(server)
        equal("delivered", deliver(server, "first"), [250])
        good = 1
        for way in PUTS:
            s3.ways = {"PUT": way}
            code = deliver(server, f"put {way}")[0]
            check(f"PUT {way}: refused for now", code // 100 == 4, code)
            client = imap(server)
            try:
                status, data = client.append("INBOX", None, None, message("a").encode())
            except imaplib.IMAP4.error as e:
                status, data = "NO", [str(e).encode()]
            check(f"PUT {way}: APPEND says UNAVAILABLE", status == "NO" and b"UNAVAILABLE" in data[0], (status, data))
            client.shutdown()
            s3.behave()
            equal(f"PUT {way}: and then it is well", deliver(server, f"after {way}"), [250])
            good += 1
        for way in ("late", "slow"):
            s3.ways = {"PUT": way}
            code = deliver(server, f"put {way}")[0]
            s3.behave()
            check(f"PUT {way}", code == 250 or code // 100 == 4, code)
            good += code == 250
        check("only what was acknowledged is there", wait_for(lambda: len(s3.objects) == good and not notes(server), 30),
              (len(s3.objects), good, notes(server)[:3]))
        equal("and listed", len(subjects(server)), good)
        for way in GETS:
            drop_cache(server)
            s3.ways = {"GET": way}
            answer = fetch(server, 1)
            check(f"GET {way}: NO [UNAVAILABLE]", b"UNAVAILABLE" in answer and b"Subject" not in answer, answer[:200])
            s3.behave()
            check(f"GET {way}: and then it is well", b"Subject: first" in fetch(server, 1), fetch(server, 1)[:200])
        s3.ways = {"GET": "503"}
        drop_cache(server)
        fetch(server, 1)
        equal("the metrics say so", metric(server, "staunch_s3_up"), 0)
        client = jmap_client.Client(f"http://{server.host}:{server.port('http')}", ALICE, SECRET)
        ids = client.one("Email/query", {"filter": {"subject": "first"}})["ids"]
        try:
            got = client.one("Email/get", {"ids": ids, "fetchTextBodyValues": True, "properties": ["bodyValues"]})
            check("JMAP says so", False, got)
        except jmap_client.MethodError as e:
            check("JMAP says so", e.type in ("serverUnavailable", "serverFail"), e.error)
        s3.behave()
        fetch(server, 1)
        equal("and that it is back", metric(server, "staunch_s3_up"), 1)
        equal("no request was signed wrongly", s3.unsigned, [])
        test_hostile_parts(s3, server, good)
        test_hostile_deletes(s3, server)
        server.stop()
        is_clean(server)
        server.start()


def test_hostile_parts(s3, server, good):
    for way in ("503", "hang", "close"):
        s3.ways = {"PUT": way}
        code = deliver(server, f"parts {way}", 20 << 20, timeout=200)[0]
        check(f"in parts, {way}: refused for now", code // 100 == 4, code)
        s3.behave()
    s3.ways = {"POST": "late-error"}
    check("in parts, an error behind 200", deliver(server, "parts", 20 << 20, timeout=200)[0] // 100 == 4)
    s3.behave()
    equal("in parts, well again", deliver(server, "parts well", 20 << 20, timeout=200), [250])
    check("nothing of the others is left", wait_for(lambda: len(s3.objects) == good + 1, 30), len(s3.objects))
    drop_cache(server)
    body = fetch(server, good + 1)
    check("it is whole", body.endswith(message("parts well", 20 << 20).encode()), len(body))
    equal("copy", imap(server).copy("1", "Archive")[0], "OK")


def test_hostile_deletes(s3, server):
    before = len(s3.objects)
    s3.ways = {"DELETE": "500"}
    client = imap(server)
    client.store("2:4", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    check("deletes are tried", wait_for(lambda: s3.counts.get("DELETE", 0) >= 4, 30), s3.counts)
    equal("in vain", len(s3.objects), before)
    server.kill()
    server.start()
    s3.behave()
    check("and again after a kill, until they work", wait_for(lambda: len(s3.objects) == before - 3, 30), len(s3.objects))
    server.kill()
    server.start()


def test_cache():
    with HostileS3() as s3, Server(settings=s3.settings(more=STRICT, blob="cache = 1MB")) as server:
        users(server)
        for i in range(40):
            equal("delivered", deliver(server, f"m{i}", 100000), [250])
        check("the cache keeps its bound", wait_for(lambda: cached(server) <= (1 << 20) + 200000), cached(server))
        for i in range(40):
            check("all can be read", f"Subject: m{i}\r".encode() in fetch(server, i + 1))
        check("also then", wait_for(lambda: cached(server) <= (1 << 20) + 200000), cached(server))
        check("the index has read all", wait_for(lambda: metric(server, "staunch_index_waiting") == 0, 60))
        fetch(server, 40)
        before = s3.counts["GET"]
        fetch(server, 40)
        equal("what was read last is here", s3.counts["GET"], before)


def test_of_it():
    """`blob test` says what is wrong, and which setting it is; the object that it puts there is gone afterwards."""
    with HostileS3() as s3, Server(settings=s3.settings(), start=False) as server:
        def tell():
            done = server.command("blob", "test", check_status=False)
            return done.returncode, done.stdout + done.stderr
        status, said = tell()
        equal("blob test: all works", (status, [line.split()[0] for line in said.splitlines() if line.endswith(" works")]),
              (0, ["list", "put", "get", "delete"]))
        equal("blob test: nothing is left", s3.objects, {})
        for setting, value, want in (("secret-key", "wrong", "[s3] access-key or secret-key is wrong"), ("bucket", "other", "[s3] bucket"),
                                     ("endpoint", "http://127.0.0.1:1", 'server="http://127.0.0.1:1"'),
                                     ("endpoint", "http://nosuch.invalid", "[s3] endpoint")):
            with open(server.config) as file:
                text = file.read()
            server.add_settings(f"[s3]\n{setting} = {value}")
            status, said = tell()
            check(f"blob test: {setting} = {value}", status == 1 and want in said and " works" not in said, said)
            with open(server.config, "w") as file:
                file.write(text)
        s3.ways = {"DELETE": "403"}
        status, said = tell()
        check("blob test: what the keys may not do", status == 1 and said.count(" works") == 3 and "delete: does not work" in said, said)
        s3.behave()
        server.start()
        equal("blob test: beside a server", tell()[0], 0)
        server.add_settings("[blob]\nengine = maildir")
        check("blob test: before anything uses it", "nothing uses it yet" in tell()[1])
    with Server(start=False) as server:
        done = server.command("blob", "test", check_status=False)
        check("blob test: without settings", done.returncode == 1 and "[s3] endpoint: " in done.stderr, done.stderr)
        server.add_settings("[s3]\nca-file = /nonexistent")
        done = server.command("config", "check", check_status=False)
        check("authorities that are not there", "[s3] ca-file: /nonexistent: " in done.stderr, done.stderr)


def test_tls():
    """Only a certificate that is right for the name; and a bucket that is part of the name."""
    with Authority() as ca, HostileS3(tls=ca.issue("localhost", "mail-box.localhost").context()) as s3:
        with Server(settings=s3.settings(more=PATIENT + f"\nca-file = {ca.path}")) as server:
            users(server)
            equal("TLS", deliver(server, "one"), [250])
            server.stop()
            server.add_settings("[s3]\npath-style = no")
            server.start()
            equal("the bucket in the name", deliver(server, "two"), [250])
            drop_cache(server)
            check("both are read", b"Subject: one" in fetch(server, 1) and b"Subject: two" in fetch(server, 2))
            server.stop()
            is_clean(server)
            server.add_settings("[s3]\nca-file =\ntimeout = 1s\nretry = 1s")
            server.start()
            equal("an authority that nobody knows", deliver(server, "three")[0] // 100, 4)
            drop_cache(server)
            check("nor is anything read", b"UNAVAILABLE" in fetch(server, 1), fetch(server, 1)[:200])
        equal("nothing was put", len(s3.objects), 2)
    equal("no request was signed wrongly", s3.unsigned, [])
    with Authority() as ca, HostileS3(tls=ca.issue("other.test").context()) as s3:
        with Server(settings=s3.settings(more=STRICT + f"\nca-file = {ca.path}")) as server:
            users(server)
            equal("a certificate for another name", deliver(server, "one")[0] // 100, 4)
        equal("nothing came", s3.counts, {})
    with Authority() as ca, HostileS3(tls=ca.issue("localhost", valid=EXPIRED).context()) as s3:
        with Server(settings=s3.settings(more=STRICT + f"\nca-file = {ca.path}")) as server:
            users(server)
            equal("a certificate that is over", deliver(server, "one")[0] // 100, 4)
        equal("nothing came to it", s3.counts, {})


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def reload(server):
    server.process.send_signal(signal.SIGHUP)


def test_reload():
    """Keys for a time, from files, that change; and authorities."""
    with Authority() as ca, Authority() as other, HostileS3(tls=ca.issue("localhost").context()) as s3:
        with open(ca.path) as file:
            right = file.read()
        with open(other.path) as file:
            wrong = file.read()
        with Server(start=False) as server:
            token, trusted = os.path.join(server.folder, "token"), os.path.join(server.folder, "ca.pem")
            write(token, "first\n")
            write(trusted, right)
            s3.token = "first"
            server.add_settings(s3.settings(more=STRICT + f"\nsession-token = file:{token}\nca-file = {trusted}"))
            server.start()
            users(server)
            equal("a token", deliver(server, "one"), [250])
            s3.token = "second"
            equal("it is over", deliver(server, "two")[0] // 100, 4)
            os.unlink(token)
            reload(server)
            check("no such file: said", wait_for(lambda: "server.s3.kept" in open(server.log_path).read()))
            write(token, "second\n")
            reload(server)
            check("another token", wait_for(lambda: deliver(server, "three") == [250], 30))
            check("neither is in the log", "first" not in open(server.log_path).read() and "second" not in open(server.log_path).read())
            shown = server.command("config", "show").stdout
            check("nor in what is shown", "second" not in shown and SECRET_KEY not in shown, shown)
            server.stop()
            write(trusted, wrong)
            server.start()
            equal("an authority that is not the server's", deliver(server, "four")[0] // 100, 4)
            write(trusted, right)
            reload(server)
            check("and the one that is", wait_for(lambda: deliver(server, "five") == [250], 30))
            write(trusted, "garbage")
            reload(server)
            check("garbage: the old one stays", wait_for(lambda: open(server.log_path).read().count("server.s3.kept") >= 2))
            equal("and mail comes", deliver(server, "six"), [250])


def test_versions():
    """IMAP alone: it has no [dns] and no queue, and S3 by a name."""
    with HostileS3() as s3, Server(version="-imap", settings=s3.settings(more=PATIENT).replace("127.0.0.1", "localhost")) as server:
        users(server)
        equal("staunch-imap", deliver(server, "one", to=(ALICE, BOB)), [250, 250])
        equal("both are there", len(s3.objects), 2)
        drop_cache(server)
        check("and read", b"Subject: one" in fetch(server, 1, BOB))


def test_relaying():
    """What leaves does not wait for S3."""
    out = "\n[route out]\ndomains = elsewhere.test\nway = relay\nhost = localhost\nport = 1\n"
    with HostileS3() as s3, Server(settings=s3.settings(more=STRICT) + out) as server:
        users(server)
        s3.way = "hang"
        equal("submitted for elsewhere, without S3", submit(server, "x@elsewhere.test"), 250)
        equal("and not a request was made", s3.counts, {})
        try:
            equal("for a user here: not now", submit(server), None)
        except smtplib.SMTPException as e:
            check("for a user here: not now", str(e).find("(4") >= 0 or getattr(e, "smtp_code", 0) // 100 == 4, e)
        s3.behave()
        equal("and then", submit(server), 250)


def quietly(action, *arguments):
    try:
        action(*arguments)
    except (OSError, ValueError, http.client.HTTPException, jmap_client.HttpError, jmap_client.MethodError):
        pass


def test_stop():
    """The server ends cleanly beside all who wait for an S3 that hangs, and leaves nothing."""
    with HostileS3() as s3, Server(settings=s3.settings(more="timeout = 60s\nretry = 60s")) as server:
        users(server)
        deliver(server, "one")
        deliver(server, "two", 9 << 20)
        drop_cache(server)
        client = jmap_client.Client(f"http://{server.host}:{server.port('http')}", ALICE, SECRET)
        ids = client.one("Email/query", {"filter": {"subject": "two"}})["ids"]
        get = ("Email/get", {"ids": ids, "fetchTextBodyValues": True, "properties": ["bodyValues"]})
        s3.way = "hang"
        threads = [threading.Thread(target=quietly, args=a) for a in
                   ((deliver, server, "x"), (deliver, server, "y", 9 << 20), (fetch, server, 1), (fetch, server, 2), (client.one, *get))]
        for t in threads:
            t.start()
        check("all wait", wait_for(lambda: s3.counts.get("GET", 0) >= 2 and s3.counts.get("PUT", 0) >= 3), s3.counts)
        equal("it ends", server.stop(), 0)
        for t in threads:
            t.join()
        s3.behave()
        server.start()
        check("nothing of it is left", wait_for(lambda: len(s3.objects) == 2 and not notes(server)), (len(s3.objects), notes(server)))
        server.stop()
        is_clean(server)
        server.start()


def test_engine():
    """Another engine is refused until the messages were brought there: no start, no `check --repair` that forgets them."""
    with HostileS3() as s3, Server(settings=s3.settings(more=PATIENT), start=False) as server:
        users(server)
        server.start()  # with S3, and no message
        server.stop()
        server.add_settings("[blob]\nengine = maildir")
        server.start()
        deliver(server, "one")
        server.stop()
        server.add_settings("[blob]\nengine = s3")
        want = "[blob] engine: the messages are kept by maildir; `blob migrate maildir s3` brings them along first"
        for words in (("serve",), ("check",), ("check", "--repair"), ("queue", "list")):
            done = server.command(*words, check_status=False)
            check(f"another engine: {' '.join(words)}", done.returncode == 1 and want in done.stderr, done.stdout + done.stderr)
        s3.ways = {"PUT": "403"}
        equal("a migration that fails", server.command("blob", "migrate", "maildir", "s3", check_status=False).returncode, 1)
        check("does not open the way", want in server.command("check", check_status=False).stderr)
        s3.behave()
        server.command("blob", "migrate", "maildir", "s3")
        for engine in ("maildir", "s3"):
            server.add_settings(f"[blob]\nengine = {engine}")
            is_clean(server)
        server.start()
        deliver(server, "two")
        server.stop()
        server.add_settings("[blob]\nengine = maildir")
        done = server.command("check", check_status=False)
        check("nor is there a way back without migration", "kept by s3; `blob migrate s3 maildir`" in done.stderr, done.stderr)
        home = os.path.join(server.folder, "data/mail.home")
        os.unlink(home)
        equal("who knows better", server.command("check", check_status=False).stdout.count("message file is lost"), 1)
        server.command("blob", "migrate", "s3", "maildir")
        os.mkdir(home + ".new")  # it cannot be written
        server.start()
        equal("all is there", len(subjects(server)), 2)
        check("the start goes on without the file, and says so", "server.home.unwritten" in server.log() and not os.path.exists(home))


def test_reindex():
    """`reindex` waits for what is far away, with a server and without; the index is whole then, so nothing is read in vain."""
    with HostileS3() as s3, Server(settings=s3.settings(more=PATIENT)) as server:
        users(server)
        for i in range(3):
            deliver(server, f"m{i}")

        def is_narrowed(name):
            drop_cache(server)
            before = s3.counts.get("GET", 0)
            client = imap(server)
            equal(f"{name}: what is nowhere", client.search(None, "TEXT", '"nowhere to be found"')[1], [b""])
            client.logout()
            equal(f"{name}: and nothing was read for it", s3.counts.get("GET", 0), before)
        drop_cache(server)
        equal("reindex waits", server.command("reindex").stdout, "all mail is indexed\n")
        equal("each was fetched", s3.counts.get("GET"), 3)
        is_narrowed("reindex")
        server.stop()
        drop_cache(server)
        os.unlink(glob.glob(server.folder + "/data/**/index.db", recursive=True)[0])
        equal("reindex without a server", server.command("reindex").stdout, "all mail is indexed\n")
        server.start()
        is_narrowed("without a server")
        server.stop()
        server.add_settings("[s3]\ntimeout = 1s\nretry = 0")
        drop_cache(server)
        s3.ways = {"GET": "503"}
        for name in ("without a server", "with one"):
            done = server.command("reindex", check_status=False)
            check(f"reindex, S3 is down, {name}", done.returncode == 1 and "not all messages can be reached now" in done.stderr,
                  done.stdout + done.stderr)
            if server.process is None:
                server.start()
        s3.behave()


def test_settings():
    with Server(start=False) as server:
        for text, want in (("[blob]\nengine = s3", ["endpoint", "bucket", "access-key", "secret-key"]),
                           ("[blob]\nmirror = yes", ["mirror"]), ("[blob]\nengine = maildir", ["endpoint", "bucket"])):
            server.add_settings(text)
            done = server.command("config", "check", check_status=False)
            check(f"config check names what is missing: {text}", done.returncode != 0 and all(w in done.stderr for w in want), done.stderr)
        done = server.command("blob", "migrate", "maildir", "nowhere", check_status=False)
        equal("migrate to nowhere", done.returncode, 2)
        server.add_settings("[blob]\nmirror = no")
        server.start()
        done = server.command("blob", "migrate", "maildir", "s3", check_status=False)
        check("not beside a server", done.returncode == 1, done.stdout + done.stderr)


test_settings()
test_of_it()
test_engine()
test_reindex()
test_tls()
test_reload()
test_versions()
test_relaying()
test_stop()
test_hostile()
test_cache()
for real in (test_real, test_kill, test_mirror, test_migrate):
    gateway = Gateway.open()
    if gateway is None:
        break
    with gateway:
        real(gateway)
end()
