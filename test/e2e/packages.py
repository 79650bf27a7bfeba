"""The packages that `make deb` made, and what stands in them.

    for deb in packages.found("amd64"):       those of the release programs are build/NAME_VERSION_ARCH.deb
    packages.found(is_directory=True)         those of the programs that ask other directories
        deb.name, deb.arch, deb.path, deb.control["Version"], deb.files["usr/bin/staunch"].read()

Needs dpkg-deb; why_not() says what is missing.
"""

import functools
import glob
import io
import os
import re
import shutil
import subprocess
import tarfile

from harness import ROOT

DIRECTORY = "staunch-directory-"


class File:
    def __init__(self, archive, member):
        self.member = member
        self._content = archive.extractfile(member).read() if member.isfile() else b""

    def read(self):
        return self._content


def _members(path, option):
    data = subprocess.run(["dpkg-deb", option, path], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name.removeprefix("./"): File(archive, member) for member in archive}


class Deb:
    def __init__(self, path):
        self.path = path
        self.name, self.version, self.arch = re.match(r"([^_]+)_([^_]+)_([^_]+)\.deb$", os.path.basename(path)).groups()
        self.files = _members(path, "--fsys-tarfile")
        self.scripts = _members(path, "--ctrl-tarfile")
        self.control = dict(line.split(": ", 1) for line in self.scripts["control"].read().decode().split("\n")
                            if re.match(r"[A-Z]", line))


@functools.cache
def architecture():
    return subprocess.run(["dpkg", "--print-architecture"], stdout=subprocess.PIPE, text=True).stdout.strip()


@functools.cache
def found(arch="*", is_directory=False):
    with open(os.path.join(ROOT, "Makefile")) as f:
        version = re.search(r"(?m)^VERSION := (\S+)$", f.read()).group(1)
    debs = [Deb(path) for path in glob.glob(os.path.join(ROOT, f"build/staunch*_{version}_{arch}.deb"))]
    return sorted((deb for deb in debs if deb.name.startswith(DIRECTORY) == is_directory), key=lambda deb: (deb.arch, deb.name))


def why_not():
    if shutil.which("dpkg-deb") is None:
        return "no dpkg-deb here"
    return None if found(architecture()) else "`make deb` makes them first"


def changed(deb, folder, version):
    """A package like this one under another version, with another example; its path."""
    stage = os.path.join(folder, "stage")
    subprocess.run(["dpkg-deb", "-R", deb.path, stage], check=True)
    for name, old, new in (("DEBIAN/control", f"Version: {deb.version}", f"Version: {version}"),
                           ("etc/staunch/staunch.conf.example", "# The configuration", "# The newer configuration")):
        path = os.path.join(stage, name)
        with open(path) as f:
            text = f.read()
        assert old in text
        with open(path, "w") as f:
            f.write(text.replace(old, new))
    path = os.path.join(folder, f"{deb.name}_{version}_{deb.arch}.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", stage, path], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(stage)
    return path
