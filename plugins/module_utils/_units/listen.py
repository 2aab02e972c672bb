# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Listen addresses as systemd.socket(5) has them, and which of them collide."""

from __future__ import annotations

import ipaddress
import posixpath
import re
import socket
import typing as t

from .unit import Unit

# The directives that open something, and what they open.
KINDS: t.Mapping[str, str] = {
    "ListenStream": "stream",
    "ListenDatagram": "datagram",
    "ListenSequentialPacket": "seqpacket",
    "ListenFIFO": "fifo",
    "ListenSpecial": "special",
    "ListenNetlink": "netlink",
    "ListenMessageQueue": "queue",
    "ListenUSBFunction": "usb",
}

EVERY_HOST = ("*", "::", "0.0.0.0")
"""The hosts of an address that takes its port on each one."""

_NODES = {"stream", "datagram", "seqpacket", "fifo", "special"}

_PORT = re.compile(r"[0-9]{1,5}\Z")
_HOST_PORT = re.compile(
    r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})(?:%.*)?\Z"
)

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED = re.compile(rf"(?:{_BYTE}\.){{3}}{_BYTE}\Z")
# Of most addresses nothing else needs to be asked; a unit may have very many.
_PLAIN = re.compile(
    rf"(?:(?:((?:{_BYTE}\.){{3}}{_BYTE})|\[([0-9A-Fa-f:]+)\]):)?"
    r"([1-9][0-9]{0,3}|[1-5][0-9]{4})\Z"
)


T = t.TypeVar("T")


class InvalidListenAddress(ValueError):
    """An address that systemd would not listen on."""


class ListenAddress(t.NamedTuple):
    """One address of a socket: an IP port, or anything that is told by its path.

    Two are the same whatever `v6only` is. A tuple, because a unit may have very many
    of them.
    """

    kind: str
    """What is opened: `stream`, `datagram`, `seqpacket`, `fifo` …"""
    host: str = ""
    """The IP address, `*` for every one; empty where it is no IP port."""
    port: int = 0
    path: str = ""
    """The path, `@name` for an abstract socket, or the text of another kind."""
    v6only: bool = False
    """Whether IPv4 is left to others (`BindIPv6Only=ipv6-only`)."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListenAddress) and self[:4] == other[:4]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:4])

    @classmethod
    def parse(cls, directive: str, value: str) -> ListenAddress:
        """Read the value of one Listen directive. Raises InvalidListenAddress."""
        kind = KINDS[directive]
        new = tuple.__new__  # half of what cls() takes
        if value[:1] in ("/", "@") or kind in ("netlink", "queue", "special", "usb"):
            return new(cls, (kind, "", 0, _simple(value), False))
        plain = _PLAIN.match(value)
        if plain:
            host, v6, port = plain.groups()
            host = host or (_plain_v6(v6) if v6 else "*")
            if host:
                return new(cls, (kind, host, int(port), "", False))
        if value.startswith("vsock"):
            return new(cls, (kind, "", 0, value, False))
        if _PORT.match(value):
            return new(cls, (kind, "*", _port(value), "", False))
        found = _HOST_PORT.match(value)
        if not found:
            raise InvalidListenAddress(
                f"{directive}={value} is no address: a port, IP:port, [IPv6]:port, a "
                "path or @name"
            )
        return cls(kind, _host(directive, value, found), _port(found["port"]))

    def __str__(self) -> str:
        if not self.host:
            return self.path
        if self.host == "*":
            return f"port {self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def collides(self, other: ListenAddress) -> bool:
        """Whether both cannot be listened on at once by ordinary sockets."""
        if bool(self.path) != bool(other.path):
            return False
        if self.path:
            # One node of the file system is one, whatever is opened there: systemd
            # would take it away from the first. Abstract names are told by kind, too.
            nodes = self.path[0] == "/" and {self.kind, other.kind} <= _NODES
            return self.path == other.path and (nodes or self.kind == other.kind)
        if self.kind != other.kind or self.port != other.port:
            return False
        if not self._families & other._families:
            return False
        return self.host == other.host or bool(
            {self.host, other.host}.intersection(EVERY_HOST)
        )

    @property
    def _families(self) -> set[int]:
        if self.host in ("*", "::"):
            return {6} if self.v6only else {4, 6}
        return {6} if ":" in self.host else {4}


class Taken(t.Generic[T]):
    """Addresses and who has each of them; there may be very many."""

    def __init__(self) -> None:
        # Only what has one port, or one path, can collide.
        self._hosts: dict[
            tuple[int, str], dict[str, list[tuple[T, ListenAddress]]]
        ] = {}

    def add(self, address: ListenAddress, holder: T) -> None:
        """Take an address into account."""
        hosts = self._hosts.setdefault((address.port, address.path), {})
        hosts.setdefault(address.host, []).append((holder, address))

    def colliding(self, address: ListenAddress) -> t.Iterator[T]:
        """Give who has an address that collides with this one."""
        hosts = self._hosts.get((address.port, address.path), {})
        wide = address.host in EVERY_HOST
        for host in hosts if wide else (address.host, *EVERY_HOST):
            for holder, held in hosts.get(host, ()):
                if address.collides(held):
                    yield holder


def listen_addresses(unit: Unit) -> list[ListenAddress]:
    """The addresses that a socket unit opens, in order. Raises InvalidListenAddress."""
    addresses: list[ListenAddress] = []
    for section in unit.sections:
        if section.name != "Socket":
            continue
        for assignment in section.assignments:
            if assignment.key not in KINDS:
                continue
            if not assignment.value:
                # an empty assignment resets all kinds of listeners
                addresses.clear()
                continue
            addresses.append(ListenAddress.parse(assignment.key, assignment.value))
    if unit.effective("Socket", "BindIPv6Only")[-1:] == ["ipv6-only"]:
        return [address._replace(v6only=True) for address in addresses]
    return addresses


def _host(directive: str, value: str, found: re.Match[str]) -> str:
    """The IP address, each in one spelling. Raises InvalidListenAddress."""
    text = found["v4"]
    if text and _DOTTED.match(text):
        return text  # it has one spelling only
    try:
        return str(ipaddress.ip_address(text or found["v6"]))
    except ValueError as exc:
        raise InvalidListenAddress(f"{directive}={value}: {exc}") from exc


def _plain_v6(text: str) -> str:
    """An IPv6 address in its one spelling; empty for one with IPv4 in it, or for none.

    As `ipaddress` does it, in a small part of the time.
    """
    try:
        plain = socket.inet_ntop(
            socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text)
        )
    except (OSError, ValueError):
        return ""
    return "" if "." in plain else plain


def _simple(path: str) -> str:
    """A path as systemd simplifies it; /var/run has been /run for long."""
    if path[0] != "/":
        return path
    if "//" in path or "/." in path or path[-1] == "/":
        path = "/" + posixpath.normpath(path).lstrip("/")
    return path[len("/var") :] if path.startswith("/var/run/") else path


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise InvalidListenAddress(f"{port} is no port: 1 to 65535")
    return port
