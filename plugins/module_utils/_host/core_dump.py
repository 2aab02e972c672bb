# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a process holds in memory stays out of files, should it crash."""

from __future__ import annotations

import resource


def leave_no_core() -> None:
    """No core dump of this process and of those that it starts.

    core(5): a limit of 0 makes no file, and systemd-coredump keeps none of it
    (systemd-coredump(8)). The limit itself stays where the caller has set it.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
