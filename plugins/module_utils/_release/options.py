# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The options of `release`, for its module on the host and its action plugin."""

from __future__ import annotations

import re
import typing as t

CHECKSUM_FORM = re.compile(r"sha256:[0-9a-fA-F]{64}\Z")

# What is said of one release, alone or as one of several.
ONE: dict[str, dict[str, t.Any]] = {
    "src": {"type": "str"},
    "remote_src": {"type": "bool", "default": False},
    "checksum": {"type": "str"},
    "strip_components": {"type": "int", "default": 0},
    "programs": {"type": "list", "elements": "str", "default": []},
    "replace": {"type": "bool", "default": False},
    "switch": {"type": "bool", "default": True},
    "keep": {"type": "int", "default": 3},
}
RELEASES: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "name": {"type": "str", "required": True},
        "version": {"type": "str", "required": True},
        **ONE,
    },
}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "version": {"type": "str"},
    **ONE,
    "releases": RELEASES,
}
EXCLUSIVE = [("releases", key) for key in ("name", "state", "version", *ONE)]


def is_url(src: str) -> bool:
    """Whether the host is to fetch `src`."""
    return src.startswith(("https://", "http://", "ftp://"))
