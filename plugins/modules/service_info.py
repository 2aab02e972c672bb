#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service_info
short_description: What there is of a service on a host
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Reads which releases, units and sockets of a service a host has, and in which state they are. It changes nothing.
extends_documentation_fragment:
  - activated.services.attributes.reads_only
options:
  name:
    description:
      - The name of the service.
    type: str
    required: true
seealso:
  - module: activated.services.deployment
"""

EXAMPLES = r"""
- name: See what is there
  activated.services.service_info:
    name: hello
  register: hello

- name: Show the release that runs
  ansible.builtin.debug:
    var: hello.releases.current
"""

RETURN = r"""
seals:
  description: Whether the host encrypts the credentials that it stores.
  returned: success
  type: bool
  sample: true
systemd:
  description: The version of systemd on the host.
  returned: success
  type: int
  sample: 252
releases:
  description: The releases below C(/opt/NAME).
  returned: success
  type: dict
  sample:
    current: 1.4.2
    previous: 1.4.1
    installed: [1.4.1, 1.4.2]
units:
  description: Each unit file of the service, and what systemd says of it.
  returned: success
  type: dict
  sample:
    hello.service: {active: inactive, enabled: static, needs_reload: false, drop_ins: []}
    hello-http.socket: {active: active, enabled: enabled, needs_reload: false, drop_ins: []}
changed_by_hand:
  description: Unit files that are no longer as the last deployment left them, with their owner and mode.
  returned: success
  type: list
  elements: str
  sample: []
generations:
  description: The releases of the generations on record that can be gone back to, the deployed one last.
  returned: success
  type: list
  elements: str
  sample: [1.4.1, 1.4.2]
voided:
  description: Why generations are not deployed again by themselves.
  returned: success
  type: list
  elements: str
  sample: []
interrupted:
  description: Whether a deployment was interrupted. The next one undoes it first.
  returned: success
  type: bool
  sample: false
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    BrokenLedger,
    Ledger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.units_dir import (
    read_present,
)
from ansible_collections.activated.services.plugins.module_utils._host.ending import (
    UNREAD,
    end,
)
from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    seals,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    Manager,
    ManagerError,
)
from ansible_collections.activated.services.plugins.module_utils._release.tree import (
    Tree,
)
from ansible_collections.activated.services.plugins.module_utils._release.version import (
    InvalidRelease,
)
from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
    check_service_name,
)

REFUSALS = (
    BrokenLedger,
    InvalidRelease,
    InvalidServiceName,
    ManagerError,
    UnsuitableHost,
)


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        return t.cast(
            "tuple[int, str, str]", module.run_command(argv, environ_update=env or {})
        )

    name = check_service_name(module.params["name"])
    systemd = systemd_version(run)
    releases = Tree(name)
    ledger = Ledger(name, releases.state)
    deployed = ledger.deployed()
    recorded = deployed.units if deployed else {}
    present = read_present(releases, sorted(recorded), Manager(run), deployed)
    return {
        "changed": False,
        "systemd": systemd,
        "seals": seals(systemd),
        "releases": {
            "current": releases.current(),
            "previous": releases.previous(),
            "installed": releases.versions(),
        },
        "units": {
            unit: {
                "active": state.active,
                "enabled": state.enabled,
                "needs_reload": state.needs_reload,
                "drop_ins": list(state.drop_ins),
            }
            for unit, state in present.states.items()
        },
        "changed_by_hand": [
            unit
            for unit, text in sorted(recorded.items())
            if present.generation.units.get(unit) != text or unit in present.access
        ],
        "generations": [generation.release for generation in ledger.generations()],
        "voided": sorted(ledger.voided().values()),
        "interrupted": ledger.transaction() is not None,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    end(module, run_module, REFUSALS, UNREAD)


if __name__ == "__main__":
    main()
