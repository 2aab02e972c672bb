# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd-creds says, as systemd 252, 257 and 262 say it, and what it is given."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._credential.credential import (
    Credential,
)
from ansible_collections.activated.services.plugins.module_utils._credential.store import (
    Sealed,
    Sealer,
    Store,
    why_sealed,
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Embedded credential name 'key.pem' does not match filename 'a', refusing.",
            "bound to the name 'key.pem'; encrypt it again with --name=a",
        ),
        ("Credential's time passed, refusing to use.", "it has expired"),
        (
            "Failed to determine local credential key: No such file or directory",
            "the host's key /var/lib/systemd/credential.secret is missing",
        ),
        ("Encrypted file too short.", "damaged, or was made on another host"),
        ("Decryption failed (incorrect key?): Bad message", "made on another host"),
        ("Something new.", "cannot decrypt it: Something new."),
    ],
)
def test_messages(said: str, expected: str) -> None:
    assert expected in why_sealed("a", said)


class Recorder:
    """Stands for systemd-creds: opens `sealed:` and what follows it."""

    def __init__(self) -> None:
        self.argv: list[str] = []

    def __call__(self, argv: t.Sequence[str], data: bytes) -> tuple[int, bytes, str]:
        self.argv += argv
        if "encrypt" in argv:
            return 0, b"sealed:" + data, ""
        if not data.startswith(b"sealed:"):
            return 1, b"", "a remark, using anyway.\nEncrypted file too short."
        return 0, data[7:], ""


def test_a_secret_is_never_an_argument() -> None:
    run = Recorder()
    sealer = Sealer(run)
    sealed = sealer.seal("key", b"horse staple", None)
    assert sealer.open("key", sealed) == b"horse staple"
    assert "horse" not in " ".join(run.argv)
    assert run.argv[-2:] == ["-", "-"]


def test_what_cannot_be_opened_says_why() -> None:
    with pytest.raises(Sealed, match=r"\(Encrypted file too short.\)"):
        Sealer(Recorder()).open("key", b"x")


def test_a_file_is_for_root_alone_and_goes_with_its_folder(tmp_path: t.Any) -> None:
    store = Store(False)
    place = tmp_path / "credstore" / "hello" / "key"
    store.put(str(place), Credential.parse("key", {"content": "x\n"}))
    assert place.read_bytes() == b"x\n"
    modes = [
        oct(path.stat().st_mode & 0o777)
        for path in (place, place.parent, place.parent.parent)
    ]
    assert modes == ["0o400", "0o700", "0o700"]
    store.erase(str(place))
    assert [path.name for path in tmp_path.rglob("*")] == ["credstore"]
