# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What a rule is, what it finds, and what it looks at.

The rules themselves are in the files beside this one, one subject a file; `judge.py` runs them.
Each has a page below `docs/rules/`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from functools import cached_property, lru_cache

from .._tables import directives
from .._units.drop_ins import (
    Folders,
    by_folder,
    drop_ins_of,
    is_drop_in,
    is_shared,
    owner,
)
from .._units.unit import Assignment, Unit
from .._units.unit_name import (
    instance_of,
    is_template,
    suffix,
    template_of,
    unescaped,
)
from .._units.words import Command, InvalidWords, split_commands
from .._values.basics import is_boolean, is_true
from .._values.values import instance_decides, value_problem

if t.TYPE_CHECKING:
    Severity = t.Literal["error", "warning", "info"]

T = t.TypeVar("T")

# So many of what one finder finds are named; nobody reads more.
MOST_PROBLEMS: t.Final = 1000

# Of these types every host has some of its own, or makes them as needed.
_MADE_ELSEWHERE: t.Final = frozenset(
    ("target", "slice", "device", "mount", "swap", "automount")
)
_OWN_SPECIFIER: t.Final = re.compile("%([A-Za-z%])")


class Problem(t.NamedTuple):
    """One thing that is wrong with a unit.

    `line` counts from 1 and is where the assignment begins; None where the problem is
    one of the whole unit. `section` and `directive` are empty then, too. A tuple,
    because a unit may have very many of them.
    """

    rule: str
    severity: Severity
    section: str
    directive: str
    line: int | None
    message: str


@dataclass(frozen=True)
class Rule:
    """A rule by its identifier, with how bad it is and what it says, in one sentence.

    An `error` is what systemd refuses or ignores with a warning, or what cannot work;
    a `warning` works and is likely not what was meant; an `info` may well be meant.
    """

    name: str
    severity: Severity
    sentence: str

    def at(
        self,
        message: str,
        section: str = "",
        entry: Assignment | None = None,
        line: int | None = None,
        severity: Severity | None = None,
    ) -> Problem:
        """Give the problem that the rule has with one assignment, or the whole unit."""
        return Problem(
            self.name,
            severity or self.severity,
            section,
            entry.key if entry else "",
            entry.line if entry else line,
            message,
        )


RULES: t.Final[dict[str, Rule]] = {}


def rule(name: str, severity: Severity, sentence: str) -> Rule:
    """Make a rule known by its identifier."""
    found = Rule(name, severity, sentence)
    RULES[name] = found
    return found


@dataclass(frozen=True, eq=False)
class World:
    """The units that are judged together, for one version of systemd.

    `files` are units and drop-ins by their names below a unit path. `is_set` is false
    where nothing is known but one of them. What is found out about the whole of them is
    found out once.
    """

    files: t.Mapping[str, Unit]
    systemd: int
    is_set: bool = False

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """Each unit by its name, drop-ins merged, as something to judge."""
        names = set(self.files)
        if self.drop_ins:
            owners = {owner(file) for file in self.drop_ins}
            names = names.difference(self.drop_ins)
            names |= {name for name in owners if not is_shared(name)}
        return {name: self.subject(name) for name in sorted(names)}

    def subject(self, name: str) -> Subject:
        """Give a unit with its drop-ins, or its drop-ins alone, as something to judge.

        Lines are counted on from one file to the next, see `sources`.
        """
        if not self.drop_ins:
            return Subject(self.files[name], name, self.systemd, self)
        parts = [self.files[file].moved(before) for before, file in self.sources(name)]
        unit = parts[0].merged(*parts[1:]) if parts[1:] else parts[0]
        return Subject(unit, name, self.systemd, self, self.own_file(name) is None)

    def own_file(self, name: str) -> str | None:
        """Give the file of a unit: its own, or else that of its template; or None."""
        for file in (name, template_of(name)):
            if file in self.files:
                return file
        return None

    def sources(self, name: str) -> list[tuple[int, str]]:
        """Give the files that a unit is made of, and how many lines stand before each."""
        known = self._sources.get(name)
        if known is not None:
            return known
        own = self.own_file(name)
        found = [own] if own else []
        found += drop_ins_of(name, self._folders)
        sources = []
        before = 0
        for file in found:
            sources.append((before, file))
            before += self.files[file].last_line
        self._sources[name] = sources
        return sources

    @cached_property
    def _sources(self) -> dict[str, list[tuple[int, str]]]:
        return {}

    @cached_property
    def _folders(self) -> Folders:
        return by_folder(self.drop_ins)

    @cached_property
    def drop_ins(self) -> list[str]:
        """The files that are drop-ins."""
        return [file for file in self.files if is_drop_in(file)]

    @cached_property
    def sockets(self) -> dict[str, list[Subject]]:
        """The sockets that start a service, by its name."""
        found: dict[str, list[Subject]] = {}
        for subject in self.of_type("socket"):
            name = subject.started_service
            found.setdefault(self.aliases.get(name, name), []).append(subject)
        return found

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The units by the names that they take besides their own when installed."""
        return {
            subject.resolved(alias): name
            for name, subject in self.subjects.items()
            for entry in subject.kept("Install", "Alias")
            for alias in entry.value.split()
            if alias not in self.subjects
        }

    def of_type(self, unit_type: str) -> list[Subject]:
        """Give the units of one type, by name."""
        return [one for one in self.subjects.values() if one.type == unit_type]

    @cached_property
    def there(self) -> set[str]:
        """The names of which it is known that units of this set need not miss them."""
        return set(self.subjects)

    @cached_property
    def families(self) -> frozenset[str]:
        """What the names of the units begin with."""
        return frozenset(family(name) for name in self.subjects)

    @cached_property
    def _found(self) -> dict[t.Any, t.Any]:
        return {}

    def once(self, find: t.Callable[[World], T]) -> T:
        """Give what `find` finds in this world; it is asked only once."""
        if find not in self._found:
            self._found[find] = find(self)
        found: T = self._found[find]
        return found


def family(name: str) -> str:
    """Give what a unit's name begins with, `app` for `app-http@.socket`."""
    return re.split("[-.@]", name, maxsplit=1)[0]


