# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import random
import sys
import time
import typing as t
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units.unit import (
    Assignment,
    InvalidUnit,
    Section,
    Unit,
)

sys.path.insert(0, str(Path(__file__).parents[4] / "support"))

from nasty import mutate

MIB = 1024 * 1024


def one(*pairs: tuple[str, str], name: str = "Unit") -> tuple[Section, ...]:
    return (Section(name, tuple(Assignment(*pair) for pair in pairs)),)


PARSED: list[tuple[str, tuple[Section, ...]]] = [
    ("", ()),
    ("\n\n", ()),
    ("[Unit]", one()),
    ("[Unit]\nA=b", one(("A", "b"))),
    ("[Unit]\nA=b\n", one(("A", "b"))),
    ("  [Unit]  \n\tA = b \t\n", one(("A", "b"))),
    ("[Unit]\nA=\n", one(("A", ""))),
    ("[Unit]\nA=b=c\n", one(("A", "b=c"))),
    ("[Unit]\nA=b\nA=c\n", one(("A", "b"), ("A", "c"))),
    ("[Unit]\nA b=c\n", one(("A b", "c"))),
    # sections that repeat stay apart
    (
        "[A]\nx=1\n[B]\n[A]\nx=2",
        one(("x", "1"), name="A") + one(name="B") + one(("x", "2"), name="A"),
    ),
    # no comments at the end of a line
    ("[Unit]\nA=b # c\nB=d ; e", one(("A", "b # c"), ("B", "d ; e"))),
    ("[Unit]\n# A=b\n  ; B=c\n#\n", one()),
    # continuation: one blank in place of the backslash, nothing stripped in between
    ("[Unit]\nA=b\\\nc\n", one(("A", "b c"))),
    ("[Unit]\nA=b \\\n  c\n", one(("A", "b    c"))),
    ("[Unit]\nA=b\\\n# no\n ; no\n  c\\\n\nB=d", one(("A", "b   c"), ("B", "d"))),
    ("[Unit]\nA=b\\\n\nB=d", one(("A", "b"), ("B", "d"))),
    ("[Unit]\nA=\\\nB=d", one(("A", "B=d"))),
    ("[Unit]\n\\\nA=d", one(("A", "d"))),
    ("[Un\\\nit]\nA=d", one(("A", "d"), name="Un it")),
    # an even number of backslashes is text, and so is one with a blank behind it
    ("[Unit]\nA=b\\\\\nB=c", one(("A", "b\\\\"), ("B", "c"))),
    ("[Unit]\nA=b\\\\\\\nB=c", one(("A", "b\\\\ B=c"))),
    ("[Unit]\nA=b\\ \nB=c", one(("A", "b\\"), ("B", "c"))),
    # at the end of the file
    ("[Unit]\nA=b\\", one(("A", "b"))),
    ("[Unit]\nA=b\\\n", one(("A", "b"))),
    ("[Unit]\nA=b\\\n# c", one(("A", "b"))),
    ("[Unit]\n\\", one()),
    # line ends
    ("[Unit]\r\nA=b\r\nB=c\r\n", one(("A", "b"), ("B", "c"))),
    ("[Unit]\rA=b\0B=c\n\rC=d", one(("A", "b"), ("B", "c"), ("C", "d"))),
    ("[Unit]\nA=b\\\r\nc", one(("A", "b c"))),
    # only blank and tab are blanks, and only LF, CR and NUL end a line
    ("[Unit]\nA=\x0bb\x0c\x85\u2028c\xa0", one(("A", "\x0bb\x0c\x85\u2028c\xa0"))),
    # byte-order mark: the first one at the start of a line is dropped
    ("\ufeff[Unit]\nA=b", one(("A", "b"))),
    ("\ufeff  [Unit]\n\ufeffA=b", one(("\ufeffA", "b"))),
    ("[Unit]\n\ufeffA=b\n\ufeffA=c", one(("A", "b"), ("\ufeffA", "c"))),
    ("[Unit]\n \ufeffA=b", one(("\ufeffA", "b"))),
    ("[Unit]\nA=b\\\n\ufeffc", one(("A", "b c"))),
    ("[Unit]\n\ufeff# A=b", one(("# A", "b"))),
    ("[Unit]\nA=\ufeffb", one(("A", "\ufeffb"))),
    # section names that systemd takes, if only to ignore them
    ("[ Unit]\n", one(name=" Unit")),
    ("[a]b]\n", one(name="a]b")),
    ("[X-\u00e9]\n", one(name="X-\u00e9")),
    # in comments anything goes
    ("# \ufffe\n[Unit]\nA=b", one(("A", "b"))),
]


