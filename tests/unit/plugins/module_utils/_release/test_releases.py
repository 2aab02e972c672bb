# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import typing as t
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._release import (
    releases,
)
from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    UnsafeArchive,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    Releases,
    check_programs,
)
from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
    Source,
)
from ansible_collections.activated.services.plugins.module_utils._release.version import (
    MARKER,
    Installed,
    InvalidRelease,
    check_version,
)

DIGEST = "sha256:" + "0" * 64


@pytest.fixture(autouse=True)
def _umask() -> t.Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def shop(tmp_path: Path) -> Releases:
    releases = Releases("shop", str(tmp_path / "opt"), str(tmp_path / "state"))
    releases.prepare()
    return releases


def source(shop: Releases, content: bytes = b"one", **more: str) -> Source:
    path = Path(shop.root).parent.parent / "source.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("bin/app")
        info.size, info.mode = len(content), 0o775
        tar.addfile(info, io.BytesIO(content))
        plain = tarfile.TarInfo("bin/plain")
        tar.addfile(plain)
        for name, target in more.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return Source(str(path), "shop")


def install(shop: Releases, version: str, *, switch: bool = True) -> None:
    shop.install(source(shop, version.encode()), version, Installed(DIGEST))
    if switch:
        shop.switch(version)


# -- versions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "version", ["1", "1.4.2", "2024-01-02T03_04", "1.0~rc1", "1.0+git.abc", "v" * 100]
)
def test_good_versions(version: str) -> None:
    assert check_version(version) == version


@pytest.mark.parametrize(
    "version",
    ["", ".", "..", "1/2", "/1", "-1", ".1", "~1", "1 2", "1\n", "ü", "v" * 101, "1\0"],
)
def test_versions_that_cannot_name_a_folder(version: str) -> None:
    with pytest.raises(InvalidRelease, match="cannot name a release"):
        check_version(version)


@given(st.text())
def test_a_version_is_one_name_below_its_folder(version: str) -> None:
    try:
        check_version(version)
    except InvalidRelease:
        return
    assert os.path.basename(os.path.normpath(f"/r/{version}")) == version


# -- installing -----------------------------------------------------------------------


def test_a_release_is_installed_wholly(shop: Releases) -> None:
    install(shop, "1")
    assert Path(shop.path("1"), "bin/app").read_bytes() == b"1"
    assert shop.installed("1") == Installed(DIGEST)
    assert (shop.current(), shop.versions()) == ("1", ["1"])
    assert os.readlink(shop.link) == "releases/1"
    assert sorted(os.listdir(shop.root)) == ["current", "releases"]
    modes = {
        stat.S_IMODE(p.lstat().st_mode)
        for p in (Path(shop.root), Path(shop.folder), *Path(shop.folder).rglob("*"))
    }
    assert modes == {0o755, 0o644}


