# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The transaction of one service on one host.

Finish or undo what was interrupted, read, plan, verify, write down what is about to
change, change it, prove it, and commit; any failure walks back to what was there before
and proves that, too. Walking back is a plan like any other, made from what is found: it
may itself be interrupted, and be made again, at any point.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t
from dataclasses import dataclass, replace

from .._credential.credential import Credential
from .._credential.keeper import Keeper
from .._credential.store import Store, seals
from .._host.files import read_text, unstage
from .._host.manager import Manager, ManagerError, Run
from .._host.proc import Proc
from .._host.rest import rest
from .._host.verify import verify_units
from .._release.releases import InvalidRelease, Releases
from .._rules.judge import set_problems
from .._tables.directives import NEWEST
from .generation import Generation, InvalidDeployment, owner_of
from .holders import Holder, holders, unheld
from .ledger import Ledger, Transaction
from .needrestart import needrestart_changes
from .plan import Change, Plan
from .steps import StepFailed, Steps
from .transition import Conflict, Present, make_plan, removal_plan
from .units_dir import FOLDER, read_present

if t.TYPE_CHECKING:
    from .._proof.proof import Proof


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
FAILURES = (StepFailed, ProofFailed, ManagerError, Conflict, OSError)


def _its_own_fault(why: Exception) -> bool:
    """Whether what was deployed is to blame, and not the host's disk or its manager."""
    return isinstance(why, ProofFailed) or (
        isinstance(why, StepFailed) and why.action in ("open", "reopen", "start")
    )


