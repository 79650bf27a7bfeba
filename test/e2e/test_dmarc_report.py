#!/usr/bin/env python3
"""Reports of DMARC to other domains: what came in their name is counted, sent when its time is over, and tells the truth.

In a network of its own (lab.py). Clients come from public addresses by PROXY headers. Periods of a report are some seconds
here. Reports are read by Python's XML parser and by `report dmarc`, their signatures by `dkim-verify`.
"""

import email
import gzip
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import lab
from dns_server import DnsServer, SERVFAIL
from harness import BINARY, check, end, equal, run
from mail_keys import Keys
from ours import wait_for
from outside import Client
from sender import BOB, Sender
from sink import Sink

GOOD, OTHER = "93.184.216.10", "93.184.216.66"
SECONDS = 4  # of a period
SETTINGS = """
[listener smtp]
proxy-networks = loopback
[reports]
dmarc = yes
organization = Example & Sons
contact = https://example.test/about
interval = {}s
"""


def zones(keys):
    found = {("mx.origin.test", "A"): ["127.0.0.2"], ("example.test", "MX"): [(10, "mail.example.test")]}
    records = {
        "strict.test": "v=DMARC1; p=reject; sp=quarantine; adkim=s; rua=mailto:d@strict.test",
        "junk.test": "v=DMARC1; p=quarantine; pct=100; rua=mailto:d@junk.test!10m, mailto:small@junk.test!1k,mailto:D@junk.test",
        "quiet.test": "v=DMARC1; p=reject",  # wants no reports
        "away.test": "v=DMARC1; p=none; rua=mailto:d@willing.test,mailto:d@unwilling.test",
        "flood.test": "v=DMARC1; p=none; rua=mailto:d@unwilling.test",
        "slow.test": "v=DMARC1; p=none; rua=mailto:d@silent.test",
        "lost.test": "v=DMARC1; p=none; rua=mailto:d@mute.test",
        "http.test": "v=DMARC1; p=none; rua=https://http.test/report",
    }
    for domain, record in records.items():
        found["_dmarc." + domain, "TXT"] = [record]
        found[domain, "TXT"] = [f"v=spf1 ip4:{GOOD} -all"]
        found.update(keys.records(domain))
    for domain in [*records, "willing.test", "unwilling.test", "silent.test", "mute.test"]:
        found[domain, "MX"] = [(10, "mx.origin.test")]
    found["away.test._report._dmarc.willing.test", "TXT"] = ["v=DMARC1"]
    found["slow.test._report._dmarc.silent.test", "TXT"] = SERVFAIL
    found["lost.test._report._dmarc.mute.test", "TXT"] = SERVFAIL
    return found


def message(domain, subject="x"):
    return f"From: Ann <ann@{domain}>\r\nTo: {BOB}\r\nSubject: {subject}\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\nhello\r\n".encode()


def send(server, domain, address=GOOD, data=None, sender=None):
    with Client(server, address) as smtp:
        smtp.ehlo()
        smtp.mail(sender or f"ann@{domain}")
        smtp.rcpt(BOB)
        return smtp.data(data or message(domain))[0]


def pending(server):
    return json.loads(server.command("report", "list", "--json").stdout)


class Report:
    """A report as its reader sees it, with Python's means."""

    def __init__(self, m):
        self.m = m
        self.mail = email.message_from_bytes(m.data)
        parts = [p for p in self.mail.walk() if p.get_content_type() == "application/gzip"]
        equal("one file", len(parts), 1)
        self.name = parts[0].get_filename()
        self.xml = gzip.decompress(parts[0].get_payload(decode=True))
        self.root = ElementTree.fromstring(self.xml)
        self.domain = self.text("policy_published/domain")
        self.begin, self.end = (int(self.text(f"report_metadata/date_range/{k}")) for k in ("begin", "end"))

    def text(self, path, of=None):
        return (self.root if of is None else of).findtext(path)

    def rows(self):
        """(source, disposition, dkim, spf, reason, spf result, DKIM results): count"""
        found = {}
        for record in self.root.findall("record"):
            evaluated = record.find("row/policy_evaluated")
            key = (self.text("row/source_ip", record), *(self.text(k, evaluated) for k in ("disposition", "dkim", "spf", "reason/type")),
                   self.text("auth_results/spf/result", record),
                   tuple((self.text("selector", d), self.text("result", d)) for d in record.findall("auth_results/dkim")))
            check("a row comes once", key not in found, key)
            found[key] = int(self.text("row/count", record))
        return found


