# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The light module that is asked first: it takes for as described what `deployment` would
leave alone, and nothing else; and it writes nothing."""

from __future__ import annotations

import base64
import subprocess
import typing as t

import pytest
from shop import Shop, done
from stories import tell, wrong

pytestmark = pytest.mark.targets

STATE = "/var/lib/activated.services"


def wish(shop: Shop, secret: str = "one", **more: t.Any) -> dict[str, t.Any]:
    """A service with a release, two sockets, a secret of its own and a file's."""
    info = shop.host.attempt("service_info", name=shop.name)
    store, key = (
        ("/etc/credstore.encrypted", "LoadCredentialEncrypted")
        if info["seals"]
        else ("/etc/credstore", "LoadCredential")
    )
    place, file = f"{store}/{shop.name}/token", f"/srv/{shop.name}-file"
    body = f"{key}=token:{place}\nLoadCredential=file:{file}\n"
    return {
        "name": shop.name,
        "units": shop.units("http", "back", body=body),
        "release": "1",
        "credentials": {"token": {}, "file": {"path": file}},
        "secrets": {"token": base64.b64encode(secret.encode()).decode()},
        **more,
    }


def asked(shop: Shop, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the light module says, which leaves everything as it was."""
    before = shop.listing()
    result = said(shop.host.attempt("described", **wanted))
    assert shop.listing() == before
    return result


def deployed(shop: Shop, **wanted: t.Any) -> dict[str, t.Any]:
    return said(shop.host.run("deployment", **wanted))


def said(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """A result without what was asked for, which Ansible adds."""
    return {key: value for key, value in result.items() if key != "invocation"}


# What is done to a host that is as described, after which it is not.
MEDDLINGS = {
    "a unit was changed by hand": "echo Environment=A=1 >>{units}/{http}",
    "a unit file has gone": "rm {units}/{http}",
    "a unit can be written by everybody": "chmod 0666 {units}/{service}",
    "a socket's unit belongs to a user": "chown 1000 {units}/{http}",
    "systemd has not read a unit again": "touch {units}/{service}",
    "a socket is closed": "systemctl stop {http}",
    "the link leads nowhere": "rm /opt/{name}/current",
    "the release has other bytes": "sed -i 's/sha256:..../sha256:0000/' "
    "/opt/{name}/releases/1/.activated-release.json",
    "a deployment was interrupted": """python3 -c '
import json
folder = "{state}/{name}/"
last = json.load(open(folder + "generations.json"))
one = last["generations"][-1]
json.dump(dict(before=one, wanted=one, history=["1"], leaving=None,
               commits=last["commits"]), open(folder + "transaction.json", "w"))'""",
    "a run that was killed has left a file": "touch {state}/{name}/.voided.json.new",
    "nothing is on record": "rm {state}/{name}/generations.json",
    "a secret has gone from the store": "rm /etc/credstore*/{name}/token",
    "a secret can be read by others": "chmod 0644 /etc/credstore*/{name}/token",
    "the file of a credential has changed": "echo two >/srv/{name}-file",
    "a drop-in was added": "mkdir -p {units}/{service}.d; "
    "printf '[Service]\\nNice=5\\n' >{units}/{service}.d/x.conf",
}


def test_it_sees_whatever_the_transaction_would_mend(shop: Shop) -> None:
    shop.host.write({f"/srv/{shop.name}-file": "one"})
    assert not shop.install("1").get("failed")
    wanted = wish(shop)
    assert asked(shop, wanted) == {"as_described": False, "changed": False}
    first = deployed(shop, **wanted)
    again = deployed(shop, **wanted)
    assert (first["changed"], again["changed"]) == (True, False)
    # A running service sees what it was started with.
    names = {
        "units": "/etc/systemd/system",
        "state": STATE,
        "name": shop.name,
        "service": shop.service,
        "http": shop.socket("http"),
    }
    for what, script in MEDDLINGS.items():
        shop.ask()
        light = asked(shop, wanted)
        assert light.pop("as_described"), what
        whole = deployed(shop, **wanted)
        assert light == whole, what

        shop.host.sh(script.format(**names))
        assert asked(shop, wanted) == {"as_described": False, "changed": False}, what
        mended = deployed(shop, **wanted)
        noted = "a drop-in" in what or "killed" in what
        assert mended["changed"] or noted, what
        assert "interrupted" not in what or "undone first" in str(mended["notes"])
    shop.host.sh(f"systemctl disable -q {names['http']}")
    assert asked(shop, wanted)["as_described"] is False
    shop.host.sh(f"systemctl enable -q {names['http']}")
    assert asked(shop, wanted)["as_described"]


