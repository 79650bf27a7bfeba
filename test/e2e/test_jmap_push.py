#!/usr/bin/env python3
"""Push subscriptions: verification, encryption, signatures, what push services answer, new starts."""

import datetime
import imaplib
import json
import time

from certificates import Authority
from dns_server import DnsServer
from harness import Server, check, end, equal
from jmap_client import CORE, Client
from web_push import G, Keys, Receiver, decode, encode, multiply, to_bytes, verify

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
SALES, PRESS = "sales@example.test", "press@example.test"
VAPID = "urn:ietf:params:jmap:webpush-vapid"
MESSAGE = b"From: Bob <bob@example.test>\r\nSubject: n\r\n\r\nHello\r\n"


def push_set(client, **arguments):
    """The answer of a PushSubscription/set, which takes no account."""
    answer = client.send({"using": [CORE], "methodCalls": [["PushSubscription/set", arguments, "0"]]})
    return answer["methodResponses"][0][1]


def push_get(client, **arguments):
    answer = client.send({"using": [CORE], "methodCalls": [["PushSubscription/get", arguments, "0"]]})
    return answer["methodResponses"][0][1]


def create(client, url, device="phone", **more):
    answer = push_set(client, create={"s": {"deviceClientId": device, "url": url, **more}})
    return answer["created"]["s"] if answer["created"] else answer["notCreated"]["s"]


def body_of(push, keys=None):
    return json.loads(keys.decrypt(push.body) if keys else push.body)


def subscribe(client, receiver, path, keys=None, host="127.0.0.1", **more):
    """Create and verify; the id."""
    if keys:
        more["keys"] = keys.object()
    made = create(client, receiver.url(path, host), **more)
    asked = body_of(receiver.wait(path), keys)
    push_set(client, update={made["id"]: {"verificationCode": asked["verificationCode"]}})
    return made["id"]


def states(client):
    answers = client.calls(("Email/get", {"ids": []}), ("Mailbox/get", {"ids": []}))
    return answers[0][1]["state"], answers[1][1]["state"]


def test_life(server, alice, bob, receiver):
    made = create(alice, receiver.url("/life"))
    equal("what the server set", sorted(made), ["expires", "id", "keys", "types"])
    expires = datetime.datetime.strptime(made["expires"], "%Y-%m-%dT%H:%M:%SZ")
    days = (expires - datetime.datetime.utcnow()).total_seconds() / 86400
    check("it lives for a week", 6.9 < days <= 7, days)
    push = receiver.wait("/life")
    asked = json.loads(push.body)
    equal("PushVerification", (asked["@type"], asked["pushSubscriptionId"]), ("PushVerification", made["id"]))
    check("a long code", len(asked["verificationCode"]) >= 22)
    equal("content type", push.headers["Content-Type"], "application/json")
    check("TTL", int(push.headers["TTL"]) > 0 and "Content-Encoding" not in push.headers, push.headers)

    equal("get", push_get(alice, ids=None), {"list": [{
        "id": made["id"], "deviceClientId": "phone", "verificationCode": None,
        "expires": made["expires"], "types": None}], "notFound": []})
    equal("of another user", push_get(bob, ids=[made["id"]]), {"list": [], "notFound": [made["id"]]})
    alice.import_message(MESSAGE, alice.mailbox("inbox"))
    equal("no code, as it is", push_set(alice, update={made["id"]: {"verificationCode": None}})["updated"], {made["id"]: None})
    for code in ("x", "", 5, asked["verificationCode"][:-1]):
        answer = push_set(alice, update={made["id"]: {"verificationCode": code}})
        equal(f"wrong code {code!r}", answer["notUpdated"][made["id"]]["type"], "invalidProperties")
    answer = push_set(bob, update={made["id"]: {"verificationCode": asked["verificationCode"]}})
    equal("code by another user", answer["notUpdated"][made["id"]]["type"], "notFound")
    answer = push_set(alice, update={made["id"]: {"verificationCode": asked["verificationCode"]}})
    equal("the code", answer["updated"], {made["id"]: None})
    answer = push_set(alice, update={made["id"]: {"verificationCode": None}})
    equal("it is not taken back", answer["notUpdated"][made["id"]]["type"], "invalidProperties")
    equal("get the code", push_get(alice, ids=[made["id"]], properties=["verificationCode"])["list"],
          [{"id": made["id"], "verificationCode": asked["verificationCode"]}])

    alice.import_message(MESSAGE, alice.mailbox("inbox"))
    push = receiver.wait("/life", 2)
    email, mailbox = states(alice)
    change = json.loads(push.body)
    told = change["changed"][alice.account]
    equal("StateChange", (change["@type"], told["Email"], told["Mailbox"], told["EmailDelivery"]),
          ("StateChange", email, mailbox, email))
    equal("nothing before it was verified", receiver.count("/life"), 2)
    check("headers", push.headers["Urgency"] == "normal" and push.headers["Topic"] == "StateChange",
          push.headers)

    answer = push_set(alice, update={made["id"]: {"types": ["Mailbox", "Foo"], "expires": None}})
    check("types changed", "expires" in answer["updated"][made["id"]], answer)
    equal("types", push_get(alice, ids=None, properties=["types"])["list"][0]["types"], ["Mailbox", "Foo"])
    box = alice.one("Mailbox/set", {"create": {"x": {"name": "Pushed"}}})["created"]["x"]["id"]
    push = receiver.wait("/life", 3)
    equal("only wanted types", list(json.loads(push.body)["changed"][alice.account]), ["Mailbox"])
    equal("not urgent", push.headers["Urgency"], "low")

    equal("destroy", push_set(alice, destroy=[made["id"]])["destroyed"], [made["id"]])
    equal("gone", push_get(alice, ids=[made["id"]])["notFound"], [made["id"]])
    alice.one("Mailbox/set", {"destroy": [box]})
    return made


