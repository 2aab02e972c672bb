# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a running and of an idle service and of its sockets, case by case."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass

import pytest
from shop import Shop, opened
from stories import Version, tell

pytestmark = pytest.mark.targets

FULL = bool(os.environ.get("ACTIVATED_FULL"))
UNITS = "/etc/systemd/system"


@dataclass(frozen=True)
class Case:
    """A change, and what it may do to the service and to its two ports."""

    change: t.Callable[[Shop, bool], tuple[Version, Version]]
    rests: bool = True
    """Whether a running service is brought to rest."""
    reloads: bool = True
    kept: tuple[int, ...] = (0, 1)
    """Which ports stay open throughout, by the same socket."""
    meanwhile: str = ""
    """What somebody does on the host between two deployments."""
    notes: str = ""
    changed: bool = True


def versions(*sockets: str, **first: t.Any) -> t.Callable[..., t.Any]:
    """The same service before and after, but for what `then` says; `{1}` is a port."""
    before = {"sockets": sockets or ("http", "back"), "release": "1", **first}
    after = {**before, **before.pop("then", {})}
    after.pop("then", None)

    def make(shop: Shop, eager: bool) -> tuple[Version, Version]:
        def port(text: str) -> str:
            return re.sub(r"{(\d)}", lambda m: str(shop.ports[int(m[1])]), text)

        def version(said: dict[str, t.Any]) -> Version:
            more = {key: port(text) for key, text in said.items() if key != "sockets"}
            names = [port(name) for name in said["sockets"]]
            return Version(shop, more.pop("release"), *names, eager=eager, **more)

        return version(before), version(after)

    return make


HAND = f"sed -i 's/^DynamicUser/Nice=5\\n&/' {UNITS}/NAME.service"
MOVE = f"sed -i 's/^ListenStream=.*/ListenStream=PORT3/' {UNITS}/NAME-back.socket"
LIE = (
    f"cp -a {UNITS}/NAME-back.socket /run/kept; {MOVE}; systemctl daemon-reload; "
    f"systemctl restart NAME-back.socket; cp -a /run/kept {UNITS}/NAME-back.socket; "
    "systemctl daemon-reload; RUN"
)
DROP_IN = (
    f"mkdir -p {UNITS}/NAME.service.d; "
    f"printf '[Service]\\nNice=3\\n' > {UNITS}/NAME.service.d/mine.conf"
)

CASES = {
    "nothing": Case(versions(), rests=False, reloads=False, changed=False),
    "release": Case(versions(then={"release": "2"})),
    "unit": Case(versions(then={"greeting": "hi"})),
    "comment": Case(versions(then={"body": "# a word\n"}), rests=False),
    "socket changed": Case(
        versions(then={"back": "Backlog=7\n"}), kept=(0,)
    ),
    "socket's address changed": Case(
        versions("http", "back={1}", then={"sockets": ["http", "back={2}"]}), kept=(0,)
    ),
    "socket added": Case(
        versions("http", then={"sockets": ["http", "back"]}), kept=(0,)
    ),
    "socket removed": Case(versions(then={"sockets": ["http"]}), kept=(0,)),
    "socket renamed": Case(
        versions(then={"sockets": ["http", "other={1}"]}), kept=(0,)
    ),
    "always on, then activated": Case(
        versions(
            sockets=(),
            body="Environment=PORT={0}\n",
            then={"sockets": ["http"], "body": ""},
        ),
        kept=(),
    ),
    "activated, then always on": Case(
        versions(
            then={"sockets": [], "body": "Environment=PORT={0}\n"},
        ),
        kept=(),
    ),
    "changed by hand": Case(versions(), meanwhile=HAND),
    "changed by hand, and read": Case(
        versions(), meanwhile=f"{HAND}; systemctl daemon-reload"
    ),
    "socket changed by hand": Case(versions(), meanwhile=MOVE, kept=(0,)),
    "socket's file taken away": Case(
        versions(), rests=False, meanwhile=f"rm {UNITS}/NAME-back.socket"
    ),
    "socket's file taken away, and read": Case(
        versions(), meanwhile=f"rm {UNITS}/NAME-back.socket; systemctl daemon-reload",
        kept=(0,),
    ),
    "a file that says what is not so": Case(
        versions(), meanwhile=LIE, kept=(0,), reloads=False
    ),
    "daemon-reload undone": Case(
        versions(), rests=False, meanwhile=f"touch -d +1min {UNITS}/NAME-http.socket"
    ),
    "drop-in": Case(
        versions(), rests=False, meanwhile=DROP_IN, notes="mine.conf changes what"
    ),
    "units that others may write": Case(
        versions(),
        meanwhile=f"chmod 0666 {UNITS}/NAME.service; chown 1000 {UNITS}/NAME-http.socket",
        kept=(1,),
    ),
    "units of another mode": Case(
        versions(),
        rests=False,
        meanwhile=f"chmod 0600 {UNITS}/NAME.service; chmod 0755 {UNITS}/NAME-http.socket",
    ),
    "disabled": Case(
        versions(),
        rests=False,
        meanwhile="systemctl disable -q NAME-http.socket",
    ),
}  # fmt: skip

MODES = {
    "idle": (False, False),
    "running": (True, False),
    "eager": (True, True),
}


@pytest.fixture(scope="module")
def table(hosts: t.Any) -> t.Iterator[Shop]:
    """One service for all cases: each begins from whatever the one before has left."""
    with opened(hosts.main()) as shop:
        for version in ("1", "2"):
            assert not shop.install(version).get("failed")
        yield shop


ALL = [(name, mode) for name in CASES for mode in MODES]
# One mode of each case; these in all of them. The rest in the long run.
OFTEN = {"release", "unit", "socket changed", "units that others may write"}
SAMPLE = [
    (name, mode)
    for number, (name, mode) in enumerate(ALL)
    if name in OFTEN or number % 3 == number // 3 % 3
]


@pytest.mark.parametrize(("name", "mode"), ALL if FULL else SAMPLE)
def test_what_becomes_of_it(table: Shop, name: str, mode: str) -> None:
    shop, case, (running, eager) = table, CASES[name], MODES[mode]
    old, new = case.change(shop, eager)
    fact = turn(shop, old, new, running, case.meanwhile)
    assert not fact["msg"], fact["msg"]
    assert fact["wrong"] == [], fact
    assert fact["check"] == fact["plan"]
    assert bool(fact["plan"]) == case.changed
    assert fact["reloaded"] == case.reloads, fact
    assert fact["kept"] == [str(shop.ports[i]) for i in case.kept], fact
    if eager or not new.sockets:
        assert fact["state"] == "active"
        assert fact["same"] != case.rests, fact
    elif running and not case.rests:
        assert (fact["state"], fact["same"]) == ("active", True)
    else:
        assert fact["state"] == "inactive"
    assert case.notes in "\n".join(fact["notes"])


def turn(
    shop: Shop, old: Version, new: Version, running: bool, meanwhile: str = ""
) -> dict[str, t.Any]:
    """From one version to another, with something that happens between the two."""
    script = meanwhile.replace("NAME", shop.name).replace("PORT3", str(shop.ports[3]))
    start = f"systemctl start {shop.service}" if running else "true"
    script = script.replace("RUN", start)
    told = tell(
        shop,
        "turn",
        before=[old.wish],
        after=new.wish,
        ports=[str(port) for port in shop.ports],
        listens=[str(port) for port in old.ports],
        answers=new.answers,
        running=running,
        meanwhile=script,
    )
    return told[0]
