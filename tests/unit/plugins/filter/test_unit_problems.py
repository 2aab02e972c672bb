# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.unit_problems import (
    FilterModule,
    unit_problems,
)

SERVICE = "[Service]\nExecStart=/usr/bin/app\nDynamicUser=yes\n"


def test_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"unit_problems": unit_problems}


def test_gives_mappings() -> None:
    text = SERVICE + "ProtectSytem=strict\n"
    assert unit_problems(text, name="app.service", systemd=257) == [
        {
            "rule": "unknown-directive",
            "severity": "error",
            "section": "Service",
            "directive": "ProtectSytem",
            "line": 4,
            "message": "systemd knows no ProtectSytem in [Service] and ignores it; "
            "did you mean ProtectSystem?",
        }
    ]


def test_a_good_unit_has_none() -> None:
    assert unit_problems(SERVICE) == []


def test_knows_the_set() -> None:
    units = {"app.service": SERVICE, "app.socket": "[Socket]\nListenStream=80\n"}
    found = unit_problems(SERVICE, name="app.service", units=units)
    assert "socket-not-required" in {problem["rule"] for problem in found}


def test_takes_the_version_as_a_fact_gives_it() -> None:
    assert unit_problems(SERVICE + "RestartMode=direct\n", systemd="257") == []
    found = unit_problems(SERVICE + "RestartMode=direct\n", systemd="247")
    assert [problem["rule"] for problem in found] == ["newer-directive"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": None}, "a unit is a string, not NoneType"),
        ({"text": SERVICE, "name": "app"}, "'app' is not the name of a unit"),
        ({"text": SERVICE, "name": 3}, "name must be a string, not int"),
        (
            {"text": SERVICE, "systemd": "new"},
            "systemd must be a version such as 252, not 'new'",
        ),
        ({"text": SERVICE, "systemd": 246}, "systemd 246 is not known: 247 to 262 are"),
        ({"text": SERVICE, "units": []}, "units must be a mapping"),
        ({"text": SERVICE, "units": {"a.service": 1}}, "units['a.service'] must be"),
    ],
)
def test_says_what_is_wrong(arguments: dict[str, t.Any], message: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"^activated\.services\.unit_problems"
    ) as said:
        unit_problems(**arguments)
    assert message in str(said.value)
