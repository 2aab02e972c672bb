# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the collection activated.services: nothing outside of it
# should import it, and it may change in any release.

"""Mappings as unit text: each value escaped in the way in which its directive is read.

A string is data and a mapping ``{"expand": "text"}`` is systemd's own syntax, see
quote.py. Which directives are read as commands, assignments or paths is told by
their names alone.
"""

from __future__ import annotations

import math
import re
import typing as t
from collections.abc import Mapping

from .quote import (
    LINE_MAX,
    Unquotable,
    credential,
    environment,
    exec_quote,
    expand_line,
    is_expand,
    number,
    path,
    raw,
)

_NAME = re.compile(r"[A-Za-z0-9-]+\Z")
_EXEC = re.compile(r"Exec(?:Condition|Start|Stop|Reload)(?:Pre|Post)?\Z")
_PATHS = frozenset(
    (
        "ExecPaths",
        "ExtensionDirectories",
        "InaccessibleDirectories",
        "InaccessiblePaths",
        "NoExecPaths",
        "ReadOnlyDirectories",
        "ReadOnlyPaths",
        "ReadWriteDirectories",
        "ReadWritePaths",
        "RequiresMountsFor",
        "Symlinks",
        "WantsMountsFor",
    )
)
# Lists whose entries have parts, at colons that quotes hide from some versions
_MOUNTS = frozenset(("BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem"))
# Of the directives whose value may hold any text, those that expand no specifiers
_WITHOUT_SPECIFIERS = frozenset(("LogFilterPatterns", "OpenFile"))


class InvalidValue(ValueError):
    """A value that cannot be written; the message begins with where it stands."""


def render_unit(value: object) -> str:
    """The text of a whole unit.

    ``value`` maps sections to mappings of directives, or is a list as parse_unit
    returns it. Raises InvalidValue.
    """
    if isinstance(value, Mapping):
        blocks = [(name, _lines(name, body)) for name, body in value.items()]
    elif isinstance(value, (list, tuple)):
        blocks = [_block(at, entry) for at, entry in enumerate(value)]
    else:
        raise InvalidValue("a unit must be a mapping of sections")
    texts = []
    for name, lines in blocks:
        _check_name(name, "section")
        texts.append("\n".join([f"[{name}]", *lines]) + "\n")
    return "\n".join(texts)


def render_section(section: str, value: object) -> str:
    """The lines of one section without its header, joined by line feeds.

    ``value`` maps directives to values. Raises InvalidValue.
    """
    _check_name(section, "section")
    return "\n".join(_lines(section, value))


def render_directive(section: str, directive: str, value: object) -> list[str]:
    """The lines ``directive=…`` for one value: none, one or several.

    Raises InvalidValue.
    """
    where = f"{section}.{directive}"
    _check_name(directive, "directive", section)
    lines = []
    for text in _texts(where, directive, value):
        line = f"{directive}={text}"
        if len(line) * 4 > LINE_MAX and len(line.encode()) > LINE_MAX:
            raise InvalidValue(f"{where}: longer than a line of a unit can be (1 MiB)")
        lines.append(line)
    return lines


def _block(at: int, entry: object) -> tuple[str, list[str]]:
    """One section in the form of parse_unit."""
    if not isinstance(entry, Mapping) or not {"section", "directives"} <= set(entry):
        raise InvalidValue(f"[{at}]: must be a mapping with 'section' and 'directives'")
    section = entry["section"]
    _check_name(section, "section")
    lines: list[str] = []
    if not isinstance(entry["directives"], (list, tuple)):
        raise InvalidValue(f"{section}: 'directives' must be a list")
    for item in entry["directives"]:
        if not isinstance(item, Mapping) or not {"directive", "value"} <= set(item):
            raise InvalidValue(
                f"{section}: each directive must be a mapping with 'directive' and"
                " 'value'"
            )
        directive, value = item["directive"], item["value"]
        _check_name(directive, "directive", section)
        if is_expand(value):
            text = _at(f"{section}.{directive}", expand_line, value)
            lines.append(f"{directive}={text}")
        else:
            lines += render_directive(section, directive, value)
    return section, lines


