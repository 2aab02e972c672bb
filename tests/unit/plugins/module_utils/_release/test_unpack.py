# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives are made here byte by byte, and really unpacked."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import tempfile
import typing as t
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._release import unpack
from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    UnsafeArchive,
)
from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
    Source,
    pack_directory,
)

TARS = ("tar", "gz", "xz", "bz2", "zst")
ALL = (*TARS, "zip")
CONTENT = b"#!/bin/sh\necho hello\n" + bytes(range(256)) * 5
# path -> (mode, content or, for a link, where to)
TREE: dict[str, tuple[int, t.Any]] = {
    "bin": (stat.S_IFDIR | 0o777, None),
    "bin/app": (stat.S_IFREG | 0o6775, CONTENT),
    "bin/link": (stat.S_IFLNK | 0o777, "app"),
    "etc/plain": (stat.S_IFREG | 0o666, b"plain"),
    "etc/empty": (stat.S_IFREG | 0o600, b""),
}
UNPACKED = {
    "bin": ("dir", 0o755, None),
    "bin/app": ("file", 0o755, CONTENT),
    "bin/link": ("link", None, "app"),
    "etc": ("dir", 0o755, None),
    "etc/plain": ("file", 0o644, b"plain"),
    "etc/empty": ("file", 0o644, b""),
}


def tarred(tree: t.Mapping[str, tuple[int, t.Any]] = TREE, **more: t.Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **more) as tar:
        for name, (mode, content) in tree.items():
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.gid = mode & 0o7777, 1234, 1234
            if stat.S_ISDIR(mode):
                info.type = tarfile.DIRTYPE
            elif stat.S_ISLNK(mode):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return out.getvalue()


def zipped(tree: t.Mapping[str, tuple[int, t.Any]] = TREE) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (mode, content) in tree.items():
            folder = stat.S_ISDIR(mode)
            info = zipfile.ZipInfo(name + "/" * folder)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content or b"")
    return out.getvalue()


def packed(kind: str, tar: bytes | None = None) -> bytes:
    """The tree, in one of the formats."""
    if kind == "zip":
        return zipped()
    plain = tarred() if tar is None else tar
    if kind == "tar":
        return plain
    if kind == "zst":
        return subprocess.run(
            [_zstd(), "-cq"], input=plain, capture_output=True, check=True
        ).stdout
    pack = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[kind]
    return pack(plain)


def _zstd() -> str:
    """Python writes Zstandard from 3.14 on; before, only the program does."""
    return shutil.which("zstd") or pytest.skip("no zstd here to make an archive with")


def source(tmp_path: Path, data: bytes, name: str = "source") -> Source:
    path = tmp_path / name
    path.write_bytes(data)
    return Source(str(path), "program")


def listing(folder: Path) -> dict[str, tuple[str, int | None, t.Any]]:
    found: dict[str, tuple[str, int | None, t.Any]] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            found[name] = ("link", None, os.readlink(path))
        elif path.is_dir():
            found[name] = ("dir", mode, None)
        else:
            found[name] = ("file", mode, path.read_bytes())
    return found


def unpacked(tmp_path: Path, data: bytes, strip: int = 0) -> dict[str, t.Any]:
    into = Path(tempfile.mkdtemp(dir=tmp_path))
    source(tmp_path, data).unpack(str(into), strip)
    return listing(into)


@pytest.fixture(autouse=True)
def _umask() -> t.Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


# -- formats and modes ----------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_unpacks_each_format_and_no_dangerous_mode(tmp_path: Path, kind: str) -> None:
    assert unpacked(tmp_path, packed(kind)) == UNPACKED


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT])
def test_unpacks_each_dialect_of_tar(tmp_path: Path, form: int) -> None:
    assert unpacked(tmp_path, tarred(format=form)) == UNPACKED


