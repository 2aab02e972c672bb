# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The sandbox that the manager declares against the one that the kernel shows."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._host.proc import Mount, capability_names

#: Directives that systemd carries out with a system call filter (systemd.exec(5)).
#: ProtectHostname uses a name space as well, so that it is not among them.
FILTERED = (
    "LockPersonality",
    "ProtectClock",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "RestrictRealtime",
    "RestrictSUIDSGID",
)
#: The name space that each directive gives to the service.
SPACES = {
    "PrivateNetwork": "net",
    "PrivateIPC": "ipc",
    "PrivatePIDs": "pid",
    "PrivateUsers": "user",
    "ProtectHostname": "uts",
}
#: Directives that need a mount name space of the service's own.
MOUNTED = (
    "PrivateTmp",
    "PrivateDevices",
    "PrivateMounts",
    "ProtectSystem",
    "ProtectHome",
    "ProtectKernelTunables",
    "ProtectControlGroups",
)
#: What the manager is asked for; a version that does not know one leaves it out.
PROPERTIES = (
    *FILTERED,
    *SPACES,
    *MOUNTED,
    "NoNewPrivileges",
    "SystemCallFilter",
    "SystemCallArchitectures",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "MemoryDenyWriteExecute",
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "ProtectProc",
    "ProcSubset",
    "UMask",
    "DynamicUser",
    "User",
    "MemoryMax",
    "TasksMax",
    "CPUQuotaPerSecUSec",
    "LimitNOFILE",
    "LimitNPROC",
    "LimitCORE",
    "LimitMEMLOCK",
    "RootDirectory",
    "RootImage",
)
#: Names of RLIMITs in ``/proc/PID/limits``.
LIMITS = {
    "LimitNOFILE": "Max open files",
    "LimitNPROC": "Max processes",
    "LimitCORE": "Max core file size",
    "LimitMEMLOCK": "Max locked memory",
}
#: Homes that ProtectHome hides.
HOMES = ("/home", "/root", "/run/user")


@dataclass(frozen=True)
class Kernel:
    """What the kernel shows of one process, and of PID 1 beside it."""

    status: dict[str, str]
    namespaces: dict[str, str]
    host_namespaces: dict[str, str]
    mounts: tuple[Mount, ...]
    uid_map: str = ""
    limits: dict[str, str] = field(default_factory=dict)
    group: dict[str, str] = field(default_factory=dict)
    existing: frozenset[str] = frozenset(HOMES)

    def own(self, space: str) -> bool | None:
        """Whether a name space is the process's own; ``None`` when it cannot be told."""
        mine, host = self.namespaces.get(space), self.host_namespaces.get(space)
        return None if mine is None or host is None else mine != host

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
            at = mount.point.rstrip("/")
            inside = path == mount.point or path.startswith(at + "/")
            if inside and (best is None or len(mount.point) >= len(best.point)):
                best = mount
        return best


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


def _on(value: str) -> bool:
    return value not in ("", "no", "0", "false", "default", "all", "inherit")


