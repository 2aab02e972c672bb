# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about what systemd reads: lines, sections, directives and their values."""

from __future__ import annotations

import re
import typing as t
from bisect import bisect
from functools import lru_cache

from .._tables import directives
from .._units.unit import OUTSIDE, Assignment
from .rule import MOST_REMEMBERED, REMEMBERED, Problem, Subject, finder, rule

UNREADABLE = rule(
    "unreadable-unit", "error", "systemd cannot read the file and refuses the unit."
)
EMPTY = rule("empty-unit", "error", "A file without a byte masks the unit.")
MORE = rule(
    "more-problems", "error", "The unit has more problems than are worth naming."
)
LINE = rule("ignored-line", "error", "systemd ignores a line that it cannot read.")
SECTION = rule(
    "unknown-section", "error", "The unit has a section that its type does not have."
)
UNKNOWN = rule("unknown-directive", "error", "No version of systemd has the directive.")
MOVED = rule(
    "wrong-section", "error", "The directive belongs in another section or unit."
)
NEWER = rule(
    "newer-directive", "error", "The target's systemd is older than the directive."
)
REMOVED = rule(
    "removed-directive", "error", "The target's systemd has given the directive up."
)
IGNORED = rule(
    "ignored-directive", "warning", "systemd takes the directive and does nothing."
)
OBSOLETE = rule(
    "obsolete-directive", "error", "systemd warns that the directive will go away."
)
VALUE = rule("bad-value", "error", "The value is none that the directive can have.")
COMMENT = rule(
    "comment-in-value", "warning", "A comment at the end of a value is part of it."
)
LEGACY = rule(
    "legacy-run-directory", "info", "The path lies below /var/run, which is now /run."
)

# systemd has warned of these since 248 (blkio and cpu shares of cgroups v1).
_OBSOLETE_SINCE: t.Final = 248
_OBSOLETE_KINDS: t.Final = {
    "cpu_shares": "CPUWeight",
    "blockio_device_weight": "IODeviceWeight",
    "blockio_bandwidth": "IOReadBandwidthMax or IOWriteBandwidthMax",
}
# Sections that have the directive although their units cannot have its effect.
_ONE_PROCESS: t.Final = ("Socket", "Mount", "Swap")
_CANNOT: t.Final = {
    "delegate": (*_ONE_PROCESS, "Slice"),
    "delegate_subgroup": (*_ONE_PROCESS, "Slice"),
    "managed_oom_mode": _ONE_PROCESS,
    "managed_oom_mem_pressure_limit": _ONE_PROCESS,
    "managed_oom_mem_pressure_duration_sec": _ONE_PROCESS,
    "managed_oom_rules": _ONE_PROCESS,
}
_ANY_PRIORITY_SINCE: t.Final = 248
# With a bad value of these the whole unit is refused.
_REFUSED_KINDS: t.Final = frozenset(
    ("exec", "user_group_compat", "user_group_strv_compat", "working_directory")
)
# Their paths are looked at for /var/run.
_RUN_KINDS: t.Final = ("pid_file", "socket_listen")
_HASH: t.Final = re.compile(r"(?:^|[ \t])#[ \t]")
_COMMENT: t.Final = re.compile(r"(?:^|[ \t])[#;](?:[ \t]|$)")
# Of other kinds there is nothing to say of a value without a fault or a comment.
_LOOKED_AT: t.Final = frozenset(
    (
        directives.IGNORED_KIND,
        "obsolete_unit_deps",
        "exec_cpu_sched_prio",
        *_RUN_KINDS,
        *_OBSOLETE_KINDS,
        *_CANNOT,
    )
)
_FREE_TEXT: t.Final = frozenset(
    ("exec", "environ", "exec_input_text", "set_credential")
)


def lines(subject: Subject) -> t.Iterator[Problem]:
    """Lines that systemd skips with a warning; in a section that it skips it has none."""
    if not subject.unit.problems:
        return
    sections = subject.unit.sections
    starts = [section.line for section in sections]
    for line, message in subject.unit.problems:
        index = bisect(starts, line) - 1
        if message != OUTSIDE and _is_foreign(subject, sections[index].name):
            continue
        yield LINE.at(f"systemd ignores this line: {message}", line=line)


def assignments(subject: Subject) -> t.Iterator[Problem]:
    """Sections, directives and values, in one pass over the unit."""
    for section in subject.unit.sections:
        if section.name.startswith("X-"):
            continue
        if _is_foreign(subject, section.name):
            yield _foreign_section(subject, section.name, section.line)
            continue
        name = section.name
        names = subject.known[name]
        harmless = _harmless(name, subject.systemd)
        for entry in section.assignments:
            if entry[:2] in harmless:
                continue
            key, value, _line = entry
            directive = names.get(key)
            if directive is None:
                if not key.startswith("X-"):
                    yield _unknown(subject, name, entry)
                continue
            fault = subject.fault(name, entry)
            if (
                fault
                or directive.kind in _LOOKED_AT
                or id(entry) in subject.doubts
                or "#" in value
                or ";" in value
                or key == "MemoryLimit"
            ):
                yield from _judge(subject, directive, entry, fault)
            elif (
                len(harmless) < MOST_REMEMBERED
                and len(value) <= REMEMBERED
                and "%" not in value
            ):
                harmless.add(entry[:2])


@lru_cache(maxsize=32)
def _harmless(section: str, systemd: int) -> set[tuple[str, ...]]:
    """Give what may be assigned in a section without anything to say of it."""
    return set()


