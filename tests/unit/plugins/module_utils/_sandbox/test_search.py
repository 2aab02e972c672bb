# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search, against judges that know what breaks and count how often they are asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._sandbox.search import (
    Answer,
    Dial,
    Setting,
    confirm,
    fit,
    fresh_group,
    halved,
)

#: Of 25 starts, three are the first proof, the last and the way back.
BUDGET = 22
#: As many dials as a service that runs as root has.
DIALS = 38


class Judge:
    """Fails a setting with one of the sets of dials in it, each grade tight enough."""

    def __init__(
        self, *breaking: dict[str, int], hints: bool = False, budget: int = BUDGET
    ) -> None:
        self.breaking = breaking
        self.hints = hints
        self.budget = budget
        self.asked: list[Setting] = []

    def __call__(self, setting: Setting) -> Answer:
        self.asked.append(setting)
        for together in self.breaking:
            if self.fails(setting, together):
                # a program says the first thing that it misses, and nothing of the rest
                return Answer(False, frozenset(together if self.hints else ()))
        return Answer(True)

    @staticmethod
    def fails(setting: Setting, together: dict[str, int]) -> bool:
        return all(setting.get(name, 99) <= least for name, least in together.items())

    def left(self) -> int:
        return self.budget - len(self.asked)


def dials(count: int = DIALS, grades: int = 1, risk: float = 0.05) -> list[Dial]:
    return [Dial(f"d{number}", (risk,) * grades) for number in range(count)]


def breakers(count: int, least: int = 0) -> st.SearchStrategy[set[str]]:
    names = st.sampled_from([dial.name for dial in dials()])
    return st.sets(names, min_size=least, max_size=count)


@given(breakers(3))
def test_three_that_nothing_speaks_of_are_found_within_the_budget(
    bad: set[str],
) -> None:
    judge = Judge(*({name: 0} for name in bad))
    found = fit(dials(), judge, judge.left)
    assert set(found.kept) == {dial.name for dial in dials()} - bad
    assert {broken.dial for broken in found.broken} == bad
    assert not found.undecided


@given(breakers(8))
def test_eight_that_say_so_are_found_within_the_budget(bad: set[str]) -> None:
    judge = Judge(*({name: 0} for name in bad), hints=True)
    found = fit(dials(), judge, judge.left)
    assert set(found.kept) == {dial.name for dial in dials()} - bad
    assert not found.undecided


@given(breakers(DIALS))
def test_it_never_asks_too_often_and_keeps_only_what_has_passed(bad: set[str]) -> None:
    judge = Judge(*({name: 0} for name in bad))
    found = fit(dials(), judge, judge.left)
    assert len(judge.asked) <= BUDGET
    assert not bad & set(found.kept)
    assert found.kept == {} or found.kept in judge.asked
    decided = set(found.kept) | {broken.dial for broken in found.broken}
    assert decided | set(found.undecided) == {dial.name for dial in dials()}
    assert {broken.dial for broken in found.broken} <= bad


PAIRS = st.lists(
    st.sets(st.sampled_from([d.name for d in dials()]), min_size=2, max_size=2),
    max_size=2,
)


@given(PAIRS)
def test_of_two_that_break_it_together_one_is_kept(pairs: list[set[str]]) -> None:
    judge = Judge(*(dict.fromkeys(pair, 0) for pair in pairs))
    found = fit(dials(), judge, judge.left)
    everything = {dial.name for dial in dials()}
    gone = everything - set(found.kept)
    assert all(gone & pair for pair in pairs)
    # nothing more could be kept: each that went fails beside all that stayed
    for name in gone:
        assert not judge({**found.kept, name: 0}).passed


@given(
    st.dictionaries(
        st.sampled_from([f"d{n}" for n in range(10)]), st.integers(0, 2), max_size=4
    )
)
def test_the_tightest_grade_that_passes_is_kept(tightest: dict[str, int]) -> None:
    judge = Judge(
        *({name: grade} for name, grade in tightest.items()), hints=True, budget=99
    )
    found = fit(dials(10, grades=3), judge, judge.left)
    for dial in dials(10):
        grade = tightest.get(dial.name, -1) + 1
        assert found.kept.get(dial.name, 3) == grade


