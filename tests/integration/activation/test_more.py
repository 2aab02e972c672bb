# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What else a proof does: how it leaves, what it sees, the other triggers, the harder proofs."""

from __future__ import annotations

import typing as t

import pytest
from cases import HTTP, facts, service, socket
from fleet import FULL

from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
    Sandbox,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.needs import (
    Needs,
)
from ansible_collections.activated.services.plugins.module_utils._units.render import (
    render_section,
)

if t.TYPE_CHECKING:
    from conftest import Place

KILLS = 50 if FULL else 12


def demo(place: Place, unit: str, socket_unit: str = "") -> None:
    place.install(
        {"demo.service": unit, "demo-http.socket": socket_unit or socket()},
        "demo-http.socket",
    )


def inode(place: Place) -> str:
    return place.sh("awk '/:1F90 .* 0A /{print $10}' /proc/1/net/tcp6")


def test_it_is_left_as_it_was_found_or_as_wished(place: Place) -> None:
    demo(place, service())
    before = inode(place)
    for leave, changed, state in (
        ("as_found", False, "inactive"),
        ("idle", False, "inactive"),
        ("running", True, "active"),
        ("running", False, "active"),
        ("as_found", False, "active"),
        ("idle", True, "inactive"),
    ):
        result = place.prove(probes=HTTP, leave=leave)
        assert not result.get("failed"), result["msg"]
        assert result["changed"] is changed, leave
        assert place.show("demo.service", "ActiveState") == state
    assert inode(place) == before, "a socket was closed"


def test_a_path_through_a_link_is_judged_by_where_it_leads(spot: Place) -> None:
    """As /opt/NAME/current is one, and /var/run and /lib are."""
    spot.sh(
        "mkdir -p /srv/disk/data /srv/disk/1/public && cd /srv/disk && ln -sfn 1 current && "
        "ln -sfn /srv/disk/data /srv/link && chmod 777 data"
    )
    needs = Needs.parse(
        {
            "writable_paths": ["/srv/link"],
            "readable_paths": ["/srv/disk/current/public"],
        }
    )
    wanted = Sandbox.parse("strict", spot.host.version(), needs).directives
    try:
        more = render_section("Service", wanted) + "\nReadOnlyPaths=/lib"
        demo(spot, service(more=more))
        sandbox = spot.proven(probes=HTTP)["sandbox"]
        paths = {"ProtectSystem", "ReadOnlyPaths", "BindReadOnlyPaths"}
        assert paths <= set(sandbox["agrees"])
    finally:
        spot.sh("rm -rf /srv/disk /srv/link")


def test_a_path_may_have_blanks(place: Place) -> None:
    """systemctl quotes the words of some lists of paths, and those of others not."""
    more = (
        'ProtectSystem=strict\nRuntimeDirectory="demo.dir x"\n'
        'ReadOnlyPaths="/srv/my disk" "-/srv/not there" "/srv/so $much" /srv\n'
        'ReadWritePaths="/srv/to write"\nTemporaryFileSystem="/srv/for now:mode=0777"\n'
        'BindReadOnlyPaths="/srv/my disk":"/srv/look here"\n'
    )
    names = '"my disk" "so \\$much" "to write" "for now" "look here"'
    place.sh(f"mkdir -p /srv && cd /srv && mkdir -p {names}")
    try:
        demo(place, service(more=more))
        sandbox = place.proven(probes=HTTP)["sandbox"]
        paths = {"ProtectSystem", "ReadOnlyPaths", "BindReadOnlyPaths"}
        assert paths <= set(sandbox["agrees"])
    finally:
        place.sh(f"cd /srv && rmdir {names}; rm -rf '/run/demo.dir x'")


def test_it_was_about_to_stop(place: Place) -> None:
    """What is on its way to rest when it is found is left at rest."""
    demo(place, service(more="ExecStop=/bin/sleep 1"))
    place.sh("systemctl start demo.service; systemctl stop --no-block demo.service")
    result = place.prove(probes=HTTP)
    assert not result.get("failed"), result["msg"]
    assert not result["changed"]
    assert result["proof"]["service"]["found"] == "inactive"
    assert place.show("demo.service", "ActiveState") == "inactive"


