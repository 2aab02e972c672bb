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
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
TARGETS = TESTS / "targets" / "targets.py"
PREFIX = "as-diff-"

for folder in (TESTS / "support", TESTS / "differential"):
    sys.path.insert(0, str(folder))

from running import SUITES, Target


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
