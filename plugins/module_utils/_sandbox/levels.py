# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The sandbox levels, as data.

Each `Measure` is one directive of systemd.exec(5) or systemd.resource-control(5): its
value at each level, the systemd version that brought it, and what it takes from the
program. A level pinned to a version holds what existed in that version, so that a
newer host does not get more without being asked.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass, field

Level = t.Literal["off", "default", "strict", "sealed"]
LEVELS: tuple[str, ...] = ("off", "default", "strict", "sealed")

# The version whose directives a level holds when nobody pins one.
DEFAULT_PIN = 257
OLDEST_PIN = 247
NEWEST_PIN = 262


class InvalidSandbox(ValueError):
    """The wish for a sandbox cannot be met; the message says how to mend it."""


@dataclass(frozen=True)
class Measure:
    """One directive of the levels; `None` at a level leaves the directive out there."""

    directive: str
    default: t.Any
    strict: t.Any
    sealed: t.Any
    takes: str
    since: int = OLDEST_PIN

    def value(self, level: str) -> t.Any:
        return {
            "default": self.default,
            "strict": self.strict,
            "sealed": self.sealed,
        }.get(level)


_INTERNET = "AF_UNIX AF_INET AF_INET6"

# fmt: off
MEASURES: tuple[Measure, ...] = (
    # Who it is
    Measure("DynamicUser", True, True, True, "a user of its own in the host's files"),
    Measure("NoNewPrivileges", True, True, True, "programs that gain rights when run: sudo, ping, set-uid"),
    Measure("CapabilityBoundingSet", "", "", "", "every right of root, binding a low port by itself among them"),
    Measure("PrivateUsers", None, True, True, "other users: their files show as nobody's"),
    Measure("RemoveIPC", True, True, True, "System V and POSIX IPC objects that outlive the service"),
    Measure("UMask", "0077", "0077", "0077", "files that others can read without being told so"),
    Measure("KeyringMode", "private", "private", "private", "the kernel keyring of others"),
    # What it sees
    Measure("ProtectSystem", "strict", "strict", "strict", "writing anywhere but the directories given to it"),
    Measure("ProtectHome", True, True, True, "/home, /root and /run/user"),
    Measure("PrivateTmp", True, True, True, "sharing /tmp and /var/tmp with others"),
    Measure("PrivateDevices", True, True, True, "devices but null, zero, full, random, urandom, tty"),
    Measure("DevicePolicy", None, "closed", "closed", "devices, by the control group as well"),
    Measure("PrivateIPC", None, True, True, "System V IPC and message queues of others", since=248),
    Measure("ProtectProc", None, "invisible", "invisible", "processes of other users in /proc"),
    Measure("ProcSubset", None, "pid", "pid", "/proc but for processes: cpuinfo, meminfo, loadavg"),
    Measure("ProtectHostname", True, True, True, "changing the host's name"),
    Measure("ProtectClock", True, True, True, "setting the clock"),
    Measure("ProtectKernelTunables", True, True, True, "writing to /proc/sys and /sys"),
    Measure("ProtectKernelModules", True, True, True, "loading kernel modules"),
    Measure("ProtectKernelLogs", True, True, True, "the kernel's log"),
    Measure("ProtectControlGroups", True, True, True, "writing to /sys/fs/cgroup"),
    # What it may ask of the kernel
    Measure("RestrictNamespaces", True, True, True, "making namespaces: containers, browsers' own sandboxes"),
    Measure("RestrictRealtime", True, True, True, "real-time scheduling"),
    Measure("RestrictSUIDSGID", True, True, True, "making set-uid files"),
    Measure("LockPersonality", True, True, True, "changing the execution domain"),
    Measure("MemoryDenyWriteExecute", None, True, True, "code made at run time: Node.js, Java, LuaJIT (not the BEAM)"),
    Measure("SystemCallArchitectures", "native", "native", "native", "32-bit programs on a 64-bit host"),
    Measure("SystemCallFilter", "@system-service", ["@system-service", "~@privileged @resources"],
            ["@system-service", "~@privileged @resources"], "system calls that services do not need"),
    Measure("SystemCallErrorNumber", "EPERM", "EPERM", "EPERM", "dying of a refused system call: it gets an error instead"),
    # Whom it may talk to
    Measure("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK", _INTERNET, "AF_UNIX", "sockets of other kinds than these"),
    Measure("PrivateNetwork", None, None, True, "every network but the sockets that it inherits"),
    Measure("IPAddressDeny", None, None, "any", "IP packets of its own, by the control group as well"),
)
# fmt: on

_BY_NAME = {measure.directive: measure for measure in MEASURES}


@dataclass(frozen=True)
class Sandbox:
    """What a wish for a sandbox comes to on one host."""

    level: str
    version: int
    directives: dict[str, t.Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Directives of the level that the host's systemd is too old for."""

    @classmethod
    def parse(cls, wish: t.Any, systemd: int = NEWEST_PIN) -> Sandbox:
        """The sandbox that `wish` asks for on a host with that systemd.

        `wish` is a level's name or a mapping with `level`, `version` (the pin) and
        `except` (directives to relax or replace; `None` leaves one out).
        Raises InvalidSandbox for a level, pin or directive that does not exist.
        """
        if isinstance(wish, str) or wish is False:
            wish = {"level": wish}
        if not isinstance(wish, t.Mapping):
            raise InvalidSandbox(
                "must be a level's name or a mapping with level, version, except; "
                f"not {type(wish).__name__}"
            )
        _known("key", wish, ("level", "version", "except"))
        level = wish.get("level", "strict")
        # YAML reads a bare `off` as false: it means what it says.
        level = "off" if level is False else level
        _known("level", [level], LEVELS)
        pin = _pin(wish.get("version"))
        exceptions = wish.get("except") or {}
        if not isinstance(exceptions, t.Mapping):
            raise InvalidSandbox("except must be a mapping of directives to values")
        _known("directive", exceptions, tuple(_BY_NAME))

        directives: dict[str, t.Any] = {}
        missing = []
        for measure in MEASURES:
            value = measure.value(level)
            if measure.directive in exceptions:
                value = exceptions[measure.directive]
            if value is None or measure.since > pin:
                continue
            if measure.since > systemd:
                missing.append(measure.directive)
                continue
            directives[measure.directive] = value
        return cls(level, pin, directives, tuple(missing))


def _pin(value: t.Any) -> int:
    if value is None:
        return DEFAULT_PIN
    try:
        pin = int(value)
    except (TypeError, ValueError):
        raise InvalidSandbox(
            f"version must be a systemd version such as 252, not {value!r}"
        ) from None
    if not OLDEST_PIN <= pin <= NEWEST_PIN:
        raise InvalidSandbox(
            f"version {pin} is not known to this collection; it knows "
            f"{OLDEST_PIN} to {NEWEST_PIN}"
        )
    return pin


def _known(kind: str, given: t.Iterable[t.Any], names: tuple[str, ...]) -> None:
    for name in given:
        if name in names:
            continue
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names)}"
        raise InvalidSandbox(f"{kind} {name!r} does not exist; {hint}")
