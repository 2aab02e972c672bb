# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The sandbox that the manager declares against the one that the kernel shows.

Every directive that is set comes to one of three: the kernel shows that what it forbids
is out of reach, the kernel shows that it is not, or nothing shows it. The last is never
taken for the first: that some system call filter is installed says nothing of which.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from . import sees_files, sees_limits, sees_rights
from .kernel import Kernel
from .sees_files import Look
from .verdicts import Seen

_BPF = "a program in the kernel at its control group, which nothing shows"
#: How each directive is judged, in the order in which they are told.
JUDGES: dict[str, Look] = {
    "DynamicUser": sees_rights.dynamic_user,
    "NoNewPrivileges": sees_rights.no_new_privileges,
    "CapabilityBoundingSet": sees_rights.bounding_set,
    "AmbientCapabilities": sees_rights.ambient_set,
    "UMask": sees_rights.umask,
    "RemoveIPC": sees_rights.nothing("what it does, it does after the service's end"),
    "KeyringMode": sees_rights.nothing("no process shows its keyrings"),
    "PrivateNetwork": sees_rights.space("net"),
    "PrivateIPC": sees_rights.space("ipc"),
    "PrivatePIDs": sees_rights.space("pid"),
    "PrivateUsers": sees_rights.private_users,
    "ProtectHostname": sees_rights.space("uts"),
    "PrivateMounts": sees_files.private_mounts,
    "PrivateTmp": sees_files.private_tmp,
    "PrivateDevices": sees_files.private_devices,
    "ProtectSystem": sees_files.protect_system,
    "ProtectHome": sees_files.protect_home,
    "ReadOnlyPaths": sees_files.read_only_paths,
    "BindReadOnlyPaths": sees_files.bind_read_only_paths,
    "ProtectKernelTunables": sees_files.protect_kernel_tunables,
    "ProtectControlGroups": sees_files.protect_control_groups,
    "PrivateBPF": sees_files.private_bpf,
    "ProtectProc": sees_files.process_files("hidepid"),
    "ProcSubset": sees_files.process_files("subset"),
    "ProtectClock": sees_rights.protect_clock,
    "ProtectKernelModules": sees_rights.protect_kernel_modules,
    "ProtectKernelLogs": sees_rights.protect_kernel_logs,
    "RestrictRealtime": sees_rights.restrict_realtime,
    "RestrictSUIDSGID": sees_rights.only_a_filter,
    "RestrictNamespaces": sees_rights.only_a_filter,
    "RestrictAddressFamilies": sees_rights.only_a_filter,
    "LockPersonality": sees_rights.only_a_filter,
    "MemoryDenyWriteExecute": sees_rights.memory_deny_write_execute,
    "SystemCallArchitectures": sees_rights.only_a_filter,
    "SystemCallFilter": sees_rights.only_a_filter,
    "SystemCallErrorNumber": sees_rights.only_a_filter,
    "DevicePolicy": sees_rights.nothing(_BPF),
    "IPAddressDeny": sees_rights.nothing(_BPF),
    "RestrictFileSystems": sees_rights.nothing(_BPF),
    "RestrictNetworkInterfaces": sees_rights.nothing(_BPF),
    "SocketBindDeny": sees_rights.nothing(_BPF),
}
#: What else the manager is asked for, since a directive is judged by it.
_BESIDE = (
    "User",
    "RootDirectory",
    "RootImage",
    "PrivateUsersEx",
    "ProtectControlGroupsEx",
)
#: What the manager is asked for; a version that does not know one leaves it out.
PROPERTIES = (*JUDGES, *_BESIDE, *sees_files.WRITABLE, *sees_limits.PROPERTIES)
#: Values by which a directive asks for nothing.
_OFF = {"", "no", "0", "false", "default", "all", "inherit", "~"}
_ALSO_OFF = {
    "DevicePolicy": {"auto"},
    "KeyringMode": {"shared"},
    "SystemCallErrorNumber": {"kill", "2147483646"},
}
#: Directives of which an empty value, or one like those of _OFF, asks for much.
_ALWAYS = ("CapabilityBoundingSet", "UMask")


@dataclass(frozen=True)
class Effect:
    """One directive: what was declared, what is so, and whether the two agree.

    ``agrees`` is ``None`` where the kernel shows nothing that could tell.
    """

    directive: str
    declared: str
    effective: str
    agrees: bool | None

    def message(self) -> str:
        """A sentence for people."""
        return f"{self.directive}={self.declared} has no effect: {self.effective}"


def is_declared(name: str, declared: t.Mapping[str, str]) -> bool:
    """Whether a directive is known to the manager and asks for something."""
    if name not in declared:
        return False
    value = declared[name]
    if name == "SystemCallErrorNumber" and declared.get("SystemCallFilter") in _OFF:
        return False
    return name in _ALWAYS or value not in _OFF | _ALSO_OFF.get(name, set())


def effects(
    declared: t.Mapping[str, str], kernel: Kernel, manager: t.Mapping[str, str]
) -> list[Effect]:
    """Judge every directive that is set. ``manager`` holds the manager's own version and
    defaults (``DefaultTasksMax``), since a limit that is no more than that was never
    declared.
    """
    seen = Seen(kernel, declared, manager)
    found = []
    for name, judge in JUDGES.items():
        if is_declared(name, declared):
            text, agrees = judge(declared[name], seen)
            found.append(Effect(name, declared[name], text, agrees))
    for name, value, (text, agrees) in sees_limits.limits(seen):
        found.append(Effect(name, value, text, agrees))
    return found
