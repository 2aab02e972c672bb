# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Linux capabilities: their names and numbers (capabilities(7), linux/capability.h)."""

from __future__ import annotations

import re
import typing as t

NAMES: t.Final = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
)
"""In the order of their numbers, from 0."""

ALL: t.Final = (1 << len(NAMES)) - 1
"""The set of every capability that has a name, as a bit mask."""

_NUMBERS: t.Final = {name: number for number, name in enumerate(NAMES)}
_NUMBER: t.Final = re.compile(r"[ \t\n\r]*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\Z")


def number(name: str, limit: int = 62) -> int | None:
    """The number of a capability that is given by name, in any case, or by number.

    None for what systemd does not know; it then ignores that word without a message.
    ``limit`` is the highest number that it accepts: 62 since systemd 254, before 63.
    """
    known = _NUMBERS.get(name.upper())
    if known is not None:
        return known
    match = _NUMBER.match(name)
    if match is None:
        return None
    digits = match.group(1)
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    value = int(digits, base) if len(digits) < 20 else limit + 1
    return value if value <= limit else None


def mask(*names: str) -> int:
    """The bit mask of capabilities without their ``CAP_``; raises KeyError."""
    return sum(1 << _NUMBERS["CAP_" + name] for name in names)
