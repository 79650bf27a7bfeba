"""Postfix, Exim and OpenSMTPD as private servers, several at once, each a domain of its own.

    reason = install(Postfix, Exim, OpenSMTPD)       {class: why it cannot be had}; needs the network, once
    lab.isolate()                                    if names are to be asked (see lab.py)
    with Postfix(routes={"example.test": ("127.0.0.1", server.port("smtp"))}) as peer:
        peer.send("ann@postfix.test", ["bob@example.test"], b"Subject: x\\r\\n\\r\\ny\\r\\n")
        peer.wait_empty()                            until its queue is
        peer.inbox("ann@postfix.test")               what it delivered itself: bounces, and what we sent it
        peer.queue(), peer.flush(), peer.log(), peer.command("postconf", "-n")

They listen at peer.host, peer.port (loopback only), take mail for peer.domain, and relay all other: by `routes`
(a domain to host and port; "*" is every other), else by MX, from their own address. Options, each for all three where it can:

    domain, hostname, host, port     who it is and where it listens ("127.0.0.3", 25 in lab.py's network)
    tls=Certificate                  offers STARTTLS (certificates.py)
    outgoing_tls="may"               "none", "may" or "must", unverified; of Postfix "dane" and "dane-only", too
    users=["ann", "bob"]             550 for all others; None: every name has an inbox
    policy=Policy()                  greylisting and other refusals by recipient (policy.py)
    size_limit=bytes, smtputf8=False, without=["CHUNKING", "DSN", "PIPELINING", "8BITMIME"]
    settings="name = value"          lines for its own configuration; they win

What one cannot do, or cannot leave out, is in peer.cannot. stop() and start() keep the queue; close() forgets everything.
smtp-source and smtp-sink are commands of Postfix's root: Postfix.tool("smtp-source", "-m", "100", ..).
"""

import glob
import json
import os
import re
import shutil
import smtplib
import socket
import time

import private_root
from harness import free_port
from private_root import PrivateRoot

READY_SECONDS = 20
SIZE_LIMIT = 50 * 1024 * 1024
NOBODY = 65534


class PeerError(Exception):
    pass


def install(*kinds):
    """Have the packages of these classes; {class: reason} for those that cannot be had."""
    reasons = {kind: private_root.install(kind.name, kind.packages) for kind in kinds}
    return {kind: reason for kind, reason in reasons.items() if reason}


def bracketed(host):
    """An address as it stands before a colon and a port."""
    return f"[{host}]" if ":" in host else host


class Queued:
    """One recipient of a message in a peer's queue."""

    def __init__(self, ident, sender, recipient, reason):
        self.ident, self.sender, self.recipient, self.reason = ident, sender, recipient, reason

    def __repr__(self):
        return f"{self.ident} <{self.sender}> to <{self.recipient}>: {self.reason}"


