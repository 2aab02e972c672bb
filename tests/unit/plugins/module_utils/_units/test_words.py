# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import time
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units.words import (
    Command,
    InvalidWords,
    split_commands,
    split_words,
    unknown_escapes,
)

WORDS = [
    ("", []),
    (" \t ", []),
    ("a", ["a"]),
    ("a b\tc  d\n", ["a", "b", "c", "d"]),
    ('"a b" c', ["a b", "c"]),
    ("'a b' c", ["a b", "c"]),
    ('""', [""]),
    ("'' a", ["", "a"]),
    ('a"b c"d', ["ab cd"]),
    ("a'b'\"c\"", ["abc"]),
    ('"a\'b"', ["a'b"]),
    (r"a\ b", [r"a\ b"]),
    (r"a\sb", ["a b"]),
    (r'"a\"b"', ['a"b']),
    (r"'a\'b'", ["a'b"]),
    (r"\a\b\f\n\r\t\v", ["\a\b\f\n\r\t\v"]),
    (r"\x41\101\u00e9\U0001f600", ["AA\u00e9\U0001f600"]),
    (r"\xc3\xa9", ["\u00e9"]),
    (r"\303\251", ["\u00e9"]),
    (r"\xff", ["\udcff"]),
    (r"\x00 \000 \x4 \u12 \q", [r"\x00", r"\000", r"\x4", r"\u12", r"\q"]),
    (r"\400 \777", [r"\400", r"\777"]),
    (r"\ufffe", ["\ufffe"]),
    (r"\Ufffffffe", [r"\Ufffffffe"]),
    (r"\ud800", ["\udced\udca0\udc80"]),
    ("a\\", ["a\\"]),
    ("a\u00a0b\u2028c\x0bd", ["a\u00a0b\u2028c\x0bd"]),
    ("A=b 'C=d e' \"F=\\n\"", ["A=b", "C=d e", "F=\n"]),
    ("a;b # c", ["a;b", "#", "c"]),
]


@pytest.mark.parametrize(("value", "words"), WORDS)
def test_splits_words(value: str, words: list[str]) -> None:
    assert split_words(value) == words


def test_splits_paths() -> None:
    assert split_words(r'"/a\tb" /c\ d "\"\\"', cunescape=False) == [
        "/atb",
        "/c d",
        '"\\',
    ]


def test_splits_without_quotes_and_by_other_separators() -> None:
    assert split_words("a 'b c'", unquote=False) == ["a", "'b", "c'"]
    assert split_words("a:b::c", separators=":") == ["a", "b", "c"]
    assert split_words("'a:b':c d", separators=":") == ["a:b", "c d"]


INVALID = ['"', "'", '"a', "a'b c", "'a\"", '"a\\"', '"a\\', "a 'b' \"c"]


@pytest.mark.parametrize("value", INVALID)
def test_refuses_open_quotes(value: str) -> None:
    with pytest.raises(InvalidWords, match="left open"):
        split_words(value)
    split_words(value, relax=True)


def test_refuses_a_backslash_at_the_end_of_paths() -> None:
    with pytest.raises(InvalidWords, match="backslash"):
        split_words("/a\\", cunescape=False)


@pytest.mark.parametrize("value", [r"A=b \q", r"'\;'", "a\\", r"\x00", r"\x4"])
def test_refuses_unknown_escapes_when_strict(value: str) -> None:
    split_words(value)
    with pytest.raises(InvalidWords, match="unknown escape"):
        split_words(value, strict=True)


@pytest.mark.parametrize(
    ("value", "escapes"),
    [
        ("a", []),
        (r"\n\x41", []),
        (r"\q a \x4", [r"\q", r"\x"]),
        (r"'\;'", [r"\;"]),
        ("a\\", ["\\"]),
    ],
)
def test_names_unknown_escapes(value: str, escapes: list[str]) -> None:
    assert unknown_escapes(value) == escapes


def command(prefixes: str, *argv: str, program: str | None = None) -> Command:
    return Command(prefixes, program or argv[0], argv)


