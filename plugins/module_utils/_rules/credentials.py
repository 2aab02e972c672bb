# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about credentials and secrets."""

from __future__ import annotations

import re
import typing as t

from .._units.words import InvalidWords, split_words
from .rule import Problem, Subject, hinter, rule

RELATIVE = rule(
    "relative-credential",
    "warning",
    "A credential without an absolute path may be missing in silence.",
)
IN_ENVIRONMENT = rule(
    "secret-in-environment",
    "warning",
    "The environment holds what looks like a secret.",
)
IN_UNIT = rule(
    "secret-in-unit", "warning", "Any local user can read what SetCredential holds."
)
ON_COMMAND_LINE = rule(
    "secret-on-command-line",
    "warning",
    "Any local user can read a command's arguments.",
)

_LOADING: t.Final = ("LoadCredential", "LoadCredentialEncrypted")
_SECRET: t.Final = re.compile(
    r"(?:^|[_.-]|^PG)(?:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|API[_-]?KEY|APIKEY|"
    r"PRIVATE[_-]?KEY|CREDENTIALS?|SECRET[_-]?KEY(?:[_-]?BASE)?|ACCESS[_-]?KEY|COOKIE|"
    r"(?:MASTER|APP|ENCRYPTION|SIGNING)[_-]KEY|API[_-]?TOKEN)"
    r"(?:$|[_.-])"
    # PWD alone is where a shell is
    r"|[A-Za-z]PASSW(?:OR)?D$|API[_-]?TOKEN$|[A-Za-z0-9][_-]PWD$",
    re.I,
)
# What ends like this is as often a method as a secret, which is longer and has digits.
_AUTH: t.Final = re.compile(r"[_-]AUTH$", re.I)
_LIKE_A_SECRET: t.Final = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[!-~]{8,}\Z")
# What these begin with are secrets under any name: tokens of a forge, keys of a cloud,
# keys in PEM.
_TOKEN: t.Final = re.compile(
    r"(?:gh[opsu]_|github_pat_|glpat-)[A-Za-z0-9_-]{16}|(?:AKIA|ASIA)[0-9A-Z]{16}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY"
)
# Names that end like this tell where a secret is, not what it is.
_POINTER: t.Final = re.compile(
    r"(?:FILE|PATH|DIR(?:ECTORY)?|NAME|ID|URL|TTL|LENGTH|TIMEOUT|ALGORITHM|MIN|MAX)$",
    re.I,
)
_PLAIN: t.Final = re.compile(
    r"(?:/.*|%.*|\$.*|yes|no|true|false|on|off|[01]|none|null|)$", re.I
)
_OPTION: t.Final = re.compile(
    r"--?(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:=(?P<value>.*))?$", re.S
)
# No other command line has a long option or an address in it, once its quotes are gone;
# one with escapes may spell them with those.
_MAY_BE_SECRET: t.Final = re.compile(r"(?<![^ \t\n\r])--[A-Za-z][A-Za-z0-9_-]{3}")
_MAY_SPELL_SECRET: t.Final = re.compile(r"--|://|\\(?:[uU0-7]|x(?:2[dDfF]|3[aA]))")
# Whatever looks like a secret has one of these in it.
_HINT: t.Final = re.compile(
    r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|COOKIE|PWD|AUTH|://|gh[opsu]_|github_pat_|glpat-"
    r"|AKIA|ASIA|-----BEGIN",
    re.I,
)
_IN_URL: t.Final = re.compile(
    r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^/\s:@]{1,256}:[^/\s@$%]{1,256}@"
)


def looks_secret(name: str, value: str) -> bool:
    """Tell whether a variable's or an option's name and value look like a secret's."""
    return _TOKEN.match(value) is not None or (
        (
            _SECRET.search(name) is not None
            or (
                _AUTH.search(name) is not None
                and _LIKE_A_SECRET.match(value[:256]) is not None
            )
        )
        and _POINTER.search(name) is None
        and _PLAIN.match(value) is None
    )


