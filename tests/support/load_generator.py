#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steady requests from inside a host to its own loopback, and what became of each.

    load_generator.py http://127.0.0.1:80/version --seconds 60 --requests 10000

Each request has a connection of its own, unless ``--keep-alive`` is given. It ends when its time
is over, when its requests are made, or when it is told to (``--until-eof``, ``--until-file``);
then it prints one JSON object:

ok        whole answers with the expected status
refused   connections that nobody listened for
reset     connections that ended before the whole answer was there
stale     (keep-alive) kept connections that ended instead of answering, without a notice
failed    everything else: no answer in time, a wrong status, no HTTP
mixed     whole answers that name one version in a header and another in the body
versions  how many answers each version gave
longest   seconds of the longest wait, from before the connection to the last byte
faults    the first requests that went wrong: when (seconds since the start), what, how long

An answer names its version in the header ``X-Version``; one to ``/version`` has it as its body,
too. Python 3.8, standard library alone.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import ssl
import sys
import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("ok", "refused", "reset", "stale", "failed", "mixed")
FAULTS = 20


class Lost(Exception):
    """A request that was not answered; `kind` is one of KINDS."""

    def __init__(self, kind: str, why: str) -> None:
        self.kind = kind
        super().__init__(f"{kind}: {why}")


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: t.Mapping[str, str]
    body: str

    @property
    def keeps(self) -> bool:
        """Whether the server keeps the connection for a further request."""
        return self.headers.get("connection", "").lower() != "close"


class Client:
    """Requests to one URL, one after another."""

    def __init__(self, url: str, *, keep: bool, timeout: float) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._address = (
            parts.hostname or "127.0.0.1",
            parts.port or (80, 443)[self._tls],
        )
        self._keep = keep
        self._timeout = timeout
        path = parts.path or "/"
        path = f"{path}?{parts.query}" if parts.query else path
        close = "" if keep else "Connection: close\r\n"
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {self._address[0]}\r\n{close}\r\n".encode()
        )
        self._kept: socket.socket | None = None

    def ask(self) -> Answer:
        """One request. Raises Lost."""
        used = self._kept is not None
        sock = self._kept or self._connect()
        self._kept = None
        answer = None
        try:
            sock.sendall(self._request)
            answer = read_answer(sock)
        except socket.timeout as exc:
            raise Lost("failed", f"no answer within {self._timeout:g} s") from exc
        except (ConnectionError, EOFError, ssl.SSLError) as exc:
            raise Lost("stale" if used else "reset", repr(exc)) from exc
        except ValueError as exc:
            raise Lost("failed", f"no HTTP: {exc}") from exc
        finally:
            if answer and self._keep and answer.keeps:
                self._kept = sock
            else:
                sock.close()
        return answer

    def close(self) -> None:
        """Give up the kept connection."""
        if self._kept:
            self._kept.close()

    def _connect(self) -> socket.socket:
        try:
            sock = socket.create_connection(self._address, self._timeout)
        except socket.timeout as exc:
            raise Lost("failed", f"no connection within {self._timeout:g} s") from exc
        except ConnectionRefusedError as exc:
            raise Lost("refused", str(exc)) from exc
        except ConnectionError as exc:
            raise Lost("reset", repr(exc)) from exc
        except OSError as exc:
            raise Lost("failed", repr(exc)) from exc
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._tls:
            return sock
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            return context.wrap_socket(sock)
        except socket.timeout as exc:
            sock.close()
            raise Lost("failed", "no TLS in time") from exc
        except OSError as exc:  # ssl.SSLError is one
            sock.close()
            raise Lost("reset", repr(exc)) from exc


