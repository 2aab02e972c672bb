#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: credential
short_description: Keep one credential in the host's store, encrypted where the host can
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Stores a secret for root alone, so that a service's unit can load it. The credentials of a service that
    M(activated.services.deployment) deploys need no task of their own.
  - On a host with C(systemd-creds) (systemd 250) it is encrypted with the host's key, and with its TPM where there is one, bound to its
    name, and lies in C(/etc/credstore.encrypted). On others it lies as it is in C(/etc/credstore), and never in both.
  - What is stored is opened and compared, so that the same secret writes nothing.
  - The secret reaches the host in the module's own input and C(systemd-creds) on its standard input. No log, diff, argument list or result
    shows it.
extends_documentation_fragment:
  - activated.services.attributes
options:
  name:
    description:
      - The name of the credential, which is that of its file, too.
      - Letters, digits and C(_ . -), at most 100 of them, the first a letter, a digit or C(_).
    type: str
    required: true
  service:
    description:
      - Store it in the folder of this service.
      - A deployment of that service removes what its unit does not load.
      - Without it, the credential is where systemd itself looks for C(LoadCredential=NAME) and C(ImportCredential=NAME).
    type: str
  content:
    description:
      - The secret. Line breaks at its end are kept.
      - O(state=present) needs this or O(encrypted).
    type: str
  encoding:
    description:
      - Whether O(content) is text, or bytes in base64.
    type: str
    choices: [text, base64]
    default: text
  not_after:
    description:
      - When the host stops opening it, a time in UTC such as C(2030-01-31) or C(2030-01-31T12:00:00Z). Needs C(systemd-creds).
    type: str
  encrypted:
    description:
      - Ciphertext that C(systemd-creds encrypt --name=NAME) has made on this host; it is stored as it is.
    type: str
  state:
    description:
      - V(absent) takes it out of the store.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: activated.services.deployment
"""

EXAMPLES = r"""
- name: Store a token that several services import
  activated.services.credential:
    name: shop.token
    content: "{{ vaulted_token }}"
    not_after: 2030-01-31

- name: Store a key of any bytes
  activated.services.credential:
    name: shop.key
    content: "{{ lookup('ansible.builtin.unvault', 'shop.key') | b64encode }}"
    encoding: base64

- name: Take it away
  activated.services.credential:
    name: shop.token
    state: absent
"""

RETURN = r"""
path:
  description: Where it is stored.
  returned: success
  type: str
  sample: /etc/credstore.encrypted/shop.token
encrypted:
  description: Whether it is encrypted there.
  returned: success
  type: bool
  sample: true
directive:
  description: What loads it, as a line of a unit.
  returned: when O(state=present)
  type: str
  sample: LoadCredentialEncrypted=shop.token:/etc/credstore.encrypted/shop.token
plan:
  description: What was done, or would be done in check mode, each with its reason.
  returned: success
  type: list
  elements: dict
  sample:
    - action: store
      subject: /etc/credstore.encrypted/shop.token
      reason: it is not there
"""

import hashlib
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    PLAIN_STORE,
    SEALED_STORE,
    Credential,
    InvalidCredential,
    check_name,
    check_storable,
    systemd_time,
)
from ansible_collections.activated.services.plugins.module_utils._credential.store import (
    Sealed,
    Store,
    UnusableStore,
    check_hands,
    check_modes,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._host.core_dump import (
    leave_no_core,
)
from ansible_collections.activated.services.plugins.module_utils._host.ending import (
    end,
)
from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    require_root,
    seals,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._host.files import (
    fresh_path,
)
from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
    check_service_name,
)

REFUSALS = (
    InvalidCredential,
    InvalidServiceName,
    Sealed,
    UnsuitableHost,
    UnusableStore,
)
OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "service": {"type": "str"},
    "content": {"type": "str", "no_log": True},
    "encoding": {"type": "str", "choices": ["text", "base64"], "default": "text"},
    "not_after": {"type": "str"},
    "encrypted": {"type": "str", "no_log": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def parse(params: t.Mapping[str, t.Any]) -> Credential | None:
    """The credential that is wished; None where none is to be there.

    Raises InvalidCredential and InvalidServiceName.
    """
    name = check_name(params["name"])
    if params["service"]:
        check_service_name(params["service"])
    if params["state"] == "absent":
        return None
    said = {key: params[key] for key in ("content", "encrypted", "not_after")}
    if params["content"] is not None:
        said["encoding"] = params["encoding"]
    return Credential.parse(name, said)


def place(params: t.Mapping[str, t.Any], sealed: bool) -> str:
    """Where a credential is stored."""
    store = SEALED_STORE if sealed else PLAIN_STORE
    return os.path.join(store, params["service"] or "", params["name"])


def judge(wish: Credential, store: Store, target: str, systemd: int) -> None:
    """Refuse what this host cannot keep.

    Raises InvalidCredential, Sealed and UnusableStore.
    """
    check_storable(wish, systemd, store.sealed)
    check_modes(os.path.dirname(target))
    if wish.kind == "encrypted":
        store.sealer.open(wish.name, wish.secret or b"")


def make_plan(wish: Credential | None, store: Store, target: str, other: str) -> Plan:
    """What differs, from opening what is there. Raises Sealed and UnusableStore."""
    changes = []
    if wish:
        expires = systemd_time(wish.not_after) if wish.not_after else ""
        there = store.state(target, digest, wish, [expires])
        content = wish.secret or b""
        if wish.kind == "encrypted":
            content = store.sealer.open(wish.name, content)
        wanted = f"{digest(content)}@{expires}" if expires else digest(content)
        if there is None:
            changes.append(Change("store", target, "it is not there"))
        elif there != wanted:
            changes.append(Change("store", target, "it changes"))
    unwanted = [other] if wish else [target, other]
    changes += [
        Change("erase", path, "it is not wanted there")
        for path in unwanted
        # A service of that name may have its folder there.
        if os.path.lexists(path) and not os.path.isdir(path)
    ]
    changes += [
        Change("erase", left, "a run that was killed has left it")
        for left in (fresh_path(target), fresh_path(other))
        if os.path.lexists(left)
    ]
    return Plan(tuple(changes))


def digest(content: bytes) -> str:
    """To compare with, in memory only."""
    return hashlib.sha256(content).hexdigest()


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    leave_no_core()
    wish = parse(module.params)
    require_root()
    systemd = systemd_version(module.run_command)
    store = Store(seals(systemd))
    target = place(module.params, store.sealed)
    other = place(module.params, not store.sealed)
    for path in (target, other):
        check_hands(os.path.dirname(path))
    if wish:
        judge(wish, store, target, systemd)
    plan = make_plan(wish, store, target, other)
    for change in plan if not module.check_mode else ():
        if change.action == "store" and wish:
            store.put(change.subject, wish)
        else:
            store.erase(change.subject)
    load = "LoadCredentialEncrypted" if store.sealed else "LoadCredential"
    result = {
        "changed": plan.changed,
        "plan": plan.as_dicts(),
        "diff": plan.diff(),
        "path": target,
        "encrypted": store.sealed,
    }
    return (
        {**result, "directive": f"{load}={module.params['name']}:{target}"}
        if wish
        else result
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec=OPTIONS,
        mutually_exclusive=[("content", "encrypted")],
        required_if=[("state", "present", ["content", "encrypted"], True)],
        supports_check_mode=True,
    )
    end(module, run_module, REFUSALS)


if __name__ == "__main__":
    main()
