#!/usr/bin/env python3
"""Kill the server at random moments, a hundred times, and compare what clients were told with what is there.

Two threads deliver over LMTP, two change flags over IMAP, while the server gets SIGKILL. After each restart:
every delivery that was answered 250 is there exactly once, others at most once (D1, D6); every flag
change that was answered OK holds; a UID means the same message as before and none comes twice (D5).
At the end `staunch check` finds nothing (D4).
"""

import imaplib
import os
import random
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal  # noqa: E402

KILLS = int(os.environ.get("KILLS", "100"))
DELIVERERS = ("one@example.test", "two@example.test")
FLAGGERS = ("flags1@example.test", "flags2@example.test")
SECRET = "correct horse"
FLAG_MESSAGES = 5
BREAKS = (OSError, EOFError, imaplib.IMAP4.error, imaplib.IMAP4.abort)


class Told:
    """What the clients know."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {user: {} for user in DELIVERERS}    # id -> True when answered 250
        self.flags = {user: {} for user in FLAGGERS}     # uid -> flags answered OK
        self.maybe = {user: {} for user in FLAGGERS}     # uid -> flags asked for, not answered
        self.uids = {user: {} for user in DELIVERERS}    # uid -> id seen there before
        self.count = 0


def deliver(server, told, user, stop):
    """Messages one after the other until the connection breaks."""
    try:
        s = socket.create_connection(("127.0.0.1", server.port("lmtp")), timeout=10)
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"LHLO kill.test\r\n")
        while f.readline()[3:4] == b"-":
            pass
        while not stop.is_set():
            with told.lock:
                told.count += 1
                name = f"m{told.count}"
                told.sent[user][name] = False
            s.sendall(f"MAIL FROM:<>\r\nRCPT TO:<{user}>\r\nDATA\r\n".encode())
            replies = [f.readline()[:3] for _ in range(3)]
            if replies[2] != b"354":
                return
            body = "x" * random.choice((10, 500, 5000, 50000))
            s.sendall(f"Subject: {name}\r\nX-Kill: {name}\r\n\r\n{body}\r\n.\r\n".encode())
            if f.readline()[:3] == b"250":
                with told.lock:
                    told.sent[user][name] = True
    except BREAKS:
        pass


def change_flags(server, told, user, stop):
    try:
        imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        imap.login(user, SECRET)
        imap.select("INBOX")
        while not stop.is_set():
            uid = random.choice(list(told.flags[user]))
            flags = " ".join(sorted(random.sample([r"\Seen", r"\Flagged", r"\Answered", "$kill"], random.randrange(5))))
            told.maybe[user][uid] = flags
            if imap.uid("STORE", uid, "FLAGS.SILENT", f"({flags})")[0] != "OK":
                return
            told.flags[user][uid] = flags
            told.maybe[user].pop(uid)
    except BREAKS:
        pass


def login(server, user):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, SECRET)
    imap.select("INBOX", readonly=True)
    return imap


def fetch(imap, what):
    """{uid: the response's bytes} of all messages."""
    found = {}
    for item in imap.uid("FETCH", "1:*", f"({what})")[1]:
        text = b" ".join(item) if isinstance(item, tuple) else item
        if text and b"UID " in text:
            found[int(text.split(b"UID ")[1].split(b" ")[0].split(b")")[0])] = text
    return found


def compare_mail(server, told, user):
    """Deliveries and UIDs; one failing check names the first difference."""
    with_imap = login(server, user)
    found = fetch(with_imap, "UID BODY.PEEK[HEADER.FIELDS (X-KILL)]")
    with_imap.logout()
    names = {uid: text.split(b"Kill: ")[1].split(b"\r")[0].decode() for uid, text in found.items()}
    present = list(names.values())
    lost = [name for name, was_told in told.sent[user].items() if was_told and name not in present]
    twice = [name for name in set(present) if present.count(name) > 1]
    moved = [uid for uid, name in told.uids[user].items() if names.get(uid) != name]
    reused = [uid for uid in names if uid not in told.uids[user] and told.uids[user] and uid < max(told.uids[user])]
    told.uids[user] = names
    return lost, twice, moved, reused


def compare_flags(server, told, user):
    imap = login(server, user)
    wrong = []
    for uid, text in fetch(imap, "UID FLAGS").items():
        inside = text.split(b"FLAGS (")[1].split(b")")[0].decode()
        now = " ".join(sorted(flag for flag in inside.split() if flag != r"\Recent"))
        allowed = {told.flags[user][str(uid)], told.maybe[user].get(str(uid), told.flags[user][str(uid)])}
        if now not in allowed:
            wrong.append((uid, now, allowed))
        told.flags[user][str(uid)] = now
    told.maybe[user].clear()
    imap.logout()
    return wrong


def prepare(server, told):
    for user in DELIVERERS + FLAGGERS:
        server.add_user(user, SECRET)
    for user in FLAGGERS:
        imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        imap.login(user, SECRET)
        for i in range(FLAG_MESSAGES):
            imap.append("INBOX", "", None, f"Subject: flags {i}\r\n\r\nx\r\n".encode())
            told.flags[user][str(i + 1)] = ""
        imap.logout()


def one_round(server, told):
    stop = threading.Event()
    threads = [threading.Thread(target=deliver, args=(server, told, user, stop)) for user in DELIVERERS]
    threads += [threading.Thread(target=change_flags, args=(server, told, user, stop)) for user in FLAGGERS]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.005, 0.25))
    server.stop(signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join(30)


def main():
    random.seed(int(os.environ.get("SEED", "0")) or time.time_ns())
    told = Told()
    with Server() as server:
        prepare(server, told)
        for kill in range(KILLS):
            one_round(server, told)
            server.start()
            for user in DELIVERERS:
                lost, twice, moved, reused = compare_mail(server, told, user)
                equal(f"kill {kill}: lost for {user}", lost, [])
                equal(f"kill {kill}: twice for {user}", twice, [])
                equal(f"kill {kill}: UIDs that changed", moved + reused, [])
            for user in FLAGGERS:
                equal(f"kill {kill}: flags of {user}", compare_flags(server, told, user), [])
        accepted = sum(sum(sent.values()) for sent in told.sent.values())
        check("the kills fell among deliveries", accepted > KILLS, accepted)
        print(f"{KILLS} kills, {told.count} deliveries begun, {accepted} told 250")
        server.stop()
        done = server.command("check", check_status=False)
        check("staunch check", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])
        server.start()
    end()


if __name__ == "__main__":
    main()
