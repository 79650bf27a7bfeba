"""A small authoritative DNS server in this process, over UDP and TCP, for whatever zones a test likes.

    zones = {
        ("example.test", "MX"): [(10, "mx1.example.test"), (20, "mx2.example.test")],
        ("mx1.example.test", "A"): ["127.0.0.2"],
        ("mx1.example.test", "AAAA"): ["::1"],
        ("www.example.test", "CNAME"): ["mx1.example.test"],
        ("example.test", "TXT"): ["v=spf1 mx -all"],               (a list in the list: several strings)
        ("_25._tcp.mx1.example.test", "TLSA"): [certificate.tlsa()],
        ("_imap._tcp.example.test", "SRV"): [(0, 1, 143, "imap.example.test")],
        ("example.test", "CAA"): [(0, "issue", "letsencrypt.org")],
        (reverse("127.0.0.2"), "PTR"): ["mx1.example.test"],
        ("nomail.test", "MX"): [NULL_MX],
        ("broken.test", "MX"): SERVFAIL,
        ("mute.test", ANY): TIMEOUT,                               (every type of this name)
        ("slow.test", "A"): Slow(1.5, ["127.0.0.3"]),
    }
    with DnsServer(zones) as dns:            on 127.0.0.1, a free port; DnsServer(zones, port=53) in lab.py's network
        dns.port, dns.address                "127.0.0.1:5353"
        dns.zones["late.test", "A"] = ["127.0.0.4"]                 at any time
        dns.secure.add("example.test")       answers about this name and what is below it have AD; "" is all
        dns.truncated.add("example.test")    UDP answers about this name say "ask again over TCP"
        dns.zones.update(parse_zone(text))   records as `domain dns` prints them
        dns.count("example.test", "MX")      how often that was asked; dns.questions has all, with time and transport

A name that has no record and none below it does not exist (NXDOMAIN); one that has others is answered
with none. Such answers carry a SOA (RFC 2308 3). CNAMEs are followed within the zones. UDP answers are as
long as the question's EDNS0 record allows, 512 bytes without one; EDNS0 is answered by EDNS0 (RFC 6891).
"""

import ipaddress
import shlex
import socket
import struct
import threading
import time
from collections import namedtuple

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "TLSA": 52, "CAA": 257}
NAMES = {number: name for name, number in TYPES.items()}
OPT = 41
ANY = "*"
NULL_MX = (0, "")  # RFC 7505: no mail for this domain
UDP_PLAIN = 512  # bytes, RFC 1035 4.2.1
UDP_MOST = 4096
TCP_IDLE_SECONDS = 10
FLAG_QR, FLAG_AA, FLAG_TC, FLAG_RD, FLAG_RA, FLAG_AD, FLAG_DO = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x20, 0x8000

Failure = namedtuple("Failure", "rcode")
NXDOMAIN, SERVFAIL, REFUSED, FORMERR = Failure(3), Failure(2), Failure(5), Failure(1)
TIMEOUT = Failure(None)
Slow = namedtuple("Slow", "seconds records")  # records: a list, or a failure
Question = namedtuple("Question", "time transport name type")


def reverse(address):
    """The name under which the PTR record of an address stands."""
    return ipaddress.ip_address(address).reverse_pointer


def _whole(name):
    """A name that a zone's origin is not put behind."""
    assert name.endswith("."), name
    return name.rstrip(".")


def parse_zone(text):
    """{(name, type): [data]} of NAME TYPE DATA lines, as DnsServer takes them; strings of TXT are kept apart."""
    zones = {}
    for line in text.split("\n"):
        if not line or line.startswith(";"):
            continue
        name, kind, data = line.split(" ", 2)
        words = shlex.split(data)
        values = {"TXT": lambda: words, "MX": lambda: (int(words[0]), _whole(words[1])), "CNAME": lambda: _whole(words[0]),
                  "SRV": lambda: (*map(int, words[:3]), _whole(words[3])), "A": lambda: words[0],
                  "TLSA": lambda: (*map(int, words[:3]), words[3]), "CAA": lambda: (int(words[0]), *words[1:])}
        zones.setdefault((_whole(name), kind), []).append(values[kind]())
    return zones


