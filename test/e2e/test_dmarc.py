#!/usr/bin/env python3
"""dmarc-check beside OpenDMARC's library, over all that DMARC decides by; and DNS that is slow, cut, down."""

import ctypes
import itertools
import json
import tempfile

from dns_server import SERVFAIL, DnsServer, Slow
from harness import check, end, equal, run, skip

LIST = "/usr/share/publicsuffix/public_suffix_list.dat"
LIBRARY = "libopendmarc.so.2"

# Of the library's header.
TLD_MOZILLA, PATH_BYTES = 1, 4096
OUTCOMES = {"none": 0, "pass": 1, "fail": 2, "temperror": 3}
MAILFROM = 0
ENFORCE = {14: ("none", "none"), 15: ("pass", "none"), 16: ("fail", "reject"), 17: ("fail", "quarantine"), 18: ("fail", "none")}

RECORDS = {
    "example.org": "v=DMARC1; p=reject; sp=quarantine",
    "strict.example.org": "v=DMARC1; p=quarantine; adkim=s; aspf=s",
    "example.co.uk": "v=DMARC1;p=none;sp=reject;adkim=s",
    "example.info": "v=DMARC1; p=reject; adkim=s; pct=100; fo=1; ri=3600",
    "xn--bcher-kva.com": "v=DMARC1 ; p = quarantine ; rua = mailto:a@example.org!10m , mailto:b@example.net",
}
# Not compared, as OpenDMARC 1.4 does not do it: the list's "*.kobe.jp" and "!city.kobe.jp", and names below no listed suffix.
FROMS = ["example.org", "a.example.org", "a.b.example.org", "strict.example.org", "x.strict.example.org", "example.co.uk",
         "w.example.co.uk", "example.info", "a.example.info", "xn--bcher-kva.com",
         "none.net", "EXAMPLE.ORG"]
DOMAINS = ["example.org", "b.example.org", "x.strict.example.org", "strict.example.org", "w.example.co.uk", "a.example.info", "mail.xn--bcher-kva.com", "evil-example.org"]


class Library(ctypes.Structure):
    _fields_ = [("tld_type", ctypes.c_int), ("tld_source_file", ctypes.c_char * PATH_BYTES), ("rest", ctypes.c_char * 4096)]


def load():
    """OpenDMARC's library with the records, or None."""
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as problem:
        skip("OpenDMARC", problem)
        return None
    library.opendmarc_policy_connect_init.restype = ctypes.c_void_p
    library.settings = Library(TLD_MOZILLA, LIST.encode())
    equal("the library takes the list", library.opendmarc_policy_library_init(ctypes.byref(library.settings)), 0)
    return library


def find_policy(library, name):
    """The domain that has the policy: OpenDMARC asks DNS for it itself, so its own suffixes are asked here."""
    name = name.lower()
    found = ctypes.create_string_buffer(256)
    library.opendmarc_get_tld(name.encode(), found, 256)
    organization = found.value.decode()
    return next((d for d in (name, organization) if d in RECORDS), None), organization


def their_view(library, from_domain, spf, dkim):
    """(verdict, disposition, organization) of OpenDMARC."""
    context = ctypes.c_void_p(library.opendmarc_policy_connect_init(b"192.0.2.1", 0))
    policy_domain, organization = find_policy(library, from_domain)
    library.opendmarc_policy_store_from_domain(context, from_domain.lower().encode())
    library.opendmarc_policy_store_spf(context, spf[0].encode(), OUTCOMES[spf[1]], MAILFROM, None)
    library.opendmarc_policy_store_dkim(context, dkim[0].encode(), b"s", OUTCOMES[dkim[1]], None)
    if policy_domain:
        below = organization.encode() if policy_domain != from_domain.lower() else None
        library.opendmarc_policy_store_dmarc(context, RECORDS[policy_domain].encode(), from_domain.lower().encode(), below)
        verdict = ENFORCE[library.opendmarc_get_policy_to_enforce(context)]
    else:
        verdict = ("none", "none")
    library.opendmarc_policy_connect_shutdown(context)
    return *verdict, organization


def ours(dns, from_domain, *evidence, lot="0"):
    words = [f"{check}={domain}:{verdict}" for check, domain, verdict in evidence]
    return json.loads(run("dmarc-check", "--dns", dns, "--lot", lot, from_domain, *words).stdout)