COMMANDS = [
    ("", []),
    ("/bin/x", [command("", "/bin/x")]),
    ('/bin/x "a b" $X %n', [command("", "/bin/x", "a b", "$X", "%n")]),
    ("-/bin/x", [command("-", "/bin/x")]),
    ('"-/bin/x"', [command("-", "/bin/x")]),
    ("-@:/bin/x y z", [command("-@:", "y", "z", program="/bin/x")]),
    ("+/bin/x", [command("+", "/bin/x")]),
    ("!!/bin/x", [command("!!", "/bin/x")]),
    ("!!!/bin/x", [command("!!", "!/bin/x")]),
    ("+!/bin/x", [command("+", "!/bin/x")]),
    ("--/bin/x", [command("-", "-/bin/x")]),
    ("|/bin/x y", [command("|", "/bin/x", "y")]),
    ("/bin/x ; /bin/y a", [command("", "/bin/x"), command("", "/bin/y", "a")]),
    ("/bin/x;/bin/y", [command("", "/bin/x;/bin/y")]),
    ('/bin/x ";" y', [command("", "/bin/x", ";", "y")]),
    (r"/bin/x \; y", [command("", "/bin/x", ";", "y")]),
    (r"/bin/x \;y", [command("", "/bin/x", r"\;y")]),
    ("; /bin/x ; ;", [command("", "/bin/x")]),
    ("/bin/x ;y", [command("", "/bin/x", ";y")]),
    ("@/bin/x", [command("@", program="/bin/x")]),
]


@pytest.mark.parametrize(("value", "commands"), COMMANDS)
def test_splits_commands(value: str, commands: list[Command]) -> None:
    assert split_commands(value) == commands


@pytest.mark.parametrize("value", ["-", '""', "@ x", '/bin/x "', "/bin/x ; '"])
def test_refuses_commands(value: str) -> None:
    with pytest.raises(InvalidWords):
        split_commands(value)


def one_by_one(value: str, cunescape: bool) -> list[str] | None:
    """extract_first_word() letter by letter, with the second try of its callers."""
    words: list[str] = []
    left = list(value)
    while True:
        while left and left[0] in " \t\n\r":
            left.pop(0)
        if not left:
            return words
        word = ""
        quote = ""
        while left:
            char = left.pop(0)
            if char == "\\":
                if not left:
                    if quote or not cunescape:
                        return None
                    word += "\\"
                    break
                char = left.pop(0)
                plain = "abfnrtv\\\"'s"
                if not cunescape:
                    word += char
                elif char in plain:
                    word += "\a\b\f\n\r\t\v\\\"' "[plain.index(char)]
                elif char == "x" and "".join(left[:2]) in HEX:
                    code = int("".join(left[:2]), 16)
                    word += chr(code if code < 128 else 0xDC00 + code)
                    del left[:2]
                elif "".join([char, *left[:2]]) in OCTAL:
                    code = int("".join([char, *left[:2]]), 8)
                    word += chr(code if code < 128 else 0xDC00 + code)
                    del left[:2]
                else:
                    word += "\\" + char
            elif quote:
                if char == quote:
                    quote = ""
                else:
                    word += char
            elif char in "\"'":
                quote = char
            elif char in " \t\n\r":
                break
            else:
                word += char
        if quote:
            return None
        words.append(word.encode("utf-8", "surrogateescape").decode(errors=ESCAPE))


ESCAPE = "surrogateescape"
HEX = [f"{code:02x}" for code in range(1, 256)]
OCTAL = [f"{code:03o}" for code in range(1, 256)]


@pytest.mark.parametrize("cunescape", [True, False])
@given(value=st.text(st.sampled_from("ab \t\n\\\\\"'sx41q;\u00e9")))
@settings(deadline=None, max_examples=1000)
def test_splits_as_letter_by_letter(cunescape: bool, value: str) -> None:
    try:
        words: t.Any = split_words(value, cunescape=cunescape)
    except InvalidWords:
        words = None
    assert words == one_by_one(value, cunescape)


@given(st.text())
@settings(deadline=None)
def test_any_text_gets_an_answer(value: str) -> None:
    for function in (split_words, split_commands, unknown_escapes):
        try:
            function(value)
        except InvalidWords:
            continue


@pytest.mark.parametrize(
    "value",
    [
        '"' * 1_000_001,
        "\\" * 1_000_000,
        "a " * 500_000,
        "; " * 500_000,
        "'a' " * 250_000,
    ],
    ids=["quotes", "backslashes", "words", "semicolons", "quoted words"],
)
def test_a_megabyte_is_split_within_a_second(value: str) -> None:
    for function in (split_words, split_commands, unknown_escapes):
        begun = time.process_time()
        with contextlib.suppress(InvalidWords):
            function(value)
        assert time.process_time() - begun < 8
