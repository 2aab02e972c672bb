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

import typing as t

from ._rules import Problem, Subject, rule
from ._unit import Assignment
from ._unit_name import suffix

MISSING = rule("missing-unit", "warning", "The unit needs one that the set lacks.")
CYCLE = rule("dependency-cycle", "error", "Units of the set wait for each other.")
NO_ELAPSE = rule("timer-without-time", "error", "The timer never elapses.")
NO_PATH = rule("path-without-path", "error", "The path unit watches nothing.")

if t.TYPE_CHECKING:
    from ._rules import Severity

Graph = t.Dict[str, t.List[str]]
"""For each unit, the units that it waits for."""

_HARD: t.Final = ("Requires", "Requisite", "BindsTo", "BindTo")
_PULLING: t.Final = (*_HARD, "Wants", "Upholds")
_SOFT: t.Final = ("Wants", "Upholds", "After", "Before", "PartOf", "OnFailure")
# Of these types every host has some of its own, or makes them as needed.
_MADE_ELSEWHERE: t.Final = ("target", "slice", "device", "mount", "swap", "automount")
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
    if not subject.units:
        return
    for key in (*_HARD, *_SOFT):
        for entry in subject.kept("Unit", key):
            for name in entry.value.split():
                if _is_there(subject, name):
                    continue
                family = name.partition(".")[0].partition("@")[0].partition("-")[0]
                related = family == subject.name.partition(".")[0].partition("-")[0]
                yield MISSING.at(
                    f"{name} is not among the units of the set",
                    "Unit",
                    entry,
                    severity="warning" if key in _HARD or related else "info",
                )
    key = "Unit"
    if subject.type in ("timer", "path"):
        name = subject.started_service
        if "%" not in name and not _is_there(subject, name):
            message = f"{name}, which it starts, is not among the units of the set"
            yield MISSING.at(message, subject.own, subject.last(subject.own, key))


def _is_there(subject: Subject, name: str) -> bool:
    return (
        "%" in name
        or name == subject.name
        or suffix(name) in _MADE_ELSEWHERE
        or name.startswith(("systemd-", "dbus.", "dbus-"))
        or subject.other(name) is not None
    )


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
    if not subject.units:
        return
    stated: Graph = {}
    entries: dict[tuple[str, str], Assignment] = {}
    whole = [subject, *_whole_set(subject)]
    for other in whole:
        _add_order(other, stated, entries)
    cycle = _cycle_through(subject.name, stated)
    # An order alone binds only units that are started together for another reason.
    severity: Severity = "error" if _start_together(cycle, whole) else "warning"
    if not cycle:
        # By way of targets, and only where they are started together, as at boot.
        graph = {name: list(waits) for name, waits in stated.items()}
        graph.setdefault("basic.target", []).extend(["sockets.target", "paths.target"])
        for other in whole:
            _add_default_order(other, graph)
        cycle = _cycle_through(subject.name, graph)
        severity = "warning"
    if cycle:
        first, second = cycle[0], cycle[1 % len(cycle)]
        yield CYCLE.at(
            " waits for ".join([*cycle, cycle[0]]),
            "Unit",
            entries.get((first, second)),
            severity=severity,
        )


def _start_together(cycle: list[str], whole: t.Iterable[Subject]) -> bool:
    """Tell whether each unit of a cycle pulls in the next one, or the other way."""
    pulled = {
        frozenset((subject.name, name))
        for subject in whole
        if subject.name in cycle
        for key in _PULLING
        for entry in subject.kept("Unit", key)
        for name in entry.value.split()
    }
    steps = zip(cycle, [*cycle[1:], *cycle[:1]])
    return all(frozenset(step) in pulled for step in steps)


def _whole_set(subject: Subject) -> t.Iterator[Subject]:
    for name, unit in subject.units.items():
        if name != subject.name:
            yield Subject(unit, name, subject.systemd, subject.units)


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


def _cycle_through(start: str, graph: Graph) -> list[str]:
    """Give the shortest way from `start` back to it, or []."""
    came_from: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for following in graph.get(name, ()):
            if following == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if following not in came_from:
                came_from[following] = name
                queue.append(following)
    return []


FINDERS: t.Final = (missing, cycles)
WHOLE_FINDERS: t.Final = (never,)
