# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Drop-ins: whose they are, and in which order systemd reads them (systemd.unit(5))."""

from __future__ import annotations

import re
import typing as t

from .unit_name import (
    SUFFIXES,
    InvalidUnitName,
    checked_unit_name,
    is_unit_name,
    template_of,
)

_DROP_IN: t.Final = re.compile(
    r"(?P<owner>[^/]+)\.d/(?P<file>[^/.\x00-\x1f\x7f][^/\x00-\x1f\x7f]*\.conf)"
)


def is_drop_in(file: str) -> bool:
    """Tell whether a name is one of a drop-in, such as `a.service.d/10-b.conf`."""
    match = _DROP_IN.fullmatch(file)
    return match is not None and (
        is_unit_name(match["owner"]) or match["owner"] in SUFFIXES
    )


def owner(file: str) -> str:
    """Give the unit that a file is, or is a part of, by its name below a unit path.

    `service.d/10-a.conf` is a part of every service; it is given the name `-.service`.
    Raises InvalidUnitName for a name that neither a unit nor a drop-in can have.
    """
    match = _DROP_IN.fullmatch(file)
    name = match["owner"] if match else file
    if match and name in SUFFIXES:
        return f"-.{name}"
    if not is_unit_name(name):
        raise InvalidUnitName(f"{file!r} is not the name of a unit or a drop-in")
    return name


def checked_files(files: t.Iterable[str]) -> list[str]:
    """Give the names of units and their drop-ins, the units first, each in order.

    Raises InvalidUnitName for a name that is neither, and for a drop-in whose unit is
    not among them, unless it is one that units share.
    """
    names = sorted(files)
    parts = [name for name in names if is_drop_in(name)]
    units = [checked_unit_name(name) for name in names if name not in parts]
    for part in parts:
        unit = owner(part)
        if unit not in units and not is_shared(unit):
            raise InvalidUnitName(
                f"{part!r} is a part of {unit}, whose text is not among the units"
            )
    return [*units, *parts]


def is_shared(name: str) -> bool:
    """Tell whether drop-ins of that owner are parts of many units, as `app-.service`."""
    return name.rpartition(".")[0].endswith("-")


class Folders(t.Dict[str, t.Dict[str, str]]):
    """Drop-ins by what they are a part of and their own names (`by_folder`)."""


def by_folder(files: t.Iterable[str]) -> Folders:
    """Give the drop-ins among files by the names of their folders, without `.d`."""
    found = Folders()
    for file in files:
        match = _DROP_IN.fullmatch(file)
        if match:
            found.setdefault(match["owner"], {})[match["file"]] = file
    return found


def drop_ins_of(name: str, files: t.Iterable[str] | Folders) -> list[str]:
    """Give those of the files that systemd merges into a unit, in its order.

    `files` are names such as `a.service.d/10-b.conf`, or `by_folder` of them. The order is that of the file
    names, whatever folder each is in; of two with one name the folder that is nearer
    to the unit's own name counts.
    """
    folders = files if isinstance(files, Folders) else by_folder(files)
    chosen: dict[str, str] = {}
    for folder in _folders(name):
        for file, whole in folders.get(folder, {}).items():
            chosen.setdefault(file, whole)
    return [chosen[file] for file in sorted(chosen)]


def _folders(name: str) -> t.Iterator[str]:
    """The folders of a unit's drop-ins without their `.d`, its own first."""
    yield name
    template = template_of(name)
    if template:
        yield template
    prefix, _dot, kind = name.rpartition(".")
    parts = prefix.split("-")
    for count in range(len(parts) - 1, 0, -1):
        yield "-".join(parts[:count]) + f"-.{kind}"
    yield kind
