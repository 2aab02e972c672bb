# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service that tries what sandboxes forbid, and the tables of what it could do."""

from __future__ import annotations

import errno
import os
import signal
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

import attempts

from ansible_collections.activated.services.plugins.module_utils._proof.effects import (
    JUDGES,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    MEASURES,
)

SUITES = ("bullseye", "bookworm", "trixie", "forky")


@pytest.fixture(scope="module")
def program() -> t.Any:
    return attempts.program()


def test_each_directive_of_the_levels_is_tried(program: t.Any) -> None:
    tried = {name for one in program.ATTEMPTS.values() for name in one.directives}
    assert {measure.directive for measure in MEASURES} <= tried <= set(JUDGES)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (lambda: None, "could"),
        (lambda: os.open("/nonexistent", os.O_RDONLY), "refused: ENOENT"),
        (lambda: os.kill(os.getpid(), signal.SIGSYS), "refused: SIGSYS"),
        (lambda: 1 // 0, "failed: ZeroDivisionError"),
    ],
)
def test_what_becomes_of_an_attempt(
    program: t.Any, run: t.Callable[[], None], says: str
) -> None:
    found = program.outcome(program.Attempt("one", (), "", run))
    assert found.startswith(says)


def test_an_error_behind_the_right_is_none(program: t.Any) -> None:
    folder = b"/nonexistent"
    assert program.call("rmdir", folder, allowed=[errno.ENOENT]) == -1
    with pytest.raises(FileNotFoundError):
        program.call("rmdir", folder)


@pytest.mark.parametrize("suite", SUITES)
def test_the_document_has_each_attempt_in_each_column(suite: str) -> None:
    found = attempts.read(suite)
    assert list(found) == list(attempts.COLUMNS)
    # as the command would write it: its words are those of the program
    assert attempts.table(found) in attempts.DOCUMENT.read_text()


@pytest.mark.parametrize("suite", SUITES)
def test_levels_take_away_and_never_give(suite: str) -> None:
    found = attempts.read(suite)
    order = ["off, a user", "default", "strict", "sealed"]
    for looser, tighter in zip(order, order[1:]):
        could = {name for name, text in found[tighter].items() if text == "could"}
        before = {name for name, text in found[looser].items() if text == "could"}
        assert could <= before, tighter


@pytest.mark.parametrize("suite", SUITES)
def test_the_document_names_what_tells_nothing_apart(suite: str) -> None:
    untold = set(attempts.untold(attempts.read(suite)))
    assert untold == {
        "find_a_key",
        "load_module",
        "read_kernel_log",
        "real_time",
        "reboot",
        "set_clock",
        "socket_alg",
        "write_sys",
        "write_sysctl",
    }


def test_differences_are_told_by_column_and_attempt(program: t.Any) -> None:
    told = attempts.read("trixie")
    changed = {column: dict(outcomes) for column, outcomes in told.items()}
    assert attempts.differences(told, changed) == []
    changed["strict"]["write_usr"] = "could"
    changed["sealed"]["write_etc"] = "refused: EACCES"
    # a kernel may say it otherwise, but not give it
    changed["sealed"]["write_and_execute"] = "refused: EPERM"
    changed["strict"]["write_and_execute"] = "could"
    changed["off, a user"]["unshare_user"] = "refused: EPERM"
    assert attempts.differences(told, changed) == [
        "strict: write_usr: could, in the table refused: EROFS",
        "strict: write_and_execute: could, in the table refused",
        "sealed: write_etc: refused: EACCES, in the table refused: EROFS",
    ]
    del changed["strict"]["write_usr"]
    assert "not the same attempts" in attempts.differences(told, changed)[0]
    assert "new" not in program.ATTEMPTS


def test_a_table_is_written_in_the_place_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "document.md"
    document.write_text("# Title\n")
    monkeypatch.setattr(attempts, "DOCUMENT", document)
    with pytest.raises(LookupError, match="no table for trixie"):
        attempts.read("trixie")
    names = attempts.program().ATTEMPTS
    first = {"off": dict.fromkeys(names, "could")}
    second = {"off": dict.fromkeys(names, "refused: EPERM")}
    attempts.write("trixie", 257, first)
    attempts.write("forky", 262, first)
    attempts.write("trixie", 257, second)
    assert attempts.read("trixie") == second
    assert attempts.read("forky") == first
    assert document.read_text().count("###") == 2
