# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# It may change or go away in any release; do not import it from elsewhere.
"""A credential of a service: its name, where it comes from, how a unit loads it. Pure.

Four kinds (systemd.exec(5), Credentials): `path`, a file that is on the host; `content`,
a secret that comes from the controller and is stored; `encrypted`, ciphertext that was
made on that host and is stored as it is; `import`, a pattern for what is stored already.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .versions import IMPORTING, SEALING

Kind = t.Literal["path", "content", "encrypted", "import"]
KINDS: t.Final = ("path", "content", "encrypted", "import")
# What an entry may have besides a content, none of it a secret.
_SHOWN: t.Final = frozenset(("path", "encrypted", "import", "encoding", "not_after"))

SEALED_STORE: t.Final = "/etc/credstore.encrypted"
PLAIN_STORE: t.Final = "/etc/credstore"

# All credentials of one unit together, each with its name (247 to 262, observed).
TOTAL_MAX: t.Final = 1024 * 1024
# Until 256 what is read of ciphertext is limited before its base64 is undone: to 1 MiB
# and 128 KiB, which 873,587 bytes fill on 252 (observed). A TPM needs some room, too.
CIPHER_MAX_OLD: t.Final = 1024 * 1024 + 128 * 1024
SEALED_MAX_OLD: t.Final = 870_000

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")
_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}[*]?\Z")


class InvalidCredential(ValueError):
    """A credential that cannot be; the message names it, and never holds its secret."""


@dataclass(frozen=True)
class Credential:
    """One credential as it is wished. `secret` never shows in its text."""

    name: str
    kind: Kind
    source: str = ""
    """The path or the pattern."""
    secret: bytes | None = field(default=None, repr=False)
    """The content, or the ciphertext; None where it is not at hand."""
    not_after: datetime | None = None

    @property
    def stored(self) -> bool:
        """Whether this collection writes it to the store."""
        return self.kind in ("content", "encrypted")

    @classmethod
    def parse(
        cls, name: object, said: object, secret: bytes | None = None
    ) -> Credential:
        """Read one entry: a mapping with one of `path`, `content`, `encrypted`, `import`.

        `secret` is the content where it travels apart from its entry. Raises
        InvalidCredential.
        """
        where = f"credential {check_name(name)}"
        if not isinstance(said, t.Mapping):
            raise InvalidCredential(
                f"{where} must be a mapping with path, content, encrypted or import"
            )
        unknown = sorted({*map(str, said)} - {*KINDS, "encoding", "not_after"})
        if unknown:
            raise InvalidCredential(
                f"{where} knows path, content, encrypted, import, encoding and "
                f"not_after, not {', '.join(unknown)}"
            )
        kinds = [kind for kind in KINDS if said.get(kind) is not None]
        if secret is not None and "content" not in kinds:
            kinds.append("content")
        if len(kinds) != 1:
            raise InvalidCredential(
                f"{where} needs one of path, content, encrypted and import"
                + (f", not {' and '.join(kinds)}" if kinds else "")
            )
        kind = t.cast("Kind", kinds[0])
        value = said.get(kind)
        if value is not None and not isinstance(value, str):
            raise InvalidCredential(
                f"{where}: {kind} must be text; put what looks like a number or a date "
                "between quotes"
            )
        for option in ("encoding", "not_after"):
            if kind != "content" and said.get(option) is not None:
                raise InvalidCredential(f"{where}: {option} goes with content alone")
        if kind == "content":
            if secret is None:
                secret = decode(where, t.cast("str", value), said.get("encoding"))
            check_content(where, secret)
            expiry = parse_time(where, said.get("not_after"))
            return cls(str(name), kind, "", secret, expiry)
        if kind == "encrypted":
            return cls(str(name), kind, "", ciphertext(where, t.cast("str", value)))
        check = check_path if kind == "path" else check_pattern
        return cls(str(name), kind, check(where, t.cast("str", value)))


def parse_all(
    said: t.Mapping[str, t.Any], secrets: t.Mapping[str, t.Any]
) -> dict[str, Credential]:
    """Entries whose contents travel apart from them, in base64.

    Raises InvalidCredential.
    """
    found = {}
    for name in sorted(secrets, key=str):
        if name not in said:
            raise InvalidCredential(
                f"secrets: there is no credential {str(name)[:120]!r}"
            )
    for name, entry in said.items():
        secret = None
        if name in secrets:
            where = f"credential {check_name(name)}"
            secret = decode(where, str(secrets[name]), "base64")
        found[name] = Credential.parse(name, entry or {}, secret)
    return found


def refuse_contents(*options: dict[str, t.Any]) -> None:
    """Refuse a secret in the option `credentials` of a module, whose values are shown.

    Takes one or more such options. Whatever may be a secret is taken out of all of them
    first, so that the refusal does not show it either. Raises InvalidCredential.
    """
    refused = None
    for said in options:
        for name, entry in list(said.items()):
            try:
                _take_secrets(said, name, entry)
            except InvalidCredential as exc:
                refused = refused or exc
    if refused:
        raise refused


def _take_secrets(said: dict[str, t.Any], name: str, entry: object) -> None:
    """Take out of one entry what may be a secret; raises InvalidCredential if it was."""
    if not isinstance(entry, dict):
        if entry is None:
            return
        del said[name]
        raise InvalidCredential(
            f"credential {check_name(name)} must be a mapping with path, encrypted or "
            "import; a content goes in base64 into the option secrets"
        )
    # What is under a key that is none is a secret with its key misspelt, perhaps.
    unknown = sorted(str(key) for key in entry if key not in _SHOWN)
    content = entry.get("content")
    sealed = entry.get("encrypted")
    for key in list(entry):
        if key not in _SHOWN or not isinstance(entry[key], (str, type(None))):
            del entry[key]
    problem = None
    if isinstance(sealed, str):
        try:
            ciphertext(f"credential {name[:120]}", sealed)
        except InvalidCredential as exc:  # a secret by mistake, perhaps
            del entry["encrypted"]
            problem = exc
    where = f"credential {check_name(name)}"
    if content is not None:
        raise InvalidCredential(
            f"{where}: its content does not go here, where it is shown, but in "
            "base64 into the option secrets, under the same name"
        )
    if unknown and unknown != ["content"]:
        raise InvalidCredential(
            f"{where} knows path, encrypted, import and not_after here, not "
            f"{', '.join(unknown)}; a content goes in base64 into the option secrets"
        )
    if problem:
        raise problem


def check_name(name: object) -> str:
    """The name, if a credential and a file can be called by it."""
    if not isinstance(name, str) or not _NAME.match(name):
        raise InvalidCredential(
            f"{str(name)[:120]!r} cannot name a credential: letters, digits and _ . - "
            "only, at most 100 of them, the first a letter, a digit or _"
        )
    return name


def check_path(where: str, path: str) -> str:
    if not path.startswith("/") or re.search(r"[\0-\x1f\x7f]", path):
        raise InvalidCredential(
            f"{where}: path must be an absolute path on the host, not {path!r}"
        )
    if path.endswith("/") or "/../" in path + "/":
        raise InvalidCredential(f"{where}: path must name a file, not {path!r}")
    return path


def check_pattern(where: str, pattern: str) -> str:
    if not _PATTERN.match(pattern):
        raise InvalidCredential(
            f"{where}: import must be a name, or the beginning of names and one * at "
            f"its end, not {pattern!r}"
        )
    return pattern


def check_content(where: str, content: bytes) -> None:
    if not content:
        raise InvalidCredential(
            f"{where}: its content is empty; leave the credential out, or give a secret"
        )
    if len(content) > TOTAL_MAX:
        raise InvalidCredential(
            f"{where}: {len(content)} bytes are more than systemd loads: {TOTAL_MAX} for "
            "all credentials of a service together"
        )


def decode(where: str, text: str, encoding: object) -> bytes:
    """The bytes of a content; line breaks at its end are kept."""
    if encoding in (None, "text"):
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise InvalidCredential(
                f"{where}: its content is not text; encode it (the filter b64encode) "
                "and say so, with encoding: base64"
            ) from None
    if encoding != "base64":
        raise InvalidCredential(f"{where}: encoding is text or base64")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCredential(
            f"{where}: its content is not base64, as encoding says"
        ) from None


def ciphertext(where: str, text: str) -> bytes:
    """The ciphertext in one form: base64 in lines, as systemd-creds writes it."""
    # What `systemd-creds encrypt --pretty` prints is a directive with its lines joined.
    given = re.sub(r"\\\n", "", text).strip()
    if given.startswith("SetCredentialEncrypted="):
        given = given.partition(":")[2]
    try:
        plain = base64.b64decode("".join(given.split()), validate=True)
    except (binascii.Error, ValueError):
        plain = b""
    if not plain:
        raise InvalidCredential(
            f"{where}: encrypted must be what systemd-creds encrypt prints, in base64"
        )
    said = base64.b64encode(plain).decode()
    lines = [said[at : at + 69] for at in range(0, len(said), 69)]
    return ("\n".join(lines) + "\n").encode()


def parse_time(where: str, text: object) -> datetime | None:
    """An absolute time, in UTC where it does not say otherwise; None for none."""
    if text is None:
        return None
    said = str(text).strip()
    found = re.match(
        r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?"
        r"\s*(Z|UTC|\+00:?00)?\Z",
        said,
    )
    try:
        if found:
            year, month, day, hour, minute, second = (
                int(part or 0) for part in found.groups()[:6]
            )
            return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        pass
    raise InvalidCredential(
        f"{where}: not_after must be a time in UTC such as 2030-01-31 or "
        f"2030-01-31T12:00:00Z, not {said[:60]!r}; a span from now would change the "
        "credential in every run"
    )


def systemd_time(time: datetime) -> str:
    """A time as systemd.time(7) takes it."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def digest(key: bytes, service: str, name: str, content: bytes) -> str:
    """What is written down of a secret: it tells two apart, and nobody who does not
    hold the host's key can try guesses against it."""
    said = f"{service}\0{name}\0".encode() + content
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def place(service: str, name: str, seals: bool) -> str:
    """Where a stored credential is. The folder is the service's, the file's name is the
    credential's: to that name its ciphertext is bound."""
    return f"{SEALED_STORE if seals else PLAIN_STORE}/{service}/{name}"


