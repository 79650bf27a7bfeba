"""PARTS=imap: a row for each promise about the speed of IMAP, with the peer in
turns. Every row of a time has a second one with the CPU time of the server's processes, which other work on the
machine disturbs less."""

import os
import re
import shutil
import signal
import statistics
import subprocess
import time

import measure
import subjects

BIG, FEW, WATCHED = subjects.USERS[9], subjects.USERS[8], subjects.USERS[7]
MIXED_USERS = subjects.USERS[:5]
MIXED_MESSAGES = 1000  # imap_load.c counts on them
MIXED_CLIENTS = 50
FEW_WATCHERS = 100  # more cost the peer an inotify instance each, of which a user has 128
DELIVERIES = 7
FEW_MESSAGES, BATCH = 10000, 1000
APPENDERS, APPENDED, APPEND_BYTES = 10, 1500, 4096

SETTINGS = {"COUNT": 100000, "WATCHERS": 5000, "SECONDS": 60, "SEED": 1}


def setting(name):
    return int(os.environ.get(name) or SETTINGS[name])


def is_faster(factor):
    """(goal in words, is it met) of a row of times."""
    peer = subjects.Peers.name
    return (f"peers / {factor}", lambda v: factor * v["staunch"] <= v[peer] if v.get(peer) else None)


def is_more(factor):
    peer = subjects.Peers.name
    return (f"{factor} x peers", lambda v: v["staunch"] >= factor * v[peer] if v.get(peer) else None)


TARGETS = {
    "IMAP: message files opened by that FETCH": ("0", lambda v: v["staunch"] == 0),
    "IMAP: APPEND, 10 clients (1/s)": is_more(2),
    "IMAP: memory per session, many in IDLE (KB)": ("< 3", lambda v: v["staunch"] < 3),
    "IMAP: turns in which many watchers are told": ("1", lambda v: v["staunch"] == 1),
    "IMAP: mixed load (commands/s)": is_more(2),
}

# name of the row, times faster than the peer, which mailbox, what comes first, the command, how often
STEPS = [
    ("SELECT", 3, BIG, [], "SELECT INBOX", 7),
    ("FETCH 1:* (UID FLAGS)", 3, BIG, [], "FETCH 1:* (UID FLAGS)", 7),
    ("FETCH 1:10000 (ENVELOPE BODYSTRUCTURE)", 3, BIG, [], "FETCH 1:{few} (ENVELOPE BODYSTRUCTURE)", 7),
    ("SEARCH TEXT, a word that is nowhere", 20, BIG, [], "SEARCH TEXT harpsichord", 2),
    ("SEARCH TEXT, in few messages", 20, BIG, [], "SEARCH TEXT xylophone", 2),
    ("SEARCH TEXT, in all", 20, BIG, [], "SEARCH TEXT nobody", 2),
    ("STORE 1:* +FLAGS of 10000", 3, FEW, ["STORE 1:* -FLAGS.SILENT (\\Flagged)"],
     "STORE 1:* +FLAGS (\\Flagged)", 5),
    ("COPY of 1000", 3, FEW, [], "COPY 1:{batch} Copies", 3),
    ("EXPUNGE of 1000", 3, FEW, ["SELECT Copies", "STORE 1:{batch} +FLAGS.SILENT (\\Deleted)"], "EXPUNGE", 3),
]
TARGETS.update({f"IMAP: {name} (ms)": is_faster(factor) for name, factor, *_ in STEPS})


class Load:
    """A program of test/bench that takes lines and prints what it found."""

    def __init__(self, subject, *words):
        self.subject = subject
        self.process = subprocess.Popen([os.path.join(measure.PROGRAMS, words[0]), *map(str, words[1:])],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.subject.name}: {self.process.stderr.read()}")
        return line.rstrip("\n")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session(Load):
    """One connection; run() gives the milliseconds of a command, and of CPU."""

    def __init__(self, subject, user):
        super().__init__(subject, "imap_time", subject.port("imap"), user, subjects.PASSWORD)

    def run(self, command):
        pids = self.subject.pids()
        before = cpu_ms(pids)
        self.ask(command)
        return float(self.line().split()[0]) * 1000, cpu_ms(pids) - before


