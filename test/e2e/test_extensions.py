#!/usr/bin/env python3
"""What a host offers is used, and what it does not offer is done without: EHLO, 8BITMIME, SMTPUTF8, SIZE, CHUNKING,
PIPELINING, DSN, DELIVERBY, MT-PRIORITY, LIMITS.

In a network of its own (lab.py), with one sink whose offer changes.
"""

import email
import email.policy
import time

import lab
from dns_server import DnsServer
from harness import check, end, equal
from sender import ALICE, Sender
from sink import DEFAULT, Sink, reply

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("xn--bcher-kva.test", "MX"): [(10, "mx.far.test")],
         ("mx.far.test", "A"): ["127.0.0.2"]}
UTF8_USER = "bjørn@example.test"
TEXT = "Grüße, ½ und ¼\r\n.dot\r\n" + "lang " * 60 + "ü\r\n"
EIGHT = ("From: Alice <alice@example.test>\r\nTo: x@far.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
         "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Last: 1\r\n\r\n" + TEXT).encode()
PARTS = ("From: Alice <alice@example.test>\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: 8bit\r\n\r\n" + TEXT + "\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain=text\r\n--b\r\n"
         "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n").encode()


def took(server, sink, to="x@far.test", data=None, **options):
    """The message that the sink got."""
    before = len(sink.messages)
    server.send(to, data, **options)
    check(f"{to}: arrives", sink.wait(before + 1), server.story())
    check(f"{to}: settled", server.settled(), server.queue())
    return sink.messages[-1]


def bounced(server, sink, name, status, to="x@far.test", data=None, **options):
    """It comes back, and MAIL was not even said."""
    said = sink.verbs().count("MAIL")
    server.send(to, data, **options)
    report = server.next_report(options.get("user", ALICE))
    equal(name, [(r["Action"], r["Status"]) for r in report.recipients], [("failed", status)])
    equal(f"{name}: found out before it is sent", sink.verbs().count("MAIL"), said)
    return report


