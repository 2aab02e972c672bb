# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import copy
import typing as t
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    TOTAL_MAX,
    Credential,
    InvalidCredential,
    ciphertext,
    digest,
    directives,
    in_store,
    parse_all,
    place,
    refuse_contents,
)

SECRET = "correct horse battery staple"
KEY = {"content": SECRET}


@pytest.mark.parametrize("name", ["key.pem", "a", "_x", "A-b_c.9", "x" * 100])
def test_names_that_can_be(name: str) -> None:
    assert Credential.parse(name, KEY).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".hidden",
        "a/b",
        "../x",
        "-x",
        "a:b",
        "a b",
        "a\n",
        "ä",
        "x" * 101,
        "x" * 300,
        "a%b",
        "a\x00b",
        7,
        None,
    ],
)
def test_names_that_cannot_be(name: t.Any) -> None:
    with pytest.raises(InvalidCredential, match="cannot name a credential") as raised:
        Credential.parse(name, KEY)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("text", "must be a mapping"),
        (None, "must be a mapping"),
        ({}, "needs one of path, content, encrypted and import"),
        ({"path": "/a", "content": "b"}, "not path and content"),
        ({"pth": "/a"}, "not pth"),
        ({"path": "a"}, "absolute path"),
        ({"path": "/a\n/b"}, "absolute path"),
        ({"path": "/a/"}, "name a file"),
        ({"path": "/a/../b"}, "name a file"),
        ({"path": 7}, "path must be text"),
        ({"path": "/a", "not_after": "2030-01-01"}, "not_after goes with content"),
        ({"path": "/a", "encoding": "text"}, "encoding goes with content"),
        ({"content": ""}, "its content is empty"),
        ({"content": 7}, "content must be text"),
        ({"content": "\udc80"}, "is not text"),
        ({"content": "x" * (TOTAL_MAX + 1)}, "1048577 bytes"),
        ({"content": "?", "encoding": "base64"}, "is not base64"),
        ({"content": "eA", "encoding": "base64"}, "is not base64"),
        ({"content": "x", "encoding": "rot13"}, "text or base64"),
        ({"content": "x", "not_after": "tomorrow"}, "a time in UTC"),
        ({"content": "x", "not_after": "+1h"}, "a time in UTC"),
        ({"content": "x", "not_after": "2030-02-30"}, "a time in UTC"),
        ({"content": "x", "not_after": "2030-01-01T00:00:00+02:00"}, "a time in UTC"),
        ({"encrypted": ""}, "what systemd-creds encrypt prints"),
        ({"encrypted": "$ANSIBLE_VAULT;1.1"}, "what systemd-creds encrypt prints"),
        ({"import": "*"}, "import must be"),
        ({"import": "a*b"}, "import must be"),
        ({"import": "a/b"}, "import must be"),
    ],
)
def test_entries_that_cannot_be(said: t.Any, message: str) -> None:
    with pytest.raises(InvalidCredential, match="credential key") as raised:
        Credential.parse("key", said)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "said",
    [
        {"content": SECRET, "not_after": "soon"},
        {"content": SECRET, "encoding": "base64"},
        {"content": SECRET, "encoding": SECRET[:3]},
        {"content": SECRET, "path": "x"},
        {"content": [SECRET]},
        {"encrypted": SECRET},
        {"content": SECRET * TOTAL_MAX},
    ],
)
def test_no_message_and_no_value_shows_the_secret(said: t.Any) -> None:
    with pytest.raises(InvalidCredential) as raised:
        Credential.parse("key", said)
    assert "horse" not in str(raised.value)
    assert "horse" not in repr(Credential.parse("key", KEY))


@pytest.mark.parametrize(
    "entry",
    [
        {"content": SECRET},
        {"encrypted": SECRET},
        {"contents": SECRET},
        {"contents": SECRET, "content": SECRET},
        {"contents": {"deep": [SECRET]}},
        SECRET,
        [SECRET],
    ],
)
@pytest.mark.parametrize("name", ["key", "no name"])
def test_what_is_shown_takes_no_secret(entry: t.Any, name: str) -> None:
    first = {"key": {"content": "x"}}
    options = {name: copy.deepcopy(entry), "after": copy.deepcopy(entry)}
    more = {"other": copy.deepcopy(entry)}
    with pytest.raises(InvalidCredential, match="credential") as raised:
        refuse_contents(first, options, more)
    assert "horse" not in str(raised.value)
    shown = f"{first} {options} {more}"
    assert "horse" not in shown, "the module's failure shows its options"
    fine = {"a": {"path": "/x"}, "b": {}, "c": {"encrypted": "eA=="}, "d": None}
    before = copy.deepcopy(fine)
    refuse_contents(fine)
    assert fine == before


