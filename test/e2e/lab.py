"""A network of its own for a test: one interface, every port free, names asked at port 53 of it.

    import lab
    lab.isolate()                            first thing in main(); skips the rest of the script where it cannot be
    dns = DnsServer(zones, port=53)          what /etc/resolv.conf now names
    mx = Sink(host="127.0.0.2", port=25)     one address of 127.0.0.0/8 for each host of the zones

isolate() runs the script again, under the same process id, inside a network namespace and a mount namespace
(unshare; that takes root). There is no way out of it: what needs the outside, as peers.install() does, comes before.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile

import harness

MARK = "STAUNCH_LAB"
ADDRESS = "192.0.2.1"  # of our interface; resolvers take a machine that has loopback addresses only for disconnected
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8913, 0x8914, 0x8916, 0x1


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:lab", socket.AF_INET, 0, socket.inet_aton(ADDRESS)))


def _names_from_here():
    """Put a resolv.conf of ours over the machine's, in our mount namespace only."""
    path = os.path.realpath("/etc/resolv.conf")
    if not os.path.exists(path):
        return
    with tempfile.NamedTemporaryFile("w", prefix="resolv-") as f:
        f.write("nameserver 127.0.0.1\n")
        f.flush()
        os.chmod(f.name, 0o644)
        subprocess.run(["mount", "--bind", f.name, path], check=True)


def why_not():
    """The reason why there can be no private network, or None."""
    if os.geteuid() != 0:
        return "a network of its own takes root"
    done = subprocess.run(["unshare", "--net", "--mount", "true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if done.returncode == 0 else done.stdout.decode(errors="replace").strip()


def is_isolated():
    return MARK in os.environ


def isolate():
    """Go on in a private network; ends the script with a skip where that is not allowed."""
    if is_isolated():
        _loopback_up()
        _names_from_here()
        return
    reason = why_not()
    if reason:
        harness.skip("everything here", reason)
        harness.end()
    sys.stdout.flush()
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])
