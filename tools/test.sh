#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs the tests of one or more builds, each in build/, and prints a summary.
#
#   tools/test.sh [-j JOBS] BUILD... [-- CTEST-OPTIONS]
#
# All builds are tested even if one fails.  It ends with ctest's closing lines of
# each build, those of failed builds last, and also writes them to
# build/test-summary.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=1
builds=()
while [ $# -gt 0 ]; do
	case $1 in
	-j) jobs=$2; shift 2 ;;
	--) shift; break ;;
	*) builds+=("$1"); shift ;;
	esac
done

# ThreadSanitizer needs fixed parts of the address space.  gcc 12's fails to start
# if the kernel randomises more than 28 bits of addresses; it runs without
# randomisation.
tsan_prefix=()
prepare_tsan() {
	local bits
	bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)
	[ "$bits" -gt 28 ] || return 0
	if setarch -R true 2>/dev/null; then
		tsan_prefix=(setarch -R)
		return 0
	fi
	echo "ctbench: ThreadSanitizer may not start where vm.mmap_rnd_bits is $bits, and setarch -R is not permitted here:" \
		"run 'sysctl vm.mmap_rnd_bits=28' as root, or start the container with --security-opt seccomp=unconfined" >&2
	return 2
}

# The closing lines of a log of ctest.
closing_lines() {
	sed -n '/tests passed, [0-9]* tests failed/,$p' "$1"
}

case " ${builds[*]} " in *" tsan "*)
	prepare_tsan || exit $?	# before the other builds take minutes
esac

good=() bad=()
for build in "${builds[@]}"; do
	prefix=()
	[ "$build" != tsan ] || prefix=(${tsan_prefix[@]+"${tsan_prefix[@]}"})
	log=build/$build/test.log
	echo "== testing build/$build"
	if ${prefix[@]+"${prefix[@]}"} ctest --preset "$build" -j "$jobs" "$@" 2>&1 | tee "$log"; then
		good+=("$build")
	else
		bad+=("$build")
	fi
done

for build in ${good[@]+"${good[@]}"} ${bad[@]+"${bad[@]}"}; do
	printf '\n== build/%s:\n' "$build"
	closing_lines "build/$build/test.log"
done | tee build/test-summary.txt
[ ${#bad[@]} -eq 0 ]
