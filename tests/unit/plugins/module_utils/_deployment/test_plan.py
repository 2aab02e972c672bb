# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
)

WRITE = Change("write", "/etc/a", "it differs", "old\n", "new\n")
OPEN = Change("open", "a.socket", "it is not open")


def test_an_empty_plan_changes_nothing() -> None:
    plan = Plan()
    assert (plan.changed, plan.as_dicts(), plan.diff()) == (False, [], [])


def test_a_plan_says_what_and_why_and_no_text() -> None:
    plan = Plan((WRITE, OPEN))
    assert plan.changed
    assert plan.as_dicts() == [
        {"action": "write", "subject": "/etc/a", "reason": "it differs"},
        {"action": "open", "subject": "a.socket", "reason": "it is not open"},
    ]


def test_a_diff_is_the_texts_and_then_the_steps() -> None:
    texts, steps = Plan((WRITE, OPEN)).diff()
    assert texts == {
        "before_header": "/etc/a",
        "after_header": "/etc/a",
        "before": "old\n",
        "after": "new\n",
    }
    assert steps == {
        "prepared": "Plan:\n- write /etc/a: it differs\n- open a.socket: it is not open\n"
    }


def test_subjects_are_found_by_action_in_order() -> None:
    plan = Plan((OPEN, WRITE, Change("reopen", "b.socket", "")))
    assert plan.subjects("open", "reopen") == ["a.socket", "b.socket"]
    assert plan.subjects("stop") == []