def test_keys(alice, receiver):
    session = alice.open()
    key = decode(session["capabilities"][VAPID]["applicationServerKey"])
    keys = Keys()
    id = subscribe(alice, receiver, "/keys", keys)
    push = receiver.wait("/keys")
    equal("coding", push.headers["Content-Encoding"], "aes128gcm")
    scheme, rest = push.headers["Authorization"].split(" ", 1)
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    claims = verify(fields["t"], key)
    equal("who pushes", (scheme, decode(fields["k"])), ("vapid", key))
    equal("claims", (claims["aud"], claims["sub"]), (receiver.url(""), "mailto:postmaster@example.test"))
    check("for a day at most", time.time() < claims["exp"] <= time.time() + 86400, claims)
    one = alice.import_message(MESSAGE, alice.mailbox("inbox"))
    push = receiver.wait("/keys", 2)
    equal("encrypted", body_of(push, keys)["changed"][alice.account]["Email"], states(alice)[0])
    check("not readable", b"StateChange" not in push.body)
    first = receiver.wait("/keys").body
    check("salt and key are new each time", first[:16] != push.body[:16] and first[21:86] != push.body[21:86])
    push_set(alice, destroy=[id])
    alice.one("Email/set", {"destroy": [one["id"]]})


def test_answers(alice, receiver):
    """What push services say: gone, too many, broken."""
    flags = ["$seen", "$flagged", "$answered", "$draft", "a", "b"]
    one = alice.import_message(MESSAGE, alice.mailbox("inbox"))

    def change():
        alice.one("Email/set", {"update": {one["id"]: {"keywords/" + flags.pop(): True}}})
    busy = subscribe(alice, receiver, "/busy")
    receiver.answer["/busy"] = [(429, {"Retry-After": "1"})]
    change()
    receiver.wait("/busy", 2)
    change()
    change()
    again = json.loads(receiver.wait("/busy", 3).body)["changed"][alice.account]
    equal("429: later, and the newest of all in one", again["Email"], states(alice)[0])
    push_set(alice, destroy=[busy])

    gone = {status: subscribe(alice, receiver, f"/{status}") for status in (404, 410)}
    for status in gone:
        receiver.answer[f"/{status}"] = [(status, {})]
    change()
    for status, id in gone.items():
        receiver.wait(f"/{status}", 2)
        for _ in range(200):
            left = push_get(alice, ids=[id])["list"]
            if not left:
                break
            time.sleep(0.02)
        equal(f"{status} ends it", left, [])
    receiver.answer["/gone-at-once"] = [(404, {})]
    made = create(alice, receiver.url("/gone-at-once"))
    receiver.wait("/gone-at-once")
    for _ in range(200):
        left = push_get(alice, ids=[made["id"]])["list"]
        if not left:
            break
        time.sleep(0.02)
    equal("404 to the verification", left, [])
    alice.one("Email/set", {"destroy": [one["id"]]})


