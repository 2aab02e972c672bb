# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.filter.parse_unit import (
    FilterModule,
    parse_unit,
)
from ansible_collections.activated.services.plugins.filter.to_unit import to_unit
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit

UNIT = r"""
# a comment
[Unit]
Description=Says %n \
  hello
junk

[Service]
ExecStart=
ExecStart=-/bin/sh -c "echo $X; true"
Environment="A=b c" D=e
[Unit]
After=a.service
"""


def test_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"parse_unit": parse_unit}


def test_reads_sections_in_order() -> None:
    parsed = parse_unit(UNIT)
    assert [(section["section"], section["line"]) for section in parsed] == [
        ("Unit", 3),
        ("Service", 8),
        ("Unit", 12),
    ]
    assert parsed[0]["directives"] == [
        {"directive": "Description", "value": {"expand": "Says %n    hello"}, "line": 4}
    ]
    assert [entry["value"]["expand"] for entry in parsed[1]["directives"]] == [
        "",
        '-/bin/sh -c "echo $X; true"',
        '"A=b c" D=e',
    ]


def test_comes_back_by_to_unit() -> None:
    assert to_unit(parse_unit(UNIT)) == Unit.parse(UNIT).render()


KEYS = st.text(st.sampled_from("AbX-9"), min_size=1, max_size=4)
TEXTS = st.text(st.sampled_from("ab \t\\\"'%$=[]#;\u00e9"), max_size=12)


@given(
    st.lists(st.tuples(KEYS, st.lists(st.tuples(KEYS, TEXTS), max_size=3)), max_size=3)
)
@settings(deadline=None)
def test_any_unit_comes_back_by_to_unit(sections: t.Any) -> None:
    text = "".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in entries)
        for name, entries in sections
    )
    unit = Unit.parse(text)
    if any(
        (len(value) - len(value.rstrip("\\"))) % 2
        for section in unit.sections
        for value in (entry.value for entry in section.assignments)
    ):
        with pytest.raises(AnsibleFilterError, match="ends with a backslash"):
            to_unit(parse_unit(text))
        return
    assert Unit.parse(to_unit(parse_unit(text))) == unit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[Unit", "parse_unit: line 1: a section header"),
        (b"[Unit]\nA=\xff", "parse_unit: line 2: not UTF-8"),
        (3, "must be a string, not int"),
        (None, "must be a string, not NoneType"),
        ([], "must be a string, not list"),
    ],
)
def test_says_what_is_wrong(text: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        parse_unit(text)
