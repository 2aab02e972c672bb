# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""The checks of systemd's security analysis, as a table.

Identifiers, weights and ranges are those that analyze-security.c of systemd 252, 255,
257, 259 and 262 share; 247 has all of them but the one for CAP_BPF. A badness goes
from 0, which is good, to the check's range; None means that the check does not apply.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._tables import capabilities
from . import judges
from .judges import Judge, Text


@dataclass(frozen=True, eq=False)
class Check:
    """One check: how much it weighs, how it is judged, and what its answers mean."""

    name: str
    json_field: str
    weight: int
    judge: Judge
    good: str
    bad: str
    range: int = 1
    not_applicable: str = ""
    # what a badness between the two ends means
    between: dict[int, str] = field(default_factory=dict)
    # more about this unit, where the answer is not good
    detail: Text | None = None
    # said beside an answer of systemd that is not the truth
    note: Text | None = None
    # does not apply to a unit with DefaultDependencies=no
    early: bool = False
    since: int = 0
    # the name until 249
    old_name: str = ""


_ROOT_ANYWAY: t.Final = "Of no meaning for a service that runs as root"


def _group(name: str, weight: int) -> Check:
    return Check(
        f"SystemCallFilter=~@{name}",
        f"SystemCallFilter_{name.replace('-', '_')}",
        weight,
        judges.calls(f"@{name}"),
        f"Refuses the system calls of @{name}",
        f"Lets system calls of @{name} through",
        range=10,
        between={9: f"Its list of allowed system calls holds some of @{name}"},
        detail=judges.calls_detail(f"@{name}"),
        note=judges.calls_note,
    )


def _capabilities(title: str, key: str, weight: int, names: str, what: str) -> Check:
    return Check(
        f"CapabilityBoundingSet=~CAP_{title}",
        f"CapabilityBoundingSet_CAP_{key}",
        weight,
        judges.capability(capabilities.mask(*names.split())),
        f"Can never {what}",
        f"Could {what}",
        since=250 if names == "BPF" else 0,
    )


def _namespaces(name: str, weight: int, what: str) -> Check:
    constant = {"mnt": "NS"}.get(name, name.upper())
    return Check(
        f"RestrictNamespaces=~{name}",
        f"RestrictNamespaces_{name}",
        weight,
        judges.namespace(name),
        f"Cannot make itself {what}",
        f"Can make itself {what}",
        old_name=f"RestrictNamespaces=~CLONE_NEW{constant}",
    )


def _families(title: str, key: str, weight: int, names: str, what: str) -> Check:
    return Check(
        f"RestrictAddressFamilies=~{title}",
        f"RestrictAddressFamilies_{key}",
        weight,
        judges.family(*names.split()),
        f"Cannot open {what}",
        f"Can open {what}",
    )


def _switch(directive: str, weight: int, good: str, bad: str, **more: t.Any) -> Check:
    more.setdefault("judge", judges.flag(directive))
    return Check(f"{directive}=", directive, weight, good=good, bad=bad, **more)


