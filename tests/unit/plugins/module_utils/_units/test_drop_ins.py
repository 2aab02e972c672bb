# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose drop-ins are whose, and in which order."""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._units.drop_ins import (
    checked_files,
    drop_ins_of,
    is_drop_in,
    is_shared,
    owner,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit_name import (
    InvalidUnitName,
)


@pytest.mark.parametrize(
    ("file", "unit", "shared"),
    [
        ("a.service.d/10-b.conf", "a.service", False),
        ("a@.service.d/b.conf", "a@.service", False),
        ("a@x.service.d/b.conf", "a@x.service", False),
        ("a-.service.d/b.conf", "a-.service", True),
        ("service.d/b.conf", "-.service", True),
        ("socket.d/b.conf", "-.socket", True),
    ],
)
def test_a_drop_in_has_an_owner(file: str, unit: str, shared: bool) -> None:
    assert is_drop_in(file)
    assert owner(file) == unit
    assert is_shared(unit) is shared


@pytest.mark.parametrize(
    "file",
    [
        "../a.service.d/b.conf", "a.service.d/../b.conf", "a.service.d/b", "a.service.d/.b.conf",
        "a.service/b.conf", "a.d/b.conf", "/a.service.d/b.conf", "a.service.d/b\n.conf", "a",
        "a.service.d/b/c.conf", "",
    ],
)  # fmt: skip
def test_what_is_none(file: str) -> None:
    assert not is_drop_in(file)
    with pytest.raises(InvalidUnitName, match="not the name of a unit or a drop-in"):
        owner(file)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        (
            "a-b.service",
            [
                "service.d/05-all.conf",
                "a-b.service.d/10-x.conf",
                "a-.service.d/20-y.conf",
                "a-b.service.d/30-z.conf",
            ],
        ),
        ("a.service", ["service.d/05-all.conf", "service.d/10-x.conf"]),
        ("a-b.socket", []),
        (
            "t@i.service",
            [
                "service.d/05-all.conf",
                "t@i.service.d/10-x.conf",
                "t@.service.d/20-t.conf",
            ],
        ),
    ],
)
def test_order_is_that_of_the_file_names(name: str, order: list[str]) -> None:
    files = [
        "a-b.service.d/30-z.conf", "a-.service.d/20-y.conf", "a-.service.d/10-x.conf",
        "a-b.service.d/10-x.conf", "service.d/05-all.conf", "service.d/10-x.conf",
        "t@.service.d/10-x.conf", "t@.service.d/20-t.conf", "t@i.service.d/10-x.conf",
        "other.service.d/1.conf", "a-b.service", "a-b.service.d/note.txt",
    ]  # fmt: skip
    assert drop_ins_of(name, files) == order


def test_files_are_units_first_then_their_parts() -> None:
    files = ["b.service", "a.service.d/x.conf", "service.d/y.conf", "a.service"]
    assert checked_files(files) == [
        "a.service",
        "b.service",
        "a.service.d/x.conf",
        "service.d/y.conf",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["a.service.d/x.conf"], "is a part of a.service, whose text is not"),
        (["a.service.d/../x.conf"], "is not the name of a unit"),
        (["../a.service"], "is not the name of a unit"),
    ],
)
def test_files_that_are_refused(files: list[str], said: str) -> None:
    with pytest.raises(InvalidUnitName, match=said):
        checked_files(files)
