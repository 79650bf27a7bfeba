#!/usr/bin/env python3
"""Messages whose origin is being judged (JUDGE), while everything else goes wrong.

A crowd waits for DNS that says nothing, DNS says what it should not, clients hang up or say more behind the dot, the server is stopped or killed, the
disk fills up, messages lie far away and cannot be brought there. Nothing is lost, nobody else waits, memory is bounded.
"""

import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from dns_server import TIMEOUT, DnsServer
from harness import check, end, equal, skip
from mail_keys import Keys
from ours import wait_for
from s3_server import HostileS3
from sender import BOB, Sender
from test_origin import message, send, verdicts, fetch, zones

SETTINGS = """
[listener smtp]
proxy-networks = loopback
[server]
debug = smtp
[dns]
servers = {dns}
"""
QUICK = "timeout = 1s\ntries = 1\n"  # until DNS is given up
PATIENT = "timeout = 3s\ntries = 3\n"  # as it is by default
CROWD = 300
SIGNATURES = 8  # as many as are looked at
CROWD_KB = 512  # of one session that waits: the content of a message as it comes in, and what is asked; twice with ASan
DISK = "12m"


class Mute(dict):
    """Zones, and names that nobody answers, or only when the test wants it."""

    def get(self, key, default=None):
        return TIMEOUT if key[0].endswith("mute.test") else dict.get(self, key, default)


