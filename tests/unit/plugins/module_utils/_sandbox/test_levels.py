# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    LEVELS,
    MEASURES,
    NEWEST_PIN,
    OLDEST_PIN,
    InvalidSandbox,
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._tables.directives import (
    ever,
)

NAMES = [measure.directive for measure in MEASURES]


def test_each_directive_has_one_measure_and_says_what_it_takes() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(measure.takes for measure in MEASURES)


@pytest.mark.parametrize("level", [False, "off", {"level": False}, {"level": "off"}])
def test_off_is_nothing(level: t.Any) -> None:
    assert Sandbox.parse(level) == Sandbox("off", 257)


def test_the_default_level_is_strict() -> None:
    assert Sandbox.parse({}) == Sandbox.parse("strict")


def test_each_level_takes_all_that_the_one_before_takes() -> None:
    default, strict, sealed = (
        set(Sandbox.parse(level).directives)
        for level in ("default", "strict", "sealed")
    )
    assert default < strict < sealed
    assert sealed - strict == {"PrivateNetwork", "IPAddressDeny"}
    assert strict - default == {
        "PrivateUsers", "DevicePolicy", "PrivateIPC", "ProtectProc", "ProcSubset",
        "MemoryDenyWriteExecute",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("level", "directive", "value"),
    [
        ("default", "DynamicUser", True),
        ("default", "CapabilityBoundingSet", ""),
        ("strict", "ProtectSystem", "strict"),
        ("strict", "RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("sealed", "RestrictAddressFamilies", "AF_UNIX"),
        ("sealed", "PrivateNetwork", True),
    ],
)
def test_what_the_levels_say(level: str, directive: str, value: t.Any) -> None:
    assert Sandbox.parse(level).directives[directive] == value


@pytest.mark.parametrize(
    ("pin", "systemd", "ipc", "missing"),
    [
        (247, 262, False, ()),
        (248, 262, True, ()),
        (257, 247, False, ("PrivateIPC",)),
        (257, 248, True, ()),
        (247, 247, False, ()),
    ],
)
def test_a_pin_and_a_host_both_bound_what_is_there(
    pin: int, systemd: int, ipc: bool, missing: tuple[str, ...]
) -> None:
    sandbox = Sandbox.parse({"version": pin}, systemd)
    assert ("PrivateIPC" in sandbox.directives, sandbox.missing) == (ipc, missing)


@given(
    st.sampled_from(LEVELS),
    st.integers(OLDEST_PIN, NEWEST_PIN),
    st.integers(OLDEST_PIN, NEWEST_PIN),
)
def test_a_newer_host_gets_no_more_than_the_pin(
    level: str, pin: int, systemd: int
) -> None:
    here = Sandbox.parse({"level": level, "version": pin}, systemd)
    newest = Sandbox.parse({"level": level, "version": pin}, NEWEST_PIN)
    assert here.directives.items() <= newest.directives.items() or level == "off"
    assert set(newest.directives) == {*here.directives, *here.missing}


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_a_directive_is_no_older_than_systemd_says(measure: t.Any) -> None:
    known = ever("Service", measure.directive)
    assert known is not None
    assert measure.since == max(known.since, OLDEST_PIN)


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ({"MemoryDenyWriteExecute": False}, False),
        ({"MemoryDenyWriteExecute": None}, None),
        ({"MemoryDenyWriteExecute": "yes"}, "yes"),
        (None, True),
        ({}, True),
    ],
)
def test_exceptions_relax_replace_and_leave_out(
    exceptions: t.Any, expected: t.Any
) -> None:
    found = Sandbox.parse({"level": "strict", "except": exceptions}).directives
    assert found.get("MemoryDenyWriteExecute") == expected


def test_an_exception_adds_to_off() -> None:
    wish = {"level": "off", "except": {"NoNewPrivileges": True}}
    assert Sandbox.parse(wish).directives == {"NoNewPrivileges": True}


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ("strickt", "level 'strickt' does not exist; did you mean strict"),
        ("zzz", "level 'zzz' does not exist; known: off, default, strict, sealed"),
        (True, "mapping with level, version, except; not bool"),
        (["strict"], "not list"),
        ({"level": ["strict"]}, "does not exist"),
        ({"levle": "strict"}, "key 'levle' does not exist; did you mean level"),
        ({"version": 246}, "version 246 is not known"),
        ({"version": 999}, "247 to 262"),
        ({"version": "new"}, "such as 252, not 'new'"),
        ({"except": ["PrivateTmp"]}, "except must be a mapping"),
        ({"except": {"PrivatTmp": False}}, "did you mean PrivateTmp"),
    ],
)
def test_a_wish_that_cannot_be_met(wish: t.Any, says: str) -> None:
    with pytest.raises(InvalidSandbox, match=says):
        Sandbox.parse(wish)
