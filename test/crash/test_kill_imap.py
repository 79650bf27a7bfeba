#!/usr/bin/env python3
"""Kill the server forty times while clients write over IMAP; then compare what they were told with what is there.

Five clients of two accounts, each with mailboxes of its own and all with one in common, pipeline APPEND (several at
once, CATENATE), REPLACE, STORE, COPY, MOVE, EXPUNGE, CREATE, DELETE, RENAME, SETMETADATA. After each SIGKILL:
what was answered OK is there, and of the commands on their way the first few, each of them whole (D1); what
UIDs, UIDVALIDITY, UIDNEXT, modseqs and quota were (D5); the way back by QRESYNC from what a client knew is the
difference, no more and no less. Every tenth time, and at the end, `staunch check` finds nothing (D4).
KILLS and SEED may be set.
"""

import collections
import os
import random
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))

import imap_known as known  # noqa: E402
from harness import Server, check, end, equal  # noqa: E402
from imap_wire import Wire, flags_of, numbers  # noqa: E402

KILLS = int(os.environ.get("KILLS", "40"))
CHECK_EVERY = 10
SECRET = "correct horse"
COMMON = "Common"
CLIENTS = 5
CHILDREN = ["a", "b", "c", "a/x y", "b/x y", "c/x y"]
BREAKS = (OSError, EOFError)
MODSEQ = rb"MODSEQ \(?(\d+)"


