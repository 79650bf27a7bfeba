"""PARTS=mailauth: what it costs to sign, and to judge where a message is from, next to OpenDKIM.

Everything is CPU time of the server's or filter's processes, for one message: nobody waits, for DNS answers at once.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

import measure
import subjects
from subjects import harness

from dns_server import DnsServer, reverse
from mail_keys import Keys
from milter import Milter
from outside import Client

MESSAGES = 200  # different ones
TIMES = 2  # each
CLIENT, HELLO, SENDER, RECIPIENT = "93.184.216.10", "mx.a.test", "ann@a.test", subjects.USERS[0]
START_SECONDS = 10
SETTINGS = """
[listener smtp]
proxy-networks = loopback
[dns]
servers = {dns}
[mailauth]
check = {check}
[policy]
connection-rate =
message-rate =
network-rate =
recipient-count-rate =
"""
WORDS = "DKIM: {what}, {kind} (CPU ms)"
ALL = "judging one message, SPF, DKIM, ARC, DMARC (CPU ms)"


class Filter:
    """A program beside an MTA, started with a configuration file of ours."""

    def __init__(self, name, folder, words, text):
        self.name, self.port = name, harness.free_port_base()
        self.path = os.path.join(folder, name + ".conf")
        with open(self.path, "w") as f:
            f.write(text.replace("PORT", str(self.port)))
        self.log = open(self.path + ".log", "wb")
        self.process = subprocess.Popen([*words, self.path], stdout=self.log, stderr=self.log, start_new_session=True)

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        with open(self.path + ".log") as f:
            raise RuntimeError(f"{self.name} does not start: {f.read()[-500:]}")

    def pids(self):
        return subjects.family([self.process.pid])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def opendkim(folder, mode, keys, which):
    path, selector = (keys.rsa, "r") if which == "rsa" else (keys.ed, "e")
    names = os.path.join(folder, "public")
    with open(names, "w") as f:
        for (name, _), (text,) in keys.records("a.test").items():
            f.write(f"{name} {text}\n")
    return Filter("opendkim", folder, ["opendkim", "-f", "-x"], f"""Mode {mode}
Socket inet:PORT@127.0.0.1
Syslog no
Canonicalization relaxed/relaxed
Domain a.test
Selector {selector}
KeyFile {path}
TestPublicKeys {names}
RequireSafeKeys no
AlwaysAddARHeader yes
""").wait()


def cpu_of(pids, count, work):
    """CPU ms of these processes for each of `count`, ticks of the kernel being fine enough for hundreds."""
    before = ticks(pids)
    work()
    return (ticks(pids) - before) * 1000 / os.sysconf("SC_CLK_TCK") / count


def ticks(pids):
    """Of all threads, those that ended, too."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            words = f.read().rsplit(")", 1)[1].split()
        total += int(words[11]) + int(words[12])
    return total


def measure_opendkim(folder, keys, mails, keep):
    for kind, which, title in (("rsa", "rsa", "RSA-2048"), ("ed", "ed", "Ed25519")):
        for mode, what, client in (("v", "verify", CLIENT), ("s", "sign", "127.0.0.1")):
            if mode == "s" and kind == "ed":
                continue  # OpenDKIM 2.11 does not answer then
            program = opendkim(folder, mode, keys, which)
            try:
                source = mails["plain"] if mode == "s" else mails[kind]
                with Milter(program.port, client, HELLO) as milter:
                    added = milter.judge(SENDER, RECIPIENT, source[0])
                    want = "DKIM-Signature" if mode == "s" else "Authentication-Results"
                    text = dict(added).get(want, "")
                    if not text or (mode == "v" and "dkim=pass" not in text):
                        raise RuntimeError(f"opendkim, {what}: {added}")
                    keep(program, WORDS.format(what=what, kind=title), cpu_of(program.pids(), TIMES * len(source), lambda: [
                        milter.judge(SENDER, RECIPIENT, mail) for _ in range(TIMES) for mail in source]))
            finally:
                program.stop()


def send_all(server, mails):
    for _ in range(TIMES):
        with Client(server, CLIENT) as smtp:
            smtp.ehlo()
            for mail in mails:
                for step, word in ((smtp.mail, SENDER), (smtp.rcpt, RECIPIENT), (smtp.data, mail)):
                    code, text = step(word)
                    if code != 250:
                        raise RuntimeError(f"{code} {text}")


def measure_ours(folder, dns, mails, keep):
    """What taking a message costs with all checks, and without."""
    costs = {}

    class Ours:
        name = "staunch"

    for check in ("yes", "no"):
        server = harness.Server(domain=subjects.DOMAIN, settings=SETTINGS.format(dns=dns.address, check=check))
        try:
            server.command("user", "add", RECIPIENT, "--password-stdin", input=subjects.PASSWORD + "\n")
            send_all(server, mails["both"][:20])
            costs[check] = cpu_of(subjects.family([server.process.pid]), TIMES * MESSAGES, lambda: send_all(server, mails["both"]))
        finally:
            server.stop()
            shutil.rmtree(server.folder)
    keep(Ours, ALL, costs["yes"] - costs["no"])
    keep(Ours, "taking one message, all checks on (CPU ms)", costs["yes"])
    keep(Ours, "taking one message, no checks (CPU ms)", costs["no"])
    done = subprocess.run([os.path.join(measure.PROGRAMS, "mailauth_bench")], check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        for title in ("RSA-2048", "Ed25519"):
            for what in ("sign", "verify"):
                if line.startswith(f"{what}, {title}"):
                    keep(Ours, WORDS.format(what=what, kind=title), float(line.split()[-2]))


def make_mails(keys):
    """{how they are signed: messages of 4 KB}"""
    body = "Some words as they stand in a message,  one line like another.\r\n" * 60
    plain = [(f"From: Ann Example <ann@a.test>\r\nTo: Bob <{RECIPIENT}>\r\nSubject: What message {n} is about\r\n"
              f"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{n}@a.test>\r\nMIME-Version: 1.0\r\n"
              f"Content-Type: text/plain; charset=utf-8\r\n\r\n{n}\r\n{body}").encode() for n in range(MESSAGES)]
    rsa = [keys.sign(mail, "a.test") for mail in plain]
    return {"plain": plain, "rsa": rsa, "ed": [keys.sign(mail, "a.test", "ed") for mail in plain],
            "both": [keys.sign(mail, "a.test", "ed") for mail in rsa]}


def measure_all(folder, keep, say, has_peers):
    keys = Keys(folder)
    zones = {("a.test", "TXT"): ["v=spf1 include:spf.a.test -all"], ("spf.a.test", "TXT"): [f"v=spf1 ip4:{CLIENT} ~all"],
             ("a.test", "MX"): [(10, HELLO)], (HELLO, "A"): [CLIENT], (reverse(CLIENT), "PTR"): [HELLO],
             ("_dmarc.a.test", "TXT"): ["v=DMARC1; p=reject"]}
    zones.update(keys.records("a.test"))
    say("mailauth: messages are signed")
    mails = make_mails(keys)
    with DnsServer(zones) as dns:
        say("mailauth: staunch")
        measure_ours(folder, dns, mails, keep)
    if not has_peers or shutil.which("opendkim") is None:
        measure.note("mailauth without opendkim")
        return
    say("mailauth: opendkim")
    measure_opendkim(folder, keys, mails, keep)
