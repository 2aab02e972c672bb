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
    since,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.measures import (
    BESIDE,
    LISTS,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.needs import (
    Needs,
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
    # a network of its own has a /sys of its own, which is read-only
    assert strict - sealed == {"BindReadOnlyPaths"}
    assert default < strict
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


@pytest.mark.parametrize(
    ("directive", "value", "expected"),
    [
        (
            "SystemCallFilter",
            "@mount",
            ["@system-service", "~@privileged @resources", "@mount"],
        ),
        (
            "SystemCallFilter",
            ["", "@default"],
            ["@system-service", "~@privileged @resources", "", "@default"],
        ),
        ("CapabilityBoundingSet", "CAP_KILL", ["", "CAP_KILL"]),
        ("RestrictNamespaces", "user", [True, "user"]),
        ("RestrictNamespaces", False, False),
        ("ReadWritePaths", "/srv", "/srv"),
        ("UMask", "0022", "0022"),
    ],
)
def test_lists_are_added_to_and_the_rest_is_replaced(
    directive: str, value: t.Any, expected: t.Any
) -> None:
    wish = {"level": "strict", "except": {directive: value}}
    assert Sandbox.parse(wish).directives[directive] == expected


def test_an_exception_leaves_the_level_as_it_is() -> None:
    before = Sandbox.parse("strict").directives
    wish = {"level": "strict", "except": {"SystemCallFilter": "@mount", "UMask": None}}
    Sandbox.parse(wish)
    assert Sandbox.parse("strict").directives == before


def test_each_list_is_one_of_systemd_that_adds_up() -> None:
    assert set(LISTS) <= {*NAMES, *BESIDE}
    assert not set(NAMES) & set(BESIDE)
    # Of all that the levels hold, systemd merges these (load-fragment.c).
    assert LISTS & set(NAMES) == {
        "BindReadOnlyPaths", "CapabilityBoundingSet", "IPAddressDeny", "ReadOnlyPaths",
        "RestrictAddressFamilies", "RestrictNamespaces", "SystemCallArchitectures", "SystemCallFilter",
    }  # fmt: skip
    assert all(ever("Service", name) for name in BESIDE)


@pytest.mark.parametrize(
    ("wish", "systemd", "missing"),
    [
        ({"version": 247, "except": {"PrivateIPC": True}}, 247, ("PrivateIPC",)),
        ({"version": 257, "except": {"PrivateIPC": False}}, 247, ()),
        ({"version": 257, "except": {"PrivatePIDs": True}}, 252, ("PrivatePIDs",)),
        ({"version": 257, "except": {"PrivatePIDs": True}}, 257, ()),
    ],
)
def test_an_exception_is_bound_by_the_host_and_not_by_the_pin(
    wish: t.Any, systemd: int, missing: tuple[str, ...]
) -> None:
    found = Sandbox.parse(wish, systemd)
    assert found.missing == missing
    (directive,) = wish["except"]
    assert (directive in found.directives) is (since(directive) <= systemd)


def test_needs_come_after_the_level_and_exceptions_last() -> None:
    needs = Needs.parse({"realtime": 5, "outgoing": ["192.0.2.1"]})
    wish = {"level": "default", "except": {"SystemCallFilter": "~reboot"}}
    found = Sandbox.parse(wish, needs=needs).directives
    assert found["SystemCallFilter"] == [
        "@system-service", "sched_setattr sched_setparam sched_setscheduler", "~reboot",
    ]  # fmt: skip
    assert (found["IPAddressDeny"], found["IPAddressAllow"]) == ("any", ["192.0.2.1"])


@pytest.mark.parametrize(
    ("wish", "needs", "says"),
    [
        ("sealed", {"outgoing": "any"}, "level strict has, so that x_outgoing"),
        ("off", {"outgoing": ["::1"]}, "level off filters no addresses"),
        (
            {"except": {"MemoryDenyWriteExecute": True}},
            {"jit": True},
            "MemoryDenyWriteExecute contradicts x_jit",
        ),
        (
            {"except": {"ProtectHome": "read-only"}},
            {"readable_paths": ["/home/a"]},
            "ProtectHome contradicts x_readable_paths or x_writable_paths",
        ),
        (
            {"except": {"PrivateDevices": True}},
            {"devices": ["/dev/fuse"]},
            "PrivateDevices contradicts x_devices",
        ),
    ],
)
def test_what_contradicts_itself(
    wish: t.Any, needs: dict[str, t.Any], says: str
) -> None:
    with pytest.raises(InvalidSandbox, match=says):
        Sandbox.parse(wish, needs=Needs.parse(needs, "x_"))


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
        ({"version": True}, "such as 252, not True"),
        ({"version": 252.5}, "such as 252, not 252.5"),
        ({"except": False}, "except must be a mapping"),
        ({"except": {"PrivatTmp": False}}, "did you mean PrivateTmp"),
        ({"except": {"memorydenywriteexecute": 0}}, "mean MemoryDenyWriteExecute"),
        ({"except": {"Restart": "no"}}, "of systemd, but none of the sandbox"),
        ({"except": {"SystemCallFilter": False}}, "is a list and no switch"),
        ({"except": {"PrivateTmp": {"a": 1}}}, "PrivateTmp cannot be a mapping"),
        ({"level": "off", "except": {"PrivateTmp": True}}, "nothing to except from"),
    ],
)
def test_a_wish_that_cannot_be_met(wish: t.Any, says: str) -> None:
    with pytest.raises(InvalidSandbox, match=says):
        Sandbox.parse(wish)