def wire_name(name):
    """A name in its form on the wire; also labels of 63 bytes and UTF-8."""
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def read_name(data, at):
    """The name that begins at `at`, in lower case, and where it ends (a question's name has no pointers)."""
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("utf-8", "replace").lower())
        at += 1 + data[at]
    return ".".join(labels), at + 1


def record_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind in ("NS", "CNAME", "PTR"):
        return wire_name(value)
    if kind == "MX":
        return struct.pack("!H", value[0]) + wire_name(value[1])
    if kind == "SRV":
        return struct.pack("!HHH", *value[:3]) + wire_name(value[3])
    if kind == "TLSA":
        return bytes(value[:3]) + bytes.fromhex(value[3])
    if kind == "CAA":
        return bytes([value[0], len(value[1])]) + value[1].encode() + value[2].encode()
    strings = [value] if isinstance(value, (str, bytes)) else value
    if kind == "TXT":
        strings = [s.encode() if isinstance(s, str) else s for s in strings]
        # RFC 1035 3.3.14: one record is one or more strings of at most 255 bytes.
        parts = [s[i:i + 255] for s in strings for i in range(0, max(len(s), 1), 255)]
        return b"".join(bytes([len(part)]) + part for part in parts)
    raise ValueError(f"records of type {kind} are not served")


