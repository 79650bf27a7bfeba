#!/usr/bin/env python3
"""What a domain publishes: keys that sign for it, their rotation, all its records as a zone, and whether DNS has them.

Keys and pins are compared with what openssl makes of the same files; records are looked up in a file and in a server.
"""

import base64
import glob
import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time

from dns_server import ANY, NULL_MX, SERVFAIL, DnsServer, parse_zone, reverse
from harness import BINARY, Server, check, end, equal, need

HOST, DOMAIN = "mail.example.test", "example.test"
DAY = 86400
IDN, IDN_ASCII = "bücher.test", "xn--bcher-kva.test"


def write_zone(server, text, name="zone"):
    path = os.path.join(server.folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def fails(name, server, words, status, *arguments):
    done = server.command(*arguments, check_status=False)
    return check(name, done.returncode == status and words in done.stderr + done.stdout,
                 f"{done.returncode}: {done.stderr}{done.stdout}")


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True).stdout


def keys(server, domain=DOMAIN):
    """{state: [selectors]} as `domain dkim show` has them."""
    found = {}
    for row in json.loads(server.command("domain", "dkim", "show", domain, "--json").stdout):
        found.setdefault(row["state"], []).append(row["selector"])
    return found


def key_path(server, name, domain=DOMAIN):
    return f"{server.folder}/data/dkim/{domain}/{name}"


# --- keys ---------------------------------------------------------------------------------------------------


def test_add(server):
    fails("a domain that is not ours", server, "is no domain of the directory", 1, "domain", "dkim", "add", "other.test")
    fails("no name of a domain", server, "this is no domain name", 1, "domain", "dkim", "add", "../x")
    fails("no argument", server, "usage:", 2, "domain", "dkim", "add")
    check("nothing was made", not os.path.exists(f"{server.folder}/data/dkim"))
    said = server.command("domain", "dkim", "add", "EXAMPLE.test.", "--now", "1795651200").stdout
    zones = parse_zone(said)
    equal("two records", sorted(zones), [(f"20261126{c}._domainkey.example.test", "TXT") for c in "er"])
    check("strings of at most 255 bytes", all(len(s) <= 255 for strings in zones.values() for s in strings[0]))
    check("what to do is said", "; These keys sign from now on." in said, said)
    equal("what they are", keys(server), {"signs": ["20261126e", "20261126r"]})
    for name in ("20261126e.pem", "20261126r.pem"):
        equal(f"{name}: mode", os.stat(key_path(server, name)).st_mode & 0o777, 0o600)
    equal("mode of the folder", os.stat(key_path(server, "")).st_mode & 0o777, 0o700)
    fails("again", server, "has keys; `domain dkim rotate` replaces them", 1, "domain", "dkim", "add", DOMAIN)
    return zones


def test_public(server, zones):
    """The records have the public halves of the files."""
    if not need("openssl"):
        return
    for letter, kind in (("r", "rsa"), ("e", "ed25519")):
        record = "".join(zones[f"20261126{letter}._domainkey.example.test", "TXT"][0])
        der = openssl("pkey", "-in", key_path(server, f"20261126{letter}.pem"), "-pubout", "-outform", "DER")
        want = der if kind == "rsa" else der[-32:]
        equal(f"{kind}: the record", record, f"v=DKIM1; k={kind}; p={base64.b64encode(want).decode()}")
    text = openssl("pkey", "-in", key_path(server, "20261126r.pem"), "-noout", "-text").decode()
    check("RSA of 2048 bits", "2048 bit" in text, text[:100])


