# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    exposure,
)

# (check, lines, version, badness)
JUDGED: list[tuple[str, tuple[str, ...], int, int | None]] = [
    ("UserOrDynamicUser", (), 252, 10),
    ("UserOrDynamicUser", ("User=daemon",), 252, 0),
    ("UserOrDynamicUser", ("User=nobody",), 252, 9),
    ("UserOrDynamicUser", ("DynamicUser=yes", "User=nobody"), 252, 9),
    ("UserOrDynamicUser", ("DynamicUser=yes", "User=0"), 252, 10),
    ("SupplementaryGroups", ("SupplementaryGroups=adm",), 252, None),
    ("SupplementaryGroups", ("User=a", "SupplementaryGroups=adm"), 252, 1),
    ("RemoveIPC", (), 252, None),
    ("RemoveIPC", ("DynamicUser=yes",), 252, 0),
    ("PrivateMounts", (), 247, 1),
    ("PrivateMounts", (), 252, 1),
    ("PrivateMounts", (), 257, 0),
    ("PrivateMounts", ("PrivateMounts=no",), 257, 1),
    ("PrivateMounts", ("PrivateTmp=yes",), 247, 0),
    ("PrivateMounts", ("PrivateTmp=yes",), 252, 1),
    ("ProtectHome", ("ProtectHome=tmpfs",), 252, 1),
    ("ProtectHome", ("[Unit]", "DefaultDependencies=no"), 252, None),
    ("ProtectSystem", ("ProtectSystem=full",), 252, 3),
    ("ProtectSystem", ("ProtectSystem=on",), 252, 5),
    ("ProtectProc", ("ProtectProc=noaccess",), 252, 1),
    ("ProtectProc", (), 252, 3),
    ("RootDirectoryOrRootImage", ("RootDirectory=//.",), 252, 1),
    ("RootDirectoryOrRootImage", ("RootImage=/a.raw",), 252, 0),
    ("UMask", ("UMask=0",), 252, 10),
    ("UMask", (), 252, 5),
    ("UMask", ("UMask=0007",), 252, 2),
    ("UMask", ("UMask=0027",), 252, 1),
    ("UMask", ("UMask=0077",), 252, 0),
    ("KeyringMode", (), 252, 0),
    ("KeyringMode", ("KeyringMode=inherit",), 252, 1),
    ("NotifyAccess", ("Type=notify",), 252, 0),
    ("NotifyAccess", ("NotifyAccess=all",), 252, 1),
    ("Delegate", ("Delegate=yes",), 252, 1),
    ("SystemCallArchitectures", ("SystemCallArchitectures=native",), 252, 0),
    ("SystemCallArchitectures", ("SystemCallArchitectures=native x86",), 252, 8),
    ("SystemCallFilter_swap", (), 252, 10),
    ("SystemCallFilter_swap", ("SystemCallFilter=@system-service",), 252, 0),
    ("SystemCallFilter_swap", ("SystemCallFilter=swapon",), 252, 9),
    ("SystemCallFilter_swap", ("SystemCallFilter=~swapon",), 252, 10),
    ("SystemCallFilter_swap", ("SystemCallFilter=~@swap",), 252, 0),
    ("SystemCallFilter_swap", ("SystemCallFilter=~@swap:EPERM",), 252, 0),
    ("SystemCallFilter_swap", ("SystemCallFilter=~@swap:EPERM",), 247, 10),
    ("SystemCallFilter_mount", ("SystemCallFilter=open_tree",), 258, 9),
    ("SystemCallFilter_mount", ("SystemCallFilter=open_tree",), 259, 0),
    ("RestrictAddressFamilies_AF_INET_INET6", (), 252, 1),
    (
        "RestrictAddressFamilies_AF_INET_INET6",
        *(("RestrictAddressFamilies=~AF_INET6",), 252, 0),
    ),
    (
        "RestrictAddressFamilies_OTHER",
        *(("RestrictAddressFamilies=AF_UNIX AF_INET",), 252, 0),
    ),
    (
        "RestrictAddressFamilies_OTHER",
        *(("RestrictAddressFamilies=AF_UNIX AF_CAN",), 252, 1),
    ),
    ("IPAddressDeny", ("IPAddressAllow=localhost",), 252, 10),
    ("IPAddressDeny", ("IPAddressDeny=0.0.0.0/0",), 252, 10),
    ("IPAddressDeny", ("IPAddressDeny=any",), 252, 0),
    ("IPAddressDeny", ("IPAddressDeny=any", "IPAddressAllow=localhost"), 252, 2),
    ("IPAddressDeny", ("IPAddressDeny=any", "IPAddressAllow=127.0.0.1"), 252, 2),
    ("IPAddressDeny", ("IPAddressDeny=any", "IPAddressAllow=127.0.0.1"), 247, 5),
    ("IPAddressDeny", ("IPAddressDeny=any", "IPAddressAllow=10.0.0.1"), 252, 5),
    ("IPAddressDeny", ("IPIngressFilterPath=/sys/fs/bpf/a",), 252, 0),
    ("IPAddressDeny", ("IPIngressFilterPath=/sys/fs/bpf/a",), 247, 10),
    ("IPAddressDeny", ("IPEgressFilterPath=/sys/fs/bpf/a",), 247, 0),
    ("DeviceAllow", (), 252, 10),
    ("DeviceAllow", ("PrivateDevices=yes",), 252, 0),
    ("DeviceAllow", ("PrivateDevices=yes", "ProtectClock=yes"), 252, 5),
    ("AmbientCapabilities", ("AmbientCapabilities=CAP_KILL",), 252, 1),
    ("AmbientCapabilities", (), 252, 0),
    ("CapabilityBoundingSet_CAP_SYSLOG", ("ProtectKernelLogs=yes",), 252, 0),
    ("CapabilityBoundingSet_CAP_MKNOD", ("PrivateDevices=yes",), 252, 0),
    ("RestrictNamespaces_net", ("RestrictNamespaces=net",), 252, 1),
    ("RestrictNamespaces_net", ("RestrictNamespaces=~net",), 252, 0),
]


