# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a release from the controller, and only when the host lacks it.

The host is first told the digests. It answers that it has these bytes, and nothing
travels, or that it needs them, and they are judged here before they are sent. What asks is
the light module `described`, once for all releases of a task.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    UnsafeArchive,
)
from ansible_collections.activated.services.plugins.module_utils._release.options import (
    EXCLUSIVE,
    OPTIONS,
    RELEASES,
    is_url,
)
from ansible_collections.activated.services.plugins.module_utils._release.planning import (
    refused,
    report_several,
)
from ansible_collections.activated.services.plugins.module_utils._release.releases import (
    check_programs,
)
from ansible_collections.activated.services.plugins.module_utils._release.tree import (
    digest_of,
)
from ansible_collections.activated.services.plugins.module_utils._release.unpack import (
    Source,
    pack_directory,
)
from ansible_collections.activated.services.plugins.module_utils._release.version import (
    InvalidRelease,
)

LIGHT = "activated.services.described"
WHOLE = "activated.services.release"
KNOWN = RELEASES["options"]
# What Ansible itself reads in the answer of any module.
ASIDE = ("warnings", "deprecations", "ansible_facts")


class ActionModule(ActionBase):
    """The controller's side of the module `release`."""

    # A temporary folder on the host is only made once a file has to travel.
    TRANSFERS_FILES = False

    def run(
        self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        self._aside: dict[str, t.Any] = {}
        _checked, args = self.validate_argument_spec(
            argument_spec=OPTIONS,
            required_one_of=[("name", "releases")],
            mutually_exclusive=EXCLUSIVE,
        )
        several = args["releases"] is not None
        if not several and (args["state"] == "absent" or not args["version"]):
            answer = self._bring([_given(args)], False, task_vars)
            return {**result, **answer, **self._aside}
        with tempfile.TemporaryDirectory() as folder:
            wishes = [
                Wish(number, _given(one), folder)
                for number, one in enumerate(args["releases"] if several else [args])
            ]
            try:
                answer = self._answer(wishes, several, task_vars)
            except (UnsafeArchive, InvalidRelease) as exc:
                answer = {"failed": True, "msg": str(exc)}
        return {**result, **answer, **self._aside}

    def _answer(
        self, wishes: t.Sequence[Wish], several: bool, task_vars: t.Any
    ) -> dict[str, t.Any]:
        """What the host says of all of them, once each is there. What is wrong with one
        of several is in its own answer, and does not keep the others."""
        for wish in wishes:
            with wish.blamed():
                if wish.is_local:
                    wish.take(self._found(wish.args["src"]))
        asked = [w for w in wishes if not w.answer and not w.args["remote_src"]]
        host: dict[str, t.Any] = {}
        if asked or not wishes:
            said = self._execute(
                LIGHT, {"releases": [wish.question() for wish in asked]}, task_vars
            )
            if "releases" not in said:  # it could not be asked
                return said
            host = {key: said[key] for key in ("systemd", "seals")}
            for wish, answer in zip(asked, said["releases"]):
                wish.hear(answer, self._task.check_mode)
        left = [wish for wish in wishes if not wish.answer]
        for wish in left:
            if wish.is_local and wish.lacking:
                self._send(wish)
        if left:
            said = self._bring([wish.args for wish in left], several, task_vars)
            answers = said.get("releases") if several else [said]
            if answers is None:
                return said
            host = host or {key: said.get(key) for key in ("systemd", "seals")}
            for wish, answer in zip(left, answers):
                wish.answer = answer
        every = [wish.answer for wish in wishes]
        return report_several(every, host) if several else every[0]

    def _bring(
        self, wishes: list[dict[str, t.Any]], several: bool, task_vars: t.Any
    ) -> dict[str, t.Any]:
        args = {"releases": wishes} if several else wishes[0]
        return self._execute(WHOLE, args, task_vars)

    def _execute(
        self, module: str, args: dict[str, t.Any], task_vars: t.Any
    ) -> dict[str, t.Any]:
        """What a module answers, but for what it says beside: that is kept for the task,
        whichever of the modules says it."""
        answer = self._execute_module(
            module_name=module, module_args=args, task_vars=task_vars
        )
        for key in ASIDE:
            said = answer.pop(key, None)
            if isinstance(said, dict):
                self._aside.setdefault(key, {}).update(said)
            elif said:
                there = self._aside.setdefault(key, [])
                there += [one for one in said if one not in there]
        return answer

    def _send(self, wish: Wish) -> None:
        """Bring the file to the host."""
        remote = self._connection._shell.join_path(
            self._connection._shell.tmpdir or self._make_tmp_path(),
            f"release-{wish.number}",
        )
        self._transfer_file(wish.path, remote)
        self._fixup_perms2([os.path.dirname(remote), remote])
        wish.args.update(src=remote, remote_src=True)

    def _found(self, src: str) -> str:
        try:
            return self._find_needle("files", src)
        except AnsibleError as exc:
            raise InvalidRelease(
                f"src {src!r} is not on the controller: {exc}"
            ) from exc


class Wish:
    """One release that is wanted, and what became of that."""

    def __init__(self, number: int, args: dict[str, t.Any], folder: str) -> None:
        self.number = number
        self.args = args
        self.path = ""
        """The file on the controller, packed if it is a folder."""
        self.answer: dict[str, t.Any] = {}
        self.lacking = True
        """Whether the host needs its bytes, as far as is known."""
        self._folder = folder

    @property
    def is_local(self) -> bool:
        """Whether its bytes are on the controller."""
        src = str(self.args.get("src", ""))
        return bool(src) and not self.args["remote_src"] and not is_url(src)

    @contextlib.contextmanager
    def blamed(self) -> t.Iterator[None]:
        """Let what is wrong with it be its answer."""
        try:
            yield
        except (UnsafeArchive, InvalidRelease) as exc:
            self.answer = refused(self.args, exc)

    def take(self, path: str) -> None:
        """Its bytes are at `path`. Raises InvalidRelease where they are not its own."""
        self.path = path
        if os.path.isdir(path):
            self.path = os.path.join(self._folder, f"release-{self.number}.tar")
            with open(self.path, "wb") as file:
                pack_directory(path, file)
        digest, wanted = digest_of(self.path), self.args.get("checksum")
        if wanted and wanted.lower() != digest:
            raise InvalidRelease(
                f"checksum differs: {self.args['src']} is {digest}, not {wanted}"
            )
        self.args["checksum"] = digest

    def question(self) -> dict[str, t.Any]:
        """What the host is asked about it."""
        return {key: value for key, value in self.args.items() if key in KNOWN}

    def hear(self, answer: dict[str, t.Any], check_mode: bool) -> None:
        """Take the host's answer for the last, if nothing is left to be done."""
        coming = [step["action"] for step in answer.get("plan", [])]
        self.lacking = "install" in coming or "replace" in coming
        with self.blamed():
            if self.path and self.lacking:
                check_programs(
                    Source(self.path, self.args["name"]),
                    self.args["strip_components"],
                    self.args["programs"],
                )
        if not self.answer and (answer.get("failed") or not coming or check_mode):
            self.answer = answer


def _given(args: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: value for key, value in args.items() if value is not None}
