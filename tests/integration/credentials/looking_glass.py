# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that shows the digests of the credentials that it sees, and how it is deployed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.credentials import (
    credentials,
)

PROGRAM = "/opt/glass.py"
# What it has read at its start is what it answers with, as programs do.
GLASS = """#!/usr/bin/python3 -I
import hashlib, json, os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
place = os.environ.get("CREDENTIALS_DIRECTORY")
names = os.listdir(place) if place else []
seen = {n: hashlib.sha256(open(os.path.join(place, n), "rb").read()).hexdigest() for n in names}
listener = socket.socket(fileno=3)
while True:
    client, _peer = listener.accept()
    with client:
        client.settimeout(5)
        if client.recv(65536):
            body = json.dumps({"pid": os.getpid(), "seen": seen}).encode()
            client.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
"""
ASK = """
import json, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:PORT/", timeout=20).read().decode())
"""
_NAMES, _PORTS = itertools.count(1), itertools.count(21000)


def sha(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


class Glass:
    """One service on one host."""

    def __init__(self, host: t.Any) -> None:
        self.host, self.sh = host, host.sh
        self.name = f"glass{next(_NAMES)}"
        self.port = next(_PORTS)
        self.systemd = host.version()
        self.seals = self.systemd >= 250
        self.store = "/etc/credstore.encrypted" if self.seals else "/etc/credstore"
        self.folder = f"{self.store}/{self.name}"
        self.state = f"/var/lib/activated.services/{self.name}"

    def units(self, said: t.Mapping[str, t.Any], more: str = "") -> dict[str, str]:
        owner = f"# Owned by activated.services, service {self.name}.\n"
        lines = "".join(
            f"{key}={value}\n" for key, some in said.items() for value in some
        )
        socket = f"{self.name}-http.socket"
        return {
            f"{self.name}.service": f"{owner}[Unit]\nRequires={socket}\nAfter={socket}\n"
            f"StartLimitIntervalSec=0\n[Service]\nExecStart={PROGRAM}\nDynamicUser=yes\n"
            f"{lines}{more}",
            socket: f"{owner}[Socket]\nListenStream=127.0.0.1:{self.port}\n"
            f"FileDescriptorName=http\nService={self.name}.service\n"
            "[Install]\nWantedBy=sockets.target\n",
        }

    def options(self, said: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
        """What the role gives to the module."""
        made = credentials(said, self.name, self.systemd)
        more.setdefault("units", self.units(made["directives"], more.pop("lines", "")))
        return {
            "name": self.name,
            "credentials": made["entries"],
            "secrets": made["secrets"],
            "probes": [{"socket": "http", "http": {"body": "seen"}, "timeout": 15}],
            **more,
        }

    def attempt(self, said: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
        """The result of a deployment, failed or not, on the controller or on the host."""
        run = {key: more.pop(key) for key in ("check", "diff") if key in more}
        try:
            options = self.options(said, **more)
        except AnsibleFilterError as exc:
            return {"failed": True, "msg": str(exc)}
        return t.cast(
            "dict[str, t.Any]", self.host.attempt("deployment", **run, **options)
        )

    def deploy(self, said: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
        """A deployment that must succeed."""
        result = self.attempt(said, **more)
        assert not result.get("failed"), result["msg"]
        return result

    def refused(self, said: t.Mapping[str, t.Any], **more: t.Any) -> str:
        """What a deployment says that must fail before anything changes."""
        before = self.print()
        result = self.attempt(said, **more)
        assert result.get("failed"), "it was deployed"
        assert self.print() == before
        return t.cast("str", result["msg"])

    def print(self) -> str:
        """What there is of the service, names and contents."""
        return t.cast(
            "str",
            self.sh(
                f"find {self.store} {self.state} /etc/systemd/system -name '*{self.name}*' "
                f"-exec ls -ld --time-style=full-iso {{}} + 2>/dev/null; "
                f"find {self.folder} -type f -exec sha256sum {{}} + 2>/dev/null; true"
            ),
        )

    def ask(self) -> dict[str, t.Any]:
        """What the service sees, and its process: a request, which starts it."""
        said = self.sh(f"python3 -c '{ASK.replace('PORT', str(self.port))}'")
        return t.cast("dict[str, t.Any]", json.loads(said))

    def active(self) -> str:
        return t.cast("str", self.host.show(f"{self.name}.service", "ActiveState"))

    def socket_inode(self) -> str:
        """The kernel's number of the listening socket; another one is another socket."""
        port = f"{self.port:04X}"
        return t.cast(
            "str",
            self.sh(
                f"awk '$2 ~ /:{port}$/ && $4 == \"0A\" {{print $10}}' /proc/net/tcp"
            ),
        )

    def encrypt(self, name: str, content: bytes) -> str:
        """Ciphertext made on the host, as an operator would."""
        text = base64.b64encode(content).decode()
        return t.cast(
            "str",
            self.sh(
                f"echo {text} | base64 -d | systemd-creds encrypt --name={name} - - 2>/dev/null"
            ),
        )

    def clear(self) -> None:
        self.sh(
            f"systemctl stop {self.name}-http.socket {self.name}.service 2>/dev/null; "
            f"rm -rf {self.state} /etc/credstore/{self.name} /etc/credstore.encrypted/{self.name} "
            f"/srv/{self.name} /etc/systemd/system/{self.name}* /etc/systemd/system/*/{self.name}* "
            f"/etc/systemd/system/.{self.name}*; "
            f"systemctl daemon-reload; systemctl reset-failed '{self.name}*' 2>/dev/null; true"
        )


@contextlib.contextmanager
def opened(host: t.Any, kind: type[Glass] = Glass) -> t.Iterator[Glass]:
    """A fresh service on a host, cleared away at the end."""
    if not getattr(host, "has_glass", False):
        host.write({PROGRAM + "!": GLASS})
        host.has_glass = True
    glass = kind(host)
    try:
        yield glass
    finally:
        glass.clear()
