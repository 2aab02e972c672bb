# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of socket, each proven by an answer through it."""

from __future__ import annotations

import re
import typing as t

import pytest
from cases import HTTP, facts, service, socket

if t.TYPE_CHECKING:
    from conftest import Place

LINE: dict[str, t.Any] = {"send": "hello\n", "expect": {"regex": r"^\w+ of \d+"}}


@pytest.mark.parametrize(
    ("listen", "more"),
    [
        ("ListenStream=127.0.0.1:8080", ""),
        ("ListenStream=8080", ""),
        ("ListenStream=[::1]:8080", ""),
        ("ListenStream=8080", "BindIPv6Only=ipv6-only"),
        ("ListenStream=/run/demo.sock", "SocketMode=0600"),
        ("ListenStream=@demo/abstract", ""),
        ("ListenSequentialPacket=/run/demo.sock", ""),
        ("ListenDatagram=/run/demo.sock", ""),
        ("ListenDatagram=127.0.0.1:8053", ""),
        ("ListenDatagram=8053", ""),
        ("ListenDatagram=@demo/datagram", ""),
    ],
)
def test_a_socket_of_each_kind(place: Place, listen: str, more: str) -> None:
    if "::1" in listen or "ipv6-only" in more:
        # a container has no address ::1 where its engine gives it no IPv6
        place.sh(
            "mount -o remount,bind,rw /proc/sys; "
            "echo 0 > /proc/sys/net/ipv6/conf/lo/disable_ipv6; "
            "ip -6 addr add ::1/128 dev lo 2>/dev/null; mount -o remount,bind,ro /proc/sys"
        )
        if not place.sh("ip -6 addr show dev lo"):
            pytest.fail("this host has no IPv6 on its loopback device")
    place.install(
        {"demo.service": service(), "demo-http.socket": socket(listen, more=more)},
        "demo-http.socket",
    )
    proof = place.proven(probes=[{"socket": "http", **LINE}])
    entry = proof["sockets"]["http"]
    assert entry["triggered"]
    assert entry["triggered_by"] == "probe"
    assert entry["first_byte_ms"] > 0
    assert entry["held_by"] == [proof["process"]["pid"]]
    (descriptor,) = proof["process"]["descriptors"]
    assert descriptor == {
        "fd": 3,
        "name": "http",
        "address": entry["listen"][0],
        "open": True,
    }
    assert proof["service"]["left"] == "inactive"
    assert place.show("demo-http.socket", "ActiveState") == "active"


def test_a_fifo(place: Place) -> None:
    place.install(
        {
            "demo.service": service(),
            "demo-http.socket": socket("ListenFIFO=/run/demo.fifo"),
        },
        "demo-http.socket",
    )
    proof = place.proven(probes=[{"socket": "http", "send": "through the pipe\n"}])
    assert proof["sockets"]["http"]["triggered"]
    assert proof["sockets"]["http"]["held_by"] == [proof["process"]["pid"]]
    place.sh("journalctl --sync")
    assert "through the pipe" in place.sh("journalctl -u demo.service -n 20")


@pytest.mark.parametrize(
    "listen", ["FIFO=/run/demo.fifo", "Datagram=/run/demo.sock", "Datagram=8053"]
)
def test_what_is_sent_is_taken_before_it_is_left(place: Place, listen: str) -> None:
    """What a program has not read when it is stopped would start it again, soon after."""
    place.install(
        {
            "demo.service": service("slow=1", kind="exec"),
            "demo-http.socket": socket(f"Listen{listen}"),
        },
        "demo-http.socket",
    )
    proof = place.proven(probes=[{"socket": "http", "send": "moin\n"}])
    assert proof["service"]["left"] == "inactive"
    last = place.show("demo.service", "InactiveEnterTimestampMonotonic")
    place.sh("for i in $(seq 20); do systemctl show demo-http.socket >/dev/null; done")
    assert place.show("demo.service", "ActiveState") == "inactive"
    assert place.show("demo.service", "InactiveEnterTimestampMonotonic") == last


def test_several_addresses_in_one_unit(place: Place) -> None:
    listen = "ListenStream=8080\nListenStream=/run/demo.sock\nListenDatagram=8053"
    place.install(
        {"demo.service": service(), "demo-http.socket": socket(listen)},
        "demo-http.socket",
    )
    proof = place.proven(probes=[{"socket": "http", **LINE}])
    addresses = proof["sockets"]["http"]["addresses"]
    assert len(addresses) == 3
    assert all(row["right"] for row in addresses.values())
    # and one alone: by its port, or by its path
    for address in ("8080", "/run/demo.sock"):
        proof = place.proven(probes=[{"socket": "http", "address": address, **LINE}])
        assert len(proof["sockets"]["http"]["addresses"]) == 1
    wrong = place.prove(probes=[{"socket": "http", "address": "9", **LINE}])
    assert "has no address 9; there are: [::]:8080, /run/demo.sock" in wrong["msg"]


