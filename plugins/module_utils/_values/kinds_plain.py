# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Kinds of plain values: booleans, numbers, times, sizes, shares, single words."""

from __future__ import annotations

import re
import typing as t

from .._tables import directives
from . import basics
from .calendars import calendar_problem
from .text import (
    BadValue,
    Check,
    demand,
    distinct_words,
    expand,
    one_of,
    resettable,
)


def boolean(value: str, key: str, systemd: int) -> None:
    demand(
        basics.is_boolean(value),
        f"{value!r} is not a boolean (yes, no, true, false, on, off, 1, 0)",
    )


def seconds(value: str, key: str, systemd: int) -> None:
    demand(
        basics.time_span(value) is not None,
        f"{value!r} is not a time span such as 90s, 5min or infinity",
    )


def nanoseconds(value: str, key: str, systemd: int) -> None:
    demand(basics.is_nano_span(value), f"{value!r} is not a time span such as 50us")


def calendar(value: str, key: str, systemd: int) -> None:
    """A timer: an expression of the calendar, or a time span."""
    value = expand(value, systemd)
    if key != "OnCalendar":
        seconds(value, key, systemd)
        return
    problem = calendar_problem(value)
    if problem:
        raise BadValue(problem)


def mode(value: str, key: str, systemd: int) -> None:
    demand(basics.is_mode(value), f"{value!r} is not an access mode in octal")


def number(low: int, high: int) -> Check:
    """Give a check for an integer from `low` to `high`."""

    def checked(value: str, key: str, systemd: int) -> None:
        demand(
            basics.is_integer(value, low, high, systemd),
            f"{value!r} is not an integer from {low} to {high}",
        )

    return checked


def bytes_(value: str, key: str, systemd: int) -> None:
    demand(basics.size(value) is not None, f"{value!r} is not a size such as 64K")


def memory(value: str, key: str, systemd: int) -> None:
    if value == "infinity":
        return
    share = basics.percent(value, systemd)
    if share is not None and share <= 10000:
        amount: int | None = share
    else:
        amount = basics.size(value)
    demand(
        amount is not None,
        f"{value!r} is not a size such as 512M, a share such as 20% or infinity",
    )
    may_be_zero = key != "DefaultStartupMemoryLow" and any(
        word in key for word in ("Swap", "Low", "Min")
    )
    demand(
        may_be_zero or amount != 0,
        f"{key} cannot be {value}: nothing could run within it",
    )


def tasks(value: str, key: str, systemd: int) -> None:
    fits = value == "infinity" or basics.is_percent(value, systemd)
    demand(
        fits or basics.is_integer(value, 1, 2**64 - 2, systemd),
        f"{value!r} is not a positive number, a share such as 20% or infinity",
    )


def cpu_quota(value: str, key: str, systemd: int) -> None:
    demand(
        (basics.percent(value, systemd) or 0) > 0,
        f"{value!r} is not a share such as 150%",
    )


def share(value: str, key: str, systemd: int) -> None:
    demand(basics.is_percent(value, systemd), f"{value!r} is not a share such as 60%")


def quota(value: str, key: str, systemd: int) -> None:
    fits = value == "off" or basics.is_percent(value, systemd)
    demand(
        fits or basics.size(value) is not None,
        f"{value!r} is not a size, a share or off",
    )


def cpu_weight(value: str, key: str, systemd: int) -> None:
    if value != "idle" or systemd < 252:
        number(1, 10000)(value, key, systemd)


def cpus(value: str, key: str, systemd: int) -> None:
    """A list of CPUs or memory nodes: numbers and ranges."""
    if systemd >= 254:
        value = expand(value, systemd)
    if (key == "CPUAffinity" and value == "numa") or (
        key == "NUMAMask" and value == "all"
    ):
        return
    for word in distinct_words(value, separators=" \t\n\r,"):
        low, dash, high = word.partition("-")
        demand(
            _is_cpu(low, systemd) and (not dash or _is_cpu(high, systemd)),
            f"{word!r} is not a number or a range such as 0-3",
        )
        first, last = basics.integer(low, systemd), basics.integer(high, systemd)
        demand(
            first is None or last is None or first <= last,
            f"{word!r} goes down: write the lower number first",
        )


