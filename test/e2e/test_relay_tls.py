#!/usr/bin/env python3
"""Encryption on the way out: STARTTLS with whoever offers it, certificates where they must be right, REQUIRETLS.

In a network of its own (lab.py). RFC 3207, 7435 (opportunistic), 8689 (REQUIRETLS).
"""

import re
import ssl
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import DnsServer
from harness import check, end, equal
from sender import Sender, wait_for
from sink import DEFAULT, Sink, abort, close, raw, reply

HOSTS = ["good", "stranger", "other", "old", "plain", "safe", "lying", "refusing"]
ZONES = {}
for number, host in enumerate(HOSTS):
    ZONES[f"{host}.test", "MX"] = [(10, f"mx.{host}.test")]
    ZONES[f"mx.{host}.test", "A"] = [f"127.0.0.{10 + number}"]
ROUTES = """
[server]
debug = smtpc
[outbound]
ca-file = {}
[route must]
domains = must.test .must.test
tls = must
[route verified]
domains = verified.test
tls = verify
[route never]
domains = never.test
tls = never
"""
# Domains that a route says something of, whose mail goes to a host of above.
ROUTED = {"must.test": "plain", "in.must.test": "stranger", "verified.test": "stranger", "never.test": "good"}


class Laboratory:
    def __init__(self, stack):
        self.ca = stack.enter_context(Authority())
        others = stack.enter_context(Authority("Somebody Else"))
        names = {host: f"mx.{host}.test" for host in HOSTS}
        certificates = {"good": self.ca.issue(names["good"]), "stranger": others.issue(names["stranger"]),
                        "other": self.ca.issue("mx.elsewhere.test"), "safe": self.ca.issue(names["safe"]),
                        "old": self.ca.issue(names["old"], valid=("20200101000000Z", "20200201000000Z")),
                        "lying": self.ca.issue(names["lying"]), "refusing": self.ca.issue(names["refusing"])}
        self.sinks = {}
        for host in HOSTS:
            extensions = [*DEFAULT, "REQUIRETLS"] if host in ("safe", "stranger") else DEFAULT
            tls = certificates[host].context() if host in certificates else None
            sink = Sink(host=ZONES[names[host], "A"][0], port=25, tls=tls, extensions=extensions, name=names[host])
            self.sinks[host] = stack.enter_context(sink)
        self.trusted = self.ca.issue(names["stranger"])
        ZONES["several.test", "MX"] = [(i, names[host]) for i, host in enumerate(("plain", "good", "safe"))]
        zones = dict(ZONES) | {(domain, "MX"): [(10, names[host])] for domain, host in ROUTED.items()}
        zones["hearsay.test", "MX"] = [(10, names["safe"])]
        self.dns = stack.enter_context(DnsServer(zones, port=53, ttl=0))
        self.dns.secure |= {"safe.test", "several.test"}  # RFC 8689 4.2.1: who takes the mail is proved


def took(server, sink, rcpt):
    """The message that the sink got."""
    before = len(sink.messages)
    server.send(rcpt)
    check(f"{rcpt}: arrives", sink.wait(before + 1), server.story())
    return sink.messages[-1]


def connected(server):
    """What the log says of the last connection: (cipher or "no", whether the certificate was right)."""
    return re.findall(r'smtpc.connected .* tls="([^"]*)" verified=(\d)', server.log())[-1]


def recorded(server):
    """The same, as the line about the last recipient has it for good."""
    check("settled", server.settled(), server.queue())
    return re.findall(r'queue.rcpt .* tls="([^"]*)" verified=(\d)', server.log())[-1]