def has_password(value: str) -> bool:
    """Tell whether a text has a URL with a user and a password in it."""
    return "://" in value and _IN_URL.search(value) is not None


def may_hold_secret(line: str) -> bool:
    """Tell whether a line of words may have one that looks like a secret."""
    if "\\" in line:
        return True
    return _HINT.search(line.replace('"', "").replace("'", "")) is not None


def sources(subject: Subject) -> t.Iterator[Problem]:
    """Credentials that systemd searches, and skips in silence where they are not."""
    section = subject.own
    defaults = {
        entry.value.partition(":")[0]
        for key in ("SetCredential", "SetCredentialEncrypted")
        for entry in subject.kept(section, key)
    }
    for key in _LOADING:
        for entry in subject.kept(section, key):
            name, _colon, path = entry.value.partition(":")
            if path.startswith(("/", "%")) or name in defaults:
                continue
            where = f"the relative path {path}" if path else "no path"
            yield RELATIVE.at(
                f"the credential {name} has {where}: where none is found, the service "
                "starts without it and nothing says so; give an absolute path",
                section,
                entry,
            )


def set_in_unit(subject: Subject) -> t.Iterator[Problem]:
    """Secrets in SetCredential, which are no secrets."""
    section = subject.own
    for entry in subject.kept(section, "SetCredential"):
        name, _colon, value = entry.value.partition(":")
        if looks_secret(name, value) or has_password(value):
            yield IN_UNIT.at(
                f"the value of {name} can be read by any local user over the bus: use "
                "LoadCredential with a file, or SetCredentialEncrypted",
                section,
                entry,
            )


def in_environment(subject: Subject) -> t.Iterator[Problem]:
    """Secrets in the environment, which any local user can ask the manager for."""
    section = subject.own
    seen: set[str] = set()
    for entry in subject.kept(section, "Environment"):
        if entry.value in seen:
            continue
        seen.add(entry.value)
        if not may_hold_secret(entry.value):
            continue
        try:
            words = split_words(entry.value)
        except InvalidWords:
            continue
        for word in words:
            name, _colon, value = word.partition("=")
            if looks_secret(name, value) or has_password(value):
                yield IN_ENVIRONMENT.at(
                    f"{name} looks like a secret: any local user can read it, and every "
                    "child of the program inherits it; use LoadCredential",
                    section,
                    entry,
                )


def on_command_line(subject: Subject) -> t.Iterator[Problem]:
    """Secrets among the arguments of commands."""
    for entry in subject.kept("Service", "ExecStart"):
        text = entry.value.replace('"', "").replace("'", "")
        if "\\" in text:
            if not _MAY_SPELL_SECRET.search(text):
                continue
        elif "://" not in text and not (
            "--" in text and _MAY_BE_SECRET.search(text) and _HINT.search(text)
        ):
            continue
        words = [
            word for command in subject.commands(entry) for word in command.argv[1:]
        ]
        for index, word in enumerate(words):
            if word[:1] != "-" and "://" not in word:
                continue
            option = _OPTION.match(word)
            following = words[index + 1] if index + 1 < len(words) else ""
            secret = has_password(word)
            if option and word.startswith("--") and len(option["name"]) > 3:
                value = option["value"]
                if value is None:
                    value = "" if following.startswith("-") else following
                secret = secret or looks_secret(option["name"], value)
            if secret:
                shown = option["name"] if option else "an address"
                yield ON_COMMAND_LINE.at(
                    f"{shown} looks like a secret: any local user can read the "
                    "arguments of a process; use LoadCredential",
                    "Service",
                    entry,
                )
                break


FINDERS: t.Final = (
    hinter(sources, *_LOADING),
    hinter(set_in_unit, "SetCredential"),
    hinter(in_environment, "Environment"),
)
SERVICE_FINDERS: t.Final = (hinter(on_command_line, "ExecStart"),)
