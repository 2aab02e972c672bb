# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._rules.judge import (
    unit_problems,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.needs import (
    NAMES,
    InvalidNeed,
    Needs,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)

CALLS = "sched_setattr sched_setparam sched_setscheduler"


def stand_ins(*ways: str) -> list[dict[str, str]]:
    """What is put in the place of the homes, and on the way to a path in one."""
    homes = [f"{home}:ro,mode=0755" for home in ("/home", "/root", "/run/user")]
    return [{"expand": text} for text in (homes[0], *ways, *homes[1:])]


EACH: dict[str, tuple[t.Any, dict[str, t.Any]]] = {
    "state_directory": ("shop", {"StateDirectory": ["shop"]}),
    "cache_directory": (["shop", "shop/2"], {"CacheDirectory": ["shop", "shop/2"]}),
    "logs_directory": (["shop"], {"LogsDirectory": ["shop"]}),
    "configuration_directory": (
        ["shop"],
        {"ConfigurationDirectory": ["shop"], "ReadOnlyPaths": ["/run", "/etc/shop"]},
    ),
    "runtime_directory": (["shop"], {"RuntimeDirectory": ["shop"]}),
    "readable_paths": (
        ["/home/my files/a", "/srv/a/"],
        {
            "ProtectHome": "tmpfs",
            "TemporaryFileSystem": stand_ins('"/home/my files:ro,mode=0755"'),
            "BindReadOnlyPaths": [
                "/sys",
                {"expand": '"/home/my files/a"'},
                {"expand": "/srv/a"},
            ],
        },
    ),
    "writable_paths": (
        ["/srv/a b", "/tmp/x", "/root/y"],
        {
            "ProtectHome": "tmpfs",
            "TemporaryFileSystem": stand_ins(),
            "BindPaths": [{"expand": "/tmp/x"}, {"expand": "/root/y"}],
            "ReadWritePaths": ["/srv/a b"],
        },
    ),
    "devices": (
        ["/dev/fuse", {"path": "char-tty", "access": "r", "group": "dialout"}],
        {
            "PrivateDevices": False,
            "DevicePolicy": "closed",
            "DeviceAllow": ["/dev/fuse rw", "char-tty r"],
            "SupplementaryGroups": ["dialout"],
        },
    ),
    "outgoing": (
        ["192.0.2.0/24", "::1"],
        {"IPAddressDeny": "any", "IPAddressAllow": ["192.0.2.0/24", "::1"]},
    ),
    "realtime": (
        7,
        {
            "RestrictRealtime": False,
            "SystemCallFilter": ["@system-service", "~@privileged @resources", CALLS],
            "LimitRTPRIO": 7,
        },
    ),
    "jit": (True, {"MemoryDenyWriteExecute": False}),
}


def test_each_need_is_tried() -> None:
    assert set(EACH) == set(NAMES)


@pytest.mark.parametrize("need", EACH)
@pytest.mark.parametrize("systemd", [247, 252, 257, 262])
def test_a_need_changes_that_much_of_a_level(need: str, systemd: int) -> None:
    value, changes = EACH[need]
    before = Sandbox.parse("strict", systemd).directives
    after = Sandbox.parse("strict", systemd, Needs.parse({need: value})).directives
    assert after == {**before, **changes}
    text = f"[Service]\nExecStart=/bin/true\n{render_section('Service', after)}\n"
    found = unit_problems(text, name="shop.service", systemd=systemd)
    assert [problem for problem in found if problem.severity == "error"] == []


@pytest.mark.parametrize(
    ("need", "value"),
    [
        ("readable_paths", ["/srv/a"]),
        ("writable_paths", ["/srv/a", "/home/a"]),
        ("devices", ["/dev/fuse"]),
        ("jit", True),
    ],
)
def test_where_nothing_is_closed_nothing_is_opened(need: str, value: t.Any) -> None:
    assert Sandbox.parse("off", needs=Needs.parse({need: value})).directives == {}


def test_default_forbids_no_code_made_at_run_time() -> None:
    opened = Sandbox.parse("default", needs=Needs.parse({"jit": True}))
    assert opened == Sandbox.parse("default")


def test_a_path_in_no_home_leaves_the_homes_hidden() -> None:
    needs = Needs.parse({"readable_paths": ["/srv/a"], "writable_paths": ["/tmp/b"]})
    assert Sandbox.parse("strict", needs=needs).directives["ProtectHome"] is True