def test_unpacks_what_tar_itself_makes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / ("long" * 40)).mkdir(parents=True)
    (tree / ("long" * 40) / ("name" * 40)).write_text("x")
    (tree / "one").write_text("1")
    (tree / "two").hardlink_to(tree / "one")
    made = subprocess.run(
        ["tar", "-C", str(tree), "-c", "."], capture_output=True, check=True
    ).stdout
    assert unpacked(tmp_path, made) == listing(tree)


@pytest.mark.parametrize("content", [b"\x7fELF" + bytes(60), b"#!/bin/sh\nexit\n"])
def test_a_program_gets_the_name_of_the_service(tmp_path: Path, content: bytes) -> None:
    assert unpacked(tmp_path, content) == {"program": ("file", 0o755, content)}


def test_belongs_to_whoever_unpacks(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    source(tmp_path, tarred()).unpack(str(into))
    owners = {(p.lstat().st_uid, p.lstat().st_gid) for p in into.rglob("*")}
    assert owners == {(os.geteuid(), os.getegid())}


def test_strips(tmp_path: Path) -> None:
    tree = {f"app-1/{name}": what for name, what in TREE.items()}
    for data in (tarred(tree), zipped(tree)):
        assert unpacked(tmp_path, data, 1) == UNPACKED


# -- cut short, damaged, lying --------------------------------------------------------


@pytest.mark.parametrize("kind", [k for k in ALL if k != "zst"])
def test_cut_at_any_byte_it_is_refused_or_whole(tmp_path: Path, kind: str) -> None:
    whole = packed(kind)
    if kind == "tar":
        whole = whole[: len(whole.rstrip(b"\0")) // 512 * 512 + 512 + 1024]
    # of a tar's last block, which says nothing, some bytes stand for all
    end = len(whole) - 512 if kind == "tar" else len(whole)
    lengths = [*range(end), *range(end, len(whole), 97)]
    path, into = tmp_path / "source", tmp_path / "into"
    path.write_bytes(whole)
    into.mkdir()
    accepted = []
    for length in reversed(lengths):
        os.truncate(path, length)
        try:
            Source(str(path), "program").unpack(str(into))
        except UnsafeArchive:
            continue
        assert listing(into) == UNPACKED, f"cut at {length} of {len(whole)}"
        shutil.rmtree(into)
        into.mkdir()
        accepted.append(length)
    assert [length for length in accepted if length < end] == []
    assert listing(into) == {}


def test_cut_zstd_is_refused(tmp_path: Path) -> None:
    whole = packed("zst")
    for length in {1, 4, 5, len(whole) // 3, len(whole) // 2, len(whole) - 4} | {
        len(whole) - 1
    }:
        with pytest.raises(UnsafeArchive):
            unpacked(tmp_path, whole[:length])


def test_an_entry_before_the_beginning_is_refused(tmp_path: Path) -> None:
    whole = bytearray(packed("zip"))
    end = whole.rindex(b"PK\x05\x06")
    # the directory is said to begin later than it does, so that all offsets shrink
    start = int.from_bytes(whole[end + 16 : end + 20], "little")
    whole[end + 16 : end + 20] = (start + 7).to_bytes(4, "little")
    with pytest.raises(UnsafeArchive, match="before the archive"):
        unpacked(tmp_path, bytes(whole))


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst", "zip"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_one_changed_byte_is_refused_or_changes_nothing(
    kind: str, data: st.DataObject
) -> None:
    whole = bytearray(packed(kind))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = unpacked(Path(folder), bytes(whole))
        except UnsafeArchive:
            return
        except OSError as exc:  # a name that the disk does not take
            if kind != "zip" or exc.errno != errno.ENAMETOOLONG:
                raise
            return
        contents = sorted(str(c) for kind, _m, c in found.values() if kind == "file")
        wanted = sorted(str(c) for kind, _m, c in UNPACKED.values() if kind == "file")
        # zip keeps checksums of contents, not of names, kinds and modes
        if kind == "zip":
            assert set(contents) <= {*wanted, str(b"app")}
        else:
            assert found == UNPACKED


@given(
    st.sampled_from([b"\x1f\x8b\x08", b"PK\x03\x04", b"\xfd7zXZ\0", b"BZh9", b"\0"]),
    st.binary(max_size=2000),
)
@settings(deadline=None)
def test_any_bytes_are_refused_in_our_words(head: bytes, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(UnsafeArchive):
        unpacked(Path(folder), head + data)


@pytest.mark.parametrize("kind", TARS)
def test_an_archive_that_ends_without_its_end_is_refused(
    tmp_path: Path, kind: str
) -> None:
    tar = tarred()
    last = len(tar.rstrip(b"\0")) // 512 * 512 + 512
    with pytest.raises(UnsafeArchive, match="end of the archive is missing"):
        unpacked(tmp_path, packed(kind, tar[:last]))


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zst"])
def test_what_is_compressed_and_no_tar_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UnsafeArchive, match="no tar archive"):
        unpacked(tmp_path, packed(kind, b"hello" * 500))


def test_a_damaged_header_in_the_middle_is_refused(tmp_path: Path) -> None:
    tar = bytearray(tarred())
    place = bytes(tar).index(b"etc/plain")
    tar[place] ^= 1
    with pytest.raises(UnsafeArchive):
        unpacked(tmp_path, bytes(tar))


def test_a_negative_size_ends_at_once(tmp_path: Path) -> None:
    tar = bytearray(tarred({"a": (stat.S_IFREG | 0o644, b"x")}))
    tar[124:136] = struct.pack(">Bxxxq", 0xFF, -1024)
    tar[125:128] = b"\xff\xff\xff"
    tar[148:156] = b" " * 8
    tar[148:156] = b"%06o\0 " % sum(tar[:512])
    with pytest.raises(UnsafeArchive):
        unpacked(tmp_path, bytes(tar))


def test_holes_are_no_release(tmp_path: Path) -> None:
    (tmp_path / "sparse").write_bytes(b"x")
    os.truncate(tmp_path / "sparse", 10_000_000)
    for form in ("gnu", "pax"):
        made = subprocess.run(
            ["tar", "-C", str(tmp_path), "-cS", f"--format={form}", "sparse"],
            capture_output=True,
            check=True,
        ).stdout
        with pytest.raises(UnsafeArchive, match="kind that no release needs"):
            unpacked(tmp_path, made)


@pytest.mark.parametrize(
    "kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"Z"]
)
def test_special_files_are_refused(tmp_path: Path, kind: bytes) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("plain"))
        info = tarfile.TarInfo("dev")
        info.type = kind
        tar.addfile(info)
    with pytest.raises(UnsafeArchive, match="'dev' is a device"):
        unpacked(tmp_path, out.getvalue())


