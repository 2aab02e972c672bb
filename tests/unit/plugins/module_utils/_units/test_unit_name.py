# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._units import unit_name
from ansible_collections.activated.services.plugins.module_utils._units.unit_name import (
    InvalidUnitName,
)


@pytest.mark.parametrize(
    "name",
    [
        "a.service",
        "a-b.socket",
        "a@.service",
        "a@b.service",
        "a@b@c.service",
        "dev-disk-by\\x2duuid.mount",
        "-.mount",
        "x:y_z.target",
    ],
)
def test_takes_what_systemd_takes(name: str) -> None:
    assert unit_name.checked_unit_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        ".service",
        "@.service",
        "a.conf",
        "a.service.d",
        "../a.service",
        "/etc/a.service",
        "a b.service",
        "a\n.service",
        "a.service\n",
        "é.service",
        "a" * 248 + ".service",
    ],
)
def test_refuses_what_is_no_unit(name: str) -> None:
    with pytest.raises(InvalidUnitName):
        unit_name.checked_unit_name(name)


def test_longest_name_is_255_characters() -> None:
    assert unit_name.is_unit_name("a" * 247 + ".service")


@pytest.mark.parametrize(
    ("name", "template", "parent"),
    [
        ("a@.service", True, None),
        ("a@b.service", False, "a@.service"),
        ("a.service", False, None),
        ("nothing", False, None),
    ],
)
def test_templates(name: str, template: bool, parent: str | None) -> None:
    assert unit_name.is_template(name) is template
    assert unit_name.template_of(name) == parent


@pytest.mark.parametrize(
    ("name", "kind"), [("a.service", "service"), ("a@b.socket", "socket"), ("a.x", "")]
)
def test_suffix(name: str, kind: str) -> None:
    assert unit_name.suffix(name) == kind
