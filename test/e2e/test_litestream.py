#!/usr/bin/env python3
"""A host is lost and comes back on another one from what was replicated (litestream/README.md).

Mail comes in all the time. At some moment replica and copied messages are known to have all that was answered so far;
then the replication is killed, things go on for a while (the tail: what clients are told, and what will be lost), the
server is killed and its data folder deleted. What is restored must have all of the first part, be consistent, give
no number of the tail to something else, and let no client go on from a state of before (D5). What was in the queue is
handed on, what was handed on in the tail once more (D6).

With the real Litestream when it can be had, else skipped; always with a copy that SQLite makes.
"""

import imaplib
import os
import re
import shutil
import smtplib
import sqlite3
import subprocess
import tempfile
import threading
import time

import litestream
from harness import Server, check, end, equal, skip
from jmap_client import Client, MethodError
from ours import queue, wait_for
from sink import Sink, reply

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
SECRET = "correct horse"
PACE_SECONDS = 0.01
EARLY, TAIL = 30, 20  # messages that must have come before the next thing happens
SETTINGS = """
[queue]
retry = 1h
linger = 0
[route elsewhere]
way = relay
host = 127.0.0.1
port = {port}
"""
REPLICATED = "[store]\nreplicated = yes\n"
DATA_TYPES = ("Email", "Mailbox", "Thread", "Identity")


# --- replicas --------------------------------------------------------------------------------------------------------


class Copy:
    """What Litestream is in the other half: a copy of the moment, by SQLite."""

    def __init__(self, data, folder):
        self.data, self.folder = data, folder

    def start(self):
        pass

    def catch_up(self):
        for name in ("store.db", "directory.db"):
            source = sqlite3.connect(os.path.join(self.data, name), timeout=20)
            target = sqlite3.connect(os.path.join(self.folder, name))
            source.backup(target)
            source.close()
            target.close()

    def kill(self):
        pass

    def restore(self):
        for name in ("store.db", "directory.db"):
            shutil.copyfile(os.path.join(self.folder, name), os.path.join(self.data, name))

    def log(self):
        return ""


class Backup(Copy):
    """An owner's own backup of a running server: it has what was flushed, at most ten seconds ago."""

    def generation(self):
        """Another one after each flush (src/store/README.md)."""
        source = sqlite3.connect(os.path.join(self.data, "store.db"), timeout=20)
        row = source.execute("SELECT value FROM kv WHERE key = x'017265646f'").fetchone()
        source.close()
        return row

    def catch_up(self):
        was = self.generation()
        check("what came until now is flushed", was and wait_for(lambda: self.generation() != was, 30))
        super().catch_up()


def remove(folder):
    """The directory's children of a killed server may still be closing their files."""
    while os.path.exists(folder):
        shutil.rmtree(folder, ignore_errors=True)


def copy_messages(source, target):
    """As the page says: rsync; a file may go while it looks (24)."""
    os.makedirs(target, exist_ok=True)
    if shutil.which("rsync"):
        status = subprocess.run(["rsync", "-a", source + "/", target + "/"], stderr=subprocess.DEVNULL).returncode
    else:
        status = subprocess.run(["cp", "-a", source + "/.", target], stderr=subprocess.DEVNULL).returncode
    check("the messages are copied", status in (0, 1, 24), status)


# --- load and what clients see ----------------------------------------------------------------------------------------


class Load(threading.Thread):
    """Mail for both, one after the other, until the server is gone."""

    def __init__(self, server, word="load"):
        super().__init__(daemon=True)
        self.server, self.word, self.answered = server, word, []

    def run(self):
        number = 0
        try:
            while True:
                with smtplib.SMTP(self.server.host, self.server.port("smtp"), timeout=30) as smtp:
                    for _ in range(500):  # a session takes 1000
                        number += 1
                        smtp.sendmail("far@elsewhere.test", [ALICE, BOB],
                                      f"From: far@elsewhere.test\r\nSubject: {self.word} {number}\r\n\r\nx\r\n")
                        self.answered.append(number)
                        time.sleep(PACE_SECONDS)
        except (OSError, smtplib.SMTPException):
            pass

    def wait(self, more):
        count = len(self.answered) + more
        check(f"{more} more messages come in", wait_for(lambda: len(self.answered) >= count, 60), len(self.answered))


