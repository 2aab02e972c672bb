# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The sandbox levels, as data.

Each `Measure` is one directive of systemd.exec(5) or systemd.resource-control(5): its
value at each level, what it takes from the program, which programs cannot bear that,
and the systemd version that brought it. A level pinned to a version holds what existed
in that version, so that a newer host does not get more without being asked.

docs/sandbox.md shows this table; a test holds it, and the text of each level and pin,
to what is here. A change here is a changelog entry.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Level = t.Literal["off", "default", "strict", "sealed"]
LEVELS: t.Final = ("off", "default", "strict", "sealed")

# The version whose directives a level holds when nobody pins one.
DEFAULT_PIN: t.Final = 257
OLDEST_PIN: t.Final = 247
NEWEST_PIN: t.Final = 262


@dataclass(frozen=True)
class Measure:
    """One directive of the levels; `None` at a level leaves the directive out there."""

    directive: str
    default: t.Any
    strict: t.Any
    sealed: t.Any
    takes: str
    """What the program loses, as the end of the sentence "it takes …"."""
    unbearable: str = ""
    """Kinds of program that cannot run with it; none are known where it is empty."""
    since: int = OLDEST_PIN

    def value(self, level: str) -> t.Any:
        """The value at a level; None where the level is without it."""
        return {
            "default": self.default,
            "strict": self.strict,
            "sealed": self.sealed,
        }.get(level)


_INTERNET = "AF_UNIX AF_INET AF_INET6"
_FEW_CALLS = ["@system-service", "~@privileged @resources"]

# fmt: off
MEASURES: tuple[Measure, ...] = (
    # Who it is
    Measure("DynamicUser", True, True, True,
            "a user of its own in the host's files",
            "those that keep files under a fixed user outside of their state directory"),
    Measure("NoNewPrivileges", True, True, True,
            "rights gained by running a program: sudo, ping, whatever is set-uid",
            "those that call sudo or a set-uid mailer"),
    Measure("CapabilityBoundingSet", "", "", "",
            "every right of root, binding a low port by itself among them",
            "those that start as root and become another user by themselves"),
    Measure("PrivateUsers", None, True, True,
            "the names of other users: their files show as nobody's",
            "file servers that show or compare owners"),
    Measure("RemoveIPC", True, True, True,
            "System V and POSIX IPC objects that outlive the service",
            "databases that look for a shared memory segment of the run before"),
    Measure("UMask", "0077", "0077", "0077",
            "files that others can read without being told so",
            "those that hand files to another user and set no mode"),
    Measure("KeyringMode", "private", "private", "private",
            "the kernel keyring of root and of other services",
            "Kerberos clients that keep tickets in a keyring of others"),
    # What it sees
    Measure("ProtectSystem", "strict", "strict", "strict",
            "writing anywhere but to the directories given to it",
            "those that write beside their program or to a place that nobody named"),
    Measure("ReadOnlyPaths", "/run", "/run", "/run",
            "writing to /run, which ProtectSystem leaves open from systemd 252 on",
            "those that keep a file in /run beside a directory given to them"),
    Measure("ProtectHome", True, True, True,
            "/home, /root and /run/user",
            "those that serve or read files of people"),
    Measure("PrivateTmp", True, True, True,
            "sharing /tmp and /var/tmp with others",
            "those whose clients look for a socket in /tmp: X11, some databases"),
    Measure("PrivateMounts", True, True, True,
            "mounts that the host would see",
            "automounters"),
    Measure("PrivateDevices", True, True, True,
            "devices but null, zero, full, random, urandom, tty",
            "those that drive hardware, /dev/kvm, /dev/fuse or /dev/net/tun"),
    Measure("DevicePolicy", None, "closed", "closed",
            "other devices, by the control group as well",
            "the same"),
    Measure("PrivateIPC", None, True, True,
            "System V IPC and message queues of others",
            "those that share memory with another service by a System V key", since=248),
    Measure("ProtectProc", None, "invisible", "invisible",
            "processes of other users in /proc",
            "monitors: node_exporter's process collectors, top, lsof"),
    Measure("ProcSubset", None, "pid", "pid",
            "all of /proc but the processes: cpuinfo, meminfo, loadavg, sys",
            "monitors, those that size themselves by /proc/meminfo, PyPy"),
    Measure("ProtectHostname", True, True, True,
            "setting the host's name, and seeing that it changes",
            "hostname daemons"),
    Measure("ProtectClock", True, True, True,
            "setting the clock",
            "time daemons"),
    Measure("ProtectKernelTunables", True, True, True,
            "writing to /proc/sys and /sys",
            "those that tune the kernel at their start"),
    # With PrivateNetwork /sys is another one, which is read-only already.
    Measure("BindReadOnlyPaths", "/sys", "/sys", None,
            "writing to /sys, which ProtectKernelTunables leaves open on systemd 257",
            "the same"),
    Measure("ProtectKernelModules", True, True, True,
            "loading kernel modules",
            "firewalls and VPNs that load theirs"),
    Measure("ProtectKernelLogs", True, True, True,
            "the kernel's log",
            "log daemons that read it themselves"),
    Measure("ProtectControlGroups", True, True, True,
            "writing to /sys/fs/cgroup",
            "container managers"),
    Measure("PrivateBPF", None, True, True,
            "what others have pinned below /sys/fs/bpf",
            "those that share BPF programs or maps with others: network and tracing daemons", since=258),
    # What it may ask of the kernel
    Measure("RestrictNamespaces", True, True, True,
            "making namespaces",
            "container runtimes, and browsers, whose own sandbox is made of them"),
    Measure("RestrictRealtime", True, True, True,
            "real-time scheduling",
            "audio servers, telephony"),
    Measure("RestrictSUIDSGID", True, True, True,
            "making set-uid and set-gid files",
            "package managers, file servers that keep such modes"),
    Measure("LockPersonality", True, True, True,
            "changing the execution domain",
            "emulators of old systems"),
    Measure("MemoryDenyWriteExecute", None, True, True,
            "code made at run time in memory that can be written",
            "Node.js, Java, .NET, LuaJIT (not the BEAM)"),
    Measure("SystemCallArchitectures", "native", "native", "native",
            "programs for another architecture than the host's: 32 bits on 64",
            "Wine, old binaries"),
    Measure("SystemCallFilter", "@system-service", _FEW_CALLS, _FEW_CALLS,
            "system calls that services do not need: mount, reboot, modules, raw I/O; from strict on "
            "changing users, priorities, limits and CPU affinity, too",
            "from strict on: programs that pin threads to CPUs or drop their own rights and fail where they cannot"),
    Measure("SystemCallErrorNumber", "EPERM", "EPERM", "EPERM",
            "dying of a refused system call: it gets an error instead"),
    # Whom it may talk to
    Measure("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK", _INTERNET, "AF_UNIX",
            "sockets of other kinds than these",
            "those that send raw packets; from strict on those that ask the kernel for interfaces and routes"),
    Measure("PrivateNetwork", None, None, True,
            "every network but the sockets that it inherits",
            "those that connect to anything but a Unix socket, and those that bind their own port"),
    Measure("IPAddressDeny", None, None, "any",
            "IP packets of its own, by the control group as well",
            "the same"),
)
# fmt: on

