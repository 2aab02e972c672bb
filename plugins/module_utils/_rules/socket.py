# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about sockets, and about services that are started through them."""

from __future__ import annotations

import collections
import itertools
import posixpath
import re
import typing as t

from .._units.listen import EVERY_HOST, KINDS, InvalidListenAddress, ListenAddress
from .._units.unit import Assignment
from .._units.unit_name import is_template, template_of
from .._values.basics import is_true, time_span
from .rule import MOST_PROBLEMS, Problem, Subject, World, family, finder, hinter, rule
from .service import starts

if t.TYPE_CHECKING:
    from .rule import Severity

LISTENER = rule("socket-without-listener", "error", "The socket listens on nothing.")
SERVICE = rule(
    "socket-without-service", "error", "The set has no service for the socket to start."
)
TEMPLATE = rule(
    "accept-without-template", "error", "Accept=yes starts instances of a template."
)
EXPLICIT = rule("accept-with-service", "error", "Accept=yes does not go with Service.")
ACCEPTABLE = rule(
    "accept-without-connections", "error", "Accept=yes needs sockets that accept."
)
CONNECTIONS = rule(
    "too-few-connections", "error", "MaxConnections must allow one connection."
)
SAME_ADDRESS = rule(
    "shared-address", "error", "Two sockets of the set listen on one address."
)
BINDS = rule(
    "service-binds-itself", "warning", "The service is told the socket's own port."
)
UNNAMED = rule(
    "unnamed-descriptors", "warning", "Several sockets, and not each one has a name."
)
REQUIRED = rule(
    "socket-not-required", "warning", "The service does not require its socket."
)
DIRECTORY = rule(
    "socket-in-runtime-directory",
    "error",
    "The socket's path is removed when the service stops.",
)
CLOSES = rule(
    "start-limit-closes-socket", "info", "Quick crashes close the socket for good."
)

_LISTENS: t.Final = (
    "ListenStream",
    "ListenDatagram",
    "ListenSequentialPacket",
    "ListenFIFO",
    "ListenNetlink",
    "ListenSpecial",
    "ListenMessageQueue",
    "ListenUSBFunction",
)
# What is taken over or shared in silence where both are bound: the second one gets it.
_SHARED_KINDS: t.Final = ("fifo", "queue")
# Any number of units may open these.
_OPEN_TO_ALL: t.Final = ("netlink", "special", "usb")
_LIKE_PORT: t.Final = re.compile(r"(?:^|(?<=[:=\s\"']))([0-9]{1,5})(?=$|[/\s\"',])")


# A host, a port and a path.
Place = t.Tuple[str, int, str]


class Terms(t.NamedTuple):
    """How a socket listens at a place; all of its listeners of one kind do so alike."""

    kind: str
    v6only: bool
    device: str
    reuses: bool
    socket: str

    def clash(self, place: Place, other: Terms, there: Place) -> bool:
        """Tell whether both cannot have the places that they claim."""
        mine = ListenAddress(self.kind, *place, self.v6only)
        if not mine.collides(ListenAddress(other.kind, *there, other.v6only)):
            return False
        if not mine.host:
            return True
        apart = self.device and other.device and self.device != other.device
        return not apart and not (self.reuses and other.reuses)


class Claims:
    """Who listens where, of the sockets that were looked at; there may be very many."""

    def __init__(self) -> None:
        self._first: dict[Place, Terms] = {}
        self._others: dict[Place, dict[t.Hashable, Terms]] = {}
        self._ports: set[int] = set()
        self._wide: set[int] = set()
        # By their ports places are sorted only where that is asked.
        self._unsorted: list[Place] = []
        self._by_port: dict[int, list[Place]] = collections.defaultdict(list)

    def take_free(self, place: Place, terms: Terms) -> bool:
        """Take a claim into account if there is surely none that it could clash with."""
        host, port, _path = place
        if host:
            if host in EVERY_HOST:
                if port in self._ports:
                    return False
            elif port in self._wide or place in self._first:
                return False
        elif place in self._first:
            return False
        self._take(place, terms)
        return True

    def holder(self, place: Place, terms: Terms) -> str | None:
        """Give the first socket that has what another one claims.

        A template holds nothing against its instances, nor they against it.
        """
        name = terms.socket
        template = template_of(name)
        for there in self._asked(place):
            for held in self._at(there):
                if not terms.clash(place, held, there):
                    continue
                if template != held.socket and template_of(held.socket) != name:
                    return held.socket
        return None

    def add(self, place: Place, terms: Terms) -> None:
        """Take a claim into account; of those that are like it the first one counts."""
        if place in self._first:
            like = (*terms[:4], is_template(terms.socket))
            self._others.setdefault(place, {}).setdefault(like, terms)
        else:
            self._take(place, terms)

    def _take(self, place: Place, terms: Terms) -> None:
        host, port, _path = place
        self._first[place] = terms
        if host:
            self._ports.add(port)
            self._unsorted.append(place)
            if host in EVERY_HOST:
                self._wide.add(port)

    def _asked(self, place: Place) -> t.Iterable[Place]:
        host, port, path = place
        if host in EVERY_HOST:
            for one in self._unsorted:
                self._by_port[one[1]].append(one)
            self._unsorted.clear()
            return self._by_port.get(port, ())
        return (place, *((one, port, path) for one in EVERY_HOST if host))

    def _at(self, place: Place) -> t.Iterator[Terms]:
        if place in self._first:
            yield self._first[place]
            yield from self._others.get(place, {}).values()


