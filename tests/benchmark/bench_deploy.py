#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role beside a playbook of ansible.builtin alone, with the same outcome.

Two sockets, two credentials, a release, verification and proof, for lunchd (a Go program).
Both run in turns, with Ansible's own forks and the same pipelining, on one host and on many;
then both deploy new versions while clients ask. Prints medians and ratios of this run, and
ends with an error where a bound is missed. BENCH_ROUNDS and BENCH_HOSTS change the counts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import typing as t

from lab import ROOT, Lab, Played, executions, median, play, sh, table

WAYS = {"role": "collection.yml", "ansible.builtin": "builtin.yml"}
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
HOSTS = int(os.environ.get("BENCH_HOSTS", "20"))
DEPLOYMENTS = int(os.environ.get("BENCH_DEPLOYMENTS", "4"))

MOST_EXECUTIONS = 2
MOST_AGAIN = 0.25
MOST_FIRST = 0.5

Times = t.Dict[t.Tuple[str, str], t.List[float]]


def main() -> int:
    with Lab("as-bench-deploy") as lab:
        one = lab.grow(1)
        counted = count(lab, one[0])
        alone = measure(lab, one, ROUNDS)
        show("one host", alone, counted)
        lost = under_load(lab, one[0])
        many = lab.grow(HOSTS)
        fleet = measure(lab, many, max(1, ROUNDS // 3))
        show(f"{len(many)} hosts", fleet, {})
        growth(alone, fleet, len(many))
    return verdict(counted, alone, fleet, lost)


def count(lab: Lab, name: str) -> dict[str, int]:
    """Module executions on a host that is as described."""
    found = {}
    for way, playbook in WAYS.items():
        lab.reset([name])
        play(playbook, [name], "1.0.0")
        before = marks(name)
        found[way] = executions(playbook, name, "1.0.0")
        if way == "role" and marks(name) != before:
            sys.exit(
                "a service that is as described was written to, or systemd reloaded"
            )
    return found


def marks(name: str) -> str:
    """What a reload or a write would change."""
    places = "/etc/systemd/system /opt/lunchd /var/lib/activated.services"
    return sh(
        name,
        "systemctl show -p UnitsLoadStartTimestampMonotonic; "
        f"find {places} -printf '%p %i %T@ %C@\\n' | sort",
    )


def measure(lab: Lab, names: list[str], rounds: int) -> Times:
    """Both ways in turns; seconds of each first run and of each one after it."""
    times: Times = {}
    for _ in range(rounds):
        for way, playbook in WAYS.items():
            lab.reset(names)
            for what in ("first", "again"):
                done = play(playbook, names, "1.0.0")
                expect(done, what == "first", f"{way}, {what}")
                times.setdefault((way, what), []).append(done.seconds)
    return times


def expect(done: Played, changed: bool, what: str) -> None:
    if done.changed != changed:
        sys.exit(f"{what}: changed is {done.changed}\n{done.output}")


def ratio(times: Times, what: str) -> float:
    ours, theirs = (median(times[way, what]) for way in WAYS)
    return ours / theirs


def show(where: str, times: Times, counted: t.Mapping[str, int]) -> None:
    names = {"first": "first deployment", "again": "as described"}
    rows = [
        [
            f"{names[what]}, {where}",
            *(f"{median(times[way, what]):.1f} s" for way in WAYS),
            f"{ratio(times, what):.2f}",
        ]
        for what in ("first", "again")
    ]
    if counted:
        numbers = [str(counted[way]) for way in WAYS]
        rows.append(["as described: module executions", *numbers, ""])
    print(table(["", *WAYS, "ratio"], rows), flush=True)


def growth(alone: Times, fleet: Times, hosts: int) -> None:
    rows = []
    for what in ("first", "again"):
        each = [
            (median(fleet[way, what]) - median(alone[way, what])) / max(hosts - 1, 1)
            for way in WAYS
        ]
        name = {"first": "first deployment", "again": "as described"}[what]
        rows.append(
            [
                f"{name}, each further host",
                *(f"{seconds:.2f} s" for seconds in each),
                f"{each[0] / each[1]:.2f}",
            ]
        )
    print(table(["", *WAYS, "ratio"], rows), flush=True)


def under_load(lab: Lab, name: str) -> int:
    """New versions by both ways while clients ask; how many requests the role lost."""
    kinds = ("ok", "refused", "reset", "failed", "mixed")
    rows, lost = [], 0
    generator = (ROOT / "tests" / "support" / "load_generator.py").read_text()
    sh(name, "cat > /var/tmp/load.py", generator)
    for way, playbook in WAYS.items():
        lab.reset([name])
        play(playbook, [name], "1.0.0")
        play(playbook, [name], "1.1.0")
        url = "http://127.0.0.1:80/version"
        load = subprocess.Popen(
            [
                "docker",
                "exec",
                "-i",
                name,
                "python3",
                "/var/tmp/load.py",
                url,
                "--seconds",
                "600",
                "--until-eof",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(DEPLOYMENTS):
            play(playbook, [name], ("1.0.0", "1.1.0")[number % 2])
        result = json.loads(load.communicate()[0])
        rows.append(
            [way, *(str(result[kind]) for kind in kinds), f"{result['longest']:.2f} s"]
        )
        if way == "role":
            lost = result["requests"] - result["ok"]
    print(
        table([f"{DEPLOYMENTS} deployments under load", *kinds, "longest wait"], rows),
        flush=True,
    )
    return lost


def verdict(counted: dict[str, int], alone: Times, fleet: Times, lost: int) -> int:
    """1 where a bound is missed, which is said."""
    missed = []
    if counted["role"] > MOST_EXECUTIONS:
        missed.append(f"{counted['role']} module executions; {MOST_EXECUTIONS} at most")
    for where, times in (("one host", alone), ("many hosts", fleet)):
        for what, most in (("again", MOST_AGAIN), ("first", MOST_FIRST)):
            if ratio(times, what) > most:
                missed.append(
                    f"{where}, {what}: {ratio(times, what):.2f}; {most} at most"
                )
    if lost:
        missed.append(f"{lost} requests were lost under load")
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
