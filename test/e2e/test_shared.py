#!/usr/bin/env python3
"""Mailboxes that users share, and a group's, over IMAP with imaplib; the group is made beside the running server."""

import imaplib

from harness import Server, check, end, equal

ALICE, BOB, SALES = "alice@example.test", "bob@example.test", "sales@example.test"
SECRET = "correct horse"
DATA = b"From: A <alice@example.test>\r\nSubject: shared\r\n\r\ntext\r\n"


def login(server, user):
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(user, SECRET)
    return imap


def names(imap, pattern):
    return sorted(line.decode().rsplit(' "/" ', 1)[-1].strip('"') for line in imap.list('""', pattern)[1] if line)


def test_user_to_user(server):
    alice, bob = login(server, ALICE), login(server, BOB)
    path = f'"Other Users/{ALICE}/Archive"'
    alice.append("Archive", "", None, DATA)
    equal("nothing is shared", names(bob, '"Other Users/*"'), [])
    equal("SELECT of what is not shared", bob.select(path)[0], "NO")
    equal("SETACL", alice.setacl("Archive", BOB, "lr")[0], "OK")
    equal("bob finds it", names(bob, '"Other Users/*"'), [f"Other Users/{ALICE}/Archive"])
    equal("and opens it", bob.select(path, readonly=True), ("OK", [b"1"]))
    equal("byte for byte", bob.fetch("1", "(BODY.PEEK[])")[1][0][1], DATA)
    equal("a copy of one's own", bob.copy("1", "INBOX")[0], "OK")
    equal("is there", bob.select("INBOX"), ("OK", [b"1"]))
    equal("and the same", bob.fetch("1", "(BODY.PEEK[])")[1][0][1], DATA)
    check("no APPEND", bob.append(path, "", None, DATA)[1][0].startswith(b"[NOPERM]"))
    equal("MYRIGHTS", bob.myrights(path)[1][0].decode().rsplit(" ", 1)[-1], "lr")
    alice.deleteacl("Archive", BOB)
    equal("taken away", bob.select(path)[0], "NO")
    bob.logout()
    alice.logout()


def test_group(server):
    login(server, SALES).logout()  # its mailboxes are made
    bob = login(server, BOB)
    equal("no member", names(bob, "Shared/*"), [])
    bob.logout()
    server.command("group", "add", SALES)
    server.command("group", "join", SALES, BOB)
    check("the list of groups", BOB in server.command("group", "list").stdout)
    bob = login(server, BOB)
    equal("a member", len(names(bob, "Shared/*")), 6)
    path = f"Shared/{SALES}/INBOX"
    equal("APPEND", bob.append(path, r"(\Seen)", None, DATA)[0], "OK")
    equal("SELECT", bob.select(path), ("OK", [b"1"]))
    alice = login(server, ALICE)
    equal("not for others", alice.select(path)[0], "NO")
    sales = login(server, SALES)
    equal("the account itself", sales.select("INBOX"), ("OK", [b"1"]))
    server.command("group", "leave", SALES, BOB)
    bob.logout()
    equal("no member any more", names(login(server, BOB), "Shared/*"), [])
    server.command("group", "del", SALES)


def main():
    with Server() as server:
        for user in (ALICE, BOB, SALES):
            server.add_user(user, SECRET)
        test_user_to_user(server)
        test_group(server)
        server.stop()
        equal("the store is sound", server.command("check", check_status=False).returncode, 0)
    end()


if __name__ == "__main__":
    main()
