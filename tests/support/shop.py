# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service to deploy: small releases, its units, and what its host says of it."""

from __future__ import annotations

import contextlib
import io
import itertools
import tarfile
import typing as t

OWNER = "# Owned by activated.services, service {}.\n"
_RELOADS = "/run/shop-reloads"
FOLDERS = "/etc /opt /var/lib /usr/local /run/systemd/system /root"

# Every socket that it was given, or the port $PORT, answers with version and greeting.
SERVE = """#!/usr/bin/python3 -I
import os, selectors, socket
top = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
version = open(os.path.join(top, "version")).read()
given = [socket.socket(fileno=fd) for fd in range(3, 3 + int(os.environ.get("LISTEN_FDS", 0)))]
if not given:
    given = [socket.create_server(("127.0.0.1", int(os.environ["PORT"])))]
wait = selectors.DefaultSelector()
for one in given:
    wait.register(one, selectors.EVENT_READ)
while True:
    for key, _events in wait.select():
        if key.fileobj.type != socket.SOCK_STREAM:
            data, peer = key.fileobj.recvfrom(65536)
            continue
        client, _peer = key.fileobj.accept()
        try:
            client.settimeout(2)
            if client.recv(65536):
                greeting = os.environ.get("GREETING", "")
                answer = f"{version} {greeting}".strip()
                client.sendall(f"HTTP/1.0 200 OK\\r\\n\\r\\n{answer}".encode())
        except OSError:
            pass
        finally:
            client.close()
"""

_CLEAN_UP = """
umount /opt/NAME 2>/dev/null
rm -rf /opt/NAME /var/lib/activated.services/NAME /srv/NAME-*
cd / && set -- $(ls -d */lib/systemd/system/NAME[.-]* \
    etc/systemd/system/NAME[.-]* run/systemd/system/NAME[.-]* 2>/dev/null)
test $# -gt 0 || exit 0
systemctl stop -- 'NAME.*' 'NAME-*' 2>/dev/null
rm -rf -- "$@" etc/systemd/system/*/NAME[.-]*
systemctl daemon-reload
systemctl reset-failed 'NAME[.-]*' 2>/dev/null
true
"""
_PORTS = itertools.count(20000)
_NAMES = itertools.count(1)


