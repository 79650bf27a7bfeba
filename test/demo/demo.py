"""make demo: start two private servers in build/demo, send mail within one and from it to the other, read it, stay up.

The other one judges where mail is from; what it asks of DNS a server in this process answers.

ONCE=1 ends after the proof, FOLDER=.. is another place than build/demo. Exit status 0, or 1 if any step failed.
"""

import base64
import email.message
import email.policy
import email.utils
import hashlib
import imaplib
import json
import os
import re
import secrets
import shutil
import signal
import smtplib
import ssl
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "test/e2e"))
os.environ.setdefault("STAUNCH", os.path.join(ROOT, "build/staunch"))

import harness  # noqa: E402
from dns_server import DnsServer, reverse  # noqa: E402

FOLDER = os.path.abspath(os.environ.get("FOLDER") or os.path.join(ROOT, "build/demo"))
ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@neighbour.test"
ARRIVAL_SECONDS = 20


def say(text):
    print(text, flush=True)


def tls_of(server):
    """A context that trusts the demonstration's own certificate, and nothing else."""
    return ssl.create_default_context(cafile=os.path.join(server.folder, "certificate.pem"))


def make_message(to):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Alice Example <" + ALICE + ">"
    message["To"] = to
    message["Message-ID"] = email.utils.make_msgid(domain="example.test")
    message["Subject"] = "Grüße: the minutes of " + time.strftime("%H:%M:%S")
    message.set_content("Dear friend,\n\nhere are the minutes – read them with whatever you like.\n\nAlice\n")
    attachment = secrets.token_bytes(20000)
    message.add_attachment(attachment, maintype="application", subtype="pdf", filename="minutes.pdf")
    return message, attachment


def send(server, password, message, to):
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=20) as smtp:
        smtp.ehlo("demo.example.test")
        smtp.starttls(context=tls_of(server))
        smtp.ehlo("demo.example.test")
        smtp.login(ALICE, password)
        smtp.send_message(message, ALICE, [to])
    say(f"   alice -> submission, port {server.port('submission')}: STARTTLS, logged in, "
        f"message to {to} with minutes.pdf (20000 bytes) accepted")


def read_by_imap(server, password, subject, attachment):
    with imaplib.IMAP4_SSL("127.0.0.1", server.port("imaps"), ssl_context=tls_of(server)) as imap:
        imap.login(BOB, password)
        imap.select("INBOX")
        count = int(imap.response("EXISTS")[1][0] or 0) or len(imap.search(None, "ALL")[1][0].split())
        number = imap.search(None, "ALL")[1][0].split()[-1]
        raw = imap.fetch(number, "(BODY.PEEK[])")[1][0][1]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = next(message.iter_attachments())
    ok = message["Subject"] == subject and part.get_content() == attachment
    say(f"   bob <- IMAPS, port {server.port('imaps')}: message {count} of INBOX, \"{message['Subject']}\", "
        f"{part.get_filename()} {'is byte for byte what alice sent' if ok else 'DIFFERS'}")
    return ok


