# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""Directives about files, judged by the mounts that the process sees."""

from __future__ import annotations

import re
import typing as t

from .._units.words import split_words
from .kernel import HOMES, Kernel, inaccessible, within
from .verdicts import Seen, Verdict, all_of, without

#: systemd.exec(5), ProtectSystem=strict: not read-only by themselves.
API = ("/proc", "/sys", "/dev")
#: The directories of systemd.exec(5), with where they are.
FOLDERS = {
    "RuntimeDirectory": "/run",
    "StateDirectory": "/var/lib",
    "CacheDirectory": "/var/cache",
    "LogsDirectory": "/var/log",
    "ConfigurationDirectory": "/etc",
}
#: Directives that say what can be written to.
WRITABLE = (*FOLDERS, "ReadWritePaths", "BindPaths", "TemporaryFileSystem")

_BIND = re.compile(r"(?:^| )(-?)/.*?:(/.*?):(?:no)?rbind(?= |$)")

Look = t.Callable[[str, Seen], Verdict]


def mounted(look: Look) -> Look:
    """Judge only where the service has mounts of its own, below the host's root."""

    def judge(value: str, seen: Seen) -> Verdict:
        own = seen.kernel.own("mnt")
        if not own:
            return "the host's mnt name space" if own is False else "unknown", own
        if seen.declared.get("RootDirectory") or seen.declared.get("RootImage"):
            return "not judged below another root", None
        return look(value, seen)

    return judge


@mounted
def private_mounts(_value: str, _seen: Seen) -> Verdict:
    return "its own mnt name space", True


@mounted
def private_tmp(_value: str, seen: Seen) -> Verdict:
    places = [p for p in ("/tmp", "/var/tmp") if p == "/tmp" or _exists(seen, p)]
    shared = [place for place in places if not _own_tmp(seen.kernel, place)]
    verb = "is" if len(shared) == 1 else "are"
    text = f"{' and '.join(shared)} {verb} the host's" if shared else "its own"
    return text, not shared


def _own_tmp(kernel: Kernel, place: str) -> bool:
    mount = kernel.mount(place)
    if mount is None:
        return False
    private = "/systemd-private-" in mount.root
    return private or (mount.kind == "tmpfs" and not kernel.shared_with_host(mount))


@mounted
def private_devices(_value: str, seen: Seen) -> Verdict:
    mount = seen.kernel.mount("/dev")
    own = mount is not None and mount.kind == "tmpfs" and "noexec" in mount.options
    return all_of(
        ("/dev is its own" if own else "/dev is the host's", own),
        without(seen, "cap_mknod", "cap_sys_rawio"),
    )


@mounted
def private_bpf(_value: str, seen: Seen) -> Verdict:
    mount = seen.kernel.mount("/sys/fs/bpf")
    own = (
        mount is not None
        and mount.kind == "bpf"
        and not seen.kernel.shared_with_host(mount)
    )
    return f"/sys/fs/bpf is {'its own' if own else 'not its own'}", own


@mounted
def protect_system(value: str, seen: Seen) -> Verdict:
    """Every mount below the protected places must be read-only, but for those that the
    unit itself opens.

    systemd itself leaves /run as it is where it mounts /proc or /sys anew, whatever
    ProtectSystem says (seen on 252, 257 and 262, not on 247): that is told, and is no
    difference, since no host does otherwise. ReadOnlyPaths=/run closes it, as the levels do.
    So is a place on which the first access will mount something (autofs, such as /boot with
    x-systemd.automount): nothing is there yet that could be written to.
    """
    strict = value == "strict"
    places = {"strict": ("/",), "full": ("/usr", "/etc", "/boot", "/efi")}
    protected = [
        place
        for place in places.get(value, ("/usr", "/boot", "/efi"))
        if place in ("/", "/usr", "/etc") or _exists(seen, place)
    ]
    free = [way for one in writable(seen.declared) for way in seen.kernel.ways(one)]
    free += [*API, "/run/credentials"]
    free += HOMES if strict else ()  # left to ProtectHome= (systemd's namespace.c)
    free += [place for place in ("/tmp", "/var/tmp") if _own_tmp(seen.kernel, place)]
    open_ = [
        place
        for place in protected
        if not getattr(seen.kernel.over(place), "read_only", False)
    ]
    open_ += [
        mount.point
        for mount in seen.kernel.visible()
        if not mount.read_only
        and mount.point not in open_
        and any(within(mount.point, place) for place in protected)
        and not any(within(mount.point, one) for one in free)
    ]
    waiting = [p for p in open_ if getattr(seen.kernel.over(p), "kind", "") == "autofs"]
    open_ = [place for place in open_ if place not in waiting]
    run = [place for place in open_ if strict and within(place, "/run")]
    wrong = [place for place in open_ if place not in run]
    if wrong:
        return f"{_written(wrong)}", False
    text = "read-only" + (f", but {_written(run)}" if run else "")
    if waiting:
        text += f"; nothing is mounted yet on {' and '.join(waiting)} (autofs)"
    return text, True


def declared_paths(declared: t.Mapping[str, str]) -> list[str]:
    """Every path of a unit that is compared with the mounts."""
    found = writable(declared)
    found += [w.lstrip("-+") for w in listed(declared.get("ReadOnlyPaths", ""))]
    found += binds(declared.get("BindReadOnlyPaths", ""))
    return list(dict.fromkeys(path for path in found if path.startswith("/")))


def writable(declared: t.Mapping[str, str]) -> list[str]:
    """The places that a unit declares to be writable."""
    found = [word.lstrip("-+") for word in listed(declared.get("ReadWritePaths", ""))]
    found += binds(declared.get("BindPaths", ""))
    found += temporary(declared.get("TemporaryFileSystem", ""))
    for name, base in FOLDERS.items():
        for folder in listed(declared.get(name, "")):
            found += [f"{base}/{folder}", f"{base}/private/{folder}"]
    return found


