# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The options of a release, as they were meant: parsed, and refused where they cannot be."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._units.service_name import check_service_name
from .options import CHECKSUM_FORM, is_url
from .version import InvalidRelease, check_version


@dataclass(frozen=True)
class Wish:
    """The options, as they were meant."""

    name: str
    absent: bool
    version: str
    src: str | None
    remote_src: bool
    digest: str | None
    strip: int
    programs: tuple[str, ...]
    replace: bool
    switch: bool
    keep: int

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wish:
        """Raises InvalidRelease or InvalidServiceName, naming the option."""
        checksum = params["checksum"]
        if checksum is not None and not CHECKSUM_FORM.match(checksum):
            raise InvalidRelease(
                f"checksum {checksum!r} must be sha256: and 64 hexadecimal digits"
            )
        src = params["src"]
        if src and is_url(src) and not checksum:
            raise InvalidRelease(
                f"checksum is missing: a release from a URL ({src}) is only installed "
                "when its checksum is known, as sha256:…"
            )
        if params["keep"] < 1:
            raise InvalidRelease("keep must be at least 1")
        if params["strip_components"] < 0:
            raise InvalidRelease("strip_components must not be negative")
        absent = params["state"] == "absent"
        if not absent and not params["version"]:
            raise InvalidRelease("version is required with state: present")
        return cls(
            name=check_service_name(params["name"]),
            absent=absent,
            version=check_version(params["version"]) if params["version"] else "",
            src=src,
            remote_src=params["remote_src"],
            digest=checksum.lower() if checksum else None,
            strip=params["strip_components"],
            programs=tuple(params["programs"]),
            replace=params["replace"],
            switch=params["switch"],
            keep=params["keep"],
        )
