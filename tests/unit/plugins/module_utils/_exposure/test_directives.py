# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._exposure.directives import (
    read,
)
from ansible_collections.activated.services.plugins.module_utils._exposure.settings import (
    EVERY_CAPABILITY,
    NAMESPACES,
    Settings,
)
from ansible_collections.activated.services.plugins.module_utils._tables import (
    capabilities,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit


def settings(*lines: str, version: int = 252, section: str = "Service") -> Settings:
    text = "\n".join((f"[{section}]", *lines))
    return read([Unit.parse(text)], version, "x86-64")


def bits(*names: str) -> int:
    return capabilities.mask(*names)


# (directive, value, the first version in which it turns the switch on)
SWITCH_WORDS = [
    ("PrivateTmp", "yes", 247),
    ("PrivateTmp", "disconnected", 257),
    ("PrivateTmp", "connected", 257),
    ("PrivateUsers", "self", 257),
    ("PrivateUsers", "identity", 257),
    ("PrivateUsers", "full", 258),
    ("PrivateUsers", "managed", 260),
    ("ProtectControlGroups", "private", 257),
    ("ProtectControlGroups", "strict", 257),
    ("ProtectHostname", "private", 258),
    ("ProtectHostname", "private:web", 258),
    ("ProtectHostname", "yes:web", 258),
]


@pytest.mark.parametrize(("directive", "value", "since"), SWITCH_WORDS)
def test_words_of_later_versions(directive: str, value: str, since: int) -> None:
    versions = (247, 252, 255, 257, 258, 259, 260, 262)
    known = [
        v
        for v in versions
        if settings(f"{directive}={value}", version=v).flag(directive)
    ]
    assert known == [version for version in versions if version >= since]


@pytest.mark.parametrize("value", ["no:web", "private:-", "private:", "nonsense"])
def test_host_name_that_is_refused_changes_nothing(value: str) -> None:
    lines = ("ProtectHostname=yes", f"ProtectHostname={value}")
    assert settings(*lines, version=262).flag("ProtectHostname")


# (lines, version, the bounding set)
BOUNDING = [
    ((), 252, EVERY_CAPABILITY),
    (("",), 252, 0),
    (("",), 262, 0),
    (("CAP_KILL",), 252, bits("KILL")),
    (("CAP_KILL", "CAP_CHOWN"), 252, bits("KILL", "CHOWN")),
    (("CAP_KILL CAP_CHOWN", "~CAP_KILL"), 252, bits("CHOWN")),
    (("~CAP_KILL",), 252, EVERY_CAPABILITY & ~bits("KILL")),
    (("~CAP_KILL",), 262, capabilities.ALL & ~bits("KILL")),
    (("CAP_FOO",), 252, 0),
    (("~CAP_FOO",), 257, EVERY_CAPABILITY),
    (("~CAP_FOO",), 259, capabilities.ALL),
    (("CAP_KILL", "CAP_FOO"), 252, 0),
    (("~", "CAP_KILL"), 257, bits("KILL")),
    (("~", "CAP_KILL"), 259, capabilities.ALL),
    (('CAP_KILL "CAP_CHOWN',), 252, bits("KILL")),
    (('CAP_KILL "CAP_CHOWN',), 257, bits("KILL", "CHOWN")),
]


@pytest.mark.parametrize(("values", "version", "expected"), BOUNDING)
def test_bounding_set(values: tuple[str, ...], version: int, expected: int) -> None:
    lines = [f"CapabilityBoundingSet={value}" for value in values]
    assert settings(*lines, version=version).bounding == expected


ALL_NAMESPACES = frozenset(NAMESPACES)
RESTRICTED: list[tuple[tuple[str, ...], int, t.Any]] = [
    (("yes",), 252, frozenset()),
    (("no",), 252, ALL_NAMESPACES),
    (("yes", ""), 252, None),
    (("user net",), 252, {"user", "net"}),
    (("~user",), 252, ALL_NAMESPACES - {"user"}),
    (("user", "net"), 252, {"user", "net"}),
    (("user net", "~net"), 252, {"user"}),
    (("user nonsense",), 252, None),
    (("user", "net nonsense"), 252, {"user"}),
    (("time",), 247, None),
    (("time",), 252, {"time"}),
    (("net\\ ",), 252, None),
    (('"net"',), 252, None),
]


@pytest.mark.parametrize(("values", "version", "kept"), RESTRICTED)
def test_namespaces(values: tuple[str, ...], version: int, kept: t.Any) -> None:
    lines = [f"RestrictNamespaces={value}" for value in values]
    assert settings(*lines, version=version).namespaces == kept


# (lines, version, families, whether the list allows)
FAMILIES: list[tuple[tuple[str, ...], int, t.Any, bool]] = [
    (("AF_INET",), 252, {"AF_INET"}, True),
    (("~AF_INET",), 252, {"AF_INET"}, False),
    (("AF_INET", ""), 252, None, False),
    (("af_local AF_FILE",), 252, {"AF_UNIX"}, True),
    (("AF_ROUTE",), 252, {"AF_NETLINK"}, True),
    (("AF_INET AF_UNIX", "~AF_INET"), 252, {"AF_UNIX"}, True),
    (("~AF_INET", "AF_INET"), 252, set(), False),
    (("none",), 247, set(), True),
    (("none",), 252, None, True),
    (("none", "~AF_INET"), 247, set(), True),
    (("none", "~AF_INET"), 252, {"AF_INET"}, False),
    (("AF_FOO AF_INET",), 259, {"AF_INET"}, True),
    (("AF_FOO AF_INET",), 262, set(), True),
]


@pytest.mark.parametrize(("values", "version", "families", "allow"), FAMILIES)
def test_families(
    values: tuple[str, ...], version: int, families: t.Any, allow: bool
) -> None:
    found = settings(*(f"RestrictAddressFamilies={v}" for v in values), version=version)
    assert (found.families, found.families_allow) == (families, allow)


# (lines, version, calls, whether the list allows)
CALLS: list[tuple[tuple[str, ...], int, t.Any, bool]] = [
    ((), 252, None, False),
    (("mount", ""), 252, None, False),
    (("mount",), 252, {"mount": ""}, True),
    (("~mount",), 252, {"mount": ""}, False),
    (("@swap mount", "~mount"), 252, {"swapon": "", "swapoff": ""}, True),
    (("~@swap", "swapon"), 252, {"swapoff": ""}, False),
    (("mount:EPERM",), 252, {}, True),
    (("mount:EPERM",), 247, {"mount": "EPERM"}, True),
    (("mount", "~mount:EPERM"), 252, {"mount": "EPERM"}, True),
    (("mount", "~mount:EPERM"), 247, {}, True),
    (("~mount:EPERM",), 252, {"mount": "EPERM"}, False),
    (("~mount:ENONSENSE swapon",), 252, {"swapon": ""}, False),
    (("~mount:4096 :EPERM swapon:kill",), 252, {"swapon": "kill"}, False),
    (("~mount swapon\\ ",), 252, {"mount": ""}, False),
    (("@nonsense nosuchcall read",), 252, {}, True),
]


@pytest.mark.parametrize(("values", "version", "calls", "allow"), CALLS)
def test_calls(
    values: tuple[str, ...], version: int, calls: t.Any, allow: bool
) -> None:
    found = settings(*(f"SystemCallFilter={v}" for v in values), version=version)
    assert (found.calls, found.calls_allow) == (calls, allow)


# (lines, version, attribute, value)
SETTINGS: list[tuple[tuple[str, ...], int, str, t.Any]] = [
    (("UMask=077", "UMask="), 252, "umask", 0o077),
    (("UMask=8",), 252, "umask", 0o022),
    (("User=daemon", "User="), 252, "user", ""),
    (("User=%u",), 252, "user", "root"),
    (("User=daemon", "[Service]", "User=0"), 252, "user", "0"),
    (("SupplementaryGroups=adm", "SupplementaryGroups=sys"), 252, "supplementary_groups", True),
    (("SupplementaryGroups=adm", "SupplementaryGroups="), 252, "supplementary_groups", False),
    (("PrivateMounts=yes", "PrivateMounts="), 252, "private_mounts", True),
    (("PrivateMounts=yes", "PrivateMounts="), 254, "private_mounts", None),
    (("Delegate=",), 252, "delegate", True),
    (("Delegate=cpu nonsense",), 252, "delegate", True),
    (("Delegate=yes", 'Delegate="cpu'), 252, "delegate", True),
    (('Delegate="cpu',), 252, "delegate", False),
    (("DeviceAllow=/dev/null rw", "DeviceAllow=/dev/null rx"), 252, "devices", ["/dev/null"]),
    (("DeviceAllow=/dev/null", "DeviceAllow="), 252, "devices", []),
    (("SystemCallArchitectures=native parisc",), 247, "abis", {"native"}),
    (("SystemCallArchitectures=native parisc",), 252, "abis", {"native", "parisc"}),
    (("SystemCallArchitectures=native", "SystemCallArchitectures="), 252, "abis", set()),
    (("IPAddressDeny=0.0.0.0/0",), 252, "deny_all", {4}),
    (("IPAddressDeny=any",), 252, "deny_all", {4, 16}),
    (("IPAddressDeny=nonsense any",), 247, "deny_all", set()),
    (("IPAddressDeny=nonsense any",), 252, "deny_all", {4, 16}),
    (("IPAddressDeny=any", "IPAddressDeny="), 252, "deny_all", set()),
    (("MountImages=a:/b /a:b /a",), 252, "mount_images", False),
    (("MountImages=-/a:/b:ro",), 252, "mount_images", True),
    (("RootMStack=/a",), 257, "root_stack", ""),
    (("RootMStack=/a",), 262, "root_stack", "/a"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "version", "attribute", "value"), SETTINGS)
def test_settings(
    lines: tuple[str, ...], version: int, attribute: str, value: t.Any
) -> None:
    assert getattr(settings(*lines, version=version), attribute) == value


# (lines, what is implied)
IMPLIED: list[tuple[tuple[str, ...], str, str]] = [
    (("DynamicUser=yes",), "ProtectSystem", "strict"),
    (("DynamicUser=yes", "ProtectSystem=no"), "ProtectSystem", "strict"),
    (("DynamicUser=yes",), "ProtectHome", "read-only"),
    (("DynamicUser=yes", "ProtectHome=tmpfs"), "ProtectHome", "tmpfs"),
    (("PrivateDevices=yes",), "DevicePolicy", "closed"),
    (("PrivateDevices=yes", "DevicePolicy=auto"), "DevicePolicy", "closed"),
    (("PrivateDevices=yes", "DevicePolicy=strict"), "DevicePolicy", "strict"),
]


@pytest.mark.parametrize(("lines", "directive", "value"), IMPLIED)
def test_implied(lines: tuple[str, ...], directive: str, value: str) -> None:
    assert settings(*lines).choices[directive] == value


def test_dynamic_user_implies_switches() -> None:
    found = settings("DynamicUser=yes", "PrivateTmp=no", "NoNewPrivileges=no")
    wanted = ("PrivateTmp", "RemoveIPC", "NoNewPrivileges", "RestrictSUIDSGID")
    assert all(map(found.flag, wanted))
    assert not found.privileged
    assert settings("DynamicUser=yes", "User=root").privileged


# (lines, version, devices)
DEVICES: list[tuple[tuple[str, ...], int, list[str]]] = [
    (("ProtectClock=yes",), 252, []),
    (("ProtectClock=yes", "PrivateDevices=yes"), 252, ["char-rtc"]),
    (("ProtectClock=yes", "DeviceAllow=/dev/null"), 252, ["/dev/null", "char-rtc"]),
    (("LoadCredentialEncrypted=a", "DevicePolicy=closed"), 257, ["char-tpm"]),
    (("LoadCredentialEncrypted=a", "DevicePolicy=closed"), 259, []),
    (("LoadCredentialEncrypted=a", "DevicePolicy=closed"), 247, []),
    (
        ("LoadCredentialEncrypted=a", "LoadCredential=a:/b", "DevicePolicy=closed"),
        *(257, []),
    ),
    (("SetCredentialEncrypted=a:QUJD", "DevicePolicy=closed"), 257, ["char-tpm"]),
    (("SetCredentialEncrypted=a:?", "DevicePolicy=closed"), 257, []),
    (
        ("SetCredentialEncrypted=a:QUJD", "LoadCredential=", "DevicePolicy=closed"),
        *(257, ["char-tpm"]),
    ),
]


@pytest.mark.parametrize(("lines", "version", "devices"), DEVICES)
def test_devices(lines: tuple[str, ...], version: int, devices: list[str]) -> None:
    assert settings(*lines, version=version).devices == devices


def test_images_need_their_devices() -> None:
    found = settings("RootImage=/a.raw", "DevicePolicy=closed")
    assert "block-loop" in found.devices


@pytest.mark.parametrize(
    ("text", "truth"),
    [("no", False), ("yes", True), ("nonsense", True), ("", True)],
)
def test_default_dependencies(text: str, truth: bool) -> None:
    unit = Unit.parse(f"[Unit]\nDefaultDependencies={text}\n")
    assert read([unit], 252, "x86-64").default_dependencies is truth


def test_reads_the_section_of_the_unit_s_own_kind() -> None:
    socket = "[Service]\nUser=a\n[Socket]\nUser=b\n"
    assert read([Unit.parse(socket)], 252, "x86-64").user == "a"
    assert settings("User=b", "Delegate=yes", section="Socket").user == "b"
    assert not settings("Delegate=yes", section="Socket").delegate


def test_drop_ins_come_after_the_unit() -> None:
    units = [Unit.parse("[Service]\nUser=a\n"), Unit.parse("[Service]\nUser=b\n")]
    assert read(units, 252, "x86-64").user == "b"
