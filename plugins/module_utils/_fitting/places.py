# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Which directories may be opened to a service for no more than a line of its journal.

Anybody whose text a program logs may have written that line, and a drop-in outlives it.
"""

from __future__ import annotations

import os
import posixpath
import typing as t

from .._units.quote import Unquotable
from .._units.quote import path as quoted

#: What the system itself, its rights and its start are made of, or the kernel shows.
CLOSED = ("bin", "boot", "dev", "efi", "etc", "proc", "root", "sbin", "sys", "usr")
#: Directories of which only those below may be given: others keep their own there.
COMMON = (
    *("/", "/home", "/mnt", "/media", "/opt", "/run", "/run/user", "/srv", "/tmp"),
    *("/var", "/var/cache", "/var/lib", "/var/lib/private", "/var/spool", "/var/tmp"),
)


def may_be_given(path: str, real: t.Callable[[str], str] = os.path.realpath) -> bool:
    """Whether a directory that a journal names may be opened, links and ``..`` followed."""
    for place in (posixpath.normpath(path), real(path)):
        top = place.split("/")[1] if place.startswith("/") else ""
        if top in CLOSED or top.startswith("lib") or place in COMMON:
            return False
    return True


def can_be_written(path: str) -> bool:
    """Whether a unit can hold a path at all: one with a line break it cannot."""
    try:
        quoted(path)
    except Unquotable:
        return False
    return True