def test_several_units_for_one_service(place: Place) -> None:
    sockets = ("demo-http.socket", "demo-https.socket")
    place.install(
        {
            "demo.service": service(sockets=sockets),
            "demo-http.socket": socket(),
            "demo-https.socket": socket("ListenStream=8443", "https"),
        },
        " ".join(sockets),
    )
    probes = [*HTTP, {"socket": "https", "http": {"body": "https of"}}]
    proof = place.proven(probes=probes, rest="each")
    assert all(entry["triggered"] for entry in proof["sockets"].values())
    once = place.proven(probes=probes)
    assert once["sockets"]["http"]["triggered"] is True
    # the second question found the service running: that it starts it is not claimed
    assert once["sockets"]["https"]["triggered"] is None
    # a name that no socket has is a mistake of the caller
    wrong = place.prove(probes=[{"socket": "smtp"}])
    assert "there is no socket smtp; there are: http, https" in wrong["msg"]


def test_without_probes_every_stream_socket_is_connected_to(place: Place) -> None:
    listen = "ListenStream=8080\nListenSequentialPacket=/run/demo.sock"
    place.install(
        {"demo.service": service(), "demo-http.socket": socket(listen)},
        "demo-http.socket",
    )
    proof = place.proven()
    assert proof["sockets"]["http"]["triggered"]
    assert len(proof["sockets"]["http"]["addresses"]) == 2
    place.install({"demo-http.socket": socket("ListenDatagram=8053")})
    place.sh("systemctl restart demo-http.socket")
    result = place.prove()
    assert facts(result) == ["probe"], result["msg"]
    assert "no probe is given" in result["msg"]


def test_a_port_by_its_name(spot: Place) -> None:
    # systemd itself takes no names of ports; a probe may name one
    bad = {"demo.service": service(), "demo-http.socket": socket("ListenStream=https")}
    spot.install(bad)
    result = spot.prove(sockets=["demo-http"], probes=HTTP)
    assert facts(result) == ["loaded"], result["msg"]
    spot.install(
        {"demo-http.socket": socket("ListenStream=443\nListenStream=8080")},
        "demo-http.socket",
    )
    proof = spot.proven(probes=[{"socket": "http", "address": "https", **LINE}])
    assert list(proof["sockets"]["http"]["addresses"]) == ["[::]:443"]


ECHO = "/bin/sh /opt/others/echo.sh"


@pytest.mark.parametrize(
    "listen", ["ListenStream=127.0.0.1:8081", "ListenStream=/run/demo.sock"]
)
def test_a_connection_starts_an_instance(place: Place, listen: str) -> None:
    place.install(
        {
            "demo@.service": "[Service]\nStandardInput=socket\nDynamicUser=yes\n"
            f"ExecStart={ECHO}\n",
            "demo.socket": f"[Socket]\n{listen}\nAccept=yes\n",
        },
        "demo.socket",
    )
    probes = [{"socket": "demo", "send": "moin\n", "expect": "you said moin"}]
    proof = place.proven(probes=probes)
    entry = proof["sockets"]["demo"]
    assert entry["triggered"]
    assert entry["accepted"] == 1
    assert entry["instance"].startswith("demo@")
    assert proof["process"]["dynamic"]
    assert place.show("demo.socket", "NConnections") == "0"
    # without a standard input of its own it has the connection as a descriptor
    program = f'/bin/sh -c "exec {ECHO} <&3 >&3"'
    place.install(
        {"demo@.service": f"[Service]\nDynamicUser=yes\nExecStart={program}\n"}
    )
    given = place.proven(probes=probes)["process"]["descriptors"]
    address = entry["listen"][0]
    assert given == [{"fd": 3, "name": "connection", "address": address, "open": True}]
    # by the name of the template, and under one that refuses
    assert place.proven(name="demo@", probes=probes)["sockets"]
    wrong = place.prove(probes=[{"socket": "demo", "send": "moin\n", "expect": "tach"}])
    assert facts(wrong) == ["answer"], wrong["msg"]


