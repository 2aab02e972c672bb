# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each thing that a program may need, asked for by meaning, opens that and no more.

A probe (reach.py) is deployed at `strict` once as it is and once for each need, and tries
everything each time: what differs is what the need opens.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from fleet import FULL, SUITES, Hosts
from shop import Shop, opened

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.needs import (
    NAMES,
    Needs,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)

pytestmark = pytest.mark.targets

PROBE = Path(__file__).with_name("reach.py")

# What `strict` leaves a program by itself. ENOENT: it does not see the path at all.
CLOSED = {
    "its state": "none",
    "its cache": "none",
    "its logs": "none",
    "its configuration": "none",
    "its runtime": "none",
    "read a home": "EACCES",
    "write to a home": "EACCES",
    "read another home": "EACCES",
    "read /tmp": "ENOENT",
    "write to /tmp": "ENOENT",
    "read other of /tmp": "ENOENT",
    "write to /srv": "EROFS",
    "write to other of /srv": "EROFS",
    "use a device": "ENOENT",
    "use another device": "ENOENT",
    "connect near": "yes",
    "connect far": "yes",
    "real time": "EPERM",
    "processors": "EPERM",
    "new code": "refused",
}

# Where one home is shown, the others are empty instead of closed.
HOME = {"write to a home": "EROFS", "read another home": "ENOENT"}

# The value of each need for the service NAME, and the answers that change.
OPENS: dict[str, tuple[t.Any, dict[str, str]]] = {
    "state_directory": ("NAME", {"its state": "/var/lib/NAME yes"}),
    "cache_directory": ("NAME", {"its cache": "/var/cache/NAME yes"}),
    "logs_directory": ("NAME", {"its logs": "/var/log/NAME yes"}),
    "configuration_directory": ("NAME", {"its configuration": "/etc/NAME EROFS"}),
    "runtime_directory": ("NAME", {"its runtime": "/run/NAME yes"}),
    "readable_paths": (
        ["/home/NAME/its own", "/tmp/NAME-open"],
        {**HOME, "read a home": "yes", "read /tmp": "yes", "write to /tmp": "EROFS"},
    ),
    "writable_paths": (
        ["/home/NAME/its own", "/tmp/NAME-open", "/srv/NAME open"],
        {
            **HOME,
            "read a home": "yes",
            "write to a home": "yes",
            "read /tmp": "yes",
            "write to /tmp": "yes",
            "write to /srv": "yes",
        },
    ),
    # the other one is there to be seen, and that is all
    "devices": (
        ["/dev/NAME-open"],
        {"use a device": "yes", "use another device": "EPERM"},
    ),
    "outgoing": (["127.0.0.1"], {"connect far": "timed out"}),
    "realtime": (7, {"real time": "EINVAL"}),
    "jit": (True, {"new code": "yes"}),
}

PREPARE = """
mkdir -p '/home/NAME/its own' /home/NAME/closed /tmp/NAME-open /tmp/NAME-closed \
    '/srv/NAME open' /srv/NAME-closed
for one in '/home/NAME/its own' /home/NAME/closed /tmp/NAME-open /tmp/NAME-closed; do
    echo text >"$one/file"
done
chmod 1777 '/home/NAME/its own' /tmp/NAME-open '/srv/NAME open' /srv/NAME-closed
chmod 755 /home /home/NAME /home/NAME/closed /tmp/NAME-closed
# two devices that this kernel and the container let root open
mknod -m 666 /dev/NAME-open c 10 200
mknod -m 666 /dev/NAME-closed c 5 1
systemd-run -q --unit NAME-far.service python3 -I -c '
import socket
far = socket.create_server(("", PORT))
while True: far.accept()[0].close()'
"""
CLEAR = """
systemctl stop NAME-far.service
rm -rf /home/NAME /tmp/NAME-* /srv/NAME[-\\ ]* /dev/NAME-* /etc/NAME /var/*/private/NAME /var/*/NAME
"""


class Reach:
    """A place on a host with everything that can be tried, and the probe on it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        shop.host.write({f"/srv/{shop.name}-reach.py": PROBE.read_bytes()})
        self.here(PREPARE.replace("PORT", str(shop.ports[1])))
        self.systemd = shop.host.version()

    def here(self, script: str) -> str:
        return str(self.shop.host.sh(script.replace("NAME", self.shop.name)))

    def reached(self, needs: dict[str, t.Any]) -> dict[str, str]:
        """Deploy the probe with what it needs, and let it try everything."""
        name = self.shop.name
        said = json.loads(json.dumps(needs).replace("NAME", name))
        found = Sandbox.parse("strict", self.systemd, Needs.parse(said))
        body = (
            f"{render_section('Service', found.directives)}\n"
            f"Environment=PLACE={name} FAR={self.shop.ports[1]}\n"
        )
        command = f"/usr/bin/python3 -I /srv/{name}-reach.py"
        units = self.shop.units("http", body=body, command=command)
        self.shop.deployed(units)
        answer: dict[str, str] = json.loads(self.shop.ask())
        answer.pop("the limit")
        return {key: value.replace(name, "NAME") for key, value in answer.items()}


SAMPLE = SUITES if FULL else SUITES[-1:]


@pytest.fixture(scope="module", params=SAMPLE)
def reach(request: pytest.FixtureRequest, hosts: Hosts) -> t.Iterator[Reach]:
    """One probe for a host: what it is deployed with changes, its socket stays."""
    with opened(hosts.get(request.param)) as shop:
        place = Reach(shop)
        try:
            yield place
        finally:
            place.here(CLEAR)


def test_each_need_is_tried() -> None:
    assert set(OPENS) == set(NAMES)


def test_strict_leaves_nothing_of_it_open(reach: Reach) -> None:
    assert reach.reached({}) == CLOSED


# Folders are all alike: they are asked for together, where time is short.
FOLDERS = [need for need in OPENS if need.endswith("_directory")]
SWITCHES = ["realtime", "jit"]
OTHERS = [[need] for need in OPENS if need not in (*FOLDERS, *SWITCHES)]
TOGETHER = [[need] for need in OPENS] if FULL else [FOLDERS, SWITCHES, *OTHERS]


@pytest.mark.parametrize("needs", TOGETHER, ids="+".join)
def test_a_need_opens_that_and_no_more(reach: Reach, needs: list[str]) -> None:
    expected = dict(CLOSED)
    for need in needs:
        expected.update(OPENS[need][1])
    assert reach.reached({need: OPENS[need][0] for need in needs}) == expected