ONCE = """
import socket
client = socket.socket(fileno=3).accept()[0]
client.recv(999)
client.send(b"done")
"""


def test_one_that_does_one_thing(place: Place) -> None:
    """A service of the type oneshot ends when it has answered, as it must."""
    place.host.write({"/opt/others/once.py": ONCE})
    program = "/usr/bin/python3 /opt/others/once.py"
    demo(place, service(kind="oneshot", program=program))
    probe = {"socket": "http", "send": "x", "expect": "done"}
    proof = place.proven(probes=[probe])
    assert proof["sockets"]["http"]["triggered_by"] == "probe"
    assert place.show("demo.service", "ActiveState") == "inactive"
    demo(place, service(kind="exec", program=program))
    assert facts(place.prove(probes=[probe])) == ["stays"]


def test_one_of_which_systemd_knows_no_main_process(place: Place) -> None:
    more = "GuessMainPID=no"
    demo(place, service("forks", kind="forking", more=more))
    proof = place.proven(probes=HTTP)
    assert proof["service"]["settled_ms"] >= 250
    demo(place, service("forks dies=0.05", kind="forking", more=more))
    assert facts(place.prove(probes=HTTP)) == ["stays"]


def test_check_mode_says_what_it_would_do(place: Place) -> None:
    demo(place, service())
    place.sh("systemctl start demo.service")
    pid = place.show("demo.service", "MainPID")
    result = place.prove(probes=HTTP, check=True, crash=5)
    assert result["plan"] == [
        "stop demo.service, which is active",
        "send HTTP to [::]:8080 of demo-http.socket",
        "try what happens on: crash",
        "leave demo.service running",
    ]
    assert not result["changed"]
    assert place.show("demo.service", "MainPID") == pid
    # a host on which nothing is there yet is no failure
    nothing = place.prove(name="nowhere", check=True)
    assert not nothing.get("failed")
    assert nothing["proof"]["problems"][0]["fact"] == "loaded"


def test_keep_proves_all_but_the_start(place: Place) -> None:
    demo(place, service())
    place.sh("systemctl start demo.service")
    pid = place.show("demo.service", "MainPID")
    proof = place.proven(probes=HTTP, rest="keep")
    assert proof["sockets"]["http"]["triggered"] is None
    assert proof["process"]["pid"] == int(pid)
    assert "its start is not proven" in proof["notes"][0]


def test_no_other_unit_is_touched(place: Place) -> None:
    place.install({"other.service": service(sockets=())}, "other.service")
    demo(place, service())
    look = "systemctl list-units --all --plain --no-legend | grep -v demo"
    before = place.sh(look), place.show("other.service", "InvocationID")
    place.proven(probes=HTTP, samples=2, restart=True)
    assert (place.sh(look), place.show("other.service", "InvocationID")) == before


