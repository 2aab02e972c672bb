#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a proof costs, whether its latency is curl's, and what a killed server loses.

    python tests/benchmark/bench_proof.py [SUITE…]

It starts a host of each suite, measures on it, prints the figures and removes it. Times are
milliseconds; medians of several runs, cold and warm, one after the other in turns.
"""

from __future__ import annotations

import statistics
import sys
import time
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [
    str(ROOT / "tests" / "integration" / "activation"),
    str(ROOT / "tests" / "support"),
]

from cases import HTTP, programs, service, socket
from fleet import Host, Hosts

RUNS = 15
KILLS = 50
TOOK = "/tmp/time_starttransfer"
CURL = (
    f"curl -s -o /dev/null -w '%{{time_starttransfer}}' http://127.0.0.1:8080/ >{TOOK}"
)


def cost(host: Host) -> None:
    """The whole proof of one idle service, against its start and an empty module."""
    whole, start, empty = [], [], []
    for _ in range(RUNS):
        began = time.monotonic()
        proof = host.run("activation", name="demo", probes=HTTP)["proof"]
        whole.append((time.monotonic() - began) * 1000)
        start.append(proof["sockets"]["http"]["first_byte_ms"])
        began = time.monotonic()
        host.attempt("activation")  # it only says that its name is missing
        empty.append((time.monotonic() - began) * 1000)
    middle = [statistics.median(row) for row in (whole, empty, start)]
    beyond = middle[0] - middle[1] - middle[2]
    print(
        f"  one proof {middle[0]:.0f}, of which a module that does nothing {middle[1]:.0f}, "
        f"the program's own start {middle[2]:.0f}, the proof itself {beyond:.0f} "
        f"(250 of it the settle time; at most 500 are allowed)"
    )


def agreement(host: Host) -> None:
    """Latencies of the proof and of curl, cold, and then warm, in turns.

    The same module runs curl in the place of its own probe: a start takes longer just after
    a process as large as that one has been busy, whoever asks.
    """
    own: dict[str, t.Any] = {"probes": HTTP, "settle": 0}
    by_curl = {**own, "probes": [{"socket": "http", "command": ["sh", "-c", CURL]}]}
    rest = "systemctl stop demo.service; systemctl reset-failed demo.service; sleep 0.3"
    for name, how in (("cold", {}), ("warm", {"rest": "keep"})):
        ours: list[float] = []
        curls: list[float] = []
        for _ in range(RUNS):
            for times, options in ((ours, own), (curls, by_curl)):
                if name == "cold":
                    host.sh(rest)
                proof = host.run("activation", name="demo", **options, **how)["proof"]
                if options is own:
                    times.append(proof["sockets"]["http"]["first_byte_ms"])
                else:
                    times.append(float(host.sh(f"cat {TOOK}")) * 1000)
        report(name, ours, curls)
        host.sh("systemctl start demo.service")
    host.sh("systemctl stop demo.service")


def report(name: str, ours: t.Sequence[float], curls: t.Sequence[float]) -> None:
    for word, pick in (("median", statistics.median), ("least", min)):
        mine, theirs = pick(ours), pick(curls)
        print(
            f"  first byte, {name}, {word}: proof {mine:.2f}, curl's time_starttransfer "
            f"{theirs:.2f}, apart {abs(mine - theirs):.2f} (at most 5 are allowed)"
        )


def split(host: Host) -> None:
    """Where the time of a start goes."""
    latency = host.run("activation", name="demo", probes=HTTP, samples=RUNS)["proof"][
        "latency"
    ]
    for part in ("first_byte_ms", "manager_ms", "program_ms", "answer_ms"):
        print(f"  {part}: {latency[part]}")


def crash(host: Host) -> None:
    """Killed under steady load."""
    result = host.run("activation", name="demo", probes=HTTP, crash=KILLS)
    numbers = result["proof"]["trials"]["crash"]
    print("  " + ", ".join(f"{name} {value}" for name, value in numbers.items()))


def main() -> None:
    hosts = Hosts()
    try:
        for suite in sys.argv[1:] or ["trixie"]:
            host = hosts.get(suite)
            host.write(programs())
            host.install(
                {"demo.service": service(), "demo-http.socket": socket()},
                "demo-http.socket",
            )
            print(f"{suite}, systemd {host.version()}, {RUNS} runs each")
            for measure in (cost, agreement, split, crash):
                measure(host)
    finally:
        hosts.stop()


if __name__ == "__main__":
    main()
