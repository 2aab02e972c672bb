# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Ask the host's own systemd to verify a set of units that are not installed.

The units are written to a staging directory under their real names and verified
as a set, together with what is installed, as strictly as that systemd can.
Nothing is written outside the staging directory.
"""

from __future__ import annotations

import os
import re
import shutil
import typing as t
from dataclasses import dataclass

from .._units.drop_ins import checked_files, is_drop_in
from .._units.unit_name import is_template, template_of

Run = t.Callable[[t.List[str], t.Optional[t.Dict[str, str]]], t.Tuple[int, str, str]]

# `--recursive-errors=` came with systemd 250. `no` would lose missing requirements
# and ordering cycles, and the plain command returns 0 for a misspelt directive.
RECURSIVE_ERRORS_SINCE: t.Final = 250

# What follows a colon in a path is taken for the name under which it is verified
# (systemd-analyze(1), process_aliases), a copy in a directory of its own.
ALIASES_SINCE: t.Final = 250
_ALIAS_DIR: t.Final = "systemd-analyze-"

# Below 248 a program without a slash is not looked for in the search path.
PATH_LOOKUP_SINCE: t.Final = 248

_AT_LINE: t.Final = re.compile(r"(?P<path>/.*?):(?P<line>\d+): (?P<message>.*)")
_AT_UNIT: t.Final = re.compile(
    r"(?:(?P<a>[^\s/]+\.[a-z]+): (?P<message>.*)|Unit (?P<b>[^\s/]+\.[a-z]+) .*)"
)
_NOT_EXECUTABLE: t.Final = re.compile(r"Command (?P<program>.+?) is not executable")
_EXEC: t.Final = re.compile(r"[ \t]*Exec[A-Za-z]+[ \t]*=")
_OWN_ROOT: t.Final = re.compile(
    r"^[ \t]*Root(?:Directory|Image|MStack)[ \t]*=[ \t]*\S", re.M
)


@dataclass(frozen=True)
class Message:
    """One sentence of systemd about a set of units.

    `unit` is the file name that it is about, or an empty string where it is about
    the whole set; `line` counts from 1, or is None where systemd names none.
    """

    unit: str
    line: int | None
    message: str


def verify_units(
    run: Run,
    units: t.Mapping[str, str],
    stage_dir: str,
    systemd: int,
    programs: t.Mapping[str, str] | None = None,
) -> list[Message]:
    """Give everything that the host's systemd has against `units`; [] if nothing.

    `run(argv, env)` runs a command with `env` added to its environment and gives
    (rc, out, err). `units` maps file names to texts, those of drop-ins such as
    `a.service.d/10-b.conf` among them. `stage_dir` is an empty
    directory that the caller makes and removes. `systemd` is the host's version.
    `programs` maps prefixes of paths to the prefixes to look below instead, in the
    Exec lines of the staged copies only: a release is verified before it is current.
    A template is verified as one of its instances, see `trial_instances`.

    Raises InvalidUnitName before anything is written, and OSError.
    """
    if not units:
        return []
    paths = _arguments(stage_units(units, stage_dir, programs), units, systemd)
    argv = ["systemd-analyze", "verify", "--man=no"]
    if systemd >= RECURSIVE_ERRORS_SINCE:
        argv.append("--recursive-errors=one")
    rc, _out, err = run([*argv, *paths], analyze_environment(stage_dir))
    return read_messages(rc, err, units, stage_dir, systemd)


def _arguments(
    paths: t.Sequence[str], units: t.Mapping[str, str], systemd: int
) -> list[str]:
    """Give what is verified: the path of each unit, of some templates an instance's.

    systemd finds the template of an instance that has no file. Where a name has a colon
    and systemd would take what follows for another name, the file is given that name.
    """
    chosen: t.Mapping[str, str] = {}
    if any(is_template(os.path.basename(path)) for path in paths):
        from .._rules.trial_instance import trial_instances  # few sets have templates

        chosen = trial_instances(units, systemd)
    arguments = []
    for path in paths:
        folder, file = os.path.split(path)
        name = file.replace("@.", f"@{chosen[file]}.", 1) if file in chosen else file
        if ":" not in name or systemd < ALIASES_SINCE:
            arguments.append(os.path.join(folder, name))
            continue
        if ":" in file:
            # Under a name that is no unit's, which systemd passes over.
            path = os.path.join(folder, f"verify-{len(arguments)}")
            shutil.copyfile(os.path.join(folder, file), path)
        arguments.append(f"{path}:{name}")
    return arguments


def stage_units(
    units: t.Mapping[str, str],
    stage_dir: str,
    programs: t.Mapping[str, str] | None = None,
) -> list[str]:
    """Write `units` below `stage_dir` and give their paths, in the order of names.

    Drop-ins among them are written where systemd looks for them, and have no path.
    """
    paths = []
    for name in checked_files(units):
        path = os.path.join(stage_dir, name)
        if is_drop_in(name):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        else:
            paths.append(path)
        text = replace_programs(units[name], programs or {})
        with open(path, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
    return paths


def analyze_environment(stage_dir: str) -> dict[str, str]:
    """Give the environment in which systemd-analyze looks into `stage_dir` first.

    The colon at the end keeps the host's own directories in the search path.
    Only warnings and errors are printed, so each line of output is an objection.
    """
    return {
        "SYSTEMD_UNIT_PATH": f"{stage_dir}:",
        "SYSTEMD_LOG_COLOR": "0",
        "SYSTEMD_LOG_LEVEL": "warning",
        "SYSTEMD_LOG_TARGET": "console",
        "SYSTEMD_LOG_LOCATION": "0",
        "SYSTEMD_LOG_TIME": "0",
        "SYSTEMD_COLORS": "0",
        "SYSTEMD_PAGER": "",
        "LC_ALL": "C",
    }


def replace_programs(text: str, programs: t.Mapping[str, str]) -> str:
    """Put other prefixes before the paths in Exec lines; every line stays in place."""
    if not programs:
        return text
    wanted = "|".join(re.escape(old) for old in sorted(programs, key=len, reverse=True))
    pattern = re.compile(r"(?<![A-Za-z0-9_./-])(?:" + wanted + r")")
    lines = re.split(r"(\r\n|\n|\r)", text)
    inside = False
    for index in range(0, len(lines), 2):
        line = lines[index]
        comment = line.lstrip(" \t").startswith(("#", ";"))
        if not inside:
            inside = not comment and _EXEC.match(line) is not None
        if not inside or comment:
            continue
        lines[index] = pattern.sub(lambda match: programs[match[0]], line)
        inside = (len(line) - len(line.rstrip("\\"))) % 2 == 1
    return "".join(lines)


def read_messages(
    rc: int,
    err: str,
    units: t.Mapping[str, str],
    stage_dir: str,
    systemd: int,
) -> list[Message]:
    """Read what `systemd-analyze verify` printed: what is about `units`, in order.

    Messages about other units of the host count only where the verification failed
    and nothing about ours says why.
    """
    ours: dict[Message, None] = {}  # in order, each once; there may be very many
    others: list[Message] = []
    excused = False
    for raw in err.splitlines():
        line = raw.strip()
        if not line:
            continue
        message = _read_line(line, units, stage_dir)
        if _is_false_alarm(message, units, systemd):
            excused = True
        elif message.unit:
            ours[message] = None
        else:
            others.append(message)
    if not ours and rc != 0 and not (excused and not others):
        return others or [
            Message("", None, f"systemd-analyze verify ended with {rc} and no message")
        ]
    return list(ours)


def _read_line(line: str, units: t.Mapping[str, str], stage_dir: str) -> Message:
    at_line = _AT_LINE.fullmatch(line)
    if at_line:
        path = os.path.normpath(at_line["path"])
        name = os.path.relpath(path, os.path.normpath(stage_dir))
        candidates: tuple[str | None, ...] = (name,)
        folder, file = os.path.split(path)
        if os.path.basename(folder).startswith(_ALIAS_DIR):
            candidates = (file, template_of(file))
        for candidate in candidates:
            if candidate in units:
                number = int(at_line["line"])
                return Message(str(candidate), number, at_line["message"])
        return Message("", None, line)
    at_unit = _AT_UNIT.fullmatch(line)
    if at_unit:
        name = at_unit["a"] or at_unit["b"]
        for candidate in (name, template_of(name)):
            if candidate in units:
                return Message(str(candidate), None, at_unit["message"] or line)
    return Message("", None, line)


def _is_false_alarm(message: Message, units: t.Mapping[str, str], systemd: int) -> bool:
    """Tell whether systemd looked for a program where the service would not."""
    missing = _NOT_EXECUTABLE.match(message.message)
    if not missing or not message.unit:
        return False
    if _OWN_ROOT.search(units[message.unit]):
        return True
    return systemd < PATH_LOOKUP_SINCE and "/" not in missing["program"]
