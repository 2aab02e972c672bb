# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thousands of units with slips in them: what systemd refuses, ours refuses."""

from __future__ import annotations

import os
import typing as t

import problems_corpus as corpus
import problems_hosts as hosts
from problems_differences import unexplained
from problems_mutants import mutate

from ansible_collections.activated.services.plugins.module_utils._tables import (
    directives,
)

if t.TYPE_CHECKING:
    from running import Target

# Over three suites these are the two thousand; ACTIVATED_FULL=1 asks for them on each.
COUNT = 2000 if os.environ.get("ACTIVATED_FULL") else 700
# The prime numbers spread the choice over the units and make each suite's its own.
STEP = 7919


def mutants(packages: corpus.Packages, version: int) -> dict[str, bytes]:
    """Give so many units with slips, under names of their own."""
    units = [
        (name, text)
        for _package, shipped in sorted(packages.items())
        for name, text in sorted(shipped.items())
    ]
    keys = {
        section: sorted(names)
        for section, names in directives.directives(version).items()
    }
    made: dict[str, bytes] = {}
    for number in range(COUNT):
        name, text = units[(number * STEP + version) % len(units)]
        at = "@" if "@." in name else ""
        suffix = name.rpartition(".")[2]
        seed = version * 1_000_000 + number
        made[f"mutant{number}{at}.{suffix}"] = mutate(text, seed, keys)
    return made


def test_refuses_what_systemd_refuses(target: Target) -> None:
    def run(script: str, data: bytes) -> bytes:
        return target.run("sh", "-c", script, data=data, check=False).stdout

    version = target.version()
    units = mutants(corpus.load(target.suite, run), version)
    words = hosts.verify(run, units)
    refused = {word.unit for word in words}
    assert len(refused) > COUNT / 2, "the slips are too harmless to show anything"
    missed, alarms = hosts.compare(units, words, version)
    assert unexplained(missed, version) == []
    assert unexplained(alarms, version) == []
