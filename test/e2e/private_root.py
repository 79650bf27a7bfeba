"""Debian packages that exclude each other, side by side: each in a root of its own over this machine's.

    reason = install("postfix", ["postfix"])     once; None, or why it cannot be had
    with PrivateRoot("postfix") as root:
        root.command("postconf", "mail_version").stdout
        root.write("/etc/postfix/main.cf", text)
        root.shared, "/shared"                    one folder, as seen from here and from inside

A root is an overlay: this machine's files below, on top a copy of what the packages brought, kept in
build/peers/NAME. What runs inside writes into memory. The overlay is mounted in a mount namespace, and its
programs live in a process namespace, whose first process reads a pipe from us: when the root is closed, or
the test dies in whatever way, that process ends, the kernel ends all others with it, and the mounts are gone.
The machine itself never sees the packages: no user, no service, no file outside build/peers.

The network is the test's own (the machine's, or that of lab.py). Names are asked at 127.0.0.1, port 53, and
what that says of DNSSEC (AD) is believed.
Takes root, unshare and overlayfs. An empty build/peers/NAME/files is a root like the machine itself.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile

import lab
from harness import ROOT

CACHE = os.path.join(ROOT, "build/peers")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INSTALL_SECONDS = 300
COMMAND_SECONDS = 120
STOP_SECONDS = 10

# $1 is a folder for the mounts, $2 what is laid over the machine's files. Leaves the root at $1/root.
MOUNT = """set -e
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir upper work root
cp -a "$2/." upper/
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
[ -x root/usr/bin/env ] && [ -e root/var/lib/dpkg/status ] || { echo '/usr or /var is a file system of its own'; exit 1; }
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 tmpfs root/dev
for device in null zero full random urandom tty; do
	: >"root/dev/$device"
	mount --bind "/dev/$device" "root/dev/$device"
