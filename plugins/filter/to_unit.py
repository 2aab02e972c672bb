# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: to_unit
short_description: Write a mapping as the text of a systemd unit
version_added: 0.1.0
description:
  - Turns a mapping of sections and directives into unit text, each value escaped
    in the way in which systemd reads that directive.
  - A string is data. Whatever it holds reaches the program byte for byte as one
    environment value or one argument, or is refused with the name of its directive;
    it cannot add a line, a section, a directive or an argument, and neither C(%) nor
    C($) in it is expanded.
  - 'The one way to ask for expansion is the mapping C({expand: "text"}), whose text is
    handed to systemd as it is written.'
options:
  _input:
    description:
      - A mapping of section names to mappings of directive names to values, or, with
        O(section), a mapping of directive names to values.
      - Also the list that P(activated.services.parse_unit#filter) returns.
      - A boolean becomes C(yes) or C(no). Numbers and strings stand for themselves.
      - A list repeats the directive, once for each element.
      - An empty string assigns nothing, which resets the directive in systemd.
      - V(null) leaves the directive out.
      - 'For C(Environment) give a mapping of variable names to strings. The value of
        a variable may also be C({expand: "text"}); a variable of the name C(expand)
        is a variable like any other.'
      - 'For commands, such as C(ExecStart), a list of strings is one program with its
        arguments, a string is split into words as a shell would, and
        C({expand: "text"}) is a command line in the syntax of systemd. An element
        C({expand: "text"}) of the list of arguments stays one argument. A list of
        lists, of such mappings, and of empty strings, which reset, is several commands; nothing else in it
        can be one.'
      - For lists of paths, such as C(ReadWritePaths), each element of a list is one
        path, and for C(BindPaths), C(BindReadOnlyPaths) and C(TemporaryFileSystem) one mount, blanks and all.
    type: raw
    required: true
  section:
    description:
      - Give only the lines of this section, without its header, for use inside a
        template that has it.
    type: str
positional: _input, section
seealso:
  - plugin: activated.services.parse_unit
    plugin_type: filter
  - plugin: activated.services.exec_quote
    plugin_type: filter
author:
  - The activated.services authors (@activated-services)
"""

EXAMPLES = r"""
- name: A whole unit
  ansible.builtin.copy:
    dest: /etc/systemd/system/hello.service
    content: "{{ unit | activated.services.to_unit }}"
    mode: "0644"
  vars:
    unit:
      Unit:
        Description: Says hello, 100% of the time
        After: [network.target, time-sync.target]
      Service:
        Type: exec
        ExecStart: [/opt/hello/current/bin/hello, --greeting, "{{ greeting }}"]
        Environment:
          MOTTO: "{{ motto }}"
          RUNTIME: {expand: "%t/hello"}
        NoNewPrivileges: true

- name: Some lines of a section, as a template uses it
  ansible.builtin.debug:
    msg: "{{ {'Type': 'exec', 'PrivateTmp': true} | activated.services.to_unit('Service') }}"
  # Type=exec
  # PrivateTmp=yes
"""

RETURN = r"""
_value:
  description: The text of the unit, or the lines of the section.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._units.render import (
    InvalidValue,
    render_section,
    render_unit,
)


def to_unit(value: object, section: str | None = None) -> str:
    """The text of a unit, or with a section the lines of that section."""
    try:
        if section is None:
            return render_unit(value)
        return render_section(section, value)
    except InvalidValue as exc:
        raise AnsibleFilterError(f"activated.services.to_unit: {exc}") from exc


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"to_unit": to_unit}
