# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The store of credentials on a host, and the door to systemd-creds.

Secrets go to systemd-creds on its standard input and come back on its standard output:
they are never among its arguments, and never in a file but the store's own.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import typing as t
from datetime import datetime, timedelta

from .._host.files import remove, sync_folder, unstage, write_file
from .credential import Credential, systemd_time
from .plan import EXPOSED, LOST

Pipe = t.Callable[[t.Sequence[str], bytes], t.Tuple[int, bytes, str]]
"""``pipe(argv, data) -> (rc, out, err)``: a command that reads `data`."""

# Whatever has no expiry is valid then.
_LATE = "2199-01-01 00:00:00 UTC"
HOST_KEY = "/var/lib/systemd/credential.secret"


class UnusableStore(RuntimeError):
    """The host's store cannot keep a secret as it is; the message says the way out."""


class Sealed(RuntimeError):
    """Ciphertext that this host does not open under that name; the message says why."""


def pipe(argv: t.Sequence[str], data: bytes) -> tuple[int, bytes, str]:
    """Run a command on its standard input."""
    env = {**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_LOG_COLOR": "0"}
    done = subprocess.run(
        list(argv), input=data, capture_output=True, check=False, env=env
    )
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


class Sealer:
    """What is asked of systemd-creds. Its methods raise Sealed."""

    def __init__(self, run: Pipe = pipe) -> None:
        self._run = run

    def seal(self, name: str, content: bytes, not_after: datetime | None) -> bytes:
        """Ciphertext that is bound to the name and to this host, its TPM included where
        it has one (``--with-key=auto``)."""
        argv = ["systemd-creds", "encrypt", f"--name={name}"]
        if not_after:
            argv.append(f"--not-after={systemd_time(not_after)}")
        rc, out, err = self._run([*argv, "-", "-"], content)
        if rc or not out:
            raise Sealed(f"systemd-creds cannot encrypt {name}: {_said(err)}")
        return out

    def open(self, name: str, ciphertext: bytes, at: str = "now") -> bytes:
        """The content, if it is valid at that time (systemd.time(7))."""
        argv = ["systemd-creds", "decrypt", f"--name={name}", f"--timestamp={at}"]
        rc, out, err = self._run([*argv, "-", "-"], ciphertext)
        if rc:
            raise Sealed(why_sealed(name, _said(err)))
        return out

    def lasts(self, name: str, ciphertext: bytes, until: str) -> bytes | None:
        """The content, if it expires at that very second, or never for ''; else None."""
        try:
            content = self.open(name, ciphertext, until or _LATE)
        except Sealed:
            return None
        if until:
            end = datetime.strptime(until, "%Y-%m-%d %H:%M:%S UTC")
            try:
                self.open(name, ciphertext, systemd_time(end + timedelta(seconds=1)))
            except Sealed:
                return content
            return None
        return content


def why_sealed(name: str, said: str) -> str:
    """What systemd-creds said, for people, with the way out."""
    bound = re.search(r"Embedded credential name '([^']*)'", said)
    if bound:
        return (
            f"credential {name}: this ciphertext is bound to the name {bound[1]!r}; "
            f"encrypt it again with --name={name}"
        )
    if "time passed" in said:
        return f"credential {name}: it has expired; encrypt it again"
    if "No such file" in said and "local credential key" in said:
        return (
            f"credential {name}: the host's key {HOST_KEY} is missing, so nothing that "
            "was encrypted with it can be opened; encrypt it again on this host"
        )
    if re.search(r"[Dd]ecryption failed|Bad message|Broken pipe|too short|TPM", said):
        return (
            f"credential {name}: this host does not open that ciphertext ({said}); it is "
            "damaged, or was made on another host. Encrypt it again here with "
            "systemd-creds encrypt"
        )
    return f"credential {name}: systemd-creds cannot decrypt it: {said}"


class Store:
    """Files in one of the two stores. A place is an absolute path there."""

    def __init__(self, sealed: bool, sealer: Sealer | None = None) -> None:
        self.sealed = sealed
        self.sealer = sealer or Sealer()

    def state(
        self,
        place: str,
        digest: t.Callable[[bytes], str],
        wish: Credential | None,
        expiries: t.Iterable[str] = ("",),
    ) -> str | None:
        """What a place holds: its digest with its expiry, LOST, EXPOSED, or None where
        there is nothing. `expiries` are those that it may have.

        Raises UnusableStore for a folder.
        """
        try:
            info = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISDIR(info.st_mode):
            raise UnusableStore(
                f"{place} is a folder where a credential is to be; move it away, or "
                "give the credential another name"
            )
        # A link is not followed, and a FIFO is not waited for.
        if not stat.S_ISREG(info.st_mode):
            return LOST
        if info.st_uid or info.st_mode & 0o077:
            return EXPOSED
        there = read(place) or b""
        if not is_sealed(place):
            return digest(there)
        name = os.path.basename(place)
        if wish and wish.kind == "encrypted" and wish.secret != there:
            return LOST
        for until in dict.fromkeys(expiries):
            content = self.sealer.lasts(name, there, until)
            if content is not None:
                return f"{digest(content)}@{until}" if until else digest(content)
        try:
            content = self.sealer.open(name, there)
        except Sealed:
            return LOST
        expiry = "" if wish and wish.kind == "encrypted" else "@another"
        return digest(content) + expiry

    def put(self, place: str, wish: Credential) -> None:
        """Write a credential to its place. Raises Sealed and OSError."""
        data = wish.secret or b""
        if is_sealed(place) and wish.kind == "content":
            name = os.path.basename(place)
            data = self.sealer.seal(name, data, wish.not_after)
            self.sealer.open(name, data)  # what cannot be read again is not written
        self.write(place, data)

    def write(self, place: str, data: bytes) -> None:
        """Put bytes as they are to a place, for root alone."""
        folder = os.path.dirname(place)
        _make_folder(folder)
        write_file(place, data, 0o400)

    def erase(self, place: str) -> None:
        """Take a file away, what a killed run left of it, and its folder if that is
        empty and no store itself."""
        unstage(place)
        remove(place)
        folder = os.path.dirname(place)
        if not _is_store(folder):
            try:
                os.rmdir(folder)
            except OSError:
                return
            sync_folder(os.path.dirname(folder))


def read(place: str) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        with open(place, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_sealed(place: str) -> bool:
    return place.startswith("/etc/credstore.encrypted/")


def check_hands(folder: str) -> None:
    """Raise UnusableStore where others than root could have put what is in a folder of
    a store: they could have it lead anywhere, and any file of the host be taken away."""
    for step in (os.path.dirname(folder), folder):
        try:
            info = os.lstat(step)
        except FileNotFoundError:
            return
        mode = stat.S_IMODE(info.st_mode)
        if stat.S_ISLNK(info.st_mode) or info.st_uid or mode & 0o022:
            raise UnusableStore(
                f"{step} must be a folder of root's alone, and is "
                f"{stat.filemode(info.st_mode)} of user {info.st_uid}: look at what is "
                f"in it, then chown root:root {step} && chmod 0700 {step}"
            )


def listed(folder: str) -> list[str]:
    """The names in a service's folder of a store; none where there is no such folder, or
    a credential of that name outside of any service. Raises UnusableStore."""
    check_hands(folder)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def check_modes(folder: str) -> None:
    """Raise UnusableStore unless a store and what leads to it are root's alone."""
    while folder not in ("/", "/etc"):
        try:
            info = os.lstat(folder)
        except FileNotFoundError:
            folder = os.path.dirname(folder)
            continue
        mode = stat.S_IMODE(info.st_mode)
        if not stat.S_ISDIR(info.st_mode):
            raise UnusableStore(
                f"{folder} is to be a folder, and is none; move it away, or take a "
                "credential of that name out of the store"
            )
        if info.st_uid != 0 or mode & 0o077:
            raise UnusableStore(
                f"{folder} must be root's alone, and is {mode:04o} of user "
                f"{info.st_uid}: chown root:root {folder} && chmod 0700 {folder}; then "
                "change the secrets in it, others may have read them"
            )
        folder = os.path.dirname(folder)


def _make_folder(folder: str) -> None:
    """Make a folder of the store with the mode 0700, whatever the umask is."""
    parent = os.path.dirname(folder)
    if not os.path.isdir(parent):
        _make_folder(parent)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        return
    sync_folder(parent)


def _is_store(folder: str) -> bool:
    return os.path.basename(folder).startswith("credstore")


def _said(err: str) -> str:
    """The last line of what systemd-creds says, without its remark about the disk."""
    lines = [line for line in err.splitlines() if "using anyway" not in line]
    return lines[-1].strip() if lines else "it said nothing"
