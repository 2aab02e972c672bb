# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials in a deployment, on each suite: stored, seen, rotated, put back, removed."""

from __future__ import annotations

import base64
import typing as t

import pytest
from looking_glass import Glass, sha

pytestmark = pytest.mark.targets


def actions(result: t.Mapping[str, t.Any]) -> list[str]:
    return [step["action"] for step in result["plan"]]


def test_a_secret_from_its_store_to_its_end(glass: Glass) -> None:
    said = {"key.pem": {"content": "first\nsecret\n\n"}}
    planned = glass.deploy(said, check=True)
    assert "store" in actions(planned)
    assert glass.print() == ""
    result = glass.deploy(said)
    assert actions(result) == actions(planned)
    shown = result["proof"]["process"]["credentials"]
    assert [(x["name"], x["as_deployed"], x["others_read"]) for x in shown] == [
        ("key.pem", True, False)
    ]
    assert result["proof"]["service"]["credentials_gone"] is True
    assert glass.active() == "inactive"
    assert glass.ask()["seen"] == {"key.pem": sha("first\nsecret\n\n")}
    stored = glass.sh(
        f"stat -c '%a %U' {glass.store} {glass.folder} {glass.folder}/key.pem"
    )
    assert stored.split("\n") == ["700 root", "700 root", "400 root"]
    plain = glass.sh(f"grep -c secret {glass.folder}/key.pem; true")
    assert plain == ("0" if glass.seals else "1")
    other = {"/etc/credstore", "/etc/credstore.encrypted"} - {glass.store}
    assert glass.sh(f"ls {other.pop()}/{glass.name} 2>/dev/null; true") == ""

    before = glass.print()
    again = glass.deploy(said)
    assert (again["changed"], glass.print()) == (False, before)

    pid, inode = glass.ask()["pid"], glass.socket_inode()
    rotated = glass.deploy({"key.pem": {"content": "second"}}, diff=True)
    assert actions(rotated) == ["store", "stop", "prove"]
    assert glass.active() == "inactive"
    seen = glass.ask()
    assert seen["seen"] == {"key.pem": sha("second")}
    assert seen["pid"] != pid
    assert glass.socket_inode() == inode

    glass.sh(f"systemctl stop {glass.name}.service")
    idle = glass.deploy({"key.pem": {"content": "third"}})
    assert actions(idle) == ["store", "prove"]
    assert glass.active() == "inactive"
    assert glass.ask()["seen"] == {"key.pem": sha("third")}

    dropped = glass.deploy({})
    assert "erase" in actions(dropped)
    assert glass.sh(f"ls -d {glass.folder} 2>/dev/null; true") == ""
    assert glass.ask()["seen"] == {}


def test_a_file_of_the_host_that_changes(glass: Glass) -> None:
    live = f"/srv/{glass.name}/live"
    glass.sh(
        f"mkdir -p -m 700 {live} {live}/../archive && cd {live} && echo one > ../archive/1 && "
        "echo two > ../archive/2 && chmod 600 ../archive/* && ln -s ../archive/1 chain.pem"
    )
    said = {"chain.pem": {"path": f"{live}/chain.pem"}}
    glass.deploy(said)
    pid, inode = glass.ask()["pid"], glass.socket_inode()
    assert glass.deploy(said)["changed"] is False
    assert glass.ask()["pid"] == pid
    glass.sh(f"ln -sfn ../archive/2 {live}/chain.pem")
    planned = glass.deploy(said, check=True)
    assert glass.ask() == {"pid": pid, "seen": {"chain.pem": sha("one\n")}}
    changed = glass.deploy(said)
    assert actions(changed) == actions(planned) == ["renew", "stop", "prove"]
    assert glass.active() == "inactive"
    assert glass.ask()["seen"] == {"chain.pem": sha("two\n")}
    assert glass.socket_inode() == inode
    assert glass.deploy(said)["changed"] is False


def test_what_fails_its_proof_is_put_back(glass: Glass) -> None:
    good = {"key.pem": {"content": "good"}, "old": {"content": "stays\0"}}
    glass.deploy(good)
    inode = glass.socket_inode()
    bad = {"key.pem": {"content": "bad"}, "new": {"content": "comes"}}
    probes = [{"socket": "http", "http": {"body": sha("good")}, "timeout": 10}]
    failed = glass.attempt(bad, probes=probes)
    assert failed["failed"]
    assert "is proven again" in failed["msg"]
    assert glass.ask()["seen"] == {"key.pem": sha("good"), "old": sha("stays\0")}
    assert glass.sh(f"ls {glass.folder}") == "key.pem\nold"
    assert glass.sh(f"ls -A {glass.state}/credentials 2>/dev/null; true") == ""
    assert glass.socket_inode() == inode
    assert glass.deploy(good)["changed"] is False
    refused = glass.attempt(bad, probes=probes)
    assert "not deployed again" in refused["msg"]
    # Another secret is something else than what was given up.
    other = {"key.pem": {"content": "good"}, "new": {"content": "comes later"}}
    assert glass.deploy(other, probes=probes)["changed"]


def test_going_back_keeps_todays_secrets(spot: Glass) -> None:
    spot.deploy({"key.pem": {"content": "one"}})
    spot.deploy({"key.pem": {"content": "one"}}, lines="Environment=A=b\n")
    spot.deploy({"key.pem": {"content": "two"}}, lines="Environment=A=b\n")
    back = spot.host.run("deployment", name=spot.name, state="rolled_back")
    assert "write" in actions(back)
    assert spot.ask()["seen"] == {"key.pem": sha("two")}
    assert "A=b" not in spot.sh(f"cat /etc/systemd/system/{spot.name}.service")