class Peer:
    name = packages = None
    cannot = frozenset()  # of: starttls, smtputf8, pipelining, 8bitmime, chunking

    def __init__(self, domain=None, hostname=None, host="127.0.0.1", port=None, routes=None, tls=None, outgoing_tls="may",
                 users=None, policy=None, size_limit=SIZE_LIMIT, smtputf8=True, without=(), settings="", start=True):
        self.domain = domain or f"{self.name}.test"
        self.hostname = hostname or f"mx.{self.domain}"
        self.host, self.port = host, port or free_port(host)
        self.routes, self.tls, self.outgoing_tls = dict(routes or {}), tls, outgoing_tls
        self.users, self.policy, self.size_limit, self.smtputf8 = users, policy, size_limit, smtputf8
        self.without, self.settings = {word.upper() for word in without}, settings
        self.root = PrivateRoot(self.name)
        try:
            mail = os.path.join(self.root.shared, "mail")
            for folder in (mail, *(os.path.join(mail, part) for part in ("tmp", "new", "cur"))):
                os.mkdir(folder)
                os.chown(folder, NOBODY, NOBODY)
            if tls:
                shutil.copyfile(tls.chain, os.path.join(self.root.shared, "chain.pem"))
                shutil.copyfile(tls.key, os.path.join(self.root.shared, "key.pem"))
                os.chmod(os.path.join(self.root.shared, "key.pem"), 0o600)
            self.configure()
            if start:
                self.start()
        except BaseException:
            self.root.close()
            raise

    # Each class has these.

    def configure(self):
        raise NotImplementedError

    def launch(self):
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError

    def queue(self):
        raise NotImplementedError

    def flush(self):
        raise NotImplementedError

    # The rest is the same for all.

    def command(self, *arguments, **options):
        return self.root.command(*arguments, **options)

    def start(self):
        self.launch()
        deadline = time.time() + READY_SECONDS
        while time.time() < deadline:
            try:
                with socket.create_connection((self.host, self.port), timeout=5) as s:
                    if s.recv(3) == b"220":
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise PeerError(f"{self.name} does not answer at {self.host}:{self.port}:\n{self.log()[-4000:]}")

    def _daemon(self, command):
        """Run what starts a daemon: it keeps none of our pipes."""
        done = self.command("sh", "-c", f"{command} </dev/null >>/shared/start 2>&1", check_status=False)
        if done.returncode != 0:
            raise PeerError(f"{command}: status {done.returncode}\n{self.log()[-4000:]}")

    def _gone(self, pattern):
        """Wait until no process inside has a command that matches."""
        deadline = time.time() + READY_SECONDS
        while time.time() < deadline:
            if not re.search(pattern, self.command("sh", "-c", "cat /proc/[0-9]*/comm", check_status=False).stdout, re.M):
                return
            time.sleep(0.02)
        raise PeerError(f"{self.name} does not stop")

    def connect(self):
        """A client of ours at its port."""
        return smtplib.SMTP(self.host, self.port, local_hostname="client.test", timeout=60)

    def send(self, sender, recipients, data, utf8=False, notify=None, ret=None, envid=None, orcpt=None, client=None):
        """Hand it one message by SMTP: it goes into its queue. `client` is a connect() that several calls use.

        Raises smtplib's exceptions. DSN parameters (RFC 3461) are sent as given: notify="SUCCESS,FAILURE".
        """
        mail = ["SMTPUTF8"] if utf8 else []
        mail += [] if data.isascii() and not utf8 else ["BODY=8BITMIME"]
        mail += [f"{key}={value}" for key, value in (("RET", ret), ("ENVID", envid)) if value]
        rcpt = [f"{key}={value}" for key, value in (("NOTIFY", notify), ("ORCPT", orcpt)) if value]
        if client:
            return client.sendmail(sender, recipients, data, mail, rcpt)
        with self.connect() as smtp:
            return smtp.sendmail(sender, recipients, data, mail, rcpt)

    def sendmail(self, *arguments, data):
        """Hand it one message by its own sendmail command."""
        return self.command("/usr/sbin/sendmail", *arguments, input=data, text=isinstance(data, str))

    def inbox(self, recipient=None):
        """What it delivered to this address (None: to all), as bytes, oldest first."""
        messages = []
        paths = glob.glob(os.path.join(self.root.shared, "mail/new/*"))
        for path in sorted(paths, key=lambda p: os.stat(p).st_mtime_ns):
            with open(path, "rb") as f:
                data = f.read()
            to = re.search(rb"^(?:X-Original-To|Envelope-to|Delivered-To): *<?(.*?)>?\r?$", data, re.M | re.I)
            if recipient is None or (to and to.group(1).decode("utf-8", "replace").lower() == recipient.lower()):
                messages.append(data)
        return messages

    def wait_inbox(self, count=1, recipient=None, seconds=30):
        """Whether so many messages were delivered in time."""
        return self.wait_for(lambda: len(self.inbox(recipient)) >= count, seconds)

    def wait_empty(self, seconds=60):
        """Whether its queue was empty in time."""
        return self.wait_for(lambda: not self.queue(), seconds)

    def wait_log(self, pattern, seconds=20):
        """Whether its log said so in time."""
        return self.wait_for(lambda: re.search(pattern, self.log()), seconds)

    @staticmethod
    def wait_for(is_true, seconds):
        deadline = time.time() + seconds
        while not is_true():
            if time.time() >= deadline:
                return False
            time.sleep(0.05)
        return True

    def log(self):
        """All that it wrote, of its start too."""
        text = ""
        for name in ("start", "log", "mainlog", "paniclog", "rejectlog"):
            path = os.path.join(self.root.shared, name)
            if os.path.exists(path):
                with open(path, errors="replace") as f:
                    text += f.read()
        return text

    def close(self):
        try:
            self.stop()
        finally:
            self.root.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()


