# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images: a Debian of each suite with systemd, and one with the compilers on top.

Both are made by a Dockerfile. It begins with debian:SUITE where a registry answers, and
with the smallest Debian made by mmdebstrap where none does.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import selectors
import shutil
import subprocess
import tempfile
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from engine import apt_install, apt_is_ours
from steps import HERE, STATE, TargetError, ask, end_running, run_logged, say

LABEL = "activated.services"
"""Every image and container of this project has it; nothing else does."""

SUITES = ("bullseye", "bookworm", "trixie")
AT_ONCE = 2
REGISTRY_TIMEOUT = 10
"""Seconds that a registry has to begin its answer."""

KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg",)
BOOTSTRAP = (
    "mmdebstrap",
    "--variant=minbase",
    "--format=tar",
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Check-Valid-Until "false"',
)
ARCHIVE = "root.tar"


@dataclass(frozen=True)
class Kind:
    """A kind of image: its name, and the files that it is made from."""

    name: str
    dockerfile: str
    files: tuple[str, ...]

    def tag(self, suite: str) -> str:
        """The image's full name."""
        return f"activated-services/{self.name}:{suite}"


TARGET = Kind("target", "Dockerfile", ("packages.txt", "boot"))
BUILD = Kind("build", "Dockerfile.build", ("packages.build.txt",))


def read_packages(text: str) -> list[str]:
    """The names in a packages.txt: one a line, `#` begins a comment line."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def fingerprint(contents: t.Mapping[str, bytes], *more: str) -> str:
    """A short hash of a recipe: its files by name, and whatever else decides."""
    total = hashlib.sha256()
    for name, content in sorted(contents.items()):
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    for word in more:
        total.update(f"\0{word}".encode())
    return total.hexdigest()[:16]


def recipe_of(kind: Kind, folder: Path = HERE) -> str:
    """The fingerprint of a kind of image; a build image's includes its target's."""
    names = (kind.dockerfile, *kind.files)
    contents = {name: (folder / name).read_bytes() for name in names}
    below = [] if kind == TARGET else [recipe_of(TARGET, folder)]
    return fingerprint(contents, *BOOTSTRAP, *below)


def build_arguments(kind: Kind, suite: str, base: str, recipe: str) -> list[str]:
    """The `docker build` that makes one image."""
    arguments = {"SUITE": suite, "FINGERPRINT": recipe}
    if base:
        arguments["BASE"] = base
    return [
        *("docker", "build", "--force-rm", "--tag", kind.tag(suite)),
        *(f"--build-arg={name}={value}" for name, value in arguments.items()),
        *("--file", str(HERE / kind.dockerfile), str(HERE)),
    ]


def bootstrap_arguments(
    suite: str,
    packages: t.Sequence[str],
    sources: t.Sequence[str],
    options: t.Sequence[str],
) -> list[str]:
    """The mmdebstrap that makes a suite's root file system, as a tar archive.

    sources: lines of sources.list; none for mmdebstrap's own mirrors.
    """
    return [
        *BOOTSTRAP,
        *(f"--aptopt={option}" for option in options),
        *(f"--keyring={ring}" for ring in KEYRINGS if Path(ring).exists()),
        f"--include={','.join(packages)}",
        *(suite, ARCHIVE),
        *sources,
    ]


def in_own_mounts(command: t.Sequence[str]) -> list[str]:
    """A command whose mounts end with it, even where it is killed or cannot undo them.

    Only root needs it: for others mmdebstrap makes name spaces by itself.
    """
    own = ["unshare", "--mount"] if os.geteuid() == 0 else []
    return [*own, *command]


def ensure_images(kind: Kind, suites: t.Iterable[str]) -> None:
    """Make the images that are missing or whose recipe changed, two at a time.

    Raises TargetError for the first that fails, after the others ended.
    """
    registry = Registry()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(_ensure, kind, suite, registry) for suite in suites]
        try:
            wait(jobs)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_running()
            raise
    for job in jobs:
        job.result()


def _ensure(kind: Kind, suite: str, registry: Registry) -> None:
    recipe = recipe_of(kind)
    with _locked(f"{kind.name}-{suite}"):
        if _recipe_on(kind.tag(suite)) == recipe:
            say(f"{kind.tag(suite)} is up to date")
            return
        base = ""
        if kind == BUILD:
            _ensure(TARGET, suite, registry)
        elif not registry.provides(f"debian:{suite}"):
            base = _bootstrap(suite)
        say(f"{kind.tag(suite)}: building")
        log = STATE / f"{kind.name}-{suite}.log"
        # the plain builder: another one would not see images that are only here
        environment = {**os.environ, "BUILDX_BUILDER": "default"}
        arguments = build_arguments(kind, suite, base, recipe)
        run_logged(f"Building {kind.tag(suite)}", arguments, log, environment)
        say(f"{kind.tag(suite)}: done")


def _recipe_on(tag: str) -> str:
    """The fingerprint on an image, '' where there is no such image."""
    label = f'{{{{index .Config.Labels "{LABEL}.fingerprint"}}}}'
    status, output, _ = ask(["docker", "image", "inspect", "--format", label, tag])
    return output if status == 0 else ""


class Registry:
    """Docker's registry, asked once whether it answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False

    def provides(self, image: str) -> bool:
        """Whether the image is here, pulled now if need be."""
        if ask(["docker", "image", "inspect", image])[0] == 0:
            return True
        with self._lock:
            if not self._silent and not _pull(image):
                say("no registry gives us Debian's images: mmdebstrap makes them")
                self._silent = True
            return not self._silent


