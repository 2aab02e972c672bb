# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""How exposed a unit is: the answer of systemd's security analysis, from text alone.

The formula is assess() of analyze-security.c, in integers as there.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import lru_cache

from .._tables.syscalls import ARCHITECTURES
from .._units.unit import Unit
from .checks import CHECKS, Check
from .directives import read
from .settings import Settings

OLDEST: t.Final = 247
LEVELS: t.Final = (
    (100, "DANGEROUS"),
    (90, "UNSAFE"),
    (75, "EXPOSED"),
    (50, "MEDIUM"),
    (10, "OK"),
    (1, "SAFE"),
    (0, "PERFECT"),
)
"""From how many tenths on an exposure is called what."""

_EARLY: t.Final = "Of no meaning for a unit that runs early (DefaultDependencies=no)"


@dataclass(frozen=True)
class Finding:
    """One check's answer.

    ``set`` is True for good, False for anything less, None where the check does not
    apply. ``exposure`` is its share of the score, rounded up to a tenth, or None where
    it adds nothing. ``note`` says where systemd's answer is not the truth, else "".
    """

    name: str
    json_field: str
    set: bool | None
    exposure: float | None
    description: str
    note: str
    weight: int
    badness: int | None
    range: int

    def as_dict(self) -> dict[str, t.Any]:
        """The finding as plain data; ``note`` is there when there is one."""
        fields = dict(vars(self))
        if not self.note:
            del fields["note"]
        return fields


@dataclass(frozen=True)
class Exposure:
    """The score, from 0.0 to 10.0, what systemd calls it, and every check."""

    score: float
    level: str
    checks: tuple[Finding, ...]

    def as_dict(self) -> dict[str, t.Any]:
        """The answer as plain data, as the filter returns it."""
        checks = [finding.as_dict() for finding in self.checks]
        return {"score": self.score, "level": self.level, "checks": checks}


def exposure(
    unit: Unit | str | bytes,
    systemd: int = 252,
    drop_ins: t.Iterable[Unit | str | bytes] = (),
    architecture: str = "x86-64",
) -> Exposure:
    """What ``systemd-analyze security --offline=true`` of that version says of a unit.

    Of a version before 250, which has no offline mode, it is what ``systemd-analyze
    security UNIT`` says of the loaded unit. ``drop_ins`` are merged in their order.
    ``architecture`` is systemd's name for the host's: "x86-64" or "arm64".

    A unit that systemd would refuse to load for the value of a directive is judged
    without that value. Raises InvalidUnit for text that systemd would not read at all,
    and ValueError for a version before 247 or an architecture that is not known.
    """
    if systemd < OLDEST:
        raise ValueError(f"systemd {systemd} is older than {OLDEST}")
    if architecture not in ARCHITECTURES:
        known = " and ".join(ARCHITECTURES)
        raise ValueError(f"architecture {architecture!r} is none of {known}")
    units = [
        part if isinstance(part, Unit) else Unit.parse(part)
        for part in (unit, *drop_ins)
    ]
    return judge(read(units, systemd, architecture))


def judge(settings: Settings) -> Exposure:
    """The answer for settings that were read."""
    judged: list[tuple[Check, int | None]] = []
    weights = total = 0
    for check in CHECKS:
        if check.since > settings.version:
            continue
        early = check.early and not settings.default_dependencies
        badness = None if early else check.judge(settings)
        judged.append((check, badness))
        if badness is not None:
            weights += check.weight
            total += _up(badness * check.weight, check.range)
    tenths = _up(total * 100, weights)
    level = next(name for least, name in LEVELS if tenths >= least)
    return Exposure(
        tenths / 10,
        level,
        tuple([_finding(*pair, weights, settings) for pair in judged]),
    )


def _finding(
    check: Check, badness: int | None, weights: int, settings: Settings
) -> Finding:
    detail = check.detail(settings) if check.detail and badness else ""
    note = check.note(settings) if check.note else ""
    if detail or note:
        return _make(check, badness, weights, settings.online, detail, note)
    return _common(check, badness, weights, settings.online)


@lru_cache(maxsize=4096)
def _common(check: Check, badness: int | None, weights: int, online: bool) -> Finding:
    """A finding that says nothing of its unit: most are, and many units share them."""
    return _make(check, badness, weights, online, "", "")


def _make(
    check: Check,
    badness: int | None,
    weights: int,
    online: bool,
    detail: str,
    note: str,
) -> Finding:
    share = None
    if badness:
        tenths = _up(_up(badness * check.weight * 100, check.range), weights)
        share = tenths / 10
    if badness is None:
        description = check.not_applicable or _EARLY
    elif badness == 0:
        description = check.good
    else:
        description = check.between.get(badness, check.bad)
    return Finding(
        name=check.old_name if check.old_name and online else check.name,
        json_field=check.json_field,
        set=None if badness is None else badness == 0,
        exposure=share,
        description=f"{description} ({detail})" if detail else description,
        note=note,
        weight=check.weight,
        badness=badness,
        range=check.range,
    )


def _up(number: int, divisor: int) -> int:
    """The quotient, rounded up."""
    return -(-number // divisor)
