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
  - activated.services.deployment
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
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._deployment.asked import (
    REFUSALS,
    begin,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.deployer import (
    Deployer,
    DeploymentFailed,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.described import (
    Found,
    all_as_described,
    report,
    report_several,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    Generation,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.judging import (
    judge,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.options import (
    EXCLUSIVE,
    OPTIONS,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.part import (
    Part,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.steps import (
    StepFailed,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.terms import (
    Terms,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ties import (
    give_way,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.together import (
    check_together,
    naming,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.transaction import (
    companions,
    deploy,
    first_steps,
    recover,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.wish import (
    Wish,
)
from ansible_collections.activated.services.plugins.module_utils._host.ending import (
    end,
)
from ansible_collections.activated.services.plugins.module_utils._host.files import (
    Locked,
    lock,
)
from ansible_collections.activated.services.plugins.module_utils._release.tree import (
    STATE,
)

if t.TYPE_CHECKING:
    from ansible_collections.activated.services.plugins.module_utils._deployment.foresight import (
        Foresight,
    )


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

    def take(self, found: Found) -> None:
        """There is nothing to do."""
        self.part = Part(self.deployer, found.wanted, found.present, found.plan)

    def report(self) -> dict[str, t.Any]:
        """What was done, or would be, and what is there now."""
        deployer, part = self.deployer, t.cast("Part", self.part)  # it was planned
        present, changes = part.present, not deployer.terms.check_mode
        if part.plan.changed and changes:
            present = deployer.read(*([] if part.goes else [part.wanted]))
        result = report(self.wish, deployer, Found(part.wanted, present, part.plan))
        if changes and not part.goes and not part.failure:
            deployer.remember_exposure()
        if deployer.proof:
            result["proof"] = deployer.proof
        return result


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
    wishes, systemd, run = begin(module)

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
        return report_all(module, jobs, foresight.plans if foresight else {})
    found = all_as_described([(each.wish, each.deployer) for each in jobs])
    if found is not None:
        for each, there in zip(jobs, found):
            each.take(there)
        return report_all(module, jobs, {})
    jobs = [job(wish) for wish in wishes]
    # Whatever the caller's umask is, the modes are those that are documented.
    os.umask(0o022)
    with locked([each.name for each in jobs]) as tied:
        every_one = deployers(tied)
        try:
            first = recover(every_one, gone)
            for deployer in every_one:
                deployer.tidy()
            act(jobs)
        finally:
            # A wish that was refused leaves no lock behind where nothing else is.
            for deployer in every_one:
                deployer.releases.forget()
    return report_all(module, jobs, first)


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


def report_all(
    module: AnsibleModule, jobs: t.Sequence[Job], first: t.Mapping[str, Plan]
) -> dict[str, t.Any]:
    """What the module returns: of one service, or of several by their names. `first` is
    what was done, or would be, for a run that was interrupted: that changes the host even
    where it leads to what is wanted."""
    failures = {job.name: job.part.failure for job in jobs if job.part}
    failed = {name: failure for name, failure in failures.items() if failure}
    if module.params["services"] is None:
        for failure in failed.values():
            raise failure
        alone = jobs[0].report()
        return {**alone, **_with_first(alone, first)}
    said = {job.name: job.report() for job in jobs}
    for name, failure in failed.items():
        said[name].update(failed=True, msg=str(failure), changed=False, diff=[])
        if failure.proof:
            said[name]["proof"] = failure.proof
    for name in first:
        if name in said:
            said[name]["changed"] = True
    result = report_several(said)
    result.update(_with_first(result, first))
    if failed:
        well = [job.name for job in jobs if job.name not in failed]
        result.update(failed=True, msg=_what_failed(failed, well))
    return result


def _with_first(
    said: t.Mapping[str, t.Any], first: t.Mapping[str, Plan]
) -> dict[str, t.Any]:
    return {
        "changed": said["changed"] or bool(first),
        "diff": [*first_steps(first), *said["diff"]],
    }


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
        required_one_of=[("name", "service", "services")],
        mutually_exclusive=EXCLUSIVE,
        supports_check_mode=True,
        # nothing of it goes to the system's log: a secret may be in the wrong option
        no_log=True,
    )
    try:
        end(module, run_module, (*REFUSALS, Locked, StepFailed))
    except DeploymentFailed as exc:
        evidence = {"proof": exc.proof} if exc.proof else {}
        module.fail_json(msg=str(exc), **evidence)


if __name__ == "__main__":
    main()
