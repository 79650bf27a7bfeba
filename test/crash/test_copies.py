#!/usr/bin/env python3
"""Stop or kill the server at random and put old copies of its store in the place of it, again and again (D5).

Copies are made while it runs, and put back under a new file, or into the file after an orderly stop; at times the
server is killed at once after that, or `staunch check` comes first. Whatever happens: a UID of a mailbox and its
UIDVALIDITY, an EMAILID, a MODSEQ and a MAILBOXID never mean something else than before. ROUNDS and SEED may be set.
"""

import imaplib
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "40"))
USER, SECRET = "one@example.test", "correct horse"
RECENT = 3  # copies that may be put back
# a copy that is written into the file of a server that was killed is not noticed within the hour (store/lineage.h)
WAYS = ("stop", "kill", "new file", "new file, killed", "same file", "same file, checked")


class Seen:
    """What clients were told: each number and what it meant."""

    def __init__(self):
        self.meant, self.wrong, self.count = {}, [], 0

    def saw(self, kind, number, what):
        if self.meant.setdefault((kind, number), what) != what:
            self.wrong.append((kind, number, self.meant[kind, number], what))

    def next(self):
        self.count += 1
        return f"m{self.count}"


def deliver(server, seen):
    name = seen.next()
    with socket.create_connection(("127.0.0.1", server.port("lmtp")), timeout=30) as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"LHLO copies.test\r\n")
        while f.readline()[3:4] == b"-":
            pass
        s.sendall(f"MAIL FROM:<>\r\nRCPT TO:<{USER}>\r\nDATA\r\n".encode())
        replies = [f.readline()[:3] for _ in range(3)]
        s.sendall(f"Subject: {name}\r\nX-Kill: {name}\r\n\r\nx\r\n.\r\n".encode())
        equal(f"delivered {name}", [*replies, f.readline()[:3]], [b"250", b"250", b"354", b"250"])


def look(server, seen):
    """A client that reads everything; at times it makes a mailbox."""
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(USER, SECRET)
    imap.select("INBOX")
    validity = imap.response("UIDVALIDITY")[1][0]
    if random.random() < 0.4:
        box = seen.next()
        imap.create(box)
        told = imap.status(box, "(MAILBOXID)")[1][0]
        seen.saw("MAILBOXID", re.search(rb"MAILBOXID \((\S+?)\)", told).group(1), box)
    for item in imap.uid("FETCH", "1:*", "(UID EMAILID MODSEQ BODY.PEEK[HEADER.FIELDS (X-KILL)])")[1]:
        if not isinstance(item, tuple):
            continue
        name = re.search(rb"Kill: (\S+)", item[1]).group(1)
        seen.saw("UID", (validity, re.search(rb"UID (\d+)", item[0]).group(1)), name)
        seen.saw("EMAILID", re.search(rb"EMAILID \((\S+?)\)", item[0]).group(1), name)
        seen.saw("MODSEQ", re.search(rb"MODSEQ \((\d+)\)", item[0]).group(1), name)
    imap.logout()


def live(server, seen):
    for _ in range(random.randrange(4)):
        deliver(server, seen)
    if random.random() < 0.8:
        look(server, seen)


def copy_of(path, to):
    source, target = sqlite3.connect(path), sqlite3.connect(to)
    source.backup(target)
    target.close()
    source.close()


def put_back(server, path, copy, way):
    for name in ("-wal", "-shm"):
        if os.path.exists(path + name):
            os.unlink(path + name)
    if way.startswith("new file"):
        shutil.copy(copy, path + ".new")
        os.rename(path + ".new", path)
    else:
        shutil.copyfile(copy, path)
    if way.endswith("checked"):
        server.command("check", check_status=False)
    if random.random() < 0.3:
        server.start()
        server.stop(signal.SIGKILL)


def main():
    random.seed(int(os.environ.get("SEED", "0")) or time.time_ns())
    seen, copies = Seen(), []
    with Server() as server:
        server.add_user(USER, SECRET)
        path = os.path.join(server.folder, "data/store.db")
        for number in range(ROUNDS):
            live(server, seen)
            if random.random() < 0.5:
                copies.append(os.path.join(server.folder, f"copy{number}"))
                copy_of(path, copies[-1])
                live(server, seen)
            way = random.choice(WAYS)
            server.stop(signal.SIGKILL if way.endswith("kill") or way.endswith("killed") else signal.SIGTERM)
            if "file" in way and copies:
                put_back(server, path, random.choice(copies[-RECENT:]), way)
            server.start()
            look(server, seen)
            if not check(f"round {number}, {way}: what comes twice", not seen.wrong, seen.wrong[:5]):
                break
        with open(server.log_path) as log:
            restored = log.read().count("store.restored")
        print(f"{ROUNDS} rounds, {seen.count} messages and mailboxes, {len(copies)} copies, {restored} epochs")
        check("copies were put back", restored > ROUNDS // 5, restored)
    end()


if __name__ == "__main__":
    main()
