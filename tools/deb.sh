#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes a Debian package with the files of `make install`, and prints its path.
#
#   tools/deb.sh BUILD OUT      BUILD: folder of the build, OUT: folder of the package
#   MAINTAINER='NAME <MAIL>'    the package's maintainer (default: git's user)
#
# Needs dpkg-dev.  The package has the time of the last commit, so that builds are reproducible.
# Exit status: 0 done; 2 a program is missing or failed.
set -eu
build=$1
out=$2
here=$(cd "$(dirname "$0")/.." && pwd)

for program in dpkg-deb dpkg-shlibdeps gzip; do
	if ! command -v $program >/dev/null; then
		echo "deb.sh: $program is missing: install the Debian package dpkg-dev" >&2
		exit 2
	fi
done
if [ -z "${MAINTAINER:-}" ]; then
	MAINTAINER="$(git -C "$here" config user.name || echo nobody) <$(git -C "$here" config user.email || echo root@localhost)>"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
doc=$root/usr/share/doc/ctbench
umask 022
DESTDIR=$root cmake --install "$build" --strip --prefix /usr >"$work/log" || {
	cat "$work/log" >&2
	exit 2
}
version=$(sed -n 's/^project(ctbench VERSION \([0-9.]*\).*/\1/p' "$here/CMakeLists.txt")
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH

# The folder where Debian's zsh searches.
mkdir "$root/usr/share/zsh/vendor-completions"
mv "$root"/usr/share/zsh/site-functions/* "$root/usr/share/zsh/vendor-completions/"
rmdir "$root/usr/share/zsh/site-functions"
find "$root" -name .gitignore -delete
find "$root" -type f -exec chmod 644 {} +
chmod 755 "$root/usr/bin/ctbench"
find "$root" -name '*.sh' -exec chmod 755 {} +
find "$root" -name '*.py' -exec chmod 755 {} +

{
	echo 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/'
	echo 'Upstream-Name: ctbench'
	echo
	echo 'Files: *'
	sed -n 's/^Copyright (c) /Copyright: /p' "$here/LICENSE"
	echo 'License: Expat'
	sed '1,/^Copyright/d; 1d' "$here/LICENSE" | sed '/./,$!d' | sed 's/^$/./; s/^/ /'
} >"$doc/copyright"
rm "$doc/LICENSE"
{
	echo "ctbench ($version) unstable; urgency=medium"
	echo
	echo "  * Revision $(git -C "$here" describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || echo unknown)."
	echo
	echo " -- $MAINTAINER  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
gzip -9n "$root"/usr/share/man/man1/*.1

mkdir "$work/debian" "$root/DEBIAN"
printf 'Source: ctbench\n\nPackage: ctbench\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/ctbench 2>"$work/log") || {
	cat "$work/log" >&2
	exit 2
}
cat >"$root/DEBIAN/control" <<END
Package: ctbench
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $MAINTAINER
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: ${depends#shlibs:Depends=}
Recommends: gnuplot-nox | gnuplot
Section: net
Priority: optional
Description: benchmark of connection-tracking hash tables
 ctbench measures the cost or gain of each choice in a connection-tracking hash
 table. A conntrack core like that of Linux netfilter runs on tables that differ
 in one choice at a time: hash, buckets, chains with or without locks for
 readers, online resize, RCU flavour. It measures table operations and whole
 packets, interleaved, and writes tables, verdicts with intervals, plots and a
 report.
END
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$out"
deb=$out/ctbench_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