def read_answer(sock: socket.socket) -> Answer:
    """One whole HTTP answer. Raises EOFError, OSError, and ValueError for anything else."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock, data)
    head, _blank, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {
        key.strip().lower(): value.strip()
        for key, _colon, value in (line.partition(":") for line in lines)
    }
    if not status.startswith("HTTP/1.") or "content-length" not in headers:
        raise ValueError(head[:200])
    length = int(headers["content-length"])
    while len(body) < length:
        body += _more(sock, body)
    text = body.decode("utf-8", "replace")
    return Answer(int(status.split()[1]), headers, text)


def _more(sock: socket.socket, before: bytes) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise EOFError(f"closed after {len(before)} bytes")
    return data


class Tally:
    """What became of all requests; many threads add to it."""

    def __init__(self, body_is_version: bool, status: int = 200) -> None:
        self._body_is_version = body_is_version
        self._status = status
        self._lock = threading.Lock()
        self._kinds: Counter[str] = Counter()
        self._versions: Counter[str] = Counter()
        self._waits: list[float] = []
        self._faults: list[tuple[float, str, float]] = []
        self.begun = time.monotonic()

    def judge(self, answer: Answer) -> None:
        """Raises Lost for a whole answer that is not the right one."""
        if answer.status != self._status:
            raise Lost("failed", f"status {answer.status}")
        version = answer.headers.get("x-version", "")
        if self._body_is_version and version != answer.body.strip():
            raise Lost("mixed", f"{version!r} says {answer.body!r}")

    def request(self, client: Client) -> None:
        """Make one request and count it."""
        start = time.monotonic()
        kind, why, version = "ok", "", ""
        try:
            answer = client.ask()
            self.judge(answer)
            version = answer.headers.get("x-version", "")
        except Lost as exc:
            kind, why = exc.kind, str(exc)
        wait = time.monotonic() - start
        with self._lock:
            self._kinds[kind] += 1
            self._waits.append(wait)
            if version:
                self._versions[version] += 1
            if why and len(self._faults) < FAULTS:
                self._faults.append((round(start - self.begun, 3), why, round(wait, 3)))

    def as_dict(self) -> dict[str, t.Any]:
        """What is printed."""
        waits = sorted(self._waits) or [0.0]
        return {
            **{kind: self._kinds[kind] for kind in KINDS},
            "requests": len(self._waits),
            "versions": dict(sorted(self._versions.items())),
            "seconds": round(time.monotonic() - self.begun, 3),
            "median": round(waits[len(waits) // 2], 4),
            "longest": round(waits[-1], 3),
            "faults": self._faults,
        }


class Bounds:
    """When it is enough: after a time, after a number of requests, or when told so."""

    def __init__(self, seconds: float, requests: int) -> None:
        self._end = time.monotonic() + seconds
        self._left = requests
        self._lock = threading.Lock()
        self.told = threading.Event()

    def another(self) -> bool:
        """Whether one more request is to be made."""
        with self._lock:
            if self.told.is_set() or self._left <= 0 or time.monotonic() >= self._end:
                return False
            self._left -= 1
            return True

    def watch(self, path: str) -> None:
        """End when a file is there."""
        while not self.told.wait(0.2):
            if os.path.exists(path):
                self.told.set()

    def listen(self, stream: t.TextIO) -> None:
        """End when the stream does."""
        while not self.told.is_set():
            ready = select.select([stream], [], [], 0.2)[0]
            if ready and not stream.readline():
                self.told.set()


def work(
    tally: Tally, bounds: Bounds, client: Client, every: float, offset: float
) -> None:
    """One client: a request every so many seconds, or at once when it is late."""
    due = time.monotonic() + offset
    while not bounds.told.wait(max(due - time.monotonic(), 0)) and bounds.another():
        tally.request(client)
        due = max(due + every, time.monotonic())
    client.close()


def run(wish: argparse.Namespace) -> dict[str, t.Any]:
    """Make the requests; returns what became of them."""
    tally = Tally(urlsplit(wish.url).path == "/version")
    bounds = Bounds(wish.seconds, wish.requests)
    every = wish.clients / wish.rate
    threads = [
        threading.Thread(
            target=work,
            args=(
                tally,
                bounds,
                Client(wish.url, keep=wish.keep_alive, timeout=wish.timeout),
                every,
                every * index / wish.clients,
            ),
            daemon=True,
        )
        for index in range(wish.clients)
    ]
    for thread in threads:
        thread.start()
    if wish.until_eof:
        threading.Thread(target=bounds.listen, args=(sys.stdin,), daemon=True).start()
    if wish.until_file:
        watch = threading.Thread(target=bounds.watch, args=(wish.until_file,))
        watch.daemon = True
        watch.start()
    for thread in threads:
        thread.join()
    bounds.told.set()
    return tally.as_dict()


def read_arguments(words: t.Sequence[str] | None = None) -> argparse.Namespace:
    """Understand a command line."""
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="at most")
    parser.add_argument("--requests", type=int, default=100000, help="at most")
    parser.add_argument("--timeout", type=float, default=20.0, help="of one request")
    parser.add_argument("--keep-alive", action="store_true")
    parser.add_argument(
        "--until-eof", action="store_true", help="end when standard input does, too"
    )
    parser.add_argument(
        "--until-file", metavar="PATH", help="end when this file is there, too"
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(read_arguments())))