def test_what_the_process_is(place: Place) -> None:
    place.sh("install -m 0600 /dev/null /root/key && echo secret > /root/key")
    sandbox = (
        "LoadCredential=key:/root/key\nCapabilityBoundingSet=\nNoNewPrivileges=yes\n"
        "PrivateUsers=yes\nPrivateTmp=yes\nPrivateDevices=yes\nPrivateNetwork=yes\n"
        "ProtectSystem=strict\nProtectHome=yes\nProtectProc=invisible\nProcSubset=pid\n"
        "ProtectKernelTunables=yes\nProtectControlGroups=yes\nProtectKernelModules=yes\n"
        "ProtectHostname=yes\nSystemCallFilter=@system-service\nRestrictNamespaces=yes\n"
        "RestrictAddressFamilies=AF_UNIX\nLockPersonality=yes\nUMask=0077\n"
    )
    demo(place, service(more=sandbox))
    result = place.prove(probes=HTTP)
    assert not result.get("failed"), result.get("msg")
    assert "secret" not in str(result)
    process, found = result["proof"]["process"], result["proof"]["sandbox"]
    assert process["dynamic"]
    assert 61184 <= process["uid"] <= 65519
    assert process["capabilities"]["bounding"] == []
    assert process["capabilities"]["effective"] == []
    assert process["seccomp"] == "filter"
    assert process["no_new_privileges"] is True
    spaces = process["namespaces"]
    assert {n for n, kind in spaces.items() if kind == "private"} >= {
        "net",
        "user",
        "mnt",
    }
    assert spaces["pid"] == "host"
    assert [row["name"] for row in process["credentials"]] == ["key"]
    assert found["differences"] == []
    assert set(found["declared"]) >= {
        "PrivateUsers", "PrivateTmp", "PrivateDevices", "PrivateNetwork", "ProtectSystem",
        "ProtectHome", "ProtectProc", "ProcSubset", "CapabilityBoundingSet", "UMask",
        "NoNewPrivileges", "SystemCallFilter",
    }  # fmt: skip


TLS_SERVER = """
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/run/demo.tls/cert", "/run/demo.tls/key")
context.load_verify_locations("/run/demo.tls/cert")
context.verify_mode = ssl.CERT_OPTIONAL
listener = socket.socket(fileno=3)
while True:
    client = listener.accept()[0]
    try:
        with context.wrap_socket(client, server_side=True) as tls:
            tls.recv(999)
            text = b"hi, friend" if tls.getpeercert() else b"hi, nobody"
            head = b"HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\n"
            tls.send(head + text)
    except OSError as exc:
        print(exc, flush=True)
"""


def test_a_socket_over_tls(place: Place) -> None:
    place.sh(
        "mkdir -p /run/demo.tls && cd /run/demo.tls && "
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
        "-subj /CN=demo.test -addext subjectAltName=DNS:demo.test "
        "-keyout key -out cert -days 2 2>/dev/null && chmod 644 key"
    )
    place.host.write({"/opt/others/tls.py": TLS_SERVER})
    demo(place, service(kind="exec", program="/usr/bin/python3 /opt/others/tls.py"))

    def probe(body: str = "hi, nobody", **tls: t.Any) -> list[dict[str, t.Any]]:
        http = {"host": "demo.test", "body": body, "tls": tls}
        return [{"socket": "http", "http": http}]

    pin = place.sh(
        "openssl x509 -in /run/demo.tls/cert -outform der | sha256sum | cut -d' ' -f1"
    )
    place.proven(probes=probe(authority="/run/demo.tls/cert"))
    place.proven(probes=probe(pin=f"sha256:{pin}"))
    place.proven(
        probes=probe(
            "hi, friend",
            authority="/run/demo.tls/cert",
            certificate="/run/demo.tls/cert",
            key="/run/demo.tls/key",
        )
    )
    wrong = place.prove(probes=probe(pin="sha256:" + "0" * 64))
    assert f"has the SHA-256 {pin}, not 0000" in wrong["msg"]
    wrong = place.prove(probes=probe())
    assert "CERTIFICATE_VERIFY_FAILED" in wrong["msg"], wrong["msg"]
    other = [{"socket": "http", "http": {"host": "other.test",
              "tls": {"authority": "/run/demo.tls/cert"}}}]  # fmt: skip
    assert "ostname mismatch" in place.prove(probes=other)["msg"]


def test_a_command_as_the_last_resort(spot: Place) -> None:
    demo(spot, service())
    probe = {
        "socket": "http",
        "command": ["curl", "-sS", "localhost:8080"],
        "expect": "http of",
    }
    spot.proven(probes=[probe])
    wrong = spot.prove(probes=[{"socket": "http", "command": ["false"]}])
    assert "of the command is status 1" in wrong["msg"]
    slow = spot.prove(
        probes=[{"socket": "http", "command": ["sleep", "99"], "timeout": 1}]
    )
    assert slow["failed"]
    assert spot.sh("pgrep -x sleep || true") == ""


