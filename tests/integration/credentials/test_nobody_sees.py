# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody sees the secrets of a deployment, however it goes: no trace of them on the controller
and on its hosts, but where the service reads them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import typing as t
from pathlib import Path

import pytest
from looking_glass import GLASS, PROGRAM
from search import ON_HOST, SAMPLER, asked, in_text

pytestmark = pytest.mark.targets
ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / ".venv" / "bin"
SUITES = os.environ.get("ACTIVATED_SUITES", "bullseye bookworm trixie").split()
# The oldest stores them plain, the newest encrypted.
SUITES = (
    SUITES
    if os.environ.get("ACTIVATED_FULL")
    else list(dict.fromkeys([SUITES[0], SUITES[-1]]))
)
SAMPLES = "/run/samples"
# Where a secret may be: in the store, plain before systemd 250, and where the service reads it.
BUT = ["/etc/credstore", "/run/credentials"]
CLEAR = (
    "systemctl stop discreet-http.socket discreet.service; rm -rf /etc/credstore* "
    "/var/lib/activated.services/discreet /etc/systemd/system/discreet*; systemctl daemon-reload"
)


class Run:
    """Playbooks on some hosts, with all that Ansible leaves on the controller in one folder."""

    def __init__(self, folder: Path, hosts: t.Sequence[t.Any]) -> None:
        self.folder, self.hosts, self.output = folder, hosts, b""
        self.secrets = {
            # Of what everyone escapes in another way; two lines.
            name: "".join(
                f"{secrets.token_urlsafe(9)} '\"\\{secrets.token_urlsafe(9)}%n$H&é/+<\n"
                for _line in range(2)
            ).encode()
            for name in ("vaulted_key", "vaulted_token", "vaulted_other")
        }
        rows = "".join(f"{host.container}\n" for host in hosts)
        (folder / "hosts").write_text(
            f"[all]\n{rows}[all:vars]\nansible_connection=community.docker.docker\n"
        )
        (folder / "password").write_text("open sesame")

    def vault(self) -> None:
        """Write the secrets down for Ansible, encrypted."""
        text = json.dumps({name: data.decode() for name, data in self.secrets.items()})
        subprocess.run(
            [BIN / "ansible-vault", "encrypt", "--vault-password-file", "password", "-",
             "--output", "vault.yml"],
            input=text.encode(), cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip

    def play(self, *options: str, password: str = "password") -> int:
        """Run the playbook, and keep what it says."""
        done = subprocess.run(
            [BIN / "ansible-playbook", "-vvv", "--diff", "-i", "hosts", "-e", "@vault.yml",
             "--vault-password-file", password, *options,
             Path(__file__).with_name("play.yml")],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
                "ANSIBLE_HOME": str(self.folder / "home"),
                "ANSIBLE_LOG_PATH": str(self.folder / "log"),
                "ANSIBLE_CACHE_PLUGIN": "jsonfile",
                "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.folder / "facts"),
                "ANSIBLE_INJECT_FACT_VARS": "false",
                "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "true",
            },
        )  # fmt: skip
        self.output = done.stdout
        return done.returncode

    def left(self) -> list[tuple[str, bytes]]:
        """Where on the controller a secret is."""
        texts = {"output": self.output}
        for path in self.folder.rglob("*"):
            if path.is_file():
                texts[str(path)] = path.read_bytes()
        assert str(self.folder / "log") in texts
        return [
            (name, x)
            for name, text in texts.items()
            for x in in_text(text, self.secrets.values())
        ]

    def left_on(self, host: t.Any) -> dict[str, t.Any]:
        """Where on a host a secret is."""
        done = subprocess.run(
            [host.engine, "exec", "-i", host.container, "python3", "-c", ON_HOST],
            input=asked(self.secrets.values(), BUT), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return t.cast("dict[str, t.Any]", json.loads(done.stdout))


@pytest.fixture
def run(hosts: t.Any, tmp_path: Path) -> t.Iterator[Run]:
    there = [hosts.get(suite) for suite in SUITES]
    for host in there:
        host.write({PROGRAM + "!": GLASS})
        subprocess.run(
            [
                host.engine,
                "exec",
                "-d",
                host.container,
                "python3",
                "-c",
                SAMPLER,
                SAMPLES,
            ],
            check=True,
        )
    one = Run(tmp_path, there)
    one.vault()
    yield one
    for host in there:
        host.sh(f"rm -f {SAMPLES}; {CLEAR}", check=False)


def test_nobody_sees_the_secrets(run: Run) -> None:
    assert run.play("--check") == 0, run.output.decode()[-3000:]
    assert b" EXEC " in run.output
    assert run.left() == []
    assert run.play() == 0, run.output.decode()[-3000:]
    assert b"THE PROOF DID NOT FAIL" not in run.output
    assert run.output.count(b"the proof failed: ") >= len(run.hosts)
    assert run.output.count(b"cannot name a credential") >= 2 * len(run.hosts)
    assert run.left() == []
    for host in run.hosts:
        assert (
            b"systemd-creds" in host.sh(f"cat -v {SAMPLES}").encode()
            or host.version() < 250
        )
        # Ansible logs how each module was called.
        assert "secrets=NOT_LOGGING_PARAMETER" in host.sh(
            "journalctl --no-pager -a -o cat"
        )
        result = run.left_on(host)
        assert result["found"] == [], host.suite
        assert result["looked"] > 300
        # The search finds what is there: the service is running, and sees them.
        host.sh("curl -s http://127.0.0.1:20999/ && cat /run/credentials/discreet.service/key.pem "
                "| base64 -w0 > /srv/planted && cat /run/credentials/discreet.service/token | "
                "logger -t planted")  # fmt: skip
        planted = {where for where, _what in run.left_on(host)["found"]}
        host.sh("rm /srv/planted")
        assert {"/srv/planted", "journalctl --no-pager -a -o cat"} <= planted


def test_a_vault_that_cannot_be_opened(run: Run) -> None:
    """One value is encrypted under another password than the one that is given."""
    (run.folder / "other").write_text("open barley")
    made = subprocess.run(
        [BIN / "ansible-vault", "encrypt_string", "--vault-password-file", "other",
         "--stdin-name", "vaulted_key"],
        input=run.secrets["vaulted_key"], cwd=run.folder, check=True, capture_output=True,
    )  # fmt: skip
    (run.folder / "inline.yml").write_bytes(made.stdout)
    assert run.play("-e", "@inline.yml") != 0
    assert b"no vault secrets were found that could decrypt" in run.output
    assert b" EXEC " not in run.output, "a host was asked"
    assert run.left() == []
    for host in run.hosts:
        there = "/etc/systemd/system/discreet* /etc/credstore*/discreet"
        assert host.sh(f"ls -d {there} 2>/dev/null; true") == ""