@given(breakers(3, least=1))
def test_what_broke_is_told_with_a_trial_of_its_own(bad: set[str]) -> None:
    judge = Judge(*({name: 0} for name in bad))
    found = fit(dials(), judge, judge.left)
    for broken in found.broken:
        assert {**broken.beside, broken.dial: broken.grade} in judge.asked
        assert judge(broken.beside).passed


@given(breakers(3), breakers(5))
def test_a_wrong_suspicion_costs_trials_and_nothing_else(
    bad: set[str], lie: set[str]
) -> None:
    judge = Judge(*({name: 0} for name in bad), budget=99)

    def liar(setting: Setting) -> Answer:
        answer = judge(setting)
        return answer if answer.passed else Answer(False, frozenset(lie))

    found = fit(dials(), liar, judge.left)
    assert set(found.kept) == {dial.name for dial in dials()} - bad


def test_whatever_a_failure_speaks_of_is_left_out_of_the_next_trial() -> None:
    judge = Judge({"d7": 0})
    spoken = frozenset({"d7", "d8", "d9"})

    def says(setting: Setting) -> Answer:
        answer = judge(setting)
        return answer if answer.passed else Answer(False, spoken)

    fit(dials(12), says, judge.left)
    first, second = judge.asked[:2]
    assert spoken <= set(first)
    assert set(second) == set(first) - spoken


def test_nothing_to_turn_needs_no_trial() -> None:
    judge = Judge()
    assert fit([], judge, judge.left).kept == {}
    assert judge.asked == []


def test_no_budget_decides_nothing() -> None:
    judge = Judge(budget=0)
    found = fit(dials(3), judge, judge.left)
    assert found.undecided == {"d0": 0, "d1": 0, "d2": 0}
    assert judge.asked == []


def test_what_is_likely_to_break_is_tried_alone() -> None:
    pool = dials(5)
    risky = Dial("risky", (0.7,))
    judge = Judge()
    fit([*pool, risky], judge, judge.left)
    assert judge.asked[0] == {dial.name: 0 for dial in pool}
    assert set(judge.asked[1]) == {*judge.asked[0], "risky"}


def test_halves_carry_the_same_risk() -> None:
    from ansible_collections.activated.services.plugins.module_utils._sandbox.search import (
        Step,
    )

    steps = [Step("one", 0, 0.5), *(Step(f"d{n}", 0, 0.05) for n in range(12))]
    assert [step.dial for step in halved(steps)] == [f"d{n}" for n in range(12)]
    assert len(fresh_group([Step("sure", 0, 0.999)])) == 1


class Fickle(Judge):
    """Fails everything with `d1` in it from some trial on."""

    def __init__(self, from_: int) -> None:
        super().__init__()
        self.from_ = from_

    def __call__(self, setting: Setting) -> Answer:
        answer = super().__call__(setting)
        late = len(self.asked) >= self.from_
        return Answer(False) if late and "d1" in setting else answer


def test_the_last_proof_goes_back_to_what_still_passes() -> None:
    judge = Fickle(3)
    risks = {"d0": 0.01, "d1": 0.7}
    found = fit([Dial(n, (r,)) for n, r in risks.items()], judge, judge.left)
    assert found.kept == {"d0": 0, "d1": 0}
    assert confirm(found, judge, judge.left)
    assert found.kept == {"d0": 0}


def test_the_last_proof_may_leave_nothing() -> None:
    judge = Fickle(2)
    found = fit([Dial("d1", (0.1,))], judge, judge.left)
    assert confirm(found, judge, judge.left)
    assert found.kept == {}


@pytest.mark.parametrize("left", [0, -1])
def test_without_a_trial_left_the_last_proof_says_so(left: int) -> None:
    judge = Judge()
    found = fit(dials(2), judge, judge.left)
    assert not confirm(found, judge, lambda: left)
    assert found.kept == {"d0": 0, "d1": 0}
