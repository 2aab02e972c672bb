# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Brings a service to rest. One that is only starting is let start first.

A program that is told to end before it listens to signals may not hear it: the Erlang
machine loses a SIGTERM that comes while it boots, starts, serves, and is killed when
TimeoutStopSec= is over, with every request that it has taken by then.
"""

from __future__ import annotations

import contextlib
import time
import typing as t

from .manager import Manager, ManagerError

STEP = 0.02
#: Seconds that a start is waited for, until the service is told to stop all the same.
PATIENCE = 30.0


def rest(manager: Manager, service: str) -> float:
    """Stop a service; its sockets stay open. Raises ManagerError.

    Returns the time of the monotonic clock, in seconds, before which everything that
    ran of it had begun: a run that began later was asked for since.
    """
    let_start(manager, service)
    asked = time.monotonic()
    manager.stop(service)
    with contextlib.suppress(ManagerError):  # it may be gone from memory by now
        manager.reset_failed(service)
    return asked


def let_start(
    manager: Manager,
    service: str,
    patience: float = PATIENCE,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> None:
    """Wait while a process of the service is about to be ready, for so many seconds."""
    end = clock() + patience
    while clock() < end:
        shown = manager.show([service], ["ActiveState", "MainPID"])[service]
        starting = shown.get("ActiveState") == "activating"
        if not starting or shown.get("MainPID", "0") == "0":
            return
        sleep(STEP)
