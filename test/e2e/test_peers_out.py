#!/usr/bin/env python3
"""We send to Postfix, Exim and OpenSMTPD (peers.py): MX, port 25, STARTTLS, what they offer and what they lack.

In a network of its own (lab.py): each peer is the MX of its domain and sends what it has to tell to our port 25.
PEER_MESSAGES=1000 sends more of them.
"""

import email
import os
import re
import smtplib
import ssl
import time

import lab
import peers
from certificates import Authority
from dns_server import DnsServer
from harness import Server, check, end, equal, skip
from ours import Inbox, queue, relay, stats, wait_for, wait_queue
from peers import Exim, OpenSMTPD, Postfix
from policy import Policy
from sink import Sink, reply

MANY = int(os.environ.get("PEER_MESSAGES", 100))
ALICE, UTF8 = "alice@example.test", "bjørn@example.test"
SECRET = "correct horse"
SIZE_LIMIT = 300000
HOSTS = {Postfix: "127.0.0.2", Exim: "127.0.0.3", OpenSMTPD: "127.0.0.4"}
SETTINGS = """
[smtp]
relay-networks = 127.0.0.0/8
[policy]
account-rate =
[route elsewhere]
way = direct
[outbound]
allow-private = yes
ca-file = {authority}
[queue]
retry = 1s
linger = 100ms
"""
HELLO = b"Subject: hello\r\n\r\nhello\r\n"


def zones():
    found = {}
    for kind, host in HOSTS.items():
        found[f"{kind.name}.test", "MX"] = [(10, f"mx.{kind.name}.test")]
        found[f"mx.{kind.name}.test", "A"] = [host]
    return found


def subject_of(message):
    match = re.search(rb"^Subject: (.*?)\r?$", message, re.M)
    return match and match.group(1).decode("utf-8", "replace")


def stored(peer, subject, recipient=None, seconds=30):
    """What a peer delivered under this subject, each copy with line ends of CRLF, once there is one."""
    def found():
        return [m.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for m in peer.inbox(recipient) if subject_of(m) == subject]
    wait_for(found, seconds)
    return found()


def as_sent(message, content):
    """Whether what we were given is in there, byte by byte, right behind our trace fields."""
    return message.endswith(content) and re.search(
        rb"(?:^|\r\n)Received: from (?:.*\r\n\s)*.*by mail\.example\.test(?:.*\r\n\s)*[^\r\n]*\r\n\Z", message[:-len(content)])


# --- content ---------------------------------------------------------------------------------------------


def text(subject, body, fields=b""):
    """A message that lacks nothing: what we or a peer would add to others would stand in its way."""
    return (f"Subject: {subject}\r\nFrom: {ALICE}\r\nTo: ann@far.test\r\nDate: Wed, 1 Jul 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{subject.replace(' ', '.')}@example.test>\r\n").encode() + fields + b"\r\n" + body


EIGHT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
AS_IT_IS = {
    "dots": text("dots", b".\r\n..\r\n.x\r\nx.\r\n\r\n.\r\n...\r\n" + b".".join([b"y" * 70 + b"\r\n"] * 900) + b".\r\n"),
    "long lines": text("long lines", b"x" * 998 + b"\r\n." + b"y" * 997 + b"\r\n" + b"z" * 997 + b".\r\n"),
    "blanks": text("blanks", b"\t \r\n x \r\n\r\n\r\n\r\n", b"X-Folded: a\r\n \t b\r\n\tc\r\n"),
    "no body": text("no body", b""),
    "8-bit": text("8-bit", "Grüße, ½ und ¼\r\n.ü\r\n".encode(), EIGHT),
    "any bytes": text("any bytes", b"".join(bytes([c]) * 70 + b"\r\n" for c in range(1, 256) if c not in b"\r\n"), EIGHT),
    "much": text("much", (b"m" * 76 + b"\r\n") * 2500),
}


def test_content(kind, peer, server):
    """Whatever is fit for SMTP arrives as it was sent."""
    for name, content in AS_IT_IS.items():
        relay(server, ALICE, [f"ann@{peer.domain}"], content)
    for name, content in AS_IT_IS.items():
        copies = stored(peer, name)
        check(f"{kind.name}: {name}: arrives as sent, once", len(copies) == 1 and as_sent(copies[0], content), copies)


def decoded(message):
    """Its body without transfer encoding."""
    return email.message_from_bytes(message).get_payload(decode=True)


def test_converted(kind, peer, server):
    """Lines that no host can take become quoted-printable, and are the same when they are decoded."""
    body = b"w" * 5000 + b"\r\n.\r\nend\r\n"
    relay(server, ALICE, [f"ann@{peer.domain}"], text("too long", body, EIGHT))
    copies = stored(peer, "too long")
    check(f"{kind.name}: lines that are too long", len(copies) == 1 and decoded(copies[0]) == body
          and max(map(len, copies[0].split(b"\r\n"))) < 999, copies)


