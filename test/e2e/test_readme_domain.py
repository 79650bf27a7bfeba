#!/usr/bin/env python3
"""What README.md prints of a domain's records, proofs and TLS: settings are right, commands do what stands beside them."""

import os
import shlex
import subprocess
import tempfile

from harness import BINARY, Server, check, end, equal, need
from mail_keys import Keys
from readme import blocks, settings

DOMAIN = "example.org"
CHAPTERS = ["Sending mail", "Proving where mail is from", "Mail over TLS only"]
JUDGES = {"spf-check": '"result":"pass"', "dkim-verify": '"result":"pass"', "arc-verify": '"result":"none"',
          "dmarc-check": '"verdict":"pass"', "dkim-sign": "DKIM-Signature: v=1; a=rsa-sha256;"}
MAIL = b"From: ann@example.net\r\nTo: you@example.org\r\nSubject: x\r\n\r\nhello\r\n"


def lines(heading, program):
    """The commands of this program that the chapter prints, as words, without comments."""
    rows = [shlex.split(line, comments=True) for block in blocks(f"## {heading}") if not block.startswith("[") for line in block.split("\n")]
    return [row for row in rows if row and row[0] == program]


def run(words, folder):
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60)


def test_settings():
    for heading in CHAPTERS:
        found = settings(f"## {heading}")
        check(f"{heading}: there are some", found, heading)
        for block in found:
            with tempfile.NamedTemporaryFile("w") as secret:
                print("secret", file=secret, flush=True)
                with Server(start=False) as server:
                    server.drop_section("[route elsewhere]")
                    server.add_settings(block.replace("file:/etc/staunch/provider-password", f"file:{secret.name}"))
                    done = server.command("config", "check", check_status=False)
                    equal(f"{heading}: {block.splitlines()[0]}", (done.returncode, done.stderr), (0, ""))


def test_judges():
    """Each with the test's file of records as DNS."""
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        zone = keys.zone_file(f"{folder}/ZONE", keys.records("example.net") | {
            ("example.net", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"], ("_dmarc.example.net", "TXT"): ["v=DMARC1; p=reject"]})
        os.rename(keys.rsa, f"{folder}/key.pem")
        keys.rsa = f"{folder}/key.pem"
        with open(f"{folder}/message.eml", "wb") as f:
            f.write(keys.sign(MAIL, "example.net"))
        seen = []
        for words in lines("Proving where mail is from", "staunch"):
            if words[1] not in JUDGES:
                continue
            seen.append(words[1])
            words = [BINARY, *(zone if word == "127.0.0.1:53" else word for word in words[1:])]
            if "--dns" not in words and words[1] != "dkim-sign":
                words += ["--dns", zone]
            done = run(words, folder)
            check(f"{words[1:]}", done.returncode == 0 and JUDGES[words[1]] in done.stdout, done)
        equal("all of them", sorted(seen), sorted(JUDGES))


def test_domain():
    """In their order: records, a key that comes next, new keys that sign when DNS has their records."""
    server = Server(start=False, domain=DOMAIN, hostname=f"mail.{DOMAIN}")
    server.command("domain", "dkim", "add", DOMAIN)
    zone = f"{server.folder}/zone"
    commands = lines("What a domain publishes", "staunch")
    equal("what they are", [" ".join(words[1:-1]) for words in commands],
          ["domain dns", "domain check", "domain dns", "domain dkim rotate", "domain dkim rotate", "domain dkim show"])
    pins, keys = [], []
    for i, words in enumerate(commands):
        if i == 2:
            words_of_openssl, = lines("What a domain publishes", "openssl")
            run([word.replace("KEY", f"{server.folder}/key.pem") for word in words_of_openssl], server.folder).check_returncode()
        more = ["--dns", zone] if words[2] == "check" or words[3] == "rotate" else []
        done = server.command(*words[1:], *more, check_status=False)
        check(f"{words[1:]}: done", done.returncode == 0 and not done.stderr, done)
        pins += [done.stdout.count(" TLSA ")] if words[2] == "dns" else []
        with open(zone, "w") as f:
            f.write(server.command("domain", "dns", DOMAIN).stdout + f"mail.{DOMAIN}. A 192.0.2.1\n")
        keys.append(server.command("domain", "dkim", "show", DOMAIN).stdout.count("has signed"))
    equal("the next key has a record", pins, [1, 2])
    equal("two keys sign at any time", keys, [2] * len(commands))
    check("the old ones are still published", "signed until 0 days ago" in done.stdout, done.stdout)


def main():
    test_settings()
    if need("openssl"):
        test_judges()
        test_domain()
    end()


main()
