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
  - Gives the directives that a sandbox level stands for, for the C([Service]) section of a unit, with what the program needs besides.
  - A level is pinned to a systemd version, 257 where none is given, so that a newer host does not get more without being asked.
  - Directives that the host's systemd does not know are left out; P(activated.services.sandbox_report#filter) tells which.
  - Where exceptions undo what a level rests on, such as its user or its filter of system calls, Ansible warns and names the exposure.
extends_documentation_fragment:
  - activated.services.sandbox
positional: _input
seealso:
  - plugin: activated.services.sandbox_report
    plugin_type: filter
  - plugin: activated.services.to_unit
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Render a sandbox in a template of one's own
  ansible.builtin.set_fact:
    unit_lines: >-
      {{ 'strict' | activated.services.sandbox(systemd=252) | activated.services.to_unit('Service') }}

- name: Let a program make code at run time, and keep its state
  ansible.builtin.set_fact:
    sandbox: "{{ 'strict' | activated.services.sandbox(needs={'jit': true, 'state_directory': 'shop'}) }}"

- name: Add one system call to those of the level, and replace the families of addresses
  ansible.builtin.set_fact:
    sandbox: "{{ wish | activated.services.sandbox }}"
  vars:
    wish:
      level: strict
      version: 252
      except:
        SystemCallFilter: sched_setaffinity
        RestrictAddressFamilies: ["", AF_UNIX AF_NETLINK]
"""

RETURN = r"""
_value:
  description: Directives and their values, as P(activated.services.to_unit#filter) takes them.
  type: dict
  sample: {"DynamicUser": true, "ProtectSystem": "strict"}
"""

import typing as t

from ansible.utils.display import Display

from ansible_collections.activated.services.plugins.module_utils._sandbox.cost import (
    warning,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    NEWEST_PIN,
)
from ansible_collections.activated.services.plugins.plugin_utils._sandbox import asked


def sandbox(
    wish: t.Any,
    systemd: int = NEWEST_PIN,
    needs: t.Any = None,
    beside: t.Any = None,
    name: str = "",
    prefix: str = "",
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    with asked(
        "activated.services.sandbox", wish, systemd, needs, beside, name, prefix
    ) as found:
        said = warning(found, beside)
    if said:
        Display().warning(f"{name or 'the service'}: {said}")
    return found.directives


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sandbox": sandbox}
