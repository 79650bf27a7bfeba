#!/usr/bin/env python3
"""What leaves is signed with DKIM: messages of users, by SMTP and JMAP, reports, answers; and nothing of strangers.

In a network of its own (lab.py). Every signature is checked by `dkim-verify`; who else agrees with that is test_dkim.py's.
What hosts get in another form is checked by Debian's python3-dkim, too.
"""

import json
import os
import random
import smtplib
import subprocess
import tempfile

import dkim_peer
import lab
from dns_server import DnsServer, TIMEOUT
from harness import BINARY, check, end, equal
from mail_keys import Keys
from outside import Client
from sender import ALICE, BOB, Sender
from sink import DEFAULT, Sink, reply
from test_jmap_send import User

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"],
         ("origin.test", "MX"): [(10, "mx.origin.test")], ("mx.origin.test", "A"): ["127.0.0.3"]}
GOOD = [("pass", "example.test", "e"), ("pass", "example.test", "r")]
BODY = "From: Alice <{}>\r\nTo: x@far.test\r\nSubject: {}\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\nhello\r\n"


def verdicts(zone, data):
    done = subprocess.run([BINARY, "dkim-verify", "--dns", zone, "-"], input=data, check=True, capture_output=True)
    return sorted((one["result"], one["domain"], one["selector"]) for one in json.loads(done.stdout))


def taken(sink, before, server):
    check("it leaves", sink.wait(before + 1) and server.settled(), server.story())
    return sink.messages[-1]


def test_users(server, sink, zone):
    for subject, data in (("short", BODY.format(ALICE, "short")), ("long", BODY.format(ALICE, "long") + "x" * 70 + "\r\n"),
                          ("large", BODY.format(ALICE, "large") + ("x" * 70 + "\r\n") * 150_000), ("bcc", "Bcc: y@far.test\r\n" + BODY.format(ALICE, "bcc")),
                          ("sub", BODY.format("alice@sub.example.test", "sub"))):
        before = len(sink.messages)
        server.send("x@far.test", data)
        m = taken(sink, before, server)
        equal(f"{subject}: signed", verdicts(zone, m.data), GOOD)
        check(f"{subject}: in front", m.data.startswith(b"DKIM-Signature: "), m.data[:300])
        check(f"{subject}: From cannot be added", b"from:from:" in b"".join(m.data.lower().split()) or b":from" in m.data.lower(), m.data[:600])
    before = len(sink.messages)
    server.send(["x@far.test", "y@far.test"], BODY.format(ALICE, "two"))
    equal("two recipients", verdicts(zone, taken(sink, before, server).data), GOOD)


def test_again(server, sink, zone):
    """A message that was refused for a while is signed anew, once."""
    sink.at("END", reply("451 4.3.0 Later"), times=2)
    before = len(sink.messages)
    server.send("x@far.test", BODY.format(ALICE, "again"))
    m = taken(sink, before, server)
    equal("again: signed once", verdicts(zone, m.data), GOOD)
    sink.behave()


def test_jmap(server, sink, zone):
    alice = User(server, ALICE)
    before = len(sink.messages)
    _, sent = alice.submit(alice.draft("x@far.test", "jmap"))
    check("jmap: sent", sent)
    equal("jmap: signed", verdicts(zone, taken(sink, before, server).data), GOOD)
    alice.close()


def test_reports(server, sink, origin, zone):
    """A forward fails: the report to its sender is ours, the message that was forwarded is not."""
    server.command("alias", "add", "away@example.test", "no@far.test")
    sink.at("RCPT", reply("550 5.1.1 No"), to="no@far.test")
    data = BODY.format("writer@origin.test", "report").encode()
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.sendmail("writer@origin.test", ["away@example.test"], data)
    report = taken(origin, 0, server)
    equal("report: from nobody", report.sender, "")
    equal("report: signed by the domain above", verdicts(zone, report.data), GOOD)
    sink.behave()
    before = len(sink.messages)
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.sendmail("writer@origin.test", ["away@example.test"], data)
    equal("forwarded: not by us", verdicts(zone, taken(sink, before, server).data), [])


