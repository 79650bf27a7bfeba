#!/usr/bin/env python3
"""Fill the disk under a running server: temporary refusals, nothing acknowledged is lost, and it recovers.

The data lie in a small tmpfs, so this needs root to mount one; without, it is skipped. Deliveries over
SMTP and LMTP, mail that is to be relayed, APPEND, STORE and JMAP run into the full disk again and again (D1, D6), and
so does a queue that waits for its host; after each round space comes back, and what was answered with success
must be there, or at the host, or returned, once; at the end `staunch check` is content.
"""

import collections
import imaplib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal, skip  # noqa: E402
from jmap_client import Client, HttpError, MethodError  # noqa: E402
from ours import Inbox, queue, wait_queue  # noqa: E402
from sink import Sink, reply  # noqa: E402

SIZE = "10m"
ROUNDS = int(os.environ.get("ROUNDS", "6"))
ALICE = "alice@example.test"
OUT, NO = "out@sink.test", "no@sink.test"
SECRET = "correct horse"
SETTINGS = """
[smtp]
relay-networks = loopback
[route sink]
domains = sink.test
way = relay
host = 127.0.0.1
port = {port}
[queue]
retry = 1s
linger = 100ms
"""
RECOVER_SECONDS = 30
BREAKS = (OSError, EOFError, imaplib.IMAP4.error, imaplib.IMAP4.abort)


