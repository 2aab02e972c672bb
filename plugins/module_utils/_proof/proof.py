# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The proof as a value: what was wished, what was found, which facts were missing."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._host.followers import STOPS_TOO
from .._host.manager import names, parse_span
from .listeners import Listener, parse_listen
from .probe import InvalidProbe, Probe

#: Every fact that a proof can miss, with what it says when it is there. A problem
#: carries the name of one of them.
FACTS = {
    "loaded": "the units are there and loaded, and none is masked",
    "reloaded": "systemd has read the unit files as they are now",
    "listening": "each socket unit is active",
    "bound": "PID 1 holds a listening socket at each address of the socket units",
    "trigger": "the socket units start this service and no other",
    "limit": "no start or trigger limit has been hit, and none is about to be",
    "rest": "the service could be brought to rest, or was there",
    "probe": "there is something to ask each socket",
    "triggered": "the service was started by the request",
    "ready": "the service became ready",
    "answered": "an answer came before the deadline",
    "answer": "the answer was the right one",
    "owner": "the process that answered belongs to the service",
    "descriptor": "the service holds the sockets of PID 1 under their names",
    "process": "the main process could be looked at",
    "stays": "the service kept running for the settle time",
    "user": "the service does not run as root",
    "sandbox": "the kernel shows the sandbox that the unit declares",
    "credentials": "the service sees its credentials, and nobody else does",
    "left": "the service was left as it was wished",
    "crash": "no request was lost when the main process was killed",
    "hang": "a process that hangs is brought back by its watchdog",
    "restart": "it can be activated again after a restart",
    "idle": "it leaves when it is idle and comes back",
}
Rest = t.Literal["once", "each", "found", "keep"]
Leave = t.Literal["as_found", "running", "idle"]


class InvalidWish(ValueError):
    """The wish for a proof contradicts itself or the host."""


def unit_name(name: str, kind: str = "service") -> str:
    """A unit's whole name; a name that has a type of unit keeps it."""
    types = ("service", "socket", "path", "timer")
    if name.rpartition(".")[2] in types and "." in name:
        return name
    return f"{name}.{kind}"


@dataclass(frozen=True)
class Wish:
    """What is to be proven, and how far the proof may go. Times are seconds."""

    service: str
    sockets: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    triggers: tuple[str, ...] = ()
    timeout: float = 30.0
    settle: float = 0.25
    rest: Rest = "once"
    since: float = 0.0
    """When the caller brought the service to rest, on the monotonic clock: a run that a
    request started later counts as one from rest. 0 when it did not."""
    leave: Leave = "as_found"
    samples: int = 1
    reset: bool = False
    accept: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    crash: int = 0
    crash_clients: int = 4
    hang: bool = False
    restart: bool = False
    idle: float = 0.0
    lines: int = 20
    spare: bool = False
    """Whether other units that stop with the service are a problem. They are started
    again in any case."""

    @classmethod
    def parse(cls, options: t.Mapping[str, t.Any]) -> Wish:
        """Read the options of the module ``activation``; ``name`` alone is needed.

        Raises `InvalidProbe` and `InvalidWish`.
        """
        given: dict[str, t.Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in options.items()
            if value is not None
        }
        given["service"] = unit_name(given.pop("name"))
        given["sockets"] = tuple(
            unit_name(name, "socket") for name in given.get("sockets", ())
        )
        given["probes"] = tuple(
            Probe.parse(probe, f"probes[{index}]")
            for index, probe in enumerate(given.get("probes", ()))
        )
        given["lines"] = given.pop("journal_lines", 20)
        wish = cls(**given)
        if wish.timeout <= 0 or wish.settle < 0 or wish.samples < 1:
            raise InvalidWish(
                "timeout must be more than 0, settle not less, samples at least 1"
            )
        for name in wish.triggers:
            if not name.endswith((".path", ".timer")):
                raise InvalidWish(f"triggers are path units and timers, not {name}")
        if wish.samples > 1 and wish.rest == "keep":
            raise InvalidWish("samples need a service that may be brought to rest")
        return wish