def test_an_instance_that_fails(place: Place) -> None:
    place.install(
        {
            "demo@.service": "[Service]\nStandardInput=socket\nDynamicUser=yes\n"
            "ExecStart=/bin/sh -c 'read x; exit 9'\n",
            "demo.socket": "[Socket]\nListenStream=127.0.0.1:8081\nAccept=yes\n",
        },
        "demo.socket",
    )
    wrong = place.prove(probes=[{"socket": "demo", "send": "moin\n", "expect": "you"}])
    assert facts(wrong)[0] == "answered", wrong["msg"]
    place.sh("systemctl reset-failed 'demo@*'")


INSTANCE = "[Service]\nStandardInput=socket\nDynamicUser=yes\nExecStart="


def test_a_template_may_have_several_names(place: Place) -> None:
    """The manager calls an instance by the first name, as it does sshd's on Debian."""
    place.install(
        {
            "demo@.service": f"{INSTANCE}{ECHO}\n",
            "demo-http.socket": "[Socket]\nListenStream=127.0.0.1:8081\n"
            "ListenStream=/run/demo.sock\nAccept=yes\n",
        }
    )
    link = "/etc/systemd/system/demo-http@.service"
    place.sh(f"ln -s demo@.service {link}; systemctl daemon-reload")
    place.sh("systemctl start demo-http.socket")
    try:
        probes = [{"socket": "demo-http", "send": "moin\n", "expect": "said moin"}]
        for name in ("demo-http", "demo-http@", "demo@"):
            proof = place.proven(name=name, sockets=["demo-http"], probes=probes)
            entry = proof["sockets"]["demo-http"]
            assert len(entry["addresses"]) == 2
            assert re.match(r"demo@.*\.service", entry["instance"])
            assert entry["held_by"] == [proof["process"]["pid"]]
        probes[0]["expect"] = "tach"
        wrong = place.prove(name="demo-http@", sockets=["demo-http"], probes=probes)
        assert facts(wrong) == ["answer"], wrong["msg"]
        # what the manager and the program say of an instance, they say of its first name
        assert any("demo@" in line for line in wrong["proof"]["journal"])
    finally:
        place.sh(f"rm -f {link}")


def test_a_service_may_have_several_names(place: Place) -> None:
    place.install({"demo.service": service(), "demo-http.socket": socket()})
    link = "/etc/systemd/system/spare.service"
    place.sh(f"ln -s demo.service {link}; systemctl daemon-reload")
    place.sh("systemctl start demo-http.socket")
    proof = place.proven(name="spare", probes=HTTP)
    assert proof["service"]["name"] == "demo.service"
    assert proof["sockets"]["http"]["triggered"]


def test_a_template_that_is_not_there(place: Place) -> None:
    listen = "[Socket]\nListenStream=127.0.0.1:8081\nAccept=yes\n"
    place.install({"demo@.service": f"{INSTANCE}{ECHO}\n", "demo.socket": listen})
    place.sh("systemctl start demo.socket; rm /etc/systemd/system/demo@.service")
    place.sh("systemctl daemon-reload")
    gone = place.prove(name="demo@")
    assert facts(gone) == ["loaded"], gone["msg"]
    assert "demo@.service is not loaded (not-found" in gone["msg"]
    place.sh("systemctl mask demo@.service")
    masked = place.prove(name="demo")
    assert facts(masked) == ["loaded"], masked["msg"]
    assert "demo@.service is masked" in masked["msg"]
    assert place.show("demo.socket", "NAccepted") == "0"


def test_one_connection_at_a_time(place: Place) -> None:
    """Each question waits until the instance before has ended, however long that takes."""
    place.install(
        {
            "demo@.service": f"{INSTANCE}{ECHO}\nExecStopPost=/bin/sleep 0.5\n",
            "demo.socket": "[Socket]\nListenStream=127.0.0.1:8081\n"
            "ListenStream=/run/demo.sock\nAccept=yes\nMaxConnections=1\n",
        },
        "demo.socket",
    )
    probes = [{"socket": "demo", "send": "moin\n", "expect": "you said moin"}]
    proof = place.proven(probes=probes)
    assert len(proof["sockets"]["demo"]["addresses"]) == 2
    assert place.show("demo.socket", "NConnections") == "0"


def accepting(place: Place, instance: str, listens: str, unit: str = "") -> None:
    """A socket that starts an instance of a template for each connection."""
    place.install(
        {
            "demo@.service": f"{unit}{INSTANCE}{instance}\n",
            "demo.socket": f"[Socket]\nListenStream={listens}\nAccept=yes\n",
        },
        "demo.socket",
    )


def test_an_instance_that_does_not_go(place: Place) -> None:
    """It is the proof's own, so that the proof does not leave it behind."""
    program = "/bin/sh -c 'echo moin; exec sleep 1000'"
    accepting(place, program, "/run/demo.sock")
    proof = place.proven(probes=[{"socket": "demo", "expect": "moin"}])
    assert any("and was stopped" in note for note in proof["notes"])
    assert place.show("demo.socket", "NConnections") == "0"


