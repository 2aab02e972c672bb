# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.to_unit import (
    FilterModule,
    to_unit,
)

COLLECTIONS = Path(__file__).parents[4] / ".build" / "collections"


def test_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"to_unit": to_unit}


def test_writes_a_unit() -> None:
    unit = {"Unit": {"Description": "a"}, "Service": {"ExecStart": ["/bin/x", "b c"]}}
    assert (
        to_unit(unit) == '[Unit]\nDescription=a\n\n[Service]\nExecStart=/bin/x "b c"\n'
    )


def test_writes_the_lines_of_a_section() -> None:
    lines = {"Type": "exec", "PrivateTmp": True}
    assert to_unit(lines, "Service") == "Type=exec\nPrivateTmp=yes"
    assert to_unit(lines, section="Service") == "Type=exec\nPrivateTmp=yes"


@pytest.mark.parametrize(
    ("value", "section", "message"),
    [
        ("text", None, "to_unit: a unit must be a mapping"),
        ({"S": {"A": "b\n"}}, None, "to_unit: S.A: has a line break"),
        ({"A": "b\n"}, "S", "to_unit: S.A: has a line break"),
        ({"A": "b"}, "S\n", "to_unit: 'S.n' is no name for a section"),
        ({"A": "b"}, 3, "to_unit: 3 is no name for a section"),
    ],
)
def test_says_what_is_wrong(value: t.Any, section: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        to_unit(value, section)


def test_takes_what_templates_give() -> None:
    """Inside of templates values are of Ansible's own kinds of text, list and mapping."""
    variables = {
        "unit": {
            "Service": {
                "ExecStart": ["/bin/x", "{{ word }}", {"expand": "%n"}],
                "Environment": {"A": "{{ word }}", "B": "{{ number }}"},
                "PrivateTmp": "{{ truth }}",
                "After": "{{ names }}",
            }
        },
        "word": "$a %b",
        "number": 8080,
        "truth": True,
        "names": ["a.service", "b.service"],
    }
    arguments = {"msg": "{{ unit | activated.services.to_unit }}"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "adhoc", "localhost"),
            *("-m", "ansible.builtin.debug", "-a", json.dumps(arguments)),
            *("-e", json.dumps(variables)),
        ],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout.partition("=>")[2])["msg"] == (
        "[Service]\n"
        'ExecStart=/bin/x "$$a %%b" %n\n'
        'Environment="A=$a %%b"\n'
        "Environment=B=8080\n"
        "PrivateTmp=yes\n"
        "After=a.service\n"
        "After=b.service\n"
    )
