# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A plan: what differs between the wish and the host, made before anything is touched.

`changed`, the diff and what check mode shows are all read from it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that will be done: an action, on what, and why."""

    action: str
    subject: str
    reason: str
    before: str = ""
    after: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"action": self.action, "subject": self.subject, "reason": self.reason}


@dataclass(frozen=True)
class Plan:
    """Changes in the order in which they will be made."""

    changes: tuple[Change, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.changes)

    def __iter__(self) -> t.Iterator[Change]:
        return iter(self.changes)

    def subjects(self, *actions: str) -> list[str]:
        """What the changes with one of these actions are about, in order."""
        return [c.subject for c in self.changes if c.action in actions]

    def only(self, *actions: str) -> Plan:
        """The changes with one of these actions, in the same order."""
        return Plan(tuple(c for c in self.changes if c.action in actions))

    def without(self, *actions: str) -> Plan:
        """The plan but for the changes with one of these actions."""
        return Plan(tuple(c for c in self.changes if c.action not in actions))

    def as_dicts(self) -> list[dict[str, str]]:
        """The plan as a module returns it."""
        return [change.as_dict() for change in self.changes]

    def diff(self) -> list[dict[str, str]]:
        """The plan as Ansible shows it with --diff: texts, then the steps in words."""
        texts = [
            {
                "before_header": change.subject,
                "after_header": change.subject,
                "before": change.before,
                "after": change.after,
            }
            for change in self.changes
            if change.before != change.after
        ]
        steps = [f"- {c.action} {c.subject}: {c.reason}" for c in self.changes]
        if not steps:
            return texts
        return [*texts, {"prepared": "\n".join(["Plan:", *steps, ""])}]
