# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes against small servers in this process: what is right, what is wrong, and when."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._proof import wire
from ansible_collections.activated.services.plugins.module_utils._proof.listeners import (
    Listener,
)
from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    Probe,
)
from ansible_collections.activated.services.plugins.module_utils._proof.wire import (
    Answer,
    Deadline,
    Expired,
    ask,
)

Serve = t.Callable[[socket.socket], None]


@contextlib.contextmanager
def server(serve: Serve) -> t.Iterator[Listener]:
    """A server of one connection at a time, on a port of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _address = listener.accept()
                    with client, contextlib.suppress(OSError):
                        serve(client)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield Listener.parse(f"127.0.0.1:{port} (Stream)")
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def put(serve: Serve, seconds: float = 5, **probe: t.Any) -> Answer:
    with server(serve) as listener:
        return ask(Probe.parse({"socket": "a", **probe}), listener, Deadline(seconds))


def hello(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


def test_a_right_answer() -> None:
    answer = put(hello, http={"body": "hello"})
    assert answer.right
    assert answer.seen["status"] == 200
    assert answer.first_byte is not None
    assert answer.connected is not None
    assert answer.began < answer.connected < answer.first_byte < answer.ended
    assert put(hello, send="x", expect={"regex": "^HTTP"}).right


def test_wrong_answers() -> None:
    assert "status 200 OK, not 404" in put(hello, http={"status": 404}).failure
    assert "body 'hello', not 'bye'" in put(hello, http={"body": "bye"}).failure
    assert put(hello, http={"body": "bye"}).stage == "wrong"


def drip(client: socket.socket) -> None:
    for _ in range(100):
        client.sendall(b"H")
        time.sleep(0.05)


def test_a_deadline_is_kept_against_a_peer_that_drips() -> None:
    began = time.monotonic()
    answer = put(drip, seconds=0.4, expect="never")
    assert answer.expired
    assert time.monotonic() - began < 1
    assert "not whole within 0.4 s" in answer.failure


def test_a_deadline_is_kept_in_a_handshake() -> None:
    began = time.monotonic()
    answer = put(drip, seconds=0.4, http={"tls": {"verify": False}})
    assert not answer.right
    assert time.monotonic() - began < 1
    answer = put(
        lambda client: time.sleep(0.8), seconds=0.3, http={"tls": {"verify": False}}
    )
    assert answer.expired
    assert answer.stage == "tls"


def test_a_peer_that_hangs_up() -> None:
    answer = put(lambda client: None, http={})
    assert not answer.right
    assert "closed without an answer" in answer.failure or "reset" in answer.failure


def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        listener = Listener.parse(f"127.0.0.1:{sock.getsockname()[1]} (Stream)")
    answer = ask(Probe("a"), listener, Deadline(1))
    assert answer.stage == "connect"
    assert answer.connected is None
    assert "refused" in answer.failure


def test_waiting_ends_when_there_is_a_reason() -> None:
    with server(lambda client: time.sleep(2)) as listener:
        began = time.monotonic()
        answer = ask(
            Probe.parse({"socket": "a", "expect": "x"}),
            listener,
            Deadline(5),
            tick=lambda _answer: "it has died",
        )
    assert answer.failure == "it has died"
    assert not answer.expired
    assert answer.ended - began < 1


def test_a_connection_is_kept_until_it_is_taken() -> None:
    seen: list[Answer] = []

    def taken(answer: Answer) -> bool:
        seen.append(answer)
        return len(seen) == 3

    with server(lambda client: time.sleep(1)) as listener:
        answer = ask(Probe("a"), listener, Deadline(5), taken=taken)
    assert answer.right
    assert len(seen) == 3


def test_commands() -> None:
    listener = Listener.parse("127.0.0.1:1 (Stream)")

    def command(*words: str, seconds: float = 5) -> Answer:
        probe = Probe.parse({"socket": "a", "command": list(words)})
        return ask(probe, listener, Deadline(seconds))

    assert command("true").right
    assert "status 3: 'no" in command("sh", "-c", "echo no; exit 3").failure
    began = time.monotonic()
    # what the command has started in the background ends with it
    assert command("sh", "-c", "sleep 99 & sleep 99", seconds=0.3).expired
    assert time.monotonic() - began < 2
    assert "No such file" in command("/nowhere").failure


def test_a_deadline() -> None:
    now = [0.0]
    deadline = Deadline(2, lambda: now[0])
    assert deadline.left() == 2
    near = deadline.within(0.5)
    assert near.seconds == 0.5
    assert deadline.within(None) is deadline
    now[0] = 1
    assert near.over
    assert not deadline.over
    assert deadline.within(9).left() == 1
    with pytest.raises(Expired):
        near.left()


def test_a_full_queue_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is full: each look costs nothing that is not given back."""
    monkeypatch.setattr(wire, "STEP", 0.0001)
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as one:
        server.bind(path)
        server.listen(0)
        one.connect(path)
        listener = Listener.parse(f"{path} (Stream)")
        answer = ask(Probe(socket="x"), listener, Deadline(1.0))
    assert answer.expired
    assert answer.stage == "connect"
