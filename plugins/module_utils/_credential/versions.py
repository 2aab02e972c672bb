# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Since when systemd has what is made use of for credentials."""

from __future__ import annotations

import typing as t

# systemd-creds, LoadCredentialEncrypted= and SetCredentialEncrypted= (NEWS of 250).
SEALING: t.Final = 250
# ImportCredential= (NEWS of 254), RefreshOnReload= (NEWS of 260).
IMPORTING: t.Final = 254
REFRESHING: t.Final = 260
