#!/usr/bin/env python3
"""IMAP by imapflow, the library of Node programs: QRESYNC, UTF-8 names, IDLE (imapflow_client.cjs has the steps).

It comes from npm once and stays in build/need/imapflow. Skipped where that cannot be had.
"""

import json
import os
import shutil
import subprocess

from harness import ROOT, Server, check, end, equal, skip

ALICE, SECRET = "alice@example.test", "correct horse"
VERSION, NODE_MIN = "2.10.2", 20
HOME = os.path.join(ROOT, "build/need/imapflow")
CLIENT = os.path.join(ROOT, "test/e2e/imapflow_client.cjs")
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


def missing():
    """Why there is no imapflow; "" when there is."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < NODE_MIN:
        return f"it wants Node {NODE_MIN}, here is {version.strip()}"
    if os.path.exists(os.path.join(HOME, "ready")):
        return ""
    os.makedirs(HOME, exist_ok=True)
    try:
        done = subprocess.run(["npm", "install", "--prefix", HOME, "--no-audit", "--no-fund", "--ignore-scripts", f"imapflow@{VERSION}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "npm takes too long"
    if done.returncode != 0:
        return "npm does not get it: " + " ".join(done.stdout.split())[:200]
    open(os.path.join(HOME, "ready"), "w").close()
    return ""


def main():
    why = missing()
    if why:
        skip("imapflow", why)
        end()
    with Server() as server:
        server.add_user(ALICE, SECRET)
        done = subprocess.run(["node", CLIENT, str(server.port("imaps")), ALICE, SECRET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=90, env={**os.environ, "NODE_PATH": os.path.join(HOME, "node_modules")})
        if check("imapflow", done.returncode == 0, done.stdout[-2000:]):
            found = json.loads(done.stdout)
            equal("steps", sorted(found), sorted(WANT))
            for step, want in WANT.items():
                equal(step, found.get(step), want)
    end()


if __name__ == "__main__":
    main()
