#!/usr/bin/env python3
"""JMAP against a real server: session, every method, blobs, errors, HTTP manners."""

import base64
import json
import smtplib
import socket
import threading
import time

from harness import Server, check, end, equal
from jmap_client import CORE, MAIL, Client, HttpError, MethodError
from jmap_push import Events

ALICE, BOB, SECRET = "alice@example.test", "bob@example.test", "correct horse"
MESSAGE = (b"From: Bob <bob@example.test>\r\nTo: alice@example.test\r\nSubject: Caf\xc3\xa9\r\n"
           b"Message-ID: <one@example.test>\r\nDate: Thu, 30 Oct 2014 14:12:00 +0800\r\n"
           b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
           b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello from Bob\r\n"
           b"--b\r\nContent-Type: application/octet-stream; name=data.bin\r\n"
           b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
           + base64.encodebytes(bytes(range(256)) * 400).replace(b"\n", b"\r\n") + b"--b--\r\n")


def url(server, scheme="http"):
    return f"{scheme}://127.0.0.1:{server.port(scheme)}"


def status_of(call):
    """(status, problem) of a call that must not give 200."""
    try:
        call()
    except HttpError as e:
        return e.status, e
    return 200, None


def error_of(call):
    try:
        call()
    except MethodError as e:
        return e.type
    return None


