# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a generation says of its credentials, and what changes from one to the next. Pure.

Of a secret there is its digest and nothing else.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._deployment.generation import Generation
from .._deployment.plan import Change
from .._units.unit import Unit

LOST: t.Final = ""
"""The state of a stored file that this host cannot open."""
EXPOSED: t.Final = "!"
"""The state of one that is not root's alone."""
_UNUSABLE: t.Final = {
    LOST: "what is there cannot be opened on this host",
    EXPOSED: "what is there is not root's alone",
}


@dataclass(frozen=True)
class Holding:
    """The credentials as they are on the host."""

    stored: t.Mapping[str, str] = field(default_factory=dict)
    """Files of ours that are there -> their state, or LOST, or EXPOSED."""
    seen: t.Mapping[str, str] | None = None
    """What the running service sees: names -> digests. None where it does not run."""


def storing(wanted: Generation, holding: Holding) -> list[Change]:
    """What is to be written to the store."""
    changes = []
    for _name, held in sorted(wanted.credentials.items()):
        there = holding.stored.get(held.source)
        if not held.stored or there == held.state:
            continue
        reason = "it is not there"
        if there in _UNUSABLE:
            reason = _UNUSABLE[there]
        elif there is not None:
            same = there.partition("@")[0] == held.digest
            reason = "its expiry changes" if same else "the secret changes"
        changes.append(Change("store", held.source, reason))
    return changes


def renewing(wanted: Generation, recorded: Generation | None) -> list[Change]:
    """Files that somebody else wrote, and that are not what they were."""
    changes = []
    for name, held in sorted(wanted.credentials.items()):
        before = recorded.credentials.get(name) if recorded else None
        if held.stored or not before or before.source != held.source:
            continue
        if before.digest != held.digest:
            why = f"the credential {name} has changed there since the last deployment"
            changes.append(Change("renew", held.source, why))
    return changes


def erasing(wanted: Generation | None, holding: Holding) -> list[Change]:
    """What is to be taken out of the store."""
    kept = {held.source for held in wanted.credentials.values()} if wanted else set()
    why = "it is not wanted any more"
    return [Change("erase", x, why) for x in sorted(holding.stored) if x not in kept]


def stale(wanted: Generation, holding: Holding, recorded: Generation | None) -> str:
    """Which credentials the running service sees as they were before; '' for none."""
    if holding.seen is None:
        return ""
    names = []
    for name, held in sorted(wanted.credentials.items()):
        if held.is_file:
            seen = holding.seen.get(name)
        else:  # which of the matching names a service gets is for systemd to say
            before = recorded.credentials.get(name) if recorded else None
            seen = before.digest if before else None
        if seen != held.digest:
            names.append(name)
    if not names:
        return ""
    return f"the credential{'s' * (len(names) > 1)} {', '.join(names)} changed"


def refreshes(unit: Unit) -> bool:
    """Whether a reload of this service brings it its new credentials (systemd 260)."""
    words = " ".join(unit.effective("Service", "RefreshOnReload")).split()
    reloads = "notify-reload" in unit.effective("Service", "Type")[-1:]
    reloads = reloads or bool(unit.effective("Service", "ExecReload"))
    return reloads and bool({"credentials", "yes", "true", "1", "on"} & {*words})