@pytest.mark.parametrize(("text", "sections"), PARSED)
def test_parses(text: str, sections: tuple[Section, ...]) -> None:
    unit = Unit.parse(text)
    assert unit.sections == sections
    assert unit.problems == ()
    assert Unit.parse(text.encode("utf-8")) == unit
    assert Unit.parse(unit.render()) == unit


PROBLEMS: list[tuple[str, list[int]]] = [
    ("A=b\n[Unit]\nA=b", [1]),
    ("\ufeff# c = d\n[Unit]\n", [1]),
    ("junk\n=x\n[Unit]\n", [1, 2]),
    ("[Unit]\njunk\n\n=x\n = y\nA=b\n", [2, 4, 5]),
    ("[Unit]\nA\\\nB\nC=d\nD", [2, 5]),
    ("[Unit]\n\r\n\nfoo\r\nbar", [4, 5]),
    ("[Unit]\n\rA=zz\r\n\0[S]\0\n\nfoo\n", [6]),
    # extension sections are nobody's business
    ("[X-Foo]\njunk\n=x\n[Unit]\njunk", [5]),
]


@pytest.mark.parametrize(("text", "lines"), PROBLEMS)
def test_notes_lines_that_systemd_ignores(text: str, lines: list[int]) -> None:
    assert [line for line, _message in Unit.parse(text).problems] == lines


INVALID: list[tuple[str | bytes, int]] = [
    ("[Unit\nA=b", 1),
    ("[Unit] # c\n", 1),
    ("[Unit]\\\nA=b", 1),
    ('\n["Unit"]', 2),
    ("[Un\x07it]", 1),
    ("[]", 1),
    ("[U*]", 1),
    ("[x=1\n", 1),
    (b"[Unit]\nA=\xff", 2),
    (b"[Unit]\nA=\xed\xa0\x80", 2),
    (b"[Unit]\nA=\xc0\xaf", 2),
    (b"[Unit]\n\xe2\x82\nA=b", 2),
    ("[Unit]\nA=\ufffe", 2),
    ("[Unit]\nA=b\\\nc\ufdd0", 2),
    ("[Unit]\nA=\U0001ffff", 2),
    ("[Unit]\nA=\ud800", 2),
    ("[X-Foo]\n\ufffe", 2),
    ("\ufffe", 1),
    ("[Unit]\nA=" + "x" * (MIB - 2), 2),
    ("[Unit]\n#" + "x" * (MIB - 1), 2),
    ("[Unit]\n" + " " * MIB, 2),
    ("[Unit]\nA=" + "\u20ac" * (MIB // 3), 2),
    ("[Unit]\nA=" + "x" * (MIB - 100) + "\\\n" + "y" * 99, 3),
]


@pytest.mark.parametrize(("text", "line"), INVALID, ids=range(len(INVALID)))
def test_refuses_what_systemd_refuses(text: str | bytes, line: int) -> None:
    with pytest.raises(InvalidUnit) as caught:
        Unit.parse(text)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "[Unit]\nA=" + "x" * (MIB - 3),
        "[Unit]\n#" + "x" * (MIB - 2),
        "[Unit]\nA=" + "x" * (MIB - 100 - 3) + "\\\n" + "y" * 100,
        b"# \xff\n[Unit]\n ; \xfe",
    ],
    ids=range(4),
)
def test_takes_what_is_just_within_the_limits(text: str | bytes) -> None:
    Unit.parse(text)


def test_knows_lines() -> None:
    unit = Unit.parse("# c\n\n[Unit]\nA=b\\\n  c\nB=d\n\n[Service]\r\nC=e\r\nD=f")
    assert [section.line for section in unit.sections] == [3, 8]
    lines = [entry.line for section in unit.sections for entry in section.assignments]
    assert lines == [4, 6, 9, 10]


def test_values_and_resets() -> None:
    unit = Unit.parse("[S]\nA=1\nA=2\n[T]\nA=9\n[S]\nA=\nA=3\nB=\nC=1\nC=")
    assert unit.values("S", "A") == ["1", "2", "", "3"]
    assert unit.effective("S", "A") == ["3"]
    assert unit.effective("T", "A") == ["9"]
    assert unit.values("S", "B") == [""]
    assert unit.effective("S", "B") == []
    assert unit.effective("S", "C") == []
    assert unit.values("S", "missing") == []
    assert unit.effective("X", "missing") == []


