# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Docker Engine that answers: found, or installed and started where that is ours to do.

An engine that runs is used as it is, DOCKER_HOST and Docker's own settings respected.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from steps import STATE, TargetError, ask, end_of, run_logged, say

OLDEST = (20, 10)
"""The first Docker Engine with private cgroup namespaces (`--cgroupns`)."""

SOCKET = Path("/var/run/docker.sock")
PID_FILE = Path("/var/run/docker.pid")
START_TIMEOUT = 60
INSTALL = (
    "Install Docker Engine 20.10 or later (https://docs.docker.com/engine/install/)"
)


@dataclass(frozen=True)
class Answer:
    """What came of asking for the engine: its version, or why there is none."""

    version: str = ""
    reason: str = ""
    """'' when it answered; else 'missing', 'silent', 'forbidden' or 'strange'."""
    text: str = ""


def parse_version(text: str) -> tuple[int, int]:
    """The first two numbers of a version: '20.10.24+dfsg1' -> (20, 10).

    Raises TargetError for a text that does not begin with two numbers.
    """
    match = re.match(r"v?(\d+)\.(\d+)", text)
    if not match:
        raise TargetError(f"The Docker Engine's version is not understood: {text!r}.")
    return int(match.group(1)), int(match.group(2))


def check_version(text: str) -> None:
    """Raise TargetError for an engine that is too old."""
    if parse_version(text) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise TargetError(
            f"Docker Engine {text} is too old: {oldest} is the first with private "
            f"cgroup namespaces, which systemd in a container needs. {INSTALL}."
        )


def judge(status: int, output: str, errors: str) -> Answer:
    """Understand what `docker version --format '{{json .Server}}'` answered."""
    if status == 0:
        try:
            server = json.loads(output)
            names = [part.get("Name") for part in server.get("Components") or []]
            version = str(server["Version"])
        except (ValueError, KeyError, AttributeError, TypeError):
            return Answer(reason="strange", text=f"not understood: {output[:200]!r}")
        if any("podman" in str(name).lower() for name in names):
            return Answer(reason="strange", text="this `docker` is Podman")
        return Answer(version=version)
    text = (errors or output).splitlines()[-1] if errors or output else "no word"
    if status == 127:
        return Answer(reason="missing", text=text)
    if "permission denied" in errors.lower():
        return Answer(reason="forbidden", text=text)
    silent = r"cannot connect|connection refused|no such file|daemon running|no answer"
    if status == 124 or re.search(silent, errors, re.IGNORECASE):
        return Answer(reason="silent", text=text)
    return Answer(reason="strange", text=text)


def ask_engine() -> Answer:
    """Ask Docker's own client whether an engine answers."""
    return judge(*ask(["docker", "version", "--format", "{{json .Server}}"], 20))


def ensure_engine() -> str:
    """Make sure that an engine answers; its version.

    Raises TargetError with one sentence that says what a person has to do.
    """
    answer = ask_engine()
    if answer.reason in ("missing", "silent") and not os.environ.get("DOCKER_HOST"):
        STATE.mkdir(parents=True, exist_ok=True)
        with (STATE / "engine.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _install_and_start()
        answer = ask_engine()
    if answer.reason:
        raise TargetError(_explain(answer))
    check_version(answer.version)
    return answer.version


def _explain(answer: Answer) -> str:
    where = os.environ.get("DOCKER_HOST")
    if answer.reason == "forbidden":
        return (
            "The Docker Engine refuses this user: run as root, or add the user to "
            f"the group `docker` and log in again ({answer.text})."
        )
    if answer.reason == "missing":
        return f"There is no `docker` command. {INSTALL}."
    if answer.reason == "silent":
        place = f"at DOCKER_HOST={where}" if where else "on this machine"
        return f"No Docker Engine answers {place}: start it ({answer.text})."
    return f"The Docker Engine cannot be used ({answer.text}). {INSTALL}."


def apt_is_ours() -> bool:
    """Whether packages may be installed here: root, on Debian or Ubuntu."""
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    debian = re.search(r'^ID(_LIKE)?="?(.*\b)?(debian|ubuntu)\b', release, re.MULTILINE)
    return os.geteuid() == 0 and bool(debian) and bool(shutil.which("apt-get"))


def apt_install(*packages: str) -> None:
    """Install packages of this machine's own distribution, saying so."""
    say(f"installing {' '.join(packages)} with apt-get")
    log = STATE / "apt.log"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_logged("apt-get update", ["apt-get", "update", "-q"], log, quiet)
    install = ["apt-get", "install", "-q", "-y", *packages]
    run_logged("apt-get install", install, log, quiet)


def _install_and_start() -> None:
    if not (shutil.which("docker") and shutil.which("dockerd")):
        if not apt_is_ours():
            who = "" if os.geteuid() == 0 else ", as root"
            command = "`docker`" if shutil.which("dockerd") else "Docker Engine"
            raise TargetError(
                f"There is no {command} here, and it is installed by itself only on "
                f"Debian and Ubuntu{who}. {INSTALL}, start it, and try again."
            )
        apt_install("docker.io", *_client_package())
    if os.geteuid() != 0:
        raise TargetError("No Docker Engine answers: start it, or run this as root.")
    if Path("/run/systemd/system").is_dir():
        say("starting docker.service")
        run_logged("The start", ["systemctl", "start", "docker"], STATE / "engine.log")
    elif not running_daemon(PID_FILE):
        _start_daemon()
    else:
        _await_socket(None)


def _client_package() -> list[str]:
    """Debian 13 and later hold the client in a package of its own."""
    status, output, _ = ask(["apt-cache", "show", "--no-all-versions", "docker-cli"])
    return ["docker-cli"] if status == 0 and output else []


def running_daemon(pid_file: Path, proc: Path = Path("/proc")) -> bool:
    """Whether the pid file names a living dockerd; a stale one is removed.

    A stale file may name a process that has nothing to do with Docker (after a reboot
    where /run is kept), and dockerd would then refuse to start.
    """
    try:
        pid = pid_file.read_text().strip()
    except OSError:
        return False
    try:
        alive = (proc / pid / "comm").read_text().strip() == "dockerd"
    except OSError:
        alive = False
    if not alive:
        pid_file.unlink()
    return alive


def _start_daemon() -> None:
    log = STATE / "dockerd.log"
    if shutil.which("cgroupfs-mount") and not any(Path("/sys/fs/cgroup").iterdir()):
        run_logged("Mounting the cgroups", ["cgroupfs-mount"], log)
    say(f"starting dockerd, log: {log}")
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            ["dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    _await_socket(daemon)


def _await_socket(daemon: subprocess.Popen[bytes] | None) -> None:
    """Wait until the engine's socket answers a ping."""
    end = time.monotonic() + START_TIMEOUT
    while not _pings():
        if daemon and daemon.poll() is not None:
            raise TargetError(f"dockerd ended.\n{end_of(STATE / 'dockerd.log')}")
        if time.monotonic() > end:
            raise TargetError(
                f"dockerd gave no answer within {START_TIMEOUT} s.\n"
                f"{end_of(STATE / 'dockerd.log')}"
            )
        time.sleep(0.1)
    say("the Docker Engine answers")


def _pings() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(SOCKET))
            client.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in client.recv(64)
        except OSError:
            return False
