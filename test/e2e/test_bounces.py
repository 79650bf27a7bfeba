#!/usr/bin/env python3
"""Reports to senders: what people read, what programs read, what comes back, and who hears nothing (RFC 3461, 3464).

In a network of its own (lab.py).
"""

import email
import email.policy
import email.utils
import smtplib
import time

import lab
from dns_server import DnsServer
from harness import check, end, equal
from sender import ALICE, Report, Sender, wait_for
from sink import DEFAULT, Sink, reply

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"],
         ("origin.test", "MX"): [(10, "mx.origin.test")], ("mx.origin.test", "A"): ["127.0.0.3"]}
PLAIN = [word for word in DEFAULT if word != "DSN"]
BODY = b"From: Alice <alice@example.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= for you\r\nMessage-ID: <m1@example.test>\r\n\r\nthe text\r\n"
NO = "550 5.7.1 We do not like <you> & yours; see https://far.test/why"


def unfold(field):
    return field.replace("\r\n ", " ")


def refused(server, to="no@far.test", data=BODY, **options):
    server.send(to, data, **options)
    report = server.next_report()
    check("it is a report as RFC 6522 and 3464 have it", report.is_report, report.data)
    check("the queue is empty", server.settled(), server.queue())
    return report


def test_text(server, sink):
    report = refused(server)
    mail = report.mail
    equal("from nobody, to the sender", (mail["Return-Path"], email.utils.parseaddr(mail["To"])[1]), ("<>", ALICE))
    equal("a mail program of people sees what it is", str(email.message_from_bytes(report.data, policy=email.policy.default)["Subject"]),
          "Undelivered: Grüße for you")
    equal("and programs, too", mail["Auto-Submitted"], "auto-replied")
    equal("it belongs to the message", (mail["In-Reply-To"], mail["References"]), ("<m1@example.test>",) * 2)
    for words in ("Your message could not be delivered.", "<no@far.test>", "Subject: Grüße for you",
                  "550 5.7.1 We do not like <you> & yours; see https://far.test/why", "mx.far.test [127.0.0.2] said in answer to RCPT TO:",
                  "What you can do:", "send all of this to postmaster@mail.example.test"):
        check(f"in words: {words}", words in report.words, report.text)
    check("lines are short", all(len(line) <= 78 for line in report.text.split("\n")), report.text)
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.ehlo()
        smtp.mail("")
        for address in ("postmaster", email.utils.parseaddr(mail["From"])[1].split("@")[0]):
            equal(f"{address} of the report can be written to", smtp.rcpt(f"{address}@mail.example.test")[0], 250)
    equal("who reports", report.message["Reporting-MTA"], "dns; mail.example.test")
    equal("from whom it came", report.message["Received-From-MTA"], "dns; client.test")
    arrived = email.utils.parsedate_to_datetime(report.message["Arrival-Date"]).timestamp()
    check("when it came", abs(time.time() - arrived) < 60, report.message["Arrival-Date"])
    r = report.recipients[0]
    equal("what happened", (r["Final-Recipient"], r["Action"], r["Status"], unfold(r["Diagnostic-Code"])),
          ("rfc822; no@far.test", "failed", "5.7.1", "smtp; " + NO))
    check("with whom", r["Remote-MTA"].startswith("dns; mx.far.test"), r["Remote-MTA"])


def test_return(server, sink):
    for ret, kind, has_body in ((None, "message/rfc822", True), ("FULL", "message/rfc822", True), ("HDRS", "text/rfc822-headers", False)):
        report = refused(server, mail=[f"RET={ret}"] if ret else [])
        equal(f"RET={ret}: kind", report.kinds[2], kind)
        check(f"RET={ret}: header", "Message-ID: <m1@example.test>" in report.returned, report.returned)
        equal(f"RET={ret}: body", "the text" in report.returned, has_body)
    large = BODY + b"x" * 70 + b"\r\n" * 300000
    report = refused(server, data=large, mail=["RET=FULL"])
    check("of a large one only the header comes back", report.kinds[2] == "text/rfc822-headers" and len(report.data) < 10000, len(report.data))
    eight = BODY.replace(b"the text", "Grüße".encode())
    report = refused(server, data=eight)
    check("8 bits come back", "Grüße".encode() in report.data, report.data)


