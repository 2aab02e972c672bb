# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`shop` is a fresh service on one host, `everywhere` one on a host of each suite."""

from __future__ import annotations

import os
import sys
import typing as t
from pathlib import Path

import pytest
from shop import Shop, opened

sys.path.insert(0, str(Path(__file__).resolve().parent))

SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
# What does not depend on systemd's version runs where most of the hosts are.
MAIN = "bookworm" if "bookworm" in SUITES else SUITES[0]


@pytest.fixture
def shop(hosts: t.Any) -> t.Iterator[Shop]:
    with opened(hosts.get(MAIN)) as one:
        yield one


@pytest.fixture
def everywhere(host: t.Any) -> t.Iterator[Shop]:
    with opened(host) as one:
        yield one
