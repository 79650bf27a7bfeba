"""What one client knows of its own mailboxes, and the changes it may ask for.

A State is what is there: mailboxes by name, in each the messages by UID. Flags belong to a message, in how many
mailboxes it may be; \\Deleted to its place in one. A Change has the command and apply(state, answer), which makes
of the state before it the state after it; without an answer the new UIDs are unknown (None) and come last.
What is found after a crash must be the last state that was answered, or one that the changes on their way lead to.
"""

import copy
import re
from urllib.parse import quote

from imap_wire import numbers

DELETED = r"\Deleted"
FLAGS = [r"\Seen", r"\Flagged", r"\Answered", r"\Draft", "$kill", "other"]
COPIES_MAX = 6   # of one message; the server has a limit of its own
BOX_MAX = 14     # messages; fuller ones are emptied first, so that comparing stays quick


class Place:
    """A message in a mailbox."""

    def __init__(self, uid, number, is_deleted=False):
        self.uid, self.number, self.is_deleted = uid, number, is_deleted

    def __repr__(self):
        return f"{self.uid}:m{self.number}{'D' if self.is_deleted else ''}"


class Box:
    def __init__(self, id=None, comment=None):
        self.id, self.comment, self.places = id, comment, []

    def __repr__(self):
        return f"{self.id} {self.comment} {self.places}"


class State:
    def __init__(self):
        self.boxes = {}   # name -> Box
        self.flags = {}   # message's number -> its flags but \Deleted

    def known(self, name):
        """The places whose UIDs are known."""
        return [place for place in self.boxes[name].places if place.uid]

    def copies(self, number):
        return sum(place.number == number for box in self.boxes.values() for place in box.places)

    def seen(self, name):
        """{uid: flags} as FETCH would tell them."""
        return {place.uid: self.flags[place.number] | ({DELETED} if place.is_deleted else set()) for place in self.known(name)}

    def differs(self, found, uid_floor):
        """Why `found`, all of whose UIDs are known, is not this state; "" when it is."""
        if set(found.boxes) != set(self.boxes):
            return f"mailboxes {sorted(found.boxes)}, want {sorted(self.boxes)}"
        for name, want in self.boxes.items():
            box = found.boxes[name]
            if want.id not in (None, box.id) or want.comment != box.comment:
                return f"{name}: {box}, want {want}"
            uids = {place.uid for place in want.places if place.uid}
            new = [place for place in box.places if place.uid not in uids]
            places = [place for place in box.places if place.uid in uids] + new
            order = sorted(self.known(name), key=lambda place: place.uid) + [place for place in want.places if not place.uid]
            if [(p.number, p.is_deleted) for p in places] != [(p.number, p.is_deleted) for p in order] or len(places) - len(new) != len(uids):
                return f"{name}: {box}, want {want}"
            if any(place.uid < uid_floor.get(box.id, 1) for place in new):
                return f"{name}: a UID comes again: {new}, UIDNEXT was {uid_floor.get(box.id)}"
            for place in places:
                if found.flags[place.number] != self.flags[place.number]:
                    return f"{name}: {place} has {set(found.flags[place.number])}, want {set(self.flags[place.number])}"
        return ""


class Change:
    """One command: what it is, and what it makes of a state."""

    def __init__(self, command, effect, stored=()):
        self.command, self.effect = command, effect
        self.stored = stored   # UIDs of the selected mailbox whose flags change

    def apply(self, state, answer=None):
        after = copy.deepcopy(state)
        self.effect(after, answer.text if answer else b"")
        return after

    def __repr__(self):
        return repr(self.command[:120])


def quoted(name):
    return b'"' + name.encode() + b'"'


def literal(data):
    return b"{%d+}\r\n" % len(data) + data


def flag_list(flags):
    return b"(" + " ".join(sorted(flags)).encode() + b")"


def uid_set(places):
    return b",".join(b"%d" % place.uid for place in places)


def told_uids(text, code, count):
    """The new UIDs of APPENDUID and COPYUID; Nones while they are unknown."""
    found = re.search(code + rb" \d+ (?:[\d:,]+ )?([\d:,]+)\]", text)
    return numbers(found.group(1)) if found else [None] * count


