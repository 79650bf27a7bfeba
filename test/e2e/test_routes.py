#!/usr/bin/env python3
"""[route]: relays with logins, TLS from the first byte, LMTP, other ways when one fails, what is thrown away or not sent.

In a network of its own (lab.py).
"""

import os
import tempfile
import time
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import DnsServer
from harness import check, end, equal
from sender import ALICE, Sender, wait_for
from sink import Sink, reply

PASSWORD = "geheim wie nie"
USERS = {"relay@isp.test": PASSWORD}
ZONES = {("smart.isp.test", "A"): ["127.0.0.20"], ("mx.direct.test", "A"): ["127.0.0.21"],
         ("direct.test", "MX"): [(10, "mx.direct.test")], ("blocked.test", "MX"): [(10, "mx.blocked.test")],
         ("mx.blocked.test", "A"): ["127.0.0.99"]}
RELAY = """
[route smart]
domains = *
way = relay
host = smart.isp.test
port = 587
tls = must
user = relay@isp.test
password = file:{folder}/password
[outbound]
ca-file = {ca}
"""


def took(server, sink, to):
    """The message that the sink got."""
    before = len(sink.messages)
    server.send(to)
    check(f"{to}: arrives", sink.wait(before + 1), server.story())
    check(f"{to}: settled", server.settled(), server.queue())
    return sink.messages[-1]


