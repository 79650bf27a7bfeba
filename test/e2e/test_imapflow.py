#!/usr/bin/env python3
"""IMAP by imapflow, the library of Node programs: QRESYNC, UTF-8 names, IDLE (imapflow_client.cjs has the steps).

Skipped where npm does not get it.
"""

import json
import subprocess

import npm
from harness import Server, check, end, equal, skip

ALICE, SECRET = "alice@example.test", "correct horse"
PACKAGE, CLIENT = "imapflow@2.10.2", "imapflow_client.cjs"
PATH = "Größe & Co/it's \"here\""
WANT = {
    "enabled": ["CONDSTORE", "IMAP4REV2", "QRESYNC", "UTF8=ACCEPT"],
    "created": [PATH, True],
    "again": False,
    "special": {"INBOX": "\\Inbox", "Sent": "\\Sent", "Drafts": "\\Drafts", "Archive": "\\Archive", "Junk": "\\Junk", "Trash": "\\Trash"},
    "listed": True,
    "appended": [1, 2, 3],
    "status": {"path": PATH, "messages": 3, "unseen": 0, "uidNext": 4, "size": 505},
    "same": [True, True, True],
    "one": {"from": [{"name": "Jürgen", "address": "j@example.test"}], "subject": "ä", "types": ["text/plain", "application/octet-stream"],
            "flags": ["$label", "\\Seen"], "date": "2026-11-23T10:00:00.000Z", "size": 345, "ids": True},
    "part": ["a.bin", "AAECAwQ="],
    "search": [[2], [1, 3], [], [1, 2, 3]],
    "changed": [{"uid": 1, "flags": ["$label", "\\Flagged", "\\Seen"]}, {"uid": 2, "flags": ["$label"]}],
    "copied": [[1, 1], [2, 2]],
    "moved": [[2, 1]],
    "left": [{"uid": 3, "flags": ["$label", "\\Seen"]}],
    "renamed": "Größe & Co/new",
    "still": True,
    "exists": 1,
    "flags": True,
    "expunged": True,
    "deleted": True,
}


def main():
    script, why = npm.install("imapflow", CLIENT, PACKAGE)
    if why:
        skip("imapflow", why)
        end()
    with Server() as server:
        server.add_user(ALICE, SECRET)
        done = subprocess.run(["node", script, str(server.port("imaps")), ALICE, SECRET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=90)
        if check("imapflow", done.returncode == 0, done.stdout[-2000:]):
            found = json.loads(done.stdout)
            equal("steps", sorted(found), sorted(WANT))
            for step, want in WANT.items():
                equal(step, found.get(step), want)
    end()


if __name__ == "__main__":
    main()
