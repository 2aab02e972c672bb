# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment import (
    ties,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.deployer import (
    DeploymentFailed,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
    InvalidDeployment,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.part import (
    Part,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.together import (
    check_together,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Present,
    UnitState,
    make_plan,
)


class NoDeployer:
    """Parts are only compared here: nothing is done."""

    def steps(self, _wanted: Generation) -> None:
        return None


def generation(name: str, **sockets: int) -> Generation:
    first = f"# Owned by activated.services, service {name}.\n"
    units = {
        f"{name}-{socket}.socket": f"{first}[Socket]\nListenStream={port}\n"
        for socket, port in sockets.items()
    }
    return Generation(name, {f"{name}.service": f"{first}[Service]\n", **units})


def part(before: Generation, wanted: Generation) -> Part:
    states = {
        unit: UnitState("loaded", "active" if unit in before.units else "inactive")
        for unit in {*before.units, *wanted.units}
    }
    present = Present(before, before, states)
    plan = make_plan(wanted, present, "on_demand", "/etc/systemd/system")
    return Part(t.cast("t.Any", NoDeployer()), wanted, present, plan)


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ties, "holders", lambda *_: [])


def names(groups: list[list[Part]]) -> list[list[str]]:
    return [[one.name for one in group] for group in groups]


def test_services_that_share_nothing_stand_alone() -> None:
    parts = [
        part(generation(name, http=port), generation(name, http=port + 1))
        for name, port in (("a", 80), ("b", 90), ("c", 100))
    ]
    assert names(ties.tied(parts)) == [["a"], ["b"], ["c"]]


def test_a_port_ties_who_gives_and_who_takes_it() -> None:
    parts = [
        part(generation("taker", http=1), generation("taker", http=1, more=80)),
        part(generation("other", http=2), generation("other", http=3)),
        part(generation("giver", http=80), generation("giver", http=81)),
    ]
    assert names(ties.tied(parts)) == [["taker", "giver"], ["other"]]


def test_ties_make_chains() -> None:
    parts = [
        part(generation(name, http=port), generation(name, http=port + 1))
        for name, port in (("a", 80), ("b", 81), ("c", 82), ("d", 90))
    ]
    assert names(ties.tied(parts)) == [["a", "b", "c"], ["d"]]


def test_what_another_one_gets_is_closed_before_it_is_opened_elsewhere() -> None:
    parts = [
        part(generation("a", http=80), generation("a", http=81)),
        part(generation("b", http=81), generation("b", http=80)),
    ]
    ties.give_way(parts)
    for one, other in (("a", "b"), ("b", "a")):
        plan = next(p.plan for p in parts if p.name == one)
        rows = [(c.action, c.subject) for c in plan]
        closing = rows.index(("close", f"{one}-http.socket"))
        assert closing < rows.index(("reopen", f"{one}-http.socket"))
        reasons = [c.reason for c in plan if c.action == "close"]
        assert reasons == [
            f"{other}-http.socket of the service {other} gets an address that it has now"
        ]
    before = [p.plan for p in parts]
    ties.give_way(parts)
    assert [p.plan for p in parts] == before


@pytest.mark.parametrize(
    ("some", "says"),
    [
        (
            [generation("a", http=80), generation("b", web=80)],
            r"the services a and b would both listen on .*80 \(a-http.socket, b-web.socket\)",
        ),
        (
            [
                generation("shop", **{"admin-http": 80}),
                generation("shop-admin", http=81),
            ],
            "shop and shop-admin would both have the unit shop-admin-http.socket",
        ),
    ],
)
def test_what_cannot_be_on_one_host(some: list[Generation], says: str) -> None:
    with pytest.raises(InvalidDeployment, match=says):
        check_together(some)


def test_what_can_be_on_one_host() -> None:
    check_together([generation("a", http=80), generation("b", http=81)])


def test_what_is_left_alone_holds_back_what_it_gives_and_gets() -> None:
    parts = [
        part(generation("taker", http=1), generation("taker", http=1, more=80)),
        part(generation("other", http=2), generation("other", http=3)),
        part(generation("giver", http=80, back=81), generation("giver", back=81)),
        part(generation("next", http=4), generation("next", http=1)),
    ]
    parts[0].failure = DeploymentFailed("given up")
    ties.fall_together(parts)
    said = [str(one.failure or "") for one in parts]
    assert said[1] == ""
    assert "taker-more.socket of the service taker was to get port 80 from" in said[2]
    assert "giver-http.socket" in said[2]
    assert said[3].startswith(
        "next-http.socket cannot listen on port 1: taker-http.socket"
    )
