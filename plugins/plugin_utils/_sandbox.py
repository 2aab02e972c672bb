# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What the filters about the sandbox have in common: the wish, and how it is refused."""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    InvalidSandbox,
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.needs import (
    InvalidNeed,
    Needs,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    InvalidValue,
)
from ansible_collections.activated.services.plugins.module_utils._values.given import (
    shown,
    whole_number,
)


@contextlib.contextmanager
def asked(
    where: str,
    wish: t.Any,
    systemd: t.Any,
    needs: t.Any,
    beside: t.Any,
    name: str,
    prefix: str,
) -> t.Iterator[Sandbox]:
    """The sandbox that a filter's options ask for.

    `where` is the filter's full name. What is refused, here or while the sandbox is used,
    is raised as AnsibleFilterError, with the service's name and the variable's.
    """
    version = whole_number(systemd)
    if version is None:
        raise AnsibleFilterError(
            f"{where}: systemd {shown(systemd)} is no version like 252"
        )
    named = f"{where}: {name}" if name else where
    if beside is not None and not isinstance(beside, t.Mapping):
        raise AnsibleFilterError(f"{where}: beside must be a mapping of directives")
    try:
        yield Sandbox.parse(wish, version, Needs.parse(needs or {}, prefix))
    except (InvalidSandbox, InvalidValue) as exc:
        raise AnsibleFilterError(f"{named}: {prefix}sandbox: {exc}") from exc
    except InvalidNeed as exc:
        raise AnsibleFilterError(f"{named}: {exc}") from exc
