# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `deployment` on hosts: what becomes of sockets, services and requests.

What systemd does differs between its versions, so the transitions run on every suite;
what only this collection decides (what it refuses, whose files it touches) runs on one.
"""

from __future__ import annotations

import threading
import typing as t

import pytest
from shop import Shop, archive, done, names

pytestmark = pytest.mark.targets

HI = "Environment=GREETING=hi\n"


# -- on every suite -------------------------------------------------------------------


def test_from_an_empty_host_and_back(everywhere: Shop) -> None:
    shop, units = everywhere, everywhere.units("http", "https")
    path = shop.source("1")
    empty = shop.listing()
    shown = shop.deploy(units, "1", check=True, diff=True)
    assert not shown.get("failed"), shown["msg"]
    assert shop.listing() == empty

    shop.install("1", path=path)
    made = shop.deployed(units, "1")
    assert made["plan"] == shown["plan"]
    assert done(made) == [
        ("write", shop.socket("http")),
        ("write", shop.socket("https")),
        ("write", shop.service),
        ("switch", "current"),
        ("enable", shop.socket("http")),
        ("enable", shop.socket("https")),
        ("reload", "systemd"),
        ("open", shop.socket("http")),
        ("open", shop.socket("https")),
    ]
    assert (shop.state(), made["service"]["state"]) == ("inactive", "inactive")
    assert shop.held(0)
    assert shop.held(1)
    assert (shop.ask(1), shop.state()) == ("1", "active")

    # once more: nothing, whether it runs or not
    for stop in ("", f"systemctl stop {shop.service}"):
        shop.host.sh(stop)
        before = shop.listing(), shop.reloads(), shop.start_time(), shop.held()
        again = shop.deployed(units, "1")
        assert (again["changed"], again["plan"]) == (False, [])
        assert before == (
            shop.listing(),
            shop.reloads(),
            shop.start_time(),
            shop.held(),
        )

    shown = shop.remove(check=True)
    gone = shop.remove()
    assert shown["plan"] == gone["plan"]
    assert names(shop.listing()) - names(empty) == set()
    left = shop.host.sh(f"systemctl list-units --all --no-legend '{shop.name}*'")
    assert (shop.held(0), shop.held(1), left) == ("", "", "")
    assert not shop.remove()["changed"]


def test_sockets_stay_while_the_release_and_the_unit_change(everywhere: Shop) -> None:
    shop = everywhere
    shop.deployed(shop.units("http"), "1")
    held = shop.held()

    idle = shop.deployed(shop.units("http"), "2")
    assert (done(idle)[:1], shop.state()) == ([("switch", "current")], "inactive")
    assert (shop.ask(), shop.state()) == ("2", "active")

    runs = shop.deployed(shop.units("http"), "3")
    assert done(runs)[:2] == [("switch", "current"), ("stop", shop.service)]
    assert (shop.ask(), shop.held()) == ("3", held)

    runs = shop.deployed(shop.units("http", body=HI), "3")
    assert done(runs)[-1] == ("stop", shop.service)
    assert (shop.ask(), shop.held()) == ("3 hi", held)


def test_only_the_socket_that_changed_is_reopened(everywhere: Shop) -> None:
    shop = everywhere
    shop.deployed(shop.units("http", "https"), "1")
    kept, gone = shop.held(1), shop.held(0)
    for running in (False, True):
        if running:
            assert shop.ask(1) == "1"
        shop.ports[0], old = shop.ports[2], shop.ports[0]
        result = shop.deployed(shop.units("http", "https"), "1")
        assert done(result)[-1] == ("reopen", shop.socket("http"))
        assert ("stop", shop.service) in done(result) or not running
        assert (shop.ask(0), shop.ask(1)) == ("1", "1")
        assert shop.held(1) == kept
        assert shop.held(0) != gone
        shop.ports[2] = old
        assert shop.held(2) == ""
        shop.host.sh(f"systemctl stop {shop.service}")


def test_sockets_come_go_and_change_names(everywhere: Shop) -> None:
    shop = everywhere
    shop.deployed(shop.units("http"), "1")
    kept = shop.held()
    assert shop.ask() == "1"

    shop.deployed(shop.units("http", "https"), "1")
    assert (shop.ask(1), shop.ask(0), shop.held()) == ("1", "1", kept)

    shop.deployed(shop.units("http", f"web={shop.ports[1]}"), "1")
    assert (shop.ask(1), shop.ask(0), shop.held()) == ("1", "1", kept)
    assert not shop.has(f"/etc/systemd/system/{shop.socket('https')}")

    shop.deployed(shop.units("http"), "1")
    assert (shop.ask(0), shop.held(), shop.held(1)) == ("1", kept, "")
    enabled = shop.host.sh(
        f"ls /etc/systemd/system/*.wants | grep ^{shop.name} || true"
    )
    assert enabled == shop.socket("http")


def test_from_always_on_to_activated_and_back(everywhere: Shop) -> None:
    shop = everywhere
    always = shop.units(body=f"Environment=PORT={shop.ports[0]}\n")
    shop.deployed(always, "1")
    assert (shop.state(), shop.host.show(shop.service, "UnitFileState")) == (
        "active",
        "enabled",
    )

    shop.deployed(shop.units("http"), "1")
    assert (shop.ask(), shop.state(shop.socket("http"))) == ("1", "active")
    assert shop.host.show(shop.service, "UnitFileState") == "static"

    shop.deployed(always, "1")
    shop.host.sh(f"{_UNTIL} curl -sf 127.0.0.1:{shop.ports[0]}")
    assert shop.state() == "active"
    assert not shop.has(f"/etc/systemd/system/{shop.socket('http')}")


# an event there is none for: a program that opens its port by itself
_UNTIL = "timeout 10 sh -c 'until \"$@\" >/dev/null 2>&1; do :; done' sh"


def test_eager_runs_and_runs_again(everywhere: Shop) -> None:
    shop, units = everywhere, everywhere.units("http", eager=True)
    shop.deployed(units, "1", start="eager")
    first = shop.start_time()
    assert (shop.state(), shop.held() != "") == ("active", True)
    result = shop.deployed(units, "2", start="eager")
    assert done(result)[-2:] == [("stop", shop.service), ("start", shop.service)]
    assert shop.start_time() != first
    assert (shop.state(), shop.ask()) == ("active", "2")


def test_a_typo_is_refused_by_the_host_s_systemd(everywhere: Shop) -> None:
    shop = everywhere
    shop.install("1")
    before = shop.listing()
    for body, says in (
        ("NoNewPrivilege=yes\n", "NoNewPrivilege"),
        ("ProtectSystem=strickt\n", "strickt"),
        ("ExecStartPre=/opt/nowhere/x\n", "/opt/nowhere/x is not executable"),
    ):
        result = shop.deploy(shop.units("http", body=body), "1")
        assert result.get("failed"), body
        assert says in result["msg"]
        assert f"{shop.service}" in result["msg"]
    assert "nothing was changed" in result["msg"]
    assert shop.untouched(before)


def test_a_socket_that_does_not_open_is_undone(everywhere: Shop) -> None:
    """The first socket has moved by then, and the release is switched."""
    shop = everywhere
    shop.deployed(shop.units("http"), "1")
    shop.install("2")
    before = names(shop.listing("/etc /opt"))
    old = shop.ports[0]
    shop.ports[0] = shop.ports[2]
    bad = shop.units("http", "zz", zz="BindToDevice=nosuch0\n")
    result = shop.deploy(bad, "2")
    assert result.get("failed")
    assert f"open {shop.socket('zz')}" in result["msg"]
    assert "put back to what it ran before" in result["msg"]
    shop.ports[0], shop.ports[2] = old, shop.ports[0]
    assert (shop.ask(), shop.held(2)) == ("1", "")
    assert names(shop.listing("/etc /opt")) <= before
    info = shop.host.run("service_info", name=shop.name)
    assert (info["releases"]["current"], info["releases"]["previous"]) == ("1", None)


def test_what_does_not_open_at_first_leaves_nothing(everywhere: Shop) -> None:
    shop = everywhere
    shop.install("1")
    before = names(shop.listing("/etc /opt"))
    bad = shop.units("http", "zz", zz="BindToDevice=nosuch0\n")
    result = shop.deploy(bad, "1")
    assert (
        "Nothing of it runs on the host; that it failed is on record." in result["msg"]
    )
    assert names(shop.listing("/etc /opt")) <= before
    assert shop.held() == ""
    assert shop.host.sh(f"systemctl list-units --all --no-legend '{shop.name}*'") == ""


# -- on one suite: what is refused ----------------------------------------------------


def _wish(shop: Shop, case: str) -> dict[str, t.Any]:
    units = shop.units("http", "https")
    cases: dict[str, dict[str, t.Any]] = {
        "two sockets on one address": {
            "units": shop.units("http", f"web=127.0.0.1:{shop.ports[0]}")
        },
        "a socket on nothing": {
            "units": shop.units("http", http="ListenStream=\n"),
        },
        "another service's unit": {
            "units": {**units, "other.service": units[shop.service]}
        },
        "a name that is no unit's": {"name": "a/b"},
        "a socket's name that is none": {"units": shop.units("h:x")},
        "a version with a slash": {"release": "1/2"},
        "a release that is not there": {"release": "9"},
        "no service": {"units": {shop.socket("http"): units[shop.socket("http")]}},
        "no owner": {"units": {shop.service: "[Service]\nExecStart=/bin/true\n"}},
        "keeping none": {"keep": 0},
        "no units": {"units": {}},
    }
    return {"name": shop.name, "units": units, "release": "1", **cases[case]}


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("two sockets on one address", "would both listen on"),
        ("a socket on nothing", "it listens on nothing"),
        ("another service's unit", "other.service is no unit of the service"),
        ("a name that is no unit's", "no unit name prefix"),
        ("a socket's name that is none", "file descriptor"),
        ("a version with a slash", "cannot name a release"),
        ("a release that is not there", "release 9 is not installed"),
        ("no service", ".service is missing"),
        ("no owner", "its first line must be"),
        ("keeping none", "keep must be"),
        ("no units", "units"),
    ],
)
def test_a_refused_wish_leaves_nothing(clean: Shop, case: str, says: str) -> None:
    if not clean.has(f"/opt/{clean.name}/releases/1"):
        clean.install("1")
    before = clean.listing("/etc /opt")
    result = clean.host.attempt("deployment", **_wish(clean, case))
    assert result.get("failed"), result
    assert says in result["msg"]
    assert "Traceback" not in str(result)
    assert clean.listing("/etc /opt") == before


def test_a_port_that_another_program_holds(shop: Shop) -> None:
    shop.install("1")
    shop.host.sh(
        f"systemd-run -q --unit {shop.name}-x.service python3 -m http.server "
        f"{shop.ports[1]} && {_UNTIL} curl -sf 127.0.0.1:{shop.ports[1]}"
    )
    pid = shop.host.show(f"{shop.name}-x.service", "MainPID")
    before = shop.listing()
    for check in (True, False):
        result = shop.deploy(shop.units("http", "https"), "1", check=check)
        assert result.get("failed")
        assert (
            f"port {shop.ports[1]} is held by python3 (process {pid} of "
            f"{shop.name}-x.service)" in result["msg"].replace("0.0.0.0:", "port ")
        )
        assert "nothing was changed" in result["msg"]
    assert shop.untouched(before)


def test_a_masked_unit_is_not_unmasked(shop: Shop) -> None:
    shop.install("1")
    shop.host.sh(f"systemctl mask -q {shop.socket('http')}")
    before = shop.listing("/etc")
    result = shop.deploy(shop.units("http"), "1")
    assert "is masked on the host; unmask it" in result["msg"]
    assert shop.listing("/etc") == before
    shop.host.sh(f"systemctl unmask -q {shop.socket('http')}")
    shop.deployed(shop.units("http"), "1")
    assert shop.ask() == "1"


@pytest.mark.parametrize(
    "folder", ["/etc/systemd/system", "/usr/lib/systemd/system", "/run/systemd/system"]
)
def test_a_foreign_unit_is_not_replaced(shop: Shop, folder: str) -> None:
    shop.install("1")
    path = f"{folder}/{shop.service}"
    shop.host.write({path: "[Service]\nExecStart=/bin/true\n"})
    shop.host.sh("systemctl daemon-reload")
    before = shop.listing("/etc /usr/lib/systemd")
    result = shop.deploy(shop.units("http"), "1")
    assert result.get("failed")
    assert path.replace("/usr", "") in result["msg"]
    assert "give the service another name" in result["msg"]
    assert shop.listing("/etc /usr/lib/systemd") == before
    # nor is it taken away
    assert not shop.remove().get("failed")
    assert shop.has(path)


def test_a_linked_unit_is_not_replaced(shop: Shop) -> None:
    shop.install("1")
    shop.host.write({f"/srv/{shop.name}-unit": "[Service]\nExecStart=/bin/true\n"})
    shop.host.sh(f"ln -s /srv/{shop.name}-unit /etc/systemd/system/{shop.service}")
    shop.host.sh("systemctl daemon-reload")
    result = shop.deploy(shop.units("http"), "1")
    assert "was not made by this collection" in result["msg"]
    assert (
        shop.host.sh(f"test -L /etc/systemd/system/{shop.service} && echo link")
        == "link"
    )


# -- on one suite: what somebody did --------------------------------------------------


def test_what_was_changed_by_hand_is_put_right(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1")
    path = f"/etc/systemd/system/{shop.service}"

    shop.host.sh(f"echo Nice=1 >> {path}")
    info = shop.host.run("service_info", name=shop.name)
    assert info["changed_by_hand"] == [shop.service]
    result = shop.deployed(units, "1")
    assert "changed on the host by hand" in str(result["plan"])
    assert shop.host.show(shop.service, "Nice") == "0"

    # a file that is gone, and systemd does not know yet
    shop.host.sh(f"rm {path}")
    assert ("write", shop.service) in done(shop.deployed(units, "1"))

    # a change that systemd has not read
    shop.host.write({f"{path}.d/a.conf": "[Service]\nNice=2\n"})
    result = shop.deployed(units, "1")
    assert done(result) == [("reload", "systemd")]
    assert shop.host.show(shop.service, "Nice") == "2"
    shop.host.sh(f"rm -r {path}.d")
    assert done(shop.deployed(units, "1")) == [("reload", "systemd")]

    # a socket that was closed and disabled, bytes that are no text
    shop.host.sh(f"systemctl disable -q --now {shop.socket('http')}")
    shop.host.write({path: units[shop.service].encode() + b"\xff\xff"})
    shop.deployed(units, "1")
    assert (shop.ask(), shop.host.show(shop.socket("http"), "UnitFileState")) == (
        "1",
        "enabled",
    )


def test_addresses_can_be_swapped(shop: Shop) -> None:
    a, b = shop.ports[:2]
    shop.deployed(shop.units(f"a={a}", f"b={b}"), "1")
    assert shop.ask() == "1"
    shop.deployed(shop.units(f"a={b}", f"b={a}"), "1")
    assert (shop.ask(0), shop.ask(1)) == ("1", "1")
    listens = shop.host.show(shop.socket("a"), "Listen")
    assert listens.startswith(f"[::]:{b} ")


def test_a_path_is_a_socket_too(shop: Shop) -> None:
    path = f"/run/{shop.name}-x.sock"
    shop.deployed(shop.units(f"x={path}"), "1")
    assert shop.ask(path=path) == "1"
    result = shop.deployed(shop.units(f"x={path}", body=HI), "1")
    assert ("reopen", shop.socket("x")) not in done(result)
    assert shop.ask(path=path) == "1 hi"


def test_the_bytes_of_what_is_deployed_are_not_replaced(shop: Shop) -> None:
    """They would come into use unproven, and there would be nothing to go back to."""
    shop.deployed(shop.units("http"), "1")
    other = shop.source("1b", archive("1b"))
    before = shop.listing()
    for check in (True, False):
        result = shop.install("1", path=other, replace=True, check=check)
        assert "Give the new bytes a new version" in result["msg"]
        assert "replace: true" not in result["msg"]
    assert shop.untouched(before)
    assert shop.ask() == "1"
    # What is not in use may be replaced.
    shop.install("2")
    assert done(shop.install("2", path=other, replace=True)) == [("replace", "2")]


def test_one_service_does_not_touch_another_whose_name_begins_alike(shop: Shop) -> None:
    admin = Shop(shop.host, f"{shop.name}-admin")
    try:
        admin.deployed(admin.units("http"), "1")
        kept = admin.held()
        shop.deployed(shop.units("http"), "1")
        assert not shop.remove().get("failed")
        assert (admin.held(), admin.ask()) == (kept, "1")
        # the socket `admin-http` of one is the socket `http` of the other
        taken = shop.deploy(shop.units("admin-http"), "1")
        assert "does not belong to the service" in taken["msg"]
    finally:
        assert not admin.remove().get("failed")


def test_two_runs_at_once_take_turns(shop: Shop) -> None:
    shop.install("1")
    units, results = shop.units("http"), []
    threads = [
        threading.Thread(target=lambda: results.append(shop.deploy(units, "1")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.get("msg") for r in results] == [None, None]
    assert sorted(r["changed"] for r in results) == [False, True]
    assert shop.ask() == "1"


def test_old_releases_go_and_never_the_two_last(shop: Shop) -> None:
    for version in "1234":
        result = shop.deployed(shop.units("http"), version, keep=1)
    assert ("prune", "2") in done(result)
    info = shop.host.run("service_info", name=shop.name)
    assert info["releases"] == {
        "current": "4",
        "previous": "3",
        "installed": ["3", "4"],
    }


def test_absent_keeps_what_the_program_stored(shop: Shop) -> None:
    shop.deployed(shop.units("http", body=f"StateDirectory={shop.name}\n"), "1")
    assert shop.ask() == "1"
    gone = shop.remove()
    try:
        assert f"/var/lib/private/{shop.name}" in gone["kept"]
    finally:
        shop.host.sh(f"rm -rf /var/lib/private/{shop.name} /var/lib/{shop.name}")
