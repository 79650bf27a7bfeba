#!/usr/bin/env python3
"""A directory by a program of the owner's: a good one, and programs that are missing, die, lie, hang."""

import json
import os
import signal
import smtplib
import subprocess
import time

from harness import BINARY, ROOT, Server, check, end, equal, family

SECRET = "correct horse"
ACCOUNTS = {
    "ann@example.test": {"password": SECRET, "name": "Ann", "addresses": ["sales@example.test"]},
    "b\u00f6b@example.test": {"password": "b\u00f6b's", "name": "B\u00f6b"},
}


def use(server, program, **settings):
    settings = {"engine": "program", "program": program, "timeout": "1s", "cache": "0", **settings}
    server.add_settings("[directory]\n" + "\n".join(f"{k} = {v}" for k, v in settings.items()))


def write_program(server, name, text):
    path = os.path.join(server.folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def use_own(server):
    """The good one, which reads the accounts beside it."""
    with open(os.path.join(ROOT, "test/e2e/own_directory.py")) as file:
        use(server, write_program(server, "own_directory.py", file.read()))


def write_accounts(server, accounts):
    with open(os.path.join(server.folder, "accounts.json"), "w") as file:
        json.dump(accounts, file)


def login(server, name, secret):
    """The code of the answer to AUTH PLAIN."""
    with smtplib.SMTP(server.host, server.port("submission"), timeout=30) as client:
        client.ehlo()
        try:
            client.login(name, secret, initial_response_ok=False)
            return 235
        except smtplib.SMTPAuthenticationError as error:
            return error.smtp_code
        except smtplib.SMTPException as error:
            return getattr(error, "smtp_code", 0)


def recipient(server, address):
    """The code of the answer to RCPT."""
    with smtplib.SMTP(server.host, server.port("smtp"), timeout=30) as client:
        client.ehlo()
        client.mail("x@elsewhere.test")
        return client.rcpt(address)[0]


def until(what, want, seconds=30):
    """Ask again until it is so: the server starts its children again by itself."""
    deadline = time.time() + seconds
    while (got := what()) != want and time.time() < deadline:
        time.sleep(0.05)
    return got


def keeper_of(server):
    """The keeper, and the children that it started."""
    _, keeper, *children = family(server.process.pid)
    return keeper, children


def test_own():
    with Server(start=False) as server:
        use_own(server)
        write_accounts(server, ACCOUNTS)
        server.start()
        for name, secret, want in (("ann@example.test", SECRET, 235), ("Ann@Example.TEST", SECRET, 235),
                                   ("ann@example.test", "wrong", 535), ("nobody@example.test", SECRET, 535)):
            equal(f"login {name} {secret}", login(server, name, secret), want)
        for address, want in (("ann@example.test", 250), ("sales@example.test", 250), ("ann+tag@example.test", 250),
                              ("nobody@example.test", 550), ("x@elsewhere.test", 550)):
            equal(f"recipient {address}", recipient(server, address), want)
        with smtplib.SMTP(server.host, server.port("smtp"), timeout=30) as client:
            client.sendmail("x@elsewhere.test", ["sales@example.test"], "Subject: to sales\r\n\r\nhello\r\n")
        keeper, children = keeper_of(server)
        equal("two programs", len(children), 2)
        for pid in children:
            with open(f"/proc/{pid}/environ", "rb") as file:
                equal("its environment", sorted(v.split(b"=")[0] for v in file.read().split(b"\0") if v), [b"LANG", b"PATH"])
            open_files = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
            check("nothing of the server's is open in it", not any(server.folder + "/data" in f for f in open_files), open_files)
        said = server.command("directory", "test", "sales@example.test")
        check("directory test of an alias", "mail goes to  ann@example.test" in said.stdout, said.stdout)
        said = server.command("directory", "test", "ann@example.test")
        check("directory test", "address     sales@example.test" in said.stdout, said.stdout)
        said = server.command("directory", "test", "nobody@example.test", check_status=False)
        check("directory test of nobody", said.returncode == 1 and "no such account" in said.stderr, said)
        for words in (("user", "list"), ("alias", "add", "a@example.test", "ann@example.test")):
            said = server.command(*words, check_status=False)
            check(f"{words}", said.returncode == 1 and "accounts are kept in a program of your own" in said.stderr, said)

        for pid in children:
            os.kill(pid, signal.SIGKILL)
        equal("killed, and started again", until(lambda: recipient(server, "ann@example.test"), 250), 250)
        equal("others now", set(keeper_of(server)[1]) & set(children), set())

        keeper, children = keeper_of(server)
        process = server.process
        server.kill()
        deadline = time.time() + 20
        while time.time() < deadline and any(os.path.exists(f"/proc/{p}") for p in (keeper, *children)):
            time.sleep(0.02)
        for pid in (keeper, *children):
            check("nothing is left of a server that was killed", not os.path.exists(f"/proc/{pid}"), pid)
        check("it was this one", process.returncode == -signal.SIGKILL, process.returncode)

        server.start()
        os.kill(keeper_of(server)[0], signal.SIGKILL)
        equal("without its keeper it ends, to be started again", server.process.wait(30), 1)
        server.process = None


def test_opening():
    """What the program says about its start, once in the log."""
    with Server(start=False) as server:
        use_own(server)
        server.start()
        equal("no accounts.json: no domain", recipient(server, "ann@example.test"), 550)
        equal("said once", server.log().count("directory.unreachable"), 1)
        said = server.command("directory", "test", "ann@example.test", check_status=False)
        check("and by the command", said.returncode == 1 and "No such file" in said.stderr, said.stderr)
        server.stop()
        write_accounts(server, ACCOUNTS)
        with open(os.path.join(server.folder, "accounts.json"), "a") as file:
            file.write("}")
        server.start()
        equal("wrong settings", recipient(server, "ann@example.test"), 451)
        equal("wrong settings, at a login", login(server, "ann@example.test", SECRET), 454)
        check("said", "directory.settings" in server.log() and "accounts.json: Extra data" in server.log(), server.log())


BAD = {
    "ends at once": "#!/bin/sh\nexit 0\n",
    "garbage": "#!/bin/sh\necho garbage >&3\nsleep 1000\n",
    "answers what nobody asked": "#!/bin/sh\nread x <&3; echo '{\"id\":7,\"result\":\"ok\"}' >&3; sleep 1000\n",
    "endless line": "#!/bin/sh\nexec cat /dev/zero >&3\n",
    "hangs": "#!/bin/sh\nsleep 1000\n",
    "hangs when asked": "#!/bin/sh\nread x <&3; echo '{\"id\":0,\"result\":\"ok\"}' >&3; sleep 1000\n",
    "garbage when asked": "#!/bin/sh\nread x <&3; echo '{\"id\":0,\"result\":\"ok\"}' >&3; read x <&3; echo no >&3; sleep 1000\n",
}


def test_bad():
    with Server(start=False) as server:
        for name, text in BAD.items():
            use(server, write_program(server, "bad", text))
            server.start()
            equal(f"{name}: recipient", recipient(server, "ann@example.test"), 451)
            equal(f"{name}: login", login(server, "ann@example.test", SECRET), 454)
            check(f"{name}: logged", "directory.child.lost" in server.log(), server.log())
            equal(f"{name}: stop", server.stop(), 0)


def test_missing():
    with Server(start=False) as server:
        for name, program, why in (("missing", "/nowhere/program", "No such file"),
                                   ("not executable", server.config, "Permission denied"),
                                   ("no path", "program", "write the whole path"),
                                   ("none", "", "needs the path")):
            use(server, program)
            for command in ("serve", "config check"):
                done = subprocess.run([BINARY, *command.split(), "--config", server.config], text=True, timeout=30,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                check(f"{name}: {command}", done.returncode == 1 and why in done.stderr, (done.returncode, done.stderr))
        server.add_settings("[directory]\nengine = nosuch")
        done = subprocess.run([BINARY, "config", "check", "--config", server.config], text=True, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check("an engine that there is not", done.returncode == 2 and "sqlite pgsql mysql ldap program" in done.stderr,
              done.stderr)


test_own()
test_opening()
test_bad()
test_missing()
end()
