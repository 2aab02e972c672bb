# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running systemd hosts, and services on them, for tests of whole modules.

`host` is one host of each suite, `newest` one of the newest suite alone (see fleet.py).
"""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from fleet import FULL, SUITES, Host, Hosts
from shop import Shop, opened


@pytest.fixture(scope="session")
def hosts() -> t.Iterator[Hosts]:
    """All hosts of this run."""
    there = Hosts()
    try:
        yield there
    finally:
        there.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let a test with `host` run on the oldest and the newest suite, or on every one with
    ACTIVATED_FULL; one with `newest` on the last."""
    sample = SUITES if FULL else list(dict.fromkeys([SUITES[0], SUITES[-1]]))
    for name, suites in (("host", sample), ("newest", SUITES[-1:])):
        if name in metafunc.fixturenames:
            marked = [pytest.param(x, marks=pytest.mark.targets) for x in suites]
            metafunc.parametrize(name, marked, indirect=True, scope="session")
    names = metafunc.fixturenames
    if "everywhere" in names and "host" not in names:
        marked = [pytest.param(x, marks=pytest.mark.targets) for x in SUITES]
        metafunc.parametrize("everywhere", marked, indirect=True)


@pytest.fixture(scope="session")
def host(request: pytest.FixtureRequest, hosts: Hosts) -> Host:
    """One host of each suite."""
    return hosts.get(request.param)


@pytest.fixture(scope="session")
def newest(request: pytest.FixtureRequest, hosts: Hosts) -> Host:
    """One host of the newest suite, for what does not depend on systemd's version."""
    return hosts.get(request.param)


@pytest.fixture
def shop(hosts: Hosts) -> t.Iterator[Shop]:
    """A fresh service on one host, for what does not depend on systemd's version."""
    with opened(hosts.main()) as one:
        yield one


@pytest.fixture(scope="module")
def clean(hosts: Hosts) -> t.Iterator[Shop]:
    """For what is refused: as nothing becomes of it, it is one for all."""
    with opened(hosts.main()) as one:
        yield one


@pytest.fixture
def everywhere(request: pytest.FixtureRequest, hosts: Hosts) -> t.Iterator[Shop]:
    """A fresh service on a host of each suite."""
    with opened(hosts.get(request.param)) as one:
        yield one
