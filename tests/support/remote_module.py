# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module of this collection on a target, the way Ansible does, but faster.

The module, the utilities of the collection and ansible-core's own ``module_utils`` travel once
to the target as one archive; then each run is one ``docker exec python3`` with the options on
standard input. Nothing else is installed there: what runs here needs Python's standard library
alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import ansible

ROOT = Path(__file__).resolve().parents[2]
PLACE = "/var/tmp/activated-tests"

_LAUNCH = """
import json, sys
sys.path.insert(0, {place!r})
import ansible.module_utils.basic as basic
given = json.load(sys.stdin)
basic._ANSIBLE_ARGS = json.dumps({{"ANSIBLE_MODULE_ARGS": given}}).encode()
basic._ANSIBLE_PROFILE = "legacy"
import importlib
importlib.import_module(
    "ansible_collections.activated.services.plugins.modules.{module}").main()
"""


class Failed(AssertionError):
    """The module failed; ``result`` is all that it said."""

    def __init__(self, result: dict[str, t.Any]) -> None:
        self.result = result
        super().__init__(
            result.get("msg", "") + "\n" + json.dumps(result, indent=1)[:6000]
        )


def payload() -> bytes:
    """An archive of everything that a module imports on a target."""
    stream = io.BytesIO()
    core = Path(ansible.__file__).parent / "module_utils"
    ours = "ansible_collections/activated/services/plugins"
    with tarfile.open(fileobj=stream, mode="w") as tar:
        # On a target, ansible is a package that holds its utilities and nothing else.
        head = f"__version__ = {ansible.__version__!r}\n".encode()
        info = tarfile.TarInfo("ansible/__init__.py")
        info.size = len(head)
        tar.addfile(info, io.BytesIO(head))
        tar.add(core, "ansible/module_utils", filter=_plain)
        for part in ("module_utils", "modules"):
            tar.add(ROOT / "plugins" / part, f"{ours}/{part}", filter=_plain)
    return stream.getvalue()


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in info.name or info.name.endswith(".ps1"):
        return None
    info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "root", "root"
    return info


@dataclass
class Remote:
    """Modules of the collection on one container; ``engine`` is docker or podman."""

    container: str
    engine: str = "docker"
    _sent: str = field(default="", repr=False)

    def send(self) -> None:
        """Bring the modules to the target, unless the same ones are there already."""
        archive = payload()
        digest = hashlib.sha256(archive).hexdigest()
        if digest == self._sent:
            return
        script = f"rm -rf {PLACE} && mkdir -p {PLACE} && tar -x -C {PLACE}"
        subprocess.run(
            [self.engine, "exec", "-i", self.container, "sh", "-c", script],
            input=archive,
            check=True,
            capture_output=True,
        )
        self._sent = digest

    def attempt(
        self, module: str, *, check: bool = False, diff: bool = False, **options: t.Any
    ) -> dict[str, t.Any]:
        """The result of a module, failed or not."""
        self.send()
        given = dict(options, _ansible_check_mode=check, _ansible_diff=diff)
        program = _LAUNCH.format(place=PLACE, module=module)
        done = subprocess.run(
            [self.engine, "exec", "-i", self.container, "python3", "-c", program],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        for line in reversed(done.stdout.splitlines()):
            if line.startswith("{"):
                return t.cast("dict[str, t.Any]", json.loads(line))
        raise AssertionError(f"{module} said no result:\n{done.stdout}\n{done.stderr}")

    def run(
        self, module: str, *, check: bool = False, diff: bool = False, **options: t.Any
    ) -> dict[str, t.Any]:
        """The result of a module that must succeed; raises `Failed` otherwise."""
        result = self.attempt(module, check=check, diff=diff, **options)
        if result.get("failed"):
            raise Failed(result)
        return result
