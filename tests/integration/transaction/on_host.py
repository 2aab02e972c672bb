# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on a target: deployments that are killed, and what is true of the host after each.

One process imports the modules once and forks for each run, so that a hundred of them take
seconds. The faults are put into the forked process alone: the modules know nothing of them.
Standard input says what to do as JSON, standard output answers in the same way.
"""

from __future__ import annotations

import errno
import glob
import importlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import time
import typing as t

sys.path.insert(0, "/var/tmp/activated-tests")

import ansible.module_utils.basic as basic

OURS = "ansible_collections.activated.services.plugins."
FOLDER = "/etc/systemd/system"

MODULES = {
    name: importlib.import_module(f"{OURS}modules.{name}")
    for name in ("deployment", "release", "service_info")
}
for late in ("_proof.proof", "_proof.prover", "_exposure.exposure", "_host.verify"):
    importlib.import_module(f"{OURS}module_utils.{late}")
_ledger, _steps, _releases, _manager = (
    importlib.import_module(f"{OURS}module_utils.{name}")
    for name in (
        "_deployment.ledger",
        "_deployment.steps",
        "_release.releases",
        "_host.manager",
    )
)

Options = t.Dict[str, t.Any]
Fault = t.Callable[[], None]


# -- runs -----------------------------------------------------------------------------


def begin(module: str, options: Options, fault: Fault) -> tuple[int, int]:
    """Fork a run of a module: its process, and where its result can be read."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.setpgid(0, 0)
        os.close(reader)
        os.dup2(writer, 1)
        os.chdir("/")
        given = {"ANSIBLE_MODULE_ARGS": options}
        basic._ANSIBLE_ARGS = json.dumps(given).encode()
        basic._ANSIBLE_PROFILE = "legacy"
        fault()
        MODULES[module].main()
    except SystemExit:
        sys.stdout.flush()
    except BaseException as exc:
        print(json.dumps({"failed": True, "msg": f"crashed: {exc!r}"}), flush=True)
    finally:
        os._exit(0)


def end(run: tuple[int, int]) -> Options | None:
    """What a run said; None when it was killed."""
    pid, reader = run
    with os.fdopen(reader) as stream:
        said = stream.read()
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return None
    return t.cast(Options, json.loads(said.splitlines()[-1]))


def run(module: str, options: Options, fault: Fault = lambda: None) -> Options | None:
    return end(begin(module, options, fault))


def without_proof() -> None:
    """Where only what is written and done is looked at, the proof costs time alone:
    from here on, every run takes the service for proven."""
    MODULES["deployment"].Deployer.prove = lambda *_: None


# -- faults ---------------------------------------------------------------------------


class Count:
    """Counts the points that a run comes to, and ends it at one of them."""

    def __init__(self, at: int, trail: str = "") -> None:
        self.at = at
        self.here = 0
        self.trail = trail

    def __call__(self, name: str) -> None:
        if self.trail:
            with open(self.trail, "a") as stream:
                stream.write(name + "\n")
        if self.here == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.here += 1


def before(place: t.Any, name: str, count: t.Callable[[str], None]) -> None:
    """Come to a point before each call of a function."""
    real = getattr(place, name)

    def counted(*args: t.Any, **more: t.Any) -> t.Any:
        what = [f"{a.action} {a.subject}" for a in args if hasattr(a, "subject")]
        paths = [os.path.basename(a) for a in args if isinstance(a, str)]
        count(" ".join([name, *what, *paths]))
        return real(*args, **more)

    setattr(place, name, counted)


def at_steps(count: Count) -> Fault:
    """Points before each step, and each thing that is written down."""

    def fault() -> None:
        for name in ("stage", "step"):
            before(_steps.Steps, name, count)
        for name in ("open", "commit", "finish", "void", "close", "forget"):
            before(_ledger.Ledger, name, count)
        before(_releases.Releases, "remember", count)
        before(MODULES["deployment"].Deployer, "prove", count)
        before(MODULES["deployment"], "report_all", count)

    return fault


