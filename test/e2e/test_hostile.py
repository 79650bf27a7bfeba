#!/usr/bin/env python3
"""Hostile clients: endless lines and literals, slow drips, floods of connections, deep MIME and JSON.

After each attack the server answers others, and its memory has stayed within GROWTH_KB.
"""

import imaplib
import resource
import socket
import threading
import time
import urllib.error
import urllib.request

from harness import BINARY, Server, check, end, equal
from jmap_client import Client, basic

BOB = "bob@example.test"
SECRET = "correct horse"
# ASan keeps freed memory in quarantine (256 MB by default); the release binary is held to less.
GROWTH_KB = 32 * 1024 if "dev" not in BINARY else 512 * 1024
WAIT_SECONDS = 300  # for an answer: a busy machine is no failure
TURNS = 5  # many: a search of one turn is answered in two
FLOOD = 10000
LIMIT = 100


def connect(server, port):
    return socket.create_connection(("127.0.0.1", server.port(port)), timeout=WAIT_SECONDS)


def push(s, data, times):
    """Send until it is all gone or the server closes; how many times it went."""
    for i in range(times):
        try:
            s.sendall(data)
        except OSError:
            return i
    return times


def alive(server, name):
    """Somebody else is served."""
    with connect(server, "smtp") as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"NOOP\r\nQUIT\r\n")
        check(f"{name}: others are served by SMTP", f.readline().startswith(b"250"))
    with connect(server, "imap") as s:
        check(f"{name}: others are served by IMAP", s.makefile("rb").readline().startswith(b"* OK"))


def test_endless_lines(server):
    before = server.memory_kb()
    for port in ("smtp", "submission", "lmtp", "imap", "http"):
        s = connect(server, port)
        push(s, b"A" * 65536, 500)
        check(f"{port}: an endless line costs no memory", server.memory_kb() - before < GROWTH_KB, server.memory_kb() - before)
        alive(server, f"endless line to {port}")
        s.close()


def test_endless_literals(server):
    before = server.memory_kb()
    with connect(server, "imap") as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"a LOGIN {999999999999}\r\n")
        reply = f.readline()
        check("a huge literal is refused", not reply.startswith(b"+"), reply)
    with connect(server, "imap") as s:
        f = s.makefile("rb")
        f.readline()
        s.sendall(b"a LOGIN {10000000+}\r\n")
        push(s, b"A" * 65536, 200)
        check("a huge literal that does not wait costs no memory", server.memory_kb() - before < GROWTH_KB)
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(BOB, SECRET)
    imap.send(b"b APPEND INBOX {99999999999}\r\n")
    reply = imap.readline()
    check("a message over the limit is refused", b"NO" in reply or b"BAD" in reply, reply)
    imap.shutdown()
    alive(server, "endless literals")


def test_slow_drips(server):
    drips = [connect(server, port) for port in ("smtp", "imap", "http", "submission")] * 1
    for _ in range(20):
        for s in drips:
            s.sendall(b"N")
        alive(server, "slow drips")
    for s in drips:
        s.close()


def test_slow_reader(server):
    """Asks for much and reads nothing: costs its own output buffer and no more."""
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(BOB, SECRET)
    imap.append("INBOX", "", None, b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 300000)
    imap.select("INBOX")
    before = server.memory_kb()
    for i in range(50):
        imap.send(b"f%d FETCH 1:* (BODY.PEEK[])\r\n" % i)
    time.sleep(1)
    check("a slow reader costs no memory", server.memory_kb() - before < GROWTH_KB, server.memory_kb() - before)
    alive(server, "slow reader")
    imap.shutdown()


def test_flood(server):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before = server.memory_kb()
    held = []
    for i in range(FLOOD):
        try:
            held.append(connect(server, "imap"))
        except OSError:
            break
        if len(held) > 1000:  # the oldest refused ones
            held.pop(LIMIT + 50).close()
    served = 0
    for s in held:
        s.settimeout(0.2)
        try:
            served += s.recv(100).startswith(b"* OK")
        except OSError:
            pass
    check("at most as many as the limit are served", 0 < served <= LIMIT, served)
    check("a flood costs no memory", server.memory_kb() - before < GROWTH_KB, server.memory_kb() - before)
    for s in held:
        s.close()
    for _ in range(50):
        time.sleep(0.1)
        try:
            alive(server, "after the flood")
            break
        except OSError:
            continue


