# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook: whom it refuses, what it shows meanwhile, what it prints at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from conftest import PROBES, Needy

PLAYBOOK = [
    str(Path(sys.executable).parent / "ansible-playbook"),
    "activated.services.harden",
]


class Play:
    """The playbook, with the needy host and another that does not exist."""

    def __init__(self, needy: Needy, place: Path) -> None:
        self.needy = needy
        self.name = needy.host.container
        self.place = place
        reached = {
            "ansible_connection": "community.docker.docker",
            "ansible_become": False,
        }
        hosts = {self.name: reached, "elsewhere": reached}
        (place / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))

    def run(self, *arguments: str, **variables: t.Any) -> tuple[int, str]:
        """Its status and what it printed."""
        done = subprocess.run(
            [*PLAYBOOK, "-i", "hosts.json", *arguments, "-e", json.dumps(variables)],
            cwd=self.place,
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def play(needy: Needy, tmp_path: Path) -> Play:
    return Play(needy, tmp_path)


REFUSED: list[tuple[tuple[str, ...], dict[str, t.Any], str]] = [
    ((), {}, "Name the service, and the host"),
    ((), {"target": "all"}, "Name the service, and the host"),
    (("--limit", "all"), {}, "2 hosts are meant"),
    ((), {"target": "HOST,elsewhere"}, "2 hosts are meant"),
]


def test_it_goes_to_nobody_who_was_not_named(play: Play) -> None:
    play.needy.start()
    run = play.needy.host.show("needy", "InvocationID")
    for arguments, variables, message in REFUSED:
        given = {k: v.replace("HOST", play.name) for k, v in variables.items()}
        status, out = play.run(*arguments, service_name="needy", **given)
        assert status != 0, out
        assert message in out
    status, out = play.run("--limit", play.name)
    assert status != 0, out
    assert "Name one, and the service" in out
    assert play.needy.host.show("needy", "InvocationID") == run
    assert play.needy.traces() == ""


def test_it_shows_the_plan_the_trials_and_what_to_keep(play: Play) -> None:
    play.needy.start("read=/home/shared/file")
    options = {
        "service_name": "needy",
        "target": play.name,
        "harden_probes": PROBES,
        "harden_only": ["ProtectHome", "UMask"],
    }
    status, out = play.run("--check", **options)
    assert status == 0, out
    assert "needy.service: 2 things to tighten, exposure" in out
    assert play.needy.traces() == ""

    status, out = play.run(**options)
    assert status == 0, out
    order = [
        "needy.service: 2 things to tighten",
        "start 2 of at most 25: ",
        "needy.service: exposure ",
        "had to go: ProtectHome=yes",
        "/home/shared/file",
        "in /etc/systemd/system/needy.service.d/50-sandbox.conf",
        "UMask=0077",
        "ProtectHome=read-only",
    ]
    at = 0
    for line in order:
        at = out.find(line, at)
        assert at >= 0, f"{line} is not there, or not in its place:\n{out}"
    assert play.needy.traces() == ""


def test_when_its_time_is_over_the_service_is_as_it_was(play: Play) -> None:
    play.needy.start("read=/home/shared/file", "code", "space")
    given = {"service_name": "needy", "target": play.name, "harden_probes": PROBES}
    status, out = play.run(**given, __harden_time=4, harden_settle=1)
    assert status != 0, out
    assert "Leave the service as it was found" in out
    assert "imeout exceeded" in out
    assert play.needy.traces() == ""
    assert play.needy.host.show("needy", "ActiveState") == "active"