class DnsServer:
    def __init__(self, zones=None, host="127.0.0.1", port=0, ttl=60):
        self.zones = {} if zones is None else zones
        self.secure, self.truncated = set(), set()
        self.ttl = ttl
        self.questions = []
        self._lock = threading.Lock()
        self._is_open = True
        self.host = host
        self._udp, self._tcp, self.port = self._bind(port)
        for target in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=target, daemon=True).start()

    def _bind(self, port):
        """Both sockets on one port; a free one when `port` is 0."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        for _ in range(100):
            udp = socket.socket(family, socket.SOCK_DGRAM)
            tcp = socket.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                udp.bind((self.host, port))
                tcp.bind((self.host, udp.getsockname()[1]))
                tcp.listen(64)
                return udp, tcp, udp.getsockname()[1]
            except OSError:
                udp.close()
                tcp.close()
                if port:
                    raise
        raise RuntimeError("no port is free for both UDP and TCP")

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def count(self, name=None, kind=None, transport=None):
        """How many questions there were about this name, of this type, over "udp" or "tcp"; None is any."""
        with self._lock:
            return sum(1 for q in self.questions if name in (None, q.name) and kind in (None, q.type)
                       and transport in (None, q.transport))

    def close(self):
        self._is_open = False
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        # A thread in recvfrom() is not woken by close(): one datagram lets it see that we are closed.
        with socket.socket(self._udp.family, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self._udp.getsockname())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()

    # --- transports ------------------------------------------------------------------------------------

    def _serve_udp(self):
        while True:
            data, peer = self._udp.recvfrom(65535)
            if not self._is_open:
                self._udp.close()
                return
            threading.Thread(target=self._answer_udp, args=(data, peer), daemon=True).start()

    def _answer_udp(self, data, peer):
        answer = self._answer(data, "udp")
        if answer is not None and self._is_open:
            self._udp.sendto(answer, peer)

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._talk_tcp, args=(connection,), daemon=True).start()

    def _talk_tcp(self, connection):
        connection.settimeout(TCP_IDLE_SECONDS)
        try:
            with connection, connection.makefile("rb") as f:
                while len(head := f.read(2)) == 2:
                    answer = self._answer(f.read(struct.unpack("!H", head)[0]), "tcp")
                    if answer is not None:
                        connection.sendall(struct.pack("!H", len(answer)) + answer)
        except OSError:
            pass

    # --- answers ---------------------------------------------------------------------------------------

    def _answer(self, data, transport):
        """The answer to one message; None is silence. What is no question gets FORMERR, or nothing."""
        if len(data) < 12:
            return None
        ident, flags, questions, _, _, additional = struct.unpack("!6H", data[:12])
        try:
            name, end = read_name(data, 12)
            number, _ = struct.unpack("!HH", data[end:end + 4])
        except (IndexError, struct.error):
            return struct.pack("!6H", ident, FLAG_QR | FORMERR.rcode, 0, 0, 0, 0)
        if flags & FLAG_QR or questions != 1:
            return None
        question = data[12:end + 4]
        edns_size, wants_proof = self._edns(data, end + 4, additional)
        kind = NAMES.get(number, f"TYPE{number}")
        with self._lock:
            self.questions.append(Question(time.time(), transport, name, kind))

        rcode, answers, is_missing = self._look(name, kind)
        if rcode is None:
            return None
        flags = FLAG_QR | FLAG_AA | FLAG_RA | (flags & FLAG_RD) | rcode
        if self._covers(self.secure, name):
            flags |= FLAG_AD
        authority = [self._soa(name)] if is_missing else []
        options = [] if edns_size is None else [b"\0" + struct.pack("!HHIH", OPT, UDP_MOST, FLAG_DO if wants_proof else 0, 0)]
        most = UDP_PLAIN if edns_size is None else max(UDP_PLAIN, min(edns_size, UDP_MOST))
        body = question + b"".join(answers + authority + options)
        if transport == "udp" and (12 + len(body) > most or self._covers(self.truncated, name)):
            flags |= FLAG_TC
            answers, authority = [], []
            body = question + b"".join(options)
        return struct.pack("!6H", ident, flags, 1, len(answers), len(authority), len(options)) + body

    @staticmethod
    def _edns(data, at, additional):
        """(size, DO) of the question's OPT record (RFC 6891 6.1.2), (None, False) without one."""
        if additional != 1 or data[at:at + 3] != struct.pack("!BH", 0, OPT):
            return None, False
        size, extended = struct.unpack("!HI", data[at + 3:at + 9])
        return size, bool(extended & FLAG_DO)

    @staticmethod
    def _covers(names, name):
        return any(n == "" or name == n or name.endswith("." + n) for n in names)

    def _find(self, name, kind):
        """What the zones say about a name and type: a list, a failure, or None."""
        found = self.zones.get((name, kind), self.zones.get((name, ANY)))
        if isinstance(found, Slow):
            time.sleep(found.seconds)
            found = found.records
        return found

    def _look(self, name, kind):
        """(rcode, records on the wire, whether there are none); rcode None is silence."""
        answers = []
        for _ in range(10):
            found = self._find(name, kind)
            if isinstance(found, Failure):
                return found.rcode, answers, found == NXDOMAIN
            if found:
                return 0, answers + [self._record(name, kind, value) for value in found], False
            alias = None if kind == "CNAME" else self._find(name, "CNAME")
            if not alias or isinstance(alias, Failure):
                break
            answers.append(self._record(name, "CNAME", alias[0]))
            name = alias[0].lower()
        exists = any(n == name or n.endswith("." + name) for n, _ in list(self.zones))
        return (0 if exists else NXDOMAIN.rcode), answers, True

    def _record(self, name, kind, value):
        data = record_data(kind, value)
        return wire_name(name) + struct.pack("!HHIH", TYPES[kind], 1, self.ttl, len(data)) + data

    def _soa(self, name):
        zone = name.rsplit(".", 1)[-1]
        data = wire_name("ns.invalid") + wire_name("admin.invalid") + struct.pack("!5I", 1, 3600, 600, 86400, self.ttl)
        return wire_name(zone) + struct.pack("!HHIH", TYPES["SOA"], 1, self.ttl, len(data)) + data
