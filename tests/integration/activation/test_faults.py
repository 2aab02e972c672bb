# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can be wrong with an activation, and what the proof says of it.

Each test makes one mistake on a running systemd, and wants the fact that is missing, the words
that tell a person what to mend, and a host that is left as it was.
"""

from __future__ import annotations

import re
import typing as t

import pytest
from cases import HTTP, SERVER, facts, service, socket

if t.TYPE_CHECKING:
    from conftest import Place


def refused(result: dict[str, t.Any], fact: str, *patterns: str) -> None:
    """The proof has failed, first of all for want of this fact, in these words."""
    assert result.get("failed"), result
    assert facts(result)[0] == fact, result["msg"]
    for pattern in patterns:
        assert re.search(pattern, result["msg"]), result["msg"]


def demo(
    place: Place, unit: str, socket_unit: str = "", start: str = "demo-http.socket"
) -> None:
    """A service `demo` with one socket on port 8080."""
    place.install(
        {"demo.service": unit, "demo-http.socket": socket_unit or socket()}, start
    )


def test_the_socket_is_not_listening(place: Place) -> None:
    demo(place, service(), start="")
    result = place.prove(sockets=["demo-http"], probes=HTTP)
    refused(result, "listening", "demo-http.socket is not listening: it is inactive")
    assert place.show("demo.service", "ActiveState") == "inactive"


def test_a_condition_of_the_socket_is_not_met(place: Place) -> None:
    """Its own journal says why, and is shown."""
    unit = "[Unit]\nConditionPathExists=/nowhere\n"
    demo(place, service(), unit + socket())
    result = place.prove(probes=HTTP)
    refused(result, "listening", "is inactive")
    assert re.search("[Cc]ondition check", "\n".join(result["proof"]["journal"]))


def test_a_socket_that_cannot_be_opened(place: Place) -> None:
    demo(place, service(), socket("ListenStream=192.0.2.7:8080"), start="")
    place.sh("systemctl start demo-http.socket", check=False)
    result = place.prove(probes=HTTP)
    refused(result, "listening", r"demo-http.socket is not listening: it is failed")
    # a process of systemd's own says more, if the journal knows in time whose it was
    assert "socket (192.0.2.7:8080)" in "\n".join(result["proof"]["journal"])


def test_the_socket_belongs_to_another_service(place: Place) -> None:
    place.install(
        {
            "demo.service": service(),
            "other.service": service(sockets=()),
            "demo-http.socket": socket(service_name="other.service"),
        },
        "demo-http.socket",
    )
    result = place.prove(sockets=["demo-http"], probes=HTTP)
    refused(result, "trigger", "belongs to other.service, not to demo.service")
    refused(place.prove(probes=HTTP), "trigger", "no socket starts demo.service")


def test_it_was_running_and_may_not_be_stopped(place: Place) -> None:
    demo(place, service(), start="demo-http.socket demo.service")
    before = place.show("demo.service", "MainPID")
    result = place.prove(probes=HTTP, rest="found")
    refused(
        result, "rest", f"already running \\(process {before}\\) and may not be stopped"
    )
    assert place.show("demo.service", "MainPID") == before


def test_it_refuses_to_be_stopped(spot: Place) -> None:
    demo(
        spot,
        service(unit="RefuseManualStop=yes"),
        start="demo-http.socket demo.service",
    )
    try:
        refused(spot.prove(probes=HTTP), "rest", "cannot be stopped")
    finally:
        spot.sh(
            "sed -i s/RefuseManualStop=yes// /etc/systemd/system/demo.service;"
            "systemctl daemon-reload"
        )


@pytest.mark.parametrize("directive", ["PartOf", "BindsTo"])
def test_its_socket_stops_with_it(place: Place, directive: str) -> None:
    demo(place, service())
    place.install(
        {
            "demo.service": "[Service]\nType=notify\nDynamicUser=yes\n"
            f"ExecStart=/usr/bin/python3 {SERVER}\n",
            "demo-http.socket": f"[Unit]\n{directive}=demo.service\n"
            + socket(more="ExecStopPre=/bin/sleep 0.5"),
        },
        # a socket that binds itself to a service runs no longer than that
        "demo-http.socket demo.service",
    )
    before = place.show("demo.service", "InvocationID")
    refused(
        place.prove(probes=HTTP), "rest", f"demo-http.socket stops .*{directive}=demo"
    )
    assert place.show("demo.service", "InvocationID") == before
    place.proven(probes=HTTP, rest="keep", leave="running")
    if directive == "PartOf":
        proof = place.proven(probes=HTTP, accept=["rest"], leave="idle")
        assert proof["sockets"]["http"]["triggered"]
        assert any("was opened again" in note for note in proof["notes"])
        assert place.show("demo.service", "ActiveState") == "inactive"
        assert place.show("demo-http.socket", "ActiveState") == "active"


FOLLOWERS = {
    "other.service": "[Unit]\nRequires=demo.service\nAfter=demo.service\n"
    "[Service]\nExecStart=/bin/sleep 1000\n",
    "spare.service": "[Unit]\nPartOf=other.service\n"
    "[Service]\nExecStart=/bin/sleep 1000\n",
}


def test_another_unit_stops_with_it(spot: Place) -> None:
    demo(spot, service())
    units = ("demo.service", "other.service", "spare.service")
    spot.install(FOLLOWERS, " ".join(units))
    before = [spot.show(unit, "InvocationID") for unit in units]
    for check in (True, False):
        result = spot.prove(probes=HTTP, check=check)
        (problem,) = result["proof"]["problems"]
        assert problem["fact"] == "rest"
        assert "other.service (Requires=demo.service)" in problem["message"]
        assert "spare.service (PartOf=other.service)" in problem["message"]
    assert [spot.show(unit, "InvocationID") for unit in units] == before
    spot.proven(probes=HTTP, rest="keep", leave="running")
    proof = spot.proven(probes=HTTP, accept=["rest"])
    assert [spot.show(unit, "ActiveState") for unit in units] == ["active"] * 3
    assert spot.show("other.service", "InvocationID") != before[1]
    assert sum("was started again" in note for note in proof["notes"]) == 2
    # what does not run is not in the way
    spot.sh("systemctl stop other.service spare.service")
    spot.proven(probes=HTTP)


def test_it_binds_the_port_itself_and_fails(place: Place) -> None:
    unit = service("own=8080 six", more="Restart=no", unit="StartLimitBurst=5")
    demo(place, unit)
    result = place.prove(probes=HTTP)
    refused(
        result,
        "answered",
        "ended with status 1 before it answered",
        "binds the port by itself",
    )


def test_it_binds_another_port_and_leaves_the_descriptor_alone(place: Place) -> None:
    demo(place, service("own=9999 closes"))
    result = place.prove(probes=HTTP, timeout=2)
    refused(
        result, "answered", r"listens on 0\.0\.0\.0:9999 through a socket of its own"
    )
    assert "descriptor" in facts(result)


def test_it_takes_swapped_descriptors(place: Place) -> None:
    sockets = ("demo-https.socket", "demo-http.socket")
    place.install(
        {
            "demo.service": service("positions", sockets=sockets),
            "demo-http.socket": socket("ListenStream=8080", "http"),
            "demo-https.socket": socket("ListenStream=8443", "https"),
        },
        "demo-http.socket demo-https.socket",
    )
    probes = [*HTTP, {"socket": "https", "http": {"body": "https of"}}]
    result = place.prove(probes=probes)
    refused(
        result,
        "descriptor",
        "http must answer comes from https",
        "by position, not by name",
    )


def test_it_answers_then_dies(place: Place) -> None:
    demo(place, service("dies=0.05", more="Restart=no"))
    result = place.prove(probes=HTTP)
    refused(result, "stays", "did not stay for the settle time", "ended with status 7")
    # long enough for all that is looked at, however busy the host is
    demo(place, service("dies=3", more="Restart=no"))
    place.proven(probes=HTTP)
    refused(place.prove(probes=HTTP, settle=4), "stays", "ended with status 7")


def test_it_never_becomes_ready(place: Place) -> None:
    demo(place, service("mute", more="TimeoutStartSec=1"))
    result = place.prove(probes=HTTP)
    refused(result, "ready", "answers, but never said that it is ready", "after 1s")
    demo(place, service("mute silent", more="TimeoutStartSec=1"))
    refused(place.prove(probes=HTTP), "ready", "never became ready", "after 1s")


def test_it_is_ready_but_never_answers(place: Place) -> None:
    demo(place, service("silent"))
    result = place.prove(probes=HTTP, timeout=1.5)
    refused(result, "answered", "demo.service is ready, but nothing came within 1.5 s")
    assert place.show("demo.service", "ActiveState") == "inactive"


def test_another_process_answers_on_the_port(place: Place) -> None:
    demo(place, service(), socket(more="ReusePort=yes"), start="")
    # it shares the port with systemd's socket, and the kernel picks one for each connection
    place.sh(
        f"systemctl start demo-http.socket; systemd-run -q --unit spare.service "
        f"/usr/bin/python3 {SERVER} own=8080 share six"
    )
    place.sh(
        "for i in $(seq 100); do ss -ltn | grep -c 8080 | grep -q 2 && break; sleep 0.05; done"
    )
    result = place.prove(probes=[{"socket": "http", "http": {}}])
    assert result.get("failed")
    assert set(facts(result)) <= {"owner", "triggered"}, result["msg"]
    assert "spare.service" in result["msg"]


def test_another_process_has_taken_the_unix_socket(place: Place) -> None:
    demo(place, service(), socket("ListenStream=/run/demo.sock"))
    place.sh(
        "rm /run/demo.sock; systemd-run -q --unit spare.service /usr/bin/python3 -c '"
        'import socket\ns=socket.socket(socket.AF_UNIX);s.bind("/run/demo.sock");s.listen()\n'
        'while True:\n c=s.accept()[0];c.recv(999);c.send(b"HTTP/1.0 200 OK\\r\\n\\r\\nhttp of");c.close()'
        "'; for i in $(seq 100); do test -S /run/demo.sock && break; sleep 0.05; done"
    )
    result = place.prove(probes=HTTP)
    refused(
        result, "triggered", "answers, but the request has not started demo.service"
    )
    assert "owner" in facts(result)
    assert "spare.service" in result["msg"]


def test_it_runs_as_root(place: Place) -> None:
    demo(place, service(user="User=root"))
    refused(place.prove(probes=HTTP), "user", r"process \d+ \(python3.*\) runs as root")
    assert place.proven(probes=HTTP, accept=["user"])["notes"]


def test_a_helper_runs_as_root(place: Place) -> None:
    """What systemd has only forked is told by its program: a name is anybody's to choose."""
    helper = "/opt/others/(helper"
    place.sh(f'cp /bin/sleep "{helper}"')
    more = f"""ExecStartPost=+/bin/sh -c '"{helper}" 1000 &'"""
    demo(place, service(more=more))
    try:
        wrong = place.prove(probes=HTTP)
        refused(wrong, "user", r"process \d+ \(\(helper.*\) runs as root")
    finally:
        place.sh(f'rm "{helper}"')


