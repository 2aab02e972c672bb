# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The transaction of one run, of one service or of several.

Write down what is about to change, change it, prove it, and commit; any failure walks back
to what was there before and proves that, too. Each service does so by itself, but for those
that pass an address between them: they are a group, which stands or falls together. Files are
written for all of them, systemd reads its units once, and then each group makes its transition
and its proofs.

A group is decided with its first commit, which comes when all of it has been proven, and no
transaction of it is closed before all are committed: whoever finds one open, and another
member of the group committed, goes forward; else everybody goes back. Walking back is a plan
like any other, made from what is found: it may itself be interrupted, and be made again, at
any point.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import replace

from .._credential.credential import InvalidCredential
from .._credential.unit import lines
from .._host.files import remove
from .deployer import FAILURES, Deployer, DeploymentFailed, ProofFailed
from .generation import Generation, InvalidDeployment
from .ledger import Ledger, Transaction
from .needrestart import needrestart_changes
from .part import Act, Part, carry_out
from .plan import Change, Plan
from .steps import StepFailed
from .ties import give_way, tied
from .transition import Present, held, make_plan, removal_plan
from .units_dir import FOLDER

Open = t.Tuple[Deployer, Transaction]

# What becomes of a service that is put back, where all goes well.
PROVEN = "The host was put back to what it ran before, and that is proven again."
GONE = "Nothing of it runs on the host; that it failed is on record."
# What becomes of a run that was interrupted.
UNDONE = "what was interrupted is undone"
ENDED = "its last deployment had ended, and is complete"
FINISHED = "its removal is finished"


def deploy(parts: t.Sequence[Part]) -> None:
    """Bring every service to what it is to be, and prove it; one that fails is put back,
    and says so in its `failure`. Raises OSError where it cannot even be written down what
    is about to change: nothing has, then.
    """
    for part in parts:
        if part.is_aside:
            try:
                part.make(part.plan.without("prune"))
            except StepFailed as exc:
                part.failure = DeploymentFailed(str(exc))
            part.deployer.prune(part.plan)
    changing = [part for part in parts if part.plan.changed and not part.is_aside]
    groups = [Group(each) for each in tied(changing)]
    _begin(groups)
    for group in groups:
        group.do(Part.write)
    _read_again(groups)
    for group in groups:
        group.do(Part.close, Part.open)
    for group in groups:
        group.do(Part.prove)
        group.commit()


class Group:
    """Services that stand or fall together; most often it is one alone."""

    def __init__(self, parts: t.Sequence[Part]) -> None:
        self.parts = list(parts)
        self.failed = False

    def do(self, *acts: Act) -> None:
        """Do each of these with every part. The first failure puts all of them back."""
        for act in acts:
            for part in self.parts:
                if self.failed:
                    return
                try:
                    act(part)
                except FAILURES as exc:
                    self.give_up(part, exc)

    def commit(self) -> None:
        """All of it is proven: put it on record.

        The first commit decides for all. Whatever cannot be written down after it is for
        the next run, which finds the transactions open, and goes forward.
        """
        if self.failed:
            return
        first = self.parts[0]
        for part in self.parts:
            try:
                part.deployer.ledger.commit(_begun(part))
            except OSError as exc:
                if part is first and not part.deployer.ledger.has_ended(_begun(part)):
                    self.give_up(part, exc)
                    return
                _leave_the_end(part, exc)
        for part in [] if any(p.failure for p in self.parts) else self.parts:
            try:
                part.deployer.ledger.finish(_begun(part))
            except OSError as exc:
                _leave_the_end(part, exc)
                continue
            part.deployer.keeper.forget()
            part.deployer.prune(part.plan)

    def give_up(self, culprit: Part, why: Exception) -> None:
        """Void what failed, put back what was there, and say both."""
        self.failed = True
        said = [str(why)]
        if _its_own_fault(why):
            ledger, reason = culprit.deployer.ledger, str(why).split("\n", 1)[0]
            try:
                # What is on record was proven: that it fails now is the host's doing.
                if culprit.wanted != ledger.deployed():
                    ledger.void(culprit.wanted, reason)
            except OSError as exc:
                said.append(f"That it failed could not be written down: {exc}")
        becomes: dict[str, str] = {}
        if culprit.deployer.terms.rollback:
            try:
                begun = [(p.deployer, _begun(p)) for p in self.parts]
                becomes = walk_back(begun, parts_back(begun))
            except FAILURES as exc:
                said += [
                    f"What was there before could not be put back wholly: {exc}",
                    "The next run tries again.",
                ]
        else:
            for part in self.parts:
                part.deployer.keeper.forget()
                try:
                    part.deployer.ledger.stray(True)
                except OSError as exc:
                    said.append(f"That could not be written down: {exc}")
                part.deployer.ledger.close()
            said.append("The host was left as it is, since rollback is off.")
        evidence = why.proof.returned() if isinstance(why, ProofFailed) else None
        for part in self.parts:
            own = said if part is culprit else [_with(culprit), *said[1:]]
            became = [becomes[part.name]] if part.name in becomes else []
            part.failure = DeploymentFailed(
                "\n".join([*own, *became]), evidence if part is culprit else None
            )


