# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Makes a plan so: one step at a time, each a narrow door to the host."""

from __future__ import annotations

import contextlib
import glob
import os
import time
import typing as t

from .._credential.keeper import Keeper
from .._credential.store import Sealed, UnusableStore
from .._host.files import (
    put_staged,
    remove,
    stage_file,
    sync_folder,
    unstage,
    write_file,
)
from .._host.manager import Manager, ManagerError, parse_span
from .._host.rest import rest
from .._release.releases import Releases
from .generation import Generation
from .plan import Change, Plan
from .units_dir import FOLDER

Explain = t.Callable[[str], str]


class StepFailed(RuntimeError):
    """A step of the plan failed; the message says which and why."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(message)
        self.action = action


class Steps:
    """What each action of a plan does on this host."""

    def __init__(
        self,
        wanted: Generation,
        manager: Manager,
        releases: Releases,
        keeper: Keeper,
    ) -> None:
        self._wanted = wanted
        self._keeper = keeper
        self._manager = manager
        self._releases = releases
        self.rested = 0.0
        """When the service was brought to rest, as `rest` gives it."""

    def make(self, plan: Plan, explain: Explain) -> None:
        """Make the plan so, in its order; raises StepFailed at the first failure.

        `explain(unit)` adds to the message what is known of a unit that will not start.
        """
        writes = [change for change in plan if change.action in ("write", "guard")]
        try:
            for change in writes:
                # What takes room is done while nothing has changed.
                self._try(self.stage, change, explain)
            for change in plan:
                self._try(self.step, change, explain)
        except StepFailed:
            for change in writes:
                unstage(change.subject)
            raise

    def _try(
        self, act: t.Callable[[Change], None], change: Change, explain: Explain
    ) -> None:
        try:
            act(change)
        except (ManagerError, OSError, Sealed, UnusableStore) as exc:
            raise StepFailed(
                change.action,
                f"{change.action} {change.subject}: {exc}{explain(change.subject)}",
            ) from exc

    def stage(self, change: Change) -> None:
        """Write a unit beside its place. Raises OSError."""
        text = self._wanted.units[os.path.basename(change.subject)]
        stage_file(change.subject, text, 0o644)

    def step(self, change: Change) -> None:
        """Do one thing. Raises ManagerError, OSError, Sealed and UnusableStore."""
        subject = change.subject
        if change.action in ("write", "guard"):
            put_staged(subject)
        elif change.action == "remove":
            remove(subject)
        elif change.action == "switch":
            if self._wanted.release:
                self._releases.switch(self._wanted.release)
            else:
                remove(subject)
        elif change.action == "enable":
            self._manager.enable(subject)
            _sync_links(_links(subject))
        elif change.action == "disable":
            self._disable(subject)
        elif change.action == "reload":
            self._manager.daemon_reload()
        elif change.action == "stop":
            self.rested = rest(self._manager, subject)
        elif change.action == "close":
            self._manager.stop(subject)
            self._forget_failures(subject)
        elif change.action == "open":
            # A start counter that has run out survives daemon-reload since systemd 257.
            # A restart, though it is closed: a service that a request through another
            # socket started meanwhile is restarted with it; a start would be refused.
            self._await_triggers(subject)
            self._forget_failures(subject, self._wanted.service)
            self._manager.restart(subject)
        elif change.action == "reopen":
            # Each restart counts as a start, and five of them in ten seconds are too many.
            self._forget_failures(subject)
            self._manager.restart(subject)
        elif change.action == "start":
            self._forget_failures(subject)
            self._manager.start(subject)
        elif change.action == "store":
            self._keeper.put(subject, self._wanted)
        elif change.action == "erase":
            self._keeper.erase(subject)
        elif change.action == "refresh":
            self._manager.reload(subject)
        elif change.action in ("renew", "record"):
            pass  # nothing of the service itself: whoever makes the plan takes note of it
        elif change.action == "exempt":
            write_file(subject, change.after, 0o644)
        elif change.action == "readmit":
            remove(subject)
        elif change.action == "prune":
            self._releases.remove(os.path.basename(subject))
        elif change.action == "discard":
            self._releases.remove_all()
        else:
            raise ValueError(f"a plan has no action {change.action!r}")

    def _disable(self, unit: str) -> None:
        before = _links(unit)
        if os.path.lexists(os.path.join(FOLDER, unit)):
            self._manager.disable(unit)
        # A unit whose file has gone cannot be disabled; its links are there all the same.
        for link in _links(unit):
            remove(link)
        _sync_links(before)

    def _await_triggers(self, socket: str) -> None:
        """Wait until a socket that was closed for starting its service too often may
        start it again: a socket that is opened before is closed by its first request
        (observed on 252; systemd forgets its triggers by their interval alone)."""
        asked = ("Result", "StateChangeTimestampMonotonic", "TriggerLimitIntervalUSec")
        shown = self._manager.show([socket], asked)[socket]
        if shown.get("Result") != "trigger-limit-hit":
            return
        interval = parse_span(shown.get("TriggerLimitIntervalUSec", "")) or 2000000
        since = int(shown.get("StateChangeTimestampMonotonic") or 0)
        left = since + interval - time.monotonic() * 1000000
        time.sleep(min(max(left, 0), interval) / 1000000)

    def _forget_failures(self, *units: str) -> None:
        for unit in units:
            # systemd refuses for a unit that it does not hold in memory.
            with contextlib.suppress(ManagerError):
                self._manager.reset_failed(unit)


def _links(unit: str) -> list[str]:
    """What has a unit started at boot."""
    kinds = ("wants", "requires", "upholds")
    return [link for kind in kinds for link in glob.glob(f"{FOLDER}/*.{kind}/{unit}")]


def _sync_links(links: t.Sequence[str]) -> None:
    """Have on disk what systemctl did to links, and to the folders that it makes for
    them: its manual page promises no sync, and a commit comes after."""
    folders = {os.path.dirname(link) for link in links}
    for folder in [*sorted(folders), FOLDER]:
        if os.path.isdir(folder):
            sync_folder(folder)
