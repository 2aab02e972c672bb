# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server that does at each request what it was started with, and fails where it cannot.

It does nothing of it before: nobody who looks at its process sees what it will need. It
takes its socket from systemd, or opens the port that is its first argument.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import sys
import typing as t

LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise what a call of the C library has failed with."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}() failed ({number}: {os.strerror(number)})")


def write(path: str) -> None:
    """Write a file."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write("needy\n")


def read(path: str) -> None:
    """Read a file."""
    with open(path, "rb") as file:
        file.read(1)


def family(number: str) -> None:
    """Open a socket of a family."""
    try:
        socket.socket(int(number), socket.SOCK_DGRAM).close()
    except OSError as exc:
        raise OSError(exc.errno, f"socket() failed: {exc.strerror}") from exc


def code(_word: str) -> None:
    """Make code at run time."""
    try:
        mmap.mmap(
            -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        ).close()
    except OSError as exc:
        raise OSError(exc.errno, f"mmap() failed: {exc.strerror}") from exc


def chroot(_word: str) -> None:
    """A call of @privileged that asks for CAP_SYS_CHROOT, too."""
    checked(LIBC.chroot(b"/"), "chroot")


def nice(_word: str) -> None:
    """A call of @resources: a lower priority, which anybody may ask for."""
    checked(LIBC.setpriority(0, 0, 0), "setpriority")


def space(_word: str) -> None:
    """Make a name space of its own for host names."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if LIBC.unshare(0x04000000) == 0 else ctypes.get_errno())
    status = os.waitpid(pid, 0)[1] >> 8
    if status:
        raise OSError(status, f"unshare() failed ({status}: {os.strerror(status)})")


NEEDS: dict[str, t.Callable[[str], None]] = {
    "write": write,
    "read": read,
    "family": family,
    "code": code,
    "chroot": chroot,
    "nice": nice,
    "space": space,
}


def answer(needs: t.Sequence[str]) -> str:
    """Do everything; what to answer."""
    for need in needs:
        name, _equals, word = need.partition("=")
        try:
            NEEDS[name](word)
        except OSError as exc:
            print(f"needy: {need}: {exc}", file=sys.stderr, flush=True)
            return f"500 {need}"
    return "200 all of it"


def main(arguments: list[str]) -> None:
    """Serve, one request after another."""
    port, *needs = arguments
    if os.environ.get("LISTEN_FDS"):
        listener = socket.socket(fileno=3)
    else:
        listener = socket.create_server(("127.0.0.1", int(port)))
    while True:
        connection, _peer = listener.accept()
        with connection:
            connection.settimeout(5)
            connection.recv(4096)
            body = answer(needs)
            head = f"HTTP/1.1 {body}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            connection.sendall(head.encode())


if __name__ == "__main__":
    main(sys.argv[1:])