def test_values_are_the_callers_own() -> None:
    unit = Unit.parse("[S]\nA=1\n")
    unit.values("S", "A").append("2")
    unit.effective("S", "A").append("2")
    assert unit.values("S", "A") == ["1"]


def test_drop_ins_follow() -> None:
    unit = Unit.parse("[S]\nA=1\nB=1\njunk")
    merged = unit.merged(Unit.parse("[S]\nA=\nA=2\n"), Unit.parse("[S]\nA=3\nmore"))
    assert merged.effective("S", "A") == ["2", "3"]
    assert merged.effective("S", "B") == ["1"]
    assert [message for _line, message in merged.problems] == ["a line without '='"] * 2
    assert unit.values("S", "A") == ["1"]


def test_renders_plainly() -> None:
    text = "[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/true\nExecStart=\n"
    assert Unit.parse(text).render() == text


@pytest.mark.parametrize(
    "unit",
    [
        Unit(one(("A", "b\nc"))),
        Unit(one(("A", "b\rc"))),
        Unit(one(("A", "b\0c"))),
        Unit(one(("A", " b"))),
        Unit(one(("A", "b\t"))),
        Unit(one(("A", "\ufffe"))),
        Unit(one(("A", "\udcff"))),
        Unit(one(("A", "x" * MIB))),
        Unit(one(("", "b"))),
        Unit(one((" A", "b"))),
        Unit(one(("A=", "b"))),
        Unit(one(("A\nB", "b"))),
        Unit(one(("[A", "b"))),
        Unit(one(("# A", "b"), ("# B", "b"))),
        Unit(one(name="A\nB")),
        Unit(one(name="")),
        Unit(one(name='"')),
        Unit(one(name="\udcff")),
    ],
    ids=range(18),
)
def test_renders_nothing_that_would_be_read_otherwise(unit: Unit) -> None:
    with pytest.raises(InvalidUnit):
        unit.render()


# Characters that mean something, and some that must not
ALPHABET = "aA =[]#;\\\"'%$\t\n\r\0\x0b\x85\ufeff\ufffe\u2028\u00e9\U0001f600\x7f*"
WRITABLE = st.characters(
    exclude_categories=("Cs",), exclude_characters="\0\n\r"
).filter(
    lambda char: not (0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE)
)
VALUES = st.text(WRITABLE | st.sampled_from("\\# \"'%")).map(
    lambda text: text.strip(" \t")
)
KEYS = (
    st.text(WRITABLE)
    .map(lambda text: text.strip(" \t").replace("=", ""))
    .filter(lambda text: text[:1] not in ("", "[", "#", ";"))
)
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\"'\\*?["),
    min_size=1,
)
UNITS = st.lists(
    st.builds(
        Section,
        NAMES,
        st.lists(st.builds(Assignment, KEYS, VALUES), max_size=5).map(tuple),
    ),
    max_size=4,
).map(lambda sections: Unit(tuple(sections)))


@given(UNITS)
@settings(deadline=None)
def test_rendering_then_parsing_gives_the_value(unit: Unit) -> None:
    back = Unit.parse(unit.render())
    assert back == unit
    assert back.problems == ()
    assert Unit.parse(unit.render().encode()) == unit


@given(st.text(st.sampled_from(ALPHABET), max_size=60).map("[A]\n".__add__))
@settings(deadline=None, max_examples=400)
def test_parsing_then_rendering_keeps_the_value(text: str) -> None:
    try:
        unit = Unit.parse(text)
    except InvalidUnit:
        return
    assert Unit.parse(unit.render()) == unit


@given(st.text(st.sampled_from(ALPHABET), max_size=80) | st.text(max_size=80))
@settings(deadline=None, max_examples=1000)
def test_reads_as_the_grammar_carried_out_letter_by_letter(text: str) -> None:
    assert outcome(text) == letter_by_letter(text.encode("utf-8", "surrogatepass"))


def outcome(text: str | bytes) -> t.Any:
    """What a text parses to, in plain lists; None where it is refused."""
    try:
        unit = Unit.parse(text)
    except InvalidUnit:
        return None
    return [
        (section.name, [(entry.key, entry.value) for entry in section.assignments])
        for section in unit.sections
    ], [line for line, _message in unit.problems]


