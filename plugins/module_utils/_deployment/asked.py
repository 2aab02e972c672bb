# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""How the modules of a deployment begin, and what they say no with."""

from __future__ import annotations

import typing as t

from .._credential.credential import InvalidCredential
from .._credential.store import Sealed, UnusableStore
from .._host.core_dump import leave_no_core
from .._host.facts import UnsuitableHost, require_root, systemd_version
from .._host.manager import ManagerError, Run
from .._proof.probe import InvalidProbe
from .._release.version import InvalidRelease
from .._units.service_name import InvalidServiceName
from .generation import InvalidDeployment
from .ledger import BrokenLedger
from .transition import Conflict
from .wish import Wish, parse_wishes

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

REFUSALS = (
    BrokenLedger,
    Conflict,
    InvalidCredential,
    InvalidDeployment,
    InvalidProbe,
    InvalidRelease,
    InvalidServiceName,
    ManagerError,
    Sealed,
    UnsuitableHost,
    UnusableStore,
)


def begin(
    module: AnsibleModule, check_mode: bool | None = None
) -> tuple[list[Wish], int, Run]:
    """What is wanted, the version of the host's systemd, and how to run a command.

    Raises what is in REFUSALS.
    """

    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        done = module.run_command(
            argv, environ_update=env or {}, handle_exceptions=False
        )
        return t.cast("tuple[int, str, str]", done)

    leave_no_core()
    if check_mode is None:
        check_mode = module.check_mode
    wishes = parse_wishes(module.params, check_mode)
    require_root()
    return wishes, systemd_version(run), run