def test_it_goes_with_the_service(glass: Glass) -> None:
    glass.deploy({"key.pem": {"content": "one"}, "other": {"content": "two"}})
    gone = glass.host.run("deployment", name=glass.name, state="absent")
    assert actions(gone).count("erase") == 2
    assert glass.print() == ""
    assert glass.sh(f"ls -d {glass.folder} 2>/dev/null; true") == ""


def test_bytes_of_any_kind_arrive(glass: Glass) -> None:
    every = bytes(range(256)) * 3 + b"\n\r\n\0"
    small = glass.seals and glass.systemd < 257
    most = b"x" * (870_000 if small else 1024 * 1024 - len("most"))
    text = base64.b64encode(every).decode()
    said = {
        "any": {"content": text, "encoding": "base64"},
        "one": {"content": "\n"},
        "A-b_c.9": {"content": "ünïcode "},
    }
    glass.deploy(said)
    seen = glass.ask()["seen"]
    assert seen == {"any": sha(every), "one": sha("\n"), "A-b_c.9": sha("ünïcode ")}
    glass.deploy({"most": {"content": most.decode()}})
    assert glass.ask()["seen"] == {"most": sha(most)}
    more = glass.refused({"most": {"content": most.decode() + "x"}})
    assert ("870001 bytes" if small else "1048577 bytes with their names") in more


def test_an_expiry_is_kept_and_told_apart(spot: Glass) -> None:
    said = {"token": {"content": "x", "not_after": "2090-01-31"}}
    spot.deploy(said)
    before = spot.print()
    assert spot.deploy(said)["changed"] is False
    assert spot.print() == before
    later = spot.deploy(
        {"token": {"content": "x", "not_after": "2090-01-31T00:00:01Z"}}
    )
    assert later["plan"][0]["reason"] == "its expiry changes"
    earlier = spot.deploy(said)
    assert earlier["plan"][0]["reason"] == "its expiry changes"
    open_end = spot.deploy({"token": {"content": "x"}})
    assert actions(open_end)[0] == "store"
    assert spot.deploy({"token": {"content": "x"}})["changed"] is False


def test_ciphertext_of_the_operator(spot: Glass) -> None:
    text = spot.encrypt("token", b"ciphered")
    said = {"token": {"encrypted": text}}
    spot.deploy(said)
    assert spot.ask()["seen"] == {"token": sha("ciphered")}
    assert spot.deploy(said)["changed"] is False
    content = spot.deploy({"token": {"content": "ciphered"}})
    assert content["changed"] is False, "the same secret writes nothing"
    message = spot.refused({"other": {"encrypted": text}})
    assert "bound to the name 'token'" in message
    broken = base64.b64encode(base64.b64decode(text)[:-9] + b"123456789").decode()
    assert "does not open" in spot.refused({"token": {"encrypted": broken}})
    spot.sh("mv /var/lib/systemd/credential.secret /root/kept.secret")
    try:
        assert "key /var/lib/systemd/credential.secret is missing" in spot.refused(said)
        # With the secret at hand, it is stored again under a new key.
        fresh = spot.deploy({"token": {"content": "ciphered"}})
        assert (
            fresh["plan"][0]["reason"] == "what is there cannot be opened on this host"
        )
    finally:
        spot.sh("mv /root/kept.secret /var/lib/systemd/credential.secret")


def test_names_in_the_store_are_imported(importing: Glass) -> None:
    name = f"{importing.name}.a"
    for secret in ("one", "two"):
        importing.host.run("credential", name=name, content=secret)
        said = {"all": {"import": f"{importing.name}.*"}}
        result = importing.deploy(said)
        assert result["changed"]
        assert importing.ask()["seen"] == {name: sha(secret)}
        assert importing.deploy(said)["changed"] is False
    assert actions(result) == ["renew", "stop", "prove"]
    importing.deploy({})
    importing.host.run("credential", name=name, state="absent")
    assert "matches" in importing.refused({"all": {"import": f"{importing.name}.*"}})


def test_a_proof_tells_another_content(glass: Glass) -> None:
    glass.deploy({"key.pem": {"content": "deployed"}})
    proof = {
        "name": glass.name,
        "probes": [{"socket": "http", "http": {"body": "seen"}}],
    }
    shown = glass.host.run("activation", **proof)["proof"]["process"]["credentials"]
    assert shown[0]["as_deployed"] is True
    path = f"{glass.folder}/key.pem"
    seal = "systemd-creds encrypt --name=key.pem - -" if glass.seals else "cat"
    glass.sh(f"echo another | {seal} > {path}.new 2>/dev/null && mv {path}.new {path}")
    wrong = glass.host.attempt("activation", **proof)
    assert "the credential key.pem is not the one that was deployed" in wrong["msg"]
    assert "another" not in str(wrong["proof"])
    mended = glass.deploy({"key.pem": {"content": "deployed"}})
    assert actions(mended) == ["store", "prove"]


def test_a_stranger_is_told_from_the_service(spot: Glass) -> None:
    spot.deploy({})
    script = (
        "import sys; sys.path.insert(0, '/var/tmp/activated-tests'); from ansible_collections."
        "activated.services.plugins.module_utils._proof.facts import stranger_reads as reads; "
        "print(reads('/etc/shadow', 1), reads('/etc/passwd', 1), reads('/nowhere', 1))"
    )
    assert spot.sh(f'python3 -c "{script}"') == "False True False"
