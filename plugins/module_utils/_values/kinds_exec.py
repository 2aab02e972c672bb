# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Kinds of values that say how a process runs: its command, environment, sandbox."""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

from .._tables import directives
from .._units.words import Command, InvalidWords, split_commands
from . import basics
from .text import (
    BadValue,
    Check,
    check_escapes,
    check_path,
    demand,
    distinct_words,
    expand,
    one_of,
    resettable,
)

SHELL_PREFIX_SINCE: t.Final = 258
_LONG_WORDS_REFUSED_BY: t.Final = 249
_URL_SAFE_SINCE: t.Final = 256
_SHELL_ALONE: t.Final = re.compile(r"[-@:+!]*\|[-@:+!]*(?:\s|$)")
_CONTROL: t.Final = re.compile(r"[\x01-\x1f\x7f]")
_NOT_IN_PROGRAM: t.Final = re.compile(r"[\x01-\x1f\x7f\"'\\]")
_NOT_IN_PROGRAM_NOW: t.Final = re.compile(r"[\x01-\x1f\x7f\"'\\*?\[]")
_NAMESPACES: t.Final = ("cgroup", "ipc", "net", "mnt", "pid", "user", "uts")
_TIME_NAMESPACE_SINCE: t.Final = 257
_BASE64: t.Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


# One that stands for no character that means anything later on
_KNOWN_ESCAPE: t.Final = r"|\\(?:[abfnrtvs\\\"']|x(?:2[0-46-9a-fA-F]|[3-7][0-9a-fA-F]))"
# Longer lines are read word by word.
_ORDINARY_LENGTH: t.Final = 1000


@lru_cache(maxsize=32)
def _ordinary(systemd: int) -> t.Pattern[str]:
    """What finds commands with nothing in them that has to be looked at.

    Their programs are plain paths or names; their words have only escapes and specifiers
    that are surely known.
    """
    specifiers = directives.specifiers(systemd)
    if systemd == _LONG_WORDS_REFUSED_BY:
        specifiers = frozenset("%")
    inside = _inside(specifiers)
    part = r"[^\x01- \"'$%*/;?\[\\\]|\x7f]+"
    path = rf"(?:/{part})*/(?!\.\.?(?:[ \t\"']|\Z)){part}"
    name = r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,200}"
    program = rf"(?:[-:+]?(?:{path}|{name})|\"[-:+]?{path}\"|'[-:+]?{path}')"
    quoted = rf"\"(?:[^\"\\%]{inside})*\"|'(?:[^'\\%]{inside})*'"
    word = rf"(?!;)(?:[^ \t\n\r\"'\\%]{inside}|{quoted})+|\\;"
    command = rf"{program}(?:[ \t]+(?:{word})(?![^ \t]))*"
    return re.compile(rf"{command}(?:[ \t]+;[ \t]+{command})*[ \t]*")


@lru_cache(maxsize=32)
def _ordinary_variables(systemd: int) -> t.Pattern[str]:
    """What finds assignments with nothing in them that has to be looked at."""
    # What %I stands for may have bytes that are no text.
    inside = _inside(directives.specifiers(systemd) - {"I"})
    name = r"[A-Za-z_][A-Za-z0-9_]*="
    no_text = r"\ud800-\udfff"
    quoted = rf"\"(?:[^\"\\%{no_text}]{inside})*\"|'(?:[^'\\%{no_text}]{inside})*'"
    variable = (
        rf"{name}(?:[^ \t\n\r\"'\\%{no_text}]{inside}|{quoted})*"
        rf"|(?=[\"']{name})(?:{quoted})"
    )
    return re.compile(rf"(?:(?:{variable})(?:[ \t]+|\Z))+")


def _inside(specifiers: t.AbstractSet[str]) -> str:
    """What may stand in a word beside plain characters, as more alternatives."""
    return f"{_KNOWN_ESCAPE}|%[{''.join(sorted(specifiers))}]"


def command_line(value: str, key: str, systemd: int) -> None:
    """The commands of an Exec directive: prefixes, program, arguments."""
    if len(value) < _ORDINARY_LENGTH and _ordinary(systemd).fullmatch(value):
        return
    unknown: list[str] = []
    try:
        commands = split_commands(value, unknown)
    except InvalidWords as exc:
        if systemd >= SHELL_PREFIX_SINCE and _SHELL_ALONE.match(value):
            return
        raise BadValue(str(exc)) from exc
    if unknown:
        raise BadValue(f"{unknown[0]!r} is not an escape")
    for command in commands:
        _check_command(command, systemd)


