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
      - Either this or O(releases) is required.
    type: str
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
  src: &src
    description:
      - An archive (C(.tar), C(.tar.gz), C(.tar.xz), C(.tar.bz2), C(.zip); C(.tar.zst) where the host has C(zstd) or Python 3.14),
        a single program (it is installed as C(NAME)), or a directory.
      - On the controller, or on the host with O(remote_src=true), or a URL that begins with C(https://), C(http://) or C(ftp://),
        which the host fetches.
      - What it is is told by its first bytes, not by its name.
      - Without it, O(version) must be installed already.
    type: str
  remote_src: &remote_src
    description:
      - Whether O(src) is on the host.
    type: bool
    default: false
  checksum: &checksum
    description:
      - What O(src) must be, as C(sha256:) and 64 hexadecimal digits.
      - Required where O(src) is a URL.
    type: str
  strip_components: &strip_components
    description:
      - How many leading folders to leave away from each name in the archive, as C(tar --strip-components) does.
    type: int
    default: 0
  programs: &programs
    description:
      - Programs that the release must hold, by their path in it. A release without one of them is refused before it is installed.
    type: list
    elements: str
    default: []
  replace: &replace
    description:
      - Whether a version that is installed may be replaced by other bytes under the same version.
      - A version that a deployed service runs never is; it would come into use unproven. New bytes need a new version.
    type: bool
    default: false
  switch: &switch
    description:
      - Whether to make the release the current one, and prune.
      - The role P(activated.services.service#role) leaves that to M(activated.services.deployment).
    type: bool
    default: true
  keep: &keep
    description:
      - How many releases to keep. The current and the one before it are never taken, whatever the number.
    type: int
    default: 3
  releases:
    description:
      - Several releases, each by the options that one alone has. None of those can be given beside.
      - The host is asked once about all of them. One that is refused does not keep the others from being installed.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the service.
        type: str
        required: true
      version:
        description: The version of the release.
        type: str
        required: true
      src: *src
      remote_src: *remote_src
      checksum: *checksum
      strip_components: *strip_components
      programs: *programs
      replace: *replace
      switch: *switch
      keep: *keep
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

- name: Install the releases of two services, beside what they run
  activated.services.release:
    releases:
      - {name: shop, version: 2.0.0, src: shop-2.0.0.tar.gz, switch: false}
      - {name: admin, version: 1.3.1, src: admin-1.3.1.tar.gz, switch: false}

- name: Take every release of a service away
  activated.services.release:
    name: hello
    state: absent
"""

RETURN = r"""
releases:
  description: What is returned of each release alone, in their order; with C(failed) and C(msg) for one that failed.
  returned: with O(releases), failed or not
  type: list
  elements: dict
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.activated.services.plugins.module_utils._deployment.ledger import (
    BrokenLedger,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.plan import (
    Plan,
)
from ansible_collections.activated.services.plugins.module_utils._host.ending import (
    REFUSED,
    end,
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
    EXCLUSIVE,
    OPTIONS,
    is_url,
)
from ansible_collections.activated.services.plugins.module_utils._release.planning import (
    make_plan,
    of_host,
    refused,
    report,
    report_several,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    Releases,
    check_programs,
)
from ansible_collections.activated.services.plugins.module_utils._release.tree import (
    digest_of,
)
from ansible_collections.activated.services.plugins.module_utils._release.version import (
    Installed,
    InvalidRelease,
)
from ansible_collections.activated.services.plugins.module_utils._release.wish import (
    Wish,
)
from ansible_collections.activated.services.plugins.module_utils._units.service_name import (
    InvalidServiceName,
)

if t.TYPE_CHECKING:
    from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
        Source,
    )

REFUSALS = (
    BrokenLedger,
    InvalidRelease,
    InvalidServiceName,
    Locked,
    UnsafeArchive,
    UnsuitableHost,
)


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


def bring(
    module: AnsibleModule, params: t.Mapping[str, t.Any], systemd: int | None
) -> dict[str, t.Any]:
    """Have one release as it is wanted. Raises what is in REFUSALS."""
    wish = Wish.parse(params)
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
            raise InvalidRelease(
                f"src {wish.src} is on the controller, which was to send it"
            )
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


def run_module(module: AnsibleModule) -> dict[str, t.Any]:
    try:
        systemd: int | None = systemd_version(
            lambda argv: module.run_command(argv, handle_exceptions=True)
        )
    except UnsuitableHost:
        systemd = None
    if module.params["releases"] is None:
        return bring(module, module.params, systemd)
    said = []
    for one in module.params["releases"]:
        try:
            said.append(bring(module, {**one, "state": "present"}, systemd))
        except REFUSALS as exc:
            said.append(refused(one, exc))
        except OSError as exc:
            said.append(refused(one, f"{REFUSED}: {exc}"))
    return report_several(said, of_host(systemd))


def main() -> None:
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_one_of=[("name", "releases")],
        mutually_exclusive=EXCLUSIVE,
        supports_check_mode=True,
    )
    end(module, run_module, REFUSALS)


if __name__ == "__main__":
    main()
