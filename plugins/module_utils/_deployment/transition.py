# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""From the present generation to the wanted one: which steps, in which order, and why.

Pure: the present state is a value, the plan is a value. The order follows from what
systemd does (observed on 247 to 262):

* a service that requires its sockets may be stopped at any time, its sockets stay open;
* `restart X.socket` with such a service is the one command that changes a socket
  without losing it, and it brings the service to rest by itself;
* `start X.socket` is refused while a service runs that does not require it yet, so the
  service rests before sockets are added;
* after daemon-reload the manager shows the new addresses while the old are still open,
  so what changed is told by the texts and not by the manager's properties.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

from .._credential.plan import Holding, erasing, refreshes, renewing, stale, storing
from .._units.listen import ListenAddress
from .access import OURS, Access
from .generation import (
    ACTIVATORS,
    OWNER,
    Generation,
    InvalidDeployment,
    definition,
    owner_of,
)
from .plan import Change, Plan

Start = t.Literal["on_demand", "eager"]


class Conflict(RuntimeError):
    """The host holds something in the way; the message says what and the way out."""


@dataclass(frozen=True)
class UnitState:
    """What the manager says of one unit (`systemctl show`)."""

    load: str = "not-found"
    active: str = "inactive"
    enabled: str = ""
    needs_reload: bool = False
    fragment: str = ""
    drop_ins: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.active in ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class Present:
    """A service as it is found on the host."""

    generation: Generation
    """The unit files that are there, and the release that `current` points at."""
    recorded: Generation | None
    """What the last deployment left; None where there was none."""
    states: t.Mapping[str, UnitState] = field(default_factory=dict)
    tried: tuple[Generation, ...] = ()
    """What an interrupted run may have brought into use, whatever the files say now."""
    deaf: frozenset[str] = frozenset()
    """Sockets that are open, but not where their files say."""
    credentials: Holding = field(default_factory=Holding)
    """What is in the store, and what the running service sees of it."""
    access: t.Mapping[str, Access] = field(default_factory=dict)
    """The unit files whose owner or mode is another than that of what we write."""
    loose: tuple[str, ...] = ()
    """The units that others could write before an interrupted run put them back."""

    @property
    def others(self) -> set[str]:
        """The units of which others than root may have said what systemd has read: their
        files do not tell by what the service runs, or how its sockets are open."""
        here = {unit for unit, access in self.access.items() if access.is_open}
        return here.union(self.loose)

    @property
    def in_use(self) -> list[Generation]:
        """By what the service may run, and its sockets be open: a run that was
        interrupted has written files and not reached what was made of the old ones."""
        recorded = [self.recorded] if self.recorded else []
        return [self.generation, *recorded, *self.tried]

    def state(self, unit: str) -> UnitState:
        return self.states.get(unit, UnitState())


def make_plan(wanted: Generation, present: Present, start: str, folder: str) -> Plan:
    """The steps from `present` to `wanted`. Raises Conflict where a stranger is met.

    `folder` is where unit files are, for people to read in the plan.
    """
    _refuse_strangers(wanted, present, folder)
    disabling = _disabling(wanted, present, start)
    units = _unit_changes(wanted, present, folder)
    release = _release_changes(wanted, present)
    enabling = _enabling(wanted, present, start)
    reload = _reload(wanted, present, units, [*disabling, *enabling])
    opening = _opening(wanted, present)
    closing = [*_closing(wanted, present), *_in_the_way(wanted, present, opening)]
    rest = _rest(wanted, present, start, opening)
    running = _running(wanted, present, start, rest)
    return Plan(
        (
            # Credentials are there before the unit that loads them.
            *storing(wanted, present.credentials),
            *renewing(wanted, present.recorded),
            # A unit is disabled while its file says where it is wanted.
            *disabling,
            *units,
            *release,
            *enabling,
            *reload,
            *closing,
            *rest,
            *opening,
            *running,
            *erasing(wanted, present.credentials),
        )
    )


def removal_plan(present: Present, folder: str) -> Plan:
    """The steps to nothing: sockets first, so that no request starts it again."""
    why = "the service is not wanted any more"
    here = present.generation
    units = [u for u in sorted(here.units) if owner_of(here.units[u]) == here.name]
    active = [
        unit
        for unit, state in sorted(present.states.items())
        if state.active not in ("inactive", "")
        and (unit in units or unit not in here.units)
    ]
    steps = [Change("close", unit, why) for unit in active if unit != here.service]
    if here.service in active:
        steps.append(Change("stop", here.service, why))
    steps += [
        Change("disable", unit, why)
        for unit, state in sorted(present.states.items())
        if state.enabled == "enabled" and (unit in units or unit not in here.units)
    ]
    steps += [
        Change("remove", f"{folder}/{unit}", why, here.units[unit]) for unit in units
    ]
    # A removal that was killed has taken files away that systemd still knows.
    unread = any(
        state.needs_reload and (unit in units or unit not in here.units)
        for unit, state in present.states.items()
    )
    if units or unread:
        steps.append(Change("reload", "systemd", "unit files go"))
    return Plan((*steps, *erasing(None, present.credentials)))


