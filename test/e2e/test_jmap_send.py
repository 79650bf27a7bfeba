#!/usr/bin/env python3
"""JMAP users send: to each other and to another host, what comes back, what is taken back, and who is away.

In a network of its own (lab.py).
"""

import smtplib
from contextlib import ExitStack

import lab
from dns_server import DnsServer
from harness import check, end, equal
from jmap_client import CORE, MAIL, Client
from sender import ALICE, BOB, SECRET, Sender, wait_for
from sink import Sink, reply

ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"]}
SUBMISSION, VACATION = "urn:ietf:params:jmap:submission", "urn:ietf:params:jmap:vacationresponse"
ALL = (CORE, MAIL, SUBMISSION, VACATION)
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


def test_session(alice):
    account = alice.session["accounts"][alice.account]["accountCapabilities"]
    check("delays are offered", account[SUBMISSION]["maxDelayedSend"] == 7 * 86400, account[SUBMISSION])
    check("and extensions", {"DSN", "FUTURERELEASE"} <= set(account[SUBMISSION]["submissionExtensions"]))
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


def main():
    lab.isolate()
    with ExitStack() as stack:
        stack.enter_context(DnsServer(dict(ZONES), port=53, ttl=0))
        far = stack.enter_context(Sink(host="127.0.0.2", port=25))
        server = stack.enter_context(Sender())
        server.command("alias", "add", SALES, ALICE)
        alice, bob = User(server, ALICE), User(server, BOB)
        test_session(alice)
        test_send(server, alice, bob, far)
        test_bounce(server, alice, far)
        test_undo(server, alice, far)
        test_refused(alice)
        test_away(server, alice, bob, far)
        equal("we keep to the RFCs", far.violations, [])
        alice.close()
        bob.close()
    end()


if __name__ == "__main__":
    main()
