# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Numbers as options give them: a number, or its text, as a fact has it.

Python refuses to read or to print one of more than 4300 digits, with a sentence of its
own that names no option.
"""

from __future__ import annotations

import re
import typing as t

_MOST_DIGITS: t.Final = 6
_WHOLE: t.Final = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_MOST_SHOWN: t.Final = 60


def whole_number(value: object) -> int | None:
    """Give the number that an option has, of at most six digits; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return int(value) if 0 <= value < 10**_MOST_DIGITS else None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def shown(value: object) -> str:
    """Give what an error says that it got, shortened where it is long."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of very many digits"
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
