# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._host import files
from ansible_collections.activated.services.plugins.module_utils._host.files import (
    Locked,
    exchange,
    fresh_path,
    lock,
    read_json,
    read_text,
    remove,
    turn_link,
    write_file,
    write_json,
)


@pytest.fixture(autouse=True)
def _strange_umask() -> t.Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


# -- reading and writing --------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "a\n", "a\r\nb", "é\udcff\u2028", "\0"])
def test_what_is_written_is_read(tmp_path: Path, text: str) -> None:
    path = str(tmp_path / "file")
    write_file(path, text)
    assert read_text(path) == text


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755])
def test_the_mode_is_the_one_asked_for(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    write_file(str(path), b"x", mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no json")
    assert read_text(str(tmp_path / "none")) is None
    assert read_text(str(tmp_path / "file" / "below")) is None
    assert read_json(str(tmp_path / "none")) is None
    assert read_json(str(tmp_path / "file")) is None


def test_json_comes_back(tmp_path: Path) -> None:
    write_json(str(tmp_path / "f"), {"b": ["é", 1], "a": None})
    assert read_json(str(tmp_path / "f")) == {"a": None, "b": ["é", 1]}
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_a_file_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        write_file(str(path), "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_text("mine")
    path.symlink_to(victim)
    write_file(str(path), "new")
    assert (victim.read_text(), path.is_symlink()) == ("mine", False)


@pytest.mark.parametrize("failing", ["fsync", "rename", "fchmod"])
def test_a_write_that_fails_leaves_the_old_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_args: t.Any) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "file").write_text("old")
    monkeypatch.setattr(files.os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        write_file(str(tmp_path / "file"), "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


_CRASH = """
import os, sys
from ansible_collections.activated.services.plugins.module_utils._host import files
setattr(files.os, sys.argv[2], lambda *_: os.kill(os.getpid(), 9))
files.write_file(sys.argv[1], "new" * 100000)
"""


@pytest.mark.parametrize("moment", ["fchmod", "fsync", "rename"])
def test_a_write_that_is_killed_leaves_the_old(tmp_path: Path, moment: str) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", _CRASH, path, moment], env=_env())
    assert done.returncode == -9
    assert path.read_text() == "old"


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_removing_is_done_once(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    remove(str(tmp_path / "f"))
    remove(str(tmp_path / "f"))
    assert list(tmp_path.iterdir()) == []


# -- links ----------------------------------------------------------------------------


def test_a_link_turns_and_leaves_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "current")
    for target in ("releases/1", "releases/2", "releases/1"):
        turn_link(path, target)
        assert os.readlink(path) == target
    assert os.listdir(tmp_path) == ["current"]


def test_a_link_turns_over_what_a_crash_left(tmp_path: Path) -> None:
    path = str(tmp_path / "current")
    os.symlink("stale", fresh_path(path))
    turn_link(path, "new")
    assert (os.readlink(path), os.listdir(tmp_path)) == ("new", ["current"])


def test_a_link_is_there_at_every_moment(tmp_path: Path) -> None:
    path = str(tmp_path / "current")
    turn_link(path, "0")
    missed, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                os.readlink(path)
            except OSError as exc:
                missed.append(exc)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(200):
        turn_link(path, str(number))
    done.set()
    reader.join()
    assert missed == []


def test_a_link_that_cannot_turn_leaves_the_old(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    (tmp_path / "current" / "x").touch()
    with pytest.raises(OSError, match="directory"):
        turn_link(str(tmp_path / "current"), "new")
    assert os.listdir(tmp_path) == ["current"]


def test_two_folders_change_places(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    exchange(str(tmp_path / "a"), str(tmp_path / "b"))
    assert os.listdir(tmp_path / "a") == ["b"]
    assert os.listdir(tmp_path / "b") == ["a"]


def test_nothing_changes_places_with_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(FileNotFoundError):
        exchange(str(tmp_path / "a"), str(tmp_path / "b"))


# -- the lock -------------------------------------------------------------------------

_HOLD = """
import sys
from ansible_collections.activated.services.plugins.module_utils._host.files import lock
with lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> t.Iterator[subprocess.Popen[bytes]]:
    """Another process, which holds the lock until its standard input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "state" / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_env(),
    )
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lock_is_held_by_one(tmp_path: Path, holder: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "state" / "lock"
    with pytest.raises(Locked, match="another run has held"), lock(str(path), 0.1):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_lock_is_waited_for(tmp_path: Path, holder: subprocess.Popen[bytes]) -> None:
    assert holder.stdin
    threading.Timer(0.3, holder.stdin.close).start()
    begin = time.monotonic()
    with lock(str(tmp_path / "state" / "lock"), 20):
        assert time.monotonic() - begin > 0.25


def test_a_lock_goes_with_a_killed_process(
    tmp_path: Path, holder: subprocess.Popen[bytes]
) -> None:
    holder.kill()
    holder.wait()
    with lock(str(tmp_path / "state" / "lock"), 0):
        pass


def test_a_lock_on_a_file_that_went_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening and locking, whoever held it takes the file and folder away."""
    path = tmp_path / "state" / "lock"
    real, calls = files.fcntl.flock, []

    def flock(handle: int, how: int) -> None:
        if not calls:
            path.unlink()
            path.parent.rmdir()
        calls.append(how)
        real(handle, how)

    monkeypatch.setattr(files.fcntl, "flock", flock)
    with lock(str(path), 0):
        assert path.exists()
        with pytest.raises(Locked), lock(str(path), 0):
            pass


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with pytest.raises(ZeroDivisionError), lock(path):
        raise ZeroDivisionError
    with lock(path, 0):
        pass
