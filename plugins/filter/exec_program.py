# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: exec_program
short_description: The programs of a command that must be in its release
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Gives the program of a command as a list of one, if it is named by its place in the release, and an empty list if it is not.
  - The role P(activated.services.service#role) has M(activated.services.release) look for it before a release is installed.
positional: _input
options:
  _input:
    description: A command as P(activated.services.exec_quote#filter) takes it.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Say which programs a release must hold
  ansible.builtin.debug:
    msg: "{{ ['bin/hello', 'start'] | activated.services.exec_program }}"
  # ["bin/hello"]
"""

RETURN = r"""
_value:
  description: The program, by its path in the release, or nothing.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._units.command import (
    is_relative,
    program,
)
from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    Unquotable,
)


def exec_program(command: t.Any) -> list[str]:
    """See DOCUMENTATION."""
    try:
        word = program(command)
    except Unquotable as exc:
        raise AnsibleFilterError(f"activated.services.exec_program: {exc}") from exc
    return [word] if is_relative(word) else []


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"exec_program": exec_program}
