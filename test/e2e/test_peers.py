#!/usr/bin/env python3
"""Postfix, Exim and OpenSMTPD as peers.py starts them: what they take, what they send, and what they send to us.

In a network of its own (lab.py). PEER_MESSAGES=1000 sends more of them.
"""

import glob
import imaplib
import os
import re
import signal
import smtplib
import subprocess
import sys
import time

import lab
import peers
from certificates import Authority
from dns_server import ANY, DnsServer, TIMEOUT
from harness import Server, check, end, equal, free_port, skip
from peers import Postfix
from policy import Policy
from private_root import PrivateRoot
from sink import Sink, reply

MANY = int(os.environ.get("PEER_MESSAGES", 100))
BOB, UTF8 = "bob@example.test", "bjørn@example.test"
SECRET = "correct horse"
HELLO = b"Subject: hello\r\n\r\nhello\r\n"


def code(peer, *arguments, **options):
    """The reply code that a peer gives to a message: 250, or of its refusal."""
    try:
        peer.send(*arguments, **options)
        return 250
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code


def words(peer):
    """What it offers to a client."""
    with peer.connect() as smtp:
        smtp.ehlo()
        return {word.upper() for word in smtp.esmtp_features}


# --- a peer by itself ------------------------------------------------------------------------------------


def test_receiving(kind, certificate):
    """The options of a receiver: TLS, users, greylisting, size; restart with the queue kept."""
    name = kind.name
    with Policy() as policy, kind(users=["ann", "bob"], policy=policy, tls=certificate, size_limit=200000) as peer:
        ann, bob = f"ann@{peer.domain}", f"bob@{peer.domain}"
        offered = words(peer)
        check(f"{name} offers what it can", {"STARTTLS", "SIZE", "8BITMIME", "DSN"} <= offered
              and {"SMTPUTF8", "PIPELINING", "CHUNKING"} - {c.upper() for c in kind.cannot} <= offered, offered)
        equal(f"{name} takes for its users", code(peer, "x@y.test", [bob], HELLO), 250)
        equal(f"{name} refuses others", code(peer, "x@y.test", [f"eve@{peer.domain}"], HELLO), 550)
        policy.at(ann, "450 4.7.1 Greylisted", times=1)
        equal(f"{name} greylists, then takes", [code(peer, "x@y.test", [ann], HELLO) for _ in range(2)], [450, 250])
        policy.at(bob, "550 5.7.1 Not from you")
        equal(f"{name} refuses by policy", code(peer, "x@y.test", [bob], HELLO), 550)
        check(f"{name} refuses what is too big", code(peer, "x@y.test", [ann], b"x" * 70 + b"\r\n" * 200000) in (552, 554))
        with peer.connect() as smtp:
            if "starttls" in peer.cannot:
                skip(f"{name} takes over TLS", "this release's handshakes fail with this OpenSSL")
            else:
                smtp.starttls()
            smtp.sendmail("x@y.test", [ann], HELLO)
        check(f"{name} delivers", peer.wait_inbox(2, ann) and peer.wait_inbox(1, bob), peer.log()[-3000:])
        equal(f"{name} delivers that only", (len(peer.inbox(ann)), len(peer.inbox(bob)), len(peer.inbox())), (2, 1, 3))
        check(f"{name}: the message is as sent", peer.inbox(bob)[0].replace(b"\r\n", b"\n").endswith(b"\n\nhello\n"))


def test_without(kind):
    words_off = ["CHUNKING", "DSN", "PIPELINING", "8BITMIME"]
    with kind(without=words_off, smtputf8=False) as peer:
        wanted_off = {w for w in (*words_off, "SMTPUTF8") if w.lower() not in kind.cannot}
        equal(f"{kind.name} without extensions", words(peer) & (wanted_off | {"STARTTLS"}), set())


def test_sending(kind):
    """To a sink: parameters go on, 4xx is tried again, 5xx comes back, the queue can be seen and outlives a restart."""
    name = kind.name
    with Sink() as sink, kind(routes={"sink.test": (sink.host, sink.port)}) as peer:
        ann = f"ann@{peer.domain}"
        peer.send(ann, ["x@sink.test"], HELLO, notify="SUCCESS,FAILURE", envid="e1", ret="HDRS")
        check(f"{name} sends", sink.wait(1), peer.log()[-3000:])
        m = sink.messages[0]
        equal(f"{name} hands DSN parameters on", (m.sender, m.parameters.get("ENVID"), m.parameters.get("RET"),
                                                  m.recipient_parameters["x@sink.test"].get("NOTIFY", "").upper()),
              (ann, "e1", "HDRS", "SUCCESS,FAILURE"))
        sink.at("RCPT", reply("450 4.7.1 Greylisted"), to="grey@sink.test")
        sink.at("RCPT", reply("550 5.1.1 No such user"), to="no@sink.test")
        peer.send(ann, ["grey@sink.test", "no@sink.test"], HELLO)
        check(f"{name} keeps what was greylisted",
              peer.wait_for(lambda: [q.recipient for q in peer.queue()] == ["grey@sink.test"], 10), peer.queue())
        check(f"{name} returns what was refused", peer.wait_inbox(1, ann) and b"No such user" in peer.inbox(ann)[0],
              peer.log()[-3000:])
        sink.at("CONNECT", reply("421 4.3.2 Busy", close=True))
        peer.stop()
        peer.start()
        equal(f"{name} keeps its queue when it stops", [(q.sender, q.recipient) for q in peer.queue()], [(ann, "grey@sink.test")])
        sink.behave()
        check(f"{name} sends it later", peer.wait_for(lambda: peer.flush() or len(sink.messages) == 2, 20), peer.log()[-3000:])
        check(f"{name} is done", peer.wait_empty(10))
        equal(f"{name} keeps to the RFCs", sink.violations, [])


