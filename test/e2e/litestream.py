"""Litestream itself, from the Go module proxy, and a sidecar of a test's server.

    path, why = program()                   the binary, built once into build/need; None and the reason
    replica = Sidecar(path, data, folder)   replicates data/*.db to folder, by the configuration that we ship
    replica.start(); replica.catch_up(); replica.kill(); replica.restore()

LITESTREAM names a binary of one's own. The build takes minutes: it stops after BUILD_SECONDS, and goes on the next time.
"""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time

from harness import ROOT

VERSION = "0.5.18"
MODULE = "github.com/benbjohnson/litestream/cmd/litestream@v" + VERSION
BUILD_SECONDS = int(os.environ.get("LITESTREAM_BUILD_SECONDS", "200"))
WAIT_SECONDS = 60


def program():
    own = os.environ.get("LITESTREAM")
    if own:
        return own, ""
    folder = os.path.join(ROOT, "build/need", "litestream-" + VERSION)
    path = os.path.join(folder, "litestream")
    if os.path.exists(path):
        return path, ""
    if not shutil.which("go"):
        return None, "there is no go to build Litestream with"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(path):
            return path, ""
        return build(folder, path)


def build(folder, path):
    part = os.path.join(folder, "part")
    with open(os.path.join(folder, "log"), "w+") as log:
        work = subprocess.Popen(["nice", "go", "install", "-p", "2", MODULE], stdout=log, stderr=log,
                                env={**os.environ, "GOBIN": part}, start_new_session=True)
        try:
            status = work.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(work.pid, signal.SIGKILL)
            work.wait()
            return None, f"Litestream is not built within {BUILD_SECONDS} s; the next run goes on"
        log.seek(0)
        said = log.read().strip().split("\n")
    if status != 0:
        return None, f"go cannot build Litestream {VERSION}: {said[-1]}"
    os.rename(os.path.join(part, "litestream"), path)
    return path, ""


def last_transaction(folder):
    """The highest number that the names of its newest files tell."""
    numbers = [0]
    try:
        for name in os.listdir(os.path.join(folder, "ltx/0")):
            found = re.fullmatch(r"[0-9a-f]{16}-([0-9a-f]{16})\.ltx", name)
            if found:
                numbers.append(int(found[1], 16))
    except FileNotFoundError:
        pass
    return max(numbers)


def wait_until(is_true, what):
    deadline = time.time() + WAIT_SECONDS
    while not is_true():
        if time.time() > deadline:
            raise RuntimeError(f"Litestream: {what}")
        time.sleep(0.02)


class Sidecar:
    def __init__(self, path, data, folder):
        self.path, self.data, self.folder = path, data, folder
        self.process = None
        self.log_path = os.path.join(folder, "log")
        self.config = os.path.join(folder, "litestream.yml")
        with open(os.path.join(ROOT, "litestream/litestream.yml")) as f:
            text = f.read()
        with open(self.config, "w") as f:
            f.write(text.replace("/var/lib/staunch", data).replace("/mnt/backup/staunch", folder))

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.path, "replicate", "-config", self.config], stdout=log, stderr=log)
        for name in ("store", "directory"):
            wait_until(lambda: last_transaction(os.path.join(self.folder, name)) > 0, f"{name} is not replicated")

    def catch_up(self):
        """What the store had when this was called is in the replica. It must go on writing meanwhile."""
        own, far = os.path.join(self.data, ".store.db-litestream"), os.path.join(self.folder, "store")
        for _ in range(2):  # the second one was begun after the call
            before = last_transaction(own)
            wait_until(lambda: last_transaction(own) > before, "it does not follow")
        now = last_transaction(own)
        wait_until(lambda: last_transaction(far) >= now, "the replica does not follow")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restore(self):
        for name in ("store.db", "directory.db"):
            done = subprocess.run([self.path, "restore", "-config", self.config, os.path.join(self.data, name)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            if done.returncode != 0:
                raise RuntimeError(f"litestream restore {name}: {done.stdout}")

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()
