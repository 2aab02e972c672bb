# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the levels of the sandbox do, by a service that tries what they forbid.

At each level it is proven first, and every directive of the level must be among those that the
kernel shows, or those that nothing shows; then it tries, and what it could do must be what
docs/sandbox-effect.md says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t
from pathlib import Path

import attempts
import pytest
from fleet import FULL, SUITES, Hosts

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)

COLLECTIONS = Path(__file__).resolve().parents[3] / ".build" / "collections"
#: Directives whose effect nothing shows from outside, at any level.
HIDDEN = {
    "DevicePolicy",
    "IPAddressDeny",
    "KeyringMode",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "RemoveIPC",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictSUIDSGID",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The newest suite, or every one with ACTIVATED_FULL."""
    suites = SUITES if FULL else SUITES[-1:]
    marked = [pytest.param(suite, marks=pytest.mark.targets) for suite in suites]
    metafunc.parametrize("ground", marked, indirect=True, scope="session")


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest, hosts: Hosts) -> t.Iterator[t.Any]:
    """A host on which there is what the attempts are after."""
    host = hosts.get(request.param)
    attempts.lay_out(host)
    try:
        yield host
    finally:
        attempts.clear(host)


@pytest.mark.parametrize("column", attempts.COLUMNS)
def test_what_a_level_forbids_cannot_be_done(ground: t.Any, column: str) -> None:
    with attempts.deployed(ground, column):
        if column in attempts.LEVELS:
            prove(ground, column)
        found = attempts.measure(ground)
    failed = {name: text for name, text in found.items() if text.startswith("failed")}
    assert not failed
    told = attempts.read(ground.suite)
    assert not attempts.differences(told, {column: found})


if FULL:

    def test_deployed_by_the_role_it_can_do_no_more(ground: t.Any) -> None:
        try:
            done = subprocess.run(
                [str(Path(sys.executable).parent / "ansible-playbook"), "-i",
                 f"{ground.container},", "-c", "community.docker.docker", "-e", "level=sealed",
                 str(attempts.PROGRAM.parent / "deploy.yml")],
                env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
            found = attempts.measure(ground)
        finally:
            ground.attempt("deployment", name="attempts", state="absent")
        told = attempts.read(ground.suite)
        assert not attempts.differences(told, {"sealed": found})


def prove(host: t.Any, level: str) -> None:
    """The service is proven at a level, and no directive of it is left out or in doubt."""
    result = host.attempt(
        "activation",
        name="attempts",
        probes=[{"socket": "attempts", "http": {"body": "attempts"}}],
        timeout=20,
        settle=0,
    )
    assert not result.get("failed"), result["msg"]
    sandbox = result["proof"]["sandbox"]
    of_level = set(Sandbox.parse(level, host.version()).directives)
    agrees, unknown = set(sandbox["agrees"]), set(sandbox["unknown"])
    assert sandbox["differences"] == []
    assert not agrees & unknown
    assert set(sandbox["declared"]) == set(sandbox["effective"]) == agrees | unknown
    hidden = of_level & HIDDEN
    # where everybody may read the kernel's log, only the filter is left to forbid it
    if host.sh("cat /proc/sys/kernel/dmesg_restrict") == "0":
        hidden |= {"ProtectKernelLogs"}
    assert of_level & unknown == hidden
    assert of_level & agrees == of_level - hidden
