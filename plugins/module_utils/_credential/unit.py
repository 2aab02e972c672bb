# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Which credentials a unit loads, read from its text. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._units.unit import Unit
from .credential import InvalidCredential


@dataclass(frozen=True)
class Line:
    """One directive that loads a credential from a file, or what matches a pattern."""

    name: str
    source: str
    encrypted: bool = False
    has_default: bool = False

    @property
    def is_file(self) -> bool:
        return self.source.startswith("/")


def lines(unit: Unit) -> list[Line]:
    """What the service's unit loads, in its order, as far as it can be told beforehand.

    A relative source is searched by systemd, and what a specifier becomes is known to
    systemd alone: both are left out. Raises InvalidCredential where two lines have one
    name, of which systemd would take either.
    """
    defaults = {
        value.partition(":")[0]
        for key in ("SetCredential", "SetCredentialEncrypted")
        for value in unit.effective("Service", key)
    }
    found: dict[str, Line] = {}
    for key in ("LoadCredential", "LoadCredentialEncrypted"):
        for value in unit.effective("Service", key):
            name, _colon, source = value.partition(":")
            if name in found:
                raise InvalidCredential(
                    f"the credential {name} is loaded twice, from {found[name].source} "
                    f"and from {source or 'wherever systemd finds it'}; one name, one "
                    "source"
                )
            path = plain(source)
            found[name] = Line(
                name,
                path if path and path.startswith("/") else "",
                key == "LoadCredentialEncrypted",
                name in defaults,
            )
    files = [line for line in found.values() if line.source]
    patterns = [
        Line(pattern, pattern)
        for pattern in dict.fromkeys(unit.effective("Service", "ImportCredential"))
    ]
    return [*files, *patterns]


def plain(text: str) -> str | None:
    """A value without its specifiers; None where one is left that systemd expands."""
    rest = text.replace("%%", "")
    return None if re.search("%", rest) else text.replace("%%", "%")
