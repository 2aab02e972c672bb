# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needrestart is told, and when its file is written or taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment.needrestart import (
    needrestart_changes,
    snippet,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Conflict,
)


def asked(folder: Path, restart: bool = False) -> list[tuple[str, str]]:
    changes = needrestart_changes("shop", restart, str(folder))
    return [(change.action, Path(change.subject).name) for change in changes]


def test_a_host_without_needrestart_needs_nothing(tmp_path: Path) -> None:
    assert asked(tmp_path / "none") == []
    assert asked(tmp_path / "none", restart=True) == []


def test_the_file_is_written_once(tmp_path: Path) -> None:
    assert asked(tmp_path) == [("exempt", "activated-shop.conf")]
    (tmp_path / "activated-shop.conf").write_text(snippet("shop"))
    assert asked(tmp_path) == []


def test_what_was_changed_by_hand_is_undone(tmp_path: Path) -> None:
    (tmp_path / "activated-shop.conf").write_text(snippet("shop") + "1;\n")
    assert asked(tmp_path) == [("exempt", "activated-shop.conf")]


def test_it_goes_when_needrestart_may(tmp_path: Path) -> None:
    assert asked(tmp_path, restart=True) == []
    (tmp_path / "activated-shop.conf").write_text(snippet("shop"))
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
