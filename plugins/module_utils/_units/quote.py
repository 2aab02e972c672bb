# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the collection activated.services: nothing outside of it
# should import it, and it may change in any release.

"""Strings written so that systemd reads back the very same bytes.

systemd has three ways to read a value (systemd.syntax(7), conf-parser.c,
extract-word.c):

* *words* with quotes and C escapes: ``Environment=`` and the ``Exec…=`` directives,
* *paths*: words with quotes, where a backslash only ever protects the next character,
* *raw* text: quotes are characters like any other and nothing is an escape.

All of them expand ``%`` specifiers, and the arguments of a command ``$`` variables too.
Here a string is data: what would be expanded is doubled. The one way to ask for
expansion is the mapping ``{"expand": "text"}``.
"""

from __future__ import annotations

import re
import shlex
import typing as t
from collections.abc import Mapping

LINE_MAX = 1024 * 1024 - 1
"""Bytes in one line that systemd still reads (LONG_LINE_MAX in def.h, less one)."""

STRING_MAX = 128 * 1024 - 1
"""Bytes in one argument or ``NAME=value``: MAX_ARG_STRLEN with pages of 4 KiB."""

_PATH_MAX = 4096
_NAME_MAX = 255

PREFIXES = "-@:+!|"

_PLAIN = re.compile(r"[A-Za-z0-9_./:=,@+-]+\Z")
_PLAIN_EXPAND = re.compile(r"[A-Za-z0-9_./:=,@+%${}-]+\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# utf8.c, unichar_is_valid(): surrogates and noncharacters are not UTF-8 for systemd
_NOT_UTF8 = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | 0xFFFE) for plane in range(1, 17))
    + "".join(chr(plane << 16 | 0xFFFF) for plane in range(1, 17))
    + "]"
)
_EXPANDED = re.compile(r"%(?=[A-Za-z0-9%])")
# string_is_safe() for the path of a program; 262 added the globs
_NOT_A_PROGRAM = re.compile(r"[\x00-\x1f\x7f\"'\\*?\[]")
# replace_env_argv() expands these in what the program is given as its own name, though
# not in the path that is started
_EXPANDED_NAME = re.compile(r"\A\$|\$[{$]")

_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
for _code in (*range(1, 32), 127):
    _ESCAPES.setdefault(chr(_code), f"\\x{_code:02x}")

_WORD = str.maketrans({**_ESCAPES, "%": "%%"})
_ARGUMENT = str.maketrans({**_ESCAPES, "%": "%%", "$": "$$"})
_EXPAND = str.maketrans(_ESCAPES)
_PATH = str.maketrans({"\\": "\\\\", '"': '\\"', "%": "%%"})

Argument = t.Union[str, int, t.Mapping[str, str]]
"""An argument of a command: text, a whole number, or ``{"expand": "text"}``."""


class Unquotable(ValueError):
    """systemd has no way to write this string."""


def number(value: int) -> str:
    """A whole number. Raises Unquotable for one that Python itself refuses to write."""
    try:
        return str(int(value))
    except ValueError as exc:
        raise Unquotable("has too many digits for a number: give a string") from exc


def _check(text: object) -> str:
    if isinstance(text, bool) or not isinstance(text, str):
        raise Unquotable(f"must be a string, not {kind(text)}")
    if "\0" in text:
        raise Unquotable("has a NUL character, which no program can be given")
    found = _NOT_UTF8.search(text)
    if found:
        raise Unquotable(
            f"has U+{ord(found.group()):04X}, which systemd does not take for UTF-8"
        )
    return text


def kind(value: object) -> str:
    """What a value is, in words for a message."""
    if value is None:
        return "null"
    for one, name in (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number with a fraction"),
        (str, "a string"),
        (Mapping, "a mapping"),
        ((list, tuple), "a list"),
    ):
        if isinstance(value, t.cast(t.Any, one)):
            return name
    return type(value).__name__


def _fits(text: str) -> str:
    if len(text) * 4 > STRING_MAX and len(text.encode()) > STRING_MAX:
        raise Unquotable(
            f"has {len(text.encode())} bytes: Linux hands a program at most"
            f" {STRING_MAX} in one string"
        )
    return text


