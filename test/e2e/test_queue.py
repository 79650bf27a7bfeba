#!/usr/bin/env python3
"""The queue: connections used again, limits, large envelopes, mail that is held, and its owner's commands, with the server
running, stopped, restarted and killed.

In a network of its own (lab.py). QUEUE_MESSAGES=5000 for more.
"""

import json
import os
import signal
import time
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone

import lab
from dns_server import DnsServer
from harness import check, end, equal
from sender import ALICE, BOB, Sender, wait_for
from sink import Sink, hang, pause, reply

MANY = int(os.environ.get("QUEUE_MESSAGES", 300))
ZONES = {("far.test", "MX"): [(10, "mx.far.test")], ("mx.far.test", "A"): ["127.0.0.2"],
         ("near.test", "MX"): [(10, "mx.near.test")], ("mx.near.test", "A"): ["127.0.0.3"],
         ("down.test", "MX"): [(10, "mx.down.test")], ("mx.down.test", "A"): ["127.0.0.99"]}
DOWN = "[queue]\nretry = 1h\nlinger = 0\n"


def send_many(server, count, domain):
    for start in range(0, count, 500):  # a session takes 1000 messages
        with server.client() as client:
            for i in range(start, min(start + 500, count)):
                server.send(f"x{i}@{domain}", client=client)


# --- connections -------------------------------------------------------------------------------------------