def raw(server, data, seconds=5):
    """Send bytes on a fresh connection, read until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", server.port("http")), timeout=seconds) as s:
        s.sendall(data)
        got = b""
        s.settimeout(1)
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    return got, True
                got += piece
        except socket.timeout:
            return got, False


def test_session(server, alice):
    session = alice.open()
    base = url(server)
    equal("apiUrl", session["apiUrl"], base + "/jmap/api")
    check("downloadUrl", session["downloadUrl"].startswith(base + "/jmap/download/{accountId}"))
    equal("username", session["username"], ALICE)
    account = session["accounts"][alice.account]
    check("account", account["isPersonal"] and not account["isReadOnly"] and account["name"] == ALICE)
    check("limits", session["capabilities"][CORE]["maxCallsInRequest"] >= 16)
    equal("the API gives the session too",
          json.loads(alice.request("GET", session["apiUrl"])[2])["state"], session["state"])
    status, headers, _ = alice.request("HEAD", base + "/jmap/session")
    check("HEAD", status == 200 and int(headers["Content-Length"]) > 100)
    status, headers, _ = alice.request("OPTIONS", base + "/jmap/api", want=None)
    check("OPTIONS", status == 204 and "POST" in headers["Allow"])

    stranger = Client(base, ALICE, "wrong")
    status, e = status_of(stranger.open)
    check("wrong password", status == 401 and "Basic" in e.headers.get_all("WWW-Authenticate")[1], status)
    equal("the connection survives a 401", status_of(stranger.open)[0], 401)
    stranger.headers = {}
    equal("no password", status_of(stranger.open)[0], 401)
    stranger.headers = {"Authorization": "Basic !!!"}
    equal("rubbish for a password", status_of(stranger.open)[0], 401)
    stranger.close()

    page = {"Origin": "https://web.test", "Access-Control-Request-Method": "POST"}
    headers = alice.request("OPTIONS", base + "/jmap/api", None, page, want=(204,))[1]
    equal("a page asks", (headers["Access-Control-Allow-Origin"], "Authorization" in
                          headers["Access-Control-Allow-Headers"]), ("https://web.test", True))
    headers = alice.request("GET", base + "/jmap/session", None, {"Origin": "https://other.test"})[1]
    equal("another page", headers["Access-Control-Allow-Origin"], None)
    for path, type in (("upload/" + alice.account + "/", "text/plain"), ("api", "application/json")):
        for origin, want in (("https://other.test", 403), ("null", 403), (base.replace("http:", "ftp:"), 403),
                             ("https://web.test", 0), (base, 0), (None, 0)):
            status = alice.request("POST", f"{base}/jmap/{path}", b"{}",
                                   {"Content-Type": type, **({"Origin": origin} if origin else {})}, want=None)[0]
            check(f"a form of {origin} to {path}", (status == 403) == (want == 403), status)

    token = server.command("user", "token", "add", ALICE, "--name", "phone").stdout.strip()
    check("token", len(token) == 44)
    check("listed", server.command("user", "token", "list", ALICE).stdout.startswith("phone  since "))
    stranger = Client(base, "", "")
    stranger.headers = {"Authorization": "Bearer " + token}
    equal("a bearer token", stranger.open()["username"], ALICE)
    stranger.close()
    stranger = Client(base, ALICE, token)
    equal("as a password", stranger.open()["username"], ALICE)
    server.command("user", "disable", ALICE)
    equal("not of a disabled user", status_of(stranger.open)[0], 401)
    server.command("user", "enable", ALICE)
    server.command("user", "token", "del", ALICE, "--name", "phone")
    equal("taken back", status_of(stranger.open)[0], 401)
    stranger.headers = {"Authorization": "Bearer " + token}
    status, e = status_of(stranger.open)
    equal("both ways are offered", (status, [v.split()[0] for v in e.headers.get_all("WWW-Authenticate")]),
          (401, ["Bearer", "Basic"]))
    equal("no token", status_of(lambda: stranger.request("GET", base + "/jmap/session", None, {
        "Authorization": "Bearer x"}))[0], 401)
    stranger.close()

    secure = Client(url(server, "https"), BOB, SECRET)
    check("over TLS", secure.open()["apiUrl"].startswith("https://127.0.0.1:"))
    secure.close()


def test_envelope(alice):
    def refused(name, want, body, content_type="application/json"):
        status, e = status_of(lambda: alice.send(body, content_type))
        kind = e.problem()["type"].rsplit(":", 1)[-1] if e else None
        equal(name, (status, kind), (400, want))
        return e.problem() if e else {}

    refused("not JSON", "notJSON", b"{")
    refused("wrong content type", "notJSON", b"{}", "text/plain")
    refused("no request", "notRequest", b"[]")
    refused("unknown capability", "unknownCapability", {"using": ["urn:x"], "methodCalls": []})
    many = {"using": [CORE], "methodCalls": [["Core/echo", {}, "c"]] * 100}
    equal("too many calls", refused("limit of calls", "limit", many)["limit"], "maxCallsInRequest")
    big = b'{"using":[],"methodCalls":[],"x":"' + b"x" * 10_000_000 + b'"}'
    equal("too large", refused("limit of size", "limit", big)["limit"], "maxSizeRequest")
    alice.close()  # the server closes behind a body it did not read
    deep = b'{"using":[],"methodCalls":' + b"[" * 100_000
    refused("too deep", "notJSON", deep)

    equal("echo", alice.calls(("Core/echo", {"a": [1, {"b": None}]}))[0][1], {"a": [1, {"b": None}]})
    equal("nothing used", alice.calls(("Core/echo", {}), using=())[0][1]["type"], "unknownMethod")
    equal("unknown method", alice.calls(("Foo/bar", {}))[0][1]["type"], "unknownMethod")
    answers = alice.calls(("Email/query", {}, "a"), ("Core/echo", {"#x": {
        "resultOf": "a", "name": "Email/query", "path": "/ids"}}, "b"))
    equal("reference", answers[1][1]["x"], answers[0][1]["ids"])


def test_mail(server, alice, bob):
    inbox, trash = alice.mailbox("inbox"), alice.mailbox("trash")
    before = alice.one("Email/get", {"ids": []})["state"]
    with smtplib.SMTP("127.0.0.1", server.port("submission")) as smtp:
        smtp.starttls()
        smtp.login(BOB, SECRET)
        smtp.sendmail(BOB, [ALICE], MESSAGE)
    for _ in range(50):
        ids = alice.one("Email/query", {"filter": {"inMailbox": inbox}})["ids"]
        if ids:
            break
        time.sleep(0.1)
    equal("delivered", len(ids), 1)

    answers = alice.calls(
        ("Email/query", {"filter": {"inMailbox": inbox}, "limit": 10}, "q"),
        ("Email/get", {"#ids": {"resultOf": "q", "name": "Email/query", "path": "/ids"},
                       "properties": ["threadId", "subject", "from", "attachments", "bodyValues",
                                      "hasAttachment", "preview", "blobId", "size"],
                       "fetchTextBodyValues": True}, "g"),
        ("Thread/get", {"#ids": {"resultOf": "g", "name": "Email/get",
                                 "path": "/list/*/threadId"}}, "t"))
    email = answers[1][1]["list"][0]
    equal("subject", email["subject"], "Caf\u00e9")
    equal("from", email["from"], [{"name": "Bob", "email": BOB}])
    equal("text", [v["value"] for v in email["bodyValues"].values()], ["Hello from Bob"])
    equal("preview", email["preview"], "Hello from Bob")
    equal("thread", answers[2][1]["list"][0]["emailIds"], ids)
    check("attachment", email["hasAttachment"] and email["attachments"][0]["name"] == "data.bin")

    headers, data = alice.download(email["attachments"][0]["blobId"], "d\u00e4ta.bin", "image/x-y")
    equal("part downloaded and decoded", data, bytes(range(256)) * 400)
    check("headers of a download", headers["Content-Type"] == "image/x-y" and
          "d%C3%A4ta.bin" in headers["Content-Disposition"] and "immutable" in headers["Cache-Control"],
          dict(headers))
    data = alice.download(email["blobId"], "m.eml", "message/rfc822")[1]
    check("message downloaded", data.endswith(MESSAGE[-100:]) and len(data) == email["size"])
    tag = headers["ETag"]
    status, headers, data = alice.request("GET", alice.base + f"/jmap/download/{alice.account}/{tag[1:-1]}/x", None,
                                          {"If-None-Match": f'"other", W/{tag}'}, want=(304,))
    equal("not modified", (status, data, headers["ETag"]), (304, b"", tag))
    headers = alice.download(email["blobId"], 'a"../b\r\n<c>', "text/html\r\nX: y")[0]
    check("a hostile name and type", headers["X"] is None and headers["Content-Type"] == "application/octet-stream" and
          headers["Content-Disposition"].startswith('attachment; filename="a_.._b__<c>"; ') and
          "sandbox" in headers["Content-Security-Policy"], dict(headers))
    equal("nor as part of another page", headers["Cross-Origin-Resource-Policy"], "same-origin")
    for name, blob in (("another's", "b999"), ("outside", email["blobId"] + "_5_99999999_b"),
                       ("rubbish", "x")):
        equal("no blob: " + name, status_of(lambda b=blob: alice.download(b))[0], 404)
    equal("another's account", status_of(lambda: bob.request(
        "GET", bob.base + f"/jmap/download/{alice.account}/{email['blobId']}/x"))[0], 404)

    changes = alice.one("Email/changes", {"sinceState": before})
    equal("changes", (changes["created"], changes["updated"]), (ids, []))
    set_answer = alice.one("Email/set", {"update": {ids[0]: {
        "keywords/$seen": True, "mailboxIds": {trash: True}}}})
    equal("updated", set_answer["updated"], {ids[0]: None})
    equal("moved", alice.one("Email/query", {"filter": {"inMailbox": trash}})["ids"], ids)
    boxes = {b["id"]: b for b in alice.one("Mailbox/get", {"ids": None})["list"]}
    equal("counts", (boxes[inbox]["totalEmails"], boxes[trash]["totalEmails"],
                     boxes[trash]["unreadEmails"]), (0, 1, 0))
    equal("another's id", bob.one("Email/get", {"ids": ids})["notFound"], ids)
    equal("destroyed", alice.one("Email/set", {"destroy": ids})["destroyed"], ids)
    equal("stale state", error_of(lambda: alice.one("Email/set", {"ifInState": before})),
          "stateMismatch")


def test_blobs(alice):
    blob = alice.upload(b"\0\1\2" * 1000, "application/x-test")
    check("upload", blob["size"] == 3000 and blob["type"] == "application/x-test", blob)
    equal("upload again", alice.download(blob["blobId"])[1], b"\0\1\2" * 1000)
    equal("wrong account", status_of(lambda: alice.request(
        "POST", alice.base + "/jmap/upload/a999/", b"x"))[0], 404)

    def pieces():
        for _ in range(200):
            yield b"0123456789" * 1000
    session = alice.session["uploadUrl"].replace("{accountId}", alice.account)
    alice.connection.request("POST", session[len(alice.base):], pieces(),
                             {**alice.headers, "Transfer-Encoding": "chunked"}, encode_chunked=True)
    response = alice.connection.getresponse()
    chunked = json.loads(response.read())
    equal("chunked upload", chunked["size"], 2_000_000)
    equal("large download", len(alice.download(chunked["blobId"])[1]), 2_000_000)

    added = alice.import_message(MESSAGE, alice.mailbox("archive"), keywords={"$flagged": True},
                                 receivedAt="2020-01-02T03:04:05Z")
    email = alice.one("Email/get", {"ids": [added["id"]], "properties": [
        "keywords", "receivedAt", "size", "subject"]})["list"][0]
    equal("import", (email["keywords"], email["receivedAt"], email["size"]),
          ({"$flagged": True}, "2020-01-02T03:04:05Z", len(MESSAGE)))


def test_many(alice):
    """More than one slice: a thousand messages imported, queried, set."""
    box = alice.one("Mailbox/set", {"create": {"m": {"name": "Many"}}})["created"]["m"]["id"]
    for start in range(0, 600, 100):
        blobs = [alice.upload(b"Subject: n %d\r\nFrom: x@y\r\n\r\nbody %d needle%d\r\n" %
                              (n, n, n % 7), "message/rfc822")["blobId"]
                 for n in range(start, start + 100)]
        alice.one("Email/import", {"emails": {
            f"i{k}": {"blobId": blob, "mailboxIds": {box: True},
                      "receivedAt": f"2021-01-01T{(start + k) // 60:02}:{(start + k) % 60:02}:00Z"}
            for k, blob in enumerate(blobs)}})
    answer = alice.one("Email/query", {"filter": {"inMailbox": box}, "calculateTotal": True,
                                       "limit": 50})
    equal("many", (answer["total"], len(answer["ids"])), (600, 50))
    found = alice.one("Email/query", {"filter": {"body": "needle3"}, "calculateTotal": True})
    equal("text over many", found["total"], len([n for n in range(600) if n % 7 == 3]))
    ids = alice.one("Email/query", {"filter": {"inMailbox": box}})["ids"]
    subjects = [e["subject"] for e in alice.one("Email/get", {
        "ids": ids, "properties": ["subject"]})["list"]]
    equal("newest first", subjects, [f"n {n}" for n in range(599, -1, -1)])
    done = alice.one("Email/set", {"update": {i: {"keywords/$seen": True} for i in ids}})
    equal("all updated", len(done["updated"]), 600)
    equal("too many", error_of(lambda: alice.one("Email/get", {"ids": ids * 2})), "requestTooLarge")
    done = alice.one("Mailbox/set", {"destroy": [box]})
    equal("not empty", done["notDestroyed"][box]["type"], "mailboxHasEmail")
    done = alice.one("Mailbox/set", {"destroy": [box], "onDestroyRemoveEmails": True})
    equal("mailbox gone", done["destroyed"], [box])


def test_events(alice):
    events = Events(alice, ping="1")
    equal("content type", events.stream.headers["Content-Type"], "text/event-stream")
    equal("ping", events.next(), ("ping", None, {"interval": 1}))
    added = alice.import_message(MESSAGE, alice.mailbox("inbox"))
    kind, _, data = events.next()
    while kind == "ping":
        kind, _, data = events.next()
    changed = data["changed"][alice.account]
    state = alice.one("Email/get", {"ids": []})["state"]
    check("state change", kind == "state" and changed["Email"] == state and "Mailbox" in changed, data)
    alice.one("Email/set", {"destroy": [added["id"]]})
    events.close()
    equal("without parameters", status_of(lambda: alice.request(
        "GET", alice.base + "/jmap/eventsource"))[0], 400)


def test_manners(server, alice):
    token = alice.headers["Authorization"].encode()
    get = b"GET /jmap/session HTTP/1.1\r\nHost: mail.test:99\r\nAuthorization: " + token + b"\r\n\r\n"
    got, closed = raw(server, get * 3)
    check("pipelined", got.count(b"HTTP/1.1 200 OK") == 3 and not closed)
    check("absolute by Host", b"http://mail.test:99/jmap/api" in got)
    got, closed = raw(server, b"POST /jmap/api HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    check("smuggling", got.count(b"HTTP/1.1") == 1 and b" 400 " in got and closed, got)
    got, closed = raw(server, b"GET /" + b"x" * 20000)
    check("endless line waits for its end", got == b"" and not closed)
    got, closed = raw(server, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: y\r\n" * 200 + b"\r\n")
    check("too many headers", b" 431 " in got and closed)
    got, _ = raw(server, b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
    check("nothing there", b" 404 " in got)

    failed = []

    def burst():
        client = Client(url(server), BOB, SECRET)
        try:
            for _ in range(20):
                client.one("Mailbox/get", {"ids": None})
        except Exception as e:  # every kind counts
            failed.append(e)
        client.close()
    threads = [threading.Thread(target=burst) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal("eight clients at once", failed, [])


def main():
    with Server(settings="[http]\norigins = https://web.test") as server:
        for name in (ALICE, BOB):
            server.add_user(name, SECRET)
        alice, bob = (Client(url(server), name, SECRET) for name in (ALICE, BOB))
        bob.open()
        test_session(server, alice)
        test_envelope(alice)
        test_mail(server, alice, bob)
        test_blobs(alice)
        test_events(alice)
        test_many(alice)
        test_manners(server, alice)
        alice.close()
        bob.close()
    end()


if __name__ == "__main__":
    main()
