#!/usr/bin/env python3
"""Kill the server at random moments while its messages go to S3, and compare what clients were told with what is there.

Two threads deliver over LMTP, to one or to both accounts, two delete, copy and read over IMAP with a cache that is far too
small, and S3 refuses, forgets to answer, is slow, hangs up. After each SIGKILL, with the cache deleted every other time:
what was answered 250 is there once and byte for byte, what was expunged is gone (D1, D3), what was not told is there once
or not at all. In the end `staunch check` finds nothing, and there are as many objects as messages. The second half of
the kills is for the mirror: in the end the mail folder is deleted and comes back from S3. KILLS and SEED may be set.
"""

import imaplib
import os
import random
import re
import shutil
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal  # noqa: E402
from ours import wait_for  # noqa: E402
from s3_server import HostileS3  # noqa: E402

KILLS = int(os.environ.get("KILLS", "24"))
USERS = ("one@example.test", "two@example.test")
SECRET = "correct horse"
MORE = "timeout = 3s\nretry = 1s"
SIZES = (10, 500, 5000, 70000, 200000)
IN_PARTS = 9 << 20
KEEP = 25  # messages of an account, about
WELL = 0.85  # of the requests
WAYS = {"PUT": ("slow", "late", "close", "503", "etag", "half", "late-error"), "DELETE": ("late", "close", "500"),
        "GET": ("cut", "false", "close", "503"), "POST": ("late", "late-error")}
BREAKS = (OSError, EOFError, imaplib.IMAP4.error, imaplib.IMAP4.abort)


class MoodyS3(HostileS3):
    """Most requests are answered well."""
    is_moody = False

    def way_of(self, method):
        return random.choice(WAYS[method]) if self.is_moody and random.random() > WELL else ""


class Told:
    """What the clients know."""

    def __init__(self):
        self.lock = threading.Lock()
        self.texts = {}                              # name -> bytes
        self.sent = {user: {} for user in USERS}     # name -> True when answered 250
        self.gone = {user: {} for user in USERS}     # name -> True when its EXPUNGE was answered OK, False when asked for
        self.wrong = []                              # bytes that were read and never sent

    def new(self, users):
        with self.lock:
            name = f"m{len(self.texts)}"
            size = IN_PARTS if random.random() < 0.01 else random.choice(SIZES)
            line = (name.encode() + b" ") * 8 + b"\r\n"
            self.texts[name] = f"Subject: {name}\r\nX-Kill: {name}\r\n\r\n".encode() + line * (size // len(line) + 1)
            for user in users:
                self.sent[user][name] = False
            return name

    def is_whole(self, data):
        name = name_of(data)
        return name in self.texts and data.endswith(self.texts[name])


def name_of(data):
    found = re.search(rb"^X-Kill: (\w+)\r$", data[:4000], re.M)
    return found.group(1).decode() if found else ""


def deliver(server, told, stop):
    try:
        s = socket.create_connection(("127.0.0.1", server.port("lmtp")), timeout=20)
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"LHLO kill.test\r\n")
        while f.readline()[3:4] == b"-":
            pass
        while not stop.is_set():
            users = random.choice((USERS, USERS[:1], USERS[1:]))
            name = told.new(users)
            s.sendall(b"MAIL FROM:<>\r\n" + b"".join(f"RCPT TO:<{u}>\r\n".encode() for u in users) + b"DATA\r\n")
            if [f.readline()[:3] for _ in range(2 + len(users))][-1] != b"354":
                return
            s.sendall(told.texts[name] + b".\r\n")
            for user in users:
                if f.readline()[:3] == b"250":
                    told.sent[user][name] = True
    except BREAKS:
        pass


def login(server, user, readonly=False):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=60)
    imap.login(user, SECRET)
    imap.select("INBOX", readonly=readonly)
    return imap


def read_all(imap):
    """{uid: bytes}, or None when S3 had not all of them now."""
    status, data = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
    if status != "OK":
        return None
    return {int(re.search(rb"UID (\d+)", d[0]).group(1)): d[1] for d in data if isinstance(d, tuple)}


