# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs, most of them from Debian, each activated through the sockets that it takes.

Some come with their own units, which are proven as they are; for others a few lines are written
here, as an operator would.
"""

from __future__ import annotations

import subprocess
import typing as t
from dataclasses import dataclass, field

import own_programs
import pytest
from cases import OTHERS, programs
from fleet import FULL, SUITES, Hosts

RPC = "00000007 00000000 00000002 000186a0 00000002" + " 00000000" * 5
ACCEPTED = {"hex": "00000007 00000001 00000000"}


@dataclass(frozen=True)
class Program:
    """A program: its units, what is asked of it, and what may be missing for it to be right."""

    name: str
    package: str
    units: dict[str, str] = field(default_factory=dict)
    probes: list[dict[str, t.Any]] = field(default_factory=list)
    start: str = ""
    files: dict[str, str] = field(default_factory=dict)
    options: dict[str, t.Any] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    """The suites whose archive does not have the package any more."""
    rooted: tuple[str, ...] = ()
    """The suites whose own unit runs it as root, which a proof does not take."""


def pair(
    name: str, port: int, command: str, more: str = "", listen: str = ""
) -> dict[str, str]:
    """A socket and a service that requires it."""
    return {
        f"{name}.socket": f"[Socket]\n{listen or f'ListenStream=127.0.0.1:{port}'}\n",
        f"{name}.service": f"[Unit]\nRequires={name}.socket\nAfter={name}.socket\n"
        f"StartLimitIntervalSec=0\n[Service]\nDynamicUser=yes\nExecStart={command}\n{more}\n",
    }


def web(
    name: str, body: str = "", path: str = "/", **more: t.Any
) -> list[dict[str, t.Any]]:
    """A question of HTTP."""
    http: dict[str, t.Any] = {"path": path, **more}
    if body:
        http["body"] = body
    return [{"socket": name, "http": http}]


PROGRAMS = [
    Program(
        "gunicorn",
        "gunicorn",
        pair(
            "gunicorn",
            8101,
            "/usr/bin/gunicorn --workers 2 --chdir /opt/others wsgi:app",
            "Type=notify",
        ),
        web("gunicorn", "hello from wsgi"),
        options={"restart": True},
    ),
    Program(
        "uvicorn",
        "python3-uvicorn",
        pair(
            "uvicorn",
            8102,
            "/usr/bin/python3 -m uvicorn --app-dir /opt/others --fd 3 wsgi:asgi",
        ),
        web("uvicorn", "hello from asgi"),
    ),
    Program(
        "lighttpd",
        "lighttpd",
        pair(
            "lighttpd",
            8103,
            "/usr/sbin/lighttpd -D -f /opt/others/lighttpd.conf",
            # its defaults are for root: it wants no more than its sockets
            "ProtectSystem=strict",
        ),
        web("lighttpd", "static", "/page"),
        files={
            "/opt/others/lighttpd.conf": 'server.document-root = "/opt/others/www"\n'
            'server.systemd-socket-activation = "enable"\nserver.port = 8103\n'
            'server.bind = "127.0.0.1"\n',
            "/opt/others/www/page": "static\n",
        },
    ),
    Program(
        "proxyd",
        "systemd",
        {
            **pair("proxyd", 8104, "/lib/systemd/systemd-socket-proxyd 127.0.0.1:8114"),
            "behind.service": "[Service]\nDynamicUser=yes\n"
            "ExecStart=/usr/bin/python3 /opt/others/server.py own=8114\n",
        },
        web("proxyd", "own of"),
        start="proxyd.socket behind.service",
    ),
    Program(
        "micro-httpd",
        "micro-httpd",
        {
            "micro-httpd.socket": "[Socket]\nListenStream=127.0.0.1:8105\nAccept=yes\n",
            "micro-httpd@.service": "[Service]\nDynamicUser=yes\nStandardInput=socket\n"
            "ExecStart=/usr/sbin/micro-httpd /opt/others/www\n",
        },
        web("micro-httpd", "static", "/page"),
        files={"/opt/others/www/page": "static\n"},
    ),
    Program(
        "rsync@",
        "rsync",
        {
            "rsync.socket": "[Socket]\nListenStream=127.0.0.1:8106\nAccept=yes\n",
            "rsync@.service": "[Service]\nDynamicUser=yes\nStandardInput=socket\n"
            "ExecStart=/usr/bin/rsync --daemon --config=/opt/others/rsyncd.conf\n",
        },
        [{"socket": "rsync", "expect": {"regex": "^@RSYNCD: [0-9]+"}}],
        "rsync.socket",
        files={"/opt/others/rsyncd.conf": "use chroot = no\n"},
    ),
    # with the units that Debian gives them
    Program(
        "tangd@",
        "tang",
        {},
        web("tangd", path="/adv", status=[200, 404]),
        "tangd.socket",
        rooted=("bullseye",),
    ),
    Program(
        "uuidd",
        "uuid-runtime",
        {},
        [{"socket": "uuidd", "send": {"hex": "00"}, "expect": {"regex": "[0-9]+"}}],
        "uuidd.socket",
    ),
    Program(
        "rpcbind",
        "rpcbind",
        {},
        [
            {
                "socket": "rpcbind",
                "address": "/run/rpcbind.sock",
                "send": {"hex": "80000028" + RPC},
                "expect": ACCEPTED,
            },
            {
                "socket": "rpcbind",
                "address": "0.0.0.0:111 (Stream)",
                "send": {"hex": "80000028" + RPC},
                "expect": ACCEPTED,
            },
            {
                "socket": "rpcbind",
                "address": "0.0.0.0:111 (Datagram)",
                "send": {"hex": RPC},
                "expect": ACCEPTED,
            },
        ],
        "rpcbind.socket",
    ),
    Program(
        "gophernicus@",
        "gophernicus",
        {},
        [{"socket": "gophernicus", "send": "/nothing\r\n", "expect": "Error"}],
        "gophernicus.socket",
    ),
    Program(
        "lbcd",
        "lbcd",
        {},
        # its protocol's version, the number of the question, the question, its status
        [
            {
                "socket": "lbcd",
                "send": {"hex": "0003 000700010000"},
                "expect": {"hex": "00030007"},
            }
        ],
        "lbcd.socket",
    ),
    Program("fcgiwrap", "fcgiwrap", {}, [], "fcgiwrap.socket"),
    Program(
        "systemd-journal-gatewayd",
        "systemd-journal-remote",
        {},
        web("systemd-journal-gatewayd", "machine_id", "/machine"),
        "systemd-journal-gatewayd.socket",
        # it must be of the very version that the host's systemd has
        gone=("bullseye",),
    ),
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each program on the newest suite, or on every one with ACTIVATED_FULL."""
    if "debian" in metafunc.fixturenames:
        cases = [
            pytest.param(
                suite, program, marks=pytest.mark.targets, id=f"{suite}-{program.name}"
            )
            for suite in (SUITES if FULL else SUITES[-1:])
            for program in PROGRAMS
            if suite not in program.gone
        ]
        metafunc.parametrize(
            ("debian", "program"), cases, indirect=["debian"], scope="session"
        )