def test_shown(server, sinks):
    """What waits shows how the last try was protected."""
    for host, words in (("good", ", certificate verified"), ("stranger", ", certificate not verified"), ("plain", "in clear, without TLS")):
        sinks[host].at("END", reply("451 4.3.0 Not now"))
        server.send(f"later@{host}.test")
        check(f"{host}: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
        row = server.waiting()[0]
        equal(f"{host}: as JSON", (row["tls"].split(" ")[0], row["verified"]), ("no" if host == "plain" else "TLS1.2", host == "good"))
        text = server.command("queue", "show", str(server.queue()[0]["id"])).stdout
        check(f"{host}: in words", words in text and "451 4.3.0 Not now" in text, text)
        sinks[host].behave()
        check(f"{host}: then it goes", server.settled(), server.queue())


def test_offered(server, sinks):
    for host, is_right in (("good", True), ("stranger", False), ("other", False), ("old", False)):
        m = took(server, sinks[host], f"x@{host}.test")
        check(f"{host}: TLS 1.2", m.tls == "TLSv1.2", m.tls)
        equal(f"{host}: asked for by its name", sinks[host].connections[-1].server_name, f"mx.{host}.test")
        equal(f"{host}: the log says whether the certificate is right", connected(server)[1], str(int(is_right)))
        cipher, verified = recorded(server)
        check(f"{host}: so does the line of the recipient", cipher.startswith("TLS1.2 ECDHE_") and verified == str(int(is_right)), cipher)
        equal(f"{host}: EHLO is said again", sinks[host].verbs(1)[:3], ["EHLO", "STARTTLS", "EHLO"])
    equal("no TLS where none is offered", took(server, sinks["plain"], "x@plain.test").tls, None)
    equal("and the log says so", connected(server), ("no", "0"))
    equal("the line of the recipient, too", recorded(server), ("no", "0"))
    equal("no TLS where a route forbids it", took(server, sinks["good"], "x@never.test").tls, None)


def test_broken(server, sinks):
    """Whoever offers TLS and cannot do it gets the mail in clear (RFC 7435 4), at once."""
    lying, refusing = sinks["lying"], sinks["refusing"]
    for name, action in (("hangs up", close()), ("resets", abort()), ("talks nonsense", raw(b"HTTP/1.1 400 No\r\n\r\n", close=True)),
                         ("sends an alert", raw(b"\x15\x03\x03\x00\x02\x02\x28", close=True))):
        lying.at("TLS", action)
        before = len(lying.connections)
        equal(f"a host that {name} in the handshake: in clear", took(server, lying, "x@lying.test").tls, None)
        equal(f"a host that {name} in the handshake: connections", len(lying.connections) - before, 2)
        check("settled", server.settled())
        lying.behave()
    for text in ("454 4.7.0 TLS not available", "501 5.5.4 No"):
        refusing.at("STARTTLS", reply(text))
        before = len(refusing.connections)
        equal(f"{text[:3]} to STARTTLS: in clear", took(server, refusing, "x@refusing.test").tls, None)
        equal(f"{text[:3]} to STARTTLS: on the same connection", len(refusing.connections) - before, 1)
        check("settled", server.settled())
        refusing.behave()
    # RFC 3207 6: what stands behind the 220 in clear must not count after the handshake.
    lying.at("STARTTLS", raw(b"220 2.0.0 Go ahead\r\n250-lying\r\n250 SIZE 1\r\n"))
    equal("bytes before the handshake are not believed", took(server, lying, "x@lying.test").tls, None)
    lying.behave()
    check("settled", server.settled())


def waits(server, name, rcpt, status):
    server.send(rcpt)
    check(f"{name}: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
    equal(name, [(r["address"], r.get("status")) for r in server.waiting()], [(rcpt, status)])


def test_routes(server, lab_):
    plain, stranger = lab_.sinks["plain"], lab_.sinks["stranger"]
    before = len(plain.messages)
    waits(server, "tls = must, and none is offered", "x@must.test", "5.7.10")
    plain.tls = lab_.ca.issue("somebody.test").context()
    check("tls = must: goes when it is offered", server.settled() and len(plain.messages) == before + 1, server.queue())
    equal("encrypted", plain.messages[-1].tls, "TLSv1.2")
    plain.tls = None
    equal("tls = must: whoever it is", took(server, stranger, "x@in.must.test").tls, "TLSv1.2")

    before = len(stranger.messages)
    waits(server, "tls = verify, and nobody vouches for it", "x@verified.test", "5.7.5")
    stranger.tls, was = lab_.trusted.context(), stranger.tls
    check("tls = verify: goes when the certificate is right", server.settled() and len(stranger.messages) == before + 1,
          server.queue())
    equal("verified", connected(server)[1], "1")
    stranger.at("TLS", close(), times=1)
    before = len(stranger.messages)
    waits(server, "tls = verify: never in clear", "x@verified.test", "4.7.5")
    check("later", server.settled() and len(stranger.messages) == before + 1, server.queue())
    equal("encrypted", stranger.messages[-1].tls, "TLSv1.2")
    stranger.tls = was


def test_requiretls(server, sinks):
    """RFC 8689: verified TLS and a host that promises to go on like this, or back to the sender."""
    def ask(rcpt):
        server.send(rcpt, mail=["REQUIRETLS"], tls=True)

    before = {host: len(sink.messages) for host, sink in sinks.items()}
    ask("x@safe.test")
    check("REQUIRETLS is offered and the certificate is right", sinks["safe"].wait(1), server.story())
    m = sinks["safe"].messages[-1]
    equal("over TLS, with the parameter", (m.tls, m.parameters.get("REQUIRETLS")), ("TLSv1.2", ""))
    for name, host, status, words in (("not offered", "good", "5.7.30", "does not promise to keep the message encrypted"),
                                      ("a certificate of a stranger", "stranger", "5.7.10", "does not prove who it is"),
                                      ("no TLS", "plain", "5.7.10", "the host offers no encryption")):
        ask(f"x@{host}.test")
        report = server.next_report()
        equal(f"REQUIRETLS, {name}: comes back", report.facts(), {f"x@{host}.test": ("failed", status)})
        check(f"REQUIRETLS, {name}: in words", words in report.words, report.text)
        check(f"REQUIRETLS, {name}: only the header comes back", report.kinds[-1:] == ["text/rfc822-headers"], report.kinds)
        check("nothing waits", server.settled())
        equal(f"REQUIRETLS, {name}: nothing was sent", len(sinks[host].messages), before[host])
    ask("x@hearsay.test")
    report = server.next_report()
    equal("REQUIRETLS, unsigned DNS: comes back", report.facts(), {"x@hearsay.test": ("failed", "5.7.10")})
    check("REQUIRETLS, unsigned DNS: in words", "neither DNSSEC nor MTA-STS proves that it is the domain's host" in report.words, report.text)
    ask("x@several.test")
    check("REQUIRETLS: the first host that is fit for it", sinks["safe"].wait(2), server.story())
    equal("REQUIRETLS: the others were asked", [sinks[h].verbs(len(sinks[h].connections))[-1] for h in ("plain", "good")],
          ["QUIT", "QUIT"])
    with server.client() as smtp:
        check("REQUIRETLS is not offered in clear", not smtp.has_extn("requiretls"))


def main():
    lab.isolate()
    with ExitStack() as stack:
        lab_ = Laboratory(stack)
        with Sender(f"[queue]\nlinger = 0\n{ROUTES.format(lab_.ca.path)}") as server:
            test_offered(server, lab_.sinks)
            test_shown(server, lab_.sinks)
            test_broken(server, lab_.sinks)
            test_routes(server, lab_)
            test_requiretls(server, lab_.sinks)
        for sink in lab_.sinks.values():
            equal(f"{sink.name}: we keep to the RFCs", sink.violations, [])
    end()


if __name__ == "__main__":
    main()
