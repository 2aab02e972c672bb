"""hello, as systemd sees it after the deployment and after its first request."""

from __future__ import annotations

import typing as t

import pytest

SOCKETS = {"hello-http.socket": 80, "hello-https.socket": 443}


@pytest.fixture
def at_rest(host: t.Any) -> None:
    """The service stopped, whatever a test before it did."""
    host.run_expect([0], "systemctl stop hello.service")
    assert host.run("systemctl is-active hello.service").stdout.strip() == "inactive"


def properties(host: t.Any, unit: str) -> dict[str, str]:
    return t.cast("dict[str, str]", host.service(unit).systemd_properties)


@pytest.mark.parametrize("unit", SOCKETS)
def test_sockets_listen_and_come_back_at_boot(host: t.Any, unit: str) -> None:
    shown = properties(host, unit)
    assert shown["ActiveState"] == "active"
    assert shown["UnitFileState"] == "enabled"
    assert shown["Triggers"] == "hello.service"
    assert host.socket(f"tcp://:::{SOCKETS[unit]}").is_listening


def test_service_is_not_started_at_boot(host: t.Any) -> None:
    shown = properties(host, "hello.service")
    assert shown["UnitFileState"] == "static"
    assert sorted(shown["TriggeredBy"].split()) == sorted(SOCKETS)


@pytest.mark.usefixtures("at_rest")
@pytest.mark.parametrize("url", ["http://localhost/", "https://localhost/"])
def test_first_request_starts_it(host: t.Any, url: str) -> None:
    # systemd forgets the last start of a service that is at rest
    before = properties(host, "hello.service").get("InvocationID")
    answer = host.run_expect([0], f"curl --silent --show-error --insecure {url}")
    assert answer.stdout == "Hello World!"
    shown = properties(host, "hello.service")
    assert shown["ActiveState"] == "active"
    assert shown["InvocationID"] != before


def test_stopping_it_leaves_the_sockets_open(host: t.Any, at_rest: None) -> None:
    for unit, port in SOCKETS.items():
        assert properties(host, unit)["SubState"] == "listening"
        assert host.socket(f"tcp://:::{port}").is_listening


def test_it_runs_unprivileged(host: t.Any) -> None:
    host.run_expect([0], "curl --silent http://localhost/")
    pid = properties(host, "hello.service")["MainPID"]
    status = dict(
        line.split(":\t", 1)
        for line in host.file(f"/proc/{pid}/status").content_string.splitlines()
        if ":\t" in line
    )
    uid = int(status["Uid"].split()[0])
    assert 61184 <= uid <= 65519, "a dynamic user (systemd.exec(5))"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    for namespace in ("mnt", "user"):
        own = host.check_output(f"readlink /proc/{pid}/ns/{namespace}")
        assert own != host.check_output(f"readlink /proc/1/ns/{namespace}")


def test_release_is_roots_and_read_only(host: t.Any) -> None:
    assert host.file("/opt/hello/current").linked_to == "/opt/hello/releases/1.0.0"
    writable = host.run("find /opt/hello -perm /7022 -not -type l").stdout
    foreign = host.run("find /opt/hello -not -user root").stdout
    assert (writable, foreign) == ("", "")
