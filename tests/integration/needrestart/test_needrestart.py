# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""needrestart is told to report a service; it alone changes, and goes with the service."""

from __future__ import annotations

import typing as t

import pytest
from shop import Shop, opened

FOLDER = "/etc/needrestart/conf.d"

# What needrestart does with its configuration, and whether it would restart each unit.
READ = r"""
our %nrconf = (override_rc => {}); do shift; die $@ if $@;
for my $rc (@ARGV) {
    my $restart = 1;
    for my $re (keys %{$nrconf{override_rc}}) {
        $restart = $nrconf{override_rc}->{$re} if $rc =~ /$re/;
    }
    print "$restart";
}
"""


@pytest.fixture
def shop(newest: t.Any) -> t.Iterator[Shop]:
    """A service on a host where needrestart's folder is."""
    newest.sh(f"mkdir -p {FOLDER}")
    try:
        with opened(newest) as one:
            yield one
    finally:
        newest.sh("rm -rf /etc/needrestart")


def actions(result: t.Any) -> list[str]:
    assert not result.get("failed"), result["msg"]
    return [step["action"] for step in result["plan"]]


def judged(shop: Shop, *units: str) -> str:
    """Of each unit, whether needrestart would restart it: 1 or 0."""
    shop.host.write({"/tmp/read.pl": READ})
    path = f"{FOLDER}/activated-{shop.name}.conf"
    return t.cast(str, shop.host.sh(f"perl /tmp/read.pl {path} {' '.join(units)}"))


def test_the_service_is_reported_and_nothing_else_is_touched(shop: Shop) -> None:
    units = shop.units("http")
    assert actions(shop.deployed(units, "1"))[0] == "exempt"
    name = shop.name
    others = [f"{name}-admin.service", f"x{name}.service", f"{name}xservice"]
    assert judged(shop, f"{name}.service", *others) == "0111"
    assert actions(shop.deployed(units, "1")) == []


def test_a_running_service_goes_on_when_only_this_changes(shop: Shop) -> None:
    units = shop.units("http")
    shop.deployed(units, "1", needrestart="restart")
    assert not shop.has(f"{FOLDER}/activated-{shop.name}.conf")
    shop.ask()
    started, reloads = shop.start_time(), shop.reloads()
    assert actions(shop.deployed(units, "1")) == ["exempt"]
    assert actions(shop.deployed(units, "1", needrestart="restart")) == ["readmit"]
    assert (shop.start_time(), shop.reloads()) == (started, reloads)
    assert shop.state() == "active"


def test_it_goes_with_the_service(shop: Shop) -> None:
    shop.deployed(shop.units("http"), "1")
    assert "readmit" in actions(shop.remove())
    assert shop.host.sh(f"ls {FOLDER}") == ""


def test_what_a_killed_run_has_left_goes(shop: Shop) -> None:
    """One that was killed while it wrote the file, and whose wish came to be another."""
    units = shop.units("http")
    shop.deployed(units, "1", needrestart="restart")
    shop.host.sh(f"touch {FOLDER}/.activated-{shop.name}.conf.new")
    assert actions(shop.deployed(units, "1", needrestart="restart")) == []
    assert shop.host.sh(f"ls -A {FOLDER}") == ""


def test_it_goes_with_a_first_deployment_that_fails(shop: Shop) -> None:
    units = shop.units("http", command="/bin/false")
    assert shop.deploy(units)["failed"]
    assert shop.host.sh(f"ls {FOLDER}") == ""


def test_a_host_without_needrestart_is_left_without(shop: Shop) -> None:
    shop.host.sh("rm -rf /etc/needrestart")
    assert "exempt" not in actions(shop.deployed(shop.units("http"), "1"))
    assert not shop.has("/etc/needrestart")