def content(data):
    """The parts as a reader has them."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    return [(part.get_content_type(), part.get_content()) for part in message.walk() if not part.is_multipart()]


def fields(data, names=("From", "To", "Subject", "X-Last")):
    """Header fields that the writer wrote, byte by byte, in order."""
    head = data.split(b"\r\n\r\n")[0]
    return [line for line in head.split(b"\r\n") if line.split(b":")[0].decode() in names]


def test_helo(server, sink):
    sink.extensions = None
    m = took(server, sink, data=b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\n")
    equal("EHLO is not known: HELO", sink.verbs(m.connection), ["EHLO", "HELO", "MAIL", "RCPT", "DATA", "QUIT"])
    equal("no parameters", (m.parameters, m.recipient_parameters["x@far.test"]), ({}, {}))
    check("dots arrive as sent", m.data.endswith(b"\r\n\r\n.\r\n..\r\n.x\r\n"), m.data)
    sink.extensions = DEFAULT
    sink.at("EHLO", reply("502 5.5.1 What?"), times=1)
    m = took(server, sink)
    equal("EHLO is refused: HELO", sink.verbs(m.connection)[:3], ["EHLO", "HELO", "MAIL"])
    equal("with a name", m.hello, "mail.example.test")


def test_eight_bits(server, sink):
    for data, name in ((EIGHT, "text"), (PARTS, "parts")):
        sink.extensions = ["8BITMIME"]
        m = took(server, sink, data=data)
        check(f"{name}: 8 bits go as they are", m.data.endswith(data[data.index(b"\r\n\r\n"):]), m.data)
        equal(f"{name}: and are announced", m.parameters.get("BODY"), "8BITMIME")
        sink.extensions = []
        m = took(server, sink, data=data)
        check(f"{name}: 7 bits where there is no 8BITMIME", m.data.isascii() and "BODY" not in m.parameters, m.data)
        equal(f"{name}: the reader sees no difference", content(m.data), content(data))
        check(f"{name}: quoted-printable", b"quoted-printable" in m.data.lower(), m.data)
        equal(f"{name}: other fields are untouched", fields(m.data), fields(data))
    m = took(server, sink, data=b"Subject: ascii\r\n\r\nplain = text \r\n")
    check("nothing is converted for nothing", m.data.endswith(b"Subject: ascii\r\n\r\nplain = text \r\n"), m.data)


def test_utf8(server, sink):
    sink.extensions = ["SMTPUTF8", "8BITMIME"]
    m = took(server, sink, "grün@far.test", "Subject: grün\r\n\r\nü\r\n".encode(), sender=UTF8_USER, user=UTF8_USER, mail=["SMTPUTF8"])
    equal("UTF-8 addresses", (m.sender, m.recipients, m.parameters.get("SMTPUTF8")), (UTF8_USER, ["grün@far.test"], ""))
    check("and header", "Subject: grün\r\n".encode() in m.data, m.data)
    m = took(server, sink, "x@bücher.test", mail=["SMTPUTF8"])
    check("a domain in UTF-8 finds its way", m.recipients in (["x@bücher.test"], ["x@xn--bcher-kva.test"]), m.recipients)

    sink.extensions = ["8BITMIME"]
    m = took(server, sink, "x@bücher.test", mail=["SMTPUTF8"])
    equal("without SMTPUTF8 the domain goes in ASCII", (m.recipients, m.parameters.get("SMTPUTF8")), (["x@xn--bcher-kva.test"], None))
    report = bounced(server, sink, "no SMTPUTF8: an address", "5.6.7", "grün@far.test", mail=["SMTPUTF8"])
    check("in words", "letters beyond A to Z" in report.words and "grün@far.test" in report.words, report.text)
    bounced(server, sink, "no SMTPUTF8: the sender", "5.6.7", user=UTF8_USER, sender=UTF8_USER, mail=["SMTPUTF8"])
    report = bounced(server, sink, "no SMTPUTF8: the header", "5.6.9", data="Subject: grün\r\n\r\nx\r\n".encode(), mail=["SMTPUTF8"])
    check("the message comes back as it was", "Subject: grün" in report.data.decode(), report.data)
    m = took(server, sink, mail=["SMTPUTF8"])
    equal("SMTPUTF8 is not asked for where it is not needed", m.parameters.get("SMTPUTF8"), None)


def test_size(server, sink):
    sink.extensions, sink.size_limit = DEFAULT, 20000
    m = took(server, sink)
    equal("SIZE is told", m.parameters.get("SIZE"), str(len(m.data)))
    report = bounced(server, sink, "larger than the host takes", "5.3.4", data=b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 10000)
    check("larger, in words", "larger than the other mail system allows" in report.words, report.text)
    sink.size_limit = 0


def pieces(sink):
    return [c.line for c in sink.commands if c.line.startswith("BDAT")]


def test_content(server, sink):
    lines = b"".join(b".%06d %s\r\n" % (i, b"x" * (i % 80)) for i in range(20000))
    data = b"Subject: large\r\n\r\n" + lines
    sink.extensions = ["CHUNKING"]
    sink.commands.clear()
    m = took(server, sink, data=data)
    check("CHUNKING is used", m.is_chunked and len(pieces(sink)) > 1 and pieces(sink)[-1].endswith(" LAST"), pieces(sink))
    check("a large message in chunks", m.data.endswith(b"\r\n\r\n" + lines), len(m.data))
    sink.extensions = ["PIPELINING"]
    m = took(server, sink, data=data)
    check("a large message by DATA", not m.is_chunked and m.data.endswith(b"\r\n\r\n" + lines), len(m.data))

    for extensions, want in ((["PIPELINING"], True), ([], False)):
        sink.extensions, is_behind = extensions, []

        def look(connection, obey):
            time.sleep(0.3)
            is_behind.append(connection.is_pending())
            connection.say(obey())
        sink.at("MAIL", look, times=1)
        took(server, sink, ["x@far.test", "y@far.test"])
        equal(f"with {extensions}: RCPT comes behind MAIL at once", is_behind, [want])


def test_dsn(server, sink):
    wishes = dict(mail=["RET=HDRS", "ENVID=a+2Bb"], rcpt={"x@far.test": ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;first+2Bx@far.test"],
                                                       "y@far.test": ["NOTIFY=NEVER"]})
    both = ["x@far.test", "y@far.test"]
    sink.extensions = ["DSN"]
    m = took(server, sink, both, **wishes)
    equal("RET, ENVID", (m.parameters.get("RET"), m.parameters.get("ENVID")), ("HDRS", "a+2Bb"))
    x, y = m.recipient_parameters["x@far.test"], m.recipient_parameters["y@far.test"]
    equal("NOTIFY", (set(x["NOTIFY"].split(",")), y["NOTIFY"]), ({"SUCCESS", "DELAY"}, "NEVER"))
    equal("ORCPT", (x["ORCPT"], y["ORCPT"]), ("rfc822;first+2Bx@far.test", "rfc822;y@far.test"))
    server.no_report("the host reports success itself")

    sink.extensions = []
    m = took(server, sink, both, **wishes)
    equal("no DSN: no parameters", (m.parameters, m.recipient_parameters), ({}, {"x@far.test": {}, "y@far.test": {}}))
    report = server.next_report()
    equal("no DSN: we tell that it was relayed", report.facts(), {"x@far.test": ("relayed", "2.0.0")})
    equal("to whom the sender wrote", report.recipients[0]["Original-Recipient"], "rfc822; first+x@far.test")
    equal("by the sender's number", report.message["Original-Envelope-Id"], "a+b")
    check("in words", "It was handed to mx.far.test [127.0.0.2]" in report.words, report.text)
    equal("only the header comes back", report.kinds[-1], "text/rfc822-headers")
    check("nothing else", server.settled())
    server.no_report("nothing of who asked for nothing")


def test_times(server, sink):
    """DELIVERBY (RFC 2852) and MT-PRIORITY (RFC 6710)."""
    sink.extensions = ["DELIVERBY 60", "MT-PRIORITY", "DSN"]
    m = took(server, sink, mail=["BY=1000;R", "MT-PRIORITY=3"])
    seconds, mode = m.parameters["BY"].split(";")
    check("DELIVERBY: what is left of the time", 900 < int(seconds) <= 1000 and mode == "R", m.parameters)
    equal("MT-PRIORITY", m.parameters.get("MT-PRIORITY"), "3")
    bounced(server, sink, "DELIVERBY: less than the host promises", "5.4.7", mail=["BY=30;R"])
    m = took(server, sink, mail=["BY=1000;NT"])
    check("DELIVERBY: with trace", m.parameters["BY"].endswith(";NT"), m.parameters)
    equal("DELIVERBY: a trace", server.next_report().facts(), {"x@far.test": ("relayed", "2.0.0")})
    sink.extensions = []
    bounced(server, sink, "DELIVERBY: return, and the host does not know it", "5.3.3", mail=["BY=1000;R"])
    m = took(server, sink, mail=["BY=1000;N", "MT-PRIORITY=-2"])
    equal("DELIVERBY: notify, and the host does not know it", m.parameters, {})
    equal("DELIVERBY: so we tell", server.next_report().facts(), {"x@far.test": ("relayed", "2.0.0")})


def test_limits(server, sink):
    """LIMITS (RFC 9422), and hosts that say the same by refusing."""
    sink.extensions = ["LIMITS RCPTMAX=2", "PIPELINING"]
    rcpts = [f"x{i}@far.test" for i in range(5)]
    took(server, sink, rcpts)
    equal("RCPTMAX", [m.recipients for m in sink.messages[-3:]], [rcpts[:2], rcpts[2:4], rcpts[4:]])
    equal("RCPTMAX: one connection", len({m.connection for m in sink.messages[-3:]}), 1)
    sink.extensions = ["PIPELINING"]
    for text in ("452 4.5.3 Too many recipients", "552 5.5.3 Too many recipients"):
        for rcpt in rcpts[3:]:
            sink.at("RCPT", reply(text), times=1, to=rcpt)
        took(server, sink, rcpts)
        equal(f"{text[:3]}: the others later", [m.recipients for m in sink.messages[-2:]], [rcpts[:3], rcpts[3:]])
    server.no_report("nobody hears of it")


def main():
    lab.isolate()
    with DnsServer(dict(ZONES), port=53) as dns, Sink(host="127.0.0.2", port=25) as sink, \
            Sender("[queue]\nlinger = 0\n", users=(ALICE, UTF8_USER)) as server:
        for test in (test_helo, test_eight_bits, test_utf8, test_size, test_content, test_dsn, test_times, test_limits):
            test(server, sink)
            sink.behave()
        equal("we keep to the RFCs", sink.violations, [])
        check("DNS is asked in ASCII", dns.count("xn--bcher-kva.test", "MX") > 0)
    end()


if __name__ == "__main__":
    main()
