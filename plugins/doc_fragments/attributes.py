# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module of the collection says of itself."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what it would do, changing nothing.
    support: full
  diff_mode:
    description: Returns what it changed, or would change, in C(diff_mode).
    support: full
  platform:
    description: The hosts that it runs on.
    support: full
    platforms: linux
    details: Needs systemd 247 or newer and Python 3.8 or newer, and nothing else.
"""

    READS_ONLY = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what it would do, changing nothing.
    support: full
  diff_mode:
    description: Returns what it changed, or would change, in C(diff_mode).
    support: none
    details: It changes nothing that could be shown.
  platform:
    description: The hosts that it runs on.
    support: full
    platforms: linux
    details: Needs systemd 247 or newer and Python 3.8 or newer, and nothing else.
"""
