# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The units that Debian ships: those of a target, and those of many packages.

Packages are downloaded inside a target and unpacked, never installed; what they held
is kept below `.build/corpus/`.
"""

from __future__ import annotations

import fcntl
import io
import tarfile
import typing as t
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".build" / "corpus"
LEAST_PACKAGES = 60
INSTALLED = "-installed"

# Prints a tar of PACKAGE/UNIT for each package named on the standard input.
FETCH = r"""
set -eu
work=$(mktemp -d)
cd "$work"
apt-get -q -o Acquire::Check-Valid-Until=false update >/dev/null 2>&1 || true
names=$(apt-cache madison $(cat) 2>/dev/null | awk '{print $1}' | sort -u)
mkdir debs units
cd debs
apt-get -q download $names >/dev/null 2>&1 || for name in $names; do
    apt-get -q download "$name" >/dev/null 2>&1 || true
done
cd ..
for deb in debs/*.deb; do
    package=$(basename "$deb" | sed 's/_.*//')
    dpkg-deb --fsys-tarfile "$deb" >data.tar
    mkdir -p files
    tar -x -f data.tar -C files --wildcards './lib/systemd/system/*' \
        './usr/lib/systemd/system/*' 2>/dev/null || true
    rm data.tar "$deb"
    find files -type f | while read -r file; do
        case $file in *.service|*.socket|*.timer|*.path)
            mkdir -p "units/$package"
            cp "$file" "units/$package/" ;;
        esac
    done
    rm -rf files
done
mkdir -p units/-installed
for folder in /lib/systemd/system /usr/lib/systemd/system; do
    # On a merged /usr the first is the second.
    if [ -L "${folder%/systemd/system}" ] || [ ! -d "$folder" ]; then continue; fi
    find $folder -maxdepth 1 -type f \( -name '*.service' -o -name '*.socket' \
        -o -name '*.timer' -o -name '*.path' \) -exec cp {} units/-installed/ \;
done
tar -c -C units .
rm -rf "$work"
"""

Packages = t.Dict[str, t.Dict[str, bytes]]


def packages() -> list[str]:
    """Give the names in problems_packages.txt."""
    lines = (HERE / "problems_packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def load(suite: str, run: t.Callable[[str, bytes], bytes]) -> Packages:
    """Give the units of a suite, by package and file name; -installed among them.

    `run(script, data)` runs a shell script in a target of that suite, with `data` to
    read, and gives what it prints; it is called only if nothing is kept.
    """
    kept = CACHE / f"{suite}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(kept.with_suffix(".lock"), "w", encoding="ascii") as lock:
        # Of two workers that need it, one fetches.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            fetched = run(FETCH, "\n".join(packages()).encode())
            kept.with_suffix(".new").write_bytes(fetched)
            kept.with_suffix(".new").rename(kept)
    found: Packages = {}
    wanted = {INSTALLED, *packages()}
    with tarfile.open(fileobj=io.BytesIO(kept.read_bytes())) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                package, _, name = member.name.replace("./", "", 1).partition("/")
                if package in wanted:
                    found.setdefault(package, {})[name] = content.read()
    return found
