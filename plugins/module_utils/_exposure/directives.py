# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What a unit's text comes to, as far as systemd's security analysis looks at it.

``read`` goes through the assignments in their order, the way the systemd of one
version does: each directive has its own idea of what an empty value, a second line
or a wrong word means, and some of these ideas changed. The source of each fact is
load-fragment.c of systemd 247, 252, 257 and 262. The versions in between were placed
by the manual pages.
"""

from __future__ import annotations

import typing as t

from .._tables import capabilities, syscalls
from .._units.unit import Unit
from . import values
from .settings import (
    EVERY_CAPABILITY,
    NAMESPACES,
    SECTIONS,
    TRISTATE_MOUNTS,
    Settings,
    imply,
)


def read(units: t.Iterable[Unit], version: int, architecture: str) -> Settings:
    """The settings of a unit and its drop-ins, in the order in which systemd reads them.

    Knows the versions from 247 on; a newer one than it knows is taken for the newest.
    """
    units = tuple(units)
    names = {section.name for unit in units for section in unit.sections}
    own = next((name for name in SECTIONS if name in names), "Service")
    settings = Settings(version, architecture, own)
    for unit in units:
        for section in unit.sections:
            if section.name == own:
                for entry in section.assignments:
                    take = _DIRECTIVES.get(entry.key)
                    if take is not None:
                        take(settings, entry.key, entry.value)
            elif section.name == "Unit":
                for entry in section.assignments:
                    if entry.key == "DefaultDependencies":
                        wanted = values.boolean(entry.value)
                        if wanted is not None:
                            settings.default_dependencies = wanted
    imply(settings)
    return settings


Take = t.Callable[[Settings, str, str], None]


def _flag(settings: Settings, key: str, value: str) -> None:
    wanted = values.boolean(value)
    if wanted is not None:
        settings.flags[key] = wanted


def _flag_or(since: dict[str, int]) -> Take:
    """A switch for which later versions know more words than yes and no."""

    def take(settings: Settings, key: str, value: str) -> None:
        if since.get(value, settings.version + 1) <= settings.version:
            settings.flags[key] = True
        else:
            _flag(settings, key, value)

    return take


def _choice(*known: str, yes: str = "") -> Take:
    """One word out of several; with ``yes``, a boolean stands for that one or "no"."""

    def take(settings: Settings, key: str, value: str) -> None:
        wanted = values.boolean(value) if yes else None
        if wanted is not None:
            settings.choices[key] = yes if wanted else "no"
        elif value in known:
            settings.choices[key] = value

    return take


def _private_mounts(settings: Settings, key: str, value: str) -> None:
    wanted = values.boolean(value)
    if wanted is not None:
        settings.private_mounts = wanted
    elif not value and settings.version >= TRISTATE_MOUNTS:
        settings.private_mounts = None


def _protect_hostname(settings: Settings, key: str, value: str) -> None:
    if settings.version < 258:
        _flag(settings, key, value)
        return
    if not value:
        settings.flags[key] = False
        return
    kind, colon, name = value.partition(":")
    if colon and not values.is_host_name(name):
        return
    wanted = True if kind == "private" else values.boolean(kind)
    if wanted is not None and not (colon and not wanted):
        settings.flags[key] = wanted


def _user(settings: Settings, key: str, value: str) -> None:
    settings.user = values.expand(value)


def _supplementary_groups(settings: Settings, key: str, value: str) -> None:
    settings.supplementary_groups = bool(value) and (
        settings.supplementary_groups or bool(values.words(value)[0])
    )


def _umask(settings: Settings, key: str, value: str) -> None:
    # an empty value is refused like any other that is no number: the old one stays
    mask = values.mode(value)
    if mask is not None:
        settings.umask = mask


def _path(attribute: str, since: int = 0) -> Take:
    def take(settings: Settings, key: str, value: str) -> None:
        if settings.version >= since:
            setattr(settings, attribute, values.expand(value))

    return take


def _mount_images(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.mount_images = False
        return
    for word in values.words(value, unquote=True)[0]:
        source, _colon, rest = word.partition(":")
        target = rest.partition(":")[0]
        if source.lstrip("-").startswith("/") and target.startswith("/"):
            settings.mount_images = True


def _delegate(settings: Settings, key: str, value: str) -> None:
    # an empty value turns it on, without any controller; so does a list of them
    if settings.section != "Service":
        return
    wanted = values.boolean(value)
    if wanted is not None:
        settings.delegate = wanted
    elif values.words(value, unquote=True)[1]:
        settings.delegate = True


def _bounding_set(settings: Settings, key: str, value: str) -> None:
    settings.bounding = _capability_set(settings, value, settings.bounding, True)


def _ambient(settings: Settings, key: str, value: str) -> None:
    settings.ambient = _capability_set(settings, value, settings.ambient, False)


def _capability_set(
    settings: Settings, value: str, current: int, bounding: bool
) -> int:
    """The set after one more line: a first line replaces, a later one adds or removes.

    Unknown names are no error. A line without any known one replaces as well, so that
    ``CAP_FOO`` alone means the empty set; from 259 on ``~CAP_FOO`` means every
    capability by name, which is no longer the untouched set that a later line replaces.
    """
    if not value and settings.version >= 259:
        return 0
    inverted = value.startswith("~")
    relax = settings.version >= 254
    limit = 62 if relax else 63
    named = 0
    for word in values.words(value[inverted:], unquote=True, relax=relax)[0]:
        number = capabilities.number(word, limit)
        if number is not None:
            named |= 1 << number
    untouched = EVERY_CAPABILITY if bounding else 0
    if named == 0 or current == untouched:
        if not inverted:
            return named
        everything = EVERY_CAPABILITY
        if settings.version >= 259:
            everything = capabilities.ALL
        return everything & ~named
    return current & ~named if inverted else current | named


def _restrict_namespaces(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.namespaces = None
        return
    wanted = values.boolean(value)
    known = NAMESPACES[:-1] if settings.version < 252 else NAMESPACES
    if wanted is not None:
        settings.namespaces = frozenset() if wanted else frozenset(NAMESPACES)
        return
    inverted = value.startswith("~")
    named, whole = values.words(value[inverted:])
    if not whole or not set(named) <= set(known):
        return
    if settings.namespaces is None:
        kept = frozenset(NAMESPACES) - set(named) if inverted else frozenset(named)
    elif inverted:
        kept = settings.namespaces - set(named)
    else:
        kept = settings.namespaces | set(named)
    settings.namespaces = kept


def _restrict_families(settings: Settings, key: str, value: str) -> None:
    if not value or (value == "none" and settings.version >= 249):
        settings.families = None
        settings.families_allow = bool(value)
        return
    inverted = value.startswith("~")
    if settings.families is None:
        settings.families = set()
        settings.families_allow = not inverted
    for word in values.words(value[inverted:], unquote=True)[0]:
        family = values.FAMILIES.get(word.upper())
        if family is None:
            # 260 and later give up the rest of the line, earlier ones this word alone
            if settings.version >= 260:
                return
        elif inverted != settings.families_allow:
            settings.families.add(family)
        else:
            settings.families.discard(family)


def _call_architectures(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.abis.clear()
    for word in values.words(value, unquote=True)[0]:
        since = values.ABI_SINCE.get(word, 0)
        if word in values.ABIS and since <= settings.version:
            settings.abis.add(word)


def _call_filter(settings: Settings, key: str, value: str) -> None:
    """The first line decides whether the list allows or denies, and a list that allows
    begins with @default; later lines add to it or, the other way round, take away."""
    if not value:
        settings.calls = None
        settings.calls_allow = False
        return
    errors_allowed = settings.online  # 247 takes call:EPERM in a list that allows
    inverted = value.startswith("~")
    if settings.calls is None:
        settings.calls = dict.fromkeys(
            () if inverted else settings.judged("@default"), ""
        )
        settings.calls_allow = not inverted
    for word in values.words(value[inverted:])[0]:
        name, colon, error = word.partition(":")
        if not name or (colon and not _is_error(error)):
            continue
        if error and not inverted and not errors_allowed:
            continue
        calls = settings.judged(name)
        if inverted != settings.calls_allow or (
            inverted and error and not errors_allowed
        ):
            settings.calls.update(dict.fromkeys(calls, error))
        else:
            for call in calls:
                settings.calls.pop(call, None)


def _is_error(text: str) -> bool:
    if text == "kill" or text in syscalls.error_names():
        return True
    number = values.unsigned(text)
    return number is not None and number <= 4095


def _ip_deny(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.deny_all.clear()
    for network in _networks(settings, value)[0]:
        if network.prefix == 0:
            settings.deny_all.add(len(network.address))


def _ip_allow(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.allowed.clear()
    found, whole = _networks(settings, value)
    settings.allowed += found
    if whole or not settings.allowed:
        settings.reducible = len(settings.allowed)


def _networks(settings: Settings, value: str) -> tuple[list[values.Network], bool]:
    """The address ranges of a line, and whether all of it could be read.

    247 stops at the first word that is none, and then keeps ranges inside of others.
    """
    found: list[values.Network] = []
    for word in values.words(value)[0]:
        networks = values.networks(word)
        if not networks and settings.version < 250:
            return found, False
        found += networks
    return found, True


def _ip_filter(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.ip_filters[key] = False
    elif values.expand(value).startswith(("/", "%")):
        settings.ip_filters[key] = True


def _device_allow(settings: Settings, key: str, value: str) -> None:
    if not value:
        settings.devices.clear()
        return
    # the first word is the device, all the rest its rights
    split, whole = values.words(value, unquote=True)
    if not split or not values.is_device(values.expand(split[0])):
        return
    rights = " ".join(split[1:])
    if (whole or len(split) > 1) and not rights.strip("rwm"):
        settings.devices.append(split[0])


def _credential(kind: str, encrypted: bool) -> Take:
    """Whether a credential is encrypted: of two lines with one name, the last counts."""

    def take(settings: Settings, key: str, value: str) -> None:
        if encrypted and settings.version < 250:
            return
        if not value:
            settings.credentials[kind].clear()
            return
        found = values.credential(value)
        if found is None:
            return
        name, rest = found
        if kind == "set":
            if not rest or (encrypted and not values.is_base64(rest)):
                return
        elif rest and not values.is_credential_source(rest):
            return
        settings.credentials[kind][name] = encrypted

    return take


_DIRECTIVES: t.Final[dict[str, Take]] = {
    **dict.fromkeys(
        (
            "DynamicUser",
            "LockPersonality",
            "MemoryDenyWriteExecute",
            "NoNewPrivileges",
            "PrivateDevices",
            "PrivateNetwork",
            "ProtectClock",
            "ProtectKernelLogs",
            "ProtectKernelModules",
            "ProtectKernelTunables",
            "RemoveIPC",
            "RestrictRealtime",
            "RestrictSUIDSGID",
        ),
        _flag,
    ),
    "PrivateTmp": _flag_or({"connected": 257, "disconnected": 257}),
    "PrivateUsers": _flag_or(
        {"self": 257, "identity": 257, "full": 258, "managed": 260}
    ),
    "ProtectControlGroups": _flag_or({"private": 257, "strict": 257}),
    "ProtectHostname": _protect_hostname,
    "PrivateMounts": _private_mounts,
    "ProtectHome": _choice("read-only", "tmpfs", yes="yes"),
    "ProtectSystem": _choice("full", "strict", yes="yes"),
    "ProtectProc": _choice("default", "noaccess", "invisible", "ptraceable"),
    "ProcSubset": _choice("all", "pid"),
    "KeyringMode": _choice("inherit", "private", "shared"),
    "NotifyAccess": _choice("none", "main", "exec", "all"),
    "DevicePolicy": _choice("auto", "closed", "strict"),
    "User": _user,
    "SupplementaryGroups": _supplementary_groups,
    "UMask": _umask,
    "RootDirectory": _path("root_directory"),
    "RootImage": _path("root_image"),
    "RootMStack": _path("root_stack", since=260),
    "MountImages": _mount_images,
    "Delegate": _delegate,
    "CapabilityBoundingSet": _bounding_set,
    "AmbientCapabilities": _ambient,
    "RestrictNamespaces": _restrict_namespaces,
    "RestrictAddressFamilies": _restrict_families,
    "SystemCallArchitectures": _call_architectures,
    "SystemCallFilter": _call_filter,
    "IPAddressAllow": _ip_allow,
    "IPAddressDeny": _ip_deny,
    "IPIngressFilterPath": _ip_filter,
    "IPEgressFilterPath": _ip_filter,
    "DeviceAllow": _device_allow,
    "LoadCredential": _credential("load", False),
    "LoadCredentialEncrypted": _credential("load", True),
    "SetCredential": _credential("set", False),
    "SetCredentialEncrypted": _credential("set", True),
}
