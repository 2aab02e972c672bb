# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The harder proofs: what happens on a crash, a hang, a restart, and when it is idle."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
import typing as t
from dataclasses import dataclass, field

from .._host.manager import ManagerError, parse_span
from .case import Case, Question
from .conduct import forget_starts, put, stop
from .proof import milliseconds, spread
from .wire import STEP, Answer, Deadline, ask

#: Seconds between two kills: systemd allows 20 triggers of a socket in 2 seconds.
PACE = 0.15


def run_trials(case: Case, question: Question) -> None:
    """Make the trials that the wish asks for, one after another."""
    wish = case.wish
    trials: list[tuple[t.Any, t.Callable[[Case, Question], None]]] = [
        (wish.restart, restart),
        (wish.idle, idle),
        (wish.hang, hang),
        (wish.crash, crash),
    ]
    for wanted, trial in trials:
        if not wanted:
            continue
        forget_starts(case)
        if case.state.at_rest:
            put(case, question)
            case.refresh()
        trial(case, question)
        if case.failed:
            return


def _again(case: Case, question: Question, fact: str, when: str) -> float | None:
    """Ask once more; the milliseconds to its first byte, or a problem."""
    answer, watcher = put(case, question)
    case.refresh()
    if answer.right:
        return milliseconds(answer.began, answer.first_byte or answer.ended)
    how = (watcher.fault or case.state).ending()
    how = f": its main process {how}" if how else ""
    case.problem(fact, f"{question[2].text}: {answer.failure} {when}{how}", question[1])
    return None


def restart(case: Case, question: Question) -> None:
    """Restart it, ask; bring it to rest, ask again. Some programs close or unlink what
    they inherited when they end."""
    run = case.state.invocation
    try:
        case.manager.restart(case.wish.service)
    except ManagerError as exc:
        case.problem("restart", f"{case.wish.service} cannot be restarted: {exc.err}")
        return
    case.refresh()
    if case.state.invocation == run:
        case.problem("restart", f"{case.wish.service} was not restarted")
        return
    after = _again(case, question, "restart", "after a restart")
    if case.failed or not stop(case):
        return
    second = _again(case, question, "restart", "when it was activated once more")
    case.proof.trials["restart"] = {
        "after_restart_ms": after,
        "second_start_ms": second,
    }


def idle(case: Case, question: Question) -> None:
    """Leave it alone: it must go by itself, with success, and come back when asked."""
    began, deadline = case.last_answer, Deadline(case.wish.idle, case.clock)
    while not case.state.at_rest:
        if deadline.over:
            case.problem(
                "idle",
                f"{case.wish.service} is still {case.state.active} "
                f"{case.wish.idle:g} s after its last answer",
            )
            return
        case.sleep(5 * STEP)
        case.refresh()
    left = milliseconds(began, case.clock())
    if case.state.active == "failed":
        case.problem("idle", f"it left, but {case.state.ending() or 'failed'}")
        return
    for unit in case.units:
        if unit.active != "active":
            case.problem("idle", f"{unit.unit} was closed when it left", unit)
            return
    back = _again(case, question, "idle", "when it was asked again")
    case.proof.trials["idle"] = {"left_after_ms": left, "back_ms": back}


def hang(case: Case, question: Question) -> None:
    """Stop the main process as a hang would: the watchdog must bring the service back,
    and a request that came meanwhile must be answered."""
    watchdog = parse_span(case.state.text("WatchdogUSec")) or 0
    if not watchdog:
        case.problem(
            "hang", f"nothing watches {case.wish.service}: it has no WatchdogSec="
        )
        return
    pid, run = case.state.main_pid, case.state.invocation
    if not pid:
        case.problem("hang", f"{case.wish.service} has no main process to stop")
        return
    probe, unit, listener = question
    allowed = 2 * watchdog / 1000000 + case.wish.timeout
    began = case.clock()
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = Deadline(allowed, case.clock)
        answer = ask(probe, listener, deadline, ipv6_only=unit.ipv6_only)
        case.refresh()
        while (
            case.state.invocation in ("", run) and case.state.number("NRestarts") == 0
        ):
            if deadline.over:
                break
            case.sleep(5 * STEP)
            case.refresh()
    finally:
        if case.state.main_pid == pid:
            os.kill(pid, signal.SIGCONT)
    numbers: dict[str, t.Any] = {
        "watchdog_ms": watchdog / 1000,
        "answered_meanwhile": answer.right,
        "back_ms": None,
    }
    case.proof.trials["hang"] = numbers
    if case.state.main_pid == pid or case.state.invocation == run:
        case.problem(
            "hang",
            f"the watchdog has not brought {case.wish.service} back within {allowed:g} s",
        )
        return
    numbers["back_ms"] = milliseconds(began, case.state.started / 1000000)
    # what the process had in its hands when it hung is lost with it
    _again(case, question, "hang", "after the watchdog")


