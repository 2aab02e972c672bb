# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import shlex
import sys
import typing as t
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    Unquotable,
    credential,
    environment,
    exec_quote,
    expand_line,
    path,
    quote,
    raw,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import (
    InvalidUnit,
    Unit,
)
from ansible_collections.activated.services.plugins.module_utils._units.words import (
    split_commands,
    split_words,
    unknown_escapes,
)

sys.path.insert(0, str(Path(__file__).parents[4] / "support"))

from nasty import EVERY_ONE, random_strings

STRINGS = (*EVERY_ONE, *random_strings(400, seed=1))

WORDS = [
    ("hello", "hello"),
    ("/opt/hello/current/bin/hello", "/opt/hello/current/bin/hello"),
    ("--port=80,a:b@c+d", "--port=80,a:b@c+d"),
    ("", '""'),
    ("a b", '"a b"'),
    ('a"b', r'"a\"b"'),
    ("a\\b", r'"a\\b"'),
    ("a'b", '"a\'b"'),
    ("a\nb\rc\td", r'"a\nb\rc\td"'),
    ("\a\b\f\v", r'"\a\b\f\v"'),
    ("\x01\x1b\x7f", r'"\x01\x1b\x7f"'),
    ("100%", '"100%%"'),
    ("%n", '"%%n"'),
    ("$X", '"$X"'),
    (";", '";"'),
    ("#", '"#"'),
    ("\u00e9\u2028", '"\u00e9\u2028"'),
]


@pytest.mark.parametrize(("word", "written"), WORDS)
def test_quotes_words(word: str, written: str) -> None:
    assert quote(word) == written


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("a\0b", "NUL"),
        ("\ud800", r"U\+D800"),
        ("\udcff", r"U\+DCFF"),
        ("\ufffe", r"U\+FFFE"),
        ("\U0010ffff", r"U\+10FFFF"),
        ("\ufdef", r"U\+FDEF"),
        (3, "must be a string, not a number"),
        (True, "must be a string, not a boolean"),
        (None, "must be a string, not null"),
        (b"a", "must be a string, not bytes"),
    ],
)
def test_refuses_words_that_cannot_be_written(word: t.Any, reason: str) -> None:
    for function in (quote, path, raw, credential):
        with pytest.raises(Unquotable, match=reason):
            function(word)


ENVIRONMENT: list[tuple[str, t.Any, str]] = [
    ("A", "b", "A=b"),
    ("A", "", "A="),
    ("_a1", "b c", '"_a1=b c"'),
    ("A", "$HOME %n", '"A=$HOME %%n"'),
    ("A", "x\ny", r'"A=x\ny"'),
    ("A", {"expand": "%t/hello"}, "A=%t/hello"),
    ("A", {"expand": '%t "x\\\n$Y'}, r'"A=%t \"x\\\n$Y"'),
]


@pytest.mark.parametrize(("name", "value", "written"), ENVIRONMENT)
def test_writes_variables(name: str, value: t.Any, written: str) -> None:
    assert environment(name, value) == written


@pytest.mark.parametrize(
    "name",
    ["", "1A", "A-B", "A=B", "A B", "A\n", "A\nB", "\u00c4", "%n", "A\0", 3, None],
)
def test_refuses_names_of_variables(name: t.Any) -> None:
    with pytest.raises(Unquotable, match="is no name for a variable"):
        environment(name, "x")


def test_refuses_variables_that_linux_would_not_take() -> None:
    environment("A", "x" * (131071 - 2))
    for value in ("x" * (131071 - 1), "\u20ac" * 43690):
        with pytest.raises(Unquotable, match="131071"):
            environment("A", value)


