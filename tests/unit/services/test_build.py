# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The builder of the tests' programs, with a stand-in for `docker` that answers as told."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "tests" / "services" / "build.py"


@pytest.fixture(scope="module")
def builder() -> t.Any:
    spec = importlib.util.spec_from_file_location("services_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files steer the stand-in: `id`, `result`, `status`; `runs` counts."""
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "id").write_text("sha256:1")
    (folder / "result").write_text("built")
    (folder / "status").write_text("0")
    docker = folder / "docker"
    docker.write_text(
        f"""#!/bin/sh
cd {folder}
case $1 in
image) test -s id && cat id || {{ echo "Error: No such image" >&2; exit 1; }} ;;
run) cat > sources; echo run >> runs; echo compiling >&2; cat result; exit "$(cat status)" ;;
esac
"""
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def build(builder: t.Any, output: Path, version: str = "1.0.0") -> tuple[Path, bool]:
    return builder.build(builder.PROGRAMS["lunchd"], "trixie", version, "image", output)


def runs(engine: Path) -> int:
    counted = engine / "runs"
    return len(counted.read_text().splitlines()) if counted.exists() else 0


def test_it_builds_once_and_again_when_something_differs(
    builder: t.Any, engine: Path, tmp_path: Path
) -> None:
    result, done = build(builder, tmp_path)
    assert (result, done) == (tmp_path / "trixie" / "lunchd-1.0.0", True)
    assert result.read_text() == "built"
    assert result.stat().st_mode & 0o777 == 0o755
    assert build(builder, tmp_path) == (result, False)
    assert runs(engine) == 1

    (engine / "id").write_text("sha256:2")
    assert build(builder, tmp_path)[1]
    result.unlink()
    assert build(builder, tmp_path)[1]
    assert build(builder, tmp_path, "1.1.0")[0].name == "lunchd-1.1.0"
    assert build(builder, tmp_path) == (result, False)
    assert runs(engine) == 4


def test_a_failed_build_says_why_and_leaves_the_old_result(
    builder: t.Any, engine: Path, tmp_path: Path
) -> None:
    result, _ = build(builder, tmp_path)
    (engine / "id").write_text("sha256:2")
    (engine / "status").write_text("3")
    (engine / "result").write_text("half")
    with pytest.raises(builder.BuildError, match="compiling"):
        build(builder, tmp_path)
    assert result.read_text() == "built"
    assert sorted(path.name for path in result.parent.iterdir()) == [
        ".lock",
        "lunchd-1.0.0",
        "lunchd-1.0.0.stamp",
    ]


def test_a_build_that_writes_nothing_is_a_failure(
    builder: t.Any, engine: Path, tmp_path: Path
) -> None:
    (engine / "result").write_text("")
    with pytest.raises(builder.BuildError, match="wrote nothing"):
        build(builder, tmp_path)


def test_a_missing_image_and_a_missing_engine_are_named(
    builder: t.Any, engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (engine / "id").write_text("")
    with pytest.raises(builder.BuildError, match=r"no image image .*make programs"):
        build(builder, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(builder.BuildError, match="docker is not installed"):
        build(builder, tmp_path)


def test_the_sources_travel_sorted_and_without_leftovers(
    builder: t.Any, tmp_path: Path
) -> None:
    for name in ("b", "a", "lib/c", "_build/x", "lib/erl_crash.dump"):
        path = tmp_path / "_build" / "program" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    folder = tmp_path / "_build" / "program"
    first = builder.archive(folder)
    (folder / "a").touch()
    assert builder.archive(folder) == first
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert tar.getnames() == ["a", "b", "lib/c"]


@pytest.mark.parametrize("text", ["1.0.0", "10.20.30", "1.0.0-rc.1"])
def test_a_version_is_taken(builder: t.Any, text: str) -> None:
    words = ["hello", "--suite", "trixie", "--version", text]
    assert builder.arguments(words).version == text


@pytest.mark.parametrize("text", ["", "1", "1.0", "v1.0.0", "1.0.0/..", "1.0.0 x"])
def test_what_is_no_version_is_refused(
    builder: t.Any, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        builder.arguments(["hello", "--suite", "trixie", "--version", text])
    assert "is no version" in capsys.readouterr().err
