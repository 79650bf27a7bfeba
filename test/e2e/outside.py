"""A client from a public address: PROXY headers or XCLIENT name it, for listeners that trust loopback to tell."""

import smtplib
import socket


class Client(smtplib.SMTP):
    """A session that comes from this address."""

    def __init__(self, server, address, way="PROXY"):
        self.server, self.address, self.way = server, address, way
        super().__init__(server.host, server.port("smtp"), local_hostname="mx.origin.test", timeout=20)
        if way == "XCLIENT":
            self.ehlo()
            self.code, _ = self.docmd("XCLIENT", f"ADDR={'IPV6:' if ':' in address else ''}{address}")

    def _get_socket(self, host, port, timeout):
        s = socket.create_connection((host, port), timeout)
        family, own = ("TCP6", "2001:db8::1") if ":" in self.address else ("TCP4", "198.51.100.1")
        s.sendall(b"PROXY UNKNOWN\r\n" if self.way == "XCLIENT" else f"PROXY {family} {self.address} {own} 5000 25\r\n".encode())
        return s