def _leave_the_end(part: Part, why: OSError) -> None:
    part.failure = DeploymentFailed(
        f"it is deployed and proven, but its end could not be written down: {why}\n"
        "The next run does that."
    )


def _with(culprit: Part) -> str:
    return (
        f"{culprit.name} has failed, and addresses pass between the two: they stand or "
        "fall together."
    )


def _its_own_fault(why: Exception) -> bool:
    """Whether what was deployed is to blame, and not the host's disk or its manager."""
    return isinstance(why, ProofFailed) or (
        isinstance(why, StepFailed) and why.action in ("open", "reopen", "start")
    )


def _begun(part: Part) -> Transaction:
    return t.cast("Transaction", part.transaction)  # every part of a group has begun


def _begin(groups: t.Sequence[Group]) -> None:
    """Write down, for all services, what is about to change, before anything does."""
    begun: list[Ledger] = []
    try:
        for group in groups:
            several = len(group.parts) > 1
            name = os.urandom(16).hex() if several else ""
            members = tuple(part.name for part in group.parts) if several else ()
            for part in group.parts:
                deployer = part.deployer
                before = deployer.good(part.present)
                history = tuple(deployer.releases.history())
                deployer.keeper.forget()
                begun.append(deployer.ledger)
                part.transaction = deployer.ledger.open(
                    Transaction(
                        before,
                        part.wanted,
                        history,
                        part.leaving,
                        group=name,
                        members=members,
                        loose=tuple(sorted(part.present.others)),
                    )
                )
    except OSError:
        for ledger in begun:
            ledger.close()
        raise


def _read_again(groups: t.Sequence[Group]) -> None:
    """One daemon-reload for all; where it fails, everybody who needs it goes back."""
    waiting = [
        (group, part)
        for group in groups
        if not group.failed
        for part in group.parts
        if part.plan.subjects("reload")
    ]
    try:
        for _group, part in waiting[:1]:
            part.read_again()
    except FAILURES as exc:
        for group, part in waiting:
            if not group.failed:
                group.give_up(part, exc)


# -- going back -----------------------------------------------------------------------


def walk_back(begun: t.Sequence[Open], parts: t.Sequence[Part]) -> dict[str, str]:
    """Bring services back to what they were before, together; made as often as it takes.
    `parts` are what `parts_back` gives.

    Gives what became of each. Raises what is in FAILURES.
    """
    for deployer, transaction in begun:
        _lead_back(deployer, transaction)
    carry_out(parts)
    said = {part.name: _proven_again(part) for part in parts}
    for deployer, transaction in begun:
        # The version that was given up is not the one that was current before this one.
        deployer.releases.remember(transaction.history)
        deployer.sweep(transaction.before, transaction.wanted)
        deployer.keeper.forget()
    for deployer, _transaction in begun:
        deployer.ledger.stray(False)
        deployer.ledger.close()
    return said


