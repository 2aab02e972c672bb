# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the collection activated.services: nothing outside of it
# should import it, and it may change in any release.

"""A unit file as a value, read and written by systemd's own grammar.

The grammar is the one of systemd.syntax(7) as conf-parser.c (config_parse, parse_line)
and fileio.c (read_line) carry it out, the same from systemd 247 to 262.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from functools import cached_property

LINE_MAX = 1024 * 1024
"""Bytes at which systemd refuses a line, and with it the file (LONG_LINE_MAX)."""

BOM = "\ufeff"
_MARKS = BOM + "#;"
_BLANKS = " \t"

# A line ends at LF, CR or NUL, and at each of the first two with the other behind it
# and one NUL after them (fileio.c, read_line_full).
_LINE_END = re.compile(r"(?:\n\r?|\r\n?)\0?|\0")
_BREAKS = re.compile(r"[\n\r\0]")
# utf8.c, unichar_is_valid(): surrogates and noncharacters are not UTF-8 for systemd
# A set of few ranges comes first: each character of a text is looked for in it.
_NOT_UTF8 = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe-\U0010ffff](?<!["
    + "".join(
        f"{chr(plane << 16)}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 17)
    )
    + "])"
)
# What the newest systemd refuses in the name of a section (conf-parser.c, parse_line,
# with string_is_safe): 247 takes nearly any name, 262 added the empty one and globs.
_UNSAFE = re.compile("[\x01-\x1f\x7f\"'\\\\*?[]|\\A\\Z")

OUTSIDE = "assignment outside of a section"
"""The one problem that a line before the first section has."""

Problem = t.Tuple[int, str]
"""A line number, from 1, and what systemd would warn about there."""


class InvalidUnit(ValueError):
    """systemd would refuse the whole file.

    ``line`` is the number of the offending line, from 1, or None.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class Assignment(t.NamedTuple):
    """One ``key=value``, the value as systemd hands it to the directive's own parser:
    continuation lines joined, blanks around it gone. ``line`` is where it starts, and
    of no matter to whether two are the same.

    A tuple, because units have many of them and a tuple is made in a third of the time.
    """

    key: str
    value: str
    line: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assignment) and self[:2] == other[:2]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:2])


