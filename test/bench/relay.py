"""Relaying: from deliver.c through a subject to sink.c, in three ways.

    in        the next hop is down: everything stays in the queue
    out       it comes up, and the queue is told to try now: until the sink has all
    through   both at once: until the sink has all
"""

import os
import re
import select
import socket
import statistics
import subprocess
import time

import measure
import subjects
from subjects import harness

FAR, OTHER = "far.test", "other.test"  # two domains, each with a sink of its own
FAR_USERS = [f"u{i}@{FAR}" for i in range(10)]
CONCURRENCY = 20  # connections to a sink: what Postfix has by default
SMALL = 1000  # bytes of a message that only waits
PATIENCE = 300  # seconds for the sink to get everything


class Sink:
    """A host that takes everything (sink.c), down at first."""

    def __init__(self, port):
        self.port = port
        self.process = subprocess.Popen([os.path.join(measure.PROGRAMS, "sink"), str(port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.unread = b""

    def send(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, seconds):
        """The next line of its answers, None when there is none in time."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 4096)
            if not piece:
                raise RuntimeError("the sink ended")
            self.unread += piece
        line, _, self.unread = self.unread.partition(b"\n")
        return line.decode()

    def order(self, command, seconds=PATIENCE):
        self.send(command)
        answer = self.line(seconds)
        if answer is None:
            raise RuntimeError(f"the sink, {command}: nothing within {seconds} s")
        return answer

    def count(self):
        return int(self.order("count").split()[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Staunch(subjects.Staunch):
    """Two routes, all else by default."""

    def __init__(self, folder, sinks):
        self.folder = folder
        routes = "".join(f"[route {domain}]\ndomains = {domain}\nway = relay\nhost = 127.0.0.1\nport = {sink.port}\n"
                         f"connections = {CONCURRENCY}\n" for domain, sink in sinks.items())
        self.server = harness.Server(
            folder=folder, domain=subjects.DOMAIN, start=False,
            settings="[smtp]\nmessages = 1000000\nrelay-networks = loopback\n"
                     f"[queue]\nconnections = {CONCURRENCY}\nmessages = 1000000\n" + routes)
        self.port = self.server.port

    def retry(self, domain):
        self.server.command("queue", "retry", f"route/{domain}")

    def at_rest(self):
        """It does nothing behind anybody's back."""


RELAYS = """
transport_maps = texthash:{d}/postfix/transport
default_destination_concurrency_limit = {concurrency}
in_flow_delay = 0
"""


class Postfix(subjects.Postfix):
    name = subjects.Peers.name  # the column of the table
    has_tls = False

    def __init__(self, folder, sinks):
        self.folder = folder
        self.base = harness.free_port_base()
        self.configure(RELAYS.format(d=folder, concurrency=CONCURRENCY))
        self.write("postfix/transport",
                   "".join(f"{domain} smtp:[127.0.0.1]:{sink.port}\n" for domain, sink in sinks.items()))

    def start(self):
        began = time.perf_counter()
        self.postfix("start")
        subjects.wait_greeting(self.port("smtp"))
        return time.perf_counter() - began

    def retry(self, domain):
        self.command("/usr/sbin/postqueue", "-c", os.path.join(self.folder, "postfix"), "-f")

    def stored(self, n):
        """The reply means queued: nothing to wait for."""

    def at_rest(self):
        """What it took goes through its other queues first: until all that is left is deferred."""
        deadline = time.monotonic() + PATIENCE
        while any(os.listdir(os.path.join(self.folder, "queue", d)) for d in ("incoming", "active")):
            if time.monotonic() > deadline:
                raise RuntimeError("Postfix does not come to rest")
            time.sleep(0.05)


def cpu_s(pids):
    """User and system time of these processes and of those that they waited for."""
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as f:
                ticks += sum(map(int, f.read().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


# -- throughput -------------------------------------------------------------------------------------

class Watch:
    """Messages a second, and CPU milliseconds for each, from now on."""

    def __init__(self, subject, count):
        measure.settle()
        self.subject, self.messages = subject, count
        self.cpu, self.began = cpu_s(subject.pids()), time.perf_counter()

    def stop(self):
        rate = self.messages / (time.perf_counter() - self.began)
        self.subject.at_rest()
        time.sleep(0.3)  # what it does behind the last reply is counted
        return rate, (cpu_s(self.subject.pids()) - self.cpu) * 1000 / self.messages


def fill(subject, connections, count, size=measure.SIZE):
    measure.deliver(subject, "smtp", connections, count, size, FAR_USERS)


def one_round(subject, sink, counts):
    """{(way, connections): (rate, cpu)}; how many connections the subject makes is its own affair: 0."""
    found = {}
    sink.order("down")
    for connections, count in counts.items():
        watch = Watch(subject, count)
        fill(subject, connections, count)
        found["in", connections] = watch.stop()
    want = sink.count() + sum(counts.values())
    sink.order("up")
    watch = Watch(subject, sum(counts.values()))
    subject.retry(FAR)
    sink.order(f"until {want}")
    found["out", 0] = watch.stop()
    for connections, count in counts.items():
        want += count
        watch = Watch(subject, count)
        fill(subject, connections, count)
        sink.order(f"until {want}")
        found["through", connections] = watch.stop()
    if sink.count() != want:
        measure.note(f"{subject.name}: the sink got {sink.count()} messages of {want}")
    return found


def rounds(everyone, times, counts):
    """{(subject, way, connections): (median rate, median cpu)}, the subjects taking turns. `everyone`: pairs
    of a subject and its sink."""
    seen = {}
    for _ in range(times):
        for subject, sink in everyone:
            for (way, connections), pair in one_round(subject, sink, counts).items():
                seen.setdefault((subject.name, way, connections), []).append(pair)
    return {key: tuple(map(statistics.median, zip(*pairs))) for key, pairs in seen.items()}


# -- a long queue -----------------------------------------------------------------------------------

def drain(subject, sink, count):
    """The most memory that it takes (MB) while a queue of so many is sent, and messages a second."""
    want = sink.count() + count
    sink.order("up")
    began, most = time.perf_counter(), 0
    subject.retry(FAR)
    sink.send(f"until {want}")
    while sink.line(0.5) is None:
        most = max(most, measure.memory_kb(subject.pids()))
        if time.perf_counter() - began > PATIENCE:
            raise RuntimeError(f"{subject.name}: the queue does not get empty")
    return most / 1024, count / (time.perf_counter() - began)


# -- the first attempt ------------------------------------------------------------------------------

class Client:
    """One connection, one message at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        measure.answer(self.socket, b"\r\n")
        self.say(b"EHLO client.test\r\n", rb"^250 .*\r\n")

    def say(self, text, mark):
        self.socket.sendall(text)
        got = b""
        while not re.search(mark, got, re.M):
            piece = self.socket.recv(4096)
            if not piece:
                raise RuntimeError(f"connection lost: {got!r}")
            got += piece

    def send(self, recipient):
        """The moment at which it is told that the message was taken."""
        self.say(f"MAIL FROM:<sender@client.test>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode(), rb"^354 .*\r\n")
        self.say(b"From: sender@client.test\r\nSubject: Now\r\n\r\nAt once.\r\n.\r\n", rb"^250 .*\r\n")
        return time.monotonic()

    def close(self):
        self.socket.close()


def first_attempts(subject, sink, count):
    """Milliseconds from our 250 to the RCPT at the sink: median, worst. Each message has a connection of its
    own and goes when the one before is through."""
    client = Client(subject.port("smtp"))
    waits = []
    try:
        for _ in range(count):
            want = sink.count() + 1
            taken = client.send(f"u0@{OTHER}")
            told = sink.line(PATIENCE).split()  # "rcpt USEC"
            waits.append(int(told[1]) / 1000 - taken * 1000)
            sink.order(f"until {want}")
    finally:
        client.close()
    return statistics.median(waits), max(waits)
