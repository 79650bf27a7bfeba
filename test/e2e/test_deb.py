#!/usr/bin/env python3
"""A package's life in a root of its own: installed, set up as it says, run as its unit says, upgraded, removed, purged."""

import imaplib
import os
import re
import shutil
import smtplib

import lab
import packages
from harness import check, end, equal, insecure_tls, skip, wait_ready
from private_root import CACHE, PrivateRoot, why_not

USER, SECRET = "you@example.org", "correct horse"
DATA = "/var/lib/staunch"

# systemd does not run in there: what it is asked is written down. Its sandbox is made by hand, as the unit has it:
# $1 are the capabilities that are left, $2 the families of sockets, $3 and more the command.
SYSTEMCTL = '#!/bin/sh\necho "${0##*/} $*" >>/shared/systemd\n[ "$1" != is-active ] || [ -e /shared/active ]\n'
SANDBOX = """set -e
for folder in WRITABLE /shared; do
	mkdir -p "$folder"
	mount --bind "$folder" "$folder"
done
mount -o remount,bind,ro /
capabilities=$1
shift
exec setpriv --no-new-privs --bounding-set "$capabilities" python3 /shared/shut_in.py "$@"
"""

# No page is both writable and code (PR_SET_MDWE, where the kernel has it); a seccomp filter has the families.
SHUT_IN = """
import ctypes, os, platform, socket, struct, sys
LOAD, IS, RETURN, ALLOW, REFUSE = 0x20, 0x15, 0x06, 0x7fff0000, 0x50000 | 97  # EAFNOSUPPORT
call = {"x86_64": 41, "aarch64": 198, "armv7l": 281}[platform.machine()]
families = [int(getattr(socket, name)) for name in sys.argv[1].split()]
rules = [(LOAD, 0, 0, 0), (IS, 1, 0, call), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 16)]
rules += [(IS, len(families) - i, 0, family) for i, family in enumerate(families)]
rules += [(RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(65, 1, 0, 0, 0)
program = struct.pack("HP", len(rules), ctypes.addressof(code))
assert libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0) == 0, ctypes.get_errno()
os.execv(sys.argv[2], sys.argv[2:])
"""


def owner_of(root, path):
    return root.command("stat", "-c", "%U:%G %a", path).stdout.strip()


def asked(root):
    """What was asked of systemd since the last time."""
    path = os.path.join(root.shared, "systemd")
    with open(path) as f:
        lines = f.read().splitlines()
    os.truncate(path, 0)
    return lines


def install(root, *paths, check_status=True):
    for path in paths:
        shutil.copy(path, root.shared)
    return root.command("dpkg", "-i", *[f"/shared/{os.path.basename(path)}" for path in paths], check_status=check_status)


def exists(root, path):
    return root.command("test", "-e", path, check_status=False).returncode == 0


def test_first(root, deb):
    """The user and the folder are made; nothing starts; it says what to do."""
    said = install(root, deb.path).stdout
    check("it says what is next", "Next, as root:" in said and "staunch config check" in said and "@" not in
          said.replace(USER, ""), said)
    equal("systemd reads the unit, and starts nothing", asked(root), ["systemctl daemon-reload", "systemctl is-active --quiet staunch.service"])
    entry = root.command("getent", "passwd", "staunch").stdout.split(":")
    equal("the user", (entry[5], entry[6].strip().rsplit("/", 1)[1]), (DATA, "nologin"))
    equal("its folder", owner_of(root, DATA), "staunch:staunch 700")
    equal("no configuration is made", exists(root, "/etc/staunch/staunch.conf"), False)
    done = root.command("staunch", "config", "check", check_status=False)
    equal("and without one nothing works", done.returncode, 2)


def follow(root, deb):
    """What the package said, line by line, but for systemd's: the owner's key belongs to another user here."""
    postinst = deb.scripts["postinst"].read().decode()
    steps = re.search(r"<<'END'\n(.*)END\n", postinst, re.S).group(1).strip().split("\n")
    equal("the last step is the start", steps.pop(), "systemctl enable --now staunch")
    root.command("sh", "-c", "staunch setup --local /tmp/made >&2 && cp /tmp/made/*.pem /etc/staunch/ && chown nobody /etc/staunch/key.pem && "
                 "chmod 600 /etc/staunch/key.pem")
    for step in steps:
        root.command("sh", "-c", step, input=SECRET + "\n" if "user add" in step else None)
    equal("root's commands leave everything the server's", root.command("find", DATA, "!", "-user", "staunch").stdout, "")


