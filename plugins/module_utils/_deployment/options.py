# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The options of the modules `deployment` and `described`."""

from __future__ import annotations

import typing as t

# What is said of one service, alone or as one of several.
ONE: dict[str, dict[str, t.Any]] = {
    "state": {
        "type": "str",
        "choices": ["present", "absent", "rolled_back"],
        "default": "present",
    },
    "units": {"type": "dict"},
    "credentials": {"type": "dict", "default": {}},
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "release": {"type": "str"},
    "start": {
        "type": "str",
        "choices": ["on_demand", "eager"],
        "default": "on_demand",
    },
    "probes": {"type": "list", "elements": "dict", "default": []},
    "timeout": {"type": "float", "default": 30.0},
    "rollback": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
    "exposure_max": {"type": "float"},
    "sandbox": {
        "type": "dict",
        "options": {
            "level": {"type": "str", "required": True},
            "version": {"type": "int", "required": True},
            "missing": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "directive": {"type": "str", "required": True},
                    "since": {"type": "int", "required": True},
                    "exposure": {"type": "float", "required": True},
                },
            },
            "missing_exposure": {"type": "float", "default": 0.0},
            "undone": {"type": "list", "elements": "str", "default": []},
        },
    },
    "keep": {"type": "int", "default": 3},
    "needrestart": {
        "type": "str",
        "choices": ["report", "restart"],
        "default": "report",
    },
}
_NAMED: dict[str, t.Any] = {
    "options": {"name": {"type": "str", "required": True}, **ONE},
    "required_if": [("state", "present", ["units"])],
}
OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    **ONE,
    "service": {"type": "dict", **_NAMED},
    "services": {"type": "list", "elements": "dict", **_NAMED},
    "ask_first": {"type": "bool", "default": True},
}
# One service beside the others' options, or as one mapping, or several.
ALONE = ("name", *ONE)
EXCLUSIVE = [
    ("service", "services"),
    *((several, key) for several in ("service", "services") for key in ALONE),
]
