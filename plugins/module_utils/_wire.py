# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""One probe on the wire: connect, ask, read the answer, all before one deadline."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
import typing as t
from dataclasses import dataclass, field

from ._listeners import Listener
from ._probe import InvalidProbe, Probe, Response, Tls, shown

#: More than this is never read of an answer: a probe wants a sign, not a download.
LIMIT = 4 * 1024 * 1024


class Expired(Exception):
    """The deadline has passed."""


class Deadline:
    """A point on the monotonic clock by which everything must be done."""

    def __init__(
        self, seconds: float, clock: t.Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds that are left; raises `Expired` when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise Expired
        return left

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return self._end <= self._clock()

    def within(self, seconds: float | None) -> Deadline:
        """A deadline that is not later than this one."""
        left = max(self._end - self._clock(), 0.0)
        return Deadline(left if seconds is None else min(left, seconds), self._clock)


@dataclass
class Answer:
    """What came of a probe. Times are seconds of the monotonic clock.

    ``failure`` is empty when the answer was right; ``stage`` says how far it came:
    ``connect``, ``tls``, ``send``, ``answer`` (waiting for it), ``wrong`` or ``right``.
    """

    listener: Listener
    began: float = 0.0
    connected: float | None = None
    first_byte: float | None = None
    ended: float = 0.0
    stage: str = "connect"
    failure: str = ""
    expired: bool = False
    data: bytes = b""
    local: tuple[str, int] | None = None
    remote: tuple[str, int] | None = None
    peer_pid: int | None = None
    seen: dict[str, t.Any] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether the probe got what it wanted."""
        return self.stage == "right"


Watch = t.Callable[[Answer], None]
"""Called once, while the connection is still open, when its first byte has come."""
Taken = t.Callable[[Answer], bool]
"""Asked again and again of a connection without an answer: has the service taken it?"""
#: Seconds between two looks at something that gives no sign of its own.
STEP = 0.01


def address_of(listener: Listener) -> tuple[int, t.Any]:
    """The socket family and address at which a client on this host reaches a listener.

    One that listens everywhere is reached at the loopback address, over IPv4 when it
    takes both.
    """
    if listener.family == "unix":
        path = listener.path
        return socket.AF_UNIX, "\0" + path[1:] if path.startswith("@") else path
    if listener.family == "inet":
        host = "127.0.0.1" if listener.any_host else listener.host
        return socket.AF_INET, (host, listener.port)
    if listener.family != "inet6":
        raise InvalidProbe(f"nothing can connect to {listener.text}")
    scope = socket.if_nametoindex(listener.device) if listener.device else 0
    host = "::1" if listener.any_host else listener.host
    return socket.AF_INET6, (host, listener.port, 0, scope)


def candidates(listener: Listener, ipv6_only: bool) -> list[tuple[int, t.Any]]:
    """The addresses to try in turn: a host without ``::1`` still has ``127.0.0.1``."""
    first = address_of(listener)
    if listener.family == "inet6" and listener.host == "::" and not ipv6_only:
        return [(socket.AF_INET, ("127.0.0.1", listener.port)), first]
    return [first]


def ask(
    probe: Probe,
    listener: Listener,
    deadline: Deadline,
    *,
    ipv6_only: bool = False,
    watch: Watch | None = None,
    taken: Taken | None = None,
    nodes: str = "/run",
) -> Answer:
    """Make one probe at one address; everything that goes wrong is in the `Answer`.

    A probe that only connects keeps the connection until ``taken`` says yes. ``nodes`` is the directory for the socket that a datagram over a unix socket is
    answered to.
    """
    answer = Answer(listener, began=time.monotonic())
    try:
        if probe.command:
            _command(probe, answer, deadline)
        elif listener.kind == "fifo" or listener.kind == "special":
            _node(probe, answer, deadline)
        elif listener.kind == "datagram":
            _datagram(probe, answer, deadline, watch, nodes, ipv6_only)
        else:
            _stream(probe, answer, deadline, watch, taken, ipv6_only)
    except Expired:
        answer.expired = True
        answer.failure = answer.failure or f"nothing came within {deadline.seconds:g} s"
    except InvalidProbe as exc:
        answer.stage, answer.failure = "wrong", f"the answer {exc}"
    except OSError as exc:
        answer.failure = str(exc) or type(exc).__name__
    answer.ended = time.monotonic()
    return answer


def _wait(sock: socket.socket, deadline: Deadline, *, write: bool = False) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLOUT if write else select.POLLIN)
    if not poll.poll(deadline.left() * 1000):
        raise Expired


def _connect(
    listener: Listener, answer: Answer, deadline: Deadline, ipv6_only: bool
) -> socket.socket:
    kind = {
        "stream": socket.SOCK_STREAM,
        "seqpacket": socket.SOCK_SEQPACKET,
        "datagram": socket.SOCK_DGRAM,
    }.get(listener.kind)
    if kind is None:
        raise InvalidProbe(f"cannot come from a socket of the kind {listener.kind}")
    places = candidates(listener, ipv6_only)
    for index, (family, address) in enumerate(places):
        sock = socket.socket(family, kind)
        sock.settimeout(deadline.left())
        try:
            answer.began = time.monotonic()
            sock.connect(address)
        except socket.timeout as exc:
            sock.close()
            raise Expired from exc
        except OSError:
            sock.close()
            if index + 1 == len(places):
                raise
            continue
        answer.connected = time.monotonic()
        if family in (socket.AF_INET, socket.AF_INET6):
            answer.local = sock.getsockname()[:2]
            answer.remote = sock.getpeername()[:2]
        return sock
    raise InvalidProbe("has nowhere to come from")


def _stream(
    probe: Probe,
    answer: Answer,
    deadline: Deadline,
    watch: Watch | None,
    taken: Taken | None,
    ipv6_only: bool,
) -> None:
    listener = answer.listener
    sock = _connect(listener, answer, deadline, ipv6_only)
    try:
        if listener.family == "unix" and hasattr(socket, "SO_PEERCRED"):
            raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            answer.peer_pid = int.from_bytes(raw[:4], "little")
        if probe.tls is not None:
            answer.stage = "tls"
            sock = secure(sock, probe.tls, deadline)
            answer.seen["tls"] = getattr(sock, "version", lambda: None)()
        answer.stage = "send"
        host = listener.host or "localhost"
        host = "localhost" if listener.any_host else host
        data = probe.http.request(host) if probe.http else probe.send
        _send(sock, data, deadline)
        answer.stage = "answer"
        if not probe.answers:
            _hold(sock, answer, deadline, taken)
            return
        _read(sock, probe, answer, deadline, watch)
    finally:
        sock.close()


def _hold(
    sock: socket.socket, answer: Answer, deadline: Deadline, taken: Taken | None
) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while taken is not None and not taken(answer):
        if not poll.poll(min(deadline.left(), STEP) * 1000):
            continue
        # it speaks first, or hangs up: both show that somebody took the connection
        more = sock.recv(4096)
        if more:
            answer.first_byte = answer.first_byte or time.monotonic()
            answer.data += more
            continue
        answer.seen["closed"] = True
        taken(answer)
        break
    answer.stage = "right"


def _send(sock: socket.socket, data: bytes, deadline: Deadline) -> None:
    while data:
        sock.settimeout(deadline.left())
        try:
            data = data[sock.send(data) :]
        except socket.timeout as exc:
            raise Expired from exc


def _read(
    sock: socket.socket,
    probe: Probe,
    answer: Answer,
    deadline: Deadline,
    watch: Watch | None,
) -> None:
    response = Response()
    while True:
        sock.settimeout(deadline.left())
        try:
            more = sock.recv(65536)
        except socket.timeout as exc:
            if answer.data:
                answer.failure = (
                    f"the answer was not whole within {deadline.seconds:g} s: "
                    f"{shown(answer.data)}"
                )
            raise Expired from exc
        if answer.first_byte is None and more:
            answer.first_byte = time.monotonic()
            if watch is not None:
                watch(answer)
        answer.data += more
        if probe.http is not None:
            if not answer.data:
                raise ConnectionError("the connection was closed without an answer")
            if response.feed(more) or not more or len(answer.data) > LIMIT:
                return _judge_http(probe, answer, response)
        elif probe.expect is not None and probe.expect.met(answer.data):
            answer.stage = "right"
            return None
        elif not more or len(answer.data) > LIMIT:
            if not answer.data:
                raise ConnectionError("the connection was closed without an answer")
            raise InvalidProbe(f"is {shown(answer.data)}, not {probe.expect}")


def _judge_http(probe: Probe, answer: Answer, response: Response) -> None:
    http = probe.http
    if http is None:
        return
    answer.seen["status"] = response.status
    if response.status == 0:
        raise ConnectionError(f"the connection was closed after {shown(answer.data)}")
    if response.status not in http.status:
        wanted = " or ".join(str(number) for number in http.status)
        raise InvalidProbe(
            f"has the status {response.status} {response.reason}, not {wanted}"
        )
    if http.body is not None and not http.body.met(response.body):
        raise InvalidProbe(f"has the body {shown(response.body)}, not {http.body}")
    answer.stage = "right"


def secure(sock: socket.socket, tls: Tls, deadline: Deadline) -> socket.socket:
    """Begin TLS on a connection and judge the server's certificate."""
    import hashlib
    import ssl  # costs time, so only who needs it loads it

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    judge = tls.verify and not (tls.pin and not tls.authority)
    if not judge:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.authority:
        context.load_verify_locations(cafile=tls.authority)
    else:
        context.load_default_certs()
    context.check_hostname = bool(judge and tls.server_name)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key or None)
    sock.settimeout(deadline.left())
    try:
        wrapped = context.wrap_socket(sock, server_hostname=tls.server_name or None)
    except socket.timeout as exc:
        raise Expired from exc
    if tls.pin:
        shown_pin = hashlib.sha256(wrapped.getpeercert(True) or b"").hexdigest()
        if shown_pin != tls.pin:
            wrapped.close()
            raise ConnectionError(
                f"the server's certificate has the SHA-256 {shown_pin}, not {tls.pin}"
            )
    return wrapped


