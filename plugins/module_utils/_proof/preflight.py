# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""Whether the units are as they must be, before anything is touched."""

from __future__ import annotations

import typing as t

from .._host.followers import STOPS_TOO, followers, refusal
from .._host.manager import ManagerError
from .case import Case
from .facts import Tables, about
from .listeners import listening_inodes
from .proof import SocketUnit, limit_message


def preflight(case: Case, *, act: bool = True) -> bool:
    """Whether the proof can begin; what stands in its way is added to the problems.

    It changes nothing but, when the wish says so (``reset``) and ``act`` allows it, what
    a limit has left behind.
    """
    service, state = case.wish.service, case.state
    if not case.instances and not loaded(case, service, state.shown):
        return False
    if not case.units and not case.wish.triggers:
        case.problem("trigger", f"no socket starts {service}")
    for unit in case.units:
        _socket(case, unit, act)
    if case.wish.rest != "keep" or state.at_rest:
        _outlives(case)
    if not case.failed:
        bind(case)
    limit = limit_message(state.text("Result"))
    if limit and state.active == "failed":
        if not case.wish.reset:
            case.problem("limit", limit)
        elif act and case.state.active == "failed":
            case.manager.reset_failed(service)
            case.proof.changed = True
    return not case.failed


def loaded(
    case: Case, name: str, shown: t.Mapping[str, str], unit: SocketUnit | None = None
) -> bool:
    """Whether systemd has a unit, and has it as its file is now."""
    state = shown.get("LoadState", "")
    if state == "masked" or shown.get("UnitFileState", "").startswith("masked"):
        case.problem("loaded", f"{name} is masked", unit)
    elif state != "loaded":
        error = shown.get("LoadError", "").strip().partition(" ")[2].strip('"')
        reason = f"{state}: {error}" if error else state
        case.problem("loaded", f"{name} is not loaded ({reason})", unit)
    elif shown.get("NeedDaemonReload") == "yes":
        case.problem(
            "reloaded",
            f"the file of {name} has changed and systemd has not read it again "
            "(systemctl daemon-reload)",
            unit,
        )
    else:
        return True
    return False


def _socket(case: Case, unit: SocketUnit, act: bool) -> None:
    shown = {
        "LoadState": unit.load,
        "LoadError": unit.load_error,
        "UnitFileState": unit.file_state,
        "NeedDaemonReload": "yes" if unit.needs_reload else "no",
    }
    if not loaded(case, unit.unit, shown, unit):
        return
    service = case.wish.service
    starts = unit.triggers
    if unit.accept:
        starts = tuple(dict.fromkeys((unit.template, case.template(unit))))
    known = case.instances or (starts and service not in starts)
    if known and service not in (*starts, *(name.replace("@", "") for name in starts)):
        case.problem(
            "trigger",
            f"{unit.unit} belongs to {' '.join(starts)}, not to {service}",
            unit,
        )
    elif unit.accept and not loaded(
        case, unit.template, case.templates[unit.unit], unit
    ):
        return
    elif unit.active == "failed" and case.wish.reset and act:
        _revive(case, unit)
    elif unit.active != "active":
        limit = limit_message(unit.result)
        if limit:
            case.problem("limit", f"{unit.unit} is closed: {limit}", unit)
            return
        result = f" ({unit.result})" if unit.result != "success" else ""
        case.problem(
            "listening",
            f"{unit.unit} is not listening: it is {unit.active}{result}",
            unit,
        )


def _outlives(case: Case) -> None:
    """Whether the sockets stay open when the service is brought to rest, and what else
    runs does."""
    for name, directive in STOPS_TOO.items():
        for unit in case.units:
            if unit.unit in case.state.text(name).split():
                case.problem(
                    "rest",
                    f"{unit.unit} stops with {case.wish.service}, since it has "
                    f"{directive}{case.wish.service}: at rest the service cannot be "
                    "started by a request. Take that line away, or accept: [rest]",
                    unit,
                )
    own = [unit.unit for unit in case.units]
    name = case.wish.service
    case.followers = followers(case.manager, case.state.shown, name, own)
    if case.followers and case.wish.spare and "rest" not in case.wish.accept:
        case.problem("rest", refusal(case.followers, name))


def _revive(case: Case, unit: SocketUnit) -> None:
    limit = limit_message(unit.result) or f"it had failed ({unit.result})"
    units = [unit.unit] if case.instances else [case.wish.service, unit.unit]
    try:
        case.manager.reset_failed(*units)
        case.manager.start(unit.unit)
    except ManagerError as exc:
        case.problem("listening", f"{unit.unit} does not start: {exc.err}", unit)
        return
    case.proof.changed = True
    case.note(f"{unit.unit} was started again: {limit}")
    case.refresh()


def bind(case: Case) -> None:
    """Find the sockets in the kernel that PID 1 holds for the socket units.

    The tables are not read in one piece: on a busy host a row can be missed. What is not
    there is looked for once more.
    """
    missing = _missing(case)
    for unit, message in _missing(case) if missing else ():
        case.problem("bound", message, unit)


def _missing(case: Case) -> list[tuple[SocketUnit, str]]:
    """Note the sockets that PID 1 holds; a sentence for each that it does not."""
    tables = Tables(case.proc)
    held = set(case.proc.socket_inodes(1).values())
    paths = set(case.proc.links(1).values())
    wanted = list(case.listeners())
    unix = tables.unix() if any(x.family == "unix" for _u, x in wanted) else []
    found: list[tuple[SocketUnit, str]] = []
    for unit, listener in wanted:
        inodes: list[int] = []
        if listener.family in ("inet", "inet6"):
            protocol = "tcp" if listener.kind == "stream" else "udp"
            rows = tables.endpoints(protocol, listener.port)
            inodes = listening_inodes(listener, rows, ())
        elif listener.family == "unix":
            inodes = listening_inodes(listener, (), unix)
        elif listener.family == "path":
            if listener.path not in paths:
                found.append((unit, f"PID 1 has not opened {listener.path}"))
            continue
        else:
            continue
        own = [inode for inode in inodes if inode in held]
        if own:
            case.inodes[unit.unit, unit.label(listener)] = own[0]
            continue
        others = [pid for inode in inodes for pid in case.proc.holders(inode)]
        who = ", ".join(about(case.proc, pid) for pid in others[:3])
        says = f"systemd says that {unit.unit} listens on {listener.text}, but "
        does = f"{who} does" if who else "PID 1 holds no socket there"
        found.append((unit, says + does))
    return found
