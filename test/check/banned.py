"""Calls that the compiler cannot refuse for us, and ways round the other checks."""

import re

import tree

# What is looked for in code (not in comments), where it is allowed, and what to do instead.
RULES = (
    (r"\bcrypt_r?\s*\(", ("src/crypto/",), "crypt_r() belongs to crypto, which vets the prefix"),
    (r"\b(fork|execve?|execvp?e?|execl[pe]?|posix_spawnp?)\s*\(", ("src/sys/", "src/server/", "src/directory/", "src/cli/", "test/"),
     "only the supervisor starts processes"),
    (r"\b(v?printf|puts|putchar)\s*\(", ("src/cli/", "src/base/test.c", "src/server/", "src/directory/", "test/"),
     "only the command line prints; rooms log"),
    (r"\b(rand|srand|random|srandom|drand48)\s*\(", ("test/",), "random bytes come from crypto or sys"),
    (r"\b(pthread_create|thrd_create)\s*\(", (), "one thread"),
    (r"#\s*pragma\s+(GCC|clang)\s+diagnostic", (), "warnings are mended, not switched off"),
    (r"#\s*pragma\s+GCC\s+poison", ("src/base/banned.h",), "names are banned in base/banned.h"),
)
COMMENT_RULES = (
    (r"NOLINT|cppcheck-suppress|fallthru", "exceptions to checks: there are none"),
)


def without_comments(text):
    """The text with comments and string contents blanked out; lines stay where they are."""
    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return token[0] + " " * (len(token) - 2) + token[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def main():
    findings = []
    for path in tree.files("src", "test"):
        text = "\n".join(tree.lines(path))
        for number, line in enumerate(without_comments(text).split("\n"), 1):
            for pattern, where, why in RULES:
                if re.search(pattern, line) and not path.startswith(where):
                    findings.append(f"{path}:{number}: {line.strip()}: {why}")
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, why in COMMENT_RULES:
                if re.search(pattern, line):
                    findings.append(f"{path}:{number}: {why}")
    tree.end(findings)


main()