def test_show(server, zone):
    later = str(int(os.stat(key_path(server, "20261126r.pem")).st_mtime) + 3 * DAY + 5)
    said = server.command("domain", "dkim", "show", DOMAIN, "--now", later).stdout
    check("age", "20261126r (rsa) has signed for 3 days." in said, said)
    equal("the records again", parse_zone(said), zone)
    path = write_zone(server, "20261126r._domainkey.example.test TXT \"v=DKIM1; p=AAAA\"\n")
    said = server.command("domain", "dkim", "show", DOMAIN, "--dns", path).stdout
    check("in DNS", "20261126e (ed25519) has signed for 0 days. not in DNS." in said and
          "20261126r (rsa) has signed for 0 days. wrong in DNS: that is not this key." in said, said)
    rows = json.loads(server.command("domain", "dkim", "show", DOMAIN, "--dns", path, "--json").stdout)
    equal("as JSON", [(row["selector"], row["dns"]) for row in rows],
          [("20261126e", "not in DNS"), ("20261126r", "wrong in DNS")])
    with open(key_path(server, "broken.pem"), "w") as f:
        f.write("nothing")
    done = server.command("domain", "dkim", "show", DOMAIN)
    check("a damaged file is said", "broken: there is no key in its file" in done.stderr, done.stderr)
    equal("and passed over", parse_zone(done.stdout), zone)
    os.unlink(key_path(server, "broken.pem"))


def test_rotate(server, zone):
    at = ("--now", "1803427200")  # 2027-02-24
    said = server.command("domain", "dkim", "rotate", DOMAIN, *at, "--force").stdout
    following = parse_zone(said)
    equal("first: new keys", sorted(following), [(f"20270224{c}._domainkey.example.test", "TXT") for c in "er"])
    before = {"signs": ["20261126e", "20261126r"], "next": ["20270224e", "20270224r"]}
    equal("that do not sign", keys(server), before)
    with DnsServer() as dns:
        ask = ("domain", "dkim", "rotate", DOMAIN, "--dns", dns.address, *at)
        fails("not in DNS", server, "missing 20270224e._domainkey.example.test TXT: should be \"v=DKIM1;", 1, *ask)
        dns.zones.update(following)
        dns.zones["20270224e._domainkey.example.test", "TXT"] = zone["20261126e._domainkey.example.test", "TXT"]
        fails("another key in DNS", server, "(that is not this key)", 1, *ask)
        dns.zones["20270224e._domainkey.example.test", "TXT"] = SERVFAIL
    with DnsServer({("20270224e._domainkey.example.test", ANY): SERVFAIL}) as dns:
        fails("DNS fails", server, "DNS did not answer", 1, *(*ask[:5], dns.address, *at))
    equal("nothing was changed", keys(server), before)
    with DnsServer(dict(following)) as dns:
        said = server.command(*ask[:5], dns.address, *at).stdout
    check("said", "The new keys sign from now on." in said, said)
    equal("now they sign", keys(server), {"signs": ["20270224e", "20270224r"], "old": ["20261126e", "20261126r"]})
    check("the old ones' records are still there", "20261126r (rsa) signed until 0 days ago" in
          server.command("domain", "dkim", "show", DOMAIN).stdout)


