# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd-analyze verify says of many units in few calls, and what ours says.

Both are brought to one form: unit, line where the assignment begins, or None for a
word about the whole unit. What only a host can know, such as whether a program is
there, is left out.
"""

from __future__ import annotations

import io
import re
import tarfile
import typing as t
from dataclasses import dataclass

from ansible_collections.activated.services.plugins.module_utils._rules.judge import (
    Problem,
    unit_problems,
)

STAGE = "/tmp/problems-stage"
BATCH = 150

Run = t.Callable[[str, bytes], bytes]
"""A shell script and what it reads; gives everything that it prints."""

VERIFY = r"""
cd "$1"
export SYSTEMD_UNIT_PATH="$1:" SYSTEMD_LOG_COLOR=0 SYSTEMD_LOG_LEVEL=warning
export SYSTEMD_LOG_TARGET=console LC_ALL=C
xargs systemd-analyze verify --man=no 2>&1
echo "ended with $?"
"""

_AT_LINE = re.compile(r"/(?:\S*/)?(?P<unit>[^/\s]+):(?P<line>\d+): (?P<said>.*)")
_AT_UNIT = re.compile(r"(?P<unit>[^\s:/]+): (?P<said>.*)")

# What depends on the host, on the kernel under it, or on units that are not there.
_HOST = re.compile(
    r"is not executable|Failed to create |Unit \S+ not found"
    r"|Found (?:ordering cycle|dependency)|Unable to break cycle|not loaded, socket"
    r"|does not support|Cannot add dependency job|Job .* deleted|Failed to determine"
    r"|Breaking ordering cycle|Transaction|is deprecated. Please use|Starting this unit"
    r"|configured for both|Unsupported CPU|No medium found"
)
# It could not begin, as where the host has no inotify instance left.
_NOT_ASKED = re.compile(r"Failed to (?:initialize|start ?up|set up) (?:the )?manager")
# Said of the whole unit, after it was read.
_REFUSED = re.compile(r"Refusing|has a bad unit file setting|fatal error|is masked")
_FATAL = re.compile(r"has fatal error|bad unit file setting|failed to load properly")


@dataclass(frozen=True)
class Word:
    """What one side says of one line, or of the unit where `line` is None."""

    unit: str
    line: int | None
    said: str


def put(run: Run, units: t.Mapping[str, bytes], stage: str = STAGE) -> None:
    """Write units to a fresh folder there."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in units.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    run(f"rm -rf {stage}; mkdir -p {stage}; tar -x -C {stage}", stream.getvalue())


def verify(run: Run, units: t.Mapping[str, bytes], stage: str = STAGE) -> list[Word]:
    """Give what systemd has against the units, all of them in one folder."""
    put(run, units, stage)
    words: list[Word] = []
    names = sorted(units)
    for start in range(0, len(names), BATCH):
        words += _verify(run, names[start : start + BATCH], units, stage)
    return words


def _verify(
    run: Run, names: list[str], units: t.Mapping[str, bytes], stage: str
) -> list[Word]:
    paths = "\n".join(f"'{stage}/{name}'" for name in names)
    script = f"set -- {stage}\n{VERIFY}"
    printed = run(script, paths.encode()).decode("utf-8", "surrogateescape")
    if _NOT_ASKED.search(printed):
        said = [line for line in printed.splitlines() if _NOT_ASKED.search(line)]
        raise AssertionError(f"systemd-analyze did not verify: {said[0]}")
    # 247 stops at an assertion for Type=dbus without a name: ask for each half.
    if "Assertion" in printed and len(names) > 1:
        middle = len(names) // 2
        return _verify(run, names[:middle], units, stage) + _verify(
            run, names[middle:], units, stage
        )
    if "Assertion" in printed:
        return [Word(names[0], None, "Refusing: an assertion failed")]
    return [word for word in map(_read, printed.splitlines()) if word.unit in units]


def _read(line: str) -> Word:
    at_line = _AT_LINE.fullmatch(line)
    if at_line:
        if _HOST.search(at_line["said"]):
            return Word("", None, line)
        return Word(at_line["unit"], int(at_line["line"]), at_line["said"])
    refused = re.fullmatch(
        r"Unit (\S+) (?:is masked|has a bad unit file setting|failed to load properly).*",
        line,
    )
    if refused:
        return Word(_uninstanced(refused[1]), None, line)
    at_unit = _AT_UNIT.fullmatch(line)
    if at_unit and _REFUSED.search(at_unit["said"]):
        return Word(_uninstanced(at_unit["unit"]), None, at_unit["said"])
    return Word("", None, line)


