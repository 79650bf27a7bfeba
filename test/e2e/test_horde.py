#!/usr/bin/env python3
"""IMAP by Horde_Imap_Client, the library of Nextcloud Mail and IMP: CATENATE, QRESYNC, SEARCHRES, BINARY, ACL (horde_client.php has the steps).

Debian's package lies in a private root. Skipped where it cannot be had.
"""

import json
import os
import re
import shutil

import private_root
from harness import ROOT, Server, check, end, equal, skip
from private_root import PrivateRoot

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
PACKAGES = ["php-horde-imap-client", "php-cli", "php-mbstring", "php-intl"]
CLIENT = os.path.join(ROOT, "test/e2e/horde_client.php")
NONE = {"messages": 0, "uidnext": 1}
BOX = "Größe & Co/it's \"here\""
WANT = {
    "mailboxes": {
        "namespaces": ["", "Other Users/", "Shared/"],
        "list": {"INBOX": ["\\hasnochildren \\subscribed", NONE], "Größe & Co": ["\\haschildren", NONE],
                 BOX: ["\\hasnochildren \\subscribed \\flagged", NONE],
                 **{name: [f"\\hasnochildren \\subscribed \\{name.lower()}", NONE] for name in ("Drafts", "Sent", "Junk", "Trash", "Archive")}},
        "renamed": ["new", "new/sub"],
        "deleted": [],
    },
    "append": {
        "several": [1, 2, 3],
        "pieces": [4],
        "zero": [1],
        "status": {"messages": 4, "uidnext": 5, "unseen": 3, "firstunseen": 2,
                   "permflags": ["$label", "\\*", "\\answered", "\\deleted", "\\draft", "\\flagged", "\\seen"]},
    },
    "search": {
        "all": [2, [1, 2], 1, 2],
        "body": [3], "text": [1, 2], "flag": [2, 3, 4], "size": [3], "since": [1, 2], "within": [2, 3, 4], "ids": [1, 3], "or": [2, 3],
        "modseq": [1, 2, 3, 4],
        "sorted by subject": [3, 1, 2, 4], "sorted by from": [1, 2, 3, 4], "sorted by size": [4, 1, 2, 3],
        "saved": ["1 $label \\seen", "2 "],
        "threads by references": [[1, 2], [3], [4]], "threads by refs": [[1, 2], [3], [4]], "threads by subjects": [[1], [2], [3], [4]],
    },
    "fetch": {
        "same": [True, True],
        "first": ["pears 1", "Jürgen <j1@far.test>", "2020-11-23T10:00:00+00:00", 161, 1, 1, True, "ne 1\r", "Subject: pears 1\r\n\r\n", "line 1\r\n"],
        "header": True,
        "types": ["multipart/mixed", "text/plain", "application/octet-stream"],
        "name": "a.bin",
        "part 1": ["Grüße".encode("latin-1").hex(), "8bit", 93],
        "part 2": ["0001020304", "8bit", 128],
        "zero": b"a\0b\r\n".hex(),
    },
    "store": {
        "failed": [1, 2],
        "stored": ["1 $mine \\flagged \\seen", "2 $mine \\flagged", "3 \\draft \\seen", "4 "],
        "copied": {"2": 1, "3": 2},
        "moved": {"4": 1},
        "expunged": [2],
        "sync": {"new": [5], "flags": [1, 3, 5], "vanished": [2, 4]},
        "vanished": [2, 4],
        "changed": ["5 "],
        "left": 2,
    },
    "extras": {
        "acl": "lrs", "no acl": False, "mine": "lrswipkxtea",
        "metadata": [{"/private/comment": "a \"line\" ü"}],
        "quota": [{"storage": {"usage": "2", "limit": "5120"}, "message": {"usage": "5", "limit": "1000"}}],
        "none": True,
    },
}
# After RENAME and DELETE it gives up the old names' subscriptions, which are gone; the rest it makes, or is not there.
REFUSED = {"UNSUBSCRIBE", "UID MOVE 4 Made", "EXAMINE none"}


def refused(debug):
    """The commands that were answered by NO or BAD."""
    sent, found = {}, set()
    for side, tag, rest in re.findall(r"^([CS]): (\d+) (.*)$", debug, re.M):
        if side == "C":
            sent[tag] = rest
        elif not rest.startswith("OK"):
            found.add(re.sub("^UNSUBSCRIBE .*", "UNSUBSCRIBE", sent[tag]))
    return found


def main():
    why = private_root.install("horde", PACKAGES)
    if why:
        skip("Horde", why)
        end()
    with Server() as server, PrivateRoot("horde") as root:
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        server.command("user", "quota", ALICE, "5MB", "1000")
        shutil.copy(CLIENT, root.shared)
        done = root.command("php", "/shared/" + os.path.basename(CLIENT), str(server.port("imaps")), ALICE, SECRET, BOB, check_status=False)
        with open(os.path.join(root.shared, "debug"), errors="replace") as f:
            debug = f.read()
        if check("Horde", done.returncode == 0, done.stdout[-2000:] + debug[-2000:]):
            found = json.loads(done.stdout.strip().split("\n")[-1])
            for group, steps in WANT.items():
                equal(f"{group}: steps", sorted(found[group]), sorted(steps))
                for step, want in steps.items():
                    equal(f"{group}: {step}", found[group].get(step), want)
        equal("refused", refused(debug), REFUSED)
    end()


if __name__ == "__main__":
    main()
