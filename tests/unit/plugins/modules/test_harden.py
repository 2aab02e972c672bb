# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a signal does to the way back, and after it."""

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.activated.services.plugins.modules.harden import (
    Interrupted,
    interruptible,
    shielded,
)


def test_no_signal_disturbs_the_way_back() -> None:
    with interruptible():
        with shielded():
            os.kill(os.getpid(), signal.SIGTERM)
        # and none that comes later is lost
        with pytest.raises(Interrupted, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
        # whoever is ended goes back undisturbed
        os.kill(os.getpid(), signal.SIGHUP)
