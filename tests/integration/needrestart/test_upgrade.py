# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Debian's own unattended-upgrades replaces a library that running services use, and apt calls
needrestart, which is configured to restart what it likes.

The packages come from Debian's archive. The library is made older on the host first, so that
the archive has a newer one.
"""

from __future__ import annotations

import os
import subprocess
import typing as t

import pytest
from fleet import MAIN, PREFIX, TARGETS, start
from shop import Shop, opened

# Debian's python3, which runs the services' program, is linked with it.
LIBRARY = "zlib1g"

PREPARE = f"""
set -e
printf '$nrconf{{restart}} = "a";\\n' > /etc/needrestart/conf.d/all.conf
printf 'Unattended-Upgrade::Origins-Pattern {{ "origin=*"; }};\\n' > /etc/apt/apt.conf.d/99all
cd /srv
apt-get download -qq {LIBRARY}
dpkg-deb -R {LIBRARY}_*.deb older
sed -i 's/^Version: .*/&~older/' older/DEBIAN/control
dpkg-deb -b older older.deb
dpkg -i --force-downgrade older.deb
"""
UPGRADE = "cd / && unattended-upgrade -v && cat /var/log/unattended-upgrades/*dpkg.log"


@pytest.fixture(scope="module")
def upgradable() -> t.Iterator[t.Any]:
    """A host of its own, of which other tests see nothing."""
    name = f"{PREFIX}upgraded-{os.getpid()}"
    host = start(MAIN, name)
    try:
        host.packages("needrestart unattended-upgrades")
        host.sh(PREPARE)
        yield host
    finally:
        subprocess.run([*TARGETS, "down", name], stdout=subprocess.DEVNULL, check=False)


@pytest.mark.targets
def test_unattended_upgrades_leave_running_services_alone(upgradable: t.Any) -> None:
    host = upgradable
    with opened(host) as reported, opened(host) as idle, opened(host) as restarted:
        every = (reported, idle, restarted)
        for shop in every:
            how = "restart" if shop is restarted else "report"
            shop.deployed(shop.units("http"), "1", needrestart=how)
            if shop is not idle:
                assert shop.ask() == "1"
        before = {shop.name: ran(shop) for shop in every}
        assert uses_what_has_gone(restarted) is False

        said = host.sh(UPGRADE)
        assert "~older" not in host.sh(f"dpkg-query -W {LIBRARY}"), said
        assert f"systemctl restart {restarted.service}" in said
        deferred = said.partition("being deferred")[2]
        assert f"systemctl restart {reported.service}" in deferred

        # The guard's opposite first: without it the service is restarted.
        assert ran(restarted) != before[restarted.name]
        assert uses_what_has_gone(restarted) is False
        assert ran(reported) == before[reported.name]
        assert uses_what_has_gone(reported) is True
        assert (idle.state(), ran(idle)) == ("inactive", before[idle.name])
        assert [shop.ask() for shop in every] == ["1"] * 3
        # Its next deployment brings it the new library.
        changed = reported.units("http", body="Environment=GREETING=hi\n")
        reported.deployed(changed, "1")
        assert reported.ask() == "1 hi"
        assert uses_what_has_gone(reported) is False


def ran(shop: Shop) -> str:
    """Which run of the service is or was the last."""
    return t.cast("str", shop.host.show(shop.service, "InvocationID"))


def uses_what_has_gone(shop: Shop) -> bool:
    """Whether the process of a service uses a file of the library that was replaced."""
    process = shop.host.show(shop.service, "MainPID")
    mapped = shop.host.sh(f"grep -F libz.so /proc/{process}/maps")
    return "(deleted)" in mapped