def imap(server, name):
    session = imaplib.IMAP4(server.host, server.port("imap"), timeout=30)
    session.login(name, SECRET)
    return session


def boxes_of(session):
    """{name: (UIDVALIDITY, UIDNEXT)}"""
    found = {}
    for line in session.list()[1]:
        name = re.search(rb'"([^"]*)"$|(\S+)$', line)
        name = (name[1] or name[2]).decode()
        answer = session.status(f'"{name}"', "(UIDVALIDITY UIDNEXT)")[1][0].decode()
        found[name] = (int(re.search(r"UIDVALIDITY (\d+)", answer)[1]), int(re.search(r"UIDNEXT (\d+)", answer)[1]))
    return found


class Told:
    """What a user's programs were told: states, ids, UIDs."""

    def __init__(self, server, name):
        client = Client(f"http://{server.host}:{server.port('http')}", name, SECRET)
        client.open()
        self.account = client.account
        self.states = {type: client.one(type + "/get", {"ids": []})["state"] for type in DATA_TYPES[:3]}
        query = client.one("Email/query", {"sort": [{"property": "receivedAt"}], "limit": 5000})
        self.query_state = query["queryState"]
        self.emails = {}
        for start in range(0, len(query["ids"]), 400):
            got = client.one("Email/get", {"ids": query["ids"][start:start + 400], "properties": ["subject", "threadId"]})
            self.emails.update({e["id"]: e["subject"] for e in got["list"]})
        self.mailboxes = {m["id"] for m in client.one("Mailbox/get", {"ids": None})["list"]}
        client.close()
        session = imap(server, name)
        self.boxes = boxes_of(session)
        session.logout()

    def subjects(self):
        return set(self.emails.values())


def make_tail(server, load):
    """What is only in the tail: a mailbox, changed flags, an account, a message sent, another in the queue."""
    load.wait(TAIL)
    session = imap(server, ALICE)
    session.create("Tail")
    session.select("INBOX")
    session.copy("1:3", "Tail")
    session.store("1:2", "+FLAGS", r"(\Flagged)")
    session.store("4", "+FLAGS", r"(\Deleted)")
    session.expunge()
    session.logout()
    server.add_user(CAROL, SECRET)
    with smtplib.SMTP(server.host, server.port("smtp")) as smtp:
        smtp.sendmail("far@elsewhere.test", [CAROL], "Subject: first\r\n\r\nx\r\n")
    submit(server, "lost@far.test")


def submit(server, to):
    """The number under which it is queued."""
    with smtplib.SMTP(server.host, server.port("submission")) as smtp:
        smtp.login(ALICE, SECRET)
        smtp.mail(ALICE)
        smtp.rcpt(to)
        code, text = smtp.data(f"From: {ALICE}\r\nSubject: to {to}\r\n\r\nx\r\n")
    equal(f"to {to}", code, 250)
    return text.decode()


def queue_ids(server):
    return {int(row["id"]) for row in queue(server)}


def check_numbers(name, now, late):
    """Nothing that was told means something else now."""
    for box, (validity, _) in now.boxes.items():
        if box in late.boxes:
            check(f"{name}: UIDVALIDITY of {box} is greater", validity > late.boxes[box][0], (validity, late.boxes[box]))
    every = [validity for validity, _ in now.boxes.values()]
    check(f"{name}: above all that were told", min(every) > max(v for v, _ in late.boxes.values()), (now.boxes, late.boxes))
    equal(f"{name}: each its own", len(set(every)), len(every))
    for id, subject in now.emails.items():
        check(f"{name}: {id} is what it was", late.emails.get(id, subject) == subject, (subject, late.emails.get(id)))


