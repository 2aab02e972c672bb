# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._credential import (
    source,
)

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The places of ImportCredential=, below a folder that is empty."""
    received = {key: f"{tmp_path}{path}" for key, path in source.RECEIVED.items()}
    monkeypatch.setattr(source, "RECEIVED", received)
    monkeypatch.setattr(source, "STORES", [f"{tmp_path}{s}" for s in source.STORES])
    return tmp_path


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], None),
        (["etc/credstore/shop.a"], "etc/credstore/shop.a"),
        (["run/credentials/@system/shop.a"], "run/credentials/@system/shop.a"),
        (["run/credentials/@encrypted/shop.a"], "run/credentials/@encrypted/shop.a"),
        (
            ["etc/credstore/shop.a", "run/credentials/@system/shop.a"],
            "run/credentials/@system/shop.a",
        ),
        (
            ["etc/credstore.encrypted/shop.a", "run/credentials/@encrypted/shop.a"],
            "run/credentials/@encrypted/shop.a",
        ),
        (
            ["run/credentials/@system/shop.a", "usr/lib/credstore.encrypted/shop.a"],
            "run/credentials/@system/shop.a",
        ),
        (
            ["usr/lib/credstore/shop.a", "run/credentials/@encrypted/shop.a"],
            "usr/lib/credstore/shop.a",
        ),
        (["run/credstore/shop.a", "etc/credstore/shop.a"], "etc/credstore/shop.a"),
        (["run/credentials/@system/other"], None),
    ],
)
def test_where_an_import_is_found(
    stores: Path, files: list[str], found: str | None
) -> None:
    for file in files:
        path = stores / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    expected = [("shop.a", str(stores / found))] if found else []
    assert source.matching("shop.*") == expected
