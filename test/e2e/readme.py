"""README.md as tests read it: what it prints is what they run."""

import os
import re

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")


def section(heading):
    """From its heading, with the #s, to the next one that is not below it."""
    level = heading.split(" ")[0]
    with open(README, encoding="utf-8") as file:
        text = file.read().split(f"\n{heading}\n")[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", text)[0]


def blocks(heading):
    """The indented blocks of a section, without their indentation."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section(heading) + "\n", re.M)
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n") + "\n" for block in found]


def settings(heading):
    """Those of the blocks that are settings."""
    return [block for block in blocks(heading) if block.startswith("[")]
