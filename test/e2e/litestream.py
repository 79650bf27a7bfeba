"""Litestream itself, from the Go module proxy, and a sidecar of a test's server.

    path, why = program()                   the binary (golang.py); None and the reason
    replica = Sidecar(path, data, folder)   replicates data/*.db to folder, by the configuration that we ship
    replica.start(); replica.catch_up(); replica.kill(); replica.restore()

LITESTREAM names a binary of one's own.
"""

import os
import re
import subprocess

import golang
from harness import ROOT
from ours import wait_for

VERSION = "0.5.18"
MODULE = "github.com/benbjohnson/litestream/cmd/litestream"
WAIT_SECONDS = 60


def program():
    own = os.environ.get("LITESTREAM")
    return (own, "") if own else golang.install("litestream", VERSION, MODULE)


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
    if not wait_for(is_true, WAIT_SECONDS):
        raise RuntimeError(f"Litestream: {what}")


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
