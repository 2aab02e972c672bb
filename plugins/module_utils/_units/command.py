# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The program of a command, and where a relative one is."""

from __future__ import annotations

import posixpath
import shlex
import typing as t
from collections.abc import Mapping

from .quote import PREFIXES, Unquotable, expand_text, kind, quote_expand
from .words import InvalidWords, first_word

Command = t.Union[str, t.Sequence[t.Any], t.Mapping[str, str]]


def program(command: Command) -> str:
    """The first word of a command, as it was given.

    `command` is what `exec_quote` takes: a command line, a list of arguments, or
    `{"expand": "text"}`. Raises Unquotable for what is no command.
    """
    if isinstance(command, Mapping):
        return _first(expand_text(command))[0]
    if isinstance(command, str):
        return _first_word(command)
    if isinstance(command, (list, tuple)) and command:
        first = command[0]
        if isinstance(first, Mapping):
            return expand_text(first)
        if not isinstance(first, str):
            raise Unquotable(f"the program must be a string, not {kind(first)}")
        return first
    raise Unquotable("the command is empty")


def is_relative(word: str) -> bool:
    """Whether a program is named by its place in the release."""
    return bool(word) and word[0] != "/" and word[0] not in PREFIXES and word[0] != "%"


def below(command: Command, root: str) -> Command:
    """The same command, a relative program being below the folder `root`.

    Raises Unquotable where the program would lie outside of it.
    """
    if not isinstance(root, str):
        raise Unquotable(f"the folder must be a string, not {kind(root)}")
    word = program(command)
    if not is_relative(word):
        return command
    inside = posixpath.normpath(word)
    if inside.split("/")[0] == "..":
        raise Unquotable(f"the program {word!r} lies outside of the release")
    full = posixpath.join(root, inside)
    if isinstance(command, Mapping):
        rest = _first(expand_text(command))[1]
        return {"expand": f"{quote_expand(full)} {rest}".rstrip(" ")}
    if isinstance(command, str):
        return [full, *shlex.split(command)[1:]]
    first = {"expand": full} if isinstance(command[0], Mapping) else full
    return [first, *command[1:]]


def _first_word(line: str) -> str:
    try:
        words = shlex.split(line)
    except ValueError as exc:
        raise Unquotable(f"cannot be split into words: {exc}") from exc
    if not words:
        raise Unquotable("the command is empty")
    return words[0]


def _first(line: str) -> tuple[str, str]:
    """The first word of a line in systemd's own syntax, and what stands behind it."""
    try:
        return first_word(line)
    except InvalidWords as exc:
        raise Unquotable(f"cannot be split into words: {exc}") from exc
