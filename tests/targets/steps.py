# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running commands quietly, and telling a person what goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATE = HERE.parent.parent / ".build" / "targets"
TAIL = 15
"""Lines of a log that are shown when a command fails."""

_began = time.monotonic()
_running: set[subprocess.Popen[bytes]] = set()
_interrupted = threading.Event()


class TargetError(Exception):
    """What went wrong, in words for a person."""


def say(text: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"{time.monotonic() - _began:6.1f} s  {text}", flush=True)


def ask(arguments: t.Sequence[str], timeout: float = 60) -> tuple[int, str, str]:
    """Run a short command; its status and what it wrote to both streams.

    A program that is not there answers 127, one that does not end in time 124.
    """
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except (FileNotFoundError, PermissionError):
        return 127, "", f"{arguments[0]}: not found"
    except subprocess.TimeoutExpired:
        return 124, "", f"{arguments[0]} gave no answer within {timeout:.0f} s"
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def run_logged(
    what: str,
    arguments: t.Sequence[str],
    log: Path,
    environment: t.Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Run a long command with its output in `log`, in `folder`.

    Raises TargetError with the end of the log and its path when it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"\n# {' '.join(arguments)}\n".encode())
        output.flush()
        with subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,  # mmdebstrap signals its whole process group
        ) as process:
            _running.add(process)
            try:
                if _interrupted.is_set():
                    _end(process)
                status = process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                _running.discard(process)
    if status:
        raise TargetError(f"{what} failed (status {status}).\n{end_of(log)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def end_running() -> None:
    """End the long commands of all threads, now and later: a person interrupted us."""
    _interrupted.set()
    for process in list(_running):
        _end(process)


def end_of(log: Path) -> str:
    """The last lines of a log, and where the rest is."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-TAIL:]
    except OSError:
        lines = []
    return "\n".join([*(f"    {line}" for line in lines), f"The whole log: {log}"])


def fail(error: TargetError) -> t.NoReturn:
    """End the program with the error on standard error."""
    print(f"targets: {error}", file=sys.stderr)
    raise SystemExit(1)
