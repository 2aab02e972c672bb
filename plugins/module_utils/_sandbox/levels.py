# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a wish for a sandbox comes to: a level, its pin, what a program needs besides,
and the exceptions, on a host with some version of systemd.

The levels themselves are data, in measures.py.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass, field

from .._values.given import shown, whole_number
from .measures import (
    BESIDE,
    DEFAULT_PIN,
    LEVELS,
    LISTS,
    MEASURES,
    NEWEST_PIN,
    OLDEST_PIN,
    Level,
    Measure,
)
from .needs import Needs

_BY_NAME = {measure.directive: measure for measure in MEASURES}


class InvalidSandbox(ValueError):
    """The wish for a sandbox cannot be met; the message says how to mend it."""


@dataclass(frozen=True)
class Sandbox:
    """What a wish for a sandbox comes to on one host."""

    level: str
    version: int
    """The pin."""
    directives: dict[str, t.Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Directives that were asked for and that the host's systemd is too old for."""
    wanted: dict[str, t.Any] = field(default_factory=dict, compare=False)
    """The directives with those that are missing, in the same order."""

    @classmethod
    def parse(
        cls, wish: t.Any, systemd: int = NEWEST_PIN, needs: Needs | None = None
    ) -> Sandbox:
        """The sandbox that `wish` asks for on a host with that systemd.

        `wish` is a level's name or a mapping with `level`, `version` (the pin) and
        `except` (directives to relax or replace; `None` leaves out what the level says
        of one). `needs` is what the program needs besides. They are laid over each other in the order in
        which a unit would say them: level, needs, exceptions.

        Raises InvalidSandbox for a level, pin or directive that does not exist, and for
        what contradicts itself.
        """
        if isinstance(wish, str) or wish is False:
            wish = {"level": wish}
        if not isinstance(wish, t.Mapping):
            raise InvalidSandbox(
                "must be a level's name or a mapping with level, version, except; "
                f"not {type(wish).__name__}"
            )
        _known("key", wish, ("level", "version", "except"))
        level = wish.get("level", "strict")
        # YAML reads a bare `off` as false: it means what it says.
        level = "off" if level is False else level
        _known("level", [level], LEVELS)
        pin = _pin(wish.get("version"))
        exceptions = _exceptions(level, wish.get("except"))
        needs = needs or Needs()
        _check_contradictions(level, needs, exceptions)

        wanted = level_directives(level, pin)
        # what is left out is the level's: the needs say it anew where they need it
        for directive, value in exceptions.items():
            if value is None:
                wanted.pop(directive, None)
        for directive, value in needs.assignments(level, wanted).items():
            _assign(wanted, directive, value)
        for directive, value in exceptions.items():
            if value is not None:
                _assign(wanted, directive, value)
        missing = [
            directive
            for directive, value in wanted.items()
            if since(directive) > systemd and value is not False
        ]
        directives = {
            directive: value
            for directive, value in wanted.items()
            if since(directive) <= systemd
        }
        return cls(level, pin, directives, tuple(missing), wanted)


def level_directives(level: str, pin: int) -> dict[str, t.Any]:
    """The directives of a level as it stood for a version of systemd."""
    return {
        measure.directive: measure.value(level)
        for measure in MEASURES
        if measure.value(level) is not None and measure.since <= pin
    }


def since(directive: str) -> int:
    """The version that brought a directive of a sandbox; 247 for what is older."""
    if directive in _BY_NAME:
        return _BY_NAME[directive].since
    from .._tables.directives import ever

    known = ever("Service", directive)
    return max(known.since, OLDEST_PIN) if known else OLDEST_PIN


def _assign(wanted: dict[str, t.Any], directive: str, value: t.Any) -> None:
    """Assign as a later line of the unit would."""
    if directive in LISTS and not isinstance(value, bool) and directive in wanted:
        wanted[directive] = [*as_list(wanted[directive]), *as_list(value)]
    else:
        wanted[directive] = value


def as_list(value: t.Any) -> list[t.Any]:
    """A value as the list of its assignments."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _exceptions(level: str, said: t.Any) -> t.Mapping[str, t.Any]:
    if not said and said is not False:
        return {}
    if not isinstance(said, t.Mapping):
        raise InvalidSandbox("except must be a mapping of directives to values")
    if level == "off":
        raise InvalidSandbox(
            "level off has nothing to except from; name another level, or say the "
            "directives of the unit apart from the sandbox"
        )
    for directive, value in said.items():
        _check_directive(directive)
        switch = directive in ("RestrictNamespaces",)
        if directive in LISTS and not switch and isinstance(value, bool):
            raise InvalidSandbox(
                f"except: {directive} is a list and no switch; null leaves it out, "
                f"[''] resets it, and anything else adds to what the level says"
            )
        if isinstance(value, t.Mapping) and set(value) != {"expand"}:
            raise InvalidSandbox(f"except: {directive} cannot be a mapping")
    return said


def _check_directive(name: t.Any) -> None:
    names = (*_BY_NAME, *BESIDE)
    if name in names:
        return
    from .._tables.directives import ever

    if isinstance(name, str) and ever("Service", name):
        raise InvalidSandbox(
            f"except: {name} is a directive of systemd, but none of the sandbox; "
            "say it apart from the sandbox"
        )
    _known("directive", [name], names)


def _check_contradictions(
    level: str, needs: Needs, exceptions: t.Mapping[str, t.Any]
) -> None:
    if needs.outgoing and level in ("sealed", "off"):
        why = {
            "sealed": "has no network of its own; level strict has",
            "off": "filters no addresses; any other level can",
        }[level]
        raise InvalidSandbox(
            f"level {level} {why}, so that {needs.prefix}outgoing contradicts it"
        )
    base = level_directives(level, NEWEST_PIN)
    for directive, opened in needs.assignments(level, base).items():
        if directive in LISTS or directive not in exceptions:
            continue
        if exceptions[directive] not in (opened, None):
            raise InvalidSandbox(
                f"except: {directive} contradicts {needs.asked_by(directive)}, which "
                "sets it by itself; leave one of the two away"
            )


def _pin(value: t.Any) -> int:
    if value is None:
        return DEFAULT_PIN
    pin = whole_number(value)
    if pin is None:
        raise InvalidSandbox(
            f"version must be a systemd version such as 252, not {shown(value)}"
        )
    if not OLDEST_PIN <= pin <= NEWEST_PIN:
        raise InvalidSandbox(
            f"version {pin} is not known to this collection; it knows "
            f"{OLDEST_PIN} to {NEWEST_PIN}"
        )
    return pin


def _known(kind: str, given: t.Iterable[t.Any], names: tuple[str, ...]) -> None:
    for name in given:
        if name in names:
            continue
        by_lower = {known.lower(): known for known in names}
        near = difflib.get_close_matches(str(name).lower(), by_lower, n=1)
        hint = (
            f"did you mean {by_lower[near[0]]}?"
            if near
            else f"known: {', '.join(names)}"
        )
        raise InvalidSandbox(f"{kind} {name!r} does not exist; {hint}")


__all__ = (
    "DEFAULT_PIN",
    "LEVELS",
    "MEASURES",
    "NEWEST_PIN",
    "OLDEST_PIN",
    "InvalidSandbox",
    "Level",
    "Measure",
    "Sandbox",
    "as_list",
    "level_directives",
    "since",
)
