# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rotation that is killed after any of its steps: the next run finds its way from there."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from looking_glass import Glass, sha

pytestmark = pytest.mark.targets

# Runs the module, and ends as if it were killed right after a step of some kind.
KILLED = """
import json, os, sys
sys.path.insert(0, "/var/tmp/activated-tests")
import ansible.module_utils.basic as basic
given = json.load(sys.stdin)
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given["options"]}).encode()
basic._ANSIBLE_PROFILE = "legacy"
base = "ansible_collections.activated.services.plugins."
import importlib
steps = importlib.import_module(base + "module_utils._deployment.steps").Steps
deployer = importlib.import_module(base + "module_utils._deployment.deployer").Deployer
def after(kind, name, matches):
    real = getattr(kind, name)
    def patched(self, *args, **more):
        done = real(self, *args, **more)
        if matches(*args):
            os._exit(9)
        return done
    setattr(kind, name, patched)
if given["after"] == "prove":
    after(deployer, "prove", lambda *_: True)
else:
    after(steps, "step", lambda change: change.action == given["after"])
importlib.import_module(base + "modules.deployment").main()
"""
OLD = {"key.pem": {"content": "old"}, "going": {"content": "going"}}
NEW = {"key.pem": {"content": "new"}, "coming": {"content": "coming"}}


# The first change and the last; all of them in a long run.
STEPS = ["store", "prove"]
if os.environ.get("ACTIVATED_FULL"):
    STEPS += ["stop", "erase"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_after(spot: Glass, step: str) -> None:
    spot.deploy(OLD)
    inode = spot.socket_inode()
    spot.ask()
    done = subprocess.run(
        [spot.host.engine, "exec", "-i", spot.host.container, "python3", "-c", KILLED],
        input=json.dumps({"after": step, "options": spot.options(NEW)}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stdout + done.stderr
    back = spot.deploy(OLD)
    assert "a deployment was interrupted before; it was undone first" in back["notes"]
    assert spot.ask()["seen"] == {"key.pem": sha("old"), "going": sha("going")}
    assert spot.sh(f"ls -A {spot.folder}") == "going\nkey.pem"
    assert spot.sh(f"ls {spot.state}/credentials 2>/dev/null; true") == ""
    assert spot.deploy(OLD)["changed"] is False
    assert spot.socket_inode() == inode
