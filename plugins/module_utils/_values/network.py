# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Values of the network: addresses to listen on, prefixes, rules for ports.

Each function says what is wrong with a value, or gives None (systemd.socket(5),
systemd.resource-control(5)).
"""

from __future__ import annotations

import re
import socket
import typing as t

from .basics import is_integer, is_interface, path_problem

# A port, perhaps with an address, in their plainest form: a unit may have very many.
_BYTE: t.Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN: t.Final = re.compile(
    rf"(?:(?:(?:{_BYTE}\.){{3}}{_BYTE}|\[([0-9A-Fa-f:]+)\]):)?"
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4})\Z"
    r"|vsock:(?:0|[1-9][0-9]{0,8}):(?:0|[1-9][0-9]{0,8})\Z"
)
_UNIX_LENGTH: t.Final = 107  # sun_path without its last byte
_VSOCK: t.Final = re.compile(r"vsock(?P<type>-dgram|-seqpacket|-stream)?:(?P<rest>.*)")
_VSOCK_TYPES_SINCE: t.Final = 254
_CID_NAMES: t.Final = frozenset(("hypervisor", "local", "host", "any", "-1"))
_SYMBOLIC: t.Final = frozenset(("any", "localhost", "link-local", "multicast"))


def is_port(text: str) -> bool:
    """Tell whether `text` is a port, 1 to 65535."""
    return is_integer(text, 1, 65535)


def is_ipv4(text: str) -> bool:
    """Tell whether `text` is an IPv4 address in its usual form."""
    return _parses(socket.AF_INET, text)


def is_ipv6(text: str) -> bool:
    """Tell whether `text` is an IPv6 address."""
    return _parses(socket.AF_INET6, text)


def _parses(family: int, text: str) -> bool:
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


def listen_problem(text: str, directive: str, systemd: int) -> str | None:
    """Say what is wrong with the value of ListenStream, -Datagram, -SequentialPacket."""
    packets = directive == "ListenSequentialPacket"
    if text.startswith(("/", "@")):
        if len(text.encode("utf-8", "surrogateescape")) > _UNIX_LENGTH:
            return f"longer than the {_UNIX_LENGTH} bytes of a UNIX socket's path"
        if len(text) == 1:
            return "the path or the name of a UNIX socket is missing"
        return None
    plain = _PLAIN.match(text)
    if plain and not packets and (not plain[1] or is_ipv6(plain[1])):
        return None
    if packets and not text.startswith("vsock"):
        return f"{text!r} is no path and no @name: only UNIX sockets carry packets"
    vsock = _VSOCK.fullmatch(text)
    if vsock and (not vsock["type"] or systemd >= _VSOCK_TYPES_SINCE):
        if packets:
            return f"{text!r} is no path and no @name: only UNIX sockets carry packets"
        return _vsock_problem(vsock["rest"])
    if re.fullmatch(r"\+?[0-9][0-9a-fA-FxXoO]*", text):
        return None if is_port(text) else f"{text} is not a port"
    return _ip_problem(text)


def _ip_problem(text: str) -> str | None:
    wrong = f"{text!r} is neither a port, an address with a port, a path nor a @name"
    address, percent, interface = text.partition("%")
    if percent and not (is_interface(interface, True) or interface.isdigit()):
        return f"{interface!r} is not a network interface"
    host, colon, port = address.rpartition(":")
    if not colon:
        return f"{text!r} has no port" if is_ipv4(address) else wrong
    if address.startswith("["):
        fits = host.endswith("]") and is_ipv6(host[1:-1])
    elif is_ipv6(address):
        return f"{text!r} has no port: write [address]:port"
    else:
        fits = is_ipv4(host)
    if not fits:
        return wrong
    return None if is_port(port) else f"{port!r} is not a port"


def _vsock_problem(rest: str) -> str | None:
    cid, colon, port = rest.partition(":")
    if not colon:
        return "a vsock address is vsock:CID:PORT"
    if cid and cid not in _CID_NAMES and not is_integer(cid, 0, 2**32 - 1):
        return f"{cid!r} is not a vsock context"
    if not is_integer(port, 0, 2**32 - 2):
        return f"{port!r} is not a vsock port"
    return None


def netlink_problem(text: str, families: t.Container[str]) -> str | None:
    """Say what is wrong with the value of ListenNetlink: a family, perhaps a group."""
    words = text.split()
    numeric = bool(words) and is_integer(words[0], 0, 2**31 - 1)
    if not words or (words[0] not in families and not numeric):
        return f"{text!r} does not begin with a family of netlink"
    if len(words) > 2 or (len(words) == 2 and not is_integer(words[1], 0, 2**32 - 1)):
        return f"{' '.join(words[1:])!r} is not a group of netlink"
    return None


def prefix_problem(text: str, systemd: int) -> str | None:
    """Say what is wrong with one word of IPAddressAllow: an address, a prefix, a name."""
    if text in _SYMBOLIC:
        return None
    address, slash, length = text.partition("/")
    bits = 32 if is_ipv4(address) else 128 if is_ipv6(address) else 0
    if not bits:
        return f"{text!r} is not an address, a prefix or one of {sorted(_SYMBOLIC)}"
    if slash and not is_integer(length, 0, bits, systemd):
        return f"{length!r} is not the length of a prefix"
    return None


def bind_problem(text: str, systemd: int = 262) -> str | None:
    """Say what is wrong with the value of SocketBindAllow: [family:][protocol:]ports."""
    if text == "any":
        return None
    parts = text.split(":")
    if parts and parts[0] in ("ipv4", "ipv6"):
        parts = parts[1:]
    if parts and parts[0] in ("tcp", "udp"):
        parts = parts[1:]
    if not parts and text:
        return None
    if len(parts) != 1:
        return f"{text!r} is not [ipv4:|ipv6:][tcp:|udp:]ports"
    if parts[0] == "any":
        return None
    low, dash, high = parts[0].partition("-")
    lowest = 0 if systemd >= 257 else 1
    numbers = (low, high) if dash else (low,)
    if not all(is_integer(part, lowest, 65535) for part in numbers) or (
        dash and int(low, 0) > int(high, 0)
    ):
        return f"{parts[0]!r} is not a port or a range of ports"
    return None


def fifo_problem(text: str) -> str | None:
    """Say what is wrong with a path to listen on."""
    return path_problem(text)