def _uninstanced(name: str) -> str:
    """Give the template that an instance made for the verification stands for."""
    return re.sub(r"@(?:i|test_instance)\.", "@.", name)


def first_lines(text: bytes) -> dict[int, int]:
    """Give, for every line, the one where its assignment begins (continuations)."""
    starts: dict[int, int] = {}
    begin: int | None = None
    for number, line in enumerate(re.split(rb"\r\n|\n\r?|\r|\0", text), 1):
        stripped = line.strip(b" \t")
        if stripped[:1] in (b"#", b";"):
            starts[number] = begin or number
            continue
        starts[number] = begin or number
        continued = (len(line) - len(line.rstrip(b"\\"))) % 2 == 1
        begin = (begin or number) if continued else None
    return starts


@dataclass(frozen=True)
class Difference:
    """Where one side objects and the other does not."""

    unit: str
    line: int | None
    text: str
    systemd: str
    ours: str


# Of these rules systemd's verification says nothing: they are ours alone.
OURS_ALONE = frozenset(
    (
        "unknown-capability",
        "notify-without-unix",
        "shared-address",
        "socket-without-service",
        "accept-without-template",
        "dependency-cycle",
    )
)


def compare(
    units: t.Mapping[str, bytes], words: t.Sequence[Word], systemd: int
) -> tuple[list[Difference], list[Difference]]:
    """Give what systemd refuses and ours does not, and what only ours refuses."""
    by_unit: dict[str, list[Word]] = {}
    for word in words:
        by_unit.setdefault(word.unit, []).append(word)
    missed: list[Difference] = []
    alarms: list[Difference] = []
    for name, text in units.items():
        problems = [
            problem
            for problem in unit_problems(text, name=name, systemd=systemd)
            # A template's own value may be a warning: systemd verifies one instance of it.
            if problem.severity == "error" or problem.rule == "bad-value"
        ]
        _compare(name, text, by_unit.get(name, []), problems, missed, alarms)
    return missed, alarms


def _compare(
    name: str,
    text: bytes,
    words: list[Word],
    problems: list[Problem],
    missed: list[Difference],
    alarms: list[Difference],
) -> None:
    starts = first_lines(text)
    lines = re.split(rb"\r\n|\n\r?|\r|\0", text)

    def shown(line: int | None) -> str:
        if line is None or not 0 < line <= len(lines):
            return ""
        return lines[line - 1].decode("utf-8", "replace")[:200]

    if any("assertion failed" in word.said for word in words):
        # It stopped in the middle, and what it had not said by then is lost.
        if not problems:
            missed.append(Difference(name, None, "", words[0].said, ""))
        return
    theirs = {
        starts.get(word.line, word.line): word.said for word in words if word.line
    }
    whole = [word.said for word in words if word.line is None]
    ours = {problem.line: problem.message for problem in problems}
    for line, said in sorted(theirs.items()):
        if line not in ours:
            missed.append(Difference(name, line, shown(line), said, ""))
    refusals = [said for said in whole if not _FATAL.search(said)]
    if refusals and not problems:
        missed.append(Difference(name, None, "", refusals[0], ""))
    # A fatal error ends the reading: what comes behind it systemd has not seen.
    fatal = any(_FATAL.search(said) for said in whole) and not refusals
    last = max(theirs, default=0) if fatal else len(lines)
    for problem in problems:
        if problem.rule in OURS_ALONE:
            continue
        if problem.line is None or problem.rule in _WHOLE_RULES:
            if not whole:
                alarms.append(
                    Difference(
                        name, problem.line, shown(problem.line), "", problem.message
                    )
                )
        elif (
            problem.line not in theirs
            and problem.line <= last
            and not (problem.rule == "unreadable-unit" and whole)
        ):
            alarms.append(
                Difference(name, problem.line, shown(problem.line), "", problem.message)
            )


# Found by systemd once the unit is read: no line is named.
_WHOLE_RULES = frozenset(
    (
        "several-exec-starts",
        "oneshot-restart",
        "missing-bus-name",
        "pam-kill-mode",
        "forking-private-pids",
        "accept-with-service",
        "accept-without-connections",
        "too-few-connections",
        "empty-unit",
    )
)
