"""Certificates for tests, made with openssl: an authority, what it issues, and their DANE records.

    with Authority() as ca:
        good = ca.issue("mx1.example.test", "*.example.test")
        old = ca.issue("mx1.example.test", valid=("20200101000000Z", "20200201000000Z"))
        ca.path                          PEM file for those who should trust it
        good.chain, good.key             PEM files
        good.context()                   what a server in this process wraps its sockets with
        good.tlsa()                      (3, 1, 1, "sha256 of the public key"), for dns_server.py
        ca.certificate.tlsa(2, 0)        the authority by its whole certificate

A certificate of an authority that nobody was told of is what a self-signed one is to a client.
Everything lives in one temporary folder, which others may read; it goes with the authority.
"""

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile

VALID = ("20200101000000Z", "20491231235959Z")
EXPIRED = ("20200101000000Z", "20200201000000Z")
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("rsa:2048",)

SETTINGS = """[ca]
default_ca = this
[this]
database = {0}/index
serial = {0}/serial
new_certs_dir = {0}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments, input=None):
    """Run openssl; what it wrote."""
    done = subprocess.run(["openssl", *arguments], input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class Certificate:
    def __init__(self, chain, key):
        self.chain, self.key = chain, key

    def context(self, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.MAXIMUM_SUPPORTED):
        """A server's side of TLS with this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        if minimum < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = minimum, maximum
        return context

    def der(self, public_key_only=False):
        """The certificate, or its public key only, in binary."""
        if not public_key_only:
            return openssl("x509", "-in", self.chain, "-outform", "DER")
        pem = openssl("x509", "-in", self.chain, "-noout", "-pubkey")
        return openssl("pkey", "-pubin", "-outform", "DER", input=pem)

    def tlsa(self, usage=3, selector=1, matching=1):
        """The fields of a TLSA record (RFC 6698 2.1) that this certificate fulfils."""
        data = self.der(public_key_only=selector == 1)
        digest = {0: data.hex, 1: hashlib.sha256(data).hexdigest, 2: hashlib.sha512(data).hexdigest}[matching]()
        return usage, selector, matching, digest


class Authority:
    def __init__(self, name="Test Authority"):
        self.folder = tempfile.mkdtemp(prefix="staunch-ca-")
        os.chmod(self.folder, 0o755)
        self.path, self.key = self._file("ca.pem"), self._file("ca.key")
        self.settings = self._file("settings", SETTINGS.format(self.folder))
        self._file("index", "")
        self._file("serial", "1000\n")
        openssl("req", "-x509", "-newkey", *EC, "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign", "-keyout", self.key, "-out", self.path)
        self.certificate = Certificate(self.path, self.key)
        self.count = 0

    def _file(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        return path

    def issue(self, *names, valid=VALID, key=EC, is_named=True):
        """A certificate for these host names or addresses, with the authority's own behind it; else the first is its CN only."""
        self.count += 1
        base = self._file(str(self.count))
        kinds = [("IP:" if ":" in name or name[-1].isdigit() else "DNS:") + name for name in names]
        openssl("req", "-new", "-newkey", *key, "-nodes", "-subj", f"/CN={names[0]}",
                *(["-addext", "subjectAltName=" + ",".join(kinds)] if is_named else []),
                "-addext", "extendedKeyUsage=serverAuth,clientAuth", "-keyout", base + ".key", "-out", base + ".request")
        openssl("ca", "-batch", "-notext", "-config", self.settings, "-cert", self.path, "-keyfile", self.key,
                "-in", base + ".request", "-out", base + ".leaf", "-startdate", valid[0], "-enddate", valid[1])
        with open(base + ".pem", "wb") as chain:
            for part in (base + ".leaf", self.path):
                with open(part, "rb") as f:
                    chain.write(f.read())
        os.chmod(base + ".key", 0o600)
        return Certificate(base + ".pem", base + ".key")

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
