"""A program on a terminal of its own, played by what its screen says.

    with Terminal("mutt", "-F", rc, env={..}) as t:
        t.expect("Quit")        # waits until the words have been written
        t.send("q")
        status = t.end()        # waits for the program's end

expect() looks only at what was written after the last match, without escape sequences, and it raises
ScreenError, with the last of what came, when the words do not come. Nothing sleeps; every wait has an event.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

ROWS, COLUMNS = 40, 120
PATIENCE_SECONDS = 20  # far above what any program needs, also on a busy machine
SEEN_MAX = 1 << 20     # a program that writes more than this between two matches is lost
# CSI, OSC, character sets, and single-letter escapes (ECMA-48 5.3 to 5.6)
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()*+].|[@-Z\\^_=>78cDEHM])|[\x00-\x09\x0b-\x1a\x1c-\x1f]")


class ScreenError(Exception):
    """The program did not write what was waited for."""


class Terminal:
    def __init__(self, *command, env=None):
        self.seen, self.status = "", None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(env or {})})
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, deadline):
        """Some more of the screen; False at the end of the program's output."""
        if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
            raise ScreenError(f"nothing came after: {self.text()[-1500:]!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: the other side is closed
            data = b""
        self.seen += data.decode("utf-8", "replace")
        if len(self.seen) > SEEN_MAX:
            raise ScreenError("too much came")
        return bool(data)

    def plain(self):
        """What was written without escape sequences, and where each letter ends in what was written."""
        text, ends, at = [], [], 0
        for escape in [*ESCAPES.finditer(self.seen), None]:
            until = escape.start() if escape else len(self.seen)
            text.append(self.seen[at:until])
            ends.extend(range(at + 1, until + 1))
            at = escape.end() if escape else until
        return "".join(text), ends

    def text(self):
        return self.plain()[0]

    def wait(self, what, find):
        """Read until find() gives a place in what was written, and go on after it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := find()) is None:
            if not self.read(deadline):
                raise ScreenError(f"ended before {what!r}: {self.text()[-1500:]!r}")
        self.seen = self.seen[at:]

    def expect(self, words):
        def find():
            text, ends = self.plain()
            return ends[text.index(words) + len(words) - 1] if words in text else None
        self.wait(words, find)

    def expect_escape(self, pattern):
        """Wait for what moves the cursor or changes its colour, by a regular expression over all that is written."""
        def find():
            match = re.search(pattern, self.seen)
            return match.end() if match else None
        self.wait(pattern, find)

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        """Read until the program ends; its exit status."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read(deadline):
            self.seen = self.seen[-65536:]
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