def _is_cpu(text: str, systemd: int) -> bool:
    # Older versions counted one on from the greatest number, and met nought.
    return basics.is_integer(text, 0, 8191, systemd) or (
        systemd < 258 and basics.integer(text, systemd) == 2**32 - 1
    )


def signal(value: str, key: str, systemd: int) -> None:
    names = directives.words("signal_name", systemd) or frozenset()
    problem = basics.signal_problem(value, names, systemd)
    if problem:
        raise BadValue(problem)


def statuses(value: str, key: str, systemd: int) -> None:
    """Exit statuses by number or name, and signals by name."""
    names = directives.words("exit_status_name", systemd) or frozenset()
    signals = directives.words("signal_name", systemd) or frozenset()
    for word in distinct_words(value, unquote=False):
        fits = word in names or basics.is_integer(word, 0, 255, systemd)
        demand(
            fits or basics.signal_problem(word, signals, systemd) is None,
            f"{word!r} is neither an exit status nor a signal",
        )


def limit(value: str, key: str, systemd: int) -> None:
    """A resource limit: one, or soft:hard (setrlimit(2))."""
    parts = value.split(":")
    demand(len(parts) <= 2, f"{value!r} is not LIMIT or SOFT:HARD")
    amounts = [_limit(part, key, systemd) for part in parts]
    demand(
        amounts[0] <= amounts[-1], f"the soft limit of {value!r} is above the hard one"
    )


def _limit(text: str, key: str, systemd: int) -> int:
    name = key[len("Limit") :]
    if text == "infinity" and name != "NICE":
        return 2**64
    amount: int | None
    if name in ("CPU", "RTTIME"):
        amount = basics.time_span(text, 10**6 if name == "CPU" else 1)
    elif name in ("FSIZE", "DATA", "STACK", "CORE", "RSS", "AS", "MEMLOCK", "MSGQUEUE"):
        amount = basics.size(text)
    elif name == "NICE" and text[:1] in ("+", "-"):
        nice = basics.integer(text, systemd)
        amount = 20 - nice if nice is not None and -20 <= nice <= 19 else None
    else:
        amount = basics.integer(text, systemd)
        if amount is not None and not 0 <= amount < 2**64 - 1:
            amount = None
        if name == "NICE" and amount is not None and amount > 40:
            amount = None
    if amount is None:
        raise BadValue(f"{text!r} is not a value of {key}")
    return amount


def io_class(value: str, key: str, systemd: int) -> None:
    highest = 7 if systemd >= 258 else 2**31 - 1
    if not basics.is_integer(value, 0, highest, systemd):
        one_of(value, "ioprio_class", systemd)


def cpu_policy(value: str, key: str, systemd: int) -> None:
    if not basics.is_integer(value, 0, 2**31 - 1, systemd):
        one_of(value, "sched_policy", systemd)


def log_level(value: str, key: str, systemd: int) -> None:
    if not basics.is_integer(value, 0, 7, systemd):
        one_of(value, "log_level", systemd)


def log_facility(value: str, key: str, systemd: int) -> None:
    if not basics.is_integer(value, 0, 127, systemd):
        one_of(value, "log_facility_unshifted", systemd)


def ip_tos(value: str, key: str, systemd: int) -> None:
    if not basics.is_integer(value, 0, 255, systemd):
        one_of(value, "ip_tos", systemd)


def kill_mode(value: str, key: str, systemd: int) -> None:
    one_of(value, "kill_mode", systemd)
    demand(value != "none", "KillMode=none leaves processes behind and is deprecated")


