#!/usr/bin/env python3
"""`report dmarc` reads what providers send, in every wrapping, and is not hurt by what nobody should send."""

import gzip
import io
import json
import os
import resource
import tempfile
import zipfile
from email.message import EmailMessage

from harness import check, end, equal, run

MEMORY_BYTES = 500 << 20  # with sanitizers; the bomb has a gigabyte


def row(source, count, dkim="pass", spf="fail", more=""):
    return f"""<record><row><source_ip>{source}</source_ip><count>{count}</count><policy_evaluated>
<disposition>none</disposition><dkim>{dkim}</dkim><spf>{spf}</spf>{more}</policy_evaluated></row>
<identifiers><header_from>example.org</header_from></identifiers><auth_results>
<dkim><domain>example.org</domain><result>{dkim}</result><selector>s1</selector></dkim>
<spf><domain>bounces.example.net</domain><result>{spf}</result></spf></auth_results></record>"""


def report(rows, organization="google.com"):
    return f"""<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata><org_name>{organization}</org_name><email>dmarc@example.net</email><report_id>77</report_id>
    <date_range><begin>1763596800</begin><end>1763683199</end></date_range></report_metadata>
  <policy_published><domain>example.org</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>none</sp><pct>100</pct>
  </policy_published>{"".join(rows)}
</feedback>""".encode()


XML = report([row("192.0.2.1", 12), row("2001:db8::2", 3, "fail", "fail", "<reason><type>forwarded</type></reason>")])


def zipped(data, method=zipfile.ZIP_DEFLATED, streamed=False):
    class Pipe(io.BytesIO):  # what cannot be wound back gets its sizes behind the data
        def seekable(self):
            return not streamed

        def seek(self, *where):
            return io.BytesIO.seek(self, *where) if not streamed else (_ for _ in ()).throw(OSError())

    out = Pipe()
    with zipfile.ZipFile(out, "w", method) as archive:
        with archive.open("example.net!example.org!1763596800!1763683199.xml", "w") as file:
            file.write(data)
    return out.getvalue()


def mailed(data, kind):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "dmarc@example.net", "ann@example.org", "Report Domain: example.org"
    mail.set_content("This is a report, {so to speak}.\n")
    mail.add_attachment(data, maintype="application", subtype=kind, filename="report")
    return mail.as_bytes()


def check_wrappings(folder):
    wrappings = {
        "XML": XML, "BOM": b"\xef\xbb\xbf" + XML, "gzip": gzip.compress(XML), "zip": zipped(XML),
        "zip, stored": zipped(XML, zipfile.ZIP_STORED), "zip, streamed": zipped(XML, streamed=True),
        "mail, gzip": mailed(gzip.compress(XML), "gzip"), "mail, zip": mailed(zipped(XML), "zip"),
        "mail, XML": mailed(XML, "octet-stream"),
    }
    paths = []
    for i, (name, data) in enumerate(wrappings.items()):
        paths.append(os.path.join(folder, str(i)))
        with open(paths[-1], "wb") as file:
            file.write(data)
        seen = json.loads(run("report", "dmarc", "--json", paths[-1]).stdout)[0]
        equal(f"{name}: head", [seen[k] for k in ("organization", "id", "begin", "domain", "p", "sp", "messages", "passed")],
              ["google.com", "77", 1763596800, "example.org", "reject", "none", 15, 12])
        equal(f"{name}: rows", [(r["source"], r["count"], r["dkim"], r["spf"], r["reason"]) for r in seen["rows"]],
              [("192.0.2.1", 12, "pass", "fail", ""), ("2001:db8::2", 3, "fail", "fail", "forwarded")])
    text = run("report", "dmarc", *paths).stdout
    equal("for people, all of them", text.count("12 of 15 messages passed"), len(paths))
    check("a line for people", "      12 none       pass fail 192.0.2.1                example.org dkim=pass/example.org "
          "spf=fail/bounces.example.net\n" in text, text[:500])
    done = run("report", "dmarc", "--json", "/nowhere", *paths, check_status=False)
    equal("one that is missing does not hide the others", (done.returncode, len(json.loads(done.stdout))), (1, len(paths)))
    done = run("report", "dmarc", "-", input=XML.decode())
    check("standard input", "12 of 15" in done.stdout)


def check_bad(folder):
    zeros = bytes(1 << 20)
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        for _ in range(1024):
            file.write(zeros)
    bad = {
        "empty": b"", "text": b"hello\n", "mail without a report": mailed(b"x", "gzip"), "cut": XML[:-20],
        "cut gzip": gzip.compress(XML)[:-20], "cut zip": zipped(XML)[:200], "gzip in gzip": gzip.compress(gzip.compress(XML)),
        "zip in zip": zipped(zipped(XML)), "bomb in zip in a mail": mailed(zipped(zipped(zeros * 40)), "zip"),
        "folders": (b"PK\3\4" + bytes(22) + b"\2\0" + b"\0\0" + b"a/") * 500_000, "endless name": b"PK\3\4" + b"\xff" * 64,
        "bomb": bomb.getvalue(), "bomb in a mail": mailed(bomb.getvalue(), "gzip"), "bomb in zip": zipped(zeros * 40),
        "deep": b"<feedback>" * 1000000, "JSON": b'{"a":1}', "HTML": b"<?xml version='1.0'?><html><body/></html>",
        "entities": b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feedback>&b;</feedback>',
        "another file": b'<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a SYSTEM "file:///etc/passwd">]><feedback>&a;</feedback>',
        "rows": report([row("192.0.2.1", 1)] * 50000),  # 20 MB
    }
    path = os.path.join(folder, "bad")
    for name, data in bad.items():
        with open(path, "wb") as file:
            file.write(data)
        done = run("report", "dmarc", path, check_status=False)
        check(f"{name}: refused in one line", done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1, done)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    check("none of them took much memory", most < MEMORY_BYTES, most)


def check_terminal(folder):
    """What a terminal would obey does not reach it."""
    path = os.path.join(folder, "terminal")
    with open(path, "wb") as file:
        file.write(report([row("\N{RIGHT-TO-LEFT OVERRIDE}1.2.3.4&#10;", 1)], "x&#x9b;31m&#127;&#13;y"))
    text = run("report", "dmarc", path).stdout
    check("no controls for people", not any(c in text for c in "\x9b\x7f\r\u202e"), text)
    equal("lines", text.count("\n"), 5)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_wrappings(folder)
        check_bad(folder)
        check_terminal(folder)
    end()


main()
