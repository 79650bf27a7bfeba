#!/usr/bin/env python3
"""Commands that judge mail ask the system's resolvers where no --dns says another, and say when nobody answers."""

import json
import tempfile

import lab
from dns_server import DnsServer
from harness import check, end, equal, run
from mail_keys import Keys

DOMAIN = "origin.test"
MESSAGE = b"From: ann@origin.test\r\nTo: bob@example.test\r\nSubject: x\r\n\r\nhello\r\n"


def answers(path):
    """What the four say, by their words."""
    words = {"spf": ["spf-check", "192.0.2.1", "mx.origin.test", "ann@origin.test"], "dkim": ["dkim-verify", path],
             "arc": ["arc-verify", path], "dmarc": ["dmarc-check", DOMAIN, f"dkim={DOMAIN}:pass"]}
    done = {name: run(*arguments) for name, arguments in words.items()}
    found = {name: json.loads(one.stdout) for name, one in done.items()}
    equal("no log on a terminal", {name: one.stderr for name, one in done.items()}, dict.fromkeys(done, ""))
    return found["spf"]["result"], found["dkim"][0]["result"], found["arc"]["result"], found["dmarc"]["verdict"]


def main():
    lab.isolate()
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as mail:
        keys = Keys(folder)
        mail.write(keys.sign(MESSAGE, DOMAIN))
        mail.flush()
        zones = {(DOMAIN, "TXT"): ["v=spf1 ip4:192.0.2.1 -all"], (f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=reject"],
                 **keys.records(DOMAIN)}
        with DnsServer(zones, port=53) as dns:
            equal("the system's resolver", answers(mail.name), ("pass", "pass", "none", "pass"))
            check("it was asked", dns.count(f"_dmarc.{DOMAIN}", "TXT") == 1, dns.questions)
        equal("nobody answers", answers(mail.name), ("temperror", "temperror", "none", "temperror"))
    end()


if __name__ == "__main__":
    main()