def _zip_saying(size: int, crc: int | None) -> bytes:
    """A zip of 1000 bytes that declares another size, or another checksum."""
    body = b"a" * 1000
    data = bytearray(zipped({"f": (stat.S_IFREG | 0o644, body)}))
    crc = zlib.crc32(body[:size]) if crc is None else crc
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, 14, crc)
    struct.pack_into("<L", data, 22, size)
    struct.pack_into("<L", data, central + 16, crc)
    struct.pack_into("<L", data, central + 24, size)
    return bytes(data)


@pytest.mark.parametrize(
    ("size", "crc"),
    [
        pytest.param(999, zlib.crc32(b"a" * 1000), id="more"),
        pytest.param(10, None, id="more-and-a-fitting-checksum"),
        pytest.param(0, None, id="declares-nothing"),
        pytest.param(1001, zlib.crc32(b"a" * 1000), id="less"),
        pytest.param(1000, 1, id="other-checksum"),
    ],
)
def test_a_zip_that_lies_is_refused(tmp_path: Path, size: int, crc: int | None) -> None:
    assert unpacked(tmp_path, _zip_saying(1000, None))["f"][2] == b"a" * 1000
    with pytest.raises(UnsafeArchive, match=r"declares|cut short"):
        unpacked(tmp_path, _zip_saying(size, crc))


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"f": (stat.S_IFREG | 0o644, b"x" * 50)}))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    with pytest.raises(UnsafeArchive, match="cannot be read here"):
        unpacked(tmp_path, bytes(data))


