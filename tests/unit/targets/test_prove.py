# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from prove import Check, Limit, Missing, judge, read_cgroup, read_status, root_options

STATUS = (
    "Name:\tsleep\nUid:\t61184\t61184\t61184\t61184\nSeccomp:\t2\nSeccomp_filters:\t3\n"
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Uid", "61184 61184 61184 61184"),
        ("Seccomp", "2"),
        ("Seccomp_filters", "3"),
        ("NoNewPrivs", ""),
    ],
)
def test_status_is_read(key: str, value: str) -> None:
    assert read_status(STATUS, key) == value


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0::/system.slice/a.service\n", "/system.slice/a.service"),
        ("4:memory:/x\n1:name=systemd:/x\n0::/\n", "/"),
        ("4:memory:/x\n", ""),
    ],
)
def test_cgroup_is_read(text: str, path: str) -> None:
    assert read_cgroup(text) == path


def test_topmost_mount_on_root_counts() -> None:
    below = "1 0 0:1 / / rw,relatime - overlay overlay rw"
    above = "2 1 0:1 / / ro,nosuid - overlay overlay rw"
    aside = "3 2 0:2 / /proc rw - proc proc rw"
    assert root_options("\n".join([below, above, aside])) == ["ro", "nosuid"]
    assert root_options(aside) == []


def _raise(error: Exception) -> t.Callable[[], str]:
    def prove() -> str:
        raise error

    return prove


@pytest.mark.parametrize(
    ("prove", "verdict", "words"),
    [
        (lambda: "seen", "proven", "seen"),
        (_raise(Missing("shared")), "missing", "Without it all is lost"),
        (_raise(Limit("no controller")), "limit", "no controller"),
        (_raise(PermissionError(13, "denied")), "missing", "cannot be proven"),
        (_raise(ValueError("odd")), "missing", "cannot be proven"),
    ],
)
def test_doubt_counts_as_missing(
    prove: t.Callable[[], str], verdict: str, words: str
) -> None:
    told, evidence = judge(Check("name", "all is lost", prove))
    assert told == verdict
    assert words in evidence
