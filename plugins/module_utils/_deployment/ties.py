# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Which services of a run pass an address between them.

Such services stand or fall together: what one gives up for good is served by the other,
or the first has it back.
"""

from __future__ import annotations

import typing as t

from .._host.proc import Proc
from .deployer import DeploymentFailed
from .holders import holders
from .part import Part
from .plan import Change, Plan
from .transition import held

if t.TYPE_CHECKING:
    from .._units.listen import ListenAddress


def give_way(parts: t.Sequence[Part]) -> None:
    """Let each plan close, before anything is opened, what another part gets.

    A socket that is not wanted any more is closed anyway; this is about one that is to
    listen elsewhere.
    """
    for giver in parts:
        closing = set(giver.plan.subjects("close"))
        found = [
            Change("close", socket, f"{taker} gets an address that it has now")
            for socket in giver.plan.subjects("reopen")
            if socket not in closing and not giver.goes
            for taker in _takers(giver, socket, parts)[:1]
        ]
        if found:
            rows = list(giver.plan)
            at = next(
                n for n, c in enumerate(rows) if c.action in ("stop", "open", "reopen")
            )
            giver.plan = Plan((*rows[:at], *found, *rows[at:]))


def _takers(giver: Part, socket: str, parts: t.Sequence[Part]) -> list[str]:
    """The sockets of other parts that get an address of this one."""
    return [
        f"{unit} of the service {taker.name}"
        for taker in parts
        if taker is not giver
        for unit in taker.plan.subjects("open", "reopen")
        if unit in taker.wanted.sockets
        if any(
            had.collides(address)
            for had in held(giver.present, socket)
            for address in taker.wanted.addresses(unit)
        )
    ]


def tied(parts: t.Sequence[Part]) -> list[list[Part]]:
    """The parts in groups: those that pass an address between them, and each other one
    alone. In the order of the parts."""
    groups = [[part] for part in parts]
    proc = Proc()
    for taker in parts:
        for giver in parts:
            if giver is taker or not _given(giver, taker, proc):
                continue
            one = next(group for group in groups if taker in group)
            other = next(group for group in groups if giver in group)
            if one is not other:
                groups.remove(other)
                one.extend(other)
    order = {id(part): number for number, part in enumerate(parts)}
    return [sorted(group, key=lambda part: order[id(part)]) for group in groups]


def fall_together(parts: t.Sequence[Part]) -> None:
    """Give a `failure` to each part that passes an address to or from one that has one:
    what is left as it is neither gives an address up nor gets another.

    A giver that went ahead would leave its address to nobody.
    """
    proc = Proc()
    coming = [part for part in parts if part.failure]
    while coming:
        left = coming.pop(0)
        for part in parts:
            if part.failure:
                continue
            got = _given(left, part, proc)
            given = _given(part, left, proc)
            if got:
                part.failure = DeploymentFailed(
                    f"{got.socket} cannot listen on {got.address}: {got.holder} of the "
                    f"service {left.name} has it, and {left.name} is left as it is. "
                    f"Mend {left.name}, or give the socket another address; nothing of "
                    f"{part.name} was changed"
                )
            elif given:
                part.failure = DeploymentFailed(
                    f"{given.socket} of the service {left.name} was to get "
                    f"{given.address} from {given.holder}, and {left.name} is left as it "
                    f"is: they stand or fall together. Mend {left.name}, or leave it out "
                    f"of the run; nothing of {part.name} was changed"
                )
            if part.failure:
                coming.append(part)


class Passing(t.NamedTuple):
    """An address that passes from one service to another."""

    address: ListenAddress
    holder: str
    """The unit that has it."""
    socket: str
    """The one that gets it."""


def _given(giver: Part, taker: Part, proc: Proc) -> Passing | None:
    """An address that a part takes and another one has now; None where there is none."""
    for unit in taker.plan.subjects("open", "reopen"):
        if unit not in taker.wanted.sockets:
            continue
        for address in taker.wanted.addresses(unit):
            for socket in giver.present.states:
                if socket.endswith(".socket") and any(
                    there.collides(address) for there in held(giver.present, socket)
                ):
                    return Passing(address, socket, unit)
            service = giver.wanted.service
            if any(h.unit == service for h in holders(address, proc)):
                return Passing(address, service, unit)
    return None
