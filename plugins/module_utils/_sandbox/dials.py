# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What can be tightened of one service, as dials for the search, and what cannot.

The directives and their values are those of the levels (`MEASURES`). Here is what the
search needs besides: steps between all and nothing, how likely each is to break a
program that looks like this one, and what needs no trial, since the running program
shows that it cannot do without.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass, field

from .._tables import syscalls
from .._tables.capabilities import NAMES as CAPABILITIES
from .levels import MEASURES, Measure
from .search import Dial

#: A directive that is never a dial: it says only how a filter answers.
ANSWER = "SystemCallErrorNumber"
#: Directives that are lists of paths.
PATHS = (
    *("BindReadOnlyPaths", "InaccessiblePaths", "ReadOnlyPaths", "TemporaryFileSystem"),
)

#: Groups of calls that hardly any service has a use for, where the list is too narrow.
WORST = "~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap"


class UnknownDirective(ValueError):
    """A name that is none of the directives which are fitted; the message has the nearest."""


@dataclass(frozen=True)
class Observed:
    """What was seen of a service while it ran, and what its unit says already.

    `declared` are its directives as ``systemctl show`` prints them.
    """

    systemd: int
    declared: t.Mapping[str, str]
    activated: bool = False
    """Whether systemd opens its sockets."""
    root: bool = False
    """Whether its main process runs as root."""
    users: tuple[str, ...] = ()
    """Users that other processes of it have changed to."""
    listens: tuple[tuple[str, str], ...] = ()
    """Family (`inet`, `inet6`) and host of each address that it has opened itself."""
    low_ports: bool = False
    """Whether it has opened a port below 1024 itself."""
    families: frozenset[str] = frozenset()
    """Families of all sockets that it has: `AF_INET` and so on."""
    written: tuple[str, ...] = ()
    """Directories of the files that it has open for writing, and of its PID file."""
    homes: tuple[str, ...] = ()
    """What it uses below the homes."""
    devices: tuple[str, ...] = ()
    """Devices that it has open, but for those that PrivateDevices= leaves."""
    executable: str = ""
    """A piece of memory that it can both write and execute; empty where there is none."""
    neighbours: tuple[str, ...] = ()
    """Other units whose processes run as its user."""
    keeps_state: bool = False
    """Whether systemd makes directories for it that outlive a run."""


@dataclass(frozen=True)
class Grade:
    """One value of a dial, and how likely it is to break the program."""

    value: t.Any
    risk: float


@dataclass(frozen=True)
class Knob:
    """A dial with what it stands for: grades of one directive, the tightest first.

    `part` tells apart several knobs of one directive, each of which takes something
    away from it.
    """

    directive: str
    grades: tuple[Grade, ...]
    part: str = ""

    @property
    def name(self) -> str:
        return f"{self.directive} {self.part}" if self.part else self.directive

    @property
    def dial(self) -> Dial:
        return Dial(self.name, tuple(grade.risk for grade in self.grades))

    def said(self, grade: int) -> str:
        """A grade for people, as a line of a unit."""
        value = self.grades[grade].value
        if self.directive == "CapabilityBoundingSet":
            more = f" and {len(value) - 3} more" if len(value) > 4 else ""
            return f"{self.directive}=~{' '.join(value[:3] if more else value)}{more}"
        words = value if isinstance(value, tuple) else (value,)
        return f"{self.directive}={' '.join(word(w) for w in words)}"


@dataclass(frozen=True)
class Plan:
    """The knobs to turn, and the directives that are left as they are, with the reason."""

    knobs: tuple[Knob, ...] = ()
    left: dict[str, str] = field(default_factory=dict)


