#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: harden
short_description: Find the tightest sandbox that a running service bears
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Restarts a service under one set of sandbox directives after another, has each judged by a proof, and returns the tightest set
    that passed as a whole, with the exposure before and after, and with what was seen of each directive that had to go.
  - The directives and their values are those of the sandbox levels, with steps in between. What the running program shows that it
    cannot do without is not tried at all.
  - The trials are drop-ins below C(/run/systemd/system). When it ends, in whatever way, they are gone and the service is as it was
    found. After a kill that nothing can catch, the next run does that first.
  - Nothing is kept. RV(drop_in) is for you to install, or RV(variables) for the role P(activated.services.service#role).
extends_documentation_fragment:
  - activated.services.attributes
attributes:
  check_mode:
    details: In check mode nothing is restarted. RV(plan) says what would be tried. Of a service that is not running, less is known.
  diff_mode:
    support: none
    details: What was there is put back, so that there is no difference.
options:
  name:
    description:
      - The service, with or without C(.service). It may be any service of the host's own manager; not a template, but one of its instances.
    type: str
    required: true
  probes:
    description:
      - What the service is asked in each trial, in this order. It should make the program do everything that it must be able to do.
        What no probe asks for may be broken by the result.
      - As those of M(activated.services.activation). Where systemd opens the service's sockets, O(probes[].socket) names one of them.
        Where it opens them itself, O(probes[].address) says where it is asked.
      - Without any, each socket that takes connections is connected to.
    type: list
    elements: dict
    suboptions:
      socket:
        description: The socket, where systemd opens it.
        type: str
      address:
        description:
          - The address (V(127.0.0.1:80), V([::1]:80), a port, the path of a unix socket), with C((Datagram)) behind it where it is no stream.
          - Where O(probes[].socket) is given, only this address of that socket.
        type: str
      http:
        description: A request of HTTP and the answer that it must have, as in M(activated.services.activation).
        type: dict
      tls:
        description: V(true), or a mapping, to speak TLS, as in M(activated.services.activation).
        type: raw
      send:
        description: What is sent, as text, or as a mapping with C(base64) or C(hex).
        type: raw
      expect:
        description: What the answer must contain, as text, or as a mapping with C(regex), C(base64) or C(hex).
        type: raw
      command:
        description: A command with its arguments that is run on the host and must end with status 0. It is not run through a shell.
        type: list
        elements: str
      timeout:
        description: Seconds that this probe may take, within O(timeout).
        type: float
  only:
    description: Only these directives are tried.
    type: list
    elements: str
    default: []
  keep:
    description: These directives are left as they are.
    type: list
    elements: str
    default: []
  accept:
    description:
      - Facts that may be missing from each proof, as in M(activated.services.activation).
      - With V(rest), other units that run and stop with the service may do so in each trial. They are started again at the end.
    type: list
    elements: str
    default: []
  restarts_max:
    description:
      - How often the service may be started or restarted, the first proof, the last and the way back included.
        When they are used up, the best set that has passed by then is the result, and RV(undecided) says what is left.
    type: int
    default: 25
  timeout:
    description: Seconds in which the service must have started, and each probe must have its answer.
    type: float
    default: 30.0
  settle:
    description: Seconds that the service must keep running after its last answer.
    type: float
    default: 0.5
  state:
    description:
      - V(fitted) does all of the above.
      - V(restored) only takes away what a run that was killed has left, and leaves the service as that run found it.
    type: str
    choices: [fitted, restored]
    default: fitted
notes:
  - Each trial is a restart. A service that opens its sockets itself refuses connections meanwhile; one whose sockets systemd opens lets them wait.
  - It must run as root.
  - While it runs, C(/run/activated.services/harden/NAME.service.log) has a line for each trial that is over.
seealso:
  - module: activated.services.activation
  - plugin: activated.services.sandbox
    plugin_type: filter
  - plugin: activated.services.exposure
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See what would be tried
  activated.services.harden:
    name: nginx
  check_mode: true

- name: Fit nginx
  activated.services.harden:
    name: nginx
    probes:
      - address: 127.0.0.1:80
        http: {path: /, body: Welcome}
  register: fitted

- name: Keep what was found
  ansible.builtin.copy:
    dest: /etc/systemd/system/nginx.service.d/50-sandbox.conf
    content: "{{ fitted.drop_in }}"
    mode: "0644"

- name: Fit a service of the role, but for its memory
  activated.services.harden:
    name: hello
    keep: [MemoryDenyWriteExecute]
    probes:
      - socket: http
        http: {body: Hello}

- name: Take away what a killed run has left
  activated.services.harden:
    name: nginx
    state: restored
"""

RETURN = r"""
service:
  description: The service's unit.
  returned: when it was fitted
  type: str
  sample: nginx.service
judge:
  description: V(activation) where a request started it each time, V(restart) where it opens its sockets itself.
  returned: when it was fitted
  type: str
exposure:
  description: systemd's figure without and with what was kept, and its word for each.
  returned: when it was fitted, and in check mode
  type: dict
  sample: {before: 9.6, after: 2.4, level_before: UNSAFE, level_after: OK}
drop_in:
  description: The text of a drop-in that gives the unit what was kept. Empty where nothing could be tightened.
  returned: when it was fitted
  type: str
variables:
  description: The same as variables of the role C(service).
  returned: when the unit is one of this collection
  type: dict
  sample: {service_sandbox: {level: sealed, except: {ProcSubset: null}}}
kept:
  description: What was kept, a line each.
  returned: when it was fitted
  type: list
  elements: str
gone:
  description:
    - What had to go. RV(gone[].directive) failed in RV(gone[].start) with nothing beside it that had not passed before; that is proven.
      What RV(gone[].errors) and RV(gone[].ended) say was read in the journal of that trial, and may have another cause.
  returned: when it was fitted
  type: list
  elements: dict
  contains:
    directive:
      description: The line of the unit.
      type: str
    start:
      description: In which start that was.
      type: int
    proof:
      description: What the proof missed.
      type: str
    ended:
      description: How the main process ended, if it did.
      type: str
    errors:
      description: The lines of the journal that name an error, with its name, and with the path and the call where they name one.
      type: list
      elements: dict
    cause:
      description: What killing instead of refusing has shown, for the filter of system calls.
      returned: where it was tried
      type: str
    journal:
      description: The last lines of the journal of that trial.
      type: list
      elements: str
left_alone:
  description: Directives that were not tried at all, or not in full, each with what was seen of the program that speaks against it.
  returned: when it was fitted
  type: dict
undecided:
  description: What O(restarts_max) was too small for.
  returned: when it was fitted
  type: list
  elements: str
restarts:
  description: How often the service was started or restarted.
  returned: when it was fitted
  type: int
trials:
  description: Each trial, with what was new in it, whether it passed, and if not, what the proof said.
  returned: when it was fitted
  type: list
  elements: dict
progress:
  description: A line for each start. In check mode, the file on the host that has them while it runs.
  returned: when it was fitted, and in check mode
  type: raw
plan:
  description: What would be tried, in check mode.
  returned: in check mode
  type: dict
proof:
  description: The proof, as M(activated.services.activation) returns it.
  returned: when the service is not proven even as it is
  type: dict
notes:
  description: What is worth knowing.
  returned: when it was fitted
  type: list
  elements: str
"""

import contextlib
import os
import signal
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._fitting.bench import (
    RECORDS,
    Bench,
    BenchError,
)
from ansible_collections.activated.services.plugins.module_utils._fitting.fitter import (
    Fitter,
)
from ansible_collections.activated.services.plugins.module_utils._fitting.judge import (
    NotProven,
)
from ansible_collections.activated.services.plugins.module_utils._fitting.terms import (
    InvalidFit,
    Terms,
)
from ansible_collections.activated.services.plugins.module_utils._host.facts import (
    UnsuitableHost,
    require_root,
    systemd_version,
)
from ansible_collections.activated.services.plugins.module_utils._host.files import (
    Locked,
    lock,
    remove,
)
from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    Manager,
    ManagerError,
)
from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    InvalidProbe,
)
from ansible_collections.activated.services.plugins.module_utils._sandbox.dials import (
    UnknownDirective,
)

RAW = {"type": "raw"}
STRINGS = {"type": "list", "elements": "str", "default": []}
PROBE = {
    "socket": {"type": "str"},
    "address": {"type": "str"},
    "http": {"type": "dict"},
    "tls": RAW,
    "send": RAW,
    "expect": RAW,
    "command": {"type": "list", "elements": "str"},
    "timeout": {"type": "float"},
}
OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "probes": {"type": "list", "elements": "dict", "options": PROBE},
    "only": STRINGS,
    "keep": STRINGS,
    "accept": STRINGS,
    "restarts_max": {"type": "int", "default": 25},
    "timeout": {"type": "float", "default": 30.0},
    "settle": {"type": "float", "default": 0.5},
    "state": {"type": "str", "choices": ["fitted", "restored"], "default": "fitted"},
}
REFUSALS = (
    BenchError,
    InvalidFit,
    InvalidProbe,
    Locked,
    UnknownDirective,
    UnsuitableHost,
)


class Interrupted(BaseException):
    """A signal asked this run to end. Like KeyboardInterrupt it passes by whoever catches
    every `Exception`, as `run_command` does."""


SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def undisturbed() -> None:
    """Let nothing that can be ignored disturb the way back."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def shielded() -> t.Iterator[None]:
    """Let nothing disturb the way back, and be heard again when it is gone."""
    before = [signal.signal(number, signal.SIG_IGN) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before):
            signal.signal(number, handler)


@contextlib.contextmanager
def interruptible() -> t.Iterator[None]:
    """Let the signals that end a program end this one only after it has tidied up."""

    def end(number: int, _frame: object) -> None:
        undisturbed()
        raise Interrupted(f"ended by {signal.Signals(number).name}")

    before = [signal.signal(number, end) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before):
            signal.signal(number, handler)


def work(module: AnsibleModule, manager: Manager) -> dict[str, t.Any]:
    terms = Terms.parse(module.params)
    log = os.path.join(RECORDS, f"{terms.service}.log")
    said: list[str] = []

    def progress(line: str) -> None:
        said.append(line)
        with open(log, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    fitter = Fitter(terms, manager, progress=progress, shielded=shielded)
    if module.check_mode and terms_are(module, "restored"):
        return {"changed": Bench(manager, terms.service).leftover}
    if module.check_mode:
        fitter.read()
        return {"changed": False, "progress": log, **fitter.planned()}
    with lock(
        os.path.join(RECORDS, f"{terms.service}.lock"), timeout=5
    ), interruptible():
        remove(log)
        if terms_are(module, "restored"):
            with shielded():
                return {"changed": Bench(manager, terms.service).recover()}
        with contextlib.ExitStack() as stack:
            stack.callback(remove, log)
            fitter.read()
            if fitter.subject.owner:  # no deployment of it meanwhile
                stack.enter_context(lock(fitter.subject.deployment_lock, timeout=5))
            return {"changed": False, **fitter.run(), "progress": said}


def terms_are(module: AnsibleModule, state: str) -> bool:
    return bool(module.params["state"] == state)


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)

    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        return t.cast(
            "tuple[int, str, str]", module.run_command(argv, environ_update=env)
        )

    try:
        require_root()
        systemd_version(run)
        result = work(module, Manager(run))
    except NotProven as exc:
        module.fail_json(msg=str(exc), proof=exc.proof.returned())
    except Interrupted as exc:
        module.fail_json(msg=f"{exc}; the service was left as it was found")
    except REFUSALS as exc:
        module.fail_json(msg=str(exc))
    except ManagerError as exc:
        module.fail_json(msg=f"systemd cannot be asked: {exc}")
    except OSError as exc:
        module.fail_json(msg=f"the host's disk refused: {exc}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
