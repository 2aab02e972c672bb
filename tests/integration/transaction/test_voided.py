# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has failed is undone and not deployed again; going back; taking away."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from shop import SERVE, Shop, archive, opened

pytestmark = pytest.mark.targets

ROOT = Path(__file__).resolve().parents[3]
STATE = "/var/lib/activated.services"
# So that systemd does not close the socket of one that ends again and again.
RESTARTS = "Restart=on-failure\nRestartSec=200ms\n"
BAD = "#!/bin/sh\nexit 7\n"


def bad(shop: Shop, version: str, **more: t.Any) -> None:
    """Install a release whose program ends at once."""
    data = archive(version, bin__serve=BAD, **more)
    path = shop.source(version, data)
    assert not shop.install(version, path=path, replace=True).get("failed")


def info(shop: Shop) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", shop.host.run("service_info", name=shop.name))


def back(shop: Shop, **more: t.Any) -> dict[str, t.Any]:
    return t.cast(
        "dict[str, t.Any]",
        shop.host.attempt("deployment", name=shop.name, state="rolled_back", **more),
    )


def ours(shop: Shop) -> str:
    """Everything on the host that has the service's name in its path."""
    return t.cast(
        str, shop.host.sh(f"find /etc /opt | grep {shop.name} | sort || true")
    )


# -- voided ---------------------------------------------------------------------------


@pytest.mark.parametrize("restart", ["", RESTARTS])
def test_what_fails_its_proof_is_undone_and_not_deployed_again(
    shop: Shop, restart: str
) -> None:
    units = shop.units("http", body=restart)
    shop.deployed(units, "1")
    held = shop.held()
    bad(shop, "2")

    failed = shop.deploy(units, "2", timeout=3)
    assert failed["failed"]
    assert "the proof failed" in failed["msg"]
    assert "ended with status 7" in failed["msg"]
    assert "put back to what it ran before, and that is proven" in failed["msg"]
    assert failed["proof"]["problems"]
    assert shop.ask() == "1"
    # Without Restart=, systemd closes a socket whose service ends again and again; it is
    # opened again when that may be. What the role writes never lets it come to that.
    assert (shop.held() == held) == bool(restart)
    found = info(shop)
    assert found["releases"]["current"] == "1"
    assert not found["interrupted"]
    assert len(found["voided"]) == 1

    before = shop.listing()
    again = shop.deploy(units, "2", timeout=3)
    assert again["failed"]
    assert "this is what was given up before (the proof failed" in again["msg"]
    assert shop.listing() == before

    assert shop.deployed(units, "1")["changed"] is False
    forced = shop.deploy(units, "2", timeout=3, force=True)
    assert "ended with status 7" in forced["msg"]