COMMANDS: list[tuple[t.Any, str]] = [
    (
        ["/opt/hello/current/bin/hello", "start"],
        "/opt/hello/current/bin/hello start",
    ),
    (["/bin/x", "a b", "", "c"], '/bin/x "a b" "" c'),
    (["/bin/x", "$X", "${X}", "%n"], '/bin/x "$$X" "$${X}" "%%n"'),
    (["/bin/x", ";", "a;b"], '/bin/x ";" "a;b"'),
    (["/bin/x", "-y", "@z", "|"], '/bin/x -y @z "|"'),
    (["/bin/x", 8080, -1], "/bin/x 8080 -1"),
    (["/bin/x\u00e9 %n", "y"], '"/bin/x\u00e9 %%n" y'),
    (["/bin/x$y"], '"/bin/x$y"'),
    # the program's path is not expanded, but the name that it sees is
    (["/bin/x${y}"], '@"/bin/x${y}" "/bin/x$${y}"'),
    (["/bin/x$$", "z"], '@"/bin/x$$" "/bin/x$$$$" z'),
    (["$x"], '@"$x" "$$x"'),
    # a command line is split as a shell would
    ('/bin/x \'a b\' "c\\"d" $X  e\\ f # g', '/bin/x "a b" "c\\"d" "$$X" "e f" "#" g'),
    ("/bin/x\n  --y\n", "/bin/x --y"),
    # expansion where it is asked for
    (["/bin/x", {"expand": "%n"}, "%n"], '/bin/x %n "%%n"'),
    (["/bin/x", {"expand": '${X} "y" \\ \''}], r'''/bin/x "${X} \"y\" \\ '"'''),
    (["/bin/x", {"expand": "a\nb"}], r'/bin/x "a\nb"'),
    ([{"expand": "-%h/bin/x"}, "y"], "-%h/bin/x y"),
    (
        {"expand": "-/bin/sh -c 'echo $X %n' ; /bin/y"},
        "-/bin/sh -c 'echo $X %n' ; /bin/y",
    ),
    ({"expand": "  /bin/x  "}, "/bin/x"),
]


@pytest.mark.parametrize(("command", "written"), COMMANDS)
def test_writes_commands(command: t.Any, written: str) -> None:
    assert exec_quote(command) == written


REFUSED: list[tuple[t.Any, str]] = [
    ([], "the command is empty"),
    ("", "the command is empty"),
    (" \n", "the command is empty"),
    ({"expand": " "}, "the command is empty"),
    ([""], "the program is empty"),
    ([{"expand": ""}], "the program is empty"),
    ("/bin/x 'a", "cannot be split into words"),
    ("/bin/x \\", "cannot be split into words"),
    ("/bin/x \0", "NUL"),
    (["-/bin/x"], "begins with '-'"),
    (["@/bin/x"], "begins with '@'"),
    ([":/bin/x"], "begins with ':'"),
    (["+/bin/x"], r"begins with '\+'"),
    (["!/bin/x"], "begins with '!'"),
    (["|/bin/x"], r"begins with '\|'"),
    ("-/bin/x y", "begins with '-'"),
    (['/bin/"x'], "a quote, a backslash"),
    (["/bin/x'"], "a quote, a backslash"),
    (["/bin\\x"], "a quote, a backslash"),
    (["/bin/x\n"], "a quote, a backslash"),
    (["/bin/x\x7f"], "a quote, a backslash"),
    ([";", "x"], "separates commands"),
    (["/bin/x "], "begins or ends with a blank"),
    ([" x"], "begins or ends with a blank"),
    (["/bin/*"], "a glob"),
    (["/bin/[x]"], "a glob"),
    (["bin/x"], "must be an absolute path"),
    (["./x"], "must be an absolute path"),
    (["/bin/"], "is a directory"),
    (["/bin/.."], "is a directory"),
    (["/"], "is a directory"),
    (["."], "is a directory"),
    (["/" + "x" * 256], "a longer name"),
    (["/x" * 2048], "a longer name"),
    (["/bin/x", "a", "b\0"], "^argument 2: has a NUL"),
    (["/bin/x", "\udc80"], "^argument 1: has U"),
    (["/bin/x", True], "^argument 1: must be a string, not a boolean"),
    (["/bin/x", 1.5], "^argument 1: must be a string, not a number with a fraction"),
    (["/bin/x", None], "^argument 1: must be a string, not null"),
    (["/bin/x", ["y"]], "^argument 1: must be a string, not a list"),
    (["/bin/x", {"expnad": "y"}], "the one key 'expand'"),
    (["/bin/x", {"expand": "y", "z": "a"}], "the one key 'expand'"),
    (["/bin/x", {"expand": 3}], "expand: must be a string, not a number"),
    (["/bin/x", {"expand": "a\0"}], "^argument 1: expand: has a NUL"),
    (["/bin/x", {"expand": "$X"}], r"write \$\{NAME\}"),
    (["/bin/x", {"expand": "$"}], r"write \$\{NAME\}"),
    (["/bin/x", "x" * 131072], "131071"),
    ({"expand": "/bin/x\nUser=evil"}, "expand: has a line break"),
    ({"expand": "/bin/x\rUser=evil"}, "expand: has a line break"),
    ({"expand": "/bin/x\0User=evil"}, "expand: has a NUL"),
    ({"expand": "/bin/x \\"}, "expand: ends with a backslash"),
    ({"expand": "/bin/x \\\\\\"}, "expand: ends with a backslash"),
    ({}, "the one key 'expand'"),
    (None, "must be a list of arguments, a command line or a mapping, not null"),
    (3, "not a number"),
    (b"/bin/x", "not bytes"),
]


