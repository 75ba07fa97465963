#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Checks the plots of a run: there is at least one, each exists as SVG and as PNG,
# every SVG parses, and every PNG has the start and the end of a PNG.
#
#   tools/check-plots.sh results/runs/NAME
set -euo pipefail
[ $# = 1 ] || { echo "usage: tools/check-plots.sh results/runs/NAME" >&2; exit 2; }
plots=$1/plots
fail() {
	echo "check-plots: $1" >&2
	exit 1
}

[ -d "$plots" ] || fail "$plots does not exist"
n=0
for svg in "$plots"/*.svg; do
	[ -s "$svg" ] || fail "$svg is empty or missing"
	png=${svg%.svg}.png
	xmllint --noout --nonet "$svg" || fail "$svg is not valid XML"
	grep -q '<path' "$svg" || fail "$svg contains no drawing"
	[ -s "$png" ] || fail "$png is empty or missing"
	[ "$(head -c 8 "$png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ] || fail "$png does not begin like a PNG"
	[ "$(tail -c 8 "$png" | od -An -tx1 | tr -d ' ')" = 49454e44ae426082 ] || fail "$png is cut off"
	n=$((n + 1))
done
for file in benchmark.json results.tsv cells.tsv; do
	[ -s "$1/$file" ] || fail "$1/$file is empty or missing"
done
echo "$n plots are complete, as SVG and PNG, in $plots"
