#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the tables of docs/sandbox-effect.md from runs on real hosts.

    tools/attempts/tables.py                     # bullseye, bookworm and trixie
    tools/attempts/tables.py forky               # one more suite, or one alone

Each suite needs its image (`tests/targets/targets.py images SUITE`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / ".build" / "collections")]

import attempts
from fleet import Hosts


def main(suites: list[str]) -> None:
    """Measure each suite, and put its table into the document."""
    hosts = Hosts()
    try:
        for suite in suites:
            host = hosts.get(suite)
            attempts.lay_out(host)
            found = {}
            for column in attempts.COLUMNS:
                with attempts.deployed(host, column):
                    found[column] = attempts.measure(host)
            attempts.write(suite, host.version(), found)
            told = ", ".join(attempts.untold(found))
            print(f"{suite}: written; refused in every column: {told}")
    finally:
        hosts.stop()


if __name__ == "__main__":
    os.chdir(ROOT)
    main(sys.argv[1:] or ["bullseye", "bookworm", "trixie"])
