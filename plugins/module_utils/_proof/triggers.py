# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The activations without a socket: a path unit that is touched, a timer that is fired."""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._host.manager import ManagerError, names, parse_span
from .case import Case
from .conduct import forget_starts, rest
from .look import look
from .preflight import loaded
from .proof import ServiceState, milliseconds
from .verdict import other_trigger
from .wire import STEP, Deadline

PROPERTIES = names(
    "ActiveState LoadState LoadError NeedDaemonReload UnitFileState Triggers Result "
    "Paths NextElapseUSecRealtime NextElapseUSecMonotonic LastTriggerUSecMonotonic "
    "TimersCalendar TimersMonotonic"
)
#: Where drop-ins that do not outlive the host's next start are (systemd.unit(5)).
RUNTIME = "/run/systemd/system"
#: What makes a timer elapse at once when it is started again, and nothing else of it.
FIRE = (
    "# Made by activated.services for the length of one proof.\n"
    "[Timer]\nOnActiveSec=1ms\nAccuracySec=1us\nRandomizedDelaySec=0\n"
)


def prove_triggers(case: Case) -> None:
    """Prove each path unit and timer that the wish names."""
    for name in case.wish.triggers:
        shown = case.manager.show([name], PROPERTIES)[name]
        if not loaded(case, name, shown):
            return
        if case.wish.service not in shown.get("Triggers", "").split():
            case.problem(
                "trigger",
                f"{name} belongs to {shown.get('Triggers') or 'nothing'}, "
                f"not to {case.wish.service}",
            )
        elif shown.get("ActiveState") != "active":
            case.problem("listening", f"{name} is {shown.get('ActiveState')}")
        elif rest(case):
            forget_starts(case)
            if name.endswith(".timer"):
                _timer(case, name, shown)
            else:
                _path(case, name, shown)
        if case.failed:
            return


def parse_paths(value: str) -> list[tuple[str, str]]:
    """The property ``Paths``: how each path is watched, and which it is."""
    found = []
    for line in value.split("\n"):
        match = re.match(r"^(.*) \((\w+)\)$", line)
        if match:
            found.append((match.group(2), match.group(1)))
    return found


def _path(case: Case, name: str, shown: t.Mapping[str, str]) -> None:
    entry: dict[str, t.Any] = {"kind": "path", "paths": {}, "triggered": False}
    case.proof.triggers[name] = entry
    for way, path in parse_paths(shown.get("Paths", "")):
        if not rest(case):
            return
        before, began = case.state, case.clock()
        try:
            undo = touch(way, path)
        except OSError as exc:
            case.problem("probe", f"{name}: {path} cannot be touched: {exc.strerror}")
            return
        try:
            started = _await_run(case, before)
        finally:
            undo()
        took = milliseconds(began, case.state.started / 1000000) if started else None
        entry["paths"][f"{way}={path}"] = took
        _judge(case, name, before, began, f"{way}={path} was touched")
        if case.failed:
            return
        look(case)
    entry["triggered"] = bool(entry["paths"])


def touch(way: str, path: str) -> t.Callable[[], None]:
    """Do to a path what a path unit waits for; returns how to undo it.

    What exists is only opened for writing and closed, which changes no byte of it.
    Raises OSError.
    """
    if way == "PathExistsGlob":
        path = re.sub(r"\[(.)[^]]*\]", r"\1", path).replace("?", "x")
        path = path.replace("*", "activated-probe")
    if (
        way == "DirectoryNotEmpty"
        or (way[:5] == "PathC" and os.path.isdir(path))
        or (way == "PathModified" and os.path.isdir(path))
    ):
        path = os.path.join(path, "activated-probe")
    made = []
    place = path
    while not os.path.lexists(place):
        made.append(place)
        place = os.path.dirname(place)
    for directory in reversed(made[1:]):
        os.mkdir(directory, 0o755)
    if not os.path.isdir(path):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))

    def undo() -> None:
        with contextlib.suppress(OSError):
            if made:
                os.unlink(made[0])
            for directory in made[1:]:
                os.rmdir(directory)

    return undo


def _timer(case: Case, name: str, shown: t.Mapping[str, str]) -> None:
    realtime = shown.get("NextElapseUSecRealtime", "")
    monotonic = shown.get("NextElapseUSecMonotonic", "")
    entry = {"kind": "timer", "next": realtime or monotonic, "triggered": False}
    case.proof.triggers[name] = entry
    if not realtime and parse_span(monotonic) in (None, 0):
        case.problem("trigger", f"{name} will never elapse: it has no next time")
        return
    waiting = case.manager.show_matching("*", ["NeedDaemonReload"])
    stale = [unit for unit, row in waiting.items() if row["NeedDaemonReload"] == "yes"]
    if stale:
        case.problem(
            "reloaded",
            f"{name} cannot be fired: systemd would read changed files of other units "
            f"too ({', '.join(stale[:5])})",
        )
        return
    before, began = case.state, case.clock()
    place = os.path.join(RUNTIME, name + ".d")
    file = os.path.join(place, "99-activated-probe.conf")
    os.makedirs(place, exist_ok=True)
    started = False
    try:
        with open(file, "w", encoding="ascii") as stream:
            stream.write(FIRE)
        # systemd 262 would have a timer that is active elapse as soon as it reads this
        case.manager.stop(name)
        case.manager.daemon_reload()
        began = case.clock()
        case.manager.start(name)
        started = _await_run(case, before)
    except ManagerError as exc:
        case.problem("triggered", f"{name} cannot be fired: {exc.err}")
    finally:
        with contextlib.suppress(OSError):
            os.unlink(file)
            os.rmdir(place)
        case.manager.daemon_reload()
        case.manager.start(name)  # one that is active already hears nothing of it
    entry["triggered"] = started
    entry["started_ms"] = milliseconds(began, case.state.started / 1000000)
    _judge(case, name, before, began, "it has elapsed")
    look(case)
    again = case.manager.show([name], PROPERTIES)[name]
    entry["next"] = again.get("NextElapseUSecRealtime") or again.get(
        "NextElapseUSecMonotonic", ""
    )


def _await_run(case: Case, before: ServiceState) -> bool:
    deadline = Deadline(case.wish.timeout, case.clock)
    while True:
        case.refresh()
        fresh = case.state.invocation not in ("", before.invocation)
        if fresh and case.state.active != "activating":
            case.last_answer = case.clock()
            return True
        if deadline.over:
            return False
        case.sleep(STEP)


def _judge(
    case: Case, name: str, before: ServiceState, began: float, what: str
) -> None:
    state, service = case.state, case.wish.service
    if state.invocation in ("", before.invocation):
        case.problem(
            "triggered",
            f"{what}, but {name} has not started {service} within "
            f"{case.wish.timeout:g} s",
        )
    elif state.started < int(began * 1000000):
        case.problem("triggered", f"{service} was started before {what}")
    elif other_trigger(case, before) != name and not (
        name.endswith(".path") and case.manager.version < 250
    ):
        case.problem("triggered", f"{service} was started, but not by {name}")
    elif state.text("Result") not in ("", "success"):
        case.problem(
            "stays", f"{service} started by {name} {state.ending() or 'failed'}"
        )
