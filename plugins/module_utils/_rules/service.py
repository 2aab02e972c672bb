# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Rules about services: what they start, how they say so, and what a crash does."""

from __future__ import annotations

import re
import typing as t

from .._units.unit import Assignment
from .._units.words import Command, split_words
from .._values.basics import time_span
from .rule import Problem, Subject, finder, hinter, rule

MISSING_START = rule(
    "missing-exec-start", "error", "The type of the service needs an ExecStart."
)
SEVERAL_STARTS = rule(
    "several-exec-starts", "error", "Only a oneshot service may have several ExecStart."
)
ONESHOT = rule(
    "oneshot-restart", "error", "A oneshot service cannot be restarted like that."
)
BUS = rule("missing-bus-name", "error", "A service of type dbus needs a BusName.")
PAM = rule(
    "pam-kill-mode", "error", "With PAMName the whole control group must be killed."
)
FORKING = rule(
    "forking-private-pids", "error", "PrivatePIDs does not go with Type=forking."
)
ROOT = rule("runs-as-root", "warning", "The service runs as root.")
NOTIFY_ACCESS = rule(
    "notify-access", "warning", "The process that reports readiness is not heard."
)
NOTIFY_FAMILY = rule(
    "notify-without-unix", "error", "A service that must notify needs AF_UNIX."
)
WATCHDOG = rule(
    "watchdog-without-notify", "warning", "WatchdogSec needs a type that notifies."
)
RESTARTS = rule(
    "endless-restarts", "warning", "Crashes restart the service quickly, without end."
)
RELEASE = rule("resolved-release-path", "info", "A path names a release, not current.")
EXPANSION = rule(
    "accidental-expansion", "warning", "systemd expands a % or $ that is not for it."
)

_NOTIFYING: t.Final = ("notify", "notify-reload")
_EXECS: t.Final = (
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStartPost",
    "ExecReload",
    "ExecReloadPost",
    "ExecStop",
    "ExecStopPost",
)
_NAMING_PATHS: t.Final = (*_EXECS, "WorkingDirectory", "EnvironmentFile")
_SHELLS: t.Final = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))
_ENDLESS_BELOW: t.Final = 10**6  # microseconds between restarts
_RELEASE_PATH: t.Final = re.compile(r"/releases/(?!current(?:/|$))[^/\s\"']+(?:/|$)")

# A date's format, as in `date +%Y-%m-%d`, and an encoded URL, as in `%C3%A4`.
_DATE: t.Final = re.compile(
    r"\+(?:%%)*%[A-Za-z]|%(?<!%%)(?:%%)*[YmdHMSjFTs][-:_.]?%[YmdHMSjFTs]"
)
_ENCODED: t.Final = re.compile(
    r"%(?<!%%)(?:%%)*[89A-Fa-f][0-9A-Fa-f](?![A-Za-z0-9])|%[0-9A-F]{2}%[0-9A-F]{2}"
)
_VARIABLE: t.Final = re.compile(
    r"(?<!\$)(?:\$\$)*\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))"
)
# $NAME is expanded as a word of its own only; ${NAME} anywhere.
_MAY_EXPAND: t.Final = re.compile(
    r"(?:\$\{|(?<![^ \t\n\r])\$(?![A-Za-z0-9_]*[^A-Za-z0-9_ \t\n\r]))"
    r"([A-Za-z_][A-Za-z0-9_]*)"
)
# What systemd itself, or a login, sets (systemd.exec(5), systemd.service(5)).
_GIVEN: t.Final = re.compile(
    r"PATH|LANG|LC_.*|LOGNAME|USER|HOME|SHELL|TERM|MAINPID|MANAGERPID|INVOCATION_ID|"
    r"XDG_.*|PIDFILE|NOTIFY_SOCKET|WATCHDOG_.*|LISTEN_.*|MONITOR_.*|TRIGGER_.*|"
    r"REMOTE_(?:ADDR|PORT)|EXIT_(?:CODE|STATUS)|SERVICE_RESULT|JOURNAL_STREAM|"
    r"SYSTEMD_.*|MEMORY_PRESSURE_.*|FDSTORE|DEBUG_INVOCATION|TZ|BOOTCHART_.*|"
    r"(?:RUNTIME|STATE|CACHE|LOGS|CONFIGURATION|CREDENTIALS)_DIRECTORY|ENV"
)


def starts(subject: Subject) -> list[Assignment]:
    """Give the assignments to ExecStart that systemd keeps."""
    return subject.kept("Service", "ExecStart")


