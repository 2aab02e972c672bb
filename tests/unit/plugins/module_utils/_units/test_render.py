# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units.render import (
    InvalidValue,
    render_section,
    render_unit,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit


class Text(str):
    """A string with something attached, as Ansible's templates give them."""

    __slots__ = ("tag",)


SECTIONS: list[tuple[t.Any, str]] = [
    ({}, ""),
    ({"A": "b"}, "A=b"),
    ({"A": True, "B": False}, "A=yes\nB=no"),
    ({"A": 3, "B": -1, "C": 1.5, "D": 0}, "A=3\nB=-1\nC=1.5\nD=0"),
    ({"A": None, "B": "c"}, "B=c"),
    ({"A": ""}, "A="),
    ({"A": ["b", "c", 3, True]}, "A=b\nA=c\nA=3\nA=yes"),
    ({"A": ["", "b"]}, "A=\nA=b"),
    ({"A": []}, ""),
    ({"A": ("b", "c")}, "A=b\nA=c"),
    ({"A": '%n $X "y"'}, 'A=%%n $X "y"'),
    ({"A": {"expand": "%n"}}, "A=%n"),
    ({"A": ["%n", {"expand": "%n"}]}, "A=%%n\nA=%n"),
    ({"A": {"expand": ""}}, "A="),
    ({"CPUQuota": "20%"}, "CPUQuota=20%"),
    ({"LogFilterPatterns": "~%d%%"}, "LogFilterPatterns=~%d%%"),
    ({"X-Mine": "b"}, "X-Mine=b"),
    ({Text("A"): Text("b")}, "A=b"),
    # environment
    ({"Environment": {"A": "b", "C": "d e"}}, 'Environment=A=b\nEnvironment="C=d e"'),
    ({"Environment": {}}, ""),
    ({"Environment": {"A": 3, "B": None, "C": ""}}, "Environment=A=3\nEnvironment=C="),
    ({"Environment": {"expand": "%n"}}, 'Environment="expand=%%n"'),
    ({"Environment": {"A": {"expand": "%n"}}}, "Environment=A=%n"),
    ({"Environment": ["", {"A": "b"}]}, "Environment=\nEnvironment=A=b"),
    ({"Environment": ""}, "Environment="),
    ({"Environment": "A=b"}, "Environment=A=b"),
    ({"Environment": ["A=b", "C=%n"]}, 'Environment=A=b\nEnvironment="C=%%n"'),
    # commands
    ({"ExecStart": ["/bin/x", "a b"]}, 'ExecStart=/bin/x "a b"'),
    ({"ExecStart": "/bin/x 'a b' $X"}, 'ExecStart=/bin/x "a b" "$$X"'),
    ({"ExecStart": {"expand": "-/bin/x %n $X"}}, "ExecStart=-/bin/x %n $X"),
    ({"ExecStart": ["/bin/x", {"expand": "%n"}]}, "ExecStart=/bin/x %n"),
    (
        {"ExecStartPre": [["/bin/x", "a"], ["/bin/y"]]},
        "ExecStartPre=/bin/x a\nExecStartPre=/bin/y",
    ),
    (
        {"ExecStop": [{"expand": "/bin/x a"}, {"expand": "/bin/y"}]},
        "ExecStop=/bin/x a\nExecStop=/bin/y",
    ),
    (
        {"ExecStop": ["", ["/bin/x", "a"], ["/bin/y", "b c"], {"expand": "/bin/z %n"}]},
        'ExecStop=\nExecStop=/bin/x a\nExecStop=/bin/y "b c"\nExecStop=/bin/z %n',
    ),
    ({"ExecStart": ["", ["/bin/x", "a"]]}, "ExecStart=\nExecStart=/bin/x a"),
    ({"ExecStart": ["", {"expand": "/bin/x a"}]}, "ExecStart=\nExecStart=/bin/x a"),
    ({"ExecStart": [""]}, "ExecStart="),
    ({"ExecStart": [[{"expand": "%h/x"}, {"expand": "%n"}]]}, "ExecStart=%h/x %n"),
    ({"ExecStart": ""}, "ExecStart="),
    ({"ExecStart": []}, ""),
    ({"ExecStart": None}, ""),
    ({"ExecReloadPost": ["/bin/x", "$y"]}, 'ExecReloadPost=/bin/x "$$y"'),
    # not commands, for all that they begin like them
    ({"ExecPaths": ["/a b", "/c"]}, 'ExecPaths="/a b"\nExecPaths=/c'),
    ({"ExecSearchPath": "/a:/b"}, "ExecSearchPath=/a:/b"),
    # paths
    ({"ReadWritePaths": "/a"}, "ReadWritePaths=/a"),
    (
        {"ReadWritePaths": ["/a b", "", "-/c"]},
        'ReadWritePaths="/a b"\nReadWritePaths=\nReadWritePaths=-/c',
    ),
    ({"ReadWritePaths": {"expand": "/a %t"}}, "ReadWritePaths=/a %t"),
    (
        {"BindPaths": ["/a b", "", "-/c:/d:rbind", {"expand": '"/e f":/g %n'}]},
        'BindPaths="/a b"\nBindPaths=\nBindPaths=-/c:/d:rbind\nBindPaths="/e f":/g %n',
    ),
    ({"BindReadOnlyPaths": "/a:/b"}, "BindReadOnlyPaths=/a:/b"),
    (
        {"TemporaryFileSystem": ["/a b:ro", "/%c"]},
        'TemporaryFileSystem="/a b:ro"\nTemporaryFileSystem="/%%c"',
    ),
    *(
        ({name: ["/a b /c"]}, f'{name}="/a b /c"')
        for name in (
            "BindPaths",
            "BindReadOnlyPaths",
            "ExtensionDirectories",
            "InaccessibleDirectories",
            "ReadOnlyDirectories",
            "ReadWriteDirectories",
            "Symlinks",
            "TemporaryFileSystem",
        )
    ),
    # blanks part no paths there
    ({"ExecSearchPath": "/a b:/c"}, "ExecSearchPath=/a b:/c"),
    # a credential's data has escapes, but no specifiers
    ({"SetCredential": "a:b %n\nc"}, "SetCredential=a:b %n\\nc"),
]


