# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have the service `attempts` try, at each level of the sandbox, what the level forbids.

What it could do makes a column of a table; docs/sandbox-effect.md has such a table for each
suite, and this module writes and reads them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "services" / "attempts" / "attempts.py"
DOCUMENT = ROOT / "docs" / "sandbox-effect.md"
PORT = 8199
USER = "attempts"

#: The columns of a table: a level, and the lines that it has besides.
COLUMNS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "off, root": ("off", {}),
    "off, a user": ("off", {"User": USER}),
    "default": ("default", {}),
    "strict": ("strict", {}),
    "sealed": ("sealed", {}),
}
LEVELS = ("default", "strict", "sealed")

_LAY_OUT = """
set -e
id -u USER >/dev/null 2>&1 || useradd --system --no-create-home USER
install -m 4755 /usr/bin/id /usr/local/bin/MARK-set-uid
mkdir -p /usr/lib/modules/MARK /home/MARK /run/lock
chmod 1777 /run/lock
install -d -m 1777 /var/lib/MARK
chmod 755 /home/MARK
for file in /home/MARK/file /tmp/MARK /var/tmp/MARK /usr/local/share/MARK; do
    echo others >$file; chmod 644 $file
done
chown 1:1 /usr/local/share/MARK
[ -e /dev/MARK ] || mknod -m 666 /dev/MARK c 1 3
[ -e /usr/local/share/MARK-device ] || mknod -m 666 /usr/local/share/MARK-device c 5 1
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mkdir -p /sys/fs/bpf/MARK
python3 -c "import ctypes; c = ctypes.CDLL(None, use_errno=True); \
assert c.msgget(KEY, 0o1666) >= 0"
"""
_CLEAR = """
userdel USER 2>/dev/null
rm -rf /usr/local/bin/MARK-set-uid /usr/lib/modules/MARK /home/MARK /var/lib/MARK \
    /tmp/MARK /var/tmp/MARK /usr/local/share/MARK /dev/MARK /usr/local/share/MARK-device \
    /usr/local/bin/attempts
rmdir /usr/lib/modules 2>/dev/null
rmdir /sys/fs/bpf/MARK && umount /sys/fs/bpf
python3 -c "import ctypes; c = ctypes.CDLL(None); \
[c.msgctl(q, 0, None) for q in (c.msgget(KEY, 0), c.msgget(KEY + 1, 0)) if q >= 0]"
"""


