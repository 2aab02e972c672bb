# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role `service` and the controller's half of `release`, through ansible-playbook."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from nasty import SMUGGLED
from shop import Shop, archive, names, opened

pytestmark = pytest.mark.targets

COLLECTIONS = Path(__file__).resolve().parents[3] / ".build" / "collections"
STRINGS = [*SMUGGLED, "100% of $HOME", "{{ 7 * 7 }}", "é \u2028 \U0001f600 \x7f \x01"]


def play(
    shop: Shop, tmp_path: Path, *options: str, **variables: t.Any
) -> tuple[int, str]:
    """Run the role on the host of a shop; the code and all that was said."""
    # what a person writes in a vars file is data: `!unsafe` says so of braces
    values = {f"service_{key}": value for key, value in variables.items()}
    (tmp_path / "vars.yml").write_text(
        json.dumps(_unsafe(values)).replace("\x7f", r"\u007f")
    )
    book = {"roles": ["activated.services.service"]}
    return played(shop, tmp_path, book, "-e", f"@{tmp_path / 'vars.yml'}", *options)


def played(
    shop: Shop, tmp_path: Path, book: t.Mapping[str, t.Any], *options: str
) -> tuple[int, str]:
    """Run a play on the host of a shop; the code and all that was said."""
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, **book}])
    )
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"),
         "-i", f"{shop.host.container},", "-c", "community.docker.docker",
         *options, str(tmp_path / "play.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
             "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOST_KEY_CHECKING": "0"},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def _unsafe(value: t.Any) -> t.Any:
    """A value as Ansible's JSON has what is data and no template."""
    if isinstance(value, dict):
        return {key: _unsafe(entry) for key, entry in value.items()}
    return {"__ansible_unsafe": value} if isinstance(value, str) else value


COUNTER = "/var/tmp/module-executions"
COUNTED = f'#!/bin/sh\necho >> {COUNTER}\nexec /usr/bin/python3 "$@"\n'


def count(shop: Shop) -> list[str]:
    """Options with which each execution of a module leaves a line in COUNTER."""
    python = "/usr/local/bin/counted-python"
    shop.host.write({f"{python}!": COUNTED})
    shop.host.sh(f"rm -f {COUNTER}")
    return ["-e", f"ansible_python_interpreter={python}"]


def wish(shop: Shop, tmp_path: Path, **more: t.Any) -> dict[str, t.Any]:
    (tmp_path / "release.tar").write_bytes(archive("1"))
    return {
        "name": shop.name,
        "release": {"version": "1", "src": str(tmp_path / "release.tar")},
        "exec_start": ["bin/serve"],
        "sockets": {"http": {"ListenStream": shop.ports[0]}},
        **more,
    }


def test_any_string_arrives_and_nothing_travels_twice(
    shop: Shop, tmp_path: Path
) -> None:
    strings = {f"V{n}": text for n, text in enumerate(STRINGS)}
    service = wish(shop, tmp_path, environment=strings)
    code, said = play(shop, tmp_path, "-vvv", *count(shop), **service)
    assert code == 0, said[-3000:]
    # asked for the release; it installed; the deployment, which was not asked for
    assert shop.host.sh(f"wc -l <{COUNTER}") == "3"
    assert f"PUT {tmp_path / 'release.tar'}" in said
    assert shop.ask() == "1"
    pid = shop.host.show(shop.service, "MainPID")
    there = shop.host.sh(f"base64 -w0 /proc/{pid}/environ")
    environ = dict(
        row.split("=", 1)
        for row in base64.b64decode(there).decode().split("\0")
        if "=" in row
    )
    assert {key: environ.get(key) for key in strings} == strings

    code, said = play(shop, tmp_path, "-vvv", *count(shop), **service)
    assert code == 0, said[-3000:]
    assert "changed=0" in said
    assert "release.tar TO" not in said
    assert shop.host.sh(f"wc -l <{COUNTER}") == "2"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sockets": ["http"]}, "service_sockets"),
        ({"environment": ["A=1"]}, "service_environment"),
        ({"release": {"version": "1", "source": "x"}}, "source"),
        ({"exec_start": ["bin/hello"]}, "is not in the release"),
        ({"environment": {"A": "a\0b"}}, '"msg": "service_environment.A: has a NUL'),
        (
            {"sockets": {"http": {"ListenStream": "a\nb"}}},
            '"msg": "service_sockets.http.ListenStream: has a line break',
        ),
        ({"exposure_max": 0}, "above exposure_max 0.0; nothing was changed"),
        (
            {"sandbox": "strickt"},
            "service_sandbox: level 'strickt' does not exist; did",
        ),
        ({"sandbox": {"version": 999}}, "version 999 is not known to this collection"),
        ({"sandbox": {"except": {"PrivatTmp": 0}}}, "did you mean PrivateTmp?"),
        (
            {"sandbox": "sealed", "outgoing": ["192.0.2.1"]},
            "service_outgoing contradicts",
        ),
        ({"devices": ["ttyS0"]}, "service_devices[0]: 'ttyS0' is no device"),
        # the newest that the collection knows, since the host was not asked
        (
            {"directives": {"Service": {"Nice": 99}}},
            "units are refused for systemd 262;",
        ),
    ],
)
def test_what_is_wrong_is_told_before_the_host_is_touched(
    clean: Shop, tmp_path: Path, change: dict[str, t.Any], says: str
) -> None:
    before = names(clean.listing("/etc /opt"))
    code, said = play(clean, tmp_path, **{**wish(clean, tmp_path), **change})
    assert code == 2, said
    assert says in said
    assert names(clean.listing("/etc /opt")) == before


