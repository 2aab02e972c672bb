# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What the host is: its systemd, and who runs there."""

from __future__ import annotations

import os
import re
import shutil
import typing as t

from .._credential.versions import SEALING

Run = t.Callable[..., t.Tuple[int, str, str]]

OLDEST_SYSTEMD = 247


class UnsuitableHost(RuntimeError):
    """The host lacks what every service here needs; the message says what."""


def systemd_version(run: Run) -> int:
    """The version of the host's systemd. Raises UnsuitableHost below 247, or without.

    `run(argv)` gives (rc, out, err).
    """
    rc, out, err = run(["systemctl", "--version"])
    found = re.match(r"systemd ([0-9]{1,6})\b", out)
    if rc or not found:
        raise UnsuitableHost(
            "the host has no systemd that answers: systemctl --version said "
            f"{(err or out).strip() or 'nothing'!r}"
        )
    version = int(found.group(1))
    if version < OLDEST_SYSTEMD:
        raise UnsuitableHost(
            f"the host runs systemd {version}; {OLDEST_SYSTEMD} or newer is needed "
            "(Debian 11, Ubuntu 22.04, RHEL 9 and newer have it)"
        )
    return version


def seals(systemd: int) -> bool:
    """Whether this host encrypts what it stores."""
    return systemd >= SEALING and shutil.which("systemd-creds") is not None


def require_root() -> None:
    """Raise UnsuitableHost unless root runs this."""
    if os.geteuid() != 0:
        raise UnsuitableHost(
            "this needs root: it writes below /opt and /etc/systemd and asks PID 1 to "
            "start units. Set become: true"
        )
