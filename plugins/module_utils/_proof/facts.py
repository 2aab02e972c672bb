# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""What the process of a service is: its user, rights, name spaces, descriptors, secrets."""

from __future__ import annotations

import os
import pwd
import stat
import typing as t

from .._host.manager import Manager
from .._host.proc import NAMESPACES, SECCOMP, Proc, capability_names
from .effects import PROPERTIES, effects
from .kernel import PLACES, Kernel, parse_limits
from .listeners import LISTEN, Endpoint, parse_endpoints, parse_unix
from .sees_files import declared_paths
from .sees_rights import DYNAMIC


def user_name(uid: int) -> str | None:
    """The name of a user of this host, if it has one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OSError):
        return None


def process_facts(
    proc: Proc, pid: int, names: t.Mapping[int, str], accepted: str = ""
) -> dict[str, t.Any]:
    """What ``/proc`` shows of a process; empty when it has gone.

    ``names`` are the addresses of sockets by inode, for its list of descriptors, and
    ``accepted`` is the one whose connection it was given instead.
    """
    status = proc.status(pid)
    if not status.get("Uid"):
        return {}
    uid = int(status["Uid"].split()[1])
    mine, host = proc.namespaces(pid), proc.namespaces(1)
    spaces = {
        name: "unknown"
        if name not in mine or name not in host
        else ("private" if mine[name] != host[name] else "host")
        for name in NAMESPACES
    }
    sets = {
        name: capability_names(int(status.get(field, "0"), 16))
        for name, field in (
            ("effective", "CapEff"),
            ("permitted", "CapPrm"),
            ("inheritable", "CapInh"),
            ("bounding", "CapBnd"),
            ("ambient", "CapAmb"),
        )
    }
    return {
        "pid": pid,
        "command": status.get("Name", ""),
        "uid": uid,
        "gid": int(status.get("Gid", "0 0").split()[1]),
        "user": user_name(uid) or str(uid),
        "dynamic": uid in DYNAMIC,
        "groups": [int(word) for word in status.get("Groups", "").split()],
        "descriptors": descriptors(proc, pid, names, accepted),
        "capabilities": sets,
        "seccomp": SECCOMP.get(int(status.get("Seccomp", "0")), "unknown"),
        "seccomp_filters": int(status.get("Seccomp_filters", "0")),
        "no_new_privileges": status.get("NoNewPrivs") == "1",
        "namespaces": spaces,
        "umask": status.get("Umask", ""),
    }


def descriptors(
    proc: Proc, pid: int, names: t.Mapping[int, str], accepted: str = ""
) -> list[dict[str, t.Any]]:
    """The descriptors that systemd passed to a process, in order (sd_listen_fds(3)).

    ``open`` says whether the process still has that number for that socket: a program
    may well have moved it.
    """
    environ = proc.environ(pid)
    count = environ.get("LISTEN_FDS", "0")
    if not count.isdigit():
        return []
    labels = environ.get("LISTEN_FDNAMES", "").split(":")
    inodes, links = proc.socket_inodes(pid), proc.links(pid)
    found = []
    for index in range(int(count)):
        number = 3 + index
        inode = inodes.get(number, 0)
        # a FIFO or special file has no inode of a socket: its path tells it apart
        address = names.get(inode) or (accepted if inode else links.get(number)) or None
        found.append(
            {
                "fd": number,
                "name": labels[index] if index < len(labels) else "",
                "address": address,
                "open": address is not None,
            }
        )
    return found


def kernel_facts(
    proc: Proc, pid: int, control_group: str, paths: t.Iterable[str] = ()
) -> Kernel:
    """All that the sandbox is judged by, of one process.

    `paths` are those of the unit, which may lead through links.
    """
    group = {}
    for name in ("memory.max", "pids.max", "cpu.max"):
        for base in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
            try:
                with open(f"{base}{control_group}/{name}", encoding="ascii") as stream:
                    group[name] = stream.read().strip()
                break
            except OSError:
                continue
    status = proc.status(pid)
    uids = status.get("Uid", "").split()
    return Kernel(
        status=status,
        namespaces=proc.namespaces(pid),
        host_namespaces=proc.namespaces(1),
        mounts=tuple(proc.mounts(pid)),
        host_mounts=tuple(proc.mounts(1)),
        uid_map=proc.text(str(pid), "uid_map"),
        limits=parse_limits(proc.text(str(pid), "limits")),
        group=group,
        existing=frozenset(place for place in PLACES if os.path.exists(place)),
        user=(user_name(int(uids[1])) or "") if uids else "",
        log_restricted=proc.text("sys", "kernel", "dmesg_restrict").strip() == "1",
        reached={path: proc.follow(pid, path) for path in paths},
        led={path: proc.follow(1, path) for path in paths},
    )


def sandbox_facts(
    manager: Manager, proc: Proc, unit: str, pid: int, control_group: str
) -> dict[str, t.Any]:
    """The mapping ``sandbox`` of a proof: each directive in exactly one of ``agrees``,
    ``differences`` and ``unknown``."""
    declared = manager.show([unit], PROPERTIES)[unit]
    kernel = kernel_facts(proc, pid, control_group, declared_paths(declared))
    found = effects(declared, kernel, manager.own)
    differences = [
        {
            "directive": effect.directive,
            "declared": effect.declared,
            "effective": effect.effective,
            "message": effect.message(),
        }
        for effect in found
        if effect.agrees is False
    ]
    return {
        "declared": {effect.directive: effect.declared for effect in found},
        "effective": {effect.directive: effect.effective for effect in found},
        "agrees": [effect.directive for effect in found if effect.agrees],
        "differences": differences,
        "unknown": [effect.directive for effect in found if effect.agrees is None],
    }


def declared_credentials(manager: Manager, unit: str) -> dict[str, str] | None:
    """The names of a unit's credentials, with their sources; ``None`` if unknown.

    ``ImportCredential`` (254) names none: which files match is not known beforehand.
    """
    found: dict[str, str] = {}
    known = False
    wanted = ("LoadCredential", "LoadCredentialEncrypted", "SetCredential")
    for rows in manager.raw_properties(unit, "Service", wanted):
        if rows is None:
            continue
        known = True
        for row in rows:
            # the value of SetCredential is a secret in the making: it is not kept
            source = row[1] if isinstance(row[1], str) else ""
            found[row[0]] = source
    return found if known else None


def credential_facts(
    proc: Proc,
    pid: int,
    uid: int,
    declared: t.Mapping[str, str],
    known: t.Callable[[str, bytes], bool | None] | None = None,
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """The credentials that a process sees, without their contents, and what is wrong.

    ``known`` tells whether a name has the content that it is to have.
    """
    place = proc.environ(pid).get("CREDENTIALS_DIRECTORY", "")
    seen: list[dict[str, t.Any]] = []
    problems: list[str] = []
    base = os.path.join(proc.root, str(pid), "root") + place
    names: list[str] = []
    if place:
        try:
            names = sorted(os.listdir(base))
        except OSError as exc:
            problems.append(f"{place} cannot be read: {exc.strerror}")
    gid = int(proc.status(pid).get("Gid", "0 0").split()[1])
    for name in names:
        try:
            info = os.stat(os.path.join(base, name))
        except OSError:
            continue
        mode = stat.S_IMODE(info.st_mode)
        right = _is_right(os.path.join(base, name), known)
        readable = stranger_reads(os.path.join(place, name), uid)
        seen.append(
            {
                "name": name,
                "mode": f"{mode:04o}",
                "size": info.st_size,
                "as_deployed": right,
                "others_read": readable,
            }
        )
        if right is False:
            problems.append(f"the credential {name} is not the one that was deployed")
        if readable:
            problems.append(f"another user has read the credential {name}")
        # 257 and later give the user a right of its own (ACL), which shows as the group's
        others = mode & 0o007 or (mode & 0o070 and info.st_gid not in (0, gid))
        if others or info.st_uid not in (0, uid):
            problems.append(
                f"the credential {name} can be read by others: "
                f"{mode:04o}, owner {info.st_uid}, group {info.st_gid}"
            )
    for name, source in sorted(declared.items()):
        whole = any(row["name"] == name for row in seen)
        # a directory as the source gives one credential for each file in it (248)
        below = any(row["name"].startswith(name + "_") for row in seen)
        if not whole and not below:
            origin = f" (from {source})" if source else ""
            problems.append(f"the credential {name}{origin} is missing")
    return seen, problems


def _is_right(
    path: str, known: t.Callable[[str, bytes], bool | None] | None
) -> bool | None:
    if known is None:
        return None
    try:
        with open(path, "rb") as stream:
            return known(os.path.basename(path), stream.read())
    except OSError:
        return None


def stranger_reads(path: str, uid: int) -> bool:
    """Whether an unprivileged user that is not ``uid`` can open a file: one tries."""
    stranger = 65534 if uid != 65534 else 65533
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setresgid(stranger, stranger, stranger)
            os.setresuid(stranger, stranger, stranger)
            os.close(os.open(path, os.O_RDONLY))
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1] == 0


class Tables:
    """The kernel's tables of sockets, each read once and only when it is asked for."""

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        self._held: dict[int, set[int]] = {}

    def endpoints(self, protocol: str, port: int | None = None) -> list[Endpoint]:
        """Rows of ``tcp`` or ``udp`` with that local port, IPv4 and IPv6 together."""
        rows = []
        for name in (protocol, protocol + "6"):
            rows += parse_endpoints(self._proc.table(name), name, port=port)
        return rows

    def unix(self) -> list[t.Any]:
        """Rows of ``unix``."""
        return parse_unix(self._proc.table("unix"))

    def listening(self, port: int) -> list[Endpoint]:
        """Sockets that take connections at a port."""
        return [row for row in self.endpoints("tcp", port) if row.state == LISTEN]

    def other_end(self, local: tuple[str, int]) -> Endpoint | None:
        """The other end of a connection from ``local``, when it is on this host."""
        for row in self.endpoints("tcp"):
            if row.peer_port == local[1] and row.peer == local[0]:
                return row
        return None


def about(proc: Proc, pid: int) -> str:
    """A process for people: its number, its program, and the unit that it is of."""
    command = proc.text(str(pid), "comm").strip() or "unknown"
    unit = proc.cgroup(pid).rpartition("/")[2]
    return f"process {pid} ({command}{', of ' + unit if '.' in unit else ''})"
