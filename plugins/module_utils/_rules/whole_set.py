# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about a whole set of units: what it refers to, and in which order it starts.

They look at the units that are deployed together, and at what systemd orders by
itself; what else a host has installed they cannot know.
"""

from __future__ import annotations

import collections
import typing as t
from dataclasses import dataclass, field
from functools import lru_cache

from .._tables import directives
from .._units.unit import Assignment
from .._units.unit_name import is_unit_name
from .rule import Problem, Subject, World, family, finder, hinter, rule

MISSING = rule("missing-unit", "warning", "The unit needs one that the set lacks.")
CYCLE = rule("dependency-cycle", "error", "Units of the set wait for each other.")
NO_ELAPSE = rule("timer-without-time", "error", "The timer never elapses.")
NO_PATH = rule("path-without-path", "error", "The path unit watches nothing.")

if t.TYPE_CHECKING:
    from .rule import Severity

Graph = t.Dict[str, t.List[str]]
"""For each unit, the units that it waits for."""


@dataclass(frozen=True)
class Order:
    """In which order the units of a set start.

    `rings` has, for each unit that waits for itself by way of others, all the units
    that it waits for and that wait for it.
    """

    graph: Graph
    entries: dict[tuple[str, str], Assignment]
    rings: dict[str, set[str]] = field(default_factory=dict)


_HARD: t.Final = ("Requires", "Requisite", "BindsTo", "BindTo")
_PULLING: t.Final = (*_HARD, "Wants", "Upholds")
# Through each unit of so many no way is looked for: nobody follows it.
_LARGE_RING: t.Final = 500
# What one conflicts with need not be there.
_MAY_MISS: t.Final = ("Conflicts",)
# Beside the dependencies of [Unit]; what is installed along with a unit must be there.
_NAMING: t.Final = (("Service", "Sockets"), ("Install", "Also"))
_TIMES: t.Final = (
    "OnCalendar",
    "OnActiveSec",
    "OnBootSec",
    "OnStartupSec",
    "OnUnitActiveSec",
    "OnUnitInactiveSec",
)
_PATHS: t.Final = (
    "PathExists",
    "PathExistsGlob",
    "PathChanged",
    "PathModified",
    "DirectoryNotEmpty",
)


def missing(subject: Subject) -> t.Iterator[Problem]:
    """References to units that are neither in the set nor systemd's own."""
    if not subject.world.is_set:
        return
    keys = subject.keys
    there = subject.world.there
    for section, key in _references(subject.systemd):
        if key not in keys:
            continue
        for entry in subject.kept(section, key):
            for name in entry.value.split():
                if name in there or not is_unit_name(name):
                    continue
                if subject.has(name):
                    there.add(name)
                    continue
                related = family(name) == family(subject.name)
                needed = related or key in _HARD or section != "Unit"
                yield MISSING.at(
                    f"{name}, which {key} names, is not among the units of the set",
                    section,
                    entry,
                    severity="warning" if needed else "info",
                )
    key = "Unit"
    if subject.type in ("timer", "path"):
        name = subject.started_service
        if not subject.has(name):
            message = f"{name}, which it starts, is not among the units of the set"
            yield MISSING.at(message, subject.own, subject.last(subject.own, key))


@lru_cache(maxsize=32)
def _references(systemd: int) -> tuple[tuple[str, str], ...]:
    """Give the directives that name other units, by section, the hard ones first."""
    known = directives.directives(systemd)["Unit"]
    keys = [key for key, found in known.items() if found.kind == "unit_deps"]
    keys = sorted(
        set(keys).difference(_MAY_MISS), key=lambda key: (key not in _HARD, key)
    )
    return (*[("Unit", key) for key in keys], *_NAMING)


def never(subject: Subject) -> t.Iterator[Problem]:
    """Timers without a time, paths without a path (timer_verify, path_verify)."""
    if subject.type == "timer":
        times = subject.kept_together("Timer", _TIMES)
        changes = subject.flag("Timer", "OnClockChange") or subject.flag(
            "Timer", "OnTimezoneChange"
        )
        if not times and not changes:
            yield NO_ELAPSE.at("no On… directive that systemd would keep")
    if subject.type == "path" and not subject.kept_together("Path", _PATHS):
        yield NO_PATH.at("no path that systemd would keep")


def cycles(subject: Subject) -> t.Iterator[Problem]:
    """A unit that has to wait for itself."""
    if not subject.world.is_set:
        return
    order = subject.world.once(_default_order)
    if subject.name not in order.rings:
        return
    stated = subject.world.once(_stated_order)
    if len(stated.rings.get(subject.name, ())) > _LARGE_RING:
        yield CYCLE.at(
            f"{subject.name} waits for itself by way of some of "
            f"{len(stated.rings[subject.name])} units that wait for each other",
            "Unit",
            severity="warning",
        )
        return
    cycle = _cycle_through(subject.name, stated)
    # An order alone binds only units that are started together for another reason.
    severity: Severity = "error" if _start_together(cycle, subject.world) else "warning"
    if not cycle:
        # By way of targets, and only where they are started together, as at boot.
        if len(order.rings.get(subject.name, ())) <= _LARGE_RING:
            cycle = _cycle_through(subject.name, order)
        severity = "warning"
    if cycle:
        first, second = cycle[0], cycle[1]
        yield CYCLE.at(
            " waits for ".join([*cycle, cycle[0]]),
            "Unit",
            stated.entries.get((first, second)),
            severity=severity,
        )