def archive(version: str, **files: str | bytes) -> bytes:
    """A release as a tar archive; more files by name, `__` standing for a slash."""
    out = io.BytesIO()
    members: dict[str, str | bytes] = {"bin/serve": SERVE, "version": version}
    members.update({name.replace("__", "/"): text for name, text in files.items()})
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in members.items():
            data = text.encode() if isinstance(text, str) else text
            info = tarfile.TarInfo(name)
            info.size, info.mode = (
                len(data),
                0o755 if name.startswith("bin/") else 0o644,
            )
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Shop:
    """One service on one host, with ports of its own."""

    def __init__(self, host: t.Any, name: str) -> None:
        self.host = host
        self.name = name
        self.ports = [next(_PORTS) for _ in range(4)]
        self.service = f"{name}.service"

    def socket(self, name: str) -> str:
        return f"{self.name}-{name}.socket"

    # -- descriptions -----------------------------------------------------------------

    def units(
        self, *sockets: str, body: str = "", command: str = "", **more: t.Any
    ) -> dict[str, str]:
        """The units; each socket is `name=address`, without an address its own port.

        What is more names a socket, and gives lines for its section.
        """
        first, units, names = OWNER.format(self.name), {}, []
        for index, wish in enumerate(sockets):
            name, _, address = wish.partition("=")
            names.append(self.socket(name))
            units[names[-1]] = (
                f"{first}[Socket]\nListenStream={address or self.ports[index]}\n"
                f"FileDescriptorName={name}\nService={self.service}\n"
                + more.get(name, "")
                + "[Install]\nWantedBy=sockets.target\n"
            )
        needs = "".join(f"Requires={unit}\nAfter={unit}\n" for unit in names)
        boot = more.get("eager") or not sockets
        units[self.service] = (
            f"{first}[Unit]\n{needs}StartLimitIntervalSec=0\n[Service]\n"
            f"DynamicUser=yes\nExecStart={command or f'/opt/{self.name}/current/bin/serve'}\n{body}"
            + ("[Install]\nWantedBy=multi-user.target\n" if boot else "")
        )
        return units

    # -- modules ----------------------------------------------------------------------

    def source(self, version: str, data: bytes | None = None, end: str = "tar") -> str:
        """Put an archive on the host; its path there."""
        path = f"/srv/{self.name}-{version}.{end}"
        self.host.write({path: archive(version) if data is None else data})
        return path

    def install(self, version: str, *, path: str = "", **options: t.Any) -> t.Any:
        """Run `release` on the host, as the role does; its result, failed or not."""
        wish = {"remote_src": True, "switch": False, **options}
        path = path or self.source(version)
        return self.host.attempt(
            "release", name=self.name, version=version, src=path, **wish
        )

    def deploy(
        self, units: t.Mapping[str, str], release: str | None = None, **options: t.Any
    ) -> t.Any:
        """Run `deployment`; its result, failed or not."""
        if release is not None:
            options["release"] = release
        return self.host.attempt("deployment", name=self.name, units=units, **options)

    def deployed(
        self, units: t.Mapping[str, str], release: str | None = None, **options: t.Any
    ) -> t.Any:
        """The same, when it must succeed; a release that is not there is installed."""
        if release is not None and not self.has(f"/opt/{self.name}/releases/{release}"):
            done = self.install(release)
            assert not done.get("failed"), done
        result = self.deploy(units, release, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def remove(self, **options: t.Any) -> t.Any:
        return self.host.attempt(
            "deployment", name=self.name, state="absent", **options
        )

    # -- what is true -----------------------------------------------------------------

    def has(self, path: str) -> bool:
        return bool(self.host.sh(f"test -e {path} && echo yes || true"))

    def ask(self, index: int = 0, path: str = "") -> str:
        """What the service answers on a port of its own, or at a path."""
        where = (
            f"--unix-socket {path} http://x/"
            if path
            else f"http://127.0.0.1:{self.ports[index]}/"
        )
        return t.cast(str, self.host.sh(f"curl -sS --http0.9 --max-time 10 {where}"))

    def state(self, unit: str = "") -> str:
        return t.cast(str, self.host.show(unit or self.service, "ActiveState"))

    def held(self, index: int = 0) -> str:
        """The inode of the socket that listens on one of the ports."""
        port = f":{self.ports[index]:04X}"
        rows = self.host.sh("cat /proc/1/net/tcp /proc/1/net/tcp6").splitlines()
        found = [row.split() for row in rows if port in row.split()[1]]
        inodes = [row[9] for row in found if row[3] == "0A"]
        assert len(inodes) <= 1
        return inodes[0] if inodes else ""

    def start_time(self) -> str:
        """When the service was started last, on the monotonic clock; 0 for never."""
        return t.cast(
            str, self.host.show(self.service, "ExecMainStartTimestampMonotonic")
        )

    def reloads(self) -> int:
        """How often systemd has read its units, from the first time on that this is asked.

        It runs every generator each time; no property says so on all versions.
        """
        script = (
            "g=/lib/systemd/system-generators/count-shop; "
            f"[ -x $g ] || {{ mkdir -p ${{g%/*}}; printf '#!/bin/sh\necho >>{_RELOADS}\n'"
            " >$g; chmod 755 $g; systemctl daemon-reload; }; "
            f"wc -l <{_RELOADS}"
        )
        return int(self.host.sh(script))

    def listing(self, folders: str = FOLDERS) -> list[str]:
        """Everything in these folders: its kind, mode, owner, inode, time and target."""
        form = "%p %y %m %U:%G %i %s %T@ %l\\n"
        out = self.host.sh(
            f"find {folders} -not -path '*/__pycache__*' "
            f"-not -path '/var/lib/systemd/*' -printf '{form}' 2>/dev/null"
        )
        return sorted(out.splitlines())

    def untouched(self, before: t.Sequence[str]) -> bool:
        """Whether all is as in a listing, but for the folders around the lock.

        A run that is refused under its lock takes the lock's folder away again.
        """
        around = ("/var/lib ", "/var/lib/activated.services ")
        now = [row for row in self.listing() if not row.startswith(around)]
        return now == [row for row in before if not row.startswith(around)]


def names(listing: t.Iterable[str]) -> set[str]:
    """The paths alone, of a listing."""
    return {line.split(" ")[0] for line in listing}


def done(result: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
    """A plan without its proof, as rows of action and the last part of its subject."""
    rows = [(c["action"], c["subject"].rpartition("/")[2]) for c in result["plan"]]
    return [row for row in rows if row[0] != "prove"]


@contextlib.contextmanager
def opened(host: t.Any) -> t.Iterator[Shop]:
    """A service that no test has had before; nothing is left of it afterwards."""
    shop = Shop(host, f"shop{next(_NAMES)}")
    try:
        yield shop
    finally:
        host.sh(_CLEAN_UP.replace("NAME", shop.name))
