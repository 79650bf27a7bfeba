#!/usr/bin/env python3
"""Many clients of one account do everything at once, badly: the server neither breaks nor mixes anything up.

IMAP sessions pipeline random commands (FETCH while others EXPUNGE, MOVE, DELETE and RENAME what is selected),
abandon literals, leave in the middle of answers; JMAP clients set and query; LMTP delivers; some over TLS.
Afterwards `staunch check` finds nothing (D4). STORM_SECONDS and SEED may be set.
"""

import os
import random
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

from harness import Server, check, end  # noqa: E402
from jmap_client import Client, HttpError, MethodError  # noqa: E402

SECONDS = float(os.environ.get("STORM_SECONDS", "12"))
SEED = int(os.environ.get("SEED", "0")) or time.time_ns()
ALICE, SECRET = "alice@example.test", "correct horse"
answers = {}
BOXES = ["INBOX", "A", "B", "A/C", "Trash", "D"]
MESSAGES = [
    b"Subject: plain\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n",
    b"Subject: answer\r\nIn-Reply-To: <1@x>\r\nFrom: \"a\\\"b\" <x@y.test>\r\n\r\n" + b"long\r\n" * 3000,
    b"Subject: =?utf-8?q?=C3=A4?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n",
    b"\x00\xff\xfe: odd\r\nSubject\r\n: \r\n\r\n\r\r\n\n",
    b"\r\n", b"x", b"Content-Type: ((((\r\nDate: 99 Foo\r\nTo: <<<>>>,;:\r\n\r\n",
]
ITEMS = ["FLAGS", "UID", "ENVELOPE", "BODYSTRUCTURE", "BODY", "BODY[]", "BODY.PEEK[HEADER]", "BODY[1]", "BODY[2.MIME]", "BODY[2.1]",
         "BINARY[1]", "BINARY.SIZE[3]", "RFC822.SIZE", "BODY[TEXT]<3.20>", "BODY[HEADER.FIELDS (SUBJECT X)]", "EMAILID", "THREADID",
         "INTERNALDATE", "RFC822", "FAST", "MODSEQ", "BODY[1", "BODY[]<1>", "("]
KEYS = ["ALL", "SEEN", "UNSEEN", "DELETED", "TEXT long", "BODY hello", "SUBJECT plain", "HEADER X \"\"", "OR SEEN DELETED", "NOT 1:2",
        "UID 1:*", "$", "SINCE 1-Jan-2020", "SENTBEFORE 1-Jan-2030", "LARGER 10", "(SEEN (FLAGGED))", "CHARSET UTF-8 ALL", "KEYWORD a",
        "RETURN (SAVE) ALL", "RETURN (MIN MAX COUNT ALL) ALL", "RETURN () 1", "MODSEQ 1", "((((("]


def one_set(r):
    return r.choice(["1", "1:*", "*", "2:4", "5,3,1", "1:3,9:*", "4294967295", "0", "$", "1:", str(r.randrange(1, 60))])


def command(r):
    uid = r.choice(["", "UID "])
    box = r.choice(BOXES)
    return r.choice([
        lambda: f"SELECT {box}", lambda: f"EXAMINE {box}", lambda: "NOOP", lambda: "CHECK", lambda: "CLOSE", lambda: "UNSELECT",
        lambda: f"{uid}FETCH {one_set(r)} ({' '.join(r.sample(ITEMS[:19], r.randrange(1, 4)))})",
        lambda: f"{uid}FETCH {one_set(r)} {r.choice(ITEMS)}",
        lambda: f"{uid}STORE {one_set(r)} {r.choice(['', '+', '-'])}FLAGS{r.choice(['', '.SILENT'])} "
                f"({' '.join(r.sample([chr(92) + 'Seen', chr(92) + 'Deleted', chr(92) + 'Flagged', 'a', 'k' + str(r.randrange(90))], 2))})",
        lambda: f"{uid}COPY {one_set(r)} {box}", lambda: f"{uid}MOVE {one_set(r)} {box}", lambda: "EXPUNGE",
        lambda: f"UID EXPUNGE {one_set(r)}", lambda: f"{uid}SEARCH {r.choice(KEYS)}", lambda: f"CREATE {box}",
        lambda: f"DELETE {r.choice(BOXES[1:])}", lambda: f"RENAME {r.choice(BOXES)} {r.choice(BOXES[1:] + ['E/F/G'])}",
        lambda: f"STATUS {box} (MESSAGES UNSEEN UIDNEXT SIZE DELETED)", lambda: 'LIST "" * RETURN (STATUS (MESSAGES))', lambda: 'LSUB "" %',
        lambda: f"SUBSCRIBE {box}", lambda: "ENABLE IMAP4rev2", lambda: "ID NIL", lambda: "NAMESPACE", lambda: "IDLE\r\nDONE",
        lambda: "IDLE", lambda: "LOGOUT", lambda: "\x00" * 3, lambda: "BOGUS {3}", lambda: f"SELECT {{{len(box)}+}}\r\n{box}",
    ])()


