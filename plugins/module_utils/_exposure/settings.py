# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""The settings of a unit that systemd's security analysis looks at, as one value."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._tables import capabilities, syscalls
from .values import Network, reduced

NAMESPACES: t.Final = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts", "time")
EVERY_CAPABILITY: t.Final = (1 << 64) - 1
ONLINE_ONLY: t.Final = 250
"""The first version that can analyse a file; those before ask the manager."""

TRISTATE_MOUNTS: t.Final = 254
"""The first version for which PrivateMounts= unset is something else than "no"."""

SECTIONS: t.Final = ("Service", "Socket", "Mount", "Swap")
"""The sections that can hold these directives; a unit has one of them."""


@dataclass
class Settings:
    """The settings of one unit, each as that version of systemd understands it."""

    version: int
    architecture: str
    section: str
    default_dependencies: bool = True
    flags: dict[str, bool] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    user: str = ""
    supplementary_groups: bool = False
    umask: int = 0o022
    root_directory: str = ""
    root_image: str = ""
    root_stack: str = ""
    mount_images: bool = False
    delegate: bool = False
    # None: nothing is said
    private_mounts: bool | None = None
    bounding: int = EVERY_CAPABILITY
    ambient: int = 0
    # None: not restricted; else the namespaces that stay allowed
    namespaces: frozenset[str] | None = None
    # None: no list was begun
    families: set[str] | None = None
    families_allow: bool = False
    abis: set[str] = field(default_factory=set)
    # None: no list was begun; else, of the calls that a check asks for, those listed,
    # with the error that they answer
    calls: dict[str, str] | None = None
    calls_allow: bool = False
    deny_all: set[int] = field(default_factory=set)
    allowed: list[Network] = field(default_factory=list)
    ip_filters: dict[str, bool] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    # of how many of the allowed networks those inside of others are dropped
    reducible: int = 0
    # by the kind of line, whether the credential of a name is encrypted
    credentials: dict[str, dict[str, bool]] = field(
        default_factory=lambda: {"load": {}, "set": {}}
    )

    def judged(self, name: str) -> frozenset[str]:
        """The system calls that a call's or a group's name means here."""
        return syscalls.judged(name, self.version, self.architecture)

    def flag(self, directive: str) -> bool:
        """A switch that is off unless it was turned on."""
        return self.flags.get(directive, False)

    @property
    def online(self) -> bool:
        """Whether this version answers for a loaded unit instead of for a file."""
        return self.version < ONLINE_ONLY

    @property
    def has_device_policy(self) -> bool:
        """Whether only some devices can be opened."""
        return self.choices.get("DevicePolicy", "auto") != "auto"

    @property
    def has_encrypted_credential(self) -> bool:
        """Whether a credential must be decrypted, perhaps by the machine's TPM."""
        return any(True in kind.values() for kind in self.credentials.values())

    @property
    def privileged(self) -> bool:
        """Whether the service runs as root."""
        if self.user in ("0", "root"):
            return True
        return not self.flag("DynamicUser") and not self.user


def imply(settings: Settings) -> None:
    """What some settings bring with them (unit_patch_contexts)."""
    flags = settings.flags
    if settings.online:
        # it makes a difference to these alone, who ask for a whole range of the host's
        seen = settings.reducible
        settings.allowed = reduced(settings.allowed[:seen]) + settings.allowed[seen:]
    for directive, lost in _LOST_CAPABILITIES.items():
        if settings.flag(directive):
            settings.bounding &= ~lost
    if settings.flag("DynamicUser"):
        for directive in ("PrivateTmp", "RemoveIPC", "NoNewPrivileges"):
            flags[directive] = True
        flags["RestrictSUIDSGID"] = True
        settings.choices["ProtectSystem"] = "strict"
        if settings.choices.get("ProtectHome", "no") == "no":
            settings.choices["ProtectHome"] = "read-only"
    if settings.flag("PrivateDevices") and not settings.has_device_policy:
        settings.choices["DevicePolicy"] = "closed"
    if settings.has_device_policy or settings.devices:
        if settings.root_image or settings.mount_images or settings.root_stack:
            settings.devices += ["/dev/loop-control", "/dev/mapper/control"]
            settings.devices += ["block-loop", "block-blkext", "block-device-mapper"]
        if settings.flag("ProtectClock"):
            settings.devices.append("char-rtc")
        if settings.version < 259 and settings.has_encrypted_credential:
            settings.devices.append("char-tpm")


_LOST_CAPABILITIES: t.Final = {
    "PrivateDevices": capabilities.mask("MKNOD", "SYS_RAWIO"),
    "ProtectKernelModules": capabilities.mask("SYS_MODULE"),
    "ProtectKernelLogs": capabilities.mask("SYSLOG"),
    "ProtectClock": capabilities.mask("SYS_TIME", "WAKE_ALARM"),
}
