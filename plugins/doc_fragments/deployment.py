# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a service is described to the modules that deploy it, or tell what is there."""

    DOCUMENTATION = r"""
options:
  name:
    description:
      - The name of the service. Its unit is C(NAME.service), its sockets are C(NAME-SOCKET.socket).
      - One of this, O(service) and O(services) is required.
    type: str
  state:
    description:
      - V(present) deploys the service.
      - V(absent) takes it away, its sockets first, then the service, its units and its releases.
        What the program itself stored, such as C(/var/lib/NAME), is kept.
      - V(rolled_back) goes back to the generation before, its release and its units, as it is on record. Done again it goes back one more.
        What is left is not deployed again by itself.
    type: str
    choices: [present, absent, rolled_back]
    default: present
  units: &units
    description:
      - The unit files that the service is to have, as a mapping of file names to texts. The first line of each names the owner,
        as C(# Owned by activated.services, service NAME.)
      - Required with O(state=present).
    type: dict
  credentials: &credentials
    description:
      - What the service's unit loads and this module judges, as a mapping of names. An entry has one of C(path) (a file on the host),
        C(encrypted) (ciphertext that C(systemd-creds encrypt) made on this host under this name) and C(import) (a name in the host's stores, or
        the beginning of names and C(*)); one that has none of them has its content in O(secrets), and may have C(not_after) (a time in UTC).
      - Content and ciphertext are stored, for root alone, in C(/etc/credstore.encrypted/NAME/CREDENTIAL); on hosts without C(systemd-creds), such as
        those with systemd 247, in C(/etc/credstore/NAME/CREDENTIAL). The unit loads them from there. What else is in that folder is removed.
      - A changed secret, and a file behind a path that has changed, bring a running service to rest, or reload it where a reload brings it its
        credentials (systemd 260, C(RefreshOnReload=)). An idle service stays idle.
      - It is shown, so a content in it is refused.
    type: dict
    default: {}
  secrets: &secrets
    description:
      - The contents of credentials in base64, as a mapping of names. They never appear in a log, a diff, an argument list or a result.
    type: dict
    default: {}
  release: &release
    description:
      - The version to make current, installed before by M(activated.services.release).
      - Without it, the service has no release.
    type: str
  start: &start
    description:
      - V(on_demand) leaves an idle service idle until its first request.
      - V(eager) starts it now and at boot, too.
    type: str
    choices: [on_demand, eager]
    default: on_demand
  probes: &probes
    description:
      - What is asked of the service to prove it, as O(activated.services.activation#module:probes).
        Without any, each socket that takes connections is connected to.
      - They are kept with the generation, readable by root alone. What is gone back to, by O(state=rolled_back) or after a failure, is proven with its own.
    type: list
    elements: dict
    default: []
  timeout: &timeout
    description:
      - Seconds that one probe may take.
    type: float
    default: 30.0
  rollback: &rollback
    description:
      - Whether a deployment that fails is undone. If not, O(state=rolled_back) goes to the last generation that was proven.
    type: bool
    default: true
  force: &force
    description:
      - Whether to deploy what failed before, or was left by a rollback.
    type: bool
    default: false
  exposure_max: &exposure_max
    description:
      - Refuse a unit whose exposure on this host, on the scale of C(systemd-analyze security), is above this, before anything changes.
      - Drop-ins on the host count. It is refused, too, where nothing else would be done.
    type: float
  sandbox: &sandbox
    description:
      - What is known of the sandbox that the units say, as P(activated.services.sandbox_report#filter) gives it. It is returned, and what the host lacks
        of it is a note.
    type: dict
    suboptions:
      level:
        description: The level.
        type: str
        required: true
      version:
        description: The systemd version that the level is pinned to.
        type: int
        required: true
      missing:
        description: What the host is too old for.
        type: list
        elements: dict
        default: []
        suboptions:
          directive:
            description: The directive.
            type: str
            required: true
          since:
            description: The systemd version that has it.
            type: int
            required: true
          exposure:
            description: The exposure that it would save.
            type: float
            required: true
      missing_exposure:
        description: What all of them together would save.
        type: float
        default: 0.0
      undone:
        description: What the level rests on and the exceptions take away.
        type: list
        elements: str
        default: []
  keep: &keep
    description:
      - How many releases to keep once the deployment has succeeded. The current and the one before it are never taken.
      - O(state=rolled_back) takes none away.
    type: int
    default: 3
  needrestart: &needrestart
    description:
      - What the program C(needrestart) may do with the service after an upgrade of libraries, on a host that has it.
      - V(report) lets it say that the service uses old libraries, and keeps it from restarting the service.
      - V(restart) lets it do what it is configured to do.
      - O(state=rolled_back) leaves it as it is.
    type: str
    choices: [report, restart]
    default: report
  service:
    description:
      - One service, by the options that it has alone, as one mapping. None of those can be given beside.
      - It is for those who make all of them at once, such as by a template.
    type: dict
    suboptions: &one
      name:
        description: The name of the service.
        type: str
        required: true
      state:
        description: As O(state).
        type: str
        choices: [present, absent, rolled_back]
        default: present
      units: *units
      credentials: *credentials
      secrets: *secrets
      release: *release
      start: *start
      probes: *probes
      timeout: *timeout
      rollback: *rollback
      force: *force
      exposure_max: *exposure_max
      sandbox: *sandbox
      keep: *keep
      needrestart: *needrestart
  services:
    description:
      - Several services, which are deployed in one run, each by the options that one alone has. None of those can be given beside.
      - All that changes is verified as one set before anything is touched, and systemd reads its units once.
      - Each service has its own undo record and is undone alone when its own step or proof fails; the others are deployed. The module then fails, and
        its result says which failed. Services that an address passes between stand or fall together.
      - What is V(absent) goes first, so that others can have its addresses. It is not brought back where one of those fails.
    type: list
    elements: dict
    suboptions: *one
  ask_first:
    description:
      - Whether M(activated.services.described) asks the host first whether there is anything to do, and M(activated.services.deployment) only travels
        to it if so.
      - V(false) saves that question where the answer is known, such as after a release was installed.
    type: bool
    default: true
"""