class Account:
    """What all clients of an account have seen."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.modseq = 0
        self.uid_next = collections.defaultdict(int)        # by mailbox id
        self.highest = collections.defaultdict(int)
        self.validity = {}                                  # id -> UIDVALIDITY
        self.numbers = collections.defaultdict(dict)        # id -> {uid: message}, for ever
        self.snapshots = {}                                 # id -> (HIGHESTMODSEQ, {uid: flags})
        self.data = {}                                      # message's number -> bytes

    def saw(self, id, uid_next=0, highest=0):
        with self.lock:
            self.modseq = max(self.modseq, highest)
            self.uid_next[id] = max(self.uid_next[id], uid_next)
            self.highest[id] = max(self.highest[id], highest)


class Client:
    def __init__(self, account, index, seed):
        self.account, self.index = account, index
        self.random = random.Random(seed)
        self.root = f"k{index}"
        self.state = known.State()
        self.count = 0
        self.pending = []          # changes on their way
        self.answered = collections.Counter()
        self.wrong = []

    def owns(self, number):
        return number % CLIENTS == self.index

    def message(self):
        """A new message: its number, flags, header, text."""
        r = self.random
        self.count += 1
        number = self.count * CLIENTS + self.index
        header = f"Subject: m{number}\r\nX-Kill: {number}\r\n\r\n".encode()
        text = b"%d " % number * r.choice((1, 20, 300, 3000)) + b"\r\n"
        self.account.data[number] = header + text
        return number, set(r.sample([*known.FLAGS, known.DELETED], r.randrange(4))), header, text

    def choose(self, state, selected):
        """A change that must succeed."""
        r = self.random
        boxes = [name for name in state.boxes if name == COMMON or len(state.boxes[name].places) < known.BOX_MAX]
        box, places = r.choice(boxes or [self.root]), state.known(selected)
        some = r.sample(places, min(len(places), r.randrange(1, 5)))
        if len(places) > known.BOX_MAX // 2 and r.random() < 0.5:
            return known.carry(b"MOVE", selected, some, box) if r.random() < 0.2 else self.clear(state, selected, some)
        kind = r.randrange(13)
        if kind <= 1 or not some:
            number, flags, header, text = self.message()
            return known.append(box, [(number, flags, header + text)])
        if kind == 2:
            new = [self.message() for _ in range(r.randrange(2, 5))]
            return known.append(box, [(number, flags, header + text) for number, flags, header, text in new])
        if kind == 3:
            number, flags, header, _ = self.message()
            self.account.data[number] = header + self.account.data[some[0].number].partition(b"\r\n\r\n")[2]
            return known.catenate(box, number, flags, header, selected, some[0])
        if kind == 4:
            number, flags, header, text = self.message()
            return known.replace(selected, some[0], box, number, flags, header + text)
        if kind == 5:
            some = [p for p in some if state.copies(p.number) < known.COPIES_MAX] or None
            return known.carry(b"COPY", selected, some, box) if some else known.expunge(state, selected, places)
        if kind == 6:
            return known.carry(b"MOVE", selected, some, box)
        if kind == 7:
            return self.clear(state, selected, some)
        if kind <= 9:
            flags = set(r.sample([*known.FLAGS, known.DELETED], r.randrange(1, 4)))
            return known.store(state, selected, some, r.choice(["", "+", "-"]), flags, r.random() < 0.5)
        return self.choose_box(state, selected, kind)

    def clear(self, state, selected, some):
        if any(place.is_deleted for place in state.boxes[selected].places):
            return known.expunge(state, selected, some if selected == COMMON or self.random.random() < 0.3 else None)
        return known.store(state, selected, some, "+", {known.DELETED}, True)

    def choose_box(self, state, selected, kind):
        r = self.random
        there = [n for n in state.boxes if n not in (COMMON, self.root, selected) and not selected.startswith(n + "/")]
        leaves = [n for n in there if not any(other.startswith(n + "/") for other in state.boxes)]
        free = [name for name in (f"{self.root}/{child}" for child in CHILDREN)
                if name not in state.boxes and name.rpartition("/")[0] in state.boxes]
        targets = [(n, to) for n in there for to in free if not to.startswith(n + "/")]
        if kind == 10:
            own = [n for n in state.boxes if n != COMMON]
            return known.comment(r.choice(own), r.choice([None, b"c%d" % r.randrange(1000)]))
        if kind == 11 and targets:
            return known.rename(*r.choice(targets))
        if free and (not leaves or r.random() < 0.6):
            return known.create(r.choice(free))
        return known.delete(r.choice(leaves)) if leaves else known.comment(self.root, b"none")

    def select(self, wire):
        """A mailbox, and what its state is: the place to come back from with QRESYNC."""
        name = self.random.choice(list(self.state.boxes))
        box = self.state.boxes[name]
        floor = self.account.highest[box.id]
        answer = wire.do(b"SELECT " + known.quoted(name))
        highest = answer.number(b"HIGHESTMODSEQ")
        if not answer.ok or highest < floor:
            self.wrong.append(f"SELECT {name}: {answer.text}, {floor} was the highest modseq")
        self.account.saw(box.id, answer.number(b"UIDNEXT"), highest)
        if name != COMMON:
            self.account.snapshots[box.id] = (highest, self.state.seen(name))
        return name

    def work(self, port, stop):
        """Until the server dies."""
        try:
            wire = Wire(port, self.account.name, SECRET)
            while not stop.is_set() and not self.wrong:
                selected = self.select(wire)
                for _ in range(self.random.randrange(1, 5)):
                    self.batch(wire, selected)
            wire.close()
        except BREAKS:
            pass

    def batch(self, wire, selected):
        state, floor = self.state, self.account.modseq
        for _ in range(self.random.choice((1, 1, 2, 3))):
            change = self.choose(state, selected)
            state = change.apply(state)
            self.pending.append(change)
        tags = [wire.send(change.command) for change in list(self.pending)]
        for tag in tags:
            self.take(wire.read(tag), selected, floor)

    def take(self, answer, selected, floor):
        """The first of the pending changes is answered."""
        change = self.pending[0]
        if not answer.ok:
            self.wrong.append(f"{change}: {answer.text[-300:]}")
            raise EOFError
        self.state = change.apply(self.state, answer)
        del self.pending[0]
        self.answered[change.command.split(b" {")[0].split(b" ")[1 if change.command.startswith(b"UID") else 0].decode()] += 1
        id = self.state.boxes[selected].id
        self.account.saw(id, 0, max(answer.number(b"MODSEQ"), answer.number(b"HIGHESTMODSEQ")))
        for uid in change.stored:
            line = answer.fetched().get(uid)
            if line is None or int(re.search(MODSEQ, line.text).group(1)) <= floor:
                self.wrong.append(f"{change}: a modseq up to {floor} came again for {uid}: {answer.text}")
        for box in self.state.boxes.values():
            for place in box.places:
                if place.uid and box.id:
                    self.remember(box.id, place)

    def remember(self, id, place):
        """A UID means one message for ever."""
        other = self.account.numbers[id].setdefault(place.uid, place.number)
        if other != place.number:
            self.wrong.append(f"{id}: UID {place.uid} is m{other} and m{place.number}")
        self.account.saw(id, place.uid + 1)


class Found:
    """One account after a crash, read by a session of its own."""

    def __init__(self, server, account):
        self.account, self.wrong = account, []
        self.boxes = {}   # name -> (Box, {uid: flags})
        self.wire = Wire(server.port("imap"), account.name, SECRET)
        answer = self.wire.do(b'LIST "" (%s k*) RETURN (STATUS (MAILBOXID UIDVALIDITY UIDNEXT HIGHESTMODSEQ MESSAGES))' % COMMON.encode())
        for line in answer.lines:
            if line.text.startswith(b"* STATUS"):
                self.box(line)
        used = sum(len(account.data[n]) for n in {place.number for box, _ in self.boxes.values() for place in box.places})
        quota = self.wire.do(b'GETQUOTA ""').text
        if b"STORAGE %d " % -(-used // 1024) not in quota:
            self.wrong.append(f"{used} bytes used, told {quota}")
        self.wire.close()

    def box(self, line):
        name = re.match(rb'\* STATUS (?:"([^"]+)"|(\S+)) ', line.text)
        name = (name.group(1) or name.group(2)).decode()
        id = re.search(rb"MAILBOXID \(([^)]+)\)", line.text).group(1)
        validity, uid_next, highest, count = (int(re.search(word + rb" (\d+)", line.text).group(1))
                                              for word in (b"UIDVALIDITY", b"UIDNEXT", b"HIGHESTMODSEQ", b"MESSAGES"))
        a = self.account
        if a.validity.setdefault(id, validity) != validity or list(a.validity.values()).count(validity) != 1:
            self.wrong.append(f"{name}: UIDVALIDITY {validity} of {id}: {a.validity}")
        if uid_next < a.uid_next[id] or highest < a.highest[id]:
            self.wrong.append(f"{name}: UIDNEXT {uid_next} < {a.uid_next[id]} or HIGHESTMODSEQ {highest} < {a.highest[id]}")
        box = known.Box(id)
        lines, flags, modseqs = self.read(name, box)
        if len(lines) != count or max([*lines, 0]) >= uid_next or max([*modseqs.values(), 0]) > highest:
            self.wrong.append(f"{name}: {line.text} and {modseqs}")
        self.boxes[name] = (box, flags)
        a.snapshots[id] = (highest, flags)
        a.saw(id, uid_next, highest)

    def read(self, name, box):
        """Everything in a mailbox, after the short way back to it."""
        known_highest, before = self.account.snapshots.get(box.id, (0, {}))
        way = b" (QRESYNC (%d %d))" % (self.account.validity[box.id], known_highest) if known_highest else b""
        selected = self.wire.do(b"SELECT " + known.quoted(name) + way)
        lines = self.wire.do(b"UID FETCH 1:* (FLAGS MODSEQ BODY.PEEK[])").fetched()
        flags = {uid: flags_of(line) for uid, line in lines.items()}
        modseqs = {uid: int(re.search(MODSEQ, line.text).group(1)) for uid, line in lines.items()}
        for uid in sorted(lines):
            number = int(re.search(rb"X-Kill: (\d+)\r", lines[uid].literals[0]).group(1))
            box.places.append(known.Place(uid, number, known.DELETED in flags[uid]))
            if lines[uid].literals[0] != self.account.data[number]:
                self.wrong.append(f"{name}: the bytes of m{number} are others")
        comment = re.search(rb'/private/comment "([^"]*)"', self.wire.do(b"GETMETADATA " + known.quoted(name) + b" /private/comment").text)
        box.comment = comment.group(1) if comment else None
        if way:
            self.compare_way(name, selected, known_highest, before, flags, modseqs)
        return lines, flags, modseqs

    def compare_way(self, name, selected, known_highest, before, flags, modseqs):
        gone = {uid for text in re.findall(rb"VANISHED \(EARLIER\) ([\d:,]+)", selected.text) for uid in numbers(text)}
        told = {uid: flags_of(line) for uid, line in selected.fetched().items()}
        changed = {uid for uid, modseq in modseqs.items() if modseq > known_highest}
        silent = {uid for uid in flags if uid not in told and before.get(uid) != flags[uid]}
        if gone & set(flags) or set(before) - set(flags) != gone & set(before):
            self.wrong.append(f"{name}: VANISHED {sorted(gone)}, were {sorted(before)}, are {sorted(flags)}")
        if set(told) != changed or silent or any(flags[uid] != told[uid] for uid in told):
            self.wrong.append(f"{name}: since {known_highest} told {told}, changed {changed}, unheard {silent}: {flags}")

    def state(self, client):
        """The part that is this client's."""
        state = known.State()
        for name, (box, flags) in self.boxes.items():
            if name == COMMON or name == client.root or name.startswith(client.root + "/"):
                own = state.boxes[name] = known.Box(box.id, box.comment)
                own.places = [place for place in box.places if client.owns(place.number)]
                state.flags |= {place.number: flags[place.uid] - {known.DELETED} for place in own.places}
        return state


