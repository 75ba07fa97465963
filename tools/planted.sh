#!/bin/sh
# SPDX-License-Identifier: MIT
# Is a small planted difference found, with the right size?  One program is compared with
# itself, slowed down by 2 % in runs of one thread and by 3 % in runs of two, ten times each.
#
#     tools/planted.sh [RUNS [CTBENCH [COMPARE-ARGUMENTS...]]]
#     tools/planted.sh 10 build/release/ctbench hash --budget 20s
#
# Needs two CPUs.  "held" counts the intervals that contain the planted value; 19 of 20 should.
set -eu
runs=${1:-10}
ctbench=${2:-build/release/ctbench}
if [ $# -gt 2 ]; then shift 2; else set -- hash --budget 10s; fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

planted() {
	threads=$1 percent=$2
	shift 2
	found=0 held=0 i=1
	while [ "$i" -le "$runs" ]; do
		"$ctbench" compare --program "$ctbench" "$@" --threads "$threads" \
			--variants nulls_rcu_jhash2_scale_seqcount --no-bounds \
			--plant "this=$percent%" --results "$dir" --name "t$threads-$i" \
			--json >"$dir/out" 2>"$dir/err" || [ $? -eq 3 ] || {
			cat "$dir/err" >&2
			exit 1
		}
		told=$(python3 - "$dir/out" "$percent" <<'EOF'
import json, sys
c = json.load(open(sys.argv[1]))["comparisons"][0]
truth = 100 / (1 + float(sys.argv[2]) / 100) - 100
print(int(c["outcome"] == "worse"), int(c["ci_low_percent"] <= truth <= c["ci_high_percent"]),
      "%.2f %% [%.2f, %.2f], smallest detectable %.2f %%" % (
          c["effect_percent"], c["ci_low_percent"], c["ci_high_percent"], c["visible_percent"]))
EOF
		)
		echo "threads $threads, planted $percent %, run $i: ${told#? ? }"
		case $told in 1\ *) found=$((found + 1)) ;; esac
		case $told in ?\ 1\ *) held=$((held + 1)) ;; esac
		i=$((i + 1))
	done
	echo "threads $threads: $found of $runs runs found $percent %, $held intervals held it"
}

planted 1 2 "$@"
planted 2 3 "$@"
