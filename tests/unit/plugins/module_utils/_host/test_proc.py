# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What /proc shows, from a tree of files and from this very process."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.proc import (
    CAPABILITIES,
    Proc,
    capability_names,
    parse_mounts,
    parse_status,
)


def test_capabilities_by_name() -> None:
    assert len(CAPABILITIES) == 41
    assert capability_names(0) == []
    assert capability_names(1 << 0 | 1 << 21) == ["cap_chown", "cap_sys_admin"]
    assert capability_names(1 << 60) == ["cap_60"]


def test_a_status() -> None:
    status = parse_status("Name:\tsh\nUid:\t1\t2\t3\t4\n\nSeccomp:\t2\n")
    assert status == {"Name": "sh", "Uid": "1\t2\t3\t4", "Seccomp": "2"}


MOUNTS = """22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda rw
30 22 0:5 /a\\040b /mnt/x\\040y ro,nosuid - tmpfs tmpfs rw,size=1k
nonsense
"""


def test_mounts() -> None:
    first, second = parse_mounts(MOUNTS)
    assert first.shared
    assert not first.read_only
    assert (second.root, second.point) == ("/a b", "/mnt/x y")
    assert second.read_only
    assert second.kind == "tmpfs"


def tree(place: Path, cgroup: str) -> Proc:
    (place / "7").mkdir()
    (place / "7" / "cgroup").write_text(cgroup)
    (place / "7" / "environ").write_bytes(b"LISTEN_FDS=1\0A=b=c\0\0broken\0")
    (place / "7" / "comm").write_text("(demo)\n")
    (place / "7" / "status").write_text("Name:\tx\nState:\tZ (zombie)\n")
    return Proc(str(place))


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/srv/data/x", "/disk/data/x"),
        ("/up/x", "/disk/x"),
        ("/chain/y", "/disk/data/y"),
        ("/not/there", "/not/there"),
        ("/circle/a", "/circle/a"),
        ("/srv/./../disk/", "/disk"),
        ("/", "/"),
    ],
)
def test_a_link_is_followed_below_the_root_of_the_process(
    tmp_path: Path, path: str, where: str
) -> None:
    root = tmp_path / "7" / "root"
    for folder in ("srv", "disk/data"):
        (root / folder).mkdir(parents=True)
    for link, target in (
        ("srv/data", "/disk/data"),
        ("up", "srv/../disk"),
        ("chain", "up/data"),
        ("circle", "/circle"),
    ):
        (root / link).symlink_to(target)
    assert Proc(str(tmp_path)).follow(7, path) == where


def test_a_process_in_a_tree(tmp_path: Path) -> None:
    proc = tree(tmp_path, "1:name=systemd:/\n0::/system.slice/demo.service\n")
    assert proc.cgroup(7) == "/system.slice/demo.service"
    assert proc.environ(7) == {"LISTEN_FDS": "1", "A": "b=c"}
    assert not proc.executed(7)
    assert not proc.alive(7)
    assert proc.pids() == [7]


@pytest.mark.parametrize(
    ("comm", "exe", "environ", "executed"),
    [
        ("server", "/usr/bin/server", b"INVOCATION_ID=1\0", True),
        ("server", "/usr/bin/server", b"", True),
        # each process may give itself any name
        ("(server)", "/usr/bin/server", b"", True),
        ("8", "/opt/systemd-executor", b"", True),
        ("(sd-pam)", "/usr/lib/systemd/systemd-executor", b"", False),
        # 255 and later start the executor by its descriptor: it is named like a number
        ("8", "/usr/lib/systemd/systemd-executor", b"", False),
        ("8", "/usr/lib/systemd/systemd-executor (deleted)", b"", False),
        # before 255 it is a copy of PID 1 at first
        ("systemd", "/usr/lib/systemd/systemd", b"container=docker\0", False),
        ("(server)", "/usr/lib/systemd/systemd", b"container=docker\0", False),
        # a user's manager is the same program, and a service
        ("systemd", "/usr/lib/systemd/systemd", b"INVOCATION_ID=1\0", True),
    ],
)
def test_a_process_that_is_still_the_managers(
    tmp_path: Path, comm: str, exe: str, environ: bytes, executed: bool
) -> None:
    for pid, program in ((1, "/usr/lib/systemd/systemd"), (7, exe)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "exe").symlink_to(program)
    (tmp_path / "7" / "comm").write_text(comm + "\n")
    (tmp_path / "7" / "environ").write_bytes(environ)
    assert Proc(str(tmp_path)).executed(7) is executed


def test_the_older_control_groups(tmp_path: Path) -> None:
    assert (
        tree(tmp_path, "1:name=systemd:/a/b.service\n0::/\n").cgroup(7)
        == "/a/b.service"
    )


def test_a_process_that_has_gone(tmp_path: Path) -> None:
    proc = Proc(str(tmp_path))
    assert proc.links(1) == {}
    assert proc.environ(1) == {}
    assert proc.namespaces(1) == {}
    assert proc.mounts(1) == []
    assert not proc.alive(1)


def test_this_process() -> None:
    proc = Proc()
    with socket.socket() as sock:
        inode = os.fstat(sock.fileno()).st_ino
        assert proc.socket_inodes(os.getpid())[sock.fileno()] == inode
        assert os.getpid() in proc.holders(inode)
    assert proc.alive(os.getpid())
    assert "mnt" in proc.namespaces(os.getpid())
