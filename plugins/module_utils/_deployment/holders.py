# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Who holds an address on this host, read from /proc."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._host.proc import Proc
from .._proof.listeners import LISTEN, parse_endpoints, parse_unix
from .._units.listen import ListenAddress

_PROTOCOLS = {"stream": ("tcp", "tcp6"), "datagram": ("udp", "udp6")}


@dataclass(frozen=True)
class Holder:
    """A process that holds an address, and the unit that it runs in."""

    address: ListenAddress
    pid: int
    program: str
    unit: str

    def __str__(self) -> str:
        where = f" of {self.unit}" if self.unit else ""
        return f"{self.address} is held by {self.program} (process {self.pid}{where})"


def holders(wanted: ListenAddress, proc: Proc) -> list[Holder]:
    """Whoever listens on this address, or on one that collides with it."""
    found = []
    for address, inode in _listening(wanted, proc):
        if address.collides(wanted):
            for pid in proc.holders(inode):
                program = proc.text(str(pid), "comm").strip() or "?"
                found.append(Holder(address, pid, program, _unit(proc, pid)))
    return found


def unheld(
    wanted: t.Iterable[ListenAddress], pid: int, proc: Proc
) -> list[ListenAddress]:
    """Those of the addresses that a process does not hold.

    What the kernel has no table of, and what systemd first expands, counts as held.
    """
    inodes = set(proc.socket_inodes(pid).values())
    return [
        address
        for address in wanted
        if _told(address)
        and not any(
            inode in inodes and there.collides(address)
            for there, inode in _listening(address, proc)
        )
    ]


def _told(address: ListenAddress) -> bool:
    kinds = _PROTOCOLS if address.host else {*_PROTOCOLS, "seqpacket"}
    return address.kind in kinds and "%" not in address.path


def _listening(
    wanted: ListenAddress, proc: Proc
) -> t.Iterator[tuple[ListenAddress, int]]:
    if wanted.path:
        for node in parse_unix(proc.table("unix")):
            if node.listens or node.kind == "datagram":
                yield ListenAddress(node.kind, path=node.path), node.inode
        return
    for protocol in _PROTOCOLS.get(wanted.kind, ()):
        rows = parse_endpoints(proc.table(protocol), protocol, port=wanted.port)
        for row in rows:
            if row.state == LISTEN or wanted.kind == "datagram":
                yield ListenAddress(wanted.kind, row.host, row.port), row.inode


def _unit(proc: Proc, pid: int) -> str:
    units = re.findall(r"[^/]+\.(?:service|scope|socket)", proc.cgroup(pid))
    return units[-1] if units else ""