def test_reuse(server, far):
    most = []

    def count(connection, obey):
        most.append(far.open_count())
        connection.say(obey())
    far.at("MAIL", count)
    send_many(server, MANY, "far.test")
    check(f"{MANY} messages leave", far.wait(MANY, 60) and server.settled(), server.story())
    equal("each once", sorted(m.recipients[0] for m in far.messages), sorted(f"x{i}@far.test" for i in range(MANY)))
    check("over few connections", len(far.connections) <= 5 + MANY // 50, len(far.connections))
    check("no more than the limit at a time", max(most) <= 5, max(most))
    far.behave()
    before = len(far.messages)
    rcpts = [f"r{i}@far.test" for i in range(10)]
    server.send(rcpts)
    check("recipients of a domain", far.wait(before + 1) and server.settled())
    equal("in one transaction", far.messages[-1].recipients, rcpts)


def test_split(server, far, near):
    """More recipients than one transaction may have, and a domain beside."""
    rcpts = [f"r{i}@far.test" for i in range(250)] + ["n@near.test"]
    before, connections = len(far.messages), len(far.connections)
    with server.client() as client:
        server.send(rcpts, client=client)
    check("250 recipients: sent", far.wait(before + 3) and near.wait(1) and server.settled(), server.story())
    sizes = [len(m.recipients) for m in far.messages[before:]]
    check("250 recipients: at most 100 at a time", sizes == [100, 100, 50], sizes)
    equal("250 recipients: each once", sorted(sum((m.recipients for m in far.messages[before:]), [])), sorted(rcpts[:-1]))
    check("250 recipients: over one connection", len(far.connections) <= connections + 1, len(far.connections))
    equal("the other domain", near.messages[-1].recipients, ["n@near.test"])


def test_share(far, near):
    """One site that hangs does not hold up others, though connections are few."""
    with Sender("[queue]\nconnections = 2\nconnections-per-site = 1\nlinger = 0\n[outbound]\ngreeting = 1h\n[server]\nstop = 1s\n") as server:
        far.at("CONNECT", hang())
        send_many(server, 5, "far.test")
        before = len(near.messages)
        send_many(server, 20, "near.test")
        check("a host that hangs: others get theirs", near.wait(before + 20), server.story())
        server.send(BOB, mail=["HOLDFOR=1"])
        check("a host that hangs: queued mail for here", server.wait_inbox(1, BOB))
        equal("the hanging site has its one connection", len([c for c in far.connections if c.closed is None]), 1)
        far.behave()


# --- mail that is held --------------------------------------------------------------------------------------


def test_future(server, far):
    """FUTURERELEASE (RFC 4865)."""
    before = len(far.messages)
    started = time.time()
    until = (datetime.now(timezone.utc) + timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.send("for@far.test", mail=["HOLDFOR=4"])
    server.send("until@far.test", mail=[f"HOLDUNTIL={until}"])
    server.send(BOB, mail=["HOLDFOR=4"])
    inbox = len(server.inbox(BOB))
    later = server.queue()[0]["id"]
    equal("retry of one says that it waits", server.command("queue", "retry", str(later), check_status=False).returncode, 1)
    check("and until when", "waits until 20" in server.command("queue", "retry", str(later), check_status=False).stderr)
    done = server.command("queue", "retry", "FAR.test.", check_status=False)
    check("retry of its site says so, too", done.returncode == 1 and "sender asked for" in done.stderr, done)
    check("retry of all, too", "0 sites are tried now, but for 3 recipients whose" in server.command("queue", "retry").stdout)
    equal("held", (len(server.queue()), len(far.messages)), (3, before))
    check("released", far.wait(before + 2), server.story())
    check("not before its time", min(m.time for m in far.messages[before:]) - started >= 3, [m.time - started for m in far.messages])
    check("one for here, too", server.wait_inbox(inbox + 1, BOB))
    server.send("early@far.test", mail=["HOLDFOR=9999"])
    text = server.command("queue", "release", str(server.queue()[0]["id"])).stdout
    check("release says that it is early", "before the time that its sender asked for, 20" in text, text)
    check("and it goes", far.wait(before + 3) and server.settled(), server.story())
    code, text = server.submit("x@far.test", mail=["HOLDFOR=99999999"])["x@far.test"]
    equal("longer than is allowed", code, 501)
    with server.client() as smtp:
        check("offered with its limits", smtp.esmtp_features["futurerelease"].split()[0] == str(7 * 86400), smtp.esmtp_features)


# --- commands -----------------------------------------------------------------------------------------------


class Rows:
    """What `queue list` says, by recipient."""

    def __init__(self, server):
        self.messages = server.queue()
        self.by = {r["address"]: (m, r) for m in self.messages for r in m["recipients"]}

    def id(self, address):
        return str(self.by[address][0]["id"])


def stats(server):
    return json.loads(server.command("queue", "stats", "--json").stdout)


def test_commands(server, name):
    """list, show, stats, hold, release, cancel, retry; the same words whether the server runs or not."""
    rows = Rows(server)
    equal(f"{name}: list", sorted(rows.by), ["a@down.test", "b@down.test", "c@down.test", "d@near.test"])
    message, r = rows.by["a@down.test"]
    equal(f"{name}: whose it is", (message["sender"], message["account"], message["held"], r["site"]), (ALICE, ALICE, False, "down.test"))
    equal(f"{name}: the reply", (r["status"], r["host"], r["code"]), ("4.4.1", "mx.down.test [127.0.0.99]", 0))
    check(f"{name}: the times", r["tries"] >= 1 and r["nextTry"] > r["lastTry"] and message["expires"] > message["arrived"], r)
    text = server.command("queue", "list").stdout
    check(f"{name}: list for people", f"from <{ALICE}>" in text and "a@down.test  next try in " in text and "4.4.1 no connection" in text, text)
    one = json.loads(server.command("queue", "show", rows.id("a@down.test"), "--json").stdout)
    equal(f"{name}: show", one, message)
    check(f"{name}: show for people", "a@down.test" in server.command("queue", "show", rows.id("a@down.test")).stdout)
    sites = {s["site"]: s for s in stats(server)["sites"]}
    equal(f"{name}: stats", (sites["down.test"]["waiting"], sites["down.test"]["failures"] >= 1, stats(server)["messages"]), (3, True, 4))
    check(f"{name}: stats for people", "site down.test: 3 waiting, next try in " in server.command("queue", "stats").stdout)

    equal(f"{name}: hold", server.command("queue", "hold", rows.id("d@near.test")).stdout, f"{rows.id('d@near.test')} is held\n")
    check(f"{name}: it is held", Rows(server).by["d@near.test"][0]["held"] and "held" in server.command("queue", "list").stdout)
    for word in (rows.id("d@near.test"), "near.test", "NEAR.test."):
        done = server.command("queue", "retry", word, check_status=False)
        check(f"{name}: held is held, and that is said: {word}", done.returncode == 1 and "held" in done.stderr, done)
    check(f"{name}: held is held", Rows(server).by["d@near.test"][0]["held"])
    equal(f"{name}: held ones are counted", stats(server)["held"], 1)
    text = server.command("queue", "list").stdout
    check(f"{name}: list says held, and where", "d@near.test  held, tries 1, site near.test" in text, text)
    equal(f"{name}: cancel", server.command("queue", "cancel", rows.id("c@down.test")).stdout, f"{rows.id('c@down.test')} is cancelled\n")
    equal(f"{name}: it is gone", sorted(Rows(server).by), ["a@down.test", "b@down.test", "d@near.test"])
    for command, argument, status in (("show", "999999", 1), ("cancel", "999999", 1), ("hold", "x", 2), ("retry", "nowhere.test", 1)):
        done = server.command("queue", command, argument, check_status=False)
        check(f"{name}: {command} {argument}: a reason", done.returncode == status and done.stderr.startswith("staunch: "), done)


def fill(server):
    for to in ("a@down.test", "b@down.test", "c@down.test", "d@near.test"):
        server.send(to)
    check("all were tried", wait_for(lambda: all(s["failures"] > 0 for s in stats(server)["sites"]) and len(stats(server)["sites"]) == 2),
          server.story())


def finish(server, name, dns, near):
    """The hosts are well again: what was held is released, what waits is tried by command."""
    before = len(near.messages)
    near.behave()
    dns.zones["mx.down.test", "A"] = ["127.0.0.3"]
    server.command("queue", "retry", "down.test")
    if server.process is None:
        server.command("queue", "release", Rows(server).id("d@near.test"))
        server.start()
    check(f"{name}: retry of a site", near.wait(before + 2), server.story())
    if any(m["held"] for m in server.queue()):
        server.command("queue", "release", Rows(server).id("d@near.test"))
    check(f"{name}: release", near.wait(before + 3) and server.settled(), server.story())
    equal(f"{name}: what was not cancelled, once", sorted(m.recipients[0] for m in near.messages[before:]),
          ["a@down.test", "b@down.test", "d@near.test"])
    server.no_report(f"{name}: nobody hears of what was cancelled")
    equal(f"{name}: list of nothing", server.command("queue", "list").stdout, "the queue is empty\n")
    dns.zones["mx.down.test", "A"] = ZONES["mx.down.test", "A"]


def test_owner(dns, near):
    for name in ("running", "stopped", "restarted"):
        near.at("CONNECT", reply("421 4.3.2 Not now", close=True))
        with Sender(DOWN) as server:
            fill(server)
            if name == "stopped":
                server.stop()
            if name == "restarted":
                server.restart()
            test_commands(server, name)
            finish(server, name, dns, near)
            near.at("CONNECT", reply("421 4.3.2 Not now", close=True))
            server.send("e@near.test")
            check("waits", wait_for(lambda: len(server.waiting()) == 1 and server.waiting()[0]["tries"] > 0))
            near.behave()
            before = len(near.messages)
            equal(f"{name}: retry of all", server.command("queue", "retry").stdout, "1 site is tried now\n")
            check(f"{name}: it goes", near.wait(before + 1) and server.settled(), server.story())


def test_long_list():
    """A list of more than a connection holds, of messages with many recipients."""
    with Sender(DOWN + "[smtp]\nrecipients = 1000\n") as server:
        with server.client() as client:
            for message in range(8):
                server.send([f"x{i}.{message}@down.test" for i in range(1000)], client=client)
        check("all were tried", wait_for(lambda: all(s["failures"] > 0 for s in stats(server)["sites"])))
        equal("a long list, as JSON", len(Rows(server).by), 8000)
        equal("and for people", server.command("queue", "list").stdout.count("@down.test  next try"), 8000)


# --- restart and crash ------------------------------------------------------------------------------------------


def test_full(dns, far):
    """A queue of many over a restart and over a kill."""
    dns.zones["mx.far.test", "A"] = ["127.0.0.99"]
    with Sender(DOWN + "[server]\nstop = 1s\n") as server:
        send_many(server, MANY, "far.test")
        equal("all wait", len(server.queue()), MANY)
        server.restart()
        equal("after a restart", len(server.queue()), MANY)
        server.restart(signal.SIGKILL)
        equal("after a kill", len(server.queue()), MANY)
        dns.zones["mx.far.test", "A"] = ["127.0.0.2"]
        before = len(far.messages)
        far.at("END", pause(0.02))
        server.command("queue", "retry", "far.test")
        check("they go", far.wait(before + MANY // 4, 60), server.story())
        server.restart(signal.SIGKILL)
        server.command("queue", "retry", check_status=False)
        check("killed in the middle, the rest goes", server.settled(60), server.story())
        got = [m.recipients[0] for m in far.messages[before:]]
        equal("killed in the middle: nothing is lost", len(set(got)), MANY)
        check("killed in the middle: twice only what was under way (D6)", len(got) - MANY <= 5, len(got))
        before = len(far.messages)
        send_many(server, 20, "far.test")
        check("a stop in the middle", far.wait(before + 3), server.story())
        server.restart()
        check("the rest goes after it", server.settled(), server.story())
        equal("a stop in the middle: each once", len(far.messages) - before, 20)
        far.behave()


def main():
    lab.isolate()
    with ExitStack() as stack:
        dns = stack.enter_context(DnsServer(dict(ZONES), port=53, ttl=0))
        far, near = (stack.enter_context(Sink(host=host, port=25)) for host in ("127.0.0.2", "127.0.0.3"))
        with Sender("[smtp]\nrecipients = 1000\n") as server:
            test_reuse(server, far)
            test_split(server, far, near)
            test_future(server, far)
        test_share(far, near)
        test_owner(dns, near)
        test_long_list()
        test_full(dns, far)
        equal("we keep to the RFCs", far.violations + near.violations, [])
    end()


if __name__ == "__main__":
    main()