def cpu_ms(pids):
    """Of processes that have one thread and go on living."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/schedstat") as f:
                total += int(f.read().split()[0])
        except OSError:
            pass
    return total / 1e6


def wait_rest(subject):
    """Until nothing is done behind the last answer (indexing): half a second without a millisecond of CPU."""
    before, now = -10, 0
    while now - before > 1:
        before = cpu_ms(subject.pids())
        time.sleep(0.5)
        now = cpu_ms(subject.pids())


# -- one client ---------------------------------------------------------------------------------------

def fill(subject, keep, count):
    with_few = min(count, FEW_MESSAGES)
    for user, n in [(BIG, count), (FEW, with_few)] + [(u, MIXED_MESSAGES) for u in MIXED_USERS]:
        subject.fill(user, n, measure.deliver)
    for user in [FEW] + MIXED_USERS:
        measure.imap(subject, user, ["SELECT INBOX", "CREATE Copies"])
    began = time.perf_counter()
    wait_rest(subject)
    measure.note(f"{subject.name}: at rest {time.perf_counter() - began:.0f} s after the mailboxes were filled")


def one_step(sessions, keep, step, words):
    """The subjects take turns; the first round, where it changes nothing, only warms."""
    name, _, user, before, command, rounds = step
    found = {}
    for i in range(rounds):
        for subject in sessions:
            session = sessions[subject][user]
            for line in before:
                session.run(line.format(**words))
            if user == FEW:
                measure.settle()
            taken = session.run(command.format(**words))
            if i > 0 or rounds < 4:
                found.setdefault(subject, []).append(taken)
    for subject, times in found.items():
        keep(subject, f"IMAP: {name} (ms)", statistics.median(t[0] for t in times))
        keep(subject, "IMAP: .. CPU of " + name, statistics.median(t[1] for t in times))


class Trace:
    """The system calls of a subject, as lines of strace; None when it is not there."""

    def __init__(self, subject, calls):
        self.path = os.path.join(subject.folder, "strace-imap")
        words = ["strace", "-f", "-e", "trace=" + calls, "-o", self.path]
        for pid in subject.pids():
            words += ["-p", str(pid)]
        self.tracer = None
        if shutil.which("strace"):
            self.tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
            time.sleep(1)

    def stop(self):
        if self.tracer is None:
            measure.note("no strace: system calls were not counted")
            return None
        self.tracer.send_signal(signal.SIGINT)
        self.tracer.wait(20)
        with open(self.path, errors="replace") as f:
            return f.readlines()


def opened_files(session, command):
    trace = Trace(session.subject, "open,openat,openat2")
    session.run(command)
    lines = trace.stop()
    return None if lines is None else sum(1 for line in lines if re.search(r"/(cur|new)/", line))


def one_client(everyone, keep, count):
    words = {"few": min(count, FEW_MESSAGES), "batch": min(count, BATCH)}
    sessions = {s: {user: Session(s, user) for user in (BIG, FEW)} for s in everyone}
    for of_subject in sessions.values():
        for session in of_subject.values():
            session.run("SELECT INBOX")
    for step in STEPS:
        one_step(sessions, keep, step, words)
        if "ENVELOPE" in step[0]:
            for subject in everyone:
                n = opened_files(sessions[subject][BIG], step[4].format(**words))
                keep(subject, "IMAP: message files opened by that FETCH", n)
    for of_subject in sessions.values():
        for session in of_subject.values():
            session.close()


# -- many clients -------------------------------------------------------------------------------------

def run_load(subject, keep, *words):
    """{command: (count, median, p99, worst)} of imap_load, commands a second and CPU ms of each."""
    measure.settle()
    with Load(subject, "imap_load", words[0], subject.port("imap"), *words[1:]) as load:
        load.line()
        pids = subject.pids()
        before = cpu_ms(pids)
        load.ask("go")
        found = {}
        while "all" not in found:
            *seconds, name, count, median, p99, worst = load.line().split("\t")
            found[name] = int(count), float(median), float(p99), float(worst)
        cpu = cpu_ms(pids) - before
    return found, found["all"][0] / float(seconds[0]), cpu / found["all"][0]


def append(everyone, keep, rounds):
    found = {}
    for _ in range(rounds):
        for subject in everyone:
            _, rate, cpu = run_load(subject, keep, "append", APPENDERS, APPENDED, APPEND_BYTES,
                                    subjects.PASSWORD, *subjects.USERS)
            found.setdefault(subject, []).append((rate, cpu))
    for subject, values in found.items():
        keep(subject, "IMAP: APPEND, 10 clients (1/s)", statistics.median(v[0] for v in values))
        keep(subject, "IMAP: .. CPU of one", statistics.median(v[1] for v in values))


def mixed(subject, keep):
    found, rate, cpu = run_load(subject, keep, "mixed", MIXED_CLIENTS, setting("SECONDS"), setting("SEED"),
                                subjects.PASSWORD, *MIXED_USERS)
    keep(subject, "IMAP: mixed load (commands/s)", rate)
    keep(subject, "IMAP: .. CPU of a command", cpu)
    for name, (_, *times) in found.items():
        for which, value in zip(("median", "p99", "worst"), times):
            keep(subject, f"IMAP: .. {name}, {which} (ms)", value)


def turns_of(lines):
    """In how many turns of the loop EXISTS went out."""
    if lines is None:
        return None
    told = [i for i, line in enumerate(lines) if " EXISTS" in line]
    between = lines[told[0]:told[-1]] if told else []
    return 1 + sum(1 for line in between if re.search(r"epoll_p?wait\(", line)) if told else None


def watchers(subject, keep, count, title):
    before = measure.memory_kb(subject.pids())
    with Load(subject, "imap_watch", subject.port("imap"), subject.port("lmtp"), count, WATCHED,
              subjects.PASSWORD) as load:
        load.line()
        time.sleep(1)
        memory = (measure.memory_kb(subject.pids()) - before) / count
        last = []
        for _ in range(DELIVERIES):
            load.ask("deliver")
            last.append(float(load.line().split()[1]))
        keep(subject, f"IMAP: delivery announced to {title} watchers, median (ms)", statistics.median(last))
        if title == "many":
            keep(subject, "IMAP: memory per session, many in IDLE (KB)", memory)
            trace = Trace(subject, "epoll_wait,epoll_pwait,write,writev,sendto,sendmsg")
            load.ask("deliver")
            load.line()
            keep(subject, "IMAP: turns in which many watchers are told", turns_of(trace.stop()))


# -- all of it ----------------------------------------------------------------------------------------

def measure_all(everyone, keep, say):
    count, many = setting("COUNT"), setting("WATCHERS")
    for subject in everyone:
        subject.start()
        say(f"{subject.name}: mailboxes")
        fill(subject, keep, count)
    say("one client")
    one_client(everyone, keep, count)
    say("watchers")
    for subject in everyone:
        measure.deliver(subject, "lmtp", 1, 1, recipients=[WATCHED])
        watchers(subject, keep, FEW_WATCHERS, f"{FEW_WATCHERS}")
    watchers(everyone[0], keep, many, "many")
    for subject in everyone:
        say(f"{subject.name}: mixed load")
        mixed(subject, keep)
    say("APPEND")
    append(everyone, keep, 3)
    measure.note(f"IMAP: {count} messages, {many} watchers are many, {MIXED_CLIENTS} clients, "
                 f"{setting('SECONDS')} s, seed {setting('SEED')}")