BESIDE: t.Final = (
    "AmbientCapabilities",
    "BindPaths",
    "DeviceAllow",
    "ExecPaths",
    "Group",
    "IPAddressAllow",
    "InaccessiblePaths",
    "NoExecPaths",
    "PrivatePIDs",
    "ReadWritePaths",
    "RestrictFileSystems",
    "RestrictNetworkInterfaces",
    "RootDirectory",
    "RootImage",
    "SecureBits",
    "SocketBindAllow",
    "SocketBindDeny",
    "SupplementaryGroups",
    "SystemCallLog",
    "TemporaryFileSystem",
    "User",
)
"""Directives of a sandbox that no level holds; `except` takes them, too."""

LISTS: t.Final = frozenset((
    "AmbientCapabilities",
    "BindPaths",
    "BindReadOnlyPaths",
    "CapabilityBoundingSet",
    "DeviceAllow",
    "ExecPaths",
    "IPAddressAllow",
    "IPAddressDeny",
    "InaccessiblePaths",
    "NoExecPaths",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RestrictAddressFamilies",
    "RestrictFileSystems",
    "RestrictNamespaces",
    "RestrictNetworkInterfaces",
    "SecureBits",
    "SocketBindAllow",
    "SocketBindDeny",
    "SupplementaryGroups",
    "SystemCallArchitectures",
    "SystemCallFilter",
    "SystemCallLog",
    "TemporaryFileSystem",
))  # fmt: skip
"""Those of both kinds that systemd merges: an assignment adds to the ones before it,
one that begins with `~` takes away, an empty one resets (systemd.exec(5))."""
