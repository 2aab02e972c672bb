# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from ansible_collections.activated.services.plugins.module_utils._tables import syscalls

ROOT = pathlib.Path(__file__).resolve().parents[5]
DATA = sorted(ROOT.glob("tools/syscalls/data/*.json"))


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_members_are_those_that_systemd_shows(path: pathlib.Path) -> None:
    document = json.loads(path.read_text())
    groups = document["groups"]

    def flat(name: str) -> set[str]:
        inner = [entry for entry in groups[name] if entry.startswith("@")]
        return set(groups[name]).difference(inner).union(*map(flat, inner))

    for name in groups:
        assert syscalls.members(name, document["systemd"]) == flat(name)


def test_the_data_is_there() -> None:
    assert [path.stem for path in DATA] == ["247", "252", "254", "257", "262"]


def test_groups_come_and_change_with_versions() -> None:
    assert syscalls.members("@sandbox", 252) is None
    assert "seccomp" in (syscalls.members("@sandbox", 257) or ())
    assert [
        "open_tree" in syscalls.native("@mount", version, "x86-64")
        for version in (247, 258, 259, 300)
    ] == [True, True, False, False]


@pytest.mark.parametrize("name", ["@nonsense", "@", "mount"])
def test_knows_no_other_groups(name: str) -> None:
    assert syscalls.members(name, 257) is None


def test_native_calls_depend_on_the_architecture() -> None:
    assert syscalls.native("@cpu-emulation", 252, "x86-64") == ("modify_ldt",)
    assert syscalls.native("@cpu-emulation", 252, "arm64") == ()
    with pytest.raises(KeyError):
        syscalls.native("@mount", 252, "vax")


def test_judged_leaves_out_what_no_check_asks_for() -> None:
    assert syscalls.judged("mount", 252, "x86-64") == {"mount"}
    assert syscalls.judged("read", 252, "x86-64") == frozenset()
    assert syscalls.judged("@swap", 252, "x86-64") == {"swapon", "swapoff"}
    assert syscalls.judged("@nonsense", 252, "x86-64") == frozenset()


def test_table_is_loaded_when_it_is_needed_only() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ansible_collections.activated.services.plugins.module_utils"
        "._exposure import exposure\n"
        "name = exposure.__name__.replace('_exposure.exposure', '_tables.syscalls_table')\n"
        "exposure.exposure('[Service]')\n"
        "before = name in sys.modules\n"
        "exposure.exposure('[Service]\\nSystemCallFilter=@mount')\n"
        "print(before, name in sys.modules)\n"
    )
    collections = str(ROOT / ".build/collections")
    command = [sys.executable, "-c", script, collections]
    assert subprocess.check_output(command, text=True).split() == ["False", "True"]
