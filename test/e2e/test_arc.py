#!/usr/bin/env python3
"""ARC against Debian's python3-dkim: chains that both lengthen in turns, damaged ones, and chains without end."""

import json
import os
import random
import shutil
import subprocess
import tempfile

import dns_server
from dkim_peer import DOMAIN, Keys, load, mutate, random_mail
from harness import BINARY, check, end, equal, run

SEED = int(os.environ.get("SEED", "1"))
HOST = "mx.signer.test"
MAIL = b"From: Ann <ann@signer.test>\r\nTo: bob@b.test\r\nSubject: Hi\r\n\r\nHello\r\n"


def command(mail, *arguments):
    return subprocess.run([BINARY, *arguments, "-"], input=mail, capture_output=True, timeout=60)


def verify(keys, mail, dns=None):
    done = command(mail, "arc-verify", "--dns", dns or keys.zone)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)


def seal(keys, name, mail, *options):
    done = command(mail, "arc-seal", "--key", keys[name].pem, "--domain", DOMAIN, "--selector", name,
                   "--dns", keys.zone, *options)
    return done.stdout if done.returncode == 0 else None


def peer_verifies(peer, keys, mail):
    """pass, fail or none; None for what it does not even take for a message."""
    try:
        judge = peer.ARC(mail)
    except (peer.DKIMException, IndexError):
        return None
    try:
        result = judge.verify(dnsfunc=keys.txt)[0]
    except Exception:  # it has many kinds, not all of them its own
        return "fail"
    return "fail" if result is None else result.decode()  # None: its last sealer ended the chain


def peer_seals(peer, keys, name, mail):
    """It takes the state of the chain from an Authentication-Results field, which goes away then."""
    state = peer_verifies(peer, keys, mail)
    results = f"Authentication-Results: {HOST}; spf=pass smtp.mailfrom=a.test; arc={state}\r\n".encode()
    fields = peer.arc_sign(results + mail, name.encode(), DOMAIN.encode(), keys[name].for_peer(), HOST.encode(),
                           include_headers=[b"from", b"to", b"subject"])
    return b"".join(fields) + mail


def test_turns(peer, keys, chance):
    """Each sealer in turn, and both judges after each."""
    judged = {"pass": 0, "fail": 0, "none": 0}
    for i in range(10):
        mail = random_mail(chance)
        for n in range(chance.randint(1, 4)):
            if chance.random() < 0.5:
                mail = seal(keys, chance.choice(["rsa", "small", "large"]), mail,
                            *chance.choice([[], ["--results", f"{HOST}; spf=pass (all is well) smtp.mailfrom=a@b.test"]]))
            else:
                mail = peer_seals(peer, keys, chance.choice(["rsa", "small"]), mail)
            ours = verify(keys, mail)
            equal(f"chain {i}.{n}", [ours["result"], ours["oldestPass"], len(ours["sets"])], ["pass", 0, n + 1])
            equal(f"python3-dkim, chain {i}.{n}", peer_verifies(peer, keys, mail), "pass")
        for n in range(8):
            damaged = mutate(chance, mail)
            theirs = peer_verifies(peer, keys, damaged)
            if theirs is None or damaged[:1] in b" \t":
                continue
            ours = verify(keys, damaged)["result"]
            judged[ours] += 1
            check(f"damaged {i}.{n}", ours == theirs, f"we {ours}, they {theirs}: {damaged!r}")
    check("some damage does not matter, most does", judged["pass"] > 0 and judged["fail"] > 20, judged)


def test_list(peer, keys):
    """A list adds a line, and seals; both find the message changed since the first, and the chain good."""
    mail = seal(keys, "rsa", MAIL)
    changed = mail + b"-- \r\nThe list\r\n"
    equal("changed, not sealed", verify(keys, changed)["result"], "fail")
    equal("python3-dkim", peer_verifies(peer, keys, changed), "fail")
    ended = seal(keys, "rsa", changed)
    check("it is sealed as broken", b"cv=fail" in ended)
    equal("and is that", verify(keys, ended)["reason"], "its last sealer found it broken")
    equal("for python3-dkim, too", peer_verifies(peer, keys, ended), "fail")
    equal("and not sealed again", seal(keys, "rsa", ended), None)


def test_long(peer, keys):
    mail = MAIL
    for n in range(50):
        mail = seal(keys, "ed" if n else "rsa", mail)
    ours = verify(keys, mail)
    equal("50 sets", [ours["result"], len(ours["sets"]), ours["oldestPass"]], ["pass", 50, 0])
    equal("not one more", seal(keys, "rsa", mail), None)
    more = mail.replace(b"From: Ann", b"ARC-Authentication-Results: i=51; x\r\nFrom: Ann", 1)
    equal("51", verify(keys, more)["reason"], "more sets than there may be")
    many = b"".join(b"ARC-Seal: i=%d; a=b\r\n" % n for n in range(20000)) + MAIL
    equal("20 000", verify(keys, many)["result"], "fail")
    same = b"ARC-Seal: i=1; a=b\r\n" * 3000 + MAIL
    equal("one of them 3000 times", verify(keys, same)["reason"], "a field of a set is there twice")


def test_options(keys):
    done = run("arc-seal", "--key", keys["rsa"].pem, "--domain", DOMAIN, "--selector", "rsa", "--dns", keys.zone,
               "--results", "x\nBcc: y", "-", input=MAIL.decode(), check_status=False)
    equal("a line too many", [done.returncode, done.stdout], [1, ""])
    equal("the same twice", seal(keys, "ed", MAIL, "--now", "7"), seal(keys, "ed", MAIL, "--now", "7"))
    check("chosen fields", b"h=to:from;" in seal(keys, "ed", MAIL, "--header-list", "to:from"))
    equal("without From", seal(keys, "ed", MAIL, "--header-list", "to"), None)
    equal("no chain", verify(keys, MAIL)["result"], "none")


def test_dns(keys):
    name = f"ed._domainkey.{DOMAIN}"
    mail = seal(keys, "ed", seal(keys, "ed", MAIL))
    zones = {(name, "TXT"): dns_server.Slow(0.5, [[keys.records[name]]])}
    with dns_server.DnsServer(zones) as dns:
        equal("late", verify(keys, mail, dns.address)["result"], "pass")
        equal("asked once for four signatures", dns.count(name, "TXT"), 1)
        dns.zones[name, "TXT"] = dns_server.SERVFAIL
        ours = verify(keys, mail, dns.address)
        equal("no answer", [ours["result"], ours["isTemporary"]], ["fail", True])


def main():
    peer = load()
    if peer is None:
        end()
    folder = tempfile.mkdtemp(prefix="staunch-arc-")
    try:
        keys = Keys(folder)
        test_turns(peer, keys, random.Random(SEED))
        test_list(peer, keys)
        test_long(peer, keys)
        test_options(keys)
        test_dns(keys)
    finally:
        shutil.rmtree(folder)
    end()


main()
