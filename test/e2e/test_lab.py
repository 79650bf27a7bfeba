#!/usr/bin/env python3
"""The laboratory itself: dns_server.py, sink.py, certificates.py, policy.py do what tests rely on."""

import base64
import hashlib
import os
import smtplib
import socket
import ssl
import struct
import tempfile
import threading
import time

from certificates import Authority
from dns_server import ANY, NULL_MX, NXDOMAIN, SERVFAIL, TIMEOUT, TYPES, DnsServer, Slow, reverse
from harness import check, end, equal
from policy import Policy
from sink import Sink, abort, close, drip, flood, hang, pause, raw, reply
from test_scram import Client as ScramClient

# --- DNS -----------------------------------------------------------------------------------------------


class Answer:
    """An answer, taken apart by a reader of the test's own."""

    def __init__(self, data):
        self.ident, flags, questions, answers, authority, additional = struct.unpack("!6H", data[:12])
        self.rcode, self.is_cut, self.is_secure = flags & 15, bool(flags & 0x200), bool(flags & 0x20)
        self.data, self.at = data, 12
        for _ in range(questions):
            self.name()
            self.at += 4
        records = [self.record() for _ in range(answers + authority + additional)]
        self.records = [(kind, value) for kind, value in records[:answers]]
        self.authority = [kind for kind, _ in records[answers:answers + authority]]
        self.additional = [kind for kind, _ in records[answers + authority:]]

    def name(self):
        labels = []
        while size := self.data[self.at]:
            labels.append(self.data[self.at + 1:self.at + 1 + size].decode())
            self.at += 1 + size
        self.at += 1
        return ".".join(labels)

    def record(self):
        self.name()
        kind, _, _, size = struct.unpack("!HHIH", self.data[self.at:self.at + 10])
        self.at += 10
        data = self.data[self.at:self.at + size]
        self.at += size
        return kind, data


