# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What a socket unit listens on, and what the kernel's tables say of it."""

from __future__ import annotations

import ipaddress
import re
import struct
import typing as t
from dataclasses import dataclass

#: Kinds as systemd writes them behind an address, and as this collection does.
KINDS = {
    "Stream": "stream",
    "Datagram": "datagram",
    "SequentialPacket": "seqpacket",
    "FIFO": "fifo",
    "Netlink": "netlink",
    "MessageQueue": "mqueue",
    "Special": "special",
    "USBFunction": "usb",
}
#: The ``Type`` column of ``/proc/net/unix`` (SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET).
_UNIX_TYPES = {"0001": "stream", "0002": "datagram", "0005": "seqpacket"}
#: States in the ``st`` column of ``/proc/net/tcp`` (net/tcp_states.h).
LISTEN = "0A"
ESTABLISHED = "01"


class InvalidListener(ValueError):
    """An address is none that systemd prints in the property ``Listen``."""


@dataclass(frozen=True)
class Listener:
    """One address of a socket unit.

    ``kind`` is one of the values of `KINDS`; ``family`` is ``inet``, ``inet6``,
    ``unix``, ``path`` (FIFOs and special files) or ``other``. ``host`` and ``port``
    are those of an IP address, ``path`` that of a node or an abstract name, which
    begins with ``@``. ``text`` is how systemd writes the address.
    """

    text: str
    kind: str
    family: str
    host: str = ""
    port: int = 0
    path: str = ""
    device: str = ""

    @classmethod
    def parse(cls, text: str) -> Listener:
        """Read one line of the property ``Listen``, such as ``[::]:80 (Stream)``."""
        match = re.match(r"^(.*) \((\w+)\)$", text.strip(), re.S)
        if match is None or match.group(2) not in KINDS:
            raise InvalidListener(f"not an address of a socket unit: {text!r}")
        address, kind = match.group(1), KINDS[match.group(2)]
        if kind in ("fifo", "special", "mqueue", "usb"):
            return cls(address, kind, "path", path=address)
        if kind == "netlink":
            return cls(address, kind, "other")
        if address.startswith(("/", "@")):
            return cls(address, kind, "unix", path=address)
        match = re.match(r"^\[([0-9A-Fa-f:.]+)(?:%(\w+))?\](?:%(\w+))?:(\d+)", address)
        if match is None:
            match = re.match(r"^\[?([0-9A-Fa-f:.]+)()\]?(?:%(\w+))?:(\d+)", address)
        if match is None:
            return cls(address, kind, "other")
        try:
            host = ipaddress.ip_address(match.group(1))
        except ValueError:
            return cls(address, kind, "other")
        return cls(
            address,
            kind,
            "inet" if host.version == 4 else "inet6",
            host=str(host),
            port=int(match.group(4)),
            device=match.group(2) or match.group(3) or "",
        )

    @property
    def line(self) -> str:
        """How systemd writes it with its kind: it may be at one port twice."""
        words = {kind: word for word, kind in KINDS.items()}
        return f"{self.text} ({words[self.kind]})"

    @property
    def any_host(self) -> bool:
        """Whether it listens on every address of the host."""
        return self.host in ("0.0.0.0", "::")

    @property
    def connects(self) -> bool:
        """Whether a client connects to it, so that a probe can hold a connection."""
        return self.kind in ("stream", "seqpacket") and self.family != "other"


def parse_listen(value: str) -> tuple[Listener, ...]:
    """All addresses in the property ``Listen`` of a socket, one a line."""
    return tuple(Listener.parse(line) for line in value.split("\n") if line.strip())


@dataclass(frozen=True)
class Endpoint:
    """A row of ``/proc/net/{tcp,tcp6,udp,udp6}``.

    IPv6 addresses that stand for IPv4 (``::ffff:127.0.0.1``) are written as IPv4.
    ``inode`` is 0 for a connection that nobody has accepted, or that is gone.
    """

    protocol: str
    host: str
    port: int
    peer: str
    peer_port: int
    state: str
    inode: int
    uid: int


def _address(word: str) -> tuple[str, int]:
    raw, _colon, port = word.partition(":")
    # each 32-bit word is in the order of the machine, which Linux prints as a number
    words = [int(raw[i : i + 8], 16) for i in range(0, len(raw), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    host: t.Any = ipaddress.ip_address(packed)
    if host.version == 6 and host.ipv4_mapped is not None:
        host = host.ipv4_mapped
    return str(host), int(port, 16)


def parse_endpoints(
    text: str, protocol: str, *, port: int | None = None
) -> list[Endpoint]:
    """Read one of the kernel's tables, such as the text of ``/proc/net/tcp6``.

    ``port`` keeps only the rows with that local port: on a busy host it spares reading
    the addresses of many thousands.
    """
    wanted = None if port is None else f":{port:04X}"
    rows = []
    for line in text.split("\n")[1:]:
        words = line.split()
        if len(words) < 10 or (wanted and not words[1].endswith(wanted)):
            continue
        host, number = _address(words[1])
        peer, peer_port = _address(words[2])
        rows.append(
            Endpoint(
                protocol,
                host,
                number,
                peer,
                peer_port,
                words[3],
                int(words[9]),
                int(words[7]),
            )
        )
    return rows


@dataclass(frozen=True)
class UnixSocket:
    """A row of ``/proc/net/unix``; ``listens`` is the flag SO_ACCEPTCON."""

    kind: str
    path: str
    listens: bool
    connected: bool
    inode: int


def parse_unix(text: str) -> list[UnixSocket]:
    """Read the text of ``/proc/net/unix``; sockets without a name are left out."""
    rows = []
    for line in text.split("\n")[1:]:
        words = line.split(None, 7)
        if len(words) < 8:
            continue
        rows.append(
            UnixSocket(
                _UNIX_TYPES.get(words[4], words[4]),
                words[7],
                bool(int(words[3], 16) & 0x10000),
                words[5] == "03",
                int(words[6]),
            )
        )
    return rows


def listening_inodes(
    listener: Listener, endpoints: t.Iterable[Endpoint], unix: t.Iterable[UnixSocket]
) -> list[int]:
    """The inodes of the kernel's sockets that stand exactly at a listener's address."""
    if listener.family == "unix":
        return [
            row.inode
            for row in unix
            if row.path == listener.path
            and row.kind == listener.kind
            and (row.listens or listener.kind == "datagram")
        ]
    if listener.family not in ("inet", "inet6"):
        return []
    protocol = "tcp" if listener.kind == "stream" else "udp"
    return [
        row.inode
        for row in endpoints
        if row.protocol.rstrip("6") == protocol
        and row.port == listener.port
        and row.host == listener.host
        and (row.state == LISTEN or protocol == "udp")
        and (row.protocol.endswith("6") == (listener.family == "inet6"))
    ]
