# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Is a value right for its directive, on one version of systemd?

The kind of a value is the name of systemd's own parser (see `_tables/directive_table.py`);
each kind has a check in one of the `_kinds_*.py` files, or is a set of words.
"""

from __future__ import annotations

import typing as t

from .._tables import directives
from . import kinds_exec, kinds_paths, kinds_plain, kinds_unit
from .text import INSTANCE, BadValue, Check, InstanceDecides, one_of

CHECKS: t.Final[t.Mapping[str, Check]] = {
    **kinds_plain.KINDS,
    **kinds_paths.KINDS,
    **kinds_exec.KINDS,
    **kinds_unit.KINDS,
}

# Words after which nothing may stand, and which may be left out.
_EMPTY_IS_DEFAULT: t.Final = frozenset(
    ("managed_oom_mode", "numa_policy", "cpuset_partition")
)

# Text that no version refuses, or whose check needs the host.
UNCHECKED: t.Final = frozenset(
    (
        "string", "install", "warn_compat", "exec_secure_bits", "capability_set",
        "bpf_delegate_commands", "bpf_delegate_maps", "bpf_delegate_programs",
        "bpf_delegate_attachments", "luo_sessions",
    )
)  # fmt: skip


def value_problem(
    kind: str, key: str, value: str, systemd: int, instance: str = ""
) -> str | None:
    """Say what is wrong with the value of a directive, or give None.

    `kind` is `Directive.kind`, `value` the assigned text as `Assignment.value` has it;
    the empty text resets most directives. `instance` is what %i stands for, where the
    unit is one of a template.
    """
    if kind in UNCHECKED:
        return None
    try:
        if instance and "%" in value:
            _check_of(instance, kind, key, value, systemd)
        else:
            _check(kind, key, value, systemd)
    except BadValue as exc:
        return str(exc)
    return None


def instance_decides(kind: str, key: str, value: str, systemd: int) -> bool:
    """Tell whether a value is right for some instances of a template, or may be."""
    if "%i" not in value and "%I" not in value:
        return False
    try:
        _check_of(None, kind, key, value, systemd)
    except InstanceDecides:
        return True
    except BadValue:
        pass
    return False


def _check_of(
    instance: str | None, kind: str, key: str, value: str, systemd: int
) -> None:
    token = INSTANCE.set(instance)
    try:
        _check(kind, key, value, systemd)
    finally:
        INSTANCE.reset(token)


def _check(kind: str, key: str, value: str, systemd: int) -> None:
    check = CHECKS.get(kind)
    if check:
        check(value, key, systemd)
    elif directives.words(kind, systemd) is not None:
        one_of(value, kind, systemd, empty=kind in _EMPTY_IS_DEFAULT)