def waits(server, name, to, status):
    server.send(to)
    check(f"{name}: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
    equal(name, [(r["address"], r.get("status")) for r in server.waiting()], [(to, status)])


def write(folder, text):
    with open(os.path.join(folder, "password"), "w") as f:
        f.write(text)


def test_logins(ca, folder):
    """A smart host for everything, by each mechanism, with a password that is wrong at first."""
    write(folder, PASSWORD + "\n")
    certificate = ca.issue("smart.isp.test")
    with Sink(host="127.0.0.20", port=587, tls=certificate.context(), users=USERS, requires_login=True) as sink:
        settings = RELAY.format(folder=folder, ca=ca.path)
        with Sender(settings + "[queue]\nlinger = 0\n", start=False) as server:
            server.start()
            for mechanism in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
                sink.mechanisms = [mechanism]
                m = took(server, sink, "x@anywhere.test")
                equal(f"{mechanism}: logged in, over TLS", (m.user, m.tls), ("relay@isp.test", "TLSv1.2"))
            sink.mechanisms = ["LOGIN", "PLAIN", "SCRAM-SHA-256"]
            sink.commands.clear()
            took(server, sink, "x@anywhere.test")
            check("SCRAM is preferred", any(c.line.startswith("AUTH SCRAM-SHA-256") for c in sink.commands), sink.commands)
            check("the password was said to nobody", PASSWORD not in server.log())
            sink.mechanisms = ["GSSAPI"]
            waits(server, "no mechanism that we know", "x@anywhere.test", "4.7.4")
            sink.mechanisms = ["PLAIN"]
            check("it goes when there is one", server.settled(), server.queue())
            sink.tls = None
            before = len(sink.messages)
            waits(server, "never in clear", "x@anywhere.test", "5.7.10")
            sink.tls = certificate.context()
            check("goes when there is TLS", server.settled() and len(sink.messages) == before + 1, server.queue())

            server.stop()
            write(folder, "false\n")
            server.start()
            before = len(sink.messages)
            waits(server, "a wrong password: mail waits", "x@anywhere.test", "4.7.8")
            server.no_report("a wrong password: nobody is told")
            server.stop()
            write(folder, PASSWORD + "\n")
            server.start()
            check("and goes when it was mended", server.settled() and len(sink.messages) == before + 1, server.queue())
        equal("relay: we keep to the RFCs", sink.violations, [])


def test_implicit(ca):
    with Sink(host="127.0.0.20", port=465, tls=ca.issue("smart.isp.test").context(), implicit_tls=True) as sink:
        route = "[route smart]\ndomains = *\nway = relay\nhost = smart.isp.test\nimplicit-tls = yes\ntls = verify\n"
        with Sender(route + f"[outbound]\nca-file = {ca.path}\n") as server:
            m = took(server, sink, "x@anywhere.test")
            equal("TLS from the first byte", (m.tls, sink.connections[0].server_name), ("TLSv1.2", "smart.isp.test"))
            equal("port 465: we keep to the RFCs", sink.violations, [])


ROUTES = """
[route exact]
domains = one.sub.far.test
way = relay
host = 127.0.0.22
[route suffix]
domains = .sub.far.test other.test
way = relay
host = 127.0.0.23
[route longer]
domains = .far.test
way = relay
host = 127.0.0.24
[route bin]
domains = bin.test
way = discard
[route no]
domains = no.test
way = refuse
[route tcp]
domains = lmtp.test
way = lmtp
host = 127.0.0.25
[route unix]
domains = unix.test
way = lmtp
host = unix:{folder}/lmtp
"""


def test_choice(server, sinks):
    """The nearest route wins: the domain itself, the longest suffix, *."""
    for domain, host in (("one.sub.far.test", "127.0.0.22"), ("ONE.sub.Far.test", "127.0.0.22"), ("two.sub.far.test", "127.0.0.23"),
                         ("other.test", "127.0.0.23"), ("a.far.test", "127.0.0.24"), ("b.one.sub.far.test", "127.0.0.23")):
        took(server, sinks[host], f"x@{domain}")
    equal(".far.test is not far.test", server.submit("x@far.test")["x@far.test"][0], 550)
    took(server, sinks["127.0.0.21"], "x@direct.test")


def test_nowhere(server):
    server.send("x@bin.test", mail=["ENVID=b"], rcpt={"x@bin.test": ["NOTIFY=SUCCESS,FAILURE"]})
    check("discard: gone", server.settled(), server.queue())
    server.no_report("discard: without a word")
    code, text = server.submit("x@no.test")["x@no.test"]
    equal("refuse: said at RCPT", (code, text), (550, "5.7.1 Mail for that domain is not sent from here"))


def test_lmtp(server, tcp, unix):
    for domain, sink in (("lmtp.test", tcp), ("unix.test", unix)):
        rcpts = [f"a@{domain}", f"b@{domain}", f"c@{domain}"]
        sink.at("END", reply("550 5.2.1 Disabled"), to=rcpts[1])
        sink.at("END", reply("452 4.2.2 Full"), to=rcpts[2], times=1)
        server.send(rcpts, rcpt={rcpts[0]: ["NOTIFY=SUCCESS"]})
        check(f"{domain}: those who can have it", sink.wait(1))
        equal(f"{domain}: an answer for each, in one report", server.next_report().facts(),
              {rcpts[0]: ("delivered", "2.0.0"), rcpts[1]: ("failed", "5.2.1")})
        check(f"{domain}: the full one later", sink.wait(2) and server.settled(), server.queue())
        equal(f"{domain}: each once", sorted(sum((m.recipients for m in sink.messages), [])), [rcpts[0], rcpts[2]])
        equal(f"{domain}: LHLO", sink.verbs()[0], "LHLO")
        equal(f"{domain}: we keep to the RFCs", sink.violations, [])


FALLBACK = """
[route direct]
domains = *
way = direct
fallback = isp
fallback-after = 2
[route isp]
way = relay
host = 127.0.0.26
port = 2525
"""


def test_fallback(sinks):
    """Port 25 is blocked from here: after some tries the provider's relay takes it."""
    with Sender(FALLBACK) as server, Sink(host="127.0.0.26", port=2525) as isp:
        server.send("x@blocked.test")
        check("fallback: arrives", isp.wait(1), server.story())
        check("fallback: settled", server.settled(), server.queue())
        equal("fallback: to whom it is for", isp.messages[0].recipients, ["x@blocked.test"])
        tries = [line for line in server.log().split("\n") if "queue.site.failed" in line or "queue.route.blocked" in line]
        equal("fallback: after as many tries as are said", len(tries), 2)
        took(server, sinks["127.0.0.21"], "x@direct.test")
        equal("fallback: others still go directly", len(isp.messages), 1)


LIMITS = """
[route few]
domains = few.test
way = relay
host = 127.0.0.23
connections = 1
[route slow]
domains = slow.test
way = relay
host = 127.0.0.24
rate = 60
"""


def test_limits(sinks):
    few, slow = sinks["127.0.0.23"], sinks["127.0.0.24"]
    with Sender(LIMITS) as server:
        before, most = len(few.messages), []

        def count(connection, obey):
            most.append(few.open_count())
            connection.say(obey())
        few.at("MAIL", count)
        with server.client() as client:
            for i in range(30):
                server.send(f"x{i}@few.test", client=client)
        check("connections: all arrive", few.wait(before + 30) and server.settled(), server.queue())
        check("connections: one at a time", max(most) == 1, most)
        started, before = time.time(), len(slow.messages)
        with server.client() as client:
            for i in range(4):
                server.send(f"x{i}@slow.test", client=client)
        check("rate: all arrive", slow.wait(before + 4) and server.settled(), server.queue())
        check("rate: one in a second", time.time() - started >= 2.9, time.time() - started)


def main():
    lab.isolate()
    with ExitStack() as stack:
        ca, folder = stack.enter_context(Authority()), stack.enter_context(tempfile.TemporaryDirectory(prefix="routes-"))
        stack.enter_context(DnsServer(ZONES, port=53))
        sinks = {f"127.0.0.{n}": stack.enter_context(Sink(host=f"127.0.0.{n}", port=25)) for n in range(21, 25)}
        tcp = stack.enter_context(Sink(host="127.0.0.25", port=24, lmtp=True))
        unix = stack.enter_context(Sink(path=os.path.join(folder, "lmtp"), lmtp=True))
        test_logins(ca, folder)
        test_implicit(ca)
        with Sender(ROUTES.format(folder=folder)) as server:
            test_choice(server, sinks)
            test_nowhere(server)
            test_lmtp(server, tcp, unix)
        test_fallback(sinks)
        test_limits(sinks)
        for sink in sinks.values():
            equal(f"{sink.host}: we keep to the RFCs", sink.violations, [])
    end()


if __name__ == "__main__":
    main()
