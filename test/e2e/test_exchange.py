#!/usr/bin/env python3
"""Two servers of ours exchange mail as on the Internet: names, port 25, STARTTLS with certificates that are right.

In a network of its own (lab.py). a.test and b.test each have a server; far.test is a sink. Nobody is trusted for coming
from loopback, and b.test greylists.
"""

import email
import email.policy
import re
import smtplib
from contextlib import ExitStack

import lab
from certificates import Authority
from dns_server import DnsServer, reverse
from harness import check, end, equal
from jmap_client import Client
from sender import SECRET, Sender, wait_for
from sink import Sink, reply

ANN, BOB = "ann@a.test", "bob@b.test"
ØRN, ÅSE = "ørn@a.test", "åse@b.test"
HOSTS = {"a.test": "127.0.0.11", "b.test": "127.0.0.12", "far.test": "127.0.0.13"}
ZONES = {}
for domain, address in HOSTS.items():
    ZONES[domain, "MX"] = [(10, f"mx.{domain}")]
    ZONES[f"mx.{domain}", "A"] = [address]
    ZONES[reverse(address), "PTR"] = [f"mx.{domain}"]
SETTINGS = """
[listener smtp]
address = {address}:25
[certificate main]
chain = {certificate.chain}
key = {certificate.key}
[outbound]
ca-file = {ca.path}
source-ipv4 = {address}
[policy]
trusted = 10.0.0.0/8
connection-rate =
"""
EIGHT = ("From: Ann <ann@a.test>\r\nTo: bob@b.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße, ½ und ¼\r\n.dot\r\n").encode()


class Host(Sender):
    """One of the two."""

    def __init__(self, domain, users, ca, more=""):
        settings = SETTINGS.format(address=HOSTS[domain], certificate=ca.issue(f"mx.{domain}"), ca=ca)
        super().__init__(settings + more, users=users, domain=domain, hostname=f"mx.{domain}")

    def jmap(self, user):
        return Client(f"http://{self.host}:{self.port('http')}", user, SECRET)

    def public(self):
        return smtplib.SMTP(HOSTS[self.domain], 25, local_hostname="mx.far.test", timeout=20, source_address=(HOSTS["far.test"], 0))

    def post(self, sender, to, data=None, **options):
        self.send(to, data, sender=sender, user=sender, **options)


def got(server, user, count):
    """The newest message of a user who has so many."""
    check(f"{user}: message {count} arrives", server.wait_inbox(count, user), server.story())
    return server.inbox(user)[-1]


def is_quiet(*servers):
    return all(server.settled(30) for server in servers)


def test_eight_bits(a, b):
    for sender, one, to, other in ((ANN, a, BOB, b), (BOB, b, ANN, a)):
        one.post(sender, to, EIGHT)
        data = got(other, to, 1)
        check(f"to {to}: as it was sent", data.endswith(EIGHT), data)
        check(f"to {to}: its sender", data.startswith(f"Return-Path: <{sender}>\r\n".encode()), data)
        head = " ".join(data.decode().split("\r\n\r\n")[0].split())
        check(f"to {to}: over TLS, twice named", re.search(r"Received: from mx[.][ab][.]test \(mx[.][ab][.]test \[127[.]0[.]0[.]1[12]\]\) by "
                                                           r"mx[.][ab][.]test \(TLS1[.]2 \S+\) with ESMTPS ", head), head)
    check("b.test greylisted ann first", "451 4.7.1" in b.log(), b.story())


