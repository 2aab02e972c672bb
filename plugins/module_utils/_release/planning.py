# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""What differs between the release that is wanted and what is installed, and what is said
of it. Nothing here changes the host."""

from __future__ import annotations

import os
import typing as t

from .._deployment.ledger import Ledger
from .._deployment.plan import Change, Plan
from .._host.facts import seals
from .tree import Tree
from .version import Installed, InvalidRelease
from .wish import Wish


def make_plan(wish: Wish, releases: Tree, digest: str | None) -> Plan:
    """What differs. `digest` is what `src` is made of, None where there is no `src`."""
    if wish.absent:
        return removal_plan(wish, releases)
    in_use = in_use_by_deployment(wish, releases)
    releases.check_place()
    changes = []
    path = releases.path(wish.version)
    there = releases.installed(wish.version)
    if digest is None:
        if there is None:
            raise InvalidRelease(
                f"src is missing: version {wish.version} is not installed on the host"
            )
    elif there is None:
        if os.path.lexists(path):
            raise InvalidRelease(
                f"{path} is there already and was not made by this collection; "
                "move it away"
            )
        changes.append(Change("install", path, "it is not installed"))
    elif there != Installed(digest, wish.strip):
        if not wish.replace and wish.version not in in_use:
            raise InvalidRelease(
                f"version {wish.version} is installed already, made of other bytes "
                f"({there.digest}, strip_components {there.strip_components}; now "
                f"{digest}, {wish.strip}). Give the new bytes a new version, or set "
                "replace: true"
            )
        if wish.version in in_use:
            raise InvalidRelease(
                f"version {wish.version} is what the service {wish.name} runs, and its "
                "bytes cannot be replaced: they would come into use unproven, and with "
                "nothing to go back to. Give the new bytes a new version"
            )
        changes.append(Change("replace", path, "it was made of other bytes"))
    if wish.switch:
        current = releases.current()
        if current != wish.version:
            changes.append(
                Change(
                    "switch",
                    releases.link,
                    f"it points at {current}" if current else "there is none yet",
                    f"{current or ''}\n" if current else "",
                    f"{wish.version}\n",
                )
            )
        changes += [
            Change("prune", releases.path(version), f"more than {wish.keep} are kept")
            for version in releases.surplus(wish.keep, wish.version, in_use)
        ]
    return Plan(tuple(changes))


def in_use_by_deployment(wish: Wish, releases: Tree) -> set[str]:
    """The releases that a deployed service runs; they are its deployment's to switch.

    Raises InvalidRelease for a wish that would take them from below it.
    """
    in_use = Ledger(wish.name, releases.state).in_use()
    if in_use and (
        (wish.absent and not wish.version) or (wish.switch and not wish.absent)
    ):
        raise InvalidRelease(
            f"the service {wish.name} is deployed and runs release "
            f"{' and '.join(sorted(in_use))}: activated.services.deployment switches and "
            "removes its releases. Set switch: false to install one beside them"
        )
    return in_use


def removal_plan(wish: Wish, releases: Tree) -> Plan:
    """What goes: every release of the service, or one that is not the current one."""
    why = "it is not wanted any more"
    in_use = in_use_by_deployment(wish, releases)
    if not wish.version:
        there = releases.present()
        if there:
            releases.check_folders()
        return Plan((Change("remove", releases.root, why),) if there else ())
    releases.check_place()
    there = bool(releases.installed(wish.version))
    there = there and releases.current() != wish.version and wish.version not in in_use
    path = releases.path(wish.version)
    return Plan((Change("prune", path, why),) if there else ())


def report(
    wish: Wish, releases: Tree, plan: Plan, systemd: int | None, digest: str | None
) -> dict[str, t.Any]:
    there = releases.installed(wish.version) if wish.version else None
    return {
        "changed": plan.changed,
        "plan": plan.as_dicts(),
        "diff": plan.diff(),
        **of_host(systemd),
        "release": {
            "name": wish.name,
            "version": wish.version or None,
            "path": releases.path(wish.version) if wish.version else None,
            "digest": there.digest if there else digest,
            "current": releases.current(),
            "previous": releases.previous(),
            "installed": releases.versions(),
        },
    }


def of_host(systemd: int | None) -> dict[str, t.Any]:
    """What is said of the host beside its releases."""
    return {"systemd": systemd, "seals": systemd is not None and seals(systemd)}


def refused(wish: t.Mapping[str, t.Any], problem: Exception | str) -> dict[str, t.Any]:
    """What a module returns of a release that it cannot bring, which names it."""
    name, version = wish.get("name"), wish.get("version")
    return {
        "failed": True,
        "changed": False,
        "msg": str(problem),
        "release": {"name": name, "version": version},
    }


def report_several(
    said: t.Sequence[dict[str, t.Any]], host: t.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """What a module returns of several releases, from what it returns of each, and of
    the host as `of_host` does."""
    failed = [f"{_named(one)}{one['msg']}" for one in said if one.get("failed")]
    well = [one for one in said if not one.get("failed")]
    result: dict[str, t.Any] = {
        "changed": any(one["changed"] for one in well),
        "diff": [text for one in well for text in one.get("diff", [])],
        "releases": list(said),
        **host,
    }
    if failed:
        result.update(failed=True, msg="\n".join(failed))
    return result


def _named(one: t.Mapping[str, t.Any]) -> str:
    release = one.get("release") or {}
    return f"{release['name']} {release['version']}: " if release else ""
