# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host can do for services, proven by transient units.

Containers ignore some of systemd's directives without a word, and a test that relies
on one of them would then pass for nothing. So each capability is asked of a unit that
has the directive and of one that has not: it counts when /proc, or what the program was
allowed to do, tells the two apart.

Run it as root on any host: `python3 prove.py`. It ends with status 1 when a capability is
missing. What the kernel does not offer at all is printed as a limit.
Needs systemd 247 and Python 3.8, nothing else, and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

OLDEST = 247
DYNAMIC_USERS = range(61184, 65520)
"""The uids that systemd gives to DynamicUser= (systemd.exec(5))."""
PATIENCE = 20

SEND = "import socket;socket.socket(2,2).sendto(b'x',('127.0.0.1',9))"
"""One datagram to the discard port: nothing has to listen for it to be sent."""


class Missing(Exception):
    """The capability is not there; the text says what was seen instead."""


class Limit(Exception):
    """The kernel does not offer it."""


@dataclass(frozen=True)
class Service:
    """A running transient unit."""

    unit: str
    pid: int

    @property
    def proc(self) -> Path:
        """Its folder in /proc."""
        return Path(f"/proc/{self.pid}")

    def status(self, key: str) -> str:
        """A line of /proc/PID/status."""
        return read_status(self.proc.joinpath("status").read_text(), key)

    def namespace(self, kind: str) -> str:
        """The identity of one of its namespaces."""
        return os.readlink(str(self.proc / "ns" / kind))

    def own_namespace(self, kind: str) -> str:
        """The same; raises Missing where it shares this host's."""
        own, ours = self.namespace(kind), os.readlink(f"/proc/1/ns/{kind}")
        if own == ours:
            raise Missing(f"/proc/{self.pid}/ns/{kind} is the host's own, {ours}")
        return own


def read_status(text: str, key: str) -> str:
    """The value of a key in the text of /proc/PID/status, '' where there is none."""
    match = re.search(rf"^{key}:[ \t]*(.*)$", text, re.MULTILINE)
    return " ".join(match.group(1).split()) if match else ""


def read_cgroup(text: str) -> str:
    """The cgroup2 path in the text of /proc/PID/cgroup, '' where there is none."""
    match = re.search(r"^0::(.*)$", text, re.MULTILINE)
    return match.group(1) if match else ""


def root_options(mountinfo: str) -> list[str]:
    """The options of the topmost mount on / in the text of /proc/PID/mountinfo."""
    lines = [line.split() for line in mountinfo.splitlines()]
    on_root = [words[5] for words in lines if len(words) > 5 and words[4] == "/"]
    return on_root[-1].split(",") if on_root else []


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        arguments,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _options(properties: t.Sequence[str]) -> list[str]:
    return [f"--property={one}" for one in properties]


@contextlib.contextmanager
def running(*properties: str, script: str = "") -> t.Iterator[Service]:
    """A unit with these properties, running for as long as the block lasts."""
    unit = f"prove-{os.getpid()}-{time.monotonic_ns()}.service"
    command = ["/bin/sh", "-c", f"{script} exec sleep 60"]
    started = call(
        *("systemd-run", "--quiet", "--collect", f"--unit={unit}"),
        *("--service-type=exec", "--property=RuntimeMaxSec=60"),
        *_options(properties),
        *command,
    )
    if started.returncode:
        raise Missing(f"the unit does not start: {started.stderr.strip()}")
    try:
        shown = call("systemctl", "show", "--property=MainPID", "--value", unit)
        pid = int(shown.stdout)
        if not pid:
            raise Missing("the unit started and ended at once")
        yield Service(unit, pid)
    finally:
        call("systemctl", "stop", unit)


def answer(*properties: str, program: t.Sequence[str]) -> tuple[int, str]:
    """Run a program to its end in a unit: its status, and the last line that it wrote."""
    done = call(
        *("systemd-run", "--quiet", "--collect", "--pipe", "--wait"),
        *_options(properties),
        *program,
    )
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, lines[-1] if lines else ""


def dynamic_user() -> str:
    with running("DynamicUser=yes") as service:
        uids = service.status("Uid")
        if len(set(uids.split())) != 1 or int(uids.split()[0]) not in DYNAMIC_USERS:
            raise Missing(f"it runs with the uids {uids}")
        return f"uid {uids.split()[0]}"


def credentials() -> str:
    secret = f"secret {time.monotonic_ns()}"
    with tempfile.NamedTemporaryFile("w", prefix="prove-", dir="/run") as file:
        file.write(secret)
        file.flush()
        reading = 'id -u; exec cat "$CREDENTIALS_DIRECTORY/word"'
        properties = ("DynamicUser=yes", f"LoadCredential=word:{file.name}")
        status, said = answer(*properties, program=["/bin/sh", "-c", reading])
        if status or said != secret:
            raise Missing(f"a DynamicUser service cannot read one: {said!r}")
        with running(*properties) as service:
            place = f"/run/credentials/{service.unit}/word"
            inside = service.proc / "root" / place.lstrip("/")
            if not inside.exists() or inside.read_text() != secret:
                raise Missing(f"{place} does not hold it")
            return f"uid {service.status('Uid').split()[0]} reads {place}"


