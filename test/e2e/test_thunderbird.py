#!/usr/bin/env python3
"""Thunderbird as it is: reads, flags, moves, searches, writes and sends, without a screen (thunderbird.py).

Skipped where there is no Thunderbird. What it did is looked at by another client.
"""

import email
import email.policy
import imaplib
import os
import re
import shutil
import smtplib

import thunderbird
from certificates import Authority
from harness import Server, check, end, equal, need, skip
from ours import Inbox, wait_for

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
FOLDERS = {"INBOX": ["Inbox"], "Archive": ["Archive"], "Drafts": ["Drafts"], "Junk": ["Junk"], "Sent": ["Sent"], "Trash": ["Trash"]}
PLACE, BELOW, RENAMED = "Größe & mehr", "unten", "Länge"


def letter(subject, text):
    return (f"From: Bob <{BOB}>\r\nTo: <{ALICE}>\r\nSubject: {subject}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{subject}@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n").encode("latin-1")


class Other:
    """Another client of the same user."""

    def __init__(self, server):
        self.imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.imap.login(ALICE, SECRET)

    def select(self, mailbox):
        status, told = self.imap.select('"' + mailbox + '"')
        return int(told[0]) if status == "OK" else None

    def content(self, mailbox):
        """{subject: (flags, message)}"""
        found = {}
        if self.select(mailbox):
            for head, data in filter(lambda part: isinstance(part, tuple), self.imap.fetch("1:*", "(FLAGS BODY.PEEK[])")[1]):
                message = email.message_from_bytes(data, policy=email.policy.default)
                flags = set(re.search(rb"FLAGS \(([^)]*)\)", head).group(1).decode().split()) - {"\\Recent"}
                found[message["Subject"]] = flags, message
        return found

    def flags(self, mailbox, subject):
        return self.content(mailbox).get(subject, (None,))[0]

    def change(self, subject, flag):
        """A flag in the INBOX. Thunderbird is between a command and IDLE, which it begins two seconds later."""
        self.select("INBOX")
        self.imap.store(self.imap.search(None, "SUBJECT", subject)[1][0], "+FLAGS", flag)

    def close(self):
        self.imap.logout()


def start():
    """A server whose certificate is the authority's."""
    authority, server = Authority(), Server(start=False)
    certificate = authority.issue("127.0.0.1", "mail.example.test")
    shutil.copy(certificate.chain, os.path.join(server.folder, "certificate.pem"))
    shutil.copy(certificate.key, os.path.join(server.folder, "key.pem"))
    server.start()
    for user in (ALICE, BOB):
        server.add_user(user, SECRET)
    return authority, server


def test_reading(server, client, other):
    equal("folders, and what they are for", client.do("folders", len(FOLDERS)), FOLDERS)
    equal("opened", client.do("open", "INBOX", 3), ["first", "second", "third"])
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        lmtp.sendmail(BOB, ALICE, letter("fourth", "new"))
    equal("new mail is seen", client.do("arrives", "INBOX", 4), ["first", "fourth", "second", "third"])
    check("a message is shown", "schöne Grüße" in client.do("read", "INBOX", "second"))
    check("it is read", wait_for(lambda: other.flags("INBOX", "second") == {"\\Seen"}), other.flags("INBOX", "second"))
    equal("others are not", other.flags("INBOX", "fourth"), set())


def test_flags(client, other):
    client.do("flag", "INBOX", "first", True)
    client.do("tag", "INBOX", "first", "$label1")
    check("flagged and labelled", wait_for(lambda: other.flags("INBOX", "first") == {"\\Flagged", "$label1"}), other.flags("INBOX", "first"))
    client.do("flag", "INBOX", "first", False)
    check("no longer flagged", wait_for(lambda: other.flags("INBOX", "first") == {"$label1"}), other.flags("INBOX", "first"))
    other.change("third", "\\Flagged")
    client.do("hears", "INBOX", "third", "flagged")


def test_folders(client, other):
    client.do("create", PLACE)
    client.do("create", PLACE + "/" + BELOW)
    client.do("move", "INBOX", "first", PLACE)
    listed = [line.decode() for line in other.imap.list()[1]]
    check("a name in umlauts", any(line.endswith('"Gr&APYA3w-e &- mehr"') for line in listed), listed)
    check("one below", any(line.endswith('"Gr&APYA3w-e &- mehr/unten"') for line in listed), listed)
    check("moved, with its label", wait_for(lambda: other.flags("Gr&APYA3w-e &- mehr", "first") == {"$label1"}))
    equal("and gone from where it was", other.flags("INBOX", "first"), None)
    client.do("rename", PLACE, RENAMED)
    check("renamed", wait_for(lambda: other.select("L&AOQ-nge") == 1))


def test_search(client):
    equal("search on the server", client.do("search", "INBOX", "Grüße"), ["second", "third"])
    equal("nothing is found", client.do("search", "INBOX", "not there"), [])


def test_writing(server, client, other):
    client.do("compose", BOB, "a draft", "not yet done", False)
    check("a draft is saved", wait_for(lambda: "a draft" in other.content("Drafts")))
    flags, draft = other.content("Drafts")["a draft"]
    check("as a draft", "\\Draft" in flags or draft["X-Mozilla-Draft-Info"] is not None, flags)
    equal("its text", draft.get_content().strip(), "not yet done")
    client.do("compose", BOB, "hello", "with love", True)
    inbox = Inbox(server, BOB, SECRET)
    inbox.wait(1)
    equal("it came", inbox.subjects(), ["hello"])
    check("a copy is kept", wait_for(lambda: other.flags("Sent", "hello") == {"\\Seen"}), other.content("Sent"))


def test_going(client, other):
    client.do("remove", "INBOX", "second")
    check("deleted: in the trash", wait_for(lambda: other.flags("Trash", "second") == {"\\Seen"}), other.content("Trash"))
    other.change("third", "\\Deleted")
    other.imap.expunge()
    client.do("hears", "INBOX", "third", "gone")
    client.do("emptyTrash")
    check("the trash is emptied", wait_for(lambda: other.select("Trash") == 0))


def run(server, authority):
    other = Other(server)
    for subject in ("first", "second", "third"):
        other.imap.append("INBOX", "", None, letter(subject, "plain" if subject == "first" else "schöne Grüße"))
    with thunderbird.Thunderbird(server, authority, ALICE, SECRET) as client:
        try:
            test_reading(server, client, other)
            test_flags(client, other)
            test_folders(client, other)
            test_search(client)
            test_writing(server, client, other)
            test_going(client, other)
        except thunderbird.StepError as broken:
            check("a step", False, broken)
    other.close()
    # it asks for names from before a rename
    wrong = [line for line in client.dialogue().split("\n")
             if re.search(r"Syntax Error|CreateNewLineFromSocket: \S+ (BAD |NO (?!\[NONEXISTENT\]))", line)]
    check("it understood all, and was understood", not wrong, wrong)


def main():
    if not os.path.exists(thunderbird.PROGRAM) or not need("certutil"):
        skip("thunderbird", "not installed (test/packages names its package)")
        end()
    authority, server = start()
    with authority, server:
        run(server, authority)
    end()


if __name__ == "__main__":
    main()
