# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.security import (
    Measured,
)
from ansible_collections.activated.services.plugins.module_utils._host.verify import (
    Message,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit_name import (
    InvalidUnitName,
)
from ansible_collections.activated.services.plugins.modules.unit_check import (
    InvalidUnits,
    parse_units,
    verdict,
)

SAFE = {"a.service": Measured(1.2, "OK", "systemd")}


@pytest.mark.parametrize(
    ("problems", "exposure_max", "expected"),
    [
        ([], None, None),
        ([], 1.2, None),
        ([], 1.1, "a.service has an exposure of 1.2 (OK), more than 1.1"),
        ([Message("a.service", 3, "Bad.")], None, "a.service:3: Bad."),
        ([Message("a.service", None, "Bad.")], None, "a.service: Bad."),
        (
            [Message("", None, "Bad."), Message("", None, "X")],
            None,
            "Bad. (and 1 more)",
        ),
        (
            [Message("a.service", 3, "Bad.")],
            0.0,
            "a.service:3: Bad.; a.service has an exposure of 1.2 (OK), more than 0.0",
        ),
    ],
)
def test_verdict(
    problems: list[Message], exposure_max: float | None, expected: str | None
) -> None:
    assert verdict(problems, SAFE, exposure_max) == expected


def test_units_are_texts_under_real_names() -> None:
    assert parse_units({"a.service": "x"}) == {"a.service": "x"}
    with pytest.raises(InvalidUnitName):
        parse_units({"../a.service": "x"})
    with pytest.raises(InvalidUnits, match=r"a\.service.*not a dict"):
        parse_units({"a.service": {"Service": {}}})
    with pytest.raises(
        InvalidUnits, match=r"a\.service.*half of a character \(U\+D800"
    ):
        parse_units({"a.service": "x\ud800"})
    assert parse_units({"a.service": "\udcff"}) == {"a.service": "\udcff"}
