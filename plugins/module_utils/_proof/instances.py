# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The proof of a socket with ``Accept=yes``: each connection starts an instance."""

from __future__ import annotations

import typing as t

from .case import Case, Question
from .facts import Tables, about
from .look import facts_of, judge_sandbox, judge_user
from .proof import SERVICE_PROPERTIES, ServiceState, milliseconds
from .wire import STEP, Answer, Deadline, ask


def prove_instances(case: Case, asked: list[Question]) -> None:
    """Ask every question, each of which must start an instance of its own."""
    for question in asked:
        _round(case, question)
        if case.failed:
            break


class _Look:
    """Finds the instance of one connection, and looks at it while it runs."""

    def __init__(self, case: Case, pattern: str) -> None:
        self.case = case
        self.pattern = pattern
        self.known = set(case.manager.show_matching(pattern, ["ActiveState"]))
        self.name = ""
        self.state = ServiceState({})
        self.looked = False

    def find(self, answer: Answer) -> bool:
        """Whether the instance is there with its main process, which is then looked at.

        Which of several new instances is this connection's is told by the socket, where
        it can be seen.
        """
        case = self.case
        shown = case.manager.show_matching(self.pattern, SERVICE_PROPERTIES)
        new = {name: row for name, row in shown.items() if name not in self.known}
        end = Tables(case.proc).other_end(answer.local) if answer.local else None
        if end is not None:
            answer.seen["end"] = end
        for name, row in new.items():
            state = ServiceState(row)
            self.name, self.state = name, state
            if not state.main_pid or not case.proc.executed(state.main_pid):
                continue
            inodes = case.proc.socket_inodes(state.main_pid)
            if end is None or not end.inode or end.inode in inodes.values():
                self.look(state)
                return True
        return False

    def look(self, state: ServiceState) -> None:
        """Look at an instance's process, once."""
        facts = facts_of(self.case, state.main_pid)
        if not facts or self.looked:
            return
        self.looked = True
        members = self.case.proc.members(state.text("ControlGroup"), state.main_pid)
        judge_user(self.case, members, facts, state.shown)
        judge_sandbox(self.case, self.name, state.main_pid, state.text("ControlGroup"))

    def await_instance(self, answer: Answer) -> None:
        """Before anything is sent: wait a little for the instance, to look at it."""
        deadline = Deadline(min(self.case.wish.timeout, 2.0), self.case.clock)
        while not self.find(answer) and not deadline.over:
            if self.state.started and self.state.at_rest:
                return
            self.case.sleep(STEP)


def _round(case: Case, question: Question) -> None:
    probe, unit, listener = question
    look = _Look(case, unit.template.replace("@.", "@*."))
    before, case.touched = unit, True
    deadline = Deadline(case.wish.timeout, case.clock).within(probe.timeout)
    answer = ask(
        probe,
        listener,
        deadline,
        ipv6_only=unit.ipv6_only,
        connected=look.await_instance,
        taken=lambda found: look.looked or look.find(found),
    )
    case.last_answer = answer.ended
    case.refresh()
    after = next(u for u in case.units if u.unit == unit.unit)
    entry = case.entry(unit)
    accepted = after.accepted - before.accepted
    took: dict[str, t.Any] = {
        "first_byte_ms": milliseconds(answer.began, answer.first_byte),
        "whole_ms": milliseconds(answer.began, answer.ended),
        "right": answer.right,
    }
    if look.state.executed:
        took["manager_ms"] = milliseconds(answer.began, look.state.executed / 1000000)
    entry["addresses"][unit.label(listener)] = took
    entry.update(
        triggered=accepted > 0,
        triggered_by="probe" if accepted > 0 else "nothing",
        first_byte_ms=took["first_byte_ms"],
        accepted=accepted,
        instance=look.name or None,
    )
    _judge(case, question, answer, look, after.refused - before.refused, accepted)


def _judge(
    case: Case,
    question: Question,
    answer: Answer,
    look: _Look,
    refused: int,
    accepted: int,
) -> None:
    _probe, unit, listener = question
    if refused:
        case.problem("answered", f"{unit.unit} has refused it: MaxConnections=", unit)
        return
    if not accepted:
        case.problem(
            "triggered",
            f"{listener.text} was connected to, but {unit.unit} has accepted nothing",
            unit,
        )
        return
    state = look.state
    if look.name:
        shown = case.manager.show([look.name], SERVICE_PROPERTIES)[look.name]
        ended = ServiceState(shown)
        if ended.invocation == state.invocation:
            state = ended
        if ended.active == "failed":
            case.manager.reset_failed(look.name)
    if not answer.right:
        how = state.ending()
        if answer.stage == "wrong":
            case.problem("answer", answer.failure, unit)
        elif how and state.text("Result") != "success":
            case.problem("answered", f"{look.name} {how} before it answered", unit)
        else:
            case.problem("answered", f"{listener.text}: {answer.failure}", unit)
        return
    end = answer.seen.get("end")
    if end is not None and end.inode and look.looked:
        holders = case.proc.holders(end.inode)
        mine = case.proc.members(state.text("ControlGroup"), state.main_pid)
        others = [pid for pid in holders if pid not in (1, *mine)]
        if others and not set(holders) & set(mine):
            who = about(case.proc, others[0])
            case.problem("owner", f"{listener.text} was answered by {who}", unit)
    if look.looked:
        case.entry(unit)["held_by"] = [case.proof.process["pid"]]
    else:
        case.problem(
            "process",
            f"the instance {look.name or 'of ' + unit.template} had ended before it "
            "could be looked at",
            unit,
        )
    if state.active == "failed":
        # its client has gone in the middle of a conversation, which many take ill
        case.note(f"{look.name} {state.ending() or 'has failed'} after it had answered")
