# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""How exposed services are: what the host's own systemd says, or else what we say."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass

from .._units.drop_ins import drop_ins_of
from .._units.unit import InvalidUnit
from .._units.unit_name import is_template, suffix
from .verify import Run, analyze_environment

OFFLINE_SINCE: t.Final = 250
_OVERALL: t.Final = re.compile(
    r"Overall exposure level for (?P<name>\S+?): (?P<score>[0-9]+\.[0-9]) (?P<level>[A-Z]+)"
)


@dataclass(frozen=True)
class Measured:
    """The exposure of one service, and who says so: `systemd` or `computed`."""

    score: float
    level: str
    source: str


def measure_exposure(
    run: Run, units: t.Mapping[str, str], stage_dir: str, systemd: int
) -> dict[str, Measured]:
    """Give the exposure of each service of a set that is staged in `stage_dir`.

    systemd from 250 on is asked; drop-ins that are installed count. Below that, and
    where it cannot answer (from 259 on it needs libseccomp, which a host may lack), the
    exposure is computed from the text. A text that cannot be read has none.
    """
    measured: dict[str, Measured] = {}
    for name in sorted(units):
        if suffix(name) != "service":
            continue
        found = None
        if systemd >= OFFLINE_SINCE:
            found = _ask(run, f"{stage_dir}/{name}", stage_dir)
        found = found or _compute(name, units, systemd)
        if found:
            measured[name] = found
    return measured


def _ask(run: Run, path: str, stage_dir: str) -> Measured | None:
    name = path.rpartition("/")[2]
    if is_template(name):
        path = path.replace("@.", "@i.")
    argv = ["systemd-analyze", "--no-pager", "security", "--offline=true", path]
    _rc, out, _err = run(argv, analyze_environment(stage_dir))
    match = _OVERALL.search(out)
    if not match:
        return None
    return Measured(float(match["score"]), match["level"], "systemd")


def _compute(name: str, units: t.Mapping[str, str], systemd: int) -> Measured | None:
    # It is not needed where systemd answers.
    from .._exposure.exposure import exposure

    parts = [units[file] for file in drop_ins_of(name, units)]
    try:
        answer = exposure(units[name], systemd, parts, _architecture())
    except InvalidUnit:
        return None
    return Measured(answer.score, answer.level, "computed")


def _architecture() -> str:
    """systemd's name for the host's architecture; they differ in few system calls, so
    that one whose calls are not known is taken for x86-64."""
    return "arm64" if os.uname().machine == "aarch64" else "x86-64"
