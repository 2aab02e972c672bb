# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service units made at random out of what systemd's security analysis reads.

The values are those where versions, or the order of lines, make a difference: resets,
removals, aliases, words of later versions, errors in the middle of a list, quotes.
"""

from __future__ import annotations

import random
import typing as t

SWITCHES = (
    *("DynamicUser", "LockPersonality", "MemoryDenyWriteExecute", "NoNewPrivileges"),
    *("PrivateDevices", "PrivateMounts", "PrivateNetwork", "PrivateTmp"),
    *("PrivateUsers", "ProtectClock", "ProtectControlGroups", "ProtectHostname"),
    *("ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables"),
    *("RemoveIPC", "RestrictRealtime", "RestrictSUIDSGID"),
)
SWITCH_VALUES = ("yes", "no", "true", "off", "1", "0", "Y", "ON", "f", "tRuE")
WRONG_SWITCH_VALUES = ("", "maybe", "yes # not a comment", "-1", "2", '"yes"')

CAPABILITIES = (
    *("CAP_SYS_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_KILL", "cap_chown", "Cap_Setuid"),
    *("CAP_SETGID", "CAP_SETPCAP", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_BPF"),
    *("CAP_NET_RAW", "CAP_MKNOD", "CAP_AUDIT_READ", "CAP_SYSLOG", "CAP_MAC_ADMIN"),
    *("CAP_FOO", "CAP_", "21", "0x15", "025", "62", "63", "64", "-1", "+5", "0"),
    *('"CAP_SYS_TIME"', "'CAP_LEASE'", '"', "\\", "CAP_SYS_\\ADMIN", "CAP_KILL,"),
)
FAMILIES = (
    *("AF_INET", "AF_INET6", "AF_UNIX", "AF_LOCAL", "AF_FILE", "AF_NETLINK"),
    *("AF_ROUTE", "AF_PACKET", "AF_BLUETOOTH", "AF_VSOCK", "AF_ALG", "AF_XDP"),
    *("AF_FOO", "af_inet", "INET", "AF_UNSPEC", "none", '"AF_CAN"', "AF_DECnet", '"'),
)
GROUPS = (
    *("@aio", "@basic-io", "@chown", "@clock", "@cpu-emulation", "@debug", "@default"),
    *("@file-system", "@io-event", "@ipc", "@keyring", "@known", "@memlock", "@module"),
    *("@mount", "@network-io", "@obsolete", "@pkey", "@privileged", "@process"),
    *("@raw-io", "@reboot", "@resources", "@sandbox", "@setuid", "@signal", "@swap"),
    *("@sync", "@system-service", "@timer", "@nonsense", "@"),
)
CALLS = (
    *("open_tree", "chown", "read", "ptrace", "reboot", "swapon", "swapoff", "uselib"),
    *("modify_ldt", "iopl", "ioperm", "adjtimex", "clock_settime", "settimeofday"),
    *("mount", "umount2", "pciconfig_read", "init_module", "nosuchcall", "vm86"),
    *("setpriority", "sched_setaffinity", "_sysctl", "ustat", "bpf", ":EPERM", "\\"),
)
ERRORS = ("EPERM", "EACCES", "kill", "0", "1", "4095", "4096", "ENONSENSE", "-1", "")
ADDRESSES = (
    *("any", "localhost", "link-local", "multicast", "0.0.0.0/0", "::/0", "::1"),
    *("127.0.0.1", "127.0.0.0/8", "127.1.2.3/8", "127.0.0.1/32", "10.0.0.0/8"),
    *("192.168.1.1", "fe80::/64", "::1/128", "::1/64", "127.0.0.0/4", "127.0.0.1/0"),
    *("LOCALHOST", "www.localhost", "localhost.localdomain.", "Any", "10.0.0.1/33"),
    *("1.2.3", "nonsense", "::1/129", "10.0.0.0/08", "10.0.0.0/", "[::1]", "127.1"),
)
DEVICES = (
    *("/dev/null rw", "/dev/null", "char-rtc r", "block-loop rwm", "/dev/sda rx"),
    *("/etc/passwd r", "dev/null r", "/dev/../etc r", '"/dev/null" r', "/dev/ r"),
    *("/dev//sda/ rw", "/dev/./sda m", "char-", "/run/systemd/inaccessible/chr"),
    *("/dev/null r w", '"/dev/nu', "/dev/net/tun rwmm", "/dev/null\\"),
)
NAMESPACES = (
    *("user", "mnt", "ipc", "pid", "cgroup", "net", "uts", "time", "nonsense", "NET"),
    *('"net"', "\\"),
)
ABIS = (
    *("native", "x86-64", "x86", "x32", "arm64", "nonsense", "NATIVE", '"native"'),
    *("riscv64", "loongarch64", "parisc", '"'),
)


def random_unit(seed: int) -> str:
    """One unit; the same for the same seed."""
    chance = random.Random(seed)
    lines: list[str] = []
    if chance.random() < 0.25:
        value = chance.choice((*SWITCH_VALUES, *WRONG_SWITCH_VALUES))
        lines += ["[Unit]", f"DefaultDependencies={value}"]
    lines += ["[Service]", "ExecStart=/bin/true"]
    names = chance.sample(sorted(MAKERS), chance.randint(2, len(MAKERS)))
    for name in names:
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
            lines.append(_line(chance, name))
    if chance.random() < 0.2:
        lines.insert(chance.randrange(2, len(lines) + 1), "[Service]")
    return "\n".join(lines) + "\n"


def _line(chance: random.Random, name: str) -> str:
    directive, value = MAKERS[name](chance)
    separator = chance.choice(("=", "=", "=", " = ", "= "))
    return f"{directive}{separator}{value}"


def _switch(chance: random.Random) -> tuple[str, str]:
    extra = {
        "PrivateTmp": ("connected", "disconnected"),
        "PrivateUsers": ("self", "identity", "full", "managed"),
        "ProtectControlGroups": ("private", "strict", "full"),
        "ProtectHostname": ("private", "private:web", "yes:-", "no:web", "private:"),
    }
    directive = chance.choice(SWITCHES)
    pool = SWITCH_VALUES if chance.random() < 0.8 else WRONG_SWITCH_VALUES
    if directive == "DynamicUser":
        pool = SWITCH_VALUES  # a wrong one keeps the unit from being loaded
    elif directive in extra and chance.random() < 0.5:
        pool = extra[directive]
    return directive, chance.choice(pool)


def _one(directive: str, *pool: str) -> t.Callable[[random.Random], tuple[str, str]]:
    return lambda chance: (directive, chance.choice(pool))


def _list(
    directive: str,
    pool: t.Sequence[str],
    invert: bool = False,
    whole: t.Sequence[str] = ("",),
    most: int = 5,
) -> t.Callable[[random.Random], tuple[str, str]]:
    """Some words of the pool, at times all of them removed, or one value alone."""

    def make(chance: random.Random) -> tuple[str, str]:
        if chance.random() < 0.1:
            return directive, chance.choice(whole)
        words = [chance.choice(pool) for _ in range(chance.randint(0, most))]
        tilde = "~" if invert and chance.random() < 0.4 else ""
        return directive, tilde + chance.choice((" ", " ", "  ", "\t")).join(words)

    return make


def _call_filter(chance: random.Random) -> tuple[str, str]:
    def word() -> str:
        name = chance.choice(GROUPS if chance.random() < 0.6 else CALLS)
        error = f":{chance.choice(ERRORS)}" if chance.random() < 0.12 else ""
        return name + error

    if chance.random() < 0.06:
        return "SystemCallFilter", ""
    words = [word() for _ in range(chance.randint(0, 6))]
    tilde = "~" if chance.random() < 0.5 else ""
    return "SystemCallFilter", tilde + " ".join(words)


def _credential(chance: random.Random) -> tuple[str, str]:
    name = chance.choice(("key", "key", "tls", "a b", "../x", ""))
    values = {
        "LoadCredential": (f"{name}:/etc/key", f"{name}:key", name, ""),
        "LoadCredentialEncrypted": (f"{name}:/etc/key", f"{name}:a/b", name, ""),
        "SetCredential": (f"{name}:secret", name, ""),
        "SetCredentialEncrypted": (f"{name}:QUJD", f"{name}:?", f"{name}: QU JD", ""),
    }
    directive = chance.choice(sorted(values))
    return directive, chance.choice(values[directive])


MAKERS: dict[str, t.Callable[[random.Random], tuple[str, str]]] = {
    **{f"switch {number}": _switch for number in range(8)},
    "user": _one(
        "User", *("root", "0", "nobody", "daemon", "", "1", "www-data", "%u", "%U")
    ),
    "groups": _list("SupplementaryGroups", ("daemon", "adm", "5"), whole=("", "adm")),
    "umask": _one(
        *("UMask", "0022", "077", "", "0027", "7777", "0", "8", "0o22", "0002", "0055"),
        *("-1", "10000", "0077 ", "0026", "0037", "+77"),
    ),
    "home": _one(
        *("ProtectHome", "yes", "no", "read-only", "tmpfs", "", "full", "READ-ONLY"),
        *("1", "off"),
    ),
    "system": _one(
        *("ProtectSystem", "yes", "no", "full", "strict", "", "tmpfs", "Strict", "t"),
    ),
    "proc": _one(
        *("ProtectProc", "default", "noaccess", "invisible", "ptraceable", "", "yes"),
    ),
    "subset": _one("ProcSubset", "all", "pid", "", "yes"),
    "keyring": _one("KeyringMode", "inherit", "private", "shared", "", "yes"),
    "notify": _one("NotifyAccess", "none", "main", "exec", "all", "", "yes"),
    "type": _one("Type", "simple", "exec", "notify", "oneshot", "forking", "bad"),
    "watchdog": _one("WatchdogSec", "10", "0"),
    "delegate": _one(
        *("Delegate", "yes", "no", "", "cpu memory", "nonsense", '"cpu', "0"),
    ),
    "policy": _one("DevicePolicy", "auto", "closed", "strict", "", "yes"),
    "device": _list("DeviceAllow", DEVICES, most=1),
    "root": _one(
        *("RootDirectory", "/", "/srv", "", "//", "/./", "/srv/../srv"),
    ),
    "image": _one("RootImage", "/", "/srv/a.raw", ""),
    "stack": _one("RootMStack", "/srv/a.mstack", ""),
    "images": _one(
        *("MountImages", "/a.raw:/srv", "-/a.raw:/srv:ro", "", "a.raw:/srv", "/a.raw"),
    ),
    "credential": _credential,
    "bounding": _list("CapabilityBoundingSet", CAPABILITIES, invert=True),
    "bounding again": _list("CapabilityBoundingSet", CAPABILITIES, invert=True),
    "ambient": _list("AmbientCapabilities", CAPABILITIES, invert=True),
    "namespaces": _list(
        "RestrictNamespaces", NAMESPACES[:8], invert=True, whole=("", "yes", "no", "~")
    ),
    "wrong namespaces": _list("RestrictNamespaces", NAMESPACES, invert=True),
    "families": _list(
        "RestrictAddressFamilies", FAMILIES, invert=True, whole=("", "none", "~none")
    ),
    "families again": _list("RestrictAddressFamilies", FAMILIES[:9], invert=True),
    "abis": _list("SystemCallArchitectures", ABIS, most=3, whole=("", "native")),
    "calls": _call_filter,
    "calls again": _call_filter,
    "deny": _list(
        "IPAddressDeny", ADDRESSES, whole=("", "any", "0.0.0.0/0 ::/0"), most=3
    ),
    "deny all": _one("IPAddressDeny", "any"),
    "allow": _list("IPAddressAllow", ADDRESSES, most=3),
    "allow local": _one("IPAddressAllow", "localhost", "127.0.0.1 ::1", ""),
    "ingress": _one("IPIngressFilterPath", "/sys/fs/bpf/a", "", "a"),
    "egress": _one("IPEgressFilterPath", "/sys/fs/bpf/a", "", "a"),
}
