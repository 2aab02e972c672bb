# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from images import (
    BUILD,
    TARGET,
    Kind,
    bootstrap_arguments,
    build_arguments,
    fingerprint,
    read_packages,
    recipe_of,
    source_line,
)
from steps import HERE


def test_packages_are_read() -> None:
    assert read_packages("# why\nsystemd\n\n  dbus  \n#no\n") == ["systemd", "dbus"]


@pytest.mark.parametrize("kind", [TARGET, BUILD])
def test_package_lists_are_plain(kind: Kind) -> None:
    """The Dockerfile reads them with sed: a comment is a line of its own."""
    names = read_packages((HERE / kind.files[0]).read_text())
    assert names
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in names)


@pytest.mark.parametrize(
    "other",
    [
        fingerprint({"a": b"2", "b": b""}),
        fingerprint({"b": b"1", "a": b""}),
        fingerprint({"a": b"1"}),
        fingerprint({"a": b"1", "b": b""}, "word"),
    ],
)
def test_fingerprint_sees_every_part(other: str) -> None:
    assert fingerprint({"a": b"1", "b": b""}) != other


def test_fingerprint_knows_no_order_of_files() -> None:
    assert fingerprint({"a": b"1", "b": b"2"}) == fingerprint({"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("packages.txt", [TARGET, BUILD]),
        ("Dockerfile", [TARGET, BUILD]),
        ("boot", [TARGET, BUILD]),
        ("packages.build.txt", [BUILD]),
        ("Dockerfile.build", [BUILD]),
        ("prove.py", []),
    ],
)
def test_changed_recipe_changes_what_it_makes(
    tmp_path: Path, file: str, kinds: list[Kind]
) -> None:
    folder = tmp_path / "targets"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / file).open("a") as text:
        text.write("\n# changed\n")
    changed = [k for k in (TARGET, BUILD) if recipe_of(k, folder) != recipe_of(k)]
    assert changed == kinds


def test_build_names_suite_base_and_recipe() -> None:
    command = build_arguments(TARGET, "trixie", "some/base:trixie", "abc")
    assert command[:2] == ["docker", "build"]
    assert "activated-services/target:trixie" in command
    assert "--build-arg=SUITE=trixie" in command
    assert "--build-arg=BASE=some/base:trixie" in command
    assert "--build-arg=FINGERPRINT=abc" in command


def test_build_without_base_leaves_it_to_the_dockerfile() -> None:
    command = build_arguments(TARGET, "trixie", "", "abc")
    assert not [word for word in command if "BASE" in word]


def test_bootstrap_ends_with_suite_archive_and_sources() -> None:
    lines = [source_line("http://mirror.example/debian/", "trixie")]
    command = bootstrap_arguments("trixie", ["a", "b"], lines, ['X "y"'])
    assert command[-3:] == [
        "trixie",
        "root.tar",
        "deb http://mirror.example/debian trixie main",
    ]
    assert "--include=a,b" in command
    assert '--aptopt=X "y"' in command
