# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sandbox
short_description: The directives of a sandbox level
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Gives the directives that a sandbox level stands for, for the C([Service]) section of a unit.
  - A level is pinned to a systemd version, so that a newer host does not get more without being asked.
  - Directives that the host's systemd does not know are left out.
positional: _input
options:
  _input:
    description:
      - The name of a level (V(off), V(default), V(strict) or V(sealed)), or a mapping with
        C(level), C(version) (the pin) and C(except) (directives to relax or replace; null leaves one out).
    type: raw
    required: true
  systemd:
    description: The version of systemd on the host.
    type: int
    default: 262
seealso:
  - plugin: activated.services.to_unit
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Render a sandbox in a template of one's own
  ansible.builtin.set_fact:
    unit_lines: >-
      {{ 'strict' | activated.services.sandbox(systemd=252) | activated.services.to_unit('Service') }}

- name: Relax one directive for a program that makes code at run time
  ansible.builtin.set_fact:
    sandbox: "{{ {'level': 'strict', 'except': {'MemoryDenyWriteExecute': false}} | activated.services.sandbox }}"
"""

RETURN = r"""
_value:
  description: Directives and their values, as P(activated.services.to_unit#filter) takes them.
  type: dict
  sample: {"DynamicUser": true, "ProtectSystem": "strict"}
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    NEWEST_PIN,
    InvalidSandbox,
    Sandbox,
)


def sandbox(wish: t.Any, systemd: int = NEWEST_PIN) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    if not str(systemd).isdigit():
        raise AnsibleFilterError(
            f"activated.services.sandbox: systemd {systemd!r} is no version such as 252"
        )
    try:
        return Sandbox.parse(wish, int(systemd)).directives
    except InvalidSandbox as exc:
        raise AnsibleFilterError(f"activated.services.sandbox: {exc}") from exc


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sandbox": sandbox}
