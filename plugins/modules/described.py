#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: described
short_description: Tell whether services, or releases, are as they are described
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Tells whether M(activated.services.deployment) would leave the host as it is, and changes nothing. It takes the same options and reads the host
    in the same way, but brings none of what changes it, verifies units and proves services. It is therefore quick.
  - M(activated.services.deployment) and M(activated.services.release) ask it before they send to the host what does their work.
    There is little reason to use it alone.
  - It is asked of services that are to be there. One that is to go, or to go back, is never as described.
  - With O(releases) it tells what M(activated.services.release) would do.
extends_documentation_fragment:
  - activated.services.attributes.reads_only
  - activated.services.deployment
options:
  releases:
    description:
      - Releases, each as O(activated.services.release#module:releases) has them. None of the other options can be given beside.
      - What one is made of is told by its C(checksum); C(src) is not read.
    type: list
    elements: dict
seealso:
  - module: activated.services.deployment
  - module: activated.services.release
"""

EXAMPLES = r"""
- name: Ask whether a service is as described
  activated.services.described:
    name: hello
    release: 1.4.2
    units: "{{ hello_units }}"
  register: hello
  failed_when: not hello.as_described
"""

RETURN = r"""
as_described:
  description: Whether M(activated.services.deployment) would do nothing. All else of what that returns is returned, too, if so.
  returned: without O(releases)
  type: bool
  sample: true
releases:
  description:
    - With O(releases), what M(activated.services.release) in check mode returns of each, in their order; with C(failed) and C(msg) for one
      that it would refuse.
  returned: with O(releases), failed or not
  type: list
  elements: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._deployment.options import (
    EXCLUSIVE,
    OPTIONS,
)
from ansible_collections.activated.services.plugins.module_utils._host.ending import (
    UNREAD,
    end,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={**OPTIONS, "releases": {"type": "list", "elements": "dict"}},
        required_one_of=[("name", "service", "services", "releases")],
        mutually_exclusive=[
            *EXCLUSIVE,
            *(("releases", key) for key in OPTIONS),
        ],
        supports_check_mode=True,
        # nothing of it goes to the system's log: a secret may be in the wrong option
        no_log=True,
    )
    # What answers the one question is not needed for the other.
    if module.params["releases"] is None:
        from ansible_collections.activated.services.plugins.module_utils._deployment.look import (
            look,
            refusals,
        )
    else:
        from ansible_collections.activated.services.plugins.module_utils._release.look import (
            look,
            refusals,
        )

    def changing_nothing(module: AnsibleModule) -> dict[str, t.Any]:
        return {**look(module), "changed": False}

    end(module, changing_nothing, refusals, UNREAD)


if __name__ == "__main__":
    main()
