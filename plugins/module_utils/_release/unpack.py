# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Reads archives, single programs and folders alike, and unpacks them into a folder.

A source is told by its first bytes, not by its name. Everything is listed and judged
before anything is written; what is written belongs to root, is writable by nobody else
and carries no set-uid bit.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import typing as t
import zipfile
import zlib

from .archive import Member, UnsafeArchive, judge

_BLOCK = 1024 * 1024
_LONGEST_TARGET = 4095  # PATH_MAX

# What the libraries raise for a source that is cut short or damaged.
_DAMAGE = (
    EOFError,
    ValueError,
    OverflowError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Source:
    """One archive or program, opened twice: once to list it, once to unpack it."""

    def __init__(self, path: str, program: str) -> None:
        """`program` is the name that a single program gets inside of the release."""
        self.path = path
        self.program = program
        self.kind = _kind(path)
        self._members: list[Member] | None = None

    def members(self) -> list[Member]:
        """All entries, the whole source read (once) and its checksums compared.

        Raises UnsafeArchive for a source that is cut short, damaged or no archive.
        """
        if self._members is None:
            with self._errors():
                self._members = [member for member, _content in self._entries()]
        return self._members

    def unpack(self, into: str, strip: int = 0) -> None:
        """Write the judged members below `into`, which must be an empty folder.

        Raises UnsafeArchive as `members` does, and OSError where writing fails.
        """
        judged = judge(self.members(), strip)
        with self._errors():
            for (_raw, content), member in zip(self._entries(), judged):
                if member is not None:
                    _write(into, member, content)

    def _entries(self) -> t.Iterator[tuple[Member, t.IO[bytes] | None]]:
        if self.kind == "zip":
            return _zip_entries(self.path)
        if self.kind == "program":
            return _program_entry(self.path, self.program)
        return _tar_entries(self.path, self.kind)

    @contextlib.contextmanager
    def _errors(self) -> t.Iterator[None]:
        try:
            yield
        except UnsafeArchive:
            raise
        except _DAMAGE as exc:
            raise UnsafeArchive(f"it is cut short or damaged ({exc})") from exc
        except (NotImplementedError, RuntimeError) as exc:
            # zipfile's words for a compression or an encryption that it does not know
            raise UnsafeArchive(f"it cannot be read here ({exc})") from exc
        except OSError as exc:
            if exc.errno is None:  # gzip and lzma tell of damage like this
                raise UnsafeArchive(f"it is cut short or damaged ({exc})") from exc
            raise


def _kind(path: str) -> str:
    with open(path, "rb") as file:
        head = file.read(512)
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"BZh"):
        return "bz2"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zst"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith((b"\x7fELF", b"#!")):
        return "program"
    raise UnsafeArchive(
        "it is neither an archive (tar, tar.gz, tar.xz, tar.bz2, tar.zst, zip) "
        "nor a program (ELF, or a script that begins with #!)"
    )


# -- tar ------------------------------------------------------------------------------


def _tar_entries(path: str, kind: str) -> t.Iterator[tuple[Member, t.Any]]:
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_decompressed(path, kind))
        try:
            tar = stack.enter_context(
                tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape")
            )
        except tarfile.ReadError as exc:
            raise UnsafeArchive(f"it is no tar archive, or cut short ({exc})") from exc
        for info in tar:
            # Older tarfiles go backwards by a negative size, for ever (CVE-2025-8194).
            if info.size < 0:
                raise UnsafeArchive(f"it is damaged: {info.name!r} has a negative size")
            content = tar.extractfile(info) if info.isreg() else None
            yield _tar_member(info), content
        # tarfile takes the end of the file for the end of the archive; a whole archive
        # ends with a block of zeros, and its compression with a checksum.
        stream.seek(tar.offset)
        end = stream.read(512)
        if end != bytes(512):
            raise UnsafeArchive("it is cut short: the end of the archive is missing")
        while stream.read(_BLOCK):
            pass


def _tar_member(info: tarfile.TarInfo) -> Member:
    kind: t.Any = "special"
    if info.isdir():
        kind = "directory"
    elif info.issym():
        kind = "symlink"
    elif info.islnk():
        kind = "hardlink"
    elif info.isreg() and not info.issparse():
        kind = "file"
    return Member(
        name=info.name,
        kind=kind,
        size=info.size,
        executable=bool(info.mode & 0o111),
        target=info.linkname,
    )


def _decompressed(path: str, kind: str) -> t.Any:
    """A context that gives the plain bytes of a file, whatever compressed them."""
    if kind == "zst":
        return _zstd(path)
    if kind == "gz":
        import gzip

        return gzip.GzipFile(path, "rb")
    if kind == "xz":
        return lzma.LZMAFile(path, "rb")
    if kind == "bz2":
        import bz2

        return bz2.BZ2File(path, "rb")
    return io.FileIO(path, "rb")


