#!/usr/bin/python

# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Install, switch and prune the releases of one service
version_added: 0.1.0
author:
  - The activated.services authors (@activated-services)
description:
  - Installs a release to C(/opt/NAME/releases/VERSION), from an archive, a single program or a directory.
  - A release is unpacked into a hidden sibling, synced to disk and renamed, so that it is there wholly or not at all.
    Everything in it belongs to root, is writable by nobody else and carries no set-uid bit.
  - The link C(/opt/NAME/current) is switched by renaming a fresh link over it.
  - A release is known by its version B(and) the digest of what it was made of. The same again changes nothing and transfers nothing.
    The same version made of other bytes is refused unless O(replace=true).
  - Every entry of an archive is judged before the first is written. Absolute paths, C(..), links that lead outside, device nodes
    and entries of one name refuse the archive as a whole.
extends_documentation_fragment:
  - activated.services.attributes
options:
  name:
    description:
      - The name of the service; the releases are kept below C(/opt/NAME).
    type: str
    required: true
  state:
    description:
      - V(present) installs the release.
      - V(absent) takes all releases of the service away, C(current) included. With O(version) it takes that one alone, unless it is
        the current one.
    type: str
    choices: [present, absent]
    default: present
  version:
    description:
      - The version of the release, the name of its folder.
      - Required with O(state=present).
    type: str
  src:
    description:
      - An archive (C(.tar), C(.tar.gz), C(.tar.xz), C(.tar.bz2), C(.zip); C(.tar.zst) where the host has C(zstd) or Python 3.14),
        a single program (it is installed as C(NAME)), or a directory.
      - On the controller, or on the host with O(remote_src=true), or a URL that begins with C(https://), C(http://) or C(ftp://),
        which the host fetches.
      - What it is is told by its first bytes, not by its name.
      - Without it, O(version) must be installed already.
    type: str
  remote_src:
    description:
      - Whether O(src) is on the host.
    type: bool
    default: false
  checksum:
    description:
      - What O(src) must be, as C(sha256:) and 64 hexadecimal digits.
      - Required where O(src) is a URL.
    type: str
  strip_components:
    description:
      - How many leading folders to leave away from each name in the archive, as C(tar --strip-components) does.
    type: int
    default: 0
  programs:
    description:
      - Programs that the release must hold, by their path in it. A release without one of them is refused before it is installed.
    type: list
    elements: str
    default: []
  replace:
    description:
      - Whether a version that is installed may be replaced by other bytes under the same version.
      - A version that a deployed service runs never is; it would come into use unproven. New bytes need a new version.
    type: bool
    default: false
  switch:
    description:
      - Whether to make the release the current one, and prune.
      - The role P(activated.services.service#role) leaves that to M(activated.services.deployment).
    type: bool
    default: true
  keep:
    description:
      - How many releases to keep. The current and the one before it are never taken, whatever the number.
    type: int
    default: 3
notes:
  - The service is neither told nor restarted. M(activated.services.deployment) does that.
seealso:
  - module: activated.services.deployment
"""

EXAMPLES = r"""
- name: Install a release from the controller and make it current
  activated.services.release:
    name: hello
    version: 1.4.2
    src: hello-1.4.2.tar.gz

- name: Fetch one, and look twice
  activated.services.release:
    name: lunchd
    version: "2.0"
    src: https://example.org/lunchd-2.0-linux-amd64.tar.xz
    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    strip_components: 1

- name: Take every release of a service away
  activated.services.release:
    name: hello
    state: absent
"""

RETURN = r"""
release:
  description: The release that was asked for, and what is there.
  returned: success
  type: dict
  contains:
    name:
      description: The service.
      type: str
    version:
      description: The version that was asked for.
      type: str
    path:
      description: Where it is.
      type: str
    digest:
      description: What it was made of.
      type: str
    current:
      description: The version that C(current) points at afterwards.
      type: str
    previous:
      description: The version that was current before it.
      type: str
    installed:
      description: All installed versions.
      type: list
      elements: str
  sample:
    name: hello
    version: 1.4.2
    path: /opt/hello/releases/1.4.2
    digest: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    current: 1.4.2
    previous: 1.4.1
    installed: [1.4.1, 1.4.2]
plan:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - action: install
      subject: /opt/hello/releases/1.4.2
      reason: it is not installed
seals:
  description: Whether the host encrypts the credentials that it stores.
  returned: success
  type: bool
  sample: true
systemd:
  description: The version of systemd on the host, V(null) where there is none.
  returned: success
  type: int
  sample: 252
"""

import os
import shutil
import tempfile
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._credential.store import (
    seals,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    BrokenLedger,
    Ledger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Change,
    Plan,
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
from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    UnsafeArchive,
)
from ansible_collections.activated.services.plugins.module_utils._release.options import (
    CHECKSUM_FORM,
    OPTIONS,
    is_url,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    Installed,
    InvalidRelease,
    Releases,
    check_programs,
    check_version,
    digest_of,
)
from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
    check_service_name,
)

if t.TYPE_CHECKING:
    from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
        Source,
    )


@dataclass(frozen=True)
class Wish:
    """The options, as they were meant."""

    name: str
    absent: bool
    version: str
    src: str | None
    remote_src: bool
    digest: str | None
    strip: int
    programs: tuple[str, ...]
    replace: bool
    switch: bool
    keep: int

    @classmethod
    def parse(cls, params: t.Mapping[str, t.Any]) -> Wish:
        """Raises InvalidRelease or InvalidServiceName, naming the option."""
        checksum = params["checksum"]
        if checksum is not None and not CHECKSUM_FORM.match(checksum):
            raise InvalidRelease(
                f"checksum {checksum!r} must be sha256: and 64 hexadecimal digits"
            )
        src = params["src"]
        if src and is_url(src) and not checksum:
            raise InvalidRelease(
                f"checksum is missing: a release from a URL ({src}) is only installed "
                "when its checksum is known, as sha256:…"
            )
        if params["keep"] < 1:
            raise InvalidRelease("keep must be at least 1")
        if params["strip_components"] < 0:
            raise InvalidRelease("strip_components must not be negative")
        absent = params["state"] == "absent"
        return cls(
            name=check_service_name(params["name"]),
            absent=absent,
            version=check_version(params["version"]) if params["version"] else "",
            src=src,
            remote_src=params["remote_src"],
            digest=checksum.lower() if checksum else None,
            strip=params["strip_components"],
            programs=tuple(params["programs"]),
            replace=params["replace"],
            switch=params["switch"],
            keep=params["keep"],
        )


def make_plan(wish: Wish, releases: Releases, digest: str | None) -> Plan:
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


def in_use_by_deployment(wish: Wish, releases: Releases) -> set[str]:
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


def removal_plan(wish: Wish, releases: Releases) -> Plan:
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


def apply(
    plan: Plan, wish: Wish, releases: Releases, source: Source | None, digest: str
) -> None:
    """Do what was planned, in its order."""
    for change in plan:
        if change.action == "remove":
            releases.remove_all()
        elif change.action in ("install", "replace") and source:
            releases.install(
                source,
                wish.version,
                Installed(digest, wish.strip),
                wish.programs,
                replace=change.action == "replace",
            )
        elif change.action == "switch":
            releases.switch(wish.version)
        elif change.action == "prune":
            releases.remove(os.path.basename(change.subject))


def local_source(wish: Wish, module: AnsibleModule) -> tuple[str, str | None]:
    """The file to install from and its digest; what is on the controller is not here."""
    if not wish.src or wish.absent:
        return "", None
    if is_url(wish.src) or not wish.remote_src:
        return "", wish.digest
    path = wish.src
    if os.path.isdir(path):
        from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
            pack_directory,
        )

        handle, packed = tempfile.mkstemp(dir=module.tmpdir, suffix=".tar")
        with os.fdopen(handle, "wb") as file:
            pack_directory(path, file)
        path = packed
    digest = digest_of(path)
    if wish.digest and digest != wish.digest:
        raise InvalidRelease(
            f"checksum differs: {wish.src} is {digest}, not {wish.digest}"
        )
    return path, digest


def judged(path: str, wish: Wish, module: AnsibleModule) -> Source:
    """The source at `path`, all of it read and found good, before anything is changed.

    A checksum only says something of a file that nobody can change meanwhile: what is
    not in the module's own folder is copied there first.
    """
    if wish.digest and os.path.dirname(path) != module.tmpdir:
        handle, private = tempfile.mkstemp(dir=module.tmpdir)
        os.close(handle)
        shutil.copyfile(path, private)
        came = digest_of(private)
        if came != wish.digest:
            raise InvalidRelease(f"checksum differs: {wish.src} changed, to {came}")
        path = private
    # It brings tarfile, zipfile and lzma: for what is unpacked only.
    from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
        Source,
    )

    source = Source(path, wish.name)
    check_programs(source, wish.strip, wish.programs)
    return source


def fetch(url: str, digest: str, module: AnsibleModule) -> str:
    """The path of what was fetched. Raises InvalidRelease where it is not `digest`."""
    from ansible.module_utils.urls import fetch_url

    response, info = fetch_url(module, url, timeout=30)
    if info["status"] not in (200, -1) or response is None:
        raise InvalidRelease(f"src could not be fetched: {url}: {info['msg']}")
    handle, path = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "wb") as file:
        for block in iter(lambda: response.read(1024 * 1024), b""):
            file.write(block)
    came = digest_of(path)
    if came != digest:
        raise InvalidRelease(
            f"checksum differs: {url} gave {came}, not {digest}; nothing was installed"
        )
    return path


def report(
    wish: Wish, releases: Releases, plan: Plan, systemd: int | None, digest: str | None
) -> dict[str, t.Any]:
    there = releases.installed(wish.version) if wish.version else None
    return {
        "changed": plan.changed,
        "plan": plan.as_dicts(),
        "diff": plan.diff(),
        "systemd": systemd,
        "seals": systemd is not None and seals(systemd),
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


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    wish = Wish.parse(module.params)
    try:
        systemd: int | None = systemd_version(
            lambda argv: module.run_command(argv, handle_exceptions=True)
        )
    except UnsuitableHost:
        systemd = None

    releases = Releases(wish.name)
    path, digest = local_source(wish, module)
    plan = make_plan(wish, releases, digest)
    coming = bool(plan.subjects("install", "replace"))
    source = judged(path, wish, module) if path and coming else None
    if module.check_mode or not plan.changed:
        return report(wish, releases, plan, systemd, digest)

    require_root()
    # Whatever the caller's umask is, the modes are those that are documented.
    os.umask(0o022)
    if coming and not source:
        if not is_url(wish.src or ""):
            # The action plugin asked whether it has to send the file: it has.
            return {"changed": False, "needs_source": True}
        source = judged(fetch(wish.src or "", digest or "", module), wish, module)
    with lock(releases.lock):
        try:
            # What another run did while we waited for the lock counts.
            plan = make_plan(wish, releases, digest)
            if not wish.absent:
                releases.prepare()
            apply(plan, wish, releases, source, digest or "")
        finally:
            releases.tidy()
    return report(wish, releases, plan, systemd, digest)


def main() -> None:
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_if=[("state", "present", ["version"])],
        supports_check_mode=True,
    )
    try:
        result = run_module(module)
    except (InvalidRelease, InvalidServiceName, UnsafeArchive) as exc:
        module.fail_json(msg=str(exc))
    except (BrokenLedger, Locked, UnsuitableHost) as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(msg=f"the host's disk refused: {exc}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
