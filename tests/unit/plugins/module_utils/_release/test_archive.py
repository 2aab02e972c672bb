# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import tempfile
import typing as t
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.activated.services.plugins.module_utils._release.archive import (
    Member,
    UnsafeArchive,
    judge,
    programs,
    resolve,
)
from ansible_collections.activated.services.plugins.module_utils._release.version import (
    MARKER,
)


def file(name: str, executable: bool = False) -> Member:
    return Member(name, "file", 1, executable)


def folder(name: str) -> Member:
    return Member(name, "directory")


def link(name: str, target: str) -> Member:
    return Member(name, "symlink", target=target)


def hard(name: str, target: str) -> Member:
    return Member(name, "hardlink", target=target)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        pytest.param([file("/etc/passwd")], "absolute", id="absolute"),
        pytest.param([file("../x")], "'..'", id="dotdot"),
        pytest.param([file("a/../../x")], "'..'", id="dotdot-inside"),
        pytest.param([file("a/..")], "'..'", id="dotdot-last"),
        pytest.param([file("a\0b")], "NUL", id="nul"),
        pytest.param([file("a\nb")], "line break", id="line-break"),
        pytest.param([file("a\udcff")], "not UTF-8", id="bytes"),
        pytest.param([file("")], "lost", id="no-name"),
        pytest.param([file("."), file("a")], "lost", id="dot"),
        pytest.param([Member("dev", "special")], "device", id="device"),
        pytest.param([file("a"), file("a")], "twice", id="twice"),
        pytest.param([file("a"), file("./a")], "twice", id="twice-dotted"),
        pytest.param([file("b/a"), file("b//a")], "twice", id="twice-slashed"),
        pytest.param([folder("a"), file("a")], "twice", id="folder-then-file"),
        pytest.param([link("a", "b"), folder("a")], "twice", id="link-then-folder"),
        pytest.param([file("a"), link("a", "b")], "twice", id="file-then-link"),
        pytest.param([file("a"), file("a/b")], "lies below 'a'", id="below-file"),
        pytest.param([file("a/b/c"), file("a")], "lies below", id="below-later-file"),
        pytest.param(
            [link("a", "b"), file("a/x"), folder("b")], "lies below", id="below-link"
        ),
        pytest.param([link("a", "/etc")], "leads outside", id="link-absolute"),
        pytest.param([link("a", "..")], "leads outside", id="link-up"),
        pytest.param([link("a/b", "../../x")], "leads outside", id="link-up-twice"),
        pytest.param([link("a", "")], "leads outside", id="link-to-nothing"),
        pytest.param([link("a", "b\0c")], "NUL", id="link-nul"),
        pytest.param(
            [folder("d/e"), link("l", "d/e"), link("out", "l/../../..")],
            "leads outside",
            id="link-textually-up",
        ),
        pytest.param(
            [
                folder("a/b"),
                link("x", "a/b"),
                link("a/b/y", "../.."),
                link("z", "x/y/.."),
            ],
            "outside, by other links",
            id="chain",
        ),
        pytest.param([link("a", "b"), link("b", "a")], "circle", id="circle"),
        pytest.param([link("a", "a")], "circle", id="itself"),
        pytest.param(
            [link(f"l{n}", f"l{n + 1}") for n in range(60)] + [file("l60")],
            "more than 40 links",
            id="long-chain",
        ),
        pytest.param([hard("a", "b")], "no file that came before", id="hard-nothing"),
        pytest.param([hard("a", "b"), file("b")], "came before", id="hard-later"),
        pytest.param([hard("a", "/etc/shadow")], "absolute", id="hard-absolute"),
        pytest.param([hard("a", "../b")], "'..'", id="hard-dotdot"),
        pytest.param(
            [file("f"), link("b", "f"), hard("a", "b")], "no file", id="hard-to-link"
        ),
        pytest.param([folder("b"), hard("a", "b")], "no file", id="hard-to-folder"),
        pytest.param([file(MARKER)], "keeps for itself", id="marker"),
        pytest.param([file(f"{MARKER}/x")], "keeps for itself", id="below-marker"),
        pytest.param([folder(f"./{MARKER}")], "keeps for itself", id="marker-folder"),
        pytest.param([], "no file in it", id="empty"),
        pytest.param([folder("a")], "no file in it", id="folders-alone"),
    ],
)
def test_refuses_the_whole_archive(members: list[Member], says: str) -> None:
    with pytest.raises(UnsafeArchive, match=says):
        judge(members)
    if says != "no file in it":
        with pytest.raises(UnsafeArchive, match=says):
            judge([file("good/one"), link("good/two", "one"), *members])


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([folder("."), folder("./a"), file("./a/b")], id="dot-slash"),
        pytest.param([folder("a"), folder("a"), file("a/b")], id="folder-twice"),
        pytest.param([file("a/b/c"), link("l", "a/b/../b/c")], id="link-down-and-up"),
        pytest.param([file("a/x"), link("b/l", "../a/x")], id="link-aside"),
        pytest.param([file("a"), link("l", "nowhere")], id="dangling"),
        pytest.param([file("a"), link("l", ".")], id="link-to-the-top"),
        pytest.param([file("a"), hard("b", "a"), hard("c", "a")], id="hard-links"),
        pytest.param([file("...")], id="three-dots"),
        pytest.param([file("a..b/.c")], id="dots-in-names"),
        pytest.param([file("ü/日本")], id="unicode"),
        pytest.param([file(f"x/{MARKER}")], id="marker-deeper"),
        pytest.param(
            [link(f"l{n}", f"l{n + 1}") for n in range(20)] + [file("l20")], id="chain"
        ),
    ],
)
def test_accepts(members: list[Member]) -> None:
    judged = judge(members)
    assert [m is None for m in judged] == [m.name == "." for m in members]


