# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Here `everywhere` is a fresh service on a fair sample of the suites."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
from shop import Shop, opened

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def everywhere(host: t.Any) -> t.Iterator[Shop]:
    with opened(host) as one:
        yield one
