# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is wrong with a set of units, for people to read: one line for each error."""

from __future__ import annotations

import typing as t

from .._tables.directives import NEWEST
from .judge import set_problems


def against(units: t.Mapping[str, str], systemd: int) -> list[str]:
    """Everything that keeps these units from working, told from their texts by every
    rule at once; nothing where all is well.

    A host may be newer than what is known here: its own word comes after.
    """
    return [
        f"{unit}:{p.line}: {p.message} ({p.rule})"
        if p.line
        else f"{unit}: {p.message} ({p.rule})"
        for unit, problems in set_problems(units, min(systemd, NEWEST)).items()
        for p in problems
        if p.severity == "error"
    ]
