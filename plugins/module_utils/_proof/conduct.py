# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The acts of a proof: bring to rest, ask, wait for the settle time, leave as wished."""

from __future__ import annotations

import os
import time
import typing as t

from .._host.followers import start_again
from .._host.manager import ManagerError, parse_span
from .._host.rest import let_start
from .case import Case, Question
from .facts import Tables, about
from .listeners import ESTABLISHED
from .preflight import bind
from .proof import ServiceState, limit_message, milliseconds
from .wire import STEP, Answer, Deadline, ask


def rest(case: Case) -> bool:
    """Bring the service to rest, unless the wish keeps it; false when it cannot be."""
    case.baseline = case.state
    if case.state.at_rest:
        return True
    wish = case.wish
    if wish.rest == "keep":
        case.note(
            "the service was already running and was kept: its start is not proven"
        )
        return True
    if wish.rest == "found":
        case.problem(
            "rest",
            f"{wish.service} was already running (process {case.state.main_pid}) and may "
            "not be stopped, so that nothing shows that a request starts it",
        )
        return False
    if wish.since and case.state.started > wish.since * 1000000:
        case.visited = visitors(case)
        # A client was faster than the proof. Nobody has to wait for another start.
        let_start(case.manager, wish.service, wish.timeout, case.clock, case.sleep)
        case.refresh()
        if case.state.active == "active":
            case.baseline = ServiceState({})
            return True
    return stop(case)


def stop(case: Case) -> bool:
    """Stop the service, and nothing else: its sockets stay open.

    It counts as stopped too when another client's request has started it again.
    """
    name = case.wish.service
    if case.state.active == "activating":
        let_start(case.manager, name, case.wish.timeout, case.clock, case.sleep)
        case.refresh()
    before = case.state
    case.baseline, case.touched = before, True
    try:
        case.manager.stop(name, no_block=True)
    except ManagerError as exc:
        case.problem("rest", f"{name} cannot be stopped: {exc.err}")
        return False
    deadline, pause = Deadline(case.wish.timeout, case.clock), STEP
    case.visited = False
    while True:
        case.refresh()
        # a socket that stops with the service does so after it
        pending = any(unit.pending for unit in case.units)
        if case.state.at_rest and not pending:
            break
        if case.state.invocation != before.invocation:
            break
        if deadline.over:
            case.problem(
                "rest",
                f"{name} has not stopped within {case.wish.timeout:g} s: "
                f"it is {case.state.active}",
            )
            return False
        case.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    if case.state.at_rest:
        case.gone()
    if not case.state.at_rest:
        case.visited = visitors(case)
    if case.state.active == "failed" and before.active != "failed":
        case.note(f"told to stop, its main process {case.state.ending() or 'failed'}")
        case.manager.reset_failed(name)
        case.refresh()
    closed = [unit for unit in case.units if unit.active != "active"]
    if "rest" in case.wish.accept:
        _reopen(case)
        closed = [unit for unit in closed if unit.unit not in case.opened]
        bind(case)
    for unit in closed:
        limit = limit_message(unit.result)
        fact = "limit" if limit else "listening"
        case.problem(fact, f"{unit.unit} is closed: {limit or unit.result}", unit)
    return not closed


def visitors(case: Case) -> bool:
    """Whether somebody is at one of the service's sockets, before the probe is."""
    tables = Tables(case.proc)
    listeners = [listener for _unit, listener in case.listeners()]
    ports = {listener.port for listener in listeners if listener.port}
    paths = {listener.path for listener in listeners if listener.path}
    return any(
        row.peer_port for port in ports for row in tables.endpoints("tcp", port)
    ) or any(row.connected and row.path in paths for row in tables.unix())


#: How `ServiceState.ending` says that a process has ended as it wanted to.
SUCCESS = "ended with status 0"
#: Seconds that a service may crash again and again until nobody waits for it any more, at
#: least: within the interval of a limit, systemd may still close its socket.
LOOP = 2.5
#: How often a service is seen at rest before that is taken as lasting, at least.
LOOKS = 3
#: Seconds that a new process may take from its fork to its own program, and systemd to hear
#: of one that has ended.
PATIENCE = 5.0
#: Seconds that a service has to take a request that the proof has given up.
DRAIN = 5.0


