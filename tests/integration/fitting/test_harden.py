# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fitting a service that needs what it was told to need: what is found, told, refused and
put back."""

from __future__ import annotations

import json
import subprocess
import threading
import typing as t

import pytest
from conftest import PORT, PROBES, Needy, Starts
from remote_module import _LAUNCH, PLACE

RUNTIME = "/run/systemd/system/needy.service.d/zzzz-activated-harden.conf"
RECORD = "/run/activated.services/harden/needy.service.json"


def gone(result: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """What had to go, by its line."""
    assert not result.get("failed"), result["msg"]
    return {row["directive"]: row for row in result["gone"]}


def test_what_had_to_go_is_told_with_what_was_seen(needy: Needy) -> None:
    needs = ("read=/home/shared/file", "code", "space", "write=/var/lib/needy/x")
    needy.start(*needs)
    counted = Starts(needy.host, "needy")
    result = needy.fit()
    found = gone(result)
    assert counted.count() == result["restarts"] <= 25
    assert not result["undecided"]
    assert set(found) == {
        "ProtectHome=yes",
        "ProtectHome=tmpfs",
        "MemoryDenyWriteExecute=yes",
        "RestrictNamespaces=yes",
        # to make a name space asks for CAP_SYS_ADMIN, which is among these
        "CapabilityBoundingSet=~CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_IPC_OWNER and 23 more",
    }
    seen = {
        line: {(e["error"], e["path"], e["call"]) for e in row["errors"]}
        for line, row in found.items()
    }
    assert ("EPERM", "", "unshare") in seen["RestrictNamespaces=yes"]
    assert seen["MemoryDenyWriteExecute=yes"] & {
        ("EACCES", "", "mmap"),
        ("EPERM", "", "mmap"),
    }
    assert {path for _e, path, _c in seen["ProtectHome=tmpfs"]} == {"/home/shared/file"}
    # a looser grade is kept, and where it writes was read in the journal and given to it
    assert "ProtectHome=read-only" in result["kept"]
    assert "ProtectSystem=strict" in result["kept"]
    assert "ReadWritePaths=-/var/lib/needy" in result["drop_in"]
    assert needy.traces() == ""
    assert needy.host.show("needy", "ActiveState") == "active"


def test_a_refused_call_is_told_from_a_refused_right(needy: Needy) -> None:
    needy.start("nice")
    found = gone(needy.fit(only=["SystemCallFilter", "ProtectHome"]))
    assert set(found) == {"SystemCallFilter=~@resources"}
    row = found["SystemCallFilter=~@resources"]
    assert ("EPERM", "setpriority") in {(e["error"], e["call"]) for e in row["errors"]}
    assert "status=31/SYS" in row["cause"]


def test_a_line_of_the_journal_opens_nothing_of_the_system(needy: Needy) -> None:
    needy.start("write=/etc/needy/x", "write=/var/lib/needy/x")
    try:
        result = needy.fit(only=["ProtectSystem", "UMask"])
        assert "ProtectSystem=strict" in gone(result)
        assert "ProtectSystem=yes" in result["kept"]
        assert "ReadWritePaths" not in result["drop_in"]
        assert any("says that /etc" in note for note in result["notes"])
    finally:
        needy.host.sh("rm -rf /etc/needy")


ODD = """#!/bin/sh
exec 7>>"/srv/needy's 100%/x" 8>>"/srv/needy
b/x"
exec /usr/bin/python3 /opt/others/needy.py "$@"
"""


def test_odd_names_are_written_as_systemd_reads_them(needy: Needy) -> None:
    needy.host.write({"/opt/others/odd.sh!": ODD})
    needy.host.sh("mkdir -p \"/srv/needy's 100%\" '/srv/needy\nb'")
    try:
        command = f'/opt/others/odd.sh {PORT} "write=/srv/needy\'s 100%%/y"'
        needy.start(more=f"ExecStart=\nExecStart={command}")
        result = needy.fit(only=["ProtectSystem"])
        assert 'ReadWritePaths="-/srv/needy\'s 100%%"\n' in result["drop_in"], result
        # with strict it would fail in the place that it cannot be given
        assert result["kept"] == ["ProtectSystem=full"]
        assert "no unit can hold" in "".join(result["notes"])
    finally:
        needy.host.sh("rm -rf /srv/needy*")


def test_the_budget_is_a_bound(needy: Needy) -> None:
    needy.start("read=/home/shared/file", "code", "space", "nice", "family=16")
    counted = Starts(needy.host, "needy")
    result = needy.fit(restarts_max=8)
    assert not result.get("failed"), result
    assert counted.count() == result["restarts"] <= 8
    assert result["undecided"]
    assert result["exposure"]["after"] < result["exposure"]["before"]
    assert needy.traces() == ""
    # what is returned has passed, as a whole, in the last start of the trials
    last = [trial for trial in result["trials"] if trial["passed"]][-1]
    assert set(last["tried"]) == set(result["kept"])


def test_check_mode_says_the_plan_and_touches_nothing(needy: Needy) -> None:
    needy.start()
    run = needy.host.show("needy", "InvocationID")
    result = needy.fit(check=True)
    assert not result["changed"]
    assert result["plan"]["restarts_max"] == 25
    assert "ProtectSystem=strict" in result["plan"]["candidates"]
    assert result["plan"]["exposure_at_best"] < result["exposure"]["before"]
    assert "127.0.0.1" in result["plan"]["left_alone"]["PrivateNetwork"]
    assert needy.host.show("needy", "InvocationID") == run
    assert needy.traces() == ""


def test_without_probes_its_own_sockets_are_connected_to(needy: Needy) -> None:
    needy.start()
    result = needy.fit(probes=None, only=["ProtectHome", "UMask"])
    assert result["kept"] == ["UMask=0077", "ProtectHome=yes"]


def test_a_service_at_rest_is_left_at_rest(needy: Needy) -> None:
    needy.start()
    needy.host.sh("systemctl stop needy")
    result = needy.fit(only=["ProtectHome"])
    assert result["kept"] == ["ProtectHome=yes"]
    assert needy.host.show("needy", "ActiveState") == "inactive"
    assert needy.traces() == ""


def test_only_and_keep(needy: Needy) -> None:
    needy.start()
    result = needy.fit(only=["ProtectHome", "UMask"], keep=["UMask"])
    assert result["kept"] == ["ProtectHome=yes"]
    assert "asked" in result["left_alone"]["UMask"]


# -- a run that is ended in the middle ------------------------------------------------


def launch(needy: Needy, **options: t.Any) -> subprocess.Popen[str]:
    """Start fitting and wait until a trial is on."""
    host = needy.host
    host.send()
    given = {
        "name": "needy",
        "probes": PROBES,
        "timeout": 5,
        "_ansible_check_mode": False,
        **options,
    }
    process = subprocess.Popen(
        [
            *(host.engine, "exec", "-i", host.container, "python3", "-c"),
            _LAUNCH.format(place=PLACE, module="harden"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps(given))
    process.stdin.close()
    host.sh(f"timeout 120 sh -c 'until [ -e {RUNTIME} ]; do sleep 0.02; done'")
    return process


def end(needy: Needy, process: subprocess.Popen[str], signal: str) -> str:
    """Send a signal to the module alone; what it has printed when it is gone."""
    needy.host.sh(
        "for p in /proc/[0-9]*; do grep -qsa 'plugins.modules.harde[n]' $p/cmdline && "
        f"kill -{signal} ${{p#/proc/}}; done; true"
    )
    assert process.stdout
    out = process.stdout.read()
    process.wait(30)
    return out


@pytest.mark.parametrize("signal", ["TERM", "HUP"])
def test_a_signal_ends_it_tidily(needy: Needy, signal: str) -> None:
    needy.start("code", "space")
    out = end(needy, launch(needy), signal)
    result = json.loads(out.splitlines()[-1])
    assert result["failed"]
    assert f"SIG{signal}" in result["msg"]
    assert needy.traces() == ""
    assert needy.host.show("needy", "ActiveState") == "active"
    assert needy.host.show("needy", "ProtectHome") == "no"


def test_after_a_kill_the_next_run_puts_it_back(needy: Needy) -> None:
    needy.start("code", "space")
    # it is found at rest, and the killed run leaves it running
    needy.host.sh("systemctl stop needy")
    end(needy, launch(needy), "KILL")
    assert RUNTIME.rpartition("/")[0] in needy.traces()
    assert needy.fit(check=True, state="restored")["changed"]
    assert needy.fit(state="restored")["changed"]
    assert needy.traces() == ""
    assert needy.host.show("needy", "ActiveState") == "inactive"
    assert not needy.fit(state="restored")["changed"]


def test_a_way_back_that_was_killed_is_gone_to_its_end(needy: Needy) -> None:
    needy.start("code", "space")
    end(needy, launch(needy), "KILL")
    # as if the drop-in had just been removed, and systemd had not been told
    needy.host.sh(f"systemctl daemon-reload; rm {RUNTIME}")
    assert "zzzz-activated" in needy.traces()
    assert needy.fit(state="restored")["changed"]
    assert needy.traces() == ""
    assert needy.host.show("needy", "NeedDaemonReload") == "no"
    assert needy.host.show("needy", "ActiveState") == "active"


def test_fitting_after_a_kill_begins_from_what_was_there(needy: Needy) -> None:
    needy.start("code")
    end(needy, launch(needy), "KILL")
    counted = Starts(needy.host, "needy")
    result = needy.fit(only=["ProtectHome"])
    assert counted.count() == result["restarts"]
    assert "killed" in result["notes"][0]
    assert result["kept"] == ["ProtectHome=yes"]
    assert needy.traces() == ""


def test_two_at_once_are_one_after_the_other_or_refused(needy: Needy) -> None:
    needy.start("code", "space")
    process = launch(needy)
    results: list[dict[str, t.Any]] = []
    other = threading.Thread(
        target=lambda: results.append(needy.fit(only=["ProtectHome"]))
    )
    other.start()
    assert process.stdout
    first = json.loads(process.stdout.read().splitlines()[-1])
    process.wait(30)
    other.join(60)
    assert not first.get("failed"), first
    (second,) = results
    assert not second.get("failed") or "another run" in second["msg"]
    assert needy.traces() == ""


# -- bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "not-there"}, "there is no not-there.service"),
        ({"name": "needy.socket"}, "is no service"),
        ({"name": "getty@"}, "is a template"),
        ({"name": "a b"}, "is not the name of a unit"),
        ({"name": "dbus"}, "never restarted"),
        ({"restarts_max": 0}, "restarts_max: 0 leaves nothing to try"),
        ({"restarts_max": 3}, "4 is the least"),
        ({"only": ["ProtectHom"]}, "did you mean ProtectHome"),
        ({"keep": ["Nonsense"]}, "'Nonsense' is none of what is fitted"),
        ({"probes": [{"http": {}}]}, r"probes\[0\].address is missing"),
        ({"probes": [{"address": "nowhere", "http": {}}]}, "is no address"),
        ({"probes": [{"address": "1", "http": {}, "send": "x"}]}, "must be one of"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"name": "systemd-tmpfiles-setup"}, "is a oneshot"),
    ],
)
def test_a_bad_wish_is_refused(
    bystander: Needy, options: dict[str, t.Any], message: str
) -> None:
    refused(bystander, message, **options)


def refused(needy: Needy, message: str, **options: t.Any) -> None:
    """It fails with the message, and nothing was touched."""
    run = needy.host.show("needy", "InvocationID")
    result = needy.fit(**options)
    assert result.get("failed"), result
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(result["msg"])
    assert needy.host.show("needy", "InvocationID") == run
    assert needy.traces() == ""


@pytest.fixture(scope="module")
def bystander(newest: t.Any) -> t.Iterator[Needy]:
    """A service that nobody touches."""
    there = Needy(newest)
    there.start()
    try:
        yield there
    finally:
        newest.remove("needy.service")


APP = (
    "[Unit]\nRequires=needy.service\nAfter=needy.service\n"
    "[Service]\nExecStart=/bin/sleep 1000\n"
)


def test_a_unit_that_stops_with_it(needy: Needy) -> None:
    needy.start()
    needy.host.install({"app.service": APP}, "app.service")
    try:
        run = needy.host.show("app", "InvocationID")
        refused(needy, r"app\.service \(Requires=needy\.service\) stops with needy")
        assert needy.host.show("app", "InvocationID") == run
        # a trial that fails leaves it stopped: it is started at the end
        result = needy.fit(only=["UMask"], accept=["rest"])
        assert result["kept"] == ["UMask=0077"], result
        needy.host.sh("systemctl stop needy; systemctl start app")
        end(needy, launch(needy, accept=["rest"]), "KILL")
        needy.host.sh("systemctl stop needy")
        assert needy.fit(state="restored")["changed"]
        assert needy.host.show("app", "ActiveState") == "active"
        assert needy.traces() == ""
    finally:
        needy.host.remove("app.service")


def test_a_masked_unit(needy: Needy) -> None:
    needy.host.sh(
        "ln -sf /dev/null /etc/systemd/system/needy.service; systemctl daemon-reload"
    )
    refused(needy, "is masked: systemctl unmask needy.service")


def test_a_unit_of_users_managers(needy: Needy) -> None:
    needy.host.write(
        {"/etc/systemd/user/mine.service": "[Service]\nExecStart=/bin/true\n"}
    )
    try:
        refused(needy, "users' own managers", name="mine")
    finally:
        needy.host.sh("rm /etc/systemd/user/mine.service")


def test_a_unit_that_systemd_has_not_read(needy: Needy) -> None:
    needy.start()
    needy.host.sh("sleep 0.01; echo '# changed' >>/etc/systemd/system/needy.service")
    refused(needy, "systemctl daemon-reload first")


def test_a_transient_unit(needy: Needy) -> None:
    needy.host.sh("systemd-run --unit=passing sleep 100")
    try:
        refused(needy, "is transient", name="passing")
    finally:
        needy.host.sh("systemctl stop passing")


def test_a_unit_that_cannot_be_started(needy: Needy) -> None:
    needy.start()
    needy.host.sh("systemctl stop needy; rm /opt/others/needy.py")
    result = needy.fit()
    assert result["failed"]
    assert "is not proven even as it is" in result["msg"]
    assert "ended with status 2" in result["msg"]
    assert needy.traces() == ""
    assert needy.host.show("needy", "ActiveState") == "inactive"


def test_a_probe_that_fails_without_any_of_it(needy: Needy) -> None:
    needy.start()
    probes = [{"address": str(PORT), "http": {"status": 404}}]
    result = needy.fit(probes=probes)
    assert "the status 200" in result["msg"]
    assert result["proof"]["problems"]
    assert needy.host.show("needy", "ActiveState") == "active"


def test_another_process_answers_in_its_place(needy: Needy) -> None:
    needy.start()
    other = f"/usr/bin/python3 /opt/others/needy.py {PORT + 1}"
    needy.host.sh(f"systemd-run -q --unit=stranger {other}")
    try:
        probes = [{"address": str(PORT + 1), "http": {}, "timeout": 3}]
        result = needy.fit(probes=probes, only=["UMask"])
        assert "[owner]" in result["msg"]
        assert (
            "of stranger.service), not by a process of needy.service" in result["msg"]
        )
        result = needy.fit(probes=[{"address": str(PORT + 1)}], only=["UMask"])
        assert "[owner]" in result["msg"]
    finally:
        needy.host.sh("systemctl stop stranger")


def test_a_service_with_nothing_to_ask(needy: Needy) -> None:
    needy.host.install(
        {"needy.service": "[Service]\nExecStart=/bin/sleep 1000\n"}, "needy"
    )
    refused(needy, "there is nothing to ask needy.service", probes=None)
    assert needy.host.show("needy", "ActiveState") == "active"


def test_a_mistyped_probe_of_a_socket_touches_nothing(needy: Needy) -> None:
    socket = f"[Socket]\nListenStream={PORT}\nFileDescriptorName=http\n"
    needy.host.install({"needy.socket": socket})
    needy.start()
    needy.host.sh("systemctl stop needy; systemctl start needy.socket needy.service")
    try:
        probes = [{"socket": "htp", "http": {}}]
        refused(needy, "there is no socket htp", probes=probes)
        refused(needy, "there is no socket htp", probes=probes, check=True)
    finally:
        needy.host.remove("needy.socket")


CLIENT = """import os, socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(("", 0))
one.set_inheritable(True)
os.execv(sys.executable, [sys.executable, "/opt/others/needy.py", *sys.argv[1:]])
"""


def test_a_port_that_the_kernel_picks_is_no_address_to_keep(needy: Needy) -> None:
    needy.host.write({"/opt/others/client.py": CLIENT})
    command = f"/usr/bin/python3 /opt/others/client.py {PORT}"
    needy.start(more=f"ExecStart=\nExecStart={command}")
    for probes in (PROBES, None):
        result = needy.fit(probes=probes, only=["UMask"])
        assert result["kept"] == ["UMask=0077"], result


def test_a_drop_in_that_would_have_the_last_word(needy: Needy) -> None:
    needy.start()
    needy.host.write({"/etc/systemd/system/needy.service.d/zzzzz.conf": "[Service]\n"})
    needy.host.sh("systemctl daemon-reload")
    try:
        result = needy.fit()
        assert "is read after" in result["msg"]
        assert needy.host.show("needy", "ActiveState") == "active"
    finally:
        needy.host.sh(
            "rm -r /etc/systemd/system/needy.service.d; systemctl daemon-reload"
        )