def _check_command(command: Command, systemd: int) -> None:
    program = command.program
    if "|" in command.prefixes:
        demand(
            systemd >= SHELL_PREFIX_SINCE,
            f"the prefix | came with systemd {SHELL_PREFIX_SINCE}",
        )
    else:
        _check_program(expand(program, systemd), systemd)
    if "@" in command.prefixes and "|" not in command.prefixes:
        demand(bool(command.argv), "after @ the program's own name must follow")
    for word in command.argv:
        if systemd == _LONG_WORDS_REFUSED_BY:
            demand(
                len(expand(word, systemd).encode("utf-8", "surrogateescape")) < 4096,
                f"systemd {_LONG_WORDS_REFUSED_BY} refuses an argument of 4096 bytes",
            )
        elif "%" in word and (word is not program or "|" in command.prefixes):
            expand(word, systemd)


def _check_program(program: str, systemd: int) -> None:
    if not program:
        raise BadValue("the program is missing")
    refused = _NOT_IN_PROGRAM if systemd < SHELL_PREFIX_SINCE else _NOT_IN_PROGRAM_NOW
    if refused.search(program):
        raise BadValue(f"{program!r} has a character that no program's path may have")
    if program[-1] == "/" or program.rpartition("/")[2] in (".", ".."):
        raise BadValue(f"{program!r} is a directory")
    if not (
        program[0] == "/"
        or basics.is_file_name(program)
        or (systemd < 248 and "/" not in program)
    ):
        raise BadValue(f"{program!r} is neither an absolute path nor a plain name")


def environment(value: str, key: str, systemd: int) -> None:
    if len(value) < _ORDINARY_LENGTH and _ordinary_variables(systemd).fullmatch(value):
        return
    for word in distinct_words(value, cunescape=True):
        demand(
            basics.is_env_assignment(expand(word, systemd)),
            f"{word!r} is not NAME=value; an assignment with blanks needs quotes",
        )


def environment_names(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value):
        name = expand(word, systemd)
        demand(basics.is_env_name(name), f"{word!r} cannot name a variable")


def environment_unset(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, cunescape=True):
        name = expand(word, systemd)
        demand(
            basics.is_env_name(name) or basics.is_env_assignment(name),
            f"{word!r} is neither a variable nor an assignment",
        )


def user(value: str, key: str, systemd: int) -> None:
    name = expand(value, systemd)
    demand(basics.is_user_name(name), f"{value!r} cannot name a user or a group")


def users(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, unquote=False):
        user(word, key, systemd)


def standard_input(value: str, key: str, systemd: int) -> None:
    _stream(value, "exec_input", ("file:",), systemd)


def standard_output(value: str, key: str, systemd: int) -> None:
    if value in ("syslog", "syslog+console"):
        return
    files = (
        ("file:", "append:", "truncate:") if systemd >= 248 else ("file:", "append:")
    )
    _stream(value, "exec_output", files, systemd)


def _stream(value: str, words: str, files: tuple[str, ...], systemd: int) -> None:
    if value.startswith("fd:"):
        name = expand(value[3:], systemd)
        demand(basics.is_fd_name(name), f"{name!r} cannot name a file descriptor")
    elif value.startswith(files):
        check_path(value.partition(":")[2], systemd)
    else:
        one_of(value, words, systemd)


def escaped_text(value: str, key: str, systemd: int) -> None:
    check_escapes(value)
    expand(value, systemd)


def base64_data(value: str, key: str, systemd: int) -> None:
    check_base64(value, systemd)


def check_base64(value: str, systemd: int) -> None:
    """Raise BadValue for what is not Base64."""
    plain = re.sub(r"\s", "", value)
    demand(
        systemd >= _URL_SAFE_SINCE or not re.search(r"[-_]", value),
        "the text is not Base64: it has - or _",
    )
    demand(
        _BASE64.fullmatch(plain) is not None and len(plain) % 4 == 0,
        "the text is not Base64",
    )


def system_calls(value: str, key: str, systemd: int) -> None:
    """System calls and groups of them, after ~ each with an error, perhaps."""
    inverted = value.startswith("~")
    for word in distinct_words(value[1:] if inverted else value, unquote=False):
        name, colon, error = word.partition(":")
        if key == "SystemCallLog":
            name, colon = word, ""
        if colon:
            _check_errno(error, word, systemd)
            demand(inverted, f"{word!r}: a call that is allowed takes no error")
        if name.startswith("@"):
            groups = directives.syscall_groups(systemd)
            if name not in groups:
                near = directives.nearest_of(name, groups)
                hint = f", did you mean {near}?" if near else ""
                raise BadValue(f"{name!r} is not a group of system calls{hint}")
        elif name not in directives.syscalls(systemd):
            near = directives.nearest_of(name, directives.syscalls(systemd))
            hint = f", did you mean {near}?" if near else ""
            raise BadValue(f"{name!r} is not a system call{hint}")


