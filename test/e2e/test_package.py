#!/usr/bin/env python3
"""What `make install` lays out, what is in the packages, and the systemd unit of both."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

import packages
from harness import ROOT, check, end, equal, need, skip

VERSIONS = ["staunch", "staunch-imap", "staunch-jmap", "staunch-smtp"]
DIRECTORIES = {"staunch-directory-ldap": "libldap", "staunch-directory-mysql": "libmariadb3", "staunch-directory-pgsql": "libpq5"}
LINKED = ["src/directory/README.md", *("litestream/" + name for name in os.listdir(os.path.join(ROOT, "litestream")))]
EXPOSURE_MOST = 30  # of 100, as `systemd-analyze security` counts


def laid_out(names, prefix):
    """The files of these versions below a prefix, without their documentation."""
    shared = ["/etc/staunch/staunch.conf.example", f"{prefix}/share/man/man5/staunch.conf.5.gz",
              f"{prefix}/lib/sysusers.d/staunch.conf", f"{prefix}/lib/tmpfiles.d/staunch.conf"]
    return set(shared).union(*([f"{prefix}/bin/{n}", f"{prefix}/share/man/man8/{n}.8.gz",
                                f"{prefix}/share/bash-completion/completions/{n}",
                                f"{prefix}/lib/systemd/system/{n}.service"] for n in names))


def files_below(folder):
    return {os.path.join(place, name).removeprefix(folder) for place, _, names in os.walk(folder) for name in names}


def make(*arguments):
    """make, as a person would call it: nothing of a make around us."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", "-s", "NEED=skip", *arguments], cwd=ROOT, env=ours, capture_output=True, text=True,
                          timeout=500)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def check_unit(folder, path, program):
    """systemd looks whether the program can be run: it is shown the one in the folder."""
    text = read(folder + path).decode()
    equal("the unit starts this program", re.findall(r"(?m)^ExecStart=(.*)$", text), [program + " serve"])
    check("nothing is left to fill in", "@" not in re.sub(r"(?m)^#.*|=~?@[a-z-]+|(?<= )@[a-z-]+", "", text), text)
    if not need("systemd-analyze"):
        return
    path = os.path.join(folder, os.path.basename(path))
    with open(path, "w") as f:
        f.write(text.replace(program, folder + program))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
    equal("systemd finds nothing wrong", (done.returncode, done.stdout + done.stderr), (0, ""))
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MOST}", path],
                          capture_output=True, text=True, timeout=60)
    check("and it is shut in well", done.returncode == 0, (done.stdout + done.stderr)[-300:])


def test_install():
    """To another place, over what is there."""
    with tempfile.TemporaryDirectory() as folder:
        owned = folder + "/etc/staunch/staunch.conf"
        os.makedirs(os.path.dirname(owned))
        with open(owned, "w") as f:
            f.write("the owner's\n")
        for _ in range(2):
            done = make("install", f"DESTDIR={folder}", "PREFIX=/opt/mail")
            equal("make install", (done.returncode, done.stderr), (0, ""))
        said = done.stdout.split("\n")
        for words in ("systemd-sysusers", "staunch config check", "systemctl enable --now staunch"):
            check(f"it says what is next: {words}", any(line.strip().startswith(words) for line in said), said)
        equal("the configuration is the owner's", read(owned), b"the owner's\n")
        documents = {name for name in files_below(folder) if "/share/doc/" in name or "/lib/staunch/" in name}
        equal("all that is there", files_below(folder) - documents - {"/etc/staunch/staunch.conf"}, laid_out(VERSIONS, "/opt/mail"))
        check("with its licence", "/opt/mail/share/doc/staunch/LICENSE" in documents, documents)
        equal("the example is the all-in-one's", read(folder + "/etc/staunch/staunch.conf.example"), read(ROOT + "/conf.example"))
        for name in VERSIONS:
            program = f"{folder}/opt/mail/bin/{name}"
            said = subprocess.run([program, "version"], stdout=subprocess.PIPE, text=True, timeout=20).stdout
            check(f"{name} is there and runs", said.startswith(name + " "), said)
            page = gzip.decompress(read(f"{folder}/opt/mail/share/man/man8/{name}.8.gz"))
            check(f"{name} has its manual page", page.startswith(b".TH " + name.replace("-", "\\-").encode()), page[:50])
            check_unit(folder, f"/opt/mail/lib/systemd/system/{name}.service", f"/opt/mail/bin/{name}")


def check_files(deb):
    times = {file.member.mtime for file in [*deb.files.values(), *deb.scripts.values()]}
    equal("one time for all", len(times), 1)
    owners = {(f.member.uid, f.member.gid, f.member.uname) for f in deb.files.values()}
    equal("all is root's", owners, {(0, 0, "root")})
    modes = {name: f.member.mode for name, f in deb.files.items()
             if f.member.mode != (0o755 if f.member.isdir() or name.startswith("usr/bin/") else 0o644)}
    equal("modes", modes, {})
    names = {"/" + name for name, file in deb.files.items() if file.member.isfile()}
    documents = {f"/usr/share/doc/{deb.name}/{name}" for name in ("README.md", "copyright", "changelog.gz", *LINKED)}
    equal("the files", names, laid_out([deb.name], "/usr") | documents)
    sums = "".join(f"{hashlib.md5(deb.files[name[1:]].read()).hexdigest()}  {name[1:]}\n"
                   for name in sorted(names) if name.startswith("/usr"))
    equal("md5sums", deb.scripts["md5sums"].read().decode(), sums)
    text = deb.files[f"usr/share/doc/{deb.name}/copyright"].read().decode()
    for word in ("Staunch authors", "---- musl", "Thomas Pornin", "Daniel Stenberg", "Jean-loup Gailly", "Frank Denis", "SQLite"):
        check(f"the licence of {word}", word in text)


