# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The proof: bring a service to rest, ask its sockets, look who answers, leave it."""

from __future__ import annotations

import typing as t

from .._host.manager import Manager
from .._host.proc import Proc
from .case import Case, Question
from .conduct import forget_starts, leave, put, rest, settle, stop
from .look import look
from .preflight import preflight
from .probe import InvalidProbe, askable, means
from .proof import Proof, Wish, default_probes, find_socket, spread
from .verdict import cause, judge_answer, judge_start

#: How often a start that nobody can explain is tried again from rest.
ATTEMPTS = 3
#: Seconds between two samples: systemd.socket(5) allows 20 triggers in 2 seconds.
PAUSE = 0.12


def prove(
    wish: Wish,
    manager: Manager,
    proc: Proc | None = None,
    known: t.Callable[[str, bytes], bool | None] | None = None,
) -> Proof:
    """Make the proof of one service.

    The service is left as the wish says whatever comes of it; what is missing is in the
    proof's ``problems``. ``known`` tells whether a credential has the content that it is
    to have. Raises `ManagerError` when systemd cannot be asked at all.
    """
    case = Case(wish, manager, proc)
    case.known = known
    case.read()
    case.calm_down()
    if preflight(case):
        try:
            asked = questions(case)
        except InvalidProbe as exc:
            case.problem("probe", str(exc))
            asked = []
        if not case.failed:
            _prove(case, asked)
    if case.failed and wish.lines:
        manager.sync_journal()
        sockets = [socket.unit for socket in case.units]
        instances = [
            case.template(socket).replace("@.", "@*.")
            for socket in case.units
            if socket.accept
        ]
        case.proof.journal = manager.journal(
            case.wish.service.replace("@.", "@*."),
            wish.lines,
            beside=[*sockets, *instances],
        )
    return case.proof


def _prove(case: Case, asked: list[Question]) -> None:
    if case.instances:
        from .instances import prove_instances

        prove_instances(case, asked)
        return
    try:
        if asked:
            _sequence(case, asked)
        if case.wish.triggers and not case.failed:
            from .triggers import prove_triggers

            prove_triggers(case)
        if asked and not case.failed:
            _further(case, asked[0])
    finally:
        leave(case)


def questions(case: Case) -> list[Question]:
    """What is asked, in order; raises `InvalidProbe` for a probe without a socket."""
    found: list[Question] = []
    for probe in case.wish.probes or default_probes(case.units):
        unit = find_socket(probe.socket, case.units, case.wish.service)
        listeners = [x for x in unit.listeners if means(probe.address, x)]
        if not listeners:
            there = ", ".join(unit.label(listener) for listener in unit.listeners)
            raise InvalidProbe(
                f"{unit.unit} has no address {probe.address}; there are: {there}"
            )
        fit = [(probe, unit, x) for x in listeners if askable(probe, x)]
        if not fit:
            kinds = ", ".join(f"{x.text} is {x.kind}" for x in listeners)
            raise InvalidProbe(f"the probe of {probe.socket} cannot be made: {kinds}")
        # a command knows by itself where it goes: once is enough
        found += fit[:1] if probe.command else fit
    if not found and not case.wish.triggers:
        kinds = ", ".join(sorted({x.kind for _unit, x in case.listeners()}))
        raise InvalidProbe(
            f"no probe is given, and only sockets that take connections have one by "
            f"themselves (these are {kinds})"
        )
    return found


def plan(
    wish: Wish, manager: Manager, proc: Proc | None = None
) -> tuple[Proof, list[str]]:
    """What a proof would do on this host, in sentences, changing nothing.

    A service that is not there is no error here: what comes before this proof may be
    what installs it.
    """
    case = Case(wish, manager, proc)
    case.read()
    steps = []
    if preflight(case, act=False):
        running = not case.state.at_rest
        if running and not case.instances and wish.rest in ("once", "each"):
            steps.append(f"stop {wish.service}, which is {case.state.active}")
        try:
            for probe, unit, listener in questions(case):
                way = "send HTTP to" if probe.http else "send to"
                way = way if probe.answers else "connect to"
                way = f"run {probe.command[0]} for" if probe.command else way
                steps.append(f"{way} {listener.text} of {unit.unit}")
        except InvalidProbe as exc:
            case.problem("probe", str(exc))
        steps += [f"fire {name}" for name in wish.triggers]
        for name in ("crash", "hang", "restart", "idle"):
            if getattr(wish, name):
                steps.append(f"try what happens on: {name}")
        leaves = running if wish.leave == "as_found" else wish.leave == "running"
        steps.append(f"leave {wish.service} {'running' if leaves else 'idle'}")
        case.proof.changed = leaves != running and not case.instances
    return case.proof, steps


def _sequence(case: Case, asked: list[Question]) -> None:
    for index, question in enumerate(asked):
        fresh = index == 0 or case.wish.rest == "each"
        if fresh and not rest(case):
            return
        if fresh and index:
            forget_starts(case)
        kept = case.wish.rest == "keep" and not case.state.at_rest
        _round(case, question, fresh and not kept)
        if case.failed:
            break
    look(case)
    if not case.failed:
        settle(case)
    if not case.failed:
        _latency(case, asked[0])


def _round(case: Case, question: Question, from_rest: bool) -> None:
    """Ask one question and judge what happened."""
    for attempt in range(ATTEMPTS):
        answer, watcher = put(case, question)
        if from_rest or not answer.right or case.state.active != "active":
            case.refresh()
        if not from_rest:
            judge_answer(case, question, answer, watcher)
            return
        why = cause(case, watcher.before, answer)
        if why == "unknown" and attempt + 1 < ATTEMPTS and stop(case):
            continue
        judge_start(case, question, answer, watcher, why)
        return


def _latency(case: Case, question: Question) -> None:
    """As many starts as are wished, and where their time went."""
    _probe, unit, listener = question
    first = case.entry(unit)["addresses"][unit.label(listener)]
    samples = [first]
    for _sample in range(case.wish.samples - 1):
        if case.wish.rest == "keep" or not stop(case):
            break
        forget_starts(case)
        case.sleep(PAUSE)
        _round(case, question, True)
        if case.failed:
            return
        samples.append(case.entry(unit)["addresses"][unit.label(listener)])
    kept = ("first_byte_ms", "whole_ms", "manager_ms", "program_ms", "answer_ms")
    case.proof.latency = {
        "samples": [{name: row.get(name) for name in kept} for row in samples],
        **{
            name: spread([row[name] for row in samples if row.get(name) is not None])
            for name in kept
        },
    }


def _further(case: Case, question: Question) -> None:
    wish = case.wish
    if wish.crash or wish.hang or wish.restart or wish.idle:
        from .trials import run_trials

        run_trials(case, question)
