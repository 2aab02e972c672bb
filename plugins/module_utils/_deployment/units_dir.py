# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The units of one service on a host: the files, and what the manager says of them."""

from __future__ import annotations

import contextlib
import glob
import os
import typing as t

from .._host.files import owner_and_mode, read_text
from .._host.manager import Manager
from .._release.tree import Tree
from .access import OURS, Access
from .generation import Generation, owner_of
from .transition import Present, UnitState

FOLDER = "/etc/systemd/system"
_SEARCH_PATH = (FOLDER, "/run/systemd/system", "/usr/lib/systemd/system")
_SUFFIXES = (".service", ".socket", ".path", ".timer")
_PROPERTIES = (
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NeedDaemonReload",
    "FragmentPath",
    "DropInPaths",
)


def read_present(
    releases: Tree,
    names: t.Collection[str],
    manager: Manager,
    deployed: Generation | None = None,
) -> Present:
    """A service as it is: its unit files, their states, its release.

    `names` are units to ask about whether they have a file or not: those that will be,
    and those that were and may be active still. `deployed` is what is on record.
    """
    files = unit_files(releases.name, names)
    current = releases.current()
    there = releases.installed(current) if current else None
    return Present(
        generation=Generation(
            releases.name,
            files,
            current,
            there.digest if there else None,
            deployed.start if deployed else "on_demand",
        ),
        recorded=deployed,
        states=read_states(sorted({*files, *names}), manager),
        access=differing_access(files),
    )


def differing_access(units: t.Iterable[str]) -> dict[str, Access]:
    """The unit files that have another owner or mode than we give them."""
    found = {unit: owner_and_mode(os.path.join(FOLDER, unit)) for unit in units}
    return {u: Access(*there) for u, there in found.items() if there and there != OURS}


def unit_files(name: str, wanted: t.Collection[str]) -> dict[str, str]:
    """The unit files that belong to the service, or stand where one of its own will."""
    files = {}
    for unit in sorted(os.listdir(FOLDER)):
        if not unit.endswith(_SUFFIXES):
            continue
        path = os.path.join(FOLDER, unit)
        if os.path.islink(path):  # an alias, or a mask
            continue
        if unit in wanted or unit.startswith(name):
            text = read_text(path)
            if text is not None and (unit in wanted or owner_of(text) == name):
                files[unit] = text
    return files


def read_states(units: t.Sequence[str], manager: Manager) -> dict[str, UnitState]:
    """What the manager says of each unit, in one command, and what the disk says of
    its start at boot: `UnitFileState` is remembered until the next daemon-reload, and a
    run that was interrupted may have changed links without one."""
    linked = linked_units()
    states = {}
    for unit, shown in manager.show(units, _PROPERTIES).items():
        known = shown.get("DropInPaths", "").split()
        unread = _unread_drop_ins(unit, known)
        states[unit] = UnitState(
            load=shown.get("LoadState", ""),
            active=shown.get("ActiveState", ""),
            enabled="enabled" if unit in linked else _else(shown),
            needs_reload=bool(unread) or shown.get("NeedDaemonReload") == "yes",
            fragment=_there(shown.get("FragmentPath", "")),
            drop_ins=(*known, *unread),
        )
    return states


def _unread_drop_ins(unit: str, known: t.Collection[str]) -> list[str]:
    """Drop-ins that the manager has not read.

    It says so itself only where the folder was there at its last reload: it looks for
    new ones in a cache of its search path (systemd 247 to 262).
    """
    read = {os.path.basename(path) for path in known}
    unread = []
    for folder in _SEARCH_PATH:
        place = os.path.join(folder, f"{unit}.d")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            unread += [
                os.path.join(place, name)
                for name in sorted(os.listdir(place))
                if name.endswith(".conf") and name not in read
            ]
    return unread


def linked_units() -> set[str]:
    """The units that another one wants, requires or upholds by a link of the host's."""
    return {
        unit
        for kind in ("wants", "requires", "upholds")
        for folder in glob.glob(f"{FOLDER}/*.{kind}")
        for unit in os.listdir(folder)
    }


def _else(shown: t.Mapping[str, str]) -> str:
    said = shown.get("UnitFileState", "")
    return "disabled" if said == "enabled" else said


def _there(path: str) -> str:
    """The path, unless its file has gone and the manager has not been told yet."""
    return path if os.path.lexists(path) else ""
