#!/usr/bin/env python3
"""JMAP over WebSocket and EventSource: requests, errors, pushes, limits, rude clients."""

import json
import os
import socket
import threading

from harness import Server, check, end, equal
from jmap_client import CORE, MAIL, Client
from jmap_push import Events, Jmap
from websocket_client import PING, PONG, Refused, WebSocket

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
WEBSOCKET = "urn:ietf:params:jmap:websocket"
MESSAGE = b"From: Bob <bob@example.test>\r\nSubject: n\r\n\r\nHello\r\n"


def refused(name, want, call):
    try:
        call()
        equal(name, 101, want)
    except Refused as e:
        equal(name, e.status, want)
        return e.head
    return {}


def test_opening(server, alice):
    capability = alice.open()["capabilities"][WEBSOCKET]
    equal("capability", capability, {"url": f"ws://127.0.0.1:{server.port('http')}/jmap/ws",
                                     "supportsPush": True})
    secure = Client(f"https://127.0.0.1:{server.port('https')}", ALICE, SECRET)
    check("over TLS", secure.open()["capabilities"][WEBSOCKET]["url"].startswith("wss://"))
    secure.close()

    port = server.port("http")
    jmap = Jmap(server, alice)
    equal("subprotocol", jmap.ws.headers["sec-websocket-protocol"], "jmap")
    jmap.ws.close()
    head = refused("no password", 401, lambda: Jmap(server, alice, headers={}))
    check("asked for one", "Basic" in head.get("www-authenticate", ""), head)
    refused("no subprotocol", 400, lambda: WebSocket(port, "/jmap/ws", headers=alice.headers))
    refused("other site", 403, lambda: Jmap(server, alice, headers={
        **alice.headers, "Origin": "https://evil.example"}))
    Jmap(server, alice, headers={**alice.headers, "Origin": f"http://127.0.0.1:{port}"}).ws.close()
    status, headers, _ = alice.request("GET", alice.base + "/jmap/ws", want=None)
    equal("no upgrade", (status, headers["Sec-WebSocket-Version"]), (426, "13"))
    equal("the connection goes on", alice.request("GET", alice.base + "/jmap/session")[0], 200)


def test_tickets(server, alice, bob):
    """A page's way in: a ticket in the URL, good once, and no longer than what it was asked for with."""
    endpoint = alice.open()["capabilities"]["com:linagora:params:jmap:ws:ticket"]["generationEndpoint"]
    path = "/jmap/ws?ticket="

    def ticket(client):
        return json.loads(client.request("POST", endpoint, b"")[2])

    def account(url, **headers):
        """Whose it is, asked over the WebSocket; or the status."""
        try:
            ws = WebSocket(server.port("http"), url, protocol="jmap", headers=headers)
        except Refused as e:
            return e.status
        ws.send(json.dumps({"@type": "Request", "using": [CORE, MAIL], "methodCalls": [
            ["Mailbox/get", {"accountId": alice.account, "ids": []}, "0"]]}))
        kind = json.loads(ws.text())["methodResponses"][0][0]
        ws.close()
        return kind
    status, headers, body = alice.request("POST", endpoint, b"")
    made = json.loads(body)
    equal("a ticket", (status, headers["Cache-Control"], sorted(made)),
          (200, "no-store", ["clientAddress", "generatedOn", "username", "validUntil", "value"]))
    equal("whose", (made["username"], len(made["value"])), (ALICE, 32))
    body = alice.request("POST", endpoint, b"", {"X-Forwarded-For": "192.0.2.7"})[2]
    equal("where from", (made["clientAddress"], json.loads(body)["clientAddress"]), ("127.0.0.1", "192.0.2.7"))
    equal("opens", account(path + made["value"]), "Mailbox/get")
    equal("once", account(path + made["value"]), 401)
    equal("none", account(path), 401)
    equal("besides what a browser remembers", account(path + ticket(alice)["value"], Authorization=bob.headers["Authorization"]), "Mailbox/get")
    equal("a wrong one, and a good password", account(path + "x", **alice.headers), 401)
    equal("of another user", account(path + ticket(bob)["value"]), "error")
    equal("not without a login", bob.request("POST", endpoint, b"", {"Authorization": "Basic !"}, want=None)[0], 401)
    value = ticket(alice)["value"]
    equal("taken back by another", bob.request("DELETE", f"{endpoint}/{value}", want=(204,))[0], 204)
    equal("is still good", account(path + value), "Mailbox/get")
    value = ticket(alice)["value"]
    equal("taken back", alice.request("DELETE", f"{endpoint}/{value}", want=(204,))[0], 204)
    equal("is gone", account(path + value), 401)
    value = ticket(alice)["value"]
    status = alice.request("GET", f"{alice.base}/jmap/session?ticket={value}", headers={"Authorization": "Basic !"}, want=None)[0]
    equal("for nothing else", status, 401)
    equal("is a page's way in only from named origins", account(path + value, Origin="https://evil.example"), 403)
    token = server.command("user", "token", "add", ALICE, "--name", "page").stdout.strip()
    phone = Client(alice.base, "", "")
    phone.headers = {"Authorization": "Bearer " + token}
    equal("by a token", account(path + ticket(phone)["value"]), "Mailbox/get")
    value = ticket(phone)["value"]
    server.command("user", "token", "del", ALICE, "--name", "page")
    equal("the token is gone", account(path + value), 401)
    phone.close()
    check("no ticket in the log", value not in server.log())


