"""Files have at most 800 lines and functions at most 100; constant tables do not count (style.md section 1)."""

import re

import tree

FILE_MAX = 800
FUNCTION_MAX = 100


def without_tables(text):
    """(number, line) of the lines outside `static const .. = {` up to its `};` at the left margin."""
    inside = False
    for number, line in enumerate(text, 1):
        if inside:
            inside = not re.match(r"\}.*;", line)
        elif re.match(r"(static )?const .*\{\s*(/\*.*)?$", line) and not line.endswith(";"):
            inside = True
        else:
            yield number, line


def main():
    findings = []
    for path in tree.files("src", "test"):
        rest = list(without_tables(tree.lines(path)))
        if len(rest) - 1 > FILE_MAX:
            findings.append(f"{path}: {len(rest) - 1} lines, at most {FILE_MAX}")
        start = None
        for number, line in rest:
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                length = number - start + 1
                if length > FUNCTION_MAX:
                    findings.append(f"{path}:{start}: function of {length} lines, at most {FUNCTION_MAX}")
                start = None
    tree.end(findings)


main()