def effects(
    declared: t.Mapping[str, str], kernel: Kernel, manager: t.Mapping[str, str]
) -> list[Effect]:
    """Judge every directive that is set. ``manager`` holds the manager's own defaults
    (``DefaultTasksMax``), since a limit that is no more than that was never declared.
    """
    found: list[Effect] = []

    def add(name: str, effective: str, agrees: bool | None) -> None:
        found.append(Effect(name, declared.get(name, ""), effective, agrees))

    seccomp = kernel.status.get("Seccomp", "")
    filters = kernel.status.get("Seccomp_filters", "")
    shown = f"{filters} filters" if filters else f"mode {seccomp}"
    filtered = None if not seccomp else seccomp == "2"
    if _on(declared.get("NoNewPrivileges", "")):
        value = kernel.status.get("NoNewPrivs", "")
        add(
            "NoNewPrivileges", f"NoNewPrivs is {value}", value == "1" if value else None
        )
    for name in FILTERED:
        if _on(declared.get(name, "")):
            add(name, f"system call filter: {shown}", filtered)
    for name in (
        "SystemCallFilter",
        "SystemCallArchitectures",
        "RestrictAddressFamilies",
    ):
        if declared.get(name, "") not in ("", "~"):
            add(name, f"system call filter: {shown}", filtered)
    if declared.get("RestrictNamespaces", "no") not in ("", "no"):
        add("RestrictNamespaces", f"system call filter: {shown}", filtered)
    if _on(declared.get("MemoryDenyWriteExecute", "")):
        # since 254, on a kernel that has it, a flag that /proc does not show
        add("MemoryDenyWriteExecute", "the kernel does not show it", filtered or None)
    found.extend(_capabilities(declared, kernel))
    found.extend(_spaces(declared, kernel))
    found.extend(_mounts(declared, kernel))
    found.extend(_limits(declared, kernel, manager))
    if "UMask" in declared and kernel.status.get("Umask"):
        value = kernel.status["Umask"]
        # a program may set its own, so that a wider one says nothing of systemd
        wider = int(declared["UMask"] or "0", 8) & ~int(value, 8)
        add("UMask", f"is {value}", None if wider else True)
    return found


def _capabilities(declared: t.Mapping[str, str], kernel: Kernel) -> list[Effect]:
    found = []
    for name, field_name in (
        ("CapabilityBoundingSet", "CapBnd"),
        ("AmbientCapabilities", "CapAmb"),
    ):
        raw = kernel.status.get(field_name, "")
        if name not in declared or not raw:
            continue
        have = capability_names(int(raw, 16))
        wanted = declared[name].split()
        if name == "AmbientCapabilities":
            missing = sorted(set(wanted) - set(have))
            if wanted:
                text = f"{' '.join(missing)} is missing" if missing else "as declared"
                found.append(Effect(name, declared[name], text, not missing))
            continue
        extra = sorted(set(have) - set(wanted))
        text = f"{' '.join(extra)} is left" if extra else "nothing else is left"
        found.append(Effect(name, declared[name], text, not extra))
    return found


def _spaces(declared: t.Mapping[str, str], kernel: Kernel) -> list[Effect]:
    found = []
    for name, space in SPACES.items():
        value = declared.get(name, "")
        if not _on(value):
            continue
        own = kernel.own(space)
        text = f"{'its own' if own else 'the host' + chr(39) + 's'} {space} name space"
        if name == "PrivateUsers" and own and value == "yes":
            rows = [line.split() for line in kernel.uid_map.splitlines()]
            if any(len(row) == 3 and row[2] == "4294967295" for row in rows):
                own, text = False, "every user of the host is mapped"
        found.append(Effect(name, value, text if own is not None else "unknown", own))
    return found


def _mounts(declared: t.Mapping[str, str], kernel: Kernel) -> list[Effect]:
    own = kernel.own("mnt")
    rooted = bool(declared.get("RootDirectory") or declared.get("RootImage"))
    found = []
    for name in MOUNTED:
        value = declared.get(name, "")
        if not _on(value):
            continue
        if not own:
            text = "the host's mnt name space" if own is False else "unknown"
            found.append(Effect(name, value, text, own))
            continue
        if rooted:
            found.append(Effect(name, value, "not judged below another root", None))
            continue
        text, agrees = _mounted(name, value, kernel)
        found.append(Effect(name, value, text, agrees))
    for name, want in (("ProtectProc", "hidepid"), ("ProcSubset", "subset")):
        value = declared.get(name, "")
        if not _on(value):
            continue
        proc = kernel.mount("/proc")
        options = sorted(proc.super_options) if proc else []
        said = [option for option in options if option.startswith(want)]
        text = f"/proc has {' '.join(said) or 'no ' + want}"
        agrees = bool(proc) and f"{want}={value}" in options
        numbers = {"noaccess": "1", "invisible": "2", "ptraceable": "4"}
        agrees = agrees or f"{want}={numbers.get(value, '-')}" in options
        found.append(Effect(name, value, text, agrees))
    return found


