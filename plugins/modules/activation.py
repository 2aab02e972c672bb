#!/usr/bin/python
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: activation
short_description: Prove that a request starts a service through its socket
version_added: 0.1.0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._manager import (
    Manager,
    ManagerError,
)
from ansible_collections.activated.services.plugins.module_utils._probe import (
    InvalidProbe,
    Probe,
)
from ansible_collections.activated.services.plugins.module_utils._proof import (
    Wish,
    unit_name,
)
from ansible_collections.activated.services.plugins.module_utils._prover import Prover


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type="str", required=True),
            sockets=dict(type="list", elements="str"),
            probes=dict(type="list", elements="dict"),
            timeout=dict(type="float", default=30.0),
            settle=dict(type="float", default=0.25),
            rest=dict(
                type="str", default="once", choices=["once", "each", "found", "keep"]
            ),
            leave=dict(
                type="str", default="as_found", choices=["as_found", "running", "idle"]
            ),
        ),
        supports_check_mode=True,
    )
    p = module.params
    try:
        probes = tuple(
            Probe.parse(x, f"probes[{i}]") for i, x in enumerate(p["probes"] or [])
        )
    except InvalidProbe as exc:
        module.fail_json(msg=str(exc))
    wish = Wish(
        unit_name(p["name"]),
        tuple(unit_name(x, "socket") for x in p["sockets"] or []),
        probes,
        timeout=p["timeout"],
        settle=p["settle"],
        rest=p["rest"],
        leave=p["leave"],
    )
    manager = Manager(
        lambda argv, env=None: module.run_command(argv, environ_update=env)
    )
    proof = Prover(wish, manager).prove()
    if proof.problems:
        module.fail_json(
            msg=proof.summary(), proof=proof.returned(), changed=proof.changed
        )
    module.exit_json(changed=proof.changed, proof=proof.returned())


if __name__ == "__main__":
    main()
