# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs from Debian in the sandbox `default`, with no exception named.

Each takes its socket from systemd and is started by a request; what a unit has besides is what
the program needs anywhere: its type, its arguments, a folder for its state.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fleet import FULL, SUITES, Hosts

from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    exposure,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_unit,
)

OTHERS = Path(__file__).resolve().parents[2] / "services" / "others"
#: The most that a service at `default` may be exposed, by systemd's own scale.
MOST = 3.3
LIMITS = ["MemoryMax", "TasksMax", "LimitNOFILE"]  # containers have no controllers


@dataclass(frozen=True)
class Program:
    """A program, how it is started, and what it is asked."""

    name: str
    package: str
    command: list[str]
    probe: dict[str, t.Any]
    needs: dict[str, t.Any] = field(default_factory=dict)
    """Directives that it needs anywhere, none of them of the sandbox."""
    accept: bool = False
    """Whether each connection has an instance of its own, on standard input."""
    listen: str = ""
    files: dict[str, str] = field(default_factory=dict)

    def units(self, port: int, systemd: int) -> dict[str, str]:
        """The socket and the service, in the sandbox `default`."""
        sandbox = Sandbox.parse("default", systemd).directives
        listen = self.listen or f"127.0.0.1:{port}"
        service = {
            "ExecStart": [_at(word, port) for word in self.command],
            **({"StandardInput": "socket"} if self.accept else {}),
            **{key: _at(value, port) for key, value in self.needs.items()},
            **sandbox,
        }
        socket = f"{self.name}.socket"
        if self.accept:
            return {
                socket: f"[Socket]\nListenStream={listen}\nAccept=yes\n",
                f"{self.name}@.service": render_unit({"Service": service}),
            }
        unit = {"Requires": socket, "After": socket, "StartLimitIntervalSec": 0}
        return {
            socket: f"[Socket]\nListenStream={listen}\n",
            f"{self.name}.service": render_unit({"Unit": unit, "Service": service}),
        }


def _at(value: t.Any, port: int) -> t.Any:
    """A value with the number of the port in the place of its name."""
    if isinstance(value, dict):
        return {key: _at(entry, port) for key, entry in value.items()}
    return value.replace("PORT", str(port)) if isinstance(value, str) else value


def http(body: str = "", path: str = "/", **more: t.Any) -> dict[str, t.Any]:
    """A question of HTTP."""
    return {"http": {"path": path, **({"body": body} if body else {}), **more}}


def git_request() -> str:
    """A packet line of git-daemon(1), for a repository that is not there, in hex."""
    text = b"git-upload-pack /nothing\0host=h\0"
    return (b"%04x" % (len(text) + 4) + text).hex()


