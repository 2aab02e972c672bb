# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several services in one run: one verification, one reload, and each old or new."""

from __future__ import annotations

import contextlib
import os
import typing as t

import pytest
from shop import Shop, archive, done, opened
from stories import Version, gone, tell, wrong

pytestmark = pytest.mark.targets

FULL = bool(os.environ.get("ACTIVATED_FULL"))
UNITS = "/etc/systemd/system"
BAD = "#!/bin/sh\nexit 7\n"
OLD, NEW = {"greeting": "one"}, {"greeting": "two"}


@contextlib.contextmanager
def shops(host: t.Any, count: int) -> t.Iterator[list[Shop]]:
    """So many services on one host; `1` is installed for each of them."""
    with contextlib.ExitStack() as stack:
        some = [stack.enter_context(opened(host)) for _ in range(count)]
        for shop in some:
            assert not shop.install("1").get("failed")
        yield some


@pytest.fixture
def three(hosts: t.Any) -> t.Iterator[list[Shop]]:
    with shops(hosts.main(), 3) as some:
        yield some


def all_of(*versions: Version, **more: t.Any) -> dict[str, t.Any]:
    return {"services": [{**version.wish, **more} for version in versions]}


def together(*versions: Version, check: bool = False, **more: t.Any) -> t.Any:
    """Deploy them in one run; its result, failed or not."""
    host = HOST[0]
    return host.attempt(
        "deployment", check=check, diff=check, **all_of(*versions, **more)
    )


def well(*versions: Version, **more: t.Any) -> t.Any:
    result = together(*versions, **more)
    assert not result.get("failed"), result["msg"]
    return result


HOST: list[t.Any] = []


@pytest.fixture(autouse=True)
def _host(hosts: t.Any) -> None:
    HOST[:] = [hosts.main()]


@pytest.mark.parametrize("count", [2, 5])
def test_one_reload_for_all_and_nothing_where_nothing_differs(
    hosts: t.Any, count: int
) -> None:
    with shops(hosts.main(), count) as some:
        versions = [Version(shop, "1", "http", greeting=shop.name) for shop in some]
        listing = some[0].listing()
        shown = together(*versions, check=True)
        assert not shown.get("failed"), shown["msg"]
        assert len(shown["diff"]) >= 4 * count
        assert some[0].untouched(listing)
        reloads = some[0].reloads()
        result = well(*versions)
        assert some[0].reloads() == reloads + 1
        for shop in some:
            one = result["services"][shop.name]
            assert one["plan"] == shown["services"][shop.name]["plan"]
            assert one["proof"]["problems"] == []
            assert shop.ask() == f"1 {shop.name}"
        listing = some[0].listing()
        again = well(*versions)
        assert again["changed"] is False
        assert some[0].listing() == listing
        assert some[0].reloads() == reloads + 1


def test_one_that_fails_leaves_the_others_deployed(three: list[Shop]) -> None:
    well(*(Version(shop, "1", "http", **OLD) for shop in three))
    bad = three[1]
    path = bad.source("2", archive("2", bin__serve=BAD))
    assert not bad.install("2", path=path).get("failed")
    wishes = [
        Version(shop, "2" if shop is bad else "1", "http", **NEW) for shop in three
    ]
    result = together(*wishes, timeout=3)
    assert result["failed"]
    assert result["msg"].startswith(
        f"1 of 3 services failed; as described: {three[0].name}, {three[2].name}\n"
        f"{bad.name}: the proof failed"
    )
    assert "proven again" in result["msg"]
    assert [one.get("failed", False) for one in result["services"].values()] == [
        False,
        True,
        False,
    ]
    assert [shop.ask() for shop in three] == ["1 two", "1 one", "1 two"]
    # Nor does it keep the others from what is new of them, the next time.
    wishes = [
        version if version.shop is bad else Version(version.shop, "1", "http")
        for version in wishes
    ]
    for check in (True, False):
        again = together(*wishes, timeout=3, check=check)
        assert again["msg"].startswith("1 of 3 services failed; as described: ")
        assert f"{bad.name}: this is what was given up before" in again["msg"]
        assert again["services"][three[0].name]["changed"]
    assert [shop.ask() for shop in three] == ["1", "1 one", "1"]