@dataclass(frozen=True)
class Terms:
    """How a deployment is made, whatever is deployed."""

    keep: int = 3
    probes: t.Sequence[t.Mapping[str, t.Any]] = ()
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
        self._run = run
        self._manager = Manager(run)
        self.releases = Releases(name)
        self.ledger = Ledger(name, self.releases.state)
        self.keeper = Keeper(
            name,
            self.releases.state,
            systemd,
            Store(seals(systemd)),
            credentials,
            terms.check_mode,
        )
        self.proof: dict[str, t.Any] | None = None
        self._rested = 0.0
        self.notes: list[str] = []

    # -- reading ----------------------------------------------------------------------

    def read(self, *known: Generation) -> Present:
        """The service as it is; `known` are generations whose units are looked for."""
        names = {unit for generation in known for unit in generation.units}
        deployed = self.ledger.deployed()
        if deployed:
            names.update(deployed.units)
        present = read_present(self.releases, sorted(names), self._manager, deployed)
        of_ours = [*known, *([deployed] if deployed else [])]
        running = present.state(present.generation.service).running
        holding = self.keeper.holding(of_ours, running)
        return replace(present, deaf=self._deaf(present), credentials=holding)

    def _deaf(self, present: Present) -> frozenset[str]:
        """Sockets that are open, but not where their files say.

        The manager itself is no witness: after daemon-reload it shows the addresses of
        the files, whatever it has open (observed on 247 to 262).
        """
        deaf, proc = set(), Proc()
        for socket in present.generation.sockets:
            if present.state(socket).active == "active":
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
        if plan.changed and wanted.sockets:
            prove = Change("prove", wanted.service, "a request is to start it")
            plan = Plan((*plan, prove))
        if self.terms.needrestart:
            restart = self.terms.needrestart == "restart"
            plan = Plan((*needrestart_changes(wanted.name, restart), *plan))
        if not wanted.release:
            return plan
        in_use = self.ledger.in_use()
        surplus = self.releases.surplus(self.terms.keep, wanted.release, in_use)
        why = f"more than {self.terms.keep} are kept"
        prune = [Change("prune", self.releases.path(old), why) for old in surplus]
        return Plan((*plan, *prune))

    def _note_drop_ins(self, wanted: Generation, present: Present) -> None:
        for unit in sorted(wanted.units):
            for path in present.state(unit).drop_ins:
                if not path.startswith(("/usr/lib/", "/lib/")):
                    self.notes.append(
                        f"{path} changes what {unit} says; it is not of this collection "
                        "and is left as it is"
                    )

    def removal(self, present: Present) -> Plan:
        """What will be done for a service that is not wanted any more."""
        plan = removal_plan(present, FOLDER)
        plan = Plan((*plan, *needrestart_changes(self.releases.name, restart=True)))
        if not self.releases.present():
            return plan
        gone = Change("discard", self.releases.root, "its releases go with it")
        return Plan((*plan, gone))

    # -- before anything changes ------------------------------------------------------

    def judge(self, wanted: Generation, present: Present, plan: Plan) -> None:
        """Refuse what cannot become good, before one file changes.

        Raises InvalidDeployment, InvalidRelease and Conflict.
        """
        if wanted.release:
            self.releases.check_place()
        if plan.changed:
            self._refuse_voided(wanted)
            self._refuse_taken_addresses(wanted, present, plan)
        if plan.subjects("write", "switch"):
            self._verify(wanted)
            self._refuse_exposed(wanted)

    def _refuse_voided(self, wanted: Generation) -> None:
        why = self.ledger.voided().get(wanted.fingerprint())
        if why and not self.terms.force:
            raise Conflict(
                f"this is what was given up before ({why}); it is not deployed again "
                "until its release or its description changes, or force is set"
            )

    def _verify(self, wanted: Generation) -> None:
        below, coming = "", False
        if wanted.release:
            below = self.releases.path(wanted.release) + "/"
            coming = not os.path.isdir(below)
            if coming and not self.terms.check_mode:
                raise InvalidRelease(
                    f"release {wanted.release} is not installed; "
                    "activated.services.release installs it"
                )
        self._judge(wanted)
        with tempfile.TemporaryDirectory(prefix="activated-") as stage:
            messages = verify_units(
                self._run,
                wanted.units,
                stage,
                self.systemd,
                # A unit may go through `current`, which does not lead there yet.
                {self.releases.link + "/": below} if below else None,
            )
        # In check mode a release that would be installed first is not there yet;
        # whether it holds its program is for the module `release` to say.
        against = [
            f"{m.unit}:{m.line}: {m.message}" if m.line else f"{m.unit}: {m.message}"
            for m in messages
            if not (coming and below in m.message and "not executable" in m.message)
        ]
        if against:
            raise InvalidDeployment(
                f"systemd {self.systemd} on the host refuses these units; nothing was "
                "changed:\n" + "\n".join(against)
            )

    def _judge(self, wanted: Generation) -> None:
        """Refuse what is told to be wrong from the text alone, by every rule at once."""
        # A host may be newer than what is known here; its own word comes after.
        known = min(self.systemd, NEWEST)
        against = [
            f"{unit}:{p.line}: {p.message} ({p.rule})"
            if p.line
            else f"{unit}: {p.message} ({p.rule})"
            for unit, problems in set_problems(wanted.units, known).items()
            for p in problems
            if p.severity == "error"
        ]
        if against:
            raise InvalidDeployment(
                f"these units cannot work with systemd {self.systemd}; nothing was "
                "changed:\n" + "\n".join(against)
            )

    def exposure(self, generation: Generation) -> float | None:
        """The exposure of the service's unit on systemd's own scale, 0 to 10."""
        from .._exposure.exposure import exposure

        text = generation.units.get(generation.service)
        return exposure(text, self.systemd).score if text else None

    def _refuse_exposed(self, wanted: Generation) -> None:
        limit = self.terms.exposure_max
        if limit is None:
            return
        score = self.exposure(wanted)
        if score is not None and score > limit:
            raise InvalidDeployment(
                f"{wanted.service} would be exposed at {score} on this host, above "
                f"exposure_max {limit}; nothing was changed. Take a tighter sandbox, or "
                "fewer exceptions from it"
            )

    def _refuse_taken_addresses(
        self, wanted: Generation, present: Present, plan: Plan
    ) -> None:
        proc = Proc()
        ours = {*present.states}
        for socket in plan.subjects("open", "reopen"):
            if socket not in wanted.sockets:
                continue
            for address in wanted.addresses(socket):
                for holder in holders(address, proc):
                    if holder.pid == 1 and self._opened_by(address) & ours:
                        continue
                    if holder.unit == wanted.service:
                        continue  # it binds the port by itself, and will rest first
                    raise Conflict(
                        f"{socket} cannot listen on {address}: "
                        f"{self._way_out(address, holder)}; nothing was changed"
                    )

    def _way_out(self, address: t.Any, holder: Holder) -> str:
        """Who holds an address, and what can be done about it."""
        units = sorted(self._opened_by(address)) if holder.pid == 1 else []
        if not units:
            return f"{holder}. Stop that program, or give the socket another address"
        text = read_text(os.path.join(FOLDER, units[0]))
        owner = owner_of(text) if text else None
        said = f"{holder.address} is held by {units[0]}"
        if owner:
            return (
                f"{said} of the service {owner}. Deploy {owner} without it first, or "
                "give the socket another address"
            )
        return f"{said}. Stop that unit, or give the socket another address"

    def _opened_by(self, address: t.Any) -> set[str]:
        text = str(address.port) if address.host else address.path
        return {
            row["unit"]
            for row in self._manager.sockets()
            if row["listen"] == text or row["listen"].endswith(f":{text}")
        }

    # -- the transaction --------------------------------------------------------------

    def recover(self) -> None:
        """Undo a deployment that was interrupted, or finish what had only to be ended.

        Raises DeploymentFailed when that cannot be done; the next run tries again.
        """
        found = self.ledger.transaction()
        if found is None:
            return
        if found.removes:
            self._finish_removal()
            self.notes.append("a removal was interrupted before; it was finished first")
        elif self.ledger.has_ended(found):
            self.keeper.forget()
            self.ledger.finish(found)
            self.notes.append("the last deployment had ended, and is complete")
        else:
            try:
                self._walk_back(found)
            except FAILURES as exc:
                raise DeploymentFailed(
                    "a deployment was interrupted before, and what was there before it "
                    f"could not be put back wholly: {exc}\nThe next run tries again."
                ) from exc
            self.ledger.close()
            self.notes.append(
                "a deployment was interrupted before; it was undone first"
            )

    def deploy(
        self,
        wanted: Generation,
        present: Present,
        plan: Plan,
        leaving: Generation | None = None,
    ) -> None:
        """Make the plan so, prove it and commit. Raises DeploymentFailed.

        `leaving` is the generation that a rollback leaves for `wanted`.
        """
        actions = {change.action for change in plan}
        aside = actions <= {"exempt", "readmit", "prune"} and not leaving
        if actions and aside and self.ledger.deployed() == wanted:
            # The service itself is as it is to be: nobody has to wait for a proof.
            self._steps(wanted).make(plan.without("prune"), lambda _unit: "")
            self._prune(plan)
            return
        history = tuple(self.releases.history())
        before = self._good(present)
        self.keeper.forget()
        transaction = self.ledger.open(Transaction(before, wanted, history, leaving))
        try:
            self._make(wanted, present, plan.without("prove", "prune"))
            # A service that was reloaded keeps running, and is asked as it is.
            self.prove(wanted, "keep" if plan.subjects("refresh") else "once")
            self.ledger.commit(transaction)
        except FAILURES as exc:
            evidence = exc.proof.returned() if isinstance(exc, ProofFailed) else None
            raise DeploymentFailed(self._give_up(transaction, exc), evidence) from exc
        self.keeper.forget()
        self._prune(plan)

    def _good(self, present: Present) -> Generation:
        """What to walk back to: the last generation that was proven.

        Where there is none, or its release has gone, it is what is found.
        """
        last = present.recorded
        return last if last and self.complete(last) == last else present.generation

    def _make(self, wanted: Generation, present: Present, plan: Plan) -> None:
        """Make a plan so. Raises StepFailed."""
        steps = self._steps(wanted)
        steps.make(plan, lambda unit: self._explain(wanted, unit))
        self._rested = steps.rested
        idle = not present.state(wanted.service).running
        fresh = plan.subjects("write", "switch", "reload", "store", "renew")
        if fresh and idle and wanted.start != "eager" and wanted.activators:
            # A request may have started it meanwhile, from what was there before.
            self._rested = rest(self._manager, wanted.service)

    def _prune(self, plan: Plan) -> None:
        """Take away surplus releases; what is deployed is deployed, whatever comes."""
        for version in plan.subjects("prune"):
            try:
                self.releases.remove(os.path.basename(version))
            except OSError as exc:
                self.notes.append(f"{version} could not be taken away: {exc}")

    def roll_back(self) -> tuple[Generation, Generation]:
        """Which generation is left, and for which. Raises Conflict without one before."""
        generations = self.ledger.generations()
        if len(generations) < 2:
            raise Conflict(
                f"there is no generation of {self.releases.name} to go back to: "
                + ("one is on record" if generations else "none is on record")
            )
        left, wanted = generations[-1], generations[-2]
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
            self.ledger.open(Transaction(self._good(present), nothing))
        try:
            self._steps(nothing).make(plan, lambda _unit: "")
        except StepFailed as exc:
            raise DeploymentFailed(
                f"{exc}\nRun it again: it goes on from here."
            ) from exc
        self._sweep(*present.in_use, *unfinished)
        self.keeper.forget()
        self.ledger.forget()
        self.releases.forget()

    def _finish_removal(self) -> None:
        """Take away what an interrupted removal has left, but for releases: one may
        have been installed since."""
        nothing = Generation(self.releases.name)
        present = self.read(*self.unfinished())
        try:
            plan = removal_plan(present, FOLDER)
            self._steps(nothing).make(plan, lambda _unit: "")
        except StepFailed as exc:
            raise DeploymentFailed(
                f"a removal was interrupted before, and could not be finished: {exc}"
            ) from exc
        self._sweep(*present.in_use)
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
        if not self.terms.probes and not askable:
            self.notes.append(
                "no start was proven: no socket takes connections, and no probe is given"
            )
            return
        wish = Wish.parse(
            {
                "name": generation.name,
                "probes": list(self.terms.probes),
                "timeout": self.terms.timeout,
                "rest": rest,
                "leave": "running" if generation.start == "eager" else "as_found",
                "since": 0.0 if generation.start == "eager" else self._rested,
            }
        )
        known = self.keeper.matches(generation)
        proof = prove(wish, self._manager, known=known)
        if proof.problems:
            raise ProofFailed(proof)
        self.proof = proof.returned()

    def _steps(self, generation: Generation) -> Steps:
        return Steps(generation, self._manager, self.releases, self.keeper)

    def _give_up(self, transaction: Transaction, why: Exception) -> str:
        """Void what failed, put back what was there, and say both."""
        said = [str(why)]
        if _its_own_fault(why):
            try:
                self.ledger.void(transaction.wanted, str(why).split("\n", 1)[0])
            except OSError as exc:
                said.append(f"That it failed could not be written down: {exc}")
        if not self.terms.rollback:
            self.keeper.forget()
            self.ledger.close()
            return "\n".join(
                [*said, "The host was left as it is, since rollback is off."]
            )
        try:
            said.append(self._walk_back(transaction))
            self.ledger.close()
        except FAILURES as exc:
            said += [
                f"What was there before could not be put back wholly: {exc}",
                "The next run tries again.",
            ]
        return "\n".join(said)

    def _walk_back(self, transaction: Transaction) -> str:
        """Bring the host back to what it was before; made as often as it takes."""
        before, wanted = transaction.before, transaction.wanted
        present = self.read(before, wanted)
        tried = tuple(g for g in (before, wanted) if g.units)
        said = self._put_back(before, replace(present, tried=tried))
        # The version that was given up is not the one that was current before this one.
        self.releases.remember(transaction.history)
        self._sweep(before, wanted)
        self.keeper.forget()
        return said

    def _put_back(self, before: Generation, present: Present) -> str:
        if not before.units:
            plan = removal_plan(present, FOLDER)
            kept = needrestart_changes(before.name, restart=True)
            plan = Plan((*plan, *kept))
            if before.release is None and self.releases.current():
                plan = Plan(
                    (*plan, Change("switch", self.releases.link, "there was none"))
                )
            self._steps(before).make(plan, lambda _unit: "")
            return "Nothing of it runs on the host; that it failed is on record."
        for last in (False, True):
            plan = make_plan(before, present, before.start, FOLDER)
            self._make(before, present, plan)
            try:
                self.prove(before)
                break
            except ProofFailed as exc:
                # Meanwhile, what failed may have closed a socket: by too many starts.
                present = self.read(before)
                states = [present.state(unit).active for unit in before.sockets]
                if last or set(states) <= {"active"}:
                    return f"The host was put back to what it ran before, but {exc}"
        return "The host was put back to what it ran before, and that is proven again."

    def _sweep(self, *generations: Generation) -> None:
        """Take away what was staged for units and never came to be."""
        for unit in {unit for generation in generations for unit in generation.units}:
            unstage(os.path.join(FOLDER, unit))

    def _explain(self, generation: Generation, unit: str) -> str:
        """What the journal and the kernel know about a unit that does not start."""
        said = []
        if unit in generation.sockets:
            for address in generation.addresses(unit):
                said += [str(h) for h in holders(address, Proc()) if h.pid != 1]
        if unit.endswith((".service", ".socket")):
            said += self._manager.journal(unit, 10)
        return "".join(f"\n  {line}" for line in said)
