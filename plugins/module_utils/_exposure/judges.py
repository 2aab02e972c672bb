# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""How each kind of check of systemd's security analysis is judged.

A judge takes the settings and returns the badness: 0 is good, None says that the check
does not apply. The source is analyze-security.c of systemd 247 to 262.
"""

from __future__ import annotations

import typing as t

from .._tables import syscalls
from .settings import TRISTATE_MOUNTS, Settings
from .values import Network, is_root_path

Judge = t.Callable[[Settings], t.Optional[int]]
Text = t.Callable[[Settings], str]


def flag(directive: str) -> Judge:
    return lambda settings: int(not settings.flag(directive))


def choice(directive: str, badness: dict[str, int], default: int) -> Judge:
    def judge(settings: Settings) -> int:
        return badness.get(settings.choices.get(directive, ""), default)

    return judge


def capability(mask: int) -> Judge:
    return lambda settings: int(settings.bounding & mask != 0)


def namespace(name: str) -> Judge:
    def judge(settings: Settings) -> int:
        return int(settings.namespaces is None or name in settings.namespaces)

    return judge


def family(*names: str) -> Judge:
    """Good when none of the families can be used; no names: one not named elsewhere."""
    wanted = frozenset(names)

    def judge(settings: Settings) -> int:
        listed = settings.families or set()
        found = listed & wanted if wanted else listed - _NAMED_FAMILIES
        return int(settings.families_allow == bool(found))

    return judge


_NAMED_FAMILIES: t.Final = frozenset(
    ("AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET")
)


def user(settings: Settings) -> int:
    if settings.user == "nobody":
        return 9
    return 10 if settings.privileged else 0


def supplementary_groups(settings: Settings) -> int | None:
    return None if settings.privileged else int(settings.supplementary_groups)


def remove_ipc(settings: Settings) -> int | None:
    return None if settings.privileged else int(not settings.flag("RemoveIPC"))


def private_mounts(settings: Settings) -> int:
    if settings.private_mounts is None and settings.version >= TRISTATE_MOUNTS:
        return 0
    if settings.online and _has_mounts(settings):
        return 0
    return int(not settings.private_mounts)


def _has_mounts(settings: Settings) -> bool:
    """Whether other settings give the service a view of the file system of its own."""
    return (
        any(map(settings.flag, _OWN_MOUNTS))
        or settings.choices.get("ProtectHome", "no") != "no"
        or settings.choices.get("ProtectSystem", "no") != "no"
        or bool(settings.root_image)
    )


_OWN_MOUNTS: t.Final = (
    *("PrivateDevices", "PrivateTmp", "ProtectControlGroups"),
    *("ProtectKernelTunables", "ProtectKernelModules"),
)


def private_mounts_note(settings: Settings) -> str:
    private = settings.private_mounts
    if private is None and settings.version >= TRISTATE_MOUNTS:
        if not _has_mounts(settings):
            return (
                f"systemd {settings.version} counts an unset PrivateMounts= as good when"
                " it analyses a file. Of the loaded unit it says the opposite, and it is"
                " right then: nothing keeps this service's mounts from the host."
            )
    elif not private and not settings.online and _has_mounts(settings):
        return (
            f"systemd {settings.version} looks at PrivateMounts= alone when it analyses"
            " a file. Other settings of this unit do give it mounts of its own, and of"
            " the loaded unit systemd says so."
        )
    return ""


def root(settings: Settings) -> int:
    own = (settings.root_directory, settings.root_image)
    return int(all(map(is_root_path, own)))


def umask(settings: Settings) -> int:
    for bit, badness in ((0o002, 10), (0o004, 5), (0o020, 2), (0o040, 1)):
        if not settings.umask & bit:
            return badness
    return 0


def keyring(settings: Settings) -> int:
    default = "private" if settings.section == "Service" else "shared"
    return int(settings.choices.get("KeyringMode", default) != "private")


def abis(settings: Settings) -> int:
    if not settings.abis:
        return 10
    return 0 if settings.abis == {"native"} else 8


def _offending_call(settings: Settings, group: str) -> str:
    """The first call of the group that the service may make, or ""."""
    listed = settings.calls or {}
    # 247 compares with the names of the loaded unit, which carry their errors
    plain = settings.online or settings.calls_allow
    for call in syscalls.native(group, settings.version, settings.architecture):
        known = call in listed and not (plain and listed[call])
        if known == settings.calls_allow:
            return call
    return ""


def calls(group: str) -> Judge:
    def judge(settings: Settings) -> int:
        if settings.calls is None:
            return 10
        if not _offending_call(settings, group):
            return 0
        return 9 if settings.calls_allow else 10

    return judge


def calls_detail(group: str) -> Text:
    def detail(settings: Settings) -> str:
        if settings.calls is None:
            return "no SystemCallFilter= at all"
        return f"{_offending_call(settings, group)}, for one"

    return detail


def calls_note(settings: Settings) -> str:
    denied = {} if settings.calls_allow else settings.calls or {}
    if settings.online and any(denied.values()):
        return (
            f"systemd {settings.version} counts a denied call that answers with an"
            " error of its own (call:EPERM) as if it were not denied."
        )
    return ""


def addresses(settings: Settings) -> int:
    if _has_ip_filter(settings):
        return 0
    if settings.deny_all != {4, 16}:
        return 10
    local = [_is_local(settings, network) for network in settings.allowed]
    if not all(local):
        return 5
    return 2 if local else 0


def _has_ip_filter(settings: Settings) -> bool:
    # of a loaded unit, 247 looks at the programs for outgoing packets alone
    if settings.online:
        return settings.ip_filters.get("IPEgressFilterPath", False)
    return any(settings.ip_filters.values())


def _is_local(settings: Settings, network: Network) -> bool:
    whole = network.prefix == (8 if network.ipv4 else 128)
    return network.localhost and (whole or not settings.online)


def addresses_note(settings: Settings) -> str:
    if any(settings.ip_filters.values()) and not _has_ip_filter(settings):
        return (
            f"systemd {settings.version} looks at IPEgressFilterPath= alone: the BPF"
            " program for incoming packets does not count."
        )
    return ""


def devices(settings: Settings) -> int:
    if not settings.has_device_policy:
        return 10
    return 5 if settings.devices else 0


def devices_detail(settings: Settings) -> str:
    listed = sorted(set(settings.devices))
    return " ".join(listed[:8]) + (" …" if len(listed) > 8 else "")
