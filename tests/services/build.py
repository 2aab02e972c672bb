#!/usr/bin/env python3
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the programs that the tests deploy, each in a container of the suite that it will run on.

    tests/services/build.py hello --suite bookworm --suite trixie --version 1.1.0

The results lie in `.build/services/<suite>/`; a stamp beside each says what it was made of, and what is up to date
is left alone. The path of every result is printed on standard output, progress on standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SUITES = ("bullseye", "bookworm", "trixie", "forky")
IMAGE = "activated-services/build:{suite}"
LABEL = "activated.services"
LEFTOVERS = ("_build", "deps", "*.ez", "erl_crash.dump", "__pycache__")
LOG_TAIL = 40


class BuildError(Exception):
    """A build that did not happen; the message is for the person who asked for it."""


@dataclass(frozen=True)
class Program:
    """A program: the file that it becomes, and the shell script that writes it to standard output.

    The script runs in a folder that holds the sources, with $VERSION set and without a network.
    """

    name: str
    result: str
    script: str
    mode: int = 0o644


# Sorted names, one time, root's, no group- or world-writable file: the same bytes every time.
HELLO = Program(
    name="hello",
    result="hello-{version}.tar.gz",
    script="""
export HELLO_VERSION="$VERSION" LC_ALL=C.UTF-8 HOME=/tmp ERL_FLAGS="+S 2:2"
mix test >&2
MIX_ENV=prod mix release --quiet >&2
cd _build/prod/rel/hello
tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \\
    --mode=u=rwX,go=rX -- * | gzip -9n
""",
)

LUNCHD = Program(
    name="lunchd",
    result="lunchd-{version}",
    mode=0o755,
    script="""
export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=/tmp/cache CGO_ENABLED=0 HOME=/tmp
test -z "$(gofmt -l .)" || { gofmt -d . >&2; exit 1; }
go test -trimpath . >&2
go build -trimpath -ldflags "-s -w -buildid= -X main.version=$VERSION" -o /tmp/lunchd . >&2
cat /tmp/lunchd
""",
)

PROGRAMS: dict[str, Program] = {program.name: program for program in (HELLO, LUNCHD)}


def sources(folder: Path) -> list[Path]:
    """The files of a program in a fixed order, without what a build by hand leaves."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path
        for path in found
        if not any(
            parent.match(pattern)
            for parent in (path, *path.parents)
            if folder in parent.parents
            for pattern in LEFTOVERS
        )
    )


def archive(folder: Path) -> bytes:
    """The sources as an uncompressed tar whose bytes depend on names and contents alone."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sources(folder):
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            content = path.read_bytes()
            info.size = len(content)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def stamp(program: Program, tar: bytes, version: str, image_id: str) -> str:
    """What a result was made of, as one line: it changes when anything of it does."""
    digest = hashlib.sha256()
    for part in (program.script.encode(), tar, version.encode(), image_id.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return f"{digest.hexdigest()}\n"


def image_id(image: str) -> str:
    """The id of a local image; raises BuildError when the engine or the image is missing."""
    command = ["docker", "image", "inspect", "--format", "{{.Id}}", image]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BuildError("docker is not installed") from None
    if found.returncode != 0:
        reason = found.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BuildError(
            f"no image {image} to build in ({reason[0]}); "
            "`make programs` makes it, or name another one by --image"
        )
    return found.stdout.strip()


@contextlib.contextmanager
def locked(folder: Path) -> t.Iterator[None]:
    """One build at a time writes into a folder; the others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Progress:
    """One line on standard error for each thing that happens, with the seconds since the start."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        elapsed = time.monotonic() - self.started
        print(f"[{elapsed:5.1f} s] {self.title}: {text}", file=sys.stderr, flush=True)


def run(
    program: Program, image: str, version: str, tar: bytes, to: t.IO[bytes]
) -> None:
    """Run the script of a program in a container without network; its output goes to a file."""
    container = f"activated-services-build-{program.name}-{os.getpid()}"
    # The sources come on standard input, which mix would read too: it gets an empty one.
    unpack = "set -eu; mkdir /tmp/build; cd /tmp/build; tar --extract; exec </dev/null"
    command = [
        *("docker", "run", "--rm", "--interactive", "--name", container),
        *("--label", LABEL, "--network", "none", "--env", f"VERSION={version}"),
        *(image, "sh", "-c", unpack + program.script),
    ]
    with tempfile.TemporaryFile() as log:
        try:
            done = subprocess.run(
                command, input=tar, stdout=to, stderr=log, check=False
            )
        except BaseException:
            # Interrupted: the engine would go on with the container by itself.
            subprocess.run(
                ["docker", "rm", "--force", container], capture_output=True, check=False
            )
            raise
        if done.returncode != 0:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()
            raise BuildError("\n".join(["the build failed:", *lines[-LOG_TAIL:]]))


def build(
    program: Program, suite: str, version: str, image: str, output: Path
) -> tuple[Path, bool]:
    """Build a program for a suite: the result's path, and whether anything was done.

    Raises BuildError; the result that was there before is then untouched.
    """
    folder = output / suite
    result = folder / program.result.format(version=version)
    beside = folder / f"{result.name}.stamp"
    progress = Progress(f"{program.name} {version} for {suite}")
    tar = archive(HERE / program.name)
    wanted = stamp(program, tar, version, image_id(image))
    with locked(folder):
        if result.exists() and beside.exists() and beside.read_text() == wanted:
            progress.say(f"up to date ({result})")
            return result, False
        progress.say(f"building in {image}")
        handle, name = tempfile.mkstemp(dir=folder, prefix=".building-")
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as to:
                run(program, image, version, tar, to)
            size = unfinished.stat().st_size
            if size == 0:
                raise BuildError("the build ended well and wrote nothing")
            unfinished.chmod(program.mode)
            beside.unlink(missing_ok=True)
            unfinished.replace(result)
            beside.write_text(wanted)
        finally:
            unfinished.unlink(missing_ok=True)
        progress.say(f"done, {size / 1e6:.1f} MB ({result})")
    return result, True


def version(text: str) -> str:
    """A version from the command line: one that Elixir takes too, as `1.2.3` or `1.2.3-rc.1`."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no version such as 1.0.0")
    return text


def arguments(words: t.Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0],
        epilog="The results lie in OUTPUT/SUITE; their paths are printed.",
    )
    parser.add_argument("program", choices=sorted(PROGRAMS))
    parser.add_argument(
        "--suite",
        action="append",
        choices=SUITES,
        required=True,
        help="Debian suite to build on and for; can be given more than once",
    )
    parser.add_argument("--version", type=version, default="1.0.0")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".build" / "services", metavar="DIR"
    )
    parser.add_argument(
        "--image",
        default=IMAGE,
        help="image to build in; {suite} stands for the suite (%(default)s)",
    )
    return parser.parse_args(words)


def main() -> int:
    wish = arguments()
    program = PROGRAMS[wish.program]
    for suite in wish.suite:
        image = wish.image.format(suite=suite)
        try:
            result, _ = build(program, suite, wish.version, image, wish.output)
        except BuildError as error:
            print(f"build.py: {program.name} for {suite}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("build.py: interrupted", file=sys.stderr)
            return 130
        print(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
