#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs clang-tidy over our files, one per CPU at a time, with the options of the preset `clang`.
# .clang-tidy lists the checks, and the reasons for those that are left out.
#
#   tools/check-tidy.sh              every file (minutes)
#   tools/check-tidy.sh FILE...      some files, such as $(git diff --name-only main '*.c')
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

if [ $# -gt 0 ]; then
	files=("$@")
else
	# Large files first, so that the last ones do not occupy a single CPU for long.
	mapfile -t files < <(sed -n 's/^ *"file": "\(.*\)",*$/\1/p' $database/compile_commands.json | sort -u | xargs ls -S)
fi
status=0
# A status above 1 is a crash or lack of memory, not a finding.
one='"$0" -p "$1" --quiet "$2"; s=$?; [ $s -le 1 ] || echo "$2:1: error: $0 failed with status $s"; exit $((s > 0))'
found=$(printf '%s\n' "${files[@]}" | xargs -n 1 -P "$(nproc)" sh -c "$one" "$tool" $database 2>&1) || status=1
# A finding in a header is reported by each file that includes it; print it once.
echo "$found" | sed -n "s|^$PWD/||; /: \(error\|warning\): /p" | sort -u
[ $status -eq 0 ] && echo "clang-tidy: ${#files[@]} files are clean"
exit $status
