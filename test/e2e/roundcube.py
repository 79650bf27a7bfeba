"""Roundcube under PHP's own web server, and a browser for it that has no screen.

    reason = install()                            once; None, or why it cannot be had
    with Roundcube(server, "tls", "$config['skip_deleted'] = true;") as roundcube:
        browser = roundcube.login("alice@example.test", "secret")
        page = browser.page("mail", "show", _uid=1, _mbox="INBOX")       the text of a page
        said = browser.ask("mail", "list", _mbox="INBOX")                what a click asks for in the background
        said.env["messagecount"], said.calls("add_message_row")          [[uid, columns, flags, ..]]
        browser.tell("mail", "mark", _uid=1, _mbox="INBOX", _flag="read")  the same, by POST
        browser.submit("mail", "send", _id=.., ..)                       a form
        roundcube.refused(), roundcube.errors()       what the server said no to, what Roundcube wrote into its log

Debian's package lies in a private root; its settings, database and logs lie in that root's shared folder.
"""

import html
import http.cookiejar
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import private_root
from harness import free_port
from ours import wait_for
from peers import PeerError
from private_root import PrivateRoot

NAME = "roundcube"
PACKAGES = ["roundcube-core", "roundcube-sqlite3", "php-cli", "php-sqlite3", "php-intl"]
PORTS = {"": ("imap", "submission"), "tls": ("imap", "submission"), "ssl": ("imaps", "submissions")}
READY_SECONDS, ANSWER_SECONDS = 30, 120
BOUNDARY = "----the-end-of-a-field"

CONFIG = """<?php
$config = [];
$config['db_dsnw'] = 'sqlite:////shared/roundcube.db?mode=0600';
$config['log_dir'] = '/shared/logs';
$config['temp_dir'] = '/shared/temp';
$config['imap_host'] = '%s';
$config['smtp_host'] = '%s';
$config['imap_conn_options'] = ['ssl' => ['verify_peer' => false, 'verify_peer_name' => false]];
$config['smtp_conn_options'] = $config['imap_conn_options'];
$config['des_key'] = '0123456789abcdef01234567';
$config['imap_debug'] = $config['smtp_debug'] = true;
$config['enable_installer'] = $config['enable_spellcheck'] = false;
$config['plugins'] = [];
%s
"""
MAKE_DATABASE = "$db = new SQLite3('/shared/roundcube.db'); $db->exec(file_get_contents('/usr/share/roundcube/SQL/sqlite.initial.sql'));"


def install():
    return private_root.install(NAME, PACKAGES)


class Said:
    """An answer: settings of the page, and calls of its functions."""

    def __init__(self, env, script):
        self.env, self.script = env, script
        self._calls, at, decoder = [], 0, json.JSONDecoder()
        start = re.compile(r"\b(?:this|rcmail)\.([\w.]+)\(")
        while match := start.search(script, at):
            arguments, at = [], match.end()
            try:
                while script[at] != ")":
                    value, at = decoder.raw_decode(script, at + (script[at] == ","))
                    arguments.append(value)
            except ValueError:
                continue  # its arguments are no plain values
            self._calls.append((match.group(1), arguments))

    def calls(self, name):
        """The arguments of each call of that function."""
        return [arguments for called, arguments in self._calls if called == name]

    def rows(self):
        """The messages of a list, by UID (and mailbox, when there are several)."""
        return [arguments[0] for arguments in self.calls("add_message_row")]

    def shown(self):
        """[(kind, text)] of what it tells the user: "confirmation", "error" .."""
        return [(arguments[1], arguments[0]) for arguments in self.calls("display_message")]

    def __repr__(self):
        return f"{self.env} {self.script}"