@dataclass(frozen=True)
class Section:
    """One ``[name]`` with what follows it, up to the next one."""

    name: str
    assignments: tuple[Assignment, ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Unit:
    """A unit file: its sections in their order, those of one name kept apart.

    ``problems`` are the lines that systemd would ignore with a warning.
    """

    sections: tuple[Section, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, text: str | bytes) -> Unit:
        """Read a unit file as systemd does.

        Raises InvalidUnit for what makes systemd refuse the whole file: a line of
        1 MiB, text that is not UTF-8 outside of a comment, a broken section header.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "surrogateescape")
        return _Reader().read(text)

    def render(self) -> str:
        """The text of the unit, which parses to an equal value.

        Raises InvalidUnit for a name, key or value that no unit file can hold.
        """
        parts: list[str] = []
        marked = False
        for section in self.sections:
            lines = [_render_header(section)]
            for entry in section.assignments:
                line = _render_assignment(entry)
                if line[0] in _MARKS and not marked:
                    # systemd drops the first byte-order mark at the start of a line,
                    # after it looked for comments
                    marked = True
                    line = BOM + line
                elif line[0] in "#;":
                    raise InvalidUnit(f"no directive can be called {entry.key!r}")
                lines.append(line)
            parts.append("\n".join(lines) + "\n")
        return "\n".join(parts)

    @cached_property
    def entries(self) -> dict[str, dict[str, list[Assignment]]]:
        """Every assignment by its section and its key, each in order."""
        found: dict[str, dict[str, list[Assignment]]] = {}
        for section in self.sections:
            entries = found.setdefault(section.name, {})
            for entry in section.assignments:
                key = entry[0]
                if key in entries:
                    entries[key].append(entry)
                else:
                    entries[key] = [entry]
        return found

    @cached_property
    def keys(self) -> frozenset[str]:
        """The directives that are assigned, in whatever section."""
        return frozenset().union(*self.entries.values())

    def values(self, section: str, key: str) -> list[str]:
        """Every value assigned to the key, in order, the empty ones included."""
        return [entry.value for entry in self.entries.get(section, {}).get(key, ())]

    def effective(self, section: str, key: str) -> list[str]:
        """The values that are left after the last empty assignment, which resets."""
        values = self.values(section, key)
        for position in range(len(values) - 1, -1, -1):
            if not values[position]:
                return values[position + 1 :]
        return values

    def merged(self, *drop_ins: Unit) -> Unit:
        """The unit with its drop-ins, given in the order in which systemd reads them.

        systemd reads them one after the other as if they were one text.
        """
        sections = self.sections
        problems = self.problems
        for drop_in in drop_ins:
            sections += drop_in.sections
            problems += drop_in.problems
        return Unit(sections, problems)

    @property
    def last_line(self) -> int:
        """The last line that has something to say, 0 where there is none."""
        lines = [line for line, _problem in self.problems[-1:]]
        for section in self.sections[-1:]:
            lines.append(section.line)
            lines += [entry.line for entry in section.assignments[-1:]]
        return max(lines, default=0)

    def moved(self, lines: int) -> Unit:
        """The unit as if so many lines stood before it."""
        if not lines:
            return self
        sections = [
            Section(
                section.name,
                tuple(
                    entry._replace(line=entry.line + lines)
                    for entry in section.assignments
                ),
                section.line + lines,
            )
            for section in self.sections
        ]
        problems = [(line + lines, problem) for line, problem in self.problems]
        return Unit(tuple(sections), tuple(problems))


class _Reader:
    """Reads one text; what it has seen so far is its state."""

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self.problems: list[Problem] = []
        self.entries: list[Assignment] = []
        self.name: str | None = None
        self.line = 0

    def read(self, text: str) -> Unit:
        if "\r" in text or "\0" in text:
            lines = _LINE_END.split(text)
        else:
            lines = text.split("\n")
        # A character has at most four bytes.
        long = len(text) * 4 >= LINE_MAX and max(map(len, lines)) * 4 >= LINE_MAX
        plain = text.isascii() or not _NOT_UTF8.search(text)
        bom_seen = BOM not in text
        broken = "\\" in text and (
            "\\\n" in text or text[-1] == "\\" or "\r" in text or "\0" in text
        )
        if plain and bom_seen and not long and not broken:
            self._read_plain(lines)
        else:
            self._read_any(lines, long, plain, bom_seen)
        self._close()
        return Unit(tuple(self.sections), tuple(self.problems))

    def _read_plain(self, lines: t.Iterable[str]) -> None:
        """Lines of which none goes on in the next one, and none is too long."""
        add = self.entries.append
        new = tuple.__new__  # a third of what Assignment() takes
        for number, line in enumerate(lines, 1):
            line = line.strip(_BLANKS)
            if not line or line[0] in "#;":
                continue
            key, equals, value = line.partition("=")
            if equals and key and line[0] != "[" and self.name is not None:
                add(
                    new(
                        Assignment, (key.rstrip(_BLANKS), value.lstrip(_BLANKS), number)
                    )
                )
            else:
                self._take(line, number, True)
                add = self.entries.append

    def _read_any(
        self, lines: t.Iterable[str], long: bool, plain: bool, bom_seen: bool
    ) -> None:
        joined: list[str] = []
        size = start = 0
        for number, line in enumerate(lines, 1):
            if not line and not joined:
                continue
            if long and _size(line) >= LINE_MAX:
                raise InvalidUnit("longer than 1 MiB", number)
            stripped = line.strip(_BLANKS)
            if stripped and stripped[0] in "#;":
                continue
            if not bom_seen and line.startswith(BOM):
                bom_seen = True
                line = line[1:]
                stripped = line.strip(_BLANKS)
            if joined:
                size += _size(line)
                if size > LINE_MAX:
                    raise InvalidUnit("longer than 1 MiB with its continuation", number)
            elif not stripped:
                continue
            else:
                start = number
            if line and line[-1] == "\\" and _is_continued(line):
                if not joined:
                    size = _size(line)
                joined.append(line[:-1])
                continue
            if joined:
                joined.append(line)
                stripped = " ".join(joined).strip(_BLANKS)
                joined.clear()
            self._take(stripped, start, plain)
        if joined:
            self._take(" ".join(joined).strip(_BLANKS), start, plain)

    def _take(self, line: str, number: int, plain: bool) -> None:
        """One logical line: continuations joined, blanks stripped, no comment."""
        if not line:
            return
        if not plain and _NOT_UTF8.search(line):
            raise InvalidUnit("not UTF-8", number)
        if line[0] == "[":
            if line[-1] != "]":
                raise InvalidUnit("a section header without its ']'", number)
            name = line[1:-1]
            if _UNSAFE.search(name):
                raise InvalidUnit("a section with a name that it may not have", number)
            self._close()
            self.name = name
            self.line = number
            return
        if self.name is None:
            self.problems.append((number, OUTSIDE))
            return
        key, equals, value = line.partition("=")
        if equals and key:
            self.entries.append(
                Assignment(key.rstrip(_BLANKS), value.lstrip(_BLANKS), number)
            )
        elif not self.name.startswith("X-"):
            what = "nothing before the '='" if equals else "a line without '='"
            self.problems.append((number, what))

    def _close(self) -> None:
        if self.name is not None:
            self.sections.append(Section(self.name, tuple(self.entries), self.line))
            self.entries = []


def _is_continued(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _size(text: str) -> int:
    """Its bytes."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-8", "surrogateescape"))


def _render_header(section: Section) -> str:
    name = section.name
    if _BREAKS.search(name) or _UNSAFE.search(name) or _NOT_UTF8.search(name):
        raise InvalidUnit(f"no section can be called {name!r}")
    return f"[{name}]"


def _render_assignment(entry: Assignment) -> str:
    key, value = entry.key, entry.value
    if (
        not key
        or key[0] == "["
        or "=" in key
        or key.strip(_BLANKS) != key
        or _BREAKS.search(key)
        or _NOT_UTF8.search(key)
    ):
        raise InvalidUnit(f"no directive can be called {key!r}")
    if (
        value.strip(_BLANKS) != value
        or _BREAKS.search(value)
        or _NOT_UTF8.search(value)
    ):
        raise InvalidUnit(f"{key}= cannot hold {value!r}")
    line = f"{key}={value}"
    if _is_continued(line):
        # with a blank behind it, a backslash at the end does not join the next line
        line += " "
    if _size(line) >= LINE_MAX:
        raise InvalidUnit(f"{key}= is longer than 1 MiB")
    return line


__all__ = (
    "LINE_MAX",
    "OUTSIDE",
    "Assignment",
    "InvalidUnit",
    "Problem",
    "Section",
    "Unit",
)