def compare(kill, server, account, clients, undecided):
    """One account after a kill; `undecided` counts how many commands without an answer were carried out."""
    uid_floor = dict(account.uid_next)
    found = Found(server, account)
    equal(f"kill {kill}: {account.name}", found.wrong, [])
    for client in clients:
        state, now, why = client.state, found.state(client), []
        for done, change in enumerate([None, *client.pending]):
            state = change.apply(state) if change else state
            why.append(state.differs(now, uid_floor))
            if not why[-1]:
                undecided[done, len(client.pending)] += 1
                break
        check(f"kill {kill}: client {client.index}", not why[-1], (why, client.pending))
        client.pending, client.state = [], now
        for box in now.boxes.values():
            for place in box.places:
                client.remember(box.id, place)
        equal(f"kill {kill}: client {client.index} hears the truth", client.wrong, [])
        client.wrong = []


def prepare(server, clients, accounts):
    for account in accounts:
        server.add_user(account.name, SECRET)
        server.command("user", "quota", account.name, "1GB", "1000000")
        wire = Wire(server.port("imap"), account.name, SECRET)
        for name in [COMMON] + [client.root for client in clients if client.account is account]:
            wire.do(b"CREATE " + known.quoted(name))
        wire.close()
        found = Found(server, account)
        for client in clients:
            if client.account is account:
                client.state = found.state(client)


