#!/usr/bin/env python3
"""TLS-RPT (RFC 8460): what happened is counted, and when its time is over told to domains that ask, by mail or HTTPS.

In a network of its own (lab.py). Periods of a report are some seconds here, so that one domain may get several.
"""

import datetime
import email
import gzip
import json
import os
import re
import subprocess
import tempfile
import time
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import SERVFAIL, DnsServer
from harness import BINARY, check, end, equal
from mail_keys import Keys
from policy_host import POLICY, PolicyHost
from sender import Sender, wait_for
from sink import Sink, close

DAY = 86400
SECONDS = 4  # of a period
SETTINGS = """
[outbound]
ca-file = {}
[reports]
tls = yes
interval = {}s
[queue]
linger = 0
"""


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


def pending(server):
    """What is counted and not told yet: the domains."""
    waiting = json.loads(server.command("report", "list", "--json").stdout)
    equal("of which kind", {p["kind"] for p in waiting} - {"tls"}, set())
    return {p["domain"] for p in waiting}


def send(server, rcpt, sink):
    before = len(sink.messages)
    server.send(rcpt)
    check(f"{rcpt}: arrives", sink.wait(before + 1), server.story())


def main():
    lab.isolate()
    with ExitStack() as stack:
        lab_ = Laboratory(stack)
        # RFC 8460 3: reports come in spite of what their own domain demands, and are not reported about.
        collector = lab_.domain("collector.test", None, is_secure=True, rua="mailto:tls@collector.test")
        lab_.dns.zones["_25._tcp.mx.collector.test", "TLSA"] = [(3, 1, 1, "00" * 32)]
        endpoint = lab_.https("reports.test")
        endpoint.say("", status="201 Created")
        dead = lab_.https("dead.test")
        dead.say("", status="500 No")
        certificate = lab_.others.issue("mx.dane.test")
        dane = lab_.domain("dane.test", certificate, is_secure=True, rua="mailto:tls@collector.test")
        lab_.dns.zones["_25._tcp.mx.dane.test", "TLSA"] = [certificate.tlsa(), certificate.tlsa(3, 0, 0)]
        testing = lab_.domain("testing.test", lab_.others.issue("mx.testing.test"), rua="https://dead.test/,https://reports.test/v1?x=y")
        lab_.policy("testing.test")
        plain = lab_.domain("plain.test", None, rua="mailto:tls@collector.test")
        lab_.policy("plain.test")
        unasked = lab_.domain("unasked.test", lab_.ca.issue("mx.unasked.test"))
        lab_.policy("unasked.test")
        free = lab_.domain("free.test", lab_.ca.issue("mx.free.test"), rua="mailto:tls@collector.test")
        hidden = lab_.domain("hidden.test", lab_.ca.issue("mx.hidden.test"), rua="mailto:tls@collector.test")
        lab_.policy("hidden.test")
        clear = lab_.domain("clear.test", None, rua="mailto:tls%40collector.test?subject=x")
        kept = lab_.domain("kept.test", lab_.ca.issue("mx.kept.test"), rua="mailto:tls@collector.test")
        keeper = lab_.policy("kept.test")
        away = lab_.domain("away.test", lab_.ca.issue("mx.away.test"), rua="mailto:tls@collector.test")
        lab_.policy("away.test", mx="elsewhere.test")
        lost = lab_.domain("lost.test", lab_.ca.issue("mx.lost.test"), rua="mailto:tls@collector.test")
        lab_.policy("lost.test").say("no", status="404 Not Found")
        lab_.dns.zones["_smtp._tls.hidden.test", "TXT"] = SERVFAIL

        told = Told(collector, endpoint)
        keys = Keys(stack.enter_context(tempfile.TemporaryDirectory()))
        with Sender(SETTINGS.format(lab_.ca.path, SECONDS), start=False) as server:
            keys.install(server, "example.test")
            server.start()
            for _ in range(2):
                send(server, "x@dane.test", dane)
            for domain, sink in (("testing.test", testing), ("plain.test", plain), ("unasked.test", unasked), ("free.test", free),
                                 ("hidden.test", hidden), ("lost.test", lost), ("clear.test", clear), ("kept.test", kept), ("away.test", away)):
                send(server, f"x@{domain}", sink)
            lab_.dns.zones["_mta-sts.kept.test", "TXT"] = ["v=STSv1; id=2;"]
            keeper.say("gone", status="404 Not Found")
            send(server, "x@kept.test", kept)
            free.at("TLS", close())
            send(server, "x@free.test", free)
            dane.tls = lab_.ca.issue("mx.dane.test").context()
            server.send("x@dane.test")
            check("one that fails", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
            server.command("queue", "cancel", str(server.queue()[0]["id"]))
            for domain, sessions in (("dane.test", 3), ("plain.test", 1), ("lost.test", 1), ("testing.test", 1), ("free.test", 2),
                                     ("clear.test", 1), ("kept.test", 2), ("away.test", 1)):
                check(f"{domain} hears of {sessions}", wait_for(lambda d=domain, n=sessions: told.sessions(d) >= n, 6 * SECONDS), server.story())
            equal("who has heard", told.domains(), {"away.test", "clear.test", "dane.test", "free.test", "kept.test", "lost.test", "plain.test",
                                                   "testing.test"})
            test_told(told, certificate)
            test_failures(told)
            test_no_policy(told)
            check("what could not be asked for is asked again", wait_for(lambda: lab_.dns.count("_smtp._tls.hidden.test") > 4, 5 * SECONDS))
            check("then it is given up, and nothing is left", wait_for(lambda: pending(server) == set(), 8 * SECONDS), pending(server))
            count = len(collector.messages)
            time.sleep(2 * SECONDS)
            equal("nothing is told twice", len(collector.messages), count)
            test_post(endpoint, dead)
            test_signed(collector, keys.zone_file(os.path.join(server.folder, "zone"), keys.records("example.test")))
            test_off(server, lab_, testing)
        for sink in lab_.sinks.values():
            equal(f"{sink.name}: we keep to the RFCs", sink.violations, [])
    end()


class Told:
    """What a mailbox and a web server heard, added up over the periods."""

    def __init__(self, collector, endpoint):
        self.collector, self.endpoint, self.read = collector, endpoint, {}

    def reports(self):
        """Every report by its id, looked at once; by mail, then by HTTPS."""
        for m in self.collector.messages:
            if id(m) not in self.read:
                self.read[id(m)] = read_mail(m.data if isinstance(m.data, bytes) else m.data.encode(), m)
        posted = [json.loads(gzip.decompress(body)) for body in self.endpoint.bodies]
        found = list(self.read.values()) + [("testing.test", report) for report in posted]
        return list({report["report-id"]: (domain, report) for domain, report in found}.values())

    def policies(self, domain):
        """Entries of this domain's reports, those about one policy as one."""
        total = {}
        for about, report in self.reports():
            for entry in report["policies"] if about == domain else []:
                key = json.dumps(entry["policy"])
                one = total.setdefault(key, {"policy": entry["policy"], "good": 0, "bad": 0, "details": []})
                one["good"] += entry["summary"]["total-successful-session-count"]
                one["bad"] += entry["summary"]["total-failure-session-count"]
                one["details"] += entry.get("failure-details", [])
        return list(total.values())

    def sessions(self, domain):
        return sum(p["good"] + p["bad"] for p in self.policies(domain))

    def domains(self):
        return {domain for domain, _ in self.reports()}


def read_mail(data, m):
    mail = email.message_from_bytes(data)
    domain = mail["TLS-Report-Domain"]
    equal(f"{domain}: from nobody, to whom it asked for", (m.sender, m.recipients), ("", ["tls@collector.test"]))
    equal(f"{domain}: a report", (mail.get_content_type(), mail.get_param("report-type")), ("multipart/report", "tlsrpt"))
    submitter = mail["TLS-Report-Submitter"]
    words, part = mail.get_payload()
    check(f"{domain}: words", domain in words.get_payload(), words)
    report = json.loads(gzip.decompress(part.get_payload(decode=True)))
    times = [datetime.datetime.fromisoformat(report["date-range"][f"{k}-datetime"].replace("Z", "+00:00")) for k in ("start", "end")]
    start, stop = (int(t.timestamp()) for t in times)
    equal(f"{domain}: the period", (start % SECONDS, stop - start), (0, SECONDS - 1))
    equal(f"{domain}: its part", (part.get_content_type(), part.get_filename()),
          ("application/tlsrpt+gzip", f"{submitter}!{domain}!{start}!{stop}.json.gz"))
    subject = " ".join(mail["Subject"].split())
    equal(f"{domain}: subject", subject, f"Report Domain: {domain} Submitter: {submitter} Report-ID: <{report['report-id']}>")
    equal(f"{domain}: who", (report["organization-name"], mail["From"]), (submitter, f"<{report['contact-info']}>"))
    equal(f"{domain}: whose", report["contact-info"].split("@")[1], submitter)
    equal(f"{domain}: whatever is demanded", (m.tls, mail["TLS-Required"]), (None, "No"))
    equal(f"{domain}: nobody answers", mail["Auto-Submitted"], "auto-generated")
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        done = subprocess.run([BINARY, "report", "tls", f.name], stdout=subprocess.PIPE, check=True)
        check(f"{domain}: we can read it ourselves", domain in done.stdout.decode(), done.stdout)
    return domain, report


def test_told(told, certificate):
    policy, = told.policies("dane.test")
    equal("DANE: what was demanded, of whom (1.1)", (policy["policy"]["policy-type"], policy["policy"]["policy-domain"]), ("tlsa", "mx.dane.test"))
    equal("DANE: the records, whole", {s.lower() for s in policy["policy"]["policy-string"]},
          {"{} {} {} {}".format(*certificate.tlsa(*kind)).lower() for kind in ((3, 1, 1), (3, 0, 0))})
    equal("DANE: how it went", policy["good"], 2)
    check("DANE: what failed", policy["bad"] >= 1, policy)
    equal("DANE: where", {(f["result-type"], f["receiving-mx-hostname"]) for f in policy["details"]}, {("validation-failure", "mx.dane.test")})
    equal("DANE: every failure in detail", sum(f["failed-session-count"] for f in policy["details"]), policy["bad"])
    check("DANE: at which address", policy["details"][0]["receiving-ip"].startswith("127.0.0."), policy)
    check("DANE: from which of ours", policy["details"][0]["sending-mta-ip"].startswith("127.0.0."), policy)
    check("DANE: why", "not what its domain says" in policy["details"][0]["failure-reason-code"], policy)
    policy, = told.policies("plain.test")
    equal("no TLS", (policy["policy"]["policy-type"], policy["details"][0]["result-type"]), ("sts", "starttls-not-supported"))
    policy, = told.policies("lost.test")
    equal("no policy to be had", policy["details"][0]["result-type"], "sts-policy-fetch-error")
    policy, = told.policies("testing.test")
    equal("the policy", policy["policy"], {"policy-type": "sts", "policy-domain": "testing.test", "mx-host": ["mx.testing.test"],
                                           "policy-string": ["version: STSv1", "mode: testing", "mx: mx.testing.test", "max_age: 86400"]})
    equal("how it went", (policy["good"], policy["bad"]), (0, 1))
    equal("why", [policy["details"][0][k] for k in ("result-type", "failure-reason-code")],
          ["certificate-not-trusted", "BR_ERR_X509_NOT_TRUSTED"])


def test_failures(told):
    """What failed beside the conversation (RFC 8461 6), and a host that a policy leaves out."""
    policy, = told.policies("kept.test")
    equal("kept: both went well", (policy["good"], policy["bad"]), (2, 0))
    failure, = policy["details"]
    equal("kept: the new policy is not to be had", (failure["result-type"], failure["failed-session-count"]), ("sts-policy-fetch-error", 1))
    policy, = told.policies("away.test")
    equal("not named", (policy["good"], policy["bad"]), (0, 1))
    failure, = policy["details"]
    equal("not named: why", (failure["result-type"], failure["failure-reason-code"]),
          ("validation-failure", "its domain's MTA-STS policy does not name it"))


def test_no_policy(told):
    """Domains that demand nothing: how it went all the same (RFC 8460 4)."""
    policy, = told.policies("free.test")
    equal("no policy", policy["policy"], {"policy-type": "no-policy-found", "policy-domain": "free.test"})
    equal("TLS once, and once not", (policy["good"], policy["bad"]), (1, 1))
    failure, = policy["details"]
    equal("why not", (failure["result-type"], failure["receiving-mx-hostname"]), ("validation-failure", "mx.free.test"))
    policy, = told.policies("clear.test")
    equal("no TLS at all", (policy["good"], policy["bad"], [f["result-type"] for f in policy["details"]]), (0, 1, ["starttls-not-supported"]))


def test_post(endpoint, dead):
    equal("the first address was tried", dead.asked, ["POST / HTTP/1.1"])
    equal("then the second", endpoint.asked, ["POST /v1?x=y HTTP/1.1"])
    check("its type", "content-type: application/tlsrpt+gzip" in endpoint.heads[0].lower(), endpoint.heads)


def test_signed(collector, zone):
    """RFC 8460 3: by the reporting domain, or nobody reads it; 5.3: with its own fields."""
    for m in collector.messages:
        done = subprocess.run([BINARY, "dkim-verify", "--dns", zone, "-"], input=m.data, check=True, capture_output=True)
        equal("signed", {(s["result"], s["domain"]) for s in json.loads(done.stdout)}, {("pass", "example.test")})
        fields = re.sub(r"\s", "", email.message_from_bytes(m.data)["DKIM-Signature"]).lower()
        names = re.search(r";h=([^;]*)", fields)[1].split(":")
        check("its own fields are", {"tls-report-domain", "tls-report-submitter", "tls-required"} <= set(names), names)
        check("all of its body is (no l=)", ";l=" not in fields, fields)


def test_off(server, lab_, testing):
    server.stop()
    server.add_settings("[reports]\ntls = no\n")
    server.start()
    send(server, "x@testing.test", testing)
    check("settled", server.settled(), server.queue())
    equal("nothing is counted unless it is wanted", pending(server), set())


if __name__ == "__main__":
    main()
