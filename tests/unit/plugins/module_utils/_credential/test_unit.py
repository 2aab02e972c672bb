# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    InvalidCredential,
)
from ansible_collections.activated.services.plugins.module_utils._credential.unit import (
    Line,
    lines,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit


def of(text: str) -> list[Line]:
    return lines(Unit.parse(f"[Service]\n{text}\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("LoadCredential=a:/x", [Line("a", "/x")]),
        ("LoadCredential=a:/x:y z", [Line("a", "/x:y z")]),
        ("LoadCredential=a:/100%%", [Line("a", "/100%")]),
        ("LoadCredential=a:/%i", []),
        ("LoadCredential=a:%d/x", []),
        ("LoadCredential=a", []),
        ("LoadCredential=a:b", []),
        ("LoadCredentialEncrypted=a:/x", [Line("a", "/x", encrypted=True)]),
        (
            "LoadCredential=a:/x\nLoadCredential=\nLoadCredential=b:/y",
            [Line("b", "/y")],
        ),
        ("SetCredential=a:x\nLoadCredential=a:/x", [Line("a", "/x", has_default=True)]),
        ("ImportCredential=shop.*", [Line("shop.*", "shop.*")]),
        ("ImportCredential=b\nImportCredential=b", [Line("b", "b")]),
    ],
)
def test_lines(text: str, expected: list[Line]) -> None:
    assert of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "LoadCredential=a:/x\nLoadCredential=a:/y",
        "LoadCredential=a:/x\nLoadCredentialEncrypted=a:/x",
        "LoadCredential=a\nLoadCredential=a:/x",
    ],
)
def test_a_name_twice(text: str) -> None:
    with pytest.raises(InvalidCredential, match="the credential a is loaded twice"):
        of(text)
