"""Rooms include lower rooms only (src/LAYERS), and foreign headers stay in the rooms that wrap them."""

import re

import tree

# Foreign header -> the rooms that may name it. Everybody else goes through these rooms.
FOREIGN = {
    "bearssl": {"tls", "crypto"},
    "sqlite3": {"store", "search", "directory"},
    "curl": {"http"},
    "zlib": {"codec", "net"},
    "sodium": {"crypto"},
    "crypt.h": {"crypto"},
    "libpq": {"backend"},
    "mysql": {"backend"},
    "ldap": {"backend"},
    "lber": {"backend"},
}


def foreign_room(header):
    for name, rooms in FOREIGN.items():
        if header == name or header.startswith((name + ".", name + "/", name + "_", name + "-")):
            return rooms
    return None


def main():
    allowed, findings = tree.rooms(), []
    for path in tree.files("src"):
        if path == "src/base/banned.h":
            continue
        room = path.split("/")[1]
        if room not in allowed:
            findings.append(f"{path}: room {room} is not in src/LAYERS")
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            quote, header = match.groups()
            if quote == '"':
                target = header.split("/")[0]
                if "/" in header and target not in allowed[room]:
                    findings.append(f"{path}:{number}: {room} must not include {header}")
                elif "/" not in header and header != "versions.h":
                    findings.append(f'{path}:{number}: write the room too: "{room}/{header}"')
            else:
                rooms = foreign_room(header)
                if rooms is not None and room not in rooms:
                    where = ", ".join(sorted(rooms))
                    findings.append(f"{path}:{number}: <{header}> belongs to {where}")
    tree.end(findings)


main()