def use(server, told, user, stop):
    """Read, and expunge when there are many; copies to Trash are made and expunged with them."""
    try:
        imap = login(server, user)
        while not stop.is_set():
            imap.noop()
            status, data = imap.uid("FETCH", "1:*", "(UID BODY.PEEK[HEADER.FIELDS (X-KILL)])")
            names = {int(re.search(rb"UID (\d+)", d[0]).group(1)): name_of(d[1]) for d in data if isinstance(d, tuple)}
            if not names:
                continue
            some = random.sample(sorted(names), min(len(names), 3))
            for uid in some:
                try:
                    status, data = imap.uid("FETCH", str(uid), "(BODY.PEEK[])")
                except imaplib.IMAP4.error:
                    continue
                if status == "OK" and data[0] and not told.is_whole(data[0][1]):
                    told.wrong.append((names[uid], data[0][1][:300]))
            if len(names) < KEEP:
                continue
            uids = ",".join(map(str, some))
            imap.uid("COPY", uids, "Trash")
            with told.lock:
                for uid in some:
                    told.gone[user].setdefault(names[uid], False)
            imap.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
            if imap.uid("EXPUNGE", uids)[0] != "OK":
                continue
            for uid in some:
                told.gone[user][names[uid]] = True
            imap.select("Trash")
            imap.uid("STORE", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
            imap.expunge()
            imap.select("INBOX")
    except BREAKS:
        pass


def compare(server, told, user, what):
    imap = login(server, user, True)
    found = read_all(imap) if imap.untagged_responses.get("EXISTS", [b"0"])[-1] != b"0" else {}
    imap.shutdown()
    if not check(f"{what}: all can be read", found is not None):
        return
    there = [name_of(data) for data in found.values()]
    gone = told.gone[user]
    equal(f"{what}: lost", [n for n, is_told in told.sent[user].items() if is_told and n not in there and n not in gone], [])
    equal(f"{what}: twice", [n for n in set(there) if there.count(n) > 1], [])
    equal(f"{what}: came back", [n for n in there if gone.get(n)], [])
    equal(f"{what}: other bytes", [name_of(d) for d in found.values() if not told.is_whole(d)], [])
    equal(f"{what}: of somebody else", [n for n in there if n not in told.sent[user]], [])
    for name in there:  # an EXPUNGE that was asked for and did not happen
        gone.pop(name, None)


def one_round(server, told, s3):
    stop = threading.Event()
    threads = [threading.Thread(target=deliver, args=(server, told, stop)) for _ in range(3)]
    threads += [threading.Thread(target=use, args=(server, told, user, stop)) for user in USERS]
    for thread in threads:
        thread.start()
    s3.is_moody = True
    time.sleep(random.uniform(0.05, 2))
    server.stop(signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join(60)
    s3.is_moody = False


def count_messages(server):
    total = 0
    for user in USERS:
        imap = login(server, user, True)
        total += int(imap.untagged_responses["EXISTS"][-1])
        for data in imap.list()[1]:
            box = re.search(rb'"?([^" ]+)"?$', data).group(1).decode()
            if box != "INBOX":
                total += int(imap.select(box, readonly=True)[1][0])
        imap.logout()
    return total


def kill_often(server, told, s3, kills, what):
    for user in USERS:
        server.add_user(user, SECRET)
    for kill in range(kills):
        one_round(server, told, s3)
        if kill % 2:
            shutil.rmtree(os.path.join(server.folder, "data/cache"), ignore_errors=True)
        server.start()
        for user in USERS:
            compare(server, told, user, f"{what}, kill {kill}, {user}")
    equal(f"{what}: bytes that nobody sent were read", told.wrong, [])
    accepted = sum(sum(sent.values()) for sent in told.sent.values())
    check(f"{what}: the kills fell among deliveries", accepted > kills, accepted)
    print(f"{what}: {kills} kills, {len(told.texts)} deliveries begun, {accepted} told 250, requests: {s3.counts}", flush=True)


def checked(server, what):
    """A request that outlived its server may have left an object behind: that, and nothing else, is found, once."""
    server.stop()
    done = server.command("check", "--repair", check_status=False)
    findings = [line for line in done.stdout.splitlines() if "missing" in line]
    equal(f"{what}: check misses no message", findings, [])
    done = server.command("check", check_status=False)
    check(f"{what}: check is clean", done.returncode == 0 and "0 findings" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:])
    server.start()


def test_engine():
    told = Told()
    with MoodyS3() as s3, Server(settings=s3.settings(more=MORE, blob="cache = 1MB")) as server:
        kill_often(server, told, s3, KILLS - KILLS // 2, "engine")
        checked(server, "engine")
        total = count_messages(server)
        check("engine: an object for each message", wait_for(lambda: len(s3.objects) == total, 60), (len(s3.objects), total))
        equal("engine: no request was signed wrongly", s3.unsigned, [])


def test_mirror():
    told = Told()
    with MoodyS3() as s3, Server(settings=s3.settings("mirror", more=MORE)) as server:
        kill_often(server, told, s3, KILLS // 2, "mirror")
        total = count_messages(server)
        check("mirror: an object for each message", wait_for(lambda: len(s3.objects) == total, 60), (len(s3.objects), total))
        checked(server, "mirror")
        server.stop()
        shutil.rmtree(os.path.join(server.folder, "data/mail"))
        os.mkdir(os.path.join(server.folder, "data/mail"), 0o700)
        done = server.command("blob", "migrate", "s3", "maildir")
        check("mirror: comes back", f"{total} copied" in done.stdout and "0 failed" in done.stdout, done.stdout)
        server.start()
        for user in USERS:
            compare(server, told, user, f"mirror, come back, {user}")


def main():
    random.seed(int(os.environ.get("SEED", "0")) or time.time_ns())
    test_engine()
    test_mirror()
    end()


if __name__ == "__main__":
    main()
