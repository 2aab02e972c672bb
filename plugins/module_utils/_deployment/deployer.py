# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One service on one host: what it is, what differs from the wish, and its proof."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t
from dataclasses import dataclass, replace

from .._credential.credential import Credential, InvalidCredential
from .._credential.keeper import Keeper
from .._credential.store import Sealed, Store, UnusableStore, seals
from .._host.files import fresh_path, read_text, unstage
from .._host.manager import Manager, ManagerError, Run
from .._host.proc import Proc
from .._release.releases import Releases
from .generation import Generation, InvalidDeployment
from .holders import holders, unheld
from .ledger import Ledger, Transaction
from .needrestart import needrestart_changes, path_of
from .plan import Change, Plan
from .steps import StepFailed, Steps
from .transition import Conflict, Present, make_plan, removal_plan
from .units_dir import FOLDER, read_present

if t.TYPE_CHECKING:
    from .._proof.proof import Proof
    from .foresight import Foreseen


class DeploymentFailed(RuntimeError):
    """A deployment that failed and what became of the host, in the message."""

    def __init__(self, message: str, proof: dict[str, t.Any] | None = None) -> None:
        super().__init__(message)
        self.proof = proof


def _recording(wanted: Generation, recorded: Generation | None) -> Change:
    """What there is to do where the host is as wanted, and that is not on record."""
    other = recorded is not None and replace(recorded, digest=wanted.digest) == wanted
    why = "its release has other bytes" if other else "it is not on record"
    return Change("record", wanted.name, why)


