# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks a host whether all is as described before it sends what deploys.

The transaction travels with the proof and every rule about units. Most runs find nothing to
do, and for those the light module `described` is enough: it reads the host by the same code.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

LIGHT = "activated.services.described"
WHOLE = "activated.services.deployment"


class ActionModule(ActionBase):
    """The controller's side of the module `deployment`."""

    TRANSFERS_FILES = False
    _supports_async = True

    def run(
        self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        # A task that is left to itself is one execution, which asks the same.
        alone = self._task.async_val and not self._connection.has_native_async
        if not alone and self._may_be_as_described():
            answer = self._execute_module(module_name=LIGHT, task_vars=task_vars)
            # What is wrong with the options is told in the name of the right module.
            misread = answer.get("failed") and LIGHT in str(answer.get("msg"))
            if answer.pop("as_described", False) or (
                answer.get("failed") and not misread
            ):
                return {**result, **answer}
        answer = self._execute_module(
            module_name=WHOLE, task_vars=task_vars, wrap_async=alone
        )
        return {**result, **answer}

    def _may_be_as_described(self) -> bool:
        """Whether the host may be asked, and be in the state that is wanted already."""
        args = self._task.args
        if "releases" in args or not boolean(args.get("ask_first", True), strict=False):
            return False
        several = args.get("services")
        wishes = several if isinstance(several, list) else [args.get("service") or args]
        return all(
            not isinstance(wish, dict) or wish.get("state", "present") == "present"
            for wish in wishes
        )
