# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""How a module ends: with its result, or with what it refuses in a sentence."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

REFUSED: t.Final = "the host's disk refused"
UNREAD: t.Final = "the host could not be read"


def end(
    module: AnsibleModule,
    work: t.Callable[[AnsibleModule], dict[str, t.Any]],
    refusals: tuple[type[Exception], ...],
    disk: str = REFUSED,
) -> None:
    """Do a module's work and end with its result, which may itself say that it failed.

    `refusals` are what the work may raise for a person to read; `disk` is said before what
    the system says of a file.
    """
    try:
        result = work(module)
    except refusals as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(msg=f"{disk}: {exc}")
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