def test_start(server, alice, receiver):
    """What moved while nobody could be told is told after a new start; what was told is not."""
    told, missed = (subscribe(alice, receiver, path) for path in ("/told", "/missed"))
    waits = create(alice, receiver.url("/waits"))
    receiver.wait("/waits")
    receiver.answer["/missed"] = [(500, {})]
    one = alice.import_message(MESSAGE, alice.mailbox("inbox"))
    receiver.wait("/told", 2)
    receiver.wait("/missed", 2)
    alice.calls(("Core/echo", {}))
    alice.close()
    equal("a clean stop", server.stop(), 0)
    server.start()
    push = receiver.wait("/missed", 3)
    equal("told after the start", json.loads(push.body)["changed"][alice.account]["Email"], states(alice)[0])
    alice.one("Email/set", {"update": {one["id"]: {"keywords/$flagged": True}}})
    push = receiver.wait("/told", 3)
    equal("told once", (receiver.count("/told"), json.loads(push.body)["changed"][alice.account]["Email"]),
          (3, states(alice)[0]))
    equal("asked once", receiver.count("/waits"), 1)
    code = json.loads(receiver.wait("/waits").body)["verificationCode"]
    push_set(alice, update={waits["id"]: {"verificationCode": code}})
    alice.one("Email/set", {"destroy": [one["id"]]})
    receiver.wait("/waits", 2)
    server.kill()
    alice.close()
    server.start()
    equal("after a crash", len(push_get(alice, ids=None)["list"]), 3)
    push_set(alice, destroy=[told, missed, waits["id"]])


def test_shared(server, alice, bob, receiver):
    """A mailbox that is shared, a group's account; and after a new start only what moved."""
    for name in (SALES, PRESS):
        with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
            imap.login(name, SECRET)  # its mailboxes are made
    server.command("group", "add", SALES)
    server.command("group", "join", SALES, BOB)
    made = subscribe(bob, receiver, "/bob")
    group = next(key for key, value in bob.open()["accounts"].items() if value["name"] == SALES)
    bob.own, bob.account = bob.account, group
    bob.import_message(MESSAGE, bob.mailbox("inbox"))
    equal("a group's", list(json.loads(receiver.wait("/bob", 2).body)["changed"]), [group])

    def give(rights):
        with imaplib.IMAP4("127.0.0.1", server.port("imap")) as imap:
            imap.login(ALICE, SECRET)
            equal("SETACL", imap.setacl("Archive", BOB, rights)[0], "OK")
    give("lr")
    told = json.loads(receiver.wait("/bob", 3).body)["changed"]
    equal("shared", (sorted(told[alice.account]), list(told[bob.own])),
          (["Email", "Mailbox", "Thread"], ["ShareNotification"]))
    alice.import_message(MESSAGE, alice.mailbox("archive"))
    told = json.loads(receiver.wait("/bob", 4).body)["changed"]
    equal("what he sees", (list(told), told[alice.account]["Email"]), ([alice.account], states(alice)[0]))
    alice.import_message(MESSAGE, alice.mailbox("sent"))
    bob.calls(("Core/echo", {}))
    alice.close(), bob.close()
    equal("a clean stop", server.stop(), 0)
    server.start()
    bob.account = bob.own
    bob.import_message(MESSAGE, bob.mailbox("inbox"))
    equal("only what moved", list(json.loads(receiver.wait("/bob", 5).body)["changed"]), [bob.own])
    alice.close(), bob.close()
    server.stop()
    server.start()
    receiver.answer["/bob"] = [(500, {})]
    alice.import_message(MESSAGE, alice.mailbox("archive"))
    receiver.wait("/bob", 6)
    alice.calls(("Core/echo", {}))
    alice.close(), bob.close()
    server.stop()
    server.start()
    told = json.loads(receiver.wait("/bob", 7).body)["changed"]
    equal("what could not be told", sorted(told), sorted([alice.account, group]))
    give('""')
    equal("taken", sorted(json.loads(receiver.wait("/bob", 8).body)["changed"]), sorted([alice.account, bob.own]))
    server.command("group", "add", PRESS)
    server.command("group", "join", PRESS, BOB)
    told = json.loads(receiver.wait("/bob", 9).body)["changed"]
    names = {key: value["name"] for key, value in bob.open()["accounts"].items()}
    equal("joined", sorted(names[key] for key in told), [PRESS, SALES])
    equal("destroyed", push_set(bob, destroy=[made])["destroyed"], [made])


