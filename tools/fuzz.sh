#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs the fuzz targets of a build, one after the other.
#
#   tools/fuzz.sh BUILD [--seconds N] [NAME]...     NAME: packets, capture, ... (default: all)
#
# Inputs that reach new code are added to BUILD/corpus/NAME.  An input that fails is kept in BUILD/found;
# BUILD/tests/fuzz/fuzz_NAME FILE runs it again.  After the repair add it to tests/fuzz/corpus/NAME.
set -euo pipefail
build=${1:?usage: tools/fuzz.sh BUILD [--seconds N] [NAME]...}
shift
seconds=60
if [ "${1-}" = --seconds ]; then
	seconds=${2:?--seconds needs a number}
	shift 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
if [ $# -eq 0 ]; then
	for file in "$source"/tests/fuzz/fuzz_*.c; do
		name=${file##*/fuzz_}
		set -- "$@" "${name%.c}"
	done
fi
for name; do
	[ -f "$source/tests/fuzz/fuzz_$name.c" ] || { echo "fuzz: there is no tests/fuzz/fuzz_$name.c" >&2; exit 2; }
	[ -x "$build/tests/fuzz/fuzz_$name" ] || { echo "fuzz: $build has no fuzz_$name: make fuzz builds it" >&2; exit 2; }
done
mkdir -p "$build/found"
failed=()
for name; do
	mkdir -p "$build/corpus/$name"
	echo "fuzz $name: $seconds s"
	# liburcu and hwloc keep memory until the process ends.
	"$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 \
		-max_len=16384 -detect_leaks=1 -print_final_stats=0 -verbosity=0 \
		-artifact_prefix="$build/found/$name-" \
		"$build/corpus/$name" "$source/tests/fuzz/corpus/$name" \
		>"$build/found/$name.log" 2>&1 && continue
	tail -n 40 "$build/found/$name.log"
	failed+=("$name")
done
[ ${#failed[@]} -eq 0 ] || { echo "fuzz: failed: ${failed[*]}; inputs are in $build/found" >&2; exit 1; }