def in_store(path: str, service: str) -> bool:
    """Whether a path is among the stored credentials of a service."""
    return path.rpartition("/")[0] in (
        f"{SEALED_STORE}/{service}",
        f"{PLAIN_STORE}/{service}",
    )


def directives(
    credentials: t.Iterable[Credential], service: str, systemd: int, seals: bool
) -> dict[str, list[str]]:
    """The directives of a unit that load these, for a version of systemd.

    `seals` says whether the host encrypts what is stored. Raises InvalidCredential for
    what that version cannot do, with the way out.
    """
    lines: dict[str, list[str]] = {}
    for item in credentials:
        where = f"credential {item.name}"
        if item.kind == "path":
            lines.setdefault("LoadCredential", []).append(f"{item.name}:{item.source}")
        elif item.kind == "import":
            if systemd < IMPORTING:
                raise InvalidCredential(
                    f"{where}: import needs systemd {IMPORTING}, the host has {systemd}; "
                    f"give each file by its path, such as {PLAIN_STORE}/"
                    f"{item.source.rstrip('*')}…"
                )
            lines.setdefault("ImportCredential", []).append(item.source)
        else:
            check_storable(item, systemd, seals)
            directive = "LoadCredentialEncrypted" if seals else "LoadCredential"
            lines.setdefault(directive, []).append(
                f"{item.name}:{place(service, item.name, seals)}"
            )
    return lines


def check_storable(item: Credential, systemd: int, seals: bool) -> None:
    """Refuse what this host's store cannot hold; raises InvalidCredential."""
    where = f"credential {item.name}"
    if item.not_after and item.not_after <= datetime.now(timezone.utc):
        raise InvalidCredential(
            f"{where}: not_after {item.not_after:%Y-%m-%d %H:%M:%S} UTC has passed; no "
            "service could load it"
        )
    if seals:
        size = len(item.secret or b"")
        most = SEALED_MAX_OLD if item.kind == "content" else CIPHER_MAX_OLD
        if size > most and systemd < 257:
            raise InvalidCredential(
                f"{where}: {size} bytes are more than systemd {systemd} reads of what is "
                f"encrypted, {most}; put a file on the host and give its path"
            )
        return
    if item.kind == "encrypted":
        raise InvalidCredential(
            f"{where}: ciphertext needs systemd {SEALING} and its systemd-creds, the "
            f"host has systemd {systemd}; give its content (from a vault), or a path"
        )
    if item.not_after:
        raise InvalidCredential(
            f"{where}: not_after needs systemd {SEALING} and its systemd-creds, the host "
            f"has systemd {systemd} and would store it plain; leave not_after out there"
        )
