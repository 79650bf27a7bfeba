#!/usr/bin/env python3
"""Kept MTA-STS policies are fetched anew without mail (RFC 8461 3.3, 10.2).

A day passes while the server is stopped: the times in its store are made a day older, in records as programs wrote them
that did not note when a policy was used. The start sees to what became due, whatever single policy hosts do.
"""

import os
import sqlite3
import threading
from contextlib import ExitStack, closing

import lab
from dns_server import SERVFAIL
from harness import check, end, equal
from policy_host import POLICY
from sender import Sender, wait_for
from test_tls_policy import Laboratory, arrives, waits

DAY, WEEK = 86400, 7 * 86400
SLOW = [f"slow{n}.test" for n in range(10)]  # more than are asked at the same time


class Record:
    """A policy in the store (src/tlspolicy/sts_store.c): numbers of 7 bits per byte, signed ones zigzag."""

    def __init__(self, data):
        self.data, self.at = data, 0
        self.version, self.has_policy = self.number(), self.number()
        self.id, self.fetched = self.text(), self.number() // 2
        self.policy, self.failed_id, self.failed = self.text(), self.text(), self.number() // 2
        self.used = self.number() // 2 if self.at < len(data) else None

    def number(self):
        n = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    def text(self):
        n = self.number()
        self.at += n
        return self.data[self.at - n:self.at]

    @staticmethod
    def _number(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])

    def older(self):
        """As it was written before uses were noted."""
        number = self._number
        return (number(self.version) + number(self.has_policy) + number(len(self.id)) + self.id + number(2 * self.fetched) +
                number(len(self.policy)) + self.policy + number(len(self.failed_id)) + self.failed_id + number(2 * self.failed))


def open_store(server):
    return sqlite3.connect(os.path.join(server.folder, "data", "store.db"))


def records(server):
    with closing(open_store(server)) as db:
        return {bytes(key)[2:].decode(): Record(bytes(value)) for key, value in db.execute("SELECT key, value FROM kv")
                if bytes(key)[:2] == b"ms"}


def let_pass(server, seconds, only=None):
    """While it is stopped."""
    with closing(open_store(server)) as db, db:
        for domain, record in records(server).items():
            if only is None or domain in only:
                record.fetched -= seconds
                db.execute("UPDATE kv SET value = ? WHERE key = ?", (record.older(), b"ms" + domain.encode()))


def test_refresh(server, lab_):
    gate = threading.Event()
    sinks, hosts = {}, {}
    for name in ["changed.test", "hidden.test", "lapsed.test", "refused.test", "young.test", *SLOW]:
        sinks[name] = lab_.domain(name, "ca")
        hosts[name] = lab_.policy(name, age=WEEK)
        arrives(server, f"{name}: mail brings the policy", sinks[name], name, verified=True)
    server.stop()
    kept = records(server)
    equal("they are kept", sorted(kept), sorted(sinks))
    check("and when mail went there", all(r.used is not None and 0 <= r.used - r.fetched < 100 for r in kept.values()), vars(kept["young.test"]))
    let_pass(server, DAY, set(sinks) - {"young.test"})
    let_pass(server, WEEK, ["lapsed.test"])

    lab_.dns.zones["_mta-sts.changed.test", "TXT"] = ["v=STSv1; id=2"]
    hosts["changed.test"].say(POLICY.format(mode="testing", mx="mx.changed.test", age=WEEK))
    lab_.dns.zones["_mta-sts.hidden.test", "TXT"] = SERVFAIL
    hosts["refused.test"].say("no", status="403 Forbidden")
    for name in SLOW:
        hosts[name].answer = lambda tls: gate.wait()
    before = len(server.log())
    server.start()
    for name in ("changed.test", "hidden.test", "refused.test"):
        check(f"{name}: fetched without mail", wait_for(lambda name=name: len(hosts[name].asked) == 2), server.story())
    check("some of those that are slow are asked", wait_for(lambda: sum(len(hosts[name].asked) == 2 for name in SLOW) >= 5), server.story())
    check("and nobody else waits for them", not gate.is_set() and sum(len(hosts[name].asked) for name in SLOW) < 20)
    arrives(server, "meanwhile there is mail", sinks["young.test"], "young.test", verified=True)
    gate.set()
    check("the rest of them, when places are free",
          wait_for(lambda: all(len(hosts[name].asked) == 2 for name in SLOW)), server.story())
    check("what lapsed goes", wait_for(lambda: 'sts.lapsed domain="lapsed.test"' in server.log()[before:]), server.story())
    check("what fails is a warning", wait_for(lambda: any(line.startswith("<4>sts.unfetched") and "refused.test" in line
                                                          for line in server.log()[before:].split("\n"))), server.story())
    equal("neither what lapsed nor what is young was fetched", [len(hosts[n].asked) for n in ("lapsed.test", "young.test")], [1, 1])
    server.stop()
    now, was = records(server), kept
    check("lapsed.test is not kept", "lapsed.test" not in now, sorted(now))
    equal("changed.test: another version", (now["changed.test"].id, b"mode: testing" in now["changed.test"].policy), (b"2", True))
    equal("hidden.test: the same version lives longer", (now["hidden.test"].id, now["hidden.test"].fetched >= was["hidden.test"].fetched), (b"1", True))
    check("refused.test: as before, and that it failed", now["refused.test"].fetched == was["refused.test"].fetched - DAY
          and now["refused.test"].failed > was["refused.test"].fetched, vars(now["refused.test"]))
    equal("a fetch is no use of it", now["changed.test"].used, was["changed.test"].fetched - DAY)

    server.start()
    arrives(server, "mail is told by what was fetched", sinks["changed.test"], "changed.test", verified=True)
    equal("and does not fetch", len(hosts["changed.test"].asked), 2)
    sinks["refused.test"].tls = None
    waits(server, "what could not be fetched protects on", sinks["refused.test"], "refused.test", "4.7.10",
          "it does not offer TLS, which its domain demands")


def main():
    lab.isolate()
    with ExitStack() as stack:
        lab_ = Laboratory(stack)
        with Sender(f"[outbound]\nca-file = {lab_.ca.path}\n[queue]\nlinger = 0\n") as server:
            test_refresh(server, lab_)
    end()


if __name__ == "__main__":
    main()
