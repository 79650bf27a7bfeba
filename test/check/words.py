"""No words that mark unfinished work, in the code and in what is told about it."""

import re

import tree

WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot (yet )?implemented\b|\bfor now\b", re.I)
CASED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def main():
    findings = []
    for path in tree.files("src", "test", "vendor", suffixes=tree.CODE + (".md", ".py", ".sh", ".mk", "Makefile")):
        if path.startswith("test/check/"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = WORDS.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
            if match and (CASED.search(line) or not match.group(1)):
                findings.append(f"{path}:{number}: {line.strip()}")
    tree.end(findings)


main()
