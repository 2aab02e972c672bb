# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Five programs to fit: ours with a wide open unit of their own, Debian's as they come."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import own_programs
from fleet import Host

OTHERS = own_programs.ROOT / "tests" / "services" / "others"
OWNED = "# Owned by activated.services, service {name}.\n"


@dataclass(frozen=True)
class Program:
    """A service, how it comes to a host, what it is asked, and the exposure to reach."""

    name: str
    install: t.Callable[[Host], None]
    probes: list[dict[str, t.Any]]
    at_most: float
    """The exposure of the level that it is known to run at, or of the unit it comes with."""
    files: tuple[str, ...] = ()
    packages: str = ""


def sockets(name: str, **ports: int) -> dict[str, str]:
    """A socket unit for each port, by the name of its descriptor."""
    return {
        f"{name}-{key}.socket": OWNED.format(name=name)
        + f"[Socket]\nListenStream={port}\nFileDescriptorName={key}\n"
        f"Service={name}.service\n"
        for key, port in ports.items()
    }


def service(name: str, units: t.Iterable[str], body: str) -> dict[str, str]:
    """A service unit that requires its sockets, with no sandbox but a user of its own."""
    names = " ".join(units)
    return {
        f"{name}.service": OWNED.format(name=name)
        + f"[Unit]\nRequires={names}\nAfter={names}\nStartLimitIntervalSec=0\n"
        f"[Service]\nRestart=on-failure\n{body}\n"
    }


def hello(host: Host) -> None:
    """The Elixir release on the BEAM, with readiness and a watchdog."""
    body = own_programs.hello(host, "/opt/hello-fit") + "WatchdogSec=1min"
    there = sockets("hello", http=8121, https=8122)
    host.install({**there, **service("hello", there, body)}, " ".join(there))


def lunchd(host: Host) -> None:
    """The Go server with TLS from its credentials."""
    host.write({"/opt/lunchd-fit/lunchd!": own_programs.built(host, "lunchd-1.0.0")})
    own_programs.certificate(host, "/etc/lunchd")
    there = sockets("lunchd", http=8123, https=8124)
    body = (
        "Type=notify\nDynamicUser=yes\nLoadCredential=cert.pem:/etc/lunchd/cert.pem\n"
        "LoadCredential=key.pem:/etc/lunchd/key.pem\n"
        "ExecStart=/opt/lunchd-fit/lunchd -key=${CREDENTIALS_DIRECTORY}/key.pem "
        "-certificate=${CREDENTIALS_DIRECTORY}/cert.pem"
    )
    host.install({**there, **service("lunchd", there, body)}, " ".join(there))


def gunicorn(host: Host) -> None:
    """gunicorn from Debian; the unit is the one of its documentation, PrivateTmp=yes and
    all, with the socket that its documentation has, too."""
    host.packages("gunicorn")
    host.write({"/opt/others/wsgi.py": (OTHERS / "wsgi.py").read_text()})
    host.install(
        {
            "gunicorn.socket": "[Socket]\nListenStream=127.0.0.1:8125\n",
            "gunicorn.service": "[Unit]\nRequires=gunicorn.socket\n[Service]\n"
            "Type=notify\nNotifyAccess=main\nUser=www-data\nGroup=www-data\n"
            "RuntimeDirectory=gunicorn\nWorkingDirectory=/opt/others\n"
            "ExecStart=/usr/bin/gunicorn wsgi:app\nExecReload=/bin/kill -s HUP $MAINPID\n"
            "KillMode=mixed\nTimeoutStopSec=5\nPrivateTmp=true\n",
        },
        "gunicorn.socket",
    )


def nginx(host: Host) -> None:
    """nginx from Debian, as it comes: its main process runs as root."""
    host.packages("nginx-light")
    host.sh("systemctl start nginx")


def redis(host: Host) -> None:
    """redis from Debian, as it comes: with a sandbox already."""
    host.packages("redis-server redis-tools")
    host.sh("systemctl start redis-server")


HELLO = Program(
    "hello",
    hello,
    [
        {"socket": "http", "http": {"body": "Hello"}},
        {
            "socket": "https",
            "http": {"host": "localhost", "tls": {"authority": "/etc/hello/cert.pem"}},
        },
    ],
    0.3,
    ("hello.service", "hello-http.socket", "hello-https.socket"),
)
LUNCHD = Program(
    "lunchd",
    lunchd,
    [
        {"socket": "http", "http": {"body": "<h1>"}},
        {
            "socket": "https",
            "http": {
                "body": "<h1>",
                "host": "localhost",
                "tls": {"authority": "/etc/lunchd/cert.pem"},
            },
        },
    ],
    0.3,
    ("lunchd.service", "lunchd-http.socket", "lunchd-https.socket"),
)
GUNICORN = Program(
    "gunicorn",
    gunicorn,
    [{"socket": "gunicorn", "http": {"body": "hello from wsgi"}}],
    0.6,
    ("gunicorn.service", "gunicorn.socket"),
)
NGINX = Program(
    "nginx", nginx, [{"address": "127.0.0.1:80", "http": {"body": "Welcome"}}], 3.0
)
REDIS = Program(
    "redis-server",
    redis,
    [
        {
            "address": "127.0.0.1:6379",
            "send": "SET fit 1\r\nSAVE\r\n",
            "expect": {"regex": r"\+OK\r\n\+OK"},
        },
        {"command": ["redis-cli", "bgrewriteaof"]},
    ],
    1.0,
)
PROGRAMS = (HELLO, LUNCHD, GUNICORN, NGINX, REDIS)
