#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# It is an action plugin; what is here is its documentation.

from __future__ import annotations

DOCUMENTATION = r"""
module: judge
short_description: Refuse services that cannot be deployed as they are described
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Judges the units of services on the controller, from their texts alone, and fails where one of them cannot work. No host is asked.
  - M(activated.services.deployment) judges by the same rules for the host's own systemd, and has that verify the units, before it changes anything.
extends_documentation_fragment:
  - activated.services.attributes.reads_only
options:
  services:
    description:
      - The services.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the service.
        type: str
        required: true
      objection:
        description: Why it cannot be deployed, where that is known already. Its units are not judged then.
        type: str
        default: ""
      units:
        description: Its unit files, as a mapping of file names to texts.
        type: dict
        default: {}
  systemd:
    description: The version of systemd that the units are judged for.
    type: int
    required: true
attributes:
  platform:
    description: The hosts that it runs on.
    support: full
    platforms: linux
    details: It runs on the controller.
seealso:
  - plugin: activated.services.unit_problems
    plugin_type: filter
  - module: activated.services.unit_check
"""

EXAMPLES = r"""
- name: Refuse units that systemd 252 would not take
  activated.services.judge:
    services:
      - name: hello
        units: "{{ hello_units }}"
    systemd: 252
"""

RETURN = r"""#"""
