#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Is conntrack here what it is in Linux?  First the stored answers over every
# variant, which anyone can do; then, as root on a kernel that can tell, this
# machine's kernel itself (tests/conformance/live.py --help).
#
#   tools/conformance.sh build/release [options of live.py]
#
# Exit status: 0 no difference (what cannot be asked here is skipped, and says
# why); 1 differences; 2 what you can mend.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: tools/conformance.sh BUILD-FOLDER [OPTIONS-OF-LIVE.PY]" >&2; exit 2; }
build=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
[ -x "$build/ctbench" ] || { echo "conformance: $build/ctbench is not there; run make build-release" >&2; exit 2; }

status=0
echo "== stored answers of Linux 6.18, over every variant"
ctest --test-dir "$build" -L conformance --output-on-failure -j "$(nproc)" | sed -n '/FAILED\|Failed\|ERROR\|tests passed/p' || status=1

echo "== this machine's kernel"
if ! command -v python3 >/dev/null; then
	echo "skipped: there is no python3"
	exit $status
fi
asked=0
"$here/tests/conformance/live.py" --ctbench "$build/ctbench" "$@" || asked=$?
case $asked in
0) ;;
77) echo "skipped: the sentence above says why" ;;
*) [ "$status" -ne 0 ] || status=$asked ;;
esac
exit $status
