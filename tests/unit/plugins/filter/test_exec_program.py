# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.exec_program import (
    FilterModule,
)

exec_program = FilterModule().filters()["exec_program"]


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("bin/hello start", ["bin/hello"]),
        (["bin/a b", "c"], ["bin/a b"]),
        ({"expand": "bin/x %n"}, ["bin/x"]),
        ("/bin/sh", []),
        ({"expand": "%h/x"}, []),
    ],
)
def test_gives_what_the_release_must_hold(command: t.Any, programs: list[str]) -> None:
    assert exec_program(command) == programs


def test_says_what_is_wrong() -> None:
    with pytest.raises(AnsibleFilterError, match=r"exec_program: the command is empty"):
        exec_program([])
