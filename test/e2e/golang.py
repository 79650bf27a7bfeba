"""Programs that Go builds, from its module proxy: real peers that no distribution has.

    path, why = golang.install("versitygw", "1.8.0", "github.com/versity/versitygw/cmd/versitygw")
    if path is None: skip("a real S3 server", why)

They are built once and stay in build/need/NAME-VERSION. Building takes minutes: it stops after BUILD_SECONDS, and goes on
the next time, with what Go kept. Several tests at once build once.
"""

import fcntl
import functools
import os
import shutil
import signal
import subprocess

from harness import ROOT

BUILD_SECONDS = int(os.environ.get("GO_BUILD_SECONDS", "200"))


@functools.cache
def install(name, version, module):
    """The program; None and the reason where there is none."""
    folder = os.path.join(ROOT, "build/need", f"{name}-{version}")
    path = os.path.join(folder, name)
    if os.path.exists(path):
        return path, ""
    if not shutil.which("go"):
        return None, f"there is no go to build {name} with"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(path):
            return path, ""
        return build(folder, path, f"{module}@v{version}")


def build(folder, path, module):
    part = os.path.join(folder, "part")
    with open(os.path.join(folder, "log"), "w+") as log:
        work = subprocess.Popen(["nice", "go", "install", "-p", "2", module], stdout=log, stderr=log,
                                env={**os.environ, "GOBIN": part, "GOFLAGS": "-buildvcs=false"}, start_new_session=True)
        try:
            status = work.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(work.pid, signal.SIGKILL)
            work.wait()
            return None, f"{module} is not built within {BUILD_SECONDS} s; the next run goes on"
        log.seek(0)
        said = log.read().strip().split("\n")
    if status != 0:
        return None, f"go cannot build {module}: {said[-1]}"
    os.rename(os.path.join(part, os.path.basename(path)), path)
    return path, ""
