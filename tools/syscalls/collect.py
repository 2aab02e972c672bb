#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print, as JSON, what one host's systemd and libseccomp know of system calls.

Runs on that host with nothing but its Python and libseccomp.so.2; ``generate.py``
makes the collection's table out of the results of several hosts.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess

# AUDIT_ARCH_* of linux/audit.h, which libseccomp takes as its tokens
ARCHITECTURES = {"x86-64": 0xC000003E, "arm64": 0xC00000B7}


def groups() -> dict[str, list[str]]:
    """Each group that ``systemd-analyze syscall-filter`` shows, with its entries."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in _run("systemd-analyze", "--no-pager", "syscall-filter").splitlines():
        line = line.replace("\x1b[0m", "")
        if line.startswith("@"):
            name = line.strip()
            found[name] = []
        elif line.startswith("    ") and line.split()[0] != "#":
            found[name].append(line.strip())
        elif line.startswith("#"):
            break
    return found


def native(names: set[str]) -> dict[str, list[str]]:
    """The names that libseccomp resolves on each architecture to a number of its own."""
    library = ctypes.CDLL("libseccomp.so.2")

    def number(token: int, name: str) -> int:
        return library.seccomp_syscall_resolve_name_arch(
            ctypes.c_uint32(token), name.encode()
        )

    return {
        architecture: sorted(name for name in names if number(token, name) >= 0)
        for architecture, token in ARCHITECTURES.items()
    }


def _run(*command: str) -> str:
    environment = dict(os.environ, SYSTEMD_COLORS="0", SYSTEMD_LOG_COLOR="0")
    return subprocess.run(
        command, env=environment, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def main() -> None:
    version = int(_run("systemd-analyze", "--version").split()[1])
    found = groups()
    members = {name for entries in found.values() for name in entries}
    document = {
        "systemd": version,
        "groups": found,
        "native": native({name for name in members if not name.startswith("@")}),
        "errno": sorted(name for name in dir(errno) if name.startswith("E")),
    }
    print(json.dumps(document, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
