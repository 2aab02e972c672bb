# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What an answer shows, and what is wrong when it is not the right one."""

from __future__ import annotations

import re
import typing as t

from .._host.manager import parse_span
from .case import Case, Question
from .conduct import SUCCESS, Watcher, forked
from .facts import Tables, about
from .listeners import LISTEN
from .preflight import loaded
from .probe import askable
from .proof import ServiceState, SocketUnit, limit_message, milliseconds
from .wire import STEP, Answer, Deadline, ask

#: What programs write when somebody holds their port already.
IN_USE = re.compile(r"ddress (?:already )?in use|EADDRINUSE|eaddrinuse")


#: Microseconds by which a timer's own time may be later than the start that it caused.
SLACK = 50000


def cause(case: Case, before: ServiceState, answer: Answer) -> str:
    """What started the service since it was seen at rest: ``probe``, ``client``, the
    name of a timer or a path unit, ``nothing``, or ``unknown``."""
    state = case.state
    if not state.started or state.started == before.started:
        return "nothing"
    other = other_trigger(case, before)
    if other:
        return other
    if state.started >= int(answer.began * 1000000):
        return "probe"
    if case.visited:
        return "client"
    ports = {listener.port for _unit, listener in case.listeners() if listener.port}
    if any(
        row.peer_port and (row.peer, row.peer_port) != answer.local
        for port in ports
        for row in Tables(case.proc).endpoints("tcp", port)
    ):
        return "client"
    return "unknown"


def other_trigger(case: Case, before: ServiceState) -> str:
    """The timer or path unit that started the present run; ``''`` if none is known to.

    systemd says it itself since 250, for as long as the service runs; a timer says when
    it last elapsed. Before 250 nothing tells of a path unit.
    """
    units = [u for u in case.state.text("TriggeredBy").split() if u[-7:] != ".socket"]
    if not units:
        return ""
    name = case.wish.service
    (details,) = case.manager.raw_properties(name, "Unit", ["ActivationDetails"])
    for key, value in details or ():
        if key == "trigger_unit":
            return str(value)
    shown = case.manager.show(units, ["LastTriggerUSecMonotonic"])
    since = before.number("InactiveEnterTimestampMonotonic")
    for unit in units:
        last = parse_span(shown[unit].get("LastTriggerUSecMonotonic", "")) or 0
        # 247 notes the time a little after the service has begun to start
        if since < last <= case.state.started + SLACK:
            return unit
    return ""


def judge_start(
    case: Case, question: Question, answer: Answer, watcher: Watcher, why: str
) -> None:
    """Judge the first question after rest: it must have started the service."""
    unit, name = question[1], case.wish.service
    if why in ("probe", "client"):
        if case.state.invocation == watcher.before.invocation:
            case.problem("triggered", "the run is no new one: same InvocationID", unit)
    elif why != "nothing":
        who = "something else than a request" if why == "unknown" else why
        case.problem("triggered", f"{name} was started by {who}", unit)
    elif answer.right:
        case.problem(
            "triggered",
            f"{answer.listener.text} answers, but the request has not started {name}",
            unit,
        )
    judge_answer(case, question, answer, watcher, why)


def judge_answer(
    case: Case,
    question: Question,
    answer: Answer,
    watcher: Watcher,
    why: str | None = None,
) -> None:
    """Judge an answer; ``why`` is what started the service, if something had to."""
    probe, unit, listener = question
    entry = case.entry(unit)
    triggered = why in ("probe", "client")
    took = times(case.state, answer, triggered)
    took["right"] = answer.right
    entry["addresses"][unit.label(listener)] = took
    if why is not None:
        entry["triggered"], entry["triggered_by"] = triggered, why
    if why is not None or entry["first_byte_ms"] is None:
        entry["first_byte_ms"] = took["first_byte_ms"]
    if not answer.right:
        explain(case, question, answer, watcher, why)
        return
    if probe.answers or listener.connects:
        judge_owner(case, question, answer)
    judge_ready(case, unit)


def times(state: ServiceState, answer: Answer, started: bool) -> dict[str, t.Any]:
    """Where the time of an answer went, in milliseconds.

    ``manager_ms`` goes from the probe to the program's first instruction (or, before
    systemd 256, to the fork), ``program_ms`` from there until it is ready, and
    ``answer_ms`` from there to the first byte. A program that does not say when it is
    ready, or says so after its answer, has it within ``program_ms``.
    """
    began, first = answer.began, answer.first_byte
    took: dict[str, t.Any] = {
        "first_byte_ms": milliseconds(began, first),
        "whole_ms": milliseconds(began, answer.ended),
    }
    if not started:
        return took
    executed = state.executed / 1000000
    ready = state.number("ActiveEnterTimestampMonotonic") / 1000000
    took["manager_ms"] = milliseconds(began, executed or None)
    told = state.tells_readiness and ready >= executed > 0
    if first is not None and ready > first:
        told = False  # it answers first, and says that it is ready later
    took["program_ms"] = milliseconds(executed, ready if told else first)
    took["answer_ms"] = milliseconds(ready, first) if told else None
    return took


