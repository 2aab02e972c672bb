# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new certificate for lunchd under steady TLS requests: none fails, the new one is served."""

from __future__ import annotations

import json
import subprocess
import typing as t

import own_programs
import pytest
from looking_glass import Glass, opened

pytestmark = pytest.mark.targets

# Asks again and again over a connection of its own each time, until a file has gone.
CLIENTS = r"""
import collections, hashlib, json, os, socket, ssl, sys, threading
port, flag = int(sys.argv[1]), sys.argv[2]
served, failed, slowest = collections.Counter(), [], [0.0]
import time
def ask():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    while os.path.exists(flag):
        begin = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as plain:
                with context.wrap_socket(plain) as tls:
                    shown = hashlib.sha256(tls.getpeercert(True)).hexdigest()
                    tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    answer = b""
                    while True:
                        data = tls.recv(65536)
                        if not data:
                            break
                        answer += data
            if b" 200 " not in answer.split(b"\r\n")[0] or b"<h1>" not in answer:
                raise ValueError(answer)
            served[shown] += 1
        except Exception as exc:
            failed.append(repr(exc))
        slowest[0] = max(slowest[0], time.monotonic() - begin)
threads = [threading.Thread(target=ask) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
json.dump({"served": served, "failed": failed, "slowest": slowest[0]}, sys.stdout)
"""


class Lunch(Glass):
    """lunchd, with its certificate where certbot leaves it."""

    @property
    def live(self) -> str:
        return f"/srv/{self.name}/live"

    def units(self, said: t.Mapping[str, t.Any], more: str = "") -> dict[str, str]:
        units = super().units(said, more)
        service, socket = f"{self.name}.service", f"{self.name}-http.socket"
        reload = (
            "Type=notify-reload\n"
            if self.systemd >= 253
            else "Type=notify\nExecReload=/bin/sh -c 'kill -HUP $MAINPID'\n"
        )
        if self.systemd >= 260:
            reload += "RefreshOnReload=credentials\n"
        command = (
            f"ExecStart=/srv/{self.name}/lunchd -key=${{CREDENTIALS_DIRECTORY}}/key.pem "
            "-certificate=${CREDENTIALS_DIRECTORY}/chain.pem\n"
        )
        text = units[service].replace("ExecStart=/opt/glass.py\n", command + reload)
        https = {
            f"{self.name}-https.socket": units[socket].replace(
                "Name=http\n", "Name=https\n"
            )
        }
        return {service: text.replace(socket, f"{self.name}-https.socket"), **https}

    def certificate(self, number: int) -> str:
        """A new key and its certificate, become the live ones at once; its digest."""
        return t.cast(
            "str",
            self.sh(
                f"umask 077; mkdir -p {self.live}.{number} && cd {self.live}.{number} && "
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                f"-days 30 -subj /CN=lunch{number} -keyout key.pem -out chain.pem 2>/dev/null && "
                f"ln -sfn {self.live}.{number} {self.live}.new && mv -T {self.live}.new {self.live} "
                "&& openssl x509 -in chain.pem -outform DER | sha256sum | cut -d' ' -f1"
            ),
        )


@pytest.fixture
def lunch(host: t.Any) -> t.Iterator[Lunch]:
    with opened(host, Lunch) as one:
        host.write(
            {f"/srv/{one.name}/lunchd!": own_programs.built(host, "lunchd-1.0.0")}
        )
        yield t.cast("Lunch", one)


def test_a_new_certificate_fails_no_request(lunch: Lunch) -> None:
    said = {
        "key.pem": {"path": f"{lunch.live}/key.pem"},
        "chain.pem": {"path": f"{lunch.live}/chain.pem"},
    }
    probe = {
        "socket": "https",
        "timeout": 15,
        "http": {"body": "<h1>", "tls": {"verify": False}},
    }
    first = lunch.certificate(1)
    lunch.deploy(said, probes=[probe])
    flag = f"/run/{lunch.name}.asking"
    lunch.sh(f"touch {flag}")
    clients = subprocess.Popen(
        [lunch.host.engine, "exec", lunch.host.container, "python3", "-c", CLIENTS,
         str(lunch.port), flag],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        lunch.sh(f"until systemctl -q is-active {lunch.name}.service; do :; done")
        inode = lunch.socket_inode()
        second = lunch.certificate(2)
        result = lunch.deploy(said, probes=[probe])
        third = lunch.certificate(3)
        lunch.deploy(said, probes=[probe])
    finally:
        lunch.sh(f"rm {flag}")
        told = json.loads(clients.communicate(timeout=60)[0])
    assert told["failed"] == []
    assert set(told["served"]) <= {first, second, third}
    assert told["served"][third] > 5
    assert told["served"][first] > 5
    assert lunch.socket_inode() == inode
    steps = [step["action"] for step in result["plan"]]
    assert steps == [
        "renew",
        "renew",
        "refresh" if lunch.systemd >= 260 else "stop",
        "prove",
    ]
    shown = lunch.sh(
        f"openssl s_client -connect 127.0.0.1:{lunch.port} </dev/null 2>/dev/null | "
        "openssl x509 -outform DER | sha256sum | cut -d' ' -f1"
    )
    assert shown == third
