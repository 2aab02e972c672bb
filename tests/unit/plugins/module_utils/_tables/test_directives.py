# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from ansible_collections.activated.services.plugins.module_utils._tables import (
    directive_table,
    directives,
)
from ansible_collections.activated.services.plugins.module_utils._values import values

ROOT = Path(__file__).resolve().parents[5]


def test_table_was_written_by_the_generator_that_is_here() -> None:
    folder = ROOT / "tools" / "directives"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(
            "generate", folder / "generate.py"
        )
        assert spec
        assert spec.loader
        generate = importlib.util.module_from_spec(spec)
        sys.modules["generate"] = generate
        spec.loader.exec_module(generate)
    finally:
        sys.path.remove(str(folder))
    assert generate.fingerprint() == directive_table.FINGERPRINT


# From the manual pages and from the dumps of each version.
@pytest.mark.parametrize(
    ("section", "name", "since"),
    [
        ("Service", "ExecStart", 0),
        ("Service", "LoadCredential", 247),
        ("Service", "LoadCredentialEncrypted", 250),
        ("Service", "ExecPaths", 248),
        ("Service", "RestartSteps", 254),
        ("Service", "ImportCredential", 254),
        ("Service", "PrivatePIDs", 257),
        ("Socket", "PassFileDescriptorsToExec", 256),
        ("Socket", "DeferTrigger", 258),
        ("Unit", "UpheldBy", None),
    ],
)
def test_knows_the_version_that_brought_a_directive(
    section: str, name: str, since: int | None
) -> None:
    directive = directives.ever(section, name)
    if since is None:
        assert directive is None
        return
    assert directive
    assert directive.since == since if since else directive.since < 247
    for version in (247, 252, 257, 262):
        known = name in directives.directives(version)[section]
        assert known is (version >= directive.since)


@pytest.mark.parametrize(
    ("section", "name", "systemd", "kind"),
    [
        ("Service", "PrivateTmp", 252, "bool"),
        ("Service", "PrivateTmp", 257, "private_tmp"),
        ("Service", "CPUAccounting", 257, "bool"),
        ("Service", "CPUAccounting", 262, "warn_compat"),
        ("Service", "DynamicUser", 252, "bool"),
    ],
)
def test_kind_changes_with_the_version(
    section: str, name: str, systemd: int, kind: str
) -> None:
    assert directives.directives(systemd)[section][name].kind == kind


def test_fatal_values() -> None:
    service = directives.directives(252)["Service"]
    assert service["DynamicUser"].fatal
    assert not service["NoNewPrivileges"].fatal


@pytest.mark.parametrize("systemd", [*directive_table.VERSIONS, 249, 255, 300])
def test_every_kind_of_value_is_judged(systemd: int) -> None:
    for names in directives.directives(systemd).values():
        for directive in names.values():
            assert (
                directive.kind in values.CHECKS
                or directive.kind in values.UNCHECKED
                or directives.words(directive.kind, systemd)
            ), directive


@pytest.mark.parametrize(
    ("name", "systemd", "has", "lacks"),
    [
        ("service_type", 252, "notify", "notify-reload"),
        ("service_type", 257, "notify-reload", "nothing"),
        ("service_type", 253, "notify-reload", "nothing"),
        ("private_users", 257, "identity", "managed"),
        ("exec_output", 247, "journal", "truncate"),
        ("exit_status_name", 252, "DATAERR", "EX_DATAERR"),
        ("signal_name", 252, "TERM", "SIGTERM"),
    ],
)
def test_words_of_a_version(name: str, systemd: int, has: str, lacks: str) -> None:
    words = directives.words(name, systemd)
    assert words
    assert has in words
    assert lacks not in words


def test_names_of_the_kernel_and_the_libraries() -> None:
    assert {"AF_UNIX", "AF_LOCAL", "AF_INET6"} <= directives.address_families(247)
    assert "cap_net_bind_service" in directives.capabilities()
    assert "EPERM" in directives.errnos()
    assert {"@system-service", "@known"} <= directives.syscall_groups(252)
    assert "@sandbox" not in directives.syscall_groups(247)
    assert "@sandbox" in directives.syscall_groups(257)
    assert {"read", "openat2"} <= directives.syscalls(252)
    assert "q" in directives.specifiers(262)
    assert "Z" not in directives.specifiers(262)


@pytest.mark.parametrize(
    ("name", "near"),
    [("ExecStrat", "ExecStart"), ("privatetmp", "PrivateTmp"), ("Xyzzy", None)],
)
def test_nearest(name: str, near: str | None) -> None:
    directives.allow_hints()
    assert directives.nearest(name, "Service", 252) == near
