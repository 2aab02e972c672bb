# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fitted unit as variables: what they come to is what the unit had."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    MEASURES,
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.variables import (
    variables,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)


def found(wish: t.Any, drop_in: str = "", systemd: int = 262) -> dict[str, t.Any]:
    text = render_section("Service", Sandbox.parse(wish, systemd).directives)
    return variables([f"[Service]\n{text}\n"], drop_in, systemd, {})


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("sealed", "sealed"),
        ({"level": "strict", "version": 257}, "strict"),
        (
            {"level": "strict", "version": 258, "except": {"ProcSubset": None}},
            {"level": "strict", "except": {"ProcSubset": None, "PrivateBPF": True}},
        ),
    ],
)
def test_the_variables_come_to_the_same_sandbox(wish: t.Any, said: t.Any) -> None:
    sandbox = found(wish)["service_sandbox"]
    assert sandbox == said
    assert Sandbox.parse(sandbox, 262).directives == Sandbox.parse(wish, 262).directives


def test_what_a_newer_systemd_has_is_not_lost() -> None:
    assert any(measure.since > 257 for measure in MEASURES)
    drop_in = "[Service]\nPrivateBPF=yes\n"
    said = found("strict", drop_in)["service_sandbox"]
    assert Sandbox.parse(said, 262).directives["PrivateBPF"] is True


def test_the_order_of_paths_says_nothing() -> None:
    drop_in = "[Service]\nReadOnlyPaths=\nReadOnlyPaths=/run /run\n"
    assert found("strict", drop_in)["service_sandbox"] == "strict"


def test_given_paths_are_for_the_role_to_quote() -> None:
    drop_in = '[Service]\nReadWritePaths="-/srv/a b%%"\nReadWritePaths=-/srv/c\n'
    more = found("strict", drop_in)["service_directives"]
    assert more == {"Service": {"ReadWritePaths": ["-/srv/a b%", "-/srv/c"]}}
    assert 'ReadWritePaths="-/srv/a b%%"' in render_section("Service", more["Service"])