class Browser:
    def __init__(self, url):
        self.url, self.token = url, None
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def fetch(self, address, data=None, headers=()):
        """The content behind an address of a page. An error of the server is an answer too."""
        request = urllib.request.Request(urllib.parse.urljoin(self.url, html.unescape(address)), data, dict(headers))
        try:
            with self.opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.read()

    def page(self, task, action="", **query):
        return self._keep_token(self.fetch(_address(task, action, **query)).decode())

    def _keep_token(self, text):
        """Each later request has to name it."""
        found = re.search(r'"request_token":"(\w+)"', text) or re.search(r'name="_token" value="(\w+)"', text)
        if found:
            self.token = found.group(1)
        return text

    def _in_background(self, address, data=None, headers=()):
        answer = json.loads(self.fetch(address, data, {"X-Roundcube-Request": self.token, "X-Requested-With": "XMLHttpRequest", **dict(headers)}))
        env = answer.get("env", {})
        return Said(env if isinstance(env, dict) else {}, answer.get("exec", ""))  # PHP's empty array is a list

    def ask(self, task, action, **query):
        return self._in_background(_address(task, action, _remote=1, **query))

    def tell(self, task, action, **fields):
        return self._in_background(_address(task, action), urllib.parse.urlencode({"_remote": 1, **fields}).encode())

    def submit(self, task, action, **fields):
        """A form; its answer goes into a frame."""
        data = urllib.parse.urlencode({"_token": self.token, "_task": task, "_action": action, **fields}).encode()
        return Said({}, self._keep_token(self.fetch(_address(task, action, _framed=1), data).decode()))

    def upload(self, compose, name, content):
        """Attach a file to what is being written; its number there."""
        data = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="_attachments[]"; filename="{name}"\r\n'
                f"Content-Type: application/octet-stream\r\n\r\n").encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        said = self._in_background(_address("mail", "upload", _id=compose, _uploadid="upload1", _remote=1, _from="compose"), data,
                                   {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
        return said.calls("add2attachment_list")[0][0].removeprefix("rcmfile")


def _address(task, action, **query):
    return "?" + urllib.parse.urlencode({"_task": task, "_action": action, **query})


class Roundcube:
    def __init__(self, server, scheme="", settings=""):
        """The scheme is "", "tls" (STARTTLS) or "ssl" (TLS at once)."""
        self.root = PrivateRoot(NAME)
        self.url = f"http://127.0.0.1:{free_port()}/"
        try:
            self._configure(server, scheme, settings)
            self._start()
        except BaseException:
            self.root.close()
            raise

    def _configure(self, server, scheme, settings):
        hosts = [(scheme and scheme + "://") + f"127.0.0.1:{server.port(port)}" for port in PORTS[scheme]]
        for folder in ("config", "logs", "temp"):
            os.mkdir(os.path.join(self.root.shared, folder))
        with open(os.path.join(self.root.shared, "config/config.inc.php"), "w") as f:
            f.write(CONFIG % (*hosts, settings))
        for name in ("defaults.inc.php", "mimetypes.php"):
            os.symlink("/etc/roundcube/" + name, os.path.join(self.root.shared, "config", name))
        self.root.command("php", "-r", MAKE_DATABASE)

    def _start(self):
        address = urllib.parse.urlsplit(self.url).netloc
        process = self.root.spawn("env", "ROUNDCUBE_CONFIG_DIR=/shared/config", "php", "-d", "upload_max_filesize=40M", "-d", "post_max_size=50M", "-S", address,
                                  "-t", "/var/lib/roundcube/public_html", log="php")
        wait_for(lambda: process.poll() is not None or f"({self.url[:-1]}) started" in self.log("php"), READY_SECONDS)
        if process.poll() is not None or "started" not in self.log("php"):
            raise PeerError(f"PHP's web server does not start:\n{self.log('php')}")

    def login(self, user, secret):
        """A browser; its `front` is the page that the login led to."""
        browser = Browser(self.url)
        browser.page("login")
        fields = {"_token": browser.token, "_task": "login", "_action": "login", "_timezone": "UTC", "_url": "", "_user": user, "_pass": secret}
        browser.front = browser._keep_token(browser.fetch("?_task=login", urllib.parse.urlencode(fields).encode()).decode())
        return browser

    def log(self, name):
        path = os.path.join(self.root.shared, name)
        if not os.path.exists(path):
            return ""
        with open(path, errors="replace") as f:
            return f.read()

    def commands(self):
        """[(command, tagged answer)] of IMAP, all sessions."""
        sent, found = {}, []
        for session, side, tag, rest in re.findall(r"^\[.*?\]: <\w+> \[(\w+)\] ([CS]): (A\d+) (.*)$", self.log("logs/imap.log"), re.M):
            if side == "C":
                sent[session, tag] = rest
            else:
                found.append((sent[session, tag], rest))
        return found

    def refused(self):
        return [(command, answer) for command, answer in self.commands() if not answer.startswith("OK")]

    def errors(self):
        """The lines of its log of errors, and PHP's complaints."""
        return self.log("logs/errors.log").splitlines() + re.findall(r".*PHP (?!.*Development Server).*", self.log("php"))

    def close(self):
        self.root.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
