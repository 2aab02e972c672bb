# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a trial counts."""

from __future__ import annotations

from ansible_collections.activated.services.plugins.module_utils._proof.listeners import (
    Listener,
)
from ansible_collections.activated.services.plugins.module_utils._proof.trials import (
    Tally,
)
from ansible_collections.activated.services.plugins.module_utils._proof.wire import (
    Answer,
)

WHERE = Listener.parse("[::]:80 (Stream)")


def answer(began: float, ended: float, stage: str, **more: object) -> Answer:
    found = Answer(WHERE, began=began, ended=ended, stage=stage, connected=began)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def test_requests_by_what_became_of_them() -> None:
    tally = Tally()
    tally.count(answer(1, 2, "right"))
    tally.count(answer(1, 3, "connect", connected=None))
    tally.count(answer(1, 2, "answer", expired=True))
    tally.count(answer(1, 2, "wrong", failure="is odd"))
    tally.count(answer(5, 6, "answer"))
    assert (tally.ok, tally.refused, tally.unanswered) == (1, 1, 1)
    assert tally.wrong == ["is odd"]
    assert tally.reset == [(5, 6)]
    assert tally.longest == 2


def test_what_a_killed_process_had_in_hand() -> None:
    tally = Tally(reset=[(5, 6), (8, 9)])
    assert tally.in_hand([(5.5, 5.6)]) == 1
    # it may be over before the one who kills has come back
    assert tally.in_hand([(5.9, 6.1), (9, 9.1)]) == 2
    assert tally.in_hand([(7, 7.5)]) == 0
