# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the programs importable, and gives the service that needs what it is told to."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fleet import Host
from programs import OTHERS

PORT = 8130
PROBES: list[dict[str, t.Any]] = [{"address": str(PORT), "http": {}}]


class Needy:
    """The service `needy` on a host, and what is there besides it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        host.write({"/opt/others/needy.py": (OTHERS / "needy.py").read_text()})
        host.sh("mkdir -p /home/shared && echo shared >/home/shared/file")

    def start(self, *needs: str, more: str = "", unit: str = "") -> None:
        """Start it, open to everything but what `more` says."""
        command = f"/usr/bin/python3 /opt/others/needy.py {PORT} {' '.join(needs)}"
        text = f"[Unit]\n{unit}\n[Service]\nExecStart={command}\n{more}\n"
        self.host.install({"needy.service": text}, "needy.service")

    def fit(self, *, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """What fitting it says, failed or not."""
        options = {"name": "needy", "probes": PROBES, "timeout": 5, **options}
        return self.host.attempt("harden", check=check, **options)

    def traces(self) -> str:
        """What fitting has left on the host; empty where it has tidied up."""
        return self.host.sh(
            "ls -d /run/systemd/system/needy* 2>/dev/null; ls "
            "/run/activated.services/harden/needy* 2>/dev/null | grep -v '\\.lock$'; systemctl show -p DropInPaths --value needy; true"
        )


@pytest.fixture
def needy(newest: Host) -> t.Iterator[Needy]:
    """The service on the host of the newest suite."""
    there = Needy(newest)
    try:
        yield there
    finally:
        newest.sh("systemctl unmask -q needy.service; true")
        newest.remove("needy.service")


class Starts:
    """Counts the starts of a service from now on by the journal, where each has an identity
    of its own: nobody's word is taken for the number."""

    def __init__(self, host: Host, service: str) -> None:
        self.host, self.service = host, service
        self.before = host.show(service, "InvocationID")
        self.since = host.sh("date +%s.%N")

    def count(self) -> int:
        """How many there were."""
        out = self.host.sh(
            f"journalctl -q -o json --since=@{self.since} -u {self.service}"
        )
        rows = [json.loads(line) for line in out.splitlines()]
        runs = {row["INVOCATION_ID"] for row in rows if "INVOCATION_ID" in row}
        return len(runs - {self.before})
