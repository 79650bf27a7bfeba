#!/usr/bin/env python3
"""Odd messages, judged by the server as they come in and by `dkim-verify`, `arc-verify`, `dmarc-check`: the same word of both.

DNS is the same for both; what the server found is read from its Authentication-Results, reasons included.
"""

import email
import imaplib
import json
import re
import subprocess
import tempfile

from dns_server import DnsServer
from harness import BINARY, check, end, equal
from mail_keys import Keys
from outside import Client
from sender import BOB, SECRET, Sender

CLIENT = "93.184.216.66"
SETTINGS = """
[listener smtp]
proxy-networks = loopback
[dns]
servers = {dns}
timeout = 500ms
tries = 1
[smtp]
bare-line-ends = {lines}
"""
HEAD = b"From: Ann <ann@origin.test>\r\nTo: bob@example.test\r\nSubject: hello\r\n"
BODY = b"one line\r\n\r\nand another\r\n"


def odd_ways(data):
    """name, message: what is done to a message that was signed, or sealed, as it should be."""
    header, _, body = data.partition(b"\r\n\r\n")
    header += b"\r\n"
    yield "as it was", data
    for name, line in (("a line that is no field", b"no field at all"), ("a dash", b"--boundary"), ("a line of a mailbox", b"From bob Thu Nov 26 00:00:00 2026"),
                       ("a quoted one", b">From bob Thu Nov 26 00:00:00 2026"), ("blanks only", b" \t"), ("a colon first", b": x"),
                       ("a blank in the name", b"X y: z"), ("a blank behind it", b"X : z"), ("a control in the name", b"X\x01: y"),
                       ("a high byte in the name", b"X\xc3\xbc: y"), ("a high byte in the value", b"X: \xc3\xbc\xff"), ("nothing behind the colon", b"X:"),
                       ("another From", b"From: evil@bank.test"), ("a byte order mark", b"\xef\xbb\xbfX: y"), ("a field more", b"X: y")):
        for place, text in (("in front", line + b"\r\n" + header), ("at the end", header + line + b"\r\n"),
                            ("before the last field", re.sub(rb"(\r\nSubject)", b"\r\n" + line.replace(b"\\", b"\\\\") + rb"\1", header))):
            yield f"{name} {place}", text + b"\r\n" + body
    yield "no body", header + b"\r\n"
    yield "no empty line", header
    yield "an empty line in front", b"\r\n" + data
    yield "only an empty line", b"\r\n"
    yield "no end of the last line", data.rstrip(b"\r\n")
    yield "empty lines at the end", data + b"\r\n" * 5
    yield "a field twice", header + header + b"\r\n" + body
    yield "a fold of blanks only", header.replace(b"Subject: hello", b"Subject:\r\n \r\n hello") + b"\r\n" + body
    yield "a long header", header + b"X: y\r\n" * 4100 + b"\r\n" + body
    yield "blanks at line ends of the body", header + b"\r\n" + body.replace(b"line\r\n", b"line  \r\n")


def bare_ways(data):
    """Line ends that mail does not have; where the server takes such a message, it is with CRLF."""
    yield "LF alone, everywhere", data.replace(b"\r\n", b"\n")
    yield "LF alone, in the header", data.replace(b"\r\n", b"\n", 3)
    yield "LF alone, at the empty line", data.replace(b"\r\n\r\n", b"\r\n\n", 1)


class Judge:
    """The server: takes a message, and says what it found."""

    def __init__(self, server):
        self.smtp = Client(server, CLIENT)
        self.smtp.ehlo()
        self.imap = imaplib.IMAP4(server.host, server.port("imap"))
        self.imap.login(BOB, SECRET)

    def close(self):
        self.smtp.close()
        self.imap.logout()

    def send(self, data):
        """(code, text), and with 250 what our own field says: {method: [result, ..]}."""
        for code, text in (self.smtp.mail("ann@sender.test"), self.smtp.rcpt(BOB)):
            if code != 250:
                raise RuntimeError(f"{code} {text}")
        self.smtp.send(f"BDAT {len(data)} LAST\r\n".encode() + data)
        code, text = self.smtp.getreply()
        return code, text, server_word(self._take()) if code == 250 else None

    def _take(self):
        """The newest message of either mailbox, which goes."""
        for mailbox in ("INBOX", "Junk"):
            self.imap.select(mailbox)
            found = self.imap.search(None, "ALL")[1][0].split()
            if found:
                stored = self.imap.fetch(found[-1], "(BODY.PEEK[])")[1][0][1]
                self.imap.store("1:*", "+FLAGS", "\\Deleted")
                self.imap.expunge()
                return stored
        return None


