# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""The keeper of one service's credentials: it judges, compares, stores and puts back.

It alone holds secrets, in memory; what it gives away are digests under a key that is the
host's own and root's alone.
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
import typing as t
from dataclasses import replace

from .._deployment.generation import Generation, InvalidDeployment
from .._host.facts import seals
from .._host.files import write_file
from .._host.proc import Proc
from .._release.tree import STATE
from .credential import (
    PLAIN_STORE,
    SEALED_STORE,
    TOTAL_MAX,
    Credential,
    InvalidCredential,
    check_storable,
    digest,
    in_store,
    place,
    systemd_time,
)
from .held import Held
from .plan import Holding
from .source import check_propagation, content, imported, matching, seen
from .store import (
    Store,
    UnusableStore,
    check_modes,
    is_sealed,
    listed,
    read,
)
from .unit import Line, lines

# No service can have a name that begins with a dot.
HOST_KEY = os.path.join(STATE, ".key")


class Keeper:
    """The credentials of one service on this host."""

    def __init__(
        self,
        name: str,
        folder: str,
        systemd: int,
        store: Store,
        wishes: t.Mapping[str, Credential] | None = None,
        check_mode: bool = False,
    ) -> None:
        self.name = name
        self.systemd = systemd
        self.store = store
        self.wishes = wishes or {}
        self.check_mode = check_mode
        self._saved = os.path.join(folder, "credentials")
        self._key = b""

    # -- judging ----------------------------------------------------------------------

    def complete(self, wanted: Generation) -> Generation:
        """The generation with its credentials, once each of them can be loaded.

        Raises InvalidCredential, InvalidDeployment, Sealed and UnusableStore.
        """
        if (
            wanted.service not in wanted.units
        ):  # none is wanted, or half of one is found
            return wanted
        loaded = lines(wanted.parsed(wanted.service))
        self._check_lines(loaded)
        if not loaded:
            return wanted
        check_propagation(self.systemd, Proc())
        held, total = {}, 0
        for line in loaded:
            said = self._content(line)
            if said is None:
                continue
            held[line.name], size = said
            total += len(line.name) + size
        _check_patterns(loaded)
        if total > TOTAL_MAX:
            raise InvalidCredential(
                f"the credentials of {wanted.service} have {total} bytes with their "
                f"names; systemd loads {TOTAL_MAX} for all of them together"
            )
        return replace(wanted, credentials=held)

    def _check_lines(self, loaded: t.Sequence[Line]) -> None:
        there = {line.name: line for line in loaded}
        for name, wish in self.wishes.items():
            source = wish.source or place(self.name, name, self.store.sealed)
            if wish.kind == "import":
                if source not in there:
                    raise InvalidDeployment(
                        f"the unit does not import {source}: ImportCredential={source}"
                    )
                continue
            sealed = wish.stored and self.store.sealed
            key = "LoadCredentialEncrypted" if sealed else "LoadCredential"
            line = there.get(name)
            if line is None or line.source != source:
                raise InvalidDeployment(
                    f"the unit does not load the credential {name}: {key}={name}:{source}"
                )
            if wish.stored and line.encrypted != sealed:
                raise InvalidDeployment(
                    f"the unit loads the credential {name} otherwise than this host "
                    f"stores it: {key}={name}:{source}"
                )
            if wish.stored:
                check_storable(wish, self.systemd, self.store.sealed)
                check_modes(os.path.dirname(source))

    def _content(self, line: Line) -> tuple[Held, int] | None:
        """What a generation says of one line, and its size; None where nobody knows."""
        wish = self.wishes.get(line.name)
        if not line.is_file:
            found = imported(line.name, line.source)
            return Held(line.source, self.digest(line.name, found)), 0
        if wish and wish.stored:
            said, expires = wish.secret or b"", ""
            if wish.kind == "encrypted":
                said = self.store.sealer.open(line.name, said)
            elif wish.not_after:
                expires = systemd_time(wish.not_after)
            held = Held(line.source, self.digest(line.name, said), True, expires)
            return held, len(said)
        odd = not wish and not os.path.isfile(line.source)
        if odd and (line.has_default or os.path.exists(line.source)):
            # A folder and a socket are sources, too, and what has a default may be away.
            return None
        ours = in_store(line.source, self.name)
        if ours and not os.path.lexists(line.source):
            raise UnusableStore(
                f"credential {line.name}: its secret {line.source} is no longer on this "
                "host; deploy it again from the controller, which has it"
            )
        said = content(line.name, line.source)
        if line.encrypted:
            said = self.store.sealer.open(line.name, said)
        return Held(line.source, self.digest(line.name, said), ours), len(said)

    # -- comparing --------------------------------------------------------------------

    def holding(self, known: t.Iterable[Generation], running: bool) -> Holding:
        """The credentials as they are; `known` are generations whose files are ours."""
        places: dict[str, list[str]] = {source: [] for source in self._files()}
        for generation in known:
            for held in generation.credentials.values():
                if held.source in places:
                    places[held.source].append(held.expires)
        stored = {}
        for source, expiries in places.items():
            name = os.path.basename(source)
            wish = self.wishes.get(name)
            digest_of = functools.partial(self.digest, name)
            state = self.store.state(source, digest_of, wish, [*expiries, ""])
            if state is not None:
                stored[source] = state
        if not running:
            return Holding(stored)
        found = seen(f"{self.name}.service")
        return Holding(stored, {n: self.digest(n, data) for n, data in found.items()})

    def _files(self) -> list[str]:
        """The files in the service's own folders of the stores. Raises UnusableStore."""
        folders = [f"{store}/{self.name}" for store in (SEALED_STORE, PLAIN_STORE)]
        return [
            os.path.join(folder, name) for folder in folders for name in listed(folder)
        ]

    def matches(self, generation: Generation) -> t.Callable[[str, bytes], bool | None]:
        """Whether what a process sees under a name is what the generation means by it;
        None for a name that the generation does not know."""

        def check(name: str, data: bytes) -> bool | None:
            held = generation.credentials.get(name)
            if held is None or not held.is_file:
                return None
            if self.digest(name, data) == held.digest:
                return True
            # Somebody else's file may have changed since the generation was made.
            return (
                not held.stored
                and not is_sealed(held.source)
                and read(held.source) == data
            )

        return check

    def digest(self, name: str, data: bytes) -> str:
        """The digest of a secret under the host's own key, which is made when needed."""
        self._key = self._key or self._host_key()
        return digest(self._key, self.name, name, data)

    def _host_key(self) -> bytes:
        there = read(HOST_KEY)
        if there:
            return there
        if there is None and self.check_mode:
            return os.urandom(32)
        folder = os.path.dirname(HOST_KEY)
        os.makedirs(folder, mode=0o755, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=folder, prefix=".key.")
        os.close(handle)
        try:
            write_file(fresh, os.urandom(32), 0o400)
            os.link(fresh, HOST_KEY)  # the first of two at once wins
        except FileExistsError:
            pass
        finally:
            os.unlink(fresh)
        there = read(HOST_KEY)
        if not there:
            raise UnusableStore(f"{HOST_KEY} is empty; remove it, a new one is made")
        return there

    # -- changing ---------------------------------------------------------------------

    def put(self, source: str, generation: Generation) -> None:
        """Write the credential of a generation to its place.

        The secret is the one that came with the wish, or the one that was there when
        the deployment began. Raises Sealed, UnusableStore and OSError.
        """
        name = os.path.basename(source)
        held, wish = generation.credentials[name], self.wishes.get(name)
        saved = os.path.join(
            self._saved, "encrypted" if is_sealed(source) else "plain", name
        )
        if wish and wish.stored and self._is(wish, held):
            self._save(source, saved)
            self.store.put(source, wish)
            return
        there = read(saved) or self._same(source, held)
        if there is None:
            raise UnusableStore(
                f"the secret of {source} as it was is no longer on this host; deploy it "
                "again from the controller"
            )
        self.store.write(source, there)

    def _same(self, source: str, held: Held) -> bytes | None:
        """What is at a place, if it is that credential, and its mode alone is wrong."""
        name = os.path.basename(source)
        there = read(source) if _is_plain_file(source) else None
        if there is None:
            return None
        said = self.store.sealer.open(name, there) if is_sealed(source) else there
        return there if self.digest(name, said) == held.digest else None

    def _is(self, wish: Credential, held: Held) -> bool:
        said = wish.secret or b""
        if wish.kind == "encrypted":
            said = self.store.sealer.open(wish.name, said)
        expires = systemd_time(wish.not_after) if wish.not_after else ""
        return (self.digest(wish.name, said), expires) == (held.digest, held.expires)

    def erase(self, source: str) -> None:
        """Take a stored credential away."""
        name = os.path.basename(source)
        kind = "encrypted" if is_sealed(source) else "plain"
        self._save(source, os.path.join(self._saved, kind, name))
        self.store.erase(source)

    def _save(self, source: str, saved: str) -> None:
        """Keep what is there until the deployment has ended, for root alone."""
        if os.path.exists(saved) or not _is_plain_file(source):
            return
        there = read(source) or b""
        for folder in (self._saved, os.path.dirname(saved)):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        write_file(saved, there, 0o400)

    def forget(self) -> None:
        """The deployment has ended: what was there before is needed no more."""
        shutil.rmtree(self._saved, ignore_errors=True)


def _is_plain_file(path: str) -> bool:
    return os.path.isfile(path) and not os.path.islink(path)


def _check_patterns(loaded: t.Iterable[Line]) -> None:
    """Refuse a name that a pattern brings, too: systemd would take either in silence."""
    files = {line.name: line.source for line in loaded if line.is_file}
    for line in loaded:
        for name, path in () if line.is_file else matching(line.source):
            if name in files:
                raise InvalidCredential(
                    f"the credential {name} is loaded from {files[name]}, and {path} "
                    f"matches the pattern {line.source}, too; one name, one source"
                )


def matches_deployed(
    service: str, systemd: int
) -> t.Callable[[str, bytes], bool | None] | None:
    """What the last deployment of a service means by its credentials' names, as
    `Keeper.matches`; None for a service that is none of ours."""
    from .._deployment.ledger import BrokenLedger, Ledger

    name = service.rpartition(".")[0]
    folder = os.path.join(STATE, name)
    try:
        deployed = Ledger(name, folder).deployed()
    except (BrokenLedger, OSError):
        return None
    if deployed is None:
        return None
    keeper = Keeper(name, folder, systemd, Store(seals(systemd)), check_mode=True)
    return keeper.matches(deployed)