# --- all goes well ---------------------------------------------------------------------------------------


def test_submitted(kind, peer, server):
    """What a user submits, over TLS where the peer has it. OpenSMTPD's handshakes fail: then in clear."""
    with smtplib.SMTP(server.host, server.port("submission"), timeout=60) as smtp:
        smtp.starttls(context=ssl._create_unverified_context())
        smtp.login(ALICE, SECRET)
        smtp.sendmail(ALICE, [f"ann@{peer.domain}"], HELLO.replace(b"hello", b"submitted"))
    copies = stored(peer, "submitted")
    is_tls = bool(peer.tls) and "starttls" not in peer.cannot
    protocol = rb"ESMTPS" if is_tls else rb"ESMTP"
    check(f"{kind.name}: {'over TLS' if is_tls else 'in clear'}", len(copies) == 1
          and re.search(rb"\r\nReceived: from .*mail\.example\.test(?:.*\r\n\s)*.*\bwith " + protocol + rb"\s", copies[0], re.I), copies)
    last = [line for line in server.log().split("\n") if "queue.rcpt" in line][-1]
    check(f"{kind.name}: at the first try", last.endswith("tries=1"), last)


def test_many(kind, peer, server):
    started = time.time()
    subjects = [f"{kind.name} {i}" for i in range(MANY)]
    for at in range(0, MANY, 500):
        with smtplib.SMTP(server.host, server.port("smtp"), local_hostname="client.test", timeout=60) as client:
            for subject in subjects[at:at + 500]:
                relay(server, ALICE, [f"ann@{peer.domain}"], text(subject, b"x" * 70 + b"\r\n"), client=client)
    check(f"{kind.name}: {MANY} messages leave", wait_queue(server, 30 + MANY / 5), server.log()[-3000:])

    def arrived():
        return [subject for subject in map(subject_of, peer.inbox()) if subject.startswith(kind.name + " ")]
    wait_for(lambda: len(arrived()) >= MANY, 30 + MANY / 5)
    equal(f"{kind.name}: {MANY} messages, each once", sorted(arrived()), sorted(subjects))
    print(f"{kind.name}: {MANY} messages in {time.time() - started:.1f} s", flush=True)


def test_recipients(kind, peer, server, alice):
    """Several at once: each has it once, and the one that there is not comes back."""
    known = [f"{user}@{peer.domain}" for user in ("ann", "bob", "carl")]
    unknown = f"nobody@{peer.domain}"
    relay(server, ALICE, [known[0], unknown, *known[1:]], text("several", b"x\r\n"))
    report = wait_report(alice, "several")
    about = report and report.about(unknown)
    check(f"{kind.name}: an unknown user comes back", about and len(report.recipients) == 1 and about["Action"] == "failed"
          and about["Status"].startswith("5.1.") and about["Diagnostic-Code"].startswith("smtp; 550 ")
          and about["Remote-MTA"] == f"dns; {peer.hostname} ([{peer.host}])", report)
    said = report and " ".join(about["Diagnostic-Code"].split()[2:])
    check(f"{kind.name}: with its words", said and any(word in said for word in ("unknown", "No such user", "Invalid recipient")), said)
    check(f"{kind.name}: .. for people too", report and unknown in report.text and "for typing errors" in report.text, report)
    for user in known:
        equal(f"{kind.name}: {user} has it once", len(stored(peer, "several", user)), 1)
    relay(server, ALICE, [unknown], text("nobody cares", b"x\r\n"), rcpt=["NOTIFY=NEVER"])
    check(f"{kind.name}: nobody hears who asked for that", wait_queue(server)
          and not [r for r in alice.reports() if b"nobody cares" in r.returned], server.log()[-2000:])


def wait_report(inbox, subject):
    """The report about the message with this subject, or None."""
    def found():
        return [report for report in inbox.reports() if b"Subject: " + subject.encode() in report.returned]
    wait_for(found)
    return next(iter(found()), None)


