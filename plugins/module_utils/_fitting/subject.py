# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The service that is to be fitted, as it is found; and why it cannot be."""

from __future__ import annotations

import platform
import typing as t

from .._deployment.generation import owner_of
from .._exposure.exposure import Exposure, exposure
from .._host.files import read_text
from .._host.followers import followers, refusal
from .._host.manager import Manager, names
from .._host.proc import Proc
from .._proof.listeners import Listener
from .._proof.probe import Probe, askable
from .._proof.proof import SERVICE_PROPERTIES, ServiceState
from .._proof.running import Asked, parse_address
from .observe import opened
from .terms import InvalidFit, Terms

PROPERTIES = (
    *SERVICE_PROPERTIES,
    *names("FragmentPath DropInPaths Transient RefuseManualStart CanStart"),
)
#: Where the units of users' own managers are (systemd.unit(5)).
USER_UNITS = ("/etc/systemd/user", "/run/systemd/user", "/usr/lib/systemd/user")


class Subject:
    """One service on one host, once `read` was called.

    ``activated`` says whether systemd opens its sockets, ``probes`` what it is asked
    then, ``asked`` what it is asked, and where, when it opens them itself.
    """

    def __init__(self, terms: Terms, manager: Manager, proc: Proc) -> None:
        self.terms = terms
        self.manager = manager
        self.proc = proc

    def read(self, leftover: bool = False) -> None:
        """Read the service. Raises InvalidFit for one that cannot be fitted.

        ``leftover`` says that a killed run has left something, which is taken away before
        anything else.
        """
        service = self.terms.service
        shown = self.manager.show([service], PROPERTIES)[service]
        self.state = ServiceState(shown)
        self._refuse(shown)
        if not leftover:
            self._refuse_stale()
        triggered = shown.get("TriggeredBy", "").split()
        self.activated = any(unit.endswith(".socket") for unit in triggered)
        self.unit = _texts(shown)
        self.owner = owner_of(self.unit[0]) if self.unit else None
        # of the sockets the proof of an activation says more
        sockets = [unit for unit in triggered if unit.endswith(".socket")]
        self.followers = followers(self.manager, shown, service, sockets)
        if self.followers and "rest" not in self.terms.accept:
            raise InvalidFit(refusal(self.followers, service))
        self._read_probes()

    def _read_probes(self) -> None:
        service = self.terms.service
        probes: list[Probe] = []
        asked: list[Asked] = []
        for index, given in enumerate(self.terms.probes):
            where = f"probes[{index}]"
            given = {key: value for key, value in given.items() if value is not None}
            if self.activated:
                probes.append(Probe.parse(given, where))
                continue
            if "address" not in given and "command" not in given:
                raise InvalidFit(
                    f"{where}.address is missing: {service} opens its sockets itself, so "
                    "say where it is asked (127.0.0.1:80, [::1]:80, a port, a path)"
                )
            probe = Probe.parse({"socket": "its own", **given}, where)
            listener = parse_address(given.get("address") or "0")
            if not askable(probe, listener):
                raise InvalidFit(f"{where} cannot be made of {listener.line}")
            asked.append((probe, listener))
        self.probes, self.asked = tuple(probes), tuple(asked)

    def _refuse(self, shown: t.Mapping[str, str]) -> None:
        service = self.terms.service
        if shown.get("LoadState") == "masked":
            raise InvalidFit(f"{service} is masked: systemctl unmask {service}")
        if shown.get("LoadState") != "loaded":
            mine = [x for x in USER_UNITS if read_text(f"{x}/{service}") is not None]
            where = (
                f"; {mine[0]} has one, for users' own managers, which this does not fit"
                if mine
                else "; systemctl list-units --type=service has those that there are"
            )
            raise InvalidFit(f"there is no {service} ({shown.get('LoadState')}){where}")
        real = shown.get("Id", service)
        if real != service:
            raise InvalidFit(f"{service} is another name of {real}: name that")
        if shown.get("Transient") == "yes":
            raise InvalidFit(
                f"{service} is transient (systemd-run): it goes with its first stop"
            )
        if shown.get("Type") == "oneshot":
            raise InvalidFit(
                f"{service} is a oneshot: nothing of it runs that could be asked"
            )
        for name in ("RefuseManualStart", "RefuseManualStop"):
            if shown.get(name) == "yes":
                raise InvalidFit(f"{service} has {name}=yes: it cannot be restarted")

    def _refuse_stale(self) -> None:
        waiting = self.manager.show_matching("*", ["NeedDaemonReload"])
        stale = [
            u for u, row in waiting.items() if row.get("NeedDaemonReload") == "yes"
        ]
        if stale:
            raise InvalidFit(
                f"{', '.join(sorted(stale)[:5])} changed on disk and systemd has not read "
                "that: a trial would bring it in. Run systemctl daemon-reload first"
            )

    @property
    def deployment_lock(self) -> str:
        """What a deployment of the service holds (`Releases.lock`)."""
        return f"/var/lib/activated.services/{self.owner}/lock"

    def now(self) -> ServiceState:
        """What state it is in by now."""
        service = self.terms.service
        return ServiceState(self.manager.show([service], PROPERTIES)[service])

    def listens(self, state: ServiceState) -> tuple[Listener, ...]:
        """Where it listens by itself while it is in that state."""
        members = self.proc.members(state.text("ControlGroup"), state.main_pid)
        return opened(self.proc, members).listens

    def exposure(self, more: str) -> Exposure:
        """Its exposure with one drop-in more."""
        machine = "arm64" if platform.machine() == "aarch64" else "x86-64"
        texts = [*self.unit[1:], more]
        return exposure(self.unit[0], self.manager.version, texts, machine)


def _texts(shown: t.Mapping[str, str]) -> list[str]:
    """The unit and its drop-ins, in the order in which systemd reads them."""
    paths = [shown.get("FragmentPath", ""), *shown.get("DropInPaths", "").split()]
    return [text for text in map(read_text, filter(None, paths)) if text is not None]