def _is_foreign(subject: Subject, section: str) -> bool:
    """Tell whether the unit's type has no such section."""
    if subject.type:
        return section not in directives.sections_of(subject.type)
    return section not in directives.directives(subject.systemd)


def _foreign_section(subject: Subject, name: str, line: int) -> Problem:
    message = f"systemd ignores the section [{name}]"
    owner = next((u for u, s in directives.OWN_SECTION.items() if s == name), None)
    if owner:
        message += f": it belongs in a .{owner} unit"
    else:
        allowed = directives.sections_of(subject.type)
        near = directives.nearest_of(name, allowed)
        if near:
            message += f"; did you mean [{near}]?"
    return SECTION.at(message, name, line=line)


def _unknown(subject: Subject, section: str, entry: Assignment) -> Problem:
    key = entry.key
    ever = directives.ever(section, key)
    if ever and ever.since > subject.systemd:
        return NEWER.at(
            f"{key} came with systemd {ever.since}, the target has {subject.systemd}",
            section,
            entry,
        )
    if ever:
        return REMOVED.at(
            f"{key} was last known to systemd {ever.until}, "
            f"the target has {subject.systemd}",
            section,
            entry,
        )
    elsewhere = directives.sections_with(key, subject.systemd)
    if elsewhere:
        fitting = [
            name for name in elsewhere if name in directives.sections_of(subject.type)
        ]
        places = " or ".join(f"[{name}]" for name in fitting or elsewhere)
        return MOVED.at(
            f"{key} belongs in {places}, not in [{section}]", section, entry
        )
    message = f"systemd knows no {key} in [{section}] and ignores it"
    near = directives.nearest(key, section, subject.systemd)
    if near:
        message += f"; did you mean {near}?"
    return UNKNOWN.at(message, section, entry)


def _judge(
    subject: Subject,
    directive: directives.Directive,
    entry: Assignment,
    fault: str | None,
) -> t.Iterator[Problem]:
    key, value, kind = entry.key, entry.value, directive.kind
    section = directive.section
    if directive.ignored:
        yield IGNORED.at(f"systemd ignores {key}", section, entry)
        return
    if kind == "obsolete_unit_deps":
        better = key.replace("Overridable", "")
        yield OBSOLETE.at(f"{key} is obsolete: write {better}", section, entry)
        return
    if subject.systemd >= _OBSOLETE_SINCE:
        better = _OBSOLETE_KINDS.get(kind, "")
        if key == "MemoryLimit":
            better = "MemoryMax"
        if better:
            yield OBSOLETE.at(f"{key} is obsolete: use {better}", section, entry)
            return
    if kind in _CANNOT and section in _CANNOT[kind]:
        yield VALUE.at(f"a .{subject.type} cannot have {key}", section, entry)
        return
    problem = fault
    if kind == "exec_cpu_sched_prio" and subject.systemd < _ANY_PRIORITY_SINCE:
        problem = problem or _priority_problem(subject, section, value)
    if problem:
        refused = directive.fatal or (
            kind in _REFUSED_KINDS and not value.startswith("-")
        )
        effect = "and refuses the unit" if refused else "and ignores it"
        comment = ""
        if _COMMENT.search(value):
            comment = " (a comment must stand on a line of its own)"
        yield VALUE.at(
            f"systemd takes no such {key} {effect}: {problem}{comment}", section, entry
        )
    elif id(entry) in subject.doubts:
        yield VALUE.at(
            f"whether systemd takes this {key} depends on the instance; of one called i "
            f"it says: {subject.doubts[id(entry)]}",
            section,
            entry,
            severity="warning",
        )
    elif ("#" in value or ";" in value) and kind not in _FREE_TEXT:
        # In a sentence a semicolon may stand alone.
        pattern = _HASH if kind == "unit_string_printf" else _COMMENT
        if pattern.search(value):
            yield COMMENT.at(
                f"the value of {key} goes on after # or ;: a comment must stand on a "
                "line of its own",
                section,
                entry,
            )
    elif kind == "exec" and "#" in value and _HASH.search(value):
        yield COMMENT.at(
            f"{key} passes # and what follows as arguments: a comment must stand on a "
            "line of its own",
            section,
            entry,
        )
    if value.startswith("/var/run/") and kind in _RUN_KINDS:
        yield LEGACY.at(f"{key}: write /run instead of /var/run", section, entry)


def _priority_problem(subject: Subject, section: str, value: str) -> str | None:
    """Before 248 the priority had to fit the policy that was assigned before it."""
    realtime = subject.value(section, "CPUSchedulingPolicy") in ("fifo", "rr", "1", "2")
    fits = value != "0" if realtime else value == "0"
    return None if fits else f"{value} does not go with the scheduling policy"


def second_trigger(subject: Subject) -> t.Iterator[Problem]:
    """A second unit to start, of a timer or a path (config_parse_trigger_unit)."""
    if subject.type not in ("timer", "path"):
        return
    section = subject.own
    entries = subject.entries(section, "Unit")
    for entry in [one for one in entries if not subject.fault(section, one)][1:]:
        yield VALUE.at(
            f"a .{subject.type} starts one unit, and systemd ignores this one",
            section,
            entry,
        )


FINDERS: t.Final = (
    finder(lines),
    finder(assignments),
    finder(second_trigger, "Unit"),
)