def _pull(image: str) -> bool:
    """Pull an image; a registry that does not begin to answer in time gives none."""
    with subprocess.Popen(
        ["docker", "pull", image],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as pull, selectors.DefaultSelector() as selector:
        assert pull.stdout
        selector.register(pull.stdout, selectors.EVENT_READ)
        if not selector.select(REGISTRY_TIMEOUT):
            pull.kill()
            return False
        if pull.stdout.readline():
            say(f"{image}: pulling")
        pull.stdout.read()
        return pull.wait() == 0


def _bootstrap(suite: str) -> str:
    """Make the smallest Debian of a suite by mmdebstrap; the image's name.

    The archive is imported only when it is whole, and the name given last.
    """
    base = f"activated-services/base:{suite}"
    packages = read_packages((HERE / TARGET.files[0]).read_text())
    command = bootstrap_arguments(
        suite, packages, machine_sources(suite), machine_proxies()
    )
    recipe = fingerprint({}, *command)
    if _recipe_on(base) == recipe:
        return base
    _need_mmdebstrap()
    say(f"{base}: mmdebstrap")
    log = STATE / f"base-{suite}.log"
    with _work_folder(suite) as work:
        # written to a file first: the end of a stream does not tell a whole one
        environment = {**os.environ, "TMPDIR": str(work)}
        run = functools.partial(run_logged, log=log, environment=environment)
        try:
            run(f"mmdebstrap {suite}", in_own_mounts(command), folder=work)
        except TargetError:
            # a mirror that is being updated, or a mount that is busy for a moment
            say(f"{base}: mmdebstrap failed, and is tried once more ({log})")
            run(f"mmdebstrap {suite}", in_own_mounts(command), folder=work)
        labels = f"LABEL {LABEL}=base {LABEL}.fingerprint={recipe}"
        importing = ["docker", "import", "--change", labels, str(work / ARCHIVE), base]
        run_logged(f"Importing {base}", importing, log)
    return base


def _need_mmdebstrap() -> None:
    with _apt_lock:
        if shutil.which("mmdebstrap"):
            return
        if not apt_is_ours():
            raise TargetError(
                "No registry gives us Debian's images, and mmdebstrap, which can make "
                "them, is not installed: install mmdebstrap."
            )
        apt_install("mmdebstrap", "debian-archive-keyring")


_apt_lock = threading.Lock()


@contextlib.contextmanager
def _work_folder(suite: str) -> t.Iterator[Path]:
    """An empty folder; what earlier runs left, if they were killed, is removed.

    Its name is new each time: the mmdebstrap of a killed run may still be writing.
    """
    for left in STATE.glob(f"work-{suite}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"work-{suite}-", dir=STATE))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def machine_sources(suite: str) -> list[str]:
    """The lines of sources.list for a suite, from the mirrors of this machine's apt.

    Empty where apt knows no mirror of Debian (another distribution): mmdebstrap then
    uses its own. A mirror may hold updates and security for some suites only.
    """
    mirrors, security = _mirrors("Debian"), _mirrors("Debian-Security")
    if not mirrors:
        return []
    more = [(mirror, f"{suite}-updates") for mirror in mirrors[:1]]
    more += [(mirror, f"{suite}-security") for mirror in security[:1]]
    there = [(mirror, name) for mirror, name in more if _mirror_has(mirror, name)]
    return [source_line(*place) for place in [(mirrors[0], suite), *there]]


def source_line(mirror: str, name: str) -> str:
    """A line of sources.list."""
    return f"deb {mirror.rstrip('/')} {name} main"


def _mirrors(label: str) -> list[str]:
    wanted = ["Created-By: Packages", "Origin: Debian", f"Label: {label}"]
    form = ["--format", "$(REPO_URI)"]
    status, output, _ = ask(["apt-get", "indextargets", *form, *wanted])
    found = output.split() if status == 0 else []
    return [m for m in dict.fromkeys(found) if m.startswith(("http:", "https:"))]


def _mirror_has(mirror: str, name: str) -> bool:
    """Whether apt can fetch the release file, by the machine's own settings."""
    url = f"{mirror.rstrip('/')}/dists/{name}/InRelease"
    helper = "/usr/lib/apt/apt-helper"
    with tempfile.TemporaryDirectory() as folder:
        command = [helper, "download-file", url, f"{folder}/InRelease"]
        return ask(command, REGISTRY_TIMEOUT)[0] == 0


def machine_proxies() -> list[str]:
    """The proxies that this machine's apt uses, as lines of apt.conf."""
    names = ("Acquire::http::Proxy", "Acquire::https::Proxy")
    _, output, _ = ask(["apt-config", "dump", *names])
    lines = (line.strip().rstrip(";") for line in output.splitlines())
    return [line for line in lines if line and not line.endswith('""')]


class _locked:
    """One process at a time makes one image."""

    def __init__(self, name: str) -> None:
        STATE.mkdir(parents=True, exist_ok=True)
        self._file = (STATE / f"{name}.lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