def answers_meanwhile(server, action):
    """How often somebody else is answered while one client does this: at most once a turn."""
    count, is_over = [0], threading.Event()

    def probe():
        with connect(server, "smtp") as s:
            f = s.makefile("rb")
            f.readline()
            while not is_over.is_set():
                s.sendall(b"RSET\r\n")
                f.readline()
                count[0] += 1

    thread = threading.Thread(target=probe)
    thread.start()
    action()
    is_over.set()
    thread.join()
    return count[0]


def in_slices(server, name, action):
    """It takes many turns, however slow the machine is; in one, others would be answered before and behind it."""
    count = answers_meanwhile(server, action)
    check(f"{name}: others are answered in between", count >= TURNS, count)


def test_long_searches(server):
    """Many texts in a large message, many pieces of a large part: others are served in between."""
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(BOB, SECRET)
    imap.create("LARGE")
    imap.append("LARGE", "", None, b"Subject: large\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"YSBiIGMgZCBlIGYgZyBoIGkgag==\r\n" * 100000)
    imap.select("LARGE")
    keys = [word for i in range(40) for word in ("NOT", "BODY", f"nowhere{i}")]
    in_slices(server, "40 texts", lambda: equal("40 texts", imap.search(None, *keys)[1], [b"1"]))
    client = Client(f"http://127.0.0.1:{server.port('http')}", BOB, SECRET, timeout=WAIT_SECONDS)
    words = {"operator": "NOT", "conditions": [{"body": f"nowhere{i}"} for i in range(40)]}
    client.open()
    ids = client.one("Email/query", {"filter": {"operator": "NOT", "conditions": [{"body": "nowhere"}]}})["ids"]
    in_slices(server, "40 texts by JMAP", lambda: equal("40 texts by JMAP", client.one("Email/query", {"filter": words})["ids"], ids))
    in_slices(server, "190 words by JMAP", lambda: client.one("Email/query", {"filter": {"body": "a b c d e f g h i j " * 19}}))
    client.close()
    pieces = " ".join(f"BINARY.PEEK[1]<{1000000 + i}.1>" for i in range(100))
    in_slices(server, "100 pieces", lambda: equal("100 pieces", imap.fetch("1", f"({pieces})")[0], "OK"))
    imap.logout()


def nested_message(depth):
    head = b"Subject: deep\r\nMIME-Version: 1.0\r\n"
    body = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
    return head + body + b"Content-Type: text/plain\r\n\r\nthe bottom\r\n"


def test_deep_mime(server):
    before = server.memory_kb()
    imap = imaplib.IMAP4("127.0.0.1", server.port("imap"))
    imap.login(BOB, SECRET)
    many = b"Subject: many\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\na\r\n" * 100000
    headers = b"Subject: headers\r\n" + b"X-A: " + b"b" * 900 + b"\r\n"
    headers += headers * 2000 + b"\r\nbody\r\n"
    for name, data in (("deep", nested_message(5000)), ("many", many), ("headers", headers)):
        equal(f"{name}: taken as it is", imap.append("INBOX", "", None, data)[0], "OK")
        imap.select("INBOX")
        uid = imap.uid("SEARCH", None, "SUBJECT", name)[1][0].split()[-1]
        equal(f"{name}: BODYSTRUCTURE", imap.uid("FETCH", uid, "(BODYSTRUCTURE ENVELOPE)")[0], "OK")
        equal(f"{name}: given back as it was", imap.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1] == data, True)
    imap.logout()
    check("deep messages cost no memory", server.memory_kb() - before < GROWTH_KB, server.memory_kb() - before)
    alive(server, "deep messages")


def post(server, data):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port('http')}/jmap/api", data=data, headers={
        "Authorization": basic(BOB, SECRET), "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_deep_json(server):
    before = server.memory_kb()
    equal("deep arrays", post(server, b"[" * 1000000), 400)
    equal("deep objects", post(server, b'{"a":' * 1000000), 400)
    check("a huge request is refused", post(server, b'"' + b"a" * 60000000 + b'"') in (400, 413, 0))
    check("deep JSON costs no memory", server.memory_kb() - before < GROWTH_KB, server.memory_kb() - before)
    alive(server, "deep JSON")


def main():
    with Server() as server:
        server.add_user(BOB, SECRET)
        test_endless_lines(server)
        test_endless_literals(server)
        test_slow_drips(server)
        test_slow_reader(server)
        test_long_searches(server)
        test_deep_mime(server)
        test_deep_json(server)
    with Server(settings=f"[net]\nlimit-loopback = yes\nconnections-per-address = {LIMIT}") as server:
        test_flood(server)
    end()


if __name__ == "__main__":
    main()
