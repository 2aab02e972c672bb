# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the collection activated.services: nothing outside of it
# should import it, and it may change in any release.

"""Values split into words as systemd splits them; nothing is expanded.

The rules are those of extract-word.c (extract_first_word), escape.c (cunescape_one)
and load-fragment.c (config_parse_exec), the same from systemd 247 to 262 but for the
prefix ``|``.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

BLANKS = " \t\n\r"
PREFIXES = "-@:+!|"
_PREFIXED = frozenset(PREFIXES)

_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "s": " ",
}
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.S
)
_LITERAL = re.compile(r"\\(.)", re.S)
_NUMERIC = re.compile(
    r"x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<o>[0-7]{3})"
)
# The parts of one word, of which none is left open: two kinds of quotes, and the rest
_PARTS = re.compile(
    r'"([^"\\]*(?:\\.[^"\\]*)*)"'
    r"|'([^'\\]*(?:\\.[^'\\]*)*)'"
    r"|((?:[^\"'\\]+|\\.)+)",
    re.S,
)
_BYTE = re.compile("[\udc80-\udcff]")
# A run of characters and escapes inside each kind of quotes
_INSIDE = {
    '"': re.compile(r'(?:[^"\\]+|\\.)+', re.S),
    "'": re.compile(r"(?:[^'\\]+|\\.)+", re.S),
}


class InvalidWords(ValueError):
    """A quote is left open, or a backslash stands at the very end."""


class Command(t.NamedTuple):
    """One command of an ``Exec…=`` line.

    ``prefixes`` are the characters before the program that systemd took off;
    ``argv`` is what the program is given, before specifiers and variables are
    expanded. Its first is the program, or what stands there for it after ``@``.

    A tuple, because a unit may have very many of them.
    """

    prefixes: str
    program: str
    argv: tuple[str, ...]


def split_words(
    value: str,
    *,
    cunescape: bool = True,
    unquote: bool = True,
    relax: bool = False,
    strict: bool = False,
    separators: str = BLANKS,
) -> list[str]:
    """The words of a value.

    With ``unquote`` quotes hold a word together and vanish, with ``cunescape`` C
    escapes are decoded and unknown ones kept as they are (systemd warns of those, see
    unknown_escapes), without it a backslash makes the next character literal. Bytes
    that are not UTF-8 come as surrogates (``surrogateescape``). Raises InvalidWords
    for an open quote or a backslash at the end, unless ``relax``; with ``strict`` for
    an unknown escape too, as in ``Environment=``, where systemd drops that word and
    all that follow.
    """
    if _is_plain(value, unquote):
        return _plain_words(value, separators)
    raw = _raw_words(value, separators, unquote)
    if raw is not None and not (strict and "\\" in value):
        return [_read_word(word, unquote, cunescape) for word in raw]
    splitter = _Splitter(value, cunescape, unquote, relax, separators)
    words: list[str] = []
    while True:
        word = splitter.next()
        if strict and splitter.unknown:
            raise InvalidWords(f"an unknown escape, {splitter.unknown[0]}")
        if word is None:
            return words
        words.append(word)


def first_word(value: str) -> tuple[str, str]:
    """The first word of a value with C escapes, and what stands behind it.

    Raises InvalidWords as split_words does, and for a value without a word.
    """
    splitter = _Splitter(value, True, True, False, BLANKS)
    word = splitter.next()
    if word is None:
        raise InvalidWords("there is no word")
    return word, value[splitter.position :]


def unknown_escapes(value: str) -> list[str]:
    """The escapes in a value of words with C escapes that systemd does not know.

    It keeps them as they are, and warns. Raises InvalidWords as split_words does.
    """
    if "\\" not in value:
        return []
    raw = _raw_words(value)
    if raw is not None:
        unknown: list[str] = []
        for word in raw:
            _read_word(word, True, True, unknown)
        return unknown
    splitter = _Splitter(value, True, True, False, BLANKS)
    while splitter.next() is not None:
        pass
    return splitter.unknown


def split_commands(value: str, unknown: list[str] | None = None) -> list[Command]:
    """The commands of an ``Exec…=`` line, which lone semicolons separate.

    An empty value has none. The escapes that systemd does not know, of which it warns,
    are added to ``unknown``. Raises InvalidWords for open quotes, a backslash at the
    end or prefixes without a program.
    """
    commands, strange = _read_commands(value)
    if unknown is not None:
        unknown += strange
    return list(commands)


# The judge asks twice for some lines: for the value, and again for the whole unit. To keep
# those of a unit of 100,000 would take longer than to read them again.
@lru_cache(maxsize=1024)
def _read_commands(value: str) -> tuple[tuple[Command, ...], tuple[str, ...]]:
    """The commands of a line, and the escapes in it that systemd does not know."""
    raw = _raw_words(value)
    if raw is not None:
        return _commands_of(raw)
    splitter = _Splitter(value, True, True, False, BLANKS)
    commands: list[Command] = []
    while True:
        first = splitter.next()
        if first is None:
            return tuple(commands), tuple(splitter.unknown)
        if first != ";":
            commands.append(_command(first, _arguments(splitter)))


def _commands_of(raw: t.Sequence[str]) -> tuple[tuple[Command, ...], tuple[str, ...]]:
    """The same of the words of a line as they stand there, of which none is left open."""
    commands: list[Command] = []
    unknown: list[str] = []
    start = 0
    last = len(raw)
    raw = [*raw, ";"]
    while start < last:
        first = _read_word(raw[start], True, True, unknown)
        start += 1
        if first == ";":
            continue
        # Among the arguments only one without quotes ends the command.
        end = raw.index(";", start)
        arguments = [
            ";" if word == "\\;" else _read_word(word, True, True, unknown)
            for word in raw[start:end]
        ]
        commands.append(_command(first, arguments))
        start = end + 1
    return tuple(commands), tuple(unknown)


def _arguments(splitter: _Splitter) -> list[str]:
    """The words of a command behind its program, up to a lone semicolon."""
    arguments: list[str] = []
    while not splitter.takes(";"):
        if splitter.takes("\\;"):
            arguments.append(";")
            continue
        word = splitter.next()
        if word is None:
            break
        arguments.append(word)
    return arguments


def _command(first: str, arguments: t.Sequence[str]) -> Command:
    prefixes = ""
    program = first
    while program[:1] in _PREFIXED:
        if not _may_follow(prefixes, program[0]):
            break
        prefixes += program[0]
        program = program[1:]
    if not program:
        raise InvalidWords(f"no program after {prefixes!r}")
    if "@" in prefixes:
        return Command(prefixes, program, tuple(arguments))
    return Command(prefixes, program, (program, *arguments))


def _may_follow(prefixes: str, prefix: str) -> bool:
    """Whether systemd takes the character for one more prefix."""
    if prefix == "+":
        return "+" not in prefixes and "!" not in prefixes
    if prefix == "!":
        return "+" not in prefixes and prefixes.count("!") < 2
    return prefix not in prefixes


def _raw_words(
    value: str, separators: str = BLANKS, unquote: bool = True
) -> list[str] | None:
    """The words of a value as they stand there, with their quotes and escapes.

    None where a quote is left open, or a backslash stands at the very end. Without
    `unquote` quotes are characters like any other.
    """
    if _is_plain(value, unquote):
        return _plain_words(value, separators)
    words = _whole_words(separators, unquote).findall(value)
    if "\\" in words or (unquote and ('"' in words or "'" in words)):
        return None
    return words


def _is_plain(value: str, unquote: bool) -> bool:
    """Whether the words of a value are what stands between its blanks."""
    return "\\" not in value and not (unquote and ('"' in value or "'" in value))


def _plain_words(value: str, separators: str) -> list[str]:
    for blank in separators[1:]:
        if blank in value:
            value = value.replace(blank, separators[0])
    return [word for word in value.split(separators[0]) if word]


@lru_cache(maxsize=32)
def _whole_words(separators: str, unquote: bool) -> t.Pattern[str]:
    """What finds raw words; of what is left open it finds the first character alone."""
    quotes = "\"'" if unquote else ""
    parts = [f"[^{re.escape(separators + quotes)}\\\\]+", r"\\."]
    parts += [rf"{mark}[^{mark}\\]*(?:\\.[^{mark}\\]*)*{mark}" for mark in quotes]
    return re.compile(f"(?:{'|'.join(parts)})+|[\\\\{quotes}]", re.S)


def _read_word(
    word: str, unquote: bool, cunescape: bool, unknown: list[str] | None = None
) -> str:
    """A raw word without its quotes, escapes decoded; the unknown ones are added."""
    if not unquote or ('"' not in word and "'" not in word):
        return _decoded(word, cunescape, unknown) if "\\" in word else word
    quote = word[0]
    inner = word[1:-1]
    if quote in "\"'" and quote == word[-1] and quote not in inner:
        return _decoded(inner, cunescape, unknown) if "\\" in inner else inner
    parts = [one or two or rest for one, two, rest in _PARTS.findall(word)]
    if "\\" in word:
        parts = [_decoded(part, cunescape, unknown) for part in parts]
    return _join(parts)


def _decoded(text: str, cunescape: bool, unknown: list[str] | None) -> str:
    """What the escapes of a text stand for, of which none is cut off."""
    if not cunescape:
        return _join([_LITERAL.sub(r"\1", text)])

    def replace(match: t.Match[str]) -> str:
        escape = match.group()
        known = _known_escape(escape)
        if known is not None:
            return known
        if unknown is not None:
            unknown.append(escape[:2])
        return escape

    return _join([_ESCAPE.sub(replace, text)])


@lru_cache(maxsize=32)
def _patterns(
    separators: str, quotes: str
) -> tuple[t.Pattern[str], t.Pattern[str], t.Pattern[str]]:
    """What finds characters and escapes, blanks, and whole words without escapes.

    Such a word is plain or wholly between quotes, and has the blanks behind it.
    """
    special = re.escape(separators + quotes + "\\")
    blank = f"[{re.escape(separators)}]"
    quoted = "|\"([^\"\\\\]*)\"|'([^'\\\\]*)'" if quotes else ""
    return (
        re.compile(f"(?:[^{special}]+|\\\\.)+", re.S),
        re.compile(f"{blank}*"),
        re.compile(f"(?:([^{special}]+){quoted})(?:{blank}+|\\Z)"),
    )


class _Splitter:
    """Takes word after word off one value."""

    def __init__(
        self, value: str, cunescape: bool, unquote: bool, relax: bool, separators: str
    ) -> None:
        self.value = value
        self.position = 0
        self.cunescape = cunescape
        self.relax = relax
        self.quotes = "\"'" if unquote else ""
        self.separators = separators
        self.unknown: list[str] = []
        self.outside, self.blanks, self.simple = _patterns(separators, self.quotes)
        self._skip_blanks(0)

    def takes(self, text: str) -> bool:
        """Take exactly this text off, where a blank or the end follows."""
        if not self.value.startswith(text, self.position):
            return False
        end = self.position + len(text)
        if end < len(self.value) and self.value[end] not in self.separators:
            return False
        self._skip_blanks(end)
        return True

    def _skip_blanks(self, position: int) -> None:
        match = self.blanks.match(self.value, position)
        self.position = match.end() if match else position

    def next(self) -> str | None:
        """The next word, or None at the end. Raises InvalidWords."""
        value, position = self.value, self.position
        simple = self.simple.match(value, position)
        if simple:
            self.position = simple.end()
            return simple.group(simple.lastindex or 0)
        end = len(value)
        if position >= end:
            return None
        parts: list[str] = []
        quote = ""
        while position < end:
            plain = _INSIDE[quote] if quote else self.outside
            run = plain.match(value, position)
            if run:
                parts.append(self._unescaped(run.group()))
                position = run.end()
                continue
            char = value[position]
            if char == "\\":
                self._end_in_backslash(parts, quote)
                position += 1
            elif quote:
                quote = ""
                position += 1
            elif char in self.quotes:
                quote = char
                position += 1
            else:
                break
        if quote and not self.relax:
            raise InvalidWords("a quote is left open")
        self._skip_blanks(position)
        return _join(parts)

    def _unescaped(self, text: str) -> str:
        """Decode what follows each backslash, of which none is the last character."""
        if "\\" not in text:
            return text
        if self.cunescape:
            return _ESCAPE.sub(self._replace, text)
        return _join([_LITERAL.sub(r"\1", text)])

    def _replace(self, match: t.Match[str]) -> str:
        escape = match.group()
        known = _known_escape(escape)
        if known is not None:
            return known
        self.unknown.append(escape[:2])
        return escape

    def _end_in_backslash(self, parts: list[str], quote: str) -> None:
        """Take the backslash that nothing follows."""
        if self.cunescape and not quote:
            # the second try of extract_first_word_and_warn() keeps it
            self.unknown.append("\\")
            parts.append("\\")
        elif not self.relax:
            raise InvalidWords(
                "a quote is left open" if quote else "a backslash at the end"
            )


@lru_cache(maxsize=1024)
def _known_escape(escape: str) -> str | None:
    """What an escape stands for; None where systemd knows none such."""
    plain = _ESCAPES.get(escape[1:])
    match = _NUMERIC.fullmatch(escape, 1) if plain is None else None
    return _decode(match) if match else plain


def _decode(match: t.Match[str]) -> str | None:
    """A numeric escape, a byte above 127 as a surrogate; None where systemd refuses."""
    kind = match.lastgroup
    digits = match.group(kind or 0)
    code = int(digits, 8 if kind == "o" else 16)
    if code == 0 or (kind == "o" and code > 255):
        return None
    if kind in ("x", "o"):
        return chr(code) if code < 128 else chr(0xDC00 + code)
    if 0xD800 <= code <= 0xDFFF and kind == "u":
        # systemd encodes it all the same, to bytes that are not UTF-8
        return (
            chr(code)
            .encode("utf-8", "surrogatepass")
            .decode("utf-8", "surrogateescape")
        )
    if kind == "U" and (
        code > 0x10FFFF
        or 0xD800 <= code <= 0xDFFF
        or 0xFDD0 <= code <= 0xFDEF
        or code & 0xFFFE == 0xFFFE
    ):
        return None
    return chr(code)


def _join(parts: list[str]) -> str:
    word = "".join(parts)
    if not word.isascii() and _BYTE.search(word):
        # two escaped bytes may be one character: let them come together
        return word.encode("utf-8", "surrogateescape").decode(
            "utf-8", "surrogateescape"
        )
    return word


__all__ = (
    "Command",
    "InvalidWords",
    "first_word",
    "split_commands",
    "split_words",
    "unknown_escapes",
)