class Subject:
    """A unit that is judged, under its name, for a version, in its world.

    `is_part` is true for a drop-in: what it lacks may stand elsewhere. `type` is that of
    the unit, `service` for `a.service`, empty where unknown; `own` is the name of the
    section that the type has for itself; `keys` are the directives that are assigned,
    in whatever section. `instance` is what %i stands for, where the name has it.
    `doubts` are the faults, by the identity of the assignment, that some instances of
    a template have and others need not. `found` is for what was found in each of its
    files, once it was looked for.
    """

    def __init__(
        self, unit: Unit, name: str, systemd: int, world: World, is_part: bool = False
    ) -> None:
        self.unit = unit
        self.name = name
        self.systemd = systemd
        self.world = world
        self.is_part = is_part
        self.type = suffix(name)
        self.own = directives.OWN_SECTION.get(self.type, "")
        self.known = directives.directives(systemd)
        self._kept: dict[tuple[str, str], list[Assignment]] = {}
        self.instance = instance_of(name)
        self.is_template = is_template(name)
        self._faults: dict[int, str | None] = {}
        self.doubts: dict[int, str] = {}
        self.found: dict[str, list[Problem]] | None = None
        self.keys = unit.keys

    def entries(self, section: str, *keys: str) -> list[Assignment]:
        """Give every assignment to one of `keys` in that section, key by key, in order."""
        found = self.unit.entries.get(section, {})
        return [entry for key in keys if key in found for entry in found[key]]

    def kept(self, section: str, key: str) -> list[Assignment]:
        """Give the assignments that systemd keeps: none before a reset, none bad."""
        if key not in self.keys:
            return []
        place = (section, key)
        found = self._kept.get(place)
        if found is None:
            found = self._kept[place] = self._keep(section, self.entries(section, key))
        return found

    def _keep(self, section: str, entries: list[Assignment]) -> list[Assignment]:
        kept: list[Assignment] = []
        for entry in entries:
            if not entry.value:
                kept.clear()
            elif not self.fault(section, entry):
                kept.append(entry)
        return kept

    def fault(self, section: str, entry: Assignment) -> str | None:
        """Say why systemd does not keep an assignment of that section, if it does not.

        Each value is looked at once, however many rules ask for it.
        """
        faults = self._faults
        place = id(entry)
        if place in faults:
            return faults[place]
        sound = _sound(section, self.systemd)
        assigned = entry[:2]
        if assigned in sound:
            return None
        fault: str | None = None
        key, value, _line = entry
        names = self.known.get(section)
        directive = names.get(key) if names else None
        if not directive:
            fault = "no such directive"
        else:
            asked = (directive.kind, key, value, self.systemd)
            fault = value_problem(*asked, self.instance)
            if fault and self.is_template and instance_decides(*asked):
                self.doubts[place] = fault
                fault = None
            elif (
                not fault
                and len(sound) < MOST_REMEMBERED
                and len(value) <= REMEMBERED
                and "%" not in value
            ):
                sound.add(assigned)
        faults[place] = fault
        return fault

    def commands(self, entry: Assignment) -> list[Command]:
        """Give the commands of an Exec line, none where it cannot be read."""
        try:
            return split_commands(entry.value)
        except InvalidWords:
            return []

    def kept_together(self, section: str, keys: t.Sequence[str]) -> list[Assignment]:
        """Give what systemd keeps of directives that make up one list.

        An empty assignment to any of them resets all.
        """
        place = (section, " ".join(keys))
        if place in self._kept:
            return self._kept[place]
        assigned = self.entries(section, *keys)
        kept = self._keep(section, sorted(assigned, key=lambda entry: entry.line))
        self._kept[place] = kept
        return kept

    def last(self, section: str, key: str) -> Assignment | None:
        """Give the assignment that counts for a directive that takes one value."""
        kept = self.kept(section, key) if key in self.keys else None
        return kept[-1] if kept else None

    def value(self, section: str, key: str, default: str = "") -> str:
        """Give the value that counts for a directive that takes one."""
        entry = self.last(section, key)
        return entry.value if entry else default

    def flag(self, section: str, key: str, default: bool = False) -> bool:
        """Give the value of a boolean that counts."""
        if key not in self.keys:
            return default
        value = self.value(section, key)
        return is_true(value) if is_boolean(value) else default

    @cached_property
    def service_type(self) -> str:
        """The type of a service; systemd sets it by what there is, where it is unset."""
        stated = self.value("Service", "Type")
        if stated:
            return stated
        if self.value("Service", "BusName"):
            return "dbus"
        return "simple" if self.kept("Service", "ExecStart") else "oneshot"

    def other(self, name: str) -> Subject | None:
        """Give another unit of the set, or the template of that instance."""
        if not self.world.is_set:
            return None
        units = self.world.subjects
        if name in units:
            return units[name]
        for known in (name, template_of(name)):
            if known in units:
                return units[known]
            if known in self.world.aliases:
                return units[self.world.aliases[known]]
        return None

    def has(self, name: str) -> bool:
        """Tell whether a unit is in the set, or one that every host has."""
        return (
            "%" in name
            or name == self.name
            or suffix(name) in _MADE_ELSEWHERE
            or name.startswith(("systemd-", "dbus.", "dbus-"))
            or self.other(name) is not None
        )

    @cached_property
    def started_service(self) -> str:
        """The name of the service that a socket, a timer or a path starts."""
        key = "Service" if self.type == "socket" else "Unit"
        kept = self.kept(self.own, key)
        if kept:
            # A timer and a path keep the first one, a socket the last.
            stated = kept[-1 if self.type == "socket" else 0].value
            return self.resolved(stated)
        stem = self.name.rpartition(".")[0]
        if self.type == "socket" and self.flag("Socket", "Accept"):
            return f"{stem.rstrip('@')}@.service"
        return f"{stem}.service"

    @property
    def sockets(self) -> list[Subject]:
        """The sockets of the set that start this service."""
        return self.world.sockets.get(self.name, []) if self.world.is_set else []

    def resolved(self, text: str) -> str:
        """Give `text` with the specifiers replaced that the unit's own name settles."""
        if "%" not in text:
            return text
        known = self._own_specifiers
        return _OWN_SPECIFIER.sub(
            lambda match: known.get(match[1], match[0]),
            text,
        )

    @cached_property
    def _own_specifiers(self) -> dict[str, str]:
        stem = self.name.rpartition(".")[0]
        known = {"p": stem.partition("@")[0], "t": "/run"}
        if not self.is_template:
            known.update(n=self.name, N=stem)
        if self.instance:
            known.update(i=self.instance, I=unescaped(self.instance))
        return known


# Most units say the same: what nothing was wrong with is not looked at again. Of a unit
# that says very much the first lines are remembered.
REMEMBERED: t.Final = 100
MOST_REMEMBERED: t.Final = 4096


@lru_cache(maxsize=32)
def _sound(section: str, systemd: int) -> set[tuple[str, ...]]:
    """Give what was assigned in a section and is right, whatever the unit is called."""
    return set()


Find = t.Callable[[Subject], t.Iterator[Problem]]


class Finder(t.NamedTuple):
    """What looks for problems, and in which units.

    `keys` are the directives one of which a unit must assign for it to find anything;
    where there are none, every unit is looked at. `only_hints` says that none of what it
    finds is an error: it need not be asked for more than is named.
    """

    find: Find
    keys: frozenset[str]
    only_hints: bool = False


def finder(find: Find, *keys: str) -> Finder:
    """Give a finder that is asked only about units with one of the directives."""
    return Finder(find, frozenset(keys))


def hinter(find: Find, *keys: str) -> Finder:
    """Give such a finder of warnings and hints alone."""
    return Finder(find, frozenset(keys), only_hints=True)