def receiver(s, gone, r):
    """Read what comes, sometimes slowly."""
    try:
        while not gone.is_set():
            piece = s.recv(r.choice((10, 1000, 65536)))
            if not piece:
                break
            for word in (b"t OK", b"t NO", b"t BAD"):
                answers[word] = answers.get(word, 0) + piece.count(word)
            if r.random() < 0.02:
                time.sleep(0.01)
    except OSError:
        pass
    gone.set()


def imap_session(server, r):
    is_tls = r.random() < 0.3
    s = socket.create_connection(("127.0.0.1", server.port("imaps" if is_tls else "imap")), timeout=5)
    if is_tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = context.wrap_socket(s)
    gone = threading.Event()
    reader = threading.Thread(target=receiver, args=(s, gone, r))
    reader.start()
    try:
        s.sendall(f'a LOGIN {ALICE} "{SECRET}"\r\n'.encode())
        for _ in range(r.randrange(1, 60)):
            if gone.is_set():
                break
            batch = b""
            for _ in range(r.choice((1, 1, 5, 30))):
                if r.random() < 0.2:
                    message = r.choice(MESSAGES)
                    sign = b"~" if b"\0" in message else b""
                    batch += b"t APPEND %s %s{%d+}\r\n" % (r.choice(BOXES).encode(), sign, len(message)) + message + b"\r\n"
                else:
                    batch += b"t " + command(r).encode() + b"\r\n"
            if r.random() < 0.05:
                batch = batch[:r.randrange(len(batch))]
            s.sendall(batch)
            if r.random() < 0.3:
                time.sleep(r.random() * 0.05)
        if r.random() < 0.5:
            s.sendall(b"z LOGOUT\r\n")
            gone.wait(2)
    except OSError:
        pass
    gone.set()
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    s.close()
    reader.join(10)


def jmap_session(server, r):
    c = Client(f"http://127.0.0.1:{server.port('http')}", ALICE, SECRET, timeout=20)
    try:
        c.open()
        boxes = [box["id"] for box in c.one("Mailbox/get", {"ids": None, "properties": ["name"]})["list"]]
        state = c.one("Email/get", {"ids": []})["state"]
        for _ in range(r.randrange(1, 15)):
            ids = c.one("Email/query", {"sort": [{"property": r.choice(["receivedAt", "subject", "size"])}], "limit": 30,
                                        "filter": r.choice([None, {"text": "long"}, {"inMailbox": r.choice(boxes)}])})["ids"]
            pick = r.sample(ids, min(len(ids), 4))
            what = r.randrange(7)
            try:
                if what == 0:
                    c.one("Email/get", {"ids": pick, "fetchAllBodyValues": True})
                elif what == 1:
                    c.one("Email/set", {"update": {i: {"keywords/" + r.choice(["$seen", "x", "$flagged"]): r.choice([True, None])} for i in pick}})
                elif what == 2:
                    c.one("Email/set", {"update": {i: {"mailboxIds": {r.choice(boxes): True}} for i in pick}})
                elif what == 3:
                    c.one("Email/set", {"destroy": pick})
                elif what == 4:
                    c.one("Email/changes", {"sinceState": state})
                elif what == 5:
                    c.import_message(r.choice(MESSAGES), r.choice(boxes))
                else:
                    c.one("Mailbox/set", {"create": {"m": {"name": r.choice(BOXES)}}, "destroy": [r.choice(boxes)], "onDestroyRemoveEmails": True})
            except (MethodError, KeyError):
                pass
    except HttpError as error:
        return f"{error}" if error.status == 500 else None
    except (MethodError, OSError):
        pass
    finally:
        c.close()
    return None


def lmtp_session(server, r):
    with socket.create_connection(("127.0.0.1", server.port("lmtp")), timeout=5) as s:
        try:
            s.sendall(b"LHLO x\r\n" + b"".join(
                b"MAIL FROM:<>\r\nRCPT TO:<" + ALICE.encode() + b">\r\nDATA\r\nSubject: in\r\n\r\n" + b"y\r\n" * r.randrange(500) + b".\r\n"
                for _ in range(r.randrange(1, 8))) + b"QUIT\r\n")
            while s.recv(65536):
                pass
        except OSError:
            pass


def client(server, seed, until, wrong):
    r = random.Random(seed)
    while time.time() < until and server.process.poll() is None:
        try:
            found = r.choice((imap_session, imap_session, imap_session, jmap_session, lmtp_session))(server, r)
            if found:
                wrong.append(found)
        except OSError:
            time.sleep(0.05)


def main():
    print(f"seed {SEED}")
    with Server(settings="[imap]\nerrors = 1000") as server:
        server.add_user(ALICE, SECRET)
        wrong = []
        until = time.time() + SECONDS
        threads = [threading.Thread(target=client, args=(server, SEED + i, until, wrong)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        check("the server lives", server.process.poll() is None, server.log()[-3000:])
        check("commands were carried out", answers.get(b"t OK", 0) > 100 * SECONDS, answers)
        check("nothing was damaged", "SERVERBUG" not in server.log() and not wrong, wrong[:3])
        server.stop()
        done = server.command("check", check_status=False)
        check("staunch check", done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:])
        print(answers, done.stdout.strip().split("\n")[-1])
        server.start()
    end()


if __name__ == "__main__":
    main()