@pytest.mark.parametrize(("command", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_refuses_commands(command: t.Any, reason: str) -> None:
    with pytest.raises(Unquotable, match=reason):
        exec_quote(command)


RAW = [
    ("hello", "hello"),
    ("", ""),
    ("a b", "a b"),
    ('"a"', '"a"'),
    ("a\tb", "a\tb"),
    ("%n", "%%n"),
    ("%%", "%%%"),
    ("100%", "100%"),
    ("100% x", "100% x"),
    ("10%/1min", "10%/1min"),
    ("%9", "%%9"),
    ("a\\b", "a\\b"),
    ("a\\\\", "a\\\\"),
    ("$X", "$X"),
    ("# x", "# x"),
]


@pytest.mark.parametrize(("value", "written"), RAW)
def test_writes_raw_values(value: str, written: str) -> None:
    assert raw(value) == written


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a\nb", "line break"),
        ("a\rb", "line break"),
        ("a\n", "line break"),
        (" a", "begins or ends with a blank"),
        ("a\t", "begins or ends with a blank"),
        (" ", "begins or ends with a blank"),
        ("a\\", "ends with a backslash"),
        ("a\\\\\\", "ends with a backslash"),
    ],
)
def test_refuses_raw_values(value: str, reason: str) -> None:
    with pytest.raises(Unquotable, match=reason):
        raw(value)


def test_writes_paths() -> None:
    assert path("/a/b") == "/a/b"
    assert path("/a b") == '"/a b"'
    assert path('/a"\\\t%n') == '"/a\\"\\\\\t%%n"'
    for value in ("/a\nb", "/a\rb"):
        with pytest.raises(Unquotable, match="line break"):
            path(value)
    with pytest.raises(Unquotable, match="empty"):
        path("")


def test_writes_credentials() -> None:
    assert credential("id:a b%n\n\\") == "id:a b%n\\n\\\\"
    assert credential("id:a ") == "id:a\\x20"
    assert credential("id:a:b") == "id:a:b"
    for value in ("id", "id:", ":x", "i\nd:x"):
        with pytest.raises(Unquotable):
            credential(value)


def test_expansion_is_handed_on_as_it_is() -> None:
    text = '%n $X "a" \\" \'b'
    assert expand_line({"expand": text}) == text
    assert expand_line({"expand": ""}) == ""


# What is written is read back: here by our own reader of words, in
# tests/differential by systemd itself.


