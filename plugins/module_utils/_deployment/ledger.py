# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is written down of a service on its host, below /var/lib/activated.services.

* `generations.json`: the generations that were proven, the deployed one last, and how
  many times that was written: a transaction tells by it whether it has ended.
  It also says whether the host was left on something else than that, on purpose;
* `voided.json`: those that failed, or were left by a rollback, and why;
* `transaction.json`: what a deployment is about to change, and from what. It is complete
  and on disk before the first change, and goes when the deployment has ended;
* `exposure.json`: how exposed the unit was found, and what that was told from. It is
  measured again where that differs, or the file cannot be read.

Each file is replaced in one step and is root's alone. Any other that cannot be read is an
error, never taken for an empty one.
"""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass, replace

from .._host.files import (
    fresh_path,
    read_text,
    remove,
    unstage,
    write_json,
)
from .generation import Generation

# How many generations can be gone back to, the deployed one included.
KEPT = 5


class BrokenLedger(RuntimeError):
    """A file of the ledger is no longer what was written; the message names it."""


@dataclass(frozen=True)
class Transaction:
    """A deployment that has begun: from what, to what."""

    before: Generation
    wanted: Generation
    history: tuple[str, ...] = ()
    """The versions in the order in which each last became current, before it began."""
    leaving: Generation | None = None
    """What a rollback leaves for `wanted`; None where it is no rollback."""
    commits: int = 0
    """How often generations had been written when it began; the ledger knows."""
    group: str = ""
    """What tells the deployments that stand or fall together from all others."""
    members: tuple[str, ...] = ()
    """The services of that group, this one included."""
    loose: tuple[str, ...] = ()
    """The units that others than root could write when it began."""

    @property
    def removes(self) -> bool:
        """Whether it takes the service away."""
        return not self.wanted.units


class Ledger:
    """The ledger of one service. Its methods raise BrokenLedger, and OSError."""

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self._generations = os.path.join(folder, "generations.json")
        self._voided = os.path.join(folder, "voided.json")
        self._transaction = os.path.join(folder, "transaction.json")
        self._exposure = os.path.join(folder, "exposure.json")

    @property
    def staged(self) -> list[str]:
        """What a run that was killed may have staged of these files."""
        return [fresh_path(path) for path in self._files]

    @property
    def _files(self) -> tuple[str, ...]:
        return (self._generations, self._voided, self._transaction, self._exposure)

    # -- generations ------------------------------------------------------------------

    def generations(self) -> list[Generation]:
        """The proven generations, the deployed one last."""
        return self._proven()[1]

    def deployed(self) -> Generation | None:
        """What the last deployment that succeeded left."""
        generations = self.generations()
        return generations[-1] if generations else None

    def commit(self, transaction: Transaction) -> None:
        """What was wanted is deployed and proven. It is the last generation now; one
        that a rollback has left is no more. `finish` does what comes after."""
        commits, generations = self._proven()
        gone = (transaction.wanted, transaction.leaving)
        kept = [g for g in generations if g not in gone]
        entries = [g.as_dict() for g in [*kept, transaction.wanted][-KEPT:]]
        self._write(self._generations, {"commits": commits + 1, "generations": entries})

    def strays(self) -> bool:
        """Whether the host was left on what failed, since rollback was off."""
        record = self._read(self._generations)
        return bool(record and record.get("strays"))

    def stray(self, does: bool) -> None:
        """Write down that the host was left on what failed, or that it is no more. A
        commit says so by itself."""
        if does == self.strays():
            return
        commits, generations = self._proven()
        record = {"commits": commits, "generations": [g.as_dict() for g in generations]}
        self._write(self._generations, {**record, "strays": True} if does else record)

    def has_ended(self, transaction: Transaction) -> bool:
        """Whether it was committed, and only what comes after may be missing."""
        return self._proven()[0] > transaction.commits

    def finish(self, transaction: Transaction) -> None:
        """Do what comes after the commit; it may be done again. What a rollback has left
        is not deployed again by itself."""
        self._pardon(transaction.wanted)
        if transaction.leaving:
            self.void(transaction.leaving, "a rollback has left it")
        self.close()

    def _proven(self) -> tuple[int, list[Generation]]:
        record = self._read(self._generations)
        if record is None:
            return 0, []
        try:
            entries = record["generations"]
            return int(record["commits"]), [self._generation(e) for e in entries]
        except (TypeError, KeyError, ValueError) as exc:
            raise self._broken(self._generations, exc) from exc

    def in_use(self) -> set[str]:
        """The releases of what is deployed, and of what a deployment is between."""
        found = self.transaction()
        between = [found.before, found.wanted] if found else []
        return {
            generation.release
            for generation in [self.deployed(), *between]
            if generation and generation.release
        }

    # -- the open transaction ---------------------------------------------------------

    def transaction(self) -> Transaction | None:
        """The deployment that was begun and not ended."""
        record = self._read(self._transaction)
        if record is None:
            return None
        try:
            leaving = record["leaving"]
            return Transaction(
                self._generation(record["before"]),
                self._generation(record["wanted"]),
                tuple(str(version) for version in record["history"]),
                self._generation(leaving) if leaving else None,
                int(record["commits"]),
                str(record.get("group", "")),
                tuple(str(name) for name in record.get("members", ())),
                tuple(str(unit) for unit in record.get("loose", ())),
            )
        except (TypeError, KeyError, ValueError) as exc:
            raise self._broken(self._transaction, exc) from exc

    def open(self, transaction: Transaction) -> Transaction:
        """Write down what is about to change, before it does."""
        opened = replace(transaction, commits=self._proven()[0])
        leaving = opened.leaving
        self._write(
            self._transaction,
            {
                "before": opened.before.as_dict(),
                "wanted": opened.wanted.as_dict(),
                "history": list(opened.history),
                "leaving": leaving.as_dict() if leaving else None,
                "commits": opened.commits,
                "group": opened.group,
                "members": list(opened.members),
                "loose": list(opened.loose),
            },
        )
        return opened

    def close(self) -> None:
        self._remove(self._transaction)

    # -- what is not deployed again ---------------------------------------------------

    def voided(self) -> dict[str, str]:
        """Fingerprints of generations that are not deployed again, and why."""
        record = self._read(self._voided)
        return {str(key): str(why) for key, why in record.items()} if record else {}

    def void(self, generation: Generation, why: str) -> None:
        """Do not deploy this generation again by itself."""
        voided = self.voided()
        voided.pop(generation.fingerprint(), None)
        voided[generation.fingerprint()] = why
        self._write(self._voided, dict(list(voided.items())[-50:]))

    def _pardon(self, generation: Generation) -> None:
        """It was deployed after all, and proven."""
        voided = self.voided()
        if voided.pop(generation.fingerprint(), None) is not None:
            self._write(self._voided, voided)

    # -- what was measured ------------------------------------------------------------

    def exposure(self, key: str) -> tuple[float | None] | None:
        """The exposure that was measured of exactly that, which may be none; None where
        it was not."""
        try:
            record = self._read(self._exposure)
        except BrokenLedger:
            return None
        if not isinstance(record, dict) or record.get("key") != key:
            return None
        score = record.get("score")
        return (float(score) if isinstance(score, (int, float)) else None,)

    def remember_exposure(self, key: str, score: float | None) -> None:
        self._write(self._exposure, {"key": key, "score": score})

    # -- the end ----------------------------------------------------------------------

    def forget(self) -> None:
        """The service is gone, and what was written down of it."""
        for path in self._files:
            self._remove(path)

    # -- files ------------------------------------------------------------------------

    def _text(self, path: str) -> str | None:
        return read_text(path)

    def _write(self, path: str, value: t.Any) -> None:
        write_json(path, value)

    def _remove(self, path: str) -> None:
        unstage(path)
        remove(path)

    def _read(self, path: str) -> t.Any:
        text = self._text(path)
        if text is None:
            return None
        try:
            return json.loads(text)
        except ValueError as exc:
            raise self._broken(path, exc) from exc

    def _generation(self, entry: t.Any) -> Generation:
        try:
            return Generation.from_dict(self.name, entry)
        except (TypeError, KeyError, AttributeError) as exc:
            raise self._broken(self._generations, exc) from exc

    def _broken(self, path: str, exc: Exception) -> BrokenLedger:
        return BrokenLedger(
            f"{path} is not what this collection wrote ({exc}); look at it, and move it "
            "away to have the service deployed as if for the first time"
        )