def letter_by_letter(data: bytes) -> t.Any:
    """The same grammar as conf-parser.c walks it: slowly, byte after byte."""
    lines: list[bytes] = []
    position = 0
    while position < len(data):
        line = bytearray()
        seen: set[int] = set()
        while position < len(data):
            byte = data[position]
            end = byte in b"\n\r\0"
            if 0 in seen or (seen and not end) or byte in seen:
                break
            position += 1
            if end:
                seen.add(byte)
            else:
                line.append(byte)
        lines.append(bytes(line))
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    problems: list[int] = []
    carried: bytes | None = None
    mark = False
    start = 0
    for number, line in enumerate([*lines, None], 1):
        if line is None:
            if carried is None:
                break
            logical = carried
        else:
            if line.strip(b" \t")[:1] in (b"#", b";"):
                continue
            if not mark and line.startswith(b"\xef\xbb\xbf"):
                mark = True
                line = line[3:]
            if carried is None:
                start = number
            logical = (carried or b"") + line
            escaped = False
            for byte in logical:
                escaped = not escaped and byte == 0x5C
            if escaped:
                carried = logical[:-1] + b" "
                continue
            carried = None
        logical = logical.strip(b" \t")
        if not logical:
            continue
        try:
            word = logical.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if any(
            0xFDD0 <= ord(char) <= 0xFDEF or ord(char) & 0xFFFE == 0xFFFE
            for char in word
        ):
            return None
        if word[0] == "[":
            name = word[1:-1]
            bad = any(char < " " or char in "\x7f\"'\\*?[" for char in name)
            if word[-1] != "]" or not name or bad:
                return None
            sections.append((name, []))
        elif not sections:
            problems.append(start)
        elif word.find("=") < 1:
            if not sections[-1][0].startswith("X-"):
                problems.append(start)
        else:
            key, _equals, value = word.partition("=")
            sections[-1][1].append((key.strip(" \t"), value.strip(" \t")))
    return sections, problems


FUZZ_SECONDS = float(os.environ.get("ACTIVATED_FUZZ_SECONDS", "4"))
SEEDS = [
    b"[Unit]\nDescription=A \\\n# c\n  b\nAfter=a.service b.service\n\n"
    b'[Service]\nType=notify\nEnvironment="A=b c" \'D=\\x41\'\nExecStart=-/bin/sh -c "x; y"\n'
    b"ExecStart=\nExecStart=@/bin/true true %n $X\nNoNewPrivileges=yes\n",
    b"\xef\xbb\xbf[Socket]\r\nListenStream=[::]:80\r\nFileDescriptorName=http\r\n",
    "[X-Ext]\nfoo\n[Timer]\nOnCalendar=*-*-* 00:00:00\nDescription=Gr\u00fc\u00dfe \U0001f600\n".encode(),
    b"",
]


def test_any_bytes_get_an_answer_within_a_second() -> None:
    seed = 7
    rng = random.Random(seed)
    end = time.monotonic() + FUZZ_SECONDS
    pool = list(SEEDS)
    answers = refusals = 0
    while time.monotonic() < end:
        data = mutate(rng.choice(pool), rng)[:20000]
        begun = time.monotonic()
        found = outcome(data)
        assert time.monotonic() - begun < 8
        assert found == letter_by_letter(data), data
        if found is None:
            refusals += 1
        else:
            answers += 1
            if rng.random() < 0.02 and len(pool) < 200:
                pool.append(data)
    assert answers > 100
    assert refusals > 100


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_binary_gets_an_answer(data: bytes) -> None:
    assert outcome(data) == letter_by_letter(data)


HUGE: dict[str, str | bytes] = {
    "a megabyte line": "[Unit]\nA=" + "x" * (MIB - 10),
    "a megabyte of backslashes": "[Unit]\nA=" + "\\" * (MIB - 10),
    "many megabytes in one line": "[Unit]\nA=" + "x" * (16 * MIB),
    "100,000 lines": "[Unit]\n" + "A=b\n" * 100_000,
    "100,000 lines that go on": "[Unit]\nA=" + "b\\\n" * 100_000,
    "100,000 lines of junk": "[Unit]\n" + "junk\n" * 100_000,
    "10,000 sections": "[Unit]\nA=b\n" * 10_000,
    "a megabyte of NUL": b"\0" * MIB,
    "a megabyte of 0xff": b"[Unit]\n" + b"\xff" * (MIB - 10),
    "a megabyte of line ends": "\r\n" * MIB,
    "100,000 marks": "[Unit]\n" + "\ufeffA=b\n" * 100_000,
    "unlike UTF-8 in 100,000 lines": b"# \xff\n" * 100_000,
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_units_are_answered_within_a_second(name: str) -> None:
    begun = time.process_time()
    try:
        unit = Unit.parse(HUGE[name])
        unit.effective("Unit", "A")
        unit.render()
    except InvalidUnit:
        pass
    assert time.process_time() - begun < 8