@dataclass(frozen=True)
class SocketUnit:
    """A socket unit as the manager shows it."""

    unit: str
    name: str
    listeners: tuple[Listener, ...]
    accept: bool
    active: str
    sub: str
    result: str
    triggers: tuple[str, ...]
    load: str
    needs_reload: bool
    accepted: int
    refused: int
    ipv6_only: bool
    trigger_burst: int = 0
    trigger_interval: int | None = None
    file_state: str = ""
    load_error: str = ""
    pending: bool = False
    """Whether it is about to be started or stopped."""
    connections: int = 0
    """How many of its connections are open now, each with an instance."""

    @classmethod
    def parse(cls, unit: str, shown: t.Mapping[str, str]) -> SocketUnit:
        """Read the properties in `SOCKET_PROPERTIES`."""
        name = shown.get("FileDescriptorName") or unit
        if shown.get("Accept") == "yes" and name in (unit, "connection"):
            name = unit[: -len(".socket")]  # what a program gets is called so anyway
        return cls(
            unit=unit,
            name=name,
            listeners=parse_listen(shown.get("Listen", "")),
            accept=shown.get("Accept") == "yes",
            active=shown.get("ActiveState", ""),
            sub=shown.get("SubState", ""),
            result=shown.get("Result", ""),
            triggers=tuple(shown.get("Triggers", "").split()),
            load=shown.get("LoadState", ""),
            needs_reload=shown.get("NeedDaemonReload") == "yes",
            accepted=int(shown.get("NAccepted") or 0),
            refused=int(shown.get("NRefused") or 0),
            ipv6_only=shown.get("BindIPv6Only") == "ipv6-only",
            trigger_burst=int(shown.get("TriggerLimitBurst") or 0),
            trigger_interval=parse_span(shown.get("TriggerLimitIntervalUSec", "")),
            file_state=shown.get("UnitFileState", ""),
            load_error=shown.get("LoadError", ""),
            pending=shown.get("Job", "") not in ("", "0"),
            connections=int(shown.get("NConnections") or 0),
        )

    def label(self, listener: Listener) -> str:
        """How the proof calls an address: with its kind where two kinds share it."""
        same = [other for other in self.listeners if other.text == listener.text]
        return listener.text if len(same) == 1 else listener.line

    @property
    def template(self) -> str:
        """The template that a socket with ``Accept=yes`` starts instances of."""
        return self.unit[: -len(".socket")] + "@.service"


SOCKET_PROPERTIES = names(
    "ActiveState SubState Result LoadState LoadError Listen Accept Triggers "
    "FileDescriptorName NeedDaemonReload NAccepted NConnections NRefused BindIPv6Only "
    "TriggerLimitIntervalUSec TriggerLimitBurst UnitFileState Job"
)
SERVICE_PROPERTIES = names(
    "ActiveState SubState Result LoadState LoadError Type MainPID ControlPID PIDFile "
    "InvocationID NRestarts InactiveExitTimestampMonotonic "
    "ActiveEnterTimestampMonotonic InactiveEnterTimestampMonotonic "
    "ExecMainStartTimestampMonotonic ExecMainHandoffTimestampMonotonic "
    "ExecMainExitTimestampMonotonic ExecMainCode ExecMainStatus ExecMainPID "
    "NeedDaemonReload TriggeredBy ControlGroup UnitFileState RefuseManualStop "
    "User DynamicUser StartLimitIntervalUSec StartLimitBurst TimeoutStartUSec Restart "
    "RestartUSec WatchdogUSec ActivationDetails ConditionResult "
    "ConditionTimestampMonotonic AssertResult Job " + " ".join(STOPS_TOO)
)


