# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd printed in these tables was printed by the versions that they name."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._host.verify import (
    Message,
    read_messages,
    replace_programs,
    verify_units,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit_name import (
    InvalidUnitName,
)

SERVICE = "[Service]\nExecStart=/bin/true\n"
UNITS = {
    "app.service": SERVICE,
    "t@.service": SERVICE,
    "root.service": "[Service]\nRootDirectory=/srv\nExecStart=/x\n",
}


class Host:
    """Stands where a host's `run` stands: remembers the call, answers as told."""

    def __init__(self, rc: int = 0, err: str = "") -> None:
        self.rc, self.err = rc, err
        self.argv: list[str] = []
        self.env: dict[str, str] = {}

    def run(self, argv: list[str], env: dict[str, str] | None) -> tuple[int, str, str]:
        self.argv, self.env = argv, dict(env or {})
        return self.rc, "", self.err


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            "/stage/./app.service:3: Unknown key name 'Foo' in section 'Unit', ignoring.",
            Message(
                "app.service", 3, "Unknown key name 'Foo' in section 'Unit', ignoring."
            ),
        ),
        (
            "/stage/app.service:10: Failed to parse ProtectSystem=a:b, ignoring: Invalid",
            Message(
                "app.service",
                10,
                "Failed to parse ProtectSystem=a:b, ignoring: Invalid",
            ),
        ),
        (
            "app.service: Command /no is not executable: No such file or directory",
            Message(
                "app.service",
                None,
                "Command /no is not executable: No such file or directory",
            ),
        ),
        (
            "Unit app.service is masked.",
            Message("app.service", None, "Unit app.service is masked."),
        ),
        (
            "Unit t@test_instance.service has a bad unit file setting.",
            Message(
                "t@.service",
                None,
                "Unit t@test_instance.service has a bad unit file setting.",
            ),
        ),
        (
            "t@i.service: Unit configuration has fatal error, unit will not be started.",
            Message(
                "t@.service",
                None,
                "Unit configuration has fatal error, unit will not be started.",
            ),
        ),
    ],
)
def test_message_names_its_unit_and_line(printed: str, expected: Message) -> None:
    assert read_messages(1, printed + "\n", UNITS, "/stage", 252) == [expected]


@pytest.mark.parametrize(
    ("rc", "err", "systemd", "expected"),
    [
        pytest.param(0, "", 252, [], id="quiet"),
        pytest.param(
            0, "/lib/systemd/system/x.service:1: Bad.", 252, [], id="other-unit"
        ),
        pytest.param(
            1,
            "/lib/systemd/system/x.service:1: Bad.",
            252,
            [Message("", None, "/lib/systemd/system/x.service:1: Bad.")],
            id="other-unit-fails-it",
        ),
        pytest.param(
            1,
            "",
            252,
            [Message("", None, "systemd-analyze verify ended with 1 and no message")],
            id="no-word",
        ),
        pytest.param(
            1,
            "root.service: Command /x is not executable: No such file or directory",
            257,
            [],
            id="program-in-its-own-root",
        ),
        pytest.param(
            1,
            "app.service: Command true is not executable: No such file or directory",
            247,
            [],
            id="search-path-on-247",
        ),
        pytest.param(
            1,
            "app.service: Command true is not executable: No such file or directory",
            252,
            [
                Message(
                    "app.service",
                    None,
                    "Command true is not executable: No such file or directory",
                )
            ],
            id="search-path-on-252",
        ),
        pytest.param(
            0,
            "/stage/app.service:2: Bad.\n/stage/app.service:2: Bad.\n",
            247,
            [Message("app.service", 2, "Bad.")],
            id="said-twice-and-rc-0",
        ),
    ],
)
def test_what_counts(rc: int, err: str, systemd: int, expected: list[Message]) -> None:
    assert read_messages(rc, err, UNITS, "/stage", systemd) == expected


@pytest.mark.parametrize(
    ("systemd", "strict"), [(247, False), (249, False), (250, True)]
)
def test_asks_strictly_where_systemd_can(
    tmp_path: Path, systemd: int, strict: bool
) -> None:
    host = Host()
    assert verify_units(host.run, UNITS, str(tmp_path), systemd) == []
    assert ("--recursive-errors=one" in host.argv) is strict
    assert host.env["SYSTEMD_UNIT_PATH"] == f"{tmp_path}:"
    assert host.argv[-3:] == [str(tmp_path / name) for name in sorted(UNITS)]