def check_states(server, name, *told):
    client = Client(f"http://{server.host}:{server.port('http')}", name, SECRET)
    for one in told:
        for type, state in one.states.items():
            try:
                answer = client.one(type + "/changes", {"sinceState": state})
                check(f"{name}: {type}/changes since {state}", False, answer)
            except MethodError as error:
                equal(f"{name}: {type}/changes since {state}", error.type, "cannotCalculateChanges")
        try:
            answer = client.one("Email/queryChanges", {"sinceQueryState": one.query_state,
                                                       "sort": [{"property": "receivedAt"}]})
            check(f"{name}: Email/queryChanges since {one.query_state}", False, answer)
        except MethodError as error:
            equal(f"{name}: Email/queryChanges", error.type, "cannotCalculateChanges")
    now = client.one("Email/get", {"ids": []})["state"]
    equal(f"{name}: and from now on", client.one("Email/changes", {"sinceState": now})["newState"], now)
    client.close()


def number_of(id):
    return int(re.sub(r"\D", "", id))


def check_new(server, late):
    """What comes now has numbers that nobody heard of."""
    with smtplib.SMTP(server.host, server.port("smtp")) as smtp:
        smtp.sendmail("far@elsewhere.test", [ALICE, CAROL], "Subject: afterwards\r\n\r\nwordafterwards\r\n")
    session = imap(server, ALICE)
    session.create("Tail")
    equal("it is found by its text", session.select("INBOX")[0] and session.search(None, "TEXT", "wordafterwards")[1][0].split() != [],
          True)
    session.logout()
    now = Told(server, ALICE)
    new = [id for id, subject in now.emails.items() if subject == "afterwards"]
    equal("one new message", len(new), 1)
    top = max(number_of(id) for id in late[ALICE].emails)
    check("with a new id", number_of(new[0]) > top, (new, top))
    made = now.mailboxes - late[ALICE].mailboxes
    check("the mailbox made anew has a new id", len(made) == 1, (now.mailboxes, late[ALICE].mailboxes))
    check("and UIDVALIDITY", now.boxes["Tail"][0] > max(v for v, _ in late[ALICE].boxes.values()))
    carol = Told(server, CAROL)
    check("so has the account", carol.account != late[CAROL].account, carol.account)
    check_numbers(CAROL, carol, late[CAROL])
    check_states(server, CAROL, late[CAROL])


def check_queue(server, sink, told_ids, kept):
    """Those of before are there; in the tail they were handed on, so they are once more, and no more."""
    equal("the queue has what it had", sorted(r for row in queue(server) for r in recipients(row)), sorted(kept))
    new = submit(server, "new@far.test")
    ids = queue_ids(server)
    check("a new number", max(ids) > max(told_ids), (ids, told_ids))
    sink.behave()
    server.command("queue", "retry")
    check("they leave", wait_for(lambda: not queue(server)), server.log()[-2000:])
    got = sorted(r for m in sink.messages for r in m.recipients)
    equal("each as often as it may", got, sorted(2 * kept + ["lost@far.test", "new@far.test"]))
    return new


def recipients(row):
    return [r["address"] for r in row["recipients"]]


def check_restart(server):
    """The next start, and a folder that moves, are no restore."""
    before = Told(server, ALICE)
    server.stop()
    server.start()
    equal("the next start: UIDVALIDITY stays", Told(server, ALICE).boxes, before.boxes)
    server.stop()
    data = os.path.join(server.folder, "data")
    shutil.copytree(data, data + ".new", symlinks=True)
    shutil.rmtree(data)
    os.rename(data + ".new", data)
    os.rename(os.path.join(data, "store.db.lineage"), os.path.join(data, "store.db.moved"))
    server.start()
    equal("moved, and said so: UIDVALIDITY stays", Told(server, ALICE).boxes, before.boxes)
    equal("the check before the first start saw the copy, no start saw one", server.log().count("store.restored"), 0)


# --- the drill -------------------------------------------------------------------------------------------------------------


def stop_replicating(server, replica, messages):
    """All that was there until now is in the copies; nothing that comes will be."""
    replica.catch_up()
    copy_messages(os.path.join(server.folder, "data/mail"), messages)
    replica.kill()


