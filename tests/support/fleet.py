# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts that whole modules are tested on: which, how they start, what can be done there.

ACTIVATED_SUITES names the suites, with blanks between them; ACTIVATED_FULL asks for the
full counts of long tests. A host that does not start fails its tests with the reason.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
from remote_module import Remote

TESTS = Path(__file__).resolve().parent.parent
TARGETS = [sys.executable, str(TESTS / "targets" / "targets.py")]
SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
# What does not depend on systemd's version runs where most of the hosts are.
MAIN = "bookworm" if "bookworm" in SUITES else SUITES[0]
FULL = bool(os.environ.get("ACTIVATED_FULL"))
PREFIX = "as-proof-"


class Host(Remote):
    """A container whose first process is systemd, on which modules run."""

    suite: str = ""

    def sh(self, script: str, *, check: bool = True) -> str:
        """What a shell script prints there; raises with what it said when it fails."""
        done = subprocess.run(
            [self.engine, "exec", self.container, "sh", "-c", script],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{script}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def write(self, files: t.Mapping[str, str | bytes], mode: int = 0o644) -> None:
        """Put files there, all in one go; a path that ends with `!` becomes executable."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for path, text in files.items():
                data = text.encode() if isinstance(text, str) else text
                info = tarfile.TarInfo(path.rstrip("!").lstrip("/"))
                info.size = len(data)
                info.mode = 0o755 if path.endswith("!") else mode
                tar.addfile(info, io.BytesIO(data))
        subprocess.run(
            [self.engine, "exec", "-i", self.container, "tar", "-x", "-C", "/"],
            input=stream.getvalue(),
            check=True,
            capture_output=True,
        )

    def install(self, units: t.Mapping[str, str], start: str = "") -> None:
        """Write unit files, let systemd read them, and start some units."""
        self.write(
            {f"/etc/systemd/system/{name}": text for name, text in units.items()}
        )
        self.sh(
            "systemctl daemon-reload"
            + (f" && systemctl start {start}" if start else "")
        )

    def remove(self, *units: str) -> None:
        """Stop units, forget what became of them, and remove their files.

        systemd 262 stops none of them when one is not loaded: then each has its own command.
        """
        names = " ".join(units)
        self.sh(
            f"systemctl stop {names} 2>/dev/null || "
            f"for unit in {names}; do systemctl stop $unit 2>/dev/null; done; systemctl unmask -q {names} 2>/dev/null; "
            f"cd /etc/systemd/system && rm -rf {names} "
            + " ".join(f"{unit}.d" for unit in units)
            + f"; systemctl daemon-reload; systemctl reset-failed {names} 2>/dev/null; true"
        )

    def packages(self, names: str) -> None:
        """Install Debian's packages, of which none is started by its installation."""
        self.write({"/usr/sbin/policy-rc.d!": "#!/bin/sh\nexit 101\n"})
        self.sh(
            f"dpkg -s {names} >/dev/null 2>&1 || "
            "{ apt-get update -qq -o Acquire::Check-Valid-Until=false && "
            "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "
            f"--no-install-recommends {names}; }} >/tmp/apt.log 2>&1 || "
            "{ tail -n 5 /tmp/apt.log; false; }"
        )

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.sh(f"systemctl show -p {name} --value {unit}")

    def version(self) -> int:
        """The version of its systemd."""
        return int(self.sh("systemctl --version").split()[1])


def start(suite: str, name: str) -> Host:
    """A fresh host of a suite, which its name tells from those of other runs."""
    done = subprocess.run(
        [*TARGETS, "up", name, "--suite", suite],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"no {suite} host: {done.stdout.strip()}", pytrace=False)
    host = Host(name)
    host.suite = suite
    return host


class Hosts:
    """The hosts of one run, each started when it is first asked for."""

    def __init__(self) -> None:
        self._hosts: dict[str, Host] = {}

    def get(self, suite: str) -> Host:
        """The host of a suite."""
        if suite not in self._hosts:
            self._hosts[suite] = start(suite, f"{PREFIX}{suite}-{os.getpid()}")
        return self._hosts[suite]

    def main(self) -> Host:
        """The host for what does not depend on systemd's version."""
        return self.get(MAIN)

    def stop(self) -> None:
        """Remove all of them."""
        names = [host.container for host in self._hosts.values()]
        if names:
            subprocess.run(
                [*TARGETS, "down", *names], stdout=subprocess.DEVNULL, check=False
            )