def _check_errno(error: str, word: str, systemd: int) -> None:
    number = basics.integer(error, systemd)
    demand(
        error in directives.errnos()
        or error == "kill"
        or (number is not None and 0 <= number <= 4095),
        f"{word!r}: {error!r} is not an error's name or number",
    )


def error_number(value: str, key: str, systemd: int) -> None:
    if value != "kill":
        number = basics.integer(value, systemd)
        demand(
            value in directives.errnos() or (number is not None and 0 < number <= 4095),
            f"{value!r} is not an error's name or number",
        )


def architectures(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value):
        one_of(word, "seccomp_arch", systemd)


def address_families(value: str, key: str, systemd: int) -> None:
    if value == "none" and systemd >= 249:
        return
    known = directives.address_families(systemd)
    for word in distinct_words(value[1:] if value.startswith("~") else value):
        if word not in known:
            near = directives.nearest_of(word, known)
            hint = f", did you mean {near}?" if near else ""
            raise BadValue(f"{word!r} is not an address family{hint}")


def namespaces(value: str, key: str, systemd: int) -> None:
    if basics.is_boolean(value):
        return
    known: tuple[str, ...] = _NAMESPACES
    if systemd >= _TIME_NAMESPACE_SINCE:
        known = (*known, "time")
    for word in distinct_words(
        value[1:] if value.startswith("~") else value, unquote=False
    ):
        demand(word in known, f"{word!r} is none of {', '.join(known)}")


def file_systems(value: str, key: str, systemd: int) -> None:
    groups = directives.file_system_groups(systemd)
    for word in distinct_words(value[1:] if value.startswith("~") else value):
        demand(
            not groups or not word.startswith("@") or word in groups,
            f"{word!r} is not a group of file systems",
        )


def personality(value: str, key: str, systemd: int) -> None:
    one_of(value, "architecture", systemd)


def log_fields(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, cunescape=True):
        name, equals, _content = expand(word, systemd).partition("=")
        demand(bool(equals), f"{word!r} is not FIELD=value")
        demand(
            re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", name) is not None,
            f"{name!r} cannot name a field of the journal",
        )


def log_namespace(value: str, key: str, systemd: int) -> None:
    name = expand(value, systemd)
    demand(
        re.fullmatch(r"[A-Za-z0-9:_.@-]{1,222}", name) is not None
        and name not in (".", ".."),
        f"{value!r} cannot name a namespace of the journal",
    )


def log_pattern(value: str, key: str, systemd: int) -> None:
    demand(value != "~", "a ~ without a pattern")


def cautious(value: str, key: str, systemd: int) -> None:
    """A label, with a `-` before it where it may fail."""
    expand(value[1:] if value.startswith("-") else value, systemd)


def propagation(value: str, key: str, systemd: int) -> None:
    demand(
        value in ("", "shared", "slave", "private"),
        f"{value!r} is none of shared, slave, private",
    )


def interfaces(value: str, key: str, systemd: int) -> None:
    # Alternative names, which may be longer, are taken since 254.
    alternative = systemd >= 254
    for word in distinct_words(value[1:] if value.startswith("~") else value):
        demand(
            basics.is_interface(word, alternative), f"{word!r} cannot name an interface"
        )


KINDS: t.Final[t.Mapping[str, Check]] = {
    "exec": resettable(command_line),
    "environ": resettable(environment),
    "pass_environ": resettable(environment_names),
    "unset_environ": resettable(environment_unset),
    "user_group_compat": resettable(user),
    "user_group_strv_compat": resettable(users),
    "exec_input": standard_input,
    "exec_output": standard_output,
    "exec_input_text": resettable(escaped_text),
    "exec_input_data": resettable(base64_data),
    "syscall_filter": resettable(system_calls),
    "syscall_log": resettable(system_calls),
    "syscall_errno": resettable(error_number),
    "syscall_archs": resettable(architectures),
    "address_families": resettable(address_families),
    "restrict_namespaces": resettable(namespaces),
    "namespace_flags": resettable(namespaces),
    "restrict_filesystems": resettable(file_systems),
    "personality": resettable(personality),
    "log_extra_fields": resettable(log_fields),
    "log_namespace": resettable(log_namespace),
    "log_filter_patterns": resettable(log_pattern),
    "exec_apparmor_profile": resettable(cautious),
    "exec_selinux_context": resettable(cautious),
    "exec_smack_process_label": resettable(cautious),
    "exec_mount_flags": propagation,
    "exec_mount_propagation_flag": propagation,
    "restrict_network_interfaces": resettable(interfaces),
}
