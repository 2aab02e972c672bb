# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What one look at the kernel comes to: a sentence, and whether it is as declared."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .kernel import Kernel

Verdict = t.Tuple[str, t.Optional[bool]]
"""What is so, and whether that is what was declared; ``None`` where nothing can tell."""


@dataclass(frozen=True)
class Seen:
    """All that a directive is judged by. ``manager`` holds the manager's own defaults."""

    kernel: Kernel
    declared: t.Mapping[str, str]
    manager: t.Mapping[str, str] = field(default_factory=dict)


def all_of(*parts: Verdict | None) -> Verdict:
    """A directive that does several things is as declared when each of them is, and what
    cannot be seen of one hides the whole. Only what is wrong is told where anything is.
    """
    given = [part for part in parts if part]
    answers = [agrees for _text, agrees in given]
    if False in answers:
        return ", ".join(text for text, agrees in given if agrees is False), False
    text = ", ".join(text for text, _agrees in given)
    return text, None if None in answers else True


def without(seen: Seen, *capabilities: str) -> Verdict:
    """Rights that the process must have no way to."""
    rights = seen.kernel.rights()
    if rights is None:
        return "its capabilities are unknown", None
    left = [name for name in capabilities if name in rights]
    if left:
        return f"{' '.join(left)} is left", False
    return f"no {' '.join(capabilities)}", True


def some_filter(seen: Seen) -> Verdict:
    """What a directive that systemd carries out by a system call filter can be told by:
    without any filter it has no effect; what a filter holds, nothing shows.
    """
    found = seen.kernel.filtered()
    if found is None:
        return "whether there is a system call filter is unknown", None
    if not found:
        return "there is no system call filter", False
    count = seen.kernel.status.get("Seccomp_filters", "")
    many = f"{count} system call filters" if count else "a system call filter"
    return f"{many}, of which nothing shows what they hold", None


def filter_and(seen: Seen, *instead: Verdict | None) -> Verdict:
    """A filter that must be there, where other facts show the same effect by themselves."""
    text, agrees = some_filter(seen)
    return (text, False) if agrees is False else all_of(*instead)