done
mkdir root/dev/shm
chmod 1777 root/dev/shm
ln -s /proc/self/fd root/dev/fd
"""

# No service starts, and no time goes into manual pages. What apt and dpkg keep for themselves stays out of the cache.
INSTALL = MOUNT + """
cat >root/usr/sbin/policy-rc.d <<'END'
#!/bin/sh
exit 101
END
chmod 755 root/usr/sbin/policy-rc.d
mkdir -p root/etc/dpkg/dpkg.cfg.d
printf 'path-exclude=/usr/share/%s/*\\n' man doc locale >root/etc/dpkg/dpkg.cfg.d/peers
out=$3
shift 3
install() {
	chroot root apt-get -qy -o Acquire::Retries=0 -o Acquire::http::Timeout=20 install --no-install-recommends "$@"
}
install "$@" || { chroot root apt-get -q update && install "$@"; }
cd upper
rm -rf var/lib/dpkg var/lib/apt var/cache var/log/dpkg.log var/log/apt var/log/alternatives.log run tmp \\
	usr/sbin/policy-rc.d etc/dpkg etc/resolv.conf etc/hosts etc/*shadow* etc/*-
cp -a . "$out"
"""

# The first process says its number, and "inside" when its root is the new one (before that, who follows it would
# be in the machine's); then it only waits for the end of its input. It ignores SIGCHLD, so that daemons which
# became its children leave no zombies.
HOLD = MOUNT + """
mkdir -p root/shared
mount --bind "$3" root/shared
cat >root/etc/hosts <<'END'
127.0.0.1 localhost
::1 localhost
END
rm -f root/etc/resolv.conf
printf '%s\\n' 'nameserver 127.0.0.1' 'options edns0 trust-ad' >root/etc/resolv.conf
echo 'passwd: files
group: files
shadow: files
hosts: files dns
services: files
aliases: files' >root/etc/nsswitch.conf
read pid rest </proc/self/stat
echo "$pid"
exec chroot root sh -c 'echo inside; exec env --ignore-signal=CHLD cat >/dev/null'
"""


def why_not():
    """The reason why this machine gives root no private roots, or None."""
    if shutil.which("apt-get") is None:
        return "no apt-get"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as nothing:
        done = _unshare(MOUNT, folder, nothing)
    return None if done.returncode == 0 else _last_line(done)


def _unshare(script, *arguments, **options):
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", *arguments], text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def _last_line(done):
    lines = [line for line in done.stdout.split("\n") if line.strip()]
    return lines[-1].strip() if lines else f"status {done.returncode}"


def _machine():
    """What the packages were laid over: when the machine's own packages change, they are installed again."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n"], text=True, stdout=subprocess.PIPE)
    return done.stdout


def install(name, packages):
    """Put the packages into build/peers/NAME, unless they are there. None, or the reason why not.

    In lab.py's network, which has no way to the archives, it tells what it told before.
    """
    if os.geteuid() != 0:
        return "private roots take root"
    remembered = "STAUNCH_NO_" + name.upper()
    if lab.is_isolated():
        return os.environ.get(remembered)
    folder = os.path.join(CACHE, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        reason = _install(folder, packages)
    if reason:
        os.environ[remembered] = reason
    return reason


def _install(folder, packages):
    done_path, files = os.path.join(folder, ".done"), os.path.join(folder, "files")
    wanted = " ".join(packages) + "\n" + _machine()
    has_some = os.path.exists(done_path)
    if has_some:
        with open(done_path) as f:
            if f.read() == wanted:
                return None
    reason = why_not()
    if reason:
        return reason
    with tempfile.TemporaryDirectory() as mounts, tempfile.TemporaryDirectory() as nothing, \
            tempfile.TemporaryDirectory(dir=folder) as fresh:
        os.chmod(nothing, 0o755)
        _keep_names(nothing)
        try:
            done = _unshare(INSTALL, mounts, nothing, fresh, *packages, timeout=INSTALL_SECONDS,
                            env=dict(os.environ, PATH=PATH, DEBIAN_FRONTEND="noninteractive", LC_ALL="C"))
        except subprocess.TimeoutExpired:
            return None if has_some else f"apt-get took over {INSTALL_SECONDS} s"
        with open(os.path.join(folder, "log"), "w") as f:
            f.write(done.stdout)
        if done.returncode != 0:
            # Without a network the packages of yesterday are as good.
            return None if has_some else f"{' '.join(packages)}: {_last_line(done)}"
        shutil.rmtree(files, ignore_errors=True)
        os.mkdir(files)
        subprocess.run(["cp", "-a", fresh + "/.", files], check=True)
    with open(done_path, "w") as f:
        f.write(wanted)
    return None


def _keep_names(folder):
    """In containers these are mounts over empty files, which an overlay does not see."""
    os.mkdir(os.path.join(folder, "etc"))
    for name in ("resolv.conf", "hosts"):
        if os.path.exists("/etc/" + name):
            shutil.copyfile("/etc/" + name, os.path.join(folder, "etc", name))


class PrivateRoot:
    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix=f"staunch-{name}-")
        self._mounts = os.path.join(self.folder, "mounts")
        self.shared = os.path.join(self.folder, "shared")
        for folder in (self._mounts, self.shared):
            os.mkdir(folder)
            os.chmod(folder, 0o755)
        files = os.path.join(CACHE, name, "files")
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", HOLD, "sh", self._mounts, files,
             self.shared], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        said = [self._holder.stdout.readline().strip() for _ in range(2)]
        if said[1] != "inside":
            self.close()
            raise RuntimeError(f"no private root for {name}: {' '.join(said)}")
        self.pid = int(said[0])
        self._enter = ["nsenter", "--target", said[0], "--mount", "--pid", "--root", "--wd"]

    def command(self, *arguments, input=None, check_status=True, text=True):
        """Run a program inside; the finished process."""
        done = subprocess.run(self._enter + list(arguments), input=input, text=text, timeout=COMMAND_SECONDS,
                              errors="replace" if text else None, env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
                              stdin=None if input is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check_status and done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: status {done.returncode}: {done.stdout}")
        return done

    def spawn(self, *arguments, log):
        """Start a program inside that stays; its output goes to a file of the shared folder. It ends with the root."""
        with open(os.path.join(self.shared, log), "ab") as f:
            return subprocess.Popen(self._enter + list(arguments), stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                    env={"PATH": PATH, "LC_ALL": "C.UTF-8"})

    def write(self, path, text, mode=0o644):
        self.command("sh", "-c", 'cat >"$1" && chmod "$2" "$1"', "sh", path, f"{mode:o}", input=text)

    def close(self):
        """End everything inside and forget it."""
        self._holder.stdin.close()
        try:
            self._holder.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        self._holder.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
