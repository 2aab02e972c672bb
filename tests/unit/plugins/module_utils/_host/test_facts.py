# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    systemd_version,
)


def host(rc: int, out: str, err: str = "") -> t.Callable[..., tuple[int, str, str]]:
    return lambda _argv: (rc, out, err)


@pytest.mark.parametrize(
    ("out", "version"),
    [
        ("systemd 247 (247.3-7+deb11u6)\n+PAM", 247),
        ("systemd 252 (252.39-1~deb12u1)\n", 252),
        ("systemd 257 (257.13-1~deb13u1)\n", 257),
        ("systemd 262~rc1 (262~rc1-1)\n", 262),
    ],
)
def test_reads_the_version(out: str, version: int) -> None:
    assert systemd_version(host(0, out)) == version


@pytest.mark.parametrize(
    ("rc", "out", "err", "says"),
    [
        (0, "systemd 246 (246.1)\n", "", "runs systemd 246; 247 or newer"),
        (2, "", "[Errno 2] No such file or directory: 'systemctl'", "No such file"),
        (0, "", "", "said 'nothing'"),
        (0, "OpenRC 252", "", "OpenRC"),
    ],
)
def test_a_host_that_cannot(rc: int, out: str, err: str, says: str) -> None:
    with pytest.raises(UnsuitableHost, match=says):
        systemd_version(host(rc, out, err))
