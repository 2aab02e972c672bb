# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs, fitted; what is found is installed, and they are proven in it once more."""

from __future__ import annotations

import re
import typing as t

import pytest
from conftest import Starts
from fleet import FULL, SUITES, Host, Hosts
from programs import HELLO, NGINX, PROGRAMS, Program

ONLINE = re.compile(r"Overall exposure level for \S+: (\d+\.\d)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One of ours and one of Debian on the newest suite; all on all with ACTIVATED_FULL."""
    sample = PROGRAMS if FULL else (HELLO, NGINX)
    pairs = [
        pytest.param(
            suite, program, marks=pytest.mark.targets, id=f"{suite}-{program.name}"
        )
        for suite in (SUITES if FULL else SUITES[-1:])
        for program in sample
    ]
    metafunc.parametrize(("suite", "program"), pairs)


def test_a_program_is_fitted(hosts: Hosts, suite: str, program: Program) -> None:
    host = hosts.get(suite)
    program.install(host)
    name = f"{program.name}.service"
    found = host.show(name, "ActiveState")
    counted = Starts(host, name)
    try:
        result = host.run("harden", name=program.name, probes=program.probes)
        print(
            suite,
            program.name,
            result["exposure"],
            f"{result['restarts']} starts",
            [gone["directive"] for gone in result["gone"]],
        )
        assert not result["undecided"]
        # nobody's word is taken for the number
        assert counted.count() <= result["restarts"] <= 25
        assert result["exposure"]["after"] <= program.at_most
        assert result["exposure"]["after"] <= result["exposure"]["before"]
        # as it was found, without a trace
        assert host.show(name, "ActiveState") == found
        assert host.show(name, "DropInPaths") == ""
        kept(host, program, result)
    finally:
        host.sh(f"rm -rf /etc/systemd/system/{name}.d; systemctl daemon-reload")
        if program.files:
            host.remove(*program.files)
        else:
            host.sh(f"systemctl stop {name}")


def kept(host: Host, program: Program, result: dict[str, t.Any]) -> None:
    """Install the drop-in: systemd must give the same figure, the program be proven."""
    name = f"{program.name}.service"
    host.write({f"/etc/systemd/system/{name}.d/50-sandbox.conf": result["drop_in"]})
    host.sh("systemctl daemon-reload")
    assert systemd_says(host, name) == result["exposure"]["after"]
    again = host.run("harden", name=program.name, probes=program.probes)
    assert again["exposure"]["before"] == result["exposure"]["after"]
    assert again["exposure"]["after"] == result["exposure"]["after"]


def systemd_says(host: Host, name: str) -> float:
    """The exposure of a unit and its drop-ins, by the host's own systemd: of the files
    where it can judge files, else of what it has loaded."""
    offline = "--offline=true" if host.version() >= 250 else ""
    out = host.sh(f"systemd-analyze security --no-pager {offline} {name}", check=False)
    match = ONLINE.search(out)
    assert match, out
    return float(match[1])