def test_a_directive_has_no_effect_here(place: Place) -> None:
    # these hosts have no memory controller: systemd starts the service and says nothing
    demo(place, service(more="MemoryMax=64M"))
    result = place.prove(probes=HTTP)
    refused(result, "sandbox", "MemoryMax=67108864 has no effect", "memory.max")
    (difference,) = result["proof"]["sandbox"]["differences"]
    assert difference["directive"] == "MemoryMax"
    assert place.proven(probes=HTTP, accept=["MemoryMax"])["notes"]


def test_the_service_hits_its_start_limit(place: Place) -> None:
    demo(place, service("crashes", more="Restart=no", unit=""))
    result = place.prove(probes=HTTP)
    assert result.get("failed")
    assert "limit" in facts(result), result["msg"]
    assert "the service has hit its start limit" in result["msg"]
    assert place.show("demo-http.socket", "ActiveState") == "failed"
    # and it stays closed until somebody says otherwise
    refused(
        place.prove(probes=HTTP), "limit", "demo-http.socket is closed", "start limit"
    )
    place.install({"demo.service": service()})
    again = place.prove(probes=HTTP, reset=True)
    assert not again.get("failed"), again["msg"]
    assert again["changed"]


def test_the_socket_hits_its_trigger_limit(place: Place) -> None:
    unit = service(kind="exec", program="/bin/false")
    demo(place, unit, socket(more="TriggerLimitIntervalSec=30\nTriggerLimitBurst=4"))
    result = place.prove(probes=HTTP)
    assert "limit" in facts(result), result["msg"]
    assert "the socket has hit its trigger limit" in result["msg"]
    assert place.show("demo-http.socket", "Result") == "trigger-limit-hit"