def program() -> t.Any:
    """The program's own module: its attempts, and what each is."""
    spec = importlib.util.spec_from_file_location("attempts_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _script(text: str) -> str:
    there = program()
    text = text.replace("KEY + 1", str(there.KEY + 1)).replace("KEY", str(there.KEY))
    return text.replace("MARK", there.MARK).replace("USER", USER)


def lay_out(host: t.Any) -> None:
    """Put the program on a host, and what belongs to others there."""
    host.write({"/usr/local/bin/attempts!": PROGRAM.read_bytes()})
    host.sh(_script(_LAY_OUT))


def clear(host: t.Any) -> None:
    """Take all of it away."""
    host.remove("attempts.service", "attempts.socket")
    host.sh(_script(_CLEAR), check=False)


def units(column: str, systemd: int) -> dict[str, str]:
    """The units for a column, on a host with that systemd."""
    # what a controller has; the document is made without it
    from ansible_collections.activated.services.plugins.module_utils._sandbox.levels import (
        Sandbox,
    )
    from ansible_collections.activated.services.plugins.module_utils._units.render import (
        render_unit,
    )

    level, more = COLUMNS[column]
    sandbox = Sandbox.parse(level, systemd).directives
    return {
        "attempts.socket": f"[Socket]\nListenStream=127.0.0.1:{PORT}\n",
        "attempts.service": render_unit({
            "Unit": {
                "Requires": "attempts.socket",
                "After": "attempts.socket",
                "StartLimitIntervalSec": 0,
            },
            "Service": {
                "Type": "exec",
                "ExecStart": ["/usr/local/bin/attempts"],
                **sandbox,
                **more,
            },
        }),
    }  # fmt: skip


@contextlib.contextmanager
def deployed(host: t.Any, column: str) -> t.Iterator[None]:
    """The service in a column's sandbox, idle behind its socket, as long as it is wanted."""
    host.install(units(column, host.version()), "attempts.socket")
    try:
        yield
    finally:
        host.remove("attempts.service", "attempts.socket")


def measure(host: t.Any) -> dict[str, str]:
    """What becomes of each attempt of the service that is deployed; it is stopped then."""
    answer = host.sh(f"curl -sS --max-time 60 http://127.0.0.1:{PORT}/attempts")
    host.sh("systemctl stop attempts.service")
    found = t.cast("dict[str, str]", json.loads(answer))
    return {**found, **_left(host, found)}


def _left(host: t.Any, found: t.Mapping[str, str]) -> dict[str, str]:
    """Whether the queue that the service made has outlived it; nothing of it stays."""
    key = program().KEY + 1
    there = host.sh(
        f'python3 -c "import ctypes; c = ctypes.CDLL(None); q = c.msgget({key}, 0); '
        'print(q >= 0); q >= 0 and c.msgctl(q, 0, None)"'
    )
    if found["leave_a_queue"] == "could" and there == "False":
        return {"leave_a_queue": "refused: gone"}
    return {}


# -- the tables -------------------------------------------------------------------------


def table(found: t.Mapping[str, t.Mapping[str, str]]) -> str:
    """The table of one suite, in Markdown, from the outcomes by column and attempt."""
    rows = [["attempt", *found], ["---"] * (len(found) + 1)]
    for name, one in program().ATTEMPTS.items():
        cells = [_cell(column[name]) for column in found.values()]
        rows.append([f"{one.what} <!-- {name} -->", *cells])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def untold(found: t.Mapping[str, t.Mapping[str, str]]) -> list[str]:
    """The attempts that are refused in every column, so that they tell nothing apart."""
    return [
        name
        for name in program().ATTEMPTS
        if all(column[name] != "could" for column in found.values())
    ]


def _cell(outcome: str) -> str:
    return "**could**" if outcome == "could" else outcome.replace("refused: ", "")


def section(suite: str, systemd: int) -> str:
    """The heading of a suite's table."""
    return f"### systemd {systemd} ({suite})"


def read(suite: str, text: str | None = None) -> dict[str, dict[str, str]]:
    """The outcomes by column and attempt that the document has for a suite."""
    text = DOCUMENT.read_text() if text is None else text
    match = re.search(
        rf"^### systemd \d+ \({suite}\)\n\n(?P<table>(?:\|.*\n)+)", text, re.MULTILINE
    )
    if match is None:
        raise LookupError(f"{DOCUMENT} has no table for {suite}")
    lines = [line[2:-2].split(" | ") for line in match["table"].splitlines()]
    found: dict[str, dict[str, str]] = {column: {} for column in lines[0][1:]}
    for first, *cells in lines[2:]:
        name = re.search(r"<!-- (\w+) -->", first)
        assert name is not None
        for column, cell in zip(found, cells):
            outcome = "could" if cell == "**could**" else f"refused: {cell}"
            found[column][name[1]] = outcome
    return found


def write(suite: str, systemd: int, found: t.Mapping[str, t.Mapping[str, str]]) -> None:
    """Put a suite's table into the document, in the place of the one before."""
    text = DOCUMENT.read_text()
    new = f"{section(suite, systemd)}\n\n{table(found)}"
    pattern = rf"^### systemd \d+ \({suite}\)\n\n(?:\|.*\n)+"
    text, count = re.subn(pattern, lambda _m: new, text, flags=re.MULTILINE)
    DOCUMENT.write_text(text if count else f"{text.rstrip()}\n\n{new}")


def differences(
    wanted: t.Mapping[str, t.Mapping[str, str]],
    found: t.Mapping[str, t.Mapping[str, str]],
) -> list[str]:
    """What a run found otherwise than a table has it, a sentence each.

    Where a setting of the kernel decides, errors may differ, and without a sandbox the
    whole outcome.
    """
    wrong = []
    attempts = program().ATTEMPTS
    for column, outcomes in found.items():
        if set(outcomes) != set(attempts) or set(wanted[column]) != set(attempts):
            wrong.append(f"{column}: not the same attempts; write the table anew")
            continue
        for name, outcome in outcomes.items():
            told = wanted[column][name]
            if attempts[name].by_kernel:
                if column.startswith("off"):
                    continue
                told, outcome = told.split(":")[0], outcome.split(":")[0]
            if told != outcome:
                wrong.append(f"{column}: {name}: {outcome}, in the table {told}")
    return wrong
