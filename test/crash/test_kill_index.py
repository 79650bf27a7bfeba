#!/usr/bin/env python3
"""Kill the server while it indexes, damage its index now and then: SEARCH answers stay right.

Messages are delivered in bursts, so that the kill falls before, into and after their indexing. At once after each
restart, before the index is complete, and once more when it is, SEARCH must name exactly the messages that have a
text. At the end `staunch check` finds nothing, and the index was renewed only when it had been damaged.
"""

import imaplib
import os
import random
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal  # noqa: E402

KILLS = int(os.environ.get("KILLS", "20"))
USERS = ("one@example.test", "two@example.test")
SECRET = "correct horse"
WORDS = ["apricot", "blackberry", "clementine", "dragonfruit", "elderberry", "gooseberry"]
DAMAGED_EACH = 3


def text_of(words):
    return " and ".join(words) + " " + "filler " * random.randrange(400)


def deliver(server, user, sent, count):
    """Several messages on one connection; what was answered 250 is there."""
    with socket.create_connection(("127.0.0.1", server.port("lmtp")), timeout=30) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"LHLO kill.test\r\n")
        while f.readline()[3:4] == b"-":
            pass
        for _ in range(count):
            words = random.sample(WORDS, random.randrange(3))
            s.sendall(f"MAIL FROM:<>\r\nRCPT TO:<{user}>\r\nDATA\r\n".encode())
            if [f.readline()[:3] for _ in range(3)][2] != b"354":
                return
            s.sendall(f"Subject: fruit\r\n\r\n{text_of(words)}\r\n.\r\n".encode())
            if f.readline()[:3] != b"250":
                return
            sent[user].append(words)


def search_all(server, user):
    """{word: the numbers of the messages that have it}"""
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, SECRET)
    imap.select("INBOX", readonly=True)
    found = {}
    for word in WORDS + ["nowhere to be found"]:
        found[word] = [int(n) for n in imap.search(None, "BODY", f'"{word.upper()}"')[1][0].split()]
    imap.logout()
    return found


def compare(server, sent, what):
    for user in USERS:
        want = {word: [n for n, words in enumerate(sent[user], 1) if word in words]
                for word in WORDS + ["nowhere to be found"]}
        equal(f"{what}, {user}", search_all(server, user), want)


def overwrite(path, at, count):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(b"no such database" * count)


def damage(folder, how):
    """The file's beginning, or something in its log, or all of its log; what is older is in the file."""
    path = next(os.path.join(d, "index.db") for d, _, files in os.walk(folder) if "index.db" in files)
    log = path + "-wal"
    size = os.path.getsize(log) if os.path.exists(log) else 0
    if how == 0:
        overwrite(path, 0, 512)
    if how in (0, 1) and size > 0:
        os.unlink(log)
    elif how == 2 and size > 0:
        overwrite(log, random.randrange(size), 100)
    elif how == 3 and size > 0:
        os.truncate(log, random.randrange(size))


def main():
    random.seed(int(os.environ.get("SEED", "0")) or time.time_ns())
    sent = {user: [] for user in USERS}
    damaged = 0
    with Server() as server:
        for user in USERS:
            server.add_user(user, SECRET)
        for kill in range(KILLS):
            for user in USERS:
                deliver(server, user, sent, random.randrange(150))
            time.sleep(random.uniform(0, 0.6))
            server.stop(signal.SIGKILL)
            if kill % DAMAGED_EACH == DAMAGED_EACH - 1:
                damage(server.folder, damaged % 4)
                damaged += 1
            server.start()
            compare(server, sent, f"kill {kill}, at once")
        deadline = time.time() + 60
        while time.time() < deadline and "is indexed" not in server.command("reindex", USERS[0]).stdout:
            time.sleep(0.1)
        compare(server, sent, "indexed")
        server.stop()
        done = server.command("check", check_status=False)
        check("staunch check", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])
        with open(server.log_path) as f:
            renewed = len(re.findall("search.renewed", f.read()))
        check("renewed after damage, and only then", damaged // 4 <= renewed <= 2 * damaged, renewed)
        print(f"{KILLS} kills, {damaged} times damaged, {sum(map(len, sent.values()))} messages, {renewed} times renewed")
        server.start()
    end()


if __name__ == "__main__":
    main()
