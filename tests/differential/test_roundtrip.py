# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Units keep their meaning when they are read and written again, and systemd reads
what we read: its own files, and texts that were made to trip a reader."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import time
import typing as t
from pathlib import Path

import pytest
from nasty import mutate
from running import Target

from ansible_collections.activated.services.plugins.filter.parse_unit import parse_unit
from ansible_collections.activated.services.plugins.filter.to_unit import to_unit
from ansible_collections.activated.services.plugins.module_utils._units.unit import (
    InvalidUnit,
    Unit,
)
from ansible_collections.activated.services.plugins.module_utils._units.words import (
    InvalidWords,
    split_commands,
    split_words,
)

HERE = Path(__file__).parent
SWAP_UNITS = HERE / "swap_units.py"
READ_BACK = HERE / "read_back.py"
SERVICE = "org.freedesktop.systemd1.Service"

# What tells the time, and not what a unit means
OWN = re.compile(
    r"(InvocationID|.*Timestamp(Monotonic)?|.*NSec|Memory(Current|Peak|Available)|"
    r"Effective.*|TasksCurrent|IP(Ingress|Egress).*|IO.*(Bytes|Operations)|"
    r"NextElapse.*|LastTrigger.*)="
)
ORDERLESS = re.compile(
    r"(After|Before|Requires|Requisite|Wants|BindsTo|PartOf|Upholds|Conflicts|.*By|"
    r"Names|.*MountsFor|Triggers|OnFailure.*|Propagates.*|.*PropagatedFrom|.*Of)="
)


def meaning(lines: list[str]) -> list[str]:
    """The lines of `systemctl show` that tell what a unit means."""
    kept = []
    for line in lines:
        if OWN.match(line):
            continue
        if ORDERLESS.match(line):
            key, _equals, value = line.partition("=")
            line = f"{key}={' '.join(sorted(value.split(' ')))}"
        # what commands did when they ran
        kept.append(re.sub(r" ; start_time=.*", "", line))
    return kept


