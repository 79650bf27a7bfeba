"""What the checks share: the files of ours, the rooms and their order, and the way of telling findings."""

import os
import re
import sys

CODE = (".c", ".h")


def files(*tops, suffixes=CODE):
    """Every file of ours with one of these suffixes below the given folders, in order."""
    for top in tops:
        for folder, folders, names in sorted(os.walk(top)):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.join(folder, name)


def lines(path):
    """The lines of a file, without their ends."""
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")


def rooms():
    """For each room of src/LAYERS, the set of rooms it may include (and itself)."""
    allowed, below = {}, set()
    for line in lines("src/LAYERS"):
        line = re.sub(r"\s*<\s*", "<", line.split("#")[0]).strip()
        floor = set()
        for chain in line.split():
            left = set()
            for room in chain.split("<"):
                allowed[room] = below | left | {room}
                left.add(room)
                floor.add(room)
        below = below | floor
    return allowed


def end(findings):
    """Print what was found; exit status 1 when there is something."""
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)
