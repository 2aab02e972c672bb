# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The releases of one service on a host: `/opt/<name>/releases/<version>` and `current`.

A release is made complete in a hidden sibling and renamed; `current` is switched by
renaming a fresh link over it. Which release came when is read from a record and from
the link, never from dates.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import typing as t
from dataclasses import dataclass

from .._host.files import (
    exchange,
    fresh_path,
    read_json,
    remove,
    sync_folder,
    sync_tree,
    turn_link,
    write_json,
)
from .archive import MARKER, UnsafeArchive, judge, programs, resolve

if t.TYPE_CHECKING:  # it brings tarfile, zipfile and lzma: for what is unpacked only
    from .unpack import Source

OPT = "/opt"
STATE = "/var/lib/activated.services"

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}\Z")


# What a run that was killed leaves in the folder: `mkdtemp` and `remove` name it so.
_LEFT_BEHIND = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._+~-]*\.(?:[a-z0-9_]{8}|gone)\Z")


class InvalidRelease(ValueError):
    """A release that cannot be installed as asked; the message names the option."""


def check_version(version: str) -> str:
    """The version, if it can name a folder; else InvalidRelease."""
    if not _VERSION.match(version):
        raise InvalidRelease(
            f"version {version!r} cannot name a release: letters, digits and . _ + ~ - "
            "only, at most 100 of them, the first a letter or a digit"
        )
    return version


@dataclass(frozen=True)
class Installed:
    """What a release below `/opt` was made of."""

    digest: str
    strip_components: int = 0


class Releases:
    """The release tree of one service. Its methods raise OSError as the disk does."""

    def __init__(self, name: str, opt: str = OPT, state: str = STATE) -> None:
        self.name = name
        self.root = os.path.join(opt, name)
        self.folder = os.path.join(self.root, "releases")
        self.link = os.path.join(self.root, "current")
        self.state = os.path.join(state, name)
        self.lock = os.path.join(self.state, "lock")
        self._record = os.path.join(self.state, "releases.json")

    # -- reading ----------------------------------------------------------------------

    def path(self, version: str) -> str:
        return os.path.join(self.folder, version)

    def current(self) -> str | None:
        """The version that `current` points at, or None.

        Raises InvalidRelease when something else stands in its place.
        """
        try:
            target = os.readlink(self.link)
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise InvalidRelease(
                f"{self.link} is no link ({exc.strerror}); move it away"
            ) from exc
        folder, version = os.path.split(os.path.join(self.root, target.rstrip("/")))
        if os.path.normpath(folder) != self.folder or not _VERSION.match(version):
            raise InvalidRelease(
                f"{self.link} leads to {target}, which is none of the releases in "
                f"{self.folder}; move it away"
            )
        return version

    def installed(self, version: str) -> Installed | None:
        """What is installed as `version`; None where nothing of ours is."""
        marker = read_json(os.path.join(self.path(version), MARKER))
        if not isinstance(marker, dict) or "digest" not in marker:
            return None
        return Installed(marker["digest"], int(marker.get("strip_components", 0)))

    def versions(self) -> list[str]:
        """The installed versions, by name."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(n for n in names if n[:1] != "." and self.installed(n))

    def history(self) -> list[str]:
        """The versions in the order in which each last became current."""
        record = read_json(self._record)
        order = record.get("history", []) if isinstance(record, dict) else []
        return [version for version in order if isinstance(version, str)]

    def previous(self) -> str | None:
        """The version that was current before the present one, if still installed."""
        current, history = self.current(), self.history()
        if current in history:
            # What comes after it never became current: a switch was interrupted.
            history = history[: history.index(current)]
        for version in reversed(history):
            if version != current and self.installed(version):
                return version
        return None

    def surplus(
        self,
        keep: int,
        coming: str | None = None,
        in_use: t.Collection[str] = (),
    ) -> list[str]:
        """The versions that retention would take once `coming` is current.

        The current release, the previous one, and those `in_use` are never among them.
        """
        current = coming or self.current()
        before = self.current() if coming and coming != self.current() else None
        spared = {current, before or self.previous()}
        installed = self.versions()
        history = self.history()
        by_age = sorted(
            (v for v in installed if v not in spared and v not in in_use),
            key=lambda v: history.index(v) if v in history else -1,
        )
        room = max(keep - sum(1 for version in spared if version), 0)
        return by_age[: max(len(by_age) - room, 0)]

    # -- writing ----------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the folders, root's and readable by all, and clear what a crash left.

        Raises InvalidRelease as `check_place` does.
        """
        os.makedirs(self.folder, mode=0o755, exist_ok=True)
        os.makedirs(self.state, mode=0o755, exist_ok=True)
        self.check_place()
        for name in os.listdir(self.folder):
            if _LEFT_BEHIND.match(name):
                _clear(os.path.join(self.folder, name))

    def check_folders(self) -> None:
        """Raise InvalidRelease where somebody else could turn the folders elsewhere.

        Whoever can write to `/opt/<name>` could have root write and remove anywhere.
        """
        for path in (self.root, self.folder):
            try:
                found = os.lstat(path)
            except FileNotFoundError:
                return
            if not stat.S_ISDIR(found.st_mode):
                raise InvalidRelease(f"{path} is no folder; move it away")
            if found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise InvalidRelease(
                    f"{path} can be written to by others than root (user "
                    f"{found.st_uid}, mode {found.st_mode & 0o7777:04o}); releases "
                    f"are only safe where it cannot: chown root:root {path} && "
                    f"chmod 0755 {path}"
                )

    def check_place(self) -> None:
        """Raise InvalidRelease as `check_folders` does, and where `current` leads to what
        is not ours."""
        self.check_folders()
        current = self.current()
        if (
            current
            and os.path.exists(self.path(current))
            and not self.installed(current)
        ):
            raise InvalidRelease(
                f"{self.link} leads to {self.path(current)}, which was not made by this "
                "collection; give the service another name, or move both away"
            )

    def install(
        self,
        source: Source,
        version: str,
        what: Installed,
        needs: t.Sequence[str] = (),
        replace: bool = False,
    ) -> None:
        """Unpack `source` as `version`: wholly, synced to disk, or not at all.

        `needs` names programs that must be in it. Raises UnsafeArchive and
        InvalidRelease for the source, OSError for the disk; nothing is left behind.
        """
        check_programs(source, what.strip_components, needs)
        partial = tempfile.mkdtemp(dir=self.folder, prefix=f".{version}.")
        try:
            os.chmod(partial, 0o755)
            source.unpack(partial, what.strip_components)
            write_json(
                os.path.join(partial, MARKER),
                {"digest": what.digest, "strip_components": what.strip_components},
                0o644,
            )
            sync_tree(partial)
            if replace and os.path.lexists(self.path(version)):
                exchange(partial, self.path(version))
            else:
                os.rename(partial, self.path(version))
            sync_folder(self.folder)
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise InvalidRelease(
                    f"no space is left in {self.folder} for version {version}; nothing "
                    "was kept of it. Make room, or lower keep"
                ) from exc
            raise
        finally:
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(partial)

    def switch(self, version: str) -> None:
        """Make `version` current, and remember the one before."""
        latest = [v for v in (self.current(), version) if v]
        order = [v for v in self.history() if v not in latest and self.installed(v)]
        self.remember([*order, *dict.fromkeys(latest)])
        turn_link(self.link, os.path.join("releases", version))

    def remember(self, history: t.Sequence[str]) -> None:
        """Write down which versions were current, the latest last."""
        if history:
            write_json(self._record, {"history": list(history)})
        else:
            remove(self._record)

    @property
    def staged(self) -> list[str]:
        """What a run that was killed may have staged, and nobody will take any more."""
        return [fresh_path(self.link), fresh_path(self._record)]

    def remove(self, version: str) -> None:
        """Take a release away; it is hidden first, so that no half of it is ever seen."""
        hidden = os.path.join(self.folder, f".{version}.gone")
        _clear(hidden)
        os.rename(self.path(version), hidden)
        shutil.rmtree(hidden)

    def present(self) -> bool:
        """Whether there is anything that `remove_all` would take away."""
        return bool(self.versions()) or os.path.lexists(self._record)

    def remove_all(self) -> None:
        """Take away the releases that this collection made, and the link to one.

        What somebody else keeps there, and a link to it, is left alone. Raises
        InvalidRelease as `check_folders` does.
        """
        self.check_folders()
        versions = self.versions()
        try:
            linked = self.current() in versions
        except InvalidRelease:
            linked = False
        if linked:
            _clear(self.link)
        for version in versions:
            self.remove(version)
        for path in (fresh_path(self.link), self._record):
            _clear(path)
        self.tidy()

    def tidy(self) -> None:
        """Take empty folders away: those of a service without a release."""
        for path in (self.folder, self.root):
            with contextlib.suppress(OSError):
                os.rmdir(path)
        self.forget()

    def forget(self) -> None:
        """Take the service's state folder away, if nothing but the lock is in it."""
        with contextlib.suppress(OSError):
            if os.listdir(self.state) in ([], ["lock"]):
                _clear(self.lock)
                os.rmdir(self.state)
                os.rmdir(os.path.dirname(self.state))


