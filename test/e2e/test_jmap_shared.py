#!/usr/bin/env python3
"""JMAP in accounts that are shared: the session, another's mailbox, a group's account, blobs and their rights."""

import imaplib
import re
import time

from harness import Server, check, end, equal
from jmap_client import CORE, MAIL, SUBMISSION, Client, HttpError
from jmap_push import Events, Jmap

PRINCIPALS, SHARE = "urn:ietf:params:jmap:principals", "urn:ietf:params:jmap:mail:share"
QUOTA, BLOB, MDN, VACATION = ("urn:ietf:params:jmap:" + name for name in ("quota", "blob", "mdn", "vacationresponse"))

ALICE, BOB, SALES = "alice@example.test", "bob@example.test", "sales@example.test"
SECRET = "correct horse"
TOLD_SECONDS = 20  # it comes behind the change
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
    agree(bob, alice.own, "another's")
    agree(bob, bob.own, "his own")
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


def ids_of(imap, mailbox):
    """[(EMAILID, THREADID)] as IMAP tells them."""
    imap.select(mailbox, readonly=True)
    told = imap.fetch("1:*", "(EMAILID THREADID)")[1]
    return [re.search(rb"EMAILID \(([^)]*)\) THREADID \(([^)]*)\)", line).groups() for line in told]


def ids_in(bob, account):
    """The same as JMAP tells them, each with what stands behind it in IMAP."""
    bob.account, behind = account, "" if account == bob.own else "-" + account
    emails = bob.one("Email/get", {"ids": bob.one("Email/query", {})["ids"], "properties": ["threadId"]})["list"]
    return sorted((f"{one['id']}{behind}".encode(), f"{one['threadId']}{behind}".encode()) for one in emails)


def test_ids(server, alice, bob):
    """Both protocols have the same ids (RFC 9698); a copy in another account is another Email (RFC 8620 5.4)."""
    give(server, "Archive", BOB, "lri")
    bob.account = alice.own
    bob.import_message(DATA, bob.mailbox("archive"))
    shared = f'"Other Users/{ALICE}/Archive"'
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
        imap.login(BOB, SECRET)
        before = ids_of(imap, shared)
        equal("hers, in both", sorted(before), ids_in(bob, alice.own))
        equal("copied", imap.copy("1:*", "INBOX")[0], "OK")
        equal("his, in both", sorted(ids_of(imap, "INBOX")), ids_in(bob, bob.own))
        check("others than hers", not set(ids_of(imap, "INBOX")) & set(before))
        equal("which stay", ids_of(imap, shared), before)
    give(server, "Archive", BOB, '""')


def test_changes(server, alice, bob):
    """EventSource and WebSocket tell of another's account from the moment on that it is shared, and no longer."""
    bob.account = bob.own
    junk, sent = alice.mailbox("junk"), alice.mailbox("drafts")
    events = Events(bob)
    jmap = Jmap(server, bob)
    jmap.send(_type="WebSocketPushEnable", dataTypes=["Email", "Mailbox"])
    jmap.request(["Core/echo", {}, "c"])
    equal("it is enabled", jmap.next()["@type"], "Response")
    give(server, "Junk", BOB, "lr")
    told = events.changed()
    equal("given", (sorted(told[alice.own]), list(told[bob.own])), (["Email", "Mailbox", "Thread"], ["ShareNotification"]))
    notice = bob.calls(("ShareNotification/get", {"ids": None}), using=(CORE, MAIL, PRINCIPALS))[0][1]
    equal("a ShareNotification", (notice["state"], [(n["name"], n["changedBy"]["email"], n["objectAccountId"], n["objectId"],
                                                     n["oldRights"]) for n in notice["list"]][-1]),
          (told[bob.own]["ShareNotification"], ("Junk", ALICE, alice.own, junk, None)))
    equal("by WebSocket", sorted(jmap.next()["changed"][alice.own]), ["Email", "Mailbox"])
    alice.import_message(DATA, sent)
    alice.import_message(DATA, junk)
    changed = events.changed()
    state = alice.one("Email/get", {"ids": []})["state"]
    equal("only what he sees, with its state", (list(changed), changed[alice.own]["Email"]), ([alice.own], state))
    told = jmap.next()
    equal("the same push state", told["pushState"], events.id)
    last = events.id
    events.close()
    alice.import_message(DATA, sent)
    events = Events(bob, headers={"Last-Event-ID": last})
    bob.import_message(DATA, bob.mailbox("inbox"))
    equal("he missed nothing", list(events.changed()), [bob.own])
    jmap.next()
    last = events.id
    events.close()
    alice.import_message(DATA, junk)
    events = Events(bob, headers={"Last-Event-ID": last})
    equal("what he missed", list(events.changed()), [alice.own])
    jmap.next()
    give(server, "Junk", BOB, '""')
    equal("taken", sorted(events.changed()), sorted([alice.own, bob.own]))
    equal("by WebSocket", list(jmap.next()["changed"]), [alice.own])
    alice.import_message(DATA, junk)
    bob.import_message(DATA, bob.mailbox("inbox"))
    equal("and no longer", list(events.changed()), [bob.own])
    equal("nor by WebSocket", list(jmap.next()["changed"]), [bob.own])
    events.close()
    jmap.ws.close()


