# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unit_problems
short_description: What is wrong with a systemd unit
version_added: 0.1.0
description:
  - Judges a unit from its text, for the version of systemd that it is meant for. Neither a host nor systemd is needed.
  - Whatever the strict verification of that version refuses is an C(error) here. What systemd takes in silence
    and cannot have been meant is an C(error), a C(warning) or an C(info).
  - Beside the other units of a set, O(units), it also sees what does not go together, such as a socket whose service is missing,
    or two sockets on one address.
  - It does not know what a host has installed. M(activated.services.unit_check) asks the host itself.
options:
  _input:
    description: The text of the unit.
    type: string
    required: true
  name:
    description:
      - The file name of the unit, whose suffix says which sections it may have. A drop-in is named C(NAME.service.d/FILE.conf).
      - Without it the type is told from the sections.
    type: str
  systemd:
    description:
      - The version of systemd, from 247 on.
    type: int
    default: 252
  units:
    description:
      - The other units that are deployed together with this one, a mapping of file names to texts. The unit itself may be among them.
      - Drop-ins among them, named C(NAME.service.d/FILE.conf), are judged merged with their unit, in systemd's order.
        What is wrong with a line of a drop-in is said when the drop-in is judged, what a unit lacks when the unit is.
        A drop-in of an instance is merged with its template where the instance has no file of its own.
    type: dict
    default: {}
positional: _input
notes:
  - Each rule has a page in the documentation, C(docs/rules/RULE.md).
  - Of what one look at a unit finds a thousand problems are named; C(more-problems) says where there are more. Warnings hide no error.
seealso:
  - module: activated.services.unit_check
  - plugin: activated.services.exposure
    plugin_type: filter
  - plugin: activated.services.to_unit
    plugin_type: filter
author:
  - The activated.services authors (@activated-services)
"""

EXAMPLES = r"""
- name: Refuse a unit that the host's systemd would not take as it is
  ansible.builtin.assert:
    that: problems | selectattr('severity', 'equalto', 'error') | length == 0
    fail_msg: "{{ problems | map(attribute='message') | join('; ') }}"
  vars:
    problems: "{{ unit_text | activated.services.unit_problems(name='hello.service', systemd=257) }}"

- name: A socket beside its service
  ansible.builtin.debug:
    msg: "{{ units['hello.socket'] | activated.services.unit_problems(name='hello.socket', units=units) }}"
"""

RETURN = r"""
_value:
  description: The problems, in the order of their lines.
  type: list
  elements: dict
  contains:
    rule:
      description: The identifier of the rule.
      type: str
      sample: unknown-directive
    severity:
      description: How bad it is.
      type: str
      choices: [error, warning, info]
    section:
      description: The section, empty where the problem is one of the whole unit.
      type: str
      sample: Service
    directive:
      description: The directive, empty where the problem is not one of a single directive.
      type: str
      sample: ProtectSytem
    line:
      description: The line where the assignment begins, from 1; null where the problem is one of the whole unit.
      type: int
      sample: 7
    message:
      description: What is wrong, and what to write instead where that can be told.
      type: str
      sample: systemd knows no ProtectSytem in [Service] and ignores it; did you mean ProtectSystem?
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._values.given import (
    shown,
    whole_number,
)


def unit_problems(
    text: object,
    name: str | None = None,
    systemd: object = 252,
    units: object = None,
) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    if not isinstance(text, str):
        raise _error(f"a unit is a string, not {_type(text)}")
    if name is not None and not isinstance(name, str):
        raise _error(f"name must be a string, not {_type(name)}")
    if units is not None and not isinstance(units, Mapping):
        raise _error(f"units must be a mapping of names to texts, not {_type(units)}")
    for other, value in (units or {}).items():
        if not isinstance(other, str) or not isinstance(value, str):
            raise _error(f"units[{other!r}] must be the text of a unit")
    version = whole_number(systemd)
    if version is None:
        raise _error(f"systemd must be a version such as 252, not {shown(systemd)}")
    others = {str(other): str(value) for other, value in (units or {}).items()}
    # Whoever uses one filter of this collection has Ansible load them all: what brings
    # the tables of systemd's directives is left to those who ask for it.
    from ansible_collections.activated.services.plugins.module_utils._rules import judge

    try:
        problems = judge.unit_problems(str(text), name, version, others)
    except ValueError as exc:
        raise _error(str(exc)) from exc
    return [problem._asdict() for problem in problems]


def _type(value: object) -> str:
    return type(value).__name__


def _error(message: str) -> AnsibleFilterError:
    return AnsibleFilterError(f"activated.services.unit_problems: {message}")


class FilterModule:
    """The filter for Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"unit_problems": unit_problems}
