# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What a service is while it runs, as far as it tells what the service cannot do without."""

from __future__ import annotations

import os
import re
import typing as t

from .._host.manager import Manager
from .._host.proc import Proc
from .._proof.facts import Tables, user_name
from .._proof.listeners import LISTEN, Listener
from .._proof.proof import ServiceState
from .._sandbox.dials import Observed
from .._sandbox.levels import MEASURES
from .._units.words import split_words

#: What is asked of the manager besides the directives of the levels.
PROPERTIES = (
    *("AmbientCapabilities", "User", "PIDFile", "RuntimeDirectory", "StateDirectory"),
    *("CacheDirectory", "LogsDirectory", "ConfigurationDirectory", "ReadWritePaths"),
)
KEPT = ("StateDirectory", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory")
#: What PrivateDevices= leaves (systemd.exec(5)).
PLAIN_DEVICES = re.compile(
    r"/dev/(?:null|zero|full|random|urandom|tty|ptmx|pts/.*|shm/.*)$"
)
HOMES = ("/home/", "/root/", "/run/user/")
#: Where ProtectSystem= does not reach, or a private /tmp is.
WRITABLE = ("/dev/", "/proc/", "/sys/", "/tmp/", "/var/tmp/", "/memfd:", "/[aio]")
#: Places of the whole system: nobody is given them to write to.
SYSTEM = (
    *("/", "/usr", "/etc", "/boot", "/var", "/opt", "/lib", "/bin", "/sbin", "/srv"),
    "/run",  # which ReadOnlyPaths= closes, the stronger of the two
)


class Opened(t.NamedTuple):
    """The sockets that a service's processes have opened themselves."""

    listens: tuple[Listener, ...]
    families: frozenset[str]


def observe(
    manager: Manager, proc: Proc, service: str, state: ServiceState, activated: bool
) -> Observed:
    """Look at a service that runs."""
    asked = [*(measure.directive for measure in MEASURES), *PROPERTIES]
    declared = manager.show([service], asked)[service]
    members = proc.members(state.text("ControlGroup"), state.main_pid)
    main = state.main_pid or (members[0] if members else 0)
    sockets = opened(proc, members)
    links = {link for pid in members for link in proc.links(pid).values()}
    used = {proc.program(pid) for pid in members} | links
    uids = {pid: _uid(proc, pid) for pid in members}
    own = uids.get(main, 0)
    others = sorted({uid for uid in uids.values() if uid != own})
    files = {
        os.path.dirname(link) for pid in members for link in written(proc, pid)
    } | {os.path.dirname(x.path) for x in sockets.listens if x.path.startswith("/")}
    if declared.get("PIDFile"):
        files.add(os.path.dirname(declared["PIDFile"]))
    return Observed(
        systemd=manager.version,
        declared=declared,
        activated=activated,
        root=own == 0 if members else _declares_root(declared),
        users=tuple(user_name(uid) or str(uid) for uid in others),
        listens=tuple(
            (x.family, x.host) for x in sockets.listens if x.family != "unix"
        ),
        low_ports=any(0 < x.port < 1024 for x in sockets.listens),
        families=frozenset() if activated and not sockets.listens else sockets.families,
        written=tuple(writable_places(files, declared)),
        homes=tuple(sorted(x for x in used if x.startswith(HOMES))),
        devices=tuple(
            sorted(
                x for x in links if x.startswith("/dev/") and not PLAIN_DEVICES.match(x)
            )
        ),
        executable=next(filter(None, (executable(proc, pid) for pid in members)), ""),
        neighbours=neighbours(proc, own, members),
        keeps_state=any(declared.get(name) for name in KEPT),
    )


def _declares_root(declared: t.Mapping[str, str]) -> bool:
    user = declared.get("User", "")
    return user in ("root", "0") or not (user or declared.get("DynamicUser") == "yes")


def _uid(proc: Proc, pid: int) -> int:
    return int((proc.status(pid).get("Uid") or "0 0").split()[1])


def opened(proc: Proc, members: t.Sequence[int]) -> Opened:
    """The sockets of these processes that PID 1 does not hold as well."""
    inherited = set(proc.socket_inodes(1).values())
    mine = {
        inode for pid in members for inode in proc.socket_inodes(pid).values()
    } - inherited
    tables, found = Tables(proc), []
    families = set()
    for protocol in ("tcp", "udp"):
        for row in tables.endpoints(protocol):
            if row.inode not in mine:
                continue
            six = row.protocol.endswith("6")
            families.add("AF_INET6" if six else "AF_INET")
            listens = row.state == LISTEN if protocol == "tcp" else not row.peer_port
            if listens:
                kind = "Stream" if protocol == "tcp" else "Datagram"
                host = f"[{row.host}]" if ":" in row.host else row.host
                found.append(Listener.parse(f"{host}:{row.port} ({kind})"))
    for row in tables.unix():
        if row.inode in mine and row.listens:
            found.append(Listener.parse(f"{row.path} (Stream)"))
    # everything speaks to the journal and to the manager over unix sockets
    families.add("AF_UNIX")
    netlink = {line.split()[-1] for line in proc.table("netlink").splitlines()[1:]}
    if netlink & {str(inode) for inode in mine}:
        families.add("AF_NETLINK")
    unique = {x.line: x for x in found}
    return Opened(tuple(unique[line] for line in sorted(unique)), frozenset(families))


def lasting(proc: Proc, listens: t.Iterable[Listener]) -> tuple[Listener, ...]:
    """Those that the next start can be held to: not at a port that the kernel has picked,
    as it does for whoever asks for none, such as each client of UDP (ip(7))."""
    words = proc.text("sys", "net", "ipv4", "ip_local_port_range").split()
    low, high = (int(word) for word in words) if len(words) == 2 else (1, 0)
    return tuple(x for x in listens if x.family == "unix" or not low <= x.port <= high)


def written(proc: Proc, pid: int) -> list[str]:
    """The files of the disk that a process has open for writing."""
    found = []
    for number, link in proc.links(pid).items():
        if not link.startswith("/") or link.startswith(WRITABLE):
            continue
        flags = re.search(
            r"^flags:\s*(\d+)", proc.text(str(pid), "fdinfo", str(number)), re.M
        )
        if flags and int(flags.group(1), 8) & os.O_ACCMODE:
            found.append(link)
    return found


def writable_places(files: t.Iterable[str], declared: t.Mapping[str, str]) -> list[str]:
    """The directories that a service must be given, of those that it writes to."""
    given = [
        f"/run/{name.split(':')[0]}"
        for name in declared.get("RuntimeDirectory", "").split()
    ]
    for name, base in zip(KEPT, ("/var/lib", "/var/cache", "/var/log", "/etc")):
        given += [f"{base}/{x.split(':')[0]}" for x in declared.get(name, "").split()]
        given += [
            f"{base}/private/{x.split(':')[0]}" for x in declared.get(name, "").split()
        ]
    words = split_words(declared.get("ReadWritePaths", ""), relax=True)
    given += [word.lstrip("-+") for word in words]
    found = []
    for place in sorted(set(files)):
        plain = (
            place.replace("/var/run", "/run", 1)
            if place.startswith("/var/run")
            else place
        )
        inside = any(plain == g or plain.startswith(g.rstrip("/") + "/") for g in given)
        if not inside and plain not in SYSTEM and plain not in found:
            found.append(plain)
    return found


def executable(proc: Proc, pid: int) -> str:
    """Memory of a process that is writable and executable at once; ``''`` without."""
    for line in proc.text(str(pid), "maps").splitlines():
        words = line.split(None, 5)
        if len(words) > 1 and words[1][1:3] == "wx":
            name = words[5] if len(words) > 5 else "of no file"
            return f"{words[0]} ({name})"
    return ""


def neighbours(proc: Proc, uid: int, members: t.Sequence[int]) -> tuple[str, ...]:
    """Other units with processes of the same user; root's are not looked for."""
    if uid == 0:
        return ()
    found = set()
    for pid in proc.pids():
        if (
            pid not in members
            and proc.status(pid).get("Uid")
            and _uid(proc, pid) == uid
        ):
            found.add(proc.cgroup(pid).rpartition("/")[2] or str(pid))
    return tuple(sorted(found))
