# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the activated.services collection.
# Nothing outside the collection may import it: it changes without notice.
"""Kinds of values that are paths, directories, images and files."""

from __future__ import annotations

import re
import typing as t

from .._tables import directives
from . import basics
from .text import (
    BadValue,
    Check,
    check_escapes,
    check_path,
    demand,
    distinct_words,
    expand,
    one_of,
    resettable,
    words_of,
)

# Words in which nothing is to be replaced, and with which nothing is wrong.
_PLAIN_LENGTH: t.Final = 255
_PLAIN_PART: t.Final = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_PLAIN_DIRECTORY: t.Final = rf"(?!private(?:[/ ]|\Z)){_PLAIN_PART}(?:/{_PLAIN_PART})*"
_PLAIN_DIRECTORIES: t.Final = re.compile(
    rf"{_PLAIN_DIRECTORY}(?: +{_PLAIN_DIRECTORY})*"
)
_PLAIN_PATHS: t.Final = re.compile(
    rf"[-+]?(?:/{_PLAIN_PART})+(?: +[-+]?(?:/{_PLAIN_PART})+)*"
)
_PLAIN_BIND: t.Final = (
    rf"-?(?:/{_PLAIN_PART})+(?::(?:/{_PLAIN_PART})+(?::(?:no)?rbind)?)?"
)
_PLAIN_BINDS: t.Final = re.compile(rf"{_PLAIN_BIND}(?: +{_PLAIN_BIND})*")

# From here on these lists are of tuples, split twice.
_TUPLES_SINCE: t.Final = 248
_EXEC_DIRECTORY_TUPLES_SINCE: t.Final = 251
_EXEC_DIRECTORY_FLAGS_SINCE: t.Final = 257
# Some paths below /dev, /proc and /sys are refused since.
KERNEL_PATHS_SINCE: t.Final = 257


def path(value: str, key: str, systemd: int) -> None:
    check_path(value, systemd)


def optional_path(value: str, key: str, systemd: int) -> None:
    """A path that may be missing where a `-` stands before it."""
    check_path(value[1:] if value.startswith("-") else value, systemd)


def any_path(value: str, key: str, systemd: int) -> None:
    """A path that is taken below the runtime directory where it is relative."""
    value = expand(value, systemd)
    if not value.startswith("/"):
        value = "/run/" + value
    resolved = check_path(value.replace("%", "%%"), systemd)
    demand(
        systemd < KERNEL_PATHS_SINCE
        or not re.match(r"/+(?:dev|proc|sys)(?:/|$)", resolved),
        f"{value!r} lies below a file system of the kernel",
    )


def paths(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value):
        check_path(word, systemd)


def sandbox_paths(value: str, key: str, systemd: int) -> None:
    """Paths with `-` (may be missing) and `+` (below the service's own root)."""
    if len(value) <= _PLAIN_LENGTH and _PLAIN_PATHS.fullmatch(value):
        return
    for word in distinct_words(value):
        if word.startswith("-"):
            word = word[1:]
        if word.startswith("+"):
            word = word[1:]
        check_path(word, systemd)


def search_paths(value: str, key: str, systemd: int) -> None:
    for word in value.split(":"):
        check_path(word, systemd)


def condition_path(value: str, key: str, systemd: int) -> None:
    if value.startswith("|"):
        value = value[1:]
    if value.startswith("!"):
        value = value[1:]
    check_path(value, systemd)


def working_directory(value: str, key: str, systemd: int) -> None:
    if value.startswith("-"):
        value = value[1:]
    if value != "~":
        check_path(value, systemd)


def temporary_file_systems(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value):
        check_path(word.partition(":")[0], systemd)


def bind_paths(value: str, key: str, systemd: int) -> None:
    """Words of SOURCE[:DESTINATION[:rbind|norbind]]."""
    if len(value) <= _PLAIN_LENGTH and _PLAIN_BINDS.fullmatch(value):
        return
    for word in distinct_words(value, retain=systemd >= _TUPLES_SINCE):
        parts = [part.replace("\0", ":") for part in _split_tuple(word)]
        source = parts[0][1:] if parts[0].startswith("-") else parts[0]
        check_path(source, systemd)
        if len(parts) > 1:
            check_path(parts[1], systemd)
        demand(len(parts) <= 3, f"{word!r} has more than three parts")
        if len(parts) > 2:
            demand(
                parts[2] in ("", "rbind", "norbind"),
                f"{parts[2]!r} is neither rbind nor norbind",
            )


