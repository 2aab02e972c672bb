# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.activated.services.plugins.module_utils._host import (
    formula,
)

ROOT = Path(formula.__file__).resolve().parents[3]
HERE = "ansible_collections.activated.services.plugins.module_utils"
# Whatever is imported while an exposure is computed takes part in it.
COMPUTES = f"""
import sys
from {HERE}._exposure.exposure import exposure
from {HERE}._host.security import measure_exposure
from {HERE}._units.drop_ins import drop_ins_of
parts = drop_ins_of("a.service", {{"a.service.d/b.conf": "[Service]\\nUser=c\\n"}})
lines = "SystemCallFilter=@system-service", "CapabilityBoundingSet=CAP_CHOWN"
exposure("\\n".join(["[Service]", *lines, ""]), 247, list(parts), "x86-64")
files = (getattr(m, "__file__", None) for n, m in sys.modules.items() if "{HERE}" in n)
print(*(file for file in files if file), sep="\\n")
"""


def test_its_name_changes_with_whatever_computes_the_exposure() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMPUTES],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    files = sorted(Path(line).resolve() for line in done.stdout.splitlines())
    assert ROOT / "plugins/module_utils/_exposure/checks.py" in files
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    wanted = digest.hexdigest()[:16]
    assert wanted == formula.FORMULA, f"{formula.__file__}: FORMULA is to be {wanted!r}"
