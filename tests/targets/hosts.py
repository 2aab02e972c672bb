# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The targets themselves: containers that boot systemd, and prove what they can do."""

from __future__ import annotations

import json
import subprocess
import time
import typing as t

from images import LABEL, TARGET
from steps import HERE, TargetError, ask, say

BOOT_TIMEOUT = 60
PROVE = HERE / "prove.py"

PLATFORM: dict[str, t.Any] = {
    "cgroupns_mode": "private",
    "security_opts": ["seccomp=unconfined", "apparmor=unconfined"],
    "tmpfs": ["/run", "/tmp:exec"],
    "capabilities": [
        "AUDIT_CONTROL",
        "AUDIT_READ",
        "DAC_READ_SEARCH",
        "IPC_LOCK",
        "MKNOD",
        "NET_ADMIN",
        "SETPCAP",
        "SYS_ADMIN",
        "SYS_CHROOT",
        "SYS_NICE",
        "SYS_PTRACE",
        "SYS_TTY_CONFIG",
    ],
}
"""What a container needs to be a host, in the words of molecule's docker driver.

The image does the rest: it says `container=docker`, how to boot and how to stop.
Docker's own seccomp filter would show in /proc as if a service had one, and its AppArmor
profile forbids systemd to mount. Programs may run from /tmp, as on an ordinary host.
"""


def run_arguments(
    name: str, image: str, platform: t.Mapping[str, t.Any] = PLATFORM
) -> list[str]:
    """The `docker run` that starts one target."""
    return [
        *("docker", "run", "--detach", "--name", name, "--hostname", name),
        *("--label", LABEL, f"--cgroupns={platform['cgroupns_mode']}"),
        *(f"--security-opt={option}" for option in platform["security_opts"]),
        *(f"--tmpfs={mount}" for mount in platform["tmpfs"]),
        *(f"--cap-add={capability}" for capability in platform["capabilities"]),
        image,
    ]


def molecule_platform(name: str, suite: str) -> dict[str, t.Any]:
    """The same for one entry of `platforms:` in a molecule.yml."""
    return {
        "name": name,
        "image": TARGET.tag(suite),
        "pre_build_image": True,
        "override_command": False,
        **PLATFORM,
    }


def up(name: str, suite: str) -> None:
    """Start one target, wait for its systemd, and have it prove what it can do.

    One that runs already from the same image is kept. Raises TargetError.
    """
    image = TARGET.tag(suite)
    there = _inspect("container", name)
    if there and not _is_ours(there):
        raise TargetError(f"A container {name} is there that is not of this project.")
    wanted = _inspect("image", image)
    if not wanted:
        raise TargetError(f"There is no image {image}: make it by `images {suite}`.")
    if there and (there["Image"] != wanted["Id"] or not there["State"]["Running"]):
        _docker(f"Removing {name}", "rm", "--force", "--volumes", name)
        there = None
    if not there:
        command = run_arguments(name, image)
        _docker(f"Starting {name}", *command[1:])
    await_boot(name)
    prove(name)


def await_boot(name: str) -> None:
    """Wait until systemd has started everything; name what failed to start.

    Raises TargetError for a host that ends, or has not booted in time.
    """
    end = time.monotonic() + BOOT_TIMEOUT
    booted = ["docker", "exec", name, "systemctl", "is-system-running", "--wait"]
    while True:
        _, state, errors = ask(booted, BOOT_TIMEOUT)
        if state in ("running", "degraded"):
            break
        container = _inspect("container", name)
        running = container and container["State"]["Running"]
        if not running or time.monotonic() > end:
            said = ask(["docker", "logs", "--tail", "15", name])
            raise TargetError(
                f"{name} does not boot ({state or errors or 'it ended'}).\n"
                + "\n".join(part for part in said[1:] if part)
            )
        time.sleep(0.1)  # systemd's own socket is not there yet
    say(f"{name}: {state}")
    if state == "degraded":
        failed = ["systemctl", "--failed", "--plain", "--no-legend", "--no-pager"]
        print(ask(["docker", "exec", name, *failed])[1], flush=True)


def prove(name: str) -> None:
    """Run prove.py inside a host. Raises TargetError when something is missing."""
    with PROVE.open("rb") as script:
        done = subprocess.run(
            ["docker", "exec", "--interactive", name, "python3", "-"],
            stdin=script,
            check=False,
        )
    if done.returncode:
        raise TargetError(
            f"{name} cannot do what tests rely on (see `missing` above): "
            "tests on it would mean nothing."
        )


def down(names: t.Sequence[str]) -> None:
    """Remove these targets, or all containers of this project."""
    for name in names or _labelled("container"):
        there = _inspect("container", name)
        if there and not _is_ours(there):
            raise TargetError(f"The container {name} is not of this project.")
        if there:
            _docker(f"Removing {name}", "rm", "--force", "--volumes", name)
            say(f"{there['Name'].lstrip('/')}: removed")


def clean() -> None:
    """Remove all containers and images of this project, and nothing else."""
    down([])
    while True:
        images = _labelled("image")
        if not images:
            return
        status, output, errors = ask(["docker", "image", "rm", "--force", *images])
        left = _labelled("image")
        if len(left) == len(images):
            raise TargetError(
                f"Images cannot be removed: {errors or output} ({status})"
            )
        say(f"{len(images) - len(left)} images removed")


def ps() -> None:
    """Print the targets that are there."""
    form = "table {{.Names}}\t{{.Image}}\t{{.Status}}"
    listing = ["docker", "ps", "--all", "--filter", f"label={LABEL}", "--format", form]
    print(ask(listing)[1])


def _labelled(kind: str) -> list[str]:
    listing = ["docker", kind, "ls", "--all", "--quiet", "--filter", f"label={LABEL}"]
    return list(dict.fromkeys(ask(listing)[1].split()))


def _is_ours(container: t.Mapping[str, t.Any]) -> bool:
    return LABEL in (container["Config"]["Labels"] or {})


def _inspect(kind: str, name: str) -> dict[str, t.Any] | None:
    status, output, _ = ask(["docker", kind, "inspect", name])
    return json.loads(output)[0] if status == 0 else None


def _docker(what: str, *arguments: str) -> None:
    status, output, errors = ask(["docker", *arguments], 120)
    if status:
        raise TargetError(f"{what} failed: {errors or output}")
