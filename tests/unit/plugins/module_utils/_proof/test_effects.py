# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared sandbox against what a kernel shows, case by case."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.proc import (
    Mount,
    capability_names,
)
from ansible_collections.activated.services.plugins.module_utils._proof.effects import (
    JUDGES,
    Effect,
    effects,
)
from ansible_collections.activated.services.plugins.module_utils._proof.kernel import (
    Kernel,
    parse_limits,
)
from ansible_collections.activated.services.plugins.module_utils._proof.sees_files import (
    binds,
    declared_paths,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    MEASURES,
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
        "CapBnd": "1ffffffffff",
        "Uid": "0 0 0 0",
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
        "CapAmb": "0", "Umask": "0077", "Uid": "61184 61184 61184 61184",
    },
    namespaces={name: f"{name}:[2]" for name in SPACES},
    host_namespaces={name: f"{name}:[1]" for name in SPACES},
    mounts=(
        mount("/", "ro"), mount("/proc", kind="proc", more="rw,hidepid=invisible,subset=pid"),
        mount("/sys", "ro"), mount("/sys/fs/cgroup", "ro"), mount("/proc/sys", "ro"),
        mount("/tmp", root="/tmp/systemd-private-1-a.service-x/tmp"),
        mount("/dev", "ro,nosuid,noexec", kind="tmpfs"), mount("/sys/fs/bpf", kind="bpf"),
        mount("/home", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
        mount("/root", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
        mount("/run/user", "ro", root="/systemd/inaccessible/dir", kind="tmpfs"),
    ),
    uid_map="0 0 1\n61184 61184 1",
    group={"memory.max": "67108864", "pids.max": "10", "cpu.max": "20000 100000"},
    limits={"Max open files": "1024", "Max realtime priority": "0"},
    log_restricted=True,
)  # fmt: skip
#: What the kernel shows either way.
DIRECTIVES = {
    "DynamicUser": "yes", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
    "PrivateNetwork": "yes", "PrivateIPC": "yes", "PrivatePIDs": "yes", "PrivateUsers": "yes",
    "ProtectHostname": "yes", "PrivateMounts": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
    "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes", "ProtectProc": "invisible",
    "ProcSubset": "pid", "PrivateBPF": "yes", "ProtectClock": "yes", "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes", "RestrictRealtime": "yes", "MemoryMax": "67108864",
    "TasksMax": "10", "CPUQuotaPerSecUSec": "200ms", "ReadOnlyPaths": "/run +/etc -/gone",
    "BindReadOnlyPaths": "/sys:/sys:rbind",
}  # fmt: skip
#: Carried out by a system call filter: that there is none shows, what it holds does not.
FILTERS = {
    "SystemCallFilter": "read write", "SystemCallArchitectures": "native",
    "RestrictAddressFamilies": "AF_UNIX", "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
}  # fmt: skip
#: Never shown, neither where it works nor where it does not.
HIDDEN = {
    "RemoveIPC": "yes", "KeyringMode": "private", "MemoryDenyWriteExecute": "yes",
    "DevicePolicy": "closed", "IPAddressDeny": "0.0.0.0/0 ::/0",
}  # fmt: skip
#: Judged in cases of their own below.
ELSEWHERE = {"UMask", "SystemCallErrorNumber"}


def test_every_measure_of_the_levels_is_judged_and_tried_here() -> None:
    levels = {measure.directive for measure in MEASURES}
    assert levels <= set(JUDGES)
    assert levels <= {*DIRECTIVES, *FILTERS, *HIDDEN, *ELSEWHERE}


def test_each_directive_is_of_exactly_one_class() -> None:
    declared = {**DIRECTIVES, **FILTERS, **HIDDEN, "UMask": "0077"}
    for kernel in (SEALED, BARE):
        found = [effect.directive for effect in effects(declared, kernel, {})]
        assert len(found) == len(set(found))
        assert set(found) - {"CPUQuota"} == set(declared) - {"CPUQuotaPerSecUSec"}


@pytest.mark.parametrize("name", FILTERS)
def test_that_a_filter_is_there_proves_no_directive(name: str) -> None:
    (sealed,) = judged({name: FILTERS[name]}, SEALED).values()
    assert sealed.agrees is None, sealed
    (bare,) = judged({name: FILTERS[name]}, BARE).values()
    assert bare.agrees is False, bare


@pytest.mark.parametrize("name", HIDDEN)
def test_what_leaves_no_trace_is_declared_only(name: str) -> None:
    for kernel in (SEALED, BARE):
        (effect,) = judged({name: HIDDEN[name]}, kernel, Version="257.13").values()
        assert effect.agrees is None, effect


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
    off = dict.fromkeys({**DIRECTIVES, **FILTERS, **HIDDEN}, "no")
    off.update(
        CapabilityBoundingSet=" ".join(capability_names(0x1FFFFFFFFFF)),
        SystemCallFilter="", RestrictAddressFamilies="", SystemCallArchitectures="",
        SystemCallErrorNumber="2147483646", ProtectProc="default", ProcSubset="all",
        KeyringMode="inherit", DevicePolicy="auto", IPAddressDeny="",
        MemoryMax="infinity", TasksMax="100", CPUQuotaPerSecUSec="infinity",
    )  # fmt: skip
    found = judged(off, BARE, DefaultTasksMax="100")
    assert set(found) == {"CapabilityBoundingSet"}
    assert found["CapabilityBoundingSet"].agrees


HOST_TMP = mount("/tmp", kind="tmpfs")
OWN = SEALED.mounts
AUTOFS = mount("/boot", kind="autofs")
BOOT = frozenset({"/boot"})
RW_RUN = mount("/run", kind="tmpfs")
CASES: list[tuple[dict[str, str], dict[str, t.Any], bool | None]] = [
    # a process that maps every user of the host has no users of its own
    ({"PrivateUsers": "yes"}, {"uid_map": "0 0 4294967295"}, False),
    (
        {"PrivateUsers": "yes", "PrivateUsersEx": "full"},
        {"uid_map": "0 0 4294967295"},
        True,
    ),
    ({"ProtectHome": "read-only"}, {"existing": frozenset({"/home"})}, True),
    ({"ProtectSystem": "full"}, {"mounts": (mount("/"), mount("/usr", "ro"))}, False),
    ({"ProtectSystem": "yes"}, {"mounts": (mount("/"), mount("/usr", "ro"))}, True),
    # a file system below a read-only root has options of its own
    ({"ProtectSystem": "strict"}, {"mounts": (*OWN, mount("/srv"))}, False),
    ({"ProtectSystem": "strict"}, {"mounts": (*OWN, mount("/srv", "ro"))}, True),
    (
        {"ProtectSystem": "strict", "ReadWritePaths": "-/srv /x"},
        {"mounts": (*OWN, mount("/srv"))},
        True,
    ),
    # as systemctl shows a path with a blank
    (
        {"ProtectSystem": "strict", "ReadWritePaths": '"/srv/a b" /x'},
        {"mounts": (*OWN, mount("/srv/a b"))},
        True,
    ),
    (
        {"ProtectSystem": "strict", "StateDirectory": 'a "b c" d/e'},
        {"mounts": (*OWN, mount("/var/lib/private/b c"), mount("/var/lib/d/e"))},
        True,
    ),
    # before 250 a colon is a character like any other, and since then it shows nowhere
    (
        {"ProtectSystem": "strict", "RuntimeDirectory": "a:b"},
        {"mounts": (*OWN, mount("/run/a:b"))},
        True,
    ),
    (
        {"ProtectSystem": "strict", "TemporaryFileSystem": "/srv/a b:ro,size=1M /x"},
        {"mounts": (*OWN, mount("/srv/a b"), mount("/x"))},
        True,
    ),
    (
        {"ReadOnlyPaths": r'"/srv/a b" "-/srv/no" "/srv/\$x\"y" "+/srv/z w"'},
        {
            "mounts": (
                mount("/"),
                mount("/srv/a b", "ro"),
                mount('/srv/$x"y', "ro"),
                mount("/srv/z w", "ro"),
            )
        },
        True,
    ),
    ({"ReadOnlyPaths": '"/srv/a b"'}, {"mounts": (mount("/"), mount("/srv/a"))}, False),
    (
        {"ProtectSystem": "strict", "BindPaths": "/a:/b:rbind"},
        {"mounts": (*OWN, mount("/b"))},
        True,
    ),
    (
        {"ProtectSystem": "strict", "BindPaths": "/a:/b:rbind"},
        {"mounts": (*OWN, mount("/a"))},
        False,
    ),
    # mounts have real paths: of a link, and of where systemd has followed it on the host
    (
        {"ProtectSystem": "strict", "ReadWritePaths": "/srv/link"},
        {"mounts": (*OWN, mount("/data")), "reached": {"/srv/link": "/data"}},
        True,
    ),
    (
        {"ProtectSystem": "strict", "BindPaths": "/a:/srv/link:rbind"},
        {"mounts": (*OWN, mount("/data")), "led": {"/srv/link": "/data"}},
        True,
    ),
    (
        {"ReadOnlyPaths": "/lib"},
        {"mounts": (mount("/"), mount("/usr", "ro")), "reached": {"/lib": "/usr/lib"}},
        True,
    ),
    # a link on a read-only mount that leads to one that is not
    (
        {"ReadOnlyPaths": "/link"},
        {"mounts": (*OWN, mount("/data")), "reached": {"/link": "/data"}},
        False,
    ),
    (
        {"BindReadOnlyPaths": "/o/current/public"},
        {
            "mounts": (*OWN, mount("/o/1/public", "ro")),
            "reached": {"/o/current/public": "/o/1/public"},
        },
        True,
    ),
    # homes are left to a directive of their own
    (
        {"ProtectSystem": "strict"},
        {"mounts": (mount("/", "ro"), mount("/home"), mount("/root"))},
        True,
    ),
    # nothing is there yet that could be written to
    ({"ProtectSystem": "strict"}, {"mounts": (*OWN, AUTOFS)}, True),
    ({"ProtectSystem": "yes"}, {"mounts": (*OWN, AUTOFS), "existing": BOOT}, True),
    ({"ProtectSystem": "strict"}, {"mounts": (*OWN, AUTOFS, mount("/boot"))}, False),
    ({"ProtectSystem": "yes"}, {"mounts": (*OWN, mount("/srv"))}, True),
    ({"ProtectSystem": "yes"}, {"mounts": (*OWN, mount("/usr/share"))}, False),
    # what a later mount lies over is out of reach
    (
        {"ProtectSystem": "strict"},
        {"mounts": (*OWN, mount("/srv"), mount("/srv", "ro"))},
        True,
    ),
    # systemd leaves /run as it is beside a /proc of the service's own
    ({"ProtectSystem": "strict"}, {"mounts": (*OWN, RW_RUN)}, True),
    ({"PrivateTmp": "yes", "RootDirectory": "/r"}, {}, None),
    ({"PrivateTmp": "yes"}, {"namespaces": {}}, None),
    # a temporary folder in memory may be the host's
    (
        {"PrivateTmp": "yes"},
        {"mounts": (*OWN, HOST_TMP), "host_mounts": (HOST_TMP,)},
        False,
    ),
    ({"PrivateTmp": "yes"}, {"mounts": (*OWN, HOST_TMP)}, True),
    ({"PrivateTmp": "yes"}, {"existing": frozenset({"/var/tmp"})}, False),
    (
        {"PrivateBPF": "yes"},
        {"host_mounts": (mount("/sys/fs/bpf", kind="bpf"),)},
        False,
    ),
    ({"PrivateDevices": "yes"}, {"status": {"CapBnd": "8000000"}}, False),
    ({"PrivateDevices": "yes"}, {"status": {}}, None),
    ({"UMask": "0077"}, {"status": {"Umask": "0022"}}, None),
    ({"UMask": "0022"}, {"status": {"Umask": "0077"}}, True),
    ({"UMask": "0022"}, {"status": {}}, None),
    ({"AmbientCapabilities": "cap_chown"}, {"status": {"CapAmb": "0"}}, None),
    ({"AmbientCapabilities": "cap_chown"}, {"status": {"CapAmb": "1"}}, True),
    # a right beyond the bounding set is a right
    ({"CapabilityBoundingSet": ""}, {"status": {"CapBnd": "0", "CapPrm": "1"}}, False),
    ({"CapabilityBoundingSet": ""}, {"status": {}}, None),
    ({"DynamicUser": "yes", "User": "a"}, {"status": {"Uid": "9 9 9 9"}}, False),
    (
        {"DynamicUser": "yes", "User": "a"},
        {"status": {"Uid": "9 9 9 9"}, "user": "a"},
        True,
    ),
    ({"DynamicUser": "yes"}, {"status": {"Uid": "61184 0 61184 61184"}}, False),
    ({"DynamicUser": "yes"}, {"status": {}}, None),
    # the right is gone, the directive has still not been carried out
    ({"ProtectClock": "yes"}, {"status": {"Seccomp": "0", "CapBnd": "0"}}, False),
    (
        {"ProtectClock": "yes"},
        {"status": {"Seccomp": "2", "CapBnd": "2000000"}},
        False,
    ),
    ({"ProtectKernelModules": "yes"}, {"existing": {"/usr/lib/modules"}}, False),
    # where everybody may read the log, only the filter is left, which nothing shows
    ({"ProtectKernelLogs": "yes"}, {"log_restricted": False}, None),
    (
        {"ProtectKernelLogs": "yes"},
        {"existing": {"/proc/kmsg", "/dev/kmsg"}},
        True,
    ),
    (
        {"ProtectKernelLogs": "yes"},
        {"existing": {"/dev/kmsg"}, "mounts": (mount("/dev"),)},
        False,
    ),
    # with the right, or a limit above 0, only the filter is left
    (
        {"RestrictRealtime": "yes"},
        {"status": {"Seccomp": "2", "CapBnd": "800000"}},
        None,
    ),
    ({"RestrictRealtime": "yes"}, {"limits": {"Max realtime priority": "5"}}, None),
    ({"SystemCallFilter": "read"}, {"status": {}}, None),
    ({"ProtectControlGroups": "yes", "ProtectControlGroupsEx": "strict"}, {}, True),
    (
        {"ProtectControlGroups": "yes", "ProtectControlGroupsEx": "strict"},
        {"namespaces": {**SEALED.namespaces, "cgroup": "cgroup:[1]"}},
        False,
    ),
    ({"ProtectProc": "invisible"}, {"mounts": (mount("/proc", more="rw"),)}, False),
    (
        {"ProtectProc": "invisible"},
        {"mounts": (mount("/proc", more="rw,hidepid=2"),)},
        True,
    ),
    ({"LimitNOFILE": "1024"}, {}, True),
    # what a program may have done itself
    ({"LimitNOFILE": "4096"}, {}, None),
    ({"LimitNOFILE": "infinity"}, {}, None),
    ({"LimitNOFILE": "512"}, {}, False),
    ({"TasksMax": "20"}, {}, None),
    ({"TasksMax": "5"}, {}, False),
    ({"MemoryMax": "67108864"}, {"group": {"memory.max": "max"}}, False),
]


@pytest.mark.parametrize(("declared", "changes", "agrees"), CASES)
def test_a_case(
    declared: dict[str, str], changes: dict[str, t.Any], agrees: bool | None
) -> None:
    kernel = dataclasses.replace(SEALED, **changes)
    (effect,) = judged(declared, kernel).values()
    assert effect.agrees is agrees, effect


def test_a_place_where_nothing_is_mounted_yet_is_told() -> None:
    kernel = dataclasses.replace(SEALED, mounts=(*OWN, AUTOFS))
    (effect,) = judged({"ProtectSystem": "strict"}, kernel).values()
    assert effect.effective == "read-only; nothing is mounted yet on /boot (autofs)"


def test_every_declared_path_is_followed() -> None:
    declared = {
        "ReadWritePaths": '"/a b" -/c',
        "StateDirectory": "d",
        "ReadOnlyPaths": "-/e +/f",
        "BindReadOnlyPaths": "/g:/h:rbind -/i:/i:rbind",
    }
    assert set(declared_paths(declared)) == {
        *("/a b", "/c", "/var/lib/d", "/var/lib/private/d", "/e", "/f", "/h", "/i")
    }


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


@pytest.mark.parametrize(
    ("version", "agrees"), [("247.3-7", False), ("252.39", False), ("257.13", None)]
)
def test_memory_is_a_matter_of_filters_before_254(
    version: str, agrees: bool | None
) -> None:
    declared = {"MemoryDenyWriteExecute": "yes"}
    (effect,) = judged(declared, BARE, Version=version).values()
    assert effect.agrees is agrees, effect


def test_an_error_number_is_of_a_filter() -> None:
    number = {"SystemCallErrorNumber": "1"}
    assert judged({**number, "SystemCallFilter": ""}, SEALED) == {}
    found = judged({**number, "SystemCallFilter": "read"}, SEALED)
    assert found["SystemCallErrorNumber"].agrees is None


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


def test_bound_paths_may_have_blanks() -> None:
    value = "/sys:/sys:rbind -/my own:/its own dir:norbind /a:/b c:rbind"
    assert binds(value) == ["/sys", "/its own dir", "/b c"]
    assert binds(value, needed=True) == ["/sys", "/b c"]
    assert binds("") == []


def test_declared_paths_may_have_blanks() -> None:
    declared = {
        "ReadOnlyPaths": '/a "-/b c" "+/d\\$e"',
        "ReadWritePaths": '"/f g"',
        "TemporaryFileSystem": "/h i:ro /j",
    }
    wanted = ["/f g", "/h i", "/j", "/a", "/b c", "/d$e"]
    assert declared_paths(declared) == wanted