def lose(server, replica, load, messages):
    """The host dies, and what was copied is put back."""
    data = os.path.join(server.folder, "data")
    server.kill()
    load.join(30)
    remove(data)
    os.mkdir(data, 0o700)
    replica.restore()
    subprocess.run(["cp", "-a", messages, os.path.join(data, "mail")], check=True)


def drill(label, make_replica, settings=""):
    print(f"--- {label}", flush=True)
    with tempfile.TemporaryDirectory(prefix="staunch-replica-") as backup, Sink() as sink, \
            Server(settings=SETTINGS.format(port=sink.port) + settings) as server:
        data = os.path.join(server.folder, "data")
        replica = make_replica(data, backup)
        messages = os.path.join(backup, "mail")
        kept = ["one@far.test", "two@far.test"]
        for user in (ALICE, BOB):
            server.add_user(user, SECRET)
        sink.at("MAIL", reply("451 4.3.0 Later"))
        try:
            replica.start()
            load = Load(server)
            load.start()
            for to in kept:
                submit(server, to)
            load.wait(EARLY)
            check("both were tried", wait_for(lambda: all(t["tries"] for t in tries(server))), queue(server))
            early = {user: Told(server, user) for user in (ALICE, BOB)}
            covered = len(load.answered)
            stop_replicating(server, replica, messages)
            make_tail(server, load)
            told_ids = queue_ids(server)
            sink.behave()
            server.command("queue", "retry")
            check("the queue leaves in the tail", wait_for(lambda: not queue(server)), server.log()[-2000:])
            late = {user: Told(server, user) for user in (ALICE, BOB, CAROL)}
            load.wait(TAIL)
            lose(server, replica, load, messages)
            afterwards(server, sink, load.answered[:covered], early, late, told_ids, kept)
            lose_again(server, replica, messages)
        finally:
            replica.kill()
        print(f"    {len(load.answered)} messages, {covered} of them before the last moment", flush=True)


def lose_again(server, replica, messages):
    """The replica goes on in the same place, and the host that took over is lost, too."""
    before = Told(server, BOB)
    replica.start()
    load = Load(server, "again")
    load.start()
    load.wait(EARLY)
    covered = len(load.answered)
    stop_replicating(server, replica, messages)
    lose(server, replica, load, messages)
    server.command("check", "--repair")
    server.start()
    now = Told(server, BOB)
    missing = {f"again {n}" for n in range(1, covered + 1)} - now.subjects()
    check("a second loss: all that was answered is there", not missing, sorted(missing)[:5])
    check("what there was before, too", before.subjects() <= now.subjects())
    check_numbers("a second loss", now, before)


def tries(server):
    return [r for row in queue(server) for r in row["recipients"]]


def afterwards(server, sink, covered, early, late, told_ids, kept):
    server.command("check", "--repair")
    done = server.command("check", check_status=False)
    check("staunch check finds nothing more", done.returncode == 0, done.stdout + done.stderr)
    sink.at("MAIL", reply("451 4.3.0 Later"))
    os.rename(server.log_path, server.log_path + ".before")
    server.start()
    server.add_user(CAROL, SECRET)
    for user in (ALICE, BOB):
        now = Told(server, user)
        missing = {f"load {n}" for n in covered} - now.subjects()
        check(f"{user}: all that was answered is there", not missing, sorted(missing)[:5])
        check(f"{user}: something of the tail is lost", len(now.emails) < len(late[user].emails))
        check_numbers(user, now, late[user])
        check_states(server, user, early[user], late[user])
    check_new(server, late)
    check_queue(server, sink, told_ids, kept)
    check_restart(server)
    server.stop()
    done = server.command("check", check_status=False)
    check("and in the end", done.returncode == 0, done.stdout + done.stderr)
    server.start()


def main():
    drill("a copy by SQLite", Copy, REPLICATED)
    drill("a backup by SQLite", Backup)
    path, why = litestream.program()
    if path is None:
        skip("Litestream", why)
    else:
        drill("Litestream", lambda data, folder: litestream.Sidecar(path, data, folder), REPLICATED)
    end()


if __name__ == "__main__":
    main()
