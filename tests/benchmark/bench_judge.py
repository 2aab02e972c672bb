#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long judging takes, beside systemd's own verification of the same units.

A thousand units that Debian ships, judged in one process; a fair part of them verified
by systemd, one call each as a person or a task would, and in calls of many. Importing
the table of directives is measured in fresh processes. Prints ratios of this run, and
fails where a bound is missed.
"""

from __future__ import annotations

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

from ansible_collections.activated.services.plugins.module_utils._tables import (
    directives,
)
from ansible_collections.activated.services.plugins.module_utils._values import values

UNITS = 1000
ALONE = 60
"""So many units are verified by a call of their own."""
SUITE = "bookworm"
SYSTEMD = 252
TABLE = "ansible_collections.activated.services.plugins.module_utils._tables.directives"

MOST_SECONDS = 1.0
MOST_SHARE = 1 / 20
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
    judged = fresh_judging(units)
    # Each unit under a name of its own, and both sides get the same.
    many = timed(lambda: hosts.verify(run, units))
    some = dict(list(units.items())[:ALONE])
    hosts.put(run, some)
    script = (
        f"export SYSTEMD_UNIT_PATH={hosts.STAGE}:; for file in {hosts.STAGE}/*; do "
    )
    script += 'systemd-analyze verify --man=no --recursive-errors=one "$file"; done 2>/dev/null'
    alone = timed(lambda: run(script, b"")) / len(some) * len(units)
    imported = importing()
    print(
        f"judging {len(units)} units of Debian: {judged:.2f} s, {judged:.2f} ms a unit"
    )
    print(
        f"systemd {SYSTEMD}, a call each:   {alone:.1f} s; ours takes 1/{alone / judged:.0f}"
    )
    print(
        f"systemd {SYSTEMD}, {hosts.BATCH} a call:  {many:.1f} s; ours takes 1/{many / judged:.0f}"
    )
    print(f"importing the table: {imported * 1000:.1f} ms")
    missed = [
        sentence
        for failed, sentence in (
            (judged > MOST_SECONDS, f"judging took more than {MOST_SECONDS} s"),
            (judged > alone * MOST_SHARE, "judging took more than 1/20 of systemd's"),
            (
                imported > MOST_IMPORT,
                f"importing took more than {MOST_IMPORT * 1000} ms",
            ),
        )
        if failed
    ]
    for sentence in missed:
        print(f"MISSED: {sentence}")
    return 1 if missed else 0


def thousand(packages: corpus.Packages) -> dict[str, bytes]:
    """Give a thousand units: those of Debian, each again with a comment of its own."""
    shipped = [
        (name, text)
        for _package, files in sorted(packages.items())
        for name, text in sorted(files.items())
    ]
    units: dict[str, bytes] = {}
    number = 0
    while len(units) < UNITS:
        name, text = shipped[number % len(shipped)]
        at = "@" if "@." in name else ""
        suffix = name.rpartition(".")[2]
        units[f"bench{number}{at}.{suffix}"] = b"# %d\n" % number + text
        number += 1
    return units


def fresh_judging(units: t.Mapping[str, bytes]) -> float:
    """Give the best of three runs, each with nothing remembered of the one before."""
    texts = {
        name: text.decode("utf-8", "surrogateescape") for name, text in units.items()
    }

    def judge() -> None:
        values.value_problem.cache_clear()
        judge._parse.cache_clear()
        for name, text in texts.items():
            judge.unit_problems(text, name=name, systemd=SYSTEMD)

    directives.directives(SYSTEMD)
    return min(timed(judge) for _ in range(3))


def importing() -> float:
    """Give the best time that fresh processes take to import and read the table."""
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT / '.build' / 'collections')!r})\n"
        "import difflib, dataclasses, functools, typing, time\n"
        "start = time.perf_counter()\n"
        f"import {TABLE} as table\n"
        f"table.directives({SYSTEMD})\n"
        "print(time.perf_counter() - start)"
    )
    argv = [sys.executable, "-c", script]
    times = [
        float(subprocess.run(argv, capture_output=True, check=True).stdout)
        for _ in range(7)
    ]
    return min(times)


def timed(work: t.Callable[[], t.Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