def test_a_path_unit(place: Place) -> None:
    place.install(
        {
            "demo.service": service(sockets=(), kind="exec", program="/bin/sleep 60"),
            "demo.path": "[Path]\nPathExists=/run/demo.flag\nPathChanged=/run/demo.spool\n"
            "DirectoryNotEmpty=/run/demo.dir\n",
        },
        "demo.path",
    )
    proof = place.proven(triggers=["demo.path"])
    entry = proof["triggers"]["demo.path"]
    assert entry["triggered"]
    assert len(entry["paths"]) == 3
    assert place.sh("ls /run | grep -c '^demo' || true") == "0"
    assert place.show("demo.service", "ActiveState") == "inactive"
    place.sh("systemctl stop demo.path")
    assert facts(place.prove(triggers=["demo.path"])) == ["listening"]


def test_a_timer(place: Place) -> None:
    place.install(
        {
            "demo.service": service(sockets=(), kind="oneshot", program="/bin/true"),
            "demo.timer": "[Timer]\nOnCalendar=daily\n",
        },
        "demo.timer",
    )
    before = place.show("demo.timer", "NextElapseUSecRealtime")
    proof = place.proven(triggers=["demo.timer"])
    entry = proof["triggers"]["demo.timer"]
    assert entry["triggered"]
    assert entry["next"] == before
    assert place.sh("ls /run/systemd/system | grep -c demo || true") == "0"
    assert place.show("demo.timer", "ActiveState") == "active"
    place.install({"demo.timer": "[Timer]\nOnCalendar=2001-01-01\n"})
    place.sh("systemctl restart demo.timer")
    result = place.prove(triggers=["demo.timer"])
    assert result["failed"]


def test_a_timer_is_told_from_a_request(place: Place) -> None:
    """A service that a timer starts as soon as it is at rest has no proof, and it is named."""
    timer = "[Timer]\nOnActiveSec=1ms\nOnUnitInactiveSec=1ms\nAccuracySec=1us\n"
    place.install(
        {
            "demo.service": service("slow=0.5"),
            "demo-http.socket": socket(),
            "demo.timer": timer,
        },
        "demo-http.socket demo.timer",
    )
    result = place.prove(probes=HTTP)
    assert facts(result)[0] == "triggered", result.get("msg")
    assert "was started by demo.timer" in result["msg"]
    place.sh("systemctl stop demo.timer demo.service")
    assert place.proven(probes=HTTP)["sockets"]["http"]["triggered_by"] == "probe"


def test_other_clients_may_trigger_it(place: Place) -> None:
    """Under live traffic another request may come first; that is said, and enough."""
    place.sh("install -m 0600 /dev/null /root/key && echo secret > /root/key")
    # what it is given anew with each start is no remainder of the run before
    demo(place, service(more="LoadCredential=key:/root/key"))
    place.sh(
        "systemd-run -q --unit spare.service sh -c "
        "'while :; do curl -s -m 2 -o /dev/null localhost:8080; done'"
    )
    causes = set()
    for _ in range(6):
        proof = place.proven(probes=HTTP)
        causes.add(proof["sockets"]["http"]["triggered_by"])
    assert causes <= {"client", "probe"}


def test_a_crash_loses_nothing(place: Place) -> None:
    demo(place, service(more="Restart=no"))
    numbers = place.proven(probes=HTTP, crash=KILLS)["trials"]["crash"]
    assert numbers["kills"] == KILLS
    assert numbers["refused"] == 0
    assert numbers["unanswered"] == 0
    assert numbers["reset"] == numbers["reset_in_hand"] <= KILLS
    # the default limit would close the socket: the proof says so, and does not do it
    demo(place, service(unit=""))
    wrong = place.prove(probes=HTTP, crash=5)
    assert facts(wrong) == ["crash"]
    assert "may start 5 times in 10 s" in wrong["msg"]
    assert place.show("demo-http.socket", "ActiveState") == "active"