def test_requests(server, alice, **options):
    jmap = Jmap(server, alice, **options)
    echo = ["Core/echo", {"hello": True, "high": 5}, "b3ff"]
    jmap.request(echo, id="R1")
    answer = jmap.next()
    equal("Response", (answer["@type"], answer["requestId"], answer["methodResponses"]),
          ("Response", "R1", [echo]))
    equal("state of the session", answer["sessionState"], alice.session["state"])
    jmap.request(echo)
    check("without an id", "requestId" not in jmap.next())
    jmap.request(echo, id=None)
    check("id null", "requestId" not in jmap.next())
    jmap.send(_type="Request", using=[CORE, MAIL, WEBSOCKET], id="u", methodCalls=[echo])
    equal("its own URN in using", jmap.next()["@type"], "Response")
    jmap.request(["Mailbox/set", {"accountId": alice.account, "create": {"x": {"name": "S" + os.urandom(4).hex()}}},
                  "0"], createdIds={}, id="c")
    check("createdIds", jmap.next()["createdIds"]["x"].startswith("m"))
    jmap.request(["Foo/bar", {}, "0"], id="e")
    equal("method error", jmap.next()["methodResponses"][0][1]["type"], "unknownMethod")

    for n in range(20):
        jmap.request(["Core/echo", {"n": n}, "0"], id=f"P{n}")
    got = [jmap.next() for _ in range(20)]
    equal("answered in order", [(a["requestId"], a["methodResponses"][0][1]["n"]) for a in got],
          [(f"P{n}", n) for n in range(20)])

    big = "ä" * 100_000
    jmap.ws.send(json.dumps({"@type": "Request", "id": "big", "using": [CORE], "methodCalls": [
        ["Core/echo", {"x": [big, big]}, "0"]]}), fragment=1000)
    equal("long both ways", jmap.next()["methodResponses"][0][1]["x"], [big, big])
    jmap.ws.frame(PING, b"are you there")
    equal("ping", jmap.ws.next(), (PONG, b"are you there"))

    def wrong(name, want, text, id=None):
        jmap.ws.send(text if isinstance(text, (str, bytes)) else json.dumps(text))
        equal(name, jmap.error(), ("RequestError", id, want, 400))
    wrong("not JSON", "notJSON", "The quick brown fox jumps over the lazy dog.")
    wrong("empty", "notJSON", "")
    wrong("no I-JSON", "notJSON", '{"@type":"Request","@type":"Request"}')
    wrong("no object", "notRequest", [])
    wrong("no type", "notRequest", {"using": [CORE], "methodCalls": []})
    wrong("unknown type", "notRequest", {"@type": "Foo"})
    wrong("no type, but an id", "notRequest", {"id": "q", "using": [CORE], "methodCalls": []}, "q")
    wrong("type that is no text", "notRequest", {"@type": 1})
    wrong("no calls", "notRequest", {"@type": "Request", "id": "n", "using": [CORE]}, "n")
    wrong("id that is no text", "notRequest", {"@type": "Request", "id": 1, "using": [CORE],
                                               "methodCalls": []})
    wrong("unknown capability", "unknownCapability", {"@type": "Request", "id": "k", "using": ["x"],
                                                      "methodCalls": []}, "k")
    wrong("too many calls", "limit", {"@type": "Request", "id": "l", "using": [CORE],
                                      "methodCalls": [echo] * 100}, "l")
    wrong("dataTypes that are no list", "notRequest", {"@type": "WebSocketPushEnable",
                                                       "dataTypes": "Email"})
    wrong("dataTypes that are no texts", "notRequest", {"@type": "WebSocketPushEnable",
                                                        "dataTypes": [1]})
    wrong("pushState that is no text", "notRequest", {"@type": "WebSocketPushEnable", "dataTypes": None,
                                                      "pushState": 5})
    jmap.request(echo, id="still")
    equal("and goes on", jmap.next()["requestId"], "still")
    jmap.ws.frame(8, b"\x03\xe8")
    equal("closed", jmap.ws.close_code(), 1000)
    jmap.ws.close()