def _refuse_strangers(wanted: Generation, present: Present, folder: str) -> None:
    for unit in sorted(wanted.units):
        state = present.state(unit)
        if state.load == "masked":
            raise Conflict(
                f"{unit} is masked on the host; unmask it (systemctl unmask {unit}) or "
                "give the service another name"
            )
        text = present.generation.units.get(unit)
        if text is not None and owner_of(text) != wanted.name:
            raise Conflict(
                f"{folder}/{unit} is there already and does not belong to the service "
                f"{wanted.name}; move it away or give the service another name"
            )
        if text is None and state.fragment:
            raise Conflict(
                f"{unit} is there already, at {state.fragment}, and was not made by "
                "this collection; give the service another name"
            )


def _unit_changes(wanted: Generation, present: Present, folder: str) -> list[Change]:
    changes = []
    for unit in sorted(wanted.units):
        before = present.generation.units.get(unit)
        after = wanted.units[unit]
        access = present.access.get(unit)
        if before == after:
            if access:
                changes.append(_guarding(f"{folder}/{unit}", access))
            continue
        recorded = present.recorded.units.get(unit) if present.recorded else None
        reason = "it is not there"
        if before is not None:
            by_hand = recorded is not None and recorded != before
            reason = "it was changed on the host by hand" if by_hand else "it differs"
        if access:
            reason += f"; {access.differs()}"
        changes.append(Change("write", f"{folder}/{unit}", reason, before or "", after))
    for unit in sorted(set(present.generation.units) - set(wanted.units)):
        text = present.generation.units[unit]
        if owner_of(text) == wanted.name:
            changes.append(
                Change("remove", f"{folder}/{unit}", "it is not wanted any more", text)
            )
    return changes


def _guarding(path: str, access: Access) -> Change:
    """A file that says what it is to say, and that somebody else may change. Another takes
    its place: whoever has it open keeps what is nobody's any more."""
    return Change("guard", path, access.differs(), str(access), str(OURS))


def _release_changes(wanted: Generation, present: Present) -> list[Change]:
    here = present.generation.release
    if wanted.release is None or wanted.release == here:
        return []
    return [
        Change(
            "switch",
            f"/opt/{wanted.name}/current",
            f"it points at {here}" if here else "there is none yet",
            f"{here}\n" if here else "",
            f"{wanted.release}\n",
        )
    ]


def _reload(
    wanted: Generation,
    present: Present,
    units: t.Sequence[Change],
    links: t.Sequence[Change],
) -> list[Change]:
    if units:
        # The dates of the files say nothing of what was read: who may write them sets them.
        return [Change("reload", "systemd", "unit files change")]
    if links:
        # Until it reads them, systemd 257 says of every unit of the host that it has to.
        return [Change("reload", "systemd", "what starts at boot changes")]
    stale = [unit for unit in sorted(wanted.units) if present.state(unit).needs_reload]
    if stale:
        return [
            Change(
                "reload", "systemd", f"it has not read {', '.join(stale)} as it is now"
            )
        ]
    return []


def _at_boot(wanted: Generation, unit: str, start: str) -> bool:
    return unit in wanted.units and replace(wanted, start=start).at_boot(unit)


def _enabling(wanted: Generation, present: Present, start: str) -> list[Change]:
    return [
        Change("enable", unit, "it is to be there after a boot")
        for unit in sorted(wanted.units)
        if _at_boot(wanted, unit, start)
        and (present.state(unit).enabled != "enabled" or _moves(wanted, present, unit))
    ]


def _moves(wanted: Generation, present: Present, unit: str) -> bool:
    """Whether a unit is to be started at boot by something else than until now."""
    after = definition(wanted.units[unit], "Install")
    before = [g.units[unit] for g in present.in_use if unit in g.units]
    return any(definition(text, "Install") != after for text in before)


