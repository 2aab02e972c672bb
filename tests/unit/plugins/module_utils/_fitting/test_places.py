# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which directories a line of a journal may open, and which a unit can hold."""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._fitting.observe import (
    writable_places,
)
from ansible_collections.activated.services.plugins.module_utils._fitting.places import (
    can_be_written,
    may_be_given,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.compose import (
    drop_in,
    lines,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.dials import (
    Observed,
    plan,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import Unit
from ansible_collections.activated.services.plugins.module_utils._units.words import (
    split_words,
)


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/var/lib/shop", True),
        ("/srv/shop/data", True),
        ("/run/shop", True),
        ("/var/log", True),
        ("/etc/cron.d", False),
        ("/etc", False),
        ("/usr/local/bin", False),
        ("/boot/efi", False),
        ("/root/.ssh", False),
        ("/lib64/x", False),
        ("/libexec", False),
        ("/run", False),
        ("/var/lib", False),
        ("/home", False),
        ("/", False),
        ("/var/lib/shop/../../../etc", False),
        ("/srv/../run", False),
    ],
)
def test_what_a_line_of_a_journal_may_open(path: str, may: bool) -> None:
    assert may_be_given(path, real=lambda same: same) is may


def test_a_link_is_followed() -> None:
    assert not may_be_given("/srv/shop", real=lambda _path: "/etc/shop")


@pytest.mark.parametrize(
    ("path", "can"), [('/a b%"', True), ("/a\nb", False), ("/a\udc80", False)]
)
def test_a_name_that_no_unit_can_hold(path: str, can: bool) -> None:
    assert can_be_written(path) is can


def test_a_given_path_reads_as_it_was_given() -> None:
    odd = "/srv/a b%i'\""
    seen = Observed(257, {})
    (knob,) = [k for k in plan(seen).knobs if k.name == "ProtectSystem"]
    text = drop_in(lines([knob], {"ProtectSystem": 0}, seen, [odd, "/srv/x"]), "")
    first, second = Unit.parse(text).values("Service", "ReadWritePaths")
    assert second == "-/srv/x"
    (word,) = split_words(first)
    assert word == f"-{odd}".replace("%", "%%")


def test_what_the_unit_gives_already_and_run_itself_are_left_out() -> None:
    declared = {"ReadWritePaths": '"-/srv/a b"'}
    assert writable_places(["/srv/a b/c", "/run", "/srv/d"], declared) == ["/srv/d"]