@pytest.mark.parametrize("running", [True, False], ids=["running", "idle"])
def test_who_may_write_a_unit_is_part_of_it(shop: Shop, running: bool) -> None:
    """Whoever may write a unit may have root run what they like."""
    units = shop.units("http")
    shop.deployed(units, "1")
    wanted = {"name": shop.name, "units": units, "release": "1"}
    http, folder = shop.socket("http"), "/etc/systemd/system"
    stop, anew = ("stop", shop.service), ("reopen", http)
    for script, unit, before, why, then in (
        (
            "chmod 0666 {}",
            shop.service,
            "0\nmode: 0666",
            "may change what root",
            [stop],
        ),
        ("chown 1000 {}", http, "1000\nmode: 0644", "the user 1000", [stop, anew]),
        ("chmod 0600 {}", shop.service, "0\nmode: 0600", "its mode is 0600", []),
        ("chmod 0755 {}", http, "0\nmode: 0755", "its mode is 0755", []),
    ):
        if running:
            assert shop.ask() == "1"
        held, started = shop.held(), shop.start_time()
        path = f"{folder}/{unit}"
        inode = shop.host.sh(f"{script.format(path)}; stat -c %i {path}")
        assert asked(shop, wanted) == {"as_described": False, "changed": False}
        info = shop.host.run("service_info", name=shop.name)
        assert info["changed_by_hand"] == [unit]
        listing = shop.listing()
        shown = shop.host.run("deployment", check=True, diff=True, **wanted)
        assert shop.listing() == listing
        result = shop.host.run("deployment", diff=True, **wanted)
        assert (shown["changed"], result["changed"]) == (True, True)
        steps = [step for step in then if running or step != stop]
        steps = [("guard", unit), ("reload", "systemd"), *steps]
        assert done(shown) == done(result) == steps
        assert why in shown["plan"][0]["reason"]
        assert shown["diff"] == result["diff"]
        assert shown["diff"][0] == {
            "before_header": path,
            "after_header": path,
            "before": f"owner: {before}\n",
            "after": "owner: 0\nmode: 0644\n",
        }
        assert f"- guard {path}: it" in shown["diff"][1]["prepared"]
        owner, mode, fresh = shop.host.sh(f"stat -c '%u %a %i' {path}").split()
        assert (owner, mode) == ("0", "644")
        assert fresh != inode  # whoever had it open has it no more
        assert (shop.held() == held) == (anew not in then)
        if running and not then:
            assert (shop.start_time(), shop.state()) == (started, "active")
        assert asked(shop, wanted)["as_described"]


