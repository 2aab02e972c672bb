# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""How a deployment is made, whatever is deployed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Terms:
    """What is said of a deployment beside what it is to bring."""

    keep: int | None = 3
    """How many releases stay; None to take none away."""
    timeout: float = 30.0
    rollback: bool = True
    force: bool = False
    exposure_max: float | None = None
    needrestart: str | None = None
    """`report`, `restart`, or None to leave what needrestart was told as it is."""
    check_mode: bool = False
