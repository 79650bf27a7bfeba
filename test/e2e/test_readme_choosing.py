#!/usr/bin/env python3
"""What README.md prints below "Choosing" are settings that work: checked all, and run but for the names of hosts.

What it prints of directories is run by test_readme_directory.py and test_directory_ldap.py.
"""

import os
import re
import shutil
import smtplib
import tempfile

from harness import Server, check, end, equal
from ours import Inbox, wait_for
from readme import settings
from s3_server import BUCKET, KEY, REGION, SECRET as S3_SECRET, HostileS3

HEADINGS = ("a version", "where messages lie", "a directory", "redundancy")
ALICE, SECRET = "alice@example.test", "correct horse"
SECTIONS = {"blob", "s3", "store", "directory", "directory-pgsql", "directory-mysql", "directory-ldap", "route home", "route out", "listener lmtp"}


def files_of(block, folder):
    """The block with its files in the folder, and those files, each with a secret."""
    for path in re.findall(r"file:(\S+)", block):
        with open(os.path.join(folder, os.path.basename(path)), "w") as file:
            file.write(S3_SECRET + "\n")
    return block.replace("file:/etc/staunch/", f"file:{folder}/")


def test_checked():
    """Each block by itself, beside what `staunch setup` writes."""
    seen = set()
    for heading in HEADINGS:
        for block in settings(f"## Choosing {heading}"):
            seen |= set(re.findall(r"^\[(.*)\]$", block, re.M))
            with tempfile.TemporaryDirectory() as folder:
                server = Server(settings=files_of(block, folder), start=False)
                server.drop_section("[route elsewhere]")  # one of the owner's own is printed
                done = server.command("config", "check", check_status=False)
                check(f"{heading}: {block.splitlines()[0]}: config check", done.returncode == 0, done.stderr + done.stdout)
                shutil.rmtree(server.folder)
    equal("the sections that are printed", seen, SECTIONS)


def with_s3(block, s3, folder):
    """The block with the test's server in place of the one it names."""
    host, port = s3.server.server_address[:2]
    for name, value in (("endpoint", f"http://{host}:{port}"), ("region", REGION), ("bucket", BUCKET), ("access-key", KEY)):
        block, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", block, flags=re.M)
        equal(f"{name} is printed once", count, 1)
    return files_of(block, folder)


def deliver(server, subject):
    with smtplib.LMTP(server.host, server.port("lmtp")) as client:
        client.sendmail("x@elsewhere.test", [ALICE], f"Subject: {subject}\r\n\r\nhi\r\n")


def test_s3(heading, is_kept_here):
    block, = settings(f"## Choosing {heading}")
    with tempfile.TemporaryDirectory() as folder, HostileS3() as s3, Server(settings=with_s3(block, s3, folder)) as server:
        server.add_user(ALICE, SECRET)
        deliver(server, "as printed")
        inbox = Inbox(server, ALICE, SECRET)
        check(f"{heading}: the message is there", wait_for(lambda: inbox.subjects() == ["as printed"]))
        check(f"{heading}: and on S3", wait_for(lambda: any(key.startswith("mail.example.org/") for key in s3.objects)), list(s3.objects))
        maildir = os.path.join(server.folder, "data", "mail", ALICE, "cur")
        equal(f"{heading}: a file in the Maildir", os.path.isdir(maildir) and len(os.listdir(maildir)) == 1, is_kept_here)


def test_versions():
    """staunch-smtp with the route it prints hands mail to staunch-imap; staunch-jmap sends by the relay it prints."""
    home, lmtp, out = settings("## Choosing a version")
    with Server(hostname="imap.example.test", version="-imap") as imap:
        imap.add_user(ALICE, SECRET)
        route = home.replace("imap.example.org", "127.0.0.1") + f"port = {imap.port('lmtp')}\ntls = never\n"
        with Server(hostname="smtp.example.test", version="-smtp", settings=route) as smtp:
            smtp.add_user(ALICE, SECRET)
            with smtplib.SMTP(smtp.host, smtp.port("smtp")) as client:
                client.sendmail("x@elsewhere.test", [ALICE], "Subject: handed on\r\n\r\nhi\r\n")
            check("handed on", wait_for(lambda: Inbox(imap, ALICE, SECRET).subjects() == ["handed on"]))
    check("LMTP is opened to another host", "127.0.0.1" not in lmtp and lmtp.endswith(":24\n"), lmtp)
    check("the other is a relay for all", "domains = *" in out and "way = relay" in out, out)


test_checked()
test_s3("where messages lie", False)
test_s3("redundancy", True)
test_versions()
end()