@pytest.mark.parametrize(("check", "lines", "version", "badness"), JUDGED)
def test_badness(
    check: str, lines: tuple[str, ...], version: int, badness: int | None
) -> None:
    text = "\n".join(("[Service]", *lines))
    checks = {found.json_field: found for found in exposure(text, version).checks}
    assert checks[check].badness == badness


def test_sockets_share_a_keyring_unless_told_otherwise() -> None:
    checks = exposure("[Socket]\nListenStream=80\n").checks
    keyring = next(found for found in checks if found.json_field == "KeyringMode")
    assert keyring.badness == 1


def test_an_architecture_may_have_no_call_of_a_group() -> None:
    def of(architecture: str, *lines: str) -> int | None:
        text = "\n".join(("[Service]", *lines))
        checks = exposure(text, 252, architecture=architecture).checks
        name = "SystemCallFilter_cpu_emulation"
        return next(f.badness for f in checks if f.json_field == name)

    assert (of("x86-64"), of("arm64")) == (10, 10)
    line = "SystemCallFilter=~@swap"
    assert (of("x86-64", line), of("arm64", line)) == (10, 0)


# (lines, version, check, what the note says, "" for none)
NOTES = [
    ((), 257, "PrivateMounts", "nothing keeps this service's mounts"),
    (("PrivateTmp=yes",), 257, "PrivateMounts", ""),
    (("PrivateMounts=no",), 257, "PrivateMounts", ""),
    (("PrivateTmp=yes",), 252, "PrivateMounts", "looks at PrivateMounts= alone"),
    (("PrivateTmp=yes",), 247, "PrivateMounts", ""),
    ((), 252, "PrivateMounts", ""),
    (("SystemCallFilter=~@swap:EPERM",), 247, "SystemCallFilter_swap", "call:EPERM"),
    (("SystemCallFilter=~@swap:EPERM",), 252, "SystemCallFilter_swap", ""),
    (("IPIngressFilterPath=/a",), 247, "IPAddressDeny", "IPEgressFilterPath= alone"),
    (("IPIngressFilterPath=/a",), 252, "IPAddressDeny", ""),
]


@pytest.mark.parametrize(("lines", "version", "check", "said"), NOTES)
def test_notes(lines: tuple[str, ...], version: int, check: str, said: str) -> None:
    checks = exposure("\n".join(("[Service]", *lines)), version).checks
    note = next(found.note for found in checks if found.json_field == check)
    assert (said in note) if said else not note
