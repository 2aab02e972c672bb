# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One running systemd of each suite, for tests that ask systemd itself.

ACTIVATED_SUITES names the suites, with blanks between them. A suite whose host cannot
be started fails its tests with the reason; nothing is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TARGETS = TESTS / "targets" / "targets.py"
SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
PREFIX = "as-diff-"

sys.path.insert(0, str(TESTS / "support"))


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        marked = [pytest.param(suite, marks=pytest.mark.targets) for suite in SUITES]
        metafunc.parametrize("target", marked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> t.Iterator[Target]:
    """A fresh host of the suite, removed at the end."""
    suite = request.param
    host = Target(f"{PREFIX}{suite}-{os.getpid()}", suite)
    command = [sys.executable, str(TARGETS)]
    try:
        started = subprocess.run(
            [*command, "up", host.name, "--suite", suite],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if started.returncode:
            pytest.fail(f"No {suite} host: {started.stdout.strip()}", pytrace=False)
        yield host
    finally:
        subprocess.run(
            [*command, "down", host.name], stdout=subprocess.DEVNULL, check=False
        )
