"""Keys, records and messages for tests of DKIM and ARC, and Debian's python3-dkim and opendkim as judges.

    peer = load()                       python3-dkim, or None with a counted skip
    keys = Keys(folder)                 keys["rsa"].pem, .record; keys.zone is a file for --dns
    peer_verifies(peer, keys, message)  a list: what python3-dkim says of each signature
    mail = random_mail(chance)          bytes with CRLF
    mutate(chance, mail)                one byte changed, added, or gone
"""

import base64
import os
import subprocess
import sys

from harness import skip

DEBIAN_PYTHON = "/usr/bin/python3"
RECORD_STRING = 200  # bytes of one string of a TXT record
DOMAIN = "signer.test"


def load():
    """The module that Debian's package brings; under Debian's Python, if this one is another."""
    try:
        import dkim
        import nacl.signing  # its Ed25519
        return dkim if nacl.signing else None
    except ImportError:
        pass
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON) and "DKIM_PEER" not in os.environ:
        os.environ["DKIM_PEER"] = "tried"
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON, *sys.argv])
    skip("python3-dkim", "not installed (test/packages names its package)")
    return None


class Key:
    def __init__(self, folder, name, kind, bits=0):
        self.name, self.kind = name, kind
        self.pem = os.path.join(folder, name + ".pem")
        options = ["-algorithm", "ed25519"] if kind == "ed25519" else \
            ["-algorithm", "rsa", "-pkeyopt", f"rsa_keygen_bits:{bits}"]
        subprocess.run(["openssl", "genpkey", *options, "-out", self.pem], check=True, capture_output=True)
        public = self.openssl("pkey", "-pubout", "-outform", "DER")
        if kind == "ed25519":
            public = public[-32:]
        self.public = base64.b64encode(public).decode()
        self.record = f"v=DKIM1; k={kind}; p={self.public}"

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments, "-in", self.pem], check=True, capture_output=True).stdout

    def for_peer(self):
        """The private half as python3-dkim takes it."""
        if self.kind == "ed25519":
            return base64.b64encode(self.openssl("pkey", "-outform", "DER")[-32:])
        return self.openssl("rsa", "-traditional")

    @property
    def algorithm(self):
        return self.kind + "-sha256"


class Keys:
    """Keys under their selectors of DOMAIN, and records that are none."""

    def __init__(self, folder, others=()):
        self.folder = folder
        self.keys = {"rsa": Key(folder, "rsa", "rsa", 2048), "small": Key(folder, "small", "rsa", 1024),
                     "large": Key(folder, "large", "rsa", 4096), "ed": Key(folder, "ed", "ed25519")}
        self.records = {f"{name}._domainkey.{DOMAIN}": key.record for name, key in self.keys.items()}
        self.records.update(others)
        self.zone = os.path.join(folder, "zone")
        with open(self.zone, "w") as file:
            for name, record in self.records.items():
                parts = [record[i:i + RECORD_STRING] for i in range(0, len(record), RECORD_STRING)] or [""]
                file.write(f"{name} TXT {' '.join(chr(34) + part + chr(34) for part in parts)}\n")

    def __getitem__(self, name):
        return self.keys[name]

    def __iter__(self):
        return iter(self.keys)

    def txt(self, name, timeout=5):
        """dnsfunc of python3-dkim"""
        record = self.records.get(name.decode().rstrip("."))
        return record.encode() if record is not None else None


def peer_verifies(peer, keys, mail):
    """None for what python3-dkim does not even take for a message."""
    try:
        judge = peer.DKIM(mail)
    except (peer.DKIMException, IndexError):
        return None
    count = sum(name.lower() == b"dkim-signature" for name, _ in judge.headers)
    results = []
    for i in range(count):
        try:
            results.append(bool(judge.verify(i, dnsfunc=keys.txt)))
        except Exception:  # it has many kinds, not all of them its own
            results.append(False)
    return results


def blanks(chance):
    return chance.choice([" ", " ", " ", "  ", "\t", " \t "])


def words(chance, most):
    text = ""
    for _ in range(chance.randint(1, most)):
        text += chance.choice(["x", "hello", "Zoë", "a@b.test", "1.5", "=", ";", ":", "b=", "--", "."])
        text += blanks(chance)
    return text.rstrip() if chance.random() < 0.7 else text


def random_header(chance):
    names = ["To", "Cc", "Subject", "Date", "Message-ID", "Received", "X-Thing", "Content-Type", "MIME-Version",
             "References", "List-Id", "Comments"]
    fields = ["From: Ann <ann@signer.test>"]
    for _ in range(chance.randint(0, 12)):
        name = chance.choice(names)
        if chance.random() < 0.2:
            name = chance.choice([name.upper(), name.lower()])
        lines = [words(chance, 6) or "x" for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        value = ("\r\n" + blanks(chance)).join(lines)
        fields.insert(chance.randint(0, len(fields)), name + ":" + chance.choice([" ", "", "  ", "\t"]) + value)
    return "\r\n".join(fields) + "\r\n"


def random_body(chance):
    lines = []
    for _ in range(chance.choice([0, 1, 2, 5, 20, 200])):
        kind = chance.random()
        lines.append("" if kind < 0.2 else blanks(chance) if kind < 0.3 else
                     "x" * chance.randint(1, 900) if kind < 0.35 else blanks(chance) + words(chance, 9)
                     if kind < 0.5 else words(chance, 9))
    lines += [chance.choice(["", "", " "]) for _ in range(chance.choice([0, 0, 1, 3, 50]))]
    return "".join(line + "\r\n" for line in lines)


def random_mail(chance):
    return (random_header(chance) + "\r\n" + random_body(chance)).encode()


def mutate(chance, mail):
    at = chance.randrange(len(mail))
    byte = bytes([chance.choice(b"aZ0 \t;:=.b\r\n\xff")])
    kind = chance.random()
    if kind < 0.5:
        return mail[:at] + byte + mail[at + 1:]
    return mail[:at] + byte + mail[at:] if kind < 0.75 else mail[:at] + mail[at + 1:]