def one_round(server, clients):
    stop = threading.Event()
    threads = [threading.Thread(target=client.work, args=(server.port("imap"), stop)) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.02, 0.4))
    server.stop(signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join(60)


def staunch_check(server):
    equal("ends cleanly", server.stop(), 0)
    done = server.command("check", check_status=False)
    check("staunch check", done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:])
    server.start()


def main():
    seed = int(os.environ.get("SEED", "0")) or time.time_ns()
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    accounts = [Account("alice@example.test"), Account("bob@example.test")]
    clients = [Client(accounts[i % 2], i, seed + i) for i in range(CLIENTS)]
    undecided, answered = collections.Counter(), collections.Counter()
    with Server() as server:
        prepare(server, clients, accounts)
        for kill in range(KILLS):
            one_round(server, clients)
            server.start()
            for account in accounts:
                compare(kill, server, account, [client for client in clients if client.account is account], undecided)
            if (kill + 1) % CHECK_EVERY == 0:
                staunch_check(server)
        for client in clients:
            answered += client.answered
        print(f"{KILLS} kills, answered: {dict(answered)}; without an answer, yet carried out: "
              f"{sum(done * n for (done, _), n in undecided.items())} of {sum(all * n for (_, all), n in undecided.items())}")
        check("the kills fell among commands", answered.total() > 3 * KILLS and sum(n for (_, all), n in undecided.items() if all) > KILLS // 2,
              (answered, undecided))
        staunch_check(server)
    end()


if __name__ == "__main__":
    main()