def latin(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def shipped(target: Target) -> dict[str, str]:
    """The text of each unit file in the image."""
    found = json.loads(target.python(SWAP_UNITS, "list"))
    assert len(found) > 100
    return {name: text.encode("latin-1").decode() for name, text in found.items()}


def changed(
    target: Target, first: dict[str, str], *others: dict[str, str]
) -> dict[str, set[str]]:
    """What differs, by unit, when the other texts stand in for the first."""
    wish = [
        {name: latin(text) for name, text in units.items()}
        for units in (first, *others)
    ]
    answer = target.python(SWAP_UNITS, "show", data=json.dumps(wish).encode())
    before, *afterwards = json.loads(answer)
    differences: dict[str, set[str]] = {}
    for after in afterwards:
        for name in first:
            assert len(meaning(before[name])) > 40, (name, before[name])
            assert f"FragmentPath=/run/systemd/system/{name}" in after[name]
            difference = set(meaning(before[name])) ^ set(meaning(after[name]))
            if difference:
                differences.setdefault(name, set()).update(difference)
    return differences


def test_units_of_the_system_keep_their_meaning(target: Target) -> None:
    texts = shipped(target)
    written = {}
    for name, text in texts.items():
        unit = Unit.parse(text)
        assert unit.problems == (), name
        written[name] = unit.render()
        assert Unit.parse(written[name]) == unit
        # the way through the filters is the same
        assert to_unit(parse_unit(text)) == written[name]
    assert changed(target, texts, written) == {}
    print(f"{target.suite}: {len(written)} units kept their meaning")


def disguised(text: str, rng: random.Random) -> str:
    """The same unit, written in every way that the grammar leaves open."""
    lines = []
    section = ""
    for line in Unit.parse(text).render().split("\n"):
        if line.startswith("["):
            section = line
        elif line and rng.random() < 0.2:
            lines.append(f"\t{section} ")
        key, equals, value = line.partition("=")
        words = re.split(r" (?=[^ #;])", value) if equals else [value]
        value = words[0]
        for word in words[1:]:
            joint = ("\\\n", "\\\n# no\n", "\\\n  ; no\n", " ", " ")[rng.randint(0, 4)]
            value += joint + word
        around = rng.choice(["", " ", "\t "])
        lines.append(
            around + key + (around + equals + around if equals else "") + value
        )
    lines.append("[X-Nothing]\njunk\n")
    text = "\ufeff" + "\n".join(lines)
    return text.replace("\n", rng.choice(["\n", "\r\n", "\r", "\0"]))


def test_disguised_units_are_seen_through(target: Target) -> None:
    """systemd and we read the same from a unit however it is written."""
    texts = shipped(target)
    odd, written = {}, {}
    for number, (name, text) in enumerate(texts.items()):
        odd[name] = disguised(text, random.Random(number))
        unit, same = Unit.parse(text), Unit.parse(odd[name])
        for section in unit.sections:
            for entry in section.assignments:
                pair = section.name, entry.key
                assert same.values(*pair) == unit.values(*pair), odd[name]
        written[name] = same.render()
        assert Unit.parse(written[name]) == same
    assert sum("\\" in text for text in odd.values()) > 50
    assert changed(target, texts, odd, written) == {}


def test_a_changed_meaning_is_seen(target: Target) -> None:
    texts = shipped(target)
    services = [name for name in texts if name.endswith(".service")][:30]
    original = {name: texts[name] for name in services}
    spoilt = {}
    for number, (name, text) in enumerate(original.items()):
        spoilt[name] = text.replace("Description=", "Description=x", 1)
        if number % 2:
            spoilt[name] = text + "\n[Service]\nUMask=0123\n"
    assert set(changed(target, original, spoilt)) == set(services)


FUZZ_SECONDS = float(os.environ.get("ACTIVATED_FUZZ_SECONDS", "4"))


def test_mutations_of_the_systems_units_get_an_answer(target: Target) -> None:
    rng = random.Random(61)
    texts = [text.encode() for text in shipped(target).values()]
    end = time.monotonic() + FUZZ_SECONDS
    answers = refusals = 0
    while time.monotonic() < end:
        data = mutate(rng.choice(texts), rng)
        begun = time.process_time()
        try:
            unit = Unit.parse(data)
            assert Unit.parse(unit.render()) == unit, data
            for section in unit.sections:
                for entry in section.assignments:
                    with contextlib.suppress(InvalidWords):
                        split_words(entry.value)
                    with contextlib.suppress(InvalidWords):
                        split_commands(entry.value)
            answers += 1
        except InvalidUnit:
            refusals += 1
        assert time.process_time() - begun < 8, data
    assert answers > 100
    assert refusals > 100


PIECES = (
    *("Description=a", "Description=", "Description=b c", "Description", "=d", " "),
    *(
        "\n",
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\n\r",
        "\0",
        "\\\n",
        "\\\r\n",
        "\\",
        "\\\\",
        "\\ \n",
    ),
    *(
        "# c",
        "; c",
        "#",
        "\t",
        "\ufeff",
        "[Unit]\n",
        "[Unit\n",
        "[Service]\n",
        "[X-Y]\n",
    ),
    *(
        "[Nope]\n",
        "\ufffe",
        "\u2028",
        "\x0b",
        "\u00e9",
        "x",
        "\x1c",
        "]",
        "  Description = z \t",
    ),
)


def made_texts(count: int, seed: int) -> dict[str, str]:
    rng = random.Random(seed)
    texts = {}
    for number in range(count):
        body = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 12)))
        texts[f"as-text-{number}.service"] = (
            f"[Unit]\nDescription=start\n{body}\n\n[Service]\nExecStart=/bin/true\n"
        )
    return texts


def read_back(target: Target, units: dict[str, str], *properties: str) -> t.Any:
    wish = {
        "units": {name: latin(text) for name, text in units.items()},
        "load": list(units),
        "properties": [[unit, SERVICE, name] for unit in units for name in properties],
    }
    return json.loads(target.python(READ_BACK, data=json.dumps(wish).encode()))