def _disabling(wanted: Generation, present: Present, start: str) -> list[Change]:
    changes = []
    for unit in sorted(present.states):
        text = present.generation.units.get(unit, _nobodys(wanted))
        if owner_of(text) != wanted.name or present.state(unit).enabled != "enabled":
            continue
        if unit not in wanted.units:
            why = "it is not wanted any more"
        elif not _at_boot(wanted, unit, start):
            why = "it is started by a request, not at boot"
        elif _moves(wanted, present, unit):
            why = "what starts it at boot changes"
        else:
            continue
        changes.append(Change("disable", unit, why))
    return changes


def _closing(wanted: Generation, present: Present) -> list[Change]:
    """What still activates the service and is to do so no more.

    A unit whose file has gone is open all the same: a deployment that was killed after
    it removed the file has left it so.
    """
    return [
        Change("close", unit, "it is not wanted any more")
        for unit, state in sorted(present.states.items())
        if unit not in wanted.units
        and unit.endswith(ACTIVATORS)
        and state.active not in ("inactive", "")
        and owner_of(present.generation.units.get(unit, _nobodys(wanted)))
        == wanted.name
    ]


def _nobodys(wanted: Generation) -> str:
    return OWNER.format(name=wanted.name)


def _in_the_way(
    wanted: Generation, present: Present, opening: t.Sequence[Change]
) -> list[Change]:
    """Sockets that give up, in this very plan, an address that another one gets."""
    closing = []
    for change in opening:
        if change.action != "reopen" or change.subject not in wanted.sockets:
            continue
        for other in opening:
            if other.subject == change.subject or other.subject not in wanted.sockets:
                continue
            if any(
                had.collides(address)
                for had in held(present, change.subject)
                for address in wanted.addresses(other.subject)
            ):
                why = f"{other.subject} gets an address that it has now"
                closing.append(Change("close", change.subject, why))
                break
    return closing


def held(present: Present, socket: str) -> list[ListenAddress]:
    """The addresses that a socket may have open."""
    found = []
    for generation in present.in_use:
        if socket in generation.units:
            # It may have been changed by hand, to what nothing can listen on.
            with contextlib.suppress(InvalidDeployment):
                found += generation.addresses(socket)
    return found


def _rest(
    wanted: Generation, present: Present, start: str, opening: t.Sequence[Change]
) -> list[Change]:
    """A running service is brought to rest when something of it changes."""
    if not present.state(wanted.service).running:
        return []
    why = _why_rest(wanted, present)
    if not why and opening:
        why = f"{opening[0].subject} is to be {opening[0].action}ed"
    changed = stale(wanted, present.credentials, present.recorded)
    if not why and changed and refreshes(wanted.parsed(wanted.service)):
        return [Change("refresh", wanted.service, f"{changed}; a reload brings it")]
    why = why or changed
    if not why:
        return []
    again = (
        "it is started again"
        if start == "eager" or not wanted.activators
        else "its next request starts it"
    )
    return [Change("stop", wanted.service, f"{why}; {again}")]


def _why_rest(wanted: Generation, present: Present) -> str:
    recorded = present.recorded
    after = definition(wanted.units.get(wanted.service, ""))
    if any(
        definition(g.units.get(wanted.service, "")) != after for g in present.in_use
    ):
        return "its unit changes"
    if wanted.service in present.others:
        return "others may have said what it runs"
    if wanted.release is not None and (
        any(wanted.release != generation.release for generation in present.in_use)
        or (recorded and recorded.digest and recorded.digest != wanted.digest)
    ):
        return "its release changes"
    return ""


def _opening(wanted: Generation, present: Present) -> list[Change]:
    changes = []
    for unit in wanted.activators:
        kind = unit.rpartition(".")[2].capitalize()
        after = definition(wanted.units[unit], kind)
        before = [g.units[unit] for g in present.in_use if unit in g.units]
        state = present.state(unit).active
        if state != "active":
            reason = "it has failed" if state == "failed" else "it is not open"
            changes.append(Change("open", unit, reason))
        elif any(definition(text, kind) != after for text in before):
            changes.append(Change("reopen", unit, "its own definition changes"))
        elif unit in present.others:
            reason = "others may have said how it is open"
            changes.append(Change("reopen", unit, reason))
        elif unit in present.deaf:
            reason = "it is open, but not where its file says"
            changes.append(Change("reopen", unit, reason))
    return changes


def _running(
    wanted: Generation, present: Present, start: str, rest: t.Sequence[Change]
) -> list[Change]:
    if start != "eager" and wanted.activators:
        return []
    stopped = any(change.action == "stop" for change in rest)
    if present.state(wanted.service).running and not stopped:
        return []
    reason = "it runs from now on" if not rest else "it is to run all the time"
    return [Change("start", wanted.service, reason)]