def ask(dns, name, kind, tcp=False, edns=0, seconds=5):
    """The answer to one question, None when there is none in time."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack("!6H", 4711, 0x100, 1, 0, 0, 1 if edns else 0) + labels + b"\0" + struct.pack("!HH", TYPES[kind], 1)
    if edns:
        query += b"\0" + struct.pack("!HHIH", 41, edns, 0x8000, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.connect((dns.host, dns.port))
        try:
            if not tcp:
                s.sendall(query)
                return Answer(s.recv(65535))
            s.sendall(struct.pack("!H", len(query)) + query)
            f = s.makefile("rb")
            return Answer(f.read(struct.unpack("!H", f.read(2))[0]))
        except TimeoutError:
            return None


def test_dns_records():
    zones = {
        ("example.test", "MX"): [(10, "mx1.example.test"), (20, "mx2.example.test")],
        ("mx1.example.test", "A"): ["127.0.0.2", "127.0.0.3"],
        ("mx1.example.test", "AAAA"): ["::1"],
        ("www.example.test", "CNAME"): ["mx1.example.test"],
        ("example.test", "TXT"): ["v=spf1 -all", ["two ", "strings"], "x" * 300],
        ("_25._tcp.mx1.example.test", "TLSA"): [(3, 1, 1, "ab" * 32)],
        ("_imap._tcp.example.test", "SRV"): [(0, 1, 143, "imap.example.test")],
        (reverse("127.0.0.2"), "PTR"): ["mx1.example.test"],
        ("nomail.test", "MX"): [NULL_MX],
        ("broken.test", "MX"): SERVFAIL,
        ("gone.test", ANY): NXDOMAIN,
        ("mute.test", ANY): TIMEOUT,
        ("slow.test", "A"): Slow(0.5, ["127.0.0.9"]),
    }
    with DnsServer(zones) as dns:
        wanted = [
            ("example.test", "MX", [b"\0\x0a\3mx1\7example\4test\0", b"\0\x14\3mx2\7example\4test\0"]),
            ("EXAMPLE.test", "MX", [b"\0\x0a\3mx1\7example\4test\0", b"\0\x14\3mx2\7example\4test\0"]),
            ("mx1.example.test", "A", [b"\x7f\0\0\2", b"\x7f\0\0\3"]),
            ("mx1.example.test", "AAAA", [b"\0" * 15 + b"\1"]),
            ("_25._tcp.mx1.example.test", "TLSA", [b"\3\1\1" + b"\xab" * 32]),
            ("_imap._tcp.example.test", "SRV", [b"\0\0\0\1\0\x8f\4imap\7example\4test\0"]),
            ("2.0.0.127.in-addr.arpa", "PTR", [b"\3mx1\7example\4test\0"]),
            ("nomail.test", "MX", [b"\0\0\0"]),
        ]
        for name, kind, values in wanted:
            answer = ask(dns, name, kind)
            equal(f"{name} {kind}", (answer.rcode, answer.ident, [v for _, v in answer.records]), (0, 4711, values))
            equal(f"{name} {kind} over TCP", ask(dns, name, kind, tcp=True).records, answer.records)
        equal("TXT", [v for _, v in ask(dns, "example.test", "TXT", edns=1232).records],
              [b"\x0bv=spf1 -all", b"\4two \7strings", b"\xff" + b"x" * 255 + b"\x2d" + b"x" * 45])
        equal("CNAME, then its target", [k for k, _ in ask(dns, "www.example.test", "AAAA").records], [5, 28])
        equal("CNAME asked for", [k for k, _ in ask(dns, "www.example.test", "CNAME").records], [5])
        for name, rcode, authority in (("nowhere.test", 3, [6]), ("gone.test", 3, [6]), ("broken.test", 2, [])):
            answer = ask(dns, name, "MX")
            equal(name, (answer.rcode, answer.records, answer.authority), (rcode, [], authority))
        for name in ("mx1.example.test", "_tcp.mx1.example.test"):
            answer = ask(dns, name, "MX")
            equal(f"{name} has no MX", (answer.rcode, answer.records, answer.authority), (0, [], [6]))
        equal("no answer", ask(dns, "mute.test", "A", seconds=0.5), None)
        started = time.time()
        check("a slow answer", ask(dns, "slow.test", "A").rcode == 0 and time.time() - started >= 0.5)


def test_dns_behaviour():
    zones = {("example.test", "MX"): [(10, "mx1.example.test")], ("mx1.example.test", "A"): ["127.0.0.2"],
             ("nomail.test", "MX"): [NULL_MX], ("big.test", "TXT"): ["y" * 200] * 10}
    with DnsServer(zones) as dns:
        equal("no EDNS0 unasked", ask(dns, "example.test", "MX").additional, [])
        equal("EDNS0", ask(dns, "example.test", "MX", edns=1232).additional, [41])
        cut = ask(dns, "big.test", "TXT", edns=1232)
        equal("too long for UDP", (cut.is_cut, cut.records, cut.additional), (True, [], [41]))
        equal("fits into more", len(ask(dns, "big.test", "TXT", edns=4096).records), 10)
        equal("fits into TCP", len(ask(dns, "big.test", "TXT", tcp=True).records), 10)
        dns.truncated.add("example.test")
        check("cut because it was said", ask(dns, "mx1.example.test", "A").is_cut)
        check("TCP is whole", not ask(dns, "mx1.example.test", "A", tcp=True).is_cut)

        check("not secure", not ask(dns, "nomail.test", "MX").is_secure)
        dns.secure.add("nomail.test")
        check("secure", ask(dns, "nomail.test", "MX").is_secure)
        check("others are not", not ask(dns, "nowhere.test", "MX").is_secure)
        dns.secure.add("")
        check("all are secure, also that there is none", ask(dns, "nowhere.test", "MX").is_secure)

        before = dns.count("late.test", "A")
        equal("not yet", ask(dns, "late.test", "A").rcode, 3)
        dns.zones["late.test", "A"] = ["127.0.0.4"]
        equal("now", ask(dns, "late.test", "A").rcode, 0)
        equal("counted", (before, dns.count("late.test", "A"), dns.count("late.test", "A", "tcp")), (0, 2, 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for junk in (b"", b"x", b"\0" * 12, b"\0\0\0\0\0\1" + b"\0" * 6 + b"\x3f", b"\xff" * 40):
                s.sendto(junk, (dns.host, dns.port))
        equal("junk does no harm", ask(dns, "late.test", "A").rcode, 0)


# --- the sink ------------------------------------------------------------------------------------------

MESSAGE = b"Subject: x\r\n\r\n.dot\r\n"
FROM, TO, OTHER = "ann@here.test", "bob@sink.test", "eve@sink.test"


def connect(sink, timeout=10):
    return smtplib.SMTP(sink.host, sink.port, local_hostname="client.test", timeout=timeout)


def deliver(sink, sender=FROM, to=(TO,), data=MESSAGE, **options):
    """What smtplib says of one delivery: {} or refusals, or the exception's class."""
    try:
        with connect(sink) as smtp:
            return smtp.sendmail(sender, list(to), data, **options)
    except (smtplib.SMTPException, OSError) as error:
        return type(error)