def test_utf8(a, b):
    """Addresses in UTF-8, as IMAP and JMAP show them."""
    data = f"From: Ørn <{ØRN}>\r\nTo: {ÅSE}\r\nSubject: smørrebrød\r\n\r\nø\r\n".encode()
    a.post(ØRN, ÅSE, data, mail=["SMTPUTF8"])
    got_data = got(b, ÅSE, 1)
    check("IMAP: as it was sent", got_data.endswith(data) and got_data.startswith(f"Return-Path: <{ØRN}>\r\n".encode()), got_data)
    jmap = b.jmap(ÅSE)
    ids = jmap.one("Email/query", {"filter": {"inMailbox": jmap.mailbox("inbox")}})["ids"]
    found = jmap.one("Email/get", {"ids": ids, "properties": ["from", "to", "subject", "preview"]})["list"]
    equal("JMAP: addresses and subject", [(e["from"], e["to"], e["subject"], e["preview"]) for e in found],
          [([{"name": "Ørn", "email": ØRN}], [{"name": None, "email": ÅSE}], "smørrebrød", "ø")])
    jmap.close()
    b.post(ÅSE, "nobodý@a.test", data, mail=["SMTPUTF8"])
    b.seen[ÅSE] = 1
    report = b.next_report(ÅSE)
    equal("a report about an address in UTF-8", (report.kinds[1], [r["Status"] for r in report.recipients]),
          ("message/global-delivery-status", ["5.1.1"]))
    check("it names the address", "<nobodý@a.test>" in report.words, report.text)


def test_reports(a, b):
    b.seen[BOB] = a.seen[ANN] = 1
    a.post(ANN, BOB, mail=["ENVID=e1"], rcpt={BOB: ["NOTIFY=SUCCESS", "ORCPT=rfc822;robert@b.test"]})
    report = a.next_report(ANN)
    equal("DSN: success, told by who knows", (report.message["Reporting-MTA"], report.facts()),
          ("dns; mx.b.test", {BOB: ("delivered", "2.1.5")}))
    equal("DSN: what the sender asked for", (report.message["Original-Envelope-Id"], report.recipients[0]["Original-Recipient"]),
          ("e1", "rfc822; robert@b.test"))
    check("and it is there", b.wait_inbox(2, BOB))
    b.seen[BOB] = 2

    a.post(ANN, "nobody@b.test", "From: ann@a.test\r\nSubject: are you there?\r\n\r\nhello?\r\n")
    report = a.next_report(ANN)
    equal("unknown user", (report.message["Reporting-MTA"], report.facts()), ("dns; mx.a.test", {"nobody@b.test": ("failed", "5.1.1")}))
    for words in ("Your message could not be delivered.", "Subject: are you there?", "There is no such mailbox.",
                  "mx.b.test [127.0.0.12] said in answer to RCPT TO: 550 5.1.1 No such user here"):
        check(f"unknown user: {words}", words in report.words, report.text)
    check("unknown user: what was written comes back", "hello?" in report.returned, report.returned)
    check("quiet", is_quiet(a, b))


def test_forward(a, b, far):
    """ann writes to an address of b.test that leads back to one of a.test, which leads to far.test, and that refuses."""
    b.command("alias", "add", "out@b.test", "on@a.test")
    a.command("alias", "add", "on@a.test", "x@far.test")
    far.at("RCPT", reply("550 5.7.1 Not you"), times=1)
    a.post(ANN, "out@b.test", EIGHT)
    report = a.next_report(ANN)
    equal("forwarded twice and refused: the writer hears of it", report.facts(), {"x@far.test": ("failed", "5.7.1")})
    equal("and of the address that was written to", report.recipients[0]["Original-Recipient"], "rfc822; out@b.test")
    check("quiet", is_quiet(a, b))
    a.post(ANN, "out@b.test", EIGHT)
    check("forwarded twice", far.wait(1), a.story())
    m = far.messages[-1]
    check("under a sender of the last one", re.fullmatch(r"SRS1=\w+=b[.]test==\w+=\w+=a[.]test=ann@a[.]test", m.sender), m.sender)
    equal("both servers are in the trace", len(re.findall(rb"(?m)^Received: ", m.data)), 3)
    # far.test took it and changes its mind: its bounce goes the way back.
    data = "From: <mailer-daemon@far.test>\r\nSubject: no\r\n\r\nsorry\r\n"
    with a.public() as smtp:
        smtp.sendmail("", [m.sender], data)
    check("a bounce that comes later goes back by both", a.wait_inbox(a.seen[ANN] + 1, ANN) and b"sorry" in a.inbox(ANN)[-1], a.story())
    a.seen[ANN] += 1


