# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of directives and the judge, held against systemd on what Debian ships."""

from __future__ import annotations

import typing as t

import problems_corpus as corpus
import problems_hosts as hosts
import pytest
from problems_differences import unexplained

from ansible_collections.activated.services.plugins.module_utils._rules.judge import (
    set_problems,
)
from ansible_collections.activated.services.plugins.module_utils._tables import (
    directives,
)

if t.TYPE_CHECKING:
    from running import Target

DUMP = "/lib/systemd/systemd --dump-configuration-items"


def runner(target: Target) -> hosts.Run:
    def run(script: str, data: bytes) -> bytes:
        return target.run("sh", "-c", script, data=data, check=False).stdout

    return run


@pytest.fixture(scope="session")
def packages(target: Target) -> corpus.Packages:
    return corpus.load(target.suite, runner(target))


def dumped(text: str) -> set[tuple[str, str]]:
    """Give the directives of a dump, by section and name."""
    found = set()
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line:
            found.add((section, line.partition("=")[0]))
    return found


def test_table_is_what_systemd_dumps(target: Target) -> None:
    said = dumped(target.run("sh", "-c", DUMP).stdout.decode())
    version = target.version()
    table = directives.directives(version)
    claimed = {
        (section, name)
        for section, names in table.items()
        for name, directive in names.items()
        if not directive.ignored
    }
    assert claimed == said
    assert len(said) > 1000
    assert all(table[section][name].since <= version for section, name in said)


def test_agrees_on_every_unit_of_debian(
    target: Target, packages: corpus.Packages
) -> None:
    units: dict[str, bytes] = {}
    for shipped in packages.values():
        for name, text in shipped.items():
            units.setdefault(name, text)
    assert len(packages) > corpus.LEAST_PACKAGES
    assert len(units) > 250
    version = target.version()
    words = hosts.verify(runner(target), units)
    missed, alarms = hosts.compare(units, words, version)
    assert unexplained(missed, version) == []
    assert unexplained(alarms, version) == []


def test_no_error_on_what_debian_ships_together(
    target: Target, packages: corpus.Packages
) -> None:
    """Each package as a set, which the rules about sets see, too."""
    version = target.version()
    words = hosts.verify(
        runner(target), {n: x for p in packages.values() for n, x in p.items()}
    )
    refused = {word.unit for word in words}
    found = []
    for package, shipped in packages.items():
        if package == corpus.INSTALLED:
            continue
        problems = set_problems(shipped, version)
        found += [
            (package, name, problem.rule, problem.message)
            for name, some in problems.items()
            for problem in some
            if problem.severity == "error" and name not in refused
        ]
    assert found == []


def test_agrees_on_templates_and_their_instances(target: Target) -> None:
    """Of a template systemd verifies an instance that it names itself."""
    values = {
        "socket": b"ListenStream=/run/b\nListenStream=%i\nListenStream=[::1]:%i\n"
        b"ListenStream=%I\nService=b.service\n",
        "timer": b"OnBootSec=1\nOnCalendar=%i\nOnActiveSec=%i\nUnit=b.service\n",
        "service": b"ExecStart=/bin/true\nNice=%i\nMemoryMax=%i\nReadWritePaths=%I\n"
        b"Environment=A=%i\nUMask=%i\n",
    }
    units = {"b.service": b"[Service]\nExecStart=/bin/true\n"}
    for kind, text in values.items():
        for instance in ("", "8080", "daily", "5min", "-run-x", "foo"):
            head = f"[{kind.title()}]\n".encode()
            units[f"b@{instance}.{kind}"] = head + text
    words = hosts.verify(runner(target), units)
    assert len(words) > len(units)
    assert hosts.compare(units, words, target.version()) == ([], [])


def test_verification_would_be_seen(target: Target) -> None:
    """A comparison that hears nothing agrees with everything: it must hear this."""
    units = {
        "typo.service": b"[Service]\nExecStart=/bin/true\nProtectSytem=yes\n",
        "value.service": b"[Service]\nExecStart=/bin/true\nRestart=maybe\n",
        "none.service": b"[Service]\nType=exec\n",
    }
    words = hosts.verify(runner(target), units)
    heard = {(word.unit, word.line) for word in words}
    assert {("typo.service", 3), ("value.service", 3), ("none.service", None)} <= heard
    assert hosts.compare(units, words, target.version()) == ([], [])
    missed, _alarms = hosts.compare(
        dict.fromkeys(units, b"[Service]\nExecStart=/bin/true\n"),
        words,
        target.version(),
    )
    assert {difference.unit for difference in missed} == set(units)