def _seen_half(shop: Releases, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What stands in the folder of releases whenever the disk is synced."""
    seen: list[list[str]] = []
    real = releases.sync_tree

    def look(path: str) -> None:
        seen.append([n for n in os.listdir(shop.folder) if n[0] != "."])
        real(path)

    monkeypatch.setattr(releases, "sync_tree", look)
    return seen


def test_a_release_is_not_seen_before_it_is_on_disk(
    shop: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _seen_half(shop, monkeypatch)
    install(shop, "1")
    assert seen == [[]]


def test_replacing_exchanges(shop: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    install(shop, "1")
    seen = _seen_half(shop, monkeypatch)
    other = Installed("sha256:" + "1" * 64)
    shop.install(source(shop, b"other"), "1", other, replace=True)
    assert Path(shop.path("1"), "bin/app").read_bytes() == b"other"
    assert shop.installed("1") == other
    assert os.listdir(shop.folder) == ["1"]
    assert seen == [["1"]]


def test_without_replace_the_old_stays(shop: Releases) -> None:
    install(shop, "1")
    with pytest.raises(OSError, match="not empty"):
        shop.install(source(shop, b"other"), "1", Installed(DIGEST))
    assert Path(shop.path("1"), "bin/app").read_bytes() == b"1"
    assert os.listdir(shop.folder) == ["1"]


@pytest.mark.parametrize("failing", ["sync_tree", "write_json", "sync_folder"])
def test_a_failing_disk_leaves_nothing_half(
    shop: Releases, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_args: t.Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(releases, failing, fail)
    with pytest.raises(OSError, match="Input/output"):
        shop.install(source(shop), "1", Installed(DIGEST))
    left = [name for name in os.listdir(shop.folder) if name.startswith(".")]
    assert left == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_told_and_leaves_nothing(shop: Releases) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", shop.folder]
    subprocess.run(mount, check=True)
    try:
        install(shop, "1")
        big = source(shop, os.urandom(400_000))
        with pytest.raises(InvalidRelease, match=r"no space is left .* version 2"):
            shop.install(big, "2", Installed(DIGEST))
        assert os.listdir(shop.folder) == ["1"]
        assert shop.current() == "1"
        install(shop, "3")
    finally:
        subprocess.run(["umount", shop.folder], check=True)


def test_a_refused_archive_leaves_nothing(shop: Releases) -> None:
    with pytest.raises(UnsafeArchive):
        shop.install(source(shop, evil="../../etc"), "1", Installed(DIGEST))
    assert os.listdir(shop.folder) == []


def test_what_a_crash_left_goes_with_the_next_run(shop: Releases) -> None:
    install(shop, "1")
    hidden = Path(shop.folder, ".2.abcdef12")
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "app").write_text("half")
    Path(shop.folder, ".3.gone").symlink_to("/etc")
    Path(shop.folder, ".git").mkdir()
    shop.prepare()
    assert sorted(os.listdir(shop.folder)) == [".git", "1"], "a stranger's stays"
    assert Path("/etc").exists()


def test_what_others_made_is_not_removed(shop: Releases) -> None:
    """The layout of other tools is the same: only what bears our marker is ours."""
    theirs = Path(shop.folder, "20200101")
    theirs.mkdir(parents=True)
    (theirs / "data").write_text("theirs")
    Path(shop.link).symlink_to("releases/20200101")
    assert not shop.present()
    with pytest.raises(InvalidRelease, match="not made by this collection"):
        shop.check_place()
    install(shop, "1", switch=False)
    assert shop.present()
    shop.remove_all()
    assert (theirs / "data").read_text() == "theirs"
    assert os.readlink(shop.link) == "releases/20200101"
    assert os.listdir(shop.folder) == ["20200101"]


def test_what_a_deployment_uses_is_not_surplus(shop: Releases) -> None:
    for version in ("1", "2", "3"):
        install(shop, version)
        shop.switch(version)
    assert shop.surplus(1, "3") == ["1"]
    assert shop.surplus(1, "3", {"1"}) == []


# -- the programs that it must hold ---------------------------------------------------


@pytest.mark.parametrize(
    "program", ["bin/app", "./bin/app", "run", "b/app", "b/../run"]
)
def test_finds_programs(shop: Releases, program: str) -> None:
    check_programs(source(shop, run="bin/app", b="bin"), 0, [program])


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            "bin/other",
            "'bin/other' is not in the release; what can be run there: bin/app",
        ),
        ("app", "is not in the release; .* bin/app .is strip_components missing"),
        ("bin/plain", "'bin/plain' is in the release, but cannot be run"),
        ("bin", "is not in the release"),
        ("dangling", "is not in the release"),
        ("../../bin/sh", "leads outside"),
    ],
)
def test_misses_programs(shop: Releases, program: str, says: str) -> None:
    with pytest.raises(InvalidRelease, match=says):
        check_programs(source(shop, dangling="nowhere"), 0, [program])


# -- which is current, which was before -----------------------------------------------


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    shop = Releases("shop", str(tmp_path / "opt"), str(tmp_path / "state"))
    assert (shop.current(), shop.previous(), shop.versions()) == (None, None, [])
    assert shop.history() == []
    assert not shop.present()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("switches", "current", "previous"),
    [
        ("1", "1", None),
        ("12", "2", "1"),
        ("123", "3", "2"),
        ("121", "1", "2"),
        ("1232", "2", "3"),
        ("1231", "1", "3"),
        ("122", "2", "1"),
        ("1212", "2", "1"),
    ],
)
def test_what_was_before_is_what_was_current_before(
    shop: Releases, switches: str, current: str, previous: str | None
) -> None:
    for version in sorted(set(switches)):
        install(shop, version, switch=False)
    for version in switches:
        shop.switch(version)
    assert (shop.current(), shop.previous()) == (current, previous)


def test_an_interrupted_switch_is_not_what_was_before(
    shop: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in "1234":
        install(shop, version, switch=False)
    shop.switch("1")
    shop.switch("2")

    def crash(*_args: t.Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(releases, "turn_link", crash)
        with pytest.raises(KeyboardInterrupt):
            shop.switch("3")
    assert (shop.current(), shop.previous()) == ("2", "1")
    shop.switch("4")
    assert (shop.current(), shop.previous()) == ("4", "2")


def test_what_was_before_goes_by_no_date(shop: Releases) -> None:
    for version in "123":
        install(shop, version)
    os.utime(shop.path("1"), (2**31, 2**31))
    os.utime(shop.path("2"), (1, 1))
    assert shop.previous() == "2"


def test_a_record_that_is_lost_or_broken_is_none(shop: Releases) -> None:
    install(shop, "1")
    for text in ("", "[]", "{}", '{"history": [1, null, "1"]}'):
        Path(shop.state, "releases.json").write_text(text)
        assert shop.current() == "1"
        assert shop.previous() is None
    os.unlink(Path(shop.state, "releases.json"))
    install(shop, "2")
    assert shop.previous() == "1"


def test_the_record_holds_only_what_is_installed(shop: Releases) -> None:
    for version in "1234":
        install(shop, version)
    shop.remove("1")
    shop.switch("2")
    assert shop.history() == ["3", "4", "2"]


@pytest.mark.parametrize("target", ["/srv/1", "releases", "releases/1/bin", "../x/1"])
def test_a_strange_link_is_not_taken_for_a_release(shop: Releases, target: str) -> None:
    os.symlink(target, shop.link)
    with pytest.raises(InvalidRelease, match="none of the releases"):
        shop.current()


@pytest.mark.parametrize(
    "target", ["releases/1", "releases/1/", "./releases/1", "{}/1"]
)
def test_a_link_that_was_turned_by_hand_is_understood(
    shop: Releases, target: str
) -> None:
    os.symlink(target.format(shop.folder), shop.link)
    assert shop.current() == "1"


def test_current_must_be_a_link(shop: Releases) -> None:
    os.mkdir(shop.link)
    with pytest.raises(InvalidRelease, match="is no link"):
        shop.current()


def test_folders_of_others_are_no_versions(shop: Releases) -> None:
    install(shop, "1")
    os.mkdir(shop.path("other"))
    Path(shop.path("other"), MARKER).write_text("[]")
    assert shop.versions() == ["1"]


# -- who else may write there ---------------------------------------------------------


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
@pytest.mark.parametrize("where", ["root", "folder"])
def test_a_folder_that_others_can_write_to_is_refused(
    shop: Releases, where: str, mode: int
) -> None:
    os.chmod(getattr(shop, where), mode)
    with pytest.raises(InvalidRelease, match="by others than root"):
        shop.prepare()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give away")
@pytest.mark.parametrize("where", ["root", "folder"])
def test_a_folder_of_another_is_refused(shop: Releases, where: str) -> None:
    os.chown(getattr(shop, where), 1234, 0)
    with pytest.raises(InvalidRelease, match="user 1234"):
        shop.prepare()


def test_a_folder_that_leads_elsewhere_is_refused(shop: Releases) -> None:
    elsewhere = Path(shop.root).parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".precious").write_text("")
    os.rmdir(shop.folder)
    os.symlink(elsewhere, shop.folder)
    with pytest.raises(InvalidRelease, match="is no folder"):
        shop.prepare()
    assert (elsewhere / ".precious").exists()


# -- keeping and removing -------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "keep", "coming", "gone"),
    [
        ("12345", 3, None, "12"),
        ("12345", 1, None, "123"),  # the one before is never taken
        ("12345", 2, None, "123"),
        ("12345", 9, None, ""),
        ("12345", 3, "6", "123"),
        ("12345", 2, "6", "1234"),
        ("12345", 3, "5", "12"),
        ("123451", 3, None, "23"),
        ("12345", 3, "1", "23"),  # back to 1: 5 is the one before
        ("12345", 2, "2", "134"),
        ("1", 1, None, ""),
        ("1", 1, "2", ""),
    ],
)
def test_what_is_kept(
    shop: Releases, switches: str, keep: int, coming: str | None, gone: str
) -> None:
    for version in sorted(set(switches)):
        install(shop, version, switch=False)
    for version in switches:
        shop.switch(version)
    assert "".join(sorted(shop.surplus(keep, coming))) == gone


@given(
    st.lists(st.sampled_from("123456"), min_size=1, max_size=9),
    st.integers(1, 7),
    st.sampled_from([None, *"1234567"]),
)
def test_neither_the_current_nor_the_one_before_is_ever_taken(
    switches: list[str], keep: int, coming: str | None
) -> None:
    class Remembered(Releases):
        """The same decisions, on a host that is a list."""

        def current(self) -> str | None:
            return switches[-1]

        def history(self) -> list[str]:
            return [v for n, v in enumerate(switches) if v not in switches[n + 1 :]]

        def installed(self, version: str) -> Installed | None:
            return Installed(DIGEST) if version in switches else None

        def versions(self) -> list[str]:
            return sorted(set(switches))

    shop = Remembered("shop")
    gone = shop.surplus(keep, coming)
    left = set(switches) - set(gone)
    current = coming or switches[-1]
    before = switches[-1] if current != switches[-1] else shop.previous()
    assert {current, before} & set(gone) == set()
    assert len(gone) == len(set(gone))
    assert len(left | {current}) <= max(keep, 2)
    assert gone == [] or len(left | {current}) >= keep


def test_a_removed_release_is_gone(shop: Releases) -> None:
    install(shop, "1")
    install(shop, "2")
    os.mkdir(os.path.join(shop.folder, ".1.gone"))
    Path(shop.folder, ".1.gone", "left by a crash").touch()
    shop.remove("1")
    assert os.listdir(shop.folder) == ["2"]


def test_removing_all_takes_only_what_is_ours(shop: Releases, tmp_path: Path) -> None:
    install(shop, "1")
    Path(shop.root, "notes").write_text("mine")
    assert shop.present()
    shop.remove_all()
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == [
        "opt",
        "opt/shop",
        "opt/shop/notes",
        "source.tar",
    ]
    assert not shop.present()


@pytest.mark.parametrize("where", ["root", "folder"])
@pytest.mark.parametrize("how", ["mode", "link"])
def test_nothing_is_removed_where_others_could_lead_it(
    shop: Releases, tmp_path: Path, where: str, how: str
) -> None:
    install(shop, "1")
    place = Path(getattr(shop, where))
    if how == "mode":
        place.chmod(0o777)
    else:
        place.rename(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidRelease, match=r"others than root|is no folder"):
        shop.remove_all()
    assert shop.installed("1")


def test_removing_all_leaves_nothing(shop: Releases, tmp_path: Path) -> None:
    install(shop, "1")
    os.symlink("left", os.path.join(shop.root, ".current.new"))
    Path(shop.lock).touch()
    shop.remove_all()
    assert sorted(os.listdir(tmp_path)) == ["opt", "source.tar"]
    assert os.listdir(tmp_path / "opt") == []


def test_the_state_of_others_stays(shop: Releases) -> None:
    install(shop, "1")
    Path(shop.state, "generation.json").write_text("{}")
    Path(shop.lock).touch()
    shop.remove_all()
    assert sorted(os.listdir(shop.state)) == ["generation.json", "lock"]
