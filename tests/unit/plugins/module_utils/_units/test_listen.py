# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units.listen import (
    InvalidListenAddress,
    ListenAddress,
    Taken,
    listen_addresses,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit


def stream(value: str) -> ListenAddress:
    return ListenAddress.parse("ListenStream", value)


@pytest.mark.parametrize(
    ("directive", "value", "address", "text"),
    [
        ("ListenStream", "80", ListenAddress("stream", "*", 80), "port 80"),
        (
            "ListenStream",
            "127.0.0.1:80",
            ListenAddress("stream", "127.0.0.1", 80),
            "127.0.0.1:80",
        ),
        ("ListenDatagram", "[::]:53", ListenAddress("datagram", "::", 53), "[::]:53"),
        ("ListenStream", "[0:0::1]:9", ListenAddress("stream", "::1", 9), "[::1]:9"),
        (
            "ListenStream",
            "[fe80::1]:80%eth0",
            ListenAddress("stream", "fe80::1", 80),
            "[fe80::1]:80",
        ),
        ("ListenStream", "/run/x", ListenAddress("stream", path="/run/x"), "/run/x"),
        (
            "ListenStream",
            "/run//a/./x",
            ListenAddress("stream", path="/run/a/x"),
            "/run/a/x",
        ),
        (
            "ListenStream",
            "/var/run/x",
            ListenAddress("stream", path="/run/x"),
            "/run/x",
        ),
        ("ListenDatagram", "@a//b", ListenAddress("datagram", path="@a//b"), "@a//b"),
        ("ListenFIFO", "/run/f", ListenAddress("fifo", path="/run/f"), "/run/f"),
        (
            "ListenStream",
            "vsock::1",
            ListenAddress("stream", path="vsock::1"),
            "vsock::1",
        ),
        (
            "ListenNetlink",
            "kobject-uevent 1",
            ListenAddress("netlink", path="kobject-uevent 1"),
            "kobject-uevent 1",
        ),
    ],
)
def test_reads_addresses(
    directive: str, value: str, address: ListenAddress, text: str
) -> None:
    parsed = ListenAddress.parse(directive, value)
    assert (parsed, str(parsed)) == (address, text)


@pytest.mark.parametrize(
    "value",
    ["0", "65536", "99999", "http", "localhost:80", "1.2.3:80", "[::1]", "[::1:80",
     "1.2.3.4:0", "::1:80", "80 ", "-1", "1.2.3.4:", "run/x", "300.1.1.1:80"],
)  # fmt: skip
def test_refuses_what_is_no_address(value: str) -> None:
    with pytest.raises(InvalidListenAddress, match=r"no address|no port|ListenStream="):
        stream(value)


COLLIDE = [
    ("80", "80"),
    ("80", "127.0.0.1:80"),
    ("80", "[::1]:80"),
    ("80", "0.0.0.0:80"),
    ("[::]:80", "80"),
    ("[::]:80", "0.0.0.0:80"),
    ("0.0.0.0:80", "127.0.0.1:80"),
    ("127.0.0.1:80", "127.0.0.1:80"),
    ("[::1]:80", "[0::1]:80"),
    ("/run/x", "/run//x"),
    ("/var/run/x", "/run/x"),
    ("@x", "@x"),
]
APART = [
    ("80", "81"),
    ("127.0.0.1:80", "127.0.0.2:80"),
    ("127.0.0.1:80", "[::1]:80"),
    ("0.0.0.0:80", "[::1]:80"),
    ("/run/x", "/run/y"),
    ("/run/x", "@/run/x"),
    ("80", "/80"),
]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [*((*pair, True) for pair in COLLIDE), *((*pair, False) for pair in APART)],
)
def test_which_collide(one: str, other: str, expected: bool) -> None:
    assert stream(one).collides(stream(other)) is expected
    assert stream(other).collides(stream(one)) is expected


@pytest.mark.parametrize(
    ("one", "other", "value", "expected"),
    [
        ("ListenStream", "ListenDatagram", "80", False),
        ("ListenStream", "ListenDatagram", "/run/x", True),
        ("ListenStream", "ListenFIFO", "/run/x", True),
        ("ListenSequentialPacket", "ListenStream", "@x", False),
        ("ListenMessageQueue", "ListenStream", "/x", False),
    ],
)
def test_kinds_collide_where_they_share_a_place(
    one: str, other: str, value: str, expected: bool
) -> None:
    first, second = ListenAddress.parse(one, value), ListenAddress.parse(other, value)
    assert first.collides(second) is second.collides(first) is expected


_VALUES = st.sampled_from(
    ["80", "81", "0.0.0.0:80", "[::]:80", "1.2.3.4:80", "[::1]:80", "/a", "/a/", "@a"]
)
_ADDRESSES = st.builds(
    lambda directive, value, v6only: listen_addresses(
        Unit.parse(f"[Socket]\n{directive}={value}\n" + v6only)
    )[0],
    st.sampled_from(["ListenStream", "ListenDatagram", "ListenSequentialPacket"]),
    _VALUES,
    st.sampled_from(["", "BindIPv6Only=ipv6-only\n"]),
)


@given(_ADDRESSES, _ADDRESSES)
def test_colliding_is_mutual_and_with_oneself(
    one: ListenAddress, other: ListenAddress
) -> None:
    assert one.collides(other) is other.collides(one)
    assert one.collides(one)


def test_reads_a_unit_s_addresses_in_order() -> None:
    unit = Unit.parse(
        "[Unit]\nListenStream=1\n[Socket]\nListenStream=80\nListenDatagram=81\n"
        "[Install]\nListenStream=2\n[Socket]\nListenStream=82\n"
    )
    assert [str(a) for a in listen_addresses(unit)] == ["port 80", "port 81", "port 82"]


def test_an_empty_assignment_resets_every_kind() -> None:
    unit = Unit.parse("[Socket]\nListenStream=80\nListenDatagram=\nListenStream=81\n")
    assert [str(a) for a in listen_addresses(unit)] == ["port 81"]


def test_ipv4_is_left_to_another_where_the_unit_says_so() -> None:
    def only(value: str) -> ListenAddress:
        text = f"[Socket]\nListenStream={value}\nBindIPv6Only=ipv6-only\n"
        return listen_addresses(Unit.parse(text))[0]

    for value in ("[::]:80", "80"):
        assert not only(value).collides(stream("0.0.0.0:80"))
        assert not only(value).collides(stream("127.0.0.1:80"))
        assert only(value).collides(stream("[::1]:80"))
        assert only(value).collides(stream("80"))


def test_who_has_an_address_is_found_among_very_many() -> None:
    taken: Taken[int] = Taken()
    addresses = [stream(f"10.{n >> 8 & 255}.{n & 255}.1:80") for n in range(50_000)]
    start = time.process_time()
    for number, address in enumerate(addresses):
        assert list(taken.colliding(address)) == []
        taken.add(address, number)
    assert time.process_time() - start < 4
    assert list(taken.colliding(stream("10.0.7.1:80"))) == [7]
    assert list(taken.colliding(stream("10.0.7.1:81"))) == []
    assert list(taken.colliding(stream("80"))) == list(range(50_000))
    taken.add(stream("[::]:90"), -1)
    assert list(taken.colliding(stream("10.0.7.1:90"))) == [-1]
