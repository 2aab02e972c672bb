# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The proof of a socket with ``Accept=yes``: each connection starts an instance."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._host.manager import ManagerError
from .case import Case, Question
from .conduct import DRAIN
from .facts import Tables, about
from .listeners import ESTABLISHED, Listener
from .look import facts_of, judge_sandbox, judge_user, while_alive
from .proof import (
    SERVICE_PROPERTIES,
    SOCKET_PROPERTIES,
    ServiceState,
    SocketUnit,
    milliseconds,
)
from .wire import STEP, Answer, Deadline, ask


def prove_instances(case: Case, asked: list[Question]) -> None:
    """Ask every question, each of which must start an instance of its own."""
    for question in asked:
        _round(case, question)
        if case.failed:
            break


class _Look:
    """Finds the instance of one connection, and looks at it while it runs."""

    def __init__(self, case: Case, unit: SocketUnit, listener: Listener) -> None:
        self.case = case
        self.unit = unit
        self.listener = listener
        self.known = set(self._instances())
        self.name = ""
        self.state = ServiceState({})
        self.looked = False
        self.mine = False
        """Whether it is known to be the instance of this very connection."""
        self.over = False
        """Whether it was accepted, and has ended by now without a trace."""

    def _instances(self) -> dict[str, dict[str, str]]:
        """The instances that the socket has started and that are loaded."""
        case, unit = self.case, self.unit
        shown = case.manager.show_matching(
            case.template(unit).replace("@.", "@*."),
            [*SERVICE_PROPERTIES, *SOCKET_PROPERTIES],
            unit.unit,
        )
        now = SocketUnit.parse(unit.unit, shown.pop(unit.unit, {}))
        self.over = now.accepted > unit.accepted and not now.connections
        return {
            name: row
            for name, row in shown.items()
            if unit.unit in row.get("TriggeredBy", "").split()
        }

    def find(self, answer: Answer) -> bool:
        """Whether the instance is there with its main process, which is then looked at.

        Which of several new instances is this connection's is told by its name, and by the
        socket where that can be seen.
        """
        case = self.case
        shown = self._instances()
        new = {name: row for name, row in shown.items() if name not in self.known}
        end = Tables(case.proc).other_end(answer.local) if answer.local else None
        if end is not None:
            answer.seen["end"] = end
            if not end.inode and end.state == ESTABLISHED:
                self.over = False  # nobody has accepted this one: another's is over
        mine = [name for name in new if _is_of(name, answer)]
        for name in mine or new:
            state = ServiceState(new[name])
            self.name, self.state, self.mine = name, state, bool(mine)
            pid = state.main_pid
            if not case.proc.alive(pid) or not case.proc.executed(pid):
                continue
            inodes = case.proc.socket_inodes(pid)
            if end is None or not end.inode or end.inode in inodes.values():
                self.look(state)
                return True
        return False

    def look(self, state: ServiceState) -> None:
        """Look at an instance's process, once."""
        case, pid = self.case, state.main_pid
        facts = {} if self.looked else facts_of(case, pid, self.listener.text)
        if not facts:
            return

        def judge() -> None:
            group = state.text("ControlGroup")
            judge_user(case, case.proc.members(group, pid), facts, state.shown)
            judge_sandbox(case, self.name, pid, group)

        self.looked = while_alive(case, pid, judge)
        if not self.looked:
            case.proof.process, case.proof.sandbox = {}, {}

    def await_instance(self, answer: Answer) -> None:
        """Before anything is sent: wait a little for the instance, to look at it."""
        deadline = Deadline(min(self.case.wish.timeout, 2.0), self.case.clock)
        while not self.find(answer) and not deadline.over:
            if self.over or (self.state.started and self.state.at_rest):
                return
            self.case.sleep(STEP)

    def await_end(self) -> ServiceState:
        """Wait until the instance has ended too, now that its client has gone.

        Until then its connection counts for MaxConnections=, and whether it fails is not
        known. The one that this client alone has started is told to stop.
        """
        case = self.case
        if not self.name:
            return self.state
        if not self._has_ended():
            late = f"{self.name} still ran {DRAIN:g} s after its client had gone"
            case.note(late + (self._stop() if self.mine else ""))
        if self.state.active == "failed" and (self.mine or self.looked):
            with contextlib.suppress(ManagerError):  # it may be gone from memory by now
                case.manager.reset_failed(self.name)
        return self.state

    def _has_ended(self) -> bool:
        """Whether the instance ends while it is waited for."""
        case, deadline = self.case, Deadline(DRAIN, self.case.clock)
        while True:
            shown = case.manager.show([self.name], SERVICE_PROPERTIES)[self.name]
            state = ServiceState(shown)
            if state.invocation != self.state.invocation:
                return True  # it has been forgotten by now
            self.state = state
            if state.at_rest or deadline.over:
                return state.at_rest
            case.sleep(STEP)

    def _stop(self) -> str:
        """Stop the instance; what came of it, as the end of a sentence."""
        try:
            self.case.manager.stop(self.name, no_block=True)
        except ManagerError as exc:
            return f", and cannot be stopped: {exc.err}"
        if self._has_ended():
            return ", and was stopped"
        return f", and has not stopped within {DRAIN:g} s"


def _is_of(name: str, answer: Answer) -> bool:
    """Whether an instance is that of a connection, by its name.

    It has the addresses of both ends, or of a unix socket the client's process (as
    socket.c makes it: ``0-PID-UID``, with more in between on later versions).
    """
    if answer.local is not None:
        return name.endswith(f":{answer.local[1]}.service")
    return bool(re.search(rf"@.*-{os.getpid()}[-_]", name))


def _round(case: Case, question: Question) -> None:
    probe, unit, listener = question
    before = next(u for u in case.units if u.unit == unit.unit)
    look, case.touched = _Look(case, before, listener), True
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
    if answer.right:
        _judge_owner(case, question, answer, look)
    state = look.await_end()
    case.refresh()
    if after.refused > before.refused:
        case.problem("answered", f"{unit.unit} has refused it: MaxConnections=", unit)
    elif not accepted:
        case.problem(
            "triggered",
            f"{listener.text} was connected to, but {unit.unit} has accepted nothing",
            unit,
        )
    elif answer.right:
        _judge_right(case, unit, look, state)
    else:
        _explain(case, question, answer, look, state)


def _explain(
    case: Case, question: Question, answer: Answer, look: _Look, state: ServiceState
) -> None:
    """Say what is wrong with an answer that was not right."""
    _probe, unit, listener = question
    how = state.ending()
    if answer.stage == "wrong":
        case.problem("answer", answer.failure, unit)
    elif how and state.text("Result") != "success":
        case.problem("answered", f"{look.name} {how} before it answered", unit)
    else:
        case.problem("answered", f"{listener.text}: {answer.failure}", unit)


def _judge_owner(case: Case, question: Question, answer: Answer, look: _Look) -> None:
    """Whether the process that answered belongs to the instance."""
    _probe, unit, listener = question
    end, state = answer.seen.get("end"), look.state
    if end is None or not end.inode or not look.looked:
        return
    holders = case.proc.holders(end.inode)
    mine = case.proc.members(state.text("ControlGroup"), state.main_pid)
    others = [pid for pid in holders if pid not in (1, *mine)]
    if others and not set(holders) & set(mine):
        who = about(case.proc, others[0])
        case.problem("owner", f"{listener.text} was answered by {who}", unit)


def _judge_right(
    case: Case, unit: SocketUnit, look: _Look, state: ServiceState
) -> None:
    """Whether the instance of a right answer is what it must be."""
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
