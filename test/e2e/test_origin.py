#!/usr/bin/env python3
"""Mail from outside is judged by SPF, DKIM, ARC and DMARC before it is answered: what is written, refused, and put into Junk.

Clients come from public addresses by PROXY headers; DNS is the test's. Signatures are made by `dkim-sign`; who else agrees
with them is test_dkim.py's.
"""

import email
import imaplib
import re
import tempfile
import threading

from dns_server import DnsServer, SERVFAIL, TIMEOUT, reverse
from harness import BINARY, check, end, equal
from mail_keys import Keys
from outside import Client
from sender import BOB, SECRET, Sender


GOOD, OTHER = "93.184.216.10", "93.184.216.66"
SETTINGS = """
[listener smtp]
proxy-networks = loopback
[dns]
servers = {dns}
timeout = 500ms
tries = 1
[smtp]
message-size = 20MB
"""
HEADER = "From: Ann <ann@{domain}>\r\nTo: bob@example.test\r\nSubject: {subject}\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
FORGED = ("Authentication-Results: mail.example.test; dmarc=pass header.from=bank.test\r\n"
          "authentication-results:\r\n\t(x) MAIL.example.test/1 (y) 1; spf=pass\r\n"
          "Authentication-Results: other.test; spf=pass smtp.mailfrom=kept.test\r\n")


def message(domain, subject, body="hello\r\n", more=""):
    return (more + HEADER.format(domain=domain, subject=subject) + "\r\n" + body).encode()


def zones(keys):
    found = {("example.test", "MX"): [(10, "mail.example.test")], (reverse(GOOD), "PTR"): ["mx.origin.test"], ("mx.origin.test", "A"): [GOOD]}
    for domain, policy in (("origin.test", "reject"), ("junk.test", "quarantine"), ("open.test", "none"), ("later.test", "reject")):
        found[domain, "MX"] = [(10, "mx.origin.test")]
        found[domain, "TXT"] = [f"v=spf1 ip4:{GOOD} -all"]
        found["_dmarc." + domain, "TXT"] = [f"v=DMARC1; p={policy}"]
        found.update(keys.records(domain))
    found["later.test", "TXT"] = SERVFAIL
    found["r._domainkey.later.test", "TXT"] = TIMEOUT
    for domain in ("list.test", "other.test"):
        found.update(keys.records(domain))
        found[domain, "MX"] = [(10, "mx.origin.test")]
    found["bare.test", "MX"] = [(10, "mx.origin.test")]
    return found


def send(server, data, address=GOOD, sender="ann@origin.test", chunked=False):
    """The last word, as (code, text)."""
    with Client(server, address) as smtp:
        smtp.ehlo()
        for code, text in (smtp.mail(sender), smtp.rcpt(BOB)):
            if code != 250:
                return code, text.decode()
        if not chunked:
            code, text = smtp.data(data)
        else:
            half = len(data) // 2
            smtp.send(f"BDAT {half}\r\n".encode() + data[:half])
            smtp.getreply()
            smtp.send(f"BDAT {len(data) - half} LAST\r\n".encode() + data[half:])
            code, text = smtp.getreply()
        return code, text.decode()


def fetch(server, subject, mailbox="INBOX"):
    """The one message with this subject there, as bytes; None."""
    with imaplib.IMAP4(server.host, server.port("imap")) as imap:
        imap.login(BOB, SECRET)
        imap.select(mailbox)
        _, found = imap.search(None, "SUBJECT", f'"{subject}"')
        numbers = found[0].split()
        if len(numbers) != 1:
            return None
        return imap.fetch(numbers[0], "(BODY.PEEK[] FLAGS)")[1][0][1]


def results(data):
    """What our own field says: {method: [(verdict, rest)]}."""
    fields = [v for v in email.message_from_bytes(data).get_all("Authentication-Results", []) if v.lstrip().startswith("mail.example.test")]
    equal("one field of ours", len(fields), 1)
    said = {}
    for part in re.sub(r"\s+", " ", re.sub(r"\( *\)", "", fields[0])).split(";")[1:]:
        method, _, rest = part.strip().partition("=")
        verdict, _, rest = rest.partition(" ")
        said.setdefault(method, []).append((verdict, rest.strip()))
    return said