def start(root, deb):
    """As the unit says it."""
    unit = deb.files["usr/lib/systemd/system/staunch.service"].read().decode()
    lines = dict(line.split("=", 1) for line in unit.split("\n") if re.match(r"[A-Z]\w+=", line))
    left = ["-all", *("+" + name.removeprefix("CAP_").lower() for name in lines["CapabilityBoundingSet"].split())]
    writable = f"{lines['ReadWritePaths']} /run/{lines['RuntimeDirectory']}"
    path = os.path.join(root.shared, "log")
    with open(os.path.join(root.shared, "shut_in.py"), "w") as f:
        f.write(SHUT_IN)
    process = root.spawn("unshare", "--mount", "sh", "-c", SANDBOX.replace("WRITABLE", writable), "sh", ",".join(left),
                         lines["RestrictAddressFamilies"], *lines["ExecStart"].split(), log="log")
    wait_ready(process, path)
    return process


def test_mail(root):
    """Port 25 to port 993, and who it is that serves them."""
    with smtplib.SMTP("127.0.0.1", 25, timeout=20) as smtp:
        smtp.sendmail("friend@far.test", [USER], "Subject: installed\r\n\r\nIt works.\r\n")
    with imaplib.IMAP4_SSL("127.0.0.1", 993, ssl_context=insecure_tls(), timeout=20) as imap:
        imap.login(USER, SECRET)
        imap.select("INBOX", readonly=True)
        content = imap.fetch("1", "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1]
    equal("the message came", content.strip(), b"Subject: installed")
    status = root.command("sh", "-c", 'for p in $(pidof staunch); do grep -hE "^(Cap(Prm|Eff|Bnd|Amb)|Uid|NoNewPrivs)" /proc/$p/status; done').stdout
    uid = root.command("id", "-u", "staunch").stdout.strip()
    equal("it is that user", set(re.findall(r"Uid:\t(\d+)\t\1\t\1\t\1\n", status)), {uid})
    equal("without any capability", {int(x, 16) for x in re.findall(r"Cap(?:Prm|Eff|Amb):\t(\w+)", status)}, {0})
    equal("while it runs, commands ask it", root.command("staunch", "ban", "list").stdout, "nobody is banned\n")


def test_log(root):
    """Nothing was missing in the sandbox, but for the key, which only its owner may read again."""
    with open(os.path.join(root.shared, "log")) as f:
        wrong = [line for line in f if re.match("<[0-4]>", line) and "server.certificate.unreadable" not in line]
    equal("no warning and no error", wrong, [])


def test_life(root, deb):
    follow(root, deb)
    process = start(root, deb)
    test_mail(root)
    test_log(root)
    root.command("sh", "-c", "kill $(pidof staunch | tr ' ' '\\n' | sort -n | head -n 1)")
    equal("it stops", process.wait(20), 0)
    before = root.command("sh", "-c", f"cd /etc/staunch && md5sum staunch.conf *.pem; find {DATA} -type f | sort").stdout
    newer = packages.changed(deb, root.folder, "9.9")
    asked(root)
    root.write("/shared/active", "")
    said = install(root, newer).stdout
    equal("an upgrade asks nothing, says nothing of first steps, restarts what runs",
          ("Next" in said, asked(root)), (False, ["systemctl daemon-reload", "systemctl is-active --quiet staunch.service",
                                                  "deb-systemd-invoke restart staunch.service"]))
    check("it brings its example", "newer" in root.command("cat", "/etc/staunch/staunch.conf.example").stdout)

    def untouched(when):
        after = root.command("sh", "-c", f"cd /etc/staunch && md5sum staunch.conf *.pem; find {DATA} -type f | sort").stdout
        equal(f"{when}: configuration, keys and mail are as they were", after, before)
    untouched("upgraded")
    root.command("dpkg", "--remove", "staunch")
    equal("it stops before it goes", asked(root), ["systemctl disable --now staunch.service", "systemctl daemon-reload"])
    equal("the program is gone", exists(root, "/usr/bin/staunch"), False)
    untouched("removed")
    said = root.command("dpkg", "--purge", "staunch").stdout
    untouched("purged")
    check("it says that it left them", f"{DATA} is not empty and was left" in said and "/etc/staunch is not empty" in said, said)


def test_versions(root, debs):
    """The other versions: one at a time, and one after the other."""
    install(root, debs["staunch-imap"].path)
    equal("its user was there", owner_of(root, DATA), "staunch:staunch 700")
    done = install(root, debs["staunch-smtp"].path, check_status=False)
    check("another one at the same time is refused", done.returncode != 0 and "conflict" in done.stdout, done.stdout)
    root.command("dpkg", "--remove", "staunch-imap")
    install(root, debs["staunch-smtp"].path)
    check("after it is gone it can be had", "staunch-smtp " in root.command("staunch-smtp", "version").stdout)
    root.command("dpkg", "--purge", "staunch-smtp", "staunch-imap")


def test_directories(root, debs):
    """The programs that ask other directories: not without a server; found by it, and they run, shut in as its unit says."""
    directories = packages.found(packages.architecture(), is_directory=True)
    equal("one for each", len(directories), 3)
    done = install(root, directories[0].path, check_status=False)
    check("not without a server", done.returncode != 0 and "depends on staunch" in done.stdout, done.stdout)
    root.command("dpkg", "--purge", directories[0].name)
    install(root, debs["staunch"].path, *(deb.path for deb in directories))
    root.command("sh", "-c", "rm -rf /tmp/made && staunch setup --local /tmp/made")
    unit = debs["staunch"].files["usr/lib/systemd/system/staunch.service"].read().decode()
    families = re.search(r"(?m)^RestrictAddressFamilies=(.*)$", unit).group(1)
    for engine, settings, why in (("pgsql", "host = localhost\nport = 1", "Connection refused"),
                                  ("mysql", "host = localhost\nport = 1", "Can't connect"),
                                  ("ldap", "url = ldap://localhost:1\nbase = dc=x", "Can't contact LDAP server")):
        root.command("sh", "-c", 'sed "s/^\\[directory\\]/&\\nengine = $1/" /tmp/made/staunch.conf >/tmp/made/$1.conf && '
                     'printf "\\n[directory-%s]\\n%s\\n" "$1" "$2" >>/tmp/made/$1.conf', "sh", engine, settings)
        done = root.command("python3", "/shared/shut_in.py", families, "/usr/bin/staunch", "directory", "test", "you@example.test",
                            "--config", f"/tmp/made/{engine}.conf", check_status=False)
        check(f"{engine}: it asks", done.returncode == 1 and why in done.stdout, done.stdout)
    root.command("dpkg", "--purge", "staunch", *(deb.name for deb in directories))
    equal("nothing of them is left", exists(root, "/usr/lib/staunch"), False)


def test_bare(deb):
    """A system without systemd's programs; purged when nothing was done with it."""
    with PrivateRoot("deb") as root:
        root.command("sh", "-c", "rm -f /usr/bin/systemd-sysusers /bin/systemd-sysusers")
        install(root, deb.path)
        equal("the user's folder", owner_of(root, DATA), "staunch:staunch 700")
        said = root.command("dpkg", "--purge", "staunch").stdout
        equal("nothing is left", (exists(root, DATA), exists(root, "/etc/staunch"), "left" in said), (False, False, False))


def main():
    lab.isolate()
    reason = packages.why_not() or why_not()
    if reason:
        skip("installing packages", reason)
        end()
    os.makedirs(os.path.join(CACHE, "deb/files"), exist_ok=True)
    debs = {deb.name: deb for deb in packages.found(packages.architecture())}
    with PrivateRoot("deb") as root:
        root.command("sh", "-c", "mkdir -p /run/systemd/system; rm -f /var/lib/man-db/auto-update")
        for name in ("systemctl", "deb-systemd-invoke"):
            root.write(f"/usr/local/sbin/{name}", SYSTEMCTL, 0o755)
        open(os.path.join(root.shared, "systemd"), "w").close()
        test_first(root, debs["staunch"])
        test_life(root, debs["staunch"])
        test_versions(root, debs)
        test_directories(root, debs)
    test_bare(debs["staunch"])
    end()


if __name__ == "__main__":
    main()