@dataclass
class Tally:
    """What became of the requests of a trial. Times are of the monotonic clock."""

    ok: int = 0
    refused: int = 0
    reset: list[tuple[float, float]] = field(default_factory=list)
    unanswered: int = 0
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0
    waits: list[float] = field(default_factory=list)

    def count(self, answer: Answer) -> None:
        """Sort one request by what became of it."""
        took = answer.ended - answer.began
        self.longest = max(self.longest, took)
        if answer.right:
            self.ok += 1
            self.waits.append(took * 1000)
        elif answer.expired:
            self.unanswered += 1
        elif answer.connected is None:
            self.refused += 1
        elif answer.stage == "wrong":
            self.wrong.append(answer.failure)
        else:
            self.reset.append((answer.began, answer.ended))

    def in_hand(self, kills: t.Sequence[tuple[float, float]]) -> int:
        """How many of the reset requests a killed process had in its hands: those that
        were on their way at a kill, of which the times before and after are known."""
        return sum(
            any(began <= after and before <= ended for before, after in kills)
            for began, ended in self.reset
        )


class _Load:
    """Clients that ask without a pause until they are told to stop."""

    def __init__(self, case: Case, question: Question) -> None:
        self.tally = Tally()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._question = question
        self._timeout = case.wish.timeout
        self._threads = [
            threading.Thread(target=self._client, daemon=True)
            for _client in range(max(case.wish.crash_clients, 1))
        ]

    def __enter__(self) -> _Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(self._timeout + 1)

    def _client(self) -> None:
        probe, unit, listener = self._question
        while not self._over.is_set():
            answer = ask(
                probe, listener, Deadline(self._timeout), ipv6_only=unit.ipv6_only
            )
            with self._lock:
                self.tally.count(answer)


def starts_allowed(case: Case, kills: int) -> bool:
    """Whether so many starts in a row stay below the service's start limit.

    Beyond it systemd closes the sockets for good: a proof must not do that, so it says
    so instead.
    """
    interval = parse_span(case.state.text("StartLimitIntervalUSec")) or 0
    burst = case.state.number("StartLimitBurst")
    if not interval or not burst or kills < burst:
        return True
    case.problem(
        "crash",
        f"{case.wish.service} may start {burst} times in {interval / 1000000:g} s "
        f"(StartLimitBurst=, StartLimitIntervalSec=): after {burst} crashes in a row "
        "systemd would close its sockets for good",
    )
    return False


def crash(case: Case, question: Question) -> None:
    """Kill the main process again and again under steady requests."""
    kills: list[tuple[float, float]] = []
    wanted = case.wish.crash
    if not starts_allowed(case, wanted):
        return
    if not question[0].answers:
        case.problem("crash", "a crash needs a probe that is answered, such as http")
        return
    back: list[float] = []
    with _Load(case, question) as load:
        while len(kills) < wanted:
            pid = _await_main(case, load)
            if not pid:
                break
            before = time.monotonic()
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError as exc:
                if exc.errno != errno.ESRCH:
                    raise
                continue
            # until it is dead it may still take a request into its hands
            while case.proc.alive(pid) and time.monotonic() < before + 1:
                case.sleep(0.001)
            killed = time.monotonic()
            kills.append((before, killed))
            answered = _await_answer(case, load, load.tally.ok)
            back.append((answered - killed) * 1000)
            case.sleep(max(PACE - (time.monotonic() - killed), 0))
    case.refresh()
    tally = load.tally
    in_hand = tally.in_hand(kills)
    case.proof.trials["crash"] = {
        "kills": len(kills),
        "requests": tally.ok
        + tally.refused
        + len(tally.reset)
        + tally.unanswered
        + len(tally.wrong),
        "ok": tally.ok,
        "refused": tally.refused,
        "reset": len(tally.reset),
        "reset_in_hand": in_hand,
        "unanswered": tally.unanswered,
        "wrong": len(tally.wrong),
        "longest_ms": round(tally.longest * 1000, 2),
        "request_ms": spread([round(wait, 2) for wait in tally.waits]),
        "back_ms": spread([round(wait, 2) for wait in back]),
    }
    said = []
    if len(kills) < wanted:
        said.append(f"it did not come back after kill {len(kills)} of {wanted}")
    if tally.refused:
        said.append(f"{tally.refused} connections were refused")
    if tally.unanswered:
        said.append(f"{tally.unanswered} requests were not answered")
    if len(tally.reset) > in_hand:
        lost = len(tally.reset) - in_hand
        said.append(f"{lost} requests were reset that no killed process had in hand")
    if tally.wrong:
        said.append(f"{len(tally.wrong)} answers were wrong ({tally.wrong[0]})")
    if said:
        case.problem(
            "crash", f"under {len(kills)} kills " + ", ".join(said), question[1]
        )


def _await_main(case: Case, load: _Load) -> int:
    """The main process, once it answers; 0 when it does not come back in time."""
    deadline = Deadline(case.wish.timeout, case.clock)
    while not deadline.over:
        case.refresh()
        pid = case.state.main_pid
        ready = case.state.active == "active"
        if pid and ready and case.proc.alive(pid) and load.tally.ok:
            return pid
        if any(unit.active == "failed" for unit in case.units):
            return 0
        case.sleep(STEP)
    return 0


def _await_answer(case: Case, load: _Load, before: int) -> float:
    deadline = Deadline(case.wish.timeout, case.clock)
    while load.tally.ok <= before + case.wish.crash_clients and not deadline.over:
        case.sleep(STEP)
    return time.monotonic()