def agree(client, account, whose):
    """What the session says of an account is what its methods do."""
    has = client.open()["accounts"][account]["accountCapabilities"]
    for urn, method in ((MAIL, "Email/get"), (MAIL, "Mailbox/get"), (MAIL, "Thread/changes"), (QUOTA, "Quota/get"),
                        (QUOTA, "Quota/changes"), (BLOB, "Blob/get"), (MDN, "MDN/parse"),
                        (SUBMISSION, "Identity/get"), (SUBMISSION, "EmailSubmission/set"),
                        (SUBMISSION, "EmailSubmission/query"), (VACATION, "VacationResponse/get"),
                        (PRINCIPALS, "Principal/get"), (PRINCIPALS, "ShareNotification/get")):
        answer = client.calls((method, {"accountId": account, "ids": [], "blobIds": []}), using=(CORE, MAIL, urn))[0]
        equal(f"{whose}: {method}", answer[1].get("type") != "accountNotSupportedByMethod", urn in has)


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
    agree(bob, group, "a group's")
    equal("its quota", bob.calls(("Quota/get", {"ids": None}), using=(CORE, MAIL, QUOTA))[0][0], "Quota/get")
    give(server, "Trash", "$" + SALES, "lr")
    bob.account = bob.own
    deadline = time.time() + TOLD_SECONDS
    while (told := [(n["name"], n["changedBy"]["email"], n["oldRights"], n["newRights"]["mayReadItems"]) for n in bob.calls(
            ("ShareNotification/get", {"ids": None}), using=(CORE, MAIL, PRINCIPALS))[0][1]["list"]][-1:]) and \
            told[0][0] != "Trash" and time.time() < deadline:
        time.sleep(0.05)
    equal("told what his group was given", told, [("Trash", ALICE, None, True)])
    server.command("group", "leave", SALES, BOB)
    equal("no member any more", group in bob.open()["accounts"], False)


