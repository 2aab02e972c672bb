# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Kinds of values that name units, sockets, credentials and parts of the kernel."""

from __future__ import annotations

import re
import typing as t

from .._tables import directives
from .._units.unit_name import (
    MAX_LENGTH,
    SUFFIXES,
    is_template,
    is_unit_name,
    suffix,
)
from . import basics
from .kinds_exec import check_base64
from .kinds_paths import KERNEL_PATHS_SINCE
from .network import (
    bind_problem,
    listen_problem,
    netlink_problem,
    prefix_problem,
)
from .text import (
    BadValue,
    Check,
    check_escapes,
    check_path,
    demand,
    distinct_words,
    expand,
    one_of,
    resettable,
    words_of,
)

# The types of units that can be made from a template (unit-def.c).
_TEMPLATES: t.Final = ("service", "socket", "target", "timer", "path")
# Names in which nothing is to be replaced, and none of which is a template.
_PLAIN_NAME: t.Final = (
    rf"[A-Za-z0-9:_.-]+(?:@[A-Za-z0-9:_.@-]+)?\.(?:{'|'.join(SUFFIXES)})"
)
_PLAIN_NAMES: t.Final = re.compile(rf"{_PLAIN_NAME}(?: +{_PLAIN_NAME})*")
_URL: t.Final = re.compile(r"(?:https?://.|file:/|info:.|man:.).*", re.S)
_BUS_NAME: t.Final = re.compile(
    r"(?::[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+|[A-Za-z_-][A-Za-z0-9_-]*"
    r"(?:\.[A-Za-z_-][A-Za-z0-9_-]*)+)"
)
_SEARCHED_SINCE: t.Final = 248  # LoadCredential=NAME without a path


def unit_name(word: str, systemd: int) -> str:
    """Give a unit's name, specifiers replaced; raises BadValue for any other word."""
    name = expand(word, systemd, in_name=True)
    demand(is_unit_name(name), f"{word!r} is not the name of a unit")
    demand(
        not is_template(name) or suffix(name) in _TEMPLATES,
        f"{word!r}: a .{suffix(name)} has no templates",
    )
    return name


def units(value: str, key: str, systemd: int) -> None:
    if len(value) <= MAX_LENGTH and _PLAIN_NAMES.fullmatch(value):
        return
    for word in distinct_words(value, retain=True, unquote=False):
        unit_name(word, systemd)


def sockets(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, unquote=False):
        name = unit_name(word, systemd)
        demand(suffix(name) == "socket", f"{word!r} is not a socket's unit")


def service(value: str, key: str, systemd: int) -> None:
    name = unit_name(value, systemd)
    demand(suffix(name) == "service", f"{value!r} is not a service's unit")


def triggered(value: str, key: str, systemd: int) -> None:
    unit_name(value, systemd)


def slice_(value: str, key: str, systemd: int) -> None:
    name = unit_name(value, systemd)
    demand(suffix(name) == "slice", f"{value!r} is not a slice")


def text(value: str, key: str, systemd: int) -> None:
    expand(value, systemd)


def condition(value: str, key: str, systemd: int) -> None:
    expand(value.lstrip("|").lstrip("! \t"), systemd)


