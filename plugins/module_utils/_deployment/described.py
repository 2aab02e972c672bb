# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Whether a service is as described, and what is said of it then.

The light module `described` and the transaction itself ask here: what the one takes for
as described, the other would leave alone.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from .generation import Generation
from .plan import Plan
from .reader import Reader
from .together import naming
from .transition import Present
from .wish import Wish


@dataclass(frozen=True)
class Found:
    """A service as it is wanted and as it is, and what there is to do."""

    wanted: Generation
    present: Present
    plan: Plan


def as_described(wish: Wish, reader: Reader) -> Found | None:
    """What was found where there is nothing to do; else None. No run of it was
    interrupted.

    Raises Conflict, InvalidRelease, Unmeasured, and what a wish can be refused for.
    """
    if wish.state != "present":
        return None
    wanted = reader.fulfil(wish.generation)
    if reader.ledger.deployed() != wanted:
        return None
    present = reader.read(wanted)
    plan = reader.plan(wanted, present)
    if plan.changed:
        return None
    if wanted.release:
        reader.releases.check_place()
    reader.refuse_exposed(wanted, present)
    return Found(wanted, present, plan)


def all_as_described(
    asked: t.Sequence[tuple[Wish, Reader]],
) -> list[Found] | None:
    """What was found where there is nothing to do for any of them; else None."""
    if any(reader.ledger.transaction() or reader.left() for _wish, reader in asked):
        return None  # before one that is refused keeps another from being undone
    every = []
    for wish, reader in asked:
        with naming(wish.generation.name, asked):
            found = as_described(wish, reader)
            if found is None:
                return None
            every.append(found)
    return every


def report(wish: Wish, reader: Reader, found: Found) -> dict[str, t.Any]:
    """What a module returns of one service: what is, or was, or would be done, and what
    is there now. Raises Unmeasured."""
    plan, present, here = found.plan, found.present, found.present.generation
    result: dict[str, t.Any] = {
        "changed": plan.changed,
        "plan": plan.as_dicts(),
        "diff": plan.diff(),
        "systemd": reader.systemd,
        "notes": reader.notes,
        "service": {
            "name": here.service,
            "state": present.state(here.service).active,
            "sockets": {
                unit: state.active
                for unit, state in present.states.items()
                if unit.endswith(".socket")
            },
            "release": here.release,
        },
    }
    if wish.state == "absent":
        result["kept"] = kept(here.name)
    else:
        result["exposure"] = reader.exposure(found.wanted, present)
    if wish.sandbox:
        result["sandbox"] = wish.sandbox
        reader.notes += [
            f"systemd {reader.systemd} has no {row['directive']} (since "
            f"{row['since']}), which the sandbox asks for; that costs "
            f"{row['exposure']} in exposure"
            for row in wish.sandbox["missing"]
        ]
    return result


def report_several(said: t.Mapping[str, dict[str, t.Any]]) -> dict[str, t.Any]:
    """What a module returns of several services, from what it returns of each."""
    return {
        "changed": any(each["changed"] for each in said.values()),
        "diff": [text for each in said.values() for text in each.pop("diff")],
        "systemd": next((each["systemd"] for each in said.values()), None),
        "services": dict(said),
    }


def kept(name: str) -> list[str]:
    """What a removal leaves: what the program itself stored."""
    kinds = ("lib", "lib/private", "log", "log/private", "cache", "cache/private")
    places = [f"/var/{kind}/{name}" for kind in kinds]
    return [place for place in places if os.path.isdir(place)]
