# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What to fit and how far to go: the wish, checked before the host is looked at."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._sandbox.dials import check_names
from .._units.unit_name import InvalidUnitName, checked_unit_name, is_template

#: Without these nothing can be restarted, or nothing is told of it.
UNTOUCHED = ("dbus.service", "dbus-broker.service", "systemd-journald.service")
#: Starts that are no trials of the search: the first proof, the last, and the return.
FIXED = 3


class InvalidFit(ValueError):
    """The wish cannot be met on this host; the message says how to mend it."""


@dataclass(frozen=True)
class Terms:
    """What to fit and how far to go."""

    service: str
    probes: tuple[dict[str, t.Any], ...] = ()
    timeout: float = 30.0
    settle: float = 0.5
    restarts_max: int = 25
    only: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()

    @classmethod
    def parse(cls, options: t.Mapping[str, t.Any]) -> Terms:
        """Read the options of the module ``harden``; raises InvalidFit and UnknownDirective."""
        given: dict[str, t.Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
            if value is not None and key in cls.__dataclass_fields__
        }
        name = options["name"]
        service = name if name.endswith(".service") else f"{name}.service"
        other = name.rpartition(".")[2]
        if other in ("socket", "timer", "path", "target", "mount", "slice", "scope"):
            raise InvalidFit(
                f"name: {name} is no service; name the service that it starts"
            )
        try:
            checked_unit_name(service)
        except InvalidUnitName as exc:
            raise InvalidFit(f"name: {exc}") from exc
        if is_template(service):
            raise InvalidFit(
                f"name: {service} is a template, of which nothing runs; name one of its "
                "instances, such as " + service.replace("@.", "@one.")
            )
        if service in UNTOUCHED:
            raise InvalidFit(
                f"name: {service} is never restarted by this: too much needs it"
            )
        terms = cls(service=service, **given)
        check_names((*terms.only, *terms.keep))
        if terms.restarts_max <= FIXED:
            raise InvalidFit(
                f"restarts_max: {terms.restarts_max} leaves nothing to try with: "
                f"{FIXED} are the first proof, the last and the way back; {FIXED + 1} is the least"
            )
        if terms.timeout <= 0 or terms.settle < 0:
            raise InvalidFit(
                "timeout must be more than 0 seconds, settle not less than 0"
            )
        return terms
