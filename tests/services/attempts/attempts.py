#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that tries what sandboxes forbid, and tells what it could do.

It answers over the sockets that it inherits: `GET /` with a word, `GET /attempts` with what
became of every attempt, as JSON: `could`, or `refused` with the name of the error or of the
signal that it was killed by.

No attempt changes anything that outlives it. Each is made by a child process of its own, and
where success would be felt by others, the call is given an argument that is wrong: the kernel
looks at rights first, so that an error about the argument tells that the right was there
(the order was read in Linux 6.1 to 6.18; each attempt says which error that is).

What belongs to others is laid out beforehand by `layout.py`. Python 3.8, standard library.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import platform
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass

MARK = "attempts-of-others"
"""The name of everything that layout.py puts on the host."""
KEY = 0x41545445
"""The key of the System V message queue of others; the next one is that of our own."""
PATIENCE = 10

LIBC = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "x86_64": {"add_key": 248, "keyctl": 250, "init_module": 175, "reboot": 169},
    "aarch64": {"add_key": 217, "keyctl": 219, "init_module": 105, "reboot": 142},
}.get(platform.machine(), {})

# <linux/sched.h>, <sys/mount.h>, <sys/ptrace.h>, <linux/keyctl.h>, <sys/timex.h>
SPACES = {
    "user": 0x10000000,
    "mnt": 0x00020000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "cgroup": 0x02000000,
}
ADJ_TICK = 0x4000
PTRACE_TRACEME = 0
ADDR_NO_RANDOMIZE = 0x0040000
SESSION_KEYRING, KEYCTL_SEARCH = -3, 10
SYSLOG_ACTION_READ_ALL = 3
AF_ALG, AF_VSOCK = 38, 40


@dataclass(frozen=True)
class Attempt:
    """One attempt: which directives forbid it, and what it is."""

    name: str
    directives: tuple[str, ...]
    what: str
    run: t.Callable[[], None]
    by_kernel: bool = False
    """Whether settings of the kernel decide what becomes of it without a sandbox, too."""


ATTEMPTS: dict[str, Attempt] = {}


def attempt(
    directives: str, what: str, *, by_kernel: bool = False, name: str = ""
) -> t.Callable[[t.Callable[[], None]], t.Callable[[], None]]:
    """Make a function an attempt: it raises OSError where it is refused."""

    def keep(run: t.Callable[[], None]) -> t.Callable[[], None]:
        key = name or run.__name__
        ATTEMPTS[key] = Attempt(key, tuple(directives.split()), what, run, by_kernel)
        return run

    return keep


def call(name: str, *arguments: t.Any, allowed: t.Sequence[int] = ()) -> int:
    """Call a function of the C library, or a system call that it has no function for.

    Raises OSError, but not for the errors `allowed`: they come after the right was seen.
    """
    ctypes.set_errno(0)
    if name in CALLS:
        LIBC.syscall.restype = ctypes.c_long
        result = LIBC.syscall(ctypes.c_long(CALLS[name]), *arguments)
    else:
        function = getattr(LIBC, name, None)
        if function is None:
            raise OSError(errno.ENOSYS, f"no {name} here")
        result = function(*arguments)
    number = ctypes.get_errno()
    if result == -1 and number not in allowed:
        raise OSError(number, os.strerror(number))
    return int(result)


def refused(number: int) -> t.NoReturn:
    """What was looked for is not there, without any call that failed."""
    raise OSError(number, os.strerror(number))


def touch(folder: str) -> None:
    """Make a file in a folder, and remove it."""
    path = os.path.join(folder, f".attempt-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.unlink(path)


# -- who it is ------------------------------------------------------------------------


@attempt("DynamicUser", "be root")
def be_root() -> None:
    if os.geteuid() != 0:
        refused(errno.EPERM)


@attempt("DynamicUser CapabilityBoundingSet", "read a file of root's alone")
def read_shadow() -> None:
    os.close(os.open("/etc/shadow", os.O_RDONLY))


@attempt("NoNewPrivileges", "become root by a set-uid program")
def gain_rights() -> None:
    done = subprocess.run(
        [f"/usr/local/bin/{MARK}-set-uid", "-u"], capture_output=True, check=False
    )
    if done.stdout.strip() != b"0":
        refused(errno.EPERM)


@attempt("CapabilityBoundingSet SystemCallFilter", "become another user")
def become_another() -> None:
    os.setresuid(1, 1, 1)


@attempt("CapabilityBoundingSet SystemCallFilter", "give a file to another user")
def give_a_file_away() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, 1, 1)


