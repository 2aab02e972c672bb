# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._tables import (
    capabilities,
)

# (word, limit) -> number
WORDS = [
    ("CAP_CHOWN", 62, 0),
    ("cap_sys_Admin", 62, 21),
    ("CAP_CHECKPOINT_RESTORE", 62, 40),
    ("CAP_FOO", 62, None),
    ("CHOWN", 62, None),
    ("", 62, None),
    ("21", 62, 21),
    ("0x15", 62, 21),
    ("025", 62, 21),
    ("+5", 62, 5),
    ("\t5", 62, 5),
    ("5\t", 62, None),
    ("08", 62, None),
    ("-1", 62, None),
    ("62", 62, 62),
    ("63", 62, None),
    ("63", 63, 63),
    ("64", 63, None),
    ("9" * 5000, 63, None),
    ("\u0665", 63, None),
]


@pytest.mark.parametrize(("word", "limit", "number"), WORDS)
def test_number(word: str, limit: int, number: int | None) -> None:
    assert capabilities.number(word, limit) == number


def test_every_name_has_its_bit() -> None:
    masks = [capabilities.mask(name[4:]) for name in capabilities.NAMES]
    assert masks == [1 << capabilities.number(name) for name in capabilities.NAMES]
    assert sum(masks) == capabilities.ALL


def test_refuses_a_mask_of_nothing_known() -> None:
    with pytest.raises(KeyError):
        capabilities.mask("FOO")
