# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""Who a service is: the process, its descriptors, its sandbox, its credentials."""

from __future__ import annotations

import typing as t

from .case import Case
from .conduct import PATIENCE, await_its_end, ended_after, is_done, outlasted
from .facts import (
    about,
    credential_facts,
    declared_credentials,
    process_facts,
    sandbox_facts,
)
from .verdict import bypass
from .wire import STEP, Deadline


def look(case: Case) -> None:
    """Look at the service while it runs; what is not as it must be is a problem."""
    state = case.state
    members = case.members()
    pid = state.main_pid or (members[0] if members else 0)
    deadline = Deadline(PATIENCE, case.clock)
    while pid and case.proc.alive(pid) and not case.proc.executed(pid):
        if deadline.over:
            break
        case.sleep(STEP)
    facts = facts_of(case, pid) if pid else {}
    if not facts:
        await_its_end(case)
        if case.failed or is_done(case):
            return
        if pid or case.state.ending() or case.state.at_rest:
            _ended(case, "before it could be looked at")
        else:
            case.problem("process", "there is no main process to look at")
        return

    def judge() -> None:
        judge_descriptors(case, members, facts)
        judge_user(case, members, facts, state.shown)
        judge_sandbox(case, case.wish.service, pid, state.text("ControlGroup"))

    if while_alive(case, pid, judge):
        return
    await_its_end(case)
    if not case.failed and not is_done(case):
        _ended(case, "while it was looked at")


def while_alive(case: Case, pid: int, judge: t.Callable[[], None]) -> bool:
    """Judge a process, and tell whether it was there until that was done.

    What was read of one that ended in between says nothing but that it ended: all that came
    of it is forgotten.
    """
    problems, notes = len(case.proof.problems), len(case.proof.notes)
    judge()
    if case.proc.alive(pid):
        return True
    del case.proof.problems[problems:]
    del case.proof.notes[notes:]
    return False


def _ended(case: Case, when: str) -> None:
    """Say how its main process has ended; systemd forgets that when it starts it again."""
    state = case.state
    again = "ended, and was started again," if state.active == "active" else ""
    ending = state.ending() or again or f"is {state.active}"
    if outlasted(case):
        case.problem("process", f"the main process has stayed, but {ending} {when}")
    else:
        ended_after(case, ending, when)


def facts_of(case: Case, pid: int, accepted: str = "") -> dict[str, t.Any]:
    """The mapping ``process`` of the proof; empty when the process has gone.

    ``accepted`` is the address whose connection it was given, if it was given one.
    """
    texts = {inode: key[1] for key, inode in case.inodes.items()}
    facts = process_facts(case.proc, pid, texts, accepted)
    if facts:
        case.proof.process = facts
    return facts


def judge_descriptors(
    case: Case, members: t.Sequence[int], facts: dict[str, t.Any]
) -> None:
    """Whether the sockets of PID 1 are the service's, under their names."""
    inodes = case.held(members)
    paths = {link for pid in members for link in case.proc.links(pid).values()}
    passed = [row["name"] for row in facts["descriptors"]]
    for unit, listener in case.listeners():
        entry = case.entry(unit)
        inode = case.inodes.get((unit.unit, unit.label(listener)))
        if inode is not None:
            holder = inodes.get(inode)
        elif listener.family == "path":
            holder = facts["pid"] if listener.path in paths else None
        else:
            continue
        if holder:
            entry["held_by"] = sorted({*entry["held_by"], holder})
        if holder is None:
            case.problem(
                "descriptor",
                f"no process of {case.wish.service} holds the socket at {listener.text} "
                "that PID 1 listens on" + bypass(case),
                unit,
            )
        elif passed and unit.name not in passed:
            case.problem(
                "descriptor",
                f"{unit.name} is not among the names of the descriptors that the "
                f"service was given ({', '.join(passed)})",
                unit,
            )


def judge_user(
    case: Case,
    members: t.Sequence[int],
    facts: dict[str, t.Any],
    shown: t.Mapping[str, str],
) -> None:
    """Whether every process of the service is the declared user, and never root."""
    uid, declared = facts["uid"], shown.get("User", "")
    if uid == 0:
        case.problem("user", f"{about(case.proc, facts['pid'])} runs as root")
        return
    if declared not in ("", facts["user"], str(uid)) and not facts["dynamic"]:
        case.problem("user", f"its user is {facts['user']} ({uid}), not {declared}")
    for pid in members:
        ids = case.proc.status(pid).get("Uid", "").split()
        # what systemd has forked is root's until it has become a program of the service
        if ids[1:2] == ["0"] and case.proc.executed(pid):
            case.problem("user", f"{about(case.proc, pid)} runs as root")


def judge_sandbox(case: Case, unit: str, pid: int, control_group: str) -> None:
    """Whether the kernel shows what the manager declares, credentials included."""
    sandbox = sandbox_facts(case.manager, case.proc, unit, pid, control_group)
    case.proof.sandbox = sandbox
    for row in sandbox["differences"]:
        if row["directive"] in case.wish.accept:
            case.note(row["message"])
        else:
            case.problem("sandbox", row["message"])
    declared = declared_credentials(case.manager, unit)
    if declared is None:
        case.note("which credentials are declared is unknown: there is no bus to ask")
    wanted = dict.fromkeys(case.wish.credentials, "")
    wanted.update(declared or {})
    facts = case.proof.process
    seen, wrong = credential_facts(
        case.proc, pid, facts.get("uid", 0), wanted, case.known
    )
    facts["credentials"] = seen
    for message in wrong:
        case.problem("credentials", message)
