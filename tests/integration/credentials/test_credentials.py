# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials in a deployment, on each suite: stored, seen, rotated, put back, removed."""

from __future__ import annotations

import base64
import typing as t

import pytest
from looking_glass import Glass, sha

pytestmark = pytest.mark.targets


def actions(result: t.Mapping[str, t.Any]) -> list[str]:
    return [step["action"] for step in result["plan"]]


def test_a_secret_from_its_store_to_its_end(glass: Glass) -> None:
    said = {"key.pem": {"content": "first\nsecret\n\n"}}
    planned = glass.deploy(said, check=True)
    assert "store" in actions(planned)
    assert glass.print() == ""
    result = glass.deploy(said)
    assert actions(result) == actions(planned)
    shown = result["proof"]["process"]["credentials"]
    assert [(x["name"], x["as_deployed"], x["others_read"]) for x in shown] == [
        ("key.pem", True, False)
    ]
    assert result["proof"]["service"]["credentials_gone"] is True
    assert glass.active() == "inactive"
    assert glass.ask()["seen"] == {"key.pem": sha("first\nsecret\n\n")}
    stored = glass.sh(f"stat -c '%a %U' {glass.store} {glass.folder} {glass.folder}/key.pem")
    assert stored.split("\n") == ["700 root", "700 root", "400 root"]
    plain = glass.sh(f"grep -c secret {glass.folder}/key.pem; true")
    assert plain == ("0" if glass.seals else "1")
    other = {"/etc/credstore", "/etc/credstore.encrypted"} - {glass.store}
    assert glass.sh(f"ls {other.pop()} 2>/dev/null; true") == ""

    before = glass.print()
    again = glass.deploy(said)
    assert (again["changed"], glass.print()) == (False, before)

    pid, inode = glass.ask()["pid"], glass.socket_inode()
    rotated = glass.deploy({"key.pem": {"content": "second"}}, diff=True)
    assert actions(rotated) == ["store", "stop", "prove"]
    assert glass.active() == "inactive"
    seen = glass.ask()
    assert seen["seen"] == {"key.pem": sha("second")}
    assert seen["pid"] != pid
    assert glass.socket_inode() == inode

    glass.sh(f"systemctl stop {glass.name}.service")
    idle = glass.deploy({"key.pem": {"content": "third"}})
    assert actions(idle) == ["store", "prove"]
    assert glass.active() == "inactive"
    assert glass.ask()["seen"] == {"key.pem": sha("third")}

    dropped = glass.deploy({})
    assert "erase" in actions(dropped)
    assert glass.sh(f"ls -d {glass.folder} 2>/dev/null; true") == ""
    assert glass.ask()["seen"] == {}
