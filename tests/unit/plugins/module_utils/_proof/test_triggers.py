# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How paths are touched and tidied up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._proof.triggers import (
    parse_paths,
    touch,
)


def test_the_paths_of_a_unit() -> None:
    text = "/run/a b (PathExists)\n/run/d (DirectoryNotEmpty)"
    assert parse_paths(text) == [
        ("PathExists", "/run/a b"),
        ("DirectoryNotEmpty", "/run/d"),
    ]
    assert parse_paths("") == []


@pytest.mark.parametrize(
    ("way", "path", "made"),
    [
        ("PathExists", "a", "a"),
        ("PathExists", "deep/er/a", "deep/er/a"),
        ("PathExistsGlob", "x-[12]?.*", "x-1x.activated-probe"),
        ("PathChanged", "spool/new", "spool/new"),
        ("DirectoryNotEmpty", "spool", "spool/activated-probe"),
        ("PathModified", "spool", "spool/activated-probe"),
        ("PathChanged", "spool", "spool/activated-probe"),
        ("DirectoryNotEmpty", "nowhere", "nowhere/activated-probe"),
    ],
)
def test_what_is_made_is_removed(
    tmp_path: Path, way: str, path: str, made: str
) -> None:
    (tmp_path / "spool").mkdir()
    before = sorted(tmp_path.rglob("*"))
    undo = touch(way, str(tmp_path / path))
    assert (tmp_path / made).is_file()
    undo()
    assert sorted(tmp_path.rglob("*")) == before


def test_what_exists_keeps_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("precious")
    os.utime(file, (1, 1))
    touch("PathModified", str(file))()
    assert file.read_text() == "precious"
    assert file.stat().st_mtime == 1
