# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Fits the sandbox of one service: what is to be tried, the trials, what is to be kept."""

from __future__ import annotations

import contextlib
import platform
import time
import typing as t
from dataclasses import dataclass, field, replace

from .._deployment.generation import owner_of
from .._exposure.exposure import Exposure, exposure
from .._host.files import read_text
from .._host.followers import followers, refusal
from .._host.manager import Manager, names
from .._host.proc import Proc
from .._proof.conduct import real_time
from .._proof.listeners import Listener
from .._proof.probe import Probe, askable
from .._proof.proof import SERVICE_PROPERTIES, Leave, Proof, ServiceState, Wish
from .._proof.prover import plan as prove_plan
from .._proof.prover import prove
from .._proof.running import Asked, parse_address, prove_running
from .._proof.wire import STEP, Deadline
from .._sandbox.compose import drop_in, lines
from .._sandbox.dials import Knob, Observed, Plan, check_names, plan
from .._sandbox.search import Answer, Fit, Setting, confirm, fit
from .._sandbox.variables import variables
from .._units.unit_name import InvalidUnitName, checked_unit_name, is_template
from .bench import MARK, Bench
from .evidence import ending, of_processes, read_only, signs, writers
from .observe import lasting, observe, opened, writable_places
from .places import can_be_written, may_be_given
from .suspects import suspects

PROPERTIES = (
    *SERVICE_PROPERTIES,
    *names("FragmentPath DropInPaths Transient RefuseManualStart CanStart"),
)
#: Without these nothing can be restarted, or nothing is told of it.
UNTOUCHED = ("dbus.service", "dbus-broker.service", "systemd-journald.service")
#: Where the units of users' own managers are (systemd.unit(5)).
USER_UNITS = ("/etc/systemd/user", "/run/systemd/user", "/usr/lib/systemd/user")
#: Facts that are missing before a service is touched, and that no trial can mend.
BEFORE = ("loaded", "probe", "reloaded", "rest", "trigger")
#: Seconds in which a service that runs may still be about to listen.
BINDS_WITHIN = 3.0
#: Starts that are no trials of the search: the first proof, the last, and the return.
FIXED = 3
#: SystemCallErrorNumber=: nothing, which means that a refused call kills.
KILL = ""
KEPT_AS = (
    "Kept from activated.services.harden: the tightest sandbox that its proof passed."
)


class InvalidFit(ValueError):
    """The wish cannot be met on this host; the message says how to mend it."""


class NotProven(RuntimeError):
    """The service is not proven even as it is; `proof` says why."""

    def __init__(self, message: str, proof: Proof) -> None:
        super().__init__(message)
        self.proof = proof


@dataclass(frozen=True)
class Terms:
    """What to fit and how far to go."""

    service: str
    probes: tuple[dict[str, t.Any], ...] = ()
    timeout: float = 30.0
    settle: float = 0.5
    restarts_max: int = 25
    only: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()

    @classmethod
    def parse(cls, options: t.Mapping[str, t.Any]) -> Terms:
        """Read the options of the module ``harden``; raises InvalidFit and UnknownDirective."""
        given: dict[str, t.Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
            if value is not None and key in cls.__dataclass_fields__
        }
        name = options["name"]
        service = name if name.endswith(".service") else f"{name}.service"
        other = name.rpartition(".")[2]
        if other in ("socket", "timer", "path", "target", "mount", "slice", "scope"):
            raise InvalidFit(
                f"name: {name} is no service; name the service that it starts"
            )
        try:
            checked_unit_name(service)
        except InvalidUnitName as exc:
            raise InvalidFit(f"name: {exc}") from exc
        if is_template(service):
            raise InvalidFit(
                f"name: {service} is a template, of which nothing runs; name one of its "
                "instances, such as " + service.replace("@.", "@one.")
            )
        if service in UNTOUCHED:
            raise InvalidFit(
                f"name: {service} is never restarted by this: too much needs it"
            )
        terms = cls(service=service, **given)
        check_names((*terms.only, *terms.keep))
        if terms.restarts_max <= FIXED:
            raise InvalidFit(
                f"restarts_max: {terms.restarts_max} leaves nothing to try with: "
                f"{FIXED} are the first proof, the last and the way back; {FIXED + 1} is the least"
            )
        if terms.timeout <= 0 or terms.settle < 0:
            raise InvalidFit(
                "timeout must be more than 0 seconds, settle not less than 0"
            )
        return terms