def arc(zone, data):
    done = subprocess.run([BINARY, "arc-verify", "--dns", zone, "-"], input=data, check=True, capture_output=True)
    return json.loads(done.stdout)


def test_sealed(sink, zone, keys, dns):
    """What is forwarded has our seal on what we found, when we judged it; a chain goes on, a broken one does not."""
    settings = "[listener smtp]\nproxy-networks = loopback\n[mailauth]\nreject = no\n"
    with Sender(settings) as server:
        keys.install(server, "example.test")
        server.command("alias", "add", "away@example.test", "x@far.test")

        def forward(data):
            before = len(sink.messages)
            with Client(server, "93.184.216.10") as smtp:
                smtp.sendmail("writer@origin.test", ["away@example.test"], data)
            return taken(sink, before, server).data

        for size in (0, 200_000):
            data = keys.sign(BODY.format("writer@origin.test", "sealed").encode() + b"x" * 70 + b"\r\n" * (1 + size // 2), "origin.test")
            left = forward(data)
            found = arc(zone, left)
            equal(f"{size}: one set, and it is good", (found["result"], len(found["sets"])), ("pass", 1))
            said = left.split(b"ARC-Authentication-Results:")[1].split(b"\r\nReturn-Path")[0].split(b"\r\nReceived")[0]
            for words in (b"i=1; mail.example.test;", b"dkim=pass", b"dmarc=pass header.from=origin.test"):
                check(f"{size}: it says {words}", words in b" ".join(said.split()), said)
            check(f"{size}: the message is as it was", left.endswith(data), left[:3000])
        again = keys.seal(data, "origin.test", "origin.test; dmarc=pass header.from=origin.test", zone)
        equal("a chain goes on", [arc(zone, forward(again))[k] for k in ("result",)], ["pass"])
        equal("by one", len(arc(zone, forward(again))["sets"]), 2)
        broken = forward(again.replace(b"hello", b"hullo"))
        equal("a broken chain is sealed as such", arc(zone, broken)["result"], "fail")
        dns.zones["r._domainkey.origin.test", "TXT"] = TIMEOUT
        with Sender(settings) as other:
            keys.install(other, "example.test")
            other.command("alias", "add", "away@example.test", "x@far.test")
            before = len(sink.messages)
            with Client(other, "93.184.216.10") as smtp:
                smtp.sendmail("writer@origin.test", ["away@example.test"], again)
            equal("who cannot know says nothing", taken(sink, before, other).data.count(b"ARC-Seal"), 1)
        dns.zones.update(keys.records("origin.test"))


def test_others(server, sink, zone):
    for subject, author in (("another domain", "alice@elsewhere.test"), ("no domain", "alice"), ("a domain above", "alice@test")):
        before = len(sink.messages)
        server.send("x@far.test", BODY.format(author, subject))
        equal(f"{subject}: not signed", verdicts(zone, taken(sink, before, server).data), [])
    before = len(server.inbox(BOB))
    server.send(BOB, BODY.format(ALICE, "home"))
    check("at home: not signed", server.wait_inbox(before + 1, BOB) and b"DKIM-Signature" not in server.inbox(BOB)[-1])


def test_other_tenant(server, sink, zone, keys):
    """A user of one domain here does not get the signature of another one."""
    keys.install(server, "origin.test")
    for subject, author, sender, want in (("another's domain", "boss@origin.test", ALICE, []), ("with the null sender", "boss@origin.test", "", []),
                                          ("her own, with the null sender", ALICE, "", GOOD)):
        before = len(sink.messages)
        server.send("x@far.test", BODY.format(author, subject), sender=sender)
        equal(f"{subject}", verdicts(zone, taken(sink, before, server).data), want)


def test_keys(server, sink, zone):
    """Keys that change are seen without a word; damaged ones stop nothing."""
    folder = os.path.join(server.folder, "data/dkim/example.test")
    os.rename(os.path.join(folder, "e.pem"), os.path.join(folder, "e.old"))
    before = len(sink.messages)
    server.send("x@far.test", BODY.format(ALICE, "one key"))
    equal("one key less", verdicts(zone, taken(sink, before, server).data), GOOD[1:])
    with open(os.path.join(folder, "z.pem"), "w") as f:
        f.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    before = len(sink.messages)
    server.send("x@far.test", BODY.format(ALICE, "a damaged key"))
    equal("a damaged one", verdicts(zone, taken(sink, before, server).data), GOOD[1:])


def test_off(zone, sink, keys):
    with Sender("[mailauth]\nsign = no\n") as server:
        keys.install(server, "example.test")
        before = len(sink.messages)
        server.send("x@far.test", BODY.format(ALICE, "off"))
        equal("sign = no", verdicts(zone, taken(sink, before, server).data), [])


RANDOM_MAILS = 25
NARROW = [word for word in DEFAULT if word not in ("8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME")]
# Text, a part that is 8-bit, a header with UTF-8, a message in it; trailing blanks and empty lines, which the forms of signatures leave out.
WIDE = ("From: Älice <{}>\r\nTo: x@far.test\r\nSubject: {} grüßt\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "Grüße aus Köln  \r\n.\r\n..\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: ä\r\n\r\nö\r\n--b--\r\n\r\n\r\n")


def agrees(peer, records, data, arc_too=False):
    """What python3-dkim says of each signature, and of the chain."""
    def txt(name, timeout=5):
        return records.get((name.decode().rstrip("."), "TXT"), [""])[0].encode()

    def verify(i):
        try:
            return peer.DKIM(data).verify(i, dnsfunc=txt)
        except peer.ValidationError:
            return False
    count = sum(name.lower() == b"dkim-signature" for name, _ in peer.DKIM(data).headers)
    said = [verify(i) for i in range(count)]
    if arc_too:  # None: the last sealer found it broken
        said.append((peer.ARC(data).verify(dnsfunc=txt)[0] or b"fail").decode())
    return said


def test_seven(zone, keys, records, peer):
    """A host without 8BITMIME gets a 7-bit form of what is not: it is this form that is signed (RFC 6376 5.3)."""
    long = "Grüße " * 11 + "\r\n"
    with Sink(host="127.0.0.2", port=25, extensions=NARROW) as sink, Sender() as server:
        keys.install(server, "example.test")
        for subject, data in (("ascii", BODY.format(ALICE, "ascii")), ("wide", WIDE.format(ALICE, "wide")),
                              ("large", WIDE.format(ALICE, "large").replace("..\r\n", long * 8000)),
                              ("no structure", BODY.format(ALICE, "plain") + long)):
            before = len(sink.messages)
            server.send("x@far.test", data.encode(), mail=[] if data.isascii() else ["BODY=8BITMIME"])
            m = taken(sink, before, server)
            check(f"7-bit, {subject}: it is", m.data.isascii(), m.data[:500])
            equal(f"7-bit, {subject}: signed", verdicts(zone, m.data), GOOD)
            equal(f"7-bit, {subject}: python3-dkim agrees", agrees(peer, records, m.data), [True, True])
        equal("7-bit: the sink's manners", sink.violations, [])
        test_random(server, sink, zone, records, peer)


def test_random(server, sink, zone, records, peer):
    """Headers and bodies as nobody writes them, most of them 8-bit."""
    seed = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 31)
    chance = random.Random(seed)
    for n in range(RANDOM_MAILS):
        data = dkim_peer.random_mail(chance).replace(b"ann@signer.test", ALICE.encode())
        data += f"{n} ß\r\n".encode()  # its body is not empty, and 8-bit
        before = len(sink.messages)
        server.send("x@far.test", data, mail=["BODY=8BITMIME"])
        m = taken(sink, before, server)
        check(f"random {n}, SEED={seed}: 7-bit", m.data.isascii(), m.data)
        equal(f"random {n}, SEED={seed}: signed", verdicts(zone, m.data), GOOD)
        equal(f"random {n}, SEED={seed}: python3-dkim agrees", agrees(peer, records, m.data), [True, True])


def test_both_forms(zone, keys, records, peer, dns):
    """One message to two hosts of a domain, the first of which wants it later: each gets the form it takes, signed."""
    dns.zones["far.test", "MX"] = [(10, "mx.far.test"), (20, "mx2.far.test")]
    dns.zones["mx2.far.test", "A"] = ["127.0.0.4"]
    for first, second in ((NARROW, DEFAULT), (DEFAULT, NARROW)):
        with Sink(host="127.0.0.2", port=25, extensions=first) as one, Sink(host="127.0.0.4", port=25, extensions=second) as two, Sender() as server:
            keys.install(server, "example.test")
            one.at("END", reply("451 4.3.0 Later"))
            server.send("x@far.test", WIDE.format(ALICE, "both").encode(), mail=["BODY=8BITMIME"])
            m = taken(two, 0, server)
            equal("both: the second host's form", m.data.isascii(), second == NARROW)
            equal("both: signed, once", verdicts(zone, m.data), GOOD)
            equal("both: python3-dkim agrees", agrees(peer, records, m.data), [True, True])


def test_sealed_seven(zone, keys, records, peer):
    """
    A forward in another form breaks its author's signature, whoever makes it. The chain that it came with is judged as it came, and
    our seal is on what leaves: so who trusts us knows what it was.
    """
    settings = "[listener smtp]\nproxy-networks = loopback\n[mailauth]\nreject = no\n"
    with Sink(host="127.0.0.2", port=25, extensions=NARROW) as sink, Sender(settings) as server:
        keys.install(server, "example.test")
        server.command("alias", "add", "away@example.test", "x@far.test")
        signed = keys.sign(WIDE.format("writer@origin.test", "sealed").encode(), "origin.test")
        chained = keys.seal(signed, "origin.test", "origin.test; dmarc=pass header.from=origin.test", zone)
        broken = chained.replace(b"aus K", b"aus C")
        named = "DKIM-Signature: v=1; a=rsa-sha256; d=origin.test; i=jörg@origin.test; s=r; h=from; bh=YQ==; b=YQ==\r\n".encode() + signed
        for name, data, want, sets in (("first", signed, "pass", 1), ("a chain", chained, "pass", 2), ("broken before", broken, "fail", 2),
                                       ("UTF-8 in what we found", named, "pass", 1)):
            before = len(sink.messages)
            with Client(server, "93.184.216.10") as smtp:
                smtp.sendmail("writer@origin.test", ["away@example.test"], data, ["BODY=8BITMIME"])
            left = taken(sink, before, server).data
            found = arc(zone, left)
            check(f"sealed, {name}: 7-bit", left.isascii(), left[:500])
            equal(f"sealed, {name}: what arc-verify says", (found["result"], left.count(b"ARC-Seal:")), (want, sets))
            equal(f"sealed, {name}: python3-dkim says the same", agrees(peer, records, left, True)[-1], want)
            said = b" ".join(left.split(b"ARC-Authentication-Results:")[1].split(b"\r\nReceived")[0].split())
            check(f"sealed, {name}: it tells what the author's signature was", (b"dkim=pass" in said) == (name != "broken before"), said)


def main():
    peer = dkim_peer.load()
    lab.isolate()
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        records = keys.records("example.test") | keys.records("origin.test")
        zone = keys.zone_file(os.path.join(folder, "zone"), records)
        policy = {("_dmarc.origin.test", "TXT"): ["v=DMARC1; p=reject"]}
        with DnsServer(ZONES | records | policy, port=53) as dns:
            with Sink(host="127.0.0.2", port=25) as sink, Sink(host="127.0.0.3", port=25) as origin:
                with Sender() as server:
                    keys.install(server, "example.test")
                    test_users(server, sink, zone)
                    test_again(server, sink, zone)
                    test_jmap(server, sink, zone)
                    test_reports(server, sink, origin, zone)
                    test_others(server, sink, zone)
                    test_other_tenant(server, sink, zone, keys)
                    test_keys(server, sink, zone)
                test_sealed(sink, zone, keys, dns)
                test_off(zone, sink, keys)
            if peer:
                test_seven(zone, keys, records, peer)
                test_both_forms(zone, keys, records, peer, dns)
                test_sealed_seven(zone, keys, records, peer)
    end()


if __name__ == "__main__":
    main()