CHECKS: t.Final[tuple[Check, ...]] = (
    Check(
        "User=/DynamicUser=",
        "UserOrDynamicUser",
        2000,
        judges.user,
        "Runs as a user of its own",
        "Runs as root",
        range=10,
        between={9: "Runs as nobody, whose files and processes others share"},
    ),
    _switch(
        "SupplementaryGroups",
        200,
        "Is in no group but its own",
        "Is in further groups",
        judge=judges.supplementary_groups,
        not_applicable=_ROOT_ANYWAY,
    ),
    _switch(
        "PrivateDevices",
        1000,
        "Sees pseudo devices alone",
        "Sees the devices of the machine",
    ),
    _switch(
        "PrivateMounts",
        1000,
        "Keeps what it mounts to itself",
        "What it mounts appears on the host",
        judge=judges.private_mounts,
        note=judges.private_mounts_note,
    ),
    _switch(
        "PrivateNetwork",
        2500,
        "Has no network but a loopback of its own",
        "Uses the network of the host",
    ),
    _switch(
        "PrivateTmp",
        1000,
        "Has /tmp and /var/tmp of its own",
        "Shares /tmp and /var/tmp with everyone",
        early=True,
    ),
    _switch(
        "PrivateUsers",
        1000,
        "Knows no users but root and its own",
        "Knows the users of the host",
    ),
    _switch(
        "ProtectControlGroups",
        1000,
        "Cannot write to the control groups",
        "Can write to the control groups",
    ),
    _switch(
        "ProtectKernelModules",
        1000,
        "Can neither load nor read kernel modules",
        "Can load or read kernel modules",
    ),
    _switch(
        "ProtectKernelTunables",
        1000,
        "Cannot write to /proc/sys and /sys",
        "Can write to /proc/sys and /sys",
    ),
    _switch(
        "ProtectKernelLogs",
        1000,
        "Has no way to the kernel's log",
        "Can read and write the kernel's log",
    ),
    _switch(
        "ProtectClock",
        1000,
        "Cannot set a clock",
        "Can set the clocks",
    ),
    _switch(
        "ProtectHome",
        1000,
        "Does not see the home directories",
        "Can write to the home directories",
        judge=judges.choice("ProtectHome", {"yes": 0, "tmpfs": 1, "read-only": 5}, 10),
        range=10,
        between={
            5: "Can read the home directories",
            1: "Sees empty stand-ins for the home directories",
        },
        early=True,
    ),
    _switch(
        "ProtectHostname",
        50,
        "Cannot change the host's name",
        "Can change the host's name",
    ),
    _switch(
        "ProtectSystem",
        1000,
        "Can write to no file of the system",
        "Can write to every file of the system",
        judge=judges.choice("ProtectSystem", {"strict": 0, "full": 3, "yes": 5}, 10),
        range=10,
        between={
            5: "Can write to the system, /usr and the boot loader's files excepted",
            3: "Can write to the system, /usr, /etc and the boot loader's files excepted",
        },
        early=True,
    ),
    Check(
        "RootDirectory=/RootImage=",
        "RootDirectoryOrRootImage",
        200,
        judges.root,
        "Has a root directory of its own",
        "Shares the root directory of the host",
        early=True,
    ),
    _switch(
        "LockPersonality",
        100,
        "Cannot change its execution domain",
        "Can change its execution domain",
    ),
    _switch(
        "MemoryDenyWriteExecute",
        100,
        "Has no memory that it can both write and execute",
        "Can write to memory and then execute it",
    ),
    _switch(
        "NoNewPrivileges",
        1000,
        "Gains no privileges by executing a program",
        "Can gain privileges by executing a program",
    ),
    _capabilities("SYS_ADMIN", "SYS_ADMIN", 1500, "SYS_ADMIN", "administer the system"),
    _capabilities(
        "SET(UID|GID|PCAP)",
        "SET_UID_GID_PCAP",
        1500,
        "SETUID SETGID SETPCAP",
        "become another user or group, or change its capabilities",
    ),
    _capabilities("SYS_PTRACE", "SYS_PTRACE", 1500, "SYS_PTRACE", "trace any process"),
    _capabilities("SYS_TIME", "SYS_TIME", 1000, "SYS_TIME", "set the system's clock"),
    _capabilities("NET_ADMIN", "NET_ADMIN", 1000, "NET_ADMIN", "set up the network"),
    _capabilities(
        "SYS_RAWIO", "SYS_RAWIO", 1000, "SYS_RAWIO", "reach I/O ports and raw memory"
    ),
    _capabilities(
        "SYS_MODULE", "SYS_MODULE", 1000, "SYS_MODULE", "load kernel modules"
    ),
    _capabilities(
        "AUDIT_*",
        "AUDIT",
        500,
        "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE",
        "reach the audit system",
    ),
    _capabilities("SYSLOG", "SYSLOG", 500, "SYSLOG", "reach the kernel's log"),
    _capabilities(
        "SYS_(NICE|RESOURCE)",
        "SYS_NICE_RESOURCE",
        500,
        "SYS_NICE SYS_RESOURCE",
        "raise priorities and limits of resources",
    ),
    _capabilities("MKNOD", "MKNOD", 500, "MKNOD", "make device nodes"),
    _capabilities(
        "(CHOWN|FSETID|SETFCAP)",
        "CHOWN_FSETID_SETFCAP",
        1000,
        "CHOWN FSETID SETFCAP",
        "change owners, modes and capabilities of any file",
    ),
    _capabilities(
        "(DAC_*|FOWNER|IPC_OWNER)",
        "DAC_FOWNER_IPC_OWNER",
        1000,
        "DAC_OVERRIDE DAC_READ_SEARCH FOWNER IPC_OWNER",
        "pass over the permissions of files and IPC objects",
    ),
    _capabilities("KILL", "KILL", 500, "KILL", "send signals to any process"),
    _capabilities(
        "NET_(BIND_SERVICE|BROADCAST|RAW)",
        # the parenthesis is systemd's own
        "NET_BIND_SERVICE_BROADCAST_RAW)",
        500,
        "NET_BIND_SERVICE NET_BROADCAST NET_RAW",
        "bind low ports, broadcast and open raw sockets",
    ),
    _capabilities("SYS_BOOT", "SYS_BOOT", 100, "SYS_BOOT", "restart the machine"),
    _capabilities(
        "MAC_*", "MAC", 100, "MAC_ADMIN MAC_OVERRIDE", "change mandatory access rules"
    ),
    _capabilities(
        "LINUX_IMMUTABLE",
        "LINUX_IMMUTABLE",
        75,
        "LINUX_IMMUTABLE",
        "make files immutable or append-only",
    ),
    _capabilities("IPC_LOCK", "IPC_LOCK", 50, "IPC_LOCK", "lock memory"),
    _capabilities("SYS_CHROOT", "SYS_CHROOT", 50, "SYS_CHROOT", "call chroot()"),
    _capabilities(
        "BLOCK_SUSPEND",
        "BLOCK_SUSPEND",
        25,
        "BLOCK_SUSPEND",
        "keep the machine from sleeping",
    ),
    _capabilities("WAKE_ALARM", "WAKE_ALARM", 25, "WAKE_ALARM", "wake the machine up"),
    _capabilities("LEASE", "LEASE", 25, "LEASE", "take leases of any file"),
    _capabilities(
        "SYS_TTY_CONFIG",
        "SYS_TTY_CONFIG",
        25,
        "SYS_TTY_CONFIG",
        "hang up and set up terminals",
    ),
    _capabilities(
        "SYS_PACCT", "SYS_PACCT", 25, "SYS_PACCT", "turn process accounting on and off"
    ),
    _capabilities("BPF", "BPF", 25, "BPF", "load BPF programs"),
    _switch(
        "UMask",
        100,
        "Its new files are its own user's alone",
        "Its new files can be written by everyone",
        judge=judges.umask,
        range=10,
        between={
            5: "Its new files can be read by everyone",
            2: "Its new files can be written by their group",
            1: "Its new files can be read by their group",
        },
    ),
    _switch(
        "KeyringMode",
        1000,
        "Has a kernel keyring of its own",
        "Shares a kernel keyring with others",
        judge=judges.keyring,
    ),
    _switch(
        "ProtectProc",
        1000,
        "Sees no processes in /proc but its own user's",
        "Sees every process in /proc",
        judge=judges.choice(
            "ProtectProc", {"invisible": 0, "ptraceable": 0, "noaccess": 1}, 3
        ),
        range=3,
        between={1: "Sees every process in /proc, but little of those of others"},
    ),
    _switch(
        "ProcSubset",
        10,
        "Sees nothing in /proc but processes",
        "Sees all of /proc",
        judge=judges.choice("ProcSubset", {"pid": 0}, 1),
    ),
    _switch(
        "NotifyAccess",
        1000,
        "Only its main processes can report its state",
        "Any of its processes can report its state",
        judge=judges.choice("NotifyAccess", {"all": 1}, 0),
    ),
    _switch(
        "RemoveIPC",
        100,
        "Leaves no IPC objects behind",
        "Can leave IPC objects behind",
        judge=judges.remove_ipc,
        not_applicable=_ROOT_ANYWAY,
    ),
    _switch(
        "Delegate",
        100,
        "Leaves its control group to systemd",
        "Has a subtree of control groups to itself",
        judge=lambda settings: int(settings.delegate),
    ),
    _switch(
        "RestrictRealtime",
        500,
        "Cannot get realtime scheduling",
        "Can get realtime scheduling",
    ),
    _switch(
        "RestrictSUIDSGID",
        1000,
        "Cannot make files that run as their owner or group",
        "Can make files that run as their owner or group",
    ),
    _namespaces("user", 1500, "a namespace of users"),
    _namespaces("mnt", 500, "a namespace of mounts"),
    _namespaces("ipc", 500, "a namespace of IPC objects"),
    _namespaces("pid", 500, "a namespace of processes"),
    _namespaces("cgroup", 500, "a namespace of control groups"),
    _namespaces("net", 500, "a namespace of networks"),
    _namespaces("uts", 100, "a namespace of host names"),
    _families(
        "AF_(INET|INET6)",
        "AF_INET_INET6",
        1500,
        "AF_INET AF_INET6",
        "Internet sockets",
    ),
    _families("AF_UNIX", "AF_UNIX", 25, "AF_UNIX", "sockets of the host (AF_UNIX)"),
    _families("AF_NETLINK", "AF_NETLINK", 200, "AF_NETLINK", "netlink sockets"),
    _families("AF_PACKET", "AF_PACKET", 1000, "AF_PACKET", "packet sockets"),
    _families("…", "OTHER", 1250, "", "sockets of rarer families"),
    _switch(
        "SystemCallArchitectures",
        1000,
        "Calls the kernel in its own ABI alone",
        "Can call the kernel in any ABI",
        judge=judges.abis,
        range=10,
        between={8: "Can call the kernel in more ABIs than its own"},
    ),
    _group("swap", 1000),
    _group("obsolete", 250),
    _group("clock", 1000),
    _group("cpu-emulation", 250),
    _group("debug", 1000),
    _group("mount", 1000),
    _group("module", 1000),
    _group("raw-io", 1000),
    _group("reboot", 1000),
    _group("privileged", 700),
    _group("resources", 700),
    _switch(
        "IPAddressDeny",
        1000,
        "Exchanges no packets with any address, or a BPF program decides",
        "Exchanges packets with any address",
        judge=judges.addresses,
        range=10,
        between={
            5: "Exchanges packets with the addresses that are allowed",
            2: "Exchanges packets with this host alone",
        },
        note=judges.addresses_note,
    ),
    _switch(
        "DeviceAllow",
        1000,
        "Can open pseudo devices alone",
        "Can open any device that its user may open",
        judge=judges.devices,
        range=10,
        between={5: "Can open pseudo devices, and some others"},
        detail=judges.devices_detail,
    ),
    _switch(
        "AmbientCapabilities",
        500,
        "Is given no capabilities",
        "Is given capabilities",
        judge=lambda settings: int(settings.ambient != 0),
    ),
)
