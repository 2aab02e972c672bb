# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges services before any host is asked.

It is an action plugin and no condition in YAML, since Ansible loads it once for all hosts,
with the tables of systemd's directives; what a filter brings is loaded for each task anew.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.activated.services.plugins.module_utils._rules.verdict import (
    against,
)

OPTIONS: dict[str, dict[str, t.Any]] = {
    "services": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "objection": {"type": "str", "default": ""},
            "units": {"type": "dict", "default": {}},
        },
    },
    "systemd": {"type": "int", "required": True},
}


class ActionModule(ActionBase):
    """All of `judge`; it has no part on the host."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(
        self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=OPTIONS)
        services, said = args["services"], []
        for one in services:
            try:
                objection = one["objection"] or self._objection(one, args["systemd"])
            except ValueError as exc:  # a version, or a unit's name, that cannot be
                objection = str(exc)
            if objection:
                named = f"{one['name']}: " if len(services) > 1 else ""
                said.append(named + objection)
        if said:
            result.update(failed=True, msg="\n".join(said))
        return {**result, "changed": False}

    def _objection(self, service: dict[str, t.Any], systemd: int) -> str:
        units = {str(name): str(text) for name, text in service["units"].items()}
        lines = against(units, systemd)
        if not lines:
            return ""
        head = (
            f"These units are refused for systemd {systemd}; nothing was changed. "
            "docs/rules has a page for each rule."
        )
        return "\n".join([head, *lines])
