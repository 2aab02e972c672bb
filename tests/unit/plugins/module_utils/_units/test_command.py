# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._units.command import (
    below,
    is_relative,
    program,
)
from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    Unquotable,
    exec_quote,
)

TOP = "/opt/x/current"


@pytest.mark.parametrize(
    ("command", "word", "relative"),
    [
        ("bin/hello start", "bin/hello", True),
        ("'my app' x", "my app", True),
        ("/bin/sh -c x", "/bin/sh", False),
        (["hello"], "hello", True),
        (("bin/a", 1), "bin/a", True),
        ([{"expand": "%h/bin/x"}], "%h/bin/x", False),
        ({"expand": "-/bin/x $Y"}, "-/bin/x", False),
        ({"expand": "bin/x $Y"}, "bin/x", True),
        ("!!bin/x", "!!bin/x", False),
        # in systemd's own syntax
        ({"expand": '"bin/my prog" --x'}, "bin/my prog", True),
        ({"expand": "bin/a\\sb --x"}, "bin/a b", True),
        ({"expand": "bin/x '# no comment'"}, "bin/x", True),
    ],
)
def test_finds_the_program(command: t.Any, word: str, relative: bool) -> None:
    assert program(command) == word
    assert is_relative(word) is relative


@pytest.mark.parametrize(
    "command",
    [
        "",
        "  ",
        [],
        (),
        None,
        3,
        "'unbalanced",
        [None],
        [3],
        {"expand": "'a"},
        {"expand": ""},
    ],
)
def test_what_is_no_command(command: t.Any) -> None:
    with pytest.raises(Unquotable):
        program(command)


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("bin/hello start", "/opt/x/current/bin/hello start"),
        ("bin/hello 'a b' $X %n", '/opt/x/current/bin/hello "a b" "$$X" "%%n"'),
        (["./bin//hello", "a b"], '/opt/x/current/bin/hello "a b"'),
        (["my app"], '"/opt/x/current/my app"'),
        ({"expand": " bin/x --id=%i $Y"}, "/opt/x/current/bin/x --id=%i $Y"),
        (
            {"expand": '"bin/my prog" --x "a b" ; /bin/y'},
            '"/opt/x/current/bin/my prog" --x "a b" ; /bin/y',
        ),
        ({"expand": "'bin'/%i-${A} ' '"}, "/opt/x/current/bin/%i-${A} ' '"),
        ({"expand": "bin/x"}, "/opt/x/current/bin/x"),
        ([{"expand": "bin/x"}, "%i"], '/opt/x/current/bin/x "%%i"'),
        (["/bin/sh", "-c", "x"], "/bin/sh -c x"),
    ],
)
def test_a_relative_program_is_below_the_release(command: t.Any, line: str) -> None:
    assert exec_quote(below(command, TOP)) == line


@pytest.mark.parametrize("word", ["../x", "bin/../../x", ".."])
def test_a_program_outside_of_the_release_is_refused(word: str) -> None:
    with pytest.raises(Unquotable, match="outside of the release"):
        below([word], TOP)


@pytest.mark.parametrize("root", [5, None, ["/opt"]])
def test_the_folder_of_the_release_is_text(root: t.Any) -> None:
    with pytest.raises(Unquotable, match="the folder must be a string"):
        below(["bin/x"], root)
