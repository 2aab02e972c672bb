# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
    check_service_name,
    check_socket_name,
)


@pytest.mark.parametrize("name", ["hello", "a", "_x", "9p", "a.b-c_d", "x" * 100])
def test_good_names(name: str) -> None:
    assert check_service_name(name) == check_socket_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-x", ".x", "..", "a/b", "a b", "a@b", "a:b", "a\\b", "a\n", "ü", "x" * 101,
     "a%b", "a\0", "*"],
)  # fmt: skip
def test_names_that_no_unit_can_have(name: str) -> None:
    with pytest.raises(InvalidServiceName, match="no unit name prefix"):
        check_service_name(name)
    with pytest.raises(InvalidServiceName, match="cannot name a file descriptor"):
        check_socket_name(name)
