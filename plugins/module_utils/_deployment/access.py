# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Who may change a file that tells root what to run: root alone."""

from __future__ import annotations

import typing as t


class Access(t.NamedTuple):
    """The owner and the mode of a file."""

    uid: int
    mode: int

    def __str__(self) -> str:
        """As it is shown in a diff."""
        return f"owner: {self.uid}\nmode: {self.mode:04o}\n"

    @property
    def is_open(self) -> bool:
        """Whether others than root may write the file. A list of access rights shows in
        the bits of the group (acl(5))."""
        return self.uid != OURS.uid or bool(self.mode & 0o022)

    def differs(self) -> str:
        """What differs from OURS, in words."""
        said = []
        if self.uid != OURS.uid:
            said.append(f"it belongs to the user {self.uid}")
        if self.mode != OURS.mode:
            said.append(f"its mode is {self.mode:04o}")
        others = ": others than root may change what root runs" if self.is_open else ""
        return " and ".join(said) + others


# What is given to every unit file, and to what needrestart is told.
OURS = Access(0, 0o644)
