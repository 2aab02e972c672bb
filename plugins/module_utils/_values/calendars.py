# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Calendar expressions, as far as systemd's parser goes (systemd.time(7)).

Whether a time zone exists is the host's matter: a last word that looks like one is
taken for one.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

SHORTHANDS: t.Final = frozenset(
    (
        "minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly",
        "annually", "anually", "biannually", "bi-annually", "semiannually",
        "semi-annually",
    )
)  # fmt: skip
_DAYS: t.Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NUMBERS: t.Final = {day: number for number, day in enumerate(_DAYS)}
_DAY_WORDS: t.Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_IN_REGION: t.Final = (
    r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile"
    r"|Etc|Europe|Indian|Mexico|Pacific|US)(?:/[A-Za-z0-9_+-]+)+"
)
_ZONE: t.Final = re.compile(
    rf"{_IN_REGION}"
    # Zones without a region, and the abbreviation of the host's own zone.
    r"|[A-Z]{3,5}|[A-Z]{3}[0-9][A-Z]{3}|GB(?:-Eire)?|GMT[+-]?0|NZ(?:-CHAT)?|W-SU"
    r"|Cuba|Egypt|Eire|Greenwich|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein"
    r"|Libya|Navajo|Poland|Portugal|Singapore|Turkey|Universal|Zulu|(?i:utc)"
)
_PIECE: t.Final = re.compile(
    r"(?P<start>[0-9]+(?P<a>\.[0-9]+)?)(?:\.\.(?P<stop>[0-9]+(?P<b>\.[0-9]+)?))?"
    r"(?:/(?P<step>[0-9]+(?P<c>\.[0-9]+)?))?"
)
_END_OF_MONTH_SLACK: t.Final = 3

# The least and the greatest number of each part.
_YEAR: t.Final = (1970, 2199)
_MONTH: t.Final = (1, 12)
_DAY: t.Final = (1, 31)
_HOUR: t.Final = (0, 23)
_MINUTE: t.Final = (0, 59)
_SECOND: t.Final = (0.0, 60 - 1e-6)

# Of most expressions nothing else needs to be asked; a unit may have very many.
_PLAIN_DAY: t.Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_PLAIN: t.Final = re.compile(
    rf"(?:(?:Mon\.\.)?{_PLAIN_DAY}(?:,{_PLAIN_DAY})* )?"
    r"(?:\*|19[7-9][0-9]|2[01][0-9]{2})-(?:\*|0?[1-9]|1[0-2])"
    r"-(?:\*|0?[1-9]|[12][0-9]|3[01])"
    r" (?:\*|[01]?[0-9]|2[0-3]):(?:\*|[0-5]?[0-9])"
    rf"(?::(?:\*|[0-5]?[0-9](?:\.[0-9]{{1,5}})?))?(?: {_IN_REGION})?"
)


def calendar_problem(text: str) -> str | None:
    """Say what is wrong with a calendar expression, or None."""
    if _PLAIN.fullmatch(text):
        return None
    words = text.split(" ")
    if len(words) > 1 and _is_zone(words[-1]):
        words = words[:-1]
    words = [word for word in words if word]
    if not words:
        return "an empty calendar expression"
    if len(words) == 1 and words[0].lower() in SHORTHANDS:
        return None
    if words[0][:3].lower() in _DAYS:
        if not _are_weekdays(words[0]):
            return f"{words[0]!r} are not days of the week"
        words = words[1:]
        if not words:
            return None
    if words[0].startswith("@"):
        fits = len(words) == 1 and re.fullmatch(r"@\+?[0-9]{1,18}", words[0])
        return None if fits else f"{text!r} is not a number of seconds"
    date = words[0] if ":" not in words[0] else ""
    if date:
        if not _is_date(date):
            return f"{date!r} is not a date"
        words = words[1:]
    if len(words) > 1 or (words and not _is_time(words[0])):
        return f"{' '.join(words)!r} is not a time of day"
    return None


def _is_zone(word: str) -> bool:
    if word.lower() in SHORTHANDS or word[:3].lower() in _DAYS:
        return False
    return _ZONE.fullmatch(word) is not None


@lru_cache(maxsize=512)
def _are_weekdays(text: str) -> bool:
    first: int | None = None
    text = text.lower()
    position, end = 0, len(text)
    while True:
        number = _DAY_NUMBERS.get(text[position : position + 3])
        if number is None:
            return False
        long = _DAY_WORDS[number]
        position += len(long) if text.startswith(long, position) else 3
        if first is not None and first > number:
            return False
        if position == end:
            return True
        if text.startswith("..", position) and first is None:
            first, position = number, position + 2
        elif text[position] == "-" and first is None:
            first, position = number, position + 1
        elif text[position] == ",":
            first, position = None, position + 1
            if position == end:
                return True
        else:
            return False
        if position == end:
            return False


def _is_date(text: str) -> bool:
    from_end = "~" in text
    parts = text.replace("~", "-").split("-")
    if from_end and (text.count("~") > 1 or "~" not in text[len(parts[0]) :]):
        return False
    if from_end and "-" in text[text.index("~") :]:
        return False
    limits = (_YEAR, _MONTH, _DAY)[3 - len(parts) :] if len(parts) in (2, 3) else ()
    if not limits:
        return False
    for part, (low, high) in zip(parts, limits):
        is_day = (low, high) == _DAY
        if not _is_chain(part, low, high, False, from_end and is_day):
            return False
    return True


def _is_time(text: str) -> bool:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        return False
    limits = (_HOUR, _MINUTE, _SECOND)
    return all(
        _is_chain(part, low, high, index == 2, False)
        for index, (part, (low, high)) in enumerate(zip(parts, limits))
    )


# Most parts are one of few numbers, and there may be very many expressions.
@lru_cache(maxsize=4096)
def _is_chain(
    text: str, low: float, high: float, fractions: bool, from_end: bool
) -> bool:
    """Tell whether `text` is `*`, or numbers, ranges and steps parted by commas."""
    if text == "*":
        return True
    if text.startswith("*/"):
        # The seconds of `*` may take a step; elsewhere the star stands alone.
        return False
    if from_end:
        high -= _END_OF_MONTH_SLACK
    return all(
        _is_piece(piece, low, high, fractions, from_end) for piece in text.split(",")
    )


def _is_piece(
    text: str, low: float, high: float, fractions: bool, from_end: bool
) -> bool:
    match = _PIECE.fullmatch(text)
    if not match or (not fractions and (match["a"] or match["b"] or match["c"])):
        return False
    start = _number(match["start"], low)
    stop = _number(match["stop"], low) if match["stop"] else None
    step = float(match["step"]) if match["step"] else (1.0 if stop is not None else 0.0)
    if match["step"] and step == 0:
        return False
    if not low <= start <= high or step > high - low:
        return False
    if stop is not None:
        return low <= stop <= high and start + step <= stop
    if from_end:
        return start - step >= low
    return start + step <= high


def _number(text: str, low: float) -> float:
    value = float(text)
    if low == _YEAR[0] and value < 100 and len(text) <= 2:
        # Two digits are a year of this century or the last one.
        value += 2000 if value < 70 else 1900
    return value
