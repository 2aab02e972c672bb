# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is returned of fitting a service: the plan, and what came of the trials."""

from __future__ import annotations

import typing as t

from .._sandbox.compose import drop_in
from .._sandbox.search import Broken, Fit
from .._sandbox.variables import variables
from .evidence import signs
from .trial import KILL

if t.TYPE_CHECKING:
    from .fitter import Fitter

KEPT_AS = (
    "Kept from activated.services.harden: the tightest sandbox that its proof passed."
)


def sentence(fitter: Fitter) -> str:
    """The plan in one sentence."""
    terms = fitter.terms
    return (
        f"{terms.service}: {len(fitter.plan.knobs)} things to tighten, exposure "
        f"{fitter.exposure({}).score} now and {fitter.at_best.score} at best, "
        f"at most {terms.restarts_max} starts"
    )


def planned(fitter: Fitter) -> dict[str, t.Any]:
    """What would be tried, for check mode."""
    return {
        "plan": {
            "sentence": sentence(fitter),
            "candidates": [knob.said(0) for knob in fitter.plan.knobs],
            "left_alone": fitter.plan.left,
            "restarts_max": fitter.terms.restarts_max,
            "exposure_at_best": fitter.at_best.score,
        },
        "exposure": {"before": fitter.exposure({}).score},
    }


def report(fitter: Fitter, found: Fit) -> dict[str, t.Any]:
    """What has to go, what is kept, and what that makes of the service's exposure."""
    subject, plan = fitter.subject, fitter.plan
    chosen = fitter.lines(found.kept)
    text = drop_in(chosen, KEPT_AS) if chosen else ""
    before, after = fitter.exposure({}), fitter.exposure(found.kept)
    result: dict[str, t.Any] = {
        "service": fitter.terms.service,
        "judge": "activation" if subject.activated else "restart",
        "exposure": {
            "before": before.score,
            "after": after.score,
            "level_before": before.level,
            "level_after": after.level,
        },
        "drop_in": text,
        "kept": [
            knob.said(found.kept[knob.name])
            for knob in plan.knobs
            if knob.name in found.kept
        ],
        "gone": [_gone(fitter, broken) for broken in found.broken],
        "left_alone": plan.left,
        "undecided": sorted(found.undecided),
        "restarts": fitter.bench.starts,
        "restarts_max": fitter.terms.restarts_max,
        "trials": [trial.returned() for trial in fitter.trials],
        "notes": fitter.notes,
    }
    if subject.owner:
        systemd = fitter.manager.version
        result["variables"] = variables(
            subject.unit, text, systemd, fitter.seen.declared
        )
    return result


def _gone(fitter: Fitter, broken: Broken) -> dict[str, t.Any]:
    """One grade that had to go, and what shows it."""
    said = fitter.knob(broken.dial).said(broken.grade)
    wanted = {**broken.beside, broken.dial: broken.grade}
    trial = next(
        trial
        for trial in reversed(fitter.trials)
        if trial.setting == wanted and not (trial.passed or trial.answer == KILL)
    )
    cause = fitter.causes.get(said)
    return {
        **({"cause": cause} if cause else {}),
        "directive": said,
        "start": trial.number,
        "proof": trial.message,
        "ended": trial.ending,
        "errors": [sign.returned() for sign in signs(trial.journal)],
        "journal": trial.journal[-10:],
    }
