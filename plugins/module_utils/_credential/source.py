# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Where credentials come from on a host, and where a running service sees them."""

from __future__ import annotations

import errno
import os
import stat

from .._host.proc import Proc
from .credential import TOTAL_MAX, InvalidCredential

# Where systemd looks for what ImportCredential= names (systemd.exec(5)).
STORES = (
    "/etc/credstore",
    "/run/credstore",
    "/usr/local/lib/credstore",
    "/usr/lib/credstore",
)
# What the manager itself was given, by a virtual machine or the boot loader, is looked
# at before them (systemd.exec(5), ImportCredential=); where it got none, neither is there.
RECEIVED = {
    ".encrypted": "/run/credentials/@encrypted",
    "": "/run/credentials/@system",
}
SEEN = "/run/credentials"
_LINKS_MAX = 40


def content(name: str, path: str) -> bytes:
    """What a file holds that a service is to load as a credential.

    Raises InvalidCredential for what systemd would not load, for what it would skip in
    silence, and for a file that any user of the host could exchange.
    """
    where = f"credential {name}"
    try:
        # What has become a FIFO since is not waited for.
        handle = os.open(_follow(where, path), os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        lost = (
            f" (it leads to {os.path.realpath(path)})" if os.path.islink(path) else ""
        )
        raise InvalidCredential(
            f"{where}: {path} is not there{lost}; systemd would not start the service, "
            "or start it without"
        ) from None
    except OSError as exc:
        # A socket cannot even be opened.
        why = "is a socket" if exc.errno == errno.ENXIO else exc.strerror
        raise InvalidCredential(f"{where}: {path}: {why}") from exc
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise InvalidCredential(
                f"{where}: {path} is {_kind(info.st_mode)}; give a regular file"
            )
        # The kernel's own files have no size before they are read.
        data = b""
        if info.st_size <= TOTAL_MAX:
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(TOTAL_MAX + 1)
        size = max(info.st_size, len(data))
        if size > TOTAL_MAX:
            raise InvalidCredential(
                f"{where}: {path} has {size} bytes; systemd loads {TOTAL_MAX} for all "
                "credentials of a service together"
            )
        return data
    finally:
        os.close(handle)


def matching(pattern: str) -> list[tuple[str, str]]:
    """The names that ImportCredential= takes, and their files.

    What was received comes before the stores, the first store that has a name wins,
    and plain before encrypted (257 and 262, observed).
    """
    found: dict[str, str] = {}
    for ending in ("", ".encrypted"):
        for store in (RECEIVED[ending], *(f"{store}{ending}" for store in STORES)):
            try:
                names = os.listdir(store)
            except OSError:
                continue
            for name in names:
                path = os.path.join(store, name)
                if _fits(name, pattern) and os.path.isfile(path):
                    found.setdefault(name, path)
    return sorted(found.items())


def imported(label: str, pattern: str) -> bytes:
    """What is stored under a pattern, as one sequence of bytes that tells changes.

    Raises InvalidCredential where nothing matches: systemd would say nothing.
    """
    parts = []
    for _name, path in matching(pattern):
        with open(path, "rb") as file:
            data = file.read()
        parts.append(f"{path}\0{len(data)}\0".encode() + data)
    if not parts:
        raise InvalidCredential(
            f"credential {label}: nothing in {STORES[0]} or {STORES[0]}.encrypted "
            f"matches {pattern}; systemd would start the service without. Store it with "
            "activated.services.credential"
        )
    return b"".join(parts)


def check_propagation(systemd: int, proc: Proc) -> None:
    """Raise InvalidCredential where a mount of systemd's child does not come back.

    Until 257 systemd mounts a service's credentials in a child process and relies on
    shared propagation, which containers do not set up: the service would start, with an
    empty folder or one that it cannot read, and nothing would say so.
    """
    if systemd > 257:
        return
    covering = [
        m for m in proc.mounts(1) if f"{SEEN}/".startswith(m.point.rstrip("/") + "/")
    ]
    if not covering:
        return
    deepest = max(covering, key=lambda m: len(m.point))  # the last one of several wins
    if not deepest.shared:
        raise InvalidCredential(
            f"credentials cannot work here: {deepest.point} of PID 1 is mounted without "
            f"shared propagation, as in containers, and systemd {systemd} mounts "
            "credentials in a child process. Run `mount --make-rshared /` before systemd "
            "starts, or as root now"
        )


def seen(unit: str) -> dict[str, bytes]:
    """What a running service sees: its credentials by name."""
    folder = os.path.join(SEEN, unit)
    found = {}
    try:
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
    except OSError:
        return found
    return found


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _kind(mode: int) -> str:
    for test, said in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a FIFO"),
    ):
        if test(mode):
            return said
    return "a device"


def _follow(where: str, path: str) -> str:
    """The file that a path leads to, when nobody but its owners can lead it elsewhere.

    PID 1 reads it as root: whoever may write to a folder on the way, or owns a link on
    it, could have it read any file of the host. Raises InvalidCredential and OSError.
    """
    rest, here, links = path.split("/")[1:], "/", 0
    planted: list[tuple[str, int]] = []
    while rest:
        part = rest.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            here = os.path.dirname(here)
            continue
        step = os.path.join(here, part)
        info = os.lstat(step)
        if stat.S_ISLNK(info.st_mode):
            links += 1
            if links > _LINKS_MAX:
                raise InvalidCredential(f"{where}: {path} goes round in links")
            if info.st_uid:
                planted.append((step, info.st_uid))
            target = os.readlink(step)
            rest = target.split("/") + rest
            here = "/" if target.startswith("/") else here
            continue
        if stat.S_ISDIR(info.st_mode) or stat.S_ISREG(info.st_mode):
            sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
            if info.st_mode & 0o002 and not sticky:
                raise InvalidCredential(
                    f"{where}: {path} leads through {step}, which every user of the host "
                    f"can write to; chmod o-w {step}"
                )
        here = step
    owner = os.stat(here).st_uid
    for link, uid in planted:
        if uid != owner:
            raise InvalidCredential(
                f"{where}: {link} is a link of user {uid} and leads outside, to {here} "
                f"of user {owner}; give the path of the file itself"
            )
    return here
