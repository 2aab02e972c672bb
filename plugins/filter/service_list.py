# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_list
short_description: Several services, as variables of the role that deploys one
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Judges a list of services and gives each as the variables of the role P(activated.services.service#role), with their prefix.
  - An error names the item and the key, and the key that may have been meant. No message holds the value of a credential.
positional: _input
options:
  _input:
    description:
      - A list of mappings. The keys of each are the role's variables without C(service_).
    type: list
    elements: dict
    required: true
  options:
    description:
      - The variables that the role knows, as its C(meta/argument_specs.yml) has them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the names of the services
  ansible.builtin.debug:
    msg: "{{ activated_services | activated.services.service_list(specs) | map(attribute='service_name') }}"
  vars:
    specs: "{{ (lookup('ansible.builtin.file', role_path ~ '/meta/argument_specs.yml') | from_yaml).argument_specs.main.options }}"
"""

RETURN = r"""
_value:
  description: The services in their order, each a mapping of the role's variables that were given, and C(service_state).
  type: list
  elements: dict
"""

import difflib
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    check_service_name,
    check_socket_name,
)

PREFIX = "service_"


def service_list(value: t.Any, options: t.Any) -> list[dict[str, t.Any]]:
    """See DOCUMENTATION."""
    if isinstance(value, (str, bytes)) or not isinstance(value, t.Sequence):
        raise _error(f"it must be a list of mappings, not {_type(value)}")
    services: list[dict[str, t.Any]] = []
    places: dict[str, int] = {}
    for index, item in enumerate(value):
        place = f"activated_services[{index}]"
        try:
            one = _service(item, options)
        except ValueError as exc:
            name = item.get("name") if isinstance(item, t.Mapping) else None
            raise _error(f"{place}{f' ({name})' if name else ''}: {exc}") from exc
        name = one[f"{PREFIX}name"]
        if name in places:
            raise _error(
                f"{place}: name {name!r} is that of activated_services[{places[name]}]"
            )
        places[name] = index
        services.append(one)
    return services


def _service(item: t.Any, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One service; raises ValueError for what it cannot be."""
    if not isinstance(item, t.Mapping):
        raise ValueError(f"it must be a mapping, not {_type(item)}")
    known = [option[len(PREFIX) :] for option in options]
    for key in item:
        if key not in known:
            raise ValueError(f"there is no {key!r}{_meant(str(key), known)}")
    if not isinstance(item.get("name"), str):
        raise ValueError("it needs a name, which is a string")
    check_service_name(item["name"])
    said = {f"{PREFIX}{key}": value for key, value in item.items()}
    judged = ArgumentSpecValidator(dict(options)).validate(said)
    if judged.error_messages:
        raise ValueError("; ".join(judged.error_messages).replace(PREFIX, ""))
    for socket in item.get("sockets") or {}:
        check_socket_name(str(socket))
    if item.get("state", "present") == "present":
        _check_present(item)
    state = f"{PREFIX}state"
    return {key: judged.validated_parameters[key] for key in [*said, state]}


def _check_present(item: t.Mapping[str, t.Any]) -> None:
    """What a service needs that is to be there; raises ValueError."""
    if not item.get("exec_start"):
        raise ValueError("exec_start must be given")
    release = item.get("release") or {}
    if release and not isinstance(release.get("version"), str):
        raise ValueError(
            "release needs a version, between quotes where it looks like a number"
        )


def _meant(key: str, known: t.Sequence[str]) -> str:
    plain = key[len(PREFIX) :] if key.startswith(PREFIX) else key
    near = difflib.get_close_matches(plain, known, 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _type(value: object) -> str:
    return type(value).__name__


def _error(message: str) -> AnsibleFilterError:
    return AnsibleFilterError(f"activated.services.service_list: {message}")


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"service_list": service_list}