def _clear(path: str) -> None:
    """Take away whatever is at `path`, without following it; no error for nothing."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def digest_of(path: str) -> str:
    """What a file is, as `sha256:…`. Raises InvalidRelease where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1024 * 1024), b""):
                digest.update(block)
    except OSError as exc:
        raise InvalidRelease(f"src cannot be read: {exc.strerror}: {path}") from exc
    return f"sha256:{digest.hexdigest()}"


def check_programs(source: Source, strip: int, needs: t.Sequence[str]) -> None:
    """Refuse a source that lacks a program, or holds it without the right to run it."""
    try:
        members = judge(source.members(), strip)
    except UnsafeArchive as exc:
        raise UnsafeArchive(f"src: {exc}") from exc
    runnable = programs(members)
    names = {member.name for member in members if member}
    for program in needs:
        name = os.path.normpath(program)
        try:
            leads_to = resolve(name, members)
        except UnsafeArchive as exc:
            raise InvalidRelease(f"the program {program!r}: {exc}") from exc
        if leads_to in runnable:
            continue
        there = leads_to in names
        raise InvalidRelease(
            f"the program {program!r} "
            + (
                "is in the release, but cannot be run"
                if there
                else "is not in the release"
            )
            + _nearest(name, runnable)
        )


def _nearest(name: str, runnable: t.Collection[str]) -> str:
    base = os.path.basename(name)
    same = sorted(n for n in runnable if os.path.basename(n) == base)
    some = same[:3] or sorted(runnable, key=lambda n: (n.count("/"), n))[:5]
    if not some:
        return "; no file in it can be run"
    hint = " (is strip_components missing?)" if same else ""
    return f"; what can be run there: {', '.join(some)}{hint}"