def verdicts(data):
    return {method: [verdict for verdict, _ in found] for method, found in results(data).items()}


def test_good(server, keys):
    data = keys.sign(keys.sign(message("origin.test", "good"), "origin.test"), "origin.test", "ed")
    equal("good: taken", send(server, data)[0], 250)
    stored = fetch(server, "good")
    equal("good", verdicts(stored), {"spf": ["pass"], "dkim": ["pass", "pass"], "dmarc": ["pass"], "iprev": ["pass"]})
    said = results(stored)
    check("good: spf", said["spf"][0][1] == "smtp.mailfrom=origin.test", said)
    check("good: dkim", "header.d=origin.test" in said["dkim"][0][1] and "header.s=e" in said["dkim"][0][1], said)
    check("good: dmarc", "header.from=origin.test" in said["dmarc"][0][1], said)
    check("good: under Return-Path, above Received", re.match(rb"Return-Path: [^\r]*\r\nAuthentication-Results:", stored), stored[:300])
    check("good: the rest is untouched", stored.endswith(data), stored)


def test_forwarded(server, keys):
    """From another host, but signed: DKIM is enough. Signed, but changed: it is not."""
    data = keys.sign(message("origin.test", "forwarded"), "origin.test")
    equal("forwarded: taken", send(server, data, OTHER)[0], 250)
    equal("forwarded", verdicts(fetch(server, "forwarded")), {"spf": ["fail"], "dkim": ["pass"], "dmarc": ["pass"], "iprev": ["permerror"]})
    code, text = send(server, data.replace(b"hello", b"hullo"), OTHER)
    equal("changed: refused", code, 550)
    check("changed: why", text.startswith("5.7.26 ") and "origin.test" in text, text)
    said = re.findall('smtp.origin .*', server.log())[-1]
    check("changed: the log says which signature, and why", ' dkim="fail origin.test r (the body was changed)"' in said and
          ' spf="fail"' in said and ' dmarc="fail"' in said and ' advice="refuse"' in said, said)
    equal("unsigned: refused", send(server, message("origin.test", "x"), OTHER)[0], 550)
    check("unsigned: the log says so", ' dkim="none"' in re.findall('smtp.origin .*', server.log())[-1], server.log()[-500:])
    equal("chunked: refused", send(server, message("origin.test", "x"), OTHER, chunked=True)[0], 550)
    equal("chunked and signed: taken", send(server, keys.sign(message("origin.test", "chunks"), "origin.test"), OTHER, chunked=True)[0], 250)
    equal("chunked and signed", verdicts(fetch(server, "chunks"))["dkim"], ["pass"])
    equal("nothing was left of what was refused", fetch(server, "x"), None)


def test_policies(server):
    for domain, mailbox, other in (("junk.test", "Junk", "INBOX"), ("open.test", "INBOX", "Junk"), ("bare.test", "INBOX", "Junk")):
        equal(f"{domain}: taken", send(server, message(domain, domain), OTHER, f"ann@{domain}")[0], 250)
        check(f"{domain}: in {mailbox}", fetch(server, domain, mailbox), domain)
        equal(f"{domain}: not in {other}", fetch(server, domain, other), None)
    equal("no policy", verdicts(fetch(server, "bare.test"))["dmarc"], ["none"])


def test_null_sender(server):
    equal("null sender: taken", send(server, message("bare.test", "null"), GOOD, "")[0], 250)
    check("null sender: HELO", "smtp.helo=mx.origin.test" in results(fetch(server, "null"))["spf"][0][1])


