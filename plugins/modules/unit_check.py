#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: unit_check
short_description: Verify systemd units on a host without installing them
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Has a set of units verified by the host's own systemd, strictly, together with what is installed there. A misspelt directive
    and a value that systemd would ignore fail the task, as do a program that is missing and units that wait for each other.
  - The units are written to a directory that is removed afterwards, under their real names. Nothing is installed, reloaded or started,
    in check mode or not.
  - Tells how exposed each service is, too.
  - P(activated.services.unit_problems#filter) judges a unit on the controller, and knows more of what is likely not meant.
    This module asks the systemd that the unit will meet.
extends_documentation_fragment:
  - activated.services.attributes.reads_only
options:
  units:
    description:
      - The units, by their file names.
      - A name has no slash and ends in the suffix of a type of unit. That of a drop-in has one, as in C(hello.service.d/10-more.conf);
        it is verified merged with its unit, which must be among the units.
    type: dict
    required: true
  exposure_max:
    description:
      - Fail where a service is more exposed than this, from V(0.0) to V(10.0).
    type: float
notes:
  - Runs as any user that may run C(systemd-analyze).
  - Systemd before 250 does not verify strictly. There, each warning about one of the units counts as a problem.
  - A template is verified as one of its instances. Where that of systemd's own choice, C(i) or C(test_instance), will not do, as for C(ListenStream=%i),
    it is one that the units name, or else C(1), C(127.0.0.1), C(::1) or C(daily).
  - Programs below a C(RootDirectory) or C(RootImage) are not looked for.
seealso:
  - plugin: activated.services.unit_problems
    plugin_type: filter
  - plugin: activated.services.exposure
    plugin_type: filter
  - module: activated.services.deployment
"""

EXAMPLES = r"""
- name: See whether this host's systemd takes the units
  activated.services.unit_check:
    units:
      hello.service: "{{ lookup('ansible.builtin.template', 'hello.service.j2') }}"
      hello-http.socket: |
        [Socket]
        ListenStream=8080
        Service=hello.service

- name: Refuse a service that is more exposed than 3.0
  activated.services.unit_check:
    units:
      hello.service: "{{ lookup('ansible.builtin.file', 'hello.service') }}"
    exposure_max: 3.0

- name: Only look
  activated.services.unit_check:
    units: "{{ units }}"
  register: checked
  failed_when: false
"""

RETURN = r"""
problems:
  description: What systemd has against the units. The task fails unless it is empty.
  returned: when the units were verified
  type: list
  elements: dict
  contains:
    unit:
      description: The file name of the unit, empty where it is about the whole set.
      type: str
    line:
      description: The line in it, from 1, or V(null).
      type: int
    message:
      description: What systemd says, in its own words.
      type: str
  sample:
    - unit: hello.service
      line: 7
      message: "Unknown key 'ProtectSytem' in section [Service], ignoring."
exposure:
  description: How exposed each service is, by file name.
  returned: when the units were verified
  type: dict
  contains:
    score:
      description: From 0.0 to 10.0.
      type: float
    level:
      description: The word for it, from C(PERFECT) to C(DANGEROUS).
      type: str
    source:
      description:
        - V(systemd) where the host's systemd said so.
        - V(computed) where it cannot, before version 250; see P(activated.services.exposure#filter).
      type: str
  sample:
    hello.service:
      score: 1.2
      level: OK
      source: systemd
systemd:
  description: The version of systemd on the host.
  returned: when there is one
  type: int
  sample: 252
"""

import shutil
import tempfile
import typing as t
from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._host.security import (
    Measured,
    measure_exposure,
)
from ansible_collections.activated.services.plugins.module_utils._host.verify import (
    Message,
    verify_units,
)
from ansible_collections.activated.services.plugins.module_utils._units.drop_ins import (
    checked_files,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit_name import (
    InvalidUnitName,
)


class InvalidUnits(ValueError):
    """The option `units` holds something that is not the text of a unit."""


def parse_units(units: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Give the texts by name; raises InvalidUnits or InvalidUnitName."""
    checked_files(units)
    for name, text in units.items():
        if not isinstance(text, str):
            raise InvalidUnits(
                f"units[{name!r}] must be the text of a unit, not a "
                f"{type(text).__name__}; use the filter activated.services.to_unit"
            )
        try:
            f"{name}{text}".encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as exc:
            raise InvalidUnits(
                f"units[{name!r}] holds half of a character (U+"
                f"{ord(exc.object[exc.start]):04X}), which no file can have as text"
            ) from exc
    return dict(units)


def verdict(
    problems: t.Sequence[Message],
    exposure: t.Mapping[str, Measured],
    exposure_max: float | None,
) -> str | None:
    """Give the sentence with which the task fails, or None where all is well."""
    parts = []
    if problems:
        first = problems[0]
        place = f"{first.unit}:{first.line}" if first.line else first.unit
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        parts.append(f"{place + ': ' if place else ''}{first.message}{more}")
    for name, measured in exposure.items():
        if exposure_max is not None and measured.score > exposure_max:
            parts.append(
                f"{name} has an exposure of {measured.score} ({measured.level}), "
                f"more than {exposure_max}"
            )
    return "; ".join(parts) or None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "units": {"type": "dict", "required": True},
            "exposure_max": {"type": "float"},
        },
        supports_check_mode=True,
    )

    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        rc, out, err = module.run_command(argv, environ_update=env)
        return rc, out, err

    result: dict[str, t.Any] = {"changed": False}
    stage = None
    try:
        units = parse_units(module.params["units"])
        systemd = systemd_version(run)
        result["systemd"] = systemd
        stage = tempfile.mkdtemp(prefix="unit-check-", dir=module.tmpdir)
        problems = verify_units(run, units, stage, systemd)
        exposure = measure_exposure(run, units, stage, systemd)
    except (InvalidUnitName, InvalidUnits, UnsuitableHost, OSError) as exc:
        module.fail_json(msg=str(exc), **result)
    finally:
        if stage:
            shutil.rmtree(stage, ignore_errors=True)
    result["problems"] = [asdict(problem) for problem in problems]
    result["exposure"] = {name: asdict(found) for name, found in exposure.items()}
    message = verdict(problems, exposure, module.params["exposure_max"])
    if message:
        module.fail_json(msg=message, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
