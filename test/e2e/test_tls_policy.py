#!/usr/bin/env python3
"""What receiving domains demand: DANE and MTA-STS on the way out, honoured and not circumvented.

In a network of its own (lab.py), with hosts that offer TLS or do not, a resolver that says what DNSSEC proved, and
HTTPS servers with policies, among them hostile ones. RFC 7672, 8461, 8689.
"""

import re
import threading
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import SERVFAIL, TIMEOUT, DnsServer
from harness import check, end, equal
from policy_host import POLICY, PolicyHost
from sender import Sender, wait_for
from sink import DEFAULT, Sink, close, reply


class Laboratory:
    def __init__(self, stack):
        self.stack, self.next = stack, 20
        self.ca = stack.enter_context(Authority())
        self.others = stack.enter_context(Authority("Somebody Else"))
        self.dns = stack.enter_context(DnsServer({}, port=53, ttl=0))
        self.sinks = {}

    def address(self):
        self.next += 1
        return f"127.0.0.{self.next}"

    def domain(self, name, certificate="ca", is_secure=False, hosts=("mx",), extensions=DEFAULT):
        """A domain with hosts that have certificates of whom we trust, of somebody else, or no TLS (None)."""
        self.dns.zones[name, "MX"] = [(10 * i, f"{host}.{name}") for i, host in enumerate(hosts)]
        if is_secure:
            self.dns.secure.add(name)
        for host in hosts:
            full, address = f"{host}.{name}", self.address()
            authority = {"ca": self.ca, "others": self.others, None: None}[certificate]
            issued = authority.issue(full) if authority else None
            self.dns.zones[full, "A"] = [address]
            sink = Sink(host=address, port=25, tls=issued.context() if issued else None, name=full, extensions=extensions)
            sink.certificate = issued
            self.sinks[full] = self.stack.enter_context(sink)
        return self.sinks[f"{hosts[0]}.{name}"]

    def tlsa(self, host, *records):
        self.dns.zones[f"_25._tcp.{host}", "TLSA"] = list(records)

    def policy(self, domain, mode="enforce", mx=None, age=86400, certificate=None, version="1"):
        self.dns.zones[f"_mta-sts.{domain}", "TXT"] = [f"v=STSv1; id={version};"]
        address = self.address()
        self.dns.zones[f"mta-sts.{domain}", "A"] = [address]
        host = PolicyHost(address, certificate or self.ca.issue(f"mta-sts.{domain}"))
        host.say(POLICY.format(mode=mode, mx=mx or f"mx.{domain}", age=age))
        return self.stack.enter_context(host)


# --- what is looked at ----------------------------------------------------------------------------------------


def arrives(server, name, sink, domain, tls="TLSv1.2", verified=None):
    before = len(sink.messages)
    server.send(f"x@{domain}")
    check(f"{name}: arrives", sink.wait(before + 1), server.story())
    equal(f"{name}: protection", sink.messages[-1].tls, tls)
    check(f"{name}: settled", server.settled(), server.queue())
    if verified is not None:
        line = [line for line in server.log().split("\n") if "queue.rcpt" in line and f'"x@{domain}"' in line][-1]
        equal(f"{name}: the log says whether it proved who it is", re.search(r"verified=(\d)", line)[1], str(int(verified)))