def test_a_zip_s_links_are_judged(tmp_path: Path) -> None:
    for target in (b"../../etc", b"x" * 5000):
        tree = {"f": (stat.S_IFREG, b""), "l": (stat.S_IFLNK, target)}
        with pytest.raises(UnsafeArchive, match="the link 'l' leads"):
            unpacked(tmp_path, zipped(tree))


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"PK", b"\x1f", bytes(1024), b"<html>404</html>"]
)
def test_what_is_neither_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(UnsafeArchive, match="neither an archive"):
        unpacked(tmp_path, data)


def test_zstd_without_zstd_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed("zst")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsafeArchive, match=r"install zstd or send \.tar\.gz"):
        unpacked(tmp_path, data)


def test_refusing_writes_nothing(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    bad = {**TREE, "z": (stat.S_IFLNK, "../../etc")}
    with pytest.raises(UnsafeArchive):
        source(tmp_path, tarred(bad)).unpack(str(into))
    assert listing(into) == {}


def test_a_file_that_is_there_already_is_not_written_through(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (tmp_path / "victim").write_text("mine")
    (into / "f").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        source(tmp_path, tarred({"f": (stat.S_IFREG, b"theirs")})).unpack(str(into))
    assert (tmp_path / "victim").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_the_disk_s_error(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    tree = {"f": (stat.S_IFREG, os.urandom(200_000))}
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(into)], check=True
    )
    try:
        with pytest.raises(OSError, match="No space left") as caught:
            source(tmp_path, packed("gz", tarred(tree))).unpack(str(into))
        assert caught.value.errno == errno.ENOSPC
    finally:
        subprocess.run(["umount", str(into)], check=True)


# -- folders --------------------------------------------------------------------------


def _folder(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "etc").mkdir()
    (tree / "bin" / "app").write_bytes(CONTENT)
    (tree / "bin" / "app").chmod(0o4755)
    (tree / "bin" / "link").symlink_to("app")
    (tree / "etc" / "plain").write_bytes(b"plain")
    (tree / "etc" / "empty").touch()
    return tree


def _packed_folder(tree: Path) -> bytes:
    out = io.BytesIO()
    pack_directory(str(tree), out)
    return out.getvalue()


def test_a_folder_comes_out_as_it_went_in(tmp_path: Path) -> None:
    assert unpacked(tmp_path, _packed_folder(_folder(tmp_path))) == UNPACKED


def test_a_folder_s_bytes_depend_on_its_content_alone(tmp_path: Path) -> None:
    tree = _folder(tmp_path)
    first = _packed_folder(tree)
    other = tmp_path / "other"
    shutil.copytree(tree, other, symlinks=True)
    os.utime(other / "etc" / "plain", (1, 1))
    (other / "etc" / "plain").chmod(0o600)
    assert _packed_folder(other) == first
    (other / "etc" / "plain").write_bytes(b"plaim")
    assert _packed_folder(other) != first
    (other / "etc" / "plain").write_bytes(b"plain")
    (other / "etc" / "plain").chmod(0o755)
    assert _packed_folder(other) != first


def test_hard_links_in_a_folder_become_files(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_text("x")
    (tree / "b").hardlink_to(tree / "a")
    assert unpacked(tmp_path, _packed_folder(tree)) == {
        "a": ("file", 0o644, b"x"),
        "b": ("file", 0o644, b"x"),
    }


def test_a_folder_with_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeArchive, match="pipe' is no file"):
        _packed_folder(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = _folder(tmp_path)

    def scandir(path: str, real: t.Any = os.scandir) -> t.Any:
        if path.endswith("etc"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(unpack.os, "scandir", scandir)
    with pytest.raises(PermissionError):
        _packed_folder(tree)
