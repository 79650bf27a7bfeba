"""The measurements. Each takes a running subject and gives (name, value) pairs; what cannot be
measured here gives None and says why in `notes`."""

import os
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import time

import subjects

PROGRAMS = os.path.join(subjects.ROOT, "build/release/test/bench")
SIZE = 4096
notes = []


def note(text):
    if text not in notes:
        notes.append(text)


# -- delivery ---------------------------------------------------------------------------------------

def deliver(subject, protocol, connections, count, size=SIZE, recipients=None):
    """Messages per second until the last one is in its mailbox."""
    began = time.perf_counter()
    subprocess.run([os.path.join(PROGRAMS, "deliver"), protocol, str(subject.port(protocol)),
                    str(connections), str(count), str(size), *(recipients or subjects.USERS)],
                   check=True, stdout=subprocess.DEVNULL)
    subject.stored(count)
    return count / (time.perf_counter() - began)


def settle():
    """What came before, and the other subject's last writes, is no part of the next measurement."""
    os.sync()
    time.sleep(0.5)


def deliveries(all_subjects, rounds, counts):
    """{(subject, protocol, connections): median}, the subjects taking turns in each round."""
    seen = {}
    for _ in range(rounds):
        for protocol in ("smtp", "lmtp"):
            for connections, count in counts.items():
                for subject in all_subjects:
                    settle()
                    rate = deliver(subject, protocol, connections, count)
                    seen.setdefault((subject.name, protocol, connections), []).append(rate)
    return {key: statistics.median(rates) for key, rates in seen.items()}


def io_of(pids):
    """Bytes that these processes caused to be written to the disk."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/io") as f:
                total += int(re.search(r"^write_bytes: (\d+)", f.read(), re.M).group(1))
        except (OSError, AttributeError):
            pass
    return total


def bytes_per_byte(subject, connections, count, size):
    before = io_of(subject.pids())
    deliver(subject, "lmtp", connections, count, size)
    return (io_of(subject.pids()) - before) / (count * size)


def calls_per_message(subject, count):
    """{"all": .., "sync": .., "open": ..}, calls of all processes of the subject."""
    if shutil.which("strace") is None:
        note("no strace: system calls were not counted")
        return {}
    report = os.path.join(subject.folder, "strace")
    words = ["strace", "-c", "-f", "-o", report]
    for pid in subject.pids():
        words += ["-p", str(pid)]
    tracer = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        deliver(subject, "lmtp", 10, count)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
    calls = {}
    with open(report) as f:
        for line in f:
            fields = line.split()
            if len(fields) >= 5 and fields[3].isdigit() and fields[-1] != "total":
                calls[fields[-1]] = int(fields[3])
    if not calls:
        note("strace could not attach: system calls were not counted")
        return {}
    syncs = sum(n for name, n in calls.items() if name in ("fsync", "fdatasync", "syncfs", "msync"))
    return {"all": sum(calls.values()) / count, "sync": syncs / count,
            "open": sum(calls.get(name, 0) for name in ("open", "openat", "creat")) / count}


# -- one big mailbox --------------------------------------------------------------------------------

def imap(subject, user, commands):
    """Seconds of each command, on one connection."""
    done = subprocess.run([os.path.join(PROGRAMS, "imap_time"), str(subject.port("imap")), user,
                           subjects.PASSWORD], input="".join(c + "\n" for c in commands), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"{subject.name}: {done.stderr}")
    return [float(line.split()[0]) for line in done.stdout.splitlines()]


def median_of(subject, user, before, command, times):
    return statistics.median(imap(subject, user, before + [command] * times)[len(before):])


def big_mailbox(subject, user, count):
    """The mailbox is there and was selected once; the server starts anew for the cold SELECT."""
    few = min(count, 10000)
    subject.stop()
    subject.start()
    found = {"cold": imap(subject, user, ["SELECT INBOX"])[0]}
    found["warm"] = median_of(subject, user, [], "SELECT INBOX", 7)
    select = ["SELECT INBOX"]
    found["flags"] = count / median_of(subject, user, select, "FETCH 1:* (UID FLAGS)", 5)
    found["envelope"] = few / median_of(subject, user, select, f"FETCH 1:{few} (ENVELOPE)", 3)
    appended = 300
    other = subjects.USERS[0]
    settle()
    seconds = imap(subject, other, ["SELECT INBOX", f"@append {appended} 1 {SIZE} INBOX",
                                    f"@append {appended * 3} 50 {SIZE} INBOX"])
    found["append"] = appended / seconds[1]
    found["append pipelined"] = appended * 3 / seconds[2]
    subject.stored(appended * 4)
    return found


# -- at rest ----------------------------------------------------------------------------------------

def memory_kb(pids):
    """Proportional: what processes share counts once."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                total += int(re.search(r"^Pss: +(\d+)", f.read(), re.M).group(1))
        except (OSError, AttributeError):
            pass
    return total


def resident_kb(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as f:
            total += int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M).group(1))
    return total


def switches(pids):
    """How often these processes were put on a processor, all threads."""
    total = 0
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/status") as f:
                    total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", f.read())))
        except OSError:
            pass
    return total


def at_rest(subject, seconds):
    """Wake-ups and bytes written in a second."""
    pids = subject.pids()
    woken, written = switches(pids), io_of(pids)
    time.sleep(seconds)
    return (switches(pids) - woken) / seconds, (io_of(pids) - written) / seconds


def answer(connection, mark):
    got = b""
    while mark not in got:
        piece = connection.recv(4096)
        if not piece:
            raise RuntimeError(f"connection lost: {got!r}")
        got += piece


def tls(connection):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection)


def open_idle(subject, user, is_tls):
    port = subject.port("imaps" if is_tls else "imap")
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    if is_tls:
        connection = tls(connection)
    answer(connection, b"\r\n")
    connection.sendall(f'a LOGIN "{user}" "{subjects.PASSWORD}"\r\n'.encode())
    answer(connection, b"a OK")
    connection.sendall(b"b SELECT INBOX\r\n")
    answer(connection, b"b OK")
    connection.sendall(b"c IDLE\r\n")
    answer(connection, b"+ ")
    return connection


def idle_connections(subject, count, is_tls):
    """KB per connection; the account's shared things are there before (one connection each)."""
    links = [open_idle(subject, user, is_tls) for user in subjects.USERS]
    try:
        time.sleep(1)
        before = memory_kb(subject.pids())
        for i in range(count):
            links.append(open_idle(subject, subjects.USERS[i % 10], is_tls))
        time.sleep(2)
        grown = (memory_kb(subject.pids()) - before) / count
        rest = at_rest(subject, 5)
    finally:
        for link in links:
            link.close()
        time.sleep(1)
    return grown, rest
