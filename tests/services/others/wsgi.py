# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One greeting for servers that others wrote: `app` for WSGI, `asgi` for ASGI."""

from __future__ import annotations

import typing as t


def app(_environ: t.Any, start: t.Any) -> list[bytes]:
    """Greet over WSGI (PEP 3333)."""
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"hello from wsgi\n"]


async def asgi(scope: t.Any, _receive: t.Any, send: t.Any) -> None:
    """Greet over ASGI."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello from asgi\n"})