def test_the_unit_is_masked(place: Place) -> None:
    demo(place, service())
    place.sh("mv /etc/systemd/system/demo.service /run/; systemctl mask demo.service")
    refused(
        place.prove(sockets=["demo-http"], probes=HTTP),
        "loaded",
        "demo.service is masked",
    )


def test_the_file_has_changed_and_was_not_reloaded(place: Place) -> None:
    demo(place, service())
    place.sh("echo '# changed' >> /etc/systemd/system/demo.service")
    refused(
        place.prove(probes=HTTP),
        "reloaded",
        "demo.service has changed",
        "daemon-reload",
    )


def test_the_address_has_changed_and_the_socket_was_not_restarted(place: Place) -> None:
    demo(place, service())
    place.install({"demo-http.socket": socket("ListenStream=8081")})
    # systemctl show says 8081 now, and nobody listens there
    refused(
        place.prove(probes=HTTP),
        "bound",
        r"\[::\]:8081, but PID 1 holds no socket there",
    )


@pytest.mark.parametrize("source", ["/nowhere/key", "key"])
def test_a_credential_is_missing(place: Place, source: str) -> None:
    if source == "key" and place.host.version() < 250:
        source = "/nowhere/other"  # before 250 a name without a path is no source
    demo(place, service(more=f"LoadCredential=key:{source}"))
    result = place.prove(probes=HTTP)
    refused(result, "credentials", "credential")
    if source == "key":
        assert "the credential key (from key) is missing" in result["msg"]