def judge_owner(case: Case, question: Question, answer: Answer) -> None:
    """Whether the process that answered belongs to the service, and nobody else could
    have answered."""
    _probe, unit, listener = question
    if listener.kind == "stream" and listener.port:
        _rivals(case, question)
    inodes = case.held(case.members())
    end = answer.seen.get("end")
    if end is not None and end.inode in inodes:
        case.entry(unit)["answered_by"] = inodes[end.inode]
        return
    other = stranger(case, listener.text, answer)
    if other:
        case.problem("owner", other, unit)


def stranger(case: Case, what: str, answer: Answer) -> str:
    """Who has answered in the place of the service, in a sentence; empty when nobody did."""
    name, members = case.wish.service, case.members()
    end = answer.seen.get("end")
    if end is not None and end.inode:
        others = [pid for pid in case.proc.holders(end.inode) if pid not in members]
        if others and end.inode not in case.held(members):
            who = " and ".join(about(case.proc, pid) for pid in others[:3])
            return f"{what} was answered by {who}, not by a process of {name}"
    # The listener of a unix socket is whoever called listen(2) last: systemd, or the
    # service itself on the descriptor that it was given. That may be a run of it which has
    # gone by now, so that a process counts only with a socket of that path in its hands.
    peer = answer.peer_pid
    if peer and peer not in (1, *members) and _has_socket(case, peer, answer):
        return f"{what} was answered by {about(case.proc, peer)}, not by a process of {name}"
    return ""


def _has_socket(case: Case, pid: int, answer: Answer) -> bool:
    held = set(case.proc.socket_inodes(pid).values())
    rows = Tables(case.proc).unix()
    return any(row.path == answer.listener.path and row.inode in held for row in rows)


def _rivals(case: Case, question: Question) -> None:
    """Sockets of others at the same port, one of which may have answered."""
    _probe, unit, listener = question
    ours = set(case.inodes.values())
    for row in Tables(case.proc).listening(listener.port):
        family = "inet6" if row.protocol.endswith("6") else "inet"
        both = listener.host == "::" and not unit.ipv6_only
        reaches = family == listener.family or (both and family == "inet")
        same = row.host == listener.host or listener.any_host
        if row.inode in ours or not (reaches and same):
            continue
        for pid in case.proc.holders(row.inode):
            if pid != 1:
                case.problem(
                    "owner",
                    f"{about(case.proc, pid)} listens on port {listener.port} too, "
                    "through a socket that systemd does not hold",
                    unit,
                )


def judge_ready(case: Case, unit: SocketUnit) -> None:
    """Whether the service became ready: it may say so a little after it answers."""
    name = case.wish.service
    deadline = Deadline(case.wish.timeout, case.clock)
    run = case.state.invocation
    while case.state.active == "activating" and case.state.text("Type") != "oneshot":
        if deadline.over:
            case.problem(
                "ready",
                f"{name} answers, but has not said that it is ready within "
                f"{case.wish.timeout:g} s (Type={case.state.text('Type')})",
                unit,
            )
            return
        case.sleep(STEP)
        case.refresh()
    if case.state.text("Result") == "timeout" and case.state.invocation == run:
        case.problem(
            "ready",
            f"{name} answers, but never said that it is ready, and systemd gave it up "
            f"after {case.state.text('TimeoutStartUSec')}",
            unit,
        )