def put(state, box, messages, text):
    """messages: [(number, flags)]"""
    for (number, flags), uid in zip(messages, told_uids(text, b"APPENDUID", len(messages)), strict=True):
        state.boxes[box].places.append(Place(uid, number, DELETED in flags))
        state.flags[number] = frozenset(flags) - {DELETED}


def append(box, messages):
    """messages: [(number, flags, bytes)]; more than one is MULTIAPPEND (RFC 3502)."""
    command = b"APPEND " + quoted(box) + b"".join(b" " + flag_list(flags) + b" " + literal(data) for _, flags, data in messages)
    return Change(command, lambda state, text: put(state, box, [m[:2] for m in messages], text))


def catenate(box, number, flags, header, source, place):
    """A new header before an old text (RFC 4469)."""
    command = (b"APPEND " + quoted(box) + b" " + flag_list(flags) + b" CATENATE (TEXT " + literal(header) +
               b' URL "/%s/;UID=%d/;SECTION=TEXT")' % (quote(source).encode(), place.uid))
    return Change(command, lambda state, text: put(state, box, [(number, flags)], text))


def remove(state, box, uids):
    state.boxes[box].places = [place for place in state.boxes[box].places if place.uid is None or place.uid not in uids]


def replace(selected, place, box, number, flags, data):
    """RFC 8508"""
    def effect(state, text):
        remove(state, selected, {place.uid})
        put(state, box, [(number, flags)], text)
    return Change(b"UID REPLACE %d " % place.uid + quoted(box) + b" " + flag_list(flags) + b" " + literal(data), effect)


def carry(verb, selected, places, box):
    """COPY and MOVE. A copy is not \\Deleted."""
    places = sorted(places, key=lambda place: place.uid)

    def effect(state, text):
        if verb == b"MOVE":
            remove(state, selected, {place.uid for place in places})
        for place, uid in zip(places, told_uids(text, b"COPYUID", len(places)), strict=True):
            state.boxes[box].places.append(Place(uid, place.number))
    return Change(b"UID " + verb + b" " + uid_set(places) + b" " + quoted(box), effect)


def store(state, selected, places, sign, flags, is_silent):
    uids = {place.uid for place in places}

    def new(old):
        return old | flags if sign == "+" else old - flags if sign == "-" else frozenset(flags)

    def effect(state, _):
        for place in state.boxes[selected].places:
            if place.uid in uids:
                place.is_deleted = bool(new({DELETED} if place.is_deleted else set()) & {DELETED})
                state.flags[place.number] = new(state.flags[place.number]) - {DELETED}
    before = state.seen(selected)
    command = b"UID STORE " + uid_set(places) + f" {sign}FLAGS{'.SILENT' if is_silent else ''} ".encode() + flag_list(flags)
    return Change(command, effect, [uid for uid in uids if before[uid] != new(before[uid])])


def expunge(state, selected, places):
    """places: UID EXPUNGE of these; None: EXPUNGE"""
    def effect(state, _):
        kept = [p for p in state.boxes[selected].places if not p.is_deleted or (uids is not None and p.uid not in uids)]
        state.boxes[selected].places = kept
    uids = {place.uid for place in places} if places is not None else None
    return Change(b"EXPUNGE" if places is None else b"UID EXPUNGE " + uid_set(places), effect)


def create(box):
    def effect(state, text):
        id = re.search(rb"MAILBOXID \(([^)]+)\)", text)
        state.boxes[box] = Box(id.group(1) if id else None)
    return Change(b"CREATE " + quoted(box), effect)


def delete(box):
    return Change(b"DELETE " + quoted(box), lambda state, _: state.boxes.pop(box))


def rename(box, to):
    """With all that is below it."""
    def effect(state, _):
        for name in [n for n in state.boxes if n == box or n.startswith(box + "/")]:
            state.boxes[to + name[len(box):]] = state.boxes.pop(name)
    return Change(b"RENAME " + quoted(box) + b" " + quoted(to), effect)


def comment(box, value):
    def effect(state, _):
        state.boxes[box].comment = value
    return Change(b"SETMETADATA " + quoted(box) + b" (/private/comment " + (b"NIL" if value is None else b'"' + value + b'"') + b")", effect)
