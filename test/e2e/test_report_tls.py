#!/usr/bin/env python3
"""staunch report tls: reports of others, in the forms in which they come (RFC 8460 5), and what is none."""

import gzip
import json
import os
import subprocess
import tempfile
from email.message import EmailMessage

from harness import BINARY, check, end, equal

REPORT = {
    "organization-name": "Company-X \x1b[31mred",
    "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
    "contact-info": "sts-reporting@company-x.example", "report-id": "5065427c",
    "policies": [{
        "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "company-y.example", "mx-host": ["*.y.example"]},
        "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
        "failure-details": [
            {"result-type": "certificate-expired", "receiving-mx-hostname": "mx1.company-y.example", "failed-session-count": 100},
            {"result-type": "starttls-not-supported", "receiving-ip": "203.0.113.56", "failed-session-count": 203,
             "failure-reason-code": "no\nTLS"}],
    }],
}
WORDS = """Company-X ?[31mred, 2016-04-01
  company-y.example (sts): 5326 sessions went well, 303 failed
    100 certificate-expired at mx1.company-y.example
    203 starttls-not-supported at [203.0.113.56]: no?TLS
"""


def message(content, kind, name):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@company-x.example", "b@company-y.example", "Report Domain: company-y.example"
    mail.set_content("This is a report.")
    mail.add_attachment(content, maintype="application", subtype=kind, filename=name)
    return mail.as_bytes()


def run(folder, *contents, options=()):
    paths = []
    for i, content in enumerate(contents):
        paths.append(os.path.join(folder, f"file{i}"))
        with open(paths[-1], "wb") as f:
            f.write(content)
    done = subprocess.run([BINARY, "report", "tls", *options, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def main():
    plain = json.dumps(REPORT).encode()
    packed = gzip.compress(plain)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("JSON", plain), ("blanks before it", b"\n  " + plain), ("gzip", packed),
                              ("a message", message(packed, "tlsrpt+gzip", "x")), ("with JSON in it", message(plain, "tlsrpt+json", "x")),
                              ("of those who only name the file", message(packed, "octet-stream", "a!b!1!2.json.gz"))):
            equal(name, run(folder, content), (0, WORDS, ""))
        equal("several", run(folder, plain, packed), (0, WORDS * 2, ""))
        code, out, _ = run(folder, packed, options=["--json"])
        equal("as JSON", (code, json.loads(out)), (0, REPORT))
        bomb = gzip.compress(b"{" + b" " * (1 << 28))
        for name, content, words in (("not a report", b"{}", "not a TLS report"), ("not JSON", b"{", "not a TLS report"),
                                     ("gzip that is cut off", packed[:-20], "not a TLS report"), ("gzip that is damaged", packed[:20] + b"x" * 20, "not a TLS report"),
                                     ("a bomb", bomb, "too large"), ("a bomb in a message", message(bomb, "tlsrpt+gzip", "x"), "too large"),
                                     ("a message without one", b"Subject: x\r\n\r\nhello\r\n", "no TLS report"), ("an empty file", b"", "no TLS report")):
            code, out, said = run(folder, content)
            check(f"{name}: refused", code == 1 and out == "" and words in said, (code, out, said))
        code, out, said = run(folder, b"{}", plain)
        check("one of two", code == 1 and out == WORDS and "not a TLS report" in said, (code, out, said))
    end()


if __name__ == "__main__":
    main()
