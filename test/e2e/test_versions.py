#!/usr/bin/env python3
"""The versions of the program: staunch-smtp, staunch-imap and staunch-jmap side by side, each with a store of its own.

Mail for a.test comes in at staunch-smtp, which hands it on to staunch-imap; staunch-jmap has b.test, and sends by way
of staunch-smtp. The same dialogues then run against the all-in-one.
"""

import os
import smtplib
import tempfile

from harness import Server, check, end, equal, run
from ours import Inbox, queue, wait_for
from sender import SECRET
from test_jmap_send import User

ALICE, ANNA, TEAM, BOB = "alice@a.test", "anna@a.test", "team@a.test", "bob@b.test"
VERSIONS = {"": "smtp submission submissions lmtp imap imaps http https", "-smtp": "smtp submission submissions",
            "-imap": "lmtp imap imaps", "-jmap": "lmtp http https"}


def local_route(name, way, port, domains=""):
    return f"[route {name}]\nway = {way}\nhost = 127.0.0.1\nport = {port}\ndomains = {domains}\ntls = never\n"


class House:
    """The three, and how they reach each other."""

    def __init__(self):
        self.imap = Server("a.test", "imap.a.test", version="-imap", start=False)
        self.jmap = Server("b.test", "jmap.b.test", version="-jmap", start=False)
        self.smtp = Server("a.test", "smtp.a.test", version="-smtp", start=False)
        self.smtp.add_settings("[smtp]\nrelay-networks = 127.0.0.0/8\n[queue]\nretry = 1s\n" +
                               local_route("home", "lmtp", self.imap.port("lmtp")) +
                               local_route("jmap", "lmtp", self.jmap.port("lmtp"), "b.test"))
        self.jmap.drop_section("[route elsewhere]")
        self.jmap.add_settings(local_route("out", "relay", self.smtp.port("smtp"), "*") + "[queue]\nretry = 1s\n")
        self.all = (self.imap, self.jmap, self.smtp)

    def __enter__(self):
        for server in (self.smtp, self.imap):
            for name in (ALICE, ANNA):
                server.add_user(name, SECRET)
        self.jmap.add_user(BOB, SECRET)
        self.smtp.command("alias", "add", TEAM, ALICE)
        self.smtp.command("alias", "add", TEAM, ANNA)
        self.smtp.command("alias", "add", TEAM, BOB)
        self.smtp.command("alias", "add", "al@a.test", ALICE)
        for server in self.all:
            server.start()
        return self

    def __exit__(self, kind, value, trace):
        for server in self.all:
            server.__exit__(kind, value, trace)


def message(subject, sender, to):
    return f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nhi\r\n"


def submit(server, sender, to, subject):
    with smtplib.SMTP("127.0.0.1", server.port("submission")) as smtp:
        smtp.starttls()
        smtp.login(sender, SECRET)
        smtp.sendmail(sender, to, message(subject, sender, ", ".join(to)))


def stranger(server, to, subject, sender="x@far.test"):
    """What port 25 answers to the recipient: (code, text)."""
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), local_hostname="mx.far.test") as smtp:
        smtp.ehlo()
        smtp.mail(sender)
        code, text = smtp.rcpt(to)
        if code == 250:
            code, text = smtp.data(message(subject, sender, to).encode())
        return code, text.decode()


def test_setup():
    """A private installation of each: it is spoken of by its own name, and sends nothing to other hosts."""
    for version in VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            said = run("setup", "--local", folder, version=version).stdout
            check(f"staunch{version}: what is next", f"now: staunch{version} user add" in said and f" staunch{version} serve" in said, said)
            done = run("config", "check", "--config", folder + "/staunch.conf", version=version)
            check(f"staunch{version}: is right", "nothing is wrong" in done.stdout, done.stderr)
            with open(folder + "/staunch.conf") as file:
                check(f"staunch{version}: sends nothing away", "[route elsewhere]\ndomains = *\nway = refuse\n" in file.read())
    with Server("a.test", version="-smtp") as smtp:
        done = smtp.command("reindex", check_status=False)
        check("nor is there an index", done.returncode == 1 and "this version has no mailboxes" in done.stderr, done.stderr)


def test_configuration():
    """conf.example is right for all; each says what of it is not its own."""
    for version, protocols in VERSIONS.items():
        text = run("config", "example", version=version).stdout
        spoken = [line.split()[-1] for line in text.splitlines() if line.startswith("protocol = ")]
        equal(f"listeners of staunch{version}", " ".join(spoken), protocols)
    for version, absent in (("-smtp", "imap"), ("-imap", "jmap"), ("-jmap", "imap")):
        with Server("a.test", start=False) as shared:
            shared.add_settings(f"[{absent}]\n[jmap]\n[imap]\n[smtp]\n[search]\n")
            done = run("config", "check", "--config", shared.config, version=version)
            check(f"staunch{version} takes the configuration of all", "nothing is wrong" in done.stdout, done.stderr)
            check("and says what it passes over", f": [{absent}] is for other versions; staunch{version} passes over it" in done.stderr, done.stderr)
            check("listeners too", f"[listener " in done.stderr, done.stderr)
            shared.add_settings(f"[{absent}]\nnonsense = 1\n")
            done = run("config", "check", "--config", shared.config, version=version, check_status=False)
            check("what is wrong there is wrong", done.returncode == 2 and "nonsense is not a setting" in done.stderr, done.stderr)
    with Server("a.test", start=False, version="-imap") as wrong:
        done = run("config", "check", "--config", wrong.config, version="-smtp", check_status=False)
        check("nothing to listen for", done.returncode != 0 and "staunch-smtp speaks the protocol of none" in done.stderr, done.stderr)
    with Server("a.test", start=False, version="-smtp", settings="[route home]\nway = discard\n") as wrong:
        done = wrong.command("config", "check", check_status=False)
        check("home leads to mailboxes", done.returncode != 0 and "[route home] leads to" in done.stderr, done.stderr)


