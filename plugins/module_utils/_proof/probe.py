# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to this collection: it may change without notice.
# Do not import it from outside of activated.services.

"""A probe as a value: what is sent to a socket and which answer is right."""

from __future__ import annotations

import base64
import binascii
import re
import socket
import typing as t
from dataclasses import dataclass, replace

from .listeners import Listener

#: Names of ports for hosts without /etc/services (Debian's package netbase).
PORTS = {"domain": 53, "http": 80, "https": 443, "smtp": 25, "ssh": 22}


class InvalidProbe(ValueError):
    """A probe that cannot be made; the message names the option and what it wants."""


def _mapping(value: t.Any, where: str, known: t.Collection[str]) -> dict[str, t.Any]:
    if not isinstance(value, dict):
        raise InvalidProbe(f"{where} must be a mapping, not {value!r}")
    strange = sorted(set(value) - set(known))
    if strange:
        raise InvalidProbe(
            f"{where} has no {strange[0]!r}; there are {', '.join(sorted(known))}"
        )
    return {key: item for key, item in value.items() if item is not None}


def parse_bytes(value: t.Any, where: str) -> bytes:
    """Bytes given as text, as ``{base64: …}`` or as ``{hex: …}``."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, dict):
        return str(value).encode("utf-8")
    given = _mapping(value, where, ("text", "base64", "hex"))
    if len(given) != 1:
        raise InvalidProbe(f"{where} needs exactly one of text, base64 and hex")
    ((form, text),) = given.items()
    try:
        if form == "base64":
            return base64.b64decode(str(text), validate=True)
        if form == "hex":
            return bytes.fromhex(str(text))
    except (ValueError, binascii.Error) as exc:
        raise InvalidProbe(f"{where} is not {form}: {exc}") from exc
    return str(text).encode("utf-8")


@dataclass(frozen=True)
class Expectation:
    """Which answer is right: it contains some bytes, or matches a regular expression.

    The expression is one of bytes, in which ``.`` matches line breaks too.
    """

    contains: bytes = b""
    regex: str | None = None

    @classmethod
    def parse(cls, value: t.Any, where: str) -> Expectation:
        """Read text, ``{regex: …}``, ``{base64: …}`` or ``{hex: …}``."""
        if isinstance(value, dict) and "regex" in value:
            regex = str(_mapping(value, where, ("regex",))["regex"])
            try:
                re.compile(regex.encode("utf-8"), re.S)
            except re.error as exc:
                raise InvalidProbe(
                    f"{where}: {regex!r} is not a regular expression: {exc}"
                ) from exc
            return cls(regex=regex)
        return cls(contains=parse_bytes(value, where))

    def met(self, answer: bytes) -> bool:
        """Whether an answer is right."""
        if self.regex is not None:
            return re.search(self.regex.encode("utf-8"), answer, re.S) is not None
        return self.contains in answer

    def __str__(self) -> str:
        if self.regex is not None:
            return f"a match of {self.regex!r}"
        return shown(self.contains)


def shown(data: bytes, length: int = 120) -> str:
    """Bytes for people: as text where they are some, and not more than ``length``."""
    text = data[:length].decode("utf-8", "backslashreplace")
    return repr(text) + (f" … ({len(data)} bytes)" if len(data) > length else "")


@dataclass(frozen=True)
class Tls:
    """How the server's certificate is judged, and which one is shown to it.

    ``authority`` is a file on the host with the certificates that are trusted; ``pin``
    the SHA-256 of the server's certificate in DER, in hexadecimal. Without either, the
    host's own authorities judge.
    """

    authority: str = ""
    pin: str = ""
    certificate: str = ""
    key: str = ""
    server_name: str = ""
    verify: bool = True

    @classmethod
    def parse(cls, value: t.Any, where: str) -> Tls | None:
        """Read ``true``, ``false`` or a mapping of this class's fields."""
        if value is None or value is False:
            return None
        if value is True:
            return cls()
        given = _mapping(value, where, tuple(cls.__dataclass_fields__))
        pin = str(given.get("pin", "")).lower()
        pin = pin[7:] if pin.startswith("sha256:") else pin
        given["pin"] = pin.replace(":", "")
        if pin and not re.match(r"^[0-9a-f]{64}$", given["pin"]):
            raise InvalidProbe(f"{where}.pin must be sha256: and 64 hexadecimal digits")
        if not isinstance(given.get("verify", True), bool):
            raise InvalidProbe(f"{where}.verify must be true or false")
        return cls(**given)


