# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One credential, as a generation remembers it: of a secret its digest and nothing else."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """One credential of a generation."""

    source: str
    """The file that it is loaded from, or the pattern."""
    digest: str
    stored: bool = False
    """Whether this collection wrote that file, and takes it away again."""
    expires: str = ""

    @property
    def state(self) -> str:
        """What its stored file must be."""
        return f"{self.digest}@{self.expires}" if self.expires else self.digest

    @property
    def is_file(self) -> bool:
        return self.source.startswith("/")

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "source": self.source,
            "digest": self.digest,
            "stored": self.stored,
            "expires": self.expires,
        }

    @classmethod
    def from_dict(cls, said: t.Mapping[str, t.Any]) -> Held:
        """Read what `as_dict` gave. Raises KeyError and TypeError for anything else."""
        return cls(
            str(said["source"]),
            str(said["digest"]),
            bool(said["stored"]),
            str(said["expires"]),
        )
