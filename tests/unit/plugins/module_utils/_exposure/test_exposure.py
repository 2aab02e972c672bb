# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._exposure.directives import (
    _DIRECTIVES,
)
from ansible_collections.activated.services.plugins.module_utils._exposure.exposure import (
    LEVELS,
    Exposure,
    exposure,
)
from ansible_collections.activated.services.plugins.module_utils._units.unit import (
    InvalidUnit,
    Unit,
)

BARE = "[Service]\nExecStart=/bin/true\n"
SEALED = """\
[Service]
ExecStart=/bin/true
DynamicUser=yes
PrivateNetwork=yes
PrivateDevices=yes
PrivateUsers=yes
PrivateMounts=yes
ProtectHome=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
ProcSubset=pid
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictAddressFamilies=none
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
CapabilityBoundingSet=
IPAddressDeny=any
UMask=0077
"""
VERSIONS = (247, 252, 253, 255, 257, 259, 262, 999)


@pytest.mark.parametrize("version", VERSIONS)
def test_scores(version: int) -> None:
    bare = exposure(BARE, version)
    assert bare.score == (9.6 if version < 254 else 9.4)
    assert bare.level == "UNSAFE"
    sealed = exposure(SEALED, version)
    # what is left are a root directory of its own and a device for the clock
    left = [f.json_field for f in sealed.checks if f.exposure]
    assert left == ["RootDirectoryOrRootImage", "DeviceAllow"]
    assert (sealed.score, sealed.level) == (0.2, "SAFE")


def test_best_and_worst() -> None:
    perfect = SEALED.replace("ProtectClock=yes\n", "") + (
        "CapabilityBoundingSet=~CAP_SYS_TIME\nRootDirectory=/srv\n[Unit]\n"
    )
    answer = exposure(perfect.replace("ProtectClock", "#"), 252)
    assert answer.score == pytest.approx(0.2)
    worst = BARE + (
        "NotifyAccess=all\nDelegate=yes\nKeyringMode=shared\nUMask=0\n"
        "AmbientCapabilities=CAP_KILL\n"
    )
    assert (exposure(worst).score, exposure(worst).level) == (10.0, "DANGEROUS")


def test_levels_are_those_of_systemd() -> None:
    names = [name for _, name in LEVELS]
    assert names == "DANGEROUS UNSAFE EXPOSED MEDIUM OK SAFE PERFECT".split()  # noqa: SIM905


def test_share_is_of_the_checks_that_apply() -> None:
    def share(text: str) -> float | None:
        checks = exposure(text).checks
        return next(f.exposure for f in checks if f.json_field == "PrivateNetwork")

    assert share(BARE) == 0.5
    assert share("[Service]\nPrivateNetwork=yes\n") is None


def test_names_and_checks_of_247() -> None:
    old = {found.json_field: found.name for found in exposure(BARE, 247).checks}
    new = {found.json_field: found.name for found in exposure(BARE, 252).checks}
    assert set(new) - set(old) == {"CapabilityBoundingSet_CAP_BPF"}
    assert old["RestrictNamespaces_mnt"] == "RestrictNamespaces=~CLONE_NEWNS"
    assert new["RestrictNamespaces_mnt"] == "RestrictNamespaces=~mnt"
    assert "CapabilityBoundingSet_CAP_NET_BIND_SERVICE_BROADCAST_RAW)" in new


def test_details_name_what_is_to_blame() -> None:
    text = BARE + (
        "SystemCallFilter=@basic-io ptrace\nPrivateDevices=yes\n"
        + "".join(f"DeviceAllow=/dev/d{number}\n" for number in range(20))
    )
    said = {found.json_field: found.description for found in exposure(text).checks}
    assert said["SystemCallFilter_debug"] == (
        "Its list of allowed system calls holds some of @debug (ptrace, for one)"
    )
    assert said["DeviceAllow"].startswith("Can open pseudo devices, and some others (")
    assert said["DeviceAllow"].endswith(" …)")


def test_takes_units_and_bytes_too() -> None:
    answer = exposure(BARE, drop_ins=["[Service]\nPrivateTmp=yes\n"])
    same = exposure(
        Unit.parse(BARE), drop_ins=(part for part in [b"[Service]\nPrivateTmp=yes\n"])
    )
    assert same == answer != exposure(BARE)


def test_refuses_versions_and_architectures_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="older than 247"):
        exposure(BARE, 246)
    with pytest.raises(ValueError, match="none of x86-64 and arm64"):
        exposure(BARE, architecture="s390x")


@pytest.mark.parametrize("text", ["", "junk", "[Unit]\n", "[Install]\nWantedBy=a\n"])
def test_units_that_say_nothing_are_judged_by_the_defaults(text: str) -> None:
    assert exposure(text) == exposure(BARE)


def test_refuses_what_systemd_does_not_read() -> None:
    with pytest.raises(InvalidUnit):
        exposure("[Service\n")
    with pytest.raises(InvalidUnit):
        exposure(BARE, drop_ins=[b"[Service]\nUser=\xff\n"])


def answer_or_refusal(text: str | bytes, version: int) -> Exposure | None:
    try:
        return exposure(text, version)
    except InvalidUnit:
        return None


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["~", "@mount", "CAP_KILL", "any", "::/0", "AF_UNIX", ":EPERM", "%", '"', "\\"]
    ),
)
LINES = st.builds(
    lambda key, pieces: f"{key}={' '.join(pieces)}",
    st.sampled_from([*sorted(_DIRECTIVES), "DefaultDependencies"]),
    st.lists(PIECES, max_size=5),
)


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(st.one_of(LINES, st.sampled_from(["[Service]", "[Unit]"]))),
    version=st.sampled_from(VERSIONS),
)
def test_any_directive_gives_an_answer(lines: list[str], version: int) -> None:
    answer = answer_or_refusal("\n".join(["[Service]", *lines]), version)
    if answer is not None:
        assert 0.0 <= answer.score <= 10.0
        for found in answer.checks:
            assert found.badness is None or 0 <= found.badness <= found.range
            assert (found.set is None) == (found.badness is None)


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(), st.binary()), version=st.sampled_from(VERSIONS))
def test_any_text_gives_an_answer(text: str | bytes, version: int) -> None:
    answer_or_refusal(text, version)


HUGE: list[t.Callable[[], str]] = [
    lambda: "SystemCallFilter=~@known:EPERM @system-service\n" * 30_000,
    lambda: "SystemCallFilter=" + "@known " * 100_000,
    lambda: "".join(f"IPAddressAllow=10.{n >> 8}.{n & 255}.1\n" for n in range(30_000)),
    lambda: "".join(f"LoadCredential=a{n}:/b\nSetCredential=\n" for n in range(20_000)),
    lambda: "CapabilityBoundingSet=" + "CAP_KILL 0x15 nonsense " * 20_000,
    lambda: "RestrictAddressFamilies=" + '"AF_UNIX" ~x \\\\ ' * 30_000,
    lambda: "DeviceAllow=/dev/null rw\n" * 50_000,
    lambda: "User=" + "%u" * 200_000,
]


@pytest.mark.parametrize("make", HUGE)
@pytest.mark.parametrize("version", [247, 262])
def test_huge_units_are_judged_in_time(make: t.Callable[[], str], version: int) -> None:
    text = "[Service]\n" + make()
    start = time.process_time()
    answer_or_refusal(text, version)
    assert time.process_time() - start < 8
