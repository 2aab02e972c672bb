#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long judging takes, beside systemd's own verification of the same units.

A thousand units that Debian ships, which refer to each other as they do there, judged in
one process: each alone, and all of them as one set. systemd verifies a fair part of them
in a call each, as a person or a task would, and all of them in calls of many. Judging and
importing the table of directives are measured in fresh processes; the best of three runs
counts on both sides. Prints ratios of this run, and fails where a bound is missed.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / ".build" / "collections"), str(HERE.parent / "differential")]

import problems_corpus as corpus
import problems_hosts as hosts

UNITS = 1000
ALONE = 60
"""So many units are verified by a call of their own."""
SUITE = "bookworm"
SYSTEMD = 252
UTILS = "ansible_collections.activated.services.plugins.module_utils"

# Reads units from the standard input, and prints the seconds that judging them takes.
JUDGE = f"""
import json, sys, time
sys.path.insert(0, sys.argv[1])
from {UTILS}._rules import judge
units = json.load(sys.stdin)
judge.unit_problems("[Service]\\nExecStart=/bin/true\\n", name="a.service", systemd={SYSTEMD})
start = time.perf_counter()
if sys.argv[2] == "set":
    judge.set_problems(units, {SYSTEMD})
else:
    for name, text in units.items():
        judge.unit_problems(text, name=name, systemd={SYSTEMD})
print(time.perf_counter() - start)
"""
# The time of the processor, which other work on the machine does not lengthen.
IMPORT = f"""
import sys
sys.path.insert(0, sys.argv[1])
import difflib, dataclasses, functools, typing, time
start = time.process_time()
import {UTILS}._tables.directives as table
table.directives({SYSTEMD})
print(time.process_time() - start)
"""

MOST_SECONDS = 1.0
MOST_SHARE = 1 / 20
MOST_SHARE_OF_MANY = 1 / 12
"""In calls of many systemd loads what they share once, which is 1/16 to 1/23 here."""
MOST_IMPORT = 0.015


def main() -> int:
    name = f"activated-bench-judge-{SUITE}"
    docker("run", "-d", "--name", name, "--label", "activated.services", "--entrypoint",
           "sleep", f"activated-services/target:{SUITE}", "600")  # fmt: skip
    try:
        return measure(name)
    finally:
        docker("rm", "-f", name)


def measure(container: str) -> int:
    def run(script: str, data: bytes) -> bytes:
        argv = ["docker", "exec", "-i", container, "sh", "-c", script]
        return subprocess.run(argv, input=data, capture_output=True, check=False).stdout

    packages = corpus.load(SUITE, run)
    units = thousand(packages)
    alone_judged = judging(units, "alone")
    set_judged = judging(units, "set")
    # Each unit under a name of its own, and both sides get the same.
    many = min(timed(lambda: hosts.verify(run, units)) for _ in range(3))
    some = dict(list(units.items())[:ALONE])
    hosts.put(run, some)
    script = (
        f"export SYSTEMD_UNIT_PATH={hosts.STAGE}:; for file in {hosts.STAGE}/*; do "
    )
    script += 'systemd-analyze verify --man=no --recursive-errors=one "$file"; done 2>/dev/null'
    alone = timed(lambda: run(script, b"")) / len(some) * len(units)
    imported = fresh(IMPORT, runs=7)
    slowest = max(alone_judged, set_judged)

    def ratios(theirs: float) -> str:
        return (
            f"1/{theirs / alone_judged:.0f} alone, 1/{theirs / set_judged:.0f} as a set"
        )

    print(f"judging {len(units)} units of Debian, each alone: {alone_judged:.3f} s")
    print(f"judging them as one set:                {set_judged:.3f} s")
    print(f"systemd {SYSTEMD}, a call each: {alone:.1f} s; ours takes {ratios(alone)}")
    print(
        f"systemd {SYSTEMD}, {hosts.BATCH} a call: {many:.1f} s; ours takes {ratios(many)}"
    )
    print(f"importing the table: {imported * 1000:.1f} ms")
    bounds = {
        f"judging took more than {MOST_SECONDS} s": slowest > MOST_SECONDS,
        "judging took more than 1/20 of systemd's, a call each": slowest
        > alone * MOST_SHARE,
        f"judging took more than 1/12 of systemd's, {hosts.BATCH} a call": slowest
        > many * MOST_SHARE_OF_MANY,
        f"importing took more than {MOST_IMPORT * 1000} ms": imported > MOST_IMPORT,
    }
    missed = [sentence for sentence, failed in bounds.items() if failed]
    for sentence in missed:
        print(f"MISSED: {sentence}")
    return 1 if missed else 0


def thousand(packages: corpus.Packages) -> dict[str, bytes]:
    """Give a thousand units: whole packages, again and again under names of their own.

    Where the units of a package name each other, the copies do.
    """
    units: dict[str, bytes] = {}
    for copy in itertools.count():
        for _package, files in sorted(packages.items()):
            names = b"|".join(
                re.escape(name.encode())
                for name in sorted(files, key=len, reverse=True)
            )
            own = re.compile(rb"(?<![\w@:.\\-])(?:" + names + rb")(?![\w@:.\\-])")
            prefix = b"c%d-" % copy
            for name, text in sorted(files.items()):
                units[f"c{copy}-{name}"] = own.sub(lambda m, p=prefix: p + m[0], text)
                if len(units) == UNITS:
                    return units
    raise AssertionError("no end")


def judging(units: t.Mapping[str, bytes], how: str) -> float:
    """Give the best time that fresh processes take to judge units, `alone` or as a `set`."""
    texts = {
        name: text.decode("utf-8", "surrogateescape") for name, text in units.items()
    }
    return fresh(JUDGE, how, data=json.dumps(texts), runs=3)


def fresh(script: str, *arguments: str, data: str = "", runs: int) -> float:
    """Give the least that fresh processes print, which run a script."""
    argv = [sys.executable, "-c", script, str(ROOT / ".build" / "collections")]
    return min(
        float(
            subprocess.run(
                [*argv, *arguments],
                input=data.encode(),
                capture_output=True,
                check=True,
            ).stdout
        )
        for _ in range(runs)
    )


def timed(work: t.Callable[[], t.Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
