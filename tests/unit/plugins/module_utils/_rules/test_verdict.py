# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._rules.verdict import (
    against,
)

GOOD = "[Service]\nExecStart=/bin/true\n"


def test_each_error_is_one_line_with_its_place_and_rule() -> None:
    bad = f"{GOOD}ProtectSytem=yes\n"
    said = against({"a.service": bad, "b.service": GOOD, "c.service": ""}, 252)
    assert [line.split(" ")[0] for line in said] == ["a.service:3:", "c.service:"]
    assert said[0].endswith("(unknown-directive)")


def test_what_is_no_error_is_no_objection() -> None:
    assert against({"a.service": GOOD}, 252) == []


@pytest.mark.parametrize("systemd", [262, 999])
def test_a_newer_systemd_is_judged_as_the_newest_that_is_known(systemd: int) -> None:
    assert against({"a.service": f"{GOOD}Nice=99\n"}, systemd)
