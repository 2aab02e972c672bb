# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot work is told in a sentence, before anything changes."""

from __future__ import annotations

import json
import typing as t

import pytest
from looking_glass import Glass, opened, sha

pytestmark = pytest.mark.targets

# What is made at /srv/NAME/x, and what is said of it.
PATHS = {
    "missing": ("true", "is not there"),
    "dangling": ("ln -s /nowhere x", "it leads to /nowhere"),
    "folder": ("mkdir x", "is a folder"),
    "fifo": ("mkfifo x", "is a FIFO"),
    "socket": (
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"x\")'",
        "is a socket",
    ),
    "device": ("ln -s /dev/null x", "is a device"),
    "too large": ("truncate -s 1048577 x", "1048577 bytes"),
    "link of another user": (
        "ln -s /etc/shadow x && chown -h nobody x",
        "is a link of user 65534 and leads outside, to /etc/shadow",
    ),
    "open folder": ("mkdir -m 777 d && echo a > d/y && ln -s d/y x", "every user"),
    "open file": ("echo a > x && chmod 666 x", "every user"),
    "loop": ("ln -s x x", "goes round in links"),
}


@pytest.mark.parametrize("case", PATHS)
def test_paths_that_cannot_be_loaded(spot: Glass, case: str) -> None:
    make, said = PATHS[case]
    spot.sh(f"mkdir -p /srv/{spot.name} && cd /srv/{spot.name} && {make}")
    message = spot.refused({"chain.pem": {"path": f"/srv/{spot.name}/x"}})
    assert "credential chain.pem" in message
    assert said in message


def test_all_of_them_together_are_too_large(glass: Glass) -> None:
    half = "x" * 600_000
    message = glass.refused({"a": {"content": half}, "b": {"content": half}})
    assert "1200002 bytes" in message


def test_a_content_that_would_be_shown(spot: Glass) -> None:
    """The option `credentials` is shown, so no secret goes there."""
    secret = "horse-staple-battery"
    for entry in ({"content": secret}, {"encrypted": secret}):
        options = spot.options({})
        options.update(
            credentials={"a": entry}, units=spot.units({"LoadCredential": ["a:/x"]})
        )
        result = spot.host.attempt("deployment", **options)
        assert "credential a: " in result["msg"]
        assert secret not in str(result)
    log = spot.sh("journalctl --no-pager -a -o cat")
    assert "systemd" in log
    assert secret not in log
    assert spot.print() == ""


def test_a_name_that_a_pattern_brings_too(importing: Glass) -> None:
    name = f"{importing.name}.a"
    importing.host.run("credential", name=name, content="one")
    try:
        message = importing.refused(
            {name: {"content": "x"}, "all": {"import": f"{importing.name}.*"}}
        )
    finally:
        importing.host.run("credential", name=name, state="absent")
    assert (
        f"the credential {name} is loaded from {importing.folder}/{name}, and"
        in message
    )


def test_a_file_of_the_kernel_without_an_end(spot: Glass) -> None:
    message = spot.refused({"a": {"path": "/proc/kallsyms"}})
    assert "1048577 bytes" in message


def test_a_store_that_others_can_read(glass: Glass) -> None:
    glass.sh(f"mkdir -p {glass.store} && chmod 755 {glass.store}")
    try:
        message = glass.refused({"a": {"content": "x"}})
    finally:
        glass.sh(f"chmod 700 {glass.store}")
    assert f"{glass.store} must be root's alone, and is 0755" in message
    assert f"chmod 0700 {glass.store}" in message


def test_a_host_without_shared_mounts(glass: Glass) -> None:
    """A container's trap, unless systemd mounts credentials in another way: 262 does."""
    glass.sh("nsenter -t 1 -m mount --make-private /run")
    try:
        result = glass.attempt({"a": {"content": "x"}})
        seen = None if result.get("failed") else glass.ask()["seen"]
    finally:
        glass.sh("nsenter -t 1 -m mount --make-rshared /run")
    if glass.systemd < 258:
        assert "mount --make-rshared /" in result["msg"]
        assert glass.print() == ""
    else:
        assert seen == {"a": sha("x")}


def test_the_same_name_twice(glass: Glass) -> None:
    message = glass.refused(
        {"a": {"content": "x"}}, lines="LoadCredential=a:/etc/passwd\n"
    )
    assert "the credential a is loaded twice" in message


@pytest.mark.parametrize("entry", [{"contents": "horse"}, "horse", ["horse"]])
def test_what_may_be_a_secret_is_not_shown(glass: Glass, entry: t.Any) -> None:
    """A failure has all options in it, as ansible-playbook -vvv shows."""
    result = glass.attempt({"a": {"content": "x"}}, credentials={"a": entry})
    assert result["failed"]
    assert result["invocation"]["module_args"]["name"] == glass.name
    assert "base64 into the option secrets" in result["msg"]
    assert "horse" not in json.dumps(result)


def test_a_unit_that_does_not_load_it(glass: Glass) -> None:
    message = glass.refused({"a": {"content": "x"}}, units=glass.units({}))
    assert f"a:{glass.folder}/a" in message


@pytest.mark.parametrize(
    ("secrets", "entry", "said"),
    [
        ({"a": "eA=="}, {"not_after": "2090-01-01"}, "not_after needs systemd 250"),
        ({}, {"encrypted": "eA=="}, "ciphertext needs systemd 250"),
    ],
)
def test_what_an_old_host_cannot_do(
    hosts: t.Any, secrets: dict[str, str], entry: dict[str, str], said: str
) -> None:
    with opened(hosts.get("bullseye")) as old:
        units = old.units({"LoadCredential": [f"a:{old.folder}/a"]})
        result = old.host.attempt(
            "deployment",
            name=old.name,
            units=units,
            credentials={"a": entry},
            secrets=secrets,
        )
        assert said in result["msg"]
        assert old.print() == ""


def test_a_module_for_one_credential(glass: Glass) -> None:
    """Stored, the same, another one, in the other store too, away."""
    host, name = glass.host, f"{glass.name}.token"
    path = f"{glass.store}/{name}"
    other = ({"/etc/credstore", "/etc/credstore.encrypted"} - {glass.store}).pop()

    def run(content: str, **more: t.Any) -> tuple[bool, list[str]]:
        result = host.run("credential", name=name, content=content, **more)
        assert result["path"] == path
        return result["changed"], [step["action"] for step in result["plan"]]

    assert run("one\n", check=True) == (True, ["store"])
    assert glass.sh(f"ls {path} 2>/dev/null; true") == ""
    assert run("one\n") == (True, ["store"])
    before = glass.sh(f"stat -c '%a %i' {path} && sha256sum {path}")
    assert before.startswith("400 ")
    assert run("one\n") == (False, [])
    assert glass.sh(f"stat -c '%a %i' {path} && sha256sum {path}") == before
    assert run("one") == (True, ["store"])
    glass.sh(f"mkdir -p -m 700 {other} && cp {path} {other}/{name}")
    assert run("one") == (True, ["erase"])
    load = host.run("credential", name=name, content="one")["directive"]
    assert (
        glass.sh(
            f"systemd-run --wait -q --pipe -p {load} sh -c 'cat $CREDENTIALS_DIRECTORY/*'"
        )
        == "one"
    )
    assert host.run("credential", name=name, state="absent")["changed"] is True
    assert host.run("credential", name=name, state="absent")["changed"] is False
    assert (
        glass.sh(f"ls -d {glass.store} && ls {glass.store} | grep -c {name}; true")
        == f"{glass.store}\n0"
    )
