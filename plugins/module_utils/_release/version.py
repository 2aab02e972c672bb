# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a release is called, and what is said of it inside: pure values."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The file that says, inside a release, what it was made of. No archive may bring it.
MARKER = ".activated-release.json"

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z")


class InvalidRelease(ValueError):
    """A release that cannot be installed as asked; the message names the option."""


def check_version(version: str) -> str:
    """The version, if it can name a folder; else InvalidRelease."""
    if not VERSION.match(version):
        raise InvalidRelease(
            f"version {version!r} cannot name a release: letters, digits and . _ + ~ - "
            "only, at most 100 of them, the first a letter or a digit"
        )
    return version


@dataclass(frozen=True)
class Installed:
    """What a release below `/opt` was made of."""

    digest: str
    strip_components: int = 0
