#!/usr/bin/env python3
"""The image of src/package/Dockerfile: built without a network, started first as its head says, healthy, and stopped."""

import imaplib
import json
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile

import lab
import packages
from harness import ROOT, check, end, equal, insecure_tls, skip, wait_ready

OWNER = 10025  # the user inside
USER, SECRET = "you@example.test", "correct horse"
READY_SECONDS = 30


class Images:
    """buildah with a storage of its own, which goes with it; every container is in this test's network."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="staunch-images-")
        self.buildah = ["buildah", "--root", self.folder + "/root", "--runroot", self.folder + "/run", "--storage-driver", "vfs"]
        self.volume = self.folder + "/volume"
        os.mkdir(self.volume)
        os.chown(self.volume, OWNER, OWNER)

    def command(self, *arguments, **options):
        return subprocess.run(self.buildah + list(arguments), capture_output=True, text=True, timeout=120, cwd=ROOT, **options)

    def build(self, program):
        return self.command("bud", "--isolation", "chroot", "--format", "docker", "-f", "src/package/Dockerfile", "--build-arg",
                            f"PROGRAM={program}", "--build-arg", f"ARCH={packages.architecture()}", "-t", program, ".")

    def run_line(self, container, *words):
        """What runs the program as the image's entrypoint would be, with the volume where its configuration is."""
        return ["run", "--isolation", "chroot", "--network", "host", "-v", f"{self.volume}:/etc/staunch", container, "--", *words]

    def run(self, container, *words, **options):
        return self.command(*self.run_line(container, *words), **options)

    def close(self):
        self.command("rm", "--all")
        self.command("rmi", "--all", "--force")
        shutil.rmtree(self.folder, ignore_errors=True)


def why_not():
    if shutil.which("buildah") is None:
        return "buildah is not installed here, and large"
    if packages.why_not() is not None:
        return packages.why_not()
    if not os.path.exists(os.path.join(ROOT, f"build/container/staunch_{packages.architecture()}.tar")):
        return "`make container` makes what goes into it"
    return None


def servers():
    """Processes of the program in a container, the oldest first."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            with open(f"/proc/{name}/status") as f:
                facts = dict(line.split(":\t", 1) for line in f.read().split("\n") if ":\t" in line)
        except OSError:
            continue
        if words[:2] == [b"/usr/bin/staunch", b"serve"] and int(facts["Uid"].split()[0]) == OWNER:
            found.append((int(name), facts))
    return sorted(found)


def start(images, container):
    path = images.folder + "/log"
    with open(path, "wb") as log:
        process = subprocess.Popen(images.buildah + images.run_line(container, "/usr/bin/staunch", "serve"), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
    wait_ready(process, path, seconds=READY_SECONDS)
    return process


def test_image(images):
    config = json.loads(images.command("inspect", "--type", "image", "staunch").stdout)["Docker"]["config"]
    equal("what runs", (config["Entrypoint"], config["Cmd"]), (["/usr/bin/staunch"], ["serve"]))
    equal("who runs it", config["User"], f"{OWNER}:{OWNER}")
    equal("what is kept", sorted(config["Volumes"]), ["/etc/staunch", "/var/lib/staunch"])
    equal("its ports", sorted(config["ExposedPorts"]), sorted(f"{port}/tcp" for port in (25, 143, 443, 465, 587, 993)))
    return config["Healthcheck"]["Test"]


def test_mail(images):
    with smtplib.SMTP("127.0.0.1", 21025, timeout=20) as smtp:
        smtp.sendmail("friend@far.test", [USER], "Subject: contained\r\n\r\nIt works.\r\n")
    with imaplib.IMAP4_SSL("127.0.0.1", 21093, ssl_context=insecure_tls(), timeout=20) as imap:
        imap.login(USER, SECRET)
        imap.select("INBOX", readonly=True)
        content = imap.fetch("1", "(BODY[HEADER.FIELDS (SUBJECT)])")[1][0][1]
    equal("the message came", content.strip(), b"Subject: contained")
    found = [os.path.join(place, name) for place, folders, names in os.walk(images.volume) for name in folders + names]
    equal("all files are the user's", {os.lstat(path).st_uid for path in found}, {OWNER})


def test_first_start(images, container, health):
    equal("the health is a command", health[0], "CMD")
    done = images.run(container, "/usr/bin/staunch", "serve")
    equal("without a configuration it says so", (done.returncode, "/etc/staunch/staunch.conf: cannot be read" in done.stderr), (2, True))
    done = images.run(container, "/usr/bin/staunch", "setup", "--local", "/etc/staunch", "--address", "*")
    equal("a first configuration", (done.returncode, done.stdout.split(",")[0]), (0, "made /etc/staunch/staunch.conf"))
    done = images.run(container, "/usr/bin/staunch", "user", "add", USER, "--password-stdin", input=SECRET + "\n")
    equal("an account", (done.returncode, done.stderr), (0, ""))
    equal("no server, no health", images.run(container, *health[1:]).returncode, 1)
    process = start(images, container)
    test_mail(images)
    equal("healthy", images.run(container, *health[1:]).returncode, 0)
    running = servers()
    check("the server and its directory run", len(running) > 1, running)
    equal("without capabilities", {int(facts["CapEff"], 16) for _, facts in running}, {0})
    os.kill(running[0][0], signal.SIGTERM)
    equal("it stops", process.wait(20), 0)


def main():
    lab.isolate()
    reason = why_not()
    if reason:
        skip("containers", reason)
        end()
    images = Images()
    try:
        done = images.build("staunch")
        if done.returncode != 0 and "STEP" not in done.stdout:
            skip("containers", "buildah does not work here: " + done.stderr.strip().split("\n")[-1])
            end()
        equal("built", (done.returncode, done.stderr * (done.returncode != 0)), (0, ""))
        health = test_image(images)
        test_first_start(images, images.command("from", "staunch").stdout.strip(), health)
        for version in ("staunch-smtp", "staunch-imap", "staunch-jmap"):
            images.build(version)
            container = images.command("from", version).stdout.strip()
            said = images.run(container, "/usr/bin/staunch", "version").stdout
            check(f"an image of {version}", said.startswith(version + " "), said)
    finally:
        images.close()
    end()


if __name__ == "__main__":
    main()
