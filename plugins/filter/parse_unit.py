# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: parse_unit
short_description: Read the text of a systemd unit
version_added: 0.1.0
description:
  - Reads unit text by systemd's own grammar, with continuation lines, comments and
    sections and directives that repeat, and returns its sections in their order.
  - 'Each value comes in the form C({expand: "text"}), the text being what systemd
    reads, so that P(activated.services.to_unit#filter) writes the same unit again.'
  - Lines that systemd ignores with a warning, such as one without a C(=), are left
    out; a text that systemd refuses as a whole is an error.
options:
  _input:
    description: The text of a unit.
    type: str
    required: true
positional: _input
seealso:
  - plugin: activated.services.to_unit
    plugin_type: filter
  - plugin: activated.services.unit_problems
    plugin_type: filter
author:
  - The activated.services authors (@activated-services)
"""

EXAMPLES = r"""
- name: Every command that a unit starts
  ansible.builtin.debug:
    msg: >-
      {{ lookup('ansible.builtin.file', 'hello.service') | activated.services.parse_unit
         | map(attribute='directives') | flatten
         | selectattr('directive', 'equalto', 'ExecStart')
         | map(attribute='value.expand') }}

- name: The same unit in its plainest form
  ansible.builtin.copy:
    dest: hello.service
    content: "{{ text | activated.services.parse_unit | activated.services.to_unit }}"
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The sections, in their order; one that is written twice is there twice.
  type: list
  elements: dict
  contains:
    section:
      description: The name of the section.
      type: str
      sample: Service
    line:
      description: The line on which it begins, from 1.
      type: int
    directives:
      description: The assignments in it, in their order.
      type: list
      elements: dict
      contains:
        directive:
          description: The name of the directive.
          type: str
          sample: ExecStart
        value:
          description: What is assigned, as P(activated.services.to_unit#filter) takes it.
          type: dict
          sample: {"expand": "/opt/hello/current/bin/hello start"}
        line:
          description: The line on which it begins, from 1.
          type: int
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._units.unit import (
    InvalidUnit,
    Unit,
)


def parse_unit(text: object) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    if not isinstance(text, (str, bytes)):
        raise AnsibleFilterError(
            "activated.services.parse_unit: the text of a unit must be a string,"
            f" not {type(text).__name__}"
        )
    try:
        unit = Unit.parse(text)
    except InvalidUnit as exc:
        raise AnsibleFilterError(f"activated.services.parse_unit: {exc}") from exc
    return [
        {
            "section": section.name,
            "line": section.line,
            "directives": [
                {
                    "directive": entry.key,
                    "value": {"expand": entry.value},
                    "line": entry.line,
                }
                for entry in section.assignments
            ],
        }
        for section in unit.sections
    ]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"parse_unit": parse_unit}
