# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""What the checks of values share: the error, specifiers, words and paths."""

from __future__ import annotations

import re
import typing as t
from contextvars import ContextVar
from functools import lru_cache

from .._tables import directives
from .._units.unit_name import unescaped
from .._units.words import InvalidWords, split_words, unknown_escapes
from .basics import path_problem

# value, directive, version of systemd; raises BadValue
Check = t.Callable[[str, str, int], None]


class BadValue(ValueError):
    """systemd would warn about the value and ignore it, or refuse the unit."""


class InstanceDecides(BadValue):
    """The value has %i or %I, and of which instance it is asked is not known."""


# What a specifier may well expand to, `instance` where nothing is said; only the form
# of it matters here. %i and %I are told by the instance.
_SAMPLES: t.Final = {
    "%": "%", "t": "/run", "S": "/var/lib", "C": "/var/cache", "L": "/var/log",
    "E": "/etc", "T": "/tmp", "V": "/var/tmp", "h": "/root", "s": "/bin/sh",
    "d": "/run/credentials/unit", "D": "/usr/share", "y": "/etc/unit", "Y": "/etc",
    "f": "/instance", "r": "slice", "R": "root", "c": "unit",
    "n": "unit.service", "N": "unit", "u": "root", "U": "0",
    "g": "root", "G": "0", "m": "0" * 32, "b": "0" * 32,
}  # fmt: skip
_SPECIFIER: t.Final = re.compile(r"%([0-9A-Za-z%])")

# What %i and %I stand for; where it is None they raise InstanceDecides.
INSTANCE: t.Final[ContextVar[str | None]] = ContextVar("INSTANCE", default="i")


def expand(value: str, systemd: int, in_name: bool = False) -> str:
    """Give `value` with each specifier replaced by something like it.

    Raises BadValue for a specifier that systemd does not know there. A % before
    anything but a letter, a digit or another % stands for itself.
    """
    if "%" not in value:
        return value
    samples = _samples(systemd, in_name, INSTANCE.get())
    try:
        return _SPECIFIER.sub(lambda match: samples[match[1]], value)
    except KeyError as exc:
        letter = exc.args[0]
    if letter in directives.specifiers(systemd, in_name):
        raise InstanceDecides(f"%{letter} is not known")
    raise BadValue(f"%{letter} is not a specifier: write %% for a percent sign")


@lru_cache(maxsize=256)
def _samples(systemd: int, in_name: bool, instance: str | None) -> dict[str, str]:
    """Give what each specifier expands to; %i and %I lack where no instance is known."""
    samples = {
        letter: _SAMPLES.get(letter, "instance")
        for letter in directives.specifiers(systemd, in_name)
    }
    for letter in samples.keys() & {"i", "I"}:
        if instance is None:
            del samples[letter]
        else:
            samples[letter] = unescaped(instance) if letter == "I" else instance
    return samples


def words_of(
    value: str,
    *,
    cunescape: bool = False,
    unquote: bool = True,
    retain: bool = False,
    separators: str = " \t\n\r",
) -> list[str]:
    """Split a value; raises BadValue for an open quote or a stray backslash.

    With `cunescape` an escape that systemd does not know is refused, too; with
    `retain` backslashes stand for themselves.
    """
    if retain and "\\" in value:
        value = value.replace("\\", "\\\\")
        cunescape = False
    try:
        if cunescape and "\\" in value:
            unknown = unknown_escapes(value)
            if unknown:
                raise BadValue(f"{unknown[0]!r} is not an escape")
        return split_words(
            value, cunescape=cunescape, unquote=unquote, separators=separators
        )
    except InvalidWords as exc:
        raise BadValue(str(exc)) from exc


def distinct_words(value: str, **how: t.Any) -> list[str]:
    """Give each word of a value once: what is wrong with it is wrong with its twins.

    The rest is as `words_of` has it.
    """
    return list(dict.fromkeys(words_of(value, **how)))


def check_path(value: str, systemd: int, absolute: bool = True) -> str:
    """Give the path, specifiers replaced; raises BadValue for one that will not do."""
    path = expand(value, systemd)
    problem = path_problem(path, absolute, systemd)
    if problem:
        raise BadValue(problem)
    return path


def demand(fits: bool, message: str) -> None:
    """Raise BadValue with `message` unless the value fits."""
    if not fits:
        raise BadValue(message)


def resettable(check: Check) -> Check:
    """Let the empty assignment pass, which resets what was assigned before."""

    def checked(value: str, key: str, systemd: int) -> None:
        if value:
            check(value, key, systemd)

    return checked


def one_of(value: str, name: str, systemd: int, empty: bool = False) -> None:
    """Raise BadValue unless `value` is in a set of words, with the nearest one."""
    if empty and not value:
        return
    words = directives.words(name, systemd)
    if words is None or value in words:
        return
    if "+bool" in words and value.lower() in (
        "1", "yes", "y", "true", "t", "on", "0", "no", "n", "false", "f", "off",
    ):  # fmt: skip
        return
    shown = sorted(word for word in words if word != "+bool")
    if "+bool" in words:
        shown = ["yes", "no", *(word for word in shown if word not in ("yes", "no"))]
    newer = directives.words(name, directives.NEWEST) or frozenset()
    known = f" (systemd {systemd} does not know it yet)" if value in newer else ""
    raise BadValue(f"{value!r} is none of {', '.join(shown)}{known}")


_ESCAPE: t.Final = re.compile(
    r"\\(?:[abfnrtvs\\\"']|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2})"
)


def check_escapes(value: str) -> None:
    """Raise BadValue for an escape that is not one of C."""
    if "\\" not in value:
        return
    rest = _ESCAPE.sub("", value)
    demand("\\" not in rest, "a backslash that begins no escape: write \\\\")
