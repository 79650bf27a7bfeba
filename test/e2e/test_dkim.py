#!/usr/bin/env python3
"""DKIM against Debian's python3-dkim and opendkim: each verifies what the other signed, and both judge damaged mail alike."""

import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import time

import dns_server
from dkim_peer import DOMAIN, Keys, load, mutate, peer_verifies, random_mail
from harness import BINARY, ROOT, check, end, equal, need, run

SEED = int(os.environ.get("SEED", "1"))
CANONS = ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"]
RFC_RECORDS = {
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com":
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
        "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
        "Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
    "brisbane._domainkey.example.com":
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC"
        "jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToI"
        "MmPSPDdQPNUYckcQ2QIDAQAB",
}


def verify(keys, mail, *options, dns=None):
    """What our command says of a message, given as bytes."""
    done = subprocess.run([BINARY, "dkim-verify", "--dns", dns or keys.zone, *options, "-"], input=mail,
                          capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)


def passes(keys, mail, *options):
    return [one["result"] == "pass" for one in verify(keys, mail, *options)]


def sign(keys, name, mail, *options):
    done = subprocess.run([BINARY, "dkim-sign", "--key", keys[name].pem, "--domain", DOMAIN, "--selector", name,
                           *options, "-"], input=mail, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return done.stdout


def peer_signs(peer, keys, name, mail, canon, length):
    """With fields chosen by the peer, or some of those that are there, some of them once more."""
    key = keys[name]
    header, body = (part.encode() for part in canon.split("/"))
    signer = peer.DKIM(mail, signature_algorithm=key.algorithm.encode())
    names = [name.lower() for name, _ in signer.headers if name.lower() not in (b"received", b"comments")] + [b"from"]
    field = signer.sign(name.encode(), DOMAIN.encode(), key.for_peer(), canonicalize=(header, body),
                        include_headers=names, length=length)
    return field + mail


def test_examples(keys):
    for name, count in (("rfc6376", 1), ("rfc8463", 2)):
        with open(f"{ROOT}/test/unit/mailauth/data/{name}.eml", "rb") as file:
            mail = file.read()
        equal(f"{name} with LF", passes(keys, mail), [True] * count)
        equal(f"{name} with CRLF", passes(keys, mail.replace(b"\n", b"\r\n")), [True] * count)


def test_ours(peer, keys, chance):
    """What we sign, python3-dkim believes."""
    for i in range(32):
        mail, canon = random_mail(chance), CANONS[i % 4]
        name = chance.choice(list(keys))
        signed = sign(keys, name, mail, "--canon", canon, "--now", str(int(time.time())))
        check(f"our {name} {canon} {i}", peer_verifies(peer, keys, signed) == [True], signed)
        check(f"our own {name} {canon} {i}", passes(keys, signed) == [True], signed)
        if chance.random() < 0.5:
            twice = sign(keys, "ed", signed, "--header-list", "from:subject:to:to:from:x-none")
            equal(f"signed twice {i}", peer_verifies(peer, keys, twice), [True, True])
            equal(f"our own twice {i}", passes(keys, twice), [True, True])


def test_theirs(peer, keys, chance):
    """What python3-dkim signs, we believe; what is damaged since, both judge alike."""
    judged = {True: 0, False: 0}
    for i in range(48):
        mail, canon = random_mail(chance), CANONS[i % 4]
        name, length = chance.choice(list(keys)), chance.random() < 0.3
        signed = peer_signs(peer, keys, name, mail, canon, length)
        check(f"their {name} {canon} {i}", passes(keys, signed) == [True], signed)
        if length:
            more = signed + b"appended\r\n"
            result = verify(keys, more)[0]
            equal(f"appended to {i}", [result["result"], result["isPartial"]],
                  ["pass", True] if peer_verifies(peer, keys, more) == [True] else ["fail", False])
        for n in range(6):
            damaged = mutate(chance, signed)
            theirs = peer_verifies(peer, keys, damaged)
            if theirs is None or damaged[:1] in b" \t":
                continue
            ours = passes(keys, damaged)
            for one in ours:
                judged[one] += 1
            check(f"damaged {i}.{n}", ours == theirs, f"we {ours}, they {theirs}: {damaged!r}")
    check("some damage does not matter, most does", judged[True] > 3 and judged[False] > 30, judged)


def test_opendkim(keys, chance):
    """The same with another implementation, which reads keys from a file. RSA only; and it sees headers as milters do,
    without the blanks behind the colon, so relaxed only."""
    program = need("opendkim")
    if program is None:
        return
    folder = keys.folder
    with open(f"{folder}/keys", "w") as file:
        for name, record in keys.records.items():
            if "ed25519" not in record:
                file.write(f"{name} {record}\n")
    with open(f"{folder}/opendkim.conf", "w") as file:
        file.write(f"Mode v\nTestPublicKeys {folder}/keys\n")
    mails = []
    for i in range(24):
        name = chance.choice(["rsa", "small", "large"])
        mails.append((sign(keys, name, random_mail(chance), "--canon", CANONS[i % 2]), True))
        mails.append((mails[-1][0].replace(b"ann@", b"eve@", 1), False))
    for i, (mail, _) in enumerate(mails):
        with open(f"{folder}/{i}.eml", "wb") as file:
            file.write(mail)
    done = subprocess.run([program, "-x", f"{folder}/opendkim.conf", "-t",
                           ",".join(f"{folder}/{i}.eml" for i in range(len(mails)))], capture_output=True, timeout=60)
    said = (done.stdout + done.stderr).decode(errors="replace")
    for i, (mail, want) in enumerate(mails):
        line = re.search(rf"/{i}\.eml: verification \(.*\) (succeeded|failed)", said)
        check(f"opendkim {i}", line is not None and (line.group(1) == "succeeded") == want, said[-500:])
        equal(f"and we {i}", passes(keys, mail), [want])


MAIL = b"From: Ann <ann@signer.test>\r\nTo: bob@b.test\r\nSubject: Hi\r\n\r\nHello\r\n"


def test_options(peer, keys):
    signed = sign(keys, "rsa", MAIL, "--now", "1000", "--expire", "2000")
    equal("before it expires", passes(keys, signed, "--now", "2000"), [True])
    equal("when it has", [one["reason"] for one in verify(keys, signed, "--now", "2001")], ["it has expired (x=)"])
    equal("python3-dkim agrees", peer_verifies(peer, keys, signed), [False])
    equal("the same twice, for Ed25519 and PKCS1-v1_5 are without chance", sign(keys, "rsa", MAIL, "--now", "7"),
          sign(keys, "rsa", MAIL, "--now", "7"))
    one = verify(keys, sign(keys, "ed", MAIL, "--now", "7"))[0]
    equal("what is told", {key: one[key] for key in ("result", "domain", "selector", "algorithm", "keyBits", "isTesting")},
          {"result": "pass", "domain": DOMAIN, "selector": "ed", "algorithm": "ed25519-sha256", "keyBits": 256,
           "isTesting": False})
    for arguments, why in ((["--canon", "nofws"], "--canon"), (["--expire", "soon"], "--expire"),
                           (["--now", "-1"], "--now"), (["--header-list", "to:cc"], "From"),
                           (["--key", "/none"], "/none"), (["--key", keys.zone], "no private key"),
                           (["--selector", "a..b"], "selector"), (["--domain", ""], "--domain")):
        done = run("dkim-sign", "--key", keys["ed"].pem, "--domain", DOMAIN, "--selector", "s", *arguments, "-",
                   input=MAIL.decode(), check_status=False)
        check(f"refused: {arguments}", done.returncode in (1, 2) and why in done.stderr and done.stdout == "",
              done.stderr)


def test_attacks(peer, keys):
    """Too much of everything costs little, and nothing of it passes."""
    signed = sign(keys, "rsa", MAIL, "--header-list", "from:to")
    field = signed[:-len(MAIL)]
    many = field * 10000 + MAIL
    results = verify(keys, many)
    equal("10 000 signatures", [len(results), {one["result"] for one in results}], [8, {"policy"}])
    equal("a few", passes(keys, field * 12 + MAIL), [True] * 8)
    equal("thousands of fields", [one["result"] for one in verify(keys, field + b"X-Y: z\r\n" * 100000 + MAIL)],
          ["policy"])
    equal("a giant h=", [one["result"] for one in verify(keys, re.sub(rb"(\s)h=", rb"\1h=" + b"x:" * 50000, field) + MAIL)],
          ["policy"])
    equal("a giant tag", [one["result"] for one in verify(keys, b"DKIM-Signature: a" + b"=" * 100000 + b"\r\n" + MAIL)],
          ["neutral"])
    equal("From twice", passes(keys, field + b"From: Eve <eve@e.test>\r\n" + MAIL), [False])
    equal("From twice, python3-dkim", peer_verifies(peer, keys, field + b"From: Eve <eve@e.test>\r\n" + MAIL), [False])
    body = b"\r\n" * 4000000 + b"x\r\n"
    large = sign(keys, "ed", MAIL + body)
    equal("empty lines without end", passes(keys, large), [True])
    equal("and one more", passes(keys, large.replace(b"\r\nx\r\n", b"\r\n\r\nx\r\n")), [False])
    for name in ("giant", "tiny", "one"):
        results = verify(keys, field.replace(b"s=rsa;", b"s=" + name.encode() + b";") + MAIL)
        equal(f"key: {name}", [(one["result"], one["keyBits"]) for one in results],
              [{"giant": ("policy", 16384), "tiny": ("policy", 512), "one": ("permerror", 2048)}[name]])


def der(tag, content):
    size = bytes([len(content)]) if len(content) < 128 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + size + content


def rsa_record(modulus_bytes, exponent):
    """A key of nobody's: all ones."""
    import base64
    numbers = der(2, b"\0" + b"\xff" * modulus_bytes) + der(2, bytes([exponent]))
    return "v=DKIM1; p=" + base64.b64encode(der(0x30, numbers)).decode()


def test_dns(keys):
    """Keys from a server: there, not there, broken, late."""
    name = f"ed._domainkey.{DOMAIN}"
    zones = {(name, "TXT"): [[keys.records[name][:20], keys.records[name][20:]]]}
    signed = sign(keys, "ed", MAIL)
    with dns_server.DnsServer(zones) as dns:
        equal("asked of a server", verify(keys, signed, dns=dns.address)[0]["result"], "pass")
        two = sign(keys, "rsa", signed)
        equal("one of two", [one["result"] for one in verify(keys, two, dns=dns.address)], ["permerror", "pass"])
        dns.zones[f"rsa._domainkey.{DOMAIN}", "TXT"] = dns_server.SERVFAIL
        equal("one that fails", [one["result"] for one in verify(keys, two, dns=dns.address)], ["temperror", "pass"])
        dns.zones[f"rsa._domainkey.{DOMAIN}", "TXT"] = dns_server.Slow(1, [[keys.records[f"rsa._domainkey.{DOMAIN}"][:200],
                                                                        keys.records[f"rsa._domainkey.{DOMAIN}"][200:]]])
        equal("one that is late", [one["result"] for one in verify(keys, two, dns=dns.address)], ["pass", "pass"])


def main():
    peer = load()
    if peer is None:
        end()
    chance = random.Random(SEED)
    folder = tempfile.mkdtemp(prefix="staunch-dkim-")
    try:
        others = dict(RFC_RECORDS)
        others[f"giant._domainkey.{DOMAIN}"] = rsa_record(2048, 3)
        others[f"tiny._domainkey.{DOMAIN}"] = rsa_record(64, 3)
        others[f"one._domainkey.{DOMAIN}"] = rsa_record(256, 1)
        keys = Keys(folder, others)
        test_examples(keys)
        test_ours(peer, keys, chance)
        test_theirs(peer, keys, chance)
        test_opendkim(keys, chance)
        test_options(peer, keys)
        test_attacks(peer, keys)
        test_dns(keys)
    finally:
        shutil.rmtree(folder)
    end()


main()
