# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What may be in an archive: members are judged before one byte of them is written."""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import dataclass, replace

from .version import MARKER

Kind = t.Literal["file", "directory", "symlink", "hardlink", "special"]

# The kernel follows no more in one path either (path_resolution(7)).
_MAX_LINKS = 40


class UnsafeArchive(ValueError):
    """An archive that cannot be a release; the message names the member."""


@dataclass(frozen=True)
class Member:
    """One entry of an archive, as its headers declare it."""

    name: str
    kind: Kind
    size: int = 0
    executable: bool = False
    target: str = ""
    """Where a link points: as written for a symlink, a member's name for a hard link."""


def judge(members: t.Iterable[Member], strip: int = 0) -> list[Member | None]:
    """The members as they will be unpacked, in their order, `strip` folders less.

    `None` stands for a member that stripping leaves nothing of. Raises UnsafeArchive
    for whatever could reach outside of the release, or be two things at once.
    """
    judged: list[Member | None] = []
    kinds: dict[str, Kind] = {}
    empty = True
    for member in members:
        name = _clean(member.name)
        stripped = _strip(name, strip)
        if stripped.split("/")[0] == MARKER:
            raise UnsafeArchive(
                f"{member.name!r} is a name that the collection keeps for itself"
            )
        if not stripped:
            if member.kind != "directory":
                raise UnsafeArchive(
                    f"{member.name!r} would be lost: strip_components={strip} leaves "
                    "nothing of its name"
                )
            judged.append(None)
            continue
        member = _with_safe_target(replace(member, name=stripped), strip)
        _refuse_a_second(member, kinds)
        kinds[stripped] = member.kind
        judged.append(member)
        empty = empty and member.kind == "directory"
    if empty:
        raise UnsafeArchive("there is no file in it")
    _refuse_links_out(judged)
    return judged


def programs(members: t.Iterable[Member | None]) -> set[str]:
    """The names of the files that can be run once the members are unpacked."""
    found: set[str] = set()
    for member in members:
        if member and (
            (member.kind == "file" and member.executable)
            or (member.kind == "hardlink" and member.target in found)
        ):
            found.add(member.name)
    return found


def resolve(name: str, members: t.Iterable[Member | None]) -> str:
    """What `name` is once the links on its way are followed; members were judged.

    A name that leads nowhere in the archive is given back as far as it leads.
    """
    named = {member.name: member for member in members if member}
    return "/".join(_walk(name.split("/"), [], named, name))


def _clean(name: str) -> str:
    if "\0" in name or "\n" in name:
        raise UnsafeArchive(f"{name!r} holds a NUL or a line break")
    if name.startswith("/"):
        raise UnsafeArchive(f"{name!r} is an absolute path")
    if any(len(part.encode("utf-8", "replace")) > 255 for part in name.split("/")):
        raise UnsafeArchive(f"{name[:60]!r}… is longer than a file's name can be")
    if ".." in name.split("/"):
        raise UnsafeArchive(f"{name!r} leads outside with '..'")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise UnsafeArchive(f"{name!r} is not UTF-8") from None
    clean = posixpath.normpath(name) if name else ""
    return "" if clean == "." else clean


def _strip(name: str, strip: int) -> str:
    return "/".join(name.split("/")[strip:]) if strip else name


def _with_safe_target(member: Member, strip: int) -> Member:
    if member.kind == "special":
        raise UnsafeArchive(
            f"{member.name!r} is a device node, a pipe or of a kind that no release needs"
        )
    if member.kind == "hardlink":
        return replace(member, target=_strip(_clean(member.target), strip))
    if member.kind == "symlink":
        _refuse_outside(member)
    return member


def _refuse_outside(link: Member) -> None:
    where = posixpath.normpath(
        posixpath.join(posixpath.dirname(link.name), link.target)
    )
    if "\0" in link.target:
        raise UnsafeArchive(f"the link {link.name!r} holds a NUL: {link.target!r}")
    if not link.target or link.target.startswith("/") or where.split("/")[0] == "..":
        raise UnsafeArchive(f"the link {link.name!r} leads outside, to {link.target!r}")


def _refuse_a_second(member: Member, kinds: t.Mapping[str, Kind]) -> None:
    before = kinds.get(member.name)
    if before and not (before == member.kind == "directory"):
        raise UnsafeArchive(f"{member.name!r} is in it twice")
    if member.kind == "hardlink" and kinds.get(member.target) != "file":
        raise UnsafeArchive(
            f"the link {member.name!r} leads to {member.target!r}, "
            "which is no file that came before it"
        )


def _refuse_links_out(members: t.Iterable[Member | None]) -> None:
    """No member lies below a file or a link, and no chain of links climbs out."""
    named = {member.name: member for member in members if member}
    for member in named.values():
        parent = posixpath.dirname(member.name)
        while parent:
            above = named.get(parent)
            if above and above.kind != "directory":
                raise UnsafeArchive(
                    f"{member.name!r} lies below {parent!r}, which is a {above.kind}"
                )
            parent = posixpath.dirname(parent)
    for member in named.values():
        if member.kind == "symlink":
            _follow(member, named)


def _follow(link: Member, named: t.Mapping[str, Member]) -> None:
    above = posixpath.dirname(link.name).split("/") if "/" in link.name else []
    _walk(link.target.split("/"), above, named, link.name)


def _walk(
    parts: list[str], here: list[str], named: t.Mapping[str, Member], first: str
) -> list[str]:
    """Go from the folder `here` by `parts`, through links, as the kernel would."""
    todo, links = list(reversed(parts)), 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                raise UnsafeArchive(f"the link {first!r} leads outside, by other links")
            here = here[:-1]
            continue
        here = [*here, part]
        found = named.get("/".join(here))
        if found and found.kind == "symlink":
            links += 1
            if links > _MAX_LINKS:
                raise UnsafeArchive(
                    f"the link {first!r} goes round in a circle, or through more than "
                    f"{_MAX_LINKS} links"
                )
            here = here[:-1]
            todo += reversed(found.target.split("/"))
    return here
