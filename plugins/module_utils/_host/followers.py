# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The units that stop when a service does, and may be missed by others."""

from __future__ import annotations

import contextlib
import typing as t

from .manager import Manager, ManagerError

#: Properties of a unit that name those which stop with it, by what those units say
#: (systemd.unit(5)).
STOPS_TOO = {
    "ConsistsOf": "PartOf=",
    "BoundBy": "BindsTo=",
    "RequiredBy": "Requires=",
    "PropagatesStopTo": "StopPropagatedFrom=",
}
#: States in which a unit does something that a stop would end.
RUNNING = ("active", "activating", "reloading", "refreshing")


def followers(
    manager: Manager,
    shown: t.Mapping[str, str],
    service: str,
    own: t.Collection[str] = (),
) -> dict[str, str]:
    """The units that run and stop with a service, with the line that says so.

    `shown` are the properties STOPS_TOO of the service, `own` units that are no matter
    here. What stops with one of these stops, too. Raises ManagerError.
    """
    found: dict[str, str] = {}
    seen = {service, *own}
    todo = _next(shown, service, seen)
    while todo:
        seen |= set(todo)
        rows = manager.show(sorted(todo), ["ActiveState", *STOPS_TOO])
        more: dict[str, str] = {}
        for unit, row in rows.items():
            if row.get("ActiveState") in RUNNING:
                found[unit] = todo[unit]
            more.update(_next(row, unit, seen))
        todo = more
    return found


def _next(
    shown: t.Mapping[str, str], above: str, seen: t.Collection[str]
) -> dict[str, str]:
    return {
        unit: f"{directive}{above}"
        for name, directive in STOPS_TOO.items()
        for unit in shown.get(name, "").split()
        if unit not in seen
    }


def refusal(found: t.Mapping[str, str], service: str) -> str:
    """Why a service with such units is not stopped unasked, and the way out."""
    units = ", ".join(f"{unit} ({line})" for unit, line in found.items())
    one = len(found) == 1
    return (
        f"{units} {'stops' if one else 'stop'} with {service}. "
        f"accept: [rest] lets {'it' if one else 'them'}, and starts "
        f"{'it' if one else 'them'} again at the end"
    )


def start_again(manager: Manager, units: t.Iterable[str]) -> list[str]:
    """Start those of the units that do not run any more; what was started.

    Raises ManagerError after all were tried, when one of them could not be started.
    """
    asked = list(units)
    rows = manager.show(asked, ["ActiveState"])
    down = [x for x in asked if rows[x].get("ActiveState") not in RUNNING]
    failure: ManagerError | None = None
    for unit in down:
        with contextlib.suppress(ManagerError):  # it may have no failure to forget
            manager.reset_failed(unit)
        try:
            manager.start(unit)
        except ManagerError as exc:
            failure = exc
    if failure:
        raise failure
    return down