def test_the_folders_on_the_way_into_a_home_can_be_passed() -> None:
    needs = Needs.parse({
        "readable_paths": ["/home/a/b/c", "/root/d"], "writable_paths": ["/home/a/e"],
    })  # fmt: skip
    ways = Sandbox.parse("strict", needs=needs).directives["TemporaryFileSystem"]
    assert ways == stand_ins("/home/a:ro,mode=0755", "/home/a/b:ro,mode=0755")


def test_any_address_is_what_strict_has_anyway() -> None:
    needs = Needs.parse({"outgoing": "any"})
    assert Sandbox.parse("strict", needs=needs) == Sandbox.parse("strict")


def test_what_is_left_out_of_the_level_is_there_for_a_need() -> None:
    needs = Needs.parse(
        {"configuration_directory": "shop", "readable_paths": ["/srv/public"]}
    )
    wish = {"except": {"ReadOnlyPaths": None, "BindReadOnlyPaths": None}}
    found = Sandbox.parse(wish, needs=needs).directives
    assert found["ReadOnlyPaths"] == ["/etc/shop"]
    assert found["BindReadOnlyPaths"] == [{"expand": "/srv/public"}]


@pytest.mark.parametrize("need", NAMES)
def test_what_is_empty_is_not_needed(need: str) -> None:
    switch = need in ("jit", "realtime")
    for empty in (None, "", False if need == "jit" else 0 if switch else []):
        assert Needs.parse({need: empty}) == Needs()


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        ({"jti": True}, "x_needs: 'jti' does not exist"),
        ([], "x_needs must be a mapping"),
        ({"state_directory": 1}, "x_state_directory must be a list, not int"),
        ({"state_directory": "/var/lib/a"}, "x_state_directory: '/var/lib/a' is not"),
        ({"state_directory": ["a", "../b"]}, r"x_state_directory\[1\]"),
        ({"cache_directory": ["a b"]}, "is not the name of a folder"),
        ({"logs_directory": ["a:b"]}, "is not the name of a folder"),
        ({"runtime_directory": ["%i"]}, "is not the name of a folder"),
        ({"state_directory": ["private/a"]}, "systemd's own folder"),
        ({"readable_paths": ["home/a"]}, "must be absolute"),
        ({"readable_paths": ["/home/../etc"]}, "must be absolute"),
        ({"readable_paths": ["/home//a"]}, "must be absolute"),
        ({"readable_paths": ["/proc/meminfo"]}, "ProcSubset"),
        ({"readable_paths": ["/srv/a:b"]}, "a colon"),
        ({"readable_paths": ["/srv/a\\b"]}, "a backslash"),
        ({"writable_paths": ["/"]}, r"x_writable_paths\[0\]: / is everything"),
        ({"writable_paths": ["/srv/a\nUser=root"]}, "line break"),
        ({"writable_paths": [7]}, "must be text, not 7"),
        ({"writable_paths": ["/run"]}, "runtime_directory.*{ReadOnlyPaths: null,"),
        ({"writable_paths": ["/srv", "/var/run/"]}, r"x_writable_paths\[1\]: /var/run"),
        ({"devices": ["ttyS0"]}, "no device below /dev"),
        ({"devices": ["/dev/../etc/passwd"]}, "no device below /dev"),
        ({"devices": ["/dev/a b"]}, "no device below /dev"),
        ({"devices": [{"path": "/dev/a", "access": "x"}]}, "access is r, w and m"),
        ({"devices": [{"path": "/dev/a", "access": ""}]}, "access is r, w and m"),
        ({"devices": [{"path": "/dev/a", "mode": "r"}]}, "or a mapping with path"),
        ({"devices": [{"path": "/dev/a", "group": "a b"}]}, "the name of a group"),
        ({"outgoing": ["example.org"]}, "names are not looked up"),
        ({"outgoing": ["192.0.2.0/33"]}, "neither an address nor a prefix"),
        ({"outgoing": ["192.0.2.1", "any"]}, r"x_outgoing\[1\]: 'any'"),
        ({"realtime": 100}, "1 to 99"),
        ({"realtime": -1}, "1 to 99"),
        ({"realtime": True}, "1 to 99"),
        ({"jit": "yes"}, "x_jit must be true or false, not 'yes'"),
    ],
)
def test_a_need_that_cannot_be_met(needs: t.Any, says: str) -> None:
    with pytest.raises(InvalidNeed, match=says):
        Needs.parse(needs, "x_")