def test_in(house):
    """From outside to a mailbox: users and aliases of staunch-smtp, unknown ones refused at once."""
    alice, anna = Inbox(house.imap, ALICE, SECRET), Inbox(house.imap, ANNA, SECRET)
    equal("a user", stranger(house.smtp, ALICE, "one")[0], 250)
    equal("an alias", stranger(house.smtp, "al@a.test", "two")[0], 250)
    equal("nobody", stranger(house.smtp, "nobody@a.test", "no")[0], 550)
    check("both arrive", alice.wait(2), house.smtp.log()[-3000:])
    equal("and nothing else", sorted(alice.subjects()), ["one", "two"])
    message = alice.messages()[0].decode()
    check("the sender is as it was", message.startswith("Return-Path: <x@far.test>\r\n"), message)
    check("both servers are in the trace", message.count("\nReceived: ") == 2, message)
    equal("to a list", stranger(house.smtp, TEAM, "three")[0], 250)
    check("it reaches one", alice.wait(3), house.smtp.log()[-3000:])
    check("and the other", anna.wait(1), house.smtp.log()[-3000:])
    bob = jmap_inbox(house.jmap)
    check("and the one elsewhere", wait_for(lambda: "three" in bob()), house.smtp.log()[-3000:])
    check("nothing is left", wait_for(lambda: not queue(house.smtp)), queue(house.smtp))
    equal("nobody twice", sorted(alice.subjects()), ["one", "three", "two"])


def jmap_inbox(server):
    user = User(server, BOB)
    return lambda: [e["subject"] for e in user.inbox()]


def send_by_jmap(server, to, subject):
    user = User(server, BOB)
    answers, submission = user.submit(user.draft(to, subject))
    check("submitted by JMAP", submission, answers)


def test_round(house):
    """JMAP writes to IMAP, and its reader answers: every hop is another process."""
    alice, bob = Inbox(house.imap, ALICE, SECRET), jmap_inbox(house.jmap)
    before = alice.count()
    send_by_jmap(house.jmap, ALICE, "from-JMAP")
    check("at the IMAP server", alice.wait(before + 1) and "from-JMAP" in alice.subjects(), house.jmap.log()[-3000:])
    submit(house.smtp, ALICE, [BOB, ANNA], "the answer")
    check("at the JMAP server", wait_for(lambda: "the answer" in bob()), house.smtp.log()[-3000:])
    check("and next door", wait_for(lambda: "the answer" in Inbox(house.imap, ANNA, SECRET).subjects()), house.smtp.log()[-3000:])


def test_home_is_away(house):
    """The server with the mailboxes is down: mail waits. It knows nobody of that name: the sender hears it."""
    alice = Inbox(house.imap, ALICE, SECRET)
    before = alice.count()
    house.imap.stop()
    equal("taken meanwhile", stranger(house.smtp, ALICE, "patience")[0], 250)
    check("it waits at home's site", wait_for(lambda: any(r["site"] == "route/home" for m in queue(house.smtp) for r in m["recipients"])), queue(house.smtp))
    house.smtp.kill()
    house.smtp.start()
    house.imap.start()
    check("and comes", alice.wait(before + 1), house.smtp.log()[-3000:])
    house.smtp.add_user("ghost@a.test", SECRET)
    submit(house.smtp, ALICE, ["ghost@a.test"], "anybody there?")
    check("a report comes back", alice.wait(before + 2), house.smtp.log()[-3000:])
    report = alice.reports()[-1]
    check("that names the address", report.action == "failed" and "ghost@a.test" in report.text, report.text)


def test_stores(house):
    """What a version has no room for, it does not make."""
    made = {server.version: sorted(os.listdir(os.path.join(server.folder, "data"))) for server in house.all}
    check("no index without mailboxes", "index.db" not in made["-smtp"] and "index.db" in made["-imap"], made)
    for server in house.all:
        server.stop()
        check(f"staunch{server.version} agrees with itself", ": 0 findings" in (text := server.command("check").stdout), text)
        server.start()


def test_all_in_one():
    """The same dialogue with one process."""
    with Server("a.test", settings="[queue]\nretry = 1s\n") as one:
        for name in (ALICE, ANNA):
            one.add_user(name, SECRET)
        one.command("alias", "add", "al@a.test", ALICE)
        alice = Inbox(one, ALICE, SECRET)
        equal("a user", stranger(one, ALICE, "one")[0], 250)
        equal("an alias", stranger(one, "al@a.test", "two")[0], 250)
        equal("nobody", stranger(one, "nobody@a.test", "no")[0], 550)
        submit(one, ALICE, [ANNA], "the answer")
        check("all arrive", alice.wait(2) and Inbox(one, ANNA, SECRET).wait(1))


def main():
    test_setup()
    test_configuration()
    with House() as house:
        test_in(house)
        test_round(house)
        test_home_is_away(house)
        test_stores(house)
    test_all_in_one()
    end()


main()
