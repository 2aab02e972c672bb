# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stories of deployments that are killed, told to a host by `on_host.py`."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from shop import Shop

ON_HOST = Path(__file__).resolve().parent / "on_host.py"
Options = t.Dict[str, t.Any]


class Version:
    """One wish for a service, and what it answers on its ports when it is fulfilled."""

    def __init__(
        self,
        shop: Shop,
        release: str | None,
        *sockets: str,
        greeting: str = "",
        quiet: t.Collection[int] = (),
        **more: t.Any,
    ) -> None:
        start = "eager" if more.get("eager") else "on_demand"
        body = f"Environment=GREETING={greeting}\n" + more.pop("body", "")
        # The unit names the release itself: what it starts changes with it, in one step.
        folder = f"releases/{release}" if release else "current"
        command = f"/opt/{shop.name}/{folder}/bin/serve"
        units = shop.units(*sockets, body=body, command=command, **more)
        self.wish: Options = {
            "name": shop.name,
            "state": "present",
            "units": units,
            "start": start,
        }
        if release:
            self.wish["release"] = release
        text = f"{release} {greeting}".strip()
        used = [p for p in shop.ports if any(str(p) in u for u in units.values())]
        self.shop = shop
        self.ports = used
        self.sockets = sockets
        self.answers = {
            str(port): text if port in used else "refused" for port in shop.ports
        }

    def goal(self, **more: t.Any) -> Options:
        return {"wish": {**self.wish, **more}, "answers": self.answers}


def gone(shop: Shop) -> Options:
    """The goal of a service that is taken away."""
    wish = {"name": shop.name, "state": "absent"}
    return {"wish": wish, "answers": {str(port): "refused" for port in shop.ports}}


def installing(shop: Shop, version: str) -> Options:
    """The run that installs a release from the host, where it goes with the service."""
    return {
        "_module": "release",
        "name": shop.name,
        "version": version,
        "src": shop.source(version),
        "remote_src": True,
        "switch": False,
    }


def tell(shop: Shop, story: str, **options: t.Any) -> list[Options]:
    """Tell a story to the shop's host; every point of it, and what was wrong there."""
    shop.host.send()
    command = [shop.host.engine, "exec", "-i", shop.host.container, "python3", "-c"]
    done = subprocess.run(
        [*command, ON_HOST.read_text()],
        input=json.dumps({"story": story, "name": shop.name, **options}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout[-3000:] + done.stderr[-6000:])
    answer = json.loads(done.stdout.splitlines()[-1])
    print(f"{len(answer['points'])} points in {answer['seconds']:.1f} s")
    return t.cast("list[Options]", answer["points"])


def wrong(points: t.Sequence[Options]) -> str:
    """What was wrong at any point, for people; empty where nothing was."""
    return "\n".join(
        f"{point['where']}:\n    " + "\n    ".join(point["wrong"])
        for point in points
        if point["wrong"]
    )
