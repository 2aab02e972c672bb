# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One service on one host: how it is changed, and its proof."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from .._credential.credential import InvalidCredential
from .._credential.store import Sealed, UnusableStore
from .._host.files import Locked, lock, unstage
from .._host.manager import ManagerError
from .._host.proc import Proc
from .._release.releases import Releases
from .generation import Generation, InvalidDeployment
from .holders import holders
from .ledger import BrokenLedger, Transaction
from .needrestart import needrestart_changes
from .plan import Change, Plan
from .reader import Reader
from .steps import StepFailed, Steps
from .transition import Conflict, Present, removal_plan
from .units_dir import FOLDER

if t.TYPE_CHECKING:
    from .._proof.proof import Proof
    from .foresight import Foreseen


class DeploymentFailed(RuntimeError):
    """A deployment that failed and what became of the host, in the message."""

    def __init__(self, message: str, proof: dict[str, t.Any] | None = None) -> None:
        super().__init__(message)
        self.proof = proof


class ProofFailed(RuntimeError):
    """The service does not do what it is to do; `proof` is the evidence."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(f"the proof failed: {proof.summary()}")
        self.proof = proof


# What ends a deployment, and has it undone.
FAILURES = (StepFailed, ProofFailed, ManagerError, Conflict, UnusableStore, OSError)


class Deployer(Reader):
    """One service on this host, from what it is to what it shall be."""

    _tree = Releases
    releases: Releases
    proof: dict[str, t.Any] | None = None
    rested = 0.0
    """When the service was brought to rest last, as `rest` gives it."""
    foreseen: Foreseen | None = None
    """What will have been done before anything else; in check mode alone."""

    def read(self, *known: Generation) -> Present:
        present = super().read(*known)
        return self.foreseen.of(present) if self.foreseen else present

    def _needrestart(self, restart: bool) -> list[Change]:
        gone = bool(self.foreseen and self.foreseen.unexempt)
        return needrestart_changes(self.releases.name, restart, gone=gone)

    def removal(self, present: Present) -> Plan:
        """What will be done for a service that is not wanted any more.

        Raises InvalidRelease where its releases cannot be taken away safely.
        """
        plan = removal_plan(present, FOLDER)
        plan = Plan((*plan, *self._needrestart(restart=True)))
        if self.releases.present():
            self.releases.check_folders()
            gone = Change("discard", self.releases.root, "its releases go with it")
            plan = Plan((*plan, gone))
        if not plan.changed and self.ledger.transaction():
            why = "a run was interrupted before, and its record is left"
            plan = Plan((Change("record", self.releases.name, why),))
        return plan

    def _measure(
        self, key: str, generation: Generation, units: t.Mapping[str, str]
    ) -> float | None:
        from .._host.security import measure_exposure
        from .._host.verify import stage_units

        if key not in self._measured:
            with tempfile.TemporaryDirectory(prefix="activated-") as stage:
                stage_units(generation.units, stage)
                found = measure_exposure(self.run, units, stage, self.systemd)
            name = generation.service
            self._measured[key] = found[name].score if name in found else None
        return self._measured[key]

    def remember_exposure(self) -> None:
        """Write down what was measured last, so that a run that finds all as described
        has not to measure it again. The caller does not hold the lock.

        It is no part of the deployment: where it cannot be written, or another run is at
        work, it is measured again.
        """
        if not self.exposed or self.exposed[0] not in self._measured:
            return
        beside = (BrokenLedger, Locked, OSError)
        with contextlib.suppress(*beside), lock(self.releases.lock, timeout=0):
            # Another run may have taken the service away meanwhile.
            if self.ledger.deployed():
                self.ledger.remember_exposure(*self.exposed)
            self.releases.forget()

    # -- changing ---------------------------------------------------------------------

    def good(self, present: Present) -> Generation:
        """What to walk back to: the last generation that was proven.

        Where there is none, or its release has gone, it is what is found, with the
        credentials that lie on the host.
        """
        last = present.recorded
        if last and self.complete(last) == last:
            return last
        found = present.generation
        try:
            return self._keeper_of({}).complete(found)
        except (InvalidCredential, InvalidDeployment, Sealed, UnusableStore):
            return found  # nothing that its unit loads is taken away all the same

    def prune(self, plan: Plan) -> None:
        """Take away surplus releases; what is deployed is deployed, whatever comes."""
        for version in plan.subjects("prune"):
            try:
                self.releases.remove(os.path.basename(version))
            except OSError as exc:
                self.notes.append(f"{version} could not be taken away: {exc}")

    def roll_back(self) -> tuple[Generation | None, Generation]:
        """Which generation is left, and for which. Raises Conflict without one before.

        Where the host was left on what failed, that is left for the last one on record,
        and it is None: no generation of the record is given up for it.
        """
        generations = self.ledger.generations()
        strays = self.ledger.strays()
        if len(generations) < (1 if strays else 2):
            raise Conflict(
                f"there is no generation of {self.releases.name} to go back to: "
                + ("one is on record" if generations else "none is on record")
            )
        left, wanted = (None, generations[-1]) if strays else generations[-1:-3:-1]
        if self.complete(wanted) != wanted:
            raise Conflict(
                f"the generation before cannot be gone back to: its release "
                f"{wanted.release} is no longer installed as it was"
            )
        return left, wanted

    def remove(self, present: Present, plan: Plan) -> None:
        """Take the service away and forget it. Raises DeploymentFailed."""
        nothing = Generation(self.releases.name)
        unfinished = self.unfinished()
        if plan.changed:
            self.ledger.open(Transaction(self.good(present), nothing))
        try:
            self.steps(nothing).make(plan, lambda _unit: "")
        except StepFailed as exc:
            raise DeploymentFailed(
                f"{exc}\nRun it again: it goes on from here."
            ) from exc
        self.sweep(*present.in_use, *unfinished)
        self.keeper.forget()
        self.ledger.forget()
        self.releases.forget()

    def finish_removal(self) -> Plan:
        """Take away what an interrupted removal has left, but for releases: one may
        have been installed since. Gives what was done."""
        nothing = Generation(self.releases.name)
        present = self.read(*self.unfinished())
        try:
            plan = removal_plan(present, FOLDER)
            self.steps(nothing).make(plan, lambda _unit: "")
        except StepFailed as exc:
            raise DeploymentFailed(
                f"a removal was interrupted before, and could not be finished: {exc}"
            ) from exc
        self.sweep(*present.in_use)
        self.keeper.forget()
        self.ledger.forget()
        return plan

    def prove(self, generation: Generation, rest: str = "once") -> None:
        """Prove that a request starts the service. Raises ProofFailed."""
        from .._proof.proof import Wish
        from .._proof.prover import prove

        askable = {
            address.kind
            for socket in generation.sockets
            for address in generation.addresses(socket)
        } & {"stream", "seqpacket"}
        if not generation.probes and not askable:
            self.notes.append(
                "no start was proven: no socket takes connections, and no probe is given"
            )
            return
        wish = Wish.parse(
            {
                "name": generation.name,
                "probes": list(generation.probes),
                "timeout": self.terms.timeout,
                "rest": rest,
                "leave": "running" if generation.start == "eager" else "as_found",
                "since": 0.0 if generation.start == "eager" else self.rested,
            }
        )
        known = self.keeper.matches(generation)
        proof = prove(wish, self.manager, known=known)
        if proof.problems:
            raise ProofFailed(proof)
        self.proof = proof.returned()

    def steps(self, generation: Generation) -> Steps:
        return Steps(generation, self.manager, self.releases, self.keeper)

    def tidy(self) -> None:
        """Take away what a run that was killed has staged. The caller holds the lock."""
        for path in self.left():
            os.unlink(path)

    def sweep(self, *generations: Generation) -> None:
        """Take away what was staged for units and never came to be."""
        for unit in {unit for generation in generations for unit in generation.units}:
            unstage(os.path.join(FOLDER, unit))

    def explain(self, generation: Generation, unit: str) -> str:
        """What the journal and the kernel know about a unit that does not start."""
        said = []
        if unit in generation.sockets:
            for address in generation.addresses(unit):
                said += [str(h) for h in holders(address, Proc()) if h.pid != 1]
        if unit.endswith((".service", ".socket")):
            said += self.manager.journal(unit, 10)
        return "".join(f"\n  {line}" for line in said)