def verify(subject: Subject) -> t.Iterator[Problem]:
    """What systemd checks once the whole service is read (service_verify)."""
    kind = subject.service_type
    found = starts(subject)
    count = 0
    for entry in found:
        count += len(subject.commands(entry))
        if count > 1:
            break
    if not found:
        yield from _without_start(subject, kind)
    elif count > 1 and kind != "oneshot":
        yield SEVERAL_STARTS.at(
            "more than one command to start, which only Type=oneshot may have",
            "Service",
            found[-1],
        )
    restart = subject.last("Service", "Restart")
    if kind == "oneshot":
        if restart and restart.value in ("always", "on-success"):
            yield ONESHOT.at(
                f"Restart={restart.value} is refused with Type=oneshot",
                "Service",
                restart,
            )
        force = subject.last("Service", "RestartForceExitStatus")
        if force and subject.systemd < 255:
            yield ONESHOT.at(
                "RestartForceExitStatus is refused with Type=oneshot", "Service", force
            )
        exit_type = subject.last("Service", "ExitType")
        if exit_type and exit_type.value == "cgroup":
            yield ONESHOT.at(
                "ExitType=cgroup is refused with Type=oneshot", "Service", exit_type
            )
    if kind == "dbus" and not subject.value("Service", "BusName"):
        yield BUS.at("Type=dbus without a BusName", "Service", _type(subject))
    pam = subject.last("Service", "PAMName")
    mode = subject.value("Service", "KillMode", "control-group")
    if pam and mode not in ("control-group", "mixed"):
        yield PAM.at(f"PAMName with KillMode={mode} is refused", "Service", pam)
    if kind == "forking" and subject.flag("Service", "PrivatePIDs"):
        yield FORKING.at(
            "PrivatePIDs with Type=forking is refused",
            "Service",
            subject.last("Service", "PrivatePIDs"),
        )


def _type(subject: Subject) -> Assignment | None:
    return subject.last("Service", "Type")


def _without_start(subject: Subject, kind: str) -> t.Iterator[Problem]:
    success = subject.value("Unit", "SuccessAction", "none") != "none"
    if not subject.kept("Service", "ExecStop") and not success:
        yield MISSING_START.at("neither ExecStart nor ExecStop: there is nothing to do")
    elif kind != "oneshot":
        yield MISSING_START.at(f"no ExecStart, which Type={kind} needs")
    elif not success and not subject.flag("Service", "RemainAfterExit"):
        yield MISSING_START.at("no ExecStart, which needs RemainAfterExit=yes")


def user(subject: Subject) -> t.Iterator[Problem]:
    """Services that run as root."""
    entry = subject.last("Service", "User")
    if subject.flag("Service", "DynamicUser"):
        if entry and entry.value in ("root", "0"):
            yield ROOT.at(
                f"User={entry.value} although DynamicUser is set", "Service", entry
            )
        return
    if entry is None:
        if starts(subject):
            yield ROOT.at("no User and no DynamicUser: the service runs as root")
    elif entry.value in ("root", "0"):
        yield ROOT.at(f"User={entry.value}: the service runs as root", "Service", entry)


def notification(subject: Subject) -> t.Iterator[Problem]:
    """Whether what a service reports can arrive."""
    kind = subject.service_type
    watchdog = subject.last("Service", "WatchdogSec")
    if watchdog and (
        watchdog.value == "infinity" or time_span(watchdog.value) in (0, None)
    ):
        watchdog = None
    if watchdog and kind not in _NOTIFYING:
        yield WATCHDOG.at(
            f"with Type={kind} nothing says that the program reports to the watchdog; "
            "it is killed if it does not. Type=notify says so",
            "Service",
            watchdog,
        )
    if kind not in _NOTIFYING:
        return
    access = subject.last("Service", "NotifyAccess")
    if access and access.value == "none":
        yield NOTIFY_ACCESS.at(
            f"NotifyAccess=none with Type={kind}: systemd takes it for main",
            "Service",
            access,
        )
    stated = access.value if access else "main"
    for entry in starts(subject):
        for command in subject.commands(entry):
            if stated != "all" and _forks_from_shell(command):
                yield NOTIFY_ACCESS.at(
                    "a shell starts the program: what it reports is not heard unless "
                    "the shell execs it or NotifyAccess=all",
                    "Service",
                    entry,
                )


def _forks_from_shell(command: Command) -> bool:
    words = [word for word in command.argv if word]
    if command.program.rpartition("/")[2] not in _SHELLS or "-c" not in words:
        return False
    script = words[words.index("-c") + 1] if words[-1] != "-c" else ""
    # A shell execs a single plain command by itself.
    return bool(re.search(r"[;&|\n]", script)) and not re.search(
        r"(?:^|[;&|\n])\s*exec\s", script
    )


def families(subject: Subject) -> t.Iterator[Problem]:
    """Whether a service that must notify may open the socket that it does so with."""
    kind = subject.service_type
    if kind not in _NOTIFYING:
        return
    allowed: set[str] | None = None
    denied: set[str] = set()
    last = None
    for entry in subject.kept("Service", "RestrictAddressFamilies"):
        words = {
            "AF_UNIX" if word == "AF_LOCAL" else word
            for word in split_words(entry.value.lstrip("~"), cunescape=False)
        }
        if entry.value == "none":
            allowed, words = set(), set()
        inverted = entry.value.startswith("~")
        if last is None and not inverted and allowed is None:
            allowed = set()
        last = entry
        if inverted and allowed is not None:
            allowed -= words
        elif inverted:
            denied |= words
        elif allowed is not None:
            allowed |= words
        else:
            denied -= words
    refused = allowed is not None and "AF_UNIX" not in allowed
    if last and (refused or "AF_UNIX" in denied):
        yield NOTIFY_FAMILY.at(
            f"Type={kind} needs AF_UNIX to report, which {last.key} refuses",
            "Service",
            last,
        )


