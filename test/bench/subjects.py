"""What is measured: Staunch, and Postfix + Dovecot as Debian ships them, behind one interface.

A subject has a `name`, `port(protocol)`, `start()` that returns the seconds until it greets,
`stop()`, `pids()` of all its processes, `stored(n)` that waits until n messages are in mailboxes,
and a `folder` with everything it writes. Ten users u0 .. u9, password "pw". Those that relay are in
relay.py.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/e2e"))
os.environ.setdefault("STAUNCH", os.path.join(ROOT, "build/staunch"))

import harness  # noqa: E402

DOMAIN = "example.test"
USERS = [f"u{i}@{DOMAIN}" for i in range(10)]
PASSWORD = "pw"
START_SECONDS = 30
RARE, RARE_LINE = 10000, b"Somebody had brought a xylophone.\r\n"  # as load_message_write() has it


def wait_greeting(port):
    """Wait until the port greets."""
    deadline = time.time() + START_SECONDS
    while time.time() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                if s.recv(100):
                    return
        except OSError:
            time.sleep(0.001)
    raise RuntimeError(f"nothing greets at port {port}")


def family(pids):
    """These processes and all that they started."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as f:
                    parents[int(entry)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = set(pids)
    while True:
        more = {p for p, parent in parents.items() if parent in found} - found
        if not more:
            return sorted(found)
        found |= more


class Staunch:
    name = "staunch"
    has_tls = True

    def __init__(self, folder):
        self.folder = folder
        self.server = harness.Server(folder=folder, domain=DOMAIN, start=False,
                                     settings="[smtp]\nmessages = 1000000")
        self.port = self.server.port
        for user in USERS:
            self.server.add_user(user, PASSWORD)

    def start(self):
        log = open(self.server.log_path, "ab")
        began = time.perf_counter()
        self.server.process = subprocess.Popen(
            [harness.BINARY, "serve", "--config", self.server.config], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        wait_greeting(self.port("imap"))
        log.close()
        return time.perf_counter() - began

    def stop(self):
        self.server.stop()

    def pids(self):
        return family([self.server.process.pid])

    def stored(self, n):
        """The reply means stored: nothing to wait for."""

    def fill(self, user, count, deliver):
        deliver(self, "lmtp", 50, count, 1000, [user])


DOVECOT = """
base_dir = {d}/run
state_dir = {d}/run
instance_name = staunch-bench
protocols = imap lmtp
listen = 127.0.0.1
log_path = {d}/dovecot.log
ssl = yes
ssl_cert = <{d}/certificate.pem
ssl_key = <{d}/key.pem
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_max_userip_connections = 10000
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {d}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={d}/mail/%n
}}
namespace inbox {{
  inbox = yes
}}
default_client_limit = 20000
default_process_limit = 4000
service imap-login {{
  process_limit = 4000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 4000
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""

POSTFIX = """
compatibility_level = 3.6
myhostname = mail.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
queue_directory = {d}/queue
data_directory = {d}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {d}/postfix.log
maillog_file_prefixes = {d}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
alias_maps =
alias_database =
"""

POSTFIX_DELIVERS = """
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{d}/postfix/users
virtual_transport = lmtp:unix:{d}/run/lmtp
"""


class Postfix:
    """Postfix with a configuration, a queue and a port of its own; needs a `folder` and a `base` of ports."""

    def configure(self, settings):
        for name in ("queue", "data", "postfix"):
            os.makedirs(os.path.join(self.folder, name))
        self.write("postfix/main.cf", POSTFIX.format(d=self.folder, domain=DOMAIN) + settings)
        self.write_master()
        for name in ("dynamicmaps.cf", "postfix-files"):
            if os.path.exists("/etc/postfix/" + name):
                shutil.copy("/etc/postfix/" + name, os.path.join(self.folder, "postfix"))
        os.chown(os.path.join(self.folder, "data"), pwd.getpwnam("postfix").pw_uid, -1)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def write_master(self):
        """Debian's services: SMTP on our port, nothing in a chroot, the log in our folder."""
        lines = []
        for source in ("/etc/postfix/master.cf", "/usr/share/postfix/master.cf.dist"):
            if os.path.exists(source):
                break
        with open(source) as f:
            for line in f:
                fields = line.split()
                if len(fields) >= 8 and not line.startswith((" ", "#")):
                    if fields[0] == "smtp" and fields[1] == "inet":
                        fields[0] = f"127.0.0.1:{self.port('smtp')}"
                    fields[4] = "n"
                    line = " ".join(fields) + "\n"
                lines.append(line)
        if not any(line.startswith("postlog") for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd\n")
        self.write("postfix/master.cf", "".join(lines))

    def port(self, protocol):
        return self.base + harness.OFFSETS[protocol]

    def command(self, *words):
        with open(os.path.join(self.folder, "commands.log"), "ab") as log:
            return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode

    def postfix(self, word):
        return self.command("/usr/sbin/postfix", "-c", os.path.join(self.folder, "postfix"), word)

    def masters(self):
        found = []
        for name in ("queue/pid/master.pid", "run/master.pid"):
            try:
                with open(os.path.join(self.folder, name)) as f:
                    found.append(int(f.read()))
            except (OSError, ValueError):
                pass
        return found

    def pids(self):
        return family(self.masters())

    def stop_servers(self):
        self.postfix("stop")

    def stop(self):
        everything = self.pids() if self.masters() else []
        self.stop_servers()
        deadline = time.time() + 10
        while time.time() < deadline and any(os.path.exists(f"/proc/{p}") for p in everything):
            time.sleep(0.05)
        for pid in everything:
            if os.path.exists(f"/proc/{pid}"):
                os.kill(pid, signal.SIGKILL)


class Peers(Postfix):
    """Postfix takes, Dovecot stores (Maildir) and reads: the usual pair with its usual settings."""

    name = "postfix+dovecot"
    has_tls = True

    @staticmethod
    def why_not():
        for program in ("/usr/sbin/dovecot", "/usr/sbin/postfix"):
            if not os.path.exists(program):
                return f"{program} is not installed (make bench PEERS=1)"
        if os.geteuid() != 0:
            return "Postfix and Dovecot can only be started by root"
        return None

    def __init__(self, folder, certificate_folder):
        self.folder = folder
        self.base = harness.free_port_base()
        owner = pwd.getpwnam("mail")
        for name in ("mail", "run"):
            os.makedirs(os.path.join(folder, name))
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(os.path.join(certificate_folder, name), folder)
        names = {"d": folder, "uid": owner.pw_uid, "gid": owner.pw_gid, "domain": DOMAIN}
        names.update({p: self.port(p) for p in ("imap", "imaps", "lmtp")})
        self.write("dovecot.conf", DOVECOT.format(**names))
        self.write("passwd", "".join(f"{u}:{{PLAIN}}{PASSWORD}\n" for u in USERS))
        self.configure(POSTFIX_DELIVERS.format(**names))
        self.write("postfix/users", "".join(f"{u} x\n" for u in USERS))
        os.chown(os.path.join(folder, "mail"), owner.pw_uid, owner.pw_gid)
        self.owner, self.before = owner, 0

    def start(self):
        began = time.perf_counter()
        self.command("/usr/sbin/dovecot", "-c", os.path.join(self.folder, "dovecot.conf"))
        self.postfix("start")
        wait_greeting(self.port("imap"))
        wait_greeting(self.port("smtp"))
        return time.perf_counter() - began

    def stop_servers(self):
        self.postfix("stop")
        self.command("/usr/bin/doveadm", "-c", os.path.join(self.folder, "dovecot.conf"), "stop")

    def files(self):
        return sum(len(os.listdir(os.path.join(self.folder, "mail", u.split("@")[0], "Maildir", d)))
                   for u in USERS for d in ("new", "cur")
                   if os.path.isdir(os.path.join(self.folder, "mail", u.split("@")[0], "Maildir", d)))

    def stored(self, n):
        """Wait until n more messages than the last time are files in a Maildir."""
        deadline = time.time() + 120
        while self.files() < self.before + n:
            if time.time() > deadline:
                raise RuntimeError(f"{self.name}: {self.files() - self.before} of {n} messages came")
            time.sleep(0.01)
        self.before += n

    def fill(self, user, count, deliver):
        """Files put there by hand; Dovecot makes its index when it first sees them."""
        maildir = os.path.join(self.folder, "mail", user.split("@")[0], "Maildir")
        body = b"Of those who came to the meeting nobody could say why it was held.\r\n" * 9
        for name in ("", "cur", "new", "tmp"):
            path = os.path.join(maildir, name)
            os.makedirs(path, exist_ok=True)
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        os.chown(os.path.dirname(maildir), self.owner.pw_uid, self.owner.pw_gid)
        for i in range(count):
            path = os.path.join(maildir, "cur", f"{1700000000 + i}.M{i}.bench:2,")
            head = (f"Date: Mon, 05 Jan 2026 10:20:30 +0000\r\nFrom: Sender of Mail <s@client.test>\r\n"
                    f"Message-ID: <{i}@client.test>\r\nTo: {user}\r\nSubject: Meeting {i}\r\n"
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n")
            with open(path, "wb") as f:
                f.write(head.encode() + (RARE_LINE if i % RARE == 1 else b"") + body)
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        self.before += count