def compare(library, zone):
    """Each From with each domain as the one of SPF or of DKIM that passed, and with one that did not."""
    for from_domain, domain in itertools.product(FROMS, DOMAINS):
        if "=s" in RECORDS.get(from_domain, "") and domain.endswith("." + from_domain):
            continue  # OpenDMARC 1.4 takes a subdomain of From for aligned even then; RFC 7489 3.1 does not
        for spf, dkim in ((domain, "pass"), ("evil-example.org", "fail")), ((from_domain, "fail"), (domain, "pass")):
            want = their_view(library, from_domain, spf, dkim)
            got = ours(zone, from_domain, ("spf", *spf), ("dkim", *dkim))
            equal(f"{from_domain} spf={spf} dkim={dkim}", (got["verdict"], got["disposition"], got["organization"]), want)


def check_network():
    """The same by questions on a network, with what goes wrong there."""
    zones = {
        ("_dmarc.example.org", "TXT"): [["v=DMARC1; p=re", "ject; rua=mailto:a@example.org"]],
        ("_dmarc.slow.example", "TXT"): Slow(0.3, ["v=DMARC1; p=quarantine"]),
        ("_dmarc.long.example", "TXT"): ["x" * 250] * 20 + ["v=DMARC1; p=reject"],
        ("_dmarc.two.example", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        ("_dmarc.broken.example", "TXT"): SERVFAIL,
        ("_dmarc.alias.example", "CNAME"): ["_dmarc.example.org"],
    }
    with DnsServer(zones) as dns:
        for domain, want in {
                "example.org": ("fail", "reject"), "a.b.example.org": ("fail", "reject"), "slow.example": ("fail", "quarantine"),
                "a.slow.example": ("fail", "quarantine"), "long.example": ("fail", "reject"), "two.example": ("none", "none"),
                "broken.example": ("temperror", "none"), "a.broken.example": ("temperror", "none"),
                "alias.example": ("fail", "reject"), "nothing.example": ("none", "none")}.items():
            got = ours(dns.address, domain)
            equal(f"asked of a server: {domain}", (got["verdict"], got["disposition"]), want)
        equal("one question for a domain that has a record", dns.count("_dmarc.slow.example", "TXT"), 2)


def check_use(zone):
    got = ours(zone, "Ann <ann@a.example.org>", ("spf", "example.org", "pass"))
    equal("a whole From", (got["domain"], got["policyDomain"], got["verdict"]), ("a.example.org", "example.org", "pass"))
    got = ours(zone, "a@example.org, b@example.net", ("spf", "example.org", "pass"))
    equal("a From of two", (got["verdict"], got["disposition"], got["reason"]),
          ("none", "none", "addresses of different domains in From"))
    got = ours(zone, "bücher.com")
    equal("Unicode", (got["domain"], got["disposition"], [u.get("maxBytes") for u in got["rua"]]),
          ("xn--bcher-kva.com", "quarantine", [10485760, None]))
    with tempfile.NamedTemporaryFile("w") as half:
        print('_dmarc.example.org TXT "v=DMARC1; p=reject; pct=30"', file=half, flush=True)
        for lot, want in {"29": "reject", "30": "quarantine", "99": "quarantine"}.items():
            equal(f"lot {lot} of 30", ours(half.name, "example.org", lot=lot)["disposition"], want)
    for words in ([], ["--dns", "/nowhere", "example.org"], ["--dns", zone, "example.org", "x=y:pass"],
                  ["--dns", zone, "example.org", "spf=example.org"], ["--dns", zone, "example.org", "spf=example.org:good"],
                  ["--dns", zone, "--lot", "100", "example.org"]):
        done = run("dmarc-check", *words, check_status=False)
        check(f"refused: {words}", done.returncode in (1, 2) and done.stdout == "" and done.stderr, done)


def main():
    library = load()
    with tempfile.NamedTemporaryFile("w") as zone:
        for domain, record in RECORDS.items():
            print(f'_dmarc.{domain} TXT "{record}"', file=zone, flush=True)
        if library:
            compare(library, zone.name)
        check_use(zone.name)
    check_network()
    end()


main()
