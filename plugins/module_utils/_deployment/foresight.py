# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What the recovery of an interrupted run will lead to: check mode plans from there.

Recovery is made on paper. Its records go through the ledger as they will, and are kept in
memory; the steps of its plan are made on the values that were read from the host.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t
from dataclasses import dataclass, replace

from .._credential.plan import Holding
from .._host.files import read_text
from .._release.releases import Releases
from .deployer import Deployer
from .generation import Generation, InvalidDeployment
from .ledger import Ledger
from .plan import Plan
from .transaction import (
    ENDED,
    FINISHED,
    UNDONE,
    Open,
    back_link,
    end_all,
    interrupted,
    parts_back,
    recovering,
)
from .transition import Present, UnitState, removal_plan
from .units_dir import FOLDER

if t.TYPE_CHECKING:
    from .._units.listen import ListenAddress


class PaperLedger(Ledger):
    """A ledger that remembers what is written to it, and writes nothing."""

    def __init__(self, name: str, folder: str) -> None:
        super().__init__(name, folder)
        self._written: dict[str, str | None] = {}

    def _text(self, path: str) -> str | None:
        return self._written[path] if path in self._written else read_text(path)

    def _write(self, path: str, value: t.Any) -> None:
        self._written[path] = json.dumps(value)

    def _remove(self, path: str) -> None:
        self._written[path] = None


class PaperReleases(Releases):
    """The releases of a service, with `current` turned back, and the record with it."""

    def __init__(
        self, there: Releases, current: str | None, history: t.Sequence[str]
    ) -> None:
        opt, state = os.path.dirname(there.root), os.path.dirname(there.state)
        super().__init__(there.name, opt, state)
        self._current = current
        self._history = list(history)

    def current(self) -> str | None:
        return self._current

    def history(self) -> list[str]:
        return list(self._history)


@dataclass(frozen=True)
class Foresight:
    """What recovery will do, and what there is of each of its services afterwards."""

    plans: t.Mapping[str, Plan]
    services: t.Mapping[str, Present]
    open_now: frozenset[str] = frozenset()
    """The units of those services, which may be open now and not then."""

    @property
    def at_rest(self) -> set[str]:
        """The services of those that will not run."""
        return {
            present.generation.service
            for present in self.services.values()
            if not present.state(present.generation.service).running
        }

    def holder(
        self, address: ListenAddress, ours: t.Collection[str]
    ) -> tuple[str, str] | None:
        """The socket that will have an address, and its service, unless it is `ours`."""
        for name, present in self.services.items():
            for socket in present.generation.sockets:
                if socket in ours or present.state(socket).active != "active":
                    continue
                with contextlib.suppress(InvalidDeployment):
                    there = present.generation.addresses(socket)
                    if any(address.collides(one) for one in there):
                        return socket, name
        return None


def foresee(
    deployers: t.Sequence[Deployer], leaving: t.Collection[str] = ()
) -> Foresight:
    """Let each deployer read its service as `recover` will leave it. What is noted says
    what that will be.

    All members of a group must be among `deployers`. Raises Conflict.
    """
    for deployer in deployers:
        deployer.ledger = PaperLedger(deployer.releases.name, deployer.releases.state)
    plans: dict[str, Plan] = {}
    services: dict[str, Present] = {}
    units: set[str] = set()
    for begun in interrupted(deployers, leaving):
        for _deployer, found in begun:
            units.update(found.before.units, found.wanted.units)
        plans.update(_foresee(begun))
        for deployer, _transaction in begun:
            services[deployer.ledger.name] = deployer.read()
    return Foresight(plans, services, frozenset(units))


def _foresee(begun: t.Sequence[Open]) -> dict[str, Plan]:
    plans: dict[str, Plan] = {}
    if begun[0][1].removes:
        note, why = "a removal was interrupted before; it is finished first", FINISHED
        for deployer, _transaction in begun:
            present = deployer.read(*deployer.unfinished())
            plan = plans[deployer.ledger.name] = removal_plan(present, FOLDER)
            deployer.foreseen = Foreseen(plan, Generation(deployer.ledger.name))
            deployer.ledger.forget()
    elif any(deployer.ledger.has_ended(found) for deployer, found in begun):
        note = "the last deployment had ended, and is complete; that is put on record"
        why = ENDED
        end_all(begun)
    else:
        note, why = "a deployment was interrupted before; it is undone first", UNDONE
        for part, (deployer, found) in zip(parts_back(begun), begun):
            plans[part.name] = part.plan
            current = deployer.releases.current()
            if part.plan.subjects("switch"):
                current = found.before.release
            else:
                current = back_link(deployer, found, current)
            releases = PaperReleases(deployer.releases, current, found.history)
            deployer.foreseen = Foreseen(part.plan, found.before)
            deployer.releases = releases
            deployer.ledger.stray(False)
            deployer.ledger.close()
    for deployer, _transaction in begun:
        deployer.notes.append(note + _in_words(plans))
    return recovering(begun, plans, why)


def _in_words(plans: t.Mapping[str, Plan]) -> str:
    """The steps of each service, by its name where there are several."""
    said = []
    for name, plan in plans.items():
        steps = ", ".join(f"{c.action} {c.subject}" for c in plan) or "nothing to do"
        said.append(f"{name}: {steps}" if len(plans) > 1 else steps)
    return f" ({'; '.join(said)})" if said else ""


class Foreseen:
    """A service as it will be once a plan that leads to a generation was made so."""

    def __init__(self, plan: Plan, goal: Generation) -> None:
        self.plan = plan
        self.goal = goal

    @property
    def unexempt(self) -> bool:
        """Whether needrestart will have been told nothing of the service."""
        return bool(self.plan.subjects("readmit"))

    def of(self, present: Present) -> Present:
        """What is read of it then, from what is read of it now."""
        units, states = dict(present.generation.units), dict(present.states)
        stored = dict(present.credentials.stored)
        seen = present.credentials.seen
        access = dict(present.access)
        places = {held.source: held for held in self.goal.credentials.values()}
        for change in self.plan:
            subject = change.subject
            unit = os.path.basename(subject)
            state = states.get(unit, UnitState())
            if change.action in ("write", "guard", "remove"):
                access.pop(unit, None)
            if change.action == "write":
                units[unit] = change.after
                states[unit] = replace(state, load="loaded", fragment=subject)
            elif change.action == "remove":
                units.pop(unit, None)
                states[unit] = UnitState()
            elif change.action == "enable":
                states[unit] = replace(state, enabled="enabled")
            elif change.action == "disable":
                states[unit] = replace(state, enabled="disabled")
            elif change.action == "reload":
                states = {u: replace(s, needs_reload=False) for u, s in states.items()}
            elif change.action in ("close", "stop"):
                states[unit] = replace(state, active="inactive")
            elif change.action in ("open", "reopen", "start"):
                states[unit] = replace(state, active="active")
            elif change.action == "store" and subject in places:
                stored[subject] = places[subject].state
            elif change.action == "erase":
                stored.pop(subject, None)
        service = present.generation.service
        if self.plan.subjects("start", "refresh"):
            seen = {n: h.digest for n, h in self.goal.credentials.items() if h.is_file}
        elif not states.get(service, UnitState()).running:
            seen = None
        generation = replace(present.generation, units=units)
        holding = Holding(stored, seen)
        return replace(
            present,
            generation=generation,
            states=states,
            deaf=frozenset(),
            credentials=holding,
            access=access,
        )
