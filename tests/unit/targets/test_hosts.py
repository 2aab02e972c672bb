# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import yaml
from hosts import PLATFORM, molecule_platform, run_arguments

ROOT = Path(__file__).resolve().parents[3]


def test_run_says_everything_that_the_platform_says() -> None:
    command = run_arguments("web", "some/image")
    assert command[-1] == "some/image"
    assert "--privileged" not in command
    for option, key in (
        ("--cap-add", "capabilities"),
        ("--security-opt", "security_opts"),
        ("--tmpfs", "tmpfs"),
    ):
        said = [word for word in command if word.startswith(f"{option}=")]
        assert said == [f"{option}={value}" for value in PLATFORM[key]]
    assert "--cgroupns=private" in command


def test_molecule_uses_the_image_and_its_command() -> None:
    platform = molecule_platform("web", "trixie")
    assert platform["image"] == "activated-services/target:trixie"
    assert platform["pre_build_image"] is True
    assert platform["override_command"] is False


def test_scenarios_start_the_same_hosts() -> None:
    """molecule's settings cannot include a file, so the words are said there again."""
    files = [
        ROOT / ".config/molecule/config.yml",
        *ROOT.glob("molecule/*/molecule.yml"),
    ]
    platforms = [
        (path, platform)
        for path in files
        for platform in yaml.safe_load(path.read_text()).get("platforms", [])
    ]
    assert len(platforms) >= 3
    different = [
        f"{path.relative_to(ROOT)}, {platform['name']}: {key}"
        for path, platform in platforms
        for key, value in molecule_platform(
            platform["name"], platform["image"].rpartition(":")[2]
        ).items()
        if platform.get(key) != value
    ]
    assert different == []
