# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine import check_version, judge, parse_version, running_daemon
from steps import TargetError


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("20.10.24+dfsg1", (20, 10)),
        ("28.2.2", (28, 2)),
        ("v29.0.0-rc.1", (29, 0)),
        ("19.03.15", (19, 3)),
    ],
)
def test_version_is_read(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "dev", "library-import", "20"])
def test_version_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match="not understood"):
        parse_version(text)


@pytest.mark.parametrize("text", ["1.13.1", "18.09.1", "19.03.15", "20.9.9"])
def test_old_engine_is_refused(text: str) -> None:
    with pytest.raises(TargetError, match=r"too old.*20\.10"):
        check_version(text)


@pytest.mark.parametrize("text", ["20.10.0", "20.10.24+dfsg1", "28.2.2"])
def test_new_engine_is_taken(text: str) -> None:
    check_version(text)


DOCKER = json.dumps({"Version": "28.2.2", "Components": [{"Name": "Engine"}]})
PODMAN = json.dumps({"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]})
DENIED = "permission denied while trying to connect to the Docker daemon socket"
DOWN = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
    "Is the docker daemon running?"
)


@pytest.mark.parametrize(
    ("status", "output", "errors", "reason"),
    [
        (0, DOCKER, "", ""),
        (0, PODMAN, "", "strange"),
        (0, "null", "", "strange"),
        (0, "no JSON", "", "strange"),
        (127, "", "docker: not found", "missing"),
        (1, "null", DENIED, "forbidden"),
        (1, "null", DOWN, "silent"),
        (1, "", "dial tcp 127.0.0.1:2375: connect: connection refused", "silent"),
        (124, "", "docker gave no answer within 20 s", "silent"),
        (1, "", "client version 1.52 is too new", "strange"),
    ],
)
def test_answers_are_told_apart(
    status: int, output: str, errors: str, reason: str
) -> None:
    assert judge(status, output, errors).reason == reason


@pytest.mark.parametrize(
    ("comm", "runs"), [("dockerd\n", True), ("sshd\n", False), (None, False)]
)
def test_stale_pid_file_is_removed(
    tmp_path: Path, comm: str | None, runs: bool
) -> None:
    pid_file = tmp_path / "docker.pid"
    pid_file.write_text("42")
    if comm:
        (tmp_path / "42").mkdir()
        (tmp_path / "42" / "comm").write_text(comm)
    assert running_daemon(pid_file, tmp_path) is runs
    assert pid_file.exists() is runs
