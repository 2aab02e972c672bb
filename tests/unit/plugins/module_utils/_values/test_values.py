# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values by directive: what systemd takes, and what it does not.

The differential tests show that these are systemd's answers; here they are for reading.
"""

from __future__ import annotations

import pytest

from ansible_collections.activated.services.plugins.module_utils._tables import (
    directives,
)
from ansible_collections.activated.services.plugins.module_utils._values.basics import (
    size,
    time_span,
)
from ansible_collections.activated.services.plugins.module_utils._values.values import (
    value_problem,
)


def problem(
    key: str, value: str, systemd: int = 252, section: str = "Service"
) -> str | None:
    directive = directives.directives(systemd)[section][key]
    return value_problem(directive.kind, key, value, systemd)


GOOD = {
    "NoNewPrivileges": ["yes", "On", "0", "f"],
    "TimeoutStartSec": ["5", "5min 3s", "1.5h", "infinity", "90", "5 min", "1h30min", "1h 30", ".5"],
    "MemoryMax": ["512M", "1G 512M", "20%", "infinity", "", "1.5G"],
    "TasksMax": ["1", "10%", "infinity"],
    "CPUQuota": ["150%", "0.5%"],
    "UMask": ["0077", "22"],
    "Nice": ["-20", "19", ""],
    "KillSignal": ["SIGTERM", "TERM", "SIGRTMIN+3", "RTMAX-1", "9"],
    "LimitNOFILE": ["1024", "1024:infinity", "infinity"],
    "LimitCPU": ["5min", "1:2h"],
    "Environment": ['A=b "C=d e"', "A=\\x41", "A=", ""],
    "EnvironmentFile": ["-/etc/default/app", "/etc/a", "%t/x"],
    "ExecStart": ["/bin/a b", "-@/bin/a a", "!!/bin/a", "a b", "/bin/a ; /bin/b", "+/bin/a %% $$x", ""],
    "User": ["root", "0", "a.b", "%i"],
    "WorkingDirectory": ["~", "-/var/x", "/var//x/"],
    "ReadWritePaths": ["/a -/b +/c -+/d", '"/a b"'],
    "BindPaths": ["/a:/b:rbind /c", "-/a:/b", "/a\\:b"],
    "StateDirectory": ["app app/sub", "app:link"],
    "SystemCallFilter": ["@system-service", "~@mount read:EPERM", "read write"],
    "SystemCallArchitectures": ["native", "x86-64 x86"],
    "SystemCallErrorNumber": ["EPERM", "1", "kill"],
    "RestrictAddressFamilies": ["AF_UNIX AF_INET", "~AF_PACKET", "none"],
    "RestrictNamespaces": ["yes", "~user", "net mnt"],
    "IPAddressDeny": ["any", "10.0.0.0/8 ::1", "localhost"],
    "LoadCredential": ["a:/b", "a:b", "a"],
    "SetCredential": ["a:b\\n", "a:%"],
    "SuccessExitStatus": ["1 SIGTERM TEMPFAIL"],
    "DeviceAllow": ["/dev/null rw", "char-pts", "block-* r"],
    "StandardOutput": ["journal", "file:/x", "append:/x", "fd:a", "syslog"],
    "ProtectSystem": ["strict", "yes", "full"],
    "Restart": ["on-failure", "no"],
    "RootDirectory": ["/srv/x", ""],
    "PIDFile": ["/run/a.pid", "a.pid"],
    "CPUAffinity": ["0-3 5", "numa", "0,2"],
    "IOWeight": ["1", "10000"],
    "IODeviceWeight": ["/dev/sda 100"],
    "IOReadBandwidthMax": ["/dev/sda 10M", "/ infinity"],
    "IODeviceLatencyTargetSec": ["/dev/sda 25ms"],
    "TemporaryFileSystem": ["/var:ro /tmp", ""],
    "MountImages": ["/a.raw:/b", "-/a.raw:/b:root:ro"],
    "RootImageOptions": ["ro", "root:ro home:noexec"],
    "RootHash": ["/x.roothash", "ab" * 16],
    "PassEnvironment": ["A B_C"],
    "UnsetEnvironment": ["A B=c"],
    "SupplementaryGroups": ["video audio"],
    "StandardInputText": ["a\\n"],
    "StandardInputData": ["YWJj"],
    "LogExtraFields": ["A=b", '"A_B=c d"'],
    "LogNamespace": ["app"],
    "Personality": ["x86-64"],
    "Delegate": ["yes", "cpu memory", ""],
    "DisableControllers": ["cpu io"],
    "SocketBindAllow": ["tcp:80-90", "ipv6:any", "any"],
    "CoredumpFilter": ["default private-dax 0x3f"],
    "IOSchedulingClass": ["idle", "2"],
    "CPUSchedulingPolicy": ["fifo"],
    "Slice": ["a.slice"],
    "Sockets": ["a.socket b@%i.socket"],
    "BusName": ["org.example.App"],
    "RestrictNetworkInterfaces": ["~lo eth0"],
    "TimerSlackNSec": ["50us", "1"],
    "ExecSearchPath": ["/a:/b"],
    "LogLevelMax": ["debug", "3"],
    "SyslogFacility": ["daemon", "local7"],
    "MountFlags": ["slave"],
}  # fmt: skip
BAD = {
    "NoNewPrivileges": ["", "maybe", "2", "yes # c"],
    "TimeoutStartSec": ["", "5x", "-1", "1.5.5", "5 parsecs", "12.s", "18+00", "1.2.3"],
    "MemoryMax": ["512Q", "101%", "0", "1M 1G", "-1", "12 13"],
    "TasksMax": ["0", "many", "-1"],
    "CPUQuota": ["150", "0%", "0.555%"],
    "UMask": ["0999", "77777", ""],
    "Nice": ["20", "-21", "x"],
    "KillSignal": ["SIGFOO", "65", "", "sigterm", "SIGRTMIN+99"],
    "LimitNOFILE": ["2:1", "x", "", "1:2:3"],
    "LimitCPU": ["5x"],
    "Environment": ["A", "1A=b", '"A=b', "A=\\q", "A=%z"],
    "EnvironmentFile": ["etc/default/app"],
    "ExecStart": ["bin/a", "/bin/", '/bin/a "x', "/bin/a %z", "/bin/a \\q", "-", "@/bin/a"],
    "User": ["a/b", "4294967295", "-1", "a:b"],
    "WorkingDirectory": ["x", "/a/../b"],
    "ReadWritePaths": ["a", "/a b", "/.."],
    "BindPaths": ["a", "/a:b", "/a:/b:foo"],
    "StateDirectory": ["/app", "private", "../x"],
    "SystemCallFilter": ["@nosuch", "nosuchcall", "read:EPERM", "~read:EFOO"],
    "SystemCallArchitectures": ["sparc9"],
    "SystemCallErrorNumber": ["EFOO", "0", "9999"],
    "RestrictAddressFamilies": ["AF_INTE", "INET"],
    "RestrictNamespaces": ["foo"],
    "IPAddressDeny": ["10.0.0.0/33", "example.org"],
    "LoadCredential": ["a/b:/c", ":/c", "a:/b/../c"],
    "SetCredential": ["a", "a:\\q"],
    "SuccessExitStatus": ["256", "FOO"],
    "DeviceAllow": ["null", "/dev/null x", "/tmp/x"],
    "StandardOutput": ["file:x", "nowhere", "fd:a:b"],
    "ProtectSystem": ["maybe", ""],
    "Restart": ["sometimes"],
    "RootDirectory": ["srv/x", "/a/../b"],
    "PIDFile": ["/run/../a.pid"],
    "CPUAffinity": ["a", "0-"],
    "IOWeight": ["0", "10001"],
    "IODeviceWeight": ["/dev/sda", "/dev/sda x"],
    "IOReadBandwidthMax": ["/dev/sda 0", "10M"],
    "IODeviceLatencyTargetSec": ["/dev/sda 5x"],
    "TemporaryFileSystem": ["var"],
    "MountImages": ["/a.raw", "a:/b"],
    "RootImageOptions": ["nosuch:ro"],
    "RootHash": ["abc"],
    "PassEnvironment": ["1A", "A=b"],
    "UnsetEnvironment": ["1A"],
    "SupplementaryGroups": ["a/b"],
    "StandardInputText": ["a\\q"],
    "StandardInputData": ["YW$"],
    "LogExtraFields": ["a=b", "A"],
    "LogNamespace": ["a/b", "."],
    "Personality": ["sparc9"],
    "Delegate": ["cpu foo"],
    "DisableControllers": ["foo"],
    "SocketBindAllow": ["tcp:90-80", "http"],
    "CoredumpFilter": ["foo-bar"],
    "IOSchedulingClass": ["lazy"],
    "CPUSchedulingPolicy": ["lifo"],
    "Slice": ["a.service", "a"],
    "Sockets": ["a.service"],
    "BusName": ["App", "org."],
    "RestrictNetworkInterfaces": ["a/b"],
    "TimerSlackNSec": ["x"],
    "ExecSearchPath": ["a:/b"],
    "LogLevelMax": ["loud", "9"],
    "SyslogFacility": ["mine"],
    "MountFlags": ["loose"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value"), [(k, v) for k, vs in GOOD.items() for v in vs]
)
def test_takes(key: str, value: str) -> None:
    assert problem(key, value) is None


@pytest.mark.parametrize(
    ("key", "value"), [(k, v) for k, vs in BAD.items() for v in vs]
)
def test_refuses(key: str, value: str) -> None:
    assert problem(key, value)


LISTEN = {
    "ListenStream": (
        ["80", "[::1]:80", "127.0.0.1:80", "/run/a", "@a", "vsock:2:80", "[fe80::1]:80%%eth0"],
        ["0", "70000", "127.0.0.1", "::1", "example.org:80", "@", "*:80", "a"],
    ),
    "ListenDatagram": (["53", "/run/a"], ["x"]),
    "ListenSequentialPacket": (["/run/a", "@a"], ["80", "127.0.0.1:80"]),
    "ListenFIFO": (["/run/a"], ["run/a", "80"]),
    "ListenNetlink": (["route 1", "kobject-uevent"], ["nolink", "route x"]),
    "FileDescriptorName": (["http", "a b", ""], ["a:b", "é"]),
    "BindIPv6Only": (["both", "yes", "ipv6-only"], ["maybe"]),
    "Service": (["a.service", "%p.service"], ["a", "a.socket"]),
    "SocketMode": (["0600"], ["rw"]),
}  # fmt: skip


@pytest.mark.parametrize("key", LISTEN)
def test_sockets(key: str) -> None:
    good, bad = LISTEN[key]
    assert [value for value in good if problem(key, value, section="Socket")] == []
    assert [value for value in bad if not problem(key, value, section="Socket")] == []


@pytest.mark.parametrize(
    "value",
    [
        "daily", "Weekly", "Mon", "Mon..Fri 9:00", "Sat,Sun *-*-* 10:00:00", "*-*-01 00:00",
        "*:0/15", "2026-11-21", "05-03 12:00", "*-*~1", "*-*-* *:*:00", "12:00 Europe/Berlin",
        "Mon-Fri 8:00 UTC", "@1700000000", "*-1,4,7,10-1 4:00", "00..06:00", "3:05:08.0",
    ],
)  # fmt: skip
def test_calendar_takes(value: str) -> None:
    assert problem("OnCalendar", value, section="Timer") is None


@pytest.mark.parametrize(
    "value",
    [
        "everyday", "Foo", "25:00", "*-13-01", "2020", "Fri..Mon", "12:60", "12", "*-*-32",
        "Mon..", "1:2:3:4", "*-0-1", "@x", "daily weekly", "*-*~31", "0/0:00",
    ],
)  # fmt: skip
def test_calendar_refuses(value: str) -> None:
    assert problem("OnCalendar", value, section="Timer")


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("PrivateTmp", "disconnected", 252, 257),
        ("StandardOutput", "truncate:/x", 247, 252),
        ("Type", "notify-reload", 252, 254),
        ("ExecStart", "|/bin/x", 257, 262),
        ("LoadCredential", "a", 247, 252),
        ("RestrictAddressFamilies", "none", 247, 252),
        ("PrivateUsers", "managed", 257, 262),
        ("Environment", "A=%d", 247, 252),
    ],
)
def test_changes_with_the_version(key: str, value: str, old: int, new: int) -> None:
    assert problem(key, value, old)
    assert problem(key, value, new) is None


@pytest.mark.parametrize(
    ("key", "value", "takes"),
    [
        ("ImportCredential", "app.*", True),
        ("ImportCredential", "a*b", False),
        ("OpenFile", "/a:name:read-only", True),
        ("OpenFile", "a", False),
        ("OpenFile", "/a:name:read-only,append", False),
        ("NFTSet", "cgroup:inet:filter:app", True),
        ("NFTSet", "cgroup:inet:filter", False),
        ("RefreshOnReload", "credentials", True),
        ("RefreshOnReload", "all", False),
        ("StateDirectoryQuota", "10%", True),
        ("StateDirectoryQuota", "some", False),
        ("RootImagePolicy", "root=verity:usr=absent", True),
        ("RootImagePolicy", "yes", False),
        ("ProtectHostname", "private:app", True),
        ("ProtectHostname", "no:app", False),
    ],
)
def test_values_of_newer_directives(key: str, value: str, takes: bool) -> None:
    assert (problem(key, value, 262) is None) is takes


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("After", "a.target b@%i.service", "a"),
        ("Documentation", "man:app(8) https://example.org/ file:/x", "ftp://x"),
        ("RequiresMountsFor", "/a /b", "a"),
        ("ConditionPathExists", "|!/a", "a"),
        ("FailureAction", "reboot-force", "explode"),
        ("JobTimeoutSec", "5min", "5x"),
        ("Description", "100%% sure", "%Z"),
        ("CollectMode", "inactive-or-failed", "never"),
    ],
)
def test_the_unit_section(key: str, good: str, bad: str) -> None:
    assert problem(key, good, section="Unit") is None
    assert problem(key, bad, section="Unit")


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1", 10**6),
        ("1ms", 1000),
        ("1h 30min", 5400 * 10**6),
        ("0.5s", 500_000),
        ("x", None),
    ],
)
def test_time_span(text: str, microseconds: int | None) -> None:
    assert time_span(text) == microseconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("1K", 1024), ("1.5M", 1572864), ("2G 1M", 2148532224), ("1M 2G", None)],
)
def test_size(text: str, count: int | None) -> None:
    assert size(text) == count
