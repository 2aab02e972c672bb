# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One service's part in a run: from what, to what, and by which steps."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._host.rest import rest
from .deployer import Deployer, DeploymentFailed, ProofFailed
from .generation import Generation
from .ledger import Transaction
from .plan import Plan
from .steps import Steps
from .transition import Present

# What a plan does to files and links, before systemd reads them again.
FILES = (
    *("exempt", "readmit", "store", "renew"),
    *("disable", "write", "guard", "remove", "switch", "enable"),
)
# What gives addresses up, and what is done once everything has ended.
CLOSING = ("close", "stop")
LATER = ("prove", "record", "prune")


@dataclass
class Part:
    """One service of a run. Its methods raise StepFailed and ManagerError."""

    deployer: Deployer
    wanted: Generation
    present: Present
    plan: Plan
    leaving: Generation | None = None
    """The generation that a rollback leaves for `wanted`."""
    goes: bool = False
    """Whether nothing is to be left: the plan is one of removal, made in its own order."""
    transaction: Transaction | None = None
    failure: DeploymentFailed | None = None
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self.steps = self.deployer.steps(self.wanted)

    @property
    def name(self) -> str:
        return self.wanted.name

    @property
    def is_aside(self) -> bool:
        """Whether the service itself is as it is to be: nobody has to wait for a proof."""
        actions = {change.action for change in self.plan}
        aside = bool(actions) and actions <= {"exempt", "readmit", "prune"}
        return aside and not self.leaving

    def make(self, plan: Plan) -> None:
        self.steps.make(plan, lambda unit: self.deployer.explain(self.wanted, unit))

    def write(self) -> None:
        """Files and links."""
        if not self.goes:
            self.make(self.plan.only(*FILES))

    def read_again(self) -> None:
        """Let systemd read all unit files: those of every part."""
        self.make(self.plan.only("reload"))

    def close(self) -> None:
        """Give up the addresses that are not wanted any more, and rest."""
        self.make(self.plan if self.goes else self.plan.only(*CLOSING))

    def open(self) -> None:
        """Take the addresses that are wanted, and run what is to run."""
        if self.goes:
            return
        self.make(self.plan.without("reload", *FILES, *CLOSING, *LATER))
        self.deployer.rested = self.steps.rested
        idle = not self.present.state(self.wanted.service).running
        fresh = self.plan.subjects("write", "switch", "reload", "store", "renew")
        if fresh and idle and self.wanted.start != "eager" and self.wanted.activators:
            # A request may have started it meanwhile, from what was there before.
            self.deployer.rested = rest(self.deployer.manager, self.wanted.service)

    def prove(self) -> None:
        """Raises ProofFailed, too."""
        if self.deployer.keeps(self.wanted, self.present, self.plan):
            try:
                self.deployer.prove(self.wanted, "keep")
                return
            except ProofFailed:
                # A reload was asked of what runs; else it may be what runs that is wrong.
                if self.plan.subjects("refresh"):
                    raise
        self.deployer.prove(self.wanted)


Act = t.Callable[[Part], None]


def carry_out(parts: t.Sequence[Part]) -> None:
    """Make the plans of all parts so, but for their proofs: what one gives up, another
    may get. Raises what the first failure raises."""
    for part in parts:
        part.write()
    reloading = [p for p in parts if not p.goes and p.plan.subjects("reload")]
    for part in reloading[:1]:
        part.read_again()
    for part in parts:
        part.close()
    for part in parts:
        part.open()