@pytest.mark.parametrize(("value", "text"), SECTIONS, ids=range(len(SECTIONS)))
def test_writes_the_lines_of_a_section(value: t.Any, text: str) -> None:
    assert render_section("Service", value) == text


def test_writes_whole_units() -> None:
    assert render_unit({}) == ""
    assert render_unit({"Unit": {}, "Service": {"A": ["b", "c"]}, "Install": None}) == (
        "[Unit]\n\n[Service]\nA=b\nA=c\n\n[Install]\n"
    )


def test_writes_the_form_of_parse_unit() -> None:
    value = [
        {"section": "A", "line": 1, "directives": []},
        {
            "section": "B",
            "directives": [
                {"directive": "Environment", "value": {"expand": '"a=%n b" c=d'}},
                {"directive": "X", "value": "%n", "line": 9},
                {"directive": "Environment", "value": {"E": "f g"}},
            ],
        },
        {"section": "A", "directives": [{"directive": "X", "value": {"expand": ""}}]},
    ]
    assert render_unit(value) == (
        '[A]\n\n[B]\nEnvironment="a=%n b" c=d\nX=%%n\nEnvironment="E=f g"\n\n[A]\nX=\n'
    )


HUGE = 10**5000
DEEP: list[t.Any] = []
for _ in range(3000):
    DEEP = [DEEP]

