# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A generation: what a service is on a host at one time. Pure values, no host."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from dataclasses import dataclass, field

from .._credential.held import Held
from .._units.listen import (
    InvalidListenAddress,
    ListenAddress,
    Taken,
    listen_addresses,
)
from .._units.service_name import InvalidServiceName, check_socket_name
from .._units.unit import InvalidUnit, Unit
from .._units.unit_name import checked_unit_name

# The first line of every unit file of ours, and the only files that are ever removed.
OWNER = "# Owned by activated.services, service {name}."
_OWNER = re.compile(r"# Owned by activated\.services, service (?P<name>\S+)\.(?:\s|\Z)")


_WANTED_BY = {"WantedBy", "RequiredBy", "UpheldBy"}

# The units that start a service.
ACTIVATORS = (".socket", ".path", ".timer")


class InvalidDeployment(ValueError):
    """A wish that cannot be deployed; the message names the unit or the option."""


def owner_of(text: str) -> str | None:
    """The service whose unit this is, told by its first line; None for a stranger's."""
    found = _OWNER.match(text.split("\n", 1)[0])
    return found["name"] if found else None


@dataclass(frozen=True)
class Generation:
    """The units and the release of one service, as wanted or as deployed."""

    name: str
    units: t.Mapping[str, str] = field(default_factory=dict)
    """Unit file name -> text."""
    release: str | None = None
    """The version that `current` points at; None where the service has no release."""
    digest: str | None = None
    """What that release was made of."""
    start: str = "on_demand"
    """Whether the service waits for its first request, or is started at once, too."""
    credentials: t.Mapping[str, Held] = field(default_factory=dict, compare=False)
    """What it loads, by name. A rotated secret makes no other generation to go back to:
    what differs is told by the plan."""
    probes: tuple[t.Mapping[str, t.Any], ...] = field(default=(), compare=False)
    """What it is asked to prove it; nothing is, but a connection, where it has none."""

    @property
    def service(self) -> str:
        return f"{self.name}.service"

    def fingerprint(self) -> str:
        """What tells this generation from every other, 64 hexadecimal digits."""
        described = self.as_dict()
        del described["probes"]
        # What somebody else wrote on the host is no part of what was described.
        described["credentials"] = {
            name: held.as_dict()
            for name, held in self.credentials.items()
            if held.stored
        }
        said = json.dumps(described, sort_keys=True)
        return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()

    def as_dict(self) -> dict[str, t.Any]:
        """The generation as it is written down."""
        return {
            "units": dict(self.units),
            "release": self.release,
            "digest": self.digest,
            "start": self.start,
            "credentials": {n: held.as_dict() for n, held in self.credentials.items()},
            "probes": [dict(probe) for probe in self.probes],
        }

    @classmethod
    def from_dict(cls, name: str, said: t.Mapping[str, t.Any]) -> Generation:
        """Read what `as_dict` gave. Raises KeyError and TypeError for anything else."""
        units = {str(unit): str(text) for unit, text in said["units"].items()}
        credentials = {
            str(credential): Held.from_dict(held)
            for credential, held in said.get("credentials", {}).items()
        }
        return cls(
            name,
            units,
            said["release"],
            said["digest"],
            said["start"],
            credentials,
            tuple(dict(probe) for probe in said.get("probes", ())),
        )

    def parsed(self, unit: str) -> Unit:
        """Raises InvalidDeployment where systemd would refuse the whole file."""
        try:
            return Unit.parse(self.units[unit])
        except InvalidUnit as exc:
            raise InvalidDeployment(f"{unit}: {exc}") from exc

    def named(self, suffix: str) -> list[str]:
        """The units of one type, by name."""
        return sorted(unit for unit in self.units if unit.endswith(suffix))

    @property
    def sockets(self) -> list[str]:
        return self.named(".socket")

    @property
    def activators(self) -> list[str]:
        """The units that start the service: sockets, paths and timers."""
        return [unit for suffix in ACTIVATORS for unit in self.named(suffix)]

    def at_boot(self, unit: str) -> bool:
        """Whether a unit is to be there after a boot: what activates, or runs always."""
        return unit != self.service or self.start == "eager" or not self.activators

    def addresses(self, socket: str) -> list[ListenAddress]:
        """What a socket of this generation listens on. Raises InvalidDeployment."""
        try:
            return listen_addresses(self.parsed(socket))
        except InvalidListenAddress as exc:
            raise InvalidDeployment(f"{socket}: {exc}") from exc


def definition(text: str, *sections: str) -> dict[str, list[tuple[str, str]]]:
    """What a unit says, without comments and blank lines; of some sections, or all.

    A file that systemd would refuse as a whole says nothing.
    """
    said: dict[str, list[tuple[str, str]]] = {}
    try:
        unit = Unit.parse(text)
    except InvalidUnit:
        return said
    for section in unit.sections:
        if not sections or section.name in sections:
            said.setdefault(section.name, []).extend(
                (a.key, a.value) for a in section.assignments
            )
    return said


def check(wanted: Generation) -> None:
    """Refuse a wish that contradicts itself; raises InvalidDeployment.

    What a unit's directives mean is judged elsewhere, by `unit_problems` and by the
    host's own systemd: this is about the set.
    """
    if wanted.service not in wanted.units:
        raise InvalidDeployment(f"units: {wanted.service} is missing")
    for unit in wanted.units:
        _check_name(wanted, unit)
        if owner_of(wanted.units[unit]) != wanted.name:
            raise InvalidDeployment(
                f"{unit}: its first line must be "
                f"{OWNER.format(name=wanted.name)!r}, so that it is known again"
            )
        wanted.parsed(unit)
        _check_install(wanted, unit)
    _check_addresses(wanted)


def _check_name(wanted: Generation, unit: str) -> None:
    try:
        checked_unit_name(unit)
        if unit == wanted.service:
            return
        prefix, _dot, suffix = unit.rpartition(".")
        if prefix == wanted.name and suffix in ("path", "timer"):
            return
        socket = prefix[len(wanted.name) + 1 :]
        if suffix != "socket" or not prefix.startswith(f"{wanted.name}-"):
            raise InvalidDeployment(
                f"{unit} is no unit of the service {wanted.name}: those are called "
                f"{wanted.service}, {wanted.name}-SOCKET.socket, {wanted.name}.path "
                f"and {wanted.name}.timer"
            )
        check_socket_name(socket)
    except InvalidServiceName as exc:
        raise InvalidDeployment(f"{unit}: {exc}") from exc
    except ValueError as exc:
        raise InvalidDeployment(str(exc)) from exc


def _check_install(wanted: Generation, unit: str) -> None:
    said = definition(wanted.units[unit], "Install").get("Install", [])
    if wanted.at_boot(unit) and not {key for key, value in said if value} & _WANTED_BY:
        raise InvalidDeployment(
            f"{unit}: nothing would start it after a boot; it needs [Install] with "
            "WantedBy="
        )


def _check_addresses(wanted: Generation) -> None:
    taken: Taken[str] = Taken()
    for socket in wanted.sockets:
        addresses = wanted.addresses(socket)
        if not addresses:
            raise InvalidDeployment(f"{socket}: it listens on nothing (ListenStream=…)")
        for address in addresses:
            other = next(taken.colliding(address), None)
            if other:
                raise InvalidDeployment(
                    f"{socket} and {other} would both listen on {address}"
                )
            taken.add(address, socket)