def test_texts_are_read_as_systemd_reads_them(target: Target) -> None:
    texts = made_texts(400, seed=31)
    answer = read_back(target, texts)
    refused = 0
    for name, text in texts.items():
        state = answer["states"][name]
        try:
            unit = Unit.parse(text)
        except InvalidUnit:
            assert state == "error", (text, state)
            refused += 1
            continue
        described = unit.values("Unit", "Description")[-1]
        expected = described or name
        assert answer["descriptions"][name] == expected, text
        assert state in ("loaded", "bad-setting"), (text, state)
    assert 20 < refused < 300


WORD_PIECES = (
    *("A=", "B=", "C=", "x", " ", " ", "\t", '"', '"', "'", "\\", "\\\\", '\\"', "\\'"),
    *(
        "\\n",
        "\\s",
        "\\x41",
        "\\x4",
        "\\101",
        "\\q",
        "\\u00e9",
        "\u00e9",
        ";",
        "#",
        "$X",
    ),
    *("\\xc3\\xa9", "\\t", "=", "\u2028", "\\;", "\\ "),
)


def made_values(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    values = [
        "".join(rng.choice(WORD_PIECES) for _ in range(rng.randint(1, 14)))
        for _ in range(count)
    ]
    # what joins the next line is for the test of texts
    return [value.rstrip("\\").strip(" \t") or "x" for value in values]


def test_words_are_split_as_systemd_splits_them(target: Target) -> None:
    units, wished = {}, {}
    for number, value in enumerate(made_values(200, seed=41)):
        name = f"as-words-{number}.service"
        value = f"A=0 {value} LAST=1"
        units[name] = f"[Service]\nExecStart=/bin/true\nEnvironment={value}\n"
        try:
            words = split_words(value, strict=True)
        except InvalidWords:
            wished[name] = None
            continue
        pairs = (word.split("=", 1) for word in words if re.match("[A-Za-z_]+=", word))
        wished[name] = dict(pairs)
    answer = read_back(target, units, "Environment")["properties"]
    for name, expected in wished.items():
        got = dict(word.split("=", 1) for word in answer[name]["Environment"])
        if expected is None:
            # systemd keeps the words before what it does not understand
            assert "LAST" not in got, units[name]
        else:
            assert got == expected, units[name]
    assert 40 < sum(expected is not None for expected in wished.values()) < 160


def test_commands_are_split_as_systemd_splits_them(target: Target) -> None:
    units = {}
    for number, value in enumerate(made_values(150, seed=51)):
        value = value.replace(";", " ; /bin/y ") if number % 3 == 0 else value
        prefix = ("", "-", "@", ":", "+", "!!", "-@", "!")[number % 8]
        units[f"as-commands-{number}.service"] = (
            f"[Service]\nType=oneshot\nExecStart={prefix}/bin/x {value}\n"
        )
    answer = read_back(target, units, "ExecStart")
    agreed = 0
    for name, text in units.items():
        loaded = answer["states"][name] == "loaded"
        try:
            commands = split_commands(
                Unit.parse(text).values("Service", "ExecStart")[0]
            )
        except InvalidWords:
            assert not loaded, text
            continue
        if not loaded:
            programs = [command.program for command in commands]
            odd = any(not re.fullmatch(r"/bin/[xy]", program) for program in programs)
            assert odd or not all(command.argv for command in commands), text
            continue
        got = answer["properties"][name]["ExecStart"]
        assert [command[0] for command in got] == [one.program for one in commands], (
            text
        )
        assert [tuple(command[1]) for command in got] == [
            one.argv for one in commands
        ], text
        assert [command[2] for command in got] == [
            "-" in one.prefixes for one in commands
        ]
        agreed += 1
    assert agreed > 50


@pytest.mark.parametrize("name", [PIECES, WORD_PIECES], ids=["texts", "words"])
def test_pieces_are_what_they_are_meant_to_be(name: tuple[str, ...]) -> None:
    assert len(set(name)) > 20
