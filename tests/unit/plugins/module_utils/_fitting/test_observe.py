# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the addresses of a service the next start is held to."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._fitting.observe import (
    lasting,
)
from ansible_collections.activated.services.plugins.module_utils._host.proc import Proc
from ansible_collections.activated.services.plugins.module_utils._proof.listeners import (
    Listener,
)

LINES = ["0.0.0.0:53 (Datagram)", "127.0.0.1:40000 (Datagram)", "/run/x (Stream)"]


@pytest.mark.parametrize(
    ("range_", "kept"), [("32768\t60999\n", [0, 2]), ("", [0, 1, 2])]
)
def test_a_port_that_the_kernel_picks_changes(
    tmp_path: Path, range_: str, kept: list[int]
) -> None:
    folder = tmp_path / "sys/net/ipv4"
    folder.mkdir(parents=True)
    (folder / "ip_local_port_range").write_text(range_)
    listens = [Listener.parse(line) for line in LINES]
    found = lasting(Proc(str(tmp_path)), listens)
    assert list(found) == [listens[index] for index in kept]
