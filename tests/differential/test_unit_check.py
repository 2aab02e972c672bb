# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `unit_check` on real hosts: what it finds, and that it leaves no trace."""

from __future__ import annotations

import json
import typing as t

import pytest
import remote_module
from remote_module import Failed, Remote

from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    exposure,
)

if t.TYPE_CHECKING:
    from running import Target

GOOD = {
    "app.service": "[Service]\nType=exec\nExecStart=/bin/true\nDynamicUser=yes\n",
    "app-http.socket": "[Socket]\nListenStream=8080\nService=app.service\n",
}


@pytest.fixture(scope="session")
def remote(target: Target) -> Remote:
    return Remote(target.name)


def test_takes_a_good_set(target: Target, remote: Remote) -> None:
    before = target.run("find", "/etc/systemd", "/run/systemd/system").stdout
    said = remote.run("unit_check", units=GOOD)
    assert said["changed"] is False
    assert said["problems"] == []
    assert said["systemd"] == target.version()
    exposure = said["exposure"]["app.service"]
    assert 5 < exposure["score"] < 10
    assert exposure["source"] == ("systemd" if target.version() >= 250 else "computed")
    assert target.run("find", "/etc/systemd", "/run/systemd/system").stdout == before
    left = target.run("find", "/", "-xdev", "-name", "unit-check-*").stdout
    assert left == b""


@pytest.mark.parametrize(
    ("name", "text", "unit", "line", "part"),
    [
        ("app.service", "[Service]\nExecStart=/bin/true\nProtectSytem=yes\n", "app.service", 3, "Unknown key"),
        ("app.service", "[Service]\nExecStart=/bin/true\nRestart=maybe\n", "app.service", 3, "maybe"),
        ("app.service", "[Service]\nExecStart=/no/such/program\n", "app.service", None, "not executable"),
        ("app.service", "[Unit]\nRequires=nosuch.service\n[Service]\nExecStart=/bin/true\n", "app.service", None, "nosuch.service"),
        ("other.service", "[Service]\nExecStart=/bin/true\n", "app-http.socket", None, "app.service"),
    ],
)  # fmt: skip
def test_fails_as_this_systemd_would(
    remote: Remote, name: str, text: str, unit: str, line: int | None, part: str
) -> None:
    units = {"app-http.socket": GOOD["app-http.socket"], name: text}
    with pytest.raises(Failed) as failed:
        remote.run("unit_check", units=units)
    problems = failed.value.result["problems"]
    assert any(
        (problem["unit"], problem["line"]) == (unit, line)
        and part in problem["message"]
        for problem in problems
    ), problems


