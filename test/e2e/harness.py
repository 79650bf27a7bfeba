"""A private Staunch server for one test, and the counting of its checks.

    from harness import Server, check, end, need
    with Server() as s:
        s.add_user("alice@example.test", "secret")
        ... s.port("imap"), s.host ...
    end()

The binary is $STAUNCH (default build/dev/staunch). Everything lives in a temporary folder; the
server listens on 127.0.0.1 only, on a port base that was free; it is stopped by its process id.
"""

import glob
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("STAUNCH", os.path.join(ROOT, "build/dev/staunch"))
OFFSETS = {"lmtp": 24, "smtp": 25, "imap": 43, "submissions": 65, "http": 80, "https": 81,
           "submission": 87, "imaps": 93}
READY_SECONDS = 20
STOP_SECONDS = 10

_counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(name, ok, detail=""):
    """Count one check; a failed one is printed with what was seen."""
    _counts["passed" if ok else "failed"] += 1
    if not ok:
        print(f"failed: {name}: {detail}", flush=True)
    return ok


def equal(name, got, want):
    return check(name, got == want, f"got {got!r}, want {want!r}")


def skip(name, why):
    _counts["skipped"] += 1
    print(f"skipped: {name}: {why}", flush=True)


def need(program):
    """The path of a peer program, or None with a counted skip."""
    path = shutil.which(program)
    if path is None:
        skip(program, "not installed (test/packages names its package)")
    return path


def end():
    """Print the one summing line and leave."""
    print(f"{_counts['passed']} passed, {_counts['failed']} failed, {_counts['skipped']} skipped",
          flush=True)
    sys.exit(1 if _counts["failed"] else 0)


_bases = []  # sockets that say which bases are this process's


def reserve(base):
    """Whether the base is this process's now: tests run beside each other, and a server is not always up."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0staunch-test-ports-{base}")
    except OSError:
        mark.close()
        return False
    _bases.append(mark)
    return True


def insecure_tls():
    """The context of a client that believes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def free_port_base():
    """A base such that base + every offset is free on loopback, and no other test's."""
    for _ in range(200):
        base = random.randrange(21000, 32000, 100)
        if not reserve(base):
            continue
        taken = False
        for offset in OFFSETS.values():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", base + offset))
                except OSError:
                    taken = True
                    break
        if not taken:
            return base
    raise RuntimeError("no free ports found")


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def run(*arguments, input=None, timeout=60, check_status=True, version=""):
    """The binary as a command, or another version of the program ("-imap"); the finished process (text mode)."""
    done = subprocess.run([BINARY + version, *arguments], input=input, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check_status and done.returncode != 0:
        raise RuntimeError(f"staunch {' '.join(arguments)}: status {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done


def family(pid):
    """The process, and all below it that are not over; parents first."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(entry)] = int(parent)
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def threads_run(pid):
    """Whether a thread of the process still runs or sleeps, so that it may answer."""
    for path in glob.glob(f"/proc/{pid}/task/*/stat"):
        try:
            with open(path) as file:
                if file.read().rpartition(")")[2].split()[0] not in "TtZX":
                    return True
        except OSError:
            continue  # it ended meanwhile
    return False


def freeze(pid, seconds=READY_SECONDS):
    """Stop the process and all below it, and wait until each of their threads stands still: the
    signal only begins that. Returns whom to thaw()."""
    frozen = family(pid)
    for one in frozen:
        os.kill(one, signal.SIGSTOP)
    deadline = time.time() + seconds
    while any(threads_run(one) for one in frozen):
        if time.time() > deadline:
            raise RuntimeError(f"processes {frozen} do not stop")
        time.sleep(0.001)
    return frozen


def thaw(frozen):
    for one in frozen:
        os.kill(one, signal.SIGCONT)


def wait_ready(process, log_path, before=0, seconds=READY_SECONDS):
    """Until the server says that it is, in its log behind the first `before` bytes."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        with open(log_path, "rb") as log:
            log.seek(before)
            said = log.read()
        if b"server.ready" in said:
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"the server did not get ready:\n{said[-4000:].decode(errors='replace')}")


class Server:
    host = "127.0.0.1"

    def __init__(self, domain="example.test", hostname="mail.example.test", folder=None,
                 settings="", start=True, version=""):
        self.version = version
        self.owns_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="staunch-e2e-")
        self.base = free_port_base()
        self.domain = domain
        self.process = None
        self.config = os.path.join(self.folder, "staunch.conf")
        self.log_path = os.path.join(self.folder, "log")
        run("setup", "--local", self.folder, "--port-base", str(self.base),
            "--hostname", hostname, "--domain", domain, version=version)
        if settings:
            self.add_settings(settings)
        if start:
            self.start()

    @classmethod
    def reopen(cls, folder, base):
        """A server over an installation that is there already; not started."""
        server = cls.__new__(cls)
        server.owns_folder, server.folder, server.base, server.version = False, folder, base, ""
        server.process = None
        server.config = os.path.join(folder, "staunch.conf")
        server.log_path = os.path.join(folder, "log")
        return server

    def add_settings(self, text):
        """Merge `[section]` blocks into the configuration: their keys are put under the section."""
        with open(self.config) as f:
            lines = f.read().split("\n")
        section = None
        for line in text.strip().split("\n"):
            line = line.strip()
            if line.startswith("["):
                section = line
                if section not in lines:
                    lines += ["", section]
            elif line:
                key = line.split("=")[0].strip()
                at = lines.index(section) + 1
                for i in range(at, len(lines)):
                    if lines[i].startswith("["):
                        break
                    if lines[i].split("=")[0].strip() == key:
                        del lines[i]
                        break
                lines.insert(at, line)
        with open(self.config, "w") as f:
            f.write("\n".join(lines) + "\n")

    def drop_section(self, name):
        """Take it out of the configuration: a private installation's [route elsewhere], to send mail."""
        with open(self.config) as f:
            text = f.read()
        with open(self.config, "w") as f:
            f.write(re.sub(r"(?ms)^%s\n.*?(?=^\[|\Z)" % re.escape(name), "", text))

    def port(self, name):
        return self.base + OFFSETS[name]

    def start(self):
        with open(self.log_path, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen([BINARY + self.version, "serve", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_ready(self.process, self.log_path, before)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def memory_kb(self, name="VmRSS"):
        """What its process holds, or VmHWM: the most that it ever held."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(next(line for line in f if line.startswith(name + ":")).split()[1])

    def add_user(self, name, password):
        self.command("user", "add", name, "--password-stdin", input=password + "\n")

    def command(self, *arguments, **options):
        return run(*arguments, "--config", self.config, version=self.version, **options)

    def stop(self, sig=signal.SIGTERM):
        """Stop the server; the exit status, or None when it had to be killed."""
        if self.process is None:
            return 0
        status = None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        return status

    def kill(self):
        self.stop(signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        status = self.stop()
        log = self.log() if os.path.exists(self.log_path) else ""
        broken = [line for line in log.split("\n")
                  if "Sanitizer" in line or "runtime error" in line or "invariant broken" in line]
        check("the server ends cleanly and in time", status == 0, f"status {status}")
        check("no sanitizer report in the log", not broken, "\n".join(broken[:5]))
        if broken or status not in (0,):
            print(log[-3000:])
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)
