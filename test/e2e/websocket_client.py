"""A WebSocket client on raw sockets, which may also break the rules (RFC 6455, RFC 7692).

    ws = WebSocket(server.port("http"), "/jmap/ws", protocol="jmap", headers={"Authorization": ..})
    ws.send("text"); ws.text()                      # messages
    ws.frame(0x1, b"half", final=False)             # frames as one likes
    ws.next()                                       # (opcode, payload) of any message or control frame

With deflate=True permessage-deflate is offered; `ws.compressed` tells whether the last message was.
"""

import base64
import hashlib
import os
import socket
import struct
import zlib

from harness import insecure_tls

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Refused(Exception):
    def __init__(self, status, head):
        super().__init__(f"HTTP {status}")
        self.status, self.head = status, head


class WebSocket:
    def __init__(self, port, path, protocol=None, headers=None, deflate=False, tls=False, timeout=20,
                 host="127.0.0.1", receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, port))
        if tls:
            self.socket = insecure_tls().wrap_socket(self.socket)
        self.buffer = b""
        self.compressed = False
        key = base64.b64encode(os.urandom(16))
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + key.decode()]
        if protocol:
            lines.append("Sec-WebSocket-Protocol: " + protocol)
        if deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.socket.sendall("\r\n".join(lines + ["", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode().split("\r\n")
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in self.head[1:])}
        status = int(self.head[0].split()[1])
        if status != 101:
            raise Refused(status, self.headers)
        want = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()
        assert self.headers["sec-websocket-accept"] == want, self.headers
        self.deflate = "permessage-deflate" in self.headers.get("sec-websocket-extensions", "")

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError("the server closed")
        self.buffer += piece

    def _take(self, n):
        while len(self.buffer) < n:
            self._more()
        piece, self.buffer = self.buffer[:n], self.buffer[n:]
        return piece

    def frame(self, opcode, payload=b"", final=True, rsv1=False):
        """One masked frame as bytes on the wire."""
        n = len(payload)
        head = bytes([opcode | (0x80 if final else 0) | (0x40 if rsv1 else 0)])
        if n < 126:
            head += bytes([0x80 | n])
        elif n < 65536:
            head += b"\xfe" + struct.pack(">H", n)
        else:
            head += b"\xff" + struct.pack(">Q", n)
        mask = os.urandom(4)
        stream = (mask * (n // 4 + 1))[:n]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(n, "big")
        self.socket.sendall(head + mask + masked)

    def send(self, text, fragment=None):
        """A text message; compressed when that was agreed on, in fragments when asked."""
        data = text.encode() if isinstance(text, str) else text
        if self.deflate:
            z = zlib.compressobj(wbits=-15)
            data = (z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]
        size = fragment or max(len(data), 1)
        pieces = [data[i:i + size] for i in range(0, len(data), size)] or [b""]
        for at, piece in enumerate(pieces):
            self.frame(TEXT if at == 0 else 0, piece, final=at == len(pieces) - 1,
                       rsv1=self.deflate and at == 0)

    def _frame(self):
        first, second = self._take(2)
        assert not second & 0x80, "servers do not mask"
        n = second & 0x7f
        if n == 126:
            n = struct.unpack(">H", self._take(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self._take(8))[0]
        return first, self._take(n)

    def next(self):
        """(opcode, payload): a whole message, or a control frame."""
        whole, opcode = b"", None
        while True:
            first, payload = self._frame()
            if first & 0x0f >= 8:
                return first & 0x0f, payload
            if opcode is None:
                opcode, self.compressed = first & 0x0f, bool(first & 0x40)
            else:
                assert first & 0x4f == 0, "continuations have no opcode and no bit"
            whole += payload
            if first & 0x80:
                break
        if self.compressed:
            whole = zlib.decompressobj(wbits=-15).decompress(whole + b"\0\0\xff\xff")
        return opcode, whole

    def text(self):
        opcode, payload = self.next()
        if opcode != TEXT:
            raise EOFError(f"opcode {opcode}: {payload!r}")
        return payload.decode()

    def close_code(self):
        """Read up to the server's Close; its code, or None without one. And then nothing comes."""
        while True:
            opcode, payload = self.next()
            if opcode == CLOSE:
                break
        try:
            self._take(1)
            return -1
        except (EOFError, ConnectionResetError):
            return struct.unpack(">H", payload[:2])[0] if payload else None

    def close(self):
        self.socket.close()
