# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strings go through `to_unit` into a unit that runs, and come back from its process.

Every string either arrives byte for byte or is refused with a reason, and none of them
leaves another trace in the unit.
"""

from __future__ import annotations

import json
import os
import re
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from nasty import EVERY_ONE, random_strings
from running import SUITES, Target

from ansible_collections.activated.services.plugins.filter.to_unit import to_unit
from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    STRING_MAX,
)

READ_BACK = Path(__file__).with_name("read_back.py")
SEED = int(os.environ.get("ACTIVATED_SEED", "20"))
STRINGS = (*EVERY_ONE, *random_strings(600, SEED))
BATCH = 120

# the program waits, and its arguments are nothing to it
WAIT = ["/usr/bin/python3", "-ISc", "import signal; signal.pause()"]
FIXED = {"Type": "exec", "TimeoutStartSec": 30}

# Properties that differ between two units of one content
OWN = re.compile(
    r"Id|Names|Description|FragmentPath|ExecStart(Ex)?|Environment|InvocationID|"
    r".*PID|ControlGroup(Id)?|.*Timestamp(Monotonic)?|.*NSec|UID|GID|"
    r".*(Memory|Tasks).*|.*(Bytes|Packets|Operations|Pressure|Accounting)"
)

ORDERLESS = ("After", "Before", "Requires", "Conflicts", "RequiresMountsFor")

REASONS = (
    "has a NUL character",
    "which systemd does not take for UTF-8",
    "Linux hands a program at most",
)


class Refused(t.NamedTuple):
    text: str
    reason: str


def latin(text: str) -> str:
    """Text as the bytes that it is in a file, one letter for each."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def unit_of(service: dict[str, t.Any]) -> str:
    return to_unit({"Unit": {"Description": "x"}, "Service": {**FIXED, **service}})


def sort_out(
    strings: t.Iterable[str], make: t.Callable[[str], dict[str, t.Any]]
) -> tuple[list[str], list[Refused]]:
    """The strings that can be written, and those that are refused."""
    taken, refused = [], []
    for text in strings:
        try:
            unit_of(make(text))
            taken.append(text)
        except AnsibleFilterError as exc:
            refused.append(Refused(text, str(exc)))
    return taken, refused


def batches(strings: list[str], size: int = BATCH) -> t.Iterator[list[str]]:
    for place in range(0, len(strings), size):
        yield strings[place : place + size]


def ask(target: Target, **wish: t.Any) -> dict[str, t.Any]:
    """Deploy the units on the host; what read_back.py found."""
    wish["units"] = {name: latin(text) for name, text in wish["units"].items()}
    wish["links"] = {latin(path): to for path, to in wish.get("links", {}).items()}
    answer = target.python(READ_BACK, data=json.dumps(wish).encode())
    return t.cast("dict[str, t.Any]", json.loads(answer))


def check_nothing_added(found: dict[str, t.Any], plain: dict[str, t.Any]) -> None:
    """A unit and one with harmless strings in it are the same to systemd."""
    mine, theirs = comparable(found), comparable(plain)
    assert len(mine) > 200
    assert mine == theirs
    assert found["properties"]["User"] == ""
    assert found["uid"] == 0
    assert len(found["properties"]["ExecStart"]) == 1


def comparable(found: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        name: sorted(value) if name in ORDERLESS else value
        for name, value in found["properties"].items()
        if not OWN.fullmatch(name)
    }


def check_reasons(refused: list[Refused]) -> None:
    for one in refused:
        assert any(reason in one.reason for reason in REASONS), one


@pytest.fixture(scope="session", autouse=True)
def _report(record_testsuite_property: t.Callable[[str, object], None]) -> None:
    record_testsuite_property("seed", SEED)
    record_testsuite_property("suites", " ".join(SUITES))


