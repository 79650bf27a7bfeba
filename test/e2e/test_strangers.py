#!/usr/bin/env python3
"""Mail from outside: greylisting, block and welcome lists, names that do not fit, early talkers, limits, bans and their commands.

Clients come from public addresses by PROXY headers or XCLIENT; the lists are on the DNS server of the test.
"""

import json
import smtplib
import socket
import time

from dns_server import DnsServer, NULL_MX, SERVFAIL, TIMEOUT, reverse
from harness import check, end, equal
from outside import Client
from sender import ALICE, BOB, Sender, wait_for

GOOD, LISTED, WELCOME, HARVESTER, EARLY, NAMELESS = (f"93.184.216.{n}" for n in (10, 20, 30, 40, 50, 60))
SIX = "2a00:1450:4001::25"
SETTINGS = """
[listener smtp]
proxy-networks = loopback
[smtp]
xclient-networks = loopback
[dns]
servers = {dns}
"""
BODY = "From: <ann@origin.test>\r\nSubject: {}\r\n\r\nhello\r\n"


def listed(address, zone):
    """The name that is asked for to see whether an address is on a list (RFC 5782 2.1)."""
    return reverse(address).rsplit(".", 2)[0] + "." + zone


ZONES = {
    ("origin.test", "MX"): [(10, "mx.origin.test")], ("mx.origin.test", "A"): [GOOD],
    (reverse(GOOD), "PTR"): ["mx.origin.test"],
    (reverse(LISTED), "PTR"): ["mx.origin.test"],  # a name that does not lead back
    ("nullmx.test", "MX"): [NULL_MX], ("servfail.test", "MX"): SERVFAIL,
    (listed(LISTED, "block.test"), "A"): ["127.0.0.4"],
    (listed(LISTED, "block.test"), "TXT"): ["see https://block.test/why"],
    (listed(WELCOME, "block.test"), "A"): ["127.0.0.4"], (listed(WELCOME, "welcome.test"), "A"): ["127.0.0.2"],
    (listed(GOOD, "block.test"), "A"): ["127.0.0.9"],  # an answer that does not count
    (listed(SIX, "block.test"), "A"): ["127.0.0.4"],
    (listed(HARVESTER, "slow.test"), "A"): TIMEOUT,
    ("block.test", "NS"): ["ns.block.test"], ("welcome.test", "NS"): ["ns.welcome.test"], ("slow.test", "NS"): ["ns.slow.test"],
}


def attempt(server, address, to=BOB, sender="ann@origin.test", way="PROXY", subject="x"):
    """The last word about a message, as (code, text)."""
    try:
        with Client(server, address, way) as smtp:
            smtp.ehlo()
            code, text = smtp.mail(sender)
            if code == 250:
                code, text = smtp.rcpt(to)
            if code == 250:
                code, text = smtp.data(BODY.format(subject))
            return code, text.decode()
    except smtplib.SMTPConnectError as error:
        return error.smtp_code, error.smtp_error.decode()


def is_said(name, got, code, words):
    check(name, got[0] == code and got[1].startswith(words), got)


# --- who may come in ------------------------------------------------------------------------------------------


def test_lists(dns):
    settings = "[policy]\nblock-lists = slow.test block.test=127.0.0.2/31,127.0.0.4\nwelcome-lists = welcome.test\nlookup-time = 2s\n"
    with Sender(SETTINGS.format(dns=dns.address) + settings) as server:
        for way in ("PROXY", "XCLIENT"):
            is_said(f"{way}: a host like others", attempt(server, GOOD, way=way), 250, "2.6.0")
            is_said(f"{way}: on a block list", attempt(server, LISTED, way=way), 554,
                    "5.7.1 Your address is on a block list (block.test: see https://block.test/why)")
            is_said(f"{way}: on a welcome list, too", attempt(server, WELCOME, way=way), 250, "2.6.0")
            is_said(f"{way}: IPv6, on a block list", attempt(server, SIX, way=way), 554, "5.7.1 Your address is on a block list")
        is_said("postmaster is always there", attempt(server, LISTED, to="postmaster@example.test"), 250, "2.6.0")
        is_said("a list that does not answer lists nobody", attempt(server, HARVESTER), 250, "2.6.0")
        server.send(BOB)
        check("users are not asked about", not any(q.name.startswith("1.0.0.127.block") for q in dns.questions))
        text = server.inbox(BOB)[0].decode()
        check("the name that leads back is noted", f"(mx.origin.test [{GOOD}])" in " ".join(text.split()), text)
        rows = [("no such domain", "ann@nowhere.test", 550, "5.1.8"), ("takes no mail", "ann@nullmx.test", 550, "5.7.27"),
                ("DNS does not know", "ann@servfail.test", 250, "2.6.0"), ("the null sender", "", 250, "2.6.0")]
        for name, sender, code, words in rows:
            is_said(f"sender: {name}", attempt(server, GOOD, sender=sender), code, words)
    with Sender(SETTINGS.format(dns=dns.address) + "[policy]\nreverse = require\nhelo = strict\n") as server:
        is_said("reverse = require: a name that leads back", attempt(server, GOOD), 250, "2.6.0")
        is_said("reverse = require: one that does not", attempt(server, LISTED), 550, "5.7.25")
        is_said("reverse = require: none", attempt(server, NAMELESS), 550, "5.7.25")
        for name, want in (("mail.example.test", 550), ("nowhere.test", 550), ("mx.origin.test", 250)):
            with Client(server, GOOD) as smtp:
                code = smtp.ehlo(name)[0]
                if code == 250:
                    code = smtp.mail("ann@origin.test")[0]
                equal(f"HELO {name}", code, want)


