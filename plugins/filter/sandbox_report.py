# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sandbox_report
short_description: What a host lacks of a sandbox level, and what exceptions undo
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Takes what P(activated.services.sandbox#filter) takes, and tells what that leaves out on a host and what exceptions undo.
extends_documentation_fragment:
  - activated.services.sandbox
positional: _input
seealso:
  - plugin: activated.services.sandbox
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what a host with systemd 247 lacks of the level
  ansible.builtin.debug:
    msg: "{{ ('strict' | activated.services.sandbox_report(systemd=247)).missing }}"
  # [{'directive': 'PrivateIPC', 'since': 248, 'exposure': 0.0}]
"""

RETURN = r"""
_value:
  description: The report.
  type: dict
  contains:
    level:
      description: The level.
      type: str
      sample: strict
    version:
      description: The systemd version that the level is pinned to.
      type: int
      sample: 257
    missing:
      description:
        - Each directive that was asked for and that the host is too old for, with the version that brought it (C(since)) and the C(exposure)
          that it would save, on the scale of the pinned version.
      type: list
      elements: dict
      sample: [{"directive": "PrivateIPC", "since": 248, "exposure": 0.0}]
    missing_exposure:
      description: What all of them together would save.
      type: float
      sample: 0.0
    undone:
      description: What the level rests on and the exceptions take away, what it means, one by one.
      type: list
      elements: str
      sample: []
"""

import typing as t

from ansible_collections.activated.services.plugins.module_utils._sandbox.cost import (
    report,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    NEWEST_PIN,
)
from ansible_collections.activated.services.plugins.plugin_utils._sandbox import asked


def sandbox_report(
    wish: t.Any,
    systemd: int = NEWEST_PIN,
    needs: t.Any = None,
    beside: t.Any = None,
    name: str = "",
    prefix: str = "",
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    with asked(
        "activated.services.sandbox_report", wish, systemd, needs, beside, name, prefix
    ) as found:
        return report(found, beside)


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sandbox_report": sandbox_report}