def test_variables_arrive_byte_for_byte(target: Target) -> None:
    taken, refused = sort_out(STRINGS, lambda text: {"Environment": {"V": text}})
    check_reasons(refused)
    taken.append("x" * (STRING_MAX - len("V000=")))
    assert len(taken) >= 500
    units = {
        "as-plain.service": unit_of({"ExecStart": WAIT, "Environment": {"V": "x"}})
    }
    sent = {}
    for number, strings in enumerate(batches(taken)):
        name = f"as-env-{number}.service"
        sent[name] = {f"V{i:03}": text for i, text in enumerate(strings)}
        units[name] = unit_of({"ExecStart": WAIT, "Environment": sent[name]})
    answer = ask(target, units=units, start=list(units))
    plain = answer["started"]["as-plain.service"]
    own = plain["environ"].count("\0") - 1
    for name, variables in sent.items():
        found = answer["started"][name]
        assert found["pid"], answer["start"]
        words = found["environ"].split("\0")[:-1]
        got = dict(word.split("=", 1) for word in words if re.match("V[0-9]{3}=", word))
        assert got == {key: latin(text) for key, text in variables.items()}
        assert len(words) == len(variables) + own
        check_nothing_added(found, plain)
        assert len(found["properties"]["Environment"]) == len(variables)
    print(f"{target.suite}: {len(taken)} variables arrived, {len(refused)} refused")


def test_arguments_arrive_byte_for_byte(target: Target) -> None:
    taken, refused = sort_out(STRINGS, lambda text: {"ExecStart": ["/bin/x", text]})
    check_reasons(refused)
    taken.append("x" * STRING_MAX)
    assert len(taken) >= 500
    units = {"as-plain.service": unit_of({"ExecStart": [*WAIT, "x"]})}
    sent = {}
    for number, strings in enumerate(batches(taken)):
        name = f"as-arg-{number}.service"
        sent[name] = [*WAIT, *strings]
        # what is in the environment must not get into the arguments
        environment = {"HOME": "evil", "X": "evil evil", "a": "evil"}
        units[name] = unit_of({"ExecStart": sent[name], "Environment": environment})
    answer = ask(target, units=units, start=list(units))
    plain = answer["started"]["as-plain.service"]
    for name, arguments in sent.items():
        found = answer["started"][name]
        assert found["pid"], answer["start"]
        assert found["cmdline"].split("\0")[:-1] == [latin(text) for text in arguments]
        check_nothing_added(found, plain)
    print(f"{target.suite}: {len(taken)} arguments arrived, {len(refused)} refused")


def test_what_is_expanded_stays_one_argument(target: Target) -> None:
    """`{expand: "${NAME}"}` is one argument, whatever is in the variable."""
    values = [*EVERY_ONE, *random_strings(100, SEED + 1)]
    taken, _refused = sort_out(values, lambda text: {"Environment": {"V": text}})
    # an empty list of blanks, quotes and the like around the variable stays too
    around = ["{}", "a {} b", "'{}'", '"{}"', "\\{}", "{} ; x", "#{}", "{}\n"]
    units = {}
    sent = {}
    for number, strings in enumerate(batches(taken)):
        name = f"as-expand-{number}.service"
        variables = {f"V{i:03}": text for i, text in enumerate(strings)}
        shapes = [around[i % len(around)] for i in range(len(strings))]
        wishes = [
            {"expand": shape.format("${" + key + "}")}
            for shape, key in zip(shapes, variables)
        ]
        sent[name] = [shape.format(text) for shape, text in zip(shapes, strings)]
        units[name] = unit_of(
            {
                "ExecStart": [*WAIT, *wishes, {"expand": "%n %%"}, "%n"],
                "Environment": variables,
            }
        )
    answer = ask(target, units=units, start=list(units), full=False)
    for name, arguments in sent.items():
        found = answer["started"][name]
        assert found["pid"], answer["start"]
        expected = [*WAIT, *map(latin, arguments), f"{name} %", "%n"]
        assert found["cmdline"].split("\0")[:-1] == expected


def test_programs_are_the_ones_that_were_named(target: Target) -> None:
    """A program of any name is started, and sees its own name, or is refused."""
    folder = "/run/as-programs/"
    names = [
        folder + text
        for text in dict.fromkeys((*EVERY_ONE, *random_strings(20, SEED + 2)))
        if "/" not in text and "\0" not in text
    ]
    taken, refused = sort_out(names, lambda text: {"ExecStart": [text, "1000"]})
    assert len(taken) >= 70
    for one in refused:
        known = "which systemd refuses|which systemd loses|is a directory|longer name|not take for UTF-8"
        assert re.search(known, one.reason), one
    environment = {"HOME": "evil", "X": "evil evil", "a": "evil"}
    units = {
        f"as-program-{number}.service": unit_of(
            {"ExecStart": [text, "1000"], "Environment": environment}
        )
        for number, text in enumerate(taken)
    }
    answer = ask(
        target,
        units=units,
        links=dict.fromkeys(taken, "/bin/sleep"),
        start=list(units),
        full=False,
    )
    for name, text in zip(units, taken):
        found = answer["started"][name]
        assert found["pid"], (text, answer["start"])
        assert found["cmdline"].split("\0") == [latin(text), "1000", ""]
    print(f"{target.suite}: {len(taken)} programs started, {len(refused)} refused")


