#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs clang-tidy over our files, one per CPU at a time, with the options of the preset `clang`.
# .clang-tidy lists the checks, and the reasons for those that are left out.
#
#   tools/check-tidy.sh              every file (some 20 minutes of CPU time), a line for each folder
#   tools/check-tidy.sh PATH...      some files and folders, such as harness/judge or
#                                    $(git diff --name-only main '*.c')
#
# Exit status: 0 clean; 1 findings, with file and line; 2 clang-tidy 14 or build/clang is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
database=build/clang

fail() {
	echo "check-tidy: $1" >&2
	exit 2
}

tool=
for name in clang-tidy-14 clang-tidy; do
	if command -v "$name" >/dev/null && "$name" --version | grep -q ' 14\.'; then
		tool=$name
		break
	fi
done
[ -n "$tool" ] || fail "clang-tidy 14 is not installed: run 'make deps-check', or 'apt-get install clang-tidy-14'"
[ -f $database/compile_commands.json ] || fail "$database is not configured: run 'make build-clang'"

# Every file that is compiled, without what the build generates.
mapfile -t all < <(sed -n "s|^ *\"file\": \"$PWD/\(.*\)\",*\$|\1|p" $database/compile_commands.json | grep -v '^build/' | sort -u)
files=()
if [ $# -eq 0 ]; then
	files=("${all[@]}")
fi
for path; do
	[ -e "$path" ] || fail "there is no file or folder '$path'"
	if [ -d "$path" ]; then
		mapfile -t -O ${#files[@]} files < <(printf '%s\n' "${all[@]}" | grep "^${path%/}/")
	else
		files+=("$path")
	fi
done
[ ${#files[@]} -gt 0 ] || fail "no file that the preset clang compiles is in $*"

status=0
SECONDS=0
# A status above 1 is a crash or lack of memory, not a finding.
one='"$0" -p "$1" --quiet "$2"; s=$?; [ $s -le 1 ] || echo "$2:1: error: $0 failed with status $s"; exit $((s > 0))'
# Prints a folder's findings as soon as it is done.
check() {
	local folder=$1 start=$SECONDS found bad=0
	shift
	# Large files first, so that the last ones do not occupy a single CPU for long.
	found=$(ls -S "$@" | xargs -n 1 -P "$(nproc)" sh -c "$one" "$tool" $database 2>&1) || bad=1
	# A finding in a header is reported by each file that includes it; print it once.
	echo "$found" | sed -n "s|^$PWD/||; /: \(error\|warning\): /p" | sort -u
	echo "clang-tidy: $folder: $# files, $((SECONDS - start)) s"
	[ $bad -eq 0 ] || status=1
}

while read -r folder; do
	mapfile -t some < <(printf '%s\n' "${files[@]}" | grep "^$folder/[^/]*\$")
	check "$folder" "${some[@]}"
done < <(printf '%s\n' "${files[@]}" | sed 's|/[^/]*$||' | sort -u)
[ $status -eq 0 ] && echo "clang-tidy: ${#files[@]} files are clean, $SECONDS s"
exit $status
