"""Libraries for Node programs, from npm.

    script, why = npm.install("jmap-jam", "jmap_jam_client.mjs", "jmap-jam@0.13.1")
    if why: skip("jmap-jam", why)
    subprocess.run(["node", script, ..])

They come once and stay in build/need/NAME, until other versions of them are asked for; the script is copied beside them,
where it finds them.
"""

import os
import shutil
import subprocess

from harness import ROOT

NODE_MIN = 20
GET_SECONDS = 60


def install(name, script, *packages):
    """The script beside the packages, and why there is none, or ""."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node and npm are not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30).stdout
    if int(version.strip().lstrip("v").split(".")[0]) < NODE_MIN:
        return None, f"it wants Node {NODE_MIN}, here is {version.strip()}"
    folder = os.path.join(ROOT, "build/need", name)
    os.makedirs(folder, exist_ok=True)
    if why := get(folder, packages):
        return None, why
    return shutil.copy(os.path.join(ROOT, "test/e2e", script), folder), ""


def get(folder, packages):
    """Why they are not in the folder; "" when they are. `ready` names those that are."""
    ready = os.path.join(folder, "ready")
    if os.path.exists(ready):
        with open(ready) as f:
            if f.read().split() == [*packages]:
                return ""
        os.remove(ready)
    try:
        done = subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", *packages],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=GET_SECONDS)
    except subprocess.TimeoutExpired:
        return "npm takes too long"
    if done.returncode != 0:
        return "npm does not get it: " + " ".join(done.stdout.split())[:200]
    with open(ready, "w") as f:
        f.write("\n".join(packages))
    return ""