class Watcher:
    """What is looked at while a question is on its way to a service."""

    def __init__(self, case: Case, before: ServiceState) -> None:
        self.case = case
        self.before = before
        self.since = real_time()
        self.first = ""
        self.loop = max(LOOP, *(seconds for seconds in _intervals(case)))
        self.fault: ServiceState | None = None
        self.until = 0.0

    def watch(self, answer: Answer) -> None:
        """At the first byte: see who holds the other end of the connection."""
        if answer.local is not None and "end" not in answer.seen:
            answer.seen["end"] = Tables(self.case.proc).other_end(answer.local)

    def taken(self, answer: Answer) -> bool:
        """Whether the service has taken a connection that no answer is expected on."""
        case, listener = self.case, answer.listener
        if not case.state.main_pid:
            case.refresh()
        members = case.members()
        if not members:
            return False
        inodes = case.held(members)
        if answer.local is not None:
            end = Tables(case.proc).other_end(answer.local)
            answer.seen["end"] = end or answer.seen.get("end")
            gone = end is not None and end.state != ESTABLISHED
            return end is not None and (end.inode in inodes or gone)
        return any(
            row.connected and row.path == listener.path and row.inode in inodes
            for row in Tables(case.proc).unix()
        )

    def tick(self, _answer: Answer) -> str:
        """While nothing comes: a reason to wait no longer, or nothing.

        A run that failed is remembered: the request that is still waiting starts the
        service again at once, and systemd then forgets how the run before ended.
        """
        case = self.case
        pid = case.state.main_pid
        if pid and case.proc.alive(pid) and case.state.active == "active":
            return ""
        case.refresh()
        state = case.state
        if any(unit.active == "failed" for unit in case.units):
            self.fault = self.fault or state
            return "its socket was closed"
        if state.invocation == self.before.invocation:
            return ""
        ended = state.text("Result") not in ("", "success") or (
            state.at_rest and bool(state.ending())
        )
        if ended or self.first not in ("", state.invocation):
            if self.fault is None:
                self.until = case.clock() + self.loop
            if self.fault is None or (ended and not self.fault.ending()):
                self.fault = state
        self.first = self.first or state.invocation
        if self.fault is not None and case.clock() > self.until:
            return "it ended, was started again, and so on"
        return ""


def _intervals(case: Case) -> t.Iterator[float]:
    """The seconds within which starts count for the limits of a service and its sockets."""
    yield (parse_span(case.state.text("StartLimitIntervalUSec")) or 0) / 1000000
    for unit in case.units:
        yield (unit.trigger_interval or 0) / 1000000


def put(case: Case, question: Question) -> tuple[Answer, Watcher]:
    """Put a question to a socket, and wait for what it starts when nothing answers."""
    probe, unit, listener = question
    case.touched = True
    watcher = Watcher(case, case.state if case.state.at_rest else case.baseline)
    deadline = Deadline(case.wish.timeout, case.clock).within(probe.timeout)
    answer = ask(
        probe,
        listener,
        deadline,
        ipv6_only=unit.ipv6_only,
        watch=watcher.watch,
        taken=watcher.taken,
        tick=watcher.tick,
    )
    if answer.right and not probe.answers and not listener.connects:
        before = watcher.before.started
        case.refresh()
        while case.state.started == before and case.state.active != "active":
            if deadline.over:
                answer.stage, answer.expired = "answer", True
                answer.failure = f"nothing started within {deadline.seconds:g} s"
                break
            case.sleep(STEP)
            case.refresh()
        answer.ended = case.clock()
    case.last_answer = answer.ended
    if not answer.right or not (probe.answers or listener.connects):
        case.waiting = True
    return answer, watcher


def settle(case: Case) -> None:
    """Watch the service for the settle time after its last answer."""
    before, pid = case.state, case.state.main_pid
    if is_done(case) and before.active != "activating":
        return
    end = case.last_answer + case.wish.settle
    while True:
        now = case.clock()
        lives = _lives(case, pid)
        if not lives or now >= end:
            break
        case.sleep(min(STEP, end - now))
    lasted = milliseconds(case.last_answer, now)
    await_its_end(case)
    state = case.state
    same = state.invocation == before.invocation
    # one that was seen to live after that time has stayed, whatever it does next; without a
    # main process, what was seen may be of another run
    stayed = (lives and (same or pid > 0)) or outlasted(case)
    if stayed and not (same and state.active == "deactivating"):
        case.proof.service["settled_ms"] = lasted
    elif state.active == "active" and not same:
        ended_after(case, "ended", f"within {lasted} ms and was started again")
    else:
        ended_after(case, state.ending() or f"is {state.active}", f"within {lasted} ms")


def outlasted(case: Case) -> bool:
    """Whether its main process has ended, but only after the settle time."""
    ended = case.state.number("ExecMainExitTimestampMonotonic") / 1000000
    return ended >= case.last_answer + case.wish.settle


def _lives(case: Case, pid: int) -> bool:
    """Whether the main process is there, or any where systemd knows of none."""
    return case.proc.alive(pid) if pid else bool(case.members())


def await_its_end(case: Case) -> None:
    """Read the service again; of processes that have ended, systemd must know, too."""
    deadline = Deadline(PATIENCE, case.clock)
    case.refresh()
    while _ends(case) and not deadline.over:
        case.sleep(STEP)
        case.refresh()


def _ends(case: Case) -> bool:
    """Whether systemd has yet to hear that nothing of it runs any more."""
    state, pid = case.state, case.state.main_pid
    if not pid and (state.active != "active" or state.text("SubState") == "exited"):
        return False
    return not _lives(case, pid)


def is_done(case: Case) -> bool:
    """Whether it was to do one thing, and has done it."""
    state = case.state
    return state.text("Type") == "oneshot" and state.text("Result") == "success"


