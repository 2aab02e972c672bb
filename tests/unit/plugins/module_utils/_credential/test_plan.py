# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._credential.held import (
    Held,
)
from ansible_collections.activated.services.plugins.module_utils._credential.plan import (
    EXPOSED,
    LOST,
    Holding,
    erasing,
    refreshes,
    renewing,
    stale,
    storing,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit

KEY = "/etc/credstore.encrypted/a/key"


def of(**held: Held) -> Generation:
    return Generation("a", credentials=held)


WANTED = of(key=Held(KEY, "new", stored=True), chain=Held("/live/chain", "c2"))
BEFORE = of(key=Held(KEY, "old", stored=True), chain=Held("/live/chain", "c1"))


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ({}, "it is not there"),
        ({KEY: "old"}, "the secret changes"),
        ({KEY: LOST}, "what is there cannot be opened on this host"),
        ({KEY: EXPOSED}, "what is there is not root's alone"),
        ({KEY: "new@2030"}, "its expiry changes"),
        ({KEY: "new"}, None),
    ],
)
def test_storing(there: dict[str, str], reason: str | None) -> None:
    changes = storing(WANTED, Holding(there))
    assert [(c.subject, c.reason) for c in changes] == (
        [(KEY, reason)] if reason else []
    )
    assert all((c.before, c.after) == ("", "") for c in changes), "no diff of a secret"


def test_renewing() -> None:
    assert [c.subject for c in renewing(WANTED, BEFORE)] == ["/live/chain"]
    assert renewing(WANTED, WANTED) == []
    assert renewing(WANTED, None) == []
    elsewhere = of(chain=Held("/other/chain", "c1"))
    assert renewing(WANTED, elsewhere) == [], "the unit says so"


def test_erasing() -> None:
    holding = Holding({KEY: "new", "/etc/credstore/a/key": "new"})
    assert [c.subject for c in erasing(WANTED, holding)] == ["/etc/credstore/a/key"]
    assert [c.subject for c in erasing(None, holding)] == [KEY, "/etc/credstore/a/key"]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (None, ""),
        ({"key": "new", "chain": "c2"}, ""),
        ({"key": "new", "chain": "c2", "more": "x"}, ""),
        ({"key": "old", "chain": "c2"}, "the credential key changed"),
        ({"chain": "c1"}, "the credentials chain, key changed"),
    ],
)
def test_what_a_running_service_does_not_see(
    seen: dict[str, str] | None, said: str
) -> None:
    assert stale(WANTED, Holding({}, seen), BEFORE) == said


def test_a_pattern_is_compared_with_the_record() -> None:
    wanted = of(all=Held("shop.*", "2"))
    holding = Holding({}, {"shop.a": "x"})
    assert (
        stale(wanted, holding, of(all=Held("shop.*", "1")))
        == "the credential all changed"
    )
    assert stale(wanted, holding, of(all=Held("shop.*", "2"))) == ""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("Type=notify-reload\nRefreshOnReload=credentials", True),
        ("Type=notify-reload\nRefreshOnReload=yes", True),
        ("ExecReload=/bin/kill\nRefreshOnReload=extensions credentials", True),
        ("Type=notify-reload", False),
        ("Type=notify-reload\nRefreshOnReload=extensions", False),
        ("Type=notify\nRefreshOnReload=credentials", False),
    ],
)
def test_refreshes(lines: str, expected: bool) -> None:
    assert refreshes(Unit.parse(f"[Service]\n{lines}\n")) is expected


def test_a_generation_remembers_digests_alone() -> None:
    said = t.cast("dict[str, t.Any]", WANTED.as_dict())
    assert Generation.from_dict("a", said).credentials == WANTED.credentials
    assert WANTED == BEFORE, "a rotation is no generation to go back to"
    assert WANTED.fingerprint() != BEFORE.fingerprint(), "but is no longer what failed"
    del said["credentials"]
    assert Generation.from_dict("a", said).credentials == {}
