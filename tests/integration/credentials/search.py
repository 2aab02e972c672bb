# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking for a secret everywhere: as it is, in base64 wherever it stands in it, in hex, and
as JSON, URLs, HTML, shells, Python and systemd write it."""

from __future__ import annotations

import base64
import html
import json
import shlex
import typing as t
from urllib.parse import quote, quote_plus

# Runs on a host; what it looks for comes on its standard input.
ON_HOST = r"""
import json, os, subprocess, sys
asked = json.load(sys.stdin)
needles = [bytes.fromhex(x) for x in asked["needles"]]
found, looked = [], 0
def look(where, data):
    global looked
    looked += 1
    found.extend([where, n.decode("utf-8", "replace")] for n in needles if n in data)
for top in asked["folders"]:
    for here, below, files in os.walk(top):
        below[:] = [x for x in below if os.path.join(here, x) not in asked["except"]]
        for name in below + files:
            path = os.path.join(here, name)
            look(path, os.fsencode(path))
            if os.path.isfile(path) and os.path.getsize(path) < 1 << 26:
                with open(path, "rb") as file:
                    look(path, file.read())
for argv in asked["commands"]:
    look(argv, subprocess.run(argv, shell=True, capture_output=True).stdout)
json.dump({"found": found, "looked": looked}, sys.stdout)
"""
# Writes down every command line and environment that it sees, and every file that comes
# into a temporary folder, until its own file is gone.
SAMPLER = r"""
import os, sys, time
seen, place = set(), sys.argv[1]
with open(place, "wb", buffering=0) as out:
    while os.path.exists(place):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        data = file.read()
                except OSError:
                    continue
                if data not in seen:
                    seen.add(data)
                    out.write(data + b"\n")
        for top in ("/root/.ansible", "/tmp", "/dev/shm"):
            for here, _below, files in os.walk(top):
                for name in files:
                    path = os.path.join(here, name)
                    try:
                        size = os.stat(path).st_size
                        if (path, size) in seen or size > 1 << 24:
                            continue
                        with open(path, "rb") as file:
                            data = file.read()
                    except OSError:
                        continue
                    seen.add((path, size))
                    out.write(path.encode() + b"\n" + data + b"\n")
        time.sleep(0.01)
"""
FOLDERS = [
    "/etc",
    "/var",
    "/root",
    "/tmp",
    "/run",
    "/opt",
    "/srv",
    "/home",
    "/usr/local",
    "/dev/shm",
]
COMMANDS = (
    "journalctl --no-pager -a -o export",
    "journalctl --no-pager -a -o cat",
    "systemctl show --all '*' --no-pager",
    "systemctl cat '*' --no-pager",
    "ps axewww",
)


def needles(secret: bytes) -> list[bytes]:
    """In which forms a secret could be met; each of its longer lines counts."""
    forms = []
    for part in {secret, *secret.split(b"\n")}:
        if len(part) < 12:
            continue
        forms += [part, part.hex().encode(), part.hex().upper().encode()]
        for shift in range(3):
            # What stands before it shifts the letters; its own ends are not its alone.
            letters = base64.b64encode(b"\0" * shift + part).rstrip(b"=")
            own = letters[(shift * 8 + 5) // 6 : len(letters) - 1]
            forms += [own, own.translate(bytes.maketrans(b"+/", b"-_"))]
        forms += [form.encode() for form in _escaped(part.decode())]
    return sorted(set(forms))


def _escaped(text: str) -> t.Iterator[str]:
    """As others write a text: within JSON, once and twice, an address, a page, a shell's
    word, Python's and systemd's own escapes."""
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield quote(text, safe="")
    yield quote_plus(text)
    yield html.escape(text)
    yield shlex.quote(text)[1:-1]
    yield repr(text)[1:-1]
    yield repr(text.encode())[2:-1]
    yield "".join(
        chr(x) if 32 < x < 127 and x not in b"\"'\\" else f"\\x{x:02x}"
        for x in text.encode()
    )


def in_text(text: bytes, secrets: t.Iterable[bytes]) -> list[bytes]:
    """Which forms of some secrets a text holds."""
    return [form for one in secrets for form in needles(one) if form in text]


def asked(secrets: t.Iterable[bytes], but: t.Sequence[str]) -> str:
    """The standard input for `ON_HOST`."""
    forms = [form.hex() for one in secrets for form in needles(one)]
    return json.dumps(
        {
            "needles": forms,
            "folders": FOLDERS,
            "except": list(but),
            "commands": COMMANDS,
        }
    )
