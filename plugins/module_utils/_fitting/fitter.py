# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Fits the sandbox of one service: what is to be tried, the trials, what is to be kept."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._exposure.exposure import Exposure
from .._host.manager import Manager
from .._host.proc import Proc
from .._proof.conduct import real_time
from .._sandbox.compose import drop_in, lines
from .._sandbox.dials import Knob, Observed, Plan, plan
from .._sandbox.search import Answer, Fit, Setting, confirm, fit
from .bench import MARK, Bench
from .evidence import ending, of_processes, read_only, signs, writers
from .judge import Judge
from .observe import observe, writable_places
from .places import can_be_written, may_be_given
from .report import planned, report, sentence
from .subject import Subject
from .suspects import suspects
from .terms import FIXED, Terms
from .trial import KILL, Trial


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
        self.subject = Subject(terms, manager, self.proc)
        self.bench = Bench(manager, terms.service)
        self.judge = Judge(self.subject, self.bench)
        self.trials: list[Trial] = []
        self.notes: list[str] = []
        self.writable: tuple[str, ...] = ()
        self.plan = Plan()
        self.seen = Observed(0, {})
        self.last: Setting = {}
        self.causes: dict[str, str] = {}

    # -- all of it --------------------------------------------------------------------

    def read(self) -> None:
        """Read the service. Raises InvalidFit for one that cannot be fitted."""
        self.subject.read(self.bench.leftover)

    def planned(self) -> dict[str, t.Any]:
        """What would be tried, for check mode. Raises NotProven and InvalidFit."""
        self.judge.check()
        self.look()
        return planned(self)

    def run(self) -> dict[str, t.Any]:
        """Fit. The service is left as it was found, whatever happens."""
        with self.shielded():
            recovered = self.bench.recover()
        if recovered:
            self._say(["what a run that was killed had left was taken away first"])
            self.read()
        self.judge.check()
        try:
            self.bench.open(self.subject.state, self.subject.followers)
            self.judge.base()
            self.look()
            self.progress(sentence(self))
            found = fit([k.dial for k in self.plan.knobs], self.answer, self.left)
            passed = dict(found.kept)
            whole = confirm(found, self.answer_last, self.left_last)
            self._ask_why(found)
        finally:
            with self.shielded():
                self.bench.close()
        if found.kept != passed:
            more = ", ".join(name for name in passed if name not in found.kept)
            self._say([
                f"the whole set passed once and then failed; without {more} it passed again. "
                "The service, or its probes, do not answer the same each time"
            ])  # fmt: skip
        if not whole:
            self._say(["restarts_max was reached before the last proof"])
        return report(self, found)

    # -- what is to be tried ----------------------------------------------------------

    def look(self) -> None:
        """Look at the service while it runs, and make the plan of what to try."""
        subject = self.subject
        self.seen = observe(
            self.manager,
            self.proc,
            self.terms.service,
            subject.state,
            subject.activated,
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

    def lines(
        self, setting: Setting, knobs: t.Sequence[Knob] | None = None
    ) -> list[tuple[str, str]]:
        """The directives of a setting of the knobs."""
        knobs = self.plan.knobs if knobs is None else knobs
        return lines(knobs, setting, self.seen, self.writable)

    def exposure(
        self, setting: Setting, knobs: t.Sequence[Knob] | None = None
    ) -> Exposure:
        """The exposure of the unit with a setting of the knobs."""
        return self.subject.exposure(drop_in(self.lines(setting, knobs), ""))

    @property
    def at_best(self) -> Exposure:
        """The exposure of the unit when each knob is at its tightest."""
        return self.exposure({knob.name: 0 for knob in self.plan.knobs})

    def knob(self, name: str) -> Knob:
        """A knob of the plan."""
        return next(knob for knob in self.plan.knobs if knob.name == name)

    # -- the trials -------------------------------------------------------------------

    def left(self) -> int:
        """How many trials there may be, the last proof and the way back kept aside."""
        return self.terms.restarts_max - self.bench.starts - (FIXED - 1)

    def left_last(self) -> int:
        """Trials that the last proof may have: the way back alone is kept aside."""
        return self.terms.restarts_max - self.bench.starts - 1

    def answer(self, setting: Setting) -> Answer:
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
        if trial.passed:
            return Answer(True)
        self.writable = before
        said = signs(trial.journal)
        knobs, systemd = self.plan.knobs, self.manager.version
        return Answer(False, suspects(said, trial.ending, knobs, systemd))

    def answer_last(self, setting: Setting) -> Answer:
        """A trial of the whole set."""
        self.last = {}
        return Answer(self._try(setting).passed)

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

    def _try(self, setting: Setting, answer: str | None = None) -> Trial:
        more = [("Restart", "on-failure"), ("RestartSec", "1h")]
        if not self.subject.activated:
            more = [("Restart", "no")]
        chosen = self.lines(setting)
        if answer is not None:
            chosen.append(("SystemCallErrorNumber", answer))
        text = drop_in(chosen, MARK, [("StartLimitIntervalSec", "0")], more)
        self.bench.wear(text)
        since = real_time()
        proof = self.judge.prove()
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
        # of its own network nothing is seen from here
        deaf = trial.passed and "PrivateNetwork" not in setting and self.judge.deaf()
        if deaf:
            trial.passed, trial.message = False, f"[bound] {deaf}"
        if trial.passed:
            self.last = dict(setting)
        else:
            self._hear(trial, since)
        self.trials.append(trial)
        self._tell(trial)
        return trial

    def _hear(self, trial: Trial, since: int) -> None:
        """Read in the journal what a trial that failed has said."""
        self.manager.sync_journal()
        trial.journal = self.manager.journal(self.terms.service, 60, cursor_usec=since)
        trial.ending = ending(trial.journal)
        if "SYS" in trial.ending:
            rows = self.manager.refused_calls(since)
            trial.audit = of_processes(rows, self._pids(trial.journal))

    def _pids(self, journal: t.Sequence[str]) -> set[int]:
        """The processes of the last trial that have a name: its main one, and whoever
        has written to its journal."""
        shown = self.manager.show([self.terms.service], ["ExecMainPID"])
        main = shown[self.terms.service].get("ExecMainPID", "")
        return {int(main)} | writers(journal) if main.isdigit() else writers(journal)

    def _tell(self, trial: Trial) -> None:
        what = ", ".join(trial.tried[:3])
        more = f" and {len(trial.tried) - 3} more" if len(trial.tried) > 3 else ""
        verdict = "passed" if trial.passed else f"failed: {trial.message}"
        self.progress(
            f"start {self.bench.starts} of at most {self.terms.restarts_max}: "
            f"{what or 'the whole set'}{more}: {verdict}"
        )

    def _ask_why(self, found: Fit) -> None:
        """Where a filter of system calls had to go, let it kill once instead of refuse:
        the kernel then says that it was a call, and audit, where there is any, which."""
        for broken in found.broken:
            knob = self.knob(broken.dial)
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


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"