def test_a_misspelt_key_is_named() -> None:
    with pytest.raises(
        InvalidCredential, match="not contents; a content goes in base64"
    ):
        refuse_contents({"key": {"contents": SECRET}})
    with pytest.raises(InvalidCredential, match="credential key must be a mapping"):
        refuse_contents({"key": SECRET})


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_arrive(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    parsed = Credential.parse("a", {"content": text, "encoding": "base64"})
    assert parsed.secret == data
    assert parse_all({"a": None}, {"a": text})["a"].secret == data


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n", " "])
def test_line_breaks_at_the_end_are_kept(end: str) -> None:
    secret = Credential.parse("a", {"content": f"x{end}"}).secret
    assert secret == f"x{end}".encode()


@pytest.mark.parametrize(
    "text", ["2030-01-31", "2030-01-31T00:00:00Z", "2030-01-31 00:00 UTC"]
)
def test_times(text: str) -> None:
    parsed = Credential.parse("a", {"content": "x", "not_after": text})
    assert parsed.not_after == datetime(2030, 1, 31, tzinfo=timezone.utc)


def test_secrets_without_an_entry_are_refused() -> None:
    with pytest.raises(InvalidCredential, match="there is no credential 'b'"):
        parse_all({"a": {}}, {"b": "eA=="})
    with pytest.raises(InvalidCredential, match="needs one of"):
        parse_all({"a": {}}, {})
    with pytest.raises(InvalidCredential, match="not path and content"):
        parse_all({"a": {"path": "/a"}}, {"a": "eA=="})


def test_ciphertext_is_the_same_however_it_is_wrapped() -> None:
    text = base64.b64encode(bytes(range(200))).decode()
    pretty = (
        "SetCredentialEncrypted=a: \\\n        "
        + text[:60]
        + " \\\n        "
        + text[60:]
    )
    forms = {
        ciphertext("a", form)
        for form in (text, text + "\n", pretty, text[:40] + "\n" + text[40:])
    }
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("systemd", "seals", "expected"),
    [
        (247, False, {"LoadCredential": ["p:/p", "c:/etc/credstore/hello/c"]}),
        (
            252,
            True,
            {
                "LoadCredential": ["p:/p"],
                "LoadCredentialEncrypted": ["c:/etc/credstore.encrypted/hello/c"],
            },
        ),
        (252, False, {"LoadCredential": ["p:/p", "c:/etc/credstore/hello/c"]}),
    ],
)
def test_directives_by_version(
    systemd: int, seals: bool, expected: dict[str, list[str]]
) -> None:
    wishes = [Credential.parse("p", {"path": "/p"}), Credential.parse("c", KEY)]
    assert directives(wishes, "hello", systemd, seals) == expected


def test_import_by_version() -> None:
    wishes = [Credential.parse("all", {"import": "shop.*"})]
    assert directives(wishes, "hello", 254, True) == {"ImportCredential": ["shop.*"]}
    with pytest.raises(
        InvalidCredential, match=r"needs systemd 254, the host has 252; "
    ):
        directives(wishes, "hello", 252, True)


@pytest.mark.parametrize(
    ("said", "systemd", "seals", "message"),
    [
        ({"content": "x", "not_after": "2090-01-01"}, 247, False, "not_after needs"),
        ({"content": "x", "not_after": "2020-01-01"}, 257, True, "has passed"),
        ({"encrypted": "eA=="}, 247, False, "ciphertext needs"),
        ({"content": "x" * 870_001}, 252, True, "870001 bytes"),
        ({"encrypted": "eHh4" * 300_000}, 252, True, "more than systemd 252 reads"),
    ],
)
def test_what_a_host_cannot_store(
    said: dict[str, str], systemd: int, seals: bool, message: str
) -> None:
    with pytest.raises(InvalidCredential, match=message):
        directives([Credential.parse("a", said)], "hello", systemd, seals)


def test_a_digest_is_of_one_host_one_service_and_one_name() -> None:
    one = digest(b"k" * 32, "hello", "key", b"secret")
    others = {
        digest(b"l" * 32, "hello", "key", b"secret"),
        digest(b"k" * 32, "hallo", "key", b"secret"),
        digest(b"k" * 32, "hello", "kez", b"secret"),
        digest(b"k" * 32, "hello", "key", b"secrets"),
    }
    assert one not in others
    assert len(others) == 4
    assert one == digest(b"k" * 32, "hello", "key", b"secret")


def test_places_of_two_services_never_meet() -> None:
    assert place("a", "b.c", True) != place("a.b", "c", True)
    assert in_store(place("a", "b", True), "a")
    assert not in_store(place("a", "b", True), "a.b")
    assert not in_store("/etc/credstore/b", "a")