def listed(value: str) -> list[str]:
    """The words of a plain list, such as ReadOnlyPaths= or RuntimeDirectory=.

    systemctl puts a word with a blank or another character that a shell would read into
    double quotes, with a backslash before ``"``, ``\\``, ``$`` and a backtick, and no other
    escape (seen on 247, 252, 257 and 262).
    """
    return split_words(value, cunescape=False, relax=True)


def temporary(value: str) -> list[str]:
    """Where the entries of TemporaryFileSystem= are mounted.

    systemctl shows each as ``PATH[:OPTIONS]`` and quotes none, so that a blank may be part
    of a path.
    """
    return [entry.partition(":")[0] for entry in re.split(" (?=/)", value) if entry]


@mounted
def read_only_paths(value: str, seen: Seen) -> Verdict:
    """Each path that the service sees must lie on a mount that cannot be written to."""
    paths = [w.lstrip("+") for w in listed(value) if not w.startswith("-")]
    return _read_only(seen.kernel, paths)


@mounted
def bind_read_only_paths(value: str, seen: Seen) -> Verdict:
    """Each bound path must be a mount of its own that cannot be written to."""
    places = binds(value, needed=True)
    absent = [
        place
        for place in places
        if not any(seen.kernel.mount(way) for way in seen.kernel.ways(place))
    ]
    if absent:
        return f"nothing is mounted on {' and '.join(absent)}", False
    return _read_only(seen.kernel, places)


def binds(value: str, needed: bool = False) -> list[str]:
    """Where the entries of BindPaths= or BindReadOnlyPaths= are mounted.

    systemctl shows each as ``[-]SOURCE:DESTINATION:rbind`` and quotes none, so that a blank
    may be part of a path. With `needed`, without those that may be missing.
    """
    return [
        place for optional, place in _BIND.findall(value) if not (needed and optional)
    ]


@mounted
def protect_home(value: str, seen: Seen) -> Verdict:
    open_ = [
        home
        for home in HOMES
        if _exists(seen, home) and not _hidden(seen.kernel, home, value)
    ]
    return (f"{', '.join(open_)} is open" if open_ else "hidden"), not open_


def _hidden(kernel: Kernel, home: str, value: str) -> bool:
    mount = kernel.over(home)
    if mount is None:
        return False
    if value == "read-only":
        return mount.read_only
    if value == "tmpfs":
        return mount.kind == "tmpfs" and not kernel.shared_with_host(mount)
    return inaccessible(mount)


@mounted
def protect_kernel_tunables(_value: str, seen: Seen) -> Verdict:
    places = ["/sys"]
    if not seen.kernel.only_processes():
        places += ["/proc/sys"]
        places += [p for p in ("/proc/sysrq-trigger",) if _exists(seen, p)]
    return _read_only(seen.kernel, places)


@mounted
def protect_control_groups(_value: str, seen: Seen) -> Verdict:
    found = _read_only(seen.kernel, ["/sys/fs/cgroup"])
    mode = seen.declared.get("ProtectControlGroupsEx", "")
    if mode not in ("private", "strict"):
        return found
    own = seen.kernel.own("cgroup")
    space = f"{'its own' if own else 'the host' + chr(39) + 's'} cgroup name space"
    return (space, own) if mode == "private" else all_of(found, (space, own))


def hidden_modules(seen: Seen) -> Verdict | None:
    """ProtectKernelModules hides the modules' files, where there are any."""
    return _out_of_sight(seen, "/usr/lib/modules")


def hidden_log(seen: Seen) -> list[Verdict]:
    """ProtectKernelLogs hides the files of the kernel's log."""
    found = [_out_of_sight(seen, "/dev/kmsg")]
    if not seen.kernel.only_processes():
        found.append(_out_of_sight(seen, "/proc/kmsg"))
    return [one for one in found if one]


def _out_of_sight(seen: Seen, path: str) -> Verdict | None:
    if not _exists(seen, path) or not seen.kernel.own("mnt"):
        return None
    if seen.declared.get("RootDirectory") or seen.declared.get("RootImage"):
        return None
    mount = seen.kernel.over(path)
    own_dev = within(path, "/dev") and private_devices("yes", seen)[1]
    gone = inaccessible(mount) or bool(own_dev)
    return f"{path} is {'hidden' if gone else 'open'}", gone


def process_files(option: str) -> Look:
    """Judge an option of the service's own /proc (proc(5), mount options)."""

    def judge(value: str, seen: Seen) -> Verdict:
        proc = seen.kernel.mount("/proc")
        options = sorted(proc.super_options) if proc else []
        said = [one for one in options if one.startswith(option + "=")]
        numbers = {"noaccess": "1", "invisible": "2", "ptraceable": "4"}
        wanted = {f"{option}={value}", f"{option}={numbers.get(value, value)}"}
        text = f"/proc has {' '.join(said) or 'no ' + option}"
        return text, bool(wanted & set(options))

    return judge


def _exists(seen: Seen, place: str) -> bool:
    return place in seen.kernel.existing


def _read_only(kernel: Kernel, places: t.Iterable[str]) -> Verdict:
    # what counts is where a path leads the process: beside a link all may be read-only
    open_ = [
        place
        for place in places
        if not getattr(
            kernel.over(kernel.reached.get(place, place)), "read_only", False
        )
    ]
    return (_written(open_) if open_ else "read-only"), not open_


def _written(places: t.Sequence[str]) -> str:
    return f"{' and '.join(places)} can be written to"