def test_greylisting(dns):
    settings = "[policy]\ngreylisting = yes\ngreylist-wait = 2s\ngreylist-welcome = 2\n"
    later = (451, "4.7.1 We do not know you yet")
    with Sender(SETTINGS.format(dns=dns.address) + settings) as server:
        is_said("a stranger comes again", attempt(server, GOOD), *later)
        is_said("not too soon", attempt(server, GOOD), *later)
        is_said("nor to somebody else", attempt(server, GOOD, to=ALICE), *later)
        is_said("postmaster at once", attempt(server, GOOD, to="postmaster@example.test"), 250, "2.6.0")
        is_said("nobody learns who is here", attempt(server, GOOD, to="nobody@example.test"), 550, "5.1.1")
        server.restart()
        check("after the wait", wait_for(lambda: attempt(server, GOOD)[0] == 250, 10))
        is_said("known from then on", attempt(server, GOOD), 250, "2.6.0")
        is_said("also to others", attempt(server, GOOD, to=ALICE), 250, "2.6.0")
        is_said("and from its network", attempt(server, NAMELESS), 250, "2.6.0")
        is_said("another sender is a stranger", attempt(server, GOOD, sender="eve@origin.test"), *later)
        check("which comes again", wait_for(lambda: attempt(server, GOOD, sender="eve@origin.test")[0] == 250, 10))
        is_said("the network sent two: welcome", attempt(server, NAMELESS, sender="new@origin.test"), 250, "2.6.0")
        is_said("another network is not", attempt(server, SIX), *later)
        server.send(BOB)
        subjects = server.inbox(BOB)
        equal("bob has what was taken", len(subjects), 6)


# --- who goes too far -------------------------------------------------------------------------------------------


def bans(server):
    return json.loads(server.command("ban", "list", "--json").stdout)


def test_early(dns):
    settings = "[policy]\ngreeting-delay = 500ms\nban-after = 3\n"
    with Sender(SETTINGS.format(dns=dns.address) + settings) as server:
        started = time.time()
        is_said("who waits is greeted", attempt(server, GOOD), 250, "2.6.0")
        check("after a while", time.time() - started >= 0.5)
        for i in range(3):
            with socket.create_connection((server.host, server.port("smtp")), timeout=20) as s:
                s.sendall(f"PROXY TCP4 {EARLY} 198.51.100.1 5000 25\r\nEHLO me\r\nMAIL FROM:<>\r\n".encode())
                text = b"".join(iter(lambda: s.recv(4096), b""))
            check("who talks first is turned away", text.startswith(b"554 5.5.1 Wait for the greeting") and text.count(b"\r\n") == 1, text)
        is_said("and banned when it goes on", attempt(server, EARLY), 421, "4.7.0 Not before a while has passed")
        equal("ban list says why", [(b["address"], b["why"]) for b in bans(server)], [(EARLY, "junk")])


def test_bans(dns):
    settings = "[policy]\nban-after = 3\nban-time = 1h\nconnection-rate = 20/1h\n"
    with Sender(SETTINGS.format(dns=dns.address) + settings) as server:
        equal("nobody is banned", (server.command("ban", "list").stdout, bans(server)), ("nobody is banned\n", []))
        smtp = Client(server, HARVESTER)
        smtp.ehlo()
        smtp.mail("ann@origin.test")
        equal("guessed addresses", [smtp.rcpt(f"guess{i}@example.test")[0] for i in range(3)], [550, 550, 550])
        code, text = smtp.getreply()
        is_said("no more guesses", (code, text.decode()), 421, "4.7.0 Not before a while has passed")
        smtp.close()
        is_said("the guesser is banned", attempt(server, HARVESTER), 421, "4.7.0 Not before a while has passed")
        is_said("its neighbour is not", attempt(server, GOOD), 250, "2.6.0")
        text = server.command("ban", "list").stdout
        check("ban list for people", text.startswith(f"{HARVESTER}  until ") and text.endswith("for recipients that do not exist\n"), text)
        done = server.command("ban", "lift", GOOD, check_status=False)
        equal("ban lift of somebody else", (done.returncode, done.stderr), (1, f"staunch: {GOOD}: is not banned\n"))
        equal("ban lift of nonsense", server.command("ban", "lift", "x", check_status=False).returncode, 2)
        equal("ban lift", server.command("ban", "lift", HARVESTER).stdout, f"{HARVESTER} may connect again\n")
        is_said("and it may", attempt(server, HARVESTER), 250, "2.6.0")
        smtp = Client(server, SIX)
        smtp.ehlo()
        smtp.mail("ann@origin.test")
        for i in range(3):
            smtp.rcpt(f"guess{i}@example.test")
        smtp.getreply()
        smtp.close()
        network = SIX.replace("::25", "::/64")
        check("IPv6: bans are told with their network", wait_for(lambda: [b["address"] for b in bans(server)] == [network]), bans(server))
        check("also to people", server.command("ban", "list").stdout.startswith(f"{network}  until "))
        equal("and lifted by it", server.command("ban", "lift", network).stdout, f"{network} may connect again\n")
        equal("ban list is empty", bans(server), [])
        codes = [attempt(server, GOOD)[0] for _ in range(20)]
        check("connections have a rate", codes[0] == 250 and codes[-1] == 421 and codes == sorted(codes), codes)
        is_said("of each address", attempt(server, NAMELESS), 250, "2.6.0")
        server.stop()
        done = server.command("ban", "list", check_status=False)
        equal("ban list without a server", (done.returncode, done.stderr), (1, "staunch: ban list: no server is running\n"))
        server.start()


def main():
    with DnsServer(dict(ZONES)) as dns:
        test_lists(dns)
        test_greylisting(dns)
        test_early(dns)
        test_bans(dns)
    end()


if __name__ == "__main__":
    main()