def coredump_filter(value: str, key: str, systemd: int) -> None:
    names = (
        "private-anonymous", "shared-anonymous", "private-file-backed", "elf-headers",
        "shared-file-backed", "private-huge", "shared-huge", "private-dax",
        "shared-dax", "default", "all",
    )  # fmt: skip
    for word in distinct_words(value, unquote=False):
        demand(
            word in names
            or re.fullmatch(r"[+]?(0[xX])?[0-9a-fA-F]{1,16}", word) is not None,
            f"{word!r} is not a kind of memory mapping",
        )


def timestamping(value: str, key: str, systemd: int) -> None:
    names = ("off", "us", "usec", "μs", "µs", "ns", "nsec")
    demand(
        value in names or basics.is_boolean(value),
        f"{value!r} is not off, us or ns",
    )


def protect_hostname(value: str, key: str, systemd: int) -> None:
    if not value and systemd >= 258:
        return
    state, colon, name = value.partition(":")
    one_of(state, "protect_hostname", systemd)
    demand(
        not colon
        or (
            state.lower() not in basics.FALSE
            and re.fullmatch(r"[A-Za-z0-9%._-]+", name) is not None
        ),
        f"{name!r} is not a host name, or nothing is protected",
    )


def oom_share(value: str, key: str, systemd: int) -> None:
    demand(
        systemd >= 248 or "." not in value,
        f"{value!r} is not a whole share such as 60%",
    )
    share(value, key, systemd)


def oom_duration(value: str, key: str, systemd: int) -> None:
    span = basics.time_span(value)
    demand(
        span is not None and 10**6 <= span < 2**64 - 1,
        f"{value!r} is not a time span of at least a second",
    )


KINDS: t.Final[t.Mapping[str, Check]] = {
    "bool": boolean,
    "tristate": resettable(boolean),
    "exec_mount_apivfs": resettable(boolean),
    "job_mode_isolate": boolean,
    "sec": seconds,
    "sec_fix_0": seconds,
    "sec_def_infinity": resettable(seconds),
    "service_timeout": seconds,
    "service_timeout_abort": resettable(seconds),
    "job_timeout_sec": seconds,
    "job_running_timeout_sec": seconds,
    "nsec": nanoseconds,
    "timer": resettable(calendar),
    "mode": mode,
    "int": number(-(2**31), 2**31 - 1),
    "long": number(-(2**63), 2**63 - 1),
    "unsigned": number(0, 2**32 - 1),
    "tty_size": resettable(number(0, 2**32 - 1)),
    "exit_status": resettable(number(0, 255)),
    "exec_nice": resettable(number(-20, 19)),
    "exec_oom_score_adjust": resettable(number(-1000, 1000)),
    "exec_io_priority": resettable(number(0, 7)),
    "exec_cpu_sched_prio": number(0, 99),
    "swap_priority": resettable(number(-1, 32767)),
    "iec_size": bytes_,
    "iec_size_long": bytes_,
    "memory_limit": resettable(memory),
    "tasks_max": resettable(tasks),
    "cpu_quota": resettable(cpu_quota),
    "cpu_shares": resettable(number(2, 262144)),
    "cg_weight": resettable(number(1, 10000)),
    "cg_cpu_weight": resettable(cpu_weight),
    "blockio_weight": resettable(number(10, 1000)),
    "managed_oom_mem_pressure_limit": resettable(oom_share),
    "managed_oom_mem_pressure_duration_sec": resettable(oom_duration),
    "exec_quota": resettable(quota),
    "allowed_cpus": cpus,
    "allowed_mems": cpus,
    "allowed_cpuset": cpus,
    "unit_cpu_set": cpus,
    "exec_cpu_affinity": cpus,
    "numa_mask": cpus,
    "signal": signal,
    "set_status": statuses,
    "rlimit": limit,
    "exec_io_class": resettable(io_class),
    "exec_cpu_sched_policy": resettable(cpu_policy),
    "log_level": log_level,
    "log_facility": log_facility,
    "ip_tos": resettable(ip_tos),
    "kill_mode": resettable(kill_mode),
    "exec_coredump_filter": resettable(coredump_filter),
    "socket_timestamping": timestamping,
    "protect_hostname": protect_hostname,
}
