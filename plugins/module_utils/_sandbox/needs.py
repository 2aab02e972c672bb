# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a program needs from outside of its sandbox, asked for by meaning.

Each need becomes the directives that open exactly that much of a level, and none where
the level does not close it.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass, field

from .._values.given import shown, whole_number

DIRECTORIES: t.Final = {
    "state_directory": "StateDirectory",
    "cache_directory": "CacheDirectory",
    "logs_directory": "LogsDirectory",
    "configuration_directory": "ConfigurationDirectory",
    "runtime_directory": "RuntimeDirectory",
}
"""Needs that are names of folders below /var/lib, /var/cache, /var/log, /etc, /run."""

NAMES: t.Final = (
    *DIRECTORIES,
    "readable_paths",
    "writable_paths",
    "devices",
    "outgoing",
    "realtime",
    "jit",
)

# Which need sets a directive by itself, for messages.
_ASKED_BY: t.Final = {
    "MemoryDenyWriteExecute": ("jit",),
    "RestrictRealtime": ("realtime",),
    "PrivateDevices": ("devices",),
    "DevicePolicy": ("devices",),
    "ProtectHome": ("readable_paths", "writable_paths"),
}
# What ProtectHome hides, and what PrivateTmp replaces (systemd.exec(5)).
_HOMES: t.Final = ("/home", "/root", "/run/user")
_HIDDEN: t.Final = (*_HOMES, "/tmp", "/var/tmp")
_KERNEL: t.Final = ("/dev", "/proc", "/sys")

# The system calls of @resources with which a thread asks for real-time scheduling.
_REALTIME_CALLS: t.Final = "sched_setattr sched_setparam sched_setscheduler"

_FOLDER: t.Final = re.compile(r"[A-Za-z0-9_.@-]+(?:/[A-Za-z0-9_.@-]+)*\Z")
_DEVICE: t.Final = re.compile(
    r"(?:/dev/[A-Za-z0-9_.,:@/-]+|(?:char|block)-[A-Za-z0-9_*?.-]+)\Z"
)
_ACCESS: t.Final = re.compile(r"(?=[rwm])r?w?m?\Z")
_GROUP: t.Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,30}\Z")
_WORDS: t.Final = ("any", "localhost", "link-local", "multicast")


class InvalidNeed(ValueError):
    """A need that cannot be met; the message begins with its name."""


@dataclass(frozen=True)
class Device:
    """A device node, or a class of them, and what may be done with it."""

    node: str
    access: str = "rw"
    group: str | None = None


