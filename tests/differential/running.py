# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running systemd of one suite, and which suites are asked for."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()


@dataclass(frozen=True)
class Target:
    """A container whose first process is the systemd of one suite."""

    name: str
    suite: str

    def run(
        self, *command: str, data: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command inside, `data` being what it reads.

        Raises AssertionError with what it said when it fails, unless check is False.
        """
        done = subprocess.run(
            ["docker", "exec", "--interactive", self.name, *command],
            input=data,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            said = (done.stderr + done.stdout).decode(errors="replace")
            raise AssertionError(f"{' '.join(command)} on {self.name}: {said}")
        return done

    def python(self, program: Path, *arguments: str, data: bytes = b"") -> bytes:
        """Run a Python file of this machine inside; what it prints."""
        source = program.read_text()
        return self.run("python3", "-c", source, *arguments, data=data).stdout

    def version(self) -> int:
        """The version of its systemd."""
        said = self.run("systemctl", "--version").stdout.split()
        return int(said[1])
