# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What changes the releases of one service on a host; `tree.py` reads them.

A release is made complete in a hidden sibling and renamed; `current` is switched by
renaming a fresh link over it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
import typing as t

from .._host.files import (
    exchange,
    fresh_path,
    remove,
    sync_folder,
    sync_tree,
    turn_link,
    write_json,
)
from .archive import UnsafeArchive, judge, programs, resolve
from .tree import Tree
from .version import MARKER, Installed, InvalidRelease

if t.TYPE_CHECKING:  # it brings tarfile, zipfile and lzma: for what is unpacked only
    from .unpack import Source

# What a run that was killed leaves in the folder: `mkdtemp` and `remove` name it so.
_LEFT_BEHIND = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._+~-]*\.(?:[a-z0-9_]{8}|gone)\Z")


class Releases(Tree):
    """The releases of one service, to change. Its methods raise OSError as the disk does."""

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

    def remove(self, version: str) -> None:
        """Take a release away; it is hidden first, so that no half of it is ever seen."""
        hidden = os.path.join(self.folder, f".{version}.gone")
        _clear(hidden)
        os.rename(self.path(version), hidden)
        shutil.rmtree(hidden)

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