@pytest.mark.parametrize("prefix", ["-", "@", ":", "+", "!", "|", ";"])
def test_what_would_change_a_command_is_refused(prefix: str) -> None:
    for rest in ("/bin/x", "", "x"):
        with pytest.raises(
            AnsibleFilterError, match=r"Service\.ExecStart: the program"
        ):
            unit_of({"ExecStart": [prefix + rest if prefix != ";" else ";", "x"]})


def test_raw_values_arrive_or_are_refused(target: Target) -> None:
    """`Description=` is read without quotes and escapes; blanks at its ends are lost."""
    taken, refused = sort_out(
        (text for text in STRINGS if text), lambda text: {"X-Raw": text}
    )
    for one in refused:
        known = (
            "line break|a blank, which|ends with a backslash|not take for UTF-8|NUL|MiB"
        )
        assert re.search(known, one.reason), one
    taken = [text for text in dict.fromkeys(taken) if len(text) < 20_000][:300]
    assert len(taken) >= 250
    units = {
        f"as-raw-{number}.service": to_unit(
            {
                "Unit": {"Description": text, "CollectMode": "inactive-or-failed"},
                "Service": {"ExecStart": "/bin/true"},
            }
        )
        for number, text in enumerate(taken)
    }
    answer = ask(target, units=units, load=list(units))
    assert set(answer["states"].values()) == {"loaded"}
    assert answer["descriptions"] == dict(zip(units, taken))
    print(f"{target.suite}: {len(taken)} raw values arrived, {len(refused)} refused")


def test_paths_and_credentials_arrive_or_are_refused(target: Target) -> None:
    paths = [
        "/p" + text
        for text in dict.fromkeys(STRINGS)
        if "/" not in text and len(text.encode("utf-8", "surrogatepass")) < 250
    ]
    taken, refused = sort_out(paths, lambda text: {"ReadWritePaths": [text]})
    for one in refused:
        assert re.search("line break|not take for UTF-8|NUL", one.reason), one
    data, unwritable = sort_out(
        (text for text in STRINGS if text and len(text) < 20_000),
        lambda text: {"SetCredential": f"id:{text}"},
    )
    check_reasons(unwritable)
    assert len(taken) >= 300
    assert len(data) >= 500
    units = {
        "as-paths.service": unit_of({"ExecStart": WAIT, "ReadWritePaths": taken}),
        "as-creds.service": unit_of(
            {
                "ExecStart": WAIT,
                "SetCredential": [f"c{i}:{text}" for i, text in enumerate(data)],
            }
        ),
    }
    interface = "org.freedesktop.systemd1.Service"
    answer = ask(
        target,
        units=units,
        load=list(units),
        properties=[
            ["as-paths.service", interface, "ReadWritePaths"],
            ["as-creds.service", interface, "SetCredential"],
        ],
    )
    got = answer["properties"]["as-paths.service"]["ReadWritePaths"]
    assert got == taken
    credentials = answer["properties"]["as-creds.service"]["SetCredential"]
    assert {name: bytes(content) for name, content in credentials} == {
        f"c{i}": text.encode() for i, text in enumerate(data)
    }


def test_the_checks_can_fail(target: Target) -> None:
    """A unit in which a string did add something is told from one without."""
    good = unit_of({"ExecStart": WAIT, "Environment": {"V": "x"}})
    answer = ask(
        target,
        units={
            "as-good.service": good,
            "as-evil.service": good + "\n[Service]\nUser=nobody\nEnvironment=A=b\n",
            "as-quiet.service": good + "NoNewPrivileges=yes\n",
        },
        start=["as-good.service", "as-evil.service", "as-quiet.service"],
    )["started"]
    check_nothing_added(answer["as-good.service"], answer["as-good.service"])
    for name in ("as-evil.service", "as-quiet.service"):
        with pytest.raises(AssertionError):
            check_nothing_added(answer[name], answer["as-good.service"])
