# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""The narrow door to the host's service manager: systemctl, busctl and journalctl."""

from __future__ import annotations

import json
import re
import typing as t

Run = t.Callable[..., t.Tuple[int, str, str]]
"""``run(argv, env=None) -> (rc, out, err)``: how a command is executed."""

#: The manager's tools answer in one language, without colours and without a pager.
ENVIRONMENT = {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}

_SPANS = {
    "y": 31557600 * 1000000,
    "month": 2629800 * 1000000,
    "w": 7 * 86400 * 1000000,
    "d": 86400 * 1000000,
    "h": 3600 * 1000000,
    "min": 60 * 1000000,
    "s": 1000000,
    "ms": 1000,
    "us": 1,
}


def names(text: str) -> tuple[str, ...]:
    """Names that are written one after another, with blanks between them."""
    return tuple(text.split())


OWN = names(
    "Version DefaultTasksMax DefaultLimitNOFILE DefaultLimitNPROC DefaultLimitCORE "
    "DefaultLimitMEMLOCK"
)


class ManagerError(RuntimeError):
    """The manager refused a command; ``argv``, ``rc`` and ``err`` say what it was."""

    def __init__(self, argv: t.Sequence[str], rc: int, err: str) -> None:
        self.argv = list(argv)
        self.rc = rc
        self.err = err.strip()
        super().__init__(
            f"{' '.join(argv)} ended with {rc}: {self.err or 'no message'}"
        )


def parse_show(text: str, properties: t.Collection[str]) -> list[dict[str, str]]:
    """Read the output of ``systemctl show``: one mapping a unit, in the order asked.

    ``properties`` are the names that were asked for: only they begin a line. A name
    that is printed more than once (``Listen``, ``ExecStart``) has its values joined by
    line breaks, and a line that begins with no name continues the value before it. A
    property that this version of systemd does not know is absent.
    """
    names = set(properties)
    blocks: list[dict[str, str]] = []
    block: dict[str, str] = {}
    last = ""
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals and key in names:
            block[key] = f"{block[key]}\n{value}" if key in block else value
            last = key
        elif not line:
            if block:
                blocks.append(block)
            block, last = {}, ""
        elif last:
            block[last] += "\n" + line
    if block:
        blocks.append(block)
    return blocks


def parse_span(text: str) -> int | None:
    """Microseconds of a time span as systemctl prints it (``1min 30s``).

    ``None`` for ``infinity``, for an empty value and for one that is not set.
    """
    text = text.strip()
    if text.isdigit():
        return int(text)
    if not text or text in ("infinity", "n/a", "[not set]"):
        return None
    total = 0.0
    for part in text.split():
        match = re.match(r"^(\d+(?:\.\d+)?)([a-z]+)$", part)
        if match is None or match.group(2) not in _SPANS:
            raise ValueError(f"not a time span: {text!r}")
        total += float(match.group(1)) * _SPANS[match.group(2)]
    return round(total)


def parse_version(text: str) -> int:
    """The number that a version begins with, such as ``257.13-1``, ``v252`` or the first
    line of ``systemctl --version``; 0 when there is none."""
    match = re.match(r"(?:systemd |v)?([0-9]{1,6})(?![0-9])", text)
    return int(match.group(1)) if match else 0