class Wire:
    """In place of a socket: what would be sent, to send it at once."""

    def __init__(self):
        self.bytes = b""

    def sendall(self, piece):
        self.bytes += piece


def test_ping_meanwhile(server, alice):
    """A Ping behind a request that takes many slices is answered before it, the request behind that one after it."""
    jmap = Jmap(server, alice)
    real, jmap.ws.socket = jmap.ws.socket, Wire()
    jmap.request(["Core/echo", {"many": ["x"] * 500000}, "0"], id="long")
    jmap.ws.frame(PING, b"meanwhile")
    jmap.request(["Core/echo", {}, "0"], id="short")
    wire, jmap.ws.socket = jmap.ws.socket, real
    real.sendall(wire.bytes)
    equal("ping", jmap.ws.next(), (PONG, b"meanwhile"))
    answers = [jmap.next(), jmap.next()]
    equal("in order", [answer["requestId"] for answer in answers], ["long", "short"])
    equal("whole", len(answers[0]["methodResponses"][0][1]["many"]), 500000)
    jmap.ws.close()


def test_push(server, alice):
    jmap = Jmap(server, alice)
    inbox = alice.mailbox("inbox")
    jmap.send(_type="WebSocketPushEnable", dataTypes=None)
    jmap.request(["Core/echo", {}, "0"])
    equal("nothing to tell at first", jmap.next()["@type"], "Response")
    one = alice.import_message(MESSAGE, inbox)
    change = jmap.next()
    states = change["changed"][alice.account]
    equal("StateChange", (change["@type"], states["Email"]),
          ("StateChange", alice.one("Email/get", {"ids": []})["state"]))
    equal("all types", set(states), {"Email", "Mailbox", "Thread", "EmailDelivery"})
    seen = change["pushState"]

    jmap.send(_type="WebSocketPushEnable", dataTypes=["Mailbox", "Unheard"], pushState=seen)
    jmap.request(["Core/echo", {}, "0"])
    equal("nothing missed", jmap.next()["@type"], "Response")
    alice.one("Email/set", {"update": {one["id"]: {"keywords/$flagged": True}}})
    alice.one("Email/set", {"update": {one["id"]: {"keywords/$seen": True}}})
    equal("only Mailbox", set(jmap.next()["changed"][alice.account]), {"Mailbox"})

    jmap.send(_type="WebSocketPushDisable")
    jmap.request(["Core/echo", {}, "0"])
    equal("disabled", jmap.next()["@type"], "Response")
    alice.one("Email/set", {"destroy": [one["id"]]})
    jmap.request(["Core/echo", {}, "0"])
    equal("nothing told", jmap.next()["@type"], "Response")
    jmap.send(_type="WebSocketPushEnable", dataTypes=["Email", "Mailbox"], pushState=seen)
    change = jmap.next()
    equal("what was missed", set(change["changed"][alice.account]), {"Email", "Mailbox"})
    jmap.send(_type="WebSocketPushEnable", dataTypes=["Email"], pushState="rubbish")
    equal("a state that is not ours", set(jmap.next()["changed"][alice.account]), {"Email"})

    jmap.request(["Mailbox/set", {"accountId": alice.account, "create": {"x": {"name": "Pushed"}}}, "0"])
    jmap.send(_type="WebSocketPushEnable", dataTypes=["Mailbox"], pushState=change["pushState"])
    got = [jmap.next()["@type"] for _ in range(2)]
    equal("its own change", sorted(got), ["Response", "StateChange"])
    jmap.ws.close()


