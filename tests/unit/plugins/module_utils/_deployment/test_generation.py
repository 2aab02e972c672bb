# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.activated.services.plugins.module_utils._credential.held import (
    Held,
)
from ansible_collections.activated.services.plugins.module_utils._deployment.generation import (
    OWNER,
    Generation,
    InvalidDeployment,
    check,
    definition,
    owner_of,
)

FIRST = OWNER.format(name="shop") + "\n"
SERVICE = (
    FIRST + "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
)


def socket(*lines: str, install: str = "[Install]\nWantedBy=sockets.target\n") -> str:
    return FIRST + "[Socket]\n" + "".join(f"{line}\n" for line in lines) + install


def units(**more: str) -> dict[str, str]:
    named = {f"shop-{name}.socket": text for name, text in more.items()}
    return {"shop.service": SERVICE, **named}


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        (FIRST, "shop"),
        (FIRST.rstrip(), "shop"),
        ("# Owned by activated.services, service shop. And more.\n", "shop"),
        ("# Owned by activated.services, service a.b.\n", "a.b"),
        ("# Owned by activated.services, service shop-admin.\n", "shop-admin"),
        ("# Owned by activated.services, service shop\n", None),
        ("# Owned by somebody, service shop.\n", None),
        ("\n" + FIRST, None),
        ("x" + FIRST, None),
        ("[Unit]\n" + FIRST, None),
        ("", None),
    ],
)
def test_the_first_line_names_the_owner(text: str, owner: str | None) -> None:
    assert owner_of(text) == owner


GOOD: list[dict[str, str]] = [
    units(),
    units(http=socket("ListenStream=80"), https=socket("ListenStream=443")),
    units(a=socket("ListenStream=80", "ListenDatagram=80")),
    units(
        a=socket("ListenStream=[::]:80", "BindIPv6Only=ipv6-only"),
        b=socket("ListenStream=0.0.0.0:80"),
    ),
    {**units(), "shop.timer": socket().replace("Socket", "Timer")},
    {**units(), "shop.path": socket().replace("Socket", "Path")},
]


@pytest.mark.parametrize("wanted", GOOD)
def test_accepts(wanted: dict[str, str]) -> None:
    check(Generation("shop", wanted))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        pytest.param({}, "units: shop.service is missing", id="no-units"),
        pytest.param(
            {"shop-a.socket": socket("ListenStream=80")},
            "units: shop.service is missing",
            id="no-service",
        ),
        pytest.param(
            {**units(), "shop-admin.service": SERVICE},
            "shop-admin.service is no unit of the service shop",
            id="another-service",
        ),
        pytest.param(
            {**units(), "shop.socket": socket("ListenStream=80")},
            "shop.socket is no unit of",
            id="nameless-socket",
        ),
        pytest.param(
            {**units(), "other-a.socket": socket("ListenStream=80")},
            "other-a.socket is no unit of",
            id="another-s-socket",
        ),
        pytest.param(
            {**units(), "shop.mount": SERVICE}, "is no unit of", id="another-type"
        ),
        pytest.param(
            {**units(), "shop-.socket": socket("ListenStream=80")},
            "cannot name a file descriptor",
            id="empty-socket-name",
        ),
        pytest.param(
            {**units(), "shop-a:b.socket": socket("ListenStream=80")},
            "cannot name a file descriptor",
            id="colon",
        ),
        pytest.param(
            {**units(), "../shop-a.socket": socket("ListenStream=80")},
            "shop-a.socket",
            id="slash",
        ),
        pytest.param(
            {**units(), "shop-a.socket": "[Socket]\nListenStream=80\n"},
            "its first line must be '# Owned by activated.services, service shop.'",
            id="no-owner",
        ),
        pytest.param(
            units(a=socket("ListenStream=80").replace("shop", "shop-admin")),
            "its first line must be",
            id="another-owner",
        ),
        pytest.param(
            units(a=FIRST + "x" * 1_048_577), "shop-a.socket: .*line", id="long-line"
        ),
        pytest.param(units(a=socket()), "it listens on nothing", id="no-address"),
        pytest.param(
            units(a=socket("ListenStream=80", "ListenStream=")),
            "it listens on nothing",
            id="reset",
        ),
        pytest.param(
            units(a=socket("ListenStream=http")), "a.socket: .*no address", id="address"
        ),
        pytest.param(
            units(a=socket("ListenStream=80"), b=socket("ListenStream=127.0.0.1:80")),
            "shop-b.socket and shop-a.socket would both listen on 127.0.0.1:80",
            id="two-on-one",
        ),
        pytest.param(
            units(a=socket("ListenStream=80", "ListenStream=80")),
            "shop-a.socket and shop-a.socket would both",
            id="one-on-one",
        ),
        pytest.param(
            units(a=socket("ListenStream=80", install="")),
            "shop-a.socket: nothing would start it after a boot",
            id="no-install",
        ),
        pytest.param(
            {"shop.service": FIRST + "[Service]\nExecStart=/bin/true\n"},
            "shop.service: nothing would start it after a boot",
            id="always-on-without-install",
        ),
    ],
)
def test_refuses(wanted: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidDeployment, match=says):
        check(Generation("shop", wanted))