class Postfix(Peer):
    name, packages = "postfix", ["postfix"]

    @classmethod
    def tool(cls, *arguments, **options):
        """Run one of its programs, such as smtp-source, with no server."""
        with PrivateRoot(cls.name) as root:
            return root.command(*arguments, **options)

    def configure(self):
        values = {
            "compatibility_level": "3.6",
            "myhostname": self.hostname,
            "myorigin": self.domain,
            "mydestination": "",
            "mynetworks": "127.0.0.0/8 [::1]/128",
            "inet_interfaces": "loopback-only",
            "smtp_bind_address6" if ":" in self.host else "smtp_bind_address": self.host,
            "inet_protocols": "all",
            "alias_maps": "",
            "alias_database": "",
            "biff": "no",
            "append_dot_mydomain": "no",
            "notify_classes": "",
            "maillog_file": "/shared/log",
            "maillog_file_prefixes": "/shared",
            "virtual_mailbox_domains": self.domain,
            "virtual_mailbox_base": "/shared",
            "virtual_mailbox_maps": "static:mail/" if self.users is None else "texthash:/etc/postfix/users",
            "virtual_uid_maps": f"static:{NOBODY}",
            "virtual_gid_maps": f"static:{NOBODY}",
            "virtual_mailbox_limit": "0",
            "message_size_limit": self.size_limit,
            "smtpd_relay_restrictions": "permit_mynetworks reject_unauth_destination",
            "smtpd_recipient_restrictions": self.policy and f"check_policy_service inet:127.0.0.1:{self.policy.port}" or "",
            "smtpd_peername_lookup": "no",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_discard_ehlo_keywords": " ".join(["silent-discard", *self.without]) if self.without else "",
            "smtputf8_enable": "yes" if self.smtputf8 else "no",
            "smtp_tls_security_level": {"must": "encrypt"}.get(self.outgoing_tls, self.outgoing_tls),
            "smtp_dns_support_level": "dnssec" if self.outgoing_tls.startswith("dane") else "",
            "smtp_tls_loglevel": "1",
            "smtpd_tls_loglevel": "1",
            "transport_maps": "texthash:/etc/postfix/transport",
            "in_flow_delay": "0",
            "queue_run_delay": "2s",
            "minimal_backoff_time": "2s",
            "maximal_backoff_time": "5s",
        }
        if "*" in self.routes:
            values["relayhost"] = "[{}]:{}".format(*self.routes["*"])
        if self.tls:
            values.update(smtpd_tls_security_level="may", smtpd_tls_cert_file="/shared/chain.pem",
                          smtpd_tls_key_file="/shared/key.pem")
        lines = [f"{key} = {value}" for key, value in values.items()]
        self.root.write("/etc/postfix/main.cf", "\n".join(lines) + "\n" + self.settings + "\n")
        self.root.write("/etc/postfix/users", "".join(f"{user}@{self.domain} mail/\n" for user in self.users or ()))
        self.root.write("/etc/postfix/transport", "".join(
            f"{domain} smtp:[{host}]:{port}\n" for domain, (host, port) in self.routes.items() if domain != "*"))
        # Files changed less than two seconds ago are waited for.
        self.command("sh", "-ec", """touch -d '1 minute ago' /etc/postfix/*
            postconf -F '*/*/chroot=n'
            postconf -MX smtp/inet
            postconf -M "$1/inet=$1 inet n - n - - smtpd"
            touch -d '1 minute ago' /etc/postfix/*""", "sh", f"{bracketed(self.host)}:{self.port}")

    def launch(self):
        self._daemon("postfix start")

    def stop(self):
        self.command("sh", "-c", "postfix stop >>/shared/start 2>&1", check_status=False)
        self._gone("^master$")

    def queue(self):
        entries = []
        for line in self.command("postqueue", "-j").stdout.splitlines():
            entry = json.loads(line)
            entries += [Queued(entry["queue_id"], entry["sender"], r["address"], r.get("delay_reason", ""))
                        for r in entry["recipients"]]
        return entries

    def flush(self):
        self.command("postqueue", "-f")


