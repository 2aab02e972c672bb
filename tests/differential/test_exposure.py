# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our exposure of a unit against the one of systemd-analyze, check by check."""

from __future__ import annotations

import json
import typing as t

import problems_corpus
import pytest
from exposure_hosts import Host, Said, drop_ins
from exposure_units import random_unit
from running import Target

from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    Exposure,
    exposure,
)

RANDOM_UNITS = 600
FOLDER = "/run/systemd/system"


@pytest.fixture(scope="module")
def host(target: Target) -> Host:
    return Host(target.name)


@pytest.fixture(scope="module")
def installed_drop_ins(host: Host) -> dict[str, bytes]:
    return host.read("*.d/*.conf")


def differences(ours: Exposure, theirs: Said) -> list[str]:
    """What the two answers do not share, in words."""
    mine = {
        found.name: (
            found.set,
            found.badness,
            found.weight,
            found.range,
            found.exposure,
        )
        for found in ours.checks
    }
    found = [
        f"{name}: {mine.get(name)} is not systemd's {theirs.checks.get(name)}"
        for name in sorted(set(mine) | set(theirs.checks))
        if mine.get(name) != theirs.checks.get(name)
    ]
    if (ours.score, ours.level) != (theirs.score, theirs.level):
        found.append(f"{ours.score} {ours.level}: {theirs.score} {theirs.level}")
    return found


def compare(
    host: Host,
    texts: t.Mapping[str, bytes],
    folder: str,
    installed: t.Mapping[str, bytes],
    more: t.Mapping[str, bytes] | None = None,
) -> int:
    """Hold every unit that systemd loads against its answer; how many they were.

    ``texts`` are the units by name, which lie in ``folder`` of the host.
    """
    said = host.analyse(
        [
            f"{folder}/{name}" if host.offline else instance(name)
            for name in sorted(texts)
        ]
    )
    wrong: dict[str, list[str]] = {}
    for name, theirs in said.items():
        file = name if name in texts else template(name)
        found = [*drop_ins(file, {**installed, **(more or {})})]
        ours = exposure(texts[file], host.version, found)
        differ = differences(ours, theirs)
        if differ:
            wrong[name] = differ
    assert not wrong, f"{len(wrong)} of {len(said)}: {dict(list(wrong.items())[:5])}"
    return len(said)


def instance(name: str) -> str:
    return name.replace("@.", "@test_instance.")


def template(name: str) -> str:
    prefix, _, rest = name.partition("@")
    return f"{prefix}@.{rest.rpartition('.')[2]}"


def test_units_of_the_image(host: Host, installed_drop_ins: dict[str, bytes]) -> None:
    files = host.read("*.service")
    by_folder: dict[str, dict[str, bytes]] = {}
    for path, text in files.items():
        folder, _, name = path.rpartition("/")
        by_folder.setdefault(folder, {})[name] = text
    compared = sum(
        compare(host, texts, folder, installed_drop_ins)
        for folder, texts in by_folder.items()
    )
    assert compared >= 60


def test_units_of_packages(
    host: Host, target: Target, installed_drop_ins: dict[str, bytes]
) -> None:
    def run(script: str, data: bytes) -> bytes:
        return target.run("sh", "-c", script, data=data).stdout

    packages = problems_corpus.load(target.suite, run)
    units = {
        name: text
        for package in sorted(packages, reverse=True)
        for name, text in packages[package].items()
        if name.endswith(".service")
    }
    assert len(packages) >= problems_corpus.LEAST_PACKAGES
    folder = FOLDER if not host.offline else "/run/exposure-packages"
    with host.files({f"{folder}/{name}": text for name, text in units.items()}):
        compared = compare(host, units, folder, installed_drop_ins)
    print(f"{target.suite}: {compared} of {len(units)} units, {len(packages)} packages")
    assert compared >= 0.9 * len(units)


def test_random_units(host: Host) -> None:
    folder = FOLDER if not host.offline else "/run/exposure-random"
    units = {
        f"exposure-random-{seed}.service": random_unit(seed).encode()
        for seed in range(RANDOM_UNITS if host.offline else RANDOM_UNITS // 2)
    }
    with host.files({f"{folder}/{name}": text for name, text in units.items()}):
        compared = compare(host, units, folder, {})
    assert compared >= 0.75 * len(units)


def test_installed_drop_ins_are_merged(host: Host) -> None:
    """By systemd's order: of the file names, whatever folder each one is in."""
    unit = b"[Service]\nExecStart=/bin/true\nPrivateNetwork=yes\nUser=daemon\n"
    confs = {
        "exposure-a-b.service.d/20-own.conf": b"[Service]\nUMask=0077\n",
        "exposure-a-b.service.d/60-last.conf": b"[Service]\nPrivateTmp=no\n",
        "exposure-a-.service.d/10-first.conf": b"[Service]\nUMask=0\nPrivateTmp=yes\n",
        "exposure-.service.d/20-own.conf": b"[Service]\nProtectHome=yes\n",
        "exposure-.service.d/50-more.conf": b"[Service]\nPrivateNetwork=no\nUser=\n",
    }
    placed = {f"{FOLDER}/{name}": text for name, text in confs.items()}
    name = "exposure-a-b.service"
    with host.files({**placed, f"{FOLDER}/{name}": unit}):
        assert compare(host, {name: unit}, FOLDER, placed) == 1
        said = host.analyse([f"{FOLDER}/{name}" if host.offline else name])[name]
    assert said.checks["PrivateNetwork="][0] is False
    assert said.checks["ProtectHome="][0] is False
    assert said.checks["UMask="][0] is True


def test_names_are_those_of_its_json(host: Host) -> None:
    text = "[Service]\nExecStart=/bin/true\n"
    path = "/run/exposure-json/bare.service"
    ours = {
        found.name: found.json_field for found in exposure(text, host.version).checks
    }
    if not host.offline:
        # before 250 there is no JSON, and no file can be asked about
        for option in ("--json=short", "--offline=true"):
            said = host.run(f"systemd-analyze security {option} dbus.service 2>&1")
            assert "unrecognized option" in said
        return
    with host.files({path: text}):
        rows = json.loads(
            host.run(f"systemd-analyze security --json=short --offline=true {path}")
        )
    assert {row["name"]: row["json_field"] for row in rows} == ours
    answer = {found.name: found for found in exposure(text, host.version).checks}
    for row in rows:
        mine = answer[row["name"]]
        share = None if mine.exposure is None else f"{mine.exposure:.1f}"
        assert (mine.set, share) == (row["set"], row["exposure"])