REFUSED: list[tuple[t.Any, str]] = [
    (None, "a unit must be a mapping"),
    ("[Unit]", "a unit must be a mapping"),
    ({"S": "A=b"}, "^S: must be a mapping of directives"),
    ({"S": ["A"]}, "^S: must be a mapping of directives"),
    ({"S]\nA=b\n[T": {}}, "is no name for a section"),
    ({"S\n": {}}, "is no name for a section"),
    ({"": {}}, "is no name for a section"),
    ({3: {}}, "3 is no name for a section"),
    ({"S": {"A=b": "c"}}, "^S: 'A=b' is no name for a directive"),
    ({"S": {"A\nB": "c"}}, "is no name for a directive"),
    ({"S": {"A\n": "c"}}, "is no name for a directive"),
    ({"S": {"": "c"}}, "is no name for a directive"),
    ({"S": {"A B": None}}, "is no name for a directive"),
    ({"S": {"#A": ""}}, "is no name for a directive"),
    ({"S": {"[A": ""}}, "is no name for a directive"),
    ({"S": {True: "c"}}, "is no name for a directive"),
    ({"S": {"A": "b\nc"}}, "^S.A: has a line break"),
    ({"S": {"A": "b\\"}}, "^S.A: ends with a backslash"),
    ({"S": {"A": ["b", "c\0"]}}, r"^S.A\[1\]: has a NUL"),
    ({"S": {"A": [["b"]]}}, r"^S.A\[0\]: must be text, not list"),
    ({"S": {"A": [None]}}, r"^S.A\[0\]: must be text, not NoneType"),
    ({"S": {"A": {"b": "c"}}}, "^S.A: a mapping here must have the one key 'expand'"),
    ({"S": {"A": {}}}, "^S.A: a mapping here must"),
    ({"S": {"A": {"expand": "b\nC=d"}}}, "^S.A: expand: has a line break"),
    ({"S": {"A": {"expand": "b\\"}}}, "^S.A: expand: ends with a backslash"),
    ({"S": {"A": {"expand": 3}}}, "^S.A: expand: must be a string"),
    ({"S": {"A": b"c"}}, "^S.A: must be text, not bytes"),
    ({"S": {"A": object()}}, "^S.A: must be text, not object"),
    ({"S": {"A": float("nan")}}, "^S.A: nan cannot be written"),
    ({"S": {"A": "x" * (1024 * 1024)}}, "^S.A: longer than a line"),
    ({"S": {"Environment": {"FOO": "a\0"}}}, "^S.Environment.FOO: has a NUL"),
    ({"S": {"Environment": {"FOO": "\ud800"}}}, r"^S.Environment.FOO: has U\+D800"),
    (
        {"S": {"Environment": {"FOO": True}}},
        "^S.Environment.FOO: must be a string, not a boolean",
    ),
    ({"S": {"Environment": {"FOO": 1.5}}}, "^S.Environment.FOO: must be a string"),
    (
        {"S": {"Environment": {"FOO": ["a"]}}},
        "^S.Environment.FOO: must be a string, not a list",
    ),
    ({"S": {"Environment": {"FOO": {"a": "b"}}}}, "^S.Environment.FOO: a mapping must"),
    (
        {"S": {"Environment": {"FOO-X": "a"}}},
        "^S.Environment.FOO-X: 'FOO-X' is no name",
    ),
    ({"S": {"Environment": {"A\nB": "a"}}}, "is no name for a variable"),
    ({"S": {"Environment": {3: "a"}}}, "is no name for a variable"),
    ({"S": {"Environment": "A=b C=d"}}, "^S.Environment: give a mapping"),
    ({"S": {"Environment": "A"}}, "^S.Environment: give a mapping"),
    ({"S": {"Environment": ["A='b c'"]}}, r"^S.Environment\[0\]: give a mapping"),
    ({"S": {"Environment": 3}}, "^S.Environment: must be a mapping"),
    ({"S": {"Environment": [3]}}, r"^S.Environment\[0\]: must be a mapping"),
    # more digits than Python writes, and lists without an end
    ({"S": {"A": HUGE}}, "^S.A: has too many digits"),
    ({"S": {"ExecStart": ["/x", HUGE]}}, "^S.ExecStart: argument 1: has too many"),
    ({"S": {"Environment": {"A": HUGE}}}, "^S.Environment.A: has too many digits"),
    ({"S": {"Environment": DEEP}}, r"^S.Environment\[0\]: must be a mapping"),
    # a blank never begins a second mount
    ({"S": {"BindPaths": "/a /b"}}, "^S.BindPaths: '/a /b' may be one path or several"),
    ({"S": {"TemporaryFileSystem": "/a /b"}}, "may be one path or several"),
    ({"S": {"Symlinks": "/a /b"}}, "may be one path or several"),
    ({"S": {"BindPaths": ["/a", "/b c:/d"]}}, r"^S.BindPaths\[1\]: .* with {'expand'"),
    ({"S": {"BindReadOnlyPaths": ['/a"']}}, r"^S.BindReadOnlyPaths\[0\]: "),
    ({"S": {"TemporaryFileSystem": ["/a\\ b"]}}, "has a quote, a backslash"),
    ({"S": {"BindPaths": ["/a\nb"]}}, r"^S.BindPaths\[0\]: has a line break"),
    # an argument never becomes a command of its own
    (
        {"S": {"ExecStartPre": ["", '/bin/sh -c "id"']}},
        r"^S.ExecStartPre\[0\]: an empty string has no place in one command; several",
    ),
    (
        {"S": {"ExecStartPre": ["/bin/x", ["/bin/sh", "-c", "evil"]]}},
        r"^S.ExecStartPre\[1\]: a list has no place in one command; several",
    ),
    (
        {"S": {"ExecStop": [["/bin/x"], "/bin/y 'b c'"]}},
        r"^S.ExecStop\[0\]: a list has no place in one command",
    ),
    ({"S": {"ExecStop": ["/bin/x", []]}}, r"^S.ExecStop\[1\]: a list has no place"),
    ({"S": {"ExecStart": ["-/bin/x"]}}, "^S.ExecStart: the program '-/bin/x' begins"),
    ({"S": {"ExecStart": ["/bin/x", "a\0"]}}, "^S.ExecStart: argument 1: has a NUL"),
    (
        {"S": {"ExecStart": [["/bin/x"], []]}},
        r"^S.ExecStart\[1\]: the command is empty",
    ),
    (
        {"S": {"ExecStart": [["/bin/x"], None]}},
        r"^S.ExecStart\[0\]: a list has no place",
    ),
    ({"S": {"ExecStart": 3}}, "^S.ExecStart: must be a list of"),
    ({"S": {"ExecStart": {"path": "/bin/x"}}}, "^S.ExecStart: a mapping must"),
    ({"S": {"ReadWritePaths": "/a /b"}}, "^S.ReadWritePaths: .* give a list"),
    ({"S": {"ReadWritePaths": ["/a\nb"]}}, r"^S.ReadWritePaths\[0\]: has a line break"),
    ({"S": {"SetCredential": "x"}}, "^S.SetCredential: must be a name"),
    ([{"section": "S"}], r"^\[0\]: must be a mapping with"),
    ([3], r"^\[0\]: must be a mapping with"),
    ([{"section": "S\n", "directives": []}], "is no name for a section"),
    ([{"section": "S", "directives": {}}], "^S: 'directives' must be a list"),
    ([{"section": "S", "directives": [{"directive": "A"}]}], "^S: each directive"),
    (
        [{"section": "S", "directives": [{"directive": "A\n", "value": "b"}]}],
        "is no name",
    ),
    (
        [
            {
                "section": "S",
                "directives": [{"directive": "A", "value": {"expand": "b\nc"}}],
            }
        ],
        "^S.A: expand: has a line break",
    ),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_refuses_and_says_where(value: t.Any, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        render_unit(value)


def test_refuses_a_section_that_could_be_more() -> None:
    with pytest.raises(InvalidValue, match="is no name for a section"):
        render_section("Service]\n[Install", {})


NASTY = st.text() | st.text(st.sampled_from("ab \n\r\t\\\"'%$=[]#;\0\ufffe"))
VALUES: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NASTY,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NASTY | st.just("expand"), inner, max_size=2)
    ),
    max_leaves=5,
)
DIRECTIVES = st.sampled_from(
    [
        "ExecStart",
        "Environment",
        "ReadWritePaths",
        "Description",
        "User",
        "SetCredential",
    ]
)


@given(DIRECTIVES, VALUES)
@settings(deadline=None, max_examples=500)
def test_no_value_adds_a_line_of_another_kind(directive: str, value: t.Any) -> None:
    try:
        text = render_unit({"S": {directive: value, "Next": "x"}})
    except InvalidValue:
        return
    unit = Unit.parse(text)
    assert unit.problems == ()
    assert [section.name for section in unit.sections] == ["S"]
    keys = [entry.key for entry in unit.sections[0].assignments]
    assert keys == [directive] * (len(keys) - 1) + ["Next"]
    assert unit.values("S", "Next") == ["x"]
    if isinstance(value, str):
        assert len(keys) == 2


@given(st.dictionaries(st.sampled_from(["A", "_b9", "expand", "LONG_NAME"]), NASTY))
@settings(deadline=None)
def test_an_environment_has_as_many_lines_as_variables(value: dict[str, str]) -> None:
    try:
        text = render_section("Service", {"Environment": value})
    except InvalidValue:
        return
    assert len(text.split("\n") if text else []) == len(value)
