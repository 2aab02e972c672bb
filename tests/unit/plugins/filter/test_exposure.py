# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter import exposure as edge
from ansible_collections.activated.services.plugins.filter.exposure import (
    FilterModule,
    exposure,
)

UNIT = "[Service]\nExecStart=/bin/true\n"


def test_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"exposure": exposure}


def test_gives_score_level_and_checks_as_plain_data() -> None:
    answer = exposure(UNIT)
    assert (answer["score"], answer["level"]) == (9.6, "UNSAFE")
    network = next(c for c in answer["checks"] if c["json_field"] == "PrivateNetwork")
    assert network == {
        "name": "PrivateNetwork=",
        "json_field": "PrivateNetwork",
        "set": False,
        "exposure": 0.5,
        "description": "Uses the network of the host",
        "weight": 2500,
        "badness": 1,
        "range": 1,
    }
    assert {type(check) for check in answer["checks"]} == {dict}


def test_notes_where_systemd_is_wrong() -> None:
    notes = {
        version: [c["name"] for c in exposure(UNIT, version)["checks"] if "note" in c]
        for version in (247, 252, 257)
    }
    assert notes == {247: [], 252: [], 257: ["PrivateMounts="]}


def test_merges_drop_ins_in_order() -> None:
    private = "[Service]\nPrivateNetwork=yes\n"
    public = "[Service]\nPrivateNetwork=no\n"
    assert exposure(UNIT, drop_ins=[private])["score"] == 9.1
    assert exposure(UNIT, drop_ins=[private, public])["score"] == 9.6


@pytest.mark.parametrize("version", ["257", 257])
def test_takes_a_version_as_facts_have_it(version: object) -> None:
    assert exposure(UNIT, systemd=version)["score"] == 9.4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7,), "the text of a unit must be a string, not int"),
        ((UNIT, float("inf")), "systemd must be a version such as 252, not inf"),
        ((UNIT, "new"), "systemd must be a version such as 252, not 'new'"),
        ((UNIT, 246), "systemd 246 is older than 247"),
        ((UNIT, 252, UNIT), "drop_ins must be a list, not str"),
        ((UNIT, 252, [None]), "a drop-in must be a string, not NoneType"),
        ((UNIT, 252, [], "vax"), "architecture 'vax' is none of x86-64 and arm64"),
        (("[Service",), "line 1: a section header without its ']'"),
    ],
)
def test_refuses_what_it_cannot_judge(
    arguments: tuple[t.Any, ...], message: str
) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        exposure(*arguments)
    assert str(raised.value).startswith("activated.services.exposure: ")
    assert message in str(raised.value)


def test_documents_what_it_returns() -> None:
    returned = yaml.safe_load(edge.RETURN)["_value"]["contains"]
    answer = exposure(UNIT, 257)
    assert set(answer) == set(returned)
    checks = returned["checks"]["contains"]
    assert {key for check in answer["checks"] for key in check} == set(checks)
    options = yaml.safe_load(edge.DOCUMENTATION)["options"]
    assert list(options) == ["_input", "systemd", "drop_ins", "architecture"]
