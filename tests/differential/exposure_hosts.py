# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd-analyze security says on a host, for many units in one call."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import tarfile
import typing as t
from dataclasses import dataclass

NOT_APPLICABLE = (1 << 64) - 1
UNIT_PATH = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)

_ROW = re.compile(r"^(.) (\S+)\s+(?:\S.*?\s+)??(\d+)\s+(\d+)\s+(\d+)\s*(\d+\.\d)?\s*$")
_OVERALL = re.compile(r"^\S+ Overall exposure level for (\S+): (\d+\.\d) ([A-Z]+)")

Row = t.Tuple[t.Optional[bool], t.Optional[int], int, int, t.Optional[float]]


@dataclass(frozen=True)
class Said:
    """One unit's score, its word, and by check: set, badness, weight, range, share."""

    score: float
    level: str
    checks: dict[str, Row]


class Host:
    """A container, and the version of systemd in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        version = self.run("systemd-analyze --version").split()
        self.version = int(version[1])
        self.offline = self.version >= 250

    def run(self, script: str, stdin: bytes | None = None) -> str:
        """What a shell script prints; whether it fails is of no matter."""
        command = ["docker", "exec", "-i", self.name, "sh", "-c", script]
        done = subprocess.run(
            command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return done.stdout.decode("utf-8", "replace")

    def write(self, files: t.Mapping[str, str | bytes]) -> None:
        """Put files there, all in one go; names are absolute."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, text in files.items():
                content = text.encode() if isinstance(text, str) else text
                entry = tarfile.TarInfo(name.lstrip("/"))
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        self.run("tar -C / -x", stream.getvalue())

    @contextlib.contextmanager
    def files(self, files: t.Mapping[str, str | bytes]) -> t.Iterator[None]:
        """Files that are there for a while, and known to the manager."""
        self.write(files)
        self.run("systemctl daemon-reload")
        try:
            yield
        finally:
            self.run("xargs rm -f", "\n".join(files).encode())
            self.run("systemctl daemon-reload")

    def read(self, pattern: str) -> dict[str, bytes]:
        """The regular files below the unit path whose paths match a find pattern."""
        # where /lib is a link, its folder is the one below /usr
        paths = f"$(readlink -e {' '.join(UNIT_PATH)} | sort -u)"
        command = ["docker", "exec", self.name, "sh", "-c"]
        script = f"find {paths} -type f -path '{pattern}' -print0 2>/dev/null"
        packed = subprocess.run(
            [*command, f"{script} | tar -c --null -T - 2>/dev/null"],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        found: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member)
                if content is not None:
                    found["/" + member.name.lstrip("/")] = content.read()
        return found

    def analyse(self, units: t.Sequence[str]) -> dict[str, Said]:
        """The answers by unit name; without those that this systemd does not load.

        ``units`` are paths, or names for a version that only knows loaded units.
        """
        mode = "--offline=true" if self.offline else ""
        script = (
            "export SYSTEMD_ANALYZE_DEBUG=1 SYSTEMD_COLORS=0 SYSTEMD_EMOJI=0 LANG=C.UTF-8;"
            f" xargs -n 200 systemd-analyze --no-pager security {mode}"
        )
        return parse(self.run(script, "\n".join(units).encode()))


def parse(text: str) -> dict[str, Said]:
    """The answers in what systemd-analyze printed: tables, each ended by a score."""
    said: dict[str, Said] = {}
    checks: dict[str, Row] = {}
    for line in text.splitlines():
        row = _ROW.match(line)
        if row is not None:
            mark, name, weight, badness, limit, share = row.groups()
            applies = int(badness) != NOT_APPLICABLE
            checks[name] = (
                mark in "✓+" if applies else None,
                int(badness) if applies else None,
                int(weight),
                int(limit),
                float(share) if share else None,
            )
            continue
        overall = _OVERALL.match(line)
        if overall is not None:
            unit, score, level = overall.groups()
            said[unit] = Said(float(score), level, checks)
            checks = {}
    return said


def drop_ins(name: str, files: t.Mapping[str, bytes]) -> list[bytes]:
    """Those of the files that systemd merges into a unit, in its order."""
    prefix, _, kind = name.rpartition(".")
    folders = [f"{name}.d"]
    if "@" in prefix:
        folders.append(f"{prefix.partition('@')[0]}@.{kind}.d")
    parts = prefix.split("-")
    folders += [
        "-".join(parts[:n]) + f"-.{kind}.d" for n in range(len(parts) - 1, 0, -1)
    ]
    folders.append(f"{kind}.d")
    chosen: dict[str, bytes] = {}
    for folder in folders:
        for path in UNIT_PATH:
            for file, content in files.items():
                if file.startswith(f"{path}/{folder}/") and file.endswith(".conf"):
                    chosen.setdefault(file.rpartition("/")[2], content)
    return [chosen[file] for file in sorted(chosen)]
