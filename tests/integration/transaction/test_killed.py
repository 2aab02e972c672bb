# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment that is killed: the service answers one version wholly, the next run converges."""

from __future__ import annotations

import os
import typing as t

import pytest
from stories import Version, gone, tell, wrong

if t.TYPE_CHECKING:
    from shop import Shop

FULL = bool(os.environ.get("ACTIVATED_FULL"))
POINTS = "calls" if FULL else "steps"


def release(shop: Shop) -> tuple[Version, Version]:
    return (
        Version(shop, "1.0", "http", greeting="one"),
        Version(shop, "2.0", "http", greeting="two"),
    )


def changed(shop: Shop) -> tuple[Version, Version]:
    return (
        Version(shop, "1.0", "http", f"back={shop.ports[1]}", greeting="one"),
        Version(shop, "1.0", "http", f"back={shop.ports[2]}", greeting="two"),
    )


def removed(shop: Shop) -> tuple[Version, Version]:
    return (
        Version(shop, "1.0", "http", "back", greeting="one"),
        Version(shop, "2.0", "http", greeting="two"),
    )


def renamed(shop: Shop) -> tuple[Version, Version]:
    return (
        Version(shop, "1.0", "http", "back", greeting="one"),
        Version(shop, "1.0", "http", f"other={shop.ports[1]}", greeting="two"),
    )


def always_on(shop: Shop) -> tuple[Version, Version]:
    port = f"Environment=PORT={shop.ports[0]}\n"
    return (
        Version(shop, "1.0", greeting="one", body=port),
        Version(shop, "1.0", "http", greeting="two"),
    )


CHANGES = {f.__name__: f for f in (release, changed, removed, renamed, always_on)}


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "running"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_deployment_killed_at_any_step(shop: Shop, change: str, idle: bool) -> None:
    old, new = CHANGES[change](shop)
    for version in ("1.0", "2.0"):
        assert not shop.install(version).get("failed")
    for turn, (before, after) in enumerate(((old, new), (new, old))):
        points = tell(
            shop,
            "crashes",
            wish=after.wish,
            goals=[after.goal(), before.goal()],
            reset=[before.wish],
            answers=[old.answers, new.answers],
            steady=sorted({*old.ports} & {*new.ports}),
            gap=change == "always_on",
            points=POINTS,
            proof=FULL,
            first=0 if FULL else turn,
            stride=1 if FULL else 2,
            idle=idle,
        )
        assert not wrong(points), wrong(points)
