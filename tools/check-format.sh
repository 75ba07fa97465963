#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Checks the format of every file against .clang-format and .editorconfig, and that README.md,
# CONTRIBUTING.md and the whole tree stay small.  Changes nothing.
#
#   tools/check-format.sh            check every file in git
#   tools/check-format.sh --fix      format the C and C++ files in place
#
# Version 14 of clang-format, because each version formats a little differently.
# Exit status: 0 all are formatted; 1 some are not, with file and line; 2 clang-format 14 is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
columns=100

find_tool() {
	local tool
	for tool in "$1-14" "$1"; do
		if command -v "$tool" >/dev/null && "$tool" --version | grep -q ' 14\.'; then
			echo "$tool"
			return
		fi
	done
	echo "check-format: $1 14 is not installed: run 'make deps-check', or 'apt-get install $1-14'" >&2
	exit 2
}

tool=$(find_tool clang-format)
mapfile -t sources < <(git ls-files '*.c' '*.h' '*.cc')
if [ "${1:-}" = --fix ]; then
	"$tool" -i "${sources[@]}"
	exit
fi

status=0
# clang-format does not change comments and long strings, so their width is checked separately.
too_wide=$(for file in "${sources[@]}"; do
	expand -t 8 "$file" | awk -v file="$file" -v columns=$columns \
		'length > columns { printf "%s:%d: %d columns, at most %d\n", file, NR, length, columns }'
done)
trailing=$(git grep -InE '[[:blank:]]+$' -- ':!*.md' ':!results' ':!tests/conformance' | sed 's/:[^:]*$/: space at the end of the line/' || true)
# The first documents for a newcomer stay short, and a clone small.
too_large=$(
	lines=$(wc -l <README.md)
	[ "$lines" -le 130 ] || echo "README.md:130: $lines lines, at most 130: move details to docs/"
	bytes=$(wc -c <CONTRIBUTING.md)
	[ "$bytes" -le 6144 ] || echo "CONTRIBUTING.md:1: $bytes bytes, at most 6144: move recipes to docs/EXTENDING.md"
	bytes=$(git ls-files -z | xargs -0 stat -c %s -- 2>/dev/null | awk '{ sum += $1 } END { print sum }')
	[ "$bytes" -le 9000000 ] || echo ".:1: $bytes bytes in git, at most 9000000: keep results packed (tools/reference-pages.sh --pack)"
)
for found in "$too_wide" "$trailing" "$too_large"; do
	[ -z "$found" ] || { echo "$found"; status=1; }
done
printf '%s\n' "${sources[@]}" | xargs -n 20 -P "$(nproc)" "$tool" --dry-run -Werror 2>&1 |
	sed -n "s/ \[-W.*\]\$//; /rror/p" || status=1
exit $status