def test_principals(server, alice, bob):
    """Alice finds Bob in the directory, shares with him, and he finds her account by her Principal."""
    using = (CORE, MAIL, PRINCIPALS, SHARE)
    session = alice.open()
    own = session["accounts"][alice.own]["accountCapabilities"]
    me = own[PRINCIPALS]["currentUserPrincipalId"]
    equal("the account's owner", own[PRINCIPALS + ":owner"],
          {"accountIdForPrincipal": alice.own, "principalId": me})
    equal("where Principals are", session["primaryAccounts"][PRINCIPALS], alice.own)

    def one(client, name, arguments):
        return client.calls((name, arguments), using=using)[0]

    found = one(alice, "Principal/query", {"filter": {"operator": "AND", "conditions": [
        {"email": "BOB@"}, {"type": "individual"}]}, "calculateTotal": True})[1]
    equal("found", (found["total"], len(found["ids"])), (1, 1))
    his = found["ids"][0]
    got = one(alice, "Principal/get", {"ids": [his, his, "Px", me]})[1]
    equal("get", ([(p["id"], p["type"], p["email"]) for p in got["list"]], got["notFound"]),
          ([(me, "individual", ALICE), (his, "individual", BOB)], ["Px"]))
    equal("his account is not hers", (got["list"][1]["accounts"], list(got["list"][0]["accounts"])),
          (None, [alice.own]))
    every = one(alice, "Principal/get", {"properties": ["type", "name"]})[1]
    equal("all", sorted((p["type"], p["name"]) for p in every["list"]),
          [("group", SALES), ("individual", ALICE), ("individual", BOB), ("individual", SALES)])
    equal("no more conditions than there are", one(alice, "Principal/query", {"filter": {"x": "y"}})[1]["type"],
          "unsupportedFilter")
    ids = one(alice, "Principal/query", {})[1]["ids"]
    for arguments, want in (({"position": 1, "limit": 1}, ids[1:2]), ({"position": -1}, ids[-1:]),
                            ({"anchor": ids[2], "anchorOffset": -1, "limit": 2}, ids[1:3]), ({"position": 99}, []),
                            ({"filter": {"name": "ALICE"}}, [me]), ({"filter": {"text": "bob"}}, [his]),
                            ({"filter": {"timeZone": "Europe/Berlin"}}, []), ({"filter": {"type": "room"}}, []),
                            ({"filter": {"operator": "NOT", "conditions": [{"type": "individual"}]}}, ids[-1:])):
        equal(f"query {arguments}", one(alice, "Principal/query", arguments)[1]["ids"], want)
    for arguments, want in (({"anchor": "Px"}, "anchorNotFound"), ({"sort": [{"property": "name"}]}, "unsupportedSort"),
                            ({"filter": {"name": 1}}, "invalidArguments"),
                            ({"filter": {"operator": "OR", "conditions": [{"name": "x"}] * 300}}, "unsupportedFilter"),
                            ({"filter": {"accountIds": "a1"}}, "invalidArguments")):
        equal(f"query {want}", one(alice, "Principal/query", arguments)[1]["type"], want)
    state = one(alice, "Principal/query", {})[1]["queryState"]
    for arguments, want in (({"sinceQueryState": "x"}, "cannotCalculateChanges"), ({}, "invalidArguments"),
                            ({"sinceQueryState": state, "filter": {"x": "y"}}, "unsupportedFilter")):
        equal(f"queryChanges {want}", one(alice, "Principal/queryChanges", arguments)[1]["type"], want)
    equal("nothing changed", one(alice, "Principal/queryChanges", {
        "sinceQueryState": state, "filter": {"type": "group"}, "calculateTotal": True, "maxChanges": 0})[1],
        {"accountId": alice.own, "oldQueryState": state, "newQueryState": state, "total": 1, "removed": [], "added": []})
    equal("too many", one(alice, "Principal/get", {"ids": ["P"] * 1001})[1]["type"], "requestTooLarge")
    equal("stale", one(alice, "Principal/set", {"ifInState": "x"})[1]["type"], "stateMismatch")
    equal("nothing changed", one(alice, "Principal/changes", {"sinceState": got["state"]})[1]["newState"], got["state"])
    equal("another state", one(alice, "Principal/changes", {"sinceState": "0"})[1]["type"], "cannotCalculateChanges")
    refused = one(alice, "Principal/set", {"update": {me: {"name": "Eve"}}, "destroy": [his]})[1]
    equal("nobody changes them", (refused["notUpdated"][me]["type"], refused["notDestroyed"][his]["type"]),
          ("forbidden", "forbidden"))

    sent = alice.mailbox("sent")
    done = one(alice, "Mailbox/set", {"update": {sent: {"shareWith": {his: {"mayReadItems": True}}}}})[1]
    equal("shared", done["updated"], {sent: None})
    check("their accounts are others now", one(alice, "Principal/query", {})[1]["queryState"] != state)
    bob.account = bob.own
    hers = one(bob, "Principal/query", {"filter": {"accountIds": [alice.own]}})[1]["ids"]
    equal("by her account", hers, [me])
    shared = one(bob, "Principal/get", {"ids": hers, "properties": ["accounts"]})[1]["list"][0]["accounts"]
    equal("her account", (list(shared), shared[alice.own]["isReadOnly"]), ([alice.own], True))
    bob.account = alice.own
    equal("her mailbox", [b["name"] for b in bob.one("Mailbox/get", {"ids": None})["list"]], ["Sent"])


def main():
    with Server() as server:
        for name in (ALICE, BOB, SALES):
            server.add_user(name, SECRET)
        alice, bob = client(server, ALICE), client(server, BOB)
        test_session(server, alice, bob)
        hidden = test_blobs(alice, bob)
        test_writing(server, alice, bob, hidden)
        test_ids(server, alice, bob)
        test_changes(server, alice, bob)
        test_group(server, bob)
        test_principals(server, alice, bob)
        alice.close()
        bob.close()
    end()


if __name__ == "__main__":
    main()
