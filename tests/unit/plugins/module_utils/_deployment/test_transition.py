# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done from one state to another, as rows of (action, subject).

Texts stand for hosts here; that systemd does what these plans count on is shown by
tests/integration/deployment, on hosts.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._deployment.access import (
    Access,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    OWNER,
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Conflict,
    Present,
    UnitState,
    make_plan,
    removal_plan,
)

DIR = "/etc/systemd/system"
Steps = t.List[t.Tuple[str, str]]


def text(body: str, owner: str = "shop") -> str:
    return f"{OWNER.format(name=owner)}\n{body}"


def generation(
    *sockets: tuple[str, str], body: str = "", release: str | None = None, **more: t.Any
) -> Generation:
    """A service `shop`; each socket is a name and where it listens."""
    units = {
        f"shop-{name}.socket": text(f"[Socket]\nListenStream={address}\n")
        for name, address in sockets
    }
    requires = "".join(f"Requires={unit}\n" for unit in sorted(units))
    units["shop.service"] = text(f"[Unit]\n{requires}[Service]\nExecStart=/x\n{body}")
    for trigger in more.pop("triggers", ()):
        units[f"shop.{trigger}"] = text(
            f"[{trigger.capitalize()}]\nUnit=shop.service\n"
        )
    return Generation("shop", units, release, **more)


def found(
    here: Generation,
    *,
    running: bool = False,
    eager: bool = False,
    recorded: Generation | None = None,
    **states: UnitState,
) -> Present:
    """The generation as it is on a host that it was deployed to."""
    known = {
        unit: UnitState("loaded", "active", "enabled", fragment=f"{DIR}/{unit}")
        for unit in here.activators
    }
    at_boot = eager or not here.activators
    if here.service in here.units:
        known[here.service] = UnitState(
            "loaded",
            "active" if running else "inactive",
            "enabled" if at_boot else "static",
            fragment=f"{DIR}/{here.service}",
        )
    known.update({name.replace("_", ".", 1): s for name, s in states.items()})
    return Present(here, recorded if recorded is not None else here, known)


def steps(wanted: Generation, present: Present, start: str = "on_demand") -> Steps:
    plan = make_plan(wanted, present, start, DIR)
    return [(c.action, c.subject.replace(f"{DIR}/", "")) for c in plan]


NOTHING = Present(Generation("shop"), None)
HTTP = ("http", "80")
ONE = generation(HTTP, release="1", digest="d1")
RELOAD = ("reload", "systemd")
CURRENT = ("switch", "/opt/shop/current")


def test_the_first_deployment_leaves_the_service_idle() -> None:
    assert steps(ONE, NOTHING) == [
        ("write", "shop-http.socket"),
        ("write", "shop.service"),
        CURRENT,
        ("enable", "shop-http.socket"),
        RELOAD,
        ("open", "shop-http.socket"),
    ]


def test_the_first_deployment_of_an_eager_service_starts_it_last() -> None:
    assert steps(ONE, NOTHING, "eager") == [
        ("write", "shop-http.socket"),
        ("write", "shop.service"),
        CURRENT,
        ("enable", "shop-http.socket"),
        ("enable", "shop.service"),
        RELOAD,
        ("open", "shop-http.socket"),
        ("start", "shop.service"),
    ]


def test_an_always_on_service_is_started() -> None:
    assert steps(generation(), NOTHING) == [
        ("write", "shop.service"),
        ("enable", "shop.service"),
        RELOAD,
        ("start", "shop.service"),
    ]


