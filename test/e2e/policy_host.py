"""An HTTPS server of one page, at port 443 of an address of lab.py's network: MTA-STS policies, TLS reports.

    with PolicyHost("127.0.0.9", ca.issue("mta-sts.example.test")) as host:
        host.say(POLICY.format(mode="enforce", mx="mx.example.test", age=86400))
        host.say("no", status="404 Not Found")
        host.answer = bytes, or a function of the connection
        host.asked                       request lines; host.heads, host.bodies; host.names: what SNI said
"""

import re
import socket
import threading

POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"


class PolicyHost:
    """HTTPS at port 443 of one address; `answer` is bytes, or a function of the connection."""

    def __init__(self, host, certificate, answer=b""):
        self.host, self.context, self.answer = host, certificate.context(), answer
        self.asked = []  # request lines
        self.heads, self.bodies = [], []  # of requests
        self.names = []  # of SNI
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        self.listener = socket.create_server((host, 443))
        threading.Thread(target=self.serve, daemon=True).start()

    def say(self, body, kind="text/plain", status="200 OK", more=""):
        body = body.encode() if isinstance(body, str) else body
        self.answer = (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}"
                       "Connection: close\r\n\r\n").encode() + body

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            with connection, self.context.wrap_socket(connection, server_side=True) as tls:
                head = b""
                while b"\r\n\r\n" not in head:
                    data = tls.recv(4096)
                    if not data:
                        return
                    head += data
                head, body = head.split(b"\r\n\r\n", 1)
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                while length and len(body) < int(length[1]):
                    body += tls.recv(65536)
                self.heads.append(head.decode())
                self.bodies.append(body)
                self.asked.append(head.split(b"\r\n")[0].decode())
                if callable(self.answer):
                    self.answer(tls)
                else:
                    tls.sendall(self.answer)
                    tls.unwrap()
        except OSError:
            pass

    def close(self):
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
