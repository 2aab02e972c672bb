# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`shop` is a fresh service on one host, `everywhere` one on a host of each suite."""

from __future__ import annotations

import os
import typing as t

import pytest
from shop import Shop, opened

SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
# What does not depend on systemd's version runs where most of the hosts are.
MAIN = "bookworm" if "bookworm" in SUITES else SUITES[0]


@pytest.fixture
def shop(hosts: t.Any) -> t.Iterator[Shop]:
    with opened(hosts.get(MAIN)) as one:
        yield one


@pytest.fixture(scope="module")
def clean(hosts: t.Any) -> t.Iterator[Shop]:
    """For what is refused: as nothing becomes of it, it is one for all."""
    with opened(hosts.get(MAIN)) as one:
        yield one


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "everywhere" in metafunc.fixturenames:
        metafunc.parametrize("everywhere", SUITES, indirect=True)


@pytest.fixture
def everywhere(request: pytest.FixtureRequest, hosts: t.Any) -> t.Iterator[Shop]:
    with opened(hosts.get(request.param)) as one:
        yield one
