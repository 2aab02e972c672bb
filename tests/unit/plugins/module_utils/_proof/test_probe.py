# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes as values: what is sent, which answer is right, what makes no sense."""

from __future__ import annotations

import contextlib
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._proof.listeners import (
    Listener,
)
from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    Expectation,
    Http,
    InvalidProbe,
    Probe,
    Response,
    Tls,
    askable,
    means,
    parse_bytes,
)


def test_bytes_in_every_form() -> None:
    assert parse_bytes("tä", "x") == "tä".encode()
    assert parse_bytes({"hex": "00 ff"}, "x") == b"\x00\xff"
    assert parse_bytes({"base64": "AP8="}, "x") == b"\x00\xff"
    assert parse_bytes({"text": "a"}, "x") == b"a"


WRONG: list[tuple[t.Any, str]] = [
    ({"socket": ""}, "must name its socket"),
    ("http", "must be a mapping"),
    ({"socket": "a", "port": 1}, "has no 'port'"),
    ({"socket": "a", "http": {}, "send": "x"}, "http, send"),
    ({"socket": "a", "http": {"method": "GET"}, "expect": "x"}, "http, expect"),
    ({"socket": "a", "expect": {"regex": "("}}, "not a regular expression"),
    ({"socket": "a", "send": {"hex": "0g"}}, "is not hex"),
    ({"socket": "a", "send": {"hex": "00", "base64": "AA=="}}, "exactly one of"),
    ({"socket": "a", "timeout": 0}, "more than 0"),
    ({"socket": "a", "tls": {"pin": "12"}}, "64 hexadecimal"),
    ({"socket": "a", "tls": {"verify": "no"}}, "true or false"),
    ({"socket": "a", "http": {"status": "ok"}}, "must be numbers"),
    ({"socket": "a", "http": {"path": "/ HTTP/1.1\r\nX: y"}}, "control character"),
    ({"socket": "a", "http": {"path": "/a b"}}, "no request line"),
    ({"socket": "a", "http": {"headers": {"A": "b\nc"}}}, "control character"),
]


@pytest.mark.parametrize(("probe", "words"), WRONG)
def test_a_probe_that_cannot_be_made(probe: t.Any, words: str) -> None:
    with pytest.raises(InvalidProbe, match=words):
        Probe.parse(probe)


def test_unset_options_are_not_there() -> None:
    probe = Probe.parse({"socket": "a", "http": None, "send": None, "tls": None})
    assert probe == Probe("a")
    assert not probe.answers


def test_what_an_answer_must_hold() -> None:
    assert Expectation.parse("PONG", "x").met(b"+PONG\r\n")
    assert not Expectation.parse("PONG", "x").met(b"pong")
    assert Expectation.parse({"regex": "^a.b$"}, "x").met(b"a\nb")
    assert Expectation.parse({"hex": "00"}, "x").met(b"a\x00")


def test_the_certificate() -> None:
    pin = "AB:" * 31 + "AB"
    tls = Tls.parse({"pin": "sha256:" + pin}, "x")
    assert tls is not None
    assert tls.pin == "ab" * 32
    assert Tls.parse(False, "x") is None
    named = Probe.parse({"socket": "a", "http": {"host": "h.test:443", "tls": True}})
    assert named.tls is not None
    assert named.tls.server_name == "h.test"


def test_a_request() -> None:
    http = Http.parse(
        {"method": "POST", "path": "/x", "data": "ab", "headers": {"A": 1}}, "x"
    )
    assert http.request("[::1]") == (
        b"POST /x HTTP/1.1\r\nHost: [::1]\r\nUser-Agent: activated.services\r\n"
        b"Connection: close\r\nA: 1\r\nContent-Length: 2\r\n\r\nab"
    )


def answer(*parts: bytes) -> Response:
    response = Response()
    for part in parts:
        response.feed(part)
    return response


BODIES = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True, b"hello"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", False, b"hello"),
    (b"HTTP/1.0 200 OK\r\n\r\nhello", False, b"hello"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", True, b""),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n",
        True,
        b"hello",
    ),
    (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        True,
        b"",
    ),
]


@pytest.mark.parametrize(("data", "complete", "body"), BODIES)
def test_an_answer(data: bytes, complete: bool, body: bytes) -> None:
    whole = answer(data)
    assert (whole.complete, whole.body) == (complete, body)
    # the same, whichever way it is cut in pieces
    dripped = answer(*(data[i : i + 1] for i in range(len(data))))
    assert (dripped.complete, dripped.body, dripped.status) == (
        complete,
        body,
        whole.status,
    )


@pytest.mark.parametrize(
    "data", [b"+PONG\r\n", b"HTTP/1.1 OK\r\n\r\n", b"SSH-2.0-x\r\n"]
)
def test_what_is_no_http(data: bytes) -> None:
    with pytest.raises(InvalidProbe):
        answer(data + b"\r\n\r\n")


@given(st.binary(max_size=300))
def test_no_answer_breaks_the_reader(data: bytes) -> None:
    with contextlib.suppress(InvalidProbe):
        answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)


def test_which_probe_fits_which_socket() -> None:
    stream = Listener.parse("[::]:443 (Stream)")
    datagram = Listener.parse("[::]:53 (Datagram)")
    fifo = Listener.parse("/run/p (FIFO)")
    http, connect = Probe("a", http=Http()), Probe("a")
    line = Probe("a", send=b"x")
    assert [askable(http, x) for x in (stream, datagram, fifo)] == [True, False, False]
    assert [askable(connect, x) for x in (stream, datagram, fifo)] == [
        True,
        False,
        False,
    ]
    assert [askable(line, x) for x in (stream, datagram, fifo)] == [True, True, True]
    for address in ("", "443", "https", "[::]:443", "[::]:443 (Stream)"):
        assert means(address, stream)
    for address in ("80", "http", "/run/p", "[::]:443 (Datagram)"):
        assert not means(address, stream)
    assert means("/run/p", fifo)
