# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a trial is held against: the proof of a service that runs in it."""

from __future__ import annotations

import time

from .._proof.listeners import Listener
from .._proof.probe import Probe
from .._proof.proof import Leave, Proof, Wish
from .._proof.prover import plan as prove_plan
from .._proof.prover import prove
from .._proof.running import prove_running
from .._proof.wire import STEP, Deadline
from .bench import Bench
from .observe import lasting
from .subject import Subject
from .terms import InvalidFit

#: Facts that are missing before a service is touched, and that no trial can mend.
BEFORE = ("loaded", "probe", "reloaded", "rest", "trigger")
#: Seconds in which a service that runs may still be about to listen.
BINDS_WITHIN = 3.0


class NotProven(RuntimeError):
    """The service is not proven even as it is; `proof` says why."""

    def __init__(self, message: str, proof: Proof) -> None:
        super().__init__(message)
        self.proof = proof


class Judge:
    """The proofs of one service: of an activation where systemd opens its sockets, of a
    restart where it opens them itself."""

    def __init__(self, subject: Subject, bench: Bench) -> None:
        self.subject = subject
        self.bench = bench
        self.accept = (*subject.terms.accept, "user")
        self.listens: tuple[str, ...] = ()

    def check(self) -> None:
        """Whether it can be asked at all, before it is touched, as far as that shows.

        Raises NotProven and InvalidFit.
        """
        subject = self.subject
        if subject.activated:
            wish = self._wish("idle")
            proof, _steps = prove_plan(wish, subject.manager, subject.proc)
            if any(problem.fact in BEFORE for problem in proof.problems):
                raise NotProven(
                    f"{wish.service} cannot be proven: {proof.summary()}", proof
                )
        elif not subject.asked and subject.state.active == "active":
            deadline = Deadline(BINDS_WITHIN)
            while not any(x.connects for x in subject.listens(subject.state)):
                if deadline.over:
                    raise InvalidFit(self._nothing())
                time.sleep(STEP)

    def base(self) -> None:
        """Prove the service as it is, and leave it running.

        Raises NotProven, and InvalidFit where there is nothing to ask.
        """
        subject = self.subject
        proof = self.prove("running")
        for row in proof.sandbox.get("differences", ()):
            # what has no effect without us is not ours to judge
            self.accept += (row["directive"],)
        if any(problem.fact != "sandbox" for problem in proof.problems):
            raise NotProven(
                f"{subject.terms.service} is not proven even as it is, so that there is "
                f"nothing to hold a trial against: {proof.summary()}",
                proof,
            )
        subject.state = subject.now()
        if not subject.activated:
            self._ask_itself(subject.listens(subject.state))

    def _ask_itself(self, listens: tuple[Listener, ...]) -> None:
        """Where it must go on to listen; it is asked there when no probes were given."""
        subject = self.subject
        stays = lasting(subject.proc, listens)
        self.listens = tuple(x.line for x in stays)
        if not subject.asked:
            streams = [x for x in stays if x.connects]
            streams = streams or [x for x in listens if x.connects]
            subject.asked = tuple((Probe(socket="its own"), x) for x in streams)
        if not subject.asked:
            raise InvalidFit(self._nothing())

    def _nothing(self) -> str:
        return (
            f"there is nothing to ask {self.subject.terms.service}: it listens nowhere, "
            "and probes are missing. A command may ask it: probes: [{command: [...]}]"
        )

    def _wish(self, leave: Leave) -> Wish:
        terms, activated = self.subject.terms, self.subject.activated
        return Wish(
            terms.service,
            probes=self.subject.probes if activated else (),
            timeout=terms.timeout,
            settle=terms.settle,
            leave=leave if activated else "as_found",
            reset=activated,
            accept=self.accept,
            lines=40,
            spare=True,
        )

    def prove(self, leave: Leave = "idle") -> Proof:
        """The proof as it comes out now; one that opens its sockets itself is left
        running, or failed."""
        subject = self.subject
        self.bench.starts += 1
        self.bench.touched = True
        wish = self._wish(leave)
        if not subject.activated:
            return prove_running(wish, subject.manager, subject.asked, subject.proc)
        return prove(wish, subject.manager, subject.proc)

    def deaf(self) -> str:
        """Where it does not listen by itself any more, in a sentence, or nothing."""
        if self.subject.activated:
            return ""
        there = {x.line for x in self.subject.listens(self.subject.now())}
        gone = [line for line in self.listens if line not in there]
        return f"it does not listen at {', '.join(gone)} any more" if gone else ""
