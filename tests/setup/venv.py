# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes `.venv`: the pinned tools of tests/requirements.txt, in a folder of the tree.

Needs nothing but Python 3.11 or newer. A stamp, written last, says what the folder was
made of: what was interrupted, or made of other pins, is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PINS = ROOT / "tests" / "requirements.txt"
STAMP = VENV / "made-of"
OLDEST = (3, 11)


def main() -> None:
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"Python {version} is too old to control with: ansible-core 2.19 needs 3.11 "
            "or newer. Name another with `make PYTHON=/path/to/python3.12 …`."
        )
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        link_collection()
        return
    start = time.monotonic()
    print("==> Python tools into .venv (pinned; about two minutes)", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    make()
    install()
    link_collection()
    STAMP.write_text(wanted)
    print(f"    done in {time.monotonic() - start:.0f} s", flush=True)


def fingerprint() -> str:
    pins = hashlib.sha256(PINS.read_bytes()).hexdigest()
    return f"{sys.version} {pins} {ROOT}\n"


def make() -> None:
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    # Debian keeps ensurepip in a package of its own.
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("    installing python3-venv with apt-get", flush=True)
        for words in (["update"], ["install", "-y", "python3-venv"]):
            subprocess.run(
                ["apt-get", "-qq", *words], check=False, stdout=subprocess.DEVNULL
            )
        if subprocess.run(command, check=False).returncode == 0:
            return
    sys.exit("No virtual environment can be made: install python3-venv.")


def install() -> None:
    log = ROOT / ".build" / "venv.log"
    log.parent.mkdir(exist_ok=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    with log.open("wb") as file:
        done = subprocess.run(
            [*pip, "install", "--requirement", str(PINS)],
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-5:]
        said = [f"    {line[:200]}" for line in tail]
        way = (
            "The pinned Python tools could not be installed: pip's last words are above, "
            f"all of them in {log}. They come from the package index that pip is set up "
            "for, so a network, or PIP_INDEX_URL, or PIP_NO_INDEX and PIP_FIND_LINKS with "
            "a folder of wheels, is needed."
        )
        sys.exit("\n".join([*said, way]))


def link_collection() -> None:
    """Let Python and Ansible find the checkout under the collection's full name."""
    link = ROOT / ".build/collections/ansible_collections/activated/services"
    if link.is_symlink() and link.resolve() != ROOT:
        link.unlink()  # the checkout was moved, or copied
    if not link.is_symlink():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(ROOT, target_is_directory=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # without its stamp, the folder is made anew next time
