"""The other end of a milter, as an MTA is: one message after another over one connection.

    with Milter(port, "93.184.216.10", "mx.a.test") as milter:
        milter.judge("ann@a.test", "bob@b.test", data)     what the filter adds: [(name, value)]
"""

import socket
import struct

VERSION = 6
ACTIONS = 0x1FF  # all changes that a filter may ask for
CONTINUE = b"c"
FINAL = (b"a", b"c", b"d", b"r", b"t")
CHUNK = 65535


class Milter:
    def __init__(self, port, client, hello):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._send(b"O", struct.pack("!III", VERSION, ACTIONS, 0))  # every step is asked for, and answered
        if self._receive()[0] != b"O":
            raise RuntimeError("the filter does not negotiate")
        self._step(b"C", hello.encode() + b"\0" + b"4" + struct.pack("!H", 5000) + client.encode() + b"\0")
        self._step(b"H", hello.encode() + b"\0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._send(b"Q")
        self.socket.close()

    def _send(self, command, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise RuntimeError("the filter hung up")
            data += piece
        return data

    def _receive(self):
        count, = struct.unpack("!I", self._exactly(4))
        data = self._exactly(count)
        return data[:1], data[1:]

    def _step(self, command, data=b""):
        self._send(command, data)
        answer, _ = self._receive()
        if answer != CONTINUE:  # also "accept": it would have no interest
            raise RuntimeError(f"the filter says {answer} to {command}")

    def judge(self, sender, recipient, data):
        header, _, body = data.partition(b"\r\n\r\n")
        self._step(b"M", f"<{sender}>".encode() + b"\0")
        self._step(b"R", f"<{recipient}>".encode() + b"\0")
        for field in header.replace(b"\r\n\t", b"\n\t").replace(b"\r\n ", b"\n ").split(b"\r\n"):
            name, _, value = field.partition(b":")
            self._step(b"L", name + b"\0" + value.removeprefix(b" ") + b"\0")
        self._step(b"N")
        for at in range(0, len(body), CHUNK):
            self._step(b"B", body[at:at + CHUNK])
        self._send(b"E")
        added = []
        while True:
            answer, argument = self._receive()
            if answer in FINAL:
                return added
            if answer == b"i":
                argument = argument[4:]
            if answer in (b"h", b"i"):
                added.append(tuple(text.decode(errors="replace") for text in argument.split(b"\0")[:2]))
