# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What the kernel shows of processes, read from ``/proc`` as root."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .manager import names

#: linux/capability.h, by bit.
CAPABILITIES = names(
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap "
    "linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock "
    "ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot "
    "sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write "
    "audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend "
    "audit_read perfmon bpf checkpoint_restore"
)
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
#: More steps than any path needs whose links come to an end (path_resolution(7) allows 40).
_STEPS = 4096
SECCOMP = {0: "disabled", 1: "strict", 2: "filter"}


def capability_names(mask: int) -> list[str]:
    """The names in a capability set, ``cap_kill`` and so on, in the kernel's order."""
    found = []
    for bit in range(mask.bit_length()):
        if mask >> bit & 1:
            known = bit < len(CAPABILITIES)
            found.append(f"cap_{CAPABILITIES[bit] if known else bit}")
    return found


def parse_status(text: str) -> dict[str, str]:
    """The fields of ``/proc/PID/status`` by name."""
    fields = (line.partition(":") for line in text.split("\n"))
    return {name: value.strip() for name, colon, value in fields if colon}


@dataclass(frozen=True)
class Mount:
    """A row of ``/proc/PID/mountinfo`` (proc_pid_mountinfo(5))."""

    root: str
    point: str
    options: frozenset[str]
    kind: str
    super_options: frozenset[str]
    shared: bool
    device: str = ""
    """The file system by the numbers of its device, such as ``0:45``."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written below it."""
        return "ro" in self.options


def parse_mounts(text: str) -> list[Mount]:
    """Read a ``mountinfo``, in the order of mounting: the last one on a point counts."""
    mounts = []
    for line in text.split("\n"):
        left, dash, right = line.partition(" - ")
        words, tail = left.split(" "), right.split(" ")
        if not dash or len(words) < 6 or len(tail) < 3:
            continue
        mounts.append(
            Mount(
                _unescape(words[3]),
                _unescape(words[4]),
                frozenset(words[5].split(",")),
                tail[0],
                frozenset(tail[2].split(",")),
                any(word.startswith("shared:") for word in words[6:]),
                words[2],
            )
        )
    return mounts


def _unescape(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), word)


