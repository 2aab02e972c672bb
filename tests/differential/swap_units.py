# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on a host: lists its unit files, or swaps them for others and compares.

With "list" prints {name: text} of every unit file in the system's own folder. With
"show" reads [{name: text}, {name: text}] from standard input, puts those units before
the system's own, first the ones and then the others, and prints for both of them and
for each unit the lines of `systemctl show`. Text is latin-1.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

OURS = "/run/systemd/system/"
SYSTEM = "/lib/systemd/system/"


def read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


def unit_files() -> dict[str, str]:
    found = {}
    for name in sorted(os.listdir(SYSTEM)):
        path = SYSTEM + name
        if os.path.isfile(path) and not os.path.islink(path):
            found[name] = read(path)
    return found


def show(names: list[str]) -> dict[str, list[str]]:
    """For each name what the manager says of it; a template by an instance."""
    asked = [re.sub(r"@\.", "@x.", name) for name in names]
    command = ["systemctl", "show", "--all", "--no-pager", "--", *asked]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    blocks = answer.decode("latin-1").split("\n\n")
    assert len(blocks) == len(names), (len(blocks), len(names))
    return {name: sorted(block.split("\n")) for name, block in zip(names, blocks)}


def main() -> None:
    if sys.argv[1] == "list":
        json.dump(unit_files(), sys.stdout)
        return
    answers = []
    written = set()
    try:
        for units in json.loads(sys.stdin.buffer.read()):
            for name, text in units.items():
                written.add(name)
                with open(OURS + name, "wb") as file:
                    file.write(text.encode("latin-1"))
            subprocess.run(["systemctl", "daemon-reload"], check=True)
            answers.append(show(sorted(units)))
    finally:
        for name in written:
            os.unlink(OURS + name)
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
