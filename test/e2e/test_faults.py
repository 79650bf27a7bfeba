#!/usr/bin/env python3
"""Hosts that hang, hang up, reset, talk nonsense, flood and refuse, at every step of a conversation.

Each case is a host of its own in a private network (lab.py), bad once and good from then on: its message is there
exactly once in the end, or comes back where the host said 5xx; nothing is lost. Then bad hosts for many messages
(FAULT_MESSAGES=1000 for more, FAULT_SEED=n for the same again).
"""

import os
import random
import re
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import DnsServer
from harness import BINARY, check, end, equal
from sender import ALICE, Sender, wait_for
from sink import Sink, abort, close, drip, flood, hang, pause, raw, reply

MANY = int(os.environ.get("FAULT_MESSAGES", 100))
HOSTS, DOMAINS = 6, 20
ONCE, TWICE, BACK = "once", "twice", "back"
CHUNKS, PLAIN, ALONE = ["PIPELINING", "8BITMIME", "CHUNKING"], ["PIPELINING", "8BITMIME"], ["8BITMIME"]
# A host that is slow because this machine is must have the time to say that it took a message.
SETTINGS = """
[queue]
connections = 300
linger = 100ms
[outbound]
connect = 5s
greeting = 2s
command = 2s
content = 2s
end = 6s
[smtp]
recipients = 1000
"""
SILENCE = {"hangs": hang, "closes": close, "resets": abort, "answers slowly, too slowly": lambda: drip("250 2.0.0 " + "x" * 20, 0.3)}
NONSENSE = {"NULs": raw(b"\0\0\r\n"), "words": raw(b"hello, friend\r\n"), "no code": raw(b"999 2.0.0 ok\r\n"),
            "a reply cut off": raw(b"250-2.0.0 more\r\n25", close=True), "two codes in one": raw(b"250-2.0.0 a\r\n550 5.0.0 b\r\n"),
            "LF alone": raw(b"250 ok\n"), "lines without end": flood(b"250-2.0.0 more\r\n"), "a line without end": flood(b"2")}
NOT_TLS = {"words": b"421 4.3.2 Not now\r\n", "an alert": b"\x15\x03\x03\x00\x02\x02\x28", "NULs": b"\0" * 100,
           "a record too long": b"\x16\x03\x03\xff\xff" + b"\1" * 70000, "half a record": b"\x16\x03\x03\x01\x00\x02"}
STAGES = {  # stage of the sink: what it offers, and what 5xx means there
    "CONNECT": ([PLAIN], BACK), "EHLO": ([PLAIN], BACK), "MAIL": ([PLAIN, ALONE], BACK), "RCPT": ([PLAIN, ALONE, CHUNKS], BACK),
    "DATA": ([PLAIN, ALONE], BACK), "BDAT": ([CHUNKS], BACK), "END": ([PLAIN, CHUNKS], BACK), "CONTENT": ([PLAIN, CHUNKS], None),
    "STARTTLS": ([PLAIN], ONCE), "TLS": ([PLAIN], None), "AUTH": ([PLAIN], ONCE), "RSET": ([CHUNKS], ONCE), "QUIT": ([PLAIN], ONCE)}


class Case:
    def __init__(self, number, name, stage, action, extensions, want):
        self.name, self.stage, self.action, self.extensions, self.want = name, stage, action, extensions, want
        self.domain, self.host = f"c{number}.test", f"127.1.{number // 200}.{number % 200 + 1}"

    def open(self, certificate):
        tls = certificate.context() if self.stage in ("STARTTLS", "TLS") else None
        users = {"relay": "secret"} if self.stage == "AUTH" else None
        self.sink = Sink(host=self.host, port=25, extensions=self.extensions, tls=tls, users=users, mechanisms=["PLAIN"])
        self.sink.at(self.stage, self.action, times=1)
        if self.stage == "RSET":  # said when nobody was taken
            self.sink.at("RCPT", reply("450 4.2.1 Later"), times=1)
        return self.sink

    def route(self):
        name = self.domain.split(".")[0]
        return f"[route {name}]\ndomains = {self.domain}\nway = relay\nhost = {self.host}\nuser = relay\npassword = secret\n"


def all_cases():
    rows = []
    for stage, (offers, refused) in STAGES.items():
        for offer in offers:
            where = f"{stage} ({', '.join(offer)})"
            for name, action in SILENCE.items():
                rows.append((f"{where}: {name}", stage, action(), offer, ONCE))
            if stage == "TLS":  # in clear the sink would take the rest of a handshake for commands
                rows += [(f"{where}: {name}", stage, raw(data, close=True), offer, ONCE) for name, data in NOT_TLS.items()]
            elif stage != "CONTENT":
                rows += [(f"{where}: {name}", stage, action, offer, ONCE) for name, action in NONSENSE.items()]
            if refused:
                rows.append((f"{where}: 421", stage, reply("421 4.3.2 Not now", close=True), offer, ONCE))
                rows.append((f"{where}: 451", stage, reply("451 4.3.0 Not now"), offer, ONCE))
                rows.append((f"{where}: 554", stage, reply("554 5.7.1 Never"), offer, refused))
    for offer in (PLAIN, CHUNKS):  # it has the message, and we do not know: the one case of two copies
        rows.append((f"END ({', '.join(offer)}): taken, and closes", "END", close(obey=True), offer, TWICE))
        rows.append((f"END ({', '.join(offer)}): slowly", "END", drip(seconds=0.02), offer, ONCE))
    return [Case(number, *row) for number, row in enumerate(rows)]


