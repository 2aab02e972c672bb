# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: exec_quote
short_description: Write a program and its arguments as a systemd command line
version_added: 0.1.0
description:
  - Turns a list of arguments into what may stand behind C(ExecStart=) in a unit. The
    program is started with exactly these arguments, byte for byte.
  - What systemd has no way to write is refused, such as a NUL character, or a program
    whose name begins with one of systemd's prefixes.
options:
  _input:
    description:
      - 'A list of strings is a program and its arguments, nothing in them is expanded.
        An element C({expand: "text"}) stays one argument, with its C(%) specifiers
        and its variables, written C(${NAME}), alive.'
      - A string is split into words as a shell would, and nothing in it is expanded.
      - 'A mapping C({expand: "text"}) is a command line in the syntax of systemd.'
    type: raw
    required: true
  below:
    description:
      - The folder that a relative program is in, such as C(/opt/hello/current).
        Without it, a program with a slash must be absolute.
    type: str
positional: _input
seealso:
  - plugin: activated.services.to_unit
    plugin_type: filter
author:
  - The activated.services authors (@activated-services)
"""

EXAMPLES = r"""
- name: A line of a template
  ansible.builtin.debug:
    msg: "ExecStart={{ ['/bin/echo', '100% of $HOME', 'a b'] | activated.services.exec_quote }}"
  # ExecStart=/bin/echo "100%% of $$HOME" "a b"

- name: Expansion where it is asked for
  ansible.builtin.debug:
    msg: "ExecStart={{ ['/bin/echo', {'expand': '%n'}, '%n'] | activated.services.exec_quote }}"
  # ExecStart=/bin/echo %n "%%n"
"""

RETURN = r"""
_value:
  description: The command line.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._units.command import (
    below as _below,
)
from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    Unquotable,
    exec_quote,
)


def _exec_quote(command: t.Any, below: str | None = None) -> str:
    """The command line for a list of arguments, a string or an expand mapping."""
    try:
        return exec_quote(_below(command, below) if below else command)
    except Unquotable as exc:
        raise AnsibleFilterError(f"activated.services.exec_quote: {exc}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"exec_quote": _exec_quote}
