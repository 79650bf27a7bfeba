#!/usr/bin/env python3
"""Where mail to other domains goes: MX records, addresses, what DNS fails to say (RFC 5321 5, RFC 7505).

In a network of its own (lab.py): a sink for each host, names from dns_server.py.
"""

import socket
from contextlib import ExitStack

import lab
from dns_server import ANY, DnsServer, NULL_MX, SERVFAIL, TIMEOUT
from harness import check, end, equal
from sender import Sender, wait_for
from sink import Sink, reply

OURS = "mail.example.test"
DEAD = "127.0.0.99"  # nobody listens there
ZONES = {
    ("order.test", "MX"): [(20, "second.test"), (10, "first.test"), (30, "third.test")],
    ("first.test", "A"): ["127.0.0.2"],
    ("second.test", "A"): ["127.0.0.3"],
    ("third.test", "A"): ["127.0.0.4"],
    ("equal.test", "MX"): [(10, "second.test"), (10, "first.test")],
    ("plain.test", "A"): ["127.0.0.2"],
    ("six.test", "AAAA"): ["::1"],
    ("alias.test", "CNAME"): ["order.test"],
    ("crooked.test", "MX"): [(10, "www.crooked.test")],
    ("www.crooked.test", "CNAME"): ["first.test"],
    ("nomail.test", "MX"): [NULL_MX],
    ("dead.test", "MX"): [(10, "gone.test"), (20, "first.test")],
    ("gone.test", "A"): [DEAD],
    ("many.test", "A"): [DEAD, "127.0.0.98", "127.0.0.3"],
    ("nameless.test", "MX"): [(10, "nothing.nameless.test")],
    ("both.test", "MX"): [(10, "mx.both.test")],
    ("mx.both.test", "A"): ["127.0.0.2"],
    ("mx.both.test", "AAAA"): ["::1"],
    ("nofour.test", "MX"): [(10, "mx.nofour.test")],
    ("mx.nofour.test", "A"): [DEAD],
    ("mx.nofour.test", "AAAA"): ["::1"],
    ("nosix.test", "MX"): [(10, "mx.nosix.test")],
    ("mx.nosix.test", "A"): ["127.0.0.2"],
    ("mx.nosix.test", "AAAA"): ["::2"],
    ("dead1.test", "A"): ["127.0.0.91"],
    ("dead2.test", "A"): ["127.0.0.92"],
    ("dead3.test", "A"): ["127.0.0.93"],
    ("mute.test", "A"): ["127.0.0.97", "127.0.0.3"],
    ("silent.test", "A"): ["127.0.0.97"],
    # ourselves
    ("ours.test", "MX"): [(10, OURS)],
    ("address.test", "MX"): [(10, "mx.address.test")],
    ("mx.address.test", "A"): [lab.ADDRESS],
    ("backup.test", "MX"): [(10, "gone.test"), (20, OURS), (30, "first.test")],
    (OURS, "A"): [lab.ADDRESS],
}


class Hosts:
    """The sinks: FIRST, SECOND .. on port 25."""

    def __init__(self, stack):
        self.first, self.second, self.third, self.six = (
            stack.enter_context(Sink(host=host, port=25)) for host in ("127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"))
        self.all = [self.first, self.second, self.third, self.six]

    def counts(self):
        return [len(sink.messages) for sink in self.all]

    def took(self, server, name, rcpt, want):
        """A message to `rcpt` is taken by these sinks, and by no other."""
        before = self.counts()
        server.send(rcpt)
        check(f"{name}: the queue empties", server.settled(), server.queue())
        equal(name, [after - was for after, was in zip(self.counts(), before)], [int(sink in want) for sink in self.all])


def bounced(server, name, rcpt, status, words):
    server.send(rcpt)
    report = server.next_report()
    equal(name, report.facts(), {rcpt: ("failed", status)})
    check(f"{name}: in words", words in report.words, report.text)


