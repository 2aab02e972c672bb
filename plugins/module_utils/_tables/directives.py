# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What a version of systemd knows: directives, words, names of system calls.

Facts lie in `directive_table.py`, for the versions that were asked. A version in
between is taken to know what either neighbour knows, except where the manual names
the version that brought a directive: nothing is called wrong that might be right.
"""

from __future__ import annotations

import difflib
import typing as t
from functools import lru_cache

from . import directive_table as _table

OLDEST: t.Final = _table.VERSIONS[0]
NEWEST: t.Final = _table.VERSIONS[-1]

# The section of its own that each type of unit has; a target and a device have none.
OWN_SECTION: t.Final = {
    "service": "Service",
    "socket": "Socket",
    "timer": "Timer",
    "path": "Path",
    "mount": "Mount",
    "automount": "Automount",
    "swap": "Swap",
    "slice": "Slice",
    "scope": "Scope",
}
COMMON_SECTIONS: t.Final = ("Unit", "Install")

# Accepted by the parser and without effect.
IGNORED_KIND: t.Final = "warn_compat"


class Directive(t.NamedTuple):
    """A directive of one section.

    `since` is the version that brought it, 0 where that is older than 247; `until`
    the last one that knew it, None where the newest does. `kind` names the parser of
    its value; a bad value makes systemd refuse the whole unit where it is `fatal`.
    """

    name: str
    section: str
    since: int
    until: int | None
    kind: str
    fatal: bool
    page: str

    @property
    def ignored(self) -> bool:
        """Tell whether systemd takes the directive and does nothing with it."""
        return self.kind == IGNORED_KIND


class _Row(t.NamedTuple):
    since: int
    until: int | None
    kinds: tuple[tuple[int, str], ...]
    page: str


def reference(systemd: int) -> int:
    """Give the version that was asked and stands for `systemd`: the next one up."""
    return min((v for v in _table.VERSIONS if v >= systemd), default=NEWEST)


def _asked_before(systemd: int) -> int:
    return max((v for v in _table.VERSIONS if v <= systemd), default=OLDEST)


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict[str, _Row]]:
    rows: dict[str, dict[str, _Row]] = {}
    for line in _table.DIRECTIVES.splitlines():
        name, sections, since, until, kinds, page = line.split("|")
        first, *changes = kinds.split()
        history = [(0, first)]
        for change in changes:
            version, _colon, kind = change.partition(":")
            history.append((int(version), kind))
        row = _Row(
            int(since),
            None if until == "-" else int(until),
            tuple(history),
            page,
        )
        for section in sections.split():
            rows.setdefault(section, {})[name] = row
    return rows


@lru_cache(maxsize=32)
def directives(systemd: int) -> dict[str, dict[str, Directive]]:
    """Give all directives that `systemd` knows, by section and name."""
    asked = reference(systemd)
    before = _asked_before(systemd)
    known: dict[str, dict[str, Directive]] = {}
    for section, rows in _rows().items():
        names = known.setdefault(section, {})
        for name, row in rows.items():
            if row.since > systemd or (row.until is not None and row.until < before):
                continue
            names[name] = _directive(section, name, row, asked)
    return known


def _directive(section: str, name: str, row: _Row, asked: int) -> Directive:
    kind = row.kinds[0][1]
    for version, later in row.kinds[1:]:
        if version <= asked:
            kind = later
    fatal = kind.endswith("!")
    return Directive(
        name, section, row.since, row.until, kind.rstrip("!"), fatal, row.page
    )


def ever(section: str, name: str) -> Directive | None:
    """Give a directive of any version, or None where no version has had it."""
    row = _rows().get(section, {}).get(name)
    return _directive(section, name, row, NEWEST) if row else None


@lru_cache(maxsize=1024)
def sections_with(name: str, systemd: int) -> tuple[str, ...]:
    """Give the sections in which `systemd` knows a directive of that name."""
    return tuple(
        section for section, names in directives(systemd).items() if name in names
    )


def sections_of(unit_type: str) -> tuple[str, ...]:
    """Give the sections that a unit of that type may have."""
    own = OWN_SECTION.get(unit_type)
    return (*COMMON_SECTIONS, own) if own else COMMON_SECTIONS


def nearest(name: str, section: str, systemd: int) -> str | None:
    """Give the directive of a section whose name is nearest to `name`, if one is."""
    names = directives(systemd).get(section, {})
    return nearest_of(name, names)


# Looking for a name that is near takes its time; nobody reads so many.
_MOST_HINTS: t.Final = 20
_hints_left = [_MOST_HINTS]


def allow_hints() -> None:
    """Let the next twenty questions for a near name be answered, and no more."""
    _hints_left[0] = _MOST_HINTS


def nearest_of(name: str, names: t.Iterable[str]) -> str | None:
    """Give the nearest of `names`, upper and lower case being the same.

    None, too, once enough were looked for (see `allow_hints`).
    """
    if _hints_left[0] <= 0:
        return None
    _hints_left[0] -= 1
    by_lower = {known.lower(): known for known in names}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.75)
    return by_lower[found[0]] if found else None


@lru_cache(maxsize=1)
def _word_sets() -> dict[str, list[tuple[int, frozenset[str]]]]:
    sets: dict[str, list[tuple[int, frozenset[str]]]] = {}
    for line in _table.WORDS.splitlines():
        name, version, words = line.split("|")
        sets.setdefault(name, []).append((int(version), frozenset(words.split())))
    return sets


@lru_cache(maxsize=512)
def words(name: str, systemd: int) -> frozenset[str] | None:
    """Give the words of a set for a version; `+bool` stands for any boolean.

    None where there is no such set.
    """
    history = _word_sets().get(name)
    if history is None:
        return None
    found: frozenset[str] = history[0][1]
    for asked in (_asked_before(systemd), reference(systemd)):
        fitting = [some for version, some in history if version <= asked]
        if fitting:
            found = fitting[-1] if asked == systemd else found | fitting[-1]
    return found


@lru_cache(maxsize=64)
def specifiers(systemd: int, in_names: bool = False) -> frozenset[str]:
    """Give the letters that `systemd` expands after % in a value, or in unit names."""
    asked = reference(systemd)
    found = ""
    for line in _table.SPECIFIERS.splitlines():
        version, full, names = line.split("|")
        if int(version) <= asked or not found:
            found = names if in_names else full
    return frozenset(found + "%")


@lru_cache(maxsize=64)
def _names(text: str, systemd: int) -> frozenset[str]:
    asked = reference(systemd)
    found = set()
    for word in text.split():
        marked = word.rfind("@")
        if marked > 0:
            if int(word[marked + 1 :]) > asked:
                continue
            word = word[:marked]
        found.add(word)
    return frozenset(found)


def address_families(systemd: int) -> frozenset[str]:
    """Give the address families by name, `AF_UNIX` and so on."""
    return _names(_table.ADDRESS_FAMILIES, systemd)


def capabilities() -> frozenset[str]:
    """Give the capabilities by name, in lower case: `cap_chown`."""
    return _names(_table.CAPABILITIES, NEWEST)


def errnos() -> frozenset[str]:
    """Give the names of errors, `EPERM` and so on."""
    return _names(_table.ERRNOS, NEWEST)


def file_system_groups(systemd: int) -> frozenset[str]:
    """Give the groups of file systems, `@basic-api` and so on."""
    return _names(_table.FILE_SYSTEM_GROUPS, systemd)


def syscall_groups(systemd: int) -> frozenset[str]:
    """Give the groups of system calls, `@system-service` and so on."""
    return _names(_table.SYSCALL_GROUPS, systemd)


def syscalls(systemd: int) -> frozenset[str]:
    """Give the system calls that the suite's library of filters can name."""
    return _names(_table.SYSCALLS, systemd)
