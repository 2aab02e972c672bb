# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with the small programs on it, cleared after each test."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import programs

UNITS = "demo.service demo-http.socket demo-https.socket demo.socket demo@.service"
UNITS += " other.service demo.path demo.timer spare.service"


class Place:
    """One host, and the proof of the service `demo` on it."""

    def __init__(self, host: t.Any) -> None:
        self.host = host
        self.sh, self.install, self.show = host.sh, host.install, host.show

    def prove(self, **options: t.Any) -> dict[str, t.Any]:
        """The result of a proof, failed or not; it waits less than people would."""
        options = {"name": "demo", "timeout": 10, **options}
        return t.cast("dict[str, t.Any]", self.host.attempt("activation", **options))

    def proven(self, **options: t.Any) -> dict[str, t.Any]:
        """A proof that must succeed."""
        result = self.prove(**options)
        assert not result.get("failed"), result.get("msg")
        return t.cast("dict[str, t.Any]", result["proof"])

    def clear(self) -> None:
        """Remove what a test has left."""
        self.host.remove(*UNITS.split())
        self.sh("rm -rf /run/demo /run/demo.*")


@pytest.fixture
def place(host: t.Any) -> t.Iterator[Place]:
    """One host of each suite."""
    yield from _place(host)


@pytest.fixture
def spot(newest: t.Any) -> t.Iterator[Place]:
    """The host of the newest suite."""
    yield from _place(newest)


def _place(host: t.Any) -> t.Iterator[Place]:
    if not getattr(host, "has_programs", False):
        host.write(programs())
        host.has_programs = True
    there = Place(host)
    try:
        yield there
    finally:
        there.clear()
