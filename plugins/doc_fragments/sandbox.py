# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the filters about a sandbox are given."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - The name of a level (V(off), V(default), V(strict) or V(sealed)), or a mapping with
        C(level), C(version) (the pin) and C(except) (directives to relax or replace).
      - >-
        C(except) is laid over the level as a drop-in would be: a directive that systemd keeps as a list is added to, C(~) before its value takes away, an
        empty string resets it, and V(null) leaves it out; any other directive is replaced.
    type: raw
    required: true
  systemd:
    description: The version of systemd on the host.
    type: int
    default: 262
  needs:
    description:
      - What the program needs besides, as a mapping of C(state_directory), C(cache_directory), C(logs_directory), C(configuration_directory),
        C(runtime_directory), C(readable_paths), C(writable_paths), C(devices), C(outgoing), C(realtime) and C(jit).
        The variables C(service_*) of P(activated.services.service#role) with these endings say what each opens.
    type: dict
    default: {}
  beside:
    description:
      - What the section C([Service]) says apart from the sandbox, after it. It may give the service its C(User), or undo what the level rests on.
    type: dict
    default: {}
  name:
    description: The name of the service, for errors and warnings.
    type: str
    default: ""
  prefix:
    description: What the names of options begin with in messages; the role's are V(service_).
    type: str
    default: ""
"""