def test_a_refusal_names_its_service(three: list[Shop]) -> None:
    one, two, _other = three
    wishes = [Version(one, "1", "http"), Version(two, "9", "http")]
    assert not two.remove().get("failed")  # so that nothing of it is there
    HOST[0].sh(f"mkdir -p /opt/{two.name}; chmod 0777 /opt/{two.name}")
    refused = together(*wishes)
    assert refused["msg"].startswith(f"{two.name}: /opt/{two.name} can be written to")


def moving(giver: Shop, taker: Shop) -> tuple[list[Version], list[Version]]:
    """A port that passes from one to the other, before and after."""
    port = giver.ports[1]
    return (
        [
            Version(giver, "1", "http", "back", **OLD),
            Version(taker, "1", "http", **OLD),
        ],
        [
            Version(giver, "1", "http", **NEW),
            Version(taker, "1", "http", f"more={port}", **NEW),
        ],
    )


def test_a_port_moves_from_one_to_the_other_and_back(three: list[Shop]) -> None:
    giver, taker, other = three
    old, new = moving(giver, taker)
    third = Version(other, "1", "http")
    well(*old, third)
    assert giver.ask(1) == "1 one"
    kept = [shop.held() for shop in three]
    for wish, text in ((new, "1 two"), (old, "1 one")):
        well(*wish, third)
        assert (giver.ask(1), giver.ask(), taker.ask()) == (text,) * 3
    assert [shop.held() for shop in three] == kept
    # In the other order of the list it is the same.
    well(third, *reversed(new))
    assert (giver.ask(1), giver.ask(), taker.ask()) == ("1 two",) * 3


def test_what_was_deployed_together_goes_back_together(three: list[Shop]) -> None:
    """A port has passed on: neither could go back alone."""
    giver, taker, _other = three
    old, new = moving(giver, taker)
    well(*old)
    well(*new)
    wishes = [{"name": s.name, "state": "rolled_back"} for s in (taker, giver)]
    shown = HOST[0].attempt("deployment", check=True, services=wishes)
    result = HOST[0].attempt("deployment", services=wishes)
    assert not result.get("failed"), result["msg"]
    for shop in (giver, taker):
        plans = [r["services"][shop.name]["plan"] for r in (shown, result)]
        assert plans[0] == plans[1]
        assert result["services"][shop.name]["proof"]["problems"] == []
    assert (giver.ask(), giver.ask(1), taker.ask()) == ("1 one",) * 3
    assert well(*old)["changed"] is False
    alone = HOST[0].attempt("deployment", services=wishes[:1])
    assert "there is no generation of" in alone["msg"]


def test_two_services_exchange_their_ports(three: list[Shop]) -> None:
    one, two, _other = three
    first, second = one.ports[0], two.ports[0]
    well(Version(one, "1", f"http={first}"), Version(two, "1", f"http={second}"))
    swapped = [
        Version(one, "1", f"http={second}", greeting="one"),
        Version(two, "1", f"http={first}", greeting="two"),
    ]
    shown = together(*swapped, check=True)
    result = well(*swapped)
    for shop in (one, two):
        said = result["services"][shop.name]
        assert said["plan"] == shown["services"][shop.name]["plan"]
        assert ("close", shop.socket("http")) in done(said)
    assert (one.ask(), two.ask()) == ("1 two", "1 one")


def mended(version: Version) -> Version:
    """What failed as release 2, as release 1."""
    return Version(version.shop, "1", *version.sockets, **NEW)