def test_temporary(server, keys):
    """DNS that does not answer is never a reason to refuse, nor to take it for proved."""
    data = keys.sign(message("later.test", "later"), "later.test")
    equal("no answer: taken", send(server, data, OTHER, "ann@later.test")[0], 250)
    said = verdicts(fetch(server, "later", "Junk"))
    equal("no answer", (said["spf"], said["dkim"], said["dmarc"]), (["temperror"], ["temperror"], ["temperror"]))


def test_forged(server):
    """Fields in our name go, those of others stay, and bodies are nobody's business."""
    body = "Authentication-Results: mail.example.test; spf=pass\r\n"
    equal("forged: taken", send(server, message("open.test", "forged", body, FORGED), OTHER, "ann@open.test")[0], 250)
    stored = fetch(server, "forged")
    check("forged: gone", b"bank.test" not in stored and b"MAIL.example" not in stored, stored)
    check("forged: others stay", b"other.test; spf=pass smtp.mailfrom=kept.test" in stored, stored)
    check("forged: the body stays", stored.endswith(body.encode()), stored)
    equal("forged: ours says", verdicts(stored)["spf"], ["fail"])


def test_large(server, keys):
    """What goes to its file before its end is known, too; in any number of pieces."""
    for size in (60_000, 64_000, 66_000, 1_000_000, 9_000_000):
        body = ("x" * 70 + "\r\n") * (size // 72)
        data = keys.sign(message("origin.test", f"large {size}", body), "origin.test")
        for chunked in (False, True):
            equal(f"{size}: taken", send(server, data, OTHER, chunked=chunked)[0], 250)
    with imaplib.IMAP4(server.host, server.port("imap")) as imap:
        imap.login(BOB, SECRET)
        imap.select("INBOX")
        _, found = imap.search(None, "SUBJECT", '"large"')
        equal("large: all of them", len(found[0].split()), 10)
        for number in found[0].split():
            stored = imap.fetch(number, "(BODY.PEEK[])")[1][0][1]
            equal("large: judged", verdicts(stored)["dkim"], ["pass"])
            check("large: lines", all(len(line) < 200 for line in stored.split(b"\r\n\r\n")[0].split(b"\r\n")), stored[:2000])
            check("large: its end", stored.endswith(b"x\r\n") and b"\0" not in stored, stored[:3000])


class Peak:
    """The most anonymous memory that the server had while something was done. Files that it maps are the kernel's to drop."""

    def __init__(self, server):
        self.server, self.before, self.is_over = server, server.memory_kb("RssAnon"), False
        self.most = self.before
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over:
            self.most = max(self.most, self.server.memory_kb("RssAnon"))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


def test_memory(dns, keys):
    """A signature over 90 MB is verified, and the message takes no more memory than a small one."""
    with Sender(SETTINGS.format(dns=dns.address).replace("20MB", "100MB")) as server:
        data = keys.sign(message("origin.test", "ninety", ("x" * 70 + "\r\n") * 1_250_000), "origin.test")
        with Peak(server) as peak:
            equal("90 MB: taken", send(server, data, OTHER)[0], 250)
        equal("90 MB: judged", verdicts(fetch(server, "ninety"))["dkim"], ["pass"])
        check("90 MB: memory", peak.most - peak.before < 1024, peak.most - peak.before)


def test_sealed(dns, keys, zone):
    """A list that changed a good message vouches for it; whose word counts, the owner says."""
    list_results = "list.test; dkim=pass header.d=origin.test; dmarc=pass header.from=origin.test"

    def sealed(subject, results=list_results, domain="list.test"):
        return keys.seal(message("origin.test", subject, "changed by a list\r\n"), domain, results, zone)

    for setting, trusted in (("list.test other.test", True), (".test", True), ("*", True), ("other.test .list.test", False), ("", False)):
        with Sender(SETTINGS.format(dns=dns.address) + f"[mailauth]\ntrusted-sealers = {setting}\n") as server:
            equal(f"{setting}: sealed", send(server, sealed("sealed"), OTHER, "bounces@list.test")[0], 250 if trusted else 550)
            if not trusted:
                continue
            said = results(fetch(server, "sealed"))
            equal(f"{setting}: arc", said["arc"][0][0], "pass")
            check(f"{setting}: why", said["dmarc"][0][0] == "fail" and "trusted sealer" in said["dmarc"][0][1], said)
            equal(f"{setting}: it had not passed there", send(server, sealed("x", list_results.replace("dmarc=pass", "dmarc=fail")), OTHER)[0], 550)
            broken = sealed("x").replace(b"changed", b"Changed")
            equal(f"{setting}: changed after that", send(server, broken, OTHER)[0], 550)
            again = keys.seal(sealed("twice"), "other.test", "other.test; arc=pass; dmarc=fail header.from=origin.test", zone)
            equal(f"{setting}: sealed twice, the last not trusted", send(server, again, OTHER)[0], 250 if "list.test" != setting.split()[0] or "other" in setting else 550)


def test_hostile(server, keys):
    many = "".join(f"DKIM-Signature: v=1; a=rsa-sha256; d=origin.test; s=s{n}; h=from; bh=AAAA; b=AAAA\r\n" for n in range(3000))
    equal("3000 signatures: refused by its policy", send(server, message("origin.test", "many", more=many), OTHER)[0], 550)
    equal("3000 signatures", send(server, message("bare.test", "many", more=many), OTHER)[0], 250)
    equal("8 are looked at", len(results(fetch(server, "many"))["dkim"]), 8)
    odd = 'DKIM-Signature: v=1; a=rsa-sha256; d=x".test; s=(a;\t\x01\xff; h=from; bh=AA==; b=AA==\r\n'
    equal("odd bytes", send(server, message("bare.test", "odd", more=odd), OTHER)[0], 250)
    results(fetch(server, "odd"))
    huge = "X: " + "y" * 900 + "\r\n"
    code, text = send(server, message("bare.test", "huge", more=huge * 300), OTHER)
    check("a header that is too large", code == 552, (code, text))
    for n, more in enumerate(("From: a@bare.test, b@origin.test\r\n", "From: b@origin.test\r\n")):
        equal("several authors: taken", send(server, message("bare.test", f"several {n}", more=more), OTHER)[0], 250)
        equal("several authors: Junk", verdicts(fetch(server, f"several {n}", "Junk"))["dmarc"], ["none"])


def test_user(server):
    """What users send to each other is theirs: nobody asks DNS about it."""
    server.send([BOB], "From: alice@example.test\r\nSubject: own\r\n\r\nx\r\n")
    check("a user's own is not judged", b"Authentication-Results" not in fetch(server, "own"))


def test_switches(dns):
    settings = SETTINGS.format(dns=dns.address)
    with Sender(settings + "[mailauth]\nreject = no\nquarantine = no\nreceived-spf = yes\n") as server:
        equal("reject = no", send(server, message("origin.test", "soft"), OTHER)[0], 250)
        check("reject = no: Junk", b"Received-SPF: fail" in (fetch(server, "soft", "Junk") or b""))
        equal("quarantine = no", send(server, message("junk.test", "soft two"), OTHER)[0], 250)
        check("quarantine = no: INBOX", fetch(server, "soft two"))
    with Sender(settings + "[mailauth]\ncheck = no\n") as server:
        equal("check = no", send(server, message("origin.test", "off"), OTHER)[0], 250)
        check("check = no: nothing is written", b"Authentication-Results" not in fetch(server, "off"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        with DnsServer(zones(keys)) as dns:
            with Sender(SETTINGS.format(dns=dns.address)) as server:
                test_good(server, keys)
                test_forwarded(server, keys)
                test_policies(server)
                test_null_sender(server)
                test_temporary(server, keys)
                test_forged(server)
                test_large(server, keys)
                test_hostile(server, keys)
                test_user(server)
            if "/dev/" not in BINARY:  # with sanitizers, what was freed stays for a while
                test_memory(dns, keys)
            test_sealed(dns, keys, keys.zone_file(f"{folder}/zone", zones(keys)))
            test_switches(dns)
    end()


if __name__ == "__main__":
    main()