def listeners(subject: Subject) -> list[Assignment]:
    """Give the assignments that make a socket listen; an empty one resets them all."""
    return subject.kept_together("Socket", _LISTENS)


def port(entry: Assignment) -> str:
    """Give the port that a listener has, or an empty string."""
    value = entry.value
    last = value.rpartition(":")[2]
    is_port = len(last) <= 5 and last.isdecimal() and last.isascii()
    return last if is_port and value[0] not in "/@" else ""


def verify(subject: Subject) -> t.Iterator[Problem]:
    """What systemd checks once the whole socket is read (socket_verify)."""
    found = listeners(subject)
    if not found:
        yield LISTENER.at("no Listen directive that systemd would keep")
    accept = subject.last("Socket", "Accept")
    limit = subject.last("Socket", "MaxConnections")
    accepts = bool(accept and is_true(accept.value))
    if limit and limit.value == "0" and (accepts or subject.systemd >= 255):
        yield CONNECTIONS.at("MaxConnections=0 is refused", "Socket", limit)
    if not accepts:
        return
    explicit = subject.last("Socket", "Service")
    if explicit:
        yield EXPLICIT.at(
            "with Accept=yes the service is the template of the socket's own name",
            "Socket",
            explicit,
        )
    for entry in found:
        if entry.key not in ("ListenStream", "ListenSequentialPacket"):
            yield ACCEPTABLE.at(
                f"{entry.key} has no connections, which Accept=yes takes one by one",
                "Socket",
                entry,
            )


def triggers(subject: Subject) -> t.Iterator[Problem]:
    """Whether the set has the service that the socket starts."""
    if not subject.world.is_set:
        return
    accepts = subject.flag("Socket", "Accept")
    name = subject.started_service
    if accepts:
        if subject.other(name) is None:
            plain = f"{subject.name.rpartition('.')[0]}.service"
            beside = (
                f"; {plain} is no template" if plain in subject.world.subjects else ""
            )
            yield TEMPLATE.at(
                f"Accept=yes starts {name}, which is not in the set{beside}",
                "Socket",
                subject.last("Socket", "Accept"),
            )
    elif not subject.has(name):
        stated = subject.last("Socket", "Service")
        # Another one may well be installed on the host.
        own = stated is None or family(name) in subject.world.families
        yield SERVICE.at(
            f"the socket starts {name}, which is not in the set",
            "Socket",
            stated,
            severity="error" if own else "warning",
        )


def addresses(subject: Subject) -> t.Iterator[Problem]:
    """Two listeners on one address: of this socket, or of one before it by name."""
    for entry, holder, severity in subject.world.once(_clashes).get(subject.name, ()):
        yield SAME_ADDRESS.at(
            f"{entry.value} is taken by {holder} already",
            "Socket",
            entry,
            severity=severity,
        )


def _clashes(world: World) -> dict[str, list[tuple[Assignment, str, Severity]]]:
    """Give the listeners of each socket whose address one before it has."""
    found: dict[str, list[tuple[Assignment, str, Severity]]] = {}
    claims = Claims()
    for subject in world.of_type("socket"):
        name = subject.name
        v6_only = _is_v6_only(subject)
        device = subject.value("Socket", "BindToDevice")
        reuses = subject.flag("Socket", "ReusePort")
        terms = {
            kind: Terms(kind, v6_only, device, reuses, name) for kind in KINDS.values()
        }
        holders: dict[ListenAddress, str | None] = {}
        clashing = found.setdefault(name, [])
        left = {"error": MOST_PROBLEMS, "warning": MOST_PROBLEMS}
        for entry in listeners(subject):
            address = _address(subject, entry)
            if address is None:
                continue
            claim = (address[1:4], terms[address[0]])
            if claims.take_free(*claim):
                continue
            if address not in holders:
                holders[address] = claims.holder(*claim)
                claims.add(*claim)
            elif holders[address] is None and not (reuses and address.host):
                holders[address] = name
            holder = holders[address]
            if holder is None:
                continue
            shared = address.kind in _SHARED_KINDS or (
                address.host and address.kind == "datagram"
            )
            severity: Severity = "warning" if shared else "error"
            if left[severity] >= 0:
                # One more than is read, so that it is said that there are more.
                left[severity] -= 1
                clashing.append((entry, holder, severity))
            if left["error"] < 0:
                break
    return found


def _address(subject: Subject, entry: Assignment) -> ListenAddress | None:
    """Give what a listener listens on; None where that is not told by its text."""
    key, value, _line = entry
    if "%" in value:
        value = subject.resolved(value)
        if "%" in value:
            return None
    if KINDS[key] in _OPEN_TO_ALL:
        return None
    try:
        return ListenAddress.parse(key, value)
    except InvalidListenAddress:
        return None