def test_it_forks_away_from_its_main_process(place: Place) -> None:
    demo(
        place, service("forks", kind="exec" if place.host.version() > 239 else "simple")
    )
    result = place.prove(probes=HTTP)
    assert result.get("failed")
    assert "forks away from its main process" in result["msg"], result["msg"]


def test_it_needs_longer_than_the_deadline(place: Place) -> None:
    demo(place, service("slow=2.5"))
    result = place.prove(probes=HTTP, timeout=1)
    refused(result, "answered", "still starting, it needs longer than the deadline")
    # the request that was given up still waits for the service, which is let take it first
    left = place.show("demo.service", "ActiveState")
    notes = " ".join(result["proof"]["notes"])
    assert left == "inactive" or "have started demo.service again" in notes


def test_a_pid_file_that_names_nobody(place: Place) -> None:
    """systemd waits for the process that it names, which may never come."""
    more = "PIDFile=/run/demo.pid"
    program = "/bin/sh -c 'sleep 1000 &'"
    demo(place, service(kind="forking", program=program, more=more))
    result = place.prove(probes=HTTP, timeout=2)
    refused(result, "answered", "has forked, and /run/demo.pid names no process")
    # the request that nobody took goes with its socket
    place.sh("systemctl stop demo-http.socket demo.service")
    demo(place, service(kind="forking", program="/bin/sleep 0.3", more=more))
    result = place.prove(probes=HTTP)
    refused(result, "answered", "ended with status 0 before it answered")
    # what is told of others that fork is no advice to it, and it never answered
    assert "must stay in the foreground" not in result["msg"]
    assert "stays" not in facts(result)


def test_its_next_start_waits_for_another_unit(spot: Place) -> None:
    """The request that nobody took asks for a start that may come long after the proof."""
    once = "if test -e /run/demo.once; then exec sleep 60; fi; touch /run/demo.once"
    dependency = f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{once}'\n"
    spot.install({"spare.service": dependency})
    unit = "Wants=spare.service\nAfter=spare.service"
    demo(spot, service(kind="exec", program="/bin/sleep 1000", unit=unit))
    result = spot.prove(probes=HTTP, timeout=2)
    refused(result, "answered", "nothing came within 2 s")
    notes = result["proof"]["notes"]
    assert "requests are about to start demo.service again" in notes
    assert result["proof"]["service"]["left"] == "inactive"


def test_a_peer_that_drips_is_cut_off(spot: Place) -> None:
    demo(spot, service("drip=0.4"))
    result = spot.prove(probes=HTTP, timeout=2)
    refused(result, "answered", "the answer was not whole within 2 s")


def test_a_host_without_ipv6(spot: Place) -> None:
    listen = "ListenStream=[::]:8080\nBindIPv6Only=ipv6-only"
    demo(spot, service(), socket(listen))
    there = spot.sh("ip -6 addr show dev lo to ::1")
    spot.sh("ip -6 addr del ::1/128 dev lo 2>/dev/null; true")
    try:
        refused(spot.prove(probes=HTTP), "triggered", "no address to ask it from")
    finally:
        if there:
            spot.sh("ip -6 addr add ::1/128 dev lo")


def test_the_answer_is_wrong(place: Place) -> None:
    demo(place, service("wrong"))
    refused(place.prove(probes=HTTP), "answer", "is no HTTP: 'nonsense")
    demo(place, service())
    probes = [{"socket": "http", "http": {"status": [204, 301]}}]
    refused(place.prove(probes=probes), "answer", "status 200 OK, not 204 or 301")


def test_a_condition_is_not_met(spot: Place) -> None:
    demo(spot, service(unit="ConditionPathExists=/nowhere"))
    result = spot.prove(probes=HTTP)
    assert result.get("failed")
    assert set(facts(result)) <= {"triggered", "limit", "answered"}, result["msg"]
    assert "condition" in result["msg"] or "trigger limit" in result["msg"]


def test_a_failure_returns_the_journal(spot: Place) -> None:
    demo(spot, service("silent"))
    result = spot.prove(probes=HTTP, timeout=1)
    assert any("demo" in line for line in result["proof"]["journal"])
    assert len(result["proof"]["journal"]) <= 20
