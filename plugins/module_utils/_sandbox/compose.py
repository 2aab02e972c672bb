# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A setting of the knobs as the lines of a drop-in, merged as systemd merges them.

A list in a drop-in adds to the one of the unit. What allows is therefore begun anew
before it is narrowed; what denies is only ever added to.
"""

from __future__ import annotations

import typing as t

from .._tables.capabilities import NAMES as CAPABILITIES
from .._units.quote import path as quoted
from .._units.unit import Assignment, Section, Unit
from .dials import ANSWER, Knob, Observed, word
from .search import Setting

#: Where a program writes although ProtectSystem= is on.
WRITABLE = "ReadWritePaths"


def lines(
    knobs: t.Sequence[Knob],
    setting: Setting,
    seen: Observed,
    writable: t.Sequence[str] = (),
) -> list[tuple[str, str]]:
    """The directives and their values, in the order of the levels.

    Raises Unquotable for a path in `writable` that no unit can hold.
    """
    found: list[tuple[str, str]] = []
    values: dict[str, list[t.Any]] = {}
    for knob in knobs:
        if knob.name in setting:
            value = knob.grades[setting[knob.name]].value
            values.setdefault(knob.directive, []).append(value)
    for directive, parts in values.items():
        found += [(directive, text) for text in _texts(directive, parts, seen)]
        if directive == "SystemCallFilter" and not _filtered(seen):
            found.append((ANSWER, "EPERM"))
        if directive == "IPAddressDeny" and isinstance(parts[0], tuple):
            found[-1:] = [
                ("IPAddressDeny", parts[0][0]),
                ("IPAddressAllow", parts[0][1]),
            ]
        if directive == "ProtectSystem":
            # the minus: a path that is not there yet is no error
            found += [(WRITABLE, quoted(f"-{path}")) for path in writable]
    return found


def _filtered(seen: Observed) -> bool:
    return seen.declared.get("SystemCallFilter", "") not in ("", "~")


def _texts(directive: str, parts: list[t.Any], seen: Observed) -> list[str]:
    if directive == "CapabilityBoundingSet":
        declared = seen.declared.get(directive, "").upper().split()
        gone = {cap for part in parts for cap in part}
        kept = [cap for cap in CAPABILITIES if cap in declared and cap not in gone]
        return ["", " ".join(kept)] if kept else [""]
    if directive == "RestrictAddressFamilies":
        return ["", word(parts[0])]
    if directive == "SystemCallFilter":
        # the list that allows comes before what is taken from it
        flat = [
            p for part in parts for p in (part if isinstance(part, tuple) else (part,))
        ]
        allows = [text for text in flat if text.startswith("@system")]
        listed = _filtered(seen) and not seen.declared[directive].startswith("~")
        if allows and _filtered(seen) and not listed:
            # what the unit denies is denied still
            denied = seen.declared[directive][1:].strip()
            return ["", *allows, f"~{denied}", *[x for x in flat if x not in allows]]
        if not allows and not listed:
            # of a list that denies, a plain word takes away again
            return flat
        return [*allows, *[text for text in flat if text not in allows]]
    return [word(parts[0])]


def drop_in(
    found: t.Sequence[tuple[str, str]],
    comment: str,
    unit: t.Sequence[tuple[str, str]] = (),
    more: t.Sequence[tuple[str, str]] = (),
) -> str:
    """The text of a drop-in with those directives for the service.

    `unit` goes to the section of that name, `more` to the service's own.
    """
    sections = []
    if unit:
        sections.append(Section("Unit", tuple(Assignment(*pair) for pair in unit)))
    own = tuple(Assignment(*pair) for pair in (*more, *found))
    sections.append(Section("Service", own))
    return (
        "".join(f"# {row}\n" for row in comment.splitlines())
        + Unit(tuple(sections)).render()
    )
