# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Names of units: what they may be, and their parts (systemd.unit(5))."""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

SUFFIXES: t.Final = (
    "service",
    "socket",
    "timer",
    "path",
    "mount",
    "automount",
    "swap",
    "target",
    "slice",
    "scope",
    "device",
)
MAX_LENGTH: t.Final = 255

_TYPES: t.Final = frozenset(SUFFIXES)

_NAME: t.Final = re.compile(
    r"(?P<prefix>[A-Za-z0-9:_.\\-]+)"
    r"(?:(?P<at>@)(?P<instance>[A-Za-z0-9:_.\\@-]*))?"
    r"\.(?P<suffix>" + "|".join(SUFFIXES) + r")"
)


_ESCAPED: t.Final = re.compile(r"-|\\x([0-9a-fA-F]{2})")


class InvalidUnitName(ValueError):
    """A name that systemd would not take for a unit."""


@lru_cache(maxsize=4096)
def is_unit_name(name: str) -> bool:
    """Tell whether `name` is a unit's name: a template and an instance are, too."""
    return len(name) <= MAX_LENGTH and _NAME.fullmatch(name) is not None


def checked_unit_name(name: str) -> str:
    """Give back `name`; raise InvalidUnitName where it cannot be a unit's file name."""
    if not is_unit_name(name):
        raise InvalidUnitName(
            f"{name!r} is not the name of a unit: letters, digits and :_.\\-, "
            f"at most one @ part, then one of .{', .'.join(SUFFIXES)}"
        )
    return name


def suffix(name: str) -> str:
    """Give the type of a unit, `service` for `a@b.service`, or an empty string."""
    _name, dot, tail = name.rpartition(".")
    return tail if dot and tail in _TYPES else ""


def is_template(name: str) -> bool:
    """Tell whether `name` is a template, such as `a@.service`."""
    match = _NAME.fullmatch(name) if "@." in name else None
    return bool(match and not match["instance"])


def template_of(name: str) -> str | None:
    """Give the template of an instance, `a@.service` for `a@b.service`, or None."""
    match = _NAME.fullmatch(name) if "@" in name else None
    if match and match["instance"]:
        return f"{match['prefix']}@.{match['suffix']}"
    return None


def instance_of(name: str) -> str:
    """Give what stands behind the @, `b` for `a@b.service`, or an empty string."""
    match = _NAME.fullmatch(name) if "@" in name else None
    return (match and match["instance"]) or ""


def unescaped(text: str) -> str:
    """Give what was escaped to be a part of a name (systemd-escape(1)), as %I is.

    A byte above 127 comes as a surrogate (`surrogateescape`).
    """
    return _ESCAPED.sub(
        lambda match: (
            "/"
            if match[0] == "-"
            else bytes([int(match[1], 16)]).decode("utf-8", "surrogateescape")
        ),
        text,
    )