def ended_after(case: Case, ending: str, when: str) -> None:
    """Say that the service has answered and then did not stay."""
    case.problem(
        "stays",
        f"{case.wish.service} answered, but did not stay for the settle time of "
        f"{case.wish.settle:g} s: its main process {ending} {when}"
        + (forked(case) if ending == SUCCESS else ""),
    )


def forked(case: Case) -> str:
    """What it means that a main process has ended with success."""
    if case.state.text("Type") == "forking":
        return ""
    main = case.state.main_pid
    left = [about(case.proc, pid) for pid in case.members() if pid != main]
    return (
        ": it forks away from its main process"
        + (f" ({', '.join(left)} is left)" if left else "")
        + ", so it must stay in the foreground or be Type=forking"
    )


def leave(case: Case) -> None:
    """Leave the service as the wish says, whatever became of the proof."""
    wish, was_at_rest = case.wish, case.found.at_rest
    running = wish.leave == "running" or (wish.leave == "as_found" and not was_at_rest)
    if not case.touched and wish.leave == "as_found":
        return
    case.refresh()
    try:
        if running and case.state.at_rest:
            case.manager.start(wish.service)
            case.refresh()
        elif not running and (
            not case.state.at_rest or _returns(case, Deadline(DRAIN, case.clock))
        ):
            _stop_for_good(case)
        elif case.state.active == "failed" and case.found.active == "inactive":
            closed = any(unit.active == "failed" for unit in case.units)
            if not closed and not limit_message(case.state.text("Result")):
                case.manager.reset_failed(wish.service)
                case.refresh()
    except ManagerError as exc:
        case.problem("left", str(exc))
    _reopen(case)
    _bring_back(case)
    case.proof.service["left"] = case.state.active
    for unit in case.units:
        if unit.active != "active":
            case.note(f"{unit.unit} is left {unit.active} ({unit.result})")
    if running == was_at_rest:
        case.proof.changed = True


def _reopen(case: Case) -> None:
    """Open the sockets again that have stopped with the service."""
    for unit in case.units:
        if unit.active != "inactive" or unit.unit not in case.opened:
            continue
        try:
            case.manager.start(unit.unit)
        except ManagerError as exc:
            case.problem("left", str(exc), unit)
            continue
        case.note(f"{unit.unit} had stopped with the service, and was opened again")
        case.refresh()


def _bring_back(case: Case) -> None:
    """Start what has stopped with the service, unless that is wished to be idle: most of
    it would start the service."""
    if not case.followers or not case.touched or case.wish.leave == "idle":
        return
    try:
        for unit in start_again(case.manager, case.followers):
            case.note(f"{unit} had stopped with the service, and was started again")
    except ManagerError as exc:
        case.problem("left", str(exc))
    case.refresh()


def _stop_for_good(case: Case) -> None:
    """Stop the service; what a request in its sockets' queues starts again, again.

    A request that nobody has taken stays in the queue after its client has gone, and
    starts the service as soon as it stops: only the service can take it out. Where it has
    not even begun to start by the end, its job is cancelled once more; a request that then
    makes another one is left to it, and noted.
    """
    drain, pause = Deadline(DRAIN, case.clock), case.wish.settle or STEP
    cancelled = False
    while True:
        if not stop(case) or (case.state.at_rest and not _returns(case, drain)):
            return
        while case.state.active == "activating" and not drain.over:
            case.sleep(5 * STEP)
            case.refresh()
        if drain.over and case.state.at_rest and not cancelled:
            cancelled = True
            continue
        if drain.over:
            how = "are about to start" if case.state.at_rest else "have started"
            case.note(f"requests {how} {case.wish.service} again")
            return
        # nothing tells when it takes them: it has more time for that with each round
        case.sleep(pause)
        pause *= 2
        case.refresh()


def _returns(case: Case, drain: Deadline) -> bool:
    """Whether a request that nobody has taken starts the service again, or is about to.

    The manager looks at the queues of its sockets only after the service is at rest: what
    is seen at that moment may not last. The job that it makes may wait for another unit,
    for ever perhaps.
    """
    end, looks = case.clock() + case.wish.settle, 0
    while (case.failed or case.waiting) and case.state.at_rest:
        # each answer comes from one turn of the manager's loop, in which it looks at them
        enough = looks >= LOOKS and case.clock() >= end
        if enough and (drain.over or not case.state.pending):
            return case.state.pending
        case.sleep(STEP)
        case.refresh()
        looks += 1
    return not case.state.at_rest


def forget_starts(case: Case) -> None:
    """Keep the proof's own starts from counting for the start limit."""
    if case.state.active != "failed":
        case.manager.reset_failed(case.wish.service)


def real_time() -> int:
    """Microseconds of the real-time clock."""
    return time.time_ns() // 1000


def signal_main(case: Case, number: int) -> int:
    """Send a signal to the main process; its number, or 0 when there is none."""
    pid = case.state.main_pid
    try:
        os.kill(pid, number) if pid else None
    except OSError:
        return 0
    return pid


Conduct = t.Callable[[Case], None]
