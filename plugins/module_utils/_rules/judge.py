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
from bisect import bisect_left
from functools import lru_cache
from itertools import islice

from .._tables import directives
from .._units.drop_ins import is_drop_in, owner
from .._units.unit import InvalidUnit, Unit
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
    "service": (*service.WHOLE_FINDERS, *socket.SERVICE_WHOLE),
    "socket": socket.SOCKET_WHOLE,
    "timer": whole_set.WHOLE_FINDERS,
    "path": whole_set.WHOLE_FINDERS,
}
# Where systemd ends a line (fileio.c, read_line_full).
_LINES: t.Final = re.compile(r"(?:\n\r?|\r\n?)\0?|\0")


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
    with it, by file name; the unit itself may be among them. Drop-ins among them are
    merged with their units, and what is wrong with one of them is said of it, in its
    own lines; what a unit lacks is said of the unit.

    Raises InvalidUnitName for a name that no unit can have, and UnknownSystemd for a
    version that is not known. A text that cannot be read is a problem, not an error.
    """
    _check_version(systemd)
    if units:
        name = _guess(_parse(text)[0]) if name is None else name
        owner(name)
        world = _world(tuple({**units, name: text}.items()), systemd)
        return _problems(name, text, _parse(text)[1], world)
    # Nothing is kept of a unit that is judged alone.
    unit, unreadable = _parse.__wrapped__(text)
    name = _guess(unit) if name is None else name
    owner(name)
    return _problems(name, text, unreadable, World({name: unit}, systemd))


def set_problems(
    units: t.Mapping[str, str | bytes], systemd: int = DEFAULT_SYSTEMD
) -> dict[str, list[Problem]]:
    """Give the problems of each file of a set, judged beside the others."""
    _check_version(systemd)
    world = _world(tuple(units.items()), systemd)
    return {
        name: _problems(name, text, _parse(text)[1], world)
        for name, text in units.items()
    }


def _check_version(systemd: int) -> None:
    if not directives.OLDEST <= systemd <= directives.NEWEST:
        raise UnknownSystemd(
            f"systemd {systemd} is not known: {directives.OLDEST} to "
            f"{directives.NEWEST} are"
        )


def _problems(
    name: str, text: str | bytes, unreadable: InvalidUnit | None, world: World
) -> list[Problem]:
    """Give the problems of one file of a world, which has the text."""
    directives.allow_hints()
    if unreadable:
        return _unreadable(text, owner(name), world.systemd, unreadable)
    if not text and not is_drop_in(name):
        return [syntax.EMPTY.at("the file is empty, which masks the unit")]
    unit = owner(name) if world.drop_ins else name
    # A service that is judged alone is not kept in its world, and gone at once.
    kept = world.is_set or unit.endswith(".socket")
    subject = world.subjects.get(unit) if kept else None
    subject = subject or world.subject(unit)
    if subject.found is None:
        finders = _finders(subject.type, subject.is_part)
        found = _find(subject, finders)
        if world.drop_ins:
            subject.found = _by_file(unit, world, found)
        else:
            subject.found = {name: found}
    return sorted(subject.found.get(name, ()), key=lambda problem: problem.line or 0)


def _by_file(
    unit: str, world: World, problems: t.Iterable[Problem]
) -> dict[str, list[Problem]]:
    """Give a unit's problems by the file that each is said of.

    What stands in a file that other units share is said of the unit's first own file;
    what an instance has from its template, of the template alone.
    """
    found: dict[str, list[Problem]] = {}
    sources = world.sources(unit)
    first = next((f for _index, f in sources if owner(f) == unit), sources[0][1])
    inherited: set[tuple[str, Problem]] = set()
    template = world.own_file(unit)
    if template and template != unit:
        above = world.subject(template)
        said = _find(above, _finders(above.type, above.is_part))
        # One that is of the whole unit is of the instance as it is of the template.
        inherited = set(_placed(first, world.sources(template), said))
    for file, problem in _placed(first, sources, problems):
        if (file, problem) in inherited:
            continue
        if owner(file) != unit:
            message = f"{problem.message} (line {problem.line} of {file})"
            problem = problem._replace(message=message, line=None)
            file = first
        found.setdefault(file, []).append(problem)
    return found


def _placed(
    first: str, sources: t.Sequence[tuple[int, str]], problems: t.Iterable[Problem]
) -> list[tuple[str, Problem]]:
    """Give each problem with its file, in whose lines it is; `first` where it has none."""
    placed = []
    starts = [before for before, _file in sources]
    for problem in problems:
        file = first
        if problem.line is not None:
            before, file = sources[bisect_left(starts, problem.line) - 1]
            problem = problem._replace(line=problem.line - before)
        placed.append((file, problem))
    return placed


def _unreadable(
    text: str | bytes, name: str, systemd: int, error: InvalidUnit
) -> list[Problem]:
    """Give what systemd says of the lines before the one that it cannot read."""
    before = _before(text, error)
    subject = Subject(before, name, systemd, World({name: before}, systemd))
    problems = _find(subject, syntax.FINDERS)
    return [*problems, syntax.UNREADABLE.at(str(error), line=error.line)]


@lru_cache(maxsize=64)
def _finders(unit_type: str, is_part: bool) -> tuple[Finder, ...]:
    of_type = {"service": _SERVICE, "socket": _SOCKET}.get(unit_type, ())
    whole = () if is_part else _WHOLE.get(unit_type, ())
    return (*_ANY, *of_type, *whole_set.FINDERS, *whole)


def _find(subject: Subject, finders: t.Iterable[Finder]) -> list[Problem]:
    problems: list[Problem] = []
    for find, keys, only_hints in finders:
        if not keys or not keys.isdisjoint(subject.keys):
            found = find(subject)
            named = list(islice(found, MOST_PROBLEMS))
            problems += named
            if len(named) == MOST_PROBLEMS:
                problems += _beyond(named, found, only_hints)
    return problems


def _beyond(
    named: t.Sequence[Problem], found: t.Iterator[Problem], only_hints: bool
) -> t.Iterator[Problem]:
    """Give what else is said where so many are named: errors, and that there are more.

    As many errors as may be named are, however many hints stand before them.
    """
    left = MOST_PROBLEMS - sum(problem.severity == "error" for problem in named)
    told = False
    for problem in found:
        if problem.severity != "error":
            if not told:
                yield _more(problem, "warnings and hints")
            told = True
            if only_hints:
                return
        elif left > 0:
            left -= 1
            yield problem
        else:
            yield _more(problem, "errors")
            return


def _more(problem: Problem, what: str) -> Problem:
    """Say of the first problem that is not named, and of what it is one."""
    return syntax.MORE.at(
        f"{MOST_PROBLEMS:,} problems like {problem.rule} are named: this one and more "
        f"{what} like it are not",
        line=problem.line,
        severity=problem.severity,
    )


@lru_cache(maxsize=1024)
def _parse(text: str | bytes) -> tuple[Unit, InvalidUnit | None]:
    try:
        return Unit.parse(text), None
    except InvalidUnit as exc:
        return Unit(), exc


def _readable(text: str | bytes) -> Unit:
    """Give what can be read of a text: a drop-in counts up to where it cannot."""
    unit, error = _parse(text)
    return _before(text, error) if error else unit


def _before(text: str | bytes, error: InvalidUnit) -> Unit:
    """Give the lines before the one that cannot be read."""
    if not error.line:
        return Unit()
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    lines = _LINES.split(text, maxsplit=error.line - 1)[: error.line - 1]
    return _parse("\n".join(lines))[0]


@lru_cache(maxsize=2)
def _world(units: tuple[tuple[str, str | bytes], ...], systemd: int) -> World:
    """Give the world of a set, which is the same for each of its units."""
    parsed = {
        name: _readable(text) if is_drop_in(name) else _parse(text)[0]
        for name, text in units
    }
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
