# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What the kernel shows of one process, as a value that the sandbox is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._host.proc import Mount, capability_names

#: Homes that ProtectHome hides.
HOMES = ("/home", "/root", "/run/user")
#: Places that a host may lack: nobody can be asked to protect them there.
PLACES = (
    *HOMES,
    "/boot",
    "/dev/kmsg",
    "/efi",
    "/proc/kmsg",
    "/proc/sysrq-trigger",
    "/usr/lib/modules",
    "/var/tmp",
)
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


@dataclass(frozen=True)
class Kernel:
    """What the kernel shows of one process, and of PID 1 beside it."""

    status: dict[str, str]
    namespaces: dict[str, str]
    host_namespaces: dict[str, str]
    mounts: tuple[Mount, ...]
    host_mounts: tuple[Mount, ...] = ()
    uid_map: str = ""
    limits: dict[str, str] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=dict)
    existing: frozenset[str] = frozenset(HOMES)
    user: str = ""
    """The name that the host has for the process's user."""
    log_restricted: bool = False
    """Whether only a process with CAP_SYSLOG may read the kernel's log at all."""
    reached: dict[str, str] = field(default_factory=dict)
    """Where a declared path leads the process, links followed; mounts have no other."""
    led: dict[str, str] = field(default_factory=dict)
    """Where it leads on the host, which is where systemd has followed it."""

    def ways(self, path: str) -> list[str]:
        """A declared path in each of its spellings."""
        found = (path, self.reached.get(path, path), self.led.get(path, path))
        return list(dict.fromkeys(found))

    def own(self, space: str) -> bool | None:
        """Whether a name space is the process's own; ``None`` when it cannot be told."""
        mine, host = self.namespaces.get(space), self.host_namespaces.get(space)
        return None if mine is None or host is None else mine != host

    def rights(self) -> frozenset[str] | None:
        """Every capability that the process has or could still come by."""
        raw = [self.status[name] for name in SETS if self.status.get(name)]
        if not raw:
            return None
        return frozenset(name for one in raw for name in capability_names(int(one, 16)))

    def filtered(self) -> bool | None:
        """Whether any system call filter is installed; which one, nothing shows."""
        mode = self.status.get("Seccomp", "")
        return mode == "2" if mode else None

    def mount(self, point: str) -> Mount | None:
        """What is mounted exactly there, the last if several are."""
        return next((m for m in reversed(self.mounts) if m.point == point), None)

    def only_processes(self) -> bool:
        """Whether /proc holds the processes and nothing else."""
        proc = self.mount("/proc")
        return proc is not None and "subset=pid" in proc.super_options

    def over(self, path: str) -> Mount | None:
        """The mount that a path lies on."""
        best: Mount | None = None
        for mount in self.mounts:
            if within(path, mount.point) and (
                best is None or len(mount.point) >= len(best.point)
            ):
                best = mount
        return best

    def visible(self) -> list[Mount]:
        """The mounts that no later one lies over."""
        found: list[Mount] = []
        for mount in self.mounts:
            found = [one for one in found if not within(one.point, mount.point)]
            found.append(mount)
        return found

    def shared_with_host(self, mount: Mount) -> bool:
        """Whether the host sees that file system, too."""
        return any(mount.device == other.device for other in self.host_mounts)


def within(path: str, top: str) -> bool:
    """Whether a path is a folder or below it."""
    return path == top or path.startswith(top.rstrip("/") + "/")


def inaccessible(mount: Mount | None) -> bool:
    """Whether a mount is one of those by which systemd hides what is below them."""
    return mount is not None and mount.root.startswith("/systemd/inaccessible")


def parse_limits(text: str) -> dict[str, str]:
    """The hard limits in ``/proc/PID/limits`` by the name of their row."""
    found = {}
    for line in text.splitlines()[1:]:
        name, words = line[:26].strip(), line[26:].split()
        if len(words) >= 2:
            found[name] = words[1]
    return found
