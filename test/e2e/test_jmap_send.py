#!/usr/bin/env python3
"""JMAP users send: to each other and to another host, what comes back, what is taken back, who is away, who read it.

In a network of its own (lab.py).
"""

import email
import email.policy
import smtplib
from contextlib import ExitStack

import lab
from dns_server import DnsServer
from harness import check, end, equal
from jmap_client import CORE, MAIL, SUBMISSION, Client
from sender import ALICE, BOB, SECRET, Sender, wait_for
from sink import Sink, reply

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"]}
VACATION = "urn:ietf:params:jmap:vacationresponse"
MDN, PRINCIPALS = "urn:ietf:params:jmap:mdn", "urn:ietf:params:jmap:principals"
SHARE = "urn:ietf:params:jmap:mail:share"
ALL = (CORE, MAIL, SUBMISSION, VACATION, MDN, PRINCIPALS, SHARE)
DISPLAYED = {"actionMode": "manual-action", "sendingMode": "mdn-sent-manually", "type": "displayed"}
SALES = "sales@example.test"


class User(Client):
    def __init__(self, server, name):
        super().__init__(f"http://127.0.0.1:{server.port('http')}", name, SECRET)
        self.name = name
        self.open()

    def call(self, name, arguments):
        answer = self.calls((name, arguments), using=ALL)[0]
        assert answer[0] == name, answer
        return answer[1]

    def identity(self):
        return self.call("Identity/get", {})["list"][0]["id"]

    def draft(self, to, subject="Hello", extra=""):
        """The id of an Email in Drafts."""
        text = f"From: {self.name}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n{extra}\r\nhi\r\n"
        blob = self.upload(text.encode(), "message/rfc822")["blobId"]
        done = self.call("Email/import", {"emails": {"m": {"blobId": blob, "keywords": {"$draft": True},
                                                           "mailboxIds": {self.mailbox("drafts"): True}}}})
        return done["created"]["m"]["id"]

    def submit(self, email, params=None, to=None, **more):
        """(all responses, the submission's id or None)"""
        create = {"identityId": self.identity(), "emailId": email}
        if to:
            create["envelope"] = {"mailFrom": {"email": self.name, "parameters": params},
                                  "rcptTo": [{"email": one, "parameters": None} for one in to]}
        answers = self.calls(("EmailSubmission/set", {"create": {"s": create}, **more}), using=ALL)
        return answers, (answers[0][1]["created"] or {}).get("s", {}).get("id")

    def status(self, submission):
        return self.call("EmailSubmission/get", {"ids": [submission]})["list"][0]

    def inbox(self):
        ids = self.one("Email/query", {"filter": {"inMailbox": self.mailbox("inbox")}})["ids"]
        return self.one("Email/get", {"ids": ids, "properties": ["subject", "from", "header:Auto-Submitted:asText"]})["list"]


def test_session(server, alice):
    account = alice.session["accounts"][alice.account]["accountCapabilities"]
    check("delays are offered", account[SUBMISSION]["maxDelayedSend"] == 7 * 86400, account[SUBMISSION])
    check("and extensions", {"DSN", "FUTURERELEASE"} <= set(account[SUBMISSION]["submissionExtensions"]))
    with smtplib.SMTP(server.host, server.port("submission"), timeout=30) as client:
        client.ehlo()
        equal("with the size that EHLO tells", account[SUBMISSION]["submissionExtensions"]["SIZE"],
              [client.esmtp_features["size"]])
    emails = [i["email"] for i in alice.call("Identity/get", {})["list"]]
    check("identities of all addresses", emails[0] == ALICE and SALES in emails, emails)
    check("primary accounts", alice.session["primaryAccounts"][VACATION] == alice.account)


def test_send(server, alice, bob, far):
    email = alice.draft(f"{BOB}, x@far.test", "both", "Bcc: y@far.test\r\n")
    answers, sent = alice.submit(email, onSuccessUpdateEmail={"#s": {
        f"mailboxIds/{alice.mailbox('drafts')}": None, f"mailboxIds/{alice.mailbox('sent')}": True, "keywords/$draft": None}})
    equal("two responses", [a[0] for a in answers], ["EmailSubmission/set", "Email/set"])
    equal("the draft was moved", alice.one("Email/get", {"ids": [email], "properties": ["mailboxIds", "keywords"]})["list"][0],
          {"id": email, "mailboxIds": {alice.mailbox("sent"): True}, "keywords": {}})
    check("sent to another host", far.wait(1) and server.settled(), server.story())
    equal("its recipients", sorted(far.messages[0].recipients), ["x@far.test", "y@far.test"])
    check("without Bcc", b"Bcc" not in far.messages[0].data and b"y@far.test" not in far.messages[0].data)
    equal("here", [m["subject"] for m in bob.inbox()], ["both"])
    status = alice.status(sent)
    equal("final", status["undoStatus"], "final")
    equal("delivered", {a: s["delivered"] for a, s in status["deliveryStatus"].items()},
          {BOB: "yes", "x@far.test": "unknown", "y@far.test": "unknown"})


