# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: refusal
short_description: Why a variable of a service cannot be written into its units
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Gives the first sentence that P(activated.services.to_unit#filter), P(activated.services.exec_quote#filter) or
    P(activated.services.sandbox#filter) would fail with, led by the name of the variable; an empty string where none would.
  - The role P(activated.services.service#role) asks it before it renders a unit, so that its operator reads one sentence.
positional: _input
options:
  _input:
    description:
      - Variables by their names. What is looked at is told by what a name ends in, as in C(service_environment) -
        C(description), C(type), C(exec_start), C(environment), C(sockets), C(triggers), C(sandbox), C(directives).
    type: dict
    required: true
  systemd:
    description: The version of systemd that the sandbox is for; the newest without it.
    type: int
  below:
    description: The folder that a relative program is below, as O(activated.services.exec_quote#filter:below) has it.
    type: str
"""

EXAMPLES = r"""
- name: Refuse what no unit can hold
  ansible.builtin.assert:
    that: why == ''
    fail_msg: "{{ why }}"
  vars:
    why: "{{ {'service_environment': service_environment} | activated.services.refusal }}"
  # service_environment.MOTTO: has a NUL character, which no program can be given
"""

RETURN = r"""
_value:
  description: The sentence, or nothing.
  type: str
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    NEWEST_PIN,
    InvalidSandbox,
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._units.command import (
    below as _below,
)
from ansible_collections.activated.services.plugins.module_utils._units.quote import (
    Unquotable,
    exec_quote,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    InvalidValue,
    render_section,
)
from ansible_collections.activated.services.plugins.module_utils._values.given import (
    whole_number,
)


def refusal(
    variables: t.Any, systemd: t.Any = NEWEST_PIN, below: str | None = None
) -> str:
    """See DOCUMENTATION."""
    version = whole_number(systemd)
    if not isinstance(variables, Mapping) or version is None:
        raise AnsibleFilterError(
            "activated.services.refusal: give variables by name, and a version as 252"
        )
    for name, value in variables.items():
        try:
            _check(str(name), value, version, below)
        except (InvalidValue, Unquotable, InvalidSandbox) as exc:
            said = str(exc)
            return f"{name}{said}" if said[:1] in ".[:" else f"{name}: {said}"
    return ""


def _check(name: str, value: t.Any, systemd: int, below: str | None) -> None:
    if name.endswith("_exec_start"):
        exec_quote(_below(value, below) if below else value)
    elif name.endswith("_sandbox"):
        _render(Sandbox.parse(value, systemd).directives, "")
    elif name.endswith(("_sockets", "_triggers", "_directives")):
        if not isinstance(value, Mapping):
            raise InvalidValue("must be a mapping")
        for part, directives in value.items():
            _render(directives, f".{part}")
    else:
        directive = next((d for end, d in _ONE.items() if name.endswith(end)), None)
        if directive is None:
            raise AnsibleFilterError(
                f"activated.services.refusal: nothing is known of {name}"
            )
        _render({directive: value}, "", directive)


# Variables that are the value of one directive.
_ONE: t.Final = {
    "_description": "Description",
    "_type": "Type",
    "_environment": "Environment",
}


def _render(directives: t.Any, place: str, alone: str = "") -> None:
    """Render directives; raises InvalidValue, with a place below the variable.

    The place of the directive `alone` is the variable itself.
    """
    try:
        render_section(_SECTION, directives)
    except InvalidValue as exc:
        said = str(exc)
        known = f"{_SECTION}.{alone}" if alone else _SECTION
        if said.startswith(known):
            said = place + said[len(known) :]
        raise InvalidValue(said) from exc


# In the place of a section whose name is of no matter.
_SECTION: t.Final = "Section"


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"refusal": refusal}
