# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment import (
    steps,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
)

UNIT = "shop-http.socket"


class Links:
    """What systemctl does to the links of a unit, and nothing of it is synced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "sockets.target.wants"

    def enable(self, unit: str) -> None:
        self.folder.mkdir()
        (self.folder / unit).symlink_to(f"../{unit}")

    def disable(self, unit: str) -> None:
        (self.folder / unit).unlink()
        self.folder.rmdir()


NOTHING = t.cast("t.Any", None)


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that were synced, where units are in `tmp_path`."""
    folders: list[str] = []
    monkeypatch.setattr(steps, "FOLDER", str(tmp_path))
    monkeypatch.setattr(steps, "sync_folder", folders.append)
    return folders


def making(manager: t.Any = NOTHING, **units: str) -> steps.Steps:
    return steps.Steps(Generation("shop", units), manager, NOTHING, NOTHING)


def test_what_starts_at_boot_is_on_disk_before_the_next_step(
    tmp_path: Path, synced: list[str]
) -> None:
    (tmp_path / UNIT).touch()
    one = making(Links(tmp_path))
    one.step(Change("enable", UNIT, ""))
    assert synced == [f"{tmp_path}/sockets.target.wants", str(tmp_path)]
    synced.clear()
    one.step(Change("disable", UNIT, ""))
    assert synced == [str(tmp_path)]  # its folder has gone


def test_a_folder_that_others_use_is_synced_when_a_link_goes(
    tmp_path: Path, synced: list[str]
) -> None:
    folder = tmp_path / "multi-user.target.wants"
    folder.mkdir()
    (folder / UNIT).symlink_to(f"../{UNIT}")
    (folder / "other.service").symlink_to("../other.service")
    making().step(Change("disable", UNIT, ""))
    assert synced[-2:] == [str(folder), str(tmp_path)]
    assert not (folder / UNIT).is_symlink()


def test_what_takes_room_is_written_while_nothing_has_changed(tmp_path: Path) -> None:
    """The second file cannot be written: the first is as it was, and nothing is left."""
    first, second = tmp_path / UNIT, tmp_path / "away" / "shop.service"
    first.write_text("old")
    one = making(**{UNIT: "new", "shop.service": "new"})
    plan = Plan(tuple(Change("write", str(path), "") for path in (first, second)))
    with pytest.raises(steps.StepFailed, match="No such file"):
        one.make(plan, lambda _unit: "")
    assert first.read_text() == "old"
    assert list(tmp_path.iterdir()) == [first]