def quote(word: str) -> str:
    """One word of a value that is read as words, such as ``Environment=``.

    Nothing in it is expanded. A plain word stays as it is, any other is put between
    double quotes. Raises Unquotable.
    """
    if _PLAIN.match(_check(word)):
        return word
    return f'"{word.translate(_WORD)}"'


def path(value: str) -> str:
    """One entry of a list of paths, such as ``ReadWritePaths=``.

    There are no C escapes in such lists, so line breaks are refused. Raises Unquotable.
    """
    if not _check_lines(_check(value)):
        raise Unquotable("must not be empty")
    if _PLAIN.match(value):
        return value
    return f'"{value.translate(_PATH)}"'


def environment(name: str, value: str | t.Mapping[str, str]) -> str:
    """One word ``NAME=value`` for ``Environment=``; the value arrives byte for byte.

    ``{"expand": "text"}`` as the value leaves ``%`` specifiers alive (systemd never
    expands ``$`` there). Raises Unquotable.
    """
    if not isinstance(name, str) or not _VARIABLE.match(name):
        raise Unquotable(
            f"{name!r} is no name for a variable: letters, digits and underscores,"
            " no digit first"
        )
    if isinstance(value, Mapping):
        return quote_expand(f"{name}={expand_text(value)}")
    return quote(_fits(f"{name}={_check(value)}"))


def raw(value: str, specifiers: bool = True) -> str:
    """The whole value of a directive that knows neither quotes nor escapes.

    A ``%`` that would begin a specifier is doubled; one at the end or before
    anything but a letter, a digit or another ``%`` is literal for systemd
    (specifier.c), so that ``CPUQuota=20%`` stays a percentage. Without
    ``specifiers`` the directive expands none. Raises Unquotable.
    """
    _check_line(_check(value))
    return _EXPANDED.sub("%%", value) if specifiers else value


def credential(value: str) -> str:
    """The value ``ID:data`` of ``SetCredential=``: specifiers are expanded in the name
    alone, C escapes decoded in the data alone. Raises Unquotable.
    """
    name, colon, data = _check(value).partition(":")
    if not colon or not name or not data:
        raise Unquotable("must be a name, a colon and the data, which is not empty")
    escaped = data.translate(_EXPAND)
    if escaped[-1:] in (" ", "\t"):
        escaped = escaped[:-1] + "\\x20"
    return f"{raw(name)}:{escaped}"


def is_expand(value: object) -> bool:
    """Whether the value is the mapping that asks for expansion."""
    return isinstance(value, Mapping) and list(value) == ["expand"]


def expand_text(value: t.Mapping[str, str]) -> str:
    """The text of ``{"expand": "text"}``. Raises Unquotable for any other mapping."""
    if not is_expand(value):
        raise Unquotable("a mapping must have the one key 'expand'")
    text = value["expand"]
    try:
        return _check(text)
    except Unquotable as exc:
        raise Unquotable(f"expand: {exc}") from exc


def expand_line(value: t.Mapping[str, str]) -> str:
    """The text of ``{"expand": "text"}`` as the whole value of a directive, as it is.

    Only what could add a line is refused: line breaks and an odd number of
    backslashes at the end. Raises Unquotable.
    """
    text = expand_text(value).strip(" \t")
    try:
        return _check_line(text)
    except Unquotable as exc:
        raise Unquotable(f"expand: {exc}") from exc


def exec_quote(
    command: str | t.Sequence[Argument] | t.Mapping[str, str],
) -> str:
    """A command line for ``ExecStart=`` and its kin.

    A list is a program and its arguments, each of them data; an element
    ``{"expand": "text"}`` stays one argument with its ``%`` and ``${NAME}`` alive.
    A string is split into words as a shell would, and expands nothing. A mapping
    ``{"expand": "text"}`` is a command line in systemd's own syntax. Raises Unquotable.
    """
    if isinstance(command, Mapping):
        line = expand_line(command)
        if not line:
            raise Unquotable("the command is empty")
        return line
    if isinstance(command, str):
        command = _split(command)
    elif not isinstance(command, (list, tuple)):
        raise Unquotable(
            f"must be a list of arguments, a command line or a mapping,"
            f" not {kind(command)}"
        )
    if not command:
        raise Unquotable("the command is empty")
    words = [_quote_program(command[0])]
    for number, argument in enumerate(command[1:], 1):
        try:
            words.append(_quote_argument(argument))
        except Unquotable as exc:
            raise Unquotable(f"argument {number}: {exc}") from exc
    return " ".join(words)


