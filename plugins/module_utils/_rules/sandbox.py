# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about names that systemd takes in silence and that mean nothing to it."""

from __future__ import annotations

import typing as t

from .._tables import directives
from .._units.unit_name import is_unit_name, suffix
from .._units.words import InvalidWords, split_words
from .._values.basics import is_integer
from .rule import Problem, Subject, finder, hinter, rule

CAPABILITY = rule(
    "unknown-capability", "error", "An unknown capability stands for none at all."
)
SECURE_BIT = rule(
    "unknown-secure-bit", "warning", "systemd skips an unknown secure bit."
)
INSTALL = rule(
    "bad-install", "warning", "systemctl enable will not take what [Install] says."
)

_SECURE_BITS: t.Final = frozenset(
    (
        "keep-caps",
        "no-setuid-fixup",
        "noroot",
        "no-cap-ambient-raise",
        "exec-restrict-file",
        "exec-deny-interactive",
    )
)
_CAPABILITIES: t.Final = ("CapabilityBoundingSet", "AmbientCapabilities")
_LINKING: t.Final = ("WantedBy", "RequiredBy", "UpheldBy", "Also", "Alias")


def _words(value: str) -> list[str]:
    try:
        return split_words(value)
    except InvalidWords:
        return []


def capabilities(subject: Subject) -> t.Iterator[Problem]:
    """Capabilities that do not exist."""
    known = directives.capabilities()
    for entry in subject.entries(subject.own, *_CAPABILITIES):
        for word in _words(entry.value.lstrip("~")):
            if word.lower() in known or is_integer(word, 0, 62):
                continue
            near = directives.nearest_of(word, known)
            hint = f"; did you mean {near.upper()}?" if near else ""
            effect = "nothing is taken away"
            if not entry.value.startswith("~"):
                effect = "the set is as good as empty without it"
            yield CAPABILITY.at(
                f"there is no capability {word}, which systemd does not say: "
                f"{effect}{hint}",
                subject.own,
                entry,
            )


def secure_bits(subject: Subject) -> t.Iterator[Problem]:
    """Secure bits that do not exist (capabilities(7))."""
    for entry in subject.entries(subject.own, "SecureBits"):
        for word in _words(entry.value):
            plain = word[: -len("-locked")] if word.endswith("-locked") else word
            if plain not in _SECURE_BITS:
                yield SECURE_BIT.at(
                    f"there is no secure bit {word}, which systemd does not say",
                    subject.own,
                    entry,
                )


def install(subject: Subject) -> t.Iterator[Problem]:
    """Names in [Install] that are no units, aliases of another type."""
    for entry in subject.entries("Install", *_LINKING):
        for word in _words(entry.value):
            if "%" in word:
                continue
            if not is_unit_name(word):
                message = f"{word!r} in {entry.key} is not the name of a unit"
                yield INSTALL.at(message, "Install", entry)
            elif entry.key == "Alias" and subject.type not in ("", suffix(word)):
                message = f"the alias {word} is not a .{subject.type}"
                yield INSTALL.at(message, "Install", entry)


FINDERS: t.Final = (
    finder(capabilities, *_CAPABILITIES),
    hinter(secure_bits, "SecureBits"),
    hinter(install, *_LINKING),
)
