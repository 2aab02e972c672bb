# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""Limits of resources, judged by the control group and ``/proc/PID/limits``."""

from __future__ import annotations

import typing as t

from .verdicts import Seen, Verdict

#: Names of RLIMITs in ``/proc/PID/limits``.
LIMITS = {
    "LimitNOFILE": "Max open files",
    "LimitNPROC": "Max processes",
    "LimitCORE": "Max core file size",
    "LimitMEMLOCK": "Max locked memory",
}
#: What the manager is asked for.
PROPERTIES = ("MemoryMax", "TasksMax", "CPUQuotaPerSecUSec", *LIMITS)


def limits(seen: Seen) -> t.Iterator[tuple[str, str, Verdict]]:
    """Each limit that is set, by its directive, as declared, and what is so of it."""
    declared, kernel, manager = seen.declared, seen.kernel, seen.manager
    for name, file in (("MemoryMax", "memory.max"), ("TasksMax", "pids.max")):
        value = declared.get(name, "")
        default = manager.get("DefaultTasksMax", "") if name == "TasksMax" else ""
        if value in ("", "infinity", "[not set]", "18446744073709551615", default):
            continue
        real = kernel.group.get(file)
        if real is None:
            text = f"its control group has no {file}"
            yield name, value, (text, False)
        else:
            # the kernel keeps memory in whole pages
            same = real == value or (
                name == "MemoryMax"
                and real.isdigit()
                and abs(int(real) - int(value)) < 65536
            )
            text = f"{file} is {real}"
            yield name, value, (text, True if same else _unless_lower(real, value))
    quota = declared.get("CPUQuotaPerSecUSec", "")
    if quota not in ("", "infinity"):
        real = kernel.group.get("cpu.max")
        agrees = real is not None and not real.startswith("max")
        text = f"cpu.max is {real}" if real else "its control group has no cpu.max"
        yield "CPUQuota", quota, (text, agrees)
    for name, row in LIMITS.items():
        value, real = declared.get(name, ""), kernel.limits.get(row)
        if not value or real is None or manager.get("Default" + name) == value:
            continue
        real = "infinity" if real == "unlimited" else real
        same = real == value
        text = f"the limit is {real}"
        yield name, value, (text, True if same else _unless_lower(real, value))


def _unless_lower(real: str, declared: str) -> bool | None:
    """A limit that is higher was not carried out; a lower one its program may have set,
    or whoever has the control group."""
    low = real.isdigit() and (not declared.isdigit() or int(real) < int(declared))
    return None if low else False
