#!/usr/bin/env python3
"""JMAP by jmap-jam, a client library that nobody here wrote (jmap_jam_client.mjs has the steps).

It logs in, syncs, sees what IMAP changed, searches, drafts, sends and is pushed to. Skipped where npm does not get it.
"""

import email
import email.policy
import imaplib
import json
import subprocess

import npm
from harness import Server, check, end, equal, skip

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
PACKAGES = ("jmap-jam@0.13.1", "eventsource@4.1.0")  # the second because Node 20 has no EventSource
RUN_SECONDS = 90
CLIENT = "jmap_jam_client.mjs"
ROLES = ["archive", "drafts", "inbox", "junk", "sent", "trash"]
COUNTS = ["totalEmails", "totalThreads", "unreadEmails", "unreadThreads"]

WANT = {
    "login": {"user": ALICE, "name": ALICE, "personal": True, "sends": True},
    "refused": 401,
    "session": True,
    "boxes": ROLES,
    "inbox": True,
    "list": [["Re: one", "bob@example.test", []], ["two", "bob@example.test", ["$seen"]], ["one", "bob@example.test", []]],
    "total": 3,
    "threads": [1, 2],
    "created": ["three"],
    "updated": [["one", ["$flagged", "$seen"]]],
    "destroyed": ["two"],
    "counts": [True, COUNTS],
    "more": False,
    "unknownState": "cannotCalculateChanges",
    "search": [1, "three", "The quarterly figures.", "The quarterly figures.\n"],
    "snippet": "The <mark>quarterly</mark> figures.",
    "none": [],
    "badFilter": "unsupportedFilter",
    "draft": ["Grüße", [{"name": "Jürgen", "email": ALICE}], [{"name": None, "email": BOB}], ["$draft", "$seen"], True],
    "file": ["own.bin", "application/x-own", "application/x-own", [0, 1, 2, 255]],
    "sent": [True, True, ["$seen"], 1, "final", [BOB]],
    "push": ["StateChange", ["Email", "Mailbox"], True],
}


def message(number, subject, text="x", more=""):
    return (f"From: Bob <{BOB}>\r\nTo: {ALICE}\r\nSubject: {subject}\r\nMessage-ID: <{number}@jam.test>\r\n{more}\r\n{text}\r\n").encode()


def imap_login(server, user):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, SECRET)
    imap.select("INBOX")
    return imap


def append(imap, at, data, flags=""):
    """At this second of the hour, so that the order of the list is known."""
    return imap.append("INBOX", flags, f'"23-Nov-2026 10:00:{at:02} +0000"', data)


def change(imap):
    """What another program does while the client is not looking."""
    append(imap, 4, message(4, "three", "The quarterly figures."))
    imap.store("1", "+FLAGS", "(\\Seen \\Flagged)")
    imap.store("2", "+FLAGS", "(\\Deleted)")
    imap.expunge()


def push(imap):
    append(imap, 5, message(5, "pushed"))


def talk(process, imap):
    """Do what the client asks for; what it found, or None when it ended before."""
    for line in process.stdout:
        said = json.loads(line) if line.startswith("{") else {}
        if "ask" not in said:
            return said or line + process.stdout.read()
        {"change": change, "push": push}[said["ask"]](imap)
        process.stdin.write("\n")
        process.stdin.flush()
    return None


def run_client(server, script):
    token = server.command("user", "token", "add", ALICE, "--name", "jam").stdout.strip()
    imap = imap_login(server, ALICE)
    for at, subject, flags, more in ((1, "one", "", ""), (2, "two", "(\\Seen)", ""), (3, "Re: one", "", "In-Reply-To: <1@jam.test>\r\n")):
        append(imap, at, message(at, subject, more=more), flags)
    imap.noop()
    url = f"http://127.0.0.1:{server.port('http')}/.well-known/jmap"
    process = subprocess.Popen(["timeout", str(RUN_SECONDS), "node", script, url, token, BOB], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with process:
        found = talk(process, imap)
    imap.logout()
    return found


def test_steps(found):
    if not check("the client came to its end", isinstance(found, dict), found):
        return
    equal("steps", sorted(found), sorted(WANT))
    for step, want in WANT.items():
        equal(step, found.get(step), want)


def test_arrived(server):
    """What was sent is in Bob's mailbox as it was drafted."""
    imap = imap_login(server, BOB)
    equal("one message arrived", imap.search(None, "ALL")[1], [b"1"])
    got = email.message_from_bytes(imap.fetch("1", "(BODY.PEEK[])")[1][0][1], policy=email.policy.default)
    equal("its header", (got["Subject"], str(got["From"]), str(got["To"])), ("Grüße", f"Jürgen <{ALICE}>", BOB))
    equal("its text", got.get_body(("plain",)).get_content().strip(), "Hallo!")
    files = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in got.iter_attachments()]
    equal("its file", files, [("own.bin", "application/x-own", b"\x00\x01\x02\xff")])
    imap.logout()


def main():
    script, why = npm.install("jmap-jam", CLIENT, *PACKAGES)
    if why:
        skip("jmap-jam", why)
        end()
    with Server() as server:
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        test_steps(run_client(server, script))
        test_arrived(server)
    end()


if __name__ == "__main__":
    main()