@attempt("CapabilityBoundingSet", "signal another's process")
def signal_another() -> None:
    os.kill(1, 0)


@attempt("PrivateUsers", "see to whom another's file belongs")
def see_owners() -> None:
    if os.stat(f"/usr/local/share/{MARK}").st_uid != 1:
        refused(errno.ENOENT)


@attempt("UMask", "make a file that others can read")
def make_readable_file() -> None:
    path = os.path.join(tempfile.gettempdir(), f".attempt-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    mode = os.stat(path).st_mode
    os.unlink(path)
    if not mode & 0o077:
        refused(errno.EACCES)


@attempt("RemoveIPC", "leave a message queue behind")
def leave_a_queue() -> None:
    call("msgget", KEY + 1, 0o1600)


@attempt("KeyringMode", "find a key in its user's keyring")
def find_a_key() -> None:
    call("keyctl", KEYCTL_SEARCH, SESSION_KEYRING, b"user", MARK.encode(), 0)


# -- what it sees ---------------------------------------------------------------------


@attempt("ProtectSystem", "write below /usr")
def write_usr() -> None:
    touch("/usr")


@attempt("ProtectSystem", "write below /etc")
def write_etc() -> None:
    touch("/etc")


@attempt("ProtectSystem", "write below /var, to a folder open to all")
def write_var() -> None:
    touch(f"/var/lib/{MARK}")


@attempt("ProtectSystem ReadOnlyPaths", "write to /run/lock, open to all")
def write_run_lock() -> None:
    touch("/run/lock")


@attempt("ProtectHome", "list the homes")
def list_homes() -> None:
    if MARK not in os.listdir("/home"):
        refused(errno.ENOENT)


@attempt("ProtectHome", "read a file in a home, open to all")
def read_home() -> None:
    os.close(os.open(f"/home/{MARK}/file", os.O_RDONLY))


@attempt("PrivateTmp", "read another's file in /tmp")
def read_tmp() -> None:
    os.close(os.open(f"/tmp/{MARK}", os.O_RDONLY))


@attempt("PrivateTmp", "read another's file in /var/tmp")
def read_var_tmp() -> None:
    os.close(os.open(f"/var/tmp/{MARK}", os.O_RDONLY))


@attempt("PrivateDevices", "open a device in /dev that is none of the few")
def open_device() -> None:
    os.close(os.open(f"/dev/{MARK}", os.O_RDWR))


@attempt("PrivateDevices CapabilityBoundingSet", "make a device node")
def make_device() -> None:
    path = os.path.join(tempfile.gettempdir(), f".attempt-{os.getpid()}")
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.unlink(path)


@attempt("DevicePolicy PrivateDevices", "open a device node that lies outside of /dev")
def open_device_elsewhere() -> None:
    # a terminal that nobody has: a right to open it shows as an error of its own
    try:
        flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
        os.close(os.open(f"/usr/local/share/{MARK}-device", flags))
    except OSError as exc:
        if exc.errno not in (errno.ENXIO, errno.EIO, errno.ENODEV):
            raise


@attempt("PrivateIPC", "find a message queue of others")
def find_a_queue() -> None:
    call("msgget", KEY, 0)


@attempt("ProtectProc", "see another's process")
def see_a_process() -> None:
    os.close(os.open("/proc/1/status", os.O_RDONLY))


@attempt("ProtectProc CapabilityBoundingSet", "read another's environment")
def read_an_environment() -> None:
    os.close(os.open("/proc/1/environ", os.O_RDONLY))


@attempt("ProcSubset", "read /proc/meminfo")
def read_meminfo() -> None:
    os.close(os.open("/proc/meminfo", os.O_RDONLY))


@attempt("PrivateMounts CapabilityBoundingSet SystemCallFilter", "mount")
def mount() -> None:
    # the right is looked at before the kind of file system, which there is none of
    call("mount", b"none", b"/", b"no-such-fs", 0, None, allowed=[errno.ENODEV])


@attempt("ProtectHostname CapabilityBoundingSet", "set the host's name")
def set_hostname() -> None:
    call("sethostname", None, ctypes.c_size_t(-1), allowed=[errno.EINVAL])


@attempt("ProtectClock CapabilityBoundingSet", "set the clock")
def set_clock() -> None:
    # a tick of 0 is refused behind the right
    buffer = ctypes.create_string_buffer(struct.pack("I252x", ADJ_TICK))
    call("adjtimex", buffer, allowed=[errno.EINVAL])


@attempt("ProtectKernelTunables", "open a setting of the kernel for writing")
def write_sysctl() -> None:
    os.close(os.open("/proc/sys/kernel/domainname", os.O_WRONLY))


@attempt("ProtectKernelTunables BindReadOnlyPaths", "write below /sys")
def write_sys() -> None:
    os.close(os.open("/sys/module/kernel/parameters/panic", os.O_WRONLY))


@attempt("ProtectKernelModules CapabilityBoundingSet", "load a kernel module")
def load_module() -> None:
    # an empty image is refused behind the right
    call("init_module", b"", 0, b"", allowed=[errno.ENOEXEC, errno.EINVAL])


@attempt("ProtectKernelModules", "list the kernel's modules")
def list_modules() -> None:
    os.listdir("/usr/lib/modules")


@attempt("ProtectKernelLogs SystemCallFilter", "read the kernel's log", by_kernel=True)
def read_kernel_log() -> None:
    buffer = ctypes.create_string_buffer(1024)
    call("klogctl", SYSLOG_ACTION_READ_ALL, buffer, len(buffer))


@attempt("ProtectControlGroups", "make a control group")
def make_control_group() -> None:
    path = f"/sys/fs/cgroup/attempt-{os.getpid()}"
    os.mkdir(path)
    os.rmdir(path)


@attempt("PrivateBPF", "find what others have pinned below /sys/fs/bpf")
def find_what_is_pinned() -> None:
    os.listdir(f"/sys/fs/bpf/{MARK}")


# -- what it may ask of the kernel ----------------------------------------------------


def _unshare(kind: str) -> t.Callable[[], None]:
    return lambda: void(call("unshare", SPACES[kind]))


def void(_result: t.Any) -> None:
    """Nothing: an attempt only succeeds or fails."""


for _kind in SPACES:
    attempt(
        "RestrictNamespaces",
        f"make a {_kind} name space",
        name=f"unshare_{_kind}",
        # whether anybody may make these is a setting
        by_kernel=_kind == "user",
    )(_unshare(_kind))


@attempt("RestrictNamespaces SystemCallFilter", "enter its own name space again")
def enter_name_space() -> None:
    handle = os.open("/proc/self/ns/uts", os.O_RDONLY)
    call("setns", handle, 0)


@attempt("RestrictRealtime", "real-time scheduling")
def real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@attempt("RestrictSUIDSGID", "make a set-uid file")
def make_set_uid() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0o4700)
        if not os.stat(file.name).st_mode & stat.S_ISUID:
            refused(errno.EPERM)


