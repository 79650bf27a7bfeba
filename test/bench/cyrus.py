"""Cyrus as Debian has it, as a subject: its httpd with JMAP, IMAP and LMTP under its master.

Debian's package cannot be installed beside Dovecot, so its files are only unpacked, into build/cyrus; nothing of the
system changes. It needs no account of its own: it runs as `mail`.
"""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

import subjects

ROOT = os.path.join(subjects.ROOT, "build/cyrus")
PACKAGES = ["cyrus-common", "cyrus-imapd", "cyrus-caldav", "sasl2-bin"]  # httpd is in cyrus-caldav
LIBRARIES = ["libclamav12", "libical3", "libjansson4", "libldap-2.5-0", "libmspack0", "libnghttp2-14", "libpcre3",
             "libpq5", "libsasl2-2", "libsasl2-modules", "libsasl2-modules-db", "libshp2", "libwrap0",
             "libxapian30", "libxml2", "libzephyr4"]
MASTER = os.path.join(ROOT, "usr/lib/cyrus/bin/master")
BODY = b"Of those who came to the meeting nobody could say why it was held.\r\n" * 9

IMAPD = """
configdirectory: {d}/conf
defaultpartition: default
partition-default: {d}/spool
cyrus_user: mail
cyrus_group: mail
servername: mail.{domain}
unixhierarchysep: yes
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {d}/sasldb2
conversations: yes
search_engine: xapian
search_batchsize: 8192
defaultsearchtier: t1
t1searchpartition-default: {d}/search
httpmodules: jmap
duplicatesuppression: no
autocreate_quota: 0
hashimapspool: yes
sievedir: {d}/sieve
"""

