# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.exec_quote import (
    FilterModule,
)

exec_quote = FilterModule().filters()["exec_quote"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["/bin/echo", "100% of $HOME", "a b"], '/bin/echo "100%% of $$HOME" "a b"'),
        (["/bin/echo", {"expand": "%n"}, "%n"], '/bin/echo %n "%%n"'),
        ("/bin/echo 'a b'", '/bin/echo "a b"'),
        ({"expand": "-/bin/echo %n"}, "-/bin/echo %n"),
    ],
)
def test_writes_a_command_line(command: t.Any, line: str) -> None:
    assert exec_quote(command) == line


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([], "exec_quote: the command is empty"),
        (["/bin/x", "\0"], "exec_quote: argument 1: has a NUL"),
        (["-x"], "exec_quote: the program '-x' begins with '-'"),
        (3, "exec_quote: must be a list of arguments"),
    ],
)
def test_says_what_is_wrong(command: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        exec_quote(command)