def waits(server, name, sink, domain, status, words):
    """It stays in the queue, says why, and nothing of it reached the host in any way."""
    before = len(sink.messages) if sink else 0
    server.send(f"x@{domain}")
    address = f"x@{domain}"
    check(f"{name}: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting() if r["address"] == address)), server.queue())
    row = next(r for r in server.waiting() if r["address"] == address)
    equal(f"{name}: status", row.get("status"), status)
    shown = [e["id"] for e in server.queue() if any(r["address"] == address for r in e["recipients"])]
    text = " ".join(server.command("queue", "show", str(shown[0])).stdout.split())
    check(f"{name}: in words", words in text, text)
    if sink:
        equal(f"{name}: nothing was sent", len(sink.messages), before)
        check(f"{name}: no sender was named", all("MAIL" not in sink.verbs(i + 1) for i in range(before, len(sink.connections))
                                                  if before == 0), sink.commands)
    server.command("queue", "cancel", str(shown[0]))
    check(f"{name}: gone", wait_for(lambda: not any(r["address"] == address for r in server.waiting())), server.queue())


# --- DANE -------------------------------------------------------------------------------------------------------


def test_dane(server, lab_):
    stranger = lab_.domain("ee.test", "others", is_secure=True)
    lab_.tlsa("mx.ee.test", stranger.certificate.tlsa())
    arrives(server, "the key of the TLSA record, whoever vouches for it", stranger, "ee.test", verified=True)
    equal("SNI is the base domain", stranger.connections[-1].server_name, "mx.ee.test")

    anchor = lab_.domain("ta.test", "others", is_secure=True)
    lab_.tlsa("mx.ta.test", lab_.others.certificate.tlsa(2, 0, 1))
    arrives(server, "an anchor of the domain's own", anchor, "ta.test", verified=True)

    wrong = lab_.domain("wrong.test", "ca", is_secure=True)
    lab_.tlsa("mx.wrong.test", stranger.certificate.tlsa())
    waits(server, "another key", wrong, "wrong.test", "4.7.5", "its certificate is not what its domain says it has to be")
    equal("another key: one connection, none in clear", len(wrong.connections) >= 1 and {c.tls for c in wrong.connections}, {"TLSv1.2"})
    lab_.tlsa("mx.wrong.test", wrong.certificate.tlsa(), stranger.certificate.tlsa())
    arrives(server, "the second record is right", wrong, "wrong.test", verified=True)

    other_name = lab_.domain("name.test", "ca", is_secure=True)
    other_name.tls = lab_.ca.issue("mx.elsewhere.test").context()
    lab_.tlsa("mx.name.test", lab_.ca.certificate.tlsa(2, 1, 1))
    waits(server, "an anchor, and another name", other_name, "name.test", "4.7.5", "its certificate is for other names than its own")
    other_name.tls = lab_.ca.issue("name.test").context()
    arrives(server, "the domain's name does (RFC 7672 3.2.2)", other_name, "name.test", verified=True)

    plain = lab_.domain("plain.test", None, is_secure=True)
    lab_.tlsa("mx.plain.test", stranger.certificate.tlsa())
    waits(server, "TLS is demanded and not offered", plain, "plain.test", "4.7.10", "it does not offer TLS, which its domain demands")

    stripped = lab_.domain("stripped.test", "ca", is_secure=True)
    lab_.tlsa("mx.stripped.test", stripped.certificate.tlsa())
    stripped.at("TLS", close())
    waits(server, "a handshake that is broken", stripped, "stripped.test", "4.7.5", "the TLS handshake failed")
    stripped.behave()

    vague = lab_.domain("vague.test", "others", is_secure=True)
    lab_.tlsa("mx.vague.test", (1, 1, 1, "00" * 32), (3, 1, 7, "00"))
    arrives(server, "no record counts: encrypted", vague, "vague.test", verified=False)
    vague.at("TLS", close())
    waits(server, "no record counts: never in clear", vague, "vague.test", "4.7.5", "the TLS handshake failed")


def test_dane_dns(server, lab_):
    """Who can be believed, and who hides something."""
    unsigned = lab_.domain("unsigned.test", "others")
    lab_.tlsa("mx.unsigned.test", (3, 1, 1, "00" * 32))
    arrives(server, "records without DNSSEC are none", unsigned, "unsigned.test", verified=False)
    equal("and nobody asks for them", lab_.dns.count("_25._tcp.mx.unsigned.test", "TLSA"), 0)

    for kind, failure in (("servfail", SERVFAIL), ("mute", TIMEOUT)):
        hidden = lab_.domain(f"{kind}.test", "ca", is_secure=True)
        lab_.dns.zones[f"_25._tcp.mx.{kind}.test", "TLSA"] = failure
        waits(server, f"TLSA: {kind}", hidden, f"{kind}.test", "4.7.5", "its TLSA records cannot be looked up")
        equal(f"TLSA: {kind}: nobody connects", len(hidden.connections), 0)

    second = lab_.domain("two.test", "ca", is_secure=True, hosts=("mx", "other"))
    lab_.dns.zones["_25._tcp.mx.two.test", "TLSA"] = SERVFAIL
    arrives(server, "the next host, which hides nothing", lab_.sinks["other.two.test"], "two.test")
    equal("the other is left alone", len(second.connections), 0)

    none = lab_.domain("none.test", "others", is_secure=True)
    arrives(server, "signed, and no records", none, "none.test", verified=False)

    # RFC 7672 2.2.2: an alias, whose records stand where it leads, or by its own name.
    alias = lab_.domain("target.test", "others", is_secure=True)
    lab_.dns.zones["alias.test", "MX"] = [(10, "mx.alias.test")]
    lab_.dns.zones["mx.alias.test", "CNAME"] = ["mx.target.test"]
    lab_.dns.secure.add("alias.test")
    lab_.tlsa("mx.target.test", alias.certificate.tlsa())
    lab_.tlsa("mx.alias.test", (3, 1, 1, "00" * 32))
    arrives(server, "an alias: the records where it leads", alias, "alias.test", verified=True)
    equal("SNI is that name", alias.connections[-1].server_name, "mx.target.test")
    del lab_.dns.zones["_25._tcp.mx.target.test", "TLSA"]
    waits(server, "an alias: then its own records", alias, "alias.test", "4.7.5", "its certificate is not what its domain says")
    lab_.tlsa("mx.alias.test", alias.certificate.tlsa())
    arrives(server, "an alias: its own records are right", alias, "alias.test", verified=True)
    equal("SNI is its own name", alias.connections[-1].server_name, "mx.alias.test")


# --- MTA-STS ----------------------------------------------------------------------------------------------------


def test_sts(server, lab_):
    good = lab_.domain("good.test", "ca")
    policy = lab_.policy("good.test")
    arrives(server, "enforce, and all is right", good, "good.test", verified=True)
    equal("the policy was asked for", policy.asked, ["GET /.well-known/mta-sts.txt HTTP/1.1"])
    equal("by its name", policy.names, ["mta-sts.good.test"])
    arrives(server, "and again", good, "good.test", verified=True)
    equal("a policy is kept", len(policy.asked), 1)
    good.tls, was = lab_.others.issue("mx.good.test").context(), good.tls
    waits(server, "a stranger's certificate", good, "good.test", "4.7.5", "nobody who is trusted vouches for its certificate")
    good.tls = lab_.ca.issue("mx.elsewhere.test").context()
    waits(server, "another name", good, "good.test", "4.7.5", "its certificate is for other names than its own")
    good.tls = lab_.ca.issue("mx.good.test", is_named=False).context()
    waits(server, "a common name is no name (RFC 8461 4.2)", good, "good.test", "4.7.5", "its certificate is for other names than its own")
    good.tls = lab_.ca.issue("mx.good.test", valid=("20200101000000Z", "20200201000000Z")).context()
    waits(server, "expired", good, "good.test", "4.7.5", "its certificate has expired")
    good.tls = None
    waits(server, "TLS is not offered", good, "good.test", "4.7.10", "it does not offer TLS, which its domain demands")
    good.tls = was

    # Kept: whatever happens to DNS and the policy host (RFC 8461 3.3, 5.1) ..
    server.restart()
    good.tls = None
    for name, record in (("the record is gone", None), ("DNS does not answer", SERVFAIL), ("two records", ["v=STSv1; id=1", "v=STSv1; id=2"])):
        lab_.dns.zones["_mta-sts.good.test", "TXT"] = record
        waits(server, f"kept: {name}", good, "good.test", "4.7.10", "it does not offer TLS")
    lab_.dns.zones["_mta-sts.good.test", "TXT"] = ["v=STSv1; id=2"]
    policy.say("gone", status="404 Not Found")
    check("kept: nobody is alarmed so far", "<4>sts.unfetched" not in server.log(), server.story())
    waits(server, "kept: another version, which cannot be fetched", good, "good.test", "4.7.10", "it does not offer TLS")
    check("kept: that it cannot be refreshed is a warning (RFC 8461 3.3)", "<4>sts.unfetched" in server.log(), server.story())
    equal("kept: that was tried", len(policy.asked), 2)
    waits(server, "kept: and not at once again", good, "good.test", "4.7.10", "it does not offer TLS")
    equal("kept: not tried", len(policy.asked), 2)
    # .. until the domain says otherwise.
    lab_.dns.zones["_mta-sts.good.test", "TXT"] = ["v=STSv1; id=3"]
    policy.say(POLICY.format(mode="none", mx="mx.good.test", age=86400))
    arrives(server, "a new version: none", good, "good.test", tls=None)
    equal("was fetched", len(policy.asked), 3)
    good.tls = was

    wrong = lab_.domain("mx.test", "ca", hosts=("evil", "mx"))
    lab_.policy("mx.test")
    arrives(server, "a host that the policy does not name is left out", lab_.sinks["mx.mx.test"], "mx.test", verified=True)
    equal("left out", len(wrong.connections), 0)
    only = lab_.domain("only.test", "ca", hosts=("evil",))
    lab_.policy("only.test", mx="*.mx.only.test")
    waits(server, "no host is named", only, "only.test", "4.7.5", "its domain's MTA-STS policy does not name it")
    equal("nobody connects", len(only.connections), 0)

    testing = lab_.domain("testing.test", "others")
    lab_.policy("testing.test", mode="testing", mx="other.testing.test")
    arrives(server, "testing: goes whatever is wrong", testing, "testing.test", verified=False)
    testing.tls = None
    arrives(server, "testing: also in clear", testing, "testing.test", tls=None)


def test_hostile(server, lab_):
    """Policy hosts that do not behave: the domain is as if it had none (RFC 8461 5.1), and nothing hangs."""
    target = lab_.policy("elsewhere.test", mx="nobody.test")
    wrong = POLICY.format(mode="enforce", mx="nobody.test", age=86400)

    def endless(tls):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10000000\r\n\r\n")
        for _ in range(160):
            tls.sendall(wrong.encode().ljust(65536, b"\n"))

    def chunked(tls):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(160):
            tls.sendall(b"10000\r\n" + wrong.encode().ljust(65536, b"\n") + b"\r\n")

    def cut(tls):
        tls.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{wrong}".encode())

    cases = {
        "redirect": lambda h: h.say("", status="301 Moved", more="Location: https://mta-sts.elsewhere.test/.well-known/mta-sts.txt\r\n"),
        "found": lambda h: h.say(wrong, status="302 Found", more="Location: https://mta-sts.elsewhere.test/\r\n"),
        "large": lambda h: setattr(h, "answer", endless),
        "chunks": lambda h: setattr(h, "answer", chunked),
        "cut": lambda h: setattr(h, "answer", cut),
        "much": lambda h: h.say(wrong + "mx: nobody.test\r\n" * 6000),  # 100 KB, and correct
        "html": lambda h: h.say(wrong, kind="text/html"),
        "page": lambda h: h.say("<html>hello</html>"),
        "garbage": lambda h: setattr(h, "answer", b"\0\xff\r\n\r\n"),
        "error": lambda h: h.say(wrong, status="500 Internal Server Error"),
        "stranger": None, "misnamed": None, "nameless": None, "refused": None,
    }
    certificates = {"stranger": lambda d: lab_.others.issue(f"mta-sts.{d}"), "misnamed": lambda d: lab_.ca.issue(d),
                    "nameless": lambda d: lab_.ca.issue(f"mta-sts.{d}", is_named=False)}
    for name, behave in cases.items():
        domain = f"{name}.test"
        sink = lab_.domain(domain, "others")
        host = lab_.policy(domain, mx="nobody.test", certificate=certificates.get(name, lambda d: None)(domain))
        if behave:
            behave(host)
        if name == "refused":
            host.close()
        arrives(server, f"policy host: {name}", sink, domain, verified=False)
        check(f"policy host: {name}: said", f'sts.unfetched domain="{domain}"' in server.log(), server.story())
    equal("nobody followed", target.asked, [])
    kinds = dict(re.findall(r'sts.unfetched domain="(\w+).test" result="([\w-]+)"', server.log()))
    equal("what went wrong, by name", {k: kinds[k] for k in ("stranger", "misnamed", "nameless", "redirect", "page", "large")},
          {"stranger": "sts-webpki-invalid", "misnamed": "sts-webpki-invalid", "nameless": "sts-webpki-invalid", "redirect": "sts-policy-fetch-error",
           "page": "sts-policy-invalid", "large": "sts-policy-fetch-error"})

    # One that says nothing holds up its own mail, and nobody else's.
    asleep = lab_.domain("asleep.test", "others")
    host = lab_.policy("asleep.test")
    gate = threading.Event()
    host.answer = lambda tls: gate.wait(120)
    server.send("x@asleep.test")
    check("a policy host that says nothing: asked", wait_for(lambda: host.asked), server.story())
    quick = lab_.domain("quick.test", "others")
    server.send("x@quick.test")
    check("other mail goes on", quick.wait(1), server.story())
    equal("while this waits", len(asleep.connections), 0)
    server.restart()
    check("a server that stops does not wait for it either, and asks again", wait_for(lambda: len(host.asked) > 1), server.story())
    gate.set()
    check("then its mail goes on", asleep.wait(1), server.story())
    check("settled", server.settled(), server.queue())


def test_fickle(server, lab_):
    """What a policy host says anew each time counts when DNS names another version, and not before."""
    sink = lab_.domain("fickle.test", "ca")
    host = lab_.policy("fickle.test", mx="mx.fickle.test")
    arrives(server, "fickle: the first policy", sink, "fickle.test", verified=True)
    host.say(POLICY.format(mode="enforce", mx="nobody.test", age=86400))
    arrives(server, "fickle: the same version is not asked for again", sink, "fickle.test", verified=True)
    equal("fickle: one question", len(host.asked), 1)
    for version in range(2, 6):
        lab_.dns.zones["_mta-sts.fickle.test", "TXT"] = [f"v=STSv1; id={version};"]
        is_named = version % 2 == 1
        host.say(POLICY.format(mode="enforce", mx="mx.fickle.test" if is_named else "nobody.test", age=86400))
        if is_named:
            arrives(server, f"fickle: version {version}", sink, "fickle.test", verified=True)
        else:
            waits(server, f"fickle: version {version}", None, "fickle.test", "4.7.5", "its domain's MTA-STS policy does not name it")
        equal(f"fickle: asked for version {version} once", len(host.asked), version)


def test_drip(lab_):
    """A policy that comes one byte at a time and never ends, while there is one connection for all mail."""
    gate = threading.Event()

    def drip(tls):
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 60000\r\n\r\n")
        while not gate.wait(0.1):
            tls.sendall(b"v")

    slow = lab_.domain("drip.test", "others")
    lab_.policy("drip.test").answer = drip
    quick = lab_.domain("undripped.test", "others")
    with Sender(f"[outbound]\nca-file = {lab_.ca.path}\n[queue]\nlinger = 0\nconnections = 1\n") as server:
        before = len(lab_.dns.questions)
        server.send("x@drip.test")
        check("drip: asked", wait_for(lambda: any(q.name == "mta-sts.drip.test" for q in lab_.dns.questions[before:])), server.story())
        server.send("x@undripped.test")
        check("drip: other mail goes on", quick.wait(1, 60), server.story())
        check("drip: its own goes, too, as if there were no policy", slow.wait(1, 60), server.story())
        gate.set()


def test_hostile_dns(server, lab_):
    """Records as nobody should publish them: the same as none where they would only help, and no mail where they would protect."""
    large = [f"v=STSv1; id={n}; " + "x" * 200 for n in range(250)]  # 50 KB, over TCP
    loop = {("_mta-sts.{}", "CNAME"): ["loop.{}"], ("loop.{}", "CNAME"): ["_mta-sts.{}"]}
    chain = {(f"c{n}.{{}}" if n else "_mta-sts.{}", "CNAME"): [f"c{n + 1}.{{}}"] for n in range(40)}
    for name, records in (("large", {("_mta-sts.{}", "TXT"): large}), ("loop", loop), ("chain", chain),
                          ("bytes", {("_mta-sts.{}", "TXT"): [b"\0\xff" * 100, b"v=STSv1; id=\0;"]}),
                          ("itself", {("_mta-sts.{}", "CNAME"): ["_mta-sts.{}"]})):
        domain = f"txt-{name}.test"
        sink = lab_.domain(domain, "others")
        for (owner, kind), values in records.items():
            lab_.dns.zones[owner.format(domain), kind] = [v.format(domain) if isinstance(v, str) else v for v in values]
        arrives(server, f"TXT, {name}", sink, domain, verified=False)

    others = [(3, 1, 1, f"{n:064x}") for n in range(700)]
    for name, count, is_cut, is_taken in (("many", 20, False, True), ("cut", 3, True, True), ("huge", 700, False, False)):
        domain = f"tlsa-{name}.test"
        sink = lab_.domain(domain, "others", is_secure=True)
        lab_.tlsa(f"mx.{domain}", *others[:count], sink.certificate.tlsa())
        if is_cut:
            lab_.dns.truncated.add(f"_25._tcp.mx.{domain}")
        if is_taken:
            arrives(server, f"TLSA, {name}", sink, domain, verified=True)
        else:
            waits(server, f"TLSA, {name}", sink, domain, "4.7.5", "its TLSA records cannot be looked up")


def test_both(server, lab_):
    both = lab_.domain("both.test", "others", is_secure=True)
    lab_.tlsa("mx.both.test", both.certificate.tlsa())
    policy = lab_.policy("both.test", mx="nobody.test")
    arrives(server, "DANE wins over MTA-STS", both, "both.test", verified=True)
    equal("and nobody asks for the policy", policy.asked, [])
    lab_.tlsa("mx.both.test", (3, 1, 1, "00" * 32))
    lab_.policy("both.test", mx="mx.both.test")
    both.tls = lab_.ca.issue("mx.both.test").context()
    waits(server, "MTA-STS does not mend what DANE refuses", both, "both.test", "4.7.5", "its certificate is not what its domain says")


def optional(field="TLS-Required: No"):
    return f"Subject: your server\r\n{field}\r\n\r\nits certificate is wrong\r\n"


def test_tls_optional(server, lab_):
    """RFC 8689 3: "TLS-Required: No" goes whatever the domain demands, with TLS where that can be had; other mail does not."""
    wrong = lab_.domain("owrong.test", "others", is_secure=True)
    lab_.tlsa("mx.owrong.test", (3, 1, 1, "00" * 32))
    plain = lab_.domain("oplain.test", None, is_secure=True)
    lab_.tlsa("mx.oplain.test", (3, 1, 1, "00" * 32))
    hidden = lab_.domain("ohidden.test", "ca", is_secure=True)
    lab_.dns.zones["_25._tcp.mx.ohidden.test", "TLSA"] = SERVFAIL
    unnamed = lab_.domain("ounnamed.test", "others")
    lab_.policy("ounnamed.test", mx="elsewhere.test")
    broken = lab_.domain("obroken.test", "ca", is_secure=True)
    lab_.tlsa("mx.obroken.test", broken.certificate.tlsa())
    broken.at("TLS", close())
    for sink, domain, tls in ((wrong, "owrong.test", "TLSv1.2"), (plain, "oplain.test", None), (hidden, "ohidden.test", "TLSv1.2"),
                              (unnamed, "ounnamed.test", "TLSv1.2"), (broken, "obroken.test", None)):
        server.send(f"first@{domain}")
        check(f"{domain}: mail that obeys waits", wait_for(lambda d=domain: any(
            r["tries"] > 0 for r in server.waiting() if r["address"] == f"first@{d}")), server.queue())
        server.send(f"x@{domain}", optional())
        check(f"{domain}: TLS-Required: No arrives", sink.wait(1), server.story())
        equal(f"{domain}: with TLS where it can be had", sink.messages[0].tls, tls)
        check(f"{domain}: with its field", b"TLS-Required: No" in sink.messages[0].data, sink.messages[0].data)
        server.send(f"y@{domain}", optional("TLS-Required: Yes"))
        server.send(f"z@{domain}", optional("TLS-Required: No\r\nTLS-Required: No"))
        check(f"{domain}: other words, and two fields, ask for nothing",
              wait_for(lambda d=domain: all(any(r["tries"] > 0 or r["site"] == d for r in server.waiting() if r["address"] == f"{who}@{d}")
                                            for who in "yz")), server.queue())
        equal(f"{domain}: nothing else went", [m.recipients for m in sink.messages], [[f"x@{domain}"]])
    for message in server.queue():
        server.command("queue", "cancel", str(message["id"]))
    check("gone", wait_for(lambda: server.queue() == []), server.queue())


def test_tls_optional_ways(server, lab_):
    """By whatever way a message goes on, it keeps what it asked for; REQUIRETLS overrules the field (4.1)."""
    sink = lab_.domain("oway.test", None, is_secure=True)
    lab_.tlsa("mx.oway.test", (3, 1, 1, "00" * 32))
    server.command("alias", "add", "away@example.test", "x@oway.test")
    server.send("away@example.test", optional())
    check("forwarded", sink.wait(1), server.story())
    server.send("away@example.test")
    check("not without the field", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
    equal("not without the field: nothing went", len(sink.messages), 1)
    equal("where it waits", {r["site"] for r in server.waiting()}, {"oway.test"})
    server.command("queue", "cancel", str(server.queue()[0]["id"]))
    server.send("r@oway.test", optional(), mail=["REQUIRETLS"], tls=True)
    check("REQUIRETLS and the field: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
    equal("REQUIRETLS and the field: nothing went", len(sink.messages), 1)
    server.command("queue", "cancel", str(server.queue()[0]["id"]))
    gone = lab_.domain("ogone.test", None, is_secure=True)
    gone.at("RCPT", reply("550 5.1.1 nobody"))
    server.send("x@ogone.test", optional())
    report = server.next_report()
    equal("a report comes as usual", report.facts(), {"x@ogone.test": ("failed", "5.1.1")})


def test_requiretls(server, lab_):
    """RFC 8689 4.2.1: DANE proves who a host is, MTA-STS that it is the domain's."""
    needs = [*DEFAULT, "REQUIRETLS"]
    dane = lab_.domain("rdane.test", "others", is_secure=True, extensions=needs)
    lab_.tlsa("mx.rdane.test", dane.certificate.tlsa())
    sts = lab_.domain("rsts.test", "ca", extensions=needs)
    lab_.policy("rsts.test")
    for sink, domain in ((dane, "rdane.test"), (sts, "rsts.test")):
        server.send(f"x@{domain}", mail=["REQUIRETLS"], tls=True)
        check(f"REQUIRETLS to {domain}: arrives", sink.wait(1), server.story())
        equal(f"REQUIRETLS to {domain}: goes on with it", sink.messages[-1].parameters.get("REQUIRETLS"), "")


RELAY_PORT = 2526
ROUTES = f"""
[route named]
domains = named.test
way = relay
host = smart.isp.test
port = {RELAY_PORT}
[route first]
domains = first.test
way = relay
host = smart.isp.test
port = 465
implicit-tls = yes
[route lmtp]
domains = lmtp.test
way = lmtp
host = smart.isp.test
port = 2427
[route address]
domains = address.test
way = relay
host = 127.0.0.19
port = {RELAY_PORT}
[route clear]
domains = clear.test
way = relay
host = smart.isp.test
port = 2528
tls = never
"""


def relay(lab_, port, certificate, **options):
    return lab_.stack.enter_context(Sink(host="127.0.0.19", port=port, tls=certificate and certificate.context(), name="smart.isp.test", **options))


def test_relays(lab_):
    """A relay of the owner's is asked about like an MX host, at its port (RFC 7672 2.2.2, 2.2.3; RFC 8461 3.4)."""
    name = "smart.isp.test"
    certificate = lab_.others.issue(name)
    named, first = relay(lab_, RELAY_PORT, certificate), relay(lab_, 465, certificate, implicit_tls=True)
    lmtp, clear = relay(lab_, 2427, None, lmtp=True), relay(lab_, 2528, None)
    zones = lab_.dns.zones
    zones[name, "A"] = ["127.0.0.19"]
    lab_.dns.secure.add(name)
    for port in (RELAY_PORT, 465, 2427, 2528):
        zones[f"_{port}._tcp.{name}", "TLSA"] = [(3, 1, 1, "00" * 32)]
    with Sender(f"[outbound]\nca-file = {lab_.ca.path}\n[queue]\nlinger = 0\n{ROUTES}") as server:
        waits(server, "a relay with another key", named, "named.test", "4.7.5", "its certificate is not what its domain says")
        waits(server, "the same with TLS from the first byte", first, "first.test", "4.7.5", "its certificate is not what its domain says")
        server.send("y@named.test", optional())
        check("a relay, TLS-Required: No", named.wait(1), server.story())
        zones[f"_{RELAY_PORT}._tcp.{name}", "TLSA"] = zones[f"_465._tcp.{name}", "TLSA"] = [certificate.tlsa()]
        arrives(server, "a relay with the right key", named, "named.test", verified=True)
        arrives(server, "the same with TLS from the first byte", first, "first.test", verified=True)
        zones[f"_{RELAY_PORT}._tcp.{name}", "TLSA"] = SERVFAIL
        waits(server, "a relay whose records are hidden", named, "named.test", "4.7.5", "its TLSA records cannot be looked up")
        server.send("x@lmtp.test")
        check("LMTP is not asked about", lmtp.wait(1), server.story())
        server.send("x@clear.test")
        check("nor is who the owner wants in clear", clear.wait(1), server.story())
        arrives(server, "nor is an address", named, "address.test", verified=False)
        equal("nobody asked", [lab_.dns.count(f"_{port}._tcp.{name}", "TLSA") for port in (2427, 2528)], [0, 0])

        del zones[f"_{RELAY_PORT}._tcp.{name}", "TLSA"]
        policy = lab_.policy(name, mx=name)
        waits(server, "MTA-STS of a relay", named, "named.test", "4.7.5", "nobody who is trusted vouches for its certificate")
        equal("the relay's own policy was asked for", policy.names, [f"mta-sts.{name}"])
        named.tls = lab_.ca.issue(name).context()
        arrives(server, "MTA-STS of a relay: the right certificate", named, "named.test", verified=True)
    lab_.sinks |= {f"relay {n}": sink for n, sink in enumerate((named, first, lmtp, clear))}


def test_switched_off(lab_):
    with Sender(f"[outbound]\nca-file = {lab_.ca.path}\ndane = no\nmta-sts = no\n[queue]\nlinger = 0\n") as server:
        dane = lab_.domain("offdane.test", "others", is_secure=True)
        lab_.tlsa("mx.offdane.test", (3, 1, 1, "00" * 32))
        arrives(server, "dane = no", dane, "offdane.test", verified=False)
        sts = lab_.domain("offsts.test", None)
        policy = lab_.policy("offsts.test")
        arrives(server, "mta-sts = no", sts, "offsts.test", tls=None)
        equal("nobody asks", (policy.asked, lab_.dns.count("_mta-sts.offsts.test"), lab_.dns.count("_25._tcp.mx.offdane.test")), ([], 0, 0))


def main():
    lab.isolate()
    with ExitStack() as stack:
        lab_ = Laboratory(stack)
        with Sender(f"[outbound]\nca-file = {lab_.ca.path}\n[queue]\nlinger = 0\n") as server:
            test_dane(server, lab_)
            test_dane_dns(server, lab_)
            test_sts(server, lab_)
            test_hostile(server, lab_)
            test_fickle(server, lab_)
            test_hostile_dns(server, lab_)
            test_both(server, lab_)
            test_requiretls(server, lab_)
            test_tls_optional(server, lab_)
            test_tls_optional_ways(server, lab_)
        test_relays(lab_)
        test_drip(lab_)
        test_switched_off(lab_)
        for sink in lab_.sinks.values():
            equal(f"{sink.name}: we keep to the RFCs", sink.violations, [])
    end()


if __name__ == "__main__":
    main()