def at_calls(count: Count) -> Fault:
    """Points before each change of a file and each command that changes something."""

    def fault() -> None:
        for name in ("rename", "unlink", "symlink", "rmdir", "fsync", "fchmod"):
            before(os, name, count)
        before(_manager.Manager, "_change", count)
        before(_manager.Manager, "daemon_reload", count)
        before(MODULES["deployment"], "report_all", count)

    return fault


POINTS = {"steps": at_steps, "calls": at_calls}


def killed_after(module: str, options: Options, seconds: float) -> bool:
    """Kill a run from outside after some time; whether that came before its end."""
    started = time.monotonic()
    going = begin(module, options, lambda: None)
    time.sleep(max(0.0, started + seconds - time.monotonic()))
    os.kill(going[0], signal.SIGKILL)
    return end(going) is None


# -- what is true ---------------------------------------------------------------------


def ask(port: int, timeout: float = 20.0) -> str:
    """What the service answers; `refused` where nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            text = b""
            while True:
                data = client.recv(4096)
                if not data:
                    return text.decode().rpartition("\r\n\r\n")[2]
                text += data
    except ConnectionRefusedError:
        return "refused"
    except OSError as exc:
        return f"error: {exc}"


def sh(*argv: str) -> str:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


def settled() -> None:
    """Wait until systemd has done what a killed run has asked it for."""
    while "No jobs" not in sh("systemctl", "list-jobs"):
        time.sleep(0.01)


def leftovers(name: str, wanted: Options) -> list[str]:
    """What lies about that no deployment leaves."""
    said = []
    units = wanted["units"] if wanted["state"] == "present" else {}
    there = {os.path.basename(p) for p in glob.glob(f"{FOLDER}/{name}*")}
    there = {unit for unit in there if not unit.endswith(".d")}
    if there != set(units):
        said.append(f"unit files: {sorted(there)}")
    for unit in there:
        found = os.lstat(f"{FOLDER}/{unit}")
        if (found.st_uid, found.st_mode & 0o7777) != (0, 0o644):
            said.append(f"{unit} is {found.st_uid}'s, with mode {found.st_mode:o}")
    for link in glob.glob(f"{FOLDER}/*.wants/{name}*"):
        if os.path.basename(link) not in units or not os.path.exists(link):
            said.append(f"a link is left: {link}")
    for unit in units:
        if unit.endswith(".socket") and not glob.glob(f"{FOLDER}/*.wants/{unit}"):
            said.append(f"nothing starts {unit} at boot")
    for folder in (FOLDER, f"/var/lib/activated.services/{name}", f"/opt/{name}"):
        said += [f"left behind: {path}" for path in glob.glob(f"{folder}/.*")]
    state = sh("systemctl", "show", "-p", "Id,ActiveState,NeedDaemonReload", f"{name}*")
    for block in state.split("\n\n"):
        row = dict(line.partition("=")[::2] for line in block.splitlines())
        if row.get("ActiveState") == "failed" or row.get("NeedDaemonReload") == "yes":
            said.append(f"systemd: {row}")
        if row.get("ActiveState") == "active" and row["Id"] not in units:
            said.append(f"still active: {row['Id']}")
    return said


def judge(name: str, wanted: Options, answers: Options) -> list[str]:
    """Whether the host is as a deployment leaves it: wholly what was wanted."""
    said = leftovers(name, wanted)
    for port, text in answers.items():
        heard = ask(int(port))
        end = time.monotonic() + 20
        while heard == "refused" != text and time.monotonic() < end:
            # One that binds its port by itself takes a moment to do so.
            if any(unit.endswith(".socket") for unit in wanted.get("units", ())):
                break
            time.sleep(0.02)
            heard = ask(int(port))
        if heard != text:
            said.append(f"port {port} answers {heard!r}, not {text!r}")
    info = run("service_info", {"name": name})
    if not info or info.get("failed") or info["interrupted"]:
        said.append(f"service_info: {info}")
    again = run("deployment", dict(wanted, _ansible_check_mode=True))
    if not again or again.get("failed") or again["plan"]:
        said.append(f"there is still something to do: {again}")
    return said


def between(
    answers: t.Sequence[Options], steady: t.Collection[int], gap: bool
) -> list[str]:
    """Whether what answers is wholly one of two versions, right after a kill."""
    heard = {port: ask(port) for port in steady}
    whole = [{p: str(a[str(p)]) for p in steady} for a in answers]
    if gap and set(heard.values()) == {"refused"}:
        return []
    return [] if heard in whole else [f"{heard} is neither of {whole}"]


# -- stories --------------------------------------------------------------------------


def crashes(story: Options) -> Options:
    """Kill one deployment at each point in turn; look; converge; look; reset.

    `wish` is what is killed; `goals` are what the next run wants, by turns, with what is
    answered then; `reset` leads back to where the story begins.
    """
    name, found = story["name"], []
    trail = "/run/activated-trail"
    at, last = story.get("first", 0), story.get("last", 1000)
    for options in story["reset"]:
        found += [{"where": "at first", "wrong": run_well(options)}]
    while at <= last:
        if os.path.exists(trail):
            os.unlink(trail)
        if story.get("idle"):
            sh("systemctl", "stop", f"{name}.service")
        fault = POINTS[story["points"]](Count(at, trail))
        result = run("deployment", story["wish"], fault)
        with open(trail) as stream:
            names = stream.read().splitlines()
        where = f"{at}: before {names[-1] if result is None else 'its end'}"
        said = look(story, result)
        goal = story["goals"][at % len(story["goals"])]
        if result is not None:
            if result.get("failed"):
                said.append(f"failed: {result['msg']}")
            goal = story["goals"][0]
        elif story.get("twice"):
            chance = random.Random(at).randrange(len(names) + 5)
            run("deployment", goal["wish"], POINTS["steps"](Count(chance)))
            settled()
        said += converge(name, goal)
        if result is None:
            for options in story["reset"]:
                said += run_well(options)
        found.append({"where": where, "wrong": said})
        if result is not None:
            break
        at += story.get("stride", 1)
    return {"points": found}


def run_well(options: Options) -> list[str]:
    """A run that must succeed: what was wrong with it."""
    options = dict(options)
    result = run(options.pop("_module", "deployment"), options)
    if result and not result.get("failed"):
        return []
    return [f"{options.get('state')}: {result and result['msg']}"]


def look(story: Options, result: Options | None) -> list[str]:
    """What is true right after a kill."""
    settled()
    info = run("service_info", {"name": story["name"]})
    if not info or info.get("failed"):
        return [f"service_info: {info}"]
    record = f"/var/lib/activated.services/{story['name']}/transaction.json"
    if info["interrupted"] != os.path.exists(record):
        return [f"interrupted: {info['interrupted']}"]
    if story["steady"]:
        return between(story["answers"], story["steady"], bool(story.get("gap")))
    return []


def converge(name: str, goal: Options) -> list[str]:
    """The next run does what it is asked for, whatever it finds."""
    for options in goal.get("first", []):
        run_well(options)
    return run_as_shown(goal["wish"]) or judge(
        name, goal.get("then", goal["wish"]), goal["answers"]
    )


def run_as_shown(options: Options) -> list[str]:
    """A run that must succeed, and do what check mode said before, whatever was found."""
    shown = run("deployment", dict(options, _ansible_check_mode=True)) or {}
    result = run("deployment", options)
    if not result or result.get("failed"):
        return [f"{options.get('state')}: {result and result['msg']}"]
    if shown.get("failed"):
        return [f"check mode refused it: {shown['msg']}"]
    one, other = (
        {n: s["plan"] for n, s in said.get("services", {"": said}).items()}
        for said in (shown, result)
    )
    return [] if one == other else [f"check mode showed {one}, it was {other}"]


def several(story: Options) -> Options:
    """Kill one deployment of several services at each point in turn; look; converge.

    `old` and `new` are single wishes with what is answered then; the next run wants one of
    `goals`, by turns: lists of such wishes, which are deployed together.
    """
    old, new, found, at = story["old"], story["new"], [], story["first"]
    trail = "/run/activated-trail"
    while True:
        said = [w for one in reversed(story["reset"]) for w in run_well(one)]
        said += run_well(all_of(old))
        if os.path.exists(trail):
            os.unlink(trail)
        result = run("deployment", all_of(new), at_steps(Count(at, trail)))
        with open(trail) as stream:
            names = stream.read().splitlines()
        settled()
        for before_it, after_it in zip(old, new):
            name = before_it["wish"]["name"]
            info = run("service_info", {"name": name})
            if not info or info.get("failed"):
                said.append(f"service_info: {info}")
            steady = [int(p) for p in story["steady"].get(name, ())]
            said += between([before_it["answers"], after_it["answers"]], steady, False)
        goal = story["goals"][at % len(story["goals"])]
        if result is not None:
            said += [result["msg"]] if result.get("failed") else []
            goal = new
        said += run_as_shown(all_of(goal))
        for one in goal:
            wish = one["wish"]
            said += [
                f"{wish['name']}: {w}" for w in judge(wish["name"], **goal_of(one))
            ]
        where = f"{at}: before {names[-1] if result is None else 'its end'}"
        found.append({"where": where, "wrong": said})
        if result is not None:
            return {"points": found}
        at += story["stride"]


def all_of(goals: t.Sequence[Options]) -> Options:
    """One run of several services; one alone is asked for as it always is."""
    wishes = [goal["wish"] for goal in goals]
    return wishes[0] if len(wishes) == 1 else {"services": wishes}


def goal_of(goal: Options) -> Options:
    return {"wanted": goal["wish"], "answers": goal["answers"]}


def moments(story: Options) -> Options:
    """Kill deployments from outside at random moments, back and forth."""
    name, chance = story["name"], random.Random(story["seed"])
    found = [{"where": "at first", "wrong": run_well(o)} for o in story["first"]]
    whole = 0.0
    for number in range(story["count"]):
        goal, other = (story["goals"][(number + k) % 2] for k in (0, 1))
        if not whole:
            # How long one takes is told by this host, at this time.
            spans = []
            for _ in range(2):
                for way in (goal, other):
                    started = time.monotonic()
                    run_well(way["wish"])
                    spans.append(time.monotonic() - started)
            whole = min(spans)
        seconds = chance.uniform(0, whole)
        killed = killed_after("deployment", goal["wish"], seconds)
        said = look(story, None)
        said += converge(name, chance.choice((goal, other)))
        said += run_well(goal["wish"])
        where = f"{number}: after {seconds:.3f} s ({'killed' if killed else 'ended'})"
        found.append({"where": where, "wrong": said})
    return {"points": found}


def once(story: Options) -> Options:
    """Kill one deployment before the first point that is called so, or a later one."""
    passing = [story.get("passing", 0)]

    class At(Count):
        def __call__(self, name: str) -> None:
            if name.startswith(story["at"]):
                if not passing[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                passing[0] -= 1

    result = run("deployment", story["wish"], at_steps(At(-1)))
    where = f"killed before {story['at']}"
    wrong = [] if result is None else [f"it was not killed: {result}"]
    if "then" in story:
        wrong += converge(story["name"], story["then"])
    return {"points": [{"where": where, "wrong": wrong}]}


def unwritten(story: Options) -> Options:
    """One run whose disk refuses one record, at one of its writes; what the run said."""

    def fault() -> None:
        real, left = _ledger.write_json, [story["passing"]]

        def refusing(path: str, *args: t.Any) -> None:
            if os.path.basename(path) == story["file"]:
                left[0] -= 1
                if left[0] == -1:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
            real(path, *args)

        _ledger.write_json = refusing

    result = run("deployment", story["wish"], fault)
    return {"points": [{"where": story["file"], "wrong": [], "result": result}]}


def overtaken(story: Options) -> Options:
    """Take a service away while another run measures it; what both runs said."""
    removal = "/run/activated-removal"

    def fault() -> None:
        deployer = MODULES["deployment"].Deployer
        real = deployer._measure

        def measuring(*args: t.Any) -> t.Any:
            score = real(*args)
            said = run("deployment", {"name": story["name"], "state": "absent"})
            with open(removal, "w") as stream:
                json.dump(said, stream)
            return score

        deployer._measure = measuring

    result = run("deployment", story["wish"], fault)
    with open(removal) as stream:
        said = json.load(stream)
    return {"points": [{"where": "", "wrong": [], "result": result, "removal": said}]}


def inodes(ports: t.Iterable[str]) -> dict[str, str]:
    """The socket that listens on each port, by its inode."""
    found = {}
    for table in ("tcp", "tcp6"):
        with open(f"/proc/1/net/{table}") as stream:
            for row in (line.split() for line in stream.readlines()[1:]):
                port = str(int(row[1].rpartition(":")[2], 16))
                if row[3] == "0A" and port in ports:
                    found[port] = row[9]
    return found


GENERATOR = "/etc/systemd/system-generators/count-reloads"
RELOADS = "/run/activated-reloads"


def reloads() -> int:
    """How often systemd has read its units: it runs every generator each time.

    No property says so on all versions, and its own date of loading is that of the boot.
    """
    if not os.path.exists(GENERATOR):
        os.makedirs(os.path.dirname(GENERATOR), exist_ok=True)
        with open(GENERATOR, "w") as stream:
            stream.write(f"#!/bin/sh\necho >>{RELOADS}\n")
        os.chmod(GENERATOR, 0o755)
        sh("systemctl", "daemon-reload")
    with open(RELOADS) as stream:
        return len(stream.read())


def turn(story: Options) -> Options:
    """Deploy what is before, do something to the host, deploy what is after; facts."""
    name, facts = story["name"], []
    service = f"{name}.service"

    def shown(what: str) -> str:
        return sh("systemctl", "show", "--value", "-p", what, service)

    sh("rm", "-rf", f"{FOLDER}/{service}.d")
    for options in story["before"]:
        wrong = run_well(options)
        if wrong:
            raise AssertionError(wrong)
    ports = story["ports"]
    if story["running"]:
        sh("systemctl", "start", service)
        for _ in range(500):
            if "refused" not in [ask(int(port)) for port in story["listens"]]:
                break
            time.sleep(0.01)
    else:
        sh("systemctl", "stop", service)
    reloads()  # from the first time on, it is counted
    said = sh("sh", "-ec", story["meanwhile"]) if story["meanwhile"] else ""
    held, process, reloaded = inodes(ports), shown("InvocationID"), reloads()
    shown_first = run("deployment", dict(story["after"], _ansible_check_mode=True))
    result = run("deployment", story["after"]) or {}
    now = inodes(ports)
    facts = {
        "said": said,
        "msg": result.get("msg", ""),
        "check": (shown_first or {}).get("plan"),
        "plan": result.get("plan"),
        "notes": result.get("notes"),
        "state": shown("ActiveState"),
        "same": bool(process) and shown("InvocationID") == process,
        "reloaded": reloads() != reloaded,
        "kept": [p for p in ports if p in held and held[p] == now.get(p)],
    }
    if not result.get("failed"):
        facts["wrong"] = judge(name, story["after"], story["answers"])
    return {"points": [facts]}


def place(path: str, size: int = 256 * 1024) -> None:
    """Put a small disk of its own under a folder, with what is in it."""
    os.makedirs(path, exist_ok=True)
    aside = "/run/activated-aside"
    os.makedirs(aside, exist_ok=True)
    sh(
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={size},nr_inodes=600,mode=755",
        "small",
        aside,
    )
    sh("cp", "-a", f"{path}/.", aside)
    sh("mount", "--make-private", aside)
    sh("mount", "--bind", aside, path)
    sh("umount", aside)


def fill(path: str, free: int, files: bool) -> None:
    """Leave room for so many blocks, or files, on the disk of a folder, and no more."""
    os.mkdir(f"{path}/filling.d")
    there = os.statvfs(path)
    if files:
        for number in range(there.f_favail - free):
            os.mknod(f"{path}/filling.d/{number}")
        return
    with open(f"{path}/filling.d/0", "wb") as stream:
        stream.write(b"\0" * there.f_bsize * max(0, there.f_bavail - free))
    left = os.statvfs(path).f_bavail
    assert left == free, f"{left} blocks are free, not {free}"


def full(story: Options) -> Options:
    """Have the disk of a folder fill up at each write in turn."""
    name, path, found = story["name"], story["path"], []
    old, new = story["goals"]
    place(path)
    try:
        for options in story["first"]:
            found.append({"where": "at first", "wrong": run_well(options)})
        for free in range(20):
            fill(path, free, story["files"])
            result = run("deployment", new["wish"])
            failed = bool(result and result.get("failed"))
            where = f"{free} free: {result and result.get('msg', 'it fits')}"
            said = [] if result else ["it was killed"]
            if failed and result and "crashed" in result["msg"]:
                said.append(result["msg"])
            said += between(story["answers"], story["steady"], False)
            sh("rm", "-r", f"{path}/filling.d")
            said += converge(name, new) + run_well(old["wish"])
            found.append({"where": where, "wrong": said})
            if not failed:
                break
        run_well({"name": name, "state": "absent"})
    finally:
        sh("umount", "--lazy", path)
    return {"points": found}


def barred(story: Options) -> Options:
    """Bar a folder or a file from being changed, by a mount of its own."""
    name, path = story["name"], story["path"]
    old, new = story["goals"]
    said = [w for options in story["first"] for w in run_well(options)]
    sh("mount", "--bind", path, path)
    if story["read_only"]:
        sh("mount", "-o", "remount,bind,ro", path)
    try:
        result = run("deployment", new["wish"])
        if not result or not result.get("failed"):
            said.append(f"it went well: {result}")
        elif story["says"] not in result["msg"]:
            said.append(result["msg"])
        said += between([old["answers"]], story["steady"], False)
        if (run("service_info", {"name": name}) or {}).get("interrupted") is not False:
            said.append("it was not undone at once")
    finally:
        sh("umount", path)
    said += converge(name, new)
    return {"points": [{"where": path, "wrong": said}]}


def set_back(story: Options) -> Options:
    """Deploy by turns while the clock of the process goes back a day with each look."""

    def fault() -> None:
        now = [time.time()]

        def earlier() -> float:
            now[0] -= 86400
            return now[0]

        time.time = earlier

    name, found = story["name"], []
    for goal in [*story["goals"], *story["goals"]]:
        said = []
        result = run("deployment", goal["wish"], fault)
        if not result or result.get("failed"):
            said.append(f"it failed: {result}")
        said += judge(name, goal["wish"], goal["answers"])
        found.append({"where": goal["wish"]["release"], "wrong": said})
    return {"points": found}


def together(story: Options) -> Options:
    """Run two deployments at once: the second waits for the first, held or killed."""
    name, found = story["name"], []
    first, second = story["goals"]

    def held() -> None:
        before(_steps.Steps, "step", lambda _: os.kill(os.getpid(), signal.SIGSTOP))

    for number, kill in enumerate((False, True)):
        ahead = begin("deployment", second["wish"], held)
        os.waitpid(ahead[0], os.WUNTRACED)
        behind = begin("deployment", first["wish"], lambda: None)
        said = []
        if select.select([behind[1]], [], [], 1.5)[0]:
            said.append(f"the second did not wait: {end(behind)}")
        else:
            if kill:
                os.kill(ahead[0], signal.SIGKILL)
                end(ahead)
            else:
                going_on(ahead)
            result = end(behind)
            if not result or result.get("failed"):
                said.append(f"the second failed: {result}")
            said += judge(name, first["wish"], first["answers"])
        found.append({"where": f"{number}: killed: {kill}", "wrong": said})
    return {"points": found}


def going_on(stopped: tuple[int, int]) -> None:
    """Let a run go on that stops itself at each step, to its end."""
    while True:
        os.kill(stopped[0], signal.SIGCONT)
        _pid, status = os.waitpid(stopped[0], os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os.close(stopped[1])
            return


STORIES = {
    story.__name__: story
    for story in (
        crashes,
        several,
        moments,
        once,
        unwritten,
        overtaken,
        turn,
        full,
        barred,
        set_back,
        together,
    )
}

if __name__ == "__main__":
    story = json.load(sys.stdin)
    out = os.dup(1)
    started = time.monotonic()
    if not story.get("proof"):
        without_proof()
    answer = STORIES[story["story"]](story)
    answer["seconds"] = time.monotonic() - started
    os.write(out, (json.dumps(answer) + "\n").encode())
