# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.credentials import (
    credentials,
)

SAID = {
    "chain.pem": {"path": "/live/chain.pem"},
    "key.pem": {"content": "secret\n", "not_after": "2090-01-31"},
    "raw": {"content": "AAE=", "encoding": "base64"},
    "own": {"encrypted": "eA=="},
    "shared": {"import": "shop.*"},
}


def test_three_forms() -> None:
    assert credentials(SAID, "hello", 257) == {
        "directives": {
            "LoadCredential": ["chain.pem:/live/chain.pem"],
            "LoadCredentialEncrypted": [
                "key.pem:/etc/credstore.encrypted/hello/key.pem",
                "raw:/etc/credstore.encrypted/hello/raw",
                "own:/etc/credstore.encrypted/hello/own",
            ],
            "ImportCredential": ["shop.*"],
        },
        "entries": {
            "chain.pem": {"path": "/live/chain.pem"},
            "key.pem": {"not_after": "2090-01-31"},
            "raw": {},
            "own": {"encrypted": "eA=="},
            "shared": {"import": "shop.*"},
        },
        "secrets": {"key.pem": "c2VjcmV0Cg==", "raw": "AAE="},
    }


def test_none() -> None:
    nothing: dict[str, t.Any] = {"directives": {}, "entries": {}, "secrets": {}}
    assert credentials({}, "hello", 247) == nothing


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["key"], "must be a mapping of names"),
        ({"a/b": {"content": "x"}}, "cannot name a credential"),
        (
            {"a": {"path": "/etc/credstore/hello/a"}},
            "is where contents of this service",
        ),
    ],
)
def test_refusals(value: t.Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        credentials(value, "hello", 257)


@pytest.mark.parametrize("systemd", ["abc", "²", None])
def test_a_version_is_a_number(systemd: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="systemd is a version such as 252"):
        credentials({}, "hello", systemd)
