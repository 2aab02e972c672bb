# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One start of the service under one setting, and what it has shown."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._sandbox.search import Setting

#: SystemCallErrorNumber=: nothing, which means that a refused call kills.
KILL = ""


@dataclass
class Trial:
    """One start of the service under one setting."""

    number: int
    setting: Setting
    passed: bool
    tried: list[str]
    message: str = ""
    ending: str = ""
    journal: list[str] = field(default_factory=list)
    audit: list[str] = field(default_factory=list)
    answer: str | None = None

    def returned(self) -> dict[str, t.Any]:
        """What the module returns of it."""
        found: dict[str, t.Any] = {
            "start": self.number,
            "tried": self.tried,
            "passed": self.passed,
        }
        if not self.passed:
            found["message"] = self.message
        return found
