# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the texts that `collect.sh` takes out of one systemd. Pure: text in, data out."""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

Key = t.Tuple[str, str]  # section, directive

EXEC = ("Service", "Socket", "Mount", "Swap")

# Which sections a manual page speaks of.
PAGES: dict[str, tuple[str, ...]] = {
    "systemd.unit": ("Unit", "Install"),
    "systemd.service": ("Service",),
    "systemd.socket": ("Socket",),
    "systemd.mount": ("Mount",),
    "systemd.automount": ("Automount",),
    "systemd.swap": ("Swap",),
    "systemd.timer": ("Timer",),
    "systemd.path": ("Path",),
    "systemd.scope": ("Scope",),
    "systemd.slice": ("Slice",),
    "systemd.exec": EXEC,
    "systemd.kill": (*EXEC, "Scope"),
    "systemd.resource-control": (*EXEC, "Slice", "Scope"),
}


def read_dump(text: str) -> set[Key]:
    """Give every (section, directive) of `systemd --dump-configuration-items`."""
    found: set[Key] = set()
    section = ""
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line:
            found.add((section, line.partition("=")[0]))
    return found


_ITEM = re.compile(
    r"\s*`?(?P<section>\$1|\{\{type\}\}|[A-Z]\w*)\.(?P<key>\w+),"
    r"\s*(?P<parser>\w+),\s*(?P<ltype>[^,]+),"
)
_DEFINE = re.compile(r"(?:m4_define\(`|\{%-? macro )(\w+)")
_USE = re.compile(r"^(?:\{\{ )?(\w+_CONFIG_ITEMS)\('?(\w+)'?\)")


def read_parsers(text: str) -> dict[Key, list[tuple[str, str]]]:
    """Give (parser, argument) of each directive, the ones compiled out among them.

    Reads the table in both forms that systemd has had, m4 (247) and Jinja.
    """
    macros: dict[str, list[tuple[str, str, str]]] = {}
    items: dict[Key, list[tuple[str, str]]] = {}
    current = ""
    for line in text.splitlines():
        define = _DEFINE.match(line)
        if define:
            current = define[1]
            macros[current] = []
            continue
        use = _USE.match(line)
        if use:
            for key, parser, ltype in macros[use[1]]:
                items.setdefault((use[2], key), []).append((parser, ltype))
            continue
        item = _ITEM.match(line)
        if not item:
            continue
        parser = item["parser"].replace("config_parse_", "").replace("NULL", "install")
        ltype = item["ltype"].strip()
        if item["section"] in ("$1", "{{type}}"):
            macros[current].append((item["key"], parser, ltype))
        else:
            items.setdefault((item["section"], item["key"]), []).append((parser, ltype))
    return items


_VERSION = re.compile(r"v(\d+)")
_INCLUDE = "{http://www.w3.org/2001/XInclude}include"


def read_manual(page: str, text: str) -> dict[str, int | None]:
    """Give the version that a page states for each directive, None where it has none."""
    text = re.sub(r"<!DOCTYPE.*?(\]>|dtd\"\s*>)", "", text, flags=re.S)
    text = re.sub(r"&(?!(?:lt|gt|amp|quot|apos);)\w+;", "", text)
    found: dict[str, int | None] = {}
    for entry in ET.fromstring(text).iter("varlistentry"):
        versions = [
            int(match[1])
            for item in entry.findall("listitem")
            for include in item.findall(_INCLUDE)
            for match in [_VERSION.fullmatch(include.get("xpointer", ""))]
            if match
        ]
        for term in entry.findall("term"):
            for name in term.iter("varname"):
                key = re.match(r"([A-Z][A-Za-z0-9]*)=", "".join(name.itertext()))
                if key:
                    found.setdefault(key[1], versions[-1] if versions else None)
    return found


def read_news(text: str) -> dict[str, list[int]]:
    """Give the versions whose news mention each `Directive=`."""
    found: dict[str, list[int]] = {}
    version = 0
    for line in text.splitlines():
        head = re.match(r"CHANGES WITH (\d+)", line)
        if head:
            version = int(head[1])
        for name in re.findall(r"\b([A-Z][A-Za-z0-9]+)=", line):
            versions = found.setdefault(name, [])
            if version not in versions:
                versions.append(version)
    return found