def test_notify(server, sink):
    """NOTIFY decides who hears of what."""
    rows = [("FAILURE", True), ("NEVER", False), ("SUCCESS", False), ("DELAY", False), ("SUCCESS,FAILURE,DELAY", True)]
    for notify, is_told in rows:
        to = "no@far.test"
        if is_told:
            equal(f"NOTIFY={notify}: told", refused(server, to, rcpt={to: [f"NOTIFY={notify}"]}).facts(), {to: ("failed", "5.7.1")})
        else:
            server.send(to, rcpt={to: [f"NOTIFY={notify}"]})
            check("the queue is empty", server.settled(), server.queue())
            server.no_report(f"NOTIFY={notify}: not told")
    report = refused(server, mail=["ENVID=QQ+3D1"], rcpt={"no@far.test": ["ORCPT=rfc822;Old+2BOne@far.test"]})
    equal("ENVID, ORCPT", (report.message["Original-Envelope-Id"], report.recipients[0]["Original-Recipient"]),
          ("QQ=1", "rfc822; Old+One@far.test"))
    check("in words", "(you wrote to <Old+One@far.test>)" in report.words, report.text)

    sink.extensions = PLAIN
    tos = ["no@far.test", "yes@far.test", "no2@far.test"]
    report = refused(server, tos, rcpt={to: ["NOTIFY=SUCCESS,FAILURE"] for to in tos})
    equal("one report about all", report.facts(), {"no@far.test": ("failed", "5.7.1"), "no2@far.test": ("failed", "5.7.1"),
                                                   "yes@far.test": ("relayed", "2.0.0")})
    check("the bad news first", "Your message could not be delivered to everybody." in report.words, report.text)
    sink.extensions = DEFAULT
    server.send("bob@example.test", rcpt={"bob@example.test": ["NOTIFY=SUCCESS"]})
    equal("delivered here", server.next_report().facts(), {"bob@example.test": ("delivered", "2.1.5")})


def test_nobody(server, sink, origin):
    """No report about a report; one to elsewhere leaves with the null sender."""
    before = len(sink.messages)
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.sendmail("writer@origin.test", ["away@example.test"], BODY)
    check("to elsewhere", origin.wait(1), server.story())
    m = origin.messages[0]
    equal("from nobody", (m.sender, m.recipients), ("", ["writer@origin.test"]))
    equal("which is not to be reported on", m.recipient_parameters["writer@origin.test"].get("NOTIFY"), "NEVER")
    check("no Return-Path on the way", not m.data.lower().startswith(b"return-path"), m.data)
    equal("the writer learns of the address that he wrote to", Report(m.data).recipients[0]["Original-Recipient"],
          "rfc822; away@example.test")
    origin.at("RCPT", reply("550 5.1.1 Gone"))
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=20) as smtp:
        smtp.sendmail("writer@origin.test", ["away@example.test"], BODY)
        smtp.sendmail("", ["away@example.test"], BODY)
    check("a report that nobody takes ends", wait_for(lambda: origin.verbs().count("RCPT") == 2), server.story())
    check("nothing is left of it", server.settled(), server.queue())
    equal("and nothing was sent", (len(sink.messages), len(origin.messages)), (before, 1))


def test_time(sink):
    """A delay is told once, and the end, by short times."""
    # A notice that falls into a try waits for its outcome, so the times must not meet.
    settings = "[queue]\nlinger = 0\nretry = 3s\ndelay-notice = 2s\nexpire = 7s\n"
    with Sender(settings) as server:
        sink.at("RCPT", reply("450 4.2.1 The mailbox is busy <now>"))
        started = time.time()
        server.send("busy@far.test", BODY)
        server.send("quiet@far.test", BODY, rcpt={"quiet@far.test": ["NOTIFY=FAILURE"]})
        report = server.next_report()
        equal("a delay", report.facts(), {"busy@far.test": ("delayed", "4.2.1")})
        check("a delay, in words", "Your message is delayed. You need not do anything" in report.words
              and "450 4.2.1 The mailbox is busy <now>" in report.words and "We go on trying until" in report.words, report.text)
        until = email.utils.parsedate_to_datetime(report.recipients[0]["Will-Retry-Until"]).timestamp()
        check("for how long", 5 <= until - started <= 9, report.recipients[0]["Will-Retry-Until"])
        equal("a delay: only the header", report.kinds[2], "text/rfc822-headers")
        ends = {}
        for _ in range(2):
            report = server.next_report()
            ends |= report.facts()
        equal("the end", ends, {"busy@far.test": ("failed", "4.2.1"), "quiet@far.test": ("failed", "4.2.1")})
        check("the end, in words", "have given up" in report.words and "The mailbox is busy" in report.words, report.text)
        check("not before its time", time.time() - started >= 6)
        check("nothing is left", server.settled(), server.queue())
        server.no_report("and that is all")
        sink.behave()

        sink.at("CONNECT", reply("421 4.3.2 Not now", close=True))
        server.send("down@far.test", BODY, rcpt={"down@far.test": ["NOTIFY=FAILURE"]})
        report = server.next_report()
        equal("a host that is down", report.facts(), {"down@far.test": ("failed", "4.3.2")})
        check("with its last words", "421 4.3.2 Not now" in report.words, report.text)
        sink.behave()

    equal("we keep to the RFCs", sink.violations, [])


def main():
    lab.isolate()
    with DnsServer(ZONES, port=53), Sink(host="127.0.0.2", port=25) as sink, Sink(host="127.0.0.3", port=25) as origin:
        with Sender("[queue]\nlinger = 0\n") as server:
            server.command("alias", "add", "away@example.test", "no@far.test")
            for to in ("no@far.test", "no2@far.test"):
                sink.at("RCPT", reply(NO), to=to)
            test_text(server, sink)
            test_return(server, sink)
            test_notify(server, sink)
            test_nobody(server, sink, origin)
        sink.behave()
        test_time(sink)
        equal("reports keep to the RFCs", origin.violations, [])
    end()


if __name__ == "__main__":
    main()