def test_what_is_left_alone_keeps_all_that_need_its_ports(three: list[Shop]) -> None:
    """One was given up before; a port of it is to be the second's, and one of the
    second's the third's."""
    bad, second, third = three
    path = bad.source("2", archive("2", bin__serve=BAD))
    assert not bad.install("2", path=path).get("failed")
    old = [Version(shop, "1", "http", "back", **OLD) for shop in three]
    well(*old)
    failing = Version(bad, "2", "http", **NEW)
    assert together(failing, timeout=3)["failed"]
    new = [
        Version(third, "1", "http", "back", f"more={second.ports[1]}", **NEW),
        Version(second, "1", "http", f"more={bad.ports[1]}", **NEW),
        failing,
    ]
    with shops(HOST[0], 1) as (other,):
        result = together(*new, Version(other, "1", "http"), timeout=3)
        assert result["msg"].startswith(
            f"3 of 4 services failed; as described: {other.name}\n"
        )
        assert other.ask() == "1"
    for shop, had in ((second, bad), (third, second)):
        said = result["services"][shop.name]["msg"]
        assert said.startswith(f"{shop.socket('more')} cannot listen on ")
        assert f"{had.ports[1]}: {had.socket('back')} of the service {had.name}" in said
        assert f"Mend {had.name}, or give the socket another address" in said
    assert [shop.ask(i) for shop in three for i in (0, 1)] == ["1 one"] * 6


@pytest.mark.parametrize("culprit", ["giver", "taker"])
def test_what_passes_a_port_on_stands_or_falls_together(
    three: list[Shop], culprit: str
) -> None:
    giver, taker, other = three
    old, new = moving(giver, taker)
    bad = giver if culprit == "giver" else taker
    path = bad.source("2", archive("2", bin__serve=BAD))
    assert not bad.install("2", path=path).get("failed")
    third = [Version(other, "1", "http", **words) for words in (OLD, NEW)]
    well(*old, third[0])
    new = [
        Version(shop, "2" if shop is bad else "1", *version.sockets, **NEW)
        for shop, version in zip((giver, taker), new)
    ]
    result = together(*new, third[1], timeout=3)
    assert result["msg"].startswith("2 of 3 services failed")
    assert "they stand or fall together" in result["msg"]
    assert (giver.ask(), giver.ask(1), taker.ask()) == ("1 one",) * 3
    assert other.ask() == "1 two"
    info = [shop.host.run("service_info", name=shop.name) for shop in three]
    assert [len(one["voided"]) for one in info] == [int(shop is bad) for shop in three]
    assert not any(one["interrupted"] for one in info)
    # The next time nothing of the two is tried, and the third goes ahead all the same.
    third.append(Version(other, "1", "http", greeting="three"))
    for check in (True, False):
        again = together(*new, third[2], timeout=3, check=check)
        assert again["msg"].startswith(
            f"2 of 3 services failed; as described: {other.name}\n"
        )
        assert f"{bad.name}: this is what was given up before" in again["msg"]
        named = (
            f"{taker.name}: {taker.socket('more')} cannot listen on "
            if bad is giver
            else f"{giver.name}: {taker.socket('more')} of the service {taker.name} was to get "
        )
        assert f"{named}port {giver.ports[1]}" in again["msg"]
        assert giver.socket("back") in again["msg"]
    assert (giver.ask(), giver.ask(1), taker.ask()) == ("1 one",) * 3
    assert other.ask() == "1 three"
    # The way out: mended, they go together.
    well(*(v if v.shop is not bad else mended(v) for v in new))
    assert (giver.ask(), giver.ask(1), taker.ask()) == ("1 two",) * 3


def test_a_port_that_a_program_keeps_is_refused(three: list[Shop]) -> None:
    """One that opens its port by itself goes on doing so: nobody gives it up."""
    keeper, taker, _other = three
    port = keeper.ports[0]
    always = Version(keeper, "1", body=f"Environment=PORT={port}\n")
    well(always, Version(taker, "1", "http", **OLD))
    HOST[0].sh(f"timeout 10 sh -c 'until curl -sf 127.0.0.1:{port}; do :; done'")
    for wish in (
        always,
        Version(keeper, "1", body=f"Environment=PORT={port}\nNice=1\n"),
    ):
        result = together(wish, Version(taker, "1", f"http={port}", **NEW))
        assert result["msg"].startswith(f"{taker.name}: {taker.socket('http')} cannot ")
        assert f"of {keeper.service}" in result["msg"]
        assert "nothing was changed" in result["msg"]
    info = taker.host.run("service_info", name=taker.name)
    assert (info["voided"], taker.ask()) == ([], "1 one")
    # Where it gets a socket instead, its own port may be another's.
    well(
        Version(keeper, "1", f"http={keeper.ports[1]}"),
        Version(taker, "1", f"http={port}", **NEW),
    )
    assert taker.host.sh(f"curl -sf 127.0.0.1:{port}") == "1 two"