_TABLE = re.compile(
    r"static const char ?\* ?const (\w+)_table\[[^\]]*\] = \{"
    r"((?:(?!static const).)*?)\n\};",
    re.S,
)
_WORD = re.compile(r"\[[^\]]+\]\s*=\s*\"([^\"]*)\"")
_ENUM = re.compile(
    r"DEFINE_CONFIG_PARSE_ENUM\w*\(\s*config_parse_(\w+),\s*(\w+?)(?:_or_bool)?,"
)
_BOOLEAN = re.compile(r"DEFINE_\w*STRING_TABLE_LOOKUP\w*_WITH_BOOLEAN\((\w+),")


def read_words(code: str) -> dict[str, tuple[str, ...]]:
    """Give the words of every table of strings in the sources of systemd.

    A table that also takes a boolean has `+bool` as its first word.
    """
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.S)
    booleans = set(_BOOLEAN.findall(code))
    tables: dict[str, tuple[str, ...]] = {}
    for name, body in _TABLE.findall(code):
        words = _WORD.findall(body)
        if words:
            extra = ("+bool",) if name in booleans else ()
            tables.setdefault(name, (*extra, *sorted(words)))
    # Tables of other forms: names of exit statuses, signals and architectures.
    statuses = re.findall(r"\[EX(?:IT)?_\w+\]\s*=\s*\{\s*\"(\w+)\"", code)
    tables["exit_status_name"] = tuple(sorted(set(statuses)))
    signals = re.search(r"static_signal_table\[\] = \{(.*?)\n\};", code, re.S)
    signals = signals or re.search(r"__signal_table\[\] = \{(.*?)\n\};", code, re.S)
    tables["signal_name"] = tuple(sorted(_WORD.findall(signals[1]))) if signals else ()
    start = code.find("\nint seccomp_arch_from_string(")
    body = code[start : code.find("\n}", start)]
    tables["seccomp_arch"] = tuple(sorted(re.findall(r'streq\(n, "([^"]+)"\)', body)))
    return tables


def read_enums(code: str) -> dict[str, str]:
    """Give the table that each parser of a single word looks into."""
    return dict(_ENUM.findall(code))


def read_specifiers(code: str) -> tuple[str, str]:
    """Give the letters that may follow % in any value, and in a unit's name."""
    return (
        _read_specifiers(code, r"int unit_full_printf(?:_full)?\("),
        _read_specifiers(code, r"int unit_name_printf\("),
    )


def _read_specifiers(code: str, function: str) -> str:
    bodies = [
        code[match.start() : code.index("};", match.start())]
        for match in re.finditer(r"\n" + function + r"[^;{]*\{", code)
    ]
    letters: set[str] = set()
    for body in bodies:
        letters |= set(re.findall(r"\{ *'(.)',", body))
        for macro in re.findall(r"\b(COMMON_\w+SPECIFIERS)\b", body):
            define = re.search(
                r"#define " + macro + r"(?:\([^)]*\))?\s(.*?[^\\])\n", code, re.S
            )
            if define:
                letters |= set(re.findall(r"\{ *'(.)',", define[1]))
    return "".join(sorted(letters))


def read_syscall_groups(text: str) -> dict[str, list[str]]:
    """Give the groups of `systemd-analyze syscall-filter`, and the names in each."""
    groups: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith(("@", "#")):
            current = line.strip() if line.startswith("@") else ""
            if current:
                groups[current] = []
        elif current and line.startswith("    ") and not line.lstrip().startswith("#"):
            groups[current].append(line.strip())
    return groups


def read_families(header: str) -> list[str]:
    """Give the names of address families that the C library knows."""
    names = re.findall(r"#define\s+(AF_[A-Z0-9]+)\s+PF_", header)
    return sorted(name for name in names if name not in ("AF_MAX",))


def read_capabilities(text: str) -> list[str]:
    """Give the names that `systemd-analyze capability` prints."""
    return sorted(re.findall(r"\b(cap_[a-z_]+)\b", text))
