# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about sockets, and about services that are started through them."""

from __future__ import annotations

import re
import typing as t

from ._rules import Problem, Subject, rule
from ._rules_service import commands, starts
from ._unit import Assignment
from ._value_basics import is_true

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
_KIND: t.Final = {"ListenStream": "stream", "ListenDatagram": "datagram"}


def listeners(subject: Subject) -> list[Assignment]:
    """Give the assignments that make a socket listen; an empty one resets them all."""
    return subject.kept_together("Socket", _LISTENS)


def held(entry: Assignment, v6_only: bool = False) -> set[tuple[str, str]]:
    """Give what a listener occupies, in one form: kinds and addresses.

    A port alone, and [::], stand for every address of both families (ipv6(7)), or of
    one with BindIPv6Only=ipv6-only.
    """
    value = entry.value.replace("/var/run/", "/run/")
    kind = _KIND.get(entry.key, "")
    if value.startswith("/"):
        return {("", value)}
    match = re.fullmatch(r"(?:\[::\]:|(?P<v4>0\.0\.0\.0:))?(?P<port>[0-9]+)", value)
    if not match:
        return {(kind, value)}
    number = int(match["port"])
    found = set() if match["v4"] else {(kind, f"[::]:{number}")}
    if match["v4"] or not v6_only:
        found.add((kind, f"0.0.0.0:{number}"))
    return found


def port(entry: Assignment) -> str:
    """Give the port that a listener has, or an empty string."""
    match = re.search(r"(?:^|:)([0-9]{1,5})$", entry.value)
    return match[1] if match and not entry.value.startswith(("/", "@")) else ""


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
    if not subject.units:
        return
    accepts = subject.flag("Socket", "Accept")
    name = subject.started_service
    if accepts:
        if subject.other(name) is None:
            plain = f"{subject.name.rpartition('.')[0]}.service"
            beside = f"; {plain} is no template" if plain in subject.units else ""
            yield TEMPLATE.at(
                f"Accept=yes starts {name}, which is not in the set{beside}",
                "Socket",
                subject.last("Socket", "Accept"),
            )
    elif "%" not in name and subject.other(name) is None:
        yield SERVICE.at(
            f"the socket starts {name}, which is not in the set",
            "Socket",
            subject.last("Socket", "Service"),
        )


def addresses(subject: Subject) -> t.Iterator[Problem]:
    """Two listeners on one address: of this socket, or of one before it by name."""
    if subject.flag("Socket", "ReusePort"):
        return
    taken: dict[tuple[str, str], str] = {}
    for other in subject.others("socket"):
        if other.name < subject.name:
            for entry in listeners(other):
                for address in held(entry, _is_v6_only(other)):
                    taken.setdefault(address, other.name)
    for entry in listeners(subject):
        addresses_held = held(entry, _is_v6_only(subject))
        holders = sorted({taken[one] for one in addresses_held if one in taken})
        if holders and "%" not in entry.value:
            yield SAME_ADDRESS.at(
                f"{entry.value} is taken by {holders[0]} already", "Socket", entry
            )
        for address in addresses_held:
            taken.setdefault(address, subject.name)


def _is_v6_only(subject: Subject) -> bool:
    value = subject.value("Socket", "BindIPv6Only")
    return value == "ipv6-only" or is_true(value)


def names(subject: Subject) -> t.Iterator[Problem]:
    """Descriptors without names, where the order would not tell them apart."""
    if subject.kept("Socket", "FileDescriptorName") or not subject.units:
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
    kept = service.value("Service", "RuntimeDirectoryPreserve", "no")
    if kept not in ("no", "off", "false", "0"):
        return
    folders = [
        word.partition(":")[0]
        for entry in service.kept("Service", "RuntimeDirectory")
        for word in entry.value.split()
    ]
    for entry in listeners(subject):
        path = entry.value.replace("/var/run/", "/run/").replace("%t/", "/run/")
        for folder in folders:
            if path.startswith(f"/run/{folder}/"):
                yield DIRECTORY.at(
                    f"{path} lies in {service.name}'s RuntimeDirectory, which is "
                    "removed when it stops: the socket is gone after the first stop. "
                    "Use another directory or RuntimeDirectoryPreserve=yes",
                    "Socket",
                    entry,
                )


def requirement(subject: Subject) -> t.Iterator[Problem]:
    """Services that can run without their sockets."""
    if subject.is_template:
        return
    wanted = {
        word
        for key in ("Requires", "BindsTo", "Requisite")
        for entry in subject.kept("Unit", key)
        for word in entry.value.split()
    }
    sockets = [
        socket for socket in subject.sockets if not socket.flag("Socket", "Accept")
    ]
    for socket in sockets:
        if socket.name not in wanted:
            yield REQUIRED.at(
                f"started by hand, the service comes without {socket.name}, and a "
                "changed socket cannot be restarted while it runs: add "
                f"Requires={socket.name}"
            )
    unlimited = any(
        subject.value(section, key) in ("0", "0s", "infinity")
        for section, key in (
            ("Unit", "StartLimitIntervalSec"),
            ("Unit", "StartLimitInterval"),
            ("Service", "StartLimitInterval"),
            ("Unit", "StartLimitBurst"),
        )
    )
    if sockets and not unlimited:
        yield CLOSES.at(
            "five failed starts in ten seconds, or what StartLimitBurst says, fail the "
            f"socket {sockets[0].name}, and its address is closed: "
            "StartLimitIntervalSec=0 with a RestartSec keeps it open"
        )


def binding(subject: Subject) -> t.Iterator[Problem]:
    """Services that are told to bind the port that systemd holds for them."""
    ports = {
        port(entry): socket.name
        for socket in subject.sockets
        for entry in listeners(socket)
        if port(entry)
    }
    if not ports:
        return
    pattern = re.compile(
        r"(?:^|[:=\s\"'])(" + "|".join(sorted(ports)) + r")(?:$|[/\s\"',])"
    )
    places = [(entry, _arguments(entry)) for entry in starts(subject)]
    places += [
        (entry, entry.value)
        for entry in subject.kept("Service", "Environment")
        if re.search(r"PORT|LISTEN|BIND|ADDR", entry.value)
    ]
    for entry, text in places:
        match = pattern.search(text)
        if match:
            yield BINDS.at(
                f"{entry.key} names port {match[1]}, which {ports[match[1]]} holds: if "
                "the program binds it by itself, it fails, or it does not use the socket",
                "Service",
                entry,
            )


def _arguments(entry: Assignment) -> str:
    return " ".join(
        word for command in commands(entry.value) for word in command.argv[1:]
    )


SOCKET_WHOLE: t.Final = (verify, triggers)
SOCKET_FINDERS: t.Final = (addresses, names, lasting)
SERVICE_FINDERS: t.Final = (requirement, binding)
