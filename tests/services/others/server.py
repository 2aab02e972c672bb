#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small server that is activated through its sockets, and its mistakes, one at a time.

    server.py            answers on every socket that it was given
    server.py MISTAKE…   does so with these mistakes; those that take a value have it behind a `=`

The answer to HTTP, to a line, to a datagram names the socket's descriptor, so that a client knows
which one it reached. Python 3.8, standard library.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

FIRST = 3
mistakes = dict(word.partition("=")[::2] for word in sys.argv[1:])


def inherited() -> dict[int, str]:
    """The descriptors that systemd passed, by number, with their names."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    count = int(os.environ["LISTEN_FDS"])
    return {FIRST + index: names[index] for index in range(count)}


def say(state: str) -> None:
    """Tell systemd something (sd_notify(3)), where it listens."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state.encode(), place.replace("@", "\0", 1))


def answer(name: str, request: bytes) -> bytes:
    """What a client gets; `name` is the socket that it came through."""
    text = f"{name} of {os.getpid()}\n".encode()
    if b"HTTP/1" not in request:
        return text
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + text


def serve(sockets: dict[socket.socket, str]) -> None:
    """Answer one request after another; every connection gets one answer."""
    timeout = float(mistakes["idle"]) if "idle" in mistakes else None
    while True:
        ready = select.select(list(sockets), [], [], min(timeout or 0.5, 0.5))[0]
        if "WATCHDOG_USEC" in os.environ:
            say("WATCHDOG=1")
        if not ready and timeout is not None:
            timeout -= 0.5
            if timeout <= 0:
                sys.exit(0)
        for sock in ready:
            if "idle" in mistakes:
                timeout = float(mistakes["idle"])
            try:
                one(sock, sockets[sock])
            except OSError as exc:
                print("lost a client:", exc, flush=True)


def one(sock: socket.socket, name: str) -> None:
    kind = sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    if kind == socket.SOCK_DGRAM:
        data, sender = sock.recvfrom(65536)
        if sender:
            sock.sendto(answer(name, data), sender)
        return
    client, _address = sock.accept()
    with client:
        client.settimeout(5)
        data = client.recv(65536)
        if "drip" in mistakes:
            for byte in answer(name, data):
                client.sendall(bytes([byte]))
                time.sleep(float(mistakes["drip"]))
        if "silent" in mistakes:
            time.sleep(3600)
        if data:
            client.sendall(b"nonsense\n" if "wrong" in mistakes else answer(name, data))
    if "dies" in mistakes:
        time.sleep(float(mistakes["dies"] or 0))
        sys.exit(7)


def main() -> None:
    if "crashes" in mistakes:
        sys.exit(3)
    if "forks" in mistakes and os.fork():
        os._exit(0)
    if "slow" in mistakes:
        time.sleep(float(mistakes["slow"]))
    given = inherited()
    if "forks" in mistakes:
        given = {FIRST: "http"}
    sockets: dict[socket.socket, str] = {}
    if "own" in mistakes:
        port = int(mistakes["own"])
        own = socket.socket(socket.AF_INET6 if "six" in mistakes else socket.AF_INET)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if "share" in mistakes:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(("", port))
        own.listen()
        if "closes" in mistakes:
            for number in given:
                os.close(number)
        sockets[own] = "own"
    else:
        for number, name in given.items():
            try:
                sockets[socket.socket(fileno=number)] = name
            except OSError:  # a FIFO is no socket
                fifo(number)
        if "positions" in mistakes:
            # it was written for the other order than the one that systemd gives it
            sockets = dict(zip(sockets, reversed(list(sockets.values()))))
        if "listens" in mistakes:  # as asyncio and Erlang do
            for sock in sockets:
                sock.listen()
        if "moves" in mistakes:
            moved = {sock.dup(): name for sock, name in sockets.items()}
            for sock in sockets:
                sock.close()
            sockets = moved
    if "unlinks" in mistakes:
        signal.signal(signal.SIGTERM, lambda *_args: unlink(sockets))
    if "mute" not in mistakes:
        say("READY=1")
    serve(sockets)


def unlink(sockets: dict[socket.socket, str]) -> None:
    """Tidy up at the end, as if the sockets were its own."""
    for sock in sockets:
        if sock.family == socket.AF_UNIX:
            os.unlink(sock.getsockname())
    sys.exit(0)


def fifo(number: int) -> None:
    """Take one line of a FIFO, and leave a trace of it."""
    print("fifo said", os.read(number, 4096), flush=True)


main()