def _is_v6_only(subject: Subject) -> bool:
    value = subject.value("Socket", "BindIPv6Only")
    return value == "ipv6-only" or is_true(value)


def names(subject: Subject) -> t.Iterator[Problem]:
    """Descriptors without names, where the order would not tell them apart."""
    if subject.kept("Socket", "FileDescriptorName") or not subject.world.is_set:
        return
    service = subject.other(subject.started_service)
    if service and len(service.sockets) > 1:
        yield UNNAMED.at(
            f"{service.name} has several sockets, whose order is undefined: "
            "FileDescriptorName tells them apart"
        )


def lasting(subject: Subject) -> t.Iterator[Problem]:
    """Paths that the service takes with it when it stops."""
    service = subject.other(subject.started_service)
    if service is None:
        return
    # What is kept over a restart only (`restart`) goes when the service stops.
    if service.flag("Service", "RuntimeDirectoryPreserve"):
        return
    folders = {
        posixpath.normpath(service.resolved(word).partition(":")[0])
        for entry in service.kept("Service", "RuntimeDirectory")
        for word in entry.value.split()
    }
    for entry in listeners(subject) if folders else ():
        path = subject.resolved(entry.value)
        if not path.startswith("/"):
            continue
        path = posixpath.normpath(path).replace("/var/run/", "/run/", 1)
        for above in _above(path):
            if above in folders:
                yield DIRECTORY.at(
                    f"{path} lies in {service.name}'s RuntimeDirectory, which is "
                    "removed when it stops: the socket is gone after the first stop. "
                    "Use another directory or RuntimeDirectoryPreserve=yes",
                    "Socket",
                    entry,
                )


def _above(path: str) -> t.Iterator[str]:
    """Give the directories above a path below /run, without /run/ before them."""
    parts = path.split("/")[2:-1] if path.startswith("/run/") else []
    return itertools.accumulate(parts, lambda above, part: f"{above}/{part}")


def requirement(subject: Subject) -> t.Iterator[Problem]:
    """Services that can run without their sockets."""
    sockets = [
        socket for socket in subject.sockets if not socket.flag("Socket", "Accept")
    ]
    if subject.is_template or not sockets:
        return
    wanted = {
        word
        for key in ("Requires", "BindsTo", "Requisite")
        for entry in subject.kept("Unit", key)
        for word in entry.value.split()
    }
    # systemd makes Wants= and After= of what Sockets= names.
    wanted |= {
        word
        for entry in subject.kept("Service", "Sockets")
        for word in entry.value.split()
    }
    wanted |= {template_of(name) or name for name in wanted}
    for socket in sockets:
        if socket.name not in wanted:
            yield REQUIRED.at(
                f"started by hand, the service comes without {socket.name}, and a "
                "changed socket cannot be restarted while it runs: add "
                f"Requires={socket.name}"
            )
    unlimited = any(
        _is_nought(subject.value(section, key))
        for section, key in (
            ("Unit", "StartLimitIntervalSec"),
            ("Unit", "StartLimitInterval"),
            ("Service", "StartLimitInterval"),
            ("Unit", "StartLimitBurst"),
        )
    )
    if not unlimited:
        yield CLOSES.at(
            "five failed starts in ten seconds, or what StartLimitBurst says, fail the "
            f"socket {sockets[0].name}, and its address is closed: "
            "StartLimitIntervalSec=0 with a RestartSec keeps it open"
        )


def _is_nought(value: str) -> bool:
    """Tell whether a limit is switched off; one of `infinity` counts for ever."""
    return time_span(value) == 0


def binding(subject: Subject) -> t.Iterator[Problem]:
    """Services that are told to bind the port that systemd holds for them."""
    ports = {
        port(entry): socket.name
        for socket in subject.sockets
        for entry in listeners(socket)
    }
    ports.pop("", None)
    if not ports:
        return
    places = [(entry, _arguments(subject, entry)) for entry in starts(subject)]
    places += [
        (entry, entry.value)
        for entry in subject.kept("Service", "Environment")
        if re.search(r"PORT|LISTEN|BIND|ADDR", entry.value)
    ]
    for entry, text in places:
        named = next((n for n in _LIKE_PORT.findall(text) if n in ports), None)
        if named:
            yield BINDS.at(
                f"{entry.key} names port {named}, which {ports[named]} holds: if "
                "the program binds it by itself, it fails, or it does not use the socket",
                "Service",
                entry,
            )


def _arguments(subject: Subject, entry: Assignment) -> str:
    return " ".join(
        word for command in subject.commands(entry) for word in command.argv[1:]
    )


SOCKET_WHOLE: t.Final = (finder(verify), finder(triggers))
SOCKET_FINDERS: t.Final = (finder(addresses), hinter(names), finder(lasting))
SERVICE_FINDERS: t.Final = (hinter(binding),)
SERVICE_WHOLE: t.Final = (hinter(requirement),)