@dataclass
class Trial:
    """One start of the service under one setting."""

    number: int
    setting: Setting
    passed: bool
    tried: list[str]
    message: str = ""
    ending: str = ""
    journal: list[str] = field(default_factory=list)
    audit: list[str] = field(default_factory=list)
    answer: str | None = None

    def returned(self) -> dict[str, t.Any]:
        """What the module returns of it."""
        found: dict[str, t.Any] = {
            "start": self.number,
            "tried": self.tried,
            "passed": self.passed,
        }
        if not self.passed:
            found["message"] = self.message
        return found


class Fitter:
    """One service on one host."""

    def __init__(
        self,
        terms: Terms,
        manager: Manager,
        proc: Proc | None = None,
        progress: t.Callable[[str], None] = lambda _line: None,
        shielded: t.Callable[[], t.ContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        self.terms = terms
        self.manager = manager
        self.proc = proc or Proc()
        self.progress = progress
        self.shielded = shielded
        self.bench = Bench(manager, terms.service)
        self.trials: list[Trial] = []
        self.notes: list[str] = []
        self.accept = (*terms.accept, "user")
        self.writable: tuple[str, ...] = ()
        self.plan = Plan()
        self.seen = Observed(0, {})
        self.asked: tuple[Asked, ...] = ()
        self.listens: tuple[str, ...] = ()
        self.last: Setting = {}
        self.causes: dict[str, str] = {}

    # -- before anything is touched ---------------------------------------------------

    def read(self) -> None:
        """Read the service. Raises InvalidFit for one that cannot be fitted."""
        service = self.terms.service
        shown = self.manager.show([service], PROPERTIES)[service]
        self.state = ServiceState(shown)
        self._refuse(shown)
        triggered = shown.get("TriggeredBy", "").split()
        self.activated = any(unit.endswith(".socket") for unit in triggered)
        self.unit = _texts(shown)
        self.owner = owner_of(self.unit[0]) if self.unit else None
        # of the sockets the proof of an activation says more
        sockets = [unit for unit in triggered if unit.endswith(".socket")]
        self.followers = followers(self.manager, shown, service, sockets)
        if self.followers and "rest" not in self.terms.accept:
            raise InvalidFit(refusal(self.followers, service))
        probes = []
        for index, given in enumerate(self.terms.probes):
            where = f"probes[{index}]"
            given = {key: value for key, value in given.items() if value is not None}
            if self.activated:
                probes.append(Probe.parse(given, where))
                continue
            if "address" not in given and "command" not in given:
                raise InvalidFit(
                    f"{where}.address is missing: {service} opens its sockets itself, so "
                    "say where it is asked (127.0.0.1:80, [::1]:80, a port, a path)"
                )
            probe = Probe.parse({"socket": "its own", **given}, where)
            listener = parse_address(given.get("address") or "0")
            if not askable(probe, listener):
                raise InvalidFit(f"{where} cannot be made of {listener.line}")
            self.asked += ((probe, listener),)
        self.probes = tuple(probes)

    def _refuse(self, shown: t.Mapping[str, str]) -> None:
        service = self.terms.service
        if shown.get("LoadState") == "masked":
            raise InvalidFit(f"{service} is masked: systemctl unmask {service}")
        if shown.get("LoadState") != "loaded":
            mine = [x for x in USER_UNITS if read_text(f"{x}/{service}") is not None]
            where = (
                f"; {mine[0]} has one, for users' own managers, which this does not fit"
                if mine
                else "; systemctl list-units --type=service has those that there are"
            )
            raise InvalidFit(f"there is no {service} ({shown.get('LoadState')}){where}")
        real = shown.get("Id", service)
        if real != service:
            raise InvalidFit(f"{service} is another name of {real}: name that")
        if shown.get("Transient") == "yes":
            raise InvalidFit(
                f"{service} is transient (systemd-run): it goes with its first stop"
            )
        if shown.get("Type") == "oneshot":
            raise InvalidFit(
                f"{service} is a oneshot: nothing of it runs that could be asked"
            )
        for name in ("RefuseManualStart", "RefuseManualStop"):
            if shown.get(name) == "yes":
                raise InvalidFit(f"{service} has {name}=yes: it cannot be restarted")
        waiting = self.manager.show_matching("*", ["NeedDaemonReload"])
        stale = [
            u for u, row in waiting.items() if row.get("NeedDaemonReload") == "yes"
        ]
        # what a killed run has left is taken away before anything else
        if stale and not self.bench.leftover:
            raise InvalidFit(
                f"{', '.join(sorted(stale)[:5])} changed on disk and systemd has not read "
                "that: a trial would bring it in. Run systemctl daemon-reload first"
            )

    @property
    def deployment_lock(self) -> str:
        """What a deployment of the service holds (`Releases.lock`)."""
        return f"/var/lib/activated.services/{self.owner}/lock"

    def look(self) -> None:
        """Look at the service while it runs, and make the plan of what to try."""
        service = self.terms.service
        self.seen = observe(
            self.manager, self.proc, service, self.state, self.activated
        )
        self.plan = plan(self.seen, self.terms.only, self.terms.keep)
        self.plan = self._worth_it(self.plan)
        self.writable = tuple(filter(can_be_written, self.seen.written))
        self._say(
            f"it writes to {place!r}, a name that no unit can hold"
            for place in self.seen.written
            if place not in self.writable
        )

    def _worth_it(self, found: Plan) -> Plan:
        """Without a knob that would raise the exposure: the unit has better already."""
        now, knobs = self.exposure({}).score, []
        for knob in found.knobs:
            grades = tuple(
                grade
                for index, grade in enumerate(knob.grades)
                if self.exposure({knob.name: index}, [knob]).score <= now
            )
            if grades:
                knobs.append(replace(knob, grades=grades))
        return Plan(tuple(knobs), found.left)

    def exposure(
        self, setting: Setting, knobs: t.Sequence[Knob] | None = None
    ) -> Exposure:
        """The exposure of the unit with a setting of the knobs."""
        knobs = self.plan.knobs if knobs is None else knobs
        more = drop_in(lines(knobs, setting, self.seen, self.writable), "")
        machine = "arm64" if platform.machine() == "aarch64" else "x86-64"
        return exposure(
            self.unit[0], self.manager.version, [*self.unit[1:], more], machine
        )

    # -- the trials -------------------------------------------------------------------

    def left(self) -> int:
        """How many trials there may be, the last proof and the way back kept aside."""
        return self.terms.restarts_max - self.bench.starts - (FIXED - 1)

    def base(self) -> None:
        """Prove the service as it is. Raises NotProven, and InvalidFit where there is
        nothing to ask."""
        proof = self._prove("running")
        for row in proof.sandbox.get("differences", ()):
            # what has no effect without us is not ours to judge
            self.accept += (row["directive"],)
        problems = [p for p in proof.problems if p.fact != "sandbox"]
        if problems:
            raise NotProven(
                f"{self.terms.service} is not proven even as it is, so that there is "
                f"nothing to hold a trial against: {proof.summary()}",
                proof,
            )
        shown = self.manager.show([self.terms.service], PROPERTIES)
        self.state = ServiceState(shown[self.terms.service])
        if self.activated:
            return
        listens = self._listens(self.state)
        stays = lasting(self.proc, listens)
        self.listens = tuple(x.line for x in stays)
        if not self.asked:
            streams = [x for x in stays if x.connects]
            streams = streams or [x for x in listens if x.connects]
            self.asked = tuple((Probe(socket="its own"), x) for x in streams)
        if not self.asked:
            raise InvalidFit(self._nothing())

    def _listens(self, state: ServiceState) -> tuple[Listener, ...]:
        """Where the service listens by itself while it is in that state."""
        members = self.proc.members(state.text("ControlGroup"), state.main_pid)
        return opened(self.proc, members).listens

    def _nothing(self) -> str:
        return (
            f"there is nothing to ask {self.terms.service}: it listens nowhere, and "
            "probes are missing. A command may ask it: probes: [{command: [...]}]"
        )

    def check(self) -> None:
        """Whether it can be asked at all, before it is touched, as far as that shows.

        Raises NotProven and InvalidFit.
        """
        service = self.terms.service
        if self.activated:
            proof, _steps = prove_plan(self._wish("idle"), self.manager, self.proc)
            wrong = [p for p in proof.problems if p.fact in BEFORE]
            if wrong:
                raise NotProven(f"{service} cannot be proven: {proof.summary()}", proof)
        elif not self.asked and self.state.active == "active":
            deadline = Deadline(BINDS_WITHIN)
            while not any(x.connects for x in self._listens(self.state)):
                if deadline.over:
                    raise InvalidFit(self._nothing())
                time.sleep(STEP)

    def _wish(self, leave: Leave) -> Wish:
        wish = Wish(
            self.terms.service,
            timeout=self.terms.timeout,
            settle=self.terms.settle,
            accept=self.accept,
            lines=40,
            spare=True,
        )
        if not self.activated:
            return wish
        return replace(wish, probes=self.probes, leave=leave, reset=True)

    def _prove(self, leave: Leave = "idle") -> Proof:
        self.bench.starts += 1
        self.bench.touched = True
        wish = self._wish(leave)
        if not self.activated:
            return prove_running(wish, self.manager, self.asked, self.proc)
        return prove(wish, self.manager, self.proc)

    def judge(self, setting: Setting) -> Answer:
        """One trial; another where the journal has named a path that may be written to,
        and that path is kept only where the other one passes."""
        before = self.writable
        trial = self._try(setting)
        while not trial.passed and "ProtectSystem" in setting and self.left() > 0:
            found = self._asked_for(trial)
            if not found:
                break
            self.writable += tuple(found)
            trial = self._try(setting)
        if not trial.passed:
            self.writable = before
        return self._answer(trial)

    def _asked_for(self, trial: Trial) -> list[str]:
        """The directories that the journal of a trial asks for and that may be given."""
        paths = read_only(signs(trial.journal))
        places = [p if p == "/var/log" else _folder(p) for p in paths]
        found = [
            p
            for p in writable_places(places, self.seen.declared)
            if p not in self.writable and can_be_written(p)
        ]
        given = [p for p in found if may_be_given(p)]
        self._say(
            f"its journal says that {place} is read-only. A line of a journal does not open "
            "that; where the service must write to it, that is for you to say"
            for place in found
            if place not in given
        )
        return given

    def _say(self, notes: t.Iterable[str]) -> None:
        """Add notes, each once."""
        self.notes += [note for note in notes if note not in self.notes]

    def _answer(self, trial: Trial) -> Answer:
        if trial.passed:
            return Answer(True)
        found = signs(trial.journal)
        knobs, systemd = self.plan.knobs, self.manager.version
        return Answer(False, suspects(found, trial.ending, knobs, systemd))

    def _try(self, setting: Setting, answer: str | None = None) -> Trial:
        more = [("Restart", "on-failure"), ("RestartSec", "1h")]
        if not self.activated:
            more = [("Restart", "no")]
        chosen = lines(self.plan.knobs, setting, self.seen, self.writable)
        if answer is not None:
            chosen.append(("SystemCallErrorNumber", answer))
        text = drop_in(chosen, MARK, [("StartLimitIntervalSec", "0")], more)
        self.bench.wear(text)
        since = real_time()
        proof = self._prove()
        trial = Trial(
            self.bench.starts,
            setting,
            not proof.problems,
            [
                knob.said(setting[knob.name])
                for knob in self.plan.knobs
                if setting.get(knob.name) not in (None, self.last.get(knob.name))
            ],
            proof.summary(),
            answer=answer,
        )
        if trial.passed and not self.activated:
            self._still_listens(trial)
        if not trial.passed:
            trial.journal = self.manager.journal(
                self.terms.service, 60, cursor_usec=since
            )
            trial.ending = ending(trial.journal)
            if "SYS" in trial.ending:
                rows = self.manager.refused_calls(since)
                trial.audit = of_processes(rows, self._pids(trial.journal))
        self.trials.append(trial)
        self._tell(trial)
        if trial.passed:
            self.last = dict(setting)
        return trial

    def _pids(self, journal: t.Sequence[str]) -> set[int]:
        """The processes of the last trial that have a name: its main one, and whoever
        has written to its journal."""
        shown = self.manager.show([self.terms.service], ["ExecMainPID"])
        main = shown[self.terms.service].get("ExecMainPID", "")
        return {int(main)} | writers(journal) if main.isdigit() else writers(journal)

    def _still_listens(self, trial: Trial) -> None:
        shown = self.manager.show([self.terms.service], ["ControlGroup", "MainPID"])
        state = ServiceState(shown[self.terms.service])
        there = {x.line for x in self._listens(state)}
        gone = [line for line in self.listens if line not in there]
        # of its own network nothing is seen from here
        if gone and "PrivateNetwork" not in trial.setting:
            trial.passed = False
            trial.message = f"[bound] it does not listen at {', '.join(gone)} any more"

    def _tell(self, trial: Trial) -> None:
        what = ", ".join(trial.tried[:3])
        more = f" and {len(trial.tried) - 3} more" if len(trial.tried) > 3 else ""
        verdict = "passed" if trial.passed else f"failed: {trial.message}"
        self.progress(
            f"start {self.bench.starts} of at most {self.terms.restarts_max}: "
            f"{what or 'the whole set'}{more}: {verdict}"
        )

    # -- all of it --------------------------------------------------------------------

    def run(self) -> dict[str, t.Any]:
        """Fit. The service is left as it was found, whatever happens."""
        with self.shielded():
            recovered = self.bench.recover()
        if recovered:
            self.notes.append(
                "what a run that was killed had left was taken away first"
            )
            self.read_again()
        self.check()
        try:
            self.bench.open(self.state, self.followers)
            self.base()
            self.look()
            before = self.exposure({})
            self.progress(self.sentence())
            found = fit([k.dial for k in self.plan.knobs], self.judge, self.left)
            passed = dict(found.kept)
            whole = confirm(found, self.judge_last, self.left_last)
            self._ask_why(found)
        finally:
            with self.shielded():
                self.bench.close()
        if found.kept != passed:
            more = ", ".join(name for name in passed if name not in found.kept)
            self.notes.append(
                f"the whole set passed once and then failed; without {more} it passed again. "
                "The service, or its probes, do not answer the same each time"
            )
        if not whole:
            self.notes.append("restarts_max was reached before the last proof")
        return self.report(found, before)

    def _ask_why(self, found: Fit) -> None:
        """Where a filter of system calls had to go, let it kill once instead of refuse:
        the kernel then says that it was a call, and audit, where there is any, which."""
        for broken in found.broken:
            knob = self._knob(broken.dial)
            if knob.directive != "SystemCallFilter" or self.left_last() <= 0:
                continue
            self.last = dict(broken.beside)
            wanted = {**broken.beside, broken.dial: broken.grade}
            trial = self._try(wanted, KILL)
            if "SYS" in trial.ending:
                calls = [s.call for s in signs(trial.audit) if s.error == "SIGSYS"]
                which = (
                    f"the system call {', '.join(calls)}" if calls else "a system call"
                )
                self.causes[knob.said(broken.grade)] = (
                    f"{which} is what it refuses: killed for it, {trial.ending}"
                )

    def _knob(self, name: str) -> Knob:
        return next(knob for knob in self.plan.knobs if knob.name == name)

    def read_again(self) -> None:
        """Read the service anew, after something was put back."""
        self.asked = ()
        self.read()

    def left_last(self) -> int:
        """Trials that the last proof may have: the way back alone is kept aside."""
        return self.terms.restarts_max - self.bench.starts - 1

    def judge_last(self, setting: Setting) -> Answer:
        """A trial of the whole set."""
        self.last = {}
        return Answer(self._try(setting).passed)

    def sentence(self) -> str:
        """The plan in one sentence."""
        tightest = {knob.name: 0 for knob in self.plan.knobs}
        return (
            f"{self.terms.service}: {len(self.plan.knobs)} things to tighten, exposure "
            f"{self.exposure({}).score} now and {self.exposure(tightest).score} at best, "
            f"at most {self.terms.restarts_max} starts"
        )

    def planned(self) -> dict[str, t.Any]:
        """What would be tried, for check mode."""
        tightest = {knob.name: 0 for knob in self.plan.knobs}
        return {
            "plan": {
                "sentence": self.sentence(),
                "candidates": [knob.said(0) for knob in self.plan.knobs],
                "left_alone": self.plan.left,
                "restarts_max": self.terms.restarts_max,
                "exposure_at_best": self.exposure(tightest).score,
            },
            "exposure": {"before": self.exposure({}).score},
        }

    def report(self, found: Fit, before: Exposure) -> dict[str, t.Any]:
        """What the module returns."""
        chosen = lines(self.plan.knobs, found.kept, self.seen, self.writable)
        after = self.exposure(found.kept)
        text = drop_in(chosen, KEPT_AS) if chosen else ""
        result: dict[str, t.Any] = {
            "service": self.terms.service,
            "judge": "activation" if self.activated else "restart",
            "exposure": {
                "before": before.score,
                "after": after.score,
                "level_before": before.level,
                "level_after": after.level,
            },
            "drop_in": text,
            "kept": [
                knob.said(found.kept[knob.name])
                for knob in self.plan.knobs
                if knob.name in found.kept
            ],
            "gone": [
                self._gone(broken.dial, broken.grade, broken.beside)
                for broken in found.broken
            ],
            "left_alone": self.plan.left,
            "undecided": sorted(found.undecided),
            "restarts": self.bench.starts,
            "restarts_max": self.terms.restarts_max,
            "trials": [trial.returned() for trial in self.trials],
            "notes": self.notes,
        }
        if self.owner:
            result["variables"] = variables(
                self.unit, text, self.manager.version, self.seen.declared
            )
        return result

    def _gone(self, name: str, grade: int, beside: Setting) -> dict[str, t.Any]:
        """One grade that had to go, and what shows it."""
        knob = self._knob(name)
        wanted = {**beside, name: grade}
        failed = [
            x
            for x in self.trials
            if x.setting == wanted and not (x.passed or x.answer == KILL)
        ]
        trial = failed[-1]
        said = signs(trial.journal)
        cause = self.causes.get(knob.said(grade))
        return {
            **({"cause": cause} if cause else {}),
            "directive": knob.said(grade),
            "start": trial.number,
            "proof": trial.message,
            "ended": trial.ending,
            "errors": [sign.returned() for sign in said],
            "journal": trial.journal[-10:],
        }


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _texts(shown: t.Mapping[str, str]) -> list[str]:
    """The unit and its drop-ins, in the order in which systemd reads them."""
    paths = [shown.get("FragmentPath", ""), *shown.get("DropInPaths", "").split()]
    return [text for text in map(read_text, filter(None, paths)) if text is not None]
