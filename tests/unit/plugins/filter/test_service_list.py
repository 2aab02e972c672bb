# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.service_list import (
    FilterModule,
    service_list,
)

ROOT = Path(__file__).resolve().parents[4]
SPECS = yaml.safe_load((ROOT / "roles/service/meta/argument_specs.yml").read_text())
OPTIONS = SPECS["argument_specs"]["main"]["options"]
SHOP: dict[str, t.Any] = {
    "name": "shop",
    "exec_start": "bin/shop",
    "sockets": {"http": {"ListenStream": 80}},
}


def test_keys_get_their_prefix_and_the_rest_keeps_its_default() -> None:
    (one,) = service_list([{**SHOP, "rollback": "no"}], OPTIONS)
    assert one == {
        "service_name": "shop",
        "service_exec_start": "bin/shop",
        "service_sockets": {"http": {"ListenStream": 80}},
        "service_rollback": False,
        "service_state": "present",
    }


def test_what_goes_needs_its_name_alone() -> None:
    gone = {"name": "old", "state": "absent"}
    assert service_list([gone], OPTIONS) == [
        {"service_name": "old", "service_state": "absent"}
    ]


def test_no_service_is_a_list_too() -> None:
    assert service_list([], OPTIONS) == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"shop": SHOP}, "must be a list of mappings, not dict"),
        ("shop", "must be a list of mappings, not str"),
        (None, "must be a list of mappings, not NoneType"),
        (["shop"], r"activated_services\[0\]: it must be a mapping, not str"),
        ([SHOP, SHOP], r"activated_services\[1\]: name 'shop' is that of .*\[0\]"),
        (
            [{**SHOP, "sokets": {}}],
            r"\[0\] \(shop\): .*'sokets'; did you mean 'sockets'",
        ),
        ([{**SHOP, "service_start": "eager"}], "did you mean 'start'"),
        ([{**SHOP, 7: 1}], "there is no 7; known are name, state"),
        ([{"exec_start": "a"}], "it needs a name"),
        ([{**SHOP, "name": 7}], "it needs a name, which is a string"),
        ([{**SHOP, "name": "a b"}], "is no unit name prefix"),
        ([{**SHOP, "start": "at once"}], "start must be one of: on_demand, eager"),
        ([{**SHOP, "sockets": ["http"]}], "sockets"),
        ([{**SHOP, "sockets": {"a:b": {}}}], "cannot name a file descriptor"),
        ([{**SHOP, "release": {"version": 1.1}}], "between quotes"),
        ([{**SHOP, "release": {"source": "x"}}], "source"),
        ([{"name": "shop"}], "exec_start must be given"),
        ([{**SHOP, "triggers": {"clock": {}}}], "clock"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(value: t.Any, says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        service_list(value, OPTIONS)


def test_no_message_holds_a_secret() -> None:
    secret = "hunter2"
    for entry in (secret, [secret], {"key": {"content": secret}, "sokets": secret}):
        with pytest.raises(AnsibleFilterError) as caught:
            service_list([{**SHOP, "credentials": entry, "unknown": 1}], OPTIONS)
        assert secret not in str(caught.value)
    with pytest.raises(AnsibleFilterError) as caught:
        service_list([{**SHOP, "credentials": secret}], OPTIONS)
    assert secret not in str(caught.value)


def test_the_filter_is_there() -> None:
    assert FilterModule().filters() == {"service_list": service_list}
