"""Every RFC cited in src/ has a row in src/RFC.md: | 5321 | yes/partial/no | files |; those files exist and cite it."""

import os
import re

import tree

LIST = "src/RFC.md"


def cited():
    """RFC number -> one place that cites it."""
    places = {}
    for path in tree.files("src", suffixes=tree.CODE):
        for number, line in enumerate(tree.lines(path), 1):
            for rfc in re.findall(r"\bRFC[ -]?(\d{3,5})\b", line):
                places.setdefault(int(rfc), f"{path}:{number}")
    return places


def listed(findings):
    """The RFC numbers with a row; findings get what is wrong with rows."""
    rows = {}
    if not os.path.exists(LIST):
        return rows
    for number, line in enumerate(tree.lines(LIST), 1):
        match = re.match(r"\|\s*(?:RFC )?(\d{3,5})\b[^|]*\|(.*)\|\s*$", line)
        if not match:
            continue
        cells = [cell.strip() for cell in match.group(2).split("|")]
        state = next((c for c in cells if re.match(r"(yes|partial|no)\b", c)), None)
        rows[int(match.group(1))] = number
        if state is None:
            findings.append(f"{LIST}:{number}: say yes, partial or no")
            continue
        names = re.findall(r"\b[a-z][a-z0-9_]*/[\w./*-]+", cells[-1])
        if not names and not state.startswith("no"):
            findings.append(f"{LIST}:{number}: names no file")
        for name in names:
            path = name if name.startswith("src/") else "src/" + name
            if not os.path.exists(path.rstrip("/*")):
                findings.append(f"{LIST}:{number}: {name} does not exist")
    return rows


def main():
    findings = []
    rows = listed(findings)
    for rfc, place in sorted(cited().items()):
        if rfc not in rows:
            findings.append(f"{place}: RFC {rfc} has no row in {LIST}")
    tree.end(findings)


main()