def test_a_crash_that_loses_requests_is_seen(spot: Place) -> None:
    # after the first crash it is not started again: a request finds a closed socket
    demo(spot, service(unit="OnFailure=spare.service\nStartLimitIntervalSec=0"))
    spot.install(
        {
            "spare.service": "[Service]\nType=oneshot\nExecStart=systemctl stop demo-http.socket\n"
        }
    )
    wrong = spot.prove(probes=HTTP, crash=3, timeout=3)
    assert facts(wrong)[0] in ("crash", "listening"), wrong["msg"]
    assert wrong["proof"]["trials"]["crash"]["refused"] > 0


def test_a_hang_is_brought_back_by_the_watchdog(place: Place) -> None:
    demo(place, service(more="WatchdogSec=1\nRestart=on-watchdog\nRestartSec=0"))
    numbers = place.proven(probes=HTTP, hang=True)["trials"]["hang"]
    assert numbers["watchdog_ms"] == 1000
    assert 300 < numbers["back_ms"] < 9000
    demo(place, service())
    wrong = place.prove(probes=HTTP, hang=True)
    assert "it has no WatchdogSec=" in wrong["msg"]


def test_a_restart_and_a_second_activation(place: Place) -> None:
    listen = socket(
        "ListenStream=/run/demo.sock", more="SocketMode=0666\nDirectoryMode=0777"
    )
    demo(place, service(user="DynamicUser=yes"), listen)
    numbers = place.proven(probes=HTTP, restart=True)["trials"]["restart"]
    assert numbers["second_start_ms"] > 0
    demo(place, service(unit="RefuseManualStart=yes"), listen)
    wrong = place.prove(probes=HTTP, restart=True)
    assert facts(wrong) == ["restart"]
    assert "demo.service cannot be restarted" in wrong["msg"]
    # one that tidies the node of its socket away has answered for the last time
    demo(place, service("unlinks", user="User=root"), listen)
    place.sh("systemctl restart demo-http.socket")
    wrong = place.prove(probes=HTTP, restart=True, accept=["user"])
    assert facts(wrong)[0] == "restart", wrong["msg"]
    assert "No such file" in wrong["msg"]


def test_an_idle_exit(place: Place) -> None:
    demo(place, service("idle=4"))
    numbers = place.proven(probes=HTTP, idle=15)["trials"]["idle"]
    assert 2000 < numbers["left_after_ms"] < 15000
    assert numbers["back_ms"] > 0
    demo(place, service())
    wrong = place.prove(probes=HTTP, idle=1)
    assert facts(wrong) == ["idle"]


def test_samples_of_latency(place: Place) -> None:
    demo(place, service())
    latency = place.proven(probes=HTTP, samples=5)["latency"]
    assert len(latency["samples"]) == 5
    whole = latency["first_byte_ms"]
    assert 0 < whole["min"] <= whole["median"] <= whole["max"]
    for sample in latency["samples"]:
        assert None not in (sample["manager_ms"], sample["program_ms"])
        parts = sample["manager_ms"] + sample["program_ms"] + (sample["answer_ms"] or 0)
        assert parts == pytest.approx(sample["first_byte_ms"], abs=1)


def test_wishes_that_make_no_sense(spot: Place) -> None:
    demo(spot, service())
    for options, words in (
        (
            {"probes": [{"socket": "http", "expect": {"regex": "("}}]},
            "not a regular expression",
        ),
        ({"probes": [{"socket": "http", "http": {}, "send": "x"}]}, "must be one of"),
        (
            {"probes": [{"socket": "http", "tls": {"pin": "abc"}}]},
            "64 hexadecimal digits",
        ),
        (
            {"probes": [{"socket": "http", "http": {"path": "/\r\nX: y"}}]},
            "control character",
        ),
        ({"triggers": ["demo.mount"]}, "path units and timers"),
        ({"timeout": 0}, "timeout must be more than 0"),
    ):
        result = spot.prove(**options)
        assert words in result.get("msg", ""), result
