"""An IMAP client that hides nothing: bytes out, responses in.

    wire = Wire(port, user, secret)
    tag = wire.send(b'SELECT "x"')              several may be sent before an answer is read (pipelining)
    answer = wire.read(tag)                     answer.ok, answer.lines: [Line], answer.text: all of them
    answer = wire.do(b'NOOP')                   both

A Line has its text, literals cut out, and the literals. EOFError: the server is gone.
"""

import re
import socket


class Line:
    def __init__(self, text, literals):
        self.text, self.literals = text, literals


class Answer:
    """The responses up to a tagged one, which is the last."""

    def __init__(self, lines):
        self.lines = lines
        self.status = lines[-1].text.split(b" ")[1]
        self.ok = self.status == b"OK"
        self.text = b"\n".join(line.text for line in lines)

    def number(self, pattern):
        """The largest number that follows `pattern`; 0: it is not there."""
        return max((int(n) for n in re.findall(pattern + rb" \(?(\d+)", self.text)), default=0)

    def fetched(self):
        """{uid: Line} of the FETCH responses; the last one of each message counts."""
        return {int(re.search(rb"UID (\d+)", line.text).group(1)): line
                for line in self.lines if re.match(rb"\* \d+ FETCH .*UID \d", line.text)}


class Wire:
    def __init__(self, port, user, secret):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.socket.makefile("rb")
        self.tags = 0
        self.line()
        self.do(f'LOGIN {user} "{secret}"'.encode())
        self.do(b"ENABLE QRESYNC")

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, command):
        self.tags += 1
        tag = b"t%d" % self.tags
        self.socket.sendall(tag + b" " + command + b"\r\n")
        return tag

    def line(self):
        text, literals = b"", []
        while True:
            piece = self.file.readline()
            if not piece.endswith(b"\r\n"):
                raise EOFError
            text += piece[:-2]
            literal = re.search(rb"\{(\d+)\}$", text)
            if not literal:
                return Line(text, literals)
            literals.append(self.file.read(int(literal.group(1))))
            if len(literals[-1]) < int(literal.group(1)):
                raise EOFError

    def read(self, tag):
        lines = [self.line()]
        while not lines[-1].text.startswith(tag + b" "):
            lines.append(self.line())
        return Answer(lines)

    def do(self, command):
        return self.read(self.send(command))


def numbers(text):
    """sequence-set to a list: b"1:3,7" is [1, 2, 3, 7]."""
    found = []
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        found += range(int(first), int(last or first) + 1)
    return found


def flags_of(line):
    """The FLAGS of a FETCH response as a set, without \\Recent, which is the session's."""
    return frozenset(re.search(rb"FLAGS \(([^)]*)\)", line.text).group(1).decode().split()) - {r"\Recent"}
