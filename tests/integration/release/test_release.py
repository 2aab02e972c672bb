# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `release` on hosts. It needs no systemd: one suite has all cases, and each
suite, with its own Python, the first."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import threading
import typing as t
import zipfile

import pytest
from remote_module import _LAUNCH, PLACE
from shop import Shop, archive, done, names

pytestmark = pytest.mark.targets


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tarred(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    """A good release, and one more member."""
    out = io.BytesIO(archive("1"))
    with tarfile.open(fileobj=out, mode="a") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        tar.addfile(info)
    return out.getvalue()


def test_check_mode_shows_what_the_run_then_does_once(everywhere: Shop) -> None:
    shop, path = everywhere, everywhere.source("1")
    before = shop.listing()
    shown = shop.install("1", path=path, switch=True, check=True, diff=True)
    assert shop.listing() == before
    made = shop.install("1", path=path, switch=True)
    assert shown["plan"] == made["plan"]
    assert done(made) == [("install", "1"), ("switch", "current")]
    assert "install /opt" in shown["diff"][-1]["prepared"]

    after = shop.listing(f"/opt/{shop.name}")
    assert {line.split(" ", 3)[3].split()[0] for line in after} == {"0:0"}
    assert {line.split()[2] for line in after if " l " not in line} == {"755", "644"}
    assert shop.host.sh(f"cat /opt/{shop.name}/current/version") == "1"

    after = shop.listing()
    again = shop.install("1", path=path, switch=True)
    assert (again["changed"], again["plan"]) == (False, [])
    assert shop.listing() == after


@pytest.mark.parametrize(
    ("data", "options", "says"),
    [
        pytest.param(b"hello", {}, "neither an archive", id="no-archive"),
        pytest.param(archive("1")[:1500], {}, "cut short", id="cut"),
        pytest.param(gzip.compress(archive("1"))[:-4], {}, "cut short", id="cut-gz"),
        pytest.param(tarred("../../etc/x"), {}, "'..'", id="dotdot"),
        pytest.param(tarred("/etc/x"), {}, "absolute", id="absolute"),
        pytest.param(tarred("l", tarfile.SYMTYPE, "/etc"), {}, "outside", id="link"),
        pytest.param(tarred("d", tarfile.CHRTYPE), {}, "device", id="device"),
        pytest.param(tarred("version"), {}, "twice", id="twice"),
        pytest.param(
            b"\x28\xb5\x2f\xfd" + bytes(30),
            {},
            "install zstd or send .tar.gz",
            id="zstd",
        ),
        pytest.param(
            None,
            {"programs": ["bin/hello"]},
            "'bin/hello' is not in the release; what can be run there: bin/serve",
            id="program",
        ),
        pytest.param(
            None, {"programs": ["version"]}, "cannot be run", id="program-no-program"
        ),
        pytest.param(None, {"strip_components": 2}, "would be lost", id="strip"),
        pytest.param(
            None, {"checksum": digest(b"x")}, "checksum differs", id="checksum"
        ),
        pytest.param(None, {"checksum": "md5:1"}, "64 hexadecimal", id="checksum-form"),
        pytest.param(None, {"version": "1/2"}, "cannot name a release", id="version"),
        pytest.param(None, {"name": "../x"}, "no unit name prefix", id="name"),
        pytest.param(None, {"keep": 0}, "keep must be", id="keep"),
        pytest.param(None, {"src": "/nowhere"}, "cannot be read", id="no-source"),
        pytest.param(
            None, {"src": "https://x.invalid/r.tar"}, "checksum is missing", id="url"
        ),
    ],
)
def test_a_refused_wish_leaves_nothing(
    clean: Shop, data: bytes | None, options: dict[str, t.Any], says: str
) -> None:
    shop, path = clean, clean.source("1", data)
    before = shop.listing()
    wish = {"name": shop.name, "version": "1", "src": path, "remote_src": True}
    for check in (True, False):
        result = shop.host.attempt("release", check=check, **{**wish, **options})
        assert result.get("failed"), result
        assert says in result["msg"]
        assert "Traceback" not in str(result)
    assert shop.listing() == before


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zip", "program", "directory"])
def test_each_kind_of_source(shop: Shop, kind: str) -> None:
    path = f"/srv/{shop.name}-1"
    if kind == "program":
        shop.host.write({path: "#!/bin/sh\necho 1\n"})
    elif kind == "directory":
        shop.host.sh(
            f"mkdir -p {path}/bin; cp /bin/true {path}/bin; chmod 4777 {path}/bin/true"
        )
    elif kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            made.writestr("version", "1")
        shop.host.write({path: out.getvalue()})
    else:
        packed = {"gz": "gzip", "xz": "xz", "bz2": "bzip2"}[kind]
        data = subprocess.run(
            [packed, "-c"], input=archive("1"), capture_output=True, check=True
        )
        shop.host.write({path: data.stdout})
    result = shop.install("1", path=path)
    assert not result.get("failed"), result["msg"]
    assert done(shop.install("1", path=path)) == []
    program = {"program": shop.name, "directory": "bin/true"}.get(kind, "version")
    found = shop.host.sh(f"stat -c '%a %u' /opt/{shop.name}/releases/1/{program}")
    assert found == ("755 0" if kind in ("program", "directory") else "644 0")


def test_from_a_url(shop: Shop) -> None:
    shop.source("1")
    url = f"http://127.0.0.1:{shop.ports[0]}/{shop.name}-1.tar"
    good, bad = digest(archive("1")), digest(b"other")
    shop.host.sh(
        f"systemd-run -q --unit {shop.name}-http.service python3 -m http.server -d /srv "
        f"{shop.ports[0]} && curl -s --retry 50 --retry-connrefused --retry-delay 0 "
        f"--retry-max-time 10 -o /dev/null {url}"
    )
    before = shop.listing()
    for src, checksum, says in (
        (url, bad, f"gave {good}, not {bad}"),
        (url + "x", good, "could not be fetched"),
        (url.replace(f":{shop.ports[0]}", ":1"), good, "could not be fetched"),
    ):
        result = shop.install("1", path=src, checksum=checksum, remote_src=False)
        assert result.get("failed")
        assert says in result["msg"]
        assert shop.listing() == before
    result = shop.install("1", path=url, checksum=good, remote_src=False)
    assert done(result) == [("install", "1")]
    shop.host.sh(f"systemctl stop {shop.name}-http")
    again = shop.install("1", path=url, checksum=good, remote_src=False)
    assert done(again) == []  # what is there already is not fetched


def test_a_full_disk_leaves_nothing_half(shop: Shop) -> None:
    shop.host.sh(
        f"mkdir /opt/{shop.name} && "
        f"mount -t tmpfs -o size=300k,mode=755 tmpfs /opt/{shop.name}"
    )
    big = archive("2", big=os.urandom(600_000))
    assert not shop.install("1", switch=True).get("failed")
    before = names(shop.listing())
    result = shop.install("2", path=shop.source("2", big), switch=True)
    assert result.get("failed")
    assert "no space is left" in result["msg"]
    assert names(shop.listing()) == before
    assert shop.host.sh(f"readlink /opt/{shop.name}/current") == "releases/1"
    assert done(shop.install("3", switch=True)) == [
        ("install", "3"),
        ("switch", "current"),
    ]


def test_a_full_disk_leaves_no_folder_of_a_first_release(shop: Shop) -> None:
    shop.host.sh("mkdir -p /opt && mount -t tmpfs -o size=300k,mode=755 tmpfs /opt")
    try:
        before = names(shop.listing())
        big = archive("1", big=os.urandom(600_000))
        result = shop.install("1", path=shop.source("1", big))
        assert "no space is left" in result["msg"]
        assert names(shop.listing()) <= before
    finally:
        shop.host.sh("umount /opt")


def test_other_bytes_need_replace(shop: Shop) -> None:
    shop.install("1", switch=True)
    other = shop.source("1b", archive("1", more="x"))
    before = shop.listing()
    result = shop.install("1", path=other)
    assert "made of other bytes" in result["msg"]
    assert "replace: true" in result["msg"]
    assert shop.listing() == before
    assert done(shop.install("1", path=other, replace=True, switch=True)) == [
        ("replace", "1")
    ]
    assert shop.has(f"/opt/{shop.name}/current/more")
    assert shop.host.sh(f"ls -A /opt/{shop.name}/releases") == "1"


def test_keeps_as_many_as_asked_for(shop: Shop) -> None:
    for version in ("1", "2", "3"):
        result = shop.install(version, switch=True, keep=2)
    assert done(result) == [("install", "3"), ("switch", "current"), ("prune", "1")]
    assert result["release"]["installed"] == ["2", "3"]
    assert (result["release"]["current"], result["release"]["previous"]) == ("3", "2")


_INTERRUPTED = """
import glob, json, os, signal, subprocess, sys
program, options, hidden = sys.argv[1:]
module = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
module.stdin.write(options.encode())
module.stdin.close()
while module.poll() is None:
    if glob.glob(hidden):
        module.kill()
        break
print(module.wait())
"""


def test_a_killed_run_leaves_nothing_that_counts(shop: Shop) -> None:
    shop.install("1", switch=True)
    data = archive("2", **{f"data__{n}": os.urandom(50_000) for n in range(400)})
    path = shop.source("2", data)
    wish = {"name": shop.name, "version": "2", "src": path, "remote_src": True}
    hidden = f"/opt/{shop.name}/releases/.2.*/data/1??"
    code = subprocess.run(
        ["docker", "exec", shop.host.container, "python3", "-c", _INTERRUPTED,
         _LAUNCH.format(place=PLACE, module="release"), json.dumps(wish), hidden],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert code == "-9"
    assert "/.2." in str(shop.listing("/opt"))
    result = shop.install("1", switch=True)
    assert (result["changed"], result["release"]["installed"]) == (False, ["1"])
    assert done(shop.install("2", path=path, switch=True)) == [
        ("install", "2"),
        ("switch", "current"),
    ]
    assert sorted(shop.host.sh(f"ls -A /opt/{shop.name}/releases").split()) == [
        "1",
        "2",
    ]


def test_two_runs_at_once_take_turns(shop: Shop) -> None:
    results: dict[str, t.Any] = {}
    for version in "12":
        shop.source(version, archive(version, data=os.urandom(3_000_000)))

    def run(version: str) -> None:
        path = f"/srv/{shop.name}-{version}.tar"
        results[version] = shop.install(version, path=path, switch=True)

    threads = [threading.Thread(target=run, args=(version,)) for version in "12"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.get("msg") for r in results.values()] == [None, None]
    assert sorted(shop.host.sh(f"ls -A /opt/{shop.name}/releases").split()) == [
        "1",
        "2",
    ]
    last = shop.host.sh(f"cat /opt/{shop.name}/current/version")
    assert results[last]["release"]["previous"] == ({"1", "2"} - {last}).pop()


def test_the_umask_of_the_caller_does_not_count(shop: Shop) -> None:
    wish = {
        "name": shop.name,
        "version": "1",
        "src": shop.source("1"),
        "remote_src": True,
    }
    shop.host.send()
    subprocess.run(
        ["docker", "exec", "-i", shop.host.container, "sh", "-c",
         'umask 077; exec python3 -c "$0"', _LAUNCH.format(place=PLACE, module="release")],
        input=json.dumps(wish).encode(), capture_output=True, check=True,
    )  # fmt: skip
    folders = f"/opt/{shop.name} /var/lib/activated.services"
    modes = {(p.split()[1], p.split()[2]) for p in shop.listing(folders)}
    assert modes == {
        ("d", "755"),
        ("f", "755"),
        ("f", "644"),
        ("f", "600"),
        ("l", "777"),
    }


@pytest.mark.parametrize(
    "change", ["chown 1234 {}", "chmod 775 {}", "rmdir {}; ln -s /etc {}"]
)
def test_a_folder_that_others_could_turn_is_refused(shop: Shop, change: str) -> None:
    shop.host.sh(f"mkdir -p /opt/{shop.name}")
    shop.host.sh(change.replace("{}", f"/opt/{shop.name}"))
    before = shop.listing()
    result = shop.install("1")
    assert result.get("failed")
    assert "others than root" in result["msg"] or "is no folder" in result["msg"]
    assert shop.listing() == before


def test_a_foreign_folder_in_the_place_is_left_alone(shop: Shop) -> None:
    shop.host.sh(f"mkdir -p /opt/{shop.name}/releases/1/mine")
    before = shop.listing()
    result = shop.install("1", replace=True)
    assert "was not made by this collection" in result["msg"]
    assert shop.listing() == before


def test_absent_leaves_what_others_put_there(shop: Shop) -> None:
    before = names(shop.listing())
    shop.install("1", switch=True)
    shop.host.sh(f"touch /opt/{shop.name}/notes")
    gone = shop.host.attempt("release", name=shop.name, state="absent")
    assert gone["changed"]
    left = names(shop.listing()) - before
    assert left == {f"/opt/{shop.name}", f"/opt/{shop.name}/notes"}
    again = shop.host.attempt("release", name=shop.name, state="absent")
    assert not again["changed"]
