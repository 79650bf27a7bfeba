#!/usr/bin/env python3
"""Kill the server fifty times while it relays, forwards, waits and returns mail; then compare what went in and what came out.

Senders hand it messages over SMTP and send again what was not answered 250; a sink takes them. At the end every
message that got a 250 is at the sink, refused recipients came back, and the queue has nothing left, on the disk
either (D4, D6). A message that is at the sink twice is explained, one by one: its sender sent it again,
which our Received field tells, or a kill fell between the sink's 250 and our commit: then the first copy was the
last message of a connection that the kill cut. KILLS, MESSAGES and SEED may be set.
"""

import bisect
import collections
import itertools
import os
import random
import re
import signal
import smtplib
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end, equal  # noqa: E402
from ours import Inbox, queue, wait_queue  # noqa: E402
from sink import Sink, reply  # noqa: E402

KILLS = int(os.environ.get("KILLS", "50"))
MESSAGES = int(os.environ.get("MESSAGES", "2000"))
SENDERS = 4
CONNECTIONS = 5
ALICE, ANN, SECRET = "alice@example.test", "ann@far.test", "correct horse"
OUT, LATER, NO, FORWARDED = "out@sink.test", "later@sink.test", "no@sink.test", "forwarded@example.test"
# What becomes of a message by its number: from whom, to whom.
KINDS = [(ANN, [OUT]), (ALICE, [OUT, NO]), (ANN, [FORWARDED]), (ANN, [OUT, LATER])]
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
connections-per-site = {connections}
messages-per-connection = 20
"""


class Sending:
    """The senders, and what they know: tries of each message, and whether the last one got its 250."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.numbers = itertools.count()
        self.allowed = 0
        self.tries = collections.Counter()
        self.accepted = set()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def work(self):
        client = None
        while True:
            with self.lock:
                number = next(self.numbers)
            if number >= MESSAGES:
                break
            while number >= self.allowed:
                time.sleep(0.002)
            while number not in self.accepted:
                try:
                    client = client or smtplib.SMTP("127.0.0.1", self.server.port("smtp"), local_hostname="kill.test", timeout=30)
                    self.send(client, number)
                except (OSError, smtplib.SMTPException):
                    client = None
                    time.sleep(0.01)
        if client:
            client.close()

    def send(self, client, number):
        sender, recipients = KINDS[number % len(KINDS)]
        body = b"x" * 70 + b"\r\n"
        self.tries[number] += 1
        client.sendmail(sender, recipients, f"Subject: {number}\r\nX-Kill: {number}\r\n\r\n".encode() + body * (1 + number * 37 % 300))
        self.accepted.add(number)

    def is_done(self):
        return len(self.accepted) == MESSAGES


class Copy:
    """One message at the sink, to one of its recipients."""

    def __init__(self, sink, kills, message, recipient):
        self.number = int(re.search(rb"^X-Kill: (\d+)\r$", message.data, re.M).group(1))
        self.id = received_id(message.data)
        self.connection, self.recipient = message.connection, recipient
        # Between which kills; what was on its way when one came is read a moment later.
        self.life = bisect.bisect(kills, sink.connections[message.connection - 1].opened)


def received_id(data):
    """The id that we gave a message when we took it."""
    return re.search(rb"by mail\.example\.test\s(?:[^;]*\s)?id\s+(\S+?)[;\s]", data).group(1).decode()


def one_round(server, sending, kill):
    """Some more messages, a kill in their midst; when it was."""
    sending.allowed = MESSAGES * (kill + 1) // (KILLS + 1)
    time.sleep(random.uniform(0.005, 0.25))
    server.stop(signal.SIGKILL)
    killed = time.time()
    server.start()
    return killed


def queue_files(server):
    return [name for _, _, names in os.walk(os.path.join(server.folder, "data/mail/%2fqueue")) for name in names]


def compare_sink(sending, copies, kills):
    """Nothing is lost, and every double has its reason."""
    by_number = collections.defaultdict(set)
    by_id = collections.defaultdict(list)
    for copy in copies:
        by_number[copy.number, copy.recipient].add(copy.id)
        by_id[copy.id, copy.recipient].append(copy)
    wanted = {(number, OUT if to == FORWARDED else to) for number in range(MESSAGES)
              for to in KINDS[number % len(KINDS)][1] if to != NO}
    equal("lost", sorted(wanted - set(by_number)), [])
    equal("nobody asked for", sorted(set(by_number) - wanted), [])
    equal("taken more often than it was sent", [n for (n, _), ids in by_number.items() if len(ids) > sending.tries[n]], [])
    again = sum(len(ids) - 1 for ids in by_number.values())

    last = {copy.connection: copy.id for copy in copies}
    in_doubt, unexplained = collections.defaultdict(set), []
    for found in by_id.values():
        for first, second in zip(found, found[1:]):
            if first.life < second.life and first.id == last[first.connection]:
                in_doubt[first.life].add(first.id)
            else:
                unexplained.append((vars(first), vars(second)))
    equal("doubles without a kill that cut the first one's connection", unexplained, [])
    check("a kill doubles at most one message of each connection", all(len(ids) <= CONNECTIONS for ids in in_doubt.values()),
          [len(ids) for ids in in_doubt.values()])
    doubled = sum(len(ids) for ids in in_doubt.values())
    print(f"{len(kills)} kills, {MESSAGES} messages, {sum(sending.tries.values())} tries; twice at the sink: {again} because the sender "
          f"heard no answer, {doubled} because we had not written down the sink's", flush=True)


def compare_returned(reports, copies):
    """What the sink refused came back, once for each time that we took the message."""
    ids = [received_id(report.returned) for report in reports]
    equal("returned twice", [i for i, n in collections.Counter(ids).items() if n > 1], [])
    taken = {copy.id for copy in copies if KINDS[copy.number % len(KINDS)][1] == [OUT, NO]}
    equal("not returned", sorted(taken - set(ids)), [])
    equal("returned for no reason", sorted(set(ids) - taken), [])
    check("they say why", all(r.status == "5.1.1" and r.about(NO) and len(r.recipients) == 1 for r in reports), reports[:1])


def main():
    seed = int(os.environ.get("SEED", "0")) or time.time_ns()
    random.seed(seed)
    print(f"seed {seed}")
    with Sink() as sink, Server(settings=SETTINGS.format(port=sink.port, connections=CONNECTIONS)) as server:
        server.add_user(ALICE, SECRET)
        server.command("alias", "add", FORWARDED, OUT)
        sink.at("RCPT", reply("550 5.1.1 No such user"), to=NO)
        sink.at("RCPT", reply("450 4.7.1 Later"), times=MESSAGES // 10, to=LATER)
        sending = Sending(server)
        kills = [one_round(server, sending, kill) for kill in range(KILLS)]
        sending.allowed = MESSAGES
        for thread in sending.threads:
            thread.join(120)
        check("all were sent in the end", sending.is_done(), len(sending.accepted))
        check("the kills fell among them", sum(sending.tries.values()) > MESSAGES, sending.tries.total())
        check("the queue empties", wait_queue(server, 120), queue(server)[:3])
        copies = [Copy(sink, kills, message, recipient) for message in sink.messages for recipient in message.recipients]
        compare_sink(sending, copies, kills)
        compare_returned(Inbox(server, ALICE, SECRET).reports(), copies)
        check("the sink saw good manners", not sink.violations, sink.violations[:3])
        equal("ends cleanly", server.stop(), 0)
        equal("no file is left of the queue", queue_files(server), [])
        done = server.command("check", check_status=False)
        check("staunch check", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])
        server.start()
    end()


if __name__ == "__main__":
    main()
