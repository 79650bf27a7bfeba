#!/usr/bin/env python3
"""JMAP in accounts that are shared: the session, another's mailbox, a group's account, blobs and their rights."""

import imaplib

from harness import Server, check, end, equal
from jmap_client import MAIL, Client, HttpError

ALICE, BOB, SALES = "alice@example.test", "bob@example.test", "sales@example.test"
SECRET = "correct horse"
DATA = b"From: A <alice@example.test>\r\nSubject: shared\r\n\r\ntext\r\n"


def client(server, name):
    made = Client(f"http://127.0.0.1:{server.port('http')}", name, SECRET)
    made.open()
    made.own = made.account
    return made


def status_of(call):
    try:
        call()
    except HttpError as e:
        return e.status
    return 200


def give(server, mailbox, who, rights):
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
        imap.login(ALICE, SECRET)
        equal("SETACL", imap.setacl(mailbox, who, rights)[0], "OK")


def test_session(server, alice, bob):
    before = bob.open()
    equal("alone", list(before["accounts"]), [bob.own])
    equal("the same again", bob.open()["state"], before["state"])
    give(server, "Archive", BOB, "lr")
    after = bob.open()
    check("the state moves", after["state"] != before["state"])
    shared = after["accounts"][alice.own]
    equal("another's", (shared["name"], shared["isPersonal"], shared["isReadOnly"]), (ALICE, False, True))
    equal("what it has", shared["accountCapabilities"][MAIL]["mayCreateTopLevelMailbox"], False)
    equal("the primary one", after["primaryAccounts"][MAIL], bob.own)
    answer = bob.send({"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "c"]]})
    equal("responses say it, too", answer["sessionState"], after["state"])
    equal("alice's own is as it was", list(alice.open()["accounts"]), [alice.own])


def test_blobs(alice, bob):
    archived = alice.import_message(DATA, alice.mailbox("archive"))
    hidden = alice.import_message(DATA, alice.mailbox("inbox"))
    upload = alice.upload(b"hers")
    bob.account = alice.own
    equal("found", bob.one("Email/query", {})["ids"], [archived["id"]])
    equal("downloaded", bob.download(archived["blobId"])[1], DATA)
    equal("not what he may not read", status_of(lambda: bob.download(hidden["blobId"])), 404)
    equal("nor what she uploaded", status_of(lambda: bob.download(upload["blobId"])), 404)
    equal("nor may he upload", status_of(lambda: bob.upload(b"x")), 403)
    return hidden


def test_writing(server, alice, bob, hidden):
    give(server, "Archive", BOB, "lri")
    equal("no longer read-only", bob.open()["accounts"][alice.own]["isReadOnly"], False)
    bob.account = alice.own
    added = bob.import_message(DATA, bob.mailbox("archive"))
    equal("imported", alice.one("Email/get", {"ids": [added["id"]]})["list"][0]["size"], len(DATA))
    mine = bob.upload(b"his")
    equal("his own upload", bob.download(mine["blobId"])[1], b"his")
    equal("not hers", status_of(lambda: alice.download(mine["blobId"])), 404)
    answer = bob.one("Email/set", {"update": {added["id"]: {"keywords/$seen": True}},
                                   "destroy": [hidden["id"]]})
    equal("refused", (answer["notUpdated"][added["id"]]["type"], answer["notDestroyed"][hidden["id"]]["type"]),
          ("forbidden", "notFound"))
    give(server, "Archive", BOB, '""')
    bob.account = alice.own
    answer = bob.calls(("Email/get", {"ids": []}))[0]
    equal("taken away", answer[1]["type"], "accountNotFound")
    equal("downloads, too", status_of(lambda: bob.download(added["blobId"])), 404)


def test_group(server, bob):
    client(server, SALES).close()  # its mailboxes are made
    server.command("group", "add", SALES)
    server.command("group", "join", SALES, BOB)
    session = bob.open()
    group = next(key for key, value in session["accounts"].items() if value["name"] == SALES)
    equal("a group's", (session["accounts"][group]["isPersonal"], session["accounts"][group]["isReadOnly"]),
          (False, False))
    bob.account = group
    added = bob.import_message(DATA, bob.mailbox("inbox"), keywords={"$seen": True})
    made = bob.one("Mailbox/set", {"create": {"m": {"name": "Team"}}})["created"]["m"]["id"]
    equal("his as a whole", bob.one("Email/set", {"update": {added["id"]: {"mailboxIds": {made: True}}}})["updated"],
          {added["id"]: None})
    server.command("group", "leave", SALES, BOB)
    equal("no member any more", group in bob.open()["accounts"], False)


def main():
    with Server() as server:
        for name in (ALICE, BOB, SALES):
            server.add_user(name, SECRET)
        alice, bob = client(server, ALICE), client(server, BOB)
        test_session(server, alice, bob)
        hidden = test_blobs(alice, bob)
        test_writing(server, alice, bob, hidden)
        test_group(server, bob)
        alice.close()
        bob.close()
    end()


if __name__ == "__main__":
    main()