def user_namespace() -> str:
    with running("PrivateUsers=yes") as service:
        own = service.own_namespace("user")
        uid_map = " ".join((service.proc / "uid_map").read_text().split())
        return f"{own}, uid_map {uid_map}"


def network_namespace() -> str:
    with running("PrivateNetwork=yes") as service:
        own = service.own_namespace("net")
        table = (service.proc / "net" / "dev").read_text()
        names = re.findall(r"^\s*(\S+):", table, re.MULTILINE)
        if names != ["lo"]:
            raise Missing(f"its namespace has the interfaces {names}")
        return f"{own}, only lo"


def mount_sandbox() -> str:
    name = f"etc/prove-{os.getpid()}"
    with running("ProtectSystem=strict", "PrivateTmp=yes") as service:
        own = service.own_namespace("mnt")
        options = root_options((service.proc / "mountinfo").read_text())
        if "ro" not in options:
            raise Missing(f"/ is mounted {','.join(options)} for it")
        inside = service.proc / "root"
        try:
            (inside / name).touch()
        except OSError as error:
            refused = f"writing to /etc: {error.strerror}"
        else:
            (inside / name).unlink()
            raise Missing("a file can be made in /etc")
        if os.stat(inside / "tmp").st_ino == os.stat("/tmp").st_ino:
            raise Missing("PrivateTmp: /tmp is the host's")
        return f"{own}, / is ro, {refused}, own /tmp"


def private_devices() -> str:
    with running("PrivateDevices=yes") as service:
        service.own_namespace("mnt")
        if os.path.samefile(service.proc / "root" / "dev", "/dev"):
            raise Missing("/dev is the host's")
        names = sorted(os.listdir(service.proc / "root" / "dev"))
        if "null" not in names:
            raise Missing(f"/dev holds {' '.join(names)}")
        return f"own /dev with {len(names)} entries"


def seccomp() -> str:
    # an error that mkdir never gives of itself: no other filter would cause it
    properties = ("SystemCallFilter=~mkdir mkdirat", "SystemCallErrorNumber=EUCLEAN")
    folder = Path(f"/run/prove-{os.getpid()}")
    make = f"import os; os.mkdir('{folder}')"
    _, said = answer(*properties, program=["/usr/bin/python3", "-c", make])
    with contextlib.suppress(FileNotFoundError):
        folder.rmdir()
    if "Errno 117" not in said:
        raise Missing(f"a forbidden mkdir says {said!r}, not EUCLEAN")
    with running() as plain, running(*properties) as service:
        before, after = plain.status("Seccomp"), service.status("Seccomp")
        if (before, after) != ("0", "2"):
            raise Missing(f"Seccomp is {before} without the directive, {after} with")
        return "Seccomp: 2, without the directive 0; a forbidden mkdir fails"


def no_new_privileges() -> str:
    with running() as plain, running("NoNewPrivileges=yes") as service:
        before, after = plain.status("NoNewPrivs"), service.status("NoNewPrivs")
        if (before, after) != ("0", "1"):
            raise Missing(f"NoNewPrivs is {before} without the directive, {after} with")
        return "NoNewPrivs: 1, without the directive 0"


def capabilities() -> str:
    with running() as plain, running("CapabilityBoundingSet=CAP_KILL") as service:
        before, after = plain.status("CapBnd"), service.status("CapBnd")
        if before == after or int(after, 16) != 1 << 5:
            raise Missing(f"CapBnd is {before} without the directive, {after} with")
        return f"CapBnd: {after}, without the directive {before}"


def cgroups() -> str:
    # the child is in a session of its own: only the cgroup still holds it
    with running(script="setsid sleep 60 &") as service:
        path = read_cgroup((service.proc / "cgroup").read_text())
        if not path.endswith(f"/{service.unit}"):
            raise Missing(f"its cgroup is {path!r}")
        procs = Path(f"/sys/fs/cgroup{path}/cgroup.procs")
        if not procs.exists():
            raise Missing(f"there is no {procs}")
        _await(f"no child appears in {procs}", lambda: len(_read_pids(procs)) > 1)
        members = _read_pids(procs)
        if service.pid not in members:
            raise Missing(f"{procs} holds {members}, not {service.pid}")
        call("systemctl", "kill", "--signal=KILL", service.unit)
        _await(
            "systemctl kill does not reach every process", lambda: not alive(members)
        )
        return f"{path} holds {len(members)} processes, systemctl kill reaches them"


def _read_pids(procs: Path) -> list[int]:
    return [int(pid) for pid in procs.read_text().split()]


def alive(pids: t.Iterable[int]) -> list[int]:
    """Those of the processes that run: neither gone nor waiting to be reaped."""

    def runs(pid: int) -> bool:
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return False
        return not read_status(text, "State").startswith(("Z", "X"))

    return [pid for pid in pids if runs(pid)]


