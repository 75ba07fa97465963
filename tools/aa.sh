#!/bin/sh
# SPDX-License-Identifier: MIT
# How often is a difference reported where there is none?  Runs a workload repeatedly and counts
# how often its A/A control (one cell measured twice under two names) tests as different at
# 5 %.  Chance alone gives one of twenty.
#
#     tools/aa.sh [RUNS [CTBENCH [RUN-ARGUMENTS...]]]
#     tools/aa.sh 20 build/release/ctbench workloads/hash.yaml --threads 1
set -eu
runs=${1:-20}
ctbench=${2:-build/release/ctbench}
if [ $# -gt 2 ]; then shift 2; else set -- workloads/axes.yaml --threads 1 \
	--variants nulls_rcu_jhash2_scale_seqcount --flows cache --repeats 7; fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
alarms=0
i=1
while [ "$i" -le "$runs" ]; do
	"$ctbench" run "$@" --results "$dir" --name "aa$i" >/dev/null 2>"$dir/err" || {
		cat "$dir/err" >&2
		exit 1
	}
	p=$(python3 -c 'import json, sys
pairs = json.load(open(sys.argv[1]))["ctbench"]["noise"]["pairs"]
print(min(pair.get("p", 1) * len(pairs) for pair in pairs), pairs[0]["effect_percent"])' \
		"$dir/aa$i/benchmark.json")
	alarm=$(echo "$p" | awk '{ print ($1 < 0.05) }')
	alarms=$((alarms + alarm))
	echo "$i: p and effect in percent: $p"
	i=$((i + 1))
done
echo "$alarms of $runs runs report a difference although there is none (5 % would be $((runs / 20)))"