@pytest.mark.parametrize("at", ["", "step reload", "step stop"])
def test_what_others_had_started_does_not_run_on(shop: Shop, at: str) -> None:
    """They write a unit, have it read and started, and leave it as it was; nor does it
    where the run that finds that is killed in the middle."""
    units, unit = shop.units("http"), f"/etc/systemd/system/{shop.service}"
    shop.deployed(units, "1")
    theirs, kept = f"/srv/{shop.name}-theirs", f"/srv/{shop.name}-kept"
    shop.host.write(
        {
            f"{theirs}!": "#!/bin/sh\nGREETING=theirs "
            f"exec /opt/{shop.name}/current/bin/serve\n"
        }
    )
    shop.host.sh(
        f"chmod 0666 {unit}; cp -p {unit} {kept}; systemctl stop {shop.service}; "
        f"sed -i 's#^ExecStart=.*#ExecStart={theirs}#' {unit}; systemctl daemon-reload"
    )
    assert shop.ask() == "1 theirs"
    shop.host.sh(f"cat {kept} >{unit}; touch -r {kept} {unit}")
    steps = [("guard", shop.service), ("reload", "systemd"), ("stop", shop.service)]
    if at:
        wish = {"name": shop.name, "units": units, "release": "1"}
        killed = tell(shop, "once", wish=wish, at=at)
        assert not wrong(killed), wrong(killed)
        assert shop.ask() == "1 theirs"
    assert done(shop.deployed(units, "1")) == ([] if at else steps)
    assert shop.ask() == "1"


def test_what_others_had_opened_is_opened_anew_after_a_kill(shop: Shop) -> None:
    units, http = shop.units("http"), shop.socket("http")
    shop.deployed(units, "1")
    held = shop.held()
    shop.host.sh(f"chmod 0666 /etc/systemd/system/{http}")
    wish = {"name": shop.name, "units": units, "release": "1"}
    killed = tell(shop, "once", wish=wish, at="step reopen")
    assert not wrong(killed), wrong(killed)
    assert shop.held() == held
    shown = shop.host.run("deployment", check=True, diff=True, **wish)
    result = shop.host.run("deployment", diff=True, **wish)
    assert shown["diff"] == result["diff"]
    assert f"- reopen {http}: others may have said how" in str(result["diff"])
    assert (done(result), shop.held() == held) == ([], False)