class Collector:
    """Reports that reached the sink, by domain; over several periods their rows are added up."""

    def __init__(self, sink):
        self.sink, self.taken, self.reports = sink, 0, []

    def look(self):
        while self.taken < len(self.sink.messages):
            self.reports.append(Report(self.sink.messages[self.taken]))
            self.taken += 1
        return self.reports

    def of(self, domain):
        return [r for r in self.look() if r.domain == domain]

    def rows(self, domain):
        total = {}
        for report in self.of(domain):
            for key, count in report.rows().items():
                total[key] = total.get(key, 0) + count
        return total

    def count(self, domain):
        return sum(self.rows(domain).values())

    def wait(self, domain, count, server):
        return check(f"{domain}: {count} messages are reported", wait_for(lambda: self.count(domain) >= count, 6 * SECONDS),
                     f"{self.rows(domain)}\n{pending(server)}\n{server.story()}")


def ours(data, folder):
    """What `report dmarc` says of a message."""
    path = os.path.join(folder, "report.eml")
    with open(path, "wb") as f:
        f.write(data)
    return json.loads(run("report", "dmarc", "--json", path).stdout)[0]


def bring(server, keys):
    """Messages of several outcomes; what is to be told of them, by domain."""
    signed = keys.sign(message("strict.test"), "strict.test")
    for _ in range(3):
        equal("strict: good", send(server, "strict.test"), 250)
    equal("strict: signed, from elsewhere", send(server, "strict.test", OTHER, signed), 250)
    for _ in range(2):
        equal("strict: refused", send(server, "strict.test", OTHER), 550)
    equal("strict: changed", send(server, "strict.test", OTHER, signed.replace(b"hello", b"hullo")), 550)
    equal("junk", send(server, "junk.test", OTHER), 250)
    for domain in ("quiet.test", "away.test", "flood.test", "slow.test", "http.test"):
        equal(domain, send(server, domain), 250)
    # a report of theirs is no reason for one of ours
    equal("their report", send(server, "strict.test", data=message("strict.test", "Report Domain: example.test Submitter: strict.test")), 250)
    plain = (GOOD, "none", "fail", "pass", None, "pass", ())
    return {
        "strict.test": {plain: 3, (OTHER, "none", "pass", "fail", None, "fail", (("r", "pass"),)): 1,
                        (OTHER, "reject", "fail", "fail", None, "fail", ()): 2,
                        (OTHER, "reject", "fail", "fail", None, "fail", (("r", "fail"),)): 1},
        "junk.test": {(OTHER, "quarantine", "fail", "fail", None, "fail", ()): 1},
        "away.test": {plain: 1},
    }


def test_sent(server, collector, keys, zone, folder):
    want = bring(server, keys)
    for domain, rows in want.items():
        collector.wait(domain, sum(rows.values()), server)
        equal(f"{domain}: rows", collector.rows(domain), rows)
    check("nothing else waits", wait_for(lambda: {p["domain"] for p in pending(server)} <= {"slow.test"}, 4 * SECONDS), pending(server))
    equal("nobody else hears", {r.domain for r in collector.look()}, set(want))
    for r in collector.look():
        check_form(r, zone, folder)


def check_form(r, zone, folder):
    equal("from nobody", r.m.sender, "")
    equal("the period", (r.end - r.begin + 1, r.begin % SECONDS), (SECONDS, 0))
    equal("the file's name", r.name, f"mail.example.test!{r.domain}!{r.begin}!{r.end}.xml.gz")
    subject = re.sub(r"\s+", " ", r.mail["Subject"])
    identity = r.text("report_metadata/report_id")
    equal("the subject", subject, f"Report Domain: {r.domain} Submitter: mail.example.test Report-ID: <{identity}>")
    equal("the reporter", [r.text(f"report_metadata/{k}") for k in ("org_name", "email", "extra_contact_info")],
          ["Example & Sons", "postmaster@mail.example.test", "https://example.test/about"])
    equal("no answers", r.mail["Auto-Submitted"], "auto-generated")
    done = subprocess.run([BINARY, "dkim-verify", "--dns", zone, "-"], input=r.m.data, check=True, capture_output=True)
    equal("signed", {(s["result"], s["domain"]) for s in json.loads(done.stdout)}, {("pass", "example.test")})
    said = ours(r.m.data, folder)
    equal("`report dmarc` agrees", (said["organization"], said["id"], said["domain"], said["begin"], said["messages"]),
          ("Example & Sons", identity, r.domain, r.begin, sum(r.rows().values())))
    check("identifiers", all(r.text("identifiers/header_from", x) == r.domain == r.text("identifiers/envelope_from", x)
                             for x in r.root.findall("record")), r.xml)


