# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Small values that many directives share: booleans, times, sizes, names, paths.

Each function tells whether systemd's parser would take the text. The rules are
systemd's own (time-util.c, parse-util.c, percent-util.c, path-util.c and others); where
they changed between 247 and 262 the function takes the version.
"""

from __future__ import annotations

import re
import typing as t

TRUE: t.Final = frozenset(("1", "yes", "y", "true", "t", "on"))
FALSE: t.Final = frozenset(("0", "no", "n", "false", "f", "off"))

_TIME_UNITS: t.Final = {
    "seconds": 10**6, "second": 10**6, "sec": 10**6, "s": 10**6,
    "minutes": 60 * 10**6, "minute": 60 * 10**6, "min": 60 * 10**6,
    "months": 2629800 * 10**6, "month": 2629800 * 10**6, "M": 2629800 * 10**6,
    "msec": 10**3, "ms": 10**3, "m": 60 * 10**6,
    "hours": 3600 * 10**6, "hour": 3600 * 10**6, "hr": 3600 * 10**6,
    "h": 3600 * 10**6,
    "days": 86400 * 10**6, "day": 86400 * 10**6, "d": 86400 * 10**6,
    "weeks": 604800 * 10**6, "week": 604800 * 10**6, "w": 604800 * 10**6,
    "years": 31557600 * 10**6, "year": 31557600 * 10**6, "y": 31557600 * 10**6,
    "usec": 1, "us": 1, "μs": 1, "µs": 1,
}  # fmt: skip
_NANO_UNITS: t.Final = {"nsec": 1, "ns": 1}
_UNIT_WORDS: t.Final = "|".join(sorted(_TIME_UNITS, key=len, reverse=True))
_TIME_PART: t.Final = re.compile(
    r"\s*(?P<whole>\+?[0-9]+|(?=\.[0-9]))(?:\.(?P<part>[0-9]+))?"
    r"(?:\s*(?P<unit>" + _UNIT_WORDS + r")\s*|\s+|$)"
)
_NANO_PART: t.Final = re.compile(
    r"\s*(?P<whole>\+?[0-9]+|(?=\.[0-9]))(?:\.(?P<part>[0-9]+))?"
    r"(?:\s*(?P<unit>" + _UNIT_WORDS + r"|nsec|ns)\s*|\s+|$)"
)
_INFINITY: t.Final = 2**64 - 1

_SIZE_PART: t.Final = re.compile(
    r"\s*\+?(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]*))?\s*(?P<unit>[EPTGMKB]?)"
)
_SIZE_ORDER: t.Final = "EPTGMKB"

_INTEGER: t.Final = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)"
    r"|0[oO](?P<oct>[0-7]+)|(?P<old>0[0-7]*)|(?P<dec>[1-9][0-9]*))"
)
# Longer numbers fit no type; Python would take its time over them.
_MOST_DIGITS: t.Final = 24
_MOST_CHARACTERS: t.Final = 80
# Sums of more parts than fit in here nobody has meant.
_LONGEST: t.Final = 10_000
_PERCENT: t.Final = re.compile(r"\+?([0-9]{1,12})(?:\.([0-9]{1,2}))?(%|‰|‱)")


def is_boolean(text: str) -> bool:
    """Tell whether `text` is a boolean, in any case of letters."""
    lower = text.lower()
    return lower in TRUE or lower in FALSE


def is_true(text: str) -> bool:
    """Tell whether `text` is a boolean that is set."""
    return text.lower() in TRUE


def time_span(text: str, unit: int = 10**6) -> int | None:
    """Give microseconds, 2**64 - 1 for `infinity`, or None (systemd.time(7)).

    `unit` is what a number without a unit counts, in microseconds.
    """
    if text.strip() == "infinity":
        return _INFINITY
    if len(text) > _LONGEST:
        return None
    total = position = 0
    while position < len(text):
        part = _TIME_PART.match(text, position)
        if not part:
            return None
        factor = _TIME_UNITS[part["unit"]] if part["unit"] else unit
        if len(part["whole"]) > _MOST_DIGITS:
            return None
        total += int(part["whole"] or "0") * factor
        if part["part"]:
            digits = part["part"][:_MOST_DIGITS]
            total += int(digits) * factor // 10 ** len(digits)
        if total >= _INFINITY:
            return None
        position = part.end()
    return total if text.strip() else None


def is_nano_span(text: str) -> bool:
    """Tell whether `text` is a time span whose plain numbers are nanoseconds."""
    if text.strip() == "infinity":
        return True
    if len(text) > _LONGEST:
        return False
    position = 0
    while position < len(text):
        part = _NANO_PART.match(text, position)
        if not part or len(part["whole"]) > _MOST_DIGITS:
            return False
        unit = part["unit"] or "ns"
        factor = _NANO_UNITS.get(unit) or 1000 * _TIME_UNITS[unit]
        if int(part["whole"] or "0") * factor >= _INFINITY:
            return False
        position = part.end()
    return bool(text.strip())


def size(text: str, base: int = 1024) -> int | None:
    """Give the bytes of `10M` or `1G 512M`, or None; units go down, never up."""
    total = position = 0
    start = 0
    if len(text) > _LONGEST:
        return None
    while True:
        part = _SIZE_PART.match(text, position)
        if not part:
            return None
        # A number without a unit must be the last one.
        index = _SIZE_ORDER.index(part["unit"]) if part["unit"] else len(_SIZE_ORDER)
        if index < start:
            return None
        start = index + 1
        factor = base ** (6 - index) if index < 6 else 1
        if len(part["whole"]) > _MOST_DIGITS:
            return None
        total += int(part["whole"]) * factor
        if part["part"]:
            digits = part["part"][:_MOST_DIGITS]
            total += int(digits) * factor // 10 ** len(digits)
        position = part.end()
        if total >= 2**64:
            return None
        if position == len(text):
            return total
        if index == len(_SIZE_ORDER):
            return None


def integer(text: str, systemd: int = 262) -> int | None:
    """Give an integer: decimal, 0x…, 0… (octal), and from 248 on 0b… and 0o…."""
    match = _INTEGER.fullmatch(text) if len(text) <= _MOST_CHARACTERS else None
    if not match:
        return None
    if match["hex"]:
        value = int(match["hex"], 16)
    elif match["bin"] or match["oct"]:
        if systemd < 248:
            return None
        value = int(match["bin"], 2) if match["bin"] else int(match["oct"], 8)
    elif match["old"]:
        value = int(match["old"], 8)
    else:
        value = int(match["dec"])
    return -value if match["sign"] == "-" else value


def is_integer(text: str, low: int, high: int, systemd: int = 262) -> bool:
    """Tell whether `text` is an integer from `low` to `high`."""
    if low >= 0 and text.startswith("-"):
        return False
    value = integer(text, systemd)
    return value is not None and low <= value <= high


def is_mode(text: str) -> bool:
    """Tell whether `text` is an access mode: octal, at most 7777."""
    return bool(re.fullmatch(r"[0-7]{1,80}", text)) and int(text, 8) <= 0o7777


def percent(text: str, systemd: int = 262) -> int | None:
    """Give hundredths of a percent of `12.5%`, `125‰` or, from 248 on, `1250‱`."""
    match = _PERCENT.fullmatch(text)
    if not match:
        return None
    whole, part, sign = match.groups()
    places = {"%": 2, "‰": 1, "‱": 0}[sign]
    if systemd < 248:
        if sign == "‱":
            return None
        places -= 1
    if part and len(part) > places:
        return None
    value = int(whole) * 10**places
    if part:
        value += int(part) * 10 ** (places - len(part))
    scale = 10 if systemd < 248 else 1
    return value * scale if value < 2**31 else None


def is_percent(text: str, systemd: int = 262) -> bool:
    """Tell whether `text` is a share of at most 100%."""
    value = percent(text, systemd)
    return value is not None and value <= 10000


def path_problem(path: str, absolute: bool = True, systemd: int = 262) -> str | None:
    """Say what is wrong with a path that must be absolute (or relative), if anything.

    Doubled slashes, a slash at the end and `.` in it are tidied; `..` is refused.
    """
    if path.startswith("/") is not absolute:
        wanted = "absolute" if absolute else "relative"
        return f"{path!r} is not {'an' if absolute else 'a'} {wanted} path"
    # A character has at most four bytes.
    if len(path) > 1023 and len(path.encode("utf-8", "surrogateescape")) >= 4096:
        return "the path is longer than 4095 bytes"
    if ".." in path and ".." in path.split("/"):
        return f"{path!r} has '..' in it"
    if not absolute and all(part in ("", ".") for part in path.split("/")):
        return "the path is empty"
    if (
        systemd >= 248
        and len(path) > 63
        and any(
            len(part.encode("utf-8", "surrogateescape")) > 255
            for part in path.split("/")
        )
    ):
        return "a part of the path is longer than 255 bytes"
    return None


_USER: t.Final = re.compile(r"[^:/\x00-\x1f\x7f]+")


def is_user_name(text: str) -> bool:
    """Tell whether systemd takes `text` for a user or a group, by name or number."""
    if len(text) <= _MOST_CHARACTERS and text.isdecimal() and text.isascii():
        # 65535 and 2**32 - 1 mean "none" to the kernel. No leading zeros.
        number = int(text)
        return (
            number < 2**32 - 1
            and number != 65535
            and (text == "0" or not text.startswith("0"))
        )
    return (
        _USER.fullmatch(text) is not None
        and text.strip(" ") == text
        and not (text[0] == "-" and re.fullmatch(r"-[0-9]*", text))
        and text not in (".", "..")
        and (text.isascii() or not any("\udc80" <= c <= "\udcff" for c in text))
    )


def is_file_name(text: str) -> bool:
    """Tell whether `text` can be the name of a file."""
    return (
        bool(text)
        and text not in (".", "..")
        and "/" not in text
        and len(text.encode("utf-8", "surrogateescape")) <= 255
    )


_FD_NAME: t.Final = re.compile(r"[ -9;-~]{0,255}")


def is_fd_name(text: str) -> bool:
    """Tell whether `text` can name a file descriptor: ASCII without a colon."""
    return _FD_NAME.fullmatch(text) is not None


def is_credential_name(text: str) -> bool:
    """Tell whether `text` can name a credential: a file and a descriptor at once."""
    return is_file_name(text) and is_fd_name(text)


def is_interface(text: str, alternative: bool = False) -> bool:
    """Tell whether `text` can name a network interface."""
    return (
        0 < len(text) < (128 if alternative else 16)
        and text not in (".", "..", "all", "default")
        and re.fullmatch(r"[!-$&-.0-9;-~]+", text) is not None
        and (integer(text) or 0) <= 0
        and not text.isdigit()
    )


_ENV_NAME: t.Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_env_name(text: str) -> bool:
    """Tell whether `text` can name an environment variable."""
    return _ENV_NAME.fullmatch(text) is not None


def is_env_assignment(text: str) -> bool:
    """Tell whether `text` is `NAME=value`; the value may be any UTF-8."""
    name, equals, value = text.partition("=")
    return (
        bool(equals)
        and is_env_name(name)
        and (value.isascii() or not any("\udc80" <= c <= "\udcff" for c in value))
    )


def signal_problem(text: str, names: t.Container[str], systemd: int) -> str | None:
    """Say what is wrong with a signal: a name, SIG and a name, RTMIN+n, a number."""
    number = integer(text, systemd)
    if number is not None:
        return None if 0 < number <= 64 else f"{text} is not a signal's number"
    name = text[3:] if text.startswith("SIG") else text
    if name in names:
        return None
    match = re.fullmatch(r"RT(MIN(?:\+([0-9]+))?|MAX(?:-([0-9]+))?)", name)
    if match and int(match[2] or match[3] or "0") <= 30:
        return None
    return f"{text!r} is not a signal"
