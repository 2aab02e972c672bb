# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.security import (
    Measured,
    measure_exposure,
)

UNIT = "[Service]\nExecStart=/bin/true\n"
# As systemd 252 prints it, the table above it left out.
SAID = "\n→ Overall exposure level for a.service: 9.6 UNSAFE 😨\n"


class Host:
    """Stands where a host's `run` stands: answers as told."""

    def __init__(self, out: str) -> None:
        self.out = out
        self.asked: list[list[str]] = []

    def run(self, argv: list[str], env: dict[str, str] | None) -> tuple[int, str, str]:
        self.asked.append(argv)
        return 0, self.out, ""


def test_asks_systemd_where_it_answers() -> None:
    host = Host(SAID)
    units = {"a.service": UNIT, "a.socket": "[Socket]\nListenStream=80\n"}
    found = measure_exposure(host.run, units, "/stage", 252)
    assert found == {"a.service": Measured(9.6, "UNSAFE", "systemd")}
    assert [argv[-1] for argv in host.asked] == ["/stage/a.service"]


@pytest.mark.parametrize(("systemd", "out", "asked"), [(247, SAID, 0), (262, "", 1)])
def test_computes_where_systemd_does_not(systemd: int, out: str, asked: int) -> None:
    host = Host(out)
    found = measure_exposure(host.run, {"a.service": UNIT}, "/stage", systemd)
    assert found["a.service"].source == "computed"
    assert found["a.service"].score > 9
    assert len(host.asked) == asked


def test_what_cannot_be_read_has_none() -> None:
    assert measure_exposure(Host("").run, {"a.service": "[x"}, "/stage", 252) == {}