def test_what_goes_makes_room(three: list[Shop]) -> None:
    going, coming, _other = three
    well(Version(going, "1", "http"), Version(coming, "1", "http"))
    taking = Version(coming, "1", f"http={going.ports[0]}", **NEW)
    wishes = [{"name": going.name, "state": "absent"}, taking.wish]
    shown = going.host.run("deployment", check=True, services=wishes)
    result = going.host.run("deployment", services=wishes)
    assert result["services"][going.name]["kept"] == []
    for shop in (going, coming):
        plans = [r["services"][shop.name]["plan"] for r in (shown, result)]
        assert plans[0] == plans[1]
    assert going.ask() == "1 two"
    assert not going.has(f"/opt/{going.name}")


@pytest.mark.parametrize("points", ["tied", "alone"])
def test_killed_at_any_step(three: list[Shop], points: str) -> None:
    giver, taker, other = three
    old, new = moving(giver, taker)
    if points == "alone":
        old = [Version(shop, "1", "http", **OLD) for shop in (giver, taker)]
        new = [Version(shop, "1", "http", "back", **NEW) for shop in (giver, taker)]
    old.append(Version(other, "1", "http", **OLD))
    new.append(Version(other, "1", "http", **NEW))
    before = [version.goal() for version in old]
    after = [version.goal() for version in new]
    if points == "tied":
        # The other one answers on the giver's port then.
        after[0]["answers"][str(giver.ports[1])] = "1 two"
    found = tell(
        giver,
        "several",
        old=before,
        new=after,
        steady={shop.name: [shop.ports[0]] for shop in three},
        # The same again, the one that got the port alone, all as before, the giver alone.
        goals=[after, before, after[1:2], before[:1]]
        if points == "alone"
        else [after, before],
        reset=[],
        first=0,
        stride=1 if FULL else 5,
        proof=FULL,
    )
    assert not wrong(found), wrong(found)
    assert len(found) > (30 if FULL else 6)


def test_a_member_alone_brings_all_of_its_group_to_rest(three: list[Shop]) -> None:
    """Killed while a port passes on: the next run of one of the two puts both back."""
    giver, taker, _other = three
    old, new = moving(giver, taker)
    for at, passing, who in (
        ("step open", 0, 0),
        ("step close", 0, 1),  # what the other one had open is lost by then
        ("prove", 0, 0),
        ("prove", 0, 1),
        ("commit", 0, 1),
        ("commit", 1, 1),  # between the two: it is decided
        ("finish", 0, 0),
    ):
        well(*old)
        killed = tell(giver, "once", wish=all_of(*new), at=at, passing=passing)
        assert not wrong(killed), wrong(killed)
        decided = passing == 1 or at == "finish"
        shop, wish = (giver, taker)[who], (new if decided else old)[who].wish
        again = shop.host.run("deployment", **wish)
        assert ("had ended" if decided else "was undone first") in again["notes"][0]
        info = [shop.host.run("service_info", name=s.name) for s in (giver, taker)]
        assert not any(one["interrupted"] for one in info)
        text = "1 two" if decided else "1 one"
        assert (giver.ask(), giver.ask(1), taker.ask()) == (text,) * 3


@pytest.mark.parametrize("at", ["step close", "prove"])
def test_check_mode_foresees_what_is_undone_first(three: list[Shop], at: str) -> None:
    """Killed while a port passes on: the plan is made from where the port will be."""
    giver, taker, _other = three
    old, new = moving(giver, taker)
    well(*old)
    killed = tell(giver, "once", wish=all_of(*new), at=at)
    assert not wrong(killed), wrong(killed)
    listing = giver.listing()
    shown = giver.host.run("deployment", check=True, diff=True, **old[0].wish)
    assert (shown["plan"], shown["changed"]) == ([], True)
    note = shown["notes"][0]
    for words in (
        "a deployment was interrupted before; it is undone first",
        f"{giver.name}: write {UNITS}/{giver.socket('back')}, write ",
        f"open {giver.socket('back')}",
        f"{taker.name}: disable {taker.socket('more')}, ",
        f"remove {UNITS}/{taker.socket('more')}",
    ):
        assert words in note
    steps = shown["diff"][0]["prepared"].splitlines()
    assert steps[0] == "First, for a run that was interrupted:"
    assert (
        f"- remove {UNITS}/{taker.socket('more')}: it is not wanted any more" in steps
    )
    # The one that has the port now will not have it.
    told = [
        giver.host.attempt("deployment", check=check, **new[1].wish)["msg"]
        for check in (True, False)
        if check or giver.untouched(listing)
    ]
    assert len(told) == 2, "check mode has changed the host"
    for said in told:
        assert said.startswith(f"{taker.socket('more')} cannot listen on port ")
        assert f"is held by {giver.socket('back')} of the service {giver.name}" in said
    assert (giver.ask(), giver.ask(1), taker.ask()) == ("1 one",) * 3


