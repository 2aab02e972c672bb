# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Judge a unit from its text, for one version of systemd, before any host is touched.

Pure: knows neither Ansible nor a host. What systemd's strict verification refuses is
an `error` here; see `rule.py` for the other severities.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from itertools import islice

from .._tables import directives
from .._units.unit import InvalidUnit, Unit
from .._units.unit_name import InvalidUnitName, is_unit_name
from . import credentials, sandbox, service, socket, syntax, whole_set
from .rule import MOST_PROBLEMS, RULES, Finder, Problem, Rule, Subject, World

DEFAULT_SYSTEMD: t.Final = 252

# Of every unit, a part of one among them.
_ANY: t.Final[tuple[Finder, ...]] = (*syntax.FINDERS, *sandbox.FINDERS)
_SERVICE: t.Final[tuple[Finder, ...]] = (
    *service.FINDERS,
    *credentials.FINDERS,
    *credentials.SERVICE_FINDERS,
    *socket.SERVICE_FINDERS,
)
_SOCKET: t.Final[tuple[Finder, ...]] = (
    *credentials.FINDERS,
    *socket.SOCKET_FINDERS,
)
# Only of whole units: what they lack.
_WHOLE: t.Final[t.Mapping[str, tuple[Finder, ...]]] = {
    "service": service.WHOLE_FINDERS,
    "socket": socket.SOCKET_WHOLE,
    "timer": whole_set.WHOLE_FINDERS,
    "path": whole_set.WHOLE_FINDERS,
}
# Where systemd ends a line (fileio.c, read_line_full).
_LINES: t.Final = re.compile(r"(?:\n\r?|\r\n?)\0?|\0")
_PART: t.Final = re.compile(r"(?P<unit>.+)\.d/[^/]+\.conf")


class UnknownSystemd(ValueError):
    """A version of systemd that nothing is known of."""


def unit_problems(
    text: str | bytes,
    name: str | None = None,
    systemd: int = DEFAULT_SYSTEMD,
    units: t.Mapping[str, str | bytes] | None = None,
) -> list[Problem]:
    """Give everything that is wrong with a unit, in the order of its lines.

    `name` is its file name, whose suffix decides which sections it may have; a drop-in
    is named `a.service.d/b.conf`. Without it the type is guessed from the sections.
    `systemd` is the version of the target, `units` the other units that are deployed
    with it, by file name; the unit itself may be among them.

    Raises InvalidUnitName for a name that no unit can have, and UnknownSystemd for a
    version that is not known. A text that cannot be read is a problem, not an error.
    """
    if not directives.OLDEST <= systemd <= directives.NEWEST:
        raise UnknownSystemd(
            f"systemd {systemd} is not known: {directives.OLDEST} to "
            f"{directives.NEWEST} are"
        )
    directives.allow_hints()
    unit, unreadable = _parse(text)
    if name is None:
        name = _guess(unit)
    part = _PART.fullmatch(name)
    owner = part["unit"] if part else name
    if not is_unit_name(owner):
        raise InvalidUnitName(f"{name!r} is not the name of a unit or a drop-in")
    if unreadable:
        return _unreadable(text, owner, systemd, unreadable)
    if not text and not part:
        return [syntax.EMPTY.at("the file is empty, which masks the unit")]
    if units and not part and units.get(name) == text:
        world = _world(tuple(units.items()), systemd)
        subject = world.subjects[name]
    else:
        others = {other: _parse(value)[0] for other, value in (units or {}).items()}
        world = World({**others, owner: unit}, systemd, is_set=bool(units))
        subject = Subject(unit, owner, systemd, world, part is not None)
    problems = [
        problem
        for find in _finders(subject)
        for problem in islice(find(subject), MOST_PROBLEMS)
    ]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _unreadable(
    text: str | bytes, name: str, systemd: int, error: InvalidUnit
) -> list[Problem]:
    """Give what systemd says of the lines before the one that it cannot read."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    problems: list[Problem] = []
    if error.line:
        readable = _LINES.split(text, maxsplit=error.line - 1)[: error.line - 1]
        before = _parse("\n".join(readable))[0]
        subject = Subject(before, name, systemd, World({name: before}, systemd))
        problems = [
            problem
            for find in syntax.FINDERS
            for problem in islice(find(subject), MOST_PROBLEMS)
        ]
    return [*problems, syntax.UNREADABLE.at(str(error), line=error.line)]


def set_problems(
    units: t.Mapping[str, str | bytes], systemd: int = DEFAULT_SYSTEMD
) -> dict[str, list[Problem]]:
    """Give the problems of each unit of a set, judged beside the others."""
    return {
        name: unit_problems(text, name=name, systemd=systemd, units=units)
        for name, text in units.items()
    }


def _finders(subject: Subject) -> t.Iterator[Finder]:
    yield from _ANY
    if subject.type == "service":
        yield from _SERVICE
    elif subject.type == "socket":
        yield from _SOCKET
    yield from whole_set.FINDERS
    if not subject.is_part:
        yield from _WHOLE.get(subject.type, ())


@lru_cache(maxsize=1024)
def _parse(text: str | bytes) -> tuple[Unit, InvalidUnit | None]:
    try:
        return Unit.parse(text), None
    except InvalidUnit as exc:
        return Unit(), exc


@lru_cache(maxsize=2)
def _world(units: tuple[tuple[str, str | bytes], ...], systemd: int) -> World:
    """Give the world of a set, which is the same for each of its units."""
    parsed = {name: _parse(text)[0] for name, text in units}
    return World(parsed, systemd, is_set=True)


def _guess(unit: Unit) -> str:
    """Give a name of the type whose own section the unit has."""
    present = {section.name for section in unit.sections}
    for unit_type, section in directives.OWN_SECTION.items():
        if section in present:
            return f"unit.{unit_type}"
    return "unit.service" if not present else "unit.target"


__all__ = (
    "DEFAULT_SYSTEMD",
    "MOST_PROBLEMS",
    "RULES",
    "Problem",
    "Rule",
    "UnknownSystemd",
    "set_problems",
    "unit_problems",
)
