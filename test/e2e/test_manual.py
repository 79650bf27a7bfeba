#!/usr/bin/env python3
"""The manual pages and the completion say what the program knows: every command, option, section and setting."""

import os
import re
import subprocess

from harness import BINARY, check, end, equal, need, run

VERSIONS = ["", "-smtp", "-imap", "-jmap"]
WIDE = 1000  # columns: no line of a page is broken


def commands(version):
    """(words, arguments, help) of each line of `help`; behind a long command the help is on the next one."""
    text = re.sub(r"\n {10,}", "  ", run("help", version=version).stdout).split("\n")[1:-2]
    return [[part.strip() for part in re.match(r"  ([a-z0-9| -]+?)((?: \[?[A-Z]\S*)*) {2,}(\S.*)$", line).groups()] for line in text]


def plain(page):
    """What a reader sees, without bold and underlined letters, one blank between words."""
    done = subprocess.run(["mandoc", "-Tascii", f"-Owidth={WIDE}"], input=page, capture_output=True, text=True, timeout=30)
    return re.sub(r"[ \t]+", " ", re.sub(".\b", "", done.stdout))


def sentence(text):
    first = text[0] if ":" in text.split(" ")[0] else text[0].upper()
    return first + text[1:] + ("" if text.endswith(".") else ".")


def has_item(seen, head, about):
    """A short head stands on one line with what it is about."""
    return re.search(f"\n {re.escape(head)}\n? {re.escape(sentence(about))}\n", seen) is not None


def check_page(name, page):
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=page, capture_output=True, text=True, timeout=30)
    equal(f"{name}: mandoc finds nothing", done.stdout + done.stderr, "")
    if need("man"):
        done = subprocess.run(["man", "--warnings", "-l", "-"], input=page, capture_output=True, text=True, timeout=30,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
        equal(f"{name}: groff finds nothing", (done.returncode, done.stderr), (0, ""))


def check_commands(version):
    page = run("manual", "8", version=version).stdout
    check_page(f"staunch{version}.8", page)
    seen = plain(page)
    rows = commands(version)
    check("all commands were understood", len(rows) > 40, rows)
    for words, arguments, about in rows:
        usage = run(*words.split(), "--help", version=version).stdout
        options = re.findall(r"(?m)^  (--\S+(?: [A-Z|:/]+(?=  ))?)", usage)
        line = " ".join([words, *(f"[{o}]" for o in options), arguments]).strip()
        check(f"{words}: its line and what it does", has_item(seen, line, about), line)
        for option, said in re.findall(r"(?m)^  (--\S+(?: [A-Z|:/]+(?=  ))?) +(\S.*)$", usage):
            check(f"{words}: {option}", has_item(seen, option, said), (option, said))
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "SIGNALS", "ENVIRONMENT", "EXIT STATUS",
                    "FILES", "SEE ALSO"):
        check(f"the heading {heading}", f"\n{heading}\n" in seen)


def check_config(version):
    page = run("manual", "5", version=version).stdout
    check_page(f"staunch.conf.5 of staunch{version}", page)
    seen = plain(page)
    example = run("config", "example", version=version).stdout
    usual, every = re.split(r"\n# ---- every.*\n", example)
    keys = 0
    for about, heading, rows in re.findall(r"\n# (.*)\n# (\[.*\])\n((?:#.*\n)*)", every):
        check(f"{heading}", f"\n {heading}\n {sentence(about)}\n" in seen, about)
        part = seen[seen.index(f"\n {heading}\n"):]
        for said, key, default in re.findall(r"# (.*)\n#([a-z0-9-]+) = (.*)\n", rows):
            keys += 1
            at = part.find(f"\n {key} = ")
            item = part[at:part.find("\n\n", at)]
            check(f"{heading} {key}: is explained", at >= 0 and said.split(": ")[0] in item, item)
            check(f"{heading} {key}: its default", not default or f"Default: {default}." in item, item)
    check("all sections were looked at", keys > 40, keys)
    check("the usual configuration is the example", re.sub(r"[ \t]+", " ", usual.split("\n\n[certificate")[0].split("\n")[-1]) in seen)
    for line in usual.split("\n"):
        check("a line of the example", not line or f" {line}\n" in seen, line)


def check_ranges():
    """Amounts are written as in the file."""
    seen = plain(run("manual", "5").stdout)
    for line in ("100ms to 1m. Default: 4s.", "1 to 16. Default: 2.", "Default: 50MB.", "One of ipv6-first, ipv4-first"):
        check(line, line in seen)


# The words before the cursor, the last one unfinished; what may stand there.
COMPLETIONS = [
    ("us", ["user"]), ("user ", ["add", "list", "passwd", "quota", "disable", "enable", "del", "token"]),
    ("user to", ["token"]), ("user token ", ["add", "list", "del"]), ("queue s", ["show", "stats"]),
    ("user list ", ["--config", "--json", "--help"]), ("user list --j", ["--json"]), ("user add x --q", ["--quota"]),
    ("user add --config /x --pass", ["--password-stdin"]), ("help queue sh", ["show"]), ("he", ["help"]), ("--v", ["--version"]),
    ("nonsense ", []), ("user add --name ", []), ("user add --config ", []), ("serve x", []), ("manual ", ["8", "5"]),
    ("directory schema ", ["pgsql", "mysql", "sqlite", "--help"]), ("directory schema p", ["pgsql"]), ("blob ", ["test", "migrate"]),
]


def complete(words, version=""):
    """What the function that bash calls puts into COMPREPLY, and the options it asks of bash."""
    script = """
        compopt() { echo "compopt $*"; }
        source "$1"; shift
        function=$(complete -p "$1"); function=${function#*-F }; function=${function%% *}
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
        $function "$1" "${!#}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}" """
    made = subprocess.run([BINARY + version, "completion", "bash"], capture_output=True, text=True, timeout=30)
    read, write = os.pipe()
    with os.fdopen(write, "w") as pipe:
        pipe.write(made.stdout)
    done = subprocess.run(["bash", "--norc", "-uc", script, "bash", f"/dev/fd/{read}", "staunch" + version, *words],
                          capture_output=True, text=True, timeout=30, pass_fds=[read])
    os.close(read)
    return done.stdout.split(), done.stderr


def check_completion():
    for line, want in COMPLETIONS:
        files = line in ("user add --name ", "user add --config ")
        equal(f"completing {line!r}", complete(line.split(" ")), (["compopt", "-o", "default"] * files + want, ""))
    equal("files for a file", complete(["mime-parse", "x"]), (["compopt", "-o", "default"], ""))
    for version in VERSIONS:
        equal(f"staunch{version} has its own", complete(["us"], version), (["user"], ""))
        first = {words.split()[0] for words, _, _ in commands(version)} | {"help", "--version"}
        equal(f"staunch{version}: every command", set(complete([""], version)[0]), first)


def main():
    if need("mandoc"):
        for version in VERSIONS:
            check_commands(version)
            check_config(version)
        check_ranges()
    check_completion()
    end()


if __name__ == "__main__":
    main()
