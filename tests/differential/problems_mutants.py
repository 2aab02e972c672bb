# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units that somebody has got wrong: each is one of Debian's with one to three slips."""

from __future__ import annotations

import random
import re
import string
import typing as t

_ASSIGNMENT = re.compile(rb"[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=(.*)", re.S)
_SECTION = re.compile(rb"[ \t]*\[.*\][ \t]*\Z")

# Values that are wrong for most directives, or nearly right for some.
WRONG = (
    "", "maybe", "yes please", "ture", "1x", "-1", "1.5.5", "99999999999999999999", "12q",
    "5 parsecs", "10Q", "101%", "1K 1M", "relative/path", "/a/../b", '"/open', "'open",
    "/bin/true 'x", "%q", "%z/x", "%", "100%%", "\\", "a\\q", "A", "1A=x", "A=x B", "SIGFOO",
    "SIGRTMIN+99", "9999999", "07777777", "AF_INTE", "@no-such-group", "~nosuchcall",
    "read:EFOO", "no-such-word", "strict2", "Mon *-13-01", "25:61", "everyday",
    "[::1", "70000", "1.2.3.4:http", "example.org:80", "@", "10.0.0.0/99", "foo", "foo.bar",
    "a b c", "na/me:/x", "name:", ":/x", "../up", "/dev/null foo", "bin/true", "/bin/",
    "-", "@/bin/true", "fd:a:b", "file:x", "http", "ftp://x", "yes # not a comment",
    "# nothing else", "root:x", "user name:", "x" * 300, "\u00e9", "0x", "+", "infinity 1",
)  # fmt: skip


def mutate(text: bytes, seed: int, keys: t.Mapping[str, t.Sequence[str]]) -> bytes:
    """Give the unit with one to three slips; `keys` are the directives by section."""
    chance = random.Random(seed)
    lines = text.split(b"\n")
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        lines = chance.choice(_SLIPS)(lines, chance, keys)
    return b"\n".join(lines)


Lines = t.List[bytes]
Keys = t.Mapping[str, t.Sequence[str]]


def _assignments(lines: Lines) -> list[int]:
    return [
        index
        for index, line in enumerate(lines)
        if _ASSIGNMENT.match(line)
        and (not index or not lines[index - 1].endswith(b"\\"))
    ]


def _misspell(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    found = _assignments(lines)
    if not found:
        return lines
    index = chance.choice(found)
    match = _ASSIGNMENT.match(lines[index])
    assert match
    key, rest = match[1].decode(), match[2]
    place = chance.randrange(len(key))
    letter = chance.choice(string.ascii_letters)
    changed = chance.choice(
        (
            key[:place] + key[place + 1 :],
            key[:place] + letter + key[place:],
            key[:place] + letter + key[place + 1 :],
            key.swapcase(),
            key[:place] + key[place : place + 2][::-1] + key[place + 2 :],
        )
    )
    return _with(lines, index, changed.encode() + b"=" + rest)


def _break_value(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    found = _assignments(lines)
    if not found:
        return lines
    index = chance.choice(found)
    match = _ASSIGNMENT.match(lines[index])
    assert match
    value = match[2].decode("utf-8", "surrogateescape")
    place = chance.randrange(len(value) + 1)
    changed = chance.choice(
        (
            chance.choice(WRONG),
            chance.choice(WRONG),
            value[:place],
            value[:place] + chance.choice(string.punctuation) + value[place:],
            value[:place] + value[place + 1 :],
            value + " # " + chance.choice(("note", "yes")),
            value.upper(),
            value + chance.choice(WRONG),
        )
    )
    new = match[1] + b"=" + changed.encode("utf-8", "surrogateescape")
    return _with(lines, index, new)


def _new_value(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    """Put in a directive of the section that is there, with a value at random."""
    sections = [
        (index, line.strip()[1:-1].decode())
        for index, line in enumerate(lines)
        if _SECTION.match(line)
    ]
    known = [(index, name) for index, name in sections if name in keys]
    if not known:
        return lines
    index, name = chance.choice(known)
    line = f"{chance.choice(keys[name])}={chance.choice(WRONG)}".encode()
    return [*lines[: index + 1], line, *lines[index + 1 :]]


def _move(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    found = _assignments(lines)
    if not found:
        return lines
    index = chance.choice(found)
    moved = [*lines[:index], *lines[index + 1 :]]
    return [
        *moved[: (place := chance.randrange(len(moved) + 1))],
        lines[index],
        *moved[place:],
    ]


def _cut(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    index = chance.randrange(len(lines))
    line = lines[index]
    return _with(lines, index, line[: chance.randrange(len(line) + 1)])


def _drop(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    index = chance.randrange(len(lines))
    return [*lines[:index], *lines[index + 1 :]]


def _stray(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    index = chance.randrange(len(lines) + 1)
    line = chance.choice(
        (b"stray words", b"[Servce]", b"[Socket]", b"[X-Mine]", b"= value", b"[broken",
         b"Restart", b"X-Key=1", b"\xff\xfe=1", b"[Service] # note", b"\xef\xbb\xbf")
    )  # fmt: skip
    return [*lines[:index], line, *lines[index:]]


def _double(lines: Lines, chance: random.Random, keys: Keys) -> Lines:
    found = _assignments(lines)
    if not found:
        return lines
    index = chance.choice(found)
    return [*lines[:index], lines[index], *lines[index:]]


def _with(lines: Lines, index: int, line: bytes) -> Lines:
    return [*lines[:index], line, *lines[index + 1 :]]


_SLIPS = (
    _misspell, _misspell, _break_value, _break_value, _break_value, _new_value, _new_value,
    _move, _move, _cut, _drop, _stray, _double,
)  # fmt: skip