@dataclass(frozen=True)
class ServiceState:
    """A service as the manager shows it. Times are microseconds of the same clock as
    Python's ``time.monotonic``, 0 when it never happened."""

    shown: t.Mapping[str, str]

    def text(self, name: str) -> str:
        """A property, ``''`` when this version of systemd does not know it."""
        return self.shown.get(name, "")

    def number(self, name: str) -> int:
        """A property that is a number; 0 when it is unset or unknown."""
        value = self.shown.get(name, "")
        return int(value) if value.isdigit() else 0

    @property
    def active(self) -> str:
        """``active``, ``activating``, ``deactivating``, ``inactive``, ``failed`` …"""
        return self.text("ActiveState")

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it runs or is about to."""
        return self.active in ("inactive", "failed", "")

    @property
    def rest(self) -> int:
        """Since when it is at rest, the same for as long as it is; 0 when it is not."""
        since = self.number("InactiveEnterTimestampMonotonic")
        return since if self.at_rest and not self.pending else 0

    @property
    def pending(self) -> bool:
        """Whether it is about to be started, stopped or reloaded."""
        return self.text("Job") not in ("", "0")

    @property
    def main_pid(self) -> int:
        """The main process; 0 when there is none."""
        return self.number("MainPID")

    @property
    def invocation(self) -> str:
        """The identity of the run, new with each start."""
        return self.text("InvocationID")

    @property
    def started(self) -> int:
        """When it left the inactive state."""
        return self.number("InactiveExitTimestampMonotonic")

    @property
    def executed(self) -> int:
        """When its program got control, or was forked where systemd does not say."""
        return self.number("ExecMainHandoffTimestampMonotonic") or self.number(
            "ExecMainStartTimestampMonotonic"
        )

    @property
    def tells_readiness(self) -> bool:
        """Whether becoming active says something of the program, not of its start."""
        return self.text("Type") in ("notify", "notify-reload", "dbus", "forking")

    def ending(self) -> str:
        """How its main process ended, for people; ``''`` when it did not."""
        if not self.number("ExecMainExitTimestampMonotonic"):
            return ""
        status = self.text("ExecMainStatus")
        # CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3
        if self.text("ExecMainCode") == "1":
            return f"ended with status {status}"
        return f"was killed by signal {status}"


@dataclass
class Problem:
    """A fact that is missing, the socket that it is about, and a sentence."""

    fact: str
    message: str
    socket: str | None = None

    def returned(self) -> dict[str, t.Any]:
        """What the module returns of it."""
        return {"fact": self.fact, "socket": self.socket, "message": self.message}


@dataclass
class Proof:
    """The result while it grows; `returned` is what the module gives back."""

    service: dict[str, t.Any] = field(default_factory=dict)
    sockets: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    triggers: dict[str, dict[str, t.Any]] = field(default_factory=dict)
    process: dict[str, t.Any] = field(default_factory=dict)
    sandbox: dict[str, t.Any] = field(default_factory=dict)
    latency: dict[str, t.Any] = field(default_factory=dict)
    trials: dict[str, t.Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    changed: bool = False

    def problem(self, fact: str, message: str, socket: str | None = None) -> None:
        """Add a missing fact, once."""
        if fact not in FACTS:
            raise KeyError(fact)
        if not any(p.message == message and p.socket == socket for p in self.problems):
            self.problems.append(Problem(fact, message, socket))

    def returned(self) -> dict[str, t.Any]:
        """The mapping ``proof`` of the module's result."""
        return {
            "service": self.service,
            "sockets": self.sockets,
            "triggers": self.triggers,
            "process": self.process,
            "sandbox": self.sandbox,
            "latency": self.latency,
            "trials": self.trials,
            "problems": [problem.returned() for problem in self.problems],
            "notes": self.notes,
            "journal": self.journal,
        }

    def summary(self) -> str:
        """One sentence a missing fact, for the message of a failure."""
        parts = []
        for found in self.problems:
            where = f"socket {found.socket}: " if found.socket else ""
            parts.append(f"[{found.fact}] {where}{found.message}")
        return "; ".join(parts)


def find_socket(name: str, units: t.Sequence[SocketUnit], service: str) -> SocketUnit:
    """The socket that a probe means: by its descriptor's name or by its unit's.

    Raises `InvalidProbe` when there is none, or more than one with that name.
    """
    base = service.rpartition(".")[0]
    meant = {unit_name(name, "socket"), f"{base}-{name}.socket"}
    by_unit = [unit for unit in units if unit.unit in meant]
    found = by_unit[:1] or [unit for unit in units if unit.name == name]
    if len(found) == 1:
        return found[0]
    there = ", ".join(sorted({unit.name for unit in units})) or "none"
    if found:
        raise InvalidProbe(f"{len(found)} sockets are called {name}: use a unit's name")
    raise InvalidProbe(f"there is no socket {name}; there are: {there}")


def keys(units: t.Sequence[SocketUnit]) -> dict[str, str]:
    """The name that each unit has in the proof: its descriptor's, when that is enough."""
    taken = [unit.name for unit in units]
    return {u.unit: u.name if taken.count(u.name) == 1 else u.unit for u in units}


def default_probes(units: t.Sequence[SocketUnit]) -> tuple[Probe, ...]:
    """Without a wish, each socket that takes connections is connected to."""
    return tuple(
        Probe(socket=unit.unit)
        for unit in units
        if any(listener.connects for listener in unit.listeners)
    )


def limit_message(result: str) -> str:
    """What a socket unit's or a service's ``Result`` says of a limit; ``''`` if nothing."""
    return {
        "trigger-limit-hit": "the socket has hit its trigger limit (TriggerLimitBurst=): "
        "it was started again and again without anybody taking the request",
        "service-start-limit-hit": "the service has hit its start limit "
        "(StartLimitBurst=), which has closed the socket",
        "start-limit-hit": "the service has hit its start limit (StartLimitBurst=)",
    }.get(result, "")


def milliseconds(begin: float, end: float | None) -> float | None:
    """Milliseconds between two times in seconds, to the hundredth."""
    return None if end is None else round((end - begin) * 1000, 2)


def spread(values: t.Sequence[float]) -> dict[str, float] | None:
    """The least, the median and the greatest of some numbers."""
    if not values:
        return None
    row = sorted(values)
    middle = len(row) // 2
    median = row[middle] if len(row) % 2 else (row[middle - 1] + row[middle]) / 2
    return {"min": row[0], "median": round(median, 2), "max": row[-1]}
