#!/usr/bin/env python3
"""DANE between Postfix and us, in both directions: with our TLSA records as `domain dns` prints them, and with its own.

In a network of its own (lab.py), where the resolver says what DNSSEC proved. RFC 7672, RFC 7671 8.1 (the next key).
"""

import os
import re
import shutil

import lab
import peers
from certificates import Authority
from dns_server import DnsServer, parse_zone
from harness import check, end, equal, skip
from peers import Postfix
from sender import BOB, Sender, wait_for

HOST, DOMAIN = "mx.example.test", "example.test"
OURS, THEIRS, OTHER = "127.0.0.31", "127.0.0.32", "127.0.0.33"
ANN = "ann@postfix.test"
PIN = (f"_25._tcp.{HOST}", "TLSA")
SETTINGS = """
[listener smtp]
address = {}:25
[certificate main]
chain = {}
key = {}
[outbound]
ca-file = {}
source-ipv4 = {}
[queue]
linger = 0
[policy]
trusted = 10.0.0.0/8
connection-rate =
"""


class Host(Sender):
    """Of ours, with a certificate that may change."""

    def __init__(self, ca, certificate):
        super().__init__(domain=DOMAIN, hostname=HOST, start=False)
        self.chain, self.key = (os.path.join(self.folder, name) for name in ("tls.pem", "tls.key"))
        self.use(certificate)
        self.add_settings(SETTINGS.format(OURS, self.chain, self.key, ca.path, OURS))
        self.start()

    def use(self, certificate):
        shutil.copyfile(certificate.chain, self.chain)
        shutil.copyfile(certificate.key, self.key)

    def published(self):
        """The records that we tell the owner to publish."""
        return parse_zone(self.command("domain", "dns", DOMAIN).stdout)


def goes(name, server, peer, level):
    """Postfix sends, and its log says how far it trusted us."""
    count, before = len(server.inbox(BOB)), len(peer.log())
    peer.send(ANN, [BOB], b"Subject: to us\r\n\r\nhello\r\n")
    check(f"{name}: arrives", server.wait_inbox(count + 1, BOB), peer.log()[-3000:])
    check(f"{name}: its queue is empty", peer.wait_empty(), peer.queue())
    said = re.findall(rf"(\w+) TLS connection established to {re.escape(HOST)}", peer.log()[before:])
    equal(f"{name}: trusted", said, [level])


def stays(name, server, peer, words):
    count = len(server.inbox(BOB))
    peer.send(ANN, [BOB], b"Subject: to us\r\n\r\nhello\r\n")
    check(f"{name}: stays, and says why", peer.wait_for(lambda: any(re.search(words, q.reason) for q in peer.queue()), 30),
          peer.queue() or peer.log()[-3000:])
    equal(f"{name}: nothing came", len(server.inbox(BOB)), count)
    peer.command("postsuper", "-d", "ALL")


def publish(dns, peer, records):
    """The records change, and their time in Postfix's own cache is over (its processes have one each)."""
    peer.stop()
    dns.zones[PIN] = records
    peer.start()


