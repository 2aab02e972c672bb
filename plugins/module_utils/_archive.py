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

Kind = t.Literal["file", "directory", "symlink", "hardlink", "special"]

# The file that says, inside a release, what it was made of. No archive may bring it.
MARKER = ".activated-release.json"


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
        if not stripped:
            if strip and name and member.kind != "directory":
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
    """The names that can be run once the members are unpacked: programs and links."""
    return {
        member.name
        for member in members
        if member
        and (
            member.kind in ("symlink", "hardlink")
            or (member.kind == "file" and member.executable)
        )
    }


def _clean(name: str) -> str:
    if "\0" in name or "\n" in name:
        raise UnsafeArchive(f"{name!r} holds a NUL or a line break")
    if name.startswith("/"):
        raise UnsafeArchive(f"{name!r} is an absolute path")
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
    if member.name == MARKER:
        raise UnsafeArchive(f"{member.name!r} is a name that the collection keeps")
    if member.kind == "hardlink":
        return replace(member, target=_strip(_clean(member.target), strip))
    if member.kind == "symlink":
        _refuse_outside(member)
    return member


def _refuse_outside(link: Member) -> None:
    where = posixpath.normpath(
        posixpath.join(posixpath.dirname(link.name), link.target)
    )
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
    """Walk a link's target part by part, through other links, as the kernel would."""
    todo = link.target.split("/")
    here = posixpath.dirname(link.name).split("/") if "/" in link.name else []
    for _hop in range(10_000):
        if not todo:
            return
        part = todo.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                raise UnsafeArchive(
                    f"the link {link.name!r} leads outside, to {link.target!r}"
                )
            here.pop()
            continue
        here.append(part)
        found = named.get("/".join(here))
        if found and found.kind == "symlink":
            here.pop()
            todo = found.target.split("/") + todo
            if len(todo) > 4096:
                break
    raise UnsafeArchive(f"the link {link.name!r} goes round in a circle")