# -- several services -----------------------------------------------------------------


def play_several(
    shop: Shop, tmp_path: Path, services: t.Any, *options: str
) -> tuple[int, str]:
    """Run the entry point `several` on the host of a shop."""
    values = json.dumps({"activated_services": services})
    (tmp_path / "several.json").write_text(values)
    role = {"name": "activated.services.service", "tasks_from": "several"}
    tasks = [{"ansible.builtin.include_role": role}]
    (tmp_path / "several.yml").write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    )
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"),
         "-i", f"{shop.host.container},", "-c", "community.docker.docker",
         "-e", f"@{tmp_path / 'several.json'}", *options, str(tmp_path / "several.yml")],
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
             "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_several_services_cost_two_executions_however_many_they_are(
    shop: Shop, tmp_path: Path
) -> None:
    with opened(shop.host) as other:
        services = [
            wish(one, tmp_path, environment={"GREETING": one.name})
            for one in (shop, other)
        ]
        code, said = play_several(shop, tmp_path, services)
        assert code == 0, said[-3000:]
        assert [one.ask() for one in (shop, other)] == [
            f"1 {shop.name}",
            f"1 {other.name}",
        ]
        code, said = play_several(shop, tmp_path, services, *count(shop))
        assert code == 0, said[-3000:]
        assert "changed=0" in said
        assert shop.host.sh(f"wc -l <{COUNTER}") == "2"


def test_several_services_of_which_one_fails(shop: Shop, tmp_path: Path) -> None:
    with opened(shop.host) as other:
        good = wish(shop, tmp_path)
        (tmp_path / "bad.tar").write_bytes(
            archive("2", bin__serve="#!/bin/sh\nexit 7\n")
        )
        bad = {
            **wish(other, tmp_path),
            "release": {"version": "2", "src": str(tmp_path / "bad.tar")},
        }
        code, said = play_several(shop, tmp_path, [good, bad])
        assert code == 2
        assert f"1 of 2 services failed; as described: {shop.name}" in said
        assert shop.ask() == "1"
        # The release that never ran goes again, the one that runs stays.
        assert not other.has(f"/opt/{other.name}/releases/2")
        assert shop.has(f"/opt/{shop.name}/releases/1")


SEVERAL_REFUSED: list[tuple[t.Callable[[dict[str, t.Any]], t.Any], str]] = [
    (lambda one: [{**one, "sokets": {}}], "did you mean 'sockets'?"),
    (
        lambda one: [{**one, "directives": {"Service": {"ProtectSytem": "yes"}}}],
        "ProtectSytem",
    ),
    (lambda one: [one, {**one, "name": "other"}], "would both listen on"),
]


@pytest.mark.parametrize(("change", "says"), SEVERAL_REFUSED)
def test_what_is_wrong_with_one_of_several_is_told_before_anything_changes(
    clean: Shop, tmp_path: Path, change: t.Callable[..., t.Any], says: str
) -> None:
    before = names(clean.listing("/etc /opt"))
    code, said = play_several(clean, tmp_path, change(wish(clean, tmp_path)))
    assert code == 2, said
    assert says in said, said[-2000:]
    assert names(clean.listing("/etc /opt")) == before


def test_what_a_program_needs_is_in_its_unit(clean: Shop, tmp_path: Path) -> None:
    needs: dict[str, t.Any] = {
        "state_directory": "a",
        "cache_directory": ["b", "c"],
        "logs_directory": ["d"],
        "configuration_directory": ["e"],
        "runtime_directory": ["f"],
        "readable_paths": ["/srv/g"],
        "writable_paths": ["/srv/h"],
        "devices": ["/dev/i", {"path": "/dev/j", "access": "r"}],
        "outgoing": ["192.0.2.1"],
        "realtime": 7,
        "jit": True,
    }
    service = wish(clean, tmp_path, **needs)
    code, said = play(clean, tmp_path, "--check", "--diff", **service)
    assert code == 0, said[-3000:]
    assert "[WARNING]: shop" not in said
    for line in (
        "StateDirectory=a", "CacheDirectory=b", "CacheDirectory=c", "LogsDirectory=d",
        "ConfigurationDirectory=e", "RuntimeDirectory=f", "BindReadOnlyPaths=/srv/g",
        "ReadWritePaths=/srv/h", "DeviceAllow=/dev/i rw", "DeviceAllow=/dev/j r",
        "IPAddressAllow=192.0.2.1", "LimitRTPRIO=7", "MemoryDenyWriteExecute=no",
    ):  # fmt: skip
        assert f"+{line}\n" in said