def test_forged(server, alice, bob, far):
    """Nobody says in our name what we found (RFC 8601 5): not to a user here, not to other hosts."""
    ours = "mail.example.test; dkim=pass header.d=bank.test; dmarc=pass header.from=bank.test"
    fields = f"Authentication-Results: {ours}\r\nAUTHENTICATION-RESULTS: (c) MAIL.example.test;\r\n spf=pass\r\n" \
             "Authentication-Results: other.test; spf=pass\r\nAuthentication-Results: other.test 2; spf=pass\r\n"
    before, sent = len(bob.inbox()), len(far.messages)
    alice.submit(alice.draft(f"{BOB}, x@far.test", "forged", fields))
    check("forged: it leaves", far.wait(sent + 1) and wait_for(lambda: len(bob.inbox()) > before), server.story())
    for name, data in (("here", server.inbox(BOB)[-1]), ("elsewhere", far.messages[-1].data)):
        equal(f"forged: {name}", [value.split()[0] for value in email.message_from_bytes(data).get_all("Authentication-Results")], ["other.test;"])


def test_tls_optional(server, alice, far):
    """RFC 8689 4.3: what a header asks for is heard here, too, unless the envelope says otherwise."""
    for params, site in ((None, "tls-optional/far.test"), ({"REQUIRETLS": None}, "far.test")):
        _, submission = alice.submit(alice.draft("bob@far.test", extra="TLS-Required: No\r\n"), params=params, to=["bob@far.test"])
        check(f"taken, {params}", submission is not None)
        check(f"settled, {params}", server.settled(), server.queue())
        said = [line for line in server.log().split("\n") if "queue.rcpt" in line and '"bob@far.test"' in line][-1]
        check(f"where it went, {params}", f' site="{site}"' in said, said)


def test_bounce(server, alice, far):
    far.at("RCPT", reply("550 5.1.1 Nobody of that name"), times=1)
    _, sent = alice.submit(alice.draft("z@far.test", "bounce"))
    check("refused there", wait_for(lambda: alice.status(sent)["dsnBlobIds"]), server.story())
    status = alice.status(sent)
    equal("not delivered", status["deliveryStatus"]["z@far.test"],
          {"smtpReply": "550 5.1.1 Nobody of that name", "delivered": "no", "displayed": "unknown"})
    report = alice.download(status["dsnBlobIds"][0])[1]
    check("the report is there", b"multipart/report" in report and b"Nobody of that name" in report)


def test_undo(server, alice, far):
    before = len(far.messages)
    _, sent = alice.submit(alice.draft("late@far.test", "late"), {"HOLDFOR": "3600"}, ["late@far.test"])
    equal("it waits", alice.status(sent)["undoStatus"], "pending")
    check("in the queue", not server.settled(0))
    done = alice.call("EmailSubmission/set", {"update": {sent: {"undoStatus": "canceled"}}})
    equal("taken back", (done["updated"], alice.status(sent)["undoStatus"]), ({sent: None}, "canceled"))
    check("the queue is empty", server.settled())
    equal("nothing was sent", len(far.messages), before)
    _, soon = alice.submit(alice.draft("soon@far.test", "soon"), {"HOLDFOR": "1"}, ["soon@far.test"])
    check("another one leaves in time", far.wait(before + 1) and server.settled(), server.story())
    done = alice.call("EmailSubmission/set", {"update": {soon: {"undoStatus": "canceled"}}})
    equal("too late", done["notUpdated"][soon]["type"], "cannotUnsend")


def test_refused(alice):
    answers, sent = alice.submit(alice.draft("nobody@example.test, x@gone.test", "refused"))
    error = answers[0][1]["notCreated"]["s"]
    equal("nobody there", (sent, error["type"], error["invalidRecipients"]),
          (None, "invalidRecipients", ["nobody@example.test", "x@gone.test"]))