def _datagram(
    probe: Probe,
    answer: Answer,
    deadline: Deadline,
    watch: Watch | None,
    nodes: str,
    ipv6_only: bool,
) -> None:
    listener = answer.listener
    if listener.family != "unix":
        with _connect(listener, answer, deadline, ipv6_only) as sock:
            _exchange(sock, probe, answer, deadline, watch)
        return
    with tempfile.TemporaryDirectory(prefix="activated-probe-", dir=nodes) as place:
        os.chmod(place, 0o711)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(place + "/answer")
            os.chmod(place + "/answer", 0o722)
            sock.settimeout(deadline.left())
            answer.began = time.monotonic()
            sock.connect(address_of(listener)[1])
            _exchange(sock, probe, answer, deadline, watch)


def _exchange(
    sock: socket.socket,
    probe: Probe,
    answer: Answer,
    deadline: Deadline,
    watch: Watch | None,
) -> None:
    answer.stage = "send"
    sock.settimeout(deadline.left())
    answer.began = time.monotonic()
    sock.send(probe.send)
    if probe.expect is None:
        answer.stage = "right"
        return
    answer.stage = "answer"
    while True:
        _wait(sock, deadline)
        more = sock.recv(65536)
        if answer.first_byte is None:
            answer.first_byte = time.monotonic()
            if watch is not None:
                watch(answer)
        answer.data += more
        if probe.expect.met(answer.data):
            answer.stage = "right"
            return
        answer.failure = f"the answer is {shown(answer.data)}, not {probe.expect}"


