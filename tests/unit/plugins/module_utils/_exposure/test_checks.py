# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.activated.services.plugins.module_utils._exposure.checks import (
    CHECKS,
)


def test_there_are_as_many_and_as_heavy_as_in_systemd() -> None:
    assert len(CHECKS) == 81
    assert sum(check.weight for check in CHECKS) == 56460
    old = [check for check in CHECKS if check.since <= 247]
    assert sum(check.weight for check in old) == 56435


def test_each_has_names_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len({check.json_field for check in CHECKS}) == len(CHECKS)


def test_each_says_what_every_badness_means() -> None:
    for check in CHECKS:
        assert check.good
        assert check.bad
        assert check.good != check.bad
        assert all(0 < badness < check.range for badness in check.between), check.name