@pytest.fixture(scope="session")
def debian(request: pytest.FixtureRequest, hosts: Hosts) -> t.Any:
    """A host with the packages, of which none was started by its installation."""
    host = hosts.get(request.param)
    host.write(programs())
    host.packages(" ".join(p.package for p in PROGRAMS if host.suite not in p.gone))
    return host


def test_a_program_of_others(debian: t.Any, program: Program) -> None:
    debian.write(program.files)
    name = program.name
    debian.install(program.units, program.start or f"{name}.socket")
    try:
        result = debian.attempt(
            "activation",
            name=name,
            probes=program.probes,
            # gunicorn takes 30 s to end when it is told to before its workers are ready
            timeout=60,
            # containers have no controllers for resources
            **{"accept": ["MemoryMax", "TasksMax", "LimitNOFILE"], **program.options},
        )
        proof = result["proof"]
        if debian.suite in program.rooted:
            assert [problem["fact"] for problem in proof["problems"]] == ["user"]
            assert "runs as root" in result["msg"]
            return
        assert not result.get("failed"), result["msg"]
        assert all(entry["triggered"] for entry in proof["sockets"].values())
        if "user" not in program.options.get("accept", ()):
            assert proof["process"]["uid"] != 0
        print(name, {k: v["first_byte_ms"] for k, v in proof["sockets"].items()})
    finally:
        if program.units:
            debian.remove(*program.units)
        else:
            debian.sh(f"systemctl stop {program.start}")


def build(host: t.Any) -> None:
    """Build the server in C, statically, so that it runs on every suite."""
    image = f"activated-services/build:{SUITES[-1]}"
    script = "gcc -O2 -static -x c -o /tmp/answer - && cat /tmp/answer"
    done = subprocess.run(
        [
            *("docker", "run", "--rm", "-i", "--network=none"),
            *("--label=activated.services", image, "sh", "-c", script),
        ],
        input=(OTHERS / "answer.c").read_bytes(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    host.write({"/opt/others/answer!": done.stdout})


KILLS = 50 if FULL else 10


def test_a_server_in_c_loses_nothing(newest: t.Any) -> None:
    build(newest)
    newest.install(pair("answer", 8107, "/opt/others/answer"), "answer.socket")
    try:
        result = newest.run(
            "activation",
            name="answer",
            probes=web("answer", "C!"),
            crash=KILLS,
            restart=True,
        )
    finally:
        newest.remove("answer.service", "answer.socket")
    numbers = result["proof"]["trials"]["crash"]
    print(numbers)
    assert numbers["kills"] == KILLS
    assert numbers["refused"] == numbers["unanswered"] == 0
    assert numbers["reset"] == numbers["reset_in_hand"]


HELLO_UNITS = {
    f"hello-{name}.socket": f"[Socket]\nListenStream={port}\nFileDescriptorName={name}\n"
    "Service=hello.service\n"
    for name, port in (("http", 8108), ("https", 8109))
}


def test_hello(host: t.Any) -> None:
    """The Elixir program on the BEAM, with its two sockets, readiness and watchdog."""
    body = own_programs.hello(host, "/opt/hello-proof")
    host.install(
        {
            **HELLO_UNITS,
            "hello.service": "[Unit]\nRequires=hello-http.socket hello-https.socket\n"
            "After=hello-http.socket hello-https.socket\nStartLimitIntervalSec=0\n"
            f"[Service]\nNotifyAccess=all\nWatchdogSec=10\n{body}",
        },
        "hello-http.socket hello-https.socket",
    )
    tls = {"authority": "/etc/hello/cert.pem"}
    try:
        result = host.run(
            "activation",
            name="hello",
            probes=[*web("http"), *web("https", host="localhost", tls=tls)],
            crash=KILLS if FULL else 3,
            accept=["LimitNOFILE"],
        )
    finally:
        host.remove("hello.service", *HELLO_UNITS)
    proof = result["proof"]
    print(proof["sockets"]["http"]["addresses"], proof["trials"])
    assert proof["sockets"]["http"]["triggered"]
    assert len(proof["process"]["credentials"]) == 2
    numbers = proof["trials"]["crash"]
    assert numbers["refused"] == numbers["unanswered"] == 0
    assert numbers["reset"] == numbers["reset_in_hand"]