@pytest.mark.parametrize(
    ("unit", "program", "words"),
    [
        ("RefuseManualStop=yes", "exec sleep 1000", "and cannot be stopped: .*refused"),
        ("", "trap : TERM; while :; do sleep 1; done", "and has not stopped within"),
    ],
)
def test_an_instance_that_cannot_be_stopped(
    spot: Place, unit: str, program: str, words: str
) -> None:
    """The answer was right all the same; nobody waits for TimeoutStopSec=."""
    program = f"/bin/sh -c 'echo moin; {program}'"
    instance = f"{program}\nTimeoutStopSec=60"
    accepting(spot, instance, "/run/demo.sock", f"[Unit]\n{unit}\n")
    try:
        proof = spot.proven(probes=[{"socket": "demo", "expect": "moin"}])
        assert re.search(words, "\n".join(proof["notes"])), proof["notes"]
        assert spot.show("demo.socket", "NConnections") == "1"
    finally:
        spot.sh("systemctl kill -s KILL 'demo@*'")


def test_an_instance_that_fails_late(place: Place) -> None:
    program = "/bin/sh -c 'echo moin; read x; sleep 0.5; exit 9'"
    accepting(place, program, "127.0.0.1:8081")
    proof = place.proven(probes=[{"socket": "demo", "expect": "moin"}])
    assert any("after it had answered" in note for note in proof["notes"])
    assert place.sh("systemctl list-units --all --plain --no-legend 'demo@*'") == ""


def test_an_instance_that_ends_at_once(place: Place) -> None:
    """There may be nothing to look at, which is said, and not waited for."""
    place.install(
        {
            "demo@.service": f"{INSTANCE}/bin/echo moin\n",
            "demo.socket": "[Socket]\nListenStream=127.0.0.1:8081\nAccept=yes\n",
        },
        "demo.socket",
    )
    for _ in range(5):
        result = place.prove(
            probes=[{"socket": "demo", "expect": "moin"}], accept=["process"]
        )
        assert not result.get("failed"), result["msg"]
        assert result["proof"]["sockets"]["demo"]["first_byte_ms"] < 1900
        if not result["proof"]["process"]:
            assert any("had ended before" in x for x in result["proof"]["notes"])


def test_an_instance_that_is_refused(spot: Place) -> None:
    spot.install(
        {
            "demo@.service": f"[Service]\nStandardInput=socket\nUser=root\nExecStart={ECHO}\n",
            "demo.socket": "[Socket]\nListenStream=127.0.0.1:8081\nAccept=yes\nMaxConnections=1\n",
        },
        "demo.socket",
    )
    probes = [{"socket": "demo", "send": "moin\n", "expect": "you said moin"}]
    assert facts(spot.prove(probes=probes)) == ["user"]
    assert spot.proven(probes=probes, accept=["user"])
    spot.sh(
        "systemd-run -q --unit spare.service sh -c 'exec 3<>/dev/tcp/127.0.0.1/8081' || true"
    )
    spot.sh(
        "systemd-run -q --unit other.service /usr/bin/python3 -c 'import socket,time;"
        's=socket.create_connection(("127.0.0.1",8081));time.sleep(60)\';'
        "for i in $(seq 100); do test $(systemctl show -P NConnections demo.socket) = 1 "
        "&& break; sleep 0.05; done"
    )
    wrong = spot.prove(probes=probes, accept=["user"])
    assert "MaxConnections" in wrong["msg"], wrong["msg"]


@pytest.mark.parametrize("kind", ["Stream", "SequentialPacket"])
def test_a_program_may_listen_again(place: Place, kind: str) -> None:
    """To the kernel it is then whom a client reaches, even when it has long gone."""
    place.install(
        {
            "demo.service": service("listens"),
            "demo-http.socket": socket(f"Listen{kind}=/run/demo.sock"),
        },
        "demo-http.socket",
    )
    for _ in range(2):
        proof = place.proven(probes=[{"socket": "http", **LINE}], restart=True)
        assert proof["sockets"]["http"]["triggered_by"] == "probe"


def test_a_program_may_move_its_descriptor(place: Place) -> None:
    place.install(
        {"demo.service": service("moves"), "demo-http.socket": socket()},
        "demo-http.socket",
    )
    proof = place.proven(probes=HTTP)
    assert proof["process"]["descriptors"][0]["open"] is False
    assert proof["sockets"]["http"]["held_by"] == [proof["process"]["pid"]]
