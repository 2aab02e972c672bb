# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: exposure
short_description: How exposed a systemd service is
version_added: 0.1.0
description:
  - Gives the score, its word and every single check of C(systemd-analyze security --offline=true), from the text of a unit alone.
    Neither a host nor systemd is needed.
  - Each version of systemd has its own answer, because each reads some directives in its own way.
    The answer is the one of the version that is asked for, even where that is wrong; RV(_value.checks[].note) then says so.
  - Versions before 250 cannot analyze a file. For these it is what C(systemd-analyze security UNIT) says on the host of the loaded unit.
  - A unit that systemd would not load, because it has no command to run or a user that cannot exist, is judged all the same.
options:
  _input:
    description: The text of a unit, most often of a service. That of a socket, a mount or a swap can be judged too.
    type: string
    required: true
  systemd:
    description:
      - The version of systemd, from 247 on. A newer one than this collection knows is taken for the newest that it does.
    type: int
    default: 252
  drop_ins:
    description: The texts of the unit's drop-ins, in the order in which systemd reads them.
    type: list
    elements: string
    default: []
  architecture:
    description:
      - The architecture of the host, by systemd's name for it. Some groups of system calls are empty on some architectures.
    type: string
    choices: [x86-64, arm64]
    default: x86-64
positional: _input
notes:
  - A policy of the host (C(systemd-analyze-security.policy)) and drop-ins that are installed there are not known here.
seealso:
  - plugin: activated.services.unit_problems
    plugin_type: filter
  - plugin: activated.services.sandbox
    plugin_type: filter
author:
  - The activated.services authors (@activated-services)
"""

EXAMPLES = r"""
- name: Refuse a unit that is more exposed than 3.0 on the host that it is for
  ansible.builtin.assert:
    that: (unit_text | activated.services.exposure(systemd=257)).score <= 3.0

- name: What would lower the exposure most
  ansible.builtin.debug:
    msg: >-
      {{ (unit_text | activated.services.exposure(systemd=252)).checks
         | selectattr('set', 'equalto', false)
         | sort(attribute='exposure', reverse=true)
         | map(attribute='name') | first(3) }}

- name: The exposure with a drop-in that is not installed yet
  ansible.builtin.debug:
    msg: "{{ (unit_text | activated.services.exposure(drop_ins=[drop_in_text])).score }}"
"""

RETURN = r"""
_value:
  description: The answer.
  type: dict
  contains:
    score:
      description: The exposure, from 0.0 to 10.0, with one decimal.
      type: float
      sample: 0.2
    level:
      description: What systemd calls such a score.
      type: str
      choices: [PERFECT, SAFE, OK, MEDIUM, EXPOSED, UNSAFE, DANGEROUS]
      sample: SAFE
    checks:
      description: Every check, in systemd's order.
      type: list
      elements: dict
      contains:
        name:
          description: systemd's name for the check.
          type: str
          sample: PrivateNetwork=
        json_field:
          description: systemd's name for it in JSON and in a policy.
          type: str
          sample: PrivateNetwork
        set:
          description: Whether the answer is good; null where the check does not apply.
          type: bool
        exposure:
          description: What the check adds to the score, rounded up to a tenth. null where it adds nothing.
          type: float
          sample: 0.5
        description:
          description: What the answer means for the service.
          type: str
          sample: Uses the network of the host
        note:
          description: In what way systemd's own answer is not the truth.
          returned: where it is not
          type: str
        weight:
          description: How much the check counts.
          type: int
          sample: 2500
        badness:
          description: How bad the answer is, from 0 to RV(_value.checks[].range); null where the check does not apply.
          type: int
          sample: 1
        range:
          description: The worst badness that the check knows.
          type: int
          sample: 1
"""

import typing as t
from collections.abc import Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._values.given import (
    shown,
    whole_number,
)


def exposure(
    text: object,
    systemd: object = 252,
    drop_ins: object = (),
    architecture: str = "x86-64",
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    if isinstance(drop_ins, (str, bytes)) or not isinstance(drop_ins, Sequence):
        raise _error(f"drop_ins must be a list, not {type(drop_ins).__name__}")
    texts = [_text(text, "the text of a unit")]
    texts += [_text(drop_in, "a drop-in") for drop_in in drop_ins]
    version = whole_number(systemd)
    if version is None:
        raise _error(f"systemd must be a version such as 252, not {shown(systemd)}")
    # Whoever uses one filter of this collection has Ansible load them all.
    from ansible_collections.activated.services.plugins.module_utils._exposure import (
        exposure as _exposure,
    )

    try:
        answer = _exposure.exposure(texts[0], version, texts[1:], architecture)
    except ValueError as exc:
        raise _error(str(exc)) from exc
    return answer.as_dict()


def _text(value: object, what: str) -> str | bytes:
    if not isinstance(value, (str, bytes)):
        raise _error(f"{what} must be a string, not {type(value).__name__}")
    return value


def _error(message: str) -> AnsibleFilterError:
    return AnsibleFilterError(f"activated.services.exposure: {message}")


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"exposure": exposure}