def test_by_mx(kind, certificate):
    """Without a route it asks the DNS: the first MX does not answer, the second takes it, over TLS."""
    zones = {("far.test", "MX"): [(10, "mx1.far.test"), (20, "mx2.far.test")], ("mx1.far.test", "A"): ["127.0.0.2"],
             ("mx2.far.test", "A"): ["127.0.0.3"], ("mute.test", ANY): TIMEOUT}
    with DnsServer(zones, port=53) as dns, Sink(host="127.0.0.3", port=25, tls=certificate.context()) as sink, \
            kind(host="127.0.0.4", port=25) as peer:
        peer.send(f"ann@{peer.domain}", ["x@far.test"], HELLO)
        check(f"{kind.name} finds the second MX", sink.wait(1, 30), peer.log()[-3000:])
        check(f"{kind.name} asked", dns.count("far.test", "MX") and dns.count("mx1.far.test", "A"), dns.questions)
        check(f"{kind.name} took STARTTLS", sink.messages and sink.messages[0].tls, sink.handshake_failures)


# --- to us -------------------------------------------------------------------------------------------------


class Inbox:
    """What Staunch has for one of its users."""

    def __init__(self, server, user):
        self.server, self.user = server, user

    def fetch(self, what):
        with imaplib.IMAP4("127.0.0.1", self.server.port("imap")) as imap:
            imap.authenticate("PLAIN", lambda challenge: f"\0{self.user}\0{SECRET}".encode())
            imap.select("INBOX", readonly=True)
            if not (numbers := imap.search(None, "ALL")[1][0].split()):
                return []
            return [item[1] for item in imap.fetch(b",".join(numbers), what)[1] if isinstance(item, tuple)]

    def messages(self):
        return self.fetch("(BODY.PEEK[])")

    def subjects(self):
        heads = self.fetch("(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [re.search(rb"Subject: (.*?)\r\n", head).group(1).decode() for head in heads]


def test_to_us(kind, server):
    name = kind.name
    bob = Inbox(server, BOB)
    with kind(routes={"example.test": (server.host, server.port("smtp"))}) as peer:
        ann = f"ann@{peer.domain}"
        body = "Subject: 8-bit\r\n\r\nGrüße, ½ und ¼\r\n.dot\r\n".encode()
        peer.send(ann, [BOB], body)
        check(f"{name}: its queue empties", peer.wait_empty(), peer.log()[-3000:])
        message = bob.messages()[-1]
        check(f"{name}: STARTTLS where it is offered", re.search(rb"\r\nReceived: from [^;]* with ESMTPS\s", message), message)
        check(f"{name}: 8-bit content arrives as sent", message.endswith(body[body.index(b"\r\n\r\n"):]), message)
        check(f"{name}: from its sender", message.startswith(b"Return-Path: <" + ann.encode() + b">"), message)

        if "smtputf8" not in kind.cannot:
            inbox = Inbox(server, UTF8)
            peer.send(f"zoë@{peer.domain}", [UTF8], "Subject: smørrebrød\r\n\r\nø\r\n".encode(), utf8=True)
            check(f"{name}: UTF-8 addresses", peer.wait_empty() and len(inbox.subjects()) > 0
                  and inbox.messages()[-1].startswith(f"Return-Path: <zoë@{peer.domain}>".encode()), peer.log()[-3000:])

        peer.send(ann, ["nobody@example.test"], HELLO)
        check(f"{name}: an unknown user comes back", peer.wait_inbox(1, ann) and b"nobody@example.test" in peer.inbox(ann)[0]
              and b"5.1.1" in peer.inbox(ann)[0], peer.inbox(ann) or peer.log()[-3000:])

        peer.send(ann, [BOB], HELLO, notify="SUCCESS,FAILURE", envid="e2")
        with smtplib.SMTP(server.host, server.port("smtp"), local_hostname="x") as smtp:
            smtp.ehlo()
            is_ours = smtp.has_extn("dsn")
        # RFC 3461 5.2.2: a success is reported by the last server that knows of it, which is us where we offer DSN.
        check(f"{name}: a report that was asked for", peer.wait_empty() and (is_ours or (
            peer.wait_inbox(2, ann) and re.search(rb"Action: (relayed|delivered)", peer.inbox(ann)[1]))), peer.log()[-3000:])

        started = time.time()
        subjects = [f"{name} {i}" for i in range(MANY)]
        with peer.connect() as client:
            for subject in subjects:
                peer.send(ann, [BOB], f"Subject: {subject}\r\n\r\n".encode() + b"x" * 70 + b"\r\n", client=client)
        check(f"{name}: {MANY} messages leave", peer.wait_empty(30 + MANY / 5), peer.log()[-3000:])
        arrived = [subject for subject in bob.subjects() if subject.startswith(name + " ")]
        equal(f"{name}: {MANY} messages, each once", sorted(arrived), sorted(subjects))
        print(f"{name}: {MANY} messages in {time.time() - started:.1f} s", flush=True)


def test_plain_to_us(kind, server):
    with kind(routes={"*": (server.host, server.port("smtp"))}, outgoing_tls="none") as peer:
        peer.sendmail("-f", f"ann@{peer.domain}", BOB, data="Subject: by sendmail\n\nx\n")
        check(f"{kind.name}: without TLS", peer.wait_empty(), peer.log()[-3000:])
        message = Inbox(server, BOB).messages()[-1]
        check(f"{kind.name}: Received says so", re.search(rb"\r\nReceived: from [^;]* with ESMTP\s", message)
              and b"Subject: by sendmail\r\n" in message, message)


def test_tools(server):
    """smtp-source to us, and to smtp-sink."""
    with PrivateRoot("postfix") as root:
        before = len(Inbox(server, BOB).messages())
        root.command("smtp-source", "-s", "5", "-m", "50", "-f", "a@src.test", "-t", BOB, f"{server.host}:{server.port('smtp')}")
        equal("smtp-source sends to us", len(Inbox(server, BOB).messages()) - before, 50)
        port = free_port()
        root.spawn("smtp-sink", "-u", "postfix", "-d", "/shared/%M.", f"127.0.0.1:{port}", "10", log="sink")
        os.chmod(root.shared, 0o777)
        for _ in range(50):
            if root.command("smtp-source", "-m", "3", "-t", "x@y.test", f"127.0.0.1:{port}", check_status=False).returncode == 0:
                break
            time.sleep(0.1)
        equal("smtp-sink takes from it", len(glob.glob(os.path.join(root.shared, "*.*"))), 3)


# --- nothing stays -------------------------------------------------------------------------------------------


def listening():
    """The addresses that anybody in this network listens at, as hexadecimal words."""
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path) as f:
            for line in list(f)[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    yield fields[1].split(":")[0]


def test_contained(kinds):
    """They listen on loopback only, and are gone when the test is, even when it is killed."""
    with open("/proc/self/mounts") as f:
        mounts = f.read()
    with Sink() as sink:
        opened = [kind(routes={"sink.test": (sink.host, sink.port)}) for kind in kinds]
        try:
            for peer in opened:
                peer.send(f"ann@{peer.domain}", ["x@sink.test"], HELLO)
            check("all at the same time", sink.wait(len(opened)), sink.messages)
            loopback = re.compile("......7F|0{24}01000000")
            check("only loopback is listened at", all(loopback.fullmatch(a) for a in listening()), list(listening()))
        finally:
            for peer in opened:
                peer.close()
    for kind in kinds:
        script = f"import time, peers; p = peers.{kind.__name__}(); print(p.root.pid, p.root.folder, flush=True); time.sleep(60)"
        victim = subprocess.Popen([sys.executable, "-c", script], cwd=os.path.dirname(os.path.abspath(__file__)),
                                  stdout=subprocess.PIPE, text=True)
        pid, folder = victim.stdout.readline().split()
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        deadline = time.time() + 10
        while os.path.exists(f"/proc/{pid}") and time.time() < deadline:
            time.sleep(0.02)
        check(f"{kind.name} dies with its test", not os.path.exists(f"/proc/{pid}"))
        equal(f"{kind.name} leaves no mount", os.listdir(os.path.join(folder, "mounts")), [])
        subprocess.run(["rm", "-rf", folder], check=True)
    with open("/proc/self/mounts") as f:
        equal("no mount is left", f.read(), mounts)
    equal("and no port", list(listening()), [])


def main():
    reasons = peers.install(*peers.ALL)
    lab.isolate()
    kinds = [kind for kind in peers.ALL if kind not in reasons]
    for kind, reason in reasons.items():
        skip(kind.name, reason)
    if not kinds:
        end()
    with Authority() as ca:
        for kind in kinds:
            certificate = ca.issue(f"mx.{kind.name}.test")
            test_receiving(kind, certificate)
            test_without(kind)
            test_sending(kind)
            test_by_mx(kind, certificate)
    test_contained(kinds)
    with Server() as server:
        for user in (BOB, UTF8):
            server.add_user(user, SECRET)
        for kind in kinds:
            test_to_us(kind, server)
            test_plain_to_us(kind, server)
        if Postfix in kinds:
            test_tools(server)
    end()


if __name__ == "__main__":
    main()