def parts_back(begun: t.Sequence[Open]) -> list[Part]:
    """What there is to do to bring services back, together. Raises Conflict."""
    found = []
    for deployer, transaction in begun:
        before, wanted = transaction.before, transaction.wanted
        tried = tuple(g for g in (before, wanted) if g.units)
        here = _found(deployer, before, wanted)
        found.append(replace(here, tried=tried, loose=transaction.loose))
    parts = [
        _part_back(deployer, transaction, replace(here, deaf=here.deaf | claimed))
        for (deployer, transaction), here in zip(begun, found)
        for claimed in [_claimed(here, [p for p in found if p is not here])]
    ]
    give_way(parts)
    return parts


def _found(deployer: Deployer, *known: Generation) -> Present:
    """The service as it is, but for who may write its units. To put that back is no part
    of the way back, which it could hinder; the next plan does it."""
    return replace(deployer.read(*known), access={})


def _claimed(here: Present, others: t.Sequence[Present]) -> set[str]:
    """Sockets whose address a socket of another one may have: systemd says of both that
    they are active, and its process holds one alone."""
    theirs = [
        address
        for other in others
        for socket in _active_sockets(other)
        for address in held(other, socket)
    ]
    return {
        socket
        for socket in _active_sockets(here)
        if any(a.collides(b) for a in held(here, socket) for b in theirs)
    }


def _active_sockets(present: Present) -> list[str]:
    return [
        unit
        for unit, state in present.states.items()
        if unit.endswith(".socket") and state.active == "active"
    ]


def _part_back(deployer: Deployer, transaction: Transaction, present: Present) -> Part:
    before = transaction.before
    if before.units:
        plan = make_plan(before, present, before.start, FOLDER)
        return Part(deployer, before, present, _sparing(plan, before))
    kept = needrestart_changes(before.name, restart=True)
    plan = Plan((*removal_plan(present, FOLDER), *kept))
    if before.release is None and deployer.releases.current():
        link = Change("switch", deployer.releases.link, "there was none")
        plan = Plan((*plan, link))
    return Part(deployer, before, present, plan, goes=True)


def back_link(
    deployer: Deployer, transaction: Transaction, current: str | None
) -> str | None:
    """Where `current` is to lead for a service that had units and no release of its own:
    where it did before. No step of a plan to such a one is about the link."""
    before, releases = transaction.before, deployer.releases
    failed = transaction.wanted.release
    if not before.units or before.release or not failed or current != failed:
        return current
    had = transaction.history[-1:]
    if had and had[0] != failed and releases.installed(had[0]):
        return had[0]
    return current if had else None


def _lead_back(deployer: Deployer, transaction: Transaction) -> None:
    releases = deployer.releases
    current = releases.current()
    target = back_link(deployer, transaction, current)
    if target == current:
        return
    if target:
        releases.switch(target)
    else:
        remove(releases.link)


def _sparing(plan: Plan, before: Generation) -> Plan:
    """The plan without what would take away a credential that the unit loads: of one
    that was found and never put on record, it may not be known."""
    loaded: set[str] = set()
    # Where it cannot be told, systemd tells it no better.
    with contextlib.suppress(InvalidCredential, InvalidDeployment, KeyError):
        loaded = {line.source for line in lines(before.parsed(before.service))}
    return Plan(
        tuple(c for c in plan if c.action != "erase" or c.subject not in loaded)
    )


def _proven_again(part: Part) -> str:
    """What became of a service; one whose sockets what failed had closed meanwhile, by
    too many starts, is put back once more."""
    if part.goes:
        return GONE
    deployer, before = part.deployer, part.wanted
    for last in (False, True):
        try:
            # It is not asked as it is: by what it runs is not on record, after a kill.
            deployer.prove(before)
            break
        except ProofFailed as exc:
            present = _found(deployer, before)
            states = [present.state(unit).active for unit in before.sockets]
            if last or set(states) <= {"active"}:
                return f"The host was put back to what it ran before, but {exc}"
            plan = make_plan(before, present, before.start, FOLDER)
            carry_out([Part(deployer, before, present, plan)])
    return PROVEN


