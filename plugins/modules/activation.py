#!/usr/bin/python
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: activation
short_description: Prove that a request starts a service, through the right socket
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Brings a service to rest without closing its sockets, puts a request to each of them,
    and shows that this request started the service, that the service's own process
    answered it through the socket that systemd holds, that the answer is right, that the
    process is as unprivileged as its unit says, and that it stays.
  - Everything is read from the kernel and the service manager, nothing from the text of
    unit files. A fact that is missing fails the module, which then says which one.
  - Only the service itself is ever stopped, started or signalled, never another unit, and
    it is left as it was found unless O(leave) says otherwise.
extends_documentation_fragment:
  - activated.services.attributes
attributes:
  check_mode:
    details: In check mode the host is read and RV(plan) says what would be done. Units that
      are not there are no failure, since what comes before may be what installs them.
  diff_mode:
    support: none
    details: A proof has nothing to show the difference of.
options:
  name:
    description:
      - The service, with or without C(.service). For a socket with C(Accept=yes) it is the
        name of the socket or of the template, such as C(echo) or C(echo@).
    type: str
    required: true
  sockets:
    description:
      - The socket units to prove, with or without C(.socket). Without, all that start the
        service.
    type: list
    elements: str
  probes:
    description:
      - What each socket is asked, in this order. A probe is put to every address of its
        socket that it fits.
      - Without any, each socket that takes connections is connected to, and the service
        must take the connection.
    type: list
    elements: dict
    suboptions:
      socket:
        description: The socket, by the name of its descriptor (C(FileDescriptorName=)), by
          its unit, or by what its unit's name has behind the service's.
        type: str
        required: true
      address:
        description: Only this address of the socket, as systemd writes it, with or without
          its kind, or as a path, or as a port by number or name
          (V(https)).
        type: str
      http:
        description: A request of HTTP and the answer that it must have.
        type: dict
        suboptions:
          method:
            description: The request's method.
            type: str
            default: GET
          path:
            description: The request's path.
            type: str
            default: /
          host:
            description: The header C(Host), and over TLS the name that the certificate must
              have. Without, the address.
            type: str
          headers:
            description: More headers.
            type: dict
          data:
            description: A body to send, as text, or as a mapping with C(base64) or C(hex).
            type: raw
          status:
            description: The status that is right, or a list of them.
            type: raw
            default: 200
          body:
            description: What the answer's body must contain, as text, or as a mapping with
              C(regex), C(base64) or C(hex).
            type: raw
          tls:
            description: The same as O(probes[].tls).
            type: raw
      tls:
        description:
          - V(true), or a mapping, to speak TLS.
          - Its keys are C(authority) (a file on the host with the certificates to trust),
            C(pin) (C(sha256:) and the digest of the server's certificate), C(certificate)
            and C(key) (files on the host that the client shows), C(server_name), and
            C(verify) (V(false) takes any certificate).
          - With neither C(authority) nor C(pin), the host's own authorities judge.
        type: raw
      send:
        description: What is sent, as text, or as a mapping with C(base64) or C(hex).
        type: raw
      expect:
        description: What the answer must contain, as text, or as a mapping with C(regex),
          C(base64) or C(hex).
        type: raw
      command:
        description: The last resort, a command with its arguments that is run on the host
          and must end with status 0. It is not run through a shell.
        type: list
        elements: str
      timeout:
        description: Seconds that this probe may take, within O(timeout).
        type: float
  triggers:
    description:
      - Path units and timers that must start the service too, by their whole names.
      - For a path unit the paths that it watches are touched; what exists keeps its
        contents, and what is made for it is removed. A timer is fired at once by a drop-in
        for its length, after it was checked that it has a next time to elapse at; this
        needs C(systemctl daemon-reload) and is refused while any unit's file on the host
        has changed without one.
    type: list
    elements: str
  timeout:
    description: Seconds in which each probe must have its answer, whatever the peer does.
    type: float
    default: 30.0
  settle:
    description: Seconds that the service must keep running after its last answer, without a
      restart.
    type: float
    default: 0.25
  rest:
    description:
      - V(once) brings the service to rest before the first probe, V(each) before each.
      - V(found) never stops it, and fails if it is running.
      - V(keep) keeps a service that is running; its start is then not proven, everything
        else is.
    type: str
    choices: [once, each, found, keep]
    default: once
  leave:
    description: How the service is left, with its sockets open in any case.
    type: str
    choices: [as_found, running, idle]
    default: as_found
  samples:
    description: How many starts are measured for RV(proof.latency).
    type: int
    default: 1
  reset:
    description: Open sockets again that a start or trigger limit, or another failure, has
      closed. Without, they fail the proof.
    type: bool
    default: false
  accept:
    description:
      - Facts that may be missing, and directives that may have no effect on this host
        (V(MemoryMax) where there is no memory controller, V(user) for a service that must
        run as root). They become RV(proof.notes).
      - With V(rest), other units that run and stop with the service may do so. They are
        started again at the end, unless O(leave=idle).
    type: list
    elements: str
    default: []
  credentials:
    description: Names of credentials that the service must see, besides those that its
      unit declares.
    type: list
    elements: str
    default: []
  crash:
    description: Kill the main process this many times while clients keep asking the first
      probe. No connection may be refused, and no request lost but those that the killed
      process had in its hands.
    type: int
    default: 0
  crash_clients:
    description: How many clients ask at once meanwhile.
    type: int
    default: 4
  hang:
    description: Stop the main process as if it hung; its watchdog must bring it back.
    type: bool
    default: false
  restart:
    description: Restart the service, and activate it once more after that.
    type: bool
    default: false
  idle:
    description: Seconds in which the service must leave by itself when nothing asks it; it
      must come back when something does. V(0) leaves this out.
    type: float
    default: 0.0
  journal_lines:
    description: How many lines of the service's journal are returned when the proof fails.
    type: int
    default: 20
seealso:
  - module: activated.services.deployment
    description: Deploys a service, and proves it in the same way.
notes:
  - It must run as root, since only root sees whose a socket is.
"""

EXAMPLES = r"""
- name: Prove that a connection starts the service
  activated.services.activation:
    name: hello

- name: Prove each socket by its answer
  activated.services.activation:
    name: hello
    probes:
      - socket: http
        http:
          path: /
          body: Hello
      - socket: https
        http:
          host: hello.example.org
          tls:
            authority: /etc/ssl/hello-ca.pem

- name: Prove a protocol of lines over a unix socket
  activated.services.activation:
    name: lunch
    probes:
      - socket: control
        send: "PING\n"
        expect:
          regex: ^PONG
        timeout: 2

- name: Prove that crashes lose nothing, and measure twenty starts
  activated.services.activation:
    name: hello
    probes:
      - socket: http
        http: {}
    crash: 50
    restart: true
    samples: 20
"""

RETURN = r"""
proof:
  description: What was found.
  returned: always
  type: dict
  contains:
    service:
      description: Its name, its type, systemd's version, how it was found and left, how many
        milliseconds it was watched after its last answer, and whether its credentials had
        gone once it was stopped (C(credentials_gone)).
      type: dict
      sample: {name: hello.service, type: notify, systemd: 257, found: inactive,
               left: inactive, settled_ms: 250.4}
    sockets:
      description: For each socket, by name, its unit and addresses, the processes that hold
        it, whether it triggered the start and by whose request (V(probe) or another
        V(client)), which process answered, the milliseconds to the first byte, and for each
        address where the time went (RV(proof.latency)).
      type: dict
    triggers:
      description: For each of O(triggers), whether it started the service.
      type: dict
    process:
      description: The main process, with its user and groups, its capabilities, system call
        filter, no-new-privileges flag, name spaces (V(private) or V(host)), the descriptors
        that it was given, and its credentials by name (never their contents), with
        whether each is the one that was deployed (C(as_deployed), null where nobody knows)
        and whether another unprivileged user could read it (C(others_read)).
      type: dict
    sandbox:
      description:
        - The directives of the sandbox that are set, as declared (C(declared)) and as the
          kernel shows them (C(effective)). Each is in exactly one of three lists.
        - C(agrees) are those of which the kernel shows that what they forbid is out of reach.
        - C(differences) are those of which it shows that it is not. Each has C(directive),
          C(declared), C(effective) and C(message), and is a problem unless O(accept) names it.
        - C(unknown) are those of which nothing shows whether they have an effect. They are
          declared only, since that some system call filter is installed says nothing of which.
      type: dict
    latency:
      description: Milliseconds from the probe's first packet to the first byte, whole, and
        split into the manager's part (C(manager_ms), until the program runs), the program's
        (C(program_ms), until it is ready) and the answer. A program that does not say when
        it is ready has its answer within C(program_ms).
      type: dict
    trials:
      description: The numbers of O(crash), O(hang), O(restart) and O(idle).
      type: dict
    problems:
      description: The facts that are missing, each with its name, its socket and a sentence.
      type: list
      elements: dict
      sample:
        - fact: triggered
          socket: http
          message: a condition of hello.service is not met
    notes:
      description: What is worth knowing and no problem.
      type: list
      elements: str
    journal:
      description: The last lines of the service's journal, when the proof fails.
      type: list
      elements: str
plan:
  description: What would be done, in sentences.
  returned: in check mode
  type: list
  elements: str
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._credential.keeper import (
    matches_deployed,
)
from ansible_collections.activated.services.plugins.module_utils._host.manager import (
    Manager,
    ManagerError,
)
from ansible_collections.activated.services.plugins.module_utils._proof.probe import (
    InvalidProbe,
)
from ansible_collections.activated.services.plugins.module_utils._proof.proof import (
    InvalidWish,
    Wish,
)
from ansible_collections.activated.services.plugins.module_utils._proof.prover import (
    plan,
    prove,
)

RAW = {"type": "raw"}
HTTP = {
    "method": {"type": "str", "default": "GET"},
    "path": {"type": "str", "default": "/"},
    "host": {"type": "str"},
    "headers": {"type": "dict"},
    "data": RAW,
    "status": {"type": "raw", "default": 200},
    "body": RAW,
    "tls": RAW,
}
PROBE = {
    "socket": {"type": "str", "required": True},
    "address": {"type": "str"},
    "http": {"type": "dict", "options": HTTP},
    "tls": RAW,
    "send": RAW,
    "expect": RAW,
    "command": {"type": "list", "elements": "str"},
    "timeout": {"type": "float"},
}
STRINGS = {"type": "list", "elements": "str", "default": []}
OPTIONS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "sockets": {"type": "list", "elements": "str"},
    "probes": {"type": "list", "elements": "dict", "options": PROBE},
    "triggers": {"type": "list", "elements": "str"},
    "timeout": {"type": "float", "default": 30.0},
    "settle": {"type": "float", "default": 0.25},
    "rest": {
        "type": "str",
        "choices": ["once", "each", "found", "keep"],
        "default": "once",
    },
    "leave": {
        "type": "str",
        "choices": ["as_found", "running", "idle"],
        "default": "as_found",
    },
    "samples": {"type": "int", "default": 1},
    "reset": {"type": "bool", "default": False},
    "accept": STRINGS,
    "credentials": STRINGS,
    "crash": {"type": "int", "default": 0},
    "crash_clients": {"type": "int", "default": 4},
    "hang": {"type": "bool", "default": False},
    "restart": {"type": "bool", "default": False},
    "idle": {"type": "float", "default": 0.0},
    "journal_lines": {"type": "int", "default": 20},
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    if os.geteuid() != 0:
        module.fail_json(msg="activation must run as root: use become")
    try:
        wish = Wish.parse({**module.params, "spare": True})
    except (InvalidProbe, InvalidWish) as exc:
        module.fail_json(msg=str(exc))

    def run(argv: list[str], env: dict[str, str] | None = None) -> tuple[int, str, str]:
        return t.cast(
            "tuple[int, str, str]", module.run_command(argv, environ_update=env)
        )

    manager = Manager(run)
    try:
        if module.check_mode:
            proof, steps = plan(wish, manager)
            module.exit_json(changed=proof.changed, proof=proof.returned(), plan=steps)
        known = matches_deployed(wish.service, manager.version)
        proof = prove(wish, manager, known=known)
    except ManagerError as exc:
        module.fail_json(msg=f"systemd cannot be asked: {exc}")
    result = {"changed": proof.changed, "proof": proof.returned()}
    if proof.problems:
        module.fail_json(
            msg=f"{wish.service} is not proven: {proof.summary()}", **result
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
