# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from the journal of a failed trial, and what is suspected of it."""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._fitting.evidence import (
    ending,
    of_processes,
    read_only,
    signs,
    writers,
)
from ansible_collections.activated.services.plugins.module_utils._fitting.suspects import (
    suspects,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.dials import (
    Observed,
    plan,
)
from ansible_collections.activated.services.plugins.module_utils._tables.capabilities import (
    NAMES,
)
from ansible_collections.activated.services.plugins.module_utils._tables.syscall_numbers import (
    call_name,
)

HEAD = "[  12.5] web1 nginx[887]: "
DECLARED = {"CapabilityBoundingSet": " ".join(NAMES).lower(), "SystemCallFilter": "~"}
KNOBS = plan(Observed(257, DECLARED, root=True, activated=True)).knobs
AUDIT = (
    "[  12.6] web1 kernel: audit: type=1326 audit(1701170000.123:456): auid=4294967295 uid=33 "
    'gid=33 ses=4294967295 subj=unconfined pid=887 comm="nginx" exe="/usr/sbin/nginx" '
    "sig=31 arch=c000003e syscall=105 compat=0 ip=0x7f3c code=0x80000000"
)

NICE = {
    "SystemCallFilter @resources",
    "CapabilityBoundingSet CAP_SYS_RESOURCE CAP_SYS_NICE CAP_IPC_LOCK",
}
LINES = [
    (
        'open() "/run/nginx.pid" failed (30: Read-only file system)',
        "EROFS",
        "/run/nginx.pid",
        "open",
    ),
    ("setgid(33) failed (1: Operation not permitted)", "EPERM", "", "setgid"),
    (
        "listen tcp: socket: address family not supported by protocol",
        "EAFNOSUPPORT",
        "",
        "socket",
    ),
    ("open /etc/x/y.pem: permission denied", "EACCES", "/etc/x/y.pem", "open"),
    (
        "PermissionError: [Errno 13] Permission denied: '/home/a'",
        "EACCES",
        "/home/a",
        "",
    ),
    ('** (File.Error) could not write to file "/x/y": erofs', "EROFS", "/x/y", ""),
    ("sh: 1: cannot create /a/b: Read-only file system", "EROFS", "/a/b", ""),
]


@pytest.mark.parametrize(("text", "error", "path", "call"), LINES)
def test_a_line_that_names_an_error(
    text: str, error: str, path: str, call: str
) -> None:
    (sign,) = signs([HEAD + text])
    assert (sign.error, sign.path, sign.call) == (error, path, call)
    assert sign.line == HEAD + text


@pytest.mark.parametrize(
    "text", ["Starting nginx.service...", "GET /eperms 200", "started in 12 ms"]
)
def test_a_line_that_says_nothing(text: str) -> None:
    assert signs([HEAD + text]) == []


def test_the_same_is_told_once() -> None:
    assert len(signs([HEAD + LINES[0][0]] * 5)) == 1


@pytest.mark.parametrize(
    "line",
    [AUDIT, AUDIT.replace("audit: type=1326 audit(1701170000.123:456):", "SECCOMP")],
)
def test_the_audit_names_the_call(line: str) -> None:
    (sign,) = signs([line])
    assert (sign.error, sign.call) == ("SIGSYS", "setuid")


def test_calls_by_number() -> None:
    assert call_name("c000003e", 161) == "chroot"
    assert call_name("c00000b7", 51) == "chroot"
    assert call_name("c000003e", 462) == "mseal"
    assert call_name("c000003e", 400) == ""
    assert call_name("40000003", 1) == ""


@pytest.mark.parametrize(
    "said",
    [
        "Main process exited, code=killed, status=31/SYS",
        "Main process exited, code=exited, status=226/NAMESPACE",
        "Control process exited, code=exited, status=1/FAILURE",
    ],
)
def test_how_it_ended_is_told_in_the_words_of_systemd(said: str) -> None:
    clean = "x.service: Main process exited, code=exited, status=0/SUCCESS"
    assert ending([clean, f"[ 1.0] web1 systemd[1]: x.service: {said}"]) == said
    assert ending([clean]) == ""


def test_what_could_not_be_written_to() -> None:
    assert read_only(signs(HEAD + line[0] for line in LINES)) == [
        "/a/b",
        "/run/nginx.pid",
        "/x/y",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # /run is closed by a directive of its own
        (LINES[0][0], {"ProtectSystem", "ReadOnlyPaths"}),
        ("open /var/lib/x: read-only file system", {"ProtectSystem"}),
        (
            LINES[1][0],
            {
                "PrivateUsers",
                "CapabilityBoundingSet CAP_SETUID CAP_SETGID",
            },
        ),
        (LINES[2][0], {"RestrictAddressFamilies"}),
        (LINES[4][0], {"ProtectHome"}),
        (
            "open() /proc/cpuinfo: No such file or directory",
            {"ProcSubset", "ProtectProc"},
        ),
        (
            "write /proc/sys/vm/x: Read-only file system",
            {"ProtectKernelTunables", "ProtectControlGroups"},
        ),
        ("mmap() failed: Permission denied", {"MemoryDenyWriteExecute"}),
        (
            "unshare() failed (1: Operation not permitted)",
            {"RestrictNamespaces", "CapabilityBoundingSet all others"},
        ),
        (
            "mount(x) failed: Operation not permitted",
            {"SystemCallFilter list", "CapabilityBoundingSet all others"},
        ),
        ("setpriority() failed (1: Operation not permitted)", NICE),
        ("something went wrong", set()),
    ],
)
def test_whom_a_line_speaks_of(text: str, names: set[str]) -> None:
    found = suspects(signs([HEAD + text]), "", KNOBS, 257)
    assert found == names


def test_whom_an_ending_speaks_of() -> None:
    found = suspects([], "Main process exited, code=dumped, status=31/SYS", KNOBS, 257)
    assert found == {
        knob.name for knob in KNOBS if knob.directive == "SystemCallFilter"
    }


def test_a_killed_process_of_another_service_is_no_cause() -> None:
    other = AUDIT.replace("pid=887", "pid=1887")
    journal = [HEAD + "x", "[  1.0] web1 systemd[1]: Started nginx.", "no line"]
    assert writers(journal) == {887}
    assert of_processes([other, AUDIT, "no record"], writers(journal)) == [AUDIT]