def word(text, key):
    """A property, or reason, of one result of the field."""
    found = re.search(rf'(?<![\w.-]){re.escape(key)}=(?:"((?:\\.|[^"\\])*)"|([^\s;]+))', text)
    return re.sub(r"\\(.)", r"\1", found[1]) if found and found[1] is not None else found[2] if found else ""


def server_word(stored):
    """{method: [(verdict, reason, ..)]} of our own field."""
    field = re.sub(r"\s+", " ", email.message_from_bytes(stored).get_all("Authentication-Results")[0])
    parts = re.findall(r'(?:"(?:\\.|[^"\\])*"|\((?:\\.|[^)\\])*\)|[^;"(])+', field)[1:]
    said = {"dkim": [], "arc": [], "dmarc": []}
    for part in (p.strip() for p in parts):
        method, verdict = re.match(r"(\S+?)=(\S+)", part).groups()
        if method in said:
            said[method].append(part)
    return said


def command(name, data, zone):
    done = subprocess.run([BINARY, name, "--dns", zone, "-"], input=data, capture_output=True, timeout=60)
    return json.loads(done.stdout)


def compare(judge, name, data, zone):
    code, text, said = judge.send(data)
    if code != 250:
        check(f"{name}: taken", False, (code, text))
        return
    ours = [(r["result"], r["reason"], r["domain"], r["selector"], r["b"]) for r in command("dkim-verify", data, zone)]
    theirs = [(p.split("=")[1].split()[0], word(p, "reason"), word(p, "header.d"), word(p, "header.s"), word(p, "header.b"))
              for p in said["dkim"]]
    equal(f"{name}: dkim", theirs, ours or [("none", "", "", "", "")])
    chain = command("arc-verify", data, zone)
    arc = [(p.split("=")[1].split()[0], word(p, "reason")) for p in said["arc"]] or [("none", "")]
    equal(f"{name}: arc", arc, [(chain["result"], chain["reason"])])


AUTHORS = ["ann@origin.test", "Ann <ann@origin.test>", "a@origin.test, b@origin.test", "a@origin.test, b@bank.test",
           "group: a@origin.test;", '"x@bank.test" <a@origin.test>', '"a@bank.test"@origin.test', "<a@origin.test",
           "a@origin.test (b@bank.test)", "a@ORIGIN.test", "a@origin.test.", "a@[192.0.2.1]", "a@origin.test\r\n b@bank.test",
           "=?utf-8?q?a=40bank.test?= <a@origin.test>", "a@b@origin.test", ",a@origin.test"]


def compare_author(judge, author, dns):
    data = b"From: " + author.encode() + b"\r\nTo: bob@example.test\r\n\r\nx\r\n"
    code, text, said = judge.send(data)
    if code not in (250, 550):
        check(f"From {author!r}: judged", False, (code, text))
        return
    done = subprocess.run([BINARY, "dmarc-check", "--dns", dns, author], capture_output=True, timeout=60)
    ours = json.loads(done.stdout)
    if code == 550:
        equal(f"From {author!r}: refused", (ours["verdict"], ours["disposition"]), ("fail", "reject"))
        return
    part = said["dmarc"][0]
    equal(f"From {author!r}", (part.split("=")[1].split()[0], word(part, "header.from"), word(part, "reason")),
          (ours["verdict"], ours.get("domain", ""), ours.get("reason", "")))


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        zones = {("example.test", "MX"): [(10, "mail.example.test")], ("sender.test", "MX"): [(10, "mail.sender.test")]}
        for domain in ("origin.test", "list.test"):
            zones.update(keys.records(domain))
        zone = keys.zone_file(f"{folder}/zone", zones)
        signed = keys.sign(keys.sign(HEAD + b"\r\n" + BODY, "origin.test"), "origin.test", "ed")
        sealed = keys.seal(keys.seal(signed, "list.test", "list.test; dkim=pass", zone), "origin.test", "origin.test; arc=pass", zone)
        with DnsServer(zones) as dns, Sender(SETTINGS.format(dns=dns.address, lines="reject")) as server:
            judge = Judge(server)
            for kind, data in (("signed", signed), ("sealed", sealed)):
                for name, odd in odd_ways(data):
                    compare(judge, f"{kind}, {name}", odd, zone)
            judge.close()
        zones["_dmarc.origin.test", "TXT"] = ["v=DMARC1; p=reject"]
        with DnsServer(zones) as dns, Sender(SETTINGS.format(dns=dns.address, lines="strip")) as server:
            judge = Judge(server)
            for name, odd in bare_ways(signed):
                compare(judge, name, odd, zone)
            for author in AUTHORS:
                compare_author(judge, author, dns.address)
            judge.close()
    end()


if __name__ == "__main__":
    main()