def deferred(server, name, rcpt, status):
    """The message waits with this status."""
    server.send(rcpt)
    check(f"{name}: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
    equal(name, [(r["address"], r.get("status")) for r in server.waiting()], [(rcpt, status)])


def test_order(server, hosts):
    hosts.took(server, "the lowest preference first", "x@order.test", [hosts.first])
    hosts.took(server, "no MX: the domain's own address", "x@plain.test", [hosts.first])
    hosts.took(server, "no MX: its address of IPv6", "x@six.test", [hosts.six])
    hosts.took(server, "an alias of a domain", "x@alias.test", [hosts.first])
    hosts.took(server, "an MX that is an alias", "x@crooked.test", [hosts.first])
    hosts.took(server, "a dead host: the next", "x@dead.test", [hosts.first])
    hosts.took(server, "dead addresses of a host: the next", "x@many.test", [hosts.second])
    hosts.took(server, "an address for a domain", "x@[127.0.0.3]", [hosts.second])
    hosts.took(server, "an address of IPv6 for a domain", "x@[IPv6:::1]", [hosts.six])
    equal("whom the message is for stays", hosts.six.messages[-1].recipients, ["x@[IPv6:::1]"])
    hosts.first.at("CONNECT", reply("421 4.3.2 Busy", close=True))
    hosts.second.at("RCPT", reply("451 4.3.0 Later"))
    hosts.took(server, "a busy host, one that takes nobody now: the third", "x@order.test", [hosts.third])
    hosts.first.behave()
    hosts.second.behave()


def test_equal(server, hosts):
    before = hosts.counts()
    for i in range(24):
        server.send(f"x{i}@equal.test")
        check("taken", server.settled(), server.queue())
    first, second = (after - was for after, was in zip(hosts.counts()[:2], before[:2]))
    check("equal preferences share the mail", first > 0 and second > 0 and first + second == 24, (first, second))


def test_refused(server, hosts, dns):
    for name, rcpt, want in (("no such domain", "x@nowhere.test", (550, "5.1.2")), ("null MX", "x@nomail.test", (556, "5.1.10"))):
        code, text = server.submit(rcpt)[rcpt]
        equal(f"{name}, said at RCPT", (code, text.split(" ")[0]), want)
    bounced(server, "an address that is none", "x@[127.0.0.300]", "5.1.2", "it is not an address")
    bounced(server, "an MX without an address", "x@nameless.test", "5.4.4", "none of its hosts has an address")
    bounced(server, "we are the only MX", "x@ours.test", "5.3.5", "names this server to take its mail")
    bounced(server, "an MX with our address", "x@address.test", "5.3.5", "names this server to take its mail")
    bounced(server, "our address itself", f"x@[{lab.ADDRESS}]", "5.3.5", "names this server to take its mail")

    deferred(server, "better ones than ourselves are dead", "x@backup.test", "4.4.1")
    equal("worse ones are not tried", len(hosts.first.connections), hosts.was)
    dns.zones["backup.test", "MX"] = [(10, "first.test"), (20, OURS)]
    check("and it goes when a better one is back", server.settled(), server.queue())


def test_later(server, hosts, dns):
    """What DNS says changes while mail waits."""
    for name, records in (("null MX, later", {("x.test", "MX"): [NULL_MX]}), ("no such domain, later", {})):
        dns.zones["x.test", "MX"] = [(10, "gone.test")]
        deferred(server, "waits", "x@x.test", "4.4.1")
        del dns.zones["x.test", "MX"]
        dns.zones.update(records)
        report = server.next_report()
        equal(name, report.facts(), {"x@x.test": ("failed", "5.1.10" if records else "5.1.2")})
    for name, zone in (("SERVFAIL", ("x.test", ANY)), ("SERVFAIL for the host", ("mx.x.test", ANY))):
        dns.zones["x.test", "MX"] = [(10, "mx.x.test")]
        dns.zones["mx.x.test", "A"] = ["127.0.0.2"]
        saved = {key: dns.zones.pop(key) for key in list(dns.zones) if key[0] == zone[0]}
        dns.zones[zone] = SERVFAIL
        deferred(server, name, "x@x.test", "4.4.3")
        before = len(hosts.first.messages)
        del dns.zones[zone]
        dns.zones.update(saved)
        check(f"{name}: goes when it is mended", server.settled() and len(hosts.first.messages) == before + 1)
    dns.zones["mute.test", ANY] = TIMEOUT
    deferred(server, "DNS does not answer", "x@mute.test", "4.4.3")
    dns.zones["mute.test", ANY] = []
    dns.zones["mute.test", "A"] = ["127.0.0.3"]
    check("it answers at last", server.settled(), server.queue())


def test_families(hosts):
    first, six = hosts.first, hosts.six
    rows = [("ipv6-first", "both.test", six), ("ipv4-first", "both.test", first), ("ipv6-first", "nosix.test", first),
            ("ipv4-first", "nofour.test", six), ("ipv4", "both.test", first), ("ipv6", "both.test", six)]
    for families in ("ipv6-first", "ipv4-first", "ipv4", "ipv6"):
        settings = f"[outbound]\nfamilies = {families}\nsource-ipv4 = 127.0.0.77\n"
        with Sender(settings) as server:
            for setting, domain, want in rows:
                if setting == families:
                    hosts.took(server, f"{families}: {domain}", f"x@{domain}", [want])
            if families == "ipv4":
                bounced(server, "ipv4: a host with IPv6 only", "x@six.test", "5.1.2", "no host that takes mail")
                equal("source-ipv4", first.connections[-1].peer[0], "127.0.0.77")


def mute_port(stack, host):
    """Somebody listens there and never answers a connection: the kernel drops what does not fit into his backlog."""
    listener = stack.enter_context(socket.socket())
    listener.bind((host, 25))
    listener.listen(0)
    while True:
        s = stack.enter_context(socket.socket())
        s.settimeout(0.2)
        try:
            s.connect((host, 25))
        except TimeoutError:
            return


def test_settings(hosts):
    """What the owner allows, and what he has set up wrongly."""
    with ExitStack() as stack, Sender("[outbound]\nconnect = 1s\n[queue]\nmessages = 2\n") as server:
        mute_port(stack, "127.0.0.97")
        hosts.took(server, "an address that does not answer: the next", "x@mute.test", [hosts.second])
        server.send("x@silent.test")
        check("no address answers: tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.queue())
        equal("no address answers", server.waiting()[0]["status"], "4.4.1")
        server.send("x@silent.test")
        equal("the queue is full", server.submit("x@silent.test")["x@silent.test"][0], 452)
        equal("others are not", server.submit("bob@example.test")["bob@example.test"][0], 250)
    with Sender("[outbound]\nallow-private = no\n") as server:
        before = hosts.counts()
        for to in ("x@order.test", "x@[127.0.0.3]", "x@[IPv6:::1]"):
            server.send(to)
            equal(f"allow-private = no: {to}", server.next_report().facts(), {to: ("failed", "5.7.1")})
        equal("allow-private = no: nothing is sent", hosts.counts(), before)
    with Sender("[outbound]\nsource-ipv4 = 198.51.100.7\n") as server:
        deferred(server, "an address that is not ours to send from: mail waits", "x@plain.test", "4.3.5")


BLOCKED = """
[queue]
retry = 1h
linger = 0
[route direct]
domains = *
fallback = isp
fallback-after = 2
[route isp]
way = relay
host = 127.0.0.5
"""


def test_blocked(stack, hosts):
    """Nobody answers at port 25, whatever the domain: the route's mail goes to the fallback without paying for it."""
    isp = stack.enter_context(Sink(host="127.0.0.5", port=25))

    def said():
        return server.command("queue", "stats").stdout
    with Sender(BLOCKED) as server:
        server.send("x@dead1.test")
        check("the first failure: it waits", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.story())
        check("not blocked yet", "taken as blocked" not in said() and not isp.messages, said())
        server.send("x@dead2.test")
        check("the second one in a row: by the fallback at its first try", isp.wait(1), server.story())
        equal("whose", isp.messages[0].recipients, ["x@dead2.test"])
        check("the owner can see it", "route direct: taken as blocked after 2 failures, mail goes by route isp, next try" in said(), said())
        check("and in the log", "queue.route.blocked" in server.log(), server.log())
        server.send("x@dead3.test")
        check("a probe that fails goes on, too", isp.wait(2), server.story())
        before = hosts.counts()
        server.send("x@plain.test")
        check("the next one goes there at once", isp.wait(3), server.story())
        equal("and asks nobody else", hosts.counts(), before)
    with Sender(BLOCKED) as server:
        server.send("x@dead1.test")
        server.send("x@dead2.test")
        check("blocked", wait_for(lambda: "taken as blocked" in said()), server.story())
        before = len(hosts.first.messages)
        server.send("x@plain.test")
        check("a probe that is answered goes there", wait_for(lambda: len(hosts.first.messages) == before + 1), server.story())
        check("and it is over", "taken as blocked" not in said() and "queue.route.works" in server.log(), said())
    equal("the fallback: we keep to the RFCs", isp.violations, [])


def test_no_relay():
    """A relay that does not exist is the owner's mistake, and named."""
    with Sender("[queue]\nretry = 1h\n[route r]\ndomains = *\nway = relay\nhost = nohost.isp.test\n") as server:
        server.send("x@plain.test")
        check("tried", wait_for(lambda: any(r["tries"] > 0 for r in server.waiting())), server.story())
        row = server.waiting()[0]
        equal("whose fault it is", (row["host"], row["status"], row["reply"]),
              ("nohost.isp.test", "5.3.5", "the route's host does not exist, or has no address"))
        for word in ("plain.test", "Plain.TEST.", "r", "route/r"):
            equal(f"retry {word}: what the owner means", server.command("queue", "retry", word).stdout, "route/r is tried now\n")
        server.command("queue", "hold", str(server.queue()[0]["id"]))
        for word in ("plain.test", "r", "route/r"):
            done = server.command("queue", "retry", word, check_status=False)
            check(f"retry {word}: held", done.returncode == 1 and "all mail there is held" in done.stderr, done)
        check("in the log, too", 'host="nohost.isp.test"' in server.log(), server.log())


def main():
    lab.isolate()
    with ExitStack() as stack:
        dns = stack.enter_context(DnsServer(dict(ZONES), port=53, ttl=0))
        hosts = Hosts(stack)
        with Sender("[queue]\nlinger = 0\n") as server:
            test_order(server, hosts)
            test_equal(server, hosts)
            hosts.was = len(hosts.first.connections)
            test_refused(server, hosts, dns)
            test_later(server, hosts, dns)
        test_families(hosts)
        test_settings(hosts)
        test_blocked(stack, hosts)
        test_no_relay()
        for sink in hosts.all:
            equal(f"{sink.host}: we keep to the RFCs", sink.violations, [])
    end()


if __name__ == "__main__":
    main()
