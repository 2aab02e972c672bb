# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.activated.services.plugins.module_utils._credential.held import (
    Held,
)
from ansible_collections.activated.services.plugins.module_utils._credential.plan import (
    Holding,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.access import (
    Access,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.foresight import (
    Foreseen,
    Foresight,
    PaperLedger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    Ledger,
    Transaction,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Present,
    UnitState,
)
from ansible_collections.activated.services.plugins.module_utils._units.listen import (
    ListenAddress,
)

DIR = "/etc/systemd/system"
ONE = Generation("shop", {"shop.service": "one"}, "1")
TWO = Generation("shop", {"shop.service": "two"}, "2")


def test_what_is_written_on_paper_is_read_from_it_and_from_nowhere_else(
    tmp_path: Path,
) -> None:
    real = Ledger("shop", str(tmp_path))
    begun = real.open(Transaction(ONE, TWO))
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    paper = PaperLedger("shop", str(tmp_path))
    assert paper.transaction() == begun
    paper.commit(begun)
    paper.void(ONE, "for a reason")
    paper.finish(begun)
    assert paper.deployed() == TWO
    assert list(paper.voided().values()) == ["for a reason"]
    assert paper.transaction() is None
    paper.forget()
    assert paper.generations() == []
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_the_steps_of_a_plan_on_paper() -> None:
    store = "/etc/credstore/shop"
    had = {f"{store}/old": "a", f"{store}/key": "b"}
    present = Present(
        Generation("shop", {"shop.service": "two", "shop-more.socket": "more"}, "2"),
        None,
        {
            "shop.service": UnitState("loaded", "active", needs_reload=True),
            "shop-more.socket": UnitState("loaded", "active", "enabled"),
            "shop-http.socket": UnitState(),
        },
        deaf=frozenset({"shop-more.socket"}),
        credentials=Holding(had, {"key": "b"}),
        access=dict.fromkeys(
            ("shop.service", "shop-more.socket", "shop-kept.socket", "shop-a.socket"),
            Access(1000, 0o644),
        ),
    )
    rows = [
        ("store", f"{store}/key"),
        ("disable", "shop-more.socket"),
        ("write", f"{DIR}/shop.service", "one"),
        ("write", f"{DIR}/shop-http.socket", "http"),
        ("guard", f"{DIR}/shop-a.socket"),
        ("remove", f"{DIR}/shop-more.socket"),
        ("enable", "shop-http.socket"),
        ("reload", "systemd"),
        ("close", "shop-more.socket"),
        ("stop", "shop.service"),
        ("open", "shop-http.socket"),
        ("erase", f"{store}/old"),
    ]
    plan = Plan(tuple(Change(r[0], r[1], "", "", *r[2:]) for r in rows))
    goal = Generation("shop", credentials={"key": Held(f"{store}/key", "c", True)})
    then = Foreseen(plan, goal).of(present)
    units = {"shop.service": "one", "shop-http.socket": "http"}
    assert then.generation == Generation("shop", units, "2")
    assert then.state("shop.service") == UnitState(
        "loaded", "inactive", fragment=f"{DIR}/shop.service"
    )
    assert then.state("shop-http.socket") == UnitState(
        "loaded", "active", "enabled", fragment=f"{DIR}/shop-http.socket"
    )
    assert then.state("shop-more.socket").active == "inactive"
    assert then.deaf == frozenset()
    assert list(then.access) == ["shop-kept.socket"]
    assert then.credentials == Holding({f"{store}/key": "c"}, None)


def test_who_will_have_an_address() -> None:
    units = {"shop-http.socket": "[Socket]\nListenStream=80\n"}
    there = Present(
        Generation("shop", units),
        None,
        {"shop-http.socket": UnitState("loaded", "active")},
    )
    ahead = Foresight({}, {"shop": there})
    wanted = ListenAddress("stream", "127.0.0.1", 80)
    assert ahead.holder(wanted, ()) == ("shop-http.socket", "shop")
    assert ahead.holder(wanted, {"shop-http.socket"}) is None
    assert ahead.holder(ListenAddress("stream", "127.0.0.1", 81), ()) is None