@pytest.mark.parametrize(
    ("members", "strip", "names"),
    [
        ([folder("a"), file("a/b")], 1, [None, "b"]),
        ([folder("a/b"), file("a/b/c")], 2, [None, "c"]),
        ([file("a/b"), hard("a/c", "a/b")], 1, ["b", "c"]),
        ([file("a/b/c"), link("a/l", "b/c")], 1, ["b/c", "l"]),
        ([file("./a/b")], 1, ["b"]),
    ],
)
def test_strips(members: list[Member], strip: int, names: list[str | None]) -> None:
    judged = judge(members, strip)
    assert [m and m.name for m in judged] == names


def test_strips_the_targets_of_hard_links() -> None:
    judged = judge([file("a/b"), hard("a/c", "a/b")], 1)
    assert judged[1] == hard("c", "b")


@pytest.mark.parametrize(
    ("members", "strip", "says"),
    [
        pytest.param([file("README"), file("a/b")], 1, "would be lost", id="file"),
        pytest.param([link("l", "a"), file("a/b")], 1, "would be lost", id="link"),
        pytest.param([file("a/x"), file("b/x")], 1, "twice", id="two-become-one"),
        pytest.param([link("a/l", "../b"), file("a/x")], 1, "outside", id="link-out"),
        pytest.param([file(f"a/{MARKER}")], 1, "keeps for itself", id="marker"),
        pytest.param([folder("a")], 1, "no file in it", id="nothing-left"),
    ],
)
def test_stripping_refuses(members: list[Member], strip: int, says: str) -> None:
    judge([*members, file("z/z")])
    with pytest.raises(UnsafeArchive, match=says):
        judge(members, strip)


def test_what_can_be_run() -> None:
    members = [
        file("bin/a", executable=True),
        file("doc"),
        hard("bin/b", "bin/a"),
        hard("doc2", "doc"),
        link("l", "bin/a"),
        None,
    ]
    assert programs(members) == {"bin/a", "bin/b"}


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("app-1/bin/x", "app-1/bin/x"),
        ("current/bin/x", "app-1/bin/x"),
        ("x", "app-1/bin/x"),
        ("dangling", "nowhere"),
        ("absent/y", "absent/y"),
    ],
)
def test_follows_links_to_a_program(name: str, leads_to: str) -> None:
    members = judge(
        [
            file("app-1/bin/x", executable=True),
            link("current", "app-1"),
            link("x", "current/bin/x"),
            link("dangling", "nowhere"),
        ]
    )
    assert resolve(name, members) == leads_to


# -- whatever is accepted stays inside ------------------------------------------------

_PARTS = st.sampled_from(["a", "b", "c", ".", "..", "", "a", "b"])
_NAMES = st.lists(_PARTS, min_size=1, max_size=4).map("/".join)
_MEMBERS = st.builds(
    Member,
    name=_NAMES,
    kind=st.sampled_from(["file", "directory", "symlink", "symlink", "hardlink"]),
    target=_NAMES,
)


@settings(deadline=None)
@given(st.lists(_MEMBERS, min_size=1, max_size=6), st.integers(0, 1))
def test_nothing_that_is_accepted_leads_outside(members: t.Any, strip: int) -> None:
    try:
        judged = judge(members, strip)
    except UnsafeArchive:
        event("refused")
        return
    event("accepted")
    with tempfile.TemporaryDirectory() as top:
        inside = Path(top, "x", "inside")
        inside.mkdir(parents=True)
        Path(top, "x", "outside").write_text("outside")
        _make(inside, [m for m in judged if m])
        for place, folders, files in os.walk(inside):
            for name in (*folders, *files):
                real = os.path.realpath(os.path.join(place, name))
                assert real == str(inside) or real.startswith(f"{inside}/")
        assert sorted(os.listdir(Path(top, "x"))) == ["inside", "outside"]
        assert Path(top, "x", "outside").read_text() == "outside"


def _make(inside: Path, members: list[Member]) -> None:
    """Make the members as naively as any program would."""
    for member in members:
        path = inside / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "directory":
            path.mkdir(exist_ok=True)
        elif member.kind == "file":
            path.write_text(member.name)
        elif member.kind == "symlink":
            path.symlink_to(member.target)
        else:
            os.link(inside / member.target, path)
