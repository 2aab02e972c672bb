# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The levels are what was said of them: each level and pin has its text, the page its table."""

from __future__ import annotations

import importlib.util
import types
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    exposure,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    level_directives,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.measures import (
    LEVELS,
    MEASURES,
    NEWEST_PIN,
    OLDEST_PIN,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)

ROOT = Path(__file__).resolve().parents[5]
PINS = Path(__file__).parent / "pins"
ENTRY = (
    "The level {} pinned to {} is not what it was. Everyone who deploys with it gets "
    "another sandbox: say so in an entry of changelogs/fragments/, and then run "
    "tools/levels/write.py"
)


def writer() -> types.ModuleType:
    path = ROOT / "tools/levels/write.py"
    spec = importlib.util.spec_from_file_location("levels_write", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text(level: str, pin: int) -> str:
    return render_section("Service", level_directives(level, pin)) + "\n"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("pin", range(OLDEST_PIN, NEWEST_PIN + 1))
def test_each_level_and_pin_has_its_text(level: str, pin: int) -> None:
    versions = [int(path.stem.split("-")[1]) for path in PINS.glob(f"{level}-*.txt")]
    last = max(version for version in versions if version <= pin)
    expected = (PINS / f"{level}-{last}.txt").read_text()
    assert text(level, pin) == expected, ENTRY.format(level, pin)


def test_each_text_is_that_of_a_change() -> None:
    names = {path.stem for path in PINS.glob("*.txt")}
    assert names == set(writer().pins()), "run tools/levels/write.py"


def test_the_page_shows_the_levels_as_they_are() -> None:
    write = writer()
    assert write.PAGE.read_text() == write.page(), "run tools/levels/write.py"


@pytest.mark.parametrize(
    ("level", "most"), [("default", 3.3), ("strict", 1.1), ("sealed", 0.3)]
)
@pytest.mark.parametrize("systemd", range(OLDEST_PIN, NEWEST_PIN + 1))
def test_a_level_is_no_more_exposed_than_it_promises(
    level: str, most: float, systemd: int
) -> None:
    for pin in range(OLDEST_PIN, systemd + 1):
        unit = f"[Service]\nType=notify\nExecStart=/bin/true\n{text(level, pin)}"
        assert exposure(unit, systemd).score <= most


@pytest.mark.parametrize("systemd", [247, 252, 257, 262])
def test_the_page_says_the_exposure_of_each_level(systemd: int) -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text()
    stated = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].strip("`") in LEVELS:
            scores = [float(score) for score in cells[2].split(",")]
            scores = scores * 4 if len(scores) == 1 else scores
            stated[cells[0].strip("`")] = dict(zip((247, 252, 257, 262), scores))
    assert set(stated) == set(LEVELS)
    for level in LEVELS:
        unit = f"[Service]\nExecStart=/bin/true\n{text(level, min(257, systemd))}"
        assert exposure(unit, systemd).score == stated[level][systemd]


def test_what_shows_of_each_directive_is_documented() -> None:
    page = (ROOT / "docs/sandbox-effect.md").read_text()
    table = page.partition("## What shows from outside")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    for measure in MEASURES:
        told = [row for row in rows if f"`{measure.directive}`" in row.split("|")[2]]
        assert len(told) == 1, measure.directive