class Smtp:
    def __init__(self, server, port):
        self.socket = socket.create_connection(("127.0.0.1", server.port(port)), timeout=20)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say(b"LHLO x" if port == "lmtp" else b"EHLO x")

    def reply(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                return line

    def say(self, line):
        self.socket.sendall(line + b"\r\n")
        return self.reply()

    def deliver(self, name, size, to=ALICE, sender=""):
        """The reply that decides; b"" when the connection was dropped."""
        self.say(b"RSET")
        for line in (f"MAIL FROM:<{sender}>".encode(), f"RCPT TO:<{to}>".encode(), b"DATA"):
            reply = self.say(line)
            if reply[:1] not in b"23":
                return reply
        self.socket.sendall(f"Subject: {name}\r\nX-Full: {name}\r\n\r\n".encode() + (b"y" * 78 + b"\r\n") * (size // 80) + b".\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class Told:
    def __init__(self):
        self.count = 0
        self.accepted, self.unknown = set(), set()
        self.out = Outgoing()

    def name(self):
        self.count += 1
        return f"f{self.count}"


class Outgoing:
    """The same for what is not for an account here, and what must come back."""

    def __init__(self):
        self.accepted, self.unknown, self.returned = set(), set(), set()


def fill(folder):
    """Take all space but a little; the file that holds it."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as f:
        for piece in (65536, 4096):
            try:
                while True:
                    f.write(b"z" * piece)
            except OSError:
                pass
    left = random.choice((0, 0, 4096, 16384, 65536))
    os.truncate(path, max(0, os.path.getsize(path) - left))
    return path


def deliveries(server, told, port, count, to=ALICE, sender=""):
    """Replies seen; a dropped connection leaves it open whether the message is there."""
    seen = set()
    s = None
    known = told if to == ALICE else told.out
    for _ in range(count):
        name = told.name()
        try:
            s = s or Smtp(server, port)
            said = s.deliver(name, random.choice((100, 5000, 60000)), to, sender)
        except BREAKS:
            said = b""
        seen.add(said[:9].rstrip())
        if said[:3] == b"250":
            (known.returned if to == NO else known.accepted).add(name)
        elif said == b"":
            known.unknown.add(name)
            s = None
    if s:
        s.close()
    return seen


def login(server):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(ALICE, SECRET)
    imap.select("INBOX")
    return imap


def appends(server, told, count):
    seen = set()
    for _ in range(count):
        name = told.name()
        try:
            imap = login(server)
            try:
                kind, data = imap.append("INBOX", "", None, f"X-Full: {name}\r\n\r\n".encode() + b"x" * random.choice((10, 20000)))
            except BREAKS:
                told.unknown.add(name)
                seen.add("dropped")
                continue
            text = data[0].decode()
            seen.add("OK" if kind == "OK" else f"{kind} {text.split(']')[0]}]")
            if kind == "OK":
                told.accepted.add(name)
            imap.logout()
        except BREAKS as error:
            # In a turn whose commit fails, whoever was answered is dropped: the queue's outcomes fail here, too.
            seen.add("dropped" if "EOF" in str(error) else f"login: {error}"[:60])
    return seen


def jmap(server, told, count):
    seen = set()
    for _ in range(count):
        name = told.name()
        client = Client(f"http://127.0.0.1:{server.port('http')}", ALICE, SECRET)
        try:
            client.open()
            inbox = client.mailbox("inbox")
            told.unknown.add(name)
            client.import_message(f"X-Full: {name}\r\n\r\n".encode() + b"x" * 10000, inbox)
            told.unknown.discard(name)
            told.accepted.add(name)
            seen.add("created")
        except MethodError as error:
            told.unknown.discard(name)
            seen.add(error.type)
        except HttpError as error:
            told.unknown.discard(name)
            seen.add(str(error.status))
        except OSError:
            seen.add("dropped")
        except Exception as error:  # http.client's own: the connection was dropped in an answer
            seen.add("dropped" if "RemoteDisconnected" in type(error).__name__ else type(error).__name__)
        client.close()
    return seen


def present(server):
    imap = login(server)
    names = []
    for item in imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (X-FULL)])")[1]:
        if isinstance(item, tuple) and b"Full: " in item[1]:
            names.append(item[1].split(b"Full: ")[1].split(b"\r")[0].decode())
    sizes = imap.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
    whole = all(not isinstance(item, tuple) or int(item[0].split(b"{")[1].split(b"}")[0]) == len(item[1]) for item in sizes)
    imap.logout()
    return names, whole


def well_again(server, told):
    """Seconds until a delivery succeeds."""
    started = time.time()
    while time.time() - started < RECOVER_SECONDS:
        if b"250 2.6.0" in deliveries(server, told, "lmtp", 1):
            return time.time() - started
        time.sleep(0.2)
    return None


def empty_inbox(server):
    """Make room: at the end of a round everything that was compared goes."""
    imap = login(server)
    imap.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
    imap.expunge()
    imap.logout()


SMTP_FULL = {b"452 4.3.1", b"250 2.6.0", b"", b"451 4.3.0", b"452 4.2.2"}
IMAP_FULL = {"OK", "NO [UNAVAILABLE]", "NO [OVERQUOTA]", "dropped"}
JMAP_FULL = {"created", "dropped", "503", "serverUnavailable", "overQuota"}


def one_round(server, told, sink, at, folder):
    sink.at("RCPT", reply("450 4.7.1 Later"))
    equal(f"round {at}: mail waits", deliveries(server, told, "smtp", 4, OUT) | deliveries(server, told, "smtp", 2, NO, ALICE),
          {b"250 2.0.0"})
    filler = fill(folder)
    sink.behave()
    sink.at("RCPT", reply("550 5.1.1 No such user"), to=NO)
    out = deliveries(server, told, "smtp", 10, OUT)
    check(f"round {at}: the queue takes nothing for a while", out <= SMTP_FULL | {b"250 2.0.0"}, out)
    smtp = deliveries(server, told, "smtp", 10) | deliveries(server, told, "lmtp", 10)
    check(f"round {at}: SMTP refuses for a while", smtp <= SMTP_FULL, smtp)
    imap = appends(server, told, 6)
    check(f"round {at}: IMAP refuses for a while", all(s in IMAP_FULL or s.startswith("login: ") and "UNAVAILABLE" in s for s in imap), imap)
    web = jmap(server, told, 6)
    check(f"round {at}: JMAP refuses for a while", web <= JMAP_FULL, web)
    check(f"round {at}: the server lives", server.process.poll() is None, server.log()[-2000:])
    os.unlink(filler)
    again = well_again(server, told)
    check(f"round {at}: well again", again is not None, server.log()[-2000:])
    check(f"round {at}: the queue empties", wait_queue(server), queue(server)[:3])
    print(f"round {at}: {sorted(out)} {sorted(smtp)} {sorted(imap)} {sorted(web)}, well again after {again}", flush=True)


def compare(server, told, at):
    names, whole = present(server)
    equal(f"round {at}: nothing acknowledged is lost", sorted(told.accepted - set(names)), [])
    equal(f"round {at}: nothing is there twice", len(names), len(set(names)))
    equal(f"round {at}: nothing that was refused", sorted(set(names) - told.accepted - told.unknown), [])
    check(f"round {at}: every message is whole", whole)


def name_in(data):
    return re.search(rb"^X-Full: (\w+)\r$", data, re.M).group(1).decode()


def compare_out(server, told, sink, at):
    """What the host has, and what came back."""
    names = [name_in(message.data) for message in sink.messages]
    known = told.out
    equal(f"round {at}: nothing acknowledged is lost on the way out", sorted(known.accepted - set(names)), [])
    equal(f"round {at}: nothing leaves twice", sorted(n for n, count in collections.Counter(names).items() if count > 1), [])
    equal(f"round {at}: nothing leaves that was refused", sorted(set(names) - known.accepted - known.unknown), [])
    returned = [name_in(report.returned) for report in Inbox(server, ALICE, SECRET).reports()]
    equal(f"round {at}: what the host refused comes back, once", sorted(returned), sorted(known.returned))
    equal(f"round {at}: and no file is left of the queue", [name for _, _, names in os.walk(
        os.path.join(server.folder, "data/mail/%2fqueue")) for name in names], [])


def main():
    random.seed(int(os.environ.get("SEED", "0")) or time.time_ns())
    folder = tempfile.mkdtemp(prefix="staunch-full-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL).returncode == 0
    if not mounted:
        os.rmdir(folder)
        skip("a full disk", "mounting a tmpfs needs root")
        end()
    logs = tempfile.mkdtemp(prefix="staunch-full-log-")
    try:
        with Sink() as sink, Server(folder=folder, start=False, settings=SETTINGS.format(port=sink.port)) as server:
            server.log_path = os.path.join(logs, "log")  # the test's, not the server's
            server.start()
            server.add_user(ALICE, SECRET)
            told = Told()
            deliveries(server, told, "smtp", 3)
            for at in range(ROUNDS):
                one_round(server, told, sink, at, folder)
                if at % 2:  # and what is on the disk says the same as memory
                    equal(f"round {at}: ends cleanly", server.stop(), 0)
                    server.start()
                compare(server, told, at)
                compare_out(server, told, sink, at)
                empty_inbox(server)
                told.accepted.clear()
                told.unknown.clear()
                told.out = Outgoing()
                sink.messages.clear()
            server.stop()
            done = server.command("check", check_status=False)
            check("staunch check", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])
            server.start()
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        os.rmdir(folder)
        shutil.rmtree(logs, ignore_errors=True)
    end()


if __name__ == "__main__":
    main()
