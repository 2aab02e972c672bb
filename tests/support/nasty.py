# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strings that a careless writer of units would let through, worst first."""

from __future__ import annotations

import random

SMUGGLED = (
    "x\n[Service]\nUser=evil",
    "x\r[Service]\rUser=evil",
    "x\r\nUser=evil",
    "x\\\nUser=evil",
    "x\\",
    "x\\\\",
    "x\\\\\\",
    "\n",
    "\r",
    "\nUser=evil\n",
    'x"\nUser=evil\n"',
    '" "EVIL=1',
    "' 'EVIL=1",
    '"',
    "'",
    '""',
    "''",
    "\"'",
    '\\"',
    "\\'",
    '\\\\"',
    "a b",
    "a\tb",
    " a",
    "a ",
    " ",
    "\t",
    "  ",
    "",
    ";",
    "; /bin/false",
    "\\;",
    "a;b",
    "a ; b",
    "# no comment",
    "; no comment",
    "a # b",
    "#",
    "=",
    "a=b",
    "[Service]",
    "[",
    "]",
)

EXPANDED = (
    "%",
    "%%",
    "%%%",
    "%n",
    "%i",
    "%H%%h",
    "100%",
    "100% ",
    "%d/secret",
    "%z",
    "%\u00e9",
    "$",
    "$$",
    "$$$",
    "$HOME",
    "${HOME}",
    "$$HOME",
    "$${HOME}",
    "a$HOME",
    "a${HOME}b",
    "${HOME",
    "${}",
    "$ HOME",
    "$1",
    "$(id)",
    "`id`",
    "${HOME:-x}",
    "${HOME:+x}",
    "%n$HOME",
    "$%n",
    "\\$HOME",
    "\\%n",
    "~",
    "~root",
    "*",
    "/*",
    "{a,b}",
)

ESCAPED = (
    "\\n",
    "\\t",
    "\\x41",
    "\\x00",
    "\\0",
    "\\101",
    "\\u0041",
    "\\U00000041",
    "\\s",
    "\\q",
    "\\ ",
    "\\\\n",
    "a\\nb\\",
    "\\x4",
    "\\u12",
    "\\777",
)

CONTROLS = (
    *tuple(chr(code) for code in (*range(1, 32), 127)),
    "".join(chr(code) for code in range(1, 32)),
    "\x1b[31mred\x1b[0m",
    "a\x0bb\x0cc",
    "\x07\x08",
    "\x1c\x1d\x1e\x1f",
    "\x011",
    "\x7f7f",
    "\x01f",
)

WIDE = (
    "\u00e9",
    "e\u0301",
    "\u00a0",
    "\u0085",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u200b",
    "\u3000",
    "\ufeff",
    "\ufeffa",
    "a\ufeff",
    "\ufffd",
    "\ufffc",
    "\U0001f600",
    "\U0010fffd",
    "\ue000",
    "\uff1b",
    "\u201cquoted\u201d",
    "\u00ff",
    "\u0080",
    "\u00adsoft",
    "\u05d0\u05d1",
    "\u4e2d\u6587",
)

LONG = (
    "x" * 4095,
    "x" * 4096,
    "%" * 3000,
    "$" * 3000,
    '"' * 3000,
    "\\" * 3000,
    "\n" * 3000,
    " " * 3000,
    "\u20ac" * 3000,
    "a b" * 3000,
)

OPTIONS = (
    "-x",
    "--",
    "-",
    "--user=evil",
    "@x",
    ":x",
    "+x",
    "!x",
    "!!x",
    "|x",
    "-@:+!|x",
)

EVERY_ONE = (
    *SMUGGLED,
    *EXPANDED,
    *ESCAPED,
    *CONTROLS,
    *WIDE,
    *LONG,
    *OPTIONS,
    # what is no string for systemd or for Linux, at any place
    "\0",
    "a\0b",
    "a\0\nUser=evil",
    "\ud800",
    "a\udcff",
    "\ufffe",
    "a\uffffb",
    "\ufdd0",
    "\U0001fffe",
    "\U0010ffff",
    "x" * (128 * 1024),
    "\u20ac" * 50_000,
)

PIECES = (
    *" \t\n\r\\\"'%$;#=[]{}-@:+!|~`&<>*?/.,",
    *"abnrtxsuUEVIL019",
    "\x01",
    "\x1b",
    "\x7f",
    "\u00e9",
    "\u2028",
    "\ufeff",
    "\U0001f600",
    "%n",
    "%%",
    "$X",
    "${X}",
    "\\x41",
    "\\\n",
    "\n[Service]\nUser=evil\n",
)


def random_strings(count: int, seed: int) -> list[str]:
    """So many strings put together from pieces that mean something somewhere."""
    rng = random.Random(seed)
    return [
        "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 24)))
        for _ in range(count)
    ]


INSERTED = (
    *(b"\n", b"\r", b"\0", b"\\\n", b"\\", b"[", b"]", b"=", b"#", b'"', b"%", b"$"),
    *(b"\xef\xbb\xbf", b"\xff", b"\xef\xbf\xbe", b"\xc3", b"\n[Service]\n"),
)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """The same bytes with a few changes: put in, cut out, replaced, repeated."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 12)):
        place = rng.randint(0, len(changed))
        choice = rng.randint(0, 4)
        if choice == 0:
            changed[place:place] = rng.choice(INSERTED)
        elif choice == 1:
            changed[place : place + rng.randint(1, 9)] = b""
        elif choice == 2:
            changed[place : place + 1] = bytes([rng.randint(0, 255)])
        elif choice == 3:
            changed[place:place] = changed[: rng.randint(0, len(changed))]
        else:
            changed[place:place] = bytes(rng.randint(0, 255) for _ in range(5))
    return bytes(changed)
