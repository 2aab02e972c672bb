# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.sandbox import FilterModule

sandbox = FilterModule().filters()["sandbox"]


def test_gives_the_directives_of_a_level() -> None:
    assert sandbox("strict")["ProtectSystem"] == "strict"
    assert sandbox(False) == sandbox("off") == {}


@pytest.mark.parametrize("systemd", [247, "247"])
def test_leaves_out_what_the_host_does_not_know(systemd: t.Any) -> None:
    assert "PrivateIPC" not in sandbox("strict", systemd=systemd)
    assert "PrivateIPC" in sandbox("strict", systemd=252)


def test_says_what_is_wrong() -> None:
    with pytest.raises(
        AnsibleFilterError, match=r"services\.sandbox: sandbox: level 'strikt'"
    ):
        sandbox("strikt")
    with pytest.raises(AnsibleFilterError, match=": service_sandbox: level 'strikt'"):
        sandbox("strikt", prefix="service_")
    with pytest.raises(AnsibleFilterError, match=r": service_devices\[0\]: 'x' is no"):
        sandbox("strict", needs={"devices": ["x"]}, prefix="service_")
    with pytest.raises(
        AnsibleFilterError, match=r"sandbox: shop: outgoing\[0\]: 'x' is"
    ):
        sandbox("strict", needs={"outgoing": ["x"]}, name="shop")
    with pytest.raises(AnsibleFilterError, match="beside must be a mapping"):
        sandbox("strict", beside=["User=a"])


def test_a_version_that_is_none_is_told() -> None:
    with pytest.raises(AnsibleFilterError, match="systemd 'new'"):
        sandbox("strict", systemd="new")


def test_warns_where_a_level_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        "ansible.utils.display.Display.warning", lambda _self, text: said.append(text)
    )
    wish = {"level": "strict", "except": {"DynamicUser": False}}
    sandbox(wish, beside={"User": "www"}, name="shop")
    assert said == []
    sandbox(wish, name="shop")
    assert len(said) == 1
    assert said[0].startswith("shop: it runs as root")
    assert "exposure is 1.4 instead of 1.1" in said[0]
