# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exposure of every result is what the host's own systemd says, and a bound on it
holds before anything changes."""

from __future__ import annotations

import re
import typing as t

import pytest
from fleet import FULL
from shop import Shop, opened

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)

pytestmark = pytest.mark.targets


@pytest.fixture
def shop(host: t.Any) -> t.Iterator[Shop]:
    with opened(host) as one:
        yield one


def units(shop: Shop, level: str) -> dict[str, str]:
    wanted = Sandbox.parse(level, shop.host.version()).directives
    # `off` leaves a unit of the shop its DynamicUser alone
    return shop.units("http", body=render_section("Service", wanted) + "\n")


def asked(shop: Shop) -> float:
    """What the host says of the unit that is loaded."""
    said = shop.host.sh(f"systemd-analyze --no-pager security {shop.service}")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found
    return float(found[1])


@pytest.mark.parametrize(
    "level", ["default", "strict", "sealed"] if FULL else ["strict"]
)
def test_the_exposure_is_what_the_host_says(shop: Shop, level: str) -> None:
    wanted = units(shop, level)
    assert not shop.install("1").get("failed")
    first = shop.deploy(wanted, "1", check=True)
    done = shop.deployed(wanted, "1")
    again = shop.deployed(wanted, "1")
    assert not again["changed"]
    here = asked(shop)
    assert [first["exposure"], done["exposure"], again["exposure"]] == [here] * 3


def test_a_bound_is_met_or_nothing_changes(shop: Shop) -> None:
    strict = units(shop, "strict")
    score = shop.deployed(strict, "1")["exposure"]
    loose = units(shop, "off")
    before = shop.listing()
    for check_mode in (True, False):
        result = shop.deploy(loose, "1", exposure_max=score, check=check_mode)
        assert result["failed"]
        assert f"above exposure_max {score}; nothing was changed" in result["msg"]
        assert shop.untouched(before)
    # the bound itself is within bounds, and a hair less is not
    assert not shop.deployed(strict, "1", exposure_max=score)["changed"]
    tight = shop.deploy(strict, "1", exposure_max=round(score - 0.1, 1))
    assert f"would be exposed at {score}" in tight["msg"]


def test_a_drop_in_on_the_host_counts(shop: Shop) -> None:
    strict = units(shop, "strict")
    score = shop.deployed(strict, "1")["exposure"]
    place = f"/etc/systemd/system/{shop.service}.d/loose.conf"
    shop.host.write({place: "[Service]\nSystemCallFilter=\nPrivateUsers=no\n"})
    result = shop.deploy(strict, "1", exposure_max=score)
    assert result["failed"]
    assert "above exposure_max" in result["msg"]
    shop.host.sh("systemctl daemon-reload")
    loose = shop.deployed(strict, "1")["exposure"]
    assert loose == asked(shop) > score


def test_what_a_host_lacks_is_in_every_result(shop: Shop) -> None:
    lacking = {"directive": "PrivateIPC", "since": 248, "exposure": 0.0}
    sandbox = {
        "level": "strict",
        "version": 257,
        "missing": [lacking],
        "missing_exposure": 0.0,
        "undone": [],
    }
    wanted = units(shop, "strict")
    note = f"systemd {shop.host.version()} has no PrivateIPC (since 248)"
    assert not shop.install("1").get("failed")
    for check_mode, changed in ((True, True), (False, True), (False, False)):
        done = shop.deployed(wanted, "1", sandbox=sandbox, check=check_mode)
        assert done["changed"] is changed
        assert done["sandbox"] == sandbox
        assert [said for said in done["notes"] if said.startswith(note)]
