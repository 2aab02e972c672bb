# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needrestart is told, and when its file is written or taken away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment import (
    needrestart,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.needrestart import (
    needrestart_changes,
    snippet,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Conflict,
)


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests is root here, whatever the umask is."""
    monkeypatch.setattr(needrestart, "OURS", (os.geteuid(), 0o644))


def write(folder: Path, text: str, mode: int = 0o644) -> None:
    path = folder / "activated-shop.conf"
    path.write_text(text)
    path.chmod(mode)


def asked(folder: Path, restart: bool = False) -> list[tuple[str, str]]:
    changes = needrestart_changes("shop", restart, str(folder))
    return [(change.action, Path(change.subject).name) for change in changes]


def test_a_host_without_needrestart_needs_nothing(tmp_path: Path) -> None:
    assert asked(tmp_path / "none") == []
    assert asked(tmp_path / "none", restart=True) == []


def test_the_file_is_written_once(tmp_path: Path) -> None:
    assert asked(tmp_path) == [("exempt", "activated-shop.conf")]
    write(tmp_path, snippet("shop"))
    assert asked(tmp_path) == []


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o600])
def test_what_others_may_write_is_replaced(tmp_path: Path, mode: int) -> None:
    write(tmp_path, snippet("shop"), mode)
    (change,) = needrestart_changes("shop", False, str(tmp_path))
    assert (change.action, change.after) == ("exempt", snippet("shop"))
    assert f"its mode is {mode:04o}" in change.reason


def test_a_link_is_replaced_and_named(tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    there.write_text(snippet("shop"))
    (tmp_path / "activated-shop.conf").symlink_to(there)
    (change,) = needrestart_changes("shop", False, str(tmp_path))
    assert change.reason == f"it is a link to {there}, and no file of its own"


def test_what_was_changed_by_hand_is_undone(tmp_path: Path) -> None:
    write(tmp_path, snippet("shop") + "1;\n")
    assert asked(tmp_path) == [("exempt", "activated-shop.conf")]


def test_it_goes_when_needrestart_may(tmp_path: Path) -> None:
    assert asked(tmp_path, restart=True) == []
    write(tmp_path, snippet("shop"))
    assert asked(tmp_path, restart=True) == [("readmit", "activated-shop.conf")]


def test_a_strangers_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "activated-shop.conf").write_text("# mine\n")
    assert asked(tmp_path, restart=True) == []
    with pytest.raises(Conflict, match="does not belong to the service shop"):
        asked(tmp_path)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("shop", r"^shop\.service$"),
        ("shop-admin", r"^shop\-admin\.service$"),
        ("a.b_C9", r"^a\.b_C9\.service$"),
    ],
)
def test_a_name_is_matched_as_it_is(name: str, pattern: str) -> None:
    assert snippet(name).endswith(f"->{{qr({pattern})}} = 0;\n")
