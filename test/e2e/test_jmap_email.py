#!/usr/bin/env python3
"""Emails that JMAP clients make: what comes of them is read by Python's email package, which knows nothing of us."""

import email
import email.policy

from harness import Server, check, end, equal
from jmap_client import Client

ALICE, SECRET = "alice@example.test", "correct horse"
TEXT = "Gr\u00fc\u00dfe,\n\n" + "a long line " * 40 + "\n.\nFrom here\n-- \nZo\u00eb\n"
HTML = "<p>\u6f22\u5b57 <img src=\"cid:dot@x\"></p>" * 50
BINARY = bytes(range(256)) * 5000


def strict(data):
    """The message, read so that every defect raises."""
    return email.message_from_bytes(data, policy=email.policy.default.clone(raise_on_defect=True))


def create(alice, mailbox, **properties):
    answer = alice.one("Email/set", {"create": {"k": {"mailboxIds": {mailbox: True}, **properties}}})
    check("created", answer["notCreated"] is None, answer)
    made = answer["created"]["k"]
    data = alice.download(made["blobId"], "m.eml", "message/rfc822")[1]
    equal("size", made["size"], len(data))
    check("lines", all(len(line) <= 998 for line in data.split(b"\r\n")) and
          data.replace(b"\r\n", b"").find(b"\n") == -1)
    return made, data


def body_of(part):
    """A text as the client gave it; Python reads CRLF from base64 as it stands."""
    return part.get_content().replace("\r\n", "\n")


def test_everything(alice, drafts):
    blob = alice.upload(BINARY, "application/x-thing")["blobId"]
    name = "\u00dcbersicht \u2014 " + "sehr lang " * 12 + ".bin"
    long_subject = "\u00c4rger mit \u201eAnf\u00fchrungszeichen\u201c " * 12
    made, data = create(
        alice, drafts, keywords={"$draft": True, "$seen": True},
        **{"from": [{"name": "Alice \"A.\" \u00c4pfel", "email": ALICE}],
           "to": [{"name": "Doe, John", "email": "john@example.test"}] +
                 [{"name": None, "email": f"user{i}@example.test"} for i in range(50)],
           "bcc": [{"email": "secret@example.test"}],
           "subject": long_subject.strip(), "header:X-Text:asText": "caf\u00e9",
           "header:X-Urls:asURLs": ["https://example.test/" + "x" * 200],
           "bodyValues": {"t": {"value": TEXT}, "h": {"value": HTML}},
           "textBody": [{"partId": "t", "type": "text/plain"}],
           "htmlBody": [{"partId": "h", "type": "text/html"}],
           "attachments": [
               {"blobId": blob, "type": "image/png", "cid": "dot@x", "disposition": "inline"},
               {"blobId": blob, "type": "application/x-thing", "name": name}]})
    message = strict(data)
    equal("subject", message["subject"], long_subject.strip())
    equal("from", [(a.display_name, a.addr_spec) for a in message["from"].addresses],
          [("Alice \"A.\" \u00c4pfel", ALICE)])
    equal("to", len(message["to"].addresses), 51)
    equal("comma in a name", message["to"].addresses[0].display_name, "Doe, John")
    equal("bcc kept", message["bcc"], "secret@example.test")
    equal("text field", message["x-text"], "caf\u00e9")
    check("Message-ID and Date", message["message-id"].endswith("@example.test>") and
          message["date"].datetime is not None)
    equal("structure", [p.get_content_type() for p in message.walk()],
          ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
           "image/png", "application/x-thing"])
    parts = [p for p in message.walk() if not p.is_multipart()]
    equal("text", body_of(parts[0]), TEXT)
    equal("html", body_of(parts[1]), HTML)
    equal("picture", (parts[2].get_content(), parts[2]["content-id"]), (BINARY, "<dot@x>"))
    equal("file", (parts[3].get_content(), parts[3].get_filename()), (BINARY, name))
    got = alice.one("Email/get", {
        "ids": [made["id"]], "fetchAllBodyValues": True,
        "properties": ["subject", "from", "to", "textBody", "htmlBody", "bodyValues", "attachments"]})["list"][0]
    equal("read back", (got["subject"], got["from"][0]["name"], got["attachments"][1]["name"]),
          (long_subject.strip(), "Alice \"A.\" \u00c4pfel", name))
    equal("text read back", got["bodyValues"][got["textBody"][0]["partId"]]["value"], TEXT)
    equal("html read back", got["bodyValues"][got["htmlBody"][0]["partId"]]["value"], HTML)
    return made, data


def test_forward(alice, drafts, made, data):
    """The whole message as an attachment, and one of its parts as another."""
    got = alice.one("Email/get", {"ids": [made["id"]], "properties": ["attachments"]})["list"][0]
    part = got["attachments"][1]
    again, forward = create(
        alice, drafts, subject="Fwd", bodyValues={"t": {"value": "See"}}, textBody=[{"partId": "t"}],
        attachments=[{"blobId": made["blobId"], "type": "message/rfc822"},
                     {"blobId": part["blobId"], "type": part["type"], "name": part["name"]}])
    message = strict(forward)
    inner = message.get_payload(1).get_payload(0)
    equal("attached message", inner["subject"], strict(data)["subject"])
    check("attached as it stands", data in forward)
    equal("part of another", message.get_payload(2).get_content(), BINARY)

    got = alice.one("Email/get", {"ids": [again["id"]], "properties": ["attachments"]})["list"][0]
    blob = got["attachments"][0]["blobId"]
    parsed = alice.one("Email/parse", {"blobIds": [blob], "fetchAllBodyValues": True})["parsed"][blob]
    equal("parsed", (parsed["subject"], parsed["bodyValues"]["1.1"]["value"]),
          (inner["subject"], TEXT))
    equal("part of what is parsed", alice.download(parsed["attachments"][1]["blobId"])[1], BINARY)
    snippet = alice.one("SearchSnippet/get", {
        "filter": {"text": "gr\u00dcSSe"}, "emailIds": [made["id"]]})["list"][0]
    check("no snippet of other letters", snippet["preview"] is None, snippet)
    snippet = alice.one("SearchSnippet/get", {
        "filter": {"text": "zo\u00cb"}, "emailIds": [made["id"]]})["list"][0]
    check("snippet", snippet["subject"] is None and
          snippet["preview"].startswith("...") and "<mark>Zo\u00eb</mark>" in snippet["preview"], snippet)


def test_bare(alice, drafts):
    _, data = create(alice, drafts)
    message = strict(data)
    equal("nothing but what must be", sorted(k.lower() for k in message.keys()),
          ["content-transfer-encoding", "content-type", "date", "message-id", "mime-version"])
    equal("empty", message.get_content(), "")


def main():
    with Server() as server:
        server.add_user(ALICE, SECRET)
        alice = Client(f"http://127.0.0.1:{server.port('http')}", ALICE, SECRET)
        alice.open()
        drafts = alice.mailbox("drafts")
        made, data = test_everything(alice, drafts)
        test_forward(alice, drafts, made, data)
        test_bare(alice, drafts)
        alice.close()
    end()


if __name__ == "__main__":
    main()
