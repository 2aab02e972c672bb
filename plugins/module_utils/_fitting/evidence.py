# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a failed trial has left to read: errors, paths, calls and how a process ended."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._tables.syscall_numbers import call_name

#: strerror(3) of what a sandbox answers, with the name of the error.
ERRORS = {
    "Operation not permitted": "EPERM",
    "Permission denied": "EACCES",
    "Read-only file system": "EROFS",
    "No such file or directory": "ENOENT",
    "Address family not supported by protocol": "EAFNOSUPPORT",
    "Function not implemented": "ENOSYS",
    "Cannot allocate memory": "ENOMEM",
    "Network is unreachable": "ENETUNREACH",
    "Cannot assign requested address": "EADDRNOTAVAIL",
    "Invalid argument": "EINVAL",
    "No such device": "ENODEV",
    "Bad system call": "SIGSYS",
}
_SYMBOL = re.compile(
    r"\b(E(?:PERM|ACCES|ROFS|AFNOSUPPORT|NOSYS|NOMEM|NETUNREACH))\b", re.I
)
_PATH = re.compile(r"(?<![\w/.:])(/[\w.+@%:~-]+(?:/[\w.+@%:~-]+)*)")
_CALL = re.compile(r"\b([a-z][a-z0-9_]{2,})\([^()]*\)")
_EXITED = re.compile(
    r"(?:Main|Control) process exited, code=(?!exited, status=0/)\S+ status=\S+"
)
# as Go says it: "open /x: read-only file system", "bind: permission denied"
_GO = re.compile(
    r"\b([a-z]{3,})(?: /[^\s:]+)?: (?:operation|permission|read-only|address|function|no such)\b"
)
# how the kernel reports a call that a filter has killed a process for (audit, 1326)
_AUDIT = re.compile(
    r"(?:type=1326|SECCOMP)\b.*?\bpid=(\d+).*?\barch=([0-9a-f]+) syscall=(\d+)"
)


# "[  12.5] web1 nginx[887]: ", as journalctl -o short-monotonic begins a line
_WRITER = re.compile(r"\[ *[\d.]+\] \S+ [^\[]*\[(\d+)\]: ")


@dataclass(frozen=True)
class Sign:
    """One line that says something: the error, and the path and the call if it names them."""

    error: str
    path: str
    call: str
    line: str

    def returned(self) -> dict[str, str]:
        return {
            "error": self.error,
            "path": self.path,
            "call": self.call,
            "line": self.line,
        }


def signs(lines: t.Iterable[str]) -> list[Sign]:
    """The lines of a journal that name an error, each kind once."""
    found: list[Sign] = []
    for line in lines:
        audit = _AUDIT.search(line)
        error = "SIGSYS" if audit else _error(line)
        if not error:
            continue
        text = line.partition("]: ")[2] or line
        call = _CALL.search(text) or _GO.search(text)
        said = _named(audit) if audit else call.group(1) if call else ""
        path = "" if audit else _path(text)
        same = (error, path, said)
        if not any((s.error, s.path, s.call) == same for s in found):
            found.append(Sign(error, path, said, line.strip()))
    return found


def writers(lines: t.Iterable[str]) -> set[int]:
    """The processes that have written lines of a journal, but for systemd itself."""
    found = {int(match.group(1)) for match in map(_WRITER.match, lines) if match}
    return found - {1}


def of_processes(records: t.Iterable[str], pids: t.Container[int]) -> list[str]:
    """Those records of audit that are of one of these processes: the host has others,
    which filters of their own kill."""
    found = ((_AUDIT.search(record), record) for record in records)
    return [record for match, record in found if match and int(match.group(1)) in pids]


def _named(audit: t.Match[str]) -> str:
    _pid, arch, number = audit.groups()
    return call_name(arch, int(number)) or f"number {number}"


def _error(line: str) -> str:
    for text, name in ERRORS.items():
        if text.lower() in line.lower():
            return name
    symbol = _SYMBOL.search(line)
    return symbol.group(1).upper() if symbol else ""


def _path(text: str) -> str:
    found = _PATH.search(text)
    return found.group(1).rstrip(".:") if found else ""


def ending(lines: t.Iterable[str]) -> str:
    """How a process of the service first failed, in systemd's own words, such as
    ``Main process exited, code=killed, status=31/SYS``; ``''`` when none did.

    Statuses from 200 on are systemd's own (systemd.exec(5)): ``226/NAMESPACE`` says that
    it could not make the sandbox, ``228/SECCOMP`` that it could not set the filter.
    """
    for line in lines:
        found = _EXITED.search(line)
        if found:
            return found.group(0)
    return ""


def read_only(found: t.Iterable[Sign]) -> list[str]:
    """The paths that a program could not write to."""
    return sorted({sign.path for sign in found if sign.error == "EROFS" and sign.path})
