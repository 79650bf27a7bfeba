"""PARTS=jmap: a row for each promise about the speed of JMAP, with Cyrus in turns. Beside the times stands the CPU time
of the server's processes for one request, which other work on the machine disturbs less."""

import base64
import json
import os
import smtplib
import socket
import statistics
import tempfile
import time
import urllib.request

import cyrus
import imap_part
import measure
import subjects

BIG, FEW, PUSHED = subjects.USERS[9], subjects.USERS[8], subjects.USERS[:1]
PEOPLE = subjects.USERS[:8]
LETTERS = 200  # of each of PEOPLE, in HTML
INDEXED = 5000  # messages the peer has an index of: it takes a minute for 15000
LISTENERS = 1000
DELIVERIES = 7
ROUNDS, SECONDS = 3, 2
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
LIST_PROPERTIES = ["threadId", "mailboxIds", "keywords", "hasAttachment", "from", "to", "subject", "receivedAt", "size",
                   "preview"]
BODY_PROPERTIES = LIST_PROPERTIES + ["cc", "bcc", "replyTo", "sentAt", "messageId", "inReplyTo", "references",
                                     "textBody", "htmlBody", "attachments", "bodyValues"]
WORDS = (("a word that is nowhere", "harpsichord"), ("in few", "xylophone"), ("in all", "nobody"))
VIEW, SET, READ = "mailbox view", "Email/set of a keyword", "Email/get of a message with its bodies"
READ_MANY = "Email/get of 50 with their bodies"


def is_more(factor):
    peer = cyrus.Cyrus.name
    return (f"{factor} x peer", lambda v: v["staunch"] >= factor * v[peer] if v.get(peer) else None)


def is_less(limit):
    return (f"< {limit}", lambda v: v["staunch"] < limit)


TARGETS = {
    f"JMAP: {VIEW}, median (ms)": is_less(2),
    f"JMAP: {VIEW}, 10 clients (1/s)": is_more(10),
    f"JMAP: {SET}, 20 clients (1/s)": is_more(3),
    f"JMAP: {READ}, 4 clients (1/s)": is_more(3),
    f"JMAP: {READ_MANY}, 4 clients (1/s)": is_more(3),
    "JMAP: memory per EventSource, plain (KB)": is_less(12),
    "JMAP: memory per EventSource, TLS (KB)": is_less(12),
}
TARGETS.update({f"JMAP: text search, {name}, median (ms)": is_less(50) for name, _ in WORDS})


class Account:
    """One user's account over JMAP, to find out the ids that a load needs."""

    def __init__(self, subject, user):
        self.url = f"http://127.0.0.1:{subject.port('http')}"
        self.user = subject.login(user) if hasattr(subject, "login") else user
        session = self.fetch(urllib.request.Request(self.url + "/.well-known/jmap"))
        self.id = session["primaryAccounts"]["urn:ietf:params:jmap:mail"]
        self.path = "/" + session["apiUrl"].split("/", 3)[-1].lstrip("/") if "://" in session["apiUrl"] \
            else session["apiUrl"]

    def fetch(self, request):
        login = base64.b64encode(f"{self.user}:{subjects.PASSWORD}".encode()).decode()
        request.add_header("Authorization", "Basic " + login)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def request(self, *calls):
        """The text of a request: one line."""
        named = [[name, {"accountId": self.id, **arguments}, str(i)] for i, (name, arguments) in enumerate(calls)]
        return json.dumps({"using": USING, "methodCalls": named}, separators=(",", ":"))

    def ask(self, *calls):
        answer = self.fetch(urllib.request.Request(self.url + self.path, self.request(*calls).encode()))
        return answer["methodResponses"]

    def inbox(self):
        boxes = self.ask(("Mailbox/get", {"ids": None}))[0][1]["list"]
        return next(b["id"] for b in boxes if b["role"] == "inbox")

    def emails(self, limit):
        return self.ask(("Email/query", {"limit": limit, "sort": [{"property": "receivedAt", "isAscending": False}]})
                        )[0][1]["ids"]


# -- requests -----------------------------------------------------------------------------------------