def _await(otherwise: str, done: t.Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise Missing(otherwise)
        time.sleep(0.02)


def address_filter() -> str:
    program = ["/usr/bin/python3", "-c", SEND]
    status, said = answer(program=program)
    if status:
        raise Missing(f"nothing can be sent even without the directive: {said}")
    status, said = answer("IPAddressDeny=any", program=program)
    if not status:
        raise Missing("a datagram to 127.0.0.1 leaves all the same")
    if "Errno 1]" not in said:
        raise Missing(f"a datagram is refused in another way: {said}")
    return (
        "a datagram to 127.0.0.1: Operation not permitted, without the directive sent"
    )


def resource_limit(controller: str, directive: str, file: str, wanted: str) -> str:
    offered = Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    if controller not in offered:
        raise Limit(
            f"this kernel's cgroup2 tree has no {controller} controller: "
            f"{directive.split('=')[0]}= is ignored here without a word"
        )
    with running(directive) as service:
        path = read_cgroup((service.proc / "cgroup").read_text())
        place = Path(f"/sys/fs/cgroup{path}/{file}")
        found = place.read_text().strip() if place.exists() else "not there"
        if found != wanted:
            raise Missing(f"{place} is {found}, not {wanted}")
        return f"{directive}: {file} is {found}"


def raising_limits() -> str:
    bounding = int(read_status(Path("/proc/1/status").read_text(), "CapBnd"), 16)
    if not bounding >> 24 & 1:
        raise Limit(
            "without CAP_SYS_RESOURCE a LimitNOFILE= above the hard limit is clamped "
            "and a negative OOMScoreAdjust= ignored, without a word"
        )
    with running("OOMScoreAdjust=-100") as service:
        score = (service.proc / "oom_score_adj").read_text().strip()
        if score != "-100":
            raise Missing(f"OOMScoreAdjust=-100 gives {score}")
        return "OOMScoreAdjust=-100 is there"


@dataclass(frozen=True)
class Check:
    """A capability, and what its absence would mean for a test."""

    name: str
    without: str
    prove: t.Callable[[], str]


def _limit(name: str, directive: str, file: str, wanted: str) -> Check:
    effect = f"{directive.split('=')[0]}= would do nothing"
    return Check(
        f"{name} limits", effect, lambda: resource_limit(name, directive, file, wanted)
    )


CHECKS = (
    Check("dynamic user", "services would run as somebody else", dynamic_user),
    Check("credentials", "secrets would not reach a service", credentials),
    Check("user namespace", "PrivateUsers= would do nothing", user_namespace),
    Check("network namespace", "PrivateNetwork= would do nothing", network_namespace),
    Check("mount sandbox", "ProtectSystem= would do nothing", mount_sandbox),
    Check("private devices", "PrivateDevices= would do nothing", private_devices),
    Check("seccomp", "SystemCallFilter= would do nothing", seccomp),
    Check(
        "no new privileges", "NoNewPrivileges= would prove nothing", no_new_privileges
    ),
    Check("capabilities", "CapabilityBoundingSet= would do nothing", capabilities),
    Check("cgroups", "a service's processes would be lost from sight", cgroups),
    Check("address filter", "IPAddressDeny= would do nothing", address_filter),
    _limit("memory", "MemoryMax=64M", "memory.max", "67108864"),
    _limit("pids", "TasksMax=99", "pids.max", "99"),
    _limit("cpu", "CPUQuota=50%", "cpu.max", "50000 100000"),
    Check("raised limits", "OOMScoreAdjust= would do nothing", raising_limits),
)


def judge(check: Check) -> tuple[str, str]:
    """Make one check: 'proven', 'missing' or 'limit', and the evidence."""
    try:
        return "proven", check.prove()
    except Limit as limit:
        return "limit", str(limit)
    except Missing as missing:
        return "missing", f"{missing}. Without it {check.without}"
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return "missing", f"it cannot be proven: {error}. Without it {check.without}"


def systemd_version() -> int:
    """The version of the systemd that runs here, 0 where none does."""
    if not Path("/run/systemd/system").is_dir():
        return 0
    match = re.match(r"systemd (\d+)", call("systemctl", "--version").stdout)
    return int(match.group(1)) if match else 0


def main() -> int:
    """Prove everything, print a line for each; 1 when something is missing."""
    host, version = platform.node(), systemd_version()
    if os.geteuid() != 0 or version < OLDEST:
        found = f"systemd {version}" if version else "no systemd"
        print(f"{host}: needs root and systemd {OLDEST}; uid {os.geteuid()}, {found}")
        return 1
    print(f"{host}: systemd {version}, Python {platform.python_version()}")
    count = {"proven": 0, "missing": 0, "limit": 0}
    for check in CHECKS:
        verdict, evidence = judge(check)
        count[verdict] += 1
        print(f"  {verdict:8} {check.name:18} {evidence}", flush=True)
    print(f"{host}: " + ", ".join(f"{n} {verdict}" for verdict, n in count.items()))
    return 1 if count["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