EXIM = """primary_hostname = {hostname}
qualify_domain = {domain}
log_file_path = /shared/%slog
log_selector = +tls_cipher +smtp_protocol_error
pid_file_path = /run/exim.pid
local_interfaces = <; {host}
daemon_smtp_ports = {port}
domainlist local_domains = {domain}
acl_smtp_rcpt = rcpt
message_size_limit = {size_limit}
tls_advertise_hosts = {tls_hosts}
smtputf8_advertise_hosts = {utf8_hosts}
dsn_advertise_hosts = {dsn_hosts}
chunking_advertise_hosts = {chunking_hosts}
pipelining_advertise_hosts = {pipelining_hosts}
accept_8bitmime = {accept_8bit}
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
smtp_receive_timeout = 60s
remote_max_parallel = 4
queue_run_max = 5
host_lookup =
keep_environment =
rfc1413_query_timeout = 0s
never_users =
ignore_bounce_errors_after = 0s
{settings}
begin acl
rcpt:
{policy}
  accept domains = +local_domains
         verify = recipient
  deny   domains = +local_domains
         message = 5.1.1 No such user
  accept hosts = 127.0.0.0/8 : ::1
  deny   message = 5.7.1 Relaying denied

begin routers
local:
  driver = accept
  domains = +local_domains
{users}
  transport = inbox
unknown:
  driver = redirect
  domains = +local_domains
  allow_fail
  data = :fail: 5.1.1 No such user
{routes}
by_mx:
  driver = dnslookup
  self = send
  transport = remote

begin transports
inbox:
  driver = appendfile
  directory = /shared/mail
  maildir_format
  envelope_to_add
  return_path_add
  delivery_date_add
  user = nobody
  group = nogroup
remote:
  driver = smtp
  allow_localhost
  hosts_try_dane =
  interface = <; {host}
{outgoing}

begin retry
* * F,1h,2s; F,4d,10s
"""

# Asks policy.py, once for each recipient.
EXIM_POLICY = r"""  warn   set acl_m_said = recipient=$local_part@$domain\n\n
         set acl_m_said = ${{readsocket{{inet:127.0.0.1:{port}}}{{$acl_m_said}}{{5s}}{{}}{{}}}}
         set acl_m_said = ${{if match{{$acl_m_said}}{{\Naction=([45]\d\d .*)\N}}{{$1}}}}
  defer  condition = ${{if match{{$acl_m_said}}{{^4}}}}
         message = $acl_m_said
  deny   condition = ${{if match{{$acl_m_said}}{{^5}}}}
         message = $acl_m_said
"""


class Exim(Peer):
    name, packages = "exim", ["exim4-daemon-light"]

    def configure(self):
        def unless(word):
            return "" if word in self.without else "*"
        routes = ""
        for i, (domain, (host, port)) in enumerate(sorted(self.routes.items(), reverse=True)):  # "*" comes last
            address = f"{bracketed(host)}:{port}".replace(":", "::")
            routes += (f"to_{i}:\n  driver = manualroute\n  domains = {domain}\n  route_list = <; * {address}\n"
                       f"  self = send\n  transport = remote\n")
        # What Exim only tries to verify may fail; with nothing to try, it insists.
        outgoing = "  tls_verify_hosts =\n  tls_try_verify_hosts = *"
        outgoing += {"none": "\n  hosts_avoid_tls = *", "may": "", "must": "\n  hosts_require_tls = *"}[self.outgoing_tls]
        users = "" if self.users is None else "  local_parts = " + " : ".join(self.users)
        settings = self.settings
        if self.tls:
            settings += "\ntls_certificate = /shared/chain.pem\ntls_privatekey = /shared/key.pem\n"
            self.command("chown", "Debian-exim", "/shared/key.pem")
        self.root.write("/etc/exim4/exim4.conf", EXIM.format(
            hostname=self.hostname, domain=self.domain, host=self.host, port=self.port, size_limit=self.size_limit,
            tls_hosts="*" if self.tls else "", utf8_hosts="*" if self.smtputf8 else "", dsn_hosts=unless("DSN"),
            chunking_hosts=unless("CHUNKING"), pipelining_hosts=unless("PIPELINING"),
            accept_8bit="false" if "8BITMIME" in self.without else "true", settings=settings, users=users, routes=routes,
            outgoing=outgoing, policy=EXIM_POLICY.format(port=self.policy.port) if self.policy else ""))
        for name in ("mainlog", "rejectlog", "paniclog"):
            path = os.path.join(self.root.shared, name)
            open(path, "w").close()
            os.chmod(path, 0o666)

    def launch(self):
        self._daemon("exim4 -bd -q2s")

    def stop(self):
        self.command("sh", "-c", "kill $(cat /run/exim.pid)", check_status=False)
        self._gone("^exim4$")

    def queue(self):
        entries, ident, sender = [], None, None
        for line in self.command("exim4", "-bp").stdout.splitlines():
            head = re.match(r"\s*\S+\s+\S+\s+(\S+-\S+-\S+) <(.*?)>(.*)", line)
            if head:
                ident, sender, reason = head.groups()
            elif line.strip() and not line.startswith("        D "):
                entries.append(Queued(ident, sender, line.strip(), reason.strip()))
        return entries

    def flush(self):
        self.command("sh", "-c", "exim4 -qff >>/shared/start 2>&1")


