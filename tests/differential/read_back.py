# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on a host: deploys units, starts them, and says what systemd made of them.

Reads JSON, in which text as latin-1 stands for bytes, and prints JSON. It reads
{"units": {name: text}, "links": {path: target},
 "start": [name], "full": whether to tell the properties of those,
 "load": [name], "properties": [[name, interface, property]]}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t

FOLDER = "/run/systemd/system/"
BUS = "org.freedesktop.systemd1"
SERVICE = BUS + ".Service"


def systemctl(*arguments: str) -> bytes:
    done = subprocess.run(
        ["systemctl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout


def busctl(*arguments: str) -> t.Any:
    done = subprocess.run(
        ["busctl", "--json=short", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        return json.loads(done.stdout)["data"]
    except ValueError:
        return done.stdout.decode("latin-1")


def object_of(unit: str) -> str:
    path = "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):02x}" for c in unit)
    return "/org/freedesktop/systemd1/unit/" + path


def bus_property(unit: str, interface: str, name: str) -> t.Any:
    return busctl("get-property", BUS, object_of(unit), interface, name)


def read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


def everything(unit: str) -> dict[str, t.Any]:
    """All properties of a service, as the manager has them."""
    found: dict[str, t.Any] = {}
    for interface in (BUS + ".Unit", SERVICE):
        answer = busctl(
            *("call", BUS, object_of(unit), "org.freedesktop.DBus.Properties"),
            *("GetAll", "s", interface),
        )
        assert isinstance(answer, list), (unit, answer)
        found.update({name: value["data"] for name, value in answer[0].items()})
    return found


def pids(units: list[str]) -> list[int]:
    """The main processes of services, 0 where there is none."""
    answer = systemctl("show", "--value", "--property=MainPID", *units).split()
    assert len(answer) == len(units), answer
    return list(map(int, answer))


def running(unit: str, pid: int, properties: bool) -> dict[str, t.Any]:
    """A unit that was started: its process, and what the manager knows of it."""
    found: dict[str, t.Any] = {"pid": pid}
    if properties:
        found["properties"] = everything(unit)
    if pid:
        found["cmdline"] = read(f"/proc/{pid}/cmdline")
        found["environ"] = read(f"/proc/{pid}/environ")
        found["uid"] = os.stat(f"/proc/{pid}").st_uid
    return found


def main() -> None:
    wish = json.loads(sys.stdin.buffer.read())
    for path, link in wish.get("links", {}).items():
        where = path.encode("latin-1")
        os.makedirs(os.path.dirname(where), exist_ok=True)
        os.symlink(link, where)
    for name, text in wish["units"].items():
        with open(FOLDER + name, "wb") as file:
            file.write(text.encode("latin-1"))
    result: dict[str, t.Any] = {"reload": systemctl("daemon-reload").decode("latin-1")}
    start, load = wish.get("start", []), wish.get("load", [])
    if start:
        result["start"] = systemctl("start", *start).decode("latin-1")
        full = wish.get("full", True)
        result["started"] = {
            name: running(name, pid, full) for name, pid in zip(start, pids(start))
        }
    if load:
        # what another loaded unit comes after stays loaded
        keeper = "as-keeper.target"
        with open(FOLDER + keeper, "w") as file:
            lines = "".join(f"After={name}\n" for name in load)
            file.write(f"[Unit]\nRefuseManualStop=no\n{lines}")
        systemctl("daemon-reload")
        systemctl("start", keeper)
        listed = busctl(
            *("call", BUS, "/org/freedesktop/systemd1", BUS + ".Manager"),
            *("ListUnitsByPatterns", "asas", "0", str(len(load)), *load),
        )
        result["descriptions"] = {unit[0]: unit[1] for unit in listed[0]}
        result["states"] = {unit[0]: unit[2] for unit in listed[0]}
        result["properties"] = {
            unit: {name: bus_property(unit, interface, name)}
            for unit, interface, name in wish.get("properties", [])
        }
        systemctl("stop", keeper)
        os.unlink(FOLDER + keeper)
    if start:
        systemctl("kill", "--signal=KILL", *start)
        systemctl("stop", *start)
        systemctl("reset-failed", *start)
    for path in wish.get("links", {}):
        os.unlink(path.encode("latin-1"))
    for name in wish["units"]:
        os.unlink(FOLDER + name)
    systemctl("daemon-reload")
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