def test_a_service_with_sockets_needs_no_boot_unless_it_is_eager() -> None:
    bare = FIRST + "[Service]\nExecStart=/bin/true\n"
    wanted = {**units(a=socket("ListenStream=80")), "shop.service": bare}
    check(Generation("shop", wanted))
    with pytest.raises(InvalidDeployment, match="nothing would start"):
        check(Generation("shop", wanted, start="eager"))


def test_units_are_told_by_type() -> None:
    wanted = Generation("shop", dict.fromkeys(
        ["shop.timer", "shop-b.socket", "shop.service", "shop-a.socket", "shop.path"], ""
    ))  # fmt: skip
    assert wanted.sockets == ["shop-a.socket", "shop-b.socket"]
    assert wanted.activators == [*wanted.sockets, "shop.path", "shop.timer"]


@pytest.mark.parametrize(
    ("text", "sections", "said"),
    [
        ("# c\n[A]\nx=1\n\ny = 2\n", (), {"A": [("x", "1"), ("y", "2")]}),
        ("[A]\nx=1\n[B]\ny=2\n[A]\nx=\n", ("A",), {"A": [("x", "1"), ("x", "")]}),
        ("", (), {}),
        ("[A]\nx=\udcff\n", (), {}),
    ],
)
def test_what_a_unit_says(text: str, sections: t.Any, said: t.Any) -> None:
    assert definition(text, *sections) == said


def test_a_generation_is_written_and_read() -> None:
    one = Generation("shop", units(), "1", "sha256:x", "eager")
    assert Generation.from_dict("shop", one.as_dict()) == one
    assert (
        Generation.from_dict("shop", one.as_dict()).fingerprint() == one.fingerprint()
    )


def test_probes_are_written_and_tell_nothing_apart() -> None:
    probe = {"socket": "http", "http": {"path": "/"}}
    one = Generation("shop", units(), "1", "d", probes=(probe,))
    bare = Generation("shop", units(), "1", "d")
    assert Generation.from_dict("shop", one.as_dict()).probes == (probe,)
    assert (one, one.fingerprint()) == (bare, bare.fingerprint())
    old = {key: said for key, said in one.as_dict().items() if key != "probes"}
    assert Generation.from_dict("shop", old).probes == ()


def test_a_renewed_certificate_of_the_host_is_no_other_generation() -> None:
    def holding(digest: str, stored: bool) -> str:
        held = {"a": Held("/etc/a", digest, stored)}
        return Generation("shop", units(), "1", "d", credentials=held).fingerprint()

    assert holding("x", stored=False) == holding("y", stored=False)
    assert holding("x", stored=True) != holding("y", stored=True)


@pytest.mark.parametrize(
    "other",
    [
        Generation("shop", units(), "2", "d", "on_demand"),
        Generation("shop", units(), "1", "e", "on_demand"),
        Generation("shop", units(), "1", "d", "eager"),
        Generation("shop", units(a=""), "1", "d", "on_demand"),
        Generation("shop", {"shop.service": SERVICE + "\n"}, "1", "d", "on_demand"),
    ],
)
def test_a_fingerprint_tells_generations_apart(other: Generation) -> None:
    one = Generation("shop", units(), "1", "d", "on_demand")
    assert one.fingerprint() != other.fingerprint()
