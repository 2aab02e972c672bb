#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
short_description: Bring the units and releases of services to what is wanted, in one transaction
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Compares the units and the release of a service, or of several, with what is on the host, makes a plan, has the host's own systemd verify
    the whole set strictly, and only then makes the plan so.
  - Unit files are written only where they differ, systemd reads them again only where it has to, and a socket is closed only
    where its own definition changed.
  - A service that is idle stays idle. A running one whose unit or release changed is brought to rest; its sockets stay open and
    its next request starts it.
  - Only unit files whose first line says that they belong to this service are ever changed or removed.
  - Before the first change it is written down and synced to disk what is about to change. Afterwards the service is proven to start by
    a request, as M(activated.services.activation) does. When a step or the proof fails, what was there before is put back and proven, too.
    A run that was killed at any point is undone by the next.
  - What failed is not deployed again until its release or its description changes, or O(force=true).
extends_documentation_fragment:
  - activated.services.attributes
options:
  name:
    description:
      - The name of the service. Its unit is C(NAME.service), its sockets are C(NAME-SOCKET.socket).
      - Either this or O(services) is required.
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
  services:
    description:
      - Several services, which are deployed in one run, each by the options that one alone has. None of those can be given beside.
      - All that changes is verified as one set before anything is touched, and systemd reads its units once.
      - Each service has its own undo record and is undone alone when its own step or proof fails; the others are deployed. The module then fails, and
        RV(services) says which failed. Services that an address passes between stand or fall together.
      - What is V(absent) goes first, so that others can have its addresses. It is not brought back where one of those fails.
    type: list
    elements: dict
    suboptions:
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
seealso:
  - module: activated.services.release
  - module: activated.services.activation
"""

EXAMPLES = r"""
- name: Deploy a service whose units come from templates
  activated.services.deployment:
    name: hello
    release: 1.4.2
    units:
      hello.service: "{{ lookup('ansible.builtin.template', 'hello.service.j2') }}"
      hello-http.socket: "{{ lookup('ansible.builtin.template', 'hello-http.socket.j2') }}"

- name: Deploy a service with a secret from a vault and a certificate of the host
  activated.services.deployment:
    name: lunchd
    units:
      lunchd.service: "{{ lookup('ansible.builtin.template', 'lunchd.service.j2') }}"
      lunchd-https.socket: "{{ lookup('ansible.builtin.template', 'lunchd-https.socket.j2') }}"
    credentials:
      chain.pem:
        path: /etc/letsencrypt/live/lunch.example.org/fullchain.pem
      key.pem: {}
    secrets:
      key.pem: "{{ vaulted_key | b64encode }}"

- name: Deploy two services together; the port that one gives up may be the other's
  activated.services.deployment:
    services:
      - name: shop
        release: 2.0.0
        units: "{{ shop_units }}"
      - name: admin
        units: "{{ admin_units }}"

- name: Take a service away
  activated.services.deployment:
    name: hello
    state: absent
"""

RETURN = r"""
services:
  description: What is returned of each service alone, by the name of the service; with C(failed) and C(msg) for one that failed.
  returned: with O(services), failed or not
  type: dict
plan:
  description: What was done, or would be done in check mode, in order, each with its reason.
  returned: success
  type: list
  elements: dict
  sample:
    - action: write
      subject: /etc/systemd/system/hello.service
      reason: it is not there
    - action: open
      subject: hello-http.socket
      reason: it is not open
service:
  description: The service as it is afterwards; in check mode as it is before.
  returned: success
  type: dict
  contains:
    name:
      description: The unit.
      type: str
    state:
      description: What systemd calls its state.
      type: str
    sockets:
      description: Each socket unit and its state.
      type: dict
    release:
      description: The version that is current.
      type: str
  sample:
    name: hello.service
    state: inactive
    sockets:
      hello-http.socket: active
    release: 1.4.2
