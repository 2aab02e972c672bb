# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment that is killed: the service answers one version wholly, the next run converges."""

from __future__ import annotations

import os
import typing as t

import pytest
from stories import Version, gone, installing, tell, wrong

if t.TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.targets

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


# Each kind of change, and whether the service is idle; the rest in the long run.
SAMPLE = [
    ("release", True),
    ("changed", False),
    ("removed", True),
    ("always_on", False),
]
KILLED = [(change, idle) for change in CHANGES for idle in (True, False)]


@pytest.mark.parametrize(("change", "idle"), KILLED if FULL else SAMPLE)
def test_a_deployment_killed_at_any_step(shop: Shop, change: str, idle: bool) -> None:
    kill(shop, change, idle=idle, stride=1 if FULL else 3)


def test_a_deployment_killed_on_each_suite(everywhere: Shop) -> None:
    kill(everywhere, "renamed", idle=False, stride=1 if FULL else 5)


def kill(shop: Shop, change: str, *, idle: bool, stride: int) -> None:
    """Kill a change and its reverse at points that lie `stride` apart."""
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
            stride=stride,
            idle=idle,
        )
        assert not wrong(points), wrong(points)


def test_a_first_deployment_killed_at_any_step(shop: Shop) -> None:
    new, none = Version(shop, "1.0", "http", "back", greeting="one"), gone(shop)
    install = installing(shop, "1.0")
    points = tell(
        shop,
        "crashes",
        wish=new.wish,
        goals=[new.goal(), none],
        reset=[none["wish"], install],
        answers=[none["answers"], new.answers],
        steady=[shop.ports[0]],
        points=POINTS,
        stride=1 if FULL else 3,
    )
    assert not wrong(points), wrong(points)


def test_a_removal_killed_at_any_step(shop: Shop) -> None:
    old, none = Version(shop, "1.0", "http", "back", greeting="one"), gone(shop)
    install = installing(shop, "1.0")
    points = tell(
        shop,
        "crashes",
        wish=none["wish"],
        goals=[none, {**old.goal(), "first": [install]}],
        reset=[install, old.wish],
        answers=[old.answers, none["answers"]],
        steady=[shop.ports[0]],
        points=POINTS,
        stride=1 if FULL else 3,
    )
    assert not wrong(points), wrong(points)


def test_a_rollback_killed_at_any_step(shop: Shop) -> None:
    old, new = release(shop)
    for version in ("1.0", "2.0"):
        assert not shop.install(version).get("failed")
    points = tell(
        shop,
        "crashes",
        wish={"name": shop.name, "state": "rolled_back"},
        goals=[old.goal(), new.goal(force=True)],
        reset=[old.wish, {**new.wish, "force": True}],
        answers=[old.answers, new.answers],
        steady=[shop.ports[0]],
        points=POINTS,
        stride=1 if FULL else 3,
        idle=True,
    )
    assert not wrong(points), wrong(points)


def test_killed_again_while_it_is_undone(shop: Shop) -> None:
    old, new = changed(shop)
    assert not shop.install("1.0").get("failed")
    points = tell(
        shop,
        "crashes",
        wish=new.wish,
        goals=[new.goal(), old.goal()],
        reset=[old.wish],
        answers=[old.answers, new.answers],
        steady=[shop.ports[0]],
        points=POINTS,
        first=3,
        stride=1 if FULL else 3,
        twice=True,
    )
    assert not wrong(points), wrong(points)


def test_what_runs_is_not_what_the_files_say(shop: Shop) -> None:
    """Killed when the new version ran, and again when its files had been put back."""
    old, new = release(shop)
    for version in ("1.0", "2.0"):
        assert not shop.install(version).get("failed")
    shop.deployed(old.wish["units"], "1.0")
    killed = tell(shop, "once", wish=new.wish, at="prove")
    assert not wrong(killed), wrong(killed)
    assert shop.ask() == "2.0 two"
    again = tell(shop, "once", wish=old.wish, at="step stop", then=old.goal())
    assert not wrong(again), wrong(again)


def test_what_starts_at_boot_is_not_what_systemd_remembers(shop: Shop) -> None:
    """Killed when a socket was disabled and systemd had not read its units again."""
    old, new = renamed(shop)
    assert not shop.install("1.0").get("failed")
    shop.deployed(old.wish["units"], "1.0")
    killed = tell(shop, "once", wish=new.wish, at="step write", then=old.goal())
    assert not wrong(killed), wrong(killed)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        # before anything was changed, in the middle, and after all that was to be
        ("stage", "what was interrupted is undone"),
        ("step reload", "what was interrupted is undone"),
        ("finish", "its last deployment had ended, and is complete"),
    ],
)
def test_whatever_ends_an_interrupted_run_changes_the_host(
    shop: Shop, at: str, why: str
) -> None:
    old, new = changed(shop)
    assert not shop.install("1.0").get("failed")
    shop.deployed(old.wish["units"], "1.0")
    killed = tell(shop, "once", wish=new.wish, at=at)
    assert not wrong(killed), wrong(killed)
    wish = (new if at == "finish" else old).wish
    shown = shop.host.run("deployment", check=True, diff=True, **wish)
    done, again = (shop.host.run("deployment", diff=True, **wish) for _ in range(2))
    assert shown["plan"] == done["plan"] == again["plan"] == []
    assert (shown["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert shown["diff"] == done["diff"]
    steps = shown["diff"][0]["prepared"].splitlines()
    assert steps[0] == "First, for a run that was interrupted:"
    assert steps[-1] == f"- record {shop.name}: {why}"
    assert ("- reload systemd: unit files change" in steps) == (at == "step reload")
    assert again["diff"] == []


@pytest.mark.parametrize("wanted", ["absent", "present"])
def test_a_removal_that_lacked_its_end_alone_changes_the_host(
    shop: Shop, wanted: str
) -> None:
    old, _new = release(shop)
    shop.deployed(old.wish["units"], "1.0")
    absent = {"name": shop.name, "state": "absent"}
    killed = tell(shop, "once", wish=absent, at="forget")
    assert not wrong(killed), wrong(killed)
    if wanted == "present":
        assert not shop.install("1.0").get("failed")
    wish = absent if wanted == "absent" else old.wish
    shown, done, again = (
        shop.host.run("deployment", check=check, diff=True, **wish)
        for check in (True, False, False)
    )
    assert (shown["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert shown["plan"] == done["plan"]
    assert shown["diff"] == done["diff"]
    said = {
        "absent": f"- record {shop.name}: a run was interrupted before",
        "present": f"- record {shop.name}: its removal is finished",
    }
    assert said[wanted] in str(shown["diff"])
    assert not shop.has(f"/var/lib/activated.services/{shop.name}/transaction.json")


def test_killed_from_outside_at_any_moment(shop: Shop) -> None:
    old, new = release(shop)
    for version in ("1.0", "2.0"):
        assert not shop.install(version).get("failed")
    points = tell(
        shop,
        "moments",
        goals=[new.goal(), old.goal()],
        answers=[old.answers, new.answers],
        steady=[shop.ports[0]],
        first=[old.wish],
        count=100 if FULL else 15,
        seed=1,
        proof=FULL,
    )
    assert not wrong(points), wrong(points)
    assert sum("killed" in point["where"] for point in points) > len(points) / 3
