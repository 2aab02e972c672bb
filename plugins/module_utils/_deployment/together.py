# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What services of one run cannot both be, and how one of them is named."""

from __future__ import annotations

import contextlib
import typing as t

from .._credential.credential import InvalidCredential
from .._credential.store import Sealed, UnusableStore
from .._release.version import InvalidRelease
from .._units.listen import Taken
from .generation import Generation, InvalidDeployment
from .transition import Conflict


def check_together(wanted: t.Sequence[Generation]) -> None:
    """Refuse services that cannot be on one host. Raises InvalidDeployment."""
    units: dict[str, str] = {}
    taken: Taken[tuple[str, str]] = Taken()
    for generation in wanted:
        for unit in generation.units:
            if unit in units:
                raise InvalidDeployment(
                    f"the services {units[unit]} and {generation.name} would both have "
                    f"the unit {unit}; give one of them, or its socket, another name"
                )
            units[unit] = generation.name
        for socket in generation.sockets:
            for address in generation.addresses(socket):
                for name, other in taken.colliding(address):
                    if name != generation.name:
                        raise InvalidDeployment(
                            f"the services {name} and {generation.name} would both "
                            f"listen on {address} ({other}, {socket})"
                        )
                taken.add(address, (generation.name, socket))


@contextlib.contextmanager
def naming(name: str, among: t.Sized) -> t.Iterator[None]:
    """Let what refuses one of several services say which it is."""
    try:
        yield
    except (
        Conflict,
        InvalidCredential,
        InvalidDeployment,
        InvalidRelease,
        Sealed,
        UnusableStore,
    ) as exc:
        if len(among) < 2:
            raise
        raise type(exc)(f"{name}: {exc}") from exc
