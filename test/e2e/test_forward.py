#!/usr/bin/env python3
"""Addresses that lead out of here: forwarded under a sender of ours (SRS), whose bounces find the way back.

In a network of its own (lab.py).
"""

import re
import smtplib

import lab
from dns_server import DnsServer
from harness import check, end, equal
from sender import ALICE, BOB, Report, Sender
from sink import Sink, reply

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"],
         ("origin.test", "MX"): [(10, "mx.origin.test")], ("mx.origin.test", "A"): ["127.0.0.3"]}
WRITER = "Writer+tag@origin.test"
BODY = b"From: <Writer+tag@origin.test>\r\nSubject: for you\r\n\r\nhello\r\n"
ALIASES = [("away@example.test", "x@far.test"), ("both@example.test", "x@far.test"), ("both@example.test", BOB),
           ("chain@example.test", "away@example.test"), ("home@example.test", BOB)]


def deliver(server, sender, to, data=BODY, options=(), rcpt_options=()):
    """By SMTP from another host; the reply to RCPT, or to the message."""
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.ehlo()
        code, text = smtp.mail(sender, options)
        if code == 250:
            code, text = smtp.rcpt(to, rcpt_options)
        if code == 250:
            code, text = smtp.data(data)
        return code, text.decode()


def forwarded(server, far, to, sender=WRITER, **options):
    """The message as it left."""
    before = len(far.messages)
    equal(f"{to}: taken", deliver(server, sender, to, **options)[0], 250)
    check(f"{to}: leaves", far.wait(before + 1) and server.settled(), server.story())
    return far.messages[-1]


def test_sender(server, far):
    m = forwarded(server, far, "away@example.test")
    check("under a sender of ours", re.fullmatch(r"SRS0=[A-Z0-9]+=[A-Z0-9]+=origin.test=Writer\+tag@example.test", m.sender), m.sender)
    equal("to whom it leads", m.recipients, ["x@far.test"])
    equal("whom it was for first", m.recipient_parameters["x@far.test"].get("ORCPT"), "rfc822;away@example.test")
    check("no Return-Path on the way", b"return-path" not in m.data.lower(), m.data)
    check("as it came", m.data.endswith(BODY), m.data)
    equal("over two aliases", forwarded(server, far, "chain@example.test").recipients, ["x@far.test"])
    equal("the null sender stays", forwarded(server, far, "away@example.test", sender="").sender, "")
    equal("a sender of ours stays", forwarded(server, far, "away@example.test", sender=ALICE).sender, ALICE)
    again = forwarded(server, far, "away@example.test", sender="SRS0=AAAA=BB=first.test=ann@origin.test")
    check("one that was rewritten before", again.sender.startswith("SRS1=") and again.sender.endswith("@example.test"), again.sender)
    before = len(server.inbox(BOB))
    forwarded(server, far, "both@example.test")
    check("out and here", server.wait_inbox(before + 1, BOB))
    equal("here from the writer", server.inbox(BOB)[-1].split(b"\r\n")[0], b"Return-Path: <" + WRITER.encode() + b">")
    before = len(far.messages)
    server.send("away@example.test")
    check("from a user", far.wait(before + 1) and server.settled(), server.story())
    equal("under the user's own name", far.messages[-1].sender, ALICE)
    return m.sender


def test_back(server, origin, ours):
    """Bounces to the sender that we made go to the writer; to one that we did not make, nowhere."""
    report = b"From: <mailer-daemon@far.test>\r\nSubject: no\r\n\r\nno such user\r\n"
    before = len(origin.messages)
    for to in (ours, ours.lower(), ours.replace("SRS0=", "srs0=")):
        equal(f"a bounce to {to}", deliver(server, "", to, report)[0], 250)
    check("reaches the writer", origin.wait(before + 3) and server.settled(), server.story())
    equal("all of them", [(m.sender, m.recipients[0].lower()) for m in origin.messages[before:]], [("", WRITER.lower())] * 3)
    check("as it came", origin.messages[-1].data.endswith(report), origin.messages[-1].data)
    equal("what is no bounce is not relayed", deliver(server, "spam@far.test", ours, report),
          (550, "5.7.1 This address takes reports about mail only, with MAIL FROM:<>"))

    mark = ours.split("=")[1]
    forged = [ours.replace(mark, "A" * len(mark)), ours.replace("Writer", "Victim"), ours.replace("origin.test", "victim.test"),
              "SRS0=AAAA=BB=victim.test=a@example.test", "SRS1=AAAA=victim.test==BBBB=CC=x.test=a@example.test"]
    for to in forged:
        equal(f"forged: {to}", deliver(server, "", to), (550, "5.7.1 This return address is not valid, or too old"))
    server.restart()
    equal("still known after a restart", deliver(server, "", ours, report)[0], 250)
    check("and led back", origin.wait(before + 4), server.story())


def test_refused(server, far, origin):
    """The place it leads to refuses: the writer hears of the address he wrote to."""
    far.at("RCPT", reply("550 5.1.1 Gone"))
    before = len(origin.messages)
    deliver(server, WRITER, "away@example.test", options=["ENVID=w1", "RET=HDRS"])
    check("refused: the writer hears of it", origin.wait(before + 1) and server.settled(), server.story())
    report = Report(origin.messages[-1].data)
    equal("to the writer", origin.messages[-1].recipients, [WRITER])
    equal("about both addresses", (report.facts(), report.recipients[0]["Original-Recipient"]),
          ({"x@far.test": ("failed", "5.1.1")}, "rfc822; away@example.test"))
    equal("by the writer's number", report.message["Original-Envelope-Id"], "w1")
    check("not to our users", server.settled())
    server.no_report("not to our users")
    far.behave()


def test_catch_all(server, far, origin):
    """A catch-all does not swallow bounces."""
    server.command("alias", "add", "@example.test", BOB)
    m = forwarded(server, far, "away@example.test")
    before = len(origin.messages)
    equal("a bounce where a catch-all is", deliver(server, "", m.sender)[0], 250)
    check("is led back", origin.wait(before + 1) and server.settled(), server.story())
    server.command("alias", "del", "@example.test", BOB)


def test_loop(server):
    """Aliases that lead to each other are no way for mail."""
    for a, b in (("round@example.test", "trip@example.test"), ("trip@example.test", "round@example.test")):
        server.command("alias", "add", a, b)
    code, text = deliver(server, WRITER, "round@example.test")
    check("a loop of aliases", code == 554 and text.startswith("5.4.6"), (code, text))


def main():
    lab.isolate()
    with DnsServer(ZONES, port=53), Sink(host="127.0.0.2", port=25) as far, Sink(host="127.0.0.3", port=25) as origin:
        with Sender() as server:
            for address, target in ALIASES:
                server.command("alias", "add", address, target)
            ours = test_sender(server, far)
            test_back(server, origin, ours)
            test_refused(server, far, origin)
            test_catch_all(server, far, origin)
            test_loop(server)
        with Sender("[queue]\nsrs = no\n") as server:
            server.command("alias", "add", "away@example.test", "x@far.test")
            equal("srs = no: under the writer's address", forwarded(server, far, "away@example.test").sender, WRITER)
        equal("we keep to the RFCs", far.violations + origin.violations, [])
    end()


if __name__ == "__main__":
    main()
