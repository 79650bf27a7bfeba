#!/usr/bin/env python3
"""JMAP from web pages, in headless Chromium: fetch, streams, EventSource, WebSocket; and what pages of others may not.

Two servers of this test each serve the same page (jmap_page.js): the settings name the origin of the one and not of the
other. Skipped where there is no Chromium.
"""

import http.client
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading
import urllib.parse

from harness import ROOT, Server, check, end, equal, need
from jmap_client import Client
from ours import wait_for

ALICE, SECRET = "alice@example.test", "correct horse"
SCRIPT = os.path.join(ROOT, "test/e2e/jmap_page.js")
WAIT_SECONDS = 90  # until a page that says nothing is called lost
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-port=0")
REFUSED = "TypeError"  # of fetch(): the page is not told what was said
ROLES = ["archive", "drafts", "inbox", "junk", "sent", "trash"]
NAMED = {
    "basic": ALICE,
    "bearer": ALICE,
    "wrong token": [401, 'Bearer realm="mail", Basic realm="mail", charset="UTF-8"'],
    "problem": [400, "urn:ietf:params:jmap:error:notJSON"],
    "mailboxes": ROLES,
    "upload": ["message/rfc822", True],
    "download": [True, True, 304],
    "stream": ["text/event-stream", "StateChange", True],
    "ticket: WebSocket": ["jmap", "Response", "w", "a page"],
    "ticket: used": "refused",
    "ticket: EventSource": "StateChange",
    "ticket: session": 401,
    "no login: WebSocket": "refused",
    "no login: EventSource": "refused",
    "no login: fetch": 401,
}
STRANGER = {
    "its own password": REFUSED,
    "its own token": REFUSED,
    "nothing": REFUSED,
    "what is remembered": REFUSED,
    "unseen": ["opaque", 0, ""],
    "a plain post": REFUSED,
    "WebSocket": "refused",
    "WebSocket with a ticket": "refused",
    "EventSource": "refused",
}
REMEMBERED = {
    "fetch": ALICE,
    "WebSocket": ["jmap", "Response", "w", "a page"],
    "EventSource": "StateChange",
}


class Pages:
    """A web server for the page; what the page found out comes back."""

    def __init__(self):
        outcomes = self.outcomes = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                is_script = self.path == "/page.js"
                with open(SCRIPT, "rb") as f:
                    body = f.read() if is_script else b'<!doctype html><meta charset="utf-8"><script src="/page.js"></script>'
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                outcomes.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Browser:
    """Chromium with a new profile."""

    def __init__(self, path):
        self.profile = tempfile.TemporaryDirectory(prefix="staunch-chromium-", ignore_cleanup_errors=True)
        self.log = open(os.path.join(self.profile.name, "log"), "w+")
        self.process = subprocess.Popen([path, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.port = self.wait_port()

    def wait_port(self):
        """It writes the port of its remote control into its profile."""
        path = os.path.join(self.profile.name, "DevToolsActivePort")

        def port():
            if not os.path.exists(path):
                return ""
            with open(path) as f:
                return f.readline().strip()
        wait_for(lambda: port() or self.process.poll() is not None, WAIT_SECONDS)
        if port():
            return int(port())
        self.log.seek(0)
        raise RuntimeError(f"Chromium does not start: {self.log.read()[-2000:]}")

    def control(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        connection.request(method, path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def open(self, url):
        self.control("PUT", "/json/new?" + urllib.parse.quote(url, safe=""))

    def titles(self):
        return [page["title"] for page in self.control("GET", "/json/list")]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.profile.cleanup()


def play(browser, pages, name, want, **asked):
    """Open the page, wait for what it found."""
    browser.open(f"{pages.origin}/?" + urllib.parse.urlencode({"play": name, **asked}))
    try:
        found = pages.outcomes.get(timeout=WAIT_SECONDS)
    except queue.Empty:
        check(f"{name}: the page comes to its end", False, browser.titles())
        return
    equal(f"{name}: steps", sorted(found), sorted(want))
    for step, outcome in want.items():
        equal(f"{name}: {step}", found.get(step), outcome)


def remember(browser, server):
    """The user opens the server itself and gives his password, which the browser keeps for it from then on."""
    def opened():
        return len([line for line in server.log().split("\n") if "/jmap/session" in line and "200" in line])
    before = opened()
    user = urllib.parse.quote(ALICE)
    browser.open(f"http://{user}:{urllib.parse.quote(SECRET)}@127.0.0.1:{server.port('http')}/jmap/session")
    return wait_for(lambda: opened() > before, WAIT_SECONDS)


def main():
    path = need("chromium")
    if path is None:
        end()
    ours, theirs = Pages(), Pages()
    with Server(settings=f"[http]\norigins = {ours.origin}\n") as server:
        server.add_user(ALICE, SECRET)
        base = f"http://127.0.0.1:{server.port('http')}"
        alice = Client(base, ALICE, SECRET)
        alice.open()
        inbox = alice.mailbox("inbox")
        email = alice.import_message(b"Subject: x\r\n\r\nx\r\n", inbox)["id"]
        token = server.command("user", "token", "add", ALICE, "--name", "page").stdout.strip()
        asked = {"server": base, "user": ALICE, "secret": SECRET, "token": token, "account": alice.account, "inbox": inbox, "email": email}
        browser = Browser(path)
        try:
            play(browser, ours, "named", NAMED, **asked)
            check("the browser remembers the password", remember(browser, server), server.log()[-2000:])
            play(browser, ours, "remembered", REMEMBERED, **asked)
            ticket = json.loads(alice.request("POST", base + "/jmap/ws/ticket")[2])["value"]
            play(browser, theirs, "stranger", STRANGER, ticket=ticket, **asked)
        finally:
            browser.close()
        names = [box["name"] for box in alice.one("Mailbox/get", {"ids": None})["list"]]
        check("a stranger's page changed nothing", "made by a stranger" not in names, names)
        alice.close()
    ours.close()
    theirs.close()
    end()


if __name__ == "__main__":
    main()
