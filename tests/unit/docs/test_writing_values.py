# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example of docs/writing-values.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.activated.services.plugins.module_utils._units.render import (
    InvalidValue,
    render_section,
)

PAGE = Path(__file__).parents[3] / "docs" / "writing-values.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE.read_text())
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2]))


def test_every_example_has_its_outcome() -> None:
    assert len(BLOCKS) % 2 == 0
    assert {(given, shown) for (given, _), (shown, _) in EXAMPLES} == {
        ("yaml", "ini"),
        ("yaml", "text"),
    }
    assert len(EXAMPLES) > 15


@pytest.mark.parametrize(
    ("given", "outcome"), EXAMPLES, ids=[text for (_, text), _ in EXAMPLES]
)
def test_example(given: tuple[str, str], outcome: tuple[str, str]) -> None:
    value = yaml.safe_load(given[1])
    kind, text = outcome
    if kind == "ini":
        assert render_section("Service", value) + "\n" == text
        return
    with pytest.raises(InvalidValue) as caught:
        render_section("Service", value)
    assert str(caught.value) + "\n" == text
