# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What would be done for releases, as the module `described` tells it."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._deployment.ledger import BrokenLedger
from .._host.ending import UNREAD
from .._host.facts import UnsuitableHost, systemd_version
from .._units.service_name import InvalidServiceName
from .options import RELEASES
from .planning import make_plan, of_host, refused, report, report_several
from .tree import Tree
from .version import InvalidRelease
from .wish import Wish

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

refusals: tuple[type[Exception], ...] = (
    BrokenLedger,
    InvalidRelease,
    InvalidServiceName,
)


def look(module: AnsibleModule) -> dict[str, t.Any]:
    """What would be done for the releases that are asked for; what one is made of is
    told by its `checksum`. Raises what is in `refusals`."""
    try:
        systemd: int | None = systemd_version(
            lambda argv: module.run_command(argv, handle_exceptions=True)
        )
    except UnsuitableHost:
        systemd = None
    said = []
    for one in module.params["releases"]:
        given = ArgumentSpecValidator(RELEASES["options"]).validate(one)
        if given.error_messages:
            raise InvalidRelease(f"releases: {'; '.join(given.error_messages)}")
        try:
            wish = Wish.parse({**given.validated_parameters, "state": "present"})
            tree = Tree(wish.name)
            digest = wish.digest if wish.src else None
            plan = make_plan(wish, tree, digest)
            said.append(report(wish, tree, plan, systemd, digest))
        except refusals as exc:
            said.append(refused(one, exc))
        except OSError as exc:
            said.append(refused(one, f"{UNREAD}: {exc}"))
    return report_several(said, of_host(systemd))
