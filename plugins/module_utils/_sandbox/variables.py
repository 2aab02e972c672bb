# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A fitted unit of this collection as the variables that give the same sandbox."""

from __future__ import annotations

import typing as t

from .._units.unit import Unit
from .._units.words import split_words
from .compose import WRITABLE
from .dials import PATHS, word
from .levels import LEVELS, MEASURES, Sandbox
from .measures import DEFAULT_PIN, LISTS, NEWEST_PIN

#: Directives whose value is a set of words: their order says nothing.
SETS = ("CapabilityBoundingSet", "RestrictAddressFamilies", *PATHS)


def variables(
    texts: t.Sequence[str], drop_in: str, systemd: int, declared: t.Mapping[str, str]
) -> dict[str, t.Any]:
    """The role's variables that make of the unit what the drop-in makes of it.

    `declared` is what systemd shows of the unit: what one directive brings with it is
    there although no line says so. The level is the one that needs the fewest
    exceptions, the tightest of several; a pin other than the usual one counts as one.
    """
    unit = Unit.parse(texts[0]).merged(
        *(Unit.parse(text) for text in (*texts[1:], drop_in))
    )
    final = {m.directive: unit.effective("Service", m.directive) for m in MEASURES}
    # of a directive that is given but empty, the emptiness is what is meant
    empty = {name for name in final if unit.values("Service", name) and not final[name]}
    fits: list[tuple[int, dict[str, t.Any], dict[str, t.Any]]] = []
    newer = min(systemd, NEWEST_PIN)
    pins = (DEFAULT_PIN, newer) if newer > DEFAULT_PIN else (DEFAULT_PIN,)
    for level, pin in ((x, pin) for x in reversed(LEVELS[1:]) for pin in pins):
        said: dict[str, t.Any] = {"level": level}
        if pin != DEFAULT_PIN:
            said["version"] = pin
        named = Sandbox.parse(said, systemd)
        exceptions: dict[str, t.Any] = {}
        for measure in MEASURES:
            name = measure.directive
            there = name in named.directives
            want = named.directives.get(name)
            have = final[name]
            if not have and name not in empty:
                if there and declared.get(name) != word(want):
                    exceptions[name] = None
            elif measure.since > systemd:
                continue
            elif not there or _texts(name, want) != _normal(name, have):
                exceptions[name] = _plain(name, have)
        fits.append((len(exceptions) + len(said), said, exceptions))
    _count, said, exceptions = min(fits, key=lambda one: one[0])
    if exceptions:
        said["except"] = exceptions
    found: dict[str, t.Any] = {
        "service_sandbox": said if len(said) > 1 else said["level"]
    }
    more = {}
    for name in (WRITABLE, "IPAddressAllow"):
        added = Unit.parse(drop_in).values("Service", name) if drop_in else []
        if added and name == WRITABLE:
            # the role quotes them itself
            words = [w for value in added for w in split_words(value, relax=True)]
            more[name] = [w.replace("%%", "%") for w in words]
        elif added:
            more[name] = added
    if more:
        found["service_directives"] = {"Service": more}
    return found


def _texts(name: str, value: t.Any) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return _normal(name, [word(v) for v in values])


def _normal(name: str, values: t.Sequence[str]) -> list[str]:
    """A value so that what means the same is the same."""
    switch = {
        "true": "yes",
        "1": "yes",
        "on": "yes",
        "false": "no",
        "0": "no",
        "off": "no",
    }
    if name in SETS:
        return sorted({w for value in values for w in value.split()})
    if name == "SystemCallFilter":
        flat = []
        for value in values:
            mark = "~" if value.startswith("~") else ""
            flat += [mark + w for w in value.lstrip("~").split()]
        return flat
    return [switch.get(value.lower(), value) for value in values[-1:] if value]


def _plain(name: str, values: t.Sequence[str]) -> t.Any:
    if name in LISTS:
        # what is excepted is added to the level's list: an empty value begins anew
        return ["", *(value for value in values if value)]
    switch = {"yes": True, "true": True, "no": False, "false": False}
    last = values[-1] if values else ""
    return switch.get(last, last)