SERVICES = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -C {d}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{bin}/imapd -C {d}/imapd.conf" listen="127.0.0.1:{imap}" prefork=0
  http cmd="{bin}/httpd -C {d}/imapd.conf" listen="127.0.0.1:{http}" prefork=0
  lmtp cmd="{bin}/lmtpd -C {d}/imapd.conf -a" listen="127.0.0.1:{lmtp}" prefork=0
}}
EVENTS {{
}}
"""


def is_installed(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return done.stdout == "installed"


def unpack():
    """Take the packages from Debian, and the libraries that this machine lacks."""
    wanted = PACKAGES + [p for p in LIBRARIES if not is_installed(p)]
    os.makedirs(ROOT, exist_ok=True)
    subprocess.run(["apt-get", "-q", "download", *wanted], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    for package in glob.glob(os.path.join(ROOT, "*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, ROOT], check=True)
        os.remove(package)


class Cyrus:
    name = "cyrus"

    @staticmethod
    def why_not():
        """None when it can be measured; it is unpacked when peers are wanted."""
        if os.geteuid() != 0:
            return "Cyrus can only be started by root"
        try:
            if not os.path.exists(MASTER) and os.environ.get("PEERS") == "1":
                unpack()
        except (OSError, subprocess.CalledProcessError) as e:
            return f"Cyrus could not be had from Debian: {e}"
        if not os.path.exists(MASTER):
            return "Cyrus is not there (make bench PEERS=1 unpacks it)"
        for program in ("master", "httpd"):
            path = os.path.join(os.path.dirname(MASTER), program)
            done = subprocess.run(["ldd", path], env=Cyrus.environment(), stdout=subprocess.PIPE, text=True)
            missing = [line.split()[0] for line in done.stdout.splitlines() if "not found" in line]
            if missing:
                return "Cyrus needs " + " ".join(missing)
        return None

    @staticmethod
    def environment():
        libraries = glob.glob(os.path.join(ROOT, "usr/lib/*-linux-gnu"))
        plugins = glob.glob(os.path.join(ROOT, "usr/lib/*-linux-gnu/sasl2")) + glob.glob("/usr/lib/*-linux-gnu/sasl2")
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries), "SASL_PATH": ":".join(plugins)}

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.base = subjects.harness.free_port_base()
        self.config = os.path.join(folder, "imapd.conf")
        for name in ("conf/db", "conf/lock", "conf/proc", "conf/quota", "conf/socket", "conf/user", "spool", "search"):
            os.makedirs(os.path.join(folder, name))
        names = {"d": folder, "bin": os.path.dirname(MASTER), "domain": subjects.DOMAIN}
        names.update({p: self.port(p) for p in ("imap", "http", "lmtp")})
        for name, text in (("imapd.conf", IMAPD), ("cyrus.conf", SERVICES)):
            with open(os.path.join(folder, name), "w") as f:
                f.write(text.format(**names))
        for user in subjects.USERS:
            self.command(os.path.join(ROOT, "usr/sbin/saslpasswd2"), "-p", "-c", "-f", os.path.join(folder, "sasldb2"),
                         "-u", f"mail.{subjects.DOMAIN}", self.login(user), input=subjects.PASSWORD)
        self.owner = pwd.getpwnam("mail")
        for root, folders, files in os.walk(folder):
            for name in [""] + files:
                os.chown(os.path.join(root, name), self.owner.pw_uid, self.owner.pw_gid)

    def login(self, user):
        return user.split("@")[0]

    def port(self, protocol):
        return self.base + subjects.harness.OFFSETS[protocol]

    def command(self, program, *words, input=None):
        done = subprocess.run([program, *words], env=self.environment(), input=input, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"cyrus: {program}: status {done.returncode}")
        return done.stdout

    def tool(self, name, *words):
        return self.command(os.path.join(os.path.dirname(MASTER), name), "-C", self.config, *words)

    def start(self):
        began = time.perf_counter()
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [MASTER, "-C", self.config, "-M", os.path.join(self.folder, "cyrus.conf"), "-p",
                 os.path.join(self.folder, "master.pid"), "-D"],
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        subjects.wait_greeting(self.port("imap"))
        return time.perf_counter() - began

    def pids(self):
        return subjects.family([self.process.pid])

    def stop(self):
        if self.process is None:
            return
        everything = self.pids()
        self.process.send_signal(signal.SIGTERM)
        deadline = time.time() + 5
        while time.time() < deadline and any(os.path.exists(f"/proc/{p}") for p in everything):
            self.process.poll()
            time.sleep(0.05)
        for pid in everything:
            if os.path.exists(f"/proc/{pid}"):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def make_mailbox(self, user):
        """The first login makes it."""
        with socket.create_connection(("127.0.0.1", self.port("imap")), timeout=30) as s:
            s.recv(1000)
            s.sendall(f"a LOGIN {self.login(user)} {subjects.PASSWORD}\r\n".encode())
            while b"a OK" not in s.recv(4000):
                pass

    def fill(self, user, count, deliver):
        """Files put there by hand, and its own tool to take them in."""
        self.make_mailbox(user)
        name = "user/" + self.login(user)
        spool = self.tool("mbpath", name).strip()
        for i in range(count):
            path = os.path.join(spool, f"{i + 1}.")
            head = (f"Date: Mon, 05 Jan 2026 10:20:30 +0000\r\nFrom: Sender of Mail <sender@client.test>\r\n"
                    f"Message-ID: <{i}@client.test>\r\nTo: {user}\r\nSubject: Minutes of meeting {i}\r\n"
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
            with open(path, "wb") as f:
                f.write(head.encode() + (subjects.RARE_LINE if i % subjects.RARE == 1 else b"") + BODY)
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
            os.utime(path, (1700000000 + i, 1700000000 + i))
        self.tool("reconstruct", name)

    def index(self, user):
        shutil.rmtree(os.path.join(self.folder, "search/user"), ignore_errors=True)
        self.tool("squatter", "-u", self.login(user))

    def stored(self, n):
        """The reply means stored: nothing to wait for."""