class Stranger:
    """A client at a public address, that says its commands at once, and its content when it is told."""

    def __init__(self, server, number):
        self.socket = socket.create_connection((server.host, server.port("smtp")), timeout=60)
        self.number, self.seen = number, b""
        self.socket.sendall(f"PROXY TCP4 93.{number // 250}.{number % 250}.9 198.51.100.1 5000 25\r\n".encode())

    def until(self, pattern):
        while not re.search(pattern, self.seen, re.M):
            data = self.socket.recv(4096)
            if not data:
                return False
            self.seen += data
        return True

    def begin(self):
        self.until(rb"^220 ")
        self.socket.sendall(b"EHLO mx.origin.test\r\nMAIL FROM:<ann@origin.test>\r\nRCPT TO:<" + BOB.encode() + b">\r\nDATA\r\n")
        return self.until(rb"^354 ")

    def content(self, subject, size=0, behind=b"", signatures=SIGNATURES):
        fields = "".join(f"DKIM-Signature: v=1; a=rsa-sha256; d=mute.test; s=s{self.number}-{k}-{subject}; h=from; bh=AAAA; b=AAAA\r\n"
                         for k in range(signatures))
        body = ("x" * 70 + "\r\n") * (size // 72)
        self.seen = b""
        self.socket.sendall(message(f"n{self.number}.mute.test", subject, body + "hello\r\n", fields) + b".\r\n" + behind)

    def is_answered(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def reply(self):
        """The code of the next reply; 0: it was closed, or broke."""
        try:
            return int(self.seen[:3]) if self.until(rb"^\d\d\d .*\r\n") else 0
        except OSError:
            return 0

    def hang_up(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def is_judging(server, count=1, before=0):
    """Until so many sessions came to wait for that."""
    return wait_for(lambda: server.log()[before:].count('to="JUDGE"') >= count)


def judge(server, number, subject, **options):
    """A stranger whose message is being judged."""
    before = len(server.log())
    s = Stranger(server, number)
    check(f"{subject}: begun", s.begin(), s.seen)
    s.content(subject, **options)
    check(f"{subject}: it is judged", is_judging(server, 1, before), server.story())
    return s


def test_crowd(dns, keys):
    """Hundreds at once whose signatures' keys nobody answers: others are served meanwhile, and all come to an end."""
    with Sender(SETTINGS.format(dns=dns.address) + PATIENT) as server:
        crowd = [Stranger(server, n) for n in range(CROWD)]
        check("crowd: begun", all([s.begin() for s in crowd]))
        before = server.memory_kb()
        for s in crowd:
            s.content("crowd")
        check("crowd: they wait", is_judging(server, CROWD), server.story())
        for n in range(3):
            data = keys.sign(message("origin.test", f"other {n}"), "origin.test")
            equal("crowd: another message is taken", send(server, data)[0], 250)
            said = verdicts(fetch(server, f"other {n}"))
            equal("crowd: and judged rightly", (said["spf"], said["dkim"], said["dmarc"]), (["pass"], ["pass"], ["pass"]))
        equal("crowd: none of them was answered before", sum(s.is_answered() for s in crowd), 0)
        each = (server.memory_kb("VmHWM") - before) // CROWD
        check("crowd: memory of each", each < CROWD_KB, f"{each} KB")
        equal("crowd: all are answered", {s.reply() for s in crowd}, {250})
        for s in crowd:
            s.socket.close()
        equal("crowd: all are there", len(server.inbox(BOB)) + in_junk(server), CROWD + 3)


def in_junk(server):
    return len(re.findall(r'advice="junk"', server.log()))


def test_clients(server):
    judge(server, 1, "gone").hang_up()  # RFC 5321 4.1.1.10: then nothing may come of it
    half = judge(server, 2, "half")
    half.socket.shutdown(socket.SHUT_WR)
    equal("half closed: answered", half.reply(), 250)
    check("half closed: closed then", half.until(rb"\0") is False)
    before = len(server.log())
    more = Stranger(server, 3)
    more.begin()
    more.content("first", behind=b"MAIL FROM:<ann@origin.test>\r\nRCPT TO:<" + BOB.encode() + b">\r\nDATA\r\n" +
                 message("n.mute.test", "second") + b".\r\nQUIT\r\n")
    check("pipelined: it is judged", is_judging(server, 1, before))
    check("pipelined: all is answered", more.until(rb"^221 "), more.seen)
    equal("pipelined: in order", re.findall(rb"^(\d\d\d) ", more.seen, re.M), [b"250", b"250", b"250", b"354", b"250", b"221"])
    for subject, want in (("half", True), ("first", True), ("second", True), ("gone", False)):
        equal(f"{subject}: stored", fetch(server, subject) is not None, want)


def test_stops(server):
    """Nobody got a 250, so nothing may be there; and a stop waits for nobody."""
    for sig, want in ((signal.SIGTERM, 421), (signal.SIGKILL, 0)):
        s = judge(server, 4, f"stop{int(sig)}", size=500_000)
        status = server.stop(sig)
        equal(f"signal {int(sig)}: it ends", status, 0 if sig == signal.SIGTERM else -int(sig))
        equal(f"signal {int(sig)}: what the client hears", s.reply(), want)
        done = server.command("check", check_status=False)
        check(f"signal {int(sig)}: the store is well", done.returncode == 0, done.stdout + done.stderr)
        server.start()
        equal(f"signal {int(sig)}: nothing is there", fetch(server, f"stop{int(sig)}"), None)
        equal(f"signal {int(sig)}: it takes mail", send(server, message("bare.test", f"after {int(sig)}"), sender="ann@bare.test")[0], 250)


def fill(folder):
    """Take all space; the file that holds it."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"\0" * 4096)
        except OSError:
            return path


def test_disk(dns):
    """It fills up while a message is judged, which lies on it already but for what is to be said of it."""
    folder = tempfile.mkdtemp(prefix="staunch-judged-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True).returncode != 0:
        shutil.rmtree(folder)
        skip("a full disk", "needs root to mount a small one")
        return
    try:
        with tempfile.TemporaryDirectory() as logs, Sender(SETTINGS.format(dns=dns.address) + QUICK, folder=folder, start=False) as server:
            server.log_path = os.path.join(logs, "log")
            server.start()
            for n, size in enumerate((0, 200_000, 2_000_000)):
                s = judge(server, 10 + n, f"full{size}", size=size)
                filler = fill(folder)
                code = s.reply()
                os.unlink(filler)
                # A small one may find room in the store's log, which is there already.
                check(f"full disk, {size}: told later", code == 452 or (size == 0 and code == 250), code)
                equal(f"full disk, {size}: it is there, or not", wait_for(lambda: fetch(server, f"full{size}") is not None, 1), code == 250)
                check(f"full disk, {size}: it recovers",
                      wait_for(lambda: send(server, message("bare.test", f"well{size}"), sender="ann@bare.test")[0] == 250), server.story())
            server.stop()
            equal("full disk: the store is well", server.command("check", check_status=False).returncode, 0)
            server.start()
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def test_far(dns):
    """Messages are kept on S3, which is slow, silent, or says no, when the judges are done."""
    with HostileS3() as s3, Sender(SETTINGS.format(dns=dns.address) + QUICK + s3.settings()) as server:
        for n, (way, wanted) in enumerate((("slow", {250}), ("503", {451, 452}), ("hang", {451, 452}), ("garbage", {451, 452}))):
            subject = f"far {way}"
            s = judge(server, 20 + n, subject, size=100_000)
            s3.way = way
            code = s.reply()
            s3.way = ""
            check(f"{subject}: the answer", code in wanted, code)
            equal(f"{subject}: stored", fetch(server, subject) is not None, code == 250)
        equal("far: all is well again", send(server, message("bare.test", "far well"), sender="ann@bare.test")[0], 250)
        check("far: and it is there", fetch(server, "far well"))


def test_answers(server, dns, keys):
    """Records as nobody should publish them, by UDP and TCP: a verdict for each, and the message is taken."""
    key = keys.records("x.test")["r._domainkey.x.test", "TXT"][0]
    spf = "v=spf1 ip4:93.184.216.10 -all"
    cases = {
        "cut": ({"TXT": [spf]}, {"TXT": [key]}, "pass", "pass"),
        "large": ({"TXT": [spf] + ["x" * 250] * 30}, {"TXT": [["x" * 250] * 30]}, "pass", "permerror"),
        "huge": ({"TXT": [spf] + ["x" * 250] * 200}, {"TXT": ["x" * 250] * 200}, "temperror", "temperror"),
        "many keys": ({"TXT": [spf] * 40}, {"TXT": ["v=DKIM1; p=AAAA"] * 20 + [key]}, "permerror", "permerror"),
        "loop": ({"CNAME": ["loop.{}"]}, {"CNAME": ["r._domainkey.{}"]}, "temperror", "temperror"),  # resolvers say SERVFAIL
        "bytes": ({"TXT": [b"v=spf1 \xff\0 -all"]}, {"TXT": [b"v=DKIM1; p=\0\xff"]}, "permerror", "permerror"),
        "nothing": ({"TXT": [""]}, {"TXT": [["", "", ""]]}, "none", "permerror"),
        "itself": ({"TXT": ["v=spf1 include:{} redirect={}"]}, {"TXT": [key]}, "permerror", "pass"),
        "wide": ({"TXT": ["v=spf1 " + " ".join("include:s%d.mute.test" % n for n in range(40)) + " -all"]}, {"TXT": [key]}, "temperror", "pass"),
    }
    for name, (at_domain, at_key, spf_verdict, dkim_verdict) in cases.items():
        domain = name.replace(" ", "-") + ".hostile.test"
        for owner, records in ((domain, at_domain), ("r._domainkey." + domain, at_key)):
            for kind, values in records.items():
                dns.zones[owner, kind] = [v.format(domain, domain) if isinstance(v, str) else v for v in values]
        dns.zones["loop." + domain, "CNAME"] = [domain]
        dns.zones[domain, "MX"] = [(10, "mx.origin.test")]
        if name == "cut":
            dns.truncated.add(domain)
        data = keys.sign(message(domain, name), domain)
        equal(f"answers, {name}: taken", send(server, data, sender=f"ann@{domain}")[0], 250)
        said = verdicts(fetch(server, name) or fetch(server, name, "Junk"))
        equal(f"answers, {name}", (said["spf"], said["dkim"]), ([spf_verdict], [dkim_verdict]))


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        with DnsServer(Mute(zones(keys))) as dns:
            test_crowd(dns, keys)
            with Sender(SETTINGS.format(dns=dns.address) + QUICK) as server:
                test_clients(server)
                test_answers(server, dns, keys)
                test_stops(server)
            test_disk(dns)
            test_far(dns)
    end()


if __name__ == "__main__":
    main()