def test_success(kind, peer, server, alice):
    """RFC 3461 5.2.2: where the peer offers DSN it reports, and we do not; else we say that we relayed."""
    subject = "asked, " + ("not offered" if "DSN" in peer.without else "offered")
    envid = "e+2B1" if "DSN" in peer.without else "e-1"  # Exim does not decode it
    relay(server, ALICE, [f"ann@{peer.domain}"], text(subject, b"x\r\n"), mail=[f"ENVID={envid}", "RET=HDRS"],
          rcpt=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;Ann@first.test"])
    report = wait_report(alice, subject)
    envid = envid.replace("+2B", "+")
    host, action = ("mail.example.test", "relayed") if "DSN" in peer.without else (peer.hostname, "delivered")
    check(f"{kind.name}: {subject}: who reports", report and report.action == action and report.status.startswith("2.")
          and re.fullmatch(rf"dns; *{host}", report.message["Reporting-MTA"]), report)
    if kind is not OpenSMTPD or "DSN" in peer.without:  # its own reports lack these
        check(f"{kind.name}: {subject}: with what was given", report and report.message["Original-Envelope-Id"] == envid
              and re.fullmatch("rfc822; *Ann@first.test", report.recipients[0]["Original-Recipient"]), report)
    check(f"{kind.name}: {subject}: the header only", report and b"\r\nx\r\n" not in report.returned, report)
    check(f"{kind.name}: {subject}: nobody else", wait_queue(server)
          and len([r for r in alice.reports() if subject.encode() in r.returned]) == 1, alice.reports())


# --- what the peer does not take --------------------------------------------------------------------------


def test_utf8(kind, peer, server, inboxes):
    """UTF-8 addresses go where SMTPUTF8 is offered; what needs it comes back from elsewhere."""
    can = peer.smtputf8 and "smtputf8" not in kind.cannot
    subject = "smørrebrød " + ("here" if can else "nowhere")
    relay(server, UTF8, [f"zoë@{peer.domain}"], text(subject, "ø\r\n".encode()), mail=["SMTPUTF8", "BODY=8BITMIME"])
    if can:
        copies = stored(peer, subject)
        check(f"{kind.name}: UTF-8 addresses", len(copies) == 1 and re.search(f"^Return-Path: <{UTF8}>\r$".encode(), copies[0], re.I | re.M)
              and as_sent(copies[0], text(subject, "ø\r\n".encode())), copies)
        return
    report = wait_report(inboxes[UTF8], subject)
    check(f"{kind.name}: no SMTPUTF8, it comes back", report and report.status == "5.6.7"
          and f"zoë@{peer.domain}" in report.data.decode() and "letters beyond A to Z" in " ".join(report.text.split()), report)
    relay(server, ALICE, [f"ann@{peer.domain}"], text(subject, b"x\r\n"), mail=["SMTPUTF8"])
    report = wait_report(inboxes[ALICE], subject)
    check(f"{kind.name}: nor a header", report and report.status == "5.6.9", report)


def test_8bit(kind, peer, server):
    body = "Grüße, ½ und ¼\r\n.ü\r\n".encode()
    relay(server, ALICE, [f"ann@{peer.domain}"], text("eight", body, EIGHT))
    copies = stored(peer, "eight")
    if "8bitmime" in kind.cannot:
        check(f"{kind.name}: 8-bit as it is", len(copies) == 1 and as_sent(copies[0], text("eight", body, EIGHT)), copies)
    else:
        check(f"{kind.name}: no 8BITMIME, quoted-printable", len(copies) == 1 and copies[0].isascii()
              and b"\r\nContent-Transfer-Encoding: quoted-printable\r\n" in copies[0] and decoded(copies[0]) == body, copies)


def test_greylisted(kind, peer, server, policy):
    """One of two is told to come again: it does, and the other is not sent to twice."""
    ann, bob = f"ann@{peer.domain}", f"bob@{peer.domain}"
    policy.at(bob, "450 4.7.1 Greylisted", times=1)
    before = len(policy.asked)
    relay(server, ALICE, [ann, bob], text("grey", b"x\r\n"))
    for user in (ann, bob):
        equal(f"{kind.name}: greylisted: {user} has it once", len(stored(peer, "grey", user)), 1)
    check(f"{kind.name}: greylisted: nothing is left", wait_queue(server), queue(server))
    equal(f"{kind.name}: greylisted: only he is asked for again", sorted(policy.asked[before:]), [ann, bob, bob])
    check(f"{kind.name}: greylisted: it is noted why", re.search(
        rf'queue.rcpt .* rcpt="{bob}" outcome="deferred" .* code=450 status="4.7.1" said="[^"]*Greylisted', server.log()))


def test_size(kind, peer, server, alice):
    relay(server, ALICE, [f"ann@{peer.domain}"], text("big", (b"b" * 76 + b"\r\n") * (SIZE_LIMIT // 77)))
    report = wait_report(alice, "big")
    check(f"{kind.name}: too big comes back", report and report.status == "5.3.4" and "larger than" in " ".join(report.text.split()), report)
    equal(f"{kind.name}: .. and is not there", [m for m in peer.inbox() if subject_of(m) == "big"], [])


def test_requiretls(kind, peer, server, alice):
    """RFC 8689: only to a host that proves who it is and promises the same; Debian's peers do not."""
    with peer.connect() as smtp:
        if "starttls" not in peer.cannot:
            smtp.starttls(context=ssl._create_unverified_context())
        smtp.ehlo()
        is_promised = smtp.has_extn("requiretls")
    with smtplib.SMTP(server.host, server.port("smtp"), local_hostname="client.test", timeout=60) as client:
        client.starttls(context=ssl._create_unverified_context())
        relay(server, ALICE, [f"ann@{peer.domain}"], text("secret", b"x\r\n"), mail=["REQUIRETLS"], client=client)
    if is_promised:
        equal(f"{kind.name}: REQUIRETLS", len(stored(peer, "secret")), 1)
        return
    report = wait_report(alice, "secret")
    status = "5.7.10" if "starttls" in peer.cannot else "5.7.30"
    check(f"{kind.name}: REQUIRETLS comes back", report and report.status == status, report)
    equal(f"{kind.name}: .. and is not there", [m for m in peer.inbox() if subject_of(m) == "secret"], [])


# --- a peer that is away ------------------------------------------------------------------------------------


def site(server, peer):
    """What the queue says of the peer's domain; {}: nothing waits for it."""
    return next((s for s in stats(server)["sites"] if s["site"] == peer.domain), {})


def test_away(kind, peer, server):
    """Mail waits for it, one message asks now and then whether it is back, and then all goes."""
    peer.stop()
    subjects = [f"away {i}" for i in range(6)]
    for subject in subjects[:3]:
        relay(server, ALICE, [f"ann@{peer.domain}"], text(subject, b"x\r\n"))
    check(f"{kind.name} is away", wait_for(lambda: site(server, peer).get("failures", 0) > 1), stats(server))
    with Sink(host=peer.host, port=25) as sink:
        sink.at("CONNECT", reply("421 4.3.2 Not now", close=True))
        for subject in subjects[3:]:
            relay(server, ALICE, [f"ann@{peer.domain}"], text(subject, b"x\r\n"))
        check(f"{kind.name}: it is asked for", sink.wait_for(lambda: len(sink.connections) >= 4), sink.connections)
        times = [c.opened for c in sink.connections]
        check(f"{kind.name}: by one probe a second, whatever waits", len(times) <= times[-1] - times[0] + 2, times)
        equal(f"{kind.name}: all wait", site(server, peer).get("waiting"), len(subjects))
    peer.start()
    for subject in subjects:
        equal(f"{kind.name}: {subject} arrives when it is back, once", len(stored(peer, subject)), 1)
    check(f"{kind.name}: nothing waits any more", wait_queue(server), queue(server))


def test_rich(kind, server, certificate, inboxes):
    """A peer with everything that it can."""
    with Policy() as policy, kind(host=HOSTS[kind], port=25, users=["ann", "bob", "carl", "zoë"], policy=policy,
                                  tls=certificate, size_limit=SIZE_LIMIT,
                                  routes={"example.test": (server.host, server.port("smtp"))}) as peer:
        alice = inboxes[ALICE]
        test_submitted(kind, peer, server)
        test_content(kind, peer, server)
        test_converted(kind, peer, server)
        test_recipients(kind, peer, server, alice)
        test_success(kind, peer, server, alice)
        test_utf8(kind, peer, server, inboxes)
        test_greylisted(kind, peer, server, policy)
        test_size(kind, peer, server, alice)
        test_requiretls(kind, peer, server, alice)
        test_many(kind, peer, server)
        test_away(kind, peer, server)


def test_poor(kind, server, inboxes):
    """A peer with as little as it can."""
    with kind(host=HOSTS[kind], port=25, without=["CHUNKING", "DSN", "PIPELINING", "8BITMIME"], smtputf8=False) as peer:
        test_submitted(kind, peer, server)
        test_8bit(kind, peer, server)
        test_converted(kind, peer, server)
        test_success(kind, peer, server, inboxes[ALICE])
        test_utf8(kind, peer, server, inboxes)


def main():
    reasons = peers.install(*peers.ALL)
    lab.isolate()
    kinds = [kind for kind in peers.ALL if kind not in reasons]
    for kind, reason in reasons.items():
        skip(kind.name, reason)
    with Authority() as ca, DnsServer(zones(), port=53):
        for kind in kinds:
            with Server(settings=SETTINGS.format(authority=ca.path)) as server:
                for user in (ALICE, UTF8):
                    server.add_user(user, SECRET)
                inboxes = {user: Inbox(server, user, SECRET) for user in (ALICE, UTF8)}
                test_rich(kind, server, ca.issue(f"mx.{kind.name}.test"), inboxes)
                test_poor(kind, server, inboxes)
    end()


if __name__ == "__main__":
    main()
