"""What the peers ask before they take a recipient, so that a test can make each of them greylist or refuse.

    with Policy() as policy:
        policy.at("bob@postfix.test", "450 4.7.1 Greylisted", times=1)
        peer = Postfix(policy=policy)

Speaks Postfix's policy protocol (attributes, an empty line; "action=.."), which peers.py has Exim and OpenSMTPD
speak too. Recipients that no rule names are taken. policy.asked has every recipient, in order.
"""

import socket
import threading

TAKEN = "DUNNO"


class Policy:
    def __init__(self):
        self.asked = []
        self._rules = []  # [recipient, reply, how often still or None]
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def at(self, recipient, reply, times=None):
        """Answer with `reply`, such as "450 4.7.1 Later", so many times (None: always)."""
        with self._lock:
            self._rules.append([recipient.lower(), reply, times])

    def behave(self):
        with self._lock:
            self._rules.clear()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    def _accept(self):
        while True:
            try:
                s, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(s,), daemon=True).start()

    def _talk(self, s):
        recipient = ""
        try:
            with s, s.makefile("r", encoding="utf-8", errors="surrogateescape") as f:
                for line in f:
                    key, _, value = line.rstrip("\n").partition("=")
                    if key == "recipient":
                        recipient = value
                    elif not key:
                        s.sendall(f"action={self._answer(recipient)}\n\n".encode())
        except OSError:
            pass

    def _answer(self, recipient):
        with self._lock:
            self.asked.append(recipient)
            for rule in self._rules:
                if rule[0] == recipient.lower() and rule[2] != 0:
                    if rule[2] is not None:
                        rule[2] -= 1
                    return rule[1]
        return TAKEN