def _split_tuple(word: str) -> list[str]:
    return word.replace("\\:", "\0").split(":")


def exec_directories(value: str, key: str, systemd: int) -> None:
    """Relative names, from 251 on NAME[:SYMLINK[:FLAGS]]."""
    if len(value) <= _PLAIN_LENGTH and _PLAIN_DIRECTORIES.fullmatch(value):
        return
    tuples = systemd >= _EXEC_DIRECTORY_TUPLES_SINCE
    for word in distinct_words(value, retain=tuples):
        if tuples:
            check_escapes(word.replace("\\:", ""))
        parts = _split_tuple(word) if tuples else [word]
        if systemd < _EXEC_DIRECTORY_FLAGS_SINCE:
            # What follows the second part was passed over.
            parts = [part for part in parts if part][:2] or [""]
        name = check_path(parts[0].replace("\0", ":"), systemd, absolute=False)
        demand(
            re.match(r"(?:\.?/)*private(?:/|$)", name) is None,
            f"{key} cannot be 'private': systemd keeps its own directories there",
        )
        if len(parts) > 1 and parts[1]:
            demand(
                key != "ConfigurationDirectory",
                "ConfigurationDirectory takes no symbolic link",
            )
            check_path(parts[1].replace("\0", ":"), systemd, absolute=False)
        demand(len(parts) <= 3, f"{word!r} has more than three parts")
        if len(parts) == 3:
            demand(
                parts[2] in ("", "ro"),
                f"{parts[2]!r} is not a flag of {key}",
            )


def device_allow(value: str, key: str, systemd: int) -> None:
    """A device node, or block-… or char-…, and what may be done with it."""
    words = words_of(value)
    device = expand(words[0], systemd)
    if not device.startswith(("block-", "char-")):
        demand(
            re.match(r"/+(?:dev(?:/|$)|run/systemd/inaccessible/+[^/])", device)
            is not None,
            f"{device!r} is not the node of a device",
        )
        _normalized(device)
    rights = value.strip().partition(" ")[2].strip() if len(words) > 1 else ""
    demand(set(rights) <= set("rwm"), f"{rights!r} are not rights (r, w, m)")


def _normalized(path: str) -> None:
    problem = basics.path_problem(path, path.startswith("/"))
    if problem:
        raise BadValue(problem)


def device_value(check: Check) -> Check:
    """Give a check for a path and behind it a value of another kind."""

    def checked(value: str, key: str, systemd: int) -> None:
        words = value.split(None, 1)
        demand(len(words) == 2, f"{value!r} is not a path and a value")
        _normalized(expand(words_of(words[0])[0], systemd))
        check(words[1], key, systemd)

    return checked


def io_limit(value: str, key: str, systemd: int) -> None:
    demand(
        value == "infinity" or (basics.size(value, 1000) or 0) > 0,
        f"{value!r} is not a positive size",
    )


def weight(value: str, key: str, systemd: int) -> None:
    demand(
        not value or basics.is_integer(value, 1, 10000, systemd),
        f"{value!r} is not a weight from 1 to 10000",
    )


def block_weight(value: str, key: str, systemd: int) -> None:
    demand(
        basics.is_integer(value, 10, 1000, systemd),
        f"{value!r} is not a weight from 10 to 1000",
    )


def latency(value: str, key: str, systemd: int) -> None:
    demand(basics.time_span(value) is not None, f"{value!r} is not a time span")


def mount_images(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, retain=True):
        parts = [part.replace("\0", ":") for part in _split_tuple(word)]
        source = parts[0][1:] if parts[0].startswith("-") else parts[0]
        check_path(source, systemd)
        demand(len(parts) > 1 and bool(parts[1]), f"{word!r} has no destination")
        check_path(parts[1], systemd)
        _image_options(parts[2:], systemd)


def extension_images(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, retain=True):
        parts = [part.replace("\0", ":") for part in _split_tuple(word)]
        source = parts[0][1:] if parts[0].startswith("-") else parts[0]
        check_path(source, systemd)
        _image_options(parts[1:], systemd)


