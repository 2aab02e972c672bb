# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The search for the tightest setting that a judge lets pass, in few trials.

What is set are dials. Each has grades, the tightest first, and stands open at first.
A trial is of everything that has passed so far together with a group of dials more: so
what was kept has always passed as a whole, whatever the dials do to each other. A group
that fails is halved until one dial is left that fails with the rest; its next looser
grade is then tried like any other, until none is left. Where a failure speaks of some
dials, these are the second half.

Groups are as large as leaves a fair chance to pass (group testing by risk: each answer
then tells the most), and halves are of equal risk and not of equal number.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass, field, replace

Setting = t.Dict[str, int]
"""The grade of each dial that is not open, by the dial's name."""


class Answer(t.NamedTuple):
    """Whether a setting passed, and if not, the dials that its failure speaks of."""

    passed: bool
    suspects: frozenset[str] = frozenset()


Judge = t.Callable[[Setting], Answer]
"""The answer of one trial. A suspect is only looked at sooner: nothing is believed."""
Left = t.Callable[[], int]
"""How many more trials there may be."""

#: The least chance to pass that a fresh group is given. It would be a half if a failure
#: said nothing; as most speak of some dial, a failure is cheap, and groups are larger.
CHANCE = 0.35
#: No risk is nothing or certain: what is so needs no trial.
LEAST, MOST = 0.001, 0.999
#: How likely a suspect is to be the one: it is left out of groups, and tried alone.
SUSPECT = 0.8


@dataclass(frozen=True)
class Dial:
    """A name, and how likely it is that each grade breaks the program, the tightest first."""

    name: str
    risks: tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """One grade of one dial, on trial."""

    dial: str
    grade: int
    risk: float


@dataclass(frozen=True)
class Broken:
    """A grade that failed, with only what had passed beside it (`beside`)."""

    dial: str
    grade: int
    beside: Setting


@dataclass
class Fit:
    """What a search came to.

    `kept` has passed as a whole; `broken` are the grades that failed, in the order in
    which that was found; `undecided` the dials for which the trials did not last, with
    the grade that was next. `proven` are the settings that passed, one after another,
    each with more in it than the one before.
    """

    kept: Setting = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    undecided: Setting = field(default_factory=dict)
    proven: list[Setting] = field(default_factory=list)


def fit(dials: t.Sequence[Dial], judge: Judge, left: Left) -> Fit:
    """Search. The open setting must pass; nothing here asks for it again."""
    found = Fit(proven=[{}])
    pool = [_step(dial, 0) for dial in dials if dial.risks]
    by_name = {dial.name: dial for dial in dials}
    while pool and left() > 0:
        group = fresh_group(pool)
        pool = [step for step in pool if step not in group]
        answer = _ask(found, group, judge)
        if answer.passed:
            continue
        while len(group) > 1 and left() > 0:
            group = _suspected(group, answer)
            half = without_suspects(group) or halved(group)
            rest = [step for step in group if step not in half]
            answer = _ask(found, half, judge)
            if answer.passed:
                # it fails beside what has just passed; why is not known any better
                group, answer = rest, Answer(False)
            else:
                group = half
                pool += rest
        if len(group) > 1:
            pool += group
            break
        step = group[0]
        found.broken.append(Broken(step.dial, step.grade, dict(found.kept)))
        dial = by_name[step.dial]
        if step.grade + 1 < len(dial.risks):
            pool.append(_step(dial, step.grade + 1))
    found.undecided = {step.dial: step.grade for step in pool}
    return found


def confirm(found: Fit, judge: Judge, left: Left) -> bool:
    """Put what was kept to the judge once more, whole.

    A judge that has changed its mind is asked about what had passed before, the last
    first, and `kept` becomes what passes again: in the end the open setting, of which
    nothing needs to be shown. False when that is all that is left for another reason
    than a judge who says so: there were no trials left.
    """
    while found.kept:
        if left() <= 0:
            return False
        if judge(dict(found.kept)).passed:
            return True
        found.proven = [one for one in found.proven if one != found.kept]
        found.kept = dict(found.proven[-1])
    return True


def _ask(found: Fit, group: t.Sequence[Step], judge: Judge) -> Answer:
    setting = {**found.kept, **{step.dial: step.grade for step in group}}
    answer = judge(dict(setting))
    if answer.passed:
        found.kept = setting
        found.proven.append(dict(setting))
    return answer


def _suspected(group: t.Sequence[Step], answer: Answer) -> list[Step]:
    """The group, with a risk of its own for what the answer suspects."""
    return [
        replace(step, risk=SUSPECT) if step.dial in answer.suspects else step
        for step in group
    ]


def without_suspects(group: t.Sequence[Step]) -> list[Step]:
    """Those that nobody suspects, where others are suspected; else nobody."""
    half = [step for step in group if step.risk != SUSPECT]
    return half if len(half) < len(group) else []


def fresh_group(pool: t.Sequence[Step]) -> list[Step]:
    """Those of least risk, as many as leave a fair chance that all pass."""
    group: list[Step] = []
    chance = 1.0
    for step in sorted(pool, key=lambda step: step.risk):
        chance *= 1 - step.risk
        if group and chance < CHANCE:
            break
        group.append(step)
    return group


def halved(group: t.Sequence[Step]) -> list[Step]:
    """Those of least risk that carry half of the risk of a group of two or more."""
    order = sorted(group, key=lambda step: step.risk)
    weights = [-math.log(1 - step.risk) for step in order]
    goal, sum_, best, off = sum(weights) / 2, 0.0, 1, math.inf
    for count, weight in enumerate(weights[:-1], 1):
        sum_ += weight
        if abs(goal - sum_) < off:
            best, off = count, abs(goal - sum_)
    return order[:best]


def _step(dial: Dial, grade: int) -> Step:
    risk = min(max(dial.risks[grade], LEAST), MOST)
    return Step(dial.name, grade, risk)
