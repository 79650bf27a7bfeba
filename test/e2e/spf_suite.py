"""The OpenSPF project's cases for RFC 7208, and their zones in the form that `staunch spf-check --dns FILE` reads.

    for scenario in spf_suite.scenarios(path):
        scenario.description, scenario.zone              text of the file
        for case in scenario.cases:
            case.name, case.host, case.helo, case.mailfrom, case.results, case.explanation

Needs Python's yaml. The drivers' rule of the project: SPF records count as TXT unless the name has TXT records;
nobody asks for type SPF any more.
"""

from collections import namedtuple

import yaml

PLAIN = set(b"abcdefghijklmnopqrstuvwxyz0123456789-_*/")
ALLOWED = ["result", "explanation", "helo", "host", "mailfrom", "spec", "description", "comment", "strict"]
Case = namedtuple("Case", "name host helo mailfrom results explanation")
Scenario = namedtuple("Scenario", "description cases zone")


def octets(text):
    """The suite writes bytes as characters of the same number."""
    return str(text).encode("latin-1")


def name(text):
    text = octets(text).lower().removesuffix(b".") or b"."
    return "".join(chr(c) if c in PLAIN or c == ord(".") else f"\\{c:03}" for c in text)


def strings(value):
    parts = value if isinstance(value, list) else [value]
    return " ".join('"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\' else f"\\{c:03}" for c in octets(part)) + '"'
                    for part in parts or [""])


def data(kind, value):
    if kind == "TXT":
        return strings(value)
    if kind == "MX":
        return f"{value[0]} {name(value[1])}"
    return str(value) if kind in ("A", "AAAA") else name(value)


def lines(owner, records):
    """The records of one name. A TXT of NONE only says that SPF is not to be copied."""
    has_txt = any(isinstance(record, dict) and "TXT" in record for record in records)
    for record in records:
        if record == "TIMEOUT":
            yield f"{name(owner)} TIMEOUT"
            continue
        (kind, value), = record.items()
        if value == "TIMEOUT":
            yield f"{name(owner)} {kind} TIMEOUT"
        elif kind == "SPF" and not has_txt:
            yield f"{name(owner)} TXT {strings(value)}"
        elif kind != "SPF" and value != "NONE":
            yield f"{name(owner)} {kind} {data(kind, value)}"


def zone(zonedata):
    return "".join(line + "\n" for owner, records in zonedata.items() for line in lines(owner, records))


def case(title, test):
    unknown = set(test) - set(ALLOWED)
    if unknown:
        raise ValueError(f"{title}: {unknown}: not known to this driver")
    results = test["result"] if isinstance(test["result"], list) else [test["result"]]
    return Case(title, test["host"], test["helo"], test["mailfrom"], results, test.get("explanation"))


def scenarios(path):
    with open(path, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            cases = [case(title, test) for title, test in document["tests"].items()]
            yield Scenario(document["description"], cases, zone(document["zonedata"]))