@dataclass(frozen=True)
class Needs:
    """All that a program needs besides its level."""

    directories: t.Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    outgoing: tuple[str, ...] = ()
    realtime: int = 0
    jit: bool = False
    prefix: str = ""
    """What the names of the needs begin with where the user sees them."""

    @classmethod
    def parse(cls, said: t.Any, prefix: str = "") -> Needs:
        """Read a mapping of needs by their names; what is empty is not needed.

        Raises InvalidNeed, whose message begins with `prefix` and the need's name.
        """
        if not isinstance(said, t.Mapping):
            raise InvalidNeed(f"{prefix}needs must be a mapping of names to values")
        for name in said:
            if name not in NAMES:
                raise InvalidNeed(
                    f"{prefix}needs: {name!r} does not exist; known: {', '.join(NAMES)}"
                )

        def entries(name: str) -> list[tuple[str, t.Any]]:
            value = said.get(name)
            if value is None or value == "":
                return []
            if isinstance(value, str):
                return [(f"{prefix}{name}", value)]
            if not isinstance(value, (list, tuple)):
                raise InvalidNeed(
                    f"{prefix}{name} must be a list, not {type(value).__name__}"
                )
            return [(f"{prefix}{name}[{n}]", entry) for n, entry in enumerate(value)]

        return cls(
            directories={
                name: tuple(_folder(*entry) for entry in entries(name))
                for name in DIRECTORIES
                if entries(name)
            },
            readable=tuple(_path(*entry) for entry in entries("readable_paths")),
            writable=tuple(_writable(*entry) for entry in entries("writable_paths")),
            devices=tuple(_device(*entry) for entry in entries("devices")),
            outgoing=_outgoing(entries("outgoing")),
            realtime=_priority(f"{prefix}realtime", said.get("realtime")),
            jit=_switch(f"{prefix}jit", said.get("jit")),
            prefix=prefix,
        )

    def assignments(
        self, level: str, closed: t.Mapping[str, t.Any]
    ) -> dict[str, t.Any]:
        """The directives to lay over those of a level, which are in `closed`."""
        more: dict[str, t.Any] = {
            DIRECTORIES[name]: list(folders)
            for name, folders in self.directories.items()
        }
        read_only = self.directories.get("configuration_directory")
        if read_only and "ProtectSystem" in closed:
            # Where systemd has to make it, it gives it to the service, to write to.
            more["ReadOnlyPaths"] = [f"/etc/{folder}" for folder in read_only]
        more.update(self._paths(closed))
        if self.devices and "PrivateDevices" in closed:
            more["PrivateDevices"] = False
            more["DevicePolicy"] = "closed"
            more["DeviceAllow"] = [f"{one.node} {one.access}" for one in self.devices]
        groups = sorted({one.group for one in self.devices if one.group})
        if groups:
            more["SupplementaryGroups"] = groups
        if self.outgoing and "any" not in self.outgoing:
            more["IPAddressDeny"] = "any"
            more["IPAddressAllow"] = list(self.outgoing)
        if self.realtime:
            if "RestrictRealtime" in closed:
                more["RestrictRealtime"] = False
            if "SystemCallFilter" in closed:
                more["SystemCallFilter"] = [_REALTIME_CALLS]
            more["LimitRTPRIO"] = self.realtime
        if self.jit and "MemoryDenyWriteExecute" in closed:
            more["MemoryDenyWriteExecute"] = False
        return more

    def asked_by(self, directive: str) -> str:
        """Which needs set a directive, as the user calls them."""
        names = _ASKED_BY.get(directive, ())
        return " or ".join(f"{self.prefix}{name}" for name in names) or "a need"

    def _paths(self, closed: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Paths that a level hides are put back one by one; others stay in place."""
        if not closed:
            return {}
        more: dict[str, t.Any] = {}
        wanted = (*self.readable, *self.writable)
        if "ProtectHome" in closed and any(_below(path, _HOMES) for path in wanted):
            more["ProtectHome"] = "tmpfs"
            # systemd 247 leaves the stand-ins of the homes writable, and makes the
            # folders on the way with the service's own UMask.
            ways = {way for path in wanted for way in _ways(path)}
            more["TemporaryFileSystem"] = [
                _bind(f"{way}:ro,mode=0755") for way in sorted({*_HOMES, *ways})
            ]
        if self.readable:
            more["BindReadOnlyPaths"] = [_bind(path) for path in self.readable]
        hidden = [path for path in self.writable if _below(path, _HIDDEN)]
        if hidden:
            more["BindPaths"] = [_bind(path) for path in hidden]
        others = [path for path in self.writable if path not in hidden]
        if others:
            more["ReadWritePaths"] = others
        return more


def _below(path: str, folders: t.Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _ways(path: str) -> list[str]:
    """The folders between a home directory's place and a path in it."""
    folders, above = [], posixpath.dirname(path)
    while _below(above, _HOMES) and above not in _HOMES:
        folders.append(above)
        above = posixpath.dirname(above)
    return folders


def _bind(path: str) -> dict[str, str]:
    """One entry in the syntax of BindPaths=, where a blank would part two of them."""
    from .._units.quote import path as quoted

    return {"expand": quoted(path)}


def _text(where: str, value: t.Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidNeed(f"{where} must be text, not {value!r}")
    return value


def _folder(where: str, value: t.Any) -> str:
    name = _text(where, value)
    if not _FOLDER.match(name) or {".", ".."} & set(name.split("/")):
        raise InvalidNeed(
            f"{where}: {name!r} is not the name of a folder such as 'shop' or "
            "'shop/data'; where it lies is for systemd to say"
        )
    if name.split("/")[0] == "private":
        raise InvalidNeed(f"{where}: 'private' is systemd's own folder")
    return name


def _path(where: str, value: t.Any) -> str:
    path = _text(where, value)
    if not path.strip("/"):
        raise InvalidNeed(
            f"{where}: / is everything, which would undo the level; name the folders"
        )
    path = path.rstrip("/")
    if not path.startswith("/") or posixpath.normpath(path) != path:
        raise InvalidNeed(
            f"{where}: {path!r} must be absolute, without '.', '..' and '//'"
        )
    if _below(path, _KERNEL):
        raise InvalidNeed(
            f"{where}: {path} is the kernel's and cannot be opened as a path; "
            "devices have a variable of their own, and what hides the rest is one "
            "directive to except: ProcSubset, ProtectKernelTunables"
        )
    if re.search(r"[:\"'\\\n\r\0]", path):
        raise InvalidNeed(
            f"{where}: {path!r} holds a colon, a backslash, a quote or a line break, "
            "which versions of systemd read differently"
        )
    return path


def _writable(where: str, value: t.Any) -> str:
    path = _path(where, value)
    if path in ("/run", "/var/run"):
        raise InvalidNeed(
            f"{where}: {path} is closed by ReadOnlyPaths=/run, the stronger of the two; "
            "a directory of its own below it is runtime_directory, and all of it is open "
            "with except: {ReadOnlyPaths: null, ReadWritePaths: [/run]}"
        )
    return path


def _device(where: str, value: t.Any) -> Device:
    if isinstance(value, str):
        value = {"path": value}
    if not isinstance(value, t.Mapping) or not {"path"} <= set(value) <= {
        "path",
        "access",
        "group",
    }:
        raise InvalidNeed(
            f"{where} must be a device such as /dev/ttyS0, or a mapping with path and, "
            "where they are needed, access and group"
        )
    node = _text(where, value["path"])
    if not _DEVICE.match(node) or ".." in node.split("/"):
        raise InvalidNeed(
            f"{where}: {node!r} is no device below /dev and no class such as char-tty"
        )
    access = value.get("access", "rw")
    if not isinstance(access, str) or not _ACCESS.match(access):
        raise InvalidNeed(
            f"{where}: access is r, w and m in this order, not {access!r}"
        )
    group = value.get("group")
    if group is not None and (not isinstance(group, str) or not _GROUP.match(group)):
        raise InvalidNeed(f"{where}: {group!r} is not the name of a group")
    return Device(node, access, group)


def _outgoing(entries: list[tuple[str, t.Any]]) -> tuple[str, ...]:
    from .._values.network import prefix_problem

    for where, value in entries:
        address = _text(where, value)
        if address in _WORDS:
            continue
        if prefix_problem(address, 247):
            raise InvalidNeed(
                f"{where}: {address!r} is neither an address nor a prefix such as "
                f"192.0.2.0/24, nor one of {', '.join(_WORDS)}; names are not looked up"
            )
    found = tuple(value for _where, value in entries)
    if "any" in found and len(found) > 1:
        raise InvalidNeed(
            f"{entries[found.index('any')][0]}: 'any' leaves nothing for the others to say"
        )
    return found


def _priority(where: str, value: t.Any) -> int:
    if value in (None, ""):
        return 0
    priority = whole_number(value)
    if priority is None or priority > 99:
        raise InvalidNeed(
            f"{where} is the highest real-time priority to take, 1 to 99 (0 is none), "
            f"not {shown(value)}"
        )
    return priority


def _switch(where: str, value: t.Any) -> bool:
    if value in (None, "", False):
        return False
    if value is True:
        return True
    raise InvalidNeed(f"{where} must be true or false, not {value!r}")
