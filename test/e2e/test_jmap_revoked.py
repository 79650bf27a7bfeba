#!/usr/bin/env python3
"""What outlives its login ends with it: event streams, WebSockets and push subscriptions of a token or a password."""

from harness import Server, check, end, equal
from jmap_client import Client
from jmap_push import Events, Jmap
from ours import wait_for
from test_jmap_push import body_of, create, push_get, push_set, subscribe
from web_push import Receiver

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
MINUTE = 60


def client(server, token=None, name=ALICE, password=SECRET):
    made = Client(f"http://127.0.0.1:{server.port('http')}", name, password, timeout=MINUTE)
    if token:
        made.headers = {"Authorization": "Bearer " + token}
    made.open()
    return made


def add_token(server, name):
    return server.command("user", "token", "add", ALICE, "--name", name).stdout.strip()


class Lasting:
    """One of each, with one login."""

    def __init__(self, server, receiver, who, path):
        self.client, self.receiver, self.path = who, receiver, path
        self.events = Events(who, timeout=MINUTE)
        self.jmap = Jmap(server, who, timeout=MINUTE)
        self.subscription = subscribe(who, receiver, path)

    def holds(self):
        self.jmap.request(["Core/echo", {}, "0"])
        equal(f"{self.path}: the WebSocket answers", self.jmap.next()["@type"], "Response")
        equal(f"{self.path}: the subscription is there",
              [s["id"] for s in push_get(self.client, ids=None)["list"]], [self.subscription])

    def is_over(self):
        """Within a minute all are: reading waits for the ends."""
        rest = self.events.stream.read()
        check(f"{self.path}: the stream ends", rest.strip(b":\n") == b"", rest)
        equal(f"{self.path}: the WebSocket is closed", self.jmap.ws.close_code(), 1008)
        self.events.close()
        self.jmap.ws.close()


def is_destroyed(server, subscription):
    """The log says so within a minute."""
    return wait_for(lambda: f'id="{subscription}" why="its password' in server.log(), MINUTE)


def test_token(server, receiver):
    phone, tv = (Lasting(server, receiver, client(server, add_token(server, n)), "/" + n) for n in ("phone", "tv"))
    mine = Lasting(server, receiver, client(server), "/password")
    for each in (phone, tv, mine):
        each.holds()
    equal("one's own are no others'", push_get(tv.client, ids=[phone.subscription])["notFound"], [phone.subscription])
    for change in ({"update": {phone.subscription: {"types": []}}}, {"destroy": [phone.subscription]}):
        answer = push_set(tv.client, **change)
        equal("nor changed by them", (answer["notUpdated"] or answer["notDestroyed"])[phone.subscription]["type"],
              "notFound")
    server.command("user", "token", "del", ALICE, "--name", "phone")
    phone.is_over()
    check("the subscription is destroyed", is_destroyed(server, phone.subscription))
    before = receiver.count("/phone")
    for each in (tv, mine):
        each.holds()
    mine.client.one("Mailbox/set", {"create": {"x": {"name": "Told"}}})
    check("others hear of changes", "changed" in body_of(receiver.wait("/tv", 2)))
    receiver.wait("/password", 2)
    equal("it does not", receiver.count("/phone"), before)
    for each in (tv, mine):
        each.jmap.ws.close()
        each.events.close()
        push_set(each.client, destroy=[each.subscription])
        each.client.close()
    phone.client.close()


def test_password(server, receiver):
    old = Lasting(server, receiver, client(server), "/old")
    other = Lasting(server, receiver, client(server, add_token(server, "other")), "/other")
    server.command("user", "passwd", ALICE, "--password-stdin", input="new horse\n")
    old.is_over()
    check("a new password ends it", is_destroyed(server, old.subscription))
    new = client(server, password="new horse")
    equal("nothing is left for the new one", push_get(new, ids=None)["list"], [])
    other.holds()
    server.command("user", "disable", ALICE)
    other.is_over()
    check("a disabled user has none", is_destroyed(server, other.subscription))
    server.command("user", "enable", ALICE)
    server.command("user", "passwd", ALICE, "--password-stdin", input=SECRET + "\n")
    for each in (old.client, other.client, new):
        each.close()


def test_start(server, receiver):
    """What was revoked while nobody ran is found at the start."""
    phone = client(server, add_token(server, "away"))
    subscription = subscribe(phone, receiver, "/away")
    phone.close()
    server.stop()
    server.command("user", "token", "del", ALICE, "--name", "away")
    server.start()
    check("after a new start", is_destroyed(server, subscription))


def test_groups(server):
    """An open WebSocket learns that the user left a group."""
    server.add_user("sales@example.test", "x" * 12)
    sales = client(server, name="sales@example.test", password="x" * 12)
    server.command("group", "add", "sales@example.test")
    server.command("group", "join", "sales@example.test", ALICE)
    alice = client(server)
    jmap = Jmap(server, alice)
    ask = ["Mailbox/get", {"accountId": sales.account, "ids": []}, "0"]
    jmap.request(ask)
    equal("a member", jmap.next()["methodResponses"][0][0], "Mailbox/get")
    server.command("group", "leave", "sales@example.test", ALICE)

    def answer():
        jmap.request(ask)
        return jmap.next()["methodResponses"][0][1].get("type")
    check("a member no more", wait_for(lambda: answer() == "accountNotFound", MINUTE))
    jmap.ws.close()
    alice.close()
    sales.close()


def main():
    with Server(settings="[jmap]\npush-private = yes\n") as server, Receiver() as receiver:
        server.add_user(ALICE, SECRET)
        test_token(server, receiver)
        test_password(server, receiver)
        test_start(server, receiver)
        test_groups(server)
    end()


if __name__ == "__main__":
    main()