# Asks policy.py about each recipient (smtpd-filters(7)).
FILTER = """import socket, sys
for line in sys.stdin:
    if line == "config|ready\\n":
        print("register|filter|smtp-in|rcpt-to\\nregister|ready", flush=True)
    part = line.rstrip("\\n").split("|", 7)
    if part[0] == "filter":
        with socket.create_connection(("127.0.0.1", {port})) as s:
            s.sendall(("recipient=" + part[7].strip("<>") + "\\n\\n").encode())
            said = s.makefile().readline().strip().partition("=")[2]
        result = "reject|" + said if said[:1] in "45" else "proceed"
        print("filter-result|" + part[5] + "|" + part[6] + "|" + result, flush=True)
"""


class OpenSMTPD(Peer):
    name, packages = "opensmtpd", ["opensmtpd", "ca-certificates"]
    cannot = frozenset(["smtputf8", "pipelining", "8bitmime", "chunking"])

    def configure(self):
        # Debian 12's cannot use a private key with OpenSSL 3: it offers STARTTLS, and every handshake fails.
        if "OpenSMTPD 6." in self.command("smtpd", "-h", check_status=False).stdout:
            self.cannot |= {"starttls"}
        lines = [self.settings, f'smtp max-message-size {self.size_limit}', "smtp limit max-mails 10000"]
        listen = f'listen on {self.host} port {self.port} hostname "{self.hostname}"'
        if self.tls:
            lines += ['pki peer cert "/shared/chain.pem"', 'pki peer key "/shared/key.pem"']
            listen += " tls pki peer"
        if "DSN" in self.without:
            listen += " no-dsn"
        if self.policy:
            self.root.write("/usr/local/bin/ask-policy", FILTER.format(port=self.policy.port))
            lines.append('filter policy proc-exec "/usr/bin/python3 /usr/local/bin/ask-policy"')
            listen += " filter policy"
        lines += ['table users { "@" = nobody }', listen]
        us = f'helo "{self.hostname}" src "{self.host}"'
        actions = ['action inbox maildir "/shared/mail" virtual <users>', f"action by_mx relay {us}"]
        ours = f'match from any for domain "{self.domain}"'
        matches = [ours + " action inbox"]
        if self.users is not None:
            lines.append("table rcpts { " + ", ".join(f'"{user}@{self.domain}"' for user in self.users) + " }")
            matches = [ours + " rcpt-to <rcpts> action inbox", ours + " reject"]
        scheme = {"none": "smtp+notls", "may": "smtp", "must": "smtp+tls"}[self.outgoing_tls]
        no_verify = " tls no-verify" if self.outgoing_tls == "must" else ""
        for i, (domain, (host, port)) in enumerate(sorted(self.routes.items(), reverse=True)):
            actions.append(f"action to_{i} relay host {scheme}://{bracketed(host)}:{port}{no_verify} {us}")
            to = "any" if domain == "*" else f'domain "{domain}"'
            matches.append(f"match from any for {to} action to_{i}")
        matches.append("match from any for any action by_mx")
        self.root.write("/etc/smtpd.conf", "\n".join(lines + actions + matches) + "\n")
        self.root.write("/etc/mailname", self.domain + "\n")

    def launch(self):
        self._daemon("smtpd -n")
        self.root.spawn("sh", "-c", "echo $$ >/run/smtpd.pid; exec smtpd -d", log="log")

    def stop(self):
        self.command("sh", "-c", "kill $(cat /run/smtpd.pid)", check_status=False)
        self._gone("^smtpd$")

    def queue(self):
        entries = []
        for line in self.command("smtpctl", "show", "queue").stdout.splitlines():
            part = line.split("|")
            entries.append(Queued(part[0], part[4], part[6], part[13] if len(part) > 13 else ""))
        return entries

    def flush(self):
        self.command("smtpctl", "schedule", "all", check_status=False)


ALL = (Postfix, Exim, OpenSMTPD)
