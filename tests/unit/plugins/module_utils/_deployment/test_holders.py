# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._deployment.holders import (
    holders,
)
from ansible_collections.activated.services.plugins.module_utils._host.proc import Proc
from ansible_collections.activated.services.plugins.module_utils._units.listen import (
    ListenAddress,
)


class Here(Proc):
    """This process's own network, where a test may open what it likes."""

    def table(self, name: str) -> str:
        return self.text("self", "net", name)


@pytest.fixture
def opened() -> t.Iterator[t.Callable[..., socket.socket]]:
    sockets = []

    def open_one(family: int, kind: int, address: t.Any) -> socket.socket:
        made = socket.socket(family, kind)
        sockets.append(made)
        made.bind(address)
        if kind != socket.SOCK_DGRAM:
            made.listen()
        return made

    yield open_one
    for made in sockets:
        made.close()


def _pids(directive: str, value: str) -> set[int]:
    address = ListenAddress.parse(directive, value)
    return {holder.pid for holder in holders(address, Here())}


@pytest.mark.parametrize(
    ("family", "host", "asked", "held"),
    [
        (socket.AF_INET, "127.0.0.1", "127.0.0.1:{}", True),
        (socket.AF_INET, "127.0.0.1", "{}", True),
        (socket.AF_INET, "127.0.0.1", "127.0.0.2:{}", False),
        (socket.AF_INET, "127.0.0.1", "[::1]:{}", False),
        (socket.AF_INET, "0.0.0.0", "127.0.0.1:{}", True),
        (socket.AF_INET6, "::1", "[::1]:{}", True),
        (socket.AF_INET6, "::", "127.0.0.1:{}", True),
        (socket.AF_INET6, "::", "{}", True),
    ],
)
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_finds_who_holds_a_port(
    opened: t.Any, family: int, host: str, asked: str, held: bool, kind: int
) -> None:
    port = opened(family, kind, (host, 0)).getsockname()[1]
    same, other = ("ListenStream", "ListenDatagram")[:: 1 if kind == 1 else -1]
    assert _pids(same, asked.format(port)) == ({os.getpid()} if held else set())
    assert _pids(other, asked.format(port)) == set()


@pytest.mark.parametrize(
    ("kind", "directive"),
    [
        (socket.SOCK_STREAM, "ListenStream"),
        (socket.SOCK_DGRAM, "ListenDatagram"),
        (socket.SOCK_SEQPACKET, "ListenSequentialPacket"),
    ],
)
def test_finds_who_holds_a_path(
    opened: t.Any, tmp_path: Path, kind: int, directive: str
) -> None:
    name = f"activated-{os.getpid()}-{kind}"
    opened(socket.AF_UNIX, kind, str(tmp_path / "s"))
    opened(socket.AF_UNIX, kind, f"\0{name}")
    assert _pids(directive, str(tmp_path / "s")) == {os.getpid()}
    assert _pids(directive, str(tmp_path / "other")) == set()
    assert _pids(directive, f"@{name}") == {os.getpid()}


def test_a_socket_that_is_only_bound_or_connected_is_no_holder(opened: t.Any) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert _pids("ListenStream", str(bound.getsockname()[1])) == set()
    listening = opened(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    with socket.create_connection(listening.getsockname()) as client:
        assert _pids("ListenStream", str(client.getsockname()[1])) == set()


_LISTEN = """
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_says_which_program_it_is() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        address = ListenAddress.parse("ListenStream", str(port))
        (holder,) = holders(address, Here())
        name = Path(f"/proc/{process.pid}/comm").read_text().strip()
        assert str(holder).startswith(
            f"127.0.0.1:{port} is held by {name} (process {process.pid}"
        )


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/nginx.service\n", "nginx.service"),
        ("0::/system.slice/a.service/b.scope\n", "b.scope"),
        ("1:name=systemd:/system.slice/x@1.service\n0::/\n", "x@1.service"),
        ("0::/\n", ""),
    ],
)
def test_says_in_which_unit_it_runs(
    tmp_path: Path, opened: t.Any, cgroup: str, unit: str
) -> None:
    """Units need a systemd: this one is a made-up /proc around a real socket."""
    made = opened(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    pid = tmp_path / "77"
    (pid / "fd").mkdir(parents=True)
    (pid / "fd" / "3").symlink_to(os.readlink(f"/proc/self/fd/{made.fileno()}"))
    (pid / "cgroup").write_text(cgroup)
    (pid / "comm").write_text("nginx\n")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "net").symlink_to("/proc/self/net")
    port = made.getsockname()[1]
    (holder,) = holders(ListenAddress("stream", "*", port), Proc(str(tmp_path)))
    assert (holder.pid, holder.program, holder.unit) == (77, "nginx", unit)