class Manager:
    """What the collection asks of systemd. Every method runs exactly one command.

    A method that changes something raises `ManagerError` when systemd refuses.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._own: dict[str, str] | None = None

    def _call(self, *argv: str) -> str:
        rc, out, err = self._run(list(argv), env=ENVIRONMENT)
        if rc != 0:
            raise ManagerError(argv, rc, err or out)
        return out

    def _change(self, verb: str, units: t.Sequence[str], *options: str) -> None:
        if units:
            self._call("systemctl", verb, "--no-ask-password", *options, "--", *units)

    # Questions

    @property
    def version(self) -> int:
        """systemd's version, such as 252."""
        return parse_version(self.own["Version"])

    @property
    def own(self) -> dict[str, str]:
        """The manager's own version, and the limits that units have by default: no unit
        has declared one that equals them. They are asked for once."""
        if self._own is None:
            out = self._call("systemctl", "show", "-p", ",".join(OWN))
            self._own = {"Version": "", **dict(*parse_show(out, OWN))}
        return self._own

    def show(
        self, units: t.Sequence[str], properties: t.Sequence[str]
    ) -> dict[str, dict[str, str]]:
        """The properties of each unit, in one command, as systemctl prints them.

        A unit that does not exist has ``LoadState`` ``not-found``. ``Id`` is always
        there: it differs from the name asked for when that is an alias.
        """
        if not units:
            return {}
        asked = sorted({"Id", *properties})
        out = self._call("systemctl", "show", "-p", ",".join(asked), "--", *units)
        blocks = parse_show(out, asked)
        if len(blocks) != len(units):
            raise ManagerError(
                ["systemctl", "show", *units],
                0,
                f"{len(blocks)} answers for {len(units)} units",
            )
        return dict(zip(units, blocks))

    def show_matching(
        self, pattern: str, properties: t.Sequence[str], *beside: str
    ) -> dict[str, dict[str, str]]:
        """The properties of every loaded unit whose name matches a shell pattern, and of
        the units ``beside`` them. Of a unit with several names only the first counts, by
        which it is also called here."""
        asked = sorted({"Id", *properties})
        out = self._call(
            *("systemctl", "show", "--all", "-p", ",".join(asked), "--"),
            *(pattern, *beside),
        )
        return {block["Id"]: block for block in parse_show(out, asked) if "Id" in block}

    def sockets(self) -> list[dict[str, str]]:
        """Every loaded socket: ``listen``, ``unit`` and ``activates`` (systemd 247)."""
        out = self._call("systemctl", "list-sockets", "--all", "-o", "json")
        return t.cast("list[dict[str, str]]", json.loads(out or "[]"))

    def unit_file_state(self, unit: str) -> str:
        """``enabled``, ``disabled``, ``static``, ``masked`` …; ``''`` without a file."""
        return self.show([unit], ["UnitFileState"])[unit].get("UnitFileState", "")

    def raw_properties(
        self, unit: str, interface: str, names: t.Sequence[str]
    ) -> list[t.Any]:
        """Properties as D-Bus has them, for what systemctl prints as ``[unprintable]``.

        ``interface`` is the last word, such as ``Service``. A property that cannot be
        read, since systemd does not know it or there is no bus, is ``None``.
        """
        argv = [
            "busctl",
            "--json=short",
            "get-property",
            "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1/unit/" + bus_label(unit),
            f"org.freedesktop.systemd1.{interface}",
        ]
        rc, out, _err = self._run([*argv, *names], env=ENVIRONMENT)
        rows = out.splitlines()
        if rc == 0 and len(rows) == len(names):
            return [json.loads(row)["data"] for row in rows]
        if len(names) == 1:
            return [None]
        # one unknown property spoils the whole answer
        return [self.raw_properties(unit, interface, [name])[0] for name in names]

    def sync_journal(self) -> None:
        """Have the journal take in all that was said up to now, where it can."""
        self._run(["journalctl", "--sync"], env=ENVIRONMENT)

    def journal(
        self,
        unit: str,
        lines: int = 20,
        *,
        beside: t.Iterable[str] = (),
        cursor_usec: int | None = None,
    ) -> list[str]:
        """The last lines that the journal holds of a unit, and of those ``beside`` it;
        empty where there is none.

        ``cursor_usec`` leaves out what is older than that time of the real-time clock.
        """
        argv = ["journalctl", "--quiet", "--no-pager", "-o", "short-monotonic"]
        argv += ["-n", str(lines), *(f"--unit={name}" for name in (unit, *beside))]
        if cursor_usec is not None:
            argv.append(f"--since=@{cursor_usec / 1000000:.6f}")
        rc, out, _err = self._run(argv, env=ENVIRONMENT)
        return [line for line in out.splitlines() if line.strip()] if rc == 0 else []

    def refused_calls(self, since_usec: int) -> list[str]:
        """What the kernel has told since a time of the real-time clock of processes that
        a filter of system calls has killed (audit, type 1326): the whole host's, where
        there is audit at all."""
        argv = ["journalctl", "--quiet", "--no-pager", "-o", "short-monotonic"]
        argv += [f"--since=@{since_usec / 1000000:.6f}", "-n", "1000"]
        argv += ["_TRANSPORT=audit", "+", "_TRANSPORT=kernel"]
        rc, out, _err = self._run(argv, env=ENVIRONMENT)
        rows = out.splitlines() if rc == 0 else []
        return [row for row in rows if "type=1326" in row or "SECCOMP" in row]

    def endings(self, unit: str, since_usec: int) -> list[str]:
        """How main processes of a unit have failed since a time of the real-time clock,
        from the fields that systemd itself writes to the journal; the oldest first."""
        argv = ["journalctl", "--quiet", "--no-pager", "-o", "json", "-u", unit]
        argv.append(f"--since=@{since_usec / 1000000:.6f}")
        rc, out, _err = self._run([*argv, "-n", "100"], env=ENVIRONMENT)
        found = []
        for line in out.splitlines() if rc == 0 else ():
            row = json.loads(line)
            if "Main process exited" not in str(row.get("MESSAGE")):
                continue
            exited = row.get("EXIT_CODE") == "exited"
            how = "ended with status" if exited else "was killed by signal"
            found.append(f"{how} {row.get('EXIT_STATUS')}")
        return found

    # Changes

    def start(self, *units: str, no_block: bool = False) -> None:
        """Start units and wait until they are, or only ask for it with ``no_block``."""
        self._change("start", units, *(["--no-block"] if no_block else []))

    def stop(self, *units: str, no_block: bool = False) -> None:
        """Stop units. Stopping a service leaves its sockets open."""
        self._change("stop", units, *(["--no-block"] if no_block else []))

    def restart(self, *units: str, no_block: bool = False) -> None:
        """Restart units, which starts those that are not running."""
        self._change("restart", units, *(["--no-block"] if no_block else []))

    def reload(self, *units: str) -> None:
        """Have running services read again what they read at their start."""
        self._change("reload", units)

    def try_restart(self, *units: str) -> None:
        """Restart the units that are running."""
        self._change("try-restart", units)

    def reset_failed(self, *units: str) -> None:
        """Forget failures and start counters (the counters too since systemd 257)."""
        self._change("reset-failed", units)

    def enable(self, *units: str) -> None:
        """Enable units at boot, without starting them; the caller reloads."""
        self._change("enable", units, "--no-reload")

    def disable(self, *units: str) -> None:
        """Disable units at boot, without stopping them; the caller reloads."""
        self._change("disable", units, "--no-reload")

    def kill(self, unit: str, signal: str) -> None:
        """Send a signal to the main process of a unit."""
        # --kill-who became --kill-whom in 252; the short old form works on every version
        self._change("kill", [unit], "--kill-who=main", f"--signal={signal}")

    def daemon_reload(self) -> None:
        """Let systemd read all unit files again."""
        self._call("systemctl", "daemon-reload", "--no-ask-password")


def bus_label(name: str) -> str:
    """A name as a part of a D-Bus object path (sd_bus_path_encode(3))."""
    if not name:
        return "_"
    escaped = ""
    for index, byte in enumerate(name.encode("utf-8")):
        char = chr(byte)
        plain = char.isascii() and (char.isalpha() or (char.isdigit() and index > 0))
        escaped += char if plain else f"_{byte:02x}"
    return escaped
