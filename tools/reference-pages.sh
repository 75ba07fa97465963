#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Unpacks the reference results and makes their pages and plots.
#
#   tools/reference-pages.sh [FOLDER]           into FOLDER/NAME; default: build/reference
#   tools/reference-pages.sh --pack RUN NAME    store the figures of folder RUN in results/reference/NAME
#
# An unpacked one is the folder of a run: `ctbench report`, `plot` and `compare` accept its path.
#
# Exit status: 0; 1 ctbench failed; 2 something is missing, with a remedy.
set -euo pipefail
cd "$(dirname "$0")/.."
ctbench=build/release/ctbench
reference=results/reference

fail() {
	echo "reference-pages: $1" >&2
	exit 2
}

command -v zstd >/dev/null || fail "zstd is not installed: run 'make deps'"

if [ "${1:-}" = --pack ]; then
	[ $# = 3 ] || fail "usage: tools/reference-pages.sh --pack RUN NAME"
	[ -f "$2/benchmark.json" ] || fail "$2 is not the folder of a run: it has no benchmark.json"
	mkdir -p "$reference/$3"
	cp "$2/results.tsv" "$reference/$3/"
	for file in benchmark.json cells.tsv; do
		zstd -19 -qc <"$2/$file" >"$reference/$3/$file.zst"
	done
	exit
fi

out=${1:-build/reference}
[ -x $ctbench ] || fail "$ctbench is missing: run 'make build'"
for folder in "$reference"/*/; do
	run=$out/$(basename "$folder")
	mkdir -p "$run"
	cp "$folder"*.tsv "$run/"
	for packed in "$folder"*.zst; do
		zstd -dcq "$packed" >"$run/$(basename "$packed" .zst)"
	done
	$ctbench plot "$run" >/dev/null
	$ctbench report "$run"
done
