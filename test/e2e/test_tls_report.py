#!/usr/bin/env python3
"""TLS-RPT (RFC 8460): what happened is counted, and on the next day told to domains that ask, by mail or HTTPS.

In a network of its own (lab.py). Midnight is brought about by moving what was counted one day back in the store.
"""

import email
import gzip
import json
import os
import sqlite3
import subprocess
import tempfile
import time
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import SERVFAIL, DnsServer
from harness import BINARY, check, end, equal
from policy_host import POLICY, PolicyHost
from sender import Sender, wait_for
from sink import Sink

DAY = 86400


class Laboratory:
    def __init__(self, stack):
        self.stack, self.next, self.sinks = stack, 20, {}
        self.ca, self.others = stack.enter_context(Authority()), stack.enter_context(Authority("Somebody Else"))
        self.dns = stack.enter_context(DnsServer({}, port=53, ttl=0))

    def address(self):
        self.next += 1
        return f"127.0.0.{self.next}"

    def host(self, name, certificate=None):
        address = self.address()
        self.dns.zones[name, "A"] = [address]
        self.sinks[name] = self.stack.enter_context(Sink(host=address, port=25, tls=certificate and certificate.context(), name=name))
        return self.sinks[name]

    def domain(self, name, certificate, is_secure=False, rua=None):
        self.dns.zones[name, "MX"] = [(10, f"mx.{name}")]
        if is_secure:
            self.dns.secure.add(name)
        if rua:
            self.dns.zones[f"_smtp._tls.{name}", "TXT"] = [f"v=TLSRPTv1; rua={rua}"]
        return self.host(f"mx.{name}", certificate)

    def https(self, name):
        address = self.address()
        self.dns.zones[name, "A"] = [address]
        return self.stack.enter_context(PolicyHost(address, self.ca.issue(name)))

    def policy(self, domain, **options):
        self.dns.zones[f"_mta-sts.{domain}", "TXT"] = ["v=STSv1; id=1;"]
        host = self.https(f"mta-sts.{domain}")
        host.say(POLICY.format(**({"mode": "testing", "mx": f"mx.{domain}", "age": DAY} | options)))
        return host


def store(server):
    return os.path.join(server.folder, "data", "store.db")


def day_of(key):
    """The day behind the two bytes of its kind, and what follows it (store/key.h: a number is its length and its bytes)."""
    end = 3 + key[2]
    return int.from_bytes(key[3:end], "big"), key[end:]


def counted(server):
    """(day, domain) of what is there; the server stands still."""
    with sqlite3.connect(store(server)) as db:
        keys = [bytes(k) for k, in db.execute("SELECT key FROM kv WHERE substr(key, 1, 2) = x'6d72'")]
    return sorted({(day, rest[:rest.index(b"\0\1")].decode()) for day, rest in map(day_of, keys)})


def stops_with_none(server):
    """It stands still, and nothing is kept; else it goes on, for DNS had not answered when it was stopped."""
    server.stop()
    if counted(server):
        server.start()
        return False
    return True


def midnight(server, days=1):
    """The same, some days before."""
    with sqlite3.connect(store(server)) as db:
        for kind in (b"mr", b"md"):
            for k, in db.execute("SELECT key FROM kv WHERE substr(key, 1, 2) = ?", (kind,)).fetchall():
                k = bytes(k)
                day, rest = day_of(k)
                moved = k[:3] + (day - days).to_bytes(k[2], "big") + rest
                db.execute("UPDATE kv SET key = ? WHERE key = ?", (moved, k))


def send(server, rcpt, sink):
    before = len(sink.messages)
    server.send(rcpt)
    check(f"{rcpt}: arrives", sink.wait(before + 1), server.story())


