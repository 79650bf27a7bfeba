#!/usr/bin/env python3
"""Many messages at once, by Postfix's smtp-source: to an account here, and on to a domain whose MX is smtp-sink.

In a network of its own (lab.py). None is lost, none doubled, and no more connections are open than the owner allows.
LOAD_MESSAGES sets how many; else 10 000, or 1000 with the slow binary of DEV=1.
"""

import collections
import os
import re
import socket
import threading
import time

import lab
import peers
from dns_server import DnsServer
from harness import Server, check, end, equal, run, skip
from ours import Inbox, stats, wait_for, wait_queue
from peers import Postfix
from private_root import PrivateRoot
from sink import Sink

BOB = "bob@example.test"
SECRET = "correct horse"
SINK_HOST = "127.0.0.2"
SESSIONS = 10
CONNECTIONS = 4
FEW_HOST, FEW, PER_CONNECTION = "127.0.0.3", 200, 5
SETTINGS = f"""
[smtp]
relay-networks = 127.0.0.0/8
messages = 100000
[route elsewhere]
way = direct
[outbound]
allow-private = yes
[queue]
connections-per-site = {CONNECTIONS}
messages-per-connection = {PER_CONNECTION}
linger = 100ms
"""


def how_many():
    is_slow = "(dev)" in run("version").stdout
    return int(os.environ.get("LOAD_MESSAGES", 1000 if is_slow else 10000))


class SmtpSink:
    """smtp-sink at port 25 of its own address; what it took lies in one file."""

    def __init__(self, root):
        self.path = os.path.join(root.shared, "taken")
        os.chmod(root.shared, 0o777)
        root.spawn("smtp-sink", "-u", "postfix", "-D", "/shared/taken", f"{SINK_HOST}:25", "100", log="sink")
        check("smtp-sink listens", wait_for(is_answered), root.command("cat", "/shared/sink").stdout)

    def ids(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, "rb") as f:
            return message_ids(f.read())


def is_answered():
    try:
        socket.create_connection((SINK_HOST, 25)).close()
        return True
    except ConnectionRefusedError:
        return False


def message_ids(data):
    return re.findall(rb"^Message-Id: (<.*?>)", data, re.M)


def send(root, server, recipient, count, *options):
    """smtp-source with several sessions; the seconds that it took."""
    started = time.time()
    done = root.command("smtp-source", "-s", str(SESSIONS), "-m", str(count), "-l", "2000", "-f", "a@source.test", "-t", recipient,
                        *options, f"{server.host}:{server.port('smtp')}", check_status=False)
    check(f"smtp-source sends to {recipient}", done.returncode == 0, done.stdout[-1000:])
    return time.time() - started


def same(name, ids, count):
    """As many different ones as were sent, and no more."""
    doubles = [i for i, n in collections.Counter(ids).items() if n > 1]
    equal(name, (len(set(ids)), doubles), (count, []))


def test_here(root, server, count):
    inbox = Inbox(server, BOB, SECRET)
    took = send(root, server, BOB, count)
    same(f"{count} messages for an account here", [i for m in inbox.fetch("(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
                                                  for i in message_ids(m)], count)
    print(f"here: {count} messages, {count / took:.0f} a second", flush=True)


def test_relayed(root, server, sink, count, *options):
    """With -d the source keeps its connections, else each message has its own."""
    before, started = len(sink.ids()), time.time()
    took = send(root, server, "x@sink.test", count, *options)
    check("the queue empties", wait_queue(server, 60 + count / 20), stats(server))
    relayed = time.time() - started
    wait_for(lambda: len(sink.ids()) - before >= count, 10)
    same(f"{count} messages relayed, {' '.join(options)}", sink.ids()[before:], count)
    print(f"relayed: {count} messages, {count / took:.0f} a second in, {count / relayed:.0f} out", flush=True)


def test_both(root, server, sink, count):
    """Both at once."""
    inbox = Inbox(server, BOB, SECRET)
    here, there = inbox.count(), len(sink.ids())
    sources = [threading.Thread(target=send, args=(root, server, to, count)) for to in (BOB, "x@sink.test")]
    for source in sources:
        source.start()
    for source in sources:
        source.join()
    check("both at once: the queue empties", wait_queue(server, 60 + count / 20), stats(server))
    wait_for(lambda: len(sink.ids()) - there >= count, 10)
    equal("both at once: here", inbox.count() - here, count)
    same("both at once: relayed", sink.ids()[there:], count)


def test_connections(root, server):
    """Many short conversations, and at no time more than are allowed: who counts them has not to refuse one."""
    with Sink(host=FEW_HOST, port=25) as sink:
        send(root, server, "x@few.test", FEW)
        check("many conversations: the queue empties", wait_queue(server), stats(server))
        ids = [i for m in sink.messages for i in message_ids(m.data)]
        same("many conversations", ids, FEW)
        check("there were many", len(sink.connections) >= FEW / PER_CONNECTION, len(sink.connections))
        check("at no time more than are allowed", 1 < sink.most_open <= CONNECTIONS, sink.most_open)
        equal("all in good order", sink.violations, [])


def queue_files(server):
    """Files of messages in the queue."""
    folder = os.path.join(server.folder, "data/mail/%2fqueue")
    return [name for _, _, names in os.walk(folder) for name in names]


def main():
    reason = peers.install(Postfix).get(Postfix)
    lab.isolate()
    if reason:
        skip("smtp-source", reason)
        end()
    count = how_many()
    zones = {("sink.test", "MX"): [(10, "mx.sink.test")], ("mx.sink.test", "A"): [SINK_HOST],
             ("few.test", "MX"): [(10, "mx.few.test")], ("mx.few.test", "A"): [FEW_HOST]}
    with DnsServer(zones, port=53), PrivateRoot("postfix") as root, Server(settings=SETTINGS) as server:
        server.add_user(BOB, SECRET)
        sink = SmtpSink(root)
        test_here(root, server, count // 4)
        test_connections(root, server)
        test_relayed(root, server, sink, count // 4)
        test_relayed(root, server, sink, count // 4, "-d")
        test_both(root, server, sink, count // 8)
        counts = stats(server)
        equal("nothing went wrong on the way", (counts["messages"], counts["deferred"], counts["failed"], counts["sites"]), (0, 0, 0, []))
        check("no file is left of the queue", wait_for(lambda: not queue_files(server)), queue_files(server)[:3])
    end()


if __name__ == "__main__":
    main()