def test_stages_under_real_names_and_bytes(tmp_path: Path) -> None:
    units = {"a.service": "[Service]\nExecStart=/bin/echo é\udcff\n"}
    verify_units(Host().run, units, str(tmp_path), 252)
    assert (tmp_path / "a.service").read_bytes() == (
        b"[Service]\nExecStart=/bin/echo \xc3\xa9\xff\n"
    )


def test_a_hundred_thousand_messages_are_read_in_order() -> None:
    printed = "".join(
        f"/stage/app.service:{line}: Unknown key, ignoring.\n" * 2
        for line in range(1, 50_001)
    )
    start = time.process_time()
    found = read_messages(1, printed, UNITS, "/stage", 252)
    assert time.process_time() - start < 8
    assert [message.line for message in found] == list(range(1, 50_001))


def test_a_template_is_verified_as_an_instance_that_fits(tmp_path: Path) -> None:
    units = {
        "app@.socket": "[Socket]\nListenStream=%i\n",
        "app@.service": SERVICE,
        "b@.service": SERVICE,
    }
    host = Host()
    stage = tmp_path / "a@.b"
    stage.mkdir()
    verify_units(host.run, units, str(stage), 252)
    assert host.argv[-3:] == [
        f"{stage}/app@1.service",
        f"{stage}/app@1.socket",
        f"{stage}/b@.service",
    ]
    assert {path.name for path in stage.iterdir()} == set(units)


@pytest.mark.parametrize(
    ("systemd", "arguments"),
    [
        (249, ["{}/a:b.service", "{}/app@::1.socket"]),
        (250, ["{}/verify-0:a:b.service", "{}/app@.socket:app@::1.socket"]),
    ],
)
def test_a_name_with_a_colon_is_given_as_a_name(
    tmp_path: Path, systemd: int, arguments: list[str]
) -> None:
    units = {"app@.socket": "[Socket]\nListenStream=[%i]:80\n", "a:b.service": SERVICE}
    host = Host()
    verify_units(host.run, units, str(tmp_path), systemd)
    assert host.argv[-2:] == [one.format(tmp_path) for one in arguments]
    for argument in arguments if systemd == 250 else ():
        source, _colon, _name = argument.format(tmp_path).partition(":")
        assert Path(source).is_file()


@pytest.mark.parametrize(
    ("printed", "unit", "line"),
    [
        ("/tmp/systemd-analyze-ab12/t@::1.service:3: Unknown key", "t@.service", 3),
        ("/tmp/systemd-analyze-ab12/app.service:3: Unknown key", "app.service", 3),
        ("t@::1.service: Service has no ExecStart=.", "t@.service", None),
        ("/etc/systemd/system/t@::1.service:3: Unknown key", "", None),
    ],
)
def test_messages_about_a_copy_are_about_the_unit(
    printed: str, unit: str, line: int | None
) -> None:
    (found,) = read_messages(1, printed, UNITS, "/stage", 252)
    assert (found.unit, found.line) == (unit, line)


@pytest.mark.parametrize("name", ["../a.service", "a", "/a.service", "a.service/x"])
def test_writes_nothing_under_a_bad_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidUnitName):
        verify_units(Host().run, {"b.service": "", name: ""}, str(tmp_path), 252)
    assert list(tmp_path.iterdir()) == []


def test_no_units_need_no_call(tmp_path: Path) -> None:
    host = Host()
    assert verify_units(host.run, {}, str(tmp_path), 252) == []
    assert host.argv == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ExecStart=/opt/x/current/bin/x", "ExecStart=/opt/x/releases/1/bin/x"),
        ('ExecStart=-@"/opt/x/current/a" b', 'ExecStart=-@"/opt/x/releases/1/a" b'),
        (
            " ExecStartPre = /bin/sh \\\n /opt/x/current/a",
            " ExecStartPre = /bin/sh \\\n /opt/x/releases/1/a",
        ),
        (
            "ExecStart=a \\\n# note\\\n /opt/x/current/a",
            "ExecStart=a \\\n# note\\\n /opt/x/releases/1/a",
        ),
        ("ExecStart=/srv/opt/x/current/a", "ExecStart=/srv/opt/x/current/a"),
        ("# ExecStart=/opt/x/current/a", "# ExecStart=/opt/x/current/a"),
        ("Environment=A=/opt/x/current/a", "Environment=A=/opt/x/current/a"),
        (
            "ExecStart=a\nDescription=/opt/x/current/a",
            "ExecStart=a\nDescription=/opt/x/current/a",
        ),
    ],
)
def test_programs_are_looked_for_elsewhere(line: str, expected: str) -> None:
    programs: t.Mapping[str, str] = {"/opt/x/current/": "/opt/x/releases/1/"}
    assert replace_programs(line, programs) == expected
