"""The service after its proof: at rest again, its socket open, ready for the first request."""

from __future__ import annotations

import typing as t


def test_it_was_left_as_it_was_found(host: t.Any) -> None:
    service = host.service("greeter.service").systemd_properties
    assert service["ActiveState"] == "inactive"
    assert service["Result"] == "success"
    sockets = host.service("greeter-http.socket").systemd_properties
    assert sockets["SubState"] == "listening"


def test_the_next_request_starts_it(host: t.Any) -> None:
    answer = host.run_expect([0], "curl --silent --show-error http://localhost:8080/")
    assert answer.stdout.startswith("http of ")
    host.run_expect([0], "systemctl stop greeter.service")