def main():
    lab.isolate()
    with ExitStack() as stack:
        lab_ = Laboratory(stack)
        collector = lab_.domain("collector.test", None)
        endpoint = lab_.https("reports.test")
        endpoint.say("", status="201 Created")
        dead = lab_.https("dead.test")
        dead.say("", status="500 No")
        certificate = lab_.others.issue("mx.dane.test")
        dane = lab_.domain("dane.test", certificate, is_secure=True, rua="mailto:tls@collector.test")
        lab_.dns.zones["_25._tcp.mx.dane.test", "TLSA"] = [certificate.tlsa()]
        testing = lab_.domain("testing.test", lab_.others.issue("mx.testing.test"), rua="https://dead.test/,https://reports.test/v1?x=y")
        lab_.policy("testing.test")
        plain = lab_.domain("plain.test", None, rua="mailto:tls@collector.test")
        lab_.policy("plain.test")
        unasked = lab_.domain("unasked.test", lab_.ca.issue("mx.unasked.test"))
        lab_.policy("unasked.test")
        free = lab_.domain("free.test", lab_.ca.issue("mx.free.test"), rua="mailto:tls@collector.test")
        hidden = lab_.domain("hidden.test", lab_.ca.issue("mx.hidden.test"), rua="mailto:tls@collector.test")
        lab_.policy("hidden.test")
        lost = lab_.domain("lost.test", lab_.ca.issue("mx.lost.test"), rua="mailto:tls@collector.test")
        lab_.policy("lost.test").say("no", status="404 Not Found")
        lab_.dns.zones["_smtp._tls.hidden.test", "TXT"] = SERVFAIL

        with Sender(f"[outbound]\nca-file = {lab_.ca.path}\ntls-reports = yes\n[queue]\nlinger = 0\n") as server:
            for _ in range(2):
                send(server, "x@dane.test", dane)
            for domain, sink in (("testing.test", testing), ("plain.test", plain), ("unasked.test", unasked), ("free.test", free),
                                 ("hidden.test", hidden), ("lost.test", lost)):
                send(server, f"x@{domain}", sink)
            dane.tls = lab_.ca.issue("mx.dane.test").context()
            server.send("x@dane.test")
            check("one that fails", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
            server.command("queue", "cancel", str(server.queue()[0]["id"]))
            check("settled", server.settled(), server.queue())
            equal("nothing is told on the same day", (len(collector.messages), endpoint.asked), (0, []))
            server.stop()
            day = int(time.time()) // DAY
            names = ["dane.test", "hidden.test", "lost.test", "plain.test", "testing.test", "unasked.test"]
            equal("counted, where something was demanded", counted(server), [(day, name) for name in names])
            midnight(server)
            start = (day - 1) * DAY
            server.start()
            check("by mail", collector.wait(3), server.story())
            check("by HTTPS", wait_for(lambda: endpoint.bodies), server.story())
            check("settled", server.settled(), server.queue())
            test_mail(collector, start)
            test_post(endpoint, dead, start)
            server.stop()
            equal("what could not be asked for is kept", counted(server), [(day - 1, "hidden.test")])
            server.start()
            check("not told twice", wait_for(lambda: lab_.dns.count("_smtp._tls.hidden.test") > 2), lab_.dns.questions)
            equal("not told twice by mail", len(collector.messages), 3)
            server.stop()
            midnight(server, 5)
            server.start()
            check("asked once more", wait_for(lambda: lab_.dns.count("_smtp._tls.hidden.test") > 4), lab_.dns.questions)
            check("older news are none", wait_for(lambda: stops_with_none(server)), counted(server))
        with Sender(f"[outbound]\nca-file = {lab_.ca.path}\n") as server:
            send(server, "x@testing.test", testing)
            check("settled", server.settled(), server.queue())
            server.stop()
            equal("nothing is counted unless it is wanted", counted(server), [])
        for sink in lab_.sinks.values():
            equal(f"{sink.name}: we keep to the RFCs", sink.violations, [])
    end()


def test_mail(collector, start):
    reports = {}
    for m in collector.messages:
        mail = email.message_from_bytes(m.data if isinstance(m.data, bytes) else m.data.encode())
        domain = mail["TLS-Report-Domain"]
        equal(f"{domain}: from nobody, to whom it asked for", (m.sender, m.recipients), ("", ["tls@collector.test"]))
        equal(f"{domain}: a report", (mail.get_content_type(), mail.get_param("report-type")), ("multipart/report", "tlsrpt"))
        submitter = mail["TLS-Report-Submitter"]
        words, part = mail.get_payload()
        check(f"{domain}: words", domain in words.get_payload(), words)
        equal(f"{domain}: its part", (part.get_content_type(), part.get_filename()),
              ("application/tlsrpt+gzip", f"{submitter}!{domain}!{start}!{start + DAY - 1}.json.gz"))
        packed = part.get_payload(decode=True)
        report = json.loads(gzip.decompress(packed))
        subject = " ".join(mail["Subject"].split())
        equal(f"{domain}: subject", subject, f"Report Domain: {domain} Submitter: {submitter} Report-ID: <{report['report-id']}>")
        equal(f"{domain}: the day", report["date-range"],
              {"start-datetime": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(start)),
               "end-datetime": time.strftime("%Y-%m-%dT23:59:59Z", time.gmtime(start))})
        equal(f"{domain}: who", (report["organization-name"], mail["From"]), (submitter, report["contact-info"]))
        reports[domain] = report["policies"]
        with tempfile.NamedTemporaryFile() as f:
            f.write(m.data if isinstance(m.data, bytes) else m.data.encode())
            f.flush()
            done = subprocess.run([BINARY, "report", "tls", f.name], stdout=subprocess.PIPE, check=True)
            check(f"{domain}: we can read it ourselves", domain in done.stdout.decode(), done.stdout)
    equal("who heard by mail", sorted(reports), ["dane.test", "lost.test", "plain.test"])
    policy, = reports["dane.test"]
    equal("DANE: what was demanded", (policy["policy"]["policy-type"], policy["policy"]["mx-host"]), ("tlsa", ["mx.dane.test"]))
    check("DANE: the record", policy["policy"]["policy-string"][0].startswith("3 1 1 "), policy)
    equal("DANE: how it went", policy["summary"]["total-successful-session-count"], 2)
    check("DANE: what failed", policy["summary"]["total-failure-session-count"] >= 1, policy)
    failure, = policy["failure-details"]
    equal("DANE: where", (failure["result-type"], failure["receiving-mx-hostname"], failure["failed-session-count"]),
          ("validation-failure", "mx.dane.test", policy["summary"]["total-failure-session-count"]))
    check("DANE: at which address", failure["receiving-ip"].startswith("127.0.0."), failure)
    policy, = reports["plain.test"]
    equal("no TLS", (policy["policy"]["policy-type"], policy["failure-details"][0]["result-type"]), ("sts", "starttls-not-supported"))
    policy, = reports["lost.test"]
    equal("no policy to be had", policy["failure-details"][0]["result-type"], "sts-policy-fetch-error")


def test_post(endpoint, dead, start):
    equal("the first address was tried", dead.asked, ["POST / HTTP/1.1"])
    equal("then the second", endpoint.asked, ["POST /v1?x=y HTTP/1.1"])
    check("its type", "content-type: application/tlsrpt+gzip" in endpoint.heads[0].lower(), endpoint.heads)
    policy, = json.loads(gzip.decompress(endpoint.bodies[0]))["policies"]
    equal("the policy", policy["policy"], {"policy-type": "sts", "policy-domain": "testing.test", "mx-host": ["mx.testing.test"],
                                           "policy-string": ["version: STSv1", "mode: testing", "mx: mx.testing.test", "max_age: 86400"]})
    equal("how it went", policy["summary"], {"total-successful-session-count": 0, "total-failure-session-count": 1})
    equal("why", policy["failure-details"][0]["result-type"], "certificate-not-trusted")


if __name__ == "__main__":
    main()
