#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Churn, resizes and floods on some tables, one after the other: does memory grow?
#
#   tools/soak.sh CTBENCH FOLDER SECONDS VARIANT...
#
# FOLDER gets VARIANT.tsv and, with gnuplot, VARIANT.svg.  Exit status: 0 nothing grows; else that of
# the first table that fails.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ctbench=$1 folder=$2 seconds=$3
shift 3
mkdir -p "$folder"
status=0
for variant; do
	new=$folder/$variant.tsv
	rm -f "$new"
	"$ctbench" torture "$variant" --soak "$new" --seconds "$seconds" || { s=$?; [ $status != 0 ] || status=$s; }
	if command -v gnuplot >/dev/null && [ -s "$new" ]; then
		gnuplot -e "data='$new'; out='$folder/$variant.svg'; name='$variant'" "$here/soak.gp"
	fi
done
exit $status
