#!/usr/bin/env python3
"""Hostile JMAP: what is too deep, too long, too many or too slow ends with the right error or at its deadline.

Meanwhile another user's Core/echo and IMAP NOOP are answered, and the server's memory stays within what limits.h allows
one request (JMAP_REQUEST_MAX, JMAP_TREE_MAX, JMAP_CALL_MAX, JMAP_RESPONSE_MAX).
"""

import imaplib
import itertools
import json
import os
import socket
import threading
import time

from harness import Server, check, end, equal
from jmap_client import CORE, MAIL, SUBMISSION, Client, HttpError
from ours import wait_for
from websocket_client import WebSocket

# Freed memory that the sanitizer holds back would be counted as the server's.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "detect_leaks=1") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"

ALICE, BOB, CAROL, SECRET = "alice@example.test", "bob@example.test", "carol@example.test", "correct horse"
UPLOAD_MAX = 16 * 1024 * 1024
SETTINGS = f"[jmap]\nupload = {UPLOAD_MAX}\n"
REQUEST_MAX = 10_000_000
CALLS_MAX, CONCURRENT_MAX, UPLOADS_MAX = 64, 10, 10
# KB of one request at its worst: its text, its tree, what a method uses, the response; buffers double as they grow.
PEAK_KB = 2 * (10 + 48) * 1024 + (96 + 64) * 1024
REST_KB = 64 * 1024  # above what it was, once all attacks are over: what the allocators keep
ANSWER_SECONDS = 60  # until something is called not answered: no bound of ours
CLOSE_SECONDS = 300  # until a slow peer is called not ended; its deadlines are 30 s and 60 s


class Others(threading.Thread):
    """Another user's programs; how often both were answered."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.client = Client(f"http://127.0.0.1:{server.port('http')}", BOB, SECRET, timeout=ANSWER_SECONDS)
        self.imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
        self.imap.login(BOB, SECRET)
        self.client.open()
        self.changed = threading.Condition()
        self.count, self.is_over, self.wrong = 0, False, None

    def run(self):
        try:
            while not self.is_over:
                answer = self.client.calls(("Core/echo", {"n": self.count}))[0][1]
                if answer != {"n": self.count} or self.imap.noop()[0] != "OK":
                    raise ValueError(answer)
                with self.changed:
                    self.count += 1
                    self.changed.notify_all()
        except Exception as error:  # whatever ends it is what the checks show
            self.wrong = repr(error)

    def answered(self, more=2):
        """Answers that were asked for from now on came."""
        with self.changed:
            want = self.count + more
            return self.changed.wait_for(lambda: self.count >= want or self.wrong, ANSWER_SECONDS) and not self.wrong

    def end(self):
        self.is_over = True
        self.join()
        self.imap.logout()
        self.client.close()


class Attacks:
    """One attack after the other by the same user."""

    def __init__(self, server, others, user):
        self.server, self.others = server, others
        self.client = Client(f"http://127.0.0.1:{server.port('http')}", user, SECRET, timeout=ANSWER_SECONDS)
        self.client.open()
        self.account = self.client.account

    def run(self, name, want, action):
        """`action` gives what the server said; others are answered behind it, and it cost no more memory than one request may."""
        with open(f"/proc/{self.server.process.pid}/clear_refs", "w") as f:
            f.write("5")  # the peak begins anew
        before = self.server.memory_kb()
        try:
            got = action()
        except OSError as error:
            got = repr(error)
            self.client.close()
        grown = self.server.memory_kb("VmHWM") - before
        check(name, got in want if isinstance(want, tuple) else got == want, f"got {str(got)[:300]}, want {want!r}")
        check(f"{name}: others are answered", self.others.answered(), self.others.wrong)
        check(f"{name}: memory", grown <= PEAK_KB, grown)

    def send(self, body):
        """A request as text; "ok", or the problem's name and limit."""
        try:
            answer = self.client.send(body if isinstance(body, bytes) else body.encode())
        except HttpError as error:
            problem = error.problem()
            return " ".join([str(error.status), problem["type"].rsplit(":", 1)[-1], problem.get("limit", "")]).strip()
        return answer

    def problem(self, name, want, body):
        self.run(name, want, lambda: said_ok(self.send(body)))

    def method(self, name, want, method, arguments, using=(CORE, MAIL)):
        """What the one call says: the error's type, or that of the one object that it did not make or change, or the method's name."""
        def action():
            answer = self.send(request([[method, arguments, "0"]], using))
            if isinstance(answer, str):
                return answer
            kind, said = answer["methodResponses"][0][:2]
            refused = [*(said.get("notCreated") or said.get("notUpdated") or {}).values()]
            return said["type"] if kind == "error" else refused[0]["type"] if refused else kind
        self.run(name, want, action)


