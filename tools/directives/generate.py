#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write `plugins/module_utils/_tables/directive_table.py` from systemd itself.

    tools/directives/generate.py [--image activated-services/target:{suite}] [--keep]

needs a container engine (`docker`) and an image of each suite whose `systemd` is
installed and whose apt can reach the suite's packages and sources. What a container
says is kept below `.build/directives/`; `--keep` uses what lies there.

Three sources, and who wins:

* `systemd --dump-configuration-items` of each version decides which directives exist;
* the parser's name in that version's source decides the kind of the value, and which
  directives are accepted, warned about and ignored (no dump lists those);
* the manual pages' "Added in version", then NEWS, name the exact version where a dump
  of one version lacks what the next one has. A version that contradicts the dumps is
  put aside.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import sources
from sources import Key

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".build" / "directives"
TABLE = ROOT / "plugins" / "module_utils" / "_tables" / "directive_table.py"
SUITES = ("bullseye", "bookworm", "trixie", "forky")

# Tables of words that are used by a parser of more than a single word.
TABLES = (
    "architecture",
    "bpf_cgroup_attach_type",
    "cgroup_controller",
    "emergency_action",
    "exit_status_name",
    "exec_input",
    "exec_output",
    "ioprio_class",
    "kill_mode",
    "log_facility_unshifted",
    "log_level",
    "managed_oom_mode",
    "netlink_family",
    "nft_set_source",
    "partition_designator",
    "protect_hostname",
    "sched_policy",
    "seccomp_arch",
    "service_type",
    "signal_name",
    "socket_address_bind_ipv6_only",
    "socket_timestamping",
    "virtualization",
)


