# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is left of a level: what a host lacks of it, what exceptions undo, and what
either costs on systemd's own scale of exposure."""

from __future__ import annotations

import typing as t

from .._units.render import render_section
from .._units.words import split_words
from .levels import Sandbox, as_list, level_directives, since

if t.TYPE_CHECKING:
    from .._exposure.exposure import Exposure

# What each level rests on, by the check of the analysis that sees it: from which badness
# on it is lost, and what that means. Without one of these the rest can be got round.
_PILLARS: t.Final[tuple[tuple[str, int, str], ...]] = (
    ("UserOrDynamicUser", 10, "it runs as root (DynamicUser is off and no User is set)"),
    ("NoNewPrivileges", 1, "it can gain privileges by running a program (NoNewPrivileges)"),
    ("ProtectSystem", 5, "it can write to the files of the system (ProtectSystem)"),
    ("CapabilityBoundingSet_CAP_SYS_ADMIN", 1, "it may administer the system (CAP_SYS_ADMIN)"),
    ("CapabilityBoundingSet_CAP_SYS_PTRACE", 1, "it may enter any process (CAP_SYS_PTRACE)"),
    ("CapabilityBoundingSet_CAP_SYS_MODULE", 1, "it may load kernel modules (CAP_SYS_MODULE)"),
    ("CapabilityBoundingSet_CAP_SYS_RAWIO", 1, "it may write to raw memory (CAP_SYS_RAWIO)"),
    ("SystemCallFilter_obsolete", 10, "it may use every system call (SystemCallFilter)"),
    ("PrivateNetwork", 1, "it is in the host's network (PrivateNetwork)"),
)  # fmt: skip


# Places that are the system itself: who can write there has what the level keeps.
_WHOLE: t.Final = ("/", "/boot", "/etc", "/usr")


def report(
    sandbox: Sandbox, beside: t.Mapping[str, t.Any] | None = None
) -> dict[str, t.Any]:
    """The sandbox as plain data, without its directives; see the two functions below."""
    lacking, cost = missing(sandbox)
    return {
        "level": sandbox.level,
        "version": sandbox.version,
        "missing": lacking,
        "missing_exposure": cost,
        "undone": undone(sandbox, beside),
    }


def missing(sandbox: Sandbox) -> tuple[list[dict[str, t.Any]], float]:
    """Each directive that the host lacks, the version that has it and what it costs in
    exposure without it; and what all of them cost together.

    The scale is that of the pin: an older one may not know the directive at all.
    """
    if not sandbox.missing:
        return [], 0.0
    whole = sandbox.wanted
    scale = max([sandbox.version, *(since(one) for one in sandbox.missing)])
    best = _score(whole, scale)

    def cost(*gone: str) -> float:
        left = {key: value for key, value in whole.items() if key not in gone}
        return round(_score(left, scale) - best, 1)

    rows = [
        {"directive": one, "since": since(one), "exposure": cost(one)}
        for one in sandbox.missing
    ]
    return rows, cost(*sandbox.missing)


def undone(sandbox: Sandbox, beside: t.Mapping[str, t.Any] | None = None) -> list[str]:
    """What a level rests on and the exceptions take away: what it means, one by one.

    `beside` is what the section [Service] says apart from the sandbox, after it.
    """
    return _compare(sandbox, beside)[0]


def warning(
    sandbox: Sandbox, beside: t.Mapping[str, t.Any] | None = None
) -> str | None:
    """One sentence about all that is undone; None where the level stands."""
    lost, before, after = _compare(sandbox, beside)
    if not lost:
        return None
    return (
        f"{'; '.join(lost)}. That undoes the sandbox level {sandbox.level}: the exposure "
        f"is {after} instead of {before} (systemd {sandbox.version})"
    )


def _compare(
    sandbox: Sandbox, beside: t.Mapping[str, t.Any] | None
) -> tuple[list[str], float, float]:
    if sandbox.level == "off":
        return [], 0.0, 0.0
    directives = level_directives(sandbox.level, sandbox.version)
    if sandbox.wanted == directives and not beside:
        return [], 0.0, 0.0
    level = _judge(directives, sandbox.version)
    here = _judge(sandbox.wanted, sandbox.version, beside)
    before, after = _badness(level), _badness(here)
    lost = [
        what
        for check, least, what in _PILLARS
        if (after[check] or 0) >= least > (before[check] or 0)
    ]
    lost += [
        f"it can write to {place} ({directive})"
        for directive in ("ReadWritePaths", "BindPaths")
        for place in _opened(directive, sandbox.wanted, beside or {})
        if place in _WHOLE
    ]
    return lost, level.score, here.score


def _opened(directive: str, *said: t.Mapping[str, t.Any]) -> list[str]:
    """The places that a list of paths opens, those of one mapping after the other's."""
    found: list[str] = []
    for value in (v for one in said for v in as_list(one.get(directive, ()))):
        text = value.get("expand", "") if isinstance(value, t.Mapping) else str(value)
        words = split_words(text, relax=True)
        found = [*found, *words] if words else []  # an empty one begins anew
    places = [word.lstrip("-+") for word in found]
    if directive == "BindPaths":
        # source, target, flags; the target is the source where only that is said
        parts = [place.split(":") for place in places]
        places = [part[1] if len(part) > 1 else part[0] for part in parts]
    return list(dict.fromkeys(place.rstrip("/") or "/" for place in places))


def _badness(judged: Exposure) -> dict[str, int | None]:
    return {check.json_field: check.badness for check in judged.checks}


def _score(directives: t.Mapping[str, t.Any], systemd: int) -> float:
    return _judge(directives, systemd).score


def _judge(
    directives: t.Mapping[str, t.Any],
    systemd: int,
    beside: t.Mapping[str, t.Any] | None = None,
) -> Exposure:
    # It is not needed where the level stands as it is, which is the rule.
    from .._exposure.exposure import exposure

    lines = [render_section("Service", part) for part in (directives, beside or {})]
    return exposure(
        "\n".join(["[Service]", "ExecStart=/bin/true", *lines, ""]), systemd
    )