def test_wrong(alice, receiver):
    point = encode(to_bytes(multiply(5, G)))
    auth = encode(b"0" * 16)
    good = {"deviceClientId": "d", "url": receiver.url("/wrong")}

    def wrong(property, **members):
        answer = push_set(alice, create={"s": {**good, **members}})
        error = answer["notCreated"]["s"] if answer["notCreated"] else {}
        equal(f"{property}: {members}"[:60], (error.get("type"), error.get("properties")),
              ("invalidProperties", [property]))
    for url in (5, "", "ftp://x.test/", "https://", "https://a b/", "x", "https://u:p@x.test/", "https://" + "x" * 3000):
        wrong("url", url=url)
    for device in (5, "", None, "x" * 256):
        wrong("deviceClientId", deviceClientId=device)
    for keys in (5, [], {}, {"p256dh": point}, {"auth": auth}, {"p256dh": point, "auth": encode(b"0" * 15)},
                 {"p256dh": point[:-2], "auth": auth}, {"p256dh": "A" * 87, "auth": auth},
                 {"p256dh": point + "!", "auth": auth}):
        wrong("keys", keys=keys)
    for expires in (5, "", "tomorrow", "2020-01-01T00:00:00Z", "2090-01-01T00:00:00+01:00"):
        wrong("expires", expires=expires)
    for types in (5, "Email", [1], {}, ["x" * 5000], ["x"] * 101):
        wrong("types", types=types)
    wrong("verificationCode", verificationCode="x")
    wrong("id", id="p1")
    wrong("color", color="red")
    equal("nothing was sent", receiver.count("/wrong"), 0)


def test_https(server_settings):
    with Authority() as ca, Receiver(ca.issue("push.test").context()) as receiver, \
            DnsServer({("push.test", "A"): ["127.0.0.1"]}) as dns:
        settings = f"[dns]\nservers = {dns.address}\n[http-client]\nca-file = {ca.path}\n"
        with Server(settings=settings + server_settings) as server:
            server.add_user(ALICE, SECRET)
            alice = Client(f"http://127.0.0.1:{server.port('http')}", ALICE, SECRET)
            keys = Keys()
            subscribe(alice, receiver, "/https", keys, host="push.test")
            token = receiver.wait("/https").headers["Authorization"].split("t=")[1].split(",")[0]
            equal("the owner's contact", json.loads(decode(token.split(".")[1])), {
                "aud": receiver.url("", "push.test"), "sub": "mailto:owner@example.test",
                "exp": json.loads(decode(token.split(".")[1]))["exp"]})
            alice.import_message(MESSAGE, alice.mailbox("inbox"))
            check("over https", "changed" in body_of(receiver.wait("/https", 2), keys))
            alice.close()
        with Server(settings=settings) as server:
            server.add_user(ALICE, SECRET)
            alice = Client(f"http://127.0.0.1:{server.port('http')}", ALICE, SECRET)
            asked = dns.count("push.test", "A")
            equal("http is for the house", create(alice, "http://push.test/")["type"], "invalidProperties")
            create(alice, receiver.url("/private", "push.test"))
            while dns.count("push.test", "A") == asked:
                time.sleep(0.01)
            for _ in range(20):
                alice.calls(("Core/echo", {}))
            equal("private addresses are not pushed to", receiver.count("/private"), 0)
            alice.close()


def test_many(alice, bob, receiver):
    ids = [create(bob, receiver.url(f"/many{n}"), device=f"d{n}")["id"] for n in range(20)]
    equal("no more than twenty", create(bob, receiver.url("/many"))["type"], "overQuota")
    for n in range(20):
        receiver.wait(f"/many{n}")
    equal("all of them", sorted(s["id"] for s in push_get(bob, ids=None)["list"]), sorted(ids))
    equal("destroyed", len(push_set(bob, destroy=ids)["destroyed"]), 20)
    for _ in range(60):
        made = create(bob, receiver.url("/again"))
        if "id" not in made:
            break
        push_set(bob, destroy=[made["id"]])
    equal("not for ever in an hour", made.get("type"), "rateLimit")


def main():
    private = "[jmap]\npush-private = yes\n"
    contact = "push-contact = owner@example.test\n"
    with Server(settings=private) as server, Receiver() as receiver:
        for name in (ALICE, BOB, SALES, PRESS):
            server.add_user(name, SECRET)
        base = f"http://127.0.0.1:{server.port('http')}"
        alice, bob = (Client(base, name, SECRET) for name in (ALICE, BOB))
        alice.open()
        bob.open()
        test_life(server, alice, bob, receiver)
        test_keys(alice, receiver)
        test_answers(alice, receiver)
        test_wrong(alice, receiver)
        test_shared(server, alice, bob, receiver)
        test_start(server, alice, receiver)
        bob.close()
        test_many(alice, bob, receiver)
        alice.close()
        bob.close()
    test_https(private + contact)
    end()


if __name__ == "__main__":
    main()
