# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What needrestart is told of a service: to report it, and to leave it running.

needrestart looks for programs that still use libraries which an upgrade has replaced. When
apt or unattended-upgrades has it restart them, it does so at that moment, without a proof
(observed with 3.6). Its configuration is Perl; later files win.
"""

from __future__ import annotations

import os
import re

from .._host.files import owner_and_mode, read_text
from .access import OURS, Access
from .generation import OWNER, owner_of
from .plan import Change
from .transition import Conflict

FOLDER = "/etc/needrestart/conf.d"


def snippet(name: str) -> str:
    """What needrestart reads: the service is in its report, and is not restarted."""
    unit = re.sub(r"([^A-Za-z0-9_])", r"\\\1", f"{name}.service")
    return (
        f"{OWNER.format(name=name)} What is changed here by hand is undone.\n"
        "# It is reported when it uses libraries that were replaced, and left running:\n"
        "# its next deployment or stop brings it the new ones.\n"
        f"$nrconf{{override_rc}}->{{qr(^{unit}$)}} = 0;\n"
    )


def path_of(name: str, folder: str = FOLDER) -> str:
    """Where needrestart is told of a service."""
    return os.path.join(folder, f"activated-{name}.conf")


def needrestart_changes(
    name: str, restart: bool, folder: str = FOLDER, *, gone: bool = False
) -> list[Change]:
    """What differs. A host without needrestart has no such folder, and needs nothing.

    `restart` is whether needrestart may restart the service as it likes, `gone` whether
    what is there of ours will have been taken away. Raises Conflict where somebody else's
    file is in the way.
    """
    path = path_of(name, folder)
    there = None if gone else read_text(path)
    if there is not None and owner_of(there) != name:
        if restart:
            return []
        raise Conflict(
            f"{path} is there already and does not belong to the service {name}; "
            "move it away"
        )
    if restart:
        if there is None:
            return []
        why = "needrestart may restart the service"
        return [Change("readmit", path, why, there)]
    if not os.path.isdir(folder):
        return []
    why = "needrestart is to report the service, not to restart it"
    if there == snippet(name):
        # It is Perl that root runs: who may write it may do anything.
        found = owner_and_mode(path)
        if found in (None, OURS):
            return []
        why = Access(*found).differs()
        if os.path.islink(path):
            why = f"it is a link to {os.readlink(path)}, and no file of its own"
    return [Change("exempt", path, why, there or "", snippet(name))]
