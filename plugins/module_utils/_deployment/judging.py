# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is refused before one file changes, for all services of a run together."""

from __future__ import annotations

import os
import tempfile
import typing as t

from .._host.files import read_text
from .._host.proc import Proc
from .._release.version import InvalidRelease
from .deployer import DeploymentFailed
from .generation import InvalidDeployment, owner_of
from .holders import Holder, holders
from .part import Part
from .ties import fall_together
from .together import naming
from .transition import Conflict
from .units_dir import FOLDER

if t.TYPE_CHECKING:
    from .._units.listen import ListenAddress
    from .foresight import Foresight


def judge(
    parts: t.Sequence[Part],
    leaving: t.Collection[str] = (),
    foresight: Foresight | None = None,
) -> None:
    """Refuse what cannot become good, before one file changes.

    `leaving` are units that go in this run, of services that are not wanted any more.
    `foresight` is what will have been done before the plans, in check mode.
    What was given up before has a `failure` then, and is left out, with whatever an address
    passes between. Raises InvalidDeployment, InvalidRelease and Conflict.
    """
    for part in parts:
        part.failure = _given_up_before(part)
    fall_together(parts)
    going = [part for part in parts if not part.failure]
    ours = {*leaving, *(unit for part in going for unit in part.present.states)}
    # What a program opened by itself goes with it, and comes back where it starts again
    # without a socket of its own.
    resting = {unit for unit in leaving if unit.endswith(".service")}
    resting |= {
        part.wanted.service
        for part in going
        if part.wanted.sockets and part.plan.subjects("stop")
    }
    for part in going:
        with naming(part.name, parts):
            if part.wanted.release:
                part.deployer.releases.check_place()
            if part.plan.changed:
                _refuse_taken_addresses(part, ours, resting, foresight)
    fresh = [part for part in going if part.plan.subjects("write", "switch")]
    if fresh:
        _verify(fresh)
    for part in going:
        with naming(part.name, parts):
            part.deployer.refuse_exposed(part.wanted, part.present)


def _given_up_before(part: Part) -> DeploymentFailed | None:
    """Why a part is not deployed again by itself; None where it may be."""
    deployer = part.deployer
    why = deployer.ledger.voided().get(part.wanted.fingerprint())
    if not why or deployer.terms.force or not part.plan.changed:
        return None
    return DeploymentFailed(
        f"this is what was given up before ({why}); it is not deployed again "
        "until its release or its description changes, or force is set"
    )


def _verify(parts: t.Sequence[Part]) -> None:
    """Have the host's systemd verify all units as one set."""
    # It is not needed where nothing changes.
    from .._host.verify import verify_units

    deployer = parts[0].deployer
    units: dict[str, str] = {}
    programs: dict[str, str] = {}
    coming: list[str] = []
    for part in parts:
        units.update(part.wanted.units)
        if part.wanted.release:
            releases = part.deployer.releases
            below = releases.path(part.wanted.release) + "/"
            # A unit may go through `current`, which does not lead there yet.
            programs[releases.link + "/"] = below
            if not os.path.isdir(below):
                coming.append(below)
                if not part.deployer.terms.check_mode:
                    raise InvalidRelease(
                        f"release {part.wanted.release} is not installed; "
                        "activated.services.release installs it"
                    )
    _judge_texts(units, deployer.systemd)
    with tempfile.TemporaryDirectory(prefix="activated-") as stage:
        messages = verify_units(deployer.run, units, stage, deployer.systemd, programs)
    # In check mode a release that would be installed first is not there yet;
    # whether it holds its program is for the module `release` to say.
    against = [
        f"{m.unit}:{m.line}: {m.message}" if m.line else f"{m.unit}: {m.message}"
        for m in messages
        if not (
            "not executable" in m.message and any(each in m.message for each in coming)
        )
    ]
    if against:
        raise InvalidDeployment(
            f"systemd {deployer.systemd} on the host refuses these units; nothing was "
            "changed:\n" + "\n".join(against)
        )


def _judge_texts(units: t.Mapping[str, str], systemd: int) -> None:
    """Refuse what is told to be wrong from the text alone, by every rule at once."""
    from .._rules.verdict import against

    lines = against(units, systemd)
    if lines:
        raise InvalidDeployment(
            f"these units cannot work with systemd {systemd}; nothing was "
            "changed:\n" + "\n".join(lines)
        )


def _refuse_taken_addresses(
    part: Part,
    ours: t.Collection[str],
    resting: t.Collection[str],
    foresight: Foresight | None,
) -> None:
    """`ours` are units of this run: what their sockets hold is given up where another gets
    it. `resting` are services that give up what they opened by themselves."""
    proc = Proc()
    resting = {*resting, *(foresight.at_rest if foresight else ())}
    for socket in part.plan.subjects("open", "reopen"):
        if socket not in part.wanted.sockets:
            continue
        for address in part.wanted.addresses(socket):
            for holder in holders(address, proc):
                opened = _opened_by(part, address) if holder.pid == 1 else set()
                if opened & set(ours):
                    continue
                if foresight and opened & foresight.open_now:
                    continue  # who has it then is asked below
                if holder.unit == part.wanted.service or holder.unit in resting:
                    continue  # it binds the port by itself, and will rest first
                _refuse_taken(socket, address, _way_out(part, address, holder))
            there = foresight.holder(address, ours) if foresight else None
            if there:
                _refuse_taken(socket, address, _its_own(address, *there))


def _refuse_taken(socket: str, address: ListenAddress, why: str) -> None:
    raise Conflict(f"{socket} cannot listen on {address}: {why}; nothing was changed")


def _way_out(part: Part, address: ListenAddress, holder: Holder) -> str:
    """Who holds an address, and what can be done about it."""
    units = sorted(_opened_by(part, address)) if holder.pid == 1 else []
    if not units:
        return f"{holder}. Stop that program, or give the socket another address"
    text = read_text(os.path.join(FOLDER, units[0]))
    owner = owner_of(text) if text else None
    if owner:
        return _its_own(holder.address, units[0], owner)
    return (
        f"{holder.address} is held by {units[0]}. Stop that unit, or give the socket "
        "another address"
    )


def _its_own(address: ListenAddress, unit: str, owner: str) -> str:
    return (
        f"{address} is held by {unit} of the service {owner}. Deploy {owner} without it "
        "first or in the same run, or give the socket another address"
    )


def _opened_by(part: Part, address: ListenAddress) -> set[str]:
    text = str(address.port) if address.host else address.path
    return {
        row["unit"]
        for row in part.deployer.manager.sockets()
        if row["listen"] == text or row["listen"].endswith(f":{text}")
    }
