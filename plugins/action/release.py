# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a release from the controller, and only when the host lacks it.

The host is first told the digest. It answers that it has these bytes, and nothing
travels, or that it needs them, and they are judged here before they are sent.
"""

from __future__ import annotations

import os
import tempfile
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    UnsafeArchive,
)
from ansible_collections.activated.services.plugins.module_utils._release.options import (
    OPTIONS,
    is_url,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    InvalidRelease,
    check_programs,
    digest_of,
)
from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
    Source,
    pack_directory,
)

MODULE = "activated.services.release"


class ActionModule(ActionBase):
    """The controller's side of the module `release`."""

    # A temporary folder on the host is only made once a file has to travel.
    TRANSFERS_FILES = False

    def run(
        self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        _checked, args = self.validate_argument_spec(argument_spec=OPTIONS)
        args = {key: value for key, value in args.items() if value is not None}
        src = args.get("src")
        if not src or args["remote_src"] or is_url(src) or args["state"] == "absent":
            result.update(self._execute(args, task_vars))
            return result
        with tempfile.TemporaryDirectory() as folder:
            try:
                result.update(self._from_controller(args, folder, task_vars))
            except (UnsafeArchive, InvalidRelease) as exc:
                result.update(failed=True, msg=str(exc))
        return result

    def _execute(self, args: dict[str, t.Any], task_vars: t.Any) -> dict[str, t.Any]:
        return self._execute_module(
            module_name=MODULE, module_args=args, task_vars=task_vars
        )

    def _from_controller(
        self, args: dict[str, t.Any], folder: str, task_vars: t.Any
    ) -> dict[str, t.Any]:
        path = self._packed(self._found(args["src"]), folder)
        digest = digest_of(path)
        wanted = args.get("checksum")
        if wanted and wanted.lower() != digest:
            raise InvalidRelease(
                f"checksum differs: {args['src']} is {digest}, not {wanted}"
            )
        args = {**args, "checksum": digest}
        answer = self._execute(args, task_vars)
        coming = [step["action"] for step in answer.get("plan", [])]
        if answer.get("needs_source") or "install" in coming or "replace" in coming:
            check_programs(
                Source(path, args["name"]), args["strip_components"], args["programs"]
            )
        if not answer.pop("needs_source", False):
            return answer
        remote = self._connection._shell.join_path(
            self._connection._shell.tmpdir or self._make_tmp_path(), "release"
        )
        self._transfer_file(path, remote)
        self._fixup_perms2([os.path.dirname(remote), remote])
        return self._execute({**args, "src": remote, "remote_src": True}, task_vars)

    def _found(self, src: str) -> str:
        try:
            return self._find_needle("files", src)
        except AnsibleError as exc:
            raise InvalidRelease(
                f"src {src!r} is not on the controller: {exc}"
            ) from exc

    def _packed(self, path: str, folder: str) -> str:
        if not os.path.isdir(path):
            return path
        packed = os.path.join(folder, "release.tar")
        with open(packed, "wb") as file:
            pack_directory(path, file)
        return packed