def test_at_once(server):
    """Several at once: one does it, the others say so, and no key is lost that somebody was told to publish."""
    for _ in range(3):
        before = sum(map(len, keys(server).values()))
        running = [subprocess.Popen([BINARY, "domain", "dkim", "rotate", DOMAIN, "--force", "--config", server.config],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(5)]
        done = [(*process.communicate(timeout=120), process.returncode) for process in running]
        shown = parse_zone(server.command("domain", "dkim", "show", DOMAIN).stdout)
        for said, why, status in done:
            if status == 0:
                told = parse_zone(said)
                check("at once: each key that was told is there", all(shown.get(name) == data for name, data in told.items()), (told, shown))
            else:
                check("at once: the others say so", status == 1 and "another command is changing its keys" in why, why)
        check("at once: somebody did it", any(status == 0 for _, _, status in done), done)
        check("at once: no key is gone", sum(map(len, keys(server).values())) >= before, keys(server))


def test_rotate_by_settings(server):
    """[dns] is asked without --dns; the second pair of one day has a letter more; old keys go after a month."""
    now = int(time.time())
    with DnsServer() as dns:
        server.add_settings(f"[dns]\nservers = {dns.address}\n")
        at = ("--now", str(now + 30 * DAY))
        dns.zones.update(parse_zone(server.command("domain", "dkim", "rotate", DOMAIN, *at).stdout))
        server.command("domain", "dkim", "rotate", DOMAIN, *at)
        equal("after 30 days they are there", len(keys(server)["old"]), 4)
        at = ("--now", str(now + 32 * DAY))
        said = server.command("domain", "dkim", "rotate", DOMAIN, *at).stdout
        check("after a month they are removed, and it is said",
              "; 20261126r has not signed for a month and was removed; its record can go, too." in said, said)
        equal("they are gone", [len(v) for v in keys(server).values()], [2, 2])
        server.command("domain", "dkim", "rotate", DOMAIN, *at, "--force")
        third = server.command("domain", "dkim", "rotate", DOMAIN, *at, "--force").stdout
        day = time.strftime("%Y%m%d", time.gmtime(now + 32 * DAY))
        equal("the next letter", sorted(name for name, _ in parse_zone(third)),
              [f"{day}{c}b._domainkey.example.test" for c in "er"])
        server.command("domain", "dkim", "rotate", DOMAIN, *at, "--force")
    left = [path for path in glob.glob(key_path(server, "*")) if not re.search(r"\.(pem|old)$", path)]
    equal("no other files", left, [])
    server.add_settings("[dns]\nservers = \n")


def test_idn(server):
    server.command("domain", "add", IDN)
    zones = parse_zone(server.command("domain", "dkim", "add", IDN).stdout)
    check("names are ASCII", all(name.endswith(f"._domainkey.{IDN_ASCII}") for name, _ in zones), str(zones))
    check("so is the folder", os.path.isdir(key_path(server, "", IDN_ASCII)))
    equal("by either name", keys(server, IDN_ASCII.upper()), keys(server, IDN))
    said = server.command("domain", "dns", IDN).stdout
    check("in its records", f"_dmarc.{IDN_ASCII}. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{IDN_ASCII}\"" in said, said)


def test_no_keys(server):
    server.command("domain", "add", "plain.test")
    fails("nothing to rotate", server, "has no keys; `domain dkim add` makes some", 1, "domain", "dkim", "rotate",
          "plain.test", "--force")
    equal("nothing to show", server.command("domain", "dkim", "show", "plain.test", "--json").stdout, "[]\n")
    check("said in the zone", "; DKIM: no key signs for the domain; `domain dkim add`" in
          server.command("domain", "dns", "plain.test").stdout)
    path = write_zone(server, "")
    fails("and by the check", server, "missing SELECTOR._domainkey.plain.test TXT", 1, "domain", "check", "plain.test",
          "--dns", path)


# --- the zone -----------------------------------------------------------------------------------------------


def pin_of(*arguments):
    """SHA-256 of the public key, by openssl."""
    public = openssl(*arguments)
    der = openssl("pkey", "-pubin", "-outform", "DER", stdin=public)
    return openssl("dgst", "-sha256", "-r", stdin=der).decode().split()[0]


def test_zone(server):
    said = server.command("domain", "dns", DOMAIN).stdout
    zones = parse_zone(said)
    for name, kind, want in (
            (DOMAIN, "MX", [(10, HOST)]),
            (DOMAIN, "TXT", [[f"v=spf1 a:{HOST} -all"]]),
            (HOST, "TXT", [["v=spf1 a -all"]]),
            (f"_dmarc.{DOMAIN}", "TXT", [[f"v=DMARC1; p=none; rua=mailto:postmaster@{DOMAIN}"]]),
            (f"_smtp._tls.{DOMAIN}", "TXT", [[f"v=TLSRPTv1; rua=mailto:postmaster@{DOMAIN}"]]),
            (f"mta-sts.{DOMAIN}", "CNAME", [HOST]),
            (f"autoconfig.{DOMAIN}", "CNAME", [HOST]),
            (f"autodiscover.{DOMAIN}", "CNAME", [HOST]),
            (f"_submissions._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("submissions"), HOST)]),
            (f"_submission._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("submission"), HOST)]),
            (f"_imaps._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("imaps"), HOST)]),
            (f"_imap._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("imap"), HOST)]),
            (f"_autodiscover._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("https"), HOST)]),
            (f"_jmap._tcp.{DOMAIN}", "SRV", [(0, 1, server.port("https"), HOST)])):
        equal(f"{name} {kind}", zones.get((name, kind)), want)
    check("MTA-STS has an id", re.fullmatch(r"v=STSv1; id=[0-9a-f]{16}", policy_id(zones)), policy_id(zones))
    if need("openssl"):
        pin = pin_of("x509", "-in", f"{server.folder}/certificate.pem", "-noout", "-pubkey")
        equal("the pin", zones[f"_25._tcp.{HOST}", "TLSA"], [(3, 1, 1, pin)])
    blocks = said.strip().split("\n\n")
    check("a sentence before each record", all(re.match(r"; .+\.\n(; A form .*\n)?(; )?\S+\. [A-Z]+ ", b) for b in blocks), said)
    check("of long texts, how they go into a form", said.count("; A form") == said.count('" "') > 0, said)
    rows = json.loads(server.command("domain", "dns", DOMAIN, "--json").stdout)
    equal("as many as JSON", len(blocks), len(rows))
    for row in rows:
        if row["type"] == "TXT" and not row["example"]:
            equal(f"{row['name']}: the same as JSON", row["data"], "".join(zones[row["name"], "TXT"][0]))
    return said


def load(name, zone, more=""):
    """BIND reads the zone, and finds nothing to say of it."""
    program = need("named-checkzone")
    if not program:
        return
    head = f"$TTL 300\n{name}. IN SOA ns.{name}. admin.{name}. 1 3600 600 86400 300\n{name}. NS ns.{name}.\nns.{name}. A 192.0.2.53\n"
    with tempfile.NamedTemporaryFile("w") as f:
        print(head + zone + more, file=f, flush=True)
        done = subprocess.run([program, name, f.name], capture_output=True, text=True, timeout=30)
    equal(f"{name}: BIND loads it", (done.returncode, done.stdout.split("\n")[:-2]), (0, [f"zone {name}/IN: loaded serial 1"]))


def test_zone_file(server):
    """As a file, with the address that is left open; also of a domain whose server has a name elsewhere."""
    load(DOMAIN, server.command("domain", "dns", DOMAIN).stdout, f"{HOST}. A 192.0.2.1\n")
    server.command("domain", "add", "notexample.test")
    server.command("domain", "dkim", "add", "notexample.test")
    said = server.command("domain", "dns", "notexample.test").stdout
    outside = re.findall(r"(?m)^; .* It goes into the zone of that name, which is not this one\.\n; (\S+) ([A-Z]+) ", said)
    equal("what is of the server's name is for another zone", outside,
          [(f"{HOST}.", "A"), (f"{HOST}.", "TXT"), (f"_25._tcp.{HOST}.", "TLSA")])
    equal("all else is of the domain", [n for n, _ in parse_zone(said) if not re.search(r"(^|\.)notexample\.test$", n)], [])
    check("and tells of the server", f"notexample.test. MX 10 {HOST}." in said, said)
    load("notexample.test", said.replace(f" {HOST}.", " ns.notexample.test."))


def test_certificate_names(server, zone):
    """A name that the certificate lacks is told where it is needed."""
    zones = {**parse_zone(zone), (HOST, "A"): ["192.0.2.1"], (DOMAIN, "CAA"): [(0, "issue", "ca.test")]}
    names = ("mta-sts", "autoconfig", "autodiscover")
    with DnsServer(zones) as dns:
        for lacking, own in ((names, []), (("autodiscover",), [f"mta-sts.{DOMAIN}", f"autoconfig.{DOMAIN}"]), ((), [f"*.{DOMAIN}"])):
            server.drop_section("[certificate more]")
            if own:
                path = certificate(server, own)
                server.add_settings(f"[certificate more]\nchain = {path}\nkey = {path}\n")
            said = server.command("domain", "check", DOMAIN, "--dns", dns.address, check_status=False).stdout
            equal(f"{own}: which lack one", tuple(re.findall(r"ok +([a-z-]+)\.example\.test CNAME: .* \(no certificate has this name", said)), lacking)
    server.drop_section("[certificate more]")


def certificate(server, names):
    path = f"{server.folder}/more.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=x",
            "-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names), "-keyout", path, "-out", path + ".crt")
    with open(path, "a") as f, open(path + ".crt") as more:
        f.write(more.read())
    return path


def policy_id(zones):
    """What the record of the policy says; None: there is none."""
    return zones.get((f"_mta-sts.{DOMAIN}", "TXT"), [[None]])[0][0]


def test_policy_id(server):
    """The id changes with the policy that is served, and without one there is no record."""
    seen = {}
    for settings in ("mode = testing", "mode = enforce", "mode = none", "max-age = 3d\nmode = testing", "mx = mx1.example.test"):
        server.add_settings(f"[mta-sts]\n{settings}\n")
        seen[settings] = policy_id(parse_zone(server.command("domain", "dns", DOMAIN).stdout))
        equal(f"{settings}: the same again", policy_id(parse_zone(server.command("domain", "dns", DOMAIN).stdout)), seen[settings])
    equal("each its own", len(set(seen.values())), len(seen))
    server.add_settings("[mta-sts]\nmode = off\n")
    zones = parse_zone(server.command("domain", "dns", DOMAIN).stdout)
    equal("off: nothing is announced", [name for name, _ in zones if "mta-sts" in name], [])
    server.drop_section("[mta-sts]")


def test_next_pin(server):
    if not need("openssl"):
        return
    for name, how in (("EC", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
                      ("RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])):
        path = f"{server.folder}/key.pem.next"
        openssl("genpkey", *how, "-out", path)
        zones = parse_zone(server.command("domain", "dns", DOMAIN).stdout)
        pin = pin_of("pkey", "-in", path, "-pubout")
        equal(f"{name}: the next key's pin", zones[f"_25._tcp.{HOST}", "TLSA"][1:], [(3, 1, 1, pin)])
    with open(path, "w") as f:
        f.write("nothing")
    done = server.command("domain", "dns", DOMAIN)
    check("a damaged one is said, and left out", "key.pem.next: no key of ours in it" in done.stderr and
          len(parse_zone(done.stdout)[f"_25._tcp.{HOST}", "TLSA"]) == 1, done.stderr)
    os.unlink(path)


def test_listeners():
    """Only what is served is published; a host with the domain's own name."""
    server = Server(start=False, domain="one.test", hostname="one.test")
    with open(server.config) as f:
        text = f.read()
    for protocol in ("https", "imaps", "imap", "submission"):
        text = re.sub(rf"\[listener [a-z]+\]\nprotocol = {protocol}\n[^\[]*", "", text)
    with open(server.config, "w") as f:
        f.write(text)
    zones = parse_zone(server.command("domain", "dns", "one.test").stdout)
    equal("services", sorted(name for name, kind in zones if kind in ("SRV", "CNAME")), ["_submissions._tcp.one.test"])
    check("no policy without HTTPS", ("_mta-sts.one.test", "TXT") not in zones)
    equal("one SPF", zones["one.test", "TXT"], [["v=spf1 a -all"]])
    with open(server.config, "w") as f:
        f.write(re.sub(r"\[listener smtp\][^\[]*", "", text))
    zones = parse_zone(server.command("domain", "dns", "one.test").stdout)
    equal("without SMTP no MX and no pin", [kind for _, kind in zones if kind in ("MX", "TLSA")], [])
    shutil.rmtree(server.folder)


def test_public_ports():
    """What others reach counts: not what is for this machine only, beside what is for all."""
    server = Server(start=False)
    with open(server.config) as f:
        text = f.read()
    head = re.sub(r"(?ms)^\[listener .*", "", text)
    listeners = {"smtp": "*:25", "imap": "127.0.0.1:143 [::1]:143", "imaps": "127.0.0.1:1993 0.0.0.0:993",
                 "submission": "unix:/run/none [::]:587", "submissions": "192.0.2.1:465"}

    def services(listeners, head):
        with open(server.config, "w") as f:
            f.write(head + "".join(f"[listener {k}]\nprotocol = {k}\naddress = {v}\n" for k, v in listeners.items()))
        zones = parse_zone(server.command("domain", "dns", DOMAIN).stdout)
        return {name.split(".")[0]: value[0][2] for (name, kind), value in zones.items() if kind == "SRV"}

    equal("by address", services(listeners, head), {"_imaps": 993, "_submission": 587, "_submissions": 465})
    listeners = {"smtp": "127.0.0.1:25", "imap": "127.0.0.1:143", "imaps": "unix:/run/none", "submission": "[::1]:587"}
    equal("all for this machine", services(listeners, head), {"_imap": 143, "_submission": 587})
    listeners["smtp"] = "*:25"
    equal("but one", services(listeners, head), {})
    bare = re.sub(r"\[certificate [^\[]*", "", head)
    equal("without a certificate nobody may log in from afar",
          services({"smtp": "*:25", "imap": "*:143", "submission": "*:587"}, bare), {})
    shutil.rmtree(server.folder)


# --- the check ----------------------------------------------------------------------------------------------

WRONG = [
    # what is changed in DNS, what the check says, its status
    ("all is right", None, None, "ok      example.test MX: 10 mail.example.test", 0),
    ("no MX", (DOMAIN, "MX"), None, "missing example.test MX: should be 10 mail.example.test.", 1),
    ("MX of another", (DOMAIN, "MX"), [(5, "mx.other.test")],
     "wrong   example.test MX: is 5 mx.other.test (mail goes elsewhere); should be 10 mail.example.test.", 1),
    ("no mail at all", (DOMAIN, "MX"), [NULL_MX], "wrong   example.test MX: is 0 . (that says that the domain takes no mail", 1),
    ("others first", (DOMAIN, "MX"), [(10, HOST), (5, "mx.other.test")],
     "ok      example.test MX: 10 mail.example.test, 5 mx.other.test (others are tried before this server", 0),
    ("SPF with a mistake", (DOMAIN, "TXT"), [f"v=spf1 a:{HOST} ipv4:192.0.2.1 -all"], "(a term is written wrongly", 1),
    ("DMARC with its version behind", (f"_dmarc.{DOMAIN}", "TXT"), ["p=none; v=DMARC1"],
     "missing _dmarc.example.test TXT: is \"p=none; v=DMARC1\" (it has to begin with its version); should be", 1),
    ("no address", (HOST, "A"), None, "missing mail.example.test A: should be ADDRESS", 1),
    ("SPF of others", (DOMAIN, "TXT"), ["v=spf1 ip4:198.51.100.1 -all"],
     "wrong   example.test TXT: is \"v=spf1 ip4:198.51.100.1 -all\" (does not let this server send)", 1),
    ("no DMARC", (f"_dmarc.{DOMAIN}", "TXT"), None, "missing _dmarc.example.test TXT: should be \"v=DMARC1; p=none", 1),
    ("no MTA-STS", (f"_mta-sts.{DOMAIN}", "TXT"), None, "(mail works without it)", 0),
    ("mta-sts elsewhere", (f"mta-sts.{DOMAIN}", "CNAME"), ["www.other.test"],
     "wrong   mta-sts.example.test CNAME: is 198.51.100.7 (has none of the addresses of this server)", 1),
    ("pin of another key", (f"_25._tcp.{HOST}", "TLSA"), [(3, 1, 1, "00" * 32)], "(hosts that do DANE will not send here)", 1),
    ("no pin", (f"_25._tcp.{HOST}", "TLSA"), None, "missing _25._tcp.mail.example.test TLSA", 0),
    ("SRV of another port", (f"_imaps._tcp.{DOMAIN}", "SRV"), [(0, 1, 1, HOST)], "(programs are sent elsewhere)", 1),
    ("DNS fails", (f"_dmarc.{DOMAIN}", "TXT"), SERVFAIL,
     "unknown _dmarc.example.test TXT (DNS did not answer, try again)", 1),
]


def test_check(server, zone):
    zones = parse_zone(zone)
    zones[HOST, "A"] = ["192.0.2.1"]
    zones["www.other.test", "A"] = ["198.51.100.7"]
    zones[DOMAIN, "CAA"] = [(0, "issue", "ca.test")]
    for name, key, value, words, status in WRONG:
        changed = {k: v for k, v in zones.items() if k != key}
        if value is not None:
            changed[key] = value
        with DnsServer(changed) as dns:
            done = server.command("domain", "check", DOMAIN, "--dns", dns.address, check_status=False)
        check(f"{name}: said", words in done.stdout, done.stdout + done.stderr)
        equal(f"{name}: status", done.returncode, status)
        others = [line for line in done.stdout.strip().split("\n") if not line.startswith(("ok ", " "))]
        whys = [line for line in done.stdout.split("\n") if re.match(r"        \S", line)]
        equal(f"{name}: a sentence for each", len(whys), len([line for line in others if not line.startswith("unknown")]))
        if key and name not in ("no address", "others first", "SPF of others"):
            equal(f"{name}: nothing else", len(others), 1)
        if key is None:
            equal("nothing is missing", others, [])
            check("CAA", "ok      example.test CAA: 0 issue \"ca.test\"" in done.stdout, done.stdout)
    with DnsServer(zones) as dns:
        dns.secure.add("")
        server.add_settings(f"[dns]\nservers = {dns.address}\n")
        done = server.command("domain", "check", DOMAIN)
        check("by [dns], and secure", "DNSSEC" not in done.stdout, done.stdout)
        rows = json.loads(server.command("domain", "check", DOMAIN, "--json").stdout)
        equal("as JSON", {row["state"] for row in rows}, {"ok"})
        server.add_settings("[dns]\nservers = \n")


def test_check_reverse(server, zone):
    """Who sends by itself needs names for its public addresses; who has a relay does not."""
    zones = parse_zone(zone)
    zones[HOST, "A"], zones[HOST, "AAAA"] = ["8.8.8.8", "10.0.0.1"], ["2606:4700::1"]
    first, second = (f"{reverse(address)} PTR" for address in ("8.8.8.8", "2606:4700::1"))
    with DnsServer(zones) as dns:
        check_it = ("domain", "check", DOMAIN, "--dns", dns.address)
        done = server.command(*check_it)
        check("nothing is sent from here", " PTR" not in done.stdout, done.stdout)
        server.drop_section("[route elsewhere]")
        done = server.command(*check_it, check_status=False)
        equal("missing", re.findall("missing (.* PTR): should be mail.example.test.\n        PTR: the name", done.stdout), [first, second])
        equal("that is trouble", done.returncode, 1)
        zones[reverse("8.8.8.8"), "PTR"], zones[reverse("2606:4700::1"), "PTR"] = [HOST], ["host-1.provider.test"]
        done = server.command(*check_it, check_status=False)
        check("one is right", f"ok      {first}: {HOST}\n" in done.stdout, done.stdout)
        check("one is not", f"wrong   {second}: is host-1.provider.test (that is another name); should be" in done.stdout, done.stdout)
        equal("that is trouble, too", done.returncode, 1)
        zones[reverse("2606:4700::1"), "PTR"] = ["host-1.provider.test", HOST]
        equal("well", server.command(*check_it).returncode, 0)
        check("not of other commands", ". PTR " not in server.command("domain", "dns", DOMAIN).stdout)
        for name, settings, looked in (("a relay", "way = relay\nhost = smtp.provider.test", False), ("direct", "way = direct", True)):
            server.add_settings(f"[route elsewhere]\ndomains = x.test *\n{settings}\n")
            equal(f"{name}: names are looked at", " PTR" in server.command(*check_it).stdout, looked)
            server.drop_section("[route elsewhere]")
    server.add_settings("[route elsewhere]\ndomains = *\nway = refuse\n")


def test_check_file(server, zone):
    """The zone that was printed is a file for --dns."""
    path = write_zone(server, zone + f"{HOST} A 192.0.2.1\n")
    done = server.command("domain", "check", DOMAIN, "--dns", path)
    check("from a file", "ok      _dmarc.example.test TXT" in done.stdout, done.stdout)
    fails("no such file", server, "No such file", 1, "domain", "check", DOMAIN, "--dns", path + "x")
    path = write_zone(server, "$TTL 300\n", "other")
    fails("not of this form", server, f"{path}: line 1: not NAME TYPE DATA", 1, "domain", "check", DOMAIN, "--dns", path)
    path = write_zone(server, "example.test MX TIMEOUT\n", "slow")
    fails("no answer", server, "unknown example.test MX (DNS did not answer, try again): should be 10", 1, "domain", "check",
          DOMAIN, "--dns", path)


# --- whose it is --------------------------------------------------------------------------------------------


def test_other_directory(server):
    """A directory that cannot be listed: the domain is believed, with a word."""
    server.add_settings("[directory]\nengine = program\nprogram = /bin/false\n")
    done = server.command("domain", "dkim", "add", "elsewhere.test")
    check("said", "elsewhere.test: whether this is a domain of the directory was not asked" in done.stderr, done.stderr)
    equal("and done", len(parse_zone(done.stdout)), 2)
    server.add_settings("[directory]\nengine = sqlite\n")


def test_user():
    """Root's keys are the server's."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam("nobody")
    server = Server(start=False)
    server.add_settings("[server]\nuser = nobody\n")
    os.chmod(server.folder, 0o755)
    for path in [f"{server.folder}/data", *glob.glob(f"{server.folder}/data/*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    os.chmod(f"{server.folder}/key.pem", 0o600)
    server.command("domain", "dkim", "add", DOMAIN)
    paths = [f"{server.folder}/data/dkim", key_path(server, ""), *glob.glob(key_path(server, "*"))]
    equal("owners", [os.stat(path).st_uid for path in paths], [user.pw_uid] * 4)
    shutil.rmtree(server.folder)


def main():
    server = Server(start=False)
    zone = test_add(server)
    test_public(server, zone)
    test_show(server, zone)
    test_rotate(server, zone)
    test_rotate_by_settings(server)
    test_idn(server)
    test_no_keys(server)
    test_policy_id(server)
    server.add_settings("[mta-sts]\nmode = testing\n")
    said = test_zone(server)
    test_zone_file(server)
    if need("openssl"):
        test_certificate_names(server, said)
    test_next_pin(server)
    test_listeners()
    test_public_ports()
    test_check(server, said)
    test_check_reverse(server, said)
    test_check_file(server, said)
    test_other_directory(server)
    test_user()
    test_at_once(server)
    shutil.rmtree(server.folder)
    end()


main()
