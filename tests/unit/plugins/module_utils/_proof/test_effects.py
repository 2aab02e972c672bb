# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared sandbox against what a kernel shows, case by case."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.proc import Mount
from ansible_collections.activated.services.plugins.module_utils._proof.effects import (
    Effect,
    Kernel,
    effects,
    parse_limits,
)

SPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def mount(
    point: str,
    options: str = "rw",
    root: str = "/",
    kind: str = "ext4",
    more: str = "rw",
) -> Mount:
    return Mount(
        root,
        point,
        frozenset(options.split(",")),
        kind,
        frozenset(more.split(",")),
        False,
    )


BARE = Kernel(
    status={
        "NoNewPrivs": "0",
        "Seccomp": "0",
        "CapBnd": "1ff",
        "CapAmb": "0",
        "Umask": "0022",
    },
    namespaces={name: f"{name}:[1]" for name in SPACES},
    host_namespaces={name: f"{name}:[1]" for name in SPACES},
    mounts=(
        mount("/"),
        mount("/proc", kind="proc"),
        mount("/sys"),
        mount("/sys/fs/cgroup"),
    ),
)
SEALED = Kernel(
    status={
        "NoNewPrivs": "1", "Seccomp": "2", "Seccomp_filters": "20", "CapBnd": "0",
        "CapAmb": "0", "Umask": "0077",
    },
    namespaces={name: f"{name}:[2]" for name in SPACES},
    host_namespaces={name: f"{name}:[1]" for name in SPACES},
    mounts=(
        mount("/", "ro"), mount("/proc", kind="proc", more="rw,hidepid=invisible,subset=pid"),
        mount("/sys", "ro"), mount("/sys/fs/cgroup", "ro"), mount("/proc/sys", "ro"),
        mount("/tmp", root="/tmp/systemd-private-1-a.service-x/tmp"),
        mount("/dev", "ro,nosuid,noexec", kind="tmpfs"),
        mount("/home", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
        mount("/root", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
        mount("/run/user", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
    ),
    uid_map="0 0 1\n61184 61184 1",
    group={"memory.max": "67108864", "pids.max": "10", "cpu.max": "20000 100000"},
    limits={"Max open files": "1024"},
)  # fmt: skip
DIRECTIVES = {
    "NoNewPrivileges": "yes", "LockPersonality": "yes", "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes", "ProtectKernelModules": "yes", "SystemCallFilter": "read write",
    "RestrictAddressFamilies": "AF_UNIX", "RestrictNamespaces": "yes",
    "CapabilityBoundingSet": "", "PrivateNetwork": "yes", "PrivateUsers": "yes",
    "PrivateTmp": "yes", "PrivateDevices": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
    "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes", "ProtectProc": "invisible",
    "ProcSubset": "pid", "ProtectHostname": "yes", "MemoryMax": "67108864", "TasksMax": "10",
    "CPUQuotaPerSecUSec": "200ms",
}  # fmt: skip


def judged(
    declared: dict[str, str], kernel: Kernel, **manager: str
) -> dict[str, Effect]:
    return {effect.directive: effect for effect in effects(declared, kernel, manager)}


@pytest.mark.parametrize("name", DIRECTIVES)
def test_each_directive_is_seen_to_work_and_not_to(name: str) -> None:
    declared = {name: DIRECTIVES[name]}
    (sealed,) = judged(declared, SEALED).values()
    assert sealed.agrees is True, sealed
    (bare,) = judged(declared, BARE).values()
    assert bare.agrees is False, bare
    assert "has no effect" in bare.message()


def test_what_is_not_declared_is_not_judged() -> None:
    off = dict.fromkeys(DIRECTIVES, "no")
    off.update(
        CapabilityBoundingSet="cap_chown cap_dac_override cap_dac_read_search cap_fowner "
        "cap_fsetid cap_kill cap_setgid cap_setuid cap_setpcap",
        SystemCallFilter="", RestrictAddressFamilies="", ProtectProc="default", ProcSubset="all",
        MemoryMax="infinity", TasksMax="100", CPUQuotaPerSecUSec="infinity",
    )  # fmt: skip
    found = judged(off, BARE, DefaultTasksMax="100")
    assert set(found) == {"CapabilityBoundingSet"}
    assert found["CapabilityBoundingSet"].agrees


CASES: list[tuple[dict[str, str], dict[str, t.Any], bool | None]] = [
    # a process that maps every user of the host has no users of its own
    ({"PrivateUsers": "yes"}, {"uid_map": "0 0 4294967295"}, False),
    # since 254 a kernel's own flag, which /proc does not show
    ({"MemoryDenyWriteExecute": "yes"}, {"status": {"Seccomp": "0"}}, None),
    ({"ProtectHome": "read-only"}, {"existing": frozenset({"/home"})}, True),
    ({"ProtectSystem": "full"}, {"mounts": (mount("/"), mount("/usr", "ro"))}, False),
    ({"ProtectSystem": "yes"}, {"mounts": (mount("/"), mount("/usr", "ro"))}, True),
    ({"PrivateTmp": "yes", "RootDirectory": "/r"}, {}, None),
    ({"PrivateTmp": "yes"}, {"namespaces": {}}, None),
    ({"UMask": "0077"}, {"status": {"Umask": "0022"}}, None),
    ({"UMask": "0022"}, {"status": {"Umask": "0077"}}, True),
    ({"AmbientCapabilities": "cap_chown"}, {"status": {"CapAmb": "0"}}, False),
    ({"AmbientCapabilities": "cap_chown"}, {"status": {"CapAmb": "1"}}, True),
    ({"LimitNOFILE": "1024"}, {}, True),
    ({"LimitNOFILE": "4096"}, {}, False),
    ({"MemoryMax": "67108864"}, {"group": {"memory.max": "max"}}, False),
]


@pytest.mark.parametrize(("declared", "changes", "agrees"), CASES)
def test_a_case(
    declared: dict[str, str], changes: dict[str, t.Any], agrees: bool | None
) -> None:
    kernel = dataclasses.replace(SEALED, **changes)
    (effect,) = judged(declared, kernel).values()
    assert effect.agrees is agrees, effect


def test_a_home_of_its_own_is_not_a_hidden_one() -> None:
    kernel = dataclasses.replace(
        SEALED, mounts=(mount("/", "ro"), mount("/home", "ro", root="/elsewhere"))
    )
    (effect,) = judged({"ProtectHome": "yes"}, kernel).values()
    assert effect.agrees is False


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("PrivateNetwork", "net"),
        ("PrivateIPC", "ipc"),
        ("PrivatePIDs", "pid"),
        ("PrivateUsers", "user"),
        ("ProtectHostname", "uts"),
    ],
)
def test_each_name_space_is_judged_by_itself(name: str, space: str) -> None:
    shared = {**SEALED.namespaces, space: f"{space}:[1]"}
    kernel = dataclasses.replace(SEALED, namespaces=shared)
    (effect,) = judged({name: "yes"}, kernel).values()
    assert effect.agrees is False
    assert f"{space} name space" in effect.effective
    (effect,) = judged({name: "yes"}, SEALED).values()
    assert effect.agrees is True


def test_limits() -> None:
    text = (
        "Limit                     Soft Limit           Hard Limit           Units\n"
        "Max open files            1024                 20000                files\n"
        "Max core file size        0                    unlimited            bytes\n"
    )
    assert parse_limits(text) == {
        "Max open files": "20000",
        "Max core file size": "unlimited",
    }
