# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of processes and sockets that come and go while it is read."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    Manager,
)
from ansible_collections.activated.services.plugins.module_utils._host.proc import Proc
from ansible_collections.activated.services.plugins.module_utils._proof.case import Case
from ansible_collections.activated.services.plugins.module_utils._proof.conduct import (
    settle,
)
from ansible_collections.activated.services.plugins.module_utils._proof.look import (
    judge_user,
    while_alive,
)
from ansible_collections.activated.services.plugins.module_utils._proof.preflight import (
    bind,
)
from ansible_collections.activated.services.plugins.module_utils._proof.proof import (
    ServiceState,
    SocketUnit,
    Wish,
)

ROW = "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 0 0 0 77 1"


class Changing(Proc):
    """A `/proc` whose files hold something else each time that they are read.

    The last text of each stays; a file without any is not there.
    """

    def __init__(self, files: t.Mapping[str, t.Sequence[str]]) -> None:
        super().__init__("/nowhere")
        self.files = {name: list(texts) for name, texts in files.items()}

    def text(self, *path: str) -> str:
        texts = self.files.get("/".join(path), [""])
        return texts.pop(0) if len(texts) > 1 else texts[0]

    def program(self, pid: int) -> str:
        own = {1: "/sbin/systemd"}.get(pid, "/bin/demo")
        return self.text(str(pid), "exe") or own

    def links(self, pid: int) -> dict[int, str]:
        return {5: "socket:[77]"} if pid == 1 else {}

    def members(self, control_group: str, first: int = 0) -> list[int]:
        return [9]

    def pids(self) -> list[int]:
        return [1]


def case(**files: t.Sequence[str]) -> Case:
    named = {name.replace("_", "/")[1:]: texts for name, texts in files.items()}
    found = Case(
        Wish("demo.service"), Manager(lambda *_a, **_k: (0, "", "")), Changing(named)
    )
    unit = SocketUnit.parse("demo.socket", {"Listen": "127.0.0.1:8080 (Stream)"})
    found.units, found.names = [unit], {"demo.socket": "demo"}
    return found


@pytest.mark.parametrize(
    ("program", "wrong"),
    [("/sbin/systemd", False), ("/sbin/systemd-executor", False), ("/bin/true", True)],
)
def test_what_systemd_has_just_forked_is_not_the_service_yet(
    program: str, wrong: bool
) -> None:
    found = case(_9_status=["Uid: 0 0 0 0"], _9_comm=["(true)"], _9_exe=[program])
    facts = {"uid": 61184, "user": "demo", "dynamic": True}
    judge_user(found, [9], facts, {"User": "demo"})
    assert [problem.fact for problem in found.proof.problems] == ["user"] * wrong


@pytest.mark.parametrize(
    ("state", "kept"), [("State: S", True), ("State: Z", False), ("", False)]
)
def test_what_was_read_of_one_that_has_ended_is_forgotten(
    state: str, kept: bool
) -> None:
    found = case(_9_status=[state])
    found.note("before")

    def judge() -> None:
        found.problem("sandbox", "its control group has no memory.max")
        found.note("and more")

    assert while_alive(found, 9, judge) is kept
    assert len(found.proof.problems) == kept
    assert found.proof.notes == ["before", "and more"][: 1 + kept]


@pytest.mark.parametrize(
    ("main", "run", "facts"),
    [("9", "one", []), ("9", "two", []), ("0", "one", []), ("0", "two", ["stays"])],
)
def test_without_a_main_process_it_must_be_the_same_run(
    main: str, run: str, facts: list[str]
) -> None:
    """There is a process each time that one looks, and it may be another one each time."""
    found = case(_9_status=["State: S"])
    found.wish, found.last_answer = replace(found.wish, settle=0.0), 1.0
    shown = {"ActiveState": "active", "InvocationID": "one", "MainPID": main}
    found.state = ServiceState(shown)
    text = f"Id=demo.service\nActiveState=active\nInvocationID={run}\nMainPID={main}\n"
    answer = f"{text}\nId=demo.socket\nActiveState=active\n"
    found.manager = Manager(lambda *_a, **_k: (0, answer, ""))
    settle(found)
    assert [problem.fact for problem in found.proof.problems] == facts


@pytest.mark.parametrize(
    ("tables", "facts"),
    [(["", ROW], []), ([ROW], []), ([""], ["bound"]), (["", ""], ["bound"])],
)
def test_a_row_may_be_missed_once(tables: list[str], facts: list[str]) -> None:
    found = case(_1_net_tcp=["head\n" + table for table in tables])
    bind(found)
    assert [problem.fact for problem in found.proof.problems] == facts
    assert bool(found.inodes) is not bool(facts)
