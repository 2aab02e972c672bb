# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that answers each request with what its sandbox lets it reach, as JSON.

It runs on a target and needs nothing but Python there. $PLACE is the name of the files
and folders to try, $FAR a port on which every local address listens.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import resource
import socket
import typing as t

PLACE = os.environ["PLACE"]
FAR = int(os.environ["FAR"])


def tried(act: t.Callable[[], object]) -> str:
    """`yes`, or the name of the error."""
    try:
        act()
    except OSError as exc:
        return errno.errorcode.get(exc.errno or 0, str(exc))
    return "yes"


def read(path: str) -> str:
    return tried(lambda: os.close(os.open(path, os.O_RDONLY)))


def write(path: str) -> str:
    return tried(lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)))


def folder(variable: str) -> str:
    """Whether the service can write to a folder of its own; `none` where it has none."""
    path = os.environ.get(variable)
    return f"{path} {write(path + '/probe')}" if path else "none"


def use(device: str) -> str:
    return tried(lambda: os.close(os.open(device, os.O_RDWR | os.O_NOCTTY)))


def connect(address: str) -> str:
    return tried(lambda: socket.create_connection((address, FAR), 2).close())


def real_time() -> str:
    """With a priority that does not exist: the kernel answers EINVAL, whatever the
    limits are; from the sandbox comes EPERM."""
    wrong = os.sched_param(0)
    return tried(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, wrong))


def new_code() -> str:
    """The kernel answers EACCES where it has a flag for this, a filter EPERM."""
    every = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    said = tried(lambda: mmap.mmap(-1, 4096, prot=every).close())
    return "refused" if said in ("EACCES", "EPERM") else said


def answers() -> dict[str, str]:
    return {
        "its state": folder("STATE_DIRECTORY"),
        "its cache": folder("CACHE_DIRECTORY"),
        "its logs": folder("LOGS_DIRECTORY"),
        "its configuration": folder("CONFIGURATION_DIRECTORY"),
        "its runtime": folder("RUNTIME_DIRECTORY"),
        "read a home": read(f"/home/{PLACE}/its own/file"),
        "write to a home": write(f"/home/{PLACE}/its own/new"),
        "read another home": read(f"/home/{PLACE}/closed/file"),
        "read /tmp": read(f"/tmp/{PLACE}-open/file"),
        "write to /tmp": write(f"/tmp/{PLACE}-open/new"),
        "read other of /tmp": read(f"/tmp/{PLACE}-closed/file"),
        "write to /srv": write(f"/srv/{PLACE} open/new"),
        "write to other of /srv": write(f"/srv/{PLACE}-closed/new"),
        "use a device": use(f"/dev/{PLACE}-open"),
        "use another device": use(f"/dev/{PLACE}-closed"),
        "connect near": connect("127.0.0.1"),
        "connect far": connect("127.0.0.2"),
        "real time": real_time(),
        "processors": tried(lambda: os.sched_setaffinity(0, {0})),
        "new code": new_code(),
        "the limit": str(resource.getrlimit(resource.RLIMIT_RTPRIO)[1]),
    }


def main() -> None:
    given = socket.socket(fileno=3)
    while True:
        client, _peer = given.accept()
        with client:
            client.recv(65536)
            head = "HTTP/1.0 200 OK\r\n\r\n"
            client.sendall((head + json.dumps(answers())).encode())


if __name__ == "__main__":
    main()
