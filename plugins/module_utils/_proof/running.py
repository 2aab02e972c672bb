# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The proof of a service that opens its sockets itself: restart it, ask it, watch it.

Nothing can show that a request has started such a service, so that a restart takes the
place of the start from rest. The rest is as in any other proof: the process that answers
must be one of the service's.
"""

from __future__ import annotations

import typing as t

from .._host.manager import Manager, ManagerError
from .._host.proc import Proc
from .case import Case
from .conduct import settle
from .facts import Tables, about
from .listeners import Listener
from .look import look
from .preflight import loaded
from .probe import InvalidProbe, Probe
from .proof import Proof, Wish
from .verdict import stranger
from .wire import STEP, Answer, Deadline, ask

Asked = t.Tuple[Probe, Listener]


def parse_address(text: str) -> Listener:
    """An address as people write it: ``127.0.0.1:80``, ``[::1]:80``, ``80``, a path, each
    with ``(Datagram)`` behind it where it is no stream. Raises InvalidProbe."""
    plain = text.strip()
    if plain.isdigit():
        plain = f"127.0.0.1:{plain}"
    if plain.startswith("localhost:"):
        plain = plain.replace("localhost", "127.0.0.1", 1)
    try:
        found = Listener.parse(plain if plain.endswith(")") else f"{plain} (Stream)")
    except ValueError:
        found = None
    if found is None or found.family == "other":
        raise InvalidProbe(
            f"{text!r} is no address: 127.0.0.1:80, [::1]:80, a port or the path of a socket"
        )
    return found


def prove_running(
    wish: Wish, manager: Manager, asked: t.Sequence[Asked], proc: Proc | None = None
) -> Proof:
    """Restart the service and prove that it answers, in its sandbox, and stays.

    It is left running, or failed: the caller knows how it is to be left. Raises
    ManagerError when systemd cannot be asked at all.
    """
    case = Case(wish, manager, proc)
    case.read()
    case.units = []
    if loaded(case, wish.service, case.state.shown) and _restart(case):
        for probe, listener in asked:
            _ask(case, probe, listener)
            if case.failed:
                break
        case.refresh()
        if not case.failed:
            look(case)
        if not case.failed:
            settle(case)
    if case.failed and wish.lines:
        manager.sync_journal()
        case.proof.journal = manager.journal(wish.service, wish.lines)
    return case.proof


def _restart(case: Case) -> bool:
    """Whether it is active again, in another run, before the deadline."""
    name, before = case.wish.service, case.state.invocation
    case.touched = True
    try:
        case.manager.restart(name, no_block=True)
    except ManagerError as exc:
        case.problem("ready", f"{name} cannot be restarted: {exc.err}")
        return False
    deadline = Deadline(case.wish.timeout, case.clock)
    while True:
        case.refresh()
        state = case.state
        fresh = state.invocation not in ("", before)
        if fresh and state.active == "active":
            case.last_answer = case.clock()
            return True
        if fresh and state.at_rest:
            ended = state.ending()
            how = f"its main process {ended}" if ended else state.text("Result")
            case.problem("ready", f"{name} does not start: {how or state.active}")
            return False
        if deadline.over:
            unmet = state.text("ConditionResult") == "no"
            why = "a condition of it is not met" if unmet else f"it is {state.active}"
            case.problem(
                "ready", f"{name} has not started within {case.wish.timeout:g} s: {why}"
            )
            return False
        case.sleep(STEP)


def _ask(case: Case, probe: Probe, listener: Listener) -> None:
    """Ask until it listens: a program that says nothing of its readiness binds later."""
    deadline = Deadline(case.wish.timeout, case.clock).within(probe.timeout)
    run, pid = case.state.invocation, case.state.main_pid

    def gone(_answer: Answer) -> str:
        if pid and case.proc.alive(pid):
            return ""
        case.refresh()
        state = case.state
        same = state.invocation == run and state.active == "active"
        return "" if same else f"its main process {state.ending() or 'has gone'}"

    def watch(answer: Answer) -> None:
        if answer.local is not None:
            answer.seen["end"] = Tables(case.proc).other_end(answer.local)

    def taken(answer: Answer) -> bool:
        watch(answer)
        return True

    while True:
        answer = ask(probe, listener, deadline, watch=watch, tick=gone, taken=taken)
        reason = gone(answer)
        refused = answer.stage == "connect" and not probe.command
        if answer.right or reason or deadline.over or not refused:
            break
        case.sleep(STEP)
    case.last_answer = answer.ended
    what = " ".join(probe.command) or listener.text
    other = stranger(case, what, answer) or _elsewhere(case, what, listener, answer)
    if other:
        case.problem("owner", other)
    if answer.right or other:
        return
    ended = f"; {reason}" if reason and reason not in answer.failure else ""
    fact = "answer" if answer.stage == "wrong" else "answered"
    case.problem(fact, f"{what}: {answer.failure}{ended}")


def _elsewhere(case: Case, what: str, listener: Listener, answer: Answer) -> str:
    """That others listen where the answer came from, and no process of the service does.

    A short answer is over, and its connection gone, before anybody can look whose it was.
    """
    if answer.remote is None or listener.kind != "stream":
        return ""
    places = (listener.host, "0.0.0.0", "::")
    found = [
        pid
        for row in Tables(case.proc).listening(listener.port)
        if listener.any_host or row.host in places
        for pid in case.proc.holders(row.inode)
    ]
    if not found or set(case.members()).intersection(found):
        return ""
    return (
        f"{what} was answered by {about(case.proc, found[0])}, "
        f"not by a process of {case.wish.service}"
    )