def written(value: str, function: t.Callable[[str], str]) -> str | None:
    """The value as it stands behind `Key=` in a unit that is read back, or None."""
    try:
        line = function(value)
    except Unquotable:
        return None
    unit = Unit.parse(f"[S]\nKey={line}\nNext=x\n")
    assert unit.problems == ()
    assert [entry.key for entry in unit.sections[0].assignments] == ["Key", "Next"]
    assert len(unit.sections) == 1
    return unit.values("S", "Key")[0]


def after_specifiers(word: str) -> str:
    """The word when `%%` became `%`; fails where another specifier is left."""
    parts = word.split("%%")
    for part in parts:
        assert "%" not in part
    return "%".join(parts)


def after_variables(word: str) -> str:
    parts = word.split("$$")
    for part in parts:
        assert "$" not in part
    return "$".join(parts)


def check_word(text: str) -> None:
    line = written(text, lambda value: environment("A", value))
    if line is not None:
        assert unknown_escapes(line) == []
        assert [after_specifiers(word) for word in split_words(line)] == [f"A={text}"]


def check_argument(text: str) -> None:
    line = written(text, lambda value: exec_quote(["/bin/x", value, "z"]))
    if line is not None:
        (command,) = split_commands(line)
        assert command.prefixes == ""
        words = [after_variables(after_specifiers(word)) for word in command.argv]
        assert words == ["/bin/x", text, "z"]


def check_program(text: str) -> None:
    line = written(text, lambda value: exec_quote([value, "z"]))
    if line is not None:
        (command,) = split_commands(line)
        assert command.prefixes in ("", "@")
        assert after_specifiers(command.program) == text
        if command.prefixes:
            assert after_variables(after_specifiers(command.argv[0])) == text
        assert command.argv[1:] == ("z",)


def check_raw(text: str) -> None:
    line = written(text, raw)
    if line is not None:
        assert not re.search("%[A-Za-z0-9]", line.replace("%%", ""))
        assert re.sub("%(%?)", "%", line) == text


def check_path(text: str) -> None:
    line = written(text, path)
    if line is not None:
        words = split_words(line, cunescape=False)
        assert [after_specifiers(word) for word in words] == [text]


CHECKS = [check_word, check_argument, check_program, check_raw, check_path]


@pytest.mark.parametrize("check", CHECKS)
def test_nasty_strings_come_back(check: t.Callable[[str], None]) -> None:
    for text in STRINGS:
        check(text)


@pytest.mark.parametrize("check", CHECKS)
@given(
    text=st.text()
    | st.text(st.sampled_from("ab \t\n\r\\\"'%$;{}#=x01-@:+!|\u00e9\x7f"))
)
@settings(deadline=None, max_examples=300)
def test_any_string_comes_back(check: t.Callable[[str], None], text: str) -> None:
    check(text)


def test_a_command_line_is_as_good_as_a_list() -> None:
    for text in STRINGS:
        try:
            expected = exec_quote(["/bin/x", text, "z"])
        except Unquotable:
            continue
        assert exec_quote(shlex.join(["/bin/x", text, "z"])) == expected


def test_few_strings_are_refused() -> None:
    refused = [text for text in STRINGS if written(text, quote) is None]
    assert set(refused) <= {text for text in STRINGS if set(text) & set("\0")} | {
        text
        for text in EVERY_ONE
        if any(0xD800 <= ord(c) <= 0xDFFF or 0xFDD0 <= ord(c) <= 0xFDEF for c in text)
        or any(ord(c) & 0xFFFE == 0xFFFE for c in text)
    }
    assert len(refused) < 15


@given(st.text(), st.text())
@settings(deadline=None)
def test_expansion_never_adds_a_line(text: str, after: str) -> None:
    for asked in (text, text + "\\", text + "\n" + after):
        try:
            line = expand_line({"expand": asked})
        except Unquotable:
            continue
        try:
            unit = Unit.parse(f"[S]\nKey={line}\nNext=x\n")
        except InvalidUnit:
            raise AssertionError(asked) from None
        assert [entry.key for entry in unit.sections[0].assignments] == ["Key", "Next"]
