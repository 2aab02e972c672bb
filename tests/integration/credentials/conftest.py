# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`glass` is a fresh service on a host of each suite that shows what it sees."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from looking_glass import Glass, opened


@pytest.fixture
def glass(host: t.Any) -> t.Iterator[Glass]:
    """A service on a host of each suite."""
    with opened(host) as one:
        yield one


@pytest.fixture
def spot(newest: t.Any) -> t.Iterator[Glass]:
    """A service on the host of the newest suite."""
    with opened(newest) as one:
        yield one


@pytest.fixture
def importing(spot: Glass) -> Glass:
    """A service on a host whose systemd knows ImportCredential=."""
    if spot.systemd < 254:
        pytest.skip(
            f"ImportCredential= came with 254, and {spot.host.suite} is asked for"
        )
    return spot