class Jmap:
    def __init__(self, server, user, password):
        self.base = f"http://127.0.0.1:{server.port('http')}"
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": "Basic " + token, "Content-Type": "application/json"}
        self.session = json.loads(self.get("/.well-known/jmap"))
        self.account = self.session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

    def get(self, url, data=None):
        url = url if url.startswith("http") else self.base + url
        request = urllib.request.Request(url, data=data, headers=self.headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def call(self, *calls):
        body = {"using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
                "methodCalls": [[name, {"accountId": self.account, **arguments}, str(i)]
                                for i, (name, arguments) in enumerate(calls)]}
        return json.loads(self.get(self.session["apiUrl"], json.dumps(body).encode()))["methodResponses"]


def read_by_jmap(server, password, sent, attachment):
    jmap = Jmap(server, BOB, password)
    answers = jmap.call(
        ("Email/query", {"filter": {"header": ["Message-ID", sent["Message-ID"]]}}),
        ("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                       "properties": ["subject", "from", "preview", "attachments"]}))
    found = answers[1][1]["list"][0]
    part = found["attachments"][0]
    url = jmap.session["downloadUrl"]
    for key, value in (("accountId", jmap.account), ("blobId", part["blobId"]),
                       ("name", part["name"]), ("type", "application/pdf")):
        url = url.replace("{" + key + "}", value)
    digest = hashlib.sha256(jmap.get(url)).hexdigest()
    ok = found["subject"] == sent["Subject"] and digest == hashlib.sha256(attachment).hexdigest()
    say(f"   bob <- JMAP, port {server.port('http')}: \"{found['subject']}\" from {found['from'][0]['name']}: "
        f"{found['preview'][:40]}... {part['name']} {'is the same' if ok else 'DIFFERS'}")
    return ok


def wait_for(server, user, password, identity):
    """The bytes of the message with this Message-ID, when it has arrived."""
    deadline = time.time() + ARRIVAL_SECONDS
    with imaplib.IMAP4_SSL("127.0.0.1", server.port("imaps"), ssl_context=tls_of(server)) as imap:
        imap.login(user, password)
        while time.time() < deadline:
            imap.select("INBOX", readonly=True)
            found = imap.search(None, "HEADER", "Message-ID", f'"{identity}"')[1][0].split()
            if found:
                return imap.fetch(found[-1], "(BODY.PEEK[])")[1][0][1]
            time.sleep(0.05)
    raise RuntimeError(f"nothing came for {user} in {ARRIVAL_SECONDS} s")


def show_path(server, password, sent, attachment):
    """Carol's copy, and the hosts that it came by: the last one stands on top."""
    raw = wait_for(server, CAROL, password, sent["Message-ID"])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    ok = next(message.iter_attachments()).get_content() == attachment
    say(f"   carol <- IMAPS of the other server, port {server.port('imaps')}: \"{message['Subject']}\", "
        f"minutes.pdf {'is the same' if ok else 'DIFFERS'}; its path:")
    for field in reversed(message.get_all("Received")):
        say("      " + re.sub(r"\s+", " ", field))
    say(f"      into the mailbox of {message['Delivered-To']}, bounces to {message['Return-Path']}")
    return ok and len(message.get_all("Received")) == 2


def show_proof(neighbour, password, sent):
    """What the other server found out about where carol's copy is from."""
    message = email.message_from_bytes(wait_for(neighbour, CAROL, password, sent["Message-ID"]))
    said = re.sub(r"\s+", " ", message["Authentication-Results"] or "nothing")
    say("      and its proof, as the other server found it, which asked DNS for the records of example.test:")
    for part in said.split("; "):
        say("      " + part)
    wanted = ("mail.neighbour.test", "spf=pass", "dkim=pass", "dmarc=pass")
    return all(words in said for words in wanted) and said.count("dkim=pass") == 2


def table(server, neighbour, passwords):
    rows = [("SMTP (from other servers)", "smtp", "STARTTLS"), ("LMTP", "lmtp", "-"),
            ("Submission", "submission", "STARTTLS"), ("Submission", "submissions", "TLS"),
            ("IMAP", "imap", "STARTTLS or none"), ("IMAP", "imaps", "TLS"),
            ("JMAP", "http", "none"), ("JMAP", "https", "TLS")]
    say("\nTry it with your own mail program (the certificate is self-signed):\n")
    for name, port, security in rows:
        say(f"   {name:27} 127.0.0.1 port {server.port(port)}   {security}")
    say("")
    for user, password in passwords.items():
        where = f"   (IMAP, TLS: port {neighbour.port('imaps')})" if user == CAROL else ""
        say(f"   {user:27} password {password}{where}")
    say(f"\nEverything lies in {os.path.relpath(server.folder)}; the log is {os.path.relpath(server.log_path)}.")


def open_servers():
    """The installations of the last run, or new ones: ours, and a neighbour's."""
    kept, next_door = os.path.join(FOLDER, "demo.json"), os.path.join(FOLDER, "neighbour")
    if os.path.exists(kept) and os.path.exists(next_door):
        with open(kept) as f:
            state = json.load(f)
        if "dns" in state:  # an installation of an older demonstration has no resolver
            return (harness.Server.reopen(FOLDER, state["base"]), harness.Server.reopen(next_door, state["neighbour"]),
                    state["passwords"], state["dns"])
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(next_door)
    ours = harness.Server(folder=FOLDER, start=False)
    other = harness.Server(folder=next_door, domain="neighbour.test", hostname="mail.neighbour.test", start=False)
    ours.add_settings(f"[route neighbour]\ndomains = neighbour.test\nway = relay\nhost = localhost\n"
                      f"port = {other.port('smtp')}\ntls = verify\n"
                      f"[outbound]\nca-file = {os.path.join(next_door, 'certificate.pem')}\n")
    dns = harness.free_port()
    other.add_settings(f"[dns]\nservers = 127.0.0.1:{dns}\n[policy]\ntrusted = 192.0.2.0/24\n")
    passwords = {user: secrets.token_urlsafe(9) for user in (ALICE, BOB, CAROL)}
    for user, password in passwords.items():
        (other if user == CAROL else ours).add_user(user, password)
    with open(kept, "w") as f:
        json.dump({"base": ours.base, "neighbour": other.base, "passwords": passwords, "dns": dns}, f)
    os.chmod(kept, 0o600)
    ours.command("domain", "dkim", "add", "example.test")
    return ours, other, passwords, dns


def records(server):
    """What example.test publishes: who may send for it, its keys, and that nothing else is from it."""
    zones = {("example.test", "MX"): [(10, "mail.example.test")], ("mail.example.test", "A"): ["127.0.0.1"],
             (reverse("127.0.0.1"), "PTR"): ["mail.example.test"],
             ("example.test", "TXT"): ["v=spf1 ip4:127.0.0.1 -all"], ("_dmarc.example.test", "TXT"): ["v=DMARC1; p=reject"]}
    for key in json.loads(server.command("domain", "dkim", "show", "example.test", "--json").stdout):
        zones[key["name"], "TXT"] = [key["record"]]
    return zones


def show(server, neighbour, passwords):
    """The proof; True when everything was as it should be."""
    say("1  Within one server")
    message, attachment = make_message(BOB)
    send(server, passwords[ALICE], message, BOB)
    ok = read_by_imap(server, passwords[BOB], message["Subject"], attachment)
    ok = read_by_jmap(server, passwords[BOB], message, attachment) and ok
    say(f"\n2  To another server, {os.path.relpath(neighbour.folder)}, by the queue, over TLS with its certificate verified")
    message, attachment = make_message(CAROL)
    send(server, passwords[ALICE], message, CAROL)
    ok = show_path(neighbour, passwords[CAROL], message, attachment) and ok
    return show_proof(neighbour, passwords[CAROL], message) and ok


def main():
    server, neighbour, passwords, dns = open_servers()
    with DnsServer(records(server), port=dns):
        return run(server, neighbour, passwords)


def run(server, neighbour, passwords):
    status = 1
    try:
        server.start()
        neighbour.start()
        say(f"Staunch is up: {os.path.relpath(FOLDER)}, one process and its directory, ports {server.base}+\n")
        ok = show(server, neighbour, passwords)
        table(server, neighbour, passwords)
        if not os.environ.get("ONCE"):
            say("Ctrl-C ends it.")
            signal.sigwait([signal.SIGINT, signal.SIGTERM])
    finally:
        status = server.stop() or neighbour.stop()
    if os.environ.get("ONCE"):
        say(f"\n{'All is well.' if ok and status == 0 else 'Something went wrong.'}")
    return 0 if ok and status == 0 else 1


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [] if os.environ.get("ONCE") else [signal.SIGINT, signal.SIGTERM])
    try:
        sys.exit(main())
    except (OSError, RuntimeError, KeyError, IndexError, smtplib.SMTPException, imaplib.IMAP4.error) as error:
        say(f"failed: {type(error).__name__}: {error}")
        sys.exit(1)