def _mounted(name: str, value: str, kernel: Kernel) -> tuple[str, bool | None]:
    if name == "PrivateMounts":
        return "its own mnt name space", True
    if name == "PrivateTmp":
        mount = kernel.mount("/tmp")
        own = mount is not None and (
            "/systemd-private-" in mount.root or mount.kind == "tmpfs"
        )
        return ("/tmp is its own" if own else "/tmp is the host's"), own
    if name == "PrivateDevices":
        mount = kernel.mount("/dev")
        own = mount is not None and mount.kind == "tmpfs" and "noexec" in mount.options
        return ("/dev is its own" if own else "/dev is the host's"), own
    if name == "ProtectSystem":
        places = {"strict": ("/",), "full": ("/usr", "/etc")}.get(value, ("/usr",))
        open_ = [p for p in places if not getattr(kernel.over(p), "read_only", False)]
        text = f"{' and '.join(open_)} can be written to" if open_ else "read-only"
        return text, not open_
    if name == "ProtectHome":
        open_ = [
            home
            for home in HOMES
            if home in kernel.existing and not _hidden(kernel, home, value)
        ]
        return (f"{', '.join(open_)} is open" if open_ else "hidden"), not open_
    points = {
        "ProtectKernelTunables": ("/proc/sys", "/sys"),
        "ProtectControlGroups": ("/sys/fs/cgroup",),
    }[name]
    open_ = [
        point
        for point in points
        if not getattr(kernel.over(point), "read_only", False)
        # ProcSubset=pid leaves nothing of /proc but the processes
        and not (point == "/proc/sys" and kernel.only_processes())
    ]
    text = f"{' and '.join(open_)} can be written to" if open_ else "read-only"
    return text, not open_


def _hidden(kernel: Kernel, home: str, value: str) -> bool:
    mount = kernel.over(home)
    if mount is None:
        return False
    if value == "read-only":
        return mount.read_only
    if value == "tmpfs":
        return mount.kind == "tmpfs"
    return mount.root.startswith("/systemd/inaccessible")


def _limits(
    declared: t.Mapping[str, str], kernel: Kernel, manager: t.Mapping[str, str]
) -> list[Effect]:
    found = []
    for name, file in (("MemoryMax", "memory.max"), ("TasksMax", "pids.max")):
        value = declared.get(name, "")
        default = manager.get("DefaultTasksMax", "") if name == "TasksMax" else ""
        if value in ("", "infinity", "[not set]", "18446744073709551615", default):
            continue
        real = kernel.group.get(file)
        if real is None:
            text = f"its control group has no {file}"
            found.append(Effect(name, value, text, False))
        else:
            # the kernel keeps memory in whole pages
            same = real == value or (
                name == "MemoryMax"
                and real.isdigit()
                and abs(int(real) - int(value)) < 65536
            )
            found.append(Effect(name, value, f"{file} is {real}", same))
    quota = declared.get("CPUQuotaPerSecUSec", "")
    if quota not in ("", "infinity"):
        real = kernel.group.get("cpu.max")
        agrees = real is not None and not real.startswith("max")
        text = f"cpu.max is {real}" if real else "its control group has no cpu.max"
        found.append(Effect("CPUQuota", quota, text, agrees))
    for name, row in LIMITS.items():
        value, real = declared.get(name, ""), kernel.limits.get(row)
        if not value or real is None or manager.get("Default" + name) == value:
            continue
        real = "infinity" if real == "unlimited" else real
        found.append(Effect(name, value, f"the limit is {real}", real == value))
    return found


def parse_limits(text: str) -> dict[str, str]:
    """The hard limits in ``/proc/PID/limits`` by the name of their row."""
    found = {}
    for line in text.splitlines()[1:]:
        name, words = line[:26].strip(), line[26:].split()
        if len(words) >= 2:
            found[name] = words[1]
    return found
