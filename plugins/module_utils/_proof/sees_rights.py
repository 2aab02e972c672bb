# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""Directives about what a process is and may do, judged by its status in ``/proc``."""

from __future__ import annotations

from .._host.manager import parse_version
from .._host.proc import capability_names
from .sees_files import Look, hidden_log, hidden_modules
from .verdicts import Seen, Verdict, filter_and, some_filter, without

#: systemd.exec(5), DynamicUser=: the range that its users are taken from.
DYNAMIC = range(61184, 65520)
#: The version from which on MemoryDenyWriteExecute may be a flag of the process alone.
BY_FLAG = 254


def only_a_filter(_value: str, seen: Seen) -> Verdict:
    return some_filter(seen)


def nothing(why: str) -> Look:
    """A directive that leaves no trace that could be read."""
    return lambda _value, _seen: (why, None)


def no_new_privileges(_value: str, seen: Seen) -> Verdict:
    flag = seen.kernel.status.get("NoNewPrivs", "")
    return f"NoNewPrivs is {flag or 'unknown'}", flag == "1" if flag else None


def dynamic_user(_value: str, seen: Seen) -> Verdict:
    """A user that only this service has, or the host's own of the same name, which
    systemd takes instead where there is one (systemd.exec(5))."""
    ids = {int(word) for word in seen.kernel.status.get("Uid", "").split()}
    if not ids:
        return "unknown", None
    text = f"its user is {', '.join(str(uid) for uid in sorted(ids))}"
    if len(ids) == 1 and ids <= set(DYNAMIC):
        return text, True
    name = seen.declared.get("User", "")
    if len(ids) == 1 and 0 not in ids and name and name == seen.kernel.user:
        return f"the host has a user {name}, which it is", True
    return text, False


def bounding_set(value: str, seen: Seen) -> Verdict:
    rights = seen.kernel.rights()
    if rights is None:
        return "unknown", None
    extra = sorted(rights - set(value.split()))
    text = f"{' '.join(extra)} is left" if extra else "nothing else is left"
    return text, not extra


def ambient_set(value: str, seen: Seen) -> Verdict:
    raw = seen.kernel.status.get("CapAmb", "")
    if not raw:
        return "unknown", None
    missing = sorted(set(value.split()) - set(capability_names(int(raw, 16))))
    # a program may give them up when it has used them, and nothing tells that apart
    text = f"{' '.join(missing)} is missing" if missing else "as declared"
    return text, None if missing else True


def space(kind: str) -> Look:
    """A name space of the service's own."""

    def judge(_value: str, seen: Seen) -> Verdict:
        own = seen.kernel.own(kind)
        if own is None:
            return "unknown", None
        whose = "its own" if own else "the host's"
        return f"{whose} {kind} name space", own

    return judge


def private_users(value: str, seen: Seen) -> Verdict:
    """Users of its own: not all of the host's, unless that is what is declared (258)."""
    text, own = space("user")(value, seen)
    rows = [line.split() for line in seen.kernel.uid_map.splitlines()]
    whole = any(len(row) == 3 and row[2] == "4294967295" for row in rows)
    if own and whole and seen.declared.get("PrivateUsersEx") != "full":
        return "every user of the host is mapped", False
    return text, own


def umask(value: str, seen: Seen) -> Verdict:
    real = seen.kernel.status.get("Umask", "")
    if not real:
        return "unknown", None
    # a program may set its own, so that a wider one says nothing of systemd
    wider = int(value or "0", 8) & ~int(real, 8)
    return f"is {real}", None if wider else True


def protect_clock(_value: str, seen: Seen) -> Verdict:
    # no clock of the host can be set without these, whatever the filter holds
    return filter_and(seen, without(seen, "cap_sys_time", "cap_wake_alarm"))


def protect_kernel_modules(_value: str, seen: Seen) -> Verdict:
    return filter_and(seen, without(seen, "cap_sys_module"), hidden_modules(seen))


def protect_kernel_logs(_value: str, seen: Seen) -> Verdict:
    """Without its right the log is out of reach where kernel.dmesg_restrict is 1. Where it
    is 0, syslog(2) gives it to everybody, and only the filter is left to refuse that."""
    call: Verdict | None = None
    if not seen.kernel.log_restricted:
        call = ("kernel.dmesg_restrict is 0 and nothing shows what filters hold", None)
    return filter_and(seen, without(seen, "cap_syslog"), *hidden_log(seen), call)


def restrict_realtime(_value: str, seen: Seen) -> Verdict:
    """Nobody gets real-time scheduling without the right or a limit above 0 (sched(7))."""
    rights = seen.kernel.rights()
    limit = seen.kernel.limits.get("Max realtime priority")
    if rights is None or "cap_sys_nice" in rights or limit != "0":
        return some_filter(seen)
    return filter_and(
        seen, ("no cap_sys_nice, a real-time priority of at most 0", True)
    )


def memory_deny_write_execute(_value: str, seen: Seen) -> Verdict:
    if 0 < parse_version(seen.manager.get("Version", "")) < BY_FLAG:
        return some_filter(seen)
    return "a flag of the process that nothing shows, or a filter", None