@pytest.mark.parametrize("passing", [0, 1])
def test_a_group_is_decided_with_its_first_record(
    three: list[Shop], passing: int
) -> None:
    """The disk refuses the record of one member: before the first all goes back; after
    it all goes forward."""
    giver, taker, _other = three
    old, new = moving(giver, taker)
    well(*old)
    told = tell(
        giver, "unwritten", wish=all_of(*new), file="generations.json", passing=passing
    )
    result = told[0]["result"]
    failed = [name for name, one in result["services"].items() if one.get("failed")]
    assert failed == [shop.name for shop in (giver, taker)][passing:]
    assert ("The next run does that" in result["msg"]) == bool(passing)
    text, current = ("1 two", new) if passing else ("1 one", old)
    assert (giver.ask(), giver.ask(1), taker.ask()) == (text,) * 3
    again = well(*current)
    assert ("had ended" in str(again)) == bool(passing)
    assert again["changed"] == bool(passing)  # its end is put on record
    info = [s.host.run("service_info", name=s.name) for s in (giver, taker)]
    assert not any(one["interrupted"] for one in info)
    assert (giver.ask(), giver.ask(1), taker.ask()) == (text,) * 3


REFUSED: dict[str, tuple[t.Callable[..., list[t.Any]], str]] = {
    "twice": (
        lambda a, _b: [a.wish, a.wish],
        "services[1]: {a} is there twice",
    ),
    "one port": (
        lambda a, b: [a.wish, {**b.wish, "units": _listening(b, a)}],
        "the services {a} and {b} would both listen on",
    ),
    "unknown": (
        lambda a, b: [a.wish, {**b.wish, "unitz": {}}],
        "Unsupported parameters",
    ),
    "no units": (lambda a, b: [a.wish, {"name": b.shop.name}], "units"),
    "a bad unit": (
        lambda a, b: [
            a.wish,
            {**b.wish, "units": _misspelt(b)},
        ],
        "ProtectSytem",
    ),
}


def _listening(version: Version, other: Version) -> dict[str, str]:
    mine, theirs = version.shop.ports[0], other.shop.ports[0]
    units: dict[str, str] = version.wish["units"]
    return {name: text.replace(str(mine), str(theirs)) for name, text in units.items()}


def _misspelt(version: Version) -> dict[str, str]:
    units: dict[str, str] = version.wish["units"]
    return {
        name: text.replace("[Service]\n", "[Service]\nProtectSytem=strict\n")
        for name, text in units.items()
    }


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_before_anything_changes(
    three: list[Shop], case: str
) -> None:
    make, says = REFUSED[case]
    a, b = (Version(shop, "1", "http") for shop in three[:2])
    before = three[0].listing()
    result = three[0].host.attempt("deployment", services=make(a, b))
    assert result["failed"]
    assert says.format(a=three[0].name, b=three[1].name) in result["msg"]
    assert three[0].untouched(before)


def test_nothing_is_half_done_where_all_is_gone(three: list[Shop]) -> None:
    wishes = [Version(shop, "1", "http") for shop in three]
    well(*wishes)
    result = three[0].host.run("deployment", services=[gone(s)["wish"] for s in three])
    assert all(one["changed"] for one in result["services"].values())
    assert (
        three[0].host.run("deployment", services=[gone(s)["wish"] for s in three])[
            "changed"
        ]
        is False
    )
