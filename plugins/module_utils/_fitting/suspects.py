# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Of which directives a failed trial speaks.

A suspicion only tells the search where to look first. It is never taken for a proof, so
that it may be wrong, and a sign that says nothing costs no more than a trial.
"""

from __future__ import annotations

import typing as t

from .._sandbox.dials import Knob
from .._tables import syscalls
from .evidence import Sign

#: Directives by where the path is that could not be used.
PLACES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("/home/", "/root/", "/run/user/"), ("ProtectHome",)),
    (
        ("/proc/sys/", "/sys/fs/cgroup"),
        ("ProtectKernelTunables", "ProtectControlGroups"),
    ),
    (("/sys/",), ("ProtectKernelTunables",)),
    (("/proc/",), ("ProcSubset", "ProtectProc")),
    (("/dev/",), ("PrivateDevices", "DevicePolicy")),
    (("/tmp/", "/var/tmp/"), ("PrivateTmp",)),
)
#: Directives by the error alone.
ERRORS: dict[str, tuple[str, ...]] = {
    "EAFNOSUPPORT": ("RestrictAddressFamilies",),
    "ENETUNREACH": ("PrivateNetwork",),
    "EADDRNOTAVAIL": ("PrivateNetwork",),
}
#: Directives, or parts of one, by the call that was refused.
CALLS: dict[str, tuple[str, ...]] = {
    "bind": ("CAP_NET_BIND_SERVICE",),
    "chmod": ("RestrictSUIDSGID", "CAP_FOWNER"),
    "chown": ("CAP_CHOWN", "PrivateUsers"),
    "chroot": ("all others",),
    "clone": ("RestrictNamespaces", "all others"),
    "connect": ("IPAddressDeny", "PrivateNetwork"),
    "initgroups": ("CAP_SETGID", "PrivateUsers"),
    "kill": ("CAP_KILL",),
    "mmap": ("MemoryDenyWriteExecute",),
    "mount": ("all others",),
    "mprotect": ("MemoryDenyWriteExecute",),
    "personality": ("LockPersonality",),
    "sched_setscheduler": ("RestrictRealtime", "CAP_SYS_NICE"),
    "sendto": ("IPAddressDeny", "PrivateNetwork"),
    "setgid": ("CAP_SETGID", "PrivateUsers"),
    "setgroups": ("CAP_SETGID", "PrivateUsers"),
    "sethostname": ("ProtectHostname",),
    "setns": ("RestrictNamespaces", "all others"),
    "setpriority": ("CAP_SYS_NICE",),
    "setrlimit": ("CAP_SYS_RESOURCE",),
    "setuid": ("CAP_SETUID", "PrivateUsers"),
    "socket": ("RestrictAddressFamilies",),
    "umount": ("all others",),
    "unshare": ("RestrictNamespaces", "all others"),
}
#: Directives by systemd's word for what it could not do (systemd.exec(5)).
STEPS: dict[str, tuple[str, ...]] = {
    "CAPABILITIES": ("CapabilityBoundingSet",),
    "NETWORK": ("PrivateNetwork",),
    "USER": ("DynamicUser", "PrivateUsers"),
    "SYS": ("SystemCallFilter",),
}


def suspects(
    found: t.Iterable[Sign], ending: str, knobs: t.Iterable[Knob], systemd: int
) -> frozenset[str]:
    """The names of the knobs of which the signs and the ending of a trial speak."""
    signs = list(found)
    spoken = set(STEPS.get(ending.rpartition("/")[2], ()))
    for sign in signs:
        spoken |= set(_directives(sign))
    calls = {sign.call for sign in signs if sign.call}
    return frozenset(
        knob.name
        for knob in knobs
        if knob.directive in spoken
        or spoken & set(knob.part.split())
        or knob.part in spoken
        or (knob.directive == "SystemCallFilter" and _filters(knob, calls, systemd))
    )


def _directives(sign: Sign) -> t.Sequence[str]:
    if sign.error == "EROFS" and (sign.path + "/").startswith(("/run/", "/var/run/")):
        return ("ReadOnlyPaths", "ProtectSystem")
    if sign.error == "EROFS":
        read_only = ["ProtectSystem"]
        for places, directives in PLACES[1:3]:
            if sign.path.startswith(places):
                read_only = list(directives)
        return read_only
    if sign.call in CALLS:
        return CALLS[sign.call]
    for places, directives in PLACES:
        if (sign.path + "/").startswith(places):
            return directives
    if sign.error == "EACCES" and sign.path:
        return ("CAP_DAC_OVERRIDE",)
    return ERRORS.get(sign.error, ())


def _filters(knob: Knob, calls: t.Collection[str], systemd: int) -> bool:
    """Whether a part of the filter takes one of the calls away."""
    if knob.part == "list":
        listed = syscalls.members("@system-service", systemd) or frozenset()
        return any(call not in listed and call in _all(systemd) for call in calls)
    group = syscalls.members(knob.part, systemd) or frozenset()
    return any(call in group for call in calls)


def _all(systemd: int) -> frozenset[str]:
    return syscalls.members("@known", systemd) or frozenset()