def _start_together(cycle: list[str], world: World) -> bool:
    """Tell whether each unit of a cycle pulls in the next one, or the other way."""
    pulled = {
        frozenset((name, other))
        for name in cycle
        if name in world.subjects
        for key in _PULLING
        for entry in world.subjects[name].kept("Unit", key)
        for other in entry.value.split()
    }
    steps = zip(cycle, [*cycle[1:], *cycle[:1]])
    return all(frozenset(step) in pulled for step in steps)


def _stated_order(world: World) -> Order:
    """Give the order that the units state."""
    order = Order({}, {})
    for subject in world.subjects.values():
        _add_order(subject, order.graph, order.entries)
    return _with_rings(order)


def _default_order(world: World) -> Order:
    """Give the order that the units state, and what systemd adds to it by itself."""
    order = Order({}, {})
    for subject in world.subjects.values():
        _add_order(subject, order.graph, order.entries)
    # What is stated stands first: of two cycles that one is named which has a line.
    order.graph.setdefault("basic.target", []).extend(
        ["sockets.target", "paths.target"]
    )
    for subject in world.subjects.values():
        _add_default_order(subject, order.graph)
    return _with_rings(order)


def _add_order(
    subject: Subject, graph: Graph, entries: dict[tuple[str, str], Assignment]
) -> None:
    """Add what the unit says that it waits for, or is waited for."""
    waits = graph.setdefault(subject.name, [])
    after, before = subject.kept("Unit", "After"), subject.kept("Unit", "Before")
    for entry in after:
        for name in entry.value.split():
            waits.append(name)
            entries.setdefault((subject.name, name), entry)
    for entry in before:
        for name in entry.value.split():
            graph.setdefault(name, []).append(subject.name)
            entries.setdefault((name, subject.name), entry)
    if subject.type in ("socket", "path"):
        graph.setdefault(subject.started_service, []).append(subject.name)


def _add_default_order(subject: Subject, graph: Graph) -> None:
    """Add what the unit waits for unless it says otherwise (systemd.special(7))."""
    if not subject.flag("Unit", "DefaultDependencies", True):
        return
    if subject.type == "service":
        graph.setdefault(subject.name, []).append("basic.target")
    elif subject.type in ("socket", "path"):
        graph.setdefault(f"{subject.type}s.target", []).append(subject.name)


def _with_rings(order: Order) -> Order:
    """Give the order as far as a unit may wait for itself by way of others.

    What waits for nothing is left out, and steps from a unit to itself, which systemd
    drops.
    """
    graph = {
        name: [
            other
            for other in dict.fromkeys(waits)
            if other in order.graph and other != name
        ]
        for name, waits in order.graph.items()
    }
    return Order(graph, order.entries, _rings(graph))


def _rings(graph: Graph) -> dict[str, set[str]]:
    """Give the strongly connected units of a graph, where they are more than one.

    Tarjan's algorithm, with a stack of its own: a set may be deep.
    """
    rings: dict[str, set[str]] = {}
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_units: list[str] = []
    closed: set[str] = set()
    for root in graph:
        walk = [] if root in number else [(root, iter(graph[root]))]
        if walk:
            number[root] = lowest[root] = len(number)
            open_units.append(root)
        while walk:
            name, waits = walk[-1]
            other = next(waits, None)
            if other is None:
                walk.pop()
                if walk:
                    above = walk[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == number[name]:
                    ring = {name}
                    while open_units[-1] != name:
                        ring.add(open_units.pop())
                    open_units.pop()
                    closed |= ring
                    if len(ring) > 1:
                        rings.update(dict.fromkeys(ring, ring))
            elif other not in number:
                number[other] = lowest[other] = len(number)
                open_units.append(other)
                walk.append((other, iter(graph.get(other, ()))))
            elif other not in closed:
                lowest[name] = min(lowest[name], number[other])
    return rings


def _cycle_through(start: str, order: Order) -> list[str]:
    """Give the shortest way from `start` back to it, or []."""
    ring = order.rings.get(start)
    if not ring:
        return []
    came_from: dict[str, str] = {}
    queue = collections.deque([start])
    while queue:
        name = queue.popleft()
        for following in order.graph.get(name, ()):
            if following == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if following in ring and following not in came_from:
                came_from[following] = name
                queue.append(following)
    return []


FINDERS: t.Final = (hinter(missing), finder(cycles))
WHOLE_FINDERS: t.Final = (finder(never),)
