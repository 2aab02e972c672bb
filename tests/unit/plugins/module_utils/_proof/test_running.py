# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a service that opens its sockets itself is asked."""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    InvalidProbe,
)
from ansible_collections.activated.services.plugins.module_utils._proof.running import (
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("80", "127.0.0.1:80 (Stream)"),
        ("localhost:80", "127.0.0.1:80 (Stream)"),
        ("127.0.0.1:80", "127.0.0.1:80 (Stream)"),
        ("[::1]:80", "[::1]:80 (Stream)"),
        (" 0.0.0.0:53 (Datagram)", "0.0.0.0:53 (Datagram)"),
        ("/run/x.sock", "/run/x.sock (Stream)"),
        ("@abstract", "@abstract (Stream)"),
    ],
)
def test_an_address(text: str, line: str) -> None:
    assert parse_address(text).line == line


@pytest.mark.parametrize("text", ["", "nowhere", "host:http", "1.2.3:4", "80 (Pigeon)"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(InvalidProbe, match="is no address"):
        parse_address(text)
