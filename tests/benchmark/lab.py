# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts to measure on, playbooks run as anybody runs them, and tables of what came out."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = ROOT / ".venv" / "bin"
PLAYBOOKS = HERE / "playbooks"
SUITE = "trixie"
COUNTER = "/var/tmp/module-executions"

sys.path.insert(0, str(ROOT / "tests" / "targets"))

import hosts as targets
import images

# Both playbooks run with the same settings, which are those that Ansible has by itself.
SETTINGS = {
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
    # BENCH_PIPELINING=true shows what it changes; both playbooks get the same.
    "ANSIBLE_PIPELINING": os.environ.get("BENCH_PIPELINING", "false"),
    "ANSIBLE_LOCALHOST_WARNING": "false",
    "ANSIBLE_NOCOLOR": "true",
}

# The same host as before the first deployment.
RESET = """
systemctl disable -q --now lunchd-http.socket lunchd-https.socket 2>/dev/null
systemctl stop lunchd.service 2>/dev/null
rm -rf /opt/lunchd /var/lib/activated.services /etc/systemd/system/lunchd*
systemctl daemon-reload
"""

# An interpreter that counts how often it is run: each module execution is one run.
COUNTED = f"""#!/bin/sh
echo >> {COUNTER}
exec /usr/bin/python3 "$@"
"""

CREDENTIALS = """
mkdir -p /etc/ssl/lunch && cd /etc/ssl/lunch && umask 077
cat > key.pem
sed -n '/BEGIN CERT/,$p' key.pem > chain.pem
"""


def sh(host: str, script: str, data: str = "") -> str:
    """What a script prints on a host; ends the program when it fails."""
    done = subprocess.run(
        ["docker", "exec", "-i", host, "sh", "-c", script],
        input=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{host}: {script}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


@dataclass
class Lab:
    """Containers with systemd, gone at the end."""

    prefix: str
    names: list[str] = field(default_factory=list)

    def __enter__(self) -> Lab:
        images.ensure_images(images.TARGET, [SUITE])
        return self

    def __exit__(self, *_error: object) -> None:
        for name in self.names:
            subprocess.run(
                ["docker", "rm", "-f", "-v", name], capture_output=True, check=False
            )

    def grow(self, count: int) -> list[str]:
        """So many hosts, started where they are missing."""
        fresh = [f"{self.prefix}-{n}" for n in range(len(self.names) + 1, count + 1)]
        for name in fresh:
            self.names.append(name)
            command = targets.run_arguments(name, images.TARGET.tag(SUITE))
            subprocess.run(command, check=True, capture_output=True)
        certificate = self_signed()
        for name in fresh:
            targets.await_boot(name)
            sh(name, CREDENTIALS, certificate)
            path = "/usr/local/bin/counted-python"
            sh(name, f"cat > {path}; chmod 755 {path}", COUNTED)
        return self.names[:count]

    def reset(self, names: t.Sequence[str]) -> None:
        for name in names:
            sh(name, RESET)


def self_signed() -> str:
    """A key and a certificate for it."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
    )
    done = subprocess.run(
        [*command.split(), "-subj", "/CN=lunch", "-keyout", "-", "-out", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@dataclass(frozen=True)
class Played:
    """One run of a playbook."""

    seconds: float
    changed: bool
    output: str


def play(
    playbook: str, names: t.Sequence[str], version: str, **variables: str
) -> Played:
    """Run a playbook on hosts; ends the program when it fails."""
    facts = {
        "version": version,
        "programs": str(ROOT / ".build" / "services" / SUITE),
        "ansible_connection": "community.docker.docker",
        "ansible_python_interpreter": "/usr/bin/python3",
        **variables,
    }
    extra = [word for key, value in facts.items() for word in ("-e", f"{key}={value}")]
    command = [str(BIN / "ansible-playbook"), "-i", ",".join(names) + ",", *extra]
    start = time.monotonic()
    done = subprocess.run(
        [*command, str(PLAYBOOKS / playbook)],
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(f"{playbook} failed:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
    recap = done.stdout.partition("PLAY RECAP")[2]
    return Played(seconds, "changed=0" not in recap, done.stdout)


def executions(playbook: str, name: str, version: str) -> int:
    """How many modules a playbook executes on a host, counted by the host."""
    sh(name, f"rm -f {COUNTER}")
    play(
        playbook,
        [name],
        version,
        ansible_python_interpreter="/usr/local/bin/counted-python",
    )
    return int(sh(name, f"wc -l < {COUNTER}"))


def table(head: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> str:
    """A table as Markdown has it, its columns aligned."""
    lines = [list(head), *[list(row) for row in rows]]
    wide = [max(len(line[column]) for line in lines) for column in range(len(head))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, wide)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in wide) + "|"
    return "\n".join([shown[0], rule, *shown[1:]])


def median(seconds: t.Sequence[float]) -> float:
    return statistics.median(seconds)
