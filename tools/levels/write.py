#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what is said elsewhere of the sandbox levels: the table in docs/sandbox.md, and
the text of each level as it stood for each version of systemd, one file for each change,
in tests/unit/plugins/module_utils/_sandbox/pins/.

    tools/levels/write.py

after a change of plugins/module_utils/_sandbox/measures.py, which is a changelog entry.
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "sandbox.md"
PINS = ROOT / "tests" / "unit" / "plugins" / "module_utils" / "_sandbox" / "pins"
BEGIN, END = (
    "<!-- the table of levels: tools/levels/write.py -->\n",
    "<!-- its end -->\n",
)

if str(ROOT / ".build" / "collections") not in sys.path:
    sys.path.insert(0, str(ROOT / ".build" / "collections"))

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    as_list,
    level_directives,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.measures import (
    LEVELS,
    MEASURES,
    NEWEST_PIN,
    OLDEST_PIN,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_directive,
    render_section,
)


def pins() -> dict[str, str]:
    """The text of each level, by `LEVEL-VERSION` of the first version that has it."""
    found: dict[str, str] = {}
    for level in LEVELS:
        before = None
        for pin in range(OLDEST_PIN, NEWEST_PIN + 1):
            text = render_section("Service", level_directives(level, pin)) + "\n"
            if text != before:
                found[f"{level}-{pin}"] = before = text
    return found


def table() -> str:
    """The levels as a table, a row for each directive."""
    rows = [
        "| directive | `default` | `strict` | `sealed` | since | what it takes | who cannot bear it |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in MEASURES:
        values = [_cell(one.directive, one.value(level)) for level in LEVELS[1:]]
        since = str(one.since) if one.since > OLDEST_PIN else ""
        cells = [f"`{one.directive}`", *values, since, one.takes, one.unbearable]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(directive: str, value: t.Any) -> str:
    if value is None:
        return ""
    lines = []
    for part in as_list(value):
        text = render_directive("Service", directive, part)[0].partition("=")[2]
        lines.append(f"`{text}`" if text else "(empty)")
    return ", ".join(lines)


def page() -> str:
    """The page with the table as it is to be."""
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def main() -> None:
    PAGE.write_text(page())
    PINS.mkdir(exist_ok=True)
    wanted = pins()
    for path in PINS.glob("*.txt"):
        if path.stem not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (PINS / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    main()