@pytest.mark.parametrize(
    ("uid", "mode", "why", "is_open"),
    [
        (0, 0o666, "its mode is 0666", True),
        (0, 0o664, "its mode is 0664", True),
        (0, 0o600, "its mode is 0600", False),
        (0, 0o755, "its mode is 0755", False),
        (1000, 0o644, "it belongs to the user 1000", True),
        (7, 0o755, "it belongs to the user 7 and its mode is 0755", True),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_what_others_may_write_is_put_back_and_read_again(
    uid: int, mode: int, why: str, is_open: bool, running: bool
) -> None:
    """What others could write they may have had read, and started: that runs no more."""
    here, access = found(ONE, running=running), Access(uid, mode)
    loose = replace(here, access={"shop.service": access})
    stop = [STOP] if is_open and running else []
    assert steps(ONE, loose) == [("guard", "shop.service"), RELOAD, *stop]
    guard = make_plan(ONE, loose, "on_demand", DIR).changes[0]
    others = ": others than root may change what root runs" if is_open else ""
    assert guard.reason == f"{why}{others}"
    assert guard.before == f"owner: {uid}\nmode: {mode:04o}\n"
    assert guard.after == "owner: 0\nmode: 0644\n"
    socket = "shop-http.socket"
    loose = replace(here, access={socket: access})
    anew = [*stop, ("reopen", socket)] if is_open else []
    assert steps(ONE, loose) == [("guard", socket), RELOAD, *anew]


def test_what_others_could_write_rests_though_it_differs_by_a_comment_alone() -> None:
    commented = f"{ONE.units[ONE.service]}# a word\n"
    other = replace(ONE, units={**ONE.units, ONE.service: commented})
    here = replace(found(other, running=True), access={ONE.service: Access(0, 0o666)})
    assert steps(ONE, here) == [UNIT, RELOAD, STOP]


def test_what_is_written_anew_says_who_could_write_it() -> None:
    other = replace(ONE, units={**ONE.units, "shop.service": text("[Service]\n")})
    here = replace(
        found(other, recorded=ONE), access={"shop.service": Access(0, 0o666)}
    )
    write, reload = make_plan(ONE, here, "on_demand", DIR).only("write", "reload")
    assert write.reason == (
        "it was changed on the host by hand; its mode is 0666: others than root may "
        "change what root runs"
    )
    assert reload.reason == "unit files change"


STOP = ("stop", "shop.service")
START = ("start", "shop.service")
UNIT = ("write", "shop.service")
TWO = (HTTP, ("https", "443"))

# name, before, after, the steps while idle; `stop` stands where a running one rests
CASES: dict[str, tuple[Generation, Generation, Steps]] = {
    "nothing": (ONE, ONE, []),
    "comment": (
        ONE,
        replace(ONE, units={**ONE.units, "shop.service": ONE.units["shop.service"] + "#\n"}),
        [UNIT, RELOAD],
    ),
    "unit": (ONE, generation(HTTP, body="Nice=1\n", release="1", digest="d1"),
             [UNIT, RELOAD, STOP]),
    "release": (ONE, replace(ONE, release="2", digest="d2"), [CURRENT, STOP]),
    "same version, other bytes": (ONE, replace(ONE, digest="other"), [STOP]),
    "socket changed": (
        generation(*TWO),
        generation(("http", "8080"), ("https", "443")),
        [("write", "shop-http.socket"), RELOAD, STOP, ("reopen", "shop-http.socket")],
    ),
    "a socket's description": (
        ONE,
        replace(ONE, units={
            **ONE.units,
            "shop-http.socket": ONE.units["shop-http.socket"] + "[Unit]\nDescription=x\n",
        }),
        [("write", "shop-http.socket"), RELOAD],
    ),
    "socket added": (
        generation(HTTP),
        generation(*TWO),
        [("write", "shop-https.socket"), UNIT, ("enable", "shop-https.socket"), RELOAD,
         STOP, ("open", "shop-https.socket")],
    ),
    "socket removed": (
        generation(*TWO),
        generation(HTTP),
        [("disable", "shop-https.socket"), UNIT, ("remove", "shop-https.socket"), RELOAD,
         ("close", "shop-https.socket"), STOP],
    ),
    "socket renamed": (
        generation(HTTP),
        generation(("web", "80")),
        [("disable", "shop-http.socket"), ("write", "shop-web.socket"), UNIT,
         ("remove", "shop-http.socket"), ("enable", "shop-web.socket"), RELOAD,
         ("close", "shop-http.socket"), STOP, ("open", "shop-web.socket")],
    ),
    "addresses swapped": (
        generation(("a", "80"), ("b", "81")),
        generation(("a", "81"), ("b", "80")),
        [("write", "shop-a.socket"), ("write", "shop-b.socket"), RELOAD,
         ("close", "shop-a.socket"), ("close", "shop-b.socket"), STOP,
         ("reopen", "shop-a.socket"), ("reopen", "shop-b.socket")],
    ),
    "a new socket gets an old one's address": (
        generation(("z", "80")),
        generation(("a", "80"), ("z", "81")),
        [("write", "shop-a.socket"), ("write", "shop-z.socket"), UNIT,
         ("enable", "shop-a.socket"), RELOAD, ("close", "shop-z.socket"), STOP,
         ("open", "shop-a.socket"), ("reopen", "shop-z.socket")],
    ),
    "gains its first socket": (
        generation(),
        generation(HTTP),
        [("disable", "shop.service"), ("write", "shop-http.socket"), UNIT,
         ("enable", "shop-http.socket"), RELOAD, STOP, ("open", "shop-http.socket")],
    ),
    "loses its last socket": (
        generation(HTTP),
        generation(),
        [("disable", "shop-http.socket"), UNIT, ("remove", "shop-http.socket"),
         ("enable", "shop.service"), RELOAD, ("close", "shop-http.socket"), STOP, START],
    ),
    "gains a timer": (
        generation(HTTP),
        generation(HTTP, triggers=["timer"]),
        [("write", "shop.timer"), ("enable", "shop.timer"), RELOAD, STOP,
         ("open", "shop.timer")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("running", [False, True], ids=["idle", "running"])
@pytest.mark.parametrize("case", CASES)
def test_on_demand(case: str, running: bool) -> None:
    before, after, expected = CASES[case]
    if not running:
        expected = [step for step in expected if step != STOP]
    assert steps(after, found(before, running=running)) == expected


@pytest.mark.parametrize(
    "case", [c for c in CASES if "first" not in c and "last" not in c]
)
def test_eager_is_started_again_after_its_rest(case: str) -> None:
    before, after, expected = CASES[case]
    present = found(before, running=True, eager=True)
    again = [START] if STOP in expected else []
    assert steps(after, present, "eager") == [*expected, *again]


def test_eager_is_started_where_it_is_idle() -> None:
    assert steps(ONE, found(ONE, eager=True), "eager") == [START]


def test_from_on_demand_to_eager_and_back() -> None:
    enable, disable = ("enable", "shop.service"), ("disable", "shop.service")
    assert steps(ONE, found(ONE), "eager") == [enable, RELOAD, START]
    assert steps(ONE, found(ONE, running=True), "eager") == [enable, RELOAD]
    # What runs goes on running until it is at rest by itself, or changes.
    assert steps(ONE, found(ONE, running=True, eager=True)) == [disable, RELOAD]


def test_a_socket_that_is_not_touched_is_in_no_step() -> None:
    for case, (before, after, _steps) in CASES.items():
        same = {u for u in after.sockets if after.units[u] == before.units.get(u)}
        named = {subject for _action, subject in steps(after, found(before))}
        assert not same & named, case


# -- what somebody did to the host ----------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("shop.service", [UNIT, RELOAD, STOP]),
        (
            "shop-http.socket",
            [
                ("write", "shop-http.socket"),
                RELOAD,
                STOP,
                ("reopen", "shop-http.socket"),
            ],
        ),
    ],
)
@pytest.mark.parametrize(
    "by_hand", ["[Socket]\nListenStream=99\n[Service]\nNice=1\n", "\udcff"]
)
def test_a_change_by_hand_is_undone(unit: str, expected: Steps, by_hand: str) -> None:
    changed = replace(ONE, units={**ONE.units, unit: ONE.units[unit] + by_hand})
    present = found(changed, running=True, recorded=ONE)
    assert steps(ONE, present) == expected
    plan = make_plan(ONE, present, "on_demand", DIR)
    assert [c.reason for c in plan if c.action == "write"] == [
        "it was changed on the host by hand"
    ]


def test_a_change_that_systemd_has_not_read_needs_a_reload() -> None:
    stale = UnitState("loaded", "inactive", "static", needs_reload=True)
    assert steps(ONE, found(ONE, shop_service=stale)) == [RELOAD]


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_a_socket_that_is_closed_is_opened(state: str) -> None:
    closed = UnitState("loaded", state, "enabled")
    present = found(ONE, running=True)
    present = replace(present, states={**present.states, "shop-http.socket": closed})
    assert steps(ONE, present) == [STOP, ("open", "shop-http.socket")]


def test_a_unit_that_was_disabled_is_enabled() -> None:
    present = found(ONE)
    disabled = UnitState("loaded", "active", "disabled")
    present = replace(present, states={**present.states, "shop-http.socket": disabled})
    # Without a reload, systemd 257 says that every unit of the host needs one.
    assert steps(ONE, present) == [("enable", "shop-http.socket"), RELOAD]


@pytest.mark.parametrize("unit", ["shop.service", "shop-http.socket"])
@pytest.mark.parametrize(
    ("state", "says"),
    [
        (UnitState("masked", fragment="/dev/null"), "is masked .*systemctl unmask"),
        (
            UnitState("loaded", fragment="/lib/systemd/system/x"),
            "at /lib/systemd/system",
        ),
        (UnitState("loaded", fragment="/run/systemd/system/x"), "not made by this"),
    ],
)
def test_a_stranger_is_not_touched(unit: str, state: UnitState, says: str) -> None:
    with pytest.raises(Conflict, match=says):
        make_plan(ONE, Present(Generation("shop"), None, {unit: state}), "eager", DIR)


@pytest.mark.parametrize("owner", ["shop-admin", "sho", "shop.x"])
def test_a_file_of_another_service_is_not_touched(owner: str) -> None:
    there = {"shop-http.socket": text("[Socket]\nListenStream=1\n", owner)}
    with pytest.raises(Conflict, match="does not belong to the service shop"):
        make_plan(ONE, found(Generation("shop", there)), "on_demand", DIR)


def test_shop_never_touches_shop_admin() -> None:
    theirs = {
        "shop-admin.service": text("[Service]\n", "shop-admin"),
        "shop-admin-http.socket": text("[Socket]\nListenStream=1\n", "shop-admin"),
        "shop-old.socket": text("[Socket]\nListenStream=2\n"),
    }
    present = found(replace(ONE, units={**ONE.units, **theirs}))
    assert {subject for _a, subject in steps(ONE, present)} == {
        "shop-old.socket",
        "systemd",
    }
    gone = {c.subject for c in removal_plan(present, DIR)}
    assert not [subject for subject in gone if "admin" in subject]


# -- after an interruption ------------------------------------------------------------


def test_a_service_that_an_interrupted_run_did_not_reach_comes_to_rest() -> None:
    """The new files are there; the service and its socket are still the old ones."""
    old, new = generation(HTTP), generation(("http", "8080"), body="Nice=1\n")
    assert steps(new, found(new, running=True, recorded=old)) == [
        STOP,
        ("reopen", "shop-http.socket"),
    ]


def test_a_release_that_an_interrupted_run_switched_comes_into_use() -> None:
    new = replace(ONE, release="2", digest="d2")
    assert steps(new, found(new, running=True, recorded=ONE)) == [STOP]


def test_a_socket_whose_file_has_gone_is_closed() -> None:
    present = found(generation(HTTP))
    open_still = UnitState("not-found", "active")
    present = replace(present, states={**present.states, "shop-old.socket": open_still})
    assert steps(generation(HTTP), present) == [("close", "shop-old.socket")]


# -- removing -------------------------------------------------------------------------


def test_sockets_are_closed_before_the_service_stops() -> None:
    plan = removal_plan(found(generation(*TWO), running=True), DIR)
    assert [(c.action, c.subject.replace(f"{DIR}/", "")) for c in plan] == [
        ("close", "shop-http.socket"),
        ("close", "shop-https.socket"),
        STOP,
        ("disable", "shop-http.socket"),
        ("disable", "shop-https.socket"),
        ("remove", "shop-http.socket"),
        ("remove", "shop-https.socket"),
        ("remove", "shop.service"),
        RELOAD,
    ]


def test_a_removal_that_was_killed_has_systemd_read_that_the_files_are_gone() -> None:
    states = {"shop.service": UnitState("loaded", needs_reload=True)}
    left = Present(Generation("shop"), None, states)
    assert [(c.action, c.subject) for c in removal_plan(left, DIR)] == [RELOAD]


def test_nothing_is_removed_where_nothing_is() -> None:
    assert not removal_plan(NOTHING, DIR).changed


# -- whatever comes -------------------------------------------------------------------

_SOCKETS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["80", "81", "82"]))
_GENERATIONS = st.builds(
    lambda sockets, body, release: generation(
        *sockets.items(), body=body, release=release, digest=release
    ),
    _SOCKETS.filter(lambda d: len(set(d.values())) == len(d)),
    st.sampled_from(["", "Nice=1\n"]),
    st.sampled_from([None, "1", "2"]),
)


@given(
    _GENERATIONS, _GENERATIONS, st.booleans(), st.sampled_from(["on_demand", "eager"])
)
def test_every_plan_ends_in_what_is_wanted(
    before: Generation, after: Generation, running: bool, start: str
) -> None:
    present = found(before, running=running)
    open_now = {unit: before.addresses(unit) for unit in before.sockets}
    enabled = {u for u, s in present.states.items() if s.enabled == "enabled"}
    units = dict(before.units)
    for action, subject in steps(after, present, start):
        if action == "write":
            units[subject] = after.units[subject]
        elif action == "remove":
            del units[subject]
        elif action in ("enable", "disable"):
            (enabled.add if action == "enable" else enabled.discard)(subject)
        elif action == "stop":
            running = False
        elif action == "start":
            running = True
        elif action == "close":
            del open_now[subject]
        elif action in ("open", "reopen"):
            open_now.pop(subject, None)
            coming = after.addresses(subject)
            taken = [a for held in open_now.values() for a in held]
            assert not any(a.collides(b) for a in coming for b in taken)
            assert not running
            open_now[subject] = coming
    assert units == after.units
    assert open_now == {unit: after.addresses(unit) for unit in after.sockets}
    always = start == "eager" or not after.activators
    assert enabled == {*after.sockets, *(["shop.service"] if always else [])}
    assert running or not always