TEMPLATES = {
    "a path": "ListenStream=/run/app/%i.sock",
    "a port": "ListenStream=%i",
    "an address": "ListenStream=%i:8080",
    "a host of a network": "ListenStream=127.0.0.%i:8080",
    "an IPv6 address": "ListenStream=[%i]:8080",
    "an IPv6 address, unescaped": "ListenStream=[%I]:8080",
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_takes_templates_that_want_an_instance_of_their_own(
    target: Target, remote: Remote, kind: str
) -> None:
    units = {
        "app@.socket": f"[Socket]\n{TEMPLATES[kind]}\n",
        "app@.service": "[Service]\nExecStart=/bin/echo %i\nDynamicUser=yes\n",
    }
    assert remote.run("unit_check", units=units)["problems"] == []
    units["app@.socket"] += "Nonsense=%i\n"
    with pytest.raises(Failed) as failed:
        remote.run("unit_check", units=units)
    (problem,) = failed.value.result["problems"]
    assert (problem["unit"], problem["line"]) == ("app@.socket", 3)


def test_takes_names_with_a_colon(remote: Remote) -> None:
    units = {
        "a:b.socket": "[Socket]\nListenStream=/run/ab\n",
        "a:b.service": "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n",
        "c:d@.socket": "[Socket]\nListenStream=[%i]:8080\n",
        "c:d@.service": "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n",
        "c:d@.socket.d/e.conf": "[Socket]\nBacklog=9\n",
    }
    assert remote.run("unit_check", units=units)["problems"] == []
    for name in units:
        with pytest.raises(Failed) as failed:
            remote.run("unit_check", units={**units, name: units[name] + "Typo=%i\n"})
        problems = failed.value.result["problems"]
        lines = units[name].count("\n") + 1
        assert [(p["unit"], p["line"]) for p in problems] == [(name, lines)]


def test_takes_a_timer_whose_instance_is_its_time(remote: Remote) -> None:
    units = {
        "app@.timer": "[Timer]\nOnCalendar=%i\n",
        "app@.service": "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n",
    }
    assert remote.run("unit_check", units=units)["problems"] == []
    units["app@.timer"] = "[Timer]\nOnCalendar=%i-%i-%i-%i\n"
    with pytest.raises(Failed):
        remote.run("unit_check", units=units)


def test_takes_the_instance_that_the_set_names(remote: Remote) -> None:
    units = {
        "app@.timer": "[Timer]\nOnCalendar=%i *-*-*\n",
        "app@.service": "[Service]\nExecStart=/bin/true\nDynamicUser=yes\n",
    }
    with pytest.raises(Failed):
        remote.run("unit_check", units=units)
    units["app.target"] = "[Unit]\nWants=app@Mon.timer\n"
    assert remote.run("unit_check", units=units)["problems"] == []


def test_runs_in_check_mode(remote: Remote) -> None:
    assert remote.run("unit_check", check=True, units=GOOD)["problems"] == []
    with pytest.raises(Failed):
        remote.run("unit_check", check=True, units={"a.service": "[Service]\n"})


def test_runs_unprivileged(target: Target, remote: Remote) -> None:
    remote.send()
    given = {"units": GOOD, "_ansible_remote_tmp": "/tmp"}
    program = remote_module._LAUNCH.format(
        place=remote_module.PLACE, module="unit_check"
    )
    said = target.run(
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "python3",
        "-c",
        program,
        data=json.dumps(given).encode(),
    ).stdout
    answer = json.loads(said.splitlines()[-1])
    assert answer["problems"] == []
    assert answer["exposure"]["app.service"]["score"] > 5


def test_refuses_too_much_exposure(remote: Remote) -> None:
    with pytest.raises(Failed, match=r"more than 1\.0"):
        remote.run("unit_check", units=GOOD, exposure_max=1.0)
    assert remote.run("unit_check", units=GOOD, exposure_max=10.0)["problems"] == []


def test_writes_nothing_under_a_name_that_is_none(remote: Remote) -> None:
    with pytest.raises(Failed, match="is not the name of a unit"):
        remote.run("unit_check", units={"../../etc/systemd/system/a.service": "x"})


def test_verifies_drop_ins_with_their_unit(target: Target, remote: Remote) -> None:
    part = "app.service.d/10-more.conf"
    units = {**GOOD, part: "[Service]\nPrivateNetwork=yes\nProtectHome=yes\n"}
    said = remote.run("unit_check", units=units)
    assert said["problems"] == []
    merged = exposure(units["app.service"], target.version(), [units[part]]).score
    assert said["exposure"] == {
        "app.service": {**said["exposure"]["app.service"], "score": merged}
    }
    assert (
        merged
        < remote.run("unit_check", units=GOOD)["exposure"]["app.service"]["score"]
    )
    wrong = {**GOOD, part: "[Service]\nProtectSytem=yes\n"}
    with pytest.raises(Failed) as failed:
        remote.run("unit_check", units=wrong)
    found = failed.value.result["problems"]
    assert [(one["unit"], one["line"]) for one in found] == [(part, 2)]
    with pytest.raises(Failed, match=r"a part of app\.service, whose text is not"):
        remote.run("unit_check", units={part: units[part]})
