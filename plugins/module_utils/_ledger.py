# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What is written down of a service on its host, below /var/lib/activated.services.

* `generations.json`: the generations that were proven, the one that is deployed last;
* `voided.json`: those that failed, or were left by a rollback, and why;
* `transaction.json`: what a deployment is about to change, and from what. It is complete
  and on disk before the first change, and goes when the deployment has ended.

Each file is replaced in one step, is root's alone, and a file that cannot be read is an
error, never taken for an empty one.
"""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass

from ._files import read_text, remove, write_json
from ._generation import Generation

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


class Ledger:
    """The ledger of one service. Its methods raise BrokenLedger, and OSError."""

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self._generations = os.path.join(folder, "generations.json")
        self._voided = os.path.join(folder, "voided.json")
        self._transaction = os.path.join(folder, "transaction.json")

    # -- generations ------------------------------------------------------------------

    def generations(self) -> list[Generation]:
        """The proven generations, the deployed one last."""
        record = self._read(self._generations)
        return [self._generation(entry) for entry in record] if record else []

    def deployed(self) -> Generation | None:
        """What the last deployment that succeeded left."""
        generations = self.generations()
        return generations[-1] if generations else None

    def commit(self, generation: Generation) -> None:
        """A generation is deployed and proven: it is the last, and nothing is open."""
        others = [g for g in self.generations() if g != generation]
        self._write_generations([*others, generation][-KEPT:])
        self.close()

    def step_back(self) -> None:
        """The last generation is left for the one before it."""
        self._write_generations(self.generations()[:-1])
        self.close()

    def _write_generations(self, generations: t.Sequence[Generation]) -> None:
        write_json(self._generations, [g.as_dict() for g in generations])

    # -- the open transaction ---------------------------------------------------------

    def transaction(self) -> Transaction | None:
        """The deployment that was begun and not ended."""
        record = self._read(self._transaction)
        if record is None:
            return None
        try:
            before, wanted = record["before"], record["wanted"]
            history = tuple(str(version) for version in record["history"])
        except (TypeError, KeyError) as exc:
            raise self._broken(self._transaction, exc) from exc
        return Transaction(self._generation(before), self._generation(wanted), history)

    def open(self, transaction: Transaction) -> None:
        """Write down what is about to change, before it does."""
        write_json(
            self._transaction,
            {
                "before": transaction.before.as_dict(),
                "wanted": transaction.wanted.as_dict(),
                "history": list(transaction.history),
            },
        )

    def close(self) -> None:
        remove(self._transaction)

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
        write_json(self._voided, dict(list(voided.items())[-50:]))

    def pardon(self, generation: Generation) -> None:
        """It was deployed after all, and proven."""
        voided = self.voided()
        if voided.pop(generation.fingerprint(), None) is not None:
            write_json(self._voided, voided)

    def forget(self) -> None:
        """The service is gone, and what was written down of it."""
        for path in (self._generations, self._voided, self._transaction):
            remove(path)

    # -- files ------------------------------------------------------------------------

    def _read(self, path: str) -> t.Any:
        text = read_text(path)
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
