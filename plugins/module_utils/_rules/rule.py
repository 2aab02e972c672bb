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
from functools import cached_property

from .._tables import directives
from .._units.unit import Assignment, Unit
from .._units.unit_name import is_template, suffix, template_of
from .._values.basics import is_boolean, is_true
from .._values.values import value_problem

if t.TYPE_CHECKING:
    Severity = t.Literal["error", "warning", "info"]

T = t.TypeVar("T")

# So many from one place; nobody reads more.
MOST_PROBLEMS: t.Final = 1000

# Of these types every host has some of its own, or makes them as needed.
_MADE_ELSEWHERE: t.Final = ("target", "slice", "device", "mount", "swap", "automount")
_OWN_SPECIFIER: t.Final = re.compile("%([A-Za-z%])")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a unit.

    `line` counts from 1 and is where the assignment begins; None where the problem is
    one of the whole unit. `section` and `directive` are empty then, too.
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
    """The units that are judged together, by file name, for one version of systemd.

    `is_set` is false where nothing is known but one unit. What is found out about the
    whole of them is found out once.
    """

    units: t.Mapping[str, Unit]
    systemd: int
    is_set: bool = False

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """Each unit by its name, as something to judge."""
        return {
            name: Subject(self.units[name], name, self.systemd, self)
            for name in sorted(self.units)
        }

    @cached_property
    def sockets(self) -> dict[str, list[Subject]]:
        """The sockets that start a service, by its name."""
        found: dict[str, list[Subject]] = {}
        for subject in self.of_type("socket"):
            found.setdefault(subject.started_service, []).append(subject)
        return found

    def of_type(self, unit_type: str) -> list[Subject]:
        """Give the units of one type, by name."""
        return [one for one in self.subjects.values() if one.type == unit_type]

    @cached_property
    def families(self) -> frozenset[str]:
        """What the names of the units begin with."""
        return frozenset(family(name) for name in self.units)

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


@dataclass(frozen=True, eq=False)
class Subject:
    """A unit that is judged, under its name, for a version, in its world.

    `is_part` is true for a drop-in: what it lacks may stand elsewhere.
    """

    unit: Unit
    name: str
    systemd: int
    world: World
    is_part: bool = False

    @cached_property
    def type(self) -> str:
        """The type of the unit, `service` for `a.service`; empty where unknown."""
        return suffix(self.name)

    @cached_property
    def own(self) -> str:
        """The name of the section that the type of unit has for itself."""
        return directives.OWN_SECTION.get(self.type, "")

    @cached_property
    def _entries(self) -> dict[tuple[str, str], list[Assignment]]:
        found: dict[tuple[str, str], list[Assignment]] = {}
        for part in self.unit.sections:
            for entry in part.assignments:
                found.setdefault((part.name, entry.key), []).append(entry)
        return found

    def entries(self, section: str, key: str) -> list[Assignment]:
        """Give every assignment to `key` in that section, in order."""
        return self._entries.get((section, key), [])

    def kept(self, section: str, key: str) -> list[Assignment]:
        """Give the assignments that systemd keeps: none before a reset, none bad."""
        place = (section, key)
        entries = self._entries.get(place)
        if not entries:
            return []
        found = self._kept.get(place)
        if found is None:
            found = self._kept[place] = self._keep(section, key, entries)
        return found

    @cached_property
    def _kept(self) -> dict[tuple[str, str], list[Assignment]]:
        return {}

    def _keep(
        self, section: str, key: str, entries: list[Assignment]
    ) -> list[Assignment]:
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
        known = directives.directives(self.systemd).get(section, {})
        directive = known.get(entry.key)
        fault = faults[place] = (
            value_problem(directive.kind, entry.key, entry.value, self.systemd)
            if directive
            else "no such directive"
        )
        return fault

    @cached_property
    def _faults(self) -> dict[int, str | None]:
        return {}

    def kept_together(self, section: str, keys: t.Sequence[str]) -> list[Assignment]:
        """Give what systemd keeps of directives that make up one list.

        An empty assignment to any of them resets all.
        """
        place = (section, " ".join(keys))
        if place in self._kept:
            return self._kept[place]
        assigned = [entry for key in keys for entry in self.entries(section, key)]
        kept: list[Assignment] = []
        for entry in sorted(assigned, key=lambda entry: entry.line):
            if not entry.value:
                kept.clear()
            elif not self.fault(section, entry):
                kept.append(entry)
        self._kept[place] = kept
        return kept

    def last(self, section: str, key: str) -> Assignment | None:
        """Give the assignment that counts for a directive that takes one value."""
        kept = self.kept(section, key)
        return kept[-1] if kept else None

    def value(self, section: str, key: str, default: str = "") -> str:
        """Give the value that counts for a directive that takes one."""
        entry = self.last(section, key)
        return entry.value if entry else default

    def flag(self, section: str, key: str, default: bool = False) -> bool:
        """Give the value of a boolean that counts."""
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
        found = self.world.subjects.get(name)
        template = None if found else template_of(name)
        return self.world.subjects.get(template) if template else found

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
        return self.world.sockets.get(self.name, [])

    def resolved(self, text: str) -> str:
        """Give `text` with the specifiers replaced that the unit's own name settles."""
        if "%" not in text:
            return text
        stem = self.name.rpartition(".")[0]
        known = {"p": stem.partition("@")[0], "t": "/run"}
        if not self.is_template:
            known.update(n=self.name, N=stem)
        return _OWN_SPECIFIER.sub(
            lambda match: known.get(match[1], match[0]),
            text,
        )

    @property
    def is_template(self) -> bool:
        """Tell whether the unit is a template."""
        return is_template(self.name)


Finder = t.Callable[[Subject], t.Iterator[Problem]]
