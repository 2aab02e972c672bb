# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The proof itself: bring a service to rest, ask its sockets, and look who answers."""

from __future__ import annotations

import time
import typing as t

from ._facts import (
    Tables,
    about,
    credential_facts,
    declared_credentials,
    process_facts,
    sandbox_facts,
)
from ._listeners import Listener, listening_inodes
from ._manager import Manager, ManagerError
from ._probe import InvalidProbe, Probe
from ._proc import Proc
from ._proof import (
    SERVICE_PROPERTIES,
    SOCKET_PROPERTIES,
    Proof,
    ServiceState,
    SocketUnit,
    Wish,
    default_probes,
    find_socket,
    keys,
    limit_message,
    milliseconds,
)
from ._wire import STEP, Answer, Deadline, ask

Question = t.Tuple[Probe, SocketUnit, Listener]
#: How often a start that nobody can explain is tried again from rest.
ATTEMPTS = 3


class Prover:
    """One proof of one service whose sockets hand over what they listen on."""

    def __init__(
        self,
        wish: Wish,
        manager: Manager,
        proc: Proc | None = None,
        *,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self.wish = wish
        self.manager = manager
        self.proc = proc or Proc()
        self.clock = clock
        self.sleep = sleep
        self.proof = Proof()
        self.units: list[SocketUnit] = []
        self.names: dict[str, str] = {}
        self.inodes: dict[tuple[str, str], int] = {}
        self.found = ServiceState({})
        self.state = ServiceState({})
        self.last_answer = 0.0
        self.touched = False

    # Reading

    def read(self) -> None:
        """Read the service and its sockets, and what was found there first."""
        service = self.wish.service
        shown = self.manager.show([service], SERVICE_PROPERTIES)[service]
        self.found = self.state = ServiceState(shown)
        names = self.wish.sockets or tuple(
            unit
            for unit in self.state.text("TriggeredBy").split()
            if unit.endswith(".socket")
        )
        self.read_sockets(names)
        self.proof.service = {
            "name": service,
            "systemd": None,
            "type": self.state.text("Type"),
            "found": self.state.active,
            "left": self.state.active,
        }

    def read_sockets(self, names: t.Sequence[str]) -> None:
        """Read socket units; `refresh` reads the same ones again."""
        shown = self.manager.show(list(names), SOCKET_PROPERTIES)
        self.units = [SocketUnit.parse(unit, shown[unit]) for unit in names]
        self.names = keys(self.units)

    def refresh(self) -> None:
        """Read the service and its sockets again, in one command."""
        units = [self.wish.service, *(unit.unit for unit in self.units)]
        shown = self.manager.show(units, [*SERVICE_PROPERTIES, *SOCKET_PROPERTIES])
        self.state = ServiceState(shown[self.wish.service])
        self.units = [SocketUnit.parse(u.unit, shown[u.unit]) for u in self.units]

    def key(self, unit: SocketUnit) -> str:
        """The name of a socket in the proof."""
        return self.names[unit.unit]

    def problem(self, fact: str, message: str, unit: SocketUnit | None = None) -> None:
        """Add a missing fact to the proof."""
        self.proof.problem(fact, message, self.key(unit) if unit else None)

    # Before anything is touched

    def preflight(self) -> bool:
        """Whether the units are as they must be. It changes nothing but, when it was
        told to (``reset``), what a start limit has left behind."""
        service = self.wish.service
        if not self._loaded(service, self.state.shown):
            return False
        if not self.units:
            self.problem("trigger", f"no socket starts {service}")
        for unit in self.units:
            self._preflight_unit(unit)
        if not self.proof.problems:
            self.bind()
        limit = limit_message(self.state.text("Result"))
        if limit and self.state.active == "failed" and not self.wish.reset:
            self.problem("limit", limit)
        return not self.proof.problems

    def _loaded(
        self, name: str, shown: t.Mapping[str, str], unit: SocketUnit | None = None
    ) -> bool:
        state = shown.get("LoadState", "")
        if state == "masked" or shown.get("UnitFileState", "").startswith("masked"):
            self.problem("loaded", f"{name} is masked", unit)
        elif state != "loaded":
            error = shown.get("LoadError", "").strip().strip('"')
            reason = f"{state}: {error}" if error else state
            self.problem("loaded", f"{name} is not loaded ({reason})", unit)
        elif shown.get("NeedDaemonReload") == "yes":
            self.problem(
                "reloaded",
                f"the file of {name} has changed and systemd has not read it again "
                "(systemctl daemon-reload)",
                unit,
            )
        else:
            return True
        return False

    def _preflight_unit(self, unit: SocketUnit) -> None:
        shown = {
            "LoadState": unit.load,
            "LoadError": unit.load_error,
            "UnitFileState": unit.file_state,
            "NeedDaemonReload": "yes" if unit.needs_reload else "no",
        }
        if not self._loaded(unit.unit, shown, unit):
            return
        if unit.triggers and self.wish.service not in unit.triggers:
            self.problem(
                "trigger",
                f"{unit.unit} belongs to {' '.join(unit.triggers)}, "
                f"not to {self.wish.service}",
                unit,
            )
        elif unit.active == "failed" and self.wish.reset:
            self._revive(unit)
        elif unit.active != "active":
            limit = limit_message(unit.result)
            if limit:
                self.problem("limit", f"{unit.unit} is closed: {limit}", unit)
            else:
                self.problem(
                    "listening",
                    f"{unit.unit} is not listening: it is {unit.active}"
                    + (f" ({unit.result})" if unit.result != "success" else ""),
                    unit,
                )

    def _revive(self, unit: SocketUnit) -> None:
        limit = limit_message(unit.result) or f"it had failed ({unit.result})"
        try:
            self.manager.reset_failed(self.wish.service, unit.unit)
            self.manager.start(unit.unit)
        except ManagerError as exc:
            self.problem("listening", f"{unit.unit} does not start: {exc.err}", unit)
            return
        self.proof.changed = True
        self.proof.notes.append(f"{unit.unit} was started again: {limit}")
        self.refresh()

    def bind(self) -> None:
        """Find the sockets in the kernel that PID 1 holds for the socket units."""
        tables = Tables(self.proc)
        held = set(self.proc.socket_inodes(1).values())
        paths = set(self.proc.links(1).values())
        unix = tables.unix() if any(self._of("unix")) else []
        for unit, listener in self._all():
            if listener.family in ("inet", "inet6"):
                protocol = "tcp" if listener.kind == "stream" else "udp"
                rows = tables.endpoints(protocol, listener.port)
                inodes = listening_inodes(listener, rows, ())
            elif listener.family == "unix":
                inodes = listening_inodes(listener, (), unix)
            elif listener.family == "path":
                if listener.path not in paths:
                    self.problem("bound", f"PID 1 has not opened {listener.path}", unit)
                continue
            else:
                continue
            own = [inode for inode in inodes if inode in held]
            if own:
                self.inodes[unit.unit, listener.text] = own[0]
                continue
            others = [pid for inode in inodes for pid in self.proc.holders(inode)]
            who = ", ".join(about(self.proc, pid) for pid in others[:3])
            self.problem(
                "bound",
                f"systemd says that {unit.unit} listens on {listener.text}, but "
                + (f"{who} does" if who else "PID 1 holds no socket there"),
                unit,
            )

    def _all(self) -> t.Iterator[tuple[SocketUnit, Listener]]:
        for unit in self.units:
            for listener in unit.listeners:
                yield unit, listener

    def _of(self, family: str) -> t.Iterator[Listener]:
        return (x for _unit, x in self._all() if x.family == family)

    def questions(self) -> list[Question]:
        """What is asked, in order; raises `InvalidProbe` for a probe without a socket."""
        found: list[Question] = []
        for probe in self.wish.probes or default_probes(self.units):
            unit = find_socket(probe.socket, self.units, self.wish.service)
            listeners = [
                listener
                for listener in unit.listeners
                if not probe.address or probe.address in (listener.text, listener.path)
            ]
            if not listeners:
                there = ", ".join(listener.text for listener in unit.listeners)
                raise InvalidProbe(
                    f"{unit.unit} has no address {probe.address}; there are: {there}"
                )
            found += [(probe, unit, x) for x in listeners if _askable(probe, x)]
            if probe.command:
                found = found[: len(found) - len(listeners) + 1]
        return found

    # The sequence

    def prove(self) -> Proof:
        """Make the proof. Whatever comes of it, the service is left as it was wished."""
        self.read()
        self.proof.service["systemd"] = self.manager.version
        if self.preflight():
            try:
                questions = self.questions()
            except InvalidProbe as exc:
                self.problem("probe", str(exc))
                return self._end()
            if not questions:
                self.problem(
                    "probe",
                    "no probe is given for what these sockets take "
                    "(only stream sockets have one by default)",
                )
                return self._end()
            try:
                self._sequence(questions)
            finally:
                self.leave()
        return self._end()

    def _end(self) -> Proof:
        if self.proof.problems and self.wish.lines:
            self.proof.journal = self.manager.journal(
                self.wish.service, self.wish.lines
            )
        return self.proof

    def _sequence(self, questions: list[Question]) -> None:
        for index, question in enumerate(questions):
            fresh = index == 0 or self.wish.rest == "each"
            if fresh and not self.rest():
                return
            self.round(question, fresh and self.state.at_rest)
            if self.proof.problems:
                break
        self.look()
        if not self.proof.problems:
            self.settle()

    def rest(self) -> bool:
        """Bring the service to rest, unless the wish keeps it; false when it cannot."""
        if self.state.at_rest:
            return True
        pid, wish = self.state.main_pid, self.wish
        if wish.rest == "keep":
            self.proof.notes.append(
                "the service was already running and was kept: its start is not proven"
            )
            return True
        if wish.rest == "found":
            self.problem(
                "rest",
                f"{wish.service} was already running (process {pid}) and may not be "
                "stopped, so that nothing shows that a request starts it",
            )
            return False
        return self.stop()

    def stop(self) -> bool:
        """Stop the service, and nothing else: its sockets stay open."""
        before = self.state
        self.touched = True
        try:
            self.manager.stop(self.wish.service, no_block=True)
        except ManagerError as exc:
            self.problem("rest", f"{self.wish.service} cannot be stopped: {exc.err}")
            return False
        deadline = Deadline(self.wish.timeout, self.clock)
        pause = STEP
        while True:
            self.refresh()
            if self.state.at_rest or self.state.invocation != before.invocation:
                break
            if deadline.over:
                self.problem(
                    "rest",
                    f"{self.wish.service} has not stopped within "
                    f"{self.wish.timeout:g} s: it is {self.state.active}",
                )
                return False
            self.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        if self.state.active == "failed" and before.active != "failed":
            self.proof.notes.append(
                f"told to stop, the main process {self.state.ending() or 'failed'}"
            )
            self.manager.reset_failed(self.wish.service)
        for unit in self.units:
            if unit.active != "active":
                self.problem(
                    "listening", f"stopping the service has closed {unit.unit}", unit
                )
        return not self.proof.problems

    def round(self, question: Question, from_rest: bool) -> None:
        """Ask one question and judge what happened."""
        for attempt in range(ATTEMPTS):
            before = self.state
            answer = self.ask(question)
            self.refresh()
            if not from_rest:
                self.judge_answer(question, answer, before, started=None)
                return
            cause = self.cause(before, answer)
            if cause == "unknown" and attempt + 1 < ATTEMPTS and self.stop():
                continue
            self.judge_start(question, answer, before, cause)
            return

    def ask(self, question: Question) -> Answer:
        """Put a question to a socket."""
        probe, unit, listener = question
        self.touched = True
        deadline = Deadline(self.wish.timeout, self.clock).within(probe.timeout)
        answer = ask(
            probe,
            listener,
            deadline,
            ipv6_only=unit.ipv6_only,
            watch=self.watch,
            taken=self.taken,
        )
        if answer.right and not probe.answers and not listener.connects:
            self._await_start(answer, deadline)
        self.last_answer = answer.ended
        return answer

    def _await_start(self, answer: Answer, deadline: Deadline) -> None:
        """What was sent has no answer: that the service starts is the whole sign."""
        before = self.state.started
        while not deadline.over:
            self.refresh()
            if self.state.started != before or self.state.active == "active":
                return
            self.sleep(STEP)
        answer.stage, answer.expired = "answer", True
        answer.failure = f"nothing started within {deadline.seconds:g} s"

    def watch(self, answer: Answer) -> None:
        """Called at the first byte of an answer: see who holds the other end."""
        if answer.local is not None and "end" not in answer.seen:
            answer.seen["end"] = Tables(self.proc).other_end(answer.local)

    def taken(self, answer: Answer) -> bool:
        """Whether the service has taken a connection that no answer is expected on."""
        listener = answer.listener
        if not self.state.main_pid:
            self.refresh()
        members = self.members()
        if not members:
            return False
        inodes = self.held(members)
        if answer.local is not None:
            end = Tables(self.proc).other_end(answer.local)
            answer.seen["end"] = end or answer.seen.get("end")
            return end is not None and (end.inode in inodes or end.state != "01")
        return any(
            row.connected and row.path == listener.path and row.inode in inodes
            for row in Tables(self.proc).unix()
        )

    def members(self) -> list[int]:
        """The processes of the service, the main process first."""
        return self.proc.members(self.state.text("ControlGroup"), self.state.main_pid)

    def held(self, members: t.Sequence[int]) -> dict[int, int]:
        """Which process of these holds which socket, by its inode."""
        found: dict[int, int] = {}
        for pid in members:
            for inode in self.proc.socket_inodes(pid).values():
                found.setdefault(inode, pid)
        return found

    # Judging

    def cause(self, before: ServiceState, answer: Answer) -> str:
        """What started the service: ``probe``, ``client``, a unit's name, ``nothing``
        or ``unknown``."""
        state = self.state
        if not state.started or state.started == before.started:
            return "nothing"
        for unit in state.text("ActivationDetails").split():
            if unit.endswith((".timer", ".path")):
                return unit
        if state.started >= int(answer.began * 1000000):
            return "probe"
        port = answer.listener.port
        if port and any(
            row.peer_port and (row.peer, row.peer_port) != answer.local
            for row in Tables(self.proc).endpoints("tcp", port)
        ):
            return "client"
        return "unknown"

    def judge_start(
        self, question: Question, answer: Answer, before: ServiceState, cause: str
    ) -> None:
        """Judge the first question after rest: it must have started the service."""
        _probe, unit, _listener = question
        state = self.state
        if cause in ("probe", "client"):
            if state.invocation == before.invocation:
                self.problem(
                    "triggered", "the run is no new one: same InvocationID", unit
                )
        elif cause != "nothing":
            who = "something else" if cause == "unknown" else cause
            self.problem(
                "triggered",
                f"{self.wish.service} was started by {who} before the request came",
                unit,
            )
        elif answer.right:
            self.problem(
                "triggered",
                f"{answer.listener.text} answers, but the request has not started "
                f"{self.wish.service}",
                unit,
            )
        self.judge_answer(question, answer, before, started=cause)

    def judge_answer(
        self,
        question: Question,
        answer: Answer,
        before: ServiceState,
        started: str | None,
    ) -> None:
        """Judge an answer, whether or not it had to start the service."""
        probe, unit, listener = question
        entry = self.entry(unit)
        took = self.times(answer, started in ("probe", "client"))
        entry["addresses"][listener.text] = took
        if started is not None:
            entry["triggered"] = started in ("probe", "client")
            entry["triggered_by"] = started
            entry["first_byte_ms"] = took["first_byte_ms"]
        elif entry["first_byte_ms"] is None:
            entry["first_byte_ms"] = took["first_byte_ms"]
        took["right"] = answer.right
        if answer.right:
            if probe.answers or listener.connects:
                self.judge_owner(question, answer)
            self.judge_ready(unit)
        else:
            self.explain(question, answer, started)

    def entry(self, unit: SocketUnit) -> dict[str, t.Any]:
        """What the proof says of a socket."""
        return self.proof.sockets.setdefault(
            self.key(unit),
            {
                "unit": unit.unit,
                "listen": [listener.text for listener in unit.listeners],
                "kinds": sorted({listener.kind for listener in unit.listeners}),
                "accept": unit.accept,
                "held_by": [],
                "triggered": None,
                "triggered_by": None,
                "first_byte_ms": None,
                "addresses": {},
            },
        )

    def times(self, answer: Answer, started: bool) -> dict[str, t.Any]:
        """Where the time of an answer went, in milliseconds."""
        state, began = self.state, answer.began
        first = answer.first_byte
        took: dict[str, t.Any] = {
            "first_byte_ms": milliseconds(began, first),
            "whole_ms": milliseconds(began, answer.ended),
        }
        if not started:
            return took
        executed = state.executed / 1000000
        ready = state.number("ActiveEnterTimestampMonotonic") / 1000000
        took["manager_ms"] = milliseconds(began, executed or None)
        # without readiness, nothing tells the program's start from its answer
        told = state.tells_readiness and ready >= executed > 0
        took["program_ms"] = milliseconds(executed, ready if told else first)
        took["answer_ms"] = milliseconds(ready, first) if told else None
        return took

    def judge_owner(self, question: Question, answer: Answer) -> None:
        """Whether the process that answered belongs to the service."""
        _probe, unit, listener = question
        members = self.members()
        inodes = self.held(members)
        end = answer.seen.get("end")
        if end is not None and end.inode:
            if end.inode not in inodes:
                others = self.proc.holders(end.inode)
                if any(pid in self.members() for pid in others):
                    return
                if others:
                    who = " and ".join(about(self.proc, pid) for pid in others[:3])
                    self.problem(
                        "owner",
                        f"{listener.text} was answered by {who}, not by a process of "
                        f"{self.wish.service}",
                        unit,
                    )
                    return
            else:
                self.entry(unit)["answered_by"] = inodes[end.inode]
                return
        if answer.peer_pid and answer.peer_pid not in (1, *members):
            self.problem(
                "owner",
                f"{listener.text} was answered by {about(self.proc, answer.peer_pid)}, "
                f"not by a process of {self.wish.service}",
                unit,
            )
            return
        self._rivals(question)

    def _rivals(self, question: Question) -> None:
        """Sockets of others at the same port, one of which may have answered."""
        _probe, unit, listener = question
        if listener.kind != "stream" or not listener.port:
            return
        ours = set(self.inodes.values())
        for row in Tables(self.proc).listening(listener.port):
            if row.inode in ours or row.host not in (listener.host, "0.0.0.0", "::"):
                continue
            for pid in self.proc.holders(row.inode):
                if pid != 1:
                    self.problem(
                        "owner",
                        f"{about(self.proc, pid)} listens on port {listener.port} too, "
                        "through a socket that systemd does not hold",
                        unit,
                    )

    def judge_ready(self, unit: SocketUnit) -> None:
        """Whether the service became ready: it may say so a little after it answers."""
        deadline = Deadline(self.wish.timeout, self.clock)
        while (
            self.state.active == "activating" and self.state.text("Type") != "oneshot"
        ):
            if deadline.over:
                self.problem(
                    "ready",
                    f"{self.wish.service} answers, but has not said that it is ready "
                    f"within {self.wish.timeout:g} s (Type={self.state.text('Type')})",
                    unit,
                )
                return
            self.sleep(STEP)
            self.refresh()
        if self.state.text("Result") == "timeout":
            self.problem(
                "ready",
                f"{self.wish.service} answers, but never said that it is ready, and "
                f"systemd gave it up after {self.state.text('TimeoutStartUSec')}",
                unit,
            )

    def explain(self, question: Question, answer: Answer, started: str | None) -> None:
        """Say what is wrong with an answer that was not right, as exactly as can be."""
        _probe, unit, listener = question
        state, name = self.state, self.wish.service
        if self._limits() or not self._loaded(name, state.shown):
            return
        if answer.stage == "wrong":
            swapped = self.swapped(question)
            self.problem(
                "descriptor" if swapped else "answer", swapped or answer.failure, unit
            )
            return
        ending = state.ending()
        running = state.active in ("active", "activating") and not ending
        if state.text("Result") == "timeout":
            self.problem(
                "ready",
                f"{name} never became ready: systemd gave it up after "
                f"{state.text('TimeoutStartUSec')} (Type={state.text('Type')})",
                unit,
            )
        elif started == "nothing" and state.text("ConditionResult") == "no":
            self.problem("triggered", f"a condition of {name} is not met", unit)
        elif started == "nothing":
            self.problem(
                "triggered",
                f"the request to {listener.text} has not started {name}: "
                f"{answer.failure}",
                unit,
            )
        elif ending and (not running or state.number("NRestarts")):
            self._ended(unit, ending)
        elif answer.expired and state.active == "activating":
            self.problem(
                "answered",
                f"{answer.failure}: {name} was still starting, it needs longer than "
                f"the deadline (systemd allows it {state.text('TimeoutStartUSec')})",
                unit,
            )
        elif answer.expired:
            self.problem(
                "answered",
                f"{name} is {'ready' if state.tells_readiness else 'running'} "
                f"but {answer.failure}" + self.bypass(),
                unit,
            )
        else:
            self.problem("answered", f"{listener.text}: {answer.failure}", unit)

    def _ended(self, unit: SocketUnit, ending: str) -> None:
        name, forked = self.wish.service, ""
        if ending == "ended with status 0":
            left = [about(self.proc, pid) for pid in self.members()]
            forked = (
                ": it forks away from its main process"
                + (f", {', '.join(left)} is left" if left else "")
                + " (it must stay in the foreground, or be Type=forking)"
            )
        self.problem(
            "answered",
            f"the main process of {name} {ending} before it answered{forked}",
            unit,
        )

    def _limits(self) -> bool:
        hit = False
        for unit in self.units:
            message = limit_message(unit.result) if unit.active == "failed" else ""
            if message:
                ending = self.state.ending()
                why = f"; its main process {ending}" if ending else ""
                self.problem("limit", f"{unit.unit} is closed: {message}{why}", unit)
                hit = True
        return hit

    def bypass(self) -> str:
        """Where the service listens by itself, passing over what it was given."""
        members = self.members()
        given = set(self.proc.socket_inodes(1).values())
        inodes = self.held(members)
        rows = [
            row
            for row in Tables(self.proc).endpoints("tcp")
            if row.state == "0A" and row.inode in inodes and row.inode not in given
        ]
        if not rows:
            return ""
        places = ", ".join(f"{row.host}:{row.port}" for row in rows)
        return (
            f"; it listens on {places} through a socket of its own instead of the "
            "descriptor that it was given"
        )

    def swapped(self, question: Question) -> str:
        """Whether the answer that was expected comes from another socket of this
        service: a program that counts descriptors takes one for another."""
        probe, unit, _listener = question
        for other in self.units:
            for listener in other.listeners:
                if other.unit == unit.unit or not _askable(probe, listener):
                    continue
                deadline = Deadline(self.wish.timeout, self.clock).within(probe.timeout)
                if ask(probe, listener, deadline.within(5)).right:
                    return (
                        f"what {self.key(unit)} must answer comes from {self.key(other)}: "
                        "the program takes its descriptors by position, not by name"
                    )
        return ""

    # Who it is

    def look(self) -> None:
        """Look at the process, its descriptors, its sandbox and its credentials."""
        state, wish = self.state, self.wish
        members = self.members()
        pid = state.main_pid or (members[0] if members else 0)
        texts = {self.inodes[key]: key[1] for key in self.inodes}
        facts = process_facts(self.proc, pid, texts) if pid else {}
        if not facts:
            ending = state.ending()
            if ending and not self.proof.problems:
                self._ended_after(ending, "before it could be looked at")
            elif not self.proof.problems:
                self.problem("process", "there is no main process to look at")
            return
        self.proof.process = facts
        self.judge_descriptors(members, facts)
        self.judge_user(members, facts)
        sandbox, _effects = sandbox_facts(
            self.manager, self.proc, wish.service, pid, state.text("ControlGroup")
        )
        self.proof.sandbox = sandbox
        for row in sandbox["differences"]:
            if row["directive"] not in wish.accept:
                self.problem("sandbox", row["message"])
        declared = declared_credentials(self.manager, wish.service)
        if declared is None:
            self.proof.notes.append(
                "which credentials are declared is unknown: there is no bus to ask"
            )
        wanted = dict.fromkeys(wish.credentials, "")
        wanted.update(declared or {})
        seen, wrong = credential_facts(self.proc, pid, facts["uid"], wanted)
        facts["credentials"] = seen
        for message in wrong:
            self.problem("credentials", message)

    def judge_descriptors(
        self, members: t.Sequence[int], facts: dict[str, t.Any]
    ) -> None:
        """Whether the sockets of PID 1 are the service's, under their names."""
        inodes = self.held(members)
        paths = {link for pid in members for link in self.proc.links(pid).values()}
        passed = [row["name"] for row in facts["descriptors"]]
        for unit, listener in self._all():
            entry = self.entry(unit)
            inode = self.inodes.get((unit.unit, listener.text))
            if inode is not None:
                holder = inodes.get(inode)
                entry["held_by"] = sorted(
                    {*entry["held_by"], *([holder] if holder else [])}
                )
            elif listener.family == "path":
                holder = 1 if listener.path in paths else None
            else:
                continue
            if holder is None:
                self.problem(
                    "descriptor",
                    f"no process of {self.wish.service} holds the socket at "
                    f"{listener.text} that PID 1 listens on" + self.bypass(),
                    unit,
                )
            if passed and unit.name not in passed:
                self.problem(
                    "descriptor",
                    f"{unit.name} is not among the names of the descriptors that the "
                    f"service was given ({', '.join(passed)})",
                    unit,
                )

    def judge_user(self, members: t.Sequence[int], facts: dict[str, t.Any]) -> None:
        """Whether every process of the service is somebody else than root."""
        if facts["uid"] == 0 and not self.wish.allow_root:
            self.problem("user", f"{about(self.proc, facts['pid'])} runs as root")
        elif self.state.text("DynamicUser") == "yes" and not facts["dynamic"]:
            declared = self.state.text("User")
            if facts["user"] != declared and str(facts["uid"]) != declared:
                self.problem(
                    "user",
                    f"its user {facts['user']} ({facts['uid']}) is no dynamic one",
                )
        elif not self.wish.allow_root:
            for pid in members:
                ids = self.proc.status(pid).get("Uid", "").split()
                if ids[1:2] == ["0"]:
                    self.problem("user", f"{about(self.proc, pid)} runs as root")

    def settle(self) -> None:
        """Watch the service for the settle time after its last answer."""
        before, pid = self.state, self.state.main_pid
        end = self.last_answer + self.wish.settle
        while self.clock() < end:
            self.sleep(min(STEP, max(end - self.clock(), 0)))
            if pid and not self.proc.alive(pid):
                break
        lasted = milliseconds(self.last_answer, self.clock())
        self.refresh()
        state = self.state
        same = state.invocation == before.invocation and state.main_pid == pid
        same = same and state.number("NRestarts") == before.number("NRestarts")
        if same and state.active == "active" and self.proc.alive(pid):
            self.proof.service["settled_ms"] = lasted
            return
        again = " and was restarted" if not same and state.active == "active" else ""
        self._ended_after(
            state.ending() or f"is {state.active}", f"within {lasted} ms{again}"
        )

    def _ended_after(self, ending: str, when: str) -> None:
        self.problem(
            "stays",
            f"{self.wish.service} answered, but did not stay for the settle time of "
            f"{self.wish.settle:g} s: its main process {ending} {when}",
        )

    # The end

    def leave(self) -> None:
        """Leave the service as the wish says."""
        wish, was_at_rest = self.wish, self.found.at_rest
        running = wish.leave == "running" or (
            wish.leave == "as_found" and not was_at_rest
        )
        if not self.touched and wish.leave == "as_found":
            return
        self.refresh()
        try:
            if running and self.state.at_rest:
                self.manager.start(wish.service)
                self.refresh()
            elif not running and not self.state.at_rest:
                had = bool(self.proof.problems)
                self.stop()
                if not self.state.at_rest and not had:
                    self.proof.notes.append(
                        f"other requests have started {wish.service} again"
                    )
            elif self.state.active == "failed" and self.found.active == "inactive":
                if not limit_message(self.state.text("Result")):
                    self.manager.reset_failed(wish.service)
                    self.refresh()
        except ManagerError as exc:
            self.problem("left", str(exc))
        self.proof.service["left"] = self.state.active
        if (not running) != was_at_rest:
            self.proof.changed = True


def _askable(probe: Probe, listener: Listener) -> bool:
    if probe.command:
        return True
    if probe.http or probe.tls or not (probe.send or probe.expect):
        return listener.connects
    return listener.kind not in ("netlink", "mqueue", "usb")