def word(value: t.Any) -> str:
    """A value as a unit has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


#: How likely a directive is to break a program of which nothing is known. What is not
#: here is one of the many that hardly a service notices.
RISKS = {
    "DynamicUser": 0.3,
    "IPAddressDeny": 0.3,
    "MemoryDenyWriteExecute": 0.1,
    "PrivateNetwork": 0.3,
    "PrivateUsers": 0.1,
    "ProcSubset": 0.1,
    "ProtectHome": 0.05,
    "ProtectSystem": 0.15,
    "RestrictAddressFamilies": 0.15,
    "UMask": 0.05,
}
RARE = 0.01
#: What is left to a grade that is looser than one that failed.
LOOSER = 0.3

#: Capabilities that belong together: a program that needs one is likely to need the
#: others. What is in none of them is one group more.
TOGETHER: tuple[tuple[str, ...], ...] = (
    ("CAP_SETUID", "CAP_SETGID"),
    ("CAP_CHOWN",),
    ("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"),
    ("CAP_FOWNER", "CAP_FSETID"),
    ("CAP_KILL",),
    ("CAP_NET_BIND_SERVICE",),
    ("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BROADCAST"),
    ("CAP_SYS_RESOURCE", "CAP_SYS_NICE", "CAP_IPC_LOCK"),
)
#: How likely a program that runs as root is to need each of them.
ROOTS = (0.2, 0.15, 0.3, 0.1, 0.1, 0.05, 0.05, 0.05)
#: Of all others, those that a program is likely to miss.
SOUGHT = (
    *("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SETPCAP"),
    "CAP_AUDIT_WRITE",
)
#: What a service that changes its user asks of the kernel, of all that @privileged is.
CHANGES_USER = "@setuid @chown"


def check_names(
    names: t.Iterable[str], measures: t.Sequence[Measure] = MEASURES
) -> list[str]:
    """What can be fitted; raises UnknownDirective where one of the names cannot."""
    known = [m.directive for m in measures if m.directive != ANSWER]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise UnknownDirective(f"{name!r} is none of what is fitted; {hint}")
    return known


def plan(
    seen: Observed,
    only: t.Collection[str] = (),
    keep: t.Collection[str] = (),
    measures: t.Sequence[Measure] = MEASURES,
) -> Plan:
    """The knobs for a service. Raises UnknownDirective for a name in `only` or `keep`."""
    known = check_names((*only, *keep), measures)
    knobs: list[Knob] = []
    left: dict[str, str] = {}
    for measure in measures:
        name = measure.directive
        if name not in known:
            continue
        if (only and name not in only) or name in keep:
            left[name] = "it was asked to be left alone"
        elif measure.since > seen.systemd:
            left[name] = f"it came with systemd {measure.since}"
        else:
            turned, reason = _knobs(measure, seen)
            knobs += turned
            if reason:
                left[name] = reason
    return Plan(tuple(knobs), left)


def _knobs(measure: Measure, seen: Observed) -> tuple[list[Knob], str]:
    """The knobs of one directive, and why there are fewer than there could be."""
    name = measure.directive
    if name == "CapabilityBoundingSet":
        return _capabilities(seen)
    if name == "SystemCallFilter":
        return _calls(measure, seen)
    declared = seen.declared.get(name, "")
    values: list[t.Any] = []
    for level in ("sealed", "strict", "default"):
        value = measure.value(level)
        if value is not None and value not in values:
            values.append(value)
    values += [v for v in FINER.get(name, ()) if v not in values]
    if _same(name, values[0], declared):
        return [], ""  # it has all that there is already
    reason = _needed(name, seen)
    if name in _FEWER:
        fewer = _FEWER[name](values, seen)
        reason = reason if fewer[:1] != values[:1] else ""
        values = fewer
    elif reason:
        values = []
    values = _tighter(name, values, declared)
    first = RISKS.get(name, RARE)
    grades = [
        Grade(value, first if index == 0 else LOOSER)
        for index, value in enumerate(values)
    ]
    knobs = [Knob(name, tuple(grades))] if grades else []
    return knobs, reason


#: Values between those of the levels and nothing, the tightest first.
FINER: dict[str, tuple[t.Any, ...]] = {
    "ProtectSystem": ("strict", "full", True),
    "ProtectHome": (True, "tmpfs", "read-only"),
    "UMask": ("0077", "0027"),
    "IPAddressDeny": ("any", ("any", "localhost")),
    "ProtectProc": ("invisible", "noaccess"),
}


def _address_families(values: list[t.Any], seen: Observed) -> list[t.Any]:
    """Only what holds the families that it has already, less those it does not declare."""
    declared = seen.declared.get("RestrictAddressFamilies", "")
    kept: list[t.Any] = []
    for value in values:
        families = set(str(value).split())
        if declared and not declared.startswith(("~", "none")):
            families &= set(declared.split())
        text = " ".join(sorted(families))
        if families and seen.families <= families and text not in kept:
            kept.append(text)
    return kept


def _addresses(values: list[t.Any], seen: Observed) -> list[t.Any]:
    """Nothing where it serves others; its own host alone where it listens there alone."""
    if not seen.listens:
        return values if seen.activated else []
    loopback = all(
        host.startswith("127.") or host == "::1" for _f, host in seen.listens
    )
    return [value for value in values if value != "any"] if loopback else []


_FEWER: dict[str, t.Callable[[list[t.Any], Observed], list[t.Any]]] = {
    "RestrictAddressFamilies": _address_families,
    "IPAddressDeny": _addresses,
}


def _needed(name: str, seen: Observed) -> str:
    """What was seen of the program that speaks against a directive; empty if nothing."""
    if name == "DynamicUser":
        return _no_dynamic_user(seen)
    if name == "PrivateUsers" and seen.users:
        return (
            f"its processes change to {' and '.join(seen.users)}, whom a user "
            "name space of its own does not have"
        )
    if name in ("PrivateNetwork", "IPAddressDeny"):
        if seen.listens:
            hosts = ", ".join(sorted({host for _family, host in seen.listens}))
            return f"it opens its sockets itself, at {hosts}"
        if not seen.activated:
            return "systemd opens no socket for it"
        return ""
    if name == "RestrictAddressFamilies" and seen.families:
        return f"it has sockets of {' '.join(sorted(seen.families))}"
    if name == "MemoryDenyWriteExecute" and seen.executable:
        return f"it has memory to write and to execute: {seen.executable}"
    if name in ("PrivateDevices", "DevicePolicy") and seen.devices:
        return f"it has {', '.join(seen.devices)} open"
    if name == "RemoveIPC":
        if seen.root:
            return "it has no effect on what runs as root"
        if seen.neighbours:
            return f"its user runs {', '.join(seen.neighbours)} as well"
    return ""


def _no_dynamic_user(seen: Observed) -> str:
    if seen.declared.get("User"):
        return f"it has a user of its own already: {seen.declared['User']}"
    if seen.keeps_state:
        return "its directories would be given to another user, and a trial could not take that back"
    if not seen.activated:
        return "it opens its sockets itself, as root"
    if seen.users:
        return f"it changes to {' and '.join(seen.users)} by itself"
    if seen.written:
        return f"it writes to {', '.join(seen.written)} as root"
    return ""


def _tighter(name: str, values: list[t.Any], declared: str) -> list[t.Any]:
    """Those that are tighter than what the unit has already."""
    kept = []
    for value in values:
        if _same(name, value, declared):
            break
        kept.append(value)
    return kept


def _same(name: str, value: t.Any, declared: str) -> bool:
    if name in ("SystemCallArchitectures", "IPAddressDeny"):
        return declared not in ("", "~")
    if name == "DevicePolicy":
        return declared in ("closed", "strict")
    if name == "UMask":
        have, want = int(declared or "0022", 8), int(str(value), 8)
        return have & want == want
    if name == "RestrictAddressFamilies":
        return sorted(declared.split()) == sorted(str(value).split())
    if name in PATHS:
        # systemctl shows the source, the target and the flags of a bind
        have_ = {part.lstrip("-+").split(":")[0] for part in declared.split()}
        return {w.lstrip("-+").split(":")[0] for w in str(value).split()} <= have_
    return declared == word(value)


def _capabilities(seen: Observed) -> tuple[list[Knob], str]:
    have = {
        name.upper() for name in seen.declared.get("CapabilityBoundingSet", "").split()
    }
    if not have:
        return [], ""
    name = "CapabilityBoundingSet"
    if not seen.root:
        all_ = tuple(cap for cap in CAPABILITIES if cap in have)
        # what it lost when it left root, or never had: only ambient ones are missed
        ambient = bool(seen.declared.get("AmbientCapabilities"))
        return [Knob(name, (Grade(all_, 0.5 if ambient else 0.02),), "all")], ""
    knobs, reasons = [], []
    rest = set(have)
    for group, risk in zip(TOGETHER, ROOTS):
        rest -= set(group)
        mine = tuple(cap for cap in group if cap in have)
        if not mine:
            continue
        if "CAP_SETUID" in mine and seen.users:
            reasons.append(
                f"{' '.join(mine)}: its processes change to {' and '.join(seen.users)}"
            )
        elif "CAP_NET_BIND_SERVICE" in mine and seen.low_ports:
            reasons.append(f"{' '.join(mine)}: it opens a port below 1024 itself")
        else:
            knobs.append(Knob(name, (Grade(mine, risk),), " ".join(mine)))
    others = tuple(cap for cap in CAPABILITIES if cap in rest)
    if others:
        fewer = tuple(cap for cap in others if cap not in SOUGHT)
        grades = [Grade(others, 0.05)] + ([Grade(fewer, 0.1)] if fewer else [])
        knobs.append(Knob(name, tuple(grades), "all others"))
    return knobs, "; ".join(reasons)


def _calls(measure: Measure, seen: Observed) -> tuple[list[Knob], str]:
    """The list that allows, and each group that is taken from it."""
    name = "SystemCallFilter"
    lines = measure.value("strict") or measure.value("default")
    lines = [lines] if isinstance(lines, str) else list(lines)
    base = [line for line in lines if not line.startswith("~")]
    denied = [w for line in lines if line.startswith("~") for w in line[1:].split()]
    declared = set(seen.declared.get(name, "").split())
    listed = bool(declared) and not seen.declared[name].startswith("~")
    knobs, reason = [], ""
    if base and not listed:
        list_ = " ".join(base)
        grades = [
            Grade(list_, 0.1),
            Grade(f"{list_} @mount", LOOSER),
            Grade(WORST, LOOSER),
        ]
        knobs.append(Knob(name, tuple(grades), "list"))
    for group in denied:
        members = syscalls.members(group, seen.systemd) or frozenset()
        if listed and not declared & members:
            continue
        grades = [Grade(f"~{group}", 0.1)]
        if group == "@privileged":
            grades = [Grade(f"~{group}", 0.3 if seen.root else 0.05)]
            back = _calls_back(declared if listed else None, seen.systemd)
            if seen.users:
                grades = []
                reason = f"{CHANGES_USER}: its processes change to {' and '.join(seen.users)}"
            if back:
                grades.append(Grade((f"~{group}", back), 0.1))
        if grades:
            knobs.append(Knob(name, tuple(grades), group))
    return knobs, reason


def _calls_back(listed: t.Collection[str] | None, systemd: int) -> str:
    """What is allowed again after @privileged was taken away: of a list of the unit's
    own nothing that it had not allowed before."""
    if listed is None:
        return CHANGES_USER
    calls: set[str] = set()
    for group in CHANGES_USER.split():
        calls |= syscalls.members(group, systemd) or frozenset()
    return " ".join(sorted(calls & set(listed)))
