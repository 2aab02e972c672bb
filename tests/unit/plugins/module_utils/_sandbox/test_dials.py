# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be tightened of a service, from what was seen of it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._sandbox.compose import (
    drop_in,
    lines,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.dials import (
    Knob,
    Observed,
    UnknownDirective,
    plan,
    word,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    MEASURES,
    Measure,
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.variables import (
    variables,
)
from ansible_collections.activated.services.plugins.module_utils._tables.capabilities import (
    NAMES,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit

ALL = " ".join(name.lower() for name in NAMES)
OPEN = {
    "CapabilityBoundingSet": ALL,
    "SystemCallFilter": "~",
    "RestrictAddressFamilies": "~",
    "UMask": "0022",
    "KeyringMode": "private",
}
#: What the tightest level does without, since it has it in another way.
BEYOND = {measure.directive for measure in MEASURES if measure.sealed is None}
NGINX = Observed(
    257,
    OPEN,
    root=True,
    users=("www-data",),
    listens=(("inet", "0.0.0.0"),),
    low_ports=True,
    families=frozenset({"AF_INET", "AF_UNIX"}),
    written=("/run", "/var/log/nginx"),
)


def seen(declared: t.Mapping[str, str] | None = None, **more: t.Any) -> Observed:
    return Observed(257, {**OPEN, **(declared or {})}, **more)


def knobs(observed: Observed, **options: t.Any) -> dict[str, Knob]:
    return {knob.name: knob for knob in plan(observed, **options).knobs}


def values(observed: Observed, name: str) -> list[t.Any]:
    found = knobs(observed).get(name)
    return [grade.value for grade in found.grades] if found else []


def text(observed: Observed, *names: str) -> list[str]:
    """The lines of a drop-in with the tightest grade of these knobs."""
    setting = dict.fromkeys(names, 0)
    return [
        f"{k}={v}" for k, v in lines(list(knobs(observed).values()), setting, observed)
    ]


def test_every_measure_is_turned_or_left_with_a_reason() -> None:
    found = plan(NGINX)
    told = {knob.directive for knob in found.knobs} | set(found.left)
    # KeyringMode= is private already; how a filter answers is no question
    assert {m.directive for m in MEASURES} - told == {
        "KeyringMode",
        "SystemCallErrorNumber",
    }


@pytest.mark.parametrize(
    ("name", "observed", "reason"),
    [
        ("PrivateUsers", NGINX, "www-data"),
        ("PrivateNetwork", NGINX, "0.0.0.0"),
        ("IPAddressDeny", NGINX, "0.0.0.0"),
        ("DynamicUser", seen({"User": "redis"}), "redis"),
        ("DynamicUser", seen(activated=True, keeps_state=True), "another user"),
        ("DynamicUser", NGINX, "as root"),
        ("MemoryDenyWriteExecute", seen(executable="7f00-7f01 (of no file)"), "7f00"),
        ("PrivateDevices", seen(devices=("/dev/fuse",)), "/dev/fuse"),
        ("RemoveIPC", seen(neighbours=("other.service",)), "other.service"),
        ("RemoveIPC", NGINX, "root"),
    ],
)
def test_what_the_program_shows_needs_no_trial(
    name: str, observed: Observed, reason: str
) -> None:
    found = plan(observed)
    assert name not in {knob.directive for knob in found.knobs}
    assert reason in found.left[name]


def test_a_newer_directive_is_left() -> None:
    old = Observed(247, OPEN, root=True)
    assert "systemd 248" in plan(old).left["PrivateIPC"]


@pytest.mark.parametrize(
    ("declared", "left"),
    [
        ({}, ["strict", "full", True]),
        ({"ProtectSystem": "yes"}, ["strict", "full"]),
        ({"ProtectSystem": "full"}, ["strict"]),
        ({"ProtectSystem": "strict"}, []),
    ],
)
def test_only_what_is_tighter_than_the_unit_is_tried(
    declared: dict[str, str], left: list[t.Any]
) -> None:
    assert values(seen(declared), "ProtectSystem") == left


def test_a_service_with_a_sandbox_has_little_left() -> None:
    directives = Sandbox.parse("sealed", 257).directives
    declared = {
        name: "read write" if isinstance(value, list) else word(value)
        for name, value in directives.items()
    }
    assert set(knobs(Observed(257, declared, activated=True))) <= BEYOND


@pytest.mark.parametrize(
    ("hosts", "left"),
    [
        (["0.0.0.0"], []),
        (["127.0.0.1", "0.0.0.0"], []),
        (["127.0.0.1", "::1"], [("any", "localhost")]),
    ],
)
def test_who_listens_on_this_host_alone_needs_nobody_else(
    hosts: list[str], left: list[t.Any]
) -> None:
    listens = tuple(("inet", host) for host in hosts)
    assert values(seen(listens=listens), "IPAddressDeny") == left


def test_a_service_whose_sockets_systemd_opens_needs_no_address_at_all() -> None:
    assert values(seen(activated=True), "IPAddressDeny")[0] == "any"


def test_families_are_never_less_than_it_uses_nor_more_than_it_may() -> None:
    inet = frozenset({"AF_INET"})
    assert values(seen(families=inet), "RestrictAddressFamilies") == [
        "AF_INET AF_INET6 AF_UNIX",
        "AF_INET AF_INET6 AF_NETLINK AF_UNIX",
    ]
    declared = {"RestrictAddressFamilies": "AF_INET AF_UNIX"}
    assert values(seen(declared, activated=True), "RestrictAddressFamilies") == [
        "AF_UNIX"
    ]


def test_capabilities_go_in_groups_and_what_is_used_stays() -> None:
    names = [name for name in knobs(NGINX) if name.startswith("CapabilityBoundingSet")]
    assert "CapabilityBoundingSet CAP_SETUID CAP_SETGID" not in names
    assert "CapabilityBoundingSet CAP_NET_BIND_SERVICE" not in names
    setting = dict.fromkeys(names, 0)
    found = lines(list(knobs(NGINX).values()), setting, NGINX)
    assert found == [
        ("CapabilityBoundingSet", ""),
        ("CapabilityBoundingSet", "CAP_SETGID CAP_SETUID CAP_NET_BIND_SERVICE"),
    ]


def test_capabilities_that_the_unit_lacks_do_not_come_back() -> None:
    observed = seen({"CapabilityBoundingSet": "cap_chown cap_kill"}, root=True)
    assert text(observed, "CapabilityBoundingSet CAP_KILL") == [
        "CapabilityBoundingSet=",
        "CapabilityBoundingSet=CAP_CHOWN",
    ]


def test_without_root_they_all_go_at_once() -> None:
    assert text(seen(), "CapabilityBoundingSet all") == ["CapabilityBoundingSet="]


def test_a_filter_is_a_list_from_which_groups_are_taken() -> None:
    name = "SystemCallFilter"
    setting = {f"{name} list": 0, f"{name} @privileged": 1, f"{name} @resources": 0}
    found = lines(list(knobs(seen(root=True)).values()), setting, seen(root=True))
    assert found == [
        (name, "@system-service"),
        (name, "~@privileged"),
        (name, "@setuid @chown"),
        (name, "~@resources"),
        ("SystemCallErrorNumber", "EPERM"),
    ]


def test_a_list_of_the_unit_is_only_narrowed() -> None:
    observed = seen({"SystemCallFilter": "read write setuid nice setpriority"})
    names = [name for name in knobs(observed) if name.startswith("SystemCallFilter")]
    assert names == ["SystemCallFilter @privileged", "SystemCallFilter @resources"]
    # of what is given back, nothing that the unit had not allowed
    assert values(observed, names[0])[1] == ("~@privileged", "setuid")
    found = text(observed, "SystemCallFilter @resources")
    assert found == ["SystemCallFilter=~@resources"]  # and it answers as before


def test_what_a_list_of_the_unit_denies_stays_denied() -> None:
    observed = seen({"SystemCallFilter": "~reboot swapon"})
    assert text(observed, "SystemCallFilter list") == [
        "SystemCallFilter=",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~reboot swapon",
    ]


def test_where_it_writes_goes_with_the_read_only_system() -> None:
    found = list(knobs(NGINX).values())
    assert lines(found, {"ProtectSystem": 0}, NGINX, NGINX.written) == [
        ("ProtectSystem", "strict"),
        ("ReadWritePaths", "-/run"),
        ("ReadWritePaths", "-/var/log/nginx"),
    ]


def test_addresses_that_stay() -> None:
    observed = seen(listens=(("inet", "127.0.0.1"),))
    assert text(observed, "IPAddressDeny") == [
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
    ]


def test_only_and_keep() -> None:
    assert set(knobs(NGINX, only=["UMask", "ProtectHome"])) == {"UMask", "ProtectHome"}
    assert "UMask" not in knobs(NGINX, keep=["UMask"])


@pytest.mark.parametrize("option", ["only", "keep"])
def test_a_name_that_does_not_exist_has_a_neighbour(option: str) -> None:
    with pytest.raises(UnknownDirective, match="did you mean ProtectSystem"):
        plan(NGINX, **{option: ["ProtectSytem"]})


def test_a_measure_that_is_not_known_here_is_a_dial_of_its_levels() -> None:
    new = Measure("NewThing", None, "some", "all", "something")
    found = plan(NGINX, measures=(new,)).knobs
    assert [[grade.value for grade in knob.grades] for knob in found] == [
        ["all", "some"]
    ]


def test_a_drop_in_is_a_unit() -> None:
    found = drop_in(
        [("ProtectHome", "yes")], "One.\nTwo.", [("StartLimitIntervalSec", "0")]
    )
    assert found.startswith("# One.\n# Two.\n[Unit]\n")
    assert Unit.parse(found).values("Service", "ProtectHome") == ["yes"]


# -- as variables ---------------------------------------------------------------------


def unit_of(wish: t.Any) -> str:
    """A unit with the sandbox of a wish, as the role writes it."""
    rows = ["[Service]"]
    for name, value in Sandbox.parse(wish, 257).directives.items():
        for one in value if isinstance(value, list) else [value]:
            rows.append(f"{name}={ {True: 'yes', False: 'no'}.get(one, one) }")
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("level", ["default", "strict", "sealed"])
def test_a_level_is_known_again(level: str) -> None:
    assert variables([unit_of(level)], "", 257, {}) == {"service_sandbox": level}


@pytest.mark.parametrize(
    "exceptions",
    [
        {"MemoryDenyWriteExecute": None},
        {"ProcSubset": "all"},
        {"SystemCallFilter": ["", "@system-service"]},
        {"RestrictAddressFamilies": ["", "AF_UNIX AF_INET"]},
    ],
)
def test_the_exceptions_give_the_same_unit(exceptions: dict[str, t.Any]) -> None:
    wish = {"level": "sealed", "except": exceptions}
    found = variables([unit_of(wish)], "", 257, {})["service_sandbox"]
    assert found == wish
    assert unit_of(found) == unit_of(wish)


def test_what_a_drop_in_adds_counts() -> None:
    tighter = (
        "[Service]\nPrivateNetwork=yes\nIPAddressDeny=any\n"
        "RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX\n"
    )
    found = variables([unit_of("strict")], tighter, 257, {})["service_sandbox"]
    found = {"level": found, "except": {}} if isinstance(found, str) else found
    assert found["level"] == "sealed"
    assert set(found["except"]) <= BEYOND


def test_what_another_directive_brings_is_no_exception() -> None:
    wish = unit_of({"level": "strict", "except": {"RemoveIPC": None}})
    assert variables([wish], "", 257, {"RemoveIPC": "yes"}) == {
        "service_sandbox": "strict"
    }


def test_what_is_beyond_the_levels_is_a_directive() -> None:
    more = "[Service]\nReadWritePaths=-/var/lib/shop\n"
    found = variables([unit_of("strict")], more, 257, {})
    assert found["service_directives"] == {
        "Service": {"ReadWritePaths": ["-/var/lib/shop"]}
    }
