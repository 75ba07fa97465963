#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs the packages of packages.txt that are missing, after naming them.
# Fast and silent when nothing is missing.
#
#   tools/deps.sh           install (apt-get, through sudo when not root)
#   tools/deps.sh --list    print the missing packages, one a line; install nothing
#   tools/deps.sh --check   also those that only `make check` needs; may precede --list
#
# Exit status: 0 nothing is missing; 2 a package is missing and could not be installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
list=$here/../packages.txt
without=check
if [ "${1:-}" = --check ]; then
	without=
	shift
fi

# "name" or "name | other" a line, without comments.  A comment "# to SECTION" begins a section.
wanted() {
	awk -v without="$without" '/^# to /{ section = $3 } section != without' "$list" |
		sed -e 's/#.*//' -e 's/[[:space:]]*|[[:space:]]*/|/g' -e 's/[[:space:]]//g' -e '/^$/d'
}

# The missing packages: the first of each line of alternatives of which none is installed.
missing() {
	# One call for all: it costs some ten milliseconds.
	names=$(wanted | tr '|' ' ')
	# shellcheck disable=SC2086  # words on purpose
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $names 2>/dev/null | sed -n 's/^installed //p')
	for line in $(wanted); do
		found=
		for name in $(echo "$line" | tr '|' ' '); do
			case "
$installed
" in *"
$name
"*)
				found=yes ;;
			esac
		done
		[ -n "$found" ] || echo "${line%%|*}"
	done
}

fail() {
	echo "ctbench: $1" >&2
	exit 2
}

one_line() {
	tr '\n' ' ' | sed 's/ $//'
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	[ "${1:-}" = --list ] || fail "apt-get is missing, so this is not Debian: install the equivalents of these Debian packages ($(wanted | sed 's/|.*//' | one_line)), then run make again with DEPS=no"
	wanted | sed 's/|.*//'
	exit 2
fi

todo=$(missing)
if [ "${1:-}" = --list ]; then
	[ -z "$todo" ] || { echo "$todo"; exit 2; }
	exit 0
fi
[ -n "$todo" ] || exit 0
todo=$(echo "$todo" | one_line)

as_root="env DEBIAN_FRONTEND=noninteractive"
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || fail "packages are missing, you are not root and sudo is not installed: ask root to run 'apt-get install --no-install-recommends $todo'"
	as_root="sudo $as_root"
fi
apt="$as_root apt-get -o DPkg::Lock::Timeout=300"

echo "ctbench needs these Debian packages:"
echo "$todo" | fold -s -w 76 | sed 's/^/    /'
echo "Installing them with: ${as_root%%env*}apt-get install --no-install-recommends"
[ "$as_root" = "${as_root#sudo}" ] || sudo true ||
	fail "sudo failed: run make in a terminal where it can ask for a password, or ask root to run 'apt-get install --no-install-recommends $todo'"
$apt -q update || fail "apt-get update failed: see its messages above, and check /etc/apt/sources.list and the network"
# shellcheck disable=SC2086
$apt -q -y --no-install-recommends install $todo || fail "apt-get could not install $todo: see its messages above"
still=$(missing | one_line)
[ -z "$still" ] || fail "apt-get succeeded, but these are still not installed: $still"