def documentation(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(expand(value, systemd), retain=True):
        demand(
            _URL.fullmatch(word) is not None and word.isascii(),
            f"{word!r} does not begin with http://, https://, file:, info: or man:",
        )


def action(value: str, key: str, systemd: int) -> None:
    one_of(value, "emergency_action", systemd)


def bus_name(value: str, key: str, systemd: int) -> None:
    name = expand(value, systemd)
    demand(
        len(name) <= 255 and _BUS_NAME.fullmatch(name) is not None,
        f"{value!r} cannot be a name on the bus",
    )


def listen(value: str, key: str, systemd: int) -> None:
    resolved = expand(value, systemd)
    problem: str | None
    if key == "ListenSpecial":
        check_path(value, systemd)
        return
    if key in ("ListenFIFO", "ListenUSBFunction"):
        _outside_kernel(check_path(value, systemd), systemd)
        return
    if key == "ListenMessageQueue":
        problem = None
        _outside_kernel(check_path(value, systemd), systemd)
    elif key == "ListenNetlink":
        families = directives.words("netlink_family", systemd) or frozenset()
        problem = netlink_problem(resolved, families)
    else:
        problem = listen_problem(resolved, key, systemd)
    if problem:
        raise BadValue(problem)


def _outside_kernel(path: str, systemd: int) -> None:
    demand(
        systemd < KERNEL_PATHS_SINCE
        or not re.match(r"/+(?:dev|proc|sys)(?:/|$)", path),
        f"{path!r} lies below a file system of the kernel",
    )


def descriptor_name(value: str, key: str, systemd: int) -> None:
    demand(
        basics.is_fd_name(expand(value, systemd)),
        f"{value!r} cannot name a file descriptor: ASCII without a colon, at most 255",
    )


def interface(value: str, key: str, systemd: int) -> None:
    if systemd < 248:
        # Then any text of that length would do.
        demand(
            len(value) < 16 and "/" not in value, f"{value!r} cannot name an interface"
        )
        return
    name = expand(value, systemd) if systemd >= 258 else value
    demand(
        value == "*" or basics.is_interface(name), f"{value!r} cannot name an interface"
    )


def ipv6_only(value: str, key: str, systemd: int) -> None:
    if not basics.is_boolean(value):
        one_of(value, "socket_address_bind_ipv6_only", systemd)


def protocol(value: str, key: str, systemd: int) -> None:
    known = ("udplite", "sctp", "mptcp") if systemd >= 257 else ("udplite", "sctp")
    demand(value in known, f"{value!r} is none of {', '.join(known)}")


def ip_prefixes(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, unquote=False):
        problem = prefix_problem(word, systemd)
        if problem:
            raise BadValue(problem)


def socket_bind(value: str, key: str, systemd: int) -> None:
    problem = bind_problem(value, systemd)
    if problem:
        raise BadValue(problem)


def load_credential(value: str, key: str, systemd: int) -> None:
    """NAME:PATH, or from 248 on NAME alone."""
    _name, _colon, source = _credential(value, systemd)
    if not source:
        demand(
            systemd >= _SEARCHED_SINCE,
            f"{value!r} has no path, which systemd {systemd} needs",
        )
        return
    resolved = expand(source, systemd)
    if resolved.startswith("/"):
        problem = basics.path_problem(resolved)
        if problem or "//" in resolved or "/./" in resolved:
            raise BadValue(problem or f"{source!r} is not the plainest form of a path")
    else:
        demand(
            basics.is_credential_name(resolved),
            f"{source!r} is neither an absolute path nor a credential's name",
        )


def set_credential(value: str, key: str, systemd: int) -> None:
    """NAME:VALUE with C escapes, or Base64 where it is encrypted."""
    _name, colon, content = _credential(value, systemd)
    # Before 250 the part behind the colon might be empty.
    demand(
        bool(content) or (bool(colon) and systemd < 250),
        f"{value!r} has no ':' and value",
    )
    if key == "SetCredentialEncrypted":
        check_base64(content, systemd)
    else:
        check_escapes(content)


def _credential(value: str, systemd: int) -> tuple[str, str, str]:
    name, colon, rest = value.partition(":")
    if not colon:
        words_of(value, unquote=False)
    resolved = expand(name.replace("\\", ""), systemd)
    demand(
        basics.is_credential_name(resolved), f"{name!r} cannot be a credential's name"
    )
    return name, colon, rest


def import_credential(value: str, key: str, systemd: int) -> None:
    """A name or a pattern with a star at its end; from 256 on :NEW-PREFIX behind it."""
    glob, colon, renamed = value.partition(":")
    if not colon:
        words_of(value, unquote=False)
    pattern = expand(glob, systemd)
    plain = pattern[:-1] if pattern.endswith("*") else pattern
    demand(
        pattern == "*"
        or (basics.is_credential_name(plain) and not re.search(r"[*?\[\]]", plain)),
        f"{glob!r} is neither a credential's name nor one with a * at its end",
    )
    demand(
        not renamed or basics.is_credential_name(renamed),
        f"{renamed!r} cannot be a credential's name",
    )


def delegate(value: str, key: str, systemd: int) -> None:
    if not basics.is_boolean(value):
        for word in distinct_words(value):
            one_of(word, "cgroup_controller", systemd)


def subgroup(value: str, key: str, systemd: int) -> None:
    demand(
        basics.is_file_name(value) and not value.startswith((".", "_")),
        f"{value!r} cannot name a control group",
    )


def controllers(value: str, key: str, systemd: int) -> None:
    known = directives.words("cgroup_controller", systemd) or frozenset()
    words = words_of(value, unquote=False)
    # Unknown names are skipped in silence as long as one is known.
    demand(
        any(word in known for word in words),
        f"{value!r} are not controllers of cgroups",
    )


def nft_set(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, unquote=False):
        parts = word.split(":")
        demand(len(parts) == 4, f"{word!r} is not SOURCE:FAMILY:TABLE:SET")
        demand(parts[0] in ("cgroup", "user", "group"), f"{parts[0]!r} is not a source")
        families = ("arp", "bridge", "inet", "ip", "ip6", "netdev")
        demand(parts[1] in families, f"{parts[1]!r} is none of {', '.join(families)}")
        for part in parts[2:]:
            demand(
                re.fullmatch(r"[A-Za-z_][A-Za-z0-9_/\\.-]*", part) is not None,
                f"{part!r} cannot name a table or a set",
            )


def refreshed(value: str, key: str, systemd: int) -> None:
    if basics.is_boolean(value):
        return
    known = ("extensions", "credentials")
    for word in distinct_words(
        value[1:] if value.startswith("~") else value, unquote=False
    ):
        demand(word in known, f"{word!r} is none of {', '.join(known)}")


def attribute(value: str, key: str, systemd: int) -> None:
    name, equals, content = value.partition("=")
    demand(bool(equals), f"{value!r} is not user.NAME=value")
    demand(
        expand(name, systemd).startswith("user."), f"{name!r} does not begin with user."
    )
    expand(content, systemd)


def reboot_parameter(value: str, key: str, systemd: int) -> None:
    text(value, key, systemd)
    demand(
        value.isascii() and len(value) <= 255,
        "not ASCII, or longer than 255 characters",
    )


def bound_interface(value: str, key: str, systemd: int) -> None:
    name = expand(value, systemd)
    demand(basics.is_interface(name, True), f"{value!r} cannot name an interface")


def plain_names(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, retain=True):
        demand(
            basics.is_file_name(word) and not re.search(r"[\x01-\x1f\"'\\*?\[]", word),
            f"{word!r} cannot be the name of a file",
        )


def concurrency(value: str, key: str, systemd: int) -> None:
    demand(
        value == "infinity" or basics.is_integer(value, 0, 2**32 - 1, systemd),
        f"{value!r} is neither a number nor infinity",
    )


KINDS: t.Final[t.Mapping[str, Check]] = {
    "unit_deps": units,
    "obsolete_unit_deps": units,
    "service_sockets": sockets,
    "socket_service": service,
    "trigger_unit": triggered,
    "unit_slice": slice_,
    "unit_string_printf": text,
    "reboot_parameter": reboot_parameter,
    "bind_network_interface": resettable(bound_interface),
    "managed_oom_rules": resettable(plain_names),
    "mount_node": text,
    "unit_condition_string": resettable(condition),
    "documentation": resettable(documentation),
    "emergency_action": action,
    "bus_name": bus_name,
    "socket_listen": resettable(listen),
    "fdname": resettable(descriptor_name),
    "socket_bindtodevice": resettable(interface),
    "socket_bind": ipv6_only,
    "socket_protocol": protocol,
    "in_addr_prefixes": resettable(ip_prefixes),
    "ip_address_access": resettable(ip_prefixes),
    "cgroup_socket_bind": resettable(socket_bind),
    "load_credential": resettable(load_credential),
    "set_credential": resettable(set_credential),
    "import_credential": resettable(import_credential),
    "delegate": resettable(delegate),
    "delegate_subgroup": resettable(subgroup),
    "disable_controllers": resettable(controllers),
    "cgroup_nft_set": resettable(nft_set),
    "service_refresh_on_reload": resettable(refreshed),
    "xattr": resettable(attribute),
    "concurrency_max": resettable(concurrency),
}
