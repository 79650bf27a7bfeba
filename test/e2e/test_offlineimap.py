#!/usr/bin/env python3
"""offlineimap keeps a Maildir and an account the same, both ways: messages, flags, deletes, folders with odd names."""

import imaplib
import os
import re
import subprocess

from harness import Server, check, end, equal, need

ALICE, SECRET = "alice@example.test", "correct horse"
# As users type them, and as IMAP4rev1 writes them (RFC 3501 5.1.3).
FOLDERS = {"INBOX": "INBOX", "R&D": "R&-D", "Grüße": "Gr&APwA3w-e", "two words": "two words", "it's (one)": "it's (one)",
           "Work/2026": "Work/2026", "日本": "&ZeVnLA-"}   # not with ": offlineimap quotes names, but not what is in them
CONFIG = """[general]
accounts = A
metadata = {home}/metadata
maxsyncaccounts = 1
ui = basic
[Account A]
localrepository = Near
remoterepository = Far
utf8foldernames = yes
[Repository Near]
type = Maildir
localfolders = {home}/mail
sep = /
[Repository Far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {port}
remoteuser = {user}
remotepass = {secret}
ssl = no
starttls = no
maxconnections = 2
"""


def message(number, folder):
    head = f"From: A <{ALICE}>\r\nSubject: {number}\r\nMessage-ID: <{number}@offline.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
    return (head + f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"{folder} äöü\r\n.dot\r\nFrom here\r\n\r\nend\r\n").encode()


class Near:
    """The Maildirs."""

    def __init__(self, server):
        self.home = os.path.join(server.folder, "offlineimap")
        os.makedirs(self.home)
        self.config = os.path.join(self.home, "rc")
        with open(self.config, "w") as f:
            f.write(CONFIG.format(home=self.home, port=server.port("imap"), user=ALICE, secret=SECRET))

    def sync(self, name):
        done = subprocess.run(["offlineimap", "-c", self.config, "-o", "-u", "basic"], stdin=subprocess.DEVNULL, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "HOME": self.home, "LC_ALL": "C.UTF-8"})
        out = done.stdout.decode(errors="replace")
        check(name, done.returncode == 0 and "ERROR" not in out and "Traceback" not in out, out[-3000:])
        return out

    def files(self, folder):
        """{Message-ID: (path, flags)}"""
        found = {}
        for sub in ("new", "cur"):
            where = os.path.join(self.home, "mail", folder, sub)
            for name in os.listdir(where) if os.path.isdir(where) else ():
                path = os.path.join(where, name)
                with open(path, "rb") as f:
                    id = re.search(rb"^Message-ID: <(.*?)>", f.read(), re.M | re.I).group(1).decode()
                found[id] = (path, name.partition(":2,")[2])
        return found

    def add(self, folder, number, data, flags):
        where = os.path.join(self.home, "mail", folder)
        for sub in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(where, sub), exist_ok=True)
        with open(os.path.join(where, "cur", f"1700000000.{number}_1.host:2,{flags}"), "wb") as f:
            f.write(data.replace(b"\r\n", b"\n"))


class Far:
    """The account."""

    def __init__(self, server):
        self.imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.imap.login(ALICE, SECRET)

    @staticmethod
    def quoted(name):
        return '"' + FOLDERS.get(name, name) + '"'

    def select(self, folder):
        return self.imap.select(self.quoted(folder))[0] == "OK"

    def messages(self, folder):
        """{Message-ID: (bytes, flags)}"""
        found = {}
        if self.select(folder):
            for item in self.imap.fetch("1:*", "(UID FLAGS BODY.PEEK[])")[1]:
                if isinstance(item, tuple):
                    id = re.search(rb"^Message-ID: <(.*?)>", item[1], re.M | re.I).group(1).decode()
                    flags = re.search(rb"FLAGS \((.*?)\)", item[0]).group(1).decode().split()
                    found[id] = (item[1], set(flags) - {r"\Recent"})
        return found

    def store(self, id, sign, flags):
        number = self.imap.search(None, "HEADER", "Message-ID", f'"<{id}@offline.test>"')[1][0].decode()
        self.imap.store(number, sign + "FLAGS", flags)


def first(far, near):
    """All of it comes here, byte for byte but for line ends."""
    for index, folder in enumerate(FOLDERS):
        far.imap.create(far.quoted(folder))
        for i in range(3):
            number = index * 10 + i
            far.imap.append(far.quoted(folder), r"(\Seen \Flagged)" if i == 1 else "", None, message(number, folder))
    near.sync("first run")
    for index, folder in enumerate(FOLDERS):
        files = near.files(folder)
        equal(f"{folder}: what is there", sorted(files), [f"{index * 10 + i}@offline.test" for i in range(3)])
        for id, (path, flags) in files.items():
            number = int(id.split("@")[0])
            with open(path, "rb") as f:
                equal(f"{folder}: bytes of {id}", f.read().replace(b"\n", b"\r\n"), message(number, folder))
            equal(f"{folder}: flags of {id}", flags, "FS" if number % 10 == 1 else "")
    out = near.sync("second run")
    check("the second run copies nothing", "Copy message" not in out and "Deleting" not in out and "flag" not in out.lower(), out)


def both_ways(far, near):
    """Changes on both sides between two runs."""
    for index, folder in enumerate(FOLDERS):
        kept, gone_near, gone_far = (index * 10 + i for i in range(3))
        near.add(folder, 1000 + index, message(1000 + index, folder), "FR")
        far.imap.append(far.quoted(folder), r"(\Answered)", None, message(2000 + index, folder))
        far.select(folder)
        far.store(kept, "+", r"(\Answered)")
        far.store(gone_far, "+", r"(\Deleted)")
        far.imap.expunge()
        files = near.files(folder)
        os.remove(files[f"{gone_near}@offline.test"][0])
        path = files[f"{kept}@offline.test"][0]
        os.rename(path, os.path.join(os.path.dirname(os.path.dirname(path)), "cur", os.path.basename(path).partition(":2,")[0] + ":2,S"))
    near.add("near ü", 3000, message(3000, "near"), "S")
    near.sync("third run")
    for index, folder in enumerate(FOLDERS):
        want = {f"{index * 10}@offline.test": {r"\Answered", r"\Seen"}, f"{1000 + index}@offline.test": {r"\Flagged", r"\Answered"},
                f"{2000 + index}@offline.test": {r"\Answered"}}
        there = far.messages(folder)
        equal(f"{folder}: far", {id: flags for id, (_, flags) in there.items()}, want)
        equal(f"{folder}: near", sorted(near.files(folder)), sorted(want))
        # Nothing is added: without APPENDUID it would need a field of its own to find the message again.
        equal(f"{folder}: what came from near", there.get(f"{1000 + index}@offline.test", (b"",))[0], message(1000 + index, folder))
    equal("a folder made near", sorted(far.messages("near &APw-")), ["3000@offline.test"])
    out = near.sync("fourth run")
    check("the fourth run copies nothing", "Copy message" not in out and "Deleting" not in out, out)


def main():
    if not need("offlineimap"):
        end()
    with Server() as server:
        server.add_user(ALICE, SECRET)
        far, near = Far(server), Near(server)
        first(far, near)
        both_ways(far, near)
        far.imap.logout()
    end()


if __name__ == "__main__":
    main()
