"""Keys that sign for a domain, made by openssl: their records, messages signed with them, files as the server keeps them."""

import os
import subprocess

from harness import BINARY


class Keys:
    """Keys of a domain, made by openssl, and their records."""

    def __init__(self, folder):
        self.rsa, self.ed = os.path.join(folder, "rsa.pem"), os.path.join(folder, "ed.pem")
        for path, kind in ((self.rsa, ("RSA", "-pkeyopt", "rsa_keygen_bits:2048")), (self.ed, ("ED25519",))):
            subprocess.run(["openssl", "genpkey", "-algorithm", *kind, "-out", path], check=True, capture_output=True)

    @staticmethod
    def public(path, raw=False):
        der = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        data = der[-32:] if raw else der
        return subprocess.run(["openssl", "base64", "-A"], input=data, check=True, capture_output=True).stdout.decode()

    def records(self, domain):
        return {(f"r._domainkey.{domain}", "TXT"): ["v=DKIM1; k=rsa; p=" + self.public(self.rsa)],
                (f"e._domainkey.{domain}", "TXT"): ["v=DKIM1; k=ed25519; p=" + self.public(self.ed, raw=True)]}

    def sign(self, data, domain, which="rsa"):
        key, selector = (self.rsa, "r") if which == "rsa" else (self.ed, "e")
        return subprocess.run([BINARY, "dkim-sign", "--key", key, "--domain", domain, "--selector", selector, "-"], input=data,
                              check=True, capture_output=True).stdout

    def seal(self, data, domain, results, zone):
        """One more set of ARC, as a mailing list of that domain makes it."""
        return subprocess.run([BINARY, "arc-seal", "--key", self.rsa, "--domain", domain, "--selector", "r", "--results", results,
                               "--dns", zone, "-"], input=data, check=True, capture_output=True).stdout

    def install(self, server, domain):
        """As `domain dkim add` lays them down."""
        folder = os.path.join(server.folder, "data/dkim", domain)
        os.makedirs(folder, mode=0o700)
        for path, name in ((self.rsa, "r.pem"), (self.ed, "e.pem")):
            with open(path) as source, open(os.path.join(folder, name), "w", opener=lambda p, f: os.open(p, f, 0o600)) as target:
                target.write(source.read())

    @staticmethod
    def zone_file(path, records):
        """What --dns reads."""
        with open(path, "w") as f:
            for (name, kind), values in records.items():
                if kind == "TXT" and isinstance(values, list):
                    f.writelines(f'{name} TXT "{value}"\n' for value in values)
        return path