def test_away(server, alice, bob, far):
    bob.call("VacationResponse/set", {"update": {"singleton": {"isEnabled": True, "textBody": "Back on Monday"}}})
    before = len(alice.inbox())
    for subject in ("first", "second"):
        alice.submit(alice.draft(BOB, subject))
    check("an answer", wait_for(lambda: len(alice.inbox()) > before) and server.settled(), server.story())
    answers = alice.inbox()
    equal("one", len(answers), before + 1)
    newest = next(m for m in answers if m["subject"] == "Auto: first")
    equal("automatic", newest["header:Auto-Submitted:asText"], "auto-replied")
    sent = len(far.messages)
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=30) as stranger:
        stranger.sendmail("x@far.test", [BOB], f"From: x@far.test\r\nTo: {BOB}\r\nSubject: out\r\n\r\nhi\r\n")
    check("to another host", far.wait(sent + 1), server.story())
    equal("from nobody", far.messages[sent].sender, "")
    bob.call("VacationResponse/set", {"update": {"singleton": {"isEnabled": False}}})


def tell(user, message, account=None, **more):
    """MDN/send for an Email: both responses' arguments."""
    arguments = {"identityId": user.identity(), "send": {"k": {"forEmailId": message, "disposition": DISPLAYED, **more}},
                 "onSuccessUpdateEmail": {"#k": {"keywords/$mdnsent": True}}}
    if account:
        arguments["accountId"] = account
    return [answer[1] for answer in user.calls(("MDN/send", arguments), using=ALL)]


def stranger_asks(server, alice, far, subject):
    """A message of x@far.test that asks for a notification; its id."""
    text = (f"From: X <x@far.test>\r\nTo: {ALICE}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@far.test>\r\n"
            "Disposition-Notification-To: X <x@far.test>\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\nK\u00e4se?\r\n")
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=30) as stranger:
        stranger.sendmail("x@far.test", [ALICE], text.encode(), ["BODY=8BITMIME"])
    return alice.one("Email/query", {"filter": {"header": ["Message-ID", f"{subject}@far.test"]}})["ids"][0]


def test_mdn(server, alice, far):
    """What another host gets, read by somebody else's parser."""
    before = len(far.messages)
    sent, changed = tell(alice, stranger_asks(server, alice, far, "asks"), includeOriginalMessage=True,
                         textBody="Gelesen, gr\u00fc\u00dfend.", reportingUA="pc.example.test; M\u00e4il",
                         extensionFields={"X-Long": "word " * 40 + "end"})
    equal("sent", (sent["notSent"], sent["sent"]["k"]["originalMessageId"], len(changed["updated"])),
          (None, "<asks@far.test>", 1))
    check("it leaves", far.wait(before + 1) and server.settled(), server.story())
    got = far.messages[before]
    equal("from nobody", (got.sender, got.recipients), ("", ["x@far.test"]))
    message = email.message_from_bytes(got.data, policy=email.policy.SMTPUTF8)
    equal("a report", (message.get_content_type(), message.get_param("report-type")),
          ("multipart/report", "disposition-notification"))
    equal("from and to", (message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec,
                          message["In-Reply-To"], message["Auto-Submitted"], message["Disposition-Notification-To"]),
          (ALICE, "x@far.test", "<asks@far.test>", None, None))
    text, fields, original = message.iter_parts()
    equal("for people", text.get_content().strip(), "Gelesen, gr\u00fc\u00dfend.")
    equal("for programs", (fields.get_content_type(), fields["Content-Transfer-Encoding"]),
          ("message/global-disposition-notification", "8bit"))
    said = next(fields.iter_parts())
    equal("the fields", [said[name] for name in ("Reporting-UA", "Final-Recipient", "Original-Message-ID", "Disposition")],
          ["pc.example.test; M\u00e4il", f"rfc822; {ALICE}", "<asks@far.test>",
           "manual-action/mdn-sent-manually; displayed"])
    equal("an extension", said["X-Long"].split(), ["word"] * 40 + ["end"])
    returned = original.get_content()
    equal("the message itself", (original.get_content_type(), returned["Subject"], returned.get_content().strip()),
          ("message/rfc822", "asks", "K\u00e4se?"))
    check("no defects", not any(part.defects for part in message.walk()), [part.defects for part in message.walk()])


