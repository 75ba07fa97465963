#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Compares conntrack here with Linux: first with the stored answers, over every
# variant, on any machine; then, as root on a suitable kernel, with this machine's
# kernel (tests/conformance/live.py --help).
#
#   tools/conformance.sh build/release [options of live.py]
#
# Exit status: 0 no difference (parts that are impossible here are skipped, with
# the reason); 1 differences; 2 something is missing, with a remedy.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: tools/conformance.sh BUILD-FOLDER [OPTIONS-OF-LIVE.PY]" >&2; exit 2; }
build=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
[ -x "$build/ctbench" ] || { echo "conformance: $build/ctbench is missing: run 'make build-release'" >&2; exit 2; }

status=0
echo "== stored answers of Linux 6.18, over every variant"
ctest --test-dir "$build" -L conformance --output-on-failure -j "$(nproc)" | sed -n '/FAILED\|Failed\|ERROR\|tests passed/p' || status=1

echo "== this machine's kernel"
if ! command -v python3 >/dev/null; then
	echo "skipped: python3 is not installed"
	exit $status
fi
asked=0
"$here/tests/conformance/live.py" --ctbench "$build/ctbench" "$@" || asked=$?
case $asked in
0) ;;
77) echo "skipped: see the reason above" ;;
*) [ "$status" -ne 0 ] || status=$asked ;;
esac
exit $status
