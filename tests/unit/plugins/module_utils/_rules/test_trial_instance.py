# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under which instance templates are verified. Whether systemd takes it is tested on hosts."""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._rules.trial_instance import (
    trial_instances,
)

RUN = "[Service]\nExecStart=/bin/true\n"


def sock(address: str) -> str:
    return f"[Socket]\nListenStream={address}\n"


@pytest.mark.parametrize(
    ("units", "instances"),
    [
        pytest.param({"a@.service": RUN}, {}, id="nothing depends on it"),
        pytest.param({"a@.socket": sock("/run/%i")}, {}, id="any will do"),
        pytest.param({"a@.service": RUN + "Nice=%i\n"}, {}, id="none will do"),
        pytest.param({"a@.socket": sock("%i")}, {"a@.socket": "1"}, id="a port"),
        pytest.param({"a@.socket": sock("127.0.0.%i:80")}, {"a@.socket": "1"}, id="a byte"),
        pytest.param({"a@.socket": sock("%i:80")}, {"a@.socket": "127.0.0.1"}, id="IPv4"),
        pytest.param({"a@.socket": sock("[%i]:80")}, {"a@.socket": "::1"}, id="IPv6"),
        pytest.param({"a@.socket": sock("[%I]:80")}, {"a@.socket": "::1"}, id="IPv6, %I"),
        pytest.param(
            {"a@.socket": sock("%i"), "b.service": f"[Unit]\nAfter=a@::2:80.socket\n{RUN}"},
            {"a@.socket": "1"},
            id="one with a colon that does not fit",
        ),
        pytest.param(
            {"a@.socket": sock("%i"), "b.service": f"[Unit]\nAfter=a@1.2.3.4:8.socket\n{RUN}"},
            {"a@.socket": "1.2.3.4:8"},
            id="one with a colon that fits",
        ),
        pytest.param(
            {"a@.timer": "[Timer]\nOnCalendar=%i\n"}, {"a@.timer": "daily"}, id="a time"
        ),
        pytest.param(
            {"a@.socket": sock("%i"), "a@.service": RUN, "b@.service": RUN},
            {"a@.socket": "1", "a@.service": "1"},
            id="the service of the socket has the same",
        ),
        pytest.param(
            {
                "a@.socket": sock("%i"),
                "b.service": f"[Unit]\nRequires=a@8080.socket\n{RUN}",
            },
            {"a@.socket": "8080"},
            id="one that the set names",
        ),
        pytest.param(
            {"a@.socket": sock("%i"), "a@x.socket.d/b.conf": "", "a@81.socket.d/b.conf": ""},
            {"a@.socket": "81"},
            id="one that the set has and that fits",
        ),
        pytest.param(
            {"a@.socket": sock("80"), "a@.socket.d/b.conf": sock("%i")},
            {"a@.socket": "1"},
            id="a drop-in depends on it",
        ),
        pytest.param({"a@.socket": "[Socket\n" + sock("%i")}, {}, id="cannot be read"),
        pytest.param({"a@.socket": sock("%i") + "No=%i\n[X\n"}, {}, id="nor the rest"),
    ],
)  # fmt: skip
def test_instance(units: dict[str, str], instances: dict[str, str]) -> None:
    assert trial_instances(units, 252) == instances


def test_the_newest_and_unknown_versions_have_one_as_well() -> None:
    for systemd in (247, 262, 300):
        assert trial_instances({"a@.socket": sock("%i")}, systemd) == {"a@.socket": "1"}
