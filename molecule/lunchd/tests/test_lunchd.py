"""lunchd, as the article leaves it and goes on: both ports, a key that root alone can read."""

from __future__ import annotations

import hashlib
import typing as t

import pytest

LIVE = "/etc/letsencrypt/live/lunch"
SEEN = "/run/credentials/lunchd.service"
URLS = ("http://localhost/", "https://lunch.example.org/")
CURL = "curl --silent --show-error --connect-to lunch.example.org:443:localhost:443"


def ask(host: t.Any, url: str) -> str:
    # It can only be trusted with the certificate that it is to serve.
    asked = f"{CURL} --cacert {LIVE}/fullchain.pem {url}"
    return t.cast("str", host.run_expect([0], asked).stdout)


@pytest.mark.parametrize("url", URLS)
def test_first_request_starts_it(host: t.Any, url: str) -> None:
    host.run_expect([0], "systemctl stop lunchd.service")
    assert not host.file(SEEN).exists, "credentials go with the service"
    assert ask(host, url).startswith("<h1>")
    assert host.service("lunchd").systemd_properties["ActiveState"] == "active"


def test_nobody_but_root_and_the_service_reads_the_key(host: t.Any) -> None:
    ask(host, URLS[1])
    for path in (f"{LIVE}/privkey.pem", f"{SEEN}/key.pem"):
        assert host.run(f"setpriv --reuid=65534 --clear-groups cat {path}").rc != 0
    pid = host.service("lunchd").systemd_properties["MainPID"]
    uid = int(host.check_output(f"stat -c %u /proc/{pid}"))
    assert 61184 <= uid <= 65519, "a dynamic user (systemd.exec(5))"
    key = host.file(f"{LIVE}/privkey.pem").content
    assert host.file(f"{SEEN}/key.pem").content == key
    line = host.check_output(f"tr '\\0' ' ' < /proc/{pid}/cmdline")
    assert f"-key={SEEN}/key.pem" in line


def test_a_secret_of_the_controller_is_encrypted_where_it_can_be(host: t.Any) -> None:
    ask(host, URLS[0])
    secret = hashlib.sha256(b"no secret").hexdigest()
    assert host.file(f"{SEEN}/token").content_string == secret
    old = host.backend.get_hostname().endswith("bullseye")
    stored = host.file(f"/etc/credstore{'' if old else '.encrypted'}/lunchd/token")
    assert stored.mode == 0o400
    assert (secret in stored.content_string) is old
    assert (
        host.run(f"grep -rq {secret} /etc/systemd /var/lib/activated.services").rc == 1
    )
