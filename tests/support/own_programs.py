# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project's own programs on a host, by hand: as they are before the collection deploys them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fleet import Host

ROOT = Path(__file__).resolve().parents[2]


def built(host: Host, name: str) -> bytes:
    """A program of this project, as `make programs` has built it for the host's suite."""
    place = ROOT / ".build" / "services" / host.suite / name
    assert place.is_file(), f"{place} is missing: make programs"
    return place.read_bytes()


def certificate(host: Host, folder: str) -> None:
    """A key and a certificate of `localhost`, for root alone."""
    host.sh(
        f"mkdir -p {folder} && cd {folder} && openssl req -x509 -newkey ec "
        "-pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem -days 2 "
        "2>/dev/null; chmod 600 key.pem"
    )


def hello(host: Host, home: str) -> str:
    """The Elixir release on the BEAM below ``home``, its key and certificate in `/etc/hello`.

    The lines of its `[Service]`: readiness, a user of its own, no sandbox and no watchdog.
    """
    host.sh(f"mkdir -p {home}")
    subprocess.run(
        [host.engine, "exec", "-i", host.container, "tar", "-xz", "-C", home],
        input=built(host, "hello-1.0.0.tar.gz"),
        check=True,
    )
    certificate(host, "/etc/hello")
    return (
        "Type=notify\nDynamicUser=yes\n"
        "RuntimeDirectory=hello\nEnvironment=HOME=/run/hello RELEASE_TMP=/run/hello "
        "RELEASE_DISTRIBUTION=none ERL_CRASH_DUMP_SECONDS=0\n"
        "LoadCredential=cert.pem:/etc/hello/cert.pem\n"
        "LoadCredential=key.pem:/etc/hello/key.pem\n"
        f"ExecStart={home}/bin/hello start\nTimeoutStopSec=10\n"
    )