def test_loop(a, b):
    """Two forwards that lead to each other end by themselves."""
    a.command("alias", "add", "loop@a.test", "loop@b.test")
    b.command("alias", "add", "loop@b.test", "loop@a.test")
    a.post(ANN, "loop@a.test", "From: ann@a.test\r\nSubject: round\r\n\r\nand round\r\n")
    report = a.next_report(ANN)
    check("a loop ends", [s for _, s in report.facts().values()] == ["5.4.6"], report.data)
    check("a loop, in words", "went round in circles" in report.words, report.text)
    check("quiet", is_quiet(a, b))
    a.no_report("and is told once", ANN)
    hops = (a.log() + b.log()).count('rcpt="loop@')
    check("before long", hops < 400, hops)


def test_requiretls(a, b):
    count = len(b.inbox(BOB))
    a.post(ANN, BOB, EIGHT, mail=["REQUIRETLS"], tls=True)
    got(b, BOB, count + 1)
    a.post(ANN, "nobody@b.test", EIGHT, mail=["REQUIRETLS", "RET=FULL"], tls=True)
    report = a.next_report(ANN)
    equal("REQUIRETLS: an unknown user", (report.facts(), report.kinds[2]),
          ({"nobody@b.test": ("failed", "5.1.1")}, "text/rfc822-headers"))


def test_large(a, b):
    count = len(b.inbox(BOB))
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = ANN, BOB, "large"
    message.set_content("see there\n")
    attachment = bytes(range(256)) * 20000
    message.add_attachment(attachment, "application", "octet-stream", filename="bytes")
    a.post(ANN, BOB, message.as_bytes())
    found = email.message_from_bytes(got(b, BOB, count + 1), policy=email.policy.default)
    check("a large attachment arrives", next(found.iter_attachments()).get_content() == attachment)


def test_away(a, b):
    """One is away for a while, and killed while mail comes in."""
    count = len(b.inbox(BOB))
    b.stop()
    subjects = [f"away {i}" for i in range(30)]
    with a.client(ANN) as client:
        for subject in subjects:
            a.post(ANN, BOB, f"From: ann@a.test\r\nSubject: {subject}\r\n\r\nx\r\n", client=client)
    check("mail waits", wait_for(lambda: len(a.queue()) == 30), a.story())
    b.start()
    check("some arrives", b.wait_inbox(count + 1, BOB))
    b.kill()
    b.start()
    check("all of it leaves", a.settled(30), a.story())
    found = sorted(re.search(rb"Subject: (.*?)\r\n", m).group(1).decode() for m in b.inbox(BOB)[count:])
    check("nothing is lost", set(found) == set(subjects), found)
    check("nothing more is there than what was under way", len(found) - len(subjects) <= 5, len(found))


def main():
    lab.isolate()
    with ExitStack() as stack:
        ca = stack.enter_context(Authority())
        stack.enter_context(DnsServer(dict(ZONES), port=53)).secure.add("b.test")  # RFC 8689 4.2.1: REQUIRETLS wants proof
        far = stack.enter_context(Sink(host=HOSTS["far.test"], port=25, name="mx.far.test"))
        a = stack.enter_context(Host("a.test", [ANN, ØRN], ca))
        b = stack.enter_context(Host("b.test", [BOB, ÅSE], ca, "[policy]\ngreylisting = yes\ngreylist-wait = 1s\n"))
        test_eight_bits(a, b)
        test_utf8(a, b)
        test_reports(a, b)
        test_forward(a, b, far)
        test_loop(a, b)
        test_requiretls(a, b)
        test_large(a, b)
        test_away(a, b)
        equal("to the sink we keep to the RFCs", far.violations, [])
    end()


if __name__ == "__main__":
    main()
