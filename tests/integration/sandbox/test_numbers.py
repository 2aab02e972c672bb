# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hello and lunchd, deployed by the role and proven, at the levels for activated services."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from fleet import FULL, SUITES, Host, Hosts

pytestmark = pytest.mark.targets

ROOT = Path(__file__).resolve().parents[3]
# systemd 252, 257 and the newest; the programs are built for each.
WANTED = ["bookworm", "trixie", "forky"] if FULL else ["bookworm", "trixie"]
MOST = {"strict": 1.1, "sealed": 0.3}
# The other two are deployed, with the same bounds, by the scenarios of molecule.
CASES = (
    [(program, level) for program in ("hello", "lunchd") for level in MOST]
    if FULL
    else [("hello", "sealed"), ("lunchd", "strict")]
)
PROGRAMS: dict[str, dict[str, t.Any]] = {
    "hello": {
        "file": "hello-1.0.0.tar.gz",
        "exec_start": "bin/hello start",
        "runtime_directory": "hello",
        "environment": {"ERL_CRASH_DUMP_SECONDS": "0"},
        "sockets": {"http": {"ListenStream": 8180}, "https": {"ListenStream": 8143}},
        "body": "Hello World!",
    },
    "lunchd": {
        "file": "lunchd-1.0.0",
        "exec_start": ["lunchd"],
        "sockets": {"http": {"ListenStream": 8280}},
        "body": "<h1>",
    },
}


def suites() -> list[str]:
    return [suite for suite in WANTED if suite in SUITES or FULL]


@pytest.fixture(scope="module")
def results(
    hosts: Hosts, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[dict[tuple[str, str, str], t.Any]]:
    """What the role said, by suite, program and level: one play for all hosts."""
    folder = tmp_path_factory.mktemp("numbers")
    build = [sys.executable, str(ROOT / "tests/services/build.py")]
    there: dict[str, Host] = {suite: hosts.get(suite) for suite in suites()}
    for program in PROGRAMS:
        each = [word for suite in there for word in ("--suite", suite)]
        subprocess.run([*build, program, "--version", "1.0.0", *each], check=True)
    tasks = [task(program, level, folder) for program, level in CASES]
    (folder / "play.yml").write_text(
        json.dumps([{
            "hosts": "all",
            "gather_facts": False,
            "tasks": [one for some in tasks for one in some],
        }])
    )  # fmt: skip
    rows = {host.container: {"suite": suite} for suite, host in there.items()}
    (folder / "hosts.json").write_text(
        json.dumps({"all": {
            "hosts": rows,
            "vars": {"ansible_connection": "community.docker.docker"},
        }})
    )  # fmt: skip
    try:
        play(folder)
        yield {
            (suite, program, level): json.loads(
                (folder / f"{host.container}-{program}-{level}").read_text()
            )
            for suite, host in there.items()
            for program, level in CASES
        }
    finally:
        # other tests of these hosts deploy programs of the same names
        for host in there.values():
            for program in PROGRAMS:
                host.run("deployment", name=program, state="absent")


def play(folder: Path) -> None:
    """Run the play in a folder."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"),
         "-i", str(folder / "hosts.json"), str(folder / "play.yml")],
        env={**os.environ, "ANSIBLE_NOCOLOR": "1",
             "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections")},
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]


def task(program: str, level: str, folder: Path) -> list[dict[str, t.Any]]:
    """Deploy a program at a level, and keep what the role says."""
    wish = dict(PROGRAMS[program])
    file, body = wish.pop("file"), wish.pop("body")
    role = {
        "name": program,
        "type": "notify",
        "release": {
            "version": "1.0.0",
            "src": f"{ROOT}/.build/services/{{{{ suite }}}}/{file}",
        },
        "sandbox": level,
        "exposure_max": MOST[level],
        "probes": [{"socket": "http", "http": {"path": "/", "body": body}}],
        **wish,
    }
    to = f"{folder}/{{{{ inventory_hostname }}}}-{program}-{level}"
    return [
        {
            "ansible.builtin.include_role": {"name": "activated.services.service"},
            "vars": {f"service_{key}": value for key, value in role.items()},
        },
        {
            "ansible.builtin.copy": {
                "dest": to,
                "content": "{{ __service_result | to_json }}",
            },
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local"},
        },
    ]


@pytest.mark.parametrize(("program", "level"), CASES)
@pytest.mark.parametrize("suite", suites())
def test_it_runs_proven_at_the_level(
    results: dict[tuple[str, str, str], t.Any], suite: str, program: str, level: str
) -> None:
    result = results[suite, program, level]
    assert result["exposure"] <= MOST[level]
    assert result["proof"]["problems"] == []
    assert result["proof"]["sockets"]["http"]["triggered"] is True
    assert result["sandbox"]["level"] == level
    assert result["sandbox"]["missing"] == []
    assert result["sandbox"]["undone"] == []