def check_control(deb, machine):
    equal("control", (deb.control["Package"], deb.control["Version"], deb.control["Architecture"]), (deb.name, deb.version, deb.arch))
    check("a static program depends on nothing", "Depends" not in deb.control and "Recommends" not in deb.control, deb.control)
    equal("one version at a time", sorted(deb.control["Conflicts"].split(", ") + [deb.name]), VERSIONS)
    equal("conffiles", deb.scripts["conffiles"].read(), b"/etc/staunch/staunch.conf.example\n")
    program = deb.files[f"usr/bin/{deb.name}"].read()
    equal("a program for that processor", (program[:4], int.from_bytes(program[18:20], "little")), (b"\x7fELF", machine))
    for name in ("postinst", "prerm", "postrm"):
        script = deb.scripts[name]
        check(f"{name} is complete", script.member.mode == 0o755 and b"@NEXT@" not in script.read() and b"@PROGRAM@" not in script.read())
        done = subprocess.run(["sh", "-n"], input=script.read(), capture_output=True)
        equal(f"{name} is a shell script", (done.returncode, done.stderr), (0, b""))


def check_directory(deb):
    """A program in another language of packages: it depends on its libraries, and on a server of its version."""
    equal(f"{deb.name}: the files", {"/" + name for name, file in deb.files.items() if file.member.isfile()},
          {f"/usr/lib/staunch/{deb.name}", f"/usr/share/doc/{deb.name}/copyright", f"/usr/share/doc/{deb.name}/changelog.gz"})
    equal(f"{deb.name}: its mode", deb.files[f"usr/lib/staunch/{deb.name}"].member.mode, 0o755)
    servers, *libraries = deb.control["Depends"].split(", ")
    equal(f"{deb.name}: a server of its version", sorted(re.findall(r"(\S+) \(= (\S+)\)", servers)), [(name, deb.version) for name in VERSIONS])
    for library in (DIRECTORIES[deb.name], "libc6 (>= ", "libbearssl0", "libsodium"):
        check(f"{deb.name}: {library}", any(line.startswith(library) for line in libraries), libraries)
    equal(f"{deb.name}: no scripts", sorted(deb.scripts.keys() - {""}), [".", "control", "md5sums"] if "." in deb.scripts else ["control", "md5sums"])


def test_maintainer(deb):
    """Who answers for a package is said by MAINTAINER, and must be somebody with an address."""
    with tempfile.TemporaryDirectory() as folder:
        def tell(who):
            path, program = os.path.join(folder, f"{deb.name}_{deb.version}_{deb.arch}.deb"), os.path.join(ROOT, "build", deb.name)
            done = subprocess.run([os.path.join(ROOT, "src/package/deb.sh"), deb.name, deb.version, deb.arch, program, program, path],
                                  cwd=ROOT, timeout=60, capture_output=True, text=True,
                                  env={**os.environ, "MAINTAINER": who, "SOURCE_DATE_EPOCH": "0"})
            return done, path
        who = "Ann O'Neil-`x` $HOME <ann@example.org>"
        done, path = tell(who)
        equal("the maintainer", (done.returncode, done.stderr, packages.Deb(path).control["Maintainer"]), (0, "", who))
        for who in ("", "Ann", "ann@example.org", "Ann <ann>", "Ann <ann@example.org> x", "Ann <a@b>\nEvil: x"):
            done, _ = tell(who)
            check(f"no maintainer: {who!r}", done.returncode != 0 and "must be like: Ann Example <ann@example.org>" in done.stderr, done.stderr)


def test_again(deb):
    """The same sources give the same package, whenever it is made."""
    with tempfile.TemporaryDirectory() as folder:
        again = os.path.join(folder, "again.deb")
        program = os.path.join(ROOT, "build", deb.name)
        subprocess.run([os.path.join(ROOT, "src/package/deb.sh"), deb.name, deb.version, deb.arch, program, program, again],
                       cwd=ROOT, check=True, timeout=60, umask=0o077,
                       env={**os.environ, "MAINTAINER": deb.control["Maintainer"], "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8",
                            "SOURCE_DATE_EPOCH": str(int(deb.scripts["control"].member.mtime))})
        check("made again it is the same, byte for byte", read(again) == read(deb.path))


def test_lint(debs):
    if shutil.which("lintian") is None:
        skip("lintian", "not installed here, and large")
        return
    for deb in debs:
        done = subprocess.run(["lintian", "--fail-on", "error", "--suppress-tags", "statically-linked-binary,embedded-library",
                               deb.path], capture_output=True, text=True, timeout=120)
        equal(f"{deb.name}: lintian", done.returncode, 0) or print(done.stdout)


MACHINES = {"amd64": 62, "arm64": 183, "armhf": 40}  # e_machine of an ELF file


def main():
    test_install()
    reason = packages.why_not()
    if reason:
        skip("packages", reason)
        end()
    arch = packages.architecture()
    equal("a package of each version", [deb.name for deb in packages.found(arch)], VERSIONS)
    for deb in packages.found():
        check_files(deb)
        check_control(deb, MACHINES[deb.arch])
    directories = packages.found(arch, is_directory=True)
    equal("a package of each directory", [deb.name for deb in directories], sorted(DIRECTORIES))
    for deb in directories:
        check_directory(deb)
    test_maintainer(packages.found(arch)[0])
    test_again(packages.found(arch)[0])
    test_lint(packages.found(arch) + directories)
    end()


if __name__ == "__main__":
    main()