@attempt("LockPersonality", "change the execution domain")
def change_personality() -> None:
    call("personality", ctypes.c_ulong(ADDR_NO_RANDOMIZE))


@attempt("MemoryDenyWriteExecute", "memory to write to and to execute", by_kernel=True)
def write_and_execute() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


@attempt(
    "MemoryDenyWriteExecute", "memory to execute that was written to", by_kernel=True
)
def execute_what_was_written() -> None:
    LIBC.mmap.restype = ctypes.c_void_p
    place = LIBC.mmap(None, ctypes.c_size_t(4096), 3, 0x22, -1, ctypes.c_long(0))
    call("mprotect", ctypes.c_void_p(place), ctypes.c_size_t(4096), 5)


# _exit(42) of 32-bit x86: mov eax, 1; mov ebx, 42; int 0x80; ud2
_CODE = bytes.fromhex("b801000000 bb2a000000 cd80 0f0b")


def program_32() -> bytes:
    """The smallest program for 32-bit x86 (elf(5)): one header, one segment, the code."""
    at, size = 0x08048000, 52 + 32
    head = b"\x7fELF\x01\x01\x01" + bytes(9)
    head += struct.pack(
        "<HHIIIIIHHHHHH", 2, 3, 1, at + size, 52, 0, 0, 52, 32, 1, 0, 0, 0
    )
    end = size + len(_CODE)
    return head + struct.pack("<8I", 1, 0, at, at, end, end, 5, 4096) + _CODE


@attempt("SystemCallArchitectures", "run a program of 32 bits", by_kernel=True)
def run_32_bits() -> None:
    if platform.machine() != "x86_64":
        refused(errno.ENOSYS)
    path = os.path.join(tempfile.mkdtemp(), "program")
    try:
        with open(path, "wb") as file:
            file.write(program_32())
        os.chmod(path, 0o700)
        code = subprocess.call([path])
    finally:
        subprocess.call(["rm", "-rf", os.path.dirname(path)])
    if code < 0:
        os.kill(os.getpid(), -code)
    if code != 42:
        refused(errno.ENOEXEC)


@attempt("SystemCallFilter", "be debugged")
def be_debugged() -> None:
    call("ptrace", PTRACE_TRACEME, 0, None, None)