@dataclass(frozen=True)
class Told:
    """What one version of systemd says of itself."""

    version: int
    package: str
    known: set[Key]
    parsers: dict[Key, list[tuple[str, str]]]
    words: dict[str, tuple[str, ...]]
    enums: dict[str, str]
    specifiers: tuple[str, str]
    folder: Path

    @classmethod
    def read(cls, folder: Path) -> Told:
        code = (folder / "words.c").read_text(errors="replace")
        return cls(
            version=int(folder.name),
            package=(folder / "package").read_text().strip(),
            known=sources.read_dump((folder / "dump").read_text()),
            parsers=sources.read_parsers((folder / "gperf").read_text()),
            words=sources.read_words(code),
            enums=sources.read_enums(code),
            specifiers=sources.read_specifiers(code),
            folder=folder,
        )

    def kind(self, key: Key) -> str:
        """Give the kind of a value, `warn_compat` where it is ignored, '' if unknown."""
        candidates = self.parsers.get(key, [])
        if key in self.known:
            candidates = [item for item in candidates if item[0] != "warn_compat"]
        if not candidates:
            return "string" if key in self.known else ""
        parser, argument = candidates[0]
        return parser + ("!" if argument == "true" else "")

    def list(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split() if path.exists() else []


def collect(image: str) -> None:
    """Let a container of each suite say what its systemd knows, into the cache."""
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    for suite in SUITES:
        print(f"asking {suite}", file=sys.stderr)
        name = f"activated-directives-{suite}"
        docker("run", "-d", "--rm", "--name", name, "--label", "activated.services",
               "--entrypoint", "sleep", image.format(suite=suite), "3600")  # fmt: skip
        try:
            docker("cp", str(HERE / "collect.sh"), f"{name}:/collect.sh")
            for which in ("installed", "backports"):
                docker("exec", name, "sh", "/collect.sh", suite, which)
            docker("cp", f"{name}:/out/.", str(CACHE))
        finally:
            docker("rm", "-f", name)


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


def added_in(
    key: Key,
    told: t.Sequence[Told],
    manual: dict[Key, int | None],
    news: dict[str, list[int]],
) -> int:
    """Give the version that brought `key`: 0 where it is older than every source.

    Where neither page nor NEWS fits between two dumps, it is taken as old as they allow:
    nothing is called unknown that might be known.
    """
    first = next(index for index, one in enumerate(told) if one.kind(key))
    low = told[first - 1].version if first else 0
    high = told[first].version
    # One entry of a page can name several directives of different ages.
    twin = (key[0], key[1].replace("Assert", "Condition", 1))
    for stated in (manual.get(key), manual.get(twin)):
        if stated is not None and low < stated <= high:
            return stated
    if not first:
        return 0
    mentions = [v for v in news.get(key[1], []) if low < v <= high]
    return min(mentions, default=low + 1)


def directive_lines(told: t.Sequence[Told]) -> list[str]:
    """Give a line for each directive: name, sections, since, until, kinds, page."""
    manual: dict[Key, int | None] = {}
    pages: dict[Key, str] = {}
    for one in reversed(told):
        for page, sections in sources.PAGES.items():
            text = (one.folder / "man" / f"{page}.xml").read_text()
            for name, version in sources.read_manual(page, text).items():
                for section in sections:
                    manual.setdefault((section, name), version)
                    pages.setdefault((section, name), page)
    news = sources.read_news((told[-1].folder / "news").read_text())
    keys = sorted(
        {key for one in told for key in {*one.known, *one.parsers} if one.kind(key)},
        key=lambda key: (key[1], key[0]),
    )
    rows: dict[tuple[str, ...], list[str]] = {}
    for key in keys:
        kinds: list[str] = []
        until = ""
        for one in told:
            kind = one.kind(key)
            if kind:
                until = ""
                if not kinds or kinds[-1].partition(":")[2] != kind:
                    kinds.append(f"{one.version}:{kind}")
            elif kinds and not until:
                until = str(previous(told, one.version))
        kinds[0] = kinds[0].partition(":")[2]
        since = str(added_in(key, told, manual, news))
        row = (key[1], since, until or "-", " ".join(kinds), pages.get(key, "-"))
        rows.setdefault(row, []).append(key[0])
    return [
        f"{name}|{' '.join(sections)}|{since}|{until}|{kinds}|{page}"
        for (name, since, until, kinds, page), sections in rows.items()
    ]


def previous(told: t.Sequence[Told], version: int) -> int:
    return max(one.version for one in told if one.version < version)


def word_lines(told: t.Sequence[Told]) -> list[str]:
    """Give a line for each set of words and the version from which it holds."""
    kinds = {one.kind(key).rstrip("!") for one in told for key in one.parsers}
    wanted = {
        kind: one.enums[kind] for one in told for kind in kinds if kind in one.enums
    }
    wanted.update({name: name for name in TABLES})
    lines = []
    for name in sorted(wanted):
        last: tuple[str, ...] | None = None
        for one in told:
            table = wanted[name].replace("_from_string_harder", "")
            words = one.words.get(table)
            if words and words != last:
                lines.append(f"{name}|{one.version}|{' '.join(words)}")
                last = words
    return lines


def list_lines(
    told: t.Sequence[Told], read: t.Callable[[Told], list[str]]
) -> list[str]:
    """Give a growing list, one line a first letter; `name@252` came with 252."""
    since: dict[str, int] = {}
    for one in told:
        for name in read(one):
            since.setdefault(name, one.version)
    lines: dict[str, list[str]] = {}
    for name in sorted(since):
        mark = "" if since[name] == told[0].version else f"@{since[name]}"
        lines.setdefault(name.lstrip("@")[:1], []).append(name + mark)
    return [" ".join(names) for names in lines.values()]


def groups(one: Told) -> list[str]:
    path = one.folder / "syscall-filter"
    return (
        sorted(sources.read_syscall_groups(path.read_text())) if path.exists() else []
    )


def file_systems(one: Told) -> list[str]:
    path = one.folder / "filesystems"
    return (
        sorted(sources.read_syscall_groups(path.read_text())) if path.exists() else []
    )


def families(one: Told) -> list[str]:
    path = one.folder / "socket.h"
    return sources.read_families(path.read_text()) if path.exists() else []


def capabilities(one: Told) -> list[str]:
    path = one.folder / "capabilities"
    return sources.read_capabilities(path.read_text()) if path.exists() else []


def fingerprint() -> str:
    """Give the mark of the generator that wrote the table: a test compares them."""
    digest = hashlib.sha256()
    for name in ("collect.sh", "generate.py", "sources.py"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


HEAD = '''\
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What each version of systemd knows, as text; `directives.py` reads it.

Written by tools/directives/generate.py from systemd itself: do not edit.
"""

from __future__ import annotations
'''


def wrapped(line: str, width: int = 150) -> str:
    """Break a long row of a text between two words: Python joins what `\\` ends."""
    rows = [""]
    for word in line.split(" "):
        if rows[-1] and len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] += word + " "
    return "\\\n".join(rows).rstrip(" ")


def render(told: t.Sequence[Told]) -> str:
    parts = [HEAD]
    parts.append(f'FINGERPRINT = "{fingerprint()}"\n')
    parts.append("# The packages that were asked:")
    parts += [f"#   systemd {one.version}: {one.package}" for one in told]
    parts.append(f"VERSIONS = ({', '.join(str(one.version) for one in told)})\n")
    tables = {
        "DIRECTIVES": (
            "name | sections | since, 0 if older than 247 or unknown | "
            "last version that knew it, if gone |\n"
            "# kind of the value, and version:kind where it changed "
            "(! = a bad value refuses the unit) | manual page",
            directive_lines(told),
        ),
        "WORDS": (
            "set of words | from this version on | the words; +bool = booleans, too",
            word_lines(told),
        ),
        "SPECIFIERS": (
            "from this version on | after % in a value | after % in a unit's name",
            [
                f"{one.version}|{one.specifiers[0]}|{one.specifiers[1]}"
                for index, one in enumerate(told)
                if not index or told[index - 1].specifiers != one.specifiers
            ],
        ),
        "ADDRESS_FAMILIES": ("name@version", list_lines(told, families)),
        "CAPABILITIES": ("name", list_lines(told, capabilities)),
        "SYSCALL_GROUPS": ("name@version", list_lines(told, groups)),
        "FILE_SYSTEM_GROUPS": ("name@version", list_lines(told, file_systems)),
        "SYSCALLS": (
            "name@version",
            list_lines(told, lambda one: one.list("syscalls")),
        ),
        "ERRNOS": ("name", list_lines(told, lambda one: one.list("errno"))),
    }
    for name, (comment, lines) in tables.items():
        parts.append(f'# {comment}\n{name} = """\\')
        parts += [wrapped(line.replace("\\", "\\\\")) for line in lines]
        parts.append('"""\n')
    return "\n".join(parts).rstrip("\n") + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", default="activated-services/target:{suite}")
    parser.add_argument("--keep", action="store_true", help="ask no container again")
    options = parser.parse_args()
    if not options.keep:
        collect(options.image)
    folders = sorted(CACHE.iterdir(), key=lambda folder: int(folder.name))
    TABLE.write_text(render([Told.read(folder) for folder in folders]))
    print(f"{TABLE.relative_to(ROOT)} written", file=sys.stderr)


if __name__ == "__main__":
    main()
