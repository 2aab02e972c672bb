# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""systemd's groups of system calls, as each version has them.

The table behind it is 60 kB: it is imported when a group is first asked for.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache

ARCHITECTURES: t.Final = ("x86-64", "arm64")
"""Architectures, by systemd's names, whose own system calls are known."""

Entry = t.Tuple[t.Tuple[int, str], ...]


@lru_cache(maxsize=1024)
def members(group: str, version: int) -> frozenset[str] | None:
    """Every system call of a group such as ``@mount``, those of the groups in it too.

    None when that systemd version has no such group.
    """
    from .syscalls_table import GROUPS

    entries = _at(GROUPS.get(group, ()), version)
    if entries is None:
        return None
    found: set[str] = set()
    for entry in entries:
        if entry.startswith("@"):
            found |= members(entry, version) or frozenset()
        else:
            found.add(entry)
    return frozenset(found)


@lru_cache(maxsize=None)
def native(group: str, version: int, architecture: str) -> tuple[str, ...]:
    """The calls of a judged group that the architecture has, in alphabetic order.

    Raises KeyError for an architecture or a group that the table does not hold.
    """
    from .syscalls_table import NATIVE

    return tuple(_at(NATIVE[architecture][group], version) or ())


def judged(name: str, version: int, architecture: str) -> frozenset[str]:
    """The calls that a word of SystemCallFilter= means, as far as a check asks for them.

    The word is a group or a call; one that nobody knows means none.
    """
    if name.startswith("@"):
        return _judged_members(name, version, architecture)
    if name in _judged(version, architecture):
        return frozenset((name,))
    return frozenset()


@lru_cache(maxsize=1024)
def _judged_members(group: str, version: int, architecture: str) -> frozenset[str]:
    found = members(group, version) or frozenset()
    return found & _judged(version, architecture)


@lru_cache(maxsize=None)
def _judged(version: int, architecture: str) -> frozenset[str]:
    from .syscalls_table import NATIVE

    groups = NATIVE[architecture]
    return frozenset(
        call for group in groups for call in native(group, version, architecture)
    )


@lru_cache(maxsize=None)
def error_names() -> frozenset[str]:
    """The names of errors (``EPERM``) that may follow a system call and a colon."""
    from .syscalls_table import ERRNO

    return frozenset(ERRNO.split())


def _at(entry: Entry, version: int) -> list[str] | None:
    """What held in that version: the last change that is not newer."""
    held: list[str] | None = None
    for since, names in entry:
        if since <= version:
            held = names.split()
    return held