class Proc:
    """The door to ``/proc``. A process that has gone gives empty answers, no error."""

    def __init__(self, root: str = "/proc") -> None:
        self.root = root

    def text(self, *path: str) -> str:
        """The text of a file below ``/proc``; ``''`` when it cannot be read."""
        try:
            with open(
                os.path.join(self.root, *path), encoding="utf-8", errors="replace"
            ) as stream:
                return stream.read()
        except OSError:
            return ""

    def pids(self) -> list[int]:
        """Every process there is."""
        return [int(name) for name in os.listdir(self.root) if name.isdigit()]

    def alive(self, pid: int) -> bool:
        """Whether a process exists and is no zombie."""
        state = parse_status(self.text(str(pid), "status")).get("State", "")
        return bool(state) and state[0] not in "ZX"

    def executed(self, pid: int) -> bool:
        """Whether a process runs its own program by now, its sandbox complete.

        Until then it is systemd's own: from 255 on the program ``systemd-executor`` beside
        that of PID 1, before that a copy of PID 1 without an invocation. So are those that
        stay beside a service, such as ``(sd-pam)``. Its name tells nothing: each process
        may give itself any.
        """
        program, manager = self.program(pid), self.program(1)
        if not program:  # it has gone, or nobody may know
            return self.alive(pid)
        if program == os.path.join(os.path.dirname(manager), "systemd-executor"):
            return False
        return program != manager or "INVOCATION_ID" in self.environ(pid)

    def program(self, pid: int) -> str:
        """The path of the program that a process runs; ``''`` when it cannot be read."""
        try:
            link = os.readlink(os.path.join(self.root, str(pid), "exe"))
        except OSError:
            return ""
        return link[: -len(" (deleted)")] if link.endswith(" (deleted)") else link

    def status(self, pid: int) -> dict[str, str]:
        """The fields of a process's ``status``."""
        return parse_status(self.text(str(pid), "status"))

    def environ(self, pid: int) -> dict[str, str]:
        """The environment that a process was started with, whatever it did since."""
        pairs = self.text(str(pid), "environ").split("\0")
        return {k: v for k, eq, v in (pair.partition("=") for pair in pairs) if eq}

    def links(self, pid: int) -> dict[int, str]:
        """Where each file descriptor of a process points to."""
        base = os.path.join(self.root, str(pid), "fd")
        found: dict[int, str] = {}
        try:
            entries = os.listdir(base)
        except OSError:
            return found
        for name in entries:
            try:
                found[int(name)] = os.readlink(os.path.join(base, name))
            except OSError:
                continue
        return found

    def socket_inodes(self, pid: int) -> dict[int, int]:
        """The inode of each file descriptor that is a socket."""
        found = {}
        for number, link in self.links(pid).items():
            match = re.match(r"^socket:\[(\d+)\]$", link)
            if match:
                found[number] = int(match.group(1))
        return found

    def namespaces(self, pid: int) -> dict[str, str]:
        """The identity of each namespace of a process, such as ``net:[4026531840]``."""
        found = {}
        for name in NAMESPACES:
            try:
                found[name] = os.readlink(os.path.join(self.root, str(pid), "ns", name))
            except OSError:
                continue
        return found

    def mounts(self, pid: int) -> list[Mount]:
        """The mounts that a process sees."""
        return parse_mounts(self.text(str(pid), "mountinfo"))

    def follow(self, pid: int, path: str) -> str:
        """Where an absolute path leads a process, each link followed below its own root.

        What is not there is kept as it is written, and so is a path that leads in circles.
        """
        root = os.path.join(self.root, str(pid), "root")
        todo, found = path.split("/")[::-1], ""
        for _step in range(_STEPS):
            if not todo:
                return found or "/"
            name = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                found = found.rpartition("/")[0]
                continue
            try:
                link = os.readlink(f"{root}{found}/{name}")
            except OSError:
                found = f"{found}/{name}"
                continue
            found = "" if link.startswith("/") else found
            todo += link.split("/")[::-1]
        return path

    def cgroup(self, pid: int) -> str:
        """The control group that systemd put a process in, such as ``/a.slice/b``."""
        paths = {}
        for line in self.text(str(pid), "cgroup").split("\n"):
            _number, _colon, rest = line.partition(":")
            controllers, _colon, place = rest.partition(":")
            if place:
                paths[controllers] = place
        unified = paths.get("", "")
        # where both are mounted, the unified one may be unused
        return unified if unified.strip("/") else paths.get("name=systemd", unified)

    def members(self, control_group: str, first: int = 0) -> list[int]:
        """The processes in a control group and below it; ``first`` leads the list."""
        found: set[int] = set()
        for base in (
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/systemd",
            "/sys/fs/cgroup/unified",
        ):
            top = base + control_group
            if not control_group or not os.path.exists(top + "/cgroup.procs"):
                continue
            for place, _dirs, _files in os.walk(top):
                try:
                    with open(place + "/cgroup.procs", encoding="ascii") as stream:
                        found.update(int(word) for word in stream.read().split())
                except OSError:
                    continue
            break
        lead = [first] if first and (first in found or self.alive(first)) else []
        return lead + sorted(found - {first})

    def holders(self, inode: int) -> list[int]:
        """Every process that holds a socket, by its inode. It looks at all of them."""
        wanted = f"socket:[{inode}]"
        return [pid for pid in self.pids() if wanted in self.links(pid).values()]

    def table(self, name: str) -> str:
        """One of the network's tables (``tcp``, ``tcp6``, ``udp``, ``udp6``, ``unix``).

        It is PID 1's network: the one that socket units listen in.
        """
        return self.text("1", "net", name)