def test_mdn_small(server, alice, far):
    """Without anything of the client's: 7 bits, as RFC 8098 3.1 wants it; a bounce of it comes back to nobody."""
    before, inbox = len(far.messages), len(alice.inbox())
    far.at("RCPT", reply("550 5.1.1 Nobody of that name"), times=1)
    first = stranger_asks(server, alice, far, "refused")
    equal("sent", tell(alice, first)[0]["notSent"], None)
    check("refused there", wait_for(server.settled), server.story())
    equal("and nobody is told", len(alice.inbox()), inbox + 1)
    equal("not twice", tell(alice, first)[0]["notSent"]["k"]["type"], "mdnAlreadySent")
    tell(alice, stranger_asks(server, alice, far, "small"))
    check("it leaves", far.wait(before + 1) and server.settled(), server.story())
    message = email.message_from_bytes(far.messages[before].data, policy=email.policy.default)
    text, fields = message.iter_parts()
    equal("7bit", (fields.get_content_type(), fields["Content-Transfer-Encoding"]),
          ("message/disposition-notification", "7bit"))
    check("a text of ours", "Subject: small" in text.get_content(), text.get_content())
    equal("the fields", [tuple(block.items()) for block in fields.iter_parts()][0],
          (("Final-Recipient", f"rfc822; {ALICE}"), ("Original-Message-ID", "<small@far.test>"),
           ("Disposition", "manual-action/mdn-sent-manually; displayed")))


def test_mdn_here(alice, bob):
    """What a user here gets is tied to what she sent (RFC 8621 7), and parsed (RFC 9007 2.2)."""
    _, sent = alice.submit(alice.draft(BOB, "receipt", f"Disposition-Notification-To: {ALICE}\r\n"))
    theirs = bob.one("Email/query", {"filter": {"header": ["Message-ID", "receipt@test"]}})["ids"][0]
    automatic = {**DISPLAYED, "sendingMode": "mdn-sent-automatically"}
    equal("told", tell(bob, theirs, disposition=automatic)[0]["notSent"], None)
    status = alice.status(sent)
    equal("displayed", status["deliveryStatus"][BOB]["displayed"], "yes")
    parsed = alice.call("MDN/parse", {"blobIds": status["mdnBlobIds"]})["parsed"][status["mdnBlobIds"][0]]
    equal("parsed", (parsed["disposition"], parsed["finalRecipient"], parsed["originalMessageId"], parsed["subject"]),
          (automatic, f"rfc822; {BOB}", "<receipt@test>", "Displayed: receipt"))


def test_mdn_shared(server, alice, bob, far):
    """A message in another's account: the rights there, the Identity here."""
    before = len(far.messages)
    message = stranger_asks(server, alice, far, "shared")
    inbox = alice.mailbox("inbox")
    his = bob.session["accounts"][bob.account]["accountCapabilities"][PRINCIPALS]["currentUserPrincipalId"]

    def share(**rights):
        done = alice.call("Mailbox/set", {"update": {inbox: {"shareWith": {his: rights} if rights else None}}})
        assert inbox in (done["updated"] or {}), done
        return tell(bob, message, account=alice.account)[0]

    equal("read only", share(mayReadItems=True)["type"], "accountReadOnly")
    equal("no keywords", share(mayReadItems=True, mayAddItems=True)["notSent"]["k"]["type"], "forbidden")
    equal("his address", share(mayReadItems=True, mayAddItems=True, maySetKeywords=True)["sent"]["k"]["finalRecipient"],
          f"rfc822; {BOB}")
    check("it leaves", far.wait(before + 1) and server.settled(), server.story())
    check("from him", b"\nFrom: " in far.messages[before].data and BOB.encode() in far.messages[before].data)
    equal("hers, too, is told", tell(alice, message)[0]["notSent"]["k"]["type"], "mdnAlreadySent")


def main():
    lab.isolate()
    with ExitStack() as stack:
        stack.enter_context(DnsServer(dict(ZONES), port=53, ttl=0))
        far = stack.enter_context(Sink(host="127.0.0.2", port=25))
        server = stack.enter_context(Sender())
        server.command("alias", "add", SALES, ALICE)
        alice, bob = User(server, ALICE), User(server, BOB)
        test_session(server, alice)
        test_send(server, alice, bob, far)
        test_forged(server, alice, bob, far)
        test_tls_optional(server, alice, far)
        test_bounce(server, alice, far)
        test_undo(server, alice, far)
        test_refused(alice)
        test_away(server, alice, bob, far)
        test_mdn(server, alice, far)
        test_mdn_small(server, alice, far)
        test_mdn_here(alice, bob)
        test_mdn_shared(server, alice, bob, far)
        equal("we keep to the RFCs", far.violations, [])
        alice.close()
        bob.close()
    end()


if __name__ == "__main__":
    main()
