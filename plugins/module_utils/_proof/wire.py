# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""One probe on the wire: connect, ask, read the answer, all before one deadline."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from dataclasses import dataclass, field

from .listeners import Listener
from .probe import Http, InvalidProbe, Probe, Response, Tls, shown

#: More than this is never read of an answer: a probe wants a sign, not a download.
LIMIT = 4 * 1024 * 1024


class Expired(Exception):
    """The deadline has passed."""


class GivenUp(Exception):
    """There is a reason to wait no longer."""


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
        if seconds is None:
            return self
        nearer = Deadline(min(self.seconds, seconds), self._clock)
        nearer._end = min(self._end, nearer._end)
        return nearer


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
Tick = t.Callable[[Answer], str]
"""Asked again and again while nothing comes: a reason to wait no longer, or nothing."""
Taken = t.Callable[[Answer], bool]
"""Asked again and again of a connection without an answer: has the service taken it?"""
#: Seconds between two looks at something that gives no sign of its own.
STEP = 0.01
#: Seconds between two looks at the service while its answer is waited for.
GLANCE = 0.1


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
    tick: Tick | None = None,
    connected: Watch | None = None,
    nodes: str = "/run",
) -> Answer:
    """Make one probe at one address; everything that goes wrong is in the `Answer`.

    A probe that only connects keeps the connection until ``taken`` says yes.
    ``connected`` is called before anything is sent. ``nodes`` is the directory for the socket that a datagram over a unix socket is
    answered to.
    """
    answer = Answer(listener, began=time.monotonic())
    wait = Wait(answer, deadline, tick)
    try:
        if probe.command:
            _command(probe, answer, wait)
        elif listener.kind == "fifo" or listener.kind == "special":
            _node(probe, answer, deadline)
        elif listener.kind == "datagram":
            _datagram(probe, answer, wait, watch, nodes, ipv6_only)
        else:
            _stream(probe, answer, wait, (watch, taken, connected), ipv6_only)
    except GivenUp as exc:
        answer.failure = str(exc)
    except Expired:
        answer.expired = True
        answer.failure = answer.failure or f"nothing came within {deadline.seconds:g} s"
    except InvalidProbe as exc:
        answer.stage, answer.failure = "wrong", f"the answer {exc}"
    except OSError as exc:
        answer.failure = str(exc) or type(exc).__name__
        if exc.errno == errno.EADDRNOTAVAIL:
            answer.failure += ": this host has no address to ask it from (is IPv6 off?)"
    answer.ended = time.monotonic()
    return answer


class Wait:
    """Waiting for one answer, in slices, so that the service can be looked at."""

    def __init__(self, answer: Answer, deadline: Deadline, tick: Tick | None) -> None:
        self.answer = answer
        self.deadline = deadline
        self.tick = tick

    def slices(self, step: float = GLANCE) -> t.Iterator[float]:
        """How long to wait each time; raises `Expired` or `GivenUp` in between."""
        looked = time.monotonic()
        while True:
            yield min(self.deadline.left(), step)
            if self.tick is None or time.monotonic() - looked < GLANCE * 0.9:
                continue
            reason = self.tick(self.answer)
            looked = time.monotonic()
            if reason:
                raise GivenUp(reason)

    def receive(self, sock: socket.socket) -> bytes:
        """What comes next; empty when the other side has closed."""
        return self.receive_from(sock)[0]

    def receive_from(self, sock: socket.socket) -> tuple[bytes, t.Any]:
        """What comes next, and where it comes from when that is told."""
        stream = sock.type != socket.SOCK_DGRAM
        for seconds in self.slices():
            sock.settimeout(seconds)
            try:
                return (sock.recv(65536), None) if stream else sock.recvfrom(65536)
            except socket.timeout:
                continue
        return b"", None


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
    while places:
        family, address = places[0]
        sock = socket.socket(family, kind)
        sock.settimeout(deadline.left())
        try:
            answer.began = time.monotonic()
            sock.connect(address)
        except socket.timeout as exc:
            sock.close()
            raise Expired from exc
        except BlockingIOError:
            # unix(7): the queue of the listener is full, and it does not say when not
            sock.close()
            time.sleep(min(STEP, deadline.left()))
            continue
        except OSError:
            sock.close()
            places = places[1:]
            if not places:
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
    wait: Wait,
    hooks: tuple[Watch | None, Taken | None, Watch | None],
    ipv6_only: bool,
) -> None:
    listener, deadline = answer.listener, wait.deadline
    watch, taken, connected = hooks
    sock = _connect(listener, answer, deadline, ipv6_only)
    try:
        if listener.family == "unix":
            raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            answer.peer_pid = int.from_bytes(raw[:4], sys.byteorder)
        if connected is not None:
            connected(answer)
        if probe.tls is not None:
            answer.stage = "tls"
            sock = secure(sock, probe.tls, wait)
            answer.seen["tls"] = getattr(sock, "version", lambda: None)()
        answer.stage = "send"
        host = "localhost" if listener.any_host else listener.host or "localhost"
        host = f"[{host}]" if ":" in host else host
        data = probe.http.request(host) if probe.http else probe.send
        _send(sock, data, deadline)
        answer.stage = "answer"
        if probe.answers:
            _read(sock, probe, answer, wait, watch)
        else:
            _hold(sock, answer, wait, taken)
    finally:
        sock.close()


