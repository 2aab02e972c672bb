# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Under which instance a template is verified, where not every one will do.

`systemd-analyze verify` tries a template as the instance `i`, or `test_instance` on newer
versions. Where the template wants a port, `ListenStream=%i`, it refuses a good unit.
"""

from __future__ import annotations

import re
import typing as t

from .._units.drop_ins import is_drop_in, owner
from .._units.unit import InvalidUnit, Unit
from .._units.unit_name import is_template, is_unit_name
from .._values.values import value_problem
from .rule import World

OWN_INSTANCES: t.Final = ("i", "test_instance")
# A port, a number or a part of an address; an address of each family; a time.
_OTHERS: t.Final = ("1", "127.0.0.1", "::1", "daily")
_MOST_NAMED: t.Final = 20


def trial_instances(units: t.Mapping[str, str], systemd: int) -> dict[str, str]:
    """Give an instance for each template of a set that systemd's own will not do for.

    By the name of the template. Instances that the set itself names come first, then a
    few that are likely; the one with which the fewest values are wrong is taken, and
    none where another is no better than systemd's. The templates that begin alike, a
    socket's and its service's, have one instance. Of a text that cannot be read nothing
    is said.
    """
    templates = [name for name in units if not is_drop_in(name) and is_template(name)]
    if not any("%i" in text or "%I" in text for text in units.values()):
        return {}
    alike: dict[str, list[str]] = {}
    for name in templates:
        alike.setdefault(name.partition("@")[0], []).append(name)
    files = {name: _parsed(text) for name, text in units.items()} if alike else {}
    world = World(files, systemd)
    chosen = {}
    for prefix, names in alike.items():
        values = [value for name in names for value in _of_instance(world, name)]

        def faults(instance: str, values: list[tuple[str, str, str]] = values) -> int:
            return sum(
                value_problem(*value, systemd, instance) is not None for value in values
            )

        least = max(faults(instance) for instance in OWN_INSTANCES)
        for instance in (*_named(prefix, units), *OWN_INSTANCES, *_OTHERS):
            found = faults(instance) if least else 0
            if found < least:
                least = found
                chosen.update(dict.fromkeys(names, instance))
    return chosen


def _of_instance(world: World, name: str) -> list[tuple[str, str, str]]:
    """Give what depends on the instance: kind, directive and value."""
    subject = world.subject(name)
    return [
        (known[entry.key].kind, entry.key, entry.value)
        for section in subject.unit.sections
        for known in [subject.known.get(section.name, {})]
        for entry in section.assignments
        if entry.key in known and ("%i" in entry.value or "%I" in entry.value)
    ]


def _named(prefix: str, units: t.Mapping[str, str]) -> list[str]:
    """Give the instances of a template that the set has or names, in its order."""
    pattern = re.compile(
        rf"(?<![A-Za-z0-9:_.\\@-]){re.escape(prefix)}@([A-Za-z0-9:_.\\@-]+)\.[a-z]+"
    )
    found = pattern.findall("\n".join(owner(name) for name in units))
    for text in units.values():
        found += pattern.findall(text)
    names = [
        one for one in dict.fromkeys(found) if is_unit_name(f"{prefix}@{one}.path")
    ]
    return names[:_MOST_NAMED]


def _parsed(text: str) -> Unit:
    try:
        return Unit.parse(text)
    except InvalidUnit:
        return Unit()
