# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The release tree of one service as it is: `/opt/<name>/releases/<version>`, `current`.

Which release came when is read from a record and from the link, never from dates. What
changes the tree is `releases.py`; whoever only asks needs none of it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import typing as t

from .._host.files import fresh_path, read_json
from .version import MARKER, VERSION, Installed, InvalidRelease

OPT = "/opt"
STATE = "/var/lib/activated.services"


class Tree:
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
        if os.path.normpath(folder) != self.folder or not VERSION.match(version):
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

    @property
    def staged(self) -> list[str]:
        """What a run that was killed may have staged, and nobody will take any more."""
        return [fresh_path(self.link), fresh_path(self._record)]

    def present(self) -> bool:
        """Whether there is anything that `remove_all` would take away."""
        return bool(self.versions()) or os.path.lexists(self._record)

    # -- judging ----------------------------------------------------------------------

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