def test_each(cases, dns):
    with ExitStack() as stack, Authority() as ca:
        certificate = ca.issue("localhost")
        for case in cases:
            stack.enter_context(case.open(certificate))
            dns.zones[case.domain, "A"] = [case.host]
        routes = "".join(case.route() for case in cases if case.stage == "AUTH")
        server = stack.enter_context(Sender(SETTINGS + routes))
        large = b"Subject: x\r\n\r\n" + (b"x" * 78 + b"\r\n") * 900
        with server.client() as client:
            for i in range(0, len(cases), 20):
                server.send([f"x@{case.domain}" for case in cases[i:i + 20]], large, client=client)
        check("the queue empties", server.settled(60), server.waiting()[:5])
        reports = b"".join(server.inbox(ALICE))
        back = re.findall(rb"Final-Recipient: rfc822; x@(c\d+[.]test)", reports)
        for case in cases:
            got = len(case.sink.messages)
            equal(case.name, (got, back.count(case.domain.encode())), {ONCE: (1, 0), TWICE: (2, 0), BACK: (0, 1)}[case.want])
            equal(f"{case.name}: we keep to the RFCs", case.sink.violations, [])
            check(f"{case.name}: whole", all(m.data.endswith(large) for m in case.sink.messages), "content differs")
        equal("everything is accounted for", server.log().count("queue.report.nobody"), 0)


def test_large(dns):
    """A host that stops to read in the middle of more than any buffer holds."""
    dns.zones["large.test", "A"] = ["127.2.0.2"]
    data = b"Subject: large\r\n\r\n" + (b"x" * 78 + b"\r\n") * 250000
    with Sender(SETTINGS) as server:
        for offer in (PLAIN, CHUNKS):
            with Sink(host="127.2.0.2", port=25, extensions=offer) as sink:
                for number, action in enumerate((pause(4), close(), abort()), 1):  # the first takes longer than we wait
                    sink.at("CONTENT", action, connection=number)
                server.send("x@large.test", data)
                check(f"large ({offer}): the queue empties", server.settled(60), server.waiting()[:5])
                equal(f"large ({offer}): once, and whole", [m.data.endswith(data) for m in sink.messages], [True])
                equal(f"large ({offer}): conversations", len(sink.connections), 4)
                equal(f"large ({offer}): we keep to the RFCs", sink.violations, [])
        with open(f"/proc/{server.process.pid}/status") as f:
            memory = int(re.search(r"RssAnon:\s+(\d+) kB", f.read()).group(1)) // 1024
        if "/dev/" not in BINARY:  # with sanitizers, what was freed stays for a while
            check("large: it costs no memory", memory < 10, f"{memory} MB")


def open_crowd(stack, chance, zones):
    """Hosts that offer different things, bad at random; domains that share them in different orders."""
    offers = [CHUNKS, PLAIN, ALONE, [*CHUNKS, "LIMITS RCPTMAX=2 MAILMAX=3"], [*PLAIN, "DSN"]]
    leaving = [close(), abort(), hang()]
    replies = [reply("421 4.3.2 Busy", close=True), reply("451 4.3.0 Later"), raw(b"what?\r\n"), raw(b"250-x\r\n", close=True)]
    ca, sinks = stack.enter_context(Authority()), []
    for i in range(HOSTS):
        tls = ca.issue(f"mx{i}.test").context() if i % 2 else None
        sink = stack.enter_context(Sink(host=f"127.2.1.{i + 1}", port=25, extensions=chance.choice(offers), tls=tls))
        for _ in range(MANY // 5):
            stage = chance.choice(list(STAGES))
            actions = leaving if stage in ("CONTENT", "TLS") else leaving + replies
            sink.at(stage, chance.choice(actions), times=1, connection=chance.randrange(1, MANY // 3))
        sinks.append(sink)
        zones[f"mx{i}.test", "A"] = [sink.host]
    for d in range(DOMAINS):
        hosts = chance.sample(range(HOSTS), 3)
        zones[f"d{d}.test", "MX"] = [(chance.choice((10, 20)), f"mx{i}.test") for i in hosts]
    return sinks


def test_crowd(dns):
    """Hosts that are bad at random, for messages to several of them; by a seed that is told when something fails."""
    seed = int(os.environ.get("FAULT_SEED", random.randrange(1 << 30)))
    chance = random.Random(seed)
    with ExitStack() as stack:
        sinks = open_crowd(stack, chance, dns.zones)
        few = f"[queue]\nconnections = {chance.choice((3, 10, 300))}\nconnections-per-site = {chance.choice((1, 2, 5))}\n"
        server = stack.enter_context(Sender(SETTINGS + few + "messages-per-connection = 5\n"))
        wanted = []
        with server.client() as client:
            for i in range(MANY):
                to = [f"m{i}r{k}@d{chance.randrange(DOMAINS)}.test" for k in range(chance.randrange(1, 6))]
                server.send(to, client=client)
                wanted += to
        server.command("queue", "retry")
        wait_for(lambda: sum(len(m.recipients) for sink in sinks for m in sink.messages) >= len(wanted), 30)
        for sink in sinks:
            sink.behave()
        check(f"seed {seed}: the queue empties", server.settled(60), server.waiting()[:5])
        got = [to for sink in sinks for m in sink.messages for to in m.recipients]
        equal(f"seed {seed}: each once", sorted(got), sorted(wanted))
        server.no_report(f"seed {seed}: nobody hears of it")
        for sink in sinks:
            equal(f"seed {seed}: {sink.host}: we keep to the RFCs", sink.violations, [])


def main():
    lab.isolate()
    with DnsServer({}, port=53) as dns:
        test_each(all_cases(), dns)
        test_large(dns)
        test_crowd(dns)
    end()


if __name__ == "__main__":
    main()