def test_details(collector):
    r = collector.of("strict.test")[0]
    equal("what was published", [r.text(f"policy_published/{k}") for k in ("adkim", "aspf", "p", "sp", "pct", "fo")],
          ["s", "r", "reject", "quarantine", "100", "0"])
    equal("to each once, by size", collector.of("junk.test")[0].m.recipients, ["d@junk.test"])
    equal("to who agreed", collector.of("away.test")[0].m.recipients, ["d@willing.test"])
    equal("to the domain itself", r.m.recipients, ["d@strict.test"])


def test_silence(server, collector, dns):
    """DNS that does not answer lets it wait for a while; then it goes."""
    send(server, "slow.test")
    check("it is asked again", wait_for(lambda: server.log().count("reports.later") >= 2, 5 * SECONDS), server.story())
    dns.zones["slow.test._report._dmarc.silent.test", "TXT"] = ["v=DMARC1; rua=mailto:other@silent.test"]
    check("it is sent when DNS answers", wait_for(lambda: collector.of("slow.test"), 6 * SECONDS), server.story())
    equal("to another address of the same host", collector.of("slow.test")[-1].m.recipients, ["other@silent.test"])
    send(server, "lost.test")
    check("it is given up", wait_for(lambda: "reports.given-up" in server.log(), 12 * SECONDS), server.story())
    check("and gone", wait_for(lambda: pending(server) == [], 4 * SECONDS), pending(server))


def test_killed(server, collector):
    """Whatever a crash comes between: each message is told once."""
    before, sent = collector.count("strict.test"), 0
    for n in range(6):
        for _ in range(3):
            sent += send(server, "strict.test") == 250
        time.sleep(SECONDS * (0.2 + 0.15 * n))  # anywhere in a period, and while it is reported
        server.restart(signal.SIGKILL)
    collector.wait("strict.test", before + sent, server)
    check("all is over", wait_for(lambda: pending(server) == [] and server.queue() == [], 6 * SECONDS), server.story())
    # A host that took a report whose end we did not live to see gets it again (D6): it has the same id.
    seen = {}
    for r in collector.of("strict.test"):
        seen.setdefault(r.text("report_metadata/report_id"), set()).add(r.xml)
    equal("the same id is the same report", [k for k, v in seen.items() if len(v) > 1], [])
    equal("each message once", sum(sum(Report(r.m).rows().values()) for r in {r.text("report_metadata/report_id"): r
                                   for r in collector.of("strict.test")}.values()), before + sent)


def test_listed(server):
    send(server, "strict.test")
    text = server.command("report", "list").stdout
    check("for people", text.startswith("strict.test: 1 message in 1 row from ") and "to be sent from" in text, text)
    one = pending(server)[0]
    equal("for programs", [one[k] for k in ("kind", "domain", "messages", "rows", "dropped")], ["dmarc", "strict.test", 1, 1, 0])
    server.kill()
    equal("without a server", pending(server), [one])
    equal("the store is in order", server.command("check", check_status=False).returncode, 0)
    server.start()


def test_off(server):
    """Who switches it off sends nothing that was collected before."""
    server.stop()
    server.add_settings("[reports]\ndmarc = no\ninterval = 1s\n")
    server.start()
    check("what waited goes", wait_for(lambda: pending(server) == []), pending(server))
    equal("off", send(server, "strict.test"), 250)
    equal("nothing is collected", (pending(server), server.command("report", "list").stdout), ([], "nothing waits to be reported\n"))


def main():
    lab.isolate()
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        with DnsServer(zones(keys), port=53) as dns, Sink(host="127.0.0.2", port=25) as sink, Sender(SETTINGS.format(SECONDS), start=False) as server:
            keys.install(server, "example.test")
            zone = keys.zone_file(os.path.join(folder, "zone"), keys.records("example.test"))
            server.start()
            collector = Collector(sink)
            test_sent(server, collector, keys, zone, folder)
            test_details(collector)
            test_silence(server, collector, dns)
            test_killed(server, collector)
            server.stop()
            server.add_settings("[reports]\ninterval = 1h\n")
            server.start()
            count = len(sink.messages)
            test_listed(server)
            test_off(server)
            equal("nothing more came", len(sink.messages), count)
            equal("a good client", sink.violations, [])
    end()


main()