WWW = "/opt/others/www"
PAGE = {f"{WWW}/page": "static\n"}
STATIC = http("static", "/page")
PROGRAMS = [
    Program(
        "gunicorn-default",
        "gunicorn",
        ["/usr/bin/gunicorn", "--workers", "2", "--chdir", "/opt/others", "wsgi:app"],
        http("hello from wsgi"),
        {"Type": "notify"},
    ),
    Program(
        "nginx-default",
        "nginx",
        ["/usr/sbin/nginx", "-c", "/opt/others/nginx.conf"],
        STATIC,
        # how nginx hands its sockets on when it is upgraded, since 0.6
        {"Environment": {"NGINX": "3;"}},
        files={
            **PAGE,
            "/opt/others/nginx.conf": "daemon off;\npid /tmp/nginx.pid;\nerror_log stderr;\n"
            "events {}\nhttp {\n access_log off;\n"
            + "".join(
                f" {kind}_temp_path /tmp/{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + f" server {{ listen 127.0.0.1:PORT; root {WWW}; }}\n}}\n",
        },
    ),
    Program(
        "php-fpm-default",
        "php-fpm",
        ["/usr/local/bin/php-fpm-of-debian", "-F", "-y", "/opt/others/fpm.conf"],
        # a FastCGI request for a management value: the name of it comes back
        {
            "send": {"hex": "0109000000110000" + "0f00" + b"FCGI_MPXS_CONNS".hex()},
            "expect": {"hex": b"FCGI_MPXS_CONNS".hex()},
        },
        {"Type": "notify", "Environment": {"FPM_SOCKETS": "127.0.0.1:PORT=3"}},
        files={
            "/opt/others/fpm.conf": "[global]\nerror_log = syslog\n[www]\n"
            "listen = 127.0.0.1:PORT\npm = static\npm.max_children = 1\n"
        },
    ),
    Program(
        "uvicorn-default",
        "python3-uvicorn",
        [
            "/usr/bin/python3",
            "-m",
            "uvicorn",
            "--app-dir",
            "/opt/others",
            "--fd",
            "3",
            "wsgi:asgi",
        ],
        http("hello from asgi"),
    ),
    Program(
        "lighttpd-default",
        "lighttpd",
        ["/usr/sbin/lighttpd", "-D", "-f", "/opt/others/lighttpd-default.conf"],
        STATIC,
        files={
            **PAGE,
            "/opt/others/lighttpd-default.conf": f'server.document-root = "{WWW}"\n'
            'server.systemd-socket-activation = "enable"\nserver.port = PORT\n'
            'server.bind = "127.0.0.1"\n',
        },
    ),
    Program(
        "haproxy-default",
        "haproxy",
        ["/usr/sbin/haproxy", "-db", "-f", "/opt/others/haproxy.cfg"],
        http("hello from haproxy"),
        files={
            "/opt/others/haproxy.cfg": "defaults\n mode http\n timeout client 5s\n"
            " timeout server 5s\n timeout connect 5s\nfrontend f\n bind fd@3\n"
            ' http-request return status 200 content-type text/plain string "hello from '
            'haproxy"\n'
        },
    ),
    Program(
        "proxyd-default",
        "systemd",
        ["/lib/systemd/systemd-socket-proxyd", "127.0.0.1:8399"],
        http("hello from wsgi"),
    ),
    Program(
        "dbus-default",
        # it looks up its own name, which a dynamic user has by this library alone
        "dbus libnss-systemd",
        [
            "/usr/bin/dbus-daemon",
            "--session",
            "--address=systemd:",
            "--nofork",
            "--nopidfile",
        ],
        {"send": {"hex": b"\0AUTH\r\n".hex()}, "expect": "REJECTED EXTERNAL"},
        listen="/run/dbus-default.sock",
    ),
    Program(
        "uuidd-default",
        "uuid-runtime",
        ["/usr/sbin/uuidd", "--socket-activation", "--no-pid"],
        {"send": {"hex": "00"}, "expect": {"regex": "[0-9]+"}},
        listen="/run/uuidd-default.sock",
    ),
    Program(
        "micro-httpd-default",
        "micro-httpd",
        ["/usr/sbin/micro-httpd", WWW],
        STATIC,
        accept=True,
        files=PAGE,
    ),
    Program(
        "rsync-default",
        "rsync",
        ["/usr/bin/rsync", "--daemon", "--config=/opt/others/rsyncd.conf"],
        {"expect": {"regex": "^@RSYNCD: [0-9]+"}},
        accept=True,
        files={"/opt/others/rsyncd.conf": "use chroot = no\n"},
    ),
    Program(
        "git-default",
        "git",
        ["/usr/bin/git", "daemon", "--inetd", "--export-all", f"--base-path={WWW}"],
        {"send": {"hex": git_request()}, "expect": "ERR access denied"},
        accept=True,
        files=PAGE,
    ),
]
#: What the quick run has: each a kind of its own (workers, a master, a process each).
SAMPLE = {"gunicorn-default", "lighttpd-default", "rsync-default"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Some on the newest suite, or all on every one with ACTIVATED_FULL."""
    suites = SUITES if FULL else SUITES[-1:]
    marked = [pytest.param(suite, marks=pytest.mark.targets) for suite in suites]
    metafunc.parametrize("debian", marked, indirect=True, scope="session")


CHOSEN = [p for p in PROGRAMS if FULL or p.name in SAMPLE]


@pytest.fixture(scope="session")
def debian(request: pytest.FixtureRequest, hosts: Hosts) -> t.Iterator[t.Any]:
    """A host with the packages, of which none was started by its installation."""
    host = hosts.get(request.param)
    host.write(
        {f"/opt/others/{file.name}": file.read_bytes() for file in OTHERS.iterdir()}
    )
    host.packages(" ".join(program.package for program in CHOSEN))
    # its name has a version
    host.sh("ln -sf /usr/sbin/php-fpm[0-9]* /usr/local/bin/php-fpm-of-debian")
    if FULL:
        host.install({
            "behind-default.service": "[Service]\nDynamicUser=yes\nType=notify\n"
            "ExecStart=/usr/bin/gunicorn --bind 127.0.0.1:8399 --chdir /opt/others wsgi:app\n"
        }, "behind-default.service")  # fmt: skip
    yield host
    if FULL:
        host.remove("behind-default.service")


@pytest.mark.parametrize("program", CHOSEN, ids=lambda program: program.name)
def test_a_program_of_debian_starts_proven_at_default(
    debian: t.Any, program: Program
) -> None:
    port = 8300 + PROGRAMS.index(program)
    systemd = debian.version()
    units = program.units(port, systemd)
    (service,) = (name for name in units if name.endswith(".service"))
    debian.write({path: _at(text, port) for path, text in program.files.items()})

    checked = debian.run("unit_check", units=units)["exposure"][service]
    ours = exposure(units[service], systemd).score
    assert checked["score"] == ours <= MOST

    debian.install(units, f"{program.name}.socket")
    try:
        result = debian.attempt(
            "activation",
            name=program.name + ("@" if program.accept else ""),
            probes=[{"socket": program.name, **program.probe}],
            timeout=20,
            accept=LIMITS,
        )
    finally:
        debian.remove(*units)
    assert not result.get("failed"), result["msg"]
    proof = result["proof"]
    assert all(entry["triggered"] for entry in proof["sockets"].values())
    assert proof["process"]["dynamic"]
    level = set(Sandbox.parse("default", systemd).directives)
    assert level <= {*proof["sandbox"]["agrees"], *proof["sandbox"]["unknown"]}
    print(program.name, systemd, ours, checked["source"])
