#!/usr/bin/env python3
"""The curl commands of README.md work as they are printed there."""

import json
import smtplib
import subprocess
import time

from harness import Server, check, end, equal, need
from readme import blocks

NAME, SECRET = "you@example.org", "PASSWORD"


def shell(text):
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=60)
    check("curl ends well", done.returncode == 0, done.stderr)
    return done.stdout


def answers(text):
    try:
        return [(name, arguments) for name, arguments, _ in json.loads(text)["methodResponses"]]
    except (ValueError, KeyError):
        return [("none", {"text": text})]


def deliver(server):
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        lmtp.sendmail("far@example.net", [NAME], b"Subject: news\r\n\r\nhi\r\n")


def main():
    need("curl")
    commands = blocks("## JMAP in five curl commands")
    equal("three lines and five commands", len(commands), 6)
    with Server(domain="example.org", hostname="mail.example.org") as server:
        server.add_user(NAME, SECRET)
        first = commands[0].replace("https://mail.example.org", f"http://127.0.0.1:{server.port('http')}")
        session, boxes, sent, found, change = [first + command for command in commands[1:]]

        equal("who I am", json.loads(shell(session))["primaryAccounts"]["urn:ietf:params:jmap:mail"], "a1")
        got = answers(shell(boxes))
        equal("roles", [box["role"] for box in got[0][1]["list"]][:3], ["inbox", "drafts", "sent"])
        equal("an identity", got[1][1]["list"][0]["email"], NAME)
        got = answers(shell(sent))
        equal("what was done", [name for name, _ in got], ["Email/set", "EmailSubmission/set", "Email/set"])
        check("made, submitted, moved", all(a.get("created") or a.get("updated") for _, a in got), str(got))
        for _ in range(200):
            got = answers(shell(found))
            if got[0][1].get("ids"):
                break
            time.sleep(0.05)
        equal("it came", [one["subject"] for one in got[1][1]["list"]], ["Hello from curl"])
        check("and is marked", "<mark>works</mark>" in str(got[2][1]), str(got[2]))
        waiting = subprocess.Popen(["bash", "-c", change], stdout=subprocess.PIPE, text=True)
        while waiting.poll() is None:
            deliver(server)
            try:
                waiting.wait(1)
            except subprocess.TimeoutExpired:
                continue
        check("the change", '"StateChange"' in waiting.stdout.read())


main()
end()