def request(calls, using=(CORE, MAIL)):
    return json.dumps({"using": list(using), "methodCalls": calls})


def raw_call(method, arguments):
    """A request whose arguments are text already."""
    return '{"using":["%s","%s"],"methodCalls":[["%s",%s,"0"]]}' % (CORE, MAIL, method, arguments)


def filled(head, piece, tail, size=REQUEST_MAX - 200):
    """`piece` as often as fits, with commas between."""
    return head + ",".join([piece] * ((size - len(head) - len(tail)) // (len(piece) + 1))) + tail


# --- texts ---------------------------------------------------------------------------------------------------------


def test_depth(a):
    a.problem("arrays in arrays", "400 notJSON", "[" * REQUEST_MAX)
    a.problem("objects in objects", "400 notJSON", '{"a":' * (REQUEST_MAX // 5))
    a.problem("arrays in arrays, closed", "400 notJSON", raw_call("Core/echo", '{"a":' + "[" * 4_900_000 + "]" * 4_900_000 + "}"))
    a.problem("1000 deep", "400 notJSON", raw_call("Core/echo", '{"a":' + "[" * 1000 + "]" * 1000 + "}"))
    for depth, want in ((1000, "400 notJSON"), (20, "ok")):
        deep = '{"operator":"NOT","conditions":[' * depth + '{"text":"x"}' + "]}" * depth
        a.run(f"a filter {depth} deep", want,
              lambda d=deep: said_ok(a.send(raw_call("Email/query", '{"accountId":"%s","filter":%s}' % (a.account, d)))))


def test_size(a):
    a.problem("a byte too many", "400 limit maxSizeRequest", " " * (REQUEST_MAX + 1))
    a.client.close()  # the server ends a connection whose body it did not read
    a.problem("blanks", "400 notJSON", " " * REQUEST_MAX)
    a.problem("empty arrays", "400 notRequest", filled('{"a":[', "[]", "]}"))
    a.problem("numbers", "400 limit maxSizeRequest", filled('{"a":[', "1", "]}"))
    members = ",".join(f'"{n:06x}":0' for n in range(800_000))
    a.problem("members", "400 notRequest", "{" + members + "}")
    a.problem("the first member once more", "400 notJSON", "{" + members[:9_000_000].rsplit(",", 1)[0] + ',"000000":1}')
    a.problem("a member twice", "400 notJSON", raw_call("Core/echo", '{"a":1,"\\u0061":1}'))
    a.problem("half a surrogate", "400 notJSON", raw_call("Core/echo", '{"a":"\\ud800"}'))
    a.problem("no UTF-8", "400 notJSON", raw_call("Core/echo", '{"a":"?"}').encode().replace(b"?", b"\xc0\xaf"))


def test_strings(a):
    big = "x" * 9_000_000
    a.method("a long echo", "Core/echo", "Core/echo", {"x": big})
    a.method("a long method", "unknownMethod", big, {})
    a.problem("a long capability", "400 unknownCapability", request([], using=[big]))
    a.method("a long text", "unsupportedFilter", "Email/query", {"accountId": a.account, "filter": {"text": big}})
    a.method("a long accountId", "accountNotFound", "Email/query", {"accountId": big})
    a.method("a long id", "Email/get", "Email/get", {"accountId": a.account, "ids": [big]})
    a.method("a long property", "invalidArguments", "Email/get", {"accountId": a.account, "ids": [], "properties": [big]})
    a.method("a long state", "cannotCalculateChanges", "Email/changes", {"accountId": a.account, "sinceState": big})
    a.method("a long name", "invalidProperties", "Mailbox/set", {"accountId": a.account, "create": {"x": {"name": big}}})
    a.method("a long creation id", "invalidProperties", "Mailbox/set", {"accountId": a.account, "create": {big: {"name": "y"}}})
    a.method("a long pointer", "invalidResultReference", "Email/get",
             {"accountId": a.account, "#ids": {"resultOf": "0", "name": "Core/echo", "path": "/" + "a/" * 4_000_000}})


def test_numbers(a):
    no_json, no_limit = ("400 notJSON", "400 notJSON"), ("ok", "invalidArguments")
    for number, (echo, limit) in (("1e400", no_json), ("-1e400", no_json), ("1" * 9_000_000, no_json), ("1e-" + "9" * 1000, no_json),
                                  ("0." + "1" * 9_000_000, no_json), ("1e3000", no_json), ("9007199254740993", no_limit),
                                  ("-1", no_limit), ("1.5", no_limit), ('"1"', no_limit), ("true", no_limit), ("[]", no_limit)):
        name = number if len(number) < 20 else f"a number of {len(number)} characters"
        a.problem(name, echo, raw_call("Core/echo", '{"n":%s}' % number))
        a.problem(f"{name} as a limit", limit, raw_call("Email/query", '{"accountId":"%s","limit":%s}' % (a.account, number)))


def said_ok(answer):
    if isinstance(answer, str):
        return answer
    kind, said = answer["methodResponses"][0][:2]
    return said["type"] if kind == "error" else "ok"


# --- many ----------------------------------------------------------------------------------------------------------


def test_calls(a):
    echo = ["Core/echo", {}, "0"]
    a.problem("1000 calls", "400 limit maxCallsInRequest", request([echo] * 1000))
    a.problem("a million calls", "400 limit maxCallsInRequest", filled('{"using":["%s"],"methodCalls":[' % CORE, '["a",{},""]', "]}"))
    a.run("as many as there may be", CALLS_MAX, lambda: len(a.send(request([echo] * CALLS_MAX))["methodResponses"]))
    a.problem("a million capabilities", "400 unknownCapability", filled('{"using":[', '"x"', '],"methodCalls":[]}'))


def test_ids(a):
    ids = [f"e{n:x}" for n in range(900_000)]
    for method in ("Email/get", "Thread/get", "Mailbox/get", "EmailSubmission/get"):
        a.method(f"{method} of many ids", "requestTooLarge", method, {"accountId": a.account, "ids": ids}, using=(CORE, MAIL, SUBMISSION))
    a.method("one id often", "requestTooLarge", "Email/get", {"accountId": a.account, "ids": ["e1"] * 900_000})
    for method in ("Email/set", "Mailbox/set"):
        a.method(f"{method} of many ids", "requestTooLarge", method, {"accountId": a.account, "destroy": ids})
    a.method("many creations", "requestTooLarge", "Mailbox/set",
             {"accountId": a.account, "create": {f"{n}": {"name": "x"} for n in range(300_000)}})
    a.method("snippets of many ids", "requestTooLarge", "SearchSnippet/get", {"accountId": a.account, "filter": {"text": "x"}, "emailIds": ids})
    a.method("many mailboxes in a filter", "unsupportedFilter", "Email/query",
             {"accountId": a.account, "filter": {"inMailboxOtherThan": ids}})
    a.method("many conditions", "unsupportedFilter", "Email/query",
             {"accountId": a.account, "filter": {"operator": "OR", "conditions": [{"text": "z"}] * 500_000}})
    a.method("many comparators", "unsupportedSort", "Email/query",
             {"accountId": a.account, "sort": [{"property": "size"}] * 300_000})
    a.method("many properties", "requestTooLarge", "Email/get",
             {"accountId": a.account, "ids": [a.email], "properties": ["subject"] * 800_000})
    a.method("many headers", "requestTooLarge", "Email/get",
             {"accountId": a.account, "ids": [a.email], "properties": [f"header:x{n}" for n in range(500_000)]})
    a.method("many patches", "tooLarge", "Email/set",
             {"accountId": a.account, "update": {a.email: {f"keywords/k{n}": True for n in range(300_000)}}})
    a.method("many keywords", "tooManyKeywords", "Email/set",
             {"accountId": a.account, "update": {a.email: {"keywords": {f"k{n}": True for n in range(400_000)}}}})
    a.run("many created ids", "ok", lambda: said_ok(a.send(json.dumps({
        "using": [CORE], "methodCalls": [["Core/echo", {}, "0"]], "createdIds": {f"{n}": "x" for n in range(600_000)}}))))


def bomb(a, name, calls, *want):
    """What the calls give, as (type of error or name of the method, how many in a row)."""
    def action():
        answer = a.send(request(calls))
        if isinstance(answer, str):
            return answer
        kinds = [r[1]["type"] if r[0] == "error" else r[0] for r in answer["methodResponses"]]
        return [(kind, len([*group])) for kind, group in itertools.groupby(kinds)]
    a.run(name, [*want], action)


def test_bombs(a):
    def ref(to, path):
        return {"resultOf": str(to), "name": "Core/echo", "path": path}
    calls = [["Core/echo", {"a": "x" * 1000, "b": "y" * 1000}, "0"]]
    calls += [["Core/echo", {"#a": ref(n, ""), "#b": ref(n, "")}, str(n + 1)] for n in range(40)]
    bomb(a, "twice the one before", calls, ("Core/echo", 10), ("requestTooLarge", 1), ("invalidResultReference", 30))
    calls = [["Core/echo", {"a": [[["x"] * 100] * 100] * 100}, "0"]]
    calls += [["Core/echo", {f"#{k}": ref(0, "/a/*/*/*") for k in "abcdefghijklmnop"}, str(n)] for n in range(1, 60)]
    bomb(a, "all of all of all", calls, ("Core/echo", 1), ("requestTooLarge", 59))
    calls = [["Core/echo", {"a": [["x"] * 1000] * 1000}, "0"]]
    calls += [["Core/echo", {f"#{k}": ref(n, "/a/*") for k in "abcdefghij"}, str(n + 1)] for n in range(60)]
    bomb(a, "ten of the one before", calls, ("Core/echo", 1), ("requestTooLarge", 1), ("invalidResultReference", 59))
    calls = [["Core/echo", {"a": [[[]] * 1000] * 1000}, "0"]]
    calls += [["Core/echo", {"#a": ref(n, "/a" + "/*" * 30)}, str(n + 1)] for n in range(60)]
    bomb(a, "stars over nothing", calls, ("Core/echo", 61))
    calls = [["Core/echo", {"a": ["x" * 900_000]}, "0"]] + [["Core/echo", {"#a": ref(0, "/a")}, str(n)] for n in range(1, 64)]
    bomb(a, "58 million bytes", calls, ("Core/echo", 55), ("requestTooLarge", 9))


# --- texts that look like patterns -----------------------------------------------------------------------------------


def test_patterns(a):
    """They are looked for as they stand; the message has 900 times "a" in its subject and "!" behind."""
    for text, want in (("(a+)+$", []), ("(a|aa)+!", []), (".*.*.*.*!", []), ("%a%", []), ("a" * 899 + "b", []), ("a" * 60 + "!", [a.email]),
                       ("\\", []), ("*", []), ('"', []), ("NEAR(a b)", []), ("subject:a", []), ("a OR b", []), ("\u0000", []), ("'; --", [])):
        for field in ("text", "from"):
            a.run(f"{field} {text[:20]!r}", want if field == "text" else [], lambda f=field, t=text: a.client.one(
                "Email/query", {"filter": {f: t}})["ids"])


# --- several at once -------------------------------------------------------------------------------------------------


def head(a, method, path, *fields):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Authorization: " + a.client.headers["Authorization"], *fields, "", ""]
    return "\r\n".join(lines).encode()


def connect(server, data=b"", receive_buffer=None):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(ANSWER_SECONDS)
    s.connect(("127.0.0.1", server.port("http")))
    s.sendall(data)
    return s


def test_concurrent(a):
    """One user's half requests and half uploads take no more than his share, and give it back when they are gone."""
    def half(path, kind):
        data = head(a, "POST", path, f"Content-Type: {kind}", "Content-Length: 1000000") + b"{" * 500_000
        return [connect(a.server, data) for _ in range(CONCURRENT_MAX)]

    def limit(action):
        status, _, body = action()
        return " ".join(str(part) for part in (status, json.loads(body).get("limit")) if part)
    folder = os.path.join(a.server.folder, "data/mail", ALICE, "tmp")
    a.client.upload(b"x")  # which makes it
    api, upload = "/jmap/api", f"/jmap/upload/{a.account}/"
    echo = request([["Core/echo", {}, "0"]]).encode()
    for name, path, kind, body, full, free in (("request", api, "application/json", echo, "400 maxConcurrentRequests", "200"),
                                               ("upload", upload, "text/plain", b"x", "400 maxConcurrentUpload", "201")):
        held = half(path, kind)

        def one():
            return limit(lambda: a.client.request("POST", path, body, {"Content-Type": kind}, want=None))
        check(f"one {name} too many", wait_for(lambda: one() == full, ANSWER_SECONDS))
        check(f"half a {name}: others are answered", a.others.answered())
        check(f"half a {name}: on the disk", wait_for(lambda: len(os.listdir(folder)) == (UPLOADS_MAX if name == "upload" else 0), ANSWER_SECONDS))
        for s in held:
            s.close()
        check(f"then {name} again", wait_for(lambda: one() == free, ANSWER_SECONDS))
    check("nothing is left of half uploads", wait_for(lambda: os.listdir(folder) == [], ANSWER_SECONDS), os.listdir(folder))


def test_upload_limit(a):
    path = f"/jmap/upload/{a.account}/"

    def upload(body, **fields):
        client = Client(a.client.base, ALICE, SECRET, timeout=ANSWER_SECONDS)
        try:
            status, _, answer = client.request("POST", path, body, fields, want=None)
            return f"{status} {json.loads(answer).get('limit', '')}".strip()
        finally:
            client.close()

    def announced():
        with connect(a.server, head(a, "POST", path, f"Content-Length: {UPLOAD_MAX + 1}")) as s:
            return s.makefile("rb").readline().decode().strip()

    def chunked():
        with connect(a.server, head(a, "POST", path, "Transfer-Encoding: chunked")) as s:
            try:
                for _ in range(UPLOAD_MAX // 65536 + 100):
                    s.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                pass  # it says so before all of it came
            return s.makefile("rb").readline().decode().strip()
    a.run("an upload as large as may be", "201", lambda: upload(b"x" * UPLOAD_MAX))
    a.run("an upload that says it is too large", "HTTP/1.1 413 Content Too Large", announced)
    a.run("an upload that becomes too large", ("HTTP/1.1 413 Content Too Large", "gone"), lambda: gone_or(chunked))


def gone_or(action):
    """A server that stops reading may reset the connection before its answer is read."""
    try:
        return action()
    except ConnectionResetError:
        return "gone"


def test_all_at_once(a):
    """The worst of the above at once, over and over, until others were answered some times."""
    worst = [filled('{"a":[', "[]", "]}"), "[" * REQUEST_MAX, raw_call("Core/echo", filled('{"a":[', '"xxxxxxxxxxxxxxxx"', "]}", REQUEST_MAX - 400)),
             raw_call("Email/get", filled('{"accountId":"%s","ids":[' % a.account, '"e1"', "]}", REQUEST_MAX - 400)),
             request([["Email/query", {"accountId": a.account, "filter": {"operator": "OR", "conditions": [{"text": "(a+)+$"}] * 150}}, "0"]] * 16)]
    is_over, said = threading.Event(), []

    def attack(n):
        client = Client(a.client.base, ALICE, SECRET, timeout=ANSWER_SECONDS)
        while not is_over.is_set():
            try:
                client.send(worst[n % len(worst)].encode())
                said.append("ok")
            except HttpError as error:
                said.append(error.problem()["type"].rsplit(":", 1)[-1])
            except OSError as error:
                said.append(repr(error))
                client.close()
        client.close()

    def action():
        threads = [threading.Thread(target=attack, args=(n,)) for n in range(len(worst))]
        for thread in threads:
            thread.start()
        answered = a.others.answered(5) and wait_for(lambda: len(said) >= len(worst), ANSWER_SECONDS)
        is_over.set()
        for thread in threads:
            thread.join()
        return answered
    a.run("all at once", True, action)
    equal("all at once: what it said", set(said) - {"ok", "limit", "notJSON", "notRequest"}, set())


# --- slow peers --------------------------------------------------------------------------------------------------------


def is_established(server, s):
    """Has the server its end of the connection still? It may have closed, although nobody read so far."""
    ours = s.getsockname()[1]
    with open("/proc/net/tcp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return any(int(row[1].rsplit(":", 1)[1], 16) == server.port("http") and int(row[2].rsplit(":", 1)[1], 16) == ours and row[3] == "01"
               for row in rows)


class Slow:
    """Connections that go on slowly or not at all."""

    def __init__(self, a):
        self.a, self.still, self.drips = a, {}, {}
        blob = a.client.upload(b"x" * UPLOAD_MAX)["blobId"]
        post = head(a, "POST", "/jmap/api", "Content-Type: application/json", "Content-Length: 100000")
        upload = head(a, "POST", f"/jmap/upload/{a.account}/", "Content-Length: 100000")
        echo = raw_call("Core/echo", '{"a":"%s"}' % ("x" * 9_000_000)).encode()
        for name, data in (("half a head", b"GET /jmap/session HTTP/1.1\r\nHost: x\r\n"), ("half a request", post + b"{"), ("half an upload", upload + b"x"),
                           ("half a chunk", head(a, "POST", f"/jmap/upload/{a.account}/", "Transfer-Encoding: chunked") + b"1000\r\nx")):
            self.still[name] = connect(a.server, data)
        for name, data in (("a head byte by byte", b"GET /"), ("a request byte by byte", post), ("an upload byte by byte", upload)):
            self.drips[name] = connect(a.server, data)
        for name, data in (("a download that nobody reads", head(a, "GET", f"/jmap/download/{a.account}/{blob}/x")),
                           ("an answer that nobody reads", head(a, "POST", "/jmap/api", "Content-Type: application/json", f"Content-Length: {len(echo)}") + echo)):
            self.still[name] = connect(a.server, data, receive_buffer=4096)
        self.still["half a message"] = self.websocket().socket
        self.still["half a message"].sendall(b"\x81\xff" + (1000).to_bytes(8, "big") + b"maskxxx")
        self.drips["a message byte by byte"] = self.websocket().socket
        self.drips["a message byte by byte"].sendall(b"\x81\xff" + (100000).to_bytes(8, "big") + b"mask")
        unread = self.websocket(receive_buffer=4096)
        unread.send(json.dumps({"@type": "Request", **json.loads(echo)}))
        self.still["a message that nobody reads"] = unread.socket

    def websocket(self, **options):
        return WebSocket(self.a.server.port("http"), "/jmap/ws", protocol="jmap", headers=self.a.client.headers, **options)

    def wait(self):
        """A byte now and then for those who drip, until the server closed all."""
        left, deadline = {**self.still, **self.drips}, time.time() + CLOSE_SECONDS
        while left and time.time() < deadline:
            for name in list(left):
                try:
                    if name in self.drips:
                        left[name].sendall(b"x")
                except OSError:
                    pass
                if not is_established(self.a.server, left[name]):
                    left.pop(name).close()
            time.sleep(0.5)
        for name in {**self.still, **self.drips}:
            check(f"{name}: ended by the server", name not in left)


def main():
    with Server(settings=SETTINGS) as server:
        for user in (ALICE, BOB, CAROL):
            server.add_user(user, SECRET)
        others = Others(server)
        others.start()
        a = Attacks(server, others, ALICE)
        slow = Slow(Attacks(server, others, CAROL))
        text = b"Subject: " + b"a" * 900 + b"!\r\n\r\n" + b"a" * 70 + b"!\r\n"
        a.email = a.client.import_message(text, a.client.mailbox("inbox"))["id"]
        rest = server.memory_kb()
        for test in (test_depth, test_size, test_strings, test_numbers, test_calls, test_ids, test_bombs, test_patterns, test_concurrent,
                     test_upload_limit, test_all_at_once):
            test(a)
        slow.wait()
        left = connect(server, head(a, "POST", "/jmap/api", "Content-Type: application/json", "Content-Length: 1000") + b"{")
        others.end()
        rest = server.memory_kb() - rest
        check("what stays behind", rest <= REST_KB, rest)
    left.close()  # the server's end did not wait for it
    end()


if __name__ == "__main__":
    main()