def test_sink_takes():
    with Sink(size_limit=100000) as sink:
        equal("plain", deliver(sink), {})
        equal("to two, with parameters", deliver(sink, to=[TO, OTHER], mail_options=["RET=HDRS", "ENVID=x"],
                                                 rcpt_options=["NOTIFY=NEVER"]), {})
        check("both came", sink.wait(2))
        first, second = sink.messages
        equal("the message", (first.sender, first.recipients, first.data, first.tls, first.user, first.hello),
              (FROM, [TO], MESSAGE, None, None, "client.test"))
        equal("its parameters", (second.parameters["RET"], second.parameters["ENVID"], second.recipients,
                                 second.recipient_parameters[OTHER]), ("HDRS", "x", [TO, OTHER], {"NOTIFY": "NEVER"}))
        equal("UTF-8", deliver(sink, to=["bjørn@sink.test"], mail_options=["SMTPUTF8"]), {})
        equal("over the size", deliver(sink, data=b"x" * 100001), smtplib.SMTPSenderRefused)
        equal("no violations", sink.violations, [])
        equal("the verbs", sink.verbs(1), ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"])
        with connect(sink) as smtp:
            smtp.ehlo()
            smtp.docmd("MAIL", f"FROM:<{FROM}>")
            smtp.docmd("RCPT", f"TO:<{TO}>")
            smtp.send(b"BDAT 4\r\nab\r\nBDAT 3 LAST\r\ncde")
            equal("chunks", (smtp.getreply()[0], smtp.getreply()[0]), (250, 250))
        equal("are one message", (sink.messages[-1].data, sink.messages[-1].is_chunked), (b"ab\r\ncde", True))
    with Sink(host="::1") as sink:
        equal("IPv6", deliver(sink), {})
    with tempfile.TemporaryDirectory() as folder, Sink(path=os.path.join(folder, "s"), lmtp=True) as sink:
        sink.at("END", reply("452 4.2.2 Full"), to=OTHER)
        with smtplib.LMTP(sink.path, local_hostname="client.test") as lmtp:
            lmtp.ehlo()
            lmtp.docmd("MAIL", f"FROM:<{FROM}>")
            for to in (TO, OTHER):
                lmtp.docmd("RCPT", f"TO:<{to}>")
            lmtp.docmd("DATA")
            lmtp.send(MESSAGE + b".\r\n")
            equal("LMTP answers for each", (lmtp.getreply()[0], lmtp.getreply()[0]), (250, 452))
        equal("those who got it", (len(sink.messages), sink.messages[0].recipients), (1, [TO]))


def test_sink_extensions():
    with Sink(extensions=["8BITMIME"]) as sink:
        equal("another choice of extensions", connect(sink).ehlo()[1].split(b"\n"), [b"sink.test", b"8BITMIME"])
        with connect(sink) as smtp:
            smtp.ehlo()
            equal("a parameter not offered", smtp.docmd("MAIL", f"FROM:<{FROM}> SIZE=1")[0], 555)
            smtp.send(b"NOOP\r\nNOOP\r\n")
            smtp.getreply()
            smtp.getreply()
        equal("violations", sink.violations, ["connection 2: the parameter SIZE was not offered",
                                              "connection 2: did not wait for the reply to NOOP"])
    with Sink(extensions=None) as sink:
        equal("only HELO", (deliver(sink), sink.verbs()[:3]), ({}, ["EHLO", "HELO", "MAIL"]))
    with Sink() as sink:
        with connect(sink) as smtp:
            smtp.ehlo()
            smtp.docmd("MAIL", f"FROM:<{FROM}>")
            smtp.docmd("RCPT", f"TO:<{TO}>")
            smtp.docmd("DATA")
            smtp.send(b"Subject: \xc3\xb8\r\n\r\na\nb\r\n.\r\n")
            smtp.getreply()
        equal("faults of content", [v.split(": ")[1] for v in sink.violations],
              ["a line ends without CRLF", "8-bit content without BODY=8BITMIME", "a header in UTF-8 without SMTPUTF8"])


def test_sink_refuses():
    with Sink() as sink:
        sink.at("RCPT", reply("450 4.7.1 Later"), times=1, to=TO)
        equal("4xx for one of two", deliver(sink, to=[TO, OTHER]), {TO: (450, b"4.7.1 Later")})
        equal("then 2xx", deliver(sink), {})
        equal("each has its recipients", [m.recipients for m in sink.messages], [[OTHER], [TO]])
        sink.at("END", reply("554-5.6.0 a\n554 5.6.0 b"), times=1)
        equal("5xx at the end", (deliver(sink), len(sink.messages)), (smtplib.SMTPDataError, 2))
        sink.at("END", reply("250 2.0.0 Ok: queued as 4711"), times=1)
        equal("other words", (deliver(sink), len(sink.messages)), ({}, 3))
        for stage in ("MAIL", "DATA", "END"):
            sink.at(stage, reply("421 4.3.2 Bye", close=True), times=1)
            check(f"421 at {stage}", deliver(sink) not in ({}, ConnectionResetError), "")
        sink.at("CONNECT", reply("421 4.3.2 Busy", close=True), times=1)
        equal("421 for a greeting", deliver(sink), smtplib.SMTPConnectError)
        equal("nothing more came", len(sink.messages), 3)
        sink.at(3, reply("451 4.3.0 Third"), times=1)
        equal("the third command", deliver(sink), smtplib.SMTPRecipientsRefused)
        sink.at("MAIL", reply("550 5.7.1 No"), connection=len(sink.connections) + 2)
        equal("the connection after the next", (deliver(sink), deliver(sink)), ({}, smtplib.SMTPSenderRefused))
        sink.behave()
        equal("and all is well", deliver(sink), {})


def conversation(sink, said, seconds=3, most=100000):
    """Say all of it at once; what comes back until the sink closes or time is up, and which it was."""
    started, got = time.time(), b""
    try:
        with socket.create_connection((sink.host, sink.port)) as s:
            s.sendall(said)
            while len(got) < most:
                s.settimeout(max(0.01, seconds - (time.time() - started)))
                if not (data := s.recv(65536)):
                    return got, "closed"
                got += data
    except TimeoutError:
        pass
    except (ConnectionResetError, BrokenPipeError):
        return got, "reset"
    return got, "open"


def test_sink_sabotages():
    envelope = f"EHLO x\r\nMAIL FROM:<{FROM}>\r\nRCPT TO:<{TO}>\r\n".encode()
    with Sink(extensions=["PIPELINING"]) as sink:
        sink.at("RCPT", hang(), times=1)
        got, state = conversation(sink, envelope, seconds=1)
        check("hangs", state == "open" and got.count(b"\r\n") == 4, (state, got))
        check("until the peer leaves", sink.wait_for(lambda: sink.open_count() == 0))
        sink.at("RCPT", close(), times=1)
        got, state = conversation(sink, envelope)
        check("closes", state != "open" and got.count(b"\r\n") == 4, (state, got))
        sink.at("CONNECT", abort(), times=1)
        equal("aborts", conversation(sink, b"")[1], "reset")
        sink.at("CONNECT", raw(b"\0\xff\r\n", close=True), times=1)
        equal("garbage", conversation(sink, b""), (b"\0\xff\r\n", "closed"))
        sink.at("CONNECT", flood(b"220-x\r\n"), times=1)
        got, _ = conversation(sink, b"")
        check("a reply without end", len(got) >= 100000 and set(got.split(b"\r\n")[:-1]) == {b"220-x"}, len(got))
        sink.at("CONNECT", flood(b"2"), times=1)
        got, _ = conversation(sink, b"")
        check("a line without end", len(got) >= 100000 and set(got) == set(b"2"), len(got))
        sink.at("CONNECT", drip("220 hello", 0.02), times=1)
        started = time.time()
        with socket.create_connection((sink.host, sink.port)) as s:
            first, line = s.recv(100), s.makefile("rb").readline()
        check("drips", len(first) == 1 and line == b"20 hello\r\n" and time.time() - started > 0.2, (first, line))
        sink.at("MAIL", pause(0.5), times=1)
        started = time.time()
        check("late, but well", deliver(sink) == {} and time.time() - started > 0.5)
        sink.at("CONTENT", close(), times=1)
        check("closes instead of reading", deliver(sink) != {} and len(sink.messages) == 1)
        sink.at("END", close(obey=True), times=1)
        check("takes it and does not say so", deliver(sink) != {} and len(sink.messages) == 2)
        sink.at("NOOP", lambda connection, obey: connection.say("250 of the test's own"), times=1)
        with connect(sink) as smtp:
            equal("an action of the test's own", smtp.noop(), (250, b"of the test's own"))


def client_context(ca=None):
    context = ssl.create_default_context(cafile=ca.path if ca else None)
    if ca is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def starttls(sink, context, name="mx.sink.test"):
    """What comes of STARTTLS with the sink under this name: the certificate, a refusal, or the exception's class."""
    try:
        with socket.create_connection((sink.host, sink.port), timeout=5) as s:
            f = s.makefile("rb")
            f.readline()
            s.sendall(b"EHLO client.test\r\n")
            while f.readline()[3:4] == b"-":
                pass
            s.sendall(b"STARTTLS\r\n")
            if not (line := f.readline()).startswith(b"220"):
                return line
            with context.wrap_socket(s, server_hostname=name) as tls:
                tls.sendall(b"EHLO client.test\r\nQUIT\r\n")
                tls.recv(1000)
                return tls.getpeercert(binary_form=True)
    except OSError as error:
        return type(error)


def test_tls():
    with Authority() as ca, Authority("Another Authority") as stranger:
        good = ca.issue("mx.sink.test", "*.wild.test")
        with Sink(tls=good.context()) as sink:
            equal("the certificate is the one", starttls(sink, client_context(ca)), good.der())
            equal("a name with a star", starttls(sink, client_context(ca), "a.wild.test"), good.der())
            equal("another name", starttls(sink, client_context(ca), "mx.other.test"), ssl.SSLCertVerificationError)
            equal("another authority", starttls(sink, client_context(stranger)), ssl.SSLCertVerificationError)
            check("failures are recorded", sink.wait_for(lambda: len(sink.handshake_failures) == 2), sink.handshake_failures)
            equal("the name that was asked for", sink.connections[1].server_name, "a.wild.test")
            with connect(sink) as smtp:
                smtp.starttls(context=client_context())
                smtp.sendmail(FROM, [TO], MESSAGE)
            check("a message over TLS", sink.messages[-1].tls.startswith("TLSv1."), sink.messages[-1].tls)
            sink.at("STARTTLS", reply("454 4.7.0 Not now"), times=1)
            equal("STARTTLS refused", starttls(sink, client_context()), b"454 4.7.0 Not now\r\n")
            sink.at("TLS", raw(b"no handshake at all\r\n", close=True), times=1)
            check("a broken handshake", isinstance(starttls(sink, client_context()), type))
            sink.at("TLS", close(), times=1)
            check("no handshake", isinstance(starttls(sink, client_context()), type))
            got, _ = conversation(sink, b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@b.test>\r\n", seconds=1)
            check("what follows STARTTLS is not obeyed", got.count(b"250 ") == 1 and sink.violations, got)
        for name, certificate in (("expired", ca.issue("mx.sink.test", valid=("20200101000000Z", "20200201000000Z"))),
                                  ("not yet", ca.issue("mx.sink.test", valid=("20480101000000Z", "20490201000000Z")))):
            with Sink(tls=certificate.context()) as sink:
                equal(name, starttls(sink, client_context(ca)), ssl.SSLCertVerificationError)
        newest = ssl.TLSVersion.TLSv1_3
        with Sink(tls=good.context(newest, newest), implicit_tls=True) as sink:
            with smtplib.SMTP_SSL(sink.host, sink.port, context=client_context(), local_hostname="x") as smtp:
                equal("TLS from the first byte", (smtp.noop()[0], sink.connections[0].tls), (250, "TLSv1.3"))
        old = client_context()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with Sink(tls=good.context(newest, newest)) as sink:
            equal("no version in common", starttls(sink, old), ssl.SSLError)
        key = bytes.fromhex(good.tlsa(3, 1, 0)[3])
        check("the key stands in the certificate", len(key) > 64 and key in good.der())
        equal("TLSA of the key", good.tlsa(), (3, 1, 1, hashlib.sha256(key).hexdigest()))
        equal("TLSA of the certificate", good.tlsa(3, 0, 2), (3, 0, 2, hashlib.sha512(good.der()).hexdigest()))


def test_logins():
    users = {"relay": "geheim"}
    with Sink(users=users, requires_login=True, mechanisms=["PLAIN", "LOGIN", "SCRAM-SHA-256"]) as sink:
        equal("without login", deliver(sink), smtplib.SMTPSenderRefused)
        for mechanism in ("PLAIN", "LOGIN"):
            with connect(sink) as smtp:
                smtp.ehlo()
                smtp.user, smtp.password = "relay", "geheim"
                equal(mechanism, smtp.auth(mechanism, getattr(smtp, f"auth_{mechanism.lower()}"))[0], 235)
                smtp.sendmail(FROM, [TO], MESSAGE)
            equal(f"{mechanism}: who it was", sink.messages[-1].user, "relay")
            with connect(sink) as smtp:
                try:
                    smtp.login("relay", "wrong")
                    check("a wrong password", False)
                except smtplib.SMTPAuthenticationError as error:
                    equal("a wrong password", error.smtp_code, 535)
        for secret, code in (("geheim", 235), ("wrong", 535)):
            client = ScramClient("relay", secret)
            with connect(sink) as smtp:
                smtp.ehlo()
                got, text = smtp.docmd("AUTH", "SCRAM-SHA-256 " + base64.b64encode(client.first().encode()).decode())
                while got == 334:
                    answer = client.answer(base64.b64decode(text).decode())
                    got, text = smtp.docmd(base64.b64encode(answer.encode()).decode())
            equal(f"SCRAM with {secret}", (got, client.is_verified), (code, code == 235))
        for line, code in ((b"AUTH CRAM-MD5", 504), (b"AUTH PLAIN !", 501), (b"AUTH PLAIN eA==", 501)):
            with connect(sink) as smtp:
                smtp.ehlo()
                equal(line, smtp.docmd(line.decode())[0], code)
    with Sink(requires_tls=True) as sink:
        equal("without TLS", deliver(sink), smtplib.SMTPSenderRefused)


def test_many():
    with Sink() as sink:
        def some():
            with connect(sink) as smtp:
                for _ in range(50):
                    smtp.sendmail(FROM, [TO], MESSAGE)
        threads = [threading.Thread(target=some) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal("500 messages on 10 connections", (len(sink.messages), len(sink.connections)), (500, 10))


def test_policy():
    with Policy() as policy, socket.create_connection(("127.0.0.1", policy.port)) as s:
        policy.at(TO, "450 4.7.1 Later", times=1)
        f = s.makefile("rb")

        def question(recipient):
            s.sendall(f"request=smtpd_access_policy\nrecipient={recipient}\n\n".encode())
            return f.readline() + f.readline()
        equal("once", [question(r) for r in (OTHER, TO, TO)],
              [b"action=DUNNO\n\n", b"action=450 4.7.1 Later\n\n", b"action=DUNNO\n\n"])
        equal("asked", policy.asked, [OTHER, TO, TO])


def main():
    test_dns_records()
    test_dns_behaviour()
    test_sink_takes()
    test_sink_extensions()
    test_sink_refuses()
    test_sink_sabotages()
    test_tls()
    test_logins()
    test_many()
    test_policy()
    end()


if __name__ == "__main__":
    main()