@attempt("SystemCallFilter SystemCallErrorNumber", "change its root folder")
def change_root() -> None:
    os.chroot("/")


@attempt("SystemCallFilter", "swap to a file")
def swap() -> None:
    call("swapon", b"/nonexistent", 0, allowed=[errno.ENOENT])


@attempt("SystemCallFilter CapabilityBoundingSet", "restart the machine")
def reboot() -> None:
    # without its magic numbers the call is refused behind the right, and does nothing
    call("reboot", 0, 0, 0, None, allowed=[errno.EINVAL])


@attempt("SystemCallFilter", "give its own file to itself")
def keep_a_file() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, os.getuid(), -1)


@attempt("SystemCallFilter", "lower its own priority")
def lower_priority() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 1)


@attempt("SystemCallFilter", "choose its processors")
def choose_processors() -> None:
    os.sched_setaffinity(0, os.sched_getaffinity(0))


# -- whom it may talk to --------------------------------------------------------------


def _open_socket(family: int, kind: int, protocol: int) -> t.Callable[[], None]:
    return lambda: socket.socket(family, kind, protocol).close()


for _name, _family, _kind_, _protocol in (
    ("unix", socket.AF_UNIX, socket.SOCK_STREAM, 0),
    ("inet", socket.AF_INET, socket.SOCK_STREAM, 0),
    ("inet6", socket.AF_INET6, socket.SOCK_STREAM, 0),
    ("netlink", socket.AF_NETLINK, socket.SOCK_RAW, 0),
    ("packet", socket.AF_PACKET, socket.SOCK_RAW, 0),
    ("raw", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    ("alg", AF_ALG, socket.SOCK_SEQPACKET, 0),
    ("vsock", AF_VSOCK, socket.SOCK_STREAM, 0),
):
    attempt(
        "RestrictAddressFamilies",
        f"open a socket: {_name}",
        name=f"socket_{_name}",
        # these are modules that a kernel may lack
        by_kernel=_name in ("alg", "vsock"),
    )(_open_socket(_family, _kind_, _protocol))


@attempt("PrivateNetwork IPAddressDeny RestrictAddressFamilies", "connect to this host")
def connect_to_host() -> None:
    with socket.socket(GIVEN[0].family, socket.SOCK_STREAM) as sock:
        sock.settimeout(2)
        sock.connect(GIVEN[0].getsockname())


@attempt("IPAddressDeny PrivateNetwork RestrictAddressFamilies", "send a datagram")
def send_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", ("127.0.0.1", 9))


@attempt("PrivateNetwork", "see the host's network devices")
def see_network() -> None:
    with open("/proc/self/net/dev", encoding="ascii") as file:
        names = {line.partition(":")[0].strip() for line in file if ":" in line}
    if not names - {"lo"}:
        refused(errno.ENODEV)


# -- making them ----------------------------------------------------------------------


def outcome(one: Attempt) -> str:
    """What becomes of an attempt, made by a child process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        answer = "could"
        try:
            signal.alarm(PATIENCE)
            one.run()
        except OSError as exc:
            answer = "refused: " + errno.errorcode.get(exc.errno or 0, str(exc.errno))
        except BaseException as exc:  # it must not go on as the server
            answer = f"failed: {exc!r}"
        finally:
            os.write(write, answer.encode())
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read().decode()
    status = os.waitpid(pid, 0)[1]
    if answer:
        return answer
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return f"refused: {signal.Signals(number).name}" if number else "failed: no answer"


def inherited() -> list[socket.socket]:
    """The sockets that systemd passed (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    return [socket.socket(fileno=3 + n) for n in range(int(os.environ["LISTEN_FDS"]))]


def serve(client: socket.socket) -> None:
    """Answer one request; a client that says nothing gets nothing."""
    client.settimeout(PATIENCE)
    request = client.recv(65536)
    if not request:
        return
    body = b"attempts\n"
    if request.split(b" ")[1:2] == [b"/attempts"]:
        found = {name: outcome(one) for name, one in ATTEMPTS.items()}
        body = json.dumps(found, indent=1).encode() + b"\n"
    head = f"HTTP/1.0 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)


GIVEN: list[socket.socket] = []


def main() -> None:
    GIVEN.extend(inherited())
    if not GIVEN:
        sys.exit("attempts: no socket was inherited")
    while True:
        for sock in select.select(GIVEN, [], [])[0]:
            client, _address = sock.accept()
            try:
                serve(client)
            except OSError as exc:
                print("lost a client:", exc, flush=True)
            finally:
                client.close()


if __name__ == "__main__":
    main()