def test_an_exception_that_undoes_the_level_warns(clean: Shop, tmp_path: Path) -> None:
    loose = {"level": "strict", "except": {"DynamicUser": False}}
    service = wish(clean, tmp_path, sandbox=loose)
    # refused from its text, so that no host is asked at all
    service["directives"] = {"Service": {"Retsart": "no"}}
    code, said = play(clean, tmp_path, "--check", **service)
    assert code == 2, said[-3000:]
    said = " ".join(said.split())
    assert "Install the release" not in said
    assert f"[WARNING]: {clean.name}: it runs as root" in said
    assert said.count("the exposure is 1.4 instead of 1.1 (systemd 257)") == 1


def test_a_deployment_may_be_left_to_itself(shop: Shop, tmp_path: Path) -> None:
    assert not shop.install("1").get("failed")
    task = {
        "activated.services.deployment": {
            "name": shop.name,
            "units": shop.units("http"),
            "release": "1",
        },
        "async": 120,
        "poll": 1,
    }
    code, said = played(shop, tmp_path, {"tasks": [task, task]})
    assert code == 0, said
    assert "ok=2    changed=1" in said
    assert shop.ask()


def test_the_module_that_was_meant_is_named(shop: Shop, tmp_path: Path) -> None:
    wrong = {"name": shop.name, "unitz": {}}
    tasks = [{"activated.services.deployment": wrong}]
    code, said = played(shop, tmp_path, {"tasks": tasks})
    assert code != 0
    assert "(activated.services.deployment) module: unitz" in said
    tasks = [{"activated.services.deployment": {"releases": [wrong]}}]
    code, said = played(shop, tmp_path, {"tasks": tasks})
    assert code != 0, said


# What a host's Python says beside: each answer of a module has a warning, and more.
ASIDE = (
    '#!/bin/sh\n/usr/bin/python3 "$@" | sed \'/^{/ {s/^{/{'
    '"warnings": ["a word from the host"], '
    '"deprecations": [{"msg": "old ways of the host", "version": "9.9"}], '
    '"ansible_facts": {"asides": "heard"}, /'
    "}'\n"
)


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_what_a_host_says_beside_is_passed_on(
    shop: Shop, tmp_path: Path, several: bool
) -> None:
    (tmp_path / "1.tar").write_bytes(archive("1"))
    python = "/usr/local/bin/talkative-python"
    shop.host.write({f"{python}!": ASIDE})
    talkative = {"ansible_python_interpreter": python}
    one = {"name": shop.name, "version": "1", "src": "1.tar"}
    task: dict[str, t.Any] = {
        "activated.services.release": {"releases": [one]} if several else one
    }
    fact = {"debug": {"msg": "The host was {{ ansible_facts.asides }}"}}
    found = {
        "debug": {"msg": "It has {{ ansible_facts.discovered_interpreter_python }}"}
    }
    forget = {"meta": "clear_facts"}
    # It is installed by the first, and there for the light module alone at the next two.
    for vars_, after, words in (
        (talkative, fact, "The host was heard"),
        (talkative, fact, "The host was heard"),
        ({}, found, "It has /usr/bin/python3"),
    ):
        tasks = [forget, {**task, "vars": vars_}, after]
        code, said = played(shop, tmp_path, {"tasks": tasks})
        assert code == 0, said
        assert words in said
        if vars_:
            text = " ".join(said.split())
            assert text.count("[WARNING]: a word from the host") == 1
            assert text.count("old ways of the host") == 1
    assert "changed=0" in said


def test_each_release_is_named_that_cannot_be_brought(
    clean: Shop, tmp_path: Path
) -> None:
    (tmp_path / "1.tar").write_bytes(archive("1"))
    clean.host.sh(
        f"mkdir -p /var/lib/activated.services; touch /var/lib/activated.services/{clean.name}-b"
    )
    releases = [
        {"name": f"{clean.name}-{name}", "version": "1", "src": "1.tar"}
        for name in "abc"
    ]
    releases.append({"name": f"{clean.name}-d", "version": "1"})
    try:
        task = {"activated.services.release": {"releases": releases}}
        code, said = played(clean, tmp_path, {"tasks": [task]})
        assert code != 0
        assert f"{clean.name}-b 1: the host's disk refused" in said
        assert f"{clean.name}-d 1: src is missing" in said
        for name in "ac":
            assert clean.has(f"/opt/{clean.name}-{name}/releases/1/bin")
    finally:
        clean.host.sh(
            f"rm -rf /opt/{clean.name}-? /var/lib/activated.services/{clean.name}-?"
        )
