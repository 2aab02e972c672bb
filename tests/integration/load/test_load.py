# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs are deployed again and again while clients ask: nothing is lost.

Six deployments, a hundred with ACTIVATED_FULL=1. Each changes the release and the unit. How long the
program itself takes to start, and to stop before, is asked of systemd after each of them: the longest
start and half a second more, in which it has to stop, is the bound of every wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[3]
GENERATOR = (ROOT / "tests" / "support" / "load_generator.py").read_text()
SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
SUITE = "trixie" if "trixie" in SUITES else SUITES[-1]
DEPLOYMENTS = 100 if os.environ.get("ACTIVATED_FULL") else 6
VERSIONS = ("1.1.0", "1.0.0")
# Seconds that a request may wait longer than the program takes to start: its stop is in them.
MORE = 0.5


@dataclass(frozen=True)
class Program:
    """One of the tests' programs, and what its unit needs."""

    name: str
    built: str
    command: str
    body: str


PROGRAMS = {
    "hello": Program(
        "hello", "hello-{}.tar.gz", "bin/hello start", "RuntimeDirectory=hello\n"
    ),
    "lunchd": Program("lunchd", "lunchd-{}", "lunchd", ""),
}


class Service:
    """A program, deployed on a host."""

    def __init__(self, host: t.Any, program: Program) -> None:
        self.host = host
        self.program = program
        self.unit = f"{program.name}.service"
        self.socket = f"{program.name}-http.socket"
        self.port = 18080

    def install(self) -> None:
        built = ROOT / ".build" / "services" / SUITE
        for version in VERSIONS:
            path = built / self.program.built.format(version)
            if not path.exists():
                pytest.fail(
                    f"{path} is missing: `make programs` builds it", pytrace=False
                )
            there = f"/srv/{path.name}"
            subprocess.run(
                ["docker", "cp", "-q", str(path), f"{self.host.container}:{there}"],
                check=True,
            )
            self.host.run(
                "release",
                name=self.program.name,
                version=version,
                src=there,
                remote_src=True,
                switch=False,
            )
        self.host.write({"/srv/load_generator.py": GENERATOR})

    def deploy(self, version: str, number: int) -> t.Any:
        """Run the module `deployment`, with a unit that differs each time."""
        first = f"# Owned by activated.services, service {self.program.name}.\n"
        units = {
            self.socket: f"{first}[Socket]\nListenStream={self.port}\n"
            f"FileDescriptorName=http\nService={self.unit}\n"
            "[Install]\nWantedBy=sockets.target\n",
            self.unit: f"{first}[Unit]\nRequires={self.socket}\nAfter={self.socket}\n"
            "StartLimitIntervalSec=0\n[Service]\nType=notify\nDynamicUser=yes\n"
            f"ExecStart=/opt/{self.program.name}/releases/{version}/{self.program.command}\n"
            f"{self.program.body}Environment=DEPLOYMENT={number}\n",
        }
        return self.host.run(
            "deployment", name=self.program.name, units=units, release=version
        )

    def remove(self) -> None:
        self.host.attempt("deployment", name=self.program.name, state="absent")

    def load(self, *options: str, path: str = "/version") -> subprocess.Popen[str]:
        """Begin to ask, until the standard input is closed."""
        url = f"http://127.0.0.1:{self.port}{path}"
        command = ["docker", "exec", "-i", self.host.container, "python3"]
        command += ["/srv/load_generator.py", url, "--until-eof", *options]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def in_hand(self) -> int:
        """How many requests the program has accepted and read: their sockets belong to a
        process (ss(8) gives them an inode), bytes have come, and none waits to be read."""
        asked = f"ss -HtineO state established 'sport = :{self.port}'"
        rows = self.host.sh(asked, check=False).splitlines()
        accepted = [row for row in rows if "ino:" in row and " ino:0 " not in row]
        return sum(
            row.split()[0] == "0" and "bytes_received:" in row for row in accepted
        )

    def own_times(self) -> tuple[float, float]:
        """Seconds that the program itself took to start last, and to stop before."""
        wait = f"until systemctl -q is-active {self.unit}; do sleep 0.02; done; "
        names = ("InactiveExit", "ActiveEnter", "ActiveExit", "InactiveEnter")
        asked = ",".join(f"{name}TimestampMonotonic" for name in names)
        shown = self.host.sh(f"{wait} systemctl show -p {asked} {self.unit}")
        at = {
            row.partition("Timestamp")[0]: int(row.partition("=")[2])
            for row in shown.splitlines()
        }
        start = at["ActiveEnter"] - at["InactiveExit"]
        return start / 1000000, (at["InactiveEnter"] - at["ActiveExit"]) / 1000000


def result(load: subprocess.Popen[str]) -> dict[str, t.Any]:
    """End the requests; what became of them."""
    out, _errors = load.communicate(timeout=60)
    return t.cast("dict[str, t.Any]", json.loads(out))


@pytest.fixture(params=PROGRAMS)
def service(request: pytest.FixtureRequest, hosts: t.Any) -> t.Iterator[Service]:
    one = Service(hosts.get(SUITE), PROGRAMS[request.param])
    one.install()
    one.deploy("1.0.0", 0)
    yield one
    one.remove()


def lost(found: t.Mapping[str, t.Any]) -> list[t.Any]:
    """Requests that were not answered wholly, by one version."""
    assert found["requests"] > 0
    assert sum(found["versions"].values()) == found["ok"]
    return [] if found["ok"] == found["requests"] else [*found["faults"], found]


def test_no_request_is_lost(service: Service) -> None:
    load = service.load("--seconds", "3000")
    starts, stops = [], []
    for number in range(DEPLOYMENTS):
        assert service.deploy(VERSIONS[number % 2], number + 1)["changed"]
        start, stop = service.own_times()
        starts.append(start)
        stops.append(stop)
    found = result(load)
    bound = max(starts) + MORE
    for what, took in (("start", starts), ("stop", stops)):
        print(f"its own {what}: {median(took):.3f} s, at most {max(took):.3f} s")
    print(service.program.name, DEPLOYMENTS, "deployments:", found, "bound:", bound)
    assert lost(found) == []
    assert sorted(found["versions"]) == sorted(VERSIONS)
    assert found["longest"] <= bound
    assert median(stops) < MORE


def test_no_kept_connection_is_cut(service: Service) -> None:
    load = service.load("--seconds", "600", "--keep-alive", "--rate", "40")
    for number in range(4):
        service.deploy(VERSIONS[number % 2], number + 1)
    assert lost(result(load)) == []


def test_requests_on_their_way_are_answered_by_the_old_version(
    service: Service,
) -> None:
    """The program's own stop drains: an answer that takes 3 s outlives the deployment."""
    load = service.load(
        "--clients",
        "4",
        "--requests",
        "4",
        "--rate",
        "100",
        "--timeout",
        "15",
        path="/slow?ms=3000",
    )
    end = time.monotonic() + 10
    while service.in_hand() < 4:
        assert time.monotonic() < end, "the program has not taken four requests"
        time.sleep(0.02)
    service.deploy("1.1.0", 1)
    found = result(load)
    assert lost(found) == []
    assert found["versions"] == {"1.0.0": 4}