def test_limits(server, alice, bob):
    jmap = Jmap(server, alice)
    jmap.request(["Core/echo", {}, "0"], id="before")
    equal("before", jmap.next()["requestId"], "before")
    jmap.ws.frame(1, b"x" * 6_000_000, final=False)
    try:
        jmap.ws.frame(0, b"x" * 6_000_000)
    except (ConnectionResetError, BrokenPipeError):
        pass
    try:
        problem = jmap.next()
        equal("larger than maxSizeRequest", (problem["@type"], problem["requestId"], problem["limit"]),
              ("RequestError", None, "maxSizeRequest"))
        equal("and closed", jmap.ws.close_code(), 1009)
    except (ConnectionResetError, EOFError):
        check("larger than maxSizeRequest", False, "nothing came")
    jmap.ws.close()

    for name, first, payload, want in (("binary", 2, b"{}", 1003), ("no UTF-8", 1, b"\xff", 1007),
                                       ("unknown opcode", 3, b"", 1002), ("continuation", 0, b"", 1002)):
        jmap = Jmap(server, alice)
        jmap.ws.frame(first, payload)
        equal(name, jmap.ws.close_code(), want)
        jmap.ws.close()
    jmap = Jmap(server, alice)
    jmap.ws.socket.sendall(b"\x81\x02{}")
    equal("not masked", jmap.ws.close_code(), 1002)
    jmap.ws.close()

    # Responses that are not taken hold the next request back; others are served meanwhile.
    slow = Jmap(server, bob, receive_buffer=4096)
    filler = ["Core/echo", {"x": "y" * 1_000_000}, "0"]
    sender = threading.Thread(target=lambda: [slow.request(filler, id=str(n)) for n in range(5)])
    sender.start()
    equal("others are served", bob.calls(("Core/echo", {"a": 1}))[0][1], {"a": 1})
    equal("a slow reader gets all", [slow.next()["requestId"] for _ in range(5)], list("01234"))
    sender.join()
    slow.ws.close()

    # Requests over HTTP whose bodies are on their way count, too (maxConcurrentRequests).
    started = []
    for _ in range(10):
        s = socket.create_connection(("127.0.0.1", server.port("http")), timeout=20)
        s.sendall(("POST /jmap/api HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n"
                   f"Authorization: {bob.headers['Authorization']}\r\n\r\n").encode())
        equal("under way", s.recv(100)[:12], b"HTTP/1.1 100")
        started.append(s)
    jmap = Jmap(server, bob)
    jmap.request(["Core/echo", {}, "0"], id="eleventh")
    problem = jmap.next()
    equal("one too many", (problem["requestId"], problem["limit"]), ("eleventh", "maxConcurrentRequests"))
    for s in started:
        s.close()
    for _ in range(200):
        jmap.request(["Core/echo", {}, "0"], id="again")
        answer = jmap.next()["@type"]
        if answer == "Response":
            break
    equal("and then again", answer, "Response")
    jmap.ws.close()

    # Gone in the middle of everything.
    for cut in (b"\x81", b"\x81\xfe\x10", b"\x01\x85abcdxy"):
        jmap = Jmap(server, alice)
        jmap.ws.socket.sendall(cut)
        jmap.ws.socket.shutdown(socket.SHUT_RDWR)
        jmap.ws.close()
    jmap = Jmap(server, alice)
    jmap.request(["Email/query", {"accountId": alice.account}, "0"])
    jmap.ws.close()
    many = [Jmap(server, alice) for _ in range(30)]
    for each in many:
        each.request(["Core/echo", {}, "0"], id="m")
    equal("thirty at once", {each.next()["@type"] for each in many}, {"Response"})
    for each in many:
        each.ws.close()


def test_events(alice):
    inbox = alice.mailbox("inbox")
    stream = Events(alice, types="Email,Unheard")
    one = alice.import_message(MESSAGE, inbox)
    kind, id, data = stream.next()
    equal("event", (kind, set(data["changed"][alice.account])), ("state", {"Email"}))
    stream.close()
    alice.one("Email/set", {"destroy": [one["id"]]})
    stream = Events(alice, types="Email,Mailbox", headers={"Last-Event-ID": id})
    kind, newer, data = stream.next()
    equal("what was missed", set(data["changed"][alice.account]), {"Email", "Mailbox"})
    stream.close()
    stream = Events(alice, ping="1", headers={"Last-Event-ID": newer})
    equal("nothing was missed", stream.next(), ("ping", None, {"interval": 1}))
    stream.close()
    stream = Events(alice, ping="100000", closeafter="state", headers={"Last-Event-ID": "x"})
    equal("closeafter", (stream.next()[0], stream.next()), ("state", None))
    stream.close()


def main():
    with Server(settings="[http]\ntrust-forwarded = yes\n") as server:
        for name in (ALICE, BOB):
            server.add_user(name, SECRET)
        base = f"http://127.0.0.1:{server.port('http')}"
        alice, bob = (Client(base, name, SECRET) for name in (ALICE, BOB))
        bob.open()
        test_opening(server, alice)
        test_tickets(server, alice, bob)
        test_requests(server, alice)
        test_requests(server, alice, deflate=True)
        test_requests(server, alice, deflate=True, tls=True)
        test_ping_meanwhile(server, alice)
        test_push(server, alice)
        test_limits(server, alice, bob)
        test_events(alice)
        last = Jmap(server, alice)
        alice.close()
        bob.close()
        server.stop()
        equal("the server stops", last.ws.close_code(), 1001)
    end()


if __name__ == "__main__":
    main()
