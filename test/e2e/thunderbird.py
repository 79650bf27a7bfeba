"""Thunderbird without a screen, driven by its Marionette port: scripts in its main window.

    with Thunderbird(server, authority, user, secret) as client:
        client.do("open", "INBOX", 2)      a function of thunderbird_steps.js; its result, or StepError

Marionette speaks JSON behind its length: [0, number, command, parameters], answered by [1, number, error, result]. The
profile is new, in the server's folder, and knows one account: IMAP and submission, both by TLS, whose certificates
come from the authority alone.
"""

import json
import os
import socket
import subprocess
import time

from harness import ROOT, free_port

PROGRAM = "/usr/lib/thunderbird/thunderbird"  # without the wrapper, which looks for older profiles
STEPS = os.path.join(ROOT, "test/e2e/thunderbird_steps.js")
START_SECONDS = 60
STEP_SECONDS = 30
STOP_SECONDS = 10

PREFERENCES = {
    "mail.account.account1.identities": "id1",
    "mail.account.account1.server": "server1",
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.identity.id1.fullName": "Alice",
    "mail.identity.id1.smtpServer": "smtp1",
    "mail.identity.id1.valid": True,
    "mail.identity.id1.compose_html": False,
    "mail.server.server1.authMethod": 3,  # the password, as TLS hides it
    "mail.server.server1.check_new_mail": False,  # a password is asked for in a window; the steps tell it first
    "mail.server.server1.hostname": "127.0.0.1",
    "mail.server.default.autosync_offline_stores": False,  # messages come when they are read
    "mail.server.server1.login_at_startup": False,
    "mail.server.server1.name": "alice",
    "mail.server.server1.socketType": 3,  # TLS from the first byte
    "mail.server.server1.type": "imap",
    "mail.smtpserver.smtp1.authMethod": 3,
    "mail.smtpserver.smtp1.hostname": "127.0.0.1",
    "mail.smtpserver.smtp1.try_ssl": 3,
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
    # nothing that asks, and nothing that goes elsewhere
    "app.donation.eoy.version.viewed": 99,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.warn_on_send_accel_key": False,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",  # where nobody listens: the web is not there
    "network.proxy.http_port": 1,
    "network.proxy.share_proxy_settings": True,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 1,
    "network.proxy.type": 1,
    "services.settings.server": "data:,none",
    "toolkit.telemetry.enabled": False,
}


class StepError(Exception):
    pass


class Thunderbird:
    def __init__(self, server, authority, user, secret):
        self.folder = os.path.join(server.folder, "thunderbird")
        self.dialogue_path = os.path.join(self.folder, "imap")
        self.port, self.number, self.received = free_port(), 0, b""
        os.mkdir(self.folder)
        self._settle(server, authority, user)
        with open(STEPS) as f:
            self.steps = f.read()
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", self.folder],
                env=dict(os.environ, HOME=self.folder, LC_ALL="C.UTF-8", MOZ_LOG="IMAP:5", MOZ_LOG_FILE=self.dialogue_path), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.peer = self._connect()
            self._read()  # who it is
            self.version = self._call("WebDriver:NewSession", capabilities={})["capabilities"]["browserVersion"]
            self._call("Marionette:SetContext", value="chrome")
            self.do("login", user, secret)
        except BaseException:
            self.close()
            raise

    def _settle(self, server, authority, user):
        preferences = dict(PREFERENCES)
        preferences["marionette.port"] = self.port
        preferences["mail.identity.id1.useremail"] = user
        preferences["mail.identity.id1.draft_folder"] = self.uri(user, "Drafts")
        preferences["mail.identity.id1.fcc_folder"] = self.uri(user, "Sent")
        preferences["mail.server.server1.userName"] = preferences["mail.smtpserver.smtp1.username"] = user
        preferences["mail.server.server1.port"] = server.port("imaps")
        preferences["mail.smtpserver.smtp1.port"] = server.port("submissions")
        with open(os.path.join(self.folder, "user.js"), "w") as f:
            for name, value in preferences.items():
                f.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        database = "sql:" + self.folder
        subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True, timeout=STEP_SECONDS)
        subprocess.run(["certutil", "-A", "-d", database, "-n", "test", "-t", "C,,", "-i", authority.path], check=True,
                       timeout=STEP_SECONDS)

    @staticmethod
    def uri(user, mailbox):
        return f"imap://{user.replace('@', '%40')}@127.0.0.1/{mailbox}"

    def _connect(self):
        deadline = time.time() + START_SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=2 * STEP_SECONDS)
            except OSError:
                if time.time() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def _read(self):
        while b":" not in self.received:
            self._receive()
        length, _, self.received = self.received.partition(b":")
        length = int(length)
        while len(self.received) < length:
            self._receive()
        text, self.received = self.received[:length], self.received[length:]
        return json.loads(text)

    def _receive(self):
        data = self.peer.recv(65536)
        if not data:
            raise StepError("Thunderbird hung up")
        self.received += data

    def _call(self, command, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, command, parameters]).encode()
        self.peer.sendall(b"%d:%s" % (len(text), text))
        _, number, error, result = self._read()
        if error or number != self.number:
            raise StepError(f"{command}: {error}")
        return result

    def do(self, step, *arguments):
        script = (self.steps + "\nconst [step, values, tell] = arguments;\n"
                  "steps[step](...values).then(value => tell({ value: value ?? null }), why => tell({ why: `${why}` }));")
        told = self._call("WebDriver:ExecuteAsyncScript", script=script, args=[step, arguments],
                          scriptTimeout=STEP_SECONDS * 1000)["value"]
        if "why" in told:
            raise StepError(f"{step}: {told['why']}")
        return told["value"]

    def dialogue(self):
        """What it said and was told, and what its parser says of that; whole when it ended."""
        with open(self.dialogue_path + ".moz_log", errors="replace") as f:
            return f.read()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