def _lines(section: object, value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{section}: must be a mapping of directives")
    lines: list[str] = []
    for directive, wish in value.items():
        lines += render_directive(t.cast(str, section), directive, wish)
    return lines


def _check_name(name: object, kind: str, section: str = "") -> None:
    if not isinstance(name, str) or not _NAME.match(name):
        where = f"{section}: " if section else ""
        raise InvalidValue(
            f"{where}{name!r} is no name for a {kind}: letters, digits and '-' only"
        )


def _texts(where: str, directive: str, value: object) -> list[str]:
    """What follows ``directive=``, once for each line."""
    if value is None:
        return []
    if isinstance(value, str) and value == "":
        return [""]
    if _EXEC.match(directive):
        return _commands(where, value)
    if directive == "Environment":
        return _environment(where, value)
    if isinstance(value, (list, tuple)):
        texts = []
        for at, item in enumerate(value):
            texts.append(_text(f"{where}[{at}]", directive, item, listed=True))
        return texts
    return [_text(where, directive, value)]


def _text(where: str, directive: str, value: object, listed: bool = False) -> str:
    if isinstance(value, Mapping):
        if not is_expand(value):
            raise InvalidValue(
                f"{where}: a mapping here must have the one key 'expand'"
            )
        return _at(where, expand_line, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _at(where, number, value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"{where}: {value} cannot be written")
        return repr(float(value))
    if not isinstance(value, str):
        raise InvalidValue(f"{where}: must be text, not {type(value).__name__}")
    if directive in _MOUNTS and listed and value:
        return _mount(where, directive, value)
    if (directive in _PATHS or directive in _MOUNTS) and value:
        if listed:
            return _at(where, path, value)
        if re.search(r"[\s\"'\\]", value):
            raise InvalidValue(
                f"{where}: {value!r} may be one path or several: give a list"
            )
    if directive == "SetCredential":
        return _at(where, credential, value)
    return _at(where, raw, value, directive not in _WITHOUT_SPECIFIERS)


def _mount(where: str, directive: str, value: str) -> str:
    """One entry of a list of mounts, in which a blank would begin another one."""
    parted = directive != "TemporaryFileSystem" and ":" in value
    if re.search(r"[\"'\\]", value) or (parted and re.search(r"\s", value)):
        raise InvalidValue(
            f"{where}: {value!r} has a quote, a backslash, or a blank and a colon, which"
            " versions of systemd read differently: write it in systemd's syntax, with"
            " {'expand': …}"
        )
    return _at(where, path, value)


def _commands(where: str, value: object) -> list[str]:
    """Several commands are a list in which all are lists, mappings or resets.

    Any other list is one command, so that no argument, whatever it is, can become a
    command of its own.
    """
    if not isinstance(value, (list, tuple)):
        return [_at(where, exec_quote, value)]
    several = all(
        isinstance(item, (Mapping, list, tuple)) or (isinstance(item, str) and not item)
        for item in value
    )
    if several:
        return [
            "" if item == "" else _at(f"{where}[{at}]", exec_quote, item)
            for at, item in enumerate(value)
        ]
    for at, item in enumerate(value):
        if isinstance(item, (list, tuple)) or (at == 0 and item == ""):
            kind = "an empty string" if item == "" else "a list"
            raise InvalidValue(
                f"{where}[{at}]: {kind} has no place in one command; several"
                " commands are a list of lists"
            )
    return [_at(where, exec_quote, value)]


def _environment(where: str, value: object, listed: bool = False) -> list[str]:
    if isinstance(value, (list, tuple)) and not listed:
        texts: list[str] = []
        for at, item in enumerate(value):
            if isinstance(item, str) and item == "":
                texts.append("")
            else:
                texts += _environment(f"{where}[{at}]", item, listed=True)
        return texts
    if isinstance(value, str):
        name, equals, rest = value.partition("=")
        if not equals or re.search(r"[\s\"'\\]", rest):
            raise InvalidValue(
                f"{where}: give a mapping of names to strings, which says where one"
                " variable ends and the next begins"
            )
        return [_at(where, environment, name, rest)]
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{where}: must be a mapping of names to strings")
    texts = []
    for name, content in value.items():
        if content is None:
            continue
        if isinstance(content, int) and not isinstance(content, bool):
            content = _at(f"{where}.{name}", number, content)
        texts.append(_at(f"{where}.{name}", environment, name, content))
    return texts


def _at(where: str, function: t.Callable[..., str], *args: object) -> str:
    try:
        return function(*args)
    except Unquotable as exc:
        raise InvalidValue(f"{where}: {exc}") from exc


__all__ = ("InvalidValue", "render_directive", "render_section", "render_unit")
