# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make demo`: two systemd hosts, one real program, and its first request.

The hosts stay afterwards, to look around in them; a second run reports no change.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = ROOT / ".venv" / "bin"
PLACE = ROOT / ".build" / "demo"
HOSTS = {"web-bookworm": "bookworm", "web-trixie": "trixie"}

START = time.monotonic()


def main() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    suites = list(HOSTS.values())
    targets = [sys.executable, "tests/targets/targets.py"]
    for host, suite in HOSTS.items():
        step(f"the host {host}", [*targets, "up", host, "--suite", suite])
    step("images with a compiler", [*targets, "build-images", *suites])
    builds = [word for suite in suites for word in ("--suite", suite)]
    step(
        "hello, an Elixir program, built for each host",
        [sys.executable, "tests/services/build.py", "hello", *builds],
    )
    renew_hosts_of_another_build(targets)
    install_collection()
    say("first deployment: demo/deploy.yml")
    playbook("deploy.yml")
    say("second deployment: nothing is to change")
    again = playbook("deploy.yml", quiet=True)
    changed = re.findall(r"changed=([0-9]+)", again)
    if not changed or any(count != "0" for count in changed):
        sys.exit(f"{again}\nThe second deployment changed something.")
    print("    nothing changed", flush=True)
    say("the service at rest, its sockets listening; then the first requests")
    playbook("show.yml", quiet=True)
    print()
    print((PLACE / "table.txt").read_text())
    print("Look around:  docker exec -it web-trixie bash   (systemctl status 'hello*')")
    print("Take it away: make clean")


def renew_hosts_of_another_build(targets: list[str]) -> None:
    """A host that has version 1.0.0 of another build would rightly refuse this one."""
    for host, suite in HOSTS.items():
        archive = ROOT / ".build" / "services" / suite / "hello-1.0.0.tar.gz"
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        marker = "/opt/hello/releases/1.0.0/.activated-release.json"
        there = subprocess.run(
            ["docker", "exec", host, "cat", marker],
            capture_output=True,
            text=True,
            check=False,
        )
        if there.returncode == 0 and digest not in there.stdout:
            step(
                f"{host} has another build of hello: made anew",
                [*targets, "down", host],
            )
            run([*targets, "up", host, "--suite", suite])


def install_collection() -> None:
    """Build the collection's archive and install it, as a user would."""
    say("the collection, built and installed into an empty folder")
    folder = PLACE / "collections"
    shutil.rmtree(folder, ignore_errors=True)
    galaxy = str(BIN / "ansible-galaxy")
    build = [galaxy, "collection", "build", "--force", "--output-path", str(PLACE)]
    built = run(build)
    archive = re.search(r"(\S+\.tar\.gz)", built)
    if not archive:
        sys.exit(f"{built}\nansible-galaxy has built no archive.")
    run([galaxy, "collection", "install", "--force", archive[1], "-p", str(folder)])
    print(f"    {Path(archive[1]).name}", flush=True)


def playbook(name: str, quiet: bool = False) -> str:
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(PLACE / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
    }
    command = [str(BIN / "ansible-playbook"), "-i", "inventory.yml", name]
    return run(command, ROOT / "demo", environment, quiet)


def step(what: str, command: list[str], quiet: bool = False) -> None:
    say(what)
    run(command, quiet=quiet)


def say(what: str) -> None:
    print(f"\n==> [{time.monotonic() - START:4.0f} s] {what}", flush=True)


def run(
    command: list[str],
    folder: Path = ROOT,
    environment: dict[str, str] | None = None,
    quiet: bool = True,
) -> str:
    """Run a command; what it says is shown at once, or only when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout or ''}\nfailed: {' '.join(command)}")
    return done.stdout or ""


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