exposure:
  description:
    - The exposure of the service's unit, as C(systemd-analyze security) of the host puts it; 0 is best.
    - Below systemd 250, which answers for loaded units alone, it is what that version would say; see P(activated.services.exposure#filter).
  returned: when O(state=present)
  type: float
  sample: 1.1
sandbox:
  description: O(sandbox), as it was given; what the host lacks of the level, and what that costs in exposure.
  returned: when O(state=present) and O(sandbox) is given
  type: dict
  contains:
    level:
      description: The level.
      type: str
    version:
      description: The systemd version that the level is pinned to.
      type: int
    missing:
      description: Each directive that the host is too old for, the version that has it (C(since)) and the C(exposure) that it would save.
      type: list
      elements: dict
    missing_exposure:
      description: What all of them together would save.
      type: float
    undone:
      description: What the level rests on and the exceptions take away.
      type: list
      elements: str
  sample:
    level: strict
    version: 257
    missing: [{directive: PrivateIPC, since: 248, exposure: 0.0}]
    missing_exposure: 0.0
    undone: []
proof:
  description: The evidence that a request starts the service, as RV(activated.services.activation#module:proof).
  returned: when something changed, or the proof failed
  type: dict
notes:
  description:
    - What else is worth knowing, such as an interrupted deployment that was undone first.
    - Check mode plans from what that leads to, and says here and in the diff by which steps.
  returned: success
  type: list
  elements: str
  sample: []
kept:
  description: With O(state=absent), what was left on the host on purpose.
  returned: when O(state=absent)
  type: list
  elements: str
systemd:
  description: The version of systemd on the host.
  returned: success
  type: int
  sample: 252
"""

import contextlib
import os
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    Credential,
    InvalidCredential,
    parse_all,
    refuse_contents,
)
from ansible_collections.activated.services.plugins.module_utils._credential.store import (
    Sealed,
    UnusableStore,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.deployer import (
    Deployer,
    DeploymentFailed,
    Terms,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
    InvalidDeployment,
    check,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.judging import (
    check_together,
    judge,
    naming,
    refuse_exposed,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    BrokenLedger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.part import (
    Part,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.steps import (
    StepFailed,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ties import (
    give_way,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transaction import (
    companions,
    deploy,
    recover,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transition import (
    Conflict,
)
from ansible_collections.activated.services.plugins.module_utils._host.core_dump import (
    leave_no_core,
)
from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    require_root,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._host.files import (
    Locked,
    lock,
)
from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    ManagerError,
)
from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    InvalidProbe,
    Probe,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    STATE,
    InvalidRelease,
    check_version,
)
from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
    check_service_name,
)

if t.TYPE_CHECKING:
    from ansible_collections.activated.services.plugins.module_utils._deployment.foresight import (
        Foresight,
    )

REFUSALS = (
    BrokenLedger,
    Conflict,
    InvalidCredential,
    InvalidDeployment,
    InvalidProbe,
    InvalidRelease,
    InvalidServiceName,
    Locked,
    ManagerError,
    Sealed,
    StepFailed,
    UnsuitableHost,
    UnusableStore,
)

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
OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str"},
    **ONE,
    "services": {
        "type": "list",
        "elements": "dict",
        "options": {"name": {"type": "str", "required": True}, **ONE},
        "required_if": [("state", "present", ["units"])],
    },
}


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
    if params["services"] is None:
        return [Wish.parse(params, check_mode)]
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


@dataclass
class Job:
    """A wish, and what this host has and needs for it."""

    wish: Wish
    deployer: Deployer
    part: Part | None = None

    @property
    def name(self) -> str:
        return self.wish.generation.name

    def plan(self) -> Part:
        """Read the host and make the plan. Raises Conflict, and what a wish can be
        refused for."""
        deployer, left = self.deployer, None
        if self.wish.state == "absent":
            present = deployer.read(*deployer.unfinished())
            nothing = Generation(self.name)
            plan = deployer.removal(present)
            self.part = Part(deployer, nothing, present, plan, goes=True)
            return self.part
        wanted = self.wish.generation
        if self.wish.state == "rolled_back":
            left, wanted = deployer.roll_back()  # with the secrets of today
        wanted = deployer.fulfil(wanted)
        present = deployer.read(wanted)
        plan = deployer.plan(wanted, present)
        self.part = Part(deployer, wanted, present, plan, leaving=left)
        return self.part

    def is_as_described(self) -> bool:
        """Whether there is nothing to do; it is planned, then."""
        if self.wish.state != "present" or self.deployer.ledger.transaction():
            return False
        if self.deployer.left():
            return False
        wanted = self.deployer.fulfil(self.wish.generation)
        if self.deployer.ledger.deployed() != wanted:
            return False
        present = self.deployer.read(wanted)
        plan = self.deployer.plan(wanted, present)
        self.part = Part(self.deployer, wanted, present, plan)
        if not plan.changed:
            refuse_exposed(self.part)
        return not plan.changed

    def report(self) -> dict[str, t.Any]:
        """What was done, or would be, and what is there now."""
        deployer, part = self.deployer, t.cast("Part", self.part)  # it was planned
        present, goes = part.present, part.goes
        if part.plan.changed and not deployer.terms.check_mode:
            present = deployer.read(*([] if goes else [part.wanted]))
        here = present.generation
        result: dict[str, t.Any] = {
            "changed": part.plan.changed,
            "plan": part.plan.as_dicts(),
            "diff": part.plan.diff(),
            "systemd": deployer.systemd,
            "notes": deployer.notes,
            "service": {
                "name": here.service,
                "state": present.state(here.service).active,
                "sockets": {
                    unit: state.active
                    for unit, state in present.states.items()
                    if unit.endswith(".socket")
                },
                "release": here.release,
            },
        }
        if goes:
            result["kept"] = kept(self.name)
        else:
            result["exposure"] = deployer.exposure(part.wanted, present)
        if self.wish.sandbox:
            result["sandbox"] = self.wish.sandbox
            deployer.notes += [
                f"systemd {deployer.systemd} has no {row['directive']} (since "
                f"{row['since']}), which the sandbox asks for; that costs "
                f"{row['exposure']} in exposure"
                for row in self.wish.sandbox["missing"]
            ]
        if deployer.proof:
            result["proof"] = deployer.proof
        return result


def kept(name: str) -> list[str]:
    """What a removal leaves: what the program itself stored."""
    kinds = ("lib", "lib/private", "log", "log/private", "cache", "cache/private")
    places = [f"/var/{kind}/{name}" for kind in kinds]
    return [place for place in places if os.path.isdir(place)]


def as_described(jobs: t.Sequence[Job]) -> bool:
    """Whether there is nothing to do for any of them; all are planned, then."""
    for job in jobs:
        with naming(job.name, jobs):
            if not job.is_as_described():
                return False
    return True


def act(jobs: t.Sequence[Job], foresight: Foresight | None = None) -> None:
    """Bring the host to what is wanted, all services together: what goes is removed
    first, so that others may have its addresses. In check mode it is planned only, from
    what an interrupted run will be brought to first."""
    parts = []
    for job in jobs:
        with naming(job.name, jobs):
            parts.append(job.plan())
    # What is gone back to is known from here on.
    check_together([part.wanted for part in parts])
    leaving = [part for part in parts if part.goes]
    staying = [part for part in parts if not part.goes]
    going = {unit for part in leaving for unit in part.present.states}
    judge(staying, going, foresight)
    staying = [part for part in staying if not part.failure]
    give_way(staying)
    if any(job.wish.terms.check_mode for job in jobs):
        return
    for part in leaving:
        try:
            part.deployer.remove(part.present, part.plan)
        except DeploymentFailed as exc:
            part.failure = exc
    deploy(staying)


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        done = module.run_command(
            argv, environ_update=env or {}, handle_exceptions=False
        )
        return t.cast("tuple[int, str, str]", done)

    leave_no_core()
    every = (module.params, *(module.params["services"] or ()))
    refuse_contents(*(said["credentials"] or {} for said in every))
    wishes = parse_wishes(module.params, module.check_mode)
    require_root()
    systemd = systemd_version(run)

    def job(wish: Wish) -> Job:
        name = wish.generation.name
        return Job(wish, Deployer(name, wish.terms, systemd, run, wish.credentials))

    def deployers(names: t.Iterable[str]) -> list[Deployer]:
        """One for each service of the run, and of what an interrupted run ties to it."""
        terms = Terms(check_mode=module.check_mode)
        there = {n: Deployer(n, terms, systemd, run) for n in sorted(names)}
        there.update((each.name, each.deployer) for each in jobs)
        return list(there.values())

    jobs = [job(wish) for wish in wishes]
    gone = {wish.generation.name for wish in wishes if wish.state == "absent"}
    if module.check_mode:
        foresight = None
        if any(each.deployer.ledger.transaction() for each in jobs):
            # It is not needed where nothing was interrupted.
            from ansible_collections.activated.services.plugins.module_utils._deployment.foresight import (
                foresee,
            )

            names = companions([each.name for each in jobs], STATE)
            foresight = foresee(deployers(names), gone)
        act(jobs, foresight)
        return report(module, jobs, foresight)
    if not as_described(jobs):
        jobs = [job(wish) for wish in wishes]
        # Whatever the caller's umask is, the modes are those that are documented.
        os.umask(0o022)
        with locked([each.name for each in jobs]) as tied:
            every_one = deployers(tied)
            try:
                recover(every_one, gone)
                for deployer in every_one:
                    deployer.tidy()
                act(jobs)
            finally:
                # A wish that was refused leaves no lock behind where nothing else is.
                for deployer in every_one:
                    deployer.releases.forget()
    return report(module, jobs)


@contextlib.contextmanager
def locked(names: t.Sequence[str]) -> t.Iterator[set[str]]:
    """Hold the locks of these services and of those that an interrupted run ties to
    them, always taken in the order of their names; gives all of them. Raises Locked."""
    while True:
        wanted = companions(names, STATE)
        with contextlib.ExitStack() as stack:
            for name in sorted(wanted):
                stack.enter_context(lock(os.path.join(STATE, name, "lock")))
            if companions(names, STATE) <= wanted:
                yield wanted
                return


def report(
    module: AnsibleModule, jobs: t.Sequence[Job], foresight: Foresight | None = None
) -> dict[str, t.Any]:
    """What the module returns: of one service, or of several by their names."""
    first = foresight.diff() if foresight else []
    failures = {job.name: job.part.failure for job in jobs if job.part}
    failed = {name: failure for name, failure in failures.items() if failure}
    if module.params["services"] is None:
        for failure in failed.values():
            raise failure
        alone = jobs[0].report()
        return {**alone, "diff": [*first, *alone["diff"]]}
    said = {job.name: job.report() for job in jobs}
    for name, failure in failed.items():
        said[name].update(failed=True, msg=str(failure), changed=False, diff=[])
        if failure.proof:
            said[name]["proof"] = failure.proof
    result: dict[str, t.Any] = {
        "changed": any(each["changed"] for each in said.values()),
        "diff": [
            *first,
            *(text for each in said.values() for text in each.pop("diff")),
        ],
        "systemd": jobs[0].deployer.systemd if jobs else None,
        "services": said,
    }
    if failed:
        well = [job.name for job in jobs if job.name not in failed]
        result.update(failed=True, msg=_what_failed(failed, well))
    return result


def _what_failed(failed: t.Mapping[str, Exception], well: t.Sequence[str]) -> str:
    lines = [f"{name}: {failure}" for name, failure in failed.items()]
    others = f"as described: {', '.join(well)}" if well else "none is as described"
    return "\n".join(
        [
            f"{len(failed)} of {len(failed) + len(well)} services failed; {others}",
            *lines,
        ]
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_one_of=[("name", "services")],
        mutually_exclusive=[("services", key) for key in ("name", *ONE)],
        supports_check_mode=True,
        # nothing of it goes to the system's log: a secret may be in the wrong option
        no_log=True,
    )
    try:
        result = run_module(module)
    except DeploymentFailed as exc:
        evidence = {"proof": exc.proof} if exc.proof else {}
        module.fail_json(msg=str(exc), **evidence)
    except REFUSALS as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(msg=f"the host's disk refused: {exc}")
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
