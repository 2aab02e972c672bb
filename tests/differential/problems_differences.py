# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where ours and systemd are known to differ, each time with the reason."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from problems_hosts import Difference

LIST = Path(__file__).with_suffix(".json")


def known() -> list[dict[str, t.Any]]:
    """Give the entries: `text` (a pattern), `versions` (from, to), `reason`."""
    entries = json.loads(LIST.read_text())
    for entry in entries:
        assert entry["reason"], entry
        assert set(entry) == {"text", "versions", "reason"}, entry
    return entries


def unexplained(differences: t.Iterable[Difference], systemd: int) -> list[Difference]:
    """Give the differences that no entry of the list explains."""
    entries = [
        entry
        for entry in known()
        if entry["versions"][0] <= systemd <= entry["versions"][1]
    ]
    return [
        difference
        for difference in differences
        if not any(re.search(entry["text"], difference.text) for entry in entries)
    ]
