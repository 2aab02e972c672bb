# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""One service on one host: what it is, and what differs from the wish.

Nothing here changes the host. It is all that is needed where a service is as described,
and what a deployment begins with.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import typing as t
from dataclasses import replace

from .._credential.credential import Credential
from .._credential.keeper import Keeper
from .._credential.store import Store
from .._host.facts import seals
from .._host.files import fresh_path, read_text
from .._host.formula import FORMULA
from .._host.manager import Manager, Run
from .._host.proc import Proc
from .._release.tree import Tree
from .generation import Generation, InvalidDeployment
from .holders import unheld
from .ledger import Ledger
from .needrestart import needrestart_changes, path_of
from .plan import Change, Plan
from .terms import Terms
from .transition import Present, make_plan
from .units_dir import FOLDER, read_present

# What a plan has beside what it does to the service.
BESIDE = {"exempt", "readmit", "reload", "prove", "prune"}


class Unmeasured(LookupError):
    """The exposure of a unit is not on record, and this reader measures none."""


def _shared_drop_ins() -> list[pathlib.Path]:
    """The drop-ins of more than one service, such as those in ``service.d``: systemd 252
    does not tell that it has not read them yet, and measures them all the same."""
    return [
        file
        for root in ("/etc/systemd/system", "/run/systemd/system")
        for folder in ("service.d", "*-.service.d")
        for file in sorted(pathlib.Path(root).glob(f"{folder}/*.conf"))
    ]


def _recording(wanted: Generation, recorded: Generation | None) -> Change:
    """What there is to do where the host is as wanted, and that is not on record."""
    other = recorded is not None and replace(recorded, digest=wanted.digest) == wanted
    why = "its release has other bytes" if other else "it is not on record"
    return Change("record", wanted.name, why)


class Reader:
    """One service on this host, as it is and as it shall be."""

    _tree: t.ClassVar[type[Tree]] = Tree

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
        self.releases = self._tree(name)
        self.ledger = Ledger(name, self.releases.state)
        self.keeper = self._keeper_of(credentials or {})
        self.notes: list[str] = []
        self.exposed: tuple[str, float | None] | None = None
        """What was told of the exposure last, and what it was told from."""
        self._measured: dict[str, float | None] = {}
        """What this run has measured, by what it was measured of."""

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
        return replace(present, deaf=self._deaf(present), credentials=holding)

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

    def left(self) -> list[str]:
        """What a run that was killed has staged, and no run has taken since."""
        told = fresh_path(path_of(self.releases.name))
        staged = [*self.ledger.staged, *self.releases.staged, told]
        return [path for path in staged if os.path.lexists(path)]

    # -- planning ---------------------------------------------------------------------

    def plan(self, wanted: Generation, present: Present) -> Plan:
        """What will be done for `wanted`. Raises Conflict."""
        plan = make_plan(wanted, present, wanted.start, FOLDER)
        self._note_drop_ins(wanted, present)
        if not plan.changed and not self.is_proven(wanted, present):
            plan = Plan((_recording(wanted, present.recorded),))
        if plan.changed and wanted.sockets:
            keeps = self.keeps(wanted, present, plan)
            why = "it is to answer" if keeps else "a request is to start it"
            plan = Plan((*plan, Change("prove", wanted.service, why)))
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

    def is_proven(self, wanted: Generation, present: Present) -> bool:
        """Whether it is on record that this was proven, and nothing else was left here."""
        return present.recorded == wanted and not self.ledger.strays()

    def keeps(self, wanted: Generation, present: Present, plan: Plan) -> bool:
        """Whether the service keeps running, and is proven as it is: one that is
        reloaded, and one that was proven to start before, of which nothing is to be done
        but to put back who may write its files, where root alone could."""
        if plan.subjects("refresh"):
            return True
        # A reload that is due may bring what the running process was not started with.
        unread = any(present.state(unit).needs_reload for unit in wanted.units)
        return (
            {change.action for change in plan} - BESIDE == {"guard"}
            and present.state(wanted.service).active in ("active", "reloading")
            and self.is_proven(wanted, present)
            and not unread
        )

    def _needrestart(self, restart: bool) -> list[Change]:
        return needrestart_changes(self.releases.name, restart)

    def _note_drop_ins(self, wanted: Generation, present: Present) -> None:
        for unit in sorted(wanted.units):
            for path in present.state(unit).drop_ins:
                if not path.startswith(("/usr/lib/", "/lib/")):
                    self.notes.append(
                        f"{path} changes what {unit} says; it is not of this collection "
                        "and is left as it is"
                    )

    # -- exposure ---------------------------------------------------------------------

    def exposure(self, generation: Generation, present: Present) -> float | None:
        """The exposure of the service's unit, 0 to 10, as the host's own systemd puts
        it, with the drop-ins that lie on the host; None where it has no unit.

        It is read from the record where that was made of the same, and where systemd has
        read what there is. Raises Unmeasured.
        """
        name = generation.service
        if name not in generation.units:
            return None
        units = {name: generation.units[name]}
        for path in present.state(name).drop_ins:
            folder, file = os.path.split(path)
            units[f"{os.path.basename(folder)}/{file}"] = read_text(path) or ""
        key = self._exposure_key(units)
        # What systemd has not read yet it does not tell of, and measures all the same.
        unread = present.state(name).needs_reload
        known = None if unread else self.ledger.exposure(key)
        score = known[0] if known else self._measure(key, generation, units)
        self.exposed = (key, score)
        return score

    def _exposure_key(self, units: t.Mapping[str, str]) -> str:
        """What tells one measurement from every other: the texts, and what measures:
        the host's program, which an upgrade of systemd replaces, or the formula here."""
        program = shutil.which("systemd-analyze")
        found = os.stat(program) if program else None
        mark = [found.st_mtime_ns, found.st_size, found.st_ino] if found else []
        shared = [place.stat() for place in _shared_drop_ins()]
        there = [[file.st_mtime_ns, file.st_size, file.st_ino] for file in shared]
        by = [self.systemd, FORMULA, mark]
        said = json.dumps([by, there, dict(units)], sort_keys=True)
        return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()

    def _measure(
        self, key: str, generation: Generation, units: t.Mapping[str, str]
    ) -> float | None:
        raise Unmeasured(generation.service)

    def refuse_exposed(self, generation: Generation, present: Present) -> None:
        """Raises InvalidDeployment above exposure_max, also where nothing else changes:
        the limit may be new, or a drop-in on the host. Raises Unmeasured."""
        limit = self.terms.exposure_max
        if limit is None:
            return
        score = self.exposure(generation, present)
        if score is not None and score > limit:
            raise InvalidDeployment(
                f"{generation.service} would be exposed at {score} on this host, above "
                f"exposure_max {limit}; nothing was changed. Take a tighter sandbox, or "
                "fewer exceptions from it"
            )
