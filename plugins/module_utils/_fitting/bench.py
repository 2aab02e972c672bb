# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A service on the bench: one drop-in below /run that comes, changes and goes again.

It and the record of how the service was found lie below /run: a boot forgets both, and
the next run takes away what a killed one has left.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._host.files import (
    fresh_path,
    read_json,
    read_text,
    remove,
    write_file,
    write_json,
)
from .._host.followers import start_again
from .._host.manager import Manager, ManagerError
from .._host.rest import let_start
from .._proof.proof import ServiceState
from .._proof.triggers import RUNTIME

#: The last of a unit's drop-ins: they are read in the order of their names.
NAME = "zzzz-activated-harden.conf"
RECORDS = "/run/activated.services/harden"
MARK = (
    "Made by activated.services.harden for the length of one trial; it can be removed."
)


class BenchError(RuntimeError):
    """The drop-in cannot be the last word, or what was there cannot be put back."""


class Bench:
    """One service. Everything here raises ManagerError and OSError.

    `starts` counts how often it was started or restarted, by whom it was told to.
    """

    def __init__(
        self,
        manager: Manager,
        service: str,
        runtime: str = RUNTIME,
        records: str = RECORDS,
    ) -> None:
        self.manager = manager
        self.service = service
        self.folder = os.path.join(runtime, f"{service}.d")
        self.path = os.path.join(self.folder, NAME)
        self.record = os.path.join(records, f"{service}.json")
        self.starts = 0
        self.touched = False
        self._found: dict[str, t.Any] = {}

    @property
    def leftover(self) -> bool:
        """Whether a run that was killed has left something."""
        return any(
            os.path.lexists(x) for x in (self.path, fresh_path(self.path), self.record)
        )

    def recover(self) -> bool:
        """Take away what a killed run has left, and leave the service as that run found
        it. Whether there was anything."""
        if not self.leftover:
            return False
        self._found = read_json(self.record) or {}
        self.touched = True
        self._restore()
        self.touched, self._found = False, {}
        return True

    def open(self, state: ServiceState, followers: t.Iterable[str] = ()) -> None:
        """Note how the service is found, and what runs that stops with it, before the
        first change."""
        self._found = {"active": state.active, "followers": list(followers)}
        os.makedirs(os.path.dirname(self.record), mode=0o755, exist_ok=True)
        write_json(self.record, self._found)

    def wear(self, text: str) -> None:
        """Let systemd read another drop-in for the service; what runs is not touched."""
        if read_text(self.path) == text:
            return
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        self.touched = True
        write_file(self.path, text)
        self.manager.daemon_reload()
        paths = self.manager.show([self.service], ["DropInPaths"])[self.service]
        last = paths.get("DropInPaths", "").split()[-1:]
        if last != [self.path]:
            raise BenchError(
                f"{' '.join(last) or 'another drop-in'} is read after {self.path}, so that a "
                "trial would not be of what it says; rename it"
            )

    def close(self) -> None:
        """Put back what was there, and leave the service as it was found."""
        if self._found:
            self._restore()
        self._found = {}

    def _restore(self) -> None:
        remove(self.path)
        remove(fresh_path(self.path))
        with contextlib.suppress(OSError):  # others may have drop-ins there
            os.rmdir(self.folder)
        # also where the file is gone: who was killed may not have come to this line
        self.manager.daemon_reload()
        if self.touched:
            self._leave(self._found.get("active", ""))
            start_again(self.manager, self._found.get("followers", ()))
        remove(self.record)

    def _leave(self, active: str) -> None:
        with contextlib.suppress(ManagerError):  # nothing of it may be in memory
            self.manager.reset_failed(self.service)
        if active in ("active", "activating", "reloading", "refreshing"):
            self.starts += 1
            self.manager.restart(self.service)
        elif active:
            let_start(self.manager, self.service)
            self.manager.stop(self.service)
            with contextlib.suppress(ManagerError):
                self.manager.reset_failed(self.service)
