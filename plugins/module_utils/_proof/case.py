# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What a proof has in its hands: the wish, the manager, /proc, and what was read."""

from __future__ import annotations

import os
import re
import time
import typing as t
from dataclasses import replace

from .._host.manager import Manager
from .._host.proc import Proc
from .listeners import Listener
from .probe import Probe
from .proof import (
    SERVICE_PROPERTIES,
    SOCKET_PROPERTIES,
    Proof,
    ServiceState,
    SocketUnit,
    Wish,
    keys,
)
from .wire import STEP, Deadline

#: What is asked of a template.
TEMPLATE = ("LoadState", "LoadError", "UnitFileState", "NeedDaemonReload")
Question = t.Tuple[Probe, SocketUnit, Listener]


class Case:
    """One service, its sockets, and what is known of them up to now.

    ``found`` is the service as it was met, ``opened`` the sockets that listened then,
    ``state`` as it was last seen, ``inodes`` the kernel's sockets that PID 1 holds, by
    socket unit and address, ``baseline`` the last run before the one that a question must
    start.
    """

    def __init__(self, wish: Wish, manager: Manager, proc: Proc | None = None) -> None:
        self.wish = wish
        self.manager = manager
        self.proc = proc or Proc()
        self.clock: t.Callable[[], float] = time.monotonic
        self.sleep: t.Callable[[float], None] = time.sleep
        self.proof = Proof()
        self.units: list[SocketUnit] = []
        self.names: dict[str, str] = {}
        self.templates: dict[str, dict[str, str]] = {}
        """What systemd says of the template of each socket with ``Accept=yes``."""
        self.inodes: dict[tuple[str, str], int] = {}
        self.opened: frozenset[str] = frozenset()
        self.followers: dict[str, str] = {}
        """Other units that ran and stop with the service, with the line that says so."""
        self.found = ServiceState({})
        self.state = ServiceState({})
        self.last_answer = 0.0
        self.touched = False
        self.visited = False
        """Whether a client was seen at its sockets just after it had come to rest."""
        self.waiting = False
        """Whether a request of this proof may still be in the queue of a socket."""
        self.known: t.Callable[[str, bytes], bool | None] | None = None
        """Whether a credential has that content; None where nobody knows."""
        self.baseline = ServiceState({})

    def read(self) -> None:
        """Read the service and its sockets, as they are found."""
        service = self.wish.service
        if "@." not in service:  # of a template itself there is nothing to show
            shown = self.manager.show([service], SERVICE_PROPERTIES)[service]
            self.found = self.state = ServiceState(shown)
            # its sockets, its journal and its credentials know it by its first name alone
            service = shown.get("Id") or service
            self.wish = replace(self.wish, service=service)
        wanted = self.wish.sockets or tuple(
            unit
            for unit in self.state.text("TriggeredBy").split()
            if unit.endswith(".socket")
        )
        base = service.rpartition(".")[0].rstrip("@")
        if not wanted and ("@" in service or self.state.text("LoadState") != "loaded"):
            # a template is started by instances: it is the socket that knows of it
            wanted = (f"{base}.socket",)
        sockets = self.manager.show(list(wanted), SOCKET_PROPERTIES)
        self.units = [SocketUnit.parse(unit, sockets[unit]) for unit in wanted]
        self.names = keys(self.units)
        self._read_templates()
        self.opened = frozenset(u.unit for u in self.units if u.active == "active")
        self.proof.service = {
            "name": service,
            "systemd": self.manager.version,
            "type": self.state.text("Type"),
            "found": self.state.active,
            "left": self.state.active,
        }

    def _read_templates(self) -> None:
        """Read the templates by an instance of each: it is loaded for that, and forgotten."""
        stubs = {
            unit.unit: unit.template.replace("@.", "@activated-probe.")
            for unit in self.units
            if unit.accept
        }
        shown = self.manager.show(list(dict.fromkeys(stubs.values())), TEMPLATE)
        self.templates = {unit: shown[stub] for unit, stub in stubs.items()}

    def template(self, unit: SocketUnit) -> str:
        """The first name of the template of a socket: its own may be an alias, by which
        the manager calls no instance."""
        first = self.templates.get(unit.unit, {}).get("Id", "")
        return re.sub(r"@.*\.", "@.", first) or unit.template

    @property
    def instances(self) -> bool:
        """Whether each connection starts an instance of its own (``Accept=yes``)."""
        return bool(self.units) and all(unit.accept for unit in self.units)

    def refresh(self) -> None:
        """Read the service and its sockets again, in one command."""
        units = [self.wish.service, *(unit.unit for unit in self.units)]
        if self.instances:
            units = units[1:]
        shown = self.manager.show(units, [*SERVICE_PROPERTIES, *SOCKET_PROPERTIES])
        self.state = ServiceState(shown.get(self.wish.service, {}))
        self.units = [SocketUnit.parse(u.unit, shown[u.unit]) for u in self.units]

    def calm_down(self) -> None:
        """Wait while the service is about to stop or to start: it is found as it then is."""
        deadline = Deadline(self.wish.timeout, self.clock)
        while not deadline.over and (
            self.state.active == "deactivating"
            or (self.state.at_rest and self.state.pending)
        ):
            self.sleep(STEP)
            self.refresh()
            self.found = self.state
        self.proof.service["found"] = self.proof.service["left"] = self.found.active

    def gone(self) -> None:
        """The service has stopped: what it was given must have gone with it."""
        place = f"/run/credentials/{self.wish.service}"
        there, rest = os.path.exists(place), self.state
        if there:
            self.refresh()
            if not rest.rest or self.state.rest != rest.rest:
                return  # a request has started it again, which has its own
        self.proof.service["credentials_gone"] = not there
        if there:
            self.problem("credentials", f"{place} is there after the stop")

    def key(self, unit: SocketUnit) -> str:
        """The name of a socket in the proof."""
        return self.names[unit.unit]

    def problem(self, fact: str, message: str, unit: SocketUnit | None = None) -> None:
        """Add a missing fact; one that the wish accepts as missing is a note."""
        if fact in self.wish.accept:
            self.note(message)
        else:
            self.proof.problem(fact, message, self.key(unit) if unit else None)

    def note(self, message: str) -> None:
        """Add something worth knowing that is no problem, once."""
        if message not in self.proof.notes:
            self.proof.notes.append(message)

    @property
    def failed(self) -> bool:
        """Whether a fact is missing already."""
        return bool(self.proof.problems)

    def entry(self, unit: SocketUnit) -> dict[str, t.Any]:
        """What the proof says of a socket."""
        return self.proof.sockets.setdefault(
            self.key(unit),
            {
                "unit": unit.unit,
                "listen": [unit.label(listener) for listener in unit.listeners],
                "kinds": sorted({listener.kind for listener in unit.listeners}),
                "accept": unit.accept,
                "held_by": [],
                "triggered": None,
                "triggered_by": None,
                "first_byte_ms": None,
                "addresses": {},
            },
        )

    def listeners(self) -> t.Iterator[tuple[SocketUnit, Listener]]:
        """Every address of every socket."""
        for unit in self.units:
            for listener in unit.listeners:
                yield unit, listener

    def members(self) -> list[int]:
        """The processes of the service, the main process first."""
        return self.proc.members(self.state.text("ControlGroup"), self.state.main_pid)

    def held(self, members: t.Sequence[int]) -> dict[int, int]:
        """Which process of these holds which socket, by its inode."""
        found: dict[int, int] = {}
        for pid in members:
            for inode in self.proc.socket_inodes(pid).values():
                found.setdefault(inode, pid)
        return found