# -- what was interrupted -------------------------------------------------------------


def companions(names: t.Iterable[str], state: str) -> set[str]:
    """These services, and those that an interrupted run ties to them."""
    found: set[str] = set()
    coming = list(names)
    while coming:
        name = coming.pop()
        if name not in found:
            found.add(name)
            left = Ledger(name, os.path.join(state, name)).transaction()
            coming += left.members if left else ()
    return found


def recover(
    deployers: t.Sequence[Deployer], leaving: t.Collection[str] = ()
) -> dict[str, Plan]:
    """Undo what was interrupted, or finish what had only to be ended; what was done, by
    service.

    All members of a group must be among `deployers`; one that is `leaving`, and no member
    of a group, is left to its removal. Raises DeploymentFailed when that cannot be done;
    the next run tries again.
    """
    done: dict[str, Plan] = {}
    for begun in interrupted(deployers, leaving):
        done.update(_recover(begun))
    return done


def recovering(
    begun: t.Sequence[Open], plans: t.Mapping[str, Plan], why: str
) -> dict[str, Plan]:
    """What recovery does for each service: the steps of its plan, and the end of the
    record."""
    names = [deployer.ledger.name for deployer, _transaction in begun]
    return {n: Plan((*plans.get(n, ()), Change("record", n, why))) for n in names}


def first_steps(done: t.Mapping[str, Plan]) -> list[dict[str, str]]:
    """What Ansible shows with --diff of a recovery, before the plan."""
    steps = [f"- {c.action} {c.subject}: {c.reason}" for p in done.values() for c in p]
    if not steps:
        return []
    first = "First, for a run that was interrupted:"
    return [{"prepared": "\n".join([first, *steps, ""])}]


def interrupted(
    deployers: t.Sequence[Deployer], leaving: t.Collection[str]
) -> list[list[Open]]:
    """What was begun and not ended, by the groups that stand or fall together."""
    groups: dict[str, list[Open]] = {}
    for deployer in deployers:
        found = deployer.ledger.transaction()
        if found is not None and (found.group or deployer.ledger.name not in leaving):
            key = found.group or f"alone: {deployer.ledger.name}"
            groups.setdefault(key, []).append((deployer, found))
    return list(groups.values())


def end_all(begun: t.Sequence[Open]) -> None:
    """Put on record what was decided; it may be done again."""
    for deployer, found in begun:
        if not deployer.ledger.has_ended(found):
            deployer.ledger.commit(found)
    for deployer, found in begun:
        deployer.ledger.finish(found)


def _recover(begun: t.Sequence[Open]) -> dict[str, Plan]:
    became: dict[str, str] = {}
    plans: dict[str, Plan] = {}
    if begun[0][1].removes:
        note, why = "a removal was interrupted before; it was finished first", FINISHED
        for deployer, _transaction in begun:
            plans[deployer.ledger.name] = deployer.finish_removal()
    elif any(deployer.ledger.has_ended(found) for deployer, found in begun):
        note, why = "the last deployment had ended, and is complete", ENDED
        for deployer, _transaction in begun:
            deployer.keeper.forget()
        end_all(begun)
    else:
        note, why = "a deployment was interrupted before; it was undone first", UNDONE
        try:
            parts = parts_back(begun)
            plans = {part.name: part.plan for part in parts}
            became = walk_back(begun, parts)
        except FAILURES as exc:
            raise DeploymentFailed(
                "a deployment was interrupted before, and what was there before it "
                f"could not be put back wholly: {exc}\nThe next run tries again."
            ) from exc
    for deployer, _transaction in begun:
        said = became.get(deployer.ledger.name, PROVEN)
        wrong = "" if said in (PROVEN, GONE) else f". {said}"
        deployer.notes.append(f"{note}{wrong}")
    return recovering(begun, plans, why)
