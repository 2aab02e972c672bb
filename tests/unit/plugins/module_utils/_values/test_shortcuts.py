# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Most values are plain and pass at once: what passes so has nothing wrong with it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._units import listen
from ansible_collections.activated.services.plugins.module_utils._values import (
    calendars,
    kinds_exec,
    kinds_paths,
    kinds_unit,
    network,
)
from ansible_collections.activated.services.plugins.module_utils._values.values import (
    value_problem,
)

NOTHING = re.compile("(?!)")
VALUES = {
    ("exec", "ExecStart"): "/bin/x | a|-|@|:|;| ; |\\;|'|\"|\\|\\x41| \\x25z|\\q|%i|%n|%|$A|.|..|/|q|\u00e4|*",
    ("environ", "Environment"): "A=b|B_1=|1=| | |'|\"|\\|\\x41|\\q|%i|%I|%n|%q|%|c|\u00e4|\udc80|=",
    ("timer", "OnCalendar"): "Mon|..|Fri|,|Sat| | |*-*-*|*|-|2024|1969|2200|02|13|31|32|0| 12:30|24|:|59|60|59.99999|59.9999999|.5|~|/2| Europe/Berlin| UTC| Sat",
    ("unit_deps", "After"): "a|.service|.socket|.slice|@|@.timer|b@c.path| | |%i|%|\\x2d|/",
    ("exec_directories", "RuntimeDirectory"): "a|b/c|private|/|.|..|:|::ro| |-|%i|\\|'",
    ("exec_directories", "ConfigurationDirectory"): "a|b/c|private|/|.|:| |%",
    ("namespace_path_strv", "ReadWritePaths"): "/a|/b/c|-|+|..|/.|/| | |%i|\\|'|d",
    ("bind_paths", "BindPaths"): "/a|:/b|:rbind|:norbind|:|-|..|/|/.| |%i|\\|'|d",
    ("socket_listen", "ListenStream"): "1.2.3.4|[::1]|[fe80::1]|256.1|::|:|80|:0|:65536|:443|0|vsock|%eth0|.|/a|@",
    ("socket_listen", "ListenSequentialPacket"): "1.2.3.4|[::1]|:80|80|vsock:|1:2|/a|@",
}  # fmt: skip


@pytest.mark.parametrize("what", VALUES, ids=lambda what: what[1])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_passes_at_once_passes_in_any_case(
    what: tuple[str, str], data: st.DataObject
) -> None:
    parts = st.sampled_from(VALUES[what].split("|"))
    value = "".join(data.draw(st.lists(parts, max_size=6))).strip(" \t")
    systemd = data.draw(st.sampled_from((247, 249, 252, 257, 262)))
    instance = data.draw(st.sampled_from(("", "a-b", r"\xff", "\u00e4")))
    asked = (*what, value, systemd, instance)
    found = value_problem(*asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kinds_exec, "_ORDINARY_LENGTH", 0)
        patch.setattr(kinds_paths, "_PLAIN_LENGTH", -1)
        patch.setattr(kinds_unit, "MAX_LENGTH", -1)
        patch.setattr(network, "_PLAIN", NOTHING)
        patch.setattr(calendars, "_PLAIN", NOTHING)
        assert value_problem(*asked) == found


@given(
    st.lists(
        st.sampled_from(["1.2.3.4", "[::1]", "[::ffff:1.2.3.4]", "[fe80:0:0:1::]", "[0::]", "[::2:0:0:1]", "[1::%a]", "[:]", "256.1", ":", "80", "443", "65535", "65536", "0"]),
        max_size=4,
    ).map("".join)
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_an_address_is_the_same_however_it_is_read(value: str) -> None:
    def parsed() -> object:
        try:
            return tuple(listen.ListenAddress.parse("ListenStream", value))
        except listen.InvalidListenAddress as exc:
            return str(exc)

    found = parsed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listen, "_PLAIN", NOTHING)
        assert parsed() == found