class ProofFailed(RuntimeError):
    """The service does not do what it is to do; `proof` is the evidence."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(f"the proof failed: {proof.summary()}")
        self.proof = proof


# What ends a deployment, and has it undone.
FAILURES = (StepFailed, ProofFailed, ManagerError, Conflict, UnusableStore, OSError)


@dataclass(frozen=True)
class Terms:
    """How a deployment is made, whatever is deployed."""

    keep: int | None = 3
    """How many releases stay; None to take none away."""
    timeout: float = 30.0
    rollback: bool = True
    force: bool = False
    exposure_max: float | None = None
    needrestart: str | None = None
    """`report`, `restart`, or None to leave what needrestart was told as it is."""
    check_mode: bool = False


class Deployer:
    """One service on this host, from what it is to what it shall be."""

    def __init__(
        self,
        name: str,
        terms: Terms,
        systemd: int,
        run: Run,
        credentials: t.Mapping[str, Credential] | None = None,
    ) -> None:
        self.terms = terms
        self.systemd = systemd
        self.run = run
        self.manager = Manager(run)
        self.releases = Releases(name)
        self.ledger = Ledger(name, self.releases.state)
        self.keeper = self._keeper_of(credentials or {})
        self.proof: dict[str, t.Any] | None = None
        self._exposures: dict[t.Any, float | None] = {}
        self.rested = 0.0
        """When the service was brought to rest last, as `rest` gives it."""
        self.notes: list[str] = []
        self.foreseen: Foreseen | None = None
        """What will have been done before anything else; in check mode alone."""

    def _keeper_of(self, credentials: t.Mapping[str, Credential]) -> Keeper:
        return Keeper(
            self.releases.name,
            self.releases.state,
            self.systemd,
            Store(seals(self.systemd)),
            credentials,
            self.terms.check_mode,
        )

    # -- reading ----------------------------------------------------------------------

    def read(self, *known: Generation) -> Present:
        """The service as it is; `known` are generations whose units are looked for."""
        names = {unit for generation in known for unit in generation.units}
        deployed = self.ledger.deployed()
        if deployed:
            names.update(deployed.units)
        present = read_present(self.releases, sorted(names), self.manager, deployed)
        of_ours = [*known, *([deployed] if deployed else [])]
        running = present.state(present.generation.service).running
        holding = self.keeper.holding(of_ours, running)
        present = replace(present, deaf=self._deaf(present), credentials=holding)
        return self.foreseen.of(present) if self.foreseen else present

    def _deaf(self, present: Present) -> frozenset[str]:
        """Sockets that are open, but not where their files say.

        The manager itself is no witness: after daemon-reload it shows the addresses of
        the files, whatever it has open. One that it has read without a file has lost what
        it had open, and is active all the same (both observed on 247 to 262).
        """
        deaf, proc = set(), Proc()
        for socket, state in present.states.items():
            if not socket.endswith(".socket") or state.active != "active":
                continue
            if state.load == "not-found":
                deaf.add(socket)
            elif socket in present.generation.units:
                # A file may have been changed by hand, to what cannot be listened on.
                with contextlib.suppress(InvalidDeployment):
                    addresses = present.generation.addresses(socket)
                    if unheld(addresses, 1, proc):
                        deaf.add(socket)
        return frozenset(deaf)

    def unfinished(self) -> list[Generation]:
        """The generations that an interrupted deployment was between."""
        found = self.ledger.transaction()
        return [found.before, found.wanted] if found else []

    def complete(self, wanted: Generation) -> Generation:
        """The generation with the digest of its release, where that is installed."""
        if wanted.release is None:
            return wanted
        there = self.releases.installed(wanted.release)
        return replace(wanted, digest=there.digest if there else None)

    def fulfil(self, wanted: Generation) -> Generation:
        """The generation with its release's digest and those of its credentials.

        Raises InvalidCredential, InvalidDeployment, Sealed and UnusableStore.
        """
        return self.keeper.complete(self.complete(wanted))

    # -- planning ---------------------------------------------------------------------

    def plan(self, wanted: Generation, present: Present) -> Plan:
        """What will be done for `wanted`. Raises Conflict."""
        plan = make_plan(wanted, present, wanted.start, FOLDER)
        self._note_drop_ins(wanted, present)
        known = present.recorded == wanted and not self.ledger.strays()
        if not plan.changed and not known:
            plan = Plan((_recording(wanted, present.recorded),))
        if plan.changed and wanted.sockets:
            prove = Change("prove", wanted.service, "a request is to start it")
            plan = Plan((*plan, prove))
        if self.terms.needrestart:
            restart = self.terms.needrestart == "restart"
            plan = Plan((*self._needrestart(restart), *plan))
        if not wanted.release or self.terms.keep is None:
            return plan
        in_use = self.ledger.in_use()
        surplus = self.releases.surplus(self.terms.keep, wanted.release, in_use)
        why = f"more than {self.terms.keep} are kept"
        prune = [Change("prune", self.releases.path(old), why) for old in surplus]
        return Plan((*plan, *prune))

    def _needrestart(self, restart: bool) -> list[Change]:
        gone = bool(self.foreseen and self.foreseen.unexempt)
        return needrestart_changes(self.releases.name, restart, gone=gone)

    def _note_drop_ins(self, wanted: Generation, present: Present) -> None:
        for unit in sorted(wanted.units):
            for path in present.state(unit).drop_ins:
                if not path.startswith(("/usr/lib/", "/lib/")):
                    self.notes.append(
                        f"{path} changes what {unit} says; it is not of this collection "
                        "and is left as it is"
                    )

    def removal(self, present: Present) -> Plan:
        """What will be done for a service that is not wanted any more.

        Raises InvalidRelease where its releases cannot be taken away safely.
        """
        plan = removal_plan(present, FOLDER)
        plan = Plan((*plan, *self._needrestart(restart=True)))
        if not self.releases.present():
            return plan
        self.releases.check_folders()
        gone = Change("discard", self.releases.root, "its releases go with it")
        return Plan((*plan, gone))

    def exposure(self, generation: Generation, present: Present) -> float | None:
        """The exposure of the service's unit, 0 to 10, as the host's own systemd puts
        it, with the drop-ins that lie on the host; None where it has no unit."""
        from .._host.security import measure_exposure
        from .._host.verify import stage_units

        name = generation.service
        if name not in generation.units:
            return None
        units = {name: generation.units[name]}
        for path in present.state(name).drop_ins:
            folder, file = os.path.split(path)
            units[f"{os.path.basename(folder)}/{file}"] = read_text(path) or ""
        key = tuple(units.items())
        if key not in self._exposures:
            with tempfile.TemporaryDirectory(prefix="activated-") as stage:
                stage_units(generation.units, stage)
                found = measure_exposure(self.run, units, stage, self.systemd)
            self._exposures[key] = found[name].score if name in found else None
        return self._exposures[key]

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

    def finish_removal(self) -> None:
        """Take away what an interrupted removal has left, but for releases: one may
        have been installed since."""
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

    def left(self) -> list[str]:
        """What a run that was killed has staged, and no run has taken since."""
        told = fresh_path(path_of(self.releases.name))
        staged = [*self.ledger.staged, *self.releases.staged, told]
        return [path for path in staged if os.path.lexists(path)]

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
