#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
short_description: Bring a service's units and release to what is wanted, in one transaction
version_added: 0.1.0
author:
  - The activated.services authors
description:
  - Compares the units and the release of one service with what is on the host, makes a plan, has the host's own systemd verify
    the whole set strictly, and only then makes the plan so.
  - Unit files are written only where they differ, systemd reads them again only where it has to, and a socket is closed only
    where its own definition changed.
  - A service that is idle stays idle. A running one whose unit or release changed is brought to rest; its sockets stay open and
    its next request starts it.
  - Only unit files whose first line says that they belong to this service are ever changed or removed.
  - When a step fails, what was there before is put back.
extends_documentation_fragment:
  - activated.services.attributes
options:
  name:
    description:
      - The name of the service. Its unit is C(NAME.service), its sockets are C(NAME-SOCKET.socket).
    type: str
    required: true
  state:
    description:
      - V(present) deploys the service.
      - V(absent) takes it away, its sockets first, then the service, its units and its releases.
        What the program itself stored, such as C(/var/lib/NAME), is kept.
    type: str
    choices: [present, absent]
    default: present
  units:
    description:
      - The unit files that the service is to have, as a mapping of file names to texts. The first line of each names the owner,
        as C(# Owned by activated.services, service NAME.)
      - Required with O(state=present).
    type: dict
  release:
    description:
      - The version to make current, installed before by M(activated.services.release).
      - Without it, the service has no release.
    type: str
  start:
    description:
      - V(on_demand) leaves an idle service idle until its first request.
      - V(eager) starts it now and at boot, too.
    type: str
    choices: [on_demand, eager]
    default: on_demand
  keep:
    description:
      - How many releases to keep once the deployment has succeeded. The current and the one before it are never taken.
    type: int
    default: 3
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

- name: Take a service away
  activated.services.deployment:
    name: hello
    state: absent
"""

RETURN = r"""
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

import os
import tempfile
import typing as t
from dataclasses import dataclass, replace

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._files import (
    Locked,
    lock,
)
from ansible_collections.activated.services.plugins.module_utils._generation import (
    Generation,
    InvalidDeployment,
    check,
)
from ansible_collections.activated.services.plugins.module_utils._holders import (
    holders,
)
from ansible_collections.activated.services.plugins.module_utils._host import (
    UnsuitableHost,
    require_root,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._manager import (
    Manager,
)
from ansible_collections.activated.services.plugins.module_utils._plan import (
    Change,
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._proc import Proc
from ansible_collections.activated.services.plugins.module_utils._releases import (
    InvalidRelease,
    Releases,
    check_version,
)
from ansible_collections.activated.services.plugins.module_utils._service_name import (
    InvalidServiceName,
    check_service_name,
)
from ansible_collections.activated.services.plugins.module_utils._steps import (
    StepFailed,
    Steps,
)
from ansible_collections.activated.services.plugins.module_utils._transition import (
    Conflict,
    Present,
    make_plan,
    removal_plan,
)
from ansible_collections.activated.services.plugins.module_utils._units_dir import (
    FOLDER,
    forget_record,
    read_present,
    write_record,
)
from ansible_collections.activated.services.plugins.module_utils._verify import (
    verify_units,
)

REFUSALS = (
    Conflict,
    InvalidDeployment,
    InvalidRelease,
    InvalidServiceName,
    Locked,
    StepFailed,
    UnsuitableHost,
)


@dataclass(frozen=True)
class Wish:
    """The options, as they were meant."""

    generation: Generation
    absent: bool
    start: str
    keep: int

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wish:
        """Raises InvalidDeployment, InvalidRelease or InvalidServiceName."""
        name = check_service_name(params["name"])
        release = params["release"]
        generation = Generation(
            name,
            {str(unit): str(text) for unit, text in (params["units"] or {}).items()},
            check_version(release) if release else None,
        )
        if params["state"] == "present":
            check(generation)
        if params["keep"] < 1:
            raise InvalidRelease("keep must be at least 1")
        return cls(
            generation, params["state"] == "absent", params["start"], params["keep"]
        )


class Deployment:
    """One run on one host: read, plan, verify, apply."""

    def __init__(self, module: AnsibleModule, wish: Wish) -> None:
        self._module = module
        self._wish = wish
        self.systemd = systemd_version(self._run)
        self._manager = Manager(self._run)
        self._releases = Releases(wish.generation.name)
        self._wanted = wish.generation
        self.present = self.read()

    def _run(
        self, argv: list[str], env: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        return t.cast(
            "tuple[int, str, str]",
            self._module.run_command(argv, environ_update=env or {}),
        )

    def read(self) -> Present:
        wanted = self._wish.generation
        if wanted.release:
            there = self._releases.installed(wanted.release)
            digest = there.digest if there else None
            self._wanted = replace(wanted, digest=digest)
        self._history = self._releases.history()
        return read_present(
            wanted.name, list(wanted.units), self._manager, self._releases
        )

    def plan(self) -> Plan:
        if self._wish.absent:
            plan = removal_plan(self.present, FOLDER)
            if self._releases.present():
                gone = Change("discard", self._releases.root, "its releases go with it")
                plan = Plan((*plan, gone))
            return plan
        plan = make_plan(self._wanted, self.present, self._wish.start, FOLDER)
        surplus = self._releases.surplus(self._wish.keep, self._wanted.release)
        prune = [
            Change(
                "prune",
                self._releases.path(old),
                f"more than {self._wish.keep} are kept",
            )
            for old in surplus
            if self._wanted.release
        ]
        return Plan((*plan, *prune))

    # -- before anything changes ------------------------------------------------------

    def verify(self, plan: Plan) -> None:
        """Have the host's systemd judge the whole set. Raises InvalidDeployment."""
        if self._wish.absent or not plan.subjects("write", "switch"):
            return
        wanted = self._wanted
        below, coming = "", False
        if wanted.release:
            below = self._releases.path(wanted.release) + "/"
            coming = not os.path.isdir(below)
            if coming and not self._module.check_mode:
                raise InvalidRelease(
                    f"release {wanted.release} is not installed; "
                    "activated.services.release installs it"
                )
        with tempfile.TemporaryDirectory(dir=self._module.tmpdir) as stage:
            messages = verify_units(
                self._run,
                wanted.units,
                stage,
                self.systemd,
                {self._releases.link + "/": below} if below else None,
            )
        # In check mode a release that would be installed first is not there yet;
        # whether it holds its program is for the module `release` to say.
        against = [
            f"{m.unit}:{m.line}: {m.message}" if m.line else f"{m.unit}: {m.message}"
            for m in messages
            if not (coming and below in m.message and "not executable" in m.message)
        ]
        if against:
            raise InvalidDeployment(
                f"systemd {self.systemd} on the host refuses these units; nothing was "
                "changed:\n" + "\n".join(against)
            )

    def refuse_taken_addresses(self, plan: Plan) -> None:
        """Raise Conflict where a socket would open what another program holds."""
        proc = Proc()
        ours = {*self.present.generation.units, *self._wanted.units}
        for socket in plan.subjects("open", "reopen"):
            if socket not in self._wanted.sockets:
                continue
            for address in self._wanted.addresses(socket):
                for holder in holders(address, proc):
                    if holder.pid == 1 and self._opened_by(address) & ours:
                        continue
                    if holder.unit == self._wanted.service:
                        continue  # it binds the port by itself, and will rest first
                    raise Conflict(
                        f"{socket} cannot listen on {address}: {holder}. Stop that "
                        "program, or give the socket another address; nothing was "
                        "changed"
                    )

    def _opened_by(self, address: t.Any) -> set[str]:
        text = str(address.port) if address.host else address.path
        return {
            row["unit"]
            for row in self._manager.sockets()
            if row["listen"] == text or row["listen"].endswith(f":{text}")
        }

    # -- changing ---------------------------------------------------------------------

    def apply(self, plan: Plan) -> None:
        """Make the plan so; what fails is undone. Raises StepFailed."""
        steps = Steps(self._wanted, self._manager, self._releases)
        try:
            steps.make(plan, self._explain)
        except StepFailed as exc:
            raise StepFailed(f"{exc}\n{self._undo()}") from exc

    def _undo(self) -> str:
        before, history = self.present.generation, self._history
        self.present = self.read()
        try:
            if before.units:
                back = make_plan(before, self.present, self._wish.start, FOLDER)
            else:
                back = removal_plan(self.present, FOLDER)
            if before.release is None and self._releases.current():
                link = Change("switch", self._releases.link, "there was none")
                back = Plan((*back, link))
            Steps(before, self._manager, self._releases).make(back, lambda _unit: "")
            # The version that failed is not the one before.
            self._releases.remember(history)
            self._releases.forget()
        except (StepFailed, Conflict, OSError) as exc:
            return f"What was there before could not be put back wholly: {exc}"
        if before.units:
            return "The host was put back to what it ran before."
        return "Nothing of it was left on the host but the release below /opt."

    def _explain(self, unit: str) -> str:
        """What the journal and the kernel know about a unit that does not start."""
        said = []
        if unit in self._wanted.sockets:
            for address in self._wanted.addresses(unit):
                said += [str(h) for h in holders(address, Proc()) if h.pid != 1]
        if unit.endswith((".service", ".socket")):
            said += self._manager.journal(unit, 10)
        return "".join(f"\n  {line}" for line in said)

    def forget(self) -> None:
        """Take away what was written down of a service that is gone."""
        forget_record(self._releases)
        self._releases.forget()

    def remember(self) -> None:
        """Write down what is deployed now, where it differs from the record."""
        if self._wanted != self.present.recorded:
            write_record(self._wanted, self._releases)

    # -- saying -----------------------------------------------------------------------

    def report(self, plan: Plan) -> dict[str, t.Any]:
        states = self.present.states
        service = self._wanted.service
        result: dict[str, t.Any] = {
            "changed": plan.changed,
            "plan": plan.as_dicts(),
            "diff": plan.diff(),
            "systemd": self.systemd,
            "service": {
                "name": service,
                "state": self.present.state(service).active,
                "sockets": {
                    unit: state.active
                    for unit, state in states.items()
                    if unit.endswith(".socket")
                },
                "release": self.present.generation.release,
            },
        }
        if self._wish.absent:
            kinds = (
                "lib",
                "lib/private",
                "log",
                "log/private",
                "cache",
                "cache/private",
            )
            places = [f"/var/{kind}/{self._wanted.name}" for kind in kinds]
            result["kept"] = [place for place in places if os.path.isdir(place)]
        return result


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    wish = Wish.parse(module.params)
    require_root()
    deployment = Deployment(module, wish)
    plan = deployment.plan()
    if not plan.changed or module.check_mode:
        deployment.refuse_taken_addresses(plan)
        deployment.verify(plan)
        if not module.check_mode and not wish.absent:
            deployment.remember()
        return deployment.report(plan)

    # Whatever the caller's umask is, the modes are those that are documented.
    os.umask(0o022)
    with lock(Releases(wish.generation.name).lock):
        # What another run did while we waited for the lock counts.
        deployment.present = deployment.read()
        plan = deployment.plan()
        deployment.refuse_taken_addresses(plan)
        deployment.verify(plan)
        deployment.apply(plan)
        if wish.absent:
            deployment.forget()
        else:
            deployment.remember()
        deployment.present = deployment.read()
    return deployment.report(plan)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {
                "type": "str",
                "choices": ["present", "absent"],
                "default": "present",
            },
            "units": {"type": "dict"},
            "release": {"type": "str"},
            "start": {
                "type": "str",
                "choices": ["on_demand", "eager"],
                "default": "on_demand",
            },
            "keep": {"type": "int", "default": 3},
        },
        required_if=[("state", "present", ["units"])],
        supports_check_mode=True,
    )
    try:
        result = run_module(module)
    except REFUSALS as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(msg=f"the host's disk refused: {exc}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
