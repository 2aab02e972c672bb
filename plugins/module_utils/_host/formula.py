# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What tells one formula of the exposure from every other: what one version of this
collection has computed, and remembers, is not what another would.

It is made of every file that takes part; a test says what it is to be.
"""

from __future__ import annotations

import typing as t

FORMULA: t.Final = "39c589b1e3b75333"
