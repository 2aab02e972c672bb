# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The options of a deployment, as they were meant: parsed, and refused where they cannot be."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._credential.credential import Credential, parse_all, refuse_contents
from .._proof.probe import Probe
from .._release.version import InvalidRelease, check_version
from .._units.service_name import check_service_name
from .generation import Generation, InvalidDeployment, check
from .terms import Terms
from .together import check_together


@dataclass(frozen=True)
class Wish:
    """The options of one service, as they were meant."""

    state: str
    generation: Generation
    terms: Terms
    credentials: t.Mapping[str, Credential] = field(default_factory=dict)
    sandbox: t.Mapping[str, t.Any] | None = None

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any], check_mode: bool) -> Wish:
        """Raises InvalidCredential, InvalidDeployment, InvalidProbe, InvalidRelease and
        InvalidServiceName."""
        name = check_service_name(params["name"])
        release = params["release"]
        generation = Generation(
            name,
            {str(unit): str(text) for unit, text in (params["units"] or {}).items()},
            check_version(release) if release else None,
            start=params["start"],
            probes=tuple(params["probes"]),
        )
        if params["state"] == "present":
            if params["units"] is None:
                raise InvalidDeployment("units is required with state: present")
            check(generation)
        if params["keep"] < 1:
            raise InvalidRelease("keep must be at least 1")
        for index, probe in enumerate(params["probes"]):
            Probe.parse(probe, f"probes[{index}]")
        options = ("timeout", "rollback", "force", "exposure_max")
        terms = Terms(
            keep=None if params["state"] == "rolled_back" else params["keep"],
            **{key: params[key] for key in options},
            needrestart=None
            if params["state"] == "rolled_back"
            else params["needrestart"],
            check_mode=check_mode,
        )
        credentials = parse_all(params["credentials"], params["secrets"])
        return cls(params["state"], generation, terms, credentials, params["sandbox"])


def parse_wishes(params: t.Mapping[str, t.Any], check_mode: bool) -> list[Wish]:
    """The services that are wanted. Raises what Wish.parse raises, with the place."""
    every = (params["service"] or params, *(params["services"] or ()))
    refuse_contents(*(said["credentials"] or {} for said in every))
    if params["services"] is None:
        return [Wish.parse(params["service"] or params, check_mode)]
    wishes: list[Wish] = []
    for index, item in enumerate(params["services"]):
        try:
            wish = Wish.parse(item, check_mode)
        except ValueError as exc:
            raise type(exc)(f"services[{index}] ({item['name']}): {exc}") from exc
        if any(wish.generation.name == other.generation.name for other in wishes):
            raise InvalidDeployment(
                f"services[{index}]: {wish.generation.name} is there twice"
            )
        wishes.append(wish)
    check_together([wish.generation for wish in wishes])
    return wishes
