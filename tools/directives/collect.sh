#!/bin/sh
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs inside a container of one suite, as root: puts what one systemd says of itself
# into /out/VERSION. Arguments: the suite, then `installed` or `backports`.
set -eu
suite=$1
which=$2
work=/tmp/collect.$which
mkdir -p "$work" /out
cd "$work"

# Sources and backports come from where the container's packages come from.
lists=/etc/apt/sources.list.d/activated-collect.list
if [ -f /etc/apt/sources.list.d/debian.sources ]; then
    sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources
fi
touch /etc/apt/sources.list
grep '^deb ' /etc/apt/sources.list | sed 's/^deb /deb-src /' >"$lists" || true
if [ "$which" = backports ]; then
    grep "^deb .* $suite main" /etc/apt/sources.list | grep -v security |
        sed "s/ $suite / $suite-backports /" | tee /tmp/backports >>"$lists"
    sed 's/^deb /deb-src /' /tmp/backports >>"$lists"
fi
apt-get -q -o Acquire::Check-Valid-Until=false update >/dev/null 2>&1 || true

if [ "$which" = installed ]; then
    package=$(dpkg-query -W -f '${Version}' systemd)
    root=
else
    package=$(apt-cache madison systemd | awk -F ' *[|] *' '/backports/ && !/Sources/ {print $2; exit}')
    installed=$(dpkg-query -W -f '${Version}' systemd)
    # A suite without backports, or with none newer, has nothing to add.
    [ -n "$package" ] || exit 0
    [ "${package%%.*}" != "${installed%%.*}" ] || exit 0
    for name in systemd libsystemd0 libsystemd-shared; do
        apt-get -q download "$name=$package" >/dev/null
    done
    root=$work/root
    for deb in *.deb; do dpkg-deb -x "$deb" "$root"; done
    lib=$root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || uname -m)-linux-gnu
    LD_LIBRARY_PATH=$(find "$root" -name 'libsystemd*.so*' -printf '%h:' | sed 's/:$//'):$lib
    export LD_LIBRARY_PATH
fi
daemon=$(ls "$root"/lib/systemd/systemd "$root"/usr/lib/systemd/systemd 2>/dev/null | head -n 1)
version=$("$daemon" --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
out=/out/$version
mkdir -p "$out"
printf '%s\n' "$package" >"$out/package"
"$daemon" --dump-configuration-items >"$out/dump" 2>/dev/null

apt-get -q source --download-only "systemd=$package" >/dev/null 2>&1
mkdir -p source
tar -xzf systemd_*.orig.tar.gz -C source --strip-components=1
cp source/src/core/load-fragment-gperf.gperf.* "$out/gperf"
cp source/NEWS "$out/news"
mkdir -p "$out/man"
cp source/man/systemd.*.xml "$out/man/"
# Tables of words, the parsers that use them, and the specifiers of units.
find source/src -name '*.[ch]' -exec grep -lE \
    '_table\[|DEFINE_CONFIG_PARSE|SPECIFIER|ExitStatusMapping|seccomp_arch_from_string' {} + | sort | xargs cat >"$out/words.c"
cat source/src/core/load-fragment.c >"$out/load-fragment.c"
if [ -z "$root" ]; then
    SYSTEMD_COLORS=0 systemd-analyze syscall-filter --no-pager >"$out/syscall-filter"
    cat source/src/basic/syscall-names.text source/src/basic/syscall-list.txt \
        >"$out/syscall-names" 2>/dev/null || true
    # Names count as far as this suite's own library resolves them.
    python3 - "$out/syscall-filter" "$out/syscall-names" >"$out/syscalls" <<'END'
import ctypes, re, sys
library = ctypes.CDLL("libseccomp.so.2")
words = set()
for path in sys.argv[1:]:
    words |= set(re.findall(r"\b[a-z_][a-z0-9_]+\b", open(path).read()))
resolve = library.seccomp_syscall_resolve_name
print(*sorted(word for word in words if resolve(word.encode()) != -1))
END
    SYSTEMD_COLORS=0 systemd-analyze capability --no-pager >"$out/capabilities" 2>/dev/null ||
        rm -f "$out/capabilities"
    SYSTEMD_COLORS=0 systemd-analyze filesystems --no-pager >"$out/filesystems" \
        2>/dev/null || rm -f "$out/filesystems"
    apt-get -q download libc6-dev >/dev/null 2>&1
    dpkg-deb --fsys-tarfile libc6-dev_*.deb |
        tar -xO --wildcards './usr/include/*/bits/socket.h' >"$out/socket.h"
    python3 -c 'import errno; print(*sorted(errno.errorcode.values()))' >"$out/errno"
fi
rm -rf "$work"