def _node(probe: Probe, answer: Answer, deadline: Deadline) -> None:
    handle = os.open(answer.listener.path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        answer.connected = time.monotonic()
        answer.stage = "send"
        data = probe.send or b"\n"
        poll = select.poll()
        poll.register(handle, select.POLLOUT)
        while data:
            if not poll.poll(deadline.left() * 1000):
                raise Expired
            data = data[os.write(handle, data) :]
        answer.stage = "right"
    finally:
        os.close(handle)


def _command(probe: Probe, answer: Answer, deadline: Deadline) -> None:
    answer.stage = "answer"
    process = subprocess.Popen(
        list(probe.command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        out = process.stdout
        if out is None:
            return
        os.set_blocking(out.fileno(), False)
        poll = select.poll()
        poll.register(out, select.POLLIN | select.POLLHUP)
        while poll.poll(deadline.left() * 1000):
            more = out.read(65536)
            if more:
                answer.first_byte = answer.first_byte or time.monotonic()
                answer.data = (answer.data + more)[:LIMIT]
            elif more == b"":
                break
        rc = process.wait(deadline.left())
    except subprocess.TimeoutExpired as exc:
        raise Expired from exc
    finally:
        # the whole session: what the command started must not outlive the probe
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if rc != 0:
        raise InvalidProbe(f"of the command was {rc}: {shown(answer.data)}")
    answer.stage = "right"
