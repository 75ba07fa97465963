#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Did plots come out?  Every picture of a run must be whole: SVG that parses,
# PNG that begins and ends as PNG does, each in both forms, and at least one.
#
#   tools/check-plots.sh results/runs/NAME
set -euo pipefail
[ $# = 1 ] || { echo "usage: tools/check-plots.sh results/runs/NAME" >&2; exit 2; }
plots=$1/plots
fail() {
	echo "check-plots: $1" >&2
	exit 1
}

[ -d "$plots" ] || fail "$plots is not there"
n=0
for svg in "$plots"/*.svg; do
	[ -s "$svg" ] || fail "$svg is empty or not there"
	png=${svg%.svg}.png
	xmllint --noout --nonet "$svg" || fail "$svg is no XML"
	grep -q '<path' "$svg" || fail "$svg has nothing drawn in it"
	[ -s "$png" ] || fail "$png is empty or not there"
	[ "$(head -c 8 "$png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$png does not begin as a PNG"
	[ "$(tail -c 8 "$png" | od -An -tx1 | tr -d ' ')" = 49454e44ae426082 ] || fail "$png is cut off"
	n=$((n + 1))
done
for file in benchmark.json results.tsv cells.tsv; do
	[ -s "$1/$file" ] || fail "$1/$file is empty or not there"
done
echo "$n plots are whole, as SVG and PNG, in $plots"
