# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store in other hands, with what others or a killed run have left in it."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from looking_glass import Glass, sha

pytestmark = pytest.mark.targets

# Crashes right after a credential was stored, where a crash leaves a core dump.
CRASHED = """
import json, os, resource, sys
sys.path.insert(0, "/var/tmp/activated-tests")
import ansible.module_utils.basic as basic
given = json.load(sys.stdin)
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given["options"]}).encode()
basic._ANSIBLE_PROFILE = "legacy"
import importlib
base = "ansible_collections.activated.services.plugins."
store = importlib.import_module(base + "module_utils._credential.store").Store
put = store.put
def crash(self, *args):
    put(self, *args)
    os.chdir(given["folder"])
    print("limit", resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
    os.abort()
store.put = crash
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
importlib.import_module(base + "modules." + given["module"]).main()
"""


@pytest.mark.parametrize("state", ["present", "absent"])
def test_it_leads_elsewhere(spot: Glass, state: str) -> None:
    """Whoever can write to a store cannot have other files taken for credentials."""
    spot.deploy({})
    precious = f"/srv/{spot.name}/precious"
    spot.sh(
        f"mkdir -p {precious} && echo dear > {precious}/file && chmod 1777 {spot.store} && "
        f"ln -s {precious} {spot.folder}"
    )
    try:
        wish = spot.options({}) if state == "present" else {"name": spot.name}
        # Something is to be done, so that what nobody wants would be taken away.
        wish["state"] = state
        told = spot.host.attempt("deployment", **wish)
        one = spot.host.attempt(
            "credential", name="file", service=spot.name, state="absent"
        )
    finally:
        spot.sh(f"rm {spot.folder}; chmod 700 {spot.store}")
    for result in (told, one):
        assert f"{spot.store} must be a folder of root's alone" in result["msg"]
    assert spot.sh(f"cat {precious}/file") == "dear"


def test_what_is_no_credential_goes(spot: Glass) -> None:
    said = {"key.pem": {"content": "x"}}
    spot.deploy(said)
    spot.sh(
        f"cd {spot.folder} && mkfifo pipe && ln -s /etc/passwd link && echo a > .key.pem.new"
    )
    result = spot.deploy(said)
    gone = [step["subject"] for step in result["plan"] if step["action"] == "erase"]
    assert gone == [f"{spot.folder}/{x}" for x in (".key.pem.new", "link", "pipe")]
    assert spot.sh(f"ls -A {spot.folder}; test -s /etc/passwd") == "key.pem"
    spot.sh(f"mkdir {spot.folder}/folder")
    assert f"{spot.folder}/folder is a folder" in spot.refused(said)


def test_a_link_is_replaced_and_not_followed(glass: Glass) -> None:
    said = {"key.pem": {"content": "x"}}
    glass.deploy(said)
    glass.sh(
        f"mkdir -p /srv/{glass.name} && mv {glass.folder}/key.pem /srv/{glass.name}/k && "
        f"ln -s /srv/{glass.name}/k {glass.folder}/key.pem"
    )
    assert glass.deploy(said)["changed"]
    assert glass.sh(f"stat -c '%F %a' {glass.folder}/key.pem") == "regular file 400"
    assert glass.ask()["seen"] == {"key.pem": sha("x")}


def test_a_file_that_others_could_read_becomes_roots_alone(glass: Glass) -> None:
    said = {"key.pem": {"content": "x"}}
    glass.deploy(said)
    glass.deploy(said, lines="Environment=A=b\n")
    path = f"{glass.folder}/key.pem"
    glass.sh(f"chmod 644 {path}")
    result = glass.deploy(said, lines="Environment=A=b\n")
    assert result["plan"][0]["reason"] == "what is there is not root's alone"
    assert glass.sh(f"stat -c %a {path}") == "400"
    # Without the secret at hand, too.
    glass.sh(f"chown nobody {path}")
    glass.host.run("deployment", name=glass.name, state="rolled_back")
    assert glass.sh(f"stat -c '%a %U' {path}") == "400 root"
    assert glass.ask()["seen"] == {"key.pem": sha("x")}


def test_a_secret_that_has_gone(spot: Glass) -> None:
    """A generation is gone back to with the secrets of today."""
    spot.deploy({"key.pem": {"content": "x"}})
    spot.deploy({})
    before = spot.print()
    told = spot.host.attempt("deployment", name=spot.name, state="rolled_back")
    assert "is no longer on this host; deploy it again" in told["msg"]
    assert spot.print() == before


def test_a_credential_and_a_service_of_one_name(spot: Glass) -> None:
    """One outside of any service is a file, those of a service are in a folder."""
    host, path = spot.host, spot.folder
    host.run("credential", name=spot.name, content="outside")
    spot.deploy({})
    message = spot.refused({"key.pem": {"content": "x"}})
    assert f"{path} is to be a folder, and is none" in message
    host.run("deployment", name=spot.name, state="absent")
    assert spot.sh(f"stat -c %F {path}") == "regular file"
    assert host.run("credential", name=spot.name, state="absent")["changed"]

    spot.deploy({"key.pem": {"content": "x"}})
    told = host.attempt("credential", name=spot.name, content="outside")
    assert f"{path} is a folder" in told["msg"]
    assert host.run("credential", name=spot.name, state="absent")["changed"] is False
    assert spot.sh(f"ls {path}") == "key.pem"


@pytest.mark.parametrize("state", ["present", "absent"])
def test_what_a_killed_run_has_left_goes(spot: Glass, state: str) -> None:
    host, name = spot.host, f"{spot.name}.token"
    left = f"{spot.store}/.{name}.new"
    host.run("credential", name=name, content="x")
    spot.sh(f"echo secret > {left}")
    wish = {"content": "x"} if state == "present" else {"state": state}
    try:
        result = host.run("credential", name=name, check=True, **wish)
        assert left in [step["subject"] for step in result["plan"]]
        host.run("credential", name=name, **wish)
        assert spot.sh(f"ls {left} 2>/dev/null; true") == ""
        assert host.run("credential", name=name, **wish)["changed"] is False
    finally:
        spot.sh(f"rm -f {left} {spot.store}/{name}")


@pytest.mark.parametrize("module", ["credential", "deployment"])
def test_a_crash_leaves_no_core(spot: Glass, module: str) -> None:
    folder = f"/srv/{spot.name}"
    spot.sh(f"mkdir -p {folder}")
    options: dict[str, t.Any] = {"name": f"{spot.name}.token", "content": "x"}
    if module == "deployment":
        options = spot.options({"key.pem": {"content": "x"}})
    spot.host.send()
    done = subprocess.run(
        [spot.host.engine, "exec", "-i", spot.host.container, "python3", "-c", CRASHED],
        input=json.dumps({"module": module, "folder": folder, "options": options}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 134, done.stdout + done.stderr  # 128 and SIGABRT
    # Where a core dump would be is for the kernel to say, that there is none for the limit.
    assert done.stdout == "limit 0\n"
    assert spot.sh(f"ls {folder}; rm -f {spot.store}/{spot.name}.token") == ""
