#!/usr/bin/env python3
"""The full-text index end to end: IMAP and JMAP find the same, `staunch reindex` with and without a server, metrics,
memory of it gone after a stop, and no index at all.
"""

import imaplib
import os
import time
import urllib.request

from harness import Server, check, end, equal
from jmap_client import Client

USER, SECRET = "alice@example.test", "correct horse"
TEXTS = ["one apple", "two pears", "three apples and pears", "K\u00e4se und \u4e2d\u6587"]


def fill(server):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(USER, SECRET)
    for n, text in enumerate(TEXTS):
        message = (f"From: ann@example.org\r\nSubject: number {n}\r\nMIME-Version: 1.0\r\n"
                   f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n")
        imap.append("INBOX", "", None, message.encode())
    imap.logout()


def by_imap(server, text):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(USER, SECRET)
    imap.select("INBOX", readonly=True)
    imap.literal = text.encode()
    found = imap.search("UTF-8", "TEXT")[1][0].split()
    imap.logout()
    return [int(n) for n in found]


def by_jmap(server, text):
    client = Client(f"http://127.0.0.1:{server.port('http')}", USER, SECRET)
    done = client.one("Email/query", {"filter": {"text": f'"{text}"'},
                                       "sort": [{"property": "receivedAt"}]})
    return len(done["ids"])


def metric(server, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port('http')}/metrics") as answer:
        for line in answer.read().decode().split("\n"):
            if line.startswith(name + " "):
                return int(line.split()[1])
    return None


def wait_indexed(server, count):
    """Indexing comes behind: nothing waits any more."""
    deadline = time.time() + 20
    while time.time() < deadline:
        if metric(server, "staunch_index_waiting") == 0 and metric(server, "staunch_index_messages") >= count:
            return True
        time.sleep(0.05)
    return False


def compare(server, when):
    rows = [("apple", [1, 3]), ("APPLES and", [3]), ("pears", [2, 3]), ("k\u00c4SE", [4]), ("\u6587", [4]),
            ("es and pe", [3]), ("pears and apples", []), ("number 2", [3]), ("ann@example", [1, 2, 3, 4]), ("e", [1, 2, 3, 4])]
    for text, want in rows:
        equal(f"{when}: IMAP, {text}", by_imap(server, text), want)
    for text, want in rows[:6]:
        equal(f"{when}: JMAP, {text}", by_jmap(server, text), len(want))


def index_file(server):
    for folder, _, files in os.walk(server.folder):
        if "index.db" in files:
            return os.path.join(folder, "index.db")
    return None


def main():
    with Server() as server:
        server.add_user(USER, SECRET)
        fill(server)
        compare(server, "at once")
        check("indexed behind", wait_indexed(server, len(TEXTS)))
        compare(server, "indexed")
        equal("usable", metric(server, "staunch_index_usable"), 1)

        equal("reindex", server.command("reindex").stdout, "all mail is indexed\n")
        compare(server, "made anew")
        equal("reindex of one", server.command("reindex", USER).stdout, f"{USER} is indexed\n")
        compare(server, "one made anew")
        done = server.command("reindex", "nobody@example.test", check_status=False)
        equal("reindex of nobody", done.returncode, 1)
        check("says why", "has no mail" in done.stderr, done.stderr)

        server.stop()
        os.unlink(index_file(server))
        equal("reindex without a server", server.command("reindex").stdout, "all mail is indexed\n")
        server.start()
        equal("nothing is left to do", metric(server, "staunch_index_waiting"), 0)
        equal("nothing was indexed again", metric(server, "staunch_index_messages"), 0)
        compare(server, "made without a server")

        server.stop()
        server.add_settings("[search]\nindex = no")
        server.start()
        compare(server, "no index")
        equal("no numbers of it", metric(server, "staunch_index_usable"), None)
        done = server.command("reindex", check_status=False)
        equal("reindex without an index", done.returncode, 1)
    end()


if __name__ == "__main__":
    main()
