# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""Which names a service and its sockets may have."""

from __future__ import annotations

import re

# A unit's name holds letters, digits and : - _ . \ (systemd.unit(5)), at most 255 with
# its suffix. The service's name is a folder too, and `@` would make a template of it.
_SERVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")

# FileDescriptorName= takes no colon and at most 255 characters (systemd.socket(5)).
_SOCKET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")


class InvalidServiceName(ValueError):
    """A name that no unit can have; the message says which are possible."""


def check_service_name(name: str) -> str:
    """The name, if units and folders can be called by it; else InvalidServiceName."""
    if not _SERVICE.match(name):
        raise InvalidServiceName(
            f"name {name!r} is no unit name prefix: letters, digits and _ . - only, at "
            "most 100 of them, the first a letter, a digit or _"
        )
    return name


def check_socket_name(name: str) -> str:
    """The name, if a descriptor can be called by it; else InvalidServiceName."""
    if not _SOCKET.match(name):
        raise InvalidServiceName(
            f"the socket's name {name!r} cannot name a file descriptor: letters, digits "
            "and _ . - only, at most 100 of them, the first a letter, a digit or _"
        )
    return name
