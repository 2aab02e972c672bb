# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Files that are there wholly or not at all, links that turn at once, and a lock."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import stat
import time
import typing as t

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


class Locked(RuntimeError):
    """Another run holds the lock for longer than we would wait."""


def owner_and_mode(path: str) -> tuple[int, int] | None:
    """The user that a file belongs to, and its mode; None where there is none."""
    try:
        there = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return there.st_uid, stat.S_IMODE(there.st_mode)


def read_text(path: str) -> str | None:
    """The text of a file, or None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_file(path: str, content: str | bytes, mode: int = 0o644) -> None:
    """Put `content` at `path` in one step, synced to disk, with that mode.

    Whoever reads sees the old content or the new one; a crash leaves one of the two.
    """
    stage_file(path, content, mode)
    put_staged(path)


def stage_file(path: str, content: str | bytes, mode: int = 0o644) -> None:
    """Write `content` beside `path`, synced to disk; what takes room is done then.

    There is one writer at a time, and one name: what a crash leaves goes with the next.
    """
    data = (
        content.encode("utf-8", "surrogateescape")
        if isinstance(content, str)
        else content
    )
    temporary = fresh_path(path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        unstage(path)
        raise


def put_staged(path: str) -> None:
    """Let what was staged take the place of `path`, in one step."""
    try:
        os.rename(fresh_path(path), path)
    except BaseException:
        unstage(path)
        raise
    sync_folder(os.path.dirname(path))


def unstage(path: str) -> None:
    """Take away what was staged for `path`, if anything was."""
    temporary = fresh_path(path)
    # Asked first: a read-only disk refuses to take away even what is not there.
    if os.path.lexists(temporary):
        os.unlink(temporary)


def read_json(path: str) -> t.Any:
    """What a JSON file holds, or None where there is none or it is no JSON."""
    text = read_text(path)
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def write_json(path: str, value: t.Any, mode: int = 0o600) -> None:
    write_file(path, json.dumps(value, indent=2, sort_keys=True) + "\n", mode)


def remove(path: str) -> None:
    """Remove a file or a link, synced; no error where there is none."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
        sync_folder(os.path.dirname(path))


def turn_link(path: str, target: str) -> None:
    """Make the link `path` point at `target`: a fresh link is renamed over the old.

    The caller holds a lock: the fresh link has one name, so that what a crash leaves of
    it goes with the next turn.
    """
    temporary = fresh_path(path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    os.symlink(target, temporary)
    try:
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path))


def fresh_path(path: str) -> str:
    """Where what will be renamed to `path` is made: a hidden sibling."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.new")


def exchange(one: str, other: str) -> None:
    """Let two paths change places in one step (renameat2(2), Linux 3.15)."""
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    if done:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), one)


def sync_folder(path: str) -> None:
    handle = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as exc:
        # A few file systems cannot sync a folder; their renames are ordered all the same.
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def sync_tree(path: str) -> None:
    """Write everything below `path` to disk: one syncfs(2) for its file system."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(handle):
            os.sync()
    finally:
        os.close(handle)


@contextlib.contextmanager
def lock(path: str, timeout: float = 30.0) -> t.Iterator[None]:
    """Hold an exclusive lock on the file `path`; it goes with the process.

    The file and its folder are made where they are not there. Raises Locked when another process holds it for `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # whoever held it took the folder away just now
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before may have taken the file away with the service.
            if os.fstat(handle).st_nlink:
                break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise Locked(
                    f"another run has held {path} for {timeout:.0f} s; "
                    "wait for it, or end it, and run again"
                ) from None
            time.sleep(0.1)
        os.close(handle)
    try:
        yield
    finally:
        os.close(handle)
