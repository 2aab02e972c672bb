# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._sandbox.cost import (
    missing,
    report,
    undone,
    warning,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)


def strict(**exceptions: t.Any) -> Sandbox:
    return Sandbox.parse({"level": "strict", "except": exceptions})


def test_what_a_host_lacks_has_a_version_and_a_price() -> None:
    rows, cost = missing(Sandbox.parse({"version": 262}, 247))
    assert [(row["directive"], row["since"]) for row in rows] == [
        ("PrivateIPC", 248),
        ("PrivateBPF", 258),
    ]
    # systemd's scale knows neither of the two
    assert [row["exposure"] for row in rows] == [0.0, 0.0]
    assert cost == 0.0


def test_the_price_is_that_of_systemds_scale() -> None:
    # as if the host lacked what weighs something
    whole = Sandbox.parse("strict", 257)
    sandbox = Sandbox(
        whole.level, 257, {}, ("PrivateUsers", "CapabilityBoundingSet"), whole.wanted
    )
    rows, cost = missing(sandbox)
    assert [row["exposure"] for row in rows] == [0.1, 1.7]
    assert cost == 1.9


def test_the_scale_is_that_of_the_pin() -> None:
    # a word that systemd reads from 257 on
    whole = {**Sandbox.parse("strict").directives, "PrivateUsers": "identity"}

    def cost(pin: int) -> float:
        return missing(Sandbox("strict", pin, {}, ("PrivateUsers",), whole))[1]

    assert (cost(256), cost(257)) == (0.0, 0.1)


def test_nothing_is_missing_where_nothing_is() -> None:
    assert report(Sandbox.parse("strict", 257)) == {
        "level": "strict",
        "version": 257,
        "missing": [],
        "missing_exposure": 0.0,
        "undone": [],
    }


@pytest.mark.parametrize(
    ("exceptions", "beside", "expected"),
    [
        ({"DynamicUser": False}, {}, ["it runs as root"]),
        ({"DynamicUser": None}, {"User": "root"}, ["it runs as root"]),
        ({"DynamicUser": None}, {"User": "www"}, []),
        ({"DynamicUser": None, "User": "www"}, {}, []),
        (
            {"DynamicUser": None, "User": "www", "NoNewPrivileges": False},
            {},
            ["it can gain privileges"],
        ),
        # implied by DynamicUser
        ({"NoNewPrivileges": False, "ProtectSystem": False}, {}, []),
        (
            {"DynamicUser": None, "User": "www", "ProtectSystem": True},
            {},
            ["it can write to the files of the system"],
        ),
        ({"DynamicUser": None, "User": "www", "ProtectSystem": "full"}, {}, []),
        ({"SystemCallFilter": None}, {}, ["it may use every system call"]),
        ({"SystemCallFilter": ""}, {}, ["it may use every system call"]),
        ({"SystemCallFilter": "@mount"}, {}, []),
        ({}, {"SystemCallFilter": ""}, ["it may use every system call"]),
        ({"CapabilityBoundingSet": "CAP_SYS_ADMIN"}, {}, ["it may administer"]),
        ({"CapabilityBoundingSet": "CAP_NET_BIND_SERVICE"}, {}, []),
        (
            {"CapabilityBoundingSet": None},
            {},
            ["it may administer the system", "it may enter any process"],
        ),
        ({"PrivateUsers": False, "PrivateTmp": False}, {}, []),
        ({"ReadWritePaths": ["/srv", "-/etc/"]}, {}, ["it can write to /etc"]),
        ({"BindPaths": "/x:/usr:rbind"}, {}, ["it can write to /usr"]),
        ({"BindPaths": "/"}, {}, ["it can write to / "]),
        ({}, {"ReadWritePaths": ["+/boot"]}, ["it can write to /boot"]),
        ({"ReadWritePaths": "/etc"}, {"ReadWritePaths": ["", "/srv"]}, []),
        ({"ReadWritePaths": ["/etc/shop", "/usr/share/x"]}, {}, []),
    ],
)
def test_what_undoes_a_level(
    exceptions: dict[str, t.Any], beside: dict[str, t.Any], expected: list[str]
) -> None:
    found = undone(strict(**exceptions), beside)
    assert len(found) == len(expected)
    assert all(said.startswith(begin) for said, begin in zip(found, expected))
    assert (warning(strict(**exceptions), beside) is None) is not expected


def test_a_network_undoes_what_is_sealed_alone() -> None:
    wish = {"except": {"PrivateNetwork": False}}
    assert undone(Sandbox.parse({"level": "sealed", **wish}))
    assert not undone(Sandbox.parse({"level": "strict", **wish}))


def test_the_warning_names_the_exposure() -> None:
    said = warning(strict(DynamicUser=False))
    assert said is not None
    assert "the exposure is 1.4 instead of 1.1 (systemd 257)" in said