def explain(
    case: Case,
    question: Question,
    answer: Answer,
    watcher: Watcher,
    why: str | None,
) -> None:
    """Say what is wrong with an answer that was not right, as exactly as can be."""
    _probe, unit, listener = question
    state, name = watcher.fault or case.state, case.wish.service
    if not loaded(case, name, case.state.shown):
        return
    ending = state.ending() or case.state.ending()
    if watcher.fault and not ending:
        # it was started again so fast that systemd has forgotten how it ended
        case.manager.sync_journal()
        endings = case.manager.endings(name, watcher.since)
        well = watcher.fault.text("Result") in ("", "success", "protocol")
        ending = endings[0] if endings else (SUCCESS if well else "failed")
    if answer.stage == "wrong":
        swapped = _swapped(case, question)
        fact = "descriptor" if swapped else "answer"
        case.problem(fact, swapped or answer.failure, unit)
    elif state.text("Result") == "timeout":
        case.problem(
            "ready",
            f"{name} never became ready: systemd gave it up after "
            f"{state.text('TimeoutStartUSec')} (Type={state.text('Type')})",
            unit,
        )
    elif why == "nothing" and _condition_failed(state, answer):
        case.problem("triggered", f"a condition of {name} is not met", unit)
    elif ending and (why != "nothing" or watcher.fault):
        _ended(case, unit, ending)
    elif why == "nothing" and not any(u.active == "failed" for u in case.units):
        case.problem(
            "triggered",
            f"the request to {listener.text} has not started {name}: {answer.failure}",
            unit,
        )
    elif answer.expired and _waits_for_a_file(state):
        case.problem(
            "answered",
            f"{answer.failure}: {name} has forked, and {state.text('PIDFile')} names no "
            "process that is its main one: systemd waits for that file for "
            f"{state.text('TimeoutStartUSec')} (Type=forking, PIDFile=)",
            unit,
        )
    elif answer.expired and state.active == "activating":
        case.problem(
            "answered",
            f"{answer.failure}: {name} was still starting, it needs longer than the "
            f"deadline (systemd allows it {state.text('TimeoutStartUSec')})",
            unit,
        )
    elif answer.expired:
        case.problem(
            "answered",
            f"{name} is {'ready' if state.tells_readiness else 'running'}, "
            f"but {answer.failure}" + bypass(case),
            unit,
        )
    else:
        case.problem("answered", f"{listener.text}: {answer.failure}", unit)
    _limits(case)


def _waits_for_a_file(state: ServiceState) -> bool:
    """Whether what systemd has started is over, and it waits for who takes its place."""
    nobody = not state.main_pid and not state.number("ControlPID")
    starts = state.active == "activating" and state.text("SubState") == "start"
    return nobody and starts and bool(state.text("PIDFile"))


def _condition_failed(state: ServiceState, answer: Answer) -> bool:
    """Whether the request has had systemd look at the conditions, and they were not met.

    The result alone is "no" as well for a service that was never started.
    """
    looked = state.number("ConditionTimestampMonotonic")
    return state.text("ConditionResult") == "no" and looked >= int(
        answer.began * 1000000
    )


def _ended(case: Case, unit: SocketUnit, ending: str) -> None:
    name, reason = case.wish.service, _log(case)
    if ending == SUCCESS:
        reason = forked(case)
    elif ending == "ended with status 243":
        reason = ": systemd could not give it a credential (status CREDENTIALS)"
        case.problem("credentials", f"{name} {ending}{reason}", unit)
        return
    case.problem(
        "answered",
        f"the main process of {name} {ending} before it answered{reason}",
        unit,
    )


def _log(case: Case) -> str:
    """What the service's own log says of a port that is taken."""
    case.manager.sync_journal()
    for line in reversed(case.manager.journal(case.wish.service, 50)):
        if IN_USE.search(line):
            text = line.partition("]: ")[2] or line
            return (
                f"; its log says {text.strip()!r}: it binds the port by itself instead "
                "of taking the descriptor that it was given"
            )
    return ""


def _limits(case: Case) -> None:
    for unit in case.units:
        message = limit_message(unit.result) if unit.active == "failed" else ""
        if message:
            case.problem("limit", f"{unit.unit} is closed: {message}", unit)


def bypass(case: Case) -> str:
    """Where the service listens by itself, passing over what it was given."""
    given = set(case.proc.socket_inodes(1).values())
    inodes = case.held(case.members())
    rows = [
        row
        for row in Tables(case.proc).endpoints("tcp")
        if row.state == LISTEN and row.inode in inodes and row.inode not in given
    ]
    if not rows:
        return ""
    places = ", ".join(f"{row.host}:{row.port}" for row in rows)
    return (
        f"; it listens on {places} through a socket of its own instead of the "
        "descriptor that it was given"
    )


def _swapped(case: Case, question: Question) -> str:
    """Whether the answer that was expected comes from another socket of the service: a
    program that counts its descriptors takes one for another."""
    probe, unit, _listener = question
    for other, listener in case.listeners():
        if other.unit == unit.unit or not askable(probe, listener):
            continue
        deadline = Deadline(case.wish.timeout, case.clock).within(probe.timeout)
        if ask(probe, listener, deadline.within(5)).right:
            return (
                f"what {case.key(unit)} must answer comes from {case.key(other)}: "
                "the program takes its descriptors by position, not by name"
            )
    return ""
