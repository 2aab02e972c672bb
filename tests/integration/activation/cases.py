# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small services that the tests prove, right and wrong in one way each."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OTHERS = ROOT / "tests" / "services" / "others"
sys.path.insert(0, str(ROOT / "tests" / "integration"))

SERVER = "/opt/others/server.py"
HTTP: list[dict[str, t.Any]] = [{"socket": "http", "http": {"body": "http of"}}]


def programs() -> dict[str, str]:
    """The programs of this project, where the units look for them."""
    return {
        f"/opt/others/{file.name}!": file.read_text()
        for file in OTHERS.iterdir()
        if file.suffix in (".py", ".sh")
    }


def service(
    mistakes: str = "",
    *,
    sockets: t.Sequence[str] = ("demo-http.socket",),
    kind: str = "notify",
    user: str = "DynamicUser=yes",
    unit: str = "StartLimitIntervalSec=0",
    more: str = "",
    program: str = "/usr/bin/python3 " + SERVER,
) -> str:
    """A service unit that requires its sockets, as this collection writes them."""
    names = " ".join(sockets)
    return (
        f"[Unit]\nRequires={names}\nAfter={names}\n{unit}\n"
        f"[Service]\nType={kind}\nExecStart={program} {mistakes}\n{user}\n{more}\n"
    )


def socket(
    listen: str = "ListenStream=8080",
    name: str = "http",
    service_name: str = "demo.service",
    more: str = "",
) -> str:
    """A socket unit of a service."""
    return f"[Socket]\n{listen}\nFileDescriptorName={name}\nService={service_name}\n{more}\n"


def facts(result: dict[str, t.Any]) -> list[str]:
    """Which facts a proof has missed."""
    return [problem["fact"] for problem in result["proof"]["problems"]]
