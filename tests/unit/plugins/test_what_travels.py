# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes to a host with a module, and what the controller loads for one filter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
OURS = "ansible_collections.activated.services.plugins."


def travels(module: str) -> set[str]:
    """The files of ours that Ansible sends with a module: whatever is imported anywhere
    in it, in its functions, too, and in what that imports."""
    coming, found = [PLUGINS / "modules" / f"{module}.py"], set()
    while coming:
        path = coming.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        package = path.relative_to(PLUGINS).parent.parts
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom):
                continue
            name = node.module or ""
            if node.level:
                parts = (*package[: len(package) - node.level + 1], *name.split("."))
            elif name.startswith(OURS):
                parts = tuple(name[len(OURS) :].split("."))
            else:
                continue
            place = PLUGINS.joinpath(*(part for part in parts if part))
            coming.append(place.with_suffix(".py"))
            coming += [place / f"{alias.name}.py" for alias in node.names]
    return {str(path.relative_to(PLUGINS / "module_utils")) for path in found
            if "module_utils" in path.parts}  # fmt: skip


def test_the_light_module_brings_nothing_that_verifies_proves_or_changes() -> None:
    light, whole = travels("described"), travels("deployment")
    folders = {path.partition("/")[0] for path in whole - light}
    assert folders >= {"_rules", "_tables", "_values", "_exposure", "_proof"}
    assert not {path.partition("/")[0] for path in light} & {
        *("_rules", "_tables", "_values", "_exposure", "_fitting", "_sandbox")
    }
    assert not light & {
        *("_deployment/transaction.py", "_deployment/deployer.py"),
        *("_deployment/steps.py", "_deployment/judging.py", "_proof/prover.py"),
        *("_release/releases.py", "_release/unpack.py", "_host/verify.py"),
    }
    # It reads and plans by the very code of the transaction.
    assert light - whole == {
        "_deployment/look.py",
        *(f"_release/{name}.py" for name in ("look", "options", "planning", "wish")),
    }


def test_one_filter_does_not_bring_what_the_others_need() -> None:
    """Ansible loads every filter of a collection for the first that is used."""
    program = (
        "import importlib, json, sys\n"
        f"for name in {sorted(p.stem for p in (PLUGINS / 'filter').glob('*.py'))!r}:\n"
        f"    importlib.import_module({OURS!r} + 'filter.' + name)\n"
        f"print(json.dumps([m for m in sys.modules if m.startswith({OURS!r})]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(PLUGINS.parent / ".build" / "collections")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = json.loads(done.stdout)
    assert f"{OURS}filter.unit_problems" in loaded
    folders = ("_rules", "_tables", "values", "_exposure")
    heavy = [m for m in loaded if set(m[len(OURS) :].split(".")) & {*folders}]
    assert heavy == []
