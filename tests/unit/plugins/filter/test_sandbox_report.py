# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.activated.services.plugins.filter.sandbox_report import (
    FilterModule,
)

report = FilterModule().filters()["sandbox_report"]


def test_tells_what_a_host_lacks() -> None:
    found = report("strict", systemd="247")
    assert (found["level"], found["version"]) == ("strict", 257)
    assert found["missing"] == [
        {"directive": "PrivateIPC", "since": 248, "exposure": 0.0}
    ]
    assert report("strict", systemd=252)["missing"] == []


def test_tells_what_is_undone() -> None:
    wish = {"level": "strict", "except": {"DynamicUser": False}}
    assert "it runs as root" in report(wish)["undone"][0]
    assert report(wish, beside={"User": "www"})["undone"] == []


def test_says_what_is_wrong() -> None:
    with pytest.raises(AnsibleFilterError, match="report: a_sandbox: level 'strikt'"):
        report("strikt", prefix="a_")
    with pytest.raises(AnsibleFilterError, match="report: a_jit must be"):
        report("strict", needs={"jit": 1.5}, prefix="a_")
    with pytest.raises(AnsibleFilterError, match="systemd 'new'"):
        report("strict", systemd="new")
    with pytest.raises(AnsibleFilterError, match="beside must be a mapping"):
        report("strict", beside=["User"])
