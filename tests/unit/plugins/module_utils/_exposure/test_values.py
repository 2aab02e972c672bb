# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._exposure import values
from ansible_collections.activated.services.plugins.module_utils._exposure.values import (
    Network,
)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        *((text, True) for text in ("1", "yes", "Y", "tRuE", "t", "ON")),
        *((text, False) for text in ("0", "no", "n", "FALSE", "f", "off")),
        *((text, None) for text in ("", "maybe", "yes # really", "2", "yes ")),
    ],
)
def test_boolean(text: str, truth: bool | None) -> None:
    assert values.boolean(text) is truth


# (value, unquote, words, whether all of it could be read)
WORDS = [
    ("", False, [], True),
    (" a\tb  c\r", False, ["a", "b", "c"], True),
    ("a\u00a0b \x0bc", False, ["a\u00a0b", "\x0bc"], True),
    ('"a b" c', False, ['"a', 'b"', "c"], True),
    ('"a b" c', True, ["a b", "c"], True),
    ("a'b c'd", True, ["ab cd"], True),
    ('""', True, [""], True),
    (r"a\ b \"c", False, ["a b", '"c'], True),
    (r'"a\"b"', True, ['a"b'], True),
    ("a b\\", False, ["a"], False),
    ('a "b c', True, ["a"], False),
    ("a 'b", False, ["a", "'b"], True),
]


@pytest.mark.parametrize(("value", "unquote", "expected", "whole"), WORDS)
def test_words(value: str, unquote: bool, expected: list[str], whole: bool) -> None:
    assert values.words(value, unquote=unquote) == (expected, whole)


def test_words_take_what_is_unfinished_when_relaxed() -> None:
    assert values.words('a "b c', unquote=True, relax=True) == (["a", "b c"], True)
    assert values.words("a b\\", relax=True) == (["a", "b"], True)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("10", 10), ("010", 8), ("0x1F", 31), ("+7", 7), (" 7", 7)),
        *((text, None) for text in ("", "08", "-1", "7 ", "1.0", "0x", "9" * 50)),
    ],
)
def test_unsigned(text: str, number: int | None) -> None:
    assert values.unsigned(text) == number


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        *(("0022", 0o22), ("77", 0o77), ("7777", 0o7777), ("0", 0)),
        *((text, None) for text in ("", "8", "10000", "0o22", "+22", "u=rwx")),
    ],
)
def test_mode(text: str, mode: int | None) -> None:
    assert values.mode(text) == mode


HERE4 = Network(bytes((127, 0, 0, 0)), 8)
HERE6 = Network(bytes(15) + b"\x01", 128)

NETWORKS = [
    ("any", [Network(bytes(4), 0), Network(bytes(16), 0)]),
    ("localhost", [HERE4, HERE6]),
    ("LocalHost.localdomain.", [HERE4, HERE6]),
    ("www.localhost", [HERE4, HERE6]),
    ("10.1.2.3/8", [Network(bytes((10, 0, 0, 0)), 8)]),
    ("10.1.2.3", [Network(bytes((10, 1, 2, 3)), 32)]),
    ("::1", [HERE6]),
    ("::1/0", [Network(bytes(16), 0)]),
    ("10.0.0.0/010", [Network(bytes((10, 0, 0, 0)), 8)]),
    *((word, []) for word in ("", "Any", "ANY", "1.2.3", "10.0.0.1/33", "::1/129")),
    *((word, []) for word in ("10.0.0.0/", "10.0.0.0/08", "[::1]", "a\0b", "\u0661")),
]


@pytest.mark.parametrize(("word", "expected"), NETWORKS)
def test_networks(word: str, expected: list[Network]) -> None:
    assert values.networks(word) == expected


def test_localhost_goes_by_the_first_address() -> None:
    words = ("127.0.0.1", "127.9.9.9/8", "::1", "localhost")
    assert all(n.localhost for word in words for n in values.networks(word))
    others = ("127.0.0.0/7", "::1/64", "128.0.0.1", "::2")
    assert not any(n.localhost for word in others for n in values.networks(word))


def test_reduced_drops_what_lies_inside_of_another() -> None:
    def of(*words: str) -> list[Network]:
        return [network for word in words for network in values.networks(word)]

    assert values.reduced(of("127.0.0.1", "localhost", "::1")) == [HERE4, HERE6]
    assert values.reduced(of("10.0.0.1", "10.0.0.1")) == of("10.0.0.1")
    assert values.reduced(of("10.0.0.0/8", "11.0.0.1")) == of("10.0.0.0/8", "11.0.0.1")
    assert values.reduced(of("10.1.1.1", "::/0", "0.0.0.0/0")) == of(
        "::/0", "0.0.0.0/0"
    )


@pytest.mark.parametrize(
    ("path", "device"),
    [
        *(("/dev/null", True), ("char-rtc", True), ("block-", True)),
        *(("/dev//a/./b/", True), ("/run/systemd/inaccessible/chr", True)),
        *((path, False) for path in ("", "/", "/etc/passwd", "dev/null", "/dev/../x")),
        *((path, False) for path in ("/devices", "/run/systemd", "Char-rtc")),
    ],
)
def test_is_device(path: str, device: bool) -> None:
    assert values.is_device(path) is device


def test_expand_knows_the_manager_s_own_user() -> None:
    assert values.expand("%u%U%%") == "root0%"
    assert values.expand("%i") == "%i"
    assert values.expand("a") == "a"


@pytest.mark.parametrize("path", ["", "/", "//", "/./", "/."])
def test_is_root_path(path: str) -> None:
    assert values.is_root_path(path)
    assert not values.is_root_path(path + "/srv")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *(("key:/etc/key", ("key", "/etc/key")), ("key", ("key", None))),
        *(("key:", ("key", "")), ("a b:c:d", ("a b", "c:d"))),
        *((value, None) for value in ("", ":x", "a/b:x", "..:x", "a\tb:x", "a" * 256)),
    ],
)
def test_credential(value: str, found: tuple[str, str | None] | None) -> None:
    assert values.credential(value) == found


@pytest.mark.parametrize(
    ("path", "fits"),
    [
        *(("/etc/key", True), ("key", True), ("/", True)),
        *((path, False) for path in ("/etc/../key", "/etc/./key", "a/b", "a:b", "")),
    ],
)
def test_is_credential_source(path: str, fits: bool) -> None:
    assert values.is_credential_source(path) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("QUJD", True),
        ("QU JD", True),
        ("", True),
        ("QUI=", True),
        ("?", False),
        ("Q", False),
    ],
)
def test_is_base64(text: str, fits: bool) -> None:
    assert values.is_base64(text) is fits


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        *(("web", True), ("web-1.example", True), ("%H", True)),
        *((name, False) for name in ("", "-", "web-", "a..b", "a b", "a" * 65)),
    ],
)
def test_is_host_name(name: str, fits: bool) -> None:
    assert values.is_host_name(name) is fits
