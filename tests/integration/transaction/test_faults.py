# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that fail in the middle: full disks, read-only ones, clocks, reboots, two runs at once.

Containers may not make a file immutable (CAP_LINUX_IMMUTABLE); one that something is mounted
on can be replaced just as little.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from shop import Shop
from stories import Version, tell, wrong

pytestmark = pytest.mark.targets

ROOT = Path(__file__).resolve().parents[3]
FULL = bool(os.environ.get("ACTIVATED_FULL"))
UNITS = "/etc/systemd/system"
STATE = "/var/lib/activated.services"


def two(shop: Shop) -> dict[str, t.Any]:
    """Two versions that differ in all: release, service, sockets."""
    long = "x" * 6000  # more than a block
    old = Version(shop, "1.0", "http", greeting="one")
    new = Version(
        shop, "2.0", "http", f"back={shop.ports[1]}", greeting="two", body=f"#{long}\n"
    )
    for version in ("1.0", "2.0"):
        assert not shop.install(version).get("failed")
    return {
        "goals": [old.goal(), new.goal()],
        "answers": [old.answers, new.answers],
        "steady": [shop.ports[0]],
        "first": [old.wish],
    }


@pytest.mark.parametrize("path", [UNITS, STATE, "/opt/{}"])
def test_a_disk_that_is_full_at_any_write(shop: Shop, path: str) -> None:
    # A link takes no block of its own, but an inode like any other file.
    files = path.startswith("/opt")
    points = tell(shop, "full", path=path.format(shop.name), files=files, **two(shop))
    assert not wrong(points), wrong(points)
    assert len(points) > 2, points
    assert "No space left" in points[1]["where"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (UNITS, "Read-only file system"),
        (STATE, "Read-only file system"),
        ("/opt/{}", "Read-only file system"),
    ],
)
def test_a_folder_that_is_read_only(shop: Shop, path: str, says: str) -> None:
    points = tell(
        shop,
        "barred",
        path=path.format(shop.name),
        read_only=True,
        says=says,
        **two(shop),
    )
    assert not wrong(points), wrong(points)


def test_a_unit_that_cannot_be_replaced(shop: Shop) -> None:
    path = f"{UNITS}/{shop.service}"
    points = tell(shop, "barred", path=path, read_only=False, says="busy", **two(shop))
    assert not wrong(points), wrong(points)


def test_dates_mean_nothing(shop: Shop) -> None:
    versions = {v: Version(shop, v, "http", greeting=v) for v in ("1", "2", "3")}
    for version, wish in versions.items():
        shop.deployed(wish.wish["units"], version)
        # each is older than the one before
        year = 2040 - 10 * int(version)
        places = f"/opt/{shop.name} {STATE}/{shop.name} {UNITS}/{shop.name}*"
        shop.host.sh(f"find {places} -exec touch -h -d {year}-01-01 {{}} +")
    for version in ("2", "1"):
        back = shop.host.run("deployment", name=shop.name, state="rolled_back")
        assert back["service"]["release"] == version
        assert shop.ask() == f"{version} {version}"


def test_a_clock_that_is_set_back(shop: Shop) -> None:
    """Containers may not set the clock; the process is told another time."""
    points = tell(shop, "set_back", proof=True, **two(shop))
    assert len(points) == 4
    assert not wrong(points), wrong(points)


def test_two_at_once_take_turns(shop: Shop) -> None:
    points = tell(shop, "together", **two(shop))
    assert not wrong(points), wrong(points)


@pytest.mark.parametrize(
    "at", ["step write", "step reload", "prove"] if not FULL else
    ["stage", "step write", "step switch", "step reload", "step stop", "prove", "close"],
)  # fmt: skip
def test_a_reboot_in_the_middle(shop: Shop, at: str) -> None:
    told = two(shop)
    assert not shop.deploy(**_options(told["first"][0])).get("failed")
    assert shop.ask() == "1.0 one"
    points = tell(shop, "once", wish=told["goals"][1]["wish"], at=at)
    assert not wrong(points), wrong(points)
    reboot(shop)
    assert shop.state(shop.socket("http")) == "active"
    assert shop.ask() in ("1.0 one", "2.0 two")
    assert shop.host.run("service_info", name=shop.name)["interrupted"]
    result = shop.deploy(**_options(told["goals"][1]["wish"]))
    assert not result.get("failed"), result["msg"]
    # The record is closed after the commit: nothing is undone then.
    note = "had ended, and is complete" if at == "close" else "it was undone first"
    assert note in result["notes"][0]
    assert (shop.ask(), shop.ask(1)) == ("2.0 two", "2.0 two")


def _options(wish: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: wish[key] for key in ("units", "release", "start")}


def reboot(shop: Shop) -> None:
    """Restart the host, and wait until all that starts at boot has started."""
    engine, container = shop.host.engine, shop.host.container
    subprocess.run([engine, "restart", container], check=True, capture_output=True)
    end = time.monotonic() + 60
    while True:
        said = shop.host.sh("systemctl is-system-running --wait", check=False)
        if said in ("running", "degraded"):
            return
        assert time.monotonic() < end, f"no boot: {said}"


def test_a_controller_that_is_killed(shop: Shop, tmp_path: Path) -> None:
    told = two(shop)
    old, new = (goal["wish"] for goal in told["goals"])
    assert not shop.deploy(**_options(old)).get("failed")
    slow = {
        unit: text.replace("[Service]\n", "[Service]\nExecStartPre=/bin/sleep 1\n")
        for unit, text in new["units"].items()
    }
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"activated.services.deployment": {**new, "units": slow}}],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    connection = "ansible_connection=community.docker.docker ansible_python_interpreter=/usr/bin/python3"
    (tmp_path / "hosts").write_text(f"{shop.host.container} {connection}\n")
    controller = subprocess.Popen(
        [f"{Path(sys.executable).parent}/ansible-playbook", "-i", "hosts", "play.yml"],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/.build/collections",
            "ANSIBLE_NOCOLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not shop.has(f"{STATE}/{shop.name}/transaction.json"):
        assert controller.poll() is None, controller.communicate()[0].decode()
        assert time.monotonic() < end
    os.killpg(controller.pid, 9)
    controller.wait()
    assert shop.ask() in ("1.0 one", "2.0 two")
    result = shop.deploy(**_options(new))
    assert not result.get("failed"), result["msg"]
    assert (shop.ask(), shop.ask(1)) == ("2.0 two", "2.0 two")
    assert not shop.host.run("service_info", name=shop.name)["interrupted"]