def view(account, inbox):
    """What a webmail asks when a mailbox is opened (RFC 8621 4.10)."""
    return account.request(
        ("Email/query", {"filter": {"inMailbox": inbox}, "limit": 50, "collapseThreads": True,
                         "sort": [{"property": "receivedAt", "isAscending": False}]}),
        ("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                       "properties": LIST_PROPERTIES}),
        ("Thread/get", {"#ids": {"resultOf": "1", "name": "Email/get", "path": "/list/*/threadId"}}))


def search(account, word):
    return account.request(("Email/query", {"filter": {"text": word}, "limit": 50,
                                            "sort": [{"property": "receivedAt", "isAscending": False}]}))


def flag(account, email, is_set):
    return account.request(("Email/set", {"update": {email: {"keywords/$flagged": True if is_set else None}}}))


def read(account, emails):
    return account.request(("Email/get", {"ids": emails, "properties": BODY_PROPERTIES, "fetchTextBodyValues": True,
                                          "fetchHTMLBodyValues": True}))


def requests_of(subject):
    """{name of the load: lines "USER JSON"}."""
    found = {SET: [], READ: [], READ_MANY: []}
    big, few = Account(subject, BIG), Account(subject, FEW)
    found[VIEW] = [f"{big.user} {view(big, big.inbox())}"]
    searched = few if subject.name == cyrus.Cyrus.name else big
    for name, word in WORDS:
        found[name] = [f"{searched.user} {search(searched, word)}"]
    people = [Account(subject, user) for user in PEOPLE]
    ids = [account.emails(LETTERS) for account in people]
    for is_set in (True, False):
        for i in range(LETTERS):
            found[SET] += [f"{a.user} {flag(a, mine[i % len(mine)], is_set)}" for a, mine in zip(people, ids)]
    for i in range(LETTERS):
        found[READ] += [f"{a.user} {read(a, mine[i:i + 1])}" for a, mine in zip(people, ids) if i < len(mine)]
    for a, mine in zip(people, ids):
        found[READ_MANY].append(f"{a.user} {read(a, mine[:50])}")
    return found


def files_of(subject):
    """{name of the load: path of a file}."""
    paths = {}
    for name, lines in requests_of(subject).items():
        handle, paths[name] = tempfile.mkstemp(prefix="load-", dir=subject.folder)
        with os.fdopen(handle, "w") as f:
            f.write("\n".join(lines) + "\n")
    return paths


# -- loads --------------------------------------------------------------------------------------------

def run(load, count, path):
    """Requests a second, median and p99 in ms, CPU ms of a request, bytes of an answer."""
    pids = load.subject.pids()
    before = imap_part.cpu_ms(pids)
    load.ask(f"{count} {path}")
    seconds, _, median, p99, _, size = load.line().split("\t")
    cpu = (imap_part.cpu_ms(pids) - before) / count
    return count / float(seconds), float(median), float(p99), cpu, float(size)


def loads(everyone, paths, keep, name, clients, title):
    """The subjects take turns, after a first round that warms and tells how many requests SECONDS take."""
    programs = {s: imap_part.Load(s, "jmap_load", s.port("http"), Account(s, BIG).path, clients, subjects.PASSWORD)
                for s in everyone}
    found, counts = {}, {}
    for s, load in programs.items():
        rate = run(load, clients, paths[s][name])[0]
        counts[s] = max(clients, 4, int(rate * SECONDS))
    for _ in range(ROUNDS):
        for s, load in programs.items():
            measure.settle()
            found.setdefault(s, []).append(run(load, counts[s], paths[s][name]))
    clients_words = f"{clients} client{'s' * (clients > 1)}"
    for s, values in found.items():
        rate, median, p99, cpu, size = (statistics.median(v[i] for v in values) for i in range(5))
        measure.note(f"{s.name}: {title}: {size:.0f} bytes of an answer")
        if clients == 1:
            keep(s, f"JMAP: {title}, median (ms)", median)
        else:
            keep(s, f"JMAP: {title}, {clients_words} (1/s)", rate)
            keep(s, f"JMAP: .. {title}, {clients_words}, median (ms)", median)
        keep(s, f"JMAP: .. {title}, {clients_words}, p99 (ms)", p99)
        keep(s, f"JMAP: .. {title}, {clients_words}, CPU of one (ms)", cpu)
        programs[s].close()


# -- listeners ----------------------------------------------------------------------------------------

def open_listener(subject, user):
    """Over TLS."""
    login = base64.b64encode(f"{user}:{subjects.PASSWORD}".encode()).decode()
    link = measure.tls(socket.create_connection(("127.0.0.1", subject.port("https")), timeout=30))
    link.sendall(b"GET /jmap/eventsource?types=*&closeafter=no&ping=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                 b"Authorization: Basic " + login.encode() + b"\r\n\r\n")
    measure.answer(link, b": open")
    return link


def listeners(subject, keep, count):
    """Memory of each, when the accounts are open already."""
    first = [open_listener(subject, user) for user in subjects.USERS]
    time.sleep(1)
    before = measure.memory_kb(subject.pids())
    links = [open_listener(subject, subjects.USERS[i % len(subjects.USERS)]) for i in range(count)]
    time.sleep(1)
    keep(subject, "JMAP: memory per EventSource, TLS (KB)", (measure.memory_kb(subject.pids()) - before) / count)
    for link in links:
        link.close()
    time.sleep(1)
    before = measure.memory_kb(subject.pids())
    with imap_part.Load(subject, "jmap_watch", subject.port("http"), subject.port("lmtp"), count, subjects.PASSWORD,
                        *subjects.USERS) as load:
        load.line()
        time.sleep(1)
        keep(subject, "JMAP: memory per EventSource, plain (KB)",
             (measure.memory_kb(subject.pids()) - before) / count)
    for link in first:
        link.close()
    with imap_part.Load(subject, "jmap_watch", subject.port("http"), subject.port("lmtp"), count, subjects.PASSWORD,
                        *PUSHED) as load:
        load.line()
        last = []
        pids = subject.pids()
        cpu = imap_part.cpu_ms(pids)
        for _ in range(DELIVERIES):
            load.ask("deliver")
            last.append(float(load.line().split()[1]))
        keep(subject, "JMAP: delivery told to all of them, median (ms)", statistics.median(last))
        keep(subject, "JMAP: .. CPU of it (ms)", (imap_part.cpu_ms(pids) - cpu) / DELIVERIES)


# -- all of it ----------------------------------------------------------------------------------------

def letter(number):
    """A message with a text and an HTML body, about 6 KB."""
    line = f"<p>Of those who came to meeting {number} <b>nobody</b> could say why it was held =E2=80=93 so they=\r\n left.</p>\r\n"
    text = f"Of those who came to meeting {number} nobody could say why it was held, so they left.\r\n"
    return (f"Date: Mon, 05 Jan 2026 10:20:30 +0000\r\nFrom: Sender of Mail <sender@client.test>\r\n"
            f"Message-ID: <{number}.letter@client.test>\r\nTo: All <all@example.test>\r\nSubject: Letter {number}\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=edge\r\n\r\n"
            "--edge\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + 25 * text +
            "--edge\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
            30 * line + "--edge--\r\n")


def fill(subject, count):
    if subject.name == cyrus.Cyrus.name:
        for user in subjects.USERS:
            subject.make_mailbox(user)
        subject.fill(FEW, min(count, INDEXED), measure.deliver)
        subject.index(FEW)
    subject.fill(BIG, count, measure.deliver)
    with smtplib.LMTP("127.0.0.1", subject.port("lmtp")) as lmtp:
        for number in range(LETTERS):
            for user in PEOPLE:  # one by one: smtplib reads but one reply
                lmtp.sendmail("sender@client.test", [user], letter(number).encode())
    imap_part.wait_rest(subject)


def measure_all(everyone, keep, say):
    count, many = imap_part.setting("COUNT"), int(os.environ.get("LISTENERS") or LISTENERS)
    for subject in everyone:
        subject.start()
        say(f"{subject.name}: mailboxes")
        fill(subject, count)
    paths = {subject: files_of(subject) for subject in everyone}
    say("one client")
    loads(everyone, paths, keep, VIEW, 1, VIEW)
    for name, _ in WORDS:
        loads(everyone, paths, keep, name, 1, f"text search, {name}")
    say("many clients")
    for name, clients in ((VIEW, 10), (SET, 20), (READ, 4), (READ_MANY, 4)):
        loads(everyone, paths, keep, name, clients, name)
    say("listeners")
    listeners(everyone[0], keep, many)
    measure.note(f"JMAP: {count} messages, {many} listeners; the text search of Cyrus is over "
                 f"{min(count, INDEXED)} messages")
