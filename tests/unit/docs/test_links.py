# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A link of the documentation leads to a file that the built archive holds, too."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
IGNORED: t.Final = yaml.safe_load((ROOT / "galaxy.yml").read_text())["build_ignore"]
PAGES: t.Final = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("roles/*/README.md"),
        ROOT / "plugins" / "README.md",
    ]
)
_LINK: t.Final = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        target = (page.parent / link).resolve()
        assert target.exists(), link
        assert target.relative_to(ROOT).parts[0] not in IGNORED, link


def test_some_links_are_looked_at() -> None:
    assert sum(len(_LINK.findall(page.read_text())) for page in PAGES) > 60