def test_to_us(server, dns, ca):
    """With mandatory DANE (RFC 7672 6); our records, the next key's before it is used, then after."""
    dns.zones.update({k: v for k, v in server.published().items() if k in ((DOMAIN, "MX"), PIN)})
    dns.zones |= {(HOST, "A"): [OURS], ("postfix.test", "MX"): [(10, "mx.postfix.test")], ("mx.postfix.test", "A"): [THEIRS]}
    equal("one pin", len(dns.zones[PIN]), 1)
    with Postfix(host=THEIRS, port=25, outgoing_tls="dane-only") as peer:
        goes("our pin", server, peer, "Verified")
        following = ca.issue(HOST)
        shutil.copyfile(following.key, server.key + ".next")
        publish(dns, peer, server.published()[PIN])
        equal("two pins", len(dns.zones[PIN]), 2)
        goes("beside the next key's", server, peer, "Verified")
        old = dns.zones[PIN][0]
        server.stop()
        server.use(following)
        os.unlink(server.key + ".next")
        server.start()
        goes("the next key is used", server, peer, "Verified")
        publish(dns, peer, server.published()[PIN])
        check("its pin is the one that stays", len(dns.zones[PIN]) == 1 and old not in dns.zones[PIN], dns.zones[PIN])
        goes("its pin alone", server, peer, "Verified")
        right = dns.zones[PIN]
        publish(dns, peer, [old])
        stays("the old key's pin", server, peer, "Server certificate not verified")
        publish(dns, peer, right)
        dns.secure.discard(DOMAIN)
        stays("records that DNSSEC does not prove", server, peer, "DNSSEC|TLSA")
    with Postfix(host=THEIRS, port=25, outgoing_tls="dane") as peer:
        goes("opportunistic DANE, and no proof", server, peer, "Untrusted")
        dns.secure.add(DOMAIN)
        publish(dns, peer, right)
        goes("opportunistic DANE, and proof", server, peer, "Verified")


def counted(server, to):
    """Whether the log says of the last try that the host proved who it is."""
    return re.search(r"verified=(\d)", [line for line in server.log().split("\n") if "queue.rcpt" in line and f'"{to}"' in line][-1])[1]


def holds(name, server, peer, status):
    to, count = f"bob@{peer.domain}", len(peer.inbox())
    server.send(to)
    check(f"{name}: waits", wait_for(lambda: any(r["tries"] > 0 and r["status"] == status for r in server.waiting())), server.queue())
    equal(f"{name}: nothing was sent", len(peer.inbox()), count)
    server.command("queue", "cancel", str(server.queue()[0]["id"]))
    check(f"{name}: gone", wait_for(lambda: server.queue() == []), server.queue())


def reaches(name, server, peer, verified):
    to, count = f"bob@{peer.domain}", len(peer.inbox())
    server.send(to)
    check(f"{name}: arrives", peer.wait_inbox(count + 1), server.story())
    check(f"{name}: settled", server.settled(), server.queue())
    equal(f"{name}: verified", counted(server, to), verified)


def test_to_postfix(server, dns, others):
    domain, host = "postfix.test", "mx.postfix.test"
    pin = (f"_25._tcp.{host}", "TLSA")
    certificate = others.issue(host)
    dns.zones |= {(domain, "MX"): [(10, host)], (host, "A"): [OTHER]}
    dns.secure.add(domain)
    with Postfix(host=OTHER, port=25, tls=certificate) as peer:
        for name, record in (("its key", certificate.tlsa()), ("its certificate", certificate.tlsa(3, 0, 2)),
                             ("an anchor of its own", others.certificate.tlsa(2, 0, 1))):
            dns.zones[pin] = [record]
            reaches(f"Postfix, {name}", server, peer, "1")
        dns.zones[pin] = [(3, 1, 1, "00" * 32)]
        holds("Postfix, another key", server, peer, "4.7.5")
        dns.zones[pin] = [(3, 1, 1, "00" * 32), certificate.tlsa()]
        reaches("Postfix, one of two", server, peer, "1")
        del dns.zones[pin]
        reaches("Postfix, no records", server, peer, "0")
    dns.zones[pin] = [certificate.tlsa()]
    with Postfix(host=OTHER, port=25) as peer:
        holds("Postfix without TLS, which its records promise", server, peer, "4.7.10")


def main():
    reasons = peers.install(Postfix)
    lab.isolate()
    if Postfix in reasons:
        skip("DANE with Postfix", reasons[Postfix])
        end()
    with Authority() as ca, Authority("Somebody Else") as others, DnsServer({}, port=53, ttl=0) as dns, Host(ca, others.issue(HOST)) as server:
        dns.secure.add(DOMAIN)
        test_to_us(server, dns, others)
        test_to_postfix(server, dns, others)
    end()


if __name__ == "__main__":
    main()
