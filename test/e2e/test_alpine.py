#!/usr/bin/env python3
"""Alpine, played on a terminal: reads, saves, deletes, expunges, postpones; and its tools' remote files."""

import email
import email.policy
import imaplib
import os
import re

from harness import Server, check, end, equal, need
from terminal import ScreenError, Terminal

ALICE, SECRET = "alice@example.test", "correct horse"
REFRESH, POSTPONE = "\x0c", "\x0f"


def make(number):
    """A message with what easily breaks on the way: 8 bits, dots, "From ", a long line, no end of the last one."""
    return (f"From: Ann <ann@example.test>\r\nTo: <{ALICE}>\r\nSubject: letter {number}\r\n"
            f"Date: Mon, 23 Nov 2026 10:00:0{number} +0000\r\nMessage-ID: <letter{number}@example.test>\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"Body of {number}: gr\u00fc\u00dfe\r\n.\r\n..\r\nFrom here\r\n{'x' * 900}\r\nlast of {number}").encode()


LETTERS = [make(number) for number in range(3)]
LATE = make(9)


def login(server):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(ALICE, SECRET)
    return imap


def content(server, mailbox):
    """[(flags, bytes)] of all messages there."""
    imap = login(server)
    imap.select(f'"{mailbox}"', readonly=True)
    parts = imap.fetch("1:*", "(FLAGS BODY.PEEK[])")[1]
    imap.logout()
    found = [part for part in parts if isinstance(part, tuple)]
    return [(set(re.search(rb"FLAGS \(([^)]*)\)", head).group(1).split()) - {rb"\Recent"}, data) for head, data in found]


def remote(server):
    return f"{{127.0.0.1:{server.port('imaps')}/ssl/novalidate-cert/user={ALICE}}}"


def prepare(server):
    """The mailboxes on our side, Alpine's settings on the other; the home folder."""
    imap = login(server)
    for letter in LETTERS:
        imap.append("INBOX", "", None, letter)
    imap.create('"Entw&APw-rfe &- mehr"')
    imap.logout()
    home = os.path.join(server.folder, "alpine")
    os.makedirs(home)
    with open(os.path.join(home, ".addressbook"), "w"):
        pass  # making it while an address is typed would swallow keys
    with open(os.path.join(home, "rc"), "w") as f:
        f.write(f"inbox-path={remote(server)}INBOX\nfolder-collections=\"far\" {remote(server)}[]\n"
                f"personal-name=Alice\nuser-domain=example.test\npostponed-folder=Drafts\n"
                f"feature-list=quit-without-confirm,expunge-without-confirm\n")
    return home


def answer(alpine, question, key):
    """Alpine throws away what was typed before it has asked; then it puts the cursor behind the question."""
    alpine.expect(question)
    alpine.expect_escape(r"\x1b\[7m\x1b\[[0-9]+;[0-9]+H")
    alpine.send(key)


def log_in(alpine):
    alpine.expect("PASSWORD")
    alpine.send(SECRET + "\r")
    answer(alpine, "next login?", "n")  # it need not keep the password


def read_and_save(alpine):
    """The first letter goes to a mailbox that is there, the second to one that is not, the third to a file.

    The line at the top tells when it is done: those at the bottom may not show on a busy machine.
    """
    alpine.expect("Exit this greeting")
    alpine.send("E")
    log_in(alpine)
    alpine.expect("letter 2")
    alpine.send("\r")
    alpine.expect("Body of 0: gr\u00fc\u00dfe")
    alpine.send("s")
    alpine.expect("SAVE")
    alpine.send("Archive\r")
    alpine.expect("1 of 3 ALL DEL")
    alpine.send("n")
    alpine.expect("Body of 1")
    alpine.send("s")
    alpine.expect("SAVE")
    alpine.send("New box 1\r")
    answer(alpine, "Create?", "y")
    alpine.expect("2 of 3 ALL DEL")
    alpine.send("n")
    alpine.expect("Body of 2")
    alpine.send("e")
    alpine.expect("EXPORT")
    alpine.send("exported\r")


def expunge_and_list(server, alpine):
    """Two leave the INBOX, one comes in meanwhile; then the list of folders."""
    alpine.send("i")
    alpine.expect("MESSAGE INDEX")
    alpine.send("x")
    alpine.expect("Message 1 of 1")
    imap = login(server)
    imap.append("INBOX", "", None, LATE)
    imap.logout()
    alpine.send(REFRESH)
    alpine.expect("letter 9")
    alpine.send("l")
    for name in ("INBOX", "Archive", "Drafts", "Entw\u00fcrfe & mehr", "New box 1", "Trash"):
        alpine.expect(name)


def write_draft(alpine):
    alpine.send("c")
    alpine.expect("Message Text")  # the last line of the empty form
    alpine.send("bob@example.test\r\r\rfrom alpine\r")
    alpine.expect("from alpine")
    alpine.send("One line of gr\u00fc\u00dfe")
    alpine.expect("gr\u00fc\u00dfe")
    alpine.send(POSTPONE)
    alpine.expect("FOLDER LIST")


def test_session(server, home):
    with Terminal("alpine", "-p", os.path.join(home, "rc"), "-i", env={"HOME": home}) as alpine:
        read_and_save(alpine)
        expunge_and_list(server, alpine)
        write_draft(alpine)
        alpine.send("q")
        equal("Alpine ends well", alpine.end(), 0)
    equal("the saved one, byte for byte", [data for _, data in content(server, "Archive")], LETTERS[:1])
    equal("the one in the new mailbox", [data for _, data in content(server, "New box 1")], LETTERS[1:2])
    equal("what the INBOX holds", content(server, "INBOX"), [({rb"\Seen"}, LETTERS[2]), (set(), LATE)])
    with open(os.path.join(home, "exported"), "rb") as f:
        lines = f.read().split(b"\n", 1)
    check("the exported file begins as an mbox", lines[0].startswith(b"From ann@example.test"), lines[0])
    check("the exported text", b"Body of 2: gr\xc3\xbc\xc3\x9fe\n.\n..\n" in lines[1] and b"last of 2" in lines[1], lines[1])
    drafts = content(server, "Drafts")
    equal("one draft", len(drafts), 1)
    for _, data in drafts:
        draft = email.message_from_bytes(data, policy=email.policy.default)
        equal("its subject", (draft["Subject"], draft["To"]), ("from alpine", "bob@example.test"))
        equal("its text", draft.get_body().get_content().strip(), "One line of gr\u00fc\u00dfe")


def main():
    if not need("alpine"):
        end()
    with Server(settings="[imap]\nlogin-delay = 100ms") as server:
        server.add_user(ALICE, SECRET)
        home = prepare(server)
        try:
            test_session(server, home)
        except ScreenError as error:
            check("Alpine's screen", False, error)
    end()


if __name__ == "__main__":
    main()