def _check_lines(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise Unquotable("has a line break, which cannot be written in this directive")
    return text


def _check_line(text: str) -> str:
    _check_lines(_check(text))
    if text.strip(" \t") != text:
        raise Unquotable("begins or ends with a blank, which systemd would remove")
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise Unquotable(
            "ends with a backslash, which would join the next line to this one"
        )
    return text


def _split(line: str) -> list[str]:
    try:
        return shlex.split(_check(line))
    except Unquotable:
        raise
    except ValueError as exc:
        raise Unquotable(f"cannot be split into words: {exc}") from exc


def quote_expand(text: str) -> str:
    """One word in which specifiers and variables stay alive."""
    if _PLAIN_EXPAND.match(text):
        return text
    return f'"{text.translate(_EXPAND)}"'


def _quote_argument(argument: Argument) -> str:
    if isinstance(argument, Mapping):
        text = expand_text(argument)
        if text[:1] == "$" and text[1:2] not in ("{", "$"):
            raise Unquotable(
                f"expand: systemd would split {text!r} at the blanks of its value:"
                " write ${NAME} for one argument"
            )
        return quote_expand(text)
    if isinstance(argument, int) and not isinstance(argument, bool):
        return number(argument)
    text = _fits(_check(argument))
    if _PLAIN.match(text):
        return text
    return f'"{text.translate(_ARGUMENT)}"'


def _quote_program(program: Argument) -> str:
    """The first word: systemd looks for prefixes in it even when it is quoted."""
    if isinstance(program, Mapping):
        text = expand_text(program)
        if not text:
            raise Unquotable("the program is empty")
        return quote_expand(text)
    try:
        text = _check(program)
    except Unquotable as exc:
        raise Unquotable(f"the program {exc}") from exc
    if not text:
        raise Unquotable("the program is empty")
    if text == ";":
        raise Unquotable("the program ';' is what separates commands, even quoted")
    if text[0] in PREFIXES:
        raise Unquotable(
            f"the program {text!r} begins with {text[0]!r}, which systemd takes for a"
            " prefix even between quotes: give its absolute path, or ask for the"
            " prefix with {'expand': …}"
        )
    if _NOT_A_PROGRAM.search(text):
        raise Unquotable(
            f"the program {text!r} has a quote, a backslash, a glob or a control"
            " character, which systemd refuses in the name of a program"
        )
    if text.strip(" ") != text:
        raise Unquotable(
            f"the program {text!r} begins or ends with a blank, which systemd loses"
            " (since sd-executor, 254)"
        )
    if "/" in text and text[0] != "/":
        raise Unquotable(
            f"the program {text!r} must be an absolute path or a name without a slash"
        )
    parts = text.split("/")
    if parts[-1] in ("", ".", ".."):
        raise Unquotable(f"the program {text!r} is a directory")
    if len(text.encode()) >= _PATH_MAX or any(
        len(part.encode()) > _NAME_MAX for part in parts
    ):
        raise Unquotable("the program has a longer name than a file can have")
    if _PLAIN.match(text):
        return text
    word = f'"{text.translate(_WORD)}"'
    if _EXPANDED_NAME.search(text):
        return f'@{word} "{text.translate(_ARGUMENT)}"'
    return word


__all__ = (
    "LINE_MAX",
    "PREFIXES",
    "STRING_MAX",
    "Argument",
    "Unquotable",
    "credential",
    "environment",
    "exec_quote",
    "expand_line",
    "expand_text",
    "is_expand",
    "kind",
    "number",
    "path",
    "quote",
    "quote_expand",
    "raw",
)
