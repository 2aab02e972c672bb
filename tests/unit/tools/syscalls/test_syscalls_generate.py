# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import pathlib
import types

ROOT = pathlib.Path(__file__).resolve().parents[4]


def generator() -> types.ModuleType:
    path = ROOT / "tools/syscalls/generate.py"
    spec = importlib.util.spec_from_file_location("syscalls_generate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_table_is_the_one_that_the_data_makes() -> None:
    generate = generator()
    made = generate.formatted(generate.render(generate.documents()))
    assert generate.TABLE.read_text() == made


def test_keeps_only_changes() -> None:
    changes = generator().changes
    assert changes({252: "a", 247: "a", 257: "a b", 262: "a b"}) == (
        (247, "a"),
        (257, "a b"),
    )


def test_members_go_into_groups() -> None:
    members = generator().members
    assert members({"@a": ["x", "@b"], "@b": ["y"]}, "@a") == {"x", "y"}