@dataclass(frozen=True)
class Http:
    """A request of HTTP/1.1 and the answer that it must have."""

    method: str = "GET"
    path: str = "/"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    data: bytes = b""
    status: tuple[int, ...] = (200,)
    body: Expectation | None = None

    @classmethod
    def parse(cls, value: t.Any, where: str) -> Http:
        """Read a mapping with this class's fields; ``status`` is a number or a list."""
        given = _mapping(
            {} if value is True else value,
            where,
            (*cls.__dataclass_fields__, "tls"),
        )
        statuses = given.get("status", 200)
        statuses = statuses if isinstance(statuses, (list, tuple)) else [statuses]
        try:
            status = tuple(int(number) for number in statuses)
        except (TypeError, ValueError) as exc:
            raise InvalidProbe(f"{where}.status must be numbers: {exc}") from exc
        headers = given.get("headers", {})
        if not isinstance(headers, dict):
            raise InvalidProbe(f"{where}.headers must be a mapping")
        http = cls(
            method=str(given.get("method", "GET")),
            path=str(given.get("path", "/")),
            host=str(given.get("host", "")),
            headers=tuple((str(k), str(v)) for k, v in headers.items()),
            data=parse_bytes(given["data"], f"{where}.data")
            if "data" in given
            else b"",
            status=status,
            body=Expectation.parse(given["body"], f"{where}.body")
            if "body" in given
            else None,
        )
        words = [
            http.method,
            http.path,
            http.host,
            *(x for h in http.headers for x in h),
        ]
        if any(ord(char) < 32 or ord(char) == 127 for word in words for char in word):
            raise InvalidProbe(f"{where} holds a control character")
        if " " in http.path or not re.match(r"^[A-Za-z]+$", http.method):
            raise InvalidProbe(f"{where}: {http.method} {http.path} is no request line")
        return http

    def request(self, host: str) -> bytes:
        """The request's bytes; ``host`` is used when the probe names none."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host or host}"]
        given = {name.lower() for name, _value in self.headers}
        if "user-agent" not in given:
            lines.append("User-Agent: activated.services")
        if "connection" not in given:
            lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.data:
            lines.append(f"Content-Length: {len(self.data)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8") + self.data


@dataclass(frozen=True)
class Probe:
    """One question to one socket.

    ``socket`` is the name of a socket, ``address`` one of its addresses (each of them
    when empty). Without anything to send and to expect it is only connected to.
    """

    socket: str
    address: str = ""
    http: Http | None = None
    tls: Tls | None = None
    send: bytes = b""
    expect: Expectation | None = None
    command: tuple[str, ...] = ()
    timeout: float | None = None

    @classmethod
    def parse(cls, value: t.Any, where: str = "probes") -> Probe:
        """Read one item of the option ``probes``; raises `InvalidProbe`."""
        given = _mapping(value, where, tuple(cls.__dataclass_fields__))
        if not given.get("socket"):
            raise InvalidProbe(f"{where} must name its socket")
        given = {key: item for key, item in given.items() if item is not False}
        known = ["http", "command", "send"]
        ways = [way for way in known if way in given]
        if "expect" in given and ways not in (["command"], ["send"]):
            ways.append("expect")
        if len(ways) > 1:
            raise InvalidProbe(f"{where} must be one of {', '.join(ways)}, not all")
        http = Http.parse(given["http"], f"{where}.http") if "http" in given else None
        tls = Tls.parse(given.get("tls"), f"{where}.tls")
        if http is not None and isinstance(given["http"], dict):
            tls = Tls.parse(given["http"].get("tls"), f"{where}.http.tls") or tls
            if tls is not None and not tls.server_name:
                tls = replace(tls, server_name=http.host.partition(":")[0])
        timeout = given.get("timeout")
        if timeout is not None and float(timeout) <= 0:
            raise InvalidProbe(f"{where}.timeout must be more than 0 seconds")
        command = given.get("command", ())
        return cls(
            socket=str(given["socket"]),
            address=str(given.get("address", "")),
            http=http,
            tls=tls,
            send=parse_bytes(given["send"], f"{where}.send")
            if "send" in given
            else b"",
            expect=Expectation.parse(given["expect"], f"{where}.expect")
            if "expect" in given
            else None,
            command=tuple(str(word) for word in command),
            timeout=None if timeout is None else float(timeout),
        )

    @property
    def answers(self) -> bool:
        """Whether an answer is waited for, and not only a connection."""
        return bool(self.http or self.expect or self.command)


@dataclass
class Response:
    """An answer of HTTP/1.x while it arrives."""

    data: bytes = b""
    status: int = 0
    reason: str = ""
    body: bytes = b""
    complete: bool = False

    def feed(self, more: bytes) -> bool:
        """Take what has arrived; true when nothing more belongs to the answer.

        Raises `InvalidProbe` when it is no HTTP.
        """
        self.data += more
        if not self.data[:5] == b"HTTP/"[: len(self.data[:5])]:
            raise InvalidProbe(f"is no HTTP: {shown(self.data)}")
        head, blank, rest = self.data.partition(b"\r\n\r\n")
        if not blank:
            return False
        lines = head.decode("latin-1").split("\r\n")
        match = re.match(r"^HTTP/\d(?:\.\d)? (\d{3})(?: (.*))?$", lines[0])
        if match is None:
            raise InvalidProbe(f"has no status line of HTTP: {lines[0]!r}")
        self.status, self.reason = int(match.group(1)), match.group(2) or ""
        if 100 <= self.status < 200 and self.status != 101:
            self.data = rest
            return self.feed(b"")
        headers = {}
        for line in lines[1:]:
            name, _colon, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self.body, self.complete = _chunks(rest)
        elif headers.get("content-length", "").isdigit():
            length = int(headers["content-length"])
            self.body, self.complete = rest[:length], len(rest) >= length
        else:
            self.body = rest
            self.complete = self.status in (101, 204, 304)
        return self.complete


def _chunks(data: bytes) -> tuple[bytes, bool]:
    body = b""
    while True:
        line, end, rest = data.partition(b"\r\n")
        if not end:
            return body, False
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError as exc:
            raise InvalidProbe(f"has a chunk without a size: {shown(line)}") from exc
        if size == 0:
            return body, rest.endswith(b"\r\n") or rest == b""
        body += rest[:size]
        if len(rest) < size + 2:
            return body, False
        data = rest[size + 2 :]


def askable(probe: Probe, listener: Listener) -> bool:
    """Whether a probe can be put to a listener of that kind."""
    if probe.command:
        return True
    if probe.http or probe.tls or not (probe.send or probe.expect):
        return listener.connects
    return listener.kind not in ("netlink", "mqueue", "usb")


def means(address: str, listener: Listener) -> bool:
    """Whether a probe's ``address`` is a listener's: as systemd writes it, as a path, or
    as its port, by number or by the name that the port has (``https``)."""
    if not address or address in (listener.text, listener.path, listener.line):
        return True
    if not listener.port:
        return False
    if address.isdigit():
        return int(address) == listener.port
    try:
        protocol = "tcp" if listener.kind == "stream" else "udp"
        return socket.getservbyname(address, protocol) == listener.port
    except OSError:
        return PORTS.get(address) == listener.port
