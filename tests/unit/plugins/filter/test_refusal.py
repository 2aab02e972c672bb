# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentence with which a variable is refused names it."""

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.refusal import refusal

GOOD: dict[str, t.Any] = {
    "service_description": "My app, 100%",
    "service_type": "notify",
    "service_exec_start": ["bin/app", "a b", {"expand": "%i"}],
    "service_environment": {"A": "b\nc", "B": 1},
    "service_sockets": {"http_1": {"ListenStream": [80, "/run/a"]}},
    "service_triggers": {"path": {"PathExists": "/a"}},
    "service_sandbox": "strict",
    "service_directives": {"Service": {"WatchdogSec": "1min"}, "Unit": {}},
}


def test_has_nothing_against_what_can_be_written() -> None:
    assert refusal(GOOD, 257, below="/opt/app/releases/1") == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("service_description", "a\nb", "service_description: has a line break"),
        ("service_type", ["a", {}], "service_type[1]: a mapping here must"),
        ("service_exec_start", "", "service_exec_start: the command is empty"),
        ("service_exec_start", ["/bin/a\0"], "service_exec_start: "),
        ("service_exec_start", "../a", "service_exec_start: the program '../a' lies outside"),
        ("service_environment", {"A": "a\0b"}, "service_environment.A: has a NUL"),
        ("service_environment", {"1A": "b"}, "service_environment.1A: "),
        ("service_environment", 3, "service_environment: must be a mapping of names"),
        ("service_sockets", {"http": {"ListenStream": "a\nb"}}, "service_sockets.http.ListenStream: "),
        ("service_sockets", {"http": ["x"]}, "service_sockets.http: must be"),
        ("service_sockets", [], "service_sockets: must be a mapping"),
        ("service_triggers", {"path": {"A B": "c"}}, "service_triggers.path: 'A B' is no name"),
        ("service_sandbox", "severe", "service_sandbox: "),
        ("service_directives", {"Service": {"Nice": {}}}, "service_directives.Service.Nice: a mapping"),
    ],
)  # fmt: skip
def test_names_the_variable(name: str, value: object, said: str) -> None:
    found = refusal({**GOOD, name: value}, 257, below="/opt/app/releases/1")
    assert found.startswith(said), found
    assert "Section" not in found


def test_a_secret_is_not_shown() -> None:
    found = refusal({"service_environment": {"TOKEN": "hunter2\0"}})
    assert found
    assert "hunter2" not in found


@pytest.mark.parametrize("given", [[], "x", {"service_other": 1}])
def test_what_is_asked_wrongly_is_an_error(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="refusal: "):
        refusal(given)


@pytest.mark.parametrize("systemd", ["²", "", None, "new"])
def test_a_version_is_a_number(systemd: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="a version as 252"):
        refusal(GOOD, systemd)
