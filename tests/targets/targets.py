# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""systemd hosts in containers: the engine, the images, the hosts, the proof.

Needs nothing but Python 3.9, so that a Makefile can call it before anything is set up:

    python3 tests/targets/targets.py up web --suite bookworm
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import typing as t

import engine
import hosts
import images
from steps import TargetError, fail, say


def read_arguments(words: t.Sequence[str] | None = None) -> argparse.Namespace:
    """Understand a command line; ends the program with a usage line if it cannot."""
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="targets.py", description=summary)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    verbs.add_parser("engine", help="make sure that a Docker Engine answers")
    for verb, what in (
        ("images", "make the images of hosts"),
        ("build-images", "make the images with compilers"),
    ):
        making = verbs.add_parser(verb, help=what)
        making.add_argument("suites", nargs="*", metavar="SUITE")
    starting = verbs.add_parser("up", help="start one host, and have it prove itself")
    starting.add_argument("name", metavar="NAME")
    starting.add_argument("--suite", required=True)
    proving = verbs.add_parser("prove", help="what a running host can do")
    proving.add_argument("name", metavar="NAME")
    removing = verbs.add_parser("down", help="remove hosts, all of them without a name")
    removing.add_argument("names", nargs="*", metavar="NAME")
    verbs.add_parser("ps", help="list the hosts")
    verbs.add_parser("clean", help="remove this project's containers and images")
    platform = verbs.add_parser(
        "platform", help="one entry for a molecule.yml, as JSON"
    )
    platform.add_argument("name", metavar="NAME")
    platform.add_argument("--suite", required=True)
    return parser.parse_args(words)


def main(words: t.Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    wish = read_arguments(words)
    if wish.verb == "platform":
        print(json.dumps([hosts.molecule_platform(wish.name, wish.suite)], indent=2))
        return
    if wish.verb in ("down", "clean", "ps"):
        if engine.ask_engine().reason:
            say("no Docker Engine answers: what it may keep stays as it is")
            return
    else:
        version = engine.ensure_engine()
    if wish.verb == "engine":
        say(f"Docker Engine {version}")
    elif wish.verb == "images":
        images.ensure_images(images.TARGET, wish.suites or images.SUITES)
    elif wish.verb == "build-images":
        images.ensure_images(images.BUILD, wish.suites or images.SUITES)
    elif wish.verb == "up":
        images.ensure_images(images.TARGET, [wish.suite])
        hosts.up(wish.name, wish.suite)
    elif wish.verb == "prove":
        hosts.prove(wish.name)
    elif wish.verb == "down":
        hosts.down(wish.names)
    elif wish.verb == "ps":
        hosts.ps()
    elif wish.verb == "clean":
        hosts.clean()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except TargetError as error:
        fail(error)
    except OSError as error:
        fail(TargetError(str(error)))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
