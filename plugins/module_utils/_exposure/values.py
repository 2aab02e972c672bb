# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""How systemd reads the values of the directives that its security analysis looks at.

Each function answers None, or leaves a word out, where systemd ignores the value.
"""

from __future__ import annotations

import re
import socket
import typing as t

from .._values.basics import is_boolean, is_credential_name, is_true

_BLANKS: t.Final = " \t\n\r"
_INTEGER: t.Final = re.compile(
    r"[ \t\n\r]*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)\Z"
)
_HOST_LABEL: t.Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\Z")
_BASE64: t.Final = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")

NETWORKS: t.Final = {
    "any": ("0.0.0.0/0", "::/0"),
    "localhost": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/64"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}
"""The names that stand for address ranges (systemd.resource-control(5))."""

FAMILIES: t.Final = {
    f"AF_{name.upper()}": f"AF_{name}"
    for name in re.findall(
        r"\w+",
        "UNIX INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet "
        "NETBEUI SECURITY KEY NETLINK PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX "
        "WANPIPE LLC IB MPLS CAN TIPC BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 "
        "CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP",
    )
}
"""Address families by their names in capitals, with what each is an alias of."""
FAMILIES.update(AF_LOCAL="AF_UNIX", AF_FILE="AF_UNIX", AF_ROUTE="AF_NETLINK")

ABIS: t.Final = frozenset(
    re.findall(
        r"\S+",
        "native x86 x86-64 x32 arm arm64 loongarch64 mips mips64 mips64-n32 mips-le "
        "mips64-le mips64-le-n32 parisc parisc64 ppc ppc64 ppc64-le riscv64 s390 "
        "s390x",
    )
)
"""Names of system-call ABIs; ``since`` of the few newer ones is in ABI_SINCE."""
ABI_SINCE: t.Final = {"parisc": 248, "parisc64": 248, "loongarch64": 255}


class Network(t.NamedTuple):
    """An address range: its first address masked, in bytes, and its prefix length."""

    address: bytes
    prefix: int

    @property
    def ipv4(self) -> bool:
        return len(self.address) == 4

    @property
    def localhost(self) -> bool:
        """Whether its first address is one of the host itself."""
        if self.ipv4:
            return self.address[0] == 127
        return self.address == bytes(15) + b"\x01"


def boolean(value: str) -> bool | None:
    """A yes or no, in any of the forms that systemd takes."""
    return is_true(value) if is_boolean(value) else None


def words(
    value: str, *, unquote: bool = False, relax: bool = False
) -> tuple[list[str], bool]:
    """The words of a list, and whether all of it could be read.

    systemd keeps the words before an error, which is a lone backslash at the end or,
    with ``unquote``, a quote that is not closed; ``relax`` takes both as they are.
    """
    if "\\" not in value and not (unquote and ('"' in value or "'" in value)):
        return re.findall(r"[^ \t\n\r]+", value), True
    found: list[str] = []
    word: list[str] | None = None
    quote = ""
    escaped = False
    for char in value:
        if escaped:
            t.cast("list[str]", word).append(char)
            escaped = False
            continue
        if not quote and char in _BLANKS:
            if word is not None:
                found.append("".join(word))
                word = None
            continue
        if word is None:
            word = []
        if char == "\\":
            escaped = True
        elif quote and char == quote:
            quote = ""
        elif unquote and not quote and char in "'\"":
            quote = char
        else:
            word.append(char)
    whole = not escaped and not quote
    if word is not None and (whole or relax):
        found.append("".join(word))
    return found, whole or relax


def unsigned(text: str, base: int = 0) -> int | None:
    """A number as strtoul() reads it: base 0 takes ``0x`` and leading ``0`` too."""
    if base:
        digits = "0123456789abcdef"[:base]
        if not text or text.strip(digits) or len(text) > 40:
            return None
        return int(text, base)
    match = _INTEGER.match(text)
    if match is None or len(text) > 40:
        return None
    digits = match.group(1)
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    return int(digits, base)


def mode(value: str) -> int | None:
    """A file mode in octal."""
    number = unsigned(value, 8)
    return number if number is not None and number <= 0o7777 else None


def networks(word: str) -> list[Network]:
    """The address ranges that one word of IPAddressAllow= or IPAddressDeny= means."""
    name = "localhost" if _is_localhost(word) else word
    ranges = NETWORKS.get(name, (word,))
    return [found for found in map(_network, ranges) if found is not None]


def reduced(networks: list[Network]) -> list[Network]:
    """The address ranges without those that lie inside of another one."""
    known = {_key(network, network.prefix) for network in networks}
    prefixes = sorted({network.prefix for network in networks})

    def inside(network: Network) -> bool:
        wider = prefixes[: prefixes.index(network.prefix)]
        return any(_key(network, prefix) in known for prefix in wider)

    return [network for network in dict.fromkeys(networks) if not inside(network)]


def _key(network: Network, prefix: int) -> tuple[int, int, int]:
    bits = len(network.address) * 8
    return bits, prefix, int.from_bytes(network.address, "big") >> (bits - prefix)


def _network(text: str) -> Network | None:
    host, slash, length = text.partition("/")
    for family, bits in ((socket.AF_INET, 32), (socket.AF_INET6, 128)):
        try:
            address = socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        prefix = unsigned(length) if slash else bits
        if prefix is None or prefix > bits:
            return None
        wide = int.from_bytes(address, "big") >> (bits - prefix) << (bits - prefix)
        return Network(wide.to_bytes(bits // 8, "big"), prefix)
    return None


def _is_localhost(name: str) -> bool:
    # hostname-util.c, is_localhost(): RFC 6761, and localdomain
    name = name.lower()
    name = name[:-1] if name.endswith(".") else name
    name = name[: -len(".localdomain")] if name.endswith(".localdomain") else name
    return name == "localhost" or name.endswith(".localhost")


def expand(value: str) -> str:
    """The value with the specifiers that can make a difference here replaced.

    ``%u`` and ``%U`` are the system manager's own user; what else a specifier stands
    for is some text that is not known here.
    """
    if "%" not in value:
        return value
    known = {"%%": "%", "%u": "root", "%U": "0"}
    return re.sub("%.", lambda match: known.get(match.group(), match.group()), value)


def is_root_path(path: str) -> bool:
    """Whether a path is empty or names the root directory."""
    return not [part for part in path.split("/") if part not in ("", ".")]


def is_device(path: str) -> bool:
    """Whether DeviceAllow= takes this as a device node or a group of them."""
    if path.startswith(("block-", "char-")):
        return True
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not path.startswith("/") or ".." in parts:
        return False
    return parts[:1] == ["dev"] or parts[:3] == ["run", "systemd", "inaccessible"]


def is_host_name(name: str) -> bool:
    """Whether a name may be a host's; one with specifiers is taken to be."""
    if "%" in name:
        return True
    return len(name) <= 64 and all(map(_HOST_LABEL.match, name.split(".")))


def credential(value: str) -> tuple[str, str | None] | None:
    """A credential's name, and what follows the colon (None without one)."""
    name, colon, rest = value.partition(":")
    if not is_credential_name(name):
        return None
    return name, rest if colon else None


def is_credential_source(path: str) -> bool:
    """Whether LoadCredential= takes this as a place to read from."""
    if path.startswith("/"):
        return not {"..", "."} & set(path.split("/")) and "//" not in path
    return credential(path) == (path, None)


def is_base64(text: str) -> bool:
    """Whether a text is Base64, with blanks anywhere."""
    text = "".join(text.split())
    return len(text) % 4 == 0 and _BASE64.match(text) is not None
