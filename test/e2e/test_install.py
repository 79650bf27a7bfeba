#!/usr/bin/env python3
"""As installed: root gives up its rights, files belong to the server's user, systemd's two protocols."""

import os
import pwd
import shutil
import signal
import smtplib
import socket
import stat
import subprocess
import time

from harness import BINARY, Server, check, end, equal, insecure_tls, skip

USER = "nobody"  # is there on every machine
SECRET = "correct horse"


def status_of(pid):
    """What /proc tells of a process; nothing when it has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/status") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
    except (FileNotFoundError, ProcessLookupError):
        return {}


def children_of(pid):
    return [int(name) for name in os.listdir("/proc")
            if name.isdigit() and status_of(name).get("PPid") == str(pid)]


def installed():
    """An installation as the README says: made by root, run as another user."""
    server = Server(start=False, settings=f"[server]\nuser = {USER}\n")
    os.chmod(server.folder, 0o755)
    shutil.rmtree(os.path.join(server.folder, "data"))
    return server


def check_processes(server, owner):
    pids = [server.process.pid, *children_of(server.process.pid)]
    check("the directory runs beside the server", len(pids) > 1, pids)
    for pid in pids:
        facts = status_of(pid)
        equal("user", facts["Uid"].split(), [str(owner.pw_uid)] * 4)
        equal("group", facts["Gid"].split(), [str(owner.pw_gid)] * 4)
        equal("no way back", (facts["NoNewPrivs"], int(facts["CapPrm"], 16)), ("1", 0))
        check("no groups of root", "0" not in facts["Groups"].split(), facts["Groups"])


def check_files(server, owner):
    data = os.path.join(server.folder, "data")
    paths = [data] + [os.path.join(place, name) for place, folders, files in os.walk(data)
                      for name in folders + files]
    wrong = []
    for path in paths:
        st = os.lstat(path)
        want = 0o700 if stat.S_ISDIR(st.st_mode) else 0o600
        if (st.st_uid, st.st_gid) != (owner.pw_uid, owner.pw_gid) or stat.S_IMODE(st.st_mode) & ~want:
            wrong.append((path, st.st_uid, oct(st.st_mode)))
    check("all files are the user's, and for nobody else", len(paths) > 5 and not wrong, wrong)


def served(server):
    """The certificate that clients see."""
    with smtplib.SMTP_SSL("127.0.0.1", server.port("submissions"), timeout=20, context=insecure_tls()) as smtp:
        return smtp.sock.getpeercert(binary_form=True)


def logged_after(server, before, words):
    deadline = time.time() + 10
    while time.time() < deadline:
        if words in server.log()[before:]:
            return True
        time.sleep(0.02)
    return False


def test_reload(server, owner):
    """A key that only root may read was read at the start; a reload says that it cannot be, and goes on."""
    key = os.path.join(server.folder, "key.pem")
    check("said at the start", "server.certificate.unreadable" in server.log(), server.log())
    first, before = served(server), len(server.log())
    server.process.send_signal(signal.SIGHUP)
    check("a reload without the right fails", logged_after(server, before, "server.certificate.bad"))
    equal("and keeps the old one", served(server), first)
    other = Server(start=False)
    shutil.copy(os.path.join(other.folder, "certificate.pem"), server.folder)
    shutil.copy(os.path.join(other.folder, "key.pem"), key)
    shutil.rmtree(other.folder)
    before = len(server.log())
    os.chown(os.path.join(server.folder, "certificate.pem"), -1, owner.pw_gid)
    os.chown(key, -1, owner.pw_gid)
    os.chmod(os.path.join(server.folder, "certificate.pem"), 0o640)
    os.chmod(key, 0o640)
    server.process.send_signal(signal.SIGHUP)
    check("by the group's right it works", logged_after(server, before, "server.certificate.loaded"))
    check("and the new one is served", served(server) != first)


def test_root():
    owner = pwd.getpwnam(USER)
    with installed() as server:
        server.command("domain", "add", "second.test")
        server.add_user("ann@second.test", SECRET)
        made = os.stat(os.path.join(server.folder, "data", "directory.db"))
        equal("a command of root leaves nothing of root's", made.st_uid, owner.pw_uid)
        server.start()
        with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=20) as smtp:
            smtp.sendmail("a@b.test", ["ann@second.test"], "Subject: x\r\n\r\nx\r\n")
        server.add_user("bea@second.test", SECRET)
        check_processes(server, owner)
        check_files(server, owner)
        test_reload(server, owner)
        equal("stopped", server.stop(), 0)
        check("check by root", "0 findings" in server.command("check").stdout)
        check_files(server, owner)
        os.chown(os.path.join(server.folder, "data"), 0, 0)
        done = server.command("serve", check_status=False)
        equal("a folder of another user", (done.returncode, done.stderr.count("\n")), (1, 1))
        os.chown(os.path.join(server.folder, "data"), owner.pw_uid, owner.pw_gid)
        server.add_settings("[server]\nuser = nosuchuser\n")
        for words in (["serve"], ["user", "list"], ["check"]):
            done = server.command(*words, check_status=False)
            equal(f"{words[0]}: an unknown user", (done.returncode, done.stderr),
                  (1, "[server] user: this system has no user nosuchuser; `useradd --system nosuchuser` makes one\n"))


def test_notify():
    with Server(start=False) as server:
        path = os.path.join(server.folder, "notify")
        for name, address in (("a path", path), ("an abstract name", "@" + path)):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(address.replace("@", "\0"))
                manager.settimeout(10)
                os.environ["NOTIFY_SOCKET"] = address
                server.start()
                equal(f"{name}: ready", manager.recv(100), b"READY=1")
                server.stop()
                equal(f"{name}: stopping", manager.recv(100), b"STOPPING=1")
        del os.environ["NOTIFY_SOCKET"]


def serve_with(server, fd, names):
    """`serve` as systemd starts it: the socket is descriptor 3, and the environment tells of it."""
    script = (f'exec 3<&{fd}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES={names} '
              f'exec "{BINARY}" serve --config "{server.config}"')
    with open(server.log_path, "ab") as log:
        return subprocess.Popen(["bash", "-c", script], pass_fds=[fd], stdin=subprocess.DEVNULL,
                                stdout=log, stderr=log)


def test_passed_sockets():
    with Server(start=False, settings="[listener smtp]\naddress = systemd:mail\n") as server:
        done = server.command("serve", check_status=False)
        check("no socket passed: one line", done.returncode == 1 and "systemd:mail" in done.stderr
              and done.stderr.count("\n") == 1, done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as passed:
            server.process = serve_with(server, passed.fileno(), "mail")
            with smtplib.SMTP(*passed.getsockname(), timeout=20) as smtp:
                equal("the passed socket is served", smtp.ehlo("x")[0], 250)
            equal("stopped", server.stop(), 0)
            other = serve_with(server, passed.fileno(), "web")
            equal("another name", other.wait(20), 1)


def main():
    if os.geteuid() == 0:
        test_root()
    else:
        skip("giving up root's rights", "needs root")
    test_notify()
    test_passed_sockets()
    end()


if __name__ == "__main__":
    main()