def restarts(subject: Subject) -> t.Iterator[Problem]:
    """Restarts without an end and without a pause."""
    restart = subject.last("Service", "Restart")
    if not restart or restart.value == "no":
        return
    unlimited = None
    for section, key in (
        ("Unit", "StartLimitIntervalSec"),
        ("Unit", "StartLimitInterval"),
        ("Service", "StartLimitInterval"),
        ("Unit", "StartLimitBurst"),
        ("Service", "StartLimitBurst"),
    ):
        entry = subject.last(section, key)
        if entry and (time_span(entry.value) == 0 or entry.value == "0"):
            unlimited = (section, entry)
    pause = time_span(subject.value("Service", "RestartSec", "100ms"))
    steps = subject.value("Service", "RestartSteps", "0")
    if unlimited and pause is not None and pause < _ENDLESS_BELOW and steps == "0":
        yield RESTARTS.at(
            f"{unlimited[1].key}={unlimited[1].value} with Restart={restart.value}: a "
            "service that fails at once is started again "
            + (f"every {pause // 1000} ms" if pause else "without a pause")
            + "; set RestartSec=1 or more",
            *unlimited,
        )


def exec_lines(subject: Subject) -> t.Iterator[Problem]:
    """What is expanded that was not meant to be."""
    known: set[str] | None = None
    elsewhere = False
    for entry in subject.entries("Service", *_EXECS):
        key, value, _line = entry
        if "%" in value and (_DATE.search(value) or _ENCODED.search(value)):
            yield EXPANSION.at(
                f"systemd expands the % in {key} itself: write %% for one percent sign",
                "Service",
                entry,
            )
        if "$" not in value:
            continue
        if known is None:
            known = _defined(subject)
            # What these bring is not told by the unit.
            elsewhere = bool(
                subject.kept("Service", "EnvironmentFile")
                or subject.kept("Service", "PassEnvironment")
            )
        if not elsewhere and not _are_known(value, known):
            yield from _undefined(subject, entry, known)


def releases(subject: Subject) -> t.Iterator[Problem]:
    """Paths that go to a release itself."""
    for entry in subject.entries("Service", *_NAMING_PATHS):
        key, value, _line = entry
        if "/releases/" in value and _RELEASE_PATH.search(value):
            yield RELEASE.at(
                f"{key} goes past current: the next release needs another unit",
                "Service",
                entry,
            )


def _defined(subject: Subject) -> set[str]:
    names = set()
    for entry in subject.kept("Service", "Environment"):
        names |= set(re.findall(r"([A-Za-z_][A-Za-z0-9_]*)=", entry.value))
    return names


def _are_known(value: str, known: set[str]) -> bool:
    """Tell whether each variable that a line may expand is known, without reading it.

    Of a line without escapes the words, and they alone, are there without its quotes.
    """
    if "\\" in value:
        return False
    text = value.replace('"', "").replace("'", "")
    return all(
        name in known or _GIVEN.fullmatch(name) is not None
        for name in _MAY_EXPAND.findall(text)
    )


def _undefined(
    subject: Subject, entry: Assignment, known: set[str]
) -> t.Iterator[Problem]:
    for command in subject.commands(entry):
        if ":" in command.prefixes:
            continue
        for word in command.argv[1:]:
            for braced, plain in _VARIABLE.findall(word):
                name = braced or plain
                # $NAME is expanded as a word of its own only; ${NAME} anywhere.
                if (plain and word != f"${name}") or name in known:
                    continue
                if not _GIVEN.fullmatch(name):
                    yield EXPANSION.at(
                        f"systemd puts the variable {name} into {entry.key} itself, and "
                        "none of that name is set: write $$ for a dollar sign",
                        "Service",
                        entry,
                    )
                    return


def environment(subject: Subject) -> t.Iterator[Problem]:
    """Percent signs in values of the environment."""
    for entry in subject.entries("Service", "Environment"):
        if "%" in entry.value and (
            _DATE.search(entry.value) or _ENCODED.search(entry.value)
        ):
            yield EXPANSION.at(
                "systemd expands the % in Environment itself: write %% for one percent "
                "sign",
                "Service",
                entry,
            )


FINDERS: t.Final = (
    hinter(user),
    hinter(notification, "Type", "WatchdogSec"),
    finder(families, "RestrictAddressFamilies"),
    hinter(restarts, "Restart"),
    hinter(exec_lines, *_EXECS),
    hinter(releases, *_NAMING_PATHS),
    hinter(environment, "Environment"),
)
WHOLE_FINDERS: t.Final = (finder(verify),)
