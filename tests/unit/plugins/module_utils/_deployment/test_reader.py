# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment import (
    reader,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    Ledger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.terms import (
    Terms,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Present,
    UnitState,
)


def test_what_another_version_of_this_collection_computed_is_measured_again(
    tmp_path: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Generation("shop", {"shop.service": "[Service]\nExecStart=/bin/true\n"})
    one = reader.Reader("shop", Terms(), 247, lambda *_, **__: (0, "", ""))
    one.ledger = Ledger("shop", str(tmp_path))
    units = dict(there.units)
    one.ledger.remember_exposure(one._exposure_key(units), 4.2)
    assert one.exposure(there, Present(there, None)) == 4.2
    monkeypatch.setattr(reader, "FORMULA", "another")
    with pytest.raises(reader.Unmeasured):
        one.exposure(there, Present(there, None))


THERE = Generation("shop", {"shop.service": "[Service]\nExecStart=/bin/true\n"})
GUARDED = ("exempt", "guard", "reload", "prove")


@pytest.mark.parametrize(
    ("actions", "active", "unread", "recorded", "keeps"),
    [
        (GUARDED, "active", False, THERE, True),
        (GUARDED, "reloading", False, THERE, True),
        (GUARDED, "activating", False, THERE, False),
        (GUARDED, "deactivating", False, THERE, False),
        (GUARDED, "active", True, THERE, False),
        (GUARDED, "active", False, None, False),
        (("guard", "reload", "stop"), "active", False, THERE, False),
        (("guard", "reload", "reopen"), "active", False, THERE, False),
        (("guard", "enable", "reload"), "active", False, THERE, False),
        (("reload",), "active", False, THERE, False),
        (("renew", "refresh"), "active", True, None, True),
    ],
)
def test_what_keeps_running_is_proven_as_it_is(
    tmp_path: t.Any,
    actions: tuple[str, ...],
    active: str,
    unread: bool,
    recorded: Generation | None,
    keeps: bool,
) -> None:
    one = reader.Reader("shop", Terms(), 247, lambda *_, **__: (0, "", ""))
    one.ledger = Ledger("shop", str(tmp_path))
    states = {"shop.service": UnitState("loaded", active, needs_reload=unread)}
    plan = Plan(tuple(Change(action, "", "") for action in actions))
    assert one.keeps(THERE, Present(THERE, recorded, states), plan) == keeps