def _hold(sock: socket.socket, answer: Answer, wait: Wait, taken: Taken | None) -> None:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    for seconds in wait.slices(STEP):
        if taken is None or taken(answer):
            break
        if not poll.poll(seconds * 1000):
            continue
        # it speaks first, or hangs up: both show that somebody took the connection
        more = sock.recv(4096)
        if not more:
            answer.seen["closed"] = True
            break
        answer.first_byte = answer.first_byte or time.monotonic()
        answer.data += more
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
    wait: Wait,
    watch: Watch | None,
) -> None:
    response = Response()
    while True:
        try:
            more = wait.receive(sock)
        except Expired:
            if answer.data:
                answer.failure = (
                    f"the answer was not whole within {wait.deadline.seconds:g} s: "
                    f"{shown(answer.data)}"
                )
            raise
        if answer.first_byte is None and more:
            answer.first_byte = time.monotonic()
            if watch is not None:
                watch(answer)
        answer.data += more
        if not more and not answer.data:
            raise ConnectionError("the connection was closed without an answer")
        enough = not more or len(answer.data) > LIMIT
        if probe.http is not None:
            if response.feed(more) or enough:
                _judge_http(probe.http, answer, response)
                return
        elif probe.expect is None or probe.expect.met(answer.data):
            answer.stage = "right"
            return
        elif enough:
            raise InvalidProbe(f"is {shown(answer.data)}, not {probe.expect}")


def _judge_http(http: Http, answer: Answer, response: Response) -> None:
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


def secure(sock: socket.socket, tls: Tls, wait: Wait) -> socket.socket:
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
    wrapped = context.wrap_socket(
        sock, server_hostname=tls.server_name or None, do_handshake_on_connect=False
    )
    for seconds in wait.slices():
        wrapped.settimeout(seconds)
        try:
            wrapped.do_handshake()
            break
        except socket.timeout:
            continue
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
    wait: Wait,
    watch: Watch | None,
    nodes: str,
    ipv6_only: bool,
) -> None:
    listener = answer.listener
    if listener.family != "unix":
        family, address = candidates(listener, ipv6_only)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            # not connected: a server may answer from a port of its own (TFTP does)
            _exchange(sock, probe, answer, wait, watch, address)
        return
    with tempfile.TemporaryDirectory(prefix="activated-probe-", dir=nodes) as place:
        os.chmod(place, 0o711)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.bind(place + "/answer")
            os.chmod(place + "/answer", 0o722)
            sock.settimeout(wait.deadline.left())
            sock.connect(address_of(listener)[1])
            _exchange(sock, probe, answer, wait, watch)


def _exchange(
    sock: socket.socket,
    probe: Probe,
    answer: Answer,
    wait: Wait,
    watch: Watch | None,
    address: t.Any = None,
) -> None:
    answer.stage = "send"
    sock.settimeout(wait.deadline.left())
    answer.began = time.monotonic()
    if address is None:
        sock.send(probe.send)
    else:
        sock.sendto(probe.send, address)
    if probe.expect is None:
        answer.stage = "right"
        return
    answer.stage = "answer"
    while not probe.expect.met(answer.data) or answer.first_byte is None:
        more, sender = wait.receive_from(sock)
        if address is not None and sender[0] != address[0]:
            continue
        if answer.first_byte is None:
            answer.first_byte = time.monotonic()
            if watch is not None:
                watch(answer)
        answer.data += more
        answer.failure = f"the answer is {shown(answer.data)}, not {probe.expect}"
    answer.stage, answer.failure = "right", ""


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


def _command(probe: Probe, answer: Answer, wait: Wait) -> None:
    answer.stage = "answer"
    process = subprocess.Popen(
        list(probe.command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    out = t.cast("t.IO[bytes]", process.stdout)
    try:
        os.set_blocking(out.fileno(), False)
        poll = select.poll()
        poll.register(out, select.POLLIN)
        for seconds in wait.slices():
            if poll.poll(seconds * 1000):
                more = out.read(65536)
                if more:
                    answer.first_byte = answer.first_byte or time.monotonic()
                    answer.data = (answer.data + more)[:LIMIT]
                elif more == b"":
                    break
        for seconds in wait.slices():
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        # the whole session: what the command started must not outlive the probe
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        out.close()
    if process.returncode != 0:
        raise InvalidProbe(
            f"of the command is status {process.returncode}: {shown(answer.data)}"
        )
    if probe.expect is not None and not probe.expect.met(answer.data):
        raise InvalidProbe(f"is {shown(answer.data)}, not {probe.expect}")
    answer.stage = "right"