def test_other_bytes_or_another_wish_lift_the_ban(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1")
    bad(shop, "2")
    assert shop.deploy(units, "2", timeout=3).get("failed")

    other = shop.units("http", body="Environment=GREETING=hi\n")
    assert "ended with status 7" in shop.deploy(other, "2", timeout=3)["msg"]

    assert not shop.install("2", replace=True).get("failed")
    shop.deployed(units, "2")
    assert shop.ask() == "2"


def test_a_first_deployment_that_fails_leaves_the_release_alone(shop: Shop) -> None:
    bad(shop, "1")
    before = ours(shop)
    failed = shop.deploy(shop.units("http"), "1", timeout=3)
    assert "Nothing of it runs on the host" in failed["msg"]
    assert ours(shop) == before
    assert shop.state(shop.socket("http")) == "inactive"
    assert shop.host.sh(f"ls {STATE}/{shop.name} | sort").split() == [
        "lock",
        "voided.json",
    ]


def test_current_does_not_stay_on_a_first_release_that_failed(shop: Shop) -> None:
    """The service ran without a release before, from a folder of its own."""
    top = f"/srv/{shop.name}-own"
    shop.host.write({f"{top}/bin/serve!": SERVE, f"{top}/version": "own"})
    own = shop.units("http", command=f"{top}/bin/serve")
    shop.deployed(own)
    bad(shop, "1")
    failed = shop.deploy(shop.units("http"), "1", timeout=3)
    assert "put back to what it ran before, and that is proven" in failed["msg"]
    assert info(shop)["releases"]["current"] is None
    assert shop.ask() == "own"
    assert shop.deployed(own)["changed"] is False


def test_without_rollback_it_is_left_as_it_is(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1")
    bad(shop, "2")
    failed = shop.deploy(units, "2", timeout=3, rollback=False)
    assert "left as it is, since rollback is off" in failed["msg"]
    found = info(shop)
    assert (found["releases"]["current"], found["interrupted"]) == ("2", False)
    assert len(found["voided"]) == 1
    # What is on record is the last one that was proven.
    assert shop.deployed(units, "1")["changed"]
    assert shop.ask() == "1"


def test_back_from_what_was_left_is_to_the_last_that_was_proven(shop: Shop) -> None:
    units = shop.units("http", body=RESTARTS)
    for version in "12":
        shop.deployed(units, version)
    for version, asked, then in ("3", {"rollback": False}, "2"), ("4", {}, "1"):
        bad(shop, version)
        assert shop.deploy(units, version, timeout=3, **asked).get("failed")
        # The second one was put back itself: what is left then is the good one.
        result = back(shop)
        assert not result.get("failed"), result["msg"]
        assert shop.ask() == then
        assert info(shop)["releases"]["current"] == then
    failed = sorted(info(shop)["voided"])
    assert failed[0] == "a rollback has left it"
    assert [why[:9] for why in failed[1:]] == ["the proof"] * 2


def test_without_a_record_the_secret_is_put_back_too(shop: Shop) -> None:
    """What is found is gone back to with its credentials, as they lie on the host."""
    store, key = "/etc/credstore.encrypted", "LoadCredentialEncrypted"
    if not info(shop)["seals"]:
        store, key = "/etc/credstore", "LoadCredential"
    place = f"{store}/{shop.name}/token"
    units = shop.units("http", body=f"{key}=token:{place}\n")

    def secret(text: str) -> dict[str, t.Any]:
        content = base64.b64encode(text.encode()).decode()
        return {"credentials": {"token": {}}, "secrets": {"token": content}}

    shop.deployed(units, "1", **secret("one"))
    before = shop.host.sh(f"sha256sum {place}")
    shop.host.sh(f"rm {STATE}/{shop.name}/generations.json")
    bad(shop, "2")
    failed = shop.deploy(units, "2", timeout=3, **secret("two"))
    assert "put back to what it ran before, and that is proven" in failed["msg"]
    assert shop.host.sh(f"sha256sum {place}") == before
    assert shop.ask() == "1"


def test_where_only_the_record_differs_the_plan_says_so(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1")
    marker = f"/opt/{shop.name}/releases/1/.activated-release.json"
    for change, why in (
        (f"rm {STATE}/{shop.name}/generations.json", "it is not on record"),
        (
            f"sed -i 's/sha256:..../sha256:0000/' {marker}",
            "its release has other bytes",
        ),
    ):
        shop.host.sh(f"{change}; systemctl stop {shop.service}")
        shown = shop.deploy(units, "1", check=True)
        result = shop.deployed(units, "1")
        assert shown["plan"] == result["plan"]
        assert shown["plan"][0]["reason"] == why
        assert [c["action"] for c in shown["plan"]] == ["record", "prove"]
        assert (shown["changed"], result["changed"]) == (True, True)
        assert shop.deployed(units, "1")["changed"] is False


def test_what_the_host_lacks_bans_nothing(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1")
    shop.install("2")
    shop.host.sh("mount --bind /opt /opt && mount -o remount,bind,ro /opt")
    try:
        failed = shop.deploy(units, "2")
    finally:
        shop.host.sh("umount /opt")
    assert "Read-only file system" in failed["msg"]
    assert (info(shop)["voided"], shop.ask()) == ([], "1")
    shop.deployed(units, "2")


def test_what_is_deployed_is_not_given_up_for_what_the_host_became(shop: Shop) -> None:
    units, folder = shop.units("http"), f"/etc/systemd/system/{shop.service}.d"
    shop.deployed(units, "1")
    text = "[Service]\nExecStart=\nExecStart=/bin/false\n"
    shop.host.write({f"{folder}/x.conf": text})
    failed = shop.deploy(units, "1", timeout=3)
    assert "the proof failed" in failed["msg"]
    assert info(shop)["voided"] == []
    shop.host.sh(f"rm -r {folder}")
    assert shop.deployed(units, "1")["changed"]
    assert shop.ask() == "1"


# -- going back -----------------------------------------------------------------------


def test_twice_back_goes_back_two(shop: Shop) -> None:
    for version in "123":
        units = shop.units("http", body=f"Environment=GREETING={version}\n")
        shop.deployed(units, version)
    shop.ask()
    for version in "21":
        result = back(shop)
        assert not result.get("failed"), result["msg"]
        assert result["proof"]["problems"] == []
        assert shop.ask() == f"{version} {version}"
    found = info(shop)
    assert found["generations"] == ["1"]
    assert found["voided"] == ["a rollback has left it"] * 2

    nothing = back(shop)
    assert "no generation of" in nothing["msg"]
    assert "one is on record" in nothing["msg"]
    assert shop.ask() == "1 1"

    units = shop.units("http", body="Environment=GREETING=3\n")
    assert "a rollback has left it" in shop.deploy(units, "3")["msg"]
    assert not shop.deploy(units, "3", force=True).get("failed")
    assert info(shop)["generations"] == ["1", "3"]


def test_a_generation_is_proven_by_its_own_probes(shop: Shop) -> None:
    """What the next one is asked says nothing of the one that is gone back to."""

    def asked(answer: str) -> dict[str, t.Any]:
        probe = {"socket": "http", "http": {"path": "/", "body": answer}}
        return {"probes": [probe], "timeout": 5}

    units = shop.units("http")
    shop.deployed(units, "1", **asked("1"))
    shop.deployed(units, "2", **asked("2"))
    result = back(shop, **asked("2"))
    assert not result.get("failed"), result["msg"]
    assert result["proof"]["problems"] == []
    assert shop.ask() == "1"
    other = shop.units("http", body="Environment=GREETING=hi\n")
    wrong = shop.deploy(other, "1", **asked("no greeting"))
    assert "the proof failed" in wrong["msg"]
    assert "put back to what it ran before, and that is proven" in wrong["msg"]
    bad(shop, "3")
    failed = shop.deploy(units, "3", **asked("3"))
    assert "put back to what it ran before, and that is proven" in failed["msg"]


def test_going_back_takes_no_release_away(shop: Shop) -> None:
    units = shop.units("http")
    for version in "1234":
        shop.deployed(units, version, keep=9)
    for _ in "12":
        result = back(shop)
        assert not result.get("failed"), result["msg"]
        assert "prune" not in [change["action"] for change in result["plan"]]
    assert info(shop)["releases"]["installed"] == ["1", "2", "3", "4"]


def test_back_where_there_is_nothing(shop: Shop) -> None:
    assert "none is on record" in back(shop)["msg"]
    assert not shop.has(f"{STATE}/{shop.name}")
    shop.deployed(shop.units("http"), "1")
    shop.deployed(shop.units("http"), "2")
    shop.host.sh(f"rm -r /opt/{shop.name}/releases/1")
    assert "its release 1 is no longer installed" in back(shop)["msg"]
    assert shop.ask() == "2"


def test_back_by_the_playbook(shop: Shop, tmp_path: Path) -> None:
    for version in "12":
        shop.deployed(shop.units("http"), version)
    wish = {"activated_services": [{"name": shop.name}]}
    connection = {
        "ansible_connection": "community.docker.docker",
        "ansible_become": False,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    host = {shop.host.container: {**connection, **wish}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": host}}))
    playbook = f"{Path(sys.executable).parent}/ansible-playbook"
    done = subprocess.run(
        [playbook, "-i", "hosts.yml", "activated.services.rollback"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/.build/collections"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert shop.ask() == "1"
    single = [playbook, "-i", "hosts.yml", "-e", f"service_name={shop.name}"]
    done = subprocess.run(
        [*single, "-e", '{"activated_services": []}', "activated.services.rollback"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": f"{ROOT}/.build/collections"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no generation of" in done.stdout


# -- taking away ----------------------------------------------------------------------


def test_absent_after_half_an_installation(shop: Shop) -> None:
    shop.install("1")
    units = shop.units("http", "back")
    # Somebody copied some of it, by hand, and started a part.
    unit, socket = shop.service, shop.socket("http")
    shop.host.install({unit: units[unit], socket: units[socket]}, socket)
    shop.host.sh(f"systemctl enable -q {socket}; mkdir -p /var/lib/{shop.name}")
    shop.host.sh(f"rm /etc/systemd/system/{unit}")
    result = shop.remove()
    assert not result.get("failed"), result["msg"]
    assert result["kept"] == [f"/var/lib/{shop.name}"]
    left = shop.host.sh(
        f"find /etc /opt {STATE} -name '{shop.name}*' 2>/dev/null || true"
    )
    assert left == ""
    assert shop.state(socket) == "inactive"
    shop.host.sh(f"rmdir /var/lib/{shop.name}")
    assert shop.remove()["changed"] is False


def test_absent_removes_nothing_where_others_can_write(shop: Shop) -> None:
    shop.deployed(shop.units("http"), "1")
    shop.host.sh(f"chmod 0777 /opt/{shop.name}")
    before = shop.listing()
    for check in (True, False):
        assert "others than root" in shop.remove(check=check)["msg"]
    assert shop.listing() == before
    shop.host.sh(f"systemctl stop {shop.socket('http')}")
    shop.host.sh(f"rm -r {STATE}/{shop.name}/generations.json")
    for check in (True, False):
        gone = {"name": shop.name, "state": "absent"}
        refused = shop.host.attempt("release", check=check, **gone)
        assert "others than root" in refused["msg"]
    assert shop.has(f"/opt/{shop.name}/releases/1")


def test_absent_takes_links_whose_unit_has_gone(shop: Shop) -> None:
    shop.deployed(shop.units("http"), "1")
    shop.host.sh(f"rm /etc/systemd/system/{shop.name}*; systemctl daemon-reload")
    result = shop.remove()
    assert not result.get("failed"), result["msg"]
    assert shop.host.sh(f"find /etc -name '{shop.name}*'") == ""
    assert shop.held() == ""


# -- a port moves from one service to another -----------------------------------------


def test_a_port_moves_when_its_giver_goes_first(hosts: t.Any, shop: Shop) -> None:
    with opened(shop.host) as other:
        port = shop.ports[0]
        shop.deployed(shop.units("http"), "1")
        other.install("2")
        shop.ask()

        taking = other.units(f"http={port}")
        refused = other.deploy(taking, "2")
        assert refused["failed"]
        assert (
            f"held by {shop.socket('http')} of the service {shop.name}"
            in refused["msg"]
        )
        assert shop.ask() == "1"
        assert not info(other)["voided"]

        shop.deployed(shop.units(f"http={shop.ports[1]}"), "1")
        assert not other.deploy(taking, "2").get("failed")
        assert (shop.ask(0), shop.ask(1)) == ("2", "1")