def root_image_options(value: str, key: str, systemd: int) -> None:
    for word in distinct_words(value, cunescape=True):
        partition, _colon, options = word.lstrip(":").partition(":")
        expand(partition, systemd)
        if options:
            _image_options([partition, options], systemd)


def _image_options(parts: list[str], systemd: int) -> None:
    partitions = directives.words("partition_designator", systemd) or frozenset()
    while len(parts) > 1:
        demand(parts[0] in partitions, f"{parts[0]!r} is not a partition's name")
        expand(parts[1], systemd)
        parts = parts[2:]
    if parts:
        expand(parts[0], systemd)


def root_hash(value: str, key: str, systemd: int) -> None:
    demand(
        value.startswith("/")
        or (re.fullmatch(r"(?:[0-9a-fA-F]{2}){16,}", value) is not None),
        f"{value!r} is neither an absolute path nor a hash in hexadecimal",
    )


def root_hash_signature(value: str, key: str, systemd: int) -> None:
    demand(
        value.startswith(("/", "base64:")),
        f"{value!r} is neither an absolute path nor base64:…",
    )


def bpf_program(value: str, key: str, systemd: int) -> None:
    kind, colon, file = value.partition(":")
    demand(bool(colon) and bool(kind), f"{value!r} is not TYPE:PATH")
    one_of(kind, "bpf_cgroup_attach_type", systemd)
    check_path(file, systemd)


def open_file(value: str, key: str, systemd: int) -> None:
    """PATH[:NAME[:OPTIONS]] (systemd.service(5))."""
    check_escapes(value.replace("\\:", ""))
    parts = _split_tuple(value)
    demand(len(parts) <= 3, f"{value!r} has more than three parts")
    problem = basics.path_problem(parts[0].replace("..", "x"))
    if problem:
        raise BadValue(problem)
    if len(parts) > 1:
        demand(
            basics.is_fd_name(parts[1]), f"{parts[1]!r} cannot name a file descriptor"
        )
    options = [word for word in parts[2].split(",") if word] if len(parts) > 2 else []
    known = ("read-only", "append", "truncate", "graceful")
    for option in options:
        demand(option in known, f"{option!r} is not one of {', '.join(known)}")
    demand(
        len(set(options) - {"graceful"}) <= 1 and len(set(options)) == len(options),
        f"{parts[-1]!r} are options that do not go together",
    )


def image_policy(value: str, key: str, systemd: int) -> None:
    """`*`, `-`, `~`, or PARTITION=FLAGS; flags that are unknown are passed over."""
    if value in ("*", "-", "~"):
        return
    partitions = directives.words("partition_designator", systemd) or frozenset()
    for word in value.split(":"):
        partition, equals, _flags = word.partition("=")
        demand(
            not word or (bool(equals) and (not partition or partition in partitions)),
            f"{word!r} is not PARTITION=FLAGS",
        )


KINDS: t.Final[t.Mapping[str, Check]] = {
    "unit_path_printf": resettable(path),
    "path_spec": resettable(path),
    "ip_filter_bpf_progs": resettable(path),
    "unit_env_file": resettable(optional_path),
    "pid_file": resettable(any_path),
    "unit_path_strv_printf": resettable(paths),
    "unit_mounts_for": paths,
    "unit_requires_mounts_for": paths,
    "namespace_path_strv": resettable(sandbox_paths),
    "colon_separated_paths": resettable(search_paths),
    "unit_condition_path": resettable(condition_path),
    "working_directory": resettable(working_directory),
    "temporary_filesystems": resettable(temporary_file_systems),
    "bind_paths": resettable(bind_paths),
    "exec_directories": resettable(exec_directories),
    "device_allow": resettable(device_allow),
    "io_limit": resettable(device_value(io_limit)),
    "io_device_weight": resettable(device_value(weight)),
    "io_device_latency": resettable(device_value(latency)),
    "blockio_bandwidth": resettable(device_value(io_limit)),
    "blockio_device_weight": resettable(device_value(block_weight)),
    "mount_images": resettable(mount_images),
    "extension_images": resettable(extension_images),
    "root_image_options": resettable(root_image_options),
    "image_policy": resettable(image_policy),
    "exec_root_hash": resettable(root_hash),
    "exec_root_hash_sig": resettable(root_hash_signature),
    "bpf_foreign_program": resettable(bpf_program),
    "open_file": resettable(open_file),
}
