# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Whether services are as described, as the module `described` tells it."""

from __future__ import annotations

import typing as t

from .asked import REFUSALS, begin
from .described import all_as_described, report, report_several
from .reader import Reader, Unmeasured

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

refusals: tuple[type[Exception], ...] = REFUSALS


def look(module: AnsibleModule) -> dict[str, t.Any]:
    """What there is of the services that are asked for. Raises what is in `refusals`."""
    # Nothing is written, not even a key that the host has not yet.
    wishes, systemd, run = begin(module, check_mode=True)
    asked = [
        (wish, Reader(wish.generation.name, wish.terms, systemd, run, wish.credentials))
        for wish in wishes
    ]
    try:
        found = all_as_described(asked)
        if found is None:
            return {"as_described": False}
        said = {
            wish.generation.name: report(wish, reader, there)
            for (wish, reader), there in zip(asked, found)
        }
    except Unmeasured:
        return {"as_described": False}  # whoever can measure it will tell
    if module.params["services"] is None:
        return {"as_described": True, **next(iter(said.values()))}
    return {"as_described": True, **report_several(said)}
