# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemctl prints, read back."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    Manager,
    ManagerError,
    bus_label,
    parse_show,
    parse_span,
    parse_version,
)

SPANS = [
    ("0", 0),
    ("100ms", 100000),
    ("1min 30s", 90000000),
    ("infinity", None),
    ("[not set]", None),
    ("", None),
    ("5h 10min 19.460150s", 18619460150),
    ("2d 3us", 172800000003),
    ("1month", 2629800000000),
    ("42", 42),
]


@pytest.mark.parametrize(("text", "microseconds"), SPANS)
def test_a_span_of_time(text: str, microseconds: int | None) -> None:
    assert parse_span(text) == microseconds


@pytest.mark.parametrize("text", ["soon", "5 parsecs", "1s 2"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="not a time span"):
        parse_span(text)


def test_a_version() -> None:
    assert parse_version("systemd 257 (257.13-1~deb13u1)\n+PAM +AUDIT") == 257
    assert parse_version("247.3-7+deb11u7") == 247
    assert parse_version("v262~rc1") == 262
    assert parse_version("nothing") == 0


def test_the_manager_is_asked_for_itself_once() -> None:
    run = Recorder((0, "Version=252.39-1\nDefaultTasksMax=9\n", ""))
    manager = Manager(run)
    assert manager.version == 252
    assert manager.version == 252
    assert manager.own["DefaultTasksMax"] == "9"
    assert len(run.asked) == 1


def test_several_units_and_values() -> None:
    text = (
        "Id=a.socket\nListen=[::]:80 (Stream)\nListen=/run/a (Stream)\n\nId=b.service\n"
    )
    assert parse_show(text, ["Id", "Listen"]) == [
        {"Id": "a.socket", "Listen": "[::]:80 (Stream)\n/run/a (Stream)"},
        {"Id": "b.service"},
    ]


def test_a_value_of_several_lines_stays_one() -> None:
    text = "Id=a.service\nExecStart={ argv[]=/bin/sh -c first\nsecond=1 ; }\n"
    (block,) = parse_show(text, ["Id", "ExecStart"])
    assert block["ExecStart"] == "{ argv[]=/bin/sh -c first\nsecond=1 ; }"


VALUES = st.text(st.characters(blacklist_characters="\n", blacklist_categories=("Cs",)))


@given(st.lists(st.dictionaries(st.sampled_from(["A", "B", "C"]), VALUES), max_size=4))
def test_what_is_printed_is_read(units: list[dict[str, str]]) -> None:
    for index, unit in enumerate(units):
        unit["Id"] = f"{index}.service"
    text = "\n".join("".join(f"{k}={v}\n" for k, v in unit.items()) for unit in units)
    assert parse_show(text, ["A", "B", "C", "Id"]) == units


@pytest.mark.parametrize(
    ("name", "label"),
    [("a.service", "a_2eservice"), ("7up", "_37up"), ("", "_"), ("x-y@1", "x_2dy_401")],
)
def test_a_name_on_the_bus(name: str, label: str) -> None:
    assert bus_label(name) == label


class Recorder:
    """Stands for the commands: says what it was told, and remembers what was asked."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers = list(answers)
        self.asked: list[list[str]] = []

    def __call__(
        self, argv: list[str], env: t.Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        assert env is not None
        assert env["LC_ALL"] == "C"
        self.asked.append(argv)
        return self.answers.pop(0)


def test_units_are_shown_in_one_command_by_the_names_asked_for() -> None:
    run = Recorder((0, "Id=real.service\nType=exec\n\nId=b.service\n", ""))
    shown = Manager(run).show(["alias.service", "b.service"], ["Type"])
    assert shown["alias.service"] == {"Id": "real.service", "Type": "exec"}
    assert len(run.asked) == 1
    assert run.asked[0][-2:] == ["alias.service", "b.service"]


def test_a_refusal_says_what_was_refused() -> None:
    run = Recorder((5, "", "Unit nope.service not loaded."))
    with pytest.raises(
        ManagerError, match=r"stop.*nope.*ended with 5: Unit nope"
    ) as caught:
        Manager(run).stop("nope.service")
    assert caught.value.rc == 5


def test_no_units_no_command() -> None:
    run = Recorder()
    Manager(run).stop()
    assert Manager(run).show([], ["Id"]) == {}
    assert run.asked == []


def test_one_unknown_property_does_not_spoil_the_others() -> None:
    known = '{"type":"a(ss)","data":[["key","/root/key"]]}'
    run = Recorder((1, "", "Unknown property"), (0, known, ""), (1, "", "Unknown"))
    rows = Manager(run).raw_properties(
        "a.service", "Service", ["LoadCredential", "New"]
    )
    assert rows == [[["key", "/root/key"]], None]


def test_how_main_processes_have_ended() -> None:
    lines = [
        '{"MESSAGE": "a.service: Main process exited, code=exited, status=3/X", '
        '"EXIT_CODE": "exited", "EXIT_STATUS": "3"}',
        '{"MESSAGE": "said EXIT", "EXIT_STATUS": "9"}',
        '{"MESSAGE": "a.service: Main process exited, code=killed, status=9/KILL", '
        '"EXIT_CODE": "killed", "EXIT_STATUS": "9"}',
    ]
    run = Recorder((0, "\n".join(lines), ""))
    assert Manager(run).endings("a.service", 1) == [
        "ended with status 3",
        "was killed by signal 9",
    ]
