# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: credentials
short_description: The credentials of a service as directives, and as options of a module
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Judges the credentials of a service and gives them in the three forms in which they are needed.
  - Everything is judged that can be without the host, so that an error comes before anything changes. No message holds a secret.
positional: _input
options:
  _input:
    description:
      - A mapping of names to mappings with one of C(path), C(content), C(encrypted) and C(import), as the variable C(service_credentials) of
        P(activated.services.service#role) takes it.
    type: dict
    required: true
  service:
    description: The name of the service.
    type: str
    required: true
  systemd:
    description: The version of the host's systemd.
    type: int
    required: true
  seals:
    description: Whether the host encrypts what it stores. By default it does from version 250 on.
    type: bool
"""

EXAMPLES = r"""
- name: Show the directives that load a secret on a host with systemd 252
  ansible.builtin.debug:
    msg: "{{ ({'token': {'content': vaulted_token}} | activated.services.credentials('hello', 252)).directives }}"
  # LoadCredentialEncrypted: [token:/etc/credstore.encrypted/hello/token]
"""

RETURN = r"""
_value:
  description:
    - C(directives), for the unit; C(entries), O(activated.services.deployment#module:credentials); and C(secrets),
      O(activated.services.deployment#module:secrets).
  type: dict
"""

import base64
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    Credential,
    InvalidCredential,
    directives,
    in_store,
)
from ansible_collections.activated.services.plugins.module_utils._credential.versions import (
    SEALING,
)
from ansible_collections.activated.services.plugins.module_utils._values.given import (
    shown,
    whole_number,
)


def credentials(
    value: t.Any, service: str, systemd: t.Any, seals: bool | None = None
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    try:
        if not isinstance(value, t.Mapping):
            raise InvalidCredential("must be a mapping of names to mappings")
        version = whole_number(systemd)
        if version is None:
            raise InvalidCredential(
                f"systemd is a version such as 252, not {shown(systemd)}"
            )
        wishes = [Credential.parse(name, entry) for name, entry in value.items()]
        for wish in wishes:
            if wish.kind == "path" and in_store(wish.source, service):
                raise InvalidCredential(
                    f"credential {wish.name}: {wish.source} is where contents of this "
                    "service are stored; give its content, or another path"
                )
        sealed = version >= SEALING if seals is None else bool(seals)
        lines = directives(wishes, service, version, sealed)
    except InvalidCredential as exc:
        raise AnsibleFilterError(f"activated.services.credentials: {exc}") from exc
    return {
        "directives": lines,
        "entries": {wish.name: _entry(wish, value[wish.name]) for wish in wishes},
        "secrets": {
            wish.name: base64.b64encode(wish.secret or b"").decode()
            for wish in wishes
            if wish.kind == "content"
        },
    }


def _entry(wish: Credential, said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """An entry without its content."""
    kept = ("path", "encrypted", "import", "not_after")
    return {key: str(said[key]) for key in kept if said.get(key) is not None}


class FilterModule:
    """The filter, for Ansible to find."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"credentials": credentials}