@contextlib.contextmanager
def _zstd(path: str) -> t.Iterator[t.IO[bytes]]:
    """The standard library reads Zstandard from Python 3.14 on; before, zstd(1) does."""
    try:
        from compression import zstd  # type: ignore[import-not-found]
    except ImportError:
        zstd = None
    if zstd is not None:
        try:
            with zstd.open(path, "rb") as stream:
                yield stream
        except zstd.ZstdError as exc:
            raise UnsafeArchive(f"it is cut short or damaged ({exc})") from exc
        return
    program = shutil.which("zstd")
    if program is None:
        raise UnsafeArchive(
            "it is compressed with Zstandard, which this host can only read with the "
            "program zstd or with Python 3.14; install zstd or send .tar.gz"
        )
    with tempfile.TemporaryFile() as plain:
        done = subprocess.run(
            [program, "-dcq", "--", path],
            stdin=subprocess.DEVNULL,
            stdout=plain,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip()
            if os.strerror(errno.ENOSPC) in reason:
                raise OSError(errno.ENOSPC, reason)
            raise UnsafeArchive(f"it is cut short or damaged ({reason})")
        plain.seek(0)
        yield t.cast("t.IO[bytes]", plain)


# -- zip, and a single program --------------------------------------------------------


def _zip_entries(path: str) -> t.Iterator[tuple[Member, t.Any]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            _refuse_damaged(archive, info)
            mode = info.external_attr >> 16
            kind = _zip_kind(info, mode)
            if kind == "symlink" and info.file_size > _LONGEST_TARGET:
                raise UnsafeArchive(f"the link {info.filename!r} leads to no path")
            target = archive.read(info).decode("utf-8") if kind == "symlink" else ""
            member = Member(
                name=info.filename.rstrip("/") if info.is_dir() else info.filename,
                kind=kind,
                size=info.file_size,
                executable=bool(mode & 0o111),
                target=target,
            )
            if kind == "file":
                with archive.open(info) as content:
                    yield member, content
            else:
                yield member, None


def _refuse_damaged(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Read an entry to its true end: zipfile stops where the entry says that it ends."""
    if info.header_offset < 0:
        raise UnsafeArchive(f"{info.filename!r} would begin before the archive does")
    more = copy.copy(info)
    more.file_size = info.file_size + 1
    more.CRC = None  # type: ignore[assignment]
    size, crc = 0, 0
    with archive.open(more) as content:
        for block in iter(lambda: content.read(_BLOCK), b""):
            size, crc = size + len(block), zlib.crc32(block, crc)
    if (size, crc) != (info.file_size, info.CRC):
        raise UnsafeArchive(
            f"{info.filename!r} is damaged, or holds more than it declares"
        )


def _zip_kind(info: zipfile.ZipInfo, mode: int) -> t.Any:
    kinds = {0o120000: "symlink", 0o040000: "directory", 0o100000: "file", 0: "file"}
    if info.is_dir():
        return "directory"
    return kinds.get(mode & 0o170000, "special")


def _program_entry(path: str, name: str) -> t.Iterator[tuple[Member, t.Any]]:
    with open(path, "rb") as content:
        size = os.fstat(content.fileno()).st_size
        yield Member(name=name, kind="file", size=size, executable=True), content


# -- folders --------------------------------------------------------------------------


def pack_directory(path: str, into: t.IO[bytes]) -> None:
    """Write the folder `path` as a tar archive whose bytes depend on its content alone.

    Raises UnsafeArchive for what no release may hold, OSError where reading fails.
    """
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder, folders, files in os.walk(path, onerror=_raise):
            folders.sort()
            for name in sorted(files + folders):
                full = os.path.join(folder, name)
                info = tar.gettarinfo(full, os.path.relpath(full, path))
                if info is None or not (info.isreg() or info.isdir() or info.issym()):
                    # gettarinfo makes hard links of files that share an inode
                    if info is None or not info.islnk():
                        raise UnsafeArchive(f"{full!r} is no file, folder or link")
                    info.type, info.linkname = tarfile.REGTYPE, ""
                    info.size = os.stat(full).st_size
                info.uid = info.gid = info.mtime = 0
                info.uname = info.gname = ""
                info.mode = 0o755 if info.mode & 0o111 or info.isdir() else 0o644
                if info.isreg():
                    with open(full, "rb") as content:
                        tar.addfile(info, content)
                else:
                    tar.addfile(info)


def _raise(error: OSError) -> t.NoReturn:
    raise error


# -- writing --------------------------------------------------------------------------


def _write(into: str, member: Member, content: t.IO[bytes] | None) -> None:
    path = os.path.join(into, member.name)
    os.makedirs(
        path if member.kind == "directory" else os.path.dirname(path), 0o755, True
    )
    if member.kind == "symlink":
        os.symlink(member.target, path)
    elif member.kind == "hardlink":
        os.link(os.path.join(into, member.target), path)
    elif member.kind == "file":
        _write_file(path, member, content or io.BytesIO())


def _write_file(path: str, member: Member, content: t.IO[bytes]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    mode = 0o755 if member.executable else 0o644
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        left = member.size
        while left:
            block = content.read(min(left, _BLOCK))
            if not block:
                raise UnsafeArchive(f"{member.name!r} is shorter than it declares")
            file.write(block)
            left -= len(block)
        os.fchmod(file.fileno(), mode)