# What the process that runs was not started with, or does not do any more.
UNFIT = {
    "a drop-in that was not read": (
        "mkdir -p {unit}.d; "
        "printf '[Service]\nPrivateDevices=yes\nCapabilityBoundingSet=\n' >{unit}.d/x.conf"
    ),
    "a drop-in for all that was not read": (
        "mkdir -p {folder}/service.d; "
        "printf '[Service]\nPrivateDevices=yes\n' >{folder}/service.d/{name}.conf"
    ),
    "a unit that was not read": "touch -d +1min {unit}",
    "a process that hangs": "kill -STOP $(systemctl show --value -p MainPID {service})",
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_may_not_pass_as_it_is_is_started_anew(shop: Shop, what: str) -> None:
    """It was proven before, and nothing of it changes: it is not given up for that."""
    names = {
        "folder": "/etc/systemd/system",
        "name": shop.name,
        "service": shop.service,
        "unit": f"/etc/systemd/system/{shop.service}",
    }
    units = shop.units("http")
    shop.deployed(units, "1")
    assert shop.ask() == "1"
    started = shop.start_time()
    shop.host.sh(f"{UNFIT[what]}; chmod 0600 {{unit}}".format(**names))
    try:
        result = shop.deployed(units, "1", timeout=5)
    finally:
        shop.host.sh(f"rm -f {names['folder']}/service.d/{shop.name}.conf")
    assert result["changed"]
    assert shop.ask() == "1"
    assert shop.start_time() != started
    assert not shop.host.run("service_info", name=shop.name)["voided"]


def test_a_hindrance_to_put_a_unit_back_does_not_hinder_the_way_back(
    shop: Shop,
) -> None:
    units, unit = shop.units("http"), f"/etc/systemd/system/{shop.service}"
    shop.deployed(units, "1")
    own = f"/srv/{shop.name}-own"
    shop.host.sh(f"cp {unit} {own}; chmod 0600 {own}; mount --bind {own} {unit}")
    try:
        for _ in range(2):
            failed = shop.deploy(units, "1")
            assert "guard" in failed["msg"]
            assert "put back to what it ran before, and that is proven" in failed["msg"]
            assert not shop.host.run("service_info", name=shop.name)["interrupted"]
    finally:
        shop.host.sh(f"umount {unit}")
    assert shop.deployed(units, "1")["changed"] is False


def test_it_sees_every_other_wish(shop: Shop) -> None:
    shop.host.write({f"/srv/{shop.name}-file": "one"})
    assert not shop.install("1").get("failed")
    assert not shop.install("2").get("failed")
    wanted = wish(shop)
    deployed(shop, **wanted)
    other = wanted["units"][shop.service].replace("[Service]", "[Service]\nNice=1")
    others: dict[str, dict[str, t.Any]] = {
        "a release": {**wanted, "release": "2"},
        "a secret": wish(shop, secret="two"),
        "a unit": {**wanted, "units": {**wanted["units"], shop.service: other}},
        "gone": {"name": shop.name, "state": "absent"},
        "back": {"name": shop.name, "state": "rolled_back"},
    }
    for what, changed in others.items():
        assert asked(shop, changed)["as_described"] is False, what
    several = {"services": [wanted, {"name": f"{shop.name}-no", "state": "absent"}]}
    assert asked(shop, several)["as_described"] is False
    alone = asked(shop, {"services": [wanted]})
    assert alone.pop("as_described")
    assert alone == deployed(shop, services=[wanted])
    one = asked(shop, {"service": wanted})
    assert one.pop("as_described")
    assert one == deployed(shop, service=wanted)


def test_it_refuses_what_the_transaction_refuses(shop: Shop) -> None:
    units = shop.units("http")
    score = shop.deployed(units, "1")["exposure"]
    wanted = {"name": shop.name, "units": units, "release": "1"}

    def both(**more: t.Any) -> str:
        light, whole = (
            shop.host.attempt(module, **{**wanted, **more})
            for module in ("described", "deployment")
        )
        assert light.get("failed")
        assert whole.get("failed")
        assert light["msg"] == whole["msg"]
        return str(light["msg"])

    assert "above exposure_max 0.0" in both(exposure_max=0)
    assert f"exposed at {score}" in both(exposure_max=round(score - 0.1, 1))
    assert "keep must be at least 1" in both(keep=0)
    assert "probes[0]" in both(probes=[{"socket": "http", "http": {"pth": "/"}}])
    assert "is missing" in both(units={})
    shop.host.sh(f"systemctl mask --runtime {shop.service}")
    if "masked" in shop.host.show(shop.service, "LoadState"):
        assert "is masked on the host" in both()
    shop.host.sh(f"systemctl unmask --runtime {shop.service}")
    shop.host.sh(f"echo broken >{STATE}/{shop.name}/generations.json")
    assert "is not what this collection wrote" in both()


def test_what_was_measured_is_measured_again_where_it_may_differ(shop: Shop) -> None:
    record = f"{STATE}/{shop.name}/exposure.json"
    units = shop.units("http")
    score = shop.deployed(units, "1")["exposure"]
    wanted = {"name": shop.name, "units": units, "release": "1"}
    assert asked(shop, wanted)["exposure"] == score

    # A record that is false shows that it is what is read …
    shop.host.sh(f'sed -i \'s/"score": .*/"score": 0.3/\' {record}')
    assert asked(shop, wanted)["exposure"] == 0.3
    # … until the program that measures is another, as after an upgrade of systemd,
    program = shop.host.sh("command -v systemd-analyze")
    stamp = shop.host.sh(f"stat -c %Y {program}")
    shop.host.sh(f"touch {program}")
    try:
        assert asked(shop, wanted)["as_described"] is False
        result = deployed(shop, **wanted)
        assert (result["changed"], result["exposure"]) == (False, score)
        assert asked(shop, wanted)["exposure"] == score
    finally:
        shop.host.sh(f"touch -d @{stamp} {program}")
    # … or a drop-in on the host is, or the record is no record.
    place = f"/etc/systemd/system/{shop.service}.d/loose.conf"
    shop.host.write({place: "[Service]\nDynamicUser=no\n"})
    shop.host.sh("systemctl daemon-reload")
    assert asked(shop, wanted)["as_described"] is False
    loose = deployed(shop, **wanted)["exposure"]
    assert loose > score
    assert asked(shop, wanted)["exposure"] == loose
    shop.host.sh(f"echo '[' >{record}")
    assert asked(shop, wanted)["as_described"] is False
    assert deployed(shop, **wanted)["exposure"] == loose
    # It goes with the service, so that the next of its name begins anew.
    assert not shop.remove().get("failed")
    assert not shop.has(record)


def test_what_was_measured_is_written_under_the_lock(shop: Shop) -> None:
    record = f"{STATE}/{shop.name}/exposure.json"
    units = shop.units("http")
    score = shop.deployed(units, "1")["exposure"]
    assert shop.has(record)
    shop.host.sh(f"rm {record}")
    holder = subprocess.Popen(
        [
            *(shop.host.engine, "exec", "-i", shop.host.container),
            *("flock", f"{STATE}/{shop.name}/lock", "sh", "-c", "echo held; cat"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdin
    assert holder.stdout
    try:
        assert holder.stdout.readline() == b"held\n"
        # All is as described, which nobody has to wait for.
        result = shop.deployed(units, "1")
        assert (result["changed"], result["exposure"]) == (False, score)
        assert not shop.has(record)
    finally:
        holder.stdin.close()
        holder.wait()
    assert shop.deployed(units, "1")["exposure"] == score
    assert shop.has(record)


def test_what_was_measured_is_not_kept_of_a_service_that_has_gone(shop: Shop) -> None:
    """Another run takes it away while this one measures."""
    assert not shop.install("1").get("failed")
    wanted = {"name": shop.name, "units": shop.units("http"), "release": "1"}
    deployed(shop, **wanted)
    shop.host.sh(f"rm {STATE}/{shop.name}/exposure.json")
    (said,) = tell(shop, "overtaken", wish=wanted)
    assert not said["result"].get("failed"), said["result"]
    assert not said["removal"].get("failed"), said["removal"]
    assert not shop.has(f"{STATE}/{shop.name}")


def test_what_holds_for_every_service_is_measured_before_it_is_read(shop: Shop) -> None:
    """systemd-analyze looks at what the manager does not know of yet."""
    units = shop.units("http")
    score = shop.deployed(units, "1")["exposure"]
    wanted = {"name": shop.name, "units": units, "release": "1", "exposure_max": score}
    place = "/etc/systemd/system/service.d/50-loose.conf"
    shop.host.write({place: "[Service]\nDynamicUser=no\n"})
    try:
        result = shop.host.attempt("deployment", **wanted)
        assert f"above exposure_max {score}" in result["msg"]
    finally:
        shop.host.sh(f"rm -r {place.rpartition('/')[0]}; systemctl daemon-reload")


def test_one_that_is_refused_keeps_none_from_being_undone(shop: Shop) -> None:
    assert not shop.install("1").get("failed")
    units = shop.units("http")
    wanted = {"name": shop.name, "units": units, "release": "1"}
    deployed(shop, **wanted)
    name = f"a-{shop.name}"
    head = f"# Owned by activated.services, service {name}.\n"
    sleep = f"{head}[Service]\nDynamicUser=yes\nExecStart=/bin/sleep 99\n"
    sleep += "[Install]\nWantedBy=multi-user.target\n"
    other = {"name": name, "units": {f"{name}.service": sleep}}
    shop.host.run("deployment", **other)
    try:
        script = MEDDLINGS["a deployment was interrupted"]
        shop.host.sh(script.format(state=STATE, name=shop.name))
        both = [{**other, "exposure_max": 0}, wanted]
        result = shop.host.attempt("deployment", services=both)
        assert "above exposure_max 0" in result["msg"]
        assert not shop.has(f"{STATE}/{shop.name}/transaction.json")
    finally:
        shop.host.run("deployment", name=name, state="absent")
