# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every filter that takes a version refuses what is none, and names its option."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.credentials import (
    credentials,
)
from ansible_collections.activated.services.plugins.filter.exposure import exposure
from ansible_collections.activated.services.plugins.filter.refusal import refusal
from ansible_collections.activated.services.plugins.filter.sandbox import sandbox
from ansible_collections.activated.services.plugins.filter.sandbox_report import (
    sandbox_report,
)
from ansible_collections.activated.services.plugins.filter.unit_problems import (
    unit_problems,
)

UNIT = "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n"
FILTERS: dict[str, t.Callable[[t.Any], object]] = {
    "credentials": lambda version: credentials({}, "app", systemd=version),
    "exposure": lambda version: exposure(UNIT, systemd=version),
    "refusal": lambda version: refusal({}, systemd=version),
    "sandbox": lambda version: sandbox("strict", systemd=version),
    "sandbox_report": lambda version: sandbox_report("strict", systemd=version),
    "unit_problems": lambda version: unit_problems(UNIT, systemd=version),
}
NONE = {
    "text of very many digits": "9" * 5000,
    "very many digits": 10**5000,
    "text of seven": "1000000",
    "below nought": -252,
    "a square": "\u00b2",
    "a half": 252.5,
    "endless": float("inf"),
    "no number": float("nan"),
    "true": True,
    "nothing": None,
    "empty": "",
    "a list": [252],
}


@pytest.mark.parametrize("kind", NONE)
@pytest.mark.parametrize("name", FILTERS)
def test_what_is_no_version_is_refused(name: str, kind: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        FILTERS[name](NONE[kind])
    said = str(raised.value)
    assert said.startswith(f"activated.services.{name}: ")
    assert "systemd" in said or "a version as 252" in said
    assert len(said) < 200


@pytest.mark.parametrize("version", [257, "257", 257.0, " 257 "])
@pytest.mark.parametrize("name", FILTERS)
def test_a_version_is_a_number_or_its_text(name: str, version: t.Any) -> None:
    assert FILTERS[name](version) == FILTERS[name](257)


@pytest.mark.parametrize("kind", sorted(set(NONE) - {"nothing"}))
def test_what_is_no_pin_is_refused(kind: str) -> None:
    for one in (sandbox, sandbox_report):
        with pytest.raises(
            AnsibleFilterError, match="sandbox: version must be"
        ) as said:
            one({"level": "strict", "version": NONE[kind]})
        assert len(str(said.value)) < 200


@pytest.mark.parametrize("kind", sorted(set(NONE) - {"nothing", "empty"}))
def test_what_is_no_priority_is_refused(kind: str) -> None:
    with pytest.raises(AnsibleFilterError, match="realtime is the highest") as said:
        sandbox("strict", needs={"realtime": NONE[kind]})
    assert len(str(said.value)) < 250
