# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of socket units, and the kernel's tables."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._proof.listeners import (
    InvalidListener,
    Listener,
    listening_inodes,
    parse_endpoints,
    parse_listen,
    parse_unix,
)

LISTENERS = [
    ("[::]:8080 (Stream)", Listener("[::]:8080", "stream", "inet6", "::", 8080)),
    (
        "0.0.0.0:53 (Datagram)",
        Listener("0.0.0.0:53", "datagram", "inet", "0.0.0.0", 53),
    ),
    ("/run/a b (Stream)", Listener("/run/a b", "stream", "unix", path="/run/a b")),
    ("@x (SequentialPacket)", Listener("@x", "seqpacket", "unix", path="@x")),
    ("/run/p (FIFO)", Listener("/run/p", "fifo", "path", path="/run/p")),
    ("/dev/x (Special)", Listener("/dev/x", "special", "path", path="/dev/x")),
    ("route 1361 (Netlink)", Listener("route 1361", "netlink", "other")),
    ("vsock:2:12 (Stream)", Listener("vsock:2:12", "stream", "other")),
    (
        "[fe80::1%eth0]:80 (Stream)",
        Listener("[fe80::1%eth0]:80", "stream", "inet6", "fe80::1", 80, device="eth0"),
    ),
]


@pytest.mark.parametrize(("text", "listener"), LISTENERS)
def test_an_address(text: str, listener: Listener) -> None:
    assert Listener.parse(text) == listener
    assert listener.line == text


@pytest.mark.parametrize("text", ["", "8080", "[::]:80 (Carrier)", "(Stream"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidListener, match="not an address"):
        Listener.parse(text)


def test_all_addresses_of_a_unit() -> None:
    assert len(parse_listen("[::]:80 (Stream)\n/run/a (Datagram)\n")) == 2
    assert parse_listen("") == ()


HEAD = "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n"


def row(host: str, port: int, peer: str, peer_port: int, state: str, inode: int) -> str:
    def word(name: str, number: int) -> str:
        packed = ipaddress.ip_address(name).packed
        words = struct.unpack(f"={len(packed) // 4}I", packed)
        return "".join(f"{part:08X}" for part in words) + f":{number:04X}"

    return (
        f"   0: {word(host, port)} {word(peer, peer_port)} {state} 00000000:00000000 "
        f"00:00000000 00000000     0        0 {inode} 1 0 100 0\n"
    )


PORTS = st.integers(1, 65535)


@given(st.ip_addresses(), PORTS, PORTS, st.integers(0, 2**31))
def test_a_row_of_the_table(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
    peer: int,
    inode: int,
) -> None:
    nobody = "0.0.0.0" if host.version == 4 else "::"
    (found,) = parse_endpoints(
        HEAD + row(str(host), port, nobody, peer, "0A", inode), "tcp"
    )
    mapped = getattr(host, "ipv4_mapped", None)
    assert (found.host, found.port, found.inode) == (str(mapped or host), port, inode)
    assert found.peer_port == peer


def test_an_ipv4_address_in_the_table_of_ipv6() -> None:
    text = HEAD + row("::ffff:127.0.0.1", 80, "::ffff:10.0.0.1", 999, "01", 7)
    (found,) = parse_endpoints(text, "tcp6")
    assert (found.host, found.peer) == ("127.0.0.1", "10.0.0.1")


def test_only_rows_of_one_port() -> None:
    text = HEAD + row("127.0.0.1", 80, "0.0.0.0", 0, "0A", 1)
    text += row("127.0.0.1", 8080, "0.0.0.0", 0, "0A", 2)
    assert [found.inode for found in parse_endpoints(text, "tcp", port=8080)] == [2]


UNIX = """Num       RefCount Protocol Flags    Type St Inode Path
0: 00000002 00000000 00010000 0001 01 11 /run/a b
0: 00000003 00000000 00000000 0001 03 12 /run/a b
0: 00000002 00000000 00000000 0002 01 13 @x
0: 00000002 00000000 00000000 0002 01 14
"""


def test_unix_sockets() -> None:
    rows = parse_unix(UNIX)
    assert [(r.inode, r.kind, r.listens, r.connected) for r in rows] == [
        (11, "stream", True, False),
        (12, "stream", False, True),
        (13, "datagram", False, False),
    ]
    assert listening_inodes(Listener.parse("/run/a b (Stream)"), (), rows) == [11]
    assert listening_inodes(Listener.parse("@x (Datagram)"), (), rows) == [13]
    assert listening_inodes(Listener.parse("@x (Stream)"), (), rows) == []


def test_whose_socket_stands_at_an_address() -> None:
    tcp = parse_endpoints(HEAD + row("0.0.0.0", 80, "0.0.0.0", 0, "0A", 1), "tcp")
    tcp6 = parse_endpoints(HEAD + row("::", 80, "::", 0, "0A", 2), "tcp6")
    udp = parse_endpoints(HEAD + row("0.0.0.0", 80, "0.0.0.0", 0, "07", 3), "udp")
    rows = [*tcp, *tcp6, *udp]
    for text, inodes in (
        ("0.0.0.0:80 (Stream)", [1]),
        ("[::]:80 (Stream)", [2]),
        ("0.0.0.0:80 (Datagram)", [3]),
        ("127.0.0.1:80 (Stream)", []),
        ("[::]:81 (Stream)", []),
    ):
        assert listening_inodes(Listener.parse(text), rows, ()) == inodes
