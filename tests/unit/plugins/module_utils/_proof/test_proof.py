# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wish, the units as the manager shows them, and the proof as a value."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    InvalidProbe,
    Probe,
)
from ansible_collections.activated.services.plugins.module_utils._proof.proof import (
    InvalidWish,
    Proof,
    ServiceState,
    SocketUnit,
    Wish,
    default_probes,
    find_socket,
    keys,
    limit_message,
    milliseconds,
    spread,
    unit_name,
)


def unit(name: str, **shown: str) -> SocketUnit:
    return SocketUnit.parse(name, {"Listen": "[::]:80 (Stream)", **shown})


HTTP = unit("demo-http.socket", FileDescriptorName="http")
MAIL = unit("mail.socket", FileDescriptorName="smtp", Listen="[::]:25 (Datagram)")


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("a", "a.service"),
        ("a.service", "a.service"),
        ("a.b", "a.b.service"),
        ("a@", "a@.service"),
    ],
)
def test_a_unit_by_its_name(name: str, whole: str) -> None:
    assert unit_name(name) == whole


def test_the_least_wish() -> None:
    assert Wish.parse({"name": "demo"}) == Wish("demo.service")
    wish = Wish.parse({"name": "demo", "sockets": ["x"], "probes": [{"socket": "x"}]})
    assert wish.sockets == ("x.socket",)
    assert wish.probes == (Probe("x"),)
    assert Wish.parse({"name": "demo", "accept": None, "journal_lines": 3}).lines == 3


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"settle": -1},
        {"samples": 0},
        {"triggers": ["a.service"]},
        {"samples": 2, "rest": "keep"},
    ],
)
def test_a_wish_that_contradicts_itself(options: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidWish):
        Wish.parse({"name": "demo", **options})


@pytest.mark.parametrize("name", ["http", "demo-http", "demo-http.socket"])
def test_a_socket_by_any_of_its_names(name: str) -> None:
    assert find_socket(name, [MAIL, HTTP], "demo.service") is HTTP


def test_a_socket_that_is_not_there_or_there_twice() -> None:
    with pytest.raises(InvalidProbe, match="there are: http, smtp"):
        find_socket("https", [MAIL, HTTP], "demo.service")
    twins = [
        unit("a.socket", FileDescriptorName="x"),
        unit("b.socket", FileDescriptorName="x"),
    ]
    with pytest.raises(InvalidProbe, match="2 sockets are called x"):
        find_socket("x", twins, "demo.service")
    assert keys(twins) == {"a.socket": "a.socket", "b.socket": "b.socket"}
    assert keys([HTTP, MAIL]) == {"demo-http.socket": "http", "mail.socket": "smtp"}


def test_only_sockets_that_connect_have_a_probe_by_themselves() -> None:
    assert default_probes([HTTP, MAIL]) == (Probe("demo-http.socket"),)


def test_two_kinds_at_one_address_are_told_apart() -> None:
    both = unit(
        "d.socket", Listen="[::]:53 (Stream)\n[::]:53 (Datagram)\n/run/d (Stream)"
    )
    assert [both.label(x) for x in both.listeners] == [
        "[::]:53 (Stream)",
        "[::]:53 (Datagram)",
        "/run/d",
    ]


def test_a_socket_whose_connections_start_instances() -> None:
    one = unit("echo.socket", Accept="yes", FileDescriptorName="connection")
    assert (one.name, one.template) == ("echo", "echo@.service")


ENDINGS = [
    ({"ExecMainExitTimestampMonotonic": "0"}, ""),
    (
        {
            "ExecMainExitTimestampMonotonic": "5",
            "ExecMainCode": "1",
            "ExecMainStatus": "3",
        },
        "ended with status 3",
    ),
    (
        {
            "ExecMainExitTimestampMonotonic": "5",
            "ExecMainCode": "2",
            "ExecMainStatus": "9",
        },
        "was killed by signal 9",
    ),
]


@pytest.mark.parametrize(("shown", "words"), ENDINGS)
def test_how_a_process_has_ended(shown: dict[str, str], words: str) -> None:
    assert ServiceState(shown).ending() == words


def test_a_service_of_an_old_systemd() -> None:
    state = ServiceState(
        {"ActiveState": "active", "ExecMainStartTimestampMonotonic": "7"}
    )
    assert state.executed == 7
    assert not state.at_rest
    assert state.text("ActivationDetails") == ""
    newer = {**state.shown, "ExecMainHandoffTimestampMonotonic": "9"}
    assert ServiceState(newer).executed == 9


def test_a_proof_says_each_problem_once_and_only_known_facts() -> None:
    proof = Proof()
    proof.problem("answered", "nothing came", "http")
    proof.problem("answered", "nothing came", "http")
    assert proof.summary() == "[answered] socket http: nothing came"
    assert proof.returned()["problems"] == [
        {"fact": "answered", "socket": "http", "message": "nothing came"}
    ]
    with pytest.raises(KeyError):
        proof.problem("luck", "was missing")


def test_limits() -> None:
    assert "TriggerLimitBurst" in limit_message("trigger-limit-hit")
    assert "StartLimitBurst" in limit_message("service-start-limit-hit")
    assert limit_message("exit-code") == ""


def test_numbers() -> None:
    assert milliseconds(1, 1.23456) == 234.56
    assert milliseconds(1, None) is None
    assert spread([]) is None
    assert spread([3, 1, 2]) == {"min": 1, "median": 2, "max": 3}
    assert spread([1, 2]) == {"min": 1, "median": 1.5, "max": 2}
